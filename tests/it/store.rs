//! The store through its public face: records go in, are found, come out as they were; secrets are sealed on
//! the disk; a database of the first version is opened by this one.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use mikrelay::api_key::{ApiKey, KeyKind};
use mikrelay::clock::Clock;
use mikrelay::company::{
    Account, AccountKeys, CallbackHeader, Company, CompanyCard, ConektaMethod, GatewayName, Hotspot, Language,
    LinkPolicy, MercadopagoCheckout, MikhmonBatch, MikhmonWishes, Mode, RefundPolicy, Router, RouterCard,
    RouterCredentials, RouterTls, Telegram,
};
use mikrelay::event::{NewEvent, Proof, Stored};
use mikrelay::hook::{Delivery, HookState, NewHook, Signer};
use mikrelay::ids::{AccountId, ApiKeyId, CompanyId, EventId, HotspotId, OrderRef, PlanId, RouterId};
use mikrelay::job::{Job, Lane, NewJob, Task};
use mikrelay::message::{Message, MessageState};
use mikrelay::mik_params::{Flaw, MikParams, ParamFault};
use mikrelay::mikhmon::SaleRecord;
use mikrelay::money::{Currency, Money};
use mikrelay::order::{Buyer, Instructions, LinkPayment, Online, Order, Place, PlanSnapshot, State};
use mikrelay::plan::{DataLimit, Plan, TimeLimit};
use mikrelay::reason::Reason;
use mikrelay::secrets::{MasterKey, random_order_token};
use mikrelay::store::{DATABASE_FILE, Db, EventFilter, LinkRequest, OrderFilter, Store, StoreError};
use mikrelay::voucher::{Alphabet, UserMode, Voucher, VoucherStyle};
use secrecy::ExposeSecret;

/// The schema of release 0.1, and the table in which it counted its steps.
const SCHEMA_OF_V1: &str = include_str!("../../src/store/migrations/V1__first_schema.sql");
const HISTORY_OF_V1: &str = "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), \
     applied_on VARCHAR(255), checksum VARCHAR(255)); \
     INSERT INTO refinery_schema_history VALUES (1, 'first_schema', '2026-11-21T10:00:00Z', '1')";

struct Fixture {
    folder: tempfile::TempDir,
    key: MasterKey,
    clock: Clock,
    store: Store,
}

/// A store with one company, one router, one hotspot, two accounts and one plan.
fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (key, clock) = (MasterKey::generate(), Clock::manual(at(0)));
    let store = open(folder.path(), &key, &clock).unwrap();
    store.write_now(put_business).unwrap();
    Fixture {
        folder,
        key,
        clock,
        store,
    }
}

impl Fixture {
    fn write<T: Send + 'static>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store.write_now(f).unwrap()
    }

    fn receive(&self, event: NewEvent) -> Stored {
        let event = self.store.seal_event(event).unwrap();
        self.write(move |db| db.insert_event(&event))
    }

    fn read<T>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> T {
        self.store.read_now(f).unwrap()
    }

    fn insert(&self, order: &Order) {
        let order = order.clone();
        self.write(move |db| db.insert_order(&order));
    }

    fn add_job(&self, task: Task, lane: Lane, due_s: i64) {
        self.write(move |db| {
            db.add_job(&NewJob {
                task,
                lane,
                due_at: at(due_s),
            })
        });
    }

    fn claim(&self, lane: &Lane, now_s: i64) -> Option<Job> {
        let lane = lane.clone();
        self.write(move |db| {
            db.claim_jobs(&lane, at(now_s), SignedDuration::from_secs(60), 1)
                .map(|mut jobs| jobs.pop())
        })
    }
}

fn open(folder: &Path, key: &MasterKey, clock: &Clock) -> Result<Store, StoreError> {
    Store::open(&folder.join(DATABASE_FILE), key.clone(), clock.clone())
}

/// Seconds after some morning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn put_business(db: &Db<'_>) -> Result<(), StoreError> {
    db.put_company(&company())?;
    db.put_router(&router())?;
    db.put_hotspot(&hotspot())?;
    for account in accounts() {
        db.put_account(&account)?;
    }
    db.put_plan(&plan())?;
    db.bump_directory_version()
}

fn company() -> Company {
    Company {
        id: CompanyId::new("awa"),
        name: "Cyber Awa".to_owned(),
        country: "BJ".to_owned(),
        language: Language::Fr,
        timezone: "Africa/Porto-Novo".to_owned(),
        notify_email: Some("awa@example.net".to_owned()),
        card: CompanyCard {
            created_at: at(0),
            ..CompanyCard::default()
        },
    }
}

fn router() -> Router {
    Router {
        id: RouterId::new("r1"),
        company: CompanyId::new("awa"),
        address: "10.99.0.2:8728".to_owned(),
        tls: RouterTls::Pinned([7; 32]),
        credentials: Some(RouterCredentials {
            user: "relay".to_owned(),
            password: "canary-router-password".into(),
        }),
        access_uuid: "61cd594b-2f01-48ca-8692-65e4ef3a36d5".to_owned(),
        card: RouterCard {
            created_at: at(0),
            ..RouterCard::default()
        },
    }
}

fn hotspot() -> Hotspot {
    Hotspot {
        id: HotspotId::new("h1"),
        router: RouterId::new("r1"),
        label: "hotspot1".to_owned(),
        name: "server 1".to_owned(),
        dns_name: Some("wifi.example.net".to_owned()),
        style: VoucherStyle {
            mode: UserMode::Up,
            length: 8,
            alphabet: Alphabet::Mix2,
            prefix: "mm".to_owned(),
        },
        links: LinkPolicy::Open,
        mikhmon: MikhmonWishes {
            records: true,
            batch: MikhmonBatch::Sale,
            expiry: true,
        },
    }
}

