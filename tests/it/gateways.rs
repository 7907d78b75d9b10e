//! The adapters over real sockets against the simulated gateways: each way a payment begins, is told and is
//! asked about, and each fault the simulators know.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use mikrelay::company::{Account, AccountKeys, CallbackHeader, Language, Mode, RefundPolicy};
use mikrelay::event::Told;
use mikrelay::gateway::{
    self, Authenticity, GatewayError, Incoming, Notice, PayMethod, PaymentKey, PaymentRequest, PaymentStatus, Refusal,
    Report, Started,
};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::{AccountId, CompanyId, OrderRef};
use mikrelay::money::{Currency, Money};
use mikrelay::sim::gateways::{
    Choice, Fault, FeexpayKeys, Quirk, SentWebhook, SimGateway, SimGateways, SimGatewaysConfig, SimStatus,
    WebhookTarget,
};
use mikrelay::sim::http::{Reply, Request, Server, call};
use secrecy::ExposeSecret;

/// The four gateways, an account at each, and a merchant that takes webhooks.
struct World {
    sim: SimGateways,
    merchant: Merchant,
    client: HttpClient,
    config: SimGatewaysConfig,
}

impl World {
    async fn start() -> Self {
        Self::with(SimGatewaysConfig::default()).await
    }

    async fn with(config: SimGatewaysConfig) -> Self {
        let config = SimGatewaysConfig {
            retry_delays: vec![Duration::ZERO; 9],
            late_by: Duration::from_millis(20),
            ..config
        };
        let sim = SimGateways::start(config.clone()).await.unwrap();
        let merchant = Merchant::start().await;
        sim.fedapay.set_webhooks(vec![WebhookTarget {
            url: merchant.url("fedapay"),
            headers: vec![("mikserver".to_owned(), "hotspot1".to_owned())],
        }]);
        sim.feexpay.set_webhooks(vec![WebhookTarget {
            url: merchant.url("feexpay?mikserver=hotspot1"),
            headers: vec![],
        }]);
        Self {
            sim,
            merchant,
            client: HttpClient::new(),
            config,
        }
    }

    fn account(&self, gateway: &SimGateway, keys: AccountKeys) -> Account {
        Account {
            id: AccountId::new("a"),
            company: CompanyId::new("c"),
            mode: Mode::Test,
            base_url: Some(gateway.base_url().to_owned()),
            keys,
            refunds: RefundPolicy::default(),
        }
    }

    fn fedapay(&self) -> Account {
        let keys = &self.config.fedapay;
        self.account(
            &self.sim.fedapay,
            AccountKeys::Fedapay {
                public_key: Some(keys.public_key.clone()),
                secret_key: Some(keys.secret_key.as_str().into()),
                webhook_secrets: vec![keys.webhook_secret.as_str().into()],
            },
        )
    }

    fn cinetpay_v2(&self) -> Account {
        let keys = &self.config.cinetpay_v2;
        self.account(
            &self.sim.cinetpay_v2,
            AccountKeys::CinetpayV2 {
                site_id: keys.site_id.clone(),
                api_key: keys.api_key.as_str().into(),
                webhook_secrets: keys.secret_key.iter().map(|secret| secret.as_str().into()).collect(),
            },
        )
    }

    fn cinetpay_v1(&self) -> Account {
        let keys = &self.config.cinetpay_v1;
        self.account(
            &self.sim.cinetpay_v1,
            AccountKeys::CinetpayV1 {
                api_key: keys.api_key.as_str().into(),
                api_password: keys.api_password.as_str().into(),
            },
        )
    }

    fn feexpay(&self) -> Account {
        let keys = &self.config.feexpay;
        let header = keys.header.as_ref();
        self.account(
            &self.sim.feexpay,
            AccountKeys::Feexpay {
                shop: keys.shop.clone(),
                token: keys.token.as_str().into(),
                callback_header: header.map(|(name, value)| CallbackHeader {
                    name: name.clone(),
                    value: value.as_str().into(),
                }),
            },
        )
    }

