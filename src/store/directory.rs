//! The business records: put and removed one by one, read as one snapshot.
//!
//! Keys of accounts and passwords of routers are sealed. Writing a record does not by itself tell other
//! processes: whoever is done bumps the directory's version once (`meta.rs`).

use data_encoding::HEXLOWER_PERMISSIVE;
use rusqlite::Params;
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, from_word, ms, signed, word_of};
use super::products::read_router_card;
use super::{Db, StoreError};
use crate::by_kind::read_by_kind;
use crate::company::{
    Account, AccountKeys, CallbackHeader, Company, ConektaMethod, Directory, Hotspot, Language, LinkPolicy,
    MercadopagoCheckout, MikhmonBatch, MikhmonWishes, Mode, RefundPolicy, Router, RouterCredentials, RouterTls,
};
use crate::ids::{AccountId, CompanyId, HotspotId, PlanId, RouterId};
use crate::money::{Currency, Money};
use crate::plan::{DataLimit, Plan, TimeLimit};
use crate::voucher::{Alphabet, UserMode, VoucherStyle};

impl Db<'_> {
    /// All business records.
    pub fn load_directory(&self) -> Result<Directory, StoreError> {
        let companies = self.all(
            "SELECT id, name, country, language, timezone, notify_email, contact_phone, logo_url, active, created_at, \
             telegram_token_sealed, telegram_chat, telegram_on FROM company",
            [],
            |columns| self.read_company(columns),
        )?;
        let routers = self.all(
            "SELECT id, company, address, tls, user, password_sealed, access_uuid, name, location, active, created_at, \
             user_prefix, removed_at FROM router",
            [],
            |columns| self.read_router(columns),
        )?;
        let hotspots = self.all(
            "SELECT id, router, label, name, dns_name, mode, length, alphabet, prefix, links, mikhmon_records, \
             mikhmon_batch, mikhmon_expiry FROM hotspot",
            [],
            read_hotspot,
        )?;
        let accounts = self.all(
            "SELECT id, company, mode, base_url, keys_sealed, refund_undelivered_after_h, refund_paid_twice FROM account",
            [],
            |columns| self.read_account(columns),
        )?;
        let plans = self.all(
            "SELECT id, hotspot, label, profile, price_minor, currency, time_s, data_bytes FROM plan",
            [],
            |columns| self.read_plan_record(columns),
        )?;
        Ok(Directory {
            companies: companies
                .into_iter()
                .map(|company| (company.id.clone(), company))
                .collect(),
            routers: routers.into_iter().map(|router| (router.id.clone(), router)).collect(),
            hotspots: hotspots
                .into_iter()
                .map(|hotspot| (hotspot.id.clone(), hotspot))
                .collect(),
            accounts: accounts
                .into_iter()
                .map(|account| (account.id.clone(), account))
                .collect(),
            plans: plans.into_iter().map(|plan| (plan.id.clone(), plan)).collect(),
            products: self.products()?,
            router_keys: self.live_router_keys()?,
        })
    }

    /// Makes or replaces a company; its card stays as it is.
    pub fn put_company(&self, company: &Company) -> Result<(), StoreError> {
        let sql = "INSERT INTO company (id, name, country, language, timezone, notify_email, created_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET name = ?2, country = ?3, \
                   language = ?4, timezone = ?5, notify_email = ?6";
        self.put(
            sql,
            (
                company.id.as_str(),
                &company.name,
                &company.country,
                company.language.code(),
                &company.timezone,
                &company.notify_email,
                ms(self.now()),
            ),
        )
    }

    /// Makes or replaces a router, its credentials included; its card stays as it is.
    pub fn put_router(&self, router: &Router) -> Result<(), StoreError> {
        let (user, password) = match &router.credentials {
            Some(credentials) => (
                Some(&credentials.user),
                Some(self.sealed_password(&router.id, credentials)),
            ),
            None => (None, None),
        };
        let sql = "INSERT INTO router (id, company, address, tls, user, password_sealed, access_uuid, created_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET company = ?2, address = ?3, \
                   tls = ?4, user = ?5, password_sealed = ?6, access_uuid = ?7";
        self.put(
            sql,
            (
                router.id.as_str(),
                router.company.as_str(),
                &router.address,
                tls_text(&router.tls),
                user,
                password,
                &router.access_uuid,
                ms(self.now()),
            ),
        )
    }

    /// Keeps credentials learnt from an authentic callback, and tells everyone.
    pub fn set_router_credentials(&self, id: &RouterId, credentials: &RouterCredentials) -> Result<(), StoreError> {
        let password = self.sealed_password(id, credentials);
        let sql = "UPDATE router SET user = ?2, password_sealed = ?3 WHERE id = ?1";
        if self.run(sql, (id.as_str(), &credentials.user, password))? == 0 {
            return Err(StoreError::NotFound {
                what: "router",
                id: id.to_string(),
            });
        }
        self.bump_directory_version()
    }

    /// Makes or replaces a hotspot. `Exists` where another hotspot has its label.
    pub fn put_hotspot(&self, hotspot: &Hotspot) -> Result<(), StoreError> {
        let style = &hotspot.style;
        let sql = "INSERT INTO hotspot (id, company, router, label, name, dns_name, mode, length, alphabet, prefix, \
                   links, mikhmon_records, mikhmon_batch, mikhmon_expiry) \
                   VALUES (?1, (SELECT company FROM router WHERE id = ?2), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
                   ?13) ON CONFLICT (id) DO UPDATE SET company = excluded.company, router = ?2, label = ?3, name = ?4, \
                   dns_name = ?5, mode = ?6, length = ?7, alphabet = ?8, prefix = ?9, links = ?10, \
                   mikhmon_records = ?11, mikhmon_batch = ?12, mikhmon_expiry = ?13";
        self.put(
            sql,
            (
                hotspot.id.as_str(),
                hotspot.router.as_str(),
                &hotspot.label,
                &hotspot.name,
                &hotspot.dns_name,
                word_of("user mode", &style.mode)?,
                style.length,
                word_of("alphabet", &style.alphabet)?,
                &style.prefix,
                word_of("link policy", &hotspot.links)?,
                hotspot.mikhmon.records,
                word_of("batch", &hotspot.mikhmon.batch)?,
                hotspot.mikhmon.expiry,
            ),
        )
    }

    /// Takes a hotspot's label away so that another can have it; no callback path can name what stays.
    pub fn park_hotspot_label(&self, id: &HotspotId) -> Result<(), StoreError> {
        self.put("UPDATE hotspot SET label = '/' || id WHERE id = ?1", [id.as_str()])
    }

    /// Makes or replaces an account, its keys included.
    pub fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&StoredKeys::from(&account.keys));
        let json = json.map_err(|error| StoreError::unreadable("account keys", error))?;
        let sql = "INSERT INTO account (id, company, gateway, mode, base_url, keys_sealed, \
                   refund_undelivered_after_h, refund_paid_twice) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                   ON CONFLICT (id) DO UPDATE SET company = ?2, gateway = ?3, mode = ?4, base_url = ?5, \
                   keys_sealed = ?6, refund_undelivered_after_h = ?7, refund_paid_twice = ?8";
        self.put(
            sql,
            (
                account.id.as_str(),
                account.company.as_str(),
                account.gateway().as_str(),
                word_of("mode", &account.mode)?,
                &account.base_url,
                self.seal(&keys_context(&account.id), &json),
                account.refunds.undelivered_after_h,
                account.refunds.paid_twice,
            ),
        )
    }

    /// Makes or replaces a plan and the list of accounts that may sell it. A new plan gets its product.
    pub fn put_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        let sql = "INSERT INTO plan (id, company, hotspot, label, profile, price_minor, currency, time_s, data_bytes) \
                   VALUES (?1, (SELECT company FROM hotspot WHERE id = ?2), ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                   ON CONFLICT (id) DO UPDATE SET company = excluded.company, hotspot = ?2, label = ?3, profile = ?4, \
                   price_minor = ?5, currency = ?6, time_s = ?7, data_bytes = ?8";
        self.put(
            sql,
            (
                plan.id.as_str(),
                plan.hotspot.as_str(),
                &plan.label,
                &plan.profile,
                plan.price.minor(),
                plan.price.currency().code(),
                signed(plan.time.seconds),
                signed(plan.data.bytes),
            ),
        )?;
        self.run("DELETE FROM plan_account WHERE plan = ?1", [plan.id.as_str()])?;
        for account in &plan.accounts {
            let sql =
                "INSERT INTO plan_account (plan, account, company) SELECT id, ?2, company FROM plan WHERE id = ?1";
            self.put(sql, (plan.id.as_str(), account.as_str()))?;
        }
        self.ensure_product(&plan.id)
    }

    /// Takes the company away; `Related` while anything belongs to it. So with all `remove_*`.
    pub fn remove_company(&self, id: &CompanyId) -> Result<(), StoreError> {
        self.put("DELETE FROM company WHERE id = ?1", [id.as_str()])
    }

    pub fn remove_router(&self, id: &RouterId) -> Result<(), StoreError> {
        self.put("DELETE FROM router WHERE id = ?1", [id.as_str()])
    }

    pub fn remove_hotspot(&self, id: &HotspotId) -> Result<(), StoreError> {
        self.put("DELETE FROM hotspot WHERE id = ?1", [id.as_str()])
    }

    pub fn remove_account(&self, id: &AccountId) -> Result<(), StoreError> {
        self.put("DELETE FROM account WHERE id = ?1", [id.as_str()])
    }

    /// Orders keep their copy of the plan.
    pub fn remove_plan(&self, id: &PlanId) -> Result<(), StoreError> {
        self.put("DELETE FROM plan WHERE id = ?1", [id.as_str()])
    }

    fn put(&self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        self.run(sql, params)?;
        Ok(())
    }

    fn sealed_password(&self, id: &RouterId, credentials: &RouterCredentials) -> Vec<u8> {
        self.seal(&password_context(id), credentials.password.expose_secret().as_bytes())
    }

    fn read_company(&self, columns: &mut Columns<'_, '_>) -> Result<Company, StoreError> {
        let id = CompanyId::new(columns.next::<String>()?);
        Ok(Company {
            name: columns.next()?,
            country: columns.next()?,
            language: columns.word("language", from_word::<Language>)?,
            timezone: columns.next()?,
            notify_email: columns.next()?,
            card: self.read_company_card(&id, columns)?,
            id,
        })
    }

    fn read_router(&self, columns: &mut Columns<'_, '_>) -> Result<Router, StoreError> {
        let id = RouterId::new(columns.next::<String>()?);
        let company = CompanyId::new(columns.next::<String>()?);
        let (address, tls) = (columns.next()?, columns.word("router tls", tls_from_text)?);
        let (user, sealed): (Option<String>, Option<Vec<u8>>) = (columns.next()?, columns.next()?);
        let credentials = match (user, sealed) {
            (Some(user), Some(sealed)) => {
                let password = String::from_utf8(self.unseal(&password_context(&id), &sealed)?);
                let password = password.map_err(|_| StoreError::unreadable("router password", "not UTF-8"))?;
                Some(RouterCredentials {
                    user,
                    password: SecretString::from(password),
                })
            }
            _ => None,
        };
        Ok(Router {
            id,
            company,
            address,
            tls,
            credentials,
            access_uuid: columns.next()?,
            card: read_router_card(columns)?,
        })
    }

    fn read_account(&self, columns: &mut Columns<'_, '_>) -> Result<Account, StoreError> {
        let id = AccountId::new(columns.next::<String>()?);
        let company = CompanyId::new(columns.next::<String>()?);
        let (mode, base_url) = (columns.word("mode", from_word::<Mode>)?, columns.next()?);
        let json = self.unseal(&keys_context(&id), &columns.next::<Vec<u8>>()?)?;
        // The parser's own words could quote a key.
        let keys: StoredKeys =
            serde_json::from_slice(&json).map_err(|_| StoreError::unreadable("account keys", &id))?;
        Ok(Account {
            id,
            company,
            mode,
            base_url,
            keys: keys.into(),
            refunds: RefundPolicy {
                undelivered_after_h: columns.next()?,
                paid_twice: columns.next()?,
            },
        })
    }

    fn read_plan_record(&self, columns: &mut Columns<'_, '_>) -> Result<Plan, StoreError> {
        let id = PlanId::new(columns.next::<String>()?);
        let accounts = self.all(
            "SELECT account FROM plan_account WHERE plan = ?1 ORDER BY account",
            [id.as_str()],
            |columns| Ok(AccountId::new(columns.next::<String>()?)),
        )?;
        let hotspot = HotspotId::new(columns.next::<String>()?);
        let (label, profile) = (columns.next()?, columns.next()?);
        let (minor, currency) = (columns.next()?, columns.word("currency", from_word::<Currency>)?);
        let price = Money::from_minor(minor, currency);
        let time = TimeLimit {
            seconds: columns.unsigned("time limit")?,
        };
        let data = DataLimit {
            bytes: columns.unsigned("data limit")?,
        };
        Ok(Plan {
            id,
            hotspot,
            accounts,
            label,
            profile,
            price,
            time,
            data,
        })
    }
}

