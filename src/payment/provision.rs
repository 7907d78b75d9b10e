//! Makes an order's user exist on its router, exactly once. The voucher is drawn and stored before the
//! router hears of it; an answer that was lost is unknown, so the user is looked for before it is added again.

use rand::rngs::SysRng;
use secrecy::ExposeSecret;

use super::refund::wish;
use super::routers::{Loan, RouterFacts};
use super::{Outcome, Relay, links};
use crate::card::CardSale;
use crate::company::{Hotspot, MikhmonBatch, Router};
use crate::ids::OrderRef;
use crate::order::{Fact, Order, State};
use crate::plan::TimeLimit;
use crate::reason::Reason;
use crate::routeros::{NewUser, Retry, RouterError, TrapKind, UserRow};
use crate::store::StoreError;
use crate::voucher::{self, BatchNumber, Voucher};

/// Brings a paid order's user onto its router.
pub(super) async fn provision(relay: &Relay, reference: &OrderRef) -> Result<Outcome, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(Outcome::Done);
    };
    if !work.order.state.wants_user() {
        return Ok(Outcome::Done);
    }
    if work.order.link.is_some() {
        return links::fulfil(relay, reference).await;
    }
    match make_user(relay, &work).await {
        Ok(()) => {
            record(
                relay,
                reference.clone(),
                Fact::Provisioned,
                "the user exists on the router",
            )
            .await
        }
        Err(Trouble::Store(error)) => Err(error),
        Err(Trouble::Operator(reason)) => stick(relay, reference.clone(), reason).await,
        Err(Trouble::Router(error)) => give_up_for_now(relay, &work, error).await,
        Err(Trouble::Crowded) => Ok(later(
            PERMANENT_RETRY,
            "every drawn name was taken; make the codes longer",
        )),
        Err(Trouble::NoRandomness) => Ok(later(PERMANENT_RETRY, "the operating system gives no random bytes")),
        Err(Trouble::Overtaken) => Ok(later(jiff::SignedDuration::ZERO, "the order changed meanwhile")),
    }
}

/// Takes the rights of a refunded order's user away: disabled, logged off, and no device of his comes back by itself.
pub(super) async fn disable(relay: &Relay, reference: &OrderRef) -> Result<Outcome, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(Outcome::Done);
    };
    let Some(voucher) = work.order.voucher.clone() else {
        return Ok(Outcome::Done);
    };
    // The wish for a refund was taken back meanwhile.
    if !work.order.state.forbids_user() {
        return Ok(Outcome::Done);
    }
    match disable_user(relay, &work, &voucher).await {
        Ok(()) => {
            let line = reference.clone();
            relay
                .change(move |change| {
                    change.note(&line, "its user is disabled on the router")?;
                    wish::withdrawn(change, &line)
                })
                .await?;
            Ok(Outcome::Done)
        }
        Err(Trouble::Router(error)) => Ok(down_or_later(&error)),
        Err(Trouble::Operator(reason)) => Ok(later(PERMANENT_RETRY, &reason.to_string())),
        Err(Trouble::Store(error)) => Err(error),
        Err(Trouble::Crowded | Trouble::NoRandomness | Trouble::Overtaken) => Ok(Outcome::Done),
    }
}

/// Takes the user away that was reserved for an order which came to nothing. Money that comes later makes it anew.
pub(super) async fn unreserve(relay: &Relay, reference: &OrderRef) -> Result<Outcome, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(Outcome::Done);
    };
    let is_over = matches!(work.order.state, State::Failed | State::Expired | State::Cancelled);
    let Some(voucher) = work.order.voucher.clone().filter(|_| is_over) else {
        return Ok(Outcome::Done);
    };
    match remove_user(relay, &work, &voucher).await {
        Ok(()) => {
            let line = reference.clone();
            relay
                .change(move |change| change.note(&line, "no user is kept for it on the router"))
                .await?;
            Ok(Outcome::Done)
        }
        Err(Trouble::Router(error)) => Ok(down_or_later(&error)),
        Err(Trouble::Operator(reason)) => Ok(later(PERMANENT_RETRY, &reason.to_string())),
        Err(Trouble::Store(error)) => Err(error),
        Err(Trouble::Crowded | Trouble::NoRandomness | Trouble::Overtaken) => Ok(Outcome::Done),
    }
}

/// An order with the hotspot and router it belongs to.
pub(super) struct Work {
    pub order: Order,
    pub hotspot: Hotspot,
    pub router: Router,
}

