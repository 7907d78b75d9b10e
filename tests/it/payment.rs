//! The way of a payment, from the webhook to the phone, on a simulated router: FedaPay webhooks signed with
//! the account's secret and nothing to ask the gateway with, so that only the relay's own steps are at work.

use jiff::SignedDuration;
use mikrelay::ids::{AccountId, RouterId};
use mikrelay::order::{Online, Order, State};
use mikrelay::payment::checkout::{PlaceOrder, Placed};
use mikrelay::reason::Reason;
use mikrelay::sim::router::{CutAt, Misbehaviour, SimRouterConfig, SimVersion};

use crate::support::{FedapayEvent, MAC, SITE, World, sign_fedapay, wish};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn a_paid_order_becomes_one_user_a_phone_online_and_a_mail() {
    let world = World::new().await;
    let order = world.place("1h").await;
    assert_eq!(order.state, State::Waiting);
    let reply = world.fedapay(&FedapayEvent::approved(&order)).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok"));
    assert!(world.users().is_empty(), "the answer does not wait for the router");
    world.drain().await;

    let order = world.order(&order.reference).await;
    assert_eq!((order.state, order.online), (State::Delivered, Online::Yes));
    let users = world.users();
    let [user] = users.as_slice() else {
        panic!("one user is wanted: {users:?}")
    };
    assert!(
        user.name.starts_with("mm") && user.name.len() == 8,
        "prefix and six characters"
    );
    assert_eq!(user.password, user.name, "mode vc");
    assert_eq!((user.server.as_str(), user.profile.as_str()), ("hotspot1", "1H"));
    assert_eq!((user.limit_uptime_s, user.limit_bytes_total), (3600, 0));
    assert!(
        user.comment.starts_with("vc-") && user.comment.ends_with("-11.02.26-"),
        "{}",
        user.comment
    );
    assert!(world.router.is_online(MAC));
    let mails = world.mailbox.messages();
    let [mail] = mails.as_slice() else {
        panic!("one mail is wanted")
    };
    assert_eq!(mail.recipient, "awa@example.net");
    assert!(
        mail.text.contains(&user.name) && mail.text.contains("104013") && mail.text.contains(MAC),
        "{}",
        mail.text
    );
    assert_eq!(world.jobs().await, 1, "only the question to the gateway is left");
}

#[tokio::test]
async fn d1_a_hundred_deliveries_are_one_row_and_one_user() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let event = FedapayEvent::approved(&order);
    let calls = (0..100).map(|_| world.fedapay(&event));
    for reply in futures(calls).await {
        assert_eq!(reply.status, 200);
    }
    world.drain().await;
    for _ in 0..10 {
        assert_eq!(world.fedapay(&event).await.status, 200);
        world.drain().await;
    }
    assert_eq!(world.events().await, 1);
    assert_eq!(world.users().len(), 1);
    assert_eq!(world.mailbox.messages().len(), 1);
}

/// Runs many at once on this task.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = all.map(Box::pin).collect();
    let mut outputs: Vec<_> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in pinned.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn d2_other_bytes_under_the_same_event_id_are_noticed_and_change_nothing() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let first = FedapayEvent {
        more: r#","id":"evt_1""#,
        ..FedapayEvent::approved(&order)
    };
    let second = FedapayEvent {
        amount: 999,
        ..first.clone()
    };
    assert_eq!(world.fedapay(&first).await.status, 200);
    assert_eq!(world.fedapay(&second).await.status, 200);
    world.drain().await;
    let events = world
        .relay
        .store()
        .read(|db| db.events(&mikrelay::store::EventFilter::default()))
        .await
        .unwrap();
    assert!(events.len() == 1 && events[0].conflict);
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn d3_two_events_of_one_order_make_one_user() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    let transferred = FedapayEvent {
        name: "transaction.transferred",
        status: "transferred",
        ..approved.clone()
    };
    world.fedapay(&approved).await;
    world.fedapay(&transferred).await;
    world.drain().await;
    assert_eq!((world.events().await, world.users().len()), (2, 1));
    assert_eq!(world.mailbox.messages().len(), 1);
}

