//! A relay with administrators: the operator's own, and companies made through the API as a console makes them.

use jiff::Timestamp;
use mikrelay::admin::users::{self, UserWish};
use mikrelay::audit::Actor;
use mikrelay::company::Mode;
use mikrelay::ids::{AccountId, CompanyId, HotspotId, OrderRef, PlanId};
use mikrelay::money::Money;
use mikrelay::order::{Buyer, Online, Order, PlanSnapshot, State};
use mikrelay::plan::{DataLimit, TimeLimit};
use mikrelay::secrets::{random_order_ref, random_order_token};
use mikrelay::store::{AuditFilter, Store};
use mikrelay::user::Role;
use mikrelay::voucher::{UserMode, Voucher};
use mikrelay::web;
use serde_json::{Value, json};

use crate::http::{Reply, ask_at};
use crate::portal::json_of;
use crate::support::Shop;

pub const PASSWORD: &str = "lluvia en el patio";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR a picture";

/// A served relay and the operator's session.
pub struct Office {
    pub shop: Shop,
    pub operator: String,
}

/// A company with one of everything. `mark` is in every text of it.
pub struct Tenant {
    pub mark: &'static str,
    pub company: String,
    pub router: String,
    pub key: String,
    pub key_id: String,
    pub product: i64,
    pub user: i64,
    pub email: String,
    pub session: String,
    pub order: OrderRef,
    /// What this tenant's requests say for a password.
    pub password: &'static str,
    /// The gateway's id of a payment.
    pub payment: String,
    /// What Mercado Pago signs with for whoever asks.
    pub hook: String,
}

impl Office {
    pub async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// `set` may change what the server is allowed.
    pub async fn with(set: impl FnOnce(&mut web::App)) -> Self {
        let shop = Shop::with(set).await;
        let wish = UserWish {
            role: Role::SuperAdmin,
            email: "operator@example.net".to_owned(),
            name: "Operator".to_owned(),
            password: PASSWORD.into(),
        };
        let store = shop.world.relay.store();
        users::add(store, Actor::command("test"), wish).await.unwrap();
        let mut office = Self {
            shop,
            operator: String::new(),
        };
        office.operator = office.log_in("operator@example.net", PASSWORD).await;
        office
    }

    pub fn store(&self) -> &Store {
        self.shop.world.relay.store()
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let port = self.shop.world.relay.public_url().port().unwrap();
        ask_at(([127, 0, 0, 1], port).into(), method, path, headers, body).await
    }

    /// A sale waits for jobs.
    pub async fn while_jobs_run(&self, asked: impl Future<Output = Reply>) -> Reply {
        tokio::pin!(asked);
        loop {
            tokio::select! {
                reply = &mut asked => return reply,
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => self.shop.world.drain().await,
            }
        }
    }

    /// With a session or a key; no body where it is `null`.
    pub async fn call(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.ask(method, path, &headers, text.as_bytes()).await
    }

    /// The same for what must work.
    pub async fn done(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let reply = self.call(token, method, path, &body).await;
        assert!(
            (200..300).contains(&reply.status),
            "{method} {path}: {} {}",
            reply.status,
            reply.body
        );
        json_of(&reply)
    }

