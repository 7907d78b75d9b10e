//! Products: plans as the administration API makes and changes them. A plan that is sold by link and by portal is one
//! thing, so a product that is not active is sold by neither.

use serde_json::{Map, Value};
use url::Url;

use super::companies::known as known_company;
use super::error::{AdminError, FieldFault, needed, optional};
use super::routers;
use crate::audit::{Actor, Changes};
use crate::company::{Directory, Hotspot, Router};
use crate::ids::{CompanyId, PlanId, RouterId};
use crate::money::{Currency, Money, MoneyError};
use crate::plan::{DataLimit, Plan, Product, TimeLimit};
use crate::secrets::random_token;
use crate::sorted::Arrange;
use crate::store::{Db, StoreError};

/// A list of objects, as the API has them.
pub type Details = Vec<Map<String, Value>>;

/// A product as its company wishes for it.
#[derive(Clone, Debug)]
pub struct ProductWish {
    pub router: RouterId,
    /// The profile's `.id` on the router.
    pub profile_id: String,
    pub profile: String,
    pub label: String,
    /// In digits, as it was sent.
    pub price: String,
    /// The company's own where it is not said.
    pub currency: Option<String>,
    pub description: Option<String>,
    pub image_url: Option<String>,
    pub details: Details,
    pub active: bool,
    pub position: i64,
    pub featured: bool,
}

/// What is to be changed: `None` stays, `Some(None)` goes.
#[derive(Clone, Debug, Default)]
pub struct ProductChange {
    pub label: Option<String>,
    pub price: Option<String>,
    pub currency: Option<String>,
    pub description: Option<Option<String>>,
    pub image_url: Option<Option<String>>,
    pub details: Option<Details>,
    pub active: Option<bool>,
    pub position: Option<i64>,
    pub featured: Option<bool>,
}

/// A product with its plan and its router.
#[derive(Clone, Debug)]
pub struct Offered {
    pub product: Product,
    pub plan: Plan,
    pub router: RouterId,
}

/// The company's product of this number.
pub fn known(directory: &Directory, company: &CompanyId, number: i64) -> Result<Offered, AdminError> {
    let found = directory.product(number);
    let found = found.and_then(|(product, plan)| offered(directory, company, product, plan));
    found.ok_or(AdminError::NoProduct(number))
}

/// The product with its plan, if it is the company's.
fn offered(directory: &Directory, company: &CompanyId, product: &Product, plan: &Plan) -> Option<Offered> {
    let router = directory.router_of_plan(plan)?;
    (&router.company == company && router.card.removed_at.is_none()).then(|| Offered {
        product: product.clone(),
        plan: plan.clone(),
        router: router.id.clone(),
    })
}

/// The company's products, of one router or of all: by their position, newest first.
pub fn of_company(directory: &Directory, company: &CompanyId, router: Option<&RouterId>) -> Vec<Offered> {
    let mut found: Vec<_> = directory
        .products
        .values()
        .filter_map(|product| offered(directory, company, product, directory.plans.get(&product.plan)?))
        .filter(|offered| router.is_none_or(|router| &offered.router == router))
        .collect();
    found.arrange_by_key(|offered| (offered.product.position, std::cmp::Reverse(offered.product.number)));
    found
}

