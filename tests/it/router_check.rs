//! `mikrelay router test` against the simulated router: each trouble is named with what to do about it.

use mikrelay::cli::router::{Expected, ExpectedHotspot, check};
use mikrelay::company::RouterTls;
use mikrelay::routeros::{Deadlines, Target};
use mikrelay::sim::router::{Misbehaviour, SimRouter, SimRouterConfig};
use secrecy::SecretString;

async fn router() -> SimRouter {
    let profiles = vec!["4 hours".to_owned(), "1 day".to_owned()];
    SimRouter::start(SimRouterConfig {
        profiles,
        ..SimRouterConfig::default()
    })
    .await
    .unwrap()
}

fn target(address: &str, password: &str) -> Target {
    Target {
        address: address.to_owned(),
        tls: RouterTls::Off,
        user: "relay".to_owned(),
        password: SecretString::from(password),
    }
}

fn expected(hotspot: &str, profile: &str) -> Expected {
    Expected {
        hotspots: vec![ExpectedHotspot {
            name: hotspot.to_owned(),
            dns_name: Some("wifi.test".to_owned()),
        }],
        profiles: vec![(profile.to_owned(), "plan1".to_owned())],
    }
}

/// The printed list and the number of errors.
async fn run(target: &Target, expected: &Expected) -> (String, usize) {
    let mut out = Vec::new();
    let errors = check(target, expected, &Deadlines::default(), &mut out).await.unwrap();
    (String::from_utf8(out).unwrap(), errors)
}

async fn run_on(router: &SimRouter, expected: &Expected) -> (String, usize) {
    run(&target(&router.addr().to_string(), "relay-password"), expected).await
}

/// The lines of one kind, as `error` or `hint`.
fn lines<'a>(list: &'a str, kind: &str) -> Vec<&'a str> {
    list.lines()
        .filter_map(|line| line.trim().strip_prefix(kind)?.strip_prefix(": "))
        .collect()
}

#[tokio::test]
async fn a_router_that_is_ready_has_nothing_but_ok() {
    let router = router().await;
    let (list, errors) = run_on(&router, &expected("hotspot1", "4 hours")).await;
    assert_eq!(
        (errors, lines(&list, "warning").len(), lines(&list, "ok").len()),
        (0, 0, 5),
        "{list}"
    );
    assert!(
        list.contains("it is `demo-router`, RouterOS 7.24 (stable) on simulated"),
        "{list}"
    );
    assert!(!list.contains("relay-password"));
    // It looked and changed nothing.
    let reads = router.commands();
    assert!(
        reads
            .iter()
            .all(|line| line.contains("/print") || line.starts_with("/login") || line == "/quit"),
        "{reads:?}"
    );
    router.wait_until_alone().await;
}

#[tokio::test]
async fn names_that_only_look_alike_are_errors() {
    let router = router().await;
    let (list, errors) = run_on(&router, &expected("Hotspot1", "4 hour")).await;
    assert_eq!(errors, 2, "{list}");
    assert_eq!(
        lines(&list, "error"),
        [
            "no hotspot server is named exactly `Hotspot1`",
            "no user profile is named exactly `4 hour`, which plan `plan1` sells"
        ]
    );
    assert!(
        list.contains("hint: the router has `hotspot1`; capitals and spaces count"),
        "{list}"
    );
    assert!(list.contains("`default`, `4 hours`, `1 day`"), "{list}");
}

#[tokio::test]
async fn a_wrong_clock_and_a_closed_login_page_are_warnings() {
    let router = router().await;
    router.set_clock_skew_s(-56 * 365 * 86_400);
    router.set_property("/ip/hotspot/profile", "hsprof1", "login-by", b"cookie,http-chap");
    router.set_property("/ip/hotspot/profile", "hsprof1", "dns-name", b"other.test");
    let (list, errors) = run_on(&router, &expected("hotspot1", "1 day")).await;
    assert_eq!((errors, lines(&list, "warning").len()), (0, 3), "{list}");
    assert!(
        list.contains("/ip hotspot profile set [find name=hsprof1] login-by=cookie,http-chap,http-pap"),
        "{list}"
    );
    assert!(
        list.contains("the business file calls it `wifi.test`, the router `other.test`"),
        "{list}"
    );
}

#[tokio::test]
async fn what_keeps_one_out_is_told_with_a_hint() {
    let router = router().await;
    let address = router.addr().to_string();
    let none = Expected::default();
    let (list, errors) = run(&target(&address, "wrong"), &none).await;
    assert_eq!(errors, 1);
    assert_eq!(
        lines(&list, "error"),
        ["the router refuses the login: `invalid user name or password (6)`"]
    );
    assert!(lines(&list, "hint")[0].contains("policies"), "{list}");

    router.misbehave(Some(Misbehaviour::Garbage(b"\xff".to_vec())));
    let (list, _) = run(&target(&address, "relay-password"), &none).await;
    assert!(lines(&list, "hint")[0].contains("8728"), "{list}");
    router.misbehave(None);

    router.set_property("/user/group", "relay", "policy", b"api");
    let (list, _) = run(&target(&address, "relay-password"), &none).await;
    assert!(lines(&list, "hint")[0].contains("`api`, `read` and `write`"), "{list}");

    router.power_off().await;
    let (list, _) = run(&target(&address, "relay-password"), &none).await;
    assert!(
        lines(&list, "error")[0].starts_with(&format!("cannot connect to `{address}`: ")),
        "{list}"
    );
    let (list, errors) = run(&target("http://router", "x"), &none).await;
    assert_eq!(
        (lines(&list, "error")[0], errors),
        ("`http://router` is not the address of a router; write `host:port`", 1)
    );
}
