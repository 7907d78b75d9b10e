//! FedaPay's API, its event, its signature, and a stand-in for Checkout.js that creates the transaction with
//! the public key and goes to the hosted page by redirect (the real one opens a frame).

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::desk::{Desk, Payment, has_bearer, json_body, json_type, text, unauthorized};
use super::{FedapayKeys, SimStatus};
use crate::sorted::gathered;

pub fn answer(desk: &Desk, keys: &FedapayKeys, request: &Request) -> Reply {
    match (&request.method, request.segments().as_slice()) {
        (&Method::GET, ["checkout.js"]) => {
            Reply::new(StatusCode::OK, "text/javascript; charset=utf-8", CHECKOUT_SCRIPT)
        }
        (&Method::GET, ["checkout"]) => check_out(desk, keys, request),
        (_, ["v1", ..]) if !has_bearer(request, &keys.secret_key) => unauthorized(&desk.kind),
        (&Method::POST, ["v1", "transactions"]) => create(desk, &json_body(request)),
        (&Method::GET, ["v1", "transactions"]) => list(desk, request),
        (&Method::POST, ["v1", "transactions", id, "token"]) => token(desk, id),
        (&Method::GET, ["v1", "transactions", "merchant", order]) => {
            found(desk.ask(|payment| !order.is_empty() && payment.order == *order))
        }
        (&Method::GET, ["v1", "transactions", id]) => found(desk.ask(|payment| payment.id == *id)),
        (&Method::GET, ["v1", "currencies"]) => {
            let currency = json!({ "klass": "v1/currency", "id": 1, "name": "FCFA", "iso": "XOF", "code": 952 });
            Reply::json(StatusCode::OK, &json!({ "v1/currencies": [currency] }))
        }
        (&Method::POST, ["v1", mode]) => push(desk, mode, &json_body(request)),
        _ => not_found(),
    }
}

/// `t=<seconds>,s=<hex>` over `<seconds>.<body>`, as the official SDKs make and check it.
pub fn signature(secret: &str, body: &[u8], at_s: i64) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(format!("{at_s}.").as_bytes());
    context.update(body);
    format!("t={at_s},s={}", HEXLOWER.encode(context.sign().as_ref()))
}

pub fn proof(keys: &FedapayKeys, body: &[u8], is_genuine: bool) -> Vec<(String, String)> {
    let secret = if is_genuine {
        keys.webhook_secret.as_str()
    } else {
        "wh_sandbox_somebody_elses"
    };
    let line = signature(secret, body, Timestamp::now().as_second());
    vec![json_type(), ("X-FEDAPAY-SIGNATURE".to_owned(), line)]
}

pub fn event(payment: &Payment) -> String {
    let name = match word(&payment.status) {
        "pending" => "created",
        other => other,
    };
    json!({
        "name": format!("transaction.{name}"),
        "object": "transaction",
        "entity": transaction(payment),
        "account": { "id": 1370, "name": "Demo" },
    })
    .to_string()
}

pub fn word(status: &SimStatus) -> &str {
    match status {
        SimStatus::Pending => "pending",
        SimStatus::Paid => "approved",
        SimStatus::Settled => "transferred",
        SimStatus::Declined => "declined",
        SimStatus::Cancelled => "canceled",
        SimStatus::Expired => "expired",
        SimStatus::Refunded => "refunded",
        SimStatus::Word(word) => word,
    }
}

fn create(desk: &Desk, fields: &Map<String, Value>) -> Reply {
    let amount = fields
        .get("amount")
        .and_then(Value::as_u64)
        .filter(|amount| *amount > 0);
    let currency = fields
        .get("currency")
        .and_then(Value::as_object)
        .and_then(|currency| text(currency, "iso"));
    let (Some(description), Some(amount), Some(currency)) = (text(fields, "description"), amount, currency) else {
        let fields = [
            ("description", text(fields, "description").is_some()),
            ("amount", amount.is_some()),
            ("currency", currency.is_some()),
        ];
        let missing = fields.into_iter().filter(|(_, is_there)| !is_there);
        let faults = missing.map(|(name, _)| (name.to_owned(), json!(["doit être rempli(e)"])));
        return invalid(&Value::Object(gathered(faults)));
    };
    let order = text(fields, "merchant_reference").unwrap_or_default();
    let mut payment = new_payment(desk, order, amount, currency, description);
    payment.return_url = text(fields, "callback_url").map(ToOwned::to_owned);
    for name in ["custom_metadata", "customer"] {
        if let Some(value) = fields.get(name).filter(|value| value.is_object()) {
            payment.extra.insert(name.to_owned(), value.clone());
        }
    }
    if !desk.add(payment.clone()) {
        return invalid(&json!({ "merchant_reference": ["n'est pas disponible"] }));
    }
    Reply::json(StatusCode::CREATED, &json!({ "v1/transaction": transaction(&payment) }))
}

