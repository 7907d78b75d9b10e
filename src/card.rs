//! Payments by card token: what a gateway tells of one beside its money, and why it refuses one.
//!
//! The words are our own; each adapter translates its gateway's codes into them, and `api` says them in the buyer's
//! language. Facts: `pagos-hotspot-api.md` 5.1, 5.4 and 5.5.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{CompanyId, OrderRef};
use crate::voucher::UserMode;

/// What a gateway tells of a card's payment, as it tells it. Decides nothing about money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDetails {
    /// The gateway's own word for the state: `paid`, `approved`, `in_process`.
    pub status: String,
    pub status_detail: Option<String>,
    /// `visa`, `master`.
    pub method: Option<String>,
    /// `credit_card`, `debit_card`.
    pub kind: Option<String>,
    pub issuer: Option<String>,
    pub last_four: Option<String>,
    pub installments: Option<u32>,
    /// Moments as the gateway writes them.
    pub approved_at: Option<String>,
    pub updated_at: Option<String>,
    /// Why there is no money, where the gateway says so.
    pub refusal: Option<CardRefusal>,
    /// The HTTP status of a call that was refused before anything was charged.
    pub http_status: Option<u16>,
}

/// Why a card was not charged, or what its payment waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardRefusal {
    /// No reason was given, or one nobody knows.
    Processing,
    TokenUsed,
    TokenInvalid,
    TokenExpired,
    Declined,
    InsufficientFunds,
    CardExpired,
    CardInvalid,
    CardStolen,
    CardDisabled,
    CardNotSupported,
    SuspectedFraud,
    Blacklisted,
    WrongNumber,
    WrongDate,
    WrongSecurityCode,
    WrongData,
    MissingData,
    WrongAmount,
    WrongCurrency,
    WrongEmail,
    WrongPhone,
    WrongPayer,
    WrongMethod,
    WrongInstallments,
    Duplicate,
    CallBank,
    TooManyAttempts,
    BankUnreachable,
    TooOften,
    NotFound,
    AccountRefused,
    // States that are no money (yet).
    Pending,
    InReview,
    Authorized,
    PartlyPaid,
    Rejected,
    Expired,
    Cancelled,
    Refunded,
    Disputed,
}

impl CardRefusal {
    pub const ALL: [Self; 41] = [
        Self::Processing,
        Self::TokenUsed,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::Declined,
        Self::InsufficientFunds,
        Self::CardExpired,
        Self::CardInvalid,
        Self::CardStolen,
        Self::CardDisabled,
        Self::CardNotSupported,
        Self::SuspectedFraud,
        Self::Blacklisted,
        Self::WrongNumber,
        Self::WrongDate,
        Self::WrongSecurityCode,
        Self::WrongData,
        Self::MissingData,
        Self::WrongAmount,
        Self::WrongCurrency,
        Self::WrongEmail,
        Self::WrongPhone,
        Self::WrongPayer,
        Self::WrongMethod,
        Self::WrongInstallments,
        Self::Duplicate,
        Self::CallBank,
        Self::TooManyAttempts,
        Self::BankUnreachable,
        Self::TooOften,
        Self::NotFound,
        Self::AccountRefused,
        Self::Pending,
        Self::InReview,
        Self::Authorized,
        Self::PartlyPaid,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
        Self::Refunded,
        Self::Disputed,
    ];

    /// The id of its sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::TokenUsed => "token-used",
            Self::TokenInvalid => "token-invalid",
            Self::TokenExpired => "token-expired",
            Self::Declined => "declined",
            Self::InsufficientFunds => "insufficient-funds",
            Self::CardExpired => "card-expired",
            Self::CardInvalid => "card-invalid",
            Self::CardStolen => "card-stolen",
            Self::CardDisabled => "card-disabled",
            Self::CardNotSupported => "card-not-supported",
            Self::SuspectedFraud => "suspected-fraud",
            Self::Blacklisted => "blacklisted",
            Self::WrongNumber => "wrong-number",
            Self::WrongDate => "wrong-date",
            Self::WrongSecurityCode => "wrong-security-code",
            Self::WrongData => "wrong-data",
            Self::MissingData => "missing-data",
            Self::WrongAmount => "wrong-amount",
            Self::WrongCurrency => "wrong-currency",
            Self::WrongEmail => "wrong-email",
            Self::WrongPhone => "wrong-phone",
            Self::WrongPayer => "wrong-payer",
            Self::WrongMethod => "wrong-method",
            Self::WrongInstallments => "wrong-installments",
            Self::Duplicate => "duplicate",
            Self::CallBank => "call-bank",
            Self::TooManyAttempts => "too-many-attempts",
            Self::BankUnreachable => "bank-unreachable",
            Self::TooOften => "too-often",
            Self::NotFound => "not-found",
            Self::AccountRefused => "account-refused",
            Self::Pending => "pending",
            Self::InReview => "in-review",
            Self::Authorized => "authorized",
            Self::PartlyPaid => "partly-paid",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
        }
    }
}

/// Who pays, as his portal's form says. No `Debug`: personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub name: String,
    pub email: String,
    /// Digits with country code; absent where none was given that could be one.
    pub phone: Option<String>,
    /// Kind and number of an identity document, where the gateway's form asks for one.
    pub identification: Option<(String, String)>,
}

/// What a portal asked for. No `Debug`: personal data.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct SaleWish {
    pub payer: Payer,
    /// A name with a password, or a PIN.
    pub mode: UserMode,
    /// What the router's users begin with.
    pub prefix: String,
    pub auto_connect: bool,
    /// As the portal sent them, to be sent back.
    pub mac: Option<String>,
    pub ip: Option<String>,
    pub installments: u32,
}

/// What came of a sale beside its order's state.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaleResult {
    /// What the gateway last told.
    pub card: Option<CardDetails>,
    /// Why nothing was charged.
    pub fault: Option<SaleFault>,
    /// The router's id of the device's session.
    pub session_id: Option<String>,
    /// When the final answer was given first: it is the same for ever.
    pub answered_at: Option<Timestamp>,
}

/// Why a sale ended before a card was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaleFault {
    /// The user could not be made on the router.
    Router,
    /// The gateway wants to be left alone for so long.
    TooOften { after_s: u32 },
    /// The gateway refuses the account: its operator was told why.
    Account,
    /// The gateway, or its rules, refuse the request.
    Refused,
    /// The process ended, or the gateway was silent, before anything was charged.
    NeverCharged,
}

/// A sale by card token.
#[derive(Clone)]
pub struct CardSale {
    pub order: OrderRef,
    pub company: CompanyId,
    pub wish: SaleWish,
    pub result: SaleResult,
    pub token_sha256: [u8; 32],
    /// What makes a double tap.
    pub tap_sha256: Option<[u8; 32]>,
    /// From here on nobody knows without asking whether the card was charged.
    pub charge_began_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_stored_by_the_name_of_its_sentence() {
        for refusal in CardRefusal::ALL {
            let stored = serde_json::to_string(&refusal).unwrap();
            assert_eq!(stored, format!("\"{}\"", refusal.as_str()));
        }
    }
}
