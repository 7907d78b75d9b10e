//! Telegram notices: written in the same write as the change they tell of, with what Telegram said to the bot.

use jiff::Timestamp;

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::ids::{CompanyId, OrderRef};
use crate::secrets;
use crate::telegram::{Notice, NoticeState, Refusal, Standing};

impl Db<'_> {
    /// Stores a notice; gives the row number that its job carries.
    pub fn add_notice(&self, notice: &Notice) -> Result<i64, StoreError> {
        let nonce = secrets::random_token(NONCE_BITS);
        let sql = "INSERT INTO telegram_notice (company, order_reference, nonce, text_sealed, created_at, state) \
                   VALUES (?1, ?2, ?3, ?4, ?5, 'waiting')";
        let values = (
            notice.company.as_str(),
            notice.order.as_ref().map(OrderRef::as_str),
            &nonce,
            self.seal(&context(&nonce), notice.text.as_bytes()),
            ms(notice.created_at),
        );
        self.run(sql, values)?;
        Ok(self.last_row())
    }

    pub fn notice(&self, id: i64) -> Result<Option<(Notice, NoticeState)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM telegram_notice WHERE id = ?1");
        self.one(&sql, [id], |columns| self.read_notice(columns))
    }

    /// The notices of a company, newest first.
    pub fn notices(&self, company: &CompanyId, limit: u32) -> Result<Vec<(Notice, NoticeState)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM telegram_notice WHERE company = ?1 ORDER BY id DESC LIMIT ?2");
        self.all(&sql, (company.as_str(), limit), |columns| self.read_notice(columns))
    }

    pub fn set_notice_state(&self, id: i64, state: &NoticeState, at: Timestamp) -> Result<(), StoreError> {
        let (word, reason) = match state {
            NoticeState::Waiting => ("waiting", None),
            NoticeState::Sent(_) => ("sent", None),
            NoticeState::GivenUp(reason) => ("given-up", Some(reason.as_str())),
        };
        let sql = "UPDATE telegram_notice SET state = ?2, state_at = ?3, state_reason = ?4 WHERE id = ?1";
        self.run(sql, (id, word, ms(at), reason))?;
        Ok(())
    }

    /// What Telegram last said to the company's bot.
    pub fn telegram_standing(&self, company: &CompanyId) -> Result<Standing, StoreError> {
        let sql = "SELECT rest_until, fault, fault_at, fault_sha256 FROM telegram_standing WHERE company = ?1";
        let found = self.one(sql, [company.as_str()], |columns| {
            let rest_until = columns.optional_time("end of Telegram's pause")?;
            let words: Option<String> = columns.next()?;
            let at = columns.optional_time("time of Telegram's refusal")?;
            let fingerprint: Option<Vec<u8>> = columns.next()?;
            let refusal = match (words, at, fingerprint) {
                (Some(words), Some(at), Some(fingerprint)) => Some(Refusal { words, at, fingerprint }),
                _ => None,
            };
            Ok(Standing { rest_until, refusal })
        });
        Ok(found?.unwrap_or_default())
    }

    pub fn save_telegram_standing(&self, company: &CompanyId, standing: &Standing) -> Result<(), StoreError> {
        let refusal = standing.refusal.as_ref();
        let sql = "INSERT INTO telegram_standing (company, rest_until, fault, fault_at, fault_sha256) \
                   VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (company) DO UPDATE SET rest_until = ?2, fault = ?3, \
                   fault_at = ?4, fault_sha256 = ?5";
        let values = (
            company.as_str(),
            standing.rest_until.map(ms),
            refusal.map(|refusal| refusal.words.as_str()),
            refusal.map(|refusal| ms(refusal.at)),
            refusal.map(|refusal| refusal.fingerprint.as_slice()),
        );
        self.run(sql, values)?;
        Ok(())
    }

    /// Deletes the oldest notices written before that do not wait any more. Says how many.
    pub fn delete_old_notices(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let sql = "DELETE FROM telegram_notice WHERE id IN (SELECT id FROM telegram_notice WHERE id < \
                   coalesce((SELECT id FROM telegram_notice WHERE created_at >= ?1 ORDER BY id LIMIT 1), \
                   9223372036854775807) AND state <> 'waiting' ORDER BY id LIMIT ?2)";
        self.run(sql, (ms(before), limit))
    }

    fn read_notice(&self, columns: &mut Columns<'_, '_>) -> Result<(Notice, NoticeState), StoreError> {
        let company = CompanyId::new(columns.next::<String>()?);
        let order = columns.next::<Option<String>>()?.map(OrderRef::new);
        let nonce: String = columns.next()?;
        let text = String::from_utf8(self.unseal(&context(&nonce), &columns.next::<Vec<u8>>()?)?);
        let text = text.map_err(|_| StoreError::unreadable("notice", "not UTF-8"))?;
        let created_at = columns.time("time of a notice")?;
        let word: String = columns.next()?;
        let at = columns.optional_time("time of a notice's state")?;
        let reason = columns.next::<Option<String>>()?;
        let state = match (word.as_str(), at, reason) {
            ("waiting", _, _) => NoticeState::Waiting,
            ("sent", Some(at), _) => NoticeState::Sent(at),
            ("given-up", _, Some(reason)) => NoticeState::GivenUp(reason),
            _ => return Err(StoreError::unreadable("notice state", word)),
        };
        let notice = Notice {
            company,
            order,
            text,
            created_at,
        };
        Ok((notice, state))
    }
}

fn context(nonce: &str) -> String {
    format!("telegram.text:{nonce}")
}

const COLUMNS: &str = "company, order_reference, nonce, text_sealed, created_at, state, state_at, state_reason";
/// Two texts never share one.
const NONCE_BITS: usize = 96;
