//! Money in whole minor units of one currency. No floats anywhere near it.

use std::fmt;

use crate::company::Language;
use crate::language::grouped_decimal;
use crate::shown::shown;

/// The currencies the supported gateways take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Xof,
    Xaf,
    Gnf,
    Cdf,
    Usd,
    Eur,
    Mxn,
    Ars,
    Brl,
    Clp,
    Cop,
    Pen,
    Uyu,
}

impl Currency {
    pub const ALL: [Self; 13] = [
        Self::Xof,
        Self::Xaf,
        Self::Gnf,
        Self::Cdf,
        Self::Usd,
        Self::Eur,
        Self::Mxn,
        Self::Ars,
        Self::Brl,
        Self::Clp,
        Self::Cop,
        Self::Pen,
        Self::Uyu,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Xof => "XOF",
            Self::Xaf => "XAF",
            Self::Gnf => "GNF",
            Self::Cdf => "CDF",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Mxn => "MXN",
            Self::Ars => "ARS",
            Self::Brl => "BRL",
            Self::Clp => "CLP",
            Self::Cop => "COP",
            Self::Pen => "PEN",
            Self::Uyu => "UYU",
        }
    }

    /// What people call it. Both CFA francs are `FCFA` to those who pay with them; which one is clear from where
    /// they stand.
    pub fn everyday_name(self) -> &'static str {
        match self {
            Self::Xof | Self::Xaf => "FCFA",
            other => other.code(),
        }
    }

    /// Decimal places of the major unit.
    pub fn decimals(self) -> u32 {
        match self {
            Self::Xof | Self::Xaf | Self::Gnf | Self::Clp => 0,
            Self::Cdf
            | Self::Usd
            | Self::Eur
            | Self::Mxn
            | Self::Ars
            | Self::Brl
            | Self::Cop
            | Self::Pen
            | Self::Uyu => 2,
        }
    }

    /// What a company of this country sells in by default.
    pub fn of_country(country: &str) -> Self {
        match country.to_ascii_uppercase().as_str() {
            "CM" | "CG" | "GA" | "TD" | "CF" | "GQ" => Self::Xaf,
            "GN" => Self::Gnf,
            "CD" => Self::Cdf,
            "MX" => Self::Mxn,
            "AR" => Self::Ars,
            "BR" => Self::Brl,
            "CL" => Self::Clp,
            "CO" => Self::Cop,
            "PE" => Self::Pen,
            "UY" => Self::Uyu,
            _ => Self::Xof,
        }
    }

    /// Reads an ISO code or the everyday names `FCFA`, `F CFA`, `CFA`, which mean the franc of `home`
    /// (XAF for a company that sells in XAF, XOF otherwise).
    pub fn from_text(text: &str, home: Self) -> Option<Self> {
        let upper: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_uppercase();
        match upper.as_str() {
            "FCFA" | "CFA" | "F" => Some(if home == Self::Xaf { Self::Xaf } else { Self::Xof }),
            code => Self::ALL.into_iter().find(|currency| currency.code() == code),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount: minor units (centavos; whole francs) and their currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("`{0}` is not an amount; write digits such as `100` or `12.50`")]
    NotANumber(String),
    #[error("`{text}` has more decimals than {currency} knows")]
    TooFine { text: String, currency: Currency },
    #[error("`{0}` is too large for an amount")]
    TooLarge(String),
}

impl Money {
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Whole major units; more than an amount can hold is the largest amount.
    pub fn from_whole_major(major: i64, currency: Currency) -> Self {
        let minor = major.saturating_mul(10_i64.pow(currency.decimals()));
        Self { minor, currency }
    }

