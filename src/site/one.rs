//! Puts, or takes away, one record beside those that are stored. What a record must be is judged by the reader of the
//! whole file: the stored records are written as one, the new record is put among them, and what the reader finds then
//! and did not find before is wrong with the change.

use std::path::Path;

use super::apply::{Summary, apply};
use super::export::{print, records};
use super::read::read_all;
use super::{Kind, Record, Site, SiteError};
use crate::company::Directory;
use crate::ids::{AccountId, CompanyId, HotspotId, PlanId, RouterId};
use crate::plan::Plan;
use crate::sorted::Arrange;
use crate::store::{Db, StoreError};

/// Makes a record or replaces the one of its id, inside one transaction. Nothing is written where anything is wrong.
/// `folder` is where files with secrets are looked for.
pub fn put(record: &Record, folder: &Path, db: &Db<'_>) -> Result<Summary, SiteError> {
    let mut all = records(&db.load_directory()?);
    let (_, known) = read_all(&print(&all), folder)?;
    match all
        .iter_mut()
        .find(|it| it.kind == record.kind && it.id() == record.id())
    {
        Some(place) => *place = record.clone(),
        None => all.push(record.clone()),
    }
    let (site, flaws) = read_all(&print(&all), folder)?;
    let is_of_this = |kind: &str, id: &str| kind == record.kind.as_str() && id == record.id();
    let site = only(site, record);
    let is_readable = site.is_some();
    let new = |flaw: &super::Flaw| !known.contains(flaw) || (!is_readable && is_of_this(flaw.kind, &flaw.id));
    let flaws: Vec<_> = flaws.into_iter().filter(new).collect();
    match site {
        Some(site) if flaws.is_empty() => apply(&site, db, false),
        _ => Err(SiteError::Faults(flaws)),
    }
}

/// What stands in the way of taking a record away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// Goes with it, in the order in which it must go.
    pub goes: Vec<(Kind, String)>,
    /// Plans that only this account sells: without it, all of the company's accounts would.
    pub only_seller_of: Vec<String>,
}

/// What belongs to a record.
pub fn needs(directory: &Directory, kind: Kind, id: &str) -> Related {
    let mut related = Related::default();
    match kind {
        Kind::Company => {
            let routers = directory.routers.values().filter(|it| it.company.as_str() == id);
            for router in sorted(routers.map(|it| it.id.to_string())) {
                related.goes.extend(needs(directory, Kind::Router, &router).goes);
                related.goes.push((Kind::Router, router));
            }
            // Plans name accounts, so those go after them.
            let accounts = directory.accounts.values().filter(|it| it.company.as_str() == id);
            let accounts = sorted(accounts.map(|it| it.id.to_string()));
            related.goes.extend(accounts.into_iter().map(|id| (Kind::Account, id)));
        }
        Kind::Router => {
            let hotspots = directory.hotspots.values().filter(|it| it.router.as_str() == id);
            for hotspot in sorted(hotspots.map(|it| it.id.to_string())) {
                related.goes.extend(needs(directory, Kind::Hotspot, &hotspot).goes);
                related.goes.push((Kind::Hotspot, hotspot));
            }
        }
        Kind::Hotspot => {
            let plans = directory.plans.values().filter(|it| it.hotspot.as_str() == id);
            let plans = sorted(plans.map(|it| it.id.to_string()));
            related.goes.extend(plans.into_iter().map(|id| (Kind::Plan, id)));
        }
        Kind::Account => {
            let account = AccountId::new(id);
            let only = |plan: &&Plan| matches!(plan.accounts.as_slice(), [seller] if *seller == account);
            let plans = sorted(directory.plans.values().filter(only).map(|plan| plan.id.to_string()));
            related.only_seller_of = plans;
        }
        Kind::Plan => {}
    }
    related
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<_> = ids.collect();
    ids.arrange();
    ids
}

/// Takes a record away with everything that belongs to it. `StoreError::Related` where orders still need any of it: then
/// the whole transaction must be taken back.
pub fn remove(kind: Kind, id: &str, db: &Db<'_>) -> Result<Related, StoreError> {
    let directory = db.load_directory()?;
    let related = needs(&directory, kind, id);
    for (kind, id) in &related.goes {
        remove_alone(*kind, id, db)?;
    }
    if kind == Kind::Account {
        let account = AccountId::new(id);
        for plan in directory.plans.values().filter(|plan| plan.accounts.contains(&account)) {
            let mut plan = plan.clone();
            plan.accounts.retain(|seller| *seller != account);
            db.put_plan(&plan)?;
        }
    }
    remove_alone(kind, id, db)?;
    db.bump_directory_version()?;
    Ok(related)
}

fn remove_alone(kind: Kind, id: &str, db: &Db<'_>) -> Result<(), StoreError> {
    match kind {
        Kind::Company => db.remove_company(&CompanyId::new(id)),
        Kind::Router => db.remove_router(&RouterId::new(id)),
        Kind::Hotspot => db.remove_hotspot(&HotspotId::new(id)),
        Kind::Account => db.remove_account(&AccountId::new(id)),
        Kind::Plan => db.remove_plan(&PlanId::new(id)),
    }
}

/// A file that has nothing but this record, if the reader could make sense of it.
fn only(site: Site, record: &Record) -> Option<Site> {
    let id = record.id();
    let mut one = Site::default();
    match record.kind {
        Kind::Company => one.companies.extend(find(site.companies, |it| it.id.as_str() == id)),
        Kind::Router => one.routers.extend(find(site.routers, |it| it.router.id.as_str() == id)),
        Kind::Hotspot => one.hotspots.extend(find(site.hotspots, |it| it.id.as_str() == id)),
        Kind::Account => one.accounts.extend(find(site.accounts, |it| it.id.as_str() == id)),
        Kind::Plan => one.plans.extend(find(site.plans, |it| it.id.as_str() == id)),
    }
    let found = one.companies.len() + one.routers.len() + one.hotspots.len() + one.accounts.len() + one.plans.len();
    (found == 1).then_some(one)
}

fn find<T>(list: Vec<T>, is_wanted: impl Fn(&T) -> bool) -> Option<T> {
    list.into_iter().find(is_wanted)
}
