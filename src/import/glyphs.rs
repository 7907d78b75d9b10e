//! A piece of a page as a browser reads it, with the place of every character in the file, so that what was
//! understood can be replaced and nothing else. Pure.

use std::ops::Range;

/// One character, and the bytes of the page it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    pub c: char,
    pub from: usize,
    pub to: usize,
}

/// What a page's bytes mean. Portal pages seldom say it, and RouterOS sends no charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    Windows1252,
}

impl Charset {
    /// What is valid UTF-8 is UTF-8; everything else came from a Windows editor.
    pub fn of(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() {
            Self::Utf8
        } else {
            Self::Windows1252
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "Windows-1252",
        }
    }

    fn char(self, byte: u8) -> char {
        let high = usize::from(byte).checked_sub(0x80);
        high.and_then(|at| WINDOWS_1252.get(at).copied())
            .filter(|_| self == Self::Windows1252)
            .unwrap_or(char::from(byte))
    }
}

/// The characters of a range of the page.
pub fn read(page: &[u8], range: Range<usize>, charset: Charset) -> Vec<Glyph> {
    let start = range.start;
    let bytes = page.get(range).unwrap_or_default();
    match (charset, std::str::from_utf8(bytes)) {
        (Charset::Utf8, Ok(text)) => {
            let chars = text.char_indices();
            chars
                .map(|(at, c)| Glyph {
                    c,
                    from: start + at,
                    to: start + at + c.len_utf8(),
                })
                .collect()
        }
        // A range that cuts a character in two does not come from here; its bytes are still all counted.
        _ => {
            let bytes = bytes.iter().enumerate();
            bytes
                .map(|(at, byte)| Glyph {
                    c: charset.char(*byte),
                    from: start + at,
                    to: start + at + 1,
                })
                .collect()
        }
    }
}

pub fn text(glyphs: &[Glyph]) -> String {
    glyphs.iter().map(|glyph| glyph.c).collect()
}

/// Without what is blank at both ends.
pub fn trimmed(glyphs: &[Glyph]) -> &[Glyph] {
    let is_ink = |glyph: &Glyph| !glyph.c.is_whitespace();
    let start = glyphs.iter().position(is_ink).unwrap_or(glyphs.len());
    let end = glyphs.iter().rposition(is_ink).map_or(start, |at| at + 1);
    glyphs.get(start..end).unwrap_or_default()
}

/// HTML's character references, as one character each. Without a semicolon there is none: `&currency=` is no `¤`.
pub fn entities(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut read = Vec::with_capacity(glyphs.len());
    let mut rest = glyphs;
    while let Some((first, after)) = rest.split_first() {
        let end = after.iter().take(ENTITY_MAX).position(|glyph| glyph.c == ';');
        let named = end.filter(|_| first.c == '&').and_then(|end| {
            let (name, semicolon) = (after.get(..end)?, after.get(end)?);
            let c = entity(&text(name))?;
            let whole = Glyph {
                c,
                from: first.from,
                to: semicolon.to,
            };
            Some((whole, after.get(end + 1..)?))
        });
        let (glyph, next) = named.unwrap_or((*first, after));
        read.push(glyph);
        rest = next;
    }
    read
}

/// The escapes of a JavaScript string: `\"`, `\/`, `\u0026`, `\x26`; a line that goes on after a backslash.
pub fn unescaped(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut read = Vec::with_capacity(glyphs.len());
    let mut rest = glyphs;
    while let Some((first, after)) = rest.split_first() {
        let Some(second) = after.first().filter(|_| first.c == '\\') else {
            read.push(*first);
            rest = after;
            continue;
        };
        let digits = match second.c {
            'u' => 4,
            'x' => 2,
            _ => 0,
        };
        let code = after.get(1..=digits).filter(|_| digits > 0);
        let coded = code.and_then(|code| char::from_u32(u32::from_str_radix(&text(code), 16).ok()?));
        let length = if coded.is_some() { digits + 1 } else { 1 };
        let plain = match second.c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            other => other,
        };
        let last = after.get(length - 1).unwrap_or(second);
        if coded.is_some() || !matches!(second.c, '\n' | '\r') {
            read.push(Glyph {
                c: coded.unwrap_or(plain),
                from: first.from,
                to: last.to,
            });
        }
        rest = after.get(length..).unwrap_or_default();
    }
    read
}

