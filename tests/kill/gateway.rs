//! What the kill test needs of FedaPay: transactions are made and asked about, and the test says when one is
//! paid. Signed webhooks are made here and sent by the buyer's side, so that it knows which were acknowledged.
//! Shapes after facts `gateways-west-africa.md` 2. No declines, no refunds, no pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use http::{Method, StatusCode};
use mikrelay::sim::http::{Reply, Request, Server};
use serde_json::{Value, json};

pub const SECRET_KEY: &str = "sk_live_kill_test";
pub const WEBHOOK_SECRET: &str = "wh_live_kill_test";

/// Clones are the same gateway.
#[derive(Clone)]
pub struct FedapayStandIn {
    server: Arc<Server>,
    transactions: Transactions,
}

type Transactions = Arc<Mutex<HashMap<u64, Transaction>>>;

#[derive(Clone)]
struct Transaction {
    reference: String,
    amount: Value,
    is_paid: bool,
}

impl FedapayStandIn {
    pub async fn start() -> Self {
        let transactions = Transactions::default();
        let answered = Arc::clone(&transactions);
        let server = Server::start(0, move |request| {
            let reply = answer(&answered, &request);
            async move { reply }
        })
        .await
        .unwrap();
        Self {
            server: Arc::new(server),
            transactions,
        }
    }

    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// The buyer confirms on his phone.
    pub fn pay(&self, id: u64) {
        self.transactions.lock().unwrap().get_mut(&id).unwrap().is_paid = true;
    }

    /// Our references of everything that was paid.
    pub fn paid(&self) -> Vec<String> {
        let transactions = self.transactions.lock().unwrap();
        transactions
            .values()
            .filter(|one| one.is_paid)
            .map(|one| one.reference.clone())
            .collect()
    }

    /// A webhook as of now: its body and its signature header.
    pub fn webhook(&self, id: u64) -> (String, String) {
        let entity = self.entity(id).unwrap();
        let body = json!({ "name": "transaction.approved", "object": "transaction", "entity": entity }).to_string();
        let signature = sign(&body);
        (body, signature)
    }

    fn entity(&self, id: u64) -> Option<Value> {
        entity(&self.transactions, id)
    }
}

/// The signature header of a body, as of now.
pub fn sign(body: &str) -> String {
    let now_s = jiff::Timestamp::now().as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let signature = hmac::sign(&key, format!("{now_s}.{body}").as_bytes());
    format!("t={now_s},s={}", data_encoding::HEXLOWER.encode(signature.as_ref()))
}

fn answer(transactions: &Transactions, request: &Request) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {SECRET_KEY}")) {
        return Reply::json(StatusCode::UNAUTHORIZED, &json!({ "message": "bad key" }));
    }
    let segments = request.segments();
    match (&request.method, &segments[1..]) {
        (&Method::POST, ["transactions"]) => create(transactions, &request.body),
        (&Method::POST, ["transactions", id, "token"]) => Reply::json(
            StatusCode::OK,
            &json!({ "token": "none", "url": format!("http://pay.invalid/transaction/{id}") }),
        ),
        (&Method::GET, ["transactions", "merchant", reference]) => {
            let known = transactions.lock().unwrap();
            let found = known
                .iter()
                .find(|(_, one)| one.reference == *reference)
                .map(|(id, _)| *id);
            drop(known);
            show(transactions, found)
        }
        (&Method::GET, ["transactions", id]) => show(transactions, id.parse().ok()),
        _ => show(transactions, None),
    }
}

fn create(transactions: &Transactions, body: &[u8]) -> Reply {
    let body: Value = serde_json::from_slice(body).unwrap();
    let reference = body["merchant_reference"].as_str().unwrap().to_owned();
    let mut known = transactions.lock().unwrap();
    if known.values().any(|one| one.reference == reference) {
        let refusal = json!({ "message": "invalid", "errors": { "merchant_reference": ["already used"] } });
        return Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &refusal);
    }
    let id = FIRST_ID + known.len() as u64;
    known.insert(
        id,
        Transaction {
            reference,
            amount: body["amount"].clone(),
            is_paid: false,
        },
    );
    drop(known);
    show(transactions, Some(id))
}

fn show(transactions: &Transactions, id: Option<u64>) -> Reply {
    match id.and_then(|id| entity(transactions, id)) {
        Some(entity) => Reply::json(StatusCode::OK, &json!({ "v1/transaction": entity })),
        None => Reply::json(StatusCode::NOT_FOUND, &json!({ "message": "not found" })),
    }
}

fn entity(transactions: &Transactions, id: u64) -> Option<Value> {
    let one = transactions.lock().unwrap().get(&id).cloned()?;
    Some(json!({
        "klass": "v1/transaction",
        "id": id,
        "reference": format!("trx_{id}"),
        "amount": one.amount,
        "description": "4 heures",
        "status": if one.is_paid { "approved" } else { "pending" },
        "currency_id": 1,
        "mode": "mtn_open",
        "operation": "payment",
        "custom_metadata": { "ref": one.reference },
        "merchant_reference": one.reference,
    }))
}

const FIRST_ID: u64 = 100_000;
