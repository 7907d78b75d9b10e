//! What the router's comment of a hotspot user says, in the form that Mikhmon's lists, prints and expiry
//! scripts understand: facts `mikhmon.md` 1.4, 2.2, 4, 5 and 6.
//!
//! The comment is gone some seconds after the first login, so it is never the only mark of a sale.

use std::fmt;

use jiff::civil::{Date, DateTime};

use super::UserMode;
use crate::ids::HotspotId;

/// The three digits in a comment, the same for all sales of a hotspot on one day, so that Mikhmon's list of
/// batches shows one line per day and not one per sale (facts `mikhmon.md` 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchNumber(u32);

impl BatchNumber {
    /// 100 to 999, derived from the hotspot and the day; two hotspots of one router rarely share it.
    pub fn of(hotspot: &HotspotId, local_date: Date) -> Self {
        let text = format!("{hotspot}\n{local_date}");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let spread = digest
            .as_ref()
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % 900);
        Self(100 + spread)
    }
}

impl fmt::Display for BatchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// The router's comment in Mikhmon's form `vc-417-06.15.26-note`; `local_date` is the router's. Of the note
/// only letters, digits and dots stay, and so few that the comment keeps below 60 characters.
pub fn comment(mode: UserMode, local_date: Date, batch: BatchNumber, note: &str) -> String {
    let note: String = note
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .take(NOTE_MAX)
        .collect();
    let (month, day, year) = (local_date.month(), local_date.day(), local_date.year().rem_euclid(100));
    format!("{}-{batch}-{month:02}.{day:02}.{year:02}-{note}", kind(mode))
}

/// Whether a comment is the expiry that Mikhmon's on-login script writes over it about five seconds after
/// the first login: `jun/16/2026 10:15:00`, `2026-06-16 10:15:00` or `06-16 10:15:00`, with or without a
/// remark after it (facts `mikhmon.md` 2.2, 4 and 6).
pub fn is_expiry_form(comment: &str) -> bool {
    EXPIRY_FORMS.iter().any(|form| {
        let mut characters = comment.chars();
        let matches = form
            .chars()
            .all(|wanted| characters.next().is_some_and(|found| fits(wanted, found)));
        matches && matches!(characters.next(), None | Some(' ')) && has_month_name(form, comment)
    })
}

/// The moment that such a comment names, on the router's clock. Where it names no year, the one nearest to `today`.
pub fn expiry(comment: &str, today: Date) -> Option<DateTime> {
    if !is_expiry_form(comment) {
        return None;
    }
    let mut words = comment.split(' ');
    let (day, time) = (words.next()?, words.next()?.parse().ok()?);
    let date = if let Some((month, rest)) = day.split_once('/') {
        let (day, year) = rest.split_once('/')?;
        let at = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
        Date::new(year.parse().ok()?, i8::try_from(at + 1).ok()?, day.parse().ok()?).ok()?
    } else if let Ok(date) = day.parse() {
        date
    } else {
        let (month, day) = day.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        let years = [-1, 0, 1].map(|step| today.year().checked_add(step));
        let dates = years
            .into_iter()
            .flatten()
            .filter_map(|year| Date::new(year, month, day).ok());
        dates.min_by_key(|date| date.duration_since(today).as_secs().abs())?
    };
    Some(date.to_datetime(time))
}

/// What a comment begins with: Mikhmon's scripts know `vc` and `up` alone.
fn kind(mode: UserMode) -> &'static str {
    match mode {
        UserMode::Vc => "vc",
        UserMode::Up | UserMode::Pin => "up",
    }
}

fn fits(wanted: char, found: char) -> bool {
    match wanted {
        '0' => found.is_ascii_digit(),
        'a' => found.is_ascii_alphabetic(),
        other => found == other,
    }
}

fn has_month_name(form: &str, comment: &str) -> bool {
    !form.starts_with('a')
        || comment
            .get(..3)
            .is_some_and(|name| MONTHS.iter().any(|month| month.eq_ignore_ascii_case(name)))
}

/// With the 16 characters before it a note of this length keeps a comment below 60.
const NOTE_MAX: usize = 40;

