//! FedaPay's vectors: signatures, events and answers as the facts have them, and what is made of broken ones.

use super::super::call::script::play;
use super::*;
use crate::company::Language;
use crate::company::RefundPolicy;
use crate::ids::{AccountId, CompanyId, OrderRef};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};

const S1: &str = "wh_sandbox_test_secret_1";
const S2: &str = "wh_live_test_secret_2";
const T: i64 = 1_700_000_000;
const FV1_BODY: &[u8] = br#"{"name":"transaction.approved","object":"transaction","entity":{"id":104013,"reference":"trx_abc_1700000000000","amount":100,"status":"approved"}}"#;
const FV1: &str = "848f4027753793ae22f9125f139c4f2624242f16535c0d7f761848592315ac7e";
const FV2: &str = "35bfdf866a0064d33efb6101679f517347764e5e47864d306111d855cc8f6242";
const FV3: &str = "5c7f2dd6489e93abea8cfe858cc7f479d6f24197a310eff8ba1381b5b898e212";
const FV4: &str = "bf3a36cc0bca8f7afcbed7f741c8eb8bf72f8597c75a72c9835fb36b77110d7b";
const FV5: &str = "ab71f3d5c58f281952e038473980bdd2f1f8829297272cbc004019a676eab9b9";
const FV6: &str = "e5487289a992852d1ccea6d1c5212c383c73c77bdf512da903fbc244d00cdb93";

fn fv2_body() -> Vec<u8> {
    BASE64.decode(b"eyJuYW1lIjoidHJhbnNhY3Rpb24uZGVjbGluZWQiLCJlbnRpdHkiOnsiaWQiOjEwNDAxNCwiZGVzY3JpcHRpb24iOiJGb3JmYWl0IMOpdMOpIDFoIOKAkyBDb3Rvbm91Iiwic3RhdHVzIjoiZGVjbGluZWQifX0=").unwrap()
}

fn fv3_body() -> Vec<u8> {
    BASE64.decode(b"eyAibmFtZSIgOiAidHJhbnNhY3Rpb24uYXBwcm92ZWQiLAogICJlbnRpdHkiIDogeyAiaWQiIDogMTA0MDE1LCAiYW1vdW50IiA6IDIwMCB9IH0K").unwrap()
}

fn account(public: Option<&str>, secret: Option<&str>, webhooks: &[&str]) -> Account {
    Account {
        id: AccountId::new("fp"),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Fedapay {
            public_key: public.map(Into::into),
            secret_key: secret.map(Into::into),
            webhook_secrets: webhooks.iter().map(|&secret| secret.into()).collect(),
        },
        refunds: RefundPolicy::default(),
    }
}

fn check_lines(secrets: &[&str], lines: &[&[u8]], body: &[u8], now_s: i64) -> Result<(), Refusal> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("X-FEDAPAY-SIGNATURE", HeaderValue::from_bytes(line).unwrap());
    }
    let incoming = Incoming {
        query: None,
        headers: &headers,
        body,
    };
    let now = Timestamp::from_second(now_s).unwrap();
    match Fedapay.authenticate(&account(None, None, secrets), incoming, now)? {
        Authenticity::Signed => Ok(()),
        other => panic!("{other:?}"),
    }
}

fn check(secrets: &[&str], line: &str, body: &[u8], now_s: i64) -> Result<(), Refusal> {
    check_lines(secrets, &[line.as_bytes()], body, now_s)
}

