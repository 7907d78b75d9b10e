//! CinetPay's API of 2026: a login, payments with a `notify_token`, and a status without an amount.
//!
//! Promises: the login token is kept for 23 hours and renewed once when the gateway calls it stale.
//! Deliberately does not do: believe an amount (the API never repeats it; the relay fixed it when it made
//! the payment), direct wallet payments, refunds (there are none). Facts: `gateways-west-africa.md` 3B.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::answer::{self, Raw, Text};
use super::call::{Answer, Body, Call, Dialogue};
use super::{
    Authenticity, Gateway, GatewayError, Incoming, Lack, Notice, PayMethod, PaymentKey, PaymentRequest, PaymentStatus,
    Refusal, Report, Started, Told, Unreadable, signature,
};
use crate::company::{Account, AccountKeys, Language, Mode};
use crate::money::Money;
use crate::reason::GatewayRule;

pub struct CinetpayV1;

impl Gateway for CinetpayV1 {
    fn pay_method(&self, account: &Account, _country: &str) -> PayMethod {
        match Api::of(account) {
            Ok(_) => PayMethod::Redirect,
            Err(_) => PayMethod::Cannot {
                missing: Lack::ForeignKeys,
            },
        }
    }

    fn can_ask(&self, account: &Account) -> bool {
        Api::of(account).is_ok()
    }

    fn authenticate(
        &self,
        _account: &Account,
        incoming: Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Authenticity, Refusal> {
        let event: Event = answer::read_object(incoming.body).map_err(|_| Refusal::Malformed)?;
        let order = answer::order_ref(&event.merchant_transaction_id).ok_or(Refusal::Malformed)?;
        // Only a text is a token; a number that happens to spell one is not.
        let token: Option<String> = event.notify_token.and_then(|raw| serde_json::from_str(raw.get()).ok());
        match token.filter(|token| !token.is_empty()) {
            Some(token) => Ok(Authenticity::Token {
                order,
                token: token.into(),
            }),
            None => Err(Refusal::Missing),
        }
    }

    fn event_key(&self, Told { body, .. }: Told<'_>) -> String {
        let digest = signature::sha256_hex(body);
        let event: Result<Event, _> = answer::read_object(body);
        match event
            .ok()
            .and_then(|event| answer::order_ref(&event.merchant_transaction_id))
        {
            Some(order) => format!("{order}:{digest}"),
            None => digest,
        }
    }

    /// The event says only that something became final; what, the gateway must be asked.
    fn read_notice(&self, account: &Account, Told { body, .. }: Told<'_>) -> Result<Notice, Unreadable> {
        let event: Event = answer::read_object(body)?;
        let order = answer::order_ref(&event.merchant_transaction_id)
            .ok_or_else(|| Unreadable("`merchant_transaction_id` is missing".to_owned()))?;
        let report = Report {
            mode: Api::of(account).ok().and_then(|api| api.mode),
            gateway_id: event.transaction_id.owned(),
            order: Some(order.clone()),
            phone: event.user_phone(),
            ..Report::of(PaymentStatus::Pending)
        };
        Ok(Notice {
            order: Some(order),
            gateway_id: event.transaction_id.owned(),
            report: Some(report),
        })
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        let checked = Api::of(account).and_then(|api| Ok((api, payment(request)?)));
        match checked {
            Ok((api, body)) => with_login(
                api,
                move |api, token| api.call(Method::POST, "payment", Some(token), Body::Json(body.clone())),
                |answer| read_started(&answer),
            ),
            Err(error) => answer::ended(error),
        }
    }

    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report> {
        let api = match Api::of(account) {
            Ok(api) => api,
            Err(error) => return answer::ended(error),
        };
        let (key, mode) = (key.clone(), api.mode);
        // Asked by our own reference, so that no webhook can lead us to another payment.
        let path = format!("payment/{}", answer::path_segment(key.order.as_str()));
        with_login(
            api,
            move |api, token| api.call(Method::GET, &path, Some(token), Body::Empty),
            move |answer| read_status(&answer, mode).and_then(|report| answer::about_order(report, &key)),
        )
    }
}

/// Where an account's calls go, and with what.
#[derive(Clone)]
struct Api {
    /// Names the account, its keys and its host: a token of one is never used for another.
    cache_key: String,
    base: String,
    api_key: SecretString,
    api_password: SecretString,
    mode: Option<Mode>,
}

impl Api {
    fn of(account: &Account) -> Result<Self, GatewayError> {
        let AccountKeys::CinetpayV1 { api_key, api_password } = &account.keys else {
            return Err(GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned()));
        };
        let mode = match api_key.expose_secret() {
            key if key.starts_with("sk_live_") => Some(Mode::Live),
            key if key.starts_with("sk_test_") => Some(Mode::Test),
            _ => None,
        };
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
        let secrets = format!("{}\n{}\n{base}", api_key.expose_secret(), api_password.expose_secret());
        Ok(Self {
            cache_key: format!("{} {}", account.id, signature::sha256_hex(secrets.as_bytes())),
            base,
            api_key: api_key.clone(),
            api_password: api_password.clone(),
            mode,
        })
    }

