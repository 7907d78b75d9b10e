//! What money means for an order, whatever the gateway says of it.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;
use crate::company::{GatewayName, RefundPolicy};
use crate::ids::{AccountId, CompanyId, HotspotId, OrderToken};
use crate::mik_params::{Flaw, ParamFault};
use crate::money::{Currency, Money};
use crate::order::{Buyer, Online, PlanSnapshot, State};
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
            false,
            None,
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
        false,
        None,
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
        fact(&judge(&order(Mode::Live), &fedapay(), &sandbox, false, None)),
        Some(Fact::Mismatched)
    );
    for (sold_live, expected) in [(false, Fact::Paid), (true, Fact::Mismatched)] {
        let verdict = judge(&order(Mode::Test), &fedapay(), &sandbox, sold_live, None);
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
    let verdict = judge(&order(Mode::Live), &fedapay(), &paid, false, Some(&params));
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
    assert_eq!(fact(&judge(&paid, &fedapay(), &same, false, None)), Some(Fact::Paid));
    assert_eq!(judge(&paid, &fedapay(), &other, false, None), Verdict::PaidTwice);
    assert_eq!(
        fact(&judge(&order(Mode::Live), &fedapay(), &other, false, None)),
        Some(Fact::Paid),
        "a second try pays"
    );
}

#[test]
fn words_nobody_knows_move_nothing() {
    let verdict = judge(
        &order(Mode::Live),
        &fedapay(),
        &report(PaymentStatus::Unknown("settling".into()), None),
        false,
        None,
    );
    assert_eq!(verdict, Verdict::Nothing);
}

#[test]
fn backoff_grows_to_five_minutes() {
    assert_eq!(backoff(0), SignedDuration::from_secs(2));
    assert_eq!(backoff(1_000), SignedDuration::from_mins(5));
}

proptest! {
    #[test]
    fn no_amount_but_the_price_ever_pays(minor in any::<i64>(), currency in prop::sample::select(&Currency::ALL[..])) {
        let paid = Money::from_minor(minor, currency);
        let verdict = judge(&order(Mode::Live), &fedapay(), &report(PaymentStatus::Paid, Some(paid)), false, None);
        prop_assert_eq!(fact(&verdict) == Some(Fact::Paid), paid == xof(100));
    }

    #[test]
    fn a_gateways_words_stay_on_one_short_line(text in ".*") {
        let line = shown(&text);
        prop_assert!(line.chars().count() <= SHOWN_CHARS && !line.chars().any(char::is_control));
    }
}
