//! Vouchers whose validity Mikhmon's script cannot end any more, and those where it can: RouterOS of both date forms, all
//! scripts in the field. Facts: mikhmon 2.2, 2.3 and 6.

use jiff::SignedDuration;
use mikrelay::ids::RouterId;
use mikrelay::order::{Order, State};
use mikrelay::payment::reconnect::{Comeback, Expired, Reconnected};
use mikrelay::sim::router::SimVersion;
use secrecy::ExposeSecret;

use super::mikhmon::{sell, world};
use super::support::{FedapayEvent, IP, MAC, World};

const PROFILES: &str = "/ip/hotspot/user/profile";
const USERS: &str = "/ip/hotspot/user";
const NET: &str = "mikhmon_expiry = true";
const STOCK: &str = ":put (\",rem,100,1d,100,,Disable,\"); {:local year [ :pick $date 7 11 ];";
const PATCHED: &str = ":put (\",rem,100,1d,100,,Disable,\"); {:if ([:pick $date 4 5] = \"-\") do={:set $date $old};:local year [ :pick $date 7 11 ];";
const MADE_FOR_7: &str = ":put (\",rem,100,1d,100,,Disable,\"); {:local year [ :pick $date 0 4 ];";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn user_of(order: &Order) -> String {
    order.voucher.as_ref().unwrap().username.expose_secret().to_owned()
}

/// Lets the hours pass one by one, as the runner's clock check does.
async fn pass_hours(world: &World, hours: u32) {
    for _ in 0..hours {
        world.later(HOUR).await;
    }
}

fn is_disabled(world: &World, order: &Order) -> bool {
    world.router.user(&user_of(order)).unwrap().disabled
}

fn was_disabled_by_us(world: &World) -> bool {
    let commands = world.router.commands();
    commands.iter().any(|line| line.starts_with("/ip/hotspot/user/disable"))
}

async fn log_in(world: &World, order: &Order) {
    let user = user_of(order);
    world.router.http_login(&user, &user, IP, MAC).await.unwrap();
}

#[tokio::test]
async fn a_blind_script_s_voucher_ends_a_day_after_its_first_login() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    let order = sell(&world).await;
    assert_eq!(order.state, State::Delivered);
    assert!(world.router.is_online(MAC), "the phone was logged in at once");
    assert_eq!(
        world.router.user(&user_of(&order)).unwrap().comment,
        "2026-11-03 13:00:00"
    );
    // The time he bought is used, and more of it is not the question here.
    world
        .router
        .set_property(USERS, &user_of(&order), "limit-uptime", b"0s");
    world.later(MINUTE * 6).await;
    let history = world.history(&order).await;
    assert!(
        history.iter().any(|line| line.contains("2026-11-03T12:00:00Z")),
        "{history:?}"
    );
    pass_hours(&world, 23).await;
    world.router.run_monitors();
    assert!(!is_disabled(&world, &order), "the day is not over");
    pass_hours(&world, 1).await;
    world.router.run_monitors();
    assert!(is_disabled(&world, &order));
    assert!(!world.router.is_online(MAC), "its session has ended");
    assert!(world.router.names("/ip/hotspot/cookie").is_empty());
    assert_eq!(world.users().len(), 1, "nothing is ever deleted");
    let history = world.history(&order).await;
    assert!(
        history
            .iter()
            .any(|line| line.contains("(1d from the first login) is over")),
        "{history:?}"
    );
    assert_eq!(world.state(&order).await, State::Delivered);
    assert_eq!(world.jobs().await, 0, "there is nothing more to watch");
    // A portal that asks for the code is told that it has expired, so that the phone forgets it.
    let user = user_of(&order);
    let wish = Comeback {
        username: user.clone(),
        password: user.into(),
        stored_mac: Some(MAC.to_owned()),
        current_mac: MAC.to_owned(),
        current_ip: Some(IP.to_owned()),
        client: None,
    };
    let back = world.relay.reconnect(&RouterId::new("r1"), &wish).await;
    assert!(matches!(back, Reconnected::Expired(Expired::UsedUp)), "{back:?}");
    // The operator's word is the last: who is enabled again stays so.
    world.router.set_property(USERS, &user_of(&order), "disabled", b"false");
    pass_hours(&world, 3).await;
    assert!(!is_disabled(&world, &order));
}

#[tokio::test]
async fn nothing_is_touched_where_the_script_works() {
    for (version, script) in [
        (SimVersion::V6, STOCK),
        (SimVersion::Old, STOCK),
        (SimVersion::V7, PATCHED),
        (SimVersion::V7, MADE_FOR_7),
    ] {
        let world = world(version, NET, script).await;
        let order = sell(&world).await;
        assert_eq!(order.state, State::Delivered, "{version:?}");
        pass_hours(&world, 30).await;
        assert!(!is_disabled(&world, &order), "{version:?} {script}");
        assert!(!was_disabled_by_us(&world));
        let asked = world.router.commands();
        let looks = asked.iter().filter(|line| line.contains("?profile=")).count();
        assert_eq!(looks, 0, "its users are not even listed");
        // Mikhmon itself ends it.
        world.router.run_monitors();
        assert!(world.users().is_empty(), "{version:?} {script}");
    }
}

#[tokio::test]
async fn nothing_is_touched_without_a_validity_or_without_the_wish() {
    for (lines, script) in [
        (NET, ":put (\",,100,,,noexp,Disable,\")"),
        (NET, ""),
        (NET, ":log info hello"),
        ("", STOCK),
        ("mikhmon_expiry = false", STOCK),
    ] {
        let world = world(SimVersion::V7, lines, script).await;
        let order = sell(&world).await;
        pass_hours(&world, 30).await;
        assert!(!is_disabled(&world, &order), "{lines} {script}");
        assert!(!was_disabled_by_us(&world));
    }
}

