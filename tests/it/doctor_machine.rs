//! What `mikrelay doctor` finds on the machine itself, at its public address, in its mail and in its orders; and the
//! command's own behaviour: exit codes, JSON, and refusals counted by a running relay.

use std::net::TcpListener;

use jiff::{SignedDuration, Timestamp};
use mikrelay::config::MailTransport;
use mikrelay::doctor::Kind::{self, *};
use mikrelay::doctor::Wish;
use mikrelay::event::NewEvent;
use mikrelay::ids::{AccountId, CompanyId, HotspotId};
use mikrelay::order::{Order, State};
use mikrelay::refund::{Payment, RefundReason, Wisher};
use mikrelay::store::{DATABASE_FILE, NewRefund};
use serde_json::Value;
use tokio::process::Command;

use crate::doctor::{Clinic, PUBLIC_HOST, Stub, assert_found, certified, kinds, roomy, shown};
use crate::process::Serve;
use crate::store;

/// Everything that the tests of this file find.
pub const PROVED: &[Kind] = &[
    PlanUnsold,
    MailOff,
    MailNobody,
    MailSettings,
    MailServer,
    MailLogin,
    MailFolder,
    PublicUnset,
    PublicLocal,
    PublicPlain,
    PublicName,
    PublicUnreachable,
    PublicOther,
    PublicRedirect,
    CertificateExpired,
    CertificateSoon,
    CertificateName,
    CertificateUntrusted,
    RelayStopped,
    RelayNotReady,
    DatabaseMissing,
    DatabaseUnusable,
    DatabaseDamaged,
    DatabaseUnchecked,
    DiskFull,
    DiskLow,
    DiskUnknown,
    WalLarge,
    MachineClock,
    OrdersStuck,
    OrdersWaiting,
    OrdersHeld,
    RefundsOpen,
    EventsOpen,
];

#[tokio::test]
async fn what_is_wrong_with_the_mail_is_found() {
    let mut clinic = Clinic::open().await;
    let smtp = clinic.config.mail.clone();
    clinic.mail = Stub::mail("535 no").await;
    clinic.config.mail.port = Some(clinic.mail.address.port());
    assert_found(&clinic.examine().await, &[MailLogin]);
    clinic.config.mail.port = Some(1);
    assert_found(&clinic.examine().await, &[MailServer]);
    clinic.config.mail.from = "nobody".to_owned();
    assert_found(&clinic.examine().await, &[MailSettings]);
    clinic.config.mail = smtp;
    clinic.config.mail.transport = MailTransport::Folder;
    assert_found(&clinic.examine().await, &[]);
    let file = clinic.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    clinic.config.mail.folder = Some(file.join("mail"));
    assert_found(&clinic.examine().await, &[MailFolder]);
    clinic.config.mail.folder = None;
    clinic.edit("notify_email = \"awa@example.net\"\n", "");
    assert_found(&clinic.examine().await, &[MailNobody]);
    clinic.config.mail.transport = MailTransport::Off;
    assert_found(&clinic.examine().await, &[MailOff]);
}

