//! Keys of the API: found by the digest of what a client shows. A key has more bits than its digest, so looking the
//! digest up tells nobody anything by its time.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, from_word, ms, optional_ms};
use super::{Db, StoreError};
use crate::api_key::{ApiKey, KeyKind};
use crate::ids::{ApiKeyId, CompanyId};

impl Db<'_> {
    /// Keeps a new key; of the key itself only its SHA-256.
    pub fn add_api_key(&self, key: &ApiKey, secret: &SecretString) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_key (id, company, kind, name, sha256, created_at, expires_at, last_used_at, \
                   revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = (
            key.id.as_str(),
            key.company.as_str(),
            key.kind.as_str(),
            &key.name,
            sha256(secret.expose_secret()),
            ms(key.created_at),
            optional_ms(key.expires_at),
            optional_ms(key.last_used_at),
            optional_ms(key.revoked_at),
        );
        self.run(sql, values)?;
        Ok(())
    }

    /// The key that a client showed, valid or not.
    pub fn api_key_shown(&self, shown: &SecretString) -> Result<Option<ApiKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key WHERE sha256 = ?1");
        self.one(&sql, [sha256(shown.expose_secret())], read_key)
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

    /// `false` if there is no such key that is not revoked yet.
    pub fn revoke_api_key(&self, id: &ApiKeyId) -> Result<bool, StoreError> {
        let sql = "UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.run(sql, (id.as_str(), ms(self.now())))? > 0)
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
    })
}

pub(super) fn sha256(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

const COLUMNS: &str = "id, company, kind, name, created_at, expires_at, last_used_at, revoked_at";
