//! CinetPay's legacy API: form-encoded notifications with `x-token`, payments made and checked with the
//! site's two values.
//!
//! Promises: a notification's own words about money are never the last ones (`ask` always can), and amounts
//! the gateway would refuse are refused before calling. Deliberately does not do: the seamless script (four
//! hosts and sockets behind a captive portal), refunds (there is no API). Facts: `gateways-west-africa.md` 3A.

use http::Method;
use jiff::Timestamp;
use percent_encoding::percent_decode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::answer::{self, Raw, Text};
use super::call::{Answer, Body, Call, Dialogue};
use super::{
    Authenticity, Gateway, GatewayError, Incoming, Lack, Notice, PayMethod, PaymentKey, PaymentRequest, PaymentStatus,
    Refusal, Report, Started, Told, Unreadable, signature,
};
use crate::company::{Account, AccountKeys, Language};
use crate::ids::OrderRef;
use crate::money::{Currency, Money};
use crate::reason::GatewayRule;

pub struct CinetpayV2;

impl Gateway for CinetpayV2 {
    fn pay_method(&self, account: &Account, _country: &str) -> PayMethod {
        match Site::of(account) {
            Ok(_) => PayMethod::Redirect,
            Err(_) => PayMethod::Cannot {
                missing: Lack::ForeignKeys,
            },
        }
    }

    fn can_ask(&self, account: &Account) -> bool {
        Site::of(account).is_ok()
    }

    /// With a Secret Key the token is required; without one the check call alone decides.
    fn authenticate(
        &self,
        account: &Account,
        incoming: Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Authenticity, Refusal> {
        let site = Site::of(account).map_err(|_| Refusal::Wrong)?;
        if site.secrets.is_empty() {
            let is_form = !incoming.body.trim_ascii_start().starts_with(b"{");
            return if is_form {
                Ok(Authenticity::Unsigned)
            } else {
                Err(Refusal::Malformed)
            };
        }
        let token = signature::only_line(incoming.headers, TOKEN_HEADER)?;
        let tag = signature::tag_from_hex(token).ok_or(Refusal::Malformed)?;
        let fields = read_form(incoming.body).ok_or(Refusal::Malformed)?;
        let (documented, arrived) = (documented_order(&fields), arrival_order(&fields));
        let is_ours = [documented, arrived]
            .iter()
            .any(|message| signature::is_made_by(site.secrets, message, &[tag]));
        if is_ours {
            Ok(Authenticity::Signed)
        } else {
            Err(Refusal::Wrong)
        }
    }

    /// A status change has no id of its own, so the bytes make the difference between two events.
    fn event_key(&self, Told { body, .. }: Told<'_>) -> String {
        let digest = signature::sha256_hex(body);
        let fields = read_form(body);
        match fields
            .as_deref()
            .and_then(|fields| text_of(fields, "cpm_trans_id").ok()?)
        {
            Some(id) if id.len() <= MAX_KEY_PART => format!("{id}:{digest}"),
            _ => digest,
        }
    }

    fn read_notice(&self, account: &Account, Told { body, .. }: Told<'_>) -> Result<Notice, Unreadable> {
        let site = Site::of(account).map_err(|error| Unreadable(error.to_string()))?;
        let fields = read_form(body).ok_or_else(|| Unreadable("it is not a form this gateway sends".to_owned()))?;
        let site_id = text_of(&fields, "cpm_site_id")?;
        if site_id.is_some_and(|id| id != site.site_id) {
            return Ok(Notice {
                order: None,
                gateway_id: None,
                report: None,
            });
        }
        let id = text_of(&fields, "cpm_trans_id")?.ok_or_else(|| Unreadable("`cpm_trans_id` is missing".to_owned()))?;
        let report = read_fields(&fields, &id)?;
        Ok(Notice {
            order: report.order.clone(),
            gateway_id: Some(id),
            report: Some(report),
        })
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        match Site::of(account).and_then(|site| Ok((site.base(), site.payment(request)?))) {
            Ok((base, body)) => {
                let call = post(&base, "payment", body);
                Dialogue::call(call, |answer| Dialogue::Done(read_started(&answer)))
            }
            Err(error) => answer::ended(error),
        }
    }

    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report> {
        let site = match Site::of(account) {
            Ok(site) => site,
            Err(error) => return answer::ended(error),
        };
        let body = json!({
            "apikey": site.api_key.expose_secret(),
            "site_id": site.site_id,
            "transaction_id": key.order.as_str(),
        });
        let key = key.clone();
        Dialogue::call(post(&site.base(), "payment/check", body), move |answer| {
            Dialogue::Done(read_check(&answer, &key).and_then(|report| answer::about_order(report, &key)))
        })
    }
}

/// The keys of a legacy account.
struct Site<'a> {
    site_id: &'a str,
    api_key: &'a SecretString,
    secrets: &'a [SecretString],
    base_url: Option<&'a str>,
}

