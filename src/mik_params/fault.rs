//! What may be wrong with a `mik*` parameter, as facts: the sentences are `reason`'s, in the reader's language.

use serde::{Deserialize, Serialize};

use crate::by_kind::{Row, read_by_kind};

/// One parameter that could not be used. Never holds a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredFault")]
pub struct ParamFault {
    /// The parameter's name in lower case, or `query`.
    pub name: String,
    pub flaw: Flaw,
}

/// Why a parameter could not be used. A `value` is one short line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flaw {
    /// Longer than `max` bytes.
    TooLong {
        max: usize,
    },
    ControlCharacter,
    /// A macro such as `$(mac)` that no page of the router replaced.
    Unexpanded {
        value: String,
    },
    NotUtf8,
    /// A percent sign without two hexadecimal digits after it.
    BrokenPercent,
    /// In more than one header line.
    TwoHeaders,
    /// More than once in the query, with different values.
    TwoValues,
    /// The query has more than `max` parameters.
    TooMany {
        max: usize,
    },
    UserMode {
        value: String,
    },
    Length {
        value: String,
        min: u8,
        max: u8,
    },
    Alphabet {
        value: String,
    },
    /// `max` counts characters.
    Prefix {
        value: String,
        max: usize,
    },
    Email {
        value: String,
    },
    Currency {
        value: String,
    },
    /// The value opens the callback to unsigned calls, so it is not shown.
    AccessUuid,
    DnsName {
        value: String,
    },
    Port {
        value: String,
    },
    /// `max` counts characters.
    Server {
        value: String,
        max: usize,
    },
    /// A sentence that an older release stored, or the name of a flaw that only a newer one knows.
    Other {
        sentence: String,
    },
}

read_by_kind!(Flaw, "kind", {
    "too_long" => TooLong { max },
    "control_character" => ControlCharacter,
    "unexpanded" => Unexpanded { value },
    "not_utf8" => NotUtf8,
    "broken_percent" => BrokenPercent,
    "two_headers" => TwoHeaders,
    "two_values" => TwoValues,
    "too_many" => TooMany { max },
    "user_mode" => UserMode { value },
    "length" => Length { value, min, max },
    "alphabet" => Alphabet { value },
    "prefix" => Prefix { value, max },
    "email" => Email { value },
    "currency" => Currency { value },
    "access_uuid" => AccessUuid,
    "dns_name" => DnsName { value },
    "port" => Port { value },
    "server" => Server { value, max },
    "other" => Other { sentence },
});

/// What stands in a row: today's form, the sentence of an older release, or what a newer one wrote.
#[derive(Deserialize)]
struct StoredFault {
    name: String,
    flaw: Option<Row>,
    sentence: Option<String>,
}

impl TryFrom<StoredFault> for ParamFault {
    type Error = &'static str;

    fn try_from(stored: StoredFault) -> Result<Self, Self::Error> {
        let flaw = match (stored.flaw, stored.sentence) {
            (Some(row), _) => {
                let kind = row.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
                let sentence = kind.to_owned();
                serde_json::from_value(row.into()).unwrap_or(Flaw::Other { sentence })
            }
            (None, Some(sentence)) => Flaw::Other { sentence },
            (None, None) => return Err("neither `flaw` nor `sentence`"),
        };
        Ok(Self {
            name: stored.name,
            flaw,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_every_release_are_read() {
        let read = |json: &str| serde_json::from_str::<ParamFault>(json).unwrap();
        let fault = ParamFault {
            name: "miknamelength".to_owned(),
            flaw: Flaw::Length {
                value: "99".to_owned(),
                min: 3,
                max: 16,
            },
        };
        assert_eq!(read(&serde_json::to_string(&fault).unwrap()), fault);
        let other = |json: &str| match read(json).flaw {
            Flaw::Other { sentence } => sentence,
            flaw => panic!("{flaw:?}"),
        };
        assert_eq!(
            other(r#"{"name":"mikserver","sentence":"is `x`; write y"}"#),
            "is `x`; write y"
        );
        assert_eq!(
            other(r#"{"name":"mikserver","flaw":{"kind":"too_new","a":1}}"#),
            "too_new"
        );
        assert!(serde_json::from_str::<ParamFault>("{}").is_err());
    }
}
