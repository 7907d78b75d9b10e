//! Reading what gateways send: JSON whose types vary from day to day, and HTTP failures.
//!
//! Promises: numbers keep the digits they were sent with (no float is ever made), depth and keys are bounded
//! by the parser, a repeated key that is read makes the whole body unreadable, and hostile input is an
//! error, never a panic. Deliberately does not decide what a status word means; each adapter does.

use std::borrow::Borrow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::call::{Answer, Dialogue};
use super::{GatewayError, PaymentKey, Report, Unreadable};
use crate::ids::OrderRef;
use crate::money::{Currency, Money};

/// A value that may come as text or number, and be empty or missing: all of these are read as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Option<String>);

impl Text {
    /// The trimmed text; `None` where there is nothing but space.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    pub fn owned(&self) -> Option<String> {
        self.get().map(ToOwned::to_owned)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Option::<&RawValue>::deserialize(deserializer)?;
        let json = raw.map_or("", RawValue::get);
        match json.bytes().next() {
            Some(b'"') => serde_json::from_str(json)
                .map(|text| Self(Some(text)))
                .map_err(serde::de::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(Some(json.to_owned()))),
            // Objects, lists, `true` and `null` where a text was due say nothing we could use.
            _ => Ok(Self(None)),
        }
    }
}

/// A part of a body that is read later, or not at all.
pub type Raw = Option<Box<RawValue>>;

/// The same where it is not kept longer than the body.
pub type RawPart<'a> = Option<&'a RawValue>;

/// Reads a JSON object; a list is not one, although serde would fill a struct from it.
pub fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable("it is not UTF-8".to_owned()))?;
    if !text.trim_start().starts_with('{') {
        return Err(Unreadable("it is not a JSON object".to_owned()));
    }
    read_text(text)
}

fn read_text<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable(one_line(&error.to_string())))
}

/// Reads an object inside a body; `None` where there is none.
pub fn read_inner<'a, T: Deserialize<'a>>(raw: &'a Option<impl Borrow<RawValue>>) -> Result<Option<T>, Unreadable> {
    match raw.as_ref().map(|raw| raw.borrow().get()) {
        Some(json) if json.starts_with('{') => read_text(json).map(Some),
        _ => Ok(None),
    }
}

/// An amount in major units; `None` where it is missing or no amount of this currency.
pub fn amount(text: &Text, currency: Currency) -> Option<Money> {
    Money::parse_major(text.get()?, currency).ok()
}

/// Our reference as a gateway echoes it; `None` where it cannot be one.
pub fn order_ref(text: &Text) -> Option<OrderRef> {
    let text = text.get()?;
    let fits = text.len() <= MAX_REFERENCE_CHARS
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| OrderRef::new(text))
}

/// An amount as the whole number that gateways want; `None` where it has a fraction.
pub fn whole_major(money: Money) -> Option<i64> {
    let scale = 10_i64.checked_pow(money.currency().decimals())?;
    (money.minor() % scale == 0).then_some(money.minor() / scale)
}

/// Where the buyer is sent; anything but an http address is refused.
pub fn pay_url(text: &Text) -> Option<String> {
    let url = url::Url::parse(text.get()?).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// A text as one segment of a path.
pub fn path_segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, ENCODED).to_string()
}

/// A report, if it is about the order that was asked about. An unsigned webhook can name any payment, so an
/// answer that echoes another order's reference is no answer about this one.
pub fn about_order(report: Report, key: &PaymentKey) -> Result<Report, GatewayError> {
    match &report.order {
        Some(order) if *order != key.order => Err(GatewayError::NotFound),
        _ => Ok(report),
    }
}

/// What an answer that is not the hoped-for one means. An HTML page comes from a machine in front of the
/// gateway and says nothing about the call.
pub fn failure(answer: &Answer) -> GatewayError {
    let says = complaint(answer);
    let status = answer.status.as_u16();
    if let (429, Some(after_s)) = (status, answer.retry_after_s) {
        return GatewayError::Throttled { after_s };
    }
    match status {
        429 | 408 | 500..=599 => GatewayError::Transient(says),
        _ if is_html(answer) => GatewayError::Transient(format!("HTTP {status} with a web page")),
        401 | 403 => GatewayError::Misconfigured(says),
        404 => GatewayError::NotFound,
        400..=499 => GatewayError::Refused(says),
        _ => GatewayError::Transient(format!("HTTP {status} with an answer that cannot be read")),
    }
}

/// A success that lacks what it should hold: nobody knows what happened.
pub fn senseless(what: &str) -> GatewayError {
    GatewayError::Transient(format!("the answer holds no {what}"))
}

/// A conversation that ends before it began.
pub fn ended<T>(error: GatewayError) -> Dialogue<T> {
    Dialogue::Done(Err(error))
}

/// A gateway's words on one line, short enough for a log.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_WORDS_CHARS)
        .collect()
}

/// The gateway's own words for a failure, with the HTTP status.
pub fn complaint(answer: &Answer) -> String {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Complaint {
        code: Text,
        message: Text,
        description: Text,
        error: Text,
    }
    let status = answer.status.as_u16();
    let Ok(complaint) = read_object::<Complaint>(&answer.body) else {
        return format!("HTTP {status}");
    };
    let words = [
        &complaint.code,
        &complaint.message,
        &complaint.error,
        &complaint.description,
    ];
    let words: Vec<_> = words.into_iter().filter_map(Text::get).collect();
    one_line(&format!("HTTP {status} {}", words.join(" ")))
}