    pub async fn try_log_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({"email": email, "password": password});
        self.call("", "POST", "/api/v1/auth/login", &body).await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> String {
        let reply = self.try_log_in(email, password).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        json_of(&reply)["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn upload(&self, token: &str, file: &[u8]) -> Reply {
        let mut form = b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.html\"\r\n\
            Content-Type: text/html\r\n\r\n"
            .to_vec();
        form.extend_from_slice(file);
        form.extend_from_slice(b"\r\n--xyz--\r\n");
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "multipart/form-data; boundary=xyz"),
        ];
        self.ask("POST", "/api/v1/admin/mi-empresa/logo", &headers, &form).await
    }

    /// Makes a company the way an operator and then its administrator do.
    pub async fn tenant(&self, mark: &'static str) -> Tenant {
        let operator = &self.operator;
        let company = json!({"nombre": format!("Empresa {mark}"), "contacto_email": format!("{mark}@example.com")});
        let company = self.done(operator, "POST", "/admin/empresas", company).await;
        let company = company["id"].as_str().unwrap().to_owned();
        let router = json!({"nombre": format!("Azotea {mark}"), "host": "127.0.0.1", "puerto": self.shop.world.router.addr().port(),
            "usuario": format!("api-{mark}"), "password": format!("secreto-{mark}"), "ubicacion": format!("Edificio {mark}")});
        let made = self
            .done(operator, "POST", &format!("/admin/empresas/{company}/routers"), router)
            .await;
        let (router, key) = (text(&made["id"]), text(&made["api_key"]));
        let email = format!("gerente.{mark}@example.com");
        let user = json!({"email": email, "password": PASSWORD, "nombre": format!("Gerente {mark}"),
            "rol": "cliente_admin", "empresa_id": company});
        let user = self.done(operator, "POST", "/admin/usuarios", user).await;
        let session = self.log_in(&email, PASSWORD).await;
        let conekta = json!({"conekta_private_key": format!("key_private_{mark}"),
            "conekta_public_key": format!("key_public_{mark}"), "conekta_mode": "live"});
        self.done(&session, "PUT", "/api/v1/admin/mi-empresa/conekta-config", conekta)
            .await;
        let all = json!({"access_token": format!("APP_USR-{mark}"), "webhook_secret": format!("hook-{mark}"),
            "public_key": format!("APP_PUB-{mark}"), "mode": "live", "telegram_bot_token": format!("1:{mark}"),
            "telegram_chat_id": format!("chat-{mark}"), "notificaciones_telegram": true});
        self.done(&session, "POST", "/api/v1/payments/configurar-credenciales", all)
            .await;
        let product = json!({"router_id": router, "perfil_mikrotik_id": "*4", "perfil_mikrotik_nombre": format!("dia-{mark}"),
            "nombre_venta": format!("Un dia {mark}"), "precio": 35.5, "detalles": [{"texto": format!("detalle {mark}")}]});
        let product = self.done(&session, "POST", "/api/v1/admin/products", product).await;
        assert_eq!(self.upload(&session, PNG).await.status, 200);
        let mut tenant = Tenant {
            mark,
            key_id: text(&made["api_key_info"]["key_id"]),
            company,
            router,
            key,
            product: product["id"].as_i64().unwrap(),
            user: user["usuario"]["id"].as_i64().unwrap(),
            email,
            session,
            order: OrderRef::new(""),
            password: "otra cosa cualquiera",
            payment: String::new(),
            hook: format!("hook-{mark}"),
        };
        tenant.order = self.order(&tenant, "mercadopago", State::Delivered, 3550).await;
        tenant.payment = self.shop.world.order(&tenant.order).await.gateway_id.unwrap();
        tenant
    }

    /// Gives the relay the login of the simulated router.
    pub async fn let_in(&self, tenant: &Tenant) {
        let path = format!("/api/v1/admin/mi-empresa/routers/{}", tenant.router);
        let login = json!({"usuario": "relay", "password_encrypted": "relay-pass"});
        self.done(&tenant.session, "PUT", &path, login).await;
    }

    /// Makes a tenant sell: its router lets the relay in and has the profile, and the simulated gateways are its own.
    pub async fn open_for_sale(&self, tenant: &Tenant) {
        self.let_in(tenant).await;
        self.shop.world.router.add_profile(&format!("dia-{}", tenant.mark));
        let conekta = json!({"conekta_private_key": "key_demoPrivate0000000000",
            "conekta_public_key": "key_demoPublic00000000000", "conekta_mode": "live"});
        self.done(
            &tenant.session,
            "PUT",
            "/api/v1/admin/mi-empresa/conekta-config",
            conekta,
        )
        .await;
        let mercadopago = json!({"access_token": "APP_USR-demo-access-token", "public_key": "APP_USR-demo-public-key",
            "webhook_secret": format!("hook-{}", tenant.mark), "mode": "test"});
        self.done(
            &tenant.session,
            "POST",
            "/api/v1/payments/configurar-credenciales",
            mercadopago,
        )
        .await;
        let directory = self.store().directory();
        for account in directory.accounts.values() {
            let is_his = account.company.as_str() == tenant.company;
            if is_his {
                let mut account = account.clone();
                account.base_url = Some(self.shop.gateway(account.gateway().as_str()).base_url().to_owned());
                let put = move |db: &mikrelay::store::Db<'_>| {
                    db.put_account(&account)?;
                    db.bump_directory_version()
                };
                self.store().write(put).await.unwrap();
            }
        }
        self.store().refresh_directory().await.unwrap();
    }

    /// An order of a company, as a sale leaves it.
    pub async fn order(&self, tenant: &Tenant, gateway: &str, state: State, minor: i64) -> OrderRef {
        let directory = self.store().directory();
        let (product, plan) = directory.product(tenant.product).unwrap();
        let now = self.shop.world.clock.now();
        let order = Order {
            account: AccountId::new(format!("{}-{gateway}", tenant.company.to_lowercase())),
            ..order_of(
                tenant,
                &plan.hotspot,
                &product.plan,
                Money::from_minor(minor, plan.price.currency()),
                state,
                now,
            )
        };
        let reference = order.reference.clone();
        self.store().write(move |db| db.insert_order(&order)).await.unwrap();
        reference
    }

    /// The acts in the audit log, oldest first.
    pub async fn acts(&self, company: &str) -> Vec<String> {
        let filter = AuditFilter {
            company: Some(CompanyId::new(company)),
            limit: 1000,
        };
        let lines = self.store().read(move |db| db.audits(&filter)).await.unwrap();
        lines.into_iter().rev().map(|audit| audit.line.act).collect()
    }

    /// What became of the orders, oldest first.
    pub fn steps(&self) -> Vec<String> {
        let database = self.database();
        let mut statement = database.prepare("SELECT text FROM order_step ORDER BY id").unwrap();
        let steps = statement.query_map([], |row| row.get(0)).unwrap();
        steps.map(Result::unwrap).collect()
    }

    /// A connection to the store's file, beside the relay.
    pub fn database(&self) -> rusqlite::Connection {
        let file = self.shop.world.folder.path().join(mikrelay::store::DATABASE_FILE);
        rusqlite::Connection::open(file).unwrap()
    }
}

fn order_of(tenant: &Tenant, hotspot: &HotspotId, plan: &PlanId, price: Money, state: State, now: Timestamp) -> Order {
    let mark = tenant.mark;
    Order {
        reference: random_order_ref(),
        token: random_order_token(),
        company: CompanyId::new(&*tenant.company),
        hotspot: hotspot.clone(),
        account: AccountId::new(""),
        mode: Mode::Live,
        plan: PlanSnapshot {
            plan: Some(plan.clone()),
            label: format!("Un dia {mark}"),
            profile: format!("dia-{mark}"),
            price,
            time: TimeLimit::NONE,
            data: DataLimit::NONE,
        },
        state,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer {
            email: Some(format!("comprador.{mark}@example.com")),
            ..Buyer::default()
        },
        gateway_id: Some(format!("{}", rand::random::<u32>())),
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: Some(Voucher {
            username: format!("U{mark}").into(),
            password: format!("P{mark}").into(),
            mode: UserMode::Up,
            comment: String::new(),
        }),
        link: None,
        params: mikrelay::mik_params::MikParams::default(),
        created_at: now,
        paid_at: Some(now),
        provisioned_at: None,
        delivered_at: None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
