//! The command line as a person and as a program use it: whole commands, their output and exit codes.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mikrelay::cli::record::fields::{Form, TABLES};
use mikrelay::clock::Clock;
use mikrelay::ids::CompanyId;
use mikrelay::secrets::MasterKey;
use mikrelay::site::Kind;
use mikrelay::store::Store;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A data folder, and the program on it.
struct Desk(TempDir);

/// What a command answered.
struct Said {
    code: u8,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let settings = format!("data_dir = \"{}\"\n", desk.path("data").display());
        std::fs::write(desk.path("mikrelay.toml"), settings).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    fn say(&self, args: &[&str]) -> Said {
        let settings = self.path("mikrelay.toml").display().to_string();
        let all = ["mikrelay", "--config", &settings]
            .into_iter()
            .chain(args.iter().copied());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = mikrelay::cli::run(all, &mut out, &mut err);
        // Folders have other names on each run.
        let text = |bytes| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&self.0.path().display().to_string(), "FOLDER")
        };
        Said {
            code,
            out: text(out),
            err: text(err),
        }
    }

    /// A command that must succeed.
    fn good(&self, args: &[&str]) -> String {
        let said = self.say(args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}: {}", said.out);
        said.out
    }

    /// A command that must fail.
    fn bad(&self, args: &[&str]) -> String {
        let said = self.say(args);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{args:?}: {}", said.err);
        assert!(
            said.err.starts_with("error: ") && said.err.contains("\nhint: "),
            "{}",
            said.err
        );
        said.err
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.good(args)).unwrap()
    }

    /// One of each kind, made by commands.
    fn furnished() -> Self {
        let desk = Self::new();
        let password = desk.file("password", "relay-pass\n");
        let (key, hooks) = (
            desk.file("sk", "sk_live_7f3a\n"),
            desk.file("wh", "wh_live_1\nwh_live_2\n"),
        );
        let of_company = ["--company", "cyber-awa"];
        desk.good(&[
            "company",
            "add",
            "cyber-awa",
            "--name",
            "Cyber \"Awa\"",
            "--country",
            "bj",
        ]);
        let router = [
            "router",
            "add",
            "cotonou-1",
            "--address",
            "10.99.0.2:8728",
            "--user",
            "relay",
        ];
        desk.good(&[&router[..], &of_company, &["--password-file", &password]].concat());
        let hotspot = [
            "hotspot",
            "add",
            "main",
            "--router",
            "cotonou-1",
            "--label",
            "h1",
            "--name",
            "hotspot1",
        ];
        desk.good(&[&hotspot[..], &["--length", "8", "--prefix", "mm"]].concat());
        let account = [
            "account",
            "add",
            "awa-fedapay",
            "--gateway",
            "fedapay",
            "--secret-key-file",
            &key,
        ];
        let more = ["--webhook-secrets-file", &hooks, "--refund-paid-twice", "true"];
        desk.good(&[&account[..], &of_company, &more].concat());
        let plan = [
            "plan",
            "add",
            "4h",
            "--hotspot",
            "main",
            "--label",
            "4 heures",
            "--profile",
            "4H",
        ];
        desk.good(
            &[
                &plan[..],
                &["--price", "100", "--time", "4h", "--account", "awa-fedapay"],
            ]
            .concat(),
        );
        desk
    }

    /// What `apply` makes of the export: nothing.
    fn export_changes_nothing(&self) {
        let file = self.file("site.toml", &self.good(&["export"]));
        let said = self.good(&["apply", &file]);
        assert!(said.starts_with("0 created, 0 updated, 0 removed, "), "{said}");
    }
}

/// A record as the options that make it; secrets come from `secret`.
fn options(kind: &str, record: &Value, mut secret: impl FnMut(&str) -> String) -> Vec<String> {
    let table = TABLES.iter().find(|table| table.kind.as_str() == kind).unwrap();
    let mut options = vec![
        kind.to_owned(),
        "add".to_owned(),
        record["id"].as_str().unwrap().to_owned(),
    ];
    for (key, value) in record.as_object().unwrap().iter().filter(|(key, _)| *key != "id") {
        let field = table.fields.iter().find(|field| field.key == key).unwrap();
        let values = match (field.form, value) {
            (Form::Secret | Form::Secrets, _) => vec![secret(key)],
            (_, Value::Array(list)) => list.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
            (_, Value::String(text)) => vec![text.clone()],
            (_, other) => vec![other.to_string()],
        };
        options.extend(values.into_iter().map(|value| format!("--{}={value}", field.flag)));
    }
    options
}

