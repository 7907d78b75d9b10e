//! The least a correct webhook receiver can be: hyper, the same HMAC check, the same row in SQLite with the
//! same durability, and nothing else. mikrelay is measured against it.
//!
//! The row has the columns and indexes of the relay's inbox; body and parameters stand in it unsealed. There are
//! no routes, no limits but the body's, no checks of parameters, no jobs and no deadlines.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::{digest, hmac};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves until the process is killed. Prints its address as one line.
pub fn serve(database: &Path, secret: &str) -> anyhow::Result<()> {
    let writer = start_writer(database)?;
    let bare = Arc::new(Bare {
        key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        writer,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let bare = Arc::clone(&bare);
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(Arc::clone(&bare), request));
                // A peer that hangs up ends its own connection only.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

struct Bare {
    key: hmac::Key,
    writer: SyncSender<Write>,
}

/// One row on its way to the disk.
struct Write {
    key: String,
    body: Bytes,
    body_sha256: digest::Digest,
    params: String,
    received_at_ms: i64,
    done: oneshot::Sender<bool>,
}

async fn answer(bare: Arc<Bare>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = store(&bare, request).await.unwrap_or_else(|refused| refused);
    let text = if status == StatusCode::OK { "ok" } else { "no" };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    Ok(response)
}

async fn store(bare: &Bare, request: Request<Incoming>) -> Result<StatusCode, StatusCode> {
    let header = request
        .headers()
        .get("x-fedapay-signature")
        .cloned()
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let header = header.to_str().map_err(|_| StatusCode::UNAUTHORIZED)?;
    let params = params(request.headers());
    let limited = Limited::new(request.into_body(), MAX_BODY_BYTES);
    let body = limited
        .collect()
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?
        .to_bytes();
    let now_ms = now_ms();
    verify(&bare.key, header, &body, now_ms / 1000).ok_or(StatusCode::UNAUTHORIZED)?;
    let key = event_key(&body).ok_or(StatusCode::BAD_REQUEST)?;
    let (done, stored) = oneshot::channel();
    let body_sha256 = digest::digest(&digest::SHA256, &body);
    let write = Write {
        key,
        body,
        body_sha256,
        params,
        received_at_ms: now_ms,
        done,
    };
    bare.writer
        .try_send(write)
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    match stored.await {
        Ok(true) => Ok(StatusCode::OK),
        _ => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// The `mik*` headers as JSON.
fn params(headers: &HeaderMap) -> String {
    let params: BTreeMap<&str, &str> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("mik"))
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    serde_json::to_string(&params).unwrap_or_default()
}

/// `t=<seconds>,s=<hex>`: the signature is over the time, a full stop and the raw body.
fn verify(key: &hmac::Key, header: &str, body: &[u8], now_s: i64) -> Option<()> {
    let (time, signature) = header.strip_prefix("t=")?.split_once(",s=")?;
    let age_s = now_s - time.parse::<i64>().ok()?;
    let signature = data_encoding::HEXLOWER_PERMISSIVE.decode(signature.as_bytes()).ok()?;
    let mut signed = Vec::with_capacity(time.len() + 1 + body.len());
    signed.extend_from_slice(time.as_bytes());
    signed.push(b'.');
    signed.extend_from_slice(body);
    hmac::verify(key, &signed, &signature).ok()?;
    (age_s.abs() <= TOLERANCE_S).then_some(())
}

fn event_key(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        name: &'a str,
        entity: Entity,
    }
    #[derive(serde::Deserialize)]
    struct Entity {
        id: u64,
    }
    let event: Event<'_> = serde_json::from_slice(body).ok()?;
    Some(format!("{}:{}", event.name, event.entity.id))
}

fn start_writer(database: &Path) -> anyhow::Result<SyncSender<Write>> {
    let connection = rusqlite::Connection::open(database).context("cannot open the database")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    let (sender, receiver) = sync_channel(QUEUE);
    std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || write_groups(connection, &receiver))?;
    Ok(sender)
}

/// Commits all that waits as one transaction, then answers each.
fn write_groups(mut connection: rusqlite::Connection, receiver: &Receiver<Write>) {
    while let Ok(first) = receiver.recv() {
        let mut group = vec![first];
        group.extend(receiver.try_iter().take(QUEUE));
        let stored = write_group(&mut connection, &group).is_ok();
        for write in group {
            // The request may be gone.
            let _ = write.done.send(stored);
        }
    }
}

fn write_group(connection: &mut rusqlite::Connection, group: &[Write]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(INSERT)?;
        for write in group {
            insert.execute(rusqlite::params![
                write.key,
                &write.body[..],
                write.body_sha256.as_ref(),
                write.params,
                write.received_at_ms
            ])?;
        }
    }
    transaction.commit()
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    i64::try_from(since.as_millis()).expect("the clock is before the year 292 million")
}

const MAX_BODY_BYTES: usize = 256 * 1024;
const TOLERANCE_S: i64 = 300;
const QUEUE: usize = 1024;

/// The relay's inbox.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY,
        company TEXT NOT NULL,
        gateway TEXT NOT NULL,
        account TEXT NOT NULL,
        hotspot TEXT NOT NULL,
        proof TEXT NOT NULL,
        key TEXT NOT NULL,
        body BLOB NOT NULL,
        body_sha256 BLOB NOT NULL,
        content_type TEXT,
        params TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        conflict INTEGER NOT NULL,
        outcome TEXT,
        settled_at INTEGER,
        order_reference TEXT,
        UNIQUE (account, key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS event_open ON event (id) WHERE settled_at IS NULL;
";

const INSERT: &str = "
    INSERT INTO event (company, gateway, account, hotspot, proof, key, body, body_sha256, content_type, params,
                       received_at, deliveries, conflict)
    VALUES ('cyber-awa', 'fedapay', 'awa-fedapay', 'cotonou-1-main', 'signed', ?1, ?2, ?3, 'application/json', ?4,
            ?5, 1, 0)
    ON CONFLICT (account, key) DO UPDATE SET deliveries = deliveries + 1";
