//! Reads the fields of a JSON or form body. A number stays the text that it was, so that no amount becomes a float.

use std::collections::HashMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use secrecy::SecretString;
use serde_json::value::RawValue;
use url::form_urlencoded;

use crate::payment::link_fields::LinkFields;

/// A body's fields, and the private key that the documented form has among them. No `Debug`.
#[derive(Default)]
pub(super) struct Body {
    pub fields: LinkFields,
    pub secret: Option<SecretString>,
}

/// Why a body has no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    NotJson,
    OtherType,
}

type Members<'a> = HashMap<String, &'a RawValue>;

impl Body {
    /// JSON, or a form; simple clients send JSON without saying so.
    pub fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, BodyFault> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
        if content_type.contains("json") || is_object {
            return Self::read_json(bytes);
        }
        if content_type.is_empty() || content_type.starts_with("application/x-www-form-urlencoded") {
            return Ok(Self::read_form(bytes));
        }
        Err(BodyFault::OtherType)
    }

    fn read_json(bytes: &[u8]) -> Result<Self, BodyFault> {
        let members: Members<'_> = serde_json::from_slice(bytes).map_err(|_| BodyFault::NotJson)?;
        let mut body = Self::default();
        for (name, value) in &members {
            body.put_json(name, value);
        }
        // Mercado Pago's form has some of them one level down.
        let address = members.get("address").map(|value| value.get());
        let address: Option<Members<'_>> = address.and_then(|text| serde_json::from_str(text).ok());
        for (name, value) in address.unwrap_or_default() {
            match name.as_str() {
                "first_name" | "last_name" => body.put_json(&name, value),
                "phone_number" => body.put_json("phone", value),
                _ => {}
            }
        }
        Ok(body)
    }

    fn put_json(&mut self, name: &str, value: &RawValue) {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<String>(json) {
                Ok(text) => self.put(name, text),
                Err(_) => self.fields.put_wrong(name),
            },
            Some(b'-' | b'0'..=b'9') => self.put(name, json.to_owned()),
            Some(b'n') => {}
            _ => self.fields.put_wrong(name),
        }
    }

    fn read_form(bytes: &[u8]) -> Self {
        let mut body = Self::default();
        for (name, value) in form_urlencoded::parse(bytes).take(MOST_FIELDS) {
            let name = match &*name {
                "address[first_name]" => "first_name",
                "address[last_name]" => "last_name",
                "address[phone_number]" => "phone",
                other => other,
            };
            body.put(name, value.into_owned());
        }
        body
    }

    fn put(&mut self, name: &str, text: String) {
        if name == "secret" {
            self.secret = Some(text.into());
        } else {
            self.fields.put(name, &text);
        }
    }
}

/// The documented forms have less than twenty.
const MOST_FIELDS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::GatewayName;

    fn read(content_type: &str, body: &str) -> Result<Body, BodyFault> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        Body::read(&headers, body.as_bytes())
    }

    #[test]
    fn json_and_forms_are_read_and_other_bodies_refused() {
        for (content_type, body) in [
            ("application/json", r#" {"provider":"fedapay","secret":"s"}"#),
            (
                "application/json; charset=utf-8",
                r#"{"provider":"fedapay","secret":"s","x":[1]}"#,
            ),
            ("", r#"{"provider":"fedapay","secret":"s"}"#),
            (
                "application/x-www-form-urlencoded",
                r#"{"provider":"fedapay","secret":"s"}"#,
            ),
            ("application/x-www-form-urlencoded", "provider=fedapay&secret=s"),
            ("", "provider=fedapay&secret=s"),
        ] {
            let body = read(content_type, body).unwrap_or_else(|fault| panic!("{content_type}: {fault:?}"));
            assert_eq!(body.fields.provider(), Some(GatewayName::Fedapay), "{content_type}");
            assert!(body.secret.is_some(), "{content_type}");
        }
        for (content_type, body, fault) in [
            ("application/json", "", BodyFault::NotJson),
            ("application/json", "[]", BodyFault::NotJson),
            ("application/json", "{\"provider\":", BodyFault::NotJson),
            ("application/json", "provider=fedapay", BodyFault::NotJson),
            ("multipart/form-data; boundary=x", "--x", BodyFault::OtherType),
            ("text/plain", "provider", BodyFault::OtherType),
        ] {
            assert_eq!(read(content_type, body).err(), Some(fault), "{content_type} {body}");
        }
        for name in ["a", "amount", "address"] {
            // What is no text is not taken apart, however deep it goes.
            let deep = format!("{{\"{name}\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
            assert!(read("application/json", &deep).is_ok(), "{name}");
        }
    }
}
