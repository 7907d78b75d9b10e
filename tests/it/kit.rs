//! The kit: its scripts run on the simulated router and keep to what every version knows; its pages say what they should.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;
use mikrelay::cli;
use mikrelay::clock::Clock;
use mikrelay::company::{Company, Directory, GatewayName, Language, RouterTls};
use mikrelay::config::Config;
use mikrelay::ids::RouterId;
use mikrelay::kit::{
    Look, Offer, RouterScript, gateways_page, login_page, removal_script, router_script, walled_garden_hosts,
    walled_garden_script,
};
use mikrelay::routeros::{Deadlines, Session, Target};
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimVersion};
use mikrelay::site;
use mikrelay::store::Store;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::console::{Console, Run};
use crate::script::{Command, Expr, commands, parse};

const GARDEN: &str = "/ip/hotspot/walled-garden/ip";
const SCHEMA: &str = include_str!("../data/routeros-schema-extract.json");
const SITE: &str = include_str!("../data/kit.toml");
const FULL: &str = "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon";

/// The relay's records, with the business file of these tests.
struct Office {
    folder: TempDir,
    config: Config,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::read("", Path::new("kit"), std::iter::empty()).unwrap();
        config.data_dir = folder.path().join("data");
        config.public_url = Some("https://pay.example.net".parse().unwrap());
        let office = Self { folder, config };
        let site = site::read(SITE, Path::new(".")).unwrap();
        cli::apply::write(&office.store(), site, false).unwrap().unwrap();
        office
    }

    fn store(&self) -> Store {
        Store::open_folder(&self.config.data_dir, &self.config.master_key_file(), Clock::System).unwrap()
    }

    /// What `mikrelay kit …` prints.
    fn kit(&self, words: &str) -> anyhow::Result<String> {
        let given = std::iter::once("kit").chain(words.split_whitespace());
        let line = Line::try_parse_from(given)?;
        let mut out = Vec::new();
        cli::kit::run(line.kit, || Ok(self.config.clone()), &mut out)?;
        Ok(String::from_utf8(out)?)
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    kit: cli::kit::KitArgs,
}

fn directory() -> Directory {
    let office = Office::open();
    let directory = office.store().directory();
    (*directory).clone()
}

fn url() -> Url {
    "https://pay.example.net/".parse().unwrap()
}

/// A script as most of these tests want it.
fn wish<'a>(password: &'a SecretString, servers: &'a [&'a str]) -> RouterScript<'a> {
    RouterScript {
        router: "cotonou",
        relay_host: "pay.example.net",
        gateways: &GatewayName::ALL,
        user: "mikrelay",
        password,
        sensitive: false,
        from: IpAddr::from([10, 99, 0, 1]),
        also: &[],
        tls: &RouterTls::Off,
        servers,
    }
}

async fn router(version: SimVersion) -> (SimRouter, Console) {
    let router = SimRouter::start(SimRouterConfig {
        version,
        user: "owner".to_owned(),
        policy: FULL.to_owned(),
        servers: vec!["hotspot1".to_owned(), "terraza y jardín".to_owned()],
        ..SimRouterConfig::default()
    })
    .await
    .unwrap();
    let mut console = Console::open(&router, "owner", "relay-password").await;
    // As a router comes out of its box.
    let words = ["/ip/hotspot/profile/set", "=.id=hsprof1", "=login-by=cookie,http-chap"];
    console.say(&words).await;
    (router, console)
}

/// Everything that a script may touch.
async fn state(console: &mut Console) -> Vec<String> {
    let mut lines = Vec::new();
    for menu in ["/user/group", "/user", "/ip/service", "/ip/hotspot/profile", GARDEN] {
        lines.extend(console.rows(menu).await.iter().map(|row| format!("{menu} {row:?}")));
    }
    lines
}

