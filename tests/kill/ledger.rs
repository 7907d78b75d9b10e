//! What was paid and acknowledged, held against what the relay stored and the router has (I1 to I3 of the
//! fault catalogue).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mikrelay::event::Event;
use mikrelay::ids::OrderRef;
use mikrelay::order::{Order, State};
use mikrelay::sim::router::SimRouter;
use mikrelay::store::{EventFilter, Store};
use secrecy::ExposeSecret;

pub struct Ledger {
    /// Our references of all paid transactions.
    pub paid: Vec<String>,
    /// The transaction of each webhook that was answered 200; one acknowledged twice stands here twice.
    pub acknowledged: Vec<u64>,
    pub router: Arc<SimRouter>,
}

impl Ledger {
    /// What the relay still has to do, in words.
    pub fn what_is_missing(&self, store: &Store) -> Vec<String> {
        let mut missing: Vec<String> = self
            .paid
            .iter()
            .map(|reference| (reference, order(store, reference).state))
            .filter(|(_, state)| *state != State::Delivered)
            .map(|(reference, state)| format!("order {reference} is {}", state.as_str()))
            .collect();
        let filter = EventFilter {
            settled: Some(false),
            limit: 10,
            ..EventFilter::default()
        };
        let open = store.read_now(|db| db.events(&filter)).unwrap();
        missing.extend(open.iter().map(|event| format!("event {} is not settled", event.id)));
        missing
    }

    /// The invariants; fails with the first that does not hold.
    pub fn check(&self, store: &Store) {
        self.check_inbox(&events(store));
        self.check_sales(store);
    }

    /// I2 and I3: every paid order has one user, and was announced once.
    pub fn check_sales(&self, store: &Store) {
        let orders: Vec<Order> = self.paid.iter().map(|reference| order(store, reference)).collect();
        self.check_users(&orders);
        for order in &orders {
            let reference = order.reference.clone();
            let mails = store.read_now(|db| db.messages_of_order(&reference)).unwrap();
            assert_eq!(mails.len(), 1, "order {reference} was announced {} times", mails.len());
        }
        println!(
            "{} paid orders, {} users, {} acknowledgements of {} webhooks",
            orders.len(),
            self.router.users().len(),
            self.acknowledged.len(),
            self.acknowledged.iter().collect::<HashSet<_>>().len(),
        );
    }

    /// I1: every acknowledged webhook is stored exactly once, and none twice.
    fn check_inbox(&self, events: &[Event]) {
        let mut stored: HashMap<u64, u32> = HashMap::new();
        for event in events {
            let body: serde_json::Value = serde_json::from_slice(&event.event.body).unwrap();
            *stored.entry(body["entity"]["id"].as_u64().unwrap()).or_default() += 1;
            assert!(!event.conflict, "event {} is marked as a conflict", event.id);
        }
        for transaction in &self.acknowledged {
            assert_eq!(
                stored.get(transaction),
                Some(&1),
                "the webhook of {transaction} was acknowledged"
            );
        }
    }

    /// I2 and I3: every paid order has its own user with the plan's limits, and there are no other users.
    fn check_users(&self, orders: &[Order]) {
        let users = self.router.users();
        for order in orders {
            assert_eq!(order.state, State::Delivered, "order {}", order.reference);
            let voucher = order.voucher.as_ref().expect("a delivered order has a voucher");
            let name = voucher.username.expose_secret();
            let own: Vec<_> = users.iter().filter(|user| user.name == name).collect();
            assert_eq!(own.len(), 1, "order {} has {} users", order.reference, own.len());
            assert_eq!((own[0].profile.as_str(), own[0].server.as_str()), ("4H", "hotspot1"));
            assert!(!own[0].disabled);
        }
        assert_eq!(users.len(), orders.len(), "the router has users that nobody paid for");
    }
}

fn order(store: &Store, reference: &str) -> Order {
    let reference = OrderRef::new(reference);
    store
        .read_now(|db| db.order(&reference))
        .unwrap()
        .expect("a paid order is in the store")
}

fn events(store: &Store) -> Vec<Event> {
    store.read_now(|db| db.events(&EventFilter::default())).unwrap()
}
