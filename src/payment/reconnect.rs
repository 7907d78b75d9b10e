//! Lets a customer's phone back in with the code it bought, also after it changed its MAC, and tells him about his
//! code. Facts: `pagos-hotspot-api.md` 6.1 and 8.3 to 8.4; its section 9 lists what must not happen here.
//!
//! Promises: nothing of a user is told or changed before his password was compared; guessing is counted; a user is
//! called expired only when the router answered that it does not know him or that he is used up; no answer holds a
//! password; a router that is silent costs its own callers a bounded time and nobody else any.

mod budget;
mod copies;
pub mod info;
mod password;
mod tries;

use std::net::IpAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use self::copies::Family;
use self::password::Held;
pub(super) use self::tries::Tries;
use super::Relay;
use super::device::{self, Device};
use super::routers::Loan;
use crate::company::Router;
use crate::ids::RouterId;
pub use crate::routeros::Active;
use crate::routeros::{Account, Host, RouterClock, RouterError, Session, TrapKind, normal_mac};
use crate::store::StoreError;
use crate::voucher;

/// A phone that wants to come back. No `Debug`: it holds a password.
pub struct Comeback {
    pub username: String,
    /// Empty for a PIN.
    pub password: SecretString,
    /// The MAC the phone had when it stored its code.
    pub stored_mac: Option<String>,
    pub current_mac: String,
    pub current_ip: Option<String>,
    /// Whose guesses are counted together.
    pub client: Option<IpAddr>,
}

/// What came of it.
#[derive(Debug)]
pub enum Reconnected {
    Online {
        session: Active,
        /// It was online before.
        already: bool,
    },
    /// The code is good, and the phone could not be logged in.
    NotOnline(NotOnline),
    Expired(Expired),
    /// Nothing is said about the user.
    Refused(Refused),
    /// Whether the user exists is not known.
    Trouble(Trouble),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOnline {
    /// The router does not see the phone.
    NoDevice,
    /// The user belongs to another device and cannot be moved.
    OtherDevice,
    /// Somebody else is online on this device.
    OtherUser,
    /// As many devices as the plan allows are online.
    Crowded,
    /// The router refuses for another reason.
    Refused,
    /// The router took the login and shows no session.
    NotSeen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    NoSuchUser,
    UsedUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    WrongPassword,
    /// The name is a MAC address: whoever hears the device would know it.
    MacName,
    Disabled,
    TooOften {
        wait_s: u32,
    },
}

/// Why a router could not be asked.
#[derive(Debug)]
pub enum Trouble {
    /// The key's router is gone, or nobody can log in to it yet.
    NoRouter,
    /// It did not finish in time.
    Late,
    /// The router does not show the user's password to our account (policy `sensitive`).
    PasswordHidden,
    Router(RouterError),
    Store(StoreError),
}

/// What can be said of a trouble to somebody who may have caused it: not what an address of an inner network answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    NotSetUp,
    NoAnswer,
    LoginRefused,
    PasswordHidden,
    /// A name or password that no router can have.
    Unfit,
    /// The router's own refusal.
    Refusal,
    Inside,
}

