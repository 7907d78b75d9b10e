//! What people are told about a sale, as plain text in their language. Pure: nothing is looked up or sent.
//!
//! Values from elsewhere are cut to one line each, so that no label or phone number can imitate a line of
//! ours. No mail holds a link with a password in it.

use std::sync::LazyLock;

use secrecy::ExposeSecret;

use crate::company::Language;
use crate::ids::OrderRef;
use crate::language::{Texts, Value};
use crate::order::{PlanSnapshot, State};
use crate::packed::packed;
use crate::reason::Reason;
use crate::shown::shown_up_to;
use crate::voucher::{UserMode, Voucher};

/// A sale that has a voucher.
#[derive(Clone, Copy, Debug)]
pub struct SaleNotice<'a> {
    /// The company's name as buyers know it.
    pub company: &'a str,
    pub hotspot: &'a str,
    /// The gateway as people call it.
    pub gateway: &'a str,
    pub plan: &'a PlanSnapshot,
    /// Our own reference.
    pub reference: &'a OrderRef,
    pub gateway_reference: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub mac: Option<&'a str>,
    pub voucher: &'a Voucher,
    /// Where the hotspot's login page is: `host` or `host:port`.
    pub dns_name: Option<&'a str>,
}

/// An order that needs the operator.
#[derive(Clone, Copy, Debug)]
pub struct AlertNotice<'a> {
    pub plan: &'a PlanSnapshot,
    pub reference: &'a OrderRef,
    pub state: State,
    /// What is wrong.
    pub reason: &'a Reason,
}

/// Subject and text for the operator: everything he needs to answer a buyer who calls.
pub fn operator_mail(language: Language, notice: &SaleNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let intro = [
        ("company", one_line(notice.company)),
        ("hotspot", one_line(notice.hotspot)),
    ];
    let mut text = vec![say.with("sale-intro", &intro), String::new()];
    text.push(say.line("line-plan", &notice.plan.label));
    if notice.plan.profile != notice.plan.label {
        text.push(say.line("line-profile", &notice.plan.profile));
    }
    text.push(say.amount(notice.plan));
    text.push(say.line("line-gateway", notice.gateway));
    text.extend(
        notice
            .gateway_reference
            .map(|reference| say.line("line-gateway-reference", reference)),
    );
    text.push(say.line("line-order", notice.reference.as_str()));
    text.extend(notice.phone.map(|phone| say.line("line-phone", phone)));
    text.extend(notice.mac.map(|mac| say.line("line-mac", mac)));
    text.push(String::new());
    text.extend(say.credentials(notice.voucher));
    (say.subject("sale-subject", notice.plan), joined(&text))
}

/// Subject and text for the buyer. The code is not in the subject, which phones show while locked.
pub fn buyer_mail(language: Language, notice: &SaleNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let mut text = vec![
        say.with("code-intro", &[("company", one_line(notice.company))]),
        String::new(),
    ];
    text.extend(say.credentials(notice.voucher));
    text.push(String::new());
    text.push(match notice.dns_name {
        Some(name) => say.with("code-how", &[("address", format!("http://{}/", one_line(name)))]),
        None => say.with("code-how-plain", &[]),
    });
    text.push(String::new());
    text.push(say.line("line-plan", &notice.plan.label));
    text.push(say.amount(notice.plan));
    text.extend(
        notice
            .gateway_reference
            .map(|reference| say.line("line-gateway-reference", reference)),
    );
    text.push(say.line("line-order", notice.reference.as_str()));
    text.push(say.with("code-keep", &[]));
    (say.subject("code-subject", notice.plan), joined(&text))
}

/// Subject and text for the operator when an order is `held`, `stuck` or otherwise his to look at: what is
/// wrong and what to do.
pub fn alert_mail(language: Language, notice: &AlertNotice<'_>) -> (String, String) {
    let say = Speaker { language };
    let (subject, intro) = match notice.state {
        State::Held => ("alert-held-subject", "alert-held-intro"),
        State::Stuck => ("alert-stuck-subject", "alert-stuck-intro"),
        _ => ("alert-other-subject", "alert-other-intro"),
    };
    let text = [
        say.with(intro, &[]),
        String::new(),
        say.with("alert-what", &[("value", notice.reason.what(language))]),
        String::new(),
        say.with(
            "alert-do",
            &[("value", notice.reason.remedy(language, notice.reference))],
        ),
        String::new(),
        say.line("line-plan", &notice.plan.label),
        say.line("line-price", &notice.plan.price.for_people(language)),
        say.line("line-order", notice.reference.as_str()),
    ];
    (say.subject(subject, notice.plan), joined(&text))
}