#[tokio::test]
async fn d4_a_late_success_fulfils_and_a_late_failure_takes_nothing() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    let declined = FedapayEvent {
        name: "transaction.declined",
        status: "declined",
        ..approved.clone()
    };
    let canceled = FedapayEvent {
        name: "transaction.canceled",
        status: "canceled",
        ..approved.clone()
    };
    world.fedapay(&declined).await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Failed);
    world.fedapay(&approved).await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Delivered);
    world.fedapay(&canceled).await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn d4_a_refund_disables_the_user_and_logs_him_off() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    world.fedapay(&approved).await;
    world.drain().await;
    assert!(world.router.is_online(MAC));
    world
        .fedapay(&FedapayEvent {
            name: "transaction.refunded",
            status: "refunded",
            ..approved.clone()
        })
        .await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Refunded);
    assert!(world.users()[0].disabled && !world.router.is_online(MAC));
    // The payment's own event, arriving after all, wakes nothing.
    world
        .fedapay(&FedapayEvent {
            name: "transaction.transferred",
            status: "transferred",
            ..approved
        })
        .await;
    world.drain().await;
    assert!(world.users()[0].disabled && world.users().len() == 1);
}

#[tokio::test]
async fn d4_a_refund_before_the_payment_leaves_no_user_and_another_payment_still_buys() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let approved = FedapayEvent::approved(&order);
    world
        .fedapay(&FedapayEvent {
            name: "transaction.refunded",
            status: "refunded",
            ..approved.clone()
        })
        .await;
    world.fedapay(&approved).await;
    world.drain().await;
    // That payment came and went, whichever word of it came first.
    assert_eq!((world.state(&order).await, world.users().len()), (State::Refunded, 0));
    world
        .fedapay(&FedapayEvent {
            id: approved.id + 1,
            ..approved
        })
        .await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn d5_a_replayed_request_is_too_old_and_a_resent_event_known() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let event = FedapayEvent::approved(&order);
    let body = event.body();
    let old = sign_fedapay(world.clock.now(), crate::support::WEBHOOK_SECRET, body.as_bytes());
    world.fedapay(&event).await;
    world.drain().await;
    world.clock.advance_ms(301_000);
    let reply = world
        .call("fedapay", "", &[("x-fedapay-signature", &old)], body.as_bytes())
        .await;
    assert_eq!(reply.status, 401);
    world.later(SignedDuration::from_hours(24 * 90)).await;
    assert_eq!(world.fedapay(&event).await.status, 200);
    world.drain().await;
    assert_eq!((world.events().await, world.users().len()), (1, 1));
}

#[tokio::test]
async fn i4_a_bad_signature_leaves_no_row() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let body = FedapayEvent::approved(&order).body();
    let wrong = sign_fedapay(world.clock.now(), "wh_live_of_another", body.as_bytes());
    for headers in [
        &[("x-fedapay-signature", wrong.as_str())][..],
        &[],
        &[("x-fedapay-signature", "t=1,s=zz")],
    ] {
        let reply = world
            .call(
                "fedapay",
                &format!("mikaccessuuid={}", crate::support::UUID),
                headers,
                body.as_bytes(),
            )
            .await;
        assert_eq!(reply.status, 401, "{headers:?}");
    }
    assert_eq!(world.events().await, 0);
}

#[tokio::test]
async fn unknown_gateways_and_servers_are_404_with_a_hint() {
    let world = World::new().await;
    let unknown = world.call("paypal", "", &[], b"{}").await;
    assert!(unknown.status == 404 && unknown.body.contains("fedapay"), "{unknown:?}");
    let server = world.call_at("nowhere", "fedapay", "", &[], b"{}").await;
    assert!(server.status == 404 && server.body.contains("label"), "{server:?}");
    let without = world.call("feexpay", "", &[], b"{}").await;
    assert!(without.status == 404 && without.body.contains("FeexPay"), "{without:?}");
}

#[tokio::test]
async fn b1_an_amount_that_differs_is_held_shown_and_never_provisioned() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world
        .fedapay(&FedapayEvent {
            amount: 1,
            ..FedapayEvent::approved(&order)
        })
        .await;
    world.drain().await;
    let held = world.order(&order.reference).await;
    assert_eq!(held.state, State::Held);
    assert!(matches!(held.reason, Some(Reason::WrongAmount { paid, .. }) if paid.minor() == 1));
    assert!(world.users().is_empty());
    let mails = world.mailbox.messages();
    assert!(
        mails.len() == 1 && mails[0].text.contains(order.reference.as_str()),
        "the operator is told"
    );
}

