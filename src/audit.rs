//! Who changed what: a line of the audit log. A secret cannot get into one by its type: of secrets only that they
//! changed is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ids::{AuditId, CompanyId, UserId};
use crate::shown::shown_up_to;
use crate::user::User;

/// Who acts, and by which door.
#[derive(Clone, Debug)]
pub struct Actor {
    pub user: Option<UserId>,
    /// The e-mail address as it was then, or `command line`.
    pub who: String,
    /// Method and path pattern, or the command.
    pub act: String,
}

impl Actor {
    pub fn user(user: &User, act: impl Into<String>) -> Self {
        Self {
            user: Some(user.id),
            who: user.email.clone(),
            act: act.into(),
        }
    }

    /// Whoever may run our program on this machine.
    pub fn command(act: impl Into<String>) -> Self {
        Self {
            user: None,
            who: "command line".to_owned(),
            act: act.into(),
        }
    }

    /// The line for a change of `subject`, such as `router RTR_1A2B3C4D`.
    pub fn did(&self, company: Option<&CompanyId>, subject: impl Into<String>, changes: Changes) -> NewAudit {
        NewAudit {
            company: company.cloned(),
            user: self.user,
            who: self.who.clone(),
            act: self.act.clone(),
            subject: subject.into(),
            changes,
        }
    }
}

/// A line that is to be written.
#[derive(Clone, Debug)]
pub struct NewAudit {
    pub company: Option<CompanyId>,
    pub user: Option<UserId>,
    pub who: String,
    pub act: String,
    pub subject: String,
    pub changes: Changes,
}

/// A line that was written.
#[derive(Clone, Debug)]
pub struct Audit {
    pub id: AuditId,
    pub at: Timestamp,
    pub line: NewAudit,
}

/// What became of each field.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Changes(BTreeMap<String, Changed>);

/// What became of one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Value { from: Option<String>, to: Option<String> },
    SecretSet,
    SecretCleared,
}

impl Changes {
    pub fn none() -> Self {
        Self::default()
    }

    /// Notes a field that nobody minds being read, if it changed.
    pub fn value(mut self, field: &str, from: Option<impl ToString>, to: Option<impl ToString>) -> Self {
        let text = |value: String| shown_up_to(&value, LONGEST_VALUE);
        let from = from.map(|value| text(value.to_string()));
        let to = to.map(|value| text(value.to_string()));
        if from != to {
            self.0.insert(field.to_owned(), Changed::Value { from, to });
        }
        self
    }

    /// Notes a field of something new.
    pub fn new_value(self, field: &str, to: impl ToString) -> Self {
        self.value(field, None::<String>, Some(to))
    }

    /// Notes that a secret was put in or taken away.
    pub fn secret(mut self, field: &str, is_set: bool) -> Self {
        let changed = if is_set {
            Changed::SecretSet
        } else {
            Changed::SecretCleared
        };
        self.0.insert(field.to_owned(), changed);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields that changed, in the order of their names.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Changed)> {
        self.0.iter().map(|(field, changed)| (field.as_str(), changed))
    }
}

/// Enough to know the value again; a log is no copy of the records.
const LONGEST_VALUE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_noted_and_secrets_never() {
        let changes = Changes::none()
            .value("name", Some("A"), Some("A"))
            .value("host", Some("a"), Some("b"))
            .secret("password", true);
        let json = serde_json::to_string(&changes).unwrap();
        assert_eq!(
            json,
            r#"{"host":{"value":{"from":"a","to":"b"}},"password":"secret_set"}"#
        );
        assert_eq!(serde_json::from_str::<Changes>(&json).unwrap(), changes);
        assert!(Changes::none().value("a", None::<String>, None::<String>).is_empty());
    }
}
