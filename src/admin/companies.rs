//! Companies: made by the operator, described by their own administrators.

use data_encoding::HEXUPPER;
use secrecy::{ExposeSecret, SecretString};

use super::error::{AdminError, FieldFault, needed, optional};
use crate::audit::{Actor, Changes};
use crate::company::{Company, CompanyCard, Directory, Language};
use crate::ids::CompanyId;
use crate::secrets::random_bytes;
use crate::store::Db;
use crate::user::fold_email;

/// A company as the operator wishes for it.
#[derive(Clone, Debug)]
pub struct CompanyWish {
    pub name: String,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
}

/// What is to be changed: `None` stays, `Some(None)` goes.
#[derive(Clone, Debug, Default)]
pub struct CompanyChange {
    pub name: Option<String>,
    pub contact_email: Option<Option<String>>,
    pub contact_phone: Option<Option<String>>,
    pub telegram_token: Option<Option<SecretString>>,
    pub telegram_chat: Option<Option<String>>,
    pub telegram_on: Option<bool>,
    /// Only the operator's to change.
    pub active: Option<bool>,
}

/// The company of this id, as the store has it now.
pub(super) fn known(directory: &Directory, id: &CompanyId) -> Result<Company, AdminError> {
    let company = directory.companies.get(id);
    company.cloned().ok_or_else(|| AdminError::NoCompany(id.to_string()))
}

/// Makes a company. It is at home where the documented clients are; the business file can say otherwise.
pub fn add(db: &Db<'_>, actor: &Actor, wish: &CompanyWish) -> Result<Company, AdminError> {
    let company = Company {
        id: CompanyId::new(format!("EMP_{}", HEXUPPER.encode(&random_bytes::<5>()))),
        name: needed("nombre", &wish.name, MOST_NAME)?,
        country: HOME_COUNTRY.to_owned(),
        language: Language::Es,
        timezone: HOME_ZONE.to_owned(),
        notify_email: email(wish.contact_email.as_deref())?,
        card: CompanyCard {
            contact_phone: optional("contacto_telefono", wish.contact_phone.as_deref(), MOST_PHONE)?,
            created_at: db.now(),
            ..CompanyCard::default()
        },
    };
    db.put_company(&company)?;
    db.set_company_card(&company.id, &company.card)?;
    let changes = Changes::none()
        .new_value("nombre", &company.name)
        .value("contacto_email", None::<&str>, company.notify_email.as_deref())
        .value("contacto_telefono", None::<&str>, company.card.contact_phone.as_deref());
    db.add_audit(&actor.did(Some(&company.id), subject(&company.id), changes))?;
    Ok(company)
}

/// Changes what is told of a company.
pub fn update(db: &Db<'_>, actor: &Actor, id: &CompanyId, change: CompanyChange) -> Result<Company, AdminError> {
    let old = known(&db.load_directory()?, id)?;
    let mut new = old.clone();
    if let Some(name) = &change.name {
        new.name = needed("nombre", name, MOST_NAME)?;
    }
    if let Some(address) = &change.contact_email {
        new.notify_email = email(address.as_deref())?;
    }
    let card = &mut new.card;
    if let Some(phone) = &change.contact_phone {
        card.contact_phone = optional("contacto_telefono", phone.as_deref(), MOST_PHONE)?;
    }
    if let Some(token) = change.telegram_token {
        card.telegram.token = secret_of("telegram_bot_token", token)?;
    }
    if let Some(chat) = &change.telegram_chat {
        card.telegram.chat = optional("telegram_chat_id", chat.as_deref(), MOST_CHAT)?;
    }
    card.telegram.on = change.telegram_on.unwrap_or(card.telegram.on);
    card.active = change.active.unwrap_or(card.active);
    let changes = changes_of(&old, &new);
    if !changes.is_empty() {
        db.put_company(&new)?;
        db.set_company_card(id, &new.card)?;
        db.add_audit(&actor.did(Some(id), subject(id), changes))?;
    }
    Ok(new)
}

/// A secret that a person typed: trimmed, absent when empty.
pub(super) fn secret_of(field: &'static str, text: Option<SecretString>) -> Result<Option<SecretString>, AdminError> {
    let text = text.as_ref().map(|text| text.expose_secret());
    Ok(optional(field, text, MOST_SECRET)?.map(SecretString::from))
}

fn email(text: Option<&str>) -> Result<Option<String>, AdminError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let email = fold_email(text);
    email
        .map(Some)
        .ok_or(AdminError::field("contacto_email", FieldFault::Email))
}

fn changes_of(old: &Company, new: &Company) -> Changes {
    let (was, is) = (&old.card, &new.card);
    let changes = Changes::none()
        .value("nombre", Some(&old.name), Some(&new.name))
        .value(
            "contacto_email",
            old.notify_email.as_deref(),
            new.notify_email.as_deref(),
        )
        .value(
            "contacto_telefono",
            was.contact_phone.as_deref(),
            is.contact_phone.as_deref(),
        )
        .value(
            "telegram_chat_id",
            was.telegram.chat.as_deref(),
            is.telegram.chat.as_deref(),
        )
        .value("notificaciones_telegram", Some(was.telegram.on), Some(is.telegram.on))
        .value("activa", Some(was.active), Some(is.active));
    let token = |card: &CompanyCard| {
        card.telegram
            .token
            .as_ref()
            .map(|token| token.expose_secret().to_owned())
    };
    if token(was) == token(is) {
        changes
    } else {
        changes.secret("telegram_bot_token", is.telegram.token.is_some())
    }
}

fn subject(id: &CompanyId) -> String {
    format!("company {id}")
}

/// As the documented tables have them (facts: pagos-hotspot-api 7.1).
const MOST_NAME: usize = 100;
const MOST_PHONE: usize = 20;
const MOST_CHAT: usize = 50;
/// The longest of the known gateways' keys has 75 characters.
const MOST_SECRET: usize = 255;
/// The documented service is a Mexican one; its bodies have no country.
const HOME_COUNTRY: &str = "MX";
const HOME_ZONE: &str = "America/Mexico_City";
