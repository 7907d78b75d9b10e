//! Keys of portals: each opens one router and stands in its public page. A key is `jwt_` and a token that we signed
//! (facts: pagos-hotspot-api 3); it counts only while its SHA-256 is among the live keys, which are in memory. A
//! request costs a digest, a look-up and a signature, never a write: uses are counted here and written in batches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Relay;
use crate::api_key::{ApiKey, KeyKind, KeyUse, ROUTER_KEY_PREFIX, RouterKey, key_digest};
use crate::company::Router;
use crate::ids::ApiKeyId;
use crate::secrets::tokens::{TokenError, Tokens};
use crate::secrets::{MasterKey, random_bytes};
use crate::store::{Db, StoreError};

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("the key does not begin with `jwt_`")]
    NoPrefix,
    #[error("the key is not one of ours")]
    NotOurs,
    #[error("the key has expired")]
    Expired,
    #[error("the key is unknown or revoked")]
    Revoked,
    #[error("the company is not active")]
    CompanyInactive,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeKeyError {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new key.
pub struct NewKey {
    pub key: ApiKey,
    /// What the portal sends; shown now and never again.
    pub shown: SecretString,
}

/// What was used since it was last written down.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<HashMap<ApiKeyId, (u64, Timestamp)>>);

impl Uses {
    fn count(&self, key: &ApiKeyId, now: Timestamp) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, last)) = uses.get_mut(key) {
            (*count, *last) = (*count + 1, now);
        } else {
            uses.insert(key.clone(), (1, now));
        }
    }

    fn take(&self) -> Vec<KeyUse> {
        let uses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let use_of = |(key, (count, last_at))| KeyUse { key, count, last_at };
        uses.into_iter().map(use_of).collect()
    }

    /// What could not be written is counted on.
    fn put_back(&self, taken: Vec<KeyUse>) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for one in taken {
            let (count, last) = uses.entry(one.key).or_insert((0, one.last_at));
            (*count, *last) = (*count + one.count, one.last_at.max(*last));
        }
    }
}

/// What a router's key says. Both pairs of names: one of the documents, one of the peer's code.
#[derive(Serialize, Deserialize)]
struct Claims {
    jti: String,
    iss: String,
    sub: String,
    empresa: String,
    router_id: String,
    empresa_id: String,
    iat: i64,
    exp: i64,
    #[serde(rename = "type")]
    kind: String,
}

/// The part of the claims that tells why a key is refused.
#[derive(Deserialize)]
struct End {
    exp: f64,
}

/// The secrets that sign keys of routers.
pub fn tokens(key: &MasterKey, secret_ids: &[String]) -> Tokens {
    Tokens::new(key, "router key", secret_ids)
}

/// Whom a shown key belongs to. `Ok` counts a use.
pub(super) fn caller(relay: &Relay, shown: &str) -> Result<Arc<RouterKey>, KeyFault> {
    let token = shown.strip_prefix(ROUTER_KEY_PREFIX).ok_or(KeyFault::NoPrefix)?;
    if shown.len() > LONGEST_KEY {
        return Err(KeyFault::NotOurs);
    }
    let (directory, tokens, now) = (relay.store().directory(), &relay.0.router_tokens, relay.now());
    let Some(key) = directory.router_keys.get(&key_digest(shown)) else {
        return Err(why_unknown(tokens, token, now));
    };
    // Every live key was signed by us; what changes is which secrets are still believed.
    if !tokens.is_signed(&key.secret_id, token) {
        return Err(KeyFault::NotOurs);
    }
    if key.expires_at.is_some_and(|end| now >= end) {
        return Err(KeyFault::Expired);
    }
    let company = directory.companies.get(&key.company).ok_or(KeyFault::Revoked)?;
    if !company.card.active {
        return Err(KeyFault::CompanyInactive);
    }
    relay.0.key_uses.count(&key.id, now);
    Ok(Arc::clone(key))
}

fn why_unknown(tokens: &Tokens, token: &str, now: Timestamp) -> KeyFault {
    match tokens.read::<End>(token) {
        Err(_) => KeyFault::NotOurs,
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
        Ok(end) if end.exp <= now.as_second() as f64 => KeyFault::Expired,
        Ok(_) => KeyFault::Revoked,
    }
}

/// Makes a key for a router. `replacing`: in the same commit, all others of the router end.
pub fn make(
    db: &Db<'_>,
    tokens: &Tokens,
    router: &Router,
    wish: &KeyWish,
) -> Result<(NewKey, Vec<ApiKeyId>), MakeKeyError> {
    let created_at = db.now();
    let expires_at = created_at.saturating_add(wish.lifetime).unwrap_or(Timestamp::MAX);
    let id = ApiKeyId::new(format!("key_{}", data_encoding::HEXLOWER.encode(&random_bytes::<8>())));
    let claims = Claims {
        jti: id.to_string(),
        iss: "mikrelay".to_owned(),
        sub: router.id.to_string(),
        empresa: router.company.to_string(),
        router_id: router.id.to_string(),
        empresa_id: router.company.to_string(),
        iat: created_at.as_second(),
        exp: expires_at.as_second(),
        kind: "router_api_key".to_owned(),
    };
    let signed = tokens.sign(&claims)?;
    let shown: SecretString = format!("{ROUTER_KEY_PREFIX}{}", signed.token.expose_secret()).into();
    let key = ApiKey {
        id,
        company: router.company.clone(),
        kind: KeyKind::Router,
        name: wish.name.clone(),
        created_at,
        expires_at: Some(expires_at),
        last_used_at: None,
        revoked_at: None,
        router: Some(router.id.clone()),
        secret_id: Some(signed.secret_id),
        use_count: 0,
    };
    db.add_api_key(&key, &shown)?;
    let ended = if wish.replacing {
        db.revoke_router_keys(&router.id, &key.id)?
    } else {
        Vec::new()
    };
    Ok((NewKey { key, shown }, ended))
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct KeyWish {
    /// What the operator calls its holder.
    pub name: String,
    pub lifetime: SignedDuration,
    /// Whether all other keys of the router end in the same commit.
    pub replacing: bool,
}

/// Writes down how often keys were used.
pub(super) async fn write_uses(relay: &Relay) -> Result<(), StoreError> {
    let uses = relay.0.key_uses.take();
    if uses.is_empty() {
        return Ok(());
    }
    let written = uses.clone();
    let write = relay.store().write(move |db| db.note_key_uses(&written)).await;
    if write.is_err() {
        relay.0.key_uses.put_back(uses);
    }
    write
}

/// A year, as the documented service has it.
pub const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Ours have less than 600 bytes; ids of a business file may be longer than the API's own.
const LONGEST_KEY: usize = 4096;
