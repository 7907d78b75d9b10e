//! The credentials made for an order: how they are drawn and what the router's comment says.
//! Formats: facts `mikhmon.md` sections 1, 1.4, 5 and 8.
//!
//! Promises: every character is drawn without bias from the random source that is handed in, and neither
//! name nor comment ever holds a character that Mikhmon's pages or a link would trip over. It does not look
//! for codes that exist already: the router's own answer decides that, and the order draws again.

mod comment;

pub use comment::{BatchNumber, comment, expiry, is_expiry_form};
use rand::TryRng;
use secrecy::SecretString;

use crate::mik_params::MikParams;

/// `mikusermode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserMode {
    /// The same text as name and password.
    #[default]
    Vc,
    /// Two texts.
    Up,
    /// Digits as name, no password.
    Pin,
}

impl UserMode {
    pub const ALL: [Self; 3] = [Self::Vc, Self::Up, Self::Pin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vc => "vc",
            Self::Up => "up",
            Self::Pin => "pin",
        }
    }

    /// Reads the name in any case.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(text))
    }
}

/// `mikcharacter`: which characters a code is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    Lower,
    Upper,
    Upplow,
    #[default]
    Mix,
    Mix1,
    Mix2,
}

impl Alphabet {
    pub const ALL: [Self; 6] = [
        Self::Lower,
        Self::Upper,
        Self::Upplow,
        Self::Mix,
        Self::Mix1,
        Self::Mix2,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Upplow => "upplow",
            Self::Mix => "mix",
            Self::Mix1 => "mix1",
            Self::Mix2 => "mix2",
        }
    }

    /// Reads the name in any case.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|alphabet| alphabet.as_str().eq_ignore_ascii_case(text))
    }

    /// The characters, exactly those of the hosted product's guide (facts `mikhmon.md` 1.1, column SEED),
    /// which are not those of Mikhmon's own forms.
    pub fn characters(self) -> &'static str {
        match self {
            Self::Lower => "abcdefghijkmnpqrstuvwxyz",
            Self::Upper => "ABCDEFGHIKMNPQRSTUVWXYZ123456789",
            Self::Upplow => "abcdefghijkmnpqrstuvwxyzABCDEFGHIKMNPQRSTUVWXYZ",
            Self::Mix => "abcdefghijkmnpqrstuvwxyz123456789",
            Self::Mix1 => "ABCDEFGHIJKMNPQRSTUVWXYZ123456789",
            Self::Mix2 => "abcdefghijkmnpqrstuvwxyzABCDEFGHIJKMNPQRSTUVWXYZ23456789",
        }
    }
}

/// How a hotspot's vouchers look. [`VoucherStyle::new`] checks the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherStyle {
    pub mode: UserMode,
    /// Characters without the prefix: 3 to 16.
    pub length: u8,
    pub alphabet: Alphabet,
    /// Letters and digits, at most one hyphen, at most 16 characters.
    pub prefix: String,
}

impl Default for VoucherStyle {
    fn default() -> Self {
        Self {
            mode: UserMode::default(),
            length: 6,
            alphabet: Alphabet::default(),
            prefix: String::new(),
        }
    }
}

/// Why a style cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StyleError {
    #[error("the length of a code is {LENGTH_MIN} to {LENGTH_MAX} characters, not `{0}`")]
    Length(u8),
    #[error("a prefix holds letters, digits and at most one hyphen, {PREFIX_MAX} characters at most")]
    Prefix,
}

impl VoucherStyle {
    /// Checks a style. Any style that passes makes names of at most [`NAME_MAX`] characters.
    pub fn new(mode: UserMode, length: u8, alphabet: Alphabet, prefix: &str) -> Result<Self, StyleError> {
        if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
            return Err(StyleError::Length(length));
        }
        if !is_prefix(prefix) {
            return Err(StyleError::Prefix);
        }
        Ok(Self {
            mode,
            length,
            alphabet,
            prefix: prefix.to_owned(),
        })
    }

    /// This style with what a call says instead. A faulty parameter is a missing one here: the operator was told
    /// of it, and only he lets such an order go on.
    #[must_use]
    pub fn with(&self, params: &MikParams) -> Self {
        let style = Self::new(
            params.mode.unwrap_or(self.mode),
            params.length.unwrap_or(self.length),
            params.alphabet.unwrap_or(self.alphabet),
            params.prefix.as_deref().unwrap_or(&self.prefix),
        );
        // Each was checked when it was read, and they do not depend on each other.
        style.unwrap_or_else(|_| self.clone())
    }
}

