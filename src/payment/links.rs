//! Payments by link (`POST /pagos`): an order without a hotspot user. It is stored before the gateway hears of it and
//! goes the way of every order: journal, re-check, comparison, reconciler; where others get a voucher, its result is
//! told to the program that asked. Asking twice is one order, and a lost answer of the gateway is unknown, not failed.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::SignedDuration;
use serde_json::Value;

use super::change::Change;
use super::checkout::{self, Contact};
use super::keys::Caller;
use super::link_fields::{self, FieldFault, LinkFields, LinkWish, Unfit};
use super::settle::{self, Source};
use super::{Outcome, Relay};
use crate::company::{GatewayName, Router};
use crate::gateway::{self, GatewayError, PayMethod, PaymentKey, PaymentStatus, Started};
use crate::ids::OrderRef;
use crate::mik_params::MikParams;
use crate::order::{Buyer, Fact, Online, Order, PlanSnapshot, State};
use crate::plan::{DataLimit, TimeLimit};
use crate::secrets;
use crate::store::{Db, LinkRequest, StoreError};

/// A payment that was asked for, now or before.
#[derive(Clone, Debug)]
pub struct PlacedLink {
    pub order: Order,
    pub gateway: GatewayName,
    /// The gateway's own answer, where its adapter passes it on; without our callback address.
    pub raw: Option<Value>,
    /// Where the buyer pays: the gateway's page, or ours.
    pub checkout_url: String,
    /// The order's page.
    pub page_url: String,
    pub standing: Standing,
}

/// Whether the gateway has taken the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Taken,
    /// It did not answer: the relay goes on asking, and so may the program.
    Unknown,
    /// It refused: the order's reason says why.
    Refused,
}

/// Why no payment was made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldFault>),
    #[error("the company has no hotspot, so gateways have no address to call; add one to the business file")]
    NoHotspot,
    #[error("this `Idempotency-Key` was used for another request")]
    KeyReused,
    #[error("the relay cannot store an order now")]
    Store(#[from] StoreError),
}

impl From<Unfit> for LinkError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Fields(faults) => Self::Fields(faults),
            Unfit::NoHotspot => Self::NoHotspot,
        }
    }
}

/// The orders about which a gateway is being asked to collect right now. A repeat waits for the first.
#[derive(Debug, Default)]
pub(super) struct Starting(Mutex<HashSet<OrderRef>>);

/// The place of one order among them, until it is dropped.
struct Start<'a> {
    all: &'a Starting,
    order: OrderRef,
}

impl Starting {
    /// `None` if another request has begun.
    fn enter(&self, order: &OrderRef) -> Option<Start<'_>> {
        self.orders().insert(order.clone()).then(|| Start {
            all: self,
            order: order.clone(),
        })
    }

    fn orders(&self) -> MutexGuard<'_, HashSet<OrderRef>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        self.all.orders().remove(&self.order);
    }
}

/// Makes the payment, or finds the one that was made for the same request.
pub(super) async fn pay(
    relay: &Relay,
    caller: &Caller,
    fields: &LinkFields,
    idempotency_key: Option<&str>,
) -> Result<PlacedLink, LinkError> {
    let wish = link_fields::read(&relay.store().directory(), relay.outgoing(), caller, fields)?;
    let order = new_order(relay, &wish);
    let request = LinkRequest {
        order: order.reference.clone(),
        company: order.company.clone(),
        account: order.account.clone(),
        reference_id: wish.link.reference_id.clone(),
        price: wish.price,
        idempotency_sha256: idempotency_key.map(|key| sha256(key.as_bytes())),
        request_sha256: fingerprint(&order, &wish),
        created_at: order.created_at,
    };
    // Taken before anybody can find the order.
    let _starting = relay.0.starting.enter(&order.reference);
    loop {
        match insert(relay, order.clone(), request.clone()).await? {
            Inserted::New => return start(relay, &order.reference, &wish).await,
            Inserted::KeyReused => return Err(LinkError::KeyReused),
            Inserted::Known(reference) => {
                if let Some(placed) = repeat(relay, reference, &wish).await? {
                    return Ok(placed);
                }
                // The earlier one was abandoned, and is not found again.
            }
        }
    }
}