fn words(text: &[String]) -> Vec<&str> {
    text.iter().map(String::as_str).collect()
}

#[test]
fn the_options_are_the_keys_of_the_business_file() {
    for table in TABLES {
        let kind = table.kind.as_str();
        let unknown = format!("[[{kind}]]\nno_such_key = 1\n");
        let error = mikrelay::site::read(&unknown, Path::new(".")).unwrap_err().to_string();
        let (_, expected) = error.split_once("expected one of ").unwrap();
        let mut keys: BTreeSet<_> = expected.split('`').skip(1).step_by(2).collect();
        assert!(keys.remove("id"), "{error}");
        for field in table.fields {
            assert!(keys.remove(field.key), "{kind} has no key {}", field.key);
            if matches!(field.form, Form::Secret | Form::Secrets) {
                for suffix in ["file", "env"] {
                    assert!(keys.remove(format!("{}_{suffix}", field.key).as_str()), "{}", field.key);
                }
            }
            let of_key = field.key.replace('_', "-");
            assert!(field.flag.starts_with(of_key.trim_end_matches('s')), "{}", field.flag);
        }
        assert!(keys.is_empty(), "no option of `{kind}` for {keys:?}");
        let columns = table.columns.iter().filter(|key| **key != "id");
        let mut missing = columns.filter(|key| !table.fields.iter().any(|field| field.key == **key));
        assert_eq!(missing.next(), None);
    }
}

#[test]
fn a_record_is_made_shown_changed_and_removed() {
    let desk = Desk::furnished();
    desk.export_changes_nothing();
    assert_eq!(
        desk.json(&["plan", "show", "4h", "--json"]),
        json!({
            "id": "4h", "hotspot": "main", "accounts": ["awa-fedapay"], "label": "4 heures", "profile": "4H",
            "price": "100", "currency": "XOF", "time": "4h", "data": "0",
        })
    );
    assert_eq!(
        desk.good(&["plan", "set", "4h", "--price", "150"]),
        "plan `4h`: price 100 -> 150\n"
    );
    assert_eq!(
        desk.good(&["plan", "set", "4h", "--price", "150.0"]),
        "plan `4h`: nothing changed\n"
    );
    assert_eq!(
        desk.good(&["plan", "set", "4h", "--data", "2048M"]),
        "plan `4h`: data 0 -> 2G\n"
    );
    desk.export_changes_nothing();
    let said = desk.good(&["plan", "set", "4h", "--account", "", "--data", ""]);
    assert_eq!(said, "plan `4h`: accounts awa-fedapay -> nothing, data 2G -> 0\n");
    assert_eq!(
        desk.json(&["plan", "list", "--hotspot", "main", "--json"])[0]["price"],
        "150"
    );
    desk.export_changes_nothing();
    assert_eq!(desk.good(&["plan", "remove", "4h"]), "plan `4h` is removed\n");
    assert_eq!(desk.json(&["plan", "list", "--json"]), json!([]));
    desk.export_changes_nothing();
}