#[tokio::test]
async fn what_is_wrong_with_the_public_address_is_found() {
    let mut clinic = Clinic::open().await;
    let https = clinic.config.public_url.clone();
    // A certificate that ended, ends soon, is another's, or nobody's.
    let good = clinic.means.clone();
    for (years, name, trusted, wanted) in [
        ((2019, 2020), PUBLIC_HOST, true, CertificateExpired),
        ((2119, 2120), PUBLIC_HOST, true, CertificateExpired),
        ((2020, 2120), "other.example.net", true, CertificateName),
        ((2020, 2120), PUBLIC_HOST, false, CertificateUntrusted),
    ] {
        let (acceptor, roots) = certified(name, years);
        let front = Stub::https("200 OK", "live\n", acceptor).await;
        clinic.means.public_at = Some(front.address);
        if trusted {
            clinic.means.roots = roots;
        }
        println!("{wanted:?}");
        assert_found(&clinic.examine().await, &[wanted]);
    }
    clinic.means = good;
    // Ten days before the first of January.
    let clock: Timestamp = "2119-12-22T12:00:00Z".parse().unwrap();
    clinic.means.clock = mikrelay::clock::Clock::manual(clock);
    let report = clinic.examine().await;
    assert!(kinds(&report).contains(&CertificateSoon), "{}", shown(&report));
    assert!(
        shown(&report).contains("good until 2120-01-01, 9 days left"),
        "{}",
        shown(&report)
    );
    clinic.means.clock = mikrelay::clock::Clock::System;

    clinic.front.stop();
    clinic.means.public_at = Some(free_address());
    assert_found(&clinic.examine().await, &[PublicUnreachable]);
    clinic.means.public_at = None;
    clinic.config.public_url = Some("https://relay.invalid/".parse().unwrap());
    let report = clinic.examine().await;
    // The walled garden has to open this other name now.
    assert_found(&report, &[PublicName, GardenMissing]);

    let plain = |clinic: &mut Clinic, stub: &Stub| {
        clinic.means.public_at = Some(stub.address);
        clinic.config.public_url = Some(format!("http://{PUBLIC_HOST}/").parse().unwrap());
    };
    let front = Stub::http("200 OK", "live\n").await;
    plain(&mut clinic, &front);
    assert_found(&clinic.examine().await, &[PublicPlain]);
    let front = Stub::redirecting(&format!("https://{PUBLIC_HOST}/health/live")).await;
    plain(&mut clinic, &front);
    let report = clinic.examine().await;
    assert_found(&report, &[PublicPlain, PublicRedirect]);
    assert!(
        shown(&report).contains("such as `https://pay.example.net`"),
        "{}",
        shown(&report)
    );
    for front in [Stub::http("404 Not Found", "").await, Stub::saying("SSH-2.0\r\n").await] {
        plain(&mut clinic, &front);
        assert_found(&clinic.examine().await, &[PublicPlain, PublicOther]);
    }
    clinic.config.public_url = None;
    assert_found(&clinic.examine().await, &[PublicUnset]);
    for local in ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/"] {
        clinic.config.public_url = Some(local.parse().unwrap());
        assert_found(&clinic.examine().await, &[PublicLocal]);
    }
    clinic.config.public_url = https;
}

#[tokio::test]
async fn whether_a_relay_runs_is_found() {
    let mut clinic = Clinic::open().await;
    clinic.relay.stop();
    let stub = Stub::http("503 Service Unavailable", "not ready: the disk is full\n").await;
    clinic.config.listen = stub.address;
    assert_found(&clinic.examine().await, &[RelayNotReady]);
    // One that speaks TLS alone is there, too.
    let stub = Stub::saying("\u{15}\u{3}\u{1}").await;
    clinic.config.listen = stub.address;
    assert_found(&clinic.examine().await, &[]);
    clinic.config.listen = free_address();
    assert_found(&clinic.examine().await, &[RelayStopped]);
}

#[tokio::test]
async fn a_disk_without_room_is_found() {
    let mut clinic = Clinic::open().await;
    clinic.means.room = |_| roomy(10 << 20);
    assert_found(&clinic.examine().await, &[DiskFull]);
    clinic.means.room = |_| roomy(300 << 20);
    assert_found(&clinic.examine().await, &[DiskLow]);
    clinic.means.room = |_| Err(std::io::ErrorKind::PermissionDenied.into());
    assert_found(&clinic.examine().await, &[DiskUnknown]);
}

