//! What administrators do (facts: pagos-hotspot-api 5.8, 6.2 to 6.4). A company's administrator acts for his own
//! company, whose id is that of his session and never one that a request names.

pub(super) mod credentials;
pub(super) mod notices;
pub(super) mod operator;
pub(super) mod operator_routers;
pub(super) mod operator_users;
pub(super) mod own_company;
pub(super) mod own_routers;
pub(super) mod products;
pub(super) mod sales;
pub(super) mod telegram;

use serde_json::{Value, json};

use super::input::{self, Fault, Place};
use super::kinds::{Sent, Wrong};
use super::operation::{Ask, Refusal};
use crate::admin::address::AddressFault;
use crate::admin::password::{HashError, PasswordFault};
use crate::admin::{self, AdminError, FieldFault};
use crate::audit::Actor;
use crate::company::Company;
use crate::ids::CompanyId;
use crate::store::Db;
use crate::user::Session;

/// Seconds to wait while too many passwords are being checked.
const BUSY_RETRY_S: u32 = 5;

/// The session of whoever asks.
pub(super) fn session_of<'a>(ask: &'a Ask<'_>) -> Result<&'a Session, Refusal> {
    let person = ask.caller.person();
    person
        .map(|person| &*person.0)
        .ok_or_else(|| Refusal::new(ask, 403, "auth-nothing"))
}

/// Who acts, for the audit log.
pub(super) fn actor_of(ask: &Ask<'_>) -> Result<Actor, Refusal> {
    let act = format!("{} {}", ask.operation.verb.as_str(), ask.operation.path);
    Ok(Actor::user(&session_of(ask)?.user, act))
}

/// The company of whoever asks.
fn own_id(ask: &Ask<'_>) -> Result<CompanyId, Refusal> {
    let company = ask.caller.company().cloned();
    company.ok_or_else(|| Refusal::new(ask, 403, "auth-not-client"))
}

/// The same with its record.
fn own_company(ask: &Ask<'_>) -> Result<Company, Refusal> {
    company(ask, &own_id(ask)?)
}

fn company(ask: &Ask<'_>, id: &CompanyId) -> Result<Company, Refusal> {
    let found = ask.relay.store().directory().companies.get(id).cloned();
    found.ok_or_else(|| Refusal::new(ask, 404, "company-unknown"))
}

/// Runs a change of business records as one write, and puts it in force.
async fn change<T: Send + 'static>(
    ask: &Ask<'_>,
    act: impl FnOnce(&Db<'_>, &Actor) -> Result<T, AdminError> + Send + 'static,
) -> Result<T, Refusal> {
    let actor = actor_of(ask)?;
    let done = admin::change(ask.relay.store(), move |db| act(db, &actor)).await;
    done.map_err(|error| refusal(ask, &error))
}

/// A change's fault as it is answered.
fn refusal(ask: &Ask<'_>, error: &AdminError) -> Refusal {
    match error {
        AdminError::NoCompany(_) => Refusal::new(ask, 404, "company-unknown"),
        AdminError::NoRouter(_) => Refusal::new(ask, 404, "own-router-unknown"),
        AdminError::NoProduct(_) => Refusal::new(ask, 404, "product-not-there"),
        AdminError::NoKey(_) => Refusal::new(ask, 404, "key-unknown"),
        AdminError::NoUser(_) | AdminError::NoAddress(_) => Refusal::new(ask, 404, "user-unknown"),
        AdminError::Field { field, fault } => fault_of_field(ask, field, fault),
        AdminError::EmailTaken => Refusal::new(ask, 400, "email-taken"),
        AdminError::Oneself => Refusal::new(ask, 400, "user-oneself"),
        AdminError::Password(fault) => fault_of_password(ask, "password", *fault),
        AdminError::Hash(error) => not_now(ask, error),
        AdminError::Address(fault) => fault_of_address(ask, *fault),
        AdminError::PasswordAgain => fault(
            ask,
            "password_encrypted",
            Wrong::new("missing", "router-password-again"),
        ),
        AdminError::RouterInactive => Refusal::new(ask, 400, "router-closed-now"),
        AdminError::RouterSells(count) => Refusal::with(ask, 400, "router-sells", &[("value", &count.to_string())]),
        AdminError::ProfileTaken(profile) => Refusal::with(ask, 409, "profile-taken", &[("value", profile)]),
        AdminError::KeyRevoked => Refusal::new(ask, 400, "key-revoked"),
        AdminError::MakeKey(error) => Refusal::inside(ask, "make a key", error),
        AdminError::Store(error) => Refusal::store(ask, "make a change", error),
    }
}

