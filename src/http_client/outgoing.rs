//! Calls to addresses that clients gave us: webhooks that we send. What keeps them from reaching inner networks
//! is `guard`; this file resolves a name once, judges every address, and connects to exactly the judged one.
//!
//! Promises: HTTP/1 only, one connection for one call, no redirect is followed, nothing of the answer is read
//! but its head, a call ends within its deadline. Deliberately does not do: retries, signing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Url;

use super::guard::{Forbidden, Guard, Target};
use super::{OUR_NAME, chain, retry_after_s};
use crate::tls::{self, Trust};

/// The relay's way out to its clients' own servers. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Outgoing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    guard: Guard,
    names: Names,
    deadline: Duration,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            names: Names::System,
            deadline: CALL_DEADLINE,
        }
    }
}

/// Who says which addresses a name has.
#[derive(Debug)]
enum Names {
    System,
    /// Each question takes the next answer.
    #[cfg(test)]
    Scripted(std::sync::Mutex<std::collections::VecDeque<Vec<IpAddr>>>),
}

/// What came back: never more than the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingAnswer {
    pub status: StatusCode,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u32>,
}

/// Why there is no answer. The text names no part of the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    #[error("the address cannot be called: {0}")]
    Forbidden(#[from] Forbidden),
    #[error("the host name is not known: {0}")]
    Unresolved(String),
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.as_secs_f32())]
    TooSlow(Duration),
    #[error("no proper answer: {0}")]
    Broken(String),
}

impl Outgoing {
    pub fn new(guard: Guard) -> Self {
        Self::with_deadline(guard, CALL_DEADLINE)
    }

    /// The same with another deadline for each call.
    pub fn with_deadline(guard: Guard, deadline: Duration) -> Self {
        Self(Arc::new(Inner {
            guard,
            names: Names::System,
            deadline,
        }))
    }

    /// Whether an address may be called, as far as it can be told without resolving its name.
    pub fn check(&self, url: &Url) -> Result<Target, Forbidden> {
        self.0.guard.target(url)
    }

    /// Posts JSON. Any answer is one, whatever its status; a redirect too.
    pub async fn post_json(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<OutgoingAnswer, OutgoingError> {
        let target = self.check(url)?;
        let request = request(url, &target, headers, body)?;
        let deadline = self.0.deadline;
        let call = async {
            let tcp = self.connect(&target).await?;
            if target.https {
                let secured = tls::connect(tcp, &target.host, &Trust::Webpki).await;
                exchange(
                    secured.map_err(|error| OutgoingError::Unreachable(chain(&error)))?,
                    request,
                )
                .await
            } else {
                exchange(tcp, request).await
            }
        };
        let answer = tokio::time::timeout(deadline, call).await;
        let response = answer.unwrap_or(Err(OutgoingError::TooSlow(deadline)))?;
        if response.headers().contains_key(LOCATION) {
            tracing::debug!(host = target.host, "`{}` redirects; that is not followed", target.host);
        }
        Ok(OutgoingAnswer {
            status: response.status(),
            retry_after_s: retry_after_s(response.headers()),
        })
    }

    /// Connects to the first of the name's addresses that answers, of those that were judged just now.
    async fn connect(&self, target: &Target) -> Result<TcpStream, OutgoingError> {
        let found = match target.address {
            Some(address) => vec![address],
            None => self.resolve(target).await?,
        };
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|address| self.0.guard.allows(*address))
            .collect();
        if allowed.is_empty() {
            return Err(OutgoingError::Forbidden(Forbidden::Network));
        }
        let mut why = String::new();
        for address in allowed.into_iter().take(MOST_ADDRESSES) {
            let place = SocketAddr::new(address, target.port);
            match tokio::time::timeout(CONNECT_DEADLINE, TcpStream::connect(place)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => "the host is silent".clone_into(&mut why),
            }
        }
        Err(OutgoingError::Unreachable(why))
    }

