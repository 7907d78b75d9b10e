//! Finds a buyer's order again: a payment reference and a second fact, or the device that bought it.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Relay;
use super::view::Recovery;
use crate::ids::{OrderRef, OrderToken, fold_reference};
use crate::money::Money;
use crate::order::Order;
use crate::phone;
use crate::secrets::MasterKey;
use crate::store::StoreError;

pub(super) async fn recover(relay: &Relay, recovery: Recovery) -> Result<Recovered, StoreError> {
    let reference = recovery.reference.trim().to_owned();
    if reference.is_empty() || reference.len() > LONGEST_REFERENCE {
        return Ok(Recovered::Nothing);
    }
    let countable = is_countable(&reference);
    let found = relay
        .store()
        .read(move |db| db.find_for_recovery(None, &reference))
        .await?;
    let best = found.iter().map(|order| {
        let device = recovery
            .device
            .as_deref()
            .is_some_and(|cookie| owns(&relay.0.parts.key, cookie, &order.reference));
        let second = recovery.second.as_deref().unwrap_or_default();
        let token = || order.token.clone();
        match judge(order, second, countable) {
            _ if device => Recovered::Proven(token()),
            Known::Surely => Recovered::Proven(token()),
            Known::Perhaps => Recovered::Guessable(token()),
            Known::Not => Recovered::Nothing,
        }
    });
    Ok(best.min_by_key(Recovered::weakness).unwrap_or(Recovered::Nothing))
}

/// What a search for a lost order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    Proven(OrderToken),
    /// Only the amount fits a number that can be counted up to: whoever counts finds such pairs, so the page must
    /// hear few tries.
    Guessable(OrderToken),
    Nothing,
}

impl Recovered {
    fn weakness(&self) -> u8 {
        match self {
            Self::Proven(_) => 0,
            Self::Guessable(_) => 1,
            Self::Nothing => 2,
        }
    }
}

/// Whether a reference is a number, such as FedaPay's: these follow each other, so whoever has one knows the next.
pub fn is_countable(reference: &str) -> bool {
    let folded = fold_reference(reference);
    !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_digit())
}

/// How well the second fact shows that somebody made this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Surely,
    Perhaps,
    Not,
}

/// Weighs the end of the paying phone's number, or the amount. Prices are few and stand on the hotspot's page, so
/// beside a number that can be counted up to the amount counts only where the order has no phone.
fn judge(order: &Order, second: &str, countable: bool) -> Known {
    if ends_phone(order, second) {
        return Known::Surely;
    }
    let paid = Money::parse_major(&figure(second), order.plan.price.currency());
    match (paid.is_ok_and(|paid| paid == order.plan.price), countable) {
        (true, false) => Known::Surely,
        (true, true) if order.buyer.phone.is_none() => Known::Perhaps,
        _ => Known::Not,
    }
}

fn ends_phone(order: &Order, second: &str) -> bool {
    let digits: String = second.chars().filter(char::is_ascii_digit).collect();
    order.buyer.phone.as_deref().is_some_and(|phone| {
        let known = phone::last_digits(phone, PHONE_DIGITS);
        known.is_some() && known == phone::last_digits(&digits, PHONE_DIGITS)
    })
}

/// The amount as people copy it from our page or a receipt: `3 000 FCFA`, `12,50`.
fn figure(text: &str) -> String {
    let told = text.chars().filter(|c| !c.is_whitespace() && !c.is_alphabetic());
    told.map(|c| if c == ',' { '.' } else { c }).collect()
}

/// The cookie: signed references, newest first, separated by dots.
pub(super) fn sign_device(key: &MasterKey, order: &OrderRef, old: Option<&str>) -> String {
    let signature = key.sign(DEVICE, order.as_str().as_bytes());
    let entry = format!("{order}~{signature}");
    let older = old
        .unwrap_or_default()
        .split('.')
        .filter(|part| !part.is_empty() && *part != entry);
    std::iter::once(entry.as_str())
        .chain(older)
        .take(ORDERS_REMEMBERED)
        .collect::<Vec<_>>()
        .join(".")
}

fn owns(key: &MasterKey, cookie: &str, order: &OrderRef) -> bool {
    cookie
        .split('.')
        .take(ORDERS_REMEMBERED)
        .filter_map(|entry| entry.split_once('~'))
        .any(|(reference, signature)| {
            verify_slices_are_equal(reference.as_bytes(), order.as_str().as_bytes()).is_ok()
                && key.verify(DEVICE, reference.as_bytes(), signature)
        })
}

/// Gateways' references are below 64 characters; more is not a reference.
const LONGEST_REFERENCE: usize = 100;
/// Fewer digits are guessed too easily.
const PHONE_DIGITS: usize = 4;
/// Keeps the cookie below a kilobyte.
const ORDERS_REMEMBERED: usize = 8;
const DEVICE: &str = "device cookie";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, figure_of_it) in [
            ("3000", "3000"),
            (" 3\u{202f}000\u{a0}FCFA", "3000"),
            ("3 000 F CFA", "3000"),
            ("12,50 MXN", "12.50"),
            ("-100", "-100"),
            ("FCFA", ""),
        ] {
            assert_eq!(figure(text), figure_of_it, "{text:?}");
        }
    }
}
