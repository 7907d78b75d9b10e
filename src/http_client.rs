//! Makes the calls that gateway adapters describe.
//!
//! Promises: HTTP/1 only, no redirect is followed, no connection is kept, each call ends within its deadline
//! and its answer is at most 1 MiB; the debug line of a call shows neither query, headers nor body.
//! Deliberately does not do: retries (the jobs have their own pace), reading answers (the adapters do).
//! Addresses that clients gave us are called by `outgoing`, which keeps them out of inner networks.

pub mod guard;
pub mod outgoing;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::gateway::GatewayError;
use crate::gateway::call::{Answer, Body, Call, Dialogue};
use crate::tls;

/// The relay's way out to the gateways. Clones share it.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    deadline: Duration,
}

impl HttpClient {
    /// A client that trusts the public certificate authorities. An address with `http:` is called without
    /// encryption; only an account's own `base_url` can hold one.
    pub fn new() -> Self {
        Self::with_deadline(CALL_DEADLINE)
    }

    /// The same with another deadline for each call.
    pub fn with_deadline(deadline: Duration) -> Self {
        Self::built(deadline, tls_config([]))
    }

    /// A client that trusts the authorities of this PEM text besides the public ones.
    pub fn trusting(authorities: &[u8]) -> Result<Self, UnfitAuthorities> {
        let authorities = CertificateDer::pem_slice_iter(authorities).collect::<Result<Vec<_>, _>>();
        let authorities = authorities.map_err(|error| UnfitAuthorities(error.to_string()))?;
        if authorities.is_empty() {
            return Err(UnfitAuthorities("it holds no certificate".to_owned()));
        }
        for authority in &authorities {
            let tried = RootCertStore::empty().add(authority.clone());
            tried.map_err(|error| UnfitAuthorities(error.to_string()))?;
        }
        Ok(Self::built(CALL_DEADLINE, tls_config(authorities)))
    }

    fn built(deadline: Duration, tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_DEADLINE.min(deadline)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A kept connection that the gateway has closed meanwhile would make a call fail in the middle.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self { client, deadline }
    }

    /// The same client with another deadline for each call.
    #[must_use]
    pub fn within(&self, deadline: Duration) -> Self {
        Self {
            client: self.client.clone(),
            deadline,
        }
    }

    /// Makes one call whose address is a secret; the log shows `shown` instead.
    pub async fn call_shown_as(&self, call: Call, shown: &str) -> Result<Answer, GatewayError> {
        self.timed(call, shown).await
    }

    /// Runs a conversation to its end.
    pub async fn converse<T>(&self, mut dialogue: Dialogue<T>) -> Result<T, GatewayError> {
        loop {
            match dialogue {
                Dialogue::Done(result) => return result,
                Dialogue::Call(call, read) => dialogue = read(self.call(call).await?),
            }
        }
    }

    /// Makes a request that somebody else has written, and hands its answer back as it is.
    pub async fn send(&self, request: http::Request<Full<Bytes>>) -> Result<http::Response<Bytes>, NoAnswer> {
        match tokio::time::timeout(self.deadline, self.ask(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.no_answer()),
        }
    }

    async fn call(&self, call: Call) -> Result<Answer, GatewayError> {
        let shown = format!("{call:?}");
        self.timed(call, &shown).await
    }

    async fn timed(&self, call: Call, shown: &str) -> Result<Answer, GatewayError> {
        let start = Instant::now();
        let outcome = match tokio::time::timeout(self.deadline, self.exchange(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.no_answer().into()),
        };
        let took_ms = start.elapsed().as_millis();
        match &outcome {
            Ok(answer) => tracing::debug!(status = answer.status.as_u16(), took_ms, "called {shown}"),
            Err(error) => tracing::debug!(took_ms, "called {shown}: {error}"),
        }
        outcome
    }

    async fn exchange(&self, call: Call) -> Result<Answer, GatewayError> {
        let secrets = secrets_of(&call);
        let (head, body) = self.ask(request(call)?).await?.into_parts();
        Ok(Answer {
            status: head.status,
            retry_after_s: retry_after_s(&head.headers),
            body: without(&secrets, body),
        })
    }