#[test]
fn positive_vectors() {
    let line = |t: i64, s: &str| format!("t={t},s={s}");
    assert_eq!((FV1_BODY.len(), fv2_body().len(), fv3_body().len()), (146, 119, 84));
    assert_eq!(
        [FV1_BODY, &fv2_body(), &fv3_body()].map(signature::sha256_hex),
        [
            "ecd9ce4c5606ec05f9c20add7f843fd99c167e20f7113b7a090c40ef9393f648",
            "92db96c596104e40be082a1bcb058b67d8c46c3e8afb667b013d00940e7babaf",
            "55b783141b9883800481bec1b34b44811008f5112a707dd7806a73ea78f1fd73",
        ]
    );
    assert_eq!(check(&[S1], &line(T, FV1), FV1_BODY, T), Ok(()));
    assert_eq!(check(&[S1], &line(T, FV2), &fv2_body(), T), Ok(()));
    assert_eq!(check(&[S2], &line(T + 301, FV3), &fv3_body(), T + 301), Ok(()));
    assert_eq!(check(&[S1], &line(T, FV4), b"{}", T), Ok(()));
    assert_eq!(check(&[S1], &line(T, FV6), &[FV1_BODY, b"\n"].concat(), T), Ok(()));
}

#[test]
fn d7_rotation_accepts_either_secret_and_stops_with_it() {
    let line = format!("t={T},s={FV5}");
    assert_eq!(check(&[S1], &line, FV1_BODY, T), Err(Refusal::Wrong));
    assert_eq!(check(&[S1, S2], &line, FV1_BODY, T), Ok(()));
    assert_eq!(check(&[S2, S1], &format!("t={T},s={FV1}"), FV1_BODY, T), Ok(()));
    assert_eq!(
        check(&[S2], &format!("t={T},s={FV1}"), FV1_BODY, T),
        Err(Refusal::Wrong)
    );
}

#[test]
fn header_shapes_that_are_accepted() {
    let zeros = "0".repeat(64);
    for line in [
        format!("t={T},s={zeros},s={FV1}"),
        format!("s={FV1},t={T}"),
        format!("t={T},v1=00,s={FV1}"),
        format!("t={T}, s={FV1}"),
        format!("t={T},s={},", FV1.to_ascii_uppercase()),
        format!("t={T},s=nothex,s={FV1}"),
    ] {
        assert_eq!(check(&[S1], &line, FV1_BODY, T), Ok(()), "{line}");
    }
}

#[test]
fn p1_header_shapes_that_are_refused() {
    for (line, why) in [
        (format!("t={},s={FV1}", T + 1), Refusal::Wrong),
        (format!("t={T},v1={FV1}"), Refusal::Malformed),
        (format!("s={FV1}"), Refusal::Malformed),
        (format!("t=abc,s={FV1}"), Refusal::Malformed),
        (format!("t={T}x,s={FV1}"), Refusal::Malformed),
        (format!("t=,s={FV1}"), Refusal::Malformed),
        (format!("t=-{T},s={FV1}"), Refusal::Malformed),
        (format!("t=99999999999999999999,s={FV1}"), Refusal::Malformed),
        (format!("t=1,t={T},s={FV1}"), Refusal::Malformed),
        (format!("t={T},t={T},s={FV1}"), Refusal::Malformed),
        (format!("t={T}"), Refusal::Malformed),
        (format!("t={T},s="), Refusal::Wrong),
        (format!("t={T},s={}", &FV1[..62]), Refusal::Wrong),
        (format!("t={T},s={FV1}00"), Refusal::Wrong),
        (format!("t={T},s={}", BASE64.encode(&[7; 32])), Refusal::Wrong),
        (FV1.to_owned(), Refusal::Malformed),
        (String::new(), Refusal::Malformed),
        ("  ".to_owned(), Refusal::Malformed),
        (format!("t={T},s={}", "ab".repeat(500_000)), Refusal::Malformed),
    ] {
        assert_eq!(check(&[S1], &line, FV1_BODY, T), Err(why), "{line:.80}");
    }
    let good = format!("t={T},s={FV1}");
    assert_eq!(check_lines(&[S1], &[], FV1_BODY, T), Err(Refusal::Missing));
    assert_eq!(
        check_lines(&[S1], &[good.as_bytes(), good.as_bytes()], FV1_BODY, T),
        Err(Refusal::Malformed)
    );
    assert_eq!(
        check_lines(&[S1], &["t=1,s=é".as_bytes()], FV1_BODY, T),
        Err(Refusal::Malformed)
    );
    assert_eq!(check(&[""], &good, FV1_BODY, T), Err(Refusal::Wrong));
}

