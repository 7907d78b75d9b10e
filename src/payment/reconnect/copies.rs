//! A phone that changed its MAC gets its user back: the user is bound to the new one, or, where the hotspot keeps a
//! user for each MAC, a copy of him is. Facts: `pagos-hotspot-api.md` 8.3.

use secrecy::{ExposeSecret, SecretString};

use super::super::provision::reference_of_tag;
use super::budget::Left;
use crate::routeros::{Account, AccountCopy, RouterError, Session, TrapKind};

/// A user and the copies of him that exist.
pub(super) struct Family {
    base: Account,
    copies: Vec<Account>,
}

impl Family {
    /// Looks the copies up where the user is one who has some.
    pub async fn of(session: &mut Session, account: &Account) -> Result<Self, RouterError> {
        let copies = if is_copied(account) {
            let mut copies = session.accounts_named(&copy_names(&account.name)).await?;
            copies.retain(|copy| copy.server == account.server && !copy.built_in);
            copies
        } else {
            Vec::new()
        };
        Ok(Self {
            base: account.clone(),
            copies,
        })
    }

    pub fn left(&self) -> Left {
        Left::of(&self.members().collect::<Vec<_>>())
    }

    fn members(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.base).chain(&self.copies)
    }

    /// The lowest number that is free.
    fn free_name(&self) -> Option<String> {
        copy_names(&self.base.name)
            .into_iter()
            .find(|name| self.copies.iter().all(|copy| copy.name != *name))
    }

    /// Gives all that is left to the user called `name` and takes it from the others.
    async fn move_budget(&self, session: &mut Session, left: &Left, name: &str) -> Result<(), RouterError> {
        // First given, then taken: a broken connection in between costs the customer nothing.
        let (own, others): (Vec<&Account>, Vec<&Account>) = self.members().partition(|member| member.name == name);
        for (members, wanted) in [(own, true), (others, false)] {
            for member in members {
                let limits = if wanted {
                    left.all_for(&member.used)
                } else {
                    left.nothing_for(&member.used)
                };
                if limits == member.limits {
                    continue;
                }
                session.limit_user(&member.id, &limits).await?;
                if !wanted {
                    session.remove_active_of(&member.name).await?;
                }
            }
        }
        Ok(())
    }
}

/// The name of the user this device may log in as, made fit for it; `None` if he belongs to another device.
pub(super) async fn for_device(
    session: &mut Session,
    account: &Account,
    family: Family,
    password: &SecretString,
    mac: &str,
) -> Result<Option<String>, RouterError> {
    let here = |account: &Account| account.mac.as_deref() == Some(mac);
    if is_copied(account) && account.mac.is_some() {
        let name = match family.members().find(|member| here(member)) {
            Some(member) => Some(member.name.clone()),
            None => add_copy(session, &family, password, mac).await?,
        };
        if let Some(name) = name {
            if !family.copies.is_empty() || name != account.name {
                family.move_budget(session, &family.left(), &name).await?;
            }
            return Ok(Some(name));
        }
        // No copy could be made, so the user himself moves.
    }
    if account.mac.is_some() && !here(account) {
        if !may_move(account, password) {
            return Ok(None);
        }
        session.bind_user(&account.id, mac).await?;
        leave_old_device(session, account).await?;
    }
    Ok(Some(account.name.clone()))
}

/// Makes a copy for a device. `None` if there are as many as may be, or the router does not want it.
async fn add_copy(
    session: &mut Session,
    family: &Family,
    password: &SecretString,
    mac: &str,
) -> Result<Option<String>, RouterError> {
    let Some(name) = family.free_name() else {
        return Ok(None);
    };
    let added = session
        .add_copy(&AccountCopy {
            of: &family.base,
            name: name.clone(),
            password,
            mac,
            limits: family.left().all_for(&crate::routeros::Usage::default()),
        })
        .await;
    match added {
        Ok(()) => Ok(Some(name)),
        // Its comment or profile cannot be written again, or another program made it in this moment.
        Err(RouterError::NotSendable { .. }) => Ok(None),
        Err(RouterError::Trap(trap)) if trap.kind != TrapKind::NotPermitted => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends the sessions that the user left behind on his old device.
async fn leave_old_device(session: &mut Session, account: &Account) -> Result<(), RouterError> {
    for active in session.active_of(&account.name).await? {
        if account.mac.as_deref() == Some(active.mac.as_str()) {
            session.remove_active(&active.id).await?;
        }
    }
    Ok(())
}

/// Somebody who only knows the name of a user without a password may be anybody; our own PINs are drawn, and secret.
fn may_move(account: &Account, password: &SecretString) -> bool {
    !password.expose_secret().is_empty() || reference_of_tag(&account.email).is_some()
}

/// The hotspot keeps one user for each MAC of a customer, and says so in the comment.
fn is_copied(account: &Account) -> bool {
    let comment = account.comment.to_ascii_uppercase();
    MARKS.iter().all(|mark| comment.contains(mark)) && base_name(&account.name).is_none()
}

/// The name a copy was made of.
pub(super) fn base_name(name: &str) -> Option<&str> {
    let (base, number) = name.rsplit_once(COPY)?;
    let number: usize = number.parse().ok()?;
    (1..=COPIES_MAX).contains(&number).then_some(base)
}

fn copy_names(base: &str) -> Vec<String> {
    (1..=COPIES_MAX).map(|number| format!("{base}{COPY}{number}")).collect()
}

const MARKS: [&str; 3] = ["MODE=", "TL=", "TA="];
const COPY: &str = "_RANDMAC";
/// As many as the documented service makes.
const COPIES_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_by_their_names() {
        assert_eq!(base_name("QX4T7Z_RANDMAC1"), Some("QX4T7Z"));
        assert_eq!(base_name("QX4T7Z_RANDMAC15"), Some("QX4T7Z"));
        for name in [
            "QX4T7Z",
            "QX4T7Z_RANDMAC",
            "QX4T7Z_RANDMAC0",
            "QX4T7Z_RANDMAC16",
            "QX4T7Z_RANDMACx",
        ] {
            assert_eq!(base_name(name), None, "{name}");
        }
        assert_eq!(copy_names("a").len(), 15);
        assert!(copy_names("a").iter().all(|name| base_name(name) == Some("a")));
    }
}