/// `0` stands for a digit and `a` for a letter.
const EXPIRY_FORMS: [&str; 3] = ["aaa/00/0000 00:00:00", "0000-00-00 00:00:00", "00-00 00:00:00"];

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_look_like_mikhmons() {
        let day = date(2026, 6, 15);
        let batch = BatchNumber(417);
        assert_eq!(comment(UserMode::Vc, day, batch, ""), "vc-417-06.15.26-");
        assert_eq!(comment(UserMode::Up, day, batch, "A1.b"), "up-417-06.15.26-A1.b");
        assert_eq!(
            comment(UserMode::Pin, day, batch, "<a href='#'>,"),
            "up-417-06.15.26-ahref"
        );
    }

    #[test]
    fn a_batch_number_is_stable_for_a_day_and_a_hotspot() {
        let (one, two) = (HotspotId::new("cotonou-1-main"), HotspotId::new("cotonou-2-main"));
        let day = date(2026, 6, 15);
        assert_eq!(BatchNumber::of(&one, day), BatchNumber::of(&one, day));
        let days: std::collections::HashSet<_> = (0..100)
            .map(|n| BatchNumber::of(&one, day.saturating_add(jiff::Span::new().days(n))))
            .collect();
        assert!(days.len() > 80, "{} of 100 days have their own number", days.len());
        assert_ne!(BatchNumber::of(&one, day), BatchNumber::of(&two, day));
        // Pinned: a release must not change the number in the middle of a day.
        assert_eq!(BatchNumber::of(&one, day).to_string(), "240");
    }

    #[test]
    fn an_expiry_is_a_moment_on_the_routers_clock() {
        let today = date(2026, 6, 15);
        let end = Some(date(2026, 6, 16).at(10, 15, 0, 0));
        for text in [
            "jun/16/2026 10:15:00",
            "2026-06-16 10:15:00 N",
            "06-16 10:15:00",
            "Jun/16/2026 10:15:00 paid",
        ] {
            assert_eq!(expiry(text, today), end, "{text}");
        }
        let new_year = |text, today: Date| expiry(text, today).map(|end| end.date());
        assert_eq!(new_year("01-01 10:15:00", date(2026, 12, 31)), Some(date(2027, 1, 1)));
        assert_eq!(new_year("12-31 10:15:00", date(2027, 1, 1)), Some(date(2026, 12, 31)));
        for text in [
            "",
            "vc-417-06.15.26-",
            "jun/31/2026 10:15:00",
            "2026-13-01 10:15:00",
            "06-16 25:15:00",
        ] {
            assert_eq!(expiry(text, today), None, "{text}");
        }
    }

    #[test]
    fn expiry_forms_are_recognised() {
        for text in [
            "jun/16/2026 10:15:00",
            "Jan/01/2027 00:00:00",
            "2026-06-16 10:15:00",
            "06-16 10:15:00",
            "jun/16/2026 10:15:00 N",
            "2026-06-16 10:15:00 paid by card",
        ] {
            assert!(is_expiry_form(text), "{text}");
        }
        for text in [
            "",
            "vc-417-06.15.26-",
            "jun/16/2026",
            "xyz/16/2026 10:15:00",
            "jun/16/2026 10:15",
            "2026-06-16T10:15:00",
            " 2026-06-16 10:15:00",
            "2026-06-16 10:15:001",
            "06-16 10:15:0٠",
            "é6-16 10:15:00",
        ] {
            assert!(!is_expiry_form(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn comments_hold_nothing_mikhmon_trips_over(
            mode in prop::sample::select(&UserMode::ALL[..]),
            id in "\\PC{0,40}", note in ".{0,300}", day in 0_i64..20_000,
        ) {
            let local_date = date(2000, 1, 1).saturating_add(jiff::Span::new().days(day));
            let text = comment(mode, local_date, BatchNumber::of(&HotspotId::new(id), local_date), &note);
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            prop_assert!(text.chars().all(plain), "{}", text);
            prop_assert!(text.len() < 60);
            prop_assert!(text.starts_with("vc-") || text.starts_with("up-"));
            prop_assert!(text[3..6].bytes().all(|byte| byte.is_ascii_digit()) && !text[3..6].starts_with('0'));
            prop_assert!(!is_expiry_form(&text));
        }

        #[test]
        fn expiry_forms_never_panic(text in "\\PC{0,40}|[a-z0-9/: -]{0,24}") {
            let _ = is_expiry_form(&text);
            let _ = expiry(&text, date(2026, 6, 15));
        }
    }
}
