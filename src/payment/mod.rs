//! The payment core: the only place where two outside systems meet. Files tell the way of a payment:
//! checkout, receive, settle, provision, online, deliver; reconcile asks about what heard nothing.

mod arrival;
mod change;
pub use change::lane_of;
pub mod checkout;
mod confirm;
mod deliver;
mod device;
mod hook_events;
pub mod hooks;
mod judge;
pub mod keys;
mod ledger;
pub mod link_fields;
pub mod links;
mod mikhmon;
pub mod offer;
mod online;
pub mod portal;
mod provision;
pub mod receive;
mod recheck;
mod reconcile;
pub mod reconnect;
pub mod recover;
pub mod refund;
mod refusals;
mod rests;
mod retention;
pub mod router_keys;
pub mod router_look;
mod routers;
mod settle;
pub mod shared_hook;
mod telegram;
mod unplaced;
mod upkeep;
pub mod view;
mod watch;
mod whose;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use tokio::sync::Notify;
use url::Url;

use crate::api_key::RouterKey;
use crate::clock::Clock;
use crate::company::{Account, Company, GatewayName, Hotspot, Router};
use crate::gateway::GatewayError;
use crate::gateway::call::Dialogue;
use crate::http_client::HttpClient;
use crate::http_client::outgoing::Outgoing;
use crate::ids::{CompanyId, OrderRef, OrderToken, RouterId};
use crate::job::{Job, Lane, Task};
use crate::notify::mail::Mailer;
use crate::router_watch::Presence;
use crate::routeros::{Active, Deadlines, UserProfile};
use crate::secrets::MasterKey;
use crate::secrets::tokens::Tokens;
use crate::store::{Store, StoreError};
use crate::telegram::{TelegramChat, TestFault};
use arrival::Place;
use change::Change;
use checkout::{LinkFault, LinkQuery, Offer, PlaceError, PlaceOrder, Placed};
use keys::Caller;
use link_fields::LinkFields;
use links::{LinkError, PlacedLink};
use portal::told::{PaymentTold, ToldError};
use portal::{CardWish, SaleError, Seller, Sold};
use receive::{CallbackReply, CallbackRequest};
use reconnect::info::{self, Info, InfoWish};
use reconnect::{Comeback, Reconnected, Trouble};
use recover::Recovered;
use router_keys::KeyFault;
use router_look::RouterTest;
use routers::Routers;
use shared_hook::Heard;
use view::{OrderView, Recovery};

/// Everything the way of a payment needs. Clones share it.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    parts: Parts,
    routers: Routers,
    wake: Wake,
    refusals: refusals::Refusals,
    hints: receive::Hints,
    arriving: receive::Arriving,
    arrivals: arrival::Arrivals,
    starting: links::Starting,
    looks: reconcile::Looks,
    watches: watch::Watches,
    tries: reconnect::Tries,
    flights: portal::Flights,
    router_tokens: Tokens,
    key_uses: router_keys::Uses,
    rests: rests::Rests,
    record_forms: mikhmon::Forms,
}

/// The lanes with new jobs, for a runner that sleeps. What is lost here is found by its next look.
#[derive(Default)]
struct Wake {
    lanes: Mutex<HashSet<Lane>>,
    /// Whose other end was seen to answer outside of any job.
    answering: Mutex<HashSet<Lane>>,
    signal: Notify,
}

impl Wake {
    fn lanes(&self) -> MutexGuard<'_, HashSet<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a relay is put together from.
pub struct Parts {
    pub store: Store,
    pub http: HttpClient,
    /// The way to addresses that clients gave us.
    pub outgoing: Outgoing,
    pub mailer: Mailer,
    pub clock: Clock,
    pub key: MasterKey,
    /// Where phones and gateways reach this relay.
    pub public_url: Url,
    /// Where Telegram's bots are served.
    pub telegram_url: Url,
    pub deadlines: Deadlines,
    /// Names of the secrets that sign keys and sessions, from newest to oldest.
    pub token_secrets: Vec<String>,
}

/// What running a job came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Try this job again after a while; others of its lane may go on.
    Later {
        after: SignedDuration,
        why: String,
    },
    /// The lane's other end does not answer: nothing of the lane makes sense now.
    LaneDown {
        why: String,
    },
}