    async fn ask(&self, request: http::Request<Full<Bytes>>) -> Result<http::Response<Bytes>, NoAnswer> {
        let response = self.client.request(request).await;
        let response = response.map_err(|error| NoAnswer(chain(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| {
            NoAnswer(if error.is::<LengthLimitError>() {
                format!("the answer is too long: more than {} KiB", MAX_ANSWER_BYTES / 1024)
            } else {
                format!("the answer broke off: {error}")
            })
        })?;
        Ok(http::Response::from_parts(head, body.to_bytes()))
    }

    fn no_answer(&self) -> NoAnswer {
        NoAnswer(format!("no answer within {} s", self.deadline.as_secs_f32()))
    }
}

/// Nobody answered, or not to the end: it may go another time.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(String);

impl From<NoAnswer> for GatewayError {
    fn from(NoAnswer(why): NoAnswer) -> Self {
        Self::Transient(why)
    }
}

/// A text that names no certificate authorities.
#[derive(Debug, thiserror::Error)]
#[error("these are no certificate authorities in PEM form: {0}")]
pub struct UnfitAuthorities(String);

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

fn request(call: Call) -> Result<http::Request<Full<Bytes>>, GatewayError> {
    let mut builder = http::Request::builder()
        .method(call.method.clone())
        .uri(call.url)
        .header(USER_AGENT, OUR_NAME);
    if let Some(bearer) = call.bearer {
        let value = HeaderValue::try_from(format!("Bearer {}", bearer.expose_secret()));
        // The error would show the key, so it is not passed on.
        let mut value = value.map_err(|_| unfit("the account's key holds a character that no header may have"))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    if !call.headers.iter().any(|(name, _)| *name == ACCEPT.as_str()) {
        builder = builder.header(ACCEPT, "application/json");
    }
    for (name, value) in call.headers {
        builder = builder.header(name, value);
    }
    let body = match call.body {
        Body::Empty => {
            if call.method == Method::POST {
                // hyper leaves it out, and some machines in front of an API answer 411 then.
                builder = builder.header(CONTENT_LENGTH, 0);
            }
            Bytes::new()
        }
        Body::Json(value) => {
            builder = builder.header(CONTENT_TYPE, "application/json");
            value.to_string().into()
        }
        Body::Written(json) => {
            builder = builder.header(CONTENT_TYPE, "application/json");
            json.get().to_owned().into()
        }
    };
    builder
        .body(Full::new(body))
        .map_err(|_| unfit("`base_url` or a reference in the address is not valid"))
}

/// What a call proves itself with.
fn secrets_of(call: &Call) -> Vec<SecretString> {
    let mut secrets: Vec<_> = call.bearer.iter().cloned().collect();
    match &call.body {
        Body::Json(value) => secrets.extend(secrets_in(value)),
        Body::Written(json) => {
            secrets.extend(serde_json::from_str(json.get()).iter().flat_map(secrets_in));
        }
        Body::Empty => {}
    }
    secrets.retain(|secret| secret.expose_secret().len() >= SHORTEST_SECRET);
    secrets
}

/// The named fields of an object, and of the objects inside it.
fn secrets_in(value: &Value) -> Vec<SecretString> {
    let Value::Object(fields) = value else {
        return Vec::new();
    };
    let mut secrets: Vec<_> = fields.values().flat_map(secrets_in).collect();
    for (name, value) in fields {
        match value.as_str().filter(|_| SECRET_FIELDS.contains(&name.as_str())) {
            // Of an address it is the last part, whichever way its slashes are quoted.
            Some(url) if url.starts_with("http") => {
                secrets.extend(url.rsplit(['/', '=']).next().map(SecretString::from));
            }
            Some(text) if !ADDRESS_FIELDS.contains(&name.as_str()) => secrets.push(text.into()),
            _ => {}
        }
    }
    secrets
}

/// The answer without the secrets of its call. Some gateways quote what they refuse, and their words go on to the
/// log, the operator and the buyer.
fn without(secrets: &[SecretString], body: Bytes) -> Bytes {
    secrets.iter().fold(body, |body, secret| {
        let secret = secret.expose_secret().as_bytes();
        let (mut clean, mut at) = (Vec::new(), 0);
        for found in words_equal_to(secret, &body) {
            clean.extend_from_slice(body.get(at..found).unwrap_or_default());
            clean.extend_from_slice(HIDDEN);
            at = found + secret.len();
        }
        if at == 0 {
            return body;
        }
        clean.extend_from_slice(body.get(at..).unwrap_or_default());
        clean.into()
    })
}

/// Where `word` stands by itself: a short code is not looked for inside a reference.
fn words_equal_to(word: &[u8], text: &[u8]) -> Vec<usize> {
    let goes_on = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let mut found: Vec<usize> = Vec::new();
    for (at, window) in text.windows(word.len()).enumerate() {
        let overlaps = found.last().is_some_and(|last| at < last + word.len());
        if window == word && !overlaps && !goes_on(at.checked_sub(1)) && !goes_on(Some(at + word.len())) {
            found.push(at);
        }
    }
    found
}

/// The seconds of a `Retry-After`, which may be a date too (RFC 9110 10.2.3): that counts by the server's own clock.
pub fn retry_after_s(headers: &http::HeaderMap) -> Option<u32> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let told = text(RETRY_AFTER)?;
    if let Ok(seconds) = told.parse() {
        return Some(seconds);
    }
    let time = |text| jiff::fmt::rfc2822::parse(text).ok();
    let left_s = time(told)?.duration_since(&time(text(DATE)?)?).as_secs();
    Some(u32::try_from(left_s.max(0)).unwrap_or(u32::MAX))
}

fn unfit(sentence: &str) -> GatewayError {
    GatewayError::Misconfigured(sentence.to_owned())
}

/// The whole chain of causes, because the outermost one only says that something failed.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = chain.map(ToString::to_string).collect();
    texts.join(": ")
}

fn tls_config(more: impl IntoIterator<Item = CertificateDer<'static>>) -> ClientConfig {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // Whoever gives some has tried each before.
    roots.add_parsable_certificates(more);
    let provider = tls::provider();
    #[expect(
        clippy::expect_used,
        reason = "the provider is compiled in and has suites of both versions"
    )]
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs knows TLS 1.2 and 1.3");
    versions.with_root_certificates(roots).with_no_client_auth()
}

