//! Delivers webhooks as the relay does and prints each answer's status, one line per webhook. Used by
//! `tests/interop/hook_peer.py`; handy for trying a receiver.
//!
//! Reads JSON from standard input: `{"secrets", "allow", "hooks": [{"url", "id", "body", "timestamp"}]}`; `allow`
//! names networks besides the public internet, `timestamp` is in seconds and the machine's time where it is absent.

use std::error::Error;
use std::io::Read;

use ipnet::IpNet;
use jiff::Timestamp;
use mikrelay::http_client::guard::Guard;
use mikrelay::http_client::outgoing::Outgoing;
use mikrelay::notify::hook;
use secrecy::SecretString;

#[derive(serde::Deserialize)]
struct Input {
    secrets: Vec<SecretString>,
    allow: Vec<IpNet>,
    hooks: Vec<Hook>,
}

#[derive(serde::Deserialize)]
struct Hook {
    url: String,
    id: String,
    body: String,
    timestamp: Option<i64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut json = String::new();
    std::io::stdin().read_to_string(&mut json)?;
    let input: Input = serde_json::from_str(&json)?;
    let outgoing = Outgoing::new(Guard::new(input.allow, Vec::new()));
    for sent in input.hooks {
        let at = match sent.timestamp {
            Some(seconds) => Timestamp::from_second(seconds)?,
            None => Timestamp::now(),
        };
        let headers = hook::headers(&sent.id, at, sent.body.as_bytes(), &input.secrets)?;
        match outgoing.post_json(&sent.url.parse()?, &headers, sent.body.into()).await {
            Ok(answer) => println!("{}", answer.status.as_u16()),
            Err(error) => println!("error: {error}"),
        }
    }
    Ok(())
}
