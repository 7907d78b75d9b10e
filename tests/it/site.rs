//! The business file: read strictly, applied idempotently, exported without secrets and read back.

use std::path::Path;

use mikrelay::clock::Clock;
use mikrelay::company::{
    AccountKeys, ConektaMethod, Directory, LinkPolicy, MercadopagoCheckout, Mode, RouterCredentials, RouterTls,
};
use mikrelay::config::Config;
use mikrelay::ids::{AccountId, CompanyId, HotspotId, OrderRef, PlanId, RouterId};
use mikrelay::mik_params::MikParams;
use mikrelay::money::Currency;
use mikrelay::order::{Buyer, Online, Order, PlanSnapshot, State};
use mikrelay::secrets::{MasterKey, random_order_token};
use mikrelay::site::{self, Site, SiteError, Summary};
use mikrelay::store::{Store, StoreError};
use mikrelay::voucher::{Alphabet, UserMode};
use secrecy::ExposeSecret;

const EXAMPLE: &str = include_str!("../../examples/site.toml");

/// The example with keys that are nobody's sample.
fn real() -> String {
    EXAMPLE.replace("_live_x", "_live_7f3a")
}

struct Fixture {
    _folder: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("mikrelay.db"), MasterKey::generate(), Clock::System).unwrap();
    Fixture { _folder: folder, store }
}

impl Fixture {
    fn try_apply(&self, text: &str, prune: bool) -> Result<Summary, SiteError> {
        let site = read(text).unwrap();
        let applied = self.store.write_now(move |db| match site::apply(&site, db, prune) {
            Err(SiteError::Store(error)) => Err(error),
            result => Ok(result),
        });
        applied.map_err(SiteError::Store)?
    }

    fn apply(&self, text: &str) -> Summary {
        self.try_apply(text, false).unwrap()
    }

    fn directory(&self) -> Directory {
        self.store.read_now(|db| db.load_directory()).unwrap()
    }

    fn version(&self) -> i64 {
        self.store.read_now(|db| db.directory_version()).unwrap()
    }

