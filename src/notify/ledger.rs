//! The operator's mail about what his gateways and the relay do not agree on. Pure: nothing is looked up or sent.

use super::sale::TEXTS;
use crate::company::Language;
use crate::language::Value;
use crate::ledger::{Comparison, Difference};
use crate::money::Money;
use crate::shown::shown_up_to;

/// Subject and text: the differences of these comparisons that were not told yet.
pub fn mail_of_the_day(language: Language, company: &str, comparisons: &[Comparison]) -> (String, String) {
    let say = |id: &str, values: &[(&str, String)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, Value::from(shown_up_to(value, VALUE_MAX))))
            .collect();
        TEXTS.get(language, id, &values)
    };
    let mut lines = vec![say("ledger-intro", &[("company", company.to_owned())])];
    let mut count = 0;
    for comparison in comparisons {
        let news: Vec<_> = comparison.differences.iter().filter(|one| !one.told).collect();
        if news.is_empty() {
            continue;
        }
        count += news.len();
        lines.push(String::new());
        lines.push(say("ledger-account", &[("account", comparison.account.to_string())]));
        for difference in news.iter().take(MOST_LINES) {
            let text = say(&format!("ledger-{}", difference.kind.as_str()), &values_of(difference));
            lines.push(format!("- {text}"));
        }
        if let Some(more) = news.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            lines.push(say("ledger-more", &[("count", more.to_string())]));
        }
    }
    let commands = [
        ("list", "mikrelay order ledger".to_owned()),
        ("show", "mikrelay order show".to_owned()),
    ];
    lines.push(String::new());
    lines.push(say("ledger-do", &commands));
    let subject = say("ledger-subject", &[("count", count.to_string())]);
    (subject, lines.join("\n") + "\n")
}

fn values_of(difference: &Difference) -> [(&'static str, String); 3] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        ("payment", or_dash(difference.gateway_id.clone())),
        (
            "amount",
            or_dash(difference.amount.map(|amount| Money::from(amount).to_string())),
        ),
        ("order", or_dash(difference.order.as_ref().map(ToString::to_string))),
    ]
}

/// A gateway's id longer than this is no id.
const VALUE_MAX: usize = 100;
/// For each account; the command lists all.
const MOST_LINES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, CompanyId, OrderRef};
    use crate::ledger::{DifferenceKind, Way};
    use crate::money::Currency;

    fn comparison(differences: Vec<Difference>) -> Comparison {
        Comparison {
            account: AccountId::new("awa-fedapay"),
            company: CompanyId::new("cyber-awa"),
            since: "2026-11-01T02:00:00Z".parse().unwrap(),
            until: "2026-11-03T02:00:00Z".parse().unwrap(),
            way: Way::Listed,
            checked: 40,
            mended: 1,
            left_out: 0,
            problem: None,
            differences,
        }
    }

    fn difference(kind: DifferenceKind, told: bool) -> Difference {
        Difference {
            kind,
            order: Some(OrderRef::new("MR7K2Q9ZP4XWHD")),
            gateway_id: Some("104013".to_owned()),
            amount: Some(Money::from_minor(100, Currency::Xof).into()),
            told,
        }
    }

    #[test]
    fn every_difference_has_its_sentence_in_every_language() {
        for language in Language::ALL {
            for kind in DifferenceKind::ALL {
                let (subject, text) =
                    mail_of_the_day(language, "Cyber Awa", &[comparison(vec![difference(kind, false)])]);
                assert!(subject.contains("(1)"), "{subject}");
                let line = text.lines().find(|line| line.starts_with("- ")).unwrap();
                assert!(line.contains("104013") && line.contains("100"), "{line}");
                assert_eq!(
                    line.contains("MR7K2Q9ZP4XWHD"),
                    kind != DifferenceKind::Unknown,
                    "{line}"
                );
                assert!(
                    !text.contains("ledger-") && text.contains("mikrelay order ledger"),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_was_told_is_left_out_and_long_lists_are_cut() {
        let mut differences = vec![difference(DifferenceKind::Unknown, false); 25];
        differences.push(difference(DifferenceKind::Held, true));
        let told = comparison(vec![difference(DifferenceKind::Stuck, true)]);
        let (subject, text) = mail_of_the_day(Language::En, "Cyber Awa", &[told, comparison(differences)]);
        assert_eq!(subject, "Daily check: payments to look at (25)");
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), MOST_LINES);
        assert!(
            text.contains("… and 5 more.") && !text.contains("held") && !text.contains("refuses"),
            "{text}"
        );
    }

    #[test]
    fn a_hostile_id_stays_one_line() {
        let mut bad = difference(DifferenceKind::Unknown, false);
        bad.gateway_id = Some("1\r\n\r\nBcc: x@y.zz".to_owned());
        let (_, text) = mail_of_the_day(Language::Fr, "Cyber\nAwa", &[comparison(vec![bad])]);
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
    }
}
