//! The payment gateways, as pure translation: an adapter describes HTTP calls as data and reads answers;
//! `http_client` performs them. No adapter does input or output, keeps time or knows the store.

pub mod answer;
pub mod call;
pub mod cinetpay_v1;
pub mod cinetpay_v2;
pub mod conekta;
mod conekta_order;
pub mod fedapay;
pub mod feexpay;
mod feexpay_networks;
pub mod mercadopago;
pub mod signature;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

pub use crate::card::{CardDetails, CardRefusal, Payer};
use crate::company::{Account, AccountKeys, Language, Mode};
pub use crate::event::Told;
use crate::ids::OrderRef;
use crate::money::Money;
pub use crate::order::{Instructions, Place};
use crate::reason::GatewayRule;
pub use crate::refund::RefundReason;
use call::Dialogue;

/// A webhook as it came, bounded but not believed.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub headers: &'a HeaderMap,
    pub query: Option<&'a str>,
    pub body: &'a [u8],
}

/// What the bytes prove. `Token` needs the order's stored secret, which only the store has.
#[derive(Debug)]
pub enum Authenticity {
    /// Signed with a secret of the account, or carrying its static header.
    Signed,
    /// CinetPay v1: genuine if `token` equals the `notify_token` stored for the order.
    Token { order: OrderRef, token: SecretString },
    /// The account has nothing to check with; the caller must show the router's access UUID instead.
    Unsigned,
}

/// Why a webhook is not believed. The text is for the operator's log and names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the signature header is missing")]
    Missing,
    #[error("the signature header is malformed")]
    Malformed,
    #[error("no secret of the account made this signature")]
    Wrong,
    #[error("the signature is {age_s} s old by this machine's clock (300 s allowed); check the clock with NTP")]
    OutsideTolerance { age_s: i64 },
}

/// What a webhook body is about. The amounts and states in it count only when it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Our reference, as the gateway echoes it.
    pub order: Option<OrderRef>,
    /// The gateway's id of the payment.
    pub gateway_id: Option<String>,
    /// What it says happened; `None` when the event is about something else (a payout, a customer).
    pub report: Option<Report>,
}

/// What a gateway says about one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub status: PaymentStatus,
    /// Absent where the gateway's status has none (CinetPay v1).
    pub amount: Option<Money>,
    /// Absent where the gateway does not say.
    pub mode: Option<Mode>,
    pub gateway_id: Option<String>,
    /// The reference printed on the buyer's receipt, when it differs from `gateway_id`.
    pub receipt: Option<String>,
    pub order: Option<OrderRef>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Where a pending payment is paid: an order whose creation got no answer finds its page again.
    pub pay_url: Option<String>,
    /// What the buyer has to do to pay a pending one away from the page.
    pub instructions: Option<Instructions>,
    /// What it tells of the card that paid, or was refused.
    pub card: Option<Box<CardDetails>>,
    /// Payments beyond this one that came by the same way: each goes back alone, by its own `gateway_id`.
    pub others: Vec<Report>,
    /// The gateway's own answer that `pay_url` was found in, as in `Started`.
    pub raw: Option<serde_json::Value>,
}

impl Report {
    /// A report that says nothing but a state.
    pub fn of(status: PaymentStatus) -> Self {
        Self {
            status,
            amount: None,
            mode: None,
            gateway_id: None,
            receipt: None,
            order: None,
            phone: None,
            email: None,
            pay_url: None,
            instructions: None,
            card: None,
            others: Vec::new(),
            raw: None,
        }
    }
}

/// A payment's state in words all gateways share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    Pending,
    Paid,
    /// The buyer's attempt failed; a later one may still succeed.
    Failed {
        reason: Option<String>,
    },
    Expired,
    Cancelled,
    /// Held on the card and not taken.
    Authorized,
    /// Less than the whole has arrived so far.
    PartiallyPaid,
    /// The buyer complained to the gateway, or the gateway doubts the payment: nobody knows yet who keeps it.
    Disputed,
    /// The bank took the money back.
    ChargedBack,
    PartiallyRefunded,
    Refunded,
    /// A word this adapter does not know: keep asking, deliver nothing.
    Unknown(String),
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot be read: {0}")]
pub struct Unreadable(pub String);