    /// Reads major units: `100`, `100.0`, `12.5`; refuses signs, exponents and decimals the currency
    /// does not have (unless they are zeros).
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let bad = || MoneyError::NotANumber(shown(text));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(bad());
        }
        let fraction = fraction.trim_end_matches('0');
        let decimals = currency.decimals();
        let missing = (decimals as usize)
            .checked_sub(fraction.len())
            .ok_or_else(|| MoneyError::TooFine {
                text: shown(text),
                currency,
            })?;
        let all = format!("{whole}{fraction}{}", "0".repeat(missing));
        let minor = all.parse().map_err(|_| MoneyError::TooLarge(shown(text)))?;
        Ok(Self { minor, currency })
    }

    pub fn minor(self) -> i64 {
        self.minor
    }

    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The major units as text: `100`, `12.50`.
    pub fn major_text(self) -> String {
        let decimals = self.currency.decimals();
        let scale = 10_i64.pow(decimals);
        if decimals == 0 {
            return self.minor.to_string();
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.minor.unsigned_abs() / scale.unsigned_abs(),
            self.minor.unsigned_abs() % scale.unsigned_abs(),
        );
        format!("{sign}{whole}.{rest:0width$}", width = decimals as usize)
    }

    /// As people of a language write it: `1 500 FCFA`, `1,234.56 USD`.
    pub fn for_people(self, language: Language) -> String {
        self.grouped_with(language, self.currency.everyday_name())
    }

    /// The same with the ISO code, where two currencies of one everyday name must be told apart.
    pub fn for_people_by_code(self, language: Language) -> String {
        self.grouped_with(language, self.currency.code())
    }

    fn grouped_with(self, language: Language, name: &str) -> String {
        format!("{}\u{a0}{name}", grouped_decimal(language, &self.major_text()))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.major_text(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(text: &str, currency: Currency) -> Option<i64> {
        Money::parse_major(text, currency).ok().map(Money::minor)
    }

    #[test]
    fn amounts_are_grouped_and_named_for_people() {
        for (language, minor, currency, expected) in [
            (Language::Fr, 100, Currency::Xof, "100\u{a0}FCFA"),
            (Language::Fr, 1500, Currency::Xof, "1\u{202f}500\u{a0}FCFA"),
            (Language::En, 1_234_567, Currency::Xaf, "1,234,567\u{a0}FCFA"),
            (Language::Es, 5000, Currency::Mxn, "50,00\u{a0}MXN"),
            (Language::En, 123_456, Currency::Usd, "1,234.56\u{a0}USD"),
            (Language::En, -123_456, Currency::Usd, "-1,234.56\u{a0}USD"),
            (Language::Pt, 0, Currency::Gnf, "0\u{a0}GNF"),
        ] {
            assert_eq!(Money::from_minor(minor, currency).for_people(language), expected);
        }
        let franc = Money::from_minor(1500, Currency::Xaf);
        assert_eq!(franc.for_people_by_code(Language::Fr), "1\u{202f}500\u{a0}XAF");
    }

    #[test]
    fn major_units_become_minor_ones() {
        for (text, currency, expected) in [
            ("100", Currency::Xof, 100),
            (" 100 ", Currency::Xof, 100),
            ("100.0", Currency::Xof, 100),
            ("100.000000", Currency::Gnf, 100),
            ("0100", Currency::Xaf, 100),
            ("0", Currency::Xof, 0),
            ("12.5", Currency::Mxn, 1_250),
            ("12.50", Currency::Eur, 1_250),
            ("12.500", Currency::Usd, 1_250),
            ("0.01", Currency::Cdf, 1),
            ("92233720368547758.07", Currency::Mxn, i64::MAX),
            ("9223372036854775807", Currency::Xof, i64::MAX),
        ] {
            assert_eq!(minor(text, currency), Some(expected), "{text} {currency}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "",
            " ",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1E3",
            "0x10",
            "1,000",
            "1 000",
            "1_000",
            "NaN",
            "inf",
            "1.2.3",
            "99.5",
            "\u{0661}00",
            "\u{ff11}00",
            "100\0",
            "$(amount)",
            "9223372036854775808",
            "1\n2",
        ] {
            assert_eq!(minor(text, Currency::Xof), None, "{text:?}");
        }
        assert_eq!(minor("12.505", Currency::Mxn), None);
        assert_eq!(minor("92233720368547758.08", Currency::Mxn), None);
        assert_eq!(minor(&"9".repeat(1_000_000), Currency::Xof), None);
    }

    #[test]
    fn refusals_say_why_on_one_short_line() {
        let refusal = |text: &str| Money::parse_major(text, Currency::Xof).unwrap_err().to_string();
        assert_eq!(refusal("99.5"), "`99.5` has more decimals than XOF knows");
        assert_eq!(
            refusal("1\r\n2"),
            "`12` is not an amount; write digits such as `100` or `12.50`"
        );
        assert!(refusal(&"9".repeat(1_000_000)).len() < 100);
    }

    #[test]
    fn amounts_are_shown_in_major_units() {
        for (amount, currency, expected) in [
            (100, Currency::Xof, "100 XOF"),
            (5, Currency::Mxn, "0.05 MXN"),
            (1_250, Currency::Mxn, "12.50 MXN"),
            (-5, Currency::Eur, "-0.05 EUR"),
            (i64::MIN, Currency::Eur, "-92233720368547758.08 EUR"),
        ] {
            assert_eq!(Money::from_minor(amount, currency).to_string(), expected);
        }
    }

    #[test]
    fn francs_have_everyday_names() {
        for text in ["FCFA", "F CFA", "f\u{a0}cfa", "CFA", "cfa", "F"] {
            assert_eq!(Currency::from_text(text, Currency::Xof), Some(Currency::Xof), "{text}");
            assert_eq!(Currency::from_text(text, Currency::Xaf), Some(Currency::Xaf), "{text}");
            assert_eq!(Currency::from_text(text, Currency::Mxn), Some(Currency::Xof), "{text}");
        }
        for currency in Currency::ALL {
            assert_eq!(
                Currency::from_text(&currency.code().to_lowercase(), Currency::Xof),
                Some(currency)
            );
            let json = serde_json::to_string(&currency).unwrap();
            assert_eq!(json, format!("\"{}\"", currency.code()));
        }
        for text in ["", "XO", "XOFF", "\u{20ac}", "BTC", "franc"] {
            assert_eq!(Currency::from_text(text, Currency::Xof), None, "{text}");
        }
    }

    #[test]
    fn countries_have_their_currency() {
        for (country, currency) in [
            ("BJ", Currency::Xof),
            ("cm", Currency::Xaf),
            ("GN", Currency::Gnf),
            ("CD", Currency::Cdf),
        ] {
            assert_eq!(Currency::of_country(country), currency, "{country}");
        }
    }

    proptest! {
        #[test]
        fn amounts_round_trip(minor in 0..=i64::MAX, currency in prop::sample::select(&Currency::ALL[..])) {
            let money = Money::from_minor(minor, currency);
            prop_assert_eq!(Money::parse_major(&money.major_text(), currency), Ok(money));
            let padded = format!("00{}", money.major_text());
            prop_assert_eq!(Money::parse_major(&padded, currency), Ok(money));
        }

        #[test]
        fn any_text_is_read_exactly_or_refused(
            text in "\\PC{0,24}|[0-9.]{0,24}", currency in prop::sample::select(&Currency::ALL[..]),
        ) {
            if let Ok(money) = Money::parse_major(&text, currency) {
                prop_assert!(money.minor() >= 0);
                prop_assert_eq!(Money::parse_major(&money.major_text(), currency), Ok(money));
            }
        }

        #[test]
        fn a_fraction_too_fine_is_never_rounded(whole in 0_u32.., fraction in 1_u32..1_000) {
            let text = format!("{whole}.{fraction:03}");
            let fits = fraction % 10 == 0;
            prop_assert_eq!(Money::parse_major(&text, Currency::Mxn).is_ok(), fits);
            prop_assert!(Money::parse_major(&text, Currency::Xof).is_err());
        }
    }
}