fn new_payment(desk: &Desk, order: &str, amount: u64, currency: &str, description: &str) -> Payment {
    let id = (FIRST_ID + desk.count()).to_string();
    Payment::new(id, order, &amount.to_string(), currency, description)
}

/// One page, the newest first.
fn list(desk: &Desk, request: &Request) -> Reply {
    let number = |name, default: usize| {
        let given = request.query_value(name).and_then(|text| text.parse().ok());
        given.filter(|number| *number > 0).unwrap_or(default)
    };
    let (page, per_page) = (number("page", 1), number("per_page", PER_PAGE).min(MOST_PER_PAGE));
    let all: Vec<_> = desk.state().payments.iter().rev().map(transaction).collect();
    let pages = all.len().div_ceil(per_page).max(1);
    let meta = json!({
        "current_page": page,
        "next_page": (page < pages).then_some(page + 1),
        "prev_page": (page > 1).then(|| page - 1),
        "per_page": per_page,
        "total_pages": pages,
        "total_count": all.len(),
    });
    let shown: Vec<_> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    Reply::json(StatusCode::OK, &json!({ "v1/transactions": shown, "meta": meta }))
}

fn token(desk: &Desk, id: &str) -> Reply {
    let payment = desk.state().payments.iter().find(|payment| payment.id == id).cloned();
    match payment {
        None => not_found(),
        Some(payment) if !payment.is_open() => Reply::json(
            StatusCode::FORBIDDEN,
            &json!({ "message": "La transaction est déjà traitée" }),
        ),
        Some(payment) => {
            let url = format!("{}/pay/{}", desk.base_url, payment.token);
            Reply::json(StatusCode::OK, &json!({ "token": payment.token, "url": url }))
        }
    }
}

/// The push without redirect. Only the sandbox's own operator decides by itself.
fn push(desk: &Desk, mode: &str, fields: &Map<String, Value>) -> Reply {
    let payment = text(fields, "token").and_then(|token| desk.by_token(token));
    let (Some(payment), true) = (payment, MODES.contains(&mode)) else {
        return not_found();
    };
    if mode == SANDBOX_MODE {
        let number = fields
            .get("phone_number")
            .and_then(Value::as_object)
            .and_then(|phone| text(phone, "number"));
        let is_lucky = number.is_some_and(|number| SANDBOX_PAYERS.contains(&number));
        let status = if is_lucky { SimStatus::Paid } else { SimStatus::Declined };
        if let Some(known) = desk.state().payments.iter_mut().find(|known| known.id == payment.id) {
            known.status = status;
        }
    }
    Reply::json(StatusCode::OK, &json!({ "message": "OK" }))
}

fn found(payment: Option<Payment>) -> Reply {
    match payment {
        Some(payment) => Reply::json(StatusCode::OK, &json!({ "v1/transaction": transaction(&payment) })),
        None => not_found(),
    }
}

fn not_found() -> Reply {
    Reply::json(StatusCode::NOT_FOUND, &json!({ "message": "Introuvable" }))
}

fn invalid(errors: &Value) -> Reply {
    Reply::json(
        StatusCode::UNPROCESSABLE_ENTITY,
        &json!({ "message": "La création de la transaction a échoué", "errors": errors }),
    )
}

