//! The adapter against the vectors, words and answers of facts `gateways-latin-america.md` 2 and 4.2.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::super::call::script::play;
use super::super::{Instructions, Place};
use super::*;
use crate::company::RefundPolicy;
use crate::ids::{AccountId, CompanyId};

const KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAiEVRaQIF87RpLb1j7Zkk
W6DgnlB33oKkgwegg8qgWof+5xoCdUDkxDv1ZrDmZ/cDdOzqMIn5oTyC/89rMMyq
/kdZyWz/LxYmO5WHkDW+6q6TMReyS0mzCrpBM91P+KDEMqo6drT2ZeKhmT4wdtGI
+6PXux1fpeRJbtMawvZ3TFtAQ7+PzMGHB1eCaqYzedch59Do5KIh79SmuqU/925+
WUTch0E6L+T90jIljqOaVZWdOX/bUvZqmXFQxsErqHIgXGnuZLtQ7Q+6hOc44dzh
EMi272WWaEEi3ldbfe64tu1lQ2PG2Ljt0yBISQsUzvWyy1SXvOg/uQjmI5ChleBq
rwIDAQAB
-----END PUBLIC KEY-----";
const CD1_BODY: &str = r#"{"data":{"object":{"livemode":false,"amount":1500,"currency":"MXN","payment_status":"paid","amount_refunded":0,"object":"order","id":"ord_2znsF4cv7L8sWnRya","metadata":{"ref":"wr-000123"}},"previous_attributes":{"payment_status":"pending_payment"}},"livemode":false,"webhook_status":"pending","id":"69cad87e5325490001cdd4f0","object":"event","type":"order.paid","created_at":1774901391}"#;
const CD1: &str = "JIk30SPWwAXVl+ZNjKuu3mi7R9APMLMfccLhJ+tMJpoGqRRkhhuej3cL1226+cv4yjQzTzchwi540tNRUBBfOhw8Tk8G1SGAVbGQRsd/Mi3XOAmuX5ktHqzQBdBpVKOKdz8fH61DdxHeG5xjubVMilXvx89FyXBQNdH48V7AoXjJrHBnr5nTP8twKjXJIingtKJLK5X9cIdTI9CUmQe7/wftnvG1HlHQQ7izjma7QneNJl8oSrmC4RWBCxBJlixOn80asPNJsv9Qa9Kf/S6OShQDRc1d06BPnt0HvKT94WKlRYYFoDgp7TOH+xOFadKiK5zY8UvlXlFsJ29ESIi7VA==";
const CD2_BODY: &str = r#"{"data":{"object":{"id":"69cad87e5325490001cdd48d","livemode":false,"currency":"MXN","payment_method":{"name":"José Ñandú","last4":"4242","brand":"visa","object":"card_payment","type":"credit"},"object":"charge","status":"paid","amount":1500,"order_id":"ord_2znsF4cv7L8sWnRya"}},"livemode":false,"id":"69cad87e5325490001cdd4f1","object":"event","type":"charge.paid","created_at":1774901390}"#;
const CD2: &str = "Yhxia45ZvrcoMUbNVmYO99PFF4jYjaV58aiSuvUN6/gau51wjrfW6cQy+HeWGuD+Bnv7vVfXAvpOOKGt0H/EfcH0zdsnBGK9VBHF8k3eaLlodl5LXJGGeoMuR4hx7yZyWWC9qmfOZMl086GE4Kx+lAtDdgfzhXSZfNb3xTs9Cj6n1266lFd47lB5+H1ARfSQP/YpwiU0Qn7l33XyXDjet6GaPnol1OEj37H7cWUtTjXv9F4xuQhA4lh++HFxMaRjSyg9JDNoV3zCcFe4/RidzWWAnrmqqHjCFA7u4eTg+PofvP6QG7wrkzAO56QCjO8GBTXB7/wKyetnPCLaUa9WYw==";
const CD3_BODY: &str = r#"{"data":{"action":"ping","livemode":true},"livemode":true,"id":"6307a60c41de27127515a575","object":"event","type":"webhook_ping","created_at":1661445644}"#;
const CD3: &str = "M9qKRqyuokj5Aa61NqppqzYU5BpTjzDRTIahv6j23ePrn4qFNJyH38WhEqkngFMqcELr5ARWRvk61gv5YTu+79I6ghGoCaLN5u8ptdxmbEnoXcafhfyKrUZbA3SkYKD6CixkroAqPOl0Fyn6xS7hzkypH+pYDqpLwZ5b47Q4DjqC6UE0IRFvqkKQ/aiLBmY81zDANorKxJpdacponD/VpQMKte3v87szqTNj7AWMwvKCQD5ynOitPUCnvjijKuQT8k4izUf3kduqEg3fgGI2Wfdz72ioKf+J2OF2R4huXhVyMeZFJkUkP1UavvyrHH+2oZS4k148WzD4FFfMSvKBGg==";

pub fn account(webhook_keys: &[&str]) -> Account {
    Account {
        id: AccountId::new("ck"),
        company: CompanyId::new("c"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Conekta {
            private_key: "key_private".into(),
            public_key: None,
            webhook_keys: webhook_keys.iter().map(|&key| key.to_owned()).collect(),
            methods: ConektaMethod::ALL.to_vec(),
        },
        refunds: RefundPolicy::default(),
    }
}

fn check(keys: &[&str], lines: &[&str], body: &[u8]) -> Result<Authenticity, Refusal> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("DIGEST", HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    let incoming = Incoming {
        query: None,
        headers: &headers,
        body,
    };
    Conekta.authenticate(&account(keys), incoming, Timestamp::UNIX_EPOCH)
}

fn refusal(lines: &[&str], body: &[u8]) -> Refusal {
    check(&[KEY], lines, body).unwrap_err()
}

/// A key pair of this run and its public half in PEM.
fn new_key() -> (RsaKeyPair, String) {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        BASE64.encode(der.as_ref())
    );
    (pair, pem)
}

