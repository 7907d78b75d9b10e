//! FedaPay's list: both orders, the end of the walk, and what cannot be read.

use super::*;
use crate::gateway::call::script::play;

fn api() -> Api {
    Api {
        base: "https://api.fedapay.com".to_owned(),
        key: "sk_live_x".into(),
        mode: Some(crate::company::Mode::Live),
    }
}

/// A page of `(id, status, day of November)`.
fn page(rows: &[(u32, &str, u32)], pages: u32) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, status, day)| {
            format!(
                r#"{{"id":{id},"status":"{status}","amount":100,"currency_id":1,"created_at":"2026-11-{day:02}T12:00:00.000Z","custom_metadata":{{"ref":"R{id}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"v1/transactions":[{}],"meta":{{"current_page":1,"per_page":2,"total_pages":{pages}}}}}"#,
        rows.join(",")
    )
}

/// The ids that were paid since the 10th, and the pages that were looked at.
fn walk(pages: &[String]) -> (Vec<String>, Vec<String>) {
    let answers: Vec<_> = pages.iter().map(|page| (200, page.as_str())).collect();
    let (calls, reports) = play(paid(api(), "2026-11-10T12:00:00Z".parse().unwrap()), &answers);
    let ids = reports
        .unwrap()
        .into_iter()
        .map(|report| report.gateway_id.unwrap())
        .collect();
    let numbers = calls.iter().map(|call| {
        call.split("page=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    });
    (ids, numbers.collect())
}

#[test]
fn the_newest_pages_are_read_until_everything_is_older() {
    let (ids, pages) = walk(&[
        page(&[(6, "approved", 12), (5, "pending", 11)], 9),
        page(&[(4, "transferred", 10), (3, "approved", 9)], 9),
        page(&[(2, "approved", 8), (1, "approved", 7)], 9),
    ]);
    assert_eq!(ids, ["6", "4", "3"], "made the day before, it may be paid since");
    assert_eq!(pages, ["1", "2", "3"]);
}

#[test]
fn a_list_that_begins_with_the_oldest_is_read_from_its_end() {
    let (ids, pages) = walk(&[
        page(&[(1, "approved", 1), (2, "approved", 2)], 3),
        page(&[(5, "approved", 12), (6, "approved", 13)], 3),
        page(&[(3, "approved", 3), (4, "approved", 4)], 3),
    ]);
    assert_eq!(
        (ids, pages),
        (
            vec!["5".to_owned(), "6".to_owned()],
            ["1", "3", "2"].map(str::to_owned).to_vec()
        )
    );
}

#[test]
fn the_walk_is_bounded() {
    let full = page(&[(6, "approved", 12), (5, "approved", 11)], 1_000_000);
    let (ids, pages) = walk(&vec![full; MOST_PAGES as usize]);
    assert_eq!((ids.len(), pages.len()), (200, 100));
}

#[test]
fn rows_that_cannot_be_read_are_left_out_and_no_list_is_a_fault() {
    let rows = r#"{"v1/transactions":[null,7,{"status":"approved"},{"id":8,"status":"approved","amount":100}]}"#;
    assert_eq!(walk(&[rows.to_owned()]).0, ["8"]);
    let fault = |status, body: &str| {
        play(paid(api(), Timestamp::UNIX_EPOCH), &[(status, body)])
            .1
            .unwrap_err()
    };
    for body in ["{}", "[]", "<html>", r#"{"v1/transactions":{}}"#] {
        assert!(matches!(fault(200, body), GatewayError::Transient(_)), "{body}");
    }
    assert!(matches!(
        fault(401, r#"{"message":"no"}"#),
        GatewayError::Misconfigured(_)
    ));
}
