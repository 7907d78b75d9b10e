//! What the `on-login` script of a hotspot user profile says: Mikhmon keeps price, validity and expiry mode nowhere else.
//! Format: facts `mikhmon.md` 2.1; the variants in the field: 6.
//!
//! Promises: any text is read or is `None`, never a panic. A script that is not Mikhmon's is `None`. Where a script was
//! changed by hand, the reading errs towards "Mikhmon does it", because what is then missing is a line in a report,
//! and the other error would count a sale twice or end somebody's time.

use crate::plan::TimeLimit;

/// What Mikhmon does with a user whose validity is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryMode {
    /// No validity: the user ends with his limits alone.
    None,
    /// `rem`
    Remove,
    /// `ntf`: keep the user and let him read that his time is over.
    Notice,
    /// `remc`: like `rem`, and write a sale record at the first login.
    RemoveRecord,
    /// `ntfc`
    NoticeRecord,
}

impl ExpiryMode {
    /// As the script spells it; empty for none.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Remove => "rem",
            Self::Notice => "ntf",
            Self::RemoveRecord => "remc",
            Self::NoticeRecord => "ntfc",
        }
    }

    /// Mikhmon's form sends `0` for none.
    fn read(text: &str) -> Option<Self> {
        match text {
            "" | "0" => Some(Self::None),
            _ => [Self::Remove, Self::Notice, Self::RemoveRecord, Self::NoticeRecord]
                .into_iter()
                .find(|mode| mode.as_str().eq_ignore_ascii_case(text)),
        }
    }
}

/// How long a voucher lives, by the wall clock, from its first login on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// As the script writes it (`30d`), which is how sale records repeat it.
    pub text: String,
    /// Never zero.
    pub time: TimeLimit,
}

/// Which dates the script itself can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptDates {
    /// Stock Mikhmon: `jun/15/2026` only.
    Old,
    /// A patched script that turns both forms into the old one.
    Both,
    /// Scripts made for RouterOS 7: `2026-06-15` only.
    Iso,
    /// None of the known forms, or no script behind the list.
    Unknown,
}

/// Whether vouchers of a profile end when their validity is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing was to end.
    NotWanted,
    /// As far as the script tells, they do.
    Works,
    /// Stock script on RouterOS 7.10 or later: they never do (facts `mikhmon.md` 6).
    Blind,
    /// A script or a version that nobody can judge from here.
    Unknown,
}

/// What a profile's script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileScript {
    pub mode: ExpiryMode,
    /// In whole units of the operator's currency, as digits with or without a decimal point. Nothing for `0`.
    pub price: Option<String>,
    pub validity: Option<Validity>,
    /// What vouchers print; sale records carry [`Self::price`]. Nothing for `0`.
    pub selling_price: Option<String>,
    /// The marker of a profile with a price and without expiry.
    pub no_expiry: bool,
    /// Whether the first login binds the user to his device.
    pub lock: bool,
    pub dates: ScriptDates,
    /// Whether the first login writes a sale record.
    pub writes_record: bool,
}

impl ProfileScript {
    /// Reads an `on-login` script as the router gives it, or as an export quotes it. `None` for what is not Mikhmon's.
    pub fn read(on_login: &str) -> Option<Self> {
        let on_login = bounded(on_login);
        let fields = lists(on_login).find_map(|list| Fields::read(&list))?;
        Some(Self {
            dates: dates(on_login),
            writes_record: writes_record(on_login),
            mode: fields.mode,
            price: price(&fields.price),
            validity: validity(fields.mode, &fields.validity),
            selling_price: price(&fields.selling_price),
            no_expiry: fields.no_expiry,
            lock: fields.lock,
        })
    }

    /// Whether vouchers of this profile end on a router of this version (`7.21.4 (long-term)`).
    pub fn expiry_on(&self, version: &str) -> Expiry {
        if self.mode == ExpiryMode::None || self.no_expiry {
            return Expiry::NotWanted;
        }
        match (self.dates, prints_iso_dates(version)) {
            (ScriptDates::Both, _) | (ScriptDates::Old, Some(false)) | (ScriptDates::Iso, Some(true)) => Expiry::Works,
            (ScriptDates::Old, Some(true)) => Expiry::Blind,
            (ScriptDates::Iso | ScriptDates::Unknown, _) | (ScriptDates::Old, None) => Expiry::Unknown,
        }
    }
}

/// Whether a login under this script makes a sale record of Mikhmon's, whoever wrote the script: by its mode, or because
/// it adds a script with Mikhmon's mark. The relay writes none where this says yes (facts `mikhmon.md` 3.3).
pub fn writes_record(on_login: &str) -> bool {
    let on_login = bounded(on_login);
    let by_mode = lists(on_login)
        .find_map(|list| Fields::read(&list))
        .is_some_and(|fields| matches!(fields.mode, ExpiryMode::RemoveRecord | ExpiryMode::NoticeRecord));
    let text = squeezed(on_login).to_ascii_lowercase();
    by_mode || text.contains("comment=mikhmon") || text.contains("comment=\"mikhmon\"")
}

