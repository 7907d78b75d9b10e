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
        Currency::Eur | Currency::Mxn => GatewayRule::Currencies {
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
        status,
        amount: currency.and_then(|currency| answer::amount(&data.amount, currency)),
        mode: None,
        gateway_id: Some(key.order.to_string()),
        receipt: data.operator_id.owned(),
        order: answer::order_ref(&data.metadata),
        phone: None,
        email: None,
        pay_url: None,
        instructions: None,
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
        status,
        amount: currency
            .zip(amount)
            .and_then(|(currency, text)| Money::parse_major(&text, currency).ok()),
        mode: None,
        gateway_id: Some(id.to_owned()),
        receipt: None,
        order: is_reference(id).then(|| OrderRef::new(id)),
        phone: (!phone.is_empty() && phone.bytes().all(|b| b.is_ascii_digit())).then_some(phone),
        email: None,
        pay_url: None,
        instructions: None,
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
mod tests {
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
}