#[test]
fn p2_only_the_exact_bytes_are_signed() {
    let line = format!("t={T},s={FV1}");
    let changed = String::from_utf8(FV1_BODY.to_vec()).unwrap().replace(":100,", ":999,");
    let body_only = "62308abc06a1ed186b0861ad4ba82b2a397d61e52df9a5ee512c4d3faa7dbd75";
    assert_eq!(check(&[S1], &line, changed.as_bytes(), T), Err(Refusal::Wrong));
    assert_eq!(
        check(&[S1], &format!("t={T},s={body_only}"), FV1_BODY, T),
        Err(Refusal::Wrong)
    );
    assert_eq!(check(&[S1], &line, &[FV1_BODY, b"\n"].concat(), T), Err(Refusal::Wrong));
    assert_eq!(
        check(&[S1], &line, &[b"\xef\xbb\xbf", FV1_BODY].concat(), T),
        Err(Refusal::Wrong)
    );
    let again: serde_json::Value = serde_json::from_slice(&fv3_body()).unwrap();
    assert_eq!(
        check(
            &[S2],
            &format!("t={},s={FV3}", T + 301),
            again.to_string().as_bytes(),
            T + 301
        ),
        Err(Refusal::Wrong)
    );
}

#[test]
fn the_clock_may_differ_by_300_s() {
    let line = format!("t={T},s={FV1}");
    for age_s in [0, 300, -300] {
        assert_eq!(check(&[S1], &line, FV1_BODY, T + age_s), Ok(()), "{age_s}");
    }
    for age_s in [301, -301, 86_400] {
        assert_eq!(
            check(&[S1], &line, FV1_BODY, T + age_s),
            Err(Refusal::OutsideTolerance { age_s })
        );
    }
    // A stale signature that is also wrong is just wrong.
    assert_eq!(check(&[S2], &line, FV1_BODY, T + 301), Err(Refusal::Wrong));
}

#[test]
fn without_a_webhook_secret_nothing_is_proven() {
    let incoming = Incoming {
        query: None,
        headers: &HeaderMap::new(),
        body: b"{}",
    };
    let result = Fedapay.authenticate(&account(None, Some("sk_live_x"), &[]), incoming, Timestamp::UNIX_EPOCH);
    assert!(matches!(result, Ok(Authenticity::Unsigned)));
}

fn notice(body: &str) -> Result<Notice, Unreadable> {
    Fedapay.read_notice(&account(Some("pk_live_x"), None, &[S2]), Told::body(body.as_bytes()))
}

