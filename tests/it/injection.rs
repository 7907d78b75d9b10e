//! What strangers write never becomes markup, a header, a log line, a command or a connection: fault catalogue
//! B4, B6, B7, H6, M2 and P1 over real sockets.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mikrelay::logging;
use mikrelay::notify::mail::Mailer;
use mikrelay::order::State;
use mikrelay::sim::http::{Reply, Request, Server};
use mikrelay::sim::router::SimRouterConfig;
use tokio::net::TcpListener;

use crate::http::Site;
use crate::support::{FedapayEvent, WEBHOOK_SECRET, World, sign_fedapay};

/// Everything at once: markup, templates, macros, SQL, header and log lines, terminal codes.
const HOSTILE: &str =
    "<script>alert(1)</script>\"'><img src=x>{{7*7}}$(mac)';DROP TABLE orders;--\u{1b}[2J\u{202e}\u{2028}";

#[tokio::test]
async fn b4_names_labels_and_refusals_come_out_as_text_in_every_page() {
    let gateway = Server::start(0, |_: Request| async {
        let body = serde_json::json!({ "message": HOSTILE, "status": "FAILED", "reference": "R-1" });
        Reply::json(http::StatusCode::BAD_REQUEST, &body)
    })
    .await
    .unwrap();
    let site =
        Site::around(World::with(SimRouterConfig::default(), &hostile_business(&gateway.base_url())).await).await;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("mac", HOSTILE),
            ("ip", HOSTILE),
            ("dst", HOSTILE),
            ("lang", HOSTILE),
            ("error", HOSTILE),
            ("nonce", HOSTILE),
        ])
        .finish();
    let buy = site.get(&format!("/b/bad?{query}")).await;
    assert_eq!(buy.status, 200, "{}", buy.body);
    assert!(
        buy.body.contains("{{7*7}}"),
        "a template in a name is text: {}",
        buy.body
    );
    let form = [
        ("phone", HOSTILE),
        ("email", HOSTILE),
        ("network", HOSTILE),
        ("otp", HOSTILE),
    ];
    let again = site.post(&format!("/b/bad?{query}"), &form).await;
    assert_eq!(again.status, 422);
    let old = site
        .get(&format!(
            "/buy-mikhmon-feexpay?nasid=hotspot1&profile_name={0}&amount={0}&token={0}&siteid={0}",
            encoded(HOSTILE)
        ))
        .await;
    let lost = site
        .post("/retrieve-mikhmon-code", &[("reference", HOSTILE), ("second", HOSTILE)])
        .await;
    let placed = site
        .post("/b/bad", &[("phone", "66 00 00 00"), ("network", "mtn")])
        .await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    let order = site.get(placed.header("location").unwrap()).await;
    assert!(order.body.contains("alert(1)"), "the refusal is shown: {}", order.body);
    let missing = site.get(&format!("/{}", encoded(HOSTILE))).await;
    for page in [&buy, &again, &old, &lost, &order, &missing] {
        for markup in ["<script>alert", "<img", "\"'>", ">49<"] {
            assert!(!page.body.contains(markup), "`{markup}` in {}", page.body);
        }
        for (name, value) in &page.headers {
            assert!(!value.contains("alert(1)") || name == "location", "{name}: {value}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("'unsafe-inline' 'self'"),
            "{policy}"
        );
    }
    assert_eq!(site.orders().await, 1, "no table was dropped");
}

