//! Signing in and out (facts: pagos-hotspot-api 3).

use secrecy::SecretString;

use super::admin::{actor_of, fault_of_password, not_now, session_of};
use super::input::{Nothing, input};
use super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::shape::{Moment, answer};
use crate::admin::sessions::{self, ChangeError, LoginError};
use crate::user::{User, fold_email};

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/auth/login", Auth::Open, Pace::Login, "Sessions", "Sign in",
        Login => log_in, -> 200 LoggedIn: "A session",
        fails [401 "Address or password are wrong, or the account is closed"]
    },
    operation! {
        post "/api/v1/auth/logout", Auth::Session, Pace::Console, "Sessions", "End the session",
        Nothing => log_out, -> 200 Message: "It has ended"
    },
    operation! {
        post "/api/v1/auth/change-password", Auth::Session, Pace::Login, "Sessions", "Change one's own password",
        ChangePassword => change_password, -> 200 Message: "It is changed, and all other sessions have ended",
        fails [400 "The present password is wrong"]
    },
];

input! {
    pub struct Login {
        body email: String,
        body password: SecretString,
    }
}

input! {
    pub struct ChangePassword {
        body current_password: SecretString,
        /// At least ten characters, and none of those that everybody tries first.
        body new_password: SecretString,
    }
}

answer! {
    pub struct LoggedIn {
        /// For `Authorization: Bearer`.
        pub access_token: String,
        pub token_type: &'static str,
        pub expires_at: Moment,
        pub user: UserCard,
    }
}

answer! {
    pub struct UserCard {
        pub id: i64,
        pub email: String,
        pub nombre: String,
        /// `super_admin` or `cliente_admin`.
        pub rol: &'static str,
        pub empresa_id: Option<String>,
        pub activo: bool,
        pub creado_en: Moment,
        pub ultimo_login: Option<Moment>,
    }
}

answer! {
    pub struct Message {
        pub message: String,
    }
}

impl From<&User> for UserCard {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.clone(),
            nombre: user.name.clone(),
            rol: match user.role {
                crate::user::Role::SuperAdmin => crate::user::SUPER_ADMIN,
                crate::user::Role::ClienteAdmin { .. } => crate::user::CLIENTE_ADMIN,
            },
            empresa_id: user.role.company().map(ToString::to_string),
            activo: user.is_active,
            creado_en: Moment(user.created_at),
            ultimo_login: user.last_login_at.map(Moment),
        }
    }
}

impl Message {
    pub(super) fn say(ask: &Ask<'_>, id: &str) -> Answered<Self> {
        Answered::ok(Self { message: ask.say(id) })
    }
}

async fn log_in(ask: &Ask<'_>, input: Login) -> Result<Answered<LoggedIn>, Refusal> {
    // What is no address is counted as one: it must not be told apart.
    let email = fold_email(&input.email).unwrap_or_default();
    counted(ask, &email)?;
    let (store, now) = (ask.relay.store(), ask.relay.now());
    let begun = sessions::log_in(store, now, &email, input.password, ask.settings.session_lifetime).await;
    let begun = begun.map_err(|error| match error {
        LoginError::Wrong => match ask.limits.refused(ask.sender) {
            Ok(()) => Refusal::new(ask, 401, "login-wrong"),
            Err(wait_s) => Refusal::later(ask, 429, "too-often", wait_s),
        },
        LoginError::Inactive => Refusal::new(ask, 401, "login-closed"),
        LoginError::Hash(error) => not_now(ask, &error),
        LoginError::Store(error) => Refusal::store(ask, "sign somebody in", &error),
    })?;
    Ok(Answered::ok(LoggedIn {
        access_token: secrecy::ExposeSecret::expose_secret(&begun.token).to_owned(),
        token_type: "bearer",
        expires_at: Moment(begun.expires_at),
        user: UserCard::from(&begun.user),
    }))
}

async fn log_out(ask: &Ask<'_>, _: Nothing) -> Result<Answered<Message>, Refusal> {
    let session = session_of(ask)?.clone();
    let ended = sessions::log_out(ask.relay.store(), &actor_of(ask)?, session).await;
    ended.map_err(|error| Refusal::store(ask, "end a session", &error))?;
    Ok(Message::say(ask, "logged-out"))
}

async fn change_password(ask: &Ask<'_>, input: ChangePassword) -> Result<Answered<Message>, Refusal> {
    let session = session_of(ask)?.clone();
    counted(ask, &session.user.email)?;
    let (current, new) = (input.current_password, input.new_password);
    let changed = sessions::change_password(ask.relay.store(), &actor_of(ask)?, session, current, new).await;
    changed.map_err(|error| match error {
        ChangeError::Wrong => Refusal::new(ask, 400, "password-wrong"),
        ChangeError::Policy(fault) => fault_of_password(ask, "new_password", fault),
        ChangeError::Hash(error) => not_now(ask, &error),
        ChangeError::Store(error) => Refusal::store(ask, "change a password", &error),
    })?;
    Ok(Message::say(ask, "password-changed"))
}

/// Passwords are tried slowly, for one address from wherever they come.
fn counted(ask: &Ask<'_>, email: &str) -> Result<(), Refusal> {
    let counted = ask.limits.password(email);
    counted.map_err(|wait_s| Refusal::later(ask, 429, "too-often", wait_s))
}
