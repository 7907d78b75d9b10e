//! `mikrelay order ledger`: the last daily comparison of each account with its gateway.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use super::order::print_json;
use super::table::{Table, moment, or_dash};
use crate::ids::OrderRef;
use crate::ledger::{Comparison, Difference, Way};
use crate::money::Money;
use crate::store::Store;

/// What was compared, and what did not agree.
pub fn print(store: &Store, json: bool, out: &mut dyn Write) -> Result<()> {
    let comparisons = store.read_now(|db| db.comparisons(None))?;
    if json {
        return print_json(&Value::Array(comparisons.iter().map(to_json).collect()), out);
    }
    if comparisons.is_empty() {
        writeln!(
            out,
            "nothing was compared yet; a running relay does it every morning at three"
        )?;
        return Ok(());
    }
    let mut accounts = Table::new(&[
        "ACCOUNT", "FROM", "UNTIL", "HOW", "CHECKED", "MENDED", "DIFFER", "PROBLEM",
    ]);
    let mut differences = Table::new(&["ACCOUNT", "WHAT", "AMOUNT", "GATEWAY ID", "ORDER"]);
    for one in &comparisons {
        accounts.row(vec![
            one.account.to_string(),
            moment(one.since),
            moment(one.until),
            way(one.way).to_owned(),
            one.checked.to_string(),
            one.mended.to_string(),
            one.differences.len().to_string(),
            problem(one).unwrap_or_default(),
        ]);
        for difference in &one.differences {
            differences.row(vec![
                one.account.to_string(),
                difference.kind.as_str().to_owned(),
                or_dash(amount(difference).map(|amount| amount.to_string()).as_deref()),
                or_dash(difference.gateway_id.as_deref()),
                or_dash(difference.order.as_ref().map(OrderRef::as_str)),
            ]);
        }
    }
    accounts.print(out)?;
    if comparisons.iter().any(|one| !one.differences.is_empty()) {
        writeln!(out)?;
        differences.print(out)?;
    }
    Ok(())
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Listed => "its list",
        Way::Asked => "each order",
        Way::Alone => "ours only",
    }
}

fn problem(one: &Comparison) -> Option<String> {
    let left_out = (one.left_out > 0).then(|| format!("{} orders were not asked about: too many", one.left_out));
    one.problem.clone().or(left_out)
}

fn amount(difference: &Difference) -> Option<Money> {
    difference.amount.map(Money::from)
}

fn to_json(one: &Comparison) -> Value {
    let differences = one.differences.iter().map(|difference| {
        json!({
            "kind": difference.kind,
            "order": difference.order,
            "gateway_id": difference.gateway_id,
            "amount": amount(difference).map(|amount| amount.major_text()),
            "currency": amount(difference).map(Money::currency),
            "told": difference.told,
        })
    });
    json!({
        "account": one.account,
        "company": one.company,
        "since": one.since,
        "until": one.until,
        "way": one.way,
        "checked": one.checked,
        "mended": one.mended,
        "left_out": one.left_out,
        "problem": one.problem,
        "differences": differences.collect::<Vec<_>>(),
    })
}
