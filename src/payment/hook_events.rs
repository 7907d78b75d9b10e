//! What is told by webhook: a payment's result to the program that asked for it, and everything that a company's own
//! endpoints want to hear. All of it is written in the commit of what it tells of; `hooks` delivers it.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::change::Change;
use super::hooks::{Telling, tell};
use crate::company::{Directory, Mode};
use crate::hook::{EventKind, Signer};
use crate::ids::{CompanyId, OrderRef, RouterId};
use crate::order::{Order, State};
use crate::reason::Reason;
use crate::store::StoreError;

/// Tells of an order's new state. `is_first_money`: it was never paid before.
pub(super) fn tell_order(change: &mut Change<'_>, order: &Order, is_first_money: bool) -> Result<(), StoreError> {
    tell_result(change, order)?;
    match order.state {
        State::Paid if is_first_money => tell_payment(change, order, EventKind::PaymentSucceeded, "paid"),
        State::Failed => tell_payment(change, order, EventKind::PaymentFailed, "failed"),
        State::Expired => tell_payment(change, order, EventKind::PaymentFailed, "expired"),
        State::Cancelled => tell_payment(change, order, EventKind::PaymentFailed, "cancelled"),
        State::Refunded => tell_payment(change, order, EventKind::PaymentRefunded, "refunded"),
        State::Provisioned => tell_voucher(change, order),
        _ => Ok(()),
    }
}

/// Tells a router's company that it was lost, or found again after it was lost.
pub(super) fn tell_router(
    change: &mut Change<'_>,
    router: &RouterId,
    kind: EventKind,
    since: Timestamp,
) -> Result<(), StoreError> {
    let Some(record) = change.directory.routers.get(router) else {
        return Ok(());
    };
    let company = record.company.clone();
    let data = json!({
        "object": "router",
        "id": router,
        "name": record.shown_name(),
        "status": if kind == EventKind::RouterOffline { "offline" } else { "online" },
        "since": since.to_string(),
    });
    tell_endpoints(change, &company, None, kind, |_| data)
}

/// Tells the program that asked for a payment what became of it, if this state is a result and it wants to know.
fn tell_result(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    let Some((kind, status)) = result_of(order.state) else {
        return Ok(());
    };
    let Some(url) = order.link.as_ref().and_then(|link| link.notification_url.as_ref()) else {
        return Ok(());
    };
    let data = payment_data(change.directory, order, status);
    tell(
        change,
        Telling {
            company: &order.company,
            order: Some(&order.reference),
            kind,
            url,
            signer: Signer::company(),
            data,
        },
    )
}

/// The event of a state, and the word for it in the event's data. A failure is not the last word: money that comes
/// late still succeeds.
fn result_of(state: State) -> Option<(EventKind, &'static str)> {
    match state {
        State::Delivered => Some((EventKind::PaymentSucceeded, "paid")),
        State::Failed => Some((EventKind::PaymentFailed, "failed")),
        State::Expired => Some((EventKind::PaymentFailed, "expired")),
        State::Cancelled => Some((EventKind::PaymentFailed, "cancelled")),
        State::Refunded => Some((EventKind::PaymentRefunded, "refunded")),
        _ => None,
    }
}

fn tell_payment(change: &mut Change<'_>, order: &Order, kind: EventKind, status: &str) -> Result<(), StoreError> {
    let data = |directory: &Directory| {
        let mut data = payment_data(directory, order, status);
        if let Some(fields) = data.as_object_mut() {
            fields.insert("plan".to_owned(), plan_data(order));
            fields.insert("hotspot".to_owned(), json!(order.hotspot));
            fields.insert("router".to_owned(), router_data(directory, order));
        }
        data
    };
    tell_endpoints(change, &order.company, Some(&order.reference), kind, data)
}

fn tell_voucher(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    let Some(voucher) = &order.voucher else { return Ok(()) };
    let data = |directory: &Directory| {
        json!({
            "object": "voucher",
            "reference": order.reference,
            "username": voucher.username.expose_secret(),
            "password": voucher.password.expose_secret(),
            "mode": voucher.mode,
            "plan": plan_data(order),
            "hotspot": order.hotspot,
            "router": router_data(directory, order),
            "mac": order.buyer.mac,
        })
    };
    let reference = Some(&order.reference);
    tell_endpoints(change, &order.company, reference, EventKind::VoucherCreated, data)
}

/// Writes an event for each of the company's endpoints that wants it; `data` is only made if one does.
fn tell_endpoints(
    change: &mut Change<'_>,
    company: &CompanyId,
    order: Option<&OrderRef>,
    kind: EventKind,
    data: impl FnOnce(&Directory) -> Value,
) -> Result<(), StoreError> {
    let endpoints = change.db.endpoints_for(company, kind)?;
    if endpoints.is_empty() {
        return Ok(());
    }
    let data = data(change.directory);
    for endpoint in endpoints {
        let telling = Telling {
            company,
            order,
            kind,
            url: &endpoint.url,
            signer: Signer::endpoint(&endpoint.id),
            data: data.clone(),
        };
        tell(change, telling)?;
    }
    Ok(())
}

fn payment_data(directory: &Directory, order: &Order, status: &str) -> Value {
    let account = directory.accounts.get(&order.account);
    let link = order.link.as_deref();
    json!({
        "object": "payment",
        "reference": order.reference,
        "reference_id": link.map(|link| &link.reference_id),
        "provider": account.map(|account| account.gateway().as_str()),
        "id": order.gateway_id,
        "status": status,
        "amount": order.plan.price.major_text(),
        "amount_minor": order.plan.price.minor(),
        "currency": order.plan.price.currency().code(),
        "livemode": order.mode == Mode::Live,
        "reason": order.reason.as_ref().filter(|_| order.state == State::Failed).map(Reason::to_string),
        "paid_at": order.paid_at.map(|at| at.to_string()),
        "customer": {
            "first_name": link.and_then(|link| link.first_name.as_ref()),
            "last_name": link.and_then(|link| link.last_name.as_ref()),
            "email": order.buyer.email,
        },
    })
}

/// `null` for a payment by link, which has none.
fn plan_data(order: &Order) -> Value {
    let plan = &order.plan;
    match order.link {
        Some(_) => Value::Null,
        None => json!({"id": plan.plan, "label": plan.label, "profile": plan.profile}),
    }
}

fn router_data(directory: &Directory, order: &Order) -> Value {
    json!(directory.hotspots.get(&order.hotspot).map(|hotspot| &hotspot.router))
}