/// What a gateway is asked to collect.
#[derive(Clone)]
pub struct PaymentRequest {
    pub order: OrderRef,
    pub amount: Money,
    /// Letters, digits and spaces only, 100 characters at most: every gateway takes that.
    pub description: String,
    /// The order's page.
    pub return_url: String,
    /// The callback of the order's hotspot, with its access UUID as `k`.
    pub notify_url: String,
    pub language: Language,
    /// Digits with country code, where the buyer gave them.
    pub phone: Option<String>,
    pub email: Option<String>,
    /// A choice of `PayMethod::PhoneForm`.
    pub network: Option<String>,
    /// One-time code of networks that want one.
    pub otp: Option<String>,
    pub country: String,
    /// When the order was made; what expires counts from here.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for PaymentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The addresses hold the order's token and the access UUID.
        f.debug_struct("PaymentRequest")
            .field("order", &self.order)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// A card to charge. The token stands for it and is good for one charge.
#[derive(Clone)]
pub struct ChargeRequest {
    pub order: OrderRef,
    /// Our price.
    pub amount: Money,
    /// As in `PaymentRequest`.
    pub description: String,
    pub notify_url: String,
    pub language: Language,
    pub token: SecretString,
    pub payer: Payer,
    /// The buyer's address, for the gateway's own judgement of fraud.
    pub ip: Option<String>,
    pub installments: u32,
    /// Mercado Pago: the card's brand, as its form tells it; required there.
    pub method: Option<String>,
    /// Mercado Pago: the bank that issued it.
    pub issuer: Option<String>,
    /// Mercado Pago: what its script calls the device.
    pub device: Option<String>,
    /// What the card's statement says: capitals, digits and spaces.
    pub statement: String,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for ChargeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is money, and the rest is a person.
        f.debug_struct("ChargeRequest")
            .field("order", &self.order)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// What came of asking a gateway to collect.
#[derive(Clone, Debug, Default)]
pub struct Started {
    pub gateway_id: Option<String>,
    /// Where the buyer pays; absent when his phone rings instead.
    pub pay_url: Option<String>,
    pub notify_token: Option<SecretString>,
    /// The gateway refused this attempt at once (low balance and the like).
    pub failed: Option<String>,
    /// The gateway's own answer, for programs that ask for a payment link and know its shape.
    pub raw: Option<serde_json::Value>,
}

/// How a buyer pays through an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayMethod {
    /// The relay makes the payment and redirects to the gateway's page.
    Redirect,
    /// Only a public key is known: the gateway's script on our page makes the payment.
    CheckoutJs {
        public_key: String,
        environment: &'static str,
        /// Where the gateway's script is loaded from.
        script_url: String,
    },
    /// Our own form asks for the phone number and the network.
    PhoneForm { networks: Vec<Network> },
    /// The account lacks something that its operator can give it.
    Cannot { missing: Lack },
}

/// What keeps an account from selling. Names of settings are the business file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Its keys are another gateway's.
    ForeignKeys,
    /// Some of its keys are the sandbox's, some are not.
    MixedKeys,
    /// One of these settings must be there.
    OneOf(&'static [&'static str]),
    /// The same, because without one of them no payment can be checked.
    ProofBy(&'static [&'static str]),
    /// The gateway serves these countries alone (ISO 3166 alpha-2), and the company is in another.
    Country(&'static [&'static str]),
}

/// In English, for logs.
impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ForeignKeys => f.write_str("its keys are another gateway's"),
            Self::MixedKeys => f.write_str("its keys belong to different environments"),
            Self::OneOf(settings) => write!(f, "it lacks {}", settings.join(" or ")),
            Self::ProofBy(settings) => {
                write!(f, "without {} no payment can be checked", settings.join(" or "))
            }
            Self::Country(served) => write!(f, "it serves companies in {} alone", served.join(", ")),
        }
    }
}

/// One mobile-money network a phone form offers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Network {
    /// What the gateway calls it.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// National prefixes that belong to it, to pre-select it.
    pub prefixes: &'static [&'static str],
    /// The buyer must type a one-time code.
    pub wants_otp: bool,
}