/// A user of the hotspot. Neither text may be logged: in mode `vc` the name is the password.
#[derive(Clone, Debug)]
pub struct Voucher {
    pub username: SecretString,
    /// Empty in mode `pin`.
    pub password: SecretString,
    pub mode: UserMode,
    /// What the router's comment says; drawn once with the voucher so that a retry can recognise it.
    pub comment: String,
}

impl Voucher {
    /// Draws a voucher. `random` is the operating system's source in production (`rand::rngs::SysRng`) and
    /// a seeded one in tests; its failure is the only error.
    pub fn draw<R: TryRng + ?Sized>(style: &VoucherStyle, comment: String, random: &mut R) -> Result<Self, R::Error> {
        let length = usize::from(style.length);
        let name_characters = match style.mode {
            UserMode::Vc | UserMode::Up => style.alphabet.characters(),
            UserMode::Pin => PIN_CHARACTERS,
        };
        let username = format!("{}{}", style.prefix, draw_text(name_characters, length, random)?);
        let password = match style.mode {
            UserMode::Vc => username.clone(),
            UserMode::Up => draw_text(PASSWORD_CHARACTERS, length.max(PASSWORD_MIN), random)?,
            UserMode::Pin => String::new(),
        };
        Ok(Self {
            username: username.into(),
            password: password.into(),
            mode: style.mode,
            comment,
        })
    }
}

/// Draws the credentials of a portal's sale: a name of six capitals and digits with a password of four digits, or a PIN
/// of six digits without one (facts: pagos-hotspot-api 8.1). What looks like another character is left out of names.
pub fn draw_for_portal<R: TryRng + ?Sized>(
    mode: UserMode,
    prefix: &str,
    comment: String,
    random: &mut R,
) -> Result<Voucher, R::Error> {
    let (characters, password_length) = match mode {
        UserMode::Pin => (PIN_CHARACTERS, 0),
        UserMode::Vc | UserMode::Up => (Alphabet::Mix1.characters(), PORTAL_PASSWORD),
    };
    let prefix = if is_prefix(prefix) { prefix } else { "" };
    Ok(Voucher {
        username: format!("{prefix}{}", draw_text(characters, PORTAL_NAME, random)?).into(),
        password: draw_text(PIN_CHARACTERS, password_length, random)?.into(),
        mode,
        comment,
    })
}

fn is_prefix(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain && text.len() <= PREFIX_MAX && text.bytes().filter(|byte| *byte == b'-').count() <= 1
}

/// `length` characters, each drawn by itself.
fn draw_text<R: TryRng + ?Sized>(characters: &str, length: usize, random: &mut R) -> Result<String, R::Error> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 32];
    while text.len() < length {
        random.try_fill_bytes(&mut bytes)?;
        let drawn = bytes.iter().filter_map(|byte| choose(characters, *byte));
        text.extend(drawn.take(length - text.len()));
    }
    Ok(text)
}

/// The character a random byte stands for. A byte above the largest multiple of the alphabet's size stands
/// for none, so that every character has the same number of bytes: a plain remainder would prefer the first.
fn choose(characters: &str, byte: u8) -> Option<char> {
    let byte = usize::from(byte);
    let fair = 256 - 256 % characters.len();
    if byte >= fair {
        return None;
    }
    characters
        .as_bytes()
        .get(byte % characters.len())
        .copied()
        .map(char::from)
}

/// Codes shorter than this are guessed in minutes; Mikhmon's own forms begin here too.
pub const LENGTH_MIN: u8 = 3;

/// Longer codes are not typed without mistakes on a phone.
pub const LENGTH_MAX: u8 = 16;

/// Mikhmon's lists and vouchers have room for names of this length (facts `mikhmon.md` 5).
pub const NAME_MAX: usize = 32;

/// What the longest code leaves of a name.
pub const PREFIX_MAX: usize = NAME_MAX - LENGTH_MAX as usize;

/// Below this length digits alone would be a password in name only: 8⁶ is a quarter of a million.
const PASSWORD_MIN: usize = 6;

/// Mikhmon draws passwords from these; nobody takes one of them for another.
const PASSWORD_CHARACTERS: &str = "23456789";

const PIN_CHARACTERS: &str = "0123456789";

