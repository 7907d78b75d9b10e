//! FedaPay webhooks as the gateway sends them, each signed and each about another payment.
//! The shape is the one of public integrations (facts on FedaPay, section 2.6); the values are made up.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;

/// Where a batch of webhooks goes.
pub struct Recipient {
    pub host: String,
    pub path: String,
    pub secret: String,
}

/// Ready requests, head and body, for the payments numbered from `first`.
pub fn requests(recipient: &Recipient, first: u64, count: u64) -> Vec<Vec<u8>> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, recipient.secret.as_bytes());
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_secs();
    (first..first + count)
        .map(|number| request(recipient, &key, now_s, &body(number)))
        .collect()
}

fn request(recipient: &Recipient, key: &hmac::Key, now_s: u64, body: &str) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    context.update(format!("{now_s}.").as_bytes());
    context.update(body.as_bytes());
    let signature = data_encoding::HEXLOWER.encode(context.sign().as_ref());
    format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nuser-agent: FedaPay/1.0\r\naccept: */*\r\ncontent-type: application/json\r\n\
         x-fedapay-signature: t={now_s},s={signature}\r\nmikusermode: vc\r\nmiknamelength: 6\r\nmikcharacter: mix\r\n\
         mikcurrency: XOF\r\nmikserver: hotspot1\r\ncontent-length: {}\r\n\r\n{body}",
        recipient.path,
        recipient.host,
        body.len(),
    )
    .into_bytes()
}

fn body(number: u64) -> String {
    let id = 100_000 + number;
    format!(
        r#"{{"name":"transaction.approved","object":"transaction","entity":{{"id":{id},"transaction_key":null,"reference":"trx_{id}_1767000000000","description":"4 heures","callback_url":null,"amount":100,"items":1,"status":"approved","currency_id":1,"customer_id":2568,"mode":"mtn_open","operation":"payment","approved_at":"2026-11-02T12:39:01.000Z","canceled_at":null,"declined_at":null,"refunded_at":null,"transferred_at":null,"expired_at":null,"created_at":"2026-11-02T12:37:47.446Z","updated_at":"2026-11-02T12:39:01.100Z","commission":"0.018","fees":2,"fixed_commission":0,"amount_debited":102,"amount_transferred":100,"last_error_code":null,"last_error_message":null,"custom_metadata":{{"ref":"B{number:013}"}},"merchant_reference":"B{number:013}","metadata":{{"paid_customer":{{"firstname":"Awa","lastname":"K","email":"awa@example.org"}}}},"payment_method_id":9,"receipt_url":null}},"account":{{"id":1370,"name":"Demo"}}}}"#
    )
}