    fn call(&self, method: Method, path: &str, bearer: Option<&SecretString>, body: Body) -> Call {
        Call {
            method,
            url: format!("{}/v1/{path}", self.base),
            bearer: bearer.cloned(),
            headers: Vec::new(),
            body,
        }
    }
}

/// Makes a call with the account's login token: the one that is kept, or a new one. When the gateway calls
/// the token stale, logs in again and repeats the call once.
fn with_login<T: 'static>(
    api: Api,
    make: impl Fn(&Api, &SecretString) -> Call + Send + 'static,
    read: impl FnOnce(Answer) -> Result<T, GatewayError> + Send + 'static,
) -> Dialogue<T> {
    let Some(token) = Logins::get(&api.cache_key) else {
        return log_in(api, move |api, token| {
            Dialogue::call(make(&api, &token), |answer| Dialogue::Done(read(answer)))
        });
    };
    let call = make(&api, &token);
    Dialogue::call(call, move |answer| {
        if !is_stale_token(&answer) {
            return Dialogue::Done(read(answer));
        }
        Logins::forget(&api.cache_key);
        log_in(api, move |api, token| {
            Dialogue::call(make(&api, &token), |answer| Dialogue::Done(read(answer)))
        })
    })
}

fn log_in<T: 'static>(api: Api, then: impl FnOnce(Api, SecretString) -> Dialogue<T> + Send + 'static) -> Dialogue<T> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Login {
        access_token: Text,
    }
    let body = json!({ "api_key": api.api_key.expose_secret(), "api_password": api.api_password.expose_secret() });
    let call = api.call(Method::POST, "oauth/login", None, Body::Json(body));
    Dialogue::call(call, move |answer| {
        let token = answer::read_object::<Login>(&answer.body)
            .ok()
            .and_then(|login| login.access_token.owned());
        match token {
            Some(token) if answer.status.is_success() => {
                let token = SecretString::from(token);
                Logins::keep(&api.cache_key, &token);
                then(api, token)
            }
            _ => answer::ended(fault(&answer)),
        }
    })
}

/// The login tokens of this process, by account.
struct Logins;

impl Logins {
    fn get(key: &str) -> Option<SecretString> {
        let logins = LOGINS.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, since) = logins.get(key)?;
        (since.elapsed() < LOGIN_KEPT).then(|| token.clone())
    }

    fn keep(key: &str, token: &SecretString) {
        let mut logins = LOGINS.lock().unwrap_or_else(PoisonError::into_inner);
        // Accounts come and go with the business file; what is too old goes with them.
        logins.retain(|_, (_, since)| since.elapsed() < LOGIN_KEPT);
        logins.insert(key.to_owned(), (token.clone(), Instant::now()));
    }

    fn forget(key: &str) {
        LOGINS.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

static LOGINS: LazyLock<Mutex<HashMap<String, (SecretString, Instant)>>> = LazyLock::new(Mutex::default);

/// The payment as CinetPay takes it, or the rule it breaks.
fn payment(request: &PaymentRequest) -> Result<serde_json::Value, GatewayError> {
    let reference = request.order.as_str();
    let is_fitting = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    if reference.is_empty() || reference.len() > MAX_REFERENCE_CHARS || !reference.bytes().all(is_fitting) {
        return Err(GatewayError::Refused(format!(
            "CinetPay does not take `{reference}` as a reference"
        )));
    }
    if [&request.notify_url, &request.return_url]
        .iter()
        .any(|url| url.len() > MAX_URL_CHARS)
    {
        return Err(GatewayError::Rule(GatewayRule::AddressLength { max: MAX_URL_CHARS }));
    }
    Ok(json!({
        "currency": request.amount.currency().code(),
        "merchant_transaction_id": reference,
        "amount": fitting_amount(request.amount)?,
        "lang": if request.language == Language::Fr { "fr" } else { "en" },
        "designation": request.description,
        // Required by the API; a buyer at a hotspot has told nobody his name.
        "client_email": request.email.as_deref().unwrap_or(ANONYMOUS_EMAIL),
        "client_first_name": "Client",
        "client_last_name": "Hotspot",
        "success_url": request.return_url,
        "failed_url": request.return_url,
        "notify_url": request.notify_url,
    }))
}

fn fitting_amount(amount: Money) -> Result<i64, GatewayError> {
    let currency = amount.currency();
    let rule = match (currency, answer::whole_major(amount)) {
        _ if !CURRENCIES.contains(currency.code()) => GatewayRule::Currencies {
            codes: CURRENCIES.to_owned(),
        },
        (_, None) => GatewayRule::WholeAmounts,
        (_, Some(whole)) if !(MIN_AMOUNT..=MAX_AMOUNT).contains(&whole) => GatewayRule::Between {
            least: Money::from_whole_major(MIN_AMOUNT, currency),
            most: Money::from_whole_major(MAX_AMOUNT, currency),
        },
        (_, Some(whole)) => return Ok(whole),
    };
    Err(GatewayError::Rule(rule))
}

/// The codes of an answer; `details` may hold the one that counts.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Envelope {
    code: Text,
    status: Text,
    details: Raw,
    merchant_transaction_id: Text,
    transaction_id: Text,
    notify_token: Text,
    payment_url: Text,
    user: Raw,
}

