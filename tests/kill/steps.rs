//! Fault K1: killed at each step of taking a webhook. Nothing in the relay helps: the test sends half a request,
//! holds the database, or lets `strace` kill the relay on entering a system call.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::buyer::Sale;
use crate::gateway::FedapayStandIn;
use crate::ledger::Ledger;
use crate::relay::{self, Child};
use crate::sim_router;
use crate::strace::{self, Strace};
use crate::wire::{Wire, request};

/// When the relay dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    BeforeTheBody,
    /// The signature was checked; the row is on its way to the writer.
    AfterTheCheck,
    /// The first page is about to be written.
    BeforeCommit,
    /// The log is written and about to be synced.
    WithinCommit,
    /// The row is committed; the answer is about to be sent.
    BeforeTheAnswer,
    AfterTheAnswer,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k1_killed_at_each_step_a_webhook_is_stored_once_and_its_order_has_one_user() {
    let mut steps = vec![Step::BeforeTheBody, Step::AfterTheCheck, Step::AfterTheAnswer];
    if strace::is_usable().await {
        steps.extend([Step::BeforeCommit, Step::WithinCommit, Step::BeforeTheAnswer]);
    }
    let router = sim_router().await;
    let gateway = FedapayStandIn::start().await;
    let child = Arc::new(Child::start(&gateway.base_url(), router.addr()).await);
    let mut ledger = Ledger {
        paid: Vec::new(),
        acknowledged: Vec::new(),
        router,
    };
    for (number, step) in steps.iter().enumerate() {
        let sale = Sale {
            number: number as u64,
            webhooks: 0,
            child: Arc::clone(&child),
            gateway: gateway.clone(),
        };
        let transaction = sale.buy_for_sure().await;
        gateway.pay(transaction);
        ledger.paid = gateway.paid();
        let (body, signature) = gateway.webhook(transaction);
        let webhook = request(&body, &signature);
        // The start's own writes are over; nothing else is due.
        tokio::time::sleep(CALM).await;
        let answer = die(&child, *step, &webhook).await;
        let stored = rows(&child.database(), transaction);
        println!("{step:?}: answered {answer:?}, {stored} rows");
        match step {
            Step::AfterTheAnswer => assert_eq!((answer, stored), (Some(200), 1)),
            Step::BeforeTheAnswer => assert_eq!((answer, stored), (None, 1)),
            // A kill is no power cut: what is written may survive without its sync, and no one was promised it.
            Step::WithinCommit => assert!(answer.is_none() && stored <= 1),
            _ => assert_eq!((answer, stored), (None, 0), "{step:?}"),
        }
        ledger.acknowledged.extend(answer.map(|_| transaction));
        child.restart().await;
        for _ in 0..2 {
            let mut wire = Wire::new(child.address());
            assert_eq!(wire.post(&webhook).await, Some(200), "{step:?}");
            ledger.acknowledged.push(transaction);
            assert_eq!(rows(&child.database(), transaction), 1, "{step:?}");
        }
        child.settle_down(|store| ledger.what_is_missing(store)).await;
    }
    assert!(child.stop().await);
    ledger.check(&child.open_store());
    relay::check_integrity(&child.database());
}

/// Sends the webhook so that the relay dies at this step; what was answered.
async fn die(child: &Child, step: Step, webhook: &[u8]) -> Option<u16> {
    let mut wire = Wire::new(child.address());
    match step {
        Step::BeforeTheBody => {
            wire.send(&webhook[..webhook.len() - 40]).await.unwrap();
            let early = wire.answer(CALM).await;
            child.kill().await;
            early
        }
        Step::AfterTheCheck => {
            let database = rusqlite::Connection::open(child.database()).unwrap();
            database.execute_batch("BEGIN IMMEDIATE").unwrap();
            wire.send(webhook).await.unwrap();
            // A forged one that comes later is through with its check, so ours is too.
            let text = String::from_utf8(webhook.to_vec()).unwrap();
            let forged = text.replace(",s=", ",s=0000");
            assert_eq!(Wire::new(child.address()).post(forged.as_bytes()).await, Some(401));
            let early = wire.answer(CALM).await;
            child.kill().await;
            early
        }
        Step::AfterTheAnswer => {
            let answer = wire.post(webhook).await;
            child.kill().await;
            answer
        }
        Step::BeforeCommit => die_entering(child, "pwrite64,pwritev", wire, webhook).await,
        Step::WithinCommit => die_entering(child, "fdatasync,fsync", wire, webhook).await,
        Step::BeforeTheAnswer => die_entering(child, "sendto,writev,sendmsg", wire, webhook).await,
    }
}

async fn die_entering(child: &Child, calls: &str, mut wire: Wire, webhook: &[u8]) -> Option<u16> {
    let output = child.folder().join("strace");
    let inject = format!("inject={calls}:signal=SIGKILL");
    let traced = format!("trace={calls}");
    let id = child.id().await;
    let strace = Strace::attach(id, &["-e", &traced, "-e", &inject], &output).await;
    let answer = wire.post(webhook).await;
    assert!(child.has_died(DIES_WITHIN).await, "the relay outlived {calls}");
    drop(strace);
    answer
}

/// How many rows the inbox has for a transaction's webhook.
fn rows(database: &Path, transaction: u64) -> i64 {
    // Read-only, so that closing it does not tidy up what the dead relay left.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(database, flags).unwrap();
    let key = format!("cotonou-1-main/transaction.approved:{transaction}:approved");
    connection
        .query_row("SELECT count(*) FROM event WHERE key = ?1", [key], |row| row.get(0))
        .unwrap()
}

const CALM: Duration = Duration::from_millis(700);
const DIES_WITHIN: Duration = Duration::from_secs(10);
