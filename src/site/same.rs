//! Whether a record of the file says what the store has already. Secrets are compared too, so records with
//! secrets have no `PartialEq` that a log could call.

use secrecy::{ExposeSecret, SecretString};

use crate::company::{Account, AccountKeys, Company, Hotspot, Router, RouterCredentials};
use crate::plan::Plan;

/// Whether two records are the same, secrets included.
pub(super) trait Comparable {
    fn same_as(&self, other: &Self) -> bool;
}

impl Comparable for Plan {
    fn same_as(&self, other: &Self) -> bool {
        self == other
    }
}

impl Comparable for Company {
    fn same_as(&self, other: &Self) -> bool {
        let key = |it: &Self| {
            (
                it.name.clone(),
                it.country.clone(),
                it.language,
                it.timezone.clone(),
                it.notify_email.clone(),
            )
        };
        key(self) == key(other)
    }
}

impl Comparable for Hotspot {
    fn same_as(&self, other: &Self) -> bool {
        let key = |it: &Self| {
            (
                it.router.clone(),
                it.label.clone(),
                it.name.clone(),
                it.dns_name.clone(),
                it.style.clone(),
                it.links,
                it.mikhmon,
            )
        };
        key(self) == key(other)
    }
}

impl Comparable for Router {
    fn same_as(&self, other: &Self) -> bool {
        let login = |it: &Option<RouterCredentials>| {
            it.as_ref()
                .map(|it| (it.user.clone(), it.password.expose_secret().to_owned()))
        };
        let key = |it: &Self| {
            (
                it.company.clone(),
                it.address.clone(),
                it.tls.clone(),
                login(&it.credentials),
                it.access_uuid.clone(),
            )
        };
        key(self) == key(other)
    }
}

impl Comparable for Account {
    fn same_as(&self, other: &Self) -> bool {
        let plain = |keys: &AccountKeys| match keys {
            AccountKeys::Fedapay { public_key, .. } => public_key.clone(),
            AccountKeys::CinetpayV2 { site_id, .. } => Some(site_id.clone()),
            AccountKeys::CinetpayV1 { .. } => None,
            AccountKeys::Feexpay {
                shop, callback_header, ..
            } => Some(format!(
                "{shop} {}",
                callback_header.as_ref().map_or("", |header| header.name.as_str())
            )),
            AccountKeys::Conekta {
                public_key,
                webhook_keys,
                methods,
                ..
            } => Some(format!("{public_key:?} {webhook_keys:?} {methods:?}")),
            AccountKeys::Mercadopago {
                public_key, checkout, ..
            } => Some(format!("{public_key:?} {checkout:?}")),
        };
        let secret = |keys: &AccountKeys| -> Vec<String> {
            secrets_of(keys)
                .into_iter()
                .map(|secret| secret.expose_secret().to_owned())
                .collect()
        };
        let key = |it: &Self| {
            (
                it.company.clone(),
                it.mode,
                it.base_url.clone(),
                plain(&it.keys),
                secret(&it.keys),
                it.refunds,
            )
        };
        std::mem::discriminant(&self.keys) == std::mem::discriminant(&other.keys) && key(self) == key(other)
    }
}

/// Every secret of an account, in a fixed order.
pub(super) fn secrets_of(keys: &AccountKeys) -> Vec<&SecretString> {
    match keys {
        AccountKeys::Fedapay {
            secret_key,
            webhook_secrets,
            ..
        } => secret_key.iter().chain(webhook_secrets).collect(),
        AccountKeys::CinetpayV2 {
            api_key,
            webhook_secrets,
            ..
        } => std::iter::once(api_key).chain(webhook_secrets).collect(),
        AccountKeys::CinetpayV1 { api_key, api_password } => vec![api_key, api_password],
        AccountKeys::Feexpay {
            token, callback_header, ..
        } => std::iter::once(token)
            .chain(callback_header.as_ref().map(|header| &header.value))
            .collect(),
        AccountKeys::Conekta { private_key, .. } => vec![private_key],
        AccountKeys::Mercadopago {
            access_token,
            webhook_secrets,
            ..
        } => std::iter::once(access_token).chain(webhook_secrets).collect(),
    }
}
