//! Webhooks as bytes on a connection of our own, so that a test knows what was sent and what was answered, and can
//! stop in the middle.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A kept-alive connection to the relay, made anew whenever it breaks.
pub struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request; the status of its answer, or `None` if there was none.
    pub async fn post(&mut self, request: &[u8]) -> Option<u16> {
        self.send(request).await?;
        self.answer(PATIENCE).await
    }

    /// Sends bytes that need not be a whole request.
    pub async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        if self.stream.is_none() {
            self.stream = TcpStream::connect(self.address).await.ok();
        }
        if self.stream.as_mut()?.write_all(bytes).await.is_err() {
            self.stream = None;
        }
        self.stream.as_ref().map(|_| ())
    }

    /// The status of the answer; `None` when the connection ends or the time is over first.
    pub async fn answer(&mut self, within: Duration) -> Option<u16> {
        let stream = self.stream.as_mut()?;
        let read = tokio::time::timeout(within, read_answer(stream)).await;
        let status = read.ok().flatten();
        if status.is_none() {
            self.stream = None;
        }
        status
    }
}

/// The whole request that brings a webhook.
pub fn request(body: &str, signature: &str) -> Vec<u8> {
    format!(
        "POST /pay_callback/fedapay/hotspot1 HTTP/1.1\r\nhost: relay\r\ncontent-type: application/json\r\n\
         x-fedapay-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn read_answer(stream: &mut TcpStream) -> Option<u16> {
    let mut answer = Vec::new();
    let head = loop {
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(answer[..head].to_vec()).unwrap().to_ascii_lowercase();
    let length = text
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while answer.len() < head + length {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
    text.split(' ').nth(1)?.parse().ok()
}

const PATIENCE: Duration = Duration::from_secs(10);
