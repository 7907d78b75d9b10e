//! A key of the API as the store keeps it: what it opens, never the key itself.

use jiff::Timestamp;

use crate::ids::{ApiKeyId, CompanyId};

/// What is known of a key. The key is shown once, when it is made; kept is its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub company: CompanyId,
    pub kind: KeyKind,
    /// What its holder is called by the operator.
    pub name: String,
    pub created_at: Timestamp,
    /// `None`: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|until| now < until)
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// A company's own programs: link payments.
    Company,
}

impl KeyKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
        }
    }
}

/// How a company key begins, so that people and secret scanners know it.
pub const KEY_PREFIX: &str = "mk_";
