//! Times, days and amounts of data as people of each language write them. Pure. (Prices: `Money::for_people`.)

use jiff::civil::DateTime;

use super::render::TEXTS;
use crate::company::Language;
use crate::language::{Value, grouped_decimal};
use crate::plan::{DataLimit, TimeLimit};

/// `1 jour 12 h`; `None` where no limit is set.
pub fn time(language: Language, time: TimeLimit) -> Option<String> {
    let mut rest = time.seconds;
    let mut parts = Vec::new();
    for (key, seconds) in [
        ("time-days", 86_400),
        ("time-hours", 3600),
        ("time-minutes", 60),
        ("time-seconds", 1),
    ] {
        if rest >= seconds {
            parts.push(TEXTS.get(language, key, &[("n", Value::from(rest / seconds))]));
            rest %= seconds;
        }
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `1,5 Go`, counted by 1024 as the router does; `None` where no limit is set.
pub fn data(language: Language, data: DataLimit) -> Option<String> {
    if data.bytes == 0 {
        return None;
    }
    let units = [
        ("data-gib", 1 << 30),
        ("data-mib", 1 << 20),
        ("data-kib", 1 << 10),
        ("data-bytes", 1),
    ];
    // The largest unit that says the amount exactly to one decimal, else the largest that is not below one.
    let exact = |unit: u64| data.bytes >= unit && (data.bytes % unit).saturating_mul(10).is_multiple_of(unit);
    let fits = units
        .iter()
        .find(|(_, unit)| exact(*unit))
        .or_else(|| units.iter().find(|(_, unit)| data.bytes >= *unit));
    let (key, unit) = fits.copied().unwrap_or(("data-bytes", 1));
    let tenth = (data.bytes % unit).saturating_mul(10) / unit;
    let whole = data.bytes / unit;
    let plain = if tenth > 0 {
        format!("{whole}.{tenth}")
    } else {
        whole.to_string()
    };
    let number = grouped_decimal(language, &plain);
    Some(TEXTS.get(language, key, &[("n", Value::from(number))]))
}

/// `24/11/2026 18:30`, and in English the order of numbers nobody misreads.
pub fn moment(language: Language, at: DateTime) -> String {
    let form = match language {
        Language::En => "%Y-%m-%d %H:%M",
        Language::Fr | Language::Es | Language::Pt => "%d/%m/%Y %H:%M",
    };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_name_only_what_they_have() {
        for (seconds, expected) in [
            (0, None),
            (1800, Some("30 min")),
            (14_400, Some("4 h")),
            (86_400, Some("1 jour")),
            (30 * 86_400, Some("30 jours")),
            (86_400 + 43_200, Some("1 jour 12 h")),
            (3661, Some("1 h 1 min 1 s")),
        ] {
            assert_eq!(time(Language::Fr, TimeLimit { seconds }).as_deref(), expected);
        }
    }

    #[test]
    fn amounts_of_data_are_said_exactly_where_they_can_be() {
        for (bytes, expected) in [
            (0, None),
            (10 << 20, Some("10 Mo")),
            (1 << 30, Some("1 Go")),
            (3 << 29, Some("1,5 Go")),
            (1100 << 20, Some("1\u{202f}100 Mo")),
            (512, Some("512 octets")),
            ((1 << 20) + 1, Some("1\u{202f}048\u{202f}577 octets")),
        ] {
            assert_eq!(data(Language::Fr, DataLimit { bytes }).as_deref(), expected, "{bytes}");
        }
    }
}
