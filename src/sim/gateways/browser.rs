//! What a buyer's browser asks of a gateway on a shop's own page: the script that takes the card, and the token that
//! it gets for it. The scripts have the surface of the real ones, with plain fields instead of frames.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::desk::{Desk, json_body, random_hex};
use super::{Kind, mercadopago};
use crate::packed::packed;

/// `None`: it is not for browsers.
pub fn answer(desk: &Desk, request: &Request) -> Option<Reply> {
    let mut reply = match (&desk.kind, &request.method, request.segments().as_slice()) {
        (Kind::Conekta(_), &Method::GET, ["v1.0", "js", "conekta-checkout.min.js"]) => {
            script(packed!("templates/sim/conekta.js"))
        }
        (Kind::Conekta(_), &Method::POST, ["tokens"]) => conekta_token(request),
        (Kind::Mercadopago(_), &Method::GET, ["js", "v2"]) => script(packed!("templates/sim/mercadopago.js")),
        // With a public key in the query: the script's. With an access token it is a program's.
        (Kind::Mercadopago(_), &Method::POST, ["v1", "card_tokens"]) if request.query_value("public_key").is_some() => {
            mercadopago::make_card_token(desk, &json_body(request))
        }
        _ => return None,
    };
    // Any shop's page may ask.
    reply
        .headers
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Some(reply)
}

fn script(text: &'static str) -> Reply {
    Reply::new(StatusCode::OK, "text/javascript; charset=utf-8", text)
}

/// A token as `card_token` reads it, with an end of its own: it is good for one payment.
fn conekta_token(request: &Request) -> Reply {
    let fields = json_body(request);
    let number = fields
        .get("card")
        .and_then(|card| card.get("number"))
        .and_then(Value::as_str);
    let digits: String = number
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let card = match digits.as_str() {
        "4000000000000002" => "tok_declined",
        "4000000000000127" => "tok_insufficient_funds",
        digits if (13..=19).contains(&digits.len()) => "tok_ok",
        _ => {
            let body = json!({ "object": "error", "message_to_purchaser": "El número de tarjeta es inválido." });
            return Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body);
        }
    };
    let id = format!("{card}-{}", random_hex());
    Reply::json(
        StatusCode::OK,
        &json!({ "id": id, "object": "token", "used": false, "livemode": false }),
    )
}
