//! Gateways that want to be left alone for a while: every call for their account waits, not only the one that was told.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::settle::{LONGEST_REST, rest};
use crate::gateway::GatewayError;
use crate::ids::AccountId;

/// Until when each account rests. What a restart forgets, the gateway says again.
#[derive(Default)]
pub(super) struct Rests(Mutex<HashMap<AccountId, Timestamp>>);

impl Rests {
    /// Refuses a call that would disturb an account's rest, with what is left of it.
    pub(super) fn check(&self, account: &AccountId, now: Timestamp) -> Result<(), GatewayError> {
        let mut rests = self.all();
        let Some(until) = rests.get(account) else {
            return Ok(());
        };
        let left = until.duration_since(now);
        // A clock that was set back makes no rest longer than any may be.
        if left <= SignedDuration::ZERO || left > LONGEST_REST {
            rests.remove(account);
            return Ok(());
        }
        // Rounded up: a call that comes back too early disturbs it.
        let whole = left.as_secs() + i64::from(left.subsec_nanos() > 0);
        let after_s = u32::try_from(whole).unwrap_or(u32::MAX);
        Err(GatewayError::Throttled { after_s })
    }

    /// Keeps in mind what a call was answered.
    pub(super) fn heard(&self, account: &AccountId, now: Timestamp, error: &GatewayError) {
        let rest = rest(error);
        if rest > SignedDuration::ZERO {
            self.all().insert(account.clone(), now + rest);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<AccountId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_rests_as_long_as_its_gateway_wants_and_others_do_not() {
        let (rests, mine, other) = (Rests::default(), AccountId::new("a"), AccountId::new("b"));
        let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
        rests.heard(&mine, now, &GatewayError::NotFound);
        assert_eq!(rests.check(&mine, now), Ok(()));
        rests.heard(&mine, now, &GatewayError::Throttled { after_s: 42 });
        assert_eq!(rests.check(&other, now), Ok(()));
        assert_eq!(rests.check(&mine, now), Err(GatewayError::Throttled { after_s: 42 }));
        assert_eq!(rests.check(&mine, at(40)), Err(GatewayError::Throttled { after_s: 2 }));
        let half_past = at(40) + SignedDuration::from_millis(500);
        assert_eq!(
            rests.check(&mine, half_past),
            Err(GatewayError::Throttled { after_s: 2 })
        );
        assert_eq!(rests.check(&mine, at(42)), Ok(()));
        // Nobody rests longer than an hour, whatever the gateway or the clock says.
        rests.heard(&mine, now, &GatewayError::Throttled { after_s: u32::MAX });
        assert!(rests.check(&mine, at(3500)).is_err());
        assert_eq!(rests.check(&mine, at(3601)), Ok(()));
        rests.heard(&mine, now, &GatewayError::Throttled { after_s: 42 });
        assert_eq!(rests.check(&mine, at(-7200)), Ok(()));
    }
}
