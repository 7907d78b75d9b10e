//! The outbox: mails written once, in the same write as the change they tell of, and sent by a job.

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::ids::{CompanyId, OrderRef};
use crate::message::{Message, MessageState};

impl Db<'_> {
    /// Stores a mail; gives the row number that its job carries. `Exists` where the message id is taken.
    pub fn add_message(&self, message: &Message) -> Result<i64, StoreError> {
        let sql = "INSERT INTO message (company, order_reference, recipient, subject, text_sealed, message_id, \
                   created_at, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting')";
        let values = (
            message.company.as_str(),
            message.order.as_ref().map(OrderRef::as_str),
            &message.recipient,
            &message.subject,
            self.seal(&text_context(&message.message_id), message.text.as_bytes()),
            &message.message_id,
            ms(message.created_at),
        );
        self.run(sql, values)?;
        Ok(self.last_row())
    }

    pub fn message(&self, id: i64) -> Result<Option<(Message, MessageState)>, StoreError> {
        let sql = "SELECT company, order_reference, recipient, subject, text_sealed, message_id, created_at, state, \
                   state_at, state_reason FROM message WHERE id = ?1";
        self.one(sql, [id], |columns| self.read_message(columns))
    }

    pub fn set_message_state(&self, id: i64, state: MessageState) -> Result<(), StoreError> {
        let (word, at, reason) = match &state {
            MessageState::Waiting => ("waiting", None, None),
            MessageState::Sent(at) => ("sent", Some(ms(*at)), None),
            MessageState::Refused(reason) => ("refused", None, Some(reason.as_str())),
        };
        let sql = "UPDATE message SET state = ?2, state_at = ?3, state_reason = ?4 WHERE id = ?1";
        match self.run(sql, (id, word, at, reason))? {
            0 => Err(StoreError::NotFound {
                what: "mail",
                id: id.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The mails about an order, oldest first: recipient and state.
    pub fn messages_of_order(&self, order: &OrderRef) -> Result<Vec<(Message, MessageState)>, StoreError> {
        let sql = "SELECT company, order_reference, recipient, subject, text_sealed, message_id, created_at, state, \
                   state_at, state_reason FROM message WHERE order_reference = ?1 ORDER BY id";
        self.all(sql, [order.as_str()], |columns| self.read_message(columns))
    }

    fn read_message(&self, columns: &mut Columns<'_, '_>) -> Result<(Message, MessageState), StoreError> {
        let company = CompanyId::new(columns.next::<String>()?);
        let order = columns.next::<Option<String>>()?.map(OrderRef::new);
        let (recipient, subject) = (columns.next()?, columns.next()?);
        let sealed: Vec<u8> = columns.next()?;
        let message_id: String = columns.next()?;
        // Nothing sealed is empty: the housekeeping leaves this of what is old.
        let plain = match sealed.as_slice() {
            [] => Vec::new(),
            sealed => self.unseal(&text_context(&message_id), sealed)?,
        };
        let text = String::from_utf8(plain);
        let text = text.map_err(|_| StoreError::unreadable("mail", "not UTF-8"))?;
        let created_at = columns.time("time of a mail")?;
        let message = Message {
            company,
            order,
            recipient,
            subject,
            text,
            message_id,
            created_at,
        };
        Ok((message, read_state(columns)?))
    }
}

fn read_state(columns: &mut Columns<'_, '_>) -> Result<MessageState, StoreError> {
    let word: String = columns.next()?;
    let (at, reason) = (
        columns.optional_time("time of sending")?,
        columns.next::<Option<String>>()?,
    );
    match (word.as_str(), at, reason) {
        ("waiting", _, _) => Ok(MessageState::Waiting),
        ("sent", Some(at), _) => Ok(MessageState::Sent(at)),
        ("refused", _, Some(reason)) => Ok(MessageState::Refused(reason)),
        _ => Err(StoreError::unreadable("mail state", word)),
    }
}

fn text_context(message_id: &str) -> String {
    format!("message.text:{message_id}")
}
