//! A simulated Conekta order: what is asked for, what has happened to it, and how the API shows it.
//! The shapes are those of facts `gateways-latin-america.md` 2.2 to 2.5 and 2.9.

use serde_json::{Map, Value, json};

use super::SimStatus;
use super::conekta_refunds::{PAID_AT, refunded_minor, refunds_of, sum};
use super::desk::{Payment, WAS_PAID, random_hex, text};
use crate::money::{Currency, Money};

/// A checked `POST /orders`.
pub struct Wish {
    currency: String,
    amount: String,
    description: String,
    success_url: Option<String>,
    extra: Map<String, Value>,
}

/// A field and what is wrong with it.
type Complaint = (&'static str, &'static str);

impl Wish {
    pub fn read(fields: &Map<String, Value>, now_s: i64) -> Result<Self, Complaint> {
        let currency = text(fields, "currency").ok_or(("currency", "La moneda es requerida."))?;
        let known = Currency::from_text(currency, Currency::Mxn).filter(|known| known.code() == currency);
        let known = known.ok_or(("currency", "La moneda no es válida."))?;
        let customer = fields.get("customer_info").and_then(Value::as_object);
        let customer = customer.ok_or(("customer_info", "El cliente es requerido."))?;
        check_customer(customer, fields.contains_key("checkout"))?;
        let items = fields.get("line_items").and_then(Value::as_array);
        let items = items.filter(|items| !items.is_empty());
        let items = items.ok_or(("line_items", "Los artículos son requeridos."))?;
        let minor = total(items)?;
        let metadata = fields.get("metadata").cloned().unwrap_or_else(|| json!({}));
        check_metadata(&metadata)?;
        let checkout = fields.get("checkout").and_then(Value::as_object);
        if let Some(checkout) = checkout {
            check_checkout(checkout, now_s)?;
        } else if fields.get("charges").and_then(token_of).is_none() {
            return Err(("charges", "Los cargos son requeridos."));
        }
        if minor < LEAST_MINOR {
            return Err(("amount", "El monto mínimo es de 3.00 MXN."));
        }
        let mut extra = Map::new();
        extra.insert("created_at".to_owned(), json!(now_s));
        extra.insert("metadata".to_owned(), metadata);
        extra.insert("customer_info".to_owned(), Value::Object(customer.clone()));
        extra.insert("line_items".to_owned(), Value::Array(items.clone()));
        if let Some(checkout) = checkout {
            extra.insert("checkout".to_owned(), Value::Object(checkout.clone()));
        }
        let name = items
            .first()
            .and_then(Value::as_object)
            .and_then(|item| text(item, "name"));
        Ok(Self {
            currency: currency.to_owned(),
            amount: Money::from_minor(minor, known).major_text(),
            description: name.unwrap_or_default().to_owned(),
            success_url: checkout
                .and_then(|checkout| text(checkout, "success_url"))
                .map(ToOwned::to_owned),
            extra,
        })
    }

    /// The merchant's reference is what his metadata call `ref`; the controls know the payment by it.
    pub fn payment(self) -> Payment {
        let reference = self.extra.get("metadata").and_then(|metadata| metadata.get("ref"));
        let reference = reference.and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = format!("ord_2{}", random_hex());
        let mut payment = Payment::new(id, &reference, &self.amount, &self.currency, &self.description);
        payment.token = format!("{}{}", random_hex(), random_hex());
        payment.return_url = self.success_url;
        payment.extra = self.extra;
        payment
    }
}

fn check_customer(customer: &Map<String, Value>, wants_phone: bool) -> Result<(), Complaint> {
    if text(customer, "customer_id").is_some() {
        return Ok(());
    }
    text(customer, "name").ok_or(("customer_info.name", "El nombre es requerido."))?;
    let has_phone = text(customer, "phone").is_some();
    (has_phone || !wants_phone)
        .then_some(())
        .ok_or(("customer_info.phone", "El teléfono es requerido."))?;
    let email = text(customer, "email").ok_or(("customer_info.email", "El correo es requerido."))?;
    let is_email = email.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    is_email
        .then_some(())
        .ok_or(("customer_info.email", "El correo no es válido."))
}

