//! The sentences of the API, in the caller's language, and the words that programs go by.

use std::sync::LazyLock;

use crate::company::Language;
use crate::language::{Texts, Value};
use crate::packed::packed;
use crate::payment::link_fields::{FieldFault, Forbidden, Problem};

/// The sentence called `id`.
pub fn say(language: Language, id: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, Value::from(*value)))
        .collect();
    TEXTS.get(language, id, &values)
}

/// The type of a fault, and its sentence.
pub(super) fn fault(language: Language, fault: &FieldFault) -> (&'static str, String) {
    let with = |id: &str, value: &str| say(language, id, &[("value", value)]);
    match &fault.problem {
        Problem::Missing => ("missing", with("field-missing", fault.field)),
        Problem::NotText => ("string_type", with("field-not-text", fault.field)),
        Problem::TooLong { most } => ("string_too_long", with("field-too-long", &most.to_string())),
        Problem::NotPlain => ("value_error", with("field-not-plain", fault.field)),
        Problem::UnknownProvider => ("literal_error", say(language, "provider-unknown", &[])),
        Problem::UnknownAction => ("literal_error", say(language, "action-unknown", &[])),
        Problem::NoAccount { gateway } => ("value_error", with("provider-no-account", gateway.title())),
        Problem::CannotSell => ("value_error", say(language, "provider-cannot-sell", &[])),
        Problem::UnknownCurrency => ("value_error", say(language, "currency-unknown", &[])),
        Problem::NotAnAmount => ("decimal_parsing", say(language, "amount-not-a-number", &[])),
        Problem::TooFine { currency } => ("decimal_max_places", with("amount-too-fine", currency.code())),
        Problem::TooLarge => ("decimal_whole_digits", say(language, "amount-too-large", &[])),
        Problem::Zero => ("greater_than", say(language, "amount-zero", &[])),
        Problem::BadUrl => ("url_parsing", say(language, "url-bad", &[])),
        Problem::ForbiddenUrl(forbidden) => ("value_error", forbidden_url(language, forbidden)),
        Problem::BadEmail => ("value_error", say(language, "email-bad", &[])),
        Problem::BadPhone => ("value_error", say(language, "phone-bad", &[])),
        Problem::UnknownNetwork { known } => ("literal_error", with("network-unknown", &known.join(", "))),
        Problem::CodeMissing => ("missing", say(language, "otp-missing", &[])),
    }
}

fn forbidden_url(language: Language, forbidden: &Forbidden) -> String {
    match forbidden {
        Forbidden::NotHttp | Forbidden::Credentials => say(language, "url-bad", &[]),
        Forbidden::Port(port) => say(language, "url-port", &[("value", &port.to_string())]),
        Forbidden::Network => say(language, "url-inside", &[]),
    }
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/lang-api/fr.ftl")),
        (Language::En, packed!("templates/lang-api/en.ftl")),
        (Language::Es, packed!("templates/lang-api/es.ftl")),
        (Language::Pt, packed!("templates/lang-api/pt.ftl")),
    ])
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::GatewayName;
    use crate::money::Currency;

    #[test]
    fn every_text_exists_in_every_language() {
        assert_eq!(TEXTS.gaps(), Vec::<String>::new());
    }

    #[test]
    fn every_fault_has_a_sentence() {
        let gateway = GatewayName::Fedapay;
        let problems = [
            Problem::Missing,
            Problem::NotText,
            Problem::TooLong { most: 7 },
            Problem::NotPlain,
            Problem::UnknownProvider,
            Problem::UnknownAction,
            Problem::NoAccount { gateway },
            Problem::CannotSell,
            Problem::UnknownCurrency,
            Problem::NotAnAmount,
            Problem::TooFine {
                currency: Currency::Mxn,
            },
            Problem::TooLarge,
            Problem::Zero,
            Problem::BadUrl,
            Problem::ForbiddenUrl(Forbidden::Port(22)),
            Problem::ForbiddenUrl(Forbidden::Network),
            Problem::BadEmail,
            Problem::BadPhone,
            Problem::UnknownNetwork {
                known: vec!["mtn", "moov"],
            },
            Problem::CodeMissing,
        ];
        for problem in problems {
            let fault = FieldFault {
                field: "amount",
                problem,
            };
            for language in Language::ALL {
                let (kind, sentence) = super::fault(language, &fault);
                assert!(!kind.is_empty() && sentence.contains(' '), "{fault:?}: {sentence}");
                assert!(!sentence.contains(['{', '$']), "{sentence}");
            }
        }
    }
}
