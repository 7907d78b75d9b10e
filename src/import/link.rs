//! One old link: which gateway its path names and what its parameters say, in every spelling there is. Pure.
//! Spellings: facts `mikhmon.md` 7 and 8.

use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::glyphs::{self, Glyph};
use crate::company::GatewayName;

/// The parameters of a link or a form, under their plain names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Field, String)>);

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Nasid,
    Amount,
    Currency,
    Profile,
    Time,
    Data,
    Mac,
    Ip,
    /// Where the phone goes afterwards.
    Dst,
    PublicKey,
    ApiKey,
    Token,
    SiteId,
}

impl Field {
    /// The field of this name, in any case, with `-` or a space for `_`.
    pub fn of(name: &str) -> Option<Self> {
        // An `&` that was escaped once too often leaves `amp;` before the name.
        let name = name.trim().trim_start_matches("amp;").to_ascii_lowercase();
        let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
        let known = NAMES.iter().find(|(known, _)| *known == plain);
        known.map(|(_, field)| *field)
    }

    /// A gateway's key, which the relay has and no page needs.
    pub fn is_key(self) -> bool {
        matches!(self, Self::PublicKey | Self::ApiKey | Self::Token)
    }
}

impl Fields {
    pub fn put(&mut self, name: &str, value: &str) {
        if let Some(field) = Field::of(name) {
            self.0.push((field, value.trim().to_owned()));
        }
    }

    /// The first value that is not empty.
    pub fn get(&self, field: Field) -> Option<&str> {
        let values = self.0.iter().filter(|(known, _)| *known == field);
        values.map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// An old link as it was found.
#[derive(Clone, Debug)]
pub struct OldAddress {
    /// What stands before the path; empty where the page names none.
    pub host: String,
    pub gateway: Option<GatewayName>,
    pub fields: Fields,
    /// `$(…)` was written `%24%28…%29`: a router does not replace it.
    pub has_encoded_macro: bool,
}

/// Reads a link from its characters. `None` where there is none of ours.
pub fn read(link: &[Glyph]) -> Option<OldAddress> {
    let name = find_name(link, 0)?;
    let text = glyphs::text(link);
    let before = glyphs::text(link.get(..name.start)?);
    let tail = glyphs::text(link.get(name.end..)?);
    let query = tail.split_once('?').map(|(_, query)| query);
    let query = query.map(|query| query.split('#').next().unwrap_or(query));
    let mut fields = Fields::default();
    for pair in query.unwrap_or_default().split('&').take(PAIRS_MAX) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.put(&decode(name), &decode(value));
    }
    let lower = text.to_ascii_lowercase();
    Some(OldAddress {
        host: host_of(&before),
        gateway: gateway_of(&tail, &fields),
        fields,
        has_encoded_macro: lower.contains("%24(") || lower.contains("%24%28") || lower.contains("$%28"),
    })
}

/// Where the name of an old page stands, from `start` on: `buy-mikhmon`, `buy-ticketmomo`.
pub fn find_name(view: &[Glyph], start: usize) -> Option<Range<usize>> {
    let rest = view.get(start..)?;
    let spells = |window: &[Glyph], name: &str| {
        let mut letters = window.iter();
        name.chars()
            .all(|c| letters.next().is_some_and(|glyph| glyph.c.eq_ignore_ascii_case(&c)))
    };
    rest.iter().enumerate().find_map(|(at, glyph)| {
        if !glyph.c.eq_ignore_ascii_case(&'b') {
            return None;
        }
        let window = rest.get(at..)?;
        let name = OLD_NAMES.iter().find(|name| spells(window, name))?;
        Some(start + at..start + at + name.len())
    })
}

/// `host` or `host:port` of what stands before the path.
fn host_of(before: &str) -> String {
    let before = before.trim().trim_end_matches('/');
    let host = before.rsplit_once("//").map_or(before, |(_, host)| host);
    host.split('/').next().unwrap_or_default().to_owned()
}

/// By the path's end, else by the kind of key.
fn gateway_of(tail: &str, fields: &Fields) -> Option<GatewayName> {
    let path = tail.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let end: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    let named = GatewayName::ALL.into_iter().find(|name| name.as_str() == end);
    let by_key = || {
        let has = |field| fields.get(field).is_some();
        Some(match () {
            () if has(Field::Token) => GatewayName::Feexpay,
            () if has(Field::ApiKey) => GatewayName::Cinetpay,
            () => GatewayName::Fedapay,
        })
    };
    if end.is_empty() { by_key() } else { named }
}

/// A part of a query: plus signs are spaces, `%E9` is a byte.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode_str(&spaced).collect();
    glyphs::decoded(&bytes)
}

