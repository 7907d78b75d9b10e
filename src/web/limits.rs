//! Every bound of the HTTP side in one place, and how often one address may do what costs something.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::api::operation::{Limits, Pace};
use crate::ids::ApiKeyId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// How often an address (or an order's reference) may be heard. Whole hotspots buy from behind one address,
/// so the numbers are for a crowd, not for one phone.
pub struct RateLimits {
    /// Orders placed.
    pub place: Limit<IpAddr>,
    /// Recovery tries of an address.
    pub recover: Limit<IpAddr>,
    /// Recovery tries for one reference, from wherever they come.
    pub recover_reference: Limit<String>,
    /// Recovery tries of an address with a number for a reference and no phone that fits it.
    pub guess: Limit<IpAddr>,
    /// The same for one number, from wherever they come.
    pub guess_reference: Limit<String>,
    /// Views of order pages and their state.
    pub order: Limit<IpAddr>,
    /// Refused webhooks. Valid ones are never limited.
    pub refused_callback: Limit<IpAddr>,
    /// Requests of programs, by company.
    pub pagos: Limit<String>,
    /// Requests with a wrong key. Valid ones are not counted here.
    pub refused_key: Limit<IpAddr>,
    /// What portals ask routers and gateways, by sender and by key.
    pub device: (Limit<IpAddr>, Limit<ApiKeyId>),
    /// Card sales, by sender and by key.
    pub sale: (Limit<IpAddr>, Limit<ApiKeyId>),
    /// What consoles ask.
    pub console: Limit<IpAddr>,
    /// Logins.
    pub login: Limit<IpAddr>,
    /// Passwords tried for one e-mail address.
    pub password: Limit<String>,
}

impl Limits for RateLimits {
    fn refused(&self, sender: IpAddr) -> Result<(), u32> {
        self.refused_key.check(&sender)
    }

    fn paced(&self, pace: Pace, key: Option<&ApiKeyId>, sender: IpAddr) -> Result<(), u32> {
        let both = |(by_sender, by_key): &(Limit<IpAddr>, Limit<ApiKeyId>)| {
            by_sender.check(&sender)?;
            key.map_or(Ok(()), |key| by_key.check(key))
        };
        match pace {
            Pace::Free => Ok(()),
            Pace::Device => both(&self.device),
            Pace::Sale => both(&self.sale),
            Pace::Console => self.console.check(&sender),
            Pace::Login => self.login.check(&sender),
        }
    }

    fn password(&self, email: &str) -> Result<(), u32> {
        self.password.check(&email.to_owned())
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            place: Limit::new(Quota::per_minute(PLACE_PER_MINUTE)),
            recover: Limit::new(Quota::per_minute(RECOVER_PER_MINUTE)),
            recover_reference: Limit::new(Quota::per_hour(RECOVER_REFERENCE_PER_HOUR)),
            guess: Limit::new(Quota::per_hour(GUESS_PER_HOUR)),
            guess_reference: Limit::new(Quota::per_hour(GUESS_REFERENCE_PER_HOUR)),
            order: Limit::new(Quota::per_second(ORDER_PER_SECOND).allow_burst(ORDER_BURST)),
            refused_callback: Limit::new(Quota::per_minute(REFUSED_CALLBACK_PER_MINUTE)),
            pagos: Limit::new(Quota::per_minute(PAGOS_PER_MINUTE)),
            refused_key: Limit::new(Quota::per_minute(REFUSED_KEY_PER_MINUTE)),
            device: (
                Limit::new(Quota::per_minute(DEVICE_PER_MINUTE)),
                Limit::new(Quota::per_minute(KEY_DEVICE_PER_MINUTE)),
            ),
            sale: (
                Limit::new(Quota::per_minute(SALE_PER_MINUTE)),
                Limit::new(Quota::per_minute(KEY_SALE_PER_MINUTE)),
            ),
            console: Limit::new(Quota::per_minute(CONSOLE_PER_MINUTE)),
            login: Limit::new(Quota::per_minute(LOGIN_PER_MINUTE)),
            password: Limit::new(Quota::per_hour(PASSWORDS_PER_HOUR).allow_burst(PASSWORDS_AT_ONCE)),
        }
    }
}

/// One kind of act, counted for each key.
pub struct Limit<K: std::hash::Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    since_sweep: AtomicU32,
}

