//! FedaPay's list of transactions, page by page (facts 2.2). The order of the list is not published: both are
//! understood, and the walk ends where everything is older than what was asked for.

use http::Method;
use jiff::{SignedDuration, Timestamp};

use super::{Api, Transaction};
use crate::gateway::answer::{self, Raw, Text};
use crate::gateway::call::{Answer, Body, Dialogue};
use crate::gateway::{GatewayError, PaymentStatus, Report};

/// What was paid since.
pub(super) fn paid(api: Api, since: Timestamp) -> Dialogue<Vec<Report>> {
    // A transaction may be paid until it expires, a day after it was made (facts 2.7).
    let made_since = since.saturating_sub(EXPIRES_AFTER).unwrap_or(since);
    Walk {
        api,
        made_since,
        newest_first: true,
        visited: 0,
        found: Vec::new(),
    }
    .visit(1)
}

struct Walk {
    api: Api,
    made_since: Timestamp,
    newest_first: bool,
    visited: u32,
    found: Vec<Report>,
}

/// One page, as far as it can be read.
struct Page {
    transactions: Vec<Transaction>,
    pages: u64,
}

impl Walk {
    fn visit(mut self, number: u64) -> Dialogue<Vec<Report>> {
        let path = format!("transactions?page={number}&per_page={PER_PAGE}");
        let call = self.api.call(Method::GET, &path, Body::Empty);
        self.visited += 1;
        Dialogue::call(call, move |answer| match read_page(&answer) {
            Ok(page) => self.went_through(number, &page),
            Err(error) => answer::ended(error),
        })
    }

    fn went_through(mut self, number: u64, page: &Page) -> Dialogue<Vec<Report>> {
        if number == 1 && self.visited == 1 && page.is_oldest_first() {
            self.newest_first = false;
            if page.pages > 1 {
                return self.visit(page.pages);
            }
        }
        self.take(page);
        let next = if self.newest_first {
            (number < page.pages).then_some(number + 1)
        } else {
            (number > 1).then(|| number - 1)
        };
        match next {
            Some(next) if self.visited < MOST_PAGES && page.reaches_into(self.made_since) => self.visit(next),
            _ => Dialogue::Done(Ok(self.found)),
        }
    }

    fn take(&mut self, page: &Page) {
        // One that cannot be read is left out; its order is asked about by the reconciler all the same.
        let reports = page
            .transactions
            .iter()
            .filter(|one| !one.is_older_than(self.made_since));
        let reports = reports.filter_map(|one| one.report(self.api.mode, None).ok());
        self.found
            .extend(reports.filter(|report| report.status == PaymentStatus::Paid && report.gateway_id.is_some()));
    }
}

impl Page {
    fn is_oldest_first(&self) -> bool {
        let mut times = self.transactions.iter().filter_map(Transaction::made_at);
        let first = times.next();
        matches!((first, times.next_back()), (Some(first), Some(last)) if first < last)
    }

    /// Whether something of the page is young enough for the next page to matter.
    fn reaches_into(&self, since: Timestamp) -> bool {
        self.transactions.iter().any(|one| !one.is_older_than(since))
    }
}

impl Transaction {
    fn made_at(&self) -> Option<Timestamp> {
        self.created_at.get()?.parse().ok()
    }

    /// What does not say when it was made is never too old.
    fn is_older_than(&self, moment: Timestamp) -> bool {
        self.made_at().is_some_and(|made_at| made_at < moment)
    }
}

fn read_page(answer: &Answer) -> Result<Page, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        #[serde(rename = "v1/transactions")]
        transactions: Option<Vec<Raw>>,
        meta: Raw,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Meta {
        total_pages: Text,
    }
    if !answer.status.is_success() {
        return Err(answer::failure(answer));
    }
    let unreadable = |_| answer::senseless("list of transactions");
    let envelope: Envelope = answer::read_object(&answer.body).map_err(unreadable)?;
    let rows = envelope
        .transactions
        .ok_or_else(|| answer::senseless("list of transactions"))?;
    let meta: Option<Meta> = answer::read_inner(&envelope.meta).map_err(unreadable)?;
    let pages = meta.as_ref().and_then(|meta| meta.total_pages.get()?.parse().ok());
    Ok(Page {
        transactions: rows
            .iter()
            .filter_map(|row| answer::read_inner(row).ok().flatten())
            .collect(),
        pages: pages.unwrap_or(1),
    })
}

/// When an unpaid transaction expires (facts 2.7).
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// What the list is asked to hold at a time; where it holds fewer, there are more pages.
const PER_PAGE: u32 = 100;
/// Two days of a busy account; with fewer to a page still thousands of payments.
const MOST_PAGES: u32 = 100;

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
