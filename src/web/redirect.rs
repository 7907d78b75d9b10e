//! From plain HTTP to HTTPS, for pages only and only where HTTPS works.
//!
//! A redirect is an answer that can break what worked before, so much is left alone: whatever is no page (`route` says
//! which paths are), whatever is not read with GET or HEAD, what came through a proxy that has its own rules, and hosts
//! for which no valid certificate is in force. The last also means that a foreign `Host` leads nowhere.
//! `Strict-Transport-Security` is not sent: a browser that remembers it lets nobody pass when a certificate has run out,
//! and a phone whose clock is wrong could not buy the time to set it right.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method};
use hyper::body::{Body as _, Incoming};

use super::App;
use super::door::Peer;
use super::server::TwoLengths;
use crate::clock::Clock;
use crate::tls::serving::Certificates;

/// Where HTTPS is spoken.
#[derive(Clone, Debug)]
pub struct Https {
    pub certificates: Certificates,
    /// As browsers reach it.
    pub port: u16,
    pub clock: Clock,
}

/// The address to send a request to that came in the clear; `None` when it is answered where it is.
pub(super) fn to_https(app: &App, peer: Peer, head: &Parts, incoming: &Incoming, is_page: bool) -> Option<HeaderValue> {
    let https = app.https.as_ref().filter(|_| is_page && !peer.is_protected)?;
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    if !is_read || !incoming.is_end_stream() || head.extensions.get::<TwoLengths>().is_some() {
        return None;
    }
    let address = peer.address.ip().to_canonical();
    let by_proxy = app.trusted_proxies.iter().any(|network| network.contains(&address));
    if by_proxy && PROXY_HEADERS.iter().any(|name| head.headers.contains_key(*name)) {
        return None;
    }
    let host = asked_host(head)?;
    let is_ours = https.certificates.protect(&host, https.clock.now());
    is_ours.then(|| location(&host, https.port, head)).flatten()
}

/// The name that was asked for, in lower case, without its port.
fn asked_host(head: &Parts) -> Option<String> {
    let host = match head.uri.host() {
        Some(host) => host.to_owned(),
        None => only(&head.headers)?.host().to_owned(),
    };
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

fn only(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    host.to_str().ok()?.parse().ok()
}

/// Path and query stay as they were written: old links carry a phone's address and the way back in them.
fn location(host: &str, port: u16, head: &Parts) -> Option<HeaderValue> {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let location = match port {
        HTTPS_PORT => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    };
    HeaderValue::try_from(location).ok()
}

/// What proxies add to the requests that they pass on.
const PROXY_HEADERS: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
const HTTPS_PORT: u16 = 443;
