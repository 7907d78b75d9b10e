//! What is given up after a while: orders nobody paid, the bytes of old webhooks, the texts of old mails, and in
//! the end everything. Each method does one small batch, so that a webhook never waits for long behind it.
//!
//! Promises (fault catalogue D5, S7): an event's key and digest outlive the order it is about, so that a replay
//! stays a duplicate; an order with money, with a webhook or with an open job is not taken for an unpaid one.

use jiff::Timestamp;

use super::columns::ms;
use super::{Db, StoreError};
use crate::ids::OrderRef;
use crate::order::State;

/// Which orders may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expendable {
    /// Nobody paid and no webhook spoke of it.
    Unpaid(State),
    /// Anything of this age.
    Any,
}

impl Db<'_> {
    /// The oldest orders made from `since` to `before` that may go. A read: deleting looks again.
    pub fn expendable_orders(
        &self,
        which: Expendable,
        since: Timestamp,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrderRef, Timestamp)>, StoreError> {
        let sql = format!(
            "SELECT reference, created_at FROM orders WHERE created_at >= ?1 AND created_at < ?2 AND {} \
             ORDER BY created_at LIMIT ?3",
            condition(which)
        );
        self.all(&sql, (ms(since), ms(before), limit), |columns| {
            Ok((
                OrderRef::new(columns.next::<String>()?),
                columns.time("time of an order")?,
            ))
        })
    }

    /// Deletes an order with its steps, references and mails if it still may go; says whether.
    pub fn delete_expendable(
        &self,
        which: Expendable,
        reference: &OrderRef,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let may_go = format!(
            "SELECT 1 FROM orders WHERE reference = ?1 AND created_at < ?2 AND {}",
            condition(which)
        );
        let found: Option<i64> = self.optional(&may_go, (reference.as_str(), ms(before)))?;
        if found.is_none() {
            return Ok(false);
        }
        self.run("DELETE FROM message WHERE order_reference = ?1", [reference.as_str()])?;
        self.run("DELETE FROM orders WHERE reference = ?1", [reference.as_str()])?;
        Ok(true)
    }

    /// Takes bodies and parameters from the next settled events received before; keys and digests stay. Says how
    /// many events were looked at.
    pub fn empty_events(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let rows = self.old_rows("event", "received_at", "events_emptied_to", before, limit)?;
        for id in &rows {
            let sql =
                "UPDATE event SET body_sealed = x'', params_sealed = x'' WHERE id = ?1 AND settled_at IS NOT NULL";
            self.run(sql, [id])?;
        }
        self.mark_done("events_emptied_to", &rows)
    }

    /// Takes the texts from the next mails written before that do not wait any more. Says how many were looked at.
    pub fn empty_messages(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let rows = self.old_rows("message", "created_at", "mails_emptied_to", before, limit)?;
        for id in &rows {
            let sql = "UPDATE message SET text_sealed = x'' WHERE id = ?1 AND state <> 'waiting'";
            self.run(sql, [id])?;
        }
        self.mark_done("mails_emptied_to", &rows)
    }

    /// The oldest settled events received before whose order is gone, or that never had one. A read: deleting looks
    /// again.
    pub fn orphaned_events(&self, before: Timestamp, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT id FROM event WHERE id < coalesce((SELECT id FROM event WHERE received_at >= ?1 \
                   ORDER BY id LIMIT 1), 9223372036854775807) AND order_reference IS NULL AND settled_at IS NOT NULL \
                   ORDER BY id LIMIT ?2";
        self.all(sql, (ms(before), limit), |columns| columns.next())
    }

    /// Deletes these events, if they still belong to no order. Says how many.
    pub fn delete_orphaned_events(&self, ids: &[i64]) -> Result<usize, StoreError> {
        let sql = "DELETE FROM event WHERE id = ?1 AND order_reference IS NULL AND settled_at IS NOT NULL";
        ids.iter().map(|id| self.run(sql, [id])).sum()
    }

    /// The oldest mails written before that belong to no order and do not wait any more.
    pub fn orphaned_messages(&self, before: Timestamp, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT id FROM message WHERE id < coalesce((SELECT id FROM message WHERE created_at >= ?1 \
                   ORDER BY id LIMIT 1), 9223372036854775807) AND order_reference IS NULL AND state <> 'waiting' \
                   ORDER BY id LIMIT ?2";
        self.all(sql, (ms(before), limit), |columns| columns.next())
    }

    /// Deletes these mails. Says how many.
    pub fn delete_orphaned_messages(&self, ids: &[i64]) -> Result<usize, StoreError> {
        let sql = "DELETE FROM message WHERE id = ?1 AND order_reference IS NULL AND state <> 'waiting'";
        ids.iter().map(|id| self.run(sql, [id])).sum()
    }

    /// The next rows after a mark, up to the first that is too young.
    fn old_rows(
        &self,
        table: &str,
        time: &str,
        mark: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = format!(
            "SELECT id, {time} < ?2 FROM {table} WHERE id > (SELECT value FROM meta WHERE name = ?1) \
             ORDER BY id LIMIT ?3"
        );
        let rows = self.all(&sql, (mark, ms(before), limit), |columns| {
            Ok((columns.next::<i64>()?, columns.next::<bool>()?))
        })?;
        Ok(rows
            .into_iter()
            .take_while(|(_, is_old)| *is_old)
            .map(|(id, _)| id)
            .collect())
    }

    fn mark_done(&self, mark: &str, rows: &[i64]) -> Result<usize, StoreError> {
        if let Some(last) = rows.last() {
            self.run("UPDATE meta SET value = ?2 WHERE name = ?1", (mark, last))?;
        }
        Ok(rows.len())
    }
}

/// Whatever still has something to do stays.
fn condition(which: Expendable) -> String {
    let nothing_to_do = "NOT EXISTS (SELECT 1 FROM job WHERE subject = orders.reference AND kind IN \
                         ('reconcile', 'provision', 'login', 'disable', 'unreserve', 'sale-record'))";
    match which {
        Expendable::Unpaid(state) => format!(
            "state = '{}' AND paid_at IS NULL AND {nothing_to_do} AND NOT EXISTS \
             (SELECT 1 FROM event WHERE order_reference = orders.reference)",
            state.as_str()
        ),
        Expendable::Any => nothing_to_do.to_owned(),
    }
}
