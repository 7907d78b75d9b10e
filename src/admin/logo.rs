//! A company's logo. What it is is read from its bytes, never from its name or its sender's word, so that no page and
//! no script can be put beside our own pages (facts: pagos-hotspot-api 9, S17).

use super::companies::known;
use super::error::AdminError;
use crate::audit::{Actor, Changes};
use crate::ids::CompanyId;
use crate::secrets::random_bytes;
use crate::store::{Db, NewLogo};

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// By the bytes that every such file begins with.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    pub fn from_extension(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == text)
    }
}

/// Keeps a picture in place of the old one; gives its address.
pub fn put(
    db: &Db<'_>,
    actor: &Actor,
    company: &CompanyId,
    format: Format,
    image: Vec<u8>,
) -> Result<String, AdminError> {
    let mut card = known(&db.load_directory()?, company)?.card;
    let tail = data_encoding::HEXLOWER.encode(&random_bytes::<3>());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let owner: String = company
        .as_str()
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    let name = format!("logo_{owner}_{tail}.{}", format.extension());
    db.put_logo(
        company,
        &NewLogo {
            name: name.clone(),
            format: format.extension(),
            image,
        },
    )?;
    let url = format!("{LOGO_FOLDER}{name}");
    let changes = Changes::none().value("logo_url", card.logo_url.as_deref(), Some(&url));
    card.logo_url = Some(url.clone());
    db.set_company_card(company, &card)?;
    db.add_audit(&actor.did(Some(company), format!("company {company}"), changes))?;
    Ok(url)
}

/// Where logos are served (facts: pagos-hotspot-api 4).
pub const LOGO_FOLDER: &str = "/static/logos/";
/// A logo of a login page; phones load it before they have paid for the internet.
pub const MOST_LOGO_BYTES: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s17_a_picture_is_known_by_its_bytes() {
        for (bytes, format) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(Format::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Format::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg onload=alert(1)>", None),
            (b"<!doctype html>\x89PNG\r\n\x1a\n", None),
            (b"GIF89a", None),
            (b"\x89PNG", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(bytes), format, "{bytes:?}");
        }
    }
}
