//! The demo pages as HTML, in French, Spanish or English. Values are escaped by the templates.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::StatusCode;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, UndefinedBehavior, context};

use crate::company::Language;
use crate::html::write_value;
use crate::language::{self, Texts};
use crate::packed::packed;
use crate::plan::{DataLimit, TimeLimit};
use crate::sim::http::{Reply, Request};

/// The language of the visitor: his choice, else his browser's, else French.
pub fn language_of(request: &Request) -> Language {
    language_or(request, Language::Fr)
}

/// The same where another language is the usual one.
pub fn language_or(request: &Request, usual: Language) -> Language {
    let accepted = request.header("accept-language").unwrap_or_default();
    cookie(request, "lang")
        .and_then(|tag| known(&tag))
        .or_else(|| accepted.split([',', ';']).find_map(known))
        .unwrap_or(usual)
}

/// A cookie's value.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    let pairs = request
        .header("cookie")?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .into_iter()
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// A page by its template.
pub fn render(status: StatusCode, template: &str, language: Language, values: Value) -> Reply {
    match html(template, language, values) {
        Ok(html) => Reply::html(status, html),
        Err(error) => Reply::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the page cannot be drawn: {error:#}"),
        ),
    }
}

/// `1 jour 12 heures`, in its two largest units; `None` where no limit is set.
pub fn time_text(language: Language, time: TimeLimit) -> Option<String> {
    let mut rest = time.seconds;
    let mut parts = Vec::new();
    for (key, seconds) in [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)] {
        if rest >= seconds {
            parts.push(TEXTS.get(language, key, &[("n", language::Value::from(rest / seconds))]));
            rest %= seconds;
        }
    }
    parts.truncate(2);
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `20 Go`, else in whole megabytes; `None` where no limit is set.
pub fn data_text(language: Language, data: DataLimit) -> Option<String> {
    let (key, unit) = if data.bytes.is_multiple_of(1 << 30) {
        ("gigabytes", 1 << 30)
    } else {
        ("megabytes", 1 << 20)
    };
    let amount = language::Value::from(data.bytes.div_ceil(unit));
    (!data.is_none()).then(|| TEXTS.get(language, key, &[("n", amount)]))
}

/// `3 000`; what follows a point stays as it is.
pub fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text + rest
}

fn html(template: &str, language: Language, values: Value) -> Result<String, Error> {
    let say = move |key: &str, values: Kwargs| say(language, key, &values);
    ENVIRONMENT.get_template(template)?.render(context! {
        lang => language.code(),
        t => Value::from_function(say),
        ..values,
    })
}

fn say(language: Language, key: &str, values: &Kwargs) -> Result<String, Error> {
    let mut given = BTreeMap::new();
    for name in values.args() {
        given.insert(name, values.get::<String>(name)?);
    }
    let values: Vec<_> = given
        .iter()
        .map(|(name, text)| (*name, language::Value::from(text.as_str())))
        .collect();
    Ok(TEXTS.get(language, key, &values))
}

/// The demo speaks the languages of its companies and English; the relay's own pages speak four.
fn known(tag: &str) -> Option<Language> {
    Language::from_tag(tag).filter(|language| *language != Language::Pt)
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write_value);
    for (name, source) in *TEMPLATES {
        // A template that cannot be read is missing then, and its page says so; a test draws every one.
        let _ = environment.add_template(name, source);
    }
    environment
});

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/sim/fr.ftl")),
        (Language::En, packed!("templates/sim/en.ftl")),
        (Language::Es, packed!("templates/sim/es.ftl")),
    ])
});

static TEMPLATES: LazyLock<[(&str, &str); 7]> = LazyLock::new(|| {
    [
        ("base.html", packed!("templates/sim/base.html")),
        ("portal.html", packed!("templates/sim/portal.html")),
        ("status.html", packed!("templates/sim/status.html")),
        ("router.html", packed!("templates/sim/router.html")),
        ("mailbox.html", packed!("templates/sim/mailbox.html")),
        ("mail.html", packed!("templates/sim/mail.html")),
        ("missing.html", packed!("templates/sim/missing.html")),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_languages_are_complete_and_no_key_is_unknown() {
        assert_eq!(TEXTS.gaps(), Vec::<String>::new());
        for (name, source) in *TEMPLATES {
            for key in source.split("t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert_ne!(TEXTS.get(Language::En, key, &[]), key, "{name} says `{key}`");
            }
        }
    }

    #[test]
    fn limits_and_prices_are_written_for_people() {
        let time = |seconds| time_text(Language::Fr, TimeLimit { seconds });
        assert_eq!(time(0), None);
        assert_eq!(time(30 * 86_400).as_deref(), Some("30 jours"));
        assert_eq!(time(86_400 + 3_600 + 60).as_deref(), Some("1 jour 1 heure"));
        let data = |bytes| data_text(Language::En, DataLimit { bytes });
        assert_eq!(
            (data(0), data(20 << 30), data(1)),
            (None, Some("20\u{a0}GB".to_owned()), Some("1\u{a0}MB".to_owned()))
        );
        for (number, text) in [
            ("100", "100"),
            ("3000", "3\u{202f}000"),
            ("1234567.50", "1\u{202f}234\u{202f}567.50"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
