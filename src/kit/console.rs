//! Texts inside a script for the router's console.

/// A value in quotes that the console reads back as exactly these bytes, typed, pasted or imported, on RouterOS 6 and 7.
/// All that the console or its line editor could take for something else (`$`, `?`, a quote, a tab, a line's end, any
/// byte beyond ASCII) is written as `\XX`, two capital hexadecimal digits.
/// Source: RouterOS manual, "Scripting", constant escape sequences.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            quoted.push_str(&format!("\\{byte:02X}"));
        }
    }
    quoted.push('"');
    quoted
}

/// A text as a remark may hold it: short, on one line, and nothing that the line editor listens to.
pub(super) fn remark(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || u8::try_from(*c).is_ok_and(|byte| PLAIN.contains(&byte));
    let shown = crate::shown::shown(text);
    shown.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect()
}

/// What means nothing to the console inside quotes.
const PLAIN: &[u8] = b" ._-,:/@+=";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(quoted("a b-1.2/3"), "\"a b-1.2/3\"");
        assert_eq!(quoted("p\"$x\\?\t[\n]"), r#""p\22\24x\5C\3F\09\5B\0A\5D""#);
        assert_eq!(quoted("é"), r#""\C3\A9""#);
        assert_eq!(remark("a\nb é?$"), "ab ___");
    }

    proptest! {
        #[test]
        fn a_value_stays_one_quoted_word(text in any::<String>()) {
            let quoted = quoted(&text);
            let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            prop_assert!(inside.bytes().all(|byte| byte == b'\\' || byte.is_ascii_alphanumeric() || PLAIN.contains(&byte)));
        }
    }
}