fn accounts() -> Vec<Account> {
    let account = |id: &str, keys| Account {
        id: AccountId::new(id),
        company: CompanyId::new("awa"),
        mode: Mode::Live,
        base_url: Some("http://127.0.0.1:9001".to_owned()),
        keys,
        refunds: RefundPolicy {
            undelivered_after_h: Some(6),
            paid_twice: true,
        },
    };
    vec![
        account(
            "fedapay",
            AccountKeys::Fedapay {
                public_key: Some("pk_live_1".to_owned()),
                secret_key: Some("canary-secret-key".into()),
                webhook_secrets: vec!["canary-hook-1".into(), "canary-hook-2".into()],
            },
        ),
        account(
            "cinetpay2",
            AccountKeys::CinetpayV2 {
                site_id: "1234".to_owned(),
                api_key: "canary-api-key".into(),
                webhook_secrets: vec!["canary-hook-3".into()],
            },
        ),
        account(
            "cinetpay1",
            AccountKeys::CinetpayV1 {
                api_key: "canary-v1-key".into(),
                api_password: "canary-v1-password".into(),
            },
        ),
        account(
            "feexpay",
            AccountKeys::Feexpay {
                shop: "shop".to_owned(),
                token: "canary-token".into(),
                callback_header: Some(CallbackHeader {
                    name: "X-Key".to_owned(),
                    value: "canary-header".into(),
                }),
            },
        ),
        account(
            "conekta",
            AccountKeys::Conekta {
                private_key: "canary-conekta".into(),
                public_key: Some("key_public".to_owned()),
                webhook_keys: vec!["a PEM".to_owned()],
                methods: vec![ConektaMethod::Card, ConektaMethod::Cash],
            },
        ),
        account(
            "mercadopago",
            AccountKeys::Mercadopago {
                access_token: "canary-mercadopago".into(),
                public_key: None,
                webhook_secrets: vec!["canary-hook-4".into()],
                checkout: MercadopagoCheckout::Orders,
            },
        ),
    ]
}

fn plan() -> Plan {
    Plan {
        id: PlanId::new("4h"),
        hotspot: HotspotId::new("h1"),
        accounts: vec![AccountId::new("cinetpay2"), AccountId::new("fedapay")],
        label: "4 heures".to_owned(),
        profile: "4H".to_owned(),
        price: Money::from_minor(100, Currency::Xof),
        time: TimeLimit { seconds: 4 * 3600 },
        data: DataLimit { bytes: 10 << 20 },
    }
}

pub fn order(reference: &str) -> Order {
    Order {
        reference: OrderRef::new(reference),
        token: random_order_token(),
        company: CompanyId::new("awa"),
        hotspot: HotspotId::new("h1"),
        account: AccountId::new("fedapay"),
        mode: Mode::Live,
        plan: PlanSnapshot {
            plan: Some(PlanId::new("4h")),
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 14_400 },
            data: DataLimit { bytes: 0 },
        },
        state: State::New,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer::default(),
        gateway_id: None,
        notify_token: None,
        pay_url: None,
        instructions: Some(Instructions {
            reference: "93000262276908".to_owned(),
            place: Place::Cash {
                store: Some("OXXO".to_owned()),
            },
            expires_at: Some(at(9)),
            url: None,
        }),
        voucher: None,
        link: None,
        params: MikParams::default(),
        created_at: at(0),
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

/// An order in which every field says something.
fn full_order(reference: &str) -> Order {
    Order {
        state: State::Delivered,
        reason: Some(Reason::HotspotGone {
            hotspot: HotspotId::new("h1"),
        }),
        online: Online::Yes,
        buyer: Buyer {
            mac: Some("AA:BB:CC:00:11:22".to_owned()),
            ip: Some("10.5.50.7".to_owned()),
            bind_mac: true,
            dst: Some("http://wifi.example.net/".to_owned()),
            language: Language::Pt,
            phone: Some("2290161000001".to_owned()),
            email: Some("buyer@example.net".to_owned()),
        },
        gateway_id: Some("TRX-77".to_owned()),
        notify_token: Some("canary-notify-token".into()),
        pay_url: Some("https://process.example.net/x".to_owned()),
        voucher: Some(Voucher {
            username: "canary-username".into(),
            password: "canary-password".into(),
            mode: UserMode::Up,
            comment: "up-417-11.21.26-relay".to_owned(),
        }),
        link: Some(Box::new(LinkPayment {
            reference_id: "factura-77".to_owned(),
            return_url: Some("https://shop.example.net/?t=canary-return".to_owned()),
            notification_url: Some("https://shop.example.net/?t=canary-hook".to_owned()),
            first_name: Some("canary-name".to_owned()),
            last_name: None,
        })),
        params: params(),
        paid_at: Some(at(10)),
        provisioned_at: Some(at(20)),
        delivered_at: Some(at(30)),
        ..order(reference)
    }
}

fn params() -> MikParams {
    MikParams {
        admin_user: Some("admin".to_owned()),
        admin_password: Some("canary-admin-password".into()),
        mode: Some(UserMode::Pin),
        length: Some(6),
        alphabet: Some(Alphabet::Lower),
        prefix: Some("x".to_owned()),
        notify_email: Some("a@example.net".to_owned()),
        currency: Some(Currency::Xof),
        access_uuid: Some("canary-access-uuid".to_owned()),
        dns_name: Some("wifi.example.net".to_owned()),
        server: Some("server 1".to_owned()),
        faults: vec![ParamFault {
            name: "miknamelength".to_owned(),
            flaw: Flaw::Length {
                value: "99".to_owned(),
                min: 3,
                max: 16,
            },
        }],
    }
}

pub fn event(key: &str, body: &[u8]) -> NewEvent {
    NewEvent {
        gateway: GatewayName::Fedapay,
        account: AccountId::new("fedapay"),
        hotspot: HotspotId::new("h1"),
        proof: Proof::Signed,
        key: key.to_owned(),
        query: "data.id=1".to_owned(),
        body: body.to_vec().into(),
        content_type: Some("application/json".to_owned()),
        params: params(),
        received_at: at(5),
    }
}

fn message(id: &str) -> Message {
    Message {
        company: CompanyId::new("awa"),
        order: None,
        recipient: "awa@example.net".to_owned(),
        subject: "Vente".to_owned(),
        text: "canary-mail-text".to_owned(),
        message_id: id.to_owned(),
        created_at: at(0),
    }
}

fn hook() -> NewHook {
    NewHook {
        company: CompanyId::new("awa"),
        order: Some(OrderRef::new("A")),
        message_id: "msg_1".to_owned(),
        kind: "payment.succeeded".to_owned(),
        url: "https://shop.example.net/hook?t=canary-receiver".to_owned(),
        signer: Signer::company(),
        body: "{\"name\":\"canary-buyer\"}".to_owned(),
        created_at: at(0),
    }
}

fn api_key() -> ApiKey {
    ApiKey {
        id: ApiKeyId::new("key-1"),
        company: CompanyId::new("awa"),
        kind: KeyKind::Company,
        name: "the shop".to_owned(),
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        router: None,
        secret_id: None,
        use_count: 0,
    }
}

/// Secrets included, unlike `Debug`.
fn told(order: &Order) -> String {
    let voucher = order.voucher.as_ref();
    let secrets = voucher.map(|voucher| (voucher.username.expose_secret(), voucher.password.expose_secret()));
    let admin = order
        .params
        .admin_password
        .as_ref()
        .map(|password| password.expose_secret());
    let link = order.link.as_ref().map(|link| serde_json::to_string(link).unwrap());
    format!("{order:?} {secrets:?} {admin:?} {link:?}")
}

fn references(orders: &[Order]) -> Vec<&str> {
    orders.iter().map(|order| order.reference.as_str()).collect()
}

#[test]
fn an_order_comes_out_as_it_went_in() {
    let fixture = fixture();
    for order in [order("A"), full_order("B")] {
        fixture.insert(&order);
        let by_reference = fixture.read(|db| db.order(&order.reference)).unwrap();
        let by_token = fixture.read(|db| db.order_by_token(&order.token)).unwrap();
        assert_eq!(told(&by_reference), told(&order));
        assert_eq!(told(&by_token), told(&order));
    }
    let by_gateway_id = fixture.read(|db| db.order_by_gateway_id(&AccountId::new("fedapay"), "TRX-77"));
    assert_eq!(by_gateway_id.unwrap().reference.as_str(), "B");
    assert!(
        fixture
            .read(|db| db.order_by_gateway_id(&AccountId::new("feexpay"), "TRX-77"))
            .is_none()
    );
    assert!(fixture.read(|db| db.order(&OrderRef::new("C"))).is_none());
}

#[test]
fn saving_replaces_every_field() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    let mut changed = full_order("A");
    changed.token = random_order_token();
    changed.created_at = at(-1);
    let saved = changed.clone();
    fixture.write(move |db| db.save_order(&saved));
    assert_eq!(
        told(&fixture.read(|db| db.order(&changed.reference)).unwrap()),
        told(&changed)
    );
    let missing = fixture.store.write_now(|db| db.save_order(&order("NONE")));
    assert!(
        matches!(missing, Err(StoreError::NotFound { what: "order", .. })),
        "{missing:?}"
    );
}