impl<'a> Site<'a> {
    fn of(account: &'a Account) -> Result<Self, GatewayError> {
        match &account.keys {
            AccountKeys::CinetpayV2 {
                site_id,
                api_key,
                webhook_secrets,
            } => Ok(Self {
                site_id,
                api_key,
                secrets: webhook_secrets,
                base_url: account.base_url.as_deref(),
            }),
            _ => Err(GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned())),
        }
    }

    fn base(&self) -> String {
        self.base_url.unwrap_or(API).trim_end_matches('/').to_owned()
    }

    fn payment(&self, request: &PaymentRequest) -> Result<serde_json::Value, GatewayError> {
        let mut body = json!({
            "apikey": self.api_key.expose_secret(),
            "site_id": self.site_id,
            "transaction_id": request.order.as_str(),
            "amount": fitting_amount(request.amount)?,
            "currency": request.amount.currency().code(),
            "description": request.description,
            "notify_url": request.notify_url,
            "return_url": request.return_url,
            "channels": "ALL",
            // The bare reference: JSON text in here is stopped by the firewall in front of the API.
            "metadata": request.order.as_str(),
            "lang": if request.language == Language::Fr { "fr" } else { "en" },
        });
        if let (Some(email), Some(body)) = (&request.email, body.as_object_mut()) {
            body.insert("customer_email".to_owned(), json!(email));
        }
        Ok(body)
    }
}

/// The amount as CinetPay takes it, or the rule it breaks.
fn fitting_amount(amount: Money) -> Result<i64, GatewayError> {
    let currency = amount.currency();
    let Some(whole) = answer::whole_major(amount) else {
        return Err(GatewayError::Rule(GatewayRule::WholeAmounts));
    };
    let rule = match currency {
        _ if !CURRENCIES.contains(currency.code()) => GatewayRule::Currencies {
            codes: CURRENCIES.to_owned(),
        },
        _ if whole < MIN_AMOUNT => GatewayRule::AtLeast {
            least: Money::from_whole_major(MIN_AMOUNT, currency),
        },
        Currency::Usd => return Ok(whole),
        _ if whole % AMOUNT_STEP != 0 => GatewayRule::MultiplesOf {
            step: Money::from_whole_major(AMOUNT_STEP, currency),
        },
        _ => return Ok(whole),
    };
    Err(GatewayError::Rule(rule))
}

fn post(base: &str, path: &str, body: serde_json::Value) -> Call {
    Call {
        method: Method::POST,
        url: format!("{base}/v2/{path}"),
        bearer: None,
        headers: Vec::new(),
        body: Body::Json(body),
    }
}

/// The outer part of each answer. It is read whatever the HTTP status is.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Envelope {
    code: Text,
    message: Text,
    data: Raw,
}

/// The envelope and its code; an answer without one is judged by its HTTP status.
fn read_envelope(answer: &Answer) -> Result<(Envelope, String), GatewayError> {
    let envelope: Envelope = answer::read_object(&answer.body).map_err(|_| answer::failure(answer))?;
    match envelope.code.owned() {
        Some(code) => Ok((envelope, code)),
        None => Err(answer::failure(answer)),
    }
}

fn read_started(answer: &Answer) -> Result<Started, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Data {
        payment_url: Text,
    }
    let (envelope, code) = read_envelope(answer)?;
    if code != CREATED {
        return Err(fault(&code, answer).unwrap_or_else(|| refused(answer)));
    }
    let data: Option<Data> = answer::read_inner(&envelope.data).ok().flatten();
    let pay_url = data
        .and_then(|data| answer::pay_url(&data.payment_url))
        .ok_or_else(|| answer::senseless("pay address"))?;
    Ok(Started {
        pay_url: Some(pay_url),
        ..Started::default()
    })
}

fn read_check(answer: &Answer, key: &PaymentKey) -> Result<Report, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Data {
        amount: Text,
        currency: Text,
        status: Text,
        operator_id: Text,
        metadata: Text,
    }
    let (envelope, code) = read_envelope(answer)?;
    if let Some(error) = fault(&code, answer) {
        return Err(error);
    }
    let data: Data = answer::read_inner(&envelope.data)
        .map_err(|_| answer::senseless("readable data"))?
        .unwrap_or_default();
    let status = status_of(&code, data.status.get().unwrap_or_default(), &envelope.message);
    if matches!(status, PaymentStatus::Unknown(_)) && answer.status == http::StatusCode::NOT_FOUND {
        return Err(GatewayError::NotFound);
    }
    let currency = data
        .currency
        .get()
        .and_then(|code| Currency::from_text(code, Currency::Xof));
    Ok(Report {
        amount: currency.and_then(|currency| answer::amount(&data.amount, currency)),
        gateway_id: Some(key.order.to_string()),
        receipt: data.operator_id.owned(),
        order: answer::order_ref(&data.metadata),
        ..Report::of(status)
    })
}

/// Facts 3A.5. Paid needs the code and the word.
fn status_of(code: &str, word: &str, message: &Text) -> PaymentStatus {
    match code {
        "00" if word == "ACCEPTED" => PaymentStatus::Paid,
        CREATED | "623" | "662" | "663" | "664" => PaymentStatus::Pending,
        "600" | "602" | "604" | "606" | "625" | "627" | "635" | "636" | "641" | "642" | "807" | "808" | "809"
        | "810" | "811" | "812" => PaymentStatus::Failed {
            reason: message.get().map(answer::one_line),
        },
        _ => PaymentStatus::Unknown(answer::one_line(&format!("{code} {word}"))),
    }
}

