//! The keys of a company's gateways (facts: pagos-hotspot-api 5.8 and 6.3). No secret is ever shown again: a mask says
//! that there is one, and a mask that comes back changes nothing.

use secrecy::{ExposeSecret, SecretString};

use super::super::input::{Nothing, input};
use super::super::kinds::words;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::session::Message;
use super::super::shape::answer;
use super::{change, kept, own_company, own_id};
use crate::admin::accounts::{self, AccountChange, AccountView, mode_word};
use crate::admin::companies::{self, CompanyChange};
use crate::company::{GatewayName, Mode};

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        put "/api/v1/admin/mi-empresa/conekta-config", Auth::Client, Pace::Console, "Own company",
        "Change one's account at Conekta",
        ConektaWish => set_conekta, -> 200 Message: "It is changed",
        fails [404 "The company is gone"]
    },
    operation! {
        post "/api/v1/admin/mi-empresa/configurar-conekta", Auth::Client, Pace::Console, "Own company",
        "Change one's account at Conekta",
        ConektaWish => set_conekta, -> 200 Message: "It is changed",
        fails [404 "The company is gone"]
    },
    operation! {
        get "/api/v1/admin/mi-empresa/conekta", Auth::Client, Pace::Console, "Own company",
        "Read one's account at Conekta",
        Nothing => conekta, -> 200 ConektaAnswer: "Its settings; the key is masked",
        fails [404 "The company is gone"]
    },
    operation! {
        get "/api/v1/admin/mi-empresa/mercado-pago", Auth::Client, Pace::Console, "Own company",
        "Read one's account at Mercado Pago",
        Nothing => mercado_pago, -> 200 MercadoPagoAnswer: "Its settings; secrets are masked",
        fails [404 "The company is gone"]
    },
    operation! {
        post "/api/v1/admin/mi-empresa/configurar-credenciales", Auth::Client, Pace::Console, "Own company",
        "Change one's account at Mercado Pago",
        MercadoPagoWish => set_mercado_pago, -> 200 Message: "It is changed",
        fails [404 "The company is gone"]
    },
    operation! {
        post "/api/v1/payments/configurar-credenciales", Auth::Client, Pace::Console, "Own company",
        "Change Mercado Pago and Telegram, and take values away",
        AllWish => set_all, -> 200 AllAnswer: "What was changed, and what there is now",
        fails [404 "The company is gone"]
    },
];

words! {
    /// Real money or a sandbox.
    pub enum AccountMode { Test = "test", Live = "live" }
}

impl From<AccountMode> for Mode {
    fn from(mode: AccountMode) -> Self {
        match mode {
            AccountMode::Test => Self::Test,
            AccountMode::Live => Self::Live,
        }
    }
}

input! {
    /// What is not sent, `null` or empty stays as it is.
    pub struct ConektaWish {
        body conekta_private_key: Option<SecretString>,
        body conekta_public_key: Option<String>,
        body conekta_mode: Option<AccountMode>,
    }
}

input! {
    /// What is not sent, `null` or empty stays as it is.
    pub struct MercadoPagoWish {
        body access_token: Option<SecretString>,
        body public_key: Option<String>,
        body webhook_secret: Option<SecretString>,
        body mode: Option<AccountMode>,
    }
}

input! {
    /// What is not sent or `null` stays as it is; an empty text takes a value away.
    pub struct AllWish {
        body access_token: Option<SecretString>,
        body webhook_secret: Option<SecretString>,
        body public_key: Option<String>,
        body mode: Option<AccountMode>,
        body telegram_bot_token: Option<SecretString>,
        body telegram_chat_id: Option<String>,
        body notificaciones_telegram: Option<bool>,
    }
}

answer! {
    pub struct ConektaAnswer {
        pub message: String,
        pub configuracion_actual: ConektaSettings,
    }
}

answer! {
    pub struct ConektaSettings {
        pub conekta_public_key: Option<String>,
        /// `test` or `live`.
        pub conekta_mode: &'static str,
        /// A mask where there is one.
        pub conekta_private_key: Option<&'static str>,
    }
}

answer! {
    pub struct MercadoPagoAnswer {
        pub message: String,
        pub configuracion_actual: MercadoPagoSettings,
    }
}

answer! {
    pub struct MercadoPagoSettings {
        /// A mask where there is one.
        pub access_token: Option<&'static str>,
        pub public_key: Option<String>,
        /// `test` or `live`.
        pub mode: &'static str,
        /// A mask where there is one.
        pub webhook_secret: Option<&'static str>,
    }
}

answer! {
    /// One of the two blocks: `configurado` where nothing was sent.
    pub struct AllAnswer {
        pub success: bool,
        pub message: String,
        pub empresa: CompanyName,
        pub campos_modificados: Vec<String>,
        pub configuracion_actual (optional): Option<AllSettings>,
        pub configurado (optional): Option<AllSettings>,
    }
}

answer! {
    pub struct CompanyName {
        pub id: String,
        pub nombre: String,
    }
}

answer! {
    pub struct AllSettings {
        pub access_token: bool,
        pub webhook_secret: bool,
        pub public_key: bool,
        /// `test` or `live`.
        pub mode: &'static str,
        pub telegram_configurado: bool,
        pub telegram_activo: bool,
    }
}

async fn set_conekta(ask: &Ask<'_>, input: ConektaWish) -> Result<Answered<Message>, Refusal> {
    let wish = AccountChange {
        secret_key: kept(input.conekta_private_key.filter(|key| !is_mask(key))),
        public_key: input.conekta_public_key.filter(|key| !key.trim().is_empty()).map(Some),
        webhook_secret: None,
        mode: input.conekta_mode.map(Mode::from),
    };
    set(ask, GatewayName::Conekta, wish).await?;
    Ok(Message::say(ask, "conekta-changed"))
}