/// Makes a product and the plan that it is.
pub fn add(db: &Db<'_>, actor: &Actor, company: &CompanyId, wish: ProductWish) -> Result<Offered, AdminError> {
    let directory = db.load_directory()?;
    let owner = known_company(&directory, company)?;
    let router = routers::known(&directory, company, &wish.router)?;
    let currency = match &wish.currency {
        Some(text) => read_currency(text)?,
        None => directory.currency_of(&owner),
    };
    let plan = Plan {
        id: PlanId::new(format!("p{}", random_token(ID_BITS))),
        hotspot: hotspot_of(db, &directory, &router)?.id,
        accounts: Vec::new(),
        label: needed("nombre_venta", &wish.label, MOST_NAME)?,
        profile: needed("perfil_mikrotik_nombre", &wish.profile, MOST_NAME)?,
        price: read_price(&wish.price, currency)?,
        time: TimeLimit::NONE,
        data: DataLimit::NONE,
    };
    let profile_id = needed("perfil_mikrotik_id", &wish.profile_id, MOST_NAME)?;
    if wish.active {
        profile_is_free(&directory, &router.id, &profile_id, None)?;
    }
    let fields = Fields {
        description: optional("descripcion", wish.description.as_deref(), MOST_DESCRIPTION)?,
        image_url: read_image_url(wish.image_url.as_deref())?,
        details: read_details(wish.details)?,
    };
    db.put_plan(&plan)?;
    let made = known_in_store(db, &plan.id)?;
    let product = Product {
        profile_id: Some(profile_id),
        description: fields.description,
        image_url: fields.image_url,
        details: fields.details,
        featured: wish.featured,
        position: wish.position,
        active: wish.active,
        ..made
    };
    db.set_product(&product)?;
    let changes = Changes::none()
        .new_value("nombre_venta", &plan.label)
        .new_value("precio", plan.price)
        .new_value("perfil_mikrotik_nombre", &plan.profile)
        .new_value("activo", product.active);
    db.add_audit(&actor.did(Some(company), subject(product.number), changes))?;
    Ok(Offered {
        product,
        plan,
        router: router.id,
    })
}

/// Changes a product. Its router and its profile stay.
pub fn update(
    db: &Db<'_>,
    actor: &Actor,
    company: &CompanyId,
    number: i64,
    change: ProductChange,
) -> Result<Offered, AdminError> {
    let directory = db.load_directory()?;
    let old = known(&directory, company, number)?;
    let mut new = old.clone();
    if let Some(label) = &change.label {
        new.plan.label = needed("nombre_venta", label, MOST_NAME)?;
    }
    new.plan.price = new_price(old.plan.price, change.price.as_deref(), change.currency.as_deref())?;
    let product = &mut new.product;
    if let Some(text) = &change.description {
        product.description = optional("descripcion", text.as_deref(), MOST_DESCRIPTION)?;
    }
    if let Some(url) = &change.image_url {
        product.image_url = read_image_url(url.as_deref())?;
    }
    if let Some(details) = change.details {
        product.details = read_details(details)?;
    }
    product.active = change.active.unwrap_or(product.active);
    product.position = change.position.unwrap_or(product.position);
    product.featured = change.featured.unwrap_or(product.featured);
    if let (true, false, Some(profile)) = (product.active, old.product.active, &product.profile_id) {
        profile_is_free(&directory, &old.router, profile, Some(number))?;
    }
    let changes = changes_of(&old, &new);
    if !changes.is_empty() {
        db.put_plan(&new.plan)?;
        db.set_product(&new.product)?;
        db.add_audit(&actor.did(Some(company), subject(number), changes))?;
    }
    Ok(new)
}

/// The hotspot that the router's plans belong to: its first one, or a new one where it has none.
fn hotspot_of(db: &Db<'_>, directory: &Directory, router: &Router) -> Result<Hotspot, StoreError> {
    let hotspots = directory.hotspots.values().filter(|it| it.router == router.id);
    if let Some(first) = hotspots.min_by(|a, b| a.id.cmp(&b.id)) {
        return Ok(first.clone());
    }
    let hotspot = routers::hotspot_of(router, directory);
    db.put_hotspot(&hotspot)?;
    Ok(hotspot)
}

fn known_in_store(db: &Db<'_>, plan: &PlanId) -> Result<Product, StoreError> {
    let product = db.product_of(plan)?;
    product.ok_or_else(|| StoreError::NotFound {
        what: "product",
        id: plan.to_string(),
    })
}

/// One profile, one product that is for sale; those that are not block nothing.
fn profile_is_free(
    directory: &Directory,
    router: &RouterId,
    profile_id: &str,
    but: Option<i64>,
) -> Result<(), AdminError> {
    let is_taken = directory.products.values().any(|product| {
        let plan = directory.plans.get(&product.plan);
        let here = plan
            .and_then(|plan| directory.router_of_plan(plan))
            .is_some_and(|it| &it.id == router);
        here && product.active && Some(product.number) != but && product.profile_id.as_deref() == Some(profile_id)
    });
    if is_taken {
        return Err(AdminError::ProfileTaken(profile_id.to_owned()));
    }
    Ok(())
}

