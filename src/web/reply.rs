//! Answers as HTTP. This file alone turns outcomes and errors into status codes, and puts the security
//! headers on them. Outside gets a sentence and the request's id; the log gets the cause.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER,
    SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use url::Url;

use super::body::BodyError;
use super::health::Readiness;
use super::server::BodyUnread;
use crate::api::{self, ApiReply};
use crate::company::Language;
use crate::pages::error::{self, Fault};
use crate::pages::{Content, DEVICE_COOKIE, Page, PageError, Scripts, Standing, hint, render};
use crate::payment::checkout::LinkFault;

pub type Answer = Response<Full<Bytes>>;

/// Why a request has no proper answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    // Read as text by those who set up a webhook; people get a page.
    #[error("there is no such page; a webhook's path is /pay_callback/{{fedapay|cinetpay|feexpay}}/<server>")]
    NoPage,
    #[error("the method is not allowed here; allowed: {allow}")]
    Method { allow: &'static str },
    #[error("the request says in two ways how long its body is; send `Content-Length` or `Transfer-Encoding`")]
    TwoLengths,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error("the handler panicked")]
    Panicked,
    #[error("the handler took too long; its work goes on")]
    TooSlow,
}

/// Who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A person.
    Page(Language),
    /// A machine that shows its operator a line.
    Plain,
    /// Our own script.
    Json,
    /// A program.
    Api,
    /// A portal or a console, by the language of its messages.
    Portal(Language),
}

impl RequestError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::TwoLengths | Self::Body(BodyError::Broken) => StatusCode::BAD_REQUEST,
            Self::Body(BodyError::Encoded) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::NoRoom) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Page(error) => page_status(error),
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NoPage => Fault::Lost,
            Self::Body(BodyError::NoRoom) => Fault::Busy,
            Self::Method { .. } | Self::TwoLengths | Self::Body(_) => Fault::Request,
            Self::Page(error) => error.fault(),
            Self::Panicked => Fault::Broken,
            Self::TooSlow => Fault::Busy,
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Page(PageError::TooOften { retry_after_s }) => Some(*retry_after_s),
            Self::Page(PageError::Store(_)) | Self::Body(BodyError::NoRoom) | Self::TooSlow => Some(BUSY_RETRY_S),
            _ => None,
        }
    }
}

