//! Events that cross each other, and rows that cannot be read: one order's trouble stays its own.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mikrelay::ids::RouterId;
use mikrelay::job::Lane;
use mikrelay::order::{Order, State};
use mikrelay::sim::gateways::{SimGateways, SimGatewaysConfig, SimStatus};
use mikrelay::sim::router::{CutAt, SimRouterConfig};
use mikrelay::store::EventFilter;

use crate::support::{FedapayEvent, UUID, World};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn d4_a_refund_while_the_routers_answer_is_lost_leaves_no_live_user() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    world.router.cut_at_add(1, CutAt::AfterExecuting);
    world.fedapay(&approved).await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Paid, 1));
    let refunded = FedapayEvent {
        name: "transaction.refunded",
        status: "refunded",
        ..approved
    };
    world.fedapay(&refunded).await;
    world.later(MINUTE).await;
    assert_eq!(world.state(&order).await, State::Refunded);
    let users = world.users();
    assert!(users.len() == 1 && users[0].disabled, "{users:?}");
}

#[tokio::test]
async fn one_payment_named_for_two_orders_is_one_user_and_told() {
    let world = World::new().await;
    let (first, second, third) = (
        world.place("1h").await,
        world.place("1h").await,
        world.place("1h").await,
    );
    world.fedapay(&FedapayEvent::approved(&first)).await;
    world.drain().await;
    // The gateway's own number says whose money it is, whatever reference stands beside it.
    let again = FedapayEvent {
        name: "transaction.transferred",
        status: "transferred",
        ..FedapayEvent::approved(&second)
    };
    let own = FedapayEvent {
        id: 104_014,
        ..FedapayEvent::approved(&third)
    };
    assert_eq!(
        (world.fedapay(&again).await.status, world.fedapay(&own).await.status),
        (200, 200)
    );
    world.drain().await;
    assert_eq!(
        (
            world.state(&first).await,
            world.state(&second).await,
            world.state(&third).await
        ),
        (State::Delivered, State::Waiting, State::Delivered)
    );
    assert_eq!(world.users().len(), 2);
    let events = world
        .relay
        .store()
        .read(|db| db.events(&EventFilter::default()))
        .await
        .unwrap();
    let told = events.iter().filter_map(|event| event.outcome.as_deref());
    assert_eq!(
        told.filter(|outcome| outcome.contains("belongs to another order"))
            .count(),
        1,
        "{events:?}"
    );
}

#[tokio::test]
async fn i3_a_row_that_cannot_be_read_holds_up_nobody_and_is_shown() {
    let world = World::new().await;
    let mut orders = Vec::new();
    for number in 0..8 {
        let order = world.place("1h").await;
        world
            .fedapay(&FedapayEvent {
                id: 500 + number,
                ..FedapayEvent::approved(&order)
            })
            .await;
        orders.push(order);
    }
    let broken = orders.remove(3);
    damage(&world, &broken);
    world.drain().await;
    for order in &orders {
        assert_eq!(world.state(order).await, State::Delivered);
    }
    let event = world
        .relay
        .store()
        .read(|db| {
            db.events(&EventFilter {
                settled: Some(false),
                ..EventFilter::default()
            })
        })
        .await;
    assert_eq!(event.unwrap().len(), 1, "what could not be settled stays open");
    mend(&world, &broken);
    world.later(MINUTE * 2).await;
    assert_eq!((world.state(&broken).await, world.users().len()), (State::Delivered, 8));
}

fn damage(world: &World, order: &Order) {
    set_voucher(world, order, "x'00'");
}

fn mend(world: &World, order: &Order) {
    set_voucher(world, order, "NULL");
}

fn set_voucher(world: &World, order: &Order, value: &str) {
    let database = rusqlite::Connection::open(world.folder.path().join("mikrelay.db")).unwrap();
    let sql = format!("UPDATE orders SET voucher_sealed = {value} WHERE reference = ?1");
    assert_eq!(database.execute(&sql, [order.reference.as_str()]).unwrap(), 1);
}

