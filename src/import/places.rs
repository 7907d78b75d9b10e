//! Whose page it is: the company, the router and the hotspots that records of an import belong to. What is not there
//! yet is made, and what had to be guessed for it is said.

use toml::Value;

use super::draft::{Draft, slug};
use super::{Doubt, ImportError, Wish};
use crate::ids::{CompanyId, RouterId};
use crate::money::Currency;

/// Company and router of an import.
#[derive(Clone, Debug)]
pub struct Place {
    pub company: String,
    pub router: String,
    /// The currency that the company sells in.
    pub home: Currency,
}

/// What a page hints at, for a company that has to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    pub title: Option<&'a str>,
    pub currency: Option<&'a str>,
}

/// Sentences that gather while records are made.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub doubts: Vec<Doubt>,
    pub todos: Vec<String>,
}

impl Notes {
    pub fn doubt(&mut self, line: impl Into<Option<usize>>, text: impl Into<String>) {
        let doubt = Doubt::new(line, text);
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }

    pub fn todo(&mut self, text: impl Into<String>) {
        self.todos.push(text.into());
    }
}

/// Finds or makes company and router.
pub fn find(draft: &mut Draft, wish: &Wish, hints: Hints<'_>, notes: &mut Notes) -> Result<Place, ImportError> {
    let company = company(draft, wish, hints, notes)?;
    let router = router(draft, wish, &company, notes)?;
    let country = draft.text("company", &company, "country").unwrap_or_default();
    Ok(Place {
        home: Currency::of_country(country),
        company,
        router,
    })
}

fn company(draft: &mut Draft, wish: &Wish, hints: Hints<'_>, notes: &mut Notes) -> Result<String, ImportError> {
    let of_router = wish
        .router
        .as_deref()
        .and_then(|router| draft.text("router", router, "company"));
    let id = match (&wish.company, of_router) {
        (Some(wished), _) if draft.has("company", wished) => return Ok(wished.clone()),
        (Some(wished), _) => wished.clone(),
        (None, Some(owner)) => return Ok(owner.to_owned()),
        (None, None) => match draft.ids("company").as_slice() {
            [only] => return Ok(only.clone()),
            [] => slug(wish.company_name.as_deref().or(hints.title).unwrap_or("wifi")),
            several => return Err(ImportError::WhichCompany(several.to_vec())),
        },
    };
    let name = wish.company_name.as_deref().or(hints.title).unwrap_or(&id);
    let guessed = hints.currency.map_or("BJ", country_of);
    let country = wish.country.as_deref().unwrap_or(guessed).to_ascii_uppercase();
    if wish.country.is_none() {
        notes.doubt(
            None,
            format!(
                "company `{id}` is new and taken to be in {country}: the country gives currency, phone numbers and time zone; \
                 if it is another, say so with `--country`"
            ),
        );
    }
    let language = match country.as_str() {
        "BR" | "PT" | "AO" | "MZ" | "CV" | "GW" => "pt",
        "MX" | "AR" | "CL" | "CO" | "PE" | "UY" | "GQ" => "es",
        "GH" | "NG" | "KE" | "ZA" | "US" | "GB" => "en",
        _ => "fr",
    };
    let values = vec![
        ("name", Value::from(name)),
        ("country", Value::from(country)),
        ("language", Value::from(language)),
    ];
    draft.add("company", &id, values);
    notes.todo(format!(
        "company `{id}`: tell where the mails of sales go: `mikrelay company set {id} --notify-email you@example.net` \
         (`mikrelay import callback` does it, too)"
    ));
    Ok(id)
}

