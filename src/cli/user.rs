//! `mikrelay user`: people who sign in. A password is asked for at the terminal or read from a pipe, never taken from
//! an argument, which every user of the machine could see.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, Result, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};

use super::key::known_company;
use super::order::print_json;
use super::table::{Table, moment, or_dash, plain};
use crate::admin::users::{self, UserWish};
use crate::admin::{self, password};
use crate::audit::{Actor, Changed};
use crate::store::{AuditFilter, Store};
use crate::user::{Role, User, fold_email};

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

/// The latest lines of the audit log, newest first.
pub fn audit(store: &Store, company: Option<&str>, limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let lines = store.read_now(|db| db.audits(&AuditFilter { company, limit }))?;
    if json {
        let lines = lines.iter().map(|audit| {
            let line = &audit.line;
            json!({
                "id": audit.id,
                "at": audit.at,
                "company": line.company,
                "user": line.user,
                "who": line.who,
                "act": line.act,
                "subject": line.subject,
                "changes": line.changes,
            })
        });
        return print_json(&Value::Array(lines.collect()), out);
    }
    let mut table = Table::new(&["AT", "WHO", "ACT", "COMPANY", "SUBJECT", "CHANGED"]);
    for audit in &lines {
        let line = &audit.line;
        let changed: Vec<_> = line
            .changes
            .fields()
            .map(|(field, changed)| told(field, changed))
            .collect();
        table.row(vec![
            moment(audit.at),
            line.who.clone(),
            line.act.clone(),
            or_dash(line.company.as_ref().map(|company| company.as_str())),
            line.subject.clone(),
            changed.join(", "),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// A password from the terminal, typed twice and not shown, or the first line of a pipe.
pub fn ask_password() -> Result<SecretString> {
    let input = io::stdin();
    if !input.is_terminal() {
        return first_line(input.lock());
    }
    let first = ask("Password: ")?;
    let again = ask("The same again: ")?;
    if *first != *again {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(SecretString::from(first.as_str()))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let shown = Silence::begin()?;
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(MOST_INPUT_BYTES).read_line(&mut line);
    drop(shown);
    eprintln!();
    read.context("the password cannot be read")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The password in the first line of `input`; its end of line is no part of it.
fn first_line(input: impl BufRead) -> Result<SecretString> {
    let mut line = Zeroizing::new(String::new());
    input
        .take(MOST_INPUT_BYTES)
        .read_line(&mut line)
        .context("the password cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("no password was given; type it, or pass it in by a pipe");
    }
    Ok(SecretString::from(password))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("the terminal cannot be asked")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).context("the terminal cannot be set")?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Now, &self.0) {
            tracing::warn!(%error, "the terminal stays silent; type `reset`");
        }
    }
}

fn known_user(store: &Store, email: &str) -> Result<User> {
    let found = match fold_email(email) {
        Some(email) => store.read_now(|db| db.user_by_email(&email))?,
        None => None,
    };
    let found = found.map(|(user, _)| user);
    found.with_context(|| format!("there is no user `{}`; see `mikrelay user list`", plain(email)))
}

fn told(field: &str, changed: &Changed) -> String {
    let or_nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    match changed {
        Changed::Value { from: None, to } => format!("{field} {}", or_nothing(to)),
        Changed::Value { from, to } => format!("{field} {} -> {}", or_nothing(from), or_nothing(to)),
        Changed::SecretSet => format!("{field} (set)"),
        Changed::SecretCleared => format!("{field} (cleared)"),
    }
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

/// One more than any password has, with its end of line.
const MOST_INPUT_BYTES: u64 = password::MOST_BYTES as u64 + 3;

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

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

        let lines = run(|out| audit(&store, None, 50, false, out)).unwrap();
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
        let json = run(|out| audit(&store, None, 50, true, out)).unwrap();
        assert!(!json.contains("frase") && json.contains("command line"), "{json}");
    }

    #[test]
    fn a_pipe_gives_its_first_line() {
        for (input, password) in [
            ("secreto largo\n", Some("secreto largo")),
            ("secreto largo\r\nmore", Some("secreto largo")),
            (" spaces count ", Some(" spaces count ")),
            ("", None),
            ("\n", None),
        ] {
            let read = first_line(input.as_bytes());
            assert_eq!(
                read.as_ref().ok().map(ExposeSecret::expose_secret),
                password,
                "{input:?}"
            );
        }
    }
}
