//! Mikhmon beside the relay on one router: what it shows of the users we sell, and the sale records we write for it.
//! Facts: mikhmon 1.3, 3, 4, 5 and 9.

use jiff::SignedDuration;
use mikrelay::order::{Order, State};
use mikrelay::sim::router::{CutAt, SimRouterConfig, SimVersion};
use secrecy::ExposeSecret;

use super::mikhmon_reader as reader;
use super::support::{FedapayEvent, IP, MAC, SITE, World};

const PROFILES: &str = "/ip/hotspot/user/profile";
const SCRIPTS: &str = "/system/script";
const STOCK: &str = ":local year [ :pick $date 7 11 ];:local month [ :pick $date 0 3 ];";
const MADE_FOR_7: &str = ":local year [ :pick $date 0 4 ];:local month [ :pick $date 5 7 ];";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A world whose hotspot has these lines more, and whose profile runs this script.
pub async fn world(version: SimVersion, lines: &str, on_login: &str) -> World {
    let config = SimRouterConfig {
        version,
        mikhmon: true,
        ..SimRouterConfig::default()
    };
    let site = SITE.replace("prefix = \"mm\"", &format!("prefix = \"mm\"\n{lines}"));
    let world = World::selling(config, &site).await;
    world
        .router
        .set_property(PROFILES, "1H", "on-login", on_login.as_bytes());
    world
}

/// A paid order, with all that follows at once.
pub async fn sell(world: &World) -> Order {
    sell_as(world, 104_013).await
}

async fn sell_as(world: &World, id: u64) -> Order {
    let order = world.place("1h").await;
    let event = FedapayEvent {
        id,
        ..FedapayEvent::approved(&order)
    };
    assert_eq!(world.fedapay(&event).await.status, 200);
    world.drain().await;
    world.order(&order.reference).await
}

/// A sale, and the minute after which its record is written.
async fn recorded(world: &World) -> Order {
    let order = sell(world).await;
    world.later(MINUTE).await;
    order
}

fn user_of(order: &Order) -> String {
    order.voucher.as_ref().unwrap().username.expose_secret().to_owned()
}

fn adds(world: &World) -> usize {
    world
        .router
        .commands()
        .iter()
        .filter(|line| line.starts_with("/system/script/add"))
        .count()
}

#[tokio::test]
async fn a_sale_stands_in_all_three_reports_where_mikhmon_writes_none() {
    let none = ":put (\",,100,,,noexp,Disable,\")";
    let rem = format!(":put (\",rem,100,1d,100,,Disable,\"); {{{STOCK}");
    let ntf = format!(":put (\",ntf,100,1d,100,,Disable,\"); {{{STOCK}");
    for (script, validity) in [
        (rem.as_str(), "1d"),
        (&ntf, "1d"),
        (none, "1h"),
        (":log info hello", "1h"),
        ("", "1h"),
    ] {
        for version in [SimVersion::V6, SimVersion::V7] {
            let world = world(version, "mikhmon_records = true", script).await;
            let order = recorded(&world).await;
            assert_eq!(order.state, State::Delivered);
            let expected = reader::Sale {
                date: "nov/02/2026".to_owned(),
                time: "13:01:00".to_owned(),
                user: user_of(&order),
                price: "100".to_owned(),
                ip: IP.to_owned(),
                mac: MAC.to_owned(),
                validity: validity.to_owned(),
                profile: "1H".to_owned(),
                comment: order.voucher.as_ref().unwrap().comment.clone(),
            };
            let (day, month) = reader::old_keys("02", "nov", "2026");
            for (property, key) in [("source", day.as_str()), ("owner", &month), ("comment", "mikhmon")] {
                let lines = reader::report(&world.router, property, key);
                assert_eq!(
                    lines,
                    std::slice::from_ref(&expected),
                    "{version:?} {script} {property}"
                );
            }
            let name = &world.router.names(SCRIPTS)[0];
            assert_eq!(
                world.router.property(SCRIPTS, name, "policy").as_deref(),
                Some(&b"read"[..])
            );
            let history = world.history(&order).await;
            assert!(
                history.iter().any(|line| line == "the sale is in Mikhmon's records"),
                "{history:?}"
            );
            assert!(expected.user.starts_with("mm"), "the prefix tells online sales apart");
        }
    }
}

#[tokio::test]
async fn no_sale_counts_twice_where_mikhmon_records_it() {
    for mode in ["remc", "ntfc"] {
        for version in [SimVersion::V6, SimVersion::V7] {
            let script = format!(":put (\",{mode},100,1d,100,,Disable,\"); {{{STOCK} comment=mikhmon");
            let world = world(version, "mikhmon_records = true", &script).await;
            let order = recorded(&world).await;
            assert_eq!(order.state, State::Delivered);
            let all = reader::report(&world.router, "comment", "mikhmon");
            assert_eq!(all.len(), 1, "{mode}: {all:?}");
            assert_eq!(adds(&world), 0, "the relay wrote none");
            // Nor later, when the phone logs in again.
            world.router.log_off(MAC);
            let user = user_of(&order);
            world.router.http_login(&user, &user, IP, MAC).await.unwrap();
            world.later(HOUR).await;
            assert_eq!(reader::report(&world.router, "comment", "mikhmon").len(), 1);
            assert_eq!(adds(&world), 0);
        }
    }
}