fn new_price(old: Money, price: Option<&str>, currency: Option<&str>) -> Result<Money, AdminError> {
    let to = currency.map(read_currency).transpose()?.unwrap_or(old.currency());
    match price {
        Some(price) => read_price(price, to),
        None if to == old.currency() => Ok(old),
        // The same number of another money.
        None => read_price(&old.major_text(), to),
    }
}

fn read_price(text: &str, currency: Currency) -> Result<Money, AdminError> {
    let wrong = |fault| AdminError::field("precio", fault);
    if text.trim().starts_with('-') {
        return Err(wrong(FieldFault::NotPositive));
    }
    let text = text.trim().trim_start_matches('+');
    let price = Money::parse_major(text, currency).map_err(|error| {
        wrong(match error {
            MoneyError::NotANumber(_) => FieldFault::Amount,
            MoneyError::TooFine { currency, .. } => FieldFault::TooFine(currency),
            MoneyError::TooLarge(_) => FieldFault::TooLarge,
        })
    })?;
    if price.minor() <= 0 {
        return Err(wrong(FieldFault::NotPositive));
    }
    if price.minor() > Money::from_whole_major(LARGEST_PRICE, currency).minor() {
        return Err(wrong(FieldFault::TooLarge));
    }
    Ok(price)
}

fn read_currency(text: &str) -> Result<Currency, AdminError> {
    let code = text.trim();
    let known = Currency::ALL
        .into_iter()
        .find(|currency| currency.code().eq_ignore_ascii_case(code));
    known.ok_or(AdminError::field("moneda", FieldFault::Currency))
}

/// An address of the web, or a path on the portal's own host.
fn read_image_url(text: Option<&str>) -> Result<Option<String>, AdminError> {
    let Some(text) = optional("imagen_url", text, MOST_URL)? else {
        return Ok(None);
    };
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    let is_web = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_path || is_web {
        Ok(Some(text))
    } else {
        Err(AdminError::field("imagen_url", FieldFault::Url))
    }
}

fn read_details(details: Details) -> Result<Details, AdminError> {
    let too_long = |most| AdminError::field("detalles", FieldFault::TooLong(most));
    if details.len() > MOST_DETAILS {
        return Err(too_long(MOST_DETAILS));
    }
    let length = serde_json::to_string(&details).map_or(usize::MAX, |json| json.len());
    if length > MOST_DETAILS_BYTES {
        return Err(too_long(MOST_DETAILS_BYTES));
    }
    Ok(details)
}

/// What was looked through of a wish.
struct Fields {
    description: Option<String>,
    image_url: Option<String>,
    details: Details,
}

fn changes_of(old: &Offered, new: &Offered) -> Changes {
    let (was, is) = (&old.product, &new.product);
    let details = |product: &Product| serde_json::to_string(&product.details).unwrap_or_default();
    Changes::none()
        .value("nombre_venta", Some(&old.plan.label), Some(&new.plan.label))
        .value("precio", Some(old.plan.price), Some(new.plan.price))
        .value("descripcion", was.description.as_deref(), is.description.as_deref())
        .value("imagen_url", was.image_url.as_deref(), is.image_url.as_deref())
        .value("detalles", Some(details(was)), Some(details(is)))
        .value("activo", Some(was.active), Some(is.active))
        .value("orden_visual", Some(was.position), Some(is.position))
        .value("destacado", Some(was.featured), Some(is.featured))
}

fn subject(number: i64) -> String {
    format!("product {number}")
}

/// As the documented tables have them (facts: pagos-hotspot-api 7.1).
const MOST_NAME: usize = 100;
const MOST_URL: usize = 500;
/// Their price has ten digits, two of them decimals.
const LARGEST_PRICE: i64 = 99_999_999;
/// A paragraph or two; the catalogue is loaded by every phone.
const MOST_DESCRIPTION: usize = 2000;
const MOST_DETAILS: usize = 50;
const MOST_DETAILS_BYTES: usize = 8 * 1024;
/// Short enough for a link (`/b/<plan>`), enough for two never to meet.
const ID_BITS: usize = 40;