fn total(items: &[Value]) -> Result<i64, Complaint> {
    items.iter().try_fold(0_i64, |sum, item| {
        let number = |name: &str, least: i64| {
            let number = item.get(name).and_then(Value::as_i64);
            number.filter(|number| *number >= least)
        };
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            return Err(("line_items.name", "El nombre es requerido."));
        }
        let price = number("unit_price", 0).ok_or(("line_items.unit_price", "El precio debe ser un entero."))?;
        let quantity = number("quantity", 1).ok_or(("line_items.quantity", "La cantidad debe ser un entero."))?;
        let line = price.checked_mul(quantity).and_then(|line| line.checked_add(sum));
        line.ok_or(("line_items.unit_price", "El precio es demasiado grande."))
    })
}

fn check_metadata(metadata: &Value) -> Result<(), Complaint> {
    let fields = metadata.as_object().ok_or(("metadata", "No es un objeto."))?;
    let fits = |value: &Value| match value {
        Value::String(text) => text.chars().count() <= LONGEST_METADATA,
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    let is_good = fields.len() <= MOST_METADATA && fields.values().all(fits);
    is_good.then_some(()).ok_or(("metadata", "No es válido."))
}

fn check_checkout(checkout: &Map<String, Value>, now_s: i64) -> Result<(), Complaint> {
    if text(checkout, "type") != Some("HostedPayment") && text(checkout, "type") != Some("Integration") {
        return Err(("checkout.type", "El tipo no es válido."));
    }
    let methods = checkout.get("allowed_payment_methods").and_then(Value::as_array);
    let methods = methods.ok_or(("checkout.allowed_payment_methods", "Los métodos son requeridos."))?;
    let is_known = |method: &Value| method.as_str().is_some_and(|method| METHODS.contains(&method));
    if methods.is_empty() || !methods.iter().all(is_known) {
        return Err(("checkout.allowed_payment_methods", "Un método no es válido."));
    }
    if let Some(expires_at) = checkout.get("expires_at") {
        let left_s = expires_at.as_i64().map(|at| at - now_s);
        if !left_s.is_some_and(|left_s| (SHORTEST_S..=LONGEST_S).contains(&left_s)) {
            return Err(("checkout.expires_at", "La fecha debe estar entre 5 minutos y 365 días."));
        }
    }
    Ok(())
}

/// The card token of a direct charge.
pub fn token_of(charges: &Value) -> Option<&str> {
    charges.get(0)?.get("payment_method")?.get("token_id")?.as_str()
}

/// Why a card is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Declined,
    InsufficientFunds,
    ThreeDsFailed,
    SuspectedFraud,
}

impl Failure {
    pub fn code(self) -> &'static str {
        match self {
            Self::Declined => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ThreeDsFailed => "three_ds_failed",
            Self::SuspectedFraud => "suspected_fraud",
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::Declined => "La tarjeta fue declinada.",
            Self::InsufficientFunds => "La tarjeta no tiene fondos suficientes.",
            Self::ThreeDsFailed => "El banco no pudo confirmar la compra.",
            Self::SuspectedFraud => "Cargo declinado.",
        }
    }
}

/// How a payment is made away from the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    Cash,
    Spei,
}

/// A card pays or is refused.
pub fn charge_card(payment: &mut Payment, last4: &str, failure: Option<Failure>, now_s: i64) {
    payment.extra.remove("next_action");
    payment.status = if failure.is_none() {
        SimStatus::Paid
    } else {
        SimStatus::Declined
    };
    push(
        payment,
        json!({
            "id": hex_id(),
            "at": now_s,
            "failure": failure.map(Failure::code),
            "says": failure.map(Failure::message),
            "method": card(last4),
        }),
    );
}

/// The bank wants to see the buyer first.
pub fn challenge(payment: &mut Payment, url: &str) {
    payment.status = SimStatus::Pending;
    payment.extra.insert("next_action".to_owned(), json!(url));
}

