//! The RouterOS client against the simulated router: three generations, both logins, TLS, and the faults R2,
//! R3, R5, R6, R10 and X1 to X3 of the catalogue. Sockets are real, so deadlines are real and short.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mikrelay::clock::Clock;
use mikrelay::company::RouterTls;
use mikrelay::plan::{DataLimit, TimeLimit};
use mikrelay::routeros::{Active, Deadlines, NewUser, ProtocolError, Retry, RouterError, Session, Target, TrapKind};
use mikrelay::sim::router::{CutAt, Misbehaviour, SimRouter, SimRouterConfig, SimVersion};
use secrecy::SecretString;

const MAC: &str = "AA:BB:CC:00:11:22";
const IP: &str = "10.5.50.9";
const PASSWORD: &str = "relay-password";

async fn router(version: SimVersion) -> SimRouter {
    let profiles = ["1hour", "1hour-vip", "1day"].map(str::to_owned).to_vec();
    SimRouter::start(SimRouterConfig {
        version,
        profiles,
        ..SimRouterConfig::default()
    })
    .await
    .unwrap()
}

fn target(router: &SimRouter, password: &str) -> Target {
    Target {
        address: router.addr().to_string(),
        tls: RouterTls::Off,
        user: "relay".to_owned(),
        password: SecretString::from(password),
    }
}

/// Long enough for a busy machine, short enough for the tests that wait for one.
fn short() -> Deadlines {
    let moment = Duration::from_millis(400);
    Deadlines {
        login: moment,
        read: moment,
        write: moment,
        ..Deadlines::default()
    }
}

async fn session(router: &SimRouter) -> Session {
    Session::connect(&target(router, PASSWORD), &Deadlines::default())
        .await
        .unwrap()
}

async fn hasty(router: &SimRouter) -> Session {
    let deadlines = Deadlines {
        login: Duration::from_secs(15),
        ..short()
    };
    Session::connect(&target(router, PASSWORD), &deadlines).await.unwrap()
}

fn new_user(name: &str) -> NewUser {
    NewUser {
        server: "hotspot1".to_owned(),
        name: SecretString::from(name),
        password: SecretString::from(name),
        profile: "1hour".to_owned(),
        limit_uptime: TimeLimit { seconds: 3_600 },
        limit_bytes_total: DataLimit { bytes: 10_485_760 },
        comment: "vc-417-06.15.26-".to_owned(),
        email: "ord1@mikrelay.invalid".to_owned(),
        disabled: false,
    }
}

fn trap_kind<T: std::fmt::Debug>(result: Result<T, RouterError>) -> TrapKind {
    match result {
        Err(RouterError::Trap(trap)) => trap.kind,
        other => panic!("no trap: {other:?}"),
    }
}

#[tokio::test]
async fn a_sale_runs_on_every_generation() {
    for version in [SimVersion::V7, SimVersion::V6, SimVersion::Old] {
        let router = router(version).await;
        let mut session = session(&router).await;
        assert_eq!(session.identity().await.unwrap(), "demo-router");
        assert!(session.profiles().await.unwrap().contains(&"1hour".to_owned()));
        assert_eq!(session.servers().await.unwrap()[0].name, "hotspot1");
        assert_eq!(session.user("ab3k9m", "hotspot1").await.unwrap(), None, "{version:?}");
        session.add_user(&new_user("ab3k9m")).await.unwrap();
        let row = session.user("ab3k9m", "hotspot1").await.unwrap().unwrap();
        assert_eq!(
            (
                row.profile.as_str(),
                row.comment.as_str(),
                row.email.as_str(),
                row.disabled
            ),
            ("1hour", "vc-417-06.15.26-", "ord1@mikrelay.invalid", false)
        );
        assert_eq!(
            (row.limit_uptime.seconds, row.limit_bytes_total.bytes),
            (3_600, 10_485_760)
        );
        assert_eq!(router.user("ab3k9m").unwrap().password, "ab3k9m");

        router.add_host(IP, MAC, "hotspot1");
        session
            .log_in("ab3k9m", "ab3k9m", IP, Some("aa-bb-cc-00-11-22"))
            .await
            .unwrap();
        assert!(router.is_online(MAC));
        let active: Vec<Active> = session.active_of("ab3k9m").await.unwrap();
        assert_eq!((active[0].mac.as_str(), active[0].address.as_str()), (MAC, IP));
        assert_eq!(session.active_on(MAC).await.unwrap(), active);
        assert!(session.host_by_mac(MAC).await.unwrap().unwrap().authorized);

        session.disable_user(&row.id).await.unwrap();
        assert_eq!(session.remove_active_of("ab3k9m").await.unwrap(), 1);
        assert!(!router.is_online(MAC));
        assert!(router.user("ab3k9m").unwrap().disabled);
        session.close().await;
        router.wait_until_alone().await;
        assert_eq!(router.commands().last().map(String::as_str), Some("/quit"));
    }
}

