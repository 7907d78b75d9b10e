//! Makes a sale's user on the router before its card is charged: disabled, under our mark. Provisioning finds it and
//! switches it on; what comes to nothing has it taken away by a job.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::Relay;
use crate::card::SaleFault;
use crate::ids::OrderRef;
use crate::job::Lane;
use crate::order::State;
use crate::payment::provision::{self, NAMES_TRIED, Trouble, Work};
use crate::payment::routers::Loan;
use crate::routeros::{NewUser, RouterError, TrapKind};
use crate::store::StoreError;

/// Whether the user is there. If not, the sale is over, and nothing was charged.
pub(super) async fn reserve(relay: &Relay, reference: &OrderRef) -> Result<bool, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        let why = "its hotspot is gone from the business file".to_owned();
        super::fail(relay, reference, SaleFault::Router, why).await?;
        return Ok(false);
    };
    if work.order.state != State::New {
        return Ok(false);
    }
    let mut made = make(relay, &work).await;
    // The session was a dead one, or died: the user may be there, and is looked for by its name.
    if matches!(
        &made,
        Err(Trouble::Router(
            RouterError::Unknown { .. } | RouterError::Closed | RouterError::Broken(_)
        ))
    ) && let Some(again) = Work::load(relay, reference).await?
    {
        made = make(relay, &again).await;
    }
    let why = match made {
        Ok(()) => {
            // Found dead a while ago, it answers again: what waits for it, this sale too, goes on at once.
            relay.lane_answers(Lane::Router(work.router.id.clone()));
            return Ok(true);
        }
        Err(Trouble::Store(error)) => return Err(error),
        Err(Trouble::Operator(reason)) => reason.to_string(),
        Err(Trouble::Router(error @ (RouterError::Timeout { .. } | RouterError::Closed))) => error.to_string(),
        Err(Trouble::Router(error)) => provision::why_stuck(&work, &error).to_string(),
        Err(Trouble::Crowded) => "every drawn name was taken".to_owned(),
        Err(Trouble::NoRandomness) => "the operating system gives no random bytes".to_owned(),
        Err(Trouble::Overtaken) => "the order changed meanwhile".to_owned(),
    };
    tracing::warn!(order = %reference, router = %work.router.id, "order {reference}: no user could be reserved, nothing was charged: {why}");
    super::fail(
        relay,
        reference,
        SaleFault::Router,
        format!("no user could be reserved: {why}"),
    )
    .await?;
    Ok(false)
}

async fn make(relay: &Relay, work: &Work) -> Result<(), Trouble> {
    // Only the wait for a session may be given up; what was begun on one is finished by its own deadlines.
    let session = tokio::time::timeout(WAIT_FOR_ROUTER, work.session(relay)).await;
    let mut loan = session.unwrap_or(Err(Trouble::Router(RouterError::Closed)))?;
    let result = make_on(relay, work, &mut loan).await;
    if let Err(Trouble::Router(error)) = &result
        && !matches!(error, RouterError::Trap(_))
    {
        loan.discard();
    }
    result
}

async fn make_on(relay: &Relay, work: &Work, loan: &mut Loan) -> Result<(), Trouble> {
    let facts = provision::checked_facts(work, loan).await?;
    let Some(mut voucher) = work.order.voucher.clone() else {
        return Err(Trouble::Overtaken);
    };
    let is_new = |state| state == State::New;
    if provision::has_namesake(&facts, loan, &voucher).await? {
        voucher = provision::draw(relay, work, &facts, loan, is_new).await?;
    }
    for _ in 0..NAMES_TRIED {
        let user = NewUser {
            disabled: true,
            ..provision::new_user(work, &voucher)
        };
        match loan.session()?.add_user(&user).await {
            Err(RouterError::Trap(trap)) if trap.kind == TrapKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {}
        }
        // What the router says it did is not yet what it has.
        match provision::find(work, loan, &voucher).await? {
            Some(row) if provision::is_ours(work, &voucher, &row) => return Ok(()),
            Some(_) => voucher = provision::draw(relay, work, &facts, loan, is_new).await?,
            None => {
                let name = voucher.username.expose_secret().len();
                tracing::debug!("a user of {name} characters was added and is not there");
                return Err(Trouble::Router(RouterError::Answer {
                    command: "/ip/hotspot/user/add",
                    property: "name",
                }));
            }
        }
    }
    Err(Trouble::Crowded)
}

/// A buyer with his card in his hand waits no longer for a router that is busy or dead.
const WAIT_FOR_ROUTER: Duration = Duration::from_secs(12);
