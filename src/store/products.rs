//! What the API knows of companies, routers and plans besides the business file. `apply` never writes these columns;
//! records that it makes begin with the defaults.

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, optional_ms};
use super::{Db, StoreError};
use crate::company::{CompanyCard, RouterCard, Telegram};
use crate::ids::{CompanyId, PlanId, RouterId};
use crate::plan::Product;

impl Db<'_> {
    /// Writes a company's card, all but when it was made.
    pub fn set_company_card(&self, id: &CompanyId, card: &CompanyCard) -> Result<(), StoreError> {
        let token = card.telegram.token.as_ref();
        let token = token.map(|token| self.seal(&telegram_context(id), token.expose_secret().as_bytes()));
        let sql = "UPDATE company SET contact_phone = ?2, logo_url = ?3, active = ?4, telegram_token_sealed = ?5, \
                   telegram_chat = ?6, telegram_on = ?7 WHERE id = ?1";
        let values = (
            id.as_str(),
            &card.contact_phone,
            &card.logo_url,
            card.active,
            token,
            &card.telegram.chat,
            card.telegram.on,
        );
        self.found("company", id.as_str(), self.run(sql, values)?)
    }

    /// Writes a router's card, all but when it was made.
    pub fn set_router_card(&self, id: &RouterId, card: &RouterCard) -> Result<(), StoreError> {
        let sql = "UPDATE router SET name = ?2, location = ?3, active = ?4, user_prefix = ?5, removed_at = ?6 \
                   WHERE id = ?1";
        let values = (
            id.as_str(),
            &card.name,
            &card.location,
            card.active,
            &card.user_prefix,
            optional_ms(card.removed_at),
        );
        self.found("router", id.as_str(), self.run(sql, values)?)
    }

    /// Writes what the API says of a plan, all but its number and when it was made.
    pub fn set_product(&self, product: &Product) -> Result<(), StoreError> {
        let details = serde_json::to_string(&product.details);
        let details = details.map_err(|error| StoreError::unreadable("details of a product", error))?;
        let sql = "UPDATE product SET profile_id = ?2, description = ?3, image_url = ?4, details = ?5, featured = ?6, \
                   position = ?7, active = ?8 WHERE plan = ?1";
        let values = (
            product.plan.as_str(),
            &product.profile_id,
            &product.description,
            &product.image_url,
            details,
            product.featured,
            product.position,
            product.active,
        );
        self.found("product", product.plan.as_str(), self.run(sql, values)?)
    }

    /// Sees to it that a plan has its product: every plan has one.
    pub(super) fn ensure_product(&self, plan: &PlanId) -> Result<(), StoreError> {
        let sql = "INSERT INTO product (plan, company, created_at) SELECT id, company, ?2 FROM plan WHERE id = ?1 \
                   ON CONFLICT (plan) DO UPDATE SET company = excluded.company";
        self.run(sql, (plan.as_str(), self.now().as_millisecond()))?;
        Ok(())
    }

    /// The product of a plan as the store has it now.
    pub fn product_of(&self, plan: &PlanId) -> Result<Option<Product>, StoreError> {
        let sql = format!("SELECT {PRODUCT} FROM product WHERE plan = ?1");
        self.one(&sql, [plan.as_str()], read_product)
    }

    pub(super) fn products(&self) -> Result<HashMap<PlanId, Product>, StoreError> {
        let products = self.all(&format!("SELECT {PRODUCT} FROM product"), [], read_product)?;
        Ok(products
            .into_iter()
            .map(|product| (product.plan.clone(), product))
            .collect())
    }

    /// `contact_phone, logo_url, active, created_at, telegram_token_sealed, telegram_chat, telegram_on`.
    pub(super) fn read_company_card(
        &self,
        id: &CompanyId,
        columns: &mut Columns<'_, '_>,
    ) -> Result<CompanyCard, StoreError> {
        let (contact_phone, logo_url, active) = (columns.next()?, columns.next()?, columns.next()?);
        let created_at = columns.time("time of a company")?;
        let sealed: Option<Vec<u8>> = columns.next()?;
        let token = sealed.map(|sealed| {
            let token = String::from_utf8(self.unseal(&telegram_context(id), &sealed)?);
            let token = token.map_err(|_| StoreError::unreadable("Telegram token", "not UTF-8"))?;
            Ok::<_, StoreError>(SecretString::from(token))
        });
        Ok(CompanyCard {
            contact_phone,
            logo_url,
            active,
            created_at,
            telegram: Telegram {
                token: token.transpose()?,
                chat: columns.next()?,
                on: columns.next()?,
            },
        })
    }

    fn found(&self, what: &'static str, id: &str, rows: usize) -> Result<(), StoreError> {
        if rows == 0 {
            return Err(StoreError::NotFound {
                what,
                id: id.to_owned(),
            });
        }
        self.bump_directory_version()
    }
}

/// `name, location, active, created_at, user_prefix, removed_at`.
pub(super) fn read_router_card(columns: &mut Columns<'_, '_>) -> Result<RouterCard, StoreError> {
    Ok(RouterCard {
        name: columns.next()?,
        location: columns.next()?,
        active: columns.next()?,
        created_at: columns.time("time of a router")?,
        user_prefix: columns.next()?,
        removed_at: columns.optional_time("end of a router")?,
    })
}

fn read_product(columns: &mut Columns<'_, '_>) -> Result<Product, StoreError> {
    Ok(Product {
        number: columns.next()?,
        plan: PlanId::new(columns.next::<String>()?),
        profile_id: columns.next()?,
        description: columns.next()?,
        image_url: columns.next()?,
        details: columns.word("details of a product", |text| serde_json::from_str(text).ok())?,
        featured: columns.next()?,
        position: columns.next()?,
        active: columns.next()?,
        created_at: columns.time("time of a product")?,
    })
}

fn telegram_context(id: &CompanyId) -> String {
    format!("company.telegram:{id}")
}

/// In the order of `read_product`.
const PRODUCT: &str =
    "number, plan, profile_id, description, image_url, details, featured, position, active, created_at";
