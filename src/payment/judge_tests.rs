//! What money means for an order, whatever the gateway says of it.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;
use crate::company::{GatewayName, RefundPolicy};
use crate::ids::{AccountId, CompanyId, HotspotId, OrderRef, OrderToken};
use crate::mik_params::{Flaw, ParamFault};
use crate::money::{Currency, Money};
use crate::order::{Buyer, Online, PlanSnapshot};
use crate::plan::{DataLimit, TimeLimit};

fn order(mode: Mode) -> Order {
    Order {
        reference: OrderRef::new("ABCDEFGH234567"),
        token: OrderToken::new("token"),
        company: CompanyId::new("cafe"),
        hotspot: HotspotId::new("hotspot"),
        account: AccountId::new("account"),
        mode,
        plan: PlanSnapshot {
            plan: None,
            label: "4 h".to_owned(),
            profile: "4H".to_owned(),
            price: xof(100),
            time: TimeLimit::default(),
            data: DataLimit::default(),
        },
        state: State::Waiting,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer::default(),
        gateway_id: Some("1".to_owned()),
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: None,
        link: None,
        params: MikParams::default(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

fn account(keys: AccountKeys) -> Account {
    Account {
        id: AccountId::new("account"),
        company: CompanyId::new("cafe"),
        mode: Mode::Live,
        base_url: None,
        keys,
        refunds: RefundPolicy::default(),
    }
}

fn fedapay() -> Account {
    account(AccountKeys::Fedapay {
        public_key: None,
        secret_key: None,
        webhook_secrets: Vec::new(),
    })
}

fn cinetpay_v1() -> Account {
    let secret = || SecretString::from("x");
    account(AccountKeys::CinetpayV1 {
        api_key: secret(),
        api_password: secret(),
    })
}

fn xof(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Xof)
}

fn report(status: PaymentStatus, amount: Option<Money>) -> Report {
    Report {
        amount,
        mode: Some(Mode::Live),
        gateway_id: Some("1".to_owned()),
        ..Report::of(status)
    }
}

fn fact(verdict: &Verdict) -> Option<Fact> {
    match verdict {
        Verdict::Fact(fact, _) => Some(*fact),
        Verdict::Failed(_) => Some(Fact::Failed),
        Verdict::Misfit(_) => Some(Fact::Mismatched),
        _ => None,
    }
}

#[test]
fn b1_only_the_exact_amount_and_currency_pay() {
    let order = order(Mode::Live);
    let judged = |amount| {
        fact(&judge(
            &order,
            &fedapay(),
            &report(PaymentStatus::Paid, amount),
            &Known::default(),
        ))
    };
    assert_eq!(judged(Some(xof(100))), Some(Fact::Paid));
    for wrong in [
        xof(99),
        xof(101),
        xof(0),
        xof(-100),
        Money::from_minor(100, Currency::Xaf),
    ] {
        assert_eq!(judged(Some(wrong)), Some(Fact::Mismatched), "{wrong}");
    }
    assert_eq!(
        judged(None),
        Some(Fact::Mismatched),
        "paid without an amount is not paid"
    );
}

#[test]
fn the_amount_may_be_missing_only_where_the_relay_fixed_it_itself() {
    let verdict = judge(
        &order(Mode::Live),
        &cinetpay_v1(),
        &report(PaymentStatus::Paid, None),
        &Known::default(),
    );
    assert_eq!(fact(&verdict), Some(Fact::Paid));
}

#[test]
fn b2_sandbox_money_never_pays_a_live_order() {
    let sandbox = Report {
        mode: Some(Mode::Test),
        ..report(PaymentStatus::Paid, Some(xof(100)))
    };
    assert_eq!(
        fact(&judge(&order(Mode::Live), &fedapay(), &sandbox, &Known::default())),
        Some(Fact::Mismatched)
    );
    for (sold_live, expected) in [(false, Fact::Paid), (true, Fact::Mismatched)] {
        let known = Known {
            sold_live,
            ..Known::default()
        };
        let verdict = judge(&order(Mode::Test), &fedapay(), &sandbox, &known);
        assert_eq!(fact(&verdict), Some(expected));
    }
}

#[test]
fn a_faulty_parameter_holds_the_order_and_names_itself() {
    let params = MikParams {
        faults: vec![ParamFault {
            name: "miknamelength".to_owned(),
            flaw: Flaw::Length {
                value: "99".to_owned(),
                min: 3,
                max: 16,
            },
        }],
        ..MikParams::default()
    };
    let paid = report(PaymentStatus::Paid, Some(xof(100)));
    let known = Known {
        params: Some(&params),
        ..Known::default()
    };
    let verdict = judge(&order(Mode::Live), &fedapay(), &paid, &known);
    let reason = Reason::UnusableParams {
        gateway: GatewayName::Fedapay,
        faults: params.faults,
    };
    assert_eq!(verdict, Verdict::Misfit(reason), "the order must wait");
}

#[test]
fn a_second_payment_is_noticed_and_a_repeated_report_is_not_one() {
    let paid = Order {
        state: State::Delivered,
        ..order(Mode::Live)
    };
    let same = report(PaymentStatus::Paid, Some(xof(100)));
    let other = Report {
        gateway_id: Some("2".to_owned()),
        ..same.clone()
    };
    assert_eq!(
        fact(&judge(&paid, &fedapay(), &same, &Known::default())),
        Some(Fact::Paid)
    );
    assert_eq!(judge(&paid, &fedapay(), &other, &Known::default()), Verdict::PaidTwice);
    assert_eq!(
        fact(&judge(&order(Mode::Live), &fedapay(), &other, &Known::default())),
        Some(Fact::Paid),
        "a second try pays"
    );
}

#[test]
fn what_goes_back_while_an_order_waits_ends_only_that_payment() {
    for state in State::ALL {
        let order = Order {
            state,
            ..order(Mode::Live)
        };
        for status in [PaymentStatus::Refunded, PaymentStatus::ChargedBack] {
            for id in ["1", "2"] {
                let gone = Report {
                    gateway_id: Some(id.to_owned()),
                    ..report(status.clone(), Some(xof(100)))
                };
                let verdict = judge(&order, &fedapay(), &gone, &Known::default());
                assert_eq!(verdict == Verdict::Over, state.awaits_money(), "{state:?} {gone:?}");
                let ends = matches!(verdict, Verdict::Fact(Fact::Refunded | Fact::ChargedBack, _));
                assert_eq!(ends, !state.awaits_money() && id == "1", "{state:?} {gone:?}");
            }
        }
    }
}

#[test]
fn a_payment_that_went_back_buys_nothing_afterwards() {
    let paid = report(PaymentStatus::Paid, Some(xof(100)));
    for state in State::ALL
        .into_iter()
        .filter(|state| state.awaits_money())
        .chain([State::Held])
    {
        let order = Order {
            state,
            ..order(Mode::Live)
        };
        let judged = |past| {
            let known = Known {
                past,
                ..Known::default()
            };
            judge(&order, &fedapay(), &paid, &known)
        };
        assert_eq!(fact(&judged(None)), Some(Fact::Paid), "{state:?}");
        let gone = judged(Some(Past::GivenBack));
        let expected = if state.awaits_money() {
            Verdict::CameAndWent
        } else {
            Verdict::PaidButGone
        };
        assert_eq!(gone, expected, "{state:?}");
        // The bank may have decided for the seller since: nobody loses it, and nobody gets it unseen.
        let won = judged(Some(Past::TakenByBank));
        let expected = state.awaits_money().then_some(Fact::Mismatched);
        assert_eq!(fact(&won), expected, "{state:?}");
        let kept = judged(Some(Past::RefundRefused));
        let expected = state.awaits_money().then_some(Fact::Paid);
        assert_eq!(fact(&kept), expected, "{state:?}: the operator decides");
    }
}

#[test]
fn d4_another_payment_buys_where_nobody_was_shown_a_code() {
    let refunded = Order {
        state: State::Refunded,
        paid_at: Some(jiff::Timestamp::UNIX_EPOCH),
        ..order(Mode::Live)
    };
    let shown = Order {
        provisioned_at: Some(jiff::Timestamp::UNIX_EPOCH),
        ..refunded.clone()
    };
    let other = Report {
        gateway_id: Some("2".to_owned()),
        ..report(PaymentStatus::Paid, Some(xof(100)))
    };
    let judged = |order: &Order, report: &Report, past| {
        let known = Known {
            past,
            ..Known::default()
        };
        judge(order, &fedapay(), report, &known)
    };
    assert_eq!(fact(&judged(&refunded, &other, None)), Some(Fact::PaidAnew));
    assert_eq!(judged(&shown, &other, None), Verdict::PaidTwice);
    // Its own payment does not, nor one that does not fit or went back itself.
    let own = report(PaymentStatus::Paid, Some(xof(100)));
    assert_eq!(judged(&refunded, &own, None), Verdict::WonBack);
    let wrong = Report {
        amount: Some(xof(99)),
        ..other.clone()
    };
    assert_eq!(judged(&refunded, &wrong, None), Verdict::PaidTwice);
    for past in [Past::GivenBack, Past::TakenByBank] {
        assert_eq!(judged(&refunded, &other, Some(past)), Verdict::PaidButGone);
    }
    assert_eq!(judged(&refunded, &other, Some(Past::RefundRefused)), Verdict::PaidTwice);
}

#[test]
fn d4_an_event_that_says_paid_of_money_that_is_gone_ends_the_order_that_waits() {
    for state in State::ALL {
        let order = Order {
            state,
            ..order(Mode::Live)
        };
        let gone = report(PaymentStatus::Refunded, Some(xof(100)));
        let known = Known {
            told_paid: true,
            ..Known::default()
        };
        let verdict = judge(&order, &fedapay(), &gone, &known);
        assert_eq!(verdict == Verdict::CameAndWent, state.awaits_money(), "{state:?}");
    }
}

#[test]
fn a_second_payment_that_does_not_fit_either_is_not_overlooked() {
    let held = Order {
        state: State::Held,
        ..order(Mode::Live)
    };
    let wrong = Report {
        gateway_id: Some("2".to_owned()),
        ..report(PaymentStatus::Paid, Some(xof(99)))
    };
    let play = Report {
        mode: Some(Mode::Test),
        ..wrong.clone()
    };
    let right = Report {
        amount: Some(xof(100)),
        ..wrong.clone()
    };
    let judged = |report| judge(&held, &fedapay(), &report, &Known::default());
    assert_eq!(judged(wrong), Verdict::PaidTwice);
    assert_eq!(fact(&judged(right)), Some(Fact::Paid));
    assert_eq!(fact(&judged(play)), Some(Fact::Mismatched), "nothing to give back");
}

#[test]
fn words_nobody_knows_move_nothing() {
    let verdict = judge(
        &order(Mode::Live),
        &fedapay(),
        &report(PaymentStatus::Unknown("settling".into()), None),
        &Known::default(),
    );
    assert_eq!(verdict, Verdict::Nothing);
}

proptest! {
    #[test]
    fn no_amount_but_the_price_ever_pays(minor in any::<i64>(), currency in prop::sample::select(&Currency::ALL[..])) {
        let paid = Money::from_minor(minor, currency);
        let verdict = judge(&order(Mode::Live), &fedapay(), &report(PaymentStatus::Paid, Some(paid)), &Known::default());
        prop_assert_eq!(fact(&verdict) == Some(Fact::Paid), paid == xof(100));
    }
}
