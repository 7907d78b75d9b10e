//! A webhook's way in: prove it, store the exact bytes with the job to settle them, answer.
//! Nothing here waits for a router, a mail server or a gateway.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use governor::{DefaultKeyedRateLimiter, Quota};
use http::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use url::form_urlencoded;

use super::Relay;
use crate::company::{Account, Directory, GatewayName, Hotspot, Router};
use crate::event::{NewEvent, Proof, Stored};
use crate::gateway::{self, Authenticity, Incoming, Refusal, Told};
use crate::ids::{EventId, HotspotId};
use crate::job::{Lane, NewJob, Task};
use crate::mik_params::MikParams;
use crate::store::{Db, SealedEvent, StoreError};

/// What the gateway is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackReply {
    pub status: u16,
    /// One line of plain text with a hint where something is wrong.
    pub body: String,
    pub retry_after_s: Option<u32>,
}

/// A callback as the server read it. Headers and query may hold a router's password.
pub struct CallbackRequest<'a> {
    pub method: &'a http::Method,
    /// Path segments as given, percent-decoded.
    pub gateway: &'a str,
    pub label: &'a str,
    pub headers: &'a http::HeaderMap,
    pub query: Option<&'a str>,
    pub body: bytes::Bytes,
}

impl std::fmt::Debug for CallbackRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "CallbackRequest({} {} {:?}, {} bytes)",
            self.method,
            self.gateway,
            self.label,
            self.body.len()
        )
    }
}

/// How many webhooks are between their last byte and their answer, and when they were last many.
#[derive(Debug)]
pub(super) struct Arriving {
    now: AtomicUsize,
    since: Instant,
    /// Milliseconds since `since`; zero if there never was a rush.
    rushed_at_ms: AtomicU64,
}

impl Default for Arriving {
    fn default() -> Self {
        Self {
            now: AtomicUsize::new(0),
            since: Instant::now(),
            rushed_at_ms: AtomicU64::new(0),
        }
    }
}

impl Arriving {
    /// Many at this moment.
    fn is_rush(&self) -> bool {
        self.now.load(Ordering::Relaxed) > RUSH
    }

    /// Many a moment ago: each commit answers all that wait, so that between two of them nobody seems to knock.
    pub fn was_rush(&self) -> bool {
        let at_ms = self.rushed_at_ms.load(Ordering::Relaxed);
        at_ms > 0 && self.elapsed_ms().saturating_sub(at_ms) < RUSH_ECHO_MS
    }

    fn enter(&self) -> Arrival<'_> {
        if self.now.fetch_add(1, Ordering::Relaxed) >= RUSH {
            self.rushed_at_ms.store(self.elapsed_ms().max(1), Ordering::Relaxed);
        }
        Arrival(self)
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One webhook on its way in; it counts until it is dropped.
struct Arrival<'a>(&'a Arriving);

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How often unsigned calls are heard. Whoever learns a router's access UUID can make them up, each a row and a
/// question to the gateway; a genuine one that is not heard is found by the reconciler.
pub(super) struct Hints(DefaultKeyedRateLimiter<HotspotId>);

impl Default for Hints {
    fn default() -> Self {
        Self(DefaultKeyedRateLimiter::keyed(
            Quota::per_second(HINTS_PER_SECOND).allow_burst(HINTS_BURST),
        ))
    }
}

impl Hints {
    pub(super) fn check(&self, hotspot: &HotspotId) -> Result<(), CallbackReply> {
        self.0.check_key(hotspot).map_err(|_| CallbackReply {
            status: 429,
            body: "too many unsigned calls; send it again".to_owned(),
            retry_after_s: Some(RETRY_AFTER_S),
        })
    }
}

impl CallbackReply {
    fn plain(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            retry_after_s: None,
        }
    }

    fn not_now() -> Self {
        Self {
            status: 503,
            body: "the relay cannot store this now; send it again".to_owned(),
            retry_after_s: Some(RETRY_AFTER_S),
        }
    }
}

pub(super) async fn callback(relay: &Relay, request: CallbackRequest<'_>) -> CallbackReply {
    let directory = relay.store().directory();
    let place = match Place::find(&directory, &request) {
        Ok(place) => place,
        Err(reply) => return reply,
    };
    // CinetPay tests the address with a bare GET before it uses it.
    if request.method != http::Method::POST {
        return CallbackReply::plain(200, "ok");
    }
    let params = MikParams::read(request.headers, request.query);
    let believed = match believe(relay, &place, &request, &params).await {
        Ok(believed) => believed,
        Err(Disbelief::Refused(refusal)) => return refuse(relay, &place, &refusal),
        Err(Disbelief::Store(error)) => return unstored(&error),
    };
    if believed.proof == Proof::Hint
        && let Err(reply) = relay.0.hints.check(&place.hotspot.id)
    {
        return reply;
    }
    // Only those who proved themselves are made way for.
    let _arrival = relay.0.arriving.enter();
    let sender = Sender {
        gateway: place.gateway,
        hotspot: place.hotspot.id.clone(),
        account: believed.account,
        proof: believed.proof,
    };
    match store(relay, &sender, &request, params).await {
        Ok(_) => CallbackReply::plain(200, "ok"),
        Err(error) => unstored(&error),
    }
}

