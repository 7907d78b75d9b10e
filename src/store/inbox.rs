//! The inbox: each authentic webhook once, with its exact bytes, before anything is answered.
//!
//! Bodies are sealed like the parameters: gateways put one-time tokens and telephone numbers into them.

use aws_lc_rs::digest;
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::columns::{Columns, ms};
use super::orders::MAX_LISTED;
use super::params::{params_from_json, params_json};
use super::{Db, StoreError};
use crate::company::GatewayName;
use crate::event::{Event, NewEvent, Proof, Stored};
use crate::ids::{AccountId, EventId, HotspotId, OrderRef};
use crate::mik_params::MikParams;
use crate::secrets::MasterKey;

/// Which events to list: newest first, all conditions together.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub order: Option<OrderRef>,
    pub settled: Option<bool>,
    pub conflict: Option<bool>,
    /// Only those whose outcome says that they need attention.
    pub attention: bool,
    /// At most `MAX_LISTED`, which is also what zero means.
    pub limit: usize,
}

/// An event made ready to be stored. Sealing and hashing cost more than the row itself, so they are done
/// before the writer's turn (`Store::seal_event`): all webhooks share one writer.
pub struct SealedEvent {
    event: NewEvent,
    body: Vec<u8>,
    body_sha256: digest::Digest,
    params: Vec<u8>,
}

impl SealedEvent {
    pub(super) fn new(key: &MasterKey, event: NewEvent) -> Result<Self, StoreError> {
        let params = params_json(&event.params)?;
        let [body, params] = key.seal_all([
            (&body_context(&event.account, &event.key), &event.body),
            (&params_context(&event.account, &event.key), &params),
        ]);
        Ok(Self {
            body,
            body_sha256: digest::digest(&digest::SHA256, &event.body),
            params,
            event,
        })
    }

    pub fn event(&self) -> &NewEvent {
        &self.event
    }
}

