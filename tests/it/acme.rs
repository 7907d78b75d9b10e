//! Authorities that fail: scripted ones, with a clock set by hand. A real conversation is `tests/interop/acme_peer.py`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use http::header::HeaderValue;
use jiff::SignedDuration;
use mikrelay::acme::{Acme, Challenges, Shelf, Tools, Wish};
use mikrelay::clock::Clock;
use mikrelay::http_client::HttpClient;
use mikrelay::secrets::MasterKey;
use mikrelay::sim::http::{Reply, Request, Server};
use mikrelay::tls::serving::Certificates;
use serde_json::json;
use tempfile::TempDir;

const NAME: &str = "pay.example.net";

struct Bench {
    folder: TempDir,
    key: MasterKey,
    clock: Clock,
    certificates: Certificates,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: MasterKey::generate(),
            clock: Clock::manual("2026-11-21T12:00:00Z".parse().unwrap()),
            certificates: Certificates::default(),
        }
    }

    fn acme(&self, directory: &str) -> Acme {
        let directory: url::Url = directory.parse().unwrap();
        let tools = Tools {
            shelf: Shelf::new(self.folder.path(), &directory),
            http: HttpClient::with_deadline(Duration::from_millis(500)),
            key: self.key.clone(),
            clock: self.clock.clone(),
            certificates: self.certificates.clone(),
            challenges: Challenges::default(),
        };
        let wish = Wish {
            domains: vec![NAME.to_owned()],
            directory,
            email: Some("operator@example.net".to_owned()),
        };
        Acme::new(wish, tools)
    }

    /// Lets this much time pass, in whole milliseconds.
    fn later(&self, by: SignedDuration) {
        self.clock.advance_ms(i64::try_from(by.as_millis()).unwrap() + 1);
    }
}

/// An authority that answers everything but an order; how often it was asked for one is counted.
struct Authority {
    server: Server,
    orders: Arc<AtomicUsize>,
}

impl Authority {
    async fn answering(order: impl Fn() -> Reply + Clone + Send + Sync + 'static) -> Self {
        let orders = Arc::new(AtomicUsize::new(0));
        let counted = orders.clone();
        let server = Server::start(0, move |request: Request| {
            let (order, counted) = (order.clone(), counted.clone());
            async move {
                let base = format!("http://{}", request.header("host").unwrap());
                let mut reply = match request.path.as_str() {
                    "/dir" => Reply::json(
                        StatusCode::OK,
                        &json!({
                            "newNonce": format!("{base}/nonce"),
                            "newAccount": format!("{base}/account"),
                            "newOrder": format!("{base}/order"),
                            "revokeCert": format!("{base}/revoke"),
                            "keyChange": format!("{base}/key"),
                        }),
                    ),
                    "/nonce" => Reply::text(StatusCode::OK, ""),
                    "/account" => {
                        let mut reply = Reply::json(StatusCode::CREATED, &json!({"status": "valid"}));
                        let place = HeaderValue::from_str(&format!("{base}/account/1")).unwrap();
                        reply.headers.insert("location", place);
                        reply
                    }
                    "/order" => {
                        counted.fetch_add(1, Ordering::Relaxed);
                        order()
                    }
                    other => panic!("nobody asks for {other}"),
                };
                reply.headers.insert("replay-nonce", HeaderValue::from_static("n0nce"));
                reply
            }
        });
        Self {
            server: server.await.unwrap(),
            orders,
        }
    }

    fn directory(&self) -> String {
        format!("{}/dir", self.server.base_url())
    }

    fn orders(&self) -> usize {
        self.orders.load(Ordering::Relaxed)
    }
}

fn refusal(status: StatusCode, kind: &str, retry_after: Option<&'static str>) -> Reply {
    let problem = json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "no"});
    let mut reply = Reply::json(status, &problem);
    if let Some(wait) = retry_after {
        reply.headers.insert("retry-after", HeaderValue::from_static(wait));
    }
    reply
}

#[tokio::test]
async fn an_authority_that_is_down_is_asked_less_and_less_often() {
    let bench = Bench::new();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr();
    let acme = bench.acme(&format!("http://{}/dir", closed.unwrap()));
    let mut waits = Vec::new();
    for _ in 0..7 {
        let wait = acme.turn().await;
        waits.push(wait.as_mins());
        // Not before its time.
        assert_eq!(acme.turn().await, wait);
        bench.later(wait);
    }
    for (wait, least) in waits.iter().zip([2, 6, 18, 54, 162, 360, 360]) {
        assert!((least..=least * 5 / 4 + 1).contains(wait), "{waits:?}");
    }
    assert!(!bench.certificates.protect(NAME, bench.clock.now()));
}

