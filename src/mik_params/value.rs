//! What each parameter's text may be. Every refusal says what to write instead and never shows a secret.

use secrecy::SecretString;

use crate::message::is_address;
use crate::money::Currency;
use crate::shown::shown;
use crate::voucher::{Alphabet, LENGTH_MAX, LENGTH_MIN, UserMode, VoucherStyle};

/// Whether a macro of the router's pages arrived as it was written, such as `$(mac)`: the page that should
/// have replaced it did not come from the router, or the macro was split or encoded.
pub fn is_unexpanded(text: &str) -> bool {
    text.contains("$(")
}

/// What holds for every parameter, before it is looked at.
pub fn checked(text: &str) -> Result<&str, String> {
    if text.len() > VALUE_MAX {
        return Err(format!("is longer than {VALUE_MAX} bytes; write a shorter value"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character such as a line end; type the value again".to_owned());
    }
    Ok(text)
}

pub fn admin_user(text: &str) -> Result<String, String> {
    Ok(plain(text)?.to_owned())
}

/// Taken as it is, spaces too.
pub fn admin_password(text: &str) -> Result<SecretString, String> {
    Ok(text.into())
}

pub fn mode(text: &str) -> Result<UserMode, String> {
    UserMode::from_text(text.trim()).ok_or_else(|| wrong(text, "write `vc`, `up` or `pin`"))
}

pub fn length(text: &str) -> Result<u8, String> {
    let digits = text.trim();
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten();
    number
        .filter(|length| (LENGTH_MIN..=LENGTH_MAX).contains(length))
        .ok_or_else(|| wrong(text, &format!("write a number from {LENGTH_MIN} to {LENGTH_MAX}")))
}

pub fn alphabet(text: &str) -> Result<Alphabet, String> {
    Alphabet::from_text(text.trim())
        .ok_or_else(|| wrong(text, "write `lower`, `upper`, `upplow`, `mix`, `mix1` or `mix2`"))
}

pub fn prefix(text: &str) -> Result<String, String> {
    let style = VoucherStyle::default();
    VoucherStyle::new(style.mode, style.length, style.alphabet, text.trim())
        .map(|style| style.prefix)
        .map_err(|_| wrong(text, "write at most 16 letters and digits with at most one hyphen"))
}

pub fn notify_email(text: &str) -> Result<String, String> {
    let address = plain(text)?;
    is_address(address)
        .then(|| address.to_owned())
        .ok_or_else(|| wrong(text, "write one address such as `name@example.com`"))
}

/// `None` for the everyday names of the franc: which franc it is, the company's country knows.
pub fn currency(text: &str) -> Result<Option<Currency>, String> {
    let of = |home| Currency::from_text(text, home);
    match (of(Currency::Xof), of(Currency::Xaf)) {
        (Some(one), Some(other)) => Ok((one == other).then_some(one)),
        _ => Err(wrong(text, "write an ISO code such as `XOF`, or `FCFA`")),
    }
}

/// Shown in no message: it opens the callback to unsigned calls.
pub fn access_uuid(text: &str) -> Result<String, String> {
    let uuid = text.trim();
    let plain = uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && (UUID_MIN..=UUID_MAX).contains(&uuid.len()) {
        Ok(uuid.to_owned())
    } else {
        Err("is not an access UUID; copy the router's `access_uuid` from the business file".to_owned())
    }
}

pub fn dns_name(text: &str) -> Result<String, String> {
    let name = plain(text)?;
    let (host, port) = match name.split_once(':') {
        Some((host, port)) if !name.contains('/') => (host, Some(port)),
        _ => (name, None),
    };
    if host.len() > DNS_NAME_MAX || !host.split('.').all(is_label) {
        return Err(wrong(
            text,
            "write the hotspot's dns-name such as `wifi.example.net`, without `http://` and `/`",
        ));
    }
    if !port.is_none_or(is_port) {
        return Err(wrong(text, "write a port from 1 to 65535 after the colon, or none"));
    }
    Ok(name.to_ascii_lowercase())
}

pub fn server(text: &str) -> Result<String, String> {
    let name = plain(text)?;
    let printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if printable && name.len() <= SERVER_MAX {
        Ok(name.to_owned())
    } else {
        Err(wrong(
            text,
            "write the name of the hotspot server on the router, printable ASCII of at most 64 characters",
        ))
    }
}

/// Trimmed, and not a macro that nobody replaced.
fn plain(text: &str) -> Result<&str, String> {
    if is_unexpanded(text) {
        return Err(wrong(
            text,
            "the macro was not replaced: only the router's own pages do that; write the value itself",
        ));
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

fn wrong(text: &str, instead: &str) -> String {
    format!("is `{}`; {instead}", shown(text))
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
