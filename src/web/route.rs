//! From a request to its answer: path, method, body, rate limit, handler, headers, one log line.
//! The log line names the path's pattern, never the path, the query or a token.

use std::borrow::Cow;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use matchit::Router;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::health::Readiness;
use super::reply::{self, Answer, RequestError, Voice};
use super::server::{Alive, TwoLengths};
use super::webhooks::{self, Callback};
use super::{App, body, forwarded, limits};
use crate::api::{self, ApiRequest, Gate};
use crate::company::GatewayName;
use crate::pages::buy::{self, Door};
use crate::pages::{self, Page, PageError, Visit, order, recover};

/// Answers one request. Pages and programs are answered in a task of its own: a peer that hangs up does not stop it.
pub async fn answer(app: Arc<App>, peer: SocketAddr, alive: Alive, request: Request<Incoming>) -> Answer {
    let started = Instant::now();
    let request_id = format!("{:08x}", rand::random::<u32>());
    let method = request.method().clone();
    let path = tidy(request.uri().path()).into_owned();
    let found = ROUTES.at(&path).ok();
    let endpoint = found.as_ref().map(|found| *found.value);
    let parts: Vec<_> = found
        .iter()
        .flat_map(|found| found.params.iter())
        .map(|(_, part)| decode(part))
        .collect();
    let voice = voice(endpoint, &request);
    let answered = run(app, peer.ip(), alive, endpoint, parts, request).await;
    let answer = answered.unwrap_or_else(|error| {
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
    log_answer(endpoint, &method, answer.status(), started, &request_id);
    answer
}

async fn run(
    app: Arc<App>,
    peer: IpAddr,
    alive: Alive,
    endpoint: Option<Endpoint>,
    path: Vec<Option<String>>,
    request: Request<Incoming>,
) -> Result<Answer, RequestError> {
    if request.extensions().get::<TwoLengths>().is_some() {
        return Err(RequestError::TwoLengths);
    }
    let endpoint = endpoint.ok_or(RequestError::NoPage)?;
    endpoint.check_method(request.method())?;
    let (head, incoming) = request.into_parts();
    let body = body::read(&head.headers, incoming, endpoint.body_max_bytes()).await?;
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
    Home,
    BuyOld(GatewayName),
    BuyPlan,
    Order,
    OrderState,
    Recover,
    Script,
    Live,
    Ready,
    Callback,
    Pagos,
}

impl Endpoint {
    /// Paths with one slash between their parts; the doubled ones of old settings are tidied before.
    const ALL: [(&'static str, Self); 15] = [
        ("/", Self::Home),
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
        ("/health/live", Self::Live),
        ("/health/ready", Self::Ready),
        ("/pay_callback/{gateway}/{server}", Self::Callback),
        ("/pagos", Self::Pagos),
    ];

    fn pattern(self) -> &'static str {
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

    fn body_max_bytes(self) -> usize {
        if self == Self::Callback {
            limits::CALLBACK_BODY_MAX_BYTES
        } else {
            limits::FORM_BODY_MAX_BYTES
        }
    }

    /// Asked so often by machines that a line each would bury the rest.
    fn is_chatter(self) -> bool {
        matches!(self, Self::OrderState | Self::Live | Self::Ready | Self::Script)
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
    async fn handle(self, app: &App) -> Result<Answer, RequestError> {
        match self.endpoint {
            Endpoint::Pagos => Ok(self.pagos(app).await),
            Endpoint::Script => Ok(reply::script()),
            Endpoint::Live => Ok(reply::plain(StatusCode::OK, "live\n".to_owned(), None)),
            Endpoint::Ready => Ok(reply::readiness(Readiness::of(app))),
            // Pages are rare and hold much while they wait; webhooks, which are neither, must not carry their size.
            _ => Ok(reply::page(Box::pin(self.visit(app)).await?, app.public_https)),
        }
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
fn voice(endpoint: Option<Endpoint>, request: &Request<Incoming>) -> Voice {
    match endpoint {
        Some(Endpoint::Callback | Endpoint::Live | Endpoint::Ready | Endpoint::Script) => Voice::Plain,
        Some(Endpoint::OrderState) => Voice::Json,
        Some(Endpoint::Pagos) => Voice::Api,
        // A mistyped callback is read in a gateway's dashboard.
        None if request.uri().path().contains("pay_callback") => Voice::Plain,
        _ => {
            let visit = Visit::new(request.headers(), request.uri().query(), &[]);
            Voice::Page(visit.language().unwrap_or_default())
        }
    }
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
            (Endpoint::Home, Method::GET, true),
            (Endpoint::Home, Method::POST, false),
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
