//! A company's products (facts: pagos-hotspot-api 6.3). Each is one of our plans, so it is also sold by links.

use super::super::input::input;
use super::super::kinds::{Amount, Sent};
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, Price, answer};
use super::{change, own_company, own_id, refusal, wanted};
use crate::admin::products::{self, Details, Offered, ProductChange, ProductWish};
use crate::admin::routers;
use crate::ids::RouterId;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/admin/products", Auth::Client, Pace::Console, "Own products", "Make a product",
        NewProduct => add, -> 201 OwnProduct: "The product",
        fails [404 "The router is not there, or not one's own", 409 "The profile has a product already"]
    },
    operation! {
        get "/api/v1/admin/products", Auth::Client, Pace::Console, "Own products", "List one's products",
        ProductsOf => list, -> 200 Vec<OwnProduct>: "All of them, those that are not for sale too",
        fails [404 "The router is not there, or not one's own"]
    },
    operation! {
        get "/api/v1/admin/products/{producto_id}", Auth::Client, Pace::Console, "Own products", "Read one product",
        OneProduct => read, -> 200 OwnProduct: "The product",
        fails [404 "It is not there, or not one's own"]
    },
    operation! {
        put "/api/v1/admin/products/{producto_id}", Auth::Client, Pace::Console, "Own products", "Change a product",
        ChangedProduct => update, -> 200 OwnProduct: "The product as it is now",
        fails [404 "It is not there, or not one's own", 409 "The profile has another product meanwhile"]
    },
    operation! {
        delete "/api/v1/admin/products/{producto_id}", Auth::Client, Pace::Console, "Own products",
        "Take a product off the market",
        OneProduct => remove, -> 200 ProductOff: "Nobody sells it any more",
        fails [404 "It is not there, or not one's own"]
    },
];

input! {
    pub struct NewProduct {
        body router_id: String,
        body perfil_mikrotik_id: String,
        body perfil_mikrotik_nombre: String,
        body nombre_venta: String,
        /// More than nothing.
        body precio: Amount,
        body descripcion: Option<String>,
        /// An address of the web, or a path that begins with `/`.
        body imagen_url: Option<String>,
        /// An ISO code; the company's own where none is sent.
        body moneda: Option<String>,
        body detalles: Option<Details>,
        body activo: bool = true,
        /// Lower comes first.
        body orden_visual: i64 = 0,
        body destacado: bool = false,
    }
}

input! {
    pub struct ProductsOf {
        /// Only those of this router.
        query router_id: Option<String>,
    }
}

input! {
    pub struct OneProduct {
        path producto_id: i64,
    }
}

input! {
    /// What is not sent stays; `null` takes a description, a picture or the details away.
    pub struct ChangedProduct {
        path producto_id: i64,
        body nombre_venta: Option<String>,
        /// More than nothing.
        body precio: Option<Amount>,
        body descripcion: Sent<String>,
        body imagen_url: Sent<String>,
        /// An ISO code.
        body moneda: Option<String>,
        body detalles: Sent<Details>,
        body activo: Option<bool>,
        body orden_visual: Option<i64>,
        body destacado: Option<bool>,
    }
}

answer! {
    pub struct OwnProduct {
        pub id: i64,
        pub router_id: String,
        pub perfil_mikrotik_id: String,
        pub perfil_mikrotik_nombre: String,
        pub nombre_venta: String,
        pub descripcion: Option<String>,
        pub imagen_url: Option<String>,
        pub precio: Price,
        pub moneda: &'static str,
        /// The `texto` of each detail.
        pub detalles: Vec<String>,
        pub activo: bool,
        pub orden_visual: i64,
        pub destacado: bool,
        pub creado_en: Moment,
    }
}

answer! {
    pub struct ProductOff {
        pub message: String,
        pub producto_id: i64,
        pub activo: bool,
    }
}

