//! FeexPay's vectors: webhooks and answers as the facts have them, and what is made of broken ones.

use super::super::call::script::play;
use super::*;
use crate::company::RefundPolicy;
use crate::company::{Language, Mode};
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::Money;
use http::{HeaderMap, HeaderValue};

const REFERENCE: &str = "3f0e8a52-0000-4000-8000-000000000001";

fn account(header: Option<(&str, &str)>) -> Account {
    Account {
        id: AccountId::new("fx"),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Feexpay {
            shop: "shop1".to_owned(),
            token: "fp_x".into(),
            callback_header: header.map(|(name, value)| CallbackHeader {
                name: name.to_owned(),
                value: value.into(),
            }),
        },
        refunds: RefundPolicy::default(),
    }
}

fn check(header: Option<(&str, &str)>, shown: &[(&'static str, &str)]) -> Result<Authenticity, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in shown {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    Feexpay.authenticate(
        &account(header),
        Incoming {
            query: None,
            headers: &headers,
            body: b"{}",
        },
        Timestamp::UNIX_EPOCH,
    )
}

#[test]
fn the_static_header_must_match_where_one_is_set() {
    let own = Some(("X-Webhook-Secret", "s3cret"));
    assert!(matches!(
        check(own, &[("x-webhook-secret", "s3cret")]),
        Ok(Authenticity::Signed)
    ));
    for shown in ["S3CRET", "Bearer s3cret", "s3cret0", "s3cre"] {
        assert!(
            matches!(check(own, &[("x-webhook-secret", shown)]), Err(Refusal::Wrong)),
            "{shown}"
        );
    }
    assert!(matches!(check(own, &[]), Err(Refusal::Missing)));
    assert!(matches!(
        check(own, &[("x-webhook-secret", "s3cret"), ("x-webhook-secret", "s3cret")]),
        Err(Refusal::Malformed)
    ));
    let bearer = Some(("Authorization", "Bearer s3cret"));
    for shown in ["Bearer s3cret", "bearer s3cret", "BEARER s3cret"] {
        assert!(
            matches!(check(bearer, &[("authorization", shown)]), Ok(Authenticity::Signed)),
            "{shown}"
        );
    }
    for shown in ["Bearer S3CRET", "s3cret", "Basic s3cret", "Bearer"] {
        assert!(
            matches!(check(bearer, &[("authorization", shown)]), Err(Refusal::Wrong)),
            "{shown}"
        );
    }
    assert!(matches!(check(None, &[]), Ok(Authenticity::Unsigned)));
}

#[test]
fn the_documented_webhook_is_read() {
    let body = format!(
        r#"{{"reference":"{REFERENCE}","order_id":"{REFERENCE}","status":"SUCCESSFUL","amount":100,"callback_info":"A1B2C3","last_name":"K","email":"awa@example.org",
            "type":"Paiement","phoneNumber":"2290166000000","reseau":"MTN","ref_link":null,"reason":null,"ref_operator":"9900112233"}}"#
    );
    let notice = Feexpay
        .read_notice(&account(None), Told::body(body.as_bytes()))
        .unwrap();
    assert_eq!(
        (notice.order, notice.gateway_id.as_deref()),
        (Some(OrderRef::new("A1B2C3")), Some(REFERENCE))
    );
    let report = notice.report.unwrap();
    assert_eq!(
        (report.status, report.amount),
        (PaymentStatus::Paid, Some(Money::from_minor(100, Currency::Xof)))
    );
    assert_eq!(
        (report.receipt.as_deref(), report.phone.as_deref()),
        (Some("9900112233"), Some("2290166000000"))
    );
    assert_eq!(
        Feexpay.event_key(Told::body(body.as_bytes())),
        format!("{REFERENCE}:SUCCESSFUL")
    );
    let payout = body.replace("Paiement", "Payout");
    assert_eq!(
        Feexpay
            .read_notice(&account(None), Told::body(payout.as_bytes()))
            .unwrap(),
        Notice {
            order: None,
            gateway_id: None,
            report: None
        }
    );
    let parsed = body.replace(r#""A1B2C3""#, r#"{"ref":"A1B2C3"}"#);
    let notice = Feexpay
        .read_notice(&account(None), Told::body(parsed.as_bytes()))
        .unwrap();
    assert_eq!((notice.order, notice.gateway_id.as_deref()), (None, Some(REFERENCE)));
    for bad in ["[]", "{}", r#"{"reference":"a","reference":"b"}"#, "reference=a"] {
        assert!(
            Feexpay.read_notice(&account(None), Told::body(bad.as_bytes())).is_err(),
            "{bad}"
        );
        assert_eq!(
            Feexpay.event_key(Told::body(bad.as_bytes())),
            signature::sha256_hex(bad.as_bytes())
        );
    }
}

