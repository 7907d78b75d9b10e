//! The least that the account's ways to pay take. It is asked for before a small price is sent: below it, the gateway
//! makes the page all the same and shows no way to pay there. Facts 3.10.

use super::super::answer::{self, Raw, Text};
use super::super::call::{Answer, Dialogue};
use super::super::{GatewayError, PaymentRequest};
use super::{Api, problem};
use crate::money::{Currency, Money};
use crate::reason::GatewayRule;

/// Goes on with a price that some way to pay takes, and with one about which nobody says anything.
pub fn checked<T: 'static>(
    api: Api,
    request: &PaymentRequest,
    go_on: impl FnOnce(Api) -> Dialogue<T> + Send + 'static,
) -> Dialogue<T> {
    let amount = request.amount;
    if !is_small(amount) {
        return go_on(api);
    }
    Dialogue::call(api.get("v1/payment_methods"), move |answer| {
        match least_of(&answer, amount.currency()) {
            Ok(Some(least)) if amount.minor() < least.minor() => {
                answer::ended(GatewayError::Rule(GatewayRule::AtLeast { least }))
            }
            Err(rest @ GatewayError::Throttled { .. }) => answer::ended(rest),
            _ => go_on(api),
        }
    })
}

/// The least amount of the ways to pay that are in use; `None` where none says so.
fn least_of(answer: &Answer, currency: Currency) -> Result<Option<Money>, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Method {
        status: Text,
        min_allowed_amount: Text,
    }
    if !answer.status.is_success() {
        return Err(problem::failure(answer));
    }
    let rows: Vec<Raw> = serde_json::from_slice(&answer.body).map_err(|_| answer::senseless("list of ways to pay"))?;
    let methods = rows
        .iter()
        .filter_map(|row| answer::read_inner::<Method>(row).ok().flatten());
    let active = methods.filter(|method| method.status.get() == Some("active"));
    let least = active.filter_map(|method| answer::amount(&method.min_allowed_amount, currency));
    Ok(least.min_by_key(|amount| amount.minor()))
}

/// Whether a price is in the reach of a minimum: most plans cost more, and need no second call.
fn is_small(amount: Money) -> bool {
    let bound = SMALL.iter().find(|(currency, _)| *currency == amount.currency());
    bound.is_some_and(|(_, minor)| amount.minor() < *minor)
}

/// In minor units. Mexico's cards and stores take 10.00 (facts 3.10); for the others, about as much.
const SMALL: [(Currency, i64); 7] = [
    (Currency::Mxn, 1_000),
    (Currency::Ars, 100_000),
    (Currency::Brl, 500),
    (Currency::Clp, 1_000),
    (Currency::Cop, 500_000),
    (Currency::Pen, 300),
    (Currency::Uyu, 3_000),
];