/// A reference to pay at a store or by transfer.
pub fn issue(payment: &mut Payment, voucher: Voucher, base_url: &str, now_s: i64) {
    let expires_at = payment
        .extra
        .get("checkout")
        .and_then(|checkout| checkout.get("expires_at"))
        .and_then(Value::as_i64)
        .unwrap_or(now_s + VOUCHER_S);
    let method = match voucher {
        Voucher::Cash => {
            let reference = digits("9300", 14);
            json!({
                "object": "cash_payment", "type": "cash", "reference": reference, "expires_at": expires_at,
                "barcode_url": format!("{base_url}/barcodes/{reference}.png"),
                "service_name": "OxxoPay", "store_name": "OXXO", "product_type": "cash_in",
            })
        }
        Voucher::Spei => {
            let clabe = digits("7341", 18);
            json!({
                "object": "bank_transfer_payment", "type": "spei", "clabe": clabe, "bank": "STP",
                "receiving_account_number": clabe, "expires_at": expires_at, "tracking_code": null,
                "payment_attempts": [],
            })
        }
    };
    payment.status = SimStatus::Pending;
    payment.extra.remove("next_action");
    push(
        payment,
        json!({ "id": hex_id(), "at": now_s, "failure": null, "method": method }),
    );
}

/// The reference or account number that waits for its money, and whether it is for a store.
pub fn open_voucher(payment: &Payment) -> Option<(String, bool)> {
    let method = kept(payment).last()?.get("method")?;
    let told = |name: &str| method.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    told("reference")
        .map(|reference| (reference, true))
        .or_else(|| told("clabe").map(|clabe| (clabe, false)))
}

pub fn amount_minor(payment: &Payment) -> i64 {
    minor(&payment.amount, &payment.currency).unwrap_or_default()
}

/// `payment_status`; absent until something was tried.
pub fn word(payment: &Payment) -> Option<&str> {
    match &payment.status {
        SimStatus::Pending if kept(payment).is_empty() && payment.extra.get("next_action").is_none() => None,
        SimStatus::Pending => Some("pending_payment"),
        SimStatus::Paid | SimStatus::Settled if refunded_minor(payment) > 0 => Some("partially_refunded"),
        SimStatus::Paid | SimStatus::Settled => Some("paid"),
        SimStatus::Declined => Some("declined"),
        SimStatus::Cancelled => Some("canceled"),
        SimStatus::Expired => Some("expired"),
        SimStatus::Refunded => Some("refunded"),
        SimStatus::Word(word) => Some(word),
    }
}

/// Whether a person who types this text would expect to find the order.
pub fn mentions(payment: &Payment, search: &str) -> bool {
    let kept = ["metadata", "customer_info", "line_items", "charges"];
    payment.id == search
        || kept
            .iter()
            .filter_map(|name| payment.extra.get(*name))
            .any(|value| value.to_string().contains(search))
}

/// The order as the API shows it.
pub fn body(payment: &Payment, is_live: bool, base_url: &str) -> Value {
    let extra = |name: &str| payment.extra.get(name).cloned().unwrap_or(Value::Null);
    let created_at = extra("created_at");
    let mut order = json!({
        "object": "order",
        "id": payment.id,
        "livemode": is_live,
        "amount": told_minor(payment),
        "currency": payment.currency,
        "amount_refunded": refunded_minor(payment),
        "is_refundable": matches!(payment.status, SimStatus::Paid | SimStatus::Settled),
        "customer_info": customer(&extra("customer_info")),
        "line_items": line_items(payment),
        "metadata": extra("metadata"),
        "split_payment": null,
        "processing_mode": null,
        "created_at": created_at,
        "updated_at": payment.changed_at.as_second(),
    });
    let Some(fields) = order.as_object_mut() else {
        return order;
    };
    if let Some(checkout) = payment.extra.get("checkout") {
        fields.insert(
            "checkout".to_owned(),
            shown_checkout(payment, checkout, is_live, base_url),
        );
        let channel = json!({
            "segment": "Checkout", "checkout_request_id": dashed(&payment.token),
            "checkout_request_type": "HostedPayment", "id": format!("channel_2{}", payment.token),
        });
        fields.insert("channel".to_owned(), channel);
    }
    if let Some(word) = word(payment) {
        fields.insert("payment_status".to_owned(), json!(word));
        let charges = charges(payment, is_live);
        let list = json!({ "object": "list", "has_more": false, "total": charges.len(), "data": charges });
        let charges = if charges.is_empty() { Value::Null } else { list };
        fields.insert("charges".to_owned(), charges);
    }
    if let Some(url) = payment.extra.get("next_action") {
        let action =
            json!({ "type": "redirect_to_url", "redirect_to_url": { "url": url, "return_url": payment.return_url } });
        fields.insert("next_action".to_owned(), action);
    }
    order
}