impl Work {
    pub async fn load(relay: &Relay, reference: &OrderRef) -> Result<Option<Self>, StoreError> {
        let wanted = reference.clone();
        let Some(order) = relay.store().read(move |db| db.order(&wanted)).await? else {
            return Ok(None);
        };
        let mut place = Self::place(relay, &order);
        if place.as_ref().is_some_and(|(_, router)| router.credentials.is_none()) {
            // The call that brought the money may have brought the credentials with it, a moment ago.
            relay.store().refresh_directory().await?;
            place = Self::place(relay, &order);
        }
        Ok(place.map(|(hotspot, router)| Self { order, hotspot, router }))
    }

    fn place(relay: &Relay, order: &Order) -> Option<(Hotspot, Router)> {
        let directory = relay.store().directory();
        let hotspot = directory.hotspots.get(&order.hotspot)?;
        let router = directory.router_of(hotspot)?;
        Some((hotspot.clone(), router.clone()))
    }

    /// The RouterOS server the user is for: what the callback named, else the hotspot's own.
    pub fn server(&self) -> &str {
        self.order.params.server.as_deref().unwrap_or(&self.hotspot.name)
    }

    pub async fn session(&self, relay: &Relay) -> Result<Loan, Trouble> {
        let credentials = self.router.credentials.as_ref().ok_or_else(|| {
            Trouble::Operator(Reason::RouterWithoutLogin {
                router: self.router.id.clone(),
            })
        })?;
        relay
            .0
            .routers
            .lend(&self.router, credentials)
            .await
            .map_err(Trouble::Router)
    }
}

/// Why a job for a router could not be finished.
pub(super) enum Trouble {
    Router(RouterError),
    /// Only a person can help.
    Operator(Reason),
    Store(StoreError),
    /// So many drawn names in a row were taken.
    Crowded,
    /// The operating system gives no random bytes.
    NoRandomness,
    /// A callback named another server since the order was read, or its money is to go back.
    Overtaken,
}

impl From<RouterError> for Trouble {
    fn from(error: RouterError) -> Self {
        Self::Router(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn make_user(relay: &Relay, work: &Work) -> Result<(), Trouble> {
    let mut loan = work.session(relay).await?;
    let result = make_user_on(relay, work, &mut loan).await;
    if let Err(Trouble::Router(error)) = &result
        && !matches!(error, RouterError::Trap(_))
    {
        loan.discard();
    }
    result
}

async fn make_user_on(relay: &Relay, work: &Work, loan: &mut Loan) -> Result<(), Trouble> {
    let facts = checked_facts(work, loan).await?;
    let (mut voucher, mut known) = match &work.order.voucher {
        Some(voucher) => (voucher.clone(), true),
        None => (draw(relay, work, &facts, loan, State::wants_user).await?, false),
    };
    for _ in 0..NAMES_TRIED {
        // A stored voucher may have reached the router before a crash or a lost answer.
        if known {
            match find(work, loan, &voucher).await? {
                Some(row) if is_ours(work, &voucher, &row) => {
                    // Taken away for a refund that did not come.
                    if row.disabled {
                        loan.session()?.enable_user(&row.id).await?;
                    }
                    return Ok(());
                }
                Some(_) => voucher = draw(relay, work, &facts, loan, State::wants_user).await?,
                None => {}
            }
        }
        match loan.session()?.add_user(&new_user(work, &voucher)).await {
            Err(RouterError::Trap(trap)) if trap.kind == TrapKind::AlreadyExists => known = true,
            result => return Ok(result?),
        }
    }
    Err(Trouble::Crowded)
}

/// The router's facts, once profile and server are known to be there.
pub(super) async fn checked_facts(work: &Work, loan: &mut Loan) -> Result<RouterFacts, Trouble> {
    let cached = loan.facts(false).await?;
    let facts = if misses(work, &cached).is_some() {
        loan.facts(true).await?
    } else {
        cached
    };
    match misses(work, &facts) {
        Some(reason) => Err(Trouble::Operator(reason)),
        None => Ok(facts),
    }
}

fn misses(work: &Work, facts: &RouterFacts) -> Option<Reason> {
    if !facts.profiles.contains(&work.order.plan.profile) {
        return Some(profile_missing(work));
    }
    let server = work.server();
    let has_server = server == Hotspot::ANY_SERVER || facts.servers.iter().any(|name| name == server);
    (!has_server).then(|| server_missing(work))
}

fn profile_missing(work: &Work) -> Reason {
    Reason::ProfileMissing {
        router: work.router.id.clone(),
        profile: work.order.plan.profile.clone(),
    }
}

fn server_missing(work: &Work) -> Reason {
    let (router, server) = (work.router.id.clone(), work.server().to_owned());
    if work.order.params.server.is_none() {
        return Reason::ServerMissing { router, server };
    }
    Reason::CallbackServerMissing {
        router,
        server,
        own: work.hotspot.name.clone(),
    }
}

/// Draws a voucher and stores it with the order, before the router hears of it; only while the order `is_wanted`.
pub(super) async fn draw(
    relay: &Relay,
    work: &Work,
    facts: &RouterFacts,
    loan: &mut Loan,
    is_wanted: fn(State) -> bool,
) -> Result<Voucher, Trouble> {
    let wanted = work.order.reference.clone();
    let sale = relay.store().read(move |db| db.card_sale(&wanted)).await?;
    let voucher = draw_unlike_others(work, facts, loan, sale.as_ref()).await?;
    let (reference, stored) = (work.order.reference.clone(), voucher.clone());
    let server = work.order.params.server.clone();
    let is_drawn = relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(false);
            };
            // From here on the settings are fixed. A user is looked for by name and server, so the server that
            // the next try will know must be the one that this try uses.
            if order.params.server != server || !is_wanted(order.state) {
                return Ok(false);
            }
            order.voucher = Some(stored);
            change.db.save_order(&order)?;
            change.note(&reference, "a voucher is drawn")?;
            Ok(true)
        })
        .await?;
    if is_drawn { Ok(voucher) } else { Err(Trouble::Overtaken) }
}

