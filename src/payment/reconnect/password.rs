//! The password a user must show, from where it is known, and its comparison.

use secrecy::{ExposeSecret, SecretString};

use super::super::Relay;
use super::super::provision::reference_of_tag;
use super::Trouble;
use super::copies::base_name;
use crate::company::Router;
use crate::gateway::signature::is_same_secret;
use crate::routeros::{Account, Session};

/// What is known of a user's password.
pub(super) enum Held {
    Known(SecretString),
    /// The router does not show it to us, and we did not make it.
    Hidden,
}

/// The router's own word for it, else what was drawn for the order whose mark the user carries.
pub(super) async fn held(
    relay: &Relay,
    router: &Router,
    session: &mut Session,
    account: &Account,
) -> Result<Held, Trouble> {
    if let Some(password) = &account.password {
        return Ok(Held::Known(password.clone()));
    }
    if let Some(password) = drawn(relay, router, account).await? {
        return Ok(Held::Known(password));
    }
    // Nothing shown: an empty one, if we would see it.
    let login = router.credentials.as_ref().map(|credentials| credentials.user.as_str());
    let sees = session.sees_passwords(login.unwrap_or_default()).await?;
    Ok(if sees {
        Held::Known(SecretString::default())
    } else {
        Held::Hidden
    })
}

async fn drawn(relay: &Relay, router: &Router, account: &Account) -> Result<Option<SecretString>, Trouble> {
    let Some(reference) = reference_of_tag(&account.email) else {
        return Ok(None);
    };
    let Some(order) = relay.store().read(move |db| db.order(&reference)).await? else {
        return Ok(None);
    };
    let directory = relay.store().directory();
    let is_here = directory
        .hotspots
        .get(&order.hotspot)
        .is_some_and(|hotspot| hotspot.router == router.id);
    let voucher = order.voucher.filter(|voucher| {
        let name = account.name.as_str();
        let drawn = voucher.username.expose_secret();
        is_here && (drawn == name || base_name(name) == Some(drawn))
    });
    Ok(voucher.map(|voucher| voucher.password))
}

/// In a time that says nothing about where they differ.
pub(super) fn is_same(held: &SecretString, shown: &str) -> bool {
    let held = held.expose_secret();
    if held.is_empty() {
        shown.is_empty()
    } else {
        is_same_secret(held, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_only_the_same_password_fits() {
        let same = |held: &str, shown: &str| is_same(&SecretString::from(held), shown);
        assert!(same("0042", "0042") && same("", ""));
        for (held, shown) in [
            ("0042", "42"),
            ("0042", ""),
            ("", "0042"),
            ("0042", "0042 "),
            ("ab", "AB"),
        ] {
            assert!(!same(held, shown), "{held} {shown}");
        }
    }
}
