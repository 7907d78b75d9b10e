//! Signing in and out. An unknown address, a wrong password and a closed account with a wrong password get the same
//! answer after the same work; that an account is closed is told only to whoever knows its password.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::password::{self, HashError, PasswordFault};
use crate::audit::{Actor, Changes};
use crate::secrets;
use crate::store::{Store, StoreError};
use crate::user::{Session, User, fold_email};

/// A session that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// Shown once; what the user sends from now on.
    pub token: SecretString,
    pub expires_at: Timestamp,
    pub user: User,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the address or the password is wrong")]
    Wrong,
    /// The password was right.
    #[error("the account is closed")]
    Inactive,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a shown token is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Valid(Box<Session>),
    Expired,
    /// The user or the company was closed.
    Inactive,
    /// Not ours, or revoked.
    Unknown,
}

/// Why a password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the present password is wrong")]
    Wrong,
    #[error(transparent)]
    Policy(#[from] PasswordFault),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a user in for `lifetime`.
pub async fn log_in(
    store: &Store,
    now: Timestamp,
    email: &str,
    password: SecretString,
    lifetime: SignedDuration,
) -> Result<Begun, LoginError> {
    let known = match fold_email(email) {
        Some(email) => store.read(move |db| db.user_by_email(&email)).await?,
        None => None,
    };
    let hash = known.as_ref().map(|(_, hash)| hash.clone());
    let is_right = password::matches(password, hash).await?;
    let Some((user, _)) = known.filter(|_| is_right) else {
        return Err(LoginError::Wrong);
    };
    if !may_act(store, &user) {
        return Err(LoginError::Inactive);
    }
    let token: SecretString = format!("{TOKEN_PREFIX}{}", secrets::random_token(TOKEN_BITS)).into();
    let expires_at = now.saturating_add(lifetime).map_err(|_| LoginError::Wrong)?;
    let (owner, shown) = (user.clone(), token.clone());
    store
        .write(move |db| {
            db.add_session(&owner, &shown, expires_at)?;
            let actor = Actor::user(&owner, "login");
            db.add_audit(&actor.did(owner.role.company(), format!("user {}", owner.id), Changes::none()))
        })
        .await?;
    Ok(Begun {
        token,
        expires_at,
        user,
    })
}

/// Whose session a token is. Role and company are those of this moment.
pub async fn shown(store: &Store, now: Timestamp, token: SecretString) -> Result<Shown, StoreError> {
    let text = token.expose_secret();
    if !text.starts_with(TOKEN_PREFIX) || text.len() > LONGEST_TOKEN {
        return Ok(Shown::Unknown);
    }
    let Some(session) = store.read(move |db| db.session_shown(&token)).await? else {
        return Ok(Shown::Unknown);
    };
    // A closed account says so: its sessions were revoked by the closing.
    Ok(if !may_act(store, &session.user) {
        Shown::Inactive
    } else if session.revoked_at.is_some() {
        Shown::Unknown
    } else if session.expires_at <= now {
        Shown::Expired
    } else {
        Shown::Valid(Box::new(session))
    })
}

/// Ends a session at once.
pub async fn log_out(store: &Store, actor: &Actor, session: Session) -> Result<(), StoreError> {
    let actor = actor.clone();
    store
        .write(move |db| {
            if db.revoke_session(session.id)? {
                let user = &session.user;
                db.add_audit(&actor.did(user.role.company(), format!("user {}", user.id), Changes::none()))?;
            }
            Ok(())
        })
        .await
}

/// Changes the password of whoever is signed in; his other sessions end.
pub async fn change_password(
    store: &Store,
    actor: &Actor,
    session: Session,
    current: SecretString,
    new: SecretString,
) -> Result<(), ChangeError> {
    let email = session.user.email.clone();
    let known = store.read(move |db| db.user_by_email(&email)).await?;
    if !password::matches(current, known.map(|(_, hash)| hash)).await? {
        return Err(ChangeError::Wrong);
    }
    password::check(&new, &session.user.email)?;
    let hash = password::hash(new).await?;
    let actor = actor.clone();
    store
        .write(move |db| {
            let user = &session.user;
            db.set_password(user.id, &hash, Some(session.id))?;
            let changes = Changes::none().secret("password", true);
            db.add_audit(&actor.did(user.role.company(), format!("user {}", user.id), changes))
        })
        .await?;
    Ok(())
}

/// Whether a user is let in: neither he nor his company is closed.
fn may_act(store: &Store, user: &User) -> bool {
    let company_acts = user.role.company().is_none_or(|company| {
        store
            .directory()
            .companies
            .get(company)
            .is_some_and(|it| it.card.active)
    });
    user.is_active && company_acts
}

/// How a session's token begins, so that people and secret scanners know it.
pub const TOKEN_PREFIX: &str = "ms_";
/// As many as its digest has.
const TOKEN_BITS: usize = 256;
/// Ours have 55 characters.
const LONGEST_TOKEN: usize = 128;

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
