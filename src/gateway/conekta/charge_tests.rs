use secrecy::SecretString;

use super::super::super::call::script::play;
use super::super::super::{Gateway, Payer};
use super::super::Conekta;
use super::*;
use crate::company::{Account, AccountKeys, ConektaMethod, Language, Mode, RefundPolicy};
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::{Currency, Money};

fn account() -> Account {
    Account {
        id: AccountId::new("cards"),
        company: CompanyId::new("plaza"),
        mode: Mode::Live,
        base_url: Some("https://c.test".to_owned()),
        keys: AccountKeys::Conekta {
            private_key: SecretString::from("key_x"),
            public_key: None,
            webhook_keys: Vec::new(),
            methods: ConektaMethod::ALL.to_vec(),
        },
        refunds: RefundPolicy::default(),
    }
}

fn request(minor: i64) -> ChargeRequest {
    ChargeRequest {
        order: OrderRef::new("R1"),
        amount: Money::from_minor(minor, Currency::Mxn),
        description: "1 dia".to_owned(),
        notify_url: "https://pay.example.net/pay_callback/conekta/h1?k=u".to_owned(),
        language: Language::Es,
        token: SecretString::from("tok_ok"),
        payer: Payer {
            name: "Rosa Vega".to_owned(),
            email: "rosa@example.com".to_owned(),
            ..Payer::default()
        },
        ip: None,
        installments: 1,
        method: None,
        issuer: None,
        device: None,
        statement: "PLAZA".to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn charge_with(request: &ChargeRequest, status: u16, answer: &str) -> (Value, Result<Report, GatewayError>) {
    let (calls, result) = play(Conekta.charge(&account(), request), &[(status, answer)]);
    let body = calls[0].strip_prefix("POST https://c.test/orders ").unwrap();
    (serde_json::from_str(body).unwrap(), result)
}

fn order(status: &str, failure: &str) -> String {
    json!({"object": "order", "id": "ord_1", "livemode": true, "amount": 1999, "currency": "MXN", "payment_status": status,
        "metadata": {"ref": "R1"}, "charges": {"object": "list", "data": [{"object": "charge", "id": "c1",
        "status": status, "failure_code": failure, "failure_message": "No.",
        "payment_method": {"object": "card_payment", "brand": "visa", "last4": "4242", "type": "credit"}}]}})
    .to_string()
}

#[test]
fn p5_centavos_are_not_truncated() {
    for price in ["19.99", "35.5", "4.35", "1001.15"] {
        let price = Money::parse_major(price, Currency::Mxn).unwrap();
        let (body, result) = charge_with(&request(price.minor()), 200, &order("paid", ""));
        assert_eq!(
            body["line_items"][0]["unit_price"].to_string(),
            price.minor().to_string()
        );
        assert_eq!(result.unwrap().status, PaymentStatus::Paid);
    }
}

#[test]
fn p14_no_phone_number_is_invented() {
    let (body, _) = charge_with(&request(1999), 200, &order("paid", ""));
    assert_eq!(
        body["customer_info"],
        json!({"name": "Rosa Vega", "email": "rosa@example.com"})
    );
    assert!(!body.to_string().contains("+52"));
    let mut with_phone = request(1999);
    with_phone.payer.phone = Some("525512345678".to_owned());
    let (body, _) = charge_with(&with_phone, 200, &order("paid", ""));
    assert_eq!(body["customer_info"]["phone"], "+525512345678");
}

#[test]
fn a_charge_names_its_order_and_the_cards_token_and_nothing_else_of_the_card() {
    let (body, _) = charge_with(&request(1999), 200, &order("paid", ""));
    assert_eq!(
        body["charges"],
        json!([{"payment_method": {"type": "card", "token_id": "tok_ok"}, "reference_id": "R1"}])
    );
    assert_eq!(body["metadata"], json!({"ref": "R1"}));
    assert!(body.get("checkout").is_none());
    assert!(!format!("{:?}", request(1999)).contains("tok_ok"));
}

#[test]
fn a_refused_card_is_a_report_with_its_order_and_reason() {
    for (failure, refusal) in [
        ("card_declined", CardRefusal::Declined),
        ("insufficient_funds", CardRefusal::InsufficientFunds),
        ("suspected_fraud", CardRefusal::SuspectedFraud),
        ("restricted_card", CardRefusal::CardDisabled),
    ] {
        let answer = json!({"object": "error", "type": "processing_error", "details": [{"code": "conekta.errors.x",
            "message": "No."}], "data": serde_json::from_str::<Value>(&order("declined", failure)).unwrap()});
        let (_, result) = charge_with(&request(1999), 402, &answer.to_string());
        let report = result.unwrap();
        assert_eq!(report.gateway_id.as_deref(), Some("ord_1"));
        assert!(matches!(report.status, PaymentStatus::Failed { .. }), "{report:?}");
        assert_eq!(report.card.unwrap().refusal, Some(refusal));
    }
}

#[test]
fn what_was_refused_before_an_order_is_told_from_what_nobody_knows() {
    let problem = |code: &str| json!({"object": "error", "details": [{"code": code, "message": "x"}]}).to_string();
    for (status, code, refusal) in [
        (
            402,
            "conekta.errors.processing.tokenization.used",
            CardRefusal::TokenUsed,
        ),
        (
            422,
            "conekta.errors.parameter_validation.payment_method.token_id.nonexistent_token",
            CardRefusal::TokenInvalid,
        ),
        (
            422,
            "conekta.errors.parameter_validation.customer_info.phone.invalid",
            CardRefusal::WrongPhone,
        ),
        (
            422,
            "conekta.errors.parameter_validation.something",
            CardRefusal::WrongData,
        ),
        (404, "conekta.errors.resource_not_found.entity", CardRefusal::NotFound),
    ] {
        let report = charge_with(&request(1999), status, &problem(code)).1.unwrap();
        assert_eq!((report.gateway_id, report.order), (None, None));
        let card = report.card.unwrap();
        assert_eq!(
            (card.refusal, card.http_status),
            (Some(refusal), Some(status)),
            "{code}"
        );
    }
    for (status, expected) in [
        (500, "did not answer properly"),
        (401, "refuses the account"),
        (403, "refuses the account"),
        (429, "asked too often"),
    ] {
        let error = charge_with(&request(1999), status, &problem("x")).1.unwrap_err();
        assert!(error.to_string().contains(expected), "{status}: {error}");
    }
    // A success that is no order of ours decides nothing.
    let foreign = order("paid", "").replace("R1", "R2");
    let error = charge_with(&request(1999), 200, &foreign).1.unwrap_err();
    assert!(matches!(error, GatewayError::Transient(_)), "{error}");
}

#[test]
fn a_bank_that_wants_to_see_the_buyer_leaves_the_order_pending() {
    let answer = json!({"object": "order", "id": "ord_3", "livemode": true, "amount": 1999, "currency": "MXN",
        "payment_status": "pending_payment", "charges": null, "metadata": {"ref": "R1"},
        "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": "https://3ds.test/1"}}});
    let report = charge_with(&request(1999), 200, &answer.to_string()).1.unwrap();
    assert_eq!(report.status, PaymentStatus::Pending);
    assert_eq!(report.card.unwrap().refusal, Some(CardRefusal::Pending));
}