#[tokio::test]
async fn a_router_tells_its_version_and_time_in_either_form() {
    let noon: Timestamp = "2026-06-15T11:00:00Z".parse().unwrap();
    for (version, number) in [
        (SimVersion::V7, "7.24"),
        (SimVersion::V6, "6.49.19"),
        (SimVersion::Old, "6.42.12"),
    ] {
        let config = SimRouterConfig {
            version,
            clock: Clock::manual(noon),
            ..SimRouterConfig::default()
        };
        let router = SimRouter::start(config).await.unwrap();
        let mut session = session(&router).await;
        assert_eq!(session.resource().await.unwrap().version_number(), number);
        let clock = session.clock().await.unwrap();
        assert_eq!(clock.date, jiff::civil::date(2026, 6, 15));
        assert_eq!(clock.time, jiff::civil::time(12, 0, 0, 0));
        assert_eq!(clock.timestamp(), Some(noon));
        // R9: a router that lost its clock says so, and nothing else is disturbed.
        router.set_clock_skew_s(-56 * 365 * 86_400);
        assert!(session.clock().await.unwrap().date.year() < 1971);
    }
}

#[tokio::test]
async fn names_are_taken_by_their_beginning_so_they_are_listed() {
    let router = router(SimVersion::V7).await;
    router.add_profile("2hours-night");
    let mut session = session(&router).await;
    // The trap this client's callers avoid by comparing names first.
    session
        .add_user(&NewUser {
            profile: "2hours".to_owned(),
            ..new_user("aa")
        })
        .await
        .unwrap();
    assert_eq!(router.user("aa").unwrap().profile, "2hours-night");
    assert!(!session.profiles().await.unwrap().contains(&"2hours".to_owned()));
    // A name that is the beginning of another one is itself.
    session.add_user(&new_user("bb")).await.unwrap();
    assert_eq!(router.user("bb").unwrap().profile, "1hour");
    let ambiguous = session
        .add_user(&NewUser {
            profile: "1".to_owned(),
            ..new_user("cc")
        })
        .await;
    assert_eq!(trap_kind(ambiguous), TrapKind::Ambiguous);
}

#[tokio::test]
async fn r4_a_user_is_looked_up_by_name_and_server_byte_for_byte() {
    let router = router(SimVersion::V6).await;
    router.add_user("all", "shared", "x", b"somebody else's");
    let mut session = session(&router).await;
    assert_eq!(session.user("shared", "hotspot1").await.unwrap(), None);
    assert_eq!(session.user("Shared", "all").await.unwrap(), None);
    assert_eq!(
        session.user("shared", "all").await.unwrap().unwrap().comment,
        "somebody else's"
    );
    // The same name may stand once per server.
    session.add_user(&new_user("shared")).await.unwrap();
    assert_eq!(
        trap_kind(session.add_user(&new_user("shared")).await),
        TrapKind::AlreadyExists
    );
    assert_eq!(router.users().len(), 2);
}

#[tokio::test]
async fn r6_each_refusal_is_known_by_its_kind() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    let profile = session
        .add_user(&NewUser {
            profile: "nothing".to_owned(),
            ..new_user("a")
        })
        .await;
    assert_eq!(trap_kind(profile), TrapKind::NoSuchProfile);
    let server = session
        .add_user(&NewUser {
            server: "nowhere".to_owned(),
            ..new_user("a")
        })
        .await;
    assert_eq!(trap_kind(server), TrapKind::NoSuchServer);
    assert_eq!(trap_kind(session.disable_user("*FFFF").await), TrapKind::NoSuchItem);

    session.add_user(&new_user("a")).await.unwrap();
    assert_eq!(
        trap_kind(session.log_in("a", "a", IP, Some(MAC)).await),
        TrapKind::UnknownHost
    );
    router.add_host(IP, MAC, "hotspot1");
    assert_eq!(
        trap_kind(session.log_in("a", "a", IP, Some("00:00:00:00:00:01")).await),
        TrapKind::WrongMac
    );
    assert_eq!(
        trap_kind(session.log_in("a", "b", IP, Some(MAC)).await),
        TrapKind::BadPassword
    );
    assert_eq!(
        trap_kind(session.log_in("nobody", "b", IP, None).await),
        TrapKind::BadPassword
    );
    session.log_in("a", "a", IP, None).await.unwrap();
    router.add_host("10.5.50.10", "AA:BB:CC:00:11:23", "hotspot1");
    assert_eq!(
        trap_kind(session.log_in("a", "a", "10.5.50.10", None).await),
        TrapKind::SessionLimit
    );
    // After all of these the connection is as good as before.
    assert!(session.is_open().await);
}

