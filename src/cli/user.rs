//! `mikrelay user`: people who sign in. A password is asked for at the terminal or read from a pipe, never taken from
//! an argument, which every user of the machine could see.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::ask::ask_password;
use super::fault::unknown;
use super::key::known_company;
use super::open;
use super::order::print_json;
use super::table::{Table, line, moment, or_dash, plain};
use crate::admin;
use crate::admin::users::{self, UserWish};
use crate::audit::Actor;
use crate::store::Store;
use crate::user::{Role, User, fold_email};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a user; the password is asked for, or read from a pipe
    Add {
        /// The e-mail address
        email: String,
        /// `super_admin`: the operator's own; `cliente_admin`: one company's
        #[arg(long)]
        role: String,
        /// The company of a `cliente_admin`
        #[arg(long)]
        company: Option<String>,
        /// Who it is; the address when absent
        #[arg(long)]
        name: Option<String>,
    },
    /// All users
    List {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// One user
    Show {
        /// The e-mail address
        email: String,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Keep a user out and end his sessions
    Disable {
        /// The e-mail address
        email: String,
    },
    /// Let a user in again
    Enable {
        /// The e-mail address
        email: String,
    },
    /// Give a user a new password, asked for or read from a pipe, and end his sessions
    SetPassword {
        /// The e-mail address
        email: String,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let store = &open(config)?;
        match self {
            Self::Add {
                email,
                role,
                company,
                name,
            } => add(
                store,
                &email,
                &role,
                company.as_deref(),
                name.as_deref(),
                ask_password,
                out,
            ),
            Self::List { json } => list(store, json, out),
            Self::Show { email, json } => show(store, &email, json, out),
            Self::Disable { email } => set_active(store, &email, false, out),
            Self::Enable { email } => set_active(store, &email, true, out),
            Self::SetPassword { email } => set_password(store, &email, ask_password, out),
        }
    }
}

/// Makes a user whose password comes from `password`.
pub fn add(
    store: &Store,
    email: &str,
    role: &str,
    company: Option<&str>,
    name: Option<&str>,
    password: impl FnOnce() -> Result<SecretString>,
    out: &mut dyn Write,
) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let wish = UserWish {
        role: Role::from_parts(role, company)?,
        email: email.to_owned(),
        name: name.unwrap_or(email).to_owned(),
        password: password()?,
    };
    let user = users::add_now(store, Actor::command("user add"), wish)?;
    writeln!(
        out,
        "user {} is made: {} ({})",
        user.id,
        plain(&user.email),
        user.role.as_str()
    )?;
    Ok(())
}