/// The keys as they are sealed.
#[derive(serde::Serialize)]
#[serde(tag = "api", rename_all = "snake_case")]
enum StoredKeys {
    Fedapay {
        public_key: Option<String>,
        secret_key: Option<String>,
        webhook_secrets: Vec<String>,
    },
    CinetpayV2 {
        site_id: String,
        api_key: String,
        webhook_secrets: Vec<String>,
    },
    CinetpayV1 {
        api_key: String,
        api_password: String,
    },
    Feexpay {
        shop: String,
        token: String,
        header_name: Option<String>,
        header_value: Option<String>,
    },
    Conekta {
        private_key: String,
        public_key: Option<String>,
        webhook_keys: Vec<String>,
        methods: Vec<ConektaMethod>,
    },
    Mercadopago {
        access_token: String,
        public_key: Option<String>,
        webhook_secrets: Vec<String>,
        checkout: MercadopagoCheckout,
    },
}

read_by_kind!(StoredKeys, "api", {
    "fedapay" => Fedapay { public_key, secret_key, webhook_secrets },
    "cinetpay_v2" => CinetpayV2 { site_id, api_key, webhook_secrets },
    "cinetpay_v1" => CinetpayV1 { api_key, api_password },
    "feexpay" => Feexpay { shop, token, header_name, header_value },
    "conekta" => Conekta { private_key, public_key, webhook_keys, methods },
    "mercadopago" => Mercadopago { access_token, public_key, webhook_secrets, checkout },
});

