//! What `mikrelay doctor` finds on a router, in its walled garden and in a gateway account: each trouble is made on the
//! simulators, and nothing else is found beside it.

use jiff::{SignedDuration, Timestamp};
use mikrelay::company::Mode;
use mikrelay::doctor::Kind::{self, *};
use mikrelay::event::{NewEvent, RefusedCallbacks, Unbelieved};
use mikrelay::ids::{AccountId, CompanyId, EventId, HotspotId, RouterId};
use mikrelay::ledger::{Comparison, Way};
use mikrelay::order::{Order, State};
use mikrelay::payment::router_keys::{self, KeyWish};
use mikrelay::sim::gateways::Fault;
use mikrelay::sim::router::{Misbehaviour, SimRouter, SimRouterConfig, SimVersion};
use mikrelay::{app, cli};

use crate::doctor::{Clinic, assert_found, certified, kinds, shown};
use crate::store;

const PROFILE: &str = "/ip/hotspot/profile";
const USER_PROFILE: &str = "/ip/hotspot/user/profile";
const GARDEN: &str = "/ip/hotspot/walled-garden/ip";
const GARDEN_HTTP: &str = "/ip/hotspot/walled-garden";
const HOST: &str = "checkout.fedapay.com";

/// The beginning of Mikhmon's own script, with the way it takes a date apart (facts: mikhmon 2.1, 6).
const STOCK: &str = ":put (\",rem,100,1d,100,,Disable,\"); {:local date [ /system clock get date ];:local year [ :pick $date 7 11 ]; \
                     [/system sch add name=\"$user\"]}";
/// Made for both forms of dates.
const PATCHED: &str = ":put (\",rem,100,1d,100,,Disable,\"); {:local date [ /system clock get date ]; :if ([:pick $date 4 5] = \"-\") \
                       do={:set date \"x\"}; :local year [ :pick $date 7 11 ]; [/system sch add name=\"$user\"]}";

/// Everything that the tests of this file find.
pub const PROVED: &[Kind] = &[
    RouterNoLogin,
    RouterAddress,
    RouterUnreachable,
    RouterTls,
    RouterLogin,
    RouterSilent,
    RouterNotApi,
    RouterRights,
    RouterUnread,
    RouterRightsMany,
    RouterPasswordsHidden,
    RouterPlain,
    RouterApiOpen,
    RouterOld,
    DeviceModeHotspot,
    DeviceModeScheduler,
    ClockUnknown,
    ClockWrong,
    ClockNoNtp,
    TimeZone,
    NamesRefused,
    HotspotMissing,
    HotspotOff,
    HotspotEmpty,
    DnsName,
    DnsNameUnset,
    LoginPap,
    ProfileMissing,
    ProfileValidity,
    ProfilePrice,
    NeverEnds,
    MonitorMissing,
    ExpiryUnknown,
    GardenMissing,
    GardenOff,
    GardenDenied,
    GardenAddress,
    GardenNarrow,
    GardenWildcard,
    GardenHttp,
    GardenProbes,
    AccountCannotSell,
    AccountKeyRefused,
    AccountMode,
    AccountTest,
    AccountSilent,
    AccountOdd,
    AccountUnsigned,
    AccountBlind,
    WebhooksMissing,
    SignaturesRefused,
    SignaturesStale,
    ComparisonFailed,
];

