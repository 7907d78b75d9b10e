//! Finds the old buy buttons of a page: in addresses, scripts, `onclick` and other attributes, and forms. What looks
//! like one and cannot be read is told as an oddity. Pure; the page is only looked at.

use std::ops::Range;

use super::glyphs::{self, Charset, Glyph};
use super::label;
use super::link::{self, Field, Fields, OldAddress};
use super::markup::{self, Attribute, Piece, Tag};
use super::script;
use crate::company::GatewayName;
use crate::sorted::Arrange;

/// What was found in a page.
#[derive(Clone, Debug)]
pub struct Page {
    pub charset: Charset,
    /// In the order of the page.
    pub buttons: Vec<Button>,
    pub oddities: Vec<(usize, Oddity)>,
    /// Lines that lead to the old page for lost codes.
    pub recoveries: Vec<usize>,
    /// Its `<title>`, if it has one.
    pub title: Option<String>,
}

/// A button that was understood as one.
#[derive(Clone, Debug)]
pub struct Button {
    /// Counted from 1.
    pub line: usize,
    pub gateway: GatewayName,
    /// The old relay's, empty where the page names none.
    pub host: String,
    pub fields: Fields,
    /// What people read on it or beside it.
    pub label: Option<String>,
    pub target: Target,
    pub has_encoded_macro: bool,
    /// Its attribute's quote is missing: browsers do not show it.
    pub is_open: bool,
}

/// What has to be replaced so that the button leads elsewhere.
#[derive(Clone, Debug)]
pub enum Target {
    Link {
        place: Range<usize>,
        /// `&` is written `&amp;` there.
        escaped: bool,
    },
    Form {
        action: Range<usize>,
        /// The value of `method`, where it is not `get`.
        method: Option<Range<usize>>,
        /// Name and value of the hidden field with the gateway's key.
        key: Option<(Range<usize>, Range<usize>)>,
    },
}

/// Something like a button that cannot be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// In a comment of the page or a script.
    Commented,
    /// A script puts the link together.
    Computed,
    /// The path is that of no gateway.
    UnknownGateway,
    /// A link without parameters.
    Bare,
    /// A form whose plan is chosen from a list.
    Choice,
}

/// Reads a page.
pub fn find(page: &[u8]) -> Page {
    let charset = Charset::of(page);
    let pieces = markup::pieces(page);
    let mut finder = Finder {
        page,
        charset,
        lines: line_starts(page),
        pieces: &pieces,
        found: Page {
            charset,
            buttons: Vec::new(),
            oddities: Vec::new(),
            recoveries: Vec::new(),
            title: label::title(page, charset, &pieces),
        },
        previous: 0,
    };
    finder.run();
    finder.found
}

/// The line of a place in the page, from 1.
pub fn line_of(starts: &[usize], at: usize) -> usize {
    starts.partition_point(|start| *start <= at).max(1)
}

pub fn line_starts(page: &[u8]) -> Vec<usize> {
    let ends = page.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

struct Finder<'a> {
    page: &'a [u8],
    charset: Charset,
    lines: Vec<usize>,
    pieces: &'a [Piece],
    found: Page,
    /// The piece behind the last button.
    previous: usize,
}

/// A link in some characters of the page.
struct Seen {
    at: usize,
    place: Range<usize>,
    address: OldAddress,
    is_computed: bool,
}