impl Trouble {
    pub fn kind(&self) -> TroubleKind {
        match self {
            Self::NoRouter => TroubleKind::NotSetUp,
            Self::Late => TroubleKind::NoAnswer,
            Self::PasswordHidden => TroubleKind::PasswordHidden,
            Self::Router(RouterError::LoginRefused(_)) => TroubleKind::LoginRefused,
            Self::Router(RouterError::NotSendable { .. }) => TroubleKind::Unfit,
            Self::Router(RouterError::Trap(_)) => TroubleKind::Refusal,
            Self::Router(_) => TroubleKind::NoAnswer,
            Self::Store(_) => TroubleKind::Inside,
        }
    }
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

/// Lets the phone back in.
pub(super) async fn reconnect(relay: &Relay, router: &RouterId, wish: &Comeback) -> Reconnected {
    if is_mac_shaped(&wish.username) {
        return Reconnected::Refused(Refused::MacName);
    }
    let guess = match relay.0.tries.begin(router, &wish.username, wish.client, relay.now()) {
        Ok(guess) => guess,
        Err(wait_s) => return Reconnected::Refused(Refused::TooOften { wait_s }),
    };
    let outcome = on_router(relay, router, DEADLINE, async |router, loan| {
        come_back(relay, router, loan.session()?, wish).await
    })
    .await;
    let outcome = outcome.unwrap_or_else(Reconnected::Trouble);
    match outcome {
        Reconnected::Refused(Refused::WrongPassword) => {}
        Reconnected::Expired(Expired::NoSuchUser) => guess.was_nobody(),
        _ => guess.was_right(),
    }
    outcome
}

/// Asks a router something on its own session, within a deadline that includes waiting for others.
pub(super) async fn on_router<T>(
    relay: &Relay,
    id: &RouterId,
    deadline: Duration,
    ask: impl AsyncFnOnce(&Router, &mut Loan) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let directory = relay.store().directory();
    let router = directory.routers.get(id).ok_or(Trouble::NoRouter)?;
    let credentials = router.credentials.as_ref().ok_or(Trouble::NoRouter)?;
    let asked = async {
        let mut loan = relay.0.routers.lend(router, credentials).await?;
        let outcome = ask(router, &mut loan).await;
        if let Err(Trouble::Router(error)) = &outcome
            && !matches!(error, RouterError::Trap(_) | RouterError::NotSendable { .. })
        {
            loan.discard();
        }
        outcome
    };
    let outcome = tokio::time::timeout(deadline, asked)
        .await
        .unwrap_or(Err(Trouble::Late));
    match &outcome {
        Err(Trouble::Router(error)) => tracing::info!(router = %id, "router `{id}`: a portal is not served: {error}"),
        Err(Trouble::Late) => tracing::info!(router = %id, "router `{id}`: a portal waited too long"),
        Err(Trouble::PasswordHidden) => tracing::warn!(
            router = %id,
            "router `{id}`: a password cannot be compared; give the relay's group there the policy `sensitive`"
        ),
        Err(Trouble::Store(error)) => tracing::error!("a portal's order could not be read: {error}"),
        Err(Trouble::NoRouter) | Ok(_) => {}
    }
    outcome
}

async fn come_back(
    relay: &Relay,
    router: &Router,
    session: &mut Session,
    wish: &Comeback,
) -> Result<Reconnected, Trouble> {
    let accounts = bought(session, &wish.username).await?;
    if accounts.is_empty() {
        return Ok(Reconnected::Expired(Expired::NoSuchUser));
    }
    let host = session.host_by_mac(&wish.current_mac).await?;
    let Some(account) = best_of(accounts, host.as_ref()) else {
        return Ok(Reconnected::Expired(Expired::NoSuchUser));
    };
    let held = password::held(relay, router, session, &account).await?;
    if let Held::Known(password) = &held
        && !password::is_same(password, wish.password.expose_secret())
    {
        return Ok(Reconnected::Refused(Refused::WrongPassword));
    }
    let is_known = matches!(held, Held::Known(_));
    if is_known && account.disabled && was_ended(relay, &account).await? {
        return Ok(Reconnected::Expired(Expired::UsedUp));
    }
    let visit = Visit { wish, account, host };
    match held {
        Held::Known(password) => proven(session, &visit, &password).await,
        Held::Hidden => judged_by_router(session, &visit).await,
    }
}

/// Whether the relay itself disabled a user because his validity was over.
async fn was_ended(relay: &Relay, account: &Account) -> Result<bool, StoreError> {
    let Some(order) = super::provision::reference_of_tag(&account.email) else {
        return Ok(false);
    };
    let ended = relay.store().read(move |db| db.validity_ended_at(&order)).await?;
    Ok(ended.is_some())
}

/// The users of this name that somebody made: not the router's own row for trials, and none that comes and goes.
pub(super) async fn bought(session: &mut Session, name: &str) -> Result<Vec<Account>, RouterError> {
    let mut accounts = session.accounts(name).await?;
    accounts.retain(|account| !account.built_in);
    Ok(accounts)
}

/// The one for the server where the phone is, else the one for all servers, else any.
fn best_of(accounts: Vec<Account>, host: Option<&Host>) -> Option<Account> {
    let here = host.map(|host| host.server.as_str());
    let rank = |account: &Account| match account.server.as_str() {
        server if Some(server) == here => 0,
        "all" => 1,
        _ => 2,
    };
    accounts.into_iter().min_by_key(rank)
}

/// One phone and the user it asks for.
struct Visit<'a> {
    wish: &'a Comeback,
    account: Account,
    host: Option<Host>,
}

/// Goes on once the password was right.
async fn proven(session: &mut Session, visit: &Visit<'_>, password: &SecretString) -> Result<Reconnected, Trouble> {
    if visit.account.disabled {
        return Ok(Reconnected::Refused(Refused::Disabled));
    }
    let family = Family::of(session, &visit.account).await?;
    if family.left().is_used_up() || is_over(session, &visit.account.comment).await? {
        return Ok(Reconnected::Expired(Expired::UsedUp));
    }
    let Some(host) = &visit.host else {
        return Ok(Reconnected::NotOnline(NotOnline::NoDevice));
    };
    let Some(user) = copies::for_device(session, &visit.account, family, password, &host.mac).await? else {
        return Ok(Reconnected::NotOnline(NotOnline::OtherDevice));
    };
    let device = Device {
        mac: Some(&host.mac),
        ip: None,
    };
    if let Some(active) = device::session_of(session, &user, &device).await? {
        return Ok(Reconnected::Online {
            session: active,
            already: true,
        });
    }
    let password = password.expose_secret();
    let mut login = device::log_in_at(session, &user, password, &in_order(host, visit.wish)).await;
    if kind_of(&login) == Some(TrapKind::SessionLimit) && leave_elsewhere(session, visit, &user).await? {
        login = device::log_in_at(session, &user, password, host).await;
    }
    finish(session, &user, &device, login).await
}

