//! What answers look like: the same declaration makes the structure that is serialised and its JSON schema.

use std::collections::BTreeMap;

use crate::sorted::gathered;
use serde_json::{Map, Value, json};

/// Something that answers are made of.
pub trait Shape {
    /// The JSON schema; structures of their own name are kept in `schemas` and referred to.
    fn schema(schemas: &mut Schemas) -> Value;
}

/// The named schemas of a document.
#[derive(Default)]
pub struct Schemas(BTreeMap<&'static str, Value>);

impl Schemas {
    /// A reference to the schema of this name, which is made where it is missing.
    pub fn named(&mut self, name: &'static str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // Kept before it is made, or a structure that holds itself would never end.
            self.0.insert(name, Value::Null);
            let made = make(self);
            self.0.insert(name, made);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    pub fn into_json(self) -> Value {
        Value::Object(gathered(
            self.0.into_iter().map(|(name, schema)| (name.to_owned(), schema)),
        ))
    }
}

/// One member of a structure, for its schema.
pub struct Member {
    pub name: &'static str,
    pub doc: &'static str,
    pub schema: fn(&mut Schemas) -> Value,
    /// Whether it may be left out.
    pub optional: bool,
}

impl Member {
    /// Without the mark of a name that is a word of Rust (`r#type`).
    fn json_name(&self) -> &'static str {
        self.name.strip_prefix("r#").unwrap_or(self.name)
    }
}

/// The schema of an object.
pub fn object(schemas: &mut Schemas, doc: &str, members: &[Member]) -> Value {
    let mut properties = Map::new();
    for member in members {
        let mut schema = (member.schema)(schemas);
        describe(&mut schema, member.doc);
        properties.insert(member.json_name().to_owned(), schema);
    }
    let required = members.iter().filter(|member| !member.optional);
    let required: Vec<_> = required.map(Member::json_name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "required": required});
    describe(&mut schema, doc);
    schema
}

/// Adds a sentence to a schema.
pub fn describe(schema: &mut Value, doc: &str) {
    let doc = doc.trim();
    if let (Value::Object(schema), false) = (schema, doc.is_empty()) {
        schema.insert("description".to_owned(), doc.into());
    }
}

/// Declares a structure of an answer. A member marked `(optional)` is an `Option` that is left out when it is `None`;
/// an unmarked `Option` is sent as `null`.
///
/// ```ignore
/// answer! {
///     /// What was sold.
///     pub struct Paid {
///         /// The gateway's id.
///         pub id_transaccion: String,
///         pub advertencia (optional): Option<String>,
///     }
/// }
/// ```
macro_rules! answer {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident {
        $($(#[doc = $note:literal])* $seen:vis $member:ident $(($mark:ident))? : $kind:ty),* $(,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(serde::Serialize)]
        $vis struct $name {
            $(
                $(#[doc = $note])*
                $(#[serde(skip_serializing_if = "Option::is_none")] #[doc = concat!("\n", stringify!($mark))])?
                $seen $member: $kind,
            )*
        }

        impl $crate::api::shape::Shape for $name {
            fn schema(schemas: &mut $crate::api::shape::Schemas) -> serde_json::Value {
                schemas.named(stringify!($name), |schemas| {
                    let members = [$(
                        $crate::api::shape::Member {
                            name: stringify!($member),
                            doc: concat!($($note),*),
                            schema: <$kind as $crate::api::shape::Shape>::schema,
                            optional: [false $(, stringify!($mark) == "optional")?].contains(&true),
                        },
                    )*];
                    $crate::api::shape::object(schemas, concat!($($doc),*), &members)
                })
            }
        }
    };
}
pub(crate) use answer;

impl Shape for String {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string"})
    }
}

impl Shape for &'static str {
    fn schema(schemas: &mut Schemas) -> Value {
        String::schema(schemas)
    }
}

impl Shape for bool {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "boolean"})
    }
}

impl Shape for i64 {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "integer"})
    }
}

impl Shape for u64 {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

/// Any JSON.
impl Shape for Value {
    fn schema(_: &mut Schemas) -> Value {
        json!({})
    }
}

impl Shape for Map<String, Value> {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "object"})
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({"type": "array", "items": T::schema(schemas)})
    }
}

impl<T: Shape> Shape for Option<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({"anyOf": [T::schema(schemas), {"type": "null"}]})
    }
}

/// An amount as a JSON number, made from its exact text.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct Price(serde_json::Number);

impl From<crate::money::Money> for Price {
    fn from(money: crate::money::Money) -> Self {
        let number = serde_json::from_str(&money.major_text());
        // The text of an amount is always a number.
        Self(number.unwrap_or_else(|_| money.minor().into()))
    }
}

impl Shape for Price {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "number"})
    }
}

/// A moment as the documented service writes it: UTC with microseconds and no zone (facts: pagos-hotspot-api 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub jiff::Timestamp);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let utc = self.0.to_zoned(jiff::tz::TimeZone::UTC);
        write!(f, "{}", utc.strftime("%Y-%m-%dT%H:%M:%S%.6f"))
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Shape for Moment {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string", "examples": ["2030-01-01T12:00:00.000001"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};

    answer! {
        /// A thing.
        struct Thing {
            /// Its name.
            name: String,
            inner: Option<Part>,
            left (optional): Option<i64>,
        }
    }
    answer! {
        struct Part { at: Moment, price: Price }
    }

    #[test]
    fn one_declaration_makes_the_answer_and_its_schema() {
        let mut schemas = Schemas::default();
        let reference = Thing::schema(&mut schemas);
        assert_eq!(reference, json!({"$ref": "#/components/schemas/Thing"}));
        let all = schemas.into_json();
        assert_eq!(all["Thing"]["required"], json!(["name", "inner"]));
        assert_eq!(all["Thing"]["description"], "A thing.");
        assert_eq!(all["Thing"]["properties"]["name"]["description"], "Its name.");
        assert_eq!(all["Part"]["properties"]["price"], json!({"type": "number"}));
        let thing = Thing {
            name: "x".to_owned(),
            inner: None,
            left: None,
        };
        assert_eq!(serde_json::to_string(&thing).unwrap(), r#"{"name":"x","inner":null}"#);
    }

    #[test]
    fn o10_moments_are_utc_and_prices_exact() {
        let at: jiff::Timestamp = "2030-01-01T12:00:00.000001+02:00".parse().unwrap();
        let part = Part {
            at: Moment(at),
            price: Money::from_minor(1999, Currency::Mxn).into(),
        };
        let text = serde_json::to_string(&part).unwrap();
        assert_eq!(text, r#"{"at":"2030-01-01T10:00:00.000001","price":19.99}"#);
        let francs = Price::from(Money::from_minor(500, Currency::Xof));
        assert_eq!(serde_json::to_string(&francs).unwrap(), "500");
    }
}
