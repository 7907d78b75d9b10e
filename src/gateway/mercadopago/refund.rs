//! Giving money back, all of it. The payment is read first: it says whether that was done already, and whether it is
//! this order's at all. Facts 3.9.

use super::super::answer::{self, Text};
use super::super::call::{Body, Dialogue};
use super::super::{GatewayError, PaymentKey, PaymentStatus, RefundRequest, RefundState, Report};
use super::order::Order;
use super::payment::Payment;
use super::{Api, Named, about_order, idempotency_key, problem, read};

pub fn refund(api: Api, request: RefundRequest) -> Dialogue<RefundState> {
    match Named::read(&request.gateway_id) {
        Some(Named::Payment(id)) => refund_payment(api, id, request),
        Some(Named::Order(id)) => refund_order(api, id, request),
        _ => answer::ended(GatewayError::Refused(
            "no payment of this order is known, so there is nothing to give back".to_owned(),
        )),
    }
}

fn refund_payment(api: Api, id: String, request: RefundRequest) -> Dialogue<RefundState> {
    let path = format!("v1/payments/{}", answer::path_segment(&id));
    Dialogue::call(api.get(&path), move |answer| {
        let payment = match read::<Payment>(&answer, "payment").and_then(|payment| ours(payment, &request)) {
            Ok(payment) => payment,
            Err(error) => return answer::ended(error),
        };
        if let Some(state) = state_of_payment(&payment) {
            return Dialogue::Done(Ok(state));
        }
        // A refund that the gateway gave up is not answered with again: the next one has a key of its own.
        let failed = payment
            .refunds
            .iter()
            .filter(|refund| has_failed(&refund.status))
            .count();
        let key = idempotency_key("refund", &[request.order.as_str(), &id, &failed.to_string()]);
        let call = api.post(&format!("{path}/refunds"), key, Body::Json(serde_json::json!({})));
        Dialogue::call(call, |answer| {
            #[derive(serde::Deserialize, Default)]
            #[serde(default)]
            struct Made {
                status: Text,
            }
            Dialogue::Done(match read::<Made>(&answer, "refund") {
                Ok(made) => state(made.status.get().unwrap_or_default()),
                Err(error) => problem::refund_refusal(&answer).ok_or(error),
            })
        })
    })
}

fn refund_order(api: Api, id: String, request: RefundRequest) -> Dialogue<RefundState> {
    let path = format!("v1/orders/{}", answer::path_segment(&id));
    Dialogue::call(api.get(&path), move |answer| {
        let order = match read::<Order>(&answer, "order").and_then(|order| ours_too(order, &request)) {
            Ok(order) => order,
            Err(error) => return answer::ended(error),
        };
        if let Some(state) = state_of_order(&order) {
            return Dialogue::Done(Ok(state));
        }
        let failed = order.transactions.refunds.iter();
        let failed = failed.filter(|refund| has_failed(&refund.status)).count();
        let key = idempotency_key("refund", &[request.order.as_str(), &id, &failed.to_string()]);
        let call = api.post(&format!("{path}/refund"), key, Body::Empty);
        Dialogue::call(call, |answer| {
            Dialogue::Done(match read::<Order>(&answer, "order") {
                Ok(order)
                    if order
                        .transactions
                        .refunds
                        .last()
                        .is_some_and(|last| has_failed(&last.status)) =>
                {
                    Ok(not_carried_out())
                }
                Ok(order) => state_of_order(&order).ok_or_else(|| answer::senseless("refund")),
                Err(error) => problem::refund_refusal(&answer).ok_or(error),
            })
        })
    })
}

/// What the payment says of its refunds; `None` where it has none that counts.
fn state_of_payment(payment: &Payment) -> Option<RefundState> {
    let report = payment.report().ok()?;
    let is_all_back = payment
        .amount()
        .is_some_and(|amount| payment.refunded_minor() >= amount.minor());
    if report.status == PaymentStatus::Refunded || (is_all_back && payment.refunded_minor() > 0) {
        return Some(RefundState::Done);
    }
    let runs = payment.refunds.iter().any(|refund| is_running(&refund.status));
    runs.then_some(RefundState::Pending)
}

fn state_of_order(order: &Order) -> Option<RefundState> {
    if order.status.get() == Some("refunded") {
        return Some(RefundState::Done);
    }
    let last = order.transactions.refunds.last()?;
    is_running(&last.status).then_some(RefundState::Pending)
}

/// The status of a refund that was just asked for.
fn state(status: &str) -> Result<RefundState, GatewayError> {
    match status {
        "approved" | "processed" => Ok(RefundState::Done),
        "in_process" | "authorized" | "processing" => Ok(RefundState::Pending),
        "rejected" | "cancelled" | "canceled" => Ok(not_carried_out()),
        _ => Err(answer::senseless("refund status")),
    }
}

fn not_carried_out() -> RefundState {
    RefundState::Refused("Mercado Pago did not carry the refund out; see why in its panel".to_owned())
}

fn is_running(status: &Text) -> bool {
    matches!(status.get(), Some("in_process" | "authorized" | "processing"))
}

fn has_failed(status: &Text) -> bool {
    matches!(status.get(), Some("rejected" | "cancelled" | "canceled" | "failed"))
}

fn ours(payment: Payment, request: &RefundRequest) -> Result<Payment, GatewayError> {
    check(payment.report()?, request).map(|()| payment)
}

fn ours_too(order: Order, request: &RefundRequest) -> Result<Order, GatewayError> {
    check(order.report()?, request).map(|()| order)
}

/// Money is given back for the order it was paid for, and for no other.
fn check(report: Report, request: &RefundRequest) -> Result<(), GatewayError> {
    let key = PaymentKey {
        order: request.order.clone(),
        gateway_id: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    about_order(report, &key).map(|_| ())
}
