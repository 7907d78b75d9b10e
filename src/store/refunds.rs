//! Payments as the gateways confirmed them, and those that are to be given back.

use jiff::Timestamp;

use super::columns::{Columns, from_word, ms, optional_ms, word_of};
use super::orders::MAX_LISTED;
use super::{Db, StoreError};
use crate::ids::{AccountId, OrderRef, RefundId};
use crate::money::{Currency, Money};
use crate::order::Order;
use crate::refund::{Payment, Refund, RefundReason, Standing, Wisher};

/// A wish for a refund, before it has a row.
#[derive(Clone, Debug)]
pub struct NewRefund {
    pub payment: Payment,
    pub reason: RefundReason,
    pub wisher: Wisher,
    pub is_extra: bool,
}

impl Db<'_> {
    /// Keeps a payment that a gateway confirmed; says whether it is a new one.
    pub fn keep_payment(&self, payment: &Payment, look_at: Option<Timestamp>) -> Result<bool, StoreError> {
        let sql = "INSERT INTO payment (account, gateway_id, order_reference, company, amount_minor, currency, seen_at, \
                   look_at) SELECT ?1, ?2, reference, company, ?4, ?5, ?6, ?7 FROM orders WHERE reference = ?3 \
                   ON CONFLICT DO NOTHING";
        let values = (
            payment.account.as_str(),
            &payment.gateway_id,
            payment.order.as_str(),
            payment.amount.minor(),
            payment.amount.currency().code(),
            ms(payment.seen_at),
            optional_ms(look_at),
        );
        Ok(self.run(sql, values)? > 0)
    }

    /// The order that a payment belongs to, whether it paid for it or was a further one.
    pub fn order_of_payment(&self, account: &AccountId, gateway_id: &str) -> Result<Option<Order>, StoreError> {
        if let Some(order) = self.order_by_gateway_id(account, gateway_id)? {
            return Ok(Some(order));
        }
        let sql = "SELECT order_reference FROM payment WHERE account = ?1 AND gateway_id = ?2 \
                   UNION SELECT order_reference FROM refund WHERE account = ?1 AND gateway_id = ?2 LIMIT 1";
        let found: Option<String> = self.optional(sql, (account.as_str(), gateway_id))?;
        found.map_or(Ok(None), |reference| self.order(&OrderRef::new(reference)))
    }

    /// The confirmed payments of an order, oldest first.
    pub fn payments_of_order(&self, order: &OrderRef) -> Result<Vec<Payment>, StoreError> {
        let sql = format!("SELECT {PAYMENT} FROM payment WHERE order_reference = ?1 ORDER BY seen_at, gateway_id");
        self.all(&sql, [order.as_str()], read_payment)
    }

    /// The account's payments whose time to be asked about has come, longest due first.
    pub fn payments_to_look_at(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        let sql = format!(
            "SELECT {PAYMENT} FROM payment WHERE account = ?1 AND look_at <= ?2 ORDER BY look_at, gateway_id LIMIT {limit}"
        );
        self.all(&sql, (account.as_str(), ms(now)), read_payment)
    }

    /// When a payment is asked about next; never again without a time.
    pub fn look_again(
        &self,
        account: &AccountId,
        gateway_id: &str,
        look_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE payment SET look_at = ?3 WHERE account = ?1 AND gateway_id = ?2";
        self.run(sql, (account.as_str(), gateway_id, optional_ms(look_at)))?;
        Ok(())
    }

    /// Asks about a payment at `look_at` at the latest.
    pub fn look_again_by(&self, account: &AccountId, gateway_id: &str, look_at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE payment SET look_at = MIN(COALESCE(look_at, ?3), ?3) WHERE account = ?1 AND gateway_id = ?2";
        self.run(sql, (account.as_str(), gateway_id, ms(look_at)))?;
        Ok(())
    }

    /// Stores a wish; `None` where this payment has one already.
    pub fn add_refund(&self, wish: &NewRefund) -> Result<Option<Refund>, StoreError> {
        let sql = "INSERT INTO refund (account, gateway_id, order_reference, company, amount_minor, currency, reason, \
                   wisher, is_extra, standing, attempts, wished_at) SELECT ?1, ?2, reference, company, ?4, ?5, ?6, ?7, \
                   ?8, ?9, 0, ?10 FROM orders WHERE reference = ?3 ON CONFLICT DO NOTHING";
        let payment = &wish.payment;
        let values = (
            payment.account.as_str(),
            &payment.gateway_id,
            payment.order.as_str(),
            payment.amount.minor(),
            payment.amount.currency().code(),
            word_of("reason", &wish.reason)?,
            word_of("wisher", &wish.wisher)?,
            wish.is_extra,
            word_of("standing", &Standing::Wished)?,
            ms(self.now()),
        );
        match self.run(sql, values)? {
            0 => Ok(None),
            _ => self.refund(RefundId(self.last_row())),
        }
    }

    /// Stores what may change of a refund.
    pub fn save_refund(&self, refund: &Refund) -> Result<(), StoreError> {
        let sql = "UPDATE refund SET amount_minor = ?2, currency = ?3, reason = ?4, wisher = ?5, standing = ?6, \
                   words = ?7, attempts = ?8, wished_at = ?9, withdrawn_at = ?10, asked_at = ?11, ended_at = ?12, \
                   is_extra = ?13 WHERE id = ?1";
        let values = (
            refund.id.0,
            refund.payment.amount.minor(),
            refund.payment.amount.currency().code(),
            word_of("reason", &refund.reason)?,
            word_of("wisher", &refund.wisher)?,
            word_of("standing", &refund.standing)?,
            &refund.words,
            refund.attempts,
            ms(refund.wished_at),
            optional_ms(refund.withdrawn_at),
            optional_ms(refund.asked_at),
            optional_ms(refund.ended_at),
            refund.is_extra,
        );
        match self.run(sql, values)? {
            0 => Err(StoreError::NotFound {
                what: "refund",
                id: refund.id.to_string(),
            }),
            _ => Ok(()),
        }
    }

    pub fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError> {
        let sql = format!("SELECT {REFUND} FROM refund WHERE id = ?1");
        self.one(&sql, [id.0], read_refund)
    }

    pub fn refund_of_payment(&self, account: &AccountId, gateway_id: &str) -> Result<Option<Refund>, StoreError> {
        let sql = format!("SELECT {REFUND} FROM refund WHERE account = ?1 AND gateway_id = ?2");
        self.one(&sql, (account.as_str(), gateway_id), read_refund)
    }

    /// The refunds of an order's payments, oldest first.
    pub fn refunds_of_order(&self, order: &OrderRef) -> Result<Vec<Refund>, StoreError> {
        let sql = format!("SELECT {REFUND} FROM refund WHERE order_reference = ?1 ORDER BY id");
        self.all(&sql, [order.as_str()], read_refund)
    }

    /// The refunds that were wished before `before` and are not at their end, longest open first.
    pub fn open_refunds(&self, before: Timestamp) -> Result<Vec<Refund>, StoreError> {
        let ends = [
            word_of("standing", &Standing::Done)?,
            word_of("standing", &Standing::Refused)?,
        ];
        let sql = format!(
            "SELECT {REFUND} FROM refund WHERE wished_at <= ?1 AND standing NOT IN (?2, ?3) \
             ORDER BY wished_at, id LIMIT {MAX_LISTED}"
        );
        self.all(&sql, (ms(before), &ends[0], &ends[1]), read_refund)
    }

    /// The account's orders whose own payment came before `before` and bought nothing yet, and whose refund nobody
    /// wished. Further payments do not count: an order whose own one cannot go back would be found for ever.
    pub fn orders_to_refund(
        &self,
        account: &AccountId,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<OrderRef>, StoreError> {
        // The plus keeps SQLite from walking through all orders the account ever had.
        let sql = format!(
            "SELECT o.reference FROM orders o WHERE o.state IN ('paid', 'stuck', 'held') AND +o.account = ?1 AND EXISTS \
             (SELECT 1 FROM payment p WHERE p.order_reference = o.reference AND p.gateway_id = coalesce(o.gateway_id, p.gateway_id) \
             AND coalesce(o.paid_at, p.seen_at) <= ?2 \
             AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.account = p.account AND r.gateway_id = p.gateway_id)) \
             ORDER BY o.created_at LIMIT {limit}"
        );
        self.all(&sql, (account.as_str(), ms(before)), |columns| {
            Ok(OrderRef::new(columns.next::<String>()?))
        })
    }

    /// Whether the order's history has a line that begins so: what is told once is looked for here.
    pub fn was_noted(&self, order: &OrderRef, beginning: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM order_step WHERE order_reference = ?1 AND substr(text, 1, length(?2)) = ?2 LIMIT 1";
        let found: Option<i64> = self.optional(sql, [order.as_str(), beginning])?;
        Ok(found.is_some())
    }
}

