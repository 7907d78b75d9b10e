//! From a request to its answer: path, method, body, rate limit, handler, headers, one log line.
//! The log line names the path's pattern, never the path, the query or a token.

use std::borrow::Cow;
use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::Instant;

use http::header::{ACCEPT, ORIGIN};
use http::request::Parts;
use hyper::body::{Body as _, Incoming};
use hyper::{Method, Request, StatusCode};
use matchit::Router;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::door::Peer;
use super::health::Readiness;
use super::reply::{self, Answer, RequestError, Voice};
use super::server::{Alive, TwoLengths};
use super::webhooks::{self, Callback};
use super::{App, body, forwarded, limits, logo, portal, redirect};
use crate::api::cors::Cors;
use crate::api::operation::{Operation, PATHS};
use crate::api::{self, ApiRequest, Gate, serve};
use crate::company::GatewayName;
use crate::pages::buy::{self, Door};
use crate::pages::{self, Page, PageError, Visit, order, recover};

/// Answers one request. Pages and programs are answered in a task of its own: a peer that hangs up does not stop it.
pub async fn answer(app: Arc<App>, peer: Peer, alive: Alive, request: Request<Incoming>) -> Answer {
    let (head, incoming) = request.into_parts();
    if let Some(answer) = answer_at_once(&app, &head, &incoming) {
        return answer;
    }
    let started = Instant::now();
    let request_id = format!("{:08x}", rand::random::<u32>());
    let method = head.method.clone();
    let path = tidy(head.uri.path()).into_owned();
    let found = ROUTES.at(&path).ok();
    let endpoint = found
        .as_ref()
        .map(|found| *found.value)
        .filter(|it| *it != Endpoint::Nothing);
    let parts: Vec<_> = found
        .iter()
        .flat_map(|found| found.params.iter())
        .map(|(_, part)| decode(part))
        .collect();
    let is_api = matches!(endpoint, Some(Endpoint::Api(_) | Endpoint::OpenApi)) || portal::is_api(&path);
    if is_api && Cors::is_preflight(&method, &head.headers) {
        return portal::preflight(&app.cors, &head.headers);
    }
    if let Some(location) = redirect::to_https(
        &app,
        peer,
        &head,
        &incoming,
        endpoint.is_some_and(|it| it.is_page(&head)),
    ) {
        log_answer(endpoint, &method, StatusCode::TEMPORARY_REDIRECT, started, &request_id);
        return reply::elsewhere(location);
    }
    let voice = voice(endpoint, is_api, &head);
    let origin = head.headers.get(ORIGIN).filter(|_| is_api).cloned();
    let answered = run(app.clone(), peer.address.ip(), alive, endpoint, parts, head, incoming).await;
    let mut answer = answered.unwrap_or_else(|error| {
        log_error(&error, &request_id);
        let unread = matches!(
            error,
            RequestError::NoPage | RequestError::Method { .. } | RequestError::TwoLengths | RequestError::Body(_)
        );
        let answer = reply::error(&error, voice, &request_id);
        if unread {
            reply::with_body_unread(answer)
        } else {
            answer
        }
    });
    if is_api {
        app.cors.mark(origin.as_ref(), answer.headers_mut());
    }
    log_answer(endpoint, &method, answer.status(), started, &request_id);
    answer
}

/// What is answered from memory alone: the hottest reads of portals. They have no body and no variable parts.
fn answer_at_once(app: &App, head: &Parts, incoming: &Incoming) -> Option<Answer> {
    let is_plain = incoming.is_end_stream() && head.extensions.get::<TwoLengths>().is_none();
    if !is_plain || !matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    let found = ROUTES.at(head.uri.path()).ok()?;
    let Endpoint::Api(at) = *found.value else { return None };
    if !found.params.is_empty() || is_home(head) {
        return None;
    }
    let operation = portal::item(at)?.operation(&head.method)?;
    // What panics here is answered once more in a task of its own, where it costs one request and not its connection.
    let answered = catch_unwind(AssertUnwindSafe(|| portal::answer_at_once(app, operation, head)));
    answered.ok().flatten()
}

