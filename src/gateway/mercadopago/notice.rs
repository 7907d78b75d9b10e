//! Notifications: which payment they mean, and whether the account's secret signed them.
//!
//! Neither the body nor most of the address is signed, so only `data.id` of the address is read, and whatever is
//! read decides nothing but whom to ask. Facts 3.7, 3.8.

use http::HeaderMap;
use secrecy::SecretString;
use url::form_urlencoded;

use super::super::answer::{self, Text};
use super::super::signature::{self, Tag};
use super::super::{Authenticity, Incoming, Notice, PaymentStatus, Refusal, Report, Told, Unreadable};
use crate::ids::OrderRef;

/// The parameter of our own callback address that brings our reference back.
pub const OUR_REFERENCE: &str = "order";
/// What is kept of an address.
pub const QUERY_NAMES: [&str; 5] = ["data.id", "type", "topic", "id", OUR_REFERENCE];
/// In front of the ids that are no payment's.
pub const BASKET: &str = "merchant_order:";
pub const CHARGEBACK: &str = "chargeback:";

/// Checks `x-signature` where there is one that can be checked. The legacy shape carries one that cannot; it and a
/// call without a signature are hints. The time in it is not judged: a repeat comes days later, and a replay leads to
/// one more question only.
pub fn authenticate(secrets: &[SecretString], incoming: Incoming<'_>) -> Result<Authenticity, Refusal> {
    let names = Names::read(incoming.query.unwrap_or_default());
    if names.is_ambiguous {
        return Err(Refusal::Malformed);
    }
    if secrets.is_empty() || names.is_legacy() || !incoming.headers.contains_key(SIGNATURE) {
        return Ok(Authenticity::Unsigned);
    }
    let stamp = Stamp::read(signature::only_line(incoming.headers, SIGNATURE)?)?;
    let request_id = request_id(incoming.headers)?;
    let as_received = names.data_id.unwrap_or_default();
    // The documentation signs ids in lower case, the SDKs as they come (facts 3.8.5).
    let lower = as_received.to_ascii_lowercase();
    let is_signed = [as_received.as_str(), lower.as_str()].into_iter().any(|id| {
        let manifest = manifest(id, request_id, stamp.time);
        signature::is_made_by(secrets, &[manifest.as_bytes()], &stamp.tags)
    });
    if is_signed {
        Ok(Authenticity::Signed)
    } else {
        Err(Refusal::Wrong)
    }
}

/// The id of the notification with what it is about: whoever makes up the former masks nothing but the same question.
pub fn event_key(told: Told<'_>) -> String {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Id {
        id: Text,
    }
    let names = Names::read(told.query);
    let body: Option<Id> = answer::read_object(told.body).ok();
    let id = body
        .and_then(|body| body.id.owned())
        .filter(|id| id.len() <= MAX_ID_CHARS)
        .unwrap_or_else(|| signature::sha256_hex(told.body));
    let parts = [
        names.kind(),
        names.id().unwrap_or_default(),
        names.order.as_deref().unwrap_or_default(),
        &id,
    ];
    parts.join(":")
}

pub fn read(told: Told<'_>) -> Result<Notice, Unreadable> {
    let names = Names::read(told.query);
    let nothing = Notice {
        order: None,
        gateway_id: None,
        report: None,
    };
    let saying = |status, gateway_id: Option<String>| Notice {
        order: names.order.as_deref().map(OrderRef::new),
        gateway_id,
        report: Some(Report::of(status)),
    };
    // It says that something happened; what, the gateway must be asked.
    let about = |gateway_id| saying(PaymentStatus::Pending, gateway_id);
    let id = || match names.id().filter(|id| is_id(id)) {
        Some(id) => Ok(id.to_owned()),
        None => Err(Unreadable(
            "its address names no `data.id` that could be one".to_owned(),
        )),
    };
    Ok(match names.kind() {
        "payment" | "order" | "orders" => about(Some(id()?)),
        "merchant_order" | "topic_merchant_order_wh" => about(Some(format!("{BASKET}{}", id()?))),
        "chargebacks" | "topic_chargebacks_wh" => about(Some(format!("{CHARGEBACK}{}", id()?))),
        // The fraud alert comes once and never again; its id is the payment's, which may still be called approved.
        "stop_delivery_op_wh" => saying(PaymentStatus::Disputed, Some(id()?)),
        "topic_claims_integration_wh" if names.order.is_some() => saying(PaymentStatus::Disputed, None),
        "topic_claims_integration_wh" => {
            let id = id()?;
            return Err(Unreadable(format!(
                "a buyer opened the claim {id}; see which payment it is about in Mercado Pago's panel"
            )));
        }
        // The panel's test, other products, and what is new.
        _ => nothing,
    })
}

