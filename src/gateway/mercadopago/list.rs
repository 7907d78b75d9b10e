//! What the account was paid in some days, page by page: its approved payments, or its processed orders.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::super::answer::{self, Text};
use super::super::call::{Answer, Dialogue};
use super::super::{GatewayError, PaymentStatus, Report};
use super::{Api, LINK_LIVES, VOUCHER_LIVES, moment, order, payment};
use crate::company::MercadopagoCheckout;

/// What was paid in between; of orders, which are listed by the day they were made, a little more.
pub fn paid(api: Api, since: Timestamp, until: Timestamp) -> Dialogue<Vec<Report>> {
    let made_since = since.saturating_sub(LINK_LIVES + VOUCHER_LIVES).unwrap_or(since);
    let earliest = until.saturating_sub(LONGEST_LIST).unwrap_or(until);
    let begin = match api.checkout {
        MercadopagoCheckout::Preferences => since,
        MercadopagoCheckout::Orders => made_since.max(earliest),
    };
    Walk {
        api,
        begin,
        end: until,
        pages: 0,
        known: HashSet::new(),
        found: Vec::new(),
    }
    .visit()
}

struct Walk {
    api: Api,
    begin: Timestamp,
    end: Timestamp,
    /// Those that were read.
    pages: usize,
    known: HashSet<String>,
    found: Vec<Report>,
}

/// A page, as far as it can be read.
struct Page {
    /// Rows, be they readable or not.
    rows: usize,
    reports: Vec<Report>,
    /// How many there are, where the gateway says so.
    pages: Option<usize>,
}

impl Walk {
    fn visit(mut self) -> Dialogue<Vec<Report>> {
        let call = self.api.get(&self.path());
        Dialogue::call(call, move |answer| {
            let page = match self.api.checkout {
                MercadopagoCheckout::Preferences => payments_of(&answer),
                MercadopagoCheckout::Orders => orders_of(&answer),
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => return answer::ended(error),
            };
            self.pages += 1;
            let is_last = page.rows < PAGE || page.pages.is_some_and(|pages| self.pages >= pages);
            let brings_news = self.take(page.reports);
            // A gateway that passes over the number of the page sends the same one for ever.
            if is_last || !brings_news || self.pages >= MOST_PAGES {
                Dialogue::Done(Ok(self.found))
            } else {
                self.visit()
            }
        })
    }

    fn path(&self) -> String {
        let day = |time| answer::path_segment(&moment(time));
        let days = format!("begin_date={}&end_date={}", day(self.begin), day(self.end));
        match self.api.checkout {
            MercadopagoCheckout::Preferences => format!(
                "v1/payments/search?status=approved&range=date_approved&{days}&sort=date_created&criteria=desc\
                 &limit={PAGE}&offset={}",
                self.pages * PAGE
            ),
            MercadopagoCheckout::Orders => format!(
                "v1/orders?{days}&status=processed&page={}&page_size={PAGE}",
                self.pages + 1
            ),
        }
    }

    /// Keeps what is paid; says whether something was not seen before.
    fn take(&mut self, reports: Vec<Report>) -> bool {
        let before = self.known.len();
        for report in reports {
            let id = report.gateway_id.clone().unwrap_or_default();
            // A filter that is passed over must not make money of what is unpaid.
            if self.known.insert(id) && report.status == PaymentStatus::Paid {
                self.found.push(report);
            }
        }
        self.known.len() > before
    }
}

fn payments_of(answer: &Answer) -> Result<Page, GatewayError> {
    let list = payment::read_list(answer)?;
    Ok(Page {
        rows: list.rows,
        reports: list
            .payments
            .iter()
            .filter_map(|payment| payment.report().ok())
            .collect(),
        pages: None,
    })
}

fn orders_of(answer: &Answer) -> Result<Page, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Paging {
        total_pages: Text,
    }
    let list = order::read_list(answer)?;
    let paging: Paging = payment::inner(&list.paging);
    Ok(Page {
        rows: list.data.len(),
        reports: list.reports().collect(),
        pages: paging.total_pages.get().and_then(|pages| pages.parse().ok()),
    })
}

/// What fits into an answer of a megabyte.
const PAGE: usize = 50;
/// Ten thousand sales in some days are more than a relay's worth.
const MOST_PAGES: usize = 200;
/// Orders are listed for 30 days at once at the most (the reference of `GET /v1/orders`).
const LONGEST_LIST: SignedDuration = SignedDuration::from_hours(30 * 24);
