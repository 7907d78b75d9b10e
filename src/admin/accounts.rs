//! A company's gateway accounts, as far as the administration API knows them: one at Conekta and one at Mercado Pago.
//! What is not sent stays as it is, the mode above all (facts: pagos-hotspot-api 9, O5).

use secrecy::{ExposeSecret, SecretString};

use super::companies::{known, secret_of};
use super::error::{AdminError, optional};
use crate::audit::{Actor, Changes};
use crate::company::{
    Account, AccountKeys, ConektaMethod, Directory, GatewayName, MercadopagoCheckout, Mode, RefundPolicy,
};
use crate::ids::{AccountId, CompanyId};
use crate::secrets::random_token;
use crate::store::Db;

/// What is to be changed: `None` stays, `Some(None)` goes.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Conekta's private key, Mercado Pago's access token.
    pub secret_key: Option<Option<SecretString>>,
    pub public_key: Option<Option<String>>,
    /// Mercado Pago's; replaces all of them.
    pub webhook_secret: Option<Option<SecretString>>,
    pub mode: Option<Mode>,
}

impl AccountChange {
    pub fn is_empty(&self) -> bool {
        self.secret_key.is_none() && self.public_key.is_none() && self.webhook_secret.is_none() && self.mode.is_none()
    }
}

/// What the API shows of an account; secrets only as being there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    pub has_secret_key: bool,
    pub public_key: Option<String>,
    pub has_webhook_secret: bool,
    pub mode: Mode,
}

/// The account that portals use, as it is shown. A company without one has the documented default mode.
pub fn view(directory: &Directory, company: &CompanyId, gateway: GatewayName) -> AccountView {
    let Some(account) = directory.portal_account(company, gateway) else {
        return AccountView {
            has_secret_key: false,
            public_key: None,
            has_webhook_secret: false,
            mode: Mode::Test,
        };
    };
    let has_webhook_secret = match &account.keys {
        AccountKeys::Mercadopago { webhook_secrets, .. } => !webhook_secrets.is_empty(),
        AccountKeys::Conekta { webhook_keys, .. } => !webhook_keys.is_empty(),
        _ => false,
    };
    AccountView {
        has_secret_key: account.keys.private_key().is_some(),
        public_key: account.keys.public_key().map(str::to_owned),
        has_webhook_secret,
        mode: account.mode,
    }
}

/// Changes the account that portals use, or makes it.
pub fn update(
    db: &Db<'_>,
    actor: &Actor,
    company: &CompanyId,
    gateway: GatewayName,
    change: AccountChange,
) -> Result<AccountView, AdminError> {
    let mut directory = db.load_directory()?;
    known(&directory, company)?;
    if change.is_empty() {
        return Ok(view(&directory, company, gateway));
    }
    let old = directory.portal_account(company, gateway).cloned();
    let names = field_names(gateway);
    let mut account = match &old {
        Some(account) => account.clone(),
        None => new_account(&directory, company, gateway),
    };
    let mut changes = Changes::none();
    if let Some(mode) = change.mode {
        let was = old.as_ref().map(|account| mode_word(account.mode));
        changes = changes.value("mode", was, Some(mode_word(mode)));
        account.mode = mode;
    }
    let secret_key = change.secret_key.map(|key| secret_of(names.secret, key)).transpose()?;
    let webhook_secret = change
        .webhook_secret
        .map(|secret| secret_of("webhook_secret", secret))
        .transpose()?;
    let public_key = change
        .public_key
        .map(|key| optional(names.public, key.as_deref(), MOST_PUBLIC_KEY))
        .transpose()?;
    if let Some(key) = secret_key {
        let had = account.keys.private_key().map(|old| old.expose_secret().to_owned());
        if had.as_deref() != key.as_ref().map(ExposeSecret::expose_secret) {
            changes = changes.secret(names.secret, key.is_some());
        }
        put_secret_key(&mut account.keys, key.unwrap_or_default());
    }
    if let Some(key) = public_key {
        changes = changes.value(names.public, account.keys.public_key(), key.as_deref());
        put_public_key(&mut account.keys, key);
    }
    if let Some(secret) = webhook_secret {
        changes = changes.secret("webhook_secret", secret.is_some());
        put_webhook_secret(&mut account.keys, secret);
    }
    if !changes.is_empty() {
        db.put_account(&account)?;
        let subject = format!("account {}", account.id);
        db.add_audit(&actor.did(Some(company), subject, changes))?;
        db.bump_directory_version()?;
    }
    directory.accounts.insert(account.id.clone(), account);
    Ok(view(&directory, company, gateway))
}

fn new_account(directory: &Directory, company: &CompanyId, gateway: GatewayName) -> Account {
    let keys = match gateway {
        GatewayName::Mercadopago => AccountKeys::Mercadopago {
            access_token: SecretString::default(),
            public_key: None,
            webhook_secrets: Vec::new(),
            checkout: MercadopagoCheckout::default(),
        },
        _ => AccountKeys::Conekta {
            private_key: SecretString::default(),
            public_key: None,
            webhook_keys: Vec::new(),
            methods: ConektaMethod::ALL.to_vec(),
        },
    };
    let wanted = AccountId::new(format!("{}-{}", company.as_str().to_lowercase(), gateway.as_str()));
    let id = if directory.accounts.contains_key(&wanted) {
        AccountId::new(format!("{wanted}-{}", random_token(ID_BITS)))
    } else {
        wanted
    };
    Account {
        id,
        company: company.clone(),
        mode: Mode::Test,
        base_url: None,
        keys,
        refunds: RefundPolicy::default(),
    }
}

fn put_secret_key(keys: &mut AccountKeys, new: SecretString) {
    match keys {
        AccountKeys::Conekta { private_key, .. } => *private_key = new,
        AccountKeys::Mercadopago { access_token, .. } => *access_token = new,
        _ => {}
    }
}

fn put_public_key(keys: &mut AccountKeys, new: Option<String>) {
    match keys {
        AccountKeys::Conekta { public_key, .. } | AccountKeys::Mercadopago { public_key, .. } => *public_key = new,
        _ => {}
    }
}

fn put_webhook_secret(keys: &mut AccountKeys, new: Option<SecretString>) {
    if let AccountKeys::Mercadopago { webhook_secrets, .. } = keys {
        *webhook_secrets = new.into_iter().collect();
    }
}

struct FieldNames {
    secret: &'static str,
    public: &'static str,
}

fn field_names(gateway: GatewayName) -> FieldNames {
    match gateway {
        GatewayName::Mercadopago => FieldNames {
            secret: "access_token",
            public: "public_key",
        },
        _ => FieldNames {
            secret: "conekta_private_key",
            public: "conekta_public_key",
        },
    }
}

/// The word of the API.
pub fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Test => "test",
    }
}

/// As the documented tables have it (facts: pagos-hotspot-api 7.1).
const MOST_PUBLIC_KEY: usize = 255;
/// Enough for two accounts of one company never to meet.
const ID_BITS: usize = 40;