impl<K: std::hash::Hash + Eq + Clone> Limit<K> {
    pub fn new(quota: Quota) -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// Counts one act; when it is one too many, says after how many seconds to come back.
    pub fn check(&self, key: &K) -> Result<(), u32> {
        self.sweep();
        self.limiter.check_key(key).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
        })
    }

    /// Forgets keys that are idle, so that the table cannot grow for ever.
    fn sweep(&self) {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP_EVERY {
            self.since_sweep.store(0, Ordering::Relaxed);
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// The part of an address that one customer holds: IPv6 hands out whole /64 networks.
pub fn limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// A gateway's event is a few KiB; the largest seen has 20.
pub const CALLBACK_BODY_MAX_BYTES: usize = 256 * 1024;
/// The buy form with every old parameter has less than 2 KiB.
pub const FORM_BODY_MAX_BYTES: usize = 16 * 1024;
/// What each connection may hold of a body without asking for room: more than nearly all events have.
pub const SMALL_BODY_BYTES: usize = 16 * 1024;
/// What all bodies together may hold beyond that, about a half of what it costs while they grow: without it, 4096
/// strangers could fill a gigabyte.
pub const LARGE_BODIES_BYTES: usize = 8 * 1024 * 1024;
/// Request line and headers together; a guide's callback with all its settings has 1.5 KiB.
pub const HEAD_MAX_BYTES: usize = 16 * 1024;
/// Lines a head may have; hyper's own default, named because the 431 relies on it.
pub const HEAD_MAX_LINES: usize = 100;
/// From the first byte of a head (or the connection's start) to its end.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// From the connection to the end of the TLS handshake: two round trips of a phone far away take a second.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// From the head's end to the body's end.
pub const BODY_DEADLINE: Duration = Duration::from_secs(15);
/// Without any byte of the answer being taken.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(15);
/// Between two requests of one connection: longer than the 60 s proxies usually keep theirs.
pub const IDLE_DEADLINE: Duration = Duration::from_secs(75);
/// A handler's time; placing an order asks a gateway up to three times at 20 s each.
pub const HANDLER_DEADLINE: Duration = Duration::from_secs(75);
/// For the requests already read when the relay is asked to stop.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// After an answer that refuses a body: time in which the peer may finish sending and read the answer.
pub const LINGER_DEADLINE: Duration = Duration::from_secs(2);
/// What is thrown away unread of a refused body, so that the peer sees the answer and no reset.
pub const LINGER_MAX_BYTES: usize = 2 * 1024 * 1024;
/// About 20 KiB each while idle.
pub const CONNECTIONS_MAX: usize = 4096;
/// Pause of the accept loop when the system has no descriptor or memory for a connection.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// A number that is not zero, without a way to panic.
const fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
}

const PLACE_PER_MINUTE: NonZeroU32 = count(60);
/// Codes are lost seldom; guessing wants many tries.
const RECOVER_PER_MINUTE: NonZeroU32 = count(10);
/// A second fact has at least three digits: this many tries an hour find it in no useful time.
const RECOVER_REFERENCE_PER_HOUR: NonZeroU32 = count(10);
/// Somebody who counts FedaPay's numbers up and types the usual price would find one code in a few tries.
const GUESS_PER_HOUR: NonZeroU32 = count(6);
/// A buyer without a phone number mistypes the amount once or twice; a hotspot has few prices.
const GUESS_REFERENCE_PER_HOUR: NonZeroU32 = count(3);
const ORDER_PER_SECOND: NonZeroU32 = count(50);
const ORDER_BURST: NonZeroU32 = count(200);
/// A shop's own programs; each new payment is a row and a call to a gateway.
const PAGOS_PER_MINUTE: NonZeroU32 = count(300);
/// A program with an old key tries again; guessing 256 bits is hopeless at any rate.
const REFUSED_KEY_PER_MINUTE: NonZeroU32 = count(30);
/// A hotspot's phones come from one address, and each asks once when it opens the portal.
const DEVICE_PER_MINUTE: NonZeroU32 = count(600);
const KEY_DEVICE_PER_MINUTE: NonZeroU32 = count(1_200);
/// A key stands in a public page: whoever tests stolen cards with it must be slow. A busy hotspot sells one a second.
const SALE_PER_MINUTE: NonZeroU32 = count(60);
const KEY_SALE_PER_MINUTE: NonZeroU32 = count(120);
/// A console's page asks for a handful of things.
const CONSOLE_PER_MINUTE: NonZeroU32 = count(600);
/// A person mistypes a password a few times; one password is also limited by its account.
const LOGIN_PER_MINUTE: NonZeroU32 = count(20);
/// Some 700 a day find no password of our policy; whoever mistypes his own is heard again in two minutes.
const PASSWORDS_PER_HOUR: NonZeroU32 = count(30);
const PASSWORDS_AT_ONCE: NonZeroU32 = count(10);
const REFUSED_CALLBACK_PER_MINUTE: NonZeroU32 = count(120);
const SWEEP_EVERY: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_of_one_address_is_bounded_and_others_are_not_touched() {
        let limits = RateLimits::default();
        let (noisy, other): (IpAddr, IpAddr) = ([203, 0, 113, 7].into(), [203, 0, 113, 8].into());
        let heard = (0..200).filter(|_| limits.recover.check(&noisy).is_ok()).count();
        assert!((10..=11).contains(&heard), "{heard}");
        let wait_s = limits.recover.check(&noisy).expect_err("the allowance is used up");
        assert!((1..=7).contains(&wait_s), "{wait_s}");
        assert_eq!(limits.recover.check(&other), Ok(()));
    }

    #[test]
    fn keys_are_forgotten_again() {
        let limit = Limit::new(Quota::per_second(count(1_000_000)));
        for n in 0..(SWEEP_EVERY * 3) {
            assert_eq!(limit.check(&n), Ok(()));
        }
        assert!(
            limit.limiter.len() < 2 * SWEEP_EVERY as usize,
            "{}",
            limit.limiter.len()
        );
    }

    #[test]
    fn an_ipv6_customer_is_his_network() {
        let key = |text: &str| limit_key(text.parse().expect("an address"));
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
