//! Identifiers as types, so that an order's reference can never be taken for a plan's id.

use std::fmt;

/// Declares text identifiers that are equal, ordered and shown by their text.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_ids! {
    /// A tenant's id, as in the business file.
    CompanyId,
    /// A router's id, as in the business file.
    RouterId,
    /// A hotspot's id, as in the business file.
    HotspotId,
    /// A gateway account's id, as in the business file.
    AccountId,
    /// A plan's id, unique in the relay; it stands in the short link `/b/<plan>`.
    PlanId,
    /// Where a company's own webhooks go, as `mikrelay hook endpoint list` shows it.
    EndpointId,
    /// A key of the API, as `mikrelay key list` shows it; not the key itself.
    ApiKeyId,
    /// Our own reference of an order: what the gateway is given and what a buyer can type.
    /// 14 characters of `0-9A-Z` without look-alikes, which every gateway accepts.
    OrderRef,
}

/// The unguessable part of an order page's address: 128 bits, lower-case base32. Who knows it sees the code,
/// so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OrderToken(String);

impl OrderToken {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OrderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderToken(…)")
    }
}

/// A reference as people copy it from a receipt, in the one form that it is stored, found and counted by:
/// without spaces, in lower case, and cut where no gateway's reference ends.
pub fn fold_reference(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .take(MAX_REFERENCE_CHARS)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Longer than any gateway's reference; longer texts are cut, not refused.
const MAX_REFERENCE_CHARS: usize = 128;

/// Declares row-number identifiers.
macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )+};
}

row_ids! {
    /// A stored webhook or poll result.
    EventId,
    /// One thing still to do.
    JobId,
    /// A payment that is to be given back.
    RefundId,
    /// A webhook that we send.
    HookId,
    /// A person who may sign in; never given to another one.
    UserId,
    /// A session of a user.
    SessionId,
    /// A line of the audit log.
    AuditId,
}
