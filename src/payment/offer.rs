//! What a buy link selects and what it costs. The price is the plan's; what a link says only helps to find
//! the plan, and `open` links are believed only on hotspots whose operator wants that.

use secrecy::ExposeSecret;

use crate::company::{Account, AccountKeys, Company, Directory, GatewayName, Hotspot, Language, LinkPolicy, Mode};
use crate::gateway::{self, Lack, PayMethod};
use crate::ids::{AccountId, HotspotId, PlanId};
use crate::money::{Currency, Money};
use crate::order::PlanSnapshot;
use crate::plan::{DataLimit, Plan, TimeLimit};
use crate::shown::shown;
use crate::sorted::Arrange;

/// What a buy link says, old or new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkQuery {
    pub target: LinkTarget,
    pub mac: Option<String>,
    pub ip: Option<String>,
    /// `dst` or `link-status`, already checked to be text; where it may lead is checked when it is used.
    pub dst: Option<String>,
    pub language: Option<Language>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// `/b/<plan>`.
    Plan(PlanId),
    /// `/buy-mikhmon…`.
    Old(OldLink),
}

/// The parameters of an old link. `account_key` and `site_id` select an account, nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldLink {
    pub gateway: GatewayName,
    /// `pub_key`, `api_key` or `token`.
    pub account_key: Option<String>,
    pub site_id: Option<String>,
    /// RouterOS hotspot server name.
    pub nasid: String,
    pub profile: String,
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub time: Option<String>,
    pub data: Option<String>,
}

/// What a buy page shows.
#[derive(Clone, Debug)]
pub struct Offer {
    pub company_name: String,
    pub country: String,
    /// The company's language, where the buyer's is not known.
    pub language: Language,
    pub hotspot: HotspotId,
    /// The dns-name a phone may be sent back to.
    pub dns_name: Option<String>,
    pub plan: PlanSnapshot,
    /// Who may sell it; never empty. `PayMethod::Cannot` only if all of them cannot.
    pub accounts: Vec<OfferAccount>,
    /// The link named another price than the plan's; ours is the one that is shown.
    pub price_differs: bool,
}

#[derive(Clone, Debug)]
pub struct OfferAccount {
    pub id: AccountId,
    pub gateway: GatewayName,
    /// `Test` takes play money only.
    pub mode: Mode,
    pub method: PayMethod,
}

/// Why a link selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    #[error("there is no plan `{0}`")]
    UnknownPlan(PlanId),
    #[error("no {} account has the key or site of this link", .0.title())]
    UnknownAccount(GatewayName),
    #[error("the account's company has no hotspot named `{0}`")]
    UnknownHotspot(String),
    #[error("several hotspots of the company are named `{0}`; use the short link of the plan")]
    AmbiguousHotspot(String),
    #[error("no plan of hotspot `{hotspot}` sells profile `{profile}` with these limits")]
    NoPlan { hotspot: HotspotId, profile: String },
    #[error("the link's `{name}` cannot be read: `{value}`")]
    BadValue {
        name: &'static str,
        /// What stands there, on one short line; empty where it is missing.
        value: String,
        wanted: Wanted,
    },
    #[error("account `{account}` cannot sell this plan: {missing}")]
    CannotSell {
        account: AccountId,
        gateway: GatewayName,
        missing: Lack,
    },
    #[error("no account of the company may sell this plan")]
    NobodySells,
    /// The product, its router or its company is not active.
    #[error("this is not on sale now")]
    NotOnSale,
}

/// What a link's value should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Amount,
    /// An amount above zero, which this link must name.
    Price,
    Currency,
    Time,
    Data,
}

/// What a link offers, by the business records alone.
pub fn offer(directory: &Directory, link: &LinkQuery) -> Result<Offer, LinkFault> {
    let chosen = match &link.target {
        LinkTarget::Plan(id) => choose_plan(directory, id)?,
        LinkTarget::Old(old) => choose_by_old_link(directory, old)?,
    };
    let accounts: Vec<_> = chosen
        .accounts
        .iter()
        .map(|account| OfferAccount {
            id: account.id.clone(),
            gateway: account.gateway(),
            mode: account.mode,
            method: gateway::of(account).pay_method(account, &chosen.company.country),
        })
        .collect();
    if let Some(fault) = why_nobody_can_sell(&accounts) {
        return Err(fault);
    }
    Ok(Offer {
        company_name: chosen.company.name.clone(),
        country: chosen.company.country.clone(),
        language: chosen.company.language,
        hotspot: chosen.hotspot.id.clone(),
        dns_name: chosen.hotspot.dns_name.clone(),
        plan: chosen.plan,
        accounts: accounts
            .into_iter()
            .filter(|account| can_sell(&account.method))
            .collect(),
        price_differs: chosen.price_differs,
    })
}