/// All users.
pub fn list(store: &Store, json: bool, out: &mut dyn Write) -> Result<()> {
    let users = store.read_now(|db| db.users(None, None))?;
    if json {
        return print_json(&Value::Array(users.iter().map(user_json).collect()), out);
    }
    let mut table = Table::new(&["ID", "E-MAIL", "NAME", "ROLE", "COMPANY", "LAST LOGIN", "STATE"]);
    for user in &users {
        table.row(vec![
            user.id.to_string(),
            user.email.clone(),
            user.name.clone(),
            user.role.as_str().to_owned(),
            or_dash(user.role.company().map(|company| company.as_str())),
            user.last_login_at.map_or_else(|| "-".to_owned(), moment),
            if user.is_active { "active" } else { "disabled" }.to_owned(),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// One user.
fn show(store: &Store, email: &str, json: bool, out: &mut dyn Write) -> Result<()> {
    let user = known_user(store, email)?;
    if json {
        return print_json(&user_json(&user), out);
    }
    line(out, "id", Some(user.id))?;
    line(out, "e-mail", Some(&user.email))?;
    line(out, "name", Some(&user.name))?;
    line(out, "role", Some(user.role.as_str()))?;
    line(out, "company", user.role.company())?;
    line(out, "made", Some(moment(user.created_at)))?;
    line(out, "last login", user.last_login_at.map(moment))?;
    line(out, "state", Some(if user.is_active { "active" } else { "disabled" }))?;
    Ok(())
}

/// Lets a user in, or keeps him out and ends his sessions.
pub fn set_active(store: &Store, email: &str, is_active: bool, out: &mut dyn Write) -> Result<()> {
    let user = known_user(store, email)?;
    let act = if is_active { "user enable" } else { "user disable" };
    let user = admin::change_now(store, move |db| {
        users::set_active(db, &Actor::command(act), user.id, is_active)
    })?;
    let state = if is_active {
        "may sign in"
    } else {
        "is kept out, and his sessions have ended"
    };
    writeln!(out, "{} {state}", plain(&user.email))?;
    Ok(())
}

/// Gives a user a new password and ends his sessions.
pub fn set_password(
    store: &Store,
    email: &str,
    password: impl FnOnce() -> Result<SecretString>,
    out: &mut dyn Write,
) -> Result<()> {
    known_user(store, email)?;
    let user = users::set_password_now(store, Actor::command("user set-password"), email, &password()?)?;
    writeln!(
        out,
        "{} has a new password, and the old sessions have ended",
        plain(&user.email)
    )?;
    Ok(())
}

fn known_user(store: &Store, email: &str) -> Result<User> {
    let found = match fold_email(email) {
        Some(email) => store.read_now(|db| db.user_by_email(&email))?,
        None => None,
    };
    if let Some((user, _)) = found {
        return Ok(user);
    }
    let all = store.read_now(|db| db.users(None, None))?;
    Err(unknown("user", email, all.iter().map(|user| user.email.as_str())))
}

fn user_json(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role.as_str(),
        "company": user.role.company(),
        "active": user.is_active,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
    })
}

#[cfg(test)]
mod tests {
    use super::super::audit;
    use super::*;
    use crate::clock::Clock;
    use crate::secrets::MasterKey;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mikrelay.db");
        let store = Store::open(&path, MasterKey::generate(), Clock::System).unwrap();
        (folder, store)
    }

    fn run(act: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<String> {
        let mut out = Vec::new();
        act(&mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_first_super_admin_is_made_here_and_every_act_is_written_down() {
        let (_folder, store) = store();
        let good = || Ok(SecretString::from("una frase bien larga"));
        let weak = || Ok(SecretString::from("1234567890"));
        let add = |email: &str, role, company, password: fn() -> Result<SecretString>| {
            run(|out| super::add(&store, email, role, company, Some("Ana"), password, out))
        };
        assert!(add("ana@example.com", "super_admin", None, weak).is_err());
        assert!(add("ana", "super_admin", None, good).is_err());
        assert!(add("ana@example.com", "root", None, good).is_err());
        assert!(add("ana@example.com", "cliente_admin", None, good).is_err());
        assert!(add("ana@example.com", "cliente_admin", Some("nobody"), good).is_err());
        let said = add("Ana@Example.com", "super_admin", None, good).unwrap();
        assert_eq!(said, "user 1 is made: ana@example.com (super_admin)\n");
        let twice = add("ana@example.com", "super_admin", None, good).unwrap_err();
        assert!(twice.to_string().contains("already"), "{twice}");

        run(|out| set_active(&store, "ana@example.com", false, out)).unwrap();
        let listed = run(|out| list(&store, false, out)).unwrap();
        assert!(listed.contains("disabled"), "{listed}");
        run(|out| set_active(&store, "ana@example.com", true, out)).unwrap();
        run(|out| set_password(&store, "ana@example.com", || Ok("otra frase bien larga".into()), out)).unwrap();
        assert!(run(|out| set_password(&store, "eva@example.com", good, out)).is_err());

        let lines = run(|out| audit::list(&store, None, 50, false, out)).unwrap();
        for part in [
            "user add",
            "user disable",
            "activo true -> false",
            "user set-password",
            "password (set)",
        ] {
            assert!(lines.contains(part), "{part}: {lines}");
        }
        assert!(!lines.contains("frase"), "{lines}");
        let json = run(|out| audit::list(&store, None, 50, true, out)).unwrap();
        assert!(!json.contains("frase") && json.contains("command line"), "{json}");
    }
}
