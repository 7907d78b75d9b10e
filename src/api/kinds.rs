//! How each type of a field is read: as lax as the documented service (facts: pagos-hotspot-api 2), but without floats
//! for money.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::email;
use super::shape::Schemas;

/// What a field can be.
pub trait Kind: Sized {
    const MAY_BE_ABSENT: bool = false;
    const IS_SECRET: bool = false;

    /// `Ok(None)`: as if it was not sent.
    fn read(sent: &Value) -> Result<Option<Self>, Wrong>;

    /// What stands for a field that was not sent.
    fn absent() -> Option<Self> {
        None
    }

    fn schema(schemas: &mut Schemas) -> Value;
}

/// Why a value does not fit: the documented word for programs, and the text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub kind: &'static str,
    pub text: &'static str,
    /// What the sentence names.
    pub value: Option<String>,
}

impl Wrong {
    pub fn new(kind: &'static str, text: &'static str) -> Self {
        Self {
            kind,
            text,
            value: None,
        }
    }

    pub fn with(kind: &'static str, text: &'static str, value: String) -> Self {
        Self {
            kind,
            text,
            value: Some(value),
        }
    }
}

impl Kind for String {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        match sent {
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(Wrong::new("string_type", "fault-text")),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string"})
    }
}

/// A text that is never shown again.
impl Kind for SecretString {
    const IS_SECRET: bool = true;

    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        Ok(String::read(sent)?.map(Self::from))
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string", "format": "password"})
    }
}

impl Kind for i64 {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        let read = match sent {
            Value::Number(number) if number.is_f64() => whole(&number.to_string())?,
            Value::Number(number) => number.as_i64().ok_or_else(too_large)?,
            Value::String(text) => integer_of(text.trim())?,
            _ => return Err(Wrong::new("int_type", "fault-integer")),
        };
        Ok(Some(read))
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": ["integer", "string"], "pattern": r"^\s*[+-]?[0-9]{1,18}(\.0+)?\s*$",
               "minimum": Self::MIN, "maximum": Self::MAX})
    }
}

fn too_large() -> Wrong {
    Wrong::new("int_parsing_size", "fault-integer-size")
}

fn integer_of(text: &str) -> Result<i64, Wrong> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(digits) || !is_number(fraction) || fraction.bytes().any(|digit| digit != b'0') {
        return Err(Wrong::new("int_parsing", "fault-integer"));
    }
    // All that is left is a number that does not fit.
    whole.parse().map_err(|_| too_large())
}

/// A JSON number with a point or an exponent.
fn whole(text: &str) -> Result<i64, Wrong> {
    let number: f64 = text.parse().map_err(|_| Wrong::new("int_parsing", "fault-integer"))?;
    if number.fract() != 0.0 {
        return Err(Wrong::new("int_from_float", "fault-integer-fraction"));
    }
    if number.abs() >= LARGEST_EXACT {
        return Err(too_large());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
    Ok(number as i64)
}

impl Kind for bool {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        let wrong = || Wrong::new("bool_parsing", "fault-flag");
        let read = match sent {
            Value::Bool(flag) => *flag,
            Value::Number(number) => match number.as_f64() {
                Some(0.0) => false,
                Some(1.0) => true,
                _ => return Err(wrong()),
            },
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "t" | "yes" | "y" | "on" => true,
                "0" | "false" | "f" | "no" | "n" | "off" => false,
                _ => return Err(wrong()),
            },
            _ => return Err(Wrong::new("bool_type", "fault-flag")),
        };
        Ok(Some(read))
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": ["boolean", "integer", "string"], "minimum": 0, "maximum": 1,
               "pattern": "^([01tTfFyYnN]|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF][fF])$"})
    }
}

/// An amount as it was written, in digits; which currency it means, and whether it fits, is for `Money` to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount(pub String);

impl Kind for Amount {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        let text = match sent {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return Err(Wrong::new("float_type", "fault-number")),
        };
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number(whole) && is_number(fraction) {
            return Ok(Some(Self(text)));
        }
        // Exponents: written out, so that nobody has to read them twice. `NaN` is no amount.
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(Self(number.to_string()))),
            Ok(_) => Err(Wrong::new("finite_number", "fault-number")),
            Err(_) => Err(Wrong::new("float_parsing", "fault-number")),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": ["number", "string"], "pattern": r"^\s*[+-]?[0-9]+(\.[0-9]+)?\s*$"})
    }
}

