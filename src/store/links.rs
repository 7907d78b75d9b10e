//! What programs asked for by `POST /pagos`, so that asking twice is one order and has one answer.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::columns::ms;
use super::{Db, StoreError};
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::Money;

/// One request for a payment link.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    pub order: OrderRef,
    pub company: CompanyId,
    pub account: AccountId,
    pub reference_id: String,
    pub price: Money,
    /// SHA-256 of the `Idempotency-Key`, where there was one.
    pub idempotency_sha256: Option<[u8; 32]>,
    /// SHA-256 of all that was asked.
    pub request_sha256: [u8; 32],
    pub created_at: Timestamp,
}

/// An earlier request that this one may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    pub order: OrderRef,
    /// It asked for exactly the same.
    pub same: bool,
}

impl Db<'_> {
    pub fn add_link_request(&self, request: &LinkRequest) -> Result<(), StoreError> {
        let sql = "INSERT INTO link_request (order_reference, company, account, reference_id, price_minor, currency, \
                   idempotency_sha256, request_sha256, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = (
            request.order.as_str(),
            request.company.as_str(),
            request.account.as_str(),
            &request.reference_id,
            request.price.minor(),
            request.price.currency().code(),
            request
                .idempotency_sha256
                .map_or(Value::Null, |digest| Value::Blob(digest.to_vec())),
            request.request_sha256.to_vec(),
            ms(request.created_at),
        );
        self.run(sql, values)?;
        Ok(())
    }

    /// The latest requests since then that this one may repeat, newest first: those with its key, or, without a key,
    /// those of the same account, reference and amount.
    pub fn similar_link_requests(&self, request: &LinkRequest, since: Timestamp) -> Result<Vec<Sought>, StoreError> {
        let digest = request.request_sha256.to_vec();
        let read = |columns: &mut super::columns::Columns<'_, '_>| {
            Ok(Sought {
                order: OrderRef::new(columns.next::<String>()?),
                same: columns.next::<Vec<u8>>()? == digest,
            })
        };
        match &request.idempotency_sha256 {
            Some(key) => {
                let sql = "SELECT order_reference, request_sha256 FROM link_request WHERE company = ?1 \
                           AND idempotency_sha256 = ?2 AND created_at > ?3 ORDER BY created_at DESC LIMIT 1";
                self.all(sql, (request.company.as_str(), key.to_vec(), ms(since)), read)
            }
            None => {
                let sql = "SELECT order_reference, request_sha256 FROM link_request WHERE company = ?1 \
                           AND reference_id = ?2 AND created_at > ?3 AND account = ?4 AND price_minor = ?5 \
                           AND currency = ?6 ORDER BY created_at DESC LIMIT ?7";
                let values = (
                    request.company.as_str(),
                    &request.reference_id,
                    ms(since),
                    request.account.as_str(),
                    request.price.minor(),
                    request.price.currency().code(),
                    MOST_SIMILAR,
                );
                self.all(sql, values, read)
            }
        }
    }

    pub fn is_link_requested(&self, order: &OrderRef) -> Result<bool, StoreError> {
        self.value(
            "SELECT EXISTS (SELECT 1 FROM link_request WHERE order_reference = ?1)",
            [order.as_str()],
        )
    }

    /// The order is no longer the answer to what was asked.
    pub fn forget_link_request(&self, order: &OrderRef) -> Result<(), StoreError> {
        self.run("DELETE FROM link_request WHERE order_reference = ?1", [order.as_str()])?;
        Ok(())
    }

    /// Keeps the gateway's answer to the first request, as JSON.
    pub fn keep_link_answer(&self, order: &OrderRef, json: &str) -> Result<(), StoreError> {
        let sealed = self.seal(&context(order), json.as_bytes());
        self.run(
            "UPDATE link_request SET answer_sealed = ?2 WHERE order_reference = ?1",
            (order.as_str(), sealed),
        )?;
        Ok(())
    }

    pub fn link_answer(&self, order: &OrderRef) -> Result<Option<String>, StoreError> {
        let sql = "SELECT answer_sealed FROM link_request WHERE order_reference = ?1";
        let sealed = self.optional::<Option<Vec<u8>>>(sql, [order.as_str()])?.flatten();
        let Some(sealed) = sealed else { return Ok(None) };
        let text = String::from_utf8(self.unseal(&context(order), &sealed)?);
        text.map(Some)
            .map_err(|_| StoreError::unreadable("link answer", "not UTF-8"))
    }
}

fn context(order: &OrderRef) -> String {
    format!("link_request.answer:{order}")
}

/// Failed tries with one reference on one day; only the latest can be open.
const MOST_SIMILAR: i64 = 10;