/// What is wrong on the router, and all that is found then.
type Case = (&'static [Kind], fn(&SimRouter));

const ON_THE_ROUTER: &[Case] = &[
    (&[RouterRights], |router| policy(router, "api,read")),
    (&[RouterRights], |router| policy(router, "api")),
    (&[RouterRightsMany], |router| {
        policy(router, "api,read,write,policy,ftp")
    }),
    (&[RouterSilent], |router| router.set_silent_login(true)),
    (&[RouterNotApi], |router| {
        router.misbehave(Some(Misbehaviour::Garbage(b"\xff".to_vec())))
    }),
    (&[RouterSilent], |router| {
        router.misbehave(Some(Misbehaviour::Fatal("too many sessions".to_owned())))
    }),
    (&[RouterUnread], |router| {
        router.misbehave(Some(Misbehaviour::Traps(vec![(
            None,
            "failure: out of memory".to_owned(),
        )])));
    }),
    (&[RouterApiOpen], |router| {
        router.set_property("/ip/service", "api", "address", b"");
    }),
    (&[RouterOld], |router| router.set_version("6.48.6 (long-term)")),
    (&[DeviceModeHotspot], |router| {
        router.set_record("/system/device-mode", "mode", "home");
        router.set_record("/system/device-mode", "hotspot", "false");
    }),
    // Nobody uses the scheduler.
    (&[], |router| {
        router.set_record("/system/device-mode", "scheduler", "false")
    }),
    (&[DeviceModeScheduler], |router| {
        mikhmon(router, PATCHED);
        router.set_record("/system/device-mode", "scheduler", "false");
    }),
    (&[ClockWrong], |router| router.set_clock_skew_s(-56 * 365 * 86_400)),
    (&[ClockWrong], |router| router.set_clock_skew_s(400)),
    (&[], |router| router.set_clock_skew_s(200)),
    (&[ClockNoNtp], |router| {
        router.set_record("/system/ntp/client", "enabled", "false")
    }),
    (&[NamesRefused], |router| {
        router.set_record("/ip/dns", "allow-remote-requests", "false")
    }),
    (&[HotspotMissing], |router| {
        router.set_property("/ip/hotspot", "hotspot1", "name", b"Hotspot1");
    }),
    (&[HotspotOff], |router| {
        router.set_property("/ip/hotspot", "hotspot1", "disabled", b"true");
    }),
    (&[HotspotOff], |router| {
        router.set_property("/ip/hotspot", "hotspot1", "invalid", b"true");
    }),
    (&[DnsName], |router| {
        router.set_property(PROFILE, "hsprof1", "dns-name", b"other.test");
    }),
    (&[LoginPap], |router| {
        router.set_property(PROFILE, "hsprof1", "login-by", b"cookie,http-chap");
    }),
    (&[ProfileMissing], |router| {
        router.set_property(USER_PROFILE, "1H", "name", b"1h");
    }),
    (&[], |router| mikhmon(router, PATCHED)),
    (&[NeverEnds], |router| {
        mikhmon(router, STOCK);
        router.set_version("7.15.3 (stable)");
    }),
    (&[], |router| {
        mikhmon(router, STOCK);
        router.set_version("7.9.2 (stable)");
    }),
    (&[MonitorMissing], |router| {
        mikhmon(router, PATCHED);
        router.set_property("/system/scheduler", "1H", "disabled", b"true");
    }),
    (&[ExpiryUnknown], |router| {
        mikhmon(router, ":put (\",rem,100,1d,100,,Disable,\"); :log info \"mine\"")
    }),
    (&[ProfileValidity], |router| {
        mikhmon(router, &PATCHED.replace("1d", "30m"))
    }),
    (&[ProfilePrice], |router| {
        mikhmon(router, &PATCHED.replace("100", "250"))
    }),
    (&[GardenMissing], |router| router.remove_rows(GARDEN, "dst-host", HOST)),
    (&[GardenOff], |router| {
        change_rule(router, &[("dst-host", HOST), ("disabled", "true")]);
    }),
    (&[GardenDenied], |router| {
        change_rule(router, &[("dst-host", HOST), ("action", "reject")]);
        router.add_row(GARDEN, &[("dst-host", HOST)]);
    }),
    (&[GardenAddress], |router| {
        change_rule(
            router,
            &[
                ("dst-address", "203.0.113.9"),
                ("comment", "mikrelay checkout.fedapay.com"),
            ],
        );
    }),
    (&[GardenNarrow], |router| {
        change_rule(router, &[("dst-host", HOST), ("dst-port", "80")]);
    }),
    (&[GardenWildcard], |router| {
        change_rule(router, &[("dst-host", "*.fedapay.com")]);
    }),
    (&[GardenHttp], |router| {
        router.remove_rows(GARDEN, "dst-host", HOST);
        router.add_row(GARDEN_HTTP, &[("dst-host", "*.fedapay.com")]);
    }),
    (&[GardenProbes], |router| {
        router.add_row(GARDEN, &[("dst-host", "captive.apple.com")])
    }),
    (&[GardenMissing], |router| {
        change_rule(router, &[("dst-host", HOST), ("server", "hotspot2")]);
    }),
];

fn policy(router: &SimRouter, policy: &str) {
    router.set_property("/user/group", "relay", "policy", policy.as_bytes());
}

/// The plan's profile is Mikhmon's, with its monitor.
fn mikhmon(router: &SimRouter, script: &str) {
    router.set_property(USER_PROFILE, "1H", "on-login", script.as_bytes());
    router.add_row(
        "/system/scheduler",
        &[("name", "1H"), ("comment", "Monitor Profile 1H")],
    );
}

/// Another rule in the place of the one that opens the gateway's page.
fn change_rule(router: &SimRouter, values: &[(&str, &str)]) {
    router.remove_rows(GARDEN, "dst-host", HOST);
    router.add_row(GARDEN, values);
}

#[tokio::test]
async fn what_is_wrong_on_the_router_is_found() {
    for (number, (wanted, break_it)) in ON_THE_ROUTER.iter().enumerate() {
        let clinic = Clinic::open().await;
        break_it(&clinic.router);
        let report = clinic.examine_router().await;
        println!("case {number}: {wanted:?}");
        assert_found(&report, wanted);
    }
}

#[tokio::test]
async fn what_is_missing_of_the_clock_is_no_reason_to_stop() {
    let clinic = Clinic::with(SimRouterConfig {
        time_zone: "Africa/Abidjan".to_owned(),
        ..SimRouterConfig::default()
    })
    .await;
    assert_found(&clinic.examine_router().await, &[TimeZone]);
    // A router that says neither its offset nor a zone that anybody knows.
    clinic.router.hide_zone();
    assert_found(&clinic.examine_router().await, &[ClockUnknown]);
}

#[tokio::test]
async fn version_6_has_no_device_mode_and_nothing_is_made_of_it() {
    for version in [SimVersion::V6, SimVersion::Old] {
        let clinic = Clinic::with(SimRouterConfig {
            version,
            ..SimRouterConfig::default()
        })
        .await;
        let wanted: &[Kind] = if version == SimVersion::Old { &[RouterOld] } else { &[] };
        assert_found(&clinic.examine_router().await, wanted);
    }
}

#[tokio::test]
async fn what_the_business_file_lacks_is_found() {
    let login = "user = \"relay\"\npassword = \"canary-router-pass\"\n";
    let clinic = Clinic::open().await;
    let address = clinic.router.addr().to_string();
    let tls = format!("tls = \"sha256:{}\"\n{login}", "ab".repeat(32));
    clinic.edit(&address, "203.0.113.9:8728");
    // What answers there is the network's affair.
    let found = kinds(&clinic.examine_router().await);
    assert!(found.contains(&RouterPlain) && found.len() == 2, "{found:?}");
    let cases: [(&[Kind], &str, &str); 5] = [
        (&[RouterLogin], "canary-router-pass", "canary-other-pass"),
        (&[RouterUnreachable], &address, "127.0.0.1:1"),
        (&[RouterTls], login, &tls),
        (&[DnsNameUnset], "dns_name = \"wifi.test\"\n", ""),
        (&[RouterUnreachable], &address, "router.invalid:8728"),
    ];
    for (wanted, from, to) in cases {
        clinic.edit(from, to);
        println!("{wanted:?}");
        assert_found(&clinic.examine_router().await, wanted);
    }
    // What the file does not let pass may stand in an older database.
    clinic.apply(&clinic.site);
    let mut router = clinic.store().directory().routers[&RouterId::new("r1")].clone();
    router.address = "http://router".to_owned();
    let unusable = router.clone();
    clinic.write(move |db| db.put_router(&unusable).and_then(|()| db.bump_directory_version()));
    assert_found(&clinic.examine_router().await, &[RouterAddress]);
    router.credentials = None;
    clinic.write(move |db| db.put_router(&router).and_then(|()| db.bump_directory_version()));
    assert_found(&clinic.examine_router().await, &[RouterNoLogin]);
    let no_plans = clinic.site.split("[[plan]]").next().unwrap().to_owned();
    clinic.apply(&no_plans);
    assert_found(&clinic.examine_router().await, &[HotspotEmpty]);
}

#[tokio::test]
async fn a_certificate_that_is_not_the_pinned_one_is_found() {
    let (acceptor, _) = certified("router.lan", (2020, 2120));
    let clinic = Clinic::with(SimRouterConfig {
        tls: Some(acceptor.config().clone()),
        ..SimRouterConfig::default()
    })
    .await;
    let login = "user = \"relay\"\n";
    clinic.edit(login, &format!("tls = \"sha256:{}\"\n{login}", "ab".repeat(32)));
    let report = clinic.examine_router().await;
    assert_found(&report, &[RouterTls]);
    // The message names the one that was shown, and with that all is well.
    let text = shown(&report);
    let shown_one = text
        .split("has the SHA-256 ")
        .nth(1)
        .and_then(|rest| rest.get(..64))
        .unwrap();
    clinic.edit(login, &format!("tls = \"sha256:{shown_one}\"\n{login}"));
    assert_found(&clinic.examine_router().await, &[]);
}

#[tokio::test]
async fn a_router_that_is_off_is_found() {
    let clinic = Clinic::open().await;
    clinic.router.power_off().await;
    assert_found(&clinic.examine_router().await, &[RouterUnreachable]);
}

#[tokio::test]
async fn portals_need_to_see_passwords() {
    let clinic = Clinic::open().await;
    let (store, key) = app::open_store(&clinic.config).unwrap();
    let wish = KeyWish {
        name: String::new(),
        lifetime: router_keys::DEFAULT_LIFETIME,
        replacing: false,
    };
    let tokens = router_keys::tokens(&key, &["1".to_owned()]);
    cli::key::make_for_router(&store, tokens, "r1", wish, &mut Vec::new()).unwrap();
    assert_found(&clinic.examine_router().await, &[RouterPasswordsHidden]);
    policy(&clinic.router, "api,read,write,sensitive");
    assert_found(&clinic.examine_router().await, &[]);
}

#[tokio::test]
async fn what_keeps_an_account_from_selling_is_found() {
    let secret = "secret_key = \"sk_live_canary\"\n";
    let hook = "webhook_secrets = [\"wh_live_canary\"]\n";
    let cases: [(&[Kind], &str, &str); 4] = [
        (&[AccountKeyRefused], "sk_live_canary", "sk_live_canary_of_another"),
        (&[AccountBlind], secret, ""),
        (&[AccountUnsigned], hook, ""),
        (&[AccountCannotSell], &format!("{secret}{hook}"), ""),
    ];
    for (wanted, from, to) in cases {
        let clinic = Clinic::open().await;
        clinic.edit(from, to);
        println!("{wanted:?}");
        assert_found(&clinic.examine_account("feda").await, wanted);
    }
}

#[tokio::test]
async fn a_key_of_the_other_mode_is_found() {
    let clinic = Clinic::open().await;
    let mut account = clinic.store().directory().accounts[&AccountId::new("feda")].clone();
    account.mode = Mode::Test;
    clinic.write(move |db| db.put_account(&account).and_then(|()| db.bump_directory_version()));
    assert_found(&clinic.examine_account("feda").await, &[AccountMode]);
    // CinetPay's keys do not tell, and a test account is only worth a note.
    clinic.edit("gateway = \"cinetpay\"\n", "gateway = \"cinetpay\"\nmode = \"test\"\n");
    assert_found(&clinic.examine_account("cinet").await, &[AccountTest]);
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_found() {
    let clinic = Clinic::open().await;
    for fault in [
        Fault::ServerError,
        Fault::WebPage,
        Fault::TooMany,
        Fault::Garbage,
        Fault::HangUpAfterAccepting,
    ] {
        clinic.gateways.fedapay.fail_next([fault]);
        println!("{fault:?}");
        assert_found(&clinic.examine_account("feda").await, &[AccountSilent]);
    }
    clinic.gateways.fedapay.fail_next([Fault::Unauthorized]);
    assert_found(&clinic.examine_account("feda").await, &[AccountKeyRefused]);
    assert_found(&clinic.examine_account("feda").await, &[]);
    let throttled = clinic.gateways.mercadopago.base_url().to_owned();
    clinic.edit(
        "[[plan]]",
        &format!(
            "[[account]]\nid = \"mp\"\ncompany = \"cafe\"\ngateway = \"mercadopago\"\nbase_url = \"{throttled}\"\n\
             secret_key = \"APP_USR-demo-access-token\"\nwebhook_secrets = [\"canary\"]\n[[plan]]"
        ),
    );
    clinic.gateways.mercadopago.fail_next([Fault::TooManyFor42s]);
    assert_found(&clinic.examine_account("mp").await, &[AccountOdd]);
}

#[tokio::test]
async fn webhooks_that_do_not_come_are_found() {
    let clinic = Clinic::open().await;
    let hours_ago = |hours| Timestamp::now() - SignedDuration::from_hours(hours);
    let paid = move |reference: &str, hours: i64| Order {
        company: CompanyId::new("cafe"),
        hotspot: HotspotId::new("h1"),
        account: AccountId::new("feda"),
        state: State::Delivered,
        created_at: hours_ago(hours),
        paid_at: Some(hours_ago(hours)),
        ..store::order(reference)
    };
    let webhook = move |key: &str, hours: i64| NewEvent {
        account: AccountId::new("feda"),
        received_at: hours_ago(hours),
        ..store::event(key, b"{}")
    };
    let insert_order = |order: Order| clinic.write(move |db| db.insert_order(&order));
    let insert_event = |event: NewEvent| {
        let store = clinic.store();
        let sealed = store.seal_event(event).unwrap();
        store
            .write_now(move |db| {
                db.insert_event(&sealed)?;
                db.settle_event(EventId(1), "done", None, Timestamp::now())
            })
            .unwrap();
    };
    insert_order(paid("A", 30));
    assert_found(&clinic.examine_account("feda").await, &[WebhooksMissing]);
    assert_found(&clinic.examine_account("cinet").await, &[]);
    insert_event(webhook("1", 30));
    assert_found(&clinic.examine_account("feda").await, &[]);
    insert_order(paid("B", 2));
    let report = clinic.examine_account("feda").await;
    assert_found(&report, &[WebhooksMissing]);
    let address = "https://pay.example.net/pay_callback/fedapay/hotspot1";
    assert!(shown(&report).contains(address), "{}", shown(&report));
}

#[tokio::test]
async fn signatures_that_were_refused_are_told() {
    let clinic = Clinic::open().await;
    let count = |why, days: i64| {
        let one = RefusedCallbacks {
            hotspot: HotspotId::new("h1"),
            gateway: mikrelay::company::GatewayName::Fedapay,
            why,
            count: 3,
            last_at: Timestamp::now() - SignedDuration::from_hours(24 * days),
        };
        clinic.write(move |db| db.add_refused_callbacks(&[one]));
    };
    count(Unbelieved::Wrong, 9);
    assert_found(&clinic.examine_account("feda").await, &[]);
    count(Unbelieved::Wrong, 1);
    count(Unbelieved::Missing, 0);
    let report = clinic.examine_account("feda").await;
    assert_found(&report, &[SignaturesRefused]);
    assert!(
        shown(&report).contains("not believed: 6, the last one"),
        "{}",
        shown(&report)
    );
    assert_found(&clinic.examine_account("cinet").await, &[]);
    count(Unbelieved::Stale, 0);
    assert_found(
        &clinic.examine_account("feda").await,
        &[SignaturesRefused, SignaturesStale],
    );
}

#[tokio::test]
async fn a_comparison_that_failed_is_told() {
    let clinic = Clinic::open().await;
    let failed = Comparison {
        account: AccountId::new("feda"),
        company: CompanyId::new("cafe"),
        since: Timestamp::now() - SignedDuration::from_hours(24),
        until: Timestamp::now(),
        way: Way::Listed,
        checked: 0,
        mended: 0,
        left_out: 0,
        problem: Some("the gateway did not answer properly: HTTP 502".to_owned()),
        differences: Vec::new(),
    };
    clinic.write(move |db| db.save_comparison(&failed));
    assert_found(&clinic.examine_account("feda").await, &[ComparisonFailed]);
}
