//! Routers and the keys of their portals. A router made here gets a hotspot too, so that plans have a place.

use data_encoding::{HEXLOWER_PERMISSIVE, HEXUPPER};
use jiff::Timestamp;
use secrecy::SecretString;

use super::address::{self, API_TLS_PORT, AddressPolicy};
use super::companies::{known as known_company, secret_of};
use super::error::{AdminError, FieldFault, needed, optional};
use crate::api_key::ApiKey;
use crate::audit::{Actor, Changes};
use crate::company::{Directory, Hotspot, LinkPolicy, MikhmonWishes, Router, RouterCard, RouterCredentials, RouterTls};
use crate::ids::{ApiKeyId, CompanyId, HotspotId, RouterId};
use crate::payment::router_keys::{self, DEFAULT_LIFETIME, KeyWish, NewKey};
use crate::secrets::tokens::Tokens;
use crate::secrets::{random_bytes, random_uuid};
use crate::sorted::Arrange;
use crate::store::{Db, StoreError};
use crate::voucher::VoucherStyle;

/// A router as the operator wishes for it.
#[derive(Debug)]
pub struct RouterWish {
    pub name: String,
    pub host: String,
    pub port: i64,
    pub user: String,
    pub password: SecretString,
    pub location: Option<String>,
    /// SHA-256 of its certificate, in hexadecimal digits.
    pub fingerprint: Option<String>,
}

/// What is to be changed; `None` stays.
#[derive(Debug, Default)]
pub struct RouterChange {
    pub name: Option<String>,
    pub host: Option<String>,
    pub port: Option<i64>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub location: Option<Option<String>>,
    pub fingerprint: Option<Option<String>>,
}

/// What became of a router that was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Gone,
    /// Orders need it: it is only hidden, sells nothing and has no keys.
    Hidden,
}

/// The company's router of this id; one that was deleted is none.
pub fn known(directory: &Directory, company: &CompanyId, id: &RouterId) -> Result<Router, AdminError> {
    let router = directory.routers.get(id);
    router
        .filter(|router| &router.company == company && router.card.removed_at.is_none())
        .cloned()
        .ok_or_else(|| AdminError::NoRouter(id.to_string()))
}

/// The company's routers, oldest first.
pub fn of_company<'d>(directory: &'d Directory, company: &CompanyId) -> Vec<&'d Router> {
    let routers = directory.routers.values();
    let mut routers: Vec<_> = routers
        .filter(|router| &router.company == company && router.card.removed_at.is_none())
        .collect();
    routers.arrange_by(|a, b| (a.card.created_at, &a.id).cmp(&(b.card.created_at, &b.id)));
    routers
}

/// Makes a router, its hotspot and its key. The operator may name any address.
pub fn add(
    db: &Db<'_>,
    actor: &Actor,
    tokens: &Tokens,
    company: &CompanyId,
    wish: RouterWish,
) -> Result<(Router, NewKey), AdminError> {
    let directory = db.load_directory()?;
    known_company(&directory, company)?;
    let (address, port) = address::joined(&wish.host, wish.port)?;
    let password = secret_of("password", Some(wish.password))?;
    let id = RouterId::new(format!("RTR_{}", HEXUPPER.encode(&random_bytes::<4>())));
    let router = Router {
        id: id.clone(),
        company: company.clone(),
        address,
        tls: tls_of(port, &RouterTls::Off, wish.fingerprint.as_deref())?,
        credentials: Some(RouterCredentials {
            user: user_of(&wish.user)?,
            password: password.ok_or(AdminError::field("password", FieldFault::Empty))?,
        }),
        access_uuid: random_uuid(),
        card: RouterCard {
            name: Some(needed("nombre", &wish.name, MOST_NAME)?),
            location: optional("ubicacion", wish.location.as_deref(), MOST_LOCATION)?,
            created_at: db.now(),
            ..RouterCard::default()
        },
    };
    db.put_router(&router)?;
    db.set_router_card(&router.id, &router.card)?;
    db.put_hotspot(&hotspot_of(&router, &directory))?;
    let (key, _) = router_keys::make(db, tokens, &router, &key_wish())?;
    let changes = Changes::none()
        .new_value("nombre", router.shown_name())
        .new_value("address", &router.address)
        .secret("password", true)
        .new_value("api_key", &key.key.id);
    db.add_audit(&actor.did(Some(company), subject(&id), changes))?;
    db.bump_directory_version()?;
    Ok((router, key))
}

