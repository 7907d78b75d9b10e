//! Tests of `order` and `event` on a small store.

use jiff::SignedDuration;

use super::*;
use crate::cli::event;
use crate::clock::Clock;
use crate::company::{
    Account, AccountKeys, Company, GatewayName, Hotspot, Language, LinkPolicy, Mode, RefundPolicy, Router, RouterTls,
};
use crate::event::{NewEvent, Proof, Stored};
use crate::ids::{AccountId, CompanyId, EventId, HotspotId, RouterId};
use crate::job::{Lane, Task};
use crate::mik_params::MikParams;
use crate::money::{Currency, Money};
use crate::order::{Buyer, Online, PlanSnapshot};
use crate::plan::{DataLimit, TimeLimit};
use crate::secrets::{MasterKey, random_order_token};
use crate::voucher::{UserMode, Voucher, VoucherStyle};

struct Shop {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(jiff::Timestamp::from_second(1_790_000_000).unwrap());
        let store = Store::open(&folder.path().join("mikrelay.db"), MasterKey::generate(), clock).unwrap();
        store.write_now(put_business).unwrap();
        Self { _folder: folder, store }
    }

    fn with(state: State) -> Self {
        let shop = Self::new();
        let order = order(state);
        shop.store.write_now(move |db| db.insert_order(&order)).unwrap();
        shop
    }

    fn order(&self) -> Order {
        self.store
            .read_now(|db| db.order(&OrderRef::new("ABC")))
            .unwrap()
            .unwrap()
    }

    /// What there is to do on a lane now.
    fn claimed(&self, lane: Lane) -> Option<Task> {
        let claim = move |db: &Db<'_>| {
            db.claim_jobs(&lane, db.now(), SignedDuration::from_secs(60), 1)
                .map(|mut jobs| jobs.pop())
        };
        self.store.write_now(claim).unwrap().map(|job| job.task)
    }

    fn receive(&self, body: &'static [u8]) -> EventId {
        let event = self.store.seal_event(new_event(body)).unwrap();
        let stored = self.store.write_now(move |db| db.insert_event(&event)).unwrap();
        let (Stored::New(id) | Stored::Duplicate(id) | Stored::Conflict(id)) = stored;
        id
    }
}

