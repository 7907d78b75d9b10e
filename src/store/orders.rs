//! Orders: stored whole, found by what a page, a webhook or an operator knows.

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, from_word, ms, optional_ms, signed, word_of};
use super::params::{params_from_json, params_json};
use super::{Db, StoreError};
use crate::company::{Language, Mode};
use crate::ids::{AccountId, CompanyId, HotspotId, OrderRef, OrderToken, PlanId};
use crate::mik_params::MikParams;
use crate::money::{Currency, Money};
use crate::order::{Buyer, Instructions, LinkPayment, Online, Order, PlanSnapshot, State};
use crate::plan::{DataLimit, TimeLimit};
use crate::reason::Reason;
use crate::voucher::{UserMode, Voucher};

/// Which orders to list: newest first, all conditions together.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub company: Option<CompanyId>,
    /// Any of these; all when empty.
    pub state: Vec<State>,
    /// Only payments by link.
    pub by_link: bool,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before; to go on where a list ended.
    pub before: Option<Timestamp>,
    /// At most `MAX_LISTED`, which is also what zero means.
    pub limit: usize,
}

impl Db<'_> {
    /// Stores a new order and makes it findable by its reference. `Exists` where reference, token or the
    /// gateway's id is taken.
    pub fn insert_order(&self, order: &Order) -> Result<(), StoreError> {
        let values = self.order_values(order)?;
        let places = vec!["?"; values.len()].join(", ");
        self.run(
            &format!("INSERT INTO orders ({COLUMNS}) VALUES ({places})"),
            params_from_iter(values),
        )?;
        self.keep_references(order)
    }

    /// Replaces every field of the order with this reference.
    pub fn save_order(&self, order: &Order) -> Result<(), StoreError> {
        let mut values = self.order_values(order)?;
        let places = COLUMNS
            .split(", ")
            .map(|column| format!("{column} = ?"))
            .collect::<Vec<_>>()
            .join(", ");
        values.push(Value::Text(order.reference.to_string()));
        let changed = self.run(
            &format!("UPDATE orders SET {places} WHERE reference = ?"),
            params_from_iter(values),
        )?;
        if changed == 0 {
            return Err(StoreError::NotFound {
                what: "order",
                id: order.reference.to_string(),
            });
        }
        self.keep_references(order)
    }

    pub fn order(&self, reference: &OrderRef) -> Result<Option<Order>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE reference = ?");
        self.one(&sql, [reference.as_str()], |columns| self.read_order(columns))
    }

    pub fn order_by_token(&self, token: &OrderToken) -> Result<Option<Order>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE token = ?");
        self.one(&sql, [token.as_str()], |columns| self.read_order(columns))
    }

    pub fn order_by_gateway_id(&self, account: &AccountId, gateway_id: &str) -> Result<Option<Order>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE account = ? AND gateway_id = ?");
        self.one(&sql, [account.as_str(), gateway_id], |columns| self.read_order(columns))
    }

    pub fn orders(&self, filter: &OrderFilter) -> Result<Vec<Order>, StoreError> {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut values = Vec::new();
        if let Some(company) = &filter.company {
            conditions.push("company = ?".to_owned());
            values.push(Value::Text(company.to_string()));
        }
        if !filter.state.is_empty() {
            conditions.push(format!("state IN ({})", vec!["?"; filter.state.len()].join(", ")));
            values.extend(filter.state.iter().map(|state| Value::Text(state.as_str().to_owned())));
        }
        if filter.by_link {
            conditions.push("link_sealed IS NOT NULL".to_owned());
        }
        for (condition, bound) in [("created_at >= ?", filter.since), ("created_at < ?", filter.before)] {
            if let Some(bound) = bound {
                conditions.push(condition.to_owned());
                values.push(Value::Integer(ms(bound)));
            }
        }
        let limit = if filter.limit == 0 {
            MAX_LISTED
        } else {
            filter.limit.min(MAX_LISTED)
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM orders WHERE {} ORDER BY created_at DESC, reference LIMIT {limit}",
            conditions.join(" AND ")
        );
        self.all(&sql, params_from_iter(values), |columns| self.read_order(columns))
    }

    /// How many orders stand where; states without orders are left out.
    pub fn count_orders_by_state(&self) -> Result<Vec<(State, i64)>, StoreError> {
        let sql = "SELECT state, count(*) FROM orders GROUP BY state";
        self.all(sql, [], |columns| {
            Ok((columns.word("order state", State::from_text)?, columns.next()?))
        })
    }

    /// When the money came for the order that waits longest for its user; `None` when none waits.
    pub fn oldest_unprovisioned(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(paid_at) FROM orders WHERE state IN ('paid', 'stuck')";
        let found = self.one(sql, [], |columns| columns.optional_time("time of payment"))?;
        Ok(found.flatten())
    }

    fn order_values(&self, order: &Order) -> Result<Vec<Value>, StoreError> {
        let text = |text: &str| Value::Text(text.to_owned());
        let optional = |value: &Option<String>| value.clone().map_or(Value::Null, Value::Text);
        let time = |time| optional_ms(time).map_or(Value::Null, Value::Integer);
        let voucher = order
            .voucher
            .as_ref()
            .map(|voucher| self.sealed_voucher(&order.reference, voucher));
        let notify_token = order
            .notify_token
            .as_ref()
            .map(|token| self.seal(&token_context(&order.reference), token.expose_secret().as_bytes()));
        let reason = order.reason.as_ref().map(Reason::to_json).transpose();
        let reason = reason.map_err(|error| StoreError::unreadable("reason", error))?;
        let (plan, buyer) = (&order.plan, &order.buyer);
        Ok(vec![
            text(order.reference.as_str()),
            text(order.token.as_str()),
            text(order.company.as_str()),
            text(order.hotspot.as_str()),
            text(order.account.as_str()),
            Value::Text(word_of("mode", &order.mode)?),
            plan.plan.as_ref().map_or(Value::Null, |plan| text(plan.as_str())),
            text(&plan.label),
            text(&plan.profile),
            Value::Integer(plan.price.minor()),
            text(plan.price.currency().code()),
            Value::Integer(signed(plan.time.seconds)),
            Value::Integer(signed(plan.data.bytes)),
            text(order.state.as_str()),
            optional(&reason),
            Value::Text(word_of("login state", &order.online)?),
            optional(&buyer.mac),
            optional(&buyer.ip),
            Value::Integer(buyer.bind_mac.into()),
            optional(&buyer.dst),
            text(buyer.language.code()),
            optional(&buyer.phone),
            optional(&buyer.email),
            optional(&order.gateway_id),
            notify_token.map_or(Value::Null, Value::Blob),
            optional(&order.pay_url),
            order
                .instructions
                .as_ref()
                .map(instructions_json)
                .transpose()?
                .map_or(Value::Null, Value::Text),
            voucher.transpose()?.map_or(Value::Null, Value::Blob),
            self.sealed_params(order)?.map_or(Value::Null, Value::Blob),
            self.sealed_link(order)?.map_or(Value::Null, Value::Blob),
            Value::Integer(ms(order.created_at)),
            time(order.paid_at),
            time(order.provisioned_at),
            time(order.delivered_at),
        ])
    }

    pub(super) fn read_order(&self, columns: &mut Columns<'_, '_>) -> Result<Order, StoreError> {
        let reference = OrderRef::new(columns.next::<String>()?);
        Ok(Order {
            token: OrderToken::new(columns.next::<String>()?),
            company: CompanyId::new(columns.next::<String>()?),
            hotspot: HotspotId::new(columns.next::<String>()?),
            account: AccountId::new(columns.next::<String>()?),
            mode: columns.word("mode", from_word::<Mode>)?,
            plan: read_plan(columns)?,
            state: columns.word("order state", State::from_text)?,
            reason: columns.next::<Option<String>>()?.map(Reason::from_stored),
            online: columns.word("login state", from_word::<Online>)?,
            buyer: read_buyer(columns)?,
            gateway_id: columns.next()?,
            notify_token: self.read_notify_token(&reference, columns.next()?)?,
            pay_url: columns.next()?,
            instructions: read_instructions(&reference, columns.next()?)?,
            voucher: self.read_voucher(&reference, columns.next()?)?,
            params: self.read_params(&reference, columns.next()?)?,
            link: self.read_link(&reference, columns.next()?)?,
            created_at: columns.time("time of an order")?,
            paid_at: columns.optional_time("time of payment")?,
            provisioned_at: columns.optional_time("time of provisioning")?,
            delivered_at: columns.optional_time("time of delivery")?,
            reference,
        })
    }

    fn read_notify_token(
        &self,
        reference: &OrderRef,
        sealed: Option<Vec<u8>>,
    ) -> Result<Option<SecretString>, StoreError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let token = self.unseal(&token_context(reference), &sealed)?;
        String::from_utf8(token)
            .map(|token| Some(SecretString::from(token)))
            .map_err(|_| StoreError::unreadable("notify token", "not UTF-8"))
    }

    fn sealed_params(&self, order: &Order) -> Result<Option<Vec<u8>>, StoreError> {
        let json = params_json(&order.params)?;
        Ok((json != b"{}").then(|| self.seal(&params_context(&order.reference), &json)))
    }

    fn read_params(&self, reference: &OrderRef, sealed: Option<Vec<u8>>) -> Result<MikParams, StoreError> {
        match sealed {
            Some(sealed) => params_from_json(&self.unseal(&params_context(reference), &sealed)?),
            None => Ok(MikParams::default()),
        }
    }

    fn sealed_link(&self, order: &Order) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(link) = &order.link else { return Ok(None) };
        let json = serde_json::to_vec(link).map_err(|error| StoreError::unreadable("link payment", error))?;
        Ok(Some(self.seal(&link_context(&order.reference), &json)))
    }

    fn read_link(&self, reference: &OrderRef, sealed: Option<Vec<u8>>) -> Result<Option<Box<LinkPayment>>, StoreError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let json = self.unseal(&link_context(reference), &sealed)?;
        // The parser's own words could quote an address.
        let link = serde_json::from_slice(&json).map_err(|_| StoreError::unreadable("link payment", reference))?;
        Ok(Some(Box::new(link)))
    }

    fn sealed_voucher(&self, reference: &OrderRef, voucher: &Voucher) -> Result<Vec<u8>, StoreError> {
        let stored = StoredVoucher {
            username: voucher.username.expose_secret().to_owned(),
            password: voucher.password.expose_secret().to_owned(),
            mode: voucher.mode,
            comment: voucher.comment.clone(),
        };
        let json = serde_json::to_vec(&stored).map_err(|error| StoreError::unreadable("voucher", error))?;
        Ok(self.seal(&voucher_context(reference), &json))
    }

    fn read_voucher(&self, reference: &OrderRef, sealed: Option<Vec<u8>>) -> Result<Option<Voucher>, StoreError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let json = self.unseal(&voucher_context(reference), &sealed)?;
        // The parser's own words could quote the voucher.
        let stored: StoredVoucher =
            serde_json::from_slice(&json).map_err(|_| StoreError::unreadable("voucher", reference))?;
        Ok(Some(Voucher {
            username: SecretString::from(stored.username),
            password: SecretString::from(stored.password),
            mode: stored.mode,
            comment: stored.comment,
        }))
    }
}

