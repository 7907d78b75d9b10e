//! What a router sells, and through which accounts: what every part of the kit is made from.

use crate::company::{Account, Company, Directory, GatewayName, Hotspot, Router};
use crate::plan::Plan;
use crate::sorted::Arrange;

/// A router with its company and its hotspots.
#[derive(Clone, Debug)]
pub struct Offer<'d> {
    pub company: &'d Company,
    pub router: &'d Router,
    /// In the order of their labels.
    pub hotspots: Vec<HotspotOffer<'d>>,
}

/// What one hotspot sells.
#[derive(Clone, Debug)]
pub struct HotspotOffer<'d> {
    pub hotspot: &'d Hotspot,
    /// On sale, cheapest first.
    pub plans: Vec<&'d Plan>,
    /// That sell these plans; all of the company's where a plan names none, or where there is no plan yet.
    pub accounts: Vec<&'d Account>,
}

impl<'d> Offer<'d> {
    /// `None` where the router belongs to nobody.
    pub fn of(directory: &'d Directory, router: &'d Router) -> Option<Self> {
        let company = directory.companies.get(&router.company)?;
        let mut hotspots: Vec<_> = directory
            .hotspots
            .values()
            .filter(|hotspot| hotspot.router == router.id)
            .map(|hotspot| HotspotOffer::of(directory, company, hotspot))
            .collect();
        hotspots.arrange_by(|a, b| a.hotspot.label.cmp(&b.hotspot.label));
        Some(Self {
            company,
            router,
            hotspots,
        })
    }

    /// The gateways of the accounts in use.
    pub fn gateways(&self) -> Vec<GatewayName> {
        let used = |gateway: &GatewayName| {
            let mut accounts = self.hotspots.iter().flat_map(|hotspot| &hotspot.accounts);
            accounts.any(|account| account.gateway() == *gateway)
        };
        GatewayName::ALL.into_iter().filter(used).collect()
    }

    /// The accounts in use, in the order of their ids.
    pub fn accounts(&self) -> Vec<&'d Account> {
        let mut accounts: Vec<_> = self
            .hotspots
            .iter()
            .flat_map(|hotspot| hotspot.accounts.clone())
            .collect();
        accounts.arrange_by(|a, b| a.id.cmp(&b.id));
        accounts.dedup_by(|a, b| a.id == b.id);
        accounts
    }
}

impl<'d> HotspotOffer<'d> {
    fn of(directory: &'d Directory, company: &Company, hotspot: &'d Hotspot) -> Self {
        let mut plans = directory.plans_of(&hotspot.id);
        plans.retain(|plan| directory.is_on_sale(plan));
        let sells = |account: &&Account| {
            account.company == company.id
                && (plans.is_empty()
                    || plans
                        .iter()
                        .any(|plan| plan.accounts.is_empty() || plan.accounts.contains(&account.id)))
        };
        let mut accounts: Vec<_> = directory.accounts.values().filter(sells).collect();
        accounts.arrange_by(|a, b| a.id.cmp(&b.id));
        Self {
            hotspot,
            plans,
            accounts,
        }
    }
}