impl Db<'_> {
    /// Stores an event unless its key is known for the account. A known one is counted; other bytes under a
    /// known key are marked as a conflict and the first bytes stay.
    pub fn insert_event(&self, sealed: &SealedEvent) -> Result<Stored, StoreError> {
        let (event, sha256) = (&sealed.event, sealed.body_sha256.as_ref());
        // Ignored are a known key and the missing company of an unknown account; what follows tells them apart.
        // `INSERT … SELECT` would do the same with a copy of every page it changes.
        let sql = "INSERT OR IGNORE INTO event (company, gateway, account, hotspot, proof, key, body_sealed, \
                   body_sha256, content_type, params_sealed, received_at, query, deliveries, conflict) \
                   VALUES ((SELECT company FROM account WHERE id = ?2), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, 0)";
        let inserted = self.run(
            sql,
            (
                event.gateway.as_str(),
                event.account.as_str(),
                event.hotspot.as_str(),
                event.proof.as_str(),
                &event.key,
                &sealed.body,
                sha256,
                &event.content_type,
                &sealed.params,
                ms(event.received_at),
                &event.query,
            ),
        )?;
        if inserted == 1 {
            return Ok(Stored::New(EventId(self.last_row())));
        }
        self.count_delivery(event, sha256)
    }

    pub fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM event WHERE id = ?");
        self.one(&sql, [id.0], |columns| self.read_event(columns))
    }

    /// Whether a webhook about this order was settled.
    pub fn has_settled_event(&self, order: &OrderRef) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM event WHERE order_reference = ?1 AND settled_at IS NOT NULL)";
        self.value(sql, [order.as_str()])
    }

    pub fn events(&self, filter: &EventFilter) -> Result<Vec<Event>, StoreError> {
        let mut conditions = vec!["1 = 1"];
        let mut values = Vec::new();
        if let Some(order) = &filter.order {
            conditions.push("order_reference = ?");
            values.push(Value::Text(order.to_string()));
        }
        match filter.settled {
            Some(true) => conditions.push("settled_at IS NOT NULL"),
            Some(false) => conditions.push("settled_at IS NULL"),
            None => {}
        }
        match filter.conflict {
            Some(true) => conditions.push("conflict = 1"),
            Some(false) => conditions.push("conflict = 0"),
            None => {}
        }
        if filter.attention {
            conditions.push("outcome GLOB 'needs attention*'");
        }
        let limit = if filter.limit == 0 {
            MAX_LISTED
        } else {
            filter.limit.min(MAX_LISTED)
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM event WHERE {} ORDER BY id DESC LIMIT {limit}",
            conditions.join(" AND ")
        );
        self.all(&sql, params_from_iter(values), |columns| self.read_event(columns))
    }

    /// Notes what an event came to, and whose it was.
    pub fn settle_event(
        &self,
        id: EventId,
        outcome: &str,
        order: Option<&OrderRef>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE event SET outcome = ?2, settled_at = ?3, order_reference = coalesce(?4, order_reference) \
                   WHERE id = ?1";
        self.of_event(
            id,
            self.run(sql, (id.0, outcome, ms(now), order.map(OrderRef::as_str)))?,
        )
    }

    /// Makes an event unsettled again, so that it can be settled anew.
    pub fn reopen_event(&self, id: EventId) -> Result<(), StoreError> {
        let changed = self.run(
            "UPDATE event SET outcome = NULL, settled_at = NULL WHERE id = ?1",
            [id.0],
        )?;
        self.of_event(id, changed)
    }

    /// The order an event was settled for.
    pub fn order_of_event(&self, id: EventId) -> Result<Option<OrderRef>, StoreError> {
        let found: Option<Option<String>> = self.optional("SELECT order_reference FROM event WHERE id = ?1", [id.0])?;
        Ok(found.flatten().map(OrderRef::new))
    }

    fn of_event(&self, id: EventId, changed: usize) -> Result<(), StoreError> {
        match changed {
            0 => Err(StoreError::NotFound {
                what: "event",
                id: id.to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn count_delivery(&self, event: &NewEvent, sha256: &[u8]) -> Result<Stored, StoreError> {
        let sql = "UPDATE event SET deliveries = deliveries + 1, conflict = conflict OR body_sha256 <> ?3 \
                   WHERE account = ?1 AND key = ?2 RETURNING id, body_sha256 <> ?3";
        let read = |columns: &mut Columns<'_, '_>| Ok((EventId(columns.next()?), columns.next::<bool>()?));
        match self.one(sql, (event.account.as_str(), &event.key, sha256), read)? {
            Some((id, false)) => Ok(Stored::Duplicate(id)),
            Some((id, true)) => Ok(Stored::Conflict(id)),
            None => Err(StoreError::NotFound {
                what: "account",
                id: event.account.to_string(),
            }),
        }
    }

    fn read_event(&self, columns: &mut Columns<'_, '_>) -> Result<Event, StoreError> {
        let id = EventId(columns.next()?);
        let gateway = columns.word("gateway", GatewayName::from_text)?;
        let account = AccountId::new(columns.next::<String>()?);
        let hotspot = HotspotId::new(columns.next::<String>()?);
        let proof = columns.word("proof", Proof::from_text)?;
        let key: String = columns.next()?;
        let body: Vec<u8> = columns.next()?;
        // Nothing sealed is empty: the housekeeping leaves this of what is old.
        let is_emptied = body.is_empty();
        let content_type = columns.next()?;
        let params: Vec<u8> = columns.next()?;
        let (body, params) = if is_emptied {
            (Vec::new(), MikParams::default())
        } else {
            (
                self.unseal(&body_context(&account, &key), &body)?,
                params_from_json(&self.unseal(&params_context(&account, &key), &params)?)?,
            )
        };
        let received_at = columns.time("time of an event")?;
        let query = columns.next()?;
        Ok(Event {
            id,
            event: NewEvent {
                gateway,
                account,
                hotspot,
                proof,
                key,
                query,
                body: body.into(),
                content_type,
                params,
                received_at,
            },
            deliveries: columns.next()?,
            conflict: columns.next()?,
            outcome: columns.next()?,
            settled_at: columns.optional_time("time of settling")?,
            is_emptied,
        })
    }
}

fn body_context(account: &AccountId, key: &str) -> String {
    format!("event.body:{account}:{key}")
}

fn params_context(account: &AccountId, key: &str) -> String {
    format!("event.params:{account}:{key}")
}

/// In the order of `read_event`.
const COLUMNS: &str = "id, gateway, account, hotspot, proof, key, body_sealed, content_type, params_sealed, \
     received_at, query, deliveries, conflict, outcome, settled_at";
