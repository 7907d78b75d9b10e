//! Why an order needs somebody, as facts: stored with the order, and told in the reader's language wherever a
//! person reads it (mails, pages; command line and logs in English).
//!
//! Each reason has two texts in `templates/lang-operator/`: what happened, under the variant's name, and what to
//! do, under the same name with `-do`. Both may use the variant's fields by their names. To add a reason, add a
//! variant, its two texts in the four files and a sample in the tests, which fail until all of that is there.

mod sentences;

use std::fmt;

use serde::Serialize;

use crate::by_kind::read_by_kind;
use crate::company::{GatewayName, Language};
use crate::ids::{AccountId, HotspotId, OrderRef, RouterId};
use crate::mik_params::ParamFault;
use crate::money::Money;
use crate::refund::Standing;
use crate::shown::shown_up_to;
use sentences::Told;

pub use sentences::fault_sentence;

/// Why an order is held, stuck or failed, or what else its operator must know. `words` are another system's
/// own and stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    WrongAmount {
        gateway: GatewayName,
        paid: Money,
        price: Money,
    },
    WrongCurrency {
        gateway: GatewayName,
        paid: Money,
        price: Money,
    },
    /// The gateway says paid without saying how much.
    AmountUnknown {
        gateway: GatewayName,
    },
    /// Play money arrived on an account for real money.
    SandboxOnLiveAccount {
        gateway: GatewayName,
        account: AccountId,
    },
    /// Play money arrived for a plan that others buy with real money.
    SandboxForLivePlan {
        account: AccountId,
    },
    /// The money fits, the callback's `mik*` parameters do not.
    UnusableParams {
        gateway: GatewayName,
        faults: Vec<ParamFault>,
    },
    /// The ids are the gateway's, of the payment that counted and of the other one.
    PaidTwice {
        gateway: GatewayName,
        first: String,
        second: String,
    },
    /// The gateway has yet to decide who keeps the money.
    PaymentDisputed {
        gateway: GatewayName,
    },
    PartlyRefunded {
        gateway: GatewayName,
    },
    /// The bank took the money back.
    ChargedBack {
        gateway: GatewayName,
    },
    /// The bank took the money back, and then the gateway decided for the seller.
    ChargebackWon {
        gateway: GatewayName,
    },
    /// The bank took the money back before it bought anything, and now the gateway calls it paid.
    PaidAfterChargeback {
        gateway: GatewayName,
    },
    /// The gateway does not give a payment back.
    RefundRefused {
        gateway: GatewayName,
        payment: String,
        paid: Money,
        words: String,
    },
    /// A refund goes on when the account is mended.
    RefundHeldUp {
        gateway: GatewayName,
        account: AccountId,
        paid: Money,
        words: String,
    },
    /// An order that was not delivered in time is refunded once its router has taken its user away.
    RefundAwaitsRouter {
        paid: Money,
    },
    /// A payment that is to go back has not gone back for so many days.
    RefundStillOpen {
        gateway: GatewayName,
        payment: String,
        paid: Money,
        days: u64,
        standing: Standing,
    },
    /// The order's hotspot was taken out of the business file.
    HotspotGone {
        hotspot: HotspotId,
    },
    RouterWithoutLogin {
        router: RouterId,
    },
    ProfileMissing {
        router: RouterId,
        profile: String,
    },
    /// The business file names a hotspot server that the router lacks.
    ServerMissing {
        router: RouterId,
        server: String,
    },
    /// The callback names one; `own` is the hotspot's.
    CallbackServerMissing {
        router: RouterId,
        server: String,
        own: String,
    },
    RouterLoginRefused {
        router: RouterId,
        words: String,
    },
    RouterRightsMissing {
        router: RouterId,
    },
    RouterAddressUnusable {
        router: RouterId,
        address: String,
    },
    RouterTlsFails {
        router: RouterId,
        words: String,
    },
    /// Whatever answers there does not speak the RouterOS API.
    RouterNotSpeakingApi {
        router: RouterId,
        words: String,
    },
    /// The router refuses for another reason than those above.
    RouterRefuses {
        router: RouterId,
        words: String,
    },
    /// The router does not take the line that the sale is to have in Mikhmon's reports.
    SaleRecordRefused {
        router: RouterId,
        words: String,
    },
    /// A value holds characters that cannot be written to a router.
    ValueUnsendable {
        router: RouterId,
        field: String,
    },
    /// The answer to a command lacks what every router sends.
    RouterAnswerIncomplete {
        router: RouterId,
        command: String,
        property: String,
    },
    /// Whether the gateway took the request is unknown.
    GatewaySilent {
        gateway: GatewayName,
        words: String,
    },
    /// The account's keys or settings are wrong.
    AccountRefused {
        gateway: GatewayName,
        account: AccountId,
        words: String,
    },
    RequestRefused {
        gateway: GatewayName,
        words: String,
    },
    /// The request breaks a rule of the gateway's and was not sent.
    RuleBroken {
        gateway: GatewayName,
        price: Money,
        rule: GatewayRule,
    },
    /// The buyer's payment was declined. The words are the gateway's; what a buyer reads of a card's code is ours.
    Declined {
        gateway: GatewayName,
        words: String,
    },
    /// Somebody has to look; more is not known.
    Unexplained,
    /// A sentence that an older release stored, or the form of a newer one.
    Other {
        words: String,
    },
}

