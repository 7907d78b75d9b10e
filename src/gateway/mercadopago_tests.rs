//! The adapter against answers written down from the facts (`gateways-latin-america.md` 3 and 4.1).

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use super::super::call::script::play;
use super::super::{PaymentStatus, RefundReason};
use super::*;
use crate::company::{Language, Mode, RefundPolicy};
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::{Currency, Money};
use crate::order::Place;

const REF: &str = "K7M2QX4T9WABCD";
const GET: &str = "GET https://api.mercadopago.com/v1/payments/87654321";
const SEARCH: &str = "GET https://api.mercadopago.com/v1/payments/search?external_reference=K7M2QX4T9WABCD&sort=date_created&criteria=desc";

fn account(checkout: MercadopagoCheckout, secrets: &[&str]) -> Account {
    Account {
        id: AccountId::new("mp"),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Mercadopago {
            access_token: "APP_USR-x".into(),
            public_key: None,
            webhook_secrets: secrets.iter().map(|&secret| secret.into()).collect(),
            checkout,
        },
        refunds: RefundPolicy::default(),
    }
}

fn preferences() -> Account {
    account(MercadopagoCheckout::Preferences, &[])
}

fn orders() -> Account {
    account(MercadopagoCheckout::Orders, &[])
}

fn request(amount: Money) -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new(REF),
        amount,
        description: "1 Hora".to_owned(),
        return_url: "https://relay.example/o/abc".to_owned(),
        notify_url: "https://relay.example/pay_callback/mercadopago/h1?k=61cd594b".to_owned(),
        language: Language::Es,
        phone: None,
        email: Some("c@example.com".to_owned()),
        network: None,
        otp: None,
        country: "MX".to_owned(),
        created_at: "2026-11-02T12:00:00Z".parse().unwrap(),
    }
}

fn mxn(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Mxn)
}

fn key(gateway_id: Option<&str>) -> PaymentKey {
    PaymentKey {
        order: OrderRef::new(REF),
        gateway_id: gateway_id.map(ToOwned::to_owned),
        created_at: "2026-11-02T12:00:00Z".parse().unwrap(),
    }
}

/// A payment with these words, and what else differs from an approved one.
fn payment(status: &str, detail: &str, more: &str) -> String {
    format!(
        r#"{{"id":87654321,"status":"{status}","status_detail":"{detail}","transaction_amount":15.10,"transaction_amount_refunded":0,"currency_id":"MXN","external_reference":"{REF}","live_mode":true,"captured":true,"payment_method_id":"visa","payment_type_id":"credit_card"{more}}}"#
    )
}

fn approved() -> String {
    payment("approved", "accredited", "")
}

fn ask(gateway_id: Option<&str>, answers: &[(u16, &str)]) -> (Vec<String>, Result<Report, GatewayError>) {
    play(Mercadopago.ask(&preferences(), &key(gateway_id)), answers)
}

fn status_of(json: &str) -> PaymentStatus {
    let named = Named::Payment("87654321".to_owned());
    let api = Api::of(&preferences()).unwrap();
    play(look(api, named), &[(200, json)]).1.unwrap().status
}

fn found(rows: &[String]) -> String {
    format!(
        r#"{{"paging":{{"total":{}}},"results":[{}]}}"#,
        rows.len(),
        rows.join(",")
    )
}

// Webhooks.

#[derive(serde::Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    secret: String,
    data_id: Option<String>,
    request_id: Option<String>,
    header: String,
    ours: bool,
}

