//! The `mik*` parameters as they are sealed, in events and in orders.

use super::StoreError;
use crate::mik_params::MikParams;

/// JSON to be sealed; `{}` when nothing was said.
pub(super) fn params_json(params: &MikParams) -> Result<Vec<u8>, StoreError> {
    params
        .to_json()
        .map_err(|error| StoreError::unreadable("parameters", error))
}

pub(super) fn params_from_json(json: &[u8]) -> Result<MikParams, StoreError> {
    // The parser's own words could quote a password.
    MikParams::from_json(json).map_err(|_| StoreError::unreadable("parameters", "not in a known form"))
}
