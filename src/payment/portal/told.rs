//! What a gateway says of one payment, for the portal that waits for it. The answer moves the order as any other does.

use super::Relay;
use crate::card::CardDetails;
use crate::company::{Account, GatewayName};
use crate::gateway::GatewayError;
use crate::ids::CompanyId;
use crate::money::Money;
use crate::store::StoreError;

/// A payment in its gateway's words.
#[derive(Clone, Debug)]
pub struct PaymentTold {
    pub gateway: GatewayName,
    pub amount: Money,
    pub card: CardDetails,
}

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    #[error("the gateway could not be asked")]
    Gateway(#[from] GatewayError),
    #[error("the store could not be read")]
    Store(#[from] StoreError),
}

/// Looks for the payment among this company's only, then asks its gateway.
pub(in crate::payment) async fn payment(
    relay: &Relay,
    company: &CompanyId,
    id: &str,
) -> Result<Option<PaymentTold>, ToldError> {
    let directory = relay.store().directory();
    let accounts: Vec<_> = [GatewayName::Mercadopago, GatewayName::Conekta]
        .into_iter()
        .flat_map(|gateway| directory.accounts_at(company, gateway))
        .map(|account| account.id.clone())
        .collect();
    let wanted = id.to_owned();
    let found = relay
        .store()
        .read(move |db| {
            for account in &accounts {
                if let Some(order) = db.order_by_gateway_id(account, &wanted)? {
                    return Ok(Some(order));
                }
            }
            Ok(None)
        })
        .await?;
    let Some(order) = found.filter(|order| &order.company == company) else {
        return Ok(None);
    };
    let report = match super::ask(relay, &order).await? {
        Err(GatewayError::NotFound) => return Ok(None),
        told => told?,
    };
    let gateway = directory.accounts.get(&order.account).map(Account::gateway);
    Ok(gateway.map(|gateway| PaymentTold {
        gateway,
        amount: report.amount.unwrap_or(order.plan.price),
        card: report.card.map(|card| *card).unwrap_or_default(),
    }))
}
