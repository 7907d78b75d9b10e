//! What an error page tells the operator, where the cause is his to remove: nothing but what the link says and
//! what the business file lacks.

use super::error::PageError;
use super::render::TEXTS;
use crate::company::Language;
use crate::gateway::Lack;
use crate::language::Value;
use crate::payment::checkout::{LinkFault, Wanted};
use crate::shown::shown_up_to;

/// In the page's language; `None` where the operator has nothing to mend.
pub fn of(error: &PageError, language: Language) -> Option<String> {
    let (key, values) = match error {
        PageError::Link(fault) => of_link(fault),
        PageError::Missing(name) => ("hint-missing", vec![("name", (*name).to_owned())]),
        PageError::Unexpanded(text) => ("hint-unexpanded", vec![("value", text.clone())]),
        PageError::UnknownOrder | PageError::TooOften { .. } | PageError::Store(_) | PageError::Template(_) => {
            return None;
        }
    };
    let values: Vec<_> = values
        .iter()
        .map(|(name, text)| (*name, Value::from(shown_up_to(text, VALUE_MAX))))
        .collect();
    Some(TEXTS.get(language, key, &values))
}

/// A text's key and the values in it.
type Told = (&'static str, Vec<(&'static str, String)>);

fn of_link(fault: &LinkFault) -> Told {
    match fault {
        LinkFault::UnknownPlan(plan) => ("hint-plan", vec![("plan", plan.to_string())]),
        LinkFault::UnknownAccount(gateway) => ("hint-account", vec![("gateway", gateway.title().to_owned())]),
        LinkFault::UnknownHotspot(name) => ("hint-hotspot", vec![("name", name.clone())]),
        LinkFault::AmbiguousHotspot(name) => ("hint-hotspot-twice", vec![("name", name.clone())]),
        LinkFault::NoPlan { hotspot, profile } => (
            "hint-no-plan",
            vec![("hotspot", hotspot.to_string()), ("profile", profile.clone())],
        ),
        LinkFault::BadValue { name, value, wanted } => {
            let key = match wanted {
                Wanted::Amount => "hint-value-amount",
                Wanted::Price => "hint-value-price",
                Wanted::Currency => "hint-value-currency",
                Wanted::Time => "hint-value-time",
                Wanted::Data => "hint-value-data",
            };
            (key, vec![("name", (*name).to_owned()), ("value", value.clone())])
        }
        LinkFault::CannotSell {
            account,
            gateway,
            missing,
        } => {
            let (key, list) = of_lack(*missing);
            let values = vec![
                ("account", account.to_string()),
                ("gateway", gateway.title().to_owned()),
                ("list", list),
            ];
            (key, values)
        }
        LinkFault::NobodySells => ("hint-sell-nobody", Vec::new()),
        LinkFault::NotOnSale => ("hint-sell-inactive", Vec::new()),
    }
}

fn of_lack(lack: Lack) -> (&'static str, String) {
    match lack {
        Lack::ForeignKeys => ("hint-sell-foreign-keys", String::new()),
        Lack::MixedKeys => ("hint-sell-mixed-keys", String::new()),
        Lack::OneOf(settings) => ("hint-sell-one-of", settings.join(", ")),
        Lack::ProofBy(settings) => ("hint-sell-proof", settings.join(", ")),
        Lack::Country(served) => ("hint-sell-country", served.join(", ")),
    }
}

/// A link's value longer than this is no name.
const VALUE_MAX: usize = 100;
