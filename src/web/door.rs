//! Doors: where connections come in, in the clear or protected by TLS, and what a connection is afterwards.
//!
//! A plain connection goes through untouched; one to the protected door has to shake hands within its deadline. Somebody
//! who speaks plain HTTP there is told so in plain HTTP.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// One listening socket.
pub struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Door {
    pub fn plain(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }

    pub fn protected(listener: TcpListener, config: ServerConfig) -> Self {
        let tls = Some(TlsAcceptor::from(Arc::new(config)));
        Self { listener, tls }
    }
}

/// All doors of the house, asked in turn, so that a crowd at one keeps nobody waiting at another.
pub(super) struct Doors {
    doors: Vec<Door>,
    next: usize,
}

impl Doors {
    pub(super) fn new(doors: Vec<Door>) -> Self {
        Self { doors, next: 0 }
    }

    pub(super) async fn accept(&mut self) -> io::Result<Arrival> {
        poll_fn(|cx| {
            let count = self.doors.len();
            for (at, door) in self.doors.iter().enumerate().cycle().skip(self.next).take(count) {
                if let Poll::Ready(accepted) = door.listener.poll_accept(cx) {
                    self.next = (at + 1) % count;
                    return Poll::Ready(accepted.map(|(stream, address)| Arrival {
                        stream,
                        peer: Peer {
                            address,
                            is_protected: door.tls.is_some(),
                        },
                        tls: door.tls.clone(),
                    }));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Who asks, and through which door.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// By our own TLS; what a proxy before us does is not known here.
    pub is_protected: bool,
}

/// A connection that was accepted and has said nothing yet.
pub(super) struct Arrival {
    stream: TcpStream,
    pub(super) peer: Peer,
    tls: Option<TlsAcceptor>,
}

/// What came of the first bytes.
pub(super) enum Opened {
    /// Requests may follow.
    Speaking(Stream),
    /// It was told that it is at the wrong door.
    Refused(Stream),
}

impl Arrival {
    /// Shakes hands where the door is protected. The deadline is the caller's.
    pub(super) async fn open(self) -> io::Result<Opened> {
        // Answers are written whole, so waiting to fill packets only delays them.
        let _ = self.stream.set_nodelay(true);
        match self.tls {
            None => Ok(Opened::Speaking(Stream::Plain(self.stream))),
            // A handshake is large and short; the connections that never have one must not carry its size.
            Some(tls) => Box::pin(shake_hands(tls, self.stream)).await,
        }
    }

    pub(super) fn is_protected(&self) -> bool {
        self.tls.is_some()
    }
}

async fn shake_hands(tls: TlsAcceptor, mut stream: TcpStream) -> io::Result<Opened> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    // A method's first letter.
    if first.iter().all(u8::is_ascii_alphabetic) {
        stream.write_all(WRONG_DOOR).await?;
        return Ok(Opened::Refused(Stream::Plain(stream)));
    }
    if first != [HANDSHAKE_RECORD] {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "neither TLS nor HTTP"));
    }
    let stream = tls.accept(stream).await?;
    Ok(Opened::Speaking(Stream::Protected(Box::new(stream))))
}

/// A connection, whichever door it came through. One type, so that HTTP is compiled once; on the plain side it costs one
/// branch for each read and write.
pub enum Stream {
    Plain(TcpStream),
    Protected(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Protected(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Protected(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Protected(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Protected(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Protected(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Protected(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// RFC 8446 5.1: what every conversation in TLS begins with.
const HANDSHAKE_RECORD: u8 = 22;
const WRONG_DOOR: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 64\r\n\
    Connection: close\r\n\r\n\
    this port speaks HTTPS: begin the address with https://, please\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(WRONG_DOOR).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", body.len())),
            "{}",
            body.len()
        );
    }
}
