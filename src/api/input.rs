//! Requests by declaration: name, alias, type, default. The same declaration reads a request, finds all its faults at
//! once, and makes the document's schema (facts: pagos-hotspot-api 2). How each type is read is in `kinds`.

use std::borrow::Cow;
use std::collections::HashMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::kinds::{Kind, Wrong};
use super::shape::Schemas;
use super::texts;
use crate::company::Language;
use crate::sorted::gathered;

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
    Body,
}

impl Place {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}

/// One field of a request.
pub struct Field {
    pub name: &'static str,
    /// Its documented name, which wins where both are sent.
    pub alias: Option<&'static str>,
    pub place: Place,
    pub required: bool,
    /// For people: what it means.
    pub doc: &'static str,
    pub schema: fn(&mut Schemas) -> Value,
    pub default: Option<&'static str>,
    /// Never sent back.
    pub is_secret: bool,
}

impl Field {
    /// The name that documents use.
    pub fn shown_name(&self) -> &'static str {
        self.alias.unwrap_or(self.name)
    }
}

/// What a request of one operation holds.
pub trait Inputs: Sized {
    const FIELDS: &'static [Field];

    /// Reads all fields; every fault is noted.
    fn read(reading: &mut Reading<'_>) -> Option<Self>;
}

/// Nothing is asked for.
pub struct Nothing;

impl Inputs for Nothing {
    const FIELDS: &'static [Field] = &[];

    fn read(_: &mut Reading<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Declares what a request holds. `path`, `query`, `header` or `body`, the name, the documented name, the type, the default.
///
/// ```ignore
/// input! {
///     pub struct Pay {
///         /// What is bought.
///         body product_id / "producto_id": i64,
///         body customer_phone / "telefono_cliente": Option<String>,
///         body auto_connect / "conexion_automatica": bool = false,
///         query limit: i64 = 50,
///         path router_id: String,
///     }
/// }
/// ```
macro_rules! input {
    ($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[doc = $note:literal])* $place:ident $field:ident $(/ $alias:literal)? : $kind:ty $(= $default:expr)?),*
        $(,)?
    }) => {
        $(#[$doc])*
        $vis struct $name { $($(#[doc = $note])* pub $field: $kind,)* }

        impl $crate::api::input::Inputs for $name {
            const FIELDS: &'static [$crate::api::input::Field] = &[$(
                $crate::api::input::Field {
                    name: stringify!($field),
                    alias: $crate::api::input::first(&[$($alias)?]),
                    place: $crate::api::input::place!($place),
                    required: !<$kind as $crate::api::kinds::Kind>::MAY_BE_ABSENT
                        && $crate::api::input::first(&[$(stringify!($default))?]).is_none(),
                    doc: concat!($($note),*),
                    schema: <$kind as $crate::api::kinds::Kind>::schema,
                    default: $crate::api::input::first(&[$(stringify!($default))?]),
                    is_secret: <$kind as $crate::api::kinds::Kind>::IS_SECRET,
                },
            )*];

            fn read(reading: &mut $crate::api::input::Reading<'_>) -> Option<Self> {
                let mut fields = Self::FIELDS.iter();
                $(let $field: Option<$kind> = fields.next().and_then(|field| {
                    reading.field(field, $crate::api::input::first_of([$(Some($default), )? None::<$kind>]))
                });)*
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}
pub(crate) use input;

macro_rules! place {
    (path) => {
        $crate::api::input::Place::Path
    };
    (query) => {
        $crate::api::input::Place::Query
    };
    (header) => {
        $crate::api::input::Place::Header
    };
    (body) => {
        $crate::api::input::Place::Body
    };
}
pub(crate) use place;

/// The first of what a macro may have been given.
pub const fn first(given: &[&'static str]) -> Option<&'static str> {
    match given {
        [first, ..] => Some(*first),
        [] => None,
    }
}

pub fn first_of<T, const N: usize>(given: [Option<T>; N]) -> Option<T> {
    given.into_iter().flatten().next()
}

/// A request while it is read.
pub struct Reading<'a> {
    path: &'a [(&'static str, String)],
    headers: &'a HeaderMap,
    query: HashMap<Cow<'a, str>, Value>,
    body: Option<Map<String, Value>>,
    /// Names of fields that are never sent back.
    secrets: Vec<&'static str>,
    faults: Vec<Fault>,
}

/// One thing that is wrong with a request.
#[derive(Debug)]
pub struct Fault {
    pub loc: Value,
    pub wrong: Wrong,
    pub input: Value,
}

impl<'a> Reading<'a> {
    /// Takes a request apart. Its body is looked at only where `fields` want one.
    pub fn new(
        fields: &[Field],
        path: &'a [(&'static str, String)],
        query: Option<&'a str>,
        headers: &'a HeaderMap,
        body: &[u8],
    ) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).take(MOST_PAIRS);
        // Of a name that comes twice the last one counts, as in the documented service.
        let query = pairs.map(|(name, value)| (name, Value::String(value.into_owned())));
        let mut reading = Self {
            path,
            headers,
            query: query.collect(),
            body: None,
            secrets: fields
                .iter()
                .filter(|field| field.is_secret)
                .flat_map(|field| field.alias.into_iter().chain([field.name]))
                .collect(),
            faults: Vec::new(),
        };
        if fields.iter().any(|field| field.place == Place::Body) {
            match read_body(headers, body) {
                Ok(members) => reading.body = Some(members),
                Err(fault) => reading.faults.push(fault),
            }
        }
        reading
    }

