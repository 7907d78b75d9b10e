//! The schema's versions (fault catalogue K8): forward only, all new ones in one transaction, so that a kill in
//! the middle leaves the old schema. A database of a newer program is refused before anything is written.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;

mod embedded {
    refinery::embed_migrations!("src/store/migrations");
}

/// Applies what is missing.
pub(super) fn to_latest(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    let runner = embedded::migrations::runner().set_grouped(true);
    let applied = runner.run(connection);
    applied.map_err(|error| StoreError::Migration {
        path: path.to_owned(),
        source: Arc::new(error),
    })?;
    Ok(())
}

/// Refuses a schema this program does not know.
pub(super) fn refuse_newer(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT max(version) FROM refinery_schema_history";
    let found: Option<Option<i64>> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    let (found, known) = (found.flatten().unwrap_or(0), latest_version());
    if found > known {
        return Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

fn latest_version() -> i64 {
    let versions = embedded::migrations::runner();
    versions
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or(0)
}
