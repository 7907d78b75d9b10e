//! Lets another program talk to our FedaPay side: the verifier, the simulator's signer, the simulator.
//! `tests/interop/fedapay` drives it with the official SDK.
//!
//! * `verify`: a JSON object per line `{secrets, headers, body, now_s}` (body in base64, `now_s` optional);
//!   answers `accepted` or `rejected: <why>` per line.
//! * `sign`: `{secret, body, at_s}` per line; answers the header's value.
//! * `serve`: prints the simulator's address and keys as JSON, then obeys `{webhook}` and
//!   `{pay, choice}` per line with `done`; ends with its input.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use mikrelay::company::{Account, AccountKeys, Mode, RefundPolicy};
use mikrelay::gateway::{self, Authenticity, Incoming};
use mikrelay::ids::{AccountId, CompanyId};
use mikrelay::sim::gateways::{Choice, SimGateways, SimGatewaysConfig, WebhookTarget, fedapay_signature};

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("verify") => answer_lines(|line| verify(&serde_json::from_str(line)?)),
        Some("sign") => answer_lines(|line| sign(&serde_json::from_str(line)?)),
        Some("serve") => serve().await,
        _ => bail!("say `verify`, `sign` or `serve`"),
    }
}

fn answer_lines(answer: impl Fn(&str) -> Result<String>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        say(&answer(&line?)?)?;
    }
    Ok(())
}

/// One line, at once: the other side waits for it.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

#[derive(serde::Deserialize)]
struct Delivery {
    secrets: Vec<String>,
    headers: Vec<String>,
    body: String,
    now_s: Option<i64>,
}

fn verify(delivery: &Delivery) -> Result<String> {
    let account = Account {
        id: AccountId::new("peer"),
        company: CompanyId::new("peer"),
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Fedapay {
            public_key: None,
            secret_key: None,
            webhook_secrets: delivery.secrets.iter().map(|secret| secret.as_str().into()).collect(),
        },
        refunds: RefundPolicy::default(),
    };
    let mut headers = HeaderMap::new();
    for line in &delivery.headers {
        headers.append("X-FEDAPAY-SIGNATURE", HeaderValue::from_str(line)?);
    }
    let body = BASE64.decode(delivery.body.as_bytes())?;
    let now = delivery
        .now_s
        .map_or_else(|| Ok(Timestamp::now()), Timestamp::from_second)?;
    let incoming = Incoming {
        query: None,
        headers: &headers,
        body: &body,
    };
    Ok(match gateway::of(&account).authenticate(&account, incoming, now) {
        Ok(Authenticity::Signed) => "accepted".to_owned(),
        Ok(other) => format!("rejected: {other:?}"),
        Err(refusal) => format!("rejected: {refusal}"),
    })
}

#[derive(serde::Deserialize)]
struct Unsigned {
    secret: String,
    body: String,
    at_s: Option<i64>,
}

fn sign(unsigned: &Unsigned) -> Result<String> {
    let body = BASE64.decode(unsigned.body.as_bytes())?;
    let at_s = unsigned.at_s.unwrap_or_else(|| Timestamp::now().as_second());
    Ok(fedapay_signature(&unsigned.secret, &body, at_s))
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Order {
    Webhook { webhook: String },
    Pay { pay: String, choice: String },
}

async fn serve() -> Result<()> {
    let config = SimGatewaysConfig::default();
    let keys = config.fedapay.clone();
    let sim = SimGateways::start(config).await?.fedapay;
    let hello = serde_json::json!({
        "url": sim.base_url(),
        "secret_key": keys.secret_key,
        "webhook_secret": keys.webhook_secret,
    });
    say(&hello.to_string())?;
    // Reading blocks, and the simulator has to go on meanwhile.
    let (lines, mut orders) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = orders.recv().await {
        match serde_json::from_str(&line)? {
            Order::Webhook { webhook } => sim.set_webhooks(vec![WebhookTarget {
                url: webhook,
                headers: Vec::new(),
            }]),
            Order::Pay { pay, choice } => {
                let choice = Choice::from_text(&choice).with_context(|| format!("there is no choice `{choice}`"))?;
                sim.pay(&pay, choice).await?;
            }
        }
        say("done")?;
    }
    Ok(())
}
