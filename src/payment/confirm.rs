//! What may be believed about an order: the gateway's own answer, and what its webhooks add to it.

use super::Relay;
use crate::company::Account;
use crate::event::{Event, Proof};
use crate::gateway::{self, GatewayError, Notice, PaymentKey, PaymentStatus, Report};
use crate::job::Job;
use crate::order::Order;

/// An event with the order and account it is about.
pub(super) struct Question {
    pub order: Order,
    pub account: Account,
    pub notice: Notice,
}

/// Why an event says nothing that may be believed.
pub(super) enum Unconfirmed {
    Hint,
    NothingSaid,
    Gateway(GatewayError),
}

/// What may be believed about the order: the gateway's own answer, or a signed event where it cannot be asked.
pub(super) async fn confirm(relay: &Relay, event: &Event, question: &Question) -> Result<Report, Unconfirmed> {
    let adapter = gateway::of(&question.account);
    if adapter.can_ask(&question.account) {
        let key = PaymentKey {
            order: question.order.reference.clone(),
            gateway_id: question
                .notice
                .gateway_id
                .clone()
                .or_else(|| question.order.gateway_id.clone()),
            created_at: question.order.created_at,
        };
        let asked = relay
            .converse(&question.account, adapter.ask(&question.account, &key))
            .await;
        return asked.map_err(Unconfirmed::Gateway);
    }
    match (event.event.proof, &question.notice.report) {
        (Proof::Signed, Some(report)) => Ok(report.clone()),
        (Proof::Signed, None) => Err(Unconfirmed::NothingSaid),
        (Proof::Hint, _) => Err(Unconfirmed::Hint),
    }
}

/// Whether the event says of the payment that the answer is about that it was paid.
pub(super) fn told_paid(notice: &Notice, report: &Report) -> bool {
    notice.report.as_ref().is_some_and(|told| {
        let is_same = told.gateway_id.is_none() || told.gateway_id == report.gateway_id;
        told.status == PaymentStatus::Paid && is_same
    })
}

/// Gateways answer from several machines: a signed "paid" may be ahead of the answer to our question.
pub(super) fn told_paid_but_answers_pending(notice: &Notice, report: &Report, job: &Job) -> bool {
    let told_paid = notice
        .report
        .as_ref()
        .is_some_and(|told| told.status == PaymentStatus::Paid);
    told_paid && report.status == PaymentStatus::Pending && job.attempts < PENDING_TRIES
}

/// A genuine warning of fraud, or a claim, comes once, and the payment may still be called paid: nothing new is
/// delivered for it, and the operator is told.
pub(super) fn with_warning(event: &Event, notice: &Notice, mut report: Report) -> Report {
    let told = notice.report.as_ref().map(|told| &told.status);
    let is_warned = event.event.proof == Proof::Signed && told == Some(&PaymentStatus::Disputed);
    if is_warned && report.status == PaymentStatus::Paid {
        report.status = PaymentStatus::Disputed;
    }
    report
}

/// A signed "paid" against an answer "pending" is asked again so often; then the reconciler goes on.
const PENDING_TRIES: i64 = 10;