#[test]
fn d3_one_payment_belongs_to_one_order() {
    let fixture = fixture();
    fixture.insert(&full_order("A"));
    let second = full_order("B");
    let refused = fixture.store.write_now(move |db| db.insert_order(&second));
    assert!(matches!(refused, Err(StoreError::Exists { .. })), "{refused:?}");
    assert!(
        fixture.read(|db| db.order(&OrderRef::new("B"))).is_none(),
        "nothing of it stays"
    );
    let mut other_account = full_order("C");
    other_account.account = AccountId::new("feexpay");
    fixture.insert(&other_account);
}

#[test]
fn orders_are_listed_newest_first_and_filtered() {
    let fixture = fixture();
    for (number, state) in [State::Waiting, State::Paid, State::Stuck, State::Paid]
        .into_iter()
        .enumerate()
    {
        let seconds = i64::try_from(number).unwrap();
        let paid_at = (state != State::Waiting).then(|| at(100 - seconds));
        fixture.insert(&Order {
            state,
            paid_at,
            created_at: at(seconds),
            ..order(&format!("N{number}"))
        });
    }
    let list = |filter: OrderFilter| fixture.read(|db| db.orders(&filter));
    let all = list(OrderFilter::default());
    assert_eq!(references(&all), ["N3", "N2", "N1", "N0"]);
    let paid = list(OrderFilter {
        state: vec![State::Paid, State::Stuck],
        limit: 2,
        ..OrderFilter::default()
    });
    assert_eq!(references(&paid), ["N3", "N2"]);
    let middle = list(OrderFilter {
        since: Some(at(1)),
        before: Some(at(3)),
        ..OrderFilter::default()
    });
    assert_eq!(references(&middle), ["N2", "N1"]);
    let strange = list(OrderFilter {
        company: Some(CompanyId::new("other")),
        ..OrderFilter::default()
    });
    assert!(strange.is_empty());
    let mut counts = fixture.read(|db| db.count_orders_by_state());
    counts.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(counts, [(State::Paid, 2), (State::Stuck, 1), (State::Waiting, 1)]);
    assert_eq!(fixture.read(|db| db.oldest_unprovisioned()), Some(at(97)));
}

#[test]
fn an_order_is_found_again_by_whatever_stands_on_the_receipt() {
    let fixture = fixture();
    fixture.insert(&full_order("4QZ7"));
    fixture.write(|db| db.add_reference(&OrderRef::new("4QZ7"), "MP 2311.0945.C12345"));
    fixture.write(|db| db.add_reference(&OrderRef::new("4QZ7"), "  "));
    let find = |company: Option<&str>, text: &str| {
        let company = company.map(CompanyId::new);
        fixture.read(|db| db.find_for_recovery(company.as_ref(), text)).len()
    };
    for text in [
        "4qz7",
        " 4QZ7 ",
        "trx-77",
        "mp2311.0945.c12345",
        "MP 2311.0945.C12345\n",
    ] {
        assert_eq!(find(None, text), 1, "{text}");
        assert_eq!(find(Some("awa"), text), 1, "{text}");
        assert_eq!(find(Some("other"), text), 0, "{text}");
    }
    for text in ["", " ", "4QZ", "%", "4QZ7' OR '1'='1"] {
        assert_eq!(find(None, text), 0, "{text}");
    }
}

#[test]
fn steps_are_told_in_their_order() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    fixture.write(|db| {
        db.add_step(&OrderRef::new("A"), at(1), "paid: webhook 12")?;
        db.add_step(&OrderRef::new("A"), at(1), "router answered")
    });
    let steps = fixture.read(|db| db.steps(&OrderRef::new("A")));
    assert_eq!(
        steps,
        [
            (at(1), "paid: webhook 12".to_owned()),
            (at(1), "router answered".to_owned())
        ]
    );
    let missing = fixture
        .store
        .write_now(|db| db.add_step(&OrderRef::new("B"), at(1), "x"));
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[test]
fn an_event_keeps_its_exact_bytes_and_parameters() {
    let fixture = fixture();
    let body = b"\xff\x00 {\"a\": 1 }\r\n".to_vec();
    let stored = fixture.receive(event("evt_1", &body));
    let Stored::New(id) = stored else { panic!("{stored:?}") };
    let found = fixture.read(|db| db.event(id)).unwrap();
    assert_eq!(found.event.body, body);
    assert_eq!(format!("{:?}", found.event), format!("{:?}", event("evt_1", &body)));
    assert_eq!(
        found.event.params.admin_password.unwrap().expose_secret(),
        "canary-admin-password"
    );
    assert_eq!((found.deliveries, found.conflict, found.settled_at), (1, false, None));
    assert!(fixture.read(|db| db.event(EventId(id.0 + 1))).is_none());
}