impl Relay {
    pub fn new(parts: Parts) -> Self {
        let routers = Routers::new(parts.deadlines);
        let router_tokens = router_keys::tokens(&parts.key, &parts.token_secrets);
        Self(Arc::new(Inner {
            parts,
            routers,
            wake: Wake::default(),
            refusals: refusals::Refusals::default(),
            hints: receive::Hints::default(),
            arriving: receive::Arriving::default(),
            arrivals: arrival::Arrivals::default(),
            starting: links::Starting::default(),
            looks: reconcile::Looks::default(),
            watches: watch::Watches::default(),
            tries: reconnect::Tries::default(),
            flights: portal::Flights::default(),
            router_tokens,
            key_uses: router_keys::Uses::default(),
            rests: rests::Rests::default(),
            record_forms: mikhmon::Forms::default(),
        }))
    }

    /// What a link offers. Changes nothing.
    pub fn offer(&self, link: &LinkQuery) -> Result<Offer, LinkFault> {
        offer::offer(&self.store().directory(), link)
    }

    /// Makes the order of a buy page's button and asks the gateway to collect.
    pub async fn place(&self, order: PlaceOrder) -> Result<Placed, PlaceError> {
        checkout::place(self, order).await
    }

    /// The company whose key a program showed.
    pub async fn caller_of(&self, key: SecretString) -> Result<Option<Caller>, StoreError> {
        keys::caller_of(self, key).await
    }

    /// The router whose key a portal showed. Costs no I/O.
    pub fn router_key(&self, shown: &str) -> Result<Arc<RouterKey>, KeyFault> {
        router_keys::caller(self, shown)
    }

    /// What signs the keys of routers.
    pub fn router_tokens(&self) -> &Tokens {
        &self.0.router_tokens
    }

    /// Writes down how often keys of routers were used since the last time.
    pub async fn write_key_uses(&self) -> Result<(), StoreError> {
        router_keys::write_uses(self).await
    }

    /// Writes down how many callbacks were not believed since the last time.
    pub async fn write_refusals(&self) -> Result<(), StoreError> {
        refusals::write(self).await
    }

    /// The company whose account's private key a program showed.
    pub fn account_holder(&self, gateway: GatewayName, key: &SecretString) -> Option<Caller> {
        keys::account_holder(&self.store().directory(), gateway, key)
    }

    /// Makes a payment by link, or finds the one that the same request made.
    pub async fn pay_by_link(
        &self,
        caller: &Caller,
        fields: &LinkFields,
        idempotency_key: Option<&str>,
    ) -> Result<PlacedLink, LinkError> {
        links::pay(self, caller, fields, idempotency_key).await
    }

    /// Sells by card token, or finds the sale that the same request made.
    pub async fn sell(&self, seller: &Seller, wish: CardWish) -> Result<Sold, SaleError> {
        portal::sell(self, seller, wish).await
    }

    /// What the gateway says now of a payment of this company; `None` where the company has no such payment.
    pub async fn payment_told(&self, company: &CompanyId, payment: &str) -> Result<Option<PaymentTold>, ToldError> {
        portal::told::payment(self, company, payment).await
    }

    /// A webhook.
    pub async fn callback(&self, request: CallbackRequest<'_>) -> CallbackReply {
        receive::callback(self, request).await
    }

    /// A webhook to an address that all companies share.
    pub async fn hear_shared(
        &self,
        gateway: GatewayName,
        headers: &HeaderMap,
        query: Option<&str>,
        body: Bytes,
    ) -> Heard {
        shared_hook::hear(self, gateway, headers, query, body).await
    }

    /// An order as it stands.
    pub async fn order_view(&self, token: &OrderToken) -> Result<Option<OrderView>, StoreError> {
        view::order_view(self, token).await
    }

    /// The same for somebody who opens the page: an order that waits for money is asked about at once, now and then.
    pub async fn open_order(&self, token: &OrderToken) -> Result<Option<OrderView>, StoreError> {
        view::open_order(self, token).await
    }

    /// The session that a delivered order's phone has on the router now, with its id; `None` also where the router
    /// does not say in a few seconds.
    pub async fn session_of(&self, order: &OrderRef) -> Result<Option<Active>, StoreError> {
        online::session_of(self, order).await
    }

