//! HTTPS by the served program: versions, names, slow and wrong visitors, redirects, new files and the end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mikrelay::tls;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::{Serve, Start, signed_webhook};

const HOST: &str = "pay.example.net";

/// A relay that speaks HTTPS with files, and the folder of the files.
struct Safe {
    serve: Serve,
    files: TempDir,
    port: u16,
}

impl Safe {
    async fn start(more: &str) -> Self {
        Self::with(more, 90).await
    }

    /// `more` stands under `[tls]`.
    async fn with(more: &str, days: i64) -> Self {
        let files = tempfile::tempdir().unwrap();
        write_certificate(files.path(), HOST, days);
        let port = free_port();
        let settings = settings(files.path(), port, more);
        let serve = Serve::start(Start {
            settings: &settings,
            ..Start::default()
        })
        .await;
        Self { serve, files, port }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// A connection with a certificate that the visitor believes.
    async fn speak(&self, name: &str, versions: &[&'static SupportedProtocolVersion]) -> std::io::Result<Line> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let config = client(self.files.path(), versions);
        TlsConnector::from(Arc::new(config))
            .connect(name, self.connect().await)
            .await
    }

    async fn ask(&self, request: &[u8]) -> String {
        let mut line = self.speak(HOST, rustls::ALL_VERSIONS).await.unwrap();
        line.write_all(request).await.unwrap();
        hear(&mut line).await
    }

    async fn plain(&self, head: &str) -> String {
        self.serve
            .send(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .text
    }
}

type Line = TlsStream<TcpStream>;

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn settings(folder: &Path, port: u16, more: &str) -> String {
    let folder = folder.display();
    format!(
        "[tls]\nlisten = \"127.0.0.1:{port}\"\ncert_file = \"{folder}/chain.pem\"\nkey_file = \"{folder}/key.pem\"\n{more}\n"
    )
}

/// Valid since ninety days, for so many days from now.
fn write_certificate(folder: &Path, name: &str, days: i64) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let at = |days: i64| date_of(now + days * 86_400);
    let ((year, month, day), (until_year, until_month, until_day)) = (at(-90), at(days));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    params.not_after = rcgen::date_time_ymd(until_year, until_month, until_day);
    std::fs::write(folder.join("chain.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// Year, month and day of this second.
fn date_of(second: i64) -> (i32, u8, u8) {
    let zoned = jiff::Timestamp::from_second(second)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC);
    let date = zoned.date();
    (date.year().into(), date.month() as u8, date.day() as u8)
}

fn client(folder: &Path, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("chain.pem")).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(tls::provider());
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// Everything until the relay ends the connection.
async fn hear(line: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    let heard = tokio::time::timeout(Duration::from_secs(40), line.read_to_end(&mut bytes)).await;
    heard
        .expect("the relay ends the connection")
        .expect("and ends it properly");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn location(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| line.strip_prefix("location: "))
}

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: pay.example.net\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_speak_both_versions_and_believe_the_right_name_only() {
    let safe = Safe::start("").await;
    for (version, expected) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut line = safe.speak(HOST, &[version]).await.unwrap();
        let session = line.get_ref().1;
        assert_eq!(session.protocol_version(), Some(expected));
        assert_eq!(session.alpn_protocol(), Some(b"http/1.1".as_slice()));
        // Two requests on one connection.
        line.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 17];
        line.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK\r\n");
        line.write_all(LIVE).await.unwrap();
        assert!(hear(&mut line).await.contains("HTTP/1.1 200 OK\r\n"));
    }
    let error = safe.speak("other.example.net", rustls::ALL_VERSIONS).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let page = safe
        .ask(b"GET /retrieve-mikhmon-code HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        page.starts_with("HTTP/1.1 200") && !page.contains("strict-transport"),
        "{page}"
    );
    let stored = safe.ask(&signed_webhook(1, 20_000, "close")).await;
    assert!(stored.starts_with("HTTP/1.1 200"), "{stored}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_handshakes_and_heads_that_do_not_end_are_cut_and_others_are_served() {
    let safe = Safe::start("").await;
    let files = safe.serve.open_files();
    let begun = Instant::now();
    let mut slow = Vec::new();
    for start in [b"".as_slice(), b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
        .into_iter()
        .cycle()
        .take(60)
    {
        let mut stream = safe.connect().await;
        stream.write_all(start).await.unwrap();
        slow.push(stream);
    }
    let mut safe_and_slow = safe.speak(HOST, rustls::ALL_VERSIONS).await.unwrap();
    safe_and_slow.write_all(b"GET / HT").await.unwrap();
    while begun.elapsed() < Duration::from_secs(9) {
        let asked = Instant::now();
        assert!(safe.ask(LIVE).await.starts_with("HTTP/1.1 200"));
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    for mut stream in slow {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open after {:?}", begun.elapsed());
    }
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), safe_and_slow.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "still open after {:?}", begun.elapsed());
    let waited = Instant::now();
    while safe.serve.open_files() > files + 2 {
        assert!(waited.elapsed() < Duration::from_secs(15), "connections are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!safe.serve.log().contains("panicked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_at_the_wrong_door_is_told_or_let_go() {
    let safe = Safe::start("").await;
    for request in [
        LIVE.to_vec(),
        [
            b"POST /pagos HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".to_vec(),
            vec![b'x'; 100_000],
        ]
        .concat(),
    ] {
        let mut stream = safe.connect().await;
        stream.write_all(&request).await.unwrap();
        let answer = hear(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"),
            "{answer}"
        );
    }
    for nonsense in [
        b"\x00\x00\x00\x00".to_vec(),
        vec![0xff; 70_000],
        b"\x16\x03\x01\x00\x06hihihi".to_vec(),
    ] {
        let mut stream = safe.connect().await;
        // It may be cut while it still sends.
        let _ = stream.write_all(&nonsense).await;
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok() && !rest.starts_with(b"HTTP"), "{rest:?}");
    }
    // TLS at the plain door is no HTTP.
    let mut plain = safe.serve.connect().await;
    plain
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        .await
        .unwrap();
    assert!(hear(&mut plain).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_to_https_and_portals_and_gateways_are_answered_where_they_are() {
    let safe = Safe::start("").await;
    let port = safe.port;
    let page = "/buy-mikhmon?profile%20name=1%20J&price=100&mac=AA:BB&dst=http%3A%2F%2Fa.b%2F?c=d&&e";
    for method in ["GET", "HEAD"] {
        for (target, host) in [
            (page, HOST.to_owned()),
            ("//retrieve-mikhmon-code", format!("{HOST}:80")),
            ("/o/x", HOST.to_uppercase()),
            ("/docs", format!("{HOST}.")),
        ] {
            let answer = safe.plain(&format!("{method} {target} HTTP/1.1\r\nHost: {host}")).await;
            assert!(answer.starts_with("HTTP/1.1 307 "), "{target}: {answer}");
            let expected = format!("https://{HOST}:{port}{target}");
            assert_eq!(location(&answer), Some(expected.as_str()));
        }
    }
    let absolute = safe
        .plain(&format!("GET http://{HOST}{page} HTTP/1.1\r\nHost: evil.example"))
        .await;
    assert_eq!(
        location(&absolute),
        Some(format!("https://{HOST}:{port}{page}").as_str())
    );
    let home = safe
        .plain(&format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html"))
        .await;
    assert_eq!(location(&home), Some(format!("https://{HOST}:{port}/").as_str()));
    for (head, status) in [
        (format!("GET {page} HTTP/1.1\r\nHost: evil.example"), 400),
        (format!("GET {page} HTTP/1.1\r\nHost: 127.0.0.1"), 400),
        (format!("GET http://evil.example{page} HTTP/1.1\r\nHost: {HOST}"), 400),
        (format!("GET {page} HTTP/1.1\r\nHost: {HOST}@evil.example"), 400),
        (
            format!("POST /retrieve-mikhmon-code HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0"),
            0,
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json"),
            200,
        ),
        (
            format!("GET /pay_callback/fedapay/hotspot1 HTTP/1.1\r\nHost: {HOST}"),
            0,
        ),
        (
            format!("HEAD /pay_callback/fedapay/hotspot1 HTTP/1.1\r\nHost: {HOST}"),
            0,
        ),
        (format!("GET /health/ready HTTP/1.1\r\nHost: {HOST}"), 200),
        (format!("GET /static/order.js HTTP/1.1\r\nHost: {HOST}"), 200),
        (format!("GET /o/x/state HTTP/1.1\r\nHost: {HOST}"), 404),
        (
            format!("GET /.well-known/acme-challenge/x HTTP/1.1\r\nHost: {HOST}"),
            404,
        ),
        (format!("GET /openapi.json HTTP/1.1\r\nHost: {HOST}"), 200),
        (
            format!(
                "OPTIONS /api/v1/catalogo_perfiles_venta HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://portal.example\r\n\
                 Access-Control-Request-Method: GET"
            ),
            400,
        ),
    ] {
        let answer = safe.plain(&head).await;
        assert!(
            location(&answer).is_none() && !answer.starts_with("HTTP/1.1 3"),
            "{head}: {answer}"
        );
        if status != 0 {
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        }
    }
    let webhook = safe.serve.webhook(1, 10).await;
    assert_eq!(webhook.status, 200);
    // What arrives by TLS is at its end.
    let there = format!("GET {page} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    assert!(location(&safe.ask(there.as_bytes()).await).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_and_an_operator_may_decide_against_the_redirect() {
    let page = format!("GET /retrieve-mikhmon-code HTTP/1.1\r\nHost: {HOST}");
    let files = tempfile::tempdir().unwrap();
    write_certificate(files.path(), HOST, 90);
    let settings = format!(
        "trusted_proxies = [\"127.0.0.1\"]\n{}",
        settings(files.path(), free_port(), "")
    );
    let serve = Serve::start(Start {
        settings: &settings,
        ..Start::default()
    })
    .await;
    let ask = async |more: &str| {
        serve
            .send(format!("{page}{more}\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .status
    };
    assert_eq!(ask("").await, 307);
    assert_eq!(ask("\r\nX-Forwarded-For: 203.0.113.9").await, 200);
    assert_eq!(ask("\r\nX-Forwarded-Proto: https").await, 200);
    let off = Safe::start("redirect = false").await;
    assert!(off.plain(&page).await.starts_with("HTTP/1.1 200"));
    // The header of a stranger decides nothing.
    let on = Safe::start("").await;
    assert!(
        on.plain(&format!("{page}\r\nX-Forwarded-Proto: https"))
            .await
            .starts_with("HTTP/1.1 307")
    );
    // A certificate that is over protects nobody.
    let over = Safe::with("", -2).await;
    assert!(over.plain(&page).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_new_files_are_in_force_at_a_signal_and_broken_ones_are_not() {
    let safe = Safe::start("").await;
    let folder = safe.files.path();
    let mut old = safe.speak(HOST, rustls::ALL_VERSIONS).await.unwrap();
    write_certificate(folder, HOST, 60);
    assert!(
        safe.speak(HOST, rustls::ALL_VERSIONS).await.is_err(),
        "the old one is still shown"
    );
    safe.serve.signal("-HUP");
    said(&safe.serve, "the new certificate is valid until").await;
    assert!(safe.speak(HOST, rustls::ALL_VERSIONS).await.is_ok());
    old.write_all(LIVE).await.unwrap();
    assert!(
        hear(&mut old).await.starts_with("HTTP/1.1 200"),
        "who is connected stays so"
    );
    std::fs::write(folder.join("key.pem"), "broken").unwrap();
    safe.serve.signal("-HUP");
    said(&safe.serve, "the old certificate stays").await;
    assert!(safe.speak(HOST, rustls::ALL_VERSIONS).await.is_ok());
}

async fn said(serve: &Serve, sentence: &str) {
    let began = Instant::now();
    while !serve.log().contains(sentence) {
        assert!(began.elapsed() < Duration::from_secs(15), "{}", serve.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k5_a_stop_answers_what_was_read_through_tls() {
    let mut safe = Safe::start("").await;
    let request = signed_webhook(7, 2_000, "close");
    let head = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut line = safe.speak(HOST, rustls::ALL_VERSIONS).await.unwrap();
    line.write_all(&request[..head]).await.unwrap();
    line.write_all(b"\r\nExpect: 100-continue\r\n\r\n").await.unwrap();
    let mut go_on = [0; 25];
    line.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    // One that has not shaken hands has nothing to lose.
    let _silent = safe.connect().await;
    safe.serve.terminate();
    while TcpStream::connect(("127.0.0.1", safe.port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    line.write_all(&request[head + 4..]).await.unwrap();
    assert!(hear(&mut line).await.starts_with("HTTP/1.1 200"));
    let (status, took) = safe.serve.ended().await;
    assert!(
        status.success() && took < Duration::from_secs(8),
        "{status} after {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_files_that_cannot_be_used_are_told_at_the_start() {
    for (file, text, expected) in [
        ("key.pem", Some("nonsense"), "holds no PEM private key"),
        ("chain.pem", Some(""), "holds no PEM certificate"),
        ("chain.pem", None, "cannot read"),
    ] {
        let files = tempfile::tempdir().unwrap();
        write_certificate(files.path(), HOST, 90);
        match text {
            Some(text) => std::fs::write(files.path().join(file), text).unwrap(),
            None => std::fs::remove_file(files.path().join(file)).unwrap(),
        }
        let settings = settings(files.path(), free_port(), "");
        let how = Start {
            settings: &settings,
            ..Start::default()
        };
        let log = Serve::try_start(how).await.err().expect("it does not start");
        assert!(
            log.contains("error:") && log.contains(expected) && log.contains(file),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_runs_out_is_told_by_mail_once() {
    let more = "acme_email = \"operator@example.net\"\n[mail]\ntransport = \"folder\"\nfrom = \"relay@example.net\"";
    let safe = Safe::with(more, 5).await;
    let folder = safe.serve.data().join("mail");
    let began = Instant::now();
    let mails = || {
        std::fs::read_dir(&folder)
            .map(|files| files.count())
            .unwrap_or_default()
    };
    while mails() == 0 || !safe.serve.data().join("certificate-warned").exists() {
        assert!(began.elapsed() < Duration::from_secs(15), "{}", safe.serve.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mail = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(mail.path()).unwrap();
    assert!(
        mail.contains("operator@example.net") && mail.contains("Subject:"),
        "{mail}"
    );
    assert!(safe.serve.log().contains("days left and was not renewed"));
    // The next look is silent.
    safe.serve.signal("-HUP");
    said(&safe.serve, "looking after the certificates").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(mails(), 1);
}