#[tokio::test]
async fn a_script_run_twice_does_what_it_does_once() {
    let password = SecretString::from("p\"a$s\\s?[;]{}é 1");
    let script = router_script(&wish(&password, &["hotspot1", "terraza y jardín"])).unwrap();
    for version in [SimVersion::V6, SimVersion::V7] {
        for lists in [true, false] {
            let (router, mut console) = router(version).await;
            console.lists = lists;
            let before = state(&mut console).await;
            let first = console.run(&script).await;
            let after = state(&mut console).await;
            assert_ne!(before, after);
            let rules = console.rows(GARDEN).await.len();
            // The account, its group and the rules; the service's address and `login-by`; the account is set each time.
            assert_eq!((first.added, first.set), (rules + 2, 3), "{version:?} {first:?}");
            assert_eq!(
                first.said,
                [format!(
                    "mikrelay: account mikrelay 1, walled garden {rules} rules. Now on the relay: mikrelay router test"
                )]
            );
            let second = console.run(&script).await;
            assert_eq!(
                (second.added, second.set, second.removed),
                (0, 1, 0),
                "{version:?} {second:?}"
            );
            assert_eq!(state(&mut console).await, after, "{version:?}");
            expect_set_up(&router, &mut console, &password).await;
        }
    }
}

/// What the script is for: the relay logs in with few rights, the API is for one address, links log phones in.
async fn expect_set_up(router: &SimRouter, console: &mut Console, password: &SecretString) {
    let row = |rows: Vec<std::collections::BTreeMap<String, String>>, name: &str| {
        rows.into_iter().find(|row| row["name"] == name).unwrap()
    };
    let group = row(console.rows("/user/group").await, "mikrelay");
    assert_eq!(group["policy"], "api,read,write");
    let user = row(console.rows("/user").await, "mikrelay");
    assert_eq!((&*user["group"], &*user["address"]), ("mikrelay", "10.99.0.1/32"));
    let service = row(console.rows("/ip/service").await, "api");
    assert_eq!((&*service["address"], &*service["disabled"]), ("10.99.0.1/32", "false"));
    let profile = row(console.rows("/ip/hotspot/profile").await, "hsprof1");
    assert_eq!(profile["login-by"], "cookie,http-chap,http-pap");
    let target = Target {
        address: router.addr().to_string(),
        tls: RouterTls::Off,
        user: "mikrelay".to_owned(),
        password: password.clone(),
    };
    let mut session = Session::connect(&target, &Deadlines::default()).await.unwrap();
    assert!(!session.survey().await.unwrap().servers.is_empty());
    session.close().await;
}

#[tokio::test]
async fn what_differs_is_set_right_and_the_rest_stays() {
    let password = SecretString::from("password-1");
    let few = RouterScript {
        gateways: &[],
        ..wish(&password, &["hotspot1"])
    };
    let script = router_script(&few).unwrap();
    for version in [SimVersion::V6, SimVersion::V7] {
        let (_router, mut console) = router(version).await;
        console.run(&script).await;
        let right = state(&mut console).await;
        for wrong in [
            ["/user/group/set", "=.id=mikrelay", "=policy=api,read,write,ftp,policy"],
            ["/user/group/set", "=.id=mikrelay", "=policy=read,!api,!write"],
            ["/user/set", "=.id=mikrelay", "=group=full"],
            ["/user/set", "=.id=mikrelay", "=password=other"],
            ["/user/set", "=.id=mikrelay", "=disabled=yes"],
            ["/ip/service/set", "=.id=api", "=address=0.0.0.0/0"],
            ["/ip/service/set", "=.id=api", "=disabled=yes"],
            ["/ip/hotspot/profile/set", "=.id=hsprof1", "=login-by=cookie,http-chap"],
        ] {
            assert_eq!(console.say(&wrong).await[0].kind(), b"!done", "{wrong:?}");
            assert_ne!(state(&mut console).await, right, "{wrong:?}");
            console.run(&script).await;
            assert_eq!(state(&mut console).await, right, "{version:?} {wrong:?}");
        }
        // Who has `https` needs no `http-pap`.
        let https = ["/ip/hotspot/profile/set", "=.id=hsprof1", "=login-by=cookie,https"];
        console.say(&https).await;
        assert_eq!(console.run(&script).await.set, 1);
    }
}

#[tokio::test]
async fn an_account_that_somebody_else_made_is_left_alone() {
    let password = SecretString::from("password-1");
    let (_router, mut console) = router(SimVersion::V7).await;
    let owner = RouterScript {
        user: "owner",
        ..wish(&password, &["hotspot1", "hotspot9"])
    };
    let script = router_script(&owner).unwrap();
    let before = console.rows("/user").await;
    let run = console.run(&script).await;
    assert_eq!(console.rows("/user").await, before);
    assert!(
        run.said[0].contains("user owner is there and was not made by this script"),
        "{run:?}"
    );
    assert_eq!(run.said[1], "mikrelay: no hotspot server is named exactly hotspot9");
    // Its owner may say that it is the relay's.
    console.say(&["/user/set", "=.id=owner", "=comment=mikrelay"]).await;
    console.run(&script).await;
    assert_eq!(console.rows("/user").await[0]["group"], "mikrelay");
}

