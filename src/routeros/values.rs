//! How the router writes dates, times, durations and flags, and what we may write to it.
//! Reading is lenient where versions differ; writing is strict.

use jiff::civil::{Date, Time};

use super::RouterError;

/// `jul/14/2023` (version 6 and up to 7.9) or `2023-07-14` (from 7.10).
pub(super) fn date(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut parts = text.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let at = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let month = i8::try_from(at + 1).ok()?;
    parts.next().is_none().then_some(())?;
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// `10:15:00`.
pub(super) fn time(text: &str) -> Option<Time> {
    text.parse().ok()
}

/// `+02:00`, as seconds east of UTC.
pub(super) fn gmt_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then(|| sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60))
}

/// A flag; absent ones are off.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "true" | "yes")
}

/// A MAC address the way the router prints it, from the ways browsers and people write it.
pub fn normal_mac(text: &str) -> Option<String> {
    let digits: Vec<char> = text.trim().chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.iter().all(char::is_ascii_hexdigit) {
        return None;
    }
    let pairs: Vec<String> = digits
        .chunks(2)
        .map(|pair| pair.iter().collect::<String>().to_ascii_uppercase())
        .collect();
    Some(pairs.join(":"))
}

/// Printable ASCII only: the router declares no character set, and its own tools disagree about others
/// (facts `routeros.md` 1.6).
pub(super) fn ascii<'a>(field: &'static str, text: &'a str) -> Result<&'a [u8], RouterError> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        Ok(text.as_bytes())
    } else {
        Err(RouterError::NotSendable {
            field,
            wanted: "printable ASCII characters",
        })
    }
}

/// A name that stands on the router already, given back as the bytes it was read as. A name that could only
/// be read lossily cannot be given back.
pub(super) fn existing_name<'a>(field: &'static str, text: &'a str) -> Result<&'a [u8], RouterError> {
    if text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
        return Err(RouterError::NotSendable {
            field,
            wanted: "text without control characters",
        });
    }
    Ok(text.as_bytes())
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn both_date_forms_are_read() {
        let day = civil::date(2023, 7, 14);
        for text in ["jul/14/2023", "Jul/14/2023", "2023-07-14"] {
            assert_eq!(date(text), Some(day), "{text}");
        }
        for text in [
            "",
            "14/jul/2023",
            "jul/14",
            "jul/14/2023/1",
            "jul/32/2023",
            "2023-13-01",
            "jull/14/2023",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(
            date("jan/02/1970"),
            Some(civil::date(1970, 1, 2)),
            "a router without a clock"
        );
        assert_eq!(time("10:15:00"), Some(civil::time(10, 15, 0, 0)));
    }

    #[test]
    fn offsets_are_seconds_east() {
        assert_eq!(gmt_offset("+02:00"), Some(7_200));
        assert_eq!(gmt_offset("-03:30"), Some(-12_600));
        assert_eq!(gmt_offset("00:00"), Some(0));
        for text in ["", "2", "+99:00", "+01:75", "1:x"] {
            assert_eq!(gmt_offset(text), None, "{text}");
        }
    }

    #[test]
    fn macs_become_what_the_router_prints() {
        for text in [
            "aa:bb:cc:00:11:22",
            "AA-BB-CC-00-11-22",
            " aabb.cc00.1122 ",
            "AABBCC001122",
        ] {
            assert_eq!(normal_mac(text).as_deref(), Some("AA:BB:CC:00:11:22"), "{text}");
        }
        for text in [
            "",
            "$(mac)",
            "aa:bb:cc:00:11",
            "aa:bb:cc:00:11:2g",
            "aa:bb:cc:00:11:22:33",
            "éé:bb:cc:00:11:22",
        ] {
            assert_eq!(normal_mac(text), None, "{text}");
        }
    }

    #[test]
    fn x4_only_plain_text_is_written() {
        assert!(ascii("comment", "vc-123-06.15.26-").is_ok());
        for text in ["été", "a\nb", "a\0", "\u{7f}", "\u{202e}x"] {
            assert!(
                matches!(ascii("name", text), Err(RouterError::NotSendable { field: "name", .. })),
                "{text:?}"
            );
        }
        assert!(existing_name("profile", "1 día").is_ok());
        assert!(existing_name("profile", "1 d\u{fffd}a").is_err());
        assert!(existing_name("profile", "a\nb").is_err());
    }
}