#[test]
fn each_served_country_has_its_networks() {
    let ids = |country: &str| match Feexpay.pay_method(&account(None), country) {
        PayMethod::PhoneForm { networks } => networks.iter().map(|network| network.id).collect::<Vec<_>>(),
        PayMethod::Cannot { .. } => Vec::new(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ids("BJ"), ["mtn", "moov", "celtiis_bj"]);
    assert_eq!(ids("bf"), ["moov_bf", "orange_bf", "wave_bf"]);
    assert_eq!(ids("CG"), ["mtn_cg"]);
    assert!(ids("FR").is_empty());
    let bf = feexpay_networks::of_country("BF");
    assert_eq!(
        bf.iter()
            .filter(|network| network.wants_otp)
            .map(|network| network.id)
            .collect::<Vec<_>>(),
        ["orange_bf"]
    );
}

fn request(network: Option<&str>) -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new("A1B2C3"),
        amount: Money::from_minor(100, Currency::Xof),
        description: "Ticket".to_owned(),
        return_url: "https://relay.example/o/x".to_owned(),
        notify_url: "https://relay.example/n?k=1".to_owned(),
        language: Language::Fr,
        phone: Some("2290166000000".to_owned()),
        email: None,
        network: network.map(Into::into),
        otp: None,
        country: "BJ".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn start(status: u16, body: &str) -> Result<Started, GatewayError> {
    let (calls, started) = play(Feexpay.start(&account(None), &request(Some("mtn"))), &[(status, body)]);
    assert!(
        calls[0].starts_with("POST https://api-v2.feexpay.me/api/transactions/public/requesttopay/mtn {"),
        "{calls:?}"
    );
    assert!(calls[0].contains(r#""callback_info":"A1B2C3""#) && calls[0].contains(r#""shop":"shop1""#));
    started
}

#[test]
fn a_start_rings_the_phone_or_opens_a_page() {
    let pending = format!(r#"{{"reference":"{REFERENCE}","message":"Accepted","status":"PENDING","amount":100}}"#);
    let started = start(200, &pending).unwrap();
    assert_eq!(
        (started.gateway_id.as_deref(), started.pay_url, started.failed),
        (Some(REFERENCE), None, None)
    );
    let redirect = pending.replace("}", r#","payment_url":"https://pay.wave.com/x"}"#);
    assert_eq!(
        start(200, &redirect).unwrap().pay_url.as_deref(),
        Some("https://pay.wave.com/x")
    );
}

#[test]
fn an_immediate_refusal_is_the_operators_word() {
    let failed = format!(
        r#"{{"reference":"{REFERENCE}","status":"FAILED","statusCode":"10","response_operator":{{"description":["solde insuffisant"],"status":["10"]}}}}"#
    );
    for status in [200, 400] {
        let started = start(status, &failed).unwrap();
        assert_eq!(
            (started.failed.as_deref(), started.gateway_id.as_deref()),
            (Some("solde insuffisant"), Some(REFERENCE))
        );
    }
    assert!(matches!(start(502, &failed), Err(GatewayError::Transient(_))));
    assert!(matches!(
        start(401, r#"{"status":"FAILED","message":"UNAUTHORIZED"}"#),
        Err(GatewayError::Misconfigured(_))
    ));
}

#[test]
fn faults_while_starting_are_told_apart() {
    assert!(matches!(
        start(400, r#"{"message":"ERR_INVALID_PHONE"}"#),
        Err(GatewayError::Refused(_))
    ));
    assert!(
        matches!(start(404, r#"{"message":"mtn channel not configured"}"#), Err(GatewayError::Misconfigured(why)) if why.contains("channel"))
    );
    assert!(matches!(start(403, "{}"), Err(GatewayError::Misconfigured(_))));
    assert!(matches!(start(502, "<html>"), Err(GatewayError::Transient(_))));
    assert!(matches!(start(429, "{}"), Err(GatewayError::Transient(_))));
    assert!(matches!(
        start(200, r#"{"status":"PENDING"}"#),
        Err(GatewayError::Transient(_))
    ));
    for network in [None, Some("mtn_ci"), Some("../x")] {
        let (_, refused) = play(Feexpay.start(&account(None), &request(network)), &[]);
        assert!(matches!(refused, Err(GatewayError::Refused(_))), "{network:?}");
    }
}

fn key(id: Option<&str>) -> PaymentKey {
    PaymentKey {
        order: OrderRef::new("A1B2C3"),
        gateway_id: id.map(Into::into),
        created_at: "2026-11-02T12:00:00Z".parse().unwrap(),
    }
}

fn ask(status: u16, body: &str) -> Result<Report, GatewayError> {
    let (calls, report) = play(Feexpay.ask(&account(None), &key(Some(REFERENCE))), &[(status, body)]);
    assert_eq!(
        calls[0],
        format!("GET https://api-v2.feexpay.me/api/transactions/public/single/status/{REFERENCE}")
    );
    report
}

#[test]
fn statuses_are_those_of_the_facts_flat_or_in_data() {
    let failed = PaymentStatus::Failed {
        reason: Some("LOW".to_owned()),
    };
    for (word, status) in [
        ("PENDING", PaymentStatus::Pending),
        ("IN PENDING STATE", PaymentStatus::Pending),
        ("SUCCESSFUL", PaymentStatus::Paid),
        ("SUCCESS", PaymentStatus::Paid),
        ("FAILED", failed),
        ("successful", PaymentStatus::Unknown("successful".to_owned())),
        ("", PaymentStatus::Unknown(String::new())),
    ] {
        let flat = format!(
            r#"{{"reference":"{REFERENCE}","status":"{word}","amount":"100","callback_info":"A1B2C3","reason":"LOW","phone_number":"+229 0166000000"}}"#
        );
        for body in [flat.clone(), format!(r#"{{"data":{flat}}}"#)] {
            let report = ask(200, &body).unwrap();
            assert_eq!(
                (report.status, report.amount),
                (status.clone(), Some(Money::from_minor(100, Currency::Xof))),
                "{word}"
            );
            assert_eq!(report.phone.as_deref(), Some("2290166000000"));
        }
    }
}

#[test]
fn odd_answers_pay_for_nothing() {
    let paid = format!(r#"{{"reference":"{REFERENCE}","status":"SUCCESSFUL","amount":100,"callback_info":"A1B2C3"}}"#);
    assert_eq!(ask(200, &paid.replace(r#""amount":100,"#, "")).unwrap().amount, None);
    assert_eq!(ask(200, &paid.replace("100", "99.5")).unwrap().amount, None);
    assert_eq!(ask(200, &paid.replace("A1B2C3", "OTHER")), Err(GatewayError::NotFound));
    assert!(matches!(
        ask(200, &paid.replace(REFERENCE, "another")),
        Err(GatewayError::Transient(_))
    ));
    assert_eq!(ask(404, "{}"), Err(GatewayError::NotFound));
    assert!(matches!(ask(401, "{}"), Err(GatewayError::Misconfigured(_))));
    assert!(matches!(ask(502, "bad gateway"), Err(GatewayError::Transient(_))));
    assert!(matches!(ask(200, "{}"), Err(GatewayError::Transient(_))));
    assert!(matches!(
        ask(200, &paid.replace("{", r#"{"status":"FAILED","#)),
        Err(GatewayError::Transient(_))
    ));
    let congo = paid.replace("{", r#"{"phoneNumber":"242060000000","#);
    assert_eq!(
        ask(200, &congo).unwrap().amount,
        Some(Money::from_minor(100, Currency::Xaf))
    );
}

#[test]
fn a_lost_reference_is_found_by_ours() {
    let history = format!(
        r#"{{"data":[null,7,{{"reference":"x","callback_info":"OTHER","status":"SUCCESSFUL"}},{{"reference":"{REFERENCE}","callback_info":"A1B2C3","status":"SUCCESSFUL"}},{{"reference":"later","callback_info":"A1B2C3","status":"FAILED"}}]}}"#
    );
    let paid = format!(r#"{{"reference":"{REFERENCE}","status":"SUCCESSFUL","amount":100}}"#);
    let (calls, report) = play(
        Feexpay.ask(&account(None), &key(None)),
        &[(200, &history), (200, &paid)],
    );
    assert_eq!(report.unwrap().gateway_id.as_deref(), Some(REFERENCE));
    assert!(
        calls[0].starts_with("POST https://api-v2.feexpay.me/api/transactions/history {"),
        "{calls:?}"
    );
    assert!(
        calls[0].contains(r#""end_date":"2026-11-04""#) && calls[0].contains(r#""start_date":"2026-10-31""#),
        "{calls:?}"
    );
    assert!(calls[1].ends_with(REFERENCE));
    assert_eq!(
        play(Feexpay.ask(&account(None), &key(None)), &[(200, r#"{"data":[]}"#)]).1,
        Err(GatewayError::NotFound)
    );
}

#[test]
fn the_paid_payments_of_some_days_are_listed() {
    let list = |answers: &[(u16, &str)]| {
        let (since, until) = (
            "2026-11-02T12:00:00Z".parse().unwrap(),
            "2026-11-04T03:00:00Z".parse().unwrap(),
        );
        play(Feexpay.list_paid(&account(None), since, until).unwrap(), answers)
    };
    let history = r#"{"data":[null,{"reference":"a","callback_info":"A1","status":"SUCCESSFUL","amount":100},
        {"reference":"b","callback_info":"B2","status":"FAILED"},{"status":"SUCCESSFUL","amount":100},
        {"reference":"c","status":"SUCCESS","amount":"250"},{"reference":"d","status":"PENDING"}]}"#;
    let (calls, reports) = list(&[(200, history)]);
    let told: Vec<_> = reports
        .unwrap()
        .into_iter()
        .map(|report| (report.gateway_id.unwrap(), report.order.map(|order| order.to_string())))
        .collect();
    assert_eq!(told, [("a".to_owned(), Some("A1".to_owned())), ("c".to_owned(), None)]);
    assert!(
        calls[0].contains(r#""start_date":"2026-11-01""#) && calls[0].contains(r#""end_date":"2026-11-05""#),
        "{calls:?}"
    );
    assert!(matches!(
        list(&[(401, r#"{"message":"no"}"#)]).1,
        Err(GatewayError::Misconfigured(_))
    ));
    assert!(matches!(list(&[(200, "<html>")]).1, Err(GatewayError::Transient(_))));
}
