//! The pictures of companies.

use super::{Db, StoreError};
use crate::ids::CompanyId;

/// A picture to be kept.
#[derive(Clone, Debug)]
pub struct NewLogo {
    /// The last part of its address.
    pub name: String,
    pub format: &'static str,
    pub image: Vec<u8>,
}

impl Db<'_> {
    /// Keeps a company's picture in place of the old one.
    pub fn put_logo(&self, company: &CompanyId, logo: &NewLogo) -> Result<(), StoreError> {
        let sql = "INSERT INTO logo (company, name, format, image) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (company) DO UPDATE SET name = ?2, format = ?3, image = ?4";
        self.run(sql, (company.as_str(), &logo.name, logo.format, &logo.image))?;
        Ok(())
    }

    /// The format and the bytes of the picture of this name.
    pub fn logo(&self, name: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let sql = "SELECT format, image FROM logo WHERE name = ?1";
        self.one(sql, [name], |columns| Ok((columns.next()?, columns.next()?)))
    }
}