read_by_kind!(Reason, "kind", {
    "wrong_amount" => WrongAmount { gateway, paid, price },
    "wrong_currency" => WrongCurrency { gateway, paid, price },
    "amount_unknown" => AmountUnknown { gateway },
    "sandbox_on_live_account" => SandboxOnLiveAccount { gateway, account },
    "sandbox_for_live_plan" => SandboxForLivePlan { account },
    "unusable_params" => UnusableParams { gateway, faults },
    "paid_twice" => PaidTwice { gateway, first, second },
    "payment_disputed" => PaymentDisputed { gateway },
    "partly_refunded" => PartlyRefunded { gateway },
    "charged_back" => ChargedBack { gateway },
    "chargeback_won" => ChargebackWon { gateway },
    "paid_after_chargeback" => PaidAfterChargeback { gateway },
    "refund_refused" => RefundRefused { gateway, payment, paid, words },
    "refund_held_up" => RefundHeldUp { gateway, account, paid, words },
    "refund_awaits_router" => RefundAwaitsRouter { paid },
    "refund_still_open" => RefundStillOpen { gateway, payment, paid, days, standing },
    "hotspot_gone" => HotspotGone { hotspot },
    "router_without_login" => RouterWithoutLogin { router },
    "profile_missing" => ProfileMissing { router, profile },
    "server_missing" => ServerMissing { router, server },
    "callback_server_missing" => CallbackServerMissing { router, server, own },
    "router_login_refused" => RouterLoginRefused { router, words },
    "router_rights_missing" => RouterRightsMissing { router },
    "router_address_unusable" => RouterAddressUnusable { router, address },
    "router_tls_fails" => RouterTlsFails { router, words },
    "router_not_speaking_api" => RouterNotSpeakingApi { router, words },
    "router_refuses" => RouterRefuses { router, words },
    "sale_record_refused" => SaleRecordRefused { router, words },
    "value_unsendable" => ValueUnsendable { router, field },
    "router_answer_incomplete" => RouterAnswerIncomplete { router, command, property },
    "gateway_silent" => GatewaySilent { gateway, words },
    "account_refused" => AccountRefused { gateway, account, words },
    "request_refused" => RequestRefused { gateway, words },
    "rule_broken" => RuleBroken { gateway, price, rule },
    "declined" => Declined { gateway, words },
    "unexplained" => Unexplained,
    "other" => Other { words },
});

/// What a gateway takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GatewayRule {
    WholeAmounts,
    AtLeast {
        least: Money,
    },
    Between {
        least: Money,
        most: Money,
    },
    MultiplesOf {
        step: Money,
    },
    /// `codes` is a list of ISO codes.
    Currencies {
        codes: String,
    },
    /// Characters of an address of ours that it is told.
    AddressLength {
        max: usize,
    },
}

read_by_kind!(GatewayRule, "kind", {
    "whole_amounts" => WholeAmounts,
    "at_least" => AtLeast { least },
    "between" => Between { least, most },
    "multiples_of" => MultiplesOf { step },
    "currencies" => Currencies { codes },
    "address_length" => AddressLength { max },
});

impl Reason {
    /// What happened: full sentences on one line.
    pub fn what(&self, language: Language) -> String {
        match self {
            Self::Other { words } => shown_up_to(words, WORDS_MAX),
            Self::UnusableParams { faults, .. } => {
                let each = faults.iter().map(|fault| fault_sentence(language, fault));
                let head = Told::of(self).say(language, "", &[]);
                std::iter::once(head).chain(each).collect::<Vec<_>>().join(" ")
            }
            _ => Told::of(self).say(language, "", &[]),
        }
    }

    /// What to do about it: full sentences on one line.
    pub fn remedy(&self, language: Language, order: &OrderRef) -> String {
        let commands = [
            ("retry", format!("mikrelay order retry {order}")),
            ("show", format!("mikrelay order show {order}")),
            ("refund", format!("mikrelay order refund {order}")),
            ("refunded", format!("mikrelay order refunded {order}")),
        ];
        Told::of(self).say(language, "-do", &commands)
    }

    /// Both.
    pub fn advice(&self, language: Language, order: &OrderRef) -> String {
        format!("{} {}", self.what(language), self.remedy(language, order))
    }

    /// For the store.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads what the store has. A text that is no reason of ours is kept as [`Reason::Other`].
    pub fn from_stored(text: String) -> Self {
        serde_json::from_str(&text).unwrap_or(Self::Other { words: text })
    }
}

/// In English, for logs, histories and the command line.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what(Language::En))
    }
}

/// In English, for logs.
impl fmt::Display for GatewayRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeAmounts => f.write_str("only whole amounts are taken"),
            Self::AtLeast { least } => write!(f, "nothing below {least} is taken"),
            Self::Between { least, most } => write!(f, "only {least} to {most} are taken"),
            Self::MultiplesOf { step } => write!(f, "only multiples of {step} are taken"),
            Self::Currencies { codes } => write!(f, "only {codes} are taken"),
            Self::AddressLength { max } => write!(f, "an address of ours is longer than {max} characters"),
        }
    }
}

/// Sentences of older releases name a router's or a gateway's answer.
const WORDS_MAX: usize = 600;

#[cfg(test)]
#[path = "reason_tests.rs"]
mod tests;