async fn run(
    app: Arc<App>,
    peer: IpAddr,
    alive: Alive,
    endpoint: Option<Endpoint>,
    path: Vec<Option<String>>,
    head: Parts,
    incoming: Incoming,
) -> Result<Answer, RequestError> {
    if head.extensions.get::<TwoLengths>().is_some() {
        return Err(RequestError::TwoLengths);
    }
    let endpoint = endpoint.ok_or(RequestError::NoPage)?;
    endpoint.check_method(&head.method)?;
    let body = body::read(&head.headers, incoming, endpoint.body_max_bytes(&head.method)).await?;
    let client = forwarded::client_address(peer, &head.headers, &app.trusted_proxies);
    // A part that is no text names nothing that we know.
    let path = path
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or(RequestError::NoPage)?;
    let asked = Asked {
        endpoint,
        path,
        head,
        body,
        sender: limits::limit_key(client),
    };
    // A webhook stays in its connection's task: from the moment it is handed to the store it is safe whether or not
    // the peer waits, and before that a peer that hangs up sends it again.
    let answered = if endpoint == Endpoint::Callback {
        let (callback, _room) = asked.into_callback();
        let work = pin!(webhooks::answer(&app, callback));
        let answered = timeout(limits::HANDLER_DEADLINE, caught(work)).await;
        answered.map(|answered| answered.map(Ok))
    } else {
        let work = tokio::spawn(async move {
            let _alive = alive;
            asked.handle(&app).await
        });
        let answered = timeout(limits::HANDLER_DEADLINE, work).await;
        answered.map(|answered| answered.map_err(|_| Panicked))
    };
    match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(Panicked)) => Err(RequestError::Panicked),
        Err(_) => Err(RequestError::TooSlow),
    }
}

/// The handler panicked; the cause is logged by the panic itself.
struct Panicked;

