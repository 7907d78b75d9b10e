//! Errors that say what to do: a sentence and a hint.

use std::error::Error;
use std::io;

use crate::admin::AdminError;
use crate::config::ConfigError;
use crate::shown::shown;
use crate::site::SiteError;

/// What went wrong, and what to do about it. `mikrelay` prints it as `error:` and `hint:`.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Hinted {
    sentence: String,
    pub hint: String,
}

/// An error with a hint.
pub fn hinted(sentence: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted {
        sentence: sentence.into(),
        hint: hint.into(),
    }
    .into()
}

/// What to do about an error, where anything in it knows.
pub fn hint_of(error: &anyhow::Error) -> Option<String> {
    let of_ours = error.chain().find_map(|cause| cause.downcast_ref::<Hinted>());
    let of_others = || error.chain().find_map(of_others).map(str::to_owned);
    of_ours.map(|hinted| hinted.hint.clone()).or_else(of_others)
}

/// What is to be done about errors that other parts know without a hint.
fn of_others(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(SiteError::Faults(_) | SiteError::Syntax(_)) = cause.downcast_ref() {
        return Some("nothing was changed; correct the business file and apply it again");
    }
    if let Some(AdminError::EmailTaken) = cause.downcast_ref() {
        return Some("`mikrelay user list` shows all; `mikrelay user enable` lets one in again");
    }
    Some(match cause.downcast_ref::<ConfigError>()? {
        ConfigError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "`mikrelay config example` prints a settings file to begin with; name yours with `--config`"
        }
        ConfigError::Syntax { .. } | ConfigError::Value { .. } => {
            "`mikrelay config example` prints every setting with its form"
        }
        _ => return None,
    })
}

/// Nothing of this kind has this id. The hint names the one that was probably meant, else where they are listed.
pub fn unknown<'a>(kind: &str, id: &str, known: impl IntoIterator<Item = &'a str>) -> anyhow::Error {
    unknown_of(kind, kind, id, known)
}

/// The same where the command is not called as the kind is.
pub fn unknown_of<'a>(kind: &str, command: &str, id: &str, known: impl IntoIterator<Item = &'a str>) -> anyhow::Error {
    let known: Vec<_> = known.into_iter().collect();
    let hint = match nearest(id, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? `mikrelay {command} list` shows all"),
        None if known.is_empty() => {
            format!("there is no {kind} at all yet; `mikrelay {command} --help` tells how to make one")
        }
        None => format!("`mikrelay {command} list` shows all"),
    };
    hinted(format!("there is no {kind} `{}`", shown(id)), hint)
}

/// The known text that is most like `text`, if any is.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    let likeness = |known: &'a str| (strsim::jaro(&text, &known.to_lowercase()), known);
    let best = known.into_iter().map(likeness).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(likeness, _)| *likeness > ALIKE).map(|(_, known)| known)
}

/// As the parser of the command line has it for its own words.
const ALIKE: f64 = 0.7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        let known = ["4h", "24h", "7-jours", "1-mois"];
        assert_eq!(nearest("4hh", known), Some("4h"));
        assert_eq!(nearest("7jours", known), Some("7-jours"));
        assert_eq!(nearest("1-MOIS", known), Some("1-mois"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest("", known), None);
        let error = unknown("plan", "4hh", known);
        assert_eq!(error.to_string(), "there is no plan `4hh`");
        let hint = |error: &anyhow::Error| error.downcast_ref::<Hinted>().unwrap().hint.clone();
        assert_eq!(hint(&error), "did you mean `4h`? `mikrelay plan list` shows all");
        assert!(hint(&unknown("plan", "x", [])).contains("no plan at all yet"));
    }
}
