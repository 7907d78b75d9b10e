//! What the simulated router does behind its API: the login page, cookies, Mikhmon's script, and the power
//! switch. Its API is checked by our client (`router_client`) and by other people's (`tests/interop`).

use jiff::Timestamp;
use mikrelay::clock::Clock;
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimVersion};

const MAC: &str = "AA:BB:CC:00:11:22";
const IP: &str = "10.5.50.9";

async fn router(version: SimVersion, clock: &Clock, mikhmon: bool) -> SimRouter {
    let profiles = vec!["1day".to_owned()];
    let clock = clock.clone();
    let config = SimRouterConfig {
        version,
        profiles,
        clock,
        mikhmon,
        ..SimRouterConfig::default()
    };
    let router = SimRouter::start(config).await.unwrap();
    router.add_user("hotspot1", "ab3k9m", "ab3k9m", b"vc-417-06.15.26-");
    router.set_property("/ip/hotspot/user", "ab3k9m", "profile", b"1day");
    router
}

fn noon() -> Clock {
    let noon: Timestamp = "2026-06-15T11:00:00Z".parse().unwrap();
    Clock::manual(noon)
}

#[tokio::test]
async fn a_phone_logs_in_by_form_where_clear_passwords_are_allowed() {
    let router = router(SimVersion::V7, &noon(), false).await;
    let refused = |text: &str| Err(text.to_owned());
    assert_eq!(
        router.http_login("ab3k9m", "ab3k9m", IP, MAC).await,
        refused("unknown host IP")
    );
    router.add_host(IP, MAC, "hotspot1");
    assert_eq!(
        router.http_login("ab3k9m", "no", IP, MAC).await,
        refused("invalid username or password")
    );
    assert_eq!(
        router.http_login("Ab3k9m", "ab3k9m", IP, MAC).await,
        refused("invalid username or password")
    );
    assert!(!router.is_online(MAC));
    assert_eq!(
        router.http_login("ab3k9m", "ab3k9m", IP, "aa-bb-cc-00-11-22").await,
        Ok(())
    );
    assert!(router.is_online(MAC) && router.hosts()[0].authorized);
    assert_eq!(router.names("/ip/hotspot/cookie").len(), 1, "the device is remembered");
    router.log_off(MAC);
    assert!(!router.is_online(MAC) && router.names("/ip/hotspot/cookie").is_empty());

    router.set_property("/ip/hotspot/profile", "hsprof1", "login-by", b"cookie,http-chap");
    let chap = router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap_err();
    assert!(
        chap.starts_with("web browser did not send challenge response"),
        "{chap}"
    );
    router.power_off().await;
    assert_eq!(
        router.http_login("ab3k9m", "ab3k9m", IP, MAC).await,
        refused("the router is off")
    );
}

#[tokio::test]
async fn a_locked_or_disabled_user_stays_out() {
    let router = router(SimVersion::V7, &noon(), false).await;
    router.add_host(IP, MAC, "hotspot1");
    router.set_property("/ip/hotspot/user", "ab3k9m", "mac-address", b"00:00:00:00:00:01");
    let locked = router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap_err();
    assert_eq!(locked, "user ab3k9m is not allowed to log in from this MAC address");
    router.set_property("/ip/hotspot/user", "ab3k9m", "mac-address", b"00:00:00:00:00:00");
    router.set_property("/ip/hotspot/user", "ab3k9m", "disabled", b"true");
    assert_eq!(
        router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap_err(),
        "invalid username or password"
    );
}

#[tokio::test]
async fn mikhmon_writes_the_expiry_over_the_comment_and_records_the_sale() {
    for (version, comment, record, owner) in [
        (
            SimVersion::V6,
            "jun/16/2026 12:00:00",
            "jun/15/2026-|-12:00:00-|-",
            "jun2026",
        ),
        // Stock Mikhmon cannot read this date; the facts call its owner field `202-15`.
        (
            SimVersion::V7,
            "2026-06-16 12:00:00",
            "2026-06-15-|-12:00:00-|-",
            "202-15",
        ),
    ] {
        let router = router(version, &noon(), true).await;
        router.set_property(
            "/ip/hotspot/user/profile",
            "1day",
            "on-login",
            br#":put (",remc,500,1d,600,,Enable,");"#,
        );
        router.add_host(IP, MAC, "hotspot1");
        router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
        assert_eq!(router.user("ab3k9m").unwrap().comment, comment);
        let name = format!("{record}ab3k9m-|-500-|-{IP}-|-{MAC}-|-1d-|-1day-|-vc-417-06.15.26-");
        assert_eq!(router.names("/system/script"), std::slice::from_ref(&name));
        assert_eq!(
            router.property("/system/script", &name, "owner").as_deref(),
            Some(owner.as_bytes())
        );
        assert_eq!(
            router.property("/ip/hotspot/user", "ab3k9m", "mac-address").as_deref(),
            Some(MAC.as_bytes())
        );
        // A second login finds an expiry, no voucher comment, and records nothing.
        router.log_off(MAC);
        router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
        assert_eq!(router.names("/system/script").len(), 1);
    }
}

#[tokio::test]
async fn mikhmon_leaves_foreign_comments_and_plain_profiles_alone() {
    let router = router(SimVersion::V6, &noon(), true).await;
    router.add_host(IP, MAC, "hotspot1");
    router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
    assert_eq!(router.user("ab3k9m").unwrap().comment, "vc-417-06.15.26-");
    router.log_off(MAC);
    router.set_property(
        "/ip/hotspot/user/profile",
        "1day",
        "on-login",
        br#":put (",rem,500,1d,,,Disable,");"#,
    );
    router.set_property("/ip/hotspot/user", "ab3k9m", "comment", b"paid by awa");
    router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
    assert_eq!(router.user("ab3k9m").unwrap().comment, "paid by awa");
    assert!(router.names("/system/script").is_empty());
}

#[tokio::test]
async fn time_adds_up_over_sessions_and_power_cuts() {
    let clock = noon();
    let router = router(SimVersion::V7, &clock, false).await;
    router.set_property("/ip/hotspot/user", "ab3k9m", "limit-uptime", b"1h");
    router.add_host(IP, MAC, "hotspot1");
    router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
    clock.advance_ms(1_000_000);
    assert_eq!(
        (router.active()[0].uptime_s, router.user("ab3k9m").unwrap().uptime_s),
        (1_000, 1_000)
    );
    router.power_off().await;
    clock.advance_ms(1_000_000);
    router.power_on().await.unwrap();
    assert!(router.active().is_empty());
    router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap();
    clock.advance_ms(10_000_000);
    assert!(router.active().is_empty());
    assert_eq!(
        router.user("ab3k9m").unwrap().uptime_s,
        3_600,
        "the session ended at the limit"
    );
    let over = router.http_login("ab3k9m", "ab3k9m", IP, MAC).await.unwrap_err();
    assert_eq!(over, "user ab3k9m has reached uptime limit");
}

#[tokio::test]
async fn the_address_stays_the_same_when_the_power_comes_back() {
    let router = router(SimVersion::V7, &noon(), false).await;
    let address = router.addr();
    for _ in 0..3 {
        router.power_off().await;
        assert!(!router.is_on());
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
        router.power_on().await.unwrap();
        assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    }
    // Switching it on twice is no error.
    router.power_on().await.unwrap();
}
