//! A text somebody else wrote, as it may stand in a message, a mail's header or a log line: on one line and
//! short. It does not escape for HTML; templates do that.

/// At most 32 characters of `text`, without control characters and the marks that turn the reading direction.
pub fn shown(text: &str) -> String {
    shown_up_to(text, SHOWN_MAX)
}

/// The same with a limit of its own, in characters.
pub fn shown_up_to(text: &str, limit: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !is_invisible_mark(*c))
        .take(limit)
        .collect()
}

/// Line and paragraph separators, direction marks and the like: some programs take them for line ends, all
/// of them let a text look like another.
pub fn is_invisible_mark(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Enough to recognise what was meant.
const SHOWN_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_become_one_short_line() {
        assert_eq!(shown("4 heures été"), "4 heures été");
        assert_eq!(shown("a\r\nBcc: x\0\u{1b}[31m\u{85}\u{2028}\u{202e}b"), "aBcc: x[31mb");
        assert_eq!(shown(&"é".repeat(1_000_000)), "é".repeat(32));
        assert_eq!(shown_up_to("abcdef", 3), "abc");
    }
}
