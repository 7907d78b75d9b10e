//! What one simulated gateway remembers, and the buyer's decision.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::sender::{Errand, Sender};
use super::{
    Choice, Fault, Kind, NoPayment, Quirk, SimGatewaysConfig, SimStatus, WebhookTarget, cinetpay_v1, cinetpay_v2,
    conekta, fedapay, feexpay, mercadopago,
};

/// One gateway's memory.
#[derive(Debug)]
pub struct Desk {
    pub kind: Kind,
    pub base_url: String,
    pub sender: Sender,
    late_by: std::time::Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub struct State {
    pub payments: Vec<Payment>,
    pub targets: Vec<WebhookTarget>,
    pub faults: VecDeque<Fault>,
    pub quirks: HashSet<Quirk>,
    /// CinetPay v1's login tokens that are still good.
    pub logins: HashSet<String>,
    pub mercadopago: mercadopago::Books,
    /// Card tokens that were charged.
    pub spent_tokens: HashSet<String>,
    pub calls: Vec<String>,
}

/// One payment, in words all simulated gateways share.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The gateway's own id.
    pub id: String,
    /// The merchant's reference; empty where Checkout.js gave none.
    pub order: String,
    /// The unguessable part of the pay page's address.
    pub token: String,
    pub notify_token: String,
    /// Major units, as digits.
    pub amount: String,
    pub claimed_amount: Option<String>,
    pub currency: String,
    pub description: String,
    pub return_url: Option<String>,
    pub notify_url: Option<String>,
    pub status: SimStatus,
    pub script: VecDeque<SimStatus>,
    pub made_at: Timestamp,
    /// When its status or its charges last changed.
    pub changed_at: Timestamp,
    /// What the gateway echoes: metadata, phone, network and the like.
    pub extra: Map<String, Value>,
}

impl Payment {
    /// A pending payment with an id and tokens of its own.
    pub fn new(id: String, order: &str, amount: &str, currency: &str, description: &str) -> Self {
        Self {
            id,
            order: order.to_owned(),
            token: random_hex(),
            notify_token: format!("nt_{}", random_hex()),
            amount: amount.to_owned(),
            claimed_amount: None,
            currency: currency.to_owned(),
            description: description.to_owned(),
            return_url: None,
            notify_url: None,
            status: SimStatus::Pending,
            script: VecDeque::new(),
            made_at: Timestamp::now(),
            changed_at: Timestamp::now(),
            extra: Map::new(),
        }
    }

    /// What the gateway says was paid.
    pub fn told_amount(&self) -> &str {
        self.claimed_amount.as_deref().unwrap_or(&self.amount)
    }

    /// Takes on a status; that it was paid once is remembered.
    pub fn turn(&mut self, status: SimStatus) {
        if matches!(self.status, SimStatus::Paid | SimStatus::Settled) {
            self.extra.insert(WAS_PAID.to_owned(), Value::Bool(true));
        }
        self.status = status;
        self.changed_at = Timestamp::now();
    }

    pub fn is_open(&self) -> bool {
        matches!(
            self.status,
            SimStatus::Pending | SimStatus::Declined | SimStatus::Cancelled
        )
    }

