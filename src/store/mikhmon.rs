//! What is done beside Mikhmon: sale records on routers, and vouchers whose validity the relay ends.

use jiff::Timestamp;

use super::columns::{Columns, ms, optional_ms};
use super::{Db, StoreError};
use crate::ids::{OrderRef, RouterId};
use crate::mikhmon::SaleRecord;

/// A voucher whose validity is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidityWatch {
    pub order: OrderRef,
    /// By the profile's script, once it was read.
    pub validity_s: Option<u64>,
    /// The latest moment at which the first login can have been.
    pub first_login_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
}

impl Db<'_> {
    /// The record that an order's router is to have, as it was stored before the first try.
    pub fn sale_record(&self, order: &OrderRef) -> Result<Option<SaleRecord>, StoreError> {
        let sql = "SELECT record_sealed FROM sale_record WHERE order_reference = ?1";
        self.one(sql, [order.as_str()], |columns| {
            let json = self.unseal(&record_context(order), &columns.next::<Vec<u8>>()?)?;
            // The parser's own words could quote a code.
            serde_json::from_slice(&json).map_err(|_| StoreError::unreadable("sale record", order))
        })
    }

    pub fn put_sale_record(&self, order: &OrderRef, record: &SaleRecord) -> Result<(), StoreError> {
        let json = serde_json::to_vec(record).map_err(|error| StoreError::unreadable("sale record", error))?;
        let sql = "INSERT INTO sale_record (order_reference, company, record_sealed) \
                   SELECT reference, company, ?2 FROM orders WHERE reference = ?1 \
                   ON CONFLICT (order_reference) DO UPDATE SET record_sealed = ?2";
        self.run(sql, (order.as_str(), self.seal(&record_context(order), &json)))?;
        Ok(())
    }

    /// Writes down that a router refuses sale records. Says whether that is news.
    pub fn note_records_refused(&self, router: &RouterId, since: Timestamp) -> Result<bool, StoreError> {
        let sql = "INSERT INTO sale_record_refused (router, company, since) \
                   SELECT id, company, ?2 FROM router WHERE id = ?1 ON CONFLICT (router) DO NOTHING";
        Ok(self.run(sql, (router.as_str(), ms(since)))? > 0)
    }

    /// The router takes sale records.
    pub fn clear_records_refused(&self, router: &RouterId) -> Result<(), StoreError> {
        self.run("DELETE FROM sale_record_refused WHERE router = ?1", [router.as_str()])?;
        Ok(())
    }

    /// Watches the validity of an order's voucher from now on.
    pub fn watch_validity(&self, order: &OrderRef, router: &RouterId) -> Result<(), StoreError> {
        let sql = "INSERT INTO validity_watch (order_reference, company, router) \
                   SELECT reference, company, ?2 FROM orders WHERE reference = ?1 ON CONFLICT (order_reference) DO NOTHING";
        self.run(sql, (order.as_str(), router.as_str()))?;
        Ok(())
    }

    /// The vouchers that are watched on a router.
    pub fn validity_watches(&self, router: &RouterId) -> Result<Vec<ValidityWatch>, StoreError> {
        let sql = "SELECT order_reference, validity_s, first_login_at, ends_at FROM validity_watch \
                   WHERE router = ?1 AND ended_at IS NULL ORDER BY order_reference";
        self.all(sql, [router.as_str()], read_watch)
    }

    pub fn save_validity_watch(&self, watch: &ValidityWatch) -> Result<(), StoreError> {
        let sql = "UPDATE validity_watch SET validity_s = ?2, first_login_at = ?3, ends_at = ?4 \
                   WHERE order_reference = ?1 AND ended_at IS NULL";
        let validity_s = watch.validity_s.and_then(|seconds| i64::try_from(seconds).ok());
        let values = (
            watch.order.as_str(),
            validity_s,
            optional_ms(watch.first_login_at),
            optional_ms(watch.ends_at),
        );
        self.run(sql, values)?;
        Ok(())
    }

    /// The relay ended this voucher.
    pub fn end_validity(&self, order: &OrderRef, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE validity_watch SET ended_at = ?2 WHERE order_reference = ?1 AND ended_at IS NULL";
        self.run(sql, (order.as_str(), ms(at)))?;
        Ok(())
    }

    /// There is nothing to watch any more.
    pub fn forget_validity(&self, order: &OrderRef) -> Result<(), StoreError> {
        let sql = "DELETE FROM validity_watch WHERE order_reference = ?1 AND ended_at IS NULL";
        self.run(sql, [order.as_str()])?;
        Ok(())
    }

    /// When the relay ended an order's voucher, if it did.
    pub fn validity_ended_at(&self, order: &OrderRef) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT ended_at FROM validity_watch WHERE order_reference = ?1";
        let found = self.one(sql, [order.as_str()], |columns| {
            columns.optional_time("end of a validity")
        })?;
        Ok(found.flatten())
    }
}

fn read_watch(columns: &mut Columns<'_, '_>) -> Result<ValidityWatch, StoreError> {
    Ok(ValidityWatch {
        order: OrderRef::new(columns.next::<String>()?),
        validity_s: columns
            .next::<Option<i64>>()?
            .and_then(|seconds| u64::try_from(seconds).ok()),
        first_login_at: columns.optional_time("time of a login")?,
        ends_at: columns.optional_time("end of a validity")?,
    })
}

fn record_context(order: &OrderRef) -> String {
    format!("sale_record:{order}")
}