struct Chosen<'a> {
    company: &'a Company,
    hotspot: &'a Hotspot,
    plan: PlanSnapshot,
    accounts: Vec<&'a Account>,
    price_differs: bool,
}

fn can_sell(method: &PayMethod) -> bool {
    !matches!(method, PayMethod::Cannot { .. })
}

fn why_nobody_can_sell(accounts: &[OfferAccount]) -> Option<LinkFault> {
    if accounts.iter().any(|account| can_sell(&account.method)) {
        return None;
    }
    let first = accounts.iter().find_map(|account| match account.method {
        PayMethod::Cannot { missing } => Some(LinkFault::CannotSell {
            account: account.id.clone(),
            gateway: account.gateway,
            missing,
        }),
        _ => None,
    });
    Some(first.unwrap_or(LinkFault::NobodySells))
}

fn choose_plan<'a>(directory: &'a Directory, id: &PlanId) -> Result<Chosen<'a>, LinkFault> {
    let unknown = || LinkFault::UnknownPlan(id.clone());
    let plan = directory.plans.get(id).ok_or_else(unknown)?;
    let hotspot = directory.hotspots.get(&plan.hotspot).ok_or_else(unknown)?;
    let company = directory.company_of(hotspot).ok_or_else(unknown)?;
    if !directory.is_on_sale(plan) {
        return Err(LinkFault::NotOnSale);
    }
    let mut accounts: Vec<_> = directory
        .accounts
        .values()
        .filter(|account| directory.may_sell(account, plan))
        .collect();
    // Real money first: a test account beside a live one is the operator's, not the buyer's.
    accounts.arrange_by_key(|account| (account.mode == Mode::Test, account.id.clone()));
    Ok(Chosen {
        company,
        hotspot,
        plan: snapshot(plan),
        accounts,
        price_differs: false,
    })
}

fn choose_by_old_link<'a>(directory: &'a Directory, old: &OldLink) -> Result<Chosen<'a>, LinkFault> {
    let account = directory
        .accounts
        .values()
        .find(|account| is_named_by(account, old))
        .ok_or(LinkFault::UnknownAccount(old.gateway))?;
    let company = directory
        .companies
        .get(&account.company)
        .ok_or(LinkFault::UnknownAccount(old.gateway))?;
    let hotspot = hotspot_named(directory, company, &old.nasid)?;
    let asked = Asked::read(old, directory.currency_of(company))?;
    let plans = directory.plans_of(&hotspot.id);
    let plan = plans
        .iter()
        .copied()
        .filter(|plan| directory.may_sell(account, plan))
        .collect::<Vec<_>>();
    let (on_sale, off): (Vec<_>, Vec<_>) = plan.into_iter().partition(|plan| directory.is_on_sale(plan));
    let selected = select_plan(&on_sale, old, &asked);
    // Not even an open link sells what was taken off sale.
    if !directory.is_open(hotspot) || (selected.is_none() && select_plan(&off, old, &asked).is_some()) {
        return Err(LinkFault::NotOnSale);
    }
    let (plan, price_differs) = match (selected, hotspot.links) {
        (Some(plan), _) => (snapshot(plan), asked.price.is_some_and(|price| price != plan.price)),
        (None, LinkPolicy::Open) => (asked.believed(old)?, false),
        (None, LinkPolicy::Plans) => {
            return Err(LinkFault::NoPlan {
                hotspot: hotspot.id.clone(),
                profile: old.profile.clone(),
            });
        }
    };
    Ok(Chosen {
        company,
        hotspot,
        plan,
        accounts: vec![account],
        price_differs,
    })
}