/// The charges, oldest first. Money that came without any page is a card's.
pub fn charges(payment: &Payment, is_live: bool) -> Vec<Value> {
    let mut kept = kept(payment).to_vec();
    let is_failed = |charge: &Value| charge.get("failure").is_some_and(Value::is_string);
    let money_came = !matches!(
        payment.status,
        SimStatus::Pending | SimStatus::Cancelled | SimStatus::Expired
    );
    if money_came && kept.iter().all(is_failed) {
        let is_declined = payment.status == SimStatus::Declined;
        if !is_declined || kept.is_empty() {
            kept.push(json!({
                "id": format!("69c{}", payment.id.get(5..).unwrap_or_default()),
                "at": payment.extra.get("created_at"),
                "failure": is_declined.then_some(Failure::Declined.code()),
                "says": is_declined.then_some(Failure::Declined.message()),
                "method": card("4242"),
            }));
        }
    }
    // Where the charges do not say it, the last one that was not refused took the money.
    let are_marked = kept.iter().any(|charge| charge.get(PAID_AT).is_some());
    let last = kept.iter().rposition(|charge| !is_failed(charge));
    let takes_money = |place: usize, charge: &Value| match are_marked {
        true => charge.get(PAID_AT).is_some(),
        false => Some(place) == last,
    };
    kept.iter()
        .enumerate()
        .map(|(place, charge)| shown_charge(payment, charge, takes_money(place, charge), is_live))
        .collect()
}

fn shown_charge(payment: &Payment, charge: &Value, takes_money: bool, is_live: bool) -> Value {
    let failure = charge.get("failure").cloned().unwrap_or(Value::Null);
    let has_money = matches!(
        payment.status,
        SimStatus::Paid | SimStatus::Settled | SimStatus::Refunded
    );
    let is_paid = takes_money && !failure.is_string() && (has_money || payment.extra.contains_key(WAS_PAID));
    let refunds: Vec<_> = refunds_of(payment, charge.get("id").and_then(Value::as_str)).collect();
    let returned = sum(refunds.iter().copied());
    let status = match failure.is_string() {
        true => "declined",
        false if has_money && !takes_money => "pending_payment",
        false if is_paid && returned >= amount_minor(payment) => "refunded",
        false if is_paid && has_money && returned == 0 && payment.status != SimStatus::Refunded => "paid",
        false => word(payment).unwrap_or("pending_payment"),
    };
    let has_refunds = is_paid && !refunds.is_empty();
    json!({
        "object": "charge",
        "id": charge.get("id"),
        "livemode": is_live,
        "status": status,
        "amount": told_minor(payment),
        "currency": payment.currency,
        "created_at": charge.get("at"),
        "paid_at": is_paid.then(|| charge.get(PAID_AT).or(charge.get("at"))),
        "order_id": payment.id,
        "reference_id": null,
        "failure_code": failure,
        "failure_message": charge.get("says"),
        "description": "Payment from order",
        "is_refundable": is_paid,
        "customer_id": "",
        "device_fingerprint": null,
        "monthly_installments": null,
        "payment_method": charge.get("method"),
        "refunds": has_refunds.then(|| json!({ "object": "list", "has_more": false, "data": refunds })),
    })
}

