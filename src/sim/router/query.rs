//! The query words of `print` and `listen`: a stack of truth values. Source: facts `routeros.md` 1.2.

use std::cmp::Ordering;

use super::values;

/// Whether a row passes. `value` gives a property of the row; words that are no queries are passed over.
pub(super) fn matches(words: &[Vec<u8>], value: impl Fn(&str) -> Option<Vec<u8>>) -> bool {
    let mut stack = Stack::default();
    for word in words.iter().filter_map(|word| word.strip_prefix(b"?")) {
        match word.strip_prefix(b"#") {
            Some(operators) => stack.operate(operators),
            None => stack.0.push(test(word, &value)),
        }
    }
    // Without an operator all are joined by "and".
    stack.0.into_iter().all(|truth| truth)
}

fn test(word: &[u8], value: impl Fn(&str) -> Option<Vec<u8>>) -> bool {
    if let Some(name) = word.strip_prefix(b"-") {
        return value(&text(name)).is_none();
    }
    let (wanted, rest) = match word.split_first() {
        Some((b'<', rest)) => (Ordering::Less, rest),
        Some((b'>', rest)) => (Ordering::Greater, rest),
        Some((b'=', rest)) => (Ordering::Equal, rest),
        _ => (Ordering::Equal, word),
    };
    let Some(at) = rest.iter().position(|byte| *byte == b'=') else {
        return value(&text(rest)).is_some();
    };
    let (name, operand) = rest.split_at(at);
    let name = text(name);
    let operand = operand.get(1..).unwrap_or_default();
    value(&name).is_some_and(|held| values::compare(&name, &held, operand) == wanted)
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Bottomless: below what was pushed everything is true.
#[derive(Default)]
struct Stack(Vec<bool>);

impl Stack {
    fn pop(&mut self) -> bool {
        self.0.pop().unwrap_or(true)
    }

    /// Counted from the top, which is 0.
    fn at(&self, index: usize) -> bool {
        self.0.iter().rev().nth(index).copied().unwrap_or(true)
    }

    fn operate(&mut self, operators: &[u8]) {
        let mut rest = operators;
        let mut after_index = false;
        while let Some((&operator, later)) = rest.split_first() {
            rest = later;
            if operator.is_ascii_digit() {
                let mut index = usize::from(operator - b'0');
                while let Some((digit, later)) = rest.split_first().filter(|(byte, _)| byte.is_ascii_digit()) {
                    index = index.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
                    rest = later;
                }
                let copy = self.at(index);
                if rest.is_empty() {
                    self.0.clear();
                }
                self.0.push(copy);
                after_index = true;
                continue;
            }
            self.operate_once(operator, after_index);
            after_index = false;
        }
    }

    fn operate_once(&mut self, operator: u8, after_index: bool) {
        match operator {
            b'!' => {
                let top = self.pop();
                self.0.push(!top);
            }
            b'&' | b'|' => {
                let (a, b) = (self.pop(), self.pop());
                self.0.push(if operator == b'&' { a && b } else { a || b });
            }
            b'.' if !after_index => self.0.push(self.at(0)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(words: &[&str]) -> bool {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        matches(&words, |name| {
            let held = match name {
                "name" => "abc",
                "uptime" => "1h",
                "limit-bytes-total" => "10485760",
                "disabled" => "false",
                _ => return None,
            };
            Some(held.as_bytes().to_vec())
        })
    }

    #[test]
    fn one_word_tests_one_property() {
        for yes in [
            "?name",
            "?-comment",
            "?name=abc",
            "?=name=abc",
            "?>limit-bytes-total=999",
            "?<uptime=2h",
        ] {
            assert!(passes(&[yes]), "{yes}");
        }
        for no in [
            "?comment",
            "?-name",
            "?name=ab",
            "?name=ABC",
            "?comment=",
            "?<limit-bytes-total=999",
            "?>uptime=2h",
        ] {
            assert!(!passes(&[no]), "{no}");
        }
    }

    #[test]
    fn times_and_flags_are_compared_by_what_they_mean() {
        for yes in [
            "?uptime=01:00:00",
            "?uptime=60m",
            "?uptime=3600",
            "?disabled=no",
            "?disabled=false",
        ] {
            assert!(passes(&[yes]), "{yes}");
        }
        assert!(!passes(&["?uptime=0s"]));
    }

    #[test]
    fn words_are_joined_by_and_unless_an_operator_says_otherwise() {
        assert!(passes(&["/print", "=.proplist=name", "?name=abc", "?uptime=1h"]));
        assert!(!passes(&["?name=abc", "?uptime=2h"]));
        assert!(passes(&["?name=abc", "?uptime=2h", "?#|"]));
        assert!(passes(&["?name=x", "?#!"]));
        assert!(passes(&["?name=x", "?name=y", "?name=abc", "?#||"]));
        assert!(!passes(&["?name=x", "?name=abc", "?#&"]));
    }

    #[test]
    fn indexes_copy_or_replace() {
        // The second from the top alone decides.
        assert!(passes(&["?name=abc", "?name=x", "?#1"]));
        assert!(!passes(&["?name=x", "?name=abc", "?#1"]));
        // A copy of the top, negated, beside it: never both.
        assert!(!passes(&["?name=abc", "?#0!"]));
        assert!(!passes(&["?name=x", "?#.!"]));
        // Below the bottom all is true.
        assert!(passes(&["?name=abc", "?#7&"]));
    }
}