#[tokio::test]
async fn a_callback_that_names_another_server_meanwhile_leaves_one_user_where_the_order_says() {
    let world = World::new().await;
    world.router.add_server("hotspot2");
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    world.fedapay(&approved).await;
    let account = Lane::Account(order.account.clone());
    world.runner.turn(&account).await.unwrap();
    assert_eq!(world.state(&order).await, State::Paid);
    // While the router is asked about its profiles, a second event of the payment names another server.
    world.router.set_delay(Some(std::time::Duration::from_millis(100)));
    let router = Lane::Router(RouterId::new("r1"));
    let settle_another = async {
        let transferred = FedapayEvent {
            name: "transaction.transferred",
            status: "transferred",
            ..approved
        };
        world.fedapay_with(&transferred, &[("mikserver", "hotspot2")]).await;
        world.runner.turn(&account).await.unwrap();
    };
    let (turned, ()) = tokio::join!(world.runner.turn(&router), settle_another);
    turned.unwrap();
    world.router.set_delay(None);
    world.drain().await;
    let (order, users) = (world.order(&order.reference).await, world.users());
    assert_eq!((order.state, users.len()), (State::Delivered, 1), "{users:?}");
    assert_eq!(users[0].server, order.params.server.as_deref().unwrap_or("hotspot1"));
}

#[tokio::test]
async fn i4_unsigned_calls_are_heard_so_often_and_signed_ones_always() {
    let world = World::with(SimRouterConfig::default(), UNSIGNED).await;
    let query = format!("k={UUID}");
    let mut statuses = BTreeSet::new();
    for number in 0..3_000 {
        let body = format!(r#"{{"reference":"r{number}","status":"SUCCESSFUL","amount":100}}"#);
        let reply = world.call("feexpay", &query, &[], body.as_bytes()).await;
        statuses.insert(reply.status);
        if reply.status == 429 {
            assert!(reply.retry_after_s.is_some());
            break;
        }
    }
    assert_eq!(statuses, BTreeSet::from([200, 429]));
    let order = world.place("1h").await;
    assert_eq!(world.fedapay(&FedapayEvent::approved(&order)).await.status, 200);
}

#[tokio::test]
async fn an_unsigned_call_is_settled_at_the_account_of_its_order() {
    let sims = SimGateways::start(SimGatewaysConfig::default()).await.unwrap();
    let more = TWO_ACCOUNTS.replace("{fedapay}", sims.fedapay.base_url());
    let world = World::with(SimRouterConfig::default(), &more).await;
    let order = world.place("by-second").await;
    let id: u64 = order.gateway_id.as_deref().unwrap().parse().unwrap();
    sims.fedapay
        .set_status(order.reference.as_str(), SimStatus::Paid)
        .unwrap();
    // The event names the payment by FedaPay's number alone.
    let hint = FedapayEvent {
        id,
        reference: "",
        ..FedapayEvent::approved(&order)
    };
    let query = format!("k={UUID}");
    let reply = world.call("fedapay", &query, &[], hint.body().as_bytes()).await;
    assert_eq!(reply.status, 200);
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

/// Two FedaPay accounts that can ask and check no signature, the first of which sells nothing.
const TWO_ACCOUNTS: &str = r#"
[[account]]
id = "a-first"
company = "cafe"
gateway = "fedapay"
mode = "test"
base_url = "http://127.0.0.1:1"
secret_key = "sk_sandbox_of_the_first"

[[account]]
id = "b-second"
company = "cafe"
gateway = "fedapay"
mode = "test"
base_url = "{fedapay}"
secret_key = "sk_sandbox_demo"

[[plan]]
id = "by-second"
hotspot = "h1"
accounts = ["b-second"]
label = "1 heure"
profile = "1H"
price = "100"
time = "1h"
"#;

/// A FeexPay account without the dashboard's header: its calls prove nothing.
const UNSIGNED: &str = r#"
[[account]]
id = "feex"
company = "cafe"
gateway = "feexpay"
mode = "live"
token = "fp_of_the_test"
site_id = "shop"
base_url = "http://127.0.0.1:1"
"#;