/// The password cannot be compared here, so the router compares it by logging in, and nothing else is done before.
async fn judged_by_router(session: &mut Session, visit: &Visit<'_>) -> Result<Reconnected, Trouble> {
    let Some(host) = &visit.host else {
        return Ok(Reconnected::NotOnline(NotOnline::NoDevice));
    };
    let (user, password) = (&visit.account.name, visit.wish.password.expose_secret());
    let login = device::log_in_at(session, user, password, &in_order(host, visit.wish)).await;
    let device = Device {
        mac: Some(&host.mac),
        ip: None,
    };
    finish(session, user, &device, login).await
}

/// What a login came to.
async fn finish(
    session: &mut Session,
    user: &str,
    device: &Device<'_>,
    login: Result<(), RouterError>,
) -> Result<Reconnected, Trouble> {
    let Some(kind) = kind_of(&login) else {
        login?;
        let seen = device::seen(session, user, device).await?;
        return Ok(seen.map_or(Reconnected::NotOnline(NotOnline::NotSeen), |session| {
            Reconnected::Online {
                session,
                already: false,
            }
        }));
    };
    Ok(match kind {
        TrapKind::BadPassword => Reconnected::Refused(Refused::WrongPassword),
        TrapKind::UptimeReached | TrapKind::TrafficReached => Reconnected::Expired(Expired::UsedUp),
        TrapKind::UnknownHost => Reconnected::NotOnline(NotOnline::NoDevice),
        TrapKind::WrongMac => Reconnected::NotOnline(NotOnline::OtherDevice),
        TrapKind::SessionLimit => Reconnected::NotOnline(NotOnline::Crowded),
        _ => refused(session, user, device).await?,
    })
}

/// Why a router refuses that says nothing we know: mostly because the device is online.
async fn refused(session: &mut Session, user: &str, device: &Device<'_>) -> Result<Reconnected, Trouble> {
    let on_device = session.active_on(device.mac.unwrap_or_default()).await?;
    let someone_is_on = !on_device.is_empty();
    let own = on_device.into_iter().find(|active| active.user == user);
    Ok(match own {
        Some(session) => Reconnected::Online { session, already: true },
        None if someone_is_on => Reconnected::NotOnline(NotOnline::OtherUser),
        None => Reconnected::NotOnline(NotOnline::Refused),
    })
}

/// Ends the user's session at the phone's old MAC, or his only one, so that he can move. `false` if there is none.
async fn leave_elsewhere(session: &mut Session, visit: &Visit<'_>, user: &str) -> Result<bool, RouterError> {
    let sessions = session.active_of(user).await?;
    let old = visit.wish.stored_mac.as_deref().and_then(normal_mac);
    let at_old = |active: &&Active| old.is_some() && normal_mac(&active.mac) == old;
    let left = match sessions.iter().find(at_old) {
        Some(active) => Some(active),
        None if sessions.len() == 1 => sessions.first(),
        None => None,
    };
    let Some(active) = left else { return Ok(false) };
    session.remove_active(&active.id).await?;
    Ok(true)
}

/// The host with the address first that the phone itself names, where it is one of the two.
fn in_order(host: &Host, wish: &Comeback) -> Host {
    let named = wish.current_ip.as_deref().map(str::trim);
    let mut host = host.clone();
    if named == Some(host.to_address.as_str()) {
        std::mem::swap(&mut host.address, &mut host.to_address);
    }
    host
}

/// Whether Mikhmon's expiry, which stands in the comment after the first login, has passed on the router's clock.
async fn is_over(session: &mut Session, comment: &str) -> Result<bool, RouterError> {
    if !voucher::is_expiry_form(comment) {
        return Ok(false);
    }
    let RouterClock { date, time, .. } = session.clock().await?;
    Ok(voucher::expiry(comment, date).is_some_and(|end| end <= date.to_datetime(time)))
}

fn kind_of(login: &Result<(), RouterError>) -> Option<TrapKind> {
    match login {
        Err(RouterError::Trap(trap)) => Some(trap.kind),
        _ => None,
    }
}

/// Six pairs of hexadecimal digits with a sign between them.
fn is_mac_shaped(name: &str) -> bool {
    let name = name.trim();
    name.len() == MAC_LENGTH
        && name.bytes().enumerate().all(|(at, byte)| match at % 3 {
            2 => matches!(byte, b':' | b'-' | b'.'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Characters of `AA:BB:CC:00:11:22`.
const MAC_LENGTH: usize = 17;

/// A phone waits in front of its portal page; most answer within one second.
const DEADLINE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_macs_are_known_by_their_form() {
        for name in ["aa:bb:cc:00:11:22", "AA-BB-CC-00-11-22", "aa.bb.cc.00.11.22"] {
            assert!(is_mac_shaped(name), "{name}");
        }
        for name in [
            "",
            "AABBCC001122",
            "aa:bb:cc:00:11",
            "QX4T7Z",
            "aa:bb:cc:00:11:2g",
            "é:bb:cc:00:11:22x",
        ] {
            assert!(!is_mac_shaped(name), "{name}");
        }
    }
}