/// An e-mail address, reduced to itself: `Name <a@B.c>` is `a@b.c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(pub String);

impl Kind for Email {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        let Value::String(text) = sent else {
            return Err(Wrong::new("string_type", "fault-text"));
        };
        match email::read(text) {
            Some(address) => Ok(Some(Self(address))),
            None => Err(Wrong::new("value_error", "fault-email")),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string", "format": "email"})
    }
}

/// An object of whatever members.
impl Kind for Map<String, Value> {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        match sent {
            Value::Object(members) => Ok(Some(members.clone())),
            _ => Err(Wrong::new("dict_type", "fault-object")),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "object"})
    }
}

impl<T: Kind> Kind for Vec<T> {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        let Value::Array(items) = sent else {
            return Err(Wrong::new("list_type", "fault-list"));
        };
        let read = items
            .iter()
            .map(|item| T::read(item)?.ok_or_else(|| Wrong::new("missing", "fault-missing")));
        read.collect::<Result<_, _>>().map(Some)
    }

    fn schema(schemas: &mut Schemas) -> Value {
        json!({"type": "array", "items": T::schema(schemas)})
    }
}

/// Absent and `null` are the same.
impl<T: Kind> Kind for Option<T> {
    const MAY_BE_ABSENT: bool = true;
    const IS_SECRET: bool = T::IS_SECRET;

    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        if sent.is_null() {
            return Ok(Some(None));
        }
        Ok(T::read(sent)?.map(Some))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema(schemas: &mut Schemas) -> Value {
        json!({"anyOf": [T::schema(schemas), {"type": "null"}]})
    }
}

/// A field of a change: what is not sent stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent<T> {
    Absent,
    Null,
    Value(T),
}

impl<T: Kind> Kind for Sent<T> {
    const MAY_BE_ABSENT: bool = true;
    const IS_SECRET: bool = T::IS_SECRET;

    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        if sent.is_null() {
            return Ok(Some(Self::Null));
        }
        Ok(T::read(sent)?.map(Self::Value))
    }

    fn absent() -> Option<Self> {
        Some(Self::Absent)
    }

    fn schema(schemas: &mut Schemas) -> Value {
        <Option<T> as Kind>::schema(schemas)
    }
}

/// A field whose default also stands for `null` and for an empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient<T>(pub T);

impl<T: Kind> Kind for Lenient<T> {
    fn read(sent: &Value) -> Result<Option<Self>, Wrong> {
        if sent.is_null() || sent.as_str() == Some("") {
            return Ok(None);
        }
        Ok(T::read(sent)?.map(Self))
    }

    fn schema(schemas: &mut Schemas) -> Value {
        json!({"anyOf": [T::schema(schemas), {"type": "null"}, {"const": ""}]})
    }
}

/// Declares a closed list of words, for requests and answers.
///
/// ```ignore
/// words! { pub enum UserType { Pair = "usuario_contrasena", Pin = "pin" } }
/// ```
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($word:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $($word),* }

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($text),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }
        }

        impl $crate::api::kinds::Kind for $name {
            fn read(sent: &serde_json::Value) -> Result<Option<Self>, $crate::api::kinds::Wrong> {
                match sent.as_str() {
                    $(Some($text) => Ok(Some(Self::$word)),)*
                    _ => Err($crate::api::kinds::Wrong::with("literal_error", "fault-word", Self::WORDS.join(", "))),
                }
            }

            fn schema(_: &mut $crate::api::shape::Schemas) -> serde_json::Value {
                serde_json::json!({"enum": Self::WORDS})
            }
        }

        impl $crate::api::shape::Shape for $name {
            fn schema(_: &mut $crate::api::shape::Schemas) -> serde_json::Value {
                serde_json::json!({"enum": Self::WORDS})
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// 2^53: beyond it, a JSON number with a point is not exact.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