#[tokio::test]
async fn d1_an_event_delivered_100_times_at_once_is_one_row_and_one_job() {
    let fixture = fixture();
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = fixture.store.clone();
        deliveries.spawn(async move {
            let event = store.seal_event(event("evt_1", b"{}")).unwrap();
            let accept = move |db: &Db<'_>| {
                let stored = db.insert_event(&event)?;
                if let Stored::New(id) = stored {
                    let lane = Lane::Account(AccountId::new("fedapay"));
                    db.add_job(&NewJob {
                        task: Task::Settle(id),
                        lane,
                        due_at: db.now(),
                    })?;
                }
                Ok(stored)
            };
            store.write(accept).await.unwrap()
        });
    }
    let answers = deliveries.join_all().await;
    assert_eq!(
        answers.iter().filter(|answer| matches!(answer, Stored::New(_))).count(),
        1
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| matches!(answer, Stored::Duplicate(_)))
            .count(),
        99
    );
    let events = fixture.read(|db| db.events(&EventFilter::default()));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].deliveries, 100);
    assert_eq!(fixture.read(|db| db.count_jobs()), 1);
}

#[test]
fn d2_other_bytes_under_a_known_key_are_a_conflict_and_the_first_stay() {
    let fixture = fixture();
    let deliver = |body: &[u8]| fixture.receive(event("evt_1", body));
    let Stored::New(id) = deliver(b"first") else { panic!() };
    assert_eq!(deliver(b"second"), Stored::Conflict(id));
    assert_eq!(
        deliver(b"first"),
        Stored::Duplicate(id),
        "the sender's retry is no new conflict"
    );
    let found = fixture.read(|db| db.event(id)).unwrap();
    assert_eq!(
        (&*found.event.body, found.deliveries, found.conflict),
        (&b"first"[..], 3, true)
    );
    let filter = EventFilter {
        conflict: Some(true),
        ..EventFilter::default()
    };
    assert_eq!(fixture.read(|db| db.events(&filter)).len(), 1);
}

#[test]
fn an_event_of_an_unknown_account_is_refused() {
    let fixture = fixture();
    let strange = NewEvent {
        account: AccountId::new("none"),
        ..event("evt_1", b"{}")
    };
    let strange = fixture.store.seal_event(strange).unwrap();
    let refused = fixture.store.write_now(move |db| db.insert_event(&strange));
    assert!(
        matches!(refused, Err(StoreError::NotFound { what: "account", .. })),
        "{refused:?}"
    );
}

#[test]
fn an_event_is_settled_and_opened_again() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    let Stored::New(id) = fixture.receive(event("evt_1", b"{}")) else {
        panic!()
    };
    let open = EventFilter {
        settled: Some(false),
        ..EventFilter::default()
    };
    let of_order = EventFilter {
        order: Some(OrderRef::new("A")),
        settled: Some(true),
        ..EventFilter::default()
    };
    assert_eq!(fixture.read(|db| db.events(&open)).len(), 1);
    fixture.write(move |db| db.settle_event(id, "paid", Some(&OrderRef::new("A")), at(9)));
    assert!(fixture.read(|db| db.events(&open)).is_empty());
    let settled = fixture.read(|db| db.events(&of_order));
    assert_eq!(
        (settled[0].outcome.as_deref(), settled[0].settled_at),
        (Some("paid"), Some(at(9)))
    );
    fixture.write(move |db| db.reopen_event(id));
    assert_eq!(fixture.read(|db| db.events(&open)).len(), 1);
    assert_eq!(
        fixture.read(|db| db.order_of_event(id)),
        Some(OrderRef::new("A")),
        "it is still known whose it was"
    );
    let missing = fixture
        .store
        .write_now(|db| db.settle_event(EventId(99), "x", None, at(0)));
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[test]
fn a_job_is_claimed_once_until_its_lease_ends() {
    let fixture = fixture();
    let lane = Lane::Router(RouterId::new("r1"));
    fixture.add_job(Task::Provision(OrderRef::new("A")), lane.clone(), 10);
    assert!(fixture.claim(&lane, 9).is_none(), "not due yet");
    let first = fixture.claim(&lane, 10).unwrap();
    assert_eq!((first.attempts, first.task), (0, Task::Provision(OrderRef::new("A"))));
    assert!(fixture.claim(&lane, 69).is_none(), "leased");
    assert_eq!(fixture.claim(&lane, 70).unwrap().attempts, 1, "the lease is over");
    fixture.write(|db| db.release_leases());
    let third = fixture.claim(&lane, 70).unwrap();
    assert_eq!(third.attempts, 2);
    fixture.write(move |db| db.postpone_job(third.id, at(100), "no route"));
    assert!(fixture.claim(&lane, 99).is_none());
    let fourth = fixture.claim(&lane, 100).unwrap();
    assert_eq!((fourth.attempts, fourth.last_error.as_deref()), (3, Some("no route")));
    fixture.write(move |db| db.finish_job(fourth.id));
    assert_eq!(fixture.read(|db| db.count_jobs()), 0);
}

#[test]
fn r7_the_oldest_job_of_a_lane_comes_first_and_lanes_do_not_mix() {
    let fixture = fixture();
    let lane = |id: &str| Lane::Router(RouterId::new(id));
    for (reference, router, due) in [("A", "r1", 5), ("B", "r1", 3), ("C", "r1", 3), ("D", "r2", 1)] {
        fixture.add_job(Task::Provision(OrderRef::new(reference)), lane(router), due);
    }
    let claimed: Vec<_> = (0..4)
        .map(|_| fixture.claim(&lane("r1"), 10).map(|job| job.task.subject()))
        .collect();
    assert_eq!(
        claimed,
        [Some("B".to_owned()), Some("C".to_owned()), Some("A".to_owned()), None]
    );
    assert_eq!(fixture.claim(&lane("r2"), 10).unwrap().task.subject(), "D");
}

#[test]
fn a_task_is_one_row_however_often_it_is_wished_for() {
    let fixture = fixture();
    let (task, lane) = (
        Task::Reconcile(OrderRef::new("A")),
        Lane::Account(AccountId::new("fedapay")),
    );
    fixture.add_job(task.clone(), lane.clone(), 100);
    fixture.add_job(task.clone(), lane.clone(), 200);
    assert_eq!(fixture.read(|db| db.next_due()), Some(at(100)), "never made later");
    fixture.add_job(task, lane.clone(), 50);
    assert_eq!(fixture.read(|db| db.next_due()), Some(at(50)));
    assert_eq!(fixture.read(|db| db.count_jobs()), 1);
}

