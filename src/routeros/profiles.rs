//! The user profiles with their scripts, for what Mikhmon keeps in them. Nothing of a script is understood here.

use super::RouterError;
use super::command;
use super::connection::Session;
use super::hotspot::text;

/// A user profile and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptedProfile {
    pub name: String,
    /// Empty where the profile has none.
    pub on_login: String,
}

impl Session {
    /// All user profiles with what they do at a login.
    pub async fn scripted_profiles(&mut self) -> Result<Vec<ScriptedProfile>, RouterError> {
        let asked = command::PROFILE_SCRIPTS.with([]);
        self.rows(asked, |row| ScriptedProfile {
            name: text(row, "name"),
            on_login: text(row, "on-login"),
        })
        .await
    }
}
