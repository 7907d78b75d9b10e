//! A company's bot and chat.

use secrecy::{ExposeSecret, SecretString};

use super::{Db, StoreError};
use crate::ids::CompanyId;
use crate::telegram::TelegramChat;

impl Db<'_> {
    /// Where a company's notices go; `None` where it has no bot, no chat, or does not want them.
    pub fn telegram_chat(&self, company: &CompanyId) -> Result<Option<TelegramChat>, StoreError> {
        let sql = "SELECT telegram_token_sealed, telegram_chat_id FROM company WHERE id = ?1 AND telegram_on = 1 \
                   AND telegram_token_sealed IS NOT NULL AND telegram_chat_id IS NOT NULL";
        let found = self.one(sql, [company.as_str()], |columns| {
            Ok((columns.next::<Vec<u8>>()?, columns.next::<String>()?))
        })?;
        let Some((sealed, chat_id)) = found else {
            return Ok(None);
        };
        let token = String::from_utf8(self.unseal(&context(company), &sealed)?);
        let token = token.map_err(|_| StoreError::unreadable("Telegram token", "not UTF-8"))?;
        Ok(Some(TelegramChat {
            token: SecretString::from(token),
            chat_id,
        }))
    }

    /// Keeps a company's bot and chat, and whether it wants notices.
    pub fn set_telegram_chat(&self, company: &CompanyId, chat: &TelegramChat, on: bool) -> Result<(), StoreError> {
        let sql =
            "UPDATE company SET telegram_token_sealed = ?2, telegram_chat_id = ?3, telegram_on = ?4 WHERE id = ?1";
        let sealed = self.seal(&context(company), chat.token.expose_secret().as_bytes());
        self.run(sql, (company.as_str(), sealed, &chat.chat_id, on))?;
        Ok(())
    }
}

fn context(company: &CompanyId) -> String {
    format!("company.telegram_token:{company}")
}