#[tokio::test]
async fn limits_are_respected_as_told_and_where_nothing_is_told_for_an_hour() {
    for (told, from, to) in [
        (Some("7200"), 120, 151),
        (Some("1"), 2, 3),
        (None, 60, 76),
        (Some("99999999"), 24 * 60, 30 * 60 + 1),
    ] {
        let bench = Bench::new();
        let authority = Authority::answering(move || refusal(StatusCode::TOO_MANY_REQUESTS, "rateLimited", told)).await;
        let acme = bench.acme(&authority.directory());
        let wait = acme.turn().await.as_mins();
        assert!((from..=to).contains(&wait), "{told:?}: {wait}");
        assert_eq!(authority.orders(), 1);
        bench.later(SignedDuration::from_mins(from) - SignedDuration::from_secs(2));
        acme.turn().await;
        assert_eq!(authority.orders(), 1, "{told:?}");
        bench.later(SignedDuration::from_mins(to - from + 1));
        acme.turn().await;
        assert_eq!(authority.orders(), 2, "{told:?}");
    }
}

#[tokio::test]
async fn answers_that_are_none_are_failures_like_others() {
    let silence = || Reply::hang_up();
    let page = || Reply::html(StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>".to_owned());
    let nonsense = || Reply::json(StatusCode::CREATED, &json!({"status": "weird"}));
    for answer in [silence as fn() -> Reply, page, nonsense] {
        let bench = Bench::new();
        let authority = Authority::answering(answer).await;
        let wait = bench.acme(&authority.directory()).turn().await;
        assert!((120..=150).contains(&wait.as_secs()), "{wait:?}");
    }
    let bench = Bench::new();
    let hanging = Server::start(0, |_| std::future::pending()).await.unwrap();
    let wait = bench.acme(&format!("{}/dir", hanging.base_url())).turn().await;
    assert!((120..=150).contains(&wait.as_secs()), "{wait:?}");
}

#[tokio::test]
async fn a_process_that_starts_again_and_again_does_not_ask_again_and_again() {
    let bench = Bench::new();
    let authority = Authority::answering(|| refusal(StatusCode::FORBIDDEN, "rejectedIdentifier", None)).await;
    for _ in 0..5 {
        bench.acme(&authority.directory()).turn().await;
        bench.later(SignedDuration::from_secs(2));
    }
    assert_eq!(authority.orders(), 1);
    // Whoever has mended something waits a minute, and not until the pause is over.
    let acme = bench.acme(&authority.directory());
    assert!(acme.turn().await <= SignedDuration::from_mins(1));
    bench.later(SignedDuration::from_mins(1));
    let wait = acme.turn().await;
    assert_eq!(authority.orders(), 2);
    assert!(
        wait >= SignedDuration::from_mins(6),
        "the second failure in a row: {wait:?}"
    );
    acme.forget_pauses();
    acme.turn().await;
    assert_eq!(authority.orders(), 3);
}

#[tokio::test]
async fn an_account_is_made_once_and_kept_sealed() {
    let bench = Bench::new();
    let authority = Authority::answering(|| refusal(StatusCode::FORBIDDEN, "caa", None)).await;
    bench.acme(&authority.directory()).turn().await;
    let host = authority.server.address().to_string().replace(':', "_");
    let file = bench.folder.path().join("acme").join(host).join("account.json");
    let kept = std::fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("key_pkcs8"));
    bench.later(SignedDuration::from_hours(1));
    bench.acme(&authority.directory()).turn().await;
    assert_eq!(authority.orders(), 2);
    assert_eq!(std::fs::read(&file).unwrap(), kept);
    // A data folder whose master key is another one.
    let other = Bench {
        key: MasterKey::generate(),
        ..bench
    };
    other.later(SignedDuration::from_hours(10));
    let acme = other.acme(&authority.directory());
    acme.turn().await;
    assert_eq!(
        authority.orders(),
        2,
        "nothing is asked with an account that cannot be read"
    );
}
