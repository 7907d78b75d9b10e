//! Every reason in every language: nothing missing, nothing borrowed from another language, nothing left open.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value as Json;

use super::sentences::TEXTS;
use super::*;
use crate::mik_params::Flaw;
use crate::money::Currency;

const FRENCH: &str = include_str!("../templates/lang-operator/fr.ftl");

fn money(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Xof)
}

/// One of each kind.
fn samples() -> Vec<Reason> {
    let (gateway, account) = (GatewayName::Fedapay, AccountId::new("feda"));
    let (paid, price) = (money(50), money(1500));
    let mut all = vec![
        Reason::WrongAmount { gateway, paid, price },
        Reason::WrongCurrency {
            gateway,
            paid: Money::from_minor(1500, Currency::Xaf),
            price,
        },
        Reason::AmountUnknown { gateway },
        Reason::SandboxOnLiveAccount {
            gateway,
            account: account.clone(),
        },
        Reason::SandboxForLivePlan {
            account: account.clone(),
        },
        Reason::UnusableParams {
            gateway,
            faults: vec![length_fault()],
        },
        Reason::PaidTwice {
            gateway,
            first: "104015".to_owned(),
            second: "104022".to_owned(),
        },
        Reason::PaymentDisputed { gateway },
        Reason::PartlyRefunded { gateway },
        Reason::ChargedBack { gateway },
        Reason::ChargebackWon { gateway },
        Reason::RefundRefused {
            gateway,
            payment: "104015".to_owned(),
            paid: Money::from_minor(100, Currency::Xof),
            words: "balance too low".to_owned(),
        },
        Reason::RefundHeldUp {
            gateway,
            account: AccountId::new("awa-fedapay"),
            paid: Money::from_minor(100, Currency::Xof),
            words: "HTTP 401".to_owned(),
        },
        Reason::RefundAwaitsRouter {
            paid: Money::from_minor(100, Currency::Xof),
        },
        Reason::PaidAfterChargeback { gateway },
        Reason::HotspotGone {
            hotspot: HotspotId::new("marche"),
        },
        Reason::GatewaySilent {
            gateway,
            words: "HTTP 502".to_owned(),
        },
        Reason::AccountRefused {
            gateway,
            account,
            words: "HTTP 401: Authentication failed".to_owned(),
        },
        Reason::RequestRefused {
            gateway,
            words: "HTTP 400: amount is too small".to_owned(),
        },
        Reason::Declined {
            gateway,
            words: "INSUFFICIENT_FUND".to_owned(),
        },
        Reason::Unexplained,
        Reason::Other {
            words: "the router `r1` has no user profile named exactly `4H`".to_owned(),
        },
    ];
    all.extend(open_refunds());
    all.extend(router_samples());
    all.extend(
        rules()
            .into_iter()
            .map(|rule| Reason::RuleBroken { gateway, price, rule }),
    );
    all
}

fn open_refunds() -> Vec<Reason> {
    let standings = [
        (1, Standing::Wished),
        (2, Standing::Asked),
        (3, Standing::Pending),
        (7, Standing::ByHand),
    ];
    let open = standings.map(|(days, standing)| Reason::RefundStillOpen {
        gateway: GatewayName::Fedapay,
        payment: "104015".to_owned(),
        paid: money(100),
        days,
        standing,
    });
    open.into()
}

fn router_samples() -> Vec<Reason> {
    let router = RouterId::new("marche");
    let words = "not enough permissions (9)".to_owned();
    vec![
        Reason::RouterWithoutLogin { router: router.clone() },
        Reason::ProfileMissing {
            router: router.clone(),
            profile: "4H".to_owned(),
        },
        Reason::ServerMissing {
            router: router.clone(),
            server: "hotspot1".to_owned(),
        },
        Reason::CallbackServerMissing {
            router: router.clone(),
            server: "hotspot-of-old".to_owned(),
            own: "hotspot1".to_owned(),
        },
        Reason::RouterLoginRefused {
            router: router.clone(),
            words: "invalid user name or password (6)".to_owned(),
        },
        Reason::RouterRightsMissing { router: router.clone() },
        Reason::RouterAddressUnusable {
            router: router.clone(),
            address: "10.99.0.2:x".to_owned(),
        },
        Reason::RouterTlsFails {
            router: router.clone(),
            words: "certificate expired".to_owned(),
        },
        Reason::RouterNotSpeakingApi {
            router: router.clone(),
            words: words.clone(),
        },
        Reason::RouterRefuses {
            router: router.clone(),
            words,
        },
        Reason::SaleRecordRefused {
            router: router.clone(),
            words: "not enough permissions".to_owned(),
        },
        Reason::ValueUnsendable {
            router: router.clone(),
            field: "comment".to_owned(),
        },
        Reason::RouterAnswerIncomplete {
            router,
            command: "/system/clock/print".to_owned(),
            property: "date".to_owned(),
        },
    ]
}

