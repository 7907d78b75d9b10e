//! From a request to the handler of its operation: who asks, how often, then what for.

use std::net::IpAddr;

use bytes::Bytes;
use http::request::Parts;

use super::auth::{self, Caller, Stranger};
use super::operation::{Ask, Handler, Limits, Operation, Pace};
use super::public::Portal;
use super::{ApiReply, texts};
use crate::admin::AdminSettings;
use crate::company::Language;
use crate::language::wished::wished;
use crate::payment::Relay;
use crate::payment::router_keys::KeyFault;

/// What all operations share.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    pub relay: &'a Relay,
    pub portal: &'a Portal,
    pub limits: &'a dyn Limits,
    pub settings: &'a AdminSettings,
}

/// A request, bounded and whole.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub operation: &'static Operation,
    pub head: &'a Parts,
    /// The variable parts of the path, decoded, in their order.
    pub path: &'a [(&'static str, String)],
    pub body: &'a Bytes,
    pub sender: IpAddr,
}

/// Answers from memory where the operation can be; `None` for everything else, failures included.
pub fn answer_at_once(service: Service<'_>, asked: Asked<'_>) -> Option<ApiReply> {
    let Handler::Memory(handler) = asked.operation.handler else {
        return None;
    };
    let admitted = auth::admit_at_once(service.relay, asked.operation.auth, &asked.head.headers)?;
    let reply = handler(&ask(service, asked, admitted.ok()?));
    (reply.status == 200).then_some(reply)
}

/// Answers a request.
pub async fn answer(service: Service<'_>, asked: Asked<'_>) -> ApiReply {
    let operation = asked.operation;
    let admitted = auth::admit(service.relay, operation.auth, &asked.head.headers).await;
    let caller = match admitted {
        Ok(caller) => caller,
        Err(stranger) => return refuse(service, asked, stranger),
    };
    let ask = ask(service, asked, caller);
    if operation.pace != Pace::Free {
        let paced = service.limits.paced(operation.pace, ask.caller.key_id(), asked.sender);
        if let Err(wait_s) = paced {
            return too_often(ask.language, wait_s);
        }
    }
    match operation.handler {
        Handler::Memory(handler) => handler(&ask),
        Handler::Task(handler) => handler(ask).await,
    }
}

fn ask<'a>(service: Service<'a>, asked: Asked<'a>, caller: Caller) -> Ask<'a> {
    Ask {
        operation: asked.operation,
        relay: service.relay,
        portal: service.portal,
        limits: service.limits,
        settings: service.settings,
        caller,
        language: language(&asked.head.headers),
        sender: asked.sender,
        head: asked.head,
        path: asked.path,
        body: asked.body,
    }
}

fn refuse(service: Service<'_>, asked: Asked<'_>, stranger: Stranger) -> ApiReply {
    let language = language(&asked.head.headers);
    if stranger.is_guess()
        && let Err(wait_s) = service.limits.refused(asked.sender)
    {
        return too_often(language, wait_s);
    }
    let (status, text) = stranger.answer();
    ApiReply::refusal(status, &texts::say(language, text, &[]))
}

/// The key's router was taken away in this moment.
pub(super) fn key_is_gone(ask: &Ask<'_>) -> ApiReply {
    let (status, text) = Stranger::Key(KeyFault::Revoked).answer();
    ApiReply::refusal(status, &texts::say(ask.language, text, &[]))
}

fn too_often(language: Language, wait_s: u32) -> ApiReply {
    ApiReply::later(429, &texts::say(language, "too-often", &[]), wait_s)
}

/// The language of messages; Spanish for portals that name none, as those of the documented service do.
pub fn language(headers: &http::HeaderMap) -> Language {
    wished(None, headers).unwrap_or(Language::Es)
}
