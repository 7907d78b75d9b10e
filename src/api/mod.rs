//! What programs ask: JSON in, JSON out. Translates between HTTP and the core and decides nothing about money; it
//! touches neither routers nor gateways nor mail. Errors have the form that the Pagos Hotspot API documents:
//! `{"detail": "…"}`, or for fields a list of `{"type", "loc", "msg"}`, all of them at once.

mod admin;
pub mod auth;
pub mod cors;
pub mod docs;
pub mod email;
mod fields;
pub mod hotspot;
pub mod input;
pub mod kinds;
pub mod notices;
pub mod openapi;
pub mod operation;
pub mod pagos;
pub mod public;
pub mod router_reads;
pub mod sale;
pub mod serve;
mod session;
pub mod shape;
pub mod texts;

use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::company::Language;
use crate::ids::CompanyId;
use crate::language::wished::wished;

/// What the operator lets programs do.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApiSettings {
    /// `POST /pagos` also believes an account's private key in the body.
    pub secret_in_body: bool,
}

/// A request, bounded and whole. No `Debug`: it holds keys.
pub struct ApiRequest {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer, before it is HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiReply {
    pub status: u16,
    pub json: Bytes,
    pub retry_after_s: Option<u32>,
}

/// How often somebody may be heard; an `Err` holds the seconds to wait.
pub struct Gate<'a> {
    /// Counts a request with a wrong key.
    pub refused: &'a (dyn Fn() -> Result<(), u32> + Sync),
    /// Counts a request of a company.
    pub admitted: &'a (dyn Fn(&CompanyId) -> Result<(), u32> + Sync),
}

impl ApiReply {
    fn new(status: u16, json: &Value) -> Self {
        Self::json(status, json.to_string().into())
    }

    /// Of JSON that is written already.
    fn json(status: u16, json: Bytes) -> Self {
        Self {
            status,
            json,
            retry_after_s: None,
        }
    }

    fn refusal(status: u16, sentence: &str) -> Self {
        Self::new(status, &json!({ "detail": sentence }))
    }

    fn later(status: u16, sentence: &str, retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::refusal(status, sentence)
        }
    }
}

/// A refusal as JSON.
pub fn detail(sentence: &str) -> String {
    json!({ "detail": sentence }).to_string()
}

/// The key of a request: `Authorization: Bearer …` or `X-API-Key: …`.
fn shown_key(headers: &HeaderMap) -> Option<SecretString> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let bearer = text(AUTHORIZATION.as_str()).and_then(|line| {
        let (scheme, key) = line.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let key = bearer.or_else(|| text("x-api-key"))?;
    (!key.is_empty()).then(|| key.into())
}

/// The language of messages; English for programs that name none.
fn language(headers: &HeaderMap) -> Language {
    wished(None, headers).unwrap_or(Language::En)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_comes_in_either_header() {
        for (name, value, expected) in [
            ("authorization", "Bearer mk_x", Some("mk_x")),
            ("authorization", "bearer  mk_x ", Some("mk_x")),
            ("authorization", "Basic bWs6eA==", None),
            ("authorization", "Bearer ", None),
            ("authorization", "mk_x", None),
            ("x-api-key", "mk_x", Some("mk_x")),
            ("x-api-key", "", None),
            ("cookie", "mk_x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let key = shown_key(&headers);
            assert_eq!(
                key.as_ref().map(ExposeSecret::expose_secret),
                expected,
                "{name}: {value}"
            );
        }
    }
}