#[tokio::test]
async fn i5_a_voucher_does_not_show_in_errors() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    session.add_user(&new_user("canary-7")).await.unwrap();
    router.add_host(IP, MAC, "hotspot1");
    router.add_host("10.5.50.10", "AA:BB:CC:00:11:23", "hotspot1");
    session.log_in("canary-7", "canary-7", IP, None).await.unwrap();
    let errors = [
        session
            .log_in("canary-7", "canary-7", "10.5.50.10", None)
            .await
            .unwrap_err(),
        session
            .log_in("canary-7", "wrong", "10.5.50.10", None)
            .await
            .unwrap_err(),
        session.add_user(&new_user("canary-7")).await.unwrap_err(),
    ];
    let row = session.user("canary-7", "hotspot1").await.unwrap().unwrap();
    let shown = format!(
        "{errors:?} {} {row:?} {:?}",
        errors[0],
        session.active_of("canary-7").await.unwrap()
    );
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("no more sessions are allowed for user …"), "{shown}");
}

#[tokio::test]
async fn a_time_limit_is_one_budget_over_all_sessions() {
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let profiles = vec!["1hour".to_owned()];
    let config = SimRouterConfig {
        clock: clock.clone(),
        profiles,
        ..SimRouterConfig::default()
    };
    let router = SimRouter::start(config).await.unwrap();
    router.add_host(IP, MAC, "hotspot1");
    let mut session = session(&router).await;
    session.add_user(&new_user("a")).await.unwrap();
    session.log_in("a", "a", IP, None).await.unwrap();
    clock.advance_ms(1_800_000);
    assert_eq!(
        session.active_of("a").await.unwrap()[0].time_left,
        Some(TimeLimit { seconds: 1_800 })
    );
    router.log_off(MAC);
    clock.advance_ms(86_400_000);
    assert_eq!(
        session.user("a", "hotspot1").await.unwrap().unwrap().uptime.seconds,
        1_800
    );
    session.log_in("a", "a", IP, None).await.unwrap();
    clock.advance_ms(1_900_000);
    assert_eq!(session.active_of("a").await.unwrap(), []);
    assert_eq!(
        trap_kind(session.log_in("a", "a", IP, None).await),
        TrapKind::UptimeReached
    );
}

#[tokio::test]
async fn what_a_browser_sends_as_an_address_is_checked_before_it_is_sent() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    router.clear_commands();
    for (ip, mac) in [
        ("$(ip)", None),
        ("10.5.50.9 =user=b", None),
        (IP, Some("$(mac)")),
        ("::1", None),
    ] {
        let refused = session.log_in("a", "a", ip, mac).await;
        assert!(matches!(refused, Err(RouterError::NotSendable { .. })), "{ip} {mac:?}");
    }
    assert_eq!(session.host_by_mac("$(mac)").await.unwrap(), None);
    assert_eq!(router.commands(), Vec::<String>::new());
    assert!(session.is_open().await);
}

#[tokio::test]
async fn r3_a_refused_login_asks_the_operator_and_recovers_without_a_restart() {
    for version in [SimVersion::V7, SimVersion::V6, SimVersion::Old] {
        let router = router(version).await;
        let refused = Session::connect(&target(&router, "wrong"), &Deadlines::default())
            .await
            .unwrap_err();
        assert!(
            matches!(refused, RouterError::LoginRefused(_)),
            "{version:?}: {refused}"
        );
        assert_eq!(refused.retry(), Retry::AskOperator);
        assert!(router.set_property("/user", "relay", "password", b"wrong"));
        Session::connect(&target(&router, "wrong"), &Deadlines::default())
            .await
            .unwrap();
        // Neither password reached the log of the simulator, nor is it shown by the error.
        assert!(router.commands().iter().all(|line| !line.contains("wrong")));
        assert!(!format!("{refused:?}").contains("wrong"));
    }
}

