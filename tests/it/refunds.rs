//! Money that goes back, over real sockets: through the APIs of Conekta and Mercado Pago, and by the operator's hand where a gateway has
//! none; wished by the operator, by the account's policy, or seen at the gateway.

use jiff::SignedDuration;
use mikrelay::cli::refund::{Wish, refund, refunded};
use mikrelay::order::{Order, State};
use mikrelay::refund::{Refund, RefundReason, Standing};
use mikrelay::sim::gateways::{Choice, Fault, Quirk, SimGateways, SimStatus};
use mikrelay::store::AuditFilter;

use crate::support::{FedapayEvent, MAC, Shop, World};

const MP: &str = "mercadopago";
const CONEKTA: &str = "conekta";
const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn the_operator_gives_money_back_and_the_code_stops_working() {
    for (gateway, amount) in [(MP, "15.10 MXN"), (CONEKTA, "15.00 MXN")] {
        // The first call looks at the payment, the second is the adapter's own look, the third gives back.
        for (spared, fault) in [
            (0, None),
            (0, Some(Fault::ServerError)),
            (0, Some(Fault::HangUpAfterAccepting)),
            (2, Some(Fault::ServerError)),
            (2, Some(Fault::SilentAfterAccepting)),
            (2, Some(Fault::HangUpAfterAccepting)),
        ] {
            // It waits real seconds; once is enough.
            if gateway != MP && fault == Some(Fault::SilentAfterAccepting) {
                continue;
            }
            let case = format!("{gateway}, {fault:?} after {spared}");
            let shop = Shop::open().await;
            let order = sold_by(&shop, gateway).await;
            assert!(shop.world.router.is_online(MAC));
            let said = wish(&shop.world, &order, false).unwrap();
            assert!(said.contains(amount) && said.contains("stops working"), "{said}");
            assert!(said.contains("--yes"), "{said}");
            shop.world.drain().await;
            assert_eq!(shop.world.state(&order).await, State::Delivered, "nothing was done yet");
            wish(&shop.world, &order, true).unwrap();
            let faults = std::iter::repeat_n(Fault::Spared, spared).chain(fault);
            shop.gateway(gateway).fail_next(faults);
            for _ in 0..6 {
                shop.world.later(MINUTE).await;
            }
            assert_eq!(shop.world.state(&order).await, State::Refunded, "{case}");
            assert!(
                shop.world.users()[0].disabled && !shop.world.router.is_online(MAC),
                "{case}"
            );
            let is_repeated = (spared, fault) == (2, Some(Fault::ServerError));
            assert_eq!(posts_to(&shop, gateway), if is_repeated { 2 } else { 1 }, "{case}");
            let refunds = refunds(&shop.world, &order).await;
            assert_eq!((refunds.len(), refunds[0].standing), (1, Standing::Done), "{refunds:?}");
            let mails = shop.world.mailbox.messages();
            let told = mails.iter().filter(|mail| mail.subject.starts_with("Remboursé"));
            assert_eq!(told.count(), 1, "the operator, once: {case}");
            let error = wish(&shop.world, &order, true).unwrap_err();
            assert!(error.contains("already"), "{error}");
        }
    }
}

#[tokio::test]
async fn what_conekta_takes_back_disables_the_user_and_ends_his_session() {
    for (status, told) in [
        (SimStatus::Refunded, "Remboursé"),
        (SimStatus::Word("charged_back".to_owned()), "Commande à vérifier"),
    ] {
        let shop = Shop::open().await;
        let order = sold_by(&shop, CONEKTA).await;
        assert!(shop.world.router.is_online(MAC));
        let before = shop.world.mailbox.messages().len();
        for _ in 0..2 {
            let gateway = &shop.gateways.conekta;
            gateway.tell(order.reference.as_str(), status.clone()).await.unwrap();
            shop.world.drain().await;
        }
        assert_eq!(shop.world.state(&order).await, State::Refunded, "{status:?}");
        assert!(
            shop.world.users()[0].disabled && !shop.world.router.is_online(MAC),
            "{status:?}"
        );
        let mails = shop.world.mailbox.messages().split_off(before);
        assert_eq!(mails.len(), 1, "{status:?}: {mails:?}");
        assert!(mails[0].subject.starts_with(told), "{}", mails[0].subject);
        assert_eq!(posts_to(&shop, CONEKTA), 0, "{status:?}");
    }
}

