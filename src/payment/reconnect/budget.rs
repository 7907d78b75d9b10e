//! How much a user and his copies may use together, and how it moves from one to the other. Time is moved and never
//! copied: what all of them may still use is the same before and after (defect R3).

use crate::routeros::{Account, Usage};

/// What is left, of each thing that is limited; `None` where nothing limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left([Option<u64>; THINGS]);

impl Left {
    /// What these users may use together. A copy without a limit of its own used from the others'.
    pub fn of(accounts: &[&Account]) -> Self {
        let mut left = [None; THINGS];
        for (at, left) in left.iter_mut().enumerate() {
            let pair = |account: &&Account| Some((*things(&account.limits).get(at)?, *things(&account.used).get(at)?));
            let pairs: Vec<(u64, u64)> = accounts.iter().filter_map(pair).collect();
            if pairs.iter().any(|(limit, _)| *limit > 0) {
                let sum = |part: fn(&(u64, u64)) -> u64| pairs.iter().map(part).fold(0, u64::saturating_add);
                let rest = sum(|(limit, used)| {
                    if *limit <= NOTHING {
                        0
                    } else {
                        limit.saturating_sub(*used)
                    }
                });
                let unlimited = sum(|(limit, used)| if *limit == 0 { *used } else { 0 });
                *left = Some(rest.saturating_sub(unlimited));
            }
        }
        Self(left)
    }

    pub fn is_used_up(&self) -> bool {
        self.0.contains(&Some(0))
    }

    /// The limits with which a user who has used this much may use all that is left.
    pub fn all_for(&self, used: &Usage) -> Usage {
        self.limits(used, |left, used| used.saturating_add(left))
    }

    /// The limits with which he may use nothing more.
    pub fn nothing_for(&self, used: &Usage) -> Usage {
        self.limits(used, |_, used| used.max(NOTHING))
    }

    fn limits(&self, used: &Usage, limit: impl Fn(u64, u64) -> u64) -> Usage {
        let mut limits = [0; THINGS];
        for ((limit_of, left), used) in limits.iter_mut().zip(self.0).zip(things(used)) {
            *limit_of = left.map_or(0, |left| limit(left, used));
        }
        let [uptime_s, bytes_in, bytes_out, bytes_total] = limits;
        Usage {
            uptime_s,
            bytes_in,
            bytes_out,
            bytes_total,
        }
    }
}

fn things(usage: &Usage) -> [u64; THINGS] {
    [usage.uptime_s, usage.bytes_in, usage.bytes_out, usage.bytes_total]
}

/// The smallest limit there is, since zero means none. Mikhmon writes it on what is over, too.
const NOTHING: u64 = 1;

/// Time, and bytes in, out and together.
const THINGS: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account(limits: [u64; THINGS], used: [u64; THINGS]) -> Account {
        let usage = |[uptime_s, bytes_in, bytes_out, bytes_total]: [u64; THINGS]| Usage {
            uptime_s,
            bytes_in,
            bytes_out,
            bytes_total,
        };
        Account {
            id: "*1".to_owned(),
            name: "a".to_owned(),
            password: None,
            server: "all".to_owned(),
            profile: "p".to_owned(),
            mac: None,
            comment: String::new(),
            email: String::new(),
            disabled: false,
            built_in: false,
            limits: usage(limits),
            used: usage(used),
        }
    }

    #[test]
    fn r3_what_is_left_is_what_all_have_not_used() {
        let one = account([3_600, 0, 0, 0], [600, 0, 0, 0]);
        let copy = account([0; THINGS], [1_000, 5, 5, 10]);
        assert_eq!(Left::of(&[&one]), Left([Some(3_000), None, None, None]));
        assert_eq!(Left::of(&[&one, &copy]), Left([Some(2_000), None, None, None]));
        assert!(!Left::of(&[&copy]).is_used_up(), "nothing limits it");
        assert!(Left::of(&[&account([60, 0, 0, 0], [60, 0, 0, 0])]).is_used_up());
        assert!(Left::of(&[&account([60, 0, 0, 10], [1, 5, 5, 10])]).is_used_up());
    }

    proptest! {
        #[test]
        fn r3_moving_time_makes_none(
            rows in prop::collection::vec((prop::array::uniform4(0_u64..5_000), prop::array::uniform4(0_u64..5_000)), 1..6),
        ) {
            let mut accounts: Vec<Account> = rows.into_iter().map(|(limits, used)| account(limits, used)).collect();
            let before = Left::of(&accounts.iter().collect::<Vec<_>>());
            prop_assume!(!before.is_used_up());
            for (at, account) in accounts.iter_mut().enumerate() {
                account.limits = if at == 0 { before.all_for(&account.used) } else { before.nothing_for(&account.used) };
            }
            let after = Left::of(&accounts.iter().collect::<Vec<_>>());
            prop_assert_eq!(before, after);
        }
    }
}
