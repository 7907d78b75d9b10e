//! Phones that come back, against simulated routers of every generation. Tests are named after the defects of the
//! documented service that they would have caught (facts: `pagos-hotspot-api.md` 9).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use mikrelay::ids::RouterId;
use mikrelay::order::{Online, State};
use mikrelay::payment::reconnect::info::{Info, InfoWish};
use mikrelay::payment::reconnect::{Comeback, Expired, NotOnline, Reconnected, Refused, Trouble};
use mikrelay::sim::router::{Misbehaviour, SimRouter, SimRouterConfig, SimVersion};
use secrecy::ExposeSecret;

use super::support::{FedapayEvent, IP, MAC, World};

const NEW_MAC: &str = "3A:00:00:00:00:02";
const NEW_IP: &str = "10.5.50.8";
const USERS: &str = "/ip/hotspot/user";
const PROFILES: &str = "/ip/hotspot/user/profile";
const ALL: [SimVersion; 3] = [SimVersion::V7, SimVersion::V6, SimVersion::Old];
/// With what it takes to read passwords.
const OPEN: &str = "api,read,write,sensitive";

async fn world(version: SimVersion, policy: &str) -> World {
    let config = SimRouterConfig {
        version,
        policy: policy.to_owned(),
        ..SimRouterConfig::default()
    };
    let world = World::with(config, "").await;
    world.router.add_host(NEW_IP, NEW_MAC, "hotspot1");
    world
}

fn wish(username: &str, password: &str) -> Comeback {
    Comeback {
        username: username.to_owned(),
        password: password.into(),
        stored_mac: Some(MAC.to_owned()),
        current_mac: MAC.to_lowercase(),
        current_ip: Some(IP.to_owned()),
        client: None,
    }
}

/// The same phone under another MAC.
fn moved(username: &str, password: &str) -> Comeback {
    Comeback {
        current_mac: NEW_MAC.replace(':', "-"),
        current_ip: Some(NEW_IP.to_owned()),
        ..wish(username, password)
    }
}

async fn back(world: &World, wish: &Comeback) -> Reconnected {
    world.relay.reconnect(&RouterId::new("r1"), wish).await
}

fn online(outcome: &Reconnected) -> bool {
    matches!(outcome, Reconnected::Online { .. })
}

fn set(router: &SimRouter, user: &str, property: &str, value: &str) {
    assert!(router.set_property(USERS, user, property, value.as_bytes()), "{user}");
}

fn mac_of(router: &SimRouter, user: &str) -> Option<String> {
    let mac = router.property(USERS, user, "mac-address")?;
    Some(String::from_utf8(mac).unwrap())
}

/// A sale through the relay; the user's name and password.
async fn sold(world: &World) -> (String, String) {
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let voucher = world.order(&order.reference).await.voucher.unwrap();
    (
        voucher.username.expose_secret().to_owned(),
        voucher.password.expose_secret().to_owned(),
    )
}

#[tokio::test]
async fn a_phone_comes_back_on_every_generation() {
    for version in ALL {
        // Our own sales need no right to read passwords.
        let world = world(version, "api,read,write").await;
        let (user, password) = sold(&world).await;
        world.router.log_off(MAC);
        let Reconnected::Online { session, already } = back(&world, &wish(&user, &password)).await else {
            panic!("{version:?}");
        };
        let active = &world.router.active()[0];
        assert_eq!(
            (session.id.as_str(), session.user.as_str()),
            (active.id.as_str(), user.as_str())
        );
        assert_eq!(
            (session.mac.as_str(), session.address.as_str(), already),
            (MAC, IP, false)
        );
        let again = back(&world, &wish(&user, &password)).await;
        assert!(matches!(again, Reconnected::Online { already: true, .. }), "{again:?}");
        assert_eq!(world.router.active().len(), 1);
    }
}

