//! What is to go back and does not is told again, once a day: the first mail may have been overlooked, and whatever
//! holds it up (a dead router, refused keys, the operator's own hand) seldom mends itself.

use jiff::{SignedDuration, Timestamp};

use super::super::change::Change;
use super::super::{Relay, deliver};
use crate::ids::RefundId;
use crate::reason::Reason;
use crate::refund::Refund;
use crate::store::StoreError;

/// Reminds the operators of the refunds that were open for a further day.
pub(in crate::payment) async fn remind(relay: &Relay) -> Result<(), StoreError> {
    let now = relay.now();
    let due = relay
        .store()
        .read(move |db| {
            let mut due = Vec::new();
            for refund in db.open_refunds(now - A_DAY)? {
                if !db.was_noted(&refund.payment.order, &line(&refund, now))? {
                    due.push(refund.id);
                }
            }
            Ok(due)
        })
        .await?;
    for id in due {
        relay.change(move |change| tell_again(change, id)).await?;
    }
    Ok(())
}

fn tell_again(change: &mut Change<'_>, id: RefundId) -> Result<(), StoreError> {
    let Some(refund) = change.db.refund(id)?.filter(|refund| !refund.standing.is_final()) else {
        return Ok(());
    };
    let payment = &refund.payment;
    let Some(order) = change.db.order(&payment.order)? else {
        return Ok(());
    };
    let line = line(&refund, change.now);
    if change.db.was_noted(&payment.order, &line)? {
        return Ok(());
    }
    change.note(&payment.order, &line)?;
    // A mail that names no gateway helps nobody: the business file must have the account again first.
    let Some(account) = change.directory.accounts.get(&payment.account) else {
        return Ok(());
    };
    let reason = Reason::RefundStillOpen {
        gateway: account.gateway(),
        payment: payment.gateway_id.clone(),
        paid: payment.amount,
        days: days_open(&refund, change.now),
        standing: refund.standing,
    };
    deliver::alert_about(change, &order, &reason)
}

/// The same for the whole of a day; a wish that is made again begins anew.
fn line(refund: &Refund, now: Timestamp) -> String {
    format!(
        "day {} since {}: payment {} has not gone back; the operator is reminded",
        days_open(refund, now),
        refund.wished_at,
        refund.payment.gateway_id,
    )
}

fn days_open(refund: &Refund, now: Timestamp) -> u64 {
    let open = now.duration_since(refund.wished_at);
    u64::try_from(open.as_hours() / A_DAY.as_hours()).unwrap_or_default()
}

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