    pub fn extra_text(&self, name: &str) -> &str {
        self.extra.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Desk {
    pub fn new(kind: Kind, base_url: String, config: &SimGatewaysConfig) -> Self {
        let retry_delays = match kind {
            Kind::Fedapay(_) => config.retry_delays.clone(),
            // It tells one payment by two webhooks, so that its tries take twice as long.
            Kind::Conekta(_) => config.retry_delays.iter().take(CONEKTA_RETRIES).copied().collect(),
            // The other gateways publish no retries, so the relay must not need them.
            _ => Vec::new(),
        };
        Self {
            kind,
            base_url,
            sender: Sender::new(retry_delays),
            late_by: config.late_by,
            state: Mutex::default(),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How late a late webhook is told.
    pub fn late_by(&self) -> std::time::Duration {
        self.late_by
    }

    pub fn has_quirk(&self, quirk: Quirk) -> bool {
        self.state().quirks.contains(&quirk)
    }

    pub fn with_payment<T>(&self, order: &str, act: impl FnOnce(&mut Payment) -> T) -> Result<T, NoPayment> {
        let mut state = self.state();
        let payment = state.payments.iter_mut().find(|payment| payment.order == order);
        payment.map(act).ok_or_else(|| NoPayment(order.to_owned()))
    }

    /// A copy of the first payment that fits, after the next step of its script.
    pub fn ask(&self, fits: impl Fn(&Payment) -> bool) -> Option<Payment> {
        let mut state = self.state();
        let payment = state.payments.iter_mut().find(|payment| fits(payment))?;
        if let Some(next) = payment.script.pop_front() {
            payment.status = next;
            payment.changed_at = Timestamp::now();
        }
        Some(payment.clone())
    }

    pub fn by_token(&self, token: &str) -> Option<Payment> {
        self.state()
            .payments
            .iter()
            .find(|payment| payment.token == token)
            .cloned()
    }

    /// Keeps a new payment unless its reference was used; `false` then.
    pub fn add(&self, payment: Payment) -> bool {
        let mut state = self.state();
        let is_used = !payment.order.is_empty() && state.payments.iter().any(|known| known.order == payment.order);
        if !is_used {
            state.payments.push(payment);
        }
        !is_used
    }

    /// Keeps a new payment of a gateway that does not care whether a reference was used before.
    pub fn add_another(&self, payment: Payment) {
        self.state().payments.push(payment);
    }

    /// Changes the payment with this token, if there is one.
    pub fn change(&self, token: &str, act: impl FnOnce(&mut Payment)) {
        let mut state = self.state();
        let payment = state.payments.iter_mut().find(|payment| payment.token == token);
        if let Some(payment) = payment {
            act(payment);
            payment.changed_at = Timestamp::now();
        }
    }

    pub fn count(&self) -> usize {
        self.state().payments.len()
    }

    /// Notes an API call and takes the fault that is due for it.
    pub fn record_call(&self, request: &Request) -> Option<Fault> {
        let mut state = self.state();
        state.calls.push(format!("{} {}", request.method, request.path));
        state.faults.pop_front()
    }

    /// The buyer decides. Returns the webhooks this leads to, or `None` for an unknown token.
    pub fn decide(&self, token: &str, choice: Choice) -> Option<Vec<Errand>> {
        let is_mercadopago = matches!(self.kind, Kind::Mercadopago(_));
        let payment = {
            let mut state = self.state();
            let payment = state.payments.iter_mut().find(|payment| payment.token == token)?;
            payment.script.clear();
            payment.changed_at = Timestamp::now();
            // There, each try is a payment of its own, and the one before stays what it was.
            if !is_mercadopago {
                payment.status = if choice == Choice::Decline {
                    SimStatus::Declined
                } else {
                    SimStatus::Paid
                };
            }
            payment.clone()
        };
        if is_mercadopago {
            return mercadopago::decide(self, &payment.token, choice);
        }
        Some(self.errands_for(&payment, choice))
    }

    /// The webhooks that tell a payment's present status, as the choice wants them.
    pub fn errands_for(&self, payment: &Payment, choice: Choice) -> Vec<Errand> {
        let mut errands = self.errands_of(payment);
        match choice {
            Choice::Pay | Choice::Decline => {}
            Choice::PaySilently => errands.clear(),
            Choice::PayTwice => errands.extend_from_within(..),
            Choice::PayLate => errands.iter_mut().for_each(|errand| errand.delay = self.late_by),
            Choice::PayBadSignature => errands.iter_mut().for_each(|errand| errand.is_genuine = false),
        }
        errands
    }

    /// The webhooks that tell a payment's present status: one, or several where the gateway has several.
    pub fn errands_of(&self, payment: &Payment) -> Vec<Errand> {
        let mut targets = self.state().targets.clone();
        let is_per_payment = matches!(self.kind, Kind::CinetpayV2(_) | Kind::CinetpayV1(_));
        if let (true, true, Some(url)) = (is_per_payment, targets.is_empty(), &payment.notify_url) {
            targets.push(WebhookTarget {
                url: url.clone(),
                headers: Vec::new(),
            });
        }
        let bodies = match &self.kind {
            Kind::Fedapay(_) => vec![fedapay::event(payment)],
            Kind::CinetpayV2(_) => vec![cinetpay_v2::notification(self, payment)],
            Kind::CinetpayV1(_) => vec![cinetpay_v1::notification(payment)],
            Kind::Feexpay(_) => vec![feexpay::event(self, payment)],
            Kind::Conekta(_) => conekta::events(self, payment),
            Kind::Mercadopago(keys) => return mercadopago::errand(self, keys, &payment.token).into_iter().collect(),
        };
        bodies
            .into_iter()
            .map(|body| Errand {
                targets: targets.clone(),
                body: body.into_bytes(),
                is_genuine: true,
                delay: std::time::Duration::ZERO,
            })
            .collect()
    }

    /// The headers that prove a webhook, made for each try anew; wrong ones for a forged one.
    pub fn proof(&self, body: &[u8], is_genuine: bool) -> Vec<(String, String)> {
        let mut headers = match &self.kind {
            Kind::Fedapay(keys) => fedapay::proof(keys, body, is_genuine),
            Kind::CinetpayV2(keys) => cinetpay_v2::proof(self, keys, body, is_genuine),
            Kind::CinetpayV1(_) => vec![json_type()],
            Kind::Feexpay(keys) => feexpay::proof(keys, is_genuine),
            Kind::Conekta(merchant) => conekta::proof(merchant, body, is_genuine),
            Kind::Mercadopago(keys) => mercadopago::proof(self, keys, body, is_genuine),
        };
        headers.retain(|(_, value)| !value.is_empty());
        headers
    }

    /// The body of a try: CinetPay v1's proof is inside.
    pub fn body(&self, body: &[u8], is_genuine: bool) -> Vec<u8> {
        match &self.kind {
            Kind::CinetpayV1(_) if !is_genuine => cinetpay_v1::forged(body),
            _ => body.to_vec(),
        }
    }
}

impl Fault {
    /// The answer that comes instead of the real one, if the call is not carried out.
    pub(super) fn instead(self, kind: &Kind) -> Option<Reply> {
        let json = |status, value: Value| Some(Reply::json(status, &value));
        match self {
            Self::ServerError => json(StatusCode::BAD_GATEWAY, json!({ "message": "upstream" })),
            Self::WebPage => Some(Reply::html(
                StatusCode::FORBIDDEN,
                "<html><body>Attention Required!</body></html>".to_owned(),
            )),
            Self::TooMany if matches!(kind, Kind::Conekta(_)) => Some(conekta::too_many()),
            Self::TooMany => json(StatusCode::TOO_MANY_REQUESTS, json!({ "message": "RATE_LIMIT" })),
            Self::NotOnTheList if matches!(kind, Kind::Conekta(_)) => Some(conekta::not_on_the_list()),
            Self::Unauthorized | Self::NotOnTheList => Some(unauthorized(kind)),
            Self::Flood => Some(Reply::new(
                StatusCode::OK,
                "application/json",
                format!(
                    r#"{{"id":1,"status":"approved","description":"{}"}}"#,
                    "x".repeat(FLOOD_BYTES)
                ),
            )),
            Self::Garbage => Some(Reply::text(StatusCode::OK, "{\"half\":")),
            Self::Locked | Self::Dependency | Self::TooManyFor42s | Self::OtherModesKey => mercadopago::fault(self),
            Self::SilentAfterAccepting | Self::HangUpAfterAccepting | Self::Spared => None,
        }
    }
}

/// How a gateway says that a key is wrong.
pub fn unauthorized(kind: &Kind) -> Reply {
    let (status, body) = match kind {
        Kind::Fedapay(_) => (
            StatusCode::UNAUTHORIZED,
            json!({ "message": "Erreur d'authentification" }),
        ),
        Kind::CinetpayV2(_) => (
            StatusCode::UNAUTHORIZED,
            json!({ "code": "609", "message": "AUTH_NOT_FOUND", "description": "apikey not found", "api_response_id": "1.1" }),
        ),
        Kind::CinetpayV1(_) => (
            StatusCode::UNAUTHORIZED,
            json!({ "code": 1005, "status": "INVALID_CREDENTIALS" }),
        ),
        Kind::Feexpay(_) => (StatusCode::UNAUTHORIZED, json!({ "message": "UNAUTHORIZED" })),
        Kind::Conekta(_) => return conekta::unauthorized(),
        Kind::Mercadopago(_) => (StatusCode::UNAUTHORIZED, mercadopago::invalid_token()),
    };
    Reply::json(status, &body)
}

/// Whether the request carries this bearer.
pub fn has_bearer(request: &Request, key: &str) -> bool {
    request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        == Some(key)
}

/// The body as a JSON object; an empty one where it is none.
pub fn json_body(request: &Request) -> Map<String, Value> {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

/// A field that must be text and not empty.
pub fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub fn json_type() -> (String, String) {
    ("Content-Type".to_owned(), "application/json".to_owned())
}

/// 16 hex digits nobody guesses.
pub fn random_hex() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Among a payment's extras: the money was there once.
pub const WAS_PAID: &str = "was_paid";
/// Of the 13 that are published; enough to see that it comes again.
const CONEKTA_RETRIES: usize = 3;
/// More than any answer of a gateway.
const FLOOD_BYTES: usize = 10 * 1024 * 1024;
