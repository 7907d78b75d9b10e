//! FedaPay: signed webhooks, transactions made and asked about with the secret key, Checkout.js without it.
//!
//! Promises: no transaction is made twice for one order (`merchant_reference` is unique at FedaPay and is
//! looked up when it was used before), and an answer that names another order is never taken for ours.
//! Deliberately does not do: refunds (dashboard only), payouts, amounts in currencies other than XOF where
//! FedaPay names none. Facts: `gateways-west-africa.md` 2.

mod list;

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::answer::{self, Raw, RawPart, Text};
use super::call::{Answer, Body, Call, Dialogue};
use super::{
    Authenticity, Gateway, GatewayError, Incoming, Lack, Notice, PayMethod, PaymentKey, PaymentRequest, PaymentStatus,
    Refusal, Report, Started, Told, Unreadable, signature,
};
use crate::company::{Account, AccountKeys, Mode};
use crate::money::{Currency, Money};
use crate::reason::GatewayRule;

pub struct Fedapay;

impl Gateway for Fedapay {
    fn pay_method(&self, account: &Account, _country: &str) -> PayMethod {
        let Some(keys) = Keys::of(account) else {
            return PayMethod::Cannot {
                missing: Lack::ForeignKeys,
            };
        };
        match (keys.secret, keys.public) {
            _ if keys.are_mixed() => PayMethod::Cannot {
                missing: Lack::MixedKeys,
            },
            (Some(_), _) => PayMethod::Redirect,
            (None, Some(_)) if keys.webhooks.is_empty() => PayMethod::Cannot {
                missing: Lack::ProofBy(&["webhook_secrets (wh_…)", "secret_key (sk_…)"]),
            },
            (None, Some(public)) => PayMethod::CheckoutJs {
                public_key: public.to_owned(),
                environment: match mode_of(public).unwrap_or(account.mode) {
                    Mode::Live => "live",
                    Mode::Test => "sandbox",
                },
                script_url: match &account.base_url {
                    Some(base) => format!("{}/checkout.js", base.trim_end_matches('/')),
                    None => CHECKOUT_SCRIPT.to_owned(),
                },
            },
            (None, None) => PayMethod::Cannot {
                missing: Lack::OneOf(&["secret_key (sk_…)", "public_key (pk_…)"]),
            },
        }
    }

    fn can_ask(&self, account: &Account) -> bool {
        Keys::of(account).is_some_and(|keys| keys.secret.is_some())
    }

    fn authenticate(&self, account: &Account, incoming: Incoming<'_>, now: Timestamp) -> Result<Authenticity, Refusal> {
        let keys = Keys::of(account).ok_or(Refusal::Wrong)?;
        if keys.webhooks.is_empty() {
            return Ok(Authenticity::Unsigned);
        }
        signature::check_fedapay(incoming.headers, keys.webhooks, incoming.body, now)?;
        Ok(Authenticity::Signed)
    }

    fn event_key(&self, Told { body, .. }: Told<'_>) -> String {
        readable_key(body).unwrap_or_else(|| signature::sha256_hex(body))
    }

    fn read_notice(&self, account: &Account, Told { body, .. }: Told<'_>) -> Result<Notice, Unreadable> {
        let event: Event<'_> = answer::read_object(body)?;
        let name = event.name.get().unwrap_or_default();
        if !name.starts_with("transaction.") {
            return Ok(Notice {
                order: None,
                gateway_id: None,
                report: None,
            });
        }
        let missing = |what: &str| Unreadable(format!("the event has no {what}"));
        let transaction: Transaction = answer::read_inner(&event.entity)?.ok_or_else(|| missing("entity"))?;
        let mode = Keys::of(account).and_then(|keys| keys.mode_of_events());
        let report = transaction.report(mode, name.strip_prefix("transaction."))?;
        let gateway_id = Some(report.gateway_id.clone().ok_or_else(|| missing("entity.id"))?);
        Ok(Notice {
            order: report.order.clone(),
            gateway_id,
            report: KNOWN_EVENTS.contains(&name).then_some(report),
        })
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        match Api::of(account) {
            Ok(api) => create(api, request),
            Err(error) => answer::ended(error),
        }
    }

    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report> {
        match Api::of(account) {
            Ok(api) => ask(api, key.clone()),
            Err(error) => answer::ended(error),
        }
    }

