//! The operations of the API behind HTTP: which of them a request asks for, and what pages of other sites may read.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::ORIGIN;
use http::request::Parts;
use hyper::body::Bytes;

use super::reply::{self, Answer};
use super::{App, limits};
use crate::api::cors::Cors;
use crate::api::operation::{Body, Operation, PATHS, PathItem};
use crate::api::serve::{self, Asked};

/// Whether a path belongs to the API, known or not: its errors are JSON.
pub(super) fn is_api(path: &str) -> bool {
    ["/api", "/admin"].into_iter().any(|root| {
        let rest = path.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The path of the table at this place.
pub(super) fn item(at: usize) -> Option<&'static PathItem> {
    PATHS.get(at)
}

pub(super) fn body_max_bytes(operation: &Operation) -> usize {
    match operation.body {
        Body::Fields => limits::FORM_BODY_MAX_BYTES,
        Body::Raw => limits::CALLBACK_BODY_MAX_BYTES,
        Body::Upload { max_bytes } => max_bytes,
    }
}

/// The answer to the question whether another request may be made.
pub(super) fn preflight(cors: &Cors, headers: &HeaderMap) -> Answer {
    let origin = headers.get(ORIGIN);
    let mut answer = reply::preflight(origin.is_some_and(|origin| cors.allows(origin)));
    cors.mark_preflight(origin, answer.headers_mut());
    answer
}

/// Answers from memory, where the operation can: no task, no log line, nothing read. What fails is answered the usual
/// way, which also counts and logs it.
pub(super) fn answer_at_once(app: &App, operation: &'static Operation, head: &Parts) -> Option<Answer> {
    let asked = Asked {
        operation,
        head,
        path: &[],
        body: &NO_BODY,
        // Nothing is counted where nothing is refused.
        sender: IpAddr::from([0; 4]),
    };
    let reply = serve::answer_at_once(app.service(), asked)?;
    let mut answer = reply::api(reply);
    app.cors.mark(head.headers.get(ORIGIN), answer.headers_mut());
    Some(answer)
}

/// Answers a request to an operation, in its own task.
pub(super) async fn answer(
    app: &Arc<App>,
    operation: &'static Operation,
    head: &Parts,
    path: Vec<String>,
    body: &Bytes,
    sender: IpAddr,
) -> Answer {
    let path: Vec<_> = operation.path_names().zip(path).collect();
    let asked = Asked {
        operation,
        head,
        path: &path,
        body,
        sender,
    };
    reply::api(serve::answer(app.service(), asked).await)
}

static NO_BODY: Bytes = Bytes::new();
