//! Who asks: a portal by its router's key, or a person by a session. `X-API-Key` counts before `Authorization`
//! (facts: pagos-hotspot-api 1.1 and 2). What is wrong with a key is told by the documented statuses, in our words.

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::operation::Auth;
use crate::admin::sessions::{self, Shown};
use crate::api_key::RouterKey;
use crate::ids::{ApiKeyId, CompanyId};
use crate::payment::Relay;
use crate::payment::router_keys::KeyFault;
use crate::user::{Role, Session, User};

/// Who was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Nobody,
    Router(Arc<RouterKey>),
    /// An administrator of one company.
    Client(Person),
    /// An administrator of the relay.
    Super(Person),
}

/// A person with a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person(pub Box<Session>);

impl Person {
    pub fn user(&self) -> &User {
        &self.0.user
    }

    /// `None` for an administrator of the relay.
    pub fn company(&self) -> Option<&CompanyId> {
        self.0.user.role.company()
    }
}

impl Caller {
    /// The router's key, on operations with `Auth::Key`.
    pub fn router(&self) -> Option<&Arc<RouterKey>> {
        match self {
            Self::Router(key) => Some(key),
            _ => None,
        }
    }

    /// The company of a key or of its administrator.
    pub fn company(&self) -> Option<&CompanyId> {
        match self {
            Self::Router(key) => Some(&key.company),
            Self::Client(person) => person.company(),
            Self::Nobody | Self::Super(_) => None,
        }
    }

    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Client(person) | Self::Super(person) => Some(person),
            Self::Nobody | Self::Router(_) => None,
        }
    }

    pub fn key_id(&self) -> Option<&ApiKeyId> {
        self.router().map(|key| &key.id)
    }
}

/// Why nobody was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// No key and no session.
    Nothing,
    /// `Basic` and the like.
    OtherScheme,
    Key(KeyFault),
    Session(SessionFault),
}

/// Why a session does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionFault {
    NotOurs,
    Expired,
    /// The user or his company is not active.
    Inactive,
    NotClient,
    NotSuper,
    /// The store cannot be asked now.
    Unreadable,
}

impl Stranger {
    /// The status, and the text's name.
    pub fn answer(self) -> (u16, &'static str) {
        match self {
            Self::Nothing => (403, "auth-nothing"),
            Self::OtherScheme => (403, "auth-scheme"),
            Self::Key(KeyFault::NoPrefix) => (401, "auth-key-form"),
            Self::Key(KeyFault::NotOurs) => (401, "auth-key-wrong"),
            Self::Key(KeyFault::Expired) => (401, "auth-key-expired"),
            Self::Key(KeyFault::Revoked) => (401, "auth-key-revoked"),
            Self::Key(KeyFault::CompanyInactive) => (401, "auth-company-inactive"),
            Self::Session(SessionFault::NotOurs) => (401, "auth-session-wrong"),
            Self::Session(SessionFault::Expired) => (401, "auth-session-expired"),
            Self::Session(SessionFault::Inactive) => (401, "auth-session-inactive"),
            Self::Session(SessionFault::NotClient) => (403, "auth-not-client"),
            Self::Session(SessionFault::NotSuper) => (403, "auth-not-super"),
            Self::Session(SessionFault::Unreadable) => (503, "busy-now"),
        }
    }

    /// Whether it may have been a guess.
    pub fn is_guess(self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::OtherScheme | Self::Session(SessionFault::Unreadable)
        )
    }
}

/// Admits a caller where that needs no waiting: everybody but people with sessions.
pub fn admit_at_once(relay: &Relay, auth: Auth, headers: &HeaderMap) -> Option<Result<Caller, Stranger>> {
    match auth {
        Auth::Open => Some(Ok(Caller::Nobody)),
        Auth::Key => {
            let shown = shown(headers, true);
            Some(shown.and_then(|shown| relay.router_key(shown).map(Caller::Router).map_err(Stranger::Key)))
        }
        Auth::Session | Auth::Client | Auth::Super => None,
    }
}

/// Admits a caller.
pub async fn admit(relay: &Relay, auth: Auth, headers: &HeaderMap) -> Result<Caller, Stranger> {
    if let Some(admitted) = admit_at_once(relay, auth, headers) {
        return admitted;
    }
    let token = shown(headers, false)?;
    let caller = session(relay, token).await.map_err(Stranger::Session)?;
    match (auth, &caller) {
        (Auth::Client, Caller::Super(_)) => Err(Stranger::Session(SessionFault::NotClient)),
        (Auth::Super, Caller::Client(_)) => Err(Stranger::Session(SessionFault::NotSuper)),
        _ => Ok(caller),
    }
}

/// The person whose session this is.
async fn session(relay: &Relay, token: &str) -> Result<Caller, SessionFault> {
    match sessions::shown(relay.store(), relay.now(), token.into()).await {
        Ok(Shown::Valid(session)) => {
            let is_super = session.user.role == Role::SuperAdmin;
            let person = Person(session);
            Ok(if is_super {
                Caller::Super(person)
            } else {
                Caller::Client(person)
            })
        }
        Ok(Shown::Expired) => Err(SessionFault::Expired),
        Ok(Shown::Inactive) => Err(SessionFault::Inactive),
        Ok(Shown::Unknown) => Err(SessionFault::NotOurs),
        Err(error) => {
            tracing::error!("a session cannot be looked up: {error}");
            Err(SessionFault::Unreadable)
        }
    }
}

/// What a request shows: `X-API-Key` where keys are wanted, else `Authorization: Bearer`.
fn shown(headers: &HeaderMap, takes_keys: bool) -> Result<&str, Stranger> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().map_or("?", str::trim));
    let key = text("x-api-key").filter(|key| takes_keys && !key.is_empty());
    if let Some(key) = key {
        return Ok(key);
    }
    let line = text(AUTHORIZATION.as_str()).unwrap_or_default();
    let (scheme, credentials) = line.split_once(' ').unwrap_or((line, ""));
    let credentials = credentials.trim();
    if credentials.is_empty() {
        return Err(Stranger::Nothing);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Stranger::OtherScheme);
    }
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_before_a_bearer_and_sessions_know_no_key() {
        let read = |pairs: &[(&'static str, &str)], takes_keys| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            shown(&headers, takes_keys).map(str::to_owned)
        };
        let (key, bearer) = (("x-api-key", "jwt_a"), ("authorization", "Bearer jwt_b"));
        assert_eq!(read(&[key, bearer], true), Ok("jwt_a".to_owned()));
        assert_eq!(read(&[key, bearer], false), Ok("jwt_b".to_owned()));
        assert_eq!(read(&[("x-api-key", " "), bearer], true), Ok("jwt_b".to_owned()));
        assert_eq!(read(&[("authorization", "bearer  x ")], true), Ok("x".to_owned()));
        for (pairs, expected) in [
            (&[][..], Stranger::Nothing),
            (&[("authorization", "")], Stranger::Nothing),
            (&[("authorization", "Bearer")], Stranger::Nothing),
            (&[("authorization", "Bearer ")], Stranger::Nothing),
            (&[("authorization", "jwt_b")], Stranger::Nothing),
            (&[("authorization", "Basic Yg==")], Stranger::OtherScheme),
        ] {
            assert_eq!(read(pairs, true), Err(expected), "{pairs:?}");
        }
        assert_eq!(read(&[key], false), Err(Stranger::Nothing));
    }
}
