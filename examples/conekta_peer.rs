//! Lets another program talk to our Conekta side: the verifier, the adapter, the simulator.
//! `tests/interop/conekta` drives it with the official SDK and the openssl command.
//!
//! * `verify`: a JSON object per line `{keys, headers, body}` (PEM keys, body in base64); answers `accepted` or
//!   `rejected: <why>` per line.
//! * `serve`: prints the simulator's address, keys and webhook key as JSON, then obeys one JSON object per line,
//!   answering with one line; ends with its input. `{pay, choice}`, `{sign}` (base64; answers the `DIGEST`), and
//!   what the adapter does at an address: `{start, base_url}`, `{ask, id, base_url}`, `{refund, id, minor, base_url}`
//!   with our reference as the first value.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use mikrelay::company::{Account, AccountKeys, ConektaMethod, Language, Mode, RefundPolicy};
use mikrelay::gateway::{self, Authenticity, Incoming, PaymentKey, PaymentRequest, RefundReason, RefundRequest};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::{AccountId, CompanyId, OrderRef};
use mikrelay::money::{Currency, Money};
use mikrelay::sim::gateways::{Choice, SimGateway, SimGateways, SimGatewaysConfig};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("verify") => {
            for line in std::io::stdin().lock().lines() {
                say(&verify(&serde_json::from_str(&line?)?)?)?;
            }
            Ok(())
        }
        Some("serve") => serve().await,
        _ => bail!("say `verify` or `serve`"),
    }
}

/// One line, at once: the other side waits for it.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

#[derive(serde::Deserialize)]
struct Delivery {
    keys: Vec<String>,
    headers: Vec<String>,
    body: String,
}

fn verify(delivery: &Delivery) -> Result<String> {
    let account = account("key_peer", delivery.keys.clone(), None);
    let mut headers = HeaderMap::new();
    for line in &delivery.headers {
        headers.append("DIGEST", HeaderValue::from_str(line)?);
    }
    let body = BASE64.decode(delivery.body.as_bytes())?;
    let incoming = Incoming {
        query: None,
        headers: &headers,
        body: &body,
    };
    let proof = gateway::of(&account).authenticate(&account, incoming, Timestamp::now());
    Ok(match proof {
        Ok(Authenticity::Signed) => "accepted".to_owned(),
        Ok(other) => format!("rejected: {other:?}"),
        Err(refusal) => format!("rejected: {refusal}"),
    })
}

fn account(private_key: &str, webhook_keys: Vec<String>, base_url: Option<String>) -> Account {
    Account {
        id: AccountId::new("peer"),
        company: CompanyId::new("peer"),
        mode: Mode::Test,
        base_url,
        keys: AccountKeys::Conekta {
            private_key: private_key.into(),
            public_key: None,
            webhook_keys,
            methods: ConektaMethod::ALL.to_vec(),
        },
        refunds: RefundPolicy::default(),
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Order {
    Pay {
        pay: String,
        choice: String,
    },
    Sign {
        sign: String,
    },
    Start {
        start: String,
        base_url: String,
    },
    Ask {
        ask: String,
        id: Option<String>,
        base_url: String,
    },
    Refund {
        refund: String,
        id: String,
        minor: i64,
        base_url: String,
    },
}

async fn serve() -> Result<()> {
    let config = SimGatewaysConfig::default();
    let keys = config.conekta.clone();
    let sim = SimGateways::start(config).await?.conekta;
    let hello = json!({
        "url": sim.base_url(),
        "private_key": keys.private_key,
        "webhook_key": sim.webhook_key(),
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
        let answer = obey(&sim, &keys.private_key, serde_json::from_str(&line)?).await?;
        say(&answer)?;
    }
    Ok(())
}

async fn obey(sim: &SimGateway, key: &str, order: Order) -> Result<String> {
    let client = HttpClient::new();
    let at = |base_url| account(key, Vec::new(), Some(base_url));
    Ok(match order {
        Order::Pay { pay, choice } => {
            let choice = Choice::from_text(&choice).with_context(|| format!("there is no choice `{choice}`"))?;
            sim.pay(&pay, choice).await?;
            "done".to_owned()
        }
        Order::Sign { sign } => sim
            .digest(&BASE64.decode(sign.as_bytes())?)
            .context("the simulator has no webhook key")?,
        Order::Start { start, base_url } => {
            let account = at(base_url);
            let started = client
                .converse(gateway::of(&account).start(&account, &request(&start)))
                .await?;
            json!({ "id": started.gateway_id, "url": started.pay_url }).to_string()
        }
        Order::Ask { ask, id, base_url } => {
            let account = at(base_url);
            let key = PaymentKey {
                order: OrderRef::new(&ask),
                gateway_id: id,
                created_at: Timestamp::now(),
            };
            let report = client.converse(gateway::of(&account).ask(&account, &key)).await?;
            json!({
                "status": format!("{:?}", report.status),
                "minor": report.amount.map(Money::minor),
                "id": report.gateway_id,
            })
            .to_string()
        }
        Order::Refund {
            refund,
            id,
            minor,
            base_url,
        } => {
            let account = at(base_url);
            let request = RefundRequest {
                order: OrderRef::new(&refund),
                gateway_id: id,
                amount: Money::from_minor(minor, Currency::Mxn),
                reason: RefundReason::RequestedByClient,
            };
            let state = client
                .converse(gateway::of(&account).refund(&account, &request))
                .await?;
            json!({ "state": format!("{state:?}") }).to_string()
        }
    })
}

fn request(reference: &str) -> PaymentRequest {
    PaymentRequest {
        order: OrderRef::new(reference),
        amount: Money::from_minor(1500, Currency::Mxn),
        description: "1 Hora".to_owned(),
        return_url: "https://relay.example/o/t0k3n".to_owned(),
        notify_url: "https://relay.example/pay_callback/conekta/h1".to_owned(),
        language: Language::Es,
        phone: None,
        email: None,
        network: None,
        otp: None,
        country: "MX".to_owned(),
        created_at: Timestamp::now(),
    }
}