#[tokio::test]
async fn what_is_wrong_with_the_database_is_found() {
    let mut clinic = Clinic::open().await;
    let data = clinic.config.data_dir.clone();
    let database = data.join(DATABASE_FILE);
    // A log that nothing empties.
    let log = data.join("mikrelay.db-wal");
    let file = std::fs::File::create(&log).unwrap();
    file.set_len(65 << 20).unwrap();
    assert_found(&clinic.examine().await, &[WalLarge]);
    std::fs::remove_file(&log).unwrap();
    // A page that is overwritten: the head stays readable.
    let sound = std::fs::read(&database).unwrap();
    let page = 4096;
    let mut damaged = sound.clone();
    let victim = index_page(&sound, page);
    damaged[victim * page..(victim + 1) * page].fill(0xa5);
    std::fs::write(&database, &damaged).unwrap();
    let found = kinds(&clinic.examine().await);
    assert!(found.contains(&DatabaseDamaged), "{found:?}");
    std::fs::write(&database, "").unwrap();
    let found = kinds(&clinic.examine().await);
    assert!(found.contains(&DatabaseUnusable), "{found:?}");
    std::fs::write(&database, &sound).unwrap();
    let older = rusqlite::Connection::open(&database).unwrap();
    older.pragma_update(None, "user_version", 5).unwrap();
    drop(older);
    let report = clinic.examine().await;
    assert!(kinds(&report).contains(&DatabaseUnusable));
    assert!(
        shown(&report).contains("`mikrelay serve` brings it up to date"),
        "{}",
        shown(&report)
    );
    std::fs::write(&database, &sound).unwrap();
    std::fs::rename(data.join("master.key"), data.join("lost.key")).unwrap();
    let found = kinds(&clinic.examine().await);
    assert!(found.contains(&DatabaseUnusable), "{found:?}");
    clinic.config.data_dir = clinic.folder.path().join("nothing");
    assert_found(&clinic.examine().await, &[DatabaseMissing]);
    assert!(!clinic.config.data_dir.exists(), "the doctor made a folder");
}

/// A page of a table or an index in the middle of the file.
fn index_page(database: &[u8], page: usize) -> usize {
    let kinds = |number: &usize| matches!(database[number * page], 2 | 5 | 10 | 13);
    (database.len() / page / 2..database.len() / page).find(kinds).unwrap()
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_hides_no_other() {
    let clinic = Clinic::open().await;
    clinic.write(|db| db.insert_order(&order("ODD", State::Delivered, 1)));
    // A word that this program does not know.
    let path = clinic.config.data_dir.join(DATABASE_FILE);
    let database = rusqlite::Connection::open(path).unwrap();
    database.execute("UPDATE orders SET state = 'odd'", []).unwrap();
    drop(database);
    let report = clinic.examine().await;
    assert_found(&report, &[DatabaseUnchecked]);
}

#[tokio::test]
async fn a_clock_that_was_put_back_is_found() {
    let clinic = Clinic::open().await;
    clinic.write(|db| db.insert_order(&order("LATER", State::Expired, -3)));
    assert_found(&clinic.examine().await, &[MachineClock]);
}

#[tokio::test]
async fn what_waits_for_a_person_is_found() {
    for (state, hours, wanted) in [
        (State::Stuck, 1, &[OrdersStuck] as &[Kind]),
        (State::Held, 1, &[OrdersHeld]),
        (State::Paid, 1, &[OrdersWaiting]),
        (State::Paid, 0, &[]),
        (State::Waiting, 1, &[]),
    ] {
        let clinic = Clinic::open().await;
        clinic.write(move |db| db.insert_order(&order("A", state, hours)));
        let wish = Wish {
            offline: true,
            ..Wish::default()
        };
        println!("{state:?}");
        let mut found = kinds(&clinic.examine_for(&wish).await);
        // The money was found by asking.
        found.remove(&WebhooksMissing);
        assert_eq!(found, wanted.iter().copied().collect());
    }
}

#[tokio::test]
async fn open_refunds_and_webhooks_are_found() {
    let clinic = Clinic::open().await;
    let wish = Wish {
        offline: true,
        ..Wish::default()
    };
    clinic.write(|db| {
        let order = order("A", State::Refunding, 0);
        db.insert_order(&order)?;
        let payment = Payment {
            account: order.account.clone(),
            gateway_id: "1".to_owned(),
            order: order.reference.clone(),
            amount: order.plan.price,
            seen_at: Timestamp::now(),
        };
        db.keep_payment(&payment, None)?;
        let wished = db.add_refund(&NewRefund {
            payment,
            reason: RefundReason::RequestedByClient,
            wisher: Wisher::Operator,
            is_extra: false,
        })?;
        assert!(wished.is_some());
        Ok(())
    });
    // The payment came by no webhook, but it is fresh.
    let found = kinds(&clinic.examine_for(&wish).await);
    assert!(found.contains(&RefundsOpen), "{found:?}");
    let clinic = Clinic::open().await;
    let event = NewEvent {
        account: AccountId::new("feda"),
        received_at: Timestamp::now() - SignedDuration::from_hours(2),
        ..store::event("1", b"{}")
    };
    let stored = clinic.store();
    let sealed = stored.seal_event(event).unwrap();
    stored.write_now(move |db| db.insert_event(&sealed)).unwrap();
    assert_found(&clinic.examine_for(&wish).await, &[EventsOpen]);
}

#[tokio::test]
async fn a_plan_that_nobody_can_buy_is_found() {
    let clinic = Clinic::open().await;
    let hook_and_secret = "secret_key = \"sk_live_canary\"\nwebhook_secrets = [\"wh_live_canary\"]\n";
    let site = clinic.site.replace(hook_and_secret, "");
    let site = site.replace("hotspot = \"h1\"\n", "hotspot = \"h1\"\naccounts = [\"feda\"]\n");
    clinic.apply(&site);
    assert_found(&clinic.examine().await, &[PlanUnsold, AccountCannotSell]);
}

/// An order of the clinic's that was made, and paid where its state says so, some hours ago.
fn order(reference: &str, state: State, hours: i64) -> Order {
    let at = Timestamp::now() - SignedDuration::from_hours(hours);
    Order {
        company: CompanyId::new("cafe"),
        hotspot: HotspotId::new("h1"),
        account: AccountId::new("cinet"),
        state,
        created_at: at,
        paid_at: (state == State::Paid || state == State::Stuck).then_some(at),
        ..store::order(reference)
    }
}

fn free_address() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The real program beside a real relay.
#[tokio::test]
async fn the_command_says_by_its_exit_code_what_it_found() {
    let serve = Serve::start(crate::process::Start::default()).await;
    let settings = serve.folder.path().join("mikrelay.toml");
    let run = async |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_mikrelay"))
            .arg("--config")
            .arg(&settings)
            .arg("doctor")
            .args(arguments)
            .output()
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
    };
    // Mail is off, and the webhooks' account cannot be asked.
    let (code, out, err) = run(&["--offline"]).await;
    assert_eq!((code, err.as_str()), (3, ""), "{out}");
    assert!(
        out.contains("warning  no mails are sent\n           why: ") && !out.contains('\u{1b}'),
        "{out}"
    );
    // Nobody listens at its router's address.
    let (code, out, err) = run(&["--router", "r1", "--json"]).await;
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["level"], &report["troubles"]), (&"trouble".into(), &1.into()));
    let finding = &report["sections"][0]["findings"][0];
    assert_eq!(finding["code"], "router-unreachable");
    for field in ["level", "what", "why", "fix"] {
        assert!(
            finding[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field}: {finding}"
        );
    }
    let (code, out, err) = run(&["--router", "nobody"]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("error: there is no router `nobody`; there are `r1`"),
        "{err}"
    );
    assert_eq!(run(&["--nonsense"]).await.0, 2);
}