/// What the address says. Our own names only, each once.
#[derive(Default)]
struct Names {
    data_id: Option<String>,
    kind: Option<String>,
    legacy_topic: Option<String>,
    legacy_id: Option<String>,
    order: Option<String>,
    /// A name stands there twice, or its value is longer than any.
    is_ambiguous: bool,
}

impl Names {
    fn read(query: &str) -> Self {
        let mut names = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "data.id" => &mut names.data_id,
                "type" => &mut names.kind,
                "topic" => &mut names.legacy_topic,
                "id" => &mut names.legacy_id,
                OUR_REFERENCE => &mut names.order,
                _ => continue,
            };
            names.is_ambiguous |= slot.is_some() || value.len() > MAX_ID_CHARS;
            slot.get_or_insert_with(|| value.into_owned());
        }
        // What could never be a reference of ours is none.
        names.order = names.order.filter(|order| is_id(order));
        names
    }

    fn is_legacy(&self) -> bool {
        self.data_id.is_none() && self.legacy_topic.is_some()
    }

    fn kind(&self) -> &str {
        let legacy = self.legacy_topic.as_deref().filter(|_| self.is_legacy());
        legacy.or(self.kind.as_deref()).unwrap_or_default()
    }

    fn id(&self) -> Option<&str> {
        if self.is_legacy() {
            self.legacy_id.as_deref()
        } else {
            self.data_id.as_deref()
        }
    }
}

/// An `x-signature`, taken apart: `ts=…,v1=…` in any order, unknown keys passed over.
struct Stamp<'a> {
    /// As written, because it is signed as text.
    time: &'a str,
    tags: Vec<Tag>,
}

impl<'a> Stamp<'a> {
    fn read(line: &'a str) -> Result<Self, Refusal> {
        let (mut time, mut tags) = (None, Vec::new());
        for (name, value) in line.split(',').filter_map(|item| item.split_once('=')) {
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "ts" if time.replace(value).is_some() => return Err(Refusal::Malformed),
                // Hex in capitals is not what was signed with.
                "v1" if !value.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                    tags.extend(signature::tag_from_hex(value))
                }
                _ => {}
            }
        }
        let time = time.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        match time {
            Some(time) if !tags.is_empty() => Ok(Self { time, tags }),
            _ => Err(Refusal::Malformed),
        }
    }
}

/// The signed text. A missing part drops its pair.
fn manifest(id: &str, request_id: &str, time: &str) -> String {
    let pairs = [("id", id), ("request-id", request_id), ("ts", time)];
    let there = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    there.map(|(name, value)| format!("{name}:{value};")).collect()
}

fn request_id(headers: &HeaderMap) -> Result<&str, Refusal> {
    match signature::only_line(headers, REQUEST_ID) {
        Ok(line) => Ok(line),
        Err(Refusal::Missing) => Ok(""),
        // An empty line is a missing one; two lines, or bytes that are no text, are a trick.
        Err(refusal) => match headers.get(REQUEST_ID).map(|value| value.as_bytes().trim_ascii()) {
            Some(b"") => Ok(""),
            _ => Err(refusal),
        },
    }
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= MAX_ID_CHARS && text.bytes().all(fits)
}

const SIGNATURE: &str = "x-signature";
const REQUEST_ID: &str = "x-request-id";
/// Today's longest has 33.
const MAX_ID_CHARS: usize = 64;