#[test]
fn what_is_shown_as_json_makes_the_same_record_elsewhere() {
    let first = Desk::furnished();
    let secret = |name: &str| first.file(&format!("new-{name}"), &format!("{name}: live_7f3a\n"));
    for (gateway, more) in [
        ("cinetpay", vec!["--site-id=77", "--api-key-file"]),
        ("cinetpay", vec!["--api-password-file", "--api-key-file"]),
        (
            "feexpay",
            vec!["--site-id=shop", "--token-file", "--callback-header-file"],
        ),
        (
            "conekta",
            vec!["--secret-key-file", "--method=card", "--method=cash", "--mode=test"],
        ),
        (
            "mercadopago",
            vec![
                "--secret-key-file",
                "--webhook-secrets-file",
                "--checkout=orders",
                "--refund-undelivered-after-h=12",
            ],
        ),
    ] {
        let id = format!("{gateway}-{}", more[0].trim_start_matches('-').replace(['=', '_'], "-"));
        let given = more.iter().map(|option| match option.strip_suffix("-file") {
            Some(name) => format!("{option}={}", secret(name.trim_start_matches('-'))),
            None => (*option).to_owned(),
        });
        let head = ["account", "add", &id, "--company=cyber-awa", "--gateway", gateway].map(str::to_owned);
        first.good(&words(&head.into_iter().chain(given).collect::<Vec<_>>()));
    }
    let second = Desk::new();
    for table in TABLES {
        let kind = table.kind.as_str();
        let records = first.json(&[kind, "list", "--json"]);
        assert!(!records.as_array().unwrap().is_empty(), "{kind}");
        for record in records.as_array().unwrap() {
            let id = record["id"].as_str().unwrap();
            assert_eq!(&first.json(&[kind, "show", id, "--json"]), record);
            second.good(&words(&options(kind, record, &secret)));
            assert_eq!(&second.json(&[kind, "show", id, "--json"]), record, "{kind} {id}");
        }
    }
    assert_eq!(first.good(&["export"]), second.good(&["export"]));
    second.export_changes_nothing();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_plan_that_is_taken_is_shown_so_that_it_can_be_made_again(
        label in "[ -~éñ€]{0,12}", profile in "[ -~]{0,8}", price in "[0-9]{0,4}(\\.[0-9]{0,2})?",
        time in "[0-9]{0,3}[wdhms]?", data in "[0-9]{0,3}[kMG]?",
    ) {
        let desk = Desk::new();
        desk.good(&["company", "add", "c", "--name", "C", "--country", "MX"]);
        desk.good(&["router", "add", "r", "--company", "c", "--address", "10.0.0.1:8728"]);
        desk.good(&["hotspot", "add", "h", "--router", "r", "--label", "l", "--name", "n"]);
        let given = [("label", label), ("profile", profile), ("price", price), ("time", time), ("data", data)];
        let given = given.map(|(key, value)| format!("--{key}={value}"));
        let mut args = vec!["plan", "add", "first", "--hotspot", "h"];
        args.extend(given.iter().map(String::as_str));
        let said = desk.say(&args);
        if said.code == 0 {
            let mut record = desk.json(&["plan", "show", "first", "--json"]);
            record["id"] = json!("second");
            desk.good(&words(&options("plan", &record, |_| String::new())));
            prop_assert_eq!(desk.json(&["plan", "show", "second", "--json"]), record);
        } else {
            prop_assert!(said.err.starts_with("error: ") && said.err.contains("\nhint: "), "{}", said.err);
            prop_assert_eq!(desk.json(&["plan", "list", "--json"]), json!([]));
        }
        desk.export_changes_nothing();
    }
}