fn new_order(relay: &Relay, wish: &LinkWish) -> Order {
    Order {
        reference: secrets::random_order_ref(),
        token: secrets::random_order_token(),
        company: wish.company.id.clone(),
        hotspot: wish.door.0.id.clone(),
        account: wish.account.id.clone(),
        mode: wish.account.mode,
        plan: PlanSnapshot {
            plan: None,
            label: wish.link.reference_id.clone(),
            profile: String::new(),
            price: wish.price,
            time: TimeLimit::default(),
            data: DataLimit::default(),
        },
        state: State::New,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer {
            language: wish.language,
            phone: wish.phone.clone(),
            email: wish.email.clone(),
            ..Buyer::default()
        },
        gateway_id: None,
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: None,
        link: Some(Box::new(wish.link.clone())),
        params: MikParams::default(),
        created_at: relay.now(),
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

/// All that makes one request another one.
fn fingerprint(order: &Order, wish: &LinkWish) -> [u8; 32] {
    let link = &wish.link;
    let parts = [
        Some(order.account.as_str()),
        Some(link.reference_id.as_str()),
        Some(order.plan.price.currency().code()),
        link.return_url.as_deref(),
        link.notification_url.as_deref(),
        link.first_name.as_deref(),
        link.last_name.as_deref(),
        wish.email.as_deref(),
        wish.phone.as_deref(),
        wish.network.as_deref(),
    ];
    let text = format!("{} {parts:?}", order.plan.price.minor());
    sha256(text.as_bytes())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut made = [0; 32];
    made.copy_from_slice(digest(&SHA256, bytes).as_ref());
    made
}

enum Inserted {
    New,
    Known(OrderRef),
    KeyReused,
}

/// Looks for an earlier request and stores the new order in one write, so that of two at once one finds the other.
async fn insert(relay: &Relay, order: Order, request: LinkRequest) -> Result<Inserted, StoreError> {
    relay
        .change(move |change: &mut Change<'_>| {
            let similar = change.db.similar_link_requests(&request, change.now - REPEATS_WITHIN)?;
            for earlier in similar {
                if request.idempotency_sha256.is_some() {
                    return Ok(if earlier.same {
                        Inserted::Known(earlier.order)
                    } else {
                        Inserted::KeyReused
                    });
                }
                let known = change.db.order(&earlier.order)?;
                if known.is_some_and(|known| is_alive(known.state)) {
                    return Ok(Inserted::Known(earlier.order));
                }
            }
            checkout::store_new(change, &order)?;
            change.db.add_link_request(&request)?;
            Ok(Inserted::New)
        })
        .await
}

/// Whether asking again means this order. What failed or was given back may be asked for anew.
fn is_alive(state: State) -> bool {
    !matches!(
        state,
        State::Failed | State::Expired | State::Cancelled | State::Refunded
    )
}

/// Asks the gateway to collect and keeps its answer. The caller holds the order's place in `Starting`.
async fn start(relay: &Relay, reference: &OrderRef, wish: &LinkWish) -> Result<PlacedLink, LinkError> {
    let order = load(relay, reference).await?;
    let started = match &wish.method {
        PayMethod::CheckoutJs { .. } => Ok(Started::default()),
        _ => {
            let contact = Contact {
                phone: wish.phone.clone(),
                email: wish.email.clone(),
                network: wish.network.clone(),
                otp: wish.otp.clone(),
            };
            let place = (&wish.door.0, &wish.door.1);
            let request = checkout::payment_request(
                relay,
                &order,
                wish.account.gateway(),
                &wish.company.country,
                place,
                contact,
            );
            let adapter = gateway::of(&wish.account);
            relay
                .converse(&wish.account, adapter.start(&wish.account, &request))
                .await
        }
    };
    let raw = started.as_ref().ok().and_then(|started| started.raw.clone());
    checkout::record_start(relay, reference.clone(), wish.account.gateway(), started).await?;
    if let Some(raw) = raw {
        let (order, router) = (order, wish.door.1.clone());
        relay
            .store()
            .write(move |db| keep_answer(db, &order, &router, raw))
            .await?;
    }
    describe(relay, reference, wish.account.gateway()).await
}

/// Keeps what a gateway told of an order whose page was found later than it was asked for.
pub(super) fn keep_found(change: &Change<'_>, order: &Order, raw: &Value) -> Result<(), StoreError> {
    let hotspot = change.directory.hotspots.get(&order.hotspot);
    match hotspot.and_then(|hotspot| change.directory.router_of(hotspot)) {
        Some(router) => keep_answer(change.db, order, router, raw.clone()),
        None => Ok(()),
    }
}

/// With the program's own notification address where the gateway echoes ours, which holds the access UUID of a router.
fn keep_answer(db: &Db<'_>, order: &Order, router: &Router, mut raw: Value) -> Result<(), StoreError> {
    let theirs = order.link.as_ref().and_then(|link| link.notification_url.clone());
    replace_ours(&mut raw, router, &theirs.map_or(Value::Null, Value::String));
    let json = raw.to_string();
    if json.len() > LONGEST_ANSWER_BYTES {
        return Ok(());
    }
    db.keep_link_answer(&order.reference, &json)
}

/// The answer of the first request. Where the gateway's is not known, it is asked about the order before anything is
/// tried again. `None`: the order was abandoned.
async fn repeat(relay: &Relay, reference: OrderRef, wish: &LinkWish) -> Result<Option<PlacedLink>, LinkError> {
    for _ in 0..MOST_LOOKS {
        let Some(_place) = relay.0.starting.enter(&reference) else {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        };
        let wanted = reference.clone();
        if !relay.store().read(move |db| db.is_link_requested(&wanted)).await? {
            return Ok(None);
        }
        let order = load(relay, &reference).await?;
        if order.state != State::New || order.pay_url.is_some() {
            break;
        }
        match look_up(relay, &order, wish).await? {
            LookedUp::Known => break,
            LookedUp::Absent => return start(relay, &reference, wish).await.map(Some),
            LookedUp::Lost => {
                abandon(relay, reference).await?;
                return Ok(None);
            }
        }
    }
    describe(relay, &reference, wish.account.gateway()).await.map(Some)
}

/// What the gateway knows of an order whose first answer was lost.
enum LookedUp {
    /// All that can be known now.
    Known,
    /// Nothing: it may be asked to collect again.
    Absent,
    /// It has the payment and does not tell its page again: nobody has seen it, so nobody can pay there.
    Lost,
}

async fn look_up(relay: &Relay, order: &Order, wish: &LinkWish) -> Result<LookedUp, LinkError> {
    let (account, adapter) = (&wish.account, gateway::of(&wish.account));
    if !adapter.can_ask(account) {
        return Ok(LookedUp::Known);
    }
    let key = PaymentKey {
        order: order.reference.clone(),
        gateway_id: order.gateway_id.clone(),
        created_at: order.created_at,
    };
    let report = match relay.converse(account, adapter.ask(account, &key)).await {
        Ok(report) => report,
        Err(GatewayError::NotFound) => return Ok(LookedUp::Absent),
        Err(_) => return Ok(LookedUp::Known),
    };
    let (gateway_id, is_pending) = (report.gateway_id.clone(), report.status == PaymentStatus::Pending);
    settle::apply(relay, order.reference.clone(), report, Source::Question).await?;
    let order = load(relay, &order.reference).await?;
    if order.state != State::New || !is_pending {
        return Ok(LookedUp::Known);
    }
    if wish.method == PayMethod::Redirect {
        return Ok(LookedUp::Lost);
    }
    // The phone rings: that was all there was to hear.
    let started = Started {
        gateway_id,
        ..Started::default()
    };
    checkout::record_start(relay, order.reference, account.gateway(), Ok(started)).await?;
    Ok(LookedUp::Known)
}

/// Ends an order that nobody can pay and nobody has been told of, so that the same request makes a new one.
async fn abandon(relay: &Relay, reference: OrderRef) -> Result<(), StoreError> {
    relay
        .change(move |change| {
            change.db.forget_link_request(&reference)?;
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            if let Some(link) = &mut order.link {
                // The new order speaks for the request.
                link.notification_url = None;
            }
            let why = "its pay page was lost with the gateway's answer; a new order takes its place";
            change.advance(&mut order, Fact::Cancelled, why)
        })
        .await
}

async fn load(relay: &Relay, reference: &OrderRef) -> Result<Order, StoreError> {
    let wanted = reference.clone();
    let order = relay.store().read(move |db| db.order(&wanted)).await?;
    order.ok_or_else(|| StoreError::NotFound {
        what: "order",
        id: reference.to_string(),
    })
}

async fn describe(relay: &Relay, reference: &OrderRef, gateway: GatewayName) -> Result<PlacedLink, LinkError> {
    let order = load(relay, reference).await?;
    let wanted = reference.clone();
    let answer = relay.store().read(move |db| db.link_answer(&wanted)).await?;
    let page_url = relay.page_url(&order.token);
    let standing = match order.state {
        State::New if order.pay_url.is_none() => Standing::Unknown,
        State::Failed if order.pay_url.is_none() => Standing::Refused,
        _ => Standing::Taken,
    };
    Ok(PlacedLink {
        raw: answer.and_then(|json| serde_json::from_str(&json).ok()),
        checkout_url: order.pay_url.clone().unwrap_or_else(|| page_url.clone()),
        gateway,
        page_url,
        standing,
        order,
    })
}

fn replace_ours(value: &mut Value, router: &Router, theirs: &Value) {
    match value {
        Value::String(text) if text.contains(&router.access_uuid) || text.contains("/pay_callback/") => {
            *value = theirs.clone();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace_ours(value, router, theirs)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| replace_ours(value, router, theirs)),
        _ => {}
    }
}

/// What provisioning is for a payment by link: there is no user to make, and its result is told.
pub(super) async fn fulfil(relay: &Relay, reference: &OrderRef) -> Result<Outcome, StoreError> {
    let reference = reference.clone();
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            if !matches!(order.state, State::Paid | State::Stuck) {
                return Ok(());
            }
            change.advance(&mut order, Fact::Provisioned, "a payment by link needs no user")?;
            let told = order.link.as_ref().is_some_and(|link| link.notification_url.is_some());
            let why = if told {
                "its result is on the way to the one who asked"
            } else {
                "nobody asked to be told"
            };
            change.advance(&mut order, Fact::Delivered, why)
        })
        .await?;
    Ok(Outcome::Done)
}