/// As portals document them. A password of four digits is guessed soon, so logging in by it is limited elsewhere.
const PORTAL_NAME: usize = 6;
const PORTAL_PASSWORD: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use rand::rngs::SysRng;
    use rand::{SeedableRng, rngs::StdRng};
    use secrecy::ExposeSecret;

    use super::*;

    fn draw(style: &VoucherStyle, random: &mut StdRng) -> (String, String) {
        let Ok(voucher) = Voucher::draw(style, String::new(), random);
        (
            voucher.username.expose_secret().to_owned(),
            voucher.password.expose_secret().to_owned(),
        )
    }

    #[test]
    fn alphabets_are_those_of_the_guide_byte_for_byte() {
        let lower = "abcdefghijkmnpqrstuvwxyz";
        let upper = "ABCDEFGHIKMNPQRSTUVWXYZ";
        let upper_with_j = "ABCDEFGHIJKMNPQRSTUVWXYZ";
        for (name, expected, count) in [
            ("lower", lower.to_owned(), 24),
            ("upper", format!("{upper}123456789"), 32),
            ("upplow", format!("{lower}{upper}"), 47),
            ("mix", format!("{lower}123456789"), 33),
            ("mix1", format!("{upper_with_j}123456789"), 33),
            ("mix2", format!("{lower}{upper_with_j}23456789"), 56),
        ] {
            let characters = Alphabet::from_text(name).unwrap().characters();
            assert_eq!(characters, expected, "{name}");
            assert_eq!(characters.len(), count, "{name}");
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        for alphabet in Alphabet::ALL {
            assert_eq!(Alphabet::from_text(&alphabet.as_str().to_uppercase()), Some(alphabet));
        }
        for mode in UserMode::ALL {
            assert_eq!(UserMode::from_text(&mode.as_str().to_uppercase()), Some(mode));
        }
        for text in ["", "mix3", "num", "mix ", "vcx", "$(mode)"] {
            assert_eq!(
                (Alphabet::from_text(text), UserMode::from_text(text)),
                (None, None),
                "{text}"
            );
        }
    }

    #[test]
    fn styles_are_checked() {
        let new = |length, prefix: &str| VoucherStyle::new(UserMode::Vc, length, Alphabet::Mix, prefix);
        for length in [0, 1, 2, 17, 99, 255] {
            assert_eq!(new(length, ""), Err(StyleError::Length(length)));
        }
        for length in 3..=16 {
            assert_eq!(new(length, "mm").unwrap().length, length);
        }
        for prefix in ["", "mm", "A9", "mm-", "-x", "abcdefghijklmnop"] {
            assert_eq!(new(6, prefix).unwrap().prefix, prefix);
        }
        for prefix in [
            "a-b-",
            "--",
            "a b",
            "é",
            "a,",
            "$(x)",
            "a\n",
            "<b>",
            "abcdefghijklmnopq",
        ] {
            assert_eq!(new(6, prefix), Err(StyleError::Prefix), "{prefix:?}");
        }
    }

    #[test]
    fn every_mode_length_and_alphabet_makes_what_it_says() {
        let mut random = StdRng::seed_from_u64(1);
        for mode in UserMode::ALL {
            for alphabet in Alphabet::ALL {
                for length in LENGTH_MIN..=LENGTH_MAX {
                    let style = VoucherStyle::new(mode, length, alphabet, "mm-").unwrap();
                    let (name, password) = draw(&style, &mut random);
                    let code = name.strip_prefix("mm-").unwrap();
                    assert_eq!(code.len(), usize::from(length));
                    assert!(name.len() <= NAME_MAX);
                    let characters = if mode == UserMode::Pin {
                        "0123456789"
                    } else {
                        alphabet.characters()
                    };
                    assert!(code.chars().all(|c| characters.contains(c)), "{name}");
                    match mode {
                        UserMode::Vc => assert_eq!(password, name),
                        UserMode::Pin => assert_eq!(password, ""),
                        UserMode::Up => {
                            assert_eq!(password.len(), usize::from(length).max(6));
                            assert!(password.chars().all(|c| "23456789".contains(c)), "{password}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn portals_get_what_their_documents_say() {
        let mut random = StdRng::seed_from_u64(7);
        let mut zeros = 0;
        for _ in 0..200 {
            let Ok(up) = draw_for_portal(UserMode::Up, "", String::new(), &mut random);
            let (name, password) = (up.username.expose_secret(), up.password.expose_secret());
            assert!(
                name.len() == 6 && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()),
                "{name}"
            );
            assert!(
                password.len() == 4 && password.bytes().all(|c| c.is_ascii_digit()),
                "{password}"
            );
            zeros += usize::from(password.starts_with('0'));
            let Ok(pin) = draw_for_portal(UserMode::Pin, "PT-", String::new(), &mut random);
            let digits = pin.username.expose_secret().strip_prefix("PT-").unwrap().to_owned();
            assert!(
                digits.len() == 6 && digits.bytes().all(|c| c.is_ascii_digit()),
                "{digits}"
            );
            assert_eq!(pin.password.expose_secret(), "");
        }
        assert!(zeros > 0, "leading zeros are drawn too");
    }

    #[test]
    fn the_operating_system_draws_different_codes() {
        let style = VoucherStyle {
            length: 16,
            ..VoucherStyle::default()
        };
        let draw = || Voucher::draw(&style, String::new(), &mut SysRng).unwrap().username;
        assert_ne!(draw().expose_secret(), draw().expose_secret());
    }

    /// The proof that no remainder prefers a character: over all 256 bytes each one is chosen equally often.
    #[test]
    fn every_character_stands_for_equally_many_bytes() {
        let all = Alphabet::ALL
            .map(Alphabet::characters)
            .into_iter()
            .chain([PASSWORD_CHARACTERS, PIN_CHARACTERS]);
        for characters in all {
            let mut counts: HashMap<char, u32> = HashMap::new();
            for character in (0..=255).filter_map(|byte| choose(characters, byte)) {
                *counts.entry(character).or_default() += 1;
            }
            assert_eq!(counts.len(), characters.len(), "{characters}");
            let share = u32::try_from(256 / characters.len()).unwrap();
            assert!(counts.values().all(|count| *count == share), "{characters}: {counts:?}");
        }
    }

    /// Pearson's statistic over more than a million characters per alphabet, overall and for each place in
    /// the code, stays below mean + 5 standard deviations of its distribution. The seed is fixed.
    #[test]
    fn draws_are_uniform_by_chi_square() {
        const PLACES: usize = 8;
        const CODES: usize = 131_072;
        for alphabet in Alphabet::ALL {
            let style = VoucherStyle {
                length: 8,
                alphabet,
                ..VoucherStyle::default()
            };
            let mut random = StdRng::seed_from_u64(20_261_121);
            let mut counts = vec![[0_u64; 128]; PLACES];
            for _ in 0..CODES {
                let (name, _) = draw(&style, &mut random);
                for (place, byte) in name.bytes().enumerate() {
                    counts[place][usize::from(byte)] += 1;
                }
            }
            let total = |byte: u8| counts.iter().map(|place| place[usize::from(byte)]).sum::<u64>();
            assert_uniform(alphabet.characters().bytes().map(total).collect());
            for place in &counts {
                assert_uniform(
                    alphabet
                        .characters()
                        .bytes()
                        .map(|byte| place[usize::from(byte)])
                        .collect(),
                );
            }
        }
    }

    /// The statistic must also be able to fail: the usual remainder of a byte does.
    #[test]
    #[should_panic(expected = "is not uniform")]
    fn the_chi_square_check_finds_a_remainder() {
        let characters = Alphabet::Mix2.characters();
        let mut random = StdRng::seed_from_u64(20_261_121);
        let mut bytes = vec![0_u8; 1 << 20];
        let Ok(()) = random.try_fill_bytes(&mut bytes);
        let mut counts = vec![0_u64; characters.len()];
        for byte in bytes {
            counts[usize::from(byte) % characters.len()] += 1;
        }
        assert_uniform(counts);
    }

    fn assert_uniform(counts: Vec<u64>) {
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let statistic: f64 = counts
            .iter()
            .map(|count| (*count as f64 - expected).powi(2) / expected)
            .sum();
        let freedom = (counts.len() - 1) as f64;
        let limit = freedom + 5.0 * (2.0 * freedom).sqrt();
        assert!(statistic < limit, "{statistic} of {limit} is not uniform");
    }

    proptest! {
        #[test]
        fn names_are_plain(length in LENGTH_MIN..=LENGTH_MAX, prefix in "[A-Za-z0-9]{0,8}-?[A-Za-z0-9]{0,7}", seed: u64) {
            let style = VoucherStyle::new(UserMode::Vc, length, Alphabet::Mix2, &prefix).unwrap();
            let (name, _) = draw(&style, &mut StdRng::seed_from_u64(seed));
            prop_assert!(name.len() <= NAME_MAX && name.starts_with(&prefix));
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            prop_assert!(name.matches('-').count() <= 1);
        }
    }
}
