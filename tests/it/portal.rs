//! The API of portals over real sockets: who is let in, what is answered, and what is not.

use std::net::SocketAddr;

use jiff::SignedDuration;
use mikrelay::api::cors::Cors;
use mikrelay::api_key::ApiKey;
use mikrelay::ids::{ApiKeyId, CompanyId, PlanId, RouterId};
use mikrelay::payment::router_keys::{self, DEFAULT_LIFETIME, KeyWish};
use mikrelay::store::{Db, StoreError};
use mikrelay::web;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::http::{Reply, ask_at};
use crate::support::Shop;

/// A shop, and a portal page that has a key of its router.
pub struct Portal {
    pub shop: Shop,
    pub key: String,
    pub key_id: ApiKeyId,
}

impl Portal {
    pub async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// `set` may change what the server is allowed.
    pub async fn with(set: impl FnOnce(&mut web::App)) -> Self {
        let shop = Shop::with(set).await;
        let (key, key_id) = make_key(&shop, "r1", false).await;
        Self { shop, key, key_id }
    }

    pub fn address(&self) -> SocketAddr {
        let url = self.shop.world.relay.public_url();
        format!("127.0.0.1:{}", url.port().unwrap()).parse().unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[("X-API-Key", &self.key)], b"").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = [("X-API-Key", self.key.as_str()), ("Content-Type", "application/json")];
        self.ask("POST", path, &headers, body.to_string().as_bytes()).await
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask_at(self.address(), method, path, headers, body).await
    }

    /// Changes the business records as another part of the process would.
    pub async fn change(&self, change: impl FnOnce(&Db<'_>) -> Result<(), StoreError> + Send + 'static) {
        let store = self.shop.world.relay.store();
        store.write(change).await.unwrap();
        store.refresh_directory().await.unwrap();
    }

    /// The product's number.
    pub fn number(&self, plan: &str) -> i64 {
        self.shop.world.relay.store().directory().products[&PlanId::new(plan)].number
    }

    async fn stored_key(&self) -> ApiKey {
        let keys = self
            .shop
            .world
            .relay
            .store()
            .read(|db| db.api_keys(None))
            .await
            .unwrap();
        keys.into_iter().find(|key| key.id == self.key_id).unwrap()
    }
}

/// Makes a key for a router.
pub async fn make_key(shop: &Shop, router: &str, replacing: bool) -> (String, ApiKeyId) {
    let relay = shop.world.relay.clone();
    let router = relay.store().directory().routers[&RouterId::new(router)].clone();
    let wish = KeyWish {
        name: "portal".to_owned(),
        lifetime: DEFAULT_LIFETIME,
        replacing,
    };
    let make = move |db: &Db<'_>| Ok(router_keys::make(db, relay.router_tokens(), &router, &wish).unwrap().0);
    let store = shop.world.relay.store();
    let made = store.write(make).await.unwrap();
    store.refresh_directory().await.unwrap();
    (made.shown.expose_secret().to_owned(), made.key.id)
}

pub fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_else(|error| panic!("{error}: {:?}", reply.body))
}

const CONFIG: &str = "/api/v1/config/public";
const CATALOGUE: &str = "/api/v1/catalogo_perfiles_venta";

#[tokio::test]
async fn a_portal_reads_its_configuration_and_catalogue() {
    let portal = Portal::open().await;
    let reply = portal.get(CONFIG).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json"))
    );
    let config = json_of(&reply);
    assert_eq!(config["router"], json!({"id": "r1", "nombre": "r1", "ubicacion": null}));
    assert_eq!(config["empresa"]["conekta_public_key"], "key_demoPublic00000000000");
    assert_eq!(config["conekta_public_key"], config["empresa"]["conekta_public_key"]);
    assert_eq!(config["mercadopago_public_key"], "APP_USR-demo-public-key");
    let catalogue = json_of(&portal.get(CATALOGUE).await);
    assert!(catalogue.as_array().unwrap().len() > 3, "{catalogue}");
}
