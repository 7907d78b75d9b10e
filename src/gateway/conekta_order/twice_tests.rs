use super::*;
use crate::gateway::answer;
use crate::money::{Currency, Money};

/// An order for 15.00 with these charges: id, status, centavos, second of payment, centavos given back.
fn order(word: &str, told_refunded: i64, charges: &[(&str, &str, i64, i64, i64)]) -> Order {
    let charges: Vec<_> = charges
        .iter()
        .map(|(id, status, amount, paid_at, refunded)| {
            let paid_at = if *paid_at == 0 {
                "null".to_owned()
            } else {
                paid_at.to_string()
            };
            let refunds = match refunded {
                0 => "null".to_owned(),
                refunded => format!(r#"{{"object":"list","data":[{{"amount":-{refunded}}}]}}"#),
            };
            format!(
                r#"{{"id":"{id}","status":"{status}","amount":{amount},"currency":"MXN","paid_at":{paid_at},"refunds":{refunds}}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"object":"order","id":"ord_1","livemode":true,"amount":1500,"currency":"MXN","payment_status":"{word}","amount_refunded":{told_refunded},"metadata":{{"ref":"WR0001"}},"charges":{{"data":[{}]}}}}"#,
        charges.join(",")
    );
    answer::read_object(body.as_bytes()).unwrap()
}

fn told_of(order: &Order) -> (PaymentStatus, Vec<(String, PaymentStatus)>) {
    let report = order.report().unwrap();
    let others = report.others.into_iter().map(|other| {
        assert_eq!(other.order, report.order);
        assert_eq!(other.amount, Some(Money::from_minor(1500, Currency::Mxn)));
        (other.gateway_id.unwrap(), other.status)
    });
    (report.status, others.collect())
}

fn other(charge: &str, status: PaymentStatus) -> Vec<(String, PaymentStatus)> {
    vec![(format!("ord_1:{charge}"), status)]
}

#[test]
fn what_comes_after_the_price_is_a_payment_of_its_own() {
    use PaymentStatus::Paid;
    for charges in [
        // A voucher that was taken first and paid last.
        [("cash", "paid", 1500, 200, 0), ("card", "paid", 1500, 100, 0)],
        [("card", "paid", 1500, 100, 0), ("cash", "paid", 1500, 200, 0)],
    ] {
        assert_eq!(told_of(&order("paid", 0, &charges)), (Paid, other("cash", Paid)));
    }
}

#[test]
fn one_payment_is_one_however_many_charges_there_are() {
    for charges in [
        &[("card", "paid", 1500, 100, 0)][..],
        &[("c0", "declined", 1500, 0, 0), ("c1", "paid", 1500, 100, 0)],
        &[("cash", "pending_payment", 1500, 0, 0), ("card", "paid", 1500, 100, 0)],
        // The store took its own back before the card paid.
        &[("cash", "reversed", 1500, 50, 0), ("card", "paid", 1500, 100, 0)],
        // Two parts of one price.
        &[("card", "paid", 1000, 100, 0), ("cash", "paid", 500, 200, 0)],
        &[],
    ] {
        assert_eq!(
            told_of(&order("paid", 0, charges)),
            (PaymentStatus::Paid, Vec::new()),
            "{charges:?}"
        );
    }
}

#[test]
fn the_order_stays_paid_when_the_second_payment_goes_back() {
    use PaymentStatus::{ChargedBack, Paid, PartiallyRefunded, Refunded};
    let both = |word, told, (own, own_back), (extra, extra_back)| {
        let charges = [
            ("card", own, 1500, 100, own_back),
            ("cash", extra, 1500, 200, extra_back),
        ];
        told_of(&order(word, told, &charges))
    };
    let paid = ("paid", 0);
    for word in ["paid", "partially_refunded", "refunded"] {
        assert_eq!(
            both(word, 1500, paid, ("refunded", 1500)),
            (Paid, other("cash", Refunded))
        );
        // Told by the order alone.
        assert_eq!(both(word, 1500, paid, paid), (Paid, other("cash", Refunded)), "{word}");
        assert_eq!(
            both(word, 3000, paid, paid),
            (Refunded, other("cash", Refunded)),
            "{word}"
        );
        assert_eq!(
            both(word, 1500, ("refunded", 1500), paid),
            (Refunded, other("cash", Paid))
        );
        assert_eq!(
            both(word, 500, ("partially_refunded", 500), paid),
            (PartiallyRefunded, other("cash", Paid))
        );
        assert_eq!(
            both(word, 500, paid, ("partially_refunded", 500)),
            (Paid, other("cash", PartiallyRefunded))
        );
    }
    assert_eq!(
        both("charged_back", 0, paid, ("charged_back", 0)),
        (Paid, other("cash", ChargedBack))
    );
    assert_eq!(
        both("charged_back", 0, ("charged_back", 0), paid),
        (ChargedBack, other("cash", Paid))
    );
    assert_eq!(both("charged_back", 0, paid, paid), (ChargedBack, other("cash", Paid)));
}

#[test]
fn hostile_charges_are_no_payments() {
    for (id, status, amount, paid_at) in [
        ("cash", "paid", -1500, 200),
        ("cash", "paid", 0, 200),
        ("", "paid", 1500, 200),
        ("cash", "declined", 1500, 0),
        ("cash", "", 1500, -5),
    ] {
        let charges = [("card", "paid", 1500, 100, 0), (id, status, amount, paid_at, 0)];
        assert_eq!(told_of(&order("paid", 0, &charges)), (PaymentStatus::Paid, Vec::new()));
    }
    let huge = [
        ("a", "paid", i64::MAX, 1, i64::MAX),
        ("b", "paid", i64::MAX, 2, i64::MAX),
    ];
    let report = order("paid", i64::MAX, &huge).report().unwrap();
    assert_eq!(report.status, PaymentStatus::Refunded);
}
