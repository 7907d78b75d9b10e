//! Tells people: the operator of a sale or of an order that needs him, the buyer of his code. What is to be
//! told is written into the outbox with the change itself; a dead mail server delays nothing and loses nothing.

use super::change::Change;
use super::{Outcome, Relay, settle};
use crate::company::{Directory, Language};
use crate::ids::OrderRef;
use crate::job::{Job, Lane, NewJob, Task};
use crate::message::{Message, MessageState};
use crate::notify::mail::Retry;
use crate::notify::sale::{self, AlertNotice, SaleNotice};
use crate::order::Order;
use crate::reason::Reason;
use crate::secrets;
use crate::store::StoreError;

/// The sale, to the operator and to the buyer if he left an address.
pub(super) fn announce(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    let Some(company) = change.directory.companies.get(&order.company) else {
        return Ok(());
    };
    let Some(voucher) = &order.voucher else { return Ok(()) };
    let hotspot = change.directory.hotspots.get(&order.hotspot);
    let account = change.directory.accounts.get(&order.account);
    let notice = SaleNotice {
        company: &company.name,
        hotspot: hotspot.map_or("", |hotspot| hotspot.name.as_str()),
        gateway: account.map_or("", |account| account.gateway().title()),
        plan: &order.plan,
        reference: &order.reference,
        gateway_reference: order.gateway_id.as_deref(),
        phone: order.buyer.phone.as_deref(),
        mac: order.buyer.mac.as_deref(),
        voucher,
        dns_name: order
            .params
            .dns_name
            .as_deref()
            .or(hotspot.and_then(|hotspot| hotspot.dns_name.as_deref())),
    };
    let operator = order
        .params
        .notify_email
        .clone()
        .or_else(|| company.notify_email.clone());
    if let Some(recipient) = operator {
        let (subject, text) = sale::operator_mail(company.language, &notice);
        post(
            change,
            order,
            Letter {
                recipient,
                subject,
                text,
                kind: "sale",
            },
        )?;
    }
    if let Some(recipient) = order.buyer.email.clone() {
        let (subject, text) = sale::buyer_mail(order.buyer.language, &notice);
        post(
            change,
            order,
            Letter {
                recipient,
                subject,
                text,
                kind: "code",
            },
        )?;
    }
    Ok(())
}

/// An order that needs the operator, with its own reason.
pub(super) fn alert(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    alert_about(change, order, order.reason.as_ref().unwrap_or(&Reason::Unexplained))
}

/// Tells the operator what an order needs of him.
pub(super) fn alert_about(change: &mut Change<'_>, order: &Order, reason: &Reason) -> Result<(), StoreError> {
    let advice = reason.advice(Language::En, &order.reference);
    tracing::warn!(order = %order.reference, "order {} needs attention: {advice}", order.reference);
    let Some(company) = change.directory.companies.get(&order.company) else {
        return Ok(());
    };
    let Some(recipient) = operator_of(change.directory, order) else {
        return Ok(());
    };
    let notice = AlertNotice {
        plan: &order.plan,
        reference: &order.reference,
        state: order.state,
        reason,
    };
    let (subject, text) = sale::alert_mail(company.language, &notice);
    post(
        change,
        order,
        Letter {
            recipient,
            subject,
            text,
            kind: "alert",
        },
    )
}

/// Who is told of what concerns the operator alone.
pub(super) fn operator_of(directory: &Directory, order: &Order) -> Option<String> {
    let company = directory.companies.get(&order.company)?;
    company
        .notify_email
        .clone()
        .or_else(|| order.params.notify_email.clone())
}

/// A mail about an order.
pub(super) struct Letter {
    pub recipient: String,
    pub subject: String,
    pub text: String,
    /// Part of the stable Message-ID: one letter of a kind for each state of an order.
    pub kind: &'static str,
}

pub(super) fn post(change: &mut Change<'_>, order: &Order, letter: Letter) -> Result<(), StoreError> {
    let message = Message {
        company: order.company.clone(),
        order: Some(order.reference.clone()),
        message_id: format!(
            "{}.{}.{}@mikrelay.invalid",
            order.reference,
            letter.kind,
            secrets::random_token(64)
        ),
        recipient: letter.recipient,
        subject: letter.subject,
        text: letter.text,
        created_at: change.now,
    };
    let id = change.db.add_message(&message)?;
    change.add_job(NewJob {
        task: Task::Mail(id),
        lane: Lane::Mail,
        due_at: change.now,
    })
}

/// Sends one mail of the outbox.
pub(super) async fn send(relay: &Relay, id: i64, job: &Job) -> Result<Outcome, StoreError> {
    let Some((message, MessageState::Waiting)) = relay.store().read(move |db| db.message(id)).await? else {
        return Ok(Outcome::Done);
    };
    let (state, line) = match relay.0.parts.mailer.send(&message).await {
        Ok(()) => (MessageState::Sent(relay.now()), "a mail was sent".to_owned()),
        Err(error) if error.retry() == Retry::Never => (
            MessageState::Refused(error.to_string()),
            format!("a mail was refused for good: {error}"),
        ),
        Err(error) => {
            if job.attempts == 0 {
                tracing::warn!("a mail waits: {error}");
            }
            return Ok(Outcome::Later {
                after: settle::backoff(job.attempts),
                why: error.to_string(),
            });
        }
    };
    let order: Option<OrderRef> = message.order;
    relay
        .change(move |change| {
            change.db.set_message_state(id, state)?;
            match &order {
                Some(order) => change.note(order, &line),
                None => Ok(()),
            }
        })
        .await?;
    Ok(Outcome::Done)
}
