//! The account's paid orders of some days, page by page (facts: gateways-latin-america 2.8).

use jiff::Timestamp;

use super::{Api, CLOCKS_DIFFER_S, wire};
use crate::gateway::answer::{self, Text};
use crate::gateway::call::{Answer, Dialogue};
use crate::gateway::{GatewayError, PaymentStatus, Report};

/// What was paid since, and what was paid before and has changed since: a moment of payment cannot be asked for.
pub(super) fn paid(api: Api, since: Timestamp) -> Dialogue<Vec<Report>> {
    let since_s = since.as_second().saturating_sub(CLOCKS_DIFFER_S);
    Walk {
        api,
        since_s,
        pages: 0,
        found: Vec::new(),
    }
    .visit(None)
}

struct Walk {
    api: Api,
    since_s: i64,
    pages: usize,
    found: Vec<Report>,
}

impl Walk {
    /// The page after the order `next`, or the first one.
    fn visit(mut self, next: Option<&str>) -> Dialogue<Vec<Report>> {
        let mut path = format!(
            "orders?limit={PAGE}&payment_status=paid&updated_at.gte={}",
            self.since_s
        );
        if let Some(next) = next {
            path.push_str("&next=");
            path.push_str(&answer::path_segment(next));
        }
        self.pages += 1;
        Dialogue::call(self.api.get(&path), move |answer| match read_page(&answer) {
            Ok((reports, next)) => {
                let is_empty = reports.is_empty();
                // A gateway that passes over a filter must not make money of what is unpaid.
                let paid = reports
                    .into_iter()
                    .filter(|report| report.status == PaymentStatus::Paid);
                self.found.extend(paid);
                match next {
                    Some(next) if !is_empty && self.pages < MOST_PAGES => self.visit(Some(&next)),
                    _ => Dialogue::Done(Ok(self.found)),
                }
            }
            Err(error) => answer::ended(error),
        })
    }
}

/// The reports of a page, and what the next one begins after.
fn read_page(answer: &Answer) -> Result<(Vec<Report>, Option<String>), GatewayError> {
    if !answer.status.is_success() {
        return Err(wire::failure(answer));
    }
    let unreadable = |_| answer::senseless("list of orders");
    let orders = wire::list(answer).map_err(unreadable)?;
    let next = after(answer, &orders);
    // One that cannot be read is left out; its order is asked about by the reconciler all the same.
    let reports = orders.iter().filter_map(|order| order.report().ok());
    let reports = reports.flat_map(|mut report| {
        let others = std::mem::take(&mut report.others);
        std::iter::once(report).chain(others)
    });
    Ok((reports.collect(), next))
}

/// What the next page of a list begins after; `None` on the last one.
pub(super) fn after(answer: &Answer, orders: &[wire::Order]) -> Option<String> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        has_more: Option<bool>,
        next_page_url: Text,
    }
    let envelope: Envelope = answer::read_object(&answer.body).unwrap_or_default();
    envelope.has_more.filter(|has_more| *has_more)?;
    // Only the mark is taken from the address: the account's key goes to no other host.
    let told = envelope.next_page_url.get().and_then(mark_of);
    told.or_else(|| orders.last().and_then(|order| order.id.owned()))
}

fn mark_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let (_, mark) = url.query_pairs().find(|(name, _)| name == "next")?;
    Some(mark.into_owned()).filter(|mark| !mark.is_empty())
}

/// An order with its charges takes some kilobytes, and an answer may have a megabyte.
pub(super) const PAGE: usize = 100;
/// Ten thousand sales in some days are more than a relay's worth.
const MOST_PAGES: usize = 100;

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