/// A panic costs one request and not its connection.
async fn caught<F: Future>(mut work: Pin<&mut F>) -> Result<F::Output, Panicked> {
    poll_fn(|cx| {
        // After a panic the work is not polled again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    BuyOld(GatewayName),
    BuyPlan,
    Order,
    OrderState,
    Recover,
    Script,
    Logo,
    Live,
    Ready,
    Callback,
    /// Where an authority looks whether a name is ours (RFC 8555 8.3).
    Challenge,
    Pagos,
    /// A path of the API's table, by its place there. `/` is one of them; browsers get a page.
    Api(usize),
    OpenApi,
    Docs,
    Redoc,
    /// A path that another pattern would take, and that leads nowhere.
    Nothing,
}

impl Endpoint {
    /// Paths with one slash between their parts; the doubled ones of old settings are tidied before.
    const ALL: [(&'static str, Self); 20] = [
        ("/buy-mikhmon", Self::BuyOld(GatewayName::Fedapay)),
        ("/buy-mikhmon-cinetpay", Self::BuyOld(GatewayName::Cinetpay)),
        ("/buy-mikhmon-feexpay", Self::BuyOld(GatewayName::Feexpay)),
        ("/buy-mikhmon-conekta", Self::BuyOld(GatewayName::Conekta)),
        ("/buy-mikhmon-mercadopago", Self::BuyOld(GatewayName::Mercadopago)),
        ("/b/{plan}", Self::BuyPlan),
        ("/o/{token}", Self::Order),
        ("/o/{token}/state", Self::OrderState),
        (recover::PATH, Self::Recover),
        ("/static/order.js", Self::Script),
        ("/static/logos/{name}", Self::Logo),
        ("/health/live", Self::Live),
        ("/health/ready", Self::Ready),
        ("/pay_callback/{gateway}/{server}", Self::Callback),
        ("/.well-known/acme-challenge/{token}", Self::Challenge),
        ("/pagos", Self::Pagos),
        ("/openapi.json", Self::OpenApi),
        ("/docs", Self::Docs),
        ("/redoc", Self::Redoc),
        // The documented service left its debugging here.
        ("/api/v1/catalogo_perfiles_venta/debug", Self::Nothing),
    ];

    fn pattern(self) -> &'static str {
        if let Self::Api(at) = self {
            return portal::item(at).map_or("", |item| item.path);
        }
        Self::ALL
            .iter()
            .find(|(_, endpoint)| *endpoint == self)
            .map_or("", |(pattern, _)| pattern)
    }

    fn takes_post(self) -> bool {
        matches!(
            self,
            Self::BuyOld(_) | Self::BuyPlan | Self::Order | Self::Recover | Self::Callback | Self::Pagos
        )
    }

    fn check_method(self, method: &Method) -> Result<(), RequestError> {
        let allow = match self {
            Self::Api(at) => {
                let item = portal::item(at).ok_or(RequestError::NoPage)?;
                let allow = item.allow.as_str();
                return item.operation(method).map(|_| ()).ok_or(RequestError::Method { allow });
            }
            Self::Pagos => "POST",
            _ if self.takes_post() => "GET, HEAD, POST",
            _ => "GET, HEAD",
        };
        let looks = self != Self::Pagos && (method == Method::GET || method == Method::HEAD);
        if looks || (method == Method::POST && self.takes_post()) {
            Ok(())
        } else {
            Err(RequestError::Method { allow })
        }
    }

    fn operation(self, method: &Method) -> Option<&'static Operation> {
        let Self::Api(at) = self else { return None };
        portal::item(at)?.operation(method)
    }

    fn body_max_bytes(self, method: &Method) -> usize {
        match self {
            Self::Callback => limits::CALLBACK_BODY_MAX_BYTES,
            _ => self
                .operation(method)
                .map_or(limits::FORM_BODY_MAX_BYTES, portal::body_max_bytes),
        }
    }

    /// Whether a person's browser opens it as a page of its own, by GET, and may be sent elsewhere for it. Everything else
    /// belongs to machines and scripts: gateways that post to an old address lose the body of what is redirected,
    /// scripts of portals may not follow a redirect after their preflight, and pictures stand in pages of others.
    fn is_page(self, head: &Parts) -> bool {
        match self {
            Self::BuyOld(_) | Self::BuyPlan | Self::Order | Self::Recover | Self::Docs | Self::Redoc => true,
            Self::Api(_) => is_home(head),
            _ => false,
        }
    }

    /// Asked so often by machines that a line each would bury the rest.
    fn is_chatter(self) -> bool {
        matches!(
            self,
            Self::OrderState | Self::Live | Self::Ready | Self::Script | Self::Logo
        )
    }
}

/// A request as the handlers get it: bounded, whole and attributed.
struct Asked {
    endpoint: Endpoint,
    /// The variable parts of the path, decoded.
    path: Vec<String>,
    head: http::request::Parts,
    body: body::Whole,
    /// What rate limits count by.
    sender: IpAddr,
}

impl Asked {
    async fn handle(self, app: &Arc<App>) -> Result<Answer, RequestError> {
        match self.endpoint {
            Endpoint::Api(_) if !is_home(&self.head) => Box::pin(self.api(app)).await,
            Endpoint::OpenApi => Ok(reply::openapi()),
            Endpoint::Docs => Ok(reply::docs()),
            Endpoint::Redoc => Ok(reply::moved("/docs")),
            Endpoint::Pagos => Ok(self.pagos(app).await),
            Endpoint::Challenge => {
                let proof = app.challenges.proof_of(self.path.first().map_or("", String::as_str));
                let proof = proof.ok_or(RequestError::NoPage)?;
                Ok(reply::plain(StatusCode::OK, proof, None))
            }
            Endpoint::Script => Ok(reply::script()),
            Endpoint::Logo => logo::answer(&app.relay, self.path.first().map_or("", String::as_str)).await,
            Endpoint::Live => Ok(reply::plain(StatusCode::OK, "live\n".to_owned(), None)),
            Endpoint::Ready => Ok(reply::readiness(Readiness::of(app))),
            // Pages are rare and hold much while they wait; webhooks, which are neither, must not carry their size.
            _ => Ok(reply::page(Box::pin(self.visit(app)).await?, app.public_https)),
        }
    }

    async fn api(self, app: &Arc<App>) -> Result<Answer, RequestError> {
        let operation = self.endpoint.operation(&self.head.method).ok_or(RequestError::NoPage)?;
        let (head, body) = (&self.head, &self.body.bytes);
        Ok(portal::answer(app, operation, head, self.path, body, self.sender).await)
    }

    async fn visit(&self, app: &App) -> Result<Page, PageError> {
        let relay = &app.relay;
        let posted = self.head.method == Method::POST;
        let form = if posted { &*self.body.bytes } else { &[] };
        let visit = Visit::new(&self.head.headers, self.head.uri.query(), form);
        let part = self.path.first().map(String::as_str).unwrap_or_default();
        match self.endpoint {
            Endpoint::BuyOld(gateway) => self.buy(app, Door::Old(gateway), &visit, posted).await,
            Endpoint::BuyPlan => self.buy(app, Door::Plan(part), &visit, posted).await,
            Endpoint::Order if posted => order::come_back(part),
            Endpoint::Order => {
                app.limits.order.check(&self.sender).map_err(too_often)?;
                order::show(relay, part, &visit).await
            }
            Endpoint::OrderState => {
                app.limits.order.check(&self.sender).map_err(too_often)?;
                order::state(relay, part).await
            }
            Endpoint::Recover if posted => self.recover(app, &visit).await,
            Endpoint::Recover => recover::show(&visit),
            _ => pages::home(&visit),
        }
    }

    async fn recover(&self, app: &App, visit: &Visit<'_>) -> Result<Page, PageError> {
        let (limits, reference) = (&app.limits, recover::limited_reference(visit));
        limits.recover.check(&self.sender).map_err(too_often)?;
        limits.recover_reference.check(&reference).map_err(too_often)?;
        let search = recover::find(&app.relay, visit).await?;
        // Counted only now, so that buyers who prove themselves use nothing up. Found or not, the answer is the same.
        if search.is_guess {
            limits.guess.check(&self.sender).map_err(too_often)?;
            limits.guess_reference.check(&reference).map_err(too_often)?;
        }
        Ok(search.page)
    }

    async fn buy(&self, app: &App, door: Door<'_>, visit: &Visit<'_>, posted: bool) -> Result<Page, PageError> {
        if !posted {
            return buy::show(&app.relay, door, visit);
        }
        app.limits.place.check(&self.sender).map_err(too_often)?;
        buy::press(&app.relay, door, visit).await
    }

    async fn pagos(self, app: &App) -> Answer {
        let request = ApiRequest {
            headers: self.head.headers,
            body: self.body.bytes,
        };
        let (relay, limits) = (&app.relay, &app.limits);
        let gate = Gate {
            refused: &|| limits.refused_key.check(&self.sender),
            admitted: &|company| limits.pagos.check(&company.to_string()),
        };
        reply::api(api::pagos::answer(relay, app.api, &gate, request).await)
    }

    /// The callback, and the room of its body, which is taken until it is stored.
    fn into_callback(self) -> (Callback, body::Room) {
        let mut path = self.path.into_iter();
        let callback = Callback {
            method: self.head.method,
            gateway: path.next().unwrap_or_default(),
            label: path.next().unwrap_or_default(),
            query: self.head.uri.query().map(str::to_owned),
            headers: self.head.headers,
            body: self.body.bytes,
            sender: self.sender,
        };
        (callback, self.body.room)
    }
}

fn too_often(retry_after_s: u32) -> PageError {
    PageError::TooOften { retry_after_s }
}

/// Who will read an error.
fn voice(endpoint: Option<Endpoint>, is_api: bool, head: &Parts) -> Voice {
    match endpoint {
        _ if is_api => Voice::Portal(serve::language(&head.headers)),
        Some(
            Endpoint::Callback
            | Endpoint::Challenge
            | Endpoint::Live
            | Endpoint::Ready
            | Endpoint::Script
            | Endpoint::Logo,
        ) => Voice::Plain,
        Some(Endpoint::OrderState) => Voice::Json,
        Some(Endpoint::Pagos) => Voice::Api,
        // A mistyped callback is read in a gateway's dashboard.
        None if head.uri.path().contains("pay_callback") => Voice::Plain,
        _ => {
            let visit = Visit::new(&head.headers, head.uri.query(), &[]);
            Voice::Page(visit.language().unwrap_or_default())
        }
    }
}

/// Whether a person asks for `/`: browsers say so, programs take what comes.
fn is_home(head: &Parts) -> bool {
    let mut accepted = head
        .headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok());
    head.uri.path() == "/" && accepted.any(|line| line.contains("text/html"))
}

