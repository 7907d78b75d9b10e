//! The daily ledger, over real sockets: what the simulated gateways were paid against what was delivered.

use jiff::SignedDuration;
use mikrelay::gateway::{self, PaymentRequest};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::{AccountId, OrderRef};
use mikrelay::job::{Lane, Task};
use mikrelay::jobs::Turn;
use mikrelay::ledger::{Comparison, DifferenceKind, Way};
use mikrelay::money::{Currency, Money};
use mikrelay::order::{Order, State};
use mikrelay::refund::Standing;
use mikrelay::sim::gateways::{Choice, Fault};

use crate::support::{FedapayEvent, GATEWAYS, Shop, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn money_that_nobody_noticed_is_found_in_the_morning_and_becomes_a_code() {
    let ways = [
        Way::Listed,
        Way::Asked,
        Way::Asked,
        Way::Listed,
        Way::Listed,
        Way::Listed,
        Way::Listed,
    ];
    let by_preference = GATEWAYS.into_iter().chain(["mercadopago"]);
    let all = by_preference.map(|gateway| (gateway, "preferences"));
    // The other form of Mercado Pago's has a list of its own.
    for ((gateway, checkout), way) in all.chain([("mercadopago", "orders")]).zip(ways) {
        let set = format!(r#"checkout = "{checkout}""#);
        let shop = Shop::edited(|_, site| site.replace(r#"checkout = "preferences""#, &set)).await;
        let (sold, lost, open) = (
            shop.place(gateway).await,
            shop.place(gateway).await,
            shop.place(gateway).await,
        );
        pay(&shop, gateway, &sold, Choice::Pay).await;
        shop.world.drain().await;
        pay(&shop, gateway, &lost, Choice::PaySilently).await;
        let found = morning(&shop, gateway).await;
        assert_eq!(
            (found.way, found.mended, found.left_out),
            (way, 1, 0),
            "{gateway}: {found:?}"
        );
        assert_eq!(
            found.checked, 2,
            "{gateway}: the paid ones, or those that are not paid here"
        );
        assert!(
            found.differences.is_empty() && found.problem.is_none(),
            "{gateway}: {found:?}"
        );
        let history = shop.world.history(&lost).await;
        assert!(
            history.iter().any(|line| line.contains("the gateway was asked")),
            "{gateway}: {history:?}"
        );
        shop.world.later(HOUR * 2).await;
        let states = [
            shop.world.state(&sold).await,
            shop.world.state(&lost).await,
            shop.world.state(&open).await,
        ];
        assert_eq!(
            states,
            [State::Delivered, State::Delivered, State::Waiting],
            "{gateway}"
        );
        assert_eq!(shop.world.users().len(), 2, "{gateway}");
        let sales = shop.world.mailbox.messages().into_iter();
        let sales = sales.filter(|mail| mail.subject.starts_with("Vente")).count();
        assert_eq!((sales, ledger_mails(&shop.world)), (2, Vec::new()), "{gateway}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_listed_and_told_once_in_one_mail() {
    let shop = Shop::open().await;
    let short = shop.place("feexpay").await;
    shop.gateways
        .feexpay
        .claim_amount(short.reference.as_str(), "499")
        .unwrap();
    pay(&shop, "feexpay", &short, Choice::PaySilently).await;
    // More than a page of payments that somebody else's shop made with the same account.
    for number in 0..60 {
        paid_elsewhere(&shop, &format!("SHOP-{number}")).await;
    }
    let (listed, asked) = (morning(&shop, "fedapay").await, morning(&shop, "feexpay").await);
    assert_eq!((listed.checked, listed.differences.len()), (60, 60));
    let unknown = &listed.differences[59];
    assert_eq!(
        (unknown.kind, unknown.order.clone()),
        (DifferenceKind::Unknown, Some(OrderRef::new("SHOP-0")))
    );
    assert_eq!(shop.world.state(&short).await, State::Held);
    assert_eq!((asked.mended, asked.differences[0].kind), (0, DifferenceKind::Held));
    assert_eq!(asked.differences[0].order, Some(short.reference.clone()));

    shop.world.later(HOUR * 2).await;
    let told = ledger_mails(&shop.world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("SHOP-0") || told[0].contains("et 40 de plus"),
        "{}",
        told[0]
    );
    assert!(
        told[0].contains(short.reference.as_str()) && told[0].contains("mikrelay order ledger"),
        "{}",
        told[0]
    );

    // The next days see the same; only what is new is told.
    shop.world.later(DAY).await;
    assert_eq!(ledger_mails(&shop.world).len(), 1);
    paid_elsewhere(&shop, "SHOP-NEW").await;
    shop.world.later(DAY).await;
    shop.world.later(HOUR * 2).await;
    let told = ledger_mails(&shop.world);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(!told[1].contains(short.reference.as_str()), "{}", told[1]);
}

#[tokio::test]
async fn a_second_payment_of_a_sold_order_is_told_and_listed_and_changes_nothing() {
    let shop = Shop::open().await;
    let order = shop.place("fedapay").await;
    pay(&shop, "fedapay", &order, Choice::Pay).await;
    shop.world.drain().await;
    paid_elsewhere_as(&shop, "OTHER", order.reference.as_str()).await;
    let found = morning(&shop, "fedapay").await;
    assert_eq!((found.checked, found.mended), (2, 0));
    assert_eq!(found.differences.len(), 1);
    assert_eq!(
        (found.differences[0].kind, found.differences[0].order.clone()),
        (DifferenceKind::Second, Some(order.reference.clone()))
    );
    assert_eq!(
        (shop.world.state(&order).await, shop.world.users().len()),
        (State::Delivered, 1)
    );
    // As if its webhook had come: the operator has his mail of it, once however often it is listed.
    for _ in 0..2 {
        shop.world.drain().await;
        let told = shop.world.mailbox.messages().into_iter();
        let told: Vec<_> = told.filter(|mail| mail.text.contains("order refund")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].text.contains("--payment"), "{}", told[0].text);
        let again = morning(&shop, "fedapay").await;
        assert_eq!(again.differences.len(), 1, "{again:?}");
    }
}

#[tokio::test]
async fn a_second_payment_that_only_the_list_knows_goes_back_by_policy() {
    for (gateway, policy) in [
        ("mercadopago", "checkout = \"preferences\""),
        ("fedapay", "id = \"by-fedapay\""),
    ] {
        let shop = Shop::edited(|_, site| {
            assert!(site.contains(policy), "{site}");
            site.replacen(policy, &format!("{policy}\nrefund_paid_twice = true"), 1)
        })
        .await;
        let order = shop.place(gateway).await;
        pay(&shop, gateway, &order, Choice::Pay).await;
        shop.world.drain().await;
        let by_api = gateway == "mercadopago";
        if by_api {
            pay(&shop, gateway, &order, Choice::PaySilently).await;
        } else {
            paid_elsewhere_as(&shop, "OTHER", order.reference.as_str()).await;
        }
        let found = morning(&shop, gateway).await;
        assert_eq!((found.checked, found.mended), (2, 1), "{gateway}: {found:?}");
        assert!(found.differences.is_empty(), "{gateway}: it goes back: {found:?}");
        shop.world.drain().await;
        let reference = order.reference.clone();
        let read = move |db: &mikrelay::store::Db<'_>| db.refunds_of_order(&reference);
        let refunds = shop.world.relay.store().read(read).await.unwrap();
        assert_eq!(refunds.len(), 1, "{gateway}: {refunds:?}");
        let expected = if by_api { Standing::Done } else { Standing::ByHand };
        assert_eq!(
            (refunds[0].standing, refunds[0].is_extra),
            (expected, true),
            "{gateway}"
        );
        let todo = shop.world.mailbox.messages().into_iter();
        let todo = todo.filter(|mail| mail.subject.starts_with("À faire")).count();
        assert_eq!(todo, usize::from(!by_api), "{gateway}");
        assert_eq!(
            (shop.world.state(&order).await, shop.world.users().len()),
            (State::Delivered, 1),
            "{gateway}"
        );
        let again = morning(&shop, gateway).await;
        assert_eq!((again.mended, again.differences.len()), (0, 0), "{gateway}: {again:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_down_is_asked_again_and_the_days_are_made_up_for() {
    let shop = Shop::open().await;
    let good = morning(&shop, "fedapay").await;
    let lost = shop.place("fedapay").await;
    pay(&shop, "fedapay", &lost, Choice::PaySilently).await;
    shop.gateways.fedapay.fail_next([Fault::ServerError; 20]);
    advance(&shop.world, DAY);
    let account = AccountId::new("by-fedapay");
    for _ in 0..13 {
        assert_eq!(turn(&shop.world, &account).await, Turn::Ran);
        advance(&shop.world, HOUR);
    }
    let failed = comparison(&shop.world, &account).await.unwrap();
    assert!(failed.problem.as_deref().unwrap().contains("502"), "{failed:?}");
    assert_eq!((failed.since, failed.until), (good.since, good.until));
    assert_eq!(turn(&shop.world, &account).await, Turn::NothingDue);
    advance(&shop.world, DAY);
    assert_eq!(turn(&shop.world, &account).await, Turn::Ran);
    let made_up = comparison(&shop.world, &account).await.unwrap();
    assert_eq!((made_up.mended, made_up.problem), (1, None));
    assert_eq!(made_up.since, good.until - DAY);
}

#[tokio::test]
async fn a_list_that_cannot_be_had_gives_way_to_questions() {
    let shop = Shop::open().await;
    let lost = shop.place("feexpay").await;
    pay(&shop, "feexpay", &lost, Choice::PaySilently).await;
    shop.gateways.feexpay.fail_next([Fault::Garbage; 7]);
    shop.world.relay.plan_daily_work().await.unwrap();
    advance(&shop.world, DAY);
    let account = AccountId::new("by-feexpay");
    for _ in 0..7 {
        assert!(comparison(&shop.world, &account).await.is_none());
        assert_eq!(turn(&shop.world, &account).await, Turn::Ran);
        advance(&shop.world, HOUR);
    }
    let found = comparison(&shop.world, &account).await.unwrap();
    assert_eq!(
        (found.way, found.checked, found.mended),
        (Way::Asked, 1, 1),
        "{found:?}"
    );
}

#[tokio::test]
async fn an_account_that_cannot_ask_shows_what_is_stuck_here() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world
        .fedapay(&FedapayEvent {
            amount: 1,
            ..FedapayEvent::approved(&order)
        })
        .await;
    world.drain().await;
    world.relay.plan_daily_work().await.unwrap();
    advance(&world, DAY);
    let account = AccountId::new("feda");
    assert_eq!(turn(&world, &account).await, Turn::Ran);
    let found = comparison(&world, &account).await.unwrap();
    assert_eq!((found.way, found.checked), (Way::Alone, 0));
    assert_eq!(
        (found.differences.len(), found.differences[0].kind),
        (1, DifferenceKind::Held)
    );
    let mut out = Vec::new();
    mikrelay::cli::ledger::print(world.relay.store(), false, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.contains("ours only") && out.contains("held") && out.contains(order.reference.as_str()),
        "{out}"
    );
    let mut out = Vec::new();
    mikrelay::cli::ledger::print(world.relay.store(), true, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json[0]["differences"][0]["amount"], "100");
}

#[tokio::test]
async fn the_daily_jobs_are_planned_once_and_outlive_a_restart() {
    let world = World::new().await;
    let before = world.jobs().await;
    for _ in 0..2 {
        world.relay.plan_daily_work().await.unwrap();
    }
    let planned = world.jobs().await;
    assert_eq!(
        planned - before,
        2,
        "the ledger of the one account, and the housekeeping"
    );
    // A clock check does not take a job of tomorrow morning for a clock's mistake.
    world.drain().await;
    assert!(comparison(&world, &AccountId::new("feda")).await.is_none());
    let world = world.restart().await;
    assert_eq!(world.jobs().await, planned);
    world.later(DAY).await;
    assert!(comparison(&world, &AccountId::new("feda")).await.is_some());
    assert_eq!(world.jobs().await, planned, "the next morning is planned");
}

/// Lets the morning come for one account and gives what was found. Nobody else works in that night.
async fn morning(shop: &Shop, gateway: &str) -> Comparison {
    let account = AccountId::new(format!("by-{}", gateway.replace('_', "-")));
    shop.world.relay.plan_daily_work().await.unwrap();
    let last = comparison(&shop.world, &account).await.map(|last| last.until);
    for _ in 0..25 {
        if turn(&shop.world, &account).await == Turn::Ran {
            let found = comparison(&shop.world, &account).await.unwrap();
            assert_ne!(Some(found.until), last);
            return found;
        }
        advance(&shop.world, HOUR);
    }
    panic!("no morning came");
}

async fn turn(world: &World, account: &AccountId) -> Turn {
    world.runner.turn(&Lane::Ledger(account.clone())).await.unwrap()
}

fn advance(world: &World, by: SignedDuration) {
    world.clock.advance_ms(by.as_millis().try_into().unwrap());
}

async fn comparison(world: &World, account: &AccountId) -> Option<Comparison> {
    let account = account.clone();
    world
        .relay
        .store()
        .read(move |db| db.comparison(&account))
        .await
        .unwrap()
}

async fn pay(shop: &Shop, gateway: &str, order: &Order, choice: Choice) {
    shop.gateway(gateway)
        .pay(order.reference.as_str(), choice)
        .await
        .unwrap();
}

fn ledger_mails(world: &World) -> Vec<String> {
    let mails = world.mailbox.messages().into_iter();
    mails
        .filter(|mail| mail.subject.starts_with("Contrôle du jour"))
        .map(|mail| mail.text)
        .collect()
}

/// A payment that another shop makes with the same FedaPay account.
async fn paid_elsewhere(shop: &Shop, reference: &str) {
    paid_elsewhere_as(shop, reference, reference).await;
}

/// The same, whose own data name another order.
async fn paid_elsewhere_as(shop: &Shop, reference: &str, order: &str) {
    let directory = shop.world.relay.store().directory();
    let account = &directory.accounts[&AccountId::new("by-fedapay")];
    let request = PaymentRequest {
        order: OrderRef::new(reference),
        amount: Money::from_minor(100, Currency::Xof),
        description: "Autre boutique".to_owned(),
        return_url: "https://shop.example/".to_owned(),
        notify_url: "https://shop.example/".to_owned(),
        language: mikrelay::company::Language::Fr,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "BJ".to_owned(),
        created_at: shop.world.clock.now(),
    };
    HttpClient::new()
        .converse(gateway::of(account).start(account, &request))
        .await
        .unwrap();
    shop.gateways.fedapay.pay(reference, Choice::PaySilently).await.unwrap();
    if order != reference {
        shop.gateways.fedapay.claim_order(reference, order).unwrap();
    }
}

#[test]
fn every_kind_of_daily_work_is_exempt_from_the_short_clock_check() {
    for task in [
        Task::Ledger(AccountId::new("a")),
        Task::LedgerMail(mikrelay::ids::CompanyId::new("c")),
        Task::Housekeeping,
    ] {
        assert!(Task::DAILY_KINDS.contains(&task.kind()), "{task:?}");
        assert_eq!(Task::from_parts(task.kind(), &task.subject()), Some(task));
    }
}
