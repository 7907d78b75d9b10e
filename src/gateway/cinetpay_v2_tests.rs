//! CinetPay v2's vectors: tokens, notifications and answers as the facts have them, and what is made of broken ones.

use super::super::call::script::play;
use super::*;
use crate::company::Mode;
use crate::company::RefundPolicy;
use crate::ids::{AccountId, CompanyId};
use http::{HeaderMap, HeaderValue};

const KEY: &str = "cinetpay_secret_key_test";
const CV1_BODY: &str = "cpm_site_id=445160&cpm_trans_id=MKH20260001&cpm_trans_date=2026-11-02+19%3A19%3A00&cpm_amount=100&cpm_currency=XOF&signature=c1f3a9d2e4b5&payment_method=OM&cel_phone_num=0707000001&cpm_phone_prefixe=225&cpm_language=fr&cpm_version=V4&cpm_payment_config=SINGLE&cpm_page_action=PAYMENT&cpm_custom=r%3DA1B2%3Bmac%3DAA%3ABB%3ACC%3ADD%3AEE%3AFF%3Bip%3D10.5.50.7&cpm_designation=Ticket+30min&cpm_error_message=SUCCES";
const CV1: &str = "12139fddd88af66a9f34c5be3357e6843be132b3651476916bc31602db3aaee8";
const CV2_BODY: &str = "cpm_site_id=445160&cpm_trans_id=MKH20260002&cpm_trans_date=2026-11-02+19%3A21%3A07&cpm_amount=500&cpm_currency=XAF&signature=&payment_method=&cel_phone_num=&cpm_phone_prefixe=&cpm_language=fr&cpm_version=V4&cpm_payment_config=SINGLE&cpm_page_action=PAYMENT&cpm_custom=&cpm_designation=Forfait+%C3%A9t%C3%A9+%2B+week-end&cpm_error_message=TRANSACTION_CANCEL";
const CV2: &str = "529f3fc5420a24e04c0479386dc2fc5eef6b6caf6f49e9e81ed4ad1e61a0fe8b";
const CV3_BODY: &str = "cpm_trans_id=MKH20260003&cpm_site_id=445160&cpm_trans_date=2026-11-02+20%3A00%3A00&cpm_amount=200&cpm_currency=XOF&signature=ab&payment_method=MOMO&cel_phone_num=0505000002&cpm_phone_prefixe=225&cpm_language=en&cpm_version=V4&cpm_payment_config=SINGLE&cpm_page_action=PAYMENT&cpm_custom=bWV0YQ%3D%3D&cpm_designation=Pass+1h&cpm_error_message=PAYMENT_FAILED&cpm_extra=Z";

fn account(secrets: &[&str]) -> Account {
    Account {
        id: AccountId::new("cp"),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::CinetpayV2 {
            site_id: "445160".to_owned(),
            api_key: "apikey_test".into(),
            webhook_secrets: secrets.iter().map(|&secret| secret.into()).collect(),
        },
        refunds: RefundPolicy::default(),
    }
}

fn check(secrets: &[&str], tokens: &[&str], body: &str) -> Result<Authenticity, Refusal> {
    let mut headers = HeaderMap::new();
    for token in tokens {
        headers.append("X-Token", HeaderValue::from_str(token).unwrap());
    }
    CinetpayV2.authenticate(
        &account(secrets),
        Incoming {
            query: None,
            headers: &headers,
            body: body.as_bytes(),
        },
        Timestamp::UNIX_EPOCH,
    )
}

