//! The test message of a company's bot (facts: pagos-hotspot-api 6.3).

use secrecy::{ExposeSecret, SecretString};

use super::super::input::input;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::answer;
use super::credentials::is_mask;
use super::own_company;
use crate::telegram::{TelegramChat, TestFault};

pub(in crate::api) static OPERATIONS: &[Operation] = &[operation! {
    post "/api/v1/admin/test-telegram", Auth::Client, Pace::Device, "Own company", "Send a test message by Telegram",
    Test => test, -> 200 Tested: "Telegram took it",
    fails [400 "A value is missing, or Telegram refuses the bot or the chat", 404 "The company is gone"]
}];

input! {
    pub struct Test {
        /// The bot's; the stored one when absent.
        body token: Option<SecretString>,
        /// The stored one when absent.
        body chat_id: Option<String>,
    }
}

answer! {
    pub struct Tested {
        pub message: String,
    }
}

async fn test(ask: &Ask<'_>, input: Test) -> Result<Answered<Tested>, Refusal> {
    let company = own_company(ask)?;
    let stored = &company.card.telegram;
    let given = input
        .token
        .filter(|token| !token.expose_secret().is_empty() && !is_mask(token));
    let token = given.or_else(|| stored.token.clone());
    let chat_id = input
        .chat_id
        .filter(|text| !text.is_empty())
        .or_else(|| stored.chat.clone());
    let (Some(token), Some(chat_id)) = (token, chat_id) else {
        return Err(Refusal::new(ask, 400, "telegram-missing"));
    };
    let chat = TelegramChat { token, chat_id };
    match ask.relay.test_telegram(&company, &chat).await {
        Ok(()) => Ok(Answered::ok(Tested {
            message: ask.say("telegram-sent"),
        })),
        Err(TestFault::Refused(words)) => Err(Refusal::with(ask, 400, "telegram-refused", &[("value", &words)])),
        // 500, as the documented service has it for all of Telegram.
        Err(TestFault::Unreachable(_)) => Err(Refusal::new(ask, 500, "telegram-away")),
    }
}
