//! A company and its own administrator: what is told of it, and its logo (facts: pagos-hotspot-api 6.3).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Full};
use secrecy::SecretString;

use super::super::input::{Nothing, input};
use super::super::kinds::{Sent, Wrong};
use super::super::operation::{Answered, Ask, Auth, Body, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, answer};
use super::credentials::{is_mask, mask_of};
use super::{change, fault, own_company, own_id, wanted};
use crate::admin::accounts::{self, mode_word};
use crate::admin::companies::{self, CompanyChange};
use crate::admin::logo::{self, Format, MOST_LOGO_BYTES};
use crate::company::{Company, GatewayName};

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        get "/api/v1/admin/mi-empresa", Auth::Client, Pace::Console, "Own company", "Read one's own company",
        Nothing => read, -> 200 OwnCompany: "The company; secrets are masked",
        fails [404 "It is gone"]
    },
    operation! {
        put "/api/v1/admin/mi-empresa", Auth::Client, Pace::Console, "Own company", "Change what is told of one's company",
        OwnChange => update, -> 200 OwnChanged: "The company as it is now",
        fails [404 "It is gone"]
    },
    operation! {
        post "/api/v1/admin/mi-empresa/logo", Auth::Client, Pace::Console, "Own company", "Upload one's logo",
        Nothing => upload, -> 200 LogoKept: "Where it is",
        body Body::Upload { max_bytes: MOST_UPLOAD_BYTES },
        fails [404 "The company is gone", 413 "It is larger than 512 KiB", 422 "There is no file"]
    },
];

answer! {
    pub struct OwnCompany {
        pub id: String,
        pub nombre: String,
        pub contacto_email: Option<String>,
        pub contacto_telefono: Option<String>,
        pub logo_url: Option<String>,
        /// `test` or `live`.
        pub conekta_mode: &'static str,
        pub conekta_public_key: Option<String>,
        /// `test` or `live`.
        pub mercado_pago_mode: &'static str,
        pub mercado_pago_public_key: Option<String>,
        pub activa: bool,
        pub creada_en: Moment,
        /// A mask where there is one.
        pub telegram_bot_token: Option<&'static str>,
        pub telegram_chat_id: Option<String>,
        pub notificaciones_telegram: bool,
    }
}

input! {
    /// What is not sent stays; `null` and an empty text take a value away.
    pub struct OwnChange {
        body nombre: Sent<String>,
        body contacto_email: Sent<String>,
        body contacto_telefono: Sent<String>,
        /// The mask stands for the token that is stored.
        body telegram_bot_token: Sent<SecretString>,
        body telegram_chat_id: Sent<String>,
        body notificaciones_telegram: Option<bool>,
    }
}

answer! {
    pub struct OwnChanged {
        pub message: String,
        pub empresa: OwnContact,
    }
}

answer! {
    pub struct OwnContact {
        pub nombre: String,
        pub contacto_email: Option<String>,
        pub contacto_telefono: Option<String>,
        /// A mask where there is one.
        pub telegram_bot_token: Option<&'static str>,
        pub telegram_chat_id: Option<String>,
        pub notificaciones_telegram: bool,
    }
}

answer! {
    pub struct LogoKept {
        pub message: String,
        pub logo_url: String,
    }
}

async fn read(ask: &Ask<'_>, _: Nothing) -> Result<Answered<OwnCompany>, Refusal> {
    let company = own_company(ask)?;
    let directory = ask.relay.store().directory();
    let account = |gateway| accounts::view(&directory, &company.id, gateway);
    let (conekta, mercadopago) = (account(GatewayName::Conekta), account(GatewayName::Mercadopago));
    let contact = contact_of(&company);
    Ok(Answered::ok(OwnCompany {
        id: company.id.to_string(),
        nombre: contact.nombre,
        contacto_email: contact.contacto_email,
        contacto_telefono: contact.contacto_telefono,
        logo_url: company.card.logo_url.clone(),
        conekta_mode: mode_word(conekta.mode),
        conekta_public_key: conekta.public_key,
        mercado_pago_mode: mode_word(mercadopago.mode),
        mercado_pago_public_key: mercadopago.public_key,
        activa: company.card.active,
        creada_en: Moment(company.card.created_at),
        telegram_bot_token: contact.telegram_bot_token,
        telegram_chat_id: contact.telegram_chat_id,
        notificaciones_telegram: contact.notificaciones_telegram,
    }))
}

async fn update(ask: &Ask<'_>, input: OwnChange) -> Result<Answered<OwnChanged>, Refusal> {
    let id = own_id(ask)?;
    let wish = CompanyChange {
        // Every company has a name: taking it away is told as an empty one.
        name: wanted(input.nombre).map(Option::unwrap_or_default),
        contact_email: wanted(input.contacto_email),
        contact_phone: wanted(input.contacto_telefono),
        telegram_token: wanted(input.telegram_bot_token).filter(|token| !token.as_ref().is_some_and(is_mask)),
        telegram_chat: wanted(input.telegram_chat_id),
        telegram_on: input.notificaciones_telegram,
        active: None,
    };
    let company = change(ask, move |db, actor| companies::update(db, actor, &id, wish)).await?;
    Ok(Answered::ok(OwnChanged {
        message: ask.say("company-changed"),
        empresa: contact_of(&company),
    }))
}

async fn upload(ask: &Ask<'_>, _: Nothing) -> Result<Answered<LogoKept>, Refusal> {
    let id = own_id(ask)?;
    let image = file_of(ask).await?;
    if image.len() > MOST_LOGO_BYTES {
        return Err(Refusal::with(ask, 413, "logo-large", &[("value", "512")]));
    }
    let format = Format::of(&image).ok_or_else(|| Refusal::new(ask, 400, "logo-format"))?;
    let logo_url = change(ask, move |db, actor| logo::put(db, actor, &id, format, image.into())).await?;
    Ok(Answered::ok(LogoKept {
        message: ask.say("logo-kept"),
        logo_url,
    }))
}

/// The part called `file` of a form. Its name and its type are whatever the sender likes: nobody looks at them.
async fn file_of(ask: &Ask<'_>) -> Result<Bytes, Refusal> {
    let content_type = ask.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default());
    let missing = || fault(ask, "file", Wrong::new("missing", "fault-missing"));
    let boundary = boundary.map_err(|_| missing())?;
    let body = Full::<Bytes>::new(ask.body.clone()).into_data_stream();
    let mut form = multer::Multipart::new(body, boundary);
    loop {
        // What is broken ends the form.
        let part = form.next_field().await.ok().flatten().ok_or_else(missing)?;
        if part.name() == Some("file") {
            return part.bytes().await.map_err(|_| missing());
        }
    }
}

fn contact_of(company: &Company) -> OwnContact {
    let (card, telegram) = (&company.card, &company.card.telegram);
    OwnContact {
        nombre: company.name.clone(),
        contacto_email: company.notify_email.clone(),
        contacto_telefono: card.contact_phone.clone(),
        telegram_bot_token: mask_of(telegram.token.is_some()),
        telegram_chat_id: telegram.chat.clone(),
        notificaciones_telegram: telegram.on,
    }
}

/// The picture, and the form around it.
const MOST_UPLOAD_BYTES: usize = MOST_LOGO_BYTES + 4096;
