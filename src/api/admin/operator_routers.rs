//! The operator's view of a company's routers and of the keys of their portals (facts: pagos-hotspot-api 6.4).

use secrecy::{ExposeSecret, SecretString};

use super::super::input::input;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, answer};
use super::{change, company, refusal};
use crate::admin::address::{self, API_PORT};
use crate::admin::routers::{self, RouterWish};
use crate::api_key::ApiKey;
use crate::company::Router;
use crate::ids::{ApiKeyId, CompanyId, RouterId};
use crate::payment::router_keys::NewKey;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/admin/empresas/{empresa_id}/routers", Auth::Super, Pace::Console, "Routers", "Make a router and its key",
        NewRouter => add, -> 200 RouterMade: "The router and its key, which is shown only now",
        fails [404 "There is no such company"]
    },
    operation! {
        get "/admin/empresas/{empresa_id}/routers", Auth::Super, Pace::Console, "Routers", "List a company's routers",
        OfCompany => list, -> 200 Vec<RouterShown>: "All of them",
        fails [404 "There is no such company"]
    },
    operation! {
        get "/admin/empresas/{empresa_id}/routers/{router_id}", Auth::Super, Pace::Console, "Routers", "Read one router",
        OfRouter => read, -> 200 RouterShown: "The router",
        fails [404 "The company has no such router"]
    },
    operation! {
        delete "/admin/empresas/{empresa_id}/routers/{router_id}", Auth::Super, Pace::Console, "Routers",
        "Take a router away",
        OfRouter => remove, -> 200 RouterGone: "It is gone, and its keys with it",
        fails [404 "The company has no such router"]
    },
    operation! {
        put "/admin/empresas/{empresa_id}/routers/{router_id}/toggle-activo", Auth::Super, Pace::Console, "Routers",
        "Open or close a router for sales",
        OfRouter => toggle, -> 200 RouterToggled: "What it is now",
        fails [404 "The company has no such router"]
    },
    operation! {
        post "/admin/empresas/{empresa_id}/routers/{router_id}/regenerate-api-key", Auth::Super, Pace::Console, "Routers",
        "Make a new key; the old ones end with it",
        OfRouter => regenerate, -> 200 KeyRegenerated: "The key, which is shown only now",
        fails [404 "The company has no such router"]
    },
    operation! {
        get "/admin/empresas/{empresa_id}/routers/{router_id}/api-keys", Auth::Super, Pace::Console, "Routers",
        "List the keys that a router has or had",
        OfRouter => keys, -> 200 Vec<KeyShown>: "All of them, oldest first",
        fails [404 "The company has no such router"]
    },
    operation! {
        post "/admin/empresas/{empresa_id}/routers/{router_id}/api-keys/{key_id}/revoke", Auth::Super, Pace::Console,
        "Routers", "End a key at once",
        OfKey => revoke, -> 200 KeyRevoked: "It has ended",
        fails [404 "The router has no such key"]
    },
    operation! {
        get "/admin/empresas/{empresa_id}/routers/{router_id}/api-key-status", Auth::Super, Pace::Console, "Routers",
        "Say how a router's key is",
        OfRouter => key_status, -> 200 KeyStatus: "Its newest valid key, if it has one",
        fails [404 "The company has no such router"]
    },
];

input! {
    pub struct NewRouter {
        path empresa_id: String,
        body nombre: String,
        body host: String,
        body puerto: Option<i64>,
        body usuario: String,
        body password: SecretString,
        body ubicacion: Option<String>,
        /// SHA-256 of the router's certificate in hexadecimal digits.
        body tls_sha256: Option<String>,
    }
}

input! {
    pub struct OfCompany {
        path empresa_id: String,
    }
}

input! {
    pub struct OfRouter {
        path empresa_id: String,
        path router_id: String,
    }
}

input! {
    pub struct OfKey {
        path empresa_id: String,
        path router_id: String,
        path key_id: String,
    }
}

answer! {
    pub struct RouterShown {
        pub id: String,
        pub empresa_id: String,
        pub nombre: String,
        pub host: String,
        pub puerto: i64,
        pub ubicacion: Option<String>,
        pub activo: bool,
        pub creado_en: Moment,
    }
}

answer! {
    pub struct RouterMade {
        pub id: String,
        pub empresa_id: String,
        pub nombre: String,
        pub host: String,
        pub puerto: i64,
        pub ubicacion: Option<String>,
        pub activo: bool,
        /// Shown only now.
        pub api_key: String,
        pub api_key_info: KeyInfo,
        pub creado_en: Moment,
    }
}

answer! {
    pub struct KeyInfo {
        pub key_id: String,
        pub issued_at: Moment,
        pub expires_at: Option<Moment>,
        pub r#type: &'static str,
    }
}

