//! Text inside HTML, for the relay's pages and the demo's.

use minijinja::value::Value;
use minijinja::{AutoEscape, Error, Output, State, escape_formatter};

/// A text that stays a text between tags and in quoted values.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for piece in pieces(text) {
        escaped.push_str(piece);
    }
    escaped
}

/// The templates' formatter. (The library's own rule also turns every slash into six characters.)
pub fn write_value(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = value
        .as_str()
        .filter(|_| !value.is_safe() && state.auto_escape() == &AutoEscape::Html);
    let Some(text) = text else {
        return escape_formatter(output, state, value);
    };
    for piece in pieces(text) {
        output.write_str(piece)?;
    }
    Ok(())
}

/// The text's plain runs, and an entity for each of the five characters that can end a text or a quoted value.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(SPECIAL).flat_map(|run| {
        let special = run.chars().next_back().and_then(entity);
        // The five are one byte each.
        let plain = special.map_or(run, |_| run.get(..run.len() - 1).unwrap_or_default());
        [plain, special.unwrap_or_default()]
    })
}

fn entity(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

const SPECIAL: [char; 5] = ['&', '<', '>', '"', '\''];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_five_characters_and_no_other_are_escaped() {
        assert_eq!(escape("a/b?c=1&d=<'é'>\""), "a/b?c=1&amp;d=&lt;&#39;é&#39;&gt;&quot;");
        assert_eq!(escape(""), "");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_gets_out(text in "[&<>\"'a-zé;#/ ]{0,40}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let back = escaped
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            prop_assert_eq!(back, text);
        }
    }
}