impl Finder<'_> {
    fn run(&mut self) {
        for (index, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Tag(tag) if tag.is_end => {}
                Piece::Tag(tag) if tag.name == "form" => self.form(index, tag),
                Piece::Tag(tag) => self.tag(index, tag),
                Piece::Comment(range) => self.comment(range.clone()),
                Piece::Script(range) => {
                    let script = self.read(range.clone());
                    self.script(index, &script);
                }
                Piece::Text(_) => {}
            }
        }
        let found = &mut self.found;
        found.oddities.arrange_by_key(|(line, _)| *line);
        found.oddities.dedup();
    }

    fn read(&self, range: Range<usize>) -> Vec<Glyph> {
        glyphs::read(self.page, range, self.charset)
    }

    fn line(&self, at: usize) -> usize {
        line_of(&self.lines, at)
    }

    fn odd(&mut self, at: usize, oddity: Oddity) {
        let line = self.line(at);
        self.found.oddities.push((line, oddity));
    }

    fn comment(&mut self, range: Range<usize>) {
        let view = glyphs::without_wraps(&self.read(range));
        self.commented(&view);
    }

    fn commented(&mut self, view: &[Glyph]) {
        let mut at = 0;
        while let Some(name) = link::find_name(view, at) {
            if let Some(glyph) = view.get(name.start) {
                self.odd(glyph.from, Oddity::Commented);
            }
            at = name.end;
        }
    }

    fn tag(&mut self, index: usize, tag: &Tag) {
        for attribute in &tag.attributes {
            if attribute.value.is_empty() {
                continue;
            }
            let value = glyphs::entities(&self.read(attribute.value.clone()));
            self.note_recovery(&value);
            if is_script(attribute, &value) {
                self.script(index, &value);
            } else {
                let view = glyphs::without_wraps(&value);
                let view = glyphs::trimmed(&view);
                for seen in seen_in(view, is_address(view)) {
                    self.take(index, seen, attribute.is_open);
                }
            }
        }
    }

    /// Lost codes are found again on a page of their own, which the relay has too.
    fn note_recovery(&mut self, value: &[Glyph]) {
        if let Some(first) = value.first()
            && value.len() <= VALUE_MAX
            && glyphs::text(value)
                .to_ascii_lowercase()
                .contains("retrieve-mikhmon-code")
        {
            let line = self.line(first.from);
            self.found.recoveries.push(line);
        }
    }

    fn script(&mut self, index: usize, script: &[Glyph]) {
        for literal in script::literals(script) {
            if literal.is_comment {
                self.commented(&literal.glyphs);
                continue;
            }
            let view = &literal.glyphs;
            self.note_recovery(view);
            for mut seen in seen_in(view, false) {
                let starts = view.first().map(|glyph| glyph.from) == Some(seen.place.start);
                let ends = view.last().map(|glyph| glyph.to) == Some(seen.place.end);
                seen.is_computed = (starts && literal.open_before) || (ends && literal.open_after);
                self.take(index, seen, false);
            }
        }
    }

    fn take(&mut self, index: usize, seen: Seen, is_open: bool) {
        if seen.is_computed {
            return self.odd(seen.at, Oddity::Computed);
        }
        if seen.address.fields.is_empty() {
            return self.odd(seen.at, Oddity::Bare);
        }
        let Some(gateway) = seen.address.gateway else {
            return self.odd(seen.at, Oddity::UnknownGateway);
        };
        let raw = self.page.get(seen.place.clone()).unwrap_or_default();
        let label = label::of(self.page, self.charset, self.pieces, index, self.previous);
        let is_escaped = raw.windows(5).any(|window| window.eq_ignore_ascii_case(b"&amp;"));
        let in_attribute = matches!(self.pieces.get(index), Some(Piece::Tag(_)));
        self.found.buttons.push(Button {
            line: self.line(seen.at),
            gateway,
            host: seen.address.host,
            fields: seen.address.fields,
            label,
            target: Target::Link {
                escaped: is_escaped || (in_attribute && !raw.contains(&b'&')),
                place: seen.place,
            },
            has_encoded_macro: seen.address.has_encoded_macro,
            is_open,
        });
        self.previous = index + 1;
    }

    /// A form whose action is an old page; its hidden fields are the link's parameters.
    fn form(&mut self, index: usize, form: &Tag) {
        self.tag_but_action(index, form);
        let Some(action) = form.attribute("action") else { return };
        let view = glyphs::without_wraps(&glyphs::entities(&self.read(action.value.clone())));
        let Some(address) = link::read(glyphs::trimmed(&view)) else {
            return;
        };
        let at = action.value.start;
        let Some(gateway) = address.gateway else {
            return self.odd(at, Oddity::UnknownGateway);
        };
        let (mut fields, mut key, mut has_choice) = (address.fields, None, false);
        for tag in self.inside(index) {
            let Some(name) = tag.attribute("name") else { continue };
            let text = self.value(name);
            let Some(field) = Field::of(&text) else { continue };
            has_choice |= tag.name == "select" || self.is_radio(tag);
            let Some(value) = tag.attribute("value") else { continue };
            fields.put(&text, &self.value(value));
            if field.is_key() && key.is_none() {
                key = Some((name.value.clone(), value.value.clone()));
            }
        }
        if has_choice {
            return self.odd(at, Oddity::Choice);
        }
        if fields.is_empty() {
            return self.odd(at, Oddity::Bare);
        }
        let method = form.attribute("method");
        let method = method.filter(|method| !self.value(method).eq_ignore_ascii_case("get"));
        self.found.buttons.push(Button {
            line: self.line(at),
            gateway,
            host: address.host,
            fields,
            label: label::of_form(self.page, self.charset, self.pieces, index, self.previous),
            target: Target::Form {
                action: action.value.clone(),
                method: method.map(|method| method.value.clone()),
                key,
            },
            has_encoded_macro: address.has_encoded_macro,
            is_open: action.is_open,
        });
        self.previous = index + 1;
    }

    fn tag_but_action(&mut self, index: usize, form: &Tag) {
        let mut other = form.clone();
        other.attributes.retain(|attribute| attribute.name != "action");
        self.tag(index, &other);
    }

    /// The tags of a form, up to its end or the next form.
    fn inside(&self, form: usize) -> Vec<&Tag> {
        let rest = self.pieces.get(form + 1..).unwrap_or_default();
        let tags = rest.iter().filter_map(|piece| match piece {
            Piece::Tag(tag) => Some(tag),
            _ => None,
        });
        tags.take_while(|tag| tag.name != "form").collect()
    }

    fn is_radio(&self, tag: &Tag) -> bool {
        tag.attribute("type")
            .is_some_and(|kind| self.value(kind).eq_ignore_ascii_case("radio"))
    }

    fn value(&self, attribute: &Attribute) -> String {
        let view = glyphs::without_wraps(&glyphs::entities(&self.read(attribute.value.clone())));
        glyphs::text(glyphs::trimmed(&view))
    }
}