answer! {
    pub struct RouterGone {
        pub message: String,
        pub router_id: String,
        pub empresa_id: String,
    }
}

answer! {
    pub struct RouterToggled {
        pub message: String,
        pub router_id: String,
        pub activo: bool,
    }
}

answer! {
    pub struct KeyRegenerated {
        pub message: String,
        pub router_id: String,
        /// Shown only now.
        pub new_api_key: String,
        pub api_key_info: KeyInfo,
        /// Whether an older key ended.
        pub previous_key_revoked: bool,
    }
}

answer! {
    pub struct KeyShown {
        pub key_id: String,
        pub router_id: String,
        pub empresa_id: String,
        pub issued_at: Moment,
        pub expires_at: Option<Moment>,
        pub revoked: bool,
        pub revoked_at: Option<Moment>,
        pub last_used: Option<Moment>,
        pub use_count: u64,
    }
}

answer! {
    pub struct KeyRevoked {
        pub message: String,
        pub key_id: String,
        pub router_id: String,
        pub revoked_at: Moment,
    }
}

answer! {
    pub struct KeyStatus {
        pub router_id: String,
        pub has_active_key: bool,
        pub key_id: Option<String>,
        pub issued_at: Option<Moment>,
        pub expires_at: Option<Moment>,
        pub expires_in_days: Option<i64>,
        pub last_used: Option<Moment>,
        pub use_count: u64,
        /// `active` or `no_key`.
        pub status: &'static str,
        pub warning: Option<String>,
        pub recommendation: Option<String>,
    }
}

async fn add(ask: &Ask<'_>, input: NewRouter) -> Result<Answered<RouterMade>, Refusal> {
    let company = CompanyId::new(input.empresa_id);
    let wish = RouterWish {
        name: input.nombre,
        host: input.host,
        port: input.puerto.unwrap_or(i64::from(API_PORT)),
        user: input.usuario,
        password: input.password,
        location: input.ubicacion,
        fingerprint: input.tls_sha256,
    };
    let relay = ask.relay.clone();
    let (router, key) = change(ask, move |db, actor| {
        routers::add(db, actor, relay.router_tokens(), &company, wish)
    })
    .await?;
    let shown = shown(&router);
    Ok(Answered::ok(RouterMade {
        id: shown.id,
        empresa_id: shown.empresa_id,
        nombre: shown.nombre,
        host: shown.host,
        puerto: shown.puerto,
        ubicacion: shown.ubicacion,
        activo: shown.activo,
        api_key: key.shown.expose_secret().to_owned(),
        api_key_info: info(&key),
        creado_en: shown.creado_en,
    }))
}

async fn list(ask: &Ask<'_>, input: OfCompany) -> Result<Answered<Vec<RouterShown>>, Refusal> {
    let company = company(ask, &CompanyId::new(input.empresa_id))?;
    let directory = ask.relay.store().directory();
    let routers = routers::of_company(&directory, &company.id);
    Ok(Answered::ok(routers.into_iter().map(shown).collect()))
}

