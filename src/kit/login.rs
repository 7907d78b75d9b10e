//! The hotspot's `login.html`: the plans as short links to the relay, and the form for those who have a code.
//!
//! It is one file without anything from elsewhere, so that it works in the router's file system and before anything is paid.
//! What the router fills in (`$(mac)`, `$(if error)`, the CHAP challenge) is written as it wants it; facts: `routeros.md` 7.

use minijinja::Error;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use url::Url;

use super::STEP;
use super::offer::HotspotOffer;
use super::render::{TEXTS, render};
use crate::company::{Company, Language};
use crate::pages::format;
use crate::plan::Plan;

/// How a login page looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Cards on a light ground.
    #[default]
    Light,
    /// A dark list.
    Night,
}

impl Look {
    pub const ALL: [Self; 2] = [Self::Light, Self::Night];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Night => "night",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|look| look.as_str() == text)
    }

    fn template(self) -> &'static str {
        match self {
            Self::Light => "light.html",
            Self::Night => "night.html",
        }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    company: &'a str,
    plans: Vec<PlanView<'a>>,
    /// `vc`: the code is name and password; `up`: two texts; `pin`: no password.
    mode: &'static str,
    /// Where a lost code is found.
    recover: String,
}

#[derive(Serialize)]
struct PlanView<'a> {
    label: &'a str,
    price: String,
    facts: String,
    url: String,
}

/// The page for one hotspot. `public_url` is the relay's.
pub fn login_page(
    company: &Company,
    offer: &HotspotOffer<'_>,
    public_url: &Url,
    language: Language,
    look: Look,
) -> Result<String, Error> {
    let base = public_url.as_str().trim_end_matches('/');
    let plans = offer.plans.iter().map(|plan| PlanView {
        label: &plan.label,
        price: plan.price.for_people(language),
        facts: facts(plan, language),
        url: format!("{base}/b/{}", utf8_percent_encode(plan.id.as_str(), STEP)),
    });
    let page = Page {
        company: &company.name,
        plans: plans.collect(),
        mode: offer.hotspot.style.mode.as_str(),
        recover: format!("{base}/retrieve-mikhmon-code?lang={}", language.code()),
    };
    render(look.template(), language, &page)
}

/// What a plan gives, without what its label says already: `4 h · 2 Go`. A line may only end between the two.
fn facts(plan: &Plan, language: Language) -> String {
    let time = format::time(language, plan.time).filter(|time| !tells(&plan.label, time));
    let data = match format::data(language, plan.data) {
        Some(data) => Some(data).filter(|data| !tells(&plan.label, data)),
        None => Some(TEXTS.get(language, "login-no-limit", &[])),
    };
    let parts = time.into_iter().chain(data).map(|part| part.replace(' ', "\u{a0}"));
    parts.collect::<Vec<_>>().join(" · ")
}

/// Whether a label such as `4 heures` holds all the numbers of `4 h`.
fn tells(label: &str, limit: &str) -> bool {
    let numbers = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_digit())
            .filter(|number| !number.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let told = numbers(label);
    numbers(limit).iter().all(|number| told.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_tells_a_limit_by_its_numbers() {
        for (label, limit, told) in [
            ("4 heures", "4 h", true),
            ("4H", "4 h", true),
            ("Soirée", "4 h", false),
            ("14 jours", "4 h", false),
            ("1 jour", "1 jour 12 h", false),
            ("1 jour 2 Go", "2 Go", true),
        ] {
            assert_eq!(tells(label, limit), told, "{label}: {limit}");
        }
    }

    #[test]
    fn looks_are_found_by_their_names() {
        for look in Look::ALL {
            assert_eq!(Look::from_text(look.as_str()), Some(look));
        }
        assert_eq!(Look::from_text("neon"), None);
    }
}
