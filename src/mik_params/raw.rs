//! Finding a parameter in headers and query, before anybody asks what it means. No text is repaired: broken
//! UTF-8, broken percent signs and contradictions are told, not guessed at.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

use super::Flaw;

/// A call's headers and the pairs of its query.
pub struct Raw<'a> {
    /// The lines that may be parameters, names in lower case.
    lines: Vec<(&'a str, &'a HeaderValue)>,
    /// Names in lower case, values as they stand in the query.
    pairs: Vec<(String, &'a str)>,
    was_cut: bool,
}

/// What there is under a name.
pub enum Found {
    Nothing,
    Text(String),
    /// Why it cannot be read, without the value: it may be a password.
    Fault(Flaw),
}

impl<'a> Raw<'a> {
    pub fn new(headers: &'a HeaderMap, query: &'a str) -> Self {
        let mut parts = query.split('&').filter(|part| !part.is_empty());
        let pairs = parts.by_ref().take(PAIRS_MAX).filter_map(read_pair).collect();
        let lines = headers.iter().map(|(name, line)| (name.as_str(), line));
        Self {
            lines: lines.filter(|(name, _)| name.starts_with(PREFIX)).collect(),
            pairs,
            was_cut: parts.next().is_some(),
        }
    }

    /// Whether pairs beyond [`PAIRS_MAX`] were left unread.
    pub fn was_cut(&self) -> bool {
        self.was_cut
    }

    /// The parameter's one text: from the headers if it is there at all, else from the query.
    pub fn find(&self, name: &str) -> Found {
        let mut lines = self.lines.iter().filter(|(found, _)| *found == name);
        match (lines.next(), lines.next()) {
            (None, _) => self.find_in_query(name),
            (Some((_, line)), None) => std::str::from_utf8(line.as_bytes())
                .map_or(Found::Fault(Flaw::NotUtf8), |text| Found::Text(text.to_owned())),
            (Some(_), Some(_)) => Found::Fault(Flaw::TwoHeaders),
        }
    }

    fn find_in_query(&self, name: &str) -> Found {
        let mut known: Option<String> = None;
        for (_, value) in self.pairs.iter().filter(|(found, _)| is_name_of(found, name)) {
            match (decode(value), &known) {
                (Err(flaw), _) => return Found::Fault(flaw),
                (Ok(text), Some(first)) if *first != text => return Found::Fault(Flaw::TwoValues),
                (Ok(text), _) => known = Some(text),
            }
        }
        known.map_or(Found::Nothing, Found::Text)
    }
}

fn is_name_of(found: &str, name: &str) -> bool {
    found == name || (name == "mikaccessuuid" && found == "k")
}

/// A pair whose name cannot be decoded is none of ours.
fn read_pair(part: &str) -> Option<(String, &str)> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    Some((decode(name).ok()?.to_ascii_lowercase(), value))
}

/// Form decoding: plus signs are spaces, `%41` is a byte.
fn decode(text: &str) -> Result<String, Flaw> {
    let spaced = if text.contains('+') {
        Cow::Owned(text.replace('+', " "))
    } else {
        Cow::Borrowed(text)
    };
    let whole_percents = spaced.split('%').skip(1).all(|rest| {
        let mut bytes = rest.bytes();
        let is_hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        is_hex(bytes.next()) && is_hex(bytes.next())
    });
    if !whole_percents {
        return Err(Flaw::BrokenPercent);
    }
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| Flaw::NotUtf8)
}

/// What all parameters of a header begin with.
const PREFIX: &str = "mik";

/// A callback has a dozen parameters; whoever sends hundreds wants our time.
pub const PAIRS_MAX: usize = 200;