#[tokio::test]
async fn nothing_is_written_unless_the_hotspot_wishes_it() {
    for lines in ["", "mikhmon_records = false"] {
        let world = world(SimVersion::V7, lines, "").await;
        let order = recorded(&world).await;
        assert_eq!(order.state, State::Delivered);
        assert!(world.router.names(SCRIPTS).is_empty());
        let asked = world.router.commands();
        assert!(!asked.iter().any(|line| line.contains("on-login")), "{asked:?}");
    }
}

#[tokio::test]
async fn the_form_is_that_of_the_newest_record_some_mikhmon_can_find() {
    let old = ("oct/30/2026", "oct2026");
    let iso = ("2026-11-01", "112026");
    // What the stock script makes of an ISO date is found by nobody.
    let broken = ("2026-11-01", "202-01");
    for (version, script, before, day, month) in [
        (SimVersion::V7, "", vec![old, iso], "2026-11-02", "112026"),
        (SimVersion::V7, "", vec![iso, old], "nov/02/2026", "nov2026"),
        (SimVersion::V7, "", vec![iso, broken], "2026-11-02", "112026"),
        (SimVersion::V7, "", vec![broken], "nov/02/2026", "nov2026"),
        (SimVersion::V6, "", vec![old], "nov/02/2026", "nov2026"),
        // No record yet: by the script that the profile has.
        (SimVersion::V7, MADE_FOR_7, vec![], "2026-11-02", "112026"),
        (SimVersion::V7, STOCK, vec![], "nov/02/2026", "nov2026"),
    ] {
        let script = format!(":put (\",rem,100,1d,100,,Disable,\"); {{{script}");
        let world = world(version, "mikhmon_records = true", &script).await;
        for (number, (date, owner)) in before.iter().enumerate() {
            let name = format!("{date}-|-10:00:00-|-old{number}-|-100-|--|--|-1d-|-1H-|-vc-100-");
            world.router.add_sale_record(&name, owner, date);
        }
        let order = recorded(&world).await;
        for (property, key) in [("source", day), ("owner", month)] {
            let lines = reader::report(&world.router, property, key);
            let own: Vec<_> = lines.iter().filter(|line| line.user == user_of(&order)).collect();
            assert_eq!(own.len(), 1, "{before:?} {property}={key}");
            assert_eq!(own[0].date, day);
        }
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_one_record() {
    for at in [CutAt::BeforeExecuting, CutAt::AfterExecuting] {
        let world = world(SimVersion::V7, "mikhmon_records = true", "").await;
        world.router.cut_at_script(at);
        let order = recorded(&world).await;
        assert_eq!(order.state, State::Delivered);
        let world = world.restart().await;
        world.later(HOUR).await;
        let lines = reader::report(&world.router, "comment", "mikhmon");
        assert_eq!(lines.len(), 1, "{at:?}");
        assert_eq!(lines[0].time, "13:01:00", "it is the same record as the first time");
        assert_eq!(world.jobs().await, 0, "{at:?}");
    }
}

#[tokio::test]
async fn missing_rights_cost_no_sale_and_are_told_once() {
    let world = world(SimVersion::V7, "mikhmon_records = true", "").await;
    world.router.set_refuse_scripts(true);
    let (first, second) = (sell_as(&world, 1).await, sell_as(&world, 2).await);
    world.later(MINUTE).await;
    for order in [&first, &second] {
        assert_eq!(order.state, State::Delivered);
        let history = world.history(order).await;
        let told = history
            .iter()
            .filter(|line| line.contains("not enough permissions"))
            .count();
        assert_eq!(told, 1, "{history:?}");
    }
    world.later(HOUR).await;
    let alerts = || {
        let mails = world.mailbox.messages();
        mails
            .iter()
            .filter(|mail| mail.text.contains("mikhmon_records"))
            .count()
    };
    assert_eq!(alerts(), 1, "one mail for the router, whatever is sold");
    world.router.set_refuse_scripts(false);
    world.later(HOUR).await;
    assert_eq!(
        reader::report(&world.router, "comment", "mikhmon").len(),
        2,
        "what waited is written"
    );
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn refused_records_are_given_up_after_days() {
    let world = world(SimVersion::V7, "mikhmon_records = true", "").await;
    world.router.set_refuse_scripts(true);
    let order = recorded(&world).await;
    for _ in 0..80 {
        world.later(HOUR).await;
    }
    assert_eq!(world.jobs().await, 0);
    let history = world.history(&order).await;
    assert!(
        history
            .iter()
            .any(|line| line.starts_with("no sale record was written")),
        "{history:?}"
    );
}

#[tokio::test]
async fn what_went_back_is_not_recorded() {
    let world = world(SimVersion::V7, "mikhmon_records = true", "").await;
    world.router.set_refuse_scripts(true);
    let order = recorded(&world).await;
    let refunded = FedapayEvent {
        name: "transaction.refunded",
        status: "refunded",
        ..FedapayEvent::approved(&order)
    };
    world.fedapay(&refunded).await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Refunded);
    world.router.set_refuse_scripts(false);
    world.later(HOUR).await;
    assert!(world.router.names(SCRIPTS).is_empty());
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn a_router_whose_clock_was_never_set_gets_its_record_later() {
    let world = world(SimVersion::V6, "mikhmon_records = true", "").await;
    let years_behind = 56 * 365 * 86_400;
    world.router.set_clock_skew_s(-years_behind);
    let order = recorded(&world).await;
    assert_eq!(order.state, State::Delivered);
    assert!(world.router.names(SCRIPTS).is_empty());
    world.router.set_clock_skew_s(0);
    world.later(HOUR).await;
    assert_eq!(reader::report(&world.router, "owner", "nov2026").len(), 1);
}

#[tokio::test]
async fn the_users_we_sell_look_right_in_mikhmons_list_filter_and_print() {
    for (mode, kind) in [("vc", "vc"), ("up", "up"), ("pin", "up")] {
        for prefix in ["mm", "mm-", ""] {
            let site = SITE.replace("prefix = \"mm\"", &format!("prefix = \"{prefix}\"\nmode = \"{mode}\""));
            let world = World::selling(SimRouterConfig::default(), &site).await;
            // These phones stay offline, so that what is sold is also what a batch's print shows.
            world.router.remove_host(MAC);
            let orders = [
                sell_as(&world, 1).await,
                sell_as(&world, 2).await,
                sell_as(&world, 3).await,
            ];
            let users = world.users();
            assert_eq!(users.len(), 3);
            let batches = reader::batches(&users);
            assert_eq!(batches.len(), 1, "one line for a day's sales: {batches:?}");
            let (comment, profile, count) = &batches[0];
            assert_eq!((profile.as_str(), *count), ("1H", 3));
            assert!(
                comment.starts_with(&format!("{kind}-")) && comment.ends_with("-11.02.26-"),
                "{comment}"
            );
            let (printed_kind, printed) = reader::printed_batch(&users, comment);
            assert_eq!((printed_kind.as_str(), printed.len()), (kind, 3));
            for user in &users {
                assert!(reader::links_to_batch(user));
                assert_eq!(reader::printed_user(&users, user), Some(user), "{mode} {prefix}");
                assert_ne!(user.limit_uptime_s, 1, "that is the list of expired users");
                assert_eq!(user.server, "hotspot1");
                assert!(
                    user.name.len() <= 32 && user.name.matches('-').count() <= 1,
                    "{}",
                    user.name
                );
            }
            assert!(orders.iter().all(|order| order.state == State::Delivered));
        }
    }
}

#[tokio::test]
async fn a_hotspot_may_make_each_sale_a_batch_of_its_own() {
    let world = world(SimVersion::V7, "mikhmon_batch = \"sale\"", "").await;
    world.router.remove_host(MAC);
    let orders = [sell_as(&world, 1).await, sell_as(&world, 2).await];
    let batches = reader::batches(&world.users());
    assert_eq!(batches.len(), 2);
    for order in &orders {
        let of_order = |(comment, ..): &(String, String, usize)| comment.ends_with(&format!("-{}", order.reference));
        assert!(batches.iter().any(of_order), "{batches:?}");
    }
}

#[tokio::test]
async fn no_user_is_called_like_a_profile_or_a_scheduler() {
    let site = SITE.replace("prefix = \"mm\"", "mode = \"pin\"\nlength = 3");
    for what in ["profile", "scheduler", "script"] {
        let world = World::selling(SimRouterConfig::default(), &site).await;
        for number in 0..1_000 {
            let name = format!("{number:03}");
            match what {
                "profile" => world.router.add_profile(&name),
                "scheduler" => world.router.add_scheduler(&name),
                _ => world.router.add_sale_record(&name, "admin", "x"),
            }
        }
        let order = sell(&world).await;
        assert_eq!(order.state, State::Paid, "{what}: every name is taken");
        assert!(world.users().is_empty());
    }
}

#[tokio::test]
async fn a_login_that_may_not_see_scripts_sells_all_the_same() {
    let world = World::new().await;
    world.router.set_refuse_scripts(true);
    assert_eq!(sell(&world).await.state, State::Delivered);
}