    /// Reads one field; what is wrong with it is noted.
    pub fn field<T: Kind>(&mut self, field: &Field, default: Option<T>) -> Option<T> {
        // `None`: the body's own fault is noted already.
        let sent = self.sent(field)?;
        let value = sent.as_ref().map(|(_, value)| value.as_ref());
        let wrong = match value.map_or(Ok(None), T::read) {
            Ok(Some(value)) => return Some(value),
            Ok(None) => match default.or_else(T::absent) {
                Some(value) => return Some(value),
                None => Wrong::new("missing", "fault-missing"),
            },
            Err(wrong) => wrong,
        };
        let fault = self.fault(field, sent, wrong);
        self.faults.push(fault);
        None
    }

    fn fault(&self, field: &Field, sent: Option<(&'static str, Cow<'_, Value>)>, wrong: Wrong) -> Fault {
        let name = sent.as_ref().map_or(field.shown_name(), |(name, _)| name);
        let input = match &sent {
            Some(_) if field.is_secret => Value::Null,
            Some((_, value)) => shown_value(value),
            None => self.shown_whole(field.place),
        };
        Fault {
            loc: json!([field.place.as_str(), name]),
            wrong,
            input,
        }
    }

    /// The faults, where there are any.
    pub fn faults(self) -> Option<Vec<Fault>> {
        Some(self.faults).filter(|faults| !faults.is_empty())
    }

    /// `None`: its place cannot be read. `Some(None)`: it was not sent.
    fn sent(&self, field: &Field) -> Option<Option<(&'static str, Cow<'_, Value>)>> {
        let names = field.alias.into_iter().chain([field.name]);
        let found = match field.place {
            Place::Path => self
                .path
                .iter()
                .find(|(name, _)| *name == field.name)
                .map(|(_, value)| (field.name, Cow::Owned(Value::String(value.clone())))),
            Place::Header => {
                let value = self.headers.get(field.shown_name());
                let text = value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                text.map(|text| (field.shown_name(), Cow::Owned(Value::String(text))))
            }
            Place::Query => names
                .filter_map(|name| Some((name, Cow::Borrowed(self.query.get(name)?))))
                .next(),
            Place::Body => {
                let body = self.body.as_ref()?;
                names
                    .filter_map(|name| Some((name, Cow::Borrowed(body.get(name)?))))
                    .next()
            }
        };
        Some(found)
    }

    /// What was sent instead of a missing field: the names, without what may be secret.
    fn shown_whole(&self, place: Place) -> Value {
        match (&self.body, place) {
            (Some(body), Place::Body) => {
                let shown = body.iter().take(MOST_SHOWN).map(|(name, value)| {
                    let shown = match value {
                        Value::Number(_) | Value::Bool(_) | Value::Null if !self.secrets.contains(&name.as_str()) => {
                            value.clone()
                        }
                        _ => Value::String("…".to_owned()),
                    };
                    (cut(name), shown)
                });
                Value::Object(gathered(shown))
            }
            _ => Value::Null,
        }
    }
}

/// The members of a JSON body.
fn read_body(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Fault> {
    let fault = |loc: Value, kind, text, input| Fault {
        loc,
        wrong: Wrong::new(kind, text),
        input,
    };
    if body.is_empty() {
        return Err(fault(json!(["body"]), "missing", "fault-no-body", Value::Null));
    }
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    if content_type.is_some_and(|text| !is_json(text)) {
        return Err(fault(
            json!(["body"]),
            "model_attributes_type",
            "fault-not-json-type",
            Value::Null,
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => {
            let input = shown_value(&other);
            Err(fault(
                json!(["body"]),
                "model_attributes_type",
                "fault-not-object",
                input,
            ))
        }
        Err(error) => {
            let at = offset(body, error.line(), error.column());
            Err(fault(json!(["body", at]), "json_invalid", "fault-json", json!({})))
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The byte that a line and a column of serde_json mean.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + column.saturating_sub(1)).min(body.len())
}

/// A value as it may be sent back: short, and not taken apart.
fn shown_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text)),
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        plain => plain.clone(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_SHOWN_CHARS).collect()
}

/// The faults as the documented service tells them.
pub fn faults_json(faults: Vec<Fault>, language: Language) -> Value {
    let list: Vec<_> = faults
        .into_iter()
        .map(|fault| {
            let Wrong { kind, text, value } = &fault.wrong;
            let sentence = texts::say(language, text, &[("value", value.as_deref().unwrap_or_default())]);
            let mut one = json!({"type": kind, "loc": fault.loc, "msg": sentence, "input": fault.input});
            if let (true, Some(one)) = (*kind == "value_error", one.as_object_mut()) {
                one.insert("ctx".to_owned(), json!({ "reason": sentence }));
            }
            one
        })
        .collect();
    json!({ "detail": list })
}

/// More parameters than any operation has.
const MOST_PAIRS: usize = 100;
const MOST_SHOWN: usize = 50;
const MOST_SHOWN_CHARS: usize = 100;

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