/// `onclick` and the like, and `href="javascript:…"`.
fn is_script(attribute: &Attribute, value: &[Glyph]) -> bool {
    let start: String = glyphs::trimmed(value).iter().take(11).map(|glyph| glyph.c).collect();
    attribute.name.starts_with("on") || start.eq_ignore_ascii_case("javascript:")
}

/// Whether a whole value is one address, in which blanks are part of it.
fn is_address(view: &[Glyph]) -> bool {
    let start: String = view.iter().take(8).map(|glyph| glyph.c.to_ascii_lowercase()).collect();
    ["http://", "https://", "/", "buy-", "$(", "./", "../"]
        .iter()
        .any(|beginning| start.starts_with(beginning))
}

/// All links of ours in some characters.
fn seen_in(view: &[Glyph], whole: bool) -> Vec<Seen> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(name) = link::find_name(view, at) {
        let extent = if whole { 0..view.len() } else { extent(view, &name) };
        let slice = view.get(extent.clone()).unwrap_or_default();
        if let (Some(address), Some(first), Some(last)) = (link::read(slice), slice.first(), slice.last()) {
            found.push(Seen {
                at: first.from,
                place: first.from..last.to,
                address,
                is_computed: false,
            });
        }
        at = extent.end.max(name.end);
    }
    found
}

/// From the quote (or the sign) before a link to its other quote.
fn extent(view: &[Glyph], name: &Range<usize>) -> Range<usize> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`');
    let bounds = |c: char| is_quote(c) || c.is_whitespace() || matches!(c, '(' | ')' | '=' | ',' | ';' | '<' | '>');
    let before = view.get(..name.start).unwrap_or_default();
    let bound = before.iter().rposition(|glyph| bounds(glyph.c));
    let start = bound.map_or(0, |bound| bound + 1);
    let quote = bound
        .and_then(|bound| view.get(bound))
        .map(|glyph| glyph.c)
        .filter(|c| is_quote(*c));
    let after = view.get(name.end..).unwrap_or_default();
    let length = after.iter().position(|glyph| match quote {
        Some(quote) => glyph.c == quote || matches!(glyph.c, '<' | '>'),
        None if bound.is_none() => is_quote(glyph.c) || matches!(glyph.c, '<' | '>'),
        None => is_quote(glyph.c) || glyph.c.is_whitespace() || matches!(glyph.c, '<' | '>'),
    });
    start..length.map_or(view.len(), |length| name.end + length)
}

/// Longer values are programs or pictures.
const VALUE_MAX: usize = 4_096;
