//! The `mik*` parameters as they are sealed, in events and in orders.

use secrecy::{ExposeSecret, SecretString};

use super::StoreError;
use crate::mik_params::{MikParams, ParamFault};
use crate::money::Currency;
use crate::voucher::{Alphabet, UserMode};

/// The parameters as they are sealed.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct StoredParams {
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<UserMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<Alphabet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<ParamFault>,
}

/// JSON to be sealed; `{}` when nothing was said.
pub(super) fn params_json(params: &MikParams) -> Result<Vec<u8>, StoreError> {
    let stored = StoredParams {
        admin_user: params.admin_user.clone(),
        admin_password: params
            .admin_password
            .as_ref()
            .map(|password| password.expose_secret().to_owned()),
        mode: params.mode,
        length: params.length,
        alphabet: params.alphabet,
        prefix: params.prefix.clone(),
        notify_email: params.notify_email.clone(),
        currency: params.currency,
        access_uuid: params.access_uuid.clone(),
        dns_name: params.dns_name.clone(),
        server: params.server.clone(),
        faults: params.faults.clone(),
    };
    serde_json::to_vec(&stored).map_err(|error| StoreError::unreadable("parameters", error))
}

pub(super) fn params_from_json(json: &[u8]) -> Result<MikParams, StoreError> {
    // The parser's own words could quote a password.
    let stored: StoredParams =
        serde_json::from_slice(json).map_err(|_| StoreError::unreadable("parameters", "not in a known form"))?;
    Ok(MikParams {
        admin_user: stored.admin_user,
        admin_password: stored.admin_password.map(SecretString::from),
        mode: stored.mode,
        length: stored.length,
        alphabet: stored.alphabet,
        prefix: stored.prefix,
        notify_email: stored.notify_email,
        currency: stored.currency,
        access_uuid: stored.access_uuid,
        dns_name: stored.dns_name,
        server: stored.server,
        faults: stored.faults,
    })
}
