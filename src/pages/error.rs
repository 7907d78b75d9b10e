//! What can go wrong on the way to a page, and the page that says so: what happened, what to do, and a line
//! for the operator where he can mend it.

use serde::Serialize;

use super::render::render;
use crate::company::Language;
use crate::payment::checkout::LinkFault;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Link(#[from] LinkFault),
    #[error("the link lacks `{0}`")]
    Missing(&'static str),
    #[error("the link says `{0}` instead of a value: it must stand in login.html on the router, which replaces it")]
    Unexpanded(String),
    #[error("there is no such order")]
    UnknownOrder,
    #[error("asked too often; again in {retry_after_s} s")]
    TooOften { retry_after_s: u32 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the page cannot be made")]
    Template(#[from] minijinja::Error),
}

/// What a buyer is told; each has its title and its advice in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Plan,
    Hotspot,
    Account,
    Link,
    CannotSell,
    Order,
    Lost,
    Often { seconds: u32 },
    Busy,
    Request,
    Broken,
}

impl PageError {
    pub fn fault(&self) -> Fault {
        match self {
            Self::Link(LinkFault::UnknownPlan(_) | LinkFault::NoPlan { .. }) => Fault::Plan,
            Self::Link(LinkFault::UnknownHotspot(_) | LinkFault::AmbiguousHotspot(_)) => Fault::Hotspot,
            Self::Link(LinkFault::UnknownAccount(_)) => Fault::Account,
            Self::Link(LinkFault::CannotSell { .. } | LinkFault::NobodySells | LinkFault::NotOnSale) => {
                Fault::CannotSell
            }
            Self::Link(LinkFault::BadValue { .. }) | Self::Missing(_) | Self::Unexpanded(_) => Fault::Link,
            Self::UnknownOrder => Fault::Order,
            Self::TooOften { retry_after_s } => Fault::Often {
                seconds: *retry_after_s,
            },
            Self::Store(_) => Fault::Busy,
            Self::Template(_) => Fault::Broken,
        }
    }
}

impl Fault {
    /// The keys of its title and its advice.
    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Plan => ("error-plan-title", "error-plan-text"),
            Self::Hotspot => ("error-hotspot-title", "error-hotspot-text"),
            Self::Account => ("error-account-title", "error-account-text"),
            Self::Link => ("error-link-title", "error-link-text"),
            Self::CannotSell => ("error-sell-title", "error-sell-text"),
            Self::Order => ("error-order-title", "error-order-text"),
            Self::Lost => ("error-lost-title", "error-lost-text"),
            Self::Often { .. } => ("error-often-title", "error-often-text"),
            Self::Busy => ("error-busy-title", "error-busy-text"),
            Self::Request => ("error-request-title", "error-request-text"),
            Self::Broken => ("error-broken-title", "error-broken-text"),
        }
    }
}

#[derive(Serialize)]
struct ErrorPage<'a> {
    title: &'static str,
    text: &'static str,
    seconds: u32,
    hint: Option<&'a str>,
    request_id: Option<&'a str>,
}

/// The page of a fault. `request_id` is what a buyer may tell the operator to find the log's line.
pub fn page(
    fault: Fault,
    language: Language,
    hint: Option<&str>,
    request_id: Option<&str>,
) -> Result<String, minijinja::Error> {
    let (title, text) = fault.keys();
    let seconds = if let Fault::Often { seconds } = fault {
        seconds
    } else {
        0
    };
    render(
        "error.html",
        language,
        None,
        &ErrorPage {
            title,
            text,
            seconds,
            hint,
            request_id,
        },
    )
}