    /// All four, with an account at each and a name for messages.
    fn each(&self) -> [(&'static str, &SimGateway, Account); 4] {
        [
            ("fedapay", &self.sim.fedapay, self.fedapay()),
            ("cinetpay_v2", &self.sim.cinetpay_v2, self.cinetpay_v2()),
            ("cinetpay_v1", &self.sim.cinetpay_v1, self.cinetpay_v1()),
            ("feexpay", &self.sim.feexpay, self.feexpay()),
        ]
    }

    async fn start_payment(&self, account: &Account, order: &str) -> Result<Started, GatewayError> {
        self.request(account, &self.payment(order)).await
    }

    async fn request(&self, account: &Account, request: &PaymentRequest) -> Result<Started, GatewayError> {
        self.client.converse(gateway::of(account).start(account, request)).await
    }

    fn payment(&self, order: &str) -> PaymentRequest {
        PaymentRequest {
            order: OrderRef::new(order),
            amount: xof(100),
            description: gateway::plain_description("Forfait été – 4 h"),
            return_url: self.merchant.url("back"),
            notify_url: self.merchant.url("cinetpay?k=uuid"),
            language: Language::Fr,
            phone: Some("2290166000000".to_owned()),
            email: Some("awa@example.org".to_owned()),
            network: Some("mtn".to_owned()),
            otp: None,
            country: "BJ".to_owned(),
            created_at: Timestamp::now(),
        }
    }

    async fn ask(&self, account: &Account, order: &str, id: Option<&str>) -> Result<Report, GatewayError> {
        let key = PaymentKey {
            order: OrderRef::new(order),
            gateway_id: id.map(ToOwned::to_owned),
            created_at: Timestamp::now(),
        };
        self.client.converse(gateway::of(account).ask(account, &key)).await
    }
}

/// A merchant's callback server: keeps what it is sent and answers as it is told.
struct Merchant {
    server: Server,
    taken: Arc<Mutex<Vec<Request>>>,
    /// Statuses for the next POSTs; 200 after them.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Merchant {
    async fn start() -> Self {
        let taken: Arc<Mutex<Vec<Request>>> = Arc::default();
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let (keep, next) = (taken.clone(), answers.clone());
        let server = Server::start(0, move |request: Request| {
            let (keep, next) = (keep.clone(), next.clone());
            async move {
                if request.method == Method::GET {
                    return Reply::text(StatusCode::OK, "ok");
                }
                keep.lock().unwrap().push(request);
                let status = next.lock().unwrap().pop().unwrap_or(200);
                Reply::text(StatusCode::from_u16(status).unwrap(), "")
            }
        })
        .await
        .unwrap();
        Self { server, taken, answers }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.server.base_url())
    }

    fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }

    fn take_one(&self) -> Request {
        let mut taken = self.take();
        assert_eq!(taken.len(), 1, "{taken:?}");
        taken.remove(0)
    }
}

fn xof(amount: i64) -> Money {
    Money::from_minor(amount, Currency::Xof)
}

fn authenticate(account: &Account, webhook: &Request) -> Result<Authenticity, Refusal> {
    let incoming = Incoming {
        query: None,
        headers: &webhook.headers,
        body: &webhook.body,
    };
    gateway::of(account).authenticate(account, incoming, Timestamp::now())
}

fn notice(account: &Account, webhook: &Request) -> Notice {
    gateway::of(account)
        .read_notice(account, Told::body(&webhook.body))
        .unwrap()
}

fn answers(webhooks: &[SentWebhook]) -> Vec<Vec<Option<u16>>> {
    webhooks.iter().map(|webhook| webhook.answers.clone()).collect()
}