fn authenticate(secrets: &[&str], query: &str, headers: &[(&'static str, &str)]) -> Result<Authenticity, Refusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let incoming = Incoming {
        headers: &map,
        query: Some(query),
        body: br#"{"data":{"id":"somebody elses"}}"#,
    };
    let account = account(MercadopagoCheckout::Preferences, secrets);
    Mercadopago.authenticate(&account, incoming, Timestamp::UNIX_EPOCH)
}

#[test]
fn signatures_are_judged_by_the_vectors() {
    let all: Vectors = serde_json::from_str(include_str!("../../tests/data/mercadopago-signatures.json")).unwrap();
    assert!(all.vectors.len() > 30);
    for vector in all.vectors {
        let query = vector.data_id.map_or(String::new(), |id| format!("data.id={id}&"));
        let query = format!("source_news=webhooks&{query}type=payment&k=1");
        let mut headers = vec![("x-signature", vector.header.as_str())];
        headers.extend(vector.request_id.as_deref().map(|id| ("x-request-id", id)));
        for secrets in [vec![vector.secret.as_str()], vec!["another", "", &vector.secret]] {
            let judged = authenticate(&secrets, &query, &headers);
            let is_signed = matches!(judged, Ok(Authenticity::Signed));
            assert_eq!(is_signed, vector.ours, "{}: {judged:?}", vector.name);
            assert_eq!(judged.is_err(), !vector.ours, "{}: no hint either", vector.name);
        }
    }
}

#[test]
fn what_cannot_be_checked_is_a_hint() {
    let hint = |secrets: &[&str], query: &str, headers: &[(&'static str, &str)]| {
        matches!(authenticate(secrets, query, headers), Ok(Authenticity::Unsigned))
    };
    let header = ("x-signature", "ts=1,v1=00");
    assert!(hint(&[], "data.id=1&type=payment", &[header]));
    assert!(hint(&["s"], "data.id=1&type=payment", &[]));
    assert!(hint(&["s"], "topic=payment&id=1", &[header]));
    assert!(hint(&["s"], "topic=merchant_order&id=1", &[]));
    // With a `data.id` it is no legacy call, whatever else it says.
    assert!(!hint(&["s"], "topic=payment&id=1&data.id=1", &[header]));
    assert!(!hint(&["s"], "id=1&data.id=1", &[header]));
}

#[test]
fn an_address_that_says_two_things_is_refused() {
    let long = "9".repeat(65);
    for query in [
        "data.id=1&data.id=2",
        "data.id=1&type=a&type=b",
        "order=A&data.id=1&order=B",
        &format!("data.id={long}"),
    ] {
        for headers in [&[][..], &[("x-signature", "ts=1,v1=00")][..]] {
            assert!(
                matches!(authenticate(&["s"], query, headers), Err(Refusal::Malformed)),
                "{query}"
            );
        }
    }
    let twice = [("x-signature", "ts=1,v1=00"), ("x-signature", "ts=1,v1=00")];
    assert!(matches!(
        authenticate(&["s"], "data.id=1", &twice),
        Err(Refusal::Malformed)
    ));
}

#[test]
fn a_notice_is_read_from_its_address_alone() {
    let read = |query: &str| {
        let body = br#"{"type":"payment","data":{"id":"666"},"id":1}"#;
        Mercadopago.read_notice(&preferences(), Told { query, body })
    };
    for (query, id) in [
        ("data.id=87654321&type=payment", "87654321"),
        ("topic=payment&id=87654321", "87654321"),
        ("data.id=ORD01ABC&type=order", "ORD01ABC"),
        ("data.id=5&type=topic_merchant_order_wh", "merchant_order:5"),
        ("topic=merchant_order&id=5", "merchant_order:5"),
        ("data.id=C5&type=topic_chargebacks_wh", "chargeback:C5"),
        ("topic=chargebacks&id=C5", "chargeback:C5"),
        ("data.id=87654321&type=stop_delivery_op_wh", "87654321"),
    ] {
        let notice = read(query).unwrap();
        assert_eq!(
            (notice.gateway_id.as_deref(), &notice.order),
            (Some(id), &None),
            "{query}"
        );
        let is_alert = query.contains("stop_delivery");
        let expected = if is_alert {
            PaymentStatus::Disputed
        } else {
            PaymentStatus::Pending
        };
        assert_eq!(notice.report.unwrap().status, expected, "{query}");
    }
    let own = read(&format!("data.id=1&type=payment&order={REF}")).unwrap();
    assert_eq!(own.order, Some(OrderRef::new(REF)));
    let claim = read(&format!("data.id=1&type=topic_claims_integration_wh&order={REF}")).unwrap();
    assert_eq!((claim.order, claim.gateway_id), (Some(OrderRef::new(REF)), None));
    let bare = read("data.id=77&type=topic_claims_integration_wh")
        .unwrap_err()
        .to_string();
    assert!(bare.contains("claim 77") && bare.contains("panel"), "{bare}");
    for query in [
        "data.id=123456&type=test",
        "data.id=1&type=invoice",
        "",
        "data.id=1",
        "id=1",
    ] {
        let nothing = read(query).unwrap();
        assert_eq!(
            (nothing.order, nothing.gateway_id, nothing.report),
            (None, None, None),
            "{query}"
        );
    }
    for query in [
        "type=payment",
        "data.id=&type=payment",
        "data.id=..%2F1&type=payment",
        "topic=payment",
        "topic=payment&id=a%20b",
    ] {
        assert!(read(query).is_err(), "{query}");
    }
    let odd = read("data.id=1&type=payment&order=a%27b").unwrap();
    assert_eq!(odd.order, None);
}

#[test]
fn an_events_key_is_its_number_with_what_it_is_about() {
    let event = |query: &str, body: &str| {
        let told = Told {
            query,
            body: body.as_bytes(),
        };
        Mercadopago.event_key(told)
    };
    let first = event("data.id=1&type=payment", r#"{"id":7}"#);
    assert_eq!(first, "payment:1::7");
    assert_eq!(
        first,
        event("data.id=1&type=payment", r#"{"id":"7","x":1}"#),
        "the same number, sent again"
    );
    // Another notification, another payment, another order: another event.
    for (query, body) in [
        ("data.id=1&type=payment", r#"{"id":8}"#),
        ("data.id=2&type=payment", r#"{"id":7}"#),
        ("data.id=1&type=payment&order=A", r#"{"id":7}"#),
        ("topic=payment&id=1", r#"{"resource":"1"}"#),
        ("data.id=1&type=payment", ""),
    ] {
        assert_ne!(first, event(query, body), "{query} {body}");
    }
    assert!(event("data.id=1&type=payment", &format!(r#"{{"id":"{}"}}"#, "x".repeat(5000))).len() < 100);
}

// Creating.

fn called(dialogue: Dialogue<Started>) -> (Call, Box<dyn FnOnce(Answer) -> Dialogue<Started> + Send>) {
    match dialogue {
        Dialogue::Call(call, read) => (call, read),
        Dialogue::Done(_) => panic!("no call"),
    }
}

#[test]
fn a_preference_is_written_to_the_digit() {
    let (call, _) = called(Mercadopago.start(&preferences(), &request(mxn(1510))));
    assert_eq!(call.url, "https://api.mercadopago.com/checkout/preferences");
    let Body::Written(raw) = &call.body else {
        panic!("no JSON")
    };
    assert_eq!(
        raw.get(),
        r#"{"items":[{"id":"K7M2QX4T9WABCD","title":"1 Hora","quantity":1,"unit_price":15.10,"currency_id":"MXN"}],"payer":{"email":"c@example.com"},"external_reference":"K7M2QX4T9WABCD","notification_url":"https://relay.example/pay_callback/mercadopago/h1?source_news=webhooks&order=K7M2QX4T9WABCD&k=61cd594b","back_urls":{"success":"https://relay.example/o/abc","pending":"https://relay.example/o/abc","failure":"https://relay.example/o/abc"},"auto_return":"approved","expires":true,"expiration_date_to":"2026-11-03T12:00:00.000+00:00","date_of_expiration":"2026-11-05T12:00:00.000+00:00"}"#
    );
    for (money, digits) in [
        (mxn(1001), "10.01"),
        (mxn(100_000_001), "1000000.01"),
        (Money::from_minor(1500, Currency::Clp), "1500"),
    ] {
        let (call, _) = called(Mercadopago.start(&preferences(), &request(money)));
        let Body::Written(raw) = &call.body else {
            panic!("no JSON")
        };
        assert!(
            raw.get().contains(&format!(r#""unit_price":{digits},"#)),
            "{}",
            raw.get()
        );
    }
}

#[test]
fn each_try_of_one_purpose_has_the_same_key() {
    let key_of = |account: &Account, request: &PaymentRequest| {
        let (call, _) = called(Mercadopago.start(account, request));
        let (name, key) = call.headers.into_iter().next().unwrap();
        assert_eq!(name, "x-idempotency-key");
        key
    };
    let mine = request(mxn(1510));
    let first = key_of(&preferences(), &mine);
    assert_eq!(first, key_of(&preferences(), &mine));
    let shape: Vec<_> = first.split('-').map(str::len).collect();
    assert_eq!(
        (shape, &first[14..15], &first[19..20]),
        (vec![8, 4, 4, 4, 12], "4", "a"),
        "{first}"
    );
    assert_ne!(first, key_of(&orders(), &mine));
    let other = PaymentRequest {
        order: OrderRef::new("K7M2QX4T9WABCE"),
        ..mine
    };
    assert_ne!(first, key_of(&preferences(), &other));
}

#[test]
fn an_order_is_written_in_texts() {
    let (call, _) = called(Mercadopago.start(&orders(), &request(mxn(1500))));
    assert_eq!(call.url, "https://api.mercadopago.com/v1/orders");
    let Body::Json(body) = &call.body else {
        panic!("no JSON")
    };
    for (pointer, text) in [
        ("/type", "online"),
        ("/processing_mode", "manual"),
        ("/total_amount", "15.00"),
        ("/external_reference", REF),
        ("/expiration_time", "P1D"),
        ("/items/0/unit_price", "15.00"),
        ("/config/online/auto_return", "approved"),
        ("/config/online/pending_url", "https://relay.example/o/abc"),
        ("/payer/email", "c@example.com"),
    ] {
        assert_eq!(body.pointer(pointer).and_then(Value::as_str), Some(text), "{pointer}");
    }
}

#[test]
fn without_tls_the_way_back_is_not_automatic_and_a_long_address_is_the_operators() {
    let plain = PaymentRequest {
        return_url: "http://127.0.0.1/o/abc".to_owned(),
        ..request(mxn(1510))
    };
    for account in [preferences(), orders()] {
        let (call, _) = called(Mercadopago.start(&account, &plain));
        let body = match &call.body {
            Body::Written(raw) => raw.get().to_owned(),
            Body::Json(value) => value.to_string(),
            Body::Empty => String::new(),
        };
        assert!(
            !body.contains("auto_return") && body.contains("http://127.0.0.1/o/abc"),
            "{body}"
        );
        let long = PaymentRequest {
            notify_url: format!("https://relay.example/{}", "x".repeat(200)),
            ..request(mxn(1510))
        };
        let (calls, refused) = play(Mercadopago.start(&account, &long), &[]);
        assert!(calls.is_empty());
        let rule = GatewayRule::AddressLength { max: 248 };
        assert_eq!(refused.unwrap_err(), GatewayError::Rule(rule));
    }
}

#[test]
fn a_currency_it_is_paid_in_nowhere_is_not_sent() {
    for account in [preferences(), orders()] {
        let francs = request(Money::from_minor(100, Currency::Xof));
        let (calls, refused) = play(Mercadopago.start(&account, &francs), &[]);
        assert!(calls.is_empty());
        assert!(matches!(refused, Err(GatewayError::Rule(GatewayRule::Currencies { codes })) if codes.contains("MXN")));
    }
}

/// Mexico's figures of facts 3.10, as the gateway answers them.
const METHODS: &str = r#"[{"id":"account_money","status":"active","min_allowed_amount":5},{"id":"oxxo","status":"active","min_allowed_amount":10.5},{"id":"clabe","status":"deactive","min_allowed_amount":1},{"id":"new","status":"active"},null]"#;

#[test]
fn a_price_below_all_minimums_is_not_sent() {
    let made = r#"{"id":"111-31b0","init_point":"https://www.mercadopago.com.mx/x"}"#;
    for account in [preferences(), orders()] {
        let (calls, refused) = play(Mercadopago.start(&account, &request(mxn(499))), &[(200, METHODS)]);
        assert_eq!(calls, ["GET https://api.mercadopago.com/v1/payment_methods"]);
        let least = GatewayRule::AtLeast { least: mxn(500) };
        assert_eq!(refused.unwrap_err(), GatewayError::Rule(least));
        // The gateway wants rest: no second call disturbs it.
        let (call, read) = called(Mercadopago.start(&account, &request(mxn(499))));
        assert!(call.url.ends_with("/payment_methods"));
        let rest = Answer {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after_s: Some(42),
            body: "{}".into(),
        };
        assert!(matches!(
            read(rest),
            Dialogue::Done(Err(GatewayError::Throttled { after_s: 42 }))
        ));
    }
    // Enough for one way to pay, or nobody says what is enough.
    for (minor, status, body) in [
        (500, 200, METHODS),
        (1, 200, "[]"),
        (1, 200, "{"),
        (1, 200, r#"[{"status":"active","min_allowed_amount":"x"}]"#),
        (1, 502, ""),
        (1, 404, "{}"),
    ] {
        let start = Mercadopago.start(&preferences(), &request(mxn(minor)));
        let (calls, started) = play(start, &[(status, body), (201, made)]);
        assert!(calls[1].contains("/checkout/preferences"), "{calls:?}");
        assert!(started.is_ok(), "{status} {body}");
    }
    // Nothing is asked where no minimum reaches.
    for money in [mxn(1000), Money::from_minor(1000, Currency::Clp)] {
        let (call, _) = called(Mercadopago.start(&preferences(), &request(money)));
        assert!(call.url.ends_with("/preferences"));
    }
}

#[test]
fn an_order_that_is_refused_at_once_exists_all_the_same() {
    let start = |body: &str| play(Mercadopago.start(&orders(), &request(mxn(1510))), &[(402, body)]).1;
    let errors = r#""errors":[{"code":"failed","message":"The following transactions failed","details":["x"]}]"#;
    let inner = order("failed", "failed", "");
    for body in [format!(r#"{{{errors},"data":{inner}}}"#), inner.clone()] {
        let started = start(&body).unwrap();
        assert_eq!(started.gateway_id.as_deref(), Some("ORD01KS5AJ"));
        assert!(started.failed.unwrap().starts_with("HTTP 402"));
        assert_eq!(started.raw.unwrap()["external_reference"], REF);
    }
    let others = inner.replace(REF, "SOMEBODYELSES");
    for body in [
        format!("{{{errors}}}"),
        format!(r#"{{{errors},"data":{others}}}"#),
        format!(r#"{{{errors},"data":null}}"#),
        others,
    ] {
        assert!(
            matches!(start(&body), Err(GatewayError::Refused(why)) if why.contains("402")),
            "{body}"
        );
    }
    // Elsewhere it is a refusal like any other.
    let preference = Mercadopago.start(&preferences(), &request(mxn(1510)));
    let refused = play(preference, &[(402, &inner)]).1;
    assert!(matches!(refused, Err(GatewayError::Refused(_))));
    let edge = start("<html>").unwrap_err();
    assert!(matches!(edge, GatewayError::Transient(_)), "{edge}");
}

#[test]
fn an_order_of_test_credentials_takes_no_buyer_of_a_live_account() {
    let made = order("created", "created", "").replace("ORD01KS5AJ", "ORDTST01KS5AJ");
    let start = |account: &Account| play(Mercadopago.start(account, &request(mxn(1510))), &[(201, &made)]).1;
    let refused = start(&orders()).unwrap_err();
    assert!(
        matches!(&refused, GatewayError::Misconfigured(why) if why.contains("test credentials")),
        "{refused}"
    );
    let test = Account {
        mode: Mode::Test,
        ..orders()
    };
    assert!(start(&test).is_ok());
}

#[test]
fn the_answers_of_a_create() {
    let start = |answers: &[(u16, &str)]| play(Mercadopago.start(&preferences(), &request(mxn(1510))), answers).1;
    let made = r#"{"id":"111-31b0","init_point":"https://www.mercadopago.com.mx/checkout/v1/redirect?pref_id=111-31b0","sandbox_init_point":"https://sandbox.example/","notification_url":null}"#;
    for status in [200, 201] {
        let started = start(&[(status, made)]).unwrap();
        assert_eq!(started.gateway_id.as_deref(), Some("111-31b0"));
        assert_eq!(
            started.pay_url.as_deref(),
            Some("https://www.mercadopago.com.mx/checkout/v1/redirect?pref_id=111-31b0")
        );
    }
    for bad in [
        r#"{"id":"1"}"#,
        r#"{"id":"1","init_point":"javascript:x"}"#,
        "{}",
        "[]",
        "",
        "<html>",
    ] {
        assert!(matches!(start(&[(201, bad)]), Err(GatewayError::Transient(_))), "{bad}");
    }
    let unverified = r#"{"message":"collector_does_not_comply_with_current_regulation","status":400}"#;
    assert!(matches!(start(&[(400, unverified)]), Err(GatewayError::Misconfigured(why)) if why.contains("verifying")));
    let bad = r#"{"message":"auto_return invalid","error":"invalid_auto_return","status":400,"cause":null}"#;
    assert!(matches!(start(&[(400, bad)]), Err(GatewayError::Refused(why)) if why.contains("invalid_auto_return")));
    // The key was used for another body: what the earlier try made serves.
    let row = format!(
        r#"{{"elements":[{{"id":"9-x","external_reference":"OTHER"}},{{"id":"111-31b0","external_reference":"{REF}"}}]}}"#
    );
    let taken = start(&[(409, "{}"), (200, &row), (200, made)]).unwrap();
    assert_eq!(taken.gateway_id.as_deref(), Some("111-31b0"));
    assert_eq!(taken.raw.unwrap()["id"], "111-31b0");
    assert!(matches!(
        start(&[(409, "{}"), (200, r#"{"elements":[]}"#)]),
        Err(GatewayError::Refused(_))
    ));
    // Nobody says what it made: that is unknown, not refused.
    assert!(matches!(
        start(&[(409, "{}"), (502, "")]),
        Err(GatewayError::Transient(_))
    ));
}

#[test]
fn the_answers_of_an_orders_create() {
    let start = |answers: &[(u16, &str)]| play(Mercadopago.start(&orders(), &request(mxn(1510))), answers).1;
    let made = order("created", "created", "");
    let started = start(&[(201, &made)]).unwrap();
    assert_eq!(started.gateway_id.as_deref(), Some("ORD01KS5AJ"));
    assert!(started.pay_url.unwrap().ends_with("order_id=ORD01KS5AJ"));
    let errors = r#"{"errors":[{"code":"property_value","message":"total_amount is wrong","details":[]}]}"#;
    assert!(
        matches!(start(&[(400, errors)]), Err(GatewayError::Refused(why)) if why.contains("total_amount is wrong"))
    );
    let rows = format!(r#"{{"data":[{made}]}}"#);
    let taken = start(&[(409, errors), (200, &rows), (200, &made)]).unwrap();
    assert!(taken.pay_url.is_some());
}

// What payments say.

#[test]
fn every_status_of_the_facts_has_its_meaning() {
    let failed = |detail: &str| PaymentStatus::Failed {
        reason: Some(detail.to_owned()),
    };
    for (status, detail, meaning) in [
        ("approved", "accredited", PaymentStatus::Paid),
        ("approved", "partially_refunded", PaymentStatus::PartiallyRefunded),
        ("authorized", "pending_capture", PaymentStatus::Authorized),
        ("in_process", "pending_contingency", PaymentStatus::Pending),
        ("in_process", "pending_review_manual", PaymentStatus::Pending),
        ("in_process", "offline_process", PaymentStatus::Pending),
        ("in_process", "deferred_retry", PaymentStatus::Pending),
        ("pending", "pending_waiting_payment", PaymentStatus::Pending),
        ("pending", "pending_waiting_transfer", PaymentStatus::Pending),
        ("pending", "pending_challenge", PaymentStatus::Pending),
        ("pending", "pending_provider_response", PaymentStatus::Pending),
        ("pending", "pending_waiting_for_remedy", PaymentStatus::Pending),
        ("rejected", "cc_rejected_high_risk", failed("cc_rejected_high_risk")),
        ("rejected", "rejected_by_bank", failed("rejected_by_bank")),
        ("rejected", "", failed("rejected")),
        ("cancelled", "expired", PaymentStatus::Expired),
        ("canceled", "expired", PaymentStatus::Expired),
        ("cancelled", "by_collector", PaymentStatus::Cancelled),
        ("cancelled", "by_payer", PaymentStatus::Cancelled),
        ("canceled", "by_admin", PaymentStatus::Cancelled),
        ("in_mediation", "pending", PaymentStatus::Disputed),
        ("refunded", "refunded", PaymentStatus::Refunded),
        ("refunded", "by_admin", PaymentStatus::Refunded),
        ("charged_back", "in_process", PaymentStatus::Disputed),
        ("charged_back", "settled", PaymentStatus::ChargedBack),
        ("charged_back", "", PaymentStatus::ChargedBack),
        ("charged_back", "reimbursed", PaymentStatus::Paid),
        ("Approved", "accredited", PaymentStatus::Unknown("Approved".to_owned())),
    ] {
        assert_eq!(status_of(&payment(status, detail, "")), meaning, "{status}/{detail}");
    }
}

#[test]
fn approved_alone_is_not_paid() {
    let approved = approved();
    let held = approved.replace(r#""captured":true"#, r#""captured":false"#);
    assert_eq!(status_of(&held), PaymentStatus::Authorized);
    let without = approved.replace(r#""captured":true,"#, "");
    assert_eq!(status_of(&without), PaymentStatus::Paid);
    let back = |amount: &str| {
        approved.replace(
            r#""transaction_amount_refunded":0"#,
            &format!(r#""transaction_amount_refunded":{amount}"#),
        )
    };
    assert_eq!(status_of(&back("0.01")), PaymentStatus::PartiallyRefunded);
    assert_eq!(status_of(&back(r#""15.10""#)), PaymentStatus::Refunded);
    assert_eq!(status_of(&back("0.00")), PaymentStatus::Paid);
    let won = payment("charged_back", "reimbursed", "");
    let lost = won.replace(
        r#""transaction_amount_refunded":0"#,
        r#""transaction_amount_refunded":15.1"#,
    );
    assert_eq!(status_of(&lost), PaymentStatus::ChargedBack);
}

#[test]
fn amounts_are_exact_from_number_and_text() {
    let amount_of = |json: &str| {
        let api = Api::of(&preferences()).unwrap();
        let text = approved().replace("15.10", json);
        let look = look(api, Named::Payment("87654321".to_owned()));
        play(look, &[(200, &text)]).1.unwrap().amount
    };
    for (json, minor) in [
        ("15.1", 1510),
        ("15.10", 1510),
        (r#""15.10""#, 1510),
        ("15", 1500),
        (r#""24.50""#, 2450),
        ("0.01", 1),
        ("90071992547409.93", 9_007_199_254_740_993),
    ] {
        assert_eq!(amount_of(json), Some(mxn(minor)), "{json}");
    }
    for json in [
        "15.101",
        "-15.10",
        "1e3",
        "null",
        "{}",
        r#""fifteen""#,
        "0.30000000000000004",
    ] {
        assert_eq!(amount_of(json), None, "{json}");
    }
    let strange = approved().replace(r#""currency_id":"MXN""#, r#""currency_id":"XTS""#);
    let api = Api::of(&preferences()).unwrap();
    let report = play(look(api, Named::Payment("1".to_owned())), &[(200, &strange)])
        .1
        .unwrap();
    assert_eq!(report.amount, None);
}

#[test]
fn a_report_says_mode_reference_and_payer() {
    let json = payment("approved", "accredited", r#","payer":{"email":"c@example.com"}"#);
    let (calls, report) = ask(Some("87654321"), &[(200, &json)]);
    assert_eq!(calls, [GET]);
    let report = report.unwrap();
    assert_eq!(
        (report.mode, report.order),
        (Some(Mode::Live), Some(OrderRef::new(REF)))
    );
    assert_eq!(
        (report.gateway_id.as_deref(), report.email.as_deref()),
        (Some("87654321"), Some("c@example.com"))
    );
    assert_eq!(report.amount, Some(mxn(1510)));
    let test = json.replace(r#""live_mode":true"#, r#""live_mode":false"#);
    assert_eq!(ask(Some("87654321"), &[(200, &test)]).1.unwrap().mode, Some(Mode::Test));
    let silent = json.replace(r#""live_mode":true,"#, "");
    assert_eq!(ask(Some("87654321"), &[(200, &silent)]).1.unwrap().mode, None);
}

#[test]
fn vouchers_and_transfers_come_with_instructions() {
    let waiting = |method: &str, kind: &str, more: &str| {
        let json = payment("pending", "pending_waiting_payment", more)
            .replace("\"visa\"", &format!("\"{method}\""))
            .replace("credit_card", kind);
        ask(Some("87654321"), &[(200, &json)]).1.unwrap().instructions
    };
    let more = r#","date_of_expiration":"2026-11-05T23:59:59.000-06:00","transaction_details":{"external_resource_url":"https://www.mercadopago.com.mx/payments/1/ticket","payment_method_reference_id":"93000262276908"}"#;
    let oxxo = waiting("oxxo", "ticket", more).unwrap();
    assert_eq!(oxxo.reference, "93000262276908");
    assert_eq!(
        oxxo.place,
        Place::Cash {
            store: Some("OXXO".to_owned())
        }
    );
    assert_eq!(oxxo.expires_at, Some("2026-11-06T05:59:59Z".parse().unwrap()));
    assert_eq!(
        oxxo.url.as_deref(),
        Some("https://www.mercadopago.com.mx/payments/1/ticket")
    );
    let spei = waiting(
        "clabe",
        "bank_transfer",
        r#","payment_method":{"data":{"reference_id":"646180110400000007"}}"#,
    )
    .unwrap();
    assert_eq!(
        (spei.reference.as_str(), spei.place),
        (
            "646180110400000007",
            Place::Transfer {
                bank: Some("SPEI".to_owned())
            }
        )
    );
    let bare = waiting("paycash", "ticket", "").unwrap();
    assert_eq!(
        (bare.reference.as_str(), bare.url),
        ("87654321", None),
        "the payment's own number, if nothing else"
    );
    let hostile = waiting(
        "oxxo",
        "ticket",
        r#","transaction_details":{"external_resource_url":"javascript:alert(1)","verification_code":"1\n2"}"#,
    )
    .unwrap();
    assert_eq!((hostile.reference.as_str(), hostile.url), ("1 2", None));
    assert_eq!(waiting("visa", "credit_card", ""), None);
    assert_eq!(
        ask(Some("87654321"), &[(200, &approved())]).1.unwrap().instructions,
        None
    );
}

// Asking.

#[test]
fn a_decisive_payment_is_believed_only_about_its_own_order() {
    let others = approved().replace(REF, "SOMEBODYELSES");
    let nobodys = approved().replace(&format!(r#""{REF}""#), "null");
    for foreign in [others, nobodys] {
        let (calls, report) = ask(Some("87654321"), &[(200, &foreign), (200, &found(&[]))]);
        assert_eq!(calls, [GET, SEARCH]);
        assert_eq!(report.unwrap().status, PaymentStatus::Pending);
    }
    let forbidden = r#"{"message":"no","error":"forbidden","status":403,"cause":[{"code":4,"description":"The caller is not authorized"}]}"#;
    let unknown = r#"{"message":"Payment not found","error":"not_found","status":404,"cause":[{"code":2000}]}"#;
    for (status, body) in [(403, forbidden), (404, unknown)] {
        let (calls, report) = ask(
            Some("87654321"),
            &[(status, body), (200, &found(&[approved()])), (200, &approved())],
        );
        assert_eq!(calls, [GET, SEARCH, GET]);
        assert_eq!(report.unwrap().status, PaymentStatus::Paid);
    }
}

#[test]
fn a_refused_try_leads_to_the_one_that_was_paid() {
    let refused = payment("rejected", "cc_rejected_other_reason", "").replace("87654321", "87654320");
    let answers = [found(&[approved(), refused.clone()]), approved()];
    let (calls, report) = ask(
        Some("87654320"),
        &[(200, &refused), (200, &answers[0]), (200, &answers[1])],
    );
    assert_eq!(calls.len(), 3);
    assert_eq!(report.unwrap().gateway_id.as_deref(), Some("87654321"));
    // Nothing better, or nothing at all said: the refusal stands.
    for (status, body) in [(200, found(&[])), (502, String::new())] {
        let (_, report) = ask(Some("87654320"), &[(200, &refused), (status, &body)]);
        assert!(matches!(report.unwrap().status, PaymentStatus::Failed { .. }));
    }
}

#[test]
fn of_several_payments_the_decisive_one_is_asked_about() {
    let numbered =
        |id: u64, status: &str, detail: &str| payment(status, detail, "").replace("87654321", &id.to_string());
    let best = |rows: &[String]| {
        let (calls, _) = ask(Some("111-pref"), &[(200, &found(rows)), (404, "{}")]);
        assert_eq!(calls[0], SEARCH);
        calls[1].rsplit('/').next().unwrap().parse::<u64>().unwrap()
    };
    let (refused, voucher) = (
        numbered(3, "rejected", "x"),
        numbered(2, "pending", "pending_waiting_payment"),
    );
    assert_eq!(best(&[refused.clone(), voucher.clone()]), 2);
    let (paid, again) = (
        numbered(4, "approved", "accredited"),
        numbered(5, "approved", "accredited"),
    );
    assert_eq!(
        best(&[again, paid.clone(), refused.clone(), voucher]),
        4,
        "the first that paid"
    );
    assert_eq!(
        best(&[refused.clone(), paid.clone(), numbered(1, "refunded", "refunded")]),
        4
    );
    assert_eq!(best(&[refused.clone(), numbered(1, "refunded", "refunded")]), 1);
    assert_eq!(
        best(&[refused, numbered(2, "cancelled", "expired")]),
        3,
        "the newest of those that came to nothing"
    );
    let strangers = found(&[paid.replace(REF, "OTHER"), "null".to_owned(), r#"{"id":{}}"#.to_owned()]);
    let (_, report) = ask(Some("111-pref"), &[(200, &strangers)]);
    assert_eq!(report.unwrap().status, PaymentStatus::Pending);
}

#[test]
fn a_lost_create_is_found_again_by_its_reference() {
    let row = format!(r#"{{"elements":[{{"id":"111-31b0","external_reference":"{REF}"}}],"total":1}}"#);
    let made = format!(
        r#"{{"id":"111-31b0","init_point":"https://www.mercadopago.com.mx/x","external_reference":"{REF}","live_mode":true}}"#
    );
    let (calls, report) = ask(None, &[(200, &found(&[])), (200, &row), (200, &made)]);
    assert_eq!(
        calls[1..],
        [
            format!("GET https://api.mercadopago.com/checkout/preferences/search?external_reference={REF}"),
            "GET https://api.mercadopago.com/checkout/preferences/111-31b0".to_owned(),
        ]
    );
    let report = report.unwrap();
    assert_eq!(report.status, PaymentStatus::Pending);
    assert_eq!(
        (report.pay_url.as_deref(), report.gateway_id.as_deref()),
        (Some("https://www.mercadopago.com.mx/x"), Some("111-31b0"))
    );
    let (_, none) = ask(None, &[(200, &found(&[])), (200, r#"{"elements":[]}"#)]);
    assert_eq!(none, Err(GatewayError::NotFound));
    let (calls, paid) = ask(None, &[(200, &found(&[approved()])), (200, &approved())]);
    assert_eq!((calls.len(), paid.unwrap().status), (2, PaymentStatus::Paid));
}

#[test]
fn a_basket_and_a_chargeback_lead_to_the_payment() {
    let basket = |payments: &str| {
        format!(
            r#"{{"id":5,"order_status":"paid","external_reference":"{REF}","total_amount":15.1,"payments":[{payments}]}}"#
        )
    };
    let rows = r#"{"id":1,"status":"rejected"},{"id":87654321,"status":"approved","transaction_amount":15.1},{"id":3,"status":"rejected"}"#;
    let (calls, report) = ask(Some("merchant_order:5"), &[(200, &basket(rows)), (200, &approved())]);
    assert_eq!(calls, ["GET https://api.mercadopago.com/merchant_orders/5", GET]);
    assert_eq!(report.unwrap().status, PaymentStatus::Paid);
    // What a basket says of itself decides nothing.
    let (calls, report) = ask(Some("merchant_order:5"), &[(200, &basket(""))]);
    assert_eq!((calls.len(), report.unwrap().status), (1, PaymentStatus::Pending));
    let lost = payment("charged_back", "settled", "");
    let (calls, report) = ask(
        Some("chargeback:C5"),
        &[(200, r#"{"id":"C5","payments":[87654321]}"#), (200, &lost)],
    );
    assert_eq!(calls, ["GET https://api.mercadopago.com/v1/chargebacks/C5", GET]);
    assert_eq!(report.unwrap().status, PaymentStatus::ChargedBack);
    // Its payment may be called approved for some time yet; what was won is the seller's.
    for (more, status, detail, meaning) in [
        ("", "approved", "accredited", PaymentStatus::Disputed),
        (
            r#","coverage_applied":null"#,
            "approved",
            "accredited",
            PaymentStatus::Disputed,
        ),
        (
            r#","coverage_applied":false"#,
            "approved",
            "accredited",
            PaymentStatus::Disputed,
        ),
        (
            r#","coverage_applied":true"#,
            "approved",
            "accredited",
            PaymentStatus::Paid,
        ),
        ("", "charged_back", "reimbursed", PaymentStatus::Paid),
        ("", "refunded", "refunded", PaymentStatus::Refunded),
    ] {
        let chargeback = format!(r#"{{"id":"C5","payments":[87654321]{more}}}"#);
        let answers = [(200, chargeback.as_str()), (200, &payment(status, detail, ""))];
        let (_, report) = ask(Some("chargeback:C5"), &answers);
        assert_eq!(report.unwrap().status, meaning, "{more} {status}/{detail}");
    }
}

#[test]
fn a_bare_notice_is_identified_by_asking() {
    let notice = |id: &str| Notice {
        order: None,
        gateway_id: Some(id.to_owned()),
        report: None,
    };
    let question = Mercadopago.identify(&preferences(), &notice("87654321")).unwrap();
    let (calls, report) = play(question, &[(200, &approved())]);
    assert_eq!(
        (calls, report.unwrap().order),
        (vec![GET.to_owned()], Some(OrderRef::new(REF)))
    );
    assert!(Mercadopago.identify(&preferences(), &notice("111-31b0")).is_none());
    let forbidden = r#"{"status":403,"cause":[{"code":4}]}"#;
    let question = Mercadopago.identify(&preferences(), &notice("87654321")).unwrap();
    let refused = play(question, &[(403, forbidden)]).1.unwrap_err().to_string();
    assert!(refused.contains("another Mercado Pago account"), "{refused}");
}

#[test]
fn each_fault_has_an_outcome_of_its_own() {
    let failure = |status: u16, body: &str| ask(Some("87654321"), &[(status, body)]).1.unwrap_err();
    let token = failure(
        401,
        r#"{"message":"invalid access token","error":"unauthorized","status":401,"cause":[]}"#,
    );
    assert!(
        matches!(&token, GatewayError::Misconfigured(why) if why.contains("revoked")),
        "{token}"
    );
    let mode = failure(
        400,
        r#"{"status":400,"cause":{"code":3,"description":"Params Error: test token is required"}}"#,
    );
    assert!(
        matches!(&mode, GatewayError::Misconfigured(why) if why.contains("live or test")),
        "{mode}"
    );
    assert!(matches!(
        failure(403, r#"{"message":"no","status":403}"#),
        GatewayError::Misconfigured(_)
    ));
    assert!(matches!(failure(409, "{}"), GatewayError::Refused(why) if why.contains("another one")));
    assert!(matches!(failure(423, "{}"), GatewayError::Transient(why) if why.contains("still runs")));
    assert!(matches!(failure(424, "{}"), GatewayError::Transient(why) if why.contains("behind")));
    let named = failure(
        400,
        r#"{"message":"bad","error":"bad","cause":[{"code":2006,"description":"Card Token not found"}]}"#,
    );
    assert_eq!(
        named,
        GatewayError::Refused("HTTP 400 bad 2006 Card Token not found".to_owned())
    );
    for status in [400, 401, 403, 404, 409, 200] {
        assert!(
            matches!(failure(status, " <html>edge</html>"), GatewayError::Transient(_)),
            "{status}"
        );
    }
    for status in [408, 429, 500, 502, 503] {
        assert!(matches!(failure(status, "{}"), GatewayError::Transient(_)), "{status}");
    }
    for bad in [
        "",
        "[]",
        "{",
        r#"{"status":"approved"}"#,
        r#"{"id":1}"#,
        r#"{"id":1,"id":1,"status":"approved"}"#,
    ] {
        assert!(matches!(failure(200, bad), GatewayError::Transient(_)), "{bad}");
    }
    let rest = Answer {
        status: StatusCode::TOO_MANY_REQUESTS,
        retry_after_s: Some(42),
        body: "{}".into(),
    };
    assert_eq!(problem::failure(&rest), GatewayError::Throttled { after_s: 42 });
}

#[test]
fn the_paid_payments_of_some_days_are_listed_page_by_page() {
    let (since, until) = (
        "2026-11-01T00:00:00Z".parse().unwrap(),
        "2026-11-02T00:00:00Z".parse().unwrap(),
    );
    let numbered = |id: u64| approved().replace("87654321", &id.to_string());
    let full = found(&(100..150).map(numbered).collect::<Vec<_>>());
    let rest = found(&[approved(), payment("refunded", "refunded", ""), "null".to_owned()]);
    let list = Mercadopago.list_paid(&preferences(), since, until).unwrap();
    let (calls, reports) = play(list, &[(200, &full), (200, &rest)]);
    assert_eq!(reports.unwrap().len(), 51);
    assert!(
        calls[0].contains("status=approved") && calls[0].contains("begin_date=2026-11-01T00%3A00%3A00"),
        "{calls:?}"
    );
    assert!(
        calls[0].ends_with("offset=0") && calls[1].ends_with("offset=50"),
        "{calls:?}"
    );
    let list = Mercadopago.list_paid(&preferences(), since, until).unwrap();
    assert!(matches!(
        play(list, &[(401, "{}")]).1,
        Err(GatewayError::Misconfigured(_))
    ));
    // A page that comes again and again has nothing new to tell.
    let list = Mercadopago.list_paid(&preferences(), since, until).unwrap();
    let (calls, reports) = play(list, &[(200, &full), (200, &full)]);
    assert_eq!((calls.len(), reports.unwrap().len()), (2, 50));
}

#[test]
fn the_processed_orders_of_some_days_are_listed_page_by_page() {
    let (since, until) = (
        "2026-11-20T00:00:00Z".parse().unwrap(),
        "2026-11-21T00:00:00Z".parse().unwrap(),
    );
    let numbered = |id: u32| order("processed", "accredited", "").replace("ORD01KS5AJ", &format!("ORD01{id}"));
    let page = |rows: &[String], pages: &str| {
        format!(
            r#"{{"data":[{}],"paging":{{"total_pages":"{pages}"}}}}"#,
            rows.join(",")
        )
    };
    let full: Vec<_> = (100..150).map(numbered).collect();
    let rest = [
        numbered(150),
        order("processed", "partially_refunded", "").replace("ORD01KS5AJ", "ORD01X"),
        order("created", "created", "").replace("ORD01KS5AJ", "ORD01Y"),
        "null".to_owned(),
    ];
    let list = || Mercadopago.list_paid(&orders(), since, until).unwrap();
    let (calls, reports) = play(list(), &[(200, &page(&full, "2")), (200, &page(&rest, "2"))]);
    let reports = reports.unwrap();
    assert_eq!(reports.len(), 51);
    assert_eq!(
        (reports[50].gateway_id.as_deref(), reports[50].amount),
        (Some("ORD01150"), Some(mxn(1510)))
    );
    // An order is listed by the day it was made, and its voucher may be paid four days later.
    let first = "GET https://api.mercadopago.com/v1/orders?begin_date=2026-11-16T00%3A00%3A00%2E000%2B00%3A00&end_date=2026-11-21T00%3A00%3A00%2E000%2B00%3A00&status=processed&page=1&page_size=50";
    assert_eq!(calls, [first.to_owned(), first.replace("page=1", "page=2")]);
    // A full page that is the last one, by the gateway's own count, and a count that is not told.
    assert_eq!(play(list(), &[(200, &page(&full, "1"))]).0.len(), 1);
    let uncounted = format!(r#"{{"data":[{}]}}"#, full.join(","));
    let (calls, reports) = play(list(), &[(200, &uncounted), (200, r#"{"data":[]}"#)]);
    assert_eq!((calls.len(), reports.unwrap().len()), (2, 50));
    // More than 30 days at once are refused.
    let month = "2026-10-22T00:00:00Z".parse().unwrap();
    let list = Mercadopago.list_paid(&orders(), month, until).unwrap();
    let (calls, _) = play(list, &[(200, r#"{"data":[]}"#)]);
    assert!(calls[0].contains("begin_date=2026-10-22T00"), "{calls:?}");
}

// The newer orders.

fn order(status: &str, detail: &str, more: &str) -> String {
    format!(
        r#"{{"id":"ORD01KS5AJ","type":"online","status":"{status}","status_detail":"{detail}","checkout_url":"https://www.mercadopago.com/checkout/v1/redirect?order_id=ORD01KS5AJ","currency":"MXN","total_amount":"15.10","external_reference":"{REF}"{more}}}"#
    )
}

fn ask_order(gateway_id: Option<&str>, answers: &[(u16, &str)]) -> (Vec<String>, Result<Report, GatewayError>) {
    play(Mercadopago.ask(&orders(), &key(gateway_id)), answers)
}

#[test]
fn every_status_of_an_order_has_its_meaning() {
    for (status, detail, meaning) in [
        ("created", "created", PaymentStatus::Pending),
        ("processing", "in_process", PaymentStatus::Pending),
        ("processing", "in_review", PaymentStatus::Pending),
        ("action_required", "waiting_payment", PaymentStatus::Pending),
        ("action_required", "waiting_transfer", PaymentStatus::Pending),
        ("action_required", "waiting_capture", PaymentStatus::Authorized),
        ("processed", "accredited", PaymentStatus::Paid),
        ("processed", "partially_refunded", PaymentStatus::PartiallyRefunded),
        ("processed", "new", PaymentStatus::Unknown("processed new".to_owned())),
        ("refunded", "refunded", PaymentStatus::Refunded),
        ("canceled", "canceled", PaymentStatus::Cancelled),
        ("cancelled", "cancelled", PaymentStatus::Cancelled),
        ("expired", "expired", PaymentStatus::Expired),
        (
            "failed",
            "high_risk",
            PaymentStatus::Failed {
                reason: Some("high_risk".to_owned()),
            },
        ),
        ("charged_back", "settled", PaymentStatus::ChargedBack),
        ("in_mediation", "x", PaymentStatus::Disputed),
    ] {
        let (calls, report) = ask_order(Some("ORD01KS5AJ"), &[(200, &order(status, detail, ""))]);
        assert_eq!(calls, ["GET https://api.mercadopago.com/v1/orders/ORD01KS5AJ"]);
        let report = report.unwrap();
        assert_eq!(report.status, meaning, "{status}/{detail}");
        assert_eq!((report.amount, report.mode), (Some(mxn(1510)), Some(Mode::Live)));
        assert_eq!(
            report.pay_url.is_some(),
            matches!(status, "created" | "action_required")
        );
    }
}

#[test]
fn an_order_tells_mode_by_id_and_currency_by_country() {
    let test = order(
        "processed",
        "accredited",
        r#","transactions":{"payments":[{"id":"PAY1","status":"processed"}]}"#,
    )
    .replace("ORD01KS5AJ", "ORDTST01KS5AJ")
    .replace(r#""currency":"MXN""#, r#""country_code":"MEX""#);
    let report = ask_order(Some("ORDTST01KS5AJ"), &[(200, &test)]).1.unwrap();
    assert_eq!((report.mode, report.amount), (Some(Mode::Test), Some(mxn(1510))));
    assert_eq!(report.receipt.as_deref(), Some("PAY1"));
    let bare = test.replace("ORDTST01KS5AJ", "01JQ4S4KY8HWQ6NA5PXB65B3D3");
    assert_eq!(
        ask_order(Some("01JQ4S4KY8HWQ6NA5PXB65B3D3"), &[(200, &bare)])
            .1
            .unwrap()
            .mode,
        None
    );
    let nowhere = test.replace("MEX", "XXX");
    assert_eq!(
        ask_order(Some("ORDTST01KS5AJ"), &[(200, &nowhere)]).1.unwrap().amount,
        None
    );
}

#[test]
fn an_orders_refused_card_and_voucher_are_told() {
    let refused = order(
        "action_required",
        "waiting_payment",
        r#","transactions":{"payments":[{"id":"PAY1","status":"failed","status_detail":"insufficient_amount"}]}"#,
    );
    let report = ask_order(Some("ORD01KS5AJ"), &[(200, &refused)]).1.unwrap();
    assert_eq!(
        report.status,
        PaymentStatus::Failed {
            reason: Some("insufficient_amount".to_owned())
        }
    );
    let voucher = order(
        "action_required",
        "waiting_payment",
        r#","transactions":{"payments":[{"id":"PAY1","status":"action_required","date_of_expiration":"2026-11-05T00:00:00Z","payment_method":{"id":"oxxo","type":"ticket","ticket_url":"https://x.example/t","reference":"930"}}]}"#,
    );
    let instructions = ask_order(Some("ORD01KS5AJ"), &[(200, &voucher)])
        .1
        .unwrap()
        .instructions
        .unwrap();
    assert_eq!(
        (instructions.reference.as_str(), instructions.url.as_deref()),
        ("930", Some("https://x.example/t"))
    );
    assert!(instructions.expires_at.is_some());
}

#[test]
fn what_is_told_about_an_orders_payment_is_told_of_the_order() {
    let mine = order("processed", "accredited", "");
    let rows = format!(r#"{{"data":[{mine}]}}"#);
    for (status, detail, meaning) in [
        ("in_mediation", "pending", PaymentStatus::Disputed),
        ("charged_back", "settled", PaymentStatus::ChargedBack),
        ("approved", "accredited", PaymentStatus::Paid),
        // What else a payment says, its order says itself.
        ("refunded", "refunded", PaymentStatus::Paid),
        ("rejected", "cc_rejected_high_risk", PaymentStatus::Paid),
    ] {
        let part = payment(status, detail, "");
        let answers = [(200, part.as_str()), (200, &rows), (200, &mine)];
        let report = ask_order(Some("87654321"), &answers).1.unwrap();
        assert_eq!(report.status, meaning, "{status}/{detail}");
        assert_eq!(report.gateway_id.as_deref(), Some("ORD01KS5AJ"));
    }
    // A payment from before the account was set to orders has none.
    let lost = payment("charged_back", "settled", "");
    let (_, report) = ask_order(Some("87654321"), &[(200, &lost), (200, r#"{"data":[]}"#)]);
    assert_eq!(report.unwrap().gateway_id.as_deref(), Some("87654321"));
}

#[test]
fn orders_are_found_by_reference_within_two_days() {
    let (other, mine) = (
        order("created", "created", "").replace(REF, "OTHER"),
        order("processed", "accredited", ""),
    );
    let rows = format!(r#"{{"data":[{other},null,{mine}]}}"#);
    let (calls, report) = ask_order(None, &[(200, &rows), (200, &mine)]);
    assert_eq!(
        calls[0],
        format!(
            "GET https://api.mercadopago.com/v1/orders?begin_date=2026-11-01T12%3A00%3A00%2E000%2B00%3A00&end_date=2026-11-03T12%3A00%3A00%2E000%2B00%3A00&external_reference={REF}"
        )
    );
    assert_eq!(report.unwrap().status, PaymentStatus::Paid);
    assert_eq!(
        ask_order(None, &[(200, r#"{"data":[]}"#), (200, &found(&[]))]).1,
        Err(GatewayError::NotFound)
    );
    // A card that was charged by its token has a payment and no order.
    let (_, charged) = ask_order(
        None,
        &[
            (200, r#"{"data":[]}"#),
            (200, &found(&[approved()])),
            (200, &approved()),
        ],
    );
    assert_eq!(charged.unwrap().status, PaymentStatus::Paid);
    // The account was set to orders after the preference was made.
    let (calls, _) = ask_order(Some("111-31b0"), &[(200, &found(&[approved()])), (200, &approved())]);
    assert_eq!(calls, [SEARCH, GET]);
    let (_, foreign) = ask_order(Some("ORD01KS5AJ"), &[(200, &other), (200, r#"{"data":[]}"#)]);
    assert_eq!(foreign, Err(GatewayError::NotFound));
}

// Refunds.

fn refund(account: &Account, id: &str, answers: &[(u16, &str)]) -> (Vec<String>, Result<RefundState, GatewayError>) {
    let request = RefundRequest {
        order: OrderRef::new(REF),
        gateway_id: id.to_owned(),
        amount: mxn(1510),
        reason: RefundReason::CannotBeFulfilled,
    };
    play(Mercadopago.refund(account, &request), answers)
}

#[test]
fn a_refund_gives_all_back_once() {
    let of = |answers: &[(u16, &str)]| refund(&preferences(), "87654321", answers);
    let paid = approved();
    for (status, state) in [
        ("approved", RefundState::Done),
        ("in_process", RefundState::Pending),
        ("authorized", RefundState::Pending),
    ] {
        let made = format!(r#"{{"id":1009042015,"payment_id":87654321,"amount":15.1,"status":"{status}"}}"#);
        let (calls, done) = of(&[(200, &paid), (201, &made)]);
        assert_eq!(
            calls,
            [
                GET.to_owned(),
                "POST https://api.mercadopago.com/v1/payments/87654321/refunds {}".to_owned()
            ]
        );
        assert_eq!(done, Ok(state), "{status}");
    }
    for status in ["rejected", "cancelled"] {
        let made = format!(r#"{{"id":1,"status":"{status}"}}"#);
        assert!(
            matches!(of(&[(200, &paid), (201, &made)]).1, Ok(RefundState::Refused(_))),
            "{status}"
        );
    }
    let back = payment("refunded", "refunded", "");
    let all = approved().replace(
        r#""transaction_amount_refunded":0"#,
        r#""transaction_amount_refunded":15.10"#,
    );
    for done in [back, all] {
        assert_eq!(of(&[(200, &done)]), (vec![GET.to_owned()], Ok(RefundState::Done)));
    }
    let running = payment(
        "approved",
        "accredited",
        r#","refunds":[{"id":1,"status":"in_process"}]"#,
    );
    assert_eq!(of(&[(200, &running)]), (vec![GET.to_owned()], Ok(RefundState::Pending)));
    for (code, words) in [
        (2063, "state"),
        (2024, "180 days"),
        (15016, "180 days"),
        (3024, "partial"),
    ] {
        let body = format!(r#"{{"message":"x","status":400,"cause":[{{"code":{code},"description":"y"}}]}}"#);
        let refused = of(&[(200, &paid), (400, &body)]).1;
        assert!(
            matches!(&refused, Ok(RefundState::Refused(why)) if why.contains(words)),
            "{refused:?}"
        );
    }
    assert!(matches!(
        of(&[(200, &paid), (423, "{}")]).1,
        Err(GatewayError::Transient(_))
    ));
    assert!(matches!(
        of(&[(200, &paid), (201, "{}")]).1,
        Err(GatewayError::Transient(_))
    ));
    assert!(matches!(of(&[(401, "{}")]).1, Err(GatewayError::Misconfigured(_))));
    // Another order's payment is not given back, and a preference has nothing to give.
    let foreign = approved().replace(REF, "OTHER");
    assert_eq!(of(&[(200, &foreign)]).1, Err(GatewayError::NotFound));
    assert!(matches!(
        refund(&preferences(), "111-31b0", &[]).1,
        Err(GatewayError::Refused(_))
    ));
}

#[test]
fn a_refund_that_was_given_up_is_asked_for_under_a_new_key() {
    let key_after = |refunds: &str| {
        let request = RefundRequest {
            order: OrderRef::new(REF),
            gateway_id: "87654321".to_owned(),
            amount: mxn(1510),
            reason: RefundReason::Duplicate,
        };
        let Dialogue::Call(_, read) = Mercadopago.refund(&preferences(), &request) else {
            panic!("no call")
        };
        let answer = Answer {
            status: StatusCode::OK,
            retry_after_s: None,
            body: payment("approved", "accredited", refunds).into(),
        };
        let Dialogue::Call(call, _) = read(answer) else {
            panic!("no second call")
        };
        call.headers.into_iter().next().unwrap().1
    };
    assert_eq!(key_after(""), key_after(r#","refunds":[]"#));
    assert_ne!(key_after(""), key_after(r#","refunds":[{"status":"rejected"}]"#));
}

#[test]
fn an_orders_refund_has_an_empty_body() {
    let of = |answers: &[(u16, &str)]| refund(&orders(), "ORD01KS5AJ", answers);
    let paid = order("processed", "accredited", "");
    let back = order(
        "refunded",
        "refunded",
        r#","transactions":{"refunds":[{"id":"ref_1","amount":"15.10","status":"processed"}]}"#,
    );
    let (calls, done) = of(&[(200, &paid), (201, &back)]);
    assert_eq!(calls[1], "POST https://api.mercadopago.com/v1/orders/ORD01KS5AJ/refund");
    assert_eq!(done, Ok(RefundState::Done));
    assert_eq!(of(&[(200, &back)]).1, Ok(RefundState::Done));
    let running = order(
        "processed",
        "accredited",
        r#","transactions":{"refunds":[{"status":"processing"}]}"#,
    );
    assert_eq!(of(&[(200, &paid), (201, &running)]).1, Ok(RefundState::Pending));
    assert_eq!(of(&[(200, &running)]).1, Ok(RefundState::Pending));
    let failed = order(
        "processed",
        "accredited",
        r#","transactions":{"refunds":[{"status":"failed"}]}"#,
    );
    assert!(matches!(
        of(&[(200, &paid), (201, &failed)]).1,
        Ok(RefundState::Refused(_))
    ));
    let state = r#"{"errors":[{"code":"invalid_order_status","message":"not allowed"}]}"#;
    assert!(matches!(
        of(&[(200, &paid), (409, state)]).1,
        Ok(RefundState::Refused(_))
    ));
    assert!(matches!(
        of(&[(200, &paid), (409, "{}")]).1,
        Err(GatewayError::Refused(_))
    ));
}

#[test]
fn other_gateways_accounts_are_nobodys_here() {
    let foreign = Account {
        keys: AccountKeys::Feexpay {
            shop: "s".to_owned(),
            token: "t".into(),
            callback_header: None,
        },
        ..preferences()
    };
    assert!(!Mercadopago.can_ask(&foreign) && !Mercadopago.can_refund(&foreign));
    assert!(matches!(
        Mercadopago.pay_method(&foreign, "MX"),
        PayMethod::Cannot { .. }
    ));
    assert_eq!(Mercadopago.pay_method(&preferences(), "MX"), PayMethod::Redirect);
    let (calls, asked) = play(Mercadopago.ask(&foreign, &key(None)), &[]);
    assert!(calls.is_empty() && matches!(asked, Err(GatewayError::Misconfigured(_))));
}
