//! Finds a buyer's order again: a payment reference and a second fact, or the device that bought it.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Relay;
use super::view::Recovery;
use crate::ids::{OrderRef, OrderToken};
use crate::money::Money;
use crate::order::Order;
use crate::phone;
use crate::secrets::MasterKey;
use crate::store::StoreError;

pub(super) async fn recover(relay: &Relay, recovery: Recovery) -> Result<Option<OrderToken>, StoreError> {
    let reference = recovery.reference.trim().to_owned();
    if reference.is_empty() || reference.len() > LONGEST_REFERENCE {
        return Ok(None);
    }
    let found = relay
        .store()
        .read(move |db| db.find_for_recovery(None, &reference))
        .await?;
    let fits = |order: &&Order| {
        let device = recovery
            .device
            .as_deref()
            .is_some_and(|cookie| owns(&relay.0.parts.key, cookie, &order.reference));
        device || recovery.second.as_deref().is_some_and(|second| knows(order, second))
    };
    Ok(found.iter().find(fits).map(|order| order.token.clone()))
}

/// Whether the second fact is the end of the paying phone's number or the amount.
fn knows(order: &Order, second: &str) -> bool {
    let amount =
        Money::parse_major(&figure(second), order.plan.price.currency()).is_ok_and(|amount| amount == order.plan.price);
    let digits: String = second.chars().filter(char::is_ascii_digit).collect();
    let phone = order.buyer.phone.as_deref().is_some_and(|phone| {
        let known = phone::last_digits(phone, PHONE_DIGITS);
        known.is_some() && known == phone::last_digits(&digits, PHONE_DIGITS)
    });
    amount || phone
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
