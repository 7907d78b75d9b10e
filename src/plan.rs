//! What is sold on a hotspot, and the limits in RouterOS' own notation.
//!
//! Limits read everything an old link or a business file may hold (`4h`, `1d12h`, `00:30:00`, `10M`) and
//! nothing else. How a limit is told to people is the pages' affair.

use std::fmt;

use jiff::Timestamp;

use crate::ids::{AccountId, HotspotId, PlanId};
use crate::money::Money;
use crate::shown::shown;

/// One thing a buyer can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: PlanId,
    pub hotspot: HotspotId,
    /// Which accounts may sell it; all of the company's when empty.
    pub accounts: Vec<AccountId>,
    pub label: String,
    /// Exact name of the RouterOS user profile.
    pub profile: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
}

/// A plan as the API sells it. The business file writes the plan and never this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id in the API: stays the same and is never given to another.
    pub number: i64,
    pub plan: PlanId,
    /// The profile's `.id` on the router, where somebody named it.
    pub profile_id: Option<String>,
    pub description: Option<String>,
    pub image_url: Option<String>,
    /// Always objects.
    pub details: Vec<serde_json::Map<String, serde_json::Value>>,
    pub featured: bool,
    /// Lower comes first.
    pub position: i64,
    /// What is not active is sold by nobody, links included.
    pub active: bool,
    pub created_at: Timestamp,
}

/// Seconds of use that a voucher allows; zero means none set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeLimit {
    pub seconds: u64,
}

impl TimeLimit {
    pub const NONE: Self = Self { seconds: 0 };

    /// Reads a RouterOS time: units `w d h m s` from large to small (`30m`, `1d12h`, `1w2d`), a clock part
    /// with or without units before it (`00:30:00`, `1d02:00:00`), or plain seconds. Empty text and any
    /// zero mean none. Source: facts `routeros.md` 2.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let trimmed = text.trim();
        match read_time(trimmed) {
            Some(seconds) if seconds <= LIMIT_MAX => Ok(Self { seconds }),
            _ => Err(LimitError::Time(shown(trimmed))),
        }
    }

    pub fn is_none(self) -> bool {
        self.seconds == 0
    }

    /// The time as RouterOS prints it (`1d12h`, `30m`); `0` when none is set, which is what Mikhmon sends.
    pub fn to_routeros(self) -> String {
        if self.is_none() {
            return "0".to_owned();
        }
        let mut rest = self.seconds;
        let mut text = String::new();
        for (unit, size) in UNITS {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                text.push_str(&count.to_string());
                text.push(unit);
            }
        }
        text
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_routeros())
    }
}

/// Bytes a voucher allows in both directions together; zero means none set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DataLimit {
    pub bytes: u64,
}

impl DataLimit {
    pub const NONE: Self = Self { bytes: 0 };

    /// Reads `10M`, `1G`, `500k` (1024-based, any case) or plain bytes. Empty text and any zero mean none.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let trimmed = text.trim();
        match read_data(trimmed) {
            Some(bytes) if bytes <= LIMIT_MAX => Ok(Self { bytes }),
            _ => Err(LimitError::Data(shown(trimmed))),
        }
    }

    pub fn is_none(self) -> bool {
        self.bytes == 0
    }

    /// Plain bytes: the API may not know the suffixes of the console.
    pub fn to_routeros(self) -> String {
        self.bytes.to_string()
    }
}

/// The largest unit that divides the limit: `1G`, `10M`, `1500k`, `1000`.
impl fmt::Display for DataLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, size) in SIZES {
            if self.bytes > 0 && self.bytes.is_multiple_of(size) {
                return write!(f, "{}{suffix}", self.bytes / size);
            }
        }
        write!(f, "{}", self.bytes)
    }
}

/// Why a text is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("`{0}` is not a time; write `30m`, `4h`, `1d12h`, `00:30:00`, or `0` for none")]
    Time(String),
    #[error("`{0}` is not an amount of data; write `10M`, `1G`, or `0` for none")]
    Data(String),
}

/// Seconds, or nothing for what is not a time.
fn read_time(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut seconds = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let (count, after) = leading_number(rest)?;
        let Some(letter) = after.chars().next() else {
            // A bare number is the whole text (seconds), never a tail such as the `5` of `1h5`.
            return (rest.len() == text.len()).then_some(count);
        };
        if letter == ':' {
            return seconds.checked_add(read_clock(rest)?);
        }
        // The iterator moves on, so each unit comes once and none before a larger one.
        let (_, size) = units.find(|(unit, _)| unit.eq_ignore_ascii_case(&letter))?;
        seconds = seconds.checked_add(count.checked_mul(*size)?)?;
        rest = after.get(letter.len_utf8()..)?;
    }
    Some(seconds)
}

