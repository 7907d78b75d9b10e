//! What an operation of the API is. The one table of them makes the routes, the reading of requests and the OpenAPI
//! document, so that none of the three can say something else than the others.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::LazyLock;

use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use super::auth::Caller;
use super::input::{self, Field, Inputs, Place, Reading};
use super::public::Portal;
use super::shape::Schemas;
use super::{ApiReply, texts};
use crate::admin::AdminSettings;
use crate::company::Language;
use crate::ids::ApiKeyId;
use crate::payment::Relay;
use crate::sorted::Arrange;
use crate::store::StoreError;

/// The methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may ask (the marks of facts: pagos-hotspot-api 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `–`
    Open,
    /// `K`: a router's key.
    Key,
    /// `S`: a session of any role.
    Session,
    /// `C`: a session of a company's administrator.
    Client,
    /// `A`: a session of the relay's administrator.
    Super,
}

/// How often it may be asked. The numbers are the web's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Answered from memory: refusing would cost as much as answering.
    Free,
    /// Asks a router or a gateway.
    Device,
    /// Takes money.
    Sale,
    /// A person at a console.
    Console,
    /// Proves who somebody is by a password.
    Login,
}

/// What a body is, besides its declared fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The fields as JSON, or nothing where no field stands in the body.
    Fields,
    /// Anything, read by the handler: a gateway's notice.
    Raw,
    /// `multipart/form-data` with one `file`, read by the handler.
    Upload { max_bytes: usize },
}

/// An answer that an operation may give.
pub struct Declared {
    pub status: u16,
    /// `None`: an error, `{"detail": "…"}`.
    pub schema: Option<fn(&mut Schemas) -> Value>,
    pub doc: &'static str,
}

/// One operation.
pub struct Operation {
    pub verb: Verb,
    /// With `{names}`, one slash between the parts and none at the end.
    pub path: &'static str,
    pub auth: Auth,
    pub pace: Pace,
    /// Which part of the document it stands in.
    pub tag: &'static str,
    pub summary: &'static str,
    pub fields: &'static [Field],
    pub body: Body,
    pub answers: &'static [Declared],
    pub handler: Handler,
}

/// How an operation is answered.
#[derive(Clone, Copy)]
pub enum Handler {
    /// From memory, at once: no I/O, no waiting.
    Memory(fn(&Ask<'_>) -> ApiReply),
    /// In a task of its own, which goes on when its peer hangs up.
    Task(for<'a> fn(Ask<'a>) -> Pin<Box<dyn Future<Output = ApiReply> + Send + 'a>>),
}

/// A request on its way to its handler: admitted and bounded. No `Debug`: it holds keys.
pub struct Ask<'a> {
    pub operation: &'static Operation,
    pub relay: &'a Relay,
    pub portal: &'a Portal,
    pub limits: &'a dyn Limits,
    pub settings: &'a AdminSettings,
    pub caller: Caller,
    /// Of the messages.
    pub language: Language,
    /// What rate limits count by.
    pub sender: IpAddr,
    pub head: &'a Parts,
    /// The variable parts of the path, decoded.
    pub path: &'a [(&'static str, String)],
    pub body: &'a Bytes,
}

/// How often somebody may be heard; an `Err` holds the seconds to wait.
pub trait Limits: Sync {
    /// Counts a request with a wrong key, session or password.
    fn refused(&self, sender: IpAddr) -> Result<(), u32>;
    /// Counts a request by its sender and, where it has one, by its key.
    fn paced(&self, pace: Pace, key: Option<&ApiKeyId>, sender: IpAddr) -> Result<(), u32>;
    /// Counts a password that was tried for an e-mail address, from wherever.
    fn password(&self, email: &str) -> Result<(), u32>;
}

/// An answer of a handler.
pub struct Answered<T> {
    pub status: u16,
    pub body: T,
}

impl<T> Answered<T> {
    pub fn ok(body: T) -> Self {
        Self { status: 200, body }
    }

    pub fn created(body: T) -> Self {
        Self { status: 201, body }
    }
}

/// Why a request is not done: a status and a sentence, which says nothing of our insides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(ApiReply);

impl Refusal {
    /// With the sentence called `id` in `templates/lang-api`.
    pub fn new(ask: &Ask<'_>, status: u16, id: &str) -> Self {
        Self::with(ask, status, id, &[])
    }

    /// The same with values in the sentence.
    pub fn with(ask: &Ask<'_>, status: u16, id: &str, values: &[(&str, &str)]) -> Self {
        Self(ApiReply::refusal(status, &texts::say(ask.language, id, values)))
    }