#[tokio::test]
async fn r3_an_account_without_rights_is_told_apart() {
    let router = router(SimVersion::V7).await;
    router.set_property("/user/group", "relay", "policy", b"api,read,!write");
    let mut session = session(&router).await;
    let refused = session.add_user(&new_user("a")).await;
    assert_eq!(refused.as_ref().unwrap_err().retry(), Retry::AskOperator);
    assert_eq!(trap_kind(refused), TrapKind::NotPermitted);
    router.set_property("/user/group", "relay", "policy", b"api,read,write");
    session.add_user(&new_user("a")).await.unwrap();
}

#[tokio::test]
async fn r1_a_router_that_is_off_is_tried_later() {
    let router = router(SimVersion::V7).await;
    let mut open = session(&router).await;
    router.power_off().await;
    let refused = Session::connect(&target(&router, PASSWORD), &short())
        .await
        .unwrap_err();
    assert!(matches!(refused, RouterError::Connect { .. }), "{refused}");
    assert_eq!(refused.retry(), Retry::Later);
    // The session that idled knows before it sends: its command is not in doubt.
    assert!(!open.is_open().await);
    assert!(matches!(open.add_user(&new_user("a")).await, Err(RouterError::Closed)));
    router.power_on().await.unwrap();
    session(&router).await.add_user(&new_user("a")).await.unwrap();
    assert_eq!(router.users().len(), 1);
}

#[tokio::test]
async fn r2_a_silent_login_ends_at_its_deadline() {
    let router = router(SimVersion::V7).await;
    router.set_silent_login(true);
    let begun = Instant::now();
    let late = Session::connect(&target(&router, PASSWORD), &short())
        .await
        .unwrap_err();
    assert!(matches!(late, RouterError::Timeout { step: "login", .. }), "{late}");
    assert_eq!(late.retry(), Retry::Later);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // The socket is gone too.
    router.wait_until_alone().await;
}

#[tokio::test]
async fn r2_a_byte_at_a_time_is_no_progress() {
    let router = router(SimVersion::V7).await;
    let mut session = hasty(&router).await;
    router.set_trickle(Some(Duration::from_millis(50)));
    let late = session.profiles().await.unwrap_err();
    assert!(
        matches!(
            late,
            RouterError::Timeout {
                step: "/ip/hotspot/user/profile/print",
                ..
            }
        ),
        "{late}"
    );
    // What is still in the pipe belongs to an old command: the session is over.
    assert!(matches!(session.profiles().await, Err(RouterError::Closed)));
}

#[tokio::test]
async fn r2_a_silent_router_leaves_a_read_failed_and_a_write_unknown() {
    let router = router(SimVersion::V7).await;
    router.misbehave(Some(Misbehaviour::Silence));
    let late = hasty(&router).await.profiles().await.unwrap_err();
    assert_eq!(late.retry(), Retry::Later);
    let unknown = hasty(&router).await.add_user(&new_user("a")).await.unwrap_err();
    assert!(
        matches!(
            unknown,
            RouterError::Unknown {
                command: "/ip/hotspot/user/add",
                ..
            }
        ),
        "{unknown}"
    );
    assert_eq!(unknown.retry(), Retry::Unknown);
}

#[tokio::test]
async fn r5_lost_reply_of_an_add_is_unknown_and_a_look_settles_it() {
    for (at, exists) in [(CutAt::BeforeExecuting, false), (CutAt::AfterExecuting, true)] {
        let router = router(SimVersion::V7).await;
        router.cut_at_add(2, at);
        let mut first = session(&router).await;
        first.add_user(&new_user("other")).await.unwrap();
        let lost = first.add_user(&new_user("a")).await.unwrap_err();
        assert!(
            matches!(&lost, RouterError::Unknown { source, .. } if matches!(**source, RouterError::Closed | RouterError::Broken(_)))
        );
        assert_eq!(lost.retry(), Retry::Unknown);
        let mut second = session(&router).await;
        assert_eq!(second.user("a", "hotspot1").await.unwrap().is_some(), exists);
        match second.add_user(&new_user("a")).await {
            Ok(()) => assert!(!exists),
            Err(RouterError::Trap(trap)) => assert!(exists && trap.kind == TrapKind::AlreadyExists),
            Err(other) => panic!("{other}"),
        }
        assert_eq!(router.users().iter().filter(|user| user.name == "a").count(), 1);
    }
}