#[tokio::test]
async fn what_no_router_took_goes_back_through_conekta_by_policy() {
    let shop = Shop::edited(|_, site| {
        let policy = "id = \"by-conekta\"\nrefund_undelivered_after_h = 24";
        assert!(site.contains("id = \"by-conekta\""), "{site}");
        site.replacen("id = \"by-conekta\"", policy, 1)
    })
    .await;
    shop.world.router.power_off().await;
    let order = shop.place(CONEKTA).await;
    pay_by(&shop, CONEKTA, &order, Choice::Pay).await;
    // The call that gives back takes effect and its answer is lost.
    for _ in 0..12 {
        shop.world.later(DAY / 12 - MINUTE).await;
    }
    assert_eq!(
        (shop.world.state(&order).await, posts_to(&shop, CONEKTA)),
        (State::Paid, 0)
    );
    shop.gateways
        .conekta
        .fail_next([Fault::Spared, Fault::Spared, Fault::HangUpAfterAccepting]);
    for _ in 0..5 {
        shop.world.later(MINUTE * 10).await;
    }
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert_eq!(posts_to(&shop, CONEKTA), 1);
    shop.world.router.power_on().await.unwrap();
    shop.world.later(DAY).await;
    assert!(shop.world.users().is_empty(), "refunded and delivered both");
}

#[tokio::test]
async fn a_refund_that_takes_its_time_is_polled_until_it_is_done() {
    let shop = Shop::open().await;
    let order = sold(&shop).await;
    shop.gateways.mercadopago.set_quirk(Quirk::SlowRefunds, true);
    wish(&shop.world, &order, true).unwrap();
    for _ in 0..20 {
        shop.world.later(MINUTE).await;
    }
    assert_eq!(refunds(&shop.world, &order).await[0].standing, Standing::Pending);
    assert_eq!(shop.world.state(&order).await, State::Delivered);
    let error = wish(&shop.world, &order, true).unwrap_err();
    assert!(error.contains("under way"), "{error}");
    shop.gateways
        .mercadopago
        .set_status(order.reference.as_str(), SimStatus::Refunded)
        .unwrap();
    shop.world.later(MINUTE * 10).await;
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert_eq!(posts(&shop), 1);
}

#[tokio::test]
async fn a_second_payment_goes_back_alone_where_the_policy_says_so() {
    let shop = Shop::edited(with_policy).await;
    let order = sold(&shop).await;
    pay(&shop, &order, Choice::Pay).await;
    shop.world.later(MINUTE * 5).await;
    let refunds = refunds(&shop.world, &order).await;
    assert_eq!(refunds.len(), 1, "{refunds:?}");
    let own = shop.world.order(&order.reference).await;
    assert!(refunds[0].is_extra && own.gateway_id.as_ref() != Some(&refunds[0].payment.gateway_id));
    assert_eq!(
        (refunds[0].standing, refunds[0].reason),
        (Standing::Done, RefundReason::Duplicate)
    );
    assert_eq!((own.state, posts(&shop)), (State::Delivered, 1));
    assert!(!shop.world.users()[0].disabled && shop.world.router.is_online(MAC));
}

#[tokio::test]
async fn what_no_router_took_is_refunded_by_policy_and_never_made_afterwards() {
    let shop = Shop::edited(with_policy).await;
    shop.world.router.power_off().await;
    let order = shop.place(MP).await;
    pay(&shop, &order, Choice::Pay).await;
    for _ in 0..12 {
        shop.world.later(DAY / 12 - MINUTE).await;
    }
    assert_eq!(shop.world.state(&order).await, State::Paid, "not yet");
    shop.world.later(MINUTE * 15).await;
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert_eq!(posts(&shop), 1);
    shop.world.router.power_on().await.unwrap();
    shop.world.later(DAY).await;
    assert!(shop.world.users().is_empty(), "refunded and delivered both");
}

#[tokio::test]
async fn a_user_that_may_exist_is_taken_away_before_its_money_goes_back() {
    let shop = Shop::edited(with_policy).await;
    let order = shop.place(MP).await;
    // The router makes the user, and its answer is lost.
    shop.world
        .router
        .cut_at_add(1, mikrelay::sim::router::CutAt::AfterExecuting);
    pay(&shop, &order, Choice::Pay).await;
    shop.world.router.power_off().await;
    assert_eq!(shop.world.users().len(), 1);
    for _ in 0..30 {
        shop.world.later(MINUTE * 60).await;
    }
    assert_eq!(shop.world.state(&order).await, State::Refunding);
    assert_eq!(posts(&shop), 0, "the router was not heard");
    shop.world.router.power_on().await.unwrap();
    shop.world.later(MINUTE * 20).await;
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert!(shop.world.users().iter().all(|user| user.disabled));
    assert_eq!(posts(&shop), 1);
}