#[test]
fn what_belongs_to_a_record_is_told_before_it_goes_and_goes_with_it() {
    let desk = Desk::furnished();
    let said = desk.bad(&["hotspot", "remove", "main"]);
    assert!(said.contains("plan `4h` belong") && said.contains("--yes"), "{said}");
    // Without its only seller the plan would be sold by all accounts of the company.
    let said = desk.bad(&["account", "remove", "awa-fedapay", "--yes"]);
    assert!(said.contains("it alone sells plan `4h`"), "{said}");
    let said = desk.bad(&["company", "remove", "cyber-awa"]);
    for part in [
        "plan `4h`",
        "hotspot `main`",
        "router `cotonou-1`",
        "account `awa-fedapay`",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(
        desk.json(&["plan", "list", "--json"]).as_array().unwrap().len(),
        1,
        "nothing went yet"
    );
    let said = desk.good(&["company", "remove", "cyber-awa", "--yes"]);
    assert_eq!(said.lines().count(), 5, "{said}");
    for table in TABLES {
        assert_eq!(desk.json(&[table.kind.as_str(), "list", "--json"]), json!([]));
    }
}

#[test]
fn each_change_is_in_the_audit_log_once_and_no_secret_anywhere() {
    let desk = Desk::furnished();
    let (one, two) = (
        desk.file("one", "sk_live_first\n"),
        desk.file("two", "sk_live_second\n"),
    );
    desk.good(&["account", "set", "awa-fedapay", "--secret-key-file", &one]);
    let said = desk.good(&["account", "set", "awa-fedapay", "--secret-key-file", &two]);
    assert_eq!(said, "account `awa-fedapay`: secret_key (set)\n");
    let again = desk.good(&["account", "set", "awa-fedapay", "--secret-key-file", &two]);
    assert_eq!(again, "account `awa-fedapay`: nothing changed\n");
    desk.bad(&["plan", "set", "4h", "--price", "free"]);
    desk.good(&["hook", "rotate", "cyber-awa"]);
    desk.good(&[
        "hook",
        "endpoint",
        "add",
        "cyber-awa",
        "https://shop.example.net/h?token=t0ps3cret",
    ]);
    desk.good(&["router", "remove", "cotonou-1", "--yes"]);
    let lines = desk.json(&["audit", "list", "--json"]);
    let acts: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|line| line["act"].as_str().unwrap())
        .collect();
    assert_eq!(
        acts,
        [
            "company add",
            "router add",
            "hotspot add",
            "account add",
            "plan add",
            "account set",
            "account set",
            "hook rotate",
            "hook endpoint add",
            "router remove",
        ]
    );
    assert!(
        lines
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["who"] == "command line" && line["company"] == "cyber-awa")
    );
    let mut shown = lines.to_string();
    for args in [
        ["account", "show", "awa-fedapay"],
        ["account", "list", "--json"],
        ["export", "", ""],
    ] {
        let args: Vec<_> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        shown.push_str(&desk.good(&args));
    }
    for secret in ["relay-pass", "sk_live", "wh_live", "t0ps3cret"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn faults_are_those_of_the_business_file_and_nothing_is_written() {
    let desk = Desk::furnished();
    for (args, part) in [
        (
            vec!["company", "add", "Awa", "--name=A", "--country=BJ"],
            "an id has lower-case letters",
        ),
        (
            vec!["company", "set", "cyber-awa", "--language=de"],
            "`language` is one of",
        ),
        (
            vec!["company", "set", "cyber-awa", "--country="],
            "`--country` is empty",
        ),
        (
            vec!["router", "set", "cotonou-1", "--address=10.0.0.1"],
            "`address` is a host and the API's port",
        ),
        (
            vec!["router", "add", "r", "--company=cyber-aw", "--address=h:1"],
            "did you mean `cyber-awa`?",
        ),
        (
            vec!["hotspot", "add", "x", "--router=cotonou-1", "--label=h1", "--name=n"],
            "has the label `h1` already",
        ),
        (
            vec!["hotspot", "set", "main", "--length=eight"],
            "`--length` is a whole number, not `eight`",
        ),
        (vec!["hotspot", "set", "main", "--length=99"], "length"),
        (
            vec!["account", "set", "awa-fedapay", "--mode=fake"],
            "account `awa-fedapay`: unknown variant `fake`, expected `live` or `test`",
        ),
        (
            vec!["hotspot", "set", "main", "--links=all"],
            "expected `plans` or `open`",
        ),
        (
            vec!["account", "set", "awa-fedapay", "--mode=test"],
            "a key belongs to the other `mode`",
        ),
        (
            vec!["account", "set", "awa-fedapay", "--secret-key-file=/no/such"],
            "cannot read `/no/such`",
        ),
        (
            vec!["account", "set", "awa-fedapay", "--site-id=1"],
            "`site_id` does not belong to this gateway",
        ),
        (
            vec!["plan", "set", "4h", "--currency=EURO"],
            "`currency` is an ISO code",
        ),
        (
            vec!["plan", "set", "4h", "--account=awa-fedpay"],
            "did you mean `awa-fedapay`?",
        ),
        (vec!["plan", "set", "4h"], "nothing was said"),
        (vec!["plan", "set", "4hh", "--price=1"], "did you mean `4h`?"),
        (vec!["plan", "list", "--hotspot=man"], "did you mean `main`?"),
        (
            vec![
                "plan",
                "add",
                "4h",
                "--hotspot=main",
                "--label=l",
                "--profile=p",
                "--price=1",
            ],
            "already",
        ),
        (vec!["order", "show", "ABC"], "there is no order `ABC`"),
        (vec!["order", "list", "--state=lost"], "the states are"),
        (vec!["event", "show", "7"], "there is no event `7`"),
        (vec!["hook", "show", "7"], "there is no webhook `7`"),
        (vec!["hook", "secret", "cyber-wa"], "did you mean `cyber-awa`?"),
        (vec!["hook", "endpoint", "remove", "ep"], "there is no endpoint `ep`"),
        (vec!["key", "revoke", "x"], "there is no valid key `x`"),
        (vec!["key", "show", "x"], "there is no key `x`"),
        (vec!["user", "show", "ana@example.com"], "there is no user"),
        (vec!["link", "show", "ABC"], "there is no order `ABC`"),
        (vec!["router", "test", "cotonou"], "did you mean `cotonou-1`?"),
        (
            vec!["kit", "walled-garden", "--gateway=paypal", "--host=h"],
            "there is no gateway `paypal`",
        ),
    ] {
        let before = desk.good(&["export"]);
        let said = desk.bad(&args);
        assert!(said.contains(part), "{args:?}: {said}");
        assert_eq!(desk.good(&["export"]), before, "{args:?}");
    }
}

#[test]
fn what_is_not_a_command_is_explained_too() {
    let desk = Desk::new();
    for args in [
        &["pln", "list"][..],
        &["plan", "lst"],
        &["plan", "list", "--jsn"],
        &["plan", "add", "4h"],
        &["account", "add", "a", "--secret-key", "sk_live_7f3a"],
        &["event", "show", "x"],
    ] {
        let said = desk.say(args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(
            said.err.starts_with("error: ") && said.err.contains("\nhint: "),
            "{}",
            said.err
        );
        assert!(
            !said.err.contains("sk_live"),
            "a secret that was typed is not repeated: {}",
            said.err
        );
    }
    assert!(desk.say(&["pln", "list"]).err.contains("`plan`"));
    let missing = Desk::new();
    std::fs::remove_file(missing.path("mikrelay.toml")).unwrap();
    let said = missing.bad(&["plan", "list"]);
    assert!(
        said.contains("cannot read `FOLDER/mikrelay.toml`") && said.contains("config example"),
        "{said}"
    );
}

#[test]
fn help_and_tables_are_as_they_were() {
    let desk = Desk::furnished();
    let mut all = String::new();
    for args in [
        &["--help"][..],
        &["plan", "--help"],
        &["plan", "add", "--help"],
        &["account", "set", "--help"],
        &["company", "list"],
        &["hotspot", "list"],
        &["account", "list"],
        &["plan", "list"],
        &["plan", "show", "4h"],
        &["account", "show", "awa-fedapay"],
        &["link", "list"],
        &["user", "list"],
    ] {
        all.push_str(&format!("$ mikrelay {}\n{}\n", args.join(" "), desk.good(args)));
    }
    insta::assert_snapshot!(all);
    let empty = Desk::new();
    let mut all = String::new();
    for table in TABLES {
        let kind = table.kind.as_str();
        all.push_str(&empty.good(&[kind, "list"]));
        all.push_str(&empty.bad(&[kind, "show", "x"]));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_backup_is_whole_private_and_overwrites_nothing() {
    let desk = Desk::furnished();
    let key = MasterKey::load(&desk.path("data/master.key")).unwrap();
    // A relay that writes on.
    let store = Store::open(&desk.path("data/mikrelay.db"), key.clone(), Clock::System).unwrap();
    let copy = desk.path("copy.db").display().to_string();
    let said = desk.good(&["backup", &copy]);
    assert!(
        said.contains("FOLDER/copy.db") && said.contains("FOLDER/data/master.key"),
        "{said}"
    );
    let written = store.write_now(|db| db.remove_company(&CompanyId::new("nobody")));
    written.unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let again = desk.bad(&["backup", &copy]);
    assert!(again.contains("overwrites nothing"), "{again}");
    let refused = desk.say(&["backup", &desk.path("no/such/folder.db").display().to_string()]);
    assert_eq!(refused.code, 1);
    let left = std::fs::read_dir(desk.0.path()).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!left.iter().any(|name| name.contains(".new-")), "{left:?}");

    let exported = desk.good(&["export"]);
    let restored = Desk::new();
    std::fs::create_dir(restored.path("data")).unwrap();
    std::fs::copy(&copy, restored.path("data/mikrelay.db")).unwrap();
    std::fs::copy(desk.path("data/master.key"), restored.path("data/master.key")).unwrap();
    assert_eq!(restored.good(&["export"]), exported);
    let known = Store::open(&restored.path("data/mikrelay.db"), key, Clock::System).unwrap();
    let sealed = known.directory().routers.values().next().unwrap().credentials.clone();
    assert_eq!(sealed.unwrap().user, "relay");
    assert!(Desk::new().bad(&["backup", "x.db"]).contains("there is no database"));
    assert_eq!(TABLES.map(|table| table.kind)[0], Kind::Company);
}