    fn list_paid(&self, account: &Account, since: Timestamp, _until: Timestamp) -> Option<Dialogue<Vec<Report>>> {
        Api::of(account).ok().map(|api| list::paid(api, since))
    }
}

/// The keys of a FedaPay account.
struct Keys<'a> {
    public: Option<&'a str>,
    secret: Option<&'a SecretString>,
    webhooks: &'a [SecretString],
}

impl<'a> Keys<'a> {
    fn of(account: &'a Account) -> Option<Self> {
        match &account.keys {
            AccountKeys::Fedapay {
                public_key,
                secret_key,
                webhook_secrets,
            } => Some(Self {
                public: public_key.as_deref(),
                secret: secret_key.as_ref(),
                webhooks: webhook_secrets,
            }),
            _ => None,
        }
    }

    fn secret_mode(&self) -> Option<Mode> {
        mode_of(self.secret?.expose_secret())
    }

    fn are_mixed(&self) -> bool {
        matches!((self.public.and_then(mode_of), self.secret_mode()), (Some(a), Some(b)) if a != b)
    }

    /// The mode a webhook speaks for. Which of several secrets signed is not kept, so one sandbox key among
    /// them is enough to call the event a test: real money is then held, never play money believed.
    fn mode_of_events(&self) -> Option<Mode> {
        let webhooks = self.webhooks.iter().map(|secret| mode_of(secret.expose_secret()));
        let modes: Vec<_> = webhooks
            .chain([self.public.and_then(mode_of), self.secret_mode()])
            .flatten()
            .collect();
        match modes.contains(&Mode::Test) {
            true => Some(Mode::Test),
            false => modes.first().copied(),
        }
    }
}

/// The environment a key names in its prefix.
fn mode_of(key: &str) -> Option<Mode> {
    match key.split('_').nth(1)? {
        "live" => Some(Mode::Live),
        "sandbox" | "test" => Some(Mode::Test),
        _ => None,
    }
}

/// Where an account's calls go, and with what.
#[derive(Clone)]
struct Api {
    base: String,
    key: SecretString,
    mode: Option<Mode>,
}

impl Api {
    fn of(account: &Account) -> Result<Self, GatewayError> {
        let keys = Keys::of(account).ok_or_else(|| GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned()))?;
        let key = keys
            .secret
            .ok_or_else(|| GatewayError::Misconfigured("`secret_key` (sk_…) is not set".to_owned()))?;
        let mode = keys.secret_mode();
        let host = match mode.unwrap_or(account.mode) {
            Mode::Live => LIVE_API,
            Mode::Test => SANDBOX_API,
        };
        let base = account
            .base_url
            .as_deref()
            .unwrap_or(host)
            .trim_end_matches('/')
            .to_owned();
        Ok(Self {
            base,
            key: key.clone(),
            mode,
        })
    }

    fn call(&self, method: Method, path: &str, body: Body) -> Call {
        Call {
            method,
            url: format!("{}/v1/{path}", self.base),
            bearer: Some(self.key.clone()),
            headers: Vec::new(),
            body,
        }
    }

    fn by_reference(&self, reference: &str) -> Call {
        self.call(
            Method::GET,
            &format!("transactions/merchant/{}", answer::path_segment(reference)),
            Body::Empty,
        )
    }
}

fn create(api: Api, request: &PaymentRequest) -> Dialogue<Started> {
    let Some(amount) = answer::whole_major(request.amount) else {
        return answer::ended(GatewayError::Rule(GatewayRule::WholeAmounts));
    };
    let reference = request.order.to_string();
    let mut body = json!({
        "description": request.description,
        "amount": amount,
        "currency": { "iso": request.amount.currency().code() },
        "callback_url": request.return_url,
        "custom_metadata": { "ref": reference },
        "merchant_reference": reference,
    });
    if let (Some(email), Some(body)) = (&request.email, body.as_object_mut()) {
        body.insert("customer".to_owned(), json!({ "email": email }));
    }
    let call = api.call(Method::POST, "transactions", Body::Json(body));
    Dialogue::call(call, move |answer| match read_transaction(&answer) {
        Ok(transaction) => make_token(&api, &transaction),
        // The reference may have been used by an earlier try whose answer was lost.
        Err(refusal @ GatewayError::Refused(_)) => look_up(api, &reference, refusal),
        Err(error) => answer::ended(error),
    })
}