/// Draws a voucher whose name is no profile's, scheduler's or script's: Mikhmon's own script could not end such a user,
/// and deletes with him what is called like him (facts `mikhmon.md` 2.2 and 4).
async fn draw_unlike_others(
    work: &Work,
    facts: &RouterFacts,
    loan: &mut Loan,
    sale: Option<&CardSale>,
) -> Result<Voucher, Trouble> {
    let style = work.hotspot.style.with(&work.order.params);
    let mode = sale.map_or(style.mode, |sale| sale.wish.mode);
    let note = match work.hotspot.mikhmon.batch {
        MikhmonBatch::Day => "",
        MikhmonBatch::Sale => work.order.reference.as_str(),
    };
    let batch = BatchNumber::of(&work.hotspot.id, facts.clock.date);
    let comment = voucher::comment(mode, facts.clock.date, batch, note);
    for _ in 0..NAMES_TRIED {
        let drawn = match sale {
            Some(sale) => voucher::draw_for_portal(mode, &sale.wish.prefix, comment.clone(), &mut SysRng),
            None => Voucher::draw(&style, comment.clone(), &mut SysRng),
        };
        let voucher = drawn.map_err(|_| Trouble::NoRandomness)?;
        if !has_namesake(facts, loan, &voucher).await? {
            return Ok(voucher);
        }
    }
    Err(Trouble::Crowded)
}

/// Whether something else on the router that Mikhmon works with is called like the voucher's user.
pub(super) async fn has_namesake(facts: &RouterFacts, loan: &mut Loan, voucher: &Voucher) -> Result<bool, RouterError> {
    let name = voucher.username.expose_secret();
    Ok(facts.profiles.iter().any(|profile| profile == name) || loan.session()?.has_namesake(name).await?)
}

pub(super) async fn find(work: &Work, loan: &mut Loan, voucher: &Voucher) -> Result<Option<UserRow>, Trouble> {
    Ok(loan
        .session()?
        .user(voucher.username.expose_secret(), work.server())
        .await?)
}

/// Ours by the e-mail tag; where a router dropped it, by our comment or what Mikhmon writes over it at first login.
pub(super) fn is_ours(work: &Work, voucher: &Voucher, row: &UserRow) -> bool {
    match row.email.as_str() {
        "" => row.comment == voucher.comment || voucher::is_expiry_form(&row.comment),
        email => email == email_tag(&work.order.reference),
    }
}

/// The mark in the user's `email`, which Mikhmon never touches (facts `mikhmon.md` 5).
fn email_tag(reference: &OrderRef) -> String {
    format!("{}@{TAG_DOMAIN}", reference.as_str().to_ascii_lowercase())
}

/// The order whose mark a user's `email` is.
pub(super) fn reference_of_tag(email: &str) -> Option<OrderRef> {
    let reference = email.strip_suffix(TAG_DOMAIN)?.strip_suffix('@')?;
    (!reference.is_empty()).then(|| OrderRef::new(reference.to_ascii_uppercase()))
}

pub(super) fn new_user(work: &Work, voucher: &Voucher) -> NewUser {
    NewUser {
        server: work.server().to_owned(),
        name: voucher.username.clone(),
        password: voucher.password.clone(),
        profile: work.order.plan.profile.clone(),
        limit_uptime: sold_time(work.order.plan.time),
        limit_bytes_total: work.order.plan.data,
        comment: voucher.comment.clone(),
        email: email_tag(&work.order.reference),
        disabled: false,
    }
}

/// One second is how Mikhmon marks a user whose time is over (facts `mikhmon.md` 2.3); an old link may ask for it.
fn sold_time(time: TimeLimit) -> TimeLimit {
    if time.seconds == 1 {
        TimeLimit { seconds: 2 }
    } else {
        time
    }
}