impl From<&AccountKeys> for StoredKeys {
    fn from(keys: &AccountKeys) -> Self {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let all = |secrets: &[SecretString]| secrets.iter().map(text).collect();
        match keys {
            AccountKeys::Fedapay {
                public_key,
                secret_key,
                webhook_secrets,
            } => Self::Fedapay {
                public_key: public_key.clone(),
                secret_key: secret_key.as_ref().map(text),
                webhook_secrets: all(webhook_secrets),
            },
            AccountKeys::CinetpayV2 {
                site_id,
                api_key,
                webhook_secrets,
            } => Self::CinetpayV2 {
                site_id: site_id.clone(),
                api_key: text(api_key),
                webhook_secrets: all(webhook_secrets),
            },
            AccountKeys::CinetpayV1 { api_key, api_password } => Self::CinetpayV1 {
                api_key: text(api_key),
                api_password: text(api_password),
            },
            AccountKeys::Feexpay {
                shop,
                token,
                callback_header,
            } => Self::Feexpay {
                shop: shop.clone(),
                token: text(token),
                header_name: callback_header.as_ref().map(|header| header.name.clone()),
                header_value: callback_header.as_ref().map(|header| text(&header.value)),
            },
            AccountKeys::Conekta {
                private_key,
                public_key,
                webhook_keys,
                methods,
            } => Self::Conekta {
                private_key: text(private_key),
                public_key: public_key.clone(),
                webhook_keys: webhook_keys.clone(),
                methods: methods.clone(),
            },
            AccountKeys::Mercadopago {
                access_token,
                public_key,
                webhook_secrets,
                checkout,
            } => Self::Mercadopago {
                access_token: text(access_token),
                public_key: public_key.clone(),
                webhook_secrets: all(webhook_secrets),
                checkout: *checkout,
            },
        }
    }
}

