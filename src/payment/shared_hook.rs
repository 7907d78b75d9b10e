//! Webhooks to an address that names no hotspot and no company: the account is the one whose secret signed the event.
//! Journal first, as with every webhook; what nobody signed is heard only where an account has no secret to check
//! with, and then only about a payment that is known to be its own.

use bytes::Bytes;
use http::HeaderMap;
use url::form_urlencoded;

use super::Relay;
use super::receive::{self, CallbackRequest, Sender};
use crate::company::{Account, AccountKeys, Directory, GatewayName};
use crate::event::{NewEvent, Proof, Told};
use crate::gateway::{self, Authenticity, Incoming};
use crate::ids::HotspotId;
use crate::mik_params::MikParams;
use crate::sorted::Arrange;
use crate::store::StoreError;

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is stored, or is about nothing here.
    Taken,
    NotBelieved,
    /// It could not be stored: it has to come again.
    NotNow,
}

pub(super) async fn hear(
    relay: &Relay,
    gateway: GatewayName,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Bytes,
) -> Heard {
    let directory = relay.store().directory();
    let accounts = accounts_at(&directory, gateway);
    let named = query_of(query, &body);
    let query = named.as_deref().or(query);
    let request = CallbackRequest {
        method: &http::Method::POST,
        gateway: gateway.as_str(),
        label: "",
        headers,
        query,
        body,
    };
    let incoming = Incoming {
        headers,
        query,
        body: &request.body,
    };
    let signed = accounts.iter().find(|account| {
        let proof = gateway::of(account).authenticate(account, incoming, relay.now());
        matches!(proof, Ok(Authenticity::Signed))
    });
    let heard = match signed {
        Some(account) => keep(relay, account, Proof::Signed, NewEvent::ANY_HOTSPOT, &request).await,
        None => hint(relay, &accounts, &request).await,
    };
    heard.unwrap_or_else(|error| {
        tracing::error!("a webhook was not taken because it could not be stored: {error}");
        Heard::NotNow
    })
}

/// The query that the gateway would have sent with a body whose id stands nowhere else; a number is as good as a text.
fn query_of(query: Option<&str>, body: &[u8]) -> Option<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if pairs.into_iter().any(|(name, _)| matches!(&*name, "data.id" | "topic")) {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (id, kind) = (text(body.get("data")?.get("id")?)?, text(body.get("type")?)?);
    let mut made = form_urlencoded::Serializer::new(String::new());
    made.append_pair("data.id", &id).append_pair("type", &kind);
    Some(made.finish())
}

fn accounts_at(directory: &Directory, gateway: GatewayName) -> Vec<&Account> {
    let mut accounts: Vec<_> = directory
        .accounts
        .values()
        .filter(|account| account.gateway() == gateway)
        .collect();
    accounts.arrange_by(|a, b| a.id.cmp(&b.id));
    accounts
}

/// Nobody signed it. An account without a secret lets it ask about its own payment, and no more.
async fn hint(relay: &Relay, accounts: &[&Account], request: &CallbackRequest<'_>) -> Result<Heard, StoreError> {
    let open: Vec<_> = accounts
        .iter()
        .copied()
        .filter(|account| has_no_secret(account))
        .collect();
    if open.is_empty() {
        return Ok(Heard::NotBelieved);
    }
    for account in open {
        let adapter = gateway::of(account);
        let query = receive::own_query(adapter.query_names(), request.query);
        let told = Told {
            query: &query,
            body: &request.body,
        };
        let Some(id) = adapter
            .read_notice(account, told)
            .ok()
            .and_then(|notice| notice.gateway_id)
        else {
            continue;
        };
        let wanted = account.id.clone();
        let order = relay
            .store()
            .read(move |db| db.order_by_gateway_id(&wanted, &id))
            .await?;
        if let Some(order) = order {
            if relay.0.hints.check(&order.hotspot).is_err() {
                return Ok(Heard::NotNow);
            }
            return keep(relay, account, Proof::Hint, order.hotspot.as_str(), request).await;
        }
    }
    Ok(Heard::Taken)
}

fn has_no_secret(account: &Account) -> bool {
    matches!(&account.keys, AccountKeys::Mercadopago { webhook_secrets, .. } if webhook_secrets.is_empty())
}

async fn keep(
    relay: &Relay,
    account: &Account,
    proof: Proof,
    hotspot: &str,
    request: &CallbackRequest<'_>,
) -> Result<Heard, StoreError> {
    let sender = Sender {
        gateway: account.gateway(),
        hotspot: HotspotId::new(hotspot),
        account,
        proof,
    };
    receive::store(relay, &sender, request, MikParams::default()).await?;
    Ok(Heard::Taken)
}