fn shown_checkout(payment: &Payment, asked: &Value, is_live: bool, base_url: &str) -> Value {
    let told = |name: &str| asked.get(name).cloned().unwrap_or(Value::Null);
    let is_paid = matches!(
        payment.status,
        SimStatus::Paid | SimStatus::Settled | SimStatus::Refunded
    );
    json!({
        "object": "checkout",
        "id": dashed(&payment.token),
        "name": asked.get("name").cloned().unwrap_or_else(|| json!(payment.id.replace('_', "-"))),
        "type": told("type"),
        "status": match payment.status {
            SimStatus::Cancelled => "Cancelled",
            SimStatus::Expired => "Expired",
            _ => "Issued",
        },
        "slug": payment.token,
        "url": format!("{base_url}/checkout/{}", payment.token),
        "success_url": told("success_url"),
        "failure_url": told("failure_url"),
        "allowed_payment_methods": told("allowed_payment_methods"),
        "starts_at": payment.extra.get("created_at"),
        "expires_at": told("expires_at"),
        "paid_payments_count": i32::from(is_paid),
        "recurrent": false,
        "is_redirect_on_failure": true,
        "redirection_time": told("redirection_time"),
        "monthly_installments_enabled": false,
        "monthly_installments_options": [],
        "exclude_card_networks": [],
        "force_3ds_flow": false,
        "can_not_expire": false,
        "emails_sent": 0,
        "sms_sent": 0,
        "needs_shipping_contact": false,
        "metadata": {},
        "livemode": is_live,
    })
}

fn customer(asked: &Value) -> Value {
    let told = |name: &str| asked.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "object": "customer_info", "name": told("name"), "email": told("email"), "phone": told("phone"),
        "customer_id": told("customer_id"), "corporate": false,
    })
}

fn line_items(payment: &Payment) -> Value {
    let asked = payment.extra.get("line_items").and_then(Value::as_array);
    let items: Vec<_> = asked
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(place, item)| {
            let mut item = item.clone();
            if let Some(fields) = item.as_object_mut() {
                fields.insert("object".to_owned(), json!("line_item"));
                fields.insert("id".to_owned(), json!(format!("line_item_2{}{place}", payment.token)));
                fields.insert("parent_id".to_owned(), json!(payment.id));
                fields.entry("metadata").or_insert_with(|| json!({}));
                fields.entry("antifraud_info").or_insert_with(|| json!({}));
            }
            item
        })
        .collect();
    json!({ "object": "list", "has_more": false, "total": items.len(), "data": items })
}

fn card(last4: &str) -> Value {
    json!({
        "object": "card_payment", "type": "credit", "brand": "visa", "last4": last4, "issuer": "BANAMEX",
        "auth_code": "582483", "exp_month": "08", "exp_year": "30", "country": "MX", "account_type": "Credit",
        "fraud_indicators": [], "three_ds_flow_required": false,
    })
}

fn kept(payment: &Payment) -> &[Value] {
    let charges = payment.extra.get("charges").and_then(Value::as_array);
    charges.map_or(&[], Vec::as_slice)
}

fn push(payment: &mut Payment, charge: Value) {
    let charges = payment.extra.entry("charges").or_insert_with(|| json!([]));
    if let Some(charges) = charges.as_array_mut() {
        charges.push(charge);
    }
}

/// A claimed amount may be no amount at all; it is told as it was claimed.
fn told_minor(payment: &Payment) -> Value {
    let told = payment.told_amount();
    minor(told, &payment.currency).map_or_else(|| json!(told), |minor| json!(minor))
}

fn minor(amount: &str, currency: &str) -> Option<i64> {
    let currency = Currency::from_text(currency, Currency::Mxn)?;
    Money::parse_major(amount, currency).ok().map(Money::minor)
}

/// 24 hex digits, as charges and events have.
pub fn hex_id() -> String {
    format!("{}{:08x}", random_hex(), rand::random::<u32>())
}

fn digits(start: &str, length: usize) -> String {
    let more = rand::random::<u64>().to_string();
    format!("{start}{more:0>20}").chars().take(length).collect()
}

/// 32 hex digits as a UUID.
fn dashed(token: &str) -> String {
    let part = |from, to| token.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

const METHODS: [&str; 7] = [
    "cash",
    "card",
    "bank_transfer",
    "bnpl",
    "pay_by_bank",
    "apple",
    "google",
];
/// The documented minimum of a card, in centavos.
const LEAST_MINOR: i64 = 300;
const MOST_METADATA: usize = 100;
const LONGEST_METADATA: usize = 249;
const SHORTEST_S: i64 = 5 * 60;
const LONGEST_S: i64 = 365 * 24 * 3600;
/// What a cash reference lives where nothing else is said.
const VOUCHER_S: i64 = 30 * 24 * 3600;