/// Whether RouterOS of this version prints dates as `2026-06-15` (from 7.10) and not as `jun/15/2026`. Nothing for what
/// is no version. Source: facts `routeros.md` 6.
pub fn prints_iso_dates(version: &str) -> Option<bool> {
    let number = version.trim().split(' ').next()?;
    let mut parts = number.split('.');
    let major: u32 = leading_number(parts.next()?)?;
    // `7.10beta5` and `7.10rc1` belong to 7.10.
    let minor: u32 = parts.next().map_or(Some(0), leading_number)?;
    Some((major, minor) >= (7, 10))
}

/// The list of the script's first statement.
struct Fields {
    mode: ExpiryMode,
    price: String,
    validity: String,
    selling_price: String,
    no_expiry: bool,
    lock: bool,
}

impl Fields {
    /// Reads `,remc,1000,1d,1000,,Disable,`. Fields may be missing at the end; more of them (a second lock, as version 4
    /// has it) are left alone.
    fn read(list: &str) -> Option<Self> {
        let mut parts = list.split(',').map(str::trim);
        if !parts.next()?.is_empty() {
            return None;
        }
        let mode = ExpiryMode::read(parts.next()?)?;
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (price_text, validity_text, selling_price, marker, lock) = (next(), next(), next(), next(), next());
        let fields = Self {
            mode,
            price: price_text,
            validity: validity_text,
            selling_price,
            no_expiry: marker.eq_ignore_ascii_case("noexp"),
            lock: lock.eq_ignore_ascii_case("Enable"),
        };
        // A list that begins with two commas may be anybody's; Mikhmon's has a price or the marker.
        let marked = mode != ExpiryMode::None || fields.no_expiry || is_number(&fields.price);
        marked.then_some(fields)
    }
}

/// The quoted texts behind each `put`, with an export's escapes and line breaks taken out.
fn lists(script: &str) -> impl Iterator<Item = String> {
    script.split("put").skip(1).filter_map(|after| {
        let opened = after
            .trim_start_matches(|c: char| c == '(' || c == '\\' || c.is_whitespace())
            .strip_prefix('"')?;
        let (list, _) = opened.split_once('"')?;
        Some(unbroken(list).chars().take(LIST_MAX).collect())
    })
}

/// Without an export's escapes, and with its broken lines joined: a backslash, the line's end and the indent are nothing.
fn unbroken(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_break = part.starts_with(['\r', '\n']);
        whole.push_str(if is_break { part.trim_start() } else { part });
    }
    whole
}

/// Nothing for zero, for nothing and for what is no number.
fn price(text: &str) -> Option<String> {
    let positive = is_number(text) && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    positive.then(|| text.to_owned())
}

fn is_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = parts.next().is_some_and(digits);
    let fraction = parts.next().is_none_or(digits);
    whole && fraction && parts.next().is_none() && text.len() <= PRICE_MAX
}

fn validity(mode: ExpiryMode, text: &str) -> Option<Validity> {
    let time = TimeLimit::parse(text).ok().filter(|time| !time.is_none())?;
    (mode != ExpiryMode::None).then(|| Validity {
        text: text.to_owned(),
        time,
    })
}

/// Judges by how the script takes the year out of the date. A quoted hyphen is what a script compares with that knows
/// both forms; sale records hold hyphens too, but never one alone between quotes.
fn dates(script: &str) -> ScriptDates {
    let text = squeezed(script);
    let (old, iso) = (text.contains("$date711]"), text.contains("$date04]"));
    match (text.contains("\"-\""), old, iso) {
        (true, _, _) => ScriptDates::Both,
        (false, true, false) => ScriptDates::Old,
        (false, false, true) => ScriptDates::Iso,
        (false, ..) => ScriptDates::Unknown,
    }
}

/// The script without white space and without an export's backslashes.
fn squeezed(script: &str) -> String {
    script.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}

/// The digits a text begins with, one at least.
fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// At most [`SCRIPT_MAX`] bytes of a script.
fn bounded(script: &str) -> &str {
    let end = (0..=SCRIPT_MAX.min(script.len()))
        .rev()
        .find(|at| script.is_char_boundary(*at));
    script.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Mikhmon's longest script has 2 000 characters; a router takes 64 KiB in one word.
const SCRIPT_MAX: usize = 64 * 1024;

/// Mikhmon's list has 40 characters.
const LIST_MAX: usize = 200;

/// Nobody's voucher costs more digits than this.
const PRICE_MAX: usize = 15;

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