#[test]
fn a_wish_that_comes_while_the_job_runs_is_not_lost() {
    let fixture = fixture();
    let (task, lane) = (
        Task::Reconcile(OrderRef::new("A")),
        Lane::Account(AccountId::new("fedapay")),
    );
    fixture.add_job(task.clone(), lane.clone(), 0);
    let running = fixture.claim(&lane, 0).unwrap();
    fixture.add_job(task.clone(), lane.clone(), 1);
    assert!(fixture.claim(&lane, 2).is_none(), "nobody else runs it meanwhile");
    fixture.write(move |db| db.finish_job(running.id));
    let again = fixture.claim(&lane, 2).unwrap();
    assert_eq!(again.attempts, 0, "a fresh job");
    fixture.add_job(task, lane.clone(), 3);
    fixture.write(move |db| db.postpone_job(again.id, at(500), "later"));
    let sooner = fixture.claim(&lane, 3).unwrap();
    fixture.write(move |db| db.finish_job(sooner.id));
    assert_eq!(fixture.read(|db| db.count_jobs()), 0);
}

#[test]
fn due_lanes_are_those_with_work_now() {
    let fixture = fixture();
    let (router, account) = (
        Lane::Router(RouterId::new("r1")),
        Lane::Account(AccountId::new("fedapay")),
    );
    assert!(fixture.read(|db| db.due_lanes(at(0))).is_empty());
    assert_eq!(fixture.read(|db| db.next_due()), None);
    fixture.add_job(Task::Provision(OrderRef::new("A")), router.clone(), 10);
    fixture.add_job(Task::Settle(EventId(1)), account.clone(), 20);
    fixture.add_job(Task::Mail(1), Lane::Mail, 30);
    assert_eq!(
        fixture.read(|db| db.due_lanes(at(20))),
        [account.clone(), router.clone()]
    );
    fixture.claim(&router, 20).unwrap();
    assert_eq!(fixture.read(|db| db.due_lanes(at(20))), [account]);
    assert_eq!(fixture.read(|db| db.next_due()), Some(at(20)));
    fixture.write(|db| db.hurry_lane(&Lane::Mail, at(20)));
    assert!(fixture.read(|db| db.due_lanes(at(20))).contains(&Lane::Mail));
}

#[test]
fn the_open_jobs_of_an_order_are_listed() {
    let fixture = fixture();
    let lane = Lane::Router(RouterId::new("r1"));
    fixture.add_job(Task::Provision(OrderRef::new("7")), lane.clone(), 10);
    fixture.add_job(Task::LogIn(OrderRef::new("7")), lane, 10);
    fixture.add_job(Task::Settle(EventId(7)), Lane::Account(AccountId::new("fedapay")), 10);
    let jobs = fixture.read(|db| db.jobs_of_order(&OrderRef::new("7")));
    let kinds: Vec<_> = jobs.iter().map(|job| job.task.kind()).collect();
    assert_eq!(
        kinds,
        ["provision", "login"],
        "an event of the same number is another thing"
    );
}

#[test]
fn a_mail_waits_is_sent_or_is_refused() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    let mail = Message {
        order: Some(OrderRef::new("A")),
        ..message("<1@relay>")
    };
    let id = fixture.write({
        let mail = mail.clone();
        move |db| db.add_message(&mail)
    });
    assert_eq!(
        fixture.read(|db| db.message(id)),
        Some((mail.clone(), MessageState::Waiting))
    );
    for state in [
        MessageState::Sent(at(7)),
        MessageState::Refused("no such user".to_owned()),
        MessageState::Waiting,
    ] {
        let wanted = state.clone();
        fixture.write(move |db| db.set_message_state(id, wanted));
        assert_eq!(fixture.read(|db| db.message(id)), Some((mail.clone(), state)));
    }
    assert_eq!(fixture.read(|db| db.messages_of_order(&OrderRef::new("A"))).len(), 1);
    let twice = fixture.store.write_now(move |db| db.add_message(&mail));
    assert!(
        matches!(twice, Err(StoreError::Exists { .. })),
        "one message id, one mail"
    );
}

#[test]
fn the_directory_comes_out_as_it_went_in() {
    let fixture = fixture();
    let found = fixture.read(|db| db.load_directory());
    assert_eq!(
        format!("{:?}", found.companies[&company().id]),
        format!("{:?}", company())
    );
    assert_eq!(
        format!("{:?}", found.hotspots[&hotspot().id]),
        format!("{:?}", hotspot())
    );
    assert_eq!(found.plans[&plan().id], plan());
    let stored = &found.routers[&router().id];
    assert_eq!(format!("{stored:?}"), format!("{:?}", router()));
    let password = stored.credentials.as_ref().unwrap().password.expose_secret();
    assert_eq!(password, "canary-router-password");
    for account in accounts() {
        let stored = &found.accounts[&account.id];
        assert_eq!(format!("{stored:?}"), format!("{account:?}"));
        assert_eq!(all_secrets(&stored.keys), all_secrets(&account.keys));
        assert_eq!(format!("{:?}", stored.keys), format!("{:?}", account.keys));
        assert_eq!(stored.refunds, account.refunds);
    }
    // Put again, everything stays as it is.
    fixture.write(put_business);
    assert_eq!(
        format!("{:?}", fixture.read(|db| db.load_directory()).plans),
        format!("{:?}", found.plans)
    );
}

fn all_secrets(keys: &AccountKeys) -> Vec<String> {
    let secrets = match keys {
        AccountKeys::Fedapay {
            secret_key,
            webhook_secrets,
            ..
        } => secret_key.iter().chain(webhook_secrets).collect(),
        AccountKeys::CinetpayV2 {
            api_key,
            webhook_secrets,
            ..
        } => [api_key].into_iter().chain(webhook_secrets).collect(),
        AccountKeys::CinetpayV1 { api_key, api_password } => vec![api_key, api_password],
        AccountKeys::Feexpay {
            token, callback_header, ..
        } => [token]
            .into_iter()
            .chain(callback_header.iter().map(|header| &header.value))
            .collect::<Vec<_>>(),
        AccountKeys::Conekta { private_key, .. } => vec![private_key],
        AccountKeys::Mercadopago {
            access_token,
            webhook_secrets,
            ..
        } => [access_token].into_iter().chain(webhook_secrets).collect(),
    };
    secrets
        .into_iter()
        .map(|secret| secret.expose_secret().to_owned())
        .collect()
}

