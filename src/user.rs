//! People who administrate: the operator's own (super admins) and those of one company (client admins).

use jiff::Timestamp;

use crate::ids::{CompanyId, SessionId, UserId};

/// What is known of a person who may sign in; the password's hash stays in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub role: Role,
    /// Folded by `fold_email`; unique.
    pub email: String,
    pub name: String,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
}

/// What a user may see and change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Every company's frame, and none of their business.
    SuperAdmin,
    /// One company's business.
    ClienteAdmin { company: CompanyId },
}

impl Role {
    /// The word of the API and of the store (facts: pagos-hotspot-api 7.1).
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SuperAdmin => SUPER_ADMIN,
            Self::ClienteAdmin { .. } => CLIENTE_ADMIN,
        }
    }

    pub fn company(&self) -> Option<&CompanyId> {
        match self {
            Self::SuperAdmin => None,
            Self::ClienteAdmin { company } => Some(company),
        }
    }

    /// The role of this name; a super admin has no company, a client admin has exactly one.
    pub fn from_parts(word: &str, company: Option<CompanyId>) -> Result<Self, RoleFault> {
        match (word, company) {
            (SUPER_ADMIN, None) => Ok(Self::SuperAdmin),
            (SUPER_ADMIN, Some(_)) => Err(RoleFault::CompanyForbidden),
            (CLIENTE_ADMIN, Some(company)) => Ok(Self::ClienteAdmin { company }),
            (CLIENTE_ADMIN, None) => Err(RoleFault::CompanyMissing),
            _ => Err(RoleFault::Unknown),
        }
    }
}

/// Why a role and a company do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleFault {
    #[error("a role is `super_admin` or `cliente_admin`")]
    Unknown,
    #[error("a `cliente_admin` needs a company")]
    CompanyMissing,
    #[error("a `super_admin` has no company")]
    CompanyForbidden,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: User,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// An e-mail address in the one form it is stored and found by: trimmed, in lower case. `None` if it is none.
pub fn fold_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (name, host) = email.rsplit_once('@')?;
    let is_plain = !email.contains(|c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c));
    let has_host = host.split('.').count() >= 2 && host.split('.').all(|part| !part.is_empty());
    let fits = !name.is_empty() && !name.contains('@') && email.len() <= LONGEST_EMAIL;
    (is_plain && has_host && fits).then_some(email)
}

pub const SUPER_ADMIN: &str = "super_admin";
pub const CLIENTE_ADMIN: &str = "cliente_admin";
/// RFC 5321: 64 for the name, 255 for the host, less what a path around them takes.
const LONGEST_EMAIL: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_user_however_it_is_written() {
        for (text, folded) in [
            ("Ana@Example.COM ", Some("ana@example.com")),
            ("a.b+c@x.example.net", Some("a.b+c@x.example.net")),
            ("", None),
            ("ana", None),
            ("ana@host", None),
            ("@example.com", None),
            ("a@b@example.com", None),
            ("ana@example..com", None),
            ("ana <ana@example.com>", None),
            ("a\nb@example.com", None),
        ] {
            assert_eq!(fold_email(text).as_deref(), folded, "{text:?}");
        }
        assert_eq!(fold_email(&format!("{}@example.com", "a".repeat(300))), None);
    }

    #[test]
    fn a_role_and_a_company_go_together_or_not() {
        let company = || Some(CompanyId::new("c"));
        assert_eq!(Role::from_parts("super_admin", None), Ok(Role::SuperAdmin));
        assert_eq!(
            Role::from_parts("super_admin", company()),
            Err(RoleFault::CompanyForbidden)
        );
        assert_eq!(Role::from_parts("cliente_admin", None), Err(RoleFault::CompanyMissing));
        assert_eq!(Role::from_parts("root", company()), Err(RoleFault::Unknown));
        let role = Role::from_parts("cliente_admin", company()).unwrap();
        assert_eq!((role.as_str(), role.company()), ("cliente_admin", company().as_ref()));
    }
}
