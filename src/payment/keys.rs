//! Who a program is that speaks to the API: a company, by one of its keys.

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use super::Relay;
use crate::api_key::{KEY_PREFIX, KeyKind};
use crate::company::{Directory, GatewayName};
use crate::gateway::signature::is_same_secret;
use crate::ids::{AccountId, CompanyId};
use crate::store::StoreError;

/// A program that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub company: CompanyId,
    /// Only this account, where it proved itself by the account's private key.
    pub account: Option<AccountId>,
}

/// The company whose key was shown; `None` if it is no valid key.
pub(super) async fn caller_of(relay: &Relay, shown: SecretString) -> Result<Option<Caller>, StoreError> {
    let text = shown.expose_secret();
    if !text.starts_with(KEY_PREFIX) || text.len() > LONGEST_KEY {
        return Ok(None);
    }
    let now = relay.now();
    let found = relay.store().read(move |db| db.api_key_shown(&shown)).await?;
    let Some(key) = found.filter(|key| key.kind == KeyKind::Company && key.is_valid(now)) else {
        return Ok(None);
    };
    if !relay.store().directory().is_active(&key.company) {
        return Ok(None);
    }
    let is_noted = key.last_used_at.is_some_and(|at| now.duration_since(at) < NOTED_EVERY);
    if !is_noted {
        let id = key.id.clone();
        relay.store().write(move |db| db.note_key_use(&id, now)).await?;
    }
    Ok(Some(Caller {
        company: key.company,
        account: None,
    }))
}

/// The account whose private key was shown. Every key is compared, so that time says nothing about which one fits.
pub(super) fn account_holder(directory: &Directory, gateway: GatewayName, shown: &SecretString) -> Option<Caller> {
    let shown = shown.expose_secret();
    let mut found = None;
    for account in directory
        .accounts
        .values()
        .filter(|account| account.gateway() == gateway && directory.is_active(&account.company))
    {
        let key = account.keys.private_key();
        if key.is_some_and(|key| is_same_secret(key.expose_secret(), shown)) {
            found = Some(Caller {
                company: account.company.clone(),
                account: Some(account.id.clone()),
            });
        }
    }
    found
}

/// Ours have 55 characters.
const LONGEST_KEY: usize = 128;
/// A write for each request would cost more than knowing the second is worth.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);