/// Changes a router on behalf of its company. One that moves needs its password again, and may move only where the
/// operator's policy lets it (facts: pagos-hotspot-api 9, S14).
pub fn update(
    db: &Db<'_>,
    actor: &Actor,
    policy: &AddressPolicy,
    company: &CompanyId,
    id: &RouterId,
    change: RouterChange,
) -> Result<Router, AdminError> {
    let old = known(&db.load_directory()?, company, id)?;
    let mut new = old.clone();
    let password = secret_of("password_encrypted", change.password.clone())?;
    (new.address, new.tls) = place_of(&old, policy, &change)?;
    let protection_changes = old.tls != RouterTls::Off && old.tls != new.tls;
    if (new.address != old.address || protection_changes) && password.is_none() {
        return Err(AdminError::PasswordAgain);
    }
    if let Some(name) = &change.name {
        new.card.name = Some(needed("nombre", name, MOST_NAME)?);
    }
    if let Some(location) = &change.location {
        new.card.location = optional("ubicacion", location.as_deref(), MOST_LOCATION)?;
    }
    let user = change.user.map(|user| user_of(&user)).transpose()?;
    new.credentials = credentials_of(&old, user, password.clone())?;
    let mut changes = changes_of(&old, &new);
    if password.is_some() {
        changes = changes.secret("password", true);
    }
    if !changes.is_empty() {
        db.put_router(&new)?;
        db.set_router_card(id, &new.card)?;
        db.add_audit(&actor.did(Some(company), subject(id), changes))?;
        db.bump_directory_version()?;
    }
    Ok(new)
}

/// Where the router is to be reached, and how the connection is protected.
fn place_of(old: &Router, policy: &AddressPolicy, change: &RouterChange) -> Result<(String, RouterTls), AdminError> {
    let (old_host, old_port) = address::parted(&old.address);
    let host = change.host.as_deref().map(str::trim);
    let stays = host.is_none_or(|host| host.eq_ignore_ascii_case(&old_host))
        && change.port.is_none_or(|port| port == i64::from(old_port));
    let (address, port, tls) = if stays {
        (old.address.clone(), old_port, old.tls.clone())
    } else {
        let host = host.unwrap_or(&old_host);
        let (address, port) = address::joined(host, change.port.unwrap_or(i64::from(old_port)))?;
        policy.judge(&address::parted(&address).0, port)?;
        let kept = if (old_port == API_TLS_PORT) == (port == API_TLS_PORT) {
            &old.tls
        } else {
            &RouterTls::Off
        };
        (address, port, tls_of(port, kept, None)?)
    };
    Ok(match &change.fingerprint {
        Some(fingerprint) => (address, tls_of(port, &RouterTls::Off, fingerprint.as_deref())?),
        None => (address, tls),
    })
}

/// Opens or closes a router for sales.
pub fn set_active(
    db: &Db<'_>,
    actor: &Actor,
    company: &CompanyId,
    id: &RouterId,
    is_active: impl FnOnce(bool) -> bool,
) -> Result<Router, AdminError> {
    let mut router = known(&db.load_directory()?, company, id)?;
    let was = router.card.active;
    router.card.active = is_active(was);
    db.set_router_card(id, &router.card)?;
    let changes = Changes::none().value("activo", Some(was), Some(router.card.active));
    db.add_audit(&actor.did(Some(company), subject(id), changes))?;
    Ok(router)
}

/// Takes a router away that sells nothing any more, with its keys. Products that were deactivated go with it.
pub fn remove(db: &Db<'_>, actor: &Actor, company: &CompanyId, id: &RouterId) -> Result<Removed, AdminError> {
    let directory = db.load_directory()?;
    let mut router = known(&directory, company, id)?;
    let is_here = |hotspot: &HotspotId| directory.hotspots.get(hotspot).is_some_and(|it| &it.router == id);
    let plans: Vec<_> = directory.plans.values().filter(|plan| is_here(&plan.hotspot)).collect();
    let sells = |plan: &&&crate::plan::Plan| directory.products.get(&plan.id).is_none_or(|product| product.active);
    let selling = plans.iter().filter(sells).count();
    if selling > 0 {
        return Err(AdminError::RouterSells(selling));
    }
    for plan in plans {
        db.remove_plan(&plan.id)?;
    }
    let mut is_needed = false;
    for hotspot in directory.hotspots.values().filter(|hotspot| &hotspot.router == id) {
        if still_needed(db.remove_hotspot(&hotspot.id))? {
            is_needed = true;
            db.park_hotspot_label(&hotspot.id)?;
        }
    }
    if is_needed || still_needed(db.remove_router(id))? {
        router.card.active = false;
        router.card.removed_at = Some(db.now());
        db.set_router_card(id, &router.card)?;
        db.revoke_router_keys(id, &ApiKeyId::new(""))?;
        is_needed = true;
    }
    let changes = Changes::none().value("nombre", Some(router.shown_name()), None::<&str>);
    db.add_audit(&actor.did(Some(company), subject(id), changes))?;
    db.bump_directory_version()?;
    Ok(if is_needed { Removed::Hidden } else { Removed::Gone })
}

/// Makes a new key; all others of the router end in the same commit (facts: pagos-hotspot-api 9, O4).
pub fn regenerate_key(
    db: &Db<'_>,
    actor: &Actor,
    tokens: &Tokens,
    company: &CompanyId,
    id: &RouterId,
) -> Result<(NewKey, Vec<ApiKeyId>), AdminError> {
    let router = known(&db.load_directory()?, company, id)?;
    if !router.card.active {
        return Err(AdminError::RouterInactive);
    }
    let (key, ended) = router_keys::make(db, tokens, &router, &key_wish())?;
    let changes = Changes::none().value("api_key", ended.last(), Some(&key.key.id));
    db.add_audit(&actor.did(Some(company), subject(id), changes))?;
    Ok((key, ended))
}

