//! Phone numbers as the gateways want them: digits with the country code, no plus sign.
//!
//! Only shape and length are checked, for the countries the supported gateways pay in. Prefixes are not:
//! operators get new ones every year, and the gateway knows better.

use std::fmt;

/// A number in E.164 form without its plus sign, such as `2290166000000`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    digits: String,
}

/// Why a text is not a phone number. The text itself is not shown: it belongs to a buyer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("a phone number holds digits, spaces and a leading `+` alone")]
    NotANumber,
    #[error("a number of {country} has {expected} digits without the country code")]
    Length { country: &'static str, expected: usize },
    #[error("the number is too short or too long")]
    Unlikely,
}

impl Phone {
    /// Reads what a person typed, `country` (ISO 3166 alpha-2) being where the hotspot stands: spaces, dots,
    /// dashes and brackets are dropped, `+229…`, `00229…` and `229…` mean the same, and a number of eight
    /// digits in Benin gets the `01` that every number there has had in front since 2024.
    /// A number with the plus sign of another country is taken as it is.
    pub fn parse(text: &str, country: &str) -> Result<Self, PhoneError> {
        let (digits, international) = strip(text)?;
        let home = COUNTRIES.iter().find(|home| home.iso.eq_ignore_ascii_case(country));
        let abroad = || COUNTRIES.iter().find(|other| digits.starts_with(other.code));
        let full = match home {
            _ if international => {
                abroad().map_or_else(|| plausible(&digits), |other| other.complete(other.national(&digits)))
            }
            Some(home) => home.complete(home.national(&digits)),
            None => plausible(&digits),
        }?;
        Ok(Self { digits: full })
    }

    /// Digits with the country code: what FeexPay and FedaPay take.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// With the plus sign: what CinetPay takes.
    pub fn with_plus(&self) -> String {
        format!("+{}", self.digits)
    }

    /// The digits without the country code, as people of the country write it.
    pub fn national(&self) -> &str {
        let country = COUNTRIES.iter().find(|country| self.digits.starts_with(country.code));
        country.map_or(&*self.digits, |country| country.national(&self.digits))
    }
}

/// The last four digits alone: enough for a log, too few to call anybody.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(…{})", last_digits(&self.digits, 4).unwrap_or_default())
    }
}

/// The last `count` digits in `text`, if it has so many; whatever else stands in it is passed over. A buyer
/// who types only these, or the whole number in any spelling, shows the same digits.
pub fn last_digits(text: &str, count: usize) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.get(digits.len().checked_sub(count)?..).map(str::to_owned)
}

/// One country's numbers.
struct Country {
    iso: &'static str,
    code: &'static str,
    /// Digits after the country code.
    length: usize,
    /// Put before numbers that are shorter by just these digits: the old form of the same number.
    added: &'static str,
    /// Dialled at home, dropped after the country code.
    trunk: &'static str,
}

impl Country {
    /// The number without the country code, where it has one. A number of the full length at home that
    /// happens to begin like the code is left alone.
    fn national<'a>(&self, digits: &'a str) -> &'a str {
        let complete = digits.len() == self.length;
        let without_code = digits.strip_prefix(self.code).filter(|rest| {
            [self.length, self.length.saturating_sub(self.added.len())].contains(&rest.len())
                || rest.len() == self.length + self.trunk.len()
        });
        if complete {
            digits
        } else {
            without_code.unwrap_or(digits)
        }
    }

    fn complete(&self, national: &str) -> Result<String, PhoneError> {
        let wrong = PhoneError::Length {
            country: self.iso,
            expected: self.length,
        };
        if national.len() == self.length {
            return Ok(format!("{}{national}", self.code));
        }
        if !self.added.is_empty() && national.len() + self.added.len() == self.length {
            return Ok(format!("{}{}{national}", self.code, self.added));
        }
        match national.strip_prefix(self.trunk) {
            Some(rest) if !self.trunk.is_empty() && rest.len() == self.length => Ok(format!("{}{rest}", self.code)),
            _ => Err(wrong),
        }
    }
}

/// The digits, and whether the country code was marked by `+` or `00`.
fn strip(text: &str) -> Result<(String, bool), PhoneError> {
    let trimmed = text.trim();
    if trimmed.len() > TEXT_MAX {
        return Err(PhoneError::Unlikely);
    }
    let (body, plus) = trimmed.strip_prefix('+').map_or((trimmed, false), |rest| (rest, true));
    let is_filler = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '.' | '-' | '(' | ')');
    let kept: String = body.chars().filter(|c| !is_filler(*c)).collect();
    if kept.is_empty() || !kept.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PhoneError::NotANumber);
    }
    match kept.strip_prefix("00") {
        Some(rest) if !plus => Ok((rest.to_owned(), true)),
        _ => Ok((kept, plus)),
    }
}

/// A number of a country that is not in the table, by the limits of E.164.
fn plausible(digits: &str) -> Result<String, PhoneError> {
    if (E164_MIN..=E164_MAX).contains(&digits.len()) && !digits.starts_with('0') {
        Ok(digits.to_owned())
    } else {
        Err(PhoneError::Unlikely)
    }
}

