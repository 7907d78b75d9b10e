//! Fault K6, a power cut, as far as it can be seen from outside: no webhook is answered 2xx before a sync of the log
//! that began after it came was over. What a power cut takes away was then never promised.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::gateway::FedapayStandIn;
use crate::load::Load;
use crate::relay::Child;
use crate::sim_router;
use crate::strace::{self, Strace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k6_the_log_is_synced_before_every_2xx() {
    if !strace::is_usable().await {
        return;
    }
    let router = sim_router().await;
    let gateway = FedapayStandIn::start().await;
    let child = Arc::new(Child::start(&gateway.base_url(), router.addr()).await);
    let calls = "trace=fdatasync,fsync,recvfrom,read,readv,sendto,write,writev,sendmsg";
    let output = child.folder().join("strace");
    let strace = Strace::attach(child.id().await, &["-e", calls], &output).await;
    let (load, mut senders) = Load::start(200, &child, 1);
    tokio::time::sleep(Duration::from_secs(4)).await;
    load.stop();
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let acknowledged = load.acknowledged().len();
    let trace = strace.detach().await;
    let checked = check_syncs_before_answers(&trace).unwrap_or_else(|error| panic!("{error}"));
    println!("{checked} of {acknowledged} answers stand behind a sync of the log of their own");
    assert!(
        checked > 100 && checked >= acknowledged * 9 / 10,
        "{checked} of {acknowledged}"
    );
    assert!(child.stop().await);
}

/// One system call: where in the trace it was entered and left.
struct Call<'t> {
    text: String,
    entered: usize,
    left: usize,
    name: &'t str,
}

/// How many 2xx a trace shows for webhooks, if a sync of the log that began after the webhook had come was over
/// before each of them; else the first answer without one.
fn check_syncs_before_answers(trace: &str) -> Result<usize, String> {
    let calls = calls(trace);
    let syncs: Vec<_> = calls
        .iter()
        .filter(|call| matches!(call.name, "fdatasync" | "fsync"))
        .filter(|call| call.text.contains("-wal>") && call.text.ends_with("= 0"))
        .collect();
    let mut answers = 0;
    for answer in &calls {
        let sends = matches!(answer.name, "sendto" | "write" | "writev" | "sendmsg");
        if !sends || !answer.text.contains("HTTP/1.1 2") {
            continue;
        }
        let socket = descriptor(&answer.text);
        let request = calls.iter().rev().find(|call| {
            matches!(call.name, "recvfrom" | "read" | "readv")
                && call.left < answer.entered
                && descriptor(&call.text) == socket
                && !call.text.ends_with("unavailable)")
        });
        let Some(request) = request.filter(|request| request.text.contains("POST /pay_callback")) else {
            continue;
        };
        let synced = |sync: &&&Call<'_>| sync.entered > request.left && sync.left < answer.entered;
        if !syncs.iter().any(|sync| synced(&sync)) {
            return Err(format!("no sync between `{}` and `{}`", request.text, answer.text));
        }
        answers += 1;
    }
    Ok(answers)
}

/// Puts calls that the trace shows in two pieces together.
fn calls(trace: &str) -> Vec<Call<'_>> {
    let mut open: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (at, begun));
        } else if let Some((_, end)) = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            if let Some((entered, begun)) = open.remove(thread) {
                calls.push(call(format!("{begun}{end}"), begun, entered, at));
            }
        } else {
            calls.push(call(rest.to_owned(), rest, at, at));
        }
    }
    calls
}

fn call<'t>(text: String, begun: &'t str, entered: usize, left: usize) -> Call<'t> {
    let name = begun.split('(').next().unwrap_or_default();
    Call {
        text,
        entered,
        left,
        name,
    }
}

fn descriptor(text: &str) -> Option<&str> {
    text.split_once('(')?.1.split(['<', ',', ')']).next()
}

#[test]
fn a_trace_with_an_answer_before_its_sync_is_found_out() {
    let good = "1 recvfrom(9<socket:[7]>, \"POST /pay_callback/fedapay\"..., 8192, 0, NULL, NULL) = 800\n\
                2 fdatasync(5</d/mikrelay.db-wal> <unfinished ...>\n\
                1 recvfrom(9<socket:[7]>, 0x1, 8192, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)\n\
                2 <... fdatasync resumed>)    = 0\n\
                1 sendto(9<socket:[7]>, \"HTTP/1.1 200 OK\\r\\n\"..., 100, MSG_NOSIGNAL, NULL, 0) = 100\n";
    assert_eq!(check_syncs_before_answers(good), Ok(1));
    for (what, bad) in [
        ("no sync", good.replace("-wal>", ">")),
        (
            "a sync that failed",
            good.replace("resumed>)    = 0", "resumed>) = -1 EIO"),
        ),
        ("a sync from before", {
            let mut lines: Vec<_> = good.lines().collect();
            lines.swap(0, 1);
            lines.join("\n")
        }),
        ("a sync that ended too late", {
            let mut lines: Vec<_> = good.lines().collect();
            lines.swap(3, 4);
            lines.join("\n")
        }),
    ] {
        assert!(check_syncs_before_answers(&bad).is_err(), "{what}");
    }
}
