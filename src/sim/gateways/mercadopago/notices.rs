//! Notifications: the signed webhook, the legacy shape that nobody can check, and where each is sent.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::desk::{Desk, Payment, json_type, random_hex};
use super::super::sender::Errand;
use super::super::{Choice, Kind, MercadopagoKeys, Quirk, WebhookTarget};
use super::{APPLICATION_ID, USER_ID, books, checkout, is_live, orders};

/// `ts=…,v1=…` over the manifest of facts 3.8; a missing part drops its pair.
pub fn signature(secret: &str, data_id: &str, request_id: &str, ts: &str) -> String {
    let mut manifest = String::new();
    for (name, value) in [("id", data_id), ("request-id", request_id), ("ts", ts)] {
        if !value.is_empty() {
            manifest.push_str(&format!("{name}:{value};"));
        }
    }
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        manifest.as_bytes(),
    );
    format!("ts={ts},v1={}", HEXLOWER.encode(tag.as_ref()))
}

/// The headers of one try. The body is not signed; its id is that of the address.
pub fn proof(desk: &Desk, keys: &MercadopagoKeys, body: &[u8], is_genuine: bool) -> Vec<(String, String)> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let request_id = format!("{}-{}", random_hex(), random_hex());
    let is_legacy = body.get("topic").is_some();
    let mut id = body
        .pointer("/data/id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if desk.has_quirk(Quirk::SignsLowerCase) {
        id.make_ascii_lowercase();
    }
    let secret = match is_genuine && !is_legacy {
        true => keys.webhook_secret.as_str(),
        false => "somebody_elses_secret",
    };
    let ts = Timestamp::now().as_second().to_string();
    vec![
        json_type(),
        ("x-signature".to_owned(), signature(secret, &id, &request_id, &ts)),
        ("x-request-id".to_owned(), request_id),
        ("x-retry".to_owned(), "0".to_owned()),
        ("x-socket-timeout".to_owned(), "22000".to_owned()),
    ]
}

/// The webhook that tells a checkout's present state.
pub fn errand(desk: &Desk, keys: &MercadopagoKeys, token: &str) -> Option<Errand> {
    notices(desk, keys, token, "updated").into_iter().next()
}

/// The webhooks of a decision, as `choice` wants them; each of `steps` is a notification of its own.
pub fn errands(desk: &Desk, token: &str, choice: Choice, steps: &[&str]) -> Vec<Errand> {
    let Kind::Mercadopago(keys) = &desk.kind else {
        return Vec::new();
    };
    let once = || -> Vec<Errand> { steps.iter().flat_map(|step| notices(desk, keys, token, step)).collect() };
    match choice {
        Choice::Pay | Choice::Decline => once(),
        Choice::PaySilently => Vec::new(),
        Choice::PayTwice => {
            let all = once();
            [all.clone(), all].concat()
        }
        Choice::PayLate => delayed(desk, once()),
        Choice::PayBadSignature => {
            let forged = |errand| Errand {
                is_genuine: false,
                ..errand
            };
            once().into_iter().map(forged).collect()
        }
    }
}

/// Only the first waits: they are delivered one after the other.
fn delayed(desk: &Desk, mut errands: Vec<Errand>) -> Vec<Errand> {
    if let Some(first) = errands.first_mut() {
        first.delay = desk.late_by();
    }
    errands
}

fn notices(desk: &Desk, keys: &MercadopagoKeys, token: &str, step: &str) -> Vec<Errand> {
    let Some(checkout) = desk.by_token(token) else {
        return Vec::new();
    };
    let Some(last) = books::tries_of(desk, &checkout).pop() else {
        return Vec::new();
    };
    let (kind, action, id) = if orders::is_order(&checkout) {
        let (status, _) = orders::words(&checkout, Some(&last));
        ("order", format!("order.{status}"), checkout.id.clone())
    } else {
        ("payment", format!("payment.{step}"), last.id.to_string())
    };
    let number = {
        let mut state = desk.state();
        state.mercadopago.notices += 1;
        state.mercadopago.notices
    };
    let body = json!({
        "action": action,
        "api_version": "v1",
        "application_id": APPLICATION_ID,
        "data": { "id": id },
        "date_created": Timestamp::now().to_string(),
        "id": FIRST_NOTICE + number,
        "live_mode": is_live(desk, keys),
        "type": kind,
        "user_id": USER_ID,
    });
    let mut all = vec![errand_to(desk, &checkout, &[("data.id", &id), ("type", kind)], &body)];
    if wants_legacy(desk, &checkout) {
        let basket = checkout::merchant_order_id(desk, &checkout).to_string();
        let resource = format!("https://api.mercadolibre.com/merchant_orders/{basket}");
        for (topic, id, resource) in [("payment", &id, &id), ("merchant_order", &basket, &resource)] {
            let body = json!({ "resource": resource, "topic": topic });
            all.push(errand_to(desk, &checkout, &[("topic", topic), ("id", id)], &body));
        }
    }
    all
}

/// A preference's own address gets both shapes unless it asks for webhooks only; orders know only webhooks.
fn wants_legacy(desk: &Desk, checkout: &Payment) -> bool {
    let url = checkout.notify_url.as_deref().unwrap_or_default();
    let asks_for_both = !url.is_empty() && !url.contains("source_news=webhooks") && !desk.has_quirk(Quirk::PanelOnly);
    !orders::is_order(checkout) && (asks_for_both || desk.has_quirk(Quirk::LegacyToo))
}

fn errand_to(desk: &Desk, checkout: &Payment, query: &[(&str, &str)], body: &Value) -> Errand {
    let own = checkout
        .notify_url
        .clone()
        .filter(|_| !desk.has_quirk(Quirk::PanelOnly) && !orders::is_order(checkout));
    let mut targets = match own {
        Some(url) => vec![WebhookTarget {
            url,
            headers: Vec::new(),
        }],
        None => desk.state().targets.clone(),
    };
    for target in &mut targets {
        let pairs = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        target.url.push(if target.url.contains('?') { '&' } else { '?' });
        target.url.push_str(&pairs);
    }
    Errand {
        targets,
        body: body.to_string().into_bytes(),
        is_genuine: true,
        delay: std::time::Duration::ZERO,
    }
}

const FIRST_NOTICE: u64 = 112_233_445_000;