fn read_payment(columns: &mut Columns<'_, '_>) -> Result<Payment, StoreError> {
    let (account, gateway_id) = (AccountId::new(columns.next::<String>()?), columns.next()?);
    let order = OrderRef::new(columns.next::<String>()?);
    let (minor, currency) = (columns.next()?, columns.word("currency", from_word::<Currency>)?);
    Ok(Payment {
        account,
        gateway_id,
        order,
        amount: Money::from_minor(minor, currency),
        seen_at: columns.time("time of a payment")?,
    })
}

fn read_refund(columns: &mut Columns<'_, '_>) -> Result<Refund, StoreError> {
    Ok(Refund {
        id: RefundId(columns.next()?),
        payment: read_payment(columns)?,
        reason: columns.word("reason", from_word::<RefundReason>)?,
        wisher: columns.word("wisher", from_word::<Wisher>)?,
        is_extra: columns.next()?,
        standing: columns.word("standing", from_word::<Standing>)?,
        words: columns.next()?,
        attempts: columns.next()?,
        wished_at: columns.time("time of a wish")?,
        withdrawn_at: columns.optional_time("time of a withdrawal")?,
        asked_at: columns.optional_time("time of a request")?,
        ended_at: columns.optional_time("end of a refund")?,
    })
}

/// In the order of `read_payment`.
const PAYMENT: &str = "account, gateway_id, order_reference, amount_minor, currency, seen_at";
/// In the order of `read_refund`; a refund's own wish stands for the time of its payment.
const REFUND: &str = "id, account, gateway_id, order_reference, amount_minor, currency, wished_at, reason, wisher, \
     is_extra, standing, words, attempts, wished_at, withdrawn_at, asked_at, ended_at";