/// The codes that say something about the account or the gateway and nothing about the payment.
fn fault(code: &str, answer: &Answer) -> Option<GatewayError> {
    match code {
        "603" | "804" => Some(GatewayError::Transient(answer::complaint(answer))),
        "608" | "609" | "624" => Some(GatewayError::Misconfigured(answer::complaint(answer))),
        _ => None,
    }
}

fn refused(answer: &Answer) -> GatewayError {
    match answer::failure(answer) {
        // The HTTP status of these answers means nothing once there is a code.
        GatewayError::NotFound | GatewayError::Misconfigured(_) => GatewayError::Refused(answer::complaint(answer)),
        GatewayError::Transient(_) if answer.status.is_success() => GatewayError::Refused(answer::complaint(answer)),
        other => other,
    }
}

/// Decoded fields in the order they arrived.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads a urlencoded body; `None` for more fields than the gateway has, or for a field that comes twice,
/// because PHP and we would then disagree about which one was signed.
fn read_form(body: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    for pair in body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |&b| b == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        let name = decode(name);
        if fields.len() == MAX_FIELDS || fields.iter().any(|(known, _)| *known == name) {
            return None;
        }
        fields.push((name, decode(value)));
    }
    Some(fields)
}

fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_decode(&spaced).collect()
}

fn bytes_of<'a>(fields: &'a [(Vec<u8>, Vec<u8>)], name: &str) -> &'a [u8] {
    fields
        .iter()
        .find(|(known, _)| known == name.as_bytes())
        .map(|(_, value)| value.as_slice())
        .unwrap_or_default()
}

/// A field as text; `None` where it is missing or empty.
fn text_of(fields: &[(Vec<u8>, Vec<u8>)], name: &str) -> Result<Option<String>, Unreadable> {
    let text = std::str::from_utf8(bytes_of(fields, name)).map_err(|_| Unreadable(format!("`{name}` is not UTF-8")))?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn documented_order(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<&[u8]> {
    DOCUMENTED_FIELDS.iter().map(|name| bytes_of(fields, name)).collect()
}

fn arrival_order(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<&[u8]> {
    fields.iter().map(|(_, value)| value.as_slice()).collect()
}

/// What a notification claims. There is no status field; the words of `cpm_error_message` are the nearest.
fn read_fields(fields: &[(Vec<u8>, Vec<u8>)], id: &str) -> Result<Report, Unreadable> {
    let text = |name| text_of(fields, name);
    let currency = text("cpm_currency")?.and_then(|code| Currency::from_text(&code, Currency::Xof));
    let amount = text("cpm_amount")?;
    let phone: String = [text("cpm_phone_prefixe")?, text("cel_phone_num")?]
        .into_iter()
        .flatten()
        .collect();
    let status = match text("cpm_error_message")?.as_deref() {
        Some("SUCCES" | "SUCCESS") => PaymentStatus::Paid,
        None => PaymentStatus::Pending,
        Some(word) if word.starts_with("WAITING") => PaymentStatus::Pending,
        Some(word) => PaymentStatus::Failed {
            reason: Some(answer::one_line(word)),
        },
    };
    Ok(Report {
        amount: currency
            .zip(amount)
            .and_then(|(currency, text)| Money::parse_major(&text, currency).ok()),
        gateway_id: Some(id.to_owned()),
        order: is_reference(id).then(|| OrderRef::new(id)),
        phone: (!phone.is_empty() && phone.bytes().all(|b| b.is_ascii_digit())).then_some(phone),
        ..Report::of(status)
    })
}

fn is_reference(text: &str) -> bool {
    text.len() <= MAX_KEY_PART
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

const API: &str = "https://api-checkout.cinetpay.com";
const TOKEN_HEADER: &str = "x-token";
const CREATED: &str = "201";
const MIN_AMOUNT: i64 = 100;
/// Coins end at five francs; the API refuses finer amounts except in USD.
const AMOUNT_STEP: i64 = 5;
const CURRENCIES: &str = "XOF, XAF, CDF, GNF, USD";
/// The gateway sends 16; some room for added ones, and none for ten thousand.
const MAX_FIELDS: usize = 64;
const MAX_KEY_PART: usize = 64;
const FOREIGN_ACCOUNT: &str = "the account's keys are not CinetPay's (`site_id`, `api_key`)";
const DOCUMENTED_FIELDS: [&str; 16] = [
    "cpm_site_id",
    "cpm_trans_id",
    "cpm_trans_date",
    "cpm_amount",
    "cpm_currency",
    "signature",
    "payment_method",
    "cel_phone_num",
    "cpm_phone_prefixe",
    "cpm_language",
    "cpm_version",
    "cpm_payment_config",
    "cpm_page_action",
    "cpm_custom",
    "cpm_designation",
    "cpm_error_message",
];

#[cfg(test)]
#[path = "cinetpay_v2_tests.rs"]
mod tests;