fn is_html(answer: &Answer) -> bool {
    answer.body.trim_ascii_start().starts_with(b"<")
}

/// Everything but letters, digits and what is safe; the dot is encoded because `..` would climb.
const ENCODED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// Ours have 14; some room for orders made by older software.
const MAX_REFERENCE_CHARS: usize = 64;
const MAX_WORDS_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[derive(serde::Deserialize, Default, Debug)]
    #[serde(default)]
    struct Sample {
        a: Text,
        b: Raw,
    }

    fn sample(json: &str) -> Result<Sample, Unreadable> {
        read_object(json.as_bytes())
    }

    #[test]
    fn values_keep_their_digits() {
        for (json, text) in [
            (r#"{"a":100}"#, Some("100")),
            (r#"{"a":"100"}"#, Some("100")),
            (r#"{"a":100.0}"#, Some("100.0")),
            (r#"{"a":0.30000000000000004}"#, Some("0.30000000000000004")),
            (r#"{"a":9223372036854775808}"#, Some("9223372036854775808")),
            (r#"{"a":1e400}"#, Some("1e400")),
            (r#"{"a":-0}"#, Some("-0")),
            (r#"{"a":" é "}"#, Some("é")),
            (r#"{"a":null}"#, None),
            (r#"{"a":""}"#, None),
            (r#"{"a":{"x":[]}}"#, None),
            (r#"{"a":true}"#, None),
            (r#"{}"#, None),
        ] {
            assert_eq!(sample(json).unwrap().a.get(), text, "{json}");
        }
    }

    #[test]
    fn p3_amounts_are_exact_or_absent() {
        let read = |json: &str| amount(&sample(json).unwrap().a, Currency::Xof).map(Money::minor);
        assert_eq!(read(r#"{"a":100}"#), Some(100));
        assert_eq!(read(r#"{"a":"100.00"}"#), Some(100));
        for bad in [
            "1e400",
            "1e2",
            "9223372036854775808",
            "-0",
            "-100",
            "99.5",
            "0.30000000000000004",
        ] {
            assert_eq!(read(&format!(r#"{{"a":{bad}}}"#)), None, "{bad}");
        }
    }

    #[test]
    fn p3_hostile_json_is_an_error_or_ignored_and_never_a_crash() {
        let deep = "[".repeat(10_000);
        for bad in [
            "",
            " ",
            "null",
            "[]",
            r#"["x",{}]"#,
            "{",
            r#"{"a":1,"a":2}"#,
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":01}"#,
            r#"{} x"#,
            &deep,
            &format!(r#"{{"a":{deep}"#),
        ] {
            assert!(sample(bad).is_err(), "{bad:.40}");
        }
        assert!(read_object::<Sample>(b"{\"a\":\"\xff\"}").is_err());
        let closed = format!("{deep}{}", "]".repeat(10_000));
        let nested = sample(&format!(r#"{{"a":{closed},"b":{closed},"c":{closed}}}"#));
        assert!(nested.is_err() || nested.is_ok_and(|read| read.a.get().is_none()));
        assert!(matches!(
            read_inner::<Sample>(&sample(r#"{"b":[1]}"#).unwrap().b),
            Ok(None)
        ));
        assert!(read_inner::<Sample>(&sample(r#"{"b":{"a":1,"a":1}}"#).unwrap().b).is_err());
    }

    #[test]
    fn failures_say_who_can_help() {
        let kind = |status: u16, body: &str| {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                body: body.to_owned().into(),
                retry_after_s: None,
            };
            match failure(&answer) {
                GatewayError::Throttled { .. } => "throttled",
                GatewayError::Transient(_) => "later",
                GatewayError::Misconfigured(_) => "operator",
                GatewayError::Refused(_) | GatewayError::Rule(_) => "never",
                GatewayError::NotFound => "unknown",
            }
        };
        assert_eq!(kind(401, r#"{"message":"no"}"#), "operator");
        assert_eq!(kind(403, r#"{"message":"no"}"#), "operator");
        assert_eq!(kind(403, "<html>Cloudflare</html>"), "later");
        assert_eq!(kind(404, "\n<!DOCTYPE html>"), "later");
        assert_eq!(kind(404, "{}"), "unknown");
        for status in [429, 500, 502, 503, 520, 302, 200] {
            assert_eq!(kind(status, "{}"), "later", "{status}");
        }
        assert_eq!(kind(422, r#"{"message":"x"}"#), "never");
    }

    #[test]
    fn references_and_addresses_are_checked() {
        let text = |value: &str| Text(Some(value.to_owned()));
        assert_eq!(order_ref(&text(" A1B2C3 ")), Some(OrderRef::new("A1B2C3")));
        for bad in ["", "a b", "a'b", "é", &"A".repeat(65)] {
            assert_eq!(order_ref(&text(bad)), None, "{bad}");
        }
        assert_eq!(
            pay_url(&text("https://process.example/x")).as_deref(),
            Some("https://process.example/x")
        );
        for bad in ["javascript:alert(1)", "//evil", "", "data:text/html,x"] {
            assert_eq!(pay_url(&text(bad)), None, "{bad}");
        }
    }

    #[test]
    fn whole_amounts_only() {
        let whole = |text, currency| whole_major(Money::parse_major(text, currency).unwrap());
        assert_eq!(whole("100", Currency::Xof), Some(100));
        assert_eq!(whole("12.00", Currency::Usd), Some(12));
        assert_eq!(whole("12.50", Currency::Usd), None);
    }
}
