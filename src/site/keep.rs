//! Puts the stored secrets where the file says `(kept)`, and looks at the whole once more: what is only known
//! together with the store can be wrong only here.

use secrecy::{ExposeSecret, SecretString};

use super::same::secrets_of;
use super::secret::{is_keep, is_sample};
use super::{Flaw, Site, SiteRouter};
use crate::company::{Account, AccountKeys, CallbackHeader, Directory, Mode, Router};

/// The routers and accounts of a file as they are to be stored.
pub(super) struct Kept {
    pub routers: Vec<Router>,
    pub accounts: Vec<Account>,
}

/// Resolves a file against the store; `prune`: what the file does not name will go.
pub(super) fn resolve(site: &Site, stored: &Directory, prune: bool) -> Result<Kept, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let routers = site
        .routers
        .iter()
        .map(|router| kept_router(router, stored, &mut flaws))
        .collect();
    let accounts = site
        .accounts
        .iter()
        .map(|account| kept_account(account, stored, &mut flaws))
        .collect();
    if !prune {
        labels_in_use(site, stored, &mut flaws);
    }
    if flaws.is_empty() {
        Ok(Kept { routers, accounts })
    } else {
        Err(flaws)
    }
}

/// Whether a key names another mode than the account's. Objects of one mode are invisible in the other, so
/// such an account could never confirm a payment (facts `gateways-west-africa.md` 2.1, 3.6).
pub fn has_key_of_other_mode(keys: &AccountKeys, mode: Mode) -> bool {
    let other: &[&str] = match mode {
        Mode::Live => &["_sandbox_", "_test_"],
        Mode::Test => &["_live_"],
    };
    let is_other = |key: &str| {
        // Only the part after `pk`, `sk` or `wh` names the mode; a random tail may contain any word.
        key.get(2..)
            .is_some_and(|rest| other.iter().any(|word| rest.starts_with(word)))
    };
    match keys {
        AccountKeys::Fedapay { public_key, .. } => {
            public_key.as_deref().is_some_and(is_other)
                || secrets_of(keys)
                    .into_iter()
                    .any(|secret| is_other(secret.expose_secret()))
        }
        AccountKeys::CinetpayV1 { api_key, .. } => is_other(api_key.expose_secret()),
        // Their keys do not tell the mode.
        AccountKeys::CinetpayV2 { .. }
        | AccountKeys::Feexpay { .. }
        | AccountKeys::Conekta { .. }
        | AccountKeys::Mercadopago { .. } => false,
    }
}

pub(super) const OTHER_MODE: &str =
    "a key belongs to the other `mode` (`_live_` keys go with `live`, `_sandbox_` and `_test_` keys with `test`)";

fn kept_router(wanted: &SiteRouter, stored: &Directory, flaws: &mut Vec<Flaw>) -> Router {
    let mut router = wanted.router.clone();
    let known = stored.routers.get(&router.id);
    if let Some(known) = known.filter(|_| wanted.keep_uuid) {
        router.access_uuid.clone_from(&known.access_uuid);
    }
    let known = known.and_then(|known| known.credentials.as_ref());
    match (&mut router.credentials, known) {
        (None, known) => router.credentials = known.cloned(),
        (Some(wanted), Some(known)) if is_keep(&wanted.password) => wanted.password = known.password.clone(),
        (Some(wanted), None) if is_keep(&wanted.password) => flaws.push(nothing_kept("router", &router.id)),
        _ => {}
    }
    router
}

fn kept_account(wanted: &Account, stored: &Directory, flaws: &mut Vec<Flaw>) -> Account {
    let mut account = wanted.clone();
    let known = stored.accounts.get(&account.id).map(|known| &known.keys);
    let complete = keep_keys(&mut account.keys, known);
    if !complete {
        flaws.push(nothing_kept("account", &account.id));
    } else if has_key_of_other_mode(&account.keys, account.mode) {
        flaws.push(flaw("account", &account.id, OTHER_MODE));
    }
    let public = match &account.keys {
        AccountKeys::Fedapay { public_key, .. } => public_key.as_deref(),
        _ => None,
    };
    let secret = secrets_of(&account.keys).into_iter().map(ExposeSecret::expose_secret);
    if !is_simulated(&account) && secret.chain(public).any(is_sample) {
        flaws.push(flaw(
            "account",
            &account.id,
            "a key is the sample of the documentation; put your own in its place",
        ));
    }
    account
}

/// Whether the account's gateway is on this machine: no real money can come from there, so a sample key is as
/// good as any.
fn is_simulated(account: &Account) -> bool {
    let url = account.base_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    url.is_some_and(|url| match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    })
}