#[tokio::test]
async fn learnt_credentials_reach_the_snapshot() {
    let fixture = fixture();
    fixture.store.refresh_directory().await.unwrap();
    let learnt = RouterCredentials {
        user: "admin".to_owned(),
        password: "learnt".into(),
    };
    fixture
        .store
        .write(move |db| db.set_router_credentials(&RouterId::new("r1"), &learnt))
        .await
        .unwrap();
    assert!(fixture.store.refresh_directory().await.unwrap());
    let directory = fixture.store.directory();
    let credentials = directory.routers[&RouterId::new("r1")].credentials.as_ref().unwrap();
    assert_eq!(
        (credentials.user.as_str(), credentials.password.expose_secret()),
        ("admin", "learnt")
    );
    let none = RouterCredentials {
        user: "x".to_owned(),
        password: "x".into(),
    };
    let missing = fixture
        .store
        .write(move |db| db.set_router_credentials(&RouterId::new("r9"), &none))
        .await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[test]
fn what_sales_need_cannot_be_removed() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    fixture.write(|db| db.remove_plan(&PlanId::new("4h")));
    let refused = fixture.store.write_now(|db| db.remove_hotspot(&HotspotId::new("h1")));
    assert!(matches!(refused, Err(StoreError::Related { .. })), "{refused:?}");
    let refused = fixture
        .store
        .write_now(|db| db.remove_account(&AccountId::new("fedapay")));
    assert!(matches!(refused, Err(StoreError::Related { .. })), "{refused:?}");
    fixture.write(|db| db.remove_account(&AccountId::new("feexpay")));
    assert_eq!(
        fixture.read(|db| db.order(&OrderRef::new("A"))).unwrap().plan.label,
        "4 heures"
    );
}

#[test]
fn i5_no_secret_is_on_the_disk_in_plain_text() {
    let fixture = fixture();
    fixture.insert(&full_order("A"));
    fixture.receive(event("evt_1", b"{\"notify_token\":\"canary-body\"}"));
    fixture.write(|db| db.add_message(&message("<1@relay>")));
    fixture.write(|db| db.add_hook(&hook()));
    fixture.write(|db| db.add_api_key(&api_key(), &"mk_canary".into()));
    fixture.write(|db| {
        db.add_link_request(&LinkRequest {
            order: OrderRef::new("A"),
            company: CompanyId::new("awa"),
            account: AccountId::new("fedapay"),
            reference_id: "factura-77".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            idempotency_sha256: Some([1; 32]),
            request_sha256: [2; 32],
            created_at: at(0),
        })
    });
    fixture.write(|db| db.keep_link_answer(&OrderRef::new("A"), "{\"canary\":1}"));
    let mut seen = 0;
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        seen += usize::from(bytes.windows(b"Cyber Awa".len()).any(|window| window == b"Cyber Awa"));
        let at = bytes.windows(b"canary".len()).position(|window| window == b"canary");
        assert!(
            at.is_none(),
            "{}: {:?}",
            path.display(),
            String::from_utf8_lossy(&bytes[at.unwrap()..][..40])
        );
    }
    assert!(
        seen > 0,
        "the files that were looked through are those that hold the records"
    );
}

#[test]
fn everything_acknowledged_is_there_after_reopening() {
    let fixture = fixture();
    fixture.insert(&full_order("A"));
    let Stored::New(id) = fixture.receive(event("evt_1", b"{}")) else {
        panic!()
    };
    fixture.add_job(Task::Settle(id), Lane::Account(AccountId::new("fedapay")), 0);
    let Fixture {
        folder,
        key,
        clock,
        store,
    } = fixture;
    drop(store);
    let reopened = open(folder.path(), &key, &clock).unwrap();
    let order = reopened.read_now(|db| db.order(&OrderRef::new("A"))).unwrap().unwrap();
    assert_eq!(order.voucher.unwrap().username.expose_secret(), "canary-username");
    assert!(reopened.read_now(|db| db.event(id)).unwrap().is_some());
    assert_eq!(reopened.read_now(|db| db.count_jobs()).unwrap(), 1);
    assert_eq!(reopened.directory().plans.len(), 1, "the directory is read at once");
}

/// A database as release 0.1 leaves it, made with its own SQL. A later release adds its own beside it and
/// never changes this one.
fn make_database_of_v1(path: &Path, key: &MasterKey) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(SCHEMA_OF_V1).unwrap();
    connection.execute_batch(HISTORY_OF_V1).unwrap();
    let put = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.execute(sql, values).unwrap();
    put(
        "INSERT INTO meta VALUES ('key_check', ?1)",
        &[&key.seal("meta.key_check", b"mikrelay")],
    );
    put(
        "INSERT INTO company VALUES ('awa', 'Cyber Awa', 'BJ', 'fr', 'Africa/Porto-Novo', NULL)",
        &[],
    );
    let password = key.seal("router.password:r1", b"pass");
    put(
        "INSERT INTO router VALUES ('r1', 'awa', '10.99.0.2:8728', 'off', 'relay', ?1, 'uuid')",
        &[&password],
    );
    put(
        "INSERT INTO hotspot VALUES ('h1', 'awa', 'r1', 'hotspot1', 's', NULL, 'vc', 6, 'mix', '', 'plans')",
        &[],
    );
    let keys = br#"{"api":"fedapay","public_key":"pk","secret_key":"sk","webhook_secrets":["wh"]}"#;
    put(
        "INSERT INTO account VALUES ('fedapay', 'awa', 'fedapay', 'live', NULL, ?1)",
        &[&key.seal("account.keys:fedapay", keys)],
    );
    put(
        "INSERT INTO plan VALUES ('4h', 'awa', 'h1', '4 heures', '4H', 100, 'XOF', 14400, 0)",
        &[],
    );
    put("INSERT INTO plan_account VALUES ('4h', 'fedapay', 'awa')", &[]);
    let voucher = br#"{"username":"mmabc","password":"mmabc","mode":"vc","comment":"vc-417-11.21.26-"}"#;
    put(
        "INSERT INTO orders VALUES ('A', 'token', 'awa', 'h1', 'fedapay', 'live', '4h', '4 heures', '4H', 100, 'XOF', \
         14400, 0, 'provisioned', 'the buyer paid 1 XOF', 'trying', NULL, NULL, NULL, 'fr', NULL, NULL, 'T1', NULL, NULL, ?1, NULL, \
         1790000000000, 1790000001000, 1790000002000, NULL)",
        &[&key.seal("orders.voucher:A", voucher)],
    );
    put(
        "INSERT INTO order_reference VALUES ('a', 'A', 'awa'), ('t1', 'A', 'awa')",
        &[],
    );
    let (body, params) = (
        key.seal("event.body:fedapay:evt_1", b"{}"),
        key.seal(
            "event.params:fedapay:evt_1",
            br#"{"faults":[{"name":"mikserver","sentence":"is `x`"}]}"#,
        ),
    );
    put(
        "INSERT INTO event VALUES (1, 'awa', 'fedapay', 'fedapay', 'h1', 'signed', 'evt_1', ?1, x'00', NULL, ?2, \
         1790000000000, 1, 0, 'paid', 1790000001000, 'A')",
        &[&body, &params],
    );
    put(
        "INSERT INTO job (company, kind, subject, lane, due_at, created_at) \
         VALUES ('awa', 'login', 'A', 'router:r1', 1790000000000, 1790000000000)",
        &[],
    );
    let text = key.seal("message.text:<1@relay>", b"text");
    put(
        "INSERT INTO message VALUES (1, 'awa', 'A', 'awa@example.net', 'Vente', ?1, '<1@relay>', 1790000000000, \
         'waiting', NULL, NULL)",
        &[&text],
    );
}