#[tokio::test]
async fn r1_values_of_digits_are_text() {
    for version in ALL {
        let world = world(version, OPEN).await;
        world.router.add_profile("24");
        world.router.add_user("all", "1234", "0042", b"0815");
        set(&world.router, "1234", "profile", "24");
        for wrong in ["42", "", "0042 ", "00420"] {
            let outcome = back(&world, &wish("1234", wrong)).await;
            assert!(
                matches!(outcome, Reconnected::Refused(Refused::WrongPassword)),
                "{wrong:?}: {outcome:?}"
            );
        }
        assert!(online(&back(&world, &wish("1234", "0042")).await), "{version:?}");
        let info = world
            .relay
            .account_info(&RouterId::new("r1"), &asking("1234", Some("0042")))
            .await;
        let Info::Known(known) = info else { panic!("{info:?}") };
        assert_eq!(
            (known.account.profile.as_str(), known.account.comment.as_str()),
            ("24", "0815")
        );
        assert!(known.profile.unwrap().add_mac_cookie);
        set(&world.router, "1234", "disabled", "true");
        let outcome = back(&world, &wish("1234", "0042")).await;
        assert!(
            matches!(outcome, Reconnected::Refused(Refused::Disabled)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn r2_a_router_that_cannot_be_asked_expires_nobody() {
    let world = world(SimVersion::V7, OPEN).await;
    world.router.add_user("all", "abc", "1234", b"");
    world.router.power_off().await;
    for user in ["abc", "nobody"] {
        let outcome = back(&world, &wish(user, "1234")).await;
        assert!(
            matches!(outcome, Reconnected::Trouble(Trouble::Router(_))),
            "{outcome:?}"
        );
    }
    world.router.power_on().await.unwrap();
    world
        .router
        .misbehave(Some(Misbehaviour::Traps(vec![(None, "something".to_owned())])));
    let outcome = back(&world, &wish("abc", "1234")).await;
    assert!(
        matches!(outcome, Reconnected::Trouble(Trouble::Router(_))),
        "{outcome:?}"
    );
    world.router.misbehave(None);
    // A name that looks like a MAC is not expired either, and no router is asked.
    world.router.clear_commands();
    let outcome = back(&world, &wish("aa:bb:cc:00:11:22", "")).await;
    assert!(matches!(outcome, Reconnected::Refused(Refused::MacName)), "{outcome:?}");
    assert_eq!(world.router.commands(), Vec::<String>::new());
    let outcome = back(&world, &wish("nobody", "1234")).await;
    assert!(
        matches!(outcome, Reconnected::Expired(Expired::NoSuchUser)),
        "{outcome:?}"
    );
    assert!(online(&back(&world, &wish("abc", "1234")).await));
}

#[tokio::test]
async fn a_user_is_expired_when_the_router_has_used_him_up() {
    for version in ALL {
        let world = world(version, OPEN).await;
        let router = &world.router;
        let used_up = async || {
            let outcome = back(&world, &wish("abc", "1234")).await;
            let wrong = back(&world, &wish("abc", "9")).await;
            assert!(
                matches!(wrong, Reconnected::Refused(Refused::WrongPassword)),
                "nobody else is told: {wrong:?}"
            );
            matches!(outcome, Reconnected::Expired(Expired::UsedUp))
        };
        router.add_user("all", "abc", "1234", b"");
        set(router, "abc", "limit-uptime", "1h");
        assert!(online(&back(&world, &wish("abc", "1234")).await));
        world.clock.advance_ms(3_600_000);
        assert!(used_up().await, "{version:?}: time");

        set(router, "abc", "limit-uptime", "0s");
        set(router, "abc", "limit-bytes-total", "1000");
        router.set_bytes("abc", 600, 400);
        assert!(used_up().await, "{version:?}: data");
        set(router, "abc", "limit-bytes-total", "0");

        // Mikhmon's expiry, in the router's own time: it is 15:00 there.
        world.clock.advance_ms(3_600_000);
        let (passed, coming) = match version {
            SimVersion::V7 => ("2026-11-02 14:59:59", "2026-11-02 15:00:01 X"),
            _ => ("nov/02/2026 14:59:59", "nov/02/2026 15:00:01"),
        };
        set(router, "abc", "comment", passed);
        assert!(used_up().await, "{version:?}: expiry");
        set(router, "abc", "comment", coming);
        assert!(online(&back(&world, &wish("abc", "1234")).await), "{version:?}");
    }
}

#[tokio::test]
async fn a_changed_mac_is_followed() {
    for version in ALL {
        let world = world(version, OPEN).await;
        let router = &world.router;
        router.add_user("hotspot1", "abc", "1234", b"");
        set(router, "abc", "mac-address", MAC);
        assert!(online(&back(&world, &wish("abc", "1234")).await));
        let before = router.active();
        // Somebody without the password moves nothing.
        let outcome = back(&world, &moved("abc", "1235")).await;
        assert!(matches!(outcome, Reconnected::Refused(Refused::WrongPassword)));
        assert_eq!((router.active(), mac_of(router, "abc").as_deref()), (before, Some(MAC)));
        assert!(online(&back(&world, &moved("abc", "1234")).await), "{version:?}");
        assert_eq!(mac_of(router, "abc").as_deref(), Some(NEW_MAC));
        assert!(router.is_online(NEW_MAC) && !router.is_online(MAC));

        // A device the router does not see takes nobody's user away.
        let absent = Comeback {
            current_mac: "3A:00:00:00:00:99".to_owned(),
            ..wish("abc", "1234")
        };
        let outcome = back(&world, &absent).await;
        assert!(
            matches!(outcome, Reconnected::NotOnline(NotOnline::NoDevice)),
            "{outcome:?}"
        );
        assert_eq!(mac_of(router, "abc").as_deref(), Some(NEW_MAC));
    }
}

#[tokio::test]
async fn a_pin_comes_back_and_a_name_alone_moves_nobody() {
    let world = world(SimVersion::V7, OPEN).await;
    let router = &world.router;
    router.add_user("all", "493817", "", b"");
    assert!(online(&back(&world, &wish("493817", "")).await));
    let outcome = back(&world, &wish("493817", "1")).await;
    assert!(matches!(outcome, Reconnected::Refused(Refused::WrongPassword)));
    set(router, "493817", "mac-address", MAC);
    let outcome = back(&world, &moved("493817", "")).await;
    assert!(
        matches!(outcome, Reconnected::NotOnline(NotOnline::OtherDevice)),
        "{outcome:?}"
    );
    assert_eq!(mac_of(router, "493817").as_deref(), Some(MAC));
    // The router's own row for trials has no password either.
    let outcome = back(&world, &moved("default-trial", "")).await;
    assert!(
        matches!(outcome, Reconnected::Expired(Expired::NoSuchUser)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn r3_a_copy_for_a_new_mac_has_what_is_left_and_no_more() {
    for version in ALL {
        let world = world(version, OPEN).await;
        let router = &world.router;
        router.add_user("hotspot1", "abc", "1234", b"mode=acum; tl=1h; ta=0");
        set(router, "abc", "profile", "1H");
        set(router, "abc", "mac-address", MAC);
        set(router, "abc", "limit-uptime", "1h");
        assert!(online(&back(&world, &wish("abc", "1234")).await));
        world.clock.advance_ms(600_000);

        assert!(online(&back(&world, &moved("abc", "1234")).await), "{version:?}");
        let copy = router.user("abc_RANDMAC1").unwrap();
        assert_eq!(
            (
                copy.limit_uptime_s,
                copy.profile.as_str(),
                copy.password.as_str(),
                copy.server.as_str()
            ),
            (3_000, "1H", "1234", "hotspot1")
        );
        assert_eq!(copy.comment, "mode=acum; tl=1h; ta=0");
        assert_eq!(mac_of(router, "abc_RANDMAC1").as_deref(), Some(NEW_MAC));
        assert_eq!(mac_of(router, "abc").as_deref(), Some(MAC));
        assert!(!router.is_online(MAC), "the time went with the phone");

        // Back under the first MAC, and again under the second: no third user, and no second more.
        world.clock.advance_ms(600_000);
        assert!(online(&back(&world, &wish("abc", "1234")).await));
        world.clock.advance_ms(600_000);
        assert!(online(&back(&world, &moved("abc", "1234")).await));
        assert!(online(&back(&world, &moved("abc", "1234")).await));
        assert_eq!(router.users().len(), 2);
        let left = |name: &str| {
            let user = router.user(name).unwrap();
            user.limit_uptime_s - user.uptime_s
        };
        assert_eq!((left("abc"), left("abc_RANDMAC1")), (0, 1_800));
        world.clock.advance_ms(1_800_000);
        for wish in [wish("abc", "1234"), moved("abc", "1234")] {
            let outcome = back(&world, &wish).await;
            assert!(matches!(outcome, Reconnected::Expired(Expired::UsedUp)), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn r3_copies_are_numbered_and_fifteen_at_most() {
    let world = world(SimVersion::V7, OPEN).await;
    let router = &world.router;
    router.add_user("hotspot1", "abc", "1234", b"MODE=1 TL=2 TA=3");
    set(router, "abc", "mac-address", MAC);
    let mac = |n: u8| format!("3A:00:00:00:01:{n:02X}");
    for n in 1..=16 {
        router.add_host(&format!("10.5.51.{n}"), &mac(n), "hotspot1");
        let wish = Comeback {
            current_mac: mac(n).to_lowercase(),
            current_ip: None,
            ..wish("abc", "1234")
        };
        assert!(online(&back(&world, &wish).await), "{n}");
    }
    let mut names: Vec<String> = router.users().into_iter().map(|user| user.name).collect();
    names.retain(|name| name != "abc");
    let expected: Vec<String> = (1..=15).map(|n| format!("abc_RANDMAC{n}")).collect();
    assert_eq!(names, expected);
    assert_eq!(mac_of(router, "abc_RANDMAC7"), Some(mac(7)));
    // The sixteenth moved the user himself.
    assert_eq!(mac_of(router, "abc"), Some(mac(16)));
}

#[tokio::test]
async fn r4_another_users_session_at_the_same_address_is_not_this_one() {
    for version in ALL {
        let world = world(version, OPEN).await;
        let router = &world.router;
        router.add_user("all", "other", "1", b"");
        router.add_user("all", "abc", "1234", b"");
        router.http_login("other", "1", IP, MAC).await.unwrap();
        let outcome = back(&world, &wish("abc", "1234")).await;
        assert!(
            matches!(outcome, Reconnected::NotOnline(NotOnline::OtherUser)),
            "{outcome:?}"
        );
        assert_eq!(router.active()[0].user, "other", "and he stays online");

        // The same in a sale.
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        let order = world.order(&order.reference).await;
        assert_eq!((order.state, order.online), (State::Delivered, Online::No));
        assert_eq!(world.relay.session_of(&order.reference).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_sale_tells_its_session_and_binds_where_that_was_asked() {
    for (version, bind) in [(SimVersion::V7, true), (SimVersion::V6, true), (SimVersion::V7, false)] {
        let world = world(version, "api,read,write").await;
        let mut order = world.place("1h").await;
        order.buyer.bind_mac = bind;
        order.buyer.ip = None;
        let kept = order.clone();
        world.relay.store().write(move |db| db.save_order(&kept)).await.unwrap();
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        assert_eq!(world.order(&order.reference).await.online, Online::Yes);
        let session = world.relay.session_of(&order.reference).await.unwrap().unwrap();
        let active = &world.router.active()[0];
        assert_eq!(
            (&session.id, &session.mac, &session.address),
            (&active.id, &active.mac, &active.address)
        );
        let bound = mac_of(&world.router, &active.user).filter(|mac| mac == MAC);
        assert_eq!(bound.is_some(), bind);
        world.router.power_off().await;
        assert_eq!(world.relay.session_of(&order.reference).await.unwrap(), None);
    }
}

#[tokio::test]
async fn r5_a_silent_router_freezes_nobody_else() {
    let silent = SimRouter::start(SimRouterConfig {
        password: "relay-pass".to_owned(),
        ..SimRouterConfig::default()
    })
    .await
    .unwrap();
    silent.set_silent_login(true);
    let more = format!(
        "\n[[router]]\nid = \"r2\"\ncompany = \"cafe\"\naddress = \"{}\"\nuser = \"relay\"\npassword = \"relay-pass\"\n\
         access_uuid = \"71cd594b-2f01-48ca-8692-65e4ef3a36d5\"\n",
        silent.addr()
    );
    let config = SimRouterConfig {
        policy: OPEN.to_owned(),
        ..SimRouterConfig::default()
    };
    let world = World::with(config, &more).await;
    world.router.add_user("all", "abc", "1234", b"");
    let (one, two) = (RouterId::new("r1"), RouterId::new("r2"));
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let (relay, two) = (world.relay.clone(), two.clone());
            tokio::spawn(async move { relay.reconnect(&two, &wish(&format!("u{n}"), "1234")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    assert!(online(&back(&world, &wish("abc", "1234")).await));
    world.relay.router_answers(&one).await.unwrap();
    assert_eq!(world.relay.test_router(&one).await.unwrap().identity, "demo-router");
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    assert!(!waiting.iter().any(tokio::task::JoinHandle::is_finished));
    // The silent one costs its own callers one deadline together, and says nothing of their users.
    for outcome in waiting {
        let outcome = outcome.await.unwrap();
        assert!(
            matches!(outcome, Reconnected::Trouble(Trouble::Router(_))),
            "{outcome:?}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Nothing of it stays (defect R9).
    tokio::time::timeout(Duration::from_secs(5), silent.wait_until_alone())
        .await
        .unwrap();
}

#[tokio::test]
async fn r6_r7_coming_back_takes_one_connection_few_commands_and_no_pause() {
    let world = world(SimVersion::V7, OPEN).await;
    world.router.add_user("all", "abc", "1234", b"");
    assert!(online(&back(&world, &wish("abc", "1234")).await));
    world.router.clear_commands();
    let begun = Instant::now();
    for _ in 0..10 {
        world.router.log_off(MAC);
        assert!(online(&back(&world, &wish("abc", "1234")).await));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let commands = world.router.commands();
    assert_eq!((world.router.logins(), commands.len()), (1, 50), "{commands:?}");
    assert!(commands.iter().all(|command| !command.contains("script")));
    let whole_tables = commands
        .iter()
        .filter(|command| command.contains("/print") && !command.contains('?'));
    assert_eq!(whole_tables.count(), 0, "{commands:?}");
}

#[tokio::test]
async fn s4_a_name_without_its_password_moves_nobody() {
    for version in ALL {
        let world = world(version, OPEN).await;
        world.router.add_user("all", "abc", "1234", b"");
        assert!(online(&back(&world, &wish("abc", "1234")).await));
        let before = world.router.active();
        for wrong in ["", "1235", "12345"] {
            let outcome = back(&world, &moved("abc", wrong)).await;
            assert!(
                matches!(outcome, Reconnected::Refused(Refused::WrongPassword)),
                "{outcome:?}"
            );
        }
        assert_eq!(world.router.active(), before);
        assert!(!world.router.is_online(NEW_MAC));
        // And with it, he moves.
        assert!(online(&back(&world, &moved("abc", "1234")).await));
        assert!(world.router.is_online(NEW_MAC) && !world.router.is_online(MAC));
    }
}

#[tokio::test]
async fn s4_a_router_that_hides_passwords_compares_them_itself() {
    for version in ALL {
        let world = world(version, "api,read,write").await;
        let router = &world.router;
        router.add_user("all", "abc", "1234", b"");
        router.add_user("all", "pin", "", b"");
        for wrong in ["", "1235"] {
            let outcome = back(&world, &wish("abc", wrong)).await;
            assert!(
                matches!(outcome, Reconnected::Refused(Refused::WrongPassword)),
                "{outcome:?}"
            );
        }
        assert!(!router.is_online(MAC));
        assert!(online(&back(&world, &wish("abc", "1234")).await), "{version:?}");
        let info = world
            .relay
            .account_info(&RouterId::new("r1"), &asking("abc", Some("1234")))
            .await;
        assert!(matches!(info, Info::Trouble(Trouble::PasswordHidden)), "{info:?}");
        // Nothing is moved for a password that nobody compared.
        set(router, "abc", "mac-address", MAC);
        let outcome = back(&world, &moved("abc", "1234")).await;
        assert!(
            matches!(outcome, Reconnected::NotOnline(NotOnline::OtherDevice)),
            "{outcome:?}"
        );
        assert_eq!(mac_of(router, "abc").as_deref(), Some(MAC));
        router.log_off(MAC);
        assert!(online(&back(&world, &wish("pin", "")).await), "{version:?}");
    }
}

#[tokio::test]
async fn s11_guesses_are_counted() {
    let world = world(SimVersion::V7, OPEN).await;
    world.router.add_user("all", "abc", "1234", b"");
    let guess = async |password: &str| back(&world, &wish("abc", password)).await;
    let mut waits = Vec::new();
    for n in 0..20 {
        match guess(&format!("{n:04}")).await {
            Reconnected::Refused(Refused::WrongPassword) => {}
            Reconnected::Refused(Refused::TooOften { wait_s }) => waits.push(wait_s),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((waits.len(), waits[0]), (15, 901));
    // The right one is not heard now either: it would tell the guesser.
    let outcome = guess("1234").await;
    assert!(
        matches!(outcome, Reconnected::Refused(Refused::TooOften { .. })),
        "{outcome:?}"
    );
    let info = world
        .relay
        .account_info(&RouterId::new("r1"), &asking("abc", Some("1234")))
        .await;
    assert!(matches!(info, Info::TooOften { .. }), "{info:?}");
    world.later(SignedDuration::from_mins(15)).await;
    assert!(online(&guess("1234").await));
    // All at once is no way round it.
    let many = (0..50).map(|n| {
        let relay = world.relay.clone();
        tokio::spawn(async move {
            relay
                .reconnect(&RouterId::new("r1"), &wish("abc", &format!("9{n:03}")))
                .await
        })
    });
    let mut wrong = 0;
    for outcome in many.collect::<Vec<_>>() {
        wrong += usize::from(matches!(
            outcome.await.unwrap(),
            Reconnected::Refused(Refused::WrongPassword)
        ));
    }
    assert_eq!(wrong, 5);
    // Names are guessed from somewhere, too.
    let client = Some(IpAddr::from([203, 0, 113, 7]));
    let mut heard = 0;
    for n in 0..200 {
        let wish = Comeback {
            client,
            ..wish(&format!("{n:06}"), "")
        };
        heard += usize::from(matches!(back(&world, &wish).await, Reconnected::Expired(_)));
    }
    assert_eq!(heard, 120);
}

#[tokio::test]
async fn s5_nothing_told_holds_a_password() {
    let world = world(SimVersion::V7, OPEN).await;
    world.router.add_user("all", "abc", "canary-7", b"");
    world.router.remove_host(MAC);
    let mut said = Vec::new();
    said.push(format!("{:?}", back(&world, &wish("abc", "canary-7")).await));
    world.router.add_host(IP, MAC, "hotspot1");
    said.push(format!("{:?}", back(&world, &wish("abc", "canary-7")).await));
    let info = world
        .relay
        .account_info(&RouterId::new("r1"), &asking("abc", Some("canary-7")))
        .await;
    said.push(format!("{info:?}"));
    assert!(said.iter().all(|text| !text.contains("canary-7")), "{said:?}");
}

#[tokio::test]
async fn s6_what_a_browser_sends_is_never_a_script() {
    let world = world(SimVersion::V7, OPEN).await;
    world.router.add_user("all", "abc", "1234", b"");
    let evil = "AA:BB\"; /system reboot; :put \"";
    for (mac, ip) in [(evil, IP), (MAC, evil), ("$(mac)", "$(ip)"), ("", "")] {
        world.router.log_off(MAC);
        world.router.clear_commands();
        let wish = Comeback {
            current_mac: mac.to_owned(),
            current_ip: Some(ip.to_owned()),
            stored_mac: Some(evil.to_owned()),
            ..wish("abc", "1234")
        };
        let outcome = back(&world, &wish).await;
        let expected = mac == MAC;
        assert_eq!(online(&outcome), expected, "{outcome:?}");
        let commands = world.router.commands();
        assert!(
            commands
                .iter()
                .all(|command| !command.contains("reboot") && !command.contains("/system/script")),
            "{commands:?}"
        );
    }
    // A name or password that no router could have is refused before it is sent.
    world.router.clear_commands();
    let outcome = back(&world, &wish("a\nb", "1234")).await;
    assert!(matches!(outcome, Reconnected::Trouble(_)), "{outcome:?}");
    assert!(world.router.commands().iter().all(|command| !command.contains('\n')));
}

fn asking(username: &str, password: Option<&str>) -> InfoWish {
    InfoWish {
        username: username.to_owned(),
        password: password.map(Into::into),
        client: None,
    }
}

#[tokio::test]
async fn a_code_is_explained_to_whoever_knows_its_password() {
    for version in ALL {
        let world = world(version, OPEN).await;
        world.router.add_user("all", "abc", "0042", b"note");
        world.router.add_user("all", "493817", "", b"");
        world
            .router
            .set_property(PROFILES, "default", "mac-cookie-timeout", b"1d");
        let look = async |name: &str, password| {
            world
                .relay
                .account_info(&RouterId::new("r1"), &asking(name, password))
                .await
        };
        for (name, password) in [
            ("abc", None),
            ("abc", Some("")),
            ("abc", Some("42")),
            ("493817", Some("")),
            ("nobody", None),
            ("default-trial", None),
        ] {
            let info = look(name, password).await;
            assert!(matches!(info, Info::Wrong), "{name} {password:?}: {info:?}");
        }
        let Info::Known(known) = look("493817", None).await else {
            panic!()
        };
        assert!(known.is_pin);
        assert_eq!(known.profile.unwrap().mac_cookie_timeout.as_deref(), Some("1d"));
        let Info::Known(known) = look("abc", Some("0042")).await else {
            panic!()
        };
        assert!(!known.is_pin);
        assert_eq!(known.account.comment, "note");
    }
}

#[tokio::test]
async fn a_router_is_looked_at_without_waiting_for_its_jobs() {
    let world = world(SimVersion::V7, "api,read,write").await;
    let r1 = RouterId::new("r1");
    world.router.set_property(PROFILES, "1H", "rate-limit", b"2M/2M");
    let profiles = world.relay.router_profiles(&r1).await.unwrap();
    let one = profiles.iter().find(|profile| profile.name == "1H").unwrap();
    assert_eq!(
        (one.rate_limit.as_deref(), one.shared_users.as_deref()),
        (Some("2M/2M"), Some("1"))
    );
    assert_eq!(
        (one.keepalive_timeout.as_deref(), one.session_timeout.as_deref()),
        (Some("2m"), None)
    );
    assert!(one.id.starts_with('*'));
    let test = world.relay.test_router(&r1).await.unwrap();
    assert_eq!((test.identity.as_str(), test.profiles), ("demo-router", profiles));

    world.router.set_silent_login(true);
    let begun = Instant::now();
    let silent = world.relay.test_router(&r1).await;
    assert!(matches!(silent, Err(Trouble::Router(_) | Trouble::Late)), "{silent:?}");
    assert!(begun.elapsed() < Duration::from_secs(6));
    // The session that sales use is still open, and answers.
    world.relay.router_answers(&r1).await.unwrap();
    let unknown = world.relay.router_answers(&RouterId::new("r9")).await;
    assert!(matches!(unknown, Err(Trouble::NoRouter)), "{unknown:?}");
}
