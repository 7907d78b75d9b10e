//! What a portal reads before it sells: its router's public configuration and the catalogue. Both are written once for
//! each router and each version of the business records, and then only copied.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ApiReply;
use super::input::input;
use super::kinds::words;
use super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::shape::{Moment, Price, answer};
use crate::api_key::RouterKey;
use crate::company::{Company, Directory, GatewayName, Mode, Router};
use crate::ids::RouterId;
use crate::plan::{Plan, Product};
use crate::sorted::Arrange;

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        memory get "/", Auth::Open, Pace::Free, "Service", "Say which service this is",
        root, -> 200 Service: "The service; browsers get a page"
    },
    operation! {
        memory get "/health", Auth::Open, Pace::Free, "Service", "Say that the service answers",
        health, -> 200 Health: "It does; nothing else was looked at"
    },
    operation! {
        memory get "/api/v1/config/public", Auth::Key, Pace::Free, "Portal", "Read what a portal page may know",
        config, -> 200 PublicConfig: "The router of the key, its company, and the gateways' public keys"
    },
    operation! {
        memory get "/api/v1/catalogo_perfiles_venta", Auth::Key, Pace::Free, "Portal", "List what is on sale",
        catalogue, -> 200 Vec<CatalogueProduct>: "The active products of the key's router, in the order to show them"
    },
    operation! {
        memory get "/api/v1/catalogo_perfiles_venta/{producto_id}", Auth::Key, Pace::Free, "Portal",
        "Read one product that is on sale",
        product, -> 200 CatalogueProduct: "The product", input OneProduct,
        fails [404 "It is not on sale on the key's router"]
    },
];

answer! {
    pub struct Service {
        pub message: &'static str,
        /// Of this API, not of the program.
        pub version: &'static str,
        pub status: &'static str,
        pub timestamp: String,
        pub docs: &'static str,
    }
}

answer! {
    pub struct Health {
        pub status: &'static str,
    }
}

answer! {
    /// The gateways' public keys stand at the top and in `empresa`.
    pub struct PublicConfig {
        pub empresa: PublicCompany,
        pub router: PublicRouter,
        pub conekta_public_key: Option<String>,
        pub mercadopago_public_key: Option<String>,
    }
}

words! {
    /// Real money or a sandbox.
    pub enum KeyMode { Live = "live", Test = "test" }
}

answer! {
    pub struct PublicCompany {
        pub id: String,
        pub nombre: String,
        pub conekta_public_key: Option<String>,
        pub mercadopago_public_key: Option<String>,
        pub conekta_mode: KeyMode,
    }
}

answer! {
    pub struct PublicRouter {
        pub id: String,
        pub nombre: String,
        pub ubicacion: Option<String>,
    }
}

answer! {
    pub struct CatalogueProduct {
        pub id: i64,
        pub perfil_mikrotik_id: String,
        pub perfil_mikrotik_nombre: String,
        pub nombre_venta: String,
        pub descripcion: Option<String>,
        pub imagen_url: Option<String>,
        pub precio: Price,
        pub moneda: &'static str,
        pub detalles: Vec<Map<String, Value>>,
        pub destacado: bool,
        pub creado_en: Moment,
        /// Which gateways can sell it by card.
        pub pasarelas: Vec<&'static str>,
    }
}

input! {
    pub struct OneProduct {
        path producto_id: i64,
    }
}

fn root(ask: &Ask<'_>) -> ApiReply {
    ask.finish(Ok(Answered::ok(Service {
        message: "mikrelay",
        version: VERSION,
        status: "running",
        timestamp: format!("{}Z", Moment(ask.relay.now())),
        docs: "/docs",
    })))
}

