//! The texts of a script: its string literals, those joined by `+` as one, and its comments. No more of the language
//! is understood; what a program computes is said to be computed.

use super::glyphs::{self, Glyph};

/// A text of a script.
#[derive(Clone, Debug)]
pub struct Literal {
    /// With escapes read.
    pub glyphs: Vec<Glyph>,
    /// Something that is no literal is joined before it, or a template has a hole.
    pub open_before: bool,
    pub open_after: bool,
    pub is_comment: bool,
}

/// All texts of a script, in their order.
pub fn literals(script: &[Glyph]) -> Vec<Literal> {
    let mut lexer = Lexer {
        script,
        at: 0,
        found: Vec::new(),
        joins: false,
        last: None,
    };
    while lexer.at < script.len() {
        lexer.next();
    }
    lexer.found
}

struct Lexer<'a> {
    script: &'a [Glyph],
    at: usize,
    found: Vec<Literal>,
    /// A `+` was read since the last literal or operand.
    joins: bool,
    /// The literal that the `+` follows, if it follows one.
    last: Option<usize>,
}

impl Lexer<'_> {
    fn next(&mut self) {
        match self.char(0) {
            '/' if self.char(1) == '/' => self.comment("\n"),
            '<' if self.text_at(4) == "<!--" => self.comment("\n"),
            '/' if self.char(1) == '*' => self.comment("*/"),
            quote @ ('\'' | '"' | '`') => self.string(quote),
            '+' => {
                self.joins = true;
                self.at += 1;
            }
            c => {
                if !c.is_whitespace() {
                    self.operand();
                }
                self.at += 1;
            }
        }
    }

    /// Anything but a literal, a `+` or a blank.
    fn operand(&mut self) {
        if self.joins
            && let Some(literal) = self.last.and_then(|last| self.found.get_mut(last))
        {
            literal.open_after = true;
        }
        (self.joins, self.last) = (false, None);
    }

    fn comment(&mut self, end: &str) {
        let start = self.at + 2;
        let length = end.chars().count();
        self.at = start;
        while self.at < self.script.len() && self.text_at(length) != end {
            self.at += 1;
        }
        let glyphs = self.script.get(start..self.at).unwrap_or_default().to_vec();
        self.at += length;
        self.found.push(Literal {
            glyphs,
            open_before: false,
            open_after: false,
            is_comment: true,
        });
    }

    fn string(&mut self, quote: char) {
        let start = self.at + 1;
        let Some(end) = self.end_of_string(start, quote) else {
            // A quote that nothing closes, as in a pattern: it is no string.
            self.operand();
            self.at += 1;
            return;
        };
        let raw = self.script.get(start..end).unwrap_or_default();
        let has_hole = quote == '`'
            && raw
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.c == '$' && b.c == '{'));
        let read = glyphs::without_wraps(&glyphs::unescaped(raw));
        self.at = end + 1;
        let joined = self
            .last
            .filter(|_| self.joins)
            .and_then(|last| self.found.get_mut(last));
        match joined {
            Some(literal) => {
                literal.glyphs.extend(read);
                literal.open_before |= has_hole;
                literal.open_after |= has_hole;
            }
            None => {
                self.found.push(Literal {
                    glyphs: read,
                    open_before: self.joins || has_hole,
                    open_after: has_hole,
                    is_comment: false,
                });
                self.last = Some(self.found.len() - 1);
            }
        }
        self.joins = false;
    }

    /// Where the closing quote is. A line end inside is an editor's: it is forgiven in what is a link of ours.
    fn end_of_string(&self, start: usize, quote: char) -> Option<usize> {
        let mut at = start;
        let mut is_broken = false;
        while let Some(glyph) = self.script.get(at) {
            match glyph.c {
                c if c == quote => {
                    let inside = self.script.get(start..at).unwrap_or_default();
                    return (!is_broken || glyphs::text(inside).contains("buy-")).then_some(at);
                }
                '\\' => at += 1,
                '\n' if quote != '`' => {
                    if is_broken && at - start > BROKEN_MAX {
                        return None;
                    }
                    is_broken = true;
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn char(&self, ahead: usize) -> char {
        self.script.get(self.at + ahead).map_or('\0', |glyph| glyph.c)
    }

    fn text_at(&self, length: usize) -> String {
        glyphs::text(self.script.get(self.at..self.at + length).unwrap_or_default())
    }
}

/// A link that an editor broke has some hundred characters.
const BROKEN_MAX: usize = 2_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::glyphs::Charset;

    fn shown(script: &str) -> Vec<String> {
        let glyphs = glyphs::read(script.as_bytes(), 0..script.len(), Charset::Utf8);
        let show = |it: &Literal| {
            let ends = |open: bool| if open { "+" } else { "" };
            let kind = if it.is_comment { "//" } else { "" };
            format!(
                "{kind}{}{}{}",
                ends(it.open_before),
                glyphs::text(&it.glyphs),
                ends(it.open_after)
            )
        };
        literals(&glyphs).iter().map(show).collect()
    }

    #[test]
    fn literals_that_are_joined_are_one() {
        assert_eq!(shown("a='x?'+ \"y=\\\"1\" +\n'z'; b=`t`"), ["x?y=\"1z", "t"]);
        assert_eq!(
            shown("location = base + '/b?m=' + mac + '&i=' + '1'"),
            ["+/b?m=+", "+&i=1"]
        );
        assert_eq!(shown("f('a', 'b')"), ["a", "b"]);
        assert_eq!(shown("x = `a${b}c`"), ["+a${b}c+"]);
    }

    #[test]
    fn comments_are_texts_of_their_own() {
        assert_eq!(
            shown("'http://a' // b 'c'\n/* d */'e'"),
            ["http://a", "// b 'c'", "// d ", "e"]
        );
    }

    #[test]
    fn a_broken_line_is_forgiven_in_a_link_alone() {
        assert_eq!(shown("a='/buy-x?\n   b=1'"), ["/buy-x?b=1"]);
        assert_eq!(shown("/'/\n b='c'"), ["c"]);
    }

    proptest! {
        #[test]
        fn any_script_is_read(script in "([a'\"`/*+\\\\\n$\\{}]|\\PC){0,60}") {
            shown(&script);
        }
    }
}