#[tokio::test]
async fn p3_a_signed_body_that_is_not_json_is_kept_and_answered_200() {
    let world = World::new().await;
    let order = world.place("1h").await;
    for body in [
        &b"not json"[..],
        b"[]",
        b"null",
        &[0xff, 0xfe],
        "[".repeat(10_000).as_bytes(),
        b"{\"name\":1e400}",
    ] {
        let signature = sign_fedapay(world.clock.now(), crate::support::WEBHOOK_SECRET, body);
        let reply = world
            .call("fedapay", "", &[("x-fedapay-signature", &signature)], body)
            .await;
        assert_eq!(reply.status, 200);
    }
    world.drain().await;
    assert_eq!((world.events().await, world.state(&order).await), (6, State::Waiting));
}

#[tokio::test]
async fn mik_parameters_of_an_authentic_call_shape_the_voucher() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let headers = [
        ("mikusermode", "up"),
        ("MikNameLength", "8"),
        ("mikcharacter", "lower"),
        ("mikuserprefix", "zz"),
        ("miknotifemail", "patron@example.net"),
    ];
    world.fedapay_with(&FedapayEvent::approved(&order), &headers).await;
    world.drain().await;
    let user = world.users().remove(0);
    assert!(
        user.name.starts_with("zz") && user.name.len() == 10 && user.password != user.name,
        "{user:?}"
    );
    assert!(user.name.bytes().all(|b| b.is_ascii_lowercase()));
    assert!(user.comment.starts_with("up-"));
    assert_eq!(world.mailbox.messages()[0].recipient, "patron@example.net");
}

#[tokio::test]
async fn a_wrong_mik_parameter_holds_the_order_names_itself_and_a_retry_goes_on() {
    for (name, value) in [
        ("miknamelength", "99"),
        ("miknamelength", "0"),
        ("miknamelength", "abc"),
        ("mikcharacter", "emoji"),
        ("mikusermode", "x"),
    ] {
        let world = World::new().await;
        let order = world.place("1h").await;
        let reply = world
            .fedapay_with(&FedapayEvent::approved(&order), &[(name, value)])
            .await;
        assert_eq!(reply.status, 200);
        world.drain().await;
        let held = world.order(&order.reference).await;
        assert_eq!(held.state, State::Held, "{name}={value}");
        assert!(matches!(&held.reason, Some(Reason::UnusableParams { faults, .. }) if faults[0].name == name));
        assert!(world.users().is_empty());
        retry(&world, &order).await;
        world.drain().await;
        assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
    }
}

#[tokio::test]
async fn beside_a_faulty_parameter_the_valid_ones_count_when_the_order_goes_on() {
    let site = SITE.replace("user = \"relay\"\npassword = \"relay-pass\"\n", "");
    let world = World::selling(SimRouterConfig::default(), &site).await;
    let order = world.place("1h").await;
    let headers = [
        ("mikadminuser", "relay"),
        ("mikadminpass", "relay-pass"),
        ("mikusermode", "up"),
        ("miknamelength", "99"),
        ("mikcharacter", "lower"),
        ("mikuserprefix", "zz"),
        ("mikserver", "hotspot1"),
        ("mikdnsname", "other.example.net"),
    ];
    world.fedapay_with(&FedapayEvent::approved(&order), &headers).await;
    world.drain().await;
    let held = world.order(&order.reference).await;
    assert_eq!((held.state, world.users().len()), (State::Held, 0));
    assert!(held.reason.unwrap().to_string().contains("miknamelength"));
    assert_eq!(held.params.server.as_deref(), Some("hotspot1"));

    retry(&world, &order).await;
    world.drain().await;
    let sold = world.order(&order.reference).await;
    assert_eq!(
        (sold.state, sold.params.server.as_deref()),
        (State::Delivered, Some("hotspot1"))
    );
    assert_eq!(sold.params.dns_name.as_deref(), Some("other.example.net"));
    assert!(sold.params.admin_password.is_none(), "the router has it");
    let user = world.users().remove(0);
    assert!(
        user.name.starts_with("zz") && user.name.len() == 8,
        "the hotspot's length: {user:?}"
    );
    assert!(
        user.name.bytes().all(|b| b.is_ascii_lowercase()) && user.password != user.name,
        "{user:?}"
    );
}

