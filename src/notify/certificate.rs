//! The operator's mail about a certificate that is about to run out. Pure: nothing is looked up or sent.

use super::sale::TEXTS;
use crate::company::Language;
use crate::language::Value;
use crate::shown::shown_up_to;

/// A certificate that nobody has renewed in time.
#[derive(Clone, Debug)]
pub struct CertificateNotice {
    /// The host it is for.
    pub name: String,
    /// Whole days; none left, or negative, when it is over.
    pub days_left: i64,
    /// Whether the relay renews it itself.
    pub is_ours: bool,
}

/// Subject and text.
pub fn mail_about(language: Language, notice: &CertificateNotice) -> (String, String) {
    let say = |id: &str| {
        let values = [
            ("name", Value::from(shown_up_to(&notice.name, NAME_MAX))),
            ("days", Value::from(notice.days_left.max(0))),
        ];
        TEXTS.get(language, id, &values)
    };
    let state = if notice.days_left < 0 {
        "certificate-over"
    } else {
        "certificate-soon"
    };
    let advice = if notice.is_ours {
        "certificate-do-ours"
    } else {
        "certificate-do-files"
    };
    let text = format!("{}\n\n{}\n", say(state), say(advice));
    (say("certificate-subject"), text)
}

/// A host name has 253 at most.
const NAME_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_host_days_and_what_to_do() {
        for language in Language::ALL {
            for (days_left, is_ours) in [(9, true), (1, false), (0, true), (-3, false)] {
                let notice = CertificateNotice {
                    name: "pay.example.net".to_owned(),
                    days_left,
                    is_ours,
                };
                let (subject, text) = mail_about(language, &notice);
                assert!(
                    subject.contains("pay.example.net") && text.contains("pay.example.net"),
                    "{subject}\n{text}"
                );
                assert!(!text.contains(['{', '$']) && !text.contains("certificate-"), "{text}");
                assert_eq!(text.contains('9'), days_left == 9, "{text}");
                assert_eq!(text.contains("80"), is_ours, "{text}");
            }
        }
    }
}