#[tokio::test]
async fn others_may_be_let_in_and_a_secured_service_is_set_up() {
    let password = SecretString::from("password-1");
    let (_router, mut console) = router(SimVersion::V7).await;
    let secured = RouterScript {
        tls: &RouterTls::Webpki,
        sensitive: true,
        also: &["192.168.88.10/32".parse().unwrap(), "10.5.0.0/16".parse().unwrap()],
        ..wish(&password, &[])
    };
    let script = router_script(&secured).unwrap();
    let run = console.run(&script).await;
    assert!(run.said[0].contains("api-ssl has no certificate"), "{run:?}");
    let services = console.rows("/ip/service").await;
    let address = |name: &str| {
        let row = services.iter().find(|row| row["name"] == name).unwrap();
        row.get("address").cloned().unwrap_or_default()
    };
    assert_eq!(address("api-ssl"), "10.99.0.1/32,192.168.88.10/32,10.5.0.0/16");
    assert_eq!(address("api"), "", "the other one is not ours to change");
    console
        .say(&["/ip/service/set", "=.id=api-ssl", "=certificate=relay-api"])
        .await;
    let again = console.run(&script).await;
    assert_eq!((again.set, again.said.len()), (1, 1), "{again:?}");
}

#[tokio::test]
async fn all_of_it_can_be_taken_back() {
    let password = SecretString::from("password-1");
    let (_router, mut console) = router(SimVersion::V6).await;
    let rule = [
        "/ip/hotspot/walled-garden/ip/add",
        "=dst-host=mine.example.net",
        "=comment=mine",
    ];
    console.say(&rule).await;
    let users = console.rows("/user").await;
    console
        .run(&router_script(&wish(&password, &["hotspot1"])).unwrap())
        .await;
    console.run(&removal_script()).await;
    assert_eq!(console.rows("/user").await, users);
    assert_eq!(console.rows(GARDEN).await.len(), 1, "what is not ours stays");
    assert!(
        console
            .rows("/user/group")
            .await
            .iter()
            .all(|row| row["name"] != "mikrelay")
    );
    let said = vec!["mikrelay: its rules, account and group are gone".to_owned()];
    assert_eq!(console.run(&removal_script()).await, Run { said, ..Run::default() });
}

#[tokio::test]
async fn the_walled_garden_run_twice_does_what_it_does_once() {
    for version in [SimVersion::V6, SimVersion::V7] {
        let (router, mut console) = router(version).await;
        let script = walled_garden_script(&GatewayName::ALL, "pay.example.net").unwrap();
        let added = console.run(&script).await.added;
        let rules = router.names(GARDEN);
        assert_eq!(rules.len(), added);
        assert_eq!(rules[0], "mikrelay pay.example.net");
        for host in GatewayName::ALL.into_iter().flat_map(walled_garden_hosts) {
            let known = rules.iter().filter(|rule| **rule == format!("mikrelay {host}"));
            assert_eq!(known.count(), 1, "{host}");
        }
        assert_eq!(console.run(&script).await, Run::default(), "it was run again");
        assert_eq!(router.names(GARDEN), rules);
        // A second gateway later on adds only what is new.
        for (gateways, host, new) in [
            (&[GatewayName::Feexpay][..], "pay.example.net", 0),
            (&[], "other.example.net", 1),
        ] {
            let script = walled_garden_script(gateways, host).unwrap();
            assert_eq!(console.run(&script).await.added, new);
        }
    }
}

