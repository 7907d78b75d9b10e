//! The list of paid orders, page by page.

use super::super::tests::account;
use super::super::{Conekta, Gateway as _};
use super::*;
use crate::gateway::call::script::play;

/// Ten minutes before the first of November 2026: clocks differ.
const FIRST: &str = "GET https://api.conekta.io/orders?limit=100&payment_status=paid&updated_at.gte=1793490600";

fn order(number: u32, status: &str) -> String {
    format!(
        r#"{{"object":"order","id":"ord_{number}","livemode":true,"amount":1500,"currency":"MXN","payment_status":"{status}","metadata":{{"ref":"ABCDEFGH{number:06}"}}}}"#
    )
}

fn page(orders: &[String], more: &str) -> String {
    format!(r#"{{"object":"list",{more}"data":[{}]}}"#, orders.join(","))
}

fn listed(answers: &[(u16, &str)]) -> (Vec<String>, Result<Vec<Report>, GatewayError>) {
    let since = "2026-11-01T00:00:00Z".parse().unwrap();
    let until = "2026-11-02T00:00:00Z".parse().unwrap();
    play(Conekta.list_paid(&account(&[]), since, until).unwrap(), answers)
}

#[test]
fn pages_are_turned_by_the_mark_of_the_address_or_the_last_order() {
    let first = page(
        &[order(1, "paid"), order(2, "paid")],
        r#""has_more":true,"next_page_url":"https://elsewhere.example/orders?limit=100&next=ord%202","#,
    );
    let second = page(&[order(3, "paid")], r#""has_more":true,"next_page_url":null,"#);
    // A filter that was passed over, an order taken back since, and what is no order at all.
    let third = page(
        &[
            order(4, "pending_payment"),
            order(5, "refunded"),
            "null".to_owned(),
            order(6, "paid"),
        ],
        r#""has_more":false,"next_page_url":"https://api.conekta.io/orders?next=ord_6","#,
    );
    let (calls, reports) = listed(&[(200, &first), (200, &second), (200, &third)]);
    let ids: Vec<_> = reports.unwrap().into_iter().filter_map(|one| one.gateway_id).collect();
    assert_eq!(ids, ["ord_1", "ord_2", "ord_3", "ord_6"]);
    let wanted = [
        FIRST.to_owned(),
        format!("{FIRST}&next=ord%202"),
        format!("{FIRST}&next=ord_3"),
    ];
    let calls: Vec<_> = calls.iter().map(|call| call.trim_end()).collect();
    assert_eq!(calls, wanted);
}

#[test]
fn a_list_has_an_end_and_a_failure_is_told() {
    let same = page(
        &[order(1, "paid")],
        r#""has_more":true,"next_page_url":"https://x.example/?next=ord_1","#,
    );
    let endless = vec![(200, same.as_str()); MOST_PAGES];
    assert_eq!(listed(&endless).1.unwrap().len(), MOST_PAGES);
    let empty = page(
        &[],
        r#""has_more":true,"next_page_url":"https://x.example/?next=ord_1","#,
    );
    assert_eq!(listed(&[(200, &empty)]).1, Ok(Vec::new()));
    assert!(matches!(listed(&[(401, "{}")]).1, Err(GatewayError::Misconfigured(_))));
    for bad in ["", "[]", r#"{"object":"order"}"#] {
        assert!(
            matches!(listed(&[(200, bad)]).1, Err(GatewayError::Transient(_))),
            "{bad}"
        );
    }
    let broken = page(&[order(1, "paid")], r#""has_more":true,"#);
    assert!(matches!(
        listed(&[(200, &broken), (502, "{}")]).1,
        Err(GatewayError::Transient(_))
    ));
}
