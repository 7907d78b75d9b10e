//! Who may administrate, and what they change: users and their sessions, and the business records that the
//! administration API edits. Every change is one write together with its line in the audit log and, where business
//! records changed, the directory's new version.
//!
//! It deliberately asks no router and no gateway, and knows nothing of HTTP.

pub mod accounts;
pub mod address;
pub mod companies;
mod error;
pub mod logo;
pub mod password;
pub mod products;
pub mod routers;
pub mod sessions;
pub mod users;

pub use error::{AdminError, FieldFault};

use std::sync::mpsc::{Receiver, sync_channel};

use jiff::SignedDuration;

use address::AddressPolicy;

use crate::store::{Db, Store, StoreError};

/// What the operator decides about administrators.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// Where companies may point their routers.
    pub addresses: AddressPolicy,
    pub session_lifetime: SignedDuration,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self {
            addresses: AddressPolicy::default(),
            session_lifetime: SignedDuration::from_hours(DEFAULT_SESSION_HOURS),
        }
    }
}

/// As the documented service has it (facts: pagos-hotspot-api 3).
pub const DEFAULT_SESSION_HOURS: i64 = 24;

/// Runs a change as one write and puts it in force at once. Every fault takes the whole write back.
pub async fn change<T: Send + 'static>(
    store: &Store,
    act: impl FnOnce(&Db<'_>) -> Result<T, AdminError> + Send + 'static,
) -> Result<T, AdminError> {
    let (act, refused) = refusing(act);
    let written = store
        .write(move |db| {
            let value = act(db)?;
            // Jobs that waited for what was just mended are tried now.
            db.poke()?;
            Ok(value)
        })
        .await;
    let value = told(written, &refused)?;
    // What was written counts, even if it cannot be read again at once: the job runner looks every few seconds.
    if let Err(error) = store.refresh_directory().await {
        tracing::warn!("a change is in force a moment later: {error}");
    }
    Ok(value)
}

/// `change` for the command line: blocks.
pub fn change_now<T: Send + 'static>(
    store: &Store,
    act: impl FnOnce(&Db<'_>) -> Result<T, AdminError> + Send + 'static,
) -> Result<T, AdminError> {
    let (act, refused) = refusing(act);
    told(store.write_now(act), &refused)
}

/// The store takes back what ends with an error of its own, so that a change's own fault travels beside it.
fn refusing<T>(
    act: impl FnOnce(&Db<'_>) -> Result<T, AdminError> + Send + 'static,
) -> (
    impl FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    Receiver<AdminError>,
) {
    let (fault, refused) = sync_channel(1);
    let act = move |db: &Db<'_>| {
        act(db).map_err(|error| match error {
            AdminError::Store(error) => error,
            other => {
                // Whoever waits for the write holds the other end.
                let _ = fault.send(other);
                StoreError::Closed
            }
        })
    };
    (act, refused)
}

fn told<T>(written: Result<T, StoreError>, refused: &Receiver<AdminError>) -> Result<T, AdminError> {
    match refused.try_recv() {
        Ok(fault) => Err(fault),
        Err(_) => Ok(written?),
    }
}
