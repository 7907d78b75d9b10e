//! What people are told about money that goes back, as plain text in their language. Pure: nothing is looked up or sent.

use super::sale::{Speaker, joined, one_line};
use crate::company::{GatewayName, Language};
use crate::ids::OrderRef;
use crate::money::Money;
use crate::order::PlanSnapshot;

/// A payment that goes back.
#[derive(Clone, Copy, Debug)]
pub struct RefundNotice<'a> {
    /// The company's name as buyers know it.
    pub company: &'a str,
    pub gateway: GatewayName,
    pub plan: &'a PlanSnapshot,
    /// Our own reference.
    pub reference: &'a OrderRef,
    /// The gateway's id of the payment.
    pub payment: &'a str,
    /// What was paid, which may differ from the price.
    pub amount: Money,
    /// A second payment: the order stays as it is.
    pub is_extra: bool,
    pub phone: Option<&'a str>,
}

/// Subject and text for the operator: the money went back.
pub fn operator_mail(language: Language, notice: &RefundNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let intro = pick(notice, "refund-done", "refund-done-extra");
    let mut text = vec![say.with(intro, &[("company", one_line(notice.company))]), String::new()];
    text.extend(facts(say, notice));
    (subject(say, "refund-done-subject", notice), joined(&text))
}

/// Subject and text for the buyer: his money is on its way.
pub fn buyer_mail(language: Language, notice: &RefundNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let intro = pick(notice, "refund-buyer", "refund-buyer-extra");
    let mut text = vec![
        say.with(intro, &[("company", one_line(notice.company))]),
        say.with("refund-buyer-when", &[]),
        String::new(),
    ];
    text.extend(facts(say, notice));
    (subject(say, "refund-buyer-subject", notice), joined(&text))
}

/// Subject and text for the operator where the gateway has no API: what he has to do, and what to say afterwards.
pub fn todo_mail(language: Language, notice: &RefundNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let names = [
        ("company", one_line(notice.company)),
        ("gateway", notice.gateway.title().to_owned()),
    ];
    let mut text = vec![
        say.with(pick(notice, "refund-todo", "refund-todo-extra"), &names),
        String::new(),
    ];
    text.extend(steps(language, notice));
    text.push(String::new());
    text.extend(facts(say, notice));
    (subject(say, "refund-todo-subject", notice), joined(&text))
}

/// How the operator gives this payment back himself, step by step.
pub fn steps(language: Language, notice: &RefundNotice<'_>) -> Vec<String> {
    let say = Speaker { language };
    let way = match notice.gateway {
        GatewayName::Fedapay => "refund-way-fedapay",
        GatewayName::Cinetpay => "refund-way-cinetpay",
        GatewayName::Feexpay => "refund-way-feexpay",
        GatewayName::Conekta | GatewayName::Mercadopago => "refund-way-other",
    };
    let values = [
        ("gateway", notice.gateway.title().to_owned()),
        ("payment", one_line(notice.payment)),
        ("amount", notice.amount.for_people(language)),
    ];
    // The order's own payment may wait as well.
    let which = if notice.is_extra {
        format!(" --payment {}", one_line(notice.payment))
    } else {
        String::new()
    };
    let done = [(
        "command",
        format!("mikrelay order refunded {}{which}", notice.reference),
    )];
    let lines = [
        say.with("refund-way-open", &values),
        say.with(way, &values),
        say.with(pick(notice, "refund-way-done", "refund-way-done-extra"), &done),
    ];
    let numbered = lines.iter().zip(1..).map(|(line, number)| format!("{number}. {line}"));
    numbered.collect()
}

fn facts(say: Speaker, notice: &RefundNotice<'_>) -> Vec<String> {
    let mut lines = vec![
        say.line("line-plan", &notice.plan.label),
        say.line("line-amount", &notice.amount.for_people(say.language)),
        say.line("line-gateway", notice.gateway.title()),
        say.line("line-gateway-reference", notice.payment),
        say.line("line-order", notice.reference.as_str()),
    ];
    lines.extend(notice.phone.map(|phone| say.line("line-phone", phone)));
    lines
}

fn subject(say: Speaker, id: &str, notice: &RefundNotice<'_>) -> String {
    let (plan, amount) = (one_line(&notice.plan.label), notice.amount.for_people(say.language));
    say.with(id, &[("plan", plan), ("amount", amount)])
}

fn pick(notice: &RefundNotice<'_>, whole: &'static str, extra: &'static str) -> &'static str {
    if notice.is_extra { extra } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::plan::{DataLimit, TimeLimit};

    fn with_notice<T>(gateway: GatewayName, is_extra: bool, read: impl FnOnce(&RefundNotice<'_>) -> T) -> T {
        let plan = PlanSnapshot {
            plan: None,
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 14_400 },
            data: DataLimit::NONE,
        };
        read(&RefundNotice {
            company: "Cyber Awa",
            gateway,
            plan: &plan,
            reference: &OrderRef::new("7K3M9PQ2RSTVWX"),
            payment: "104015",
            amount: Money::from_minor(90, Currency::Xof),
            is_extra,
            phone: Some("2290166000000"),
        })
    }

    #[test]
    fn every_mail_names_the_payment_and_the_money_in_every_language() {
        for language in Language::ALL {
            for gateway in GatewayName::ALL {
                for (is_extra, compose) in [false, true]
                    .into_iter()
                    .flat_map(|is_extra| [operator_mail, buyer_mail, todo_mail].map(|compose| (is_extra, compose)))
                {
                    let (subject, text) = with_notice(gateway, is_extra, |notice| compose(language, notice));
                    assert!(
                        subject.contains("4 heures") && subject.contains("90\u{a0}FCFA"),
                        "{subject}"
                    );
                    for part in ["104015", "90\u{a0}FCFA", "7K3M9PQ2RSTVWX", gateway.title()] {
                        assert!(text.contains(part), "{part}: {text}");
                    }
                    assert!(!text.contains(['{', '$']) && !text.contains("refund-"), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_operator_reads_what_to_do_step_by_step() {
        let text = with_notice(GatewayName::Fedapay, false, |notice| todo_mail(Language::En, notice).1);
        let steps: Vec<_> = text.lines().filter(|line| line.starts_with(char::is_numeric)).collect();
        assert_eq!(steps.len(), 3, "{text}");
        assert!(steps[0].contains("104015") && steps[1].contains("MTN"), "{text}");
        assert!(steps[2].contains("mikrelay order refunded 7K3M9PQ2RSTVWX"), "{text}");
    }
}