#[tokio::test]
async fn an_event_of_another_hotspots_order_is_answered_200_and_does_nothing() {
    let more = r#"
[[hotspot]]
id = "h2"
router = "r1"
label = "hotspot2"
name = "hotspot1"
"#;
    let world = World::with(SimRouterConfig::default(), more).await;
    let order = world.place("1h").await;
    let body = FedapayEvent::approved(&order).body();
    let sign = || sign_fedapay(world.clock.now(), crate::support::WEBHOOK_SECRET, body.as_bytes());
    let reply = world
        .call_at(
            "hotspot2",
            "fedapay",
            "",
            &[("x-fedapay-signature", &sign())],
            body.as_bytes(),
        )
        .await;
    world.drain().await;
    assert_eq!((reply.status, world.state(&order).await), (200, State::Waiting));
    // The right hotspot's webhook still counts.
    world
        .call("fedapay", "", &[("x-fedapay-signature", &sign())], body.as_bytes())
        .await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Delivered);
}

#[tokio::test]
async fn r1_a_router_that_is_off_delays_only_its_own_orders_and_recovers_by_itself() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.router.power_off().await;
    assert_eq!(world.fedapay(&FedapayEvent::approved(&order)).await.status, 200);
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Paid);
    for _ in 0..60 {
        world.later(MINUTE).await;
    }
    assert_eq!(world.state(&order).await, State::Paid);
    world.router.power_on().await.unwrap();
    world.later(SignedDuration::from_mins(5)).await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn r3_a_refused_login_is_shown_to_the_operator_once_and_mended_without_a_restart() {
    let world = World::new().await;
    assert!(world.router.set_property("/user", "relay", "password", b"changed"));
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    for _ in 0..30 {
        world.later(MINUTE).await;
    }
    let stuck = world.order(&order.reference).await;
    assert_eq!(stuck.state, State::Stuck);
    assert!(matches!(stuck.reason, Some(Reason::RouterLoginRefused { .. })));
    assert_eq!(world.mailbox.messages().len(), 1, "told once");
    let logins = world
        .router
        .commands()
        .iter()
        .filter(|line| line.starts_with("/login"))
        .count();
    assert!(logins <= 15, "{logins} logins in half an hour");
    assert!(world.router.set_property("/user", "relay", "password", b"relay-pass"));
    world.later(SignedDuration::from_mins(5)).await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn a_missing_profile_makes_the_order_stuck_until_it_is_there() {
    let world = World::new().await;
    world.router.remove_profile("1H");
    // The API would take the unique prefix `1HX` for it in silence.
    world.router.add_profile("1HX");
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let stuck = world.order(&order.reference).await;
    assert_eq!(stuck.state, State::Stuck);
    assert!(matches!(&stuck.reason, Some(Reason::ProfileMissing { profile, .. }) if profile == "1H"));
    assert!(world.users().is_empty());
    world.router.add_profile("1H");
    world.later(MINUTE).await;
    assert_eq!(world.state(&order).await, State::Delivered);
    assert_eq!(world.users()[0].profile, "1H");
}

#[tokio::test]
async fn a_server_that_only_the_callback_named_is_corrected_by_a_retry() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world
        .fedapay_with(&FedapayEvent::approved(&order), &[("mikserver", "hotspot-of-old")])
        .await;
    world.drain().await;
    let stuck = world.order(&order.reference).await;
    assert_eq!(stuck.state, State::Stuck);
    let reason = Reason::CallbackServerMissing {
        router: RouterId::new("r1"),
        server: "hotspot-of-old".to_owned(),
        own: "hotspot1".to_owned(),
    };
    assert_eq!(stuck.reason, Some(reason));
    retry(&world, &order).await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Delivered);
    assert_eq!(world.users()[0].server, "hotspot1");
}