    /// With a whole answer, where more than a sentence is documented.
    pub fn whole(status: u16, body: &Value) -> Self {
        Self(ApiReply::new(status, body))
    }

    /// 429, or 503 with a time.
    pub fn later(ask: &Ask<'_>, status: u16, id: &str, retry_after_s: u32) -> Self {
        Self(ApiReply::later(
            status,
            &texts::say(ask.language, id, &[]),
            retry_after_s,
        ))
    }

    /// Something failed here: the log gets the error, the caller a sentence. `doing` completes "could not …".
    pub fn inside(ask: &Ask<'_>, doing: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(operation = ask.operation.path, error, "could not {doing}: {error}");
        Self::new(ask, 500, "inside")
    }

    /// The store refused: 503 when it is only busy.
    pub fn store(ask: &Ask<'_>, doing: &str, error: &StoreError) -> Self {
        if error.is_temporary() {
            return Self::later(ask, 503, "busy-now", BUSY_RETRY_S);
        }
        Self::inside(ask, doing, error)
    }
}

impl Ask<'_> {
    /// The sentence called `id`.
    pub fn say(&self, id: &str) -> String {
        texts::say(self.language, id, &[])
    }

    /// Reads all declared fields, or tells every fault of them.
    pub fn input<I: Inputs>(&self) -> Result<I, ApiReply> {
        let query = self.head.uri.query();
        let mut reading = Reading::new(I::FIELDS, self.path, query, &self.head.headers, self.body);
        let read = I::read(&mut reading);
        match (read, reading.faults()) {
            (Some(input), None) => Ok(input),
            (_, faults) => {
                let faults = input::faults_json(faults.unwrap_or_default(), self.language);
                Err(ApiReply::new(422, &faults))
            }
        }
    }

    /// A handler's answer as it goes out.
    pub fn finish<T: Serialize>(&self, answered: Result<Answered<T>, Refusal>) -> ApiReply {
        let reply = match answered {
            Ok(answered) => match serde_json::to_vec(&answered.body) {
                Ok(json) => ApiReply::json(answered.status, json.into()),
                Err(error) => Refusal::inside(self, "write an answer", &error).0,
            },
            Err(Refusal(reply)) => reply,
        };
        debug_assert!(
            self.operation.may_answer(reply.status),
            "{} {} answers {} and does not declare it",
            self.operation.verb.as_str(),
            self.operation.path,
            reply.status
        );
        reply
    }
}

