//! The served program under abuse: fault catalogue H1 to H5 and H8, and invariants I6 and I7.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::{Serve, Start, read_to_end, signed_webhook};

const CALLBACK: &str = "POST /pay_callback/fedapay/hotspot1 HTTP/1.1\r\nHost: x\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_slow_heads_bodies_and_readers_are_cut_while_a_good_client_is_served() {
    let serve = Serve::start(Start::default()).await;
    let files = serve.open_files();
    let mut slow = JoinSet::new();
    for _ in 0..300 {
        slow.spawn(drip(serve.connect().await, "GET / HTTP/1.1\r\n", 10));
    }
    for _ in 0..40 {
        let head = format!("{CALLBACK}Content-Length: 1000\r\n\r\n");
        slow.spawn(drip(serve.connect().await, head.leak(), 15));
    }
    for _ in 0..10 {
        slow.spawn(take_nothing(serve.connect().await));
    }
    let (mut times, started) = (Vec::new(), Instant::now());
    while started.elapsed() < Duration::from_secs(9) {
        let asked = Instant::now();
        assert_eq!(serve.webhook(times.len() as u64, 10).await.status, 200);
        times.push(asked.elapsed());
        // The pace of a busy afternoon.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    times.sort();
    let p95 = times[times.len() * 95 / 100];
    assert!(
        p95 < Duration::from_millis(500),
        "{p95:?} with {} others on this machine",
        times.len()
    );
    while let Some(outcome) = slow.join_next().await {
        outcome.unwrap();
    }
    until(|| serve.open_files() <= files + 2, "the connections are gone").await;
    assert!(!serve.log().contains("panicked"));
}

/// Sends a head and then a byte a second; fails if the relay has not ended the connection soon after its limit.
async fn drip(mut stream: TcpStream, start: &'static str, limit_s: u64) {
    let begun = Instant::now();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let drops = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(limit_s + 5), reader.read_to_end(&mut rest)).await;
    drops.abort();
    assert!(ended.is_ok(), "still open after {:?}", begun.elapsed());
}

