//! Writes a business file into the store: creates and updates by id, removes only when told to, and changes
//! nothing when there is nothing to change.

use std::fmt::Display;

use super::keep::resolve;
use super::same::Comparable;
use super::{Site, SiteError};
use crate::company::Directory;
use crate::sorted::Arrange;
use crate::store::{Db, StoreError};

/// What `apply` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub created: Vec<String>,
    pub updated: Vec<String>,
    pub removed: Vec<String>,
    /// Not in the file and to be pruned, but orders still need them; without plans they sell nothing.
    pub kept: Vec<String>,
    pub unchanged: usize,
}

impl Summary {
    fn changed(&self) -> bool {
        !(self.created.is_empty() && self.updated.is_empty() && self.removed.is_empty())
    }
}

/// Applies a file inside one transaction. All faults of the file are found before anything is written, so an
/// error other than the store's own leaves nothing to take back.
pub fn apply(site: &Site, db: &Db<'_>, prune: bool) -> Result<Summary, SiteError> {
    let stored = db.load_directory()?;
    let kept = resolve(site, &stored, prune).map_err(SiteError::Faults)?;
    let mut summary = Summary::default();
    for company in &site.companies {
        put(
            &mut summary,
            "company",
            &company.id,
            stored.companies.get(&company.id),
            company,
            |it| db.put_company(it),
        )?;
    }
    for router in &kept.routers {
        put(
            &mut summary,
            "router",
            &router.id,
            stored.routers.get(&router.id),
            router,
            |it| db.put_router(it),
        )?;
    }
    free_labels(site, &stored, db)?;
    for hotspot in &site.hotspots {
        put(
            &mut summary,
            "hotspot",
            &hotspot.id,
            stored.hotspots.get(&hotspot.id),
            hotspot,
            |it| db.put_hotspot(it),
        )?;
    }
    for account in &kept.accounts {
        put(
            &mut summary,
            "account",
            &account.id,
            stored.accounts.get(&account.id),
            account,
            |it| db.put_account(it),
        )?;
    }
    for plan in &site.plans {
        put(&mut summary, "plan", &plan.id, stored.plans.get(&plan.id), plan, |it| {
            db.put_plan(it)
        })?;
    }
    if prune {
        remove_missing(site, &stored, db, &mut summary)?;
    }
    if summary.changed() {
        db.bump_directory_version()?;
    }
    Ok(summary)
}

fn put<T: Comparable>(
    summary: &mut Summary,
    kind: &str,
    id: &dyn Display,
    known: Option<&T>,
    wanted: &T,
    write: impl FnOnce(&T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    match known {
        Some(known) if known.same_as(wanted) => summary.unchanged += 1,
        Some(_) => {
            write(wanted)?;
            summary.updated.push(format!("{kind} {id}"));
        }
        None => {
            write(wanted)?;
            summary.created.push(format!("{kind} {id}"));
        }
    }
    Ok(())
}

/// Labels are unique at every moment: one that moves to another hotspot is taken from its old owner first.
fn free_labels(site: &Site, stored: &Directory, db: &Db<'_>) -> Result<(), StoreError> {
    let moves = |label: &str, owner| site.hotspots.iter().any(|it| it.label == label && &it.id != owner);
    let mut owners = stored.hotspots.values().filter(|owner| moves(&owner.label, &owner.id));
    owners.try_for_each(|owner| db.park_hotspot_label(&owner.id))
}

/// In the order of their references: what is referred to goes last.
fn remove_missing(site: &Site, stored: &Directory, db: &Db<'_>, summary: &mut Summary) -> Result<(), StoreError> {
    for id in sorted(stored.plans.keys()).filter(|id| !site.plans.iter().any(|plan| &plan.id == *id)) {
        remove(summary, "plan", id, db.remove_plan(id))?;
    }
    for id in sorted(stored.accounts.keys()).filter(|id| !site.accounts.iter().any(|account| &account.id == *id)) {
        remove(summary, "account", id, db.remove_account(id))?;
    }
    for id in sorted(stored.hotspots.keys()).filter(|id| !site.hotspots.iter().any(|hotspot| &hotspot.id == *id)) {
        remove(summary, "hotspot", id, db.remove_hotspot(id))?;
    }
    for id in sorted(stored.routers.keys()).filter(|id| !site.routers.iter().any(|it| &it.router.id == *id)) {
        remove(summary, "router", id, db.remove_router(id))?;
    }
    for id in sorted(stored.companies.keys()).filter(|id| !site.companies.iter().any(|company| &company.id == *id)) {
        remove(summary, "company", id, db.remove_company(id))?;
    }
    Ok(())
}

fn sorted<'i, K: Ord + 'i>(ids: impl Iterator<Item = &'i K>) -> impl Iterator<Item = &'i K> {
    let mut ids: Vec<_> = ids.collect();
    ids.arrange();
    ids.into_iter()
}

/// What orders refer to stays, so that a paid order still finds its router.
fn remove(
    summary: &mut Summary,
    kind: &str,
    id: &dyn Display,
    removed: Result<(), StoreError>,
) -> Result<(), StoreError> {
    match removed {
        Ok(()) => summary.removed.push(format!("{kind} {id}")),
        Err(StoreError::Related { .. }) => summary.kept.push(format!("{kind} {id}")),
        Err(error) => return Err(error),
    }
    Ok(())
}
