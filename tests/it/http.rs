//! The relay over real sockets, as browsers, gateways and abusers meet it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mikrelay::ids::OrderToken;
use mikrelay::order::Order;
use mikrelay::web::{self, App};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::{FedapayEvent, WEBHOOK_SECRET, World, sign_fedapay};

/// A served relay.
pub struct Site {
    pub world: World,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Site {
    pub async fn open() -> Self {
        Self::around(World::with(mikrelay::sim::router::SimRouterConfig::default(), MORE).await).await
    }

    pub async fn around(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = App::new(world.relay.clone(), world.relay.public_url(), Vec::new());
        tokio::spawn(async move { web::serve(listener, async { drop(stopped.await) }, Arc::new(app)).await });
        Self {
            world,
            address,
            _stop: stop,
        }
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, &[], b"").await
    }

    pub async fn post(&self, target: &str, form: &[(&str, &str)]) -> Reply {
        self.post_with(target, form, &[]).await
    }

    pub async fn post_with(&self, target: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.ask("POST", target, headers, body.as_bytes()).await
    }

    pub async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask_at(self.address, method, target, headers, body).await
    }

    /// A validly signed FedaPay event, sent as FedaPay sends it.
    pub async fn fedapay(&self, target: &str, body: &str) -> Reply {
        let signature = sign_fedapay(self.world.clock.now(), WEBHOOK_SECRET, body.as_bytes());
        let headers = [
            ("X-FEDAPAY-SIGNATURE", signature.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.ask("POST", target, &headers, body.as_bytes()).await
    }

    /// Buys the plan and answers the order page's path.
    pub async fn buy(&self) -> String {
        let placed = self.post("/b/1h?mac=AA:BB:CC:DD:EE:01&ip=10.5.50.7", &[]).await;
        assert_eq!(placed.status, 303, "{}", placed.body);
        placed.header("location").unwrap().to_owned()
    }

    pub async fn pay(&self, page: &str) {
        let order = self
            .world
            .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
            .await;
        let paid = self
            .fedapay("/pay_callback/fedapay/hotspot1", &FedapayEvent::approved(&order).body())
            .await;
        assert_eq!(paid.status, 200, "{}", paid.body);
        self.world.drain().await;
    }

    pub async fn order_of(&self, page: &str) -> Order {
        let token = OrderToken::new(page.trim_start_matches("/o/"));
        self.world.by_token(token).await
    }

    /// Looks a lost code up.
    pub async fn look_up(&self, reference: &str, second: &str) -> Reply {
        let form = [("reference", reference), ("second", second)];
        self.post("/retrieve-mikhmon-code", &form).await
    }

    pub async fn orders(&self) -> i64 {
        let counts = self
            .world
            .relay
            .store()
            .read(|db| db.count_orders_by_state())
            .await
            .unwrap();
        counts.into_iter().map(|(_, count)| count).sum()
    }
}

/// One request over a connection of its own.
pub async fn ask_at(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: pay.example.net\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    Reply::read(&bytes)
}

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub wire_bytes: usize,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.unwrap_or(0),
            headers,
            body: body.to_owned(),
            wire_bytes: bytes.len(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a form's hidden field.
    pub fn hidden(&self, name: &str) -> &str {
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        self.body
            .split(&field)
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap()
    }
}

#[tokio::test]
async fn a_phone_goes_from_the_button_to_being_online() {
    let site = Site::open().await;
    let old = "/buy-mikhmon?nasid=hotspot1&amount=1&currency=FCFA&profile_name=1H&timelimit=1h&datalimit=0M\
               &mac=aa:bb:cc:dd:ee:01&ip=10.5.50.7&link-status=http%3A%2F%2Fwifi.example.net%2Fstatus&pub_key=pk_live_of_the_test";
    let page = site.get(old).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("100\u{a0}FCFA") && page.body.contains("1 heure"),
        "the plan's price, not the link's"
    );
    assert!(page.body.contains("action=\"/b/1h?account=feda\""), "{}", page.body);
    assert_eq!(site.orders().await, 0, "opening changes nothing");
    let form = [
        ("mac", page.hidden("mac")),
        ("ip", page.hidden("ip")),
        ("dst", page.hidden("dst")),
        ("lang", page.hidden("lang")),
        ("account", page.hidden("account")),
        ("nonce", page.hidden("nonce")),
    ];
    let placed = site.post("/b/1h?account=feda", &form).await;
    assert_eq!(placed.status, 303);
    let order_page = placed.header("location").unwrap().to_owned();
    let again = site.post("/b/1h?account=feda", &form).await;
    assert_eq!(
        again.header("location"),
        Some(order_page.as_str()),
        "a double tap is one order"
    );
    assert_eq!(site.orders().await, 1);

    let waiting = site.get(&order_page).await;
    assert!(
        waiting
            .body
            .contains("<script src=\"https://cdn.fedapay.com/checkout.js"),
        "{}",
        waiting.body
    );
    assert!(
        waiting
            .header("content-security-policy")
            .unwrap()
            .contains("script-src 'self' https://cdn.fedapay.com;")
    );
    let before = site.get(&format!("{order_page}/state")).await;
    assert_eq!(
        (before.status, before.header("content-type")),
        (200, Some("application/json"))
    );

    let order = site
        .world
        .by_token(mikrelay::ids::OrderToken::new(order_page.trim_start_matches("/o/")))
        .await;
    assert_eq!(order.plan.price.minor(), 100);
    let paid = site
        .fedapay(
            "//pay_callback//fedapay//hotspot1",
            &FedapayEvent::approved(&order).body(),
        )
        .await;
    assert_eq!(paid.status, 200);
    let between = site.get(&order_page).await;
    assert!(!between.body.contains("<output"), "no code before the router has it");
    site.world.drain().await;

    let online = site.get(&order_page).await;
    let user = site.world.users().pop().expect("a user on the router");
    assert!(
        online.body.contains(&format!(">{}</output>", user.name)),
        "{}",
        online.body
    );
    assert!(online.body.contains("Vous êtes en ligne"), "{}", online.body);
    assert!(online.body.contains("href=\"http://wifi.example.net/status\""));
    let after = site.get(&format!("{order_page}/state")).await;
    assert_ne!(after.body, before.body);
    assert!(after.body.contains("\"wait_s\":null"), "{}", after.body);
    let english = site.get(&format!("{order_page}?lang=en")).await;
    assert!(english.body.contains("You are online"));
    assert_eq!(
        site.ask("POST", &order_page, &[], b"cpm_trans_id=x")
            .await
            .header("location"),
        Some(order_page.as_str())
    );
}

