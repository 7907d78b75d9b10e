//! Moving over from the hosted relay: what an old portal page, an old callback address and a router's Mikhmon profiles
//! say becomes business records, and the page's buttons get our links.
//!
//! Promises: nothing of a page is changed but the targets of the buttons that were understood, whatever its charset,
//! line ends and faults are; what is doubtful is said in sentences; a price that the relay has is never changed; the
//! records are checked by the reader of the business file and written as `apply` writes them. It reads no files,
//! writes nothing and asks nobody.

mod accounts;
mod callback;
mod draft;
mod find;
mod glyphs;
mod label;
mod link;
mod markup;
mod places;
mod plans;
mod profiles;
mod rewrite;
mod script;
mod understand;

use std::fmt;

use crate::ids::{CompanyId, RouterId};
use crate::site::SiteError;

pub use callback::{Callback, Headers, Taken, read_callback, read_headers, take_callback};
pub use draft::Draft;
pub use find::{Button, Oddity, Page, Target};
pub use places::PLACEHOLDER_ADDRESS;
pub use plans::{KnownPlan, money};
pub use profiles::{OfferedProfile, ProfileRow, TakenProfiles, take_profiles};
pub use rewrite::{Edit, rewritten};
pub use understand::{Row, Understood, understand};

/// Reads a page. `Err` where its bytes are no page that can be read.
pub fn read_page(bytes: &[u8]) -> Result<Page, ImportError> {
    if bytes.len() > PAGE_MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(ImportError::NotText);
    }
    Ok(find::find(bytes))
}

/// What the operator says beside the file.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub company: Option<String>,
    /// For a company that is made; the page's title when absent.
    pub company_name: Option<String>,
    /// ISO 3166, for a company that is made; guessed from the currency when absent.
    pub country: Option<String>,
    pub router: Option<String>,
    /// For a router that is made: `host:port`.
    pub router_address: Option<String>,
    /// The hotspot server's name where the page says `$(server-name)`.
    pub nasid: Option<String>,
    /// Where the new links lead, without a slash at the end.
    pub relay_url: String,
}

/// Something the operator should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Of the page, from 1.
    pub line: Option<usize>,
    pub text: String,
}

impl Doubt {
    pub fn new(line: impl Into<Option<usize>>, text: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            text: text.into(),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Why nothing can be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file is larger than {PAGE_MAX_BYTES} bytes; a portal page is smaller")]
    TooLarge,
    #[error("the file is no page in UTF-8 or Latin-1; save it as UTF-8 in the editor")]
    NotText,
    #[error("there are several companies; name one with `--company`: {}", .0.join(", "))]
    WhichCompany(Vec<String>),
    #[error("company `{company}` has several routers; name one with `--router`: {}", .routers.join(", "))]
    WhichRouter { company: CompanyId, routers: Vec<String> },
    #[error("router `{router}` belongs to company `{company}`")]
    OtherCompany { router: RouterId, company: CompanyId },
    #[error("there is no router `{0}`")]
    NoRouter(String),
    #[error("there is no hotspot `{0}` on this router")]
    NoHotspot(String),
    #[error("router `{router}` has several hotspots; name one with `--hotspot`: {}", .hotspots.join(", "))]
    WhichHotspot { router: RouterId, hotspots: Vec<String> },
    #[error("router `{0}` has no hotspot; `mikrelay import` of a page or a callback makes one")]
    NoHotspotYet(RouterId),
    #[error(
        "this is no address of a callback; it ends with `/pay_callback/<gateway>/<label>`, as the gateway's dashboard shows it"
    )]
    NoCallback,
    #[error("line {0} of the headers is no `name: value`")]
    Header(usize),
    #[error("neither the address nor the headers have a `mik` setting")]
    NoSettings,
    #[error(transparent)]
    Site(#[from] SiteError),
}

/// Portal pages have some ten kilobytes, with pictures inside some hundred.
pub const PAGE_MAX_BYTES: usize = 4 << 20;
