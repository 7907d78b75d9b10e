//! FeexPay's second generation: our own phone form, a push to the phone, and a status that is always asked.
//!
//! Promises: the `fp_` token stays on the server, and the webhook's words about money are never the last
//! ones. Deliberately does not do: cards, the browser script (its sandbox mode invents successes), Coris
//! (its code arrives only after the first call), refunds. Facts: `gateways-west-africa.md` 4.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;

use super::answer::{self, Raw, Text};
use super::call::{Answer, Body, Call, Dialogue};
use super::{
    Authenticity, Gateway, GatewayError, Incoming, Lack, Network, Notice, PayMethod, PaymentKey, PaymentRequest,
    PaymentStatus, Refusal, Report, Started, Told, Unreadable, feexpay_networks, signature,
};
use crate::company::{Account, AccountKeys, CallbackHeader};
use crate::money::Currency;
use crate::reason::GatewayRule;
use crate::sorted::Arrange;

pub struct Feexpay;

impl Gateway for Feexpay {
    fn pay_method(&self, account: &Account, country: &str) -> PayMethod {
        let networks: Vec<Network> = feexpay_networks::of_country(country);
        match Shop::of(account) {
            Err(_) => PayMethod::Cannot {
                missing: Lack::ForeignKeys,
            },
            Ok(_) if networks.is_empty() => PayMethod::Cannot {
                missing: Lack::Country(&["BJ", "TG", "CI", "SN", "BF", "ML", "CG"]),
            },
            Ok(_) => PayMethod::PhoneForm { networks },
        }
    }

    fn can_ask(&self, account: &Account) -> bool {
        Shop::of(account).is_ok()
    }

    fn authenticate(
        &self,
        account: &Account,
        incoming: Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Authenticity, Refusal> {
        let AccountKeys::Feexpay { callback_header, .. } = &account.keys else {
            return Err(Refusal::Wrong);
        };
        let Some(CallbackHeader { name, value }) = callback_header else {
            return Ok(Authenticity::Unsigned);
        };
        let shown = signature::only_line(incoming.headers, &name.to_ascii_lowercase())?;
        if is_same_header(value, shown) {
            Ok(Authenticity::Signed)
        } else {
            Err(Refusal::Wrong)
        }
    }

    fn event_key(&self, Told { body, .. }: Told<'_>) -> String {
        let event: Result<Event, _> = answer::read_object(body);
        event
            .ok()
            .and_then(|event| event.key())
            .unwrap_or_else(|| signature::sha256_hex(body))
    }

    fn read_notice(&self, _account: &Account, Told { body, .. }: Told<'_>) -> Result<Notice, Unreadable> {
        let event: Event = answer::read_object(body)?;
        if !event.is_payment() {
            return Ok(Notice {
                order: None,
                gateway_id: None,
                report: None,
            });
        }
        if event.payment.reference.get().is_none() {
            return Err(Unreadable("`reference` is missing".to_owned()));
        }
        let report = event.payment.report();
        Ok(Notice {
            order: report.order.clone(),
            gateway_id: report.gateway_id.clone(),
            report: Some(report),
        })
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        match Shop::of(account).and_then(|shop| shop.collect(request)) {
            Ok(call) => Dialogue::call(call, |answer| Dialogue::Done(read_started(&answer))),
            Err(error) => answer::ended(error),
        }
    }

    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report> {
        let shop = match Shop::of(account) {
            Ok(shop) => shop,
            Err(error) => return answer::ended(error),
        };
        match key.gateway_id.clone() {
            Some(reference) => ask_status(&shop, &reference, key.clone()),
            None => search_history(shop, key.clone()),
        }
    }

    fn list_paid(&self, account: &Account, since: Timestamp, until: Timestamp) -> Option<Dialogue<Vec<Report>>> {
        Shop::of(account).ok().map(|shop| list_paid(&shop, since, until))
    }
}

/// The keys of a FeexPay account and where its calls go.
struct Shop {
    id: String,
    token: SecretString,
    base: String,
}

impl Shop {
    fn of(account: &Account) -> Result<Self, GatewayError> {
        match &account.keys {
            AccountKeys::Feexpay { shop, token, .. } => Ok(Self {
                id: shop.clone(),
                token: token.clone(),
                base: account
                    .base_url
                    .as_deref()
                    .unwrap_or(API)
                    .trim_end_matches('/')
                    .to_owned(),
            }),
            _ => Err(GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned())),
        }
    }

