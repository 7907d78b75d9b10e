//! Texts for people in every language of the relay, from embedded Fluent files.
//!
//! A part that speaks to people keeps one [`Texts`] over its own `.ftl` files. Which texts exist is checked
//! by that part's tests with [`Texts::gaps`]; at run time a missing text falls back to French and then to
//! its own id, because a payment page with one odd word is better than none. Values are put in as they are:
//! escaping for HTML is the templates' affair.

pub mod wished;

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::langid;

use crate::company::Language;

/// What is put in for a `{ $name }`: `From` a text or a number, which then chooses the plural form.
pub use fluent_bundle::FluentValue as Value;

/// The texts of one part of the program, in every language it was given.
pub struct Texts {
    editions: Vec<Edition>,
}

struct Edition {
    language: Language,
    source: &'static str,
    bundle: FluentBundle<FluentResource>,
    /// Lines of the source that Fluent could not read.
    broken: Vec<String>,
}

impl Texts {
    /// Reads Fluent sources, one for each language. Whatever cannot be read is left out and told by
    /// [`Texts::gaps`].
    pub fn new(sources: &[(Language, &'static str)]) -> Self {
        Self {
            editions: sources
                .iter()
                .map(|(language, source)| Edition::read(*language, source))
                .collect(),
        }
    }

    /// The text called `id`.
    pub fn get(&self, language: Language, id: &str, values: &[(&str, Value<'_>)]) -> String {
        let wanted = |edition: &&Edition| edition.language == language;
        let in_language = self
            .editions
            .iter()
            .find(wanted)
            .and_then(|edition| edition.text(id, values));
        in_language
            .or_else(|| self.editions.iter().find_map(|edition| edition.text(id, values)))
            .unwrap_or_else(|| id.to_owned())
    }

    /// What is wrong with the sources, for tests: unreadable entries, texts that another language lacks, and
    /// texts that do not use the same values in every language. Empty when all is well.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let all: Vec<_> = self
            .editions
            .iter()
            .map(|edition| (edition, values_of_texts(edition.source)))
            .collect();
        let ids: BTreeSet<_> = all.iter().flat_map(|(_, texts)| texts.keys()).collect();
        for (edition, texts) in &all {
            let code = edition.language.code();
            gaps.extend(edition.broken.iter().map(|error| format!("{code}: {error}")));
            for id in &ids {
                let first = all.iter().find_map(|(_, texts)| texts.get(*id));
                match texts.get(*id) {
                    None => gaps.push(format!("{code}: `{id}` is missing")),
                    values if values != first => gaps.push(format!("{code}: `{id}` uses {values:?}, not {first:?}")),
                    Some(_) => {}
                }
            }
        }
        gaps
    }
}

impl Edition {
    fn read(language: Language, source: &'static str) -> Self {
        let locale = match language {
            Language::Fr => langid!("fr"),
            Language::En => langid!("en"),
            Language::Es => langid!("es"),
            Language::Pt => langid!("pt"),
        };
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolation marks would end in mails and in codes that people copy.
        bundle.set_use_isolating(false);
        let mut broken = Vec::new();
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, errors)| {
            broken.extend(errors.iter().map(ToString::to_string));
            readable
        });
        if let Err(errors) = bundle.add_resource(resource) {
            broken.extend(errors.iter().map(ToString::to_string));
        }
        Self {
            language,
            source,
            bundle,
            broken,
        }
    }

    fn text(&self, id: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let arguments: FluentArgs<'_> = values.iter().cloned().collect();
        // A value that is missing shows as `{$name}`; `gaps` and the parts' own tests see to it.
        let mut errors = Vec::new();
        Some(
            self.bundle
                .format_pattern(pattern, Some(&arguments), &mut errors)
                .into_owned(),
        )
    }
}

/// A number as people of a language write it, from plain digits with a point: `1 500`, `1,234.56`.
pub fn grouped_decimal(language: Language, plain: &str) -> String {
    let (group, point) = match language {
        Language::En => (',', '.'),
        Language::Fr => ('\u{202f}', ','),
        Language::Es | Language::Pt => ('\u{a0}', ','),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let length = whole.chars().count();
    let mut text = String::with_capacity(plain.len() + length);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (length - index).is_multiple_of(3) && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    text
}

/// The ids in a source and the names of the values each uses.
fn values_of_texts(source: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut texts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut current = "";
    for line in source.lines() {
        let begins = line.starts_with(|c: char| c.is_ascii_alphabetic());
        if let Some((id, _)) = line.split_once('=').filter(|_| begins) {
            current = id.trim();
            texts.entry(current).or_default();
        }
        if let Some(values) = texts.get_mut(current).filter(|_| !line.starts_with('#')) {
            values.extend(line.split('$').skip(1).map(leading_name));
        }
    }
    texts
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FR: &str = "hello = Bonjour { $name }\nonly = Seulement ici\ncount = { $n ->\n    [one] une heure\n   *[other] { $n } heures\n  }\n";
    const EN: &str = "# about $nothing\nhello = Hello { $name }\ncount = { $n ->\n    [one] one hour\n   *[other] { $n } hours\n  }\n";

    #[test]
    fn texts_come_in_the_language_or_in_french_or_by_id() {
        let texts = Texts::new(&[(Language::Fr, FR), (Language::En, EN)]);
        let name = [("name", Value::from("<Awa>\n{ $n }"))];
        assert_eq!(texts.get(Language::En, "hello", &name), "Hello <Awa>\n{ $n }");
        assert_eq!(texts.get(Language::Es, "hello", &name), "Bonjour <Awa>\n{ $n }");
        assert_eq!(texts.get(Language::En, "only", &[]), "Seulement ici");
        assert_eq!(texts.get(Language::En, "nowhere", &[]), "nowhere");
        assert_eq!(texts.get(Language::Fr, "count", &[("n", Value::from(1))]), "une heure");
        assert_eq!(texts.get(Language::En, "count", &[("n", Value::from(4))]), "4 hours");
    }

    #[test]
    fn gaps_are_found() {
        assert_eq!(
            Texts::new(&[(Language::Fr, EN), (Language::En, EN)]).gaps(),
            Vec::<String>::new()
        );
        assert_eq!(
            Texts::new(&[(Language::Fr, FR), (Language::En, EN)]).gaps(),
            ["en: `only` is missing"]
        );
        let gaps = Texts::new(&[(Language::Fr, "a = { $x }\n"), (Language::En, "a = { $y }\n")]).gaps();
        assert_eq!(gaps, [r#"en: `a` uses Some({"y"}), not Some({"x"})"#]);
        let gaps = Texts::new(&[(Language::Fr, "a = { $x\n")]).gaps();
        assert!(!gaps.is_empty() && gaps[0].starts_with("fr: "), "{gaps:?}");
        assert_eq!(
            Texts::new(&[(Language::Fr, "a = x\na = y\n")]).gaps().len(),
            1,
            "an id that comes twice"
        );
    }
}