/// Every kind of script there is.
fn scripts() -> Vec<String> {
    let password = SecretString::from("p\"a$s\\s?[;]{}é 1");
    let also = ["192.168.88.10/32".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let mut scripts = vec![removal_script()];
    for tls in [RouterTls::Off, RouterTls::Webpki, RouterTls::Pinned([7; 32])] {
        for (gateways, from) in [
            (&GatewayName::ALL[..], IpAddr::from([10, 99, 0, 1])),
            (&[GatewayName::Conekta], "2001:db8::7".parse().unwrap()),
            (&[], IpAddr::from([203, 0, 113, 7])),
        ] {
            for servers in [&["hotspot1"][..], &["a b", "jardín\"; /system reset"], &[]] {
                let mut script = RouterScript {
                    gateways,
                    from,
                    tls: &tls,
                    ..wish(&password, servers)
                };
                scripts.push(router_script(&script).unwrap());
                script.also = &also;
                script.sensitive = true;
                script.relay_host = "203.0.113.7";
                scripts.push(router_script(&script).unwrap());
            }
        }
    }
    scripts.extend(GatewayName::ALL.map(|gateway| walled_garden_script(&[gateway], "pay.example.net").unwrap()));
    scripts
}

/// What a command needs and RouterOS lacks.
fn missing(schema: &Value, command: &Command) -> Vec<String> {
    let mut missing = Vec::new();
    let menu = &command.menu;
    let named = command.arguments.iter().map(|(name, _)| name.as_str());
    let asked = command.conditions.iter().map(|(name, ..)| name.as_str());
    // `get item property`; the second of two is the property.
    let got = command.items.get(1).and_then(|item| match item {
        Expr::Text(property) if command.verb == "get" => Some(property.as_str()),
        _ => None,
    });
    let names: Vec<&str> = named.chain(asked).chain(got).collect();
    for version in ["7.9.2", "7.24"] {
        let real = &schema["versions"][version][menu];
        // `find` and `get` are the console's own, on every menu with items.
        let has_verb = match command.verb.as_str() {
            "find" | "get" => real["set"].is_object(),
            verb => real[verb].is_object(),
        };
        if !has_verb {
            missing.push(format!("{version}: {menu} {}", command.verb));
        }
        let settable = match command.verb.as_str() {
            "find" | "get" => "set",
            verb => verb,
        };
        let unknown = names.iter().filter(|name| real[settable].get(**name).is_none());
        missing.extend(unknown.map(|name| format!("{version}: {menu} {} {name}", command.verb)));
    }
    let settable = schema["v6_settable"][menu].as_array();
    let old = settable.map_or_else(
        || {
            V6_BESIDES
                .iter()
                .filter(|(path, _)| path == menu)
                .flat_map(|(_, names)| names.to_vec())
                .collect()
        },
        |names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
    );
    let unknown = names.iter().filter(|name| !old.contains(*name));
    missing.extend(unknown.map(|name| format!("6: {menu} {name}")));
    missing
}

/// What the extract has not of version 6, from facts `routeros.md` 4.2 (its manual, and an export of 6.49.7).
const V6_BESIDES: &[(&str, &[&str])] = &[
    ("/ip/hotspot", &["name", "profile"]),
    ("/ip/hotspot/profile", &["name", "login-by"]),
];

#[test]
fn scripts_use_what_every_version_has() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut menus = std::collections::BTreeSet::new();
    for script in scripts() {
        for command in commands(&script) {
            assert_eq!(missing(&schema, &command), Vec::<String>::new(), "{command:?}");
            menus.insert(command.menu);
        }
    }
    assert_eq!(menus.len(), 6, "{menus:?}");
}

#[test]
fn the_comparison_can_fail() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for wrong in [
        "/ip hotspot walled-garden ip add action=accept dst-name=x",
        "/ip hotspot gardens add comment=x",
        "/ip service remove [find where name=\"api\"]",
        "/ip service set api max-sessions=5",
        ":put [/user get admin last-name]",
        ":put [:len [/user find where surname=\"x\"]]",
        "/ip hotspot profile set x html-directory=y",
    ] {
        let found: Vec<_> = commands(wrong).iter().flat_map(|it| missing(&schema, it)).collect();
        assert!(!found.is_empty(), "{wrong}");
    }
}

/// The values of an argument in all `add` commands of a menu.
fn given(script: &str, menu: &str, argument: &str) -> Vec<Expr> {
    let adds = commands(script)
        .into_iter()
        .filter(|it| it.menu == menu && it.verb == "add");
    adds.flat_map(|it| {
        it.arguments
            .into_iter()
            .filter(|(name, _)| name == argument)
            .map(|(_, value)| value)
    })
    .collect()
}