const fn country(iso: &'static str, code: &'static str, length: usize) -> Country {
    Country {
        iso,
        code,
        length,
        added: "",
        trunk: "",
    }
}

/// Numbering plans of the countries the gateways serve, by the national regulators' published lengths.
const COUNTRIES: [Country; 17] = [
    Country {
        added: "01",
        ..country("BJ", "229", 10)
    },
    country("BF", "226", 8),
    country("CD", "243", 9).with_trunk_zero(),
    country("CF", "236", 8),
    country("CG", "242", 9),
    country("CI", "225", 10),
    country("CM", "237", 9),
    country("GA", "241", 8).with_trunk_zero(),
    country("GN", "224", 9),
    country("GQ", "240", 9),
    country("GW", "245", 9),
    country("ML", "223", 8),
    country("MX", "52", 10),
    country("NE", "227", 8),
    country("SN", "221", 9),
    country("TD", "235", 8),
    country("TG", "228", 8),
];

impl Country {
    const fn with_trunk_zero(mut self) -> Self {
        self.trunk = "0";
        self
    }
}

/// Longer than any number with all its spaces.
const TEXT_MAX: usize = 40;

/// The shortest number of any country with its code, and the limit of E.164.
const E164_MIN: usize = 8;
const E164_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits(text: &str, country: &str) -> Option<String> {
        Phone::parse(text, country).ok().map(|phone| phone.digits)
    }

    #[test]
    fn benin_has_one_number_in_many_spellings() {
        for text in [
            "66000000",
            "66 00 00 00",
            "0166000000",
            "01 66 00 00 00",
            "01-66.00(00)00",
            "229 66 00 00 00",
            "2290166000000",
            "+229 01 66 00 00 00",
            "+22966000000",
            "00229 66000000",
            "002290166000000",
            "\u{a0}01\u{202f}66\u{a0}00 00 00 ",
        ] {
            assert_eq!(digits(text, "BJ").as_deref(), Some("2290166000000"), "{text}");
            assert_eq!(digits(text, "bj").as_deref(), Some("2290166000000"), "{text}");
        }
    }

    #[test]
    fn a_number_that_begins_like_the_country_code_is_left_alone() {
        assert_eq!(digits("22900000", "TG").as_deref(), Some("22822900000"));
        assert_eq!(digits("22890000", "TG").as_deref(), Some("22822890000"));
        assert_eq!(digits("2250707000", "CI").as_deref(), Some("2252250707000"));
    }

    #[test]
    fn other_countries_keep_their_lengths() {
        for (text, country, expected) in [
            ("07 07 00 00 01", "CI", "2250707000001"),
            ("+225 0707000001", "BJ", "2250707000001"),
            ("00 228 90 00 00 00", "BJ", "22890000000"),
            ("771234567", "SN", "221771234567"),
            ("0812345678", "CD", "243812345678"),
            ("+243 0812345678", "CD", "243812345678"),
            ("06 12 34 56 7", "GA", "24161234567"),
            ("+33 6 12 34 56 78", "BJ", "33612345678"),
            ("33612345678", "FR", "33612345678"),
        ] {
            assert_eq!(digits(text, country).as_deref(), Some(expected), "{text} in {country}");
        }
    }

    #[test]
    fn what_cannot_be_a_number_is_refused() {
        for text in [
            "",
            "+",
            "00",
            "abc",
            "66 00 00 0",
            "660000000",
            "0166000000 ext 3",
            "66;00",
            "٠١٦٦٠٠٠٠٠٠",
            "6+6000000",
        ] {
            assert_eq!(digits(text, "BJ"), None, "{text}");
        }
        assert_eq!(digits(&"6".repeat(1_000_000), "BJ"), None);
        let error = Phone::parse("660000000", "BJ").unwrap_err().to_string();
        assert_eq!(error, "a number of BJ has 10 digits without the country code");
        assert_eq!(digits("0033612345678", "").as_deref(), Some("33612345678"));
        assert_eq!(digits("12", ""), None);
    }

    #[test]
    fn forms_for_gateways_and_people() {
        let phone = Phone::parse("66 00 00 01", "BJ").unwrap();
        assert_eq!(
            (phone.with_plus().as_str(), phone.national()),
            ("+2290166000001", "0166000001")
        );
        assert_eq!(format!("{phone:?}"), "Phone(…0001)");
    }

    #[test]
    fn last_digits_are_the_same_in_any_spelling() {
        for text in ["2290166001234", "+229 66 00 12 34", "1234", " 12-34 "] {
            assert_eq!(last_digits(text, 4).as_deref(), Some("1234"), "{text}");
        }
        for text in ["", "123", "abc", "٣٤٥٦"] {
            assert_eq!(last_digits(text, 4), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_stays_itself(
            text in "[+0-9 .-]{0,20}|\\PC{0,20}", country in prop::sample::select(vec!["BJ", "TG", "CI", "CD", "GA", "MX", "FR", ""]),
        ) {
            if let Ok(phone) = Phone::parse(&text, country) {
                prop_assert!(phone.digits().bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(Phone::parse(&phone.with_plus(), country), Ok(phone.clone()));
                prop_assert_eq!(Phone::parse(&format!("00{}", phone.digits()), ""), Ok(phone));
            }
        }
    }
}
