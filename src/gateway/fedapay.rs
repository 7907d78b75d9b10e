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

use super::answer::{self, Raw, Text};
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
        let event: Event = answer::read_object(body)?;
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
    let event: Event = answer::read_object(body).ok()?;
    if let Some(id) = event.id.get() {
        return (id.len() <= MAX_KEY_PART).then(|| id.to_owned());
    }
    let transaction: Transaction = answer::read_inner(&event.entity).ok()??;
    let parts = [
        event.name.get()?,
        transaction.id.get()?,
        transaction.status.get().unwrap_or_default(),
    ];
    parts
        .iter()
        .all(|part| part.len() <= MAX_KEY_PART)
        .then(|| parts.join(":"))
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Event {
    id: Text,
    name: Text,
    entity: Raw,
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
            status: self.status_word(self.status.get().or(event).unwrap_or_default()),
            amount: self.money()?,
            mode,
            gateway_id: self.id.owned(),
            receipt: self.reference.owned(),
            order: order.or_else(|| answer::order_ref(&self.merchant_reference)),
            phone: None,
            email: self.payer_email(),
            pay_url: None,
            instructions: None,
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
mod tests {
    use super::super::call::script::play;
    use super::*;
    use crate::company::Language;
    use crate::company::RefundPolicy;
    use crate::ids::{AccountId, CompanyId, OrderRef};
    use data_encoding::BASE64;
    use http::{HeaderMap, HeaderValue};

    const S1: &str = "wh_sandbox_test_secret_1";
    const S2: &str = "wh_live_test_secret_2";
    const T: i64 = 1_700_000_000;
    const FV1_BODY: &[u8] = br#"{"name":"transaction.approved","object":"transaction","entity":{"id":104013,"reference":"trx_abc_1700000000000","amount":100,"status":"approved"}}"#;
    const FV1: &str = "848f4027753793ae22f9125f139c4f2624242f16535c0d7f761848592315ac7e";
    const FV2: &str = "35bfdf866a0064d33efb6101679f517347764e5e47864d306111d855cc8f6242";
    const FV3: &str = "5c7f2dd6489e93abea8cfe858cc7f479d6f24197a310eff8ba1381b5b898e212";
    const FV4: &str = "bf3a36cc0bca8f7afcbed7f741c8eb8bf72f8597c75a72c9835fb36b77110d7b";
    const FV5: &str = "ab71f3d5c58f281952e038473980bdd2f1f8829297272cbc004019a676eab9b9";
    const FV6: &str = "e5487289a992852d1ccea6d1c5212c383c73c77bdf512da903fbc244d00cdb93";

    fn fv2_body() -> Vec<u8> {
        BASE64.decode(b"eyJuYW1lIjoidHJhbnNhY3Rpb24uZGVjbGluZWQiLCJlbnRpdHkiOnsiaWQiOjEwNDAxNCwiZGVzY3JpcHRpb24iOiJGb3JmYWl0IMOpdMOpIDFoIOKAkyBDb3Rvbm91Iiwic3RhdHVzIjoiZGVjbGluZWQifX0=").unwrap()
    }

    fn fv3_body() -> Vec<u8> {
        BASE64.decode(b"eyAibmFtZSIgOiAidHJhbnNhY3Rpb24uYXBwcm92ZWQiLAogICJlbnRpdHkiIDogeyAiaWQiIDogMTA0MDE1LCAiYW1vdW50IiA6IDIwMCB9IH0K").unwrap()
    }

    fn account(public: Option<&str>, secret: Option<&str>, webhooks: &[&str]) -> Account {
        Account {
            id: AccountId::new("fp"),
            company: CompanyId::new("c"),
            mode: Mode::Live,
            base_url: None,
            keys: AccountKeys::Fedapay {
                public_key: public.map(Into::into),
                secret_key: secret.map(Into::into),
                webhook_secrets: webhooks.iter().map(|&secret| secret.into()).collect(),
            },
            refunds: RefundPolicy::default(),
        }
    }

    fn check_lines(secrets: &[&str], lines: &[&[u8]], body: &[u8], now_s: i64) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("X-FEDAPAY-SIGNATURE", HeaderValue::from_bytes(line).unwrap());
        }
        let incoming = Incoming {
            query: None,
            headers: &headers,
            body,
        };
        let now = Timestamp::from_second(now_s).unwrap();
        match Fedapay.authenticate(&account(None, None, secrets), incoming, now)? {
            Authenticity::Signed => Ok(()),
            other => panic!("{other:?}"),
        }
    }

    fn check(secrets: &[&str], line: &str, body: &[u8], now_s: i64) -> Result<(), Refusal> {
        check_lines(secrets, &[line.as_bytes()], body, now_s)
    }

    #[test]
    fn positive_vectors() {
        let line = |t: i64, s: &str| format!("t={t},s={s}");
        assert_eq!((FV1_BODY.len(), fv2_body().len(), fv3_body().len()), (146, 119, 84));
        assert_eq!(
            [FV1_BODY, &fv2_body(), &fv3_body()].map(signature::sha256_hex),
            [
                "ecd9ce4c5606ec05f9c20add7f843fd99c167e20f7113b7a090c40ef9393f648",
                "92db96c596104e40be082a1bcb058b67d8c46c3e8afb667b013d00940e7babaf",
                "55b783141b9883800481bec1b34b44811008f5112a707dd7806a73ea78f1fd73",
            ]
        );
        assert_eq!(check(&[S1], &line(T, FV1), FV1_BODY, T), Ok(()));
        assert_eq!(check(&[S1], &line(T, FV2), &fv2_body(), T), Ok(()));
        assert_eq!(check(&[S2], &line(T + 301, FV3), &fv3_body(), T + 301), Ok(()));
        assert_eq!(check(&[S1], &line(T, FV4), b"{}", T), Ok(()));
        assert_eq!(check(&[S1], &line(T, FV6), &[FV1_BODY, b"\n"].concat(), T), Ok(()));
    }

    #[test]
    fn d7_rotation_accepts_either_secret_and_stops_with_it() {
        let line = format!("t={T},s={FV5}");
        assert_eq!(check(&[S1], &line, FV1_BODY, T), Err(Refusal::Wrong));
        assert_eq!(check(&[S1, S2], &line, FV1_BODY, T), Ok(()));
        assert_eq!(check(&[S2, S1], &format!("t={T},s={FV1}"), FV1_BODY, T), Ok(()));
        assert_eq!(
            check(&[S2], &format!("t={T},s={FV1}"), FV1_BODY, T),
            Err(Refusal::Wrong)
        );
    }

    #[test]
    fn header_shapes_that_are_accepted() {
        let zeros = "0".repeat(64);
        for line in [
            format!("t={T},s={zeros},s={FV1}"),
            format!("s={FV1},t={T}"),
            format!("t={T},v1=00,s={FV1}"),
            format!("t={T}, s={FV1}"),
            format!("t={T},s={},", FV1.to_ascii_uppercase()),
            format!("t={T},s=nothex,s={FV1}"),
        ] {
            assert_eq!(check(&[S1], &line, FV1_BODY, T), Ok(()), "{line}");
        }
    }

    #[test]
    fn p1_header_shapes_that_are_refused() {
        for (line, why) in [
            (format!("t={},s={FV1}", T + 1), Refusal::Wrong),
            (format!("t={T},v1={FV1}"), Refusal::Malformed),
            (format!("s={FV1}"), Refusal::Malformed),
            (format!("t=abc,s={FV1}"), Refusal::Malformed),
            (format!("t={T}x,s={FV1}"), Refusal::Malformed),
            (format!("t=,s={FV1}"), Refusal::Malformed),
            (format!("t=-{T},s={FV1}"), Refusal::Malformed),
            (format!("t=99999999999999999999,s={FV1}"), Refusal::Malformed),
            (format!("t=1,t={T},s={FV1}"), Refusal::Malformed),
            (format!("t={T},t={T},s={FV1}"), Refusal::Malformed),
            (format!("t={T}"), Refusal::Malformed),
            (format!("t={T},s="), Refusal::Wrong),
            (format!("t={T},s={}", &FV1[..62]), Refusal::Wrong),
            (format!("t={T},s={FV1}00"), Refusal::Wrong),
            (format!("t={T},s={}", BASE64.encode(&[7; 32])), Refusal::Wrong),
            (FV1.to_owned(), Refusal::Malformed),
            (String::new(), Refusal::Malformed),
            ("  ".to_owned(), Refusal::Malformed),
            (format!("t={T},s={}", "ab".repeat(500_000)), Refusal::Malformed),
        ] {
            assert_eq!(check(&[S1], &line, FV1_BODY, T), Err(why), "{line:.80}");
        }
        let good = format!("t={T},s={FV1}");
        assert_eq!(check_lines(&[S1], &[], FV1_BODY, T), Err(Refusal::Missing));
        assert_eq!(
            check_lines(&[S1], &[good.as_bytes(), good.as_bytes()], FV1_BODY, T),
            Err(Refusal::Malformed)
        );
        assert_eq!(
            check_lines(&[S1], &["t=1,s=é".as_bytes()], FV1_BODY, T),
            Err(Refusal::Malformed)
        );
        assert_eq!(check(&[""], &good, FV1_BODY, T), Err(Refusal::Wrong));
    }

    #[test]
    fn p2_only_the_exact_bytes_are_signed() {
        let line = format!("t={T},s={FV1}");
        let changed = String::from_utf8(FV1_BODY.to_vec()).unwrap().replace(":100,", ":999,");
        let body_only = "62308abc06a1ed186b0861ad4ba82b2a397d61e52df9a5ee512c4d3faa7dbd75";
        assert_eq!(check(&[S1], &line, changed.as_bytes(), T), Err(Refusal::Wrong));
        assert_eq!(
            check(&[S1], &format!("t={T},s={body_only}"), FV1_BODY, T),
            Err(Refusal::Wrong)
        );
        assert_eq!(check(&[S1], &line, &[FV1_BODY, b"\n"].concat(), T), Err(Refusal::Wrong));
        assert_eq!(
            check(&[S1], &line, &[b"\xef\xbb\xbf", FV1_BODY].concat(), T),
            Err(Refusal::Wrong)
        );
        let again: serde_json::Value = serde_json::from_slice(&fv3_body()).unwrap();
        assert_eq!(
            check(
                &[S2],
                &format!("t={},s={FV3}", T + 301),
                again.to_string().as_bytes(),
                T + 301
            ),
            Err(Refusal::Wrong)
        );
    }

    #[test]
    fn the_clock_may_differ_by_300_s() {
        let line = format!("t={T},s={FV1}");
        for age_s in [0, 300, -300] {
            assert_eq!(check(&[S1], &line, FV1_BODY, T + age_s), Ok(()), "{age_s}");
        }
        for age_s in [301, -301, 86_400] {
            assert_eq!(
                check(&[S1], &line, FV1_BODY, T + age_s),
                Err(Refusal::OutsideTolerance { age_s })
            );
        }
        // A stale signature that is also wrong is just wrong.
        assert_eq!(check(&[S2], &line, FV1_BODY, T + 301), Err(Refusal::Wrong));
    }

    #[test]
    fn without_a_webhook_secret_nothing_is_proven() {
        let incoming = Incoming {
            query: None,
            headers: &HeaderMap::new(),
            body: b"{}",
        };
        let result = Fedapay.authenticate(&account(None, Some("sk_live_x"), &[]), incoming, Timestamp::UNIX_EPOCH);
        assert!(matches!(result, Ok(Authenticity::Unsigned)));
    }

    fn notice(body: &str) -> Result<Notice, Unreadable> {
        Fedapay.read_notice(&account(Some("pk_live_x"), None, &[S2]), Told::body(body.as_bytes()))
    }

    #[test]
    fn the_documented_event_is_read() {
        let body = r#"{"name":"transaction.approved","object":"transaction","entity":{"id":104013,"reference":"trx_hQ5","amount":100,"status":"approved","currency_id":1,
            "commission":"0.018","amount_debited":102,"custom_metadata":{"ref":"A1B2C3"},"merchant_reference":"A1B2C3",
            "metadata":{"paid_customer":{"email":"awa@example.org"}}},"account":{"id":1370,"name":"Demo"}}"#;
        let notice = notice(body).unwrap();
        assert_eq!(
            (notice.order, notice.gateway_id.as_deref()),
            (Some(OrderRef::new("A1B2C3")), Some("104013"))
        );
        let report = notice.report.unwrap();
        assert_eq!(report.status, PaymentStatus::Paid);
        assert_eq!(report.amount, Some(Money::from_minor(100, Currency::Xof)));
        assert_eq!(
            (report.mode, report.receipt.as_deref()),
            (Some(Mode::Live), Some("trx_hQ5"))
        );
        assert_eq!(report.email.as_deref(), Some("awa@example.org"));
        assert_eq!(
            Fedapay.event_key(Told::body(body.as_bytes())),
            "transaction.approved:104013:approved"
        );
        assert_eq!(Fedapay.event_key(Told::body(br#"{"id":"evt_9","name":"x"}"#)), "evt_9");
        assert_eq!(Fedapay.event_key(Told::body(b"{")), signature::sha256_hex(b"{"));
    }

    #[test]
    fn the_vectors_bodies_are_read() {
        let read = |body: &[u8]| notice(std::str::from_utf8(body).unwrap()).unwrap();
        assert_eq!(
            read(FV1_BODY).report.unwrap().amount,
            Some(Money::from_minor(100, Currency::Xof))
        );
        let declined = read(&fv2_body());
        assert_eq!(declined.report.unwrap().status, PaymentStatus::Failed { reason: None });
        // No status: the event's own name says what happened.
        let approved = read(&fv3_body()).report.unwrap();
        assert_eq!(
            (approved.status, approved.amount.unwrap().minor()),
            (PaymentStatus::Paid, 200)
        );
        assert!(notice("{}").unwrap().report.is_none());
    }

    #[test]
    fn types_may_vary_and_anything_may_be_null() {
        let read = |entity: &str| notice(&format!(r#"{{"name":"transaction.updated","entity":{entity}}}"#));
        let report = read(
            r#"{"id":"7","amount":"100.0","status":"approved","custom_metadata":null,"merchant_reference":"A1","currency":{"iso":"GNF"},"metadata":[]}"#,
        );
        let report = report.unwrap().report.unwrap();
        assert_eq!(
            (report.amount, report.order),
            (Some(Money::from_minor(100, Currency::Gnf)), Some(OrderRef::new("A1")))
        );
        for entity in [
            r#"{"id":7,"status":"approved","amount":99.5}"#,
            r#"{"id":7,"status":"approved","amount":100,"currency_id":4}"#,
            r#"{"id":7,"status":"approved","amount":1e2,"custom_metadata":[]}"#,
            r#"{"id":7,"status":"approved","amount":null,"custom_metadata":"x"}"#,
        ] {
            let report = read(entity).unwrap().report.unwrap();
            assert_eq!(
                (report.status, report.amount, report.order),
                (PaymentStatus::Paid, None, None),
                "{entity}"
            );
        }
        for bad in [
            "null",
            "[]",
            "{}",
            r#"{"id":null}"#,
            r#"{"id":1,"id":2}"#,
            r#"{"id":1,"custom_metadata":{"ref":"A","ref":"B"}}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_peoples_events_are_no_reports() {
        for name in ["payout.sent", "customer.created", "", "transactions.approved"] {
            let read = notice(&format!(
                r#"{{"name":"{name}","entity":{{"id":5,"status":"approved","amount":100}}}}"#
            ))
            .unwrap();
            assert_eq!(
                read,
                Notice {
                    order: None,
                    gateway_id: None,
                    report: None
                },
                "{name}"
            );
        }
        let read =
            notice(r#"{"name":"transaction.teleported","entity":{"id":5,"status":"approved","amount":100}}"#).unwrap();
        assert_eq!((read.gateway_id.as_deref(), read.report), (Some("5"), None));
    }

    #[test]
    fn statuses_are_those_of_the_facts() {
        let failed = PaymentStatus::Failed {
            reason: Some("INSUFFICIENT_FUND_ERROR".to_owned()),
        };
        for (word, status) in [
            ("pending", PaymentStatus::Pending),
            ("approved", PaymentStatus::Paid),
            ("transferred", PaymentStatus::Paid),
            ("declined", failed),
            ("canceled", PaymentStatus::Cancelled),
            ("expired", PaymentStatus::Expired),
            ("refunded", PaymentStatus::Refunded),
            ("approved_partially_refunded", PaymentStatus::Refunded),
            ("transferred_partially_refunded", PaymentStatus::Refunded),
            ("Approved", PaymentStatus::Unknown("Approved".to_owned())),
            ("", PaymentStatus::Unknown("updated".to_owned())),
        ] {
            let body = format!(
                r#"{{"name":"transaction.updated","entity":{{"id":1,"status":"{word}","last_error_code":"INSUFFICIENT_FUND_ERROR"}}}}"#
            );
            assert_eq!(notice(&body).unwrap().report.unwrap().status, status, "{word}");
        }
    }

    #[test]
    fn one_sandbox_key_makes_events_tests() {
        let mode = |public, secret, webhooks: &[&str]| {
            let body = br#"{"name":"transaction.approved","entity":{"id":1}}"#;
            Fedapay
                .read_notice(&account(public, secret, webhooks), Told::body(body))
                .unwrap()
                .report
                .unwrap()
                .mode
        };
        assert_eq!(mode(Some("pk_live_x"), None, &[S2]), Some(Mode::Live));
        assert_eq!(mode(Some("pk_live_x"), None, &[S2, S1]), Some(Mode::Test));
        assert_eq!(mode(Some("pk_sandbox_x"), None, &[S2]), Some(Mode::Test));
        assert_eq!(mode(None, None, &["unprefixed"]), None);
    }

    #[test]
    fn what_an_account_has_decides_how_buyers_pay() {
        let method = |public, secret, webhooks: &[&str]| Fedapay.pay_method(&account(public, secret, webhooks), "BJ");
        assert_eq!(method(None, Some("sk_live_x"), &[]), PayMethod::Redirect);
        assert_eq!(method(Some("pk_live_x"), Some("sk_live_x"), &[S2]), PayMethod::Redirect);
        let script = CHECKOUT_SCRIPT.to_owned();
        let checkout = |key: &str, environment| PayMethod::CheckoutJs {
            public_key: key.to_owned(),
            environment,
            script_url: script.clone(),
        };
        assert_eq!(method(Some("pk_live_x"), None, &[S2]), checkout("pk_live_x", "live"));
        assert_eq!(
            method(Some("pk_sandbox_x"), None, &[S1]),
            checkout("pk_sandbox_x", "sandbox")
        );
        for (public, secret) in [
            (Some("pk_live_x"), None),
            (None, None),
            (Some("pk_live_x"), Some("sk_sandbox_x")),
        ] {
            assert!(
                matches!(method(public, secret, &[]), PayMethod::Cannot { .. }),
                "{public:?} {secret:?}"
            );
        }
    }

    fn request() -> PaymentRequest {
        PaymentRequest {
            order: OrderRef::new("A1B2C3"),
            amount: Money::from_minor(100, Currency::Xof),
            description: "Ticket 4 heures".to_owned(),
            return_url: "https://relay.example/o/x".to_owned(),
            notify_url: "https://relay.example/n?k=1".to_owned(),
            language: Language::Fr,
            phone: None,
            email: None,
            network: None,
            otp: None,
            country: "BJ".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    const MADE: &str =
        r#"{"v1/transaction":{"id":7,"status":"pending","amount":100,"custom_metadata":{"ref":"A1B2C3"}}}"#;
    const TOKEN: &str = r#"{"token":"j.w.t","url":"https://process.fedapay.com/j.w.t"}"#;

    #[test]
    fn a_start_makes_a_transaction_and_a_token() {
        let live = account(None, Some("sk_live_x"), &[]);
        let (calls, started) = play(Fedapay.start(&live, &request()), &[(201, MADE), (200, TOKEN)]);
        let started = started.unwrap();
        assert_eq!(started.gateway_id.as_deref(), Some("7"));
        assert_eq!(started.pay_url.as_deref(), Some("https://process.fedapay.com/j.w.t"));
        assert!(
            calls[0].starts_with("POST https://api.fedapay.com/v1/transactions {"),
            "{calls:?}"
        );
        assert!(
            calls[0].contains(r#""custom_metadata":{"ref":"A1B2C3"}"#)
                && calls[0].contains(r#""merchant_reference":"A1B2C3""#)
        );
        assert_eq!(calls[1], "POST https://api.fedapay.com/v1/transactions/7/token");
        let sandbox = account(None, Some("sk_sandbox_x"), &[]);
        let (calls, _) = play(Fedapay.start(&sandbox, &request()), &[(500, "")]);
        assert!(
            calls[0].starts_with("POST https://sandbox-api.fedapay.com/"),
            "{calls:?}"
        );
    }

    #[test]
    fn a_used_reference_is_looked_up_instead_of_paid_twice() {
        let live = account(None, Some("sk_live_x"), &[]);
        let reused = r#"{"message":"invalid","errors":{"merchant_reference":["has already been taken"]}}"#;
        let (calls, started) = play(
            Fedapay.start(&live, &request()),
            &[(422, reused), (200, MADE), (200, TOKEN)],
        );
        assert_eq!(started.unwrap().gateway_id.as_deref(), Some("7"));
        assert_eq!(calls[1], "GET https://api.fedapay.com/v1/transactions/merchant/A1B2C3");
        let (_, refused) = play(
            Fedapay.start(&live, &request()),
            &[(400, r#"{"message":"amount"}"#), (404, "{}")],
        );
        assert!(matches!(refused, Err(GatewayError::Refused(why)) if why.contains("amount")));
    }

    #[test]
    fn faults_while_starting_are_told_apart() {
        let live = account(None, Some("sk_live_x"), &[]);
        let start = |answers: &[(u16, &str)]| play(Fedapay.start(&live, &request()), answers).1.unwrap_err();
        assert!(matches!(
            start(&[(401, r#"{"message":"bad key"}"#)]),
            GatewayError::Misconfigured(_)
        ));
        assert!(matches!(start(&[(403, "<html>")]), GatewayError::Transient(_)));
        assert!(matches!(start(&[(429, "{}")]), GatewayError::Transient(_)));
        assert!(matches!(start(&[(200, "{}")]), GatewayError::Transient(_)));
        assert!(matches!(
            start(&[(200, MADE), (200, r#"{"url":"javascript:x"}"#)]),
            GatewayError::Transient(_)
        ));
        assert!(matches!(start(&[(200, MADE), (503, "")]), GatewayError::Transient(_)));
        let keyless = account(Some("pk_live_x"), None, &[S2]);
        assert!(matches!(
            play(Fedapay.start(&keyless, &request()), &[]).1,
            Err(GatewayError::Misconfigured(_))
        ));
    }

    #[test]
    fn asking_goes_by_id_then_by_reference_and_minds_whose_order_it_is() {
        let live = account(None, Some("sk_live_x"), &[]);
        let key = |id: Option<&str>| PaymentKey {
            order: OrderRef::new("A1B2C3"),
            gateway_id: id.map(Into::into),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let (calls, report) = play(Fedapay.ask(&live, &key(Some("7"))), &[(200, MADE)]);
        assert_eq!(
            (calls[0].as_str(), report.unwrap().mode),
            ("GET https://api.fedapay.com/v1/transactions/7", Some(Mode::Live))
        );
        let (calls, _) = play(Fedapay.ask(&live, &key(Some("../x?y"))), &[(500, "")]);
        assert_eq!(calls[0], "GET https://api.fedapay.com/v1/transactions/%2E%2E%2Fx%3Fy");
        let foreign = MADE.replace("A1B2C3", "ZZZ");
        let (calls, report) = play(Fedapay.ask(&live, &key(Some("8"))), &[(200, &foreign), (200, MADE)]);
        assert_eq!(
            (calls[1].as_str(), report.unwrap().gateway_id.as_deref()),
            ("GET https://api.fedapay.com/v1/transactions/merchant/A1B2C3", Some("7"))
        );
        let (_, report) = play(Fedapay.ask(&live, &key(None)), &[(200, &foreign)]);
        assert_eq!(report, Err(GatewayError::NotFound));
        assert!(Fedapay.can_ask(&live) && !Fedapay.can_ask(&account(Some("pk_live_x"), None, &[S2])));
    }
}