    fn sell(&self) {
        let directory = self.directory();
        let plan = &directory.plans[&PlanId::new("4h")];
        let order = Order {
            reference: OrderRef::new("A"),
            token: random_order_token(),
            company: CompanyId::new("cyber-awa"),
            hotspot: plan.hotspot.clone(),
            account: AccountId::new("awa-fedapay"),
            mode: Mode::Live,
            plan: PlanSnapshot {
                plan: Some(plan.id.clone()),
                label: plan.label.clone(),
                profile: plan.profile.clone(),
                price: plan.price,
                time: plan.time,
                data: plan.data,
            },
            state: State::Paid,
            reason: None,
            online: Online::Unknown,
            buyer: Buyer::default(),
            gateway_id: None,
            notify_token: None,
            pay_url: None,
            instructions: None,
            voucher: None,
            link: None,
            params: MikParams::default(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            paid_at: None,
            provisioned_at: None,
            delivered_at: None,
        };
        self.store.write_now(move |db| db.insert_order(&order)).unwrap();
    }
}

fn read(text: &str) -> Result<Site, SiteError> {
    site::read(text, Path::new("."))
}

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// The example with one piece replaced, which must be there.
fn with(old: &str, new: &str) -> String {
    let text = real();
    assert!(text.contains(old), "{old}");
    text.replacen(old, new, 1)
}

fn fedapay(directory: &Directory) -> (Option<String>, Option<String>, Vec<String>) {
    match &directory.accounts[&AccountId::new("awa-fedapay")].keys {
        AccountKeys::Fedapay {
            public_key,
            secret_key,
            webhook_secrets,
        } => (
            public_key.clone(),
            secret_key.as_ref().map(|key| key.expose_secret().to_owned()),
            webhook_secrets
                .iter()
                .map(|secret| secret.expose_secret().to_owned())
                .collect(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_files_are_read() {
    let site = read(EXAMPLE).unwrap();
    assert_eq!(
        (site.companies.len(), site.routers.len(), site.hotspots.len()),
        (1, 1, 1)
    );
    assert_eq!((site.accounts.len(), site.plans.len()), (1, 1));
    let hotspot = &site.hotspots[0];
    assert_eq!(
        (hotspot.label.as_str(), hotspot.name.as_str()),
        ("hotspot1", "hotspot1")
    );
    assert_eq!((hotspot.style.mode, hotspot.style.length), (UserMode::Vc, 6));
    assert_eq!(
        (hotspot.style.alphabet, hotspot.style.prefix.as_str()),
        (Alphabet::Mix, "mm")
    );
    assert_eq!(hotspot.links, LinkPolicy::Plans);
    let plan = &site.plans[0];
    assert_eq!((plan.price.minor(), plan.price.currency()), (100, Currency::Xof));
    assert_eq!((plan.time.seconds, plan.data.bytes), (14_400, 0));
    let settings = include_str!("../../examples/mikrelay.toml");
    assert_eq!(Config::example(), settings);
}

#[test]
fn the_sample_keys_serve_a_gateway_on_this_machine() {
    for (base_url, applies) in [
        ("http://127.0.0.1:9001", true),
        ("http://[::1]:9001", true),
        ("http://localhost:9001", true),
        ("http://127.0.0.1.example.net", false),
        ("https://api.fedapay.com", false),
    ] {
        let text = EXAMPLE.replace(
            "mode = \"live\"",
            &format!("mode = \"live\"\nbase_url = \"{base_url}\""),
        );
        assert_eq!(fixture().try_apply(&text, false).is_ok(), applies, "{base_url}");
    }
}

#[test]
fn p5_the_samples_of_the_documentation_are_read_but_not_applied() {
    let fixture = fixture();
    let error = fixture.try_apply(EXAMPLE, false).unwrap_err().to_string();
    assert!(
        error.contains("account `awa-fedapay`") && error.contains("sample"),
        "{error}"
    );
    assert!(
        fixture.directory().companies.is_empty(),
        "nothing of the file is written"
    );
    for (old, new) in [
        ("pk_live_7f3a", "pk_live_x"),
        ("wh_live_7f3a", "wh_live_xxxx"),
        ("sk_live_7f3a", "changeme"),
    ] {
        let text = with(&format!("\"{old}\""), &format!("\"{new}\""));
        let error = fixture.try_apply(&text, false).unwrap_err().to_string();
        assert!(error.contains("sample"), "{new}: {error}");
    }
}

#[test]
fn applying_creates_updates_and_leaves_alone() {
    let fixture = fixture();
    let first = fixture.apply(&real());
    assert_eq!(first.created.len(), 5, "{first:?}");
    let version = fixture.version();
    let second = fixture.apply(&real());
    assert_eq!(
        second,
        Summary {
            unchanged: 5,
            ..Summary::default()
        }
    );
    assert_eq!(fixture.version(), version, "an unchanged file wakes nobody");
    let third = fixture.apply(&with("price = \"100\"", "price = \"150\""));
    assert_eq!((third.updated, third.unchanged), (vec!["plan 4h".to_owned()], 4));
    assert!(fixture.version() > version);
    assert_eq!(fixture.directory().plans[&PlanId::new("4h")].price.minor(), 150);
    fixture.apply(&real());
    // Secrets and settings alike: one change is one record.
    for (old, new) in [
        ("\"wh_live_7f3a\"", "\"wh_live_8888\""),
        ("\"sk_live_7f3a\"", "\"sk_live_8888\""),
        ("\"relay-pass\"", "\"other-pass\""),
        ("tls = \"off\"", "tls = \"webpki\""),
        ("prefix = \"mm\"", "prefix = \"nn\""),
        ("language = \"fr\"", "language = \"pt\""),
    ] {
        assert_eq!(fixture.apply(&with(old, new)).updated.len(), 1, "{new}");
        assert_eq!(fixture.apply(&real()).updated.len(), 1, "{old}");
    }
}

#[test]
fn an_export_applied_again_changes_nothing() {
    let fixture = fixture();
    let text = real()
        + r#"
[[account]]
id = "awa-cinetpay"
company = "cyber-awa"
gateway = "cinetpay"
site_id = "12345"
api_key = "an api key"
webhook_secrets = ["a hook", "another"]

[[account]]
id = "awa-cinetpay1"
company = "cyber-awa"
gateway = "cinetpay"
mode = "test"
api_key = "sk_test_77"
api_password = "a password"

[[account]]
id = "awa-feexpay"
company = "cyber-awa"
gateway = "feexpay"
site_id = "shop"
token = "fp_77"
callback_header = "X-Key: a value"
base_url = "http://127.0.0.1:9001"

[[account]]
id = "awa-signed-only"
company = "cyber-awa"
gateway = "fedapay"
webhook_secrets = ["wh_live_99"]

[[router]]
id = "without-login"
company = "cyber-awa"
address = "[fd00::1]:8729"
tls = "sha256:AB:cdabababababababababababababababababababababababababababababab"

[[plan]]
id = "1go"
hotspot = "cotonou-1-main"
label = "1 \"Go\" \\ été"
profile = "1 Go"
price = "500"
data = "1G"
"#;
    fixture.apply(&text);
    let exported = site::export(&fixture.directory());
    for secret in [
        "7f3a\"]",
        "sk_live_7f3a",
        "relay-pass",
        "an api key",
        "a hook",
        "a password",
        "fp_77",
        "a value",
        "wh_live",
    ] {
        assert!(!exported.contains(secret), "{secret}: {exported}");
    }
    let again = fixture.apply(&exported);
    assert_eq!(
        (again.unchanged, again.created.len(), again.updated.len()),
        (11, 0, 0),
        "{again:?}\n{exported}"
    );
    assert_eq!(site::export(&fixture.directory()), exported);
    let pruned = fixture.try_apply(&exported, true).unwrap();
    assert_eq!(
        pruned,
        Summary {
            unchanged: 11,
            ..Summary::default()
        }
    );
    let router = &fixture.directory().routers[&RouterId::new("without-login")];
    assert!(
        matches!(router.tls, RouterTls::Pinned([0xab, 0xcd, ..])),
        "{:?}",
        router.tls
    );
}

#[test]
fn kept_secrets_stay_one_by_one() {
    let fixture = fixture();
    fixture.apply(&real());
    let exported = site::export(&fixture.directory());
    assert!(
        exported.contains("secret_key = \"(kept)\"") && exported.contains("webhook_secrets = [\"(kept)\"]"),
        "{exported}"
    );
    // Rotation: what is stored, and a new one.
    let rotating = exported.replace("[\"(kept)\"]", "[\"(kept)\", \"wh_live_new\"]");
    assert_eq!(fixture.apply(&rotating).updated, ["account awa-fedapay"]);
    let (_, key, hooks) = fedapay(&fixture.directory());
    assert_eq!(
        (key.as_deref(), hooks),
        (
            Some("sk_live_7f3a"),
            vec!["wh_live_7f3a".to_owned(), "wh_live_new".to_owned()]
        )
    );
    assert!(
        fixture.apply(&rotating).updated.is_empty(),
        "a second time adds nothing"
    );
    // D7: the old one goes, the key stays.
    let rotated = exported.replace("[\"(kept)\"]", "[\"wh_live_new\"]");
    fixture.apply(&rotated);
    let (_, key, hooks) = fedapay(&fixture.directory());
    assert_eq!(
        (key.as_deref(), hooks),
        (Some("sk_live_7f3a"), vec!["wh_live_new".to_owned()])
    );
    // A new user with the stored password.
    let renamed = exported.replace("user = \"relay\"", "user = \"other\"");
    fixture.apply(&renamed);
    let router = &fixture.directory().routers[&RouterId::new("cotonou-1")];
    let credentials = router.credentials.as_ref().unwrap();
    assert_eq!(
        (credentials.user.as_str(), credentials.password.expose_secret()),
        ("other", "relay-pass")
    );
}

#[test]
fn kept_means_nothing_where_nothing_is_stored() {
    let fixture = fixture();
    for old in ["\"sk_live_7f3a\"", "\"wh_live_7f3a\"", "\"relay-pass\""] {
        let error = fixture
            .try_apply(&with(old, "\"(kept)\""), false)
            .unwrap_err()
            .to_string();
        assert!(error.contains("there is none"), "{old}: {error}");
        assert!(fixture.directory().companies.is_empty());
    }
}

#[test]
fn a_kept_key_must_fit_a_changed_mode() {
    let fixture = fixture();
    fixture.apply(&real());
    let exported = site::export(&fixture.directory()).replace("public_key = \"pk_live_7f3a\"\n", "");
    let error = fixture
        .try_apply(&exported.replace("mode = \"live\"", "mode = \"test\""), false)
        .unwrap_err();
    assert!(error.to_string().contains("other `mode`"), "{error}");
}

#[test]
fn learnt_credentials_and_drawn_uuids_stay() {
    let fixture = fixture();
    let text = with("user = \"relay\"", "").replace("password = \"relay-pass\"", "");
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("access_uuid"))
        .collect::<Vec<_>>()
        .join("\n");
    fixture.apply(&text);
    let id = RouterId::new("cotonou-1");
    let drawn = fixture.directory().routers[&id].access_uuid.clone();
    assert_eq!(drawn.len(), 36);
    let learnt = RouterCredentials {
        user: "admin".to_owned(),
        password: "learnt".into(),
    };
    let learn = id.clone();
    fixture
        .store
        .write_now(move |db| db.set_router_credentials(&learn, &learnt))
        .unwrap();
    assert_eq!(fixture.apply(&text).unchanged, 5);
    let router = &fixture.directory().routers[&id];
    assert_eq!(router.access_uuid, drawn);
    assert_eq!(router.credentials.as_ref().unwrap().password.expose_secret(), "learnt");
}

#[test]
fn nothing_is_removed_unless_pruning_and_what_orders_need_stays() {
    let fixture = fixture();
    fixture.apply(&real());
    let empty = "[[company]]\nid = \"cyber-awa\"\nname = \"Cyber Awa\"\ncountry = \"BJ\"\n";
    assert!(fixture.try_apply(empty, false).unwrap().removed.is_empty());
    assert_eq!(fixture.directory().plans.len(), 1);
    fixture.sell();
    let pruned = fixture.try_apply(empty, true).unwrap();
    assert_eq!(pruned.removed, ["plan 4h"]);
    assert_eq!(
        pruned.kept,
        ["account awa-fedapay", "hotspot cotonou-1-main", "router cotonou-1"]
    );
    assert_eq!(fixture.directory().hotspots.len(), 1);

    let unsold = self::fixture();
    unsold.apply(&real());
    let pruned = unsold.try_apply("", true).unwrap();
    assert_eq!(pruned.removed.len(), 5, "{pruned:?}");
    assert!(unsold.directory().companies.is_empty());
}

#[test]
fn a_renamed_hotspot_takes_its_label_along() {
    let fixture = fixture();
    fixture.apply(&real());
    let renamed = real().replace("\"cotonou-1-main\"", "\"cotonou-1-hall\"");
    let error = fixture.try_apply(&renamed, false).unwrap_err().to_string();
    assert!(
        error.contains("belongs to hotspot `cotonou-1-main`") && error.contains("--prune"),
        "{error}"
    );
    fixture.sell();
    let done = fixture.try_apply(&renamed, true).unwrap();
    assert_eq!(done.kept, ["hotspot cotonou-1-main"], "its order still needs it");
    let directory = fixture.directory();
    assert_eq!(
        directory.hotspot_by_label("hotspot1").unwrap().id,
        HotspotId::new("cotonou-1-hall")
    );
    assert_eq!(
        directory.plans[&PlanId::new("4h")].hotspot,
        HotspotId::new("cotonou-1-hall")
    );
}

#[test]
fn two_hotspots_may_swap_their_labels() {
    let fixture = fixture();
    let second = "\n[[hotspot]]\nid = \"second\"\nrouter = \"cotonou-1\"\nlabel = \"hotspot2\"\nname = \"hotspot2\"\n";
    fixture.apply(&(real() + second));
    let swapped = with("label = \"hotspot1\"", "label = \"hotspot2\"")
        + &second.replace("label = \"hotspot2\"", "label = \"hotspot1\"");
    assert_eq!(fixture.apply(&swapped).updated.len(), 2);
    assert_eq!(
        fixture.directory().hotspot_by_label("hotspot1").unwrap().id,
        HotspotId::new("second")
    );
}

#[test]
fn an_account_may_go_while_a_plan_stops_naming_it() {
    let fixture = fixture();
    fixture.apply(&real());
    let other = with("id = \"awa-fedapay\"", "id = \"awa-new\"").replace("[\"awa-fedapay\"]", "[\"awa-new\"]");
    let done = fixture.try_apply(&other, true).unwrap();
    assert_eq!(
        (done.removed, done.created),
        (
            vec!["account awa-fedapay".to_owned()],
            vec!["account awa-new".to_owned()]
        )
    );
}

#[test]
fn c2_unknown_and_missing_keys_are_refused_with_their_line() {
    let text = "[[company]]\nid = \"a\"\nname = \"A\"\ncountry = \"BJ\"\nlangauge = \"fr\"\n";
    let error = refused(text);
    assert!(error.contains("line 5") && error.contains("langauge"), "{error}");
    let error = refused("[[company]]\nid = \"a\"\n");
    assert!(error.contains("name"), "{error}");
    let error = refused("\n[[shop]]\n");
    assert!(error.contains("line 2") && error.contains("shop"), "{error}");
}

#[test]
fn all_faults_are_told_at_once_without_a_secret() {
    let text = real()
        .replace("length = 6", "length = 99")
        .replace("price = \"100\"", "price = \"12.5\"")
        .replace("10.99.0.2:8728", "10.99.0.2")
        .replace("sk_live_7f3a", "sk_sandbox_canary")
        .replace("country = \"BJ\"", "country = \"Benin\"");
    let error = refused(&text);
    for part in [
        "hotspot `cotonou-1-main`",
        "router `cotonou-1`",
        "account `awa-fedapay`",
        "company `cyber-awa`",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_a_sentence() {
    let cases = [
        ("length = 6", "length = 2", "3"),
        ("length = 6", "length = 17", "16"),
        ("\"mix\"", "\"mixed\"", "`alphabet`"),
        ("\"vc\"", "\"cv\"", "`mode`"),
        ("prefix = \"mm\"", "prefix = \"a b\"", "prefix"),
        ("links = \"plans\"", "links = \"all\"", "plans"),
        ("\"off\"", "\"sha256:abcd\"", "64 hex digits"),
        ("10.99.0.2:8728", "10.99.0.2:0", "`address`"),
        ("gateway = \"fedapay\"", "gateway = \"paypal\"", "`gateway`"),
        ("\"sk_live_7f3a\"", "\"\"", "`secret_key` is empty"),
        ("\"pk_live_7f3a\"", "\"\"", "`public_key` is empty"),
        ("\"wh_live_7f3a\"", "\"\"", "`webhook_secrets` is empty"),
        ("\"relay-pass\"", "\"\"", "`password` is empty"),
        ("\"relay-pass\"", "\"x\"\npassword_env = \"X\"", "in one way"),
        ("mode = \"live\"", "mode = \"test\"", "other `mode`"),
        ("price = \"100\"", "price = \"0\"", "more than nothing"),
        ("price = \"100\"", "price = \"-1\"", "`price`"),
        ("price = \"100\"", "price = \"1e3\"", "`price`"),
        ("currency = \"XOF\"", "currency = \"BTC\"", "`currency`"),
        ("time = \"4h\"", "time = \"four\"", "four"),
        ("data = \"0\"", "data = \"10X\"", "10X"),
        ("[\"awa-fedapay\"]", "[\"other\"]", "no account `other`"),
        (
            "hotspot = \"cotonou-1-main\"",
            "hotspot = \"none\"",
            "no hotspot `none`",
        ),
        ("router = \"cotonou-1\"", "router = \"none\"", "no router `none`"),
        ("language = \"fr\"", "language = \"de\"", "`language`"),
        ("Africa/Porto-Novo", "Africa/Nowhere", "`timezone`"),
        (
            "awa@example.net",
            "awa@example.net\\r\\nBcc: x@example.net",
            "`notify_email`",
        ),
        ("id = \"4h\"", "id = \"4 Heures\"", "lower-case"),
        ("label = \"hotspot1\"", "label = \"a/b\"", "`label`"),
        ("profile = \"4H\"", "profile = \" \"", "`profile`"),
    ];
    for (old, new, part) in cases {
        let error = refused(&with(old, new));
        assert!(error.contains(part), "{new}: {error}");
    }
}

#[test]
fn two_records_cannot_be_one() {
    let router = "\n[[router]]\nid = \"second\"\ncompany = \"cyber-awa\"\naddress = \"10.99.0.3:8728\"\n";
    let uuid = "access_uuid = \"61cd594b-2f01-48ca-8692-65e4ef3a36d5\"\n";
    assert!(refused(&(real() + router + uuid)).contains("same `access_uuid`"));
    let hotspot = "\n[[hotspot]]\nid = \"second\"\nrouter = \"cotonou-1\"\n";
    assert!(refused(&(real() + hotspot + "label = \"hotspot1\"\nname = \"other\"\n")).contains("has the label"));
    // Two labels may lead to one server: an old one that dashboards still call.
    read(&(real() + hotspot + "label = \"other\"\nname = \"hotspot1\"\n")).unwrap();
    let company = "\n[[company]]\nid = \"cyber-awa\"\nname = \"B\"\ncountry = \"TG\"\n";
    assert!(refused(&(real() + company)).contains("used twice"));
}

#[test]
fn a_plan_is_sold_by_accounts_of_its_own_company_only() {
    let other = "\n[[company]]\nid = \"other\"\nname = \"B\"\ncountry = \"TG\"\n\
                 [[account]]\nid = \"others\"\ncompany = \"other\"\ngateway = \"fedapay\"\nwebhook_secrets = [\"wh_live_5\"]\n";
    let error = refused(&(with("[\"awa-fedapay\"]", "[\"others\"]") + other));
    assert!(error.contains("company `cyber-awa` has no account `others`"), "{error}");
}

#[test]
fn secrets_come_from_files_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "sk_live_from_file\n").unwrap();
    std::fs::write(folder.path().join("hooks"), "wh_live_1\n\nwh_live_2\n").unwrap();
    // A variable every test process has.
    let variable = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let text = with("secret_key = \"sk_live_7f3a\"", "secret_key_file = \"key\"")
        .replace(
            "webhook_secrets = [\"wh_live_7f3a\"]",
            "webhook_secrets_file = \"hooks\"",
        )
        .replace("password = \"relay-pass\"", "password_env = \"CARGO_MANIFEST_DIR\"");
    let site = site::read(&text, folder.path()).unwrap();
    let AccountKeys::Fedapay {
        secret_key,
        webhook_secrets,
        ..
    } = &site.accounts[0].keys
    else {
        panic!()
    };
    assert_eq!(secret_key.as_ref().unwrap().expose_secret(), "sk_live_from_file");
    assert_eq!(
        webhook_secrets
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect::<Vec<_>>(),
        ["wh_live_1", "wh_live_2"]
    );
    let credentials = site.routers[0].router.credentials.as_ref().unwrap();
    assert_eq!(credentials.password.expose_secret(), variable);
    std::fs::remove_file(folder.path().join("key")).unwrap();
    let error = site::read(&text, folder.path()).unwrap_err().to_string();
    assert!(error.contains("secret_key_file") && error.contains("key`"), "{error}");
    let error = refused(&with(
        "secret_key = \"sk_live_7f3a\"",
        "secret_key_env = \"NO_SUCH_VARIABLE_HERE\"",
    ));
    assert!(error.contains("NO_SUCH_VARIABLE_HERE"), "{error}");
}

#[test]
fn money_and_days_follow_the_country() {
    let text = with("currency = \"XOF\"", "currency = \"FCFA\"")
        .replace("country = \"BJ\"", "country = \"CM\"")
        .replace("timezone = \"Africa/Porto-Novo\"", "");
    let site = read(&text).unwrap();
    assert_eq!(site.plans[0].price.currency(), Currency::Xaf);
    assert_eq!(site.companies[0].timezone, "Africa/Douala");
}

#[test]
fn a_fault_of_the_store_takes_the_whole_file_back() {
    let fixture = fixture();
    let site = read(&real()).unwrap();
    let failed = fixture.store.write_now(move |db| {
        site::apply(&site, db, false).map_err(|_| StoreError::Closed)?;
        Err::<(), _>(StoreError::Full)
    });
    assert!(matches!(failed, Err(StoreError::Full)));
    assert!(fixture.directory().companies.is_empty());
}

/// The public key of facts `gateways-latin-america.md` 4.2.
const CONEKTA_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAiEVRaQIF87RpLb1j7Zkk
W6DgnlB33oKkgwegg8qgWof+5xoCdUDkxDv1ZrDmZ/cDdOzqMIn5oTyC/89rMMyq
/kdZyWz/LxYmO5WHkDW+6q6TMReyS0mzCrpBM91P+KDEMqo6drT2ZeKhmT4wdtGI
+6PXux1fpeRJbtMawvZ3TFtAQ7+PzMGHB1eCaqYzedch59Do5KIh79SmuqU/925+
WUTch0E6L+T90jIljqOaVZWdOX/bUvZqmXFQxsErqHIgXGnuZLtQ7Q+6hOc44dzh
EMi272WWaEEi3ldbfe64tu1lQ2PG2Ljt0yBISQsUzvWyy1SXvOg/uQjmI5ChleBq
rwIDAQAB
-----END PUBLIC KEY-----";

/// The example with an account at Conekta; `more` are lines of it.
fn with_conekta(more: &str) -> String {
    real()
        + &format!(
            "\n[[account]]\nid = \"awa-conekta\"\ncompany = \"cyber-awa\"\ngateway = \"conekta\"\n\
             public_key = \"key_public7f3a\"\nsecret_key = \"key_private7f3a\"\n{more}\n"
        )
}

type Conekta = (String, Option<String>, Vec<String>, Vec<ConektaMethod>);

fn conekta(directory: &Directory) -> Conekta {
    match &directory.accounts[&AccountId::new("awa-conekta")].keys {
        AccountKeys::Conekta {
            private_key,
            public_key,
            webhook_keys,
            methods,
        } => (
            private_key.expose_secret().to_owned(),
            public_key.clone(),
            webhook_keys.clone(),
            methods.clone(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_conekta_account_is_applied_exported_and_kept() {
    let fixture = fixture();
    let text = with_conekta(&format!(
        "webhook_secrets = [\"\"\"\n{CONEKTA_KEY}\n\"\"\"]\nmethods = [\"cash\", \"card\"]\nrefund_undelivered_after_h = 6"
    ));
    fixture.apply(&text);
    let expected: Conekta = (
        "key_private7f3a".to_owned(),
        Some("key_public7f3a".to_owned()),
        vec![CONEKTA_KEY.to_owned()],
        vec![ConektaMethod::Cash, ConektaMethod::Card],
    );
    assert_eq!(conekta(&fixture.directory()), expected);
    let exported = site::export(&fixture.directory());
    assert!(!exported.contains("key_private7f3a"), "{exported}");
    assert!(exported.contains("methods = [\"cash\", \"card\"]"), "{exported}");
    let again = fixture.apply(&exported);
    assert_eq!(
        (again.created.len(), again.updated.len()),
        (0, 0),
        "{again:?}\n{exported}"
    );
    assert_eq!(conekta(&fixture.directory()), expected);
    let fewer = fixture.apply(&exported.replace("methods = [\"cash\", \"card\"]", "methods = [\"card\"]"));
    assert_eq!(fewer.updated, ["account awa-conekta"]);
    assert_eq!(conekta(&fixture.directory()).3, [ConektaMethod::Card]);
}

#[test]
fn what_a_conekta_account_lacks_or_has_too_much_is_told() {
    // All methods, and no webhook key: the gateway is asked instead.
    let fixture = fixture();
    fixture.apply(&with_conekta(""));
    let (_, _, keys, methods) = conekta(&fixture.directory());
    assert_eq!((keys.len(), methods.len()), (0, 3));
    let two = format!("webhook_secrets = [\"\"\"{CONEKTA_KEY}\n{CONEKTA_KEY}\"\"\"]");
    fixture.apply(&with_conekta(&two));
    assert_eq!(
        conekta(&fixture.directory()).2.len(),
        2,
        "one after the other in one text"
    );
    let elliptic = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PUBLIC KEY-----";
    for (more, part) in [
        ("methods = []".to_owned(), "`methods` is empty"),
        ("methods = [\"gold\"]".to_owned(), "gold"),
        ("token = \"x\"".to_owned(), "`token`"),
        ("site_id = \"x\"".to_owned(), "`site_id`"),
        ("checkout = \"orders\"".to_owned(), "`checkout`"),
        ("webhook_secrets = [\"wh_live_9\"]".to_owned(), "RSA public key in PEM"),
        (
            format!("webhook_secrets = [\"\"\"{elliptic}\"\"\"]"),
            "RSA public key in PEM",
        ),
    ] {
        let error = refused(&with_conekta(&more));
        assert!(error.contains(part), "{more}: {error}");
    }
    let keyless = with_conekta("").replace("secret_key = \"key_private7f3a\"", "");
    assert!(refused(&keyless).contains("`secret_key`"));
    let foreign = with("gateway = \"fedapay\"", "gateway = \"fedapay\"\nmethods = [\"card\"]");
    assert!(refused(&foreign).contains("`methods`"));
}

/// The example with an account at Mercado Pago; `more` are lines of it.
fn with_mercadopago(more: &str) -> String {
    real()
        + &format!(
            "\n[[account]]\nid = \"awa-mp\"\ncompany = \"cyber-awa\"\ngateway = \"mercadopago\"\nmode = \"test\"\n\
             public_key = \"APP_USR-public7f3a\"\nsecret_key = \"APP_USR-token7f3a\"\n{more}\n"
        )
}

type Mercadopago = (String, Option<String>, Vec<String>, MercadopagoCheckout);

fn mercadopago(directory: &Directory) -> Mercadopago {
    match &directory.accounts[&AccountId::new("awa-mp")].keys {
        AccountKeys::Mercadopago {
            access_token,
            public_key,
            webhook_secrets,
            checkout,
        } => (
            access_token.expose_secret().to_owned(),
            public_key.clone(),
            webhook_secrets
                .iter()
                .map(|secret| secret.expose_secret().to_owned())
                .collect(),
            *checkout,
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mercado_pago_account_is_applied_exported_and_kept() {
    let fixture = fixture();
    fixture.apply(&with_mercadopago(
        "webhook_secrets = [\"hook7f3a\", \"hook7f3b\"]\ncheckout = \"orders\"\nrefund_paid_twice = true",
    ));
    let expected: Mercadopago = (
        "APP_USR-token7f3a".to_owned(),
        Some("APP_USR-public7f3a".to_owned()),
        vec!["hook7f3a".to_owned(), "hook7f3b".to_owned()],
        MercadopagoCheckout::Orders,
    );
    assert_eq!(mercadopago(&fixture.directory()), expected);
    let exported = site::export(&fixture.directory());
    assert!(
        !exported.contains("token7f3a") && !exported.contains("hook7f3"),
        "{exported}"
    );
    assert!(
        exported.contains("checkout = \"orders\"") && exported.contains("refund_paid_twice = true"),
        "{exported}"
    );
    let again = fixture.apply(&exported);
    assert_eq!(
        (again.created.len(), again.updated.len()),
        (0, 0),
        "{again:?}\n{exported}"
    );
    assert_eq!(mercadopago(&fixture.directory()), expected);
    let other = fixture.apply(&exported.replace("checkout = \"orders\"", "checkout = \"preferences\""));
    assert_eq!(other.updated, ["account awa-mp"]);
    let kept = mercadopago(&fixture.directory());
    assert_eq!((kept.3, kept.2), (MercadopagoCheckout::Preferences, expected.2));
}

#[test]
fn what_a_mercado_pago_account_lacks_or_has_too_much_is_told() {
    let fixture = fixture();
    fixture.apply(&with_mercadopago(""));
    let (_, _, secrets, checkout) = mercadopago(&fixture.directory());
    assert_eq!((secrets.len(), checkout), (0, MercadopagoCheckout::Preferences));
    for (more, part) in [
        ("checkout = \"pro\"", "pro"),
        ("methods = [\"card\"]", "`methods`"),
        ("token = \"x\"", "`token`"),
        ("site_id = \"x\"", "`site_id`"),
        ("api_key = \"x\"", "`api_key`"),
        ("webhook_secrets = [\"\"]", "webhook_secrets"),
    ] {
        let error = refused(&with_mercadopago(more));
        assert!(error.contains(part), "{more}: {error}");
    }
    let keyless = with_mercadopago("").replace("secret_key = \"APP_USR-token7f3a\"", "");
    assert!(refused(&keyless).contains("`secret_key`"));
    let foreign = with("gateway = \"fedapay\"", "gateway = \"fedapay\"\ncheckout = \"orders\"");
    assert!(refused(&foreign).contains("`checkout`"));
}