#[test]
fn k8_a_database_of_the_first_release_is_opened_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (key, clock) = (MasterKey::generate(), Clock::manual(at(0)));
    make_database_of_v1(&folder.path().join(DATABASE_FILE), &key);
    let store = open(folder.path(), &key, &clock).unwrap();
    let directory = store.directory();
    assert_eq!(directory.plans_of(&HotspotId::new("h1")).len(), 1);
    let credentials = directory.routers[&RouterId::new("r1")].credentials.as_ref().unwrap();
    assert_eq!(credentials.password.expose_secret(), "pass");
    // What later schemas added begins as if it had always been there.
    let (number, product) = {
        let product = &directory.products[&PlanId::new("4h")];
        (product.number, product)
    };
    assert!(product.active && product.details.is_empty() && !product.featured);
    assert_eq!(directory.product(number).unwrap().1.id, PlanId::new("4h"));
    let (company, router) = (
        &directory.companies[&CompanyId::new("awa")].card,
        &directory.routers[&RouterId::new("r1")].card,
    );
    assert!(company.active && router.active && router.name.is_none() && company.telegram.token.is_none());
    let schema_time: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for at in [company.created_at, router.created_at, product.created_at] {
        assert!(at > schema_time, "{at}");
    }
    assert!(directory.is_on_sale(&directory.plans[&PlanId::new("4h")]));
    let hotspot = &directory.hotspots[&HotspotId::new("h1")];
    assert_eq!(
        hotspot.mikhmon,
        MikhmonWishes::default(),
        "nothing is done beside Mikhmon"
    );
    let old = OrderRef::new("A");
    store
        .write_now(move |db| db.watch_validity(&old, &RouterId::new("r1")))
        .unwrap();
    let watches = store.read_now(|db| db.validity_watches(&RouterId::new("r1"))).unwrap();
    assert_eq!(watches.len(), 1, "an order of that time can be watched");
    assert_eq!(
        all_secrets(&directory.accounts[&AccountId::new("fedapay")].keys),
        ["sk", "wh"]
    );
    let order = store
        .read_now(|db| db.order_by_gateway_id(&AccountId::new("fedapay"), "T1"))
        .unwrap()
        .unwrap();
    assert_eq!(order.state, State::Provisioned);
    let words = "the buyer paid 1 XOF".to_owned();
    assert_eq!(order.reason, Some(Reason::Other { words }));
    assert_eq!(order.voucher.unwrap().username.expose_secret(), "mmabc");
    assert_eq!(store.read_now(|db| db.find_for_recovery(None, "T1")).unwrap().len(), 1);
    let event = store.read_now(|db| db.event(EventId(1))).unwrap().unwrap();
    assert_eq!(
        (&*event.event.body, event.outcome.as_deref()),
        (&b"{}"[..], Some("paid"))
    );
    let fault = &event.event.params.faults[0];
    let sentence = "is `x`".to_owned();
    assert_eq!(
        (fault.name.as_str(), &fault.flaw),
        ("mikserver", &Flaw::Other { sentence })
    );
    assert_eq!(store.read_now(|db| db.message(1)).unwrap().unwrap().0.text, "text");
    let lane = Lane::Router(RouterId::new("r1"));
    let job = store
        .write_now(move |db| {
            db.claim_jobs(&lane, at(0), SignedDuration::from_secs(1), 1)
                .map(|mut jobs| jobs.pop())
        })
        .unwrap()
        .unwrap();
    assert_eq!(job.task, Task::LogIn(OrderRef::new("A")));
}

#[test]
fn c1_times_far_from_now_are_kept() {
    let fixture = fixture();
    for (reference, year) in [("A", "1970-01-01T00:00:00Z"), ("B", "2200-01-01T00:00:00Z")] {
        let created_at: Timestamp = year.parse().unwrap();
        fixture.insert(&Order {
            created_at,
            ..order(reference)
        });
        assert_eq!(
            fixture
                .read(|db| db.order(&OrderRef::new(reference)))
                .unwrap()
                .created_at,
            created_at
        );
    }
    fixture.clock.advance_ms(-10 * 365 * 86_400_000);
    fixture.add_job(Task::Mail(1), Lane::Mail, 0);
    assert_eq!(fixture.claim(&Lane::Mail, 0).unwrap().task, Task::Mail(1));
}

#[test]
fn a_key_is_found_by_what_is_shown_and_by_nothing_else() {
    let fixture = fixture();
    fixture.write(|db| db.add_api_key(&api_key(), &"mk_right".into()));
    assert_eq!(fixture.read(|db| db.api_key_shown(&"mk_right".into())), Some(api_key()));
    for shown in ["mk_wrong", "mk_right ", "key-1", ""] {
        let shown = shown.into();
        assert_eq!(fixture.read(|db| db.api_key_shown(&shown)), None);
    }
    fixture.write(|db| db.note_key_use(&ApiKeyId::new("key-1"), at(60)));
    assert!(fixture.write(|db| db.revoke_api_key(&ApiKeyId::new("key-1"))));
    let known = fixture.read(|db| db.api_key_shown(&"mk_right".into())).unwrap();
    assert!(!known.is_valid(at(0)) && known.last_used_at == Some(at(60)));
    let passing = ApiKey {
        expires_at: Some(at(10)),
        ..api_key()
    };
    assert!(passing.is_valid(at(9)) && !passing.is_valid(at(10)));
    let other = CompanyId::new("nobody");
    assert_eq!(fixture.read(|db| db.api_keys(Some(&other))), []);
}