/// `HH:MM:SS` or `HH:MM`; hours may pass 24, as RouterOS takes it.
fn read_clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let hours: u64 = digits(parts.next()?)?;
    let minutes = digits(parts.next()?).filter(|minutes| *minutes < 60)?;
    let seconds = parts.next().map_or(Some(0), digits).filter(|seconds| *seconds < 60)?;
    if parts.next().is_some() {
        return None;
    }
    hours.checked_mul(3_600)?.checked_add(minutes * 60 + seconds)
}

fn read_data(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let (count, suffix) = leading_number(text)?;
    if suffix.is_empty() {
        return Some(count);
    }
    let (_, size) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(suffix))?;
    count.checked_mul(*size)
}

/// The digits a text begins with (one at least), as a number, and what follows them.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    Some((digits(number)?, rest))
}

/// Digits only: `u64::from_str` alone would also take a plus sign.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// RouterOS' units of time, from large to small.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// RouterOS' units of data, from large to small.
const SIZES: [(&str, u64); 4] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)];

/// The store keeps limits in signed 64-bit columns.
const LIMIT_MAX: u64 = i64::MAX.unsigned_abs();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        TimeLimit::parse(text).ok().map(|limit| limit.seconds)
    }

    fn bytes(text: &str) -> Option<u64> {
        DataLimit::parse(text).ok().map(|limit| limit.bytes)
    }

    #[test]
    fn times_are_read_as_routeros_does() {
        for (text, expected) in [
            ("30m", 1_800),
            ("4h", 14_400),
            (" 4H ", 14_400),
            ("1d12h", 129_600),
            ("1w2d", 777_600),
            ("1w2d3h", 788_400),
            ("1d2h3m4s", 93_784),
            ("00:30:00", 1_800),
            ("26:00:00", 93_600),
            ("1d02:00:00", 93_600),
            ("1:30", 5_400),
            ("90", 90),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn none_has_many_spellings() {
        for text in ["", " ", "0", "0s", "0m", "00:00:00"] {
            assert!(TimeLimit::parse(text).unwrap().is_none(), "{text}");
        }
        for text in ["", " ", "0", "0k", "0M", "0G"] {
            assert!(DataLimit::parse(text).unwrap().is_none(), "{text}");
        }
        assert_eq!(TimeLimit::NONE.to_routeros(), "0");
        assert_eq!(DataLimit::NONE.to_routeros(), "0");
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "h",
            "x4h",
            "4x",
            "4 h",
            "1h5",
            "1m1h",
            "1h1h",
            "-1h",
            "+1",
            "1.5h",
            "1:60:00",
            "1:00:60",
            "1:2:3:4",
            ":",
            "1:",
            "1d1:",
            "$(uptime)",
            "٤h",
            "1h\0",
            "99999999999999999999s",
            "30500568904944w",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn data_is_1024_based() {
        for (text, expected) in [
            ("10M", 10_485_760),
            ("1G", 1_073_741_824),
            ("500k", 512_000),
            ("500K", 512_000),
            ("2t", 2_199_023_255_552),
            ("1000", 1_000),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for text in [
            "M",
            "10MB",
            "10 M",
            "1.5G",
            "-1",
            "+1",
            "10Mo",
            "16777216T",
            "18446744073709551615",
            "$(x)",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn messages_stay_on_one_short_line() {
        let error = TimeLimit::parse(&format!("a\r\nb{}", "c".repeat(10_000)))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("`ab"), "{error}");
        assert!(error.len() < 160 && !error.contains(['\r', '\n']), "{error}");
    }

    proptest! {
        #[test]
        fn times_round_trip(seconds in 0..=LIMIT_MAX) {
            let limit = TimeLimit { seconds };
            prop_assert_eq!(TimeLimit::parse(&limit.to_routeros()), Ok(limit));
        }

        #[test]
        fn data_round_trips(bytes in prop_oneof![0..=LIMIT_MAX, (0_u64..4_096).prop_map(|m| m << 20)]) {
            let limit = DataLimit { bytes };
            prop_assert_eq!(DataLimit::parse(&limit.to_string()), Ok(limit));
            prop_assert_eq!(DataLimit::parse(&limit.to_routeros()), Ok(limit));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}|[0-9wdhms:kMG]{0,12}") {
            if let Ok(limit) = TimeLimit::parse(&text) {
                prop_assert_eq!(TimeLimit::parse(&limit.to_routeros()), Ok(limit));
            }
            if let Ok(limit) = DataLimit::parse(&text) {
                prop_assert_eq!(DataLimit::parse(&limit.to_routeros()), Ok(limit));
            }
        }
    }
}
