//! Passwords: what one must be like, and its Argon2id hash. Hashing is slow and big on purpose, so it runs on threads
//! of its own, few at once, and whoever comes when too many wait is told to come again.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::secrets;

/// Why a password may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    #[error("a password has at least {LEAST_CHARS} characters")]
    TooShort,
    #[error("a password has at most {MOST_BYTES} bytes")]
    TooLong,
    #[error("this password is among the first that are tried; choose another one")]
    Common,
    #[error("the e-mail address is no password")]
    IsEmail,
}

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    #[error("too many passwords are being checked; try again in a moment")]
    Busy,
    /// Never the caller's doing: the hash in the store is damaged, or the machine has no memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// The policy. `email` is the folded address of the password's owner.
pub fn check(password: &SecretString, email: &str) -> Result<(), PasswordFault> {
    let text = password.expose_secret();
    if text.len() > MOST_BYTES {
        return Err(PasswordFault::TooLong);
    }
    if text.chars().count() < LEAST_CHARS {
        return Err(PasswordFault::TooShort);
    }
    let folded = text.to_lowercase();
    if folded.trim() == email || email.split('@').next().is_some_and(|name| folded == name) {
        return Err(PasswordFault::IsEmail);
    }
    let mut chars = folded.chars();
    let first = chars.next();
    if chars.all(|c| Some(c) == first) || COMMON.contains(&folded.as_str()) {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

/// The hash to be kept, as a PHC text.
pub async fn hash(password: SecretString) -> Result<SecretString, HashError> {
    beside(move || hash_now(&password)).await
}

/// `hash` for the command line: blocks.
pub fn hash_now(password: &SecretString) -> Result<SecretString, HashError> {
    let salt: [u8; SALT_BYTES] = secrets::random_bytes();
    let hash: PasswordHash = hasher()?
        .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
        .map_err(|_| HashError::Failed)?;
    Ok(hash.to_string().into())
}

/// Whether this password has this hash. Without one the same work is done for nothing, so that the time does not tell
/// whether there is such a user.
pub async fn matches(password: SecretString, hash: Option<SecretString>) -> Result<bool, HashError> {
    beside(move || match hash {
        Some(hash) => {
            let hash = PasswordHash::new(hash.expose_secret()).map_err(|_| HashError::Failed)?;
            Ok(hasher()?
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok())
        }
        None => hash_now(&password).map(|_| false),
    })
    .await
}

/// Runs `work` on a blocking thread when one of the few places for it is free.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
) -> Result<T, HashError> {
    let place = tokio::time::timeout(PATIENCE, PLACES.acquire()).await;
    let Ok(Ok(place)) = place else {
        return Err(HashError::Busy);
    };
    let done = tokio::task::spawn_blocking(move || {
        // Held by the work and not by the waiting: a caller who goes away must not make room for the next hash.
        let _place = place;
        work()
    });
    done.await.unwrap_or(Err(HashError::Failed))
}

fn hasher() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| HashError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The fewest characters: NIST SP 800-63B asks for 8 at least; ours guard money.
pub const LEAST_CHARS: usize = 10;
/// Any passphrase fits; more is a mistake. Argon2 itself takes 4 GiB.
pub const MOST_BYTES: usize = 1024;
/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage cheat sheet; some 30 ms on a small
/// machine, and two at once fit into the smallest.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// As RFC 9106 recommends.
const SALT_BYTES: usize = 16;
/// Hashes at once: 38 MiB of memory, and at most two cores.
static PLACES: Semaphore = Semaphore::const_new(2);
/// A queue longer than this is an attack or a broken program.
const PATIENCE: Duration = Duration::from_secs(5);

/// Those of the usual lists that are long enough to pass, and what people here would think of. In lower case.
const COMMON: [&str; 72] = [
    "0123456789",
    "0987654321",
    "1029384756",
    "1111111111",
    "1122334455",
    "1212121212",
    "123123123123",
    "1231231231",
    "1234512345",
    "12345678900",
    "1234567890",
    "12345678901",
    "123456789012",
    "1234567891",
    "12345678910",
    "123456789a",
    "1234567890a",
    "123456789q",
    "123qweasdzxc",
    "147258369",
    "1472583690",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "987654321",
    "9876543210",
    "a123456789",
    "aa12345678",
    "abc1234567",
    "abc123456789",
    "abcd123456",
    "abcdefghij",
    "abcdefghijk",
    "administrador",
    "administrateur",
    "administrator",
    "admin12345",
    "admin123456",
    "admin1234567",
    "adminadmin",
    "asdfghjkl1",
    "asdfghjklñ",
    "asdfghjkl;",
    "changeme123",
    "contrasena",
    "contrasena1",
    "contrasena123",
    "contraseña",
    "contraseña1",
    "contraseña123",
    "football123",
    "hotspot123",
    "iloveyou123",
    "letmein123",
    "mikrotik123",
    "mikrotik1234",
    "motdepasse",
    "motdepasse1",
    "motdepasse123",
    "p@ssw0rd123",
    "passw0rd123",
    "password10",
    "password11",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "welcome123",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn the_policy_refuses_what_is_guessed_first() {
        for (password, fault) in [
            ("", Some(PasswordFault::TooShort)),
            ("nueve.909", Some(PasswordFault::TooShort)),
            ("diez..1010", None),
            ("contraseña", Some(PasswordFault::Common)),
            ("PASSWORD123", Some(PasswordFault::Common)),
            ("aaaaaaaaaaaaaa", Some(PasswordFault::Common)),
            ("Gerente@Example.com", Some(PasswordFault::IsEmail)),
            ("ñandú y lluvia en Quito", None),
        ] {
            assert_eq!(
                check(&secret(password), "gerente@example.com").err(),
                fault,
                "{password}"
            );
        }
        assert_eq!(
            check(&secret("una.persona"), "una.persona@example.com"),
            Err(PasswordFault::IsEmail)
        );
        assert_eq!(check(&secret(&"aé".repeat(340)), "a@example.com"), Ok(()));
        assert_eq!(
            check(&secret(&"aé".repeat(400)), "a@example.com"),
            Err(PasswordFault::TooLong)
        );
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only_and_long_ones_count_to_the_end() {
        // bcrypt looks at 72 bytes; ours at all of them.
        let long = "x".repeat(100);
        let kept = hash(secret(&format!("{long}1"))).await.unwrap();
        assert!(
            kept.expose_secret().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            kept.expose_secret()
        );
        assert_eq!(matches(secret(&format!("{long}1")), Some(kept.clone())).await, Ok(true));
        assert_eq!(
            matches(secret(&format!("{long}2")), Some(kept.clone())).await,
            Ok(false)
        );
        let again = hash(secret(&format!("{long}1"))).await.unwrap();
        assert_ne!(
            kept.expose_secret(),
            again.expose_secret(),
            "each has a salt of its own"
        );
        assert_eq!(matches(secret("anything"), None).await, Ok(false));
        assert_eq!(
            matches(secret("x"), Some(secret("not a hash"))).await,
            Err(HashError::Failed)
        );
    }

    #[test]
    fn the_list_is_sorted_out() {
        for word in COMMON {
            assert_eq!(word, word.to_lowercase(), "compared in lower case");
        }
    }
}