proptest! {
    #[test]
    fn no_value_becomes_a_command(
        user in "\\PC{1,20}|[\\x00-\\x7f]{1,20}",
        secret in any::<String>(),
        server in "\\PC{0,20}|[\\x00-\\x7f]{0,20}",
        router in "\\PC{0,20}|[\\x00-\\x7f]{0,20}",
    ) {
        let password = SecretString::from(secret.clone());
        let plain = RouterScript { gateways: &[], ..wish(&password, &["hotspot1"]) };
        let plain = commands(&router_script(&plain).unwrap()).len();
        let (servers, gateways) = ([server.as_str()], &[]);
        let hostile = RouterScript { user: &user, router: &router, gateways, ..wish(&password, &servers) };
        let script = router_script(&hostile).unwrap();
        prop_assert!(!script.contains(['\r', '\t', '\0']));
        prop_assert_eq!(commands(&script).len(), plain, "{}", script);
        prop_assert_eq!(given(&script, "/user", "name"), [Expr::Text(user)]);
        prop_assert_eq!(given(&script, "/user", "password"), [Expr::Text(secret)]);
    }
}

#[test]
fn a_relay_whose_host_is_no_host_gets_no_script() {
    let password = SecretString::from("x");
    let script = RouterScript {
        relay_host: "a\"; /system reset-configuration",
        ..wish(&password, &[])
    };
    assert!(router_script(&script).is_err());
}

#[test]
fn the_script_says_first_that_it_holds_a_password() {
    let office = Office::open();
    let script = office.kit("script --router puebla --from 10.99.0.1").unwrap();
    assert!(script.starts_with("# THIS FILE HOLDS A PASSWORD"));
    insta::assert_snapshot!("script_puebla", script);
    insta::assert_snapshot!("script_remove", office.kit("script --remove").unwrap());
    assert!(parse(&script).len() > 10);
}

#[test]
fn a_router_without_an_account_gets_one_that_the_store_keeps_sealed() {
    let office = Office::open();
    let script = office.kit("script --router cotonou --from 10.99.0.1").unwrap();
    let id = RouterId::new("cotonou");
    let known = office.store().directory().routers[&id].credentials.clone().unwrap();
    let secret = known.password.expose_secret().to_owned();
    assert_eq!((known.user.as_str(), secret.len()), ("mikrelay", 24));
    assert_eq!(given(&script, "/user", "password"), [Expr::Text(secret.clone())]);
    assert_eq!(
        office.kit("script --router cotonou --from 10.99.0.1").unwrap(),
        script,
        "the same again"
    );
    for file in fs::read_dir(&office.config.data_dir).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "in clear"
        );
    }
    let shown = script.replace(&secret, "PASSWORD");
    insta::assert_snapshot!("script_cotonou", shown);
    // A name of its own for a router whose account is another.
    let script = office
        .kit("script --router puebla --from 10.99.0.1 --user relay-2")
        .unwrap();
    assert_eq!(given(&script, "/user", "name"), [Expr::Text("relay-2".to_owned())]);
    assert_eq!(
        office.kit("script --router puebla --from 10.99.0.1").unwrap(),
        script,
        "it is kept"
    );
    assert_eq!(
        office
            .kit("script --router puebla --from 10.99.0.1 --user relay-2")
            .unwrap(),
        script
    );
}

#[test]
fn everything_comes_in_a_folder_with_what_to_do_next() {
    let office = Office::open();
    let folder = office.folder.path().join("kit");
    let at = folder.display();
    let said = office
        .kit(&format!("--router puebla --from 10.99.0.1 -o {at} --template night"))
        .unwrap();
    insta::assert_snapshot!("kit_puebla", said.replace(&at.to_string(), "FOLDER"));
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["gateways.html", "login-sala.html", "login-terraza.html", "router.rsc"]
    );
    let mode = fs::metadata(folder.join("router.rsc")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let login = fs::read_to_string(folder.join("login-terraza.html")).unwrap();
    assert!(login.contains("color-scheme:dark") && login.contains("20.00\u{a0}MXN") && login.contains("Contraseña"));
    let password = "relay-password";
    assert!(
        !fs::read_to_string(folder.join("gateways.html"))
            .unwrap()
            .contains(password)
    );
}