#[tokio::test]
async fn an_operator_whom_only_the_callback_names_is_told_of_held_money() {
    let more = r#"
[[company]]
id = "silent"
name = "Sans adresse"
country = "BJ"

[[router]]
id = "r2"
company = "silent"
address = "{router}"
user = "relay"
password = "relay-pass"

[[hotspot]]
id = "h2"
router = "r2"
label = "hotspot2"
name = "hotspot1"

[[account]]
id = "feda2"
company = "silent"
gateway = "fedapay"
public_key = "pk_live_of_the_silent"
webhook_secrets = ["wh_live_of_the_test"]

[[plan]]
id = "quiet"
hotspot = "h2"
label = "1 heure"
profile = "1H"
price = "100"
"#;
    let world = World::with(SimRouterConfig::default(), more).await;
    let order = world.place("quiet").await;
    let body = FedapayEvent {
        amount: 50,
        ..FedapayEvent::approved(&order)
    }
    .body();
    let signature = sign_fedapay(world.clock.now(), crate::support::WEBHOOK_SECRET, body.as_bytes());
    let headers = [
        ("x-fedapay-signature", signature.as_str()),
        ("miknotifemail", "koffi@example.net"),
    ];
    world
        .call_at("hotspot2", "fedapay", "", &headers, body.as_bytes())
        .await;
    world.drain().await;
    assert_eq!(world.state(&order).await, State::Held);
    let told: Vec<_> = world
        .mailbox
        .messages()
        .into_iter()
        .map(|mail| mail.recipient)
        .collect();
    assert_eq!(told, ["koffi@example.net"]);
}

#[tokio::test]
async fn a_failure_that_the_gateway_does_not_explain_is_not_explained_in_its_name() {
    let world = World::new().await;
    let order = world.place("1h").await;
    let declined = FedapayEvent {
        name: "transaction.declined",
        status: "declined",
        ..FedapayEvent::approved(&order)
    };
    world.fedapay(&declined).await;
    world.drain().await;
    let failed = world.order(&order.reference).await;
    assert_eq!((failed.state, failed.reason), (State::Failed, None));
}

#[tokio::test]
async fn b2_sandbox_money_buys_nothing_that_is_sold_for_real_money() {
    let more = r#"
[[account]]
id = "trial"
company = "cafe"
gateway = "fedapay"
mode = "test"
public_key = "pk_sandbox_of_the_test"
webhook_secrets = ["wh_sandbox_of_the_test"]

[[plan]]
id = "both"
hotspot = "h1"
accounts = ["feda", "trial"]
label = "1 heure"
profile = "1H"
price = "100"

[[plan]]
id = "tryout"
hotspot = "h1"
accounts = ["trial"]
label = "1 heure"
profile = "1H"
price = "100"
"#;
    for (plan, expected) in [("both", State::Held), ("tryout", State::Delivered)] {
        let world = World::with(SimRouterConfig::default(), more).await;
        let wish = PlaceOrder {
            account: Some(AccountId::new("trial")),
            ..wish(plan)
        };
        let Placed::Page { token } = world.relay.place(wish).await.unwrap() else {
            panic!("this account sells by script")
        };
        let order = world.by_token(token).await;
        let body = FedapayEvent::approved(&order).body();
        let signature = sign_fedapay(world.clock.now(), "wh_sandbox_of_the_test", body.as_bytes());
        let reply = world
            .call("fedapay", "", &[("x-fedapay-signature", &signature)], body.as_bytes())
            .await;
        assert_eq!(reply.status, 200);
        world.drain().await;
        let order = world.order(&order.reference).await;
        assert_eq!(order.state, expected, "{plan}: {:?}", order.reason);
        assert_eq!(world.users().len(), usize::from(expected == State::Delivered));
    }
    let world = World::with(SimRouterConfig::default(), more).await;
    let first = world.place("both").await;
    assert_eq!(first.account, AccountId::new("feda"), "buyers are offered the real one");
}

/// What the operator does at the command line.
async fn retry(world: &World, order: &Order) {
    let (store, reference) = (world.relay.store().clone(), order.reference.to_string());
    let retried =
        tokio::task::spawn_blocking(move || mikrelay::cli::order::retry(&store, &reference, &mut Vec::new())).await;
    retried.unwrap().unwrap();
}

