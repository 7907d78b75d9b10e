//! Users: made, let in, kept out, given a new password.

use secrecy::SecretString;

use super::companies;
use super::error::{AdminError, FieldFault, needed};
use super::password;
use crate::audit::{Actor, Changes};
use crate::ids::UserId;
use crate::store::{Db, NewUser, Store, StoreError};
use crate::user::{Role, User, fold_email};

/// A user as somebody wishes for it.
#[derive(Debug)]
pub struct UserWish {
    pub role: Role,
    pub email: String,
    pub name: String,
    pub password: SecretString,
}

/// Makes a user.
pub async fn add(store: &Store, actor: Actor, wish: UserWish) -> Result<User, AdminError> {
    let password = wish.password.clone();
    let ready = Ready::of(store, wish)?;
    let hash = password::hash(password).await?;
    told(store.write(move |db| ready.put(db, &actor, hash)).await)
}

/// `add` for the command line: blocks.
pub fn add_now(store: &Store, actor: Actor, wish: UserWish) -> Result<User, AdminError> {
    let password = wish.password.clone();
    let ready = Ready::of(store, wish)?;
    let hash = password::hash_now(&password)?;
    told(store.write_now(move |db| ready.put(db, &actor, hash)))
}

/// Lets a user in, or keeps him out and ends his sessions; gives the user as he is then.
pub fn set_active(db: &Db<'_>, actor: &Actor, id: UserId, is_active: bool) -> Result<User, AdminError> {
    if actor.user == Some(id) && !is_active {
        return Err(AdminError::Oneself);
    }
    let mut user = db.user(id)?.ok_or(AdminError::NoUser(id.0))?;
    db.set_user_active(id, is_active)?;
    let changes = Changes::none().value("activo", Some(user.is_active), Some(is_active));
    db.add_audit(&actor.did(user.role.company(), subject(id), changes))?;
    user.is_active = is_active;
    Ok(user)
}

/// Gives the user of an address a new password and ends all his sessions; for the command line: blocks.
pub fn set_password_now(store: &Store, actor: Actor, email: &str, new: &SecretString) -> Result<User, AdminError> {
    let email = fold_email(email).ok_or(AdminError::field("email", FieldFault::Email))?;
    password::check(new, &email)?;
    let hash = password::hash_now(new)?;
    let wanted = email.clone();
    let done = store.write_now(move |db| {
        let Some((user, _)) = db.user_by_email(&email)? else {
            return Ok(None);
        };
        db.set_password(user.id, &hash, None)?;
        let changes = Changes::none().secret("password", true);
        db.add_audit(&actor.did(user.role.company(), subject(user.id), changes))?;
        Ok(Some(user))
    })?;
    done.ok_or(AdminError::NoAddress(wanted))
}

/// A wish that was looked through.
struct Ready {
    role: Role,
    email: String,
    name: String,
}

impl Ready {
    fn of(store: &Store, wish: UserWish) -> Result<Self, AdminError> {
        let email = fold_email(&wish.email).ok_or(AdminError::field("email", FieldFault::Email))?;
        let name = needed("nombre", &wish.name, MOST_NAME_CHARS)?;
        if let Some(company) = wish.role.company() {
            companies::known(&store.directory(), company)?;
        }
        password::check(&wish.password, &email)?;
        Ok(Self {
            role: wish.role,
            email,
            name,
        })
    }

    fn put(self, db: &Db<'_>, actor: &Actor, password_hash: SecretString) -> Result<User, StoreError> {
        let changes = Changes::none()
            .new_value("email", &self.email)
            .new_value("nombre", &self.name)
            .new_value("rol", self.role.as_str())
            .secret("password", true);
        let company = self.role.company().cloned();
        let id = db.add_user(&NewUser {
            role: self.role,
            email: self.email,
            name: self.name,
            password_hash,
        })?;
        db.add_audit(&actor.did(company.as_ref(), subject(id), changes))?;
        let user = db.user(id)?;
        user.ok_or_else(|| StoreError::NotFound {
            what: "user",
            id: id.to_string(),
        })
    }
}

fn told(done: Result<User, StoreError>) -> Result<User, AdminError> {
    done.map_err(|error| match error {
        StoreError::Exists { .. } => AdminError::EmailTaken,
        // The company went meanwhile.
        StoreError::Related { .. } => AdminError::NoCompany(String::new()),
        other => other.into(),
    })
}

fn subject(id: UserId) -> String {
    format!("user {id}")
}

/// As the documented tables have it (facts: pagos-hotspot-api 7.1).
const MOST_NAME_CHARS: usize = 100;