/// Which hotspot and accounts a callback's path means.
struct Place<'a> {
    gateway: GatewayName,
    hotspot: &'a Hotspot,
    router: &'a Router,
    accounts: Vec<&'a Account>,
}

impl<'a> Place<'a> {
    fn find(directory: &'a Directory, request: &CallbackRequest<'_>) -> Result<Self, CallbackReply> {
        let gateway = GatewayName::from_text(&request.gateway.to_ascii_lowercase()).ok_or_else(|| {
            CallbackReply::plain(
                404,
                "unknown gateway; the path is /pay_callback/{fedapay|cinetpay|feexpay|conekta|mercadopago}/<server>",
            )
        })?;
        let no_hotspot = || {
            CallbackReply::plain(
                404,
                "unknown server; the last part of the path must be a hotspot's `label` of the business file",
            )
        };
        let hotspot = directory.hotspot_by_label(request.label).ok_or_else(no_hotspot)?;
        let router = directory.router_of(hotspot).ok_or_else(no_hotspot)?;
        let accounts = directory.accounts_at(&router.company, gateway);
        if accounts.is_empty() {
            let hint = format!("the company of this hotspot has no {} account", gateway.title());
            return Err(CallbackReply::plain(404, hint));
        }
        Ok(Self {
            gateway,
            hotspot,
            router,
            accounts,
        })
    }
}

/// A sender that was believed, for the account that believed him.
struct Believed<'a> {
    account: &'a Account,
    proof: Proof,
}

enum Disbelief {
    Refused(Refusal),
    Store(StoreError),
}

/// Tries the accounts one after the other; the first that believes the call has it.
async fn believe<'a>(
    relay: &Relay,
    place: &Place<'a>,
    request: &CallbackRequest<'_>,
    params: &MikParams,
) -> Result<Believed<'a>, Disbelief> {
    let incoming = Incoming {
        headers: request.headers,
        query: request.query,
        body: &request.body,
    };
    let (mut refusal, mut hint) = (None, None);
    for &account in &place.accounts {
        match gateway::of(account).authenticate(account, incoming, relay.now()) {
            Ok(Authenticity::Signed) => {
                return Ok(Believed {
                    account,
                    proof: Proof::Signed,
                });
            }
            Ok(Authenticity::Token { order, token }) => {
                if is_token_of(relay, order, token.expose_secret())
                    .await
                    .map_err(Disbelief::Store)?
                {
                    return Ok(Believed {
                        account,
                        proof: Proof::Signed,
                    });
                }
                refusal.get_or_insert(Refusal::Wrong);
            }
            Ok(Authenticity::Unsigned) => hint = hint.or(Some(account)),
            // A stale but genuine signature tells the operator more than a wrong one.
            Err(stale @ Refusal::OutsideTolerance { .. }) => refusal = Some(stale),
            Err(other) => {
                refusal.get_or_insert(other);
            }
        }
    }
    match hint {
        Some(account) if has_access(place.router, params) => Ok(Believed {
            account,
            proof: Proof::Hint,
        }),
        _ => Err(Disbelief::Refused(refusal.unwrap_or(Refusal::Missing))),
    }
}

/// CinetPay v1: whether `token` is the one its create call answered for this order.
async fn is_token_of(relay: &Relay, order: crate::ids::OrderRef, token: &str) -> Result<bool, StoreError> {
    let stored = relay
        .store()
        .read(move |db| Ok(db.order(&order)?.and_then(|order| order.notify_token)))
        .await?;
    let stored = stored.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    Ok(!stored.is_empty() && verify_slices_are_equal(stored.as_bytes(), token.as_bytes()).is_ok())
}

/// An unsigned call is heard only if it shows the router's access UUID.
fn has_access(router: &Router, params: &MikParams) -> bool {
    let shown = params.access_uuid.as_deref().unwrap_or_default().to_ascii_lowercase();
    let known = router.access_uuid.to_ascii_lowercase();
    !known.is_empty() && verify_slices_are_equal(shown.as_bytes(), known.as_bytes()).is_ok()
}

/// Who sent an event, and which hotspot's webhook was called.
pub(super) struct Sender<'a> {
    pub gateway: GatewayName,
    pub hotspot: HotspotId,
    pub account: &'a Account,
    pub proof: Proof,
}

