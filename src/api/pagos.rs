//! `POST /pagos`: a payment by link. Answers with the gateway's own order, which has `checkout.url`, as the documented
//! service does (facts: gateways-latin-america 8 and 2.2). Authenticated by an API key; the documented private key in
//! the body only where the operator wants it, and it goes no further than its comparison.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::fields::{Body, BodyFault};
use super::{ApiReply, ApiRequest, ApiSettings, Gate, language, shown_key, texts};
use crate::company::{Language, Mode};
use crate::payment::Relay;
use crate::payment::keys::Caller;
use crate::payment::link_fields::FieldFault;
use crate::payment::links::{LinkError, PlacedLink, Standing};
use crate::store::StoreError;

/// Answers one request.
pub async fn answer(relay: &Relay, settings: ApiSettings, gate: &Gate<'_>, request: ApiRequest) -> ApiReply {
    let language = language(&request.headers);
    handle(relay, settings, gate, request, language)
        .await
        .unwrap_or_else(|reply| reply)
}

async fn handle(
    relay: &Relay,
    settings: ApiSettings,
    gate: &Gate<'_>,
    request: ApiRequest,
    language: Language,
) -> Result<ApiReply, ApiReply> {
    let headers = &request.headers;
    let by_key = match shown_key(headers) {
        Some(key) => {
            let caller = relay.caller_of(key).await.map_err(|error| busy(language, &error))?;
            Some(caller.ok_or_else(|| unknown_caller(language, gate, "key-wrong"))?)
        }
        None if !settings.secret_in_body => {
            let has_secret = Body::read(headers, &request.body).is_ok_and(|body| body.secret.is_some());
            let sentence = if has_secret { "secret-off" } else { "key-missing" };
            return Err(unknown_caller(language, gate, sentence));
        }
        None => None,
    };
    let body = Body::read(headers, &request.body).map_err(|fault| refuse_body(language, fault))?;
    let caller = match by_key {
        Some(caller) => caller,
        None => holder(relay, &body, language, gate)?,
    };
    (gate.admitted)(&caller.company)
        .map_err(|wait_s| ApiReply::later(429, &texts::say(language, "too-often", &[]), wait_s))?;
    let idempotency_key = idempotency_key(headers).map_err(|()| {
        let loc = json!(["header", "Idempotency-Key"]);
        faults_reply(vec![(loc, "value_error", texts::say(language, "idempotency-bad", &[]))])
    })?;
    let placed = relay.pay_by_link(&caller, &body.fields, idempotency_key).await;
    Ok(match placed {
        Ok(placed) => describe(&placed, language),
        Err(error) => refuse(error, language),
    })
}

/// The company of the account whose private key is in the body.
fn holder(relay: &Relay, body: &Body, language: Language, gate: &Gate<'_>) -> Result<Caller, ApiReply> {
    let Some(secret) = &body.secret else {
        return Err(unknown_caller(language, gate, "key-missing"));
    };
    let holder = body
        .fields
        .provider()
        .and_then(|gateway| relay.account_holder(gateway, secret));
    holder.ok_or_else(|| unknown_caller(language, gate, "secret-wrong"))
}

fn unknown_caller(language: Language, gate: &Gate<'_>, sentence: &str) -> ApiReply {
    match (gate.refused)() {
        Ok(()) => ApiReply::refusal(401, &texts::say(language, sentence, &[])),
        Err(wait_s) => ApiReply::later(429, &texts::say(language, "too-often", &[]), wait_s),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| ())?.trim();
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_MAX_BYTES {
        return Err(());
    }
    Ok(Some(text))
}

fn refuse_body(language: Language, fault: BodyFault) -> ApiReply {
    match fault {
        BodyFault::NotJson => {
            let sentence = texts::say(language, "not-json", &[]);
            faults_reply(vec![(json!(["body"]), "json_invalid", sentence)])
        }
        BodyFault::OtherType => ApiReply::refusal(415, &texts::say(language, "other-type", &[])),
    }
}

fn refuse(error: LinkError, language: Language) -> ApiReply {
    let plain = |status, id| ApiReply::refusal(status, &texts::say(language, id, &[]));
    match error {
        LinkError::Fields(faults) => faults_reply(faults.iter().map(|fault| located(language, fault)).collect()),
        LinkError::NoHotspot => plain(409, "no-hotspot"),
        LinkError::KeyReused => plain(409, "key-reused"),
        LinkError::Store(error) => busy(language, &error),
    }
}

fn busy(language: Language, error: &StoreError) -> ApiReply {
    tracing::error!("a payment by link could not be stored: {error}");
    ApiReply::later(503, &texts::say(language, "busy", &[]), BUSY_RETRY_S)
}

