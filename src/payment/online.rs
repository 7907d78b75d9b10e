//! Gets the paying phone online through the router's API. Whatever comes of it, the order ends as delivered:
//! the page shows the code, and a link that logs in where the API could not.

use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::provision::{Trouble, Work, down_or_later};
use super::{Outcome, Relay};
use crate::ids::OrderRef;
use crate::job::Job;
use crate::order::{Fact, Online, Order, State};
use crate::routeros::{RouterError, TrapKind};
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
        Ok(Some(())) => (Online::Yes, "the phone is online"),
        Ok(None) => (
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

/// The router's id of the session that the order's user has on his own device. For people to look at: `None` where it
/// cannot be asked.
pub(super) async fn session_of(relay: &Relay, order: &Order) -> Option<String> {
    let work = Work::load(relay, &order.reference).await.ok()??;
    let (voucher, mac) = (work.order.voucher.as_ref()?, work.order.buyer.mac.as_deref()?);
    let mut loan = work.session(relay).await.ok()?;
    let asked = loan.session().ok()?.active_of(voucher.username.expose_secret()).await;
    match asked {
        Ok(sessions) => sessions
            .into_iter()
            .find(|active| active.mac.eq_ignore_ascii_case(mac))
            .map(|active| active.id),
        Err(error) => {
            tracing::debug!(order = %order.reference, "order {}: its session is not known: {error}", order.reference);
            loan.discard();
            None
        }
    }
}

/// A buyer waits some minutes in front of the page; later he has typed the code himself.
fn is_fresh(relay: &Relay, job: &Job) -> bool {
    relay.now().duration_since(job.created_at) < LOGIN_WORTH_TRYING
}

/// `None` if nothing is known of the phone.
async fn try_login(relay: &Relay, work: &Work) -> Result<Option<()>, Trouble> {
    let buyer = &work.order.buyer;
    if buyer.ip.is_none() && buyer.mac.is_none() {
        return Ok(None);
    }
    let mut loan = work.session(relay).await?;
    let result = log_in_on(work, &mut loan).await;
    if let Err(error) = &result
        && !matches!(error, RouterError::Trap(_))
    {
        loan.discard();
    }
    Ok(result?.then_some(()))
}

/// Logs in at the address of the link; if the router has another one for this MAC, once more there.
async fn log_in_on(work: &Work, loan: &mut super::routers::Loan) -> Result<bool, RouterError> {
    let Some(voucher) = &work.order.voucher else {
        return Ok(false);
    };
    let (user, password) = (voucher.username.expose_secret(), voucher.password.expose_secret());
    let (mac, session) = (work.order.buyer.mac.as_deref(), loan.session()?);
    // A repeated job finds its earlier success.
    if session
        .active_of(user)
        .await?
        .iter()
        .any(|active| mac.is_none_or(|mac| active.mac.eq_ignore_ascii_case(mac)))
    {
        return Ok(true);
    }
    let first = match &work.order.buyer.ip {
        Some(ip) => session.log_in(user, password, ip, mac).await,
        None => Err(unknown_host()),
    };
    match (first, mac) {
        (Err(RouterError::Trap(trap)), Some(mac))
            if matches!(trap.kind, TrapKind::UnknownHost | TrapKind::WrongMac) =>
        {
            let Some(host) = session.host_by_mac(mac).await? else {
                return Err(RouterError::Trap(trap));
            };
            session.log_in(user, password, &host.address, Some(mac)).await?;
        }
        (result, _) => result?,
    }
    Ok(!session.active_of(user).await?.is_empty())
}

fn unknown_host() -> RouterError {
    RouterError::Trap(crate::routeros::Trap::local(
        TrapKind::UnknownHost,
        "the link named no address",
    ))
}

const LOGIN_WORTH_TRYING: SignedDuration = SignedDuration::from_mins(10);
