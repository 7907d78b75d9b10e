//! The gateways' door: hands a callback to the core as it came and writes the core's answer.
//! It never looks into the body and never logs the query, which may hold a router's password.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use super::App;
use super::reply::{self, Answer};
use crate::payment::receive::{CallbackReply, CallbackRequest};

/// A callback, bounded and whole.
pub struct Callback {
    pub method: Method,
    pub gateway: String,
    pub label: String,
    pub headers: HeaderMap,
    pub query: Option<String>,
    pub body: Bytes,
    /// Whose refusals are counted together.
    pub sender: IpAddr,
}

pub async fn answer(app: &App, callback: Callback) -> Answer {
    let request = CallbackRequest {
        method: &callback.method,
        gateway: &callback.gateway,
        label: &callback.label,
        headers: &callback.headers,
        query: callback.query.as_deref(),
        body: callback.body,
    };
    let reply = app.relay.callback(request).await;
    // Only refusals count: an event that proves itself passes whatever its address sent before.
    if matches!(reply.status, 401 | 404)
        && let Err(retry_after_s) = app.limits.refused_callback.check(&callback.sender)
    {
        return plain(CallbackReply {
            status: 429,
            body: "too many refused calls".to_owned(),
            retry_after_s: Some(retry_after_s),
        });
    }
    plain(reply)
}

fn plain(reply: CallbackReply) -> Answer {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = reply.body;
    body.push('\n');
    reply::plain(status, body, reply.retry_after_s)
}
