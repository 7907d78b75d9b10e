//! `mikrelay key make|list|revoke`: the keys of the API. A key is shown once, when it is made; the store keeps its
//! digest.

use std::io::Write;

use anyhow::{Result, bail};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::order::print_json;
use super::table::{Table, line, moment, plain};
use crate::api_key::{ApiKey, KEY_PREFIX, KeyKind};
use crate::ids::{ApiKeyId, CompanyId};
use crate::secrets;
use crate::store::{Db, Store, StoreError};

/// Makes a key for a company and shows it.
pub fn make(store: &Store, company: &str, name: &str, out: &mut dyn Write) -> Result<()> {
    let company = known_company(store, company)?;
    let (owner, name) = (company.clone(), name.trim().to_owned());
    let (key, shown) = store.write_now(move |db| add(db, owner, name))?;
    line(out, "id", Some(&key.id))?;
    line(out, "company", Some(&company))?;
    line(out, "name", Some(&key.name))?;
    line(out, "key", Some(shown.expose_secret()))?;
    writeln!(
        out,
        "\nThe key is shown only now. Programs send it as `Authorization: Bearer <key>`."
    )?;
    writeln!(
        out,
        "What signs the notifications they get: `mikrelay hook secret {company}`"
    )?;
    Ok(())
}

/// Draws a key and keeps it: what is known of it, and the key itself.
pub(super) fn add(db: &Db<'_>, company: CompanyId, name: String) -> Result<(ApiKey, SecretString), StoreError> {
    let secret: SecretString = format!("{KEY_PREFIX}{}", secrets::random_token(KEY_BITS)).into();
    let key = ApiKey {
        id: ApiKeyId::new(format!("key-{}", secrets::random_token(ID_BITS))),
        company,
        kind: KeyKind::Company,
        name,
        created_at: db.now(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        router: None,
        secret_id: None,
        use_count: 0,
    };
    db.add_api_key(&key, &secret)?;
    Ok((key, secret))
}

/// All keys, or those of one company.
pub fn list(store: &Store, company: Option<&str>, json: bool, out: &mut dyn Write) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let keys = store.read_now(|db| db.api_keys(company.as_ref()))?;
    if json {
        let keys: Vec<_> = keys.iter().map(key_json).collect();
        return print_json(&Value::Array(keys), out);
    }
    let mut table = Table::new(&["ID", "COMPANY", "NAME", "MADE", "LAST USED", "STATE"]);
    for key in &keys {
        table.row(vec![
            key.id.to_string(),
            key.company.to_string(),
            key.name.clone(),
            moment(key.created_at),
            key.last_used_at.map_or_else(|| "-".to_owned(), moment),
            key.revoked_at
                .map_or_else(|| "valid".to_owned(), |at| format!("revoked {}", moment(at))),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// Ends a key at once.
pub fn revoke(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let wanted = ApiKeyId::new(id.trim());
    let revoked = store.write_now(move |db: &Db<'_>| -> Result<bool, StoreError> { db.revoke_api_key(&wanted) })?;
    if !revoked {
        bail!("there is no valid key `{}`; see `mikrelay key list`", plain(id));
    }
    writeln!(out, "key {} is revoked", plain(id))?;
    Ok(())
}

/// The company of the business file that is meant.
pub(super) fn known_company(store: &Store, text: &str) -> Result<CompanyId> {
    let company = CompanyId::new(text.trim());
    if !store.directory().companies.contains_key(&company) {
        bail!("there is no company `{}`; see `mikrelay export`", plain(text));
    }
    Ok(company)
}

fn key_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "company": key.company,
        "kind": key.kind,
        "name": key.name,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    })
}

/// As many as its digest has.
const KEY_BITS: usize = 256;
/// Enough for ids never to meet; short enough to be typed.
const ID_BITS: usize = 40;
