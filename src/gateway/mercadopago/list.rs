//! The account's approved payments of some days, page by page, newest first.

use jiff::Timestamp;

use super::super::answer;
use super::super::call::Dialogue;
use super::super::{PaymentStatus, Report};
use super::payment::read_list;
use super::{Api, moment};

/// What was paid in between.
pub fn paid(api: Api, since: Timestamp, until: Timestamp) -> Dialogue<Vec<Report>> {
    visit(api, (since, until), Vec::new(), 0)
}

fn visit(api: Api, days: (Timestamp, Timestamp), mut found: Vec<Report>, page: usize) -> Dialogue<Vec<Report>> {
    let day = |time| answer::path_segment(&moment(time));
    let path = format!(
        "v1/payments/search?status=approved&range=date_approved&begin_date={}&end_date={}&sort=date_created\
         &criteria=desc&limit={PAGE}&offset={}",
        day(days.0),
        day(days.1),
        page * PAGE
    );
    Dialogue::call(api.get(&path), move |answer| match read_list(&answer) {
        Ok(payments) => {
            let is_full = payments.len() >= PAGE;
            let reports = payments.iter().filter_map(|payment| payment.report().ok());
            found.extend(reports.filter(|report| report.status == PaymentStatus::Paid));
            if is_full && page + 1 < MOST_PAGES {
                visit(api, days, found, page + 1)
            } else {
                Dialogue::Done(Ok(found))
            }
        }
        Err(error) => answer::ended(error),
    })
}

/// What fits into an answer of a megabyte.
const PAGE: usize = 50;
/// Ten thousand sales in some days are more than a relay's worth.
const MOST_PAGES: usize = 200;