    /// Lets a phone back in with the code it bought.
    pub async fn reconnect(&self, router: &RouterId, wish: &Comeback) -> Reconnected {
        reconnect::reconnect(self, router, wish).await
    }

    /// What a customer's code is good for, told to whoever knows its password.
    pub async fn account_info(&self, router: &RouterId, wish: &InfoWish) -> Info {
        info::look(self, router, wish).await
    }

    /// Whether the router answers.
    pub async fn router_answers(&self, router: &RouterId) -> Result<(), Trouble> {
        router_look::answers(self, router).await
    }

    /// Connects to the router as a sale would, on a connection of its own.
    pub async fn test_router(&self, router: &RouterId) -> Result<RouterTest, Trouble> {
        router_look::test(self, router).await
    }

    /// The router's user profiles, as it has them now.
    pub async fn router_profiles(&self, router: &RouterId) -> Result<Vec<UserProfile>, Trouble> {
        router_look::profiles(self, router).await
    }

    /// The order a reference and a second fact (or the device cookie) lead to.
    pub async fn recover(&self, recovery: Recovery) -> Result<Recovered, StoreError> {
        recover::recover(self, recovery).await
    }

    /// The device cookie's new value once this order was bought on it; `old` is what the browser sent.
    pub fn sign_device(&self, order: &OrderRef, old: Option<&str>) -> String {
        recover::sign_device(&self.0.parts.key, order, old)
    }

    /// A place in the line of arrival for a claimed event, to be held while its job runs.
    pub fn line_up(&self, job: &Job) -> Option<Place> {
        self.0.arrivals.line_up(job)
    }

    /// Runs one claimed job. Every step can run twice without harm.
    pub async fn run(&self, job: &Job) -> Result<Outcome, StoreError> {
        match &job.task {
            Task::Settle(event) => settle::settle(self, *event, job).await,
            // Boxed: what waits for routers and mail servers holds much, and settling must not carry its size.
            Task::Reconcile(order) => Box::pin(reconcile::ask(self, order, job)).await,
            Task::Provision(order) => Box::pin(provision::provision(self, order)).await,
            Task::LogIn(order) => Box::pin(online::log_in(self, order, job)).await,
            Task::Disable(order) => Box::pin(provision::disable(self, order)).await,
            Task::Unreserve(order) => Box::pin(provision::unreserve(self, order)).await,
            Task::Mail(message) => Box::pin(deliver::send(self, *message, job)).await,
            Task::Telegram(notice) => Box::pin(telegram::send(self, *notice, job)).await,
            Task::Hook(hook) => Box::pin(hooks::deliver(self, *hook)).await,
            Task::Ledger(account) => Box::pin(ledger::compare(self, account, job)).await,
            Task::LedgerMail(company) => Box::pin(ledger::tell(self, company)).await,
            Task::Watch(router) => Box::pin(watch::look(self, router)).await,
            Task::EventMail(company) => Box::pin(unplaced::tell(self, company)).await,
            Task::Housekeeping => Box::pin(retention::clean(self)).await,
            Task::Refund(refund) => Box::pin(refund::run(self, *refund, job)).await,
            Task::SaleRecord(order) => Box::pin(mikhmon::write_record(self, order, job)).await,
            Task::Validity(router) => Box::pin(mikhmon::validity::look(self, router)).await,
            Task::Recheck(account) => Box::pin(recheck::recheck(self, account, job)).await,
        }
    }

    /// Wishes for the refunds that accounts' policies ask for by now, and reminds of those that stay open.
    pub async fn follow_refund_policies(&self) -> Result<(), StoreError> {
        refund::wish::follow_policies(self).await?;
        refund::remind::remind(self).await
    }

    /// Sees to it that every daily job has its row: for new accounts, and after an update.
    pub async fn plan_daily_work(&self) -> Result<(), StoreError> {
        upkeep::plan(self).await?;
        watch::plan(self).await
    }

    /// What a lane saw of its router. Decides, slowly, whether it came or went, and tells who wants to know.
    pub async fn see_router(&self, router: &RouterId, seen: Presence) -> Result<(), StoreError> {
        watch::see(self, router, seen).await
    }

    fn watches(&self) -> &watch::Watches {
        &self.0.watches
    }

    fn routers(&self) -> &Routers {
        &self.0.routers
    }

