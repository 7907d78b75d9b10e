//! From facts to sentences. The facts are taken from the form that is stored, so what a text may name is what the
//! store keeps: a variant `wrong_amount` with `paid` is the text `wrong-amount` with `{ $paid }`.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value as Json;

use crate::company::{GatewayName, Language};
use crate::language::{Texts, Value};
use crate::mik_params::{Flaw, ParamFault};
use crate::money::Money;
use crate::packed::packed;
use crate::shown::shown_up_to;

/// What is wrong with a parameter and what to write instead: one full sentence that names it.
pub fn fault_sentence(language: Language, fault: &ParamFault) -> String {
    let mut told = Told::of(&fault.flaw);
    told.id.insert_str(0, "fault-");
    let name = ("name", one_line(&fault.name));
    if let Flaw::Other { sentence } = &fault.flaw {
        let sentence = shown_up_to(sentence, FACT_MAX);
        return told.say(language, "", &[name, ("sentence", sentence)]);
    }
    told.say(language, "", &[name])
}

/// The text's id and the facts it may name.
pub(super) struct Told {
    id: String,
    facts: Vec<(String, Fact)>,
}

enum Fact {
    Text(String),
    Amount(Money),
    Count(u64),
}

impl Told {
    /// Reads a tagged enum. One inside it (a gateway's rule) adds its own name to the id and its facts.
    pub(super) fn of(tagged: &impl Serialize) -> Self {
        let mut told = Self {
            id: String::new(),
            facts: Vec::new(),
        };
        // Names, texts and numbers alone: there is nothing that JSON could not hold.
        told.read(serde_json::to_value(tagged).unwrap_or_default());
        told
    }

    #[cfg(test)]
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn read(&mut self, tagged: Json) {
        let Json::Object(fields) = tagged else { return };
        if let Some(kind) = fields.get("kind").and_then(Json::as_str) {
            let joint = if self.id.is_empty() { "" } else { "-" };
            self.id = format!("{}{joint}{}", self.id, kind.replace('_', "-"));
        }
        for (name, value) in fields {
            match value {
                Json::String(_) if name == "kind" => {}
                Json::String(text) => self.facts.push((name, Fact::Text(text))),
                Json::Number(number) => self
                    .facts
                    .push((name, Fact::Count(number.as_u64().unwrap_or_default()))),
                // Each item has a sentence of its own.
                Json::Array(items) => self.facts.push((name, Fact::Count(items.len() as u64))),
                other => match serde_json::from_value(other.clone()) {
                    Ok(money) => self.facts.push((name, Fact::Amount(money))),
                    Err(_) => self.read(other),
                },
            }
        }
    }

    pub(super) fn say(&self, language: Language, suffix: &str, more: &[(&str, String)]) -> String {
        let mut values: Vec<(&str, Value<'_>)> = Vec::new();
        let by_code: Vec<_> = self.facts.iter().map(|(name, _)| format!("{name}-code")).collect();
        for ((name, fact), code) in self.facts.iter().zip(&by_code) {
            values.push((name, fact.value(name, language)));
            if let Fact::Amount(money) = fact {
                values.push((code, Value::from(money.for_people_by_code(language))));
            }
        }
        values.extend(more.iter().map(|(name, text)| (*name, Value::from(text.as_str()))));
        TEXTS.get(language, &format!("{}{suffix}", self.id), &values)
    }
}

impl Fact {
    fn value(&self, name: &str, language: Language) -> Value<'static> {
        match self {
            Self::Text(text) if name == "gateway" => {
                let known = GatewayName::from_text(text).map(GatewayName::title);
                Value::from(known.map_or_else(|| one_line(text), str::to_owned))
            }
            Self::Text(text) => Value::from(one_line(text)),
            Self::Amount(money) => Value::from(money.for_people(language)),
            Self::Count(count) => Value::from(*count),
        }
    }
}

/// Whatever somebody else wrote, so that it cannot imitate a line of ours.
fn one_line(text: &str) -> String {
    shown_up_to(text.trim(), FACT_MAX)
}

/// What operators read. Tests prove that nothing is missing in any language.
pub(super) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/lang-operator/fr.ftl")),
        (Language::En, packed!("templates/lang-operator/en.ftl")),
        (Language::Es, packed!("templates/lang-operator/es.ftl")),
        (Language::Pt, packed!("templates/lang-operator/pt.ftl")),
    ])
});

/// A gateway's answer fits; a longer one says no more.
const FACT_MAX: usize = 200;
