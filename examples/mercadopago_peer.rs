//! Lets another program talk to our Mercado Pago side. `tests/interop/mercadopago` drives it with the official SDK.
//!
//! Prints the simulator's address and keys as JSON, then obeys one JSON object per line and answers with one line;
//! ends with its input:
//! * `{webhook}` sets the panel's address, `{pay, choice}` decides as the buyer: `done`.
//! * `{start: {…}}`, `{ask: {…}}`, `{refund: {…}}` let our adapter make its calls to `base`; the answer is what it
//!   learnt, as JSON.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};
use jiff::Timestamp;
use mikrelay::company::{Account, AccountKeys, Language, MercadopagoCheckout, Mode, RefundPolicy};
use mikrelay::gateway::{self, PaymentKey, PaymentRequest, RefundReason, RefundRequest};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::{AccountId, CompanyId, OrderRef};
use mikrelay::money::{Currency, Money};
use mikrelay::sim::gateways::{Choice, SimGateway, SimGateways, SimGatewaysConfig, WebhookTarget};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let config = SimGatewaysConfig::default();
    let keys = config.mercadopago.clone();
    let sim = SimGateways::start(config).await?.mercadopago;
    let hello = json!({
        "url": sim.base_url(),
        "access_token": keys.access_token,
        "webhook_secret": keys.webhook_secret,
    });
    say(&hello.to_string())?;
    // Reading blocks, and the simulator has to go on meanwhile.
    let (lines, mut wishes) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = wishes.recv().await {
        let wish = serde_json::from_str(&line).with_context(|| format!("`{line}` is no wish"))?;
        say(&obey(&sim, &keys.access_token, wish).await?)?;
    }
    Ok(())
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Webhook(String),
    Pay { order: String, choice: String },
    Start(Start),
    Ask(About),
    Refund(About),
}

#[derive(serde::Deserialize)]
struct Start {
    base: String,
    checkout: MercadopagoCheckout,
    order: String,
    /// Centavos.
    amount_minor: i64,
    description: String,
    return_url: String,
    notify_url: String,
    email: Option<String>,
    created_at: Timestamp,
}

#[derive(serde::Deserialize)]
struct About {
    base: String,
    checkout: MercadopagoCheckout,
    order: String,
    gateway_id: Option<String>,
    created_at: Timestamp,
}

async fn obey(sim: &SimGateway, token: &str, wish: Wish) -> Result<String> {
    let client = HttpClient::new();
    Ok(match wish {
        Wish::Webhook(url) => {
            sim.set_webhooks(vec![WebhookTarget {
                url,
                headers: Vec::new(),
            }]);
            "done".to_owned()
        }
        Wish::Pay { order, choice } => {
            let choice = Choice::from_text(&choice).with_context(|| format!("there is no choice `{choice}`"))?;
            sim.pay(&order, choice).await?;
            "done".to_owned()
        }
        Wish::Start(start) => {
            let account = account(token, &start.base, start.checkout);
            let started = client
                .converse(gateway::of(&account).start(&account, &request(start)))
                .await;
            shown(started.map(|started| json!({ "id": started.gateway_id, "url": started.pay_url })))
        }
        Wish::Ask(about) => {
            let account = account(token, &about.base, about.checkout);
            let key = PaymentKey {
                order: OrderRef::new(about.order),
                gateway_id: about.gateway_id,
                created_at: about.created_at,
            };
            let report = client.converse(gateway::of(&account).ask(&account, &key)).await;
            shown(report.map(|report| {
                json!({
                    "status": format!("{:?}", report.status),
                    "amount": report.amount.map(|amount| amount.to_string()),
                    "id": report.gateway_id,
                })
            }))
        }
        Wish::Refund(about) => {
            let account = account(token, &about.base, about.checkout);
            let request = RefundRequest {
                order: OrderRef::new(about.order),
                gateway_id: about.gateway_id.unwrap_or_default(),
                amount: Money::from_minor(0, Currency::Mxn),
                reason: RefundReason::RequestedByClient,
            };
            let state = client.converse(gateway::of(&account).refund(&account, &request)).await;
            shown(state.map(|state| json!({ "state": format!("{state:?}") })))
        }
    })
}

fn account(token: &str, base: &str, checkout: MercadopagoCheckout) -> Account {
    Account {
        id: AccountId::new("peer"),
        company: CompanyId::new("peer"),
        mode: Mode::Test,
        base_url: Some(base.to_owned()),
        keys: AccountKeys::Mercadopago {
            access_token: token.into(),
            public_key: None,
            webhook_secrets: Vec::new(),
            checkout,
        },
        refunds: RefundPolicy::default(),
    }
}

fn request(start: Start) -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new(start.order),
        amount: Money::from_minor(start.amount_minor, Currency::Mxn),
        description: start.description,
        return_url: start.return_url,
        notify_url: start.notify_url,
        language: Language::Es,
        phone: None,
        email: start.email,
        network: None,
        otp: None,
        country: "MX".to_owned(),
        created_at: start.created_at,
    }
}

fn shown(outcome: Result<Value, gateway::GatewayError>) -> String {
    match outcome {
        Ok(value) => value.to_string(),
        Err(error) => json!({ "error": error.to_string() }).to_string(),
    }
}

/// One line, at once: the other side waits for it.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
