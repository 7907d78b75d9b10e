//! The served program at its end, beside another, and on a disk that refuses: fault catalogue K5, K7, S1, S3.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use mikrelay::store::EventFilter;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::process::{Serve, Start, read_answer, signed_webhook};
use crate::support::SITE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k5_sigterm_under_load_answers_what_was_read_and_keeps_what_it_acknowledged() {
    let mut serve = Serve::start(Start::default()).await;
    let address = serve.address;
    // One request whose head was read for certain: the relay has asked for its body.
    let mut half_read = serve.connect().await;
    let request = signed_webhook(1_000_000, 2_000, "close");
    let head = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    half_read.write_all(&request[..head]).await.unwrap();
    half_read.write_all(b"\r\nExpect: 100-continue\r\n\r\n").await.unwrap();
    assert_eq!(read_answer(&mut half_read).await.unwrap().status, 100);

    let mut senders = JoinSet::new();
    for sender in 0..32_u64 {
        senders.spawn(async move { send_until_it_ends(address, sender * 10_000).await });
    }
    while serve
        .store()
        .read_now(|db| db.events(&EventFilter::default()))
        .unwrap()
        .len()
        < 200
    {
        tokio::task::yield_now().await;
    }
    serve.terminate();
    // It takes no newcomers, and the one that was being read still has its time.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    half_read.write_all(&request[head + 4..]).await.unwrap();
    assert_eq!(read_answer(&mut half_read).await.expect("a real answer").status, 200);

    let (status, took) = serve.ended().await;
    assert!(
        status.success() && took < Duration::from_secs(11),
        "{status} after {took:?}"
    );
    let mut acknowledged: BTreeSet<String> = BTreeSet::from(["h1/evt_1000000".to_owned()]);
    while let Some(sent) = senders.join_next().await {
        acknowledged.extend(sent.unwrap().into_iter().map(|id| format!("h1/evt_{id}")));
    }
    let store = serve.store();
    let database = rusqlite::Connection::open(serve.data().join("mikrelay.db")).unwrap();
    let mut statement = database.prepare("SELECT key FROM event").unwrap();
    let stored: BTreeSet<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(store);
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(
        acknowledged.len() >= 200 && lost.is_empty(),
        "lost of {}: {lost:?}",
        acknowledged.len()
    );
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

/// Sends events one after the other on one connection; answers those that were acknowledged.
async fn send_until_it_ends(address: std::net::SocketAddr, first: u64) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return acknowledged;
    };
    for id in first..first + 9_999 {
        if stream.write_all(&signed_webhook(id, 10, "keep-alive")).await.is_err() {
            break;
        }
        let Some(answer) = read_answer(&mut stream).await else {
            break;
        };
        assert!(matches!(answer.status, 200 | 503), "{}", answer.text);
        if answer.status == 200 {
            acknowledged.push(id);
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k5_a_stop_waits_ten_seconds_for_silent_gateways_and_routers_and_no_longer() {
    // Both take connections and never say a word.
    let (gateway, router) = (
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    );
    let site = SITE
        .replace("{router}", &router.local_addr().unwrap().to_string())
        .replace(
            "public_key = ",
            &format!(
                "base_url = \"http://{}\"\nsecret_key = \"sk_live_of_the_test\"\npublic_key = ",
                gateway.local_addr().unwrap()
            ),
        );
    let mut serve = Serve::start(Start {
        site: &site,
        ..Start::default()
    })
    .await;
    let mut buyer = serve.connect().await;
    buyer
        .write_all(b"POST /b/1h HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    let _asked = gateway.accept().await.unwrap();
    // The event's settling asks the gateway as well, in the runner.
    assert_eq!(serve.webhook(7, 10).await.status, 200);
    serve.terminate();
    let (status, took) = serve.ended().await;
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(12), "{took:?}");
    let orders = serve.store().read_now(|db| db.count_orders_by_state()).unwrap();
    assert_eq!(
        orders.iter().map(|(_, count)| count).sum::<i64>(),
        1,
        "the order was stored before the gateway was asked"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k7_a_second_relay_on_the_same_folder_says_so_and_leaves_the_first_alone() {
    let serve = Serve::start(Start::default()).await;
    let settings = serve.folder.path().join("mikrelay.toml");
    let other_port = std::fs::read_to_string(&settings)
        .unwrap()
        .replacen(&serve.address.to_string(), "127.0.0.1:0", 1);
    std::fs::write(&settings, other_port).unwrap();
    let (status, said) = serve.cli(&["serve"]).await;
    assert!(!status.success() && said.contains("stop it first"), "{status}: {said}");
    let (status, said) = serve.cli(&["order", "list"]).await;
    assert!(status.success(), "commands work beside it: {said}");
    assert_eq!(serve.webhook(1, 10).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_a_database_that_another_program_locks_is_answered_503_and_nothing_is_lost() {
    let serve = Serve::start(Start::default()).await;
    let other = rusqlite::Connection::open(serve.data().join("mikrelay.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = serve.processor_ticks();
    let started = Instant::now();
    let refused = futures(40, |id| serve.webhook(id, 10)).await;
    let took = started.elapsed();
    for answer in &refused {
        assert!(
            answer.status == 503 && answer.has_header("retry-after"),
            "{}",
            answer.text
        );
    }
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!(serve.get("/b/1h").await.status, 200, "pages are read beside the lock");
    let spent = serve.processor_ticks() - before;
    assert!(spent < 300, "{spent} ticks in {took:?}: it waits busily");
    other.execute_batch("COMMIT").unwrap();
    let taken = futures(40, |id| serve.webhook(id, 10)).await;
    assert!(taken.iter().all(|answer| answer.status == 200));
    let events = serve.store().read_now(|db| db.events(&EventFilter::default())).unwrap();
    assert_eq!(events.len(), 40);
    assert!(
        events.iter().all(|event| event.deliveries == 1),
        "what was refused left nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_a_full_disk_is_answered_503_until_there_is_room_and_keeps_what_it_has() {
    // A disk of its own, which only the program and its children see. Where that is not allowed, the store's
    // own tests fill the database up instead.
    let probe = std::process::Command::new("unshare")
        .args(["-Urm", "mount", "-t", "tmpfs", "none", "/mnt"])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("no disk can be mounted here");
        return;
    }
    let wrap = r#"exec unshare -Urm sh -c 'mkdir data && mount -t tmpfs -o size=6m,mode=700 none data &&
        head -c 1500000 /dev/zero > data/ballast && "$1" --config mikrelay.toml apply site.toml && exec "$@"' sh "$@""#;
    let serve = Serve::start(Start {
        wrap: Some(wrap),
        ..Start::default()
    })
    .await;
    let (mut stored, mut refused) = (0, None);
    for id in 0..60 {
        let answer = serve.webhook(id, 150_000).await;
        match answer.status {
            200 => stored += 1,
            503 => {
                refused = Some(answer);
                break;
            }
            _ => panic!("{}", answer.text),
        }
    }
    let refused = refused.expect("six megabytes are full");
    assert!(
        refused.has_header("retry-after") && stored > 3,
        "{stored}: {}",
        refused.text
    );
    // A small write of the relay's own may still find room, and then it is ready for small ones: look again.
    let mut ready = serve.get("/health/ready").await;
    for id in 100..200 {
        if ready.status == 503 {
            break;
        }
        serve.webhook(id, 150_000).await;
        ready = serve.get("/health/ready").await;
    }
    assert!(
        ready.status == 503 && ready.text.contains("disk is full"),
        "{}",
        ready.text
    );
    assert_eq!(serve.get("/health/live").await.status, 200);
    // Room is made, as the operator sees that folder.
    std::fs::remove_file(format!("/proc/{}/root{}/ballast", serve.pid(), serve.data().display())).unwrap();
    assert_eq!(serve.webhook(1_000, 150_000).await.status, 200, "{}", serve.log());
    assert_eq!(serve.get("/health/ready").await.status, 200);
    assert_eq!(serve.webhook(0, 150_000).await.status, 200, "the first is known");
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

/// Runs `count` of them at once.
async fn futures<T, F: Future<Output = T>>(count: u64, make: impl Fn(u64) -> F) -> Vec<T> {
    let mut all: Vec<_> = (0..count).map(|number| Box::pin(make(number))).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        all.retain_mut(|one| match one.as_mut().poll(cx) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}