fn health(_: &Ask<'_>) -> ApiReply {
    ApiReply::json(200, Bytes::from_static(br#"{"status":"healthy"}"#))
}

fn config(ask: &Ask<'_>) -> ApiReply {
    prepared(ask, |bodies, directory, key| {
        // The key's router is among the records, or it would have no bodies.
        let written = bodies.config.get_or_init(|| write(&public_config(directory, key)));
        Some(written.clone())
    })
}

fn catalogue(ask: &Ask<'_>) -> ApiReply {
    prepared(ask, |bodies, directory, key| {
        Some(
            bodies
                .catalogue
                .get_or_init(|| write(&catalogue_of(directory, &key.router)))
                .clone(),
        )
    })
}

fn product(ask: &Ask<'_>) -> ApiReply {
    let wanted = match ask.input::<OneProduct>() {
        Ok(input) => input.producto_id,
        Err(reply) => return reply,
    };
    let directory = ask.relay.store().directory();
    let found = ask.caller.router().and_then(|key| {
        let (product, plan) = directory.product(wanted)?;
        is_sold_on(&directory, plan, &key.router).then(|| describe(&directory, product, plan))
    });
    ask.finish(
        found
            .map(Answered::ok)
            .ok_or_else(|| Refusal::new(ask, 404, "product-unknown")),
    )
}

/// The answers that are ready, as of one version of the business records.
#[derive(Default)]
pub struct Portal(RwLock<Arc<Prepared>>);

#[derive(Default)]
struct Prepared {
    directory: Arc<Directory>,
    routers: HashMap<RouterId, Bodies>,
}

#[derive(Default)]
struct Bodies {
    config: OnceLock<Bytes>,
    catalogue: OnceLock<Bytes>,
}

impl Portal {
    /// What is ready for these records; begins anew when they changed.
    fn of(&self, directory: Arc<Directory>) -> Arc<Prepared> {
        let known = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if Arc::ptr_eq(&known.directory, &directory) {
            return known;
        }
        let routers = directory.routers.keys().map(|id| (id.clone(), Bodies::default()));
        let prepared = Arc::new(Prepared {
            routers: routers.collect(),
            directory,
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&prepared);
        prepared
    }
}

fn prepared(ask: &Ask<'_>, body: impl FnOnce(&Bodies, &Directory, &RouterKey) -> Option<Bytes>) -> ApiReply {
    let prepared = ask.portal.of(ask.relay.store().directory());
    let found = ask.caller.router().and_then(|key| {
        let bodies = prepared.routers.get(&key.router)?;
        body(bodies, &prepared.directory, key)
    });
    match found {
        Some(json) => ApiReply::json(200, json),
        // A key whose router is gone: the next look at the records ends the key as well.
        None => super::serve::key_is_gone(ask),
    }
}

fn write(body: &impl Serialize) -> Bytes {
    // Plain structures of texts and numbers are always written.
    serde_json::to_vec(body).unwrap_or_default().into()
}

fn public_config(directory: &Directory, key: &RouterKey) -> Option<PublicConfig> {
    let router = directory.routers.get(&key.router)?;
    let company = directory.companies.get(&router.company)?;
    let public_key = |gateway| {
        let account = directory.portal_account(&company.id, gateway)?;
        account.keys.public_key().map(str::to_owned)
    };
    let (conekta, mercadopago) = (public_key(GatewayName::Conekta), public_key(GatewayName::Mercadopago));
    Some(PublicConfig {
        empresa: PublicCompany {
            id: company.id.to_string(),
            nombre: company.name.clone(),
            conekta_public_key: conekta.clone(),
            mercadopago_public_key: mercadopago.clone(),
            conekta_mode: conekta_mode(directory, company),
        },
        router: public_router(router),
        conekta_public_key: conekta,
        mercadopago_public_key: mercadopago,
    })
}

fn conekta_mode(directory: &Directory, company: &Company) -> KeyMode {
    let account = directory.portal_account(&company.id, GatewayName::Conekta);
    match account.map(|account| account.mode) {
        Some(Mode::Live) => KeyMode::Live,
        Some(Mode::Test) | None => KeyMode::Test,
    }
}

fn public_router(router: &Router) -> PublicRouter {
    PublicRouter {
        id: router.id.to_string(),
        nombre: router.shown_name().to_owned(),
        ubicacion: router.card.location.clone(),
    }
}

/// What the router sells, in the order of portals: by position, featured ones first among equals.
fn catalogue_of(directory: &Directory, router: &RouterId) -> Vec<CatalogueProduct> {
    let mut products: Vec<_> = directory
        .products
        .values()
        .filter_map(|product| Some((product, directory.plans.get(&product.plan)?)))
        .filter(|(_, plan)| is_sold_on(directory, plan, router))
        .collect();
    products.arrange_by_key(|(product, _)| (product.position, !product.featured, product.number));
    products
        .into_iter()
        .map(|(product, plan)| describe(directory, product, plan))
        .collect()
}

/// Whether a plan is on sale on this very router.
fn is_sold_on(directory: &Directory, plan: &Plan, router: &RouterId) -> bool {
    let of_plan = directory.router_of_plan(plan);
    of_plan.is_some_and(|found| &found.id == router) && directory.is_on_sale(plan)
}

fn describe(directory: &Directory, product: &Product, plan: &Plan) -> CatalogueProduct {
    let company = directory.router_of_plan(plan).map(|router| &router.company);
    let sells = |gateway: &GatewayName| {
        let account = company.and_then(|company| directory.portal_account(company, *gateway));
        account.is_some_and(|account| directory.may_sell(account, plan))
    };
    let gateways = [GatewayName::Mercadopago, GatewayName::Conekta]
        .into_iter()
        .filter(sells);
    CatalogueProduct {
        id: product.number,
        // Nobody needs the router's own id of a profile to sell it: its name serves where the id is not known.
        perfil_mikrotik_id: product.profile_id.clone().unwrap_or_else(|| plan.profile.clone()),
        perfil_mikrotik_nombre: plan.profile.clone(),
        nombre_venta: plan.label.clone(),
        descripcion: product.description.clone(),
        imagen_url: product.image_url.clone(),
        precio: plan.price.into(),
        moneda: plan.price.currency().code(),
        detalles: product.details.clone(),
        destacado: product.featured,
        creado_en: Moment(product.created_at),
        pasarelas: gateways.map(GatewayName::as_str).collect(),
    }
}

/// Of the contract that this API keeps.
pub(super) const VERSION: &str = "2.0.0";
