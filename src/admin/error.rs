//! Why an administrator's change was not made.

use super::address::AddressFault;
use super::password::{HashError, PasswordFault};
use crate::money::Currency;
use crate::payment::router_keys::MakeKeyError;
use crate::store::StoreError;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("there is no company `{0}`")]
    NoCompany(String),
    #[error("there is no router `{0}`")]
    NoRouter(String),
    #[error("there is no product {0}")]
    NoProduct(i64),
    #[error("there is no key `{0}`")]
    NoKey(String),
    #[error("there is no user {0}")]
    NoUser(i64),
    #[error("there is no user with the address `{0}`")]
    NoAddress(String),
    #[error("`{field}`: {fault}")]
    Field { field: &'static str, fault: FieldFault },
    #[error("the address has a user already")]
    EmailTaken,
    /// Somebody has to be left who can let others in.
    #[error("nobody closes his own account")]
    Oneself,
    #[error(transparent)]
    Password(#[from] PasswordFault),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("the router's address: {0}")]
    Address(#[from] AddressFault),
    /// A stored password must not travel to an address that its owner did not see.
    #[error("a router that moves needs its password again")]
    PasswordAgain,
    #[error("the router is not active")]
    RouterInactive,
    #[error("the router still has {0} products")]
    RouterSells(usize),
    #[error("another product of the router has the profile `{0}`")]
    ProfileTaken(String),
    #[error("the key is revoked already")]
    KeyRevoked,
    #[error(transparent)]
    MakeKey(#[from] MakeKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with one field, beyond its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    #[error("must not be empty")]
    Empty,
    #[error("has more than {0} characters")]
    TooLong(usize),
    #[error("holds characters that cannot be shown")]
    NotPlain,
    #[error("holds other characters than printable ASCII, which no router understands in a name")]
    NotForRouters,
    #[error("is not an e-mail address")]
    Email,
    #[error("is not a web address")]
    Url,
    #[error("is not an amount")]
    Amount,
    #[error("has more decimals than {0} knows")]
    TooFine(Currency),
    #[error("must be more than nothing")]
    NotPositive,
    #[error("is too large")]
    TooLarge,
    #[error("is not a currency that we know")]
    Currency,
    #[error("is not a fingerprint of 64 hexadecimal digits")]
    Fingerprint,
}

impl AdminError {
    pub(super) fn field(field: &'static str, fault: FieldFault) -> Self {
        Self::Field { field, fault }
    }
}

/// A text that must be there: trimmed, on one line, at most `most` characters.
pub(super) fn needed(field: &'static str, text: &str, most: usize) -> Result<String, AdminError> {
    let text = optional(field, Some(text), most)?;
    text.ok_or(AdminError::field(field, FieldFault::Empty))
}

/// The same for a text that may be missing; an empty one is.
pub(super) fn optional(field: &'static str, text: Option<&str>, most: usize) -> Result<Option<String>, AdminError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > most {
        return Err(AdminError::field(field, FieldFault::TooLong(most)));
    }
    if text.contains(|c: char| c.is_control() && c != '\n') {
        return Err(AdminError::field(field, FieldFault::NotPlain));
    }
    Ok(Some(text.to_owned()))
}
