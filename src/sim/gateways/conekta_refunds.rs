//! Money that goes back at the simulated Conekta, and vouchers that are paid although their order was paid otherwise.

use serde_json::{Value, json};

use super::SimStatus;
use super::conekta_order::{amount_minor, charges, hex_id};
use super::desk::Payment;

/// Gives so many centavos back, of one charge where it is named; when all are gone the order is `refunded`.
pub fn give_back(payment: &mut Payment, amount: i64, charge: Option<&str>, now_s: i64) {
    let refund = json!({
        "object": "refund", "id": hex_id(), "amount": -amount, "created_at": now_s, "auth_code": "582483",
        "status": "refunded", "charge_id": charge,
    });
    let refunds = payment.extra.entry("refunds").or_insert_with(|| json!([]));
    if let Some(refunds) = refunds.as_array_mut() {
        refunds.push(refund);
    }
    let taken = i64::try_from(paid_charges(payment).len().max(1)).unwrap_or(1) * amount_minor(payment);
    if refunded_minor(payment) >= taken {
        payment.status = SimStatus::Refunded;
    }
}

pub fn refunded_minor(payment: &Payment) -> i64 {
    sum(refunds_of(payment, None))
}

/// What went back of one charge, or of all.
pub fn refunds_of<'a>(payment: &'a Payment, charge: Option<&'a str>) -> impl Iterator<Item = &'a Value> {
    let refunds = payment.extra.get("refunds").and_then(Value::as_array);
    let of_charge = move |refund: &&Value| {
        let named = refund.get("charge_id").and_then(Value::as_str);
        named.is_none() || charge.is_none() || named == charge
    };
    refunds.into_iter().flatten().filter(of_charge)
}

pub fn sum<'a>(refunds: impl Iterator<Item = &'a Value>) -> i64 {
    let amounts = refunds.filter_map(|refund| refund.get("amount").and_then(Value::as_i64));
    -amounts.sum::<i64>()
}

/// What may still be given back of a charge, or of the order where no charge is named.
pub fn balance(payment: &Payment, charge: Option<&str>) -> i64 {
    amount_minor(payment) - sum(refunds_of(payment, charge))
}

/// The ids of the charges that took money: more than one where a voucher was paid after a card.
pub fn paid_charges(payment: &Payment) -> Vec<String> {
    let all = charges(payment, true);
    let paid = all
        .iter()
        .filter(|charge| charge.get("paid_at").is_some_and(Value::is_i64));
    paid.filter_map(|charge| charge.get("id")?.as_str().map(ToOwned::to_owned))
        .collect()
}

/// Somebody pays the voucher that was left over when the order was paid otherwise; `false` where there is none.
pub fn pay_left_voucher(payment: &mut Payment, now_s: i64) -> bool {
    let paid = paid_charges(payment);
    let Some(all) = payment.extra.get_mut("charges").and_then(Value::as_array_mut) else {
        return false;
    };
    let mut is_paid = false;
    for charge in all.iter_mut().filter_map(Value::as_object_mut) {
        let id = charge.get("id").and_then(Value::as_str).unwrap_or_default();
        let was_paid = paid.iter().any(|paid| paid == id);
        let is_open = !charge.get("failure").is_some_and(Value::is_string);
        let at = charge.get("at").and_then(Value::as_i64).unwrap_or(now_s);
        if was_paid {
            charge.entry(PAID_AT).or_insert_with(|| json!(at));
        } else if is_open && !is_paid {
            charge.insert(PAID_AT.to_owned(), json!(now_s.max(at + 1)));
            is_paid = true;
        }
    }
    is_paid
}

/// Of a charge: when it took money, where several may have.
pub const PAID_AT: &str = "paid_at";
