//! The server over real sockets: its bounds and its stop.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::BodyExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::super::body;
use super::*;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

async fn start<H, F>(cap: usize, handler: H) -> Running
where
    H: Fn(Peer, Alive, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        serve_at_most(cap, vec![Door::plain(listener)], async { drop(stopped.await) }, handler).await;
    });
    Running {
        address,
        stop: Some(stop),
        served,
    }
}

/// Answers with the body's size, or 413.
async fn measure(_: Peer, _: Alive, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, incoming) = request.into_parts();
    match body::read(&parts.headers, incoming, 100).await {
        Ok(whole) => Response::new(Full::from(format!("{} bytes", whole.bytes.len()))),
        Err(_) => {
            let mut response = Response::new(Full::from("too much"));
            *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
            response
                .headers_mut()
                .insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
            response.extensions_mut().insert(BodyUnread);
            response
        }
    }
}

async fn say(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request).await.expect("is taken");
    hear(&mut stream).await
}

async fn hear(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let heard = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    heard.expect("the server ends the connection").expect("no reset");
    String::from_utf8_lossy(&answer).into_owned()
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn h2_an_oversized_body_gets_its_413_although_the_peer_sends_it_all() {
    let server = start(8, measure).await;
    let mut request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    request.resize(request.len() + 1_000_000, b'x');
    assert_eq!(
        first_line(&say(server.address, &request).await),
        "HTTP/1.1 413 Payload Too Large"
    );
    let mut endless = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..2000 {
        endless.extend_from_slice(b"40\r\n");
        endless.extend_from_slice(&[b'x'; 64]);
        endless.extend_from_slice(b"\r\n");
    }
    assert_eq!(
        first_line(&say(server.address, &endless).await),
        "HTTP/1.1 413 Payload Too Large"
    );
}

#[tokio::test]
async fn h3_malformed_heads_are_refused_and_end_the_connection() {
    let server = start(8, measure).await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n";
    let lines = |count: usize| (0..count).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    for (name, head, status) in [
        (
            "too many lines",
            format!("{get}{}\r\n", lines(limits::HEAD_MAX_LINES)),
            431,
        ),
        ("a long line", format!("{get}X: {}\r\n\r\n", "y".repeat(64 * 1024)), 431),
        (
            "a long path",
            format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(64 * 1024)),
            431,
        ),
        ("NUL in a value", format!("{get}X: a\0b\r\n\r\n"), 400),
        ("a bare CR", format!("{get}X: a\rb\r\n\r\n"), 400),
        ("a folded line", format!("{get}X: a\r\n b\r\n\r\n"), 400),
        (
            "two lengths",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc".to_owned(),
            400,
        ),
        ("HTTP/0.9", "GET /\r\n\r\n".to_owned(), 400),
        ("not HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n".to_owned(), 400),
    ] {
        let answer = say(server.address, head.as_bytes()).await;
        assert!(
            first_line(&answer).starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {answer:.80}"
        );
    }
}

#[tokio::test]
async fn h3_a_smuggled_request_is_never_answered() {
    let server = start(8, measure).await;
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        );
        let answer = say(server.address, request.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn requests_share_a_connection() {
    let server = start(8, measure).await;
    let request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = say(server.address, request).await;
    assert!(answer.contains("3 bytes") && answer.ends_with("0 bytes"), "{answer}");
}

#[tokio::test]
async fn h1_in_a_full_house_the_idlest_leaves_and_the_newcomer_is_served() {
    let server = start(2, measure).await;
    let mut oldest = TcpStream::connect(server.address).await.expect("connects");
    oldest.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("is taken");
    let mut kept = TcpStream::connect(server.address).await.expect("connects");
    let answer = say(
        server.address,
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("0 bytes"), "{answer}");
    let mut rest = Vec::new();
    let left = tokio::time::timeout(Duration::from_secs(5), oldest.read_to_end(&mut rest)).await;
    assert!(
        left.is_ok() && rest.is_empty(),
        "the idlest was sent away without an answer"
    );
    kept.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .expect("is taken");
    assert!(hear(&mut kept).await.ends_with("0 bytes"));
}

#[tokio::test]
async fn k5_a_stop_answers_what_was_read_and_takes_nothing_new() {
    let (reached, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (reached_inside, release_inside) = (reached.clone(), release.clone());
    let mut server = start(8, move |_, _, request: Request<Incoming>| {
        let (reached, release) = (reached_inside.clone(), release_inside.clone());
        async move {
            let size = request
                .into_body()
                .collect()
                .await
                .map(|body| body.to_bytes().len())
                .unwrap_or_default();
            reached.notify_one();
            release.notified().await;
            Response::new(Full::from(format!("{size} bytes, finished")))
        }
    })
    .await;
    let mut idle = TcpStream::connect(server.address).await.expect("connects");
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
        .await
        .expect("is taken");
    reached.notified().await;
    drop(server.stop.take());
    assert_eq!(hear(&mut idle).await, "", "an idle connection is closed at once");
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "no newcomer is taken"
    );
    release.notify_one();
    assert!(hear(&mut stream).await.ends_with("2 bytes, finished"));
    server.served.await.expect("serve returns");
}

#[tokio::test]
async fn a_stop_waits_for_work_whose_peer_hung_up() {
    let finished = Arc::new(AtomicBool::new(false));
    let (reached, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let inside = (finished.clone(), reached.clone(), release.clone());
    let mut server = start(8, move |_, alive: Alive, _| {
        let (finished, reached, release) = inside.clone();
        async move {
            let work = tokio::spawn(async move {
                reached.notify_one();
                release.notified().await;
                finished.store(true, Ordering::SeqCst);
                drop(alive);
            });
            let _ = work.await;
            Response::new(Full::default())
        }
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("is taken");
    reached.notified().await;
    drop(stream);
    drop(server.stop.take());
    release.notify_one();
    server.served.await.expect("serve returns");
    assert!(finished.load(Ordering::SeqCst));
}