/// The texts in one language.
#[derive(Clone, Copy)]
pub(super) struct Speaker {
    pub language: Language,
}

impl Speaker {
    pub fn with(self, id: &str, values: &[(&str, String)]) -> String {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, Value::from(value.as_str())))
            .collect();
        TEXTS.get(self.language, id, &values)
    }

    pub fn line(self, id: &str, value: &str) -> String {
        self.with(id, &[("value", one_line(value))])
    }

    fn subject(self, id: &str, plan: &PlanSnapshot) -> String {
        self.with(
            id,
            &[
                ("plan", one_line(&plan.label)),
                ("amount", plan.price.for_people(self.language)),
            ],
        )
    }

    fn amount(self, plan: &PlanSnapshot) -> String {
        self.line("line-amount", &plan.price.for_people(self.language))
    }

    fn credentials(self, voucher: &Voucher) -> Vec<String> {
        let (name, password) = (voucher.username.expose_secret(), voucher.password.expose_secret());
        match voucher.mode {
            UserMode::Vc => vec![self.line("line-code", name)],
            UserMode::Pin => vec![self.line("line-pin", name)],
            UserMode::Up => vec![self.line("line-user", name), self.line("line-password", password)],
        }
    }
}

pub(super) fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

pub(super) fn one_line(text: &str) -> String {
    shown_up_to(text, VALUE_MAX)
}

pub(super) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/lang-mail/fr.ftl")),
        (Language::En, packed!("templates/lang-mail/en.ftl")),
        (Language::Es, packed!("templates/lang-mail/es.ftl")),
        (Language::Pt, packed!("templates/lang-mail/pt.ftl")),
    ])
});