async fn disable_user(relay: &Relay, work: &Work, voucher: &Voucher) -> Result<(), Trouble> {
    let mut loan = work.session(relay).await?;
    let result = async {
        if let Some(row) = find(work, &mut loan, voucher).await?
            && is_ours(work, voucher, &row)
        {
            loan.session()?.disable_user(&row.id).await?;
        }
        loan.session()?
            .remove_active_of(voucher.username.expose_secret())
            .await?;
        loan.session()?
            .remove_cookies_of(voucher.username.expose_secret())
            .await?;
        Ok(())
    }
    .await;
    if result.is_err() {
        loan.discard();
    }
    result
}

async fn remove_user(relay: &Relay, work: &Work, voucher: &Voucher) -> Result<(), Trouble> {
    let mut loan = work.session(relay).await?;
    let result = async {
        if let Some(row) = find(work, &mut loan, voucher).await?
            && is_ours(work, voucher, &row)
        {
            loan.session()?.remove_user(&row.id).await?;
        }
        Ok(())
    }
    .await;
    if result.is_err() {
        loan.discard();
    }
    result
}

async fn record(relay: &Relay, reference: OrderRef, fact: Fact, why: &'static str) -> Result<Outcome, StoreError> {
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            change.advance(&mut order, fact, why)
        })
        .await?;
    Ok(Outcome::Done)
}

/// Shows the operator what only he can mend. The job stays: the order goes on when the cause is gone.
async fn stick(relay: &Relay, reference: OrderRef, reason: Reason) -> Result<Outcome, StoreError> {
    let sentence = reason.to_string();
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            let why = reason.to_string();
            order.reason = Some(reason);
            change.advance(&mut order, Fact::Stuck, &why)
        })
        .await?;
    Ok(later(PERMANENT_RETRY, &sentence))
}

async fn give_up_for_now(relay: &Relay, work: &Work, error: RouterError) -> Result<Outcome, StoreError> {
    let reference = work.order.reference.clone();
    match error.retry() {
        Retry::AskOperator => {
            let reason = why_stuck(work, &error);
            let sentence = reason.to_string();
            stick(relay, reference, reason).await?;
            // A refused login or a peer that is no router is not this order's trouble: the whole lane waits.
            Ok(match error {
                RouterError::Trap(_) => later(PERMANENT_RETRY, &sentence),
                _ => Outcome::LaneDown { why: sentence },
            })
        }
        Retry::Later | Retry::Unknown => {
            tracing::info!(order = %reference, router = %work.router.id, "order {reference}: waits for router `{}`: {error}", work.router.id);
            Ok(down_or_later(&error))
        }
    }
}

/// Why only a person can help, after an error that does not go away by itself.
pub(super) fn why_stuck(work: &Work, error: &RouterError) -> Reason {
    let router = work.router.id.clone();
    match error {
        RouterError::LoginRefused(words) => Reason::RouterLoginRefused {
            router,
            words: words.clone(),
        },
        RouterError::Trap(trap) => match trap.kind {
            TrapKind::NotPermitted => Reason::RouterRightsMissing { router },
            TrapKind::NoSuchProfile => profile_missing(work),
            TrapKind::NoSuchServer => server_missing(work),
            _ => Reason::RouterRefuses {
                router,
                words: trap.words(),
            },
        },
        RouterError::Address(address) => Reason::RouterAddressUnusable {
            router,
            address: address.clone(),
        },
        RouterError::Tls(error) => Reason::RouterTlsFails {
            router,
            words: chain(error),
        },
        RouterError::Protocol(error) => Reason::RouterNotSpeakingApi {
            router,
            words: chain(error),
        },
        RouterError::NotSendable { field, .. } => Reason::ValueUnsendable {
            router,
            field: (*field).to_owned(),
        },
        RouterError::Answer { command, property } => Reason::RouterAnswerIncomplete {
            router,
            command: (*command).to_owned(),
            property: (*property).to_owned(),
        },
        other => Reason::RouterRefuses {
            router,
            words: chain(other),
        },
    }
}

/// An error with its causes: the outermost one only says that something failed.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A connection that fails stops the lane; a trap concerns this job alone.
pub(super) fn down_or_later(error: &RouterError) -> Outcome {
    match error {
        RouterError::Trap(_) => later(PERMANENT_RETRY, &error.to_string()),
        _ => Outcome::LaneDown { why: error.to_string() },
    }
}

fn later(after: jiff::SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after,
        why: why.to_owned(),
    }
}

/// Never a real address.
const TAG_DOMAIN: &str = "mikrelay.invalid";
/// Names drawn in a row before the style is called too short for the number of live vouchers.
pub(super) const NAMES_TRIED: usize = 8;
/// How often a thing only a person can mend is tried again, so that the order goes on soon after it.
const PERMANENT_RETRY: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