#[tokio::test]
async fn a_gateway_that_is_down_leaves_an_order_that_says_so() {
    let site = Site::open().await;
    let page = site.get("/b/phone").await;
    assert!(
        page.body.contains("name=\"phone\"") && page.body.contains("MTN MoMo"),
        "{}",
        page.body
    );
    let wrong = site.post("/b/phone", &[("phone", "12"), ("network", "mtn")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("value=\"12\"") && wrong.body.contains("aria-invalid"),
        "{}",
        wrong.body
    );
    assert_eq!(site.orders().await, 0);
    // The network is told by the number.
    let placed = site
        .post("/b/phone", &[("phone", "01 66 00 00 34"), ("network", "")])
        .await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    let order = site.get(placed.header("location").unwrap()).await;
    assert_eq!(order.status, 200);
    assert!(!order.body.contains("<output"));
    assert_eq!(site.orders().await, 1);
}

#[tokio::test]
async fn a_lost_code_is_found_again() {
    let site = Site::open().await;
    let placed = site.post("/b/1h", &[]).await;
    let page = placed.header("location").unwrap().to_owned();
    let cookie = placed.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("Secure") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    site.pay(&page).await;
    let order = site
        .world
        .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
        .await;
    let reference = order.reference.as_str();
    let path = "/retrieve-mikhmon-code";
    assert_eq!(site.get(path).await.status, 200);
    let unknown = site
        .post(path, &[("reference", "nobody-has-this"), ("second", "999")])
        .await;
    let wrong = site.post(path, &[("reference", reference), ("second", "999")]).await;
    let alone = site.post(path, &[("reference", reference)]).await;
    assert_eq!((unknown.status, wrong.status, alone.status), (422, 422, 422));
    assert!(
        unknown.body.replace("nobody-has-this", reference) == wrong.body,
        "unknown and wrong look different"
    );
    let right = site.post(path, &[("reference", reference), ("second", "100")]).await;
    assert_eq!((right.status, right.header("location")), (303, Some(page.as_str())));
    let device = site
        .post_with(path, &[("reference", reference)], &[("Cookie", cookie)])
        .await;
    assert_eq!((device.status, device.header("location")), (303, Some(page.as_str())));
    let forged = cookie.replace('=', "=X");
    assert_eq!(
        site.post_with(path, &[("reference", reference)], &[("Cookie", &forged)])
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn b3_a_number_and_a_price_find_no_order_that_has_a_phone() {
    let site = Site::open().await;
    let page = site.buy().await;
    site.pay(&page).await;
    let mut order = site.order_of(&page).await;
    order.buyer.phone = Some("22966001234".to_owned());
    let stored = order.clone();
    site.world
        .relay
        .store()
        .write(move |db| db.save_order(&stored))
        .await
        .unwrap();
    let look_up = |reference: &'static str, second: &'static str| site.look_up(reference, second);
    let (known, unknown) = (look_up("104013", "100").await, look_up("104014", "100").await);
    assert_eq!((known.status, unknown.status), (422, 422));
    assert_eq!(known.body, unknown.body.replace("104014", "104013"));
    assert_eq!(look_up(" 104 013", "66 00 12 34").await.status, 303);
    // Our own reference cannot be counted up to.
    assert_eq!(site.look_up(order.reference.as_str(), "100 FCFA").await.status, 303);
}

#[tokio::test]
async fn b3_a_number_and_a_price_may_be_tried_three_times() {
    let site = Site::open().await;
    let page = site.buy().await;
    site.pay(&page).await;
    assert_eq!(site.look_up("104013", "100").await.status, 303, "paid without a phone");
    // Found or not, each was a guess: one number has three an hour, one address six.
    assert_eq!(site.look_up("104013", "101").await.status, 422);
    assert_eq!(site.look_up("1040 13", "102").await.status, 422);
    assert_eq!(site.look_up("104013", "100").await.status, 429, "even the right price");
    assert_eq!(site.look_up("104014", "100").await.status, 422);
    assert_eq!(site.look_up("104015", "100").await.status, 422);
    assert_eq!(
        site.look_up("104016", "100").await.status,
        429,
        "no number at all is left"
    );
    let order = site.order_of(&page).await;
    assert_eq!(site.look_up(order.reference.as_str(), "100").await.status, 303);
}

#[tokio::test]
async fn b3_guessing_a_second_fact_ends_soon() {
    let site = Site::open().await;
    let page = site.buy().await;
    let order = site
        .world
        .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
        .await;
    let reference = order.reference.as_str().to_owned();
    let guess = |n: u32| {
        let site = &site;
        // The same reference in ever new clothes: the store finds it under all of them, so they are one count.
        let (head, tail) = reference.split_at(1 + n as usize % 12);
        let reference = format!("{head}{}{}", " ".repeat(1 + n as usize % 5), tail.to_lowercase());
        async move {
            site.post(
                "/retrieve-mikhmon-code",
                &[("reference", &reference), ("second", &n.to_string())],
            )
            .await
        }
    };
    let mut refused = None;
    for n in 200..260 {
        let reply = guess(n).await;
        if reply.status != 422 {
            refused = Some((n, reply));
            break;
        }
    }
    let (at, reply) = refused.expect("an end");
    assert_eq!(reply.status, 429);
    assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert!(at <= 212, "{at}");
}

#[tokio::test]
async fn callbacks_are_answered_as_gateways_need_it() {
    let site = Site::open().await;
    let at = "/pay_callback/fedapay/hotspot1";
    let body = r#"{"name":"transaction.approved","entity":{"id":1}}"#;
    assert_eq!(site.get(at).await.status, 200);
    let head = site.ask("HEAD", at, &[], b"").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let mut refused = Vec::new();
    for (name, target, headers, body) in [
        ("unsigned", at, vec![], body.as_bytes()),
        (
            "wrong",
            at,
            vec![("X-FEDAPAY-SIGNATURE", "t=1700000000,s=00")],
            body.as_bytes(),
        ),
        (
            "unknown gateway",
            "/pay_callback/paypal/hotspot1",
            vec![],
            body.as_bytes(),
        ),
        (
            "unknown server",
            "/pay_callback/fedapay/hotspot9",
            vec![],
            body.as_bytes(),
        ),
        ("too short a path", "/pay_callback/fedapay", vec![], body.as_bytes()),
        ("gzip", at, vec![("Content-Encoding", "gzip")], body.as_bytes()),
        ("a byte too long", at, vec![], &[b'x'; 256 * 1024 + 1][..]),
        ("not text", "/pay_callback/fedapay/%ff", vec![], b""),
    ] {
        let reply = site.ask("POST", target, &headers, body).await;
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8"),
            "{name}"
        );
        assert!(
            reply.body.lines().count() == 1 && reply.body.len() > 20,
            "{name}: {}",
            reply.body
        );
        assert!(
            reply.status != 404 || reply.body.contains("path") || reply.body.contains("label"),
            "{name} needs a hint: {}",
            reply.body
        );
        refused.push((name, reply.status));
    }
    assert_eq!(
        refused,
        [
            ("unsigned", 401),
            ("wrong", 401),
            ("unknown gateway", 404),
            ("unknown server", 404),
            ("too short a path", 404),
            ("gzip", 415),
            ("a byte too long", 413),
            ("not text", 404),
        ]
    );
    assert_eq!(site.world.events().await, 0, "no state from the unauthenticated");
    let full = vec![b'x'; 256 * 1024];
    assert_eq!(
        site.ask("POST", at, &[], &full).await.status,
        401,
        "the limit itself is read and judged"
    );
}

#[tokio::test]
async fn h6_a_flood_of_refused_calls_does_not_keep_a_valid_one_out() {
    let site = Site::open().await;
    let page = site.buy().await;
    let mut statuses = BTreeSet::new();
    for _ in 0..150 {
        statuses.insert(
            site.ask("POST", "/pay_callback/fedapay/hotspot1", &[], b"{}")
                .await
                .status,
        );
    }
    assert_eq!(statuses, BTreeSet::from([401, 429]));
    site.pay(&page).await;
    assert!(site.get(&page).await.body.contains("<output"));
}

#[tokio::test]
async fn pages_say_what_is_wrong_and_what_to_do() {
    let site = Site::open().await;
    for (target, status, title) in [
        ("/nonsense", 404, "Cette page n’existe pas"),
        ("/b/none", 404, "Ce forfait n’existe pas"),
        (
            "/buy-mikhmon?nasid=hotspot1&profile_name=1H&pub_key=pk_other",
            404,
            "Ce moyen de paiement n’est pas prêt",
        ),
        (
            "/buy-mikhmon?nasid=elsewhere&profile_name=1H&pub_key=pk_live_of_the_test",
            404,
            "Ce Wi-Fi n’est pas connu",
        ),
        (
            "/buy-mikhmon?nasid=hotspot1&profile_name=30D&pub_key=pk_live_of_the_test",
            404,
            "Ce forfait n’existe pas",
        ),
        (
            "/buy-mikhmon?nasid=$(server-name)&profile_name=1H",
            400,
            "Ce lien est incomplet",
        ),
        ("/buy-mikhmon?profile_name=1H", 400, "Ce lien est incomplet"),
        (
            "/buy-mikhmon?nasid=hotspot1&profile_name=1H&amount=a&pub_key=pk_live_of_the_test",
            400,
            "Ce lien est incomplet",
        ),
        ("/o/mfrggzdfmztwq2lknnwg23tpoa", 404, "Cet achat est introuvable"),
        ("/o/%22%3E%3Cscript%3E", 404, "Cet achat est introuvable"),
    ] {
        let reply = site.get(target).await;
        assert_eq!(reply.status, status, "{target}");
        assert!(reply.body.contains(title), "{target}: {}", reply.body);
        assert!(!reply.body.contains("<script>"), "{target}");
    }
    let english = site
        .ask("GET", "/b/none", &[("Accept-Language", "en-GB,en;q=0.9")], b"")
        .await;
    assert!(english.body.contains("This plan does not exist"));
    let method = site.ask("DELETE", "/b/1h", &[], b"").await;
    assert_eq!((method.status, method.header("allow")), (405, Some("GET, HEAD, POST")));
    assert_eq!(
        site.ask("TRACE", "/", &[], b"").await.header("allow"),
        Some("GET, HEAD")
    );
    let long = format!("email={}", "x".repeat(17 * 1024));
    assert_eq!(site.ask("POST", "/b/1h", &[], long.as_bytes()).await.status, 413);
}

#[tokio::test]
async fn health_tells_the_truth() {
    let site = Site::open().await;
    assert_eq!(site.get("/health/live").await.status, 200);
    assert_eq!(site.get("/health/ready").await.status, 200);
    site.world.relay.store().close().await;
    let down = site.get("/health/ready").await;
    assert_eq!(down.status, 503, "{}", down.body);
    assert_eq!(site.get("/health/live").await.status, 200);
    let busy = site.post("/b/1h", &[]).await;
    assert_eq!(busy.status, 503);
    assert!(
        busy.header("retry-after").is_some() && busy.body.contains("Le service est occupé"),
        "{}",
        busy.body
    );
}

#[tokio::test]
async fn every_answer_has_the_headers_it_should_and_no_other() {
    let site = Site::open().await;
    let page = site.buy().await;
    let known = [
        "allow",
        "cache-control",
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "location",
        "referrer-policy",
        "retry-after",
        "set-cookie",
        "x-content-type-options",
    ];
    for target in [
        "/",
        "/b/1h",
        &page,
        "/retrieve-mikhmon-code",
        "/nothing",
        "/b/none",
        "/health/live",
    ] {
        let reply = site.get(target).await;
        for (name, _) in &reply.headers {
            assert!(known.contains(&name.as_str()), "{target} sends {name}");
        }
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{target}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{target}");
        if reply
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
        {
            let policy = reply.header("content-security-policy").unwrap();
            assert!(
                policy.contains("frame-ancestors 'none'") && policy.starts_with("default-src 'none'"),
                "{policy}"
            );
            assert!(reply.header("referrer-policy").is_some());
        }
    }
}

#[tokio::test]
async fn the_buy_page_is_light_over_the_wire() {
    let site = Site::open().await;
    for target in ["/b/1h?mac=AA:BB:CC:DD:EE:01", "/b/phone?mac=AA:BB:CC:DD:EE:01"] {
        let page = site.get(target).await;
        let script = page
            .body
            .split("<script src=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        let script = site.get(script).await;
        assert_eq!(script.status, 200);
        let total = page.wire_bytes + script.wire_bytes;
        println!("{target}: {} + {} = {total} bytes", page.wire_bytes, script.wire_bytes);
        assert!(total <= 14 * 1024, "{target}: {total} bytes");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn i5_logs_hold_no_secret_and_one_line_a_request() {
    let written = Written::default();
    let log = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || log.clone())
        .finish();
    let _guard = crate::support::listen(subscriber);
    let site = Site::open().await;
    let page = site.buy().await;
    site.pay(&page).await;
    let name = site.world.users().pop().unwrap().name;
    let secrets = "mikadminuser=admin&mikadminpass=canary-password&token=fp_canary&api_key=canary-key";
    site.get(&format!("/buy-mikhmon?nasid=x&profile_name=y%0d%0aforged&{secrets}"))
        .await;
    site.ask(
        "POST",
        &format!("/pay_callback/feexpay/hotspot1?{secrets}"),
        &[("Cookie", "canary-cookie")],
        b"{}",
    )
    .await;
    site.post(
        "/retrieve-mikhmon-code",
        &[("reference", "canary-reference"), ("second", "canary-second")],
    )
    .await;
    site.get(&page).await;
    let text = written.text();
    assert!(text.contains("/o/{token}") && text.contains("\"status\":200"), "{text}");
    for secret in ["canary", "forged", &name, page.trim_start_matches("/o/")] {
        assert!(!text.contains(secret), "`{secret}` is in the log:\n{text}");
    }
    let requests = text.lines().filter(|line| line.contains("\"path\":")).count();
    // The accepted webhook is told by the lines of its order, the refused one by its warning.
    assert_eq!(requests, 4, "{text}");
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A FeexPay account whose gateway is a port that nobody listens on.
const MORE: &str = r#"
[[account]]
id = "feex"
company = "cafe"
gateway = "feexpay"
mode = "live"
token = "fp_of_the_test"
site_id = "shop"
base_url = "http://127.0.0.1:1"

[[plan]]
id = "phone"
hotspot = "h1"
accounts = ["feex"]
label = "2 heures"
profile = "1H"
price = "150"
time = "2h"
data = "1G"
"#;
