//! What an authority may look up at `/.well-known/acme-challenge/` while it checks that a name is ours (RFC 8555 8.3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The proofs that are shown now. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<Mutex<HashMap<String, String>>>);

impl Challenges {
    /// What is answered to who asks for this token.
    pub fn proof_of(&self, token: &str) -> Option<String> {
        self.lock().get(token).cloned()
    }

    /// Shows a proof for as long as what is returned is kept.
    #[must_use]
    pub(super) fn show(&self, token: &str, proof: &str) -> Shown {
        self.lock().insert(token.to_owned(), proof.to_owned());
        Shown {
            challenges: self.clone(),
            token: token.to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A proof that is taken down again when this is dropped.
#[derive(Debug)]
pub(super) struct Shown {
    challenges: Challenges,
    token: String,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.challenges.lock().remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_shown_while_it_is_needed() {
        let challenges = Challenges::default();
        let shown = challenges.show("token", "token.thumb");
        assert_eq!(challenges.clone().proof_of("token").as_deref(), Some("token.thumb"));
        assert_eq!(challenges.proof_of("other"), None);
        drop(shown);
        assert_eq!(challenges.proof_of("token"), None);
    }
}
