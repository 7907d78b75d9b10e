//! `/retrieve-mikhmon-code`: leads a buyer who lost his page back to it. The same answer after the same time
//! for a reference that nobody has and for a second fact that is wrong.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::error::PageError;
use super::render::render;
use super::{Page, Visit};
use crate::ids::fold_reference;
use crate::payment::Relay;
use crate::payment::recover::{Recovered, is_countable};
use crate::payment::view::Recovery;

/// Where the form is and goes to.
pub const PATH: &str = "/retrieve-mikhmon-code";

#[derive(Serialize)]
struct RecoverPage<'a> {
    reference: &'a str,
    second: &'a str,
    nothing: bool,
}

/// The empty form; a reference in the address is filled in.
pub fn show(visit: &Visit<'_>) -> Result<Page, PageError> {
    let reference = visit.query.first(REFERENCE_NAMES).unwrap_or_default();
    form(
        visit,
        RecoverPage {
            reference,
            second: "",
            nothing: false,
        },
    )
    .map(Page::html)
}

/// A search's answer.
pub struct Search {
    pub page: Page,
    /// Whether this may be one of many tries by somebody who counts references up: a number, and nothing that
    /// proves him the buyer. Says the same of a reference that nobody has.
    pub is_guess: bool,
}

/// Looks the purchase up.
pub async fn find(relay: &Relay, visit: &Visit<'_>) -> Result<Search, PageError> {
    let answer_at = Instant::now() + ANSWER_AFTER;
    let reference = visit.form.first(REFERENCE_NAMES).unwrap_or_default();
    let second = visit.form.first(&["second"]);
    let recovery = Recovery {
        reference: reference.to_owned(),
        second: second.map(str::to_owned),
        device: visit.device().map(str::to_owned),
    };
    let found = relay.recover(recovery).await;
    tokio::time::sleep_until(answer_at).await;
    let found = found?;
    let is_guess = is_countable(reference) && !matches!(found, Recovered::Proven(_));
    let page = match found {
        Recovered::Proven(token) | Recovered::Guessable(token) => Page::see_other(format!("/o/{token}")),
        Recovered::Nothing => {
            let second = second.unwrap_or_default();
            let nothing = RecoverPage {
                reference,
                second,
                nothing: true,
            };
            form(visit, nothing).map(Page::again)?
        }
    };
    Ok(Search { page, is_guess })
}

/// What the rate limit counts tries by: one purchase, however its reference is spelled.
pub fn limited_reference(visit: &Visit<'_>) -> String {
    fold_reference(visit.form.first(REFERENCE_NAMES).unwrap_or_default())
}

fn form(visit: &Visit<'_>, page: RecoverPage<'_>) -> Result<String, PageError> {
    Ok(render(
        "recover.html",
        visit.language().unwrap_or_default(),
        Some(PATH),
        &page,
    )?)
}

/// The page after a search without success, for tests of how it looks.
#[cfg(test)]
pub(super) fn sample(visit: &Visit<'_>, reference: &str, second: &str) -> String {
    form(
        visit,
        RecoverPage {
            reference,
            second,
            nothing: true,
        },
    )
    .expect("a page")
}

const REFERENCE_NAMES: &[&str] = &["reference", "ref", "transaction_id"];
/// Far longer than the look-up takes, too short for a person to mind.
const ANSWER_AFTER: Duration = Duration::from_millis(300);