/// Without line ends and the blanks around them: an editor broke the line, and a browser leaves line ends in an
/// address out.
pub fn without_wraps(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut joined: Vec<Glyph> = Vec::with_capacity(glyphs.len());
    let mut after_end = false;
    for glyph in glyphs {
        let is_end = matches!(glyph.c, '\n' | '\r');
        if is_end {
            while joined.last().is_some_and(|last| matches!(last.c, ' ' | '\t')) {
                joined.pop();
            }
        }
        after_end = is_end || (after_end && matches!(glyph.c, ' ' | '\t'));
        if !after_end {
            joined.push(*glyph);
        }
    }
    joined
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    let known = ENTITIES.iter().find(|(known, _)| *known == name);
    known.map(|(_, c)| *c)
}

/// `CounterClockwiseContourIntegral` is longer, and no portal's.
const ENTITY_MAX: usize = 10;

/// What stands in portal pages: markup's own, and the letters of our four languages.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("AMP", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("lt", '<'),
    ("gt", '>'),
    ("nbsp", ' '),
    ("lpar", '('),
    ("rpar", ')'),
    ("dollar", '$'),
    ("equals", '='),
    ("quest", '?'),
    ("sol", '/'),
    ("colon", ':'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("agrave", 'à'),
    ("acirc", 'â'),
    ("ccedil", 'ç'),
    ("ocirc", 'ô'),
    ("ucirc", 'û'),
    ("ugrave", 'ù'),
    ("icirc", 'î'),
    ("Eacute", 'É'),
    ("aacute", 'á'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("ntilde", 'ñ'),
    ("atilde", 'ã'),
    ("otilde", 'õ'),
    ("euro", '€'),
    ("rsquo", '’'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("middot", '·'),
];

/// 0x80 to 0x9F; the five that mean nothing stay control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A byte string in the page's charset, for what was percent-encoded.
pub fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| Charset::Windows1252.char(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glyphs(page: &[u8]) -> Vec<Glyph> {
        read(page, 0..page.len(), Charset::of(page))
    }

    #[test]
    fn bytes_are_read_in_their_charset() {
        assert_eq!(text(&glyphs("été €".as_bytes())), "été €");
        assert_eq!(text(&glyphs(b"\xe9t\xe9 \x80\x92")), "été €’");
    }

    #[test]
    fn references_are_one_character_with_all_their_bytes() {
        let read = entities(&glyphs(b"a&amp;b&#39;&#x41;&currency=X&eacute;&nosuch;&"));
        assert_eq!(text(&read), "a&b'A&currency=Xé&nosuch;&");
        assert_eq!((read[1].from, read[1].to), (1, 6));
    }

    #[test]
    fn escapes_of_scripts_are_read() {
        assert_eq!(
            text(&unescaped(&glyphs(br#"a\"b\/c\u0026d\x26e\'f\\g\uZZh"#))),
            "a\"b/c&d&e'f\\guZZh"
        );
        assert_eq!(text(&unescaped(&glyphs(b"a\\\nb\\"))), "ab\\");
    }

    #[test]
    fn broken_lines_are_joined() {
        let joined = without_wraps(&glyphs(b"amount=100  \r\n\t   &profile name=4H\n"));
        assert_eq!(text(&joined), "amount=100&profile name=4H");
    }

    proptest! {
        #[test]
        fn places_are_kept_whatever_is_read(page in prop::collection::vec(any::<u8>(), 0..80)) {
            for read in [entities(&glyphs(&page)), unescaped(&glyphs(&page)), without_wraps(&glyphs(&page))] {
                let mut end = 0;
                for glyph in read {
                    prop_assert!(glyph.from >= end && glyph.from < glyph.to && glyph.to <= page.len());
                    end = glyph.to;
                }
            }
        }
    }
}