fn transaction(payment: &Payment) -> Value {
    let now = Timestamp::now().to_string();
    let word = word(&payment.status);
    let at = |words: &[&str]| words.contains(&word).then(|| now.clone());
    // A claimed amount may be no number at all; it is told as it was claimed.
    let amount = payment
        .told_amount()
        .parse::<i64>()
        .map_or_else(|_| json!(payment.told_amount()), |amount| json!(amount));
    json!({
        "klass": "v1/transaction",
        "id": payment.id.parse::<u64>().unwrap_or_default(),
        "transaction_key": null,
        "reference": format!("trx_{}", payment.token),
        "amount": amount,
        "description": payment.description,
        "callback_url": payment.return_url,
        "status": word,
        "customer_id": 2568,
        "currency_id": if payment.currency == "XOF" { 1 } else { 2 },
        "mode": (payment.status != SimStatus::Pending).then_some("mtn_open"),
        "operation": "payment",
        "metadata": {},
        "commission": "0.018",
        "fees": 0,
        "fixed_commission": 0,
        "amount_debited": amount,
        "amount_transferred": null,
        "created_at": payment.made_at.to_string(),
        "updated_at": now,
        "approved_at": at(&["approved", "transferred"]),
        "declined_at": at(&["declined"]),
        "canceled_at": at(&["canceled"]),
        "refunded_at": at(&["refunded"]),
        "transferred_at": at(&["transferred"]),
        "expired_at": at(&["expired"]),
        "last_error_code": (word == "declined").then_some("INSUFFICIENT_FUND_ERROR"),
        "custom_metadata": payment.extra.get("custom_metadata"),
        "receipt_url": null,
        "merchant_reference": (!payment.order.is_empty()).then_some(&payment.order),
    })
}

/// What the stand-in script navigates to.
fn check_out(desk: &Desk, keys: &FedapayKeys, request: &Request) -> Reply {
    let value = |name| request.query_value(name);
    if value("public_key").as_deref() != Some(keys.public_key.as_str()) {
        return Reply::text(StatusCode::UNAUTHORIZED, "the public key is not known here");
    }
    let amount = value("amount")
        .and_then(|amount| amount.parse::<u64>().ok())
        .filter(|amount| *amount > 0);
    let Some(amount) = amount else {
        return Reply::text(StatusCode::BAD_REQUEST, "the amount is missing");
    };
    let description = value("description").unwrap_or_default();
    let currency = value("currency").unwrap_or_else(|| "XOF".to_owned());
    let metadata: Option<Value> = value("custom_metadata").and_then(|text| serde_json::from_str(&text).ok());
    let mut payment = new_payment(desk, "", amount, &currency, &description);
    // Checkout.js knows no merchant reference; the controls find the payment by the page's own one.
    let own = metadata
        .as_ref()
        .and_then(|metadata| metadata.get("ref"))
        .and_then(Value::as_str);
    payment
        .extra
        .insert("custom_metadata".to_owned(), metadata.clone().unwrap_or(Value::Null));
    payment.order = own.unwrap_or_default().to_owned();
    payment.return_url = value("back");
    let token = payment.token.clone();
    if !desk.add(payment) {
        return Reply::text(StatusCode::CONFLICT, "this order was begun already");
    }
    Reply::see_other(&format!("{}/pay/{token}", desk.base_url))
}

/// The first id, as large as the recorded ones.
const FIRST_ID: usize = 104_000;
/// Small pages, so that whoever reads the list has to turn them.
const PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 50;
const SANDBOX_MODE: &str = "momo_test";
const MODES: [&str; 10] = [
    SANDBOX_MODE,
    "mtn_open",
    "mtn",
    "moov",
    "sbin",
    "moov_tg",
    "togocel",
    "mtn_ci",
    "airtel_ne",
    "free_sn",
];
const SANDBOX_PAYERS: [&str; 2] = ["64000001", "66000001"];
/// The documented ways to call it: `init(button, options)`, `init(options).open()`.
const CHECKOUT_SCRIPT: &str = r#"(function () {
  "use strict";
  var base = new URL(document.currentScript.src).origin;
  function open(options) {
    var transaction = options.transaction || {};
    var query = new URLSearchParams({
      public_key: options.public_key || "",
      amount: String(transaction.amount || 100),
      description: transaction.description || "",
      currency: (options.currency && options.currency.iso) || "XOF",
      custom_metadata: JSON.stringify(transaction.custom_metadata || {}),
      back: location.href
    });
    location.assign(base + "/checkout?" + query.toString());
  }
  window.FedaPay = {
    CHECKOUT_COMPLETED: "CHECKOUT COMPLETED",
    DIALOG_DISMISSED: "DIALOG DISMISSED",
    init: function (target, options) {
      if (typeof target === "string" || target instanceof Element) {
        var elements = typeof target === "string" ? document.querySelectorAll(target) : [target];
        elements.forEach(function (element) {
          element.addEventListener("click", function (event) {
            event.preventDefault();
            open(options || {});
          });
        });
      } else {
        options = target;
      }
      return { open: function () { open(options || {}); } };
    }
  };
})();
"#;
