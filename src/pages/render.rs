//! Templates to HTML. Everything a template is given is escaped by its place; a name that is not given is an
//! error; texts come from `text` by key. The templates and the stylesheet are part of the program.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, State, UndefinedBehavior};
use serde::Serialize;

use crate::company::Language;
use crate::html;
use crate::language::{Texts, Value as TextValue};
use crate::packed::packed;

/// What every page has around its own content.
#[derive(Serialize)]
struct Around<'a, T: Serialize> {
    lang: &'static str,
    style: &'static str,
    script: &'static str,
    languages: Vec<LanguageLink>,
    page: &'a T,
}

/// The same page in another language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LanguageLink {
    pub code: &'static str,
    pub name: &'static str,
    pub href: String,
    pub here: bool,
}

/// Fills `template` for `language`. `here` is the page's own address without `lang`, where it may be asked for
/// in another language; without it no other language is offered.
pub fn render<T: Serialize>(template: &str, language: Language, here: Option<&str>, page: &T) -> Result<String, Error> {
    let languages = here.map(|here| language_links(language, here)).unwrap_or_default();
    let around = Around {
        lang: language.code(),
        style: &STYLE,
        script: &SCRIPT_URL,
        languages,
        page,
    };
    ENVIRONMENT.get_template(template)?.render(Serde(&around))
}

/// `sha256-…` of the one inline stylesheet, for the content security policy.
pub fn style_hash() -> &'static str {
    &STYLE_HASH
}

fn language_links(current: Language, here: &str) -> Vec<LanguageLink> {
    let joint = if here.contains('?') { '&' } else { '?' };
    let link = |language: Language| LanguageLink {
        code: language.code(),
        name: match language {
            Language::Fr => "Français",
            Language::En => "English",
            Language::Es => "Español",
            Language::Pt => "Português",
        },
        href: format!("{here}{joint}lang={}", language.code()),
        here: language == current,
    };
    Language::ALL.into_iter().map(link).collect()
}

/// `t("key", name=value)` in a template, in the page's language.
fn say(state: &State<'_, '_>, key: &str, args: Kwargs) -> Result<String, Error> {
    let lang = state.lookup("lang").unwrap_or_default();
    let language = lang.as_str().and_then(Language::from_tag).unwrap_or_default();
    let mut given = Vec::new();
    for name in args.args() {
        given.push((name, text_value(&args.get::<Value>(name)?)));
    }
    Ok(TEXTS.get(language, key, &given))
}

fn text_value(value: &Value) -> TextValue<'static> {
    match value.as_i64() {
        Some(number) => TextValue::from(number),
        None => TextValue::from(value.to_string()),
    }
}

/// What the pages say. Tests prove that nothing is missing in any language.
pub static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(&[
        (Language::Fr, packed!("templates/lang/fr.ftl")),
        (Language::En, packed!("templates/lang/en.ftl")),
        (Language::Es, packed!("templates/lang/es.ftl")),
        (Language::Pt, packed!("templates/lang/pt.ftl")),
    ])
});

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(html::write_value);
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

static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| format!("sha256-{}", BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref())));

/// The script's address changes with its content, so that it may be kept for ever.
static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| {
    let hash = digest(&SHA256, SCRIPT.as_bytes());
    let short = hash.as_ref().get(..6).unwrap_or_default();
    format!("/static/order.js?v={}", data_encoding::HEXLOWER.encode(short))
});

/// Every template by its name.
pub static TEMPLATES: LazyLock<[(&str, &str); 9]> = LazyLock::new(|| {
    [
        ("base.html", packed!("templates/base.html")),
        ("buy.html", packed!("templates/buy.html")),
        ("error.html", packed!("templates/error.html")),
        ("home.html", packed!("templates/home.html")),
        ("number.html", packed!("templates/number.html")),
        ("order.html", packed!("templates/order.html")),
        ("recover.html", packed!("templates/recover.html")),
        ("voucher.html", packed!("templates/voucher.html")),
        ("till.html", packed!("templates/till.html")),
    ]
});

/// `/static/order.js`.
pub static SCRIPT: LazyLock<&str> = LazyLock::new(|| packed!("templates/order.js"));

/// The stylesheet of all pages.
pub static STYLE: LazyLock<&str> = LazyLock::new(|| packed!("templates/style.css"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use minijinja::context;

    use super::*;

    const FRENCH: &str = include_str!("../../templates/lang/fr.ftl");

    /// Each key with the names of the values its text uses.
    fn keys() -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut keys: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut current = "";
        for line in FRENCH.lines() {
            if let Some((key, _)) = line
                .split_once(" = ")
                .filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                assert!(!keys.contains_key(key), "`{key}` twice");
                current = key;
            }
            let names = line.split('$').skip(1).filter_map(|rest| rest.split([' ', '}']).next());
            keys.entry(current).or_default().extend(names);
        }
        keys.remove("");
        keys
    }

    #[test]
    fn every_template_can_be_read() {
        for (name, _) in *TEMPLATES {
            ENVIRONMENT
                .get_template(name)
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn a_name_that_is_not_given_is_an_error() {
        assert!(
            ENVIRONMENT
                .render_named_str("x.html", "{{ page.nonsense }}", context! { page => context! {} })
                .is_err()
        );
    }

    #[test]
    fn the_style_cannot_end_its_element() {
        assert!(!STYLE.contains('<'));
    }

    #[test]
    fn all_languages_say_the_same_things() {
        assert_eq!(TEXTS.gaps(), Vec::<String>::new());
        assert!(keys().len() > 100, "the file is read");
    }

    #[test]
    fn every_key_that_is_used_exists_and_none_is_left_over() {
        let code = [
            include_str!("buy.rs"),
            include_str!("decline.rs"),
            include_str!("error.rs"),
            include_str!("format.rs"),
            include_str!("hint.rs"),
            include_str!("order.rs"),
        ];
        let spoken: String = TEMPLATES.iter().map(|(_, template)| *template).chain(code).collect();
        let known = keys();
        for used in spoken.split(" t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(known.contains_key(used), "`{used}` is used and does not exist");
        }
        for key in known.keys() {
            assert!(spoken.contains(&format!("\"{key}\"")), "`{key}` is never used");
        }
    }

    #[test]
    fn every_text_can_be_made_in_every_language() {
        for (key, names) in keys() {
            let values: Vec<_> = names.iter().map(|name| (*name, TextValue::from(2))).collect();
            for language in Language::ALL {
                let made = TEXTS.get(language, key, &values);
                assert!(
                    !made.trim().is_empty() && !made.contains("{") && made != key,
                    "{key}: {made}"
                );
            }
        }
    }

    #[test]
    fn b4_what_is_given_comes_out_as_text_and_nothing_else() {
        for hostile in [
            "{{777*777}}",
            "<script>alert(1)</script>",
            "$(mac)",
            "\" onload=\"x",
            "'><img src=x>",
            "{% raw %}",
        ] {
            let template = "<p title=\"{{ page.x }}\">{{ page.x }}</p>{{ t('order-waiting-phone', digits=page.x) }}";
            let context = context! { lang => "en", page => context! { x => hostile } };
            let html = ENVIRONMENT
                .render_named_str("x.html", template, context)
                .expect("a page");
            let inside = html.replace("<p title=\"", "").replace("\">", "").replace("</p>", "");
            assert!(!inside.contains(['<', '>', '"']), "{html}");
            assert!(!html.contains("603729"), "{html}");
        }
    }
}
