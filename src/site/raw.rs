//! The business file as it is written: every key it may have, and nothing else.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::company::{ConektaMethod, LinkPolicy, MercadopagoCheckout, MikhmonBatch, Mode};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSite {
    pub company: Vec<RawCompany>,
    pub router: Vec<RawRouter>,
    pub hotspot: Vec<RawHotspot>,
    pub account: Vec<RawAccount>,
    pub plan: Vec<RawPlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompany {
    pub id: String,
    pub name: String,
    pub country: String,
    pub language: Option<String>,
    pub timezone: Option<String>,
    pub notify_email: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRouter {
    pub id: String,
    pub company: String,
    pub address: String,
    pub tls: Option<String>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub password_file: Option<PathBuf>,
    pub password_env: Option<String>,
    pub access_uuid: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHotspot {
    pub id: String,
    pub router: String,
    pub label: String,
    pub name: String,
    pub dns_name: Option<String>,
    pub mode: Option<String>,
    pub length: Option<i64>,
    pub alphabet: Option<String>,
    pub prefix: Option<String>,
    pub links: Option<LinkPolicy>,
    pub mikhmon_records: Option<bool>,
    pub mikhmon_batch: Option<MikhmonBatch>,
    pub mikhmon_expiry: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    pub id: String,
    pub company: String,
    pub gateway: String,
    pub mode: Option<Mode>,
    pub base_url: Option<String>,
    pub public_key: Option<String>,
    pub site_id: Option<String>,
    pub secret_key: Option<SecretString>,
    pub secret_key_file: Option<PathBuf>,
    pub secret_key_env: Option<String>,
    pub webhook_secrets: Option<Vec<SecretString>>,
    pub webhook_secrets_file: Option<PathBuf>,
    pub webhook_secrets_env: Option<String>,
    pub api_key: Option<SecretString>,
    pub api_key_file: Option<PathBuf>,
    pub api_key_env: Option<String>,
    pub api_password: Option<SecretString>,
    pub api_password_file: Option<PathBuf>,
    pub api_password_env: Option<String>,
    pub token: Option<SecretString>,
    pub token_file: Option<PathBuf>,
    pub token_env: Option<String>,
    pub callback_header: Option<SecretString>,
    pub callback_header_file: Option<PathBuf>,
    pub callback_header_env: Option<String>,
    pub methods: Option<Vec<ConektaMethod>>,
    pub checkout: Option<MercadopagoCheckout>,
    pub refund_undelivered_after_h: Option<u32>,
    pub refund_paid_twice: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlan {
    pub id: String,
    pub hotspot: String,
    #[serde(default)]
    pub accounts: Vec<String>,
    pub label: String,
    pub profile: String,
    pub price: String,
    pub currency: Option<String>,
    pub time: Option<String>,
    pub data: Option<String>,
}
