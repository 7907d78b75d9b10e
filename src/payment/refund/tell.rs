//! Tells people of money that goes back; written into the outbox with the change itself.

use super::super::change::Change;
use super::super::deliver::{Letter, operator_of, post};
use crate::company::GatewayName;
use crate::notify::refund::{self, RefundNotice};
use crate::order::Order;
use crate::refund::{Payment, Refund};
use crate::store::StoreError;

/// To the operator, and to the buyer if he left an address: the money went back. Without a refund it is the order's
/// own payment, which somebody gave back elsewhere.
pub(in crate::payment) fn done(
    change: &mut Change<'_>,
    order: &Order,
    refund: Option<&Refund>,
) -> Result<(), StoreError> {
    let payments = change.db.payments_of_order(&order.reference)?;
    let own = payments
        .iter()
        .find(|payment| order.gateway_id.as_ref() == Some(&payment.gateway_id));
    let payment = refund.map(|refund| &refund.payment).or(own);
    let is_extra = refund.is_some_and(|refund| refund.is_extra);
    let Some(notice) = notice(change, order, payment, is_extra) else {
        return Ok(());
    };
    let language = change
        .directory
        .companies
        .get(&order.company)
        .map_or_else(Default::default, |company| company.language);
    let to_operator =
        operator_of(change.directory, order).map(|recipient| (recipient, refund::operator_mail(language, &notice)));
    let to_buyer = order
        .buyer
        .email
        .clone()
        .map(|recipient| (recipient, refund::buyer_mail(order.buyer.language, &notice)));
    for (recipient, (subject, text)) in to_operator.into_iter().chain(to_buyer) {
        let letter = Letter {
            recipient,
            subject,
            text,
            kind: "refund",
        };
        post(change, order, letter)?;
    }
    Ok(())
}

/// To the operator: what only he can do, step by step.
pub(in crate::payment) fn todo(change: &mut Change<'_>, order: &Order, refund: &Refund) -> Result<(), StoreError> {
    let recipient = operator_of(change.directory, order);
    let notice = notice(change, order, Some(&refund.payment), refund.is_extra);
    let company = change.directory.companies.get(&order.company);
    let (Some(recipient), Some(notice), Some(company)) = (recipient, notice, company) else {
        return Ok(());
    };
    let (subject, text) = refund::todo_mail(company.language, &notice);
    let letter = Letter {
        recipient,
        subject,
        text,
        kind: "refund-todo",
    };
    post(change, order, letter)
}

fn notice<'a>(
    change: &Change<'a>,
    order: &'a Order,
    payment: Option<&'a Payment>,
    is_extra: bool,
) -> Option<RefundNotice<'a>> {
    let company = change.directory.companies.get(&order.company)?;
    let account = change.directory.accounts.get(&order.account)?;
    Some(notice_of(&company.name, account.gateway(), order, payment, is_extra))
}

/// What is told of a payment that goes back.
pub fn notice_of<'a>(
    company: &'a str,
    gateway: GatewayName,
    order: &'a Order,
    payment: Option<&'a Payment>,
    is_extra: bool,
) -> RefundNotice<'a> {
    let gateway_id = payment.map(|payment| payment.gateway_id.as_str());
    RefundNotice {
        company,
        gateway,
        plan: &order.plan,
        reference: &order.reference,
        payment: gateway_id
            .or(order.gateway_id.as_deref())
            .unwrap_or_else(|| order.reference.as_str()),
        amount: payment.map_or(order.plan.price, |payment| payment.amount),
        is_extra,
        phone: order.buyer.phone.as_deref(),
    }
}