fn located(language: Language, fault: &FieldFault) -> (Value, &'static str, String) {
    let (kind, sentence) = texts::fault(language, fault);
    (json!(["body", fault.field]), kind, sentence)
}

fn faults_reply(faults: Vec<(Value, &'static str, String)>) -> ApiReply {
    let list: Vec<_> = faults
        .into_iter()
        .map(|(loc, kind, sentence)| json!({"type": kind, "loc": loc, "msg": sentence}))
        .collect();
    ApiReply::new(422, &json!({ "detail": list }))
}

fn describe(placed: &PlacedLink, language: Language) -> ApiReply {
    let mut order = match &placed.raw {
        Some(Value::Object(raw)) => raw.clone(),
        _ => own_shape(placed),
    };
    let checkout = order.entry("checkout").or_insert_with(|| json!({}));
    if !checkout.is_object() {
        *checkout = json!({});
    }
    if let Some(checkout) = checkout.as_object_mut() {
        checkout
            .entry("url")
            .or_insert_with(|| placed.checkout_url.clone().into());
    }
    order.insert("mikrelay".to_owned(), about(placed));
    let status = match placed.standing {
        Standing::Taken => 200,
        Standing::Unknown => {
            order.insert("detail".to_owned(), texts::say(language, "unknown", &[]).into());
            202
        }
        Standing::Refused => {
            let reason = placed.order.reason.as_ref();
            let why = reason.map_or_else(String::new, |reason| reason.what(language));
            let sentence = texts::say(language, "refused", &[("value", &why)]);
            order.insert("detail".to_owned(), sentence.into());
            402
        }
    };
    ApiReply::new(status, &Value::Object(order))
}

/// What is ours in every answer: how to find the payment again.
fn about(placed: &PlacedLink) -> Value {
    json!({
        "reference": placed.order.reference,
        "reference_id": placed.order.plan.label,
        "provider": placed.gateway.as_str(),
        "status": placed.order.state.as_str(),
        "page": placed.page_url,
    })
}

/// The shape of a Conekta order, for gateways whose own answers nobody knows here.
fn own_shape(placed: &PlacedLink) -> Map<String, Value> {
    let (order, price) = (&placed.order, placed.order.plan.price);
    let link = order.link.as_deref();
    let names = [
        link.and_then(|link| link.first_name.as_deref()),
        link.and_then(|link| link.last_name.as_deref()),
    ];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let livemode = order.mode == Mode::Live;
    let line = json!({
        "object": "line_item",
        "name": order.plan.label,
        "unit_price": price.minor(),
        "quantity": 1,
    });
    let shape = json!({
        "object": "order",
        "id": order.gateway_id.clone().unwrap_or_else(|| order.reference.to_string()),
        "livemode": livemode,
        "amount": price.minor(),
        "currency": price.currency().code(),
        "payment_status": payment_status(placed),
        "customer_info": {
            "object": "customer_info",
            "name": Some(name).filter(|name| !name.is_empty()),
            "email": order.buyer.email,
            "phone": order.buyer.phone,
        },
        "checkout": {
            "object": "checkout",
            "type": "HostedPayment",
            "status": "Issued",
            "url": placed.checkout_url,
            "success_url": placed.page_url,
            "failure_url": placed.page_url,
            "livemode": livemode,
        },
        "line_items": {"object": "list", "has_more": false, "total": 1, "data": [line]},
        "metadata": {"ref": order.reference, "reference_id": order.plan.label},
        "created_at": order.created_at.as_second(),
    });
    match shape {
        Value::Object(shape) => shape,
        _ => Map::new(),
    }
}

/// In Conekta's words; absent until something was tried, as there.
fn payment_status(placed: &PlacedLink) -> Option<&'static str> {
    use crate::order::State;
    match placed.order.state {
        State::New => None,
        State::Waiting | State::Held => Some("pending_payment"),
        // A refund that is wished for is not made yet.
        State::Paid | State::Provisioned | State::Delivered | State::Stuck | State::Refunding => Some("paid"),
        State::Failed => Some("declined"),
        State::Expired => Some("expired"),
        State::Cancelled => Some("canceled"),
        State::Refunded => Some("refunded"),
    }
}