fn decode(part: &str) -> Option<String> {
    percent_decode_str(part).decode_utf8().ok().map(Cow::into_owned)
}

/// The path with one slash where settings and guides have two, and none at its end.
fn tidy(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && (path == "/" || !path.ends_with('/')) && !path.is_empty() {
        return Cow::Borrowed(path);
    }
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    Cow::Owned(format!("/{}", parts.join("/")))
}

fn log_error(error: &RequestError, request_id: &str) {
    let is_strangers_doing = matches!(error, RequestError::Body(_));
    if error.status().is_server_error() && !is_strangers_doing {
        tracing::error!(
            request = request_id,
            error = error as &dyn std::error::Error,
            "request failed: {error}"
        );
    } else {
        tracing::debug!(request = request_id, "request refused: {error}");
    }
}

fn log_answer(endpoint: Option<Endpoint>, method: &Method, status: StatusCode, started: Instant, request_id: &str) {
    let path = endpoint.map_or("(unknown)", Endpoint::pattern);
    let status = status.as_u16();
    // A wider number is written as text in JSON.
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    // An accepted webhook is told by the lines of its order; a line each would cost more than storing it. Refused
    // ones are counted and told now and then by the core: a flood of them must not fill the disk.
    let told_elsewhere = endpoint == Some(Endpoint::Callback) && matches!(status, 200 | 401 | 404 | 429);
    if told_elsewhere || endpoint.is_some_and(Endpoint::is_chatter) {
        tracing::debug!(%method, path, status, ms, request = request_id, "{method} {path} {status}");
    } else {
        tracing::info!(%method, path, status, ms, request = request_id, "{method} {path} {status}");
    }
}

