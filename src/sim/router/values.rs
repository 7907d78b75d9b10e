//! How values are read, compared and printed. Source: facts `routeros.md` 2 and 6.

use std::cmp::Ordering;
use std::net::Ipv4Addr;

use jiff::civil::{Date, DateTime};

use crate::plan::{DataLimit, TimeLimit};

/// What a property holds, and so how its input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Shown only to those who may see passwords.
    Secret,
    Flag,
    Time,
    Number,
    Mac,
    Address,
    /// The name of a row in another menu, or one of the extra words. A unique beginning is enough.
    Reference(&'static str, &'static [&'static str]),
}

/// The value as the router keeps it; `None` if it cannot be read. References are resolved by the caller.
pub(super) fn normal(kind: Kind, value: &[u8]) -> Option<Vec<u8>> {
    let text = || std::str::from_utf8(value).ok();
    let normal = match kind {
        Kind::Text | Kind::Secret | Kind::Reference(..) => return Some(value.to_vec()),
        Kind::Flag => flag(value)?.to_string(),
        Kind::Time => duration_text(TimeLimit::parse(text()?).ok()?.seconds),
        Kind::Number => DataLimit::parse(text()?).ok()?.bytes.to_string(),
        Kind::Mac => mac(text()?)?,
        Kind::Address => text()?.parse::<Ipv4Addr>().ok()?.to_string(),
    };
    Some(normal.into_bytes())
}

/// Compares as the property's meaning wants; text byte by byte.
pub(super) fn compare(name: &str, held: &[u8], operand: &[u8]) -> Ordering {
    let as_number = |value: &[u8]| -> Option<u64> {
        let text = std::str::from_utf8(value).ok()?;
        if TIMES.contains(&name) {
            TimeLimit::parse(text).ok().map(|limit| limit.seconds)
        } else if NUMBERS.contains(&name) {
            text.parse().ok()
        } else {
            None
        }
    };
    if let (Some(held), Some(operand)) = (as_number(held), as_number(operand)) {
        return held.cmp(&operand);
    }
    if let (Some(held), Some(operand)) = (flag(held), flag(operand)) {
        return held.cmp(&operand);
    }
    held.cmp(operand)
}

pub(super) fn flag(value: &[u8]) -> Option<bool> {
    match value {
        b"yes" | b"true" => Some(true),
        b"no" | b"false" => Some(false),
        _ => None,
    }
}

/// `0s`, `1h`, `1d2h3m4s`.
pub(super) fn duration_text(seconds: u64) -> String {
    if seconds == 0 {
        "0s".to_owned()
    } else {
        TimeLimit { seconds }.to_routeros()
    }
}

pub(super) fn seconds_of(value: &[u8]) -> u64 {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| TimeLimit::parse(text).ok())
        .map_or(0, |limit| limit.seconds)
}

pub(super) fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-')).collect();
    let fits = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let upper = digits.to_ascii_uppercase().into_bytes();
    let pairs: Vec<String> = upper
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    fits.then(|| pairs.join(":"))
}

/// `jun/15/2026` up to 7.9, `2026-06-15` from 7.10.
pub(super) fn date_text(date: Date, iso: bool) -> String {
    if iso {
        return date.to_string();
    }
    let month = usize::from(date.month().unsigned_abs())
        .checked_sub(1)
        .and_then(|at| MONTHS.get(at));
    format!("{}/{:02}/{:04}", month.unwrap_or(&"jan"), date.day(), date.year())
}

pub(super) fn date_time_text(moment: DateTime, iso: bool) -> String {
    format!(
        "{} {}",
        date_text(moment.date(), iso),
        moment.time().strftime("%H:%M:%S")
    )
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Properties that hold a time, wherever they occur.
const TIMES: &[&str] = &[
    "uptime",
    "limit-uptime",
    "session-time-left",
    "idle-timeout",
    "keepalive-timeout",
    "session-timeout",
    "interval",
    "mac-cookie-timeout",
    "expires-in",
];

/// Properties that hold an integer.
const NUMBERS: &[&str] = &[
    "limit-bytes-in",
    "limit-bytes-out",
    "limit-bytes-total",
    "bytes-in",
    "bytes-out",
    "packets-in",
    "packets-out",
    "port",
    "run-count",
    "hits",
];

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn input_is_kept_in_the_routers_own_form() {
        for (kind, input, kept) in [
            (Kind::Time, "00:30:00", "30m"),
            (Kind::Time, "0", "0s"),
            (Kind::Time, "93784", "1d2h3m4s"),
            (Kind::Number, "10M", "10485760"),
            (Kind::Flag, "yes", "true"),
            (Kind::Mac, "aa-bb-cc-00-11-22", "AA:BB:CC:00:11:22"),
            (Kind::Address, "10.5.50.9", "10.5.50.9"),
        ] {
            assert_eq!(
                normal(kind, input.as_bytes()),
                Some(kept.as_bytes().to_vec()),
                "{input}"
            );
        }
        for (kind, input) in [
            (Kind::Time, "x"),
            (Kind::Number, "-1"),
            (Kind::Flag, "maybe"),
            (Kind::Mac, "aa"),
            (Kind::Address, "::1"),
        ] {
            assert_eq!(normal(kind, input.as_bytes()), None, "{input}");
        }
    }

    #[test]
    fn dates_have_two_forms() {
        let date = civil::date(2026, 6, 5);
        assert_eq!(date_text(date, false), "jun/05/2026");
        assert_eq!(date_text(date, true), "2026-06-05");
        assert_eq!(date_time_text(date.at(9, 5, 1, 0), false), "jun/05/2026 09:05:01");
    }
}
