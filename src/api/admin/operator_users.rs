//! The operator's view of users (facts: pagos-hotspot-api 6.4).

use secrecy::SecretString;

use super::super::input::input;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::session::UserCard;
use super::super::shape::answer;
use super::{actor_of, change, refusal};
use crate::admin::AdminError;
use crate::admin::users::{self, UserWish};
use crate::ids::{CompanyId, UserId};
use crate::user::{Role, RoleFault};

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/admin/usuarios", Auth::Super, Pace::Console, "Users", "Make a user",
        NewUser => add, -> 200 UserMade: "The user",
        fails [400 "Role and company do not go together, or the address has a user", 404 "There is no such company"]
    },
    operation! {
        get "/admin/usuarios", Auth::Super, Pace::Console, "Users", "List users",
        UsersWanted => list, -> 200 Vec<UserCard>: "All of them, or those of a role or a company"
    },
    operation! {
        get "/admin/usuarios/{usuario_id}", Auth::Super, Pace::Console, "Users", "Read one user",
        OneUser => read, -> 200 UserCard: "The user",
        fails [404 "There is no such user"]
    },
    operation! {
        put "/admin/usuarios/{usuario_id}/toggle-activo", Auth::Super, Pace::Console, "Users",
        "Let a user in, or keep him out and end his sessions",
        OneUser => toggle, -> 200 UserToggled: "What he is now",
        fails [400 "Nobody closes his own account", 404 "There is no such user"]
    },
];

input! {
    pub struct NewUser {
        body email: String,
        /// At least ten characters, and none of those that everybody tries first.
        body password: SecretString,
        body nombre: String,
        /// `super_admin` or `cliente_admin`.
        body rol: String,
        /// For a `cliente_admin`, and only for one.
        body empresa_id: Option<String>,
    }
}

input! {
    pub struct UsersWanted {
        query rol: Option<String>,
        query empresa_id: Option<String>,
    }
}

input! {
    pub struct OneUser {
        path usuario_id: i64,
    }
}

answer! {
    pub struct UserMade {
        pub message: String,
        pub usuario: UserCard,
    }
}

answer! {
    pub struct UserToggled {
        pub message: String,
        pub usuario_id: i64,
        pub activo: bool,
    }
}

async fn add(ask: &Ask<'_>, input: NewUser) -> Result<Answered<UserMade>, Refusal> {
    let company = input.empresa_id.filter(|id| !id.is_empty()).map(CompanyId::new);
    let role = Role::from_parts(&input.rol, company);
    let role = role.map_err(|fault| {
        let text = match fault {
            RoleFault::Unknown => "role-unknown",
            RoleFault::CompanyMissing => "role-company-missing",
            RoleFault::CompanyForbidden => "role-company-forbidden",
        };
        Refusal::new(ask, 400, text)
    })?;
    let wish = UserWish {
        role,
        email: input.email,
        name: input.nombre,
        password: input.password,
    };
    let made = users::add(ask.relay.store(), actor_of(ask)?, wish).await;
    let user = made.map_err(|error| refusal(ask, &error))?;
    Ok(Answered::ok(UserMade {
        message: ask.say("user-made"),
        usuario: UserCard::from(&user),
    }))
}

async fn list(ask: &Ask<'_>, input: UsersWanted) -> Result<Answered<Vec<UserCard>>, Refusal> {
    let company = input.empresa_id.map(CompanyId::new);
    let read = ask
        .relay
        .store()
        .read(move |db| db.users(input.rol.as_deref(), company.as_ref()));
    let users = read.await.map_err(|error| Refusal::store(ask, "list users", &error))?;
    Ok(Answered::ok(users.iter().map(UserCard::from).collect()))
}

async fn read(ask: &Ask<'_>, input: OneUser) -> Result<Answered<UserCard>, Refusal> {
    let id = input.usuario_id;
    let found = ask.relay.store().read(move |db| db.user(UserId(id))).await;
    let found = found.map_err(|error| Refusal::store(ask, "read a user", &error))?;
    let user = found.ok_or_else(|| refusal(ask, &AdminError::NoUser(id)))?;
    Ok(Answered::ok(UserCard::from(&user)))
}

async fn toggle(ask: &Ask<'_>, input: OneUser) -> Result<Answered<UserToggled>, Refusal> {
    let id = UserId(input.usuario_id);
    let user = change(ask, move |db, actor| {
        let user = db.user(id)?.ok_or(AdminError::NoUser(id.0))?;
        users::set_active(db, actor, id, !user.is_active)
    })
    .await?;
    let text = if user.is_active { "user-opened" } else { "user-closed" };
    Ok(Answered::ok(UserToggled {
        message: ask.say(text),
        usuario_id: id.0,
        activo: user.is_active,
    }))
}