    /// Whether the store takes writes.
    pub fn healthy(&self) -> bool {
        self.store().healthy()
    }

    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// Whether so many webhooks are being taken in that other work should let them pass.
    pub fn is_rushed(&self) -> bool {
        self.0.arriving.was_rush()
    }

    /// Resolves when new jobs were committed, and says in which lanes.
    pub async fn woken(&self) -> HashSet<Lane> {
        loop {
            let lanes = std::mem::take(&mut *self.0.wake.lanes());
            if !lanes.is_empty() {
                return lanes;
            }
            self.0.wake.signal.notified().await;
        }
    }

    /// Tells a waiting runner that a lane has a new job.
    fn wake(&self, lane: &Lane) {
        let mut lanes = self.0.wake.lanes();
        if !lanes.contains(lane) {
            lanes.insert(lane.clone());
            self.0.wake.signal.notify_one();
        }
    }

    /// A router was just asked for something and answered: its lane need not wait any longer.
    fn lane_answers(&self, lane: Lane) {
        let mut answering = self.0.wake.answering.lock().unwrap_or_else(PoisonError::into_inner);
        answering.insert(lane);
    }

    /// Whether the other end of a lane was seen to answer since this was asked last.
    pub fn has_answered(&self, lane: &Lane) -> bool {
        let mut answering = self.0.wake.answering.lock().unwrap_or_else(PoisonError::into_inner);
        answering.remove(lane)
    }

    /// Ends the API sessions with a proper goodbye.
    pub async fn hang_up(&self) {
        self.0.routers.close_all().await;
    }

    pub fn public_url(&self) -> &Url {
        &self.0.parts.public_url
    }

    /// Sends the test message with this bot to this chat, now.
    pub async fn test_telegram(&self, company: &Company, chat: &TelegramChat) -> Result<(), TestFault> {
        telegram::test(self, company, chat).await
    }

    fn telegram_url(&self) -> &Url {
        &self.0.parts.telegram_url
    }

    fn http(&self) -> &HttpClient {
        &self.0.parts.http
    }

    /// Has a conversation with an account's gateway, unless that wants to be left alone now.
    async fn converse<T>(&self, account: &Account, dialogue: Dialogue<T>) -> Result<T, GatewayError> {
        self.0.rests.check(&account.id, self.now())?;
        let result = self.0.parts.http.converse(dialogue).await;
        if let Err(error) = &result {
            self.0.rests.heard(&account.id, self.now(), error);
        }
        result
    }

    fn outgoing(&self) -> &Outgoing {
        &self.0.parts.outgoing
    }

    /// The address of an order's page.
    fn page_url(&self, token: &OrderToken) -> String {
        format!("{}/o/{token}", self.base())
    }

    /// The callback a gateway is told: short, and with the access UUID that lets an unsigned call be heard.
    fn notify_url(&self, gateway: GatewayName, hotspot: &Hotspot, router: &Router) -> String {
        let label = utf8_percent_encode(&hotspot.label, NON_ALPHANUMERIC);
        format!(
            "{}/pay_callback/{}/{label}?k={}",
            self.base(),
            gateway.as_str(),
            router.access_uuid
        )
    }

    fn base(&self) -> &str {
        self.0.parts.public_url.as_str().trim_end_matches('/')
    }

    /// The order page's token for a form rendered with this nonce: the same form twice is one order.
    fn token_of_form(&self, nonce: &str) -> OrderToken {
        OrderToken::new(self.0.parts.key.sign("order form", nonce.as_bytes()))
    }

    /// Runs a change as one commit; then logs its lines and wakes the runner.
    async fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (directory, now) = (self.store().directory(), self.now());
        let write = move |db: &crate::store::Db<'_>| {
            let mut change = Change {
                db,
                directory: &directory,
                now,
                lines: Vec::new(),
                lanes: HashSet::new(),
            };
            let value = act(&mut change)?;
            Ok((value, change.lines, change.lanes))
        };
        let (value, lines, lanes) = self.store().write(write).await?;
        self.changed(&lines, &lanes);
        Ok(value)
    }

    fn changed(&self, lines: &[(OrderRef, String)], lanes: &HashSet<Lane>) {
        for (order, sentence) in lines {
            tracing::info!(order = %order, "order {order}: {sentence}");
            self.0.flights.moved(order);
        }
        for lane in lanes {
            self.wake(lane);
        }
    }
}