fn text(print: impl FnOnce(&mut dyn Write) -> Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn put_business(db: &Db<'_>) -> Result<(), StoreError> {
    let company = CompanyId::new("awa");
    db.put_company(&Company {
        id: company.clone(),
        name: "Awa".to_owned(),
        country: "BJ".to_owned(),
        language: Language::Fr,
        timezone: "UTC".to_owned(),
        notify_email: None,
        card: crate::company::CompanyCard::default(),
    })?;
    db.put_router(&Router {
        id: RouterId::new("r1"),
        company: company.clone(),
        address: "10.0.0.1:8728".to_owned(),
        tls: RouterTls::Off,
        credentials: None,
        access_uuid: "uuid".to_owned(),
        card: crate::company::RouterCard::default(),
    })?;
    db.put_hotspot(&Hotspot {
        id: HotspotId::new("h1"),
        router: RouterId::new("r1"),
        label: "hotspot1".to_owned(),
        name: "hotspot1".to_owned(),
        dns_name: None,
        style: VoucherStyle::default(),
        links: LinkPolicy::Plans,
        mikhmon: crate::company::MikhmonWishes::default(),
    })?;
    let keys = AccountKeys::CinetpayV1 {
        api_key: "k".into(),
        api_password: "p".into(),
    };
    db.put_account(&Account {
        id: AccountId::new("cinetpay"),
        company,
        mode: Mode::Live,
        base_url: None,
        keys,
        refunds: RefundPolicy::default(),
    })
}

fn order(state: State) -> Order {
    let now = jiff::Timestamp::from_second(1_790_000_000).unwrap();
    Order {
        reference: OrderRef::new("ABC"),
        token: random_order_token(),
        company: CompanyId::new("awa"),
        hotspot: HotspotId::new("h1"),
        account: AccountId::new("cinetpay"),
        mode: Mode::Live,
        plan: PlanSnapshot {
            plan: None,
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 0 },
            data: DataLimit { bytes: 0 },
        },
        state,
        reason: Some(Reason::ProfileMissing {
            router: RouterId::new("r1"),
            profile: "4H".to_owned(),
        }),
        online: Online::Unknown,
        buyer: Buyer {
            mac: Some("AA\u{1b}[2J\nBB".to_owned()),
            ..Buyer::default()
        },
        gateway_id: Some("trx-9".to_owned()),
        notify_token: Some("canary-notify".into()),
        pay_url: None,
        instructions: None,
        voucher: Some(Voucher {
            username: "canary-user".into(),
            password: "canary-pass".into(),
            mode: UserMode::Up,
            comment: "up-417-11.21.26-".to_owned(),
        }),
        link: None,
        params: MikParams {
            admin_password: Some("canary-admin".into()),
            ..MikParams::default()
        },
        created_at: now,
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

fn new_event(body: &[u8]) -> NewEvent {
    NewEvent {
        query: String::new(),
        gateway: GatewayName::Cinetpay,
        account: AccountId::new("cinetpay"),
        hotspot: HotspotId::new("h1"),
        proof: Proof::Signed,
        key: "evt".to_owned(),
        body: body.to_vec().into(),
        content_type: None,
        params: MikParams {
            admin_password: Some("canary-admin".into()),
            ..MikParams::default()
        },
        received_at: jiff::Timestamp::from_second(1_790_000_000).unwrap(),
    }
}

#[test]
fn orders_are_listed_in_a_table_and_as_json() {
    let shop = Shop::with(State::Stuck);
    let table = text(|out| list(&shop.store, &["stuck".to_owned()], 10, false, out));
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[0].starts_with("REFERENCE  STATE"), "{table}");
    assert!(
        lines[1].starts_with("ABC        stuck  2026-09-21 14:13:20Z  100 XOF"),
        "{table}"
    );
    let json: Value = serde_json::from_str(&text(|out| list(&shop.store, &[], 10, true, out))).unwrap();
    assert_eq!(json[0]["reference"], "ABC");
    assert_eq!(json[0]["state"], "stuck");
    assert_eq!(
        (json[0]["amount"].as_str(), json[0]["currency"].as_str()),
        (Some("100"), Some("XOF"))
    );
    assert_eq!(
        text(|out| list(&shop.store, &["paid".to_owned()], 10, true, out)),
        "[]\n"
    );
}

#[test]
fn an_unknown_state_is_answered_with_the_known_ones() {
    let shop = Shop::new();
    let error = list(&shop.store, &["payd".to_owned()], 10, false, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "there is no state `payd`");
    assert!(
        crate::cli::fault::hint_of(&error).unwrap().contains("`paid`"),
        "{error}"
    );
}

#[test]
fn i5_secrets_are_not_shown_and_the_code_only_when_asked_for() {
    let shop = Shop::with(State::Provisioned);
    let id = shop.receive(br#"{"notify_token":"canary-body","x":"y"}"#);
    shop.store
        .write_now(move |db| db.settle_event(id, "paid", Some(&OrderRef::new("ABC")), db.now()))
        .unwrap();
    let token = shop.order().token;
    for json in [false, true] {
        let closed = text(|out| show(&shop.store, "abc", false, json, out));
        let listed = text(|out| list(&shop.store, &[], 10, json, out));
        let event = text(|out| event::show(&shop.store, id.0, json, out));
        let events = text(|out| event::list(&shop.store, false, 10, json, out));
        for shown in [&closed, &listed, &event, &events] {
            assert!(!shown.contains("canary") && !shown.contains(token.as_str()), "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
        let open = text(|out| show(&shop.store, "ABC", true, json, out));
        assert!(open.contains("canary-user") && open.contains("canary-pass"), "{open}");
        assert!(
            !open.contains("canary-notify") && !open.contains("canary-admin"),
            "{open}"
        );
    }
}

#[test]
fn an_order_is_shown_with_its_history_by_any_of_its_references() {
    let shop = Shop::with(State::Stuck);
    shop.store
        .write_now(|db| db.add_step(&OrderRef::new("ABC"), db.now(), "paid: webhook 12"))
        .unwrap();
    retry(&shop.store, "TRX-9", &mut Vec::new()).unwrap();
    let shown = text(|out| show(&shop.store, "trx-9", false, false, out));
    for part in [
        "order:        ABC",
        "reason:       The router “r1” has no user profile named “4H”.",
        "what to do:   Create a profile",
        "paid: webhook 12",
        "to do: provision at 2026",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json: Value = serde_json::from_str(&text(|out| show(&shop.store, "ABC", false, true, out))).unwrap();
    assert_eq!(json["reason"], "The router “r1” has no user profile named “4H”.");
    assert_eq!(json["reason_facts"]["profile"], "4H");
    assert_eq!(json["steps"][0]["text"], "paid: webhook 12");
    assert_eq!(json["jobs"][0]["kind"], "provision");
    assert!(json.get("voucher").is_none());
}

#[test]
fn retrying_lets_held_and_stuck_orders_go_to_the_router() {
    for (before, after) in [
        (State::Held, State::Paid),
        (State::Stuck, State::Stuck),
        (State::Paid, State::Paid),
    ] {
        let shop = Shop::with(before);
        let said = text(|out| retry(&shop.store, "ABC", out));
        assert!(said.starts_with("ABC: released"), "{said}");
        assert_eq!(shop.order().state, after, "{before:?}");
        let lines = text(|out| crate::cli::audit::list(&shop.store, None, 10, false, out));
        assert!(lines.contains("order retry") && lines.contains("order ABC"), "{lines}");
        assert_eq!(shop.order().paid_at.is_some(), before == State::Held);
        assert_eq!(
            shop.claimed(Lane::Router(RouterId::new("r1"))),
            Some(Task::Provision(OrderRef::new("ABC")))
        );
    }
}

#[test]
fn retrying_an_order_without_money_asks_the_gateway() {
    for state in [
        State::New,
        State::Waiting,
        State::Failed,
        State::Expired,
        State::Cancelled,
    ] {
        let shop = Shop::with(state);
        retry(&shop.store, "ABC", &mut Vec::new()).unwrap();
        assert_eq!(shop.order().state, state);
        assert_eq!(
            shop.claimed(Lane::Questions(AccountId::new("cinetpay"))),
            Some(Task::Reconcile(OrderRef::new("ABC")))
        );
        assert_eq!(shop.claimed(Lane::Router(RouterId::new("r1"))), None);
    }
}

#[test]
fn retrying_a_finished_order_does_nothing_and_says_so() {
    for state in [State::Provisioned, State::Delivered, State::Refunded] {
        let shop = Shop::with(state);
        let error = retry(&shop.store, "ABC", &mut Vec::new()).unwrap_err().to_string();
        assert!(
            error.contains(state.as_str()) && error.contains("nothing to retry"),
            "{error}"
        );
        assert_eq!(shop.store.read_now(|db| db.count_jobs()).unwrap(), 0);
    }
    let error = retry(&Shop::new().store, "NONE", &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("no order `NONE`"), "{error}");
}

#[tokio::test]
async fn a_retry_wakes_a_serving_relay() {
    let shop = Shop::with(State::Held);
    shop.store.poked().await.unwrap();
    retry(&shop.store, "ABC", &mut Vec::new()).unwrap();
    assert!(shop.store.poked().await.unwrap());
}

#[test]
fn open_events_are_those_that_are_not_settled_or_contradict_themselves() {
    let shop = Shop::new();
    let id = shop.receive(b"first");
    let open = |shop: &Shop| -> Value {
        serde_json::from_str(&text(|out| event::list(&shop.store, true, 10, true, out))).unwrap()
    };
    assert_eq!(open(&shop).as_array().unwrap().len(), 1);
    shop.store
        .write_now(move |db| db.settle_event(id, "done", None, db.now()))
        .unwrap();
    assert_eq!(open(&shop), json!([]));
    shop.receive(b"second");
    assert_eq!(open(&shop)[0]["conflict"], true);
    let table = text(|out| event::list(&shop.store, true, 10, false, out));
    assert!(table.contains("other bytes came later under its key; done"), "{table}");
}

#[test]
fn replaying_settles_an_event_again() {
    let shop = Shop::new();
    let id = shop.receive(b"{}");
    shop.store
        .write_now(move |db| db.settle_event(id, "done", None, db.now()))
        .unwrap();
    event::replay(&shop.store, id.0, &mut Vec::new()).unwrap();
    assert!(
        shop.store
            .read_now(|db| db.event(id))
            .unwrap()
            .unwrap()
            .settled_at
            .is_none()
    );
    assert_eq!(
        shop.claimed(Lane::Account(AccountId::new("cinetpay"))),
        Some(Task::Settle(id))
    );
    let error = event::replay(&shop.store, 99, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("no event `99`"), "{error}");
    assert!(event::show(&shop.store, 99, false, &mut Vec::new()).is_err());
}
