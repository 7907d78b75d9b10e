//! Telling people. `mail` carries messages, `sale` writes them, `telegram` writes notices, `hook` signs webhooks. None knows the outbox, its retries or
//! who is to be told what: that is the payment's affair.

pub mod hook;
pub mod ledger;
pub mod mail;
pub mod refund;
pub mod sale;
pub mod telegram;

pub mod certificate;
mod compose;
mod folder;
mod smtp;
pub mod unplaced;
