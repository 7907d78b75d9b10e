//! The plans that buttons sell. A plan that the relay has keeps its price: what a page says otherwise is a doubt.

use toml::Value;

use super::draft::Draft;
use super::find::Button;
use super::link::{Field, Fields, is_macro};
use super::places::{Notes, Place};
use crate::company::Directory;
use crate::money::{Currency, Money};
use crate::plan::{DataLimit, TimeLimit};
use crate::shown::shown;
use crate::sorted::Arrange;

/// A plan of the relay, or one that this import makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPlan {
    pub id: String,
    pub hotspot: String,
    pub profile: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
    pub accounts: Vec<String>,
    pub is_new: bool,
}

/// What a button sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    pub profile: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
}

/// All plans of the store.
pub fn known(directory: &Directory) -> Vec<KnownPlan> {
    let mut plans: Vec<_> = directory
        .plans
        .values()
        .map(|plan| KnownPlan {
            id: plan.id.to_string(),
            hotspot: plan.hotspot.to_string(),
            profile: plan.profile.clone(),
            price: plan.price,
            time: plan.time,
            data: plan.data,
            accounts: plan.accounts.iter().map(ToString::to_string).collect(),
            is_new: false,
        })
        .collect();
    plans.arrange_by(|a, b| a.id.cmp(&b.id));
    plans
}

/// What a button sells, or `None` after saying what cannot be read.
pub fn read(button: &Button, place: &Place, notes: &mut Notes) -> Option<Sold> {
    let fields = &button.fields;
    let profile = fields.get(Field::Profile).filter(|profile| !is_macro(profile));
    let Some(profile) = profile else {
        notes.doubt(
            button.line,
            "the button names no profile (`profile_name`); it stays as it is",
        );
        return None;
    };
    let currency = currency(button, place, notes)?;
    let price = price(button, profile, currency, notes)?;
    let time = limit(button, Field::Time, "timelimit", notes, TimeLimit::parse)?;
    let data = limit(button, Field::Data, "datalimit", notes, DataLimit::parse)?;
    if time.is_none() && data.is_none() {
        notes.doubt(
            button.line,
            format!(
                "profile `{}` is sold without a time or data limit: only the profile itself limits it",
                shown(profile)
            ),
        );
    }
    Some(Sold {
        profile: profile.to_owned(),
        price,
        time,
        data,
    })
}

fn currency(button: &Button, place: &Place, notes: &mut Notes) -> Option<Currency> {
    let Some(text) = button.fields.get(Field::Currency) else {
        notes.doubt(
            button.line,
            format!("the button names no currency; {} is taken, the company's", place.home),
        );
        return Some(place.home);
    };
    let currency = Currency::from_text(text, place.home);
    match currency {
        None => notes.doubt(
            button.line,
            format!(
                "`{}` is no currency the gateways take; the button stays as it is",
                shown(text)
            ),
        ),
        Some(currency) if currency != place.home => notes.doubt(
            button.line,
            format!(
                "the button asks for {currency}, and the company sells in {}",
                place.home
            ),
        ),
        Some(_) => {}
    }
    currency
}

fn price(button: &Button, profile: &str, currency: Currency, notes: &mut Notes) -> Option<Money> {
    let text = button.fields.get(Field::Amount).unwrap_or_default();
    let why = if text.is_empty() {
        "names no amount".to_owned()
    } else if text.contains("$(") {
        format!(
            "has the variable `{}` for an amount, which no router knows",
            shown(text)
        )
    } else {
        match Money::parse_major(text, currency) {
            Ok(price) if price.minor() > 0 => return Some(price),
            Ok(_) => "gives it away for nothing".to_owned(),
            Err(error) => format!("has an amount that cannot be read: {error}"),
        }
    };
    notes.doubt(
        button.line,
        format!("the button of profile `{}` {why}; it stays as it is", shown(profile)),
    );
    None
}

