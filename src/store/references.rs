//! Finding an order again: every text a buyer may have on his receipt, and the steps an operator reads.

use jiff::Timestamp;

use super::columns::ms;
use super::{Db, StoreError};
use crate::ids::{CompanyId, OrderRef, fold_reference};
use crate::order::Order;

impl Db<'_> {
    /// Adds a text under which the order can be found, such as the number on the buyer's receipt. Known and
    /// empty texts change nothing.
    pub fn add_reference(&self, order: &OrderRef, text: &str) -> Result<(), StoreError> {
        let text = fold_reference(text);
        if text.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO order_reference (text, order_reference, company) \
                   SELECT ?1, reference, company FROM orders WHERE reference = ?2 ON CONFLICT DO NOTHING";
        self.run(sql, [text.as_str(), order.as_str()])?;
        Ok(())
    }

    /// The orders a typed reference may mean: our own, the gateway's id or a receipt's, whatever its case and
    /// spaces, newest first. `company` narrows it where the page knows one. Says nothing about who may see them.
    pub fn find_for_recovery(&self, company: Option<&CompanyId>, text: &str) -> Result<Vec<Order>, StoreError> {
        let sql = "SELECT r.order_reference FROM order_reference r JOIN orders o ON o.reference = r.order_reference \
                   WHERE r.text = ?1 AND (?2 IS NULL OR r.company = ?2) ORDER BY o.created_at DESC LIMIT ?3";
        let company = company.map(CompanyId::as_str);
        let found = self.all(sql, (fold_reference(text), company, MAX_MATCHES), |columns| {
            columns.next::<String>()
        })?;
        let orders = found
            .into_iter()
            .filter_map(|reference| self.order(&OrderRef::new(reference)).transpose());
        orders.collect()
    }

    /// Notes what happened to an order, for `order show`. The text holds no secret.
    pub fn add_step(&self, order: &OrderRef, at: Timestamp, text: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO order_step (order_reference, company, at, text) \
                   SELECT reference, company, ?2, ?3 FROM orders WHERE reference = ?1";
        if self.run(sql, (order.as_str(), ms(at), text))? == 0 {
            return Err(StoreError::NotFound {
                what: "order",
                id: order.to_string(),
            });
        }
        Ok(())
    }

    /// What happened to an order, oldest first; the latest `MAX_STEPS` of it.
    pub fn steps(&self, order: &OrderRef) -> Result<Vec<(Timestamp, String)>, StoreError> {
        let sql = "SELECT at, text FROM order_step WHERE order_reference = ?1 ORDER BY id DESC LIMIT ?2";
        let read =
            |columns: &mut super::columns::Columns<'_, '_>| Ok((columns.time("time of a step")?, columns.next()?));
        let mut steps = self.all(sql, (order.as_str(), MAX_STEPS), read)?;
        steps.reverse();
        Ok(steps)
    }

    /// What every order can be found by.
    pub(super) fn keep_references(&self, order: &Order) -> Result<(), StoreError> {
        self.add_reference(&order.reference, order.reference.as_str())?;
        match &order.gateway_id {
            Some(gateway_id) => self.add_reference(&order.reference, gateway_id),
            None => Ok(()),
        }
    }
}

/// A reference means one order; a few more where gateways share a number.
const MAX_MATCHES: i64 = 10;
/// A stuck order that is retried for weeks notes its first and latest steps only through this bound.
const MAX_STEPS: i64 = 200;
