//! A key of the API as the store keeps it: what it opens, never the key itself.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

use crate::ids::{ApiKeyId, CompanyId, RouterId};

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
    /// To the minute for a company's key; to a few seconds for a router's.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// The router that it opens.
    pub router: Option<RouterId>,
    /// Which secret signed it.
    pub secret_id: Option<String>,
    /// How often it was used; counted for keys of routers.
    pub use_count: u64,
}

/// A key of a portal as every request needs it. Revoked ones are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterKey {
    pub id: ApiKeyId,
    pub company: CompanyId,
    pub router: RouterId,
    pub secret_id: String,
    pub expires_at: Option<Timestamp>,
}

/// What one key was used for since it was last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    pub key: ApiKeyId,
    pub count: u64,
    pub last_at: Timestamp,
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
    /// The portal pages of one router. It stands in a public page.
    Router,
}

impl KeyKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Router => "router",
        }
    }
}

/// How a company key begins, so that people and secret scanners know it.
pub const KEY_PREFIX: &str = "mk_";

/// How a router's key begins; a signed token follows (facts: pagos-hotspot-api 3).
pub const ROUTER_KEY_PREFIX: &str = "jwt_";

/// What the store keeps of a key. A key has more bits than its digest, so looking the digest up tells nobody anything
/// by its time.
pub fn key_digest(shown: &str) -> [u8; 32] {
    let mut made = [0; 32];
    made.copy_from_slice(digest(&SHA256, shown.as_bytes()).as_ref());
    made
}
