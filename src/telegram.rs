//! A company's bot on Telegram and what it is given to say: a notice is written once, in the same commit as what it
//! tells of, and sent until it is taken.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::company::Company;
use crate::ids::{CompanyId, OrderRef};

/// A bot and the chat it writes to.
#[derive(Clone, Debug)]
pub struct TelegramChat {
    /// `<number>:<secret>`, as BotFather gives it.
    pub token: SecretString,
    /// A number, or `@name` of a channel.
    pub chat_id: String,
}

impl TelegramChat {
    /// Where a company's notices go; `None` where it has no bot, no chat, or does not want them.
    pub fn of(company: &Company) -> Option<Self> {
        let settings = &company.card.telegram;
        let (token, chat_id) = (settings.token.clone()?, settings.chat.clone()?);
        settings.on.then_some(Self { token, chat_id })
    }
}

/// A notice of the outbox. The text is sealed in the store: it may hold a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    pub company: CompanyId,
    pub order: Option<OrderRef>,
    /// Telegram's HTML.
    pub text: String,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("company", &self.company)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// What became of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeState {
    Waiting,
    Sent(Timestamp),
    /// Not sent and not tried any more: why.
    GivenUp(String),
}

/// What Telegram last said to a company's bot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It asked to be left alone until then.
    pub rest_until: Option<Timestamp>,
    /// It refuses until the operator does something.
    pub refusal: Option<Refusal>,
}

/// A refusal that only a person can end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Telegram's words.
    pub words: String,
    pub at: Timestamp,
    /// Of the bot and the chat that were refused.
    pub fingerprint: Vec<u8>,
}

/// What an answer of Telegram means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent,
    /// Too many messages: again after this.
    Busy(SignedDuration),
    /// Wrong token, unknown chat, bot thrown out: its words.
    Refused(String),
    /// It will do better later.
    Failed(String),
}

/// Why a test message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestFault {
    /// Telegram's words, or ours for what cannot be a bot or a chat.
    #[error("Telegram refuses: {0}")]
    Refused(String),
    #[error("Telegram was not reached: {0}")]
    Unreachable(String),
}

/// Whether a text has the form of a bot's token. It stands in an address, so nothing else may.
pub fn is_token(text: &str) -> bool {
    text.len() <= TOKEN_MAX
        && text.split_once(':').is_some_and(|(bot, secret)| {
            !bot.is_empty()
                && bot.bytes().all(|byte| byte.is_ascii_digit())
                && !secret.is_empty()
                && secret
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        })
}

/// Whether a text can name a chat: a number (groups are negative) or a channel's `@name`.
pub fn is_chat_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = text
        .strip_prefix('@')
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    text.len() <= CHAT_ID_MAX && (is_number || is_name)
}

/// Where Telegram's bots are served.
pub const TELEGRAM_URL: &str = "https://api.telegram.org";
/// Tokens have 46 characters today.
const TOKEN_MAX: usize = 128;
/// 64-bit numbers, and names of 32 characters.
const CHAT_ID_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_one_form_and_fit_an_address() {
        assert!(is_token("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"));
        for text in [
            "", ":", "1:", ":a", "x:a", "1:a/b", "1:a?b", "1:a b", "1:é", "1:a\n", "1:%2f", "1",
        ] {
            assert!(!is_token(text), "{text:?}");
        }
        assert!(!is_token(&format!("1:{}", "a".repeat(200))));
    }

    #[test]
    fn chats_are_numbers_or_channels() {
        for text in ["123456789", "-1001234567890", "@canal_wifi"] {
            assert!(is_chat_id(text), "{text}");
        }
        for text in ["", "-", "@", "canal", "12x", "@a b", "1\n", "--1"] {
            assert!(!is_chat_id(text), "{text:?}");
        }
    }
}
