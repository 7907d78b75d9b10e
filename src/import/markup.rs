//! Cuts a page into tags, texts, comments and scripts as a forgiving browser does. What is broken is read as far as
//! it can be: a quote that is never closed ends with its tag. RouterOS' `$(…)` may stand anywhere and is skipped whole.

use std::ops::Range;

/// A piece of a page.
#[derive(Clone, Debug)]
pub enum Piece {
    Tag(Tag),
    Text(Range<usize>),
    Comment(Range<usize>),
    /// What is between `<script>` and `</script>`.
    Script(Range<usize>),
}

/// `<name …>` or `</name>`.
#[derive(Clone, Debug)]
pub struct Tag {
    /// In lower case.
    pub name: String,
    pub is_end: bool,
    pub attributes: Vec<Attribute>,
}

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

#[derive(Clone, Debug)]
pub struct Attribute {
    /// In lower case.
    pub name: String,
    /// Between the quotes, if there are any.
    pub value: Range<usize>,
    /// The closing quote is missing.
    pub is_open: bool,
}

/// The pieces in their order; together they are the page, but for style sheets and declarations.
pub fn pieces(page: &[u8]) -> Vec<Piece> {
    let mut cutter = Cutter {
        page,
        at: 0,
        pieces: Vec::new(),
    };
    while cutter.at < page.len() {
        cutter.next();
    }
    cutter.pieces
}

struct Cutter<'a> {
    page: &'a [u8],
    at: usize,
    pieces: Vec<Piece>,
}