#[tokio::test]
async fn a_router_that_is_off_for_hours_loses_the_user_when_it_is_back() {
    let shop = Shop::open().await;
    let order = sold(&shop).await;
    shop.world.router.power_off().await;
    shop.gateways
        .mercadopago
        .tell(order.reference.as_str(), SimStatus::Refunded)
        .await
        .unwrap();
    for _ in 0..5 {
        shop.world.later(MINUTE * 60).await;
    }
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert!(!shop.world.users()[0].disabled);
    shop.world.router.power_on().await.unwrap();
    shop.world.later(MINUTE * 20).await;
    assert!(shop.world.users()[0].disabled && !shop.world.router.is_online(MAC));
}

#[tokio::test]
async fn a_refund_whose_webhook_got_lost_is_found_in_the_morning() {
    let shop = Shop::open().await;
    let order = sold(&shop).await;
    shop.world.relay.plan_daily_work().await.unwrap();
    shop.gateways
        .mercadopago
        .set_status(order.reference.as_str(), SimStatus::Refunded)
        .unwrap();
    for _ in 0..3 {
        shop.world.later(DAY).await;
    }
    assert_eq!(shop.world.state(&order).await, State::Refunded);
    assert!(shop.world.users()[0].disabled);
}

#[tokio::test]
async fn a_chargeback_is_told_by_name_and_once_and_so_is_a_won_one() {
    let shop = Shop::open().await;
    let order = sold(&shop).await;
    let alerts = || {
        let mails = shop.world.mailbox.messages();
        mails
            .iter()
            .filter(|mail| mail.text.contains("mikrelay order show"))
            .count()
            + mails.iter().filter(|mail| mail.text.contains("contestez")).count()
    };
    for (word, state, expected) in [
        ("in_mediation/pending", State::Delivered, 0),
        ("charged_back/settled", State::Refunded, 1),
        ("charged_back/reimbursed", State::Refunded, 2),
    ] {
        for _ in 0..3 {
            shop.gateways
                .mercadopago
                .tell(order.reference.as_str(), SimStatus::Word(word.to_owned()))
                .await
                .unwrap();
            shop.world.drain().await;
        }
        assert_eq!(shop.world.state(&order).await, state, "{word}");
        assert_eq!(
            alerts(),
            expected,
            "{word}: {:#?}",
            shop.world
                .mailbox
                .messages()
                .iter()
                .map(|mail| &mail.text)
                .collect::<Vec<_>>()
        );
    }
    assert!(shop.world.users()[0].disabled);
}

#[tokio::test]
async fn a_gateway_without_an_api_is_the_operators_to_do() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let said = wish(&world, &order, true).unwrap();
    assert!(
        said.contains("104013") && said.contains("MTN") && said.contains("order refunded"),
        "{said}"
    );
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Delivered);
    let mails = world.mailbox.messages();
    let todo = mails.iter().find(|mail| mail.subject.starts_with("À faire")).unwrap();
    assert!(
        todo.text.contains("104013") && todo.text.contains("order refunded"),
        "{}",
        todo.text
    );
    let mut out = Vec::new();
    refunded(world.relay.store(), order.reference.as_str(), None, &mut out).unwrap();
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Refunded);
    assert!(world.users()[0].disabled && !world.router.is_online(MAC));
    assert!(refunded(world.relay.store(), order.reference.as_str(), None, &mut out).is_err());
    let every = AuditFilter {
        company: None,
        limit: 10,
    };
    let lines = world.relay.store().read_now(|db| db.audits(&every)).unwrap();
    let acts: Vec<_> = lines.iter().map(|audit| audit.line.act.as_str()).collect();
    assert_eq!(acts, ["order refunded", "order refund"], "what was refused is no act");
    assert_eq!(lines[0].line.subject, format!("order {}", order.reference));
}

