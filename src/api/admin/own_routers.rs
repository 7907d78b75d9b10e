//! A company's own view of its routers (facts: pagos-hotspot-api 6.3).

use secrecy::{ExposeSecret, SecretString};

use super::super::input::{Nothing, input};
use super::super::kinds::Sent;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, answer};
use super::{change, own_company, own_id, wanted};
use crate::admin::address;
use crate::admin::routers::{self, RouterChange};
use crate::company::Router;
use crate::ids::RouterId;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        get "/api/v1/admin/mi-empresa/routers", Auth::Client, Pace::Console, "Own routers", "List one's routers",
        Nothing => list, -> 200 OwnRouters: "All of them",
        fails [404 "The company is gone"]
    },
    operation! {
        put "/api/v1/admin/mi-empresa/routers/{router_id}", Auth::Client, Pace::Console, "Own routers",
        "Change one of one's routers",
        OwnRouterChange => update, -> 200 OwnRouterChanged: "The router as it is now",
        fails [404 "It is not there, or not one's own"]
    },
];

answer! {
    pub struct OwnRouters {
        pub empresa_id: String,
        pub total: u64,
        pub routers: Vec<OwnRouter>,
    }
}

answer! {
    pub struct OwnRouter {
        pub id: String,
        pub nombre: String,
        pub host: String,
        pub ubicacion: Option<String>,
        pub activo: bool,
        pub creado_en: Moment,
    }
}

input! {
    /// What is not sent, or `null`, stays. A router that moves to another host or port needs its password again.
    pub struct OwnRouterChange {
        path router_id: String,
        body nombre: Option<String>,
        body host: Option<String>,
        body puerto: Option<i64>,
        body usuario: Option<String>,
        /// The password itself, whatever the name says; an empty one keeps what there is.
        body password_encrypted: Option<SecretString>,
        /// `null` and an empty text take it away.
        body ubicacion: Sent<String>,
        /// SHA-256 of the router's certificate in hexadecimal digits; an empty text trusts public authorities only.
        body tls_sha256: Sent<String>,
    }
}

answer! {
    pub struct OwnRouterChanged {
        pub message: String,
        pub router: OwnRouterSettings,
    }
}

answer! {
    pub struct OwnRouterSettings {
        pub id: String,
        pub nombre: String,
        pub host: String,
        pub puerto: i64,
        pub usuario: Option<String>,
        pub ubicacion: Option<String>,
        pub activo: bool,
    }
}

async fn list(ask: &Ask<'_>, _: Nothing) -> Result<Answered<OwnRouters>, Refusal> {
    let company = own_company(ask)?;
    let directory = ask.relay.store().directory();
    let routers: Vec<_> = routers::of_company(&directory, &company.id)
        .into_iter()
        .map(shown)
        .collect();
    Ok(Answered::ok(OwnRouters {
        empresa_id: company.id.to_string(),
        total: routers.len() as u64,
        routers,
    }))
}

async fn update(ask: &Ask<'_>, input: OwnRouterChange) -> Result<Answered<OwnRouterChanged>, Refusal> {
    let (company, id) = (own_id(ask)?, RouterId::new(input.router_id));
    let wish = RouterChange {
        name: input.nombre,
        host: input.host,
        port: input.puerto,
        user: input.usuario,
        password: input
            .password_encrypted
            .filter(|password| !password.expose_secret().is_empty()),
        location: wanted(input.ubicacion),
        fingerprint: wanted(input.tls_sha256),
    };
    let policy = ask.settings.addresses.clone();
    let router = change(ask, move |db, actor| {
        routers::update(db, actor, &policy, &company, &id, wish)
    })
    .await?;
    let (host, port) = address::parted(&router.address);
    Ok(Answered::ok(OwnRouterChanged {
        message: ask.say("router-changed"),
        router: OwnRouterSettings {
            id: router.id.to_string(),
            nombre: router.shown_name().to_owned(),
            host,
            puerto: port.into(),
            usuario: router.credentials.as_ref().map(|credentials| credentials.user.clone()),
            ubicacion: router.card.location.clone(),
            activo: router.card.active,
        },
    }))
}

fn shown(router: &Router) -> OwnRouter {
    OwnRouter {
        id: router.id.to_string(),
        nombre: router.shown_name().to_owned(),
        host: address::parted(&router.address).0,
        ubicacion: router.card.location.clone(),
        activo: router.card.active,
        creado_en: Moment(router.card.created_at),
    }
}