/// Which payment is asked about.
#[derive(Clone, Debug)]
pub struct PaymentKey {
    pub order: OrderRef,
    pub gateway_id: Option<String>,
    pub created_at: Timestamp,
}

/// A gateway's refusal or fault while it was called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Try again later; whether the call took effect is unknown.
    #[error("the gateway did not answer properly: {0}")]
    Transient(String),
    /// The account's keys or settings are wrong: only the operator can help.
    #[error("the gateway refuses the account: {0}")]
    Misconfigured(String),
    /// This request is refused and will be again.
    #[error("the gateway refuses the request: {0}")]
    Refused(String),
    /// This request breaks a rule of the gateway's, so it was not sent.
    #[error("the gateway would refuse the request: {0}")]
    Rule(GatewayRule),
    /// The gateway does not know the payment.
    #[error("the gateway does not know the payment")]
    NotFound,
    /// Nothing happened; the gateway wants to be left alone for so long.
    #[error("the gateway is asked too often and wants {after_s} s of rest")]
    Throttled { after_s: u32 },
}

/// What is given back, and why.
#[derive(Clone, Debug)]
pub struct RefundRequest {
    pub order: OrderRef,
    pub gateway_id: String,
    pub amount: Money,
    pub reason: RefundReason,
}

/// What came of asking for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundState {
    Done,
    /// Taken on, not finished: ask again.
    Pending,
    /// The gateway will not; its words.
    Refused(String),
}

/// One gateway generation. Pure: everything it needs is in its arguments.
pub trait Gateway: Sync {
    /// How a buyer pays with what this account has, in a country (ISO 3166 alpha-2) whose networks a form offers.
    fn pay_method(&self, account: &Account, country: &str) -> PayMethod;

    /// Whether a payment can be asked about; if not, a signed event alone decides.
    fn can_ask(&self, account: &Account) -> bool;

    /// How long after its order was made the gateway may take a payment: its page and its vouchers live so long.
    fn payable_for(&self, _account: &Account) -> SignedDuration {
        PAYABLE_FOR
    }

