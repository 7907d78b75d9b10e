//! From when to when a certificate is valid, read out of its DER form.
//!
//! Only the way to that field is walked (RFC 5280 4.1): whether the rest is a certificate is rustls's business, which
//! reads every certificate before it is used. Nothing here can read beyond what it was given.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// The dates of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl Validity {
    /// `None` where the bytes are no certificate.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = element(SEQUENCE, certificate)?.0;
        let (_, mut fields) = element(SEQUENCE, certificate)?.0;
        // The version is left out by certificates of the first one.
        if let Some((_, rest)) = element(VERSION, fields) {
            fields = rest;
        }
        for tag in [INTEGER, SEQUENCE, SEQUENCE] {
            fields = element(tag, fields)?.1;
        }
        let (_, dates) = element(SEQUENCE, fields)?.0;
        let (not_before, rest) = any_element(dates)?;
        let (not_after, _) = any_element(rest)?;
        Some(Self {
            not_before: read_time(not_before)?,
            not_after: read_time(not_after)?,
        })
    }

    /// Whether `now` is within the dates.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// A tag and what it holds.
type Element<'a> = (u8, &'a [u8]);

/// The first element, which must have this tag, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    any_element(bytes).filter(|((found, _), _)| *found == tag)
}

fn any_element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&[tag, first], mut rest) = bytes.split_first_chunk::<2>()?;
    let mut length = usize::from(first);
    if first >= LONG_LENGTH {
        let count = usize::from(first - LONG_LENGTH);
        if count == 0 || count > LENGTH_BYTES_MAX {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some(((tag, content), rest))
}

/// `YYMMDDhhmmssZ` until 2049 and `YYYYMMDDhhmmssZ` from then on (RFC 5280 4.1.2.5).
fn read_time((tag, text): Element<'_>) -> Option<Timestamp> {
    let text = text.strip_suffix(b"Z")?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = number(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => number(text, 4)?,
        _ => return None,
    };
    let mut rest = rest;
    let mut parts = [0_i8; 5];
    for part in &mut parts {
        let (value, after) = number(rest, 2)?;
        *part = i8::try_from(value).ok()?;
        rest = after;
    }
    let [month, day, hour, minute, second] = parts;
    let date = Date::new(year, month, day).ok()?;
    let time = Time::new(hour, minute, second, 0).ok()?;
    let is_whole = rest.is_empty();
    let instant = Offset::UTC.to_timestamp(DateTime::from_parts(date, time)).ok();
    instant.filter(|_| is_whole)
}

fn number(text: &[u8], digits: usize) -> Option<(i16, &[u8])> {
    let (text, rest) = text.split_at_checked(digits)?;
    let mut value = 0_i16;
    for digit in text {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value = value.checked_mul(10)?.checked_add(i16::from(digit))?;
    }
    Some((value, rest))
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const LONG_LENGTH: u8 = 0x80;
/// Sixteen megabytes; certificates have two kilobytes.
const LENGTH_BYTES_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: (i32, u8, u8), to: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["pay.example.net".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn both_forms_of_a_date_are_read() {
        for (from, to) in [
            ((2026, 11, 21), (2027, 2, 19)),
            ((1999, 1, 1), (2049, 12, 31)),
            ((2026, 2, 28), (2051, 3, 1)),
        ] {
            let validity = Validity::of(&certificate(from, to)).unwrap();
            let shown = |(year, month, day)| format!("{year}-{month:02}-{day:02}T00:00:00Z");
            assert_eq!(validity.not_before.to_string(), shown(from));
            assert_eq!(validity.not_after.to_string(), shown(to));
        }
    }

    #[test]
    fn dates_hold_from_the_first_second_to_the_last() {
        let validity = Validity::of(&certificate((2026, 11, 21), (2027, 2, 19))).unwrap();
        let at = |text: &str| validity.holds(text.parse().unwrap());
        assert!(at("2026-11-21T00:00:00Z") && at("2027-02-19T00:00:00Z"));
        assert!(!at("2026-11-20T23:59:59Z") && !at("2027-02-19T00:00:01Z"));
    }

    #[test]
    fn what_is_cut_off_is_no_certificate() {
        let whole = certificate((2026, 11, 21), (2027, 2, 19));
        for end in 0..whole.len() {
            assert_eq!(Validity::of(&whole[..end]), None, "{end}");
        }
        assert_eq!(Validity::of(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
    }

    proptest! {
        #[test]
        fn anything_at_all_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..600, with in any::<u8>()) {
            Validity::of(&bytes);
            let mut changed = certificate((2026, 11, 21), (2027, 2, 19));
            if let Some(byte) = changed.get_mut(at) {
                *byte = with;
            }
            Validity::of(&changed);
        }
    }
}