#[test]
fn a_products_number_stays_and_is_never_given_again() {
    let fixture = fixture();
    let number = |id: &str| fixture.read(|db| db.load_directory()).products[&PlanId::new(id)].number;
    let first = number("4h");
    fixture.write(|db| {
        let mut product = db.load_directory()?.products[&plan().id].clone();
        product.active = false;
        product.description = Some("four hours".to_owned());
        product.position = -3;
        product.details = vec![serde_json::Map::from_iter([("value".to_owned(), "10 Mbps".into())])];
        db.set_product(&product)
    });
    // What the business file writes leaves it alone.
    fixture.write(put_business);
    let stored = fixture.read(|db| db.load_directory()).products[&plan().id].clone();
    assert_eq!((stored.number, stored.active, stored.position), (first, false, -3));
    assert_eq!(stored.description.as_deref(), Some("four hours"));
    assert_eq!(stored.details[0]["value"], "10 Mbps");
    fixture.write(|db| db.remove_plan(&plan().id));
    assert!(fixture.read(|db| db.load_directory()).products.is_empty());
    fixture.write(|db| db.put_plan(&plan()));
    assert!(number("4h") > first, "a plan that is made anew is another product");
    assert!(fixture.read(|db| db.load_directory()).products[&plan().id].active);
}

#[test]
fn s7_cards_are_kept_through_apply_and_their_token_is_sealed() {
    let fixture = fixture();
    let card = CompanyCard {
        contact_phone: Some("+52 55".to_owned()),
        active: false,
        telegram: Telegram {
            token: Some("123:canary-telegram".into()),
            chat: Some("-7".to_owned()),
            on: true,
        },
        ..CompanyCard::default()
    };
    let router_card = RouterCard {
        name: Some("Azotea".to_owned()),
        user_prefix: "PT-".to_owned(),
        ..RouterCard::default()
    };
    let before = fixture.read(|db| db.directory_version());
    fixture.write(move |db| {
        db.set_company_card(&company().id, &card)?;
        db.set_router_card(&router().id, &router_card)
    });
    assert!(fixture.read(|db| db.directory_version()) > before, "others hear of it");
    fixture.write(put_business);
    let directory = fixture.read(|db| db.load_directory());
    let stored = &directory.companies[&company().id].card;
    assert_eq!(
        (stored.active, stored.contact_phone.as_deref()),
        (false, Some("+52 55"))
    );
    assert_eq!(
        (stored.telegram.on, stored.telegram.chat.as_deref()),
        (true, Some("-7"))
    );
    assert_eq!(
        stored.telegram.token.as_ref().unwrap().expose_secret(),
        "123:canary-telegram"
    );
    assert_eq!(stored.created_at, at(0), "when it was made is not a card's to say");
    let stored = &directory.routers[&router().id];
    assert_eq!(
        (stored.shown_name(), stored.card.user_prefix.as_str()),
        ("Azotea", "PT-")
    );
    for file in ["mikrelay.db", "mikrelay.db-wal"] {
        let bytes = std::fs::read(fixture.folder.path().join(file)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{file}");
    }
    let missing = fixture
        .store
        .write_now(|db| db.set_router_card(&RouterId::new("none"), &RouterCard::default()));
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[test]
fn a_webhook_keeps_its_tries_and_its_order_may_go() {
    let fixture = fixture();
    fixture.insert(&order("A"));
    let id = fixture.write(|db| db.add_hook(&hook()));
    let delivery = |status| Delivery {
        at: at(1),
        took_ms: 7,
        status,
        error: status.is_none().then(|| "nobody is there".to_owned()),
    };
    for _ in 0..70 {
        fixture.write(move |db| db.record_delivery(id, &delivery(Some(500)), HookState::Waiting, at(6)));
    }
    fixture.write(move |db| db.record_delivery(id, &delivery(None), HookState::GivenUp, at(6)));
    let stored = fixture.read(|db| db.hook(id)).unwrap();
    assert_eq!(
        (stored.hook, stored.state, stored.tries),
        (hook(), HookState::GivenUp, 71)
    );
    let tries = fixture.read(|db| db.deliveries(id));
    assert!(
        tries.len() <= 50 && tries.last() == Some(&delivery(None)),
        "{}",
        tries.len()
    );
    assert!(fixture.write(move |db| db.reopen_hook(id)));
    let stored = fixture.read(|db| db.hook(id)).unwrap();
    assert_eq!(
        (stored.state, stored.tries, stored.next_at),
        (HookState::Waiting, 0, fixture.read(|db| Ok(db.now())))
    );
}

#[test]
fn sale_records_are_sealed_and_a_router_is_told_of_once() {
    let fixture = fixture();
    let order = order("A");
    fixture.insert(&order);
    let record = SaleRecord {
        name: "jun/05/2026-|-09:05:01-|-canary-of-a-record-|-500".to_owned(),
        owner: "jun2026".to_owned(),
        source: "jun/05/2026".to_owned(),
    };
    let (reference, stored) = (order.reference.clone(), record.clone());
    fixture.write(move |db| db.put_sale_record(&reference, &stored));
    assert_eq!(fixture.read(|db| db.sale_record(&order.reference)), Some(record));
    assert_eq!(fixture.read(|db| db.sale_record(&OrderRef::new("B"))), None);
    let router = RouterId::new("r1");
    let note = |fixture: &Fixture| {
        let router = RouterId::new("r1");
        fixture.write(move |db| db.note_records_refused(&router, at(1)))
    };
    assert!(note(&fixture) && !note(&fixture), "it is news once");
    fixture.write(move |db| db.clear_records_refused(&router));
    assert!(note(&fixture), "and again after it was well");
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(6).any(|window| window == b"canary"),
            "a code stands in clear"
        );
    }
}

#[test]
fn a_watched_validity_is_kept_until_it_ends() {
    let fixture = fixture();
    let order = order("A");
    fixture.insert(&order);
    let (router, reference) = (RouterId::new("r1"), order.reference.clone());
    fixture.write(move |db| db.watch_validity(&reference, &router));
    let watches = |fixture: &Fixture| fixture.read(|db| db.validity_watches(&RouterId::new("r1")));
    let mut watch = watches(&fixture).remove(0);
    assert_eq!(
        (watch.validity_s, watch.first_login_at, watch.ends_at),
        (None, None, None)
    );
    (watch.validity_s, watch.first_login_at, watch.ends_at) = (Some(86_400), Some(at(5)), Some(at(86_405)));
    let saved = watch.clone();
    fixture.write(move |db| db.save_validity_watch(&saved));
    assert_eq!(watches(&fixture), [watch]);
    let reference = order.reference.clone();
    fixture.write(move |db| db.end_validity(&reference, at(86_406)));
    assert!(watches(&fixture).is_empty());
    let reference = order.reference.clone();
    fixture.write(move |db| db.forget_validity(&reference));
    let ended = fixture.read(|db| db.validity_ended_at(&order.reference));
    assert_eq!(ended, Some(at(86_406)), "what the relay ended stays known");
}
