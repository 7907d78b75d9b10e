//! The RSA keys a simulated Conekta signs its webhooks with. They are made when the first one is needed:
//! most tests need none, and one costs about a tenth of a second.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::conekta_order::hex_id;

/// The company's keys, oldest first. The newest signs; without one, webhooks carry no signature.
#[derive(Clone, Debug)]
pub struct WebhookKeys(Arc<Mutex<Vec<WebhookKey>>>);

#[derive(Clone, Debug)]
struct WebhookKey {
    id: String,
    created_at: i64,
    pair: Lazy,
}

/// The first key is everybody's of this process, so that it is made once.
#[derive(Clone, Debug)]
enum Lazy {
    First,
    Own(Arc<RsaKeyPair>),
}

impl Lazy {
    fn pair(&self) -> Option<&RsaKeyPair> {
        match self {
            Self::First => FIRST.as_ref(),
            Self::Own(pair) => Some(pair),
        }
    }
}

impl Default for WebhookKeys {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(vec![WebhookKey {
            id: hex_id(),
            created_at: super::conekta::now_s(),
            pair: Lazy::First,
        }])))
    }
}

impl WebhookKeys {
    /// Makes one more; the answer of the API holds its public half.
    pub fn add(&self, is_live: bool) -> Value {
        let pair = new_pair();
        let key = WebhookKey {
            id: hex_id(),
            created_at: super::conekta::now_s(),
            pair: pair.map_or(Lazy::First, |pair| Lazy::Own(Arc::new(pair))),
        };
        let told = told(&key, is_live, pem(&key));
        self.keys().push(key);
        told
    }

    /// The list keeps the public halves to itself, as the mock server of the specification does.
    pub fn list(&self, is_live: bool) -> Value {
        let data: Vec<_> = self.keys().iter().map(|key| told(key, is_live, None)).collect();
        json!({ "object": "list", "has_more": false, "next_page_url": null, "previous_page_url": null, "data": data })
    }

    pub fn remove(&self, id: &str) -> Option<Value> {
        let mut keys = self.keys();
        let at = keys.iter().position(|key| key.id == id)?;
        let key = keys.remove(at);
        Some(json!({ "id": key.id, "object": "webhook_key", "active": false, "deleted": true }))
    }

    /// The newest key's public half.
    pub fn public_pem(&self) -> Option<String> {
        self.keys().last().and_then(pem)
    }

    /// `DIGEST`: base64 of RSASSA-PKCS1-v1_5 with SHA-256 over the bytes.
    pub fn sign(&self, body: &[u8]) -> Option<String> {
        let key = self.keys().last().cloned()?;
        let pair = key.pair.pair()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature)
            .ok()?;
        Some(BASE64.encode(&signature))
    }

    fn keys(&self) -> MutexGuard<'_, Vec<WebhookKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(key: &WebhookKey, is_live: bool, pem: Option<String>) -> Value {
    json!({
        "id": key.id,
        "object": "webhook_key",
        "active": true,
        "livemode": is_live,
        "created_at": key.created_at,
        "public_key": pem,
    })
}

/// The public half as `SubjectPublicKeyInfo` in PEM.
fn pem(key: &WebhookKey) -> Option<String> {
    let der: PublicKeyX509Der<'_> = key.pair.pair()?.public_key().as_der().ok()?;
    let text = BASE64.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(PEM_LINE)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    Some(format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    ))
}

fn new_pair() -> Option<RsaKeyPair> {
    RsaKeyPair::generate(KeySize::Rsa2048).ok()
}

static FIRST: LazyLock<Option<RsaKeyPair>> = LazyLock::new(new_pair);
const PEM_LINE: usize = 64;
