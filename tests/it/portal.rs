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

#[tokio::test]
async fn a_portal_reads_its_configuration_and_catalogue() {
    let portal = Portal::open().await;
    let number = portal.number("by-conekta");
    portal
        .change(move |db| {
            let directory = db.load_directory()?;
            let mut router = directory.routers[&RouterId::new("r1")].card.clone();
            router.name = Some("Azotea".to_owned());
            router.location = Some("Edificio B".to_owned());
            db.set_router_card(&RouterId::new("r1"), &router)?;
            let mut product = directory.products[&PlanId::new("by-conekta")].clone();
            product.profile_id = Some("*4".to_owned());
            product.details = vec![
                json!({"label": "Velocidad", "value": "10 Mbps"})
                    .as_object()
                    .unwrap()
                    .clone(),
            ];
            product.featured = true;
            db.set_product(&product)
        })
        .await;
    let reply = portal.get(CONFIG).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json"))
    );
    let (conekta, mercadopago) = ("key_demoPublic00000000000", "APP_USR-demo-public-key");
    assert_eq!(
        json_of(&reply),
        json!({
            "empresa": {"id": "cafe", "nombre": "Café du Port", "conekta_public_key": conekta,
                        "mercadopago_public_key": mercadopago, "conekta_mode": "live"},
            "router": {"id": "r1", "nombre": "Azotea", "ubicacion": "Edificio B"},
            "conekta_public_key": conekta,
            "mercadopago_public_key": mercadopago,
        })
    );
    let catalogue = json_of(&portal.get(CATALOGUE).await);
    let mut first = catalogue[0].clone();
    let made = first.as_object_mut().unwrap().remove("creado_en").unwrap();
    assert_eq!(
        first,
        json!({
            "id": number, "perfil_mikrotik_id": "*4", "perfil_mikrotik_nombre": "1H", "nombre_venta": "1 Hora",
            "descripcion": null, "imagen_url": null, "precio": 15.0, "moneda": "MXN",
            "detalles": [{"label": "Velocidad", "value": "10 Mbps"}], "destacado": true, "pasarelas": ["conekta"],
        })
    );
    // No zone, microseconds (O10: and no offset of the server's).
    assert_eq!(made.as_str().unwrap(), "2026-11-02T12:00:00.000000");
    let one = json_of(&portal.get(&format!("{CATALOGUE}/{number}/")).await);
    assert_eq!(one, catalogue[0]);
    // By position, then the featured ones, then by number.
    let last = portal.number("by-fedapay");
    portal
        .change(|db| {
            let mut product = db.load_directory()?.products[&PlanId::new("by-fedapay")].clone();
            product.position = 9;
            product.featured = true;
            db.set_product(&product)
        })
        .await;
    let catalogue = json_of(&portal.get(CATALOGUE).await);
    let numbers: Vec<_> = catalogue
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_i64().unwrap())
        .collect();
    let between = &numbers[1..numbers.len() - 1];
    assert!(
        numbers[0] == number && numbers[numbers.len() - 1] == last,
        "{numbers:?}"
    );
    assert!(between.is_sorted() && between.len() > 2, "{numbers:?}");
    // A path with a slash at its end, and HEAD, are the same.
    assert_eq!(portal.get(&format!("{CATALOGUE}/")).await.status, 200);
    let head = portal.ask("HEAD", CONFIG, &[("X-API-Key", &portal.key)], b"").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn p9_what_is_off_is_neither_shown_nor_sold_by_anybody() {
    let portal = Portal::open().await;
    let number = portal.number("by-conekta");
    let listed = |catalogue: Value| {
        let all = catalogue.as_array().unwrap().iter();
        all.map(|product| product["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let whole = listed(json_of(&portal.get(CATALOGUE).await));
    assert!(whole.contains(&number) && whole.len() > 4, "{whole:?}");
    let switch = |active: bool| {
        move |db: &Db<'_>| {
            let mut product = db.load_directory()?.products[&PlanId::new("by-conekta")].clone();
            product.active = active;
            db.set_product(&product)
        }
    };
    portal.change(switch(false)).await;
    assert!(!listed(json_of(&portal.get(CATALOGUE).await)).contains(&number));
    assert_eq!(portal.get(&format!("{CATALOGUE}/{number}")).await.status, 404);
    assert_eq!(portal.ask("GET", "/b/by-conekta", &[], b"").await.status, 409);
    assert_eq!(
        portal.ask("POST", "/b/by-conekta", &[], b"phone=66000000").await.status,
        409
    );
    portal.change(switch(true)).await;
    assert_eq!(portal.get(&format!("{CATALOGUE}/{number}")).await.status, 200);
    assert_eq!(portal.ask("GET", "/b/by-conekta", &[], b"").await.status, 200);
    // A router that is off keeps its portal's configuration and sells nothing.
    portal
        .change(|db| {
            let mut card = db.load_directory()?.routers[&RouterId::new("r1")].card.clone();
            card.active = false;
            db.set_router_card(&RouterId::new("r1"), &card)
        })
        .await;
    assert_eq!(json_of(&portal.get(CATALOGUE).await), json!([]));
    assert_eq!(portal.get(CONFIG).await.status, 200);
    assert_eq!(portal.get(&format!("{CATALOGUE}/{number}")).await.status, 404);
    assert_eq!(portal.ask("GET", "/b/by-fedapay", &[], b"").await.status, 409);
}

#[tokio::test]
async fn an_inactive_company_is_shut_for_keys_links_and_programs() {
    let portal = Portal::open().await;
    let mut made = Vec::new();
    mikrelay::cli::key::make(portal.shop.world.relay.store(), "cafe", "shop", &mut made).unwrap();
    let made = String::from_utf8(made).unwrap();
    let line = made.lines().find(|line| line.starts_with("key:")).unwrap();
    let program = format!("Bearer {}", line.split_whitespace().last().unwrap());
    let switch = |active: bool| {
        move |db: &Db<'_>| {
            let mut card = db.load_directory()?.companies[&CompanyId::new("cafe")].card.clone();
            card.active = active;
            db.set_company_card(&CompanyId::new("cafe"), &card)
        }
    };
    portal.change(switch(false)).await;
    refused(&portal.get(CONFIG).await, 401, "no está activa");
    assert_eq!(portal.ask("GET", "/b/by-fedapay", &[], b"").await.status, 409);
    let headers = [
        ("Authorization", program.as_str()),
        ("Content-Type", "application/json"),
    ];
    assert_eq!(portal.ask("POST", "/pagos", &headers, b"{}").await.status, 401);
    portal.change(switch(true)).await;
    assert_eq!(portal.get(CONFIG).await.status, 200);
    assert_eq!(portal.ask("POST", "/pagos", &headers, b"{}").await.status, 422);
}

#[tokio::test]
async fn another_routers_products_do_not_exist() {
    let shop = Shop::edited(|_, site| format!("{site}{OTHER_ROUTER}")).await;
    let (key, key_id) = make_key(&shop, "r2", false).await;
    let portal = Portal { shop, key, key_id };
    assert_eq!(json_of(&portal.get(CATALOGUE).await).as_array().unwrap().len(), 1);
    let (own, foreign) = (portal.number("other"), portal.number("by-conekta"));
    assert_eq!(portal.get(&format!("{CATALOGUE}/{own}")).await.status, 200);
    refused(
        &portal.get(&format!("{CATALOGUE}/{foreign}")).await,
        404,
        "no está a la venta",
    );
    assert_eq!(json_of(&portal.get(CONFIG).await)["router"]["id"], "r2");
}

#[tokio::test]
async fn o6_odd_product_numbers_are_refused_and_break_nothing() {
    let portal = Portal::open().await;
    for (number, status) in [
        ("4294967296", 404),
        ("9223372036854775807", 404),
        ("0", 404),
        ("-1", 404),
        ("9223372036854775808", 422),
        ("99999999999999999999", 422),
        ("abc", 422),
        ("1.5", 422),
        ("%00", 422),
        ("%ff", 404),
        ("debug", 404),
    ] {
        let reply = portal.get(&format!("{CATALOGUE}/{number}")).await;
        assert_eq!(reply.status, status, "{number}: {}", reply.body);
        let detail = &json_of(&reply)["detail"];
        assert_eq!(detail.is_array(), status == 422, "{number}: {detail}");
    }
    let told = json_of(&portal.get(&format!("{CATALOGUE}/abc")).await);
    assert_eq!(told["detail"][0]["type"], "int_parsing");
    assert_eq!(told["detail"][0]["loc"], json!(["path", "producto_id"]));
    assert_eq!(told["detail"][0]["input"], "abc");
}

#[tokio::test]
async fn o1_every_way_to_have_no_valid_key_has_its_own_answer() {
    let portal = Portal::open().await;
    let key = portal.key.as_str();
    let bearer = format!("Bearer {key}");
    let ask = async |headers: &[(&str, &str)]| portal.ask("GET", CONFIG, headers, b"").await;
    for headers in [
        &[("X-API-Key", key)][..],
        &[("Authorization", bearer.as_str())],
        // The key's own header comes first.
        &[("X-API-Key", key), ("Authorization", "Bearer jwt_x")],
        &[("X-API-Key", ""), ("Authorization", bearer.as_str())],
    ] {
        assert_eq!(ask(headers).await.status, 200, "{headers:?}");
    }
    refused(&ask(&[]).await, 403, "Falta la clave");
    refused(&ask(&[("Authorization", "Basic YTpi")]).await, 403, "Bearer");
    refused(&ask(&[("Authorization", "Bearer")]).await, 403, "Falta la clave");
    refused(
        &ask(&[("X-API-Key", "mk_x"), ("Authorization", &bearer)]).await,
        401,
        "`jwt_`",
    );
    let (head, signature) = key.rsplit_once('.').unwrap();
    let changed = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let (_, claims) = head.split_once('.').unwrap();
    // {"alg":"none"}
    let unsigned = format!("jwt_eyJhbGciOiJub25lIn0.{claims}.");
    let long = format!("jwt_{}", "a".repeat(5_000));
    for wrong in [
        "jwt_",
        "jwt_abc",
        "jwt_a.b.c",
        "jwt_..",
        &changed,
        &unsigned,
        head,
        &long,
    ] {
        refused(&ask(&[("X-API-Key", wrong)]).await, 401, "no es válida");
    }
    let reply = ask(&[("X-API-Key", "jwt_abc")]).await;
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    let english = ask(&[("X-API-Key", "jwt_abc"), ("Accept-Language", "en-GB")]).await;
    refused(&english, 401, "The key is not valid");
}

#[tokio::test]
async fn a_key_ends_by_time_by_revoking_and_with_its_secret() {
    let portal = Portal::open().await;
    let world = &portal.shop.world;
    let (other, _) = make_key(&portal.shop, "r1", false).await;
    assert_eq!(portal.get(CONFIG).await.status, 200, "a second key ends no other");
    // O10: a year to the second, wherever the server stands.
    let key = portal.stored_key().await;
    let life = key.expires_at.unwrap().duration_since(key.created_at);
    assert_eq!(life, SignedDuration::from_hours(365 * 24));
    world
        .clock
        .advance_ms(i64::try_from(life.as_millis()).unwrap() - 60_000);
    assert_eq!(portal.get(CONFIG).await.status, 200);
    let id = portal.key_id.to_string();
    mikrelay::cli::key::revoke(world.relay.store(), &id, &mut Vec::new()).unwrap();
    // As the runner does every second, for the writes of other processes.
    assert!(world.relay.store().refresh_directory().await.unwrap());
    refused(&portal.get(CONFIG).await, 401, "revocada");
    let headers = [("X-API-Key", other.as_str())];
    assert_eq!(portal.ask("GET", CONFIG, &headers, b"").await.status, 200);
    world.clock.advance_ms(60_000);
    refused(&portal.ask("GET", CONFIG, &headers, b"").await, 401, "caducado");
}

#[tokio::test]
async fn o4_a_new_key_replaces_the_old_one_in_the_same_moment_or_not_at_all() {
    let portal = Portal::open().await;
    let store = portal.shop.world.relay.store();
    let router = store.directory().routers[&RouterId::new("r1")].clone();
    let wish = KeyWish {
        name: String::new(),
        lifetime: DEFAULT_LIFETIME,
        replacing: true,
    };
    // Without a secret no key can be made: the old one stays.
    let none = router_keys::tokens(&mikrelay::secrets::MasterKey::generate(), &[]);
    let failed = store.write(move |db| Ok(router_keys::make(db, &none, &router, &wish).is_err()));
    assert!(failed.await.unwrap());
    store.refresh_directory().await.unwrap();
    assert_eq!(portal.get(CONFIG).await.status, 200);
    let (key, _) = make_key(&portal.shop, "r1", true).await;
    refused(&portal.get(CONFIG).await, 401, "revocada");
    assert_eq!(portal.ask("GET", CONFIG, &[("X-API-Key", &key)], b"").await.status, 200);
    // O3: when it was revoked is known.
    assert!(portal.stored_key().await.revoked_at.is_some());
}

#[tokio::test]
async fn a_key_is_made_by_the_command_line_and_only_its_digest_is_kept() {
    let portal = Portal::open().await;
    let (claims, key_id) = (claims_of(&portal.key), portal.key_id.to_string());
    assert!(key_id.starts_with("key_") && key_id.len() == 20, "{key_id}");
    assert_eq!(claims["jti"], key_id);
    assert_eq!((&claims["sub"], &claims["router_id"]), (&json!("r1"), &json!("r1")));
    assert_eq!(
        (&claims["empresa"], &claims["empresa_id"]),
        (&json!("cafe"), &json!("cafe"))
    );
    assert_eq!(claims["type"], "router_api_key");
    let store = portal.shop.world.relay.store();
    let tokens = || router_keys::tokens(&mikrelay::secrets::MasterKey::generate(), &["1".to_owned()]);
    let wish = KeyWish {
        name: "azotea".to_owned(),
        lifetime: DEFAULT_LIFETIME,
        replacing: true,
    };
    let mut shown = Vec::new();
    mikrelay::cli::key::make_for_router(store, tokens(), "r1", wish.clone(), &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let key = shown.lines().find(|line| line.starts_with("key:")).unwrap();
    let key = key.split_whitespace().last().unwrap();
    assert!(
        key.starts_with("jwt_") && shown.contains("revoked:") && shown.contains(&key_id),
        "{shown}"
    );
    let mut listed = Vec::new();
    mikrelay::cli::key::list(store, None, false, &mut listed).unwrap();
    let listed = String::from_utf8(listed).unwrap();
    assert!(
        listed.contains("azotea") && listed.contains("valid until 2027"),
        "{listed}"
    );
    let unknown = mikrelay::cli::key::make_for_router(store, tokens(), "r9", wish, &mut Vec::new());
    assert!(unknown.unwrap_err().to_string().contains("`r9`"));
    for file in ["mikrelay.db", "mikrelay.db-wal"] {
        let bytes = std::fs::read(portal.shop.world.folder.path().join(file)).unwrap();
        for secret in [key, portal.key.as_str()] {
            let (_, tail) = secret.rsplit_once('.').unwrap();
            assert!(
                !bytes.windows(tail.len()).any(|window| window == tail.as_bytes()),
                "{file}"
            );
        }
    }
}

#[tokio::test]
async fn o2_uses_are_counted_exactly_and_written_together() {
    let portal = Portal::open().await;
    let many = (0..50).map(|_| portal.get(CONFIG));
    let replies = join_all(many).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let before = portal.stored_key().await;
    assert_eq!(
        (before.use_count, before.last_used_at),
        (0, None),
        "nothing is written by a request"
    );
    portal.shop.world.drain().await;
    portal.get(CATALOGUE).await;
    portal.shop.world.drain().await;
    let after = portal.stored_key().await;
    assert_eq!((after.use_count, after.last_used_at.is_some()), (51, true));
    // A store that takes no write loses no count.
    assert_eq!(portal.get(CONFIG).await.status, 200);
    portal.shop.world.relay.store().close().await;
    assert!(portal.shop.world.relay.write_key_uses().await.is_err());
    assert_eq!(portal.get(CONFIG).await.status, 200, "reads go on");
}

#[tokio::test]
async fn s11_guessing_keys_is_slowed_down_and_those_who_have_one_are_not() {
    let portal = Portal::open().await;
    let mut last = portal.get(CONFIG).await;
    for number in 0..40 {
        let key = format!("jwt_guess{number}");
        last = portal.ask("GET", CONFIG, &[("X-API-Key", &key)], b"").await;
    }
    assert_eq!(last.status, 429, "{}", last.body);
    assert!(last.header("retry-after").is_some());
    assert_eq!(portal.get(CONFIG).await.status, 200);
}

#[tokio::test]
async fn o9_pages_of_other_sites_are_let_in_as_configured() {
    let origin = "https://portal.example.net";
    let portal = Portal::with(|app| app.cors = Cors::Origins(vec![http::HeaderValue::from_static(origin)])).await;
    let preflight = async |origin: &str, path: &str| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "x-api-key,content-type"),
        ];
        portal.ask("OPTIONS", path, &headers, b"").await
    };
    let allowed = preflight(origin, "/api/v1/payments/pagar-conekta").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(allowed.header("access-control-max-age"), Some("600"));
    let names = allowed.header("access-control-allow-headers").unwrap();
    for name in ["X-API-Key", "Authorization", "Content-Type", "Idempotency-Key"] {
        assert!(names.contains(name), "{names}");
    }
    let refused = preflight("https://evil.example", CONFIG).await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (400, None)
    );
    let key = portal.key.as_str();
    // Read at once, by the usual way, and refused: the page may read all of them.
    for (path, status) in [
        (CONFIG, 200),
        ("/api/v1/catalogo_perfiles_venta/x", 422),
        ("/api/nothing", 404),
    ] {
        let reply = portal
            .ask("GET", path, &[("X-API-Key", key), ("Origin", origin)], b"")
            .await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin), "{path}");
        assert_eq!(reply.header("vary"), Some("Origin"), "{path}");
        let other = [("X-API-Key", key), ("Origin", "https://evil.example")];
        let reply = portal.ask("GET", path, &other, b"").await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{path}");
    }
    // The buyer's pages are no business of other sites.
    let page = portal.ask("GET", "/b/by-fedapay", &[("Origin", origin)], b"").await;
    assert_eq!(page.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn any_page_may_call_where_the_settings_say_so_but_without_credentials() {
    let portal = Portal::with(|app| app.cors = Cors::Any).await;
    let headers = [
        ("X-API-Key", portal.key.as_str()),
        ("Origin", "https://whoever.example"),
    ];
    let reply = portal.ask("GET", CONFIG, &headers, b"").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let closed = Portal::open().await;
    let reply = closed.ask("GET", CONFIG, &headers, b"").await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_json() {
    let portal = Portal::open().await;
    for path in [
        "/api",
        "/api/v1/nothing",
        "/admin/nothing",
        "/admin",
        "/api/v1/catalogo_perfiles_venta/debug",
    ] {
        let reply = portal.get(path).await;
        assert_eq!(reply.header("content-type"), Some("application/json"), "{path}");
        refused(&reply, 404, "No existe");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"] {
        let reply = portal.ask(method, CONFIG, &[("X-API-Key", &portal.key)], b"").await;
        refused(&reply, 405, "método");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"), "{method}");
    }
    refused(&portal.post(CATALOGUE, &json!({})).await, 405, "método");
    // Names that only begin alike are pages.
    let page = portal.get("/administration").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn the_open_doors_of_the_service() {
    let portal = Portal::open().await;
    let open = async |path: &str, accept: &str| portal.ask("GET", path, &[("Accept", accept)], b"").await;
    let service = json_of(&open("/", "*/*").await);
    assert_eq!(
        (&service["status"], &service["docs"]),
        (&json!("running"), &json!("/docs"))
    );
    assert_eq!(service["version"], "2.0.0");
    let page = open("/", "text/html,application/xhtml+xml").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(json_of(&open("/health", "*/*").await), json!({"status": "healthy"}));
    let docs = open("/docs", "text/html").await;
    assert_eq!(docs.status, 200);
    let policy = docs.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!docs.body.contains("<script") && !docs.body.contains("http://") && !docs.body.contains("https://"));
    for path in [CONFIG, CATALOGUE, "/api/v1/catalogo_perfiles_venta/{producto_id}"] {
        assert!(docs.body.contains(path), "{path}");
    }
    let redoc = open("/redoc", "text/html").await;
    assert_eq!((redoc.status, redoc.header("location")), (307, Some("/docs")));
    let document = json_of(&open("/openapi.json", "*/*").await);
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_document_lists_exactly_what_is_served_and_answers_keep_to_it() {
    let portal = Portal::open().await;
    let document = json_of(&portal.ask("GET", "/openapi.json", &[], b"").await);
    let listed = document["paths"].as_object().unwrap();
    let mut pairs = Vec::new();
    for (path, item) in listed {
        for (method, operation) in item.as_object().unwrap() {
            pairs.push(format!("{} {path}", method.to_uppercase()));
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{path}");
            let needed: &[&str] = if operation["security"].is_array() {
                &["401", "403", "429"]
            } else {
                &[]
            };
            for status in needed.iter().chain(&["405"]) {
                assert!(responses.contains_key(*status), "{method} {path} {status}");
            }
            // A raw body and a file are read by their handlers.
            let fields = operation.pointer("/requestBody/content/application~1json/schema/properties");
            let has_fields = operation["parameters"].is_array() || fields.is_some();
            assert!(!has_fields || responses.contains_key("422"), "{method} {path}");
        }
    }
    let mut table: Vec<_> = mikrelay::api::operation::all()
        .map(|operation| format!("{} {}", operation.verb.as_str(), operation.path))
        .collect();
    pairs.sort();
    table.sort();
    assert_eq!(pairs, table);
    let mut ids: Vec<_> = pointers(&document, "operationId");
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (ids.len(), all),
        (table.len(), table.len()),
        "every operation has an id of its own"
    );
    for reference in pointers(&document, "$ref") {
        let place = reference.trim_start_matches('#');
        assert!(document.pointer(place).is_some(), "{reference} leads nowhere");
    }
    let number = portal.number("by-conekta");
    for (path, pattern, key) in [
        ("/", "/", ""),
        ("/health", "/health", ""),
        (CONFIG, CONFIG, portal.key.as_str()),
        (CONFIG, CONFIG, ""),
        (CONFIG, CONFIG, "jwt_x"),
        (CATALOGUE, CATALOGUE, &portal.key),
        (&format!("{CATALOGUE}/{number}"), ONE, &portal.key),
        (&format!("{CATALOGUE}/0"), ONE, &portal.key),
        (&format!("{CATALOGUE}/x"), ONE, &portal.key),
    ] {
        let reply = portal.ask("GET", path, &[("X-API-Key", key)], b"").await;
        let declared = &listed[pattern]["get"]["responses"][reply.status.to_string()];
        let schema = &declared["content"]["application/json"]["schema"];
        assert!(
            schema.is_object(),
            "{path} answers {} and does not say so",
            reply.status
        );
        assert_eq!(misfit(&document, schema, &json_of(&reply), path), None);
    }
}

#[tokio::test]
async fn s16_a_failure_inside_says_nothing_of_our_insides() {
    let portal = Portal::open().await;
    // Bodies that are broken on purpose, and a store that is gone.
    portal.shop.world.relay.store().close().await;
    for path in [
        CONFIG,
        CATALOGUE,
        "/api/v1/catalogo_perfiles_venta/7",
        "/api/v1/catalogo_perfiles_venta/'",
    ] {
        let body = portal.get(path).await.body.to_ascii_lowercase();
        for inside in ["sql", "store", "panick", "rust", "src/", "closed", "error:"] {
            assert!(!body.contains(inside), "{path}: {body}");
        }
    }
}

#[test]
fn s9_no_database_and_no_dump_is_published() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::process::Command::new("git")
        .arg("-C")
        .arg(root)
        .arg("ls-files")
        .output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let is_dump = |name: &str| {
        let path = std::path::Path::new(name);
        let is = |wanted: &str| {
            path.extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
        };
        is("db") || is("sqlite") || is("dump") || is("key") || (is("sql") && !name.starts_with("src/store/migrations/"))
    };
    let published: Vec<_> = names.lines().filter(|name| is_dump(name)).collect();
    assert!(names.contains("Cargo.toml") && published.is_empty(), "{published:?}");
}

/// A refusal with a sentence that contains `words`.
fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    let told = json_of(reply);
    let detail = told["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(words), "`{words}` is not in: {detail}");
}

fn claims_of(key: &str) -> Value {
    let claims = key.split('.').nth(1).unwrap();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all = Vec::new();
    for future in futures {
        all.push(future.await);
    }
    all
}

/// Every text that stands under this name.
fn pointers(value: &Value, name: &str) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value.as_str() {
                Some(text) if key == name => vec![text.to_owned()],
                _ => pointers(value, name),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| pointers(item, name)).collect(),
        _ => Vec::new(),
    }
}