pub const OUR_NAME: &str = concat!("mikrelay/", env!("CARGO_PKG_VERSION"));
/// The fields in which the adapters send keys, codes, and addresses that end in the order's token or the access UUID.
const SECRET_FIELDS: [&str; 18] = [
    "api_key",
    "api_password",
    "apikey",
    "callback_url",
    "cancel_url",
    "failed_url",
    "failure",
    "failure_url",
    "notification_url",
    "notify_url",
    "otp",
    "pending",
    "pending_url",
    "return_url",
    "success",
    "success_url",
    "token",
    "webhook_url",
];
/// Words that are a secret's name only where an address stands: Mercado Pago calls the ways back so.
const ADDRESS_FIELDS: [&str; 3] = ["failure", "pending", "success"];
/// Shorter texts are no keys, and could be any word.
const SHORTEST_SECRET: usize = 4;
const HIDDEN: &[u8] = b"(hidden)";
/// Slow wallets answer a push only after some seconds; a buyer waits no longer than this.
const CALL_DEADLINE: Duration = Duration::from_secs(20);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A day's history of a busy shop fits; nothing longer is an answer to us.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::http::{Reply, Request, Server};
    use http::StatusCode;
    use serde_json::json;

    fn ask(url: String, body: Body) -> Dialogue<(u16, String)> {
        let call = Call {
            method: Method::POST,
            url,
            bearer: Some("k3y".into()),
            headers: Vec::new(),
            body,
        };
        Dialogue::call(call, |answer| {
            Dialogue::Done(Ok((
                answer.status.as_u16(),
                String::from_utf8(answer.body.to_vec()).unwrap(),
            )))
        })
    }

    fn why(result: Result<(u16, String), GatewayError>) -> String {
        match result {
            Err(GatewayError::Transient(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_call_carries_key_and_json_and_brings_any_status_back() {
        let server = Server::start(0, |request: Request| async move {
            let said = ["authorization", "content-type", "accept", "content-length"]
                .map(|name| request.header(name).unwrap_or("-").to_owned());
            Reply::text(
                StatusCode::IM_A_TEAPOT,
                &format!("{said:?} {}", String::from_utf8_lossy(&request.body)),
            )
        })
        .await
        .unwrap();
        let client = HttpClient::new();
        let (status, said) = client
            .converse(ask(server.base_url(), Body::Json(json!({"a": 1}))))
            .await
            .unwrap();
        assert_eq!(status, 418);
        assert_eq!(
            said,
            r#"["Bearer k3y", "application/json", "application/json", "7"] {"a":1}"#
        );
        let (_, said) = client.converse(ask(server.base_url(), Body::Empty)).await.unwrap();
        assert_eq!(said, r#"["Bearer k3y", "-", "application/json", "0"] "#);
    }

    #[tokio::test]
    async fn i5_a_key_that_the_gateway_quotes_is_not_passed_on() {
        let server = Server::start(0, |request: Request| async move {
            let bearer = request.header("authorization").unwrap_or_default().to_owned();
            let said = format!("{bearer}, {0}, {0}", String::from_utf8_lossy(&request.body));
            Reply::text(StatusCode::UNAUTHORIZED, &said)
        })
        .await
        .unwrap();
        let call = Call {
            method: Method::POST,
            url: server.base_url(),
            bearer: Some("canary-bearer".into()),
            headers: Vec::new(),
            body: Body::Json(json!({"apikey": "canary-in-body", "amount": 12_345_678})),
        };
        let dialogue = Dialogue::call(call, |answer| {
            Dialogue::Done(Ok(String::from_utf8_lossy(&answer.body).into_owned()))
        });
        let said = HttpClient::new().converse(dialogue).await.unwrap();
        assert!(!said.contains("canary") && said.contains("12345678"), "{said}");
        assert_eq!(said.matches("(hidden)").count(), 3, "{said}");
    }

    #[test]
    fn a_rest_is_told_in_seconds_or_as_a_date() {
        let read = |date: &str, text: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            retry_after_s(&headers)
        };
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (text, seconds) in [
            ("42", Some(42)),
            ("Sun, 06 Nov 1994 08:51:07 GMT", Some(90)),
            (now, Some(0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("99999999999", None),
        ] {
            assert_eq!(read(now, text), seconds, "{text}");
        }
        assert_eq!(read("today", "Sun, 06 Nov 1994 08:51:07 GMT"), None);
        assert_eq!(read("today", "7"), Some(7));
    }

    #[tokio::test]
    async fn redirects_are_answers() {
        let server = Server::start(0, |_| async { Reply::see_other("http://127.0.0.1:1/") })
            .await
            .unwrap();
        let (status, _) = HttpClient::new()
            .converse(ask(server.base_url(), Body::Empty))
            .await
            .unwrap();
        assert_eq!(status, 303);
    }

    #[tokio::test]
    async fn silence_hanging_up_floods_and_closed_ports_are_transient() {
        let client = HttpClient::with_deadline(Duration::from_millis(200));
        let silent = Server::start(0, |_| std::future::pending()).await.unwrap();
        assert!(why(client.converse(ask(silent.base_url(), Body::Empty)).await).contains("no answer within 0.2 s"));
        let rude = Server::start(0, |_| async { Reply::hang_up() }).await.unwrap();
        why(client.converse(ask(rude.base_url(), Body::Empty)).await);
        let flood = Server::start(0, |_| async {
            Reply::new(StatusCode::OK, "text/plain", vec![b'x'; MAX_ANSWER_BYTES + 1])
        })
        .await
        .unwrap();
        let patient = HttpClient::new();
        assert!(why(patient.converse(ask(flood.base_url(), Body::Empty)).await).contains("too long"));
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        why(client.converse(ask(format!("http://{closed}/"), Body::Empty)).await);
        // A server without TLS is no https server, and is not spoken to as if it were one.
        let plain = silent.base_url().replace("http://", "https://");
        why(client.converse(ask(plain, Body::Empty)).await);
    }

    #[tokio::test]
    async fn unusable_keys_and_addresses_are_the_operators_and_are_not_shown() {
        let call = Call {
            method: Method::GET,
            url: "http://127.0.0.1:1/".into(),
            bearer: Some("se\ncret".into()),
            headers: Vec::new(),
            body: Body::Empty,
        };
        let result = HttpClient::new()
            .converse(Dialogue::<()>::call(call, |_| Dialogue::Done(Ok(()))))
            .await;
        assert!(matches!(result, Err(GatewayError::Misconfigured(why)) if !why.contains("cret")));
        let result = HttpClient::new()
            .converse(ask("not an address".into(), Body::Empty))
            .await;
        assert!(matches!(result, Err(GatewayError::Misconfigured(_))));
    }
}
