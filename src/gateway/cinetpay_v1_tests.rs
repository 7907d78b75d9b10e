//! CinetPay v1's vectors: notifications and answers as the facts have them, and what is made of broken ones.

use super::super::call::script::play;
use super::*;
use crate::company::RefundPolicy;
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::Currency;
use http::HeaderMap;

/// Tokens are kept for the process, so each test has an account of its own.
fn account(id: &str) -> Account {
    Account {
        id: AccountId::new(id),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::CinetpayV1 {
            api_key: "sk_test_x".into(),
            api_password: "pw".into(),
        },
        refunds: RefundPolicy::default(),
    }
}

fn shown_token(body: &str) -> Result<(String, String), Refusal> {
    let incoming = Incoming {
        query: None,
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
    };
    match CinetpayV1.authenticate(&account("a"), incoming, Timestamp::UNIX_EPOCH)? {
        Authenticity::Token { order, token } => Ok((order.to_string(), token.expose_secret().to_owned())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn notify_tokens_are_texts_that_belong_to_an_order() {
    let body = r#"{"notify_token":"nt_7c1e","merchant_transaction_id":"MKH-1"}"#;
    let (order, token) = shown_token(body).unwrap();
    assert_eq!(order, "MKH-1");
    assert!(signature::is_same_secret("nt_7c1e", &token));
    for other in ["nt_7c1f", "nt_7c1e0"] {
        let (_, token) = shown_token(&body.replace("nt_7c1e", other)).unwrap();
        assert!(!signature::is_same_secret("nt_7c1e", &token), "{other}");
    }
    for (bad, why) in [
        (
            r#"{"notify_token":"","merchant_transaction_id":"MKH-1"}"#,
            Refusal::Missing,
        ),
        (r#"{"merchant_transaction_id":"MKH-1"}"#, Refusal::Missing),
        (
            r#"{"notify_token":7,"merchant_transaction_id":"MKH-1"}"#,
            Refusal::Missing,
        ),
        (
            r#"{"notify_token":null,"merchant_transaction_id":"MKH-1"}"#,
            Refusal::Missing,
        ),
        (r#"{"notify_token":"nt_7c1e"}"#, Refusal::Malformed),
        (
            r#"{"notify_token":"a","notify_token":"b","merchant_transaction_id":"MKH-1"}"#,
            Refusal::Malformed,
        ),
        ("cpm_trans_id=1", Refusal::Malformed),
        ("", Refusal::Malformed),
    ] {
        assert_eq!(shown_token(bad), Err(why), "{bad}");
    }
}

#[test]
fn events_say_nothing_about_money() {
    let body = br#"{"notify_token":"t","merchant_transaction_id":"MKH-1","transaction_id":"T9","user":{"phone_number":"+2250707000001"}}"#;
    let notice = CinetpayV1.read_notice(&account("a"), Told::body(body)).unwrap();
    assert_eq!(
        (notice.order, notice.gateway_id.as_deref()),
        (Some(OrderRef::new("MKH-1")), Some("T9"))
    );
    let report = notice.report.unwrap();
    assert_eq!(
        (report.status, report.amount, report.mode),
        (PaymentStatus::Pending, None, Some(Mode::Test))
    );
    assert_eq!(report.phone.as_deref(), Some("2250707000001"));
    assert!(CinetpayV1.event_key(Told::body(body)).starts_with("MKH-1:"));
    assert!(CinetpayV1.read_notice(&account("a"), Told::body(b"{}")).is_err());
}

fn request() -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new("A1B2C3"),
        amount: Money::from_minor(100, Currency::Xof),
        description: "Ticket".to_owned(),
        return_url: "https://relay.example/o/x".to_owned(),
        notify_url: "https://relay.example/n?k=1".to_owned(),
        language: Language::Fr,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "CI".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

const LOGIN: &str = r#"{"code":200,"status":"OK","access_token":"jwt","expires_in":86400}"#;
const MADE: &str = r#"{"code":200,"status":"OK","payment_token":"p","notify_token":"nt","transaction_id":"T9","merchant_transaction_id":"A1B2C3","payment_url":"https://secure.cinetpay.net/checkout/p","details":{"code":2001,"status":"INITIATED"}}"#;
const STALE: &str = r#"{"code":1003,"status":"EXPIRED_TOKEN"}"#;

#[test]
fn the_login_is_kept_and_renewed_once() {
    let account = account("login");
    let (calls, started) = play(CinetpayV1.start(&account, &request()), &[(200, LOGIN), (200, MADE)]);
    let started = started.unwrap();
    assert_eq!(started.gateway_id.as_deref(), Some("T9"));
    assert_eq!(started.notify_token.unwrap().expose_secret(), "nt");
    assert!(
        calls[0].starts_with("POST https://api.cinetpay.net/v1/oauth/login {"),
        "{calls:?}"
    );
    assert!(
        calls[1].contains(r#""merchant_transaction_id":"A1B2C3""#)
            && calls[1].contains(r#""client_last_name":"Hotspot""#)
    );
    let (calls, _) = play(CinetpayV1.start(&account, &request()), &[(200, MADE)]);
    assert!(calls[0].starts_with("POST https://api.cinetpay.net/v1/payment {"));
    for (status, code) in [(401, "1002"), (422, "1003"), (200, "1003")] {
        let stale = STALE.replace("1003", code);
        let (calls, started) = play(
            CinetpayV1.start(&account, &request()),
            &[(status, &stale), (200, LOGIN), (200, MADE)],
        );
        assert!(started.is_ok() && calls.len() == 3, "{calls:?}");
    }
    let (_, refused) = play(
        CinetpayV1.start(&account, &request()),
        &[(401, STALE), (200, LOGIN), (401, STALE)],
    );
    assert!(matches!(refused, Err(GatewayError::Misconfigured(_))));
}

#[test]
fn other_keys_of_the_account_log_in_anew() {
    let mut account = account("rotated");
    play(CinetpayV1.start(&account, &request()), &[(200, LOGIN), (200, MADE)])
        .1
        .unwrap();
    account.keys = AccountKeys::CinetpayV1 {
        api_key: "sk_live_y".into(),
        api_password: "pw".into(),
    };
    let (calls, _) = play(CinetpayV1.start(&account, &request()), &[(200, LOGIN), (200, MADE)]);
    assert!(
        calls[0].starts_with("POST https://api.cinetpay.co/v1/oauth/login"),
        "{calls:?}"
    );
}

#[test]
fn faults_are_told_apart() {
    let start =
        |id: &str, answers: &[(u16, &str)]| play(CinetpayV1.start(&account(id), &request()), answers).1.unwrap_err();
    assert!(matches!(
        start("f1", &[(401, r#"{"code":1005,"status":"INVALID_CREDENTIALS"}"#)]),
        GatewayError::Misconfigured(_)
    ));
    assert!(matches!(start("f2", &[(502, "<html>")]), GatewayError::Transient(_)));
    assert!(matches!(
        start(
            "f3",
            &[(200, LOGIN), (422, r#"{"code":1200,"status":"TRANSACTION_EXIST"}"#)]
        ),
        GatewayError::Refused(_)
    ));
    assert!(matches!(
        start("f4", &[(200, LOGIN), (422, r#"{"details":{"code":1004}}"#)]),
        GatewayError::Refused(_)
    ));
    assert!(matches!(
        start("f5", &[(200, LOGIN), (200, r#"{"code":-1}"#)]),
        GatewayError::Transient(_)
    ));
    let tokenless = MADE.replace("notify_token", "x");
    assert!(matches!(
        start("f6", &[(200, LOGIN), (200, &tokenless)]),
        GatewayError::Transient(_)
    ));
}

#[test]
fn requests_the_api_refuses_are_not_sent() {
    let refused = |change: fn(&mut PaymentRequest)| {
        let mut request = request();
        change(&mut request);
        play(CinetpayV1.start(&account("unsent"), &request), &[]).1.unwrap_err()
    };
    assert!(matches!(
        refused(|r| r.notify_url = format!("https://x/{}", "y".repeat(120))),
        GatewayError::Rule(GatewayRule::AddressLength { .. })
    ));
    assert!(matches!(
        refused(|r| r.amount = Money::from_minor(99, Currency::Xof)),
        GatewayError::Rule(GatewayRule::Between { .. })
    ));
    assert!(matches!(
        refused(|r| r.amount = Money::from_minor(2_500_001, Currency::Xof)),
        GatewayError::Rule(GatewayRule::Between { .. })
    ));
    assert!(matches!(
        refused(|r| r.order = OrderRef::new("a_b")),
        GatewayError::Refused(_)
    ));
    assert!(matches!(
        refused(|r| r.order = OrderRef::new("A".repeat(31))),
        GatewayError::Refused(_)
    ));
}

fn ask(id: &str, status: u16, body: &str) -> Result<Report, GatewayError> {
    let key = PaymentKey {
        order: OrderRef::new("A1B2C3"),
        gateway_id: Some("other".to_owned()),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let (calls, report) = play(CinetpayV1.ask(&account(id), &key), &[(200, LOGIN), (status, body)]);
    assert_eq!(calls[1], "GET https://api.cinetpay.net/v1/payment/A1B2C3");
    report
}

#[test]
fn codes_are_those_of_the_facts() {
    let failed = |word: &str| PaymentStatus::Failed {
        reason: Some(word.to_owned()),
    };
    for (index, (code, word, status)) in [
        ("100", "SUCCESS", PaymentStatus::Paid),
        ("100", "PENDING", PaymentStatus::Unknown("100 PENDING".to_owned())),
        ("2001", "INITIATED", PaymentStatus::Pending),
        ("2002", "PENDING", PaymentStatus::Pending),
        ("2003", "EXPIRED", PaymentStatus::Expired),
        ("2004", "OTP_ERROR", failed("OTP_ERROR")),
        ("2005", "INSUFFICIENT_BALANCE", failed("INSUFFICIENT_BALANCE")),
        ("2006", "USER_NOT_FOUND", failed("USER_NOT_FOUND")),
        ("2007", "USER_IS_BLOCKED", failed("USER_IS_BLOCKED")),
        ("2008", "OTP_EXPIRED", failed("OTP_EXPIRED")),
        ("2010", "FAILED", failed("FAILED")),
        ("2011", "NOT_ALLOWED", failed("NOT_ALLOWED")),
        ("2999", "NEW", PaymentStatus::Unknown("2999 NEW".to_owned())),
    ]
    .into_iter()
    .enumerate()
    {
        let body =
            format!(r#"{{"code":{code},"status":"{word}","merchant_transaction_id":"A1B2C3","transaction_id":"T9"}}"#);
        let report = ask(&format!("codes{index}"), 200, &body).unwrap();
        assert_eq!(
            (report.status, report.amount, report.mode),
            (status, None, Some(Mode::Test)),
            "{code}"
        );
    }
    assert_eq!(
        ask("codes-nf", 404, r#"{"code":404,"status":"NOT_FOUND"}"#),
        Err(GatewayError::NotFound)
    );
    assert!(matches!(
        ask("codes-op", 200, r#"{"code":-1}"#),
        Err(GatewayError::Transient(_))
    ));
    assert_eq!(
        ask(
            "codes-x",
            200,
            r#"{"code":100,"status":"SUCCESS","merchant_transaction_id":"OTHER"}"#
        ),
        Err(GatewayError::NotFound)
    );
}