    fn call(&self, method: Method, path: &str, body: Body) -> Call {
        let url = format!("{}/api/transactions/{path}", self.base);
        Call {
            method,
            url,
            bearer: Some(self.token.clone()),
            headers: Vec::new(),
            body,
        }
    }

    /// The call that makes the buyer's phone ring, or asks for a page of his wallet.
    fn collect(&self, request: &PaymentRequest) -> Result<Call, GatewayError> {
        let refuse = |sentence: &str| GatewayError::Refused(sentence.to_owned());
        let amount = answer::whole_major(request.amount).ok_or(GatewayError::Rule(GatewayRule::WholeAmounts))?;
        let network = request
            .network
            .as_deref()
            .and_then(|id| feexpay_networks::known(&request.country, id));
        let network = network.ok_or_else(|| refuse("the network is not one FeexPay serves in this country"))?;
        let phone = request
            .phone
            .as_deref()
            .ok_or_else(|| refuse("the phone number is missing"))?;
        let mut body = json!({
            "shop": self.id,
            "amount": amount,
            "phoneNumber": phone,
            "description": request.description,
            "callback_info": request.order.as_str(),
            "return_url": request.return_url,
            "cancel_url": request.return_url,
        });
        if let Some(fields) = body.as_object_mut() {
            let optional = [("email", &request.email), ("otp", &request.otp)];
            fields.extend(
                optional
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))),
            );
        }
        Ok(self.call(
            Method::POST,
            &format!("public/requesttopay/{}", network.id),
            Body::Json(body),
        ))
    }
}

/// Compares with the configured value. A scheme such as `Bearer` may be written in any case, its credential
/// may not.
fn is_same_header(value: &SecretString, shown: &str) -> bool {
    use secrecy::ExposeSecret;
    let value = value.expose_secret();
    match (value.split_once(' '), shown.split_once(' ')) {
        (Some((scheme, credential)), Some((shown_scheme, shown_credential)))
            if scheme.eq_ignore_ascii_case(shown_scheme) =>
        {
            signature::is_same_secret(credential, shown_credential)
        }
        _ => signature::is_same_secret(value, shown),
    }
}

fn read_started(answer: &Answer) -> Result<Started, GatewayError> {
    let refused = || match answer::failure(answer) {
        // Which network is not there for this shop is in the words, and only the operator can add it.
        GatewayError::NotFound => GatewayError::Misconfigured(answer::complaint(answer)),
        other => other,
    };
    let Ok(payment) = Payment::read(answer) else {
        return Err(refused());
    };
    if matches!(payment.status(), PaymentStatus::Failed { .. }) && speaks_of_the_payment(answer) {
        let reason = payment
            .refusal()
            .unwrap_or_else(|| "the operator refused the payment".to_owned());
        return Ok(Started {
            gateway_id: payment.reference.owned(),
            failed: Some(reason),
            ..Started::default()
        });
    }
    if !answer.status.is_success() {
        return Err(refused());
    }
    let reference = payment
        .reference
        .owned()
        .ok_or_else(|| answer::senseless("reference"))?;
    Ok(Started {
        gateway_id: Some(reference),
        pay_url: answer::pay_url(&payment.payment_url),
        ..Started::default()
    })
}

/// Whether a `FAILED` means the buyer's payment, and not the call itself.
fn speaks_of_the_payment(answer: &Answer) -> bool {
    answer.status.is_success() || matches!(answer.status.as_u16(), 400 | 402 | 422)
}