/// Asks for page after page and takes none of them; the relay stops writing and lets go.
async fn take_nothing(mut stream: TcpStream) {
    let asks = "GET /retrieve-mikhmon-code HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    let stuck = async { while stream.write_all(asks.as_bytes()).await.is_ok() {} };
    let cut = tokio::time::timeout(Duration::from_secs(25), stuck).await;
    assert!(cut.is_ok(), "the relay still waits for a peer that takes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h2_bodies_too_long_endless_or_packed_are_refused_before_they_are_read() {
    let serve = Serve::start(Start::default()).await;
    let before_kib = serve.memory_kib();
    for (name, headers, body, status) in [
        (
            "one byte too long",
            format!("Content-Length: {}\r\n", 256 * 1024 + 1),
            "",
            413,
        ),
        ("ten gigabytes", "Content-Length: 10000000000\r\n".to_owned(), "{", 413),
        (
            "more than a number holds",
            "Content-Length: 99999999999999999999999\r\n".to_owned(),
            "",
            400,
        ),
        (
            "gzip",
            "Content-Encoding: gzip\r\nContent-Length: 20\r\n".to_owned(),
            "",
            415,
        ),
        (
            "gzip in pieces",
            "Content-Encoding: br, gzip\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            "",
            415,
        ),
        (
            "a coding nobody knows",
            "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
            "0\r\n\r\n",
            401,
        ),
        ("coded last", "Transfer-Encoding: chunked, gzip\r\n".to_owned(), "", 400),
        ("no number", "Content-Length: ten\r\n".to_owned(), "", 400),
        ("a signed number", "Content-Length: +5\r\n".to_owned(), "hello", 400),
        (
            "a chunk of no size",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "zz\r\n",
            400,
        ),
        (
            "a chunk too large to count",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "fffffffffffffffff\r\n",
            400,
        ),
    ] {
        let answer = serve
            .send(format!("{CALLBACK}Connection: close\r\n{headers}\r\n{body}").as_bytes())
            .await;
        assert_eq!((answer.status, answer.count()), (status, 1), "{name}: {}", answer.text);
    }
    // A chunked body without an end: as much is sent as the relay takes.
    let mut endless = serve.connect().await;
    endless
        .write_all(format!("{CALLBACK}Transfer-Encoding: chunked\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let mut sent = 0;
    while sent < 64 * 1024 * 1024 && endless.write_all(chunk.as_bytes()).await.is_ok() {
        sent += chunk.len();
    }
    assert!(sent < 16 * 1024 * 1024, "it took {sent} bytes");
    let grown = serve.memory_kib().saturating_sub(before_kib);
    assert!(grown < 8 * 1024, "{grown} KiB more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_many_large_bodies_at_once_share_a_bound_and_small_events_pass() {
    let serve = Serve::start(Start::default()).await;
    let before_kib = serve.memory_kib();
    // Each keeps a quarter of a megabyte, less its last bytes, in the relay's memory.
    let body = vec![b'x'; 250_000];
    let mut held = Vec::new();
    for _ in 0..400 {
        let mut stream = serve.connect().await;
        stream
            .write_all(format!("{CALLBACK}Content-Length: 260000\r\n\r\n").as_bytes())
            .await
            .unwrap();
        // A refusal may come before all of it is sent.
        if stream.write_all(&body).await.is_ok() {
            held.push(stream);
        }
    }
    // The relay reads at its own pace; when it holds all it may, the next large one is refused.
    let (mut answer, filling) = (serve.webhook(1, 200_000).await, Instant::now());
    while answer.status == 200 && filling.elapsed() < Duration::from_secs(10) {
        answer = serve.webhook(1, 200_000).await;
    }
    assert!(
        answer.status == 503 && answer.has_header("retry-after"),
        "{}",
        answer.text
    );
    assert_eq!(serve.webhook(2, 4_000).await.status, 200);
    let grown = serve.memory_kib().saturating_sub(before_kib);
    assert!(grown < 72 * 1024, "{grown} KiB more for 100 MB of bodies");
    drop(held);
    let started = Instant::now();
    while serve.webhook(1, 200_000).await.status != 200 {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the room is not given back"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h3_malformed_requests_are_refused_once_and_never_split() {
    let serve = Serve::start(Start::default()).await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n";
    let after = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let lines: String = (0..101).map(|n| format!("X-{n}: y\r\n")).collect();
    for (name, request, statuses) in [
        ("101 headers", format!("{get}{lines}\r\n"), &[431][..]),
        (
            "a line of 64 KiB",
            format!("{get}X: {}\r\n\r\n", "y".repeat(65_536)),
            &[431],
        ),
        (
            "an address of 64 KiB",
            format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(65_536)),
            &[414, 431],
        ),
        ("NUL", format!("{get}X: a\0b\r\n\r\n{after}"), &[400]),
        ("CR", format!("{get}X: a\rb\r\n\r\n{after}"), &[400]),
        ("a folded line", format!("{get}X: a\r\n b\r\n\r\n{after}"), &[400]),
        (
            "a space before the colon",
            format!("{get}Content-Length : 5\r\n\r\n{after}"),
            &[400],
        ),
        ("no name", format!("{get}: v\r\n\r\n{after}"), &[400]),
        (
            "two lengths",
            format!("{CALLBACK}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}{after}"),
            &[400],
        ),
        (
            "two lengths in one",
            format!("{CALLBACK}Content-Length: 2, 40\r\n\r\n{{}}{after}"),
            &[400],
        ),
        (
            "length and chunked",
            format!("{CALLBACK}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{after}"),
            &[400],
        ),
        (
            "chunked and length",
            format!("{CALLBACK}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n{after}"),
            &[400],
        ),
        (
            "chunked of HTTP/1.0",
            format!(
                "POST /pay_callback/fedapay/hotspot1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{after}"
            ),
            &[400, 401],
        ),
        ("HTTP/0.9", "GET /\r\n\r\n".to_owned(), &[400]),
        ("not HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n".to_owned(), &[400]),
        ("a method of spaces", "G ET / HTTP/1.1\r\n\r\n".to_owned(), &[400]),
        (
            "TRACE",
            "TRACE /b/1h HTTP/1.1\r\nHost: x\r\nCookie: canary\r\n\r\n".to_owned(),
            &[405],
        ),
        (
            "CONNECT",
            "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            &[400, 404, 405],
        ),
    ] {
        let mut stream = serve.connect().await;
        // A refusal may come before all of it is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = read_to_end(&mut stream).await;
        assert!(statuses.contains(&answer.status), "{name}: {}", answer.text);
        assert_eq!(answer.count(), 1, "{name}: {}", answer.text);
        assert!(!answer.text.contains("canary"), "{name}");
    }
    let http2 = serve.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(http2.text, "", "a protocol that is not spoken here ends without a word");
    // An address that names another host is a path like any other: nobody is asked for it.
    let foreign = serve
        .send(b"GET http://192.0.2.1/b/1h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(matches!(foreign.status, 200 | 400 | 404), "{}", foreign.text);
    assert!(
        serve.get("/health/live").await.status == 200 && !serve.log().contains("panicked"),
        "{}",
        serve.log()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h3_a_body_with_two_lengths_is_refused_wherever_it_comes() {
    let serve = Serve::start(Start::default()).await;
    let both = format!("{CALLBACK}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n");
    let chunked = format!("{CALLBACK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");
    let together = serve
        .send(format!("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n{both}").as_bytes())
        .await;
    assert_eq!(together.count(), 2, "{}", together.text);
    assert!(together.text.contains("HTTP/1.1 400 "), "{}", together.text);

    let mut stream = serve.connect().await;
    for _ in 0..2 {
        stream.write_all(chunked.as_bytes()).await.unwrap();
        let answer = crate::process::read_answer(&mut stream).await.unwrap();
        assert_eq!(answer.status, 401, "a chunked body is read as ever: {}", answer.text);
    }
    let (head, rest) = both.split_at(both.len() - 12);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(
        answer.status == 400 && answer.text.contains("two ways"),
        "{}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h4_a_burst_after_an_outage_is_stored_once_each() {
    let serve = Serve::start(Start::default()).await;
    let address = serve.address;
    let mut senders = JoinSet::new();
    // Every event twice, by different connections.
    for sender in 0..64_u64 {
        senders.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for number in 0..60 {
                let id = sender / 2 * 60 + number;
                loop {
                    stream.write_all(&signed_webhook(id, 10, "keep-alive")).await.unwrap();
                    let answer = crate::process::read_answer(&mut stream).await.unwrap();
                    if answer.status == 200 {
                        break;
                    }
                    assert!(
                        answer.status == 503 && answer.has_header("retry-after"),
                        "{}",
                        answer.text
                    );
                }
            }
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent.unwrap();
    }
    let database = rusqlite::Connection::open(serve.data().join("mikrelay.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM event"), 32 * 60);
    assert_eq!(count("SELECT sum(deliveries) FROM event"), 64 * 60);
    until(
        || count("SELECT count(*) FROM event WHERE settled_at IS NULL") == 0,
        "all are settled",
    )
    .await;
    // A task's row goes in a commit of its own, after that of its work.
    until(
        || count("SELECT count(*) FROM job WHERE kind = 'settle'") == 0,
        "and no task is left over",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h8_with_64_files_it_waits_for_some_and_does_not_spin() {
    let wrap = r#""$1" --config mikrelay.toml apply site.toml && ulimit -n 64 && exec "$@""#;
    let serve = Serve::start(Start {
        wrap: Some(wrap),
        ..Start::default()
    })
    .await;
    let mut crowd = Vec::new();
    for _ in 0..150 {
        crowd.push(serve.connect().await);
    }
    until(
        || serve.log().contains("no connection can be accepted now"),
        "the relay says what it lacks",
    )
    .await;
    let (before, measured) = (serve.processor_ticks(), Duration::from_secs(2));
    // The time that is measured, not a wait for something.
    tokio::time::sleep(measured).await;
    let spent = serve.processor_ticks() - before;
    assert!(spent < 60, "{spent} hundredths of a second in {measured:?}");
    // The idlest have to leave, so a newcomer gets his answer in the midst of it.
    assert_eq!(serve.webhook(1, 10).await.status, 200);
    drop(crowd);
    assert_eq!(serve.webhook(2, 10).await.status, 200);
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

/// Waits for something that can only be looked at; fails when it takes too long.
async fn until(is_so: impl Fn() -> bool, what: &str) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{what}: not after {:?}",
            started.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