impl Operation {
    /// The variable parts of the path.
    pub fn path_names(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    pub fn has_body(&self) -> bool {
        self.body != Body::Fields || self.fields.iter().any(|field| field.place == Place::Body)
    }

    /// Whether a status is declared, by the operation itself or for all of its sort.
    pub fn may_answer(&self, status: u16) -> bool {
        self.statuses().contains(&status)
    }

    /// Every status it may answer, in order.
    pub fn statuses(&self) -> Vec<u16> {
        let mut all: Vec<u16> = self.answers.iter().map(|answer| answer.status).collect();
        // What the server itself may say of any request.
        all.extend([400, 405, 500, 503]);
        if self.auth != Auth::Open {
            all.extend([401, 403, 429]);
        }
        if self.pace != Pace::Free {
            all.push(429);
        }
        if !self.fields.is_empty() {
            all.push(422);
        }
        if self.has_body() {
            all.extend([408, 413, 415]);
        }
        all.arrange();
        all.dedup();
        all
    }
}

/// Declares one operation: how it is asked, what it answers, and the function that does it.
///
/// ```ignore
/// operation! {
///     post "/api/v1/payments/pagar-conekta", Auth::Key, Pace::Sale, "Payments",
///     "Pay with a card through Conekta",
///     PayConekta => pay_conekta -> 200 Paid "The sale",
///     fails [400 "…", 402 "The card was refused", 404 "…", 504 "…"]
/// }
/// ```
///
/// The function is `async fn pay_conekta(ask: &Ask<'_>, input: PayConekta) -> Result<Answered<Paid>, Refusal>`. With
/// `memory` before the method it is the same without `async`, and must not wait for anything.
macro_rules! operation {
    ($verb:ident $path:literal, $auth:expr, $pace:expr, $tag:literal, $summary:literal,
     $input:ty => $handler:path, -> $status:literal $answer:ty : $doc:literal
     $(, body $body:expr)? $(, fails [$($failure:literal $why:literal),* $(,)?])? $(,)?) => {
        $crate::api::operation::operation!(@ $verb $path, $auth, $pace, $tag, $summary, $input, $status $answer : $doc,
            [$($body)?], [$($($failure $why),*)?],
            $crate::api::operation::Handler::Task(|ask| {
                Box::pin(async move {
                    match ask.input::<$input>() {
                        Ok(input) => {
                            let answered = $handler(&ask, input).await;
                            ask.finish::<$answer>(answered)
                        }
                        Err(reply) => reply,
                    }
                })
            }))
    };
    (memory $verb:ident $path:literal, $auth:expr, $pace:expr, $tag:literal, $summary:literal,
     $handler:path, -> $status:literal $answer:ty : $doc:literal
     $(, input $input:ty)? $(, fails [$($failure:literal $why:literal),* $(,)?])? $(,)?) => {
        $crate::api::operation::operation!(@ $verb $path, $auth, $pace, $tag, $summary,
            $crate::api::operation::or_nothing!($($input)?), $status $answer : $doc,
            [], [$($($failure $why),*)?], $crate::api::operation::Handler::Memory($handler))
    };
    (@ $verb:ident $path:literal, $auth:expr, $pace:expr, $tag:literal, $summary:literal, $input:ty,
     $status:literal $answer:ty : $doc:literal, [$($body:expr)?], [$($failure:literal $why:literal),*],
     $handler:expr) => {
        $crate::api::operation::Operation {
            verb: $crate::api::operation::verb!($verb),
            path: $path,
            auth: $auth,
            pace: $pace,
            tag: $tag,
            summary: $summary,
            fields: <$input as $crate::api::input::Inputs>::FIELDS,
            body: $crate::api::operation::body_or_fields(&[$($body)?]),
            answers: &[
                $crate::api::operation::Declared {
                    status: $status,
                    schema: Some(<$answer as $crate::api::shape::Shape>::schema),
                    doc: $doc,
                },
                $($crate::api::operation::Declared { status: $failure, schema: None, doc: $why },)*
            ],
            handler: $handler,
        }
    };
}
pub(crate) use operation;

macro_rules! verb {
    (get) => {
        $crate::api::operation::Verb::Get
    };
    (post) => {
        $crate::api::operation::Verb::Post
    };
    (put) => {
        $crate::api::operation::Verb::Put
    };
    (delete) => {
        $crate::api::operation::Verb::Delete
    };
}
pub(crate) use verb;

macro_rules! or_nothing {
    () => {
        $crate::api::input::Nothing
    };
    ($input:ty) => {
        $input
    };
}
pub(crate) use or_nothing;

/// What a macro was given, or the usual.
pub const fn body_or_fields(given: &[Body]) -> Body {
    match given {
        [body, ..] => *body,
        [] => Body::Fields,
    }
}

/// Every operation, in the order of the document. A file of operations that is not named here does not exist.
static TABLE: &[&[Operation]] = &[
    super::public::OPERATIONS,
    super::hotspot::OPERATIONS,
    super::router_reads::OPERATIONS,
    super::sale::OPERATIONS,
    super::notices::OPERATIONS,
    super::session::OPERATIONS,
    super::admin::own_company::OPERATIONS,
    super::admin::credentials::OPERATIONS,
    super::admin::sales::OPERATIONS,
    super::admin::own_routers::OPERATIONS,
    super::admin::products::OPERATIONS,
    super::admin::telegram::OPERATIONS,
    super::admin::notices::OPERATIONS,
    super::admin::operator::OPERATIONS,
    super::admin::operator_routers::OPERATIONS,
    super::admin::operator_users::OPERATIONS,
];

/// All operations.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    TABLE.iter().copied().flatten()
}

/// A path and what can be done with it.
pub struct PathItem {
    pub path: &'static str,
    pub operations: Vec<&'static Operation>,
    /// The value of an `Allow` header.
    pub allow: String,
}

impl PathItem {
    /// The operation of a method. `HEAD` is `GET` without its body.
    pub fn operation(&self, method: &http::Method) -> Option<&'static Operation> {
        let name = if method == http::Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        self.operations
            .iter()
            .copied()
            .find(|operation| operation.verb.as_str() == name)
    }
}

/// All paths, in the order of the document.
pub static PATHS: LazyLock<Vec<PathItem>> = LazyLock::new(|| {
    let mut paths: Vec<PathItem> = Vec::new();
    for operation in all() {
        match paths.iter_mut().find(|item| item.path == operation.path) {
            Some(item) => item.operations.push(operation),
            None => paths.push(PathItem {
                path: operation.path,
                operations: vec![operation],
                allow: String::new(),
            }),
        }
    }
    for item in &mut paths {
        let verbs = item.operations.iter().map(|operation| match operation.verb {
            Verb::Get => "GET, HEAD",
            other => other.as_str(),
        });
        item.allow = verbs.collect::<Vec<_>>().join(", ");
    }
    paths
});

const BUSY_RETRY_S: u32 = 3;
