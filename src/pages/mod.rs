//! The buyer's pages: what a phone sees between the button in `login.html` and being online.
//!
//! Promises: plain HTML that works without JavaScript and cookies; opening a page changes nothing; whatever
//! a request says is escaped where it is shown. They translate between HTTP and the core and decide nothing
//! about money. They touch neither routers nor gateways nor mail.

pub mod buy;
mod decline;
pub mod error;
pub mod format;
pub mod hint;
pub mod link;
pub mod order;
pub mod recover;
pub mod render;

use http::HeaderMap;
use http::header::COOKIE;

use crate::company::Language;
use crate::language::wished::wished;
use link::Pairs;

pub use error::PageError;

/// What a browser asked, as far as pages need it.
#[derive(Debug)]
pub struct Visit<'a> {
    pub headers: &'a HeaderMap,
    pub query: Pairs,
    /// Empty unless it was a POST.
    pub form: Pairs,
}

impl<'a> Visit<'a> {
    pub fn new(headers: &'a HeaderMap, query: Option<&str>, body: &[u8]) -> Self {
        Self {
            headers,
            query: Pairs::read(query.unwrap_or_default().as_bytes()),
            form: Pairs::read(body),
        }
    }

    /// The buyer's own wish for a language, if he has one that we speak.
    pub fn language(&self) -> Option<Language> {
        let asked = self.form.first(&["lang"]).or_else(|| self.query.first(&["lang"]));
        wished(asked, self.headers)
    }

    /// The cookie of a device that bought before. Its signature is checked by the core.
    pub fn device(&self) -> Option<&str> {
        let lines = self
            .headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let cookies = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='));
        cookies
            .filter(|(name, _)| *name == DEVICE_COOKIE)
            .map(|(_, value)| value)
            .next()
    }
}

/// A page's answer, before it is HTTP.
#[derive(Debug)]
pub struct Page {
    pub content: Content,
    /// A new value for the device cookie.
    pub device: Option<String>,
}

#[derive(Debug)]
pub enum Content {
    Html {
        html: String,
        standing: Standing,
        scripts: Scripts,
    },
    /// GET this instead.
    SeeOther(String),
    Json(String),
}

/// How a page stands to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Fine,
    /// The form is shown again because a field has to be mended, or nothing fits what was typed.
    Again,
}

/// Whose scripts a page may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scripts {
    Own,
    /// The page has FedaPay's pay button, which is a script of theirs.
    FedapayCheckout {
        script_url: String,
    },
}

impl Page {
    fn html(html: String) -> Self {
        Self {
            content: Content::Html {
                html,
                standing: Standing::Fine,
                scripts: Scripts::Own,
            },
            device: None,
        }
    }

    fn again(html: String) -> Self {
        Self {
            content: Content::Html {
                html,
                standing: Standing::Again,
                scripts: Scripts::Own,
            },
            device: None,
        }
    }

    fn see_other(location: String) -> Self {
        Self {
            content: Content::SeeOther(location),
            device: None,
        }
    }
}

/// `/`: for people who typed the relay's name.
pub fn home(visit: &Visit<'_>) -> Result<Page, PageError> {
    let language = visit.language().unwrap_or_default();
    Ok(Page::html(render::render("home.html", language, Some("/"), &())?))
}

/// Name of the cookie that marks a device which bought.
pub const DEVICE_COOKIE: &str = "mikrelay_device";

#[cfg(test)]
mod tests;