#[tokio::test]
async fn r6_answers_out_of_order_find_their_commands() {
    let router = router(SimVersion::V7).await;
    router.set_interleave(true);
    let mut session = session(&router).await;
    let facts = session.survey().await.unwrap();
    assert_eq!(facts.identity, "demo-router");
    assert_eq!(facts.profiles, ["default", "1hour", "1hour-vip", "1day"]);
    assert_eq!(facts.servers.len(), 1);
    assert_eq!(facts.server_profiles[1].dns_name, "wifi.test");
    assert_eq!(facts.resource.version_number(), "7.24");
}

#[tokio::test]
async fn r6_unknown_words_and_foreign_answers_are_passed_over() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    router.misbehave(Some(Misbehaviour::Noise));
    assert_eq!(session.profiles().await.unwrap().len(), 4);
    session.add_user(&new_user("a")).await.unwrap();
    assert_eq!(
        trap_kind(session.add_user(&new_user("a")).await),
        TrapKind::AlreadyExists
    );
    assert_eq!(session.active_of("a").await.unwrap(), []);
}

#[tokio::test]
async fn r6_several_traps_and_each_category_are_no_success() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    for category in [
        None,
        Some(0),
        Some(1),
        Some(2),
        Some(3),
        Some(4),
        Some(5),
        Some(6),
        Some(7),
    ] {
        let traps = vec![
            (category, "first".to_owned()),
            (None, "not enough permissions (9)".to_owned()),
        ];
        router.misbehave(Some(Misbehaviour::Traps(traps)));
        let Err(RouterError::Trap(trap)) = session.add_user(&new_user("a")).await else {
            panic!("no trap")
        };
        assert!(trap.more.len() == 1 || trap.message == "first", "{trap}");
    }
    router.misbehave(None);
    assert_eq!(router.users(), []);
    session.add_user(&new_user("a")).await.unwrap();
}

#[tokio::test]
async fn r6_fatal_keeps_its_reason_and_ends_the_session() {
    let router = router(SimVersion::V7).await;
    router.misbehave(Some(Misbehaviour::Fatal("too many commands".to_owned())));
    let mut session = session(&router).await;
    let fatal = session.profiles().await.unwrap_err();
    assert!(
        matches!(&fatal, RouterError::Fatal(reason) if reason == "too many commands"),
        "{fatal}"
    );
    assert_eq!(fatal.retry(), Retry::Later);
    assert!(!session.is_open().await);
}

#[tokio::test]
async fn x1_hostile_lengths_end_the_session_at_once() {
    for bytes in [
        &b"\xef\xff\xff\xff"[..],
        b"\xf0\xff\xff\xff\xff",
        b"\xf1",
        b"\xf8",
        b"\xff",
    ] {
        let router = router(SimVersion::V7).await;
        router.misbehave(Some(Misbehaviour::Garbage(bytes.to_vec())));
        let mut session = session(&router).await;
        let begun = Instant::now();
        let error = session.profiles().await.unwrap_err();
        assert!(
            matches!(error, RouterError::Protocol(ProtocolError::Codec(_))),
            "{bytes:?}: {error}"
        );
        assert!(
            begun.elapsed() < Deadlines::default().read,
            "it did not wait for a deadline"
        );
        assert!(!session.is_open().await);
    }
}

#[tokio::test]
async fn x1_a_truncated_word_ends_at_the_deadline() {
    let router = router(SimVersion::V7).await;
    // To this protocol it is the beginning of a word of 72 bytes.
    router.misbehave(Some(Misbehaviour::Garbage(
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    )));
    let mut session = hasty(&router).await;
    assert!(matches!(session.profiles().await, Err(RouterError::Timeout { .. })));
    assert!(!session.is_open().await);
}

#[tokio::test]
async fn x2_what_has_no_end_hits_a_limit() {
    for (flood, limited) in [
        (Misbehaviour::EndlessRows, "rows"),
        (Misbehaviour::EndlessWords, "words"),
        (Misbehaviour::EmptySentences, "bytes"),
    ] {
        let router = router(SimVersion::V7).await;
        router.misbehave(Some(flood.clone()));
        // The limit ends it, not the deadline, on however slow a machine.
        let deadlines = Deadlines {
            read: Duration::from_secs(300),
            ..Deadlines::default()
        };
        let mut session = Session::connect(&target(&router, PASSWORD), &deadlines).await.unwrap();
        let error = session.profiles().await.unwrap_err();
        let RouterError::Protocol(error) = error else {
            panic!("{flood:?}: {error}")
        };
        assert!(error.to_string().contains(limited), "{flood:?}: {error}");
        drop(session);
        router.wait_until_alone().await;
    }
}