#[tokio::test]
async fn the_time_runs_from_the_first_login_and_not_from_the_sale() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    world.router.remove_host(MAC);
    let order = sell(&world).await;
    pass_hours(&world, 24 * 10).await;
    assert!(!is_disabled(&world, &order), "an unused code keeps");
    world.router.add_host(IP, MAC, "hotspot1");
    log_in(&world, &order).await;
    pass_hours(&world, 23).await;
    assert!(!is_disabled(&world, &order));
    pass_hours(&world, 2).await;
    assert!(is_disabled(&world, &order));
}

/// Where next-run is told in a form that the script does not know, the comment stays, and only the use of it shows.
#[tokio::test]
async fn a_first_login_that_only_shows_by_its_use_counts_for_the_buyer() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    world.router.set_short_next_run(true);
    world.router.remove_host(MAC);
    let order = sell(&world).await;
    world.later(MINUTE * 5).await;
    world.router.add_host(IP, MAC, "hotspot1");
    log_in(&world, &order).await;
    world.later(MINUTE * 2).await;
    world.router.log_off(MAC);
    assert!(world.router.user(&user_of(&order)).unwrap().comment.starts_with("vc-"));
    // Seen three minutes after it: the buyer gets those.
    for _ in 0..12 {
        world.later(MINUTE * 5).await;
    }
    pass_hours(&world, 22).await;
    world.later(MINUTE * 59).await;
    assert!(!is_disabled(&world, &order));
    world.later(MINUTE * 10).await;
    assert!(is_disabled(&world, &order));
}

#[tokio::test]
async fn what_was_seen_survives_a_restart_and_a_dead_router() {
    let mut world = world(SimVersion::V7, NET, STOCK).await;
    world.router.set_short_next_run(true);
    let order = sell(&world).await;
    world.later(MINUTE * 6).await;
    // The router forgets who was online, and the use of it, when an old backup is restored.
    world.router.log_off(MAC);
    world = world.restart().await;
    pass_hours(&world, 20).await;
    assert!(!is_disabled(&world, &order));
    world.router.power_off().await;
    pass_hours(&world, 10).await;
    world.router.power_on().await.unwrap();
    world = world.restart().await;
    pass_hours(&world, 1).await;
    assert!(is_disabled(&world, &order), "it ends when the router answers again");
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn only_users_of_ours_are_touched() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    for (name, comment) in [
        ("printed", "vc-417-11.02.26-"),
        ("expired", "2026-10-01 10:00:00"),
        ("foreign", "of the boss"),
    ] {
        world.router.add_user("hotspot1", name, name, comment.as_bytes());
        world.router.set_property(USERS, name, "profile", b"1H");
    }
    let order = sell(&world).await;
    pass_hours(&world, 26).await;
    assert!(is_disabled(&world, &order));
    for name in ["printed", "expired", "foreign"] {
        assert!(!world.router.user(name).unwrap().disabled, "{name}");
    }
}

#[tokio::test]
async fn the_operators_own_date_in_the_comment_counts() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    let order = sell(&world).await;
    world.later(MINUTE * 6).await;
    // In Mikhmon's page he gives two days more.
    world
        .router
        .set_property(USERS, &user_of(&order), "comment", b"2026-11-05 13:00:00");
    pass_hours(&world, 47).await;
    assert!(!is_disabled(&world, &order));
    pass_hours(&world, 26).await;
    assert!(is_disabled(&world, &order));
}

#[tokio::test]
async fn a_wrong_clock_ends_nobody_early() {
    let world = world(SimVersion::V7, NET, STOCK).await;
    let years_behind = 56 * 365 * 86_400;
    world.router.set_clock_skew_s(-years_behind);
    let order = sell(&world).await;
    assert!(
        world
            .router
            .user(&user_of(&order))
            .unwrap()
            .comment
            .starts_with("1970-")
    );
    world.router.set_clock_skew_s(0);
    pass_hours(&world, 20).await;
    assert!(
        !is_disabled(&world, &order),
        "the comment's end is long past, and wrong"
    );
    pass_hours(&world, 6).await;
    assert!(is_disabled(&world, &order));
}

#[tokio::test]
async fn what_somebody_else_ended_is_let_go() {
    for what in ["removed", "disabled", "refunded"] {
        let world = world(SimVersion::V7, NET, STOCK).await;
        let order = sell(&world).await;
        match what {
            "removed" => world.router.forget_users(),
            "disabled" => {
                world.router.set_property(USERS, &user_of(&order), "disabled", b"true");
            }
            _ => {
                let event = FedapayEvent {
                    name: "transaction.refunded",
                    status: "refunded",
                    ..FedapayEvent::approved(&order)
                };
                world.fedapay(&event).await;
                world.drain().await;
            }
        }
        pass_hours(&world, 2).await;
        assert_eq!(world.jobs().await, 0, "{what}: there is nothing to watch");
    }
}

#[tokio::test]
async fn a_router_that_is_updated_below_its_vouchers_is_noticed() {
    let world = world(SimVersion::V7, NET, MADE_FOR_7).await;
    let order = sell(&world).await;
    pass_hours(&world, 2).await;
    // Somebody saves the profile in a stock Mikhmon, which makes its script blind.
    world.router.set_property(PROFILES, "1H", "on-login", STOCK.as_bytes());
    pass_hours(&world, 24).await;
    assert!(is_disabled(&world, &order));
}