fn ask_status(shop: &Shop, reference: &str, key: PaymentKey) -> Dialogue<Report> {
    let path = format!("public/single/status/{}", answer::path_segment(reference));
    let known = reference.to_owned();
    Dialogue::call(shop.call(Method::GET, &path, Body::Empty), move |answer| {
        if !answer.status.is_success() {
            return answer::ended(answer::failure(&answer));
        }
        let payment = match Payment::read(&answer) {
            Ok(payment) => payment,
            Err(_) => return answer::ended(answer::failure(&answer)),
        };
        let mut report = payment.report();
        if report.gateway_id.get_or_insert_with(|| known.clone()) != &known {
            return answer::ended(answer::senseless("payment of this reference"));
        }
        Dialogue::Done(answer::about_order(report, &key))
    })
}

/// Finds the payment by our own reference, when the answer with FeexPay's was lost.
fn search_history(shop: Shop, key: PaymentKey) -> Dialogue<Report> {
    let call = history_call(&shop, (key.created_at, key.created_at), HISTORY_MARGIN_H);
    Dialogue::call(call, move |answer| {
        if !answer.status.is_success() {
            return answer::ended(answer::failure(&answer));
        }
        match find_in_history(&answer, &key) {
            Ok(Some(reference)) => ask_status(&shop, &reference, key),
            Ok(None) => answer::ended(GatewayError::NotFound),
            Err(_) => answer::ended(answer::failure(&answer)),
        }
    })
}

/// The payments of these days, with a margin: the days' time zone is not stated.
fn history_call(shop: &Shop, (since, until): (Timestamp, Timestamp), margin_h: i64) -> Call {
    let day = |moment: Timestamp, offset_h: i64| {
        let moment = moment
            .saturating_add(SignedDuration::from_hours(offset_h))
            .unwrap_or(moment);
        moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
    };
    let body = json!({
        "start_date": day(since, -margin_h),
        "end_date": day(until, margin_h),
        "shop": shop.id,
        "type": "ALL",
        "status": "ALL",
        "reseau": "ALL",
    });
    shop.call(Method::POST, "history", Body::Json(body))
}

/// The paid ones of the history, which knows no pages (facts 4.2). A row without a reference cannot be held
/// against anything and is left out.
fn list_paid(shop: &Shop, since: Timestamp, until: Timestamp) -> Dialogue<Vec<Report>> {
    Dialogue::call(history_call(shop, (since, until), LIST_MARGIN_H), |answer| {
        if !answer.status.is_success() {
            return answer::ended(answer::failure(&answer));
        }
        let Ok(payments) = read_history(&answer) else {
            return answer::ended(answer::failure(&answer));
        };
        let reports = payments.iter().map(Payment::report);
        Dialogue::Done(Ok(reports
            .filter(|report| report.status == PaymentStatus::Paid && report.gateway_id.is_some())
            .collect()))
    })
}

/// The rows of a history. One that cannot be read is somebody else's trouble as long as the others can.
fn read_history(answer: &Answer) -> Result<Vec<Payment>, Unreadable> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct History {
        data: Vec<Raw>,
    }
    let history: History = answer::read_object(&answer.body)?;
    let rows = history.data.iter();
    Ok(rows
        .filter_map(|row| answer::read_inner::<Payment>(row).ok().flatten())
        .collect())
}

/// The reference of the order's payment: a successful one if there is one, else the last.
fn find_in_history(answer: &Answer, key: &PaymentKey) -> Result<Option<String>, Unreadable> {
    let mut ours: Vec<_> = read_history(answer)?
        .into_iter()
        .filter(|payment| payment.order().as_ref() == Some(&key.order))
        .collect();
    ours.arrange_by_key(|payment| payment.status() == PaymentStatus::Paid);
    Ok(ours.last().and_then(|payment| payment.reference.owned()))
}

/// A payment as the status, the history and the webhook describe it.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Payment {
    reference: Text,
    status: Text,
    amount: Text,
    callback_info: Text,
    custom_id: Text,
    #[serde(rename = "phoneNumber")]
    phone_camel: Text,
    phone_number: Text,
    email: Text,
    reason: Text,
    message: Text,
    responsemsg: Text,
    ref_operator: Text,
    transref: Text,
    payment_url: Text,
    response_operator: Raw,
    data: Raw,
}