    async fn resolve(&self, target: &Target) -> Result<Vec<IpAddr>, OutgoingError> {
        match &self.0.names {
            Names::System => {
                let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
                let found = found.map_err(|error| OutgoingError::Unresolved(error.to_string()))?;
                Ok(found.map(|place| place.ip()).collect())
            }
            #[cfg(test)]
            Names::Scripted(answers) => {
                let next = answers
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .pop_front();
                next.ok_or_else(|| OutgoingError::Unresolved("asked once too often".to_owned()))
            }
        }
    }
}

fn request(
    url: &Url,
    target: &Target,
    headers: &[(&'static str, String)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, OutgoingError> {
    let unfit = |_: http::Error| OutgoingError::Forbidden(Forbidden::NotHttp);
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let bracketed = url.host_str().unwrap_or(&target.host);
    let host = url
        .port()
        .map_or_else(|| bracketed.to_owned(), |port| format!("{bracketed}:{port}"));
    let mut builder = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, HeaderValue::try_from(host).map_err(|error| unfit(error.into()))?)
        .header(USER_AGENT, OUR_NAME)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        builder = builder.header(*name, value);
    }
    builder.body(Full::new(body)).map_err(unfit)
}

/// One request over one connection, which ends with the answer's head.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, OutgoingError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let broken = |error: hyper::Error| OutgoingError::Broken(chain(&error));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_MAX_BYTES)
        .max_headers(HEAD_MAX_LINES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(sender.send_request(request));
    // Both live in this future: when the caller's deadline drops it, nothing is left behind.
    tokio::select! {
        answer = &mut answer => answer.map_err(broken),
        ended = &mut connection => {
            ended.map_err(broken)?;
            answer.await.map_err(broken)
        }
    }
}