async fn set_mercado_pago(ask: &Ask<'_>, input: MercadoPagoWish) -> Result<Answered<Message>, Refusal> {
    let wish = AccountChange {
        secret_key: kept(input.access_token.filter(|token| !is_mask(token))),
        public_key: input.public_key.filter(|key| !key.trim().is_empty()).map(Some),
        webhook_secret: kept(input.webhook_secret.filter(|secret| !is_mask(secret))),
        mode: input.mode.map(Mode::from),
    };
    set(ask, GatewayName::Mercadopago, wish).await?;
    Ok(Message::say(ask, "mercadopago-changed"))
}

async fn set(ask: &Ask<'_>, gateway: GatewayName, wish: AccountChange) -> Result<AccountView, Refusal> {
    let id = own_id(ask)?;
    change(ask, move |db, actor| accounts::update(db, actor, &id, gateway, wish)).await
}

async fn conekta(ask: &Ask<'_>, _: Nothing) -> Result<Answered<ConektaAnswer>, Refusal> {
    let account = view(ask, GatewayName::Conekta)?;
    Ok(Answered::ok(ConektaAnswer {
        message: ask.say("settings-loaded"),
        configuracion_actual: ConektaSettings {
            conekta_public_key: account.public_key,
            conekta_mode: mode_word(account.mode),
            conekta_private_key: mask_of(account.has_secret_key),
        },
    }))
}

async fn mercado_pago(ask: &Ask<'_>, _: Nothing) -> Result<Answered<MercadoPagoAnswer>, Refusal> {
    let account = view(ask, GatewayName::Mercadopago)?;
    Ok(Answered::ok(MercadoPagoAnswer {
        message: ask.say("settings-loaded"),
        configuracion_actual: MercadoPagoSettings {
            access_token: mask_of(account.has_secret_key),
            public_key: account.public_key,
            mode: mode_word(account.mode),
            webhook_secret: mask_of(account.has_webhook_secret),
        },
    }))
}

fn view(ask: &Ask<'_>, gateway: GatewayName) -> Result<AccountView, Refusal> {
    let company = own_company(ask)?;
    Ok(accounts::view(&ask.relay.store().directory(), &company.id, gateway))
}

async fn set_all(ask: &Ask<'_>, input: AllWish) -> Result<Answered<AllAnswer>, Refusal> {
    let fields = fields_sent(ask, &input);
    let account = AccountChange {
        secret_key: input.access_token.filter(|token| !is_mask(token)).map(Some),
        public_key: input.public_key.map(Some),
        webhook_secret: input.webhook_secret.filter(|secret| !is_mask(secret)).map(Some),
        mode: input.mode.map(Mode::from),
    };
    let telegram = CompanyChange {
        telegram_token: input.telegram_bot_token.filter(|token| !is_mask(token)).map(Some),
        telegram_chat: input.telegram_chat_id.map(Some),
        telegram_on: input.notificaciones_telegram,
        ..CompanyChange::default()
    };
    let id = own_id(ask)?;
    let (account, company) = change(ask, move |db, actor| {
        let account = accounts::update(db, actor, &id, GatewayName::Mercadopago, account)?;
        Ok((account, companies::update(db, actor, &id, telegram)?))
    })
    .await?;
    let telegram = &company.card.telegram;
    let settings = AllSettings {
        access_token: account.has_secret_key,
        webhook_secret: account.has_webhook_secret,
        public_key: account.public_key.is_some(),
        mode: mode_word(account.mode),
        telegram_configurado: telegram.token.is_some() && telegram.chat.is_some(),
        telegram_activo: telegram.on,
    };
    let is_change = !fields.is_empty();
    let (now, unchanged) = if is_change {
        (Some(settings), None)
    } else {
        (None, Some(settings))
    };
    Ok(Answered::ok(AllAnswer {
        success: true,
        message: ask.say(if is_change {
            "credentials-changed"
        } else {
            "credentials-same"
        }),
        empresa: CompanyName {
            id: company.id.to_string(),
            nombre: company.name.clone(),
        },
        campos_modificados: fields,
        configuracion_actual: now,
        configurado: unchanged,
    }))
}

/// The names of what was sent, secrets with what becomes of them.
fn fields_sent(ask: &Ask<'_>, input: &AllWish) -> Vec<String> {
    let secret = |name: &str, sent: &Option<SecretString>| {
        let sent = sent.as_ref().filter(|secret| !is_mask(secret))?;
        let text = if sent.expose_secret().trim().is_empty() {
            "field-cleared"
        } else {
            "field-set"
        };
        Some(format!("{name} ({})", ask.say(text)))
    };
    let plain = |name: &str, is_sent: bool| is_sent.then(|| name.to_owned());
    [
        secret("access_token", &input.access_token),
        secret("webhook_secret", &input.webhook_secret),
        plain("public_key", input.public_key.is_some()),
        plain("mode", input.mode.is_some()),
        secret("telegram_bot_token", &input.telegram_bot_token),
        plain("telegram_chat_id", input.telegram_chat_id.is_some()),
        plain("notificaciones_telegram", input.notificaciones_telegram.is_some()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What stands for a secret that is there.
pub(super) fn mask_of(is_there: bool) -> Option<&'static str> {
    is_there.then_some(MASK)
}

/// Whether a form sent back what it was shown.
pub(super) fn is_mask(secret: &SecretString) -> bool {
    secret.expose_secret() == MASK
}

const MASK: &str = "********";
