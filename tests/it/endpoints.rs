//! A company's own webhooks: each endpoint hears what it chose, signed by its own secret, once for each thing that
//! happened, and routers that come and go are told slowly.

use jiff::SignedDuration;
use mikrelay::cli::fault::hint_of;
use mikrelay::cli::{hook, hook_endpoint};
use mikrelay::hook::HookState;
use mikrelay::order::State;
use mikrelay::sim::http::Request;
use mikrelay::store::{HookFilter, Store};
use serde_json::{Value, json};

use crate::pagos::{Receiver, is_signed};
use crate::support::{FedapayEvent, MAC, World};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A new endpoint of the café: id and secret.
fn add(store: &Store, url: &str, events: &[&str]) -> (String, String) {
    let events: Vec<_> = events.iter().map(|event| (*event).to_owned()).collect();
    let shown = printed(|out| hook_endpoint::add(store, "cafe", url, &events, out));
    let field = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    (field("endpoint:"), field("secret:"))
}

fn printed(print: impl FnOnce(&mut Vec<u8>) -> anyhow::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn event(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    let heard = receiver.heard();
    heard
        .iter()
        .map(|request| event(request)["type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_sale_is_told_to_whoever_chose_it_and_signed_by_each_endpoints_secret() {
    let world = World::new().await;
    let (all, some) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let (_, secret) = add(world.relay.store(), &all.url(), &[]);
    let (_, other) = add(
        world.relay.store(),
        &some.url(),
        &["payment.failed", "payment.refunded"],
    );
    assert_ne!(secret, other);

    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let order = world.order(&order.reference).await;
    assert_eq!(order.state, State::Delivered);
    assert_eq!(kinds(&all), ["payment.succeeded", "voucher.created"]);
    let heard = all.heard();
    assert!(
        heard
            .iter()
            .all(|request| is_signed(request, &secret) && !is_signed(request, &other))
    );
    let (paid, voucher) = (&event(&heard[0])["data"], &event(&heard[1])["data"]);
    assert_eq!(paid["reference"], order.reference.as_str());
    assert_eq!(
        (
            &paid["status"],
            &paid["amount"],
            &paid["currency"],
            &paid["provider"],
            &paid["livemode"]
        ),
        (
            &json!("paid"),
            &json!("100"),
            &json!("XOF"),
            &json!("fedapay"),
            &json!(true)
        )
    );
    assert_eq!(
        (&paid["plan"]["id"], &paid["hotspot"], &paid["router"]),
        (&json!("1h"), &json!("h1"), &json!("r1"))
    );
    let users = world.users();
    assert_eq!(
        (&voucher["username"], &voucher["mac"]),
        (&json!(users[0].name), &json!(MAC))
    );
    assert_eq!(some.count(), 0);

    // A refusal, and a refund of what was sold.
    let second = world.place("1h").await;
    let declined = FedapayEvent {
        id: 7,
        name: "transaction.declined",
        status: "declined",
        ..FedapayEvent::approved(&second)
    };
    world.fedapay(&declined).await;
    world.drain().await;
    let refunded = FedapayEvent {
        name: "transaction.refunded",
        status: "refunded",
        ..FedapayEvent::approved(&order)
    };
    world.fedapay(&refunded).await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Refunded);
    assert_eq!(kinds(&some), ["payment.failed", "payment.refunded"]);
    assert!(some.heard().iter().all(|request| is_signed(request, &other)));
    assert_eq!(kinds(&all).len(), 4);
}

#[tokio::test]
async fn what_was_not_taken_is_tried_again_logged_and_replayed_without_showing_the_code() {
    let world = World::new().await;
    let receiver = Receiver::start(&[500, 200]).await;
    let store = world.relay.store();
    add(store, &receiver.url(), &["voucher.created"]);
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    assert_eq!(receiver.count(), 1);
    world.later(SignedDuration::from_secs(7)).await;
    assert_eq!(receiver.count(), 2);
    let [first, second] = receiver.heard().try_into().unwrap();
    assert_eq!(
        first.header("webhook-id"),
        second.header("webhook-id"),
        "one event, two tries"
    );

    let filter = HookFilter {
        order: Some(order.reference.clone()),
        limit: 10,
        ..HookFilter::default()
    };
    let hooks = store.read_now(|db| db.hooks(&filter)).unwrap();
    assert_eq!((hooks.len(), hooks[0].state), (1, HookState::Delivered));
    let code = world.users()[0].name.clone();
    let show = |voucher| printed(|out| hook::show(store, hooks[0].id.0, voucher, false, out));
    assert!(show(false).contains("answered 500") && show(false).contains("answered 200"));
    assert!(!show(false).contains(&code) && show(true).contains(&code));
    hook::replay(store, hooks[0].id.0, &mut Vec::new()).unwrap();
    world.drain().await;
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_or_removed_hears_nothing_more() {
    let world = World::new().await;
    let store = world.relay.store();
    let (gone, removed) = (Receiver::start(&[410]).await, Receiver::start(&[500]).await);
    let (gone_id, _) = add(store, &gone.url(), &["payment.succeeded"]);
    let (removed_id, _) = add(store, &removed.url(), &["payment.succeeded"]);
    let sell = async |id| {
        let order = world.place("1h").await;
        world
            .fedapay(&FedapayEvent {
                id,
                ..FedapayEvent::approved(&order)
            })
            .await;
        world.drain().await;
    };
    sell(1).await;
    assert_eq!((gone.count(), removed.count()), (1, 1));
    let removal = printed(|out| hook_endpoint::remove(store, &removed_id, out));
    assert!(removal.contains(&removed_id), "{removal}");
    world.later(MINUTE).await;
    sell(2).await;
    assert_eq!((gone.count(), removed.count()), (1, 1));
    let list = printed(|out| hook_endpoint::list(store, None, false, out));
    assert!(
        list.contains("gone") && !list.contains("receiver-token") && !list.contains(&removed_id),
        "{list}"
    );
    // The operator mended it.
    printed(|out| hook_endpoint::events(store, &gone_id, &[], out));
    sell(3).await;
    assert_eq!(
        kinds(&gone),
        ["payment.succeeded", "payment.succeeded", "voucher.created"]
    );
}

#[tokio::test]
async fn endpoints_are_checked_and_their_secrets_rotate() {
    let world = World::new().await;
    let store = world.relay.store();
    let none = &mut Vec::new();
    let refuse = |url: &str, event: &str| {
        let error = hook_endpoint::add(store, "cafe", url, &[event.to_owned()], &mut Vec::new()).unwrap_err();
        format!("{error}; {}", hint_of(&error).unwrap())
    };
    assert!(refuse("ftp://a.example/", "payment.failed").contains("https://"));
    assert!(refuse("https://user:pass@a.example/", "payment.failed").contains("https://"));
    assert!(refuse("https://a.example/", "payment.lost").contains("router.offline"));
    assert!(hook_endpoint::add(store, "nobody", "https://a.example/", &[], none).is_err());
    assert!(hook_endpoint::secret(store, "ep_none", none).is_err());

    let receiver = Receiver::start(&[]).await;
    let (id, old) = add(store, &receiver.url(), &["payment.succeeded"]);
    printed(|out| hook_endpoint::rotate(store, &id, 24, out));
    let secrets = printed(|out| hook_endpoint::secret(store, &id, out));
    assert_eq!(secrets.lines().count(), 2);
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let heard = receiver.heard();
    assert!(secrets.lines().all(|secret| is_signed(&heard[0], secret)) && is_signed(&heard[0], &old));
    for n in 0..19 {
        add(store, &format!("https://a.example/{n}"), &[]);
    }
    assert!(refuse("https://a.example/", "payment.failed").contains("already"));
}

#[tokio::test]
async fn a_router_that_is_lost_and_found_is_told_once_each() {
    let mut world = World::new().await;
    let receiver = Receiver::start(&[]).await;
    add(
        world.relay.store(),
        &receiver.url(),
        &["router.offline", "router.online"],
    );
    world.relay.plan_daily_work().await.unwrap();
    let wait = async |world: &World, minutes: i32| {
        for _ in 0..minutes * 4 {
            world.later(SignedDuration::from_secs(15)).await;
        }
    };
    wait(&world, 5).await;
    assert_eq!(kinds(&receiver), [""; 0], "a router that is there is no news");

    // A reboot is no absence.
    world.router.power_off().await;
    wait(&world, 1).await;
    world.router.power_on().await.unwrap();
    wait(&world, 6).await;
    assert_eq!(receiver.count(), 0);

    world.router.power_off().await;
    wait(&world, 12).await;
    assert_eq!(kinds(&receiver), ["router.offline"]);
    let first = event(&receiver.heard()[0]);
    assert_eq!(
        (&first["data"]["id"], &first["data"]["status"]),
        (&json!("r1"), &json!("offline"))
    );
    // Neither a restart nor an answer in between tells it again.
    world = world.restart().await;
    wait(&world, 12).await;
    world.router.power_on().await.unwrap();
    world.later(SignedDuration::from_secs(1)).await;
    world.router.power_off().await;
    wait(&world, 12).await;
    assert_eq!(receiver.count(), 1);

    world.router.power_on().await.unwrap();
    wait(&world, 12).await;
    assert_eq!(kinds(&receiver), ["router.offline", "router.online"]);
    wait(&world, 5).await;
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn routers_are_looked_at_only_while_somebody_wants_to_know() {
    let world = World::new().await;
    let store = world.relay.store();
    let (id, _) = add(store, "https://a.example/", &["payment.succeeded"]);
    world.relay.plan_daily_work().await.unwrap();
    world.drain().await;
    assert_eq!(world.router.connections(), 0);
    printed(|out| hook_endpoint::events(store, &id, &["router.offline".to_owned()], out));
    world.relay.plan_daily_work().await.unwrap();
    world.drain().await;
    assert_eq!(world.router.connections(), 1);
    let jobs = world.jobs().await;
    printed(|out| hook_endpoint::remove(store, &id, out));
    world.later(MINUTE).await;
    assert_eq!(world.jobs().await, jobs - 1);
}