fn limit<T: Default, E: ToString>(
    button: &Button,
    field: Field,
    name: &str,
    notes: &mut Notes,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let text = button.fields.get(field).unwrap_or_default();
    match parse(text) {
        Ok(limit) => Some(limit),
        Err(error) => {
            let text = format!(
                "`{name}` cannot be read: {}; the button stays as it is",
                error.to_string()
            );
            notes.doubt(button.line, text);
            None
        }
    }
}

/// The plan that sells this, found or made; its index in `plans`.
pub fn find(
    draft: &mut Draft,
    plans: &mut Vec<KnownPlan>,
    (hotspot, account): (&str, Option<&str>),
    (sold, label): (&Sold, Option<&str>),
    line: Option<usize>,
    notes: &mut Notes,
) -> usize {
    let same_limits = |plan: &KnownPlan| {
        plan.hotspot == hotspot && plan.profile == sold.profile && plan.time == sold.time && plan.data == sold.data
    };
    let exact = plans
        .iter()
        .position(|plan| same_limits(plan) && plan.price == sold.price);
    let similar = || plans.iter().position(same_limits);
    if let Some(at) = exact {
        sell_through(draft, plans, at, account);
        return at;
    }
    if let Some(plan) = similar().and_then(|at| plans.get(at)) {
        if !plan.is_new {
            let text = format!(
                "plan `{}` costs {} here, and the page says {}: the relay's price stays. If the page is right, correct `price` \
                 of the plan",
                plan.id,
                money(plan.price),
                money(sold.price)
            );
            notes.doubt(line, text);
            let at = similar().unwrap_or_default();
            sell_through(draft, plans, at, account);
            return at;
        }
        let text = format!(
            "profile `{}` is sold for {} and for {} with the same limits: both are taken over, as plans of their own; whoever sees \
             both buys the cheaper",
            shown(&sold.profile),
            money(plan.price),
            money(sold.price)
        );
        notes.doubt(line, text);
    }
    plans.push(make(draft, hotspot, account, sold, label));
    plans.len() - 1
}

/// A further gateway that sells the plan. A plan that names none is sold by all.
fn sell_through(draft: &mut Draft, plans: &mut [KnownPlan], at: usize, account: Option<&str>) {
    let (Some(plan), Some(account)) = (plans.get_mut(at), account) else {
        return;
    };
    if !plan.accounts.is_empty() && !plan.accounts.iter().any(|known| known == account) {
        plan.accounts.push(account.to_owned());
        draft.set("plan", &plan.id, "accounts", Value::from(plan.accounts.clone()));
    }
}

fn make(draft: &mut Draft, hotspot: &str, account: Option<&str>, sold: &Sold, label: Option<&str>) -> KnownPlan {
    let id = draft.fresh("plan", &sold.profile, hotspot);
    let accounts: Vec<String> = account.into_iter().map(str::to_owned).collect();
    let mut values = vec![
        ("hotspot", Value::from(hotspot)),
        ("label", Value::from(label.unwrap_or(&sold.profile))),
        ("profile", Value::from(sold.profile.as_str())),
        ("price", Value::from(sold.price.major_text())),
        ("currency", Value::from(sold.price.currency().code())),
        ("time", Value::from(sold.time.to_routeros())),
        ("data", Value::from(sold.data.to_routeros())),
    ];
    if !accounts.is_empty() {
        values.push(("accounts", Value::from(accounts.clone())));
    }
    draft.add("plan", &id, values);
    KnownPlan {
        id,
        hotspot: hotspot.to_owned(),
        profile: sold.profile.clone(),
        price: sold.price,
        time: sold.time,
        data: sold.data,
        accounts,
        is_new: true,
    }
}

/// `100 XOF`.
pub fn money(price: Money) -> String {
    format!("{} {}", price.major_text(), price.currency())
}

/// Whether a page's fields are those of a sale at all.
pub fn sells(fields: &Fields) -> bool {
    fields.get(Field::Profile).is_some() || fields.get(Field::Amount).is_some()
}