impl Envelope {
    fn read(answer: &Answer) -> Result<Self, GatewayError> {
        answer::read_object(&answer.body).map_err(|_| answer::failure(answer))
    }

    /// The outer code, or the inner one where there is no outer one.
    fn code(&self) -> Option<String> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Details {
            code: Text,
        }
        let inner = || {
            answer::read_inner::<Details>(&self.details)
                .ok()
                .flatten()
                .and_then(|details| details.code.owned())
        };
        self.code.owned().or_else(inner)
    }
}

fn is_stale_token(answer: &Answer) -> bool {
    let code = Envelope::read(answer).ok().and_then(|envelope| envelope.code());
    matches!(code.as_deref(), Some("1002" | "1003"))
}

/// An answer that is not the hoped-for one. The code says more than the HTTP status.
fn fault(answer: &Answer) -> GatewayError {
    let Ok(envelope) = Envelope::read(answer) else {
        return answer::failure(answer);
    };
    let says = || answer::complaint(answer);
    match envelope.code().as_deref() {
        Some("1002" | "1003" | "1005") => GatewayError::Misconfigured(says()),
        Some("1004" | "1200") => GatewayError::Refused(says()),
        Some("404") => GatewayError::NotFound,
        Some("-1") => GatewayError::Transient(says()),
        _ => answer::failure(answer),
    }
}

fn read_started(answer: &Answer) -> Result<Started, GatewayError> {
    let envelope = Envelope::read(answer)?;
    let is_good = matches!(envelope.code().as_deref(), Some("200" | "100" | "2001" | "2002"));
    if answer.status.as_u16() >= 400 || !is_good {
        return Err(fault(answer));
    }
    let pay_url = answer::pay_url(&envelope.payment_url).ok_or_else(|| answer::senseless("pay address"))?;
    // Without it no notification of this payment could ever be believed.
    let notify_token = envelope
        .notify_token
        .owned()
        .ok_or_else(|| answer::senseless("`notify_token`"))?;
    Ok(Started {
        gateway_id: envelope.transaction_id.owned(),
        pay_url: Some(pay_url),
        notify_token: Some(notify_token.into()),
        ..Started::default()
    })
}

fn read_status(answer: &Answer, mode: Option<Mode>) -> Result<Report, GatewayError> {
    let envelope = Envelope::read(answer)?;
    let code = envelope.code().unwrap_or_default();
    let word = envelope.status.get().unwrap_or_default();
    let Some(status) = status_of(&code, word) else {
        return Err(fault(answer));
    };
    Ok(Report {
        mode,
        gateway_id: envelope.transaction_id.owned(),
        order: answer::order_ref(&envelope.merchant_transaction_id),
        phone: phone_of(&envelope.user),
        ..Report::of(status)
    })
}

/// Facts 3B. `None` for codes that speak of the call and not of the payment.
fn status_of(code: &str, word: &str) -> Option<PaymentStatus> {
    match code {
        "100" if matches!(word, "SUCCESS" | "") => Some(PaymentStatus::Paid),
        "2001" | "2002" => Some(PaymentStatus::Pending),
        "2003" => Some(PaymentStatus::Expired),
        "2005" | "2010" | "2004" | "2006" | "2007" | "2008" | "2011" => Some(PaymentStatus::Failed {
            reason: (!word.is_empty()).then(|| answer::one_line(word)),
        }),
        "1002" | "1003" | "1004" | "1005" | "1200" | "404" | "-1" | "" => None,
        _ => Some(PaymentStatus::Unknown(answer::one_line(&format!("{code} {word}")))),
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Event {
    notify_token: Raw,
    merchant_transaction_id: Text,
    transaction_id: Text,
    user: Raw,
}

impl Event {
    fn user_phone(&self) -> Option<String> {
        phone_of(&self.user)
    }
}

fn phone_of(user: &Raw) -> Option<String> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct User {
        phone_number: Text,
    }
    let user: User = answer::read_inner(user).ok()??;
    let digits: String = user.phone_number.get()?.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

const LIVE_API: &str = "https://api.cinetpay.co";
const SANDBOX_API: &str = "https://api.cinetpay.net";
/// The token lives 24 hours; the official SDK drops it an hour early, and so do we.
const LOGIN_KEPT: Duration = Duration::from_secs(23 * 3600);
const MAX_REFERENCE_CHARS: usize = 30;
const MAX_URL_CHARS: usize = 120;
const MIN_AMOUNT: i64 = 100;
const MAX_AMOUNT: i64 = 2_500_000;
const CURRENCIES: &str = "XOF, XAF, CDF, GNF, USD";
/// A name that can never receive mail (RFC 2606).
const ANONYMOUS_EMAIL: &str = "client@example.com";
const FOREIGN_ACCOUNT: &str = "the account's keys are not CinetPay's (`api_key`, `api_password`)";

#[cfg(test)]
#[path = "cinetpay_v1_tests.rs"]
mod tests;