impl Payment {
    /// Reads an answer, whose payment may be inside `data`.
    fn read(answer: &Answer) -> Result<Self, Unreadable> {
        let outer: Self = answer::read_object(&answer.body)?;
        match answer::read_inner(&outer.data)? {
            Some(inner) => Ok(inner),
            None if outer.status.get().is_some() || outer.reference.get().is_some() => Ok(outer),
            None => Err(Unreadable("it holds no payment".to_owned())),
        }
    }

    /// Facts 4.5.
    fn status(&self) -> PaymentStatus {
        match self.status.get().unwrap_or_default() {
            "PENDING" | "IN PENDING STATE" => PaymentStatus::Pending,
            "SUCCESSFUL" | "SUCCESS" => PaymentStatus::Paid,
            "FAILED" => PaymentStatus::Failed { reason: self.refusal() },
            other => PaymentStatus::Unknown(answer::one_line(other)),
        }
    }

    fn report(&self) -> Report {
        let phone = self.phone();
        // No answer names a currency; the number's country does.
        let currency = match &phone {
            Some(phone) if phone.starts_with(CONGO_PREFIX) => Currency::Xaf,
            _ => Currency::Xof,
        };
        Report {
            amount: answer::amount(&self.amount, currency),
            gateway_id: self.reference.owned(),
            receipt: self.ref_operator.owned().or_else(|| self.transref.owned()),
            order: self.order(),
            phone,
            email: self.email.owned(),
            ..Report::of(self.status())
        }
    }

    fn order(&self) -> Option<crate::ids::OrderRef> {
        answer::order_ref(&self.callback_info).or_else(|| answer::order_ref(&self.custom_id))
    }

    fn phone(&self) -> Option<String> {
        let text = self.phone_camel.get().or_else(|| self.phone_number.get())?;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    }

    /// The operator's or the gateway's words for a failure.
    fn refusal(&self) -> Option<String> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Operator {
            description: Vec<Text>,
        }
        let operator: Option<Operator> = answer::read_inner(&self.response_operator).ok().flatten();
        let operator = operator.and_then(|operator| operator.description.first().and_then(Text::owned));
        let words = self
            .reason
            .owned()
            .or(operator)
            .or_else(|| self.responsemsg.owned())
            .or_else(|| self.message.owned());
        words.map(|words| answer::one_line(&words))
    }
}

/// A webhook: a payment and the kind of movement it was.
struct Event {
    payment: Payment,
    kind: Option<String>,
}

impl<'de> serde::Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Kind {
            r#type: Text,
        }
        let raw: Box<serde_json::value::RawValue> = serde::Deserialize::deserialize(deserializer)?;
        let body = raw.get().as_bytes();
        let kind: Kind = answer::read_object(body).map_err(serde::de::Error::custom)?;
        let payment = answer::read_object(body).map_err(serde::de::Error::custom)?;
        Ok(Self {
            payment,
            kind: kind.r#type.owned(),
        })
    }
}

impl Event {
    /// Payouts are told through the same webhook.
    fn is_payment(&self) -> bool {
        let kind = self.kind.as_deref().map(str::to_ascii_lowercase);
        kind.is_none_or(|kind| PAYMENT_KINDS.contains(&kind.as_str()))
    }

    fn key(&self) -> Option<String> {
        let parts = [self.payment.reference.get()?, self.payment.status.get()?];
        parts
            .iter()
            .all(|part| part.len() <= MAX_KEY_PART)
            .then(|| parts.join(":"))
    }
}

const API: &str = "https://api-v2.feexpay.me";
const CONGO_PREFIX: &str = "242";
/// The dashboard's days may be local ones, and a late payment may be a day after its order.
const HISTORY_MARGIN_H: i64 = 48;
/// No time zone is further away; the list must stay below what an answer may hold.
const LIST_MARGIN_H: i64 = 24;
const MAX_KEY_PART: usize = 128;
const PAYMENT_KINDS: [&str; 5] = ["paiement", "payment", "payin", "pay-in", "collect"];
const FOREIGN_ACCOUNT: &str = "the account's keys are not FeexPay's (`site_id`, `token`)";

#[cfg(test)]
#[path = "feexpay_tests.rs"]
mod tests;