/// What Stripe and its like allow.
const IDEMPOTENCY_KEY_MAX_BYTES: usize = 255;
const BUSY_RETRY_S: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::GatewayName;
    use crate::ids::{AccountId, CompanyId, HotspotId, OrderRef, OrderToken};
    use crate::mik_params::MikParams;
    use crate::money::{Currency, Money};
    use crate::order::{Buyer, LinkPayment, Online, Order, PlanSnapshot, State};
    use crate::plan::{DataLimit, TimeLimit};
    use crate::reason::Reason;

    fn placed(raw: Option<Value>, standing: Standing) -> PlacedLink {
        let order = Order {
            reference: OrderRef::new("K7Q2M9X4T1WBZC"),
            token: OrderToken::new("t"),
            company: CompanyId::new("plaza"),
            hotspot: HotspotId::new("h1"),
            account: AccountId::new("a"),
            mode: Mode::Live,
            plan: PlanSnapshot {
                plan: None,
                label: "factura-77".to_owned(),
                profile: String::new(),
                price: Money::from_minor(1_550, Currency::Mxn),
                time: TimeLimit::default(),
                data: DataLimit::default(),
            },
            state: State::Waiting,
            reason: None,
            online: Online::Unknown,
            buyer: Buyer::default(),
            gateway_id: Some("ord_1".to_owned()),
            notify_token: None,
            pay_url: Some("https://pay.conekta.com/checkout/1".to_owned()),
            instructions: None,
            voucher: None,
            link: Some(Box::new(LinkPayment {
                reference_id: "factura-77".to_owned(),
                return_url: None,
                notification_url: None,
                first_name: Some("Ana".to_owned()),
                last_name: Some("Ruiz".to_owned()),
            })),
            params: MikParams::default(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            paid_at: None,
            provisioned_at: None,
            delivered_at: None,
        };
        PlacedLink {
            order,
            gateway: GatewayName::Conekta,
            raw,
            checkout_url: "https://pay.conekta.com/checkout/1".to_owned(),
            page_url: "https://pay.example.net/o/t".to_owned(),
            standing,
        }
    }

    fn told(placed: &PlacedLink) -> (u16, Value) {
        let reply = describe(placed, Language::Es);
        (reply.status, serde_json::from_slice(&reply.json).unwrap())
    }

    #[test]
    fn a_gateways_own_order_is_passed_on_with_ours_beside_it() {
        let conekta = json!({
            "object": "order", "id": "ord_1", "amount": 1550, "currency": "MXN", "livemode": true,
            "checkout": {"url": "https://pay.conekta.com/checkout/1", "type": "HostedPayment"},
        });
        let (status, mut answer) = told(&placed(Some(conekta.clone()), Standing::Taken));
        let ours = answer.as_object_mut().unwrap().remove("mikrelay").unwrap();
        assert_eq!((status, answer), (200, conekta));
        assert_eq!(
            ours,
            json!({
                "reference": "K7Q2M9X4T1WBZC", "reference_id": "factura-77", "provider": "conekta",
                "status": "waiting", "page": "https://pay.example.net/o/t",
            })
        );
        let preference =
            json!({"id": "1-2", "init_point": "https://www.mercadopago.com.mx/x", "notification_url": null});
        let (_, answer) = told(&placed(Some(preference), Standing::Taken));
        assert_eq!(answer["init_point"], "https://www.mercadopago.com.mx/x");
        assert_eq!(answer["checkout"]["url"], "https://pay.conekta.com/checkout/1");
        for odd in [json!("text"), json!([1]), json!({"checkout": null})] {
            let (_, answer) = told(&placed(Some(odd), Standing::Taken));
            assert_eq!(answer["checkout"]["url"], "https://pay.conekta.com/checkout/1");
        }
    }

    #[test]
    fn others_answer_in_the_same_shape() {
        let (status, answer) = told(&placed(None, Standing::Taken));
        assert_eq!(
            (status, &answer["object"], &answer["amount"]),
            (200, &json!("order"), &json!(1550))
        );
        assert_eq!(answer["customer_info"]["name"], "Ana Ruiz");
        assert_eq!(answer["payment_status"], "pending_payment");
        assert_eq!(answer["line_items"]["data"][0]["name"], "factura-77");
    }

    #[test]
    fn silence_and_refusals_say_so() {
        let (status, answer) = told(&placed(None, Standing::Unknown));
        assert_eq!(status, 202);
        assert!(
            answer["detail"].as_str().unwrap().contains("no se ha perdido"),
            "{answer}"
        );
        let mut refused = placed(None, Standing::Refused);
        refused.order.state = State::Failed;
        refused.order.reason = Some(Reason::Declined {
            gateway: GatewayName::Conekta,
            words: "fondos".to_owned(),
        });
        let (status, answer) = told(&refused);
        assert_eq!((status, &answer["payment_status"]), (402, &json!("declined")));
        assert!(answer["detail"].as_str().unwrap().contains("fondos"), "{answer}");
    }
}