impl From<StoredKeys> for AccountKeys {
    fn from(keys: StoredKeys) -> Self {
        let all = |secrets: Vec<String>| secrets.into_iter().map(SecretString::from).collect();
        match keys {
            StoredKeys::Fedapay {
                public_key,
                secret_key,
                webhook_secrets,
            } => Self::Fedapay {
                public_key,
                secret_key: secret_key.map(SecretString::from),
                webhook_secrets: all(webhook_secrets),
            },
            StoredKeys::CinetpayV2 {
                site_id,
                api_key,
                webhook_secrets,
            } => Self::CinetpayV2 {
                site_id,
                api_key: api_key.into(),
                webhook_secrets: all(webhook_secrets),
            },
            StoredKeys::CinetpayV1 { api_key, api_password } => Self::CinetpayV1 {
                api_key: api_key.into(),
                api_password: api_password.into(),
            },
            StoredKeys::Feexpay {
                shop,
                token,
                header_name,
                header_value,
            } => Self::Feexpay {
                shop,
                token: token.into(),
                callback_header: header_name.zip(header_value).map(|(name, value)| CallbackHeader {
                    name,
                    value: value.into(),
                }),
            },
            StoredKeys::Conekta {
                private_key,
                public_key,
                webhook_keys,
                methods,
            } => Self::Conekta {
                private_key: private_key.into(),
                public_key,
                webhook_keys,
                methods,
            },
            StoredKeys::Mercadopago {
                access_token,
                public_key,
                webhook_secrets,
                checkout,
            } => Self::Mercadopago {
                access_token: access_token.into(),
                public_key,
                webhook_secrets: all(webhook_secrets),
                checkout,
            },
        }
    }
}