#[tokio::test]
async fn money_that_went_back_before_it_was_heard_of_ends_no_order_that_waits() {
    for (gateway, status) in [
        (MP, SimStatus::Refunded),
        (MP, SimStatus::Word("charged_back/settled".to_owned())),
        (CONEKTA, SimStatus::Refunded),
    ] {
        let shop = Shop::open().await;
        let order = shop.place(gateway).await;
        pay_by(&shop, gateway, &order, Choice::PaySilently).await;
        for _ in 0..2 {
            let told = shop.gateway(gateway).tell(order.reference.as_str(), status.clone());
            told.await.unwrap();
            shop.world.drain().await;
        }
        let now = shop.world.order(&order.reference).await;
        assert!(now.state.awaits_money(), "{gateway} {status:?}: {:?}", now.state);
        assert_eq!(posts_to(&shop, gateway), 0);
        let known = refunds(&shop.world, &order).await;
        assert_eq!((known.len(), known[0].standing), (1, Standing::Done), "{known:?}");
        assert_eq!(
            (known[0].payment.order.clone(), known[0].is_extra),
            (order.reference.clone(), true)
        );
        if gateway == CONEKTA {
            // Its order is its payment: the page says that it is over.
            assert_eq!((now.state, now.gateway_id), (State::Cancelled, None));
            continue;
        }
        // Only the reconciler hears of the next one.
        pay_by(&shop, gateway, &order, Choice::PaySilently).await;
        shop.world.later(MINUTE * 20).await;
        shop.world.later(MINUTE * 70).await;
        let history = shop.world.history(&order).await;
        let calls = shop.gateway(gateway).calls();
        assert_eq!(
            shop.world.state(&order).await,
            State::Delivered,
            "{status:?}: {history:?} {calls:?}"
        );
        assert_eq!(shop.world.users().iter().filter(|user| !user.disabled).count(), 1);
    }
}

#[tokio::test]
async fn a_refund_that_stays_open_is_told_again_each_day_and_listed() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    wish(&world, &order, true).unwrap();
    world.drain().await;
    let reminders = || {
        let mails = world.mailbox.messages().into_iter();
        mails
            .filter(|mail| mail.text.contains("doit être rendu depuis"))
            .collect::<Vec<_>>()
    };
    for day in 0..3 {
        assert_eq!(reminders().len(), day);
        for _ in 0..3 {
            world.later(DAY / 4).await;
            assert_eq!(reminders().len(), day, "once a day");
        }
        world.later(DAY / 4).await;
    }
    let last = reminders().pop().unwrap().text;
    assert!(last.contains("3 jours") && last.contains("order refunded"), "{last}");
    let list = |json| {
        let mut out = Vec::new();
        mikrelay::cli::order::list(world.relay.store(), &[], 10, json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert!(list(false).contains("by hand"), "{}", list(false));
    let json: serde_json::Value = serde_json::from_str(&list(true)).unwrap();
    assert_eq!(json[0]["open_refunds"][0]["standing"], "by_hand", "{json}");
    refunded(world.relay.store(), order.reference.as_str(), None, &mut Vec::new()).unwrap();
    world.later(DAY * 2).await;
    assert_eq!(reminders().len(), 3, "nothing is open any more");
    assert!(!list(false).contains("by hand"));
}

#[tokio::test]
async fn what_waits_for_the_router_to_go_back_is_told_again_too() {
    let shop = Shop::edited(with_policy).await;
    let order = shop.place(MP).await;
    shop.world
        .router
        .cut_at_add(1, mikrelay::sim::router::CutAt::AfterExecuting);
    pay(&shop, &order, Choice::Pay).await;
    shop.world.router.power_off().await;
    for _ in 0..3 {
        shop.world.later(DAY).await;
    }
    assert_eq!((shop.world.state(&order).await, posts(&shop)), (State::Refunding, 0));
    let mails = shop.world.mailbox.messages();
    let told = mails.iter().filter(|mail| mail.text.contains("doit être rendu depuis"));
    assert_eq!(told.count(), 2, "a day and two days after the wish");
}

#[tokio::test]
async fn of_two_payments_that_wait_for_the_operators_hand_he_says_which() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let again = FedapayEvent {
        id: 104_999,
        ..FedapayEvent::approved(&order)
    };
    world.fedapay(&again).await;
    world.drain().await;
    let second = Wish {
        reference: order.reference.to_string(),
        payment: Some("104999".to_owned()),
        reason: RefundReason::Duplicate,
        yes: true,
    };
    refund(world.relay.store(), &second, &mut Vec::new()).unwrap();
    let mails = world.mailbox.messages();
    world.drain().await;
    let todo = world.mailbox.messages().split_off(mails.len());
    assert!(todo[0].text.contains("--payment 104999"), "{}", todo[0].text);
    wish(&world, &order, true).unwrap();
    let say = |payment: Option<&str>| {
        let reference = order.reference.as_str();
        refunded(world.relay.store(), reference, payment, &mut Vec::new()).map_err(|error| error.to_string())
    };
    let error = say(None).unwrap_err();
    assert!(error.contains("104013") && error.contains("104999"), "{error}");
    say(Some("104999")).unwrap();
    world.drain().await;
    assert_eq!(
        (world.state(&order).await, world.users()[0].disabled),
        (State::Delivered, false)
    );
    say(None).unwrap();
    world.drain().await;
    assert_eq!(
        (world.state(&order).await, world.users()[0].disabled),
        (State::Refunded, true)
    );
}