#[tokio::test]
async fn i4_refused_callbacks_are_counted_in_few_rows() {
    let world = crate::support::World::new().await;
    for number in 0..50 {
        let (headers, status) = match number % 2 {
            0 => (vec![("x-fedapay-signature", "t=1,s=00")], 401),
            _ => (Vec::new(), 401),
        };
        assert_eq!(world.call("fedapay", "", &headers, b"{}").await.status, status);
    }
    let rows = async || {
        let since = world.clock.now() - SignedDuration::from_hours(24);
        let read = move |db: &mikrelay::store::Db<'_>| db.refused_callbacks(since);
        world.relay.store().read(read).await.unwrap()
    };
    assert!(rows().await.is_empty(), "a refusal costs no write");
    world.relay.write_refusals().await.unwrap();
    let counted = rows().await;
    assert!(counted.len() <= 3, "{counted:?}");
    assert_eq!(counted.iter().map(|one| one.count).sum::<u64>(), 50);
    world.relay.write_refusals().await.unwrap();
    assert_eq!(rows().await, counted);
    // A month later the old days are forgotten with the first that comes.
    world.clock.advance_ms(40 * 86_400_000);
    world.call("fedapay", "", &[], b"{}").await;
    world.relay.write_refusals().await.unwrap();
    let all = |db: &mikrelay::store::Db<'_>| db.refused_callbacks(Timestamp::UNIX_EPOCH);
    let kept = world.relay.store().read(all).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.count).sum::<u64>(), 1);
}