fn read_hotspot(columns: &mut Columns<'_, '_>) -> Result<Hotspot, StoreError> {
    Ok(Hotspot {
        id: HotspotId::new(columns.next::<String>()?),
        router: RouterId::new(columns.next::<String>()?),
        label: columns.next()?,
        name: columns.next()?,
        dns_name: columns.next()?,
        style: VoucherStyle {
            mode: columns.word("user mode", from_word::<UserMode>)?,
            length: columns.next()?,
            alphabet: columns.word("alphabet", from_word::<Alphabet>)?,
            prefix: columns.next()?,
        },
        links: columns.word("link policy", from_word::<LinkPolicy>)?,
        mikhmon: MikhmonWishes {
            records: columns.next()?,
            batch: columns.word("batch", from_word::<MikhmonBatch>)?,
            expiry: columns.next()?,
        },
    })
}

/// As in the business file: `off`, `webpki`, `sha256:<hex>`.
fn tls_text(tls: &RouterTls) -> String {
    match tls {
        RouterTls::Off => "off".to_owned(),
        RouterTls::Webpki => "webpki".to_owned(),
        RouterTls::Pinned(pin) => format!("sha256:{}", data_encoding::HEXLOWER.encode(pin)),
    }
}

fn tls_from_text(text: &str) -> Option<RouterTls> {
    match text {
        "off" => Some(RouterTls::Off),
        "webpki" => Some(RouterTls::Webpki),
        pinned => {
            let pin = HEXLOWER_PERMISSIVE
                .decode(pinned.strip_prefix("sha256:")?.as_bytes())
                .ok()?;
            pin.try_into().ok().map(RouterTls::Pinned)
        }
    }
}

fn password_context(id: &RouterId) -> String {
    format!("router.password:{id}")
}

fn keys_context(id: &AccountId) -> String {
    format!("account.keys:{id}")
}