#[tokio::test]
async fn a_payment_is_started_told_and_asked_about_at_each_gateway() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let started = world.start_payment(&account, "ORDER1").await.unwrap();
        assert_eq!(sim.orders(), ["ORDER1"], "{name}");
        let pending = world
            .ask(&account, "ORDER1", started.gateway_id.as_deref())
            .await
            .unwrap();
        assert_eq!(pending.status, PaymentStatus::Pending, "{name}");

        sim.pay("ORDER1", Choice::Pay).await.unwrap();
        let webhook = world.merchant.take_one();
        assert_eq!(
            notice(&account, &webhook).order,
            Some(OrderRef::new("ORDER1")),
            "{name}"
        );
        match authenticate(&account, &webhook).unwrap() {
            Authenticity::Token { order, token } => {
                assert_eq!((name, order.as_str()), ("cinetpay_v1", "ORDER1"));
                assert_eq!(
                    token.expose_secret(),
                    started.notify_token.as_ref().unwrap().expose_secret()
                );
            }
            Authenticity::Unsigned => assert_eq!(name, "feexpay"),
            Authenticity::Signed => assert!(matches!(name, "fedapay" | "cinetpay_v2"), "{name}"),
        }

        let paid = world
            .ask(&account, "ORDER1", started.gateway_id.as_deref())
            .await
            .unwrap();
        assert_eq!(paid.status, PaymentStatus::Paid, "{name}");
        let amount = if name == "cinetpay_v1" { None } else { Some(xof(100)) };
        assert_eq!(paid.amount, amount, "{name}");
        let told = notice(&account, &webhook).report.unwrap();
        if name != "cinetpay_v1" {
            assert_eq!(
                (told.status, told.amount),
                (PaymentStatus::Paid, Some(xof(100))),
                "{name}"
            );
        }
        assert!(
            gateway::of(&account).event_key(Told::body(&webhook.body)).len() > 8,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_decline_is_not_final() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let id = world.start_payment(&account, "ORDER2").await.unwrap().gateway_id;
        sim.pay("ORDER2", Choice::Decline).await.unwrap();
        let report = world.ask(&account, "ORDER2", id.as_deref()).await.unwrap();
        assert!(
            matches!(report.status, PaymentStatus::Failed { reason: Some(_) }),
            "{name}: {:?}",
            report.status
        );
        sim.pay("ORDER2", Choice::Pay).await.unwrap();
        let report = world.ask(&account, "ORDER2", id.as_deref()).await.unwrap();
        assert_eq!(report.status, PaymentStatus::Paid, "{name}");
        assert_eq!(world.merchant.take().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn webhooks_come_never_twice_late_or_forged_as_chosen() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        for (order, choice, count) in [
            ("SILENT", Choice::PaySilently, 0),
            ("TWICE", Choice::PayTwice, 2),
            ("LATE", Choice::PayLate, 1),
        ] {
            world.start_payment(&account, order).await.unwrap();
            sim.pay(order, choice).await.unwrap();
            let taken = world.merchant.take();
            assert_eq!(taken.len(), count, "{name} {order}");
            let keys: Vec<_> = taken
                .iter()
                .map(|webhook| gateway::of(&account).event_key(Told::body(&webhook.body)))
                .collect();
            assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{name}: {keys:?}");
            assert!(
                taken.iter().all(|webhook| authenticate(&account, webhook).is_ok()),
                "{name} {order}"
            );
        }
        let started = world.start_payment(&account, "FORGED").await.unwrap();
        sim.pay("FORGED", Choice::PayBadSignature).await.unwrap();
        for webhook in world.merchant.take() {
            match authenticate(&account, &webhook) {
                Err(Refusal::Wrong) => assert!(matches!(name, "fedapay" | "cinetpay_v2"), "{name}"),
                Ok(Authenticity::Token { token, .. }) => {
                    assert_ne!(
                        token.expose_secret(),
                        started.notify_token.as_ref().unwrap().expose_secret()
                    );
                }
                Ok(Authenticity::Unsigned) => assert_eq!(name, "feexpay"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn d6_a_signature_of_one_gateway_is_nothing_to_another() {
    let world = World::start().await;
    let [fedapay, cinetpay_v2, cinetpay_v1, _] = world.each();
    let mut webhooks = Vec::new();
    for (_, sim, account) in [&fedapay, &cinetpay_v2, &cinetpay_v1] {
        world.start_payment(account, "ORDER3").await.unwrap();
        sim.pay("ORDER3", Choice::Pay).await.unwrap();
        webhooks.push(world.merchant.take_one());
    }
    for (at, (name, _, account)) in [&fedapay, &cinetpay_v2, &cinetpay_v1].into_iter().enumerate() {
        for (from, webhook) in webhooks.iter().enumerate() {
            assert_eq!(authenticate(account, webhook).is_ok(), at == from, "{name} {from}");
        }
    }
    let mut other = world.fedapay();
    if let AccountKeys::Fedapay { webhook_secrets, .. } = &mut other.keys {
        *webhook_secrets = vec!["wh_sandbox_other_tenant".into()];
    }
    assert_eq!(authenticate(&other, &webhooks[0]).unwrap_err(), Refusal::Wrong);
}

#[tokio::test]
async fn the_dashboards_headers_and_query_come_with_the_webhook() {
    let world = World::start().await;
    for (_, sim, account) in world.each() {
        world.start_payment(&account, "ORDER4").await.unwrap();
        sim.pay("ORDER4", Choice::Pay).await.unwrap();
    }
    let taken = world.merchant.take();
    assert_eq!(taken[0].header("mikserver"), Some("hotspot1"));
    assert_eq!(taken[1].query_value("k").as_deref(), Some("uuid"));
    assert_eq!(taken[2].query_value("k").as_deref(), Some("uuid"));
    assert_eq!(taken[3].query_value("mikserver").as_deref(), Some("hotspot1"));
    world.sim.cinetpay_v2.set_webhooks(vec![WebhookTarget {
        url: world.merchant.url("other?mikusermode=vc"),
        headers: vec![],
    }]);
    world.start_payment(&world.cinetpay_v2(), "ORDER5").await.unwrap();
    world.sim.cinetpay_v2.pay("ORDER5", Choice::Pay).await.unwrap();
    assert_eq!(world.merchant.take_one().path, "/other");
}

#[tokio::test]
async fn fedapay_tries_nine_times_more_and_signs_each_try_anew() {
    let world = World::start().await;
    let account = world.fedapay();
    world.start_payment(&account, "ORDER6").await.unwrap();
    *world.merchant.answers.lock().unwrap() = vec![200, 503, 500];
    world.sim.fedapay.pay("ORDER6", Choice::Pay).await.unwrap();
    assert_eq!(
        answers(&world.sim.fedapay.webhooks()),
        [[Some(500), Some(503), Some(200)]]
    );
    assert!(
        world
            .merchant
            .take()
            .iter()
            .all(|webhook| authenticate(&account, webhook).is_ok())
    );

    *world.merchant.answers.lock().unwrap() = vec![401; 20];
    world.sim.fedapay.tell("ORDER6", SimStatus::Settled).await.unwrap();
    assert_eq!(world.sim.fedapay.webhooks()[1].answers, [Some(401); 10]);
    // The others publish no retries.
    world.start_payment(&world.feexpay(), "ORDER6").await.unwrap();
    world.sim.feexpay.pay("ORDER6", Choice::Pay).await.unwrap();
    assert_eq!(world.sim.feexpay.webhooks()[0].answers, [Some(401)]);
}

#[tokio::test]
async fn scripted_statuses_are_told_one_by_one() {
    let world = World::start().await;
    let failed = |report: &PaymentStatus| matches!(report, PaymentStatus::Failed { .. });
    for (name, sim, account) in world.each() {
        let id = world.start_payment(&account, "ORDER7").await.unwrap().gateway_id;
        let script = [
            SimStatus::Pending,
            SimStatus::Declined,
            SimStatus::Word("7777".to_owned()),
            SimStatus::Paid,
        ];
        sim.script("ORDER7", script).unwrap();
        let mut told = Vec::new();
        for _ in 0..5 {
            told.push(world.ask(&account, "ORDER7", id.as_deref()).await.unwrap().status);
        }
        assert_eq!(told[0], PaymentStatus::Pending, "{name}");
        assert!(
            failed(&told[1]) && matches!(told[2], PaymentStatus::Unknown(_)),
            "{name}: {told:?}"
        );
        assert_eq!(told[3..], [PaymentStatus::Paid, PaymentStatus::Paid], "{name}");
    }
    let fedapay = world.fedapay();
    for (status, word) in [
        (SimStatus::Settled, PaymentStatus::Paid),
        (SimStatus::Cancelled, PaymentStatus::Cancelled),
        (SimStatus::Expired, PaymentStatus::Expired),
        (SimStatus::Refunded, PaymentStatus::Refunded),
    ] {
        world.sim.fedapay.tell("ORDER7", status).await.unwrap();
        let webhook = world.merchant.take_one();
        assert!(matches!(authenticate(&fedapay, &webhook), Ok(Authenticity::Signed)));
        let report = notice(&fedapay, &webhook).report.unwrap();
        assert_eq!((report.status, report.mode), (word, Some(Mode::Test)));
    }
}

#[tokio::test]
async fn b1_a_wrong_amount_is_reported_as_it_is() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let id = world.start_payment(&account, "ORDER8").await.unwrap().gateway_id;
        sim.set_status("ORDER8", SimStatus::Paid).unwrap();
        for (claim, amount) in [
            ("50", Some(xof(50))),
            ("100.0", Some(xof(100))),
            ("99.5", None),
            ("-100", None),
            ("1e9", None),
        ] {
            sim.claim_amount("ORDER8", claim).unwrap();
            let report = world.ask(&account, "ORDER8", id.as_deref()).await.unwrap();
            let expected = if name == "cinetpay_v1" { None } else { amount };
            assert_eq!(
                (report.status, report.amount),
                (PaymentStatus::Paid, expected),
                "{name} {claim}"
            );
        }
    }
}

#[tokio::test]
async fn faults_of_the_api_mean_later_or_the_operator() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        // A login token is there already, so that the fault hits the call itself.
        world.start_payment(&account, "FIRST").await.unwrap();
        for fault in [
            Fault::ServerError,
            Fault::WebPage,
            Fault::TooMany,
            Fault::Garbage,
            Fault::HangUpAfterAccepting,
        ] {
            sim.fail_next([fault]);
            let error = world.ask(&account, "FIRST", Some("x")).await.unwrap_err();
            assert!(
                matches!(error, GatewayError::Transient(_)),
                "{name} {fault:?}: {error:?}"
            );
        }
        sim.fail_next([Fault::Unauthorized]);
        let error = world.ask(&account, "FIRST", Some("x")).await.unwrap_err();
        assert!(matches!(error, GatewayError::Misconfigured(_)), "{name}: {error:?}");
        let error = world.ask(&account, "NOBODYS", None).await.unwrap_err();
        assert_eq!(error, GatewayError::NotFound, "{name}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_start_is_unknown_and_found_again() {
    let world = World::start().await;
    let hasty = HttpClient::with_deadline(Duration::from_millis(300));
    for (name, sim, account) in world.each() {
        world.start_payment(&account, "FIRST").await.unwrap();
        for (order, fault) in [
            ("SILENT", Fault::SilentAfterAccepting),
            ("RUDE", Fault::HangUpAfterAccepting),
        ] {
            sim.fail_next([fault]);
            let request = world.payment(order);
            let error = hasty
                .converse(gateway::of(&account).start(&account, &request))
                .await
                .unwrap_err();
            assert!(matches!(error, GatewayError::Transient(_)), "{name} {order}: {error:?}");
            assert!(sim.orders().contains(&order.to_owned()), "{name} {order}");
            sim.set_status(order, SimStatus::Paid).unwrap();
            let report = world.ask(&account, order, None).await.unwrap();
            assert_eq!(report.status, PaymentStatus::Paid, "{name} {order}");
        }
    }
}

#[tokio::test]
async fn a_repeated_start_makes_no_second_payment() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let first = world.start_payment(&account, "ORDER9").await.unwrap();
        let second = world.start_payment(&account, "ORDER9").await;
        assert_eq!(sim.orders().len(), 1, "{name}");
        match name {
            "fedapay" => {
                let second = second.unwrap();
                assert_eq!((second.gateway_id, second.pay_url), (first.gateway_id, first.pay_url));
            }
            "cinetpay_v2" => assert!(matches!(second, Err(GatewayError::Misconfigured(_))), "{second:?}"),
            _ => assert!(matches!(second, Err(GatewayError::Refused(_))), "{name}: {second:?}"),
        }
    }
}

#[tokio::test]
async fn wrong_keys_are_the_operators_matter() {
    let world = World::start().await;
    let wrong = [
        world.account(
            &world.sim.fedapay,
            AccountKeys::Fedapay {
                public_key: None,
                secret_key: Some("sk_sandbox_wrong".into()),
                webhook_secrets: vec![],
            },
        ),
        world.account(
            &world.sim.cinetpay_v2,
            AccountKeys::CinetpayV2 {
                site_id: "445160".to_owned(),
                api_key: "wrong".into(),
                webhook_secrets: vec![],
            },
        ),
        world.account(
            &world.sim.cinetpay_v1,
            AccountKeys::CinetpayV1 {
                api_key: "sk_test_demo".into(),
                api_password: "wrong".into(),
            },
        ),
        world.account(
            &world.sim.feexpay,
            AccountKeys::Feexpay {
                shop: "demoshop".to_owned(),
                token: "fp_wrong".into(),
                callback_header: None,
            },
        ),
    ];
    for account in wrong {
        let error = world.start_payment(&account, "ORDERA").await.unwrap_err();
        assert!(
            matches!(error, GatewayError::Misconfigured(_)),
            "{account:?}: {error:?}"
        );
        let error = world.ask(&account, "ORDERA", Some("1")).await.unwrap_err();
        assert!(
            matches!(error, GatewayError::Misconfigured(_)),
            "{account:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_unsigned_webhook_cannot_lead_to_another_orders_payment() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let paid = world.start_payment(&account, "PAID").await.unwrap().gateway_id;
        world.start_payment(&account, "UNPAID").await.unwrap();
        sim.set_status("PAID", SimStatus::Paid).unwrap();
        let report = world.ask(&account, "UNPAID", paid.as_deref()).await;
        match report {
            Ok(report) => assert_eq!(report.status, PaymentStatus::Pending, "{name}"),
            Err(error) => assert_eq!(error, GatewayError::NotFound, "{name}"),
        }
    }
}

#[tokio::test]
async fn cinetpay_v2_habits() {
    let world = World::start().await;
    let (sim, account) = (&world.sim.cinetpay_v2, world.cinetpay_v2());
    world.start_payment(&account, "HABITS").await.unwrap();
    sim.set_quirk(Quirk::CheckIsBadRequest, true);
    assert_eq!(
        world.ask(&account, "HABITS", None).await.unwrap().status,
        PaymentStatus::Pending
    );
    sim.set_quirk(Quirk::ArrivalOrder, true);
    sim.pay("HABITS", Choice::Pay).await.unwrap();
    assert!(matches!(
        authenticate(&account, &world.merchant.take_one()),
        Ok(Authenticity::Signed)
    ));
    sim.set_quirk(Quirk::NoToken, true);
    sim.tell("HABITS", SimStatus::Paid).await.unwrap();
    assert_eq!(
        authenticate(&account, &world.merchant.take_one()).unwrap_err(),
        Refusal::Missing
    );
    let mut odd = world.payment("ODD");
    odd.amount = xof(102);
    let calls = sim.calls().len();
    assert!(matches!(
        world.request(&account, &odd).await,
        Err(GatewayError::Rule(_))
    ));
    assert_eq!(sim.calls().len(), calls);
}

#[tokio::test]
async fn cinetpay_v1_logs_in_once_and_again_when_the_token_is_stale() {
    let world = World::start().await;
    let (sim, account) = (&world.sim.cinetpay_v1, world.cinetpay_v1());
    let logins = || sim.calls().iter().filter(|call| call.ends_with("/oauth/login")).count();
    world.start_payment(&account, "ORDERB").await.unwrap();
    world.ask(&account, "ORDERB", None).await.unwrap();
    assert_eq!(logins(), 1);
    sim.expire_logins();
    assert_eq!(
        world.ask(&account, "ORDERB", None).await.unwrap().status,
        PaymentStatus::Pending
    );
    assert_eq!(logins(), 2);
}

#[tokio::test]
async fn feexpay_habits() {
    let world = World::start().await;
    let (sim, account) = (&world.sim.feexpay, world.feexpay());
    let id = world.start_payment(&account, "HABITS").await.unwrap().gateway_id;
    sim.set_quirk(Quirk::PendingState, true);
    sim.set_quirk(Quirk::InsideData, true);
    let report = world.ask(&account, "HABITS", id.as_deref()).await.unwrap();
    assert_eq!((report.status, report.amount), (PaymentStatus::Pending, Some(xof(100))));
    sim.set_quirk(Quirk::NoAmount, true);
    sim.set_status("HABITS", SimStatus::Paid).unwrap();
    let report = world.ask(&account, "HABITS", id.as_deref()).await.unwrap();
    assert_eq!((report.status, report.amount), (PaymentStatus::Paid, None));
    sim.set_quirk(Quirk::RefusesAtOnce, true);
    let refused = world.start_payment(&account, "REFUSED").await.unwrap();
    assert_eq!(
        refused.failed.as_deref(),
        Some("LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED")
    );
    sim.set_quirk(Quirk::RefusesAtOnce, false);
    let mut wave = world.payment("WAVE");
    (wave.country, wave.network, wave.phone) = (
        "CI".to_owned(),
        Some("wave_ci".to_owned()),
        Some("2250707000001".to_owned()),
    );
    assert!(
        world
            .request(&account, &wave)
            .await
            .unwrap()
            .pay_url
            .unwrap()
            .starts_with(sim.base_url())
    );
    let mut orange = world.payment("ORANGE");
    (orange.country, orange.network, orange.phone) = (
        "BF".to_owned(),
        Some("orange_bf".to_owned()),
        Some("22670000000".to_owned()),
    );
    assert!(matches!(
        world.request(&account, &orange).await,
        Err(GatewayError::Refused(_))
    ));
    orange.otp = Some("123456".to_owned());
    assert!(world.request(&account, &orange).await.unwrap().gateway_id.is_some());
}

#[tokio::test]
async fn feexpay_with_a_static_header() {
    let header = Some(("X-Webhook-Secret".to_owned(), "s3cret".to_owned()));
    let feexpay = FeexpayKeys {
        header,
        ..SimGatewaysConfig::default().feexpay
    };
    let world = World::with(SimGatewaysConfig {
        feexpay,
        ..SimGatewaysConfig::default()
    })
    .await;
    let account = world.feexpay();
    world.start_payment(&account, "ORDERC").await.unwrap();
    world.sim.feexpay.pay("ORDERC", Choice::Pay).await.unwrap();
    assert!(matches!(
        authenticate(&account, &world.merchant.take_one()),
        Ok(Authenticity::Signed)
    ));
    world.sim.feexpay.pay("ORDERC", Choice::PayBadSignature).await.unwrap();
    assert_eq!(
        authenticate(&account, &world.merchant.take_one()).unwrap_err(),
        Refusal::Wrong
    );
}

#[tokio::test]
async fn the_browser_pays_on_the_hosted_page_and_comes_back() {
    let world = World::start().await;
    for (name, sim, account) in world.each() {
        let started = world.start_payment(&account, "BROWSER").await.unwrap();
        let page = match started.pay_url {
            Some(url) => url,
            None => sim.pay_page("BROWSER").unwrap(),
        };
        let shown = call(Method::GET, &page, &[], "").await.unwrap();
        let html = String::from_utf8(shown.body.to_vec()).unwrap();
        for choice in Choice::ALL {
            assert!(
                html.contains(&format!(r#"name="choice" value="{}""#, choice.as_str())),
                "{name} {choice:?}"
            );
        }
        assert!(
            html.contains("100\u{a0}XOF") && html.contains("Forfait ete 4 h"),
            "{name}"
        );
        let form = [(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let back = call(Method::POST, &page, &form, "choice=pay").await.unwrap();
        let target = back
            .headers
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned());
        let own = world.merchant.url("back");
        match name {
            "fedapay" => assert_eq!(
                target,
                Some(format!("{own}?id={}&status=approved", started.gateway_id.unwrap()))
            ),
            "cinetpay_v1" => assert_eq!(target, Some(own)),
            "feexpay" => assert_eq!(target.as_deref(), Some("/phone")),
            _ => {
                let html = String::from_utf8(back.body.to_vec()).unwrap();
                assert!(
                    html.contains(&format!(r#"<form method="post" action="{own}">"#)),
                    "{html}"
                );
                assert!(html.contains(r#"name="transaction_id" value="BROWSER""#), "{html}");
            }
        }
        sim.idle().await;
        assert!(authenticate(&account, &world.merchant.take_one()).is_ok(), "{name}");
        // Nobody pays twice by going back.
        call(Method::POST, &page, &form, "choice=decline").await.unwrap();
        sim.idle().await;
        assert!(world.merchant.take().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_phone_shows_what_waits_for_the_buyer() {
    let world = World::start().await;
    let phone = format!("{}/phone", world.sim.feexpay.base_url());
    let shown = async || String::from_utf8(call(Method::GET, &phone, &[], "").await.unwrap().body.to_vec()).unwrap();
    assert!(shown().await.contains("Aucune demande"));
    world.start_payment(&world.feexpay(), "PUSH").await.unwrap();
    let page = shown().await;
    assert!(
        page.contains("2290166000000") && page.contains("100\u{a0}XOF"),
        "{page}"
    );
    world.sim.feexpay.pay("PUSH", Choice::PaySilently).await.unwrap();
    assert!(shown().await.contains("Aucune demande"));
}

#[tokio::test]
async fn checkout_js_makes_the_transaction_with_the_public_key_alone() {
    let world = World::start().await;
    let mut account = world.fedapay();
    if let AccountKeys::Fedapay { secret_key, .. } = &mut account.keys {
        *secret_key = None;
    }
    let PayMethod::CheckoutJs {
        public_key,
        environment,
        script_url,
    } = gateway::of(&account).pay_method(&account, "BJ")
    else {
        panic!("not Checkout.js");
    };
    assert_eq!(environment, "sandbox");
    let script = call(Method::GET, &script_url, &[], "").await.unwrap();
    assert!(
        script.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/javascript")
    );
    assert!(
        String::from_utf8(script.body.to_vec())
            .unwrap()
            .contains("window.FedaPay")
    );
    // What the script navigates to.
    let back = world.merchant.url("o/token");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("public_key", &public_key)
        .append_pair("amount", "100")
        .append_pair("description", "Ticket")
        .append_pair("custom_metadata", r#"{"ref":"SCRIPT"}"#)
        .append_pair("back", &back)
        .finish();
    let base = world.sim.fedapay.base_url();
    let made = call(Method::GET, &format!("{base}/checkout?{query}"), &[], "")
        .await
        .unwrap();
    assert_eq!(
        made.headers["location"].to_str().unwrap(),
        world.sim.fedapay.pay_page("SCRIPT").unwrap()
    );
    let wrong = call(
        Method::GET,
        &format!("{base}/checkout?{}", query.replace(&public_key, "pk_other")),
        &[],
        "",
    )
    .await
    .unwrap();
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    world.sim.fedapay.pay("SCRIPT", Choice::Pay).await.unwrap();
    let webhook = world.merchant.take_one();
    assert!(matches!(authenticate(&account, &webhook), Ok(Authenticity::Signed)));
    let report = notice(&account, &webhook).report.unwrap();
    assert_eq!(
        (report.order, report.amount),
        (Some(OrderRef::new("SCRIPT")), Some(xof(100)))
    );
    assert!(!gateway::of(&account).can_ask(&account));
}

#[tokio::test]
async fn cinetpay_tells_nothing_to_an_address_that_does_not_answer_its_ping() {
    let world = World::start().await;
    let account = world.cinetpay_v2();
    let deaf = Server::start(0, |_| async { Reply::text(StatusCode::NOT_FOUND, "") })
        .await
        .unwrap();
    let mut request = world.payment("PING");
    request.notify_url = format!("{}/x", deaf.base_url());
    world.request(&account, &request).await.unwrap();
    world.sim.cinetpay_v2.pay("PING", Choice::Pay).await.unwrap();
    assert!(world.sim.cinetpay_v2.webhooks()[0].answers.is_empty());
}