/// Goes on with the transaction an earlier try made, or with `refusal` if there is none.
fn look_up(api: Api, reference: &str, refusal: GatewayError) -> Dialogue<Started> {
    let call = api.by_reference(reference);
    Dialogue::call(call, move |answer| match read_transaction(&answer) {
        Ok(transaction) => make_token(&api, &transaction),
        Err(GatewayError::NotFound) => answer::ended(refusal),
        Err(error) => answer::ended(error),
    })
}

fn make_token(api: &Api, transaction: &Transaction) -> Dialogue<Started> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Token {
        url: Text,
    }
    let Some(id) = transaction.id.owned() else {
        return answer::ended(answer::senseless("transaction id"));
    };
    let call = api.call(
        Method::POST,
        &format!("transactions/{}/token", answer::path_segment(&id)),
        Body::Empty,
    );
    Dialogue::call(call, move |answer| {
        if !answer.status.is_success() {
            return answer::ended(answer::failure(&answer));
        }
        let url = answer::read_object::<Token>(&answer.body)
            .ok()
            .and_then(|token| answer::pay_url(&token.url));
        Dialogue::Done(match url {
            Some(url) => Ok(Started {
                gateway_id: Some(id),
                pay_url: Some(url),
                ..Started::default()
            }),
            None => Err(answer::senseless("pay address")),
        })
    })
}

fn ask(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let Some(id) = key.gateway_id.clone() else {
        return ask_by_reference(api, key);
    };
    let call = api.call(
        Method::GET,
        &format!("transactions/{}", answer::path_segment(&id)),
        Body::Empty,
    );
    Dialogue::call(call, move |answer| match read_report(&api, &answer, &key) {
        // An unsigned webhook may have named a wrong id; ours is looked up then.
        Err(GatewayError::NotFound) => ask_by_reference(api, key),
        other => Dialogue::Done(other),
    })
}

fn ask_by_reference(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let call = api.by_reference(key.order.as_str());
    Dialogue::call(call, move |answer| Dialogue::Done(read_report(&api, &answer, &key)))
}

fn read_report(api: &Api, answer: &Answer, key: &PaymentKey) -> Result<Report, GatewayError> {
    let unreadable = |error: Unreadable| GatewayError::Transient(error.to_string());
    let report = read_transaction(answer)?.report(api.mode, None).map_err(unreadable)?;
    answer::about_order(report, key)
}

/// The transaction of an answer, which comes in an envelope.
fn read_transaction(answer: &Answer) -> Result<Transaction, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        #[serde(rename = "v1/transaction")]
        transaction: Raw,
    }
    if !answer.status.is_success() {
        return Err(answer::failure(answer));
    }
    let read =
        answer::read_object::<Envelope>(&answer.body).and_then(|envelope| answer::read_inner(&envelope.transaction));
    match read {
        Ok(Some(transaction)) => Ok(transaction),
        _ => Err(answer::senseless("transaction")),
    }
}

fn readable_key(body: &[u8]) -> Option<String> {
    // Nothing but what the key is made of: this is read while the gateway waits.
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Entity {
        id: Text,
        status: Text,
    }
    let event: Event<'_> = answer::read_object(body).ok()?;
    if let Some(id) = event.id.get() {
        return (id.len() <= MAX_KEY_PART).then(|| id.to_owned());
    }
    let entity: Entity = answer::read_inner(&event.entity).ok()??;
    let parts = [
        event.name.get()?,
        entity.id.get()?,
        entity.status.get().unwrap_or_default(),
    ];
    parts
        .iter()
        .all(|part| part.len() <= MAX_KEY_PART)
        .then(|| parts.join(":"))
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Event<'a> {
    id: Text,
    name: Text,
    #[serde(borrow)]
    entity: RawPart<'a>,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Transaction {
    id: Text,
    status: Text,
    amount: Text,
    currency: Raw,
    currency_id: Text,
    reference: Text,
    merchant_reference: Text,
    custom_metadata: Raw,
    metadata: Raw,
    last_error_code: Text,
    last_error_message: Text,
    created_at: Text,
}