/// Stores an event with the job to settle it.
pub(super) async fn store(
    relay: &Relay,
    sender: &Sender<'_>,
    request: &CallbackRequest<'_>,
    params: MikParams,
) -> Result<Stored, StoreError> {
    let adapter = gateway::of(sender.account);
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let query = own_query(adapter.query_names(), request.query);
    let told = Told {
        query: &query,
        body: &request.body,
    };
    let event = NewEvent {
        gateway: sender.gateway,
        account: sender.account.id.clone(),
        hotspot: sender.hotspot.clone(),
        proof: sender.proof,
        // One account calls every hotspot's webhook with each event, and only one of them is the right one.
        key: format!("{}/{}", sender.hotspot, adapter.event_key(told)),
        query: query.clone(),
        body: request.body.clone(),
        content_type: content_type.map(ToOwned::to_owned),
        params,
        received_at: relay.now(),
    };
    let event = relay.store().seal_event(event)?;
    let stored = relay.store().write_repeatable(move |db| insert(db, &event)).await?;
    match stored {
        // In a rush the last ones wake the runner, for all; and it looks around by itself.
        Stored::New(_) | Stored::Duplicate(_) if relay.0.arriving.is_rush() => {}
        Stored::New(_) | Stored::Duplicate(_) => relay.wake(&Lane::Account(sender.account.id.clone())),
        Stored::Conflict(id) => {
            tracing::warn!(event = %id, "event {id} came again with other bytes; the first were kept");
        }
    }
    Ok(stored)
}

/// The parameters that are the gateway's own. All others stay out of the store: they may hold a router's password.
pub(super) fn own_query(names: &[&str], query: Option<&str>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut own = form_urlencoded::Serializer::new(String::new());
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let known = pairs.filter(|(name, value)| names.contains(&&**name) && value.len() <= OWN_VALUE_MAX_BYTES);
    own.extend_pairs(known.take(names.len()));
    own.finish()
}

/// The event and the job to settle it, in one commit.
fn insert(db: &Db<'_>, event: &SealedEvent) -> Result<Stored, StoreError> {
    let stored = db.insert_event(event)?;
    let again = match stored {
        Stored::New(id) => Some(id),
        Stored::Duplicate(id) if is_still_unpaid(db, id)? => {
            db.reopen_event(id)?;
            Some(id)
        }
        Stored::Duplicate(_) | Stored::Conflict(_) => None,
    };
    if let Some(id) = again {
        db.add_job(&NewJob {
            task: Task::Settle(id),
            lane: Lane::Account(event.event().account.clone()),
            due_at: event.event().received_at,
        })?;
    }
    Ok(stored)
}

/// Whether an event that was seen before may mean something new: some gateways say "something happened" in
/// the same bytes for a failure and for the success after it.
fn is_still_unpaid(db: &Db<'_>, event: EventId) -> Result<bool, StoreError> {
    let Some(order) = db.order_of_event(event)? else {
        return Ok(false);
    };
    Ok(db.order(&order)?.is_some_and(|order| order.state.awaits_money()))
}

fn refuse(relay: &Relay, place: &Place<'_>, refusal: &Refusal) -> CallbackReply {
    let count = relay
        .0
        .refusals
        .note(&place.hotspot.id, place.gateway, refusal, relay.now());
    // The first ones tell the operator what is wrong; a flood must not fill his disk.
    if count <= REFUSALS_LOGGED || count.is_multiple_of(REFUSALS_LOGGED) {
        tracing::warn!(gateway = place.gateway.as_str(), hotspot = %place.hotspot.id, count, "callback refused: {refusal}");
    }
    let body = match refusal {
        Refusal::OutsideTolerance { .. } => "the signature is too old or from the future",
        Refusal::Missing => "the signature is missing, and so is the router's access UUID",
        _ => "the signature is wrong; compare the webhook secret in the gateway's dashboard with the business file",
    };
    CallbackReply::plain(401, body)
}

fn unstored(error: &StoreError) -> CallbackReply {
    tracing::error!("a callback was answered 503 because it could not be stored: {error}");
    CallbackReply::not_now()
}

/// Gateways repeat after a minute or two at the most; sooner does not help a busy disk.
const RETRY_AFTER_S: u32 = 30;
/// More than any hotspot sells.
const HINTS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// What a gateway may have kept back during an outage.
const HINTS_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_999);
/// An id of a payment; the address as a whole is bounded by the server.
const OWN_VALUE_MAX_BYTES: usize = 256;
/// So many refusals are logged one by one, then one in as many.
const REFUSALS_LOGGED: u64 = 100;
/// More webhooks than this at one moment are a backlog that a gateway sends after an outage.
const RUSH: usize = 16;
/// Longer than a commit takes on a slow disk.
const RUSH_ECHO_MS: u64 = 100;