/// Whether a value is a variable of the router's pages, `$(mac)`.
pub fn is_macro(value: &str) -> bool {
    value.starts_with("$(") && value.ends_with(')') && value.chars().filter(|c| *c == '(').count() == 1
}

/// What stood in public pages; `tiketmomo` is how some write it.
const OLD_NAMES: &[&str] = &["buy-mikhmon", "buy-ticketmomo", "buy-tiketmomo"];

/// Plain names, without `_`, `-` and spaces.
const NAMES: &[(&str, Field)] = &[
    ("nasid", Field::Nasid),
    ("amount", Field::Amount),
    ("currency", Field::Currency),
    ("profilename", Field::Profile),
    ("timelimit", Field::Time),
    ("datalimit", Field::Data),
    ("mac", Field::Mac),
    ("ip", Field::Ip),
    ("linkstatus", Field::Dst),
    ("dst", Field::Dst),
    ("pubkey", Field::PublicKey),
    ("publickey", Field::PublicKey),
    ("apikey", Field::ApiKey),
    ("token", Field::Token),
    ("siteid", Field::SiteId),
];

/// A guide's link has 11.
const PAIRS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::glyphs::Charset;

    fn link(text: &str) -> OldAddress {
        let page = text.as_bytes();
        read(&glyphs::read(page, 0..page.len(), Charset::of(page))).unwrap()
    }

    #[test]
    fn every_spelling_is_read() {
        for text in [
            "https://old.example//buy-mikhmon?nasid=h&profile name=1 Jour&data_limit=1G",
            "buy-mikhmon/?NASID=h&profile-name=1%20Jour&datalimit=1G#x",
            "//old.example/a/BUY-MIKHMON?nasid=&nasid=h&amp;profile_name=1+Jour&data-limit=1G",
        ] {
            let read = link(text);
            let get = |field| read.fields.get(field);
            assert_eq!(
                (get(Field::Nasid), get(Field::Profile), get(Field::Data)),
                (Some("h"), Some("1 Jour"), Some("1G")),
                "{text}"
            );
            assert_eq!(read.gateway, Some(GatewayName::Fedapay), "{text}");
        }
        assert_eq!(link("https://old.example:8443/x/buy-mikhmon").host, "old.example:8443");
    }

    #[test]
    fn the_gateway_is_in_the_path_or_in_the_key() {
        for (text, gateway) in [
            ("/buy-mikhmon-cinetpay?a", Some(GatewayName::Cinetpay)),
            ("/buy-mikhmon-mercado-pago?a", Some(GatewayName::Mercadopago)),
            ("/buy-ticketmomo?token=x", Some(GatewayName::Feexpay)),
            ("/buy-ticketmomo-feexpay/", Some(GatewayName::Feexpay)),
            ("/buy-mikhmon-stripe?a", None),
        ] {
            assert_eq!(link(text).gateway, gateway, "{text}");
        }
    }

    #[test]
    fn encoded_macros_and_other_charsets_are_read() {
        let read = link("/buy-mikhmon?mac=%24%28mac%29&profile_name=Journ%E9e");
        assert!(read.has_encoded_macro && is_macro(read.fields.get(Field::Mac).unwrap()));
        assert_eq!(read.fields.get(Field::Profile), Some("Journée"));
        assert!(!is_macro("$(a) $(b)") && !is_macro("02:00"));
    }
}
