//! The housekeeping: what is given up, what stays, and that nobody waits for it.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use mikrelay::job::Lane;
use mikrelay::jobs::Turn;
use mikrelay::order::{Order, State};
use mikrelay::store::EventFilter;

use crate::support::{FedapayEvent, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn orders_nobody_paid_go_after_thirty_days_and_those_with_money_or_a_webhook_stay() {
    let world = World::new().await;
    let (unpaid, failed, sold, held) = (
        world.place("1h").await,
        world.place("1h").await,
        world.place("1h").await,
        world.place("1h").await,
    );
    world.fedapay(&FedapayEvent::approved(&sold)).await;
    world
        .fedapay(&FedapayEvent {
            name: "transaction.declined",
            status: "declined",
            id: 2,
            ..FedapayEvent::approved(&failed)
        })
        .await;
    world
        .fedapay(&FedapayEvent {
            amount: 1,
            id: 3,
            ..FedapayEvent::approved(&held)
        })
        .await;
    world.drain().await;
    // The reconciler ends what nobody paid.
    for _ in 0..3 {
        world.later(DAY).await;
    }
    clean(&world, DAY * 26).await;
    assert_eq!(orders(&world).await, 4, "29 days");
    clean(&world, DAY * 2).await;
    assert!(find(&world, &unpaid).await.is_none());
    assert!(reference_rows(&world, &unpaid) == 0 && reference_rows(&world, &sold) > 0);
    for (order, state) in [
        (&failed, State::Failed),
        (&sold, State::Delivered),
        (&held, State::Held),
    ] {
        assert_eq!(find(&world, order).await.map(|order| order.state), Some(state));
    }
    // Two years later everything is gone, in the order that keeps replays duplicates.
    clean(&world, DAY * 690).await;
    assert_eq!((orders(&world).await, world.events().await), (3, 3));
    clean(&world, DAY * 15).await;
    assert_eq!((orders(&world).await, world.events().await), (0, 0));
    let database = rusqlite::Connection::open(world.folder.path().join("mikrelay.db")).unwrap();
    for table in ["order_step", "order_reference", "message"] {
        let left: i64 = database
            .query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn d5_a_replay_of_an_event_whose_bytes_are_gone_is_a_duplicate_and_does_nothing() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    world.fedapay(&approved).await;
    world.drain().await;
    let mails = world.mailbox.messages().len();
    clean(&world, DAY * 89).await;
    assert!(!events(&world).await[0].is_emptied);
    clean(&world, DAY * 2).await;
    let kept = events(&world).await.remove(0);
    assert!(
        kept.is_emptied && kept.event.body.is_empty() && kept.outcome.is_some(),
        "{kept:?}"
    );
    assert_eq!(world.fedapay(&approved).await.status, 200);
    world.drain().await;
    let replayed = events(&world).await;
    assert_eq!(
        (replayed.len(), replayed[0].deliveries, replayed[0].conflict),
        (1, 2, false)
    );
    // Other bytes under its key are still seen to be others.
    world.fedapay(&FedapayEvent { amount: 99, ..approved }).await;
    assert!(events(&world).await[0].conflict);
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
    assert_eq!(world.mailbox.messages().len(), mails);
    let sent = messages(&world, &order).await;
    assert!(
        !sent.is_empty() && sent.iter().all(String::is_empty),
        "texts go after 30 days: {sent:?}"
    );

    let (store, id) = (world.relay.store(), kept.id.0);
    let mut out = Vec::new();
    let refused = mikrelay::cli::event::replay(store, id, &mut out).unwrap_err();
    assert!(refused.to_string().contains("too old"), "{refused}");
    mikrelay::cli::event::show(store, id, false, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("given up"));
}

#[tokio::test]
async fn what_is_still_to_do_stays_whatever_its_age() {
    let world = World::new().await;
    let order = world.place("1h").await;
    // Nobody drained: the question about it is still open after a month without the relay.
    clean(&world, DAY * 40).await;
    assert!(find(&world, &order).await.is_some());
    world.drain().await;
    world.later(DAY).await;
    clean(&world, DAY).await;
    assert!(find(&world, &order).await.is_none());
}

#[tokio::test]
async fn s7_webhooks_pass_while_thousands_of_old_rows_are_deleted() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let quiet = slowest(&world, 1_000).await;
    multiply(&world, 2_000);
    assert_eq!(orders(&world).await, 1_000, "as many as a list shows");
    world.relay.plan_daily_work().await.unwrap();
    world.clock.advance_ms((DAY * 100).as_millis().try_into().unwrap());
    let relay = world.runner.clone();
    let cleaning = tokio::spawn(async move { relay.turn(&Lane::Upkeep).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let busy = slowest(&world, 2_000).await;
    let still_cleaning = !cleaning.is_finished();
    assert_eq!(cleaning.await.unwrap(), Turn::Ran);
    println!("p95 of a webhook: {quiet:.1?} alone, {busy:.1?} beside the housekeeping");
    assert!(still_cleaning, "the housekeeping was over before the webhooks were");
    assert_eq!(orders(&world).await, 1);
    // The suite's other tests are on the same disk; the figures are printed for people.
    assert!(busy < Duration::from_secs(1), "{busy:?}");
}

/// Lets some time pass and does one turn of housekeeping, alone.
async fn clean(world: &World, after: SignedDuration) {
    world.relay.plan_daily_work().await.unwrap();
    world.clock.advance_ms(after.as_millis().try_into().unwrap());
    assert_eq!(world.runner.turn(&Lane::Upkeep).await.unwrap(), Turn::Ran);
}

/// How long the slowest twentieth of webhooks waits for its answer.
async fn slowest(world: &World, first: u64) -> Duration {
    let mut times = Vec::new();
    for number in 0..60 {
        let event = FedapayEvent {
            name: "transaction.approved",
            id: first + number,
            status: "approved",
            amount: 100,
            reference: "NOBODY",
            more: "",
        };
        let begun = Instant::now();
        assert_eq!(world.fedapay(&event).await.status, 200);
        times.push(begun.elapsed());
    }
    times.sort();
    times[56]
}

/// Copies of an unpaid order, with the rows that belong to one.
fn multiply(world: &World, count: u32) {
    let mut database = rusqlite::Connection::open(world.folder.path().join("mikrelay.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let columns: Vec<String> = {
        let mut statement = database
            .prepare("SELECT name FROM pragma_table_info('orders')")
            .unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let values = columns.iter().map(|column| match column.as_str() {
        "reference" => "'COPY' || ?1".to_owned(),
        "token" => "'token' || ?1".to_owned(),
        "state" => "'expired'".to_owned(),
        "gateway_id" | "paid_at" | "voucher_sealed" | "params_sealed" => "NULL".to_owned(),
        other => other.to_owned(),
    });
    let copy = format!(
        "INSERT INTO orders ({}) SELECT {} FROM orders WHERE state = 'delivered'",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", ")
    );
    let transaction = database.transaction().unwrap();
    for number in 0..count {
        transaction.execute(&copy, [number]).unwrap();
        for text in ["placed", "the gateway took it", "expired"] {
            let step =
                "INSERT INTO order_step (order_reference, company, at, text) VALUES ('COPY' || ?1, 'cafe', 0, ?2)";
            transaction.execute(step, (number, text)).unwrap();
        }
        let found = "INSERT INTO order_reference VALUES ('copy' || ?1, 'COPY' || ?1, 'cafe')";
        transaction.execute(found, [number]).unwrap();
    }
    transaction.commit().unwrap();
}

async fn orders(world: &World) -> usize {
    let read = |db: &mikrelay::store::Db<'_>| db.orders(&mikrelay::store::OrderFilter::default());
    world.relay.store().read(read).await.unwrap().len()
}

async fn find(world: &World, order: &Order) -> Option<Order> {
    let reference = order.reference.clone();
    world.relay.store().read(move |db| db.order(&reference)).await.unwrap()
}

async fn events(world: &World) -> Vec<mikrelay::event::Event> {
    let read = |db: &mikrelay::store::Db<'_>| db.events(&EventFilter::default());
    world.relay.store().read(read).await.unwrap()
}

async fn messages(world: &World, order: &Order) -> Vec<String> {
    let reference = order.reference.clone();
    let read = move |db: &mikrelay::store::Db<'_>| db.messages_of_order(&reference);
    let messages = world.relay.store().read(read).await.unwrap();
    messages.into_iter().map(|(message, _)| message.text).collect()
}

fn reference_rows(world: &World, order: &Order) -> i64 {
    let database = rusqlite::Connection::open(world.folder.path().join("mikrelay.db")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM order_reference WHERE order_reference = ?1) \
               + (SELECT count(*) FROM order_step WHERE order_reference = ?1)";
    database
        .query_row(sql, [order.reference.as_str()], |row| row.get(0))
        .unwrap()
}