/// The Standard Webhooks specification advises 15 to 30 seconds.
const CALL_DEADLINE: Duration = Duration::from_secs(15);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A name with more addresses than this is tried no further: the deadline is for all of them.
const MOST_ADDRESSES: usize = 4;
/// Servers' heads have some hundred bytes.
const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEAD_MAX_LINES: usize = 100;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::sim::http::{Reply, Server};

    fn scripted(allow: &[&str], answers: &[&[IpAddr]]) -> Outgoing {
        let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
        Outgoing(Arc::new(Inner {
            guard: Guard::new(allow, Vec::new()),
            names: Names::Scripted(std::sync::Mutex::new(
                answers.iter().map(|answer| answer.to_vec()).collect(),
            )),
            deadline: Duration::from_millis(500),
        }))
    }

    fn local(allow: &str) -> Outgoing {
        let guard = Guard::new(vec![allow.parse().unwrap()], Vec::new());
        Outgoing::with_deadline(guard, Duration::from_millis(500))
    }

    async fn post(way: &Outgoing, url: &str) -> Result<u16, OutgoingError> {
        let url = Url::parse(url).unwrap();
        let headers = [("webhook-id", "msg_1".to_owned())];
        let answer = way.post_json(&url, &headers, Bytes::from_static(b"{}")).await;
        answer.map(|answer| answer.status.as_u16())
    }

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    async fn counting() -> (Server, Arc<std::sync::atomic::AtomicUsize>) {
        let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let seen = Arc::clone(&calls);
        let server = Server::start(0, move |_| {
            seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async { Reply::text(StatusCode::OK, "ok") }
        });
        (server.await.unwrap(), calls)
    }

    fn port_of(server: &Server) -> u16 {
        Url::parse(&server.base_url()).unwrap().port().unwrap()
    }

    #[tokio::test]
    async fn i3_a_name_that_rebinds_reaches_nothing_inside() {
        let (server, calls) = counting().await;
        let url = format!("http://shop.example.net:{}/hook", port_of(&server));
        // First a permitted address, at which nobody listens, then the inner one: the answer to the first question
        // is the only one that counts.
        let way = scripted(&["127.0.0.2/32"], &[&[OTHER], &[LOOPBACK]]);
        assert!(matches!(post(&way, &url).await, Err(OutgoingError::Unreachable(_))));
        assert_eq!(
            post(&way, &url).await,
            Err(OutgoingError::Forbidden(Forbidden::Network))
        );
        // Of several addresses only the permitted ones are tried.
        let mixed = scripted(&["127.0.0.2/32"], &[&[LOOPBACK, OTHER]]);
        assert!(matches!(post(&mixed, &url).await, Err(OutgoingError::Unreachable(_))));
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let way = scripted(&[], &[&[mapped]]);
        assert_eq!(
            post(&way, &url).await,
            Err(OutgoingError::Forbidden(Forbidden::Network))
        );
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 0);
        // The witness: with the network open, the same call arrives, after one question.
        let way = scripted(&["127.0.0.1/32"], &[&[LOOPBACK]]);
        assert_eq!(post(&way, &url).await, Ok(200));
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn i3_a_name_is_judged_by_every_kind_of_inner_address() {
        let (server, calls) = counting().await;
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.88.1",
            "100.64.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
        ] {
            let inner: IpAddr = address.parse().unwrap();
            let way = scripted(&[], &[&[inner]]);
            for name in [
                "shop.example.net",
                "localhost",
                "localhost.",
                "xn--bcher-kva.example.net",
            ] {
                let way = if name == "shop.example.net" {
                    way.clone()
                } else {
                    scripted(&[], &[&[inner]])
                };
                let url = format!("http://{name}:{}/latest/meta-data/", port_of(&server));
                assert_eq!(
                    post(&way, &url).await,
                    Err(OutgoingError::Forbidden(Forbidden::Network)),
                    "{name} {address}"
                );
            }
        }
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn i3_names_of_this_machine_are_judged_by_their_addresses() {
        let (server, calls) = counting().await;
        let way = Outgoing::new(Guard::new(Vec::new(), Vec::new()));
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "[::1]", "0"] {
            let url = format!("http://{host}:{}/", port_of(&server));
            assert_eq!(
                post(&way, &url).await,
                Err(OutgoingError::Forbidden(Forbidden::Network)),
                "{host}"
            );
        }
        // Not every system knows this one.
        let dotted = post(&way, &format!("http://localhost.:{}/", port_of(&server))).await;
        assert!(
            matches!(
                dotted,
                Err(OutgoingError::Forbidden(Forbidden::Network) | OutgoingError::Unresolved(_))
            ),
            "{dotted:?}"
        );
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let (inner, calls) = counting().await;
        let to = inner.base_url();
        let server = Server::start(0, move |_| {
            let to = to.clone();
            async move { Reply::see_other(&to) }
        });
        let server = server.await.unwrap();
        assert_eq!(post(&local("127.0.0.0/8"), &server.base_url()).await, Ok(303));
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn floods_silence_and_false_certificates_end_in_time() {
        let way = local("127.0.0.0/8");
        let flood = Server::start(0, |_| async {
            Reply::new(StatusCode::OK, "text/plain", vec![b'x'; 10 * 1024 * 1024])
        });
        assert_eq!(post(&way, &flood.await.unwrap().base_url()).await, Ok(200));
        let silent = Server::start(0, |_| std::future::pending()).await.unwrap();
        assert!(matches!(
            post(&way, &silent.base_url()).await,
            Err(OutgoingError::TooSlow(_))
        ));
        let rude = Server::start(0, |_| async { Reply::hang_up() }).await.unwrap();
        assert!(matches!(
            post(&way, &rude.base_url()).await,
            Err(OutgoingError::Broken(_))
        ));
        let plain = silent.base_url().replace("http://", "https://");
        let refused = post(&way, &plain).await;
        assert!(
            matches!(refused, Err(OutgoingError::Unreachable(_) | OutgoingError::TooSlow(_))),
            "{refused:?}"
        );
    }
}