/// A label longer than this is no label.
const VALUE_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::GatewayName;
    use crate::ids::RouterId;
    use crate::money::{Currency, Money};
    use crate::plan::{DataLimit, TimeLimit};

    fn plan() -> PlanSnapshot {
        PlanSnapshot {
            plan: None,
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 14_400 },
            data: DataLimit::NONE,
        }
    }

    fn voucher(mode: UserMode) -> Voucher {
        let password = match mode {
            UserMode::Vc => "mmk7p2qz",
            UserMode::Up => "345678",
            UserMode::Pin => "",
        };
        let username = "mmk7p2qz".into();
        Voucher {
            username,
            password: password.into(),
            mode,
            comment: "vc-417-06.15.26-".to_owned(),
        }
    }

    fn with_notice<T>(mode: UserMode, read: impl FnOnce(&SaleNotice<'_>) -> T) -> T {
        let (plan, voucher, reference) = (plan(), voucher(mode), OrderRef::new("7K3M9PQ2RSTVWX"));
        read(&SaleNotice {
            company: "Cyber Awa",
            hotspot: "hotspot1",
            gateway: "FedaPay",
            plan: &plan,
            reference: &reference,
            gateway_reference: Some("104015"),
            phone: Some("2290166000000"),
            mac: Some("02:00:00:00:00:01"),
            voucher: &voucher,
            dns_name: Some("wifi.example.net"),
        })
    }

    #[test]
    fn every_text_exists_in_every_language() {
        assert_eq!(TEXTS.gaps(), Vec::<String>::new());
    }

    #[test]
    fn the_operator_reads_everything_about_a_sale() {
        let (subject, text) = with_notice(UserMode::Vc, |notice| operator_mail(Language::Fr, notice));
        assert_eq!(subject, "Vente : 4 heures, 100\u{a0}FCFA");
        assert_eq!(
            text,
            "Cyber Awa : une vente sur hotspot1.\n\n\
             Forfait : 4 heures\n\
             Profil du routeur : 4H\n\
             Montant : 100\u{a0}FCFA\n\
             Paiement par : FedaPay\n\
             Référence de paiement : 104015\n\
             Référence : 7K3M9PQ2RSTVWX\n\
             Téléphone : 2290166000000\n\
             Appareil (MAC) : 02:00:00:00:00:01\n\n\
             Code : mmk7p2qz\n"
        );
    }

    #[test]
    fn the_buyer_reads_the_code_and_how_to_use_it() {
        let (subject, text) = with_notice(UserMode::Up, |notice| buyer_mail(Language::En, notice));
        assert_eq!(subject, "Your Wi-Fi code: 4 heures, 100\u{a0}FCFA");
        assert_eq!(
            text,
            "Thank you for your purchase. Here is your Wi-Fi access from Cyber Awa.\n\n\
             User name: mmk7p2qz\n\
             Password: 345678\n\n\
             To connect: join the Wi-Fi, open http://wifi.example.net/ and enter the access above.\n\n\
             Plan: 4 heures\n\
             Amount: 100\u{a0}FCFA\n\
             Payment reference: 104015\n\
             Reference: 7K3M9PQ2RSTVWX\n\
             Keep this message: the reference finds the code again.\n"
        );
    }

    #[test]
    fn every_mode_and_language_shows_the_credentials_and_no_gap() {
        for language in Language::ALL {
            for mode in UserMode::ALL {
                for compose in [operator_mail, buyer_mail] {
                    let (subject, text) = with_notice(mode, |notice| compose(language, notice));
                    assert!(
                        subject.contains("4 heures, 100\u{a0}FCFA") && !subject.contains("mmk7p2qz"),
                        "{subject}"
                    );
                    assert!(text.contains("mmk7p2qz") && !text.contains(['{', '$']), "{text}");
                    assert_eq!(text.contains("345678"), mode == UserMode::Up, "{text}");
                }
            }
        }
    }

    #[test]
    fn missing_facts_leave_no_empty_line_behind() {
        let text = with_notice(UserMode::Pin, |notice| {
            let bare = SaleNotice {
                gateway_reference: None,
                phone: None,
                mac: None,
                dns_name: None,
                ..*notice
            };
            operator_mail(Language::En, &bare).1 + &buyer_mail(Language::En, &bare).1
        });
        assert!(
            !text.contains("Phone") && !text.contains("MAC") && !text.contains("http"),
            "{text}"
        );
        assert!(
            text.contains("Code (no password): mmk7p2qz") && text.contains("on the page that opens"),
            "{text}"
        );
    }

    #[test]
    fn alerts_say_what_is_wrong_and_what_to_do() {
        let (plan, reference) = (plan(), OrderRef::new("7K3M9PQ2RSTVWX"));
        for language in Language::ALL {
            let mut mails = String::new();
            for (state, reason) in [
                (
                    State::Held,
                    Reason::WrongAmount {
                        gateway: GatewayName::Fedapay,
                        paid: Money::from_minor(50, Currency::Xof),
                        price: plan.price,
                    },
                ),
                (
                    State::Stuck,
                    Reason::ProfileMissing {
                        router: RouterId::new("marche"),
                        profile: "4H".to_owned(),
                    },
                ),
                (
                    State::Delivered,
                    Reason::PaidTwice {
                        gateway: GatewayName::Cinetpay,
                        first: "104015".to_owned(),
                        second: "104022".to_owned(),
                    },
                ),
            ] {
                let notice = AlertNotice {
                    plan: &plan,
                    reference: &reference,
                    state,
                    reason: &reason,
                };
                let (subject, text) = alert_mail(language, &notice);
                assert!(subject.contains("4 heures, 100\u{a0}FCFA"), "{subject}");
                assert!(text.contains(&reason.what(language)), "{text}");
                assert!(text.contains(&reason.remedy(language, &reference)), "{text}");
                assert!(!text.contains(['{', '$']), "{text}");
                mails.push_str(&format!("{subject}\n\n{text}\n----\n"));
            }
            insta::assert_snapshot!(format!("alerts.{}", language.code()), mails);
        }
    }

    #[test]
    fn m2_values_cannot_imitate_lines() {
        let hostile = format!("x\nCode : fake\r\n\u{2028}Montant : 0{}", "y".repeat(1 << 20));
        let text = with_notice(UserMode::Vc, |notice| {
            let plan = PlanSnapshot {
                label: hostile.clone(),
                profile: hostile.clone(),
                ..plan()
            };
            let notice = SaleNotice {
                plan: &plan,
                phone: Some(&hostile),
                company: &hostile,
                ..*notice
            };
            let (subject, text) = operator_mail(Language::Fr, &notice);
            assert!(!subject.contains('\n') && subject.len() < 200);
            text
        });
        assert_eq!(
            text.lines().filter(|line| line.starts_with("Code :")).count(),
            1,
            "{text}"
        );
        assert!(text.len() < 1_000, "{}", text.len());
    }
}
