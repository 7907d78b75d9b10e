//! What waits for a person, and plans that nobody can buy.

use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Kind};
use super::router::long_time;
use crate::company::{Account, Company, Directory};
use crate::gateway::{self, PayMethod};
use crate::order::State;
use crate::sorted::Arrange;

/// What the store counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    pub by_state: Vec<(State, i64)>,
    /// When the money came for the order that waits longest for its user.
    pub waiting_since: Option<Timestamp>,
    /// When each refund that is not at its end was wished.
    pub refunds: Vec<Timestamp>,
    /// Webhooks that wait for longer than they should.
    pub open_events: i64,
}

pub(super) fn backlog(backlog: &Backlog, now: Timestamp) -> Vec<Finding> {
    let count = |state: State| {
        let found = backlog.by_state.iter().find(|(known, _)| *known == state);
        found.map_or(0, |(_, count)| *count)
    };
    let mut findings = Vec::new();
    let mut add = |count: i64, kind: Kind, what: String, fix: &str| {
        if count > 0 {
            findings.push(Finding::new(kind, what, fix));
        }
    };
    let stuck = count(State::Stuck);
    add(
        stuck,
        Kind::OrdersStuck,
        format!("orders that are stuck: {stuck}"),
        "`mikrelay order list --state stuck` says why; mend it, then `mikrelay order retry <reference>`",
    );
    let waited_s = backlog
        .waiting_since
        .map_or(0, |since| now.duration_since(since).as_secs());
    let waiting = count(State::Paid);
    add(
        if waited_s > LONGEST_WAIT_S { waiting } else { 0 },
        Kind::OrdersWaiting,
        format!(
            "paid orders that wait for their router: {waiting}, the longest for {}",
            long_time(waited_s)
        ),
        "mend the router (below); the codes come by themselves then. `mikrelay order list --state paid` shows them",
    );
    let held = count(State::Held);
    add(
        held,
        Kind::OrdersHeld,
        format!("orders that are held: {held}"),
        "`mikrelay order list --state held` says why; then `mikrelay order retry <reference>` delivers, `order refund` gives back",
    );
    let open = i64::try_from(backlog.refunds.len()).unwrap_or(i64::MAX);
    let longest = backlog
        .refunds
        .iter()
        .min()
        .map_or(0, |since| now.duration_since(*since).as_secs());
    add(
        open,
        Kind::RefundsOpen,
        format!("open refunds: {open}, the longest for {}", long_time(longest)),
        "`mikrelay order list --state refunding --state held` shows them; what was given back by hand is told with \
         `mikrelay order refunded <reference>`",
    );
    add(
        backlog.open_events,
        Kind::EventsOpen,
        format!("webhooks that wait for more than an hour: {}", backlog.open_events),
        "is a relay running? `mikrelay event list --open` shows them",
    );
    if findings.is_empty() {
        findings.push(Finding::ok("no order, refund or webhook waits for a person"));
    }
    findings
}

/// Plans on sale that no account can sell.
pub(super) fn plans(directory: &Directory) -> Vec<Finding> {
    let mut plans: Vec<_> = directory
        .plans
        .values()
        .filter(|plan| directory.is_on_sale(plan))
        .collect();
    plans.arrange_by(|a, b| a.id.cmp(&b.id));
    let total = plans.len();
    let mut findings: Vec<_> = plans
        .into_iter()
        .filter(|plan| {
            let company = directory
                .hotspots
                .get(&plan.hotspot)
                .and_then(|hotspot| directory.company_of(hotspot));
            let can = |account: &&Account| directory.may_sell(account, plan) && can_sell(account, company);
            directory.accounts.values().find(can).is_none()
        })
        .map(|plan| {
            Finding::new(
                Kind::PlanUnsold,
                format!("plan `{}` has no account that can sell it", plan.id),
                "add the account to the business file, or correct the plan's `accounts`",
            )
        })
        .collect();
    if findings.is_empty() && total > 0 {
        findings.push(Finding::ok(format!(
            "plans that can be bought: {total}, which is all of them"
        )));
    }
    findings
}

fn can_sell(account: &Account, company: Option<&Company>) -> bool {
    let country = company.map(|company| company.country.as_str()).unwrap_or_default();
    !matches!(
        gateway::of(account).pay_method(account, country),
        PayMethod::Cannot { .. }
    )
}

/// A router that reboots takes minutes.
const LONGEST_WAIT_S: i64 = 600;
/// Webhooks are worked on within seconds; a gateway that is down makes them wait.
pub(super) const EVENTS_WAIT: SignedDuration = SignedDuration::from_hours(1);