impl Transaction {
    /// What the transaction says. `event` is the event's own word for what happened, which counts only where
    /// the transaction has no status.
    fn report(&self, mode: Option<Mode>, event: Option<&str>) -> Result<Report, Unreadable> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Own {
            #[serde(rename = "ref")]
            reference: Text,
        }
        let own: Option<Own> = answer::read_inner(&self.custom_metadata)?;
        let order = own.and_then(|own| answer::order_ref(&own.reference));
        Ok(Report {
            amount: self.money()?,
            mode,
            gateway_id: self.id.owned(),
            receipt: self.reference.owned(),
            order: order.or_else(|| answer::order_ref(&self.merchant_reference)),
            email: self.payer_email(),
            ..Report::of(self.status_word(self.status.get().or(event).unwrap_or_default()))
        })
    }

    /// Facts 2.7. `declined` and `canceled` are not final: the same transaction may be paid later.
    fn status_word(&self, word: &str) -> PaymentStatus {
        match word {
            "pending" | "created" => PaymentStatus::Pending,
            "approved" | "transferred" => PaymentStatus::Paid,
            "declined" => PaymentStatus::Failed {
                reason: self.last_error_message.owned().or_else(|| self.last_error_code.owned()),
            },
            "canceled" => PaymentStatus::Cancelled,
            "expired" => PaymentStatus::Expired,
            "refunded" | "approved_partially_refunded" | "transferred_partially_refunded" => PaymentStatus::Refunded,
            other => PaymentStatus::Unknown(answer::one_line(other)),
        }
    }

    /// `amount` is the price; what the buyer was debited may hold fees on top.
    fn money(&self) -> Result<Option<Money>, Unreadable> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Iso {
            iso: Text,
        }
        let iso: Option<Iso> = answer::read_inner(&self.currency)?;
        let currency = match (
            iso.as_ref().and_then(|currency| currency.iso.get()),
            self.currency_id.get(),
        ) {
            (Some(iso), _) => Currency::from_text(iso, Currency::Xof),
            (None, None | Some(XOF_ID)) => Some(Currency::Xof),
            (None, Some(_)) => None,
        };
        Ok(currency.and_then(|currency| answer::amount(&self.amount, currency)))
    }

    fn payer_email(&self) -> Option<String> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Metadata {
            paid_customer: Raw,
        }
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Customer {
            email: Text,
        }
        let metadata: Metadata = answer::read_inner(&self.metadata).ok()??;
        let customer: Customer = answer::read_inner(&metadata.paid_customer).ok()??;
        customer.email.owned()
    }
}

const LIVE_API: &str = "https://api.fedapay.com";
const SANDBOX_API: &str = "https://sandbox-api.fedapay.com";
const CHECKOUT_SCRIPT: &str = "https://cdn.fedapay.com/checkout.js?v=1.1.7";
/// `currency_id` of XOF in every recording.
const XOF_ID: &str = "1";
/// Event ids and names are a few dozen characters; a longer one is somebody's play and gets a digest.
const MAX_KEY_PART: usize = 128;
const FOREIGN_ACCOUNT: &str = "the account's keys are not FedaPay's";
const KNOWN_EVENTS: [&str; 11] = [
    "transaction.created",
    "transaction.approved",
    "transaction.declined",
    "transaction.canceled",
    "transaction.transferred",
    "transaction.updated",
    "transaction.refunded",
    "transaction.expired",
    "transaction.deleted",
    "transaction.approved_partially_refunded",
    "transaction.transferred_partially_refunded",
];

#[cfg(test)]
#[path = "fedapay_tests.rs"]
mod tests;
