//! The kit's templates and texts.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, Output, State, UndefinedBehavior};
use serde::Serialize;

use crate::company::Language;
use crate::html;
use crate::language::{Texts, Value as TextValue};
use crate::packed::packed;

#[derive(Serialize)]
struct Around<'a, T: Serialize> {
    lang: &'static str,
    page: &'a T,
}

/// Fills a template; `t("key", name=value)` in it speaks `language`.
pub(super) fn render<T: Serialize>(template: &str, language: Language, page: &T) -> Result<String, Error> {
    let around = Around {
        lang: language.code(),
        page,
    };
    ENVIRONMENT.get_template(template)?.render(Serde(&around))
}

/// Text for HTML that a router may also read: it would replace `$(name)`, so no value may hold a dollar sign.
/// Source: facts `routeros.md` 7, variables of the servlet.
fn write_value(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str().filter(|text| !value.is_safe() && text.contains('$')) {
        Some(text) => Ok(output.write_str(&html::escape(text).replace('$', "&#36;"))?),
        None => html::write_value(output, state, value),
    }
}

fn say(state: &State<'_, '_>, key: &str, args: Kwargs) -> Result<String, Error> {
    let lang = state.lookup("lang").unwrap_or_default();
    let language = lang.as_str().and_then(Language::from_tag).unwrap_or_default();
    let mut given = Vec::new();
    for name in args.args() {
        given.push((name, TextValue::from(args.get::<Value>(name)?.to_string())));
    }
    Ok(TEXTS.get(language, key, &given))
}

/// What the kit's pages say. Tests prove that nothing is missing in any language.
pub(super) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/lang-kit/fr.ftl")),
        (Language::En, packed!("templates/lang-kit/en.ftl")),
        (Language::Es, packed!("templates/lang-kit/es.ftl")),
        (Language::Pt, packed!("templates/lang-kit/pt.ftl")),
    ])
});

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write_value);
    if let Ok(tidy) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(tidy);
    }
    environment.add_function("t", say);
    for (name, source) in *TEMPLATES {
        // A template that cannot be read is missing then; a test reads every one.
        let _ = environment.add_template(name, source);
    }
    environment
});

/// Every template by its name.
static TEMPLATES: LazyLock<[(&str, &str); 6]> = LazyLock::new(|| {
    [
        ("base.html", packed!("templates/login/base.html")),
        ("script.js.html", packed!("templates/login/script.js")),
        ("light.html", packed!("templates/login/light.html")),
        ("night.html", packed!("templates/login/night.html")),
        ("gateways.html", packed!("templates/kit-gateways.html")),
        ("drawing.html", packed!("templates/kit-drawing.html")),
    ]
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_template_can_be_read() {
        for (name, _) in *TEMPLATES {
            ENVIRONMENT
                .get_template(name)
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn all_languages_say_the_same_things_and_only_what_is_used() {
        assert_eq!(TEXTS.gaps(), Vec::<String>::new());
        let code = [include_str!("gateways.rs"), include_str!("login.rs")];
        let spoken: String = TEMPLATES.iter().map(|(_, source)| *source).chain(code).collect();
        let known: BTreeSet<&str> = include_str!("../../templates/lang-kit/fr.ftl")
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| Some(line.split_once(" = ")?.0))
            .collect();
        for key in &known {
            assert!(spoken.contains(&format!("\"{key}\"")), "`{key}` is never used");
        }
        for used in spoken.split(" t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(known.contains(used), "`{used}` is used and does not exist");
        }
    }

    #[test]
    fn b4_no_value_reaches_the_router_as_a_macro() {
        for hostile in ["$(link-login-only)", "$(if 1)", "<b>$(mac)", "\"$&"] {
            let page = serde_json::json!({ "x": hostile });
            let around = Around {
                lang: "en",
                page: &page,
            };
            let html = ENVIRONMENT
                .render_named_str("x.html", "<p title=\"{{ page.x }}\">{{ page.x }}</p>", Serde(&around))
                .unwrap();
            assert!(!html.contains('$') && html.matches('<').count() == 2, "{html}");
            assert_eq!(html.matches('"').count(), 2, "{html}");
        }
    }
}