#[tokio::test]
async fn a_second_payment_that_does_not_fit_either_is_told() {
    let world = World::new().await;
    let order = world.place("1h").await;
    for (id, amount) in [(104_013, 50), (104_999, 60)] {
        let event = FedapayEvent {
            id,
            amount,
            ..FedapayEvent::approved(&order)
        };
        for _ in 0..2 {
            world.fedapay(&event).await;
            world.drain().await;
        }
    }
    assert_eq!(world.state(&order).await, State::Held);
    let history = world.history(&order).await;
    let twice = history
        .iter()
        .filter(|line| line.contains("paid twice: payment 104999"));
    assert_eq!(twice.count(), 1, "{history:?}");
    let right = FedapayEvent {
        id: 105_000,
        ..FedapayEvent::approved(&order)
    };
    world.fedapay(&right).await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
    let history = world.history(&order).await;
    let twice = history.iter().filter(|line| line.contains("paid twice"));
    assert_eq!(twice.count(), 2, "the first one is left over as well: {history:?}");
}

#[tokio::test]
async fn what_was_never_paid_cannot_be_given_back() {
    let shop = Shop::open().await;
    let order = shop.place(MP).await;
    let error = wish(&shop.world, &order, true).unwrap_err();
    assert!(error.contains("never paid"), "{error}");
}

fn with_policy(_: &SimGateways, site: String) -> String {
    let policy = "checkout = \"preferences\"\nrefund_undelivered_after_h = 24\nrefund_paid_twice = true";
    site.replace("checkout = \"preferences\"", policy)
}

async fn sold(shop: &Shop) -> Order {
    sold_by(shop, MP).await
}

async fn sold_by(shop: &Shop, gateway: &str) -> Order {
    let order = shop.place(gateway).await;
    pay_by(shop, gateway, &order, Choice::Pay).await;
    assert_eq!(shop.world.state(&order).await, State::Delivered);
    order
}

async fn pay(shop: &Shop, order: &Order, choice: Choice) {
    pay_by(shop, MP, order, choice).await;
}

async fn pay_by(shop: &Shop, gateway: &str, order: &Order, choice: Choice) {
    shop.gateway(gateway)
        .pay(order.reference.as_str(), choice)
        .await
        .unwrap();
    shop.world.drain().await;
}

/// How often the gateway was asked to give money back.
fn posts(shop: &Shop) -> usize {
    posts_to(shop, MP)
}

fn posts_to(shop: &Shop, gateway: &str) -> usize {
    let calls = shop.gateway(gateway).calls();
    let is_refund = |call: &&String| call.starts_with("POST") && call.contains("/refund");
    calls.iter().filter(is_refund).count()
}

async fn refunds(world: &World, order: &Order) -> Vec<Refund> {
    let reference = order.reference.clone();
    world
        .relay
        .store()
        .read(move |db| db.refunds_of_order(&reference))
        .await
        .unwrap()
}

/// `mikrelay order refund`: what it says, or why it does not.
fn wish(world: &World, order: &Order, yes: bool) -> Result<String, String> {
    let wish = Wish {
        reference: order.reference.to_string(),
        payment: None,
        reason: RefundReason::RequestedByClient,
        yes,
    };
    let mut out = Vec::new();
    refund(world.relay.store(), &wish, &mut out).map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8(out).unwrap())
}