/// 422 for one field of the body, in the documented form.
fn fault(ask: &Ask<'_>, field: &str, wrong: Wrong) -> Refusal {
    fault_at(ask, Place::Body, field, wrong)
}

fn fault_at(ask: &Ask<'_>, place: Place, field: &str, wrong: Wrong) -> Refusal {
    let fault = Fault {
        loc: json!([place.as_str(), field]),
        wrong,
        input: Value::Null,
    };
    Refusal::whole(422, &input::faults_json(vec![fault], ask.language))
}

fn fault_of_field(ask: &Ask<'_>, field: &str, kind: &FieldFault) -> Refusal {
    let wrong = match kind {
        FieldFault::Empty => Wrong::new("string_too_short", "value-empty"),
        FieldFault::TooLong(most) => Wrong::with("string_too_long", "field-too-long", most.to_string()),
        FieldFault::NotPlain => Wrong::with("value_error", "field-not-plain", field.to_owned()),
        FieldFault::NotForRouters => Wrong::with("value_error", "field-not-for-routers", field.to_owned()),
        FieldFault::Email => Wrong::new("value_error", "fault-email"),
        FieldFault::Url => Wrong::new("url_parsing", "value-url"),
        FieldFault::Amount => Wrong::new("decimal_parsing", "amount-not-a-number"),
        FieldFault::TooFine(currency) => {
            Wrong::with("decimal_max_places", "amount-too-fine", currency.code().to_owned())
        }
        FieldFault::NotPositive => Wrong::new("greater_than", "amount-zero"),
        FieldFault::TooLarge => Wrong::new("decimal_whole_digits", "amount-too-large"),
        FieldFault::Currency => Wrong::new("value_error", "currency-unknown"),
        FieldFault::Fingerprint => Wrong::new("value_error", "value-fingerprint"),
    };
    fault(ask, field, wrong)
}

/// 422 for a password against the policy.
pub(super) fn fault_of_password(ask: &Ask<'_>, field: &str, kind: PasswordFault) -> Refusal {
    use crate::admin::password::{LEAST_CHARS, MOST_BYTES};
    let wrong = match kind {
        PasswordFault::TooShort => Wrong::with("string_too_short", "password-short", LEAST_CHARS.to_string()),
        PasswordFault::TooLong => Wrong::with("string_too_long", "field-too-long", MOST_BYTES.to_string()),
        PasswordFault::Common => Wrong::new("value_error", "password-common"),
        PasswordFault::IsEmail => Wrong::new("value_error", "password-is-email"),
    };
    fault(ask, field, wrong)
}

fn fault_of_address(ask: &Ask<'_>, kind: AddressFault) -> Refusal {
    let (field, text) = match kind {
        AddressFault::NotAHost => ("host", "address-bad"),
        AddressFault::Port => ("puerto", "address-port"),
        AddressFault::OtherService => ("puerto", "address-service"),
        AddressFault::Network => ("host", "address-network"),
        AddressFault::Name => ("host", "address-name"),
    };
    fault(ask, field, Wrong::new("value_error", text))
}

/// Passwords could not be checked.
pub(super) fn not_now(ask: &Ask<'_>, error: &HashError) -> Refusal {
    match error {
        HashError::Busy => Refusal::later(ask, 503, "busy-now", BUSY_RETRY_S),
        HashError::Failed => Refusal::inside(ask, "hash a password", error),
    }
}

/// What a change wants of a field that may be taken away.
fn wanted<T>(sent: Sent<T>) -> Option<Option<T>> {
    match sent {
        Sent::Absent => None,
        Sent::Null => Some(None),
        Sent::Value(value) => Some(Some(value)),
    }
}

/// `null` or an empty text keep what there is (facts: pagos-hotspot-api 6.3).
fn kept(sent: Option<secrecy::SecretString>) -> Option<Option<secrecy::SecretString>> {
    sent.filter(|text| !secrecy::ExposeSecret::expose_secret(text).trim().is_empty())
        .map(Some)
}