#[test]
fn the_documented_event_is_read() {
    let body = r#"{"name":"transaction.approved","object":"transaction","entity":{"id":104013,"reference":"trx_hQ5","amount":100,"status":"approved","currency_id":1,
            "commission":"0.018","amount_debited":102,"custom_metadata":{"ref":"A1B2C3"},"merchant_reference":"A1B2C3",
            "metadata":{"paid_customer":{"email":"awa@example.org"}}},"account":{"id":1370,"name":"Demo"}}"#;
    let notice = notice(body).unwrap();
    assert_eq!(
        (notice.order, notice.gateway_id.as_deref()),
        (Some(OrderRef::new("A1B2C3")), Some("104013"))
    );
    let report = notice.report.unwrap();
    assert_eq!(report.status, PaymentStatus::Paid);
    assert_eq!(report.amount, Some(Money::from_minor(100, Currency::Xof)));
    assert_eq!(
        (report.mode, report.receipt.as_deref()),
        (Some(Mode::Live), Some("trx_hQ5"))
    );
    assert_eq!(report.email.as_deref(), Some("awa@example.org"));
    assert_eq!(
        Fedapay.event_key(Told::body(body.as_bytes())),
        "transaction.approved:104013:approved"
    );
    assert_eq!(Fedapay.event_key(Told::body(br#"{"id":"evt_9","name":"x"}"#)), "evt_9");
    assert_eq!(Fedapay.event_key(Told::body(b"{")), signature::sha256_hex(b"{"));
}

#[test]
fn the_vectors_bodies_are_read() {
    let read = |body: &[u8]| notice(std::str::from_utf8(body).unwrap()).unwrap();
    assert_eq!(
        read(FV1_BODY).report.unwrap().amount,
        Some(Money::from_minor(100, Currency::Xof))
    );
    let declined = read(&fv2_body());
    assert_eq!(declined.report.unwrap().status, PaymentStatus::Failed { reason: None });
    // No status: the event's own name says what happened.
    let approved = read(&fv3_body()).report.unwrap();
    assert_eq!(
        (approved.status, approved.amount.unwrap().minor()),
        (PaymentStatus::Paid, 200)
    );
    assert!(notice("{}").unwrap().report.is_none());
}

#[test]
fn types_may_vary_and_anything_may_be_null() {
    let read = |entity: &str| notice(&format!(r#"{{"name":"transaction.updated","entity":{entity}}}"#));
    let report = read(
        r#"{"id":"7","amount":"100.0","status":"approved","custom_metadata":null,"merchant_reference":"A1","currency":{"iso":"GNF"},"metadata":[]}"#,
    );
    let report = report.unwrap().report.unwrap();
    assert_eq!(
        (report.amount, report.order),
        (Some(Money::from_minor(100, Currency::Gnf)), Some(OrderRef::new("A1")))
    );
    for entity in [
        r#"{"id":7,"status":"approved","amount":99.5}"#,
        r#"{"id":7,"status":"approved","amount":100,"currency_id":4}"#,
        r#"{"id":7,"status":"approved","amount":1e2,"custom_metadata":[]}"#,
        r#"{"id":7,"status":"approved","amount":null,"custom_metadata":"x"}"#,
    ] {
        let report = read(entity).unwrap().report.unwrap();
        assert_eq!(
            (report.status, report.amount, report.order),
            (PaymentStatus::Paid, None, None),
            "{entity}"
        );
    }
    for bad in [
        "null",
        "[]",
        "{}",
        r#"{"id":null}"#,
        r#"{"id":1,"id":2}"#,
        r#"{"id":1,"custom_metadata":{"ref":"A","ref":"B"}}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn other_peoples_events_are_no_reports() {
    for name in ["payout.sent", "customer.created", "", "transactions.approved"] {
        let read = notice(&format!(
            r#"{{"name":"{name}","entity":{{"id":5,"status":"approved","amount":100}}}}"#
        ))
        .unwrap();
        assert_eq!(
            read,
            Notice {
                order: None,
                gateway_id: None,
                report: None
            },
            "{name}"
        );
    }
    let read =
        notice(r#"{"name":"transaction.teleported","entity":{"id":5,"status":"approved","amount":100}}"#).unwrap();
    assert_eq!((read.gateway_id.as_deref(), read.report), (Some("5"), None));
}

#[test]
fn statuses_are_those_of_the_facts() {
    let failed = PaymentStatus::Failed {
        reason: Some("INSUFFICIENT_FUND_ERROR".to_owned()),
    };
    for (word, status) in [
        ("pending", PaymentStatus::Pending),
        ("approved", PaymentStatus::Paid),
        ("transferred", PaymentStatus::Paid),
        ("declined", failed),
        ("canceled", PaymentStatus::Cancelled),
        ("expired", PaymentStatus::Expired),
        ("refunded", PaymentStatus::Refunded),
        ("approved_partially_refunded", PaymentStatus::Refunded),
        ("transferred_partially_refunded", PaymentStatus::Refunded),
        ("Approved", PaymentStatus::Unknown("Approved".to_owned())),
        ("", PaymentStatus::Unknown("updated".to_owned())),
    ] {
        let body = format!(
            r#"{{"name":"transaction.updated","entity":{{"id":1,"status":"{word}","last_error_code":"INSUFFICIENT_FUND_ERROR"}}}}"#
        );
        assert_eq!(notice(&body).unwrap().report.unwrap().status, status, "{word}");
    }
}

#[test]
fn one_sandbox_key_makes_events_tests() {
    let mode = |public, secret, webhooks: &[&str]| {
        let body = br#"{"name":"transaction.approved","entity":{"id":1}}"#;
        Fedapay
            .read_notice(&account(public, secret, webhooks), Told::body(body))
            .unwrap()
            .report
            .unwrap()
            .mode
    };
    assert_eq!(mode(Some("pk_live_x"), None, &[S2]), Some(Mode::Live));
    assert_eq!(mode(Some("pk_live_x"), None, &[S2, S1]), Some(Mode::Test));
    assert_eq!(mode(Some("pk_sandbox_x"), None, &[S2]), Some(Mode::Test));
    assert_eq!(mode(None, None, &["unprefixed"]), None);
}

#[test]
fn what_an_account_has_decides_how_buyers_pay() {
    let method = |public, secret, webhooks: &[&str]| Fedapay.pay_method(&account(public, secret, webhooks), "BJ");
    assert_eq!(method(None, Some("sk_live_x"), &[]), PayMethod::Redirect);
    assert_eq!(method(Some("pk_live_x"), Some("sk_live_x"), &[S2]), PayMethod::Redirect);
    let script = CHECKOUT_SCRIPT.to_owned();
    let checkout = |key: &str, environment| PayMethod::CheckoutJs {
        public_key: key.to_owned(),
        environment,
        script_url: script.clone(),
    };
    assert_eq!(method(Some("pk_live_x"), None, &[S2]), checkout("pk_live_x", "live"));
    assert_eq!(
        method(Some("pk_sandbox_x"), None, &[S1]),
        checkout("pk_sandbox_x", "sandbox")
    );
    for (public, secret) in [
        (Some("pk_live_x"), None),
        (None, None),
        (Some("pk_live_x"), Some("sk_sandbox_x")),
    ] {
        assert!(
            matches!(method(public, secret, &[]), PayMethod::Cannot { .. }),
            "{public:?} {secret:?}"
        );
    }
}

fn request() -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new("A1B2C3"),
        amount: Money::from_minor(100, Currency::Xof),
        description: "Ticket 4 heures".to_owned(),
        return_url: "https://relay.example/o/x".to_owned(),
        notify_url: "https://relay.example/n?k=1".to_owned(),
        language: Language::Fr,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "BJ".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

const MADE: &str = r#"{"v1/transaction":{"id":7,"status":"pending","amount":100,"custom_metadata":{"ref":"A1B2C3"}}}"#;
const TOKEN: &str = r#"{"token":"j.w.t","url":"https://process.fedapay.com/j.w.t"}"#;

#[test]
fn a_start_makes_a_transaction_and_a_token() {
    let live = account(None, Some("sk_live_x"), &[]);
    let (calls, started) = play(Fedapay.start(&live, &request()), &[(201, MADE), (200, TOKEN)]);
    let started = started.unwrap();
    assert_eq!(started.gateway_id.as_deref(), Some("7"));
    assert_eq!(started.pay_url.as_deref(), Some("https://process.fedapay.com/j.w.t"));
    assert!(
        calls[0].starts_with("POST https://api.fedapay.com/v1/transactions {"),
        "{calls:?}"
    );
    assert!(
        calls[0].contains(r#""custom_metadata":{"ref":"A1B2C3"}"#)
            && calls[0].contains(r#""merchant_reference":"A1B2C3""#)
    );
    assert_eq!(calls[1], "POST https://api.fedapay.com/v1/transactions/7/token");
    let sandbox = account(None, Some("sk_sandbox_x"), &[]);
    let (calls, _) = play(Fedapay.start(&sandbox, &request()), &[(500, "")]);
    assert!(
        calls[0].starts_with("POST https://sandbox-api.fedapay.com/"),
        "{calls:?}"
    );
}

#[test]
fn a_used_reference_is_looked_up_instead_of_paid_twice() {
    let live = account(None, Some("sk_live_x"), &[]);
    let reused = r#"{"message":"invalid","errors":{"merchant_reference":["has already been taken"]}}"#;
    let (calls, started) = play(
        Fedapay.start(&live, &request()),
        &[(422, reused), (200, MADE), (200, TOKEN)],
    );
    assert_eq!(started.unwrap().gateway_id.as_deref(), Some("7"));
    assert_eq!(calls[1], "GET https://api.fedapay.com/v1/transactions/merchant/A1B2C3");
    let (_, refused) = play(
        Fedapay.start(&live, &request()),
        &[(400, r#"{"message":"amount"}"#), (404, "{}")],
    );
    assert!(matches!(refused, Err(GatewayError::Refused(why)) if why.contains("amount")));
}

#[test]
fn faults_while_starting_are_told_apart() {
    let live = account(None, Some("sk_live_x"), &[]);
    let start = |answers: &[(u16, &str)]| play(Fedapay.start(&live, &request()), answers).1.unwrap_err();
    assert!(matches!(
        start(&[(401, r#"{"message":"bad key"}"#)]),
        GatewayError::Misconfigured(_)
    ));
    assert!(matches!(start(&[(403, "<html>")]), GatewayError::Transient(_)));
    assert!(matches!(start(&[(429, "{}")]), GatewayError::Transient(_)));
    assert!(matches!(start(&[(200, "{}")]), GatewayError::Transient(_)));
    assert!(matches!(
        start(&[(200, MADE), (200, r#"{"url":"javascript:x"}"#)]),
        GatewayError::Transient(_)
    ));
    assert!(matches!(start(&[(200, MADE), (503, "")]), GatewayError::Transient(_)));
    let keyless = account(Some("pk_live_x"), None, &[S2]);
    assert!(matches!(
        play(Fedapay.start(&keyless, &request()), &[]).1,
        Err(GatewayError::Misconfigured(_))
    ));
}

#[test]
fn asking_goes_by_id_then_by_reference_and_minds_whose_order_it_is() {
    let live = account(None, Some("sk_live_x"), &[]);
    let key = |id: Option<&str>| PaymentKey {
        order: OrderRef::new("A1B2C3"),
        gateway_id: id.map(Into::into),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let (calls, report) = play(Fedapay.ask(&live, &key(Some("7"))), &[(200, MADE)]);
    assert_eq!(
        (calls[0].as_str(), report.unwrap().mode),
        ("GET https://api.fedapay.com/v1/transactions/7", Some(Mode::Live))
    );
    let (calls, _) = play(Fedapay.ask(&live, &key(Some("../x?y"))), &[(500, "")]);
    assert_eq!(calls[0], "GET https://api.fedapay.com/v1/transactions/%2E%2E%2Fx%3Fy");
    let foreign = MADE.replace("A1B2C3", "ZZZ");
    let (calls, report) = play(Fedapay.ask(&live, &key(Some("8"))), &[(200, &foreign), (200, MADE)]);
    assert_eq!(
        (calls[1].as_str(), report.unwrap().gateway_id.as_deref()),
        ("GET https://api.fedapay.com/v1/transactions/merchant/A1B2C3", Some("7"))
    );
    let (_, report) = play(Fedapay.ask(&live, &key(None)), &[(200, &foreign)]);
    assert_eq!(report, Err(GatewayError::NotFound));
    assert!(Fedapay.can_ask(&live) && !Fedapay.can_ask(&account(Some("pk_live_x"), None, &[S2])));
}
