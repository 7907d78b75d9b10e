//! The operator's mail about webhooks that no order could take. Pure: nothing is looked up or sent.

use super::sale::TEXTS;
use crate::company::Language;
use crate::event::{Unplaced, UnplacedEvent};
use crate::language::Value;
use crate::shown::shown_up_to;

/// Subject and text; `count` may be more than are named.
pub fn mail_about(language: Language, company: &str, events: &[UnplacedEvent], count: usize) -> (String, String) {
    let say = |id: &str, values: &[(&str, String)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, Value::from(shown_up_to(value, VALUE_MAX))))
            .collect();
        TEXTS.get(language, id, &values)
    };
    let mut lines = vec![say("event-intro", &[("company", company.to_owned())]), String::new()];
    for one in events {
        let values = [
            ("event", one.event.to_string()),
            ("account", one.account.to_string()),
            ("value", one.why.value().to_owned()),
        ];
        lines.push(format!("- {}", say(text_of(&one.why), &values)));
    }
    if let Some(more) = count.checked_sub(events.len()).filter(|more| *more > 0) {
        lines.push(say("ledger-more", &[("count", more.to_string())]));
    }
    let commands = [
        ("show", "mikrelay event show".to_owned()),
        ("list", "mikrelay event list --open".to_owned()),
    ];
    lines.push(String::new());
    lines.push(say("event-do", &commands));
    let subject = say("event-subject", &[("count", count.to_string())]);
    (subject, lines.join("\n") + "\n")
}

fn text_of(why: &Unplaced) -> &'static str {
    match why {
        Unplaced::Unreadable { .. } => "event-unreadable",
        Unplaced::TakenBack { .. } => "event-taken-back",
        Unplaced::OfAnotherAccount { .. } => "event-of-another-account",
        Unplaced::NotShown { .. } => "event-not-shown",
        Unplaced::AccountRefused { .. } => "event-account-refused",
    }
}

/// A gateway's words and ids may be anything.
const VALUE_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, EventId};

    fn every() -> Vec<UnplacedEvent> {
        let whys = [
            Unplaced::Unreadable {
                words: "w-0001".to_owned(),
            },
            Unplaced::TakenBack {
                payment: "w-0002".to_owned(),
            },
            Unplaced::OfAnotherAccount {
                order: "w-0003".to_owned(),
            },
            Unplaced::NotShown {
                payment: "w-0004".to_owned(),
            },
            Unplaced::AccountRefused {
                words: "w-0005".to_owned(),
            },
        ];
        let events = whys.into_iter().zip(41_i64..);
        events
            .map(|(why, number)| UnplacedEvent {
                event: EventId(number),
                account: AccountId::new("awa-mp"),
                why,
            })
            .collect()
    }

    #[test]
    fn every_reason_has_its_sentence_in_every_language() {
        for language in Language::ALL {
            let (subject, text) = mail_about(language, "Cyber Awa", &every(), 7);
            assert!(subject.contains("(7)"), "{subject}");
            let lines: Vec<_> = text.lines().filter(|line| line.starts_with("- ")).collect();
            assert_eq!(lines.len(), 5, "{text}");
            for (line, one) in lines.iter().zip(every()) {
                assert!(
                    line.contains(&one.event.to_string()) && line.contains("awa-mp") && line.contains(one.why.value()),
                    "{line}"
                );
            }
            assert!(
                text.contains("mikrelay event show") && text.contains("--open") && !text.contains(['{', '$']),
                "{text}"
            );
        }
    }

    #[test]
    fn a_hostile_value_stays_one_line() {
        let mut bad = every();
        bad[0].why = Unplaced::Unreadable {
            words: format!("x\r\n\r\nBcc: x@y.zz\n{}", "y".repeat(100_000)),
        };
        let (_, text) = mail_about(Language::Es, "Cyber\nAwa", &bad, 4);
        assert!(
            !text.lines().any(|line| line.starts_with("Bcc")) && text.len() < 4_000,
            "{text}"
        );
    }
}
