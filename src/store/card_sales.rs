//! Sales by card token: what was asked for, by what name it is asked for again, and what came of it.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::columns::{Columns, ms, optional_ms};
use super::{Db, StoreError};
use crate::card::{CardSale, SaleResult, SaleWish};
use crate::ids::{CompanyId, OrderRef};
use crate::order::Order;

/// One of the names of a sale, as a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub sha256: [u8; 32],
    /// It came within the minute of a double tap.
    pub is_tap: bool,
}

impl Db<'_> {
    /// Stores a sale whose order is stored already, under all its names. `Exists` where one of them is taken.
    pub fn add_card_sale(&self, sale: &CardSale, claims: &[Claim]) -> Result<(), StoreError> {
        let sql = "INSERT INTO card_sale (order_reference, company, wish_sealed, result_sealed, token_sha256, \
                   tap_sha256, charge_began_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let wish = serde_json::to_vec(&sale.wish).map_err(|error| StoreError::unreadable("card sale", error))?;
        let values = (
            sale.order.as_str(),
            sale.company.as_str(),
            self.seal(&wish_context(&sale.order), &wish),
            self.sealed_result(&sale.order, &sale.result)?,
            sale.token_sha256.to_vec(),
            sale.tap_sha256
                .map_or(Value::Null, |digest| Value::Blob(digest.to_vec())),
            optional_ms(sale.charge_began_at),
            ms(sale.created_at),
        );
        self.run(sql, values)?;
        claims.iter().try_for_each(|claim| self.add_claim(&sale.order, *claim))
    }

    /// One more name for a sale.
    pub fn add_claim(&self, order: &OrderRef, claim: Claim) -> Result<(), StoreError> {
        let sql = "INSERT INTO sale_claim (claim_sha256, order_reference, company, is_tap) \
                   SELECT ?1, order_reference, company, ?3 FROM card_sale WHERE order_reference = ?2";
        self.run(sql, (claim.sha256.to_vec(), order.as_str(), claim.is_tap))?;
        Ok(())
    }

    /// The sale of this name.
    pub fn sale_of_claim(&self, sha256: &[u8; 32]) -> Result<Option<(OrderRef, Claim)>, StoreError> {
        let sql = "SELECT order_reference, is_tap FROM sale_claim WHERE claim_sha256 = ?1";
        self.one(sql, [sha256.to_vec()], |columns| {
            let order = OrderRef::new(columns.next::<String>()?);
            let is_tap = columns.next()?;
            Ok((
                order,
                Claim {
                    sha256: *sha256,
                    is_tap,
                },
            ))
        })
    }

    /// The latest sale since then with the same product, device and address.
    pub fn sale_of_tap(&self, tap: &[u8; 32], since: Timestamp) -> Result<Option<OrderRef>, StoreError> {
        let sql = "SELECT order_reference FROM card_sale WHERE tap_sha256 = ?1 AND created_at > ?2 \
                   ORDER BY created_at DESC LIMIT 1";
        self.one(sql, (tap.to_vec(), ms(since)), |columns| {
            Ok(OrderRef::new(columns.next::<String>()?))
        })
    }

    /// The name means nothing any more.
    pub fn forget_claim(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        self.run("DELETE FROM sale_claim WHERE claim_sha256 = ?1", [sha256.to_vec()])?;
        Ok(())
    }

    /// The sale came to nothing before a card was charged: asking again by any of its names is a new one.
    pub fn forget_claims(&self, order: &OrderRef) -> Result<(), StoreError> {
        self.run("DELETE FROM sale_claim WHERE order_reference = ?1", [order.as_str()])?;
        let sql = "UPDATE card_sale SET tap_sha256 = NULL WHERE order_reference = ?1";
        self.run(sql, [order.as_str()])?;
        Ok(())
    }

    pub fn card_sale(&self, order: &OrderRef) -> Result<Option<CardSale>, StoreError> {
        let sql = "SELECT company, wish_sealed, result_sealed, token_sha256, tap_sha256, charge_began_at, created_at \
                   FROM card_sale WHERE order_reference = ?1";
        self.one(sql, [order.as_str()], |columns| self.read_card_sale(order, columns))
    }

    /// Who paid for an order, as far as he said: by link, or by card token.
    pub fn buyer_name(&self, order: &Order) -> Result<Option<String>, StoreError> {
        let name = match &order.link {
            Some(link) => {
                let names = [&link.first_name, &link.last_name].into_iter().flatten();
                names.map(String::as_str).collect::<Vec<_>>().join(" ")
            }
            None => match self.card_sale(&order.reference)? {
                Some(sale) => sale.wish.payer.name,
                None => return Ok(None),
            },
        };
        Ok(Some(name).filter(|name| !name.is_empty()))
    }

    /// Whether the order is a sale by card token.
    pub fn is_card_sale(&self, order: &OrderRef) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM card_sale WHERE order_reference = ?1)";
        self.value(sql, [order.as_str()])
    }

    /// The gateway hears of the card now, of the one with this token.
    pub fn begin_charge(&self, order: &OrderRef, token_sha256: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE card_sale SET charge_began_at = ?3, token_sha256 = ?2 WHERE order_reference = ?1";
        self.run(sql, (order.as_str(), token_sha256.to_vec(), ms(now)))?;
        Ok(())
    }

    pub fn save_sale_result(&self, order: &OrderRef, result: &SaleResult) -> Result<(), StoreError> {
        let sealed = self.sealed_result(order, result)?;
        let sql = "UPDATE card_sale SET result_sealed = ?2 WHERE order_reference = ?1";
        self.run(sql, (order.as_str(), sealed))?;
        Ok(())
    }

    fn read_card_sale(&self, order: &OrderRef, columns: &mut Columns<'_, '_>) -> Result<CardSale, StoreError> {
        let unreadable = || StoreError::unreadable("card sale", order);
        let digest = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| unreadable());
        let company = CompanyId::new(columns.next::<String>()?);
        let wish = self.unseal(&wish_context(order), &columns.next::<Vec<u8>>()?)?;
        let result = self.unseal(&result_context(order), &columns.next::<Vec<u8>>()?)?;
        // The parser's own words could quote a person.
        let wish: SaleWish = serde_json::from_slice(&wish).map_err(|_| unreadable())?;
        let result: SaleResult = serde_json::from_slice(&result).map_err(|_| unreadable())?;
        Ok(CardSale {
            order: order.clone(),
            company,
            wish,
            result,
            token_sha256: digest(columns.next()?)?,
            tap_sha256: columns.next::<Option<Vec<u8>>>()?.map(digest).transpose()?,
            charge_began_at: columns.optional_time("time of a charge")?,
            created_at: columns.time("time of a card sale")?,
        })
    }

    fn sealed_result(&self, order: &OrderRef, result: &SaleResult) -> Result<Vec<u8>, StoreError> {
        let json = serde_json::to_vec(result).map_err(|error| StoreError::unreadable("card sale", error))?;
        Ok(self.seal(&result_context(order), &json))
    }
}

fn wish_context(order: &OrderRef) -> String {
    format!("card_sale.wish:{order}")
}

fn result_context(order: &OrderRef) -> String {
    format!("card_sale.result:{order}")
}