#[test]
fn positive_vectors() {
    for (body, digest) in [(CD1_BODY, CD1), (CD2_BODY, CD2), (CD3_BODY, CD3)] {
        for line in [
            digest.to_owned(),
            format!("  {digest} "),
            format!("sha-256={digest}"),
            format!("SHA256= {digest}"),
        ] {
            let proof = check(&[KEY], &[&line], body.as_bytes());
            assert!(matches!(proof, Ok(Authenticity::Signed)), "{line:.20} {proof:?}");
        }
    }
}

#[test]
fn negative_vectors() {
    let body = CD1_BODY.as_bytes();
    let escaped = CD2_BODY
        .replace('é', "\\u00e9")
        .replace('Ñ', "\\u00d1")
        .replace('ú', "\\u00fa");
    assert_ne!(escaped, CD2_BODY);
    for (name, digest, body) in [
        ("one byte more", CD1, format!("{CD1_BODY}\n")),
        ("made anew with escapes", CD2, escaped),
        ("of another body", CD2, CD1_BODY.to_owned()),
        ("of nothing", CD1, String::new()),
    ] {
        assert_eq!(refusal(&[digest], body.as_bytes()), Refusal::Wrong, "{name}");
    }
    let half = &CD1[..CD1.len() - 4];
    let long = BASE64.encode(&[7; 257]);
    let endless = "A".repeat(1000);
    for line in [half, &CD1[..100], "%%%", "é", &long, "sha-256=", &endless] {
        assert_eq!(refusal(&[line], body), Refusal::Malformed, "{line:.20}");
    }
    assert_eq!(refusal(&[], body), Refusal::Missing);
    assert_eq!(refusal(&[CD1, CD1], body), Refusal::Malformed);
    assert_eq!(refusal(&[&BASE64.encode(&[0; 256])], body), Refusal::Wrong);
}

#[test]
fn only_pkcs1_padding_over_the_body_itself_is_a_signature() {
    let (pair, pem) = new_key();
    let body = CD1_BODY.as_bytes();
    let signed = |padding: &'static dyn aws_lc_rs::signature::RsaEncoding, message: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        BASE64.encode(&signature)
    };
    let proof = |line: &str| check(&[&pem], &[line], body);
    assert!(matches!(
        proof(&signed(&RSA_PKCS1_SHA256, body)),
        Ok(Authenticity::Signed)
    ));
    assert_eq!(proof(&signed(&RSA_PSS_SHA256, body)).unwrap_err(), Refusal::Wrong);
    let over_hex = signed(&RSA_PKCS1_SHA256, signature::sha256_hex(body).as_bytes());
    assert_eq!(proof(&over_hex).unwrap_err(), Refusal::Wrong);
}

#[test]
fn any_key_of_the_account_counts_and_none_makes_a_hint() {
    let (_, other) = new_key();
    let body = CD1_BODY.as_bytes();
    let proof = |keys: &[&str]| check(keys, &[CD1], body);
    assert!(matches!(proof(&[&other, KEY]), Ok(Authenticity::Signed)));
    assert!(matches!(proof(&[KEY, "no key"]), Ok(Authenticity::Signed)));
    assert_eq!(proof(&[&other]).unwrap_err(), Refusal::Wrong);
    assert_eq!(proof(&["no key"]).unwrap_err(), Refusal::Wrong);
    assert!(matches!(proof(&[]), Ok(Authenticity::Unsigned)));
    assert!(matches!(check(&[], &[], body), Ok(Authenticity::Unsigned)));
}

fn notice(body: &str) -> Notice {
    Conekta.read_notice(&account(&[]), Told::body(body.as_bytes())).unwrap()
}