/// Where a value does not fit its schema, of the words of JSON Schema that our documents use for answers.
fn misfit(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return misfit(document, schema, value, at);
    }
    if let Some(either) = schema["anyOf"].as_array() {
        let fits = either
            .iter()
            .any(|schema| misfit(document, schema, value, at).is_none());
        return (!fits).then(|| format!("{at}: {value} fits none of {schema}"));
    }
    if let Some(words) = schema["enum"].as_array() {
        return (!words.contains(value)).then(|| format!("{at}: {value} is none of {schema}"));
    }
    let types: Vec<_> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let fits = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    if !types.iter().any(fits) {
        return Some(format!("{at}: {value} is no {types:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            return Some(format!("{at}: {name} is missing"));
        }
    }
    let known = schema["properties"].as_object();
    for (name, member) in value.as_object().into_iter().flatten() {
        match known.map(|known| known.get(name)) {
            Some(Some(schema)) => {
                let misfit = misfit(document, schema, member, &format!("{at}.{name}"));
                if misfit.is_some() {
                    return misfit;
                }
            }
            Some(None) => return Some(format!("{at}: {name} is not declared")),
            None => {}
        }
    }
    let items = value.as_array().filter(|_| schema["items"].is_object());
    items
        .into_iter()
        .flatten()
        .find_map(|item| misfit(document, &schema["items"], item, &format!("{at}[]")))
}

const CONFIG: &str = "/api/v1/config/public";
const CATALOGUE: &str = "/api/v1/catalogo_perfiles_venta";
const ONE: &str = "/api/v1/catalogo_perfiles_venta/{producto_id}";

/// A second router of the same company, with one plan.
const OTHER_ROUTER: &str = r#"
[[router]]
id = "r2"
company = "cafe"
address = "10.0.0.2:8728"
tls = "off"
user = "relay"
password = "relay-pass"
access_uuid = "71cd594b-2f01-48ca-8692-65e4ef3a36d5"

[[hotspot]]
id = "h2"
router = "r2"
label = "hotspot2"
name = "hotspot2"
mode = "vc"
length = 6
alphabet = "mix"
links = "plans"

[[plan]]
id = "other"
hotspot = "h2"
label = "1 Hora"
profile = "1H"
price = "15.00"
currency = "MXN"
time = "1h"
"#;