fn set_policy(world: &World, policy: &str) {
    assert!(
        world
            .router
            .set_property("/user/group", "relay", "policy", policy.as_bytes())
    );
}

#[tokio::test]
async fn missing_rights_make_the_order_stuck_with_the_policies_that_are_wanted() {
    let world = World::new().await;
    set_policy(&world, "api,read");
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let stuck = world.order(&order.reference).await;
    assert_eq!(stuck.state, State::Stuck);
    assert!(matches!(stuck.reason, Some(Reason::RouterRightsMissing { .. })));
    set_policy(&world, "api,read,write");
    world.later(MINUTE).await;
    assert_eq!(world.state(&order).await, State::Delivered);
}

#[tokio::test]
async fn r4_a_name_somebody_else_has_is_drawn_again() {
    let world = World::new().await;
    let order = world.place("1h").await;
    // The voucher is stored and the router's answer lost, and meanwhile somebody takes the name.
    world.router.cut_at_add(1, CutAt::BeforeExecuting);
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let drawn = world.order(&order.reference).await.voucher.unwrap();
    let name = secrecy::ExposeSecret::expose_secret(&drawn.username).to_owned();
    world
        .router
        .add_user("hotspot1", &name, "other", b"vc-123-01.01.26-mine");
    world.later(MINUTE).await;
    let users = world.users();
    assert_eq!((world.state(&order).await, users.len()), (State::Delivered, 2));
    assert!(users[0].comment.ends_with("mine") && users[1].name != name);
}

#[tokio::test]
async fn r5_a_lost_reply_is_unknown_and_the_user_is_adopted() {
    let world = World::new().await;
    let order = world.place("1h").await;
    world.router.cut_at_add(1, CutAt::AfterExecuting);
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Paid, 1));
    world.later(MINUTE).await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
    let adds = world
        .router
        .commands()
        .iter()
        .filter(|line| line.starts_with("/ip/hotspot/user/add"))
        .count();
    assert_eq!(adds, 1, "looked up, not added again");
}

#[tokio::test]
async fn k3_a_restart_at_any_step_leaves_one_user() {
    for faults in 0..3 {
        let world = World::new().await;
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        match faults {
            0 => {}
            1 => world.router.cut_at_add(1, CutAt::BeforeExecuting),
            _ => world.router.cut_at_add(1, CutAt::AfterExecuting),
        }
        if faults > 0 {
            world.drain().await;
        }
        let world = world.restart().await;
        world.later(MINUTE).await;
        assert_eq!(
            (world.state(&order).await, world.users().len()),
            (State::Delivered, 1),
            "case {faults}"
        );
        assert_eq!(world.mailbox.messages().len(), 1);
    }
}

#[tokio::test]
async fn x_a_hostile_router_is_a_router_that_does_not_answer() {
    for hostile in [
        Misbehaviour::Garbage(vec![0xef, 0xff, 0xff, 0xff]),
        Misbehaviour::Garbage(vec![0xf0, 0xff, 0xff, 0xff, 0xff]),
        Misbehaviour::Garbage(vec![0xf8, 1, 2, 3]),
        Misbehaviour::Garbage(vec![0x05, 0x00, 0xff, 0xfe, 0xc3, 0x28, 0xf1, 0xf2]),
        Misbehaviour::EndlessRows,
        Misbehaviour::EndlessWords,
        Misbehaviour::EmptySentences,
        Misbehaviour::Fatal("too many commands".to_owned()),
        Misbehaviour::Silence,
    ] {
        let world = World::new().await;
        world.router.misbehave(Some(hostile.clone()));
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        assert!(
            matches!(world.state(&order).await, State::Paid | State::Stuck),
            "{hostile:?}"
        );
        assert!(world.users().is_empty());
        world.router.misbehave(None);
        world.later(MINUTE).await;
        assert_eq!(
            (world.state(&order).await, world.users().len()),
            (State::Delivered, 1),
            "{hostile:?}"
        );
    }
}