/// Asking again within a day is the same request.
const REPEATS_WITHIN: SignedDuration = SignedDuration::from_hours(24);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A little more than a minute, which is what asking a gateway takes at the longest.
const MOST_LOOKS: usize = 650;
/// Gateways answer with a few KiB.
const LONGEST_ANSWER_BYTES: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::company::RouterTls;
    use crate::ids::{CompanyId, RouterId};

    #[test]
    fn our_callback_address_leaves_with_no_answer() {
        let router = Router {
            id: RouterId::new("r1"),
            company: CompanyId::new("plaza"),
            address: "10.0.0.1:8728".to_owned(),
            tls: RouterTls::Off,
            credentials: None,
            access_uuid: "61cd594b-2f01".to_owned(),
            card: crate::company::RouterCard::default(),
        };
        let mut raw = json!({
            "id": "1", "notification_url": "https://pay.example.net/pay_callback/mercadopago/h1?k=61cd594b-2f01",
            "deep": [{"url": "https://x.example/?k=61cd594b-2f01"}], "amount": 1550, "init_point": "https://mp.example/1",
        });
        replace_ours(&mut raw, &router, &json!("https://shop.example.net/hook"));
        assert_eq!(
            raw,
            json!({
                "id": "1", "notification_url": "https://shop.example.net/hook",
                "deep": [{"url": "https://shop.example.net/hook"}], "amount": 1550, "init_point": "https://mp.example/1",
            })
        );
    }

    #[test]
    fn a_place_is_held_once_and_given_back() {
        let (starting, order) = (Starting::default(), OrderRef::new("A"));
        let held = starting.enter(&order);
        assert!(held.is_some() && starting.enter(&order).is_none());
        drop(held);
        assert!(starting.enter(&order).is_some());
    }
}
