//! Asks an address for one page, whatever its certificate is, and keeps of the answer what can be judged.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::RootCertStore;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::tls::TlsError;
use crate::tls::shown::{self, Standing};

/// What came back.
#[derive(Debug)]
pub(super) struct Page {
    pub status: u16,
    pub location: Option<String>,
    /// The beginning of the body.
    pub body: String,
    /// Of an `https` address.
    pub certificate: Option<Standing>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("the name has no address")]
    Name(#[source] io::Error),
    #[error("nobody takes the connection")]
    Connect(#[source] io::Error),
    #[error("TLS failed")]
    Tls(#[from] TlsError),
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    #[error("what answers does not speak HTTP")]
    NotHttp,
}

/// Asks where the name of the address leads, or at `place`. The deadline is the caller's.
pub(super) async fn get(
    url: &Url,
    place: Option<SocketAddr>,
    roots: &Arc<RootCertStore>,
    now_s: u64,
) -> Result<Page, PageError> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<_> = match place {
        Some(place) => vec![place],
        None => tokio::net::lookup_host((bare, port))
            .await
            .map_err(PageError::Name)?
            .collect(),
    };
    let tcp = TcpStream::connect(addresses.as_slice())
        .await
        .map_err(PageError::Connect)?;
    let request = request(url, host);
    if url.scheme() == "https" {
        let (stream, chain) = shown::connect_to_look(tcp, bare).await?;
        let standing = shown::judge(&chain, bare, roots, now_s)?;
        exchange(stream, &request, Some(standing)).await
    } else {
        exchange(tcp, &request, None).await
    }
}

fn request(url: &Url, host: &str) -> String {
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    format!(
        "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mikrelay-doctor\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.path()
    )
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    certificate: Option<Standing>,
) -> Result<Page, PageError> {
    stream.write_all(request.as_bytes()).await.map_err(PageError::Broken)?;
    stream.flush().await.map_err(PageError::Broken)?;
    let mut answer = Vec::new();
    let read = stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let page = read_page(&text, certificate);
    match (page, read) {
        // Many servers end a TLS connection without the goodbye; the page is there all the same.
        (Some(page), _) => Ok(page),
        (None, Err(error)) => Err(PageError::Broken(error)),
        (None, Ok(_)) => Err(PageError::NotHttp),
    }
}

fn read_page(text: &str, certificate: Option<Standing>) -> Option<Page> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let status = first.next().filter(|version| version.starts_with("HTTP/"));
    let status = status.and_then(|_| first.next()?.parse().ok())?;
    let location = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    Some(Page {
        status,
        location,
        body: body.to_owned(),
        certificate,
    })
}

/// Health answers are one line; what is longer is not ours.
const LONGEST_ANSWER: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_far_as_it_counts() {
        let page = read_page("HTTP/1.1 301 Moved\r\nlocation: https://x/\r\n\r\nbody", None).unwrap();
        assert_eq!((page.status, page.body.as_str()), (301, "body"));
        assert_eq!(page.location.as_deref(), Some("https://x/"));
        for text in [
            "",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
        ] {
            assert!(read_page(text, None).is_none(), "{text}");
        }
    }
}
