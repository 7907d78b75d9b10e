//! The few numbers about the database itself.

use super::{Db, StoreError};

impl Db<'_> {
    /// Grows with every change of the business records.
    pub fn directory_version(&self) -> Result<i64, StoreError> {
        self.value("SELECT value FROM meta WHERE name = 'directory_version'", [])
    }

    /// To be called by whoever changes a business record, in the same write.
    pub fn bump_directory_version(&self) -> Result<(), StoreError> {
        self.run("UPDATE meta SET value = value + 1 WHERE name = 'directory_version'", [])?;
        Ok(())
    }

    /// Tells a relay that serves this database that there may be something to do.
    pub fn poke(&self) -> Result<(), StoreError> {
        self.run("UPDATE meta SET value = value + 1 WHERE name = 'poke'", [])?;
        Ok(())
    }

    pub(super) fn poke_count(&self) -> Result<i64, StoreError> {
        self.value("SELECT value FROM meta WHERE name = 'poke'", [])
    }
}