fn router(draft: &mut Draft, wish: &Wish, company: &str, notes: &mut Notes) -> Result<String, ImportError> {
    let id = match &wish.router {
        Some(wished) if draft.has("router", wished) => {
            let owner = draft.text("router", wished, "company").unwrap_or_default();
            if owner != company {
                return Err(ImportError::OtherCompany {
                    router: RouterId::new(wished),
                    company: CompanyId::new(owner),
                });
            }
            Some(wished.clone())
        }
        Some(_) => None,
        None => match draft.with("router", "company", company).as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => {
                return Err(ImportError::WhichRouter {
                    company: CompanyId::new(company),
                    routers: several.to_vec(),
                });
            }
        },
    };
    let id = match id {
        Some(id) => {
            let is_placeholder = draft.text("router", &id, "address") == Some(PLACEHOLDER_ADDRESS);
            if let Some(address) = wish.router_address.as_deref().filter(|_| is_placeholder) {
                draft.set("router", &id, "address", Value::from(address));
            }
            id
        }
        None => {
            let id = match &wish.router {
                Some(wished) => wished.clone(),
                None => draft.fresh("router", "router-1", company),
            };
            let address = wish.router_address.as_deref().unwrap_or(PLACEHOLDER_ADDRESS);
            let values = vec![("company", Value::from(company)), ("address", Value::from(address))];
            draft.add("router", &id, values);
            id
        }
    };
    if draft.text("router", &id, "address") == Some(PLACEHOLDER_ADDRESS) {
        notes.todo(format!(
            "router `{id}` has no address yet: until then codes that are paid for wait. Run the same command with \
             `--router {id} --router-address 10.99.0.2:8728`, its address as this machine reaches it"
        ));
    }
    if draft.text("router", &id, "user").is_none() {
        notes.todo(format!(
            "router `{id}` has no API user yet: `mikrelay kit` makes one of few rights, `mikrelay import callback` takes the old \
             one over, `mikrelay router set {id} --user NAME --password-file -` gives another"
        ));
    }
    Ok(id)
}

/// The hotspot of this server name; one is made where the company has none.
pub fn hotspot(draft: &mut Draft, place: &Place, name: &str, notes: &mut Notes) -> String {
    let mut named = draft.with("hotspot", "name", name);
    let router_of = |draft: &Draft, id: &str| draft.text("hotspot", id, "router").unwrap_or_default().to_owned();
    if let Some(here) = named.iter().find(|id| router_of(draft, id) == place.router) {
        return here.clone();
    }
    named.retain(|id| draft.text("router", &router_of(draft, id), "company") == Some(&place.company));
    if let [elsewhere] = named.as_slice() {
        return elsewhere.clone();
    }
    add_hotspot(draft, place, name, None, notes)
}

/// Makes a hotspot. Its label is a callback's path and unique in the relay.
pub fn add_hotspot(draft: &mut Draft, place: &Place, name: &str, label: Option<&str>, notes: &mut Notes) -> String {
    let id = draft.fresh("hotspot", name, &place.router);
    let is_free = |label: &str| draft.with("hotspot", "label", label).is_empty();
    let label = match label {
        Some(label) => label.to_owned(),
        None if is_free(&slug(name)) => slug(name),
        None => id.clone(),
    };
    let values = vec![
        ("router", Value::from(place.router.as_str())),
        ("label", Value::from(label.as_str())),
        ("name", Value::from(name)),
    ];
    draft.add("hotspot", &id, values);
    notes.todo(format!(
        "hotspot `{id}`: tell its DNS name, so that phones are sent back to it: `mikrelay hotspot set {id} --dns-name NAME` \
         (`mikrelay import callback` does it, too)"
    ));
    id
}

/// A country that sells in a currency; the most likely for the franc of fourteen.
fn country_of(currency: &str) -> &'static str {
    match Currency::from_text(currency, Currency::Xof) {
        Some(Currency::Xaf) => "CM",
        Some(Currency::Gnf) => "GN",
        Some(Currency::Cdf) => "CD",
        Some(Currency::Mxn) => "MX",
        Some(Currency::Ars) => "AR",
        Some(Currency::Brl) => "BR",
        Some(Currency::Clp) => "CL",
        Some(Currency::Cop) => "CO",
        Some(Currency::Pen) => "PE",
        Some(Currency::Uyu) => "UY",
        _ => "BJ",
    }
}

/// A name that leads nowhere for ever (RFC 2606), where nobody has told the router's address.
pub const PLACEHOLDER_ADDRESS: &str = "router.invalid:8728";