fn page_status(error: &PageError) -> StatusCode {
    match error {
        PageError::Link(
            LinkFault::UnknownPlan(_)
            | LinkFault::UnknownAccount(_)
            | LinkFault::UnknownHotspot(_)
            | LinkFault::NoPlan { .. },
        )
        | PageError::UnknownOrder => StatusCode::NOT_FOUND,
        PageError::Link(
            LinkFault::AmbiguousHotspot(_)
            | LinkFault::CannotSell { .. }
            | LinkFault::NobodySells
            | LinkFault::NotOnSale,
        ) => StatusCode::CONFLICT,
        PageError::Link(LinkFault::BadValue { .. }) | PageError::Missing(_) | PageError::Unexpanded(_) => {
            StatusCode::BAD_REQUEST
        }
        PageError::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
        PageError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        PageError::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to a request that failed.
pub fn error(error: &RequestError, voice: Voice, request_id: &str) -> Answer {
    let status = error.status();
    let mut answer = match voice {
        Voice::Page(language) => error_page(error, language, request_id),
        Voice::Plain => plain(status, format!("{error}\n"), None),
        Voice::Json => json(status, "{\"error\":true}".to_owned()),
        Voice::Api => json(status, api::detail(&error.to_string())),
        Voice::Portal(language) => json(status, api::detail(&portal_sentence(error, language))),
    };
    *answer.status_mut() = status;
    if let Some(seconds) = error.retry_after_s() {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let RequestError::Method { allow } = error {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    }
    answer
}

fn portal_sentence(error: &RequestError, language: Language) -> String {
    let text = match error {
        RequestError::NoPage => "path-unknown",
        RequestError::Method { .. } => "method-wrong",
        RequestError::Page(_) | RequestError::Panicked => "inside",
        RequestError::TooSlow | RequestError::Body(BodyError::NoRoom) => "busy-now",
        // Their sentences are about HTTP, for those who write programs.
        RequestError::TwoLengths | RequestError::Body(_) => return error.to_string(),
    };
    api::texts::say(language, text, &[])
}

/// Marks an answer given before the body was read: the connection ends after it.
pub fn with_body_unread(mut answer: Answer) -> Answer {
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    answer.extensions_mut().insert(BodyUnread);
    answer
}

fn error_page(error: &RequestError, language: Language, request_id: &str) -> Answer {
    let hint = if let RequestError::Page(error) = error {
        hint::of(error, language)
    } else {
        None
    };
    let id = error.status().is_server_error().then_some(request_id);
    match error::page(error.fault(), language, hint.as_deref(), id) {
        Ok(text) => html(text, &Scripts::Own),
        // The templates are tested; this is for the day they fail all the same.
        Err(_) => plain(error.status(), format!("{error}\n"), None),
    }
}

/// Whether the relay can work, for supervisors.
pub fn readiness(readiness: Readiness) -> Answer {
    let status = match readiness {
        Readiness::Ready => StatusCode::OK,
        Readiness::StoreDown | Readiness::DiskFull => StatusCode::SERVICE_UNAVAILABLE,
    };
    plain(status, readiness.sentence().to_owned(), None)
}

/// A page as the pages made it. `secure` cookies where phones reach us by https.
pub fn page(page: Page, secure: bool) -> Answer {
    let mut answer = match page.content {
        Content::Html {
            html: text,
            standing,
            scripts,
        } => {
            let mut answer = html(text, &scripts);
            if standing == Standing::Again {
                *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            }
            answer
        }
        Content::SeeOther(location) => see_other(&location),
        Content::Json(text) => json(StatusCode::OK, text),
    };
    if let Some(device) = page.device {
        let secure = if secure { "; Secure" } else { "" };
        let cookie =
            format!("{DEVICE_COOKIE}={device}; Path=/; Max-Age={DEVICE_COOKIE_AGE_S}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(value) = HeaderValue::try_from(cookie) {
            answer.headers_mut().insert(SET_COOKIE, value);
        }
    }
    answer
}

/// An answer to a program.
pub fn api(reply: ApiReply) -> Answer {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = json(status, reply.json);
    if let Some(seconds) = reply.retry_after_s {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        answer
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

/// The page of the API.
pub fn docs() -> Answer {
    let page = &*api::docs::PAGE;
    let mut answer = bare(StatusCode::OK, page.html.clone(), "text/html; charset=utf-8");
    if let Ok(policy) = HeaderValue::try_from(&page.policy) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
        .headers_mut()
        .insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

/// The OpenAPI document.
pub fn openapi() -> Answer {
    json(StatusCode::OK, api::openapi::TEXT.clone())
}

/// The same request is to be made at another address. It is no lasting answer: browsers would remember it when the
/// relay speaks plain HTTP again.
pub fn elsewhere(location: HeaderValue) -> Answer {
    let mut answer = plain(StatusCode::TEMPORARY_REDIRECT, String::new(), None);
    answer.headers_mut().insert(LOCATION, location);
    answer
}

/// The same page has moved.
pub fn moved(location: &'static str) -> Answer {
    let mut answer = bare(StatusCode::TEMPORARY_REDIRECT, "", "text/plain; charset=utf-8");
    answer
        .headers_mut()
        .insert(LOCATION, HeaderValue::from_static(location));
    answer
}

/// Whether a page of another site may ask what it is about to ask.
pub fn preflight(allowed: bool) -> Answer {
    let status = if allowed {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    bare(status, "", "text/plain; charset=utf-8")
}

/// Plain text for machines and their operators.
pub fn plain(status: StatusCode, body: String, retry_after_s: Option<u32>) -> Answer {
    let mut answer = bare(status, body, "text/plain; charset=utf-8");
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

/// The pages' own script. Its address names its content, so it may be kept.
pub fn script() -> Answer {
    let mut answer = bare(StatusCode::OK, *render::SCRIPT, "text/javascript; charset=utf-8");
    answer.headers_mut().insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    answer
}

/// A picture that somebody uploaded: nothing in it may run, even if a browser takes it for a page.
pub fn picture(image: Bytes, content_type: &'static str) -> Answer {
    let mut answer = bare(StatusCode::OK, image, content_type);
    let headers = answer.headers_mut();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    answer
}

fn json(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    bare(status, text, "application/json")
}

fn see_other(location: &str) -> Answer {
    let Ok(value) = HeaderValue::try_from(location) else {
        return plain(
            StatusCode::BAD_GATEWAY,
            "the gateway named an address that cannot be used\n".to_owned(),
            None,
        );
    };
    let mut answer = bare(StatusCode::SEE_OTHER, "", "text/plain; charset=utf-8");
    answer.headers_mut().insert(LOCATION, value);
    answer
}

fn html(text: String, scripts: &Scripts) -> Answer {
    let mut answer = bare(StatusCode::OK, text, "text/html; charset=utf-8");
    let (policy, referrer) = match scripts {
        Scripts::Own => (OWN_POLICY.clone(), "same-origin"),
        // FedaPay asks which site its button stands on; it learns the site, never the order's address.
        Scripts::FedapayCheckout { script_url } => (checkout_policy(script_url), "strict-origin"),
    };
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer
        .headers_mut()
        .insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
    answer
}

fn bare(status: StatusCode, body: impl Into<Bytes>, content_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Nothing but our own stylesheet and script. Forms are not bound to this host: the answer to the button is a
/// redirect to a gateway, which such a rule would stop.
static OWN_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = render::style_hash();
    let policy = format!(
        "default-src 'none'; style-src '{style}'; script-src 'self'; connect-src 'self'; img-src data:; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(CLOSED_POLICY))
});

/// Opens the page to the one host whose pay button stands on it, and to the hosts its window comes from.
fn checkout_policy(script_url: &str) -> HeaderValue {
    let closed = HeaderValue::from_static(CLOSED_POLICY);
    let Ok(url) = Url::parse(script_url) else { return closed };
    let origin = url.origin().ascii_serialization();
    let is_fedapay = url
        .host_str()
        .is_some_and(|host| host == "fedapay.com" || host.ends_with(".fedapay.com"));
    let window = if is_fedapay {
        "https://*.fedapay.com"
    } else {
        origin.as_str()
    };
    // The button brings styles of its own that have no hash.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline' {window}; script-src 'self' {origin}; \
         connect-src 'self' {window}; frame-src {window}; img-src data: {window}; font-src {window}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(closed)
}

const CLOSED_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
/// A full queue is empty again within a second or two.
const BUSY_RETRY_S: u32 = 3;
/// Long enough for a monthly voucher to be found again.
const DEVICE_COOKIE_AGE_S: u32 = 90 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn a_checkout_page_trusts_the_buttons_host_and_no_other() {
        let text = |url: &str| checkout_policy(url).to_str().expect("text").to_owned();
        let live = text("https://cdn.fedapay.com/checkout.js?v=1.1.7");
        assert!(live.contains("script-src 'self' https://cdn.fedapay.com;"), "{live}");
        assert!(live.contains("frame-src https://*.fedapay.com;"), "{live}");
        let simulated = text("http://127.0.0.1:9001/checkout.js");
        assert!(
            simulated.contains("script-src 'self' http://127.0.0.1:9001;") && !simulated.contains("fedapay"),
            "{simulated}"
        );
        assert!(!text("https://notfedapay.com/x.js").contains("*"));
        for odd in ["", "javascript:alert(1)", "data:text/javascript,x"] {
            assert!(!text(odd).contains("data:text"), "{odd}");
        }
    }

    #[test]
    fn no_page_may_run_inline_scripts_or_be_framed() {
        let policy = OWN_POLICY.to_str().expect("text");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("form-action"),
            "{policy}"
        );
    }

    #[test]
    fn s16_what_failed_inside_is_a_sentence_to_portals() {
        use http_body_util::BodyExt as _;
        for (error, status) in [
            (RequestError::Panicked, 500),
            (RequestError::TooSlow, 503),
            (RequestError::NoPage, 404),
            (RequestError::Page(PageError::Store(StoreError::Closed)), 503),
            (RequestError::Body(BodyError::TooLarge { max_bytes: 7 }), 413),
        ] {
            let answer = super::error(&error, Voice::Portal(Language::Es), "id-1");
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.headers().get(CONTENT_TYPE).unwrap(), "application/json");
            let mut body = answer.into_body();
            let body = futures_now(body.frame()).unwrap().unwrap().into_data().unwrap();
            let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let sentence = told["detail"].as_str().unwrap();
            assert!(
                !sentence.is_empty() && !sentence.contains("panicked") && !sentence.contains("store"),
                "{sentence}"
            );
        }
    }

    /// What a body in memory gives at once.
    fn futures_now<F: Future + Unpin>(mut future: F) -> F::Output {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(&mut future).poll(&mut context) {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => panic!("a body in memory waits for nothing"),
        }
    }

    #[test]
    fn a_busy_store_asks_to_come_back() {
        let error = RequestError::Page(PageError::Store(StoreError::Busy));
        let answer = super::error(&error, Voice::Page(Language::Fr), "id-1");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            answer.headers().get(RETRY_AFTER).map(HeaderValue::as_bytes),
            Some(&b"3"[..])
        );
    }
}