/// Whether a link's key or site names this account. A public selector, not a proof of anything.
fn is_named_by(account: &Account, old: &OldLink) -> bool {
    let (key, site) = (old.account_key.as_deref(), old.site_id.as_deref());
    account.gateway() == old.gateway
        && match &account.keys {
            AccountKeys::Fedapay { public_key, .. } => public_key.is_some() && public_key.as_deref() == key,
            AccountKeys::CinetpayV2 { site_id, .. } => Some(site_id.as_str()) == site,
            AccountKeys::CinetpayV1 { api_key, .. } => Some(api_key.expose_secret()) == key,
            AccountKeys::Feexpay { shop, token, .. } => match site {
                Some(site) => shop == site,
                None => Some(token.expose_secret()) == key,
            },
            AccountKeys::Conekta { public_key, .. } | AccountKeys::Mercadopago { public_key, .. } => {
                public_key.is_some() && public_key.as_deref() == key
            }
        }
}

fn hotspot_named<'a>(directory: &'a Directory, company: &Company, nasid: &str) -> Result<&'a Hotspot, LinkFault> {
    let mut named = directory.hotspots.values().filter(|hotspot| {
        hotspot.name == nasid
            && directory
                .company_of(hotspot)
                .is_some_and(|owner| owner.id == company.id)
    });
    match (named.next(), named.next()) {
        (Some(hotspot), None) => Ok(hotspot),
        (Some(_), Some(_)) => Err(LinkFault::AmbiguousHotspot(nasid.to_owned())),
        (None, _) => Err(LinkFault::UnknownHotspot(nasid.to_owned())),
    }
}

/// The numbers of an old link, read but not believed.
struct Asked {
    price: Option<Money>,
    time: Option<TimeLimit>,
    data: Option<DataLimit>,
}

impl Asked {
    fn read(old: &OldLink, home: Currency) -> Result<Self, LinkFault> {
        let currency = match &old.currency {
            None => home,
            Some(text) => Currency::from_text(text, home).ok_or_else(|| LinkFault::BadValue {
                name: "currency",
                value: shown(text),
                wanted: Wanted::Currency,
            })?,
        };
        let price = read_value(("amount", Wanted::Amount), old.amount.as_deref(), |text| {
            Money::parse_major(text, currency)
        })?;
        let time = read_value(("timelimit", Wanted::Time), old.time.as_deref(), TimeLimit::parse)?;
        let data = read_value(("datalimit", Wanted::Data), old.data.as_deref(), DataLimit::parse)?;
        Ok(Self { price, time, data })
    }

    fn fits(&self, plan: &Plan) -> bool {
        self.time.is_none_or(|time| time == plan.time) && self.data.is_none_or(|data| data == plan.data)
    }

    /// A plan out of the link itself, for a hotspot whose operator trusts links.
    fn believed(&self, old: &OldLink) -> Result<PlanSnapshot, LinkFault> {
        let price = self
            .price
            .filter(|price| price.minor() > 0)
            .ok_or_else(|| LinkFault::BadValue {
                name: "amount",
                value: shown(old.amount.as_deref().unwrap_or_default()),
                wanted: Wanted::Price,
            })?;
        Ok(PlanSnapshot {
            plan: None,
            label: old.profile.clone(),
            profile: old.profile.clone(),
            price,
            time: self.time.unwrap_or_default(),
            data: self.data.unwrap_or_default(),
        })
    }
}

fn read_value<T, E>(
    (name, wanted): (&'static str, Wanted),
    text: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, LinkFault> {
    let Some(text) = text else { return Ok(None) };
    read(text).map(Some).map_err(|_| LinkFault::BadValue {
        name,
        value: shown(text),
        wanted,
    })
}

/// The plan a link means: profile, limits and price; then profile and limits; then the only one of the profile.
fn select_plan<'a>(plans: &[&'a Plan], old: &OldLink, asked: &Asked) -> Option<&'a Plan> {
    let of_profile: Vec<_> = plans
        .iter()
        .copied()
        .filter(|plan| plan.profile == old.profile)
        .collect();
    let fitting: Vec<_> = of_profile.iter().copied().filter(|plan| asked.fits(plan)).collect();
    let exact = fitting.iter().copied().find(|plan| Some(plan.price) == asked.price);
    exact.or_else(|| only(&fitting)).or_else(|| only(&of_profile))
}

fn only<'a>(plans: &[&'a Plan]) -> Option<&'a Plan> {
    match plans {
        [plan] => Some(plan),
        _ => None,
    }
}

fn snapshot(plan: &Plan) -> PlanSnapshot {
    PlanSnapshot {
        plan: Some(plan.id.clone()),
        label: plan.label.clone(),
        profile: plan.profile.clone(),
        price: plan.price,
        time: plan.time,
        data: plan.data,
    }
}
