//! Makes plans of a router's user profiles, with the price and the validity that Mikhmon wrote into their scripts.
//! Facts: `mikhmon.md` 2.1.

use super::draft::Draft;
use super::places::{Notes, Place};
use super::plans::{self, KnownPlan, Sold};
use super::{Doubt, ImportError};
use crate::company::Directory;
use crate::ids::RouterId;
use crate::mikhmon::{Expiry, ProfileScript, Validity};
use crate::money::{Currency, Money};
use crate::plan::{DataLimit, TimeLimit};
use crate::shown::shown;

/// A profile as the router lists it.
#[derive(Clone, Debug)]
pub struct OfferedProfile {
    pub name: String,
    pub on_login: String,
}

/// One profile and what came of it.
#[derive(Clone, Debug)]
pub struct ProfileRow {
    pub profile: String,
    pub price: Option<Money>,
    /// The price is what Mikhmon calls the selling price.
    pub is_selling_price: bool,
    pub validity: Option<String>,
    /// The plan that sells it, and whether it is new; `None` where nothing says a price.
    pub plan: Option<KnownPlan>,
}

/// What came of all profiles.
#[derive(Clone, Debug)]
pub struct TakenProfiles {
    pub rows: Vec<ProfileRow>,
    pub doubts: Vec<Doubt>,
    pub draft: Draft,
    pub hotspot: String,
}

/// Takes over the profiles of a router. `version` is RouterOS' own word. Nothing is written.
pub fn take_profiles(
    profiles: &[OfferedProfile],
    version: &str,
    directory: &Directory,
    router: &str,
    hotspot: Option<&str>,
) -> Result<TakenProfiles, ImportError> {
    let mut draft = Draft::of(directory)?;
    let company = draft.text("router", router, "company").map(str::to_owned);
    let company = company.ok_or_else(|| ImportError::NoRouter(router.to_owned()))?;
    let country = draft.text("company", &company, "country").unwrap_or_default();
    let place = Place {
        home: Currency::of_country(country),
        router: router.to_owned(),
        company,
    };
    let hotspot = hotspot_of(&draft, &place, hotspot)?;
    let mut taker = Taker {
        known: plans::known(directory),
        notes: Notes::default(),
        version,
        hotspot,
        place,
    };
    let rows = profiles
        .iter()
        .filter(|profile| profile.name != DEFAULT_PROFILE || ProfileScript::read(&profile.on_login).is_some())
        .map(|profile| taker.row(&mut draft, profile))
        .collect();
    Ok(TakenProfiles {
        rows,
        doubts: taker.notes.doubts,
        draft,
        hotspot: taker.hotspot,
    })
}

fn hotspot_of(draft: &Draft, place: &Place, wished: Option<&str>) -> Result<String, ImportError> {
    let here = draft.with("hotspot", "router", &place.router);
    match (wished, here.as_slice()) {
        (Some(wished), _) => here
            .into_iter()
            .find(|id| id == wished)
            .ok_or_else(|| ImportError::NoHotspot(wished.to_owned())),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(ImportError::NoHotspotYet(RouterId::new(&*place.router))),
        (None, several) => Err(ImportError::WhichHotspot {
            router: RouterId::new(&*place.router),
            hotspots: several.to_vec(),
        }),
    }
}

struct Taker<'a> {
    known: Vec<KnownPlan>,
    notes: Notes,
    version: &'a str,
    hotspot: String,
    place: Place,
}

impl Taker<'_> {
    fn row(&mut self, draft: &mut Draft, profile: &OfferedProfile) -> ProfileRow {
        let script = ProfileScript::read(&profile.on_login);
        let selling = script.as_ref().and_then(|script| script.selling_price.as_deref());
        let text = selling.or(script.as_ref().and_then(|script| script.price.as_deref()));
        let mut row = ProfileRow {
            profile: profile.name.clone(),
            price: None,
            is_selling_price: selling.is_some(),
            validity: None,
            plan: None,
        };
        let (Some(script), Some(text)) = (&script, text) else {
            row.plan = self.known.iter().find(|plan| self.sells(plan, profile)).cloned();
            if row.plan.is_none() {
                self.doubt(
                    profile,
                    "says no price in Mikhmon's way; add its plan by hand if it is sold",
                );
            }
            return row;
        };
        row.validity = script.validity.as_ref().map(|validity| validity.text.clone());
        match Money::parse_major(text, self.place.home) {
            Ok(price) => row.price = Some(price),
            Err(error) => {
                self.doubt(profile, &format!("has a price that cannot be taken: {error}"));
                return row;
            }
        }
        self.judge_expiry(profile, script);
        row.plan = self.plan(draft, profile, row.price, script.validity.as_ref());
        row
    }

    fn sells(&self, plan: &KnownPlan, profile: &OfferedProfile) -> bool {
        plan.hotspot == self.hotspot && plan.profile == profile.name
    }

    /// The plan that sells the profile already, whatever its limits, or a new one.
    fn plan(
        &mut self,
        draft: &mut Draft,
        profile: &OfferedProfile,
        price: Option<Money>,
        validity: Option<&Validity>,
    ) -> Option<KnownPlan> {
        let price = price?;
        let of_profile: Vec<_> = self
            .known
            .iter()
            .filter(|plan| self.sells(plan, profile))
            .cloned()
            .collect();
        if let Some(first) = of_profile.first() {
            let agreeing = of_profile.iter().find(|plan| plan.price == price);
            if agreeing.is_none() {
                let text = format!(
                    "costs {} in Mikhmon, and plan `{}` costs {} here: the relay's price stays. If Mikhmon is right, correct `price` of \
                     the plan",
                    plans::money(price),
                    first.id,
                    plans::money(first.price)
                );
                self.doubt(profile, &text);
            }
            return Some(agreeing.unwrap_or(first).clone());
        }
        let time = validity.map_or(TimeLimit::NONE, |validity| validity.time);
        if time.is_none() {
            self.doubt(profile, "has no validity: its plan has no time limit of its own");
        }
        let sold = Sold {
            profile: profile.name.clone(),
            price,
            time,
            data: DataLimit::NONE,
        };
        let hotspot = self.hotspot.clone();
        let at = plans::find(
            draft,
            &mut self.known,
            (&hotspot, None),
            (&sold, None),
            None,
            &mut self.notes,
        );
        self.known.get(at).cloned()
    }

    fn judge_expiry(&mut self, profile: &OfferedProfile, script: &ProfileScript) {
        if script.expiry_on(self.version) == Expiry::Blind {
            let text = format!(
                "has a script that cannot read the dates of RouterOS {}: its validity never ends, and only a plan's time of \
                 use can end it",
                shown(self.version)
            );
            self.doubt(profile, &text);
        }
    }

    fn doubt(&mut self, profile: &OfferedProfile, text: &str) {
        self.notes
            .doubt(None, format!("profile `{}` {text}", shown(&profile.name)));
    }
}

impl TakenProfiles {
    /// How many plans are new.
    pub fn new_plans(&self) -> usize {
        let plans = self.rows.iter().filter_map(|row| row.plan.as_ref());
        plans.filter(|plan| plan.is_new).count()
    }
}

/// Every router has it, and nobody sells it.
const DEFAULT_PROFILE: &str = "default";
