//! Sends ready requests over keep-alive connections and counts the answers. The same for every server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What one round came to.
pub struct Round {
    pub requests: usize,
    pub took: Duration,
    /// Latency of each request, sorted.
    latencies: Vec<Duration>,
}

impl Round {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    /// The latency that `percent` of the requests did not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Sends each request once; each connection has one in flight. An answer that is not 200 ends the round.
pub async fn run(address: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> anyhow::Result<Round> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let started = Instant::now();
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(drive(stream, Arc::clone(&requests), Arc::clone(&next))))
        .collect();
    let mut latencies = Vec::with_capacity(requests.len());
    for task in tasks {
        latencies.extend(task.await??);
    }
    let took = started.elapsed();
    latencies.sort_unstable();
    Ok(Round {
        requests: latencies.len(),
        took,
        latencies,
    })
}

async fn drive(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut buffer = Vec::with_capacity(4096);
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let sent = Instant::now();
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Reads one answer with a content length, and leaves the buffer empty.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        if let Some(whole) = answer_length(buffer)?
            && buffer.len() >= whole
        {
            if !buffer.starts_with(b"HTTP/1.1 200") {
                bail!("not a 200: {}", String::from_utf8_lossy(buffer));
            }
            return Ok(());
        }
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server hung up");
        }
    }
}

/// How long the whole answer will be, once its head is there.
fn answer_length(buffer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..head])?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<usize>())
        .context("an answer without content length")??;
    Ok(Some(head + 4 + length))
}
