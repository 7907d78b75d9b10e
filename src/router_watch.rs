//! Whether a router is there, decided slowly: a lost packet is no absence, and an answer between two silences is no
//! return. Pure; the lanes say what they see, and each change is decided once.

use jiff::{SignedDuration, Timestamp};

/// What is known of one router's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    run: Option<Run>,
    /// What was decided last; `None` before the first decision of this process.
    decided: Option<Presence>,
}

/// Answers, or silences, in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    presence: Presence,
    since: Timestamp,
    looks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Online,
    Offline,
}

impl Watch {
    /// Takes what a look at the router saw. Gives a decision that is due, with the time since when it holds.
    /// Call `decide` when it is written down; until then each look gives it again.
    pub fn see(&mut self, seen: Presence, now: Timestamp) -> Option<(Presence, Timestamp)> {
        // A clock that was set back begins a new run: time before it cannot be measured.
        let goes_on = self.run.filter(|run| run.presence == seen && run.since <= now);
        let run = goes_on.map_or(
            Run {
                presence: seen,
                since: now,
                looks: 1,
            },
            |run| Run {
                looks: run.looks.saturating_add(1),
                ..run
            },
        );
        self.run = Some(run);
        let (long_enough, looks) = match seen {
            Presence::Offline => (OFFLINE_AFTER, OFFLINE_LOOKS),
            Presence::Online => (ONLINE_AFTER, ONLINE_LOOKS),
        };
        let sure = now.duration_since(run.since) >= long_enough && run.looks >= looks;
        (sure && self.decided != Some(seen)).then_some((seen, run.since))
    }

    /// A decision was written down.
    pub fn decide(&mut self, presence: Presence) {
        self.decided = Some(presence);
    }
}

/// Routers reboot for an update within two minutes.
pub const OFFLINE_AFTER: SignedDuration = SignedDuration::from_mins(3);
/// A clock that jumped forward does not decide by itself.
const OFFLINE_LOOKS: u32 = 3;
/// A line that comes and goes has gone again by then.
pub const ONLINE_AFTER: SignedDuration = SignedDuration::from_mins(1);
const ONLINE_LOOKS: u32 = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Presence::{Offline, Online};
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    /// Plays `(seconds, seen)` and writes every decision down.
    fn play(looks: &[(i64, Presence)]) -> Vec<(i64, Presence)> {
        let mut watch = Watch::default();
        let mut decisions = Vec::new();
        for (seconds, seen) in looks {
            if let Some((presence, _)) = watch.see(*seen, at(*seconds)) {
                watch.decide(presence);
                decisions.push((*seconds, presence));
            }
        }
        decisions
    }

    #[test]
    fn silence_for_minutes_is_one_absence_and_steady_answers_are_one_return() {
        let looks = [
            (0, Online),
            (70, Online),
            (100, Offline),
            (110, Offline),
            (279, Offline),
            (281, Offline),
            (900, Offline),
            (1_000, Online),
            (1_059, Online),
            (1_060, Online),
            (2_000, Online),
        ];
        assert_eq!(play(&looks), [(70, Online), (281, Offline), (1_060, Online)]);
    }

    #[test]
    fn a_line_that_comes_and_goes_is_neither() {
        let looks: Vec<_> = (0..100)
            .map(|n| (n * 50, if n % 3 == 0 { Online } else { Offline }))
            .collect();
        assert_eq!(play(&looks), []);
        let two_after_long = [(0, Offline), (1_000, Offline)];
        assert_eq!(play(&two_after_long), [], "two looks may be a clock that jumped");
    }

    #[test]
    fn what_was_not_written_down_is_decided_again() {
        let mut watch = Watch::default();
        for seconds in [0, 100] {
            assert_eq!(watch.see(Offline, at(seconds)), None);
        }
        assert_eq!(watch.see(Offline, at(200)), Some((Offline, at(0))));
        assert_eq!(watch.see(Offline, at(210)), Some((Offline, at(0))));
        watch.decide(Offline);
        assert_eq!(watch.see(Offline, at(220)), None);
    }

    proptest! {
        #[test]
        fn decisions_alternate_and_keep_their_distance(
            looks in prop::collection::vec((1_i64..400, prop::bool::ANY), 0..200),
        ) {
            let mut seconds = 0;
            let looks: Vec<_> = looks
                .into_iter()
                .map(|(gap, up)| {
                    seconds += gap;
                    (seconds, if up { Online } else { Offline })
                })
                .collect();
            let decisions = play(&looks);
            for pair in decisions.windows(2) {
                prop_assert_ne!(pair[0].1, pair[1].1);
                let longest = if pair[1].1 == Offline { OFFLINE_AFTER } else { ONLINE_AFTER };
                prop_assert!(pair[1].0 - pair[0].0 >= longest.as_secs());
            }
        }
    }
}