#[test]
fn events_name_their_order_and_keep_their_id() {
    let key = |body: &str| Conekta.event_key(Told::body(body.as_bytes()));
    assert_eq!(key(CD1_BODY), "69cad87e5325490001cdd4f0");
    assert_eq!(key("no json").len(), 64);
    assert_eq!(key(&format!(r#"{{"id":"{}"}}"#, "x".repeat(200))).len(), 64);
    let told = notice(
        r#"{"id":"1","type":"order.paid","data":{"object":{"object":"order","id":"ord_1","payment_status":"paid","amount":1500,"currency":"MXN","livemode":true,"metadata":{"ref":"WR0001"}}}}"#,
    );
    let report = told.report.unwrap();
    assert_eq!(told.order, Some(OrderRef::new("WR0001")));
    assert_eq!(told.gateway_id.as_deref(), Some("ord_1"));
    assert_eq!(
        (report.status, report.amount, report.mode),
        (
            PaymentStatus::Paid,
            Some(Money::from_minor(1500, Currency::Mxn)),
            Some(Mode::Live)
        )
    );
    // A charge knows its order by id only.
    let told = notice(CD2_BODY);
    assert_eq!(
        (told.order, told.gateway_id.as_deref()),
        (None, Some("ord_2znsF4cv7L8sWnRya"))
    );
    assert_eq!(told.report.unwrap().status, PaymentStatus::Paid);
}

#[test]
fn events_of_other_things_are_about_nothing() {
    for kind in [
        "webhook_ping",
        "customer.created",
        "payout.paid",
        "cash_refund.paid",
        "subscription.paid",
        "order",
        "",
    ] {
        let told = notice(&format!(r#"{{"id":"1","type":"{kind}","data":{{"action":"ping"}}}}"#));
        assert_eq!((told.order, told.gateway_id, told.report), (None, None, None), "{kind}");
    }
    assert_eq!(notice(CD3_BODY).report, None);
    for (about, word) in [("charge", "score_updated"), ("order", "renamed")] {
        let object = r#"{"object":"x","id":"ord_1","order_id":"ord_1","status":"paid"}"#;
        let told = notice(&format!(
            r#"{{"id":"1","type":"{about}.{word}","data":{{"object":{object}}}}}"#
        ));
        assert_eq!((told.gateway_id.as_deref(), told.report), (Some("ord_1"), None));
    }
    for broken in [
        "",
        "[]",
        "{",
        r#"{"type":"order.paid"}"#,
        r#"{"type":"order.paid","data":{"object":{}}}"#,
    ] {
        let read = Conekta.read_notice(&account(&[]), Told::body(broken.as_bytes()));
        assert!(read.is_err(), "{broken}");
    }
}

fn request() -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new("WR0001"),
        amount: Money::from_minor(1500, Currency::Mxn),
        description: "1 Hora".to_owned(),
        return_url: "https://relay.example/o/t0k3n".to_owned(),
        notify_url: "https://relay.example/pay_callback/conekta/h1?k=u".to_owned(),
        language: Language::Es,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "MX".to_owned(),
        created_at: Timestamp::from_second(1_774_901_374).unwrap(),
    }
}

/// Answers of the API have many more members; these are the ones that count, and one that does not.
fn shown(more: &str) -> String {
    format!(
        r#"{{"object":"order","id":"ord_1","livemode":true,"amount":1500,"currency":"MXN","amount_refunded":0,"new":[{{}}],"metadata":{{"ref":"WR0001"}}{more}}}"#
    )
}

const CHECKOUT: &str = r#","checkout":{"object":"checkout","status":"Issued","url":"https://pay.conekta.com/checkout/616ba38fc4154d1f9c5c70b9c2752f3d"}"#;

#[test]
fn an_order_is_made_with_a_hosted_page() {
    let (calls, started) = play(Conekta.start(&account(&[]), &request()), &[(200, &shown(CHECKOUT))]);
    let started = started.unwrap();
    assert_eq!(started.gateway_id.as_deref(), Some("ord_1"));
    assert_eq!(
        started.pay_url.as_deref(),
        Some("https://pay.conekta.com/checkout/616ba38fc4154d1f9c5c70b9c2752f3d")
    );
    let (line, body) = calls[0].split_at(calls[0].find('{').unwrap());
    assert_eq!(line, "POST https://api.conekta.io/orders ");
    let body: Value = serde_json::from_str(body).unwrap();
    let expected = json!({
        "currency": "MXN",
        "customer_info": { "name": "Cliente WiFi", "email": "wr0001@example.com", "phone": "+5215555555555" },
        "line_items": [{ "name": "1 Hora", "unit_price": 1500, "quantity": 1, "sku": "WR0001" }],
        "checkout": {
            "type": "HostedPayment",
            "name": "WR0001",
            "allowed_payment_methods": ["card", "cash", "bank_transfer"],
            "expires_at": 1_774_901_374 + 72 * 3600,
            "success_url": "https://relay.example/o/t0k3n",
            "failure_url": "https://relay.example/o/t0k3n",
            "redirection_time": 4,
        },
        "metadata": { "ref": "WR0001" },
    });
    assert_eq!(body, expected);
}

#[test]
fn the_calls_say_version_and_language_and_the_buyers_own_contact() {
    let mut account = account(&[]);
    account.base_url = Some("http://127.0.0.1:9/".to_owned());
    if let AccountKeys::Conekta { methods, .. } = &mut account.keys {
        *methods = vec![ConektaMethod::Card];
    }
    let request = PaymentRequest {
        language: Language::Fr,
        email: Some("ana@example.net".to_owned()),
        phone: Some("525512345678".to_owned()),
        ..request()
    };
    let Dialogue::Call(call, _) = Conekta.start(&account, &request) else {
        panic!("no call")
    };
    assert_eq!(call.url, "http://127.0.0.1:9/orders");
    assert_eq!(
        call.headers,
        [
            ("accept", "application/vnd.conekta-v2.2.0+json".to_owned()),
            ("accept-language", "en".to_owned())
        ]
    );
    let Body::Json(body) = &call.body else {
        panic!("no body")
    };
    assert_eq!(body["customer_info"]["email"], "ana@example.net");
    assert_eq!(body["customer_info"]["phone"], "+525512345678");
    // A card is not carried to a store.
    assert_eq!(body["checkout"]["expires_at"], 1_774_901_374 + 24 * 3600);
}

#[test]
fn what_conekta_does_not_take_is_never_sent() {
    let least = Money::from_minor(300, Currency::Mxn);
    let codes = "MXN".to_owned();
    for (amount, rule) in [
        (Money::from_minor(299, Currency::Mxn), GatewayRule::AtLeast { least }),
        (Money::from_minor(0, Currency::Mxn), GatewayRule::AtLeast { least }),
        (
            Money::from_minor(100, Currency::Xof),
            GatewayRule::Currencies { codes: codes.clone() },
        ),
        (
            Money::from_minor(1500, Currency::Usd),
            GatewayRule::Currencies { codes },
        ),
    ] {
        let request = PaymentRequest { amount, ..request() };
        let refused = play(Conekta.start(&account(&[]), &request), &[]).1.unwrap_err();
        assert_eq!(refused, GatewayError::Rule(rule));
    }
    let least = PaymentRequest {
        amount: least,
        ..request()
    };
    let (calls, _) = play(Conekta.start(&account(&[]), &least), &[(500, "")]);
    assert!(calls[0].contains(r#""unit_price":300"#), "{calls:?}");
}

const WITH_ORDER: &str = r#"{"object":"error","type":"processing_error","log_id":"640751978bb237000129ebc5","details":[{"code":"conekta.errors.processing.charge.card_payment.suspicious_behaviour","message":"Tu método de pago ha sido rechazado","debug_message":"declined"}],"data":{"object":"order","id":"ord_2tUyQmZyykejbbw8m","livemode":true,"amount":1500,"currency":"MXN","metadata":{"ref":"WR0001"},"charges":{"object":"list","data":[{"object":"charge","id":"640751978bb237000129ebd1","status":"declined","failure_code":"suspected_fraud","failure_message":"Cargo declinado"}]}}}"#;

fn start(status: u16, body: &str) -> Result<Started, GatewayError> {
    play(Conekta.start(&account(&[]), &request()), &[(status, body)]).1
}

#[test]
fn a_402_with_the_order_inside_is_an_order_whose_card_was_refused() {
    let started = start(402, WITH_ORDER).unwrap();
    assert_eq!(started.gateway_id.as_deref(), Some("ord_2tUyQmZyykejbbw8m"));
    assert_eq!(started.failed.as_deref(), Some("suspected_fraud"));
    // Where the charge says nothing, the error does.
    let silent = start(402, &WITH_ORDER.replace("failure_", "other_")).unwrap();
    assert_eq!(silent.failed.as_deref(), Some("suspicious_behaviour"));
    // A key of the other mode is told here too.
    let other_mode = start(402, &WITH_ORDER.replace("\"livemode\":true", "\"livemode\":false"));
    assert!(
        matches!(other_mode, Err(GatewayError::Misconfigured(_))),
        "{other_mode:?}"
    );
    // An order of somebody else inside is no answer about ours.
    let foreign = start(402, &WITH_ORDER.replace("WR0001", "WR9999"));
    assert!(matches!(foreign, Err(GatewayError::Refused(_))), "{foreign:?}");
}

#[test]
fn each_refusal_of_a_new_order_says_who_can_help() {
    let error = |code: &str, says: &str| {
        format!(
            r#"{{"object":"error","type":"x","log_id":"1","details":[{{"code":"{code}","param":"p","message":"{says}","debug_message":"debug"}}]}}"#
        )
    };
    let failed = |status: u16, body: &str| start(status, body).unwrap_err();
    let key = failed(
        401,
        &error("conekta.errors.authentication.missing_key", "Acceso no autorizado."),
    );
    assert!(
        matches!(&key, GatewayError::Misconfigured(says) if says.contains("revoked") && says.contains("missing_key")),
        "{key}"
    );
    let list = failed(
        403,
        &error(
            "conekta.errors.forbidden.authentication.invalid_whitelist_access",
            "No.",
        ),
    );
    assert!(
        matches!(&list, GatewayError::Misconfigured(says) if says.contains("allow-list")),
        "{list}"
    );
    for status in [402, 422, 428] {
        let refused = failed(
            status,
            &error("conekta.errors.parameter_validation.x", "El monto no es válido."),
        );
        assert!(
            matches!(&refused, GatewayError::Refused(says) if says.contains("El monto no es válido.") && says.contains("debug")),
            "{refused}"
        );
    }
    for (status, body) in [
        (500, error("conekta.errors.api.system.general_failure", "Falla")),
        (429, error("conekta.errors.rate_limit", "Demasiadas")),
        (502, String::new()),
        (403, "<html>Attention Required!</html>".to_owned()),
        (200, "<html>".to_owned()),
        (200, "{\"half\":".to_owned()),
        (200, "{}".to_owned()),
        (200, shown("")),
    ] {
        let unknown = failed(status, &body);
        assert!(
            matches!(unknown, GatewayError::Transient(_)),
            "{status} {body:.30}: {unknown}"
        );
    }
}

#[test]
fn a_429_is_obeyed() {
    let Dialogue::Call(_, read) = Conekta.start(&account(&[]), &request()) else {
        panic!("no call")
    };
    let answer = Answer {
        status: http::StatusCode::TOO_MANY_REQUESTS,
        retry_after_s: Some(7),
        body: r#"{"object":"error","details":[{"code":"c","message":"m"}]}"#.into(),
    };
    match read(answer) {
        Dialogue::Done(Err(error)) => assert_eq!(error, GatewayError::Throttled { after_s: 7 }),
        _ => panic!("a call more"),
    }
}

#[test]
fn a_key_of_the_other_mode_is_told_at_once() {
    let answer = shown(CHECKOUT).replace("\"livemode\":true", "\"livemode\":false");
    match start(200, &answer) {
        Err(GatewayError::Misconfigured(says)) => assert!(says.contains("test mode"), "{says}"),
        other => panic!("{other:?}"),
    }
    let mut test = account(&[]);
    test.mode = Mode::Test;
    let (_, started) = play(Conekta.start(&test, &request()), &[(200, &shown(CHECKOUT))]);
    match started {
        Err(GatewayError::Misconfigured(says)) => assert!(says.contains("real money"), "{says}"),
        other => panic!("{other:?}"),
    }
}

fn key(gateway_id: Option<&str>) -> PaymentKey {
    PaymentKey {
        order: OrderRef::new("WR0001"),
        gateway_id: gateway_id.map(ToOwned::to_owned),
        created_at: Timestamp::from_second(1_774_901_374).unwrap(),
    }
}

fn ask(body: &str) -> Report {
    play(Conekta.ask(&account(&[]), &key(Some("ord_1"))), &[(200, body)])
        .1
        .unwrap()
}

#[test]
fn every_word_has_its_meaning_and_only_paid_is_money() {
    let failed = || PaymentStatus::Failed { reason: None };
    for (word, status) in [
        ("pending_payment", PaymentStatus::Pending),
        ("pre_authorized", PaymentStatus::Authorized),
        ("paid", PaymentStatus::Paid),
        ("partially_paid", PaymentStatus::PartiallyPaid),
        ("partially_refunded", PaymentStatus::PartiallyRefunded),
        ("refunded", PaymentStatus::Refunded),
        ("declined", failed()),
        ("expired", PaymentStatus::Expired),
        ("canceled", PaymentStatus::Cancelled),
        ("cancelled", PaymentStatus::Cancelled),
        ("voided", PaymentStatus::Cancelled),
        ("charged_back", PaymentStatus::ChargedBack),
        ("fraudulent", failed()),
        ("under_fraud_review", PaymentStatus::Disputed),
        ("PAID", PaymentStatus::Unknown("PAID".to_owned())),
        ("paid_out", PaymentStatus::Unknown("paid_out".to_owned())),
    ] {
        let report = ask(&shown(&format!(r#","payment_status":"{word}""#)));
        assert_eq!(report.status, status, "{word}");
    }
    for absent in ["", r#","payment_status":null,"charges":null"#] {
        assert_eq!(ask(&shown(absent)).status, PaymentStatus::Pending);
    }
    // Fraud after the money came takes it back.
    let taken = ask(&shown(
        r#","payment_status":"fraudulent","charges":{"data":[{"id":"c","status":"fraudulent","paid_at":1774901374}]}"#,
    ));
    assert_eq!(taken.status, PaymentStatus::ChargedBack);
    // `paid` with something given back is not the whole money.
    for (refunded, status) in [
        (1, PaymentStatus::PartiallyRefunded),
        (1499, PaymentStatus::PartiallyRefunded),
        (1500, PaymentStatus::Refunded),
    ] {
        let body = shown(r#","payment_status":"paid""#)
            .replace("\"amount_refunded\":0", &format!("\"amount_refunded\":{refunded}"));
        assert_eq!(ask(&body).status, status, "{refunded}");
    }
}

#[test]
fn amounts_are_whole_centavos_of_a_known_currency_or_absent() {
    let told = |amount: &str, currency: &str| {
        let body = format!(
            r#"{{"object":"order","id":"ord_1","metadata":{{"ref":"WR0001"}},"payment_status":"paid","amount":{amount},"currency":"{currency}"}}"#
        );
        ask(&body).amount.map(|money| (money.minor(), money.currency()))
    };
    assert_eq!(told("1500", "MXN"), Some((1500, Currency::Mxn)));
    assert_eq!(told("\"1501\"", "MXN"), Some((1501, Currency::Mxn)));
    assert_eq!(told("1500", "USD"), Some((1500, Currency::Usd)));
    for (amount, currency) in [
        ("15.00", "MXN"),
        ("1.5e3", "MXN"),
        ("-1500", "MXN"),
        ("9223372036854775808", "MXN"),
        ("null", "MXN"),
        ("1500", "mxn"),
        ("1500", "FCFA"),
        ("1500", ""),
    ] {
        assert_eq!(told(amount, currency), None, "{amount} {currency}");
    }
    let live = |livemode: &str| {
        let body = shown("").replace("\"livemode\":true", &format!("\"livemode\":{livemode}"));
        ask(&body).mode
    };
    assert_eq!(
        (live("true"), live("false"), live("null")),
        (Some(Mode::Live), Some(Mode::Test), None)
    );
}

#[test]
fn a_pending_order_says_how_it_is_paid() {
    let open = ask(&shown(CHECKOUT));
    assert!(open.pay_url.is_some() && open.instructions.is_none());
    let cash = ask(&shown(
        r#","payment_status":"pending_payment","charges":{"object":"list","data":[{"object":"charge","id":"c1","status":"pending_payment","payment_method":{"object":"cash_payment","type":"cash","reference":"93000262276908","barcode_url":"https://barcodes.conekta.com/x.png","expires_at":1683232092,"service_name":"OxxoPay","store_name":"OXXO"}}]}"#,
    ));
    let expected = Instructions {
        reference: "93000262276908".to_owned(),
        place: Place::Cash {
            store: Some("OXXO".to_owned()),
        },
        expires_at: Some(Timestamp::from_second(1_683_232_092).unwrap()),
        url: Some("https://barcodes.conekta.com/x.png".to_owned()),
    };
    assert_eq!(cash.instructions, Some(expected));
    assert_eq!(cash.receipt.as_deref(), Some("93000262276908"));
    // A bare list, as older answers have, and the transfer chosen after a card was refused.
    let transfer = ask(&shown(
        r#","payment_status":"pending_payment","charges":[{"id":"c1","status":"declined","failure_code":"card_declined","payment_method":{"last4":"0002"}},{"id":"c2","status":"pending_payment","payment_method":{"type":"spei","clabe":"734180008033435128","bank":"STP","expires_at":1775887199}}]"#,
    ));
    let place = transfer.instructions.unwrap();
    assert_eq!(place.reference, "734180008033435128");
    assert_eq!(
        place.place,
        Place::Transfer {
            bank: Some("STP".to_owned())
        }
    );
    let paid = ask(&shown(
        r#","payment_status":"paid","charges":{"data":[{"id":"c1","status":"paid","payment_method":{"reference":"93000262276908"}}]}"#,
    ));
    assert_eq!((paid.instructions, paid.pay_url), (None, None));
}

#[test]
fn a_refused_card_says_why() {
    for (said, expected) in [
        (
            r#""failure_code":"insufficient_funds","failure_message":"La tarjeta no tiene fondos suficientes.""#,
            Some("insufficient_funds"),
        ),
        (
            r#""failure_code":"conekta.errors.processing.bank.declined","failure_message":"No""#,
            Some("declined"),
        ),
        (
            r#""failure_code":null,"failure_message":"Cargo\ndeclinado""#,
            Some("Cargo declinado"),
        ),
        (r#""failure_code":"","failure_message":null"#, None),
    ] {
        let report = ask(&shown(&format!(
            r#","payment_status":"declined","charges":{{"data":[{{"id":"c1","status":"declined",{said}}}]}}"#
        )));
        let reason = expected.map(ToOwned::to_owned);
        assert_eq!(report.status, PaymentStatus::Failed { reason }, "{said}");
    }
}

fn listed(orders: &[String]) -> String {
    format!(r#"{{"object":"list","has_more":false,"data":[{}]}}"#, orders.join(","))
}

#[test]
fn an_order_whose_id_is_unknown_is_found_by_our_reference() {
    let foreign = shown("").replace("WR0001", "WR0002");
    let (calls, report) = play(
        Conekta.ask(&account(&[]), &key(None)),
        &[(200, &listed(&[foreign.clone(), shown(CHECKOUT)]))],
    );
    let report = report.unwrap();
    assert_eq!(calls, ["GET https://api.conekta.io/orders?limit=20&search=WR0001"]);
    assert_eq!(
        (report.status, report.gateway_id.as_deref()),
        (PaymentStatus::Pending, Some("ord_1"))
    );
    assert!(report.pay_url.is_some());
    // The search is blind: the orders of that time are looked through.
    let (calls, report) = play(
        Conekta.ask(&account(&[]), &key(None)),
        &[
            (200, &listed(std::slice::from_ref(&foreign))),
            (200, &listed(&[foreign.clone(), shown(CHECKOUT)])),
        ],
    );
    assert_eq!(
        calls[1],
        "GET https://api.conekta.io/orders?limit=100&created_at.gte=1774900774&created_at.lte=1774902274"
    );
    assert_eq!(report.unwrap().gateway_id.as_deref(), Some("ord_1"));
    let nothing = play(
        Conekta.ask(&account(&[]), &key(None)),
        &[(200, &listed(&[])), (200, &listed(&[foreign]))],
    );
    assert_eq!(nothing.1.unwrap_err(), GatewayError::NotFound);
}

#[test]
fn of_two_orders_with_our_reference_the_paid_one_counts() {
    let with = |id: &str, word: &str| shown(&format!(r#","payment_status":"{word}""#)).replace("ord_1", id);
    for (words, wins) in [
        (["pending_payment", "paid"], "ord_b"),
        (["paid", "pending_payment"], "ord_a"),
        (["expired", "pending_payment"], "ord_b"),
        (["pending_payment", "pending_payment"], "ord_a"),
    ] {
        let list = listed(&[with("ord_a", words[0]), with("ord_b", words[1])]);
        let (_, report) = play(Conekta.ask(&account(&[]), &key(None)), &[(200, &list)]);
        assert_eq!(report.unwrap().gateway_id.as_deref(), Some(wins), "{words:?}");
    }
}

#[test]
fn an_order_of_another_reference_or_of_none_is_no_answer() {
    for other in [
        shown("").replace("WR0001", "WR0002"),
        shown("").replace(r#""ref""#, r#""other""#),
        shown("").replace(r#"{"ref":"WR0001"}"#, "null"),
    ] {
        let paid = other.replace("\"new\"", "\"payment_status\":\"paid\",\"new\"");
        let (calls, report) = play(
            Conekta.ask(&account(&[]), &key(Some("ord_9"))),
            &[
                (200, &paid),
                (200, &listed(std::slice::from_ref(&paid))),
                (200, &listed(&[])),
            ],
        );
        assert_eq!(report.unwrap_err(), GatewayError::NotFound, "{calls:?}");
    }
    // An id that leads elsewhere is not followed.
    let (calls, _) = play(
        Conekta.ask(&account(&[]), &key(Some("../x?y"))),
        &[
            (
                404,
                r#"{"details":[{"code":"conekta.errors.resource_not_found.entity"}]}"#,
            ),
            (500, ""),
        ],
    );
    assert!(calls[0].ends_with("/orders/%2E%2E%2Fx%3Fy"), "{calls:?}");
}

fn refund(amount: i64) -> RefundRequest {
    RefundRequest {
        order: OrderRef::new("WR0001"),
        gateway_id: "ord_1".to_owned(),
        amount: Money::from_minor(amount, Currency::Mxn),
        reason: RefundReason::CannotBeFulfilled,
    }
}

fn give_back(amount: i64, answers: &[(u16, &str)]) -> (Vec<String>, Result<RefundState, GatewayError>) {
    play(Conekta.refund(&account(&[]), &refund(amount)), answers)
}

const PAID: &str =
    r#","payment_status":"paid","charges":{"data":[{"id":"c0","status":"declined"},{"id":"c1","status":"paid"}]}"#;
const GIVEN_BACK: &str = r#","payment_status":"refunded","charges":{"data":[{"id":"c1","status":"refunded","refunds":{"data":[{"object":"refund","id":"r1","amount":-1500}]}}]}"#;

#[test]
fn a_refund_is_read_before_it_is_asked_for() {
    let (calls, state) = give_back(1500, &[(200, &shown(PAID)), (200, &shown(GIVEN_BACK))]);
    assert_eq!(state.unwrap(), RefundState::Done);
    assert_eq!(
        calls,
        [
            "GET https://api.conekta.io/orders/ord_1",
            r#"POST https://api.conekta.io/orders/ord_1/refunds {"amount":1500,"reason":"cannot_be_fulfilled"}"#,
        ]
    );
    // Asked again after a lost answer: nothing is given twice.
    let (calls, state) = give_back(1500, &[(200, &shown(GIVEN_BACK))]);
    assert_eq!((calls.len(), state.unwrap()), (1, RefundState::Done));
}

#[test]
fn a_partial_refund_names_the_charge_and_asks_for_what_is_missing() {
    let part = shown(
        r#","payment_status":"partially_refunded","charges":{"data":[{"id":"c1","status":"partially_refunded","refunds":{"data":[{"amount":-500}]}}]}"#,
    );
    let (calls, state) = give_back(500, &[(200, &shown(PAID)), (200, &part)]);
    assert_eq!(state.unwrap(), RefundState::Done);
    let (_, body) = calls[1].split_at(calls[1].find('{').unwrap());
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        json!({ "amount": 500, "reason": "cannot_be_fulfilled", "charge_id": "c1" })
    );
    // The operator gave 5.00 back by hand; of the whole 10.00 are missing.
    let (calls, state) = give_back(1500, &[(200, &part), (200, &shown(GIVEN_BACK))]);
    assert!(calls[1].contains(r#""amount":1000"#), "{calls:?}");
    assert_eq!(state.unwrap(), RefundState::Done);
    // An answer that does not show it yet is not done.
    let (_, state) = give_back(1500, &[(200, &shown(PAID)), (200, &part)]);
    assert_eq!(state.unwrap(), RefundState::Pending);
}

#[test]
fn an_order_on_a_later_page_is_found_before_it_is_called_unknown() {
    let others = shown("").replace("WR0001", "WR0002").replace("ord_1", "ord_x9");
    let more = format!(
        r#"{{"object":"list","has_more":true,"next_page_url":"https://evil.example/orders?next=ord_x9","data":[{others}]}}"#
    );
    let ask = |answers: &[(u16, &str)]| play(Conekta.ask(&account(&[]), &key(None)), answers);
    let (calls, report) = ask(&[(200, &listed(&[])), (200, &more), (200, &listed(&[shown("")]))]);
    assert_eq!(report.unwrap().gateway_id.as_deref(), Some("ord_1"));
    assert!(
        calls[2].starts_with("GET https://api.conekta.io/orders?limit=100&"),
        "{calls:?}"
    );
    assert!(calls[2].ends_with("&next=ord_x9"), "{calls:?}");
    let (_, unknown) = ask(&[(200, &listed(&[])), (200, &more), (200, &listed(&[]))]);
    assert_eq!(unknown.unwrap_err(), GatewayError::NotFound);
    // A list without an end tells nothing about what exists.
    let endless: Vec<_> = std::iter::once((200, listed(&[])))
        .chain(std::iter::repeat_n((200, more.clone()), 10))
        .collect();
    let endless: Vec<_> = endless.iter().map(|(status, body)| (*status, body.as_str())).collect();
    let (calls, tired) = ask(&endless);
    assert_eq!(calls.len(), 11);
    assert!(matches!(tired, Err(GatewayError::Transient(_))), "{tired:?}");
}

/// Paid by card, and by the voucher that was still open; this much of each went back.
fn paid_twice(card_back: i64, cash_back: i64) -> String {
    let charge = |id: &str, at: i64, back: i64| {
        format!(
            r#"{{"id":"{id}","status":"{}","amount":1500,"currency":"MXN","paid_at":{at},"refunds":{{"data":[{{"amount":-{back}}}]}}}}"#,
            if back == 0 { "paid" } else { "refunded" }
        )
    };
    shown(&format!(
        r#","payment_status":"paid","charges":{{"data":[{},{}]}}"#,
        charge("cash", 200, cash_back),
        charge("card", 100, card_back)
    ))
}

#[test]
fn a_second_payment_of_an_order_is_asked_about_and_given_back_alone() {
    let look = |id: &str, body: String| play(Conekta.ask(&account(&[]), &key(Some(id))), &[(200, &body)]);
    let (calls, report) = look("ord_1:cash", paid_twice(0, 0));
    assert_eq!(calls, ["GET https://api.conekta.io/orders/ord_1"]);
    let report = report.unwrap();
    assert_eq!(
        (report.status, report.gateway_id.as_deref()),
        (PaymentStatus::Paid, Some("ord_1:cash"))
    );
    assert_eq!(
        look("ord_1:cash", paid_twice(0, 1500)).1.unwrap().status,
        PaymentStatus::Refunded
    );
    assert_eq!(
        look("ord_1:card", paid_twice(0, 0)).1.unwrap_err(),
        GatewayError::NotFound
    );
    assert_eq!(
        look("ord_1:none", paid_twice(0, 0)).1.unwrap_err(),
        GatewayError::NotFound
    );

    for (id, charge, before, after) in [
        ("ord_1:cash", "cash", paid_twice(0, 0), paid_twice(0, 1500)),
        ("ord_1", "card", paid_twice(0, 0), paid_twice(1500, 0)),
        ("ord_1:cash", "cash", paid_twice(1500, 0), paid_twice(1500, 1500)),
        ("ord_1", "card", paid_twice(0, 1500), paid_twice(1500, 1500)),
    ] {
        let request = RefundRequest {
            gateway_id: id.to_owned(),
            ..refund(1500)
        };
        let ask = |answers: &[(u16, &str)]| play(Conekta.refund(&account(&[]), &request), answers);
        let (calls, state) = ask(&[(200, &before), (200, &after)]);
        assert_eq!(state.unwrap(), RefundState::Done, "{id}");
        assert_eq!(calls[0], "GET https://api.conekta.io/orders/ord_1");
        let body = calls[1]
            .strip_prefix("POST https://api.conekta.io/orders/ord_1/refunds ")
            .unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(body).unwrap(),
            json!({ "amount": 1500, "reason": "cannot_be_fulfilled", "charge_id": charge })
        );
        // Asked again after a lost answer, and not shown yet.
        let (calls, state) = ask(&[(200, &after)]);
        assert_eq!((calls.len(), state.unwrap()), (1, RefundState::Done), "{id}");
        let (_, state) = ask(&[(200, &before), (200, &before)]);
        assert_eq!(state.unwrap(), RefundState::Pending, "{id}");
    }
    let request = RefundRequest {
        gateway_id: "ord_1:cash".to_owned(),
        ..refund(1500)
    };
    let (calls, state) = play(Conekta.refund(&account(&[]), &request), &[(200, &shown(PAID))]);
    assert_eq!((calls.len(), state.unwrap_err()), (1, GatewayError::NotFound));
}

#[test]
fn refunds_that_cannot_be_say_so() {
    let (calls, state) = give_back(1500, &[(200, &shown(r#","payment_status":"pending_payment""#))]);
    assert_eq!(calls.len(), 1);
    assert!(matches!(state, Ok(RefundState::Refused(says)) if says.contains("pending_payment")));
    let refused =
        r#"{"details":[{"code":"conekta.errors.parameter_validation.amount","message":"El saldo no alcanza."}]}"#;
    for status in [422, 428] {
        let (_, state) = give_back(1500, &[(200, &shown(PAID)), (status, refused)]);
        assert!(matches!(state, Ok(RefundState::Refused(says)) if says.contains("El saldo no alcanza.")));
    }
    let (_, state) = give_back(1500, &[(200, &shown(PAID)), (502, "")]);
    assert!(matches!(state, Err(GatewayError::Transient(_))));
    let (calls, state) = give_back(1500, &[(200, &shown(PAID).replace("WR0001", "WR0002"))]);
    assert_eq!((calls.len(), state.unwrap_err()), (1, GatewayError::NotFound));
    let (calls, state) = give_back(1500, &[(200, &shown(PAID).replace("MXN", "USD"))]);
    assert_eq!(calls.len(), 1);
    assert!(matches!(state, Err(GatewayError::Transient(_))));
    let reasons = [
        (RefundReason::RequestedByClient, "requested_by_client"),
        (RefundReason::CannotBeFulfilled, "cannot_be_fulfilled"),
        (RefundReason::Duplicate, "duplicated_transaction"),
    ];
    for (of, word) in reasons {
        assert_eq!(reason(of), word);
    }
}

#[test]
fn keys_of_another_gateway_are_refused_and_secrets_stay_hidden() {
    let mut foreign = account(&[]);
    foreign.keys = AccountKeys::Feexpay {
        shop: "s".to_owned(),
        token: "t".into(),
        callback_header: None,
    };
    assert!(!Conekta.can_ask(&foreign) && !Conekta.can_refund(&foreign));
    assert!(matches!(Conekta.pay_method(&foreign, "MX"), PayMethod::Cannot { .. }));
    assert!(matches!(
        play(Conekta.start(&foreign, &request()), &[]).1,
        Err(GatewayError::Misconfigured(_))
    ));
    assert!(matches!(
        play(Conekta.ask(&foreign, &key(None)), &[]).1,
        Err(GatewayError::Misconfigured(_))
    ));
    assert!(!format!("{:?}", account(&[]).keys).contains("key_private"));
}

#[test]
fn hostile_answers_end_without_a_panic() {
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "null",
        "[]",
        &deep,
        r#"{"object":"order","object":"order"}"#,
        r#"{"object":"order","id":{},"metadata":[],"charges":7,"checkout":"x"}"#,
        r#"{"object":"list","data":[{}]}"#,
        r#"{"object":"order","id":"ord_1","metadata":{"ref":"WR0001"},"charges":{"data":"x"},"checkout":[]}"#,
    ] {
        for status in [200, 402, 404, 422, 500] {
            let mut dialogue = Conekta.ask(&account(&[]), &key(Some("ord_1")));
            for calls in 0.. {
                dialogue = match dialogue {
                    Dialogue::Done(report) => {
                        assert!(report.is_err() || body.contains("ord_1"), "{status} {body:.40}");
                        break;
                    }
                    Dialogue::Call(_, read) => read(Answer {
                        status: http::StatusCode::from_u16(status).unwrap(),
                        retry_after_s: None,
                        body: body.to_owned().into(),
                    }),
                };
                assert!(calls < 3, "{status} {body:.40}");
            }
        }
    }
}