static ROUTES: LazyLock<Router<Endpoint>> = LazyLock::new(|| {
    let mut routes = Router::new();
    for (pattern, endpoint) in Endpoint::ALL {
        // Patterns that clash would be refused here; a test finds every one again.
        let _ = routes.insert(pattern, endpoint);
    }
    for (at, item) in PATHS.iter().enumerate() {
        let _ = routes.insert(item.path, Endpoint::Api(at));
    }
    routes
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_leads_to_its_own_endpoint() {
        for (pattern, endpoint) in Endpoint::ALL {
            let path = pattern.replace(['{', '}'], "");
            assert_eq!(
                ROUTES.at(&path).map(|found| *found.value).ok(),
                Some(endpoint),
                "{path}"
            );
            assert_eq!(endpoint.pattern(), pattern);
        }
        // O8: an operation that cannot be reached would be missing in silence.
        for (at, item) in PATHS.iter().enumerate() {
            let path = item.path.replace(['{', '}'], "");
            let found = ROUTES.at(&path).map(|found| *found.value).ok();
            assert_eq!(found, Some(Endpoint::Api(at)), "{path}");
            assert_eq!(Endpoint::Api(at).pattern(), item.path);
        }
    }

    #[test]
    fn doubled_slashes_are_forgiven() {
        for (path, expected) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("//pay_callback//fedapay//hotspot1", "/pay_callback/fedapay/hotspot1"),
            ("/buy-mikhmon/", "/buy-mikhmon"),
            ("//buy-mikhmon", "/buy-mikhmon"),
            ("/o/abc/state", "/o/abc/state"),
            ("*", "/*"),
        ] {
            let tidied = if path == "*" { tidy("*/") } else { tidy(path) };
            assert_eq!(tidied, expected, "{path}");
        }
    }

    #[test]
    fn methods_are_those_of_the_page() {
        for (endpoint, method, fits) in [
            (Endpoint::Docs, Method::GET, true),
            (Endpoint::Docs, Method::POST, false),
            (Endpoint::Api(0), Method::HEAD, true),
            (Endpoint::Api(0), Method::POST, false),
            (Endpoint::Api(0), Method::OPTIONS, false),
            (Endpoint::Callback, Method::HEAD, true),
            (Endpoint::Callback, Method::POST, true),
            (Endpoint::Callback, Method::TRACE, false),
            (Endpoint::BuyPlan, Method::PUT, false),
            (Endpoint::Order, Method::POST, true),
            (Endpoint::OrderState, Method::POST, false),
            (Endpoint::Pagos, Method::POST, true),
            (Endpoint::Pagos, Method::GET, false),
            (Endpoint::Pagos, Method::HEAD, false),
        ] {
            assert_eq!(endpoint.check_method(&method).is_ok(), fits, "{endpoint:?} {method}");
        }
    }
}