    /// What the bytes prove. Runs before any parsing and touches nothing else.
    fn authenticate(&self, account: &Account, incoming: Incoming<'_>, now: Timestamp) -> Result<Authenticity, Refusal>;

    /// The parameters of a webhook's address that are the gateway's own; no others are kept with the event.
    fn query_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// The same text for each delivery of one event; a digest of the body where it cannot be read.
    fn event_key(&self, told: Told<'_>) -> String;

    /// What an event is about.
    fn read_notice(&self, account: &Account, told: Told<'_>) -> Result<Notice, Unreadable>;

    /// Asks the gateway which order a notice is about, where the notice names a payment and no order of ours. `None`
    /// where notices name their order by themselves.
    fn identify(&self, _account: &Account, _notice: &Notice) -> Option<Dialogue<Report>> {
        None
    }

    /// Asks the gateway to collect.
    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started>;

    /// Charges a card by its token. A refused card is a report that says so; `Transient` means that nobody knows, and
    /// every other error that nothing was charged.
    fn charge(&self, account: &Account, _request: &ChargeRequest) -> Dialogue<Report> {
        let gateway = account.gateway().title();
        Dialogue::Done(Err(GatewayError::Misconfigured(format!(
            "{gateway} takes no card tokens"
        ))))
    }

    /// Asks the gateway what became of a payment.
    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report>;

    /// Asks the gateway for all payments of the account that were paid from `since` to `until`, and for more where
    /// its API cannot tell exactly; pages are turned inside, up to a bound. `None` where its API, or what the
    /// account has, knows no list: each order is asked about then.
    fn list_paid(&self, _account: &Account, _since: Timestamp, _until: Timestamp) -> Option<Dialogue<Vec<Report>>> {
        None
    }

    /// Whether money can be given back through the gateway's API.
    fn can_refund(&self, _account: &Account) -> bool {
        false
    }

    /// Gives money back. Safe to repeat: a refund that was made already is `Done`.
    fn refund(&self, account: &Account, _request: &RefundRequest) -> Dialogue<RefundState> {
        let gateway = account.gateway().title();
        Dialogue::Done(Err(GatewayError::Refused(format!(
            "{gateway} gives no money back through its API; refund it in its dashboard"
        ))))
    }
}

/// The adapter that speaks for an account.
pub fn of(account: &Account) -> &'static dyn Gateway {
    match account.keys {
        AccountKeys::Fedapay { .. } => &fedapay::Fedapay,
        AccountKeys::CinetpayV2 { .. } => &cinetpay_v2::CinetpayV2,
        AccountKeys::CinetpayV1 { .. } => &cinetpay_v1::CinetpayV1,
        AccountKeys::Feexpay { .. } => &feexpay::Feexpay,
        AccountKeys::Conekta { .. } => &conekta::Conekta,
        AccountKeys::Mercadopago { .. } => &mercadopago::Mercadopago,
    }
}

/// A description every gateway takes: ASCII letters, digits and single spaces, 1 to 100 characters.
/// Accents are taken off, everything else becomes a space.
pub fn plain_description(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        let letters = without_accent(c);
        let gap = letters.is_empty();
        if !gap {
            plain.push_str(&letters);
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain.truncate(DESCRIPTION_CHARS);
    match plain.trim_end() {
        "" => DEFAULT_DESCRIPTION.to_owned(),
        some => some.to_owned(),
    }
}

/// The ASCII letters a character is written with; empty for what is neither letter nor digit.
fn without_accent(c: char) -> String {
    if c.is_ascii_alphanumeric() {
        return c.to_string();
    }
    let lower: String = c.to_lowercase().collect();
    let plain = ACCENTS
        .iter()
        .find(|(accented, _)| lower.chars().eq(std::iter::once(*accented)));
    match plain {
        Some((accented, plain)) if *accented == c => (*plain).to_owned(),
        Some((_, plain)) => plain.to_ascii_uppercase(),
        None => String::new(),
    }
}

/// What most gateways' pages live at most.
const PAYABLE_FOR: SignedDuration = SignedDuration::from_hours(24);
/// FeexPay and the card pages refuse longer ones or cut them.
const DESCRIPTION_CHARS: usize = 100;
const DEFAULT_DESCRIPTION: &str = "Ticket";
/// The letters of French, Spanish, Portuguese and their West African neighbours.
const ACCENTS: [(char, &str); 42] = [
    ('à', "a"),
    ('á', "a"),
    ('â', "a"),
    ('ã', "a"),
    ('ä', "a"),
    ('å', "a"),
    ('æ', "ae"),
    ('ç', "c"),
    ('ć', "c"),
    ('č', "c"),
    ('è', "e"),
    ('é', "e"),
    ('ê', "e"),
    ('ë', "e"),
    ('ẽ', "e"),
    ('ẹ', "e"),
    ('ɛ', "e"),
    ('ì', "i"),
    ('í', "i"),
    ('î', "i"),
    ('ï', "i"),
    ('ĩ', "i"),
    ('ñ', "n"),
    ('ŋ', "n"),
    ('ɲ', "n"),
    ('ò', "o"),
    ('ó', "o"),
    ('ô', "o"),
    ('õ', "o"),
    ('ö', "o"),
    ('ø', "o"),
    ('ọ', "o"),
    ('ɔ', "o"),
    ('œ', "oe"),
    ('ù', "u"),
    ('ú', "u"),
    ('û', "u"),
    ('ü', "u"),
    ('ũ', "u"),
    ('ÿ', "y"),
    ('ß', "ss"),
    ('ṣ', "s"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_plain() {
        assert_eq!(
            plain_description("Forfait été – 4 heures (1 Go) #promo & co"),
            "Forfait ete 4 heures 1 Go promo co"
        );
        assert_eq!(plain_description("ÉTÉ Œuvre ÇA ɛ̀"), "ETE OEuvre CA e");
        assert_eq!(plain_description("  \u{1f600} "), "Ticket");
        assert_eq!(plain_description(""), "Ticket");
        let long = plain_description(&"é1 ".repeat(80));
        assert!(long.len() <= 100 && !long.ends_with(' '), "{long}");
    }
}
