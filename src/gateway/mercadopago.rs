//! Mercado Pago: hosted checkouts of cards, wallets and cash in Latin America.
//! Facts: `gateways-latin-america.md` 3.

use jiff::Timestamp;

use super::call::Dialogue;
use super::{
    Authenticity, Gateway, GatewayError, Incoming, Notice, PayMethod, PaymentKey, PaymentRequest, Refusal, Report,
    Started, Told, Unreadable, answer, signature,
};
use crate::company::Account;

pub struct Mercadopago;

impl Gateway for Mercadopago {
    fn pay_method(&self, _account: &Account, _country: &str) -> PayMethod {
        PayMethod::Redirect
    }

    fn can_ask(&self, _account: &Account) -> bool {
        true
    }

    fn authenticate(&self, _: &Account, _: Incoming<'_>, _: Timestamp) -> Result<Authenticity, Refusal> {
        Ok(Authenticity::Unsigned)
    }

    fn event_key(&self, Told { body, .. }: Told<'_>) -> String {
        signature::sha256_hex(body)
    }

    fn read_notice(&self, _: &Account, _: Told<'_>) -> Result<Notice, Unreadable> {
        Err(Unreadable("this gateway is not finished".to_owned()))
    }

    fn start(&self, _: &Account, _: &PaymentRequest) -> Dialogue<Started> {
        answer::ended(GatewayError::Refused("this gateway is not finished".to_owned()))
    }

    fn ask(&self, _: &Account, _: &PaymentKey) -> Dialogue<Report> {
        answer::ended(GatewayError::NotFound)
    }
}
