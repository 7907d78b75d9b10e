//! What each parameter's text may be. No refusal holds a secret.

use secrecy::SecretString;

use super::Flaw;
use crate::message::is_address;
use crate::money::Currency;
use crate::shown::shown;
use crate::voucher::{Alphabet, LENGTH_MAX, LENGTH_MIN, PREFIX_MAX, UserMode, VoucherStyle};

/// Whether a macro of the router's pages arrived as it was written, such as `$(mac)`: the page that should
/// have replaced it did not come from the router, or the macro was split or encoded.
pub fn is_unexpanded(text: &str) -> bool {
    text.contains("$(")
}

/// What holds for every parameter, before it is looked at.
pub fn checked(text: &str) -> Result<&str, Flaw> {
    if text.len() > VALUE_MAX {
        return Err(Flaw::TooLong { max: VALUE_MAX });
    }
    if text.chars().any(char::is_control) {
        return Err(Flaw::ControlCharacter);
    }
    Ok(text)
}

pub fn admin_user(text: &str) -> Result<String, Flaw> {
    Ok(plain(text)?.to_owned())
}

/// Taken as it is, spaces too.
pub fn admin_password(text: &str) -> Result<SecretString, Flaw> {
    Ok(text.into())
}

pub fn mode(text: &str) -> Result<UserMode, Flaw> {
    UserMode::from_text(text.trim()).ok_or_else(|| Flaw::UserMode { value: shown(text) })
}

pub fn length(text: &str) -> Result<u8, Flaw> {
    let digits = text.trim();
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten();
    number
        .filter(|length| (LENGTH_MIN..=LENGTH_MAX).contains(length))
        .ok_or_else(|| Flaw::Length {
            value: shown(text),
            min: LENGTH_MIN,
            max: LENGTH_MAX,
        })
}

pub fn alphabet(text: &str) -> Result<Alphabet, Flaw> {
    Alphabet::from_text(text.trim()).ok_or_else(|| Flaw::Alphabet { value: shown(text) })
}

pub fn prefix(text: &str) -> Result<String, Flaw> {
    let style = VoucherStyle::default();
    VoucherStyle::new(style.mode, style.length, style.alphabet, text.trim())
        .map(|style| style.prefix)
        .map_err(|_| Flaw::Prefix {
            value: shown(text),
            max: PREFIX_MAX,
        })
}

pub fn notify_email(text: &str) -> Result<String, Flaw> {
    let address = plain(text)?;
    is_address(address)
        .then(|| address.to_owned())
        .ok_or_else(|| Flaw::Email { value: shown(text) })
}

/// `None` for the everyday names of the franc: which franc it is, the company's country knows.
pub fn currency(text: &str) -> Result<Option<Currency>, Flaw> {
    let of = |home| Currency::from_text(text, home);
    match (of(Currency::Xof), of(Currency::Xaf)) {
        (Some(one), Some(other)) => Ok((one == other).then_some(one)),
        _ => Err(Flaw::Currency { value: shown(text) }),
    }
}

/// Shown in no message: it opens the callback to unsigned calls.
pub fn access_uuid(text: &str) -> Result<String, Flaw> {
    let uuid = text.trim();
    let plain = uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && (UUID_MIN..=UUID_MAX).contains(&uuid.len()) {
        Ok(uuid.to_owned())
    } else {
        Err(Flaw::AccessUuid)
    }
}

pub fn dns_name(text: &str) -> Result<String, Flaw> {
    let name = plain(text)?;
    let (host, port) = match name.split_once(':') {
        Some((host, port)) if !name.contains('/') => (host, Some(port)),
        _ => (name, None),
    };
    if host.len() > DNS_NAME_MAX || !host.split('.').all(is_label) {
        return Err(Flaw::DnsName { value: shown(text) });
    }
    if !port.is_none_or(is_port) {
        return Err(Flaw::Port { value: shown(text) });
    }
    Ok(name.to_ascii_lowercase())
}

pub fn server(text: &str) -> Result<String, Flaw> {
    let name = plain(text)?;
    let printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if printable && name.len() <= SERVER_MAX {
        Ok(name.to_owned())
    } else {
        Err(Flaw::Server {
            value: shown(text),
            max: SERVER_MAX,
        })
    }
}

/// Trimmed, and not a macro that nobody replaced.
fn plain(text: &str) -> Result<&str, Flaw> {
    if is_unexpanded(text) {
        return Err(Flaw::Unexpanded { value: shown(text) });
    }
    Ok(text.trim())
}

fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.len() <= 63 && label.bytes().all(fits)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// No parameter of the guide comes near; a longer one is not ours.
const VALUE_MAX: usize = 512;

/// A UUID has 36 characters; older installations have shorter keys of their own making.
const UUID_MIN: usize = 8;
const UUID_MAX: usize = 64;

/// The limit of the domain name system.
const DNS_NAME_MAX: usize = 253;

/// RouterOS' own names are far shorter.
const SERVER_MAX: usize = 64;