/// The keys that a router has or had, oldest first.
pub fn keys(db: &Db<'_>, company: &CompanyId, id: &RouterId) -> Result<Vec<ApiKey>, StoreError> {
    let keys = db.api_keys(Some(company))?;
    Ok(keys.into_iter().filter(|key| key.router.as_ref() == Some(id)).collect())
}

/// Ends one key at once; says when that was.
pub fn revoke_key(
    db: &Db<'_>,
    actor: &Actor,
    company: &CompanyId,
    id: &RouterId,
    key: &ApiKeyId,
) -> Result<Timestamp, AdminError> {
    known(&db.load_directory()?, company, id)?;
    let keys = keys(db, company, id)?;
    if !keys.iter().any(|known| &known.id == key) {
        return Err(AdminError::NoKey(key.to_string()));
    }
    if !db.revoke_api_key(key)? {
        return Err(AdminError::KeyRevoked);
    }
    let changes = Changes::none().value("api_key", Some(key), None::<&str>);
    db.add_audit(&actor.did(Some(company), subject(id), changes))?;
    Ok(db.now())
}

fn key_wish() -> KeyWish {
    KeyWish {
        name: String::new(),
        lifetime: DEFAULT_LIFETIME,
        replacing: true,
    }
}

pub(super) fn hotspot_of(router: &Router, directory: &Directory) -> Hotspot {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words: String = router.shown_name().chars().map(plain).collect();
    let mut label = words.split_whitespace().collect::<Vec<_>>().join("-");
    let own_label = router.id.as_str().to_lowercase().replace('_', "-");
    if label.is_empty() {
        label.clone_from(&own_label);
    } else if directory.hotspot_by_label(&label).is_some() {
        label = format!("{label}-{own_label}");
    }
    Hotspot {
        id: HotspotId::new(own_label),
        router: router.id.clone(),
        label,
        name: Hotspot::ANY_SERVER.to_owned(),
        dns_name: None,
        style: VoucherStyle::default(),
        links: LinkPolicy::Plans,
        mikhmon: MikhmonWishes::default(),
    }
}

/// How the connection to a port is protected: by the given fingerprint, else as before, and TLS where the port means it.
fn tls_of(port: u16, before: &RouterTls, fingerprint: Option<&str>) -> Result<RouterTls, AdminError> {
    if let Some(text) = fingerprint.map(str::trim).filter(|text| !text.is_empty()) {
        let wrong = || AdminError::field("tls_sha256", FieldFault::Fingerprint);
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| wrong())?;
        return bytes.try_into().map(RouterTls::Pinned).map_err(|_| wrong());
    }
    Ok(match before {
        RouterTls::Off if port == API_TLS_PORT => RouterTls::Webpki,
        before => before.clone(),
    })
}

/// The name that the relay signs in by.
fn user_of(text: &str) -> Result<String, AdminError> {
    let user = needed("usuario", text, MOST_USER)?;
    if RouterCredentials::is_user(&user) {
        Ok(user)
    } else {
        Err(AdminError::field("usuario", FieldFault::NotForRouters))
    }
}

fn credentials_of(
    old: &Router,
    user: Option<String>,
    password: Option<SecretString>,
) -> Result<Option<RouterCredentials>, AdminError> {
    let known = old.credentials.as_ref();
    let user = user.or_else(|| known.map(|known| known.user.clone()));
    let password = password.or_else(|| known.map(|known| known.password.clone()));
    match (user, password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => Ok(Some(RouterCredentials { user, password })),
        (Some(_), None) => Err(AdminError::PasswordAgain),
        (None, Some(_)) => Err(AdminError::field("usuario", FieldFault::Empty)),
    }
}

fn changes_of(old: &Router, new: &Router) -> Changes {
    let user = |router: &Router| router.credentials.as_ref().map(|it| it.user.clone());
    Changes::none()
        .value("nombre", old.card.name.as_deref(), new.card.name.as_deref())
        .value("address", Some(&old.address), Some(&new.address))
        .value("usuario", user(old), user(new))
        .value("ubicacion", old.card.location.as_deref(), new.card.location.as_deref())
        .value("tls", Some(format!("{:?}", old.tls)), Some(format!("{:?}", new.tls)))
}

fn still_needed(removed: Result<(), StoreError>) -> Result<bool, StoreError> {
    match removed {
        Ok(()) => Ok(false),
        Err(StoreError::Related { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

fn subject(id: &RouterId) -> String {
    format!("router {id}")
}

/// As the documented tables have them (facts: pagos-hotspot-api 7.1).
const MOST_NAME: usize = 100;
const MOST_USER: usize = 50;
const MOST_LOCATION: usize = 200;
