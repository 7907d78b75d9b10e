//! Gets the paying phone online through the router's API. Whatever comes of it, the order ends as delivered:
//! the page shows the code, and a link that logs in where the API could not.

use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::device::{self, Device};
use super::provision::{Trouble, Work, down_or_later};
use super::{Outcome, Relay};
use crate::ids::OrderRef;
use crate::job::Job;
use crate::order::{Fact, Online, State};
use crate::routeros::{Active, RouterError, Session, normal_mac};
use crate::store::StoreError;

/// Logs the order's phone in, once.
pub(super) async fn log_in(relay: &Relay, reference: &OrderRef, job: &Job) -> Result<Outcome, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(Outcome::Done);
    };
    if work.order.state != State::Provisioned {
        return Ok(Outcome::Done);
    }
    let (online, why) = match try_login(relay, &work).await {
        Ok(Online::Yes) => (Online::Yes, "the phone is online"),
        Ok(Online::No) => (
            Online::No,
            "the router took the login and shows no session; the page shows the code and a link",
        ),
        Ok(Online::Unknown | Online::Trying) => (
            Online::Unknown,
            "the phone's address is not known; the page shows the code",
        ),
        Err(Trouble::Store(error)) => return Err(error),
        Err(Trouble::Router(error)) if !matches!(error, RouterError::Trap(_)) && is_fresh(relay, job) => {
            return Ok(down_or_later(&error));
        }
        Err(Trouble::Router(error)) => {
            tracing::info!(order = %reference, "order {reference}: the router did not log the phone in: {error}");
            (
                Online::No,
                "the phone could not be logged in; the page shows the code and a link",
            )
        }
        Err(Trouble::Operator(_) | Trouble::Crowded | Trouble::NoRandomness | Trouble::Overtaken) => {
            (Online::No, "the phone could not be logged in")
        }
    };
    let reference = reference.clone();
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            order.online = online;
            change.advance(&mut order, Fact::Delivered, why)
        })
        .await?;
    Ok(Outcome::Done)
}

/// A buyer waits some minutes in front of the page; later he has typed the code himself.
fn is_fresh(relay: &Relay, job: &Job) -> bool {
    relay.now().duration_since(job.created_at) < LOGIN_WORTH_TRYING
}

/// `Unknown` if nothing is known of the phone.
async fn try_login(relay: &Relay, work: &Work) -> Result<Online, Trouble> {
    let buyer = &work.order.buyer;
    if buyer.ip.is_none() && buyer.mac.is_none() {
        return Ok(Online::Unknown);
    }
    let mut loan = work.session(relay).await?;
    let result = log_in_on(work, &mut loan).await;
    if let Err(error) = &result
        && !matches!(error, RouterError::Trap(_))
    {
        loan.discard();
    }
    Ok(if result?.is_some() { Online::Yes } else { Online::No })
}

async fn log_in_on(work: &Work, loan: &mut super::routers::Loan) -> Result<Option<Active>, RouterError> {
    let Some(voucher) = &work.order.voucher else {
        return Ok(None);
    };
    let (user, password) = (voucher.username.expose_secret(), voucher.password.expose_secret());
    let session = loan.session()?;
    let active = device::log_in(session, user, password, &phone(work)).await?;
    if let (true, Some(active)) = (work.order.buyer.bind_mac, &active) {
        bind(work, session, user, active).await?;
    }
    Ok(active)
}

/// Keeps the user to the device that is online by now. Not before: a user who is bound to a MAC that was wrong could
/// not be used at all.
async fn bind(work: &Work, session: &mut Session, user: &str, active: &Active) -> Result<(), RouterError> {
    let accounts = session.accounts(user).await?;
    let Some(account) = accounts.iter().find(|account| account.server == work.server()) else {
        return Ok(());
    };
    if account.mac == normal_mac(&active.mac) {
        return Ok(());
    }
    match session.bind_user(&account.id, &active.mac).await {
        // The phone is online, and that is what was bought.
        Err(RouterError::Trap(trap)) => {
            let order = &work.order.reference;
            tracing::warn!(order = %order, "order {order}: the router did not bind the user to its device: {trap}");
            Ok(())
        }
        other => other,
    }
}

fn phone(work: &Work) -> Device<'_> {
    Device {
        mac: work.order.buyer.mac.as_deref(),
        ip: work.order.buyer.ip.as_deref(),
    }
}

/// The session that an order's phone has on its router now: of its own user and on its own device (defect R4).
pub(super) async fn session_of(relay: &Relay, reference: &OrderRef) -> Result<Option<Active>, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(None);
    };
    let Some(voucher) = &work.order.voucher else {
        return Ok(None);
    };
    let asked = async {
        let mut loan = work.session(relay).await.ok()?;
        let seen = device::session_of(loan.session().ok()?, voucher.username.expose_secret(), &phone(&work)).await;
        match seen {
            Ok(active) => active,
            Err(error) => {
                loan.discard();
                tracing::info!(order = %reference, "order {reference}: its session is not known: {error}");
                None
            }
        }
    };
    Ok(tokio::time::timeout(SESSION_DEADLINE, asked).await.ok().flatten())
}

const LOGIN_WORTH_TRYING: SignedDuration = SignedDuration::from_mins(10);
/// The buyer waits for the answer that this is a detail of.
const SESSION_DEADLINE: Duration = Duration::from_secs(5);