#[tokio::test]
async fn b5_a_phone_is_sent_back_to_its_hotspot_only() {
    let site = Site::open().await;
    for evil in [
        "//evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "http://wifi.example.net@evil.example/",
        "http://wifi.example.net.evil.example/",
        "http://evil.example/?wifi.example.net",
        "data:text/html,x",
        "http://wifi。example.net.evil/",
        "http://wifi.example.net:evil@evil.example/",
        "/\\evil.example",
        "http:///evil.example",
    ] {
        let placed = site
            .post(
                &format!("/b/1h?mac=AA:BB:CC:DD:EE:01&ip=10.5.50.7&dst={}", encoded(evil)),
                &[],
            )
            .await;
        let page = placed.header("location").unwrap().to_owned();
        let order = site
            .world
            .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
            .await;
        let number = order
            .reference
            .as_str()
            .bytes()
            .fold(0_u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let event = FedapayEvent {
            id: number,
            ..FedapayEvent::approved(&order)
        };
        assert_eq!(
            site.fedapay("/pay_callback/fedapay/hotspot1", &event.body())
                .await
                .status,
            200
        );
        site.world.drain().await;
        let shown = site.get(&page).await.body;
        assert!(
            shown.contains("<output") && shown.contains("http://wifi.example.net/"),
            "{evil}: {shown}"
        );
        for link in shown.split("href=\"").skip(1).chain(shown.split("url=").skip(1)) {
            let link = link.split('"').next().unwrap();
            // The buy link may carry it as a value; nothing may lead to it.
            let target = link.split(['?', '&']).next().unwrap();
            assert!(
                !target.contains("evil") && !target.starts_with("javascript"),
                "{evil}: {link}"
            );
        }
    }
}

#[tokio::test]
async fn b6_nothing_a_request_says_is_ever_connected_to() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bait = trap.local_addr().unwrap();
    let url = format!("http://{bait}/x");
    let site = Site::open().await;
    let everything = [
        "dst",
        "link-status",
        "link-login",
        "link-orig",
        "return_url",
        "notify_url",
        "callback_url",
        "base_url",
        "logo",
        "mikserver",
        "mikdnsname",
    ];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(everything.map(|name| (name, &url)))
        .finish();
    site.get(&format!("/b/1h?{query}")).await;
    let page = site
        .post(
            &format!("/b/1h?mac=AA:BB:CC:DD:EE:01&ip=10.5.50.7&{query}"),
            &[("email", "a@127.0.0.1.nip.example")],
        )
        .await;
    assert_eq!(page.status, 303, "{}", page.body);
    let page = page.header("location").unwrap().to_owned();
    let order = site
        .world
        .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
        .await;
    let host = bait.to_string();
    let body = FedapayEvent {
        more: &format!(r#","callback_url":"{url}","router":"{host}""#),
        ..FedapayEvent::approved(&order)
    }
    .body();
    let signature = sign_fedapay(site.world.clock.now(), WEBHOOK_SECRET, body.as_bytes());
    let headers = [
        ("X-FEDAPAY-SIGNATURE", signature.as_str()),
        ("Host", host.as_str()),
        ("X-Forwarded-Host", &host),
        ("Forwarded", "host=127.0.0.1"),
        ("mikadminuser", "admin"),
        ("mikadminpass", "x"),
        ("mikrouter", &host),
        ("mikaddress", &host),
        ("Origin", &url),
        ("Referer", &url),
    ];
    assert_eq!(
        site.ask(
            "POST",
            &format!("/pay_callback/fedapay/hotspot1?{query}"),
            &headers,
            body.as_bytes()
        )
        .await
        .status,
        200
    );
    site.world.drain().await;
    site.get(&format!("{page}?{query}")).await;
    site.post("/retrieve-mikhmon-code", &[("reference", &url), ("second", &url)])
        .await;
    let nobody = tokio::time::timeout(Duration::from_millis(1), trap.accept()).await;
    assert!(nobody.is_err(), "a request made the relay connect");
}

#[tokio::test(flavor = "current_thread")]
async fn b7_m2_a_sale_full_of_hostile_words_is_one_line_a_step_and_one_mail_each() {
    let written = Written::default();
    let log = written.clone();
    let subscriber = logging::subscriber(mikrelay::config::LogFormat::Json, "trace", log).unwrap();
    let _guard = crate::support::listen(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::folder(folder.path(), "relay@example.net").unwrap();
    let world = World::with(SimRouterConfig::default(), &hostile_business("http://127.0.0.1:1"))
        .await
        .mailing_by(mailer);
    let order = world.place("bad1h").await;
    let hostile = serde_json::to_string(&format!(
        "{HOSTILE}\r\nBcc: x@evil.example\r\n.\r\nRCPT TO:<x@evil.example>"
    ))
    .unwrap();
    let more =
        format!(r#","customer":{{"firstname":{hostile},"email":{hostile},"phone_number":{{"number":{hostile}}}}}"#);
    let event = FedapayEvent {
        more: &more,
        ..FedapayEvent::approved(&order)
    };
    assert_eq!(world.fedapay(&event).await.status, 200);
    world.drain().await;
    assert_eq!(
        world.state(&order).await,
        State::Delivered,
        "{:?}",
        world.history(&order).await
    );
    let mails: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(mails.len(), 1, "the operator's alone: {mails:?}");
    let head = mails[0].split("\r\n\r\n").next().unwrap();
    let names: Vec<_> = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    for name in &names {
        assert_eq!(names.iter().filter(|other| other == &name).count(), 1, "{head}");
    }
    assert!(
        !names.contains(&"Bcc") && head.contains("To: awa@example.net"),
        "{head}"
    );
    let text = written.text();
    assert!(text.lines().count() > 5);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value["time"].is_string());
        assert!(!line.contains(['\u{1b}', '\u{202e}', '\u{2028}']), "{line}");
    }
}

#[tokio::test]
async fn b7_mik_parameters_full_of_hostile_words_are_named_and_held() {
    let site = Site::open().await;
    for (number, name) in [
        "mikusermode",
        "miknamelength",
        "mikcharacter",
        "mikuserprefix",
        "miknotifemail",
        "mikcurrency",
        "mikdnsname",
        "mikserver",
    ]
    .into_iter()
    .enumerate()
    {
        let placed = site.post("/b/1h?mac=AA:BB:CC:DD:EE:01&ip=10.5.50.7", &[]).await;
        let page = placed.header("location").unwrap().to_owned();
        let order = site
            .world
            .by_token(mikrelay::ids::OrderToken::new(page.trim_start_matches("/o/")))
            .await;
        let body = FedapayEvent {
            id: 900 + number as u64,
            ..FedapayEvent::approved(&order)
        }
        .body();
        let reply = site
            .fedapay(
                &format!("/pay_callback/fedapay/hotspot1?{name}={}", encoded(HOSTILE)),
                &body,
            )
            .await;
        assert_eq!(reply.status, 200, "{name}");
        site.world.drain().await;
        let held = site.world.order(&order.reference).await;
        assert_eq!(held.state, State::Held, "{name}: {:?}", held.reason);
        let reason = held.reason.unwrap().to_string();
        assert!(
            reason.contains(name) && !reason.contains(['\u{1b}', '\u{202e}', '\u{2028}', '\n']),
            "{reason:?}"
        );
        let shown = site.get(&page).await.body;
        assert!(
            !shown.contains("<script>alert") && !shown.contains(name),
            "the buyer is not shown settings: {shown}"
        );
    }
    assert!(site.world.users().is_empty());
    for mail in site.world.mailbox.messages() {
        assert!(
            !mail.subject.contains(char::is_control) && !mail.text.contains('\u{1b}'),
            "{mail:?}"
        );
    }
}

#[tokio::test]
async fn p1_odd_signatures_are_401_and_leave_nothing() {
    let site = Site::open().await;
    let body = r#"{"name":"transaction.approved","entity":{"id":1}}"#;
    let right = sign_fedapay(site.world.clock.now(), WEBHOOK_SECRET, body.as_bytes());
    let (stamp, tag) = right.split_once(",s=").unwrap();
    let flipped = if tag.starts_with('0') { "1" } else { "0" };
    let odd = [
        String::new(),
        " ".to_owned(),
        "t=".to_owned(),
        format!("s={tag}"),
        tag.to_owned(),
        stamp.to_owned(),
        format!("{stamp},s="),
        format!("{stamp},s={}", &tag[1..]),
        format!("{stamp},s={tag}0"),
        format!("{stamp},s={}{}", flipped, &tag[1..]),
        format!("{stamp},s={}", "g".repeat(64)),
        format!("{stamp},s={}", data_encoding::BASE64.encode(&[7; 32])),
        format!("t=-1,s={tag}"),
        format!("t=99999999999999999999999,s={tag}"),
        format!("t=1e9,s={tag}"),
        format!("{stamp},{stamp},s=\u{e9}"),
        format!("{stamp},s={}", "0".repeat(12_000)),
        format!("{},s={tag}", "t=1,".repeat(2_000)),
    ];
    for signature in &odd {
        let reply = site
            .ask(
                "POST",
                "/pay_callback/fedapay/hotspot1",
                &[("X-FEDAPAY-SIGNATURE", signature)],
                body.as_bytes(),
            )
            .await;
        assert_eq!(reply.status, 401, "{signature:.90}");
    }
    // The right one over other bytes (P2), for another account's path, and beside a second header.
    for other in [
        format!("{body}\n"),
        format!("\u{feff}{body}"),
        body.replace(':', ": "),
        String::new(),
    ] {
        let reply = site
            .ask(
                "POST",
                "/pay_callback/fedapay/hotspot1",
                &[("X-FEDAPAY-SIGNATURE", &right)],
                other.as_bytes(),
            )
            .await;
        assert_eq!(reply.status, 401, "{other}");
    }
    let elsewhere = site
        .ask(
            "POST",
            "/pay_callback/feexpay/hotspot1",
            &[("X-FEDAPAY-SIGNATURE", &right)],
            body.as_bytes(),
        )
        .await;
    assert_eq!(elsewhere.status, 401);
    assert_eq!(site.world.events().await, 0);
    let two = [
        ("X-FEDAPAY-SIGNATURE", odd[9].as_str()),
        ("X-FEDAPAY-SIGNATURE", right.as_str()),
    ];
    assert!(matches!(
        site.ask("POST", "/pay_callback/fedapay/hotspot1", &two, body.as_bytes())
            .await
            .status,
        200 | 401
    ));
    assert_eq!(
        site.ask(
            "POST",
            "/pay_callback/fedapay/hotspot1",
            &[("x-fedapay-signature", &right)],
            body.as_bytes()
        )
        .await
        .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h6_a_wrong_signature_waits_for_no_database() {
    let site = Site::open().await;
    // Every reader is taken, and the writer as well.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let (entered, mut inside) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..4 {
        let (store, entered, released) = (site.world.relay.store().clone(), entered.clone(), Arc::clone(&released));
        tokio::spawn(async move {
            let wait = move |_: &mikrelay::store::Db<'_>| {
                entered.send(()).unwrap();
                // A dropped sender releases as well.
                let _ = released.lock().map(|released| released.recv());
                Ok(())
            };
            if number == 0 {
                store.write(wait).await
            } else {
                store.read(wait).await
            }
        });
    }
    for _ in 0..4 {
        inside.recv().await.unwrap();
    }
    let started = Instant::now();
    for signature in ["", "t=1,s=00"] {
        let reply = site
            .ask(
                "POST",
                "/pay_callback/fedapay/hotspot1",
                &[("X-FEDAPAY-SIGNATURE", signature)],
                b"{}",
            )
            .await;
        assert_eq!(reply.status, 401);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(release);
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn hostile_business(gateway: &str) -> String {
    let hostile = serde_json::to_string(&HOSTILE.replace(['\u{1b}', '\u{202e}', '\u{2028}'], "")).unwrap();
    format!(
        r#"
[[account]]
id = "feex"
company = "cafe"
gateway = "feexpay"
mode = "live"
token = "fp_of_the_test"
site_id = "shop"
base_url = "{gateway}"

[[plan]]
id = "bad"
hotspot = "h1"
accounts = ["feex"]
label = {hostile}
profile = "1H"
price = "150"

[[plan]]
id = "bad1h"
hotspot = "h1"
accounts = ["feda"]
label = {hostile}
profile = "1H"
price = "100"
"#
    )
}

#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub fn text(&self) -> String {
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
