//! What Mercado Pago's refusals mean, by facts 3.6 and 3.9.

use super::super::answer::{self, Raw, Text};
use super::super::call::Answer;
use super::super::{CardRefusal, GatewayError, RefundState};

/// What an answer that is not the hoped-for one means.
pub fn failure(answer: &Answer) -> GatewayError {
    // A web page comes from a machine in front of the gateway and says nothing about the call.
    if answer.body.trim_ascii_start().starts_with(b"<") {
        return answer::failure(answer);
    }
    let problem = Problem::read(answer);
    let says = problem.says(answer);
    match answer.status.as_u16() {
        401 => GatewayError::Misconfigured(format!(
            "{says}: the access token is wrong or was revoked; write the present one as `secret_key`"
        )),
        403 if problem.has_code("4") => GatewayError::Refused(FOREIGN.to_owned()),
        403 => GatewayError::Misconfigured(says),
        400 if problem.has_code("3") => GatewayError::Misconfigured(format!(
            "{says}: the payment and the access token are not of one mode, live or test; write the other token as \
             `secret_key`"
        )),
        400..=499 if says.contains(UNVERIFIED_SELLER) => GatewayError::Misconfigured(format!(
            "{says}: Mercado Pago has not finished verifying this seller; finish it in its panel"
        )),
        409 => GatewayError::Refused(format!("{says}: the key of this call was used for another one")),
        423 => GatewayError::Transient(format!("{says}: an earlier try of this call still runs")),
        424 => GatewayError::Transient(format!("{says}: something behind Mercado Pago does not answer")),
        408 | 429 | 404 | 500..=599 => answer::failure(answer),
        400..=499 => GatewayError::Refused(says),
        _ => answer::failure(answer),
    }
}

/// The gateway's own words for a failure.
pub fn words(answer: &Answer) -> String {
    Problem::read(answer).says(answer)
}

/// Whether the account may not see what was asked about.
pub fn is_foreign(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Refused(why) if why == FOREIGN)
}

/// Which part of a charge it refuses (facts: gateways-latin-america 3.6, pagos-hotspot-api 5.5).
pub fn refusal(answer: &Answer) -> CardRefusal {
    let problem = Problem::read(answer);
    let says = problem.says(answer).to_ascii_lowercase();
    let by_code = CHARGE_CODES.iter().find(|(code, _)| problem.has_code(code));
    let by_words = CHARGE_WORDS.iter().find(|(word, _)| says.contains(word));
    by_code
        .or(by_words)
        .map_or(CardRefusal::WrongData, |(_, refusal)| *refusal)
}

/// Why money is not given back, where repeating the call would change nothing.
pub fn refund_refusal(answer: &Answer) -> Option<RefundState> {
    let problem = Problem::read(answer);
    let reasons = [
        ("2063", "the payment is in a state in which nothing can be given back"),
        ("2024", "the payment is too old: Mercado Pago gives back for 180 days"),
        ("15016", "the payment is too old: Mercado Pago gives back for 180 days"),
        ("3024", "this way of paying knows no partial refund"),
    ];
    let known = reasons.iter().find(|(code, _)| problem.has_code(code));
    let is_wrong_state = answer.status.as_u16() == 409 && !problem.errors.is_empty();
    match known {
        Some((_, sentence)) => Some(RefundState::Refused((*sentence).to_owned())),
        None if is_wrong_state => Some(RefundState::Refused(format!(
            "the order is in a state in which nothing can be given back ({})",
            problem.says(answer)
        ))),
        None => None,
    }
}

/// An error body of either kind: `message`, `error` and `cause` of most calls, `errors` of the orders.
#[derive(Default)]
struct Problem {
    message: Text,
    error: Text,
    causes: Vec<Cause>,
    errors: Vec<Cause>,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Cause {
    code: Text,
    description: Text,
    message: Text,
}

impl Problem {
    fn read(answer: &Answer) -> Self {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Body {
            message: Text,
            error: Text,
            cause: Raw,
            errors: Raw,
        }
        let Ok(body) = answer::read_object::<Body>(&answer.body) else {
            return Self::default();
        };
        // A cause comes as a list, as a single object, or as null.
        let causes = |raw: &Raw| match answer::read_inner::<Cause>(raw) {
            Ok(Some(one)) => vec![one],
            _ => raw
                .as_deref()
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default(),
        };
        Self {
            causes: causes(&body.cause),
            errors: causes(&body.errors),
            message: body.message,
            error: body.error,
        }
    }

    fn has_code(&self, code: &str) -> bool {
        let mut all = self.causes.iter().chain(&self.errors);
        all.any(|cause| cause.code.get() == Some(code))
    }

    fn says(&self, answer: &Answer) -> String {
        let causes = self.causes.iter().chain(&self.errors);
        let causes = causes.flat_map(|cause| [&cause.code, &cause.description, &cause.message]);
        let mut words: Vec<&str> = Vec::new();
        for word in [&self.message, &self.error]
            .into_iter()
            .chain(causes)
            .filter_map(Text::get)
        {
            // The same sentence often stands in several places.
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let line = format!("HTTP {} {}", answer.status.as_u16(), words.join(" "));
        answer::one_line(line.trim_end())
    }
}

const FOREIGN: &str = "this payment belongs to another Mercado Pago account than the one whose access token asked";
const UNVERIFIED_SELLER: &str = "collector_does_not_comply_with_current_regulation";
/// Facts 3.6, and the SDKs' lists of causes.
const CHARGE_CODES: [(&str, CardRefusal); 5] = [
    ("2006", CardRefusal::TokenInvalid),
    ("3000", CardRefusal::TokenInvalid),
    ("3003", CardRefusal::TokenInvalid),
    ("2062", CardRefusal::TokenInvalid),
    ("4020", CardRefusal::WrongData),
];
/// For codes nobody has published.
const CHARGE_WORDS: [(&str, CardRefusal); 7] = [
    ("token", CardRefusal::TokenInvalid),
    ("payment_method", CardRefusal::WrongMethod),
    ("installments", CardRefusal::WrongInstallments),
    ("identification", CardRefusal::WrongPayer),
    ("email", CardRefusal::WrongEmail),
    ("payer", CardRefusal::WrongPayer),
    ("amount", CardRefusal::WrongAmount),
];