async fn read(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<RouterShown>, Refusal> {
    Ok(Answered::ok(shown(&named(ask, &input.empresa_id, &input.router_id)?)))
}

async fn remove(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<RouterGone>, Refusal> {
    let (company, id) = ids(&input);
    change(ask, move |db, actor| routers::remove(db, actor, &company, &id)).await?;
    Ok(Answered::ok(RouterGone {
        message: ask.say("router-gone"),
        router_id: input.router_id,
        empresa_id: input.empresa_id,
    }))
}

async fn toggle(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<RouterToggled>, Refusal> {
    let (company, id) = ids(&input);
    let router = change(ask, move |db, actor| {
        routers::set_active(db, actor, &company, &id, |was| !was)
    })
    .await?;
    let text = if router.card.active {
        "router-opened"
    } else {
        "router-closed"
    };
    Ok(Answered::ok(RouterToggled {
        message: ask.say(text),
        router_id: input.router_id,
        activo: router.card.active,
    }))
}

async fn regenerate(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<KeyRegenerated>, Refusal> {
    let (company, id) = ids(&input);
    let relay = ask.relay.clone();
    let (key, ended) = change(ask, move |db, actor| {
        routers::regenerate_key(db, actor, relay.router_tokens(), &company, &id)
    })
    .await?;
    Ok(Answered::ok(KeyRegenerated {
        message: ask.say("key-made"),
        router_id: input.router_id,
        new_api_key: key.shown.expose_secret().to_owned(),
        api_key_info: info(&key),
        previous_key_revoked: !ended.is_empty(),
    }))
}

async fn keys(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<Vec<KeyShown>>, Refusal> {
    let keys = keys_of(ask, &input).await?;
    Ok(Answered::ok(keys.iter().map(key_shown).collect()))
}

async fn revoke(ask: &Ask<'_>, input: OfKey) -> Result<Answered<KeyRevoked>, Refusal> {
    let (company, id) = (CompanyId::new(input.empresa_id), RouterId::new(&*input.router_id));
    let key = ApiKeyId::new(&*input.key_id);
    let at = change(ask, move |db, actor| {
        routers::revoke_key(db, actor, &company, &id, &key)
    })
    .await?;
    Ok(Answered::ok(KeyRevoked {
        message: ask.say("key-ended"),
        key_id: input.key_id,
        router_id: input.router_id,
        revoked_at: Moment(at),
    }))
}

async fn key_status(ask: &Ask<'_>, input: OfRouter) -> Result<Answered<KeyStatus>, Refusal> {
    let now = ask.relay.now();
    let keys = keys_of(ask, &input).await?;
    let valid = keys.iter().rev().find(|key| key.is_valid(now));
    let days = valid
        .and_then(|key| key.expires_at)
        .map(|end| end.duration_since(now).as_hours() / 24);
    let (warning, recommendation) = match (valid, days) {
        (None, _) => (None, Some(ask.say("key-none"))),
        (Some(key), _) if key.last_used_at.is_none() => {
            (Some(ask.say("key-never-used")), Some(ask.say("key-check-portal")))
        }
        (Some(_), Some(days)) if days < SOON_DAYS => {
            let text = super::super::texts::say(ask.language, "key-ends-soon", &[("value", &days.to_string())]);
            (Some(text), Some(ask.say("key-renew")))
        }
        _ => (None, None),
    };
    Ok(Answered::ok(KeyStatus {
        router_id: input.router_id,
        has_active_key: valid.is_some(),
        key_id: valid.map(|key| key.id.to_string()),
        issued_at: valid.map(|key| Moment(key.created_at)),
        expires_at: valid.and_then(|key| key.expires_at).map(Moment),
        expires_in_days: days,
        last_used: valid.and_then(|key| key.last_used_at).map(Moment),
        use_count: valid.map_or(0, |key| key.use_count),
        status: if valid.is_some() { "active" } else { "no_key" },
        warning,
        recommendation,
    }))
}

async fn keys_of(ask: &Ask<'_>, input: &OfRouter) -> Result<Vec<ApiKey>, Refusal> {
    let router = named(ask, &input.empresa_id, &input.router_id)?;
    // What was used in the last seconds counts too.
    let written = ask.relay.write_key_uses().await;
    written.map_err(|error| Refusal::store(ask, "write down how keys were used", &error))?;
    let read = ask
        .relay
        .store()
        .read(move |db| routers::keys(db, &router.company, &router.id));
    read.await.map_err(|error| Refusal::store(ask, "list keys", &error))
}

fn named(ask: &Ask<'_>, company: &str, router: &str) -> Result<Router, Refusal> {
    let directory = ask.relay.store().directory();
    let found = routers::known(&directory, &CompanyId::new(company), &RouterId::new(router));
    found.map_err(|error| refusal(ask, &error))
}

fn ids(input: &OfRouter) -> (CompanyId, RouterId) {
    (CompanyId::new(&*input.empresa_id), RouterId::new(&*input.router_id))
}

fn shown(router: &Router) -> RouterShown {
    let (host, port) = address::parted(&router.address);
    RouterShown {
        id: router.id.to_string(),
        empresa_id: router.company.to_string(),
        nombre: router.shown_name().to_owned(),
        host,
        puerto: port.into(),
        ubicacion: router.card.location.clone(),
        activo: router.card.active,
        creado_en: Moment(router.card.created_at),
    }
}

fn info(key: &NewKey) -> KeyInfo {
    KeyInfo {
        key_id: key.key.id.to_string(),
        issued_at: Moment(key.key.created_at),
        expires_at: key.key.expires_at.map(Moment),
        r#type: "router_api_key",
    }
}

fn key_shown(key: &ApiKey) -> KeyShown {
    KeyShown {
        key_id: key.id.to_string(),
        router_id: key.router.as_ref().map(ToString::to_string).unwrap_or_default(),
        empresa_id: key.company.to_string(),
        issued_at: Moment(key.created_at),
        expires_at: key.expires_at.map(Moment),
        revoked: key.revoked_at.is_some(),
        revoked_at: key.revoked_at.map(Moment),
        last_used: key.last_used_at.map(Moment),
        use_count: key.use_count,
    }
}

/// Time enough to change a portal's page.
const SOON_DAYS: i64 = 30;
