//! Users and their sessions. Of a password its hash is kept, sealed; of a session's token its SHA-256.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::api_key::key_digest;
use crate::ids::{CompanyId, SessionId, UserId};
use crate::user::{Role, Session, User};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub role: Role,
    /// Folded (`fold_email`).
    pub email: String,
    pub name: String,
    /// The password's hash, as `admin::password` writes it.
    pub password_hash: SecretString,
}

impl Db<'_> {
    /// `Exists` if the address has a user, `Related` if there is no such company.
    pub fn add_user(&self, user: &NewUser) -> Result<UserId, StoreError> {
        let sql = "INSERT INTO user (role, company, email, name, password_sealed, created_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = (
            user.role.as_str(),
            user.role.company().map(CompanyId::as_str),
            &user.email,
            &user.name,
            self.sealed_hash(&user.email, &user.password_hash),
            ms(self.now()),
        );
        self.run(sql, values)?;
        Ok(UserId(self.last_row()))
    }

    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM user WHERE id = ?1");
        self.one(&sql, [id.0], read_user)
    }

    /// The user of a folded address, and the hash of the password.
    pub fn user_by_email(&self, email: &str) -> Result<Option<(User, SecretString)>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, password_sealed FROM user WHERE email = ?1");
        self.one(&sql, [email], |columns| {
            let user = read_user(columns)?;
            let sealed: Vec<u8> = columns.next()?;
            let hash = String::from_utf8(self.unseal(&hash_context(&user.email), &sealed)?);
            let hash = hash.map_err(|_| StoreError::unreadable("password", "not UTF-8"))?;
            Ok((user, hash.into()))
        })
    }

    /// Users by their numbers, those of a role or a company only where one is given.
    pub fn users(&self, role: Option<&str>, company: Option<&CompanyId>) -> Result<Vec<User>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM user WHERE (?1 IS NULL OR role = ?1) AND (?2 IS NULL OR company = ?2) ORDER BY id"
        );
        self.all(&sql, (role, company.map(CompanyId::as_str)), read_user)
    }

    /// Lets a user in or keeps him out, which ends his sessions. `false` if there is no such user.
    pub fn set_user_active(&self, id: UserId, is_active: bool) -> Result<bool, StoreError> {
        if !is_active {
            self.revoke_sessions(id, None)?;
        }
        let sql = "UPDATE user SET is_active = ?2 WHERE id = ?1";
        Ok(self.run(sql, (id.0, is_active))? > 0)
    }

    /// Replaces a password; all sessions but `keep` end. `false` if there is no such user.
    pub fn set_password(
        &self,
        id: UserId,
        password_hash: &SecretString,
        keep: Option<SessionId>,
    ) -> Result<bool, StoreError> {
        let Some(user) = self.user(id)? else {
            return Ok(false);
        };
        self.revoke_sessions(id, keep)?;
        let sealed = self.sealed_hash(&user.email, password_hash);
        let sql = "UPDATE user SET password_sealed = ?2 WHERE id = ?1";
        Ok(self.run(sql, (id.0, sealed))? > 0)
    }

    /// Begins a session and notes the login. Of one user only the latest sessions live.
    pub fn add_session(
        &self,
        user: &User,
        token: &SecretString,
        expires_at: Timestamp,
    ) -> Result<SessionId, StoreError> {
        let now = ms(self.now());
        let sql = "DELETE FROM session WHERE user = ?1 AND (expires_at <= ?2 OR id IN \
                   (SELECT id FROM session WHERE user = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?3))";
        self.run(sql, (user.id.0, now, MOST_SESSIONS - 1))?;
        let sql = "INSERT INTO session (user, company, sha256, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = (
            user.id.0,
            user.role.company().map(CompanyId::as_str),
            key_digest(token.expose_secret()),
            now,
            ms(expires_at),
        );
        self.run(sql, values)?;
        let session = SessionId(self.last_row());
        self.run("UPDATE user SET last_login_at = ?2 WHERE id = ?1", (user.id.0, now))?;
        Ok(session)
    }

    /// The session whose token is shown, with its user as he is now; valid or not.
    pub fn session_shown(&self, token: &SecretString) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT user.id, user.role, user.company, user.email, user.name, user.is_active, user.created_at, \
                   user.last_login_at, session.id, session.expires_at, session.revoked_at \
                   FROM session JOIN user ON user.id = session.user WHERE session.sha256 = ?1";
        let shown = key_digest(token.expose_secret());
        self.one(sql, [shown], |columns| {
            Ok(Session {
                user: read_user(columns)?,
                id: SessionId(columns.next()?),
                expires_at: columns.time("end of a session")?,
                revoked_at: columns.optional_time("end of a session")?,
            })
        })
    }

    /// Ends one session; `false` if it had ended.
    pub fn revoke_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let sql = "UPDATE session SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.run(sql, (id.0, ms(self.now())))? > 0)
    }

    fn revoke_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<(), StoreError> {
        let sql = "UPDATE session SET revoked_at = ?2 WHERE user = ?1 AND revoked_at IS NULL AND id IS NOT ?3";
        self.run(sql, (user.0, ms(self.now()), keep.map(|id| id.0)))?;
        Ok(())
    }

    fn sealed_hash(&self, email: &str, hash: &SecretString) -> Vec<u8> {
        self.seal(&hash_context(email), hash.expose_secret().as_bytes())
    }
}

fn read_user(columns: &mut Columns<'_, '_>) -> Result<User, StoreError> {
    let id = UserId(columns.next()?);
    let (role, company): (String, Option<String>) = (columns.next()?, columns.next()?);
    let role = Role::from_parts(&role, company.map(CompanyId::new));
    Ok(User {
        id,
        role: role.map_err(|_| StoreError::unreadable("role of a user", id))?,
        email: columns.next()?,
        name: columns.next()?,
        is_active: columns.next()?,
        created_at: columns.time("time of a user")?,
        last_login_at: columns.optional_time("login of a user")?,
    })
}

fn hash_context(email: &str) -> String {
    format!("user.password:{email}")
}

const COLUMNS: &str = "id, role, company, email, name, is_active, created_at, last_login_at";
/// A person has a few devices; whoever signs in again and again without signing out loses the oldest.
const MOST_SESSIONS: i64 = 20;
