//! What a customer's code is good for. Facts: `pagos-hotspot-api.md` 6.1.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use super::super::Relay;
use super::password::{self, Held};
use super::{DEADLINE, Trouble, bought, on_router};
use crate::company::Router;
use crate::ids::RouterId;
use crate::routeros::{Account, Session, UserProfile};

/// Somebody who asks about a code. No `Debug`: it holds a password.
pub struct InfoWish {
    pub username: String,
    /// `None` for a PIN, and for nothing else.
    pub password: Option<SecretString>,
    /// Whose guesses are counted together.
    pub client: Option<IpAddr>,
}

/// What there is to say.
#[derive(Debug)]
pub enum Info {
    Known(Box<Known>),
    /// No such user, or not his password: which of them is nobody's business.
    Wrong,
    TooOften {
        wait_s: u32,
    },
    Trouble(Trouble),
}

/// A user and his profile.
#[derive(Debug)]
pub struct Known {
    pub account: Account,
    /// He has no password.
    pub is_pin: bool,
    /// `None` if somebody deleted it.
    pub profile: Option<UserProfile>,
}

pub(in super::super) async fn look(relay: &Relay, router: &RouterId, wish: &InfoWish) -> Info {
    let guess = match relay.0.tries.begin(router, &wish.username, wish.client, relay.now()) {
        Ok(guess) => guess,
        Err(wait_s) => return Info::TooOften { wait_s },
    };
    let asked = on_router(relay, router, DEADLINE, async |router, loan| {
        known(relay, router, loan.session()?, wish).await
    });
    match asked.await {
        Ok(Some(known)) => {
            guess.was_right();
            Info::Known(Box::new(known))
        }
        Ok(None) => Info::Wrong,
        Err(trouble) => {
            guess.was_right();
            Info::Trouble(trouble)
        }
    }
}

async fn known(
    relay: &Relay,
    router: &Router,
    session: &mut Session,
    wish: &InfoWish,
) -> Result<Option<Known>, Trouble> {
    let mut hidden = false;
    for account in bought(session, &wish.username).await? {
        let Held::Known(held) = password::held(relay, router, session, &account).await? else {
            hidden = true;
            continue;
        };
        let is_pin = held.expose_secret().is_empty();
        let fits = match &wish.password {
            Some(shown) => !is_pin && password::is_same(&held, shown.expose_secret()),
            None => is_pin,
        };
        if fits {
            let profile = session.user_profiles(Some(&account.profile)).await?.into_iter().next();
            return Ok(Some(Known {
                account,
                is_pin,
                profile,
            }));
        }
    }
    if hidden { Err(Trouble::PasswordHidden) } else { Ok(None) }
}
