//! Keys of the API: found by the digest of what a client shows. A key has more bits than its digest, so looking the
//! digest up tells nobody anything by its time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, from_word, ms, optional_ms, signed};
use super::{Db, StoreError};
use crate::api_key::{ApiKey, KeyKind, KeyUse, RouterKey, key_digest};
use crate::ids::{ApiKeyId, CompanyId, RouterId};

impl Db<'_> {
    /// Keeps a new key; of the key itself only its SHA-256.
    pub fn add_api_key(&self, key: &ApiKey, secret: &SecretString) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_key (id, company, kind, name, sha256, created_at, expires_at, last_used_at, \
                   revoked_at, router, secret_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let values = (
            key.id.as_str(),
            key.company.as_str(),
            key.kind.as_str(),
            &key.name,
            key_digest(secret.expose_secret()).to_vec(),
            ms(key.created_at),
            optional_ms(key.expires_at),
            optional_ms(key.last_used_at),
            optional_ms(key.revoked_at),
            key.router.as_ref().map(RouterId::as_str),
            &key.secret_id,
        );
        self.run(sql, values)?;
        if key.kind == KeyKind::Router {
            self.bump_directory_version()?;
        }
        Ok(())
    }

    /// The key that a client showed, valid or not.
    pub fn api_key_shown(&self, shown: &SecretString) -> Result<Option<ApiKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key WHERE sha256 = ?1");
        self.one(&sql, [key_digest(shown.expose_secret()).to_vec()], read_key)
    }

    /// All keys, of one company or of all, oldest first.
    pub fn api_keys(&self, company: Option<&CompanyId>) -> Result<Vec<ApiKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key WHERE ?1 IS NULL OR company = ?1 ORDER BY created_at, id");
        self.all(&sql, [company.map(CompanyId::as_str)], read_key)
    }

    pub fn note_key_use(&self, id: &ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE api_key SET last_used_at = ?2 WHERE id = ?1",
            (id.as_str(), ms(at)),
        )?;
        Ok(())
    }

    /// Adds up what keys were used for since the last time.
    pub fn note_key_uses(&self, uses: &[KeyUse]) -> Result<(), StoreError> {
        let sql = "UPDATE api_key SET use_count = use_count + ?2, last_used_at = max(coalesce(last_used_at, 0), ?3) \
                   WHERE id = ?1";
        for one in uses {
            self.run(sql, (one.key.as_str(), signed(one.count), ms(one.last_at)))?;
        }
        Ok(())
    }

    /// Revokes every valid key of a router but one, and says which.
    pub fn revoke_router_keys(&self, router: &RouterId, but: &ApiKeyId) -> Result<Vec<ApiKeyId>, StoreError> {
        let sql =
            "SELECT id FROM api_key WHERE router = ?1 AND id <> ?2 AND revoked_at IS NULL ORDER BY created_at, id";
        let others = self.all(sql, (router.as_str(), but.as_str()), |columns| {
            Ok(ApiKeyId::new(columns.next::<String>()?))
        })?;
        for other in &others {
            self.revoke_api_key(other)?;
        }
        Ok(others)
    }

    /// The keys of routers that are not revoked, by their digests.
    pub(super) fn live_router_keys(&self) -> Result<HashMap<[u8; 32], Arc<RouterKey>>, StoreError> {
        let sql = "SELECT sha256, id, company, router, coalesce(secret_id, ''), expires_at FROM api_key \
                   WHERE kind = 'router' AND router IS NOT NULL AND revoked_at IS NULL";
        let keys = self.all(sql, [], |columns| {
            let digest = columns.next::<Vec<u8>>()?;
            let digest =
                <[u8; 32]>::try_from(digest).map_err(|_| StoreError::unreadable("digest of a key", "length"))?;
            let key = RouterKey {
                id: ApiKeyId::new(columns.next::<String>()?),
                company: CompanyId::new(columns.next::<String>()?),
                router: RouterId::new(columns.next::<String>()?),
                secret_id: columns.next()?,
                expires_at: columns.optional_time("end of a key")?,
            };
            Ok((digest, Arc::new(key)))
        })?;
        Ok(keys.into_iter().collect())
    }

    /// `false` if there is no such key that is not revoked yet.
    pub fn revoke_api_key(&self, id: &ApiKeyId) -> Result<bool, StoreError> {
        let sql = "UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        let revoked = self.run(sql, (id.as_str(), ms(self.now())))? > 0;
        if revoked {
            // Live keys of routers are kept in memory.
            self.bump_directory_version()?;
        }
        Ok(revoked)
    }
}

fn read_key(columns: &mut Columns<'_, '_>) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId::new(columns.next::<String>()?),
        company: CompanyId::new(columns.next::<String>()?),
        kind: columns.word("kind of a key", from_word::<KeyKind>)?,
        name: columns.next()?,
        created_at: columns.time("time of a key")?,
        expires_at: columns.optional_time("end of a key")?,
        last_used_at: columns.optional_time("use of a key")?,
        revoked_at: columns.optional_time("time of revoking a key")?,
        router: columns.next::<Option<String>>()?.map(RouterId::new),
        secret_id: columns.next()?,
        use_count: columns.unsigned("uses of a key")?,
    })
}

const COLUMNS: &str = "id, company, kind, name, created_at, expires_at, last_used_at, revoked_at, router, secret_id, \
                       use_count";
