//! Signed tokens (JWT, HS256) for portals and sessions. Their secrets are derived from the master key, one for each
//! purpose and each id in the settings: the first signs, all of them are believed, so that a secret can be retired
//! without a day on which nobody gets in. Whether a token has expired or was revoked is for its reader to say.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MasterKey;

/// The secrets of one purpose.
pub struct Tokens {
    secrets: Vec<Secret>,
    rules: Validation,
}

struct Secret {
    id: String,
    signing: EncodingKey,
    reading: DecodingKey,
}

/// Why a token cannot be made or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("there is no secret to sign tokens with; name one in `api.token_secrets`")]
    NoSecret,
    #[error("the token cannot be written")]
    Unwritable,
    /// Broken, changed, or signed with a secret that is not believed any more.
    #[error("the token is not one of ours")]
    NotOurs,
}

/// A new token, and which secret signed it.
#[derive(Debug)]
pub struct Signed {
    pub token: SecretString,
    pub secret_id: String,
}

impl Tokens {
    /// `ids` from newest to oldest.
    pub fn new(key: &MasterKey, purpose: &str, ids: &[String]) -> Self {
        let secrets = ids.iter().map(|id| {
            let secret = key.derive(&format!("token {purpose} {id}"));
            Secret {
                id: id.clone(),
                signing: EncodingKey::from_secret(&secret),
                reading: DecodingKey::from_secret(&secret),
            }
        });
        let mut rules = Validation::new(Algorithm::HS256);
        // By the relay's own clock, not by the library's.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        Self {
            secrets: secrets.collect(),
            rules,
        }
    }

    /// Signs with the newest secret.
    pub fn sign(&self, claims: &impl Serialize) -> Result<Signed, TokenError> {
        let secret = self.secrets.first().ok_or(TokenError::NoSecret)?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(secret.id.clone());
        let token = jsonwebtoken::encode(&header, claims, &secret.signing).map_err(|_| TokenError::Unwritable)?;
        Ok(Signed {
            token: token.into(),
            secret_id: secret.id.clone(),
        })
    }

    /// The claims of a token that we signed, whatever its times say.
    pub fn read<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        // A token names its secret, but whoever holds an older form of it may not: there are few to try.
        let mut read = self
            .secrets
            .iter()
            .map(|secret| jsonwebtoken::decode::<C>(token, &secret.reading, &self.rules));
        let read = read.find_map(Result::ok).ok_or(TokenError::NotOurs)?;
        Ok(read.claims)
    }

    /// Whether the named secret signed the token; its claims are not looked at.
    pub fn is_signed(&self, secret_id: &str, token: &str) -> bool {
        let Some(secret) = self.secrets.iter().find(|secret| secret.id == secret_id) else {
            return false;
        };
        let Some((message, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let verified = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &secret.reading, Algorithm::HS256);
        verified.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    fn tokens(key: &MasterKey, purpose: &str, ids: &[&str]) -> Tokens {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        Tokens::new(key, purpose, &ids)
    }

    #[test]
    fn several_secrets_live_and_a_retired_one_does_not() {
        let key = MasterKey::generate();
        let claims = json!({"sub": "RTR_1", "exp": 1});
        let old = tokens(&key, "router", &["1"]).sign(&claims).unwrap();
        assert_eq!(old.secret_id, "1");
        let old = old.token.expose_secret();
        let both = tokens(&key, "router", &["2", "1"]);
        assert_eq!(both.read::<Value>(old), Ok(claims.clone()));
        assert!(both.is_signed("1", old) && !both.is_signed("2", old));
        let new = both.sign(&claims).unwrap();
        assert_eq!(new.secret_id, "2");
        let retired = tokens(&key, "router", &["2"]);
        assert_eq!(retired.read::<Value>(old), Err(TokenError::NotOurs));
        assert!(!retired.is_signed("1", old));
        assert!(retired.is_signed("2", new.token.expose_secret()));
        assert_eq!(
            tokens(&key, "router", &[]).sign(&claims).unwrap_err(),
            TokenError::NoSecret
        );
    }

    #[test]
    fn a_token_of_another_purpose_key_or_algorithm_is_not_ours() {
        let key = MasterKey::generate();
        let ours = tokens(&key, "router", &["1"]);
        let claims = json!({"sub": "x"});
        let session = tokens(&key, "session", &["1"]).sign(&claims).unwrap();
        let foreign = tokens(&MasterKey::generate(), "router", &["1"]).sign(&claims).unwrap();
        // {"alg":"none"}, and a body of nothing.
        let unsigned = "eyJhbGciOiJub25lIn0.e30.";
        let mine = ours.sign(&claims).unwrap();
        let mine = mine.token.expose_secret();
        let cut = &mine[..mine.len() - 1];
        for token in [
            session.token.expose_secret(),
            foreign.token.expose_secret(),
            unsigned,
            cut,
            "",
            "a.b.c",
            "..",
            "é",
        ] {
            assert_eq!(ours.read::<Value>(token), Err(TokenError::NotOurs), "{token}");
            assert!(!ours.is_signed("1", token), "{token}");
        }
        assert!(ours.is_signed("1", mine));
    }
}
