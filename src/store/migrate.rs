//! The schema's versions (fault catalogue K8): forward only, all new ones in one transaction, so that a kill in
//! the middle leaves the old schema. A database of a newer program is refused before anything is written.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::StoreError;

/// The steps to the present schema, oldest first; a database has as many of them as its `user_version` says. What
/// stands here is never changed: a change is a new file at the end.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("migrations/V1__first_schema.sql")),
    M::up(include_str!("migrations/V2__ledger_and_retention.sql")),
    M::up(include_str!("migrations/V3__cards.sql")),
    M::up(include_str!("migrations/V4__links_keys_hooks.sql")),
    M::up(include_str!("migrations/V5__refunds.sql")),
    M::up(include_str!("migrations/V6__unplaced_events.sql")),
    M::up(include_str!("migrations/V7__products_and_router_keys.sql")),
    M::up(include_str!("migrations/V8__card_sales.sql")),
    M::up(include_str!("migrations/V9__bind_mac.sql")),
    M::up(include_str!("migrations/V10__users.sql")),
    M::up(include_str!("migrations/V11__telegram_and_endpoints.sql")),
    M::up(include_str!("migrations/V12__mikhmon.sql")),
    M::up(include_str!("migrations/V13__refused_callbacks.sql")),
];

/// Applies what is missing.
pub(super) fn to_latest(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    adopt_history(connection)?;
    let applied = Migrations::from_slice(STEPS).to_latest(connection);
    applied.map_err(|error| StoreError::Migration {
        path: path.to_owned(),
        source: Arc::new(error),
    })
}

/// Refuses a schema this program does not know.
pub(super) fn refuse_newer(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = user_version(connection)?;
    if found > known {
        return Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Refuses a schema that this program would have to change before it can read it.
pub(super) fn refuse_older(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = user_version(connection)?;
    if found < known {
        return Err(StoreError::OlderSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// The first programs counted the steps in a table. Its count moves over, and a mark stays there that makes such a
/// program refuse the database instead of misreading it.
fn adopt_history(connection: &mut Connection) -> Result<(), StoreError> {
    if user_version(connection)? != 0 {
        return Ok(());
    }
    // Another process may do the same at this moment.
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if user_version(&change)? == 0
        && let Some(version) = version_in_history(&change)?
    {
        change.pragma_update(None, "user_version", version)?;
        change.execute(
            "INSERT INTO refinery_schema_history (version, name) VALUES (?1, 'counted in user_version')",
            [MOVED_AWAY],
        )?;
    }
    change.commit()?;
    Ok(())
}

fn user_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn version_in_history(connection: &Connection) -> Result<Option<i64>, StoreError> {
    if !connection.table_exists(None, "refinery_schema_history")? {
        return Ok(None);
    }
    let sql = "SELECT max(version) FROM refinery_schema_history";
    let found: Option<Option<i64>> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Larger than any version that was ever counted in the table.
const MOVED_AWAY: i64 = 1_000_000;