fn rules() -> Vec<GatewayRule> {
    vec![
        GatewayRule::WholeAmounts,
        GatewayRule::AtLeast { least: money(100) },
        GatewayRule::Between {
            least: money(100),
            most: money(2_500_000),
        },
        GatewayRule::MultiplesOf { step: money(5) },
        GatewayRule::Currencies {
            codes: "XOF, XAF".to_owned(),
        },
        GatewayRule::AddressLength { max: 512 },
    ]
}

fn length_fault() -> ParamFault {
    ParamFault {
        name: "miknamelength".to_owned(),
        flaw: Flaw::Length {
            value: "99".to_owned(),
            min: 3,
            max: 16,
        },
    }
}

fn flaws() -> Vec<Flaw> {
    let value = || "x y".to_owned();
    vec![
        Flaw::TooLong { max: 512 },
        Flaw::ControlCharacter,
        Flaw::Unexpanded {
            value: "$(server-name)".to_owned(),
        },
        Flaw::NotUtf8,
        Flaw::BrokenPercent,
        Flaw::TwoHeaders,
        Flaw::TwoValues,
        Flaw::TooMany { max: 200 },
        Flaw::UserMode { value: value() },
        length_fault().flaw,
        Flaw::Alphabet { value: value() },
        Flaw::Prefix {
            value: value(),
            max: 16,
        },
        Flaw::Email { value: value() },
        Flaw::Currency { value: value() },
        Flaw::AccessUuid,
        Flaw::DnsName { value: value() },
        Flaw::Port { value: value() },
        Flaw::Server {
            value: value(),
            max: 64,
        },
        Flaw::Other {
            sentence: "is `x`; write y".to_owned(),
        },
    ]
}

/// The kinds an enum has, by its own account, against those of the samples.
fn assert_complete<T: Serialize + for<'a> Deserialize<'a>>(samples: &[T]) {
    let refusal = serde_json::from_str::<T>(r#"{"kind":"nonsense"}"#)
        .err()
        .expect("no kind")
        .to_string();
    let (_, known) = refusal.split_once("expected one of ").expect("the list of kinds");
    let known: BTreeSet<_> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let sampled = samples.iter().map(|sample| {
        let json = serde_json::to_value(sample).unwrap();
        json["kind"].as_str().unwrap().to_owned()
    });
    assert_eq!(sampled.collect::<BTreeSet<_>>(), known, "a kind without a sample");
}

#[test]
fn there_is_a_sample_of_every_kind() {
    assert_complete(&samples());
    assert_complete(&rules());
    assert_complete(&flaws());
}

fn order() -> OrderRef {
    OrderRef::new("7K3M9PQ2RSTVWX")
}

/// Everything that is said, by what says it: a name, and the text of each language.
fn said() -> Vec<(String, Vec<String>)> {
    let in_all = |speak: &dyn Fn(Language) -> String| Language::ALL.map(speak).to_vec();
    let mut all = Vec::new();
    for reason in samples() {
        if !matches!(reason, Reason::Other { .. }) {
            all.push((format!("{reason:?}"), in_all(&|language| reason.what(language))));
        }
        let remedy = |language: Language| reason.remedy(language, &order());
        all.push((format!("what to do about {reason:?}"), in_all(&remedy)));
    }
    for flaw in flaws() {
        let fault = ParamFault {
            name: "mikname".to_owned(),
            flaw,
        };
        // A sentence of an older release is English everywhere.
        if !matches!(fault.flaw, Flaw::Other { .. }) {
            all.push((
                format!("{fault:?}"),
                in_all(&|language| fault_sentence(language, &fault)),
            ));
        }
    }
    all
}

#[test]
fn every_reason_is_told_in_every_language() {
    for (name, texts) in said() {
        for text in &texts {
            assert!(text.ends_with('.'), "{name}: {text}");
            assert!(!text.contains(['{', '}']), "a value is missing in {name}: {text}");
            assert!(!text.contains(['\n', '\t']), "{name}: {text:?}");
            assert!(text.split(' ').count() > 3, "{name}: {text}");
        }
        let different: BTreeSet<_> = texts.iter().collect();
        assert_eq!(
            different.len(),
            texts.len(),
            "a language borrows from another: {texts:#?}"
        );
    }
}

#[test]
fn the_four_files_say_the_same_and_nothing_unused() {
    assert_eq!(TEXTS.gaps(), Vec::<String>::new());
    let ids = FRENCH.lines().filter(|line| line.starts_with(char::is_alphabetic));
    let ids: BTreeSet<_> = ids.filter_map(|line| line.split_once(" =")).map(|(id, _)| id).collect();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for reason in samples() {
        let id = Told::of(&reason).id().to_owned();
        told.insert(format!("{id}-do"));
        told.insert(id);
    }
    for flaw in flaws() {
        told.insert(format!("fault-{}", Told::of(&flaw).id()));
    }
    // Older sentences speak for themselves.
    told.remove("other");
    assert_eq!(told.iter().map(String::as_str).collect::<BTreeSet<_>>(), ids);
}

/// The texts themselves, without what is put into them.
fn written(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(" = ").map_or(line, |(_, text)| text))
}

