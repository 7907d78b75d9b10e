//! Secrets of the business file: given in place, in a file or in a variable, or kept from the store.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::secrets;

/// The ways one secret may be given; exactly one of them, or none.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub direct: Option<SecretString>,
    pub file: Option<PathBuf>,
    pub env: Option<String>,
}

/// What a record says of a secret.
#[derive(Debug)]
pub(super) enum Secret {
    Absent,
    /// As `export` writes it: the store's own value stays.
    Keep,
    Value(SecretString),
}

impl Given {
    /// Fetches the secret; relative files are looked for beside the business file.
    pub fn fetch(self, name: &str, folder: &Path) -> Result<Secret, String> {
        let ways = [self.direct.is_some(), self.file.is_some(), self.env.is_some()];
        if ways.iter().filter(|given| **given).count() > 1 {
            return Err(format!(
                "give `{name}` in one way: `{name}`, `{name}_file` or `{name}_env`"
            ));
        }
        let secret = if let Some(secret) = self.direct {
            secret
        } else if let Some(file) = self.file {
            let path = folder.join(file);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("`{name}_file`: cannot read `{}`: {error}", path.display()))?;
            secrets::warn_if_exposed(&path);
            SecretString::from(text.trim_end_matches(['\r', '\n']))
        } else if let Some(variable) = self.env {
            let text =
                std::env::var(&variable).map_err(|_| format!("`{name}_env`: the variable `{variable}` is not set"))?;
            SecretString::from(text)
        } else {
            return Ok(Secret::Absent);
        };
        match secret.expose_secret() {
            "" => Err(format!("`{name}` is empty; leave it out or write the real value")),
            KEEP => Ok(Secret::Keep),
            _ => Ok(Secret::Value(secret)),
        }
    }
}

/// Whether a value is a sample of the documentation, which everybody knows, or a filler.
pub fn is_sample(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let of_a_gateway = ["pk_", "sk_", "wh_", "fp_", "app_usr-", "secret_"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    let end = text.rsplit(['_', '-']).next().unwrap_or_default();
    let filler = |text: &str| !text.is_empty() && text.chars().all(|c| matches!(c, 'x' | '.' | '…' | '*'));
    (of_a_gateway && (end.is_empty() || filler(end))) || filler(&text) || FILLERS.contains(&text.as_str())
}

pub(super) fn is_keep(secret: &SecretString) -> bool {
    secret.expose_secret() == KEEP
}

pub(super) fn keep() -> SecretString {
    SecretString::from(KEEP)
}

/// What `export` writes in a secret's place.
pub const KEEP: &str = "(kept)";
const FILLERS: [&str; 4] = ["changeme", "change-me", "secret", "password"];
