//! One thing still to do. What must survive a crash is a row of this kind, never only a task.

use jiff::Timestamp;

use crate::ids::{AccountId, CompanyId, EventId, HookId, JobId, OrderRef, RefundId, RouterId};

/// What there is to do. `(kind, subject)` is unique among open jobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Read an event and move its order.
    Settle(EventId),
    /// Ask the gateway about an order that heard nothing.
    Reconcile(OrderRef),
    /// Make the order's user exist on its router.
    Provision(OrderRef),
    /// Log the order's phone in.
    LogIn(OrderRef),
    /// Disable the order's user.
    Disable(OrderRef),
    /// Take the user away that was made for an order nobody paid.
    Unreserve(OrderRef),
    /// Write an order's sale into Mikhmon's records.
    SaleRecord(OrderRef),
    /// End the vouchers of a router whose validity is over.
    Validity(RouterId),
    /// Give a payment back, and see that it arrives.
    Refund(RefundId),
    /// Ask a gateway whether the payments of the last days are still paid; daily.
    Recheck(AccountId),
    /// Send one mail of the outbox (its row number).
    Mail(i64),
    /// Send one notice by Telegram (its row number).
    Telegram(i64),
    /// Deliver one webhook of ours.
    Hook(HookId),
    /// Compare what a gateway says was paid with what was delivered; daily.
    Ledger(AccountId),
    /// Tell a company what its accounts' comparisons found.
    LedgerMail(CompanyId),
    /// Look whether a router answers, for those who want to be told when it does not.
    Watch(RouterId),
    /// Tell a company of webhooks that no order took.
    EventMail(CompanyId),
    /// Delete what is too old to be of use; daily.
    Housekeeping,
}

impl Task {
    /// The kinds that wait for a time of day instead of for somebody's answer.
    pub const DAILY_KINDS: [&'static str; 5] = ["ledger", "ledger-mail", "event-mail", "recheck", "housekeeping"];

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settle(_) => "settle",
            Self::Reconcile(_) => "reconcile",
            Self::Provision(_) => "provision",
            Self::LogIn(_) => "login",
            Self::Disable(_) => "disable",
            Self::Unreserve(_) => "unreserve",
            Self::SaleRecord(_) => "sale-record",
            Self::Validity(_) => "validity",
            Self::Mail(_) => "mail",
            Self::Telegram(_) => "telegram",
            Self::Refund(_) => "refund",
            Self::Recheck(_) => "recheck",
            Self::Hook(_) => "hook",
            Self::Ledger(_) => "ledger",
            Self::LedgerMail(_) => "ledger-mail",
            Self::Watch(_) => "watch",
            Self::EventMail(_) => "event-mail",
            Self::Housekeeping => "housekeeping",
        }
    }

    /// The id of what it is about, as text.
    pub fn subject(&self) -> String {
        match self {
            Self::Settle(event) => event.to_string(),
            Self::Reconcile(order)
            | Self::Provision(order)
            | Self::LogIn(order)
            | Self::Disable(order)
            | Self::Unreserve(order)
            | Self::SaleRecord(order) => order.to_string(),
            Self::Mail(row) | Self::Telegram(row) => row.to_string(),
            Self::Refund(refund) => refund.to_string(),
            Self::Hook(hook) => hook.to_string(),
            Self::Ledger(account) | Self::Recheck(account) => account.to_string(),
            Self::Watch(router) | Self::Validity(router) => router.to_string(),
            Self::LedgerMail(company) | Self::EventMail(company) => company.to_string(),
            // There is one, and no company can be called so.
            Self::Housekeeping => "*".to_owned(),
        }
    }

    pub fn from_parts(kind: &str, subject: &str) -> Option<Self> {
        let order = || OrderRef::new(subject);
        Some(match kind {
            "settle" => Self::Settle(EventId(subject.parse().ok()?)),
            "reconcile" => Self::Reconcile(order()),
            "provision" => Self::Provision(order()),
            "login" => Self::LogIn(order()),
            "disable" => Self::Disable(order()),
            "unreserve" => Self::Unreserve(order()),
            "sale-record" => Self::SaleRecord(order()),
            "validity" => Self::Validity(RouterId::new(subject)),
            "mail" => Self::Mail(subject.parse().ok()?),
            "telegram" => Self::Telegram(subject.parse().ok()?),
            "refund" => Self::Refund(RefundId(subject.parse().ok()?)),
            "recheck" => Self::Recheck(AccountId::new(subject)),
            "hook" => Self::Hook(HookId(subject.parse().ok()?)),
            "ledger" => Self::Ledger(AccountId::new(subject)),
            "ledger-mail" => Self::LedgerMail(CompanyId::new(subject)),
            "watch" => Self::Watch(RouterId::new(subject)),
            "event-mail" => Self::EventMail(CompanyId::new(subject)),
            "housekeeping" => Self::Housekeeping,
            _ => return None,
        })
    }
}

/// A queue of its own: jobs of one lane run one after the other, lanes never wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Events of one gateway account.
    Account(AccountId),
    /// Questions about orders that heard nothing. Anybody can place orders that he never pays, so these must not
    /// stand before the events of those who paid.
    Questions(AccountId),
    Router(RouterId),
    Mail,
    /// Notices of one company's bot: Telegram counts how often each bot writes.
    Telegram(CompanyId),
    /// Refunds of one account: few, and nothing that waits for a gateway stands before them.
    Refunds(AccountId),
    /// Questions about what was paid in the last days, a morning's work.
    Rechecks(AccountId),
    /// Webhooks to one receiver, `host:port`: a dead one delays no other.
    Hook(String),
    /// The daily comparison of one account. It may take minutes, so it stands in nobody's way.
    Ledger(AccountId),
    /// What the relay does for itself.
    Upkeep,
}

impl Lane {
    pub fn to_text(&self) -> String {
        match self {
            Self::Account(account) => format!("account:{account}"),
            Self::Questions(account) => format!("questions:{account}"),
            Self::Router(router) => format!("router:{router}"),
            Self::Mail => "mail".to_owned(),
            Self::Telegram(company) => format!("telegram:{company}"),
            Self::Refunds(account) => format!("refunds:{account}"),
            Self::Rechecks(account) => format!("rechecks:{account}"),
            Self::Hook(receiver) => format!("hook:{receiver}"),
            Self::Ledger(account) => format!("ledger:{account}"),
            Self::Upkeep => "upkeep".to_owned(),
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("account", id)) => Some(Self::Account(AccountId::new(id))),
            Some(("questions", id)) => Some(Self::Questions(AccountId::new(id))),
            Some(("router", id)) => Some(Self::Router(RouterId::new(id))),
            Some(("telegram", id)) => Some(Self::Telegram(CompanyId::new(id))),
            Some(("refunds", id)) => Some(Self::Refunds(AccountId::new(id))),
            Some(("rechecks", id)) => Some(Self::Rechecks(AccountId::new(id))),
            Some(("hook", receiver)) => Some(Self::Hook(receiver.to_owned())),
            Some(("ledger", id)) => Some(Self::Ledger(AccountId::new(id))),
            None if text == "mail" => Some(Self::Mail),
            None if text == "upkeep" => Some(Self::Upkeep),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub task: Task,
    pub lane: Lane,
    pub due_at: Timestamp,
}

/// A job as claimed: it belongs to the claimer until the lease ends.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub task: Task,
    pub lane: Lane,
    /// Tries before this one.
    pub attempts: i64,
    pub created_at: Timestamp,
    pub last_error: Option<String>,
}