impl Cutter<'_> {
    fn next(&mut self) {
        let start = self.at;
        let opening = (start..self.page.len()).find(|at| self.byte(*at) == b'<' && self.opens_markup(*at));
        let end = opening.unwrap_or(self.page.len());
        if end > start {
            self.pieces.push(Piece::Text(start..end));
        }
        self.at = end;
        if self.starts_with(end, b"<!--") {
            let close = self.find(end + 4, b"-->");
            self.pieces
                .push(Piece::Comment(end + 4..close.unwrap_or(self.page.len())));
            self.at = close.map_or(self.page.len(), |close| close + 3);
        } else if matches!(self.byte(end + 1), b'!' | b'?') {
            self.at = self.find(end, b">").map_or(self.page.len(), |close| close + 1);
        } else if opening.is_some() {
            self.tag(end);
        }
    }

    fn opens_markup(&self, at: usize) -> bool {
        let next = self.byte(at + 1);
        let next = if next == b'/' { self.byte(at + 2) } else { next };
        next.is_ascii_alphabetic() || (matches!(next, b'!' | b'?') && self.byte(at + 1) == next)
    }

    fn tag(&mut self, start: usize) {
        let is_end = self.byte(start + 1) == b'/';
        let name_start = start + 1 + usize::from(is_end);
        let name_end = self.skip(name_start, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':')
        });
        let name = self.lower(name_start..name_end);
        let (attributes, end) = self.attributes(name_end);
        self.at = end;
        self.pieces.push(Piece::Tag(Tag {
            name: name.clone(),
            is_end,
            attributes,
        }));
        if !is_end && matches!(name.as_str(), "script" | "style") {
            let close = self
                .find_lower(end, format!("</{name}").as_bytes())
                .unwrap_or(self.page.len());
            if name == "script" {
                self.pieces.push(Piece::Script(end..close));
            }
            self.at = close;
        }
    }

    /// The attributes from here on, and where the tag ends.
    fn attributes(&self, mut at: usize) -> (Vec<Attribute>, usize) {
        let mut attributes = Vec::new();
        loop {
            at = self.skip(at, |byte| is_blank(byte) || byte == b'/');
            match self.byte_at(at) {
                None => return (attributes, at),
                Some(b'>') => return (attributes, at + 1),
                // The tag was never closed, and here begins another.
                Some(b'<') if self.opens_markup(at) => return (attributes, at),
                Some(_) => {}
            }
            let name_end = self.word(at, |byte| is_blank(byte) || matches!(byte, b'=' | b'>' | b'/'));
            // A stray sign such as `=` is a name of its own, or nothing would move on.
            let name_end = name_end.max(at + 1);
            let name = at..name_end;
            let sign = self.skip(name_end, is_blank);
            let (value, is_open, next) = if self.byte(sign) == b'=' {
                self.value(self.skip(sign + 1, is_blank))
            } else {
                (name_end..name_end, false, name_end)
            };
            attributes.push(Attribute {
                name: self.lower(name),
                value,
                is_open,
            });
            at = next;
        }
    }

    /// A value, whether its quote stays open, and where the tag goes on.
    fn value(&self, start: usize) -> (Range<usize>, bool, usize) {
        let quote = self.byte(start);
        if !matches!(quote, b'"' | b'\'') {
            let end = self.word(start, |byte| is_blank(byte) || byte == b'>');
            return (start..end, false, end);
        }
        let inside = start + 1;
        let close = self.find(inside, &[quote]);
        match close {
            Some(close) if !self.swallows_markup(inside..close) => (inside..close, false, close + 1),
            _ => {
                let end = self.find(inside, b">").unwrap_or(self.page.len());
                (inside..end, true, end)
            }
        }
    }

    /// Whether a "value" holds the next tag up to the quote of its first attribute: then its own quote is missing.
    fn swallows_markup(&self, value: Range<usize>) -> bool {
        let value = self.page.get(value).unwrap_or_default().trim_ascii_end();
        value.ends_with(b"=")
            && value
                .windows(2)
                .any(|pair| matches!(pair, [b'<', next] if next.is_ascii_alphabetic()))
    }

    /// Moves over a word; a macro `$(…)` in it is skipped whole, blanks and signs inside it included.
    fn word(&self, mut at: usize, ends: impl Fn(u8) -> bool) -> usize {
        while let Some(byte) = self.byte_at(at) {
            if byte == b'$' && self.byte(at + 1) == b'(' {
                let reach = self.page.get(at..).unwrap_or_default();
                let close = reach.iter().take(MACRO_MAX).position(|byte| *byte == b')');
                at += close.map_or(1, |close| close + 1);
            } else if ends(byte) {
                break;
            } else {
                at += 1;
            }
        }
        at
    }

    fn skip(&self, mut at: usize, over: impl Fn(u8) -> bool) -> usize {
        while self.byte_at(at).is_some_and(&over) {
            at += 1;
        }
        at
    }

    fn lower(&self, range: Range<usize>) -> String {
        String::from_utf8_lossy(self.page.get(range).unwrap_or_default()).to_ascii_lowercase()
    }

    fn byte_at(&self, at: usize) -> Option<u8> {
        self.page.get(at).copied()
    }

    /// Zero behind the end.
    fn byte(&self, at: usize) -> u8 {
        self.byte_at(at).unwrap_or_default()
    }

    fn starts_with(&self, at: usize, needle: &[u8]) -> bool {
        self.page.get(at..).is_some_and(|rest| rest.starts_with(needle))
    }

    fn find(&self, from: usize, needle: &[u8]) -> Option<usize> {
        let rest = self.page.get(from..)?;
        let at = match needle {
            [byte] => rest.iter().position(|found| found == byte),
            _ => rest.windows(needle.len()).position(|window| window == needle),
        };
        at.map(|at| from + at)
    }

    fn find_lower(&self, from: usize, needle: &[u8]) -> Option<usize> {
        let mut windows = self.page.get(from..)?.windows(needle.len());
        windows
            .position(|window| window.eq_ignore_ascii_case(needle))
            .map(|at| from + at)
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// The longest macro is a comparison of two variables.
const MACRO_MAX: usize = 120;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tags as `name[attribute=value]`, other pieces as their text.
    fn shown(page: &str) -> Vec<String> {
        let text = |range: &Range<usize>| page[range.clone()].to_owned();
        let show = |piece: &Piece| match piece {
            Piece::Tag(tag) => {
                let attributes = tag.attributes.iter();
                let open = |attribute: &Attribute| if attribute.is_open { "…" } else { "" };
                let list: Vec<_> = attributes
                    .map(|it| format!("[{}={}{}]", it.name, text(&it.value), open(it)))
                    .collect();
                format!("{}{}{}", if tag.is_end { "/" } else { "" }, tag.name, list.concat())
            }
            Piece::Text(range) => text(range),
            Piece::Comment(range) => format!("comment:{}", text(range)),
            Piece::Script(range) => format!("script:{}", text(range)),
        };
        pieces(page.as_bytes()).iter().map(show).collect()
    }

    #[test]
    fn pages_are_cut_as_browsers_cut_them() {
        assert_eq!(
            shown("<!DOCTYPE html><A HREF=x/y?a=1&b=2 class='c d' checked>1 < 2</A ><br/>"),
            ["a[href=x/y?a=1&b=2][class=c d][checked=]", "1 < 2", "/a", "br"]
        );
        assert_eq!(
            shown("<!-- <a href=x> --><script>if (a<b) '</a>';</SCRIPT><style>a>b</style>x"),
            [
                "comment: <a href=x> ",
                "script",
                "script:if (a<b) '</a>';",
                "/script",
                "style",
                "/style",
                "x"
            ]
        );
    }

    #[test]
    fn macros_stand_anywhere() {
        assert_eq!(
            shown("<input $(if trial == 'yes')checked$(endif) value=$(if a > b)x>$(if error)<b>"),
            [
                "input[$(if trial == 'yes')checked$(endif)=][value=$(if a > b)x]",
                "$(if error)",
                "b"
            ]
        );
    }

    #[test]
    fn an_open_quote_ends_with_its_tag() {
        assert_eq!(
            shown("<a href=\"u?x=1>one</a> <a href=\"v\">two</a>"),
            ["a[href=u?x=1…]", "one", "/a", " ", "a[href=v]", "two", "/a"]
        );
        assert_eq!(shown("<a href='u"), ["a[href=u…]"]);
        assert_eq!(shown("<td <b>x"), ["td", "b", "x"]);
        assert_eq!(shown("<a == b>"), ["a[==b]"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_in_order(page in "([<>/=\"'! a$()-]|<a href=|script>|<!--|\\PC){0,60}") {
            let mut end = 0;
            for piece in pieces(page.as_bytes()) {
                let ranges = match piece {
                    Piece::Tag(tag) => tag.attributes.into_iter().map(|attribute| attribute.value).collect(),
                    Piece::Text(range) | Piece::Comment(range) | Piece::Script(range) => vec![range],
                };
                for range in ranges {
                    prop_assert!(range.start >= end && range.start <= range.end && range.end <= page.len());
                    end = range.end;
                }
            }
        }
    }
}
