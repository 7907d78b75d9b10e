//! What a portal reads on every page, as a ratio to a bare hyper server that answers the same bytes.
//!
//! Both run as child processes on the same machine, one after the other, in pairs: bare, mikrelay, bare, mikrelay …
//! Each round sends the same request with a valid router key over 64 keep-alive connections and counts only answers
//! 200. Prints requests a second and processor time a request; asserts nothing.
//!
//!     cargo bench --bench portal [-- PAIRS REQUESTS]

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement may stop at the first surprise"
)]

mod load;
mod relay;

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use load::Round;
use relay::{Child, Folder};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [mode, body] = arguments.as_slice()
        && mode == "bare"
    {
        return serve_bare(Path::new(body));
    }
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (pairs, requests) = (number(0, 5)?, number(1, 40_000)?);
    // One thread sends, so that the servers keep the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = Folder::prepare_with(MORE_PLANS)?;
    let key = router_key(&folder)?;
    for target in ["/api/v1/config/public", "/api/v1/catalogo_perfiles_venta"] {
        runtime.block_on(compare(&folder, &key, target, pairs, requests))?;
    }
    Ok(())
}

async fn compare(folder: &Folder, key: &str, target: &str, pairs: usize, requests: usize) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("body");
    println!("\nGET {target}: {CONNECTIONS} keep-alive connections, {requests} requests a round");
    println!(
        "{:>4} {:>26} {:>26} {:>7} {:>9}",
        "pair", "bare req/s (p99 ms, us)", "mikrelay (p99 ms, us)", "ratio", "by cpu"
    );
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for pair in 1..=pairs {
        let (child, address) = folder.serve()?;
        std::fs::write(&file, body_of(address, target, key)?)?;
        let relay = measure(&child, address, target, key, requests).await?;
        drop(child);
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg(&file);
        let (child, address) = Child::start_and_read_address(command)?;
        let bare = measure(&child, address, target, key, requests).await?;
        let ratio = relay.round.per_second() / bare.round.per_second();
        let by_cost = bare.cost_us() / relay.cost_us();
        println!(
            "{pair:>4} {:>26} {:>26} {ratio:>7.2} {by_cost:>9.2}",
            bare.shown(),
            relay.shown()
        );
        ratios.push(ratio);
        costs.push(by_cost);
    }
    ratios.sort_by(f64::total_cmp);
    costs.sort_by(f64::total_cmp);
    println!(
        "median ratio {:.2}, by processor time {:.2}",
        ratios[pairs / 2],
        costs[pairs / 2]
    );
    Ok(())
}

/// A short warm-up, then the round that counts.
async fn measure(
    child: &Child,
    address: SocketAddr,
    target: &str,
    key: &str,
    requests: usize,
) -> anyhow::Result<Measured> {
    let request = request(address, target, key, "keep-alive");
    load::run(address, CONNECTIONS, vec![request.clone(); WARM_UP]).await?;
    let before = child.processor_time()?;
    let round = load::run(address, CONNECTIONS, vec![request; requests]).await?;
    Ok(Measured {
        round,
        processor_time: child.processor_time()? - before,
    })
}

struct Measured {
    round: Round,
    /// What the server's process used during the round; nearly the same on a busy and on an idle machine.
    processor_time: Duration,
}

impl Measured {
    fn cost_us(&self) -> f64 {
        self.processor_time.as_secs_f64() * 1e6 / self.round.requests as f64
    }

    fn shown(&self) -> String {
        let p99_ms = self.round.percentile(99).as_secs_f64() * 1e3;
        format!("{:.0} ({p99_ms:.1}, {:.1})", self.round.per_second(), self.cost_us())
    }
}

/// As a browser's `fetch` sends it.
fn request(address: SocketAddr, target: &str, key: &str, connection: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nhost: {address}\r\nuser-agent: Mozilla/5.0 (Linux; Android 14)\r\naccept: */*\r\n\
         accept-language: es-MX,es;q=0.9\r\nx-api-key: {key}\r\nconnection: {connection}\r\n\r\n"
    )
    .into_bytes()
}

fn body_of(address: SocketAddr, target: &str, key: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&request(address, target, key, "close"))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    anyhow::ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "no answer: {}",
        String::from_utf8_lossy(&answer)
    );
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n");
    Ok(answer.split_off(head.context("an answer without a head")? + 4))
}

fn router_key(folder: &Folder) -> anyhow::Result<String> {
    let output = folder.command("key").args(["router", "cotonou-1"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find(|line| line.starts_with("key"));
    let key = line.and_then(|line| line.split_whitespace().last());
    Ok(key.context("no key was made")?.to_owned())
}

/// Answers everything with the same bytes until the process is killed. Prints its address as one line.
fn serve_bare(body: &Path) -> anyhow::Result<()> {
    let body = Bytes::from(std::fs::read(body)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let body = body.clone();
            tokio::spawn(async move {
                let service = service_fn(move |_: Request<hyper::body::Incoming>| {
                    let mut response = Response::new(Full::new(body.clone()));
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(CONTENT_TYPE, json);
                    std::future::ready(Ok::<_, Infallible>(response))
                });
                // A peer that hangs up ends its own connection only.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

const CONNECTIONS: usize = 64;
const WARM_UP: usize = 4_000;
/// A portal shows a handful.
const MORE_PLANS: &str = r#"
[[plan]]
id = "1h"
hotspot = "cotonou-1-main"
label = "1 heure"
profile = "1H"
price = "50"
currency = "XOF"
time = "1h"

[[plan]]
id = "1d"
hotspot = "cotonou-1-main"
label = "1 jour"
profile = "1J"
price = "200"
currency = "XOF"
time = "1d"

[[plan]]
id = "1w"
hotspot = "cotonou-1-main"
label = "1 semaine"
profile = "1S"
price = "1000"
currency = "XOF"
time = "7d"
"#;