/// Fills in what is kept; false where the store has nothing to keep.
fn keep_keys(wanted: &mut AccountKeys, known: Option<&AccountKeys>) -> bool {
    match (wanted, known) {
        (
            AccountKeys::Fedapay {
                secret_key,
                webhook_secrets,
                ..
            },
            Some(AccountKeys::Fedapay {
                secret_key: known_key,
                webhook_secrets: known_hooks,
                ..
            }),
        ) => {
            secret_key.as_mut().is_none_or(|key| keep_one(key, known_key.as_ref()))
                && keep_list(webhook_secrets, known_hooks)
        }
        (
            AccountKeys::CinetpayV2 {
                api_key,
                webhook_secrets,
                ..
            },
            Some(AccountKeys::CinetpayV2 {
                api_key: known_key,
                webhook_secrets: known_hooks,
                ..
            }),
        ) => keep_one(api_key, Some(known_key)) && keep_list(webhook_secrets, known_hooks),
        (
            AccountKeys::CinetpayV1 { api_key, api_password },
            Some(AccountKeys::CinetpayV1 {
                api_key: known_key,
                api_password: known_password,
            }),
        ) => keep_one(api_key, Some(known_key)) && keep_one(api_password, Some(known_password)),
        (
            AccountKeys::Feexpay {
                token, callback_header, ..
            },
            Some(AccountKeys::Feexpay {
                token: known_token,
                callback_header: known_header,
                ..
            }),
        ) => keep_one(token, Some(known_token)) && keep_header(callback_header, known_header.as_ref()),
        (
            AccountKeys::Conekta { private_key, .. },
            Some(AccountKeys::Conekta {
                private_key: known_key, ..
            }),
        ) => keep_one(private_key, Some(known_key)),
        (
            AccountKeys::Mercadopago {
                access_token,
                webhook_secrets,
                ..
            },
            Some(AccountKeys::Mercadopago {
                access_token: known_token,
                webhook_secrets: known_hooks,
                ..
            }),
        ) => keep_one(access_token, Some(known_token)) && keep_list(webhook_secrets, known_hooks),
        (wanted, _) => !secrets_of(wanted).into_iter().any(is_keep),
    }
}

fn keep_one(wanted: &mut SecretString, known: Option<&SecretString>) -> bool {
    if !is_keep(wanted) {
        return true;
    }
    match known {
        Some(known) => {
            *wanted = known.clone();
            true
        }
        None => false,
    }
}

fn keep_header(wanted: &mut Option<CallbackHeader>, known: Option<&CallbackHeader>) -> bool {
    if !wanted.as_ref().is_some_and(|header| is_keep(&header.value)) {
        return true;
    }
    *wanted = known.cloned();
    known.is_some()
}

/// `(kept)` in a list stands for all stored ones; others beside it are added, as while rotating.
fn keep_list(wanted: &mut Vec<SecretString>, known: &[SecretString]) -> bool {
    let Some(place) = wanted.iter().position(is_keep) else {
        return true;
    };
    wanted.retain(|secret| !is_keep(secret));
    wanted.retain(|secret| {
        !known
            .iter()
            .any(|known| known.expose_secret() == secret.expose_secret())
    });
    let place = place.min(wanted.len());
    wanted.splice(place..place, known.iter().cloned());
    !known.is_empty()
}

/// A label leads callbacks to one hotspot: it must not belong to one that stays without being in the file.
fn labels_in_use(site: &Site, stored: &Directory, flaws: &mut Vec<Flaw>) {
    let stays = |id| !site.hotspots.iter().any(|hotspot| &hotspot.id == id);
    for hotspot in &site.hotspots {
        let owner = stored
            .hotspots
            .values()
            .find(|other| other.label == hotspot.label && stays(&other.id));
        if let Some(owner) = owner {
            let sentence = format!(
                "the label `{}` belongs to hotspot `{}`, which the file does not name; use its id, or `--prune`",
                hotspot.label, owner.id
            );
            flaws.push(flaw("hotspot", &hotspot.id, &sentence));
        }
    }
}

fn nothing_kept(kind: &'static str, id: &impl ToString) -> Flaw {
    flaw(
        kind,
        id,
        "`(kept)` stands for a stored secret, and there is none; write the secret itself",
    )
}

fn flaw(kind: &'static str, id: &impl ToString, sentence: &str) -> Flaw {
    Flaw {
        kind,
        id: id.to_string(),
        sentence: sentence.to_owned(),
    }
}
