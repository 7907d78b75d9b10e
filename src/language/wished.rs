//! Which language a reader wants: what the address asks for, else what his program prefers.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::company::Language;

/// The buyer's own wish: `?lang=` first, then the best of `Accept-Language`.
pub fn wished(asked: Option<&str>, headers: &HeaderMap) -> Option<Language> {
    asked.and_then(Language::from_tag).or_else(|| preferred(headers))
}

/// The supported language with the highest weight; the first named of equals.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(u32, Language)> = None;
    for item in header.split(',').take(ITEMS_MAX) {
        let mut parts = item.split(';');
        let language = parts.next().and_then(Language::from_tag);
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1000, read_weight);
        if let Some(language) = language
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// `0.75` as thousandths; nonsense weighs nothing.
fn read_weight(text: &str) -> u32 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(thousandths)) => whole.min(1) * 1000 + thousandths,
        _ => 0,
    }
}

/// Browsers send fewer than ten.
const ITEMS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_then_the_browser_decide() {
        for (asked, header, expected) in [
            (None, "", None),
            (Some("en"), "fr", Some(Language::En)),
            (Some("xx"), "pt-BR,pt;q=0.9", Some(Language::Pt)),
            (None, "fr-BJ,fr;q=0.9,en;q=0.8", Some(Language::Fr)),
            (None, "de-DE,de;q=0.9,en;q=0.5,es;q=0.7", Some(Language::Es)),
            (None, "ee, ha", None),
            (None, "en;q=0", None),
            (None, "en;q=x,es;q=0.1", Some(Language::Es)),
            (None, "EN_us", Some(Language::En)),
            (None, ";;;,,q=1,*", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().expect("a header value"));
            assert_eq!(wished(asked, &headers), expected, "{asked:?} {header}");
        }
        assert_eq!(wished(None, &HeaderMap::new()), None);
    }
}
