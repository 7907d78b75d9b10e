//! How often somebody may be wrong. A password has four digits and a PIN six, and the key that opens this door stands
//! in a public page, so guesses are counted: for each user, and for each address (defects S4 and S11).
//!
//! A guess is counted before the router is asked and taken back when it was right, so that many at once are no way
//! round it. Kept in memory: a restart forgives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::ids::RouterId;

/// The wrong guesses of the last minutes.
#[derive(Default)]
pub(in super::super) struct Tries(Mutex<HashMap<Counted, Window>>);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Counted {
    /// Guesses at one user, from wherever they come.
    User(RouterId, String),
    /// Guesses from one address, at whomever they are.
    Client(RouterId, IpAddr),
}

impl Counted {
    fn most(&self) -> u32 {
        match self {
            Self::User(..) => WRONG_FOR_USER,
            Self::Client(..) => WRONG_FROM_CLIENT,
        }
    }
}

#[derive(Clone, Copy)]
struct Window {
    until: Timestamp,
    count: u32,
}

/// A guess whose outcome is not known yet; left alone, it was wrong.
#[must_use]
pub(in super::super) struct Guess<'a> {
    tries: &'a Tries,
    counted: Vec<Counted>,
}

impl Tries {
    /// Counts a guess. `Err` holds the seconds after which somebody is heard again.
    pub fn begin(
        &self,
        router: &RouterId,
        user: &str,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Guess<'_>, u32> {
        let user = Counted::User(router.clone(), user.to_owned());
        let client = client.map(|client| Counted::Client(router.clone(), client));
        let counted: Vec<Counted> = std::iter::once(user).chain(client).collect();
        let mut windows = self.windows();
        if windows.len() >= SWEPT_AT {
            windows.retain(|_, window| window.until > now);
        }
        let full = |key: &Counted| {
            let window = windows.get(key).filter(|window| window.until > now)?;
            (window.count >= key.most()).then_some(window.until)
        };
        if let Some(until) = counted.iter().filter_map(full).max() {
            let wait_s = u32::try_from(until.duration_since(now).as_secs()).unwrap_or(u32::MAX);
            return Err(wait_s.saturating_add(1));
        }
        let until = now.saturating_add(WINDOW).unwrap_or(now);
        for key in &counted {
            let window = windows.entry(key.clone()).or_insert(Window { until, count: 0 });
            if window.until <= now {
                *window = Window { until, count: 0 };
            }
            window.count += 1;
        }
        drop(windows);
        Ok(Guess { tries: self, counted })
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Counted, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_back(&self, key: &Counted) {
        let mut windows = self.windows();
        let Some(window) = windows.get_mut(key) else { return };
        window.count = window.count.saturating_sub(1);
        if window.count == 0 {
            windows.remove(key);
        }
    }
}

impl Guess<'_> {
    /// The password fitted, or could not be compared.
    pub fn was_right(self) {
        self.counted.iter().for_each(|key| self.tries.take_back(key));
    }

    /// There is no such user: one less to guess at, and one more guess of this address.
    pub fn was_nobody(self) {
        let users = self.counted.iter().filter(|key| matches!(key, Counted::User(..)));
        users.for_each(|key| self.tries.take_back(key));
    }
}

/// Five in a quarter of an hour find four digits in ten days, and lock a customer out for that quarter at most.
const WRONG_FOR_USER: u32 = 5;
/// A whole hotspot may stand behind one address, and each phone whose code is over asks once.
const WRONG_FROM_CLIENT: u32 = 120;
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Rows before old ones are looked for; about 100 bytes each.
const SWEPT_AT: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn begin<'a>(tries: &'a Tries, user: &str, client: u8, now: Timestamp) -> Result<Guess<'a>, u32> {
        let client = IpAddr::from([203, 0, 113, client]);
        tries.begin(&RouterId::new("r1"), user, Some(client), now)
    }

    #[test]
    fn s11_wrong_guesses_at_a_user_end() {
        let (tries, now) = (Tries::default(), Timestamp::UNIX_EPOCH);
        let heard = (0..50).filter(|n| begin(&tries, "a", *n, now).is_ok()).count();
        assert_eq!(heard, WRONG_FOR_USER as usize);
        assert_eq!(begin(&tries, "a", 99, now).err(), Some(901));
        assert!(begin(&tries, "b", 99, now).is_ok(), "others are not touched");
        assert!(begin(&tries, "a", 99, now + WINDOW).is_ok(), "and not for ever");
    }

    #[test]
    fn s11_an_address_cannot_try_name_after_name() {
        let (tries, now) = (Tries::default(), Timestamp::UNIX_EPOCH);
        let guess = |n: u32| begin(&tries, &n.to_string(), 1, now).map(Guess::was_nobody);
        let heard = (0..500).filter(|n| guess(*n).is_ok()).count();
        assert_eq!(heard, WRONG_FROM_CLIENT as usize);
        assert_eq!(tries.windows().len(), 1, "names that are nobody's are forgotten");
    }

    #[test]
    fn who_is_right_is_always_heard() {
        let (tries, now) = (Tries::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..1_000 {
            begin(&tries, "a", 1, now).unwrap().was_right();
        }
        assert_eq!(tries.windows().len(), 0);
    }
}
