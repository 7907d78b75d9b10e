//! Whose order an event is about: by what it names, by what the store knows, and where neither says, by asking.

use super::Relay;
use crate::company::{Account, Directory};
use crate::event::Proof;
use crate::gateway::{self, GatewayError, Notice, Report};
use crate::ids::{AccountId, HotspotId};
use crate::order::Order;
use crate::store::{Db, StoreError};

/// The accounts an event may be about. A hint was filed under whichever account heard it, since nothing in it says
/// to which of the company's accounts at the gateway it belongs.
pub(super) fn may_speak_for(directory: &Directory, account: &Account, proof: Proof) -> Vec<AccountId> {
    match proof {
        Proof::Signed => vec![account.id.clone()],
        Proof::Hint => {
            let all = directory.accounts_at(&account.company, account.gateway());
            all.into_iter().map(|account| account.id.clone()).collect()
        }
    }
}

/// The order that a notice names: by our reference, else by the gateway's number at one of the accounts. Accounts
/// may have given the same number, so an order of this hotspot goes before others, and one that waits before those.
pub(super) fn named_order(
    db: &Db<'_>,
    notice: &Notice,
    accounts: &[AccountId],
    hotspot: &HotspotId,
) -> Result<Option<Order>, StoreError> {
    let by_reference = notice.order.as_ref().map(|reference| db.order(reference)).transpose()?;
    if let Some(order) = by_reference.flatten() {
        return Ok(Some(order));
    }
    let Some(gateway_id) = &notice.gateway_id else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for account in accounts {
        found.extend(db.order_of_payment(account, gateway_id)?);
    }
    Ok(found
        .into_iter()
        .min_by_key(|order| (&order.hotspot != hotspot, !order.state.awaits_money())))
}

/// What a notice is about that names only the gateway's own payment: the gateway is asked, as each account.
pub(super) async fn identify(
    relay: &Relay,
    directory: &Directory,
    accounts: &[AccountId],
    notice: &Notice,
) -> Result<Option<Report>, GatewayError> {
    let mut failure = None;
    for account in accounts.iter().filter_map(|id| directory.accounts.get(id)) {
        let Some(question) = gateway::of(account).identify(account, notice) else {
            continue;
        };
        match relay.converse(account, question).await {
            Ok(report) => return Ok(Some(report)),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}