/// French alone has unbreakable spaces: before `:`, `;` and inside its quotation marks.
#[test]
fn each_language_has_its_own_typography() {
    let [en, es, pt] = [
        include_str!("../templates/lang-operator/en.ftl"),
        include_str!("../templates/lang-operator/es.ftl"),
        include_str!("../templates/lang-operator/pt.ftl"),
    ];
    for text in written(FRENCH) {
        for (at, sign) in text.match_indices([':', ';', '»']) {
            let is_literal = text[..at].ends_with("http") || text[..at].ends_with("hôte");
            assert!(is_literal || text[..at].ends_with('\u{a0}'), "before {sign}: {text}");
        }
        assert!(!text.contains("« ") && !text.contains(['\'', '"', '“']), "{text}");
    }
    for text in written(en) {
        assert!(!text.contains(['\'', '"', '«', '\u{a0}']), "{text}");
    }
    for text in written(es).chain(written(pt)) {
        assert!(
            !text.contains(['\'', '"', '“', '\u{a0}']) && !text.contains("« "),
            "{text}"
        );
    }
}

#[test]
fn reasons_read_well() {
    for language in Language::ALL {
        let mut text = String::new();
        for reason in samples() {
            text.push_str(&format!(
                "{}\n    {}\n",
                reason.what(language),
                reason.remedy(language, &order())
            ));
        }
        for flaw in flaws() {
            let name = "mikname".to_owned();
            text.push_str(&fault_sentence(language, &ParamFault { name, flaw }));
            text.push('\n');
        }
        assert_snapshot!(format!("reasons.{}", language.code()), text);
    }
}

#[test]
fn the_command_line_has_room_for_every_sentence() {
    for (name, texts) in said() {
        let english = texts[1].chars().count();
        assert!(english <= 240, "{name}: {english} characters");
    }
}

#[test]
fn what_is_stored_is_read_again() {
    for reason in samples() {
        assert_eq!(Reason::from_stored(reason.to_json().unwrap()), reason);
    }
    let reason = Reason::WrongAmount {
        gateway: GatewayName::Fedapay,
        paid: money(50),
        price: money(100),
    };
    let stored = r#"{"kind":"wrong_amount","gateway":"fedapay","paid":{"minor":50,"currency":"XOF"},"price":{"minor":100,"currency":"XOF"}}"#;
    assert_eq!(reason.to_json().unwrap(), stored, "old rows must stay readable");
}

#[test]
fn a_text_of_an_older_or_newer_release_is_shown_as_it_is() {
    for text in [
        "router `r1` refuses the login",
        "",
        "{",
        "null",
        r#"{"kind":"of_the_future","a":1}"#,
    ] {
        let reason = Reason::from_stored(text.to_owned());
        assert_eq!(reason, Reason::Other { words: text.to_owned() });
        for language in Language::ALL {
            assert_eq!(reason.what(language), text);
        }
    }
}

#[test]
fn several_faults_are_all_named() {
    let faults = ["miknamelength", "mikcharacter"].map(|name| ParamFault {
        name: name.to_owned(),
        ..length_fault()
    });
    let reason = Reason::UnusableParams {
        gateway: GatewayName::Fedapay,
        faults: faults.to_vec(),
    };
    assert_eq!(
        reason.to_string(),
        "The payment is good, but some settings in the webhook cannot be used. “miknamelength” is “99”: write a number \
         from 3 to 16. “mikcharacter” is “99”: write a number from 3 to 16."
    );
    let other = ParamFault {
        flaw: Flaw::Other {
            sentence: "is `x`; write y".to_owned(),
        },
        ..length_fault()
    };
    assert_eq!(fault_sentence(Language::En, &other), "“miknamelength”: is `x`; write y");
}

#[test]
fn rules_are_told_in_the_log_too() {
    let told: BTreeSet<_> = rules().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), rules().len());
}

proptest! {
    #[test]
    fn hostile_words_stay_on_one_short_line(words in "(?s).{0,400}") {
        let router = RouterId::new("r1");
        for reason in [
            Reason::RouterRefuses { router: router.clone(), words: words.clone() },
            Reason::ProfileMissing { router, profile: words.clone() },
            Reason::from_stored(words.clone()),
        ] {
            for language in Language::ALL {
                let text = reason.what(language) + &reason.remedy(language, &order());
                prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
                prop_assert!(text.chars().count() < 1_200);
            }
        }
    }

    #[test]
    fn any_text_is_read(text in ".*") {
        let read = Reason::from_stored(text);
        let again = Reason::from_stored(read.to_json().unwrap());
        prop_assert_eq!(again, read);
    }

    #[test]
    fn any_json_of_a_kind_is_read(kind in "[a-z_]{1,12}", more in any::<i64>()) {
        let text = Json::from_iter([("kind", Json::from(kind)), ("more", Json::from(more))]).to_string();
        let is_ours = !matches!(Reason::from_stored(text.clone()), Reason::Other { .. });
        prop_assert!(is_ours == text.contains("\"unexplained\""));
    }
}
