//! Reads enums that are stored as one JSON object with the variant's name in it, as serde's `tag` writes them. What
//! serde derives for reading this form is code for each variant and each source of it: for the enums here more than a
//! hundred kilobytes of the program.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Error, Map, Value};

/// The object that an enum is read from.
pub type Row = Map<String, Value>;

/// Takes one field out of the object. One that is missing reads as `null`.
pub fn take<T: DeserializeOwned>(row: &mut Row, name: &str) -> Result<T, Error> {
    let value = row.remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| Error::custom(format_args!("`{name}`: {error}")))
}

/// `Deserialize` for an enum by the field that names the variant. Whoever adds a variant adds it here; a name that is
/// not listed is not read.
macro_rules! read_by_kind {
    ($name:ident, $tag:literal, { $($kind:literal => $variant:ident $({ $($field:ident),+ })?,)+ }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                use $crate::by_kind::{Row, take};

                fn read(row: &mut Row) -> Result<$name, serde_json::Error> {
                    Ok(match take::<String>(row, $tag)?.as_str() {
                        $($kind => $name::$variant $({ $($field: take(row, stringify!($field))?),+ })?,)+
                        unknown => return Err(serde::de::Error::unknown_variant(unknown, &[$($kind),+])),
                    })
                }

                read(&mut Row::deserialize(source)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use read_by_kind;

#[cfg(test)]
mod tests {
    #[derive(Debug, PartialEq, serde::Serialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Shape {
        Dot,
        RoundThing { radius: u8, name: Option<String> },
    }

    read_by_kind!(Shape, "kind", {
        "dot" => Dot,
        "round_thing" => RoundThing { radius, name },
    });

    #[test]
    fn what_serde_writes_is_read_back() {
        for shape in [Shape::Dot, Shape::RoundThing { radius: 3, name: None }] {
            let json = serde_json::to_string(&shape).unwrap();
            assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), shape);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, words) in [
            (
                r#"{"kind":"cube"}"#,
                "unknown variant `cube`, expected `dot` or `round_thing`",
            ),
            (r#"{"kind":"round_thing"}"#, "`radius`: invalid type: null"),
            (r#"{"radius":1}"#, "`kind`: invalid type: null"),
            ("[]", "expected a map"),
        ] {
            let error = serde_json::from_str::<Shape>(json).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
