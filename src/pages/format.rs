//! Prices, times and amounts of data as people of each language write them. Pure.

use super::render::TEXTS;
use crate::company::Language;
use crate::language::Value;
use crate::money::{Currency, Money};
use crate::plan::{DataLimit, TimeLimit};

/// `1 500 FCFA`, `$12.50 MXN`: grouped digits and the name people use for the currency.
pub fn price(language: Language, money: Money) -> String {
    let major = money.major_text();
    let (whole, fraction) = major.split_once('.').unwrap_or((&major, ""));
    let (group, point) = separators(language);
    let mut number = grouped(whole, group);
    if !fraction.is_empty() {
        number.push(point);
        number.push_str(fraction);
    }
    format!("{number}\u{a0}{}", currency_name(money.currency()))
}

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
    let (group, point) = separators(language);
    let mut number = grouped(&(data.bytes / unit).to_string(), group);
    if tenth > 0 {
        number.push(point);
        number.push_str(&tenth.to_string());
    }
    Some(TEXTS.get(language, key, &[("n", Value::from(number))]))
}

fn grouped(digits: &str, separator: char) -> String {
    let length = digits.chars().count();
    let mut text = String::with_capacity(length + length / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (length - index).is_multiple_of(3) && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Between thousands, and before decimals.
fn separators(language: Language) -> (char, char) {
    match language {
        Language::En => (',', '.'),
        Language::Fr => ('\u{202f}', ','),
        Language::Es | Language::Pt => ('\u{a0}', ','),
    }
}

/// Both CFA francs are `FCFA` to those who pay with them; which one is clear from where they stand.
fn currency_name(currency: Currency) -> &'static str {
    match currency {
        Currency::Xof | Currency::Xaf => "FCFA",
        other => other.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_grouped_and_named() {
        for (language, minor, currency, expected) in [
            (Language::Fr, 100, Currency::Xof, "100\u{a0}FCFA"),
            (Language::Fr, 1500, Currency::Xof, "1\u{202f}500\u{a0}FCFA"),
            (Language::En, 1_234_567, Currency::Xaf, "1,234,567\u{a0}FCFA"),
            (Language::Es, 5000, Currency::Mxn, "50,00\u{a0}MXN"),
            (Language::En, 123_456, Currency::Usd, "1,234.56\u{a0}USD"),
            (Language::Pt, 0, Currency::Gnf, "0\u{a0}GNF"),
        ] {
            assert_eq!(price(language, Money::from_minor(minor, currency)), expected);
        }
    }

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