#[tokio::test]
async fn x3_foreign_bytes_in_values_harm_nobody() {
    let router = router(SimVersion::V7).await;
    router.add_user("hotspot1", "odd", "x", b"\xe9t\xe9 a=b\n\0=c \xf0\x9f\x98\x80");
    let mut session = session(&router).await;
    let row = session.user("odd", "hotspot1").await.unwrap().unwrap();
    assert_eq!(row.comment, "\u{fffd}t\u{fffd} a=b\n\0=c \u{1f600}");
    // 128 to 300 bytes: the length prefix has two bytes, one of them zero at 256.
    for length in [127, 128, 255, 256, 300, 16_384] {
        let name = format!("long{length}");
        router.add_user("hotspot1", &name, "x", &vec![b'c'; length]);
        assert_eq!(
            session.user(&name, "hotspot1").await.unwrap().unwrap().comment.len(),
            length
        );
    }
}

#[tokio::test]
async fn a_dropped_command_leaves_no_session_to_confuse() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    router.set_delay(Some(Duration::from_secs(60)));
    let dropped = tokio::time::timeout(Duration::from_millis(50), session.profiles()).await;
    assert!(dropped.is_err());
    assert!(!session.is_open().await);
}

#[tokio::test]
async fn one_session_serves_many_commands() {
    let router = router(SimVersion::V7).await;
    let mut session = session(&router).await;
    for number in 0..50 {
        session.add_user(&new_user(&format!("user{number}"))).await.unwrap();
    }
    assert_eq!(
        (router.users().len(), router.logins(), router.connections()),
        (50, 1, 1)
    );
}

mod tls {
    use mikrelay::tls::TlsError;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::pki_types::PrivateKeyDer;

    use super::*;

    async fn protected() -> (SimRouter, [u8; 32]) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["router.lan".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(mikrelay::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let pin = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, cert.der());
        let config = SimRouterConfig {
            tls: Some(Arc::new(config)),
            ..SimRouterConfig::default()
        };
        (
            SimRouter::start(config).await.unwrap(),
            pin.as_ref().try_into().unwrap(),
        )
    }

    #[tokio::test]
    async fn r10_only_the_pinned_certificate_is_believed() {
        let (router, pin) = protected().await;
        let with = |tls| Target {
            tls,
            ..target(&router, PASSWORD)
        };
        let mut session = Session::connect(&with(RouterTls::Pinned(pin)), &Deadlines::default())
            .await
            .unwrap();
        assert_eq!(session.identity().await.unwrap(), "demo-router");
        assert!(session.is_open().await, "what TLS says between two commands is no news");
        session.close().await;
        for tls in [RouterTls::Pinned([7; 32]), RouterTls::Webpki] {
            let error = Session::connect(&with(tls), &Deadlines::default()).await.unwrap_err();
            assert!(matches!(error, RouterError::Tls(TlsError::Handshake(_))), "{error}");
            assert_eq!(error.retry(), Retry::AskOperator);
        }
        assert_eq!(router.logins(), 1);
    }

    #[tokio::test]
    async fn r10_a_wrong_pin_names_the_certificate_that_was_shown() {
        let (router, pin) = protected().await;
        let target = Target {
            tls: RouterTls::Pinned([7; 32]),
            ..target(&router, PASSWORD)
        };
        let error = Session::connect(&target, &Deadlines::default()).await.unwrap_err();
        let RouterError::Tls(TlsError::Handshake(cause)) = error else {
            panic!("{error}")
        };
        assert!(
            cause.to_string().contains(&data_encoding::HEXLOWER.encode(&pin)),
            "{cause}"
        );
    }

    #[tokio::test]
    async fn r10_a_plain_port_is_not_taken_for_a_protected_one() {
        let router = router(SimVersion::V7).await;
        let target = Target {
            tls: RouterTls::Pinned([7; 32]),
            ..target(&router, PASSWORD)
        };
        assert!(matches!(
            Session::connect(&target, &short()).await,
            Err(RouterError::Tls(_) | RouterError::Timeout { .. })
        ));
        assert_eq!(router.logins(), 0);
    }
}