#[tokio::test]
async fn old_and_new_routers_are_served_alike() {
    for version in [SimVersion::Old, SimVersion::V6, SimVersion::V7] {
        let world = World::with(
            SimRouterConfig {
                version,
                ..SimRouterConfig::default()
            },
            "",
        )
        .await;
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        assert_eq!(
            (world.state(&order).await, world.users().len()),
            (State::Delivered, 1),
            "{version:?}"
        );
        assert!(world.users()[0].comment.ends_with("-11.02.26-"));
    }
}

#[tokio::test]
async fn a_phone_that_moved_is_found_by_its_mac_and_one_that_left_gets_a_link() {
    let world = World::new().await;
    world.router.add_host("10.5.50.99", MAC, "hotspot1");
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    assert_eq!(world.order(&order.reference).await.online, Online::Yes);
    assert_eq!(world.router.active()[0].address, "10.5.50.99");

    let world = World::new().await;
    world.router.remove_host(MAC);
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let order = world.order(&order.reference).await;
    assert_eq!((order.state, order.online), (State::Delivered, Online::No));
    let view = world.relay.order_view(&order.token).await.unwrap().unwrap();
    let voucher = view.voucher.unwrap();
    let link = view.login_url.unwrap();
    assert!(
        link.starts_with(&format!("http://wifi.example.net/login?username={}&", voucher.username)),
        "{link}"
    );
}

#[tokio::test]
async fn a_router_without_credentials_learns_them_from_an_authentic_call() {
    let more = r#"
[[router]]
id = "r2"
company = "cafe"
address = "{router}"

[[hotspot]]
id = "h2"
router = "r2"
label = "hotspot2"
name = "hotspot1"

[[plan]]
id = "learn"
hotspot = "h2"
label = "1 heure"
profile = "1H"
price = "100"
"#;
    let world = World::with(SimRouterConfig::default(), more).await;
    let order = world.place("learn").await;
    let body = FedapayEvent::approved(&order).body();
    let signature = sign_fedapay(world.clock.now(), crate::support::WEBHOOK_SECRET, body.as_bytes());
    let headers = [
        ("x-fedapay-signature", signature.as_str()),
        ("mikadminuser", "relay"),
        ("mikadminpass", "relay-pass"),
    ];
    world
        .call_at("hotspot2", "fedapay", "", &headers, body.as_bytes())
        .await;
    world.drain().await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
    assert_eq!(world.mailbox.messages().len(), 1, "the sale, and no alarm before it");
    assert!(
        world
            .history(&order)
            .await
            .iter()
            .any(|line| line.contains("mikadminpass")),
        "the operator is told"
    );
}

#[tokio::test]
async fn a_form_sent_twice_is_one_order() {
    let world = World::new().await;
    let wish = mikrelay::payment::checkout::PlaceOrder {
        nonce: Some("0123456789".to_owned()),
        ..crate::support::wish("1h")
    };
    let first = world.relay.place(wish.clone()).await.unwrap();
    assert_eq!(world.relay.place(wish).await.unwrap(), first);
    let orders = world.relay.store().read(|db| db.count_orders_by_state()).await.unwrap();
    assert_eq!(orders, [(State::Waiting, 1)]);
}

#[tokio::test]
async fn c1_a_clock_that_was_years_ahead_delays_nothing_for_years() {
    let world = World::new().await;
    world.clock.advance_ms(10 * 365 * 24 * 3_600_000);
    let order = world.place("1h").await;
    world.router.power_off().await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    // Somebody sets the clock right; what was postponed by the wrong one is due ten years from now.
    world.clock.advance_ms(-10 * 365 * 24 * 3_600_000);
    world.router.power_on().await.unwrap();
    world.later(SignedDuration::from_mins(1)).await;
    assert_eq!((world.state(&order).await, world.users().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn m1_a_dead_mail_server_delays_nothing_and_loses_nothing() {
    let world = World::new().await;
    world.mailbox.refuse(Some(mikrelay::notify::mail::Retry::Later));
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    assert_eq!(
        (world.state(&order).await, world.mailbox.messages().len()),
        (State::Delivered, 0)
    );
    for _ in 0..60 {
        world.later(MINUTE).await;
    }
    world.mailbox.refuse(None);
    world.later(SignedDuration::from_mins(6)).await;
    assert_eq!(world.mailbox.messages().len(), 1);
}