#[test]
fn what_will_not_work_as_it_is_is_told() {
    let mut office = Office::open();
    office.config.public_url = None;
    let site = SITE.split("[[plan]]").next().unwrap().to_owned() + "\n";
    let site = site.replace(
        "access_uuid = \"61cd",
        "user = \"admin\"\npassword = \"pass-of-admin\"\naccess_uuid = \"61cd",
    );
    let site = site::read(&site, Path::new(".")).unwrap();
    cli::apply::write(&office.store(), site, true).unwrap().unwrap();
    let folder = office.folder.path().join("kit");
    let said = office
        .kit(&format!("--from 10.99.0.1 -o {}", folder.display()))
        .unwrap();
    for told in [
        "the links lead to http://127.0.0.1:8080/; gateways call https addresses only",
        "no plan is on sale here",
        "`--user mikrelay` makes an account of its own with few rights",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let said = office
        .kit(&format!("--from 10.99.0.1 -o {} --user mikrelay", folder.display()))
        .unwrap();
    assert!(
        said.contains("take `user` and `password` of this router out of site.toml"),
        "{said}"
    );
    assert!(!said.contains("account of its own"), "{said}");
    let script = fs::read_to_string(folder.join("router.rsc")).unwrap();
    assert!(!script.contains("pass-of-admin"));
}

#[test]
fn what_cannot_be_made_says_what_to_do() {
    let office = Office::open();
    for (words, told) in [
        ("", "say which router with --router: `cotonou`, `puebla`"),
        (
            "script --router nowhere",
            "there is no router `nowhere`; there are `cotonou`, `puebla`",
        ),
        (
            "login --hotspot nowhere",
            "there is no hotspot `nowhere`; there are `main`, `sala`, `terraza`",
        ),
        (
            "login --router puebla",
            "has 2 hotspots; say which with --hotspot: `sala`, `terraza`",
        ),
        ("login --hotspot main --language de", "there are fr, en, es, pt"),
        ("login --hotspot main --template neon", "there are light, night"),
        ("gateways --router puebla --hotspot sala", "cannot be used with"),
        ("script --router puebla --from here", "invalid value 'here'"),
        (
            "script --router puebla --from 10.99.0.1 --also here",
            "write an address or a network",
        ),
    ] {
        let error = format!("{:#}", office.kit(words).unwrap_err());
        assert!(error.contains(told), "{words}: {error}");
    }
}

#[test]
fn a_router_behind_this_machine_needs_the_relays_address() {
    let office = Office::open();
    let site = SITE.replace("10.99.0.2:8728", "127.0.0.1:8728");
    let site = site::read(&site, Path::new(".")).unwrap();
    cli::apply::write(&office.store(), site, false).unwrap().unwrap();
    let error = office.kit("script --router cotonou").unwrap_err().to_string();
    assert!(
        error.contains("say from which address the router sees the relay"),
        "{error}"
    );
    let known = office.store().directory().routers[&RouterId::new("cotonou")]
        .credentials
        .clone();
    assert!(known.is_none(), "nothing was made for a script that was not");
}

#[test]
fn login_pages_keep_to_the_routers_ways() {
    let directory = directory();
    for id in ["cotonou", "puebla"] {
        let offer = Offer::of(&directory, &directory.routers[&RouterId::new(id)]).unwrap();
        for hotspot in &offer.hotspots {
            for look in Look::ALL {
                for language in Language::ALL {
                    let page = login_page(offer.company, hotspot, &url(), language, look).unwrap();
                    expect_login_page(&page);
                    assert_eq!(page.matches("/b/").count(), hotspot.plans.len());
                }
            }
        }
    }
    let offer = Offer::of(&directory, &directory.routers[&RouterId::new("cotonou")]).unwrap();
    let page = login_page(offer.company, &offer.hotspots[0], &url(), Language::Fr, Look::Light).unwrap();
    assert!(page.contains("30 jours &lt;illimité&gt; &#36;(mac)"));
    insta::assert_snapshot!("login_light_fr", page);
}

/// One small file that asks nobody, with macros as the router knows them.
fn expect_login_page(page: &str) {
    assert!(page.len() <= 12_000, "{} bytes", page.len());
    for asset in ["src=", "@import", "url(", "http://", "link rel=\"stylesheet\""] {
        assert!(!page.contains(asset), "{asset}");
    }
    for address in page.split("https://").skip(1) {
        assert!(address.starts_with("pay.example.net/"), "{address}");
    }
    let mut open = 0;
    for name in page.split("$(").skip(1).map(|rest| &rest[..rest.find(')').unwrap()]) {
        match name.split(' ').next().unwrap() {
            "if" => open += 1,
            "endif" => open -= 1,
            "else" => assert!(open > 0),
            name => assert!(MACROS.contains(&name), "{name}"),
        }
    }
    assert_eq!(open, 0, "an $(if) without an end");
    // A macro that is torn by a line's end stays as it is.
    assert!(
        page.lines()
            .all(|line| line.matches("$(").count() <= line.matches(')').count())
    );
}

/// Of the servlet's variables, those that every source knows (facts `routeros.md` 7).
const MACROS: &[&str] = &[
    "mac",
    "mac-esc",
    "ip",
    "error",
    "username",
    "chap-id",
    "chap-challenge",
    "link-login-only",
    "link-orig",
    "link-orig-esc",
    "link-status-esc",
];

#[test]
fn the_dashboards_page_names_addresses_and_no_secrets() {
    let directory = directory();
    let page = |id: &str, language| {
        let offer = Offer::of(&directory, &directory.routers[&RouterId::new(id)]).unwrap();
        gateways_page(&directory, &offer, &url(), language).unwrap()
    };
    let awa = page("cotonou", Language::Fr);
    for address in [
        "https://pay.example.net/pay_callback/fedapay/hotspot1<",
        "https://pay.example.net/pay_callback/cinetpay/hotspot1?k=61cd594b-2f01-48ca-8692-65e4ef3a36d5<",
        "https://pay.example.net/pay_callback/feexpay/hotspot1?k=61cd594b-2f01-48ca-8692-65e4ef3a36d5<",
    ] {
        assert!(awa.contains(address), "{address}");
    }
    let luna = page("puebla", Language::Es);
    assert!(luna.contains("/pay_callback/conekta/luna-sala?k=0c1d2a5e") && luna.contains("conekta/luna-terraza?k="));
    assert!(
        luna.contains("/pay_callback/mercadopago/luna-sala<"),
        "signed, and one is enough"
    );
    for secret in [
        "sk_live",
        "wh_live",
        "9a8b7c",
        "1b2c3d",
        "12912847",
        "5f2c9a",
        "relay-password",
        "3f0e8a",
    ] {
        assert!(!awa.contains(secret) && !luna.contains(secret), "{secret}");
    }
    assert!(awa.contains("X-Relay-Secret"), "a header's name is no secret");
    for page in [&awa, &luna] {
        for asset in ["src=", "@import", "url(", "<link rel=\"stylesheet\""] {
            assert!(!page.contains(asset), "{asset}");
        }
    }
    let without_style = |page: &str| {
        let (before, rest) = page.split_once("<style>").unwrap();
        before.to_owned() + rest.split_once("</style>").unwrap().1
    };
    insta::assert_snapshot!("gateways_cotonou_fr", without_style(&awa));
    insta::assert_snapshot!("gateways_puebla_en", without_style(&page("puebla", Language::En)));
}

#[test]
fn a_company_without_accounts_is_told_so() {
    let mut directory = directory();
    directory.accounts.clear();
    directory.plans.clear();
    let offer = Offer::of(&directory, &directory.routers[&RouterId::new("cotonou")]).unwrap();
    let Company { name, .. } = offer.company;
    let plain = "http://127.0.0.1:8080/".parse().unwrap();
    let page = gateways_page(&directory, &offer, &plain, Language::En).unwrap();
    assert!(page.contains(name) && page.contains("No account sells") && page.contains("https only"));
    let login = login_page(offer.company, &offer.hotspots[0], &url(), Language::En, Look::Light).unwrap();
    assert!(login.contains("Enter your code") && !login.contains("class=\"plans\""));
    expect_login_page(&login);
}

#[test]
fn the_command_prints_the_walled_garden_alone() {
    let office = Office::open();
    let printed = office
        .kit("walled-garden --gateway cinetpay --host other.example.net")
        .unwrap();
    assert_eq!(
        printed,
        walled_garden_script(&[GatewayName::Cinetpay], "other.example.net").unwrap()
    );
    let printed = office.kit("walled-garden --gateway cinetpay,fedapay").unwrap();
    let both = [GatewayName::Cinetpay, GatewayName::Fedapay];
    assert_eq!(printed, walled_garden_script(&both, "pay.example.net").unwrap());
}
