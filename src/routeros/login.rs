//! The login, in the one form that serves every version: name and password at once, and if a challenge comes
//! back (before 6.43), its answer. Starting with the challenge fails on routers that still hand one out.
//! Source: facts `routeros.md` 1.5.

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};

use super::command::{Command, Effect};
use super::connection::Session;
use super::{ProtocolError, RouterError};

/// Logs in on a fresh connection. A refusal leaves the connection open; the caller drops it.
pub(super) async fn log_in(session: &mut Session, user: &str, password: &SecretString) -> Result<(), RouterError> {
    let password = password.expose_secret().as_bytes();
    let first = login()
        .attribute("name", user.as_bytes())
        .attribute("password", password);
    let Some(challenge) = refused_or(session.run_within_login(first).await?)? else {
        return Ok(());
    };
    let response = answer(&challenge, password).ok_or(ProtocolError::Challenge)?;
    let second = login()
        .attribute("name", user.as_bytes())
        .attribute("response", response.as_bytes());
    match refused_or(session.run_within_login(second).await?)? {
        None => Ok(()),
        // A second challenge is no login.
        Some(_) => Err(ProtocolError::Challenge.into()),
    }
}

fn login() -> Command {
    Command::bare("/login", Effect::Read)
}

/// The challenge, if there is one.
fn refused_or(outcome: Result<super::Reply, super::Trap>) -> Result<Option<Vec<u8>>, RouterError> {
    match outcome {
        Ok(reply) => Ok(reply.ret),
        Err(trap) => Err(RouterError::LoginRefused(trap.message)),
    }
}

/// `00` and the MD5 of a zero byte, the password and the challenge.
fn answer(challenge: &[u8], password: &[u8]) -> Option<String> {
    let challenge = HEXLOWER
        .decode(&challenge.to_ascii_lowercase())
        .ok()
        .filter(|bytes| bytes.len() == CHALLENGE)?;
    let digest = Md5::new()
        .chain_update([0])
        .chain_update(password)
        .chain_update(challenge)
        .finalize();
    Some(format!("00{}", HEXLOWER.encode(&digest)))
}

/// Bytes of a challenge.
const CHALLENGE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_answered_as_the_vector_says() {
        assert_eq!(
            answer(b"0123456789abcdeffedcba9876543210", b"secret").as_deref(),
            Some("003b45289c18627761f0eb67731ebe47fc")
        );
    }

    #[test]
    fn what_is_no_challenge_is_not_answered() {
        for text in [
            &b""[..],
            b"0123",
            b"0123456789abcdeffedcba987654321g",
            b"0123456789abcdeffedcba98765432100",
        ] {
            assert_eq!(answer(text, b"secret"), None);
        }
    }
}