async fn add(ask: &Ask<'_>, input: NewProduct) -> Result<Answered<OwnProduct>, Refusal> {
    let company = own_id(ask)?;
    let wish = ProductWish {
        router: RouterId::new(input.router_id),
        profile_id: input.perfil_mikrotik_id,
        profile: input.perfil_mikrotik_nombre,
        label: input.nombre_venta,
        price: input.precio.0,
        currency: input.moneda,
        description: input.descripcion,
        image_url: input.imagen_url,
        details: input.detalles.unwrap_or_default(),
        active: input.activo,
        position: input.orden_visual,
        featured: input.destacado,
    };
    let made = change(ask, move |db, actor| products::add(db, actor, &company, wish)).await?;
    Ok(Answered::created(shown(&made)))
}

async fn list(ask: &Ask<'_>, input: ProductsOf) -> Result<Answered<Vec<OwnProduct>>, Refusal> {
    let company = own_company(ask)?;
    let directory = ask.relay.store().directory();
    let router = input.router_id.map(RouterId::new);
    if let Some(router) = &router {
        routers::known(&directory, &company.id, router).map_err(|error| refusal(ask, &error))?;
    }
    let found = products::of_company(&directory, &company.id, router.as_ref());
    Ok(Answered::ok(found.iter().map(shown).collect()))
}

async fn read(ask: &Ask<'_>, input: OneProduct) -> Result<Answered<OwnProduct>, Refusal> {
    let directory = ask.relay.store().directory();
    let found = products::known(&directory, &own_id(ask)?, input.producto_id);
    found
        .map(|offered| Answered::ok(shown(&offered)))
        .map_err(|error| refusal(ask, &error))
}

async fn update(ask: &Ask<'_>, input: ChangedProduct) -> Result<Answered<OwnProduct>, Refusal> {
    let (company, number) = (own_id(ask)?, input.producto_id);
    let wish = ProductChange {
        label: input.nombre_venta,
        price: input.precio.map(|price| price.0),
        currency: input.moneda,
        description: wanted(input.descripcion),
        image_url: wanted(input.imagen_url),
        details: wanted(input.detalles).map(Option::unwrap_or_default),
        active: input.activo,
        position: input.orden_visual,
        featured: input.destacado,
    };
    let changed = change(ask, move |db, actor| {
        products::update(db, actor, &company, number, wish)
    })
    .await?;
    Ok(Answered::ok(shown(&changed)))
}

async fn remove(ask: &Ask<'_>, input: OneProduct) -> Result<Answered<ProductOff>, Refusal> {
    let (company, number) = (own_id(ask)?, input.producto_id);
    let off = ProductChange {
        active: Some(false),
        ..ProductChange::default()
    };
    let changed = change(ask, move |db, actor| products::update(db, actor, &company, number, off)).await?;
    Ok(Answered::ok(ProductOff {
        message: ask.say("product-off"),
        producto_id: number,
        activo: changed.product.active,
    }))
}

fn shown(offered: &Offered) -> OwnProduct {
    let (product, plan) = (&offered.product, &offered.plan);
    let text = |detail: &serde_json::Map<String, serde_json::Value>| {
        let text = detail.get("texto").and_then(|text| text.as_str());
        text.unwrap_or_default().to_owned()
    };
    OwnProduct {
        id: product.number,
        router_id: offered.router.to_string(),
        perfil_mikrotik_id: product.profile_id.clone().unwrap_or_else(|| plan.profile.clone()),
        perfil_mikrotik_nombre: plan.profile.clone(),
        nombre_venta: plan.label.clone(),
        descripcion: product.description.clone(),
        imagen_url: product.image_url.clone(),
        precio: plan.price.into(),
        moneda: plan.price.currency().code(),
        detalles: product.details.iter().map(text).collect(),
        activo: product.active,
        orden_visual: product.position,
        destacado: product.featured,
        creado_en: Moment(product.created_at),
    }
}