/// A voucher as it is sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredVoucher {
    username: String,
    password: String,
    mode: UserMode,
    comment: String,
}

fn read_plan(columns: &mut Columns<'_, '_>) -> Result<PlanSnapshot, StoreError> {
    let plan = columns.next::<Option<String>>()?.map(PlanId::new);
    let (label, profile) = (columns.next()?, columns.next()?);
    let (minor, currency) = (columns.next()?, columns.word("currency", from_word::<Currency>)?);
    Ok(PlanSnapshot {
        plan,
        label,
        profile,
        price: Money::from_minor(minor, currency),
        time: TimeLimit {
            seconds: columns.unsigned("time limit")?,
        },
        data: DataLimit {
            bytes: columns.unsigned("data limit")?,
        },
    })
}

fn read_buyer(columns: &mut Columns<'_, '_>) -> Result<Buyer, StoreError> {
    Ok(Buyer {
        mac: columns.next()?,
        ip: columns.next()?,
        bind_mac: columns.next()?,
        dst: columns.next()?,
        language: columns.word("language", from_word::<Language>)?,
        phone: columns.next()?,
        email: columns.next()?,
    })
}

fn instructions_json(instructions: &Instructions) -> Result<String, StoreError> {
    serde_json::to_string(instructions).map_err(|error| StoreError::unreadable("instructions", error))
}

fn read_instructions(reference: &OrderRef, json: Option<String>) -> Result<Option<Instructions>, StoreError> {
    json.map(|json| serde_json::from_str(&json))
        .transpose()
        .map_err(|_| StoreError::unreadable("instructions", reference))
}

fn voucher_context(reference: &OrderRef) -> String {
    format!("orders.voucher:{reference}")
}

fn params_context(reference: &OrderRef) -> String {
    format!("orders.params:{reference}")
}

fn link_context(reference: &OrderRef) -> String {
    format!("orders.link:{reference}")
}

fn token_context(reference: &OrderRef) -> String {
    format!("orders.notify_token:{reference}")
}

/// In the order of `order_values` and `read_order`.
pub(super) const COLUMNS: &str = "reference, token, company, hotspot, account, mode, plan, label, profile, price_minor, \
     currency, time_s, data_bytes, state, reason, online, mac, ip, bind_mac, dst, language, phone, email, gateway_id, \
     notify_token_sealed, pay_url, instructions, voucher_sealed, params_sealed, link_sealed, created_at, paid_at, \
     provisioned_at, delivered_at";
/// What one list shows at most, so that no list fills the memory.
pub const MAX_LISTED: usize = 1_000;