fn is_signed(token: &str, body: &str) -> bool {
    match check(&[KEY], &[token], body) {
        Ok(Authenticity::Signed) => true,
        Err(Refusal::Wrong) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn positive_vectors() {
    assert!(is_signed(CV1, CV1_BODY));
    assert!(is_signed(&CV1.to_ascii_uppercase(), CV1_BODY));
    assert!(is_signed(CV2, CV2_BODY));
    // CV3: documented order, then arrival order with the added field.
    assert!(is_signed(
        "eafb8e436a6aa400403626096940de18fe7e6e3175cd54f7560b01390142a5d4",
        CV3_BODY
    ));
    assert!(is_signed(
        "0bbf1d00711a69ee8160cf08b22ab4b19a00e6f633e8c7cdd6728408db23b7bf",
        CV3_BODY
    ));
    assert!(is_signed(
        "4c8e689971c3c872b902e26030b8d8e0deda779b8fdf7c7bf002835e822e3bc8",
        "cpm_site_id=445160&cpm_trans_id=MKH20260004"
    ));
    assert!(matches!(
        check(&["old", KEY], &[CV1], CV1_BODY),
        Ok(Authenticity::Signed)
    ));
}

#[test]
fn negative_vectors() {
    assert!(!is_signed(
        "203ca5d8c143806ecdce92788165b076966a6e9aa2f007ede2ce06c4d58cfedd",
        CV2_BODY
    ));
    assert!(!is_signed(
        "43f4cbc996ed225eb1e0da94e64fbdbf5b2a367480447be166f817ed08877d03",
        CV1_BODY
    ));
    assert!(!is_signed(CV1, &CV1_BODY.replace("cpm_amount=100", "cpm_amount=1000")));
    assert!(!is_signed(CV1, CV2_BODY));
    assert!(!is_signed(CV1, ""));
}

#[test]
fn p1_tokens_of_the_wrong_shape() {
    assert!(matches!(check(&[KEY], &[], CV1_BODY), Err(Refusal::Missing)));
    assert!(matches!(check(&[KEY], &[CV1, CV1], CV1_BODY), Err(Refusal::Malformed)));
    for token in [
        "",
        "abc",
        &CV1[..63],
        &format!("{CV1}0"),
        &"z".repeat(64),
        &"a".repeat(2000),
    ] {
        assert!(
            matches!(check(&[KEY], &[token], CV1_BODY), Err(Refusal::Malformed)),
            "{token:.70}"
        );
    }
    assert!(matches!(check(&[""], &[CV1], CV1_BODY), Err(Refusal::Wrong)));
}

#[test]
fn p4_hostile_forms() {
    let many = vec!["a=1"; 10_000].join("&");
    let twice = format!("{CV1_BODY}&cpm_amount=1");
    for body in [many.as_str(), &twice] {
        assert!(matches!(check(&[KEY], &[CV1], body), Err(Refusal::Malformed)));
        assert!(
            CinetpayV2
                .read_notice(&account(&[]), Told::body(body.as_bytes()))
                .is_err()
        );
    }
    for body in ["%", "%zz", "+", "%00", "a[b]=", "&&&", "=", "\u{0}", "cpm_trans_id=%ff"] {
        assert!(!is_signed(CV1, body), "{body}");
        assert!(
            CinetpayV2
                .read_notice(&account(&[]), Told::body(body.as_bytes()))
                .is_err(),
            "{body}"
        );
        assert!(!CinetpayV2.event_key(Told::body(body.as_bytes())).is_empty());
    }
    assert_eq!(decode(b"a%zz+%41%"), b"a%zz A%");
}

#[test]
fn without_a_secret_key_the_check_decides() {
    assert!(matches!(check(&[], &[], CV1_BODY), Ok(Authenticity::Unsigned)));
    assert!(matches!(check(&[], &["ignored"], CV1_BODY), Ok(Authenticity::Unsigned)));
    // An event of the newer generation on the same address is not this account's.
    assert!(matches!(
        check(&[], &[], r#"{"notify_token":"x"}"#),
        Err(Refusal::Malformed)
    ));
}

#[test]
fn notifications_are_read() {
    let read = |body: &str| CinetpayV2.read_notice(&account(&[]), Told::body(body.as_bytes()));
    let notice = read(CV1_BODY).unwrap();
    assert_eq!(
        (notice.order, notice.gateway_id.as_deref()),
        (Some(OrderRef::new("MKH20260001")), Some("MKH20260001"))
    );
    let report = notice.report.unwrap();
    assert_eq!(
        (report.status, report.amount),
        (PaymentStatus::Paid, Some(Money::from_minor(100, Currency::Xof)))
    );
    assert_eq!(report.phone.as_deref(), Some("2250707000001"));
    let cancelled = read(CV2_BODY).unwrap().report.unwrap();
    assert_eq!(
        cancelled.status,
        PaymentStatus::Failed {
            reason: Some("TRANSACTION_CANCEL".to_owned())
        }
    );
    assert_eq!(cancelled.amount, Some(Money::from_minor(500, Currency::Xaf)));
    let bare = read("cpm_site_id=445160&cpm_trans_id=A1").unwrap().report.unwrap();
    assert_eq!((bare.status, bare.amount), (PaymentStatus::Pending, None));
    let foreign = read("cpm_site_id=1&cpm_trans_id=A1").unwrap();
    assert_eq!(
        foreign,
        Notice {
            order: None,
            gateway_id: None,
            report: None
        }
    );
    assert!(read("cpm_site_id=445160").is_err());
    let key = CinetpayV2.event_key(Told::body(CV1_BODY.as_bytes()));
    assert!(
        key.starts_with("MKH20260001:")
            && key != CinetpayV2.event_key(Told::body(CV1_BODY.replace("SUCCES", "X").as_bytes()))
    );
}

fn request(amount: Money) -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new("A1B2C3"),
        amount,
        description: "Ticket".to_owned(),
        return_url: "https://relay.example/o/x".to_owned(),
        notify_url: "https://relay.example/n?k=1".to_owned(),
        language: Language::Pt,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "CI".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn start(amount: Money, answers: &[(u16, &str)]) -> (Vec<String>, Result<Started, GatewayError>) {
    play(CinetpayV2.start(&account(&[]), &request(amount)), answers)
}

#[test]
fn a_start_makes_a_payment() {
    let created = r#"{"code":"201","message":"CREATED","data":{"payment_token":"t","payment_url":"https://checkout.cinetpay.com/payment/t"}}"#;
    for answer in [created.to_owned(), created.replace(r#""201""#, "201")] {
        let (calls, started) = start(Money::from_minor(100, Currency::Xof), &[(200, &answer)]);
        assert_eq!(
            started.unwrap().pay_url.as_deref(),
            Some("https://checkout.cinetpay.com/payment/t")
        );
        assert!(
            calls[0].starts_with("POST https://api-checkout.cinetpay.com/v2/payment {"),
            "{calls:?}"
        );
        for part in [
            r#""transaction_id":"A1B2C3""#,
            r#""metadata":"A1B2C3""#,
            r#""amount":100"#,
            r#""lang":"en""#,
        ] {
            assert!(calls[0].contains(part), "{part}");
        }
    }
}

#[test]
fn amounts_the_gateway_refuses_are_not_sent() {
    for (minor, currency) in [
        (102, Currency::Xof),
        (95, Currency::Xof),
        (10_050, Currency::Usd),
        (500, Currency::Eur),
        (0, Currency::Xof),
    ] {
        let (calls, refused) = start(Money::from_minor(minor, currency), &[]);
        assert!(
            calls.is_empty() && matches!(refused, Err(GatewayError::Rule(_))),
            "{minor} {currency}"
        );
    }
    assert_eq!(fitting_amount(Money::from_minor(10_100, Currency::Usd)), Ok(101));
}

#[test]
fn refusals_are_read_whatever_the_http_status() {
    let fault = |status, body: &str| {
        start(Money::from_minor(100, Currency::Xof), &[(status, body)])
            .1
            .unwrap_err()
    };
    for status in [200, 400, 401, 403, 404] {
        for code in ["608", "609", "624"] {
            let body = format!(r#"{{"code":"{code}","message":"X"}}"#);
            assert!(
                matches!(fault(status, &body), GatewayError::Misconfigured(_)),
                "{status} {code}"
            );
        }
        assert!(
            matches!(fault(status, r#"{"code":603}"#), GatewayError::Transient(_)),
            "{status}"
        );
        assert!(
            matches!(
                fault(status, r#"{"code":"999","message":"exists"}"#),
                GatewayError::Refused(_)
            ),
            "{status}"
        );
    }
    assert!(matches!(fault(403, "<html>edge</html>"), GatewayError::Transient(_)));
    assert!(matches!(fault(502, ""), GatewayError::Transient(_)));
    assert!(matches!(
        fault(200, r#"{"code":"201","data":{}}"#),
        GatewayError::Transient(_)
    ));
}

fn ask(status: u16, body: &str) -> Result<Report, GatewayError> {
    let key = PaymentKey {
        order: OrderRef::new("A1B2C3"),
        gateway_id: None,
        created_at: Timestamp::UNIX_EPOCH,
    };
    let (calls, report) = play(CinetpayV2.ask(&account(&[]), &key), &[(status, body)]);
    assert!(
        calls[0].starts_with("POST https://api-checkout.cinetpay.com/v2/payment/check {"),
        "{calls:?}"
    );
    report
}

#[test]
fn a_check_needs_code_and_word() {
    let body = r#"{"code":"00","message":"SUCCES","data":{"amount":"100","currency":"XOF","status":"ACCEPTED","metadata":"A1B2C3","operator_id":"MP26"}}"#;
    let report = ask(200, body).unwrap();
    assert_eq!(
        (report.status, report.amount),
        (PaymentStatus::Paid, Some(Money::from_minor(100, Currency::Xof)))
    );
    assert_eq!(report.receipt.as_deref(), Some("MP26"));
    let refused = ask(200, &body.replace("ACCEPTED", "REFUSED")).unwrap();
    assert_eq!(refused.status, PaymentStatus::Unknown("00 REFUSED".to_owned()));
    assert_eq!(ask(200, &body.replace("A1B2C3", "OTHER")), Err(GatewayError::NotFound));
    let null = ask(200, r#"{"code":"00","data":{"amount":100,"currency":"XOF","status":"ACCEPTED","metadata":null,"operator_id":null}}"#).unwrap();
    assert_eq!(null.amount, Some(Money::from_minor(100, Currency::Xof)));
}

#[test]
fn codes_are_those_of_the_facts() {
    for (codes, is_right) in [
        (
            &["201", "623", "662", "663", "664"][..],
            (|s| *s == PaymentStatus::Pending) as fn(&PaymentStatus) -> bool,
        ),
        (
            &[
                "600", "602", "604", "606", "625", "627", "635", "636", "641", "642", "807", "808", "809", "810",
                "811", "812",
            ],
            |s| {
                *s == PaymentStatus::Failed {
                    reason: Some("WORDS".to_owned()),
                }
            },
        ),
        (&["601", "0", "806", "ACCEPTED"], |s| {
            matches!(s, PaymentStatus::Unknown(_))
        }),
    ] {
        for code in codes {
            for status in [200, 400, 406] {
                let report = ask(status, &format!(r#"{{"code":"{code}","message":"WORDS","data":null}}"#)).unwrap();
                assert!(is_right(&report.status), "{code}: {:?}", report.status);
            }
        }
    }
    for code in ["603", "804"] {
        assert!(matches!(
            ask(200, &format!(r#"{{"code":{code}}}"#)),
            Err(GatewayError::Transient(_))
        ));
    }
    for code in ["608", "609", "624"] {
        assert!(matches!(
            ask(400, &format!(r#"{{"code":{code}}}"#)),
            Err(GatewayError::Misconfigured(_))
        ));
    }
    assert_eq!(ask(404, r#"{"code":"699"}"#), Err(GatewayError::NotFound));
    assert!(matches!(ask(403, "<html>"), Err(GatewayError::Transient(_))));
    assert!(matches!(
        ask(200, r#"{"code":"00","code":"600"}"#),
        Err(GatewayError::Transient(_))
    ));
}
