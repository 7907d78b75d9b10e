//! `mikrelay import` and `mikrelay plan import` as a newcomer runs them: the real program in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mikrelay::clock::Clock;
use mikrelay::company::Directory;
use mikrelay::ids::{CompanyId, HotspotId, PlanId, RouterId};
use mikrelay::sim::router::{SimRouter, SimRouterConfig};
use mikrelay::store::Store;
use mikrelay::voucher::{Alphabet, UserMode};
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// A folder with a settings file, and nothing in it yet.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = "public_url = \"https://pay.example.net\"\ndata_dir = \"data\"\n";
        fs::write(folder.path().join("mikrelay.toml"), settings).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn page(&self, name: &str) -> Vec<u8> {
        let page = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portals").join(name)).unwrap();
        fs::write(self.path("login.html"), &page).unwrap();
        page
    }

    /// What it printed, and on standard error.
    fn try_run(&self, arguments: &[&str], input: &str) -> (bool, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mikrelay"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read may have ended before.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    fn run(&self, arguments: &[&str]) -> String {
        let (is_well, out, errors) = self.try_run(arguments, "");
        assert!(is_well, "{arguments:?}: {errors}{out}");
        out
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let (is_well, out, errors) = self.try_run(arguments, "");
        assert!(!is_well, "{arguments:?} was taken: {out}");
        errors
    }

    fn directory(&self) -> Directory {
        let data = self.path("data");
        let store = Store::open_folder(&data, &data.join("master.key"), Clock::System).unwrap();
        store.read_now(|db| db.load_directory()).unwrap()
    }

    /// Every file with its bytes. SQLite's index for readers (`-shm`) holds nothing, and whoever only reads writes in it.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files.insert(path.clone(), Vec::new());
                    collect(&path, files);
                } else {
                    let is_index = path.to_string_lossy().ends_with("-shm");
                    files.insert(
                        path.clone(),
                        if is_index { Vec::new() } else { fs::read(&path).unwrap() },
                    );
                }
            }
        }
        let mut files = BTreeMap::new();
        collect(self.0.path(), &mut files);
        files
    }

    /// The command with `--dry-run`: it says the same, and no byte of the folder is another.
    fn dry(&self, arguments: &[&str]) -> String {
        let before = self.files();
        let said = self.run(&[arguments, &["--dry-run"]].concat());
        let after = self.files();
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        assert!(before == after, "a dry run changed a file");
        let body = said.strip_suffix("nothing was changed: this was a dry run\n");
        body.unwrap_or_else(|| panic!("{said}")).replace("would write", "wrote")
    }
}

#[test]
fn a_newcomer_imports_a_page_into_nothing() {
    let desk = Desk::new();
    let old = desk.page("01-table.html");
    let dry = desk.dry(&["import", "login.html"]);
    let said = desk.run(&["import", "login.html"]);
    assert_eq!(dry, said);
    insta::assert_snapshot!("newcomer", said);
    assert_eq!(
        fs::read(desk.path("login.html")).unwrap(),
        old,
        "the old page is as it was"
    );
    let new = fs::read_to_string(desk.path("login.mikrelay.html")).unwrap();
    assert!(new.contains("href=\"https://pay.example.net/b/1h?mac=$(mac)&amp;ip=$(ip)&amp;dst=$(link-status-esc)\""));
    let directory = desk.directory();
    let plan = &directory.plans[&PlanId::new("30j")];
    assert_eq!(
        (plan.label.as_str(), plan.price.major_text().as_str()),
        ("Le mois", "3000")
    );
    assert_eq!(plan.data.bytes, 20 << 30);
    // Later, with the router's address.
    let again = desk.run(&["import", "login.html", "--router-address", "10.99.0.2:8728"]);
    assert!(again.contains("updated router router-1\n"), "{again}");
    let last = desk.run(&["import", "login.html"]);
    assert!(last.contains("the relay has all of this already"), "{last}");
    assert_eq!(desk.dry(&["import", "login.html"]), last);
    assert_eq!(
        desk.directory().routers[&RouterId::new("router-1")].address,
        "10.99.0.2:8728"
    );
}

#[test]
fn the_old_page_is_never_written_over() {
    let desk = Desk::new();
    desk.page("09-minified.html");
    fs::create_dir(desk.path("some")).unwrap();
    fs::copy(desk.path("login.html"), desk.path("some/login.html")).unwrap();
    let before = desk.files();
    for (target, said) in [
        ("./some/login.html", "is the old page itself"),
        ("./some/../some/login.html", "is the old page itself"),
        ("login.html", "exists already"),
    ] {
        let errors = desk.refused(&["import", "./some/login.html", "--out", target]);
        assert!(errors.contains(said), "{errors}");
    }
    std::os::unix::fs::symlink(desk.path("some/login.html"), desk.path("link.html")).unwrap();
    let errors = desk.refused(&["import", "./some/login.html", "--out", "link.html"]);
    assert!(errors.contains("is the old page itself"), "{errors}");
    fs::remove_file(desk.path("link.html")).unwrap();
    assert!(before == desk.files(), "nothing is written when it is refused");
    desk.run(&[
        "import",
        "./some/login.html",
        "--router",
        "bar",
        "--company",
        "cafe",
        "--out",
        "new.html",
    ]);
    assert!(
        fs::read_to_string(desk.path("new.html"))
            .unwrap()
            .contains("https://pay.example.net/b/1h?")
    );
    assert_eq!(
        desk.directory().routers[&RouterId::new("bar")].company,
        CompanyId::new("cafe")
    );
}

#[test]
fn a_page_without_a_button_makes_nothing() {
    let desk = Desk::new();
    desk.page("14-no-button.html");
    let said = desk.run(&["import", "login.html"]);
    assert!(said.contains("there is no old buy button in this page"), "{said}");
    assert!(!desk.path("login.mikrelay.html").exists());
    assert!(desk.directory().companies.is_empty());
}

const ADDRESS: &str = "https://ancien.example//pay_callback/cinetpay/maxdos?mikadminuser=admin&mikadminpass=gr%C3%A8s-7f3a&mikusermode=up\
    &miknamelength=5&mikcharacter=mix1&mikuserprefix=mm&miknotifemail=awa@example.net&mikcurrency=XOF\
    &mikaccessuuid=61cd594b-2f01-48ca-8692-65e4ef3a36d5&mikdnsname=wifi.example.net&mikserver=hotspot1";

#[test]
fn a_callback_completes_what_a_page_has_made() {
    let desk = Desk::new();
    desk.page("03-onclick.html");
    desk.run(&["import", "login.html"]);
    let dry = desk.dry(&["import", "callback", ADDRESS]);
    let said = desk.run(&["import", "callback", ADDRESS]);
    assert_eq!(dry, said);
    insta::assert_snapshot!("callback", said);
    let directory = desk.directory();
    let hotspot = &directory.hotspots[&HotspotId::new("hotspot1")];
    assert_eq!(
        (hotspot.label.as_str(), hotspot.dns_name.as_deref()),
        ("maxdos", Some("wifi.example.net"))
    );
    let style = &hotspot.style;
    assert_eq!(
        (style.mode, style.length, style.alphabet),
        (UserMode::Up, 5, Alphabet::Mix1)
    );
    let router = &directory.routers[&RouterId::new("router-1")];
    let credentials = router.credentials.as_ref().unwrap();
    assert_eq!(
        (credentials.user.as_str(), credentials.password.expose_secret()),
        ("admin", "grès-7f3a")
    );
    assert_eq!(router.access_uuid, "61cd594b-2f01-48ca-8692-65e4ef3a36d5");
    let (_, again, _) = desk.try_run(&["import", "callback", "-"], ADDRESS);
    assert!(again.contains("the relay has all of this already"), "{again}");
    let all = [said, again].concat();
    assert!(
        !all.contains("7f3a") && !all.contains("gr%C3"),
        "the password is printed: {all}"
    );
    for (path, bytes) in desk.files() {
        let holds = bytes
            .windows(9)
            .any(|window| window == "s-7f3a".as_bytes() || window.ends_with(b"-7f3a"));
        assert!(!holds, "{} holds the password in clear", path.display());
    }
}

#[test]
fn headers_are_read_as_dashboards_show_them() {
    for table in [
        "mikadminuser: admin\nmikadminpass: gr\u{e8}s-7f3a\nmikusermode: vc\nmikserver: bar 1\nmikdnsname: wifi.example.net",
        "Clé\tValeur\nmikadminuser\tadmin\r\nmikadminpass\tgrès-7f3a\r\nMikUserMode\tvc\r\nmikserver\tbar 1\nmikdnsname\twifi.example.net",
        "mikadminuser\nadmin\n\nmikadminpass\ngrès-7f3a\nmikusermode\nvc\nmikserver\nbar 1\nmikdnsname\nwifi.example.net\n",
        "\"mikadminuser\": \"admin\",\n\"mikadminpass\": \"grès-7f3a\",\n\"mikusermode\": \"vc\",\n\"mikserver\" : \"bar 1\",\n\"mikdnsname\": \"wifi.example.net\"",
        "| mikadminuser | admin |\n| mikadminpass   grès-7f3a |\nmikusermode   vc\nmikserver = bar 1\nmikdnsname wifi.example.net",
    ] {
        let desk = Desk::new();
        let url = "https://ancien.example/pay_callback/fedapay/bar";
        let (is_well, said, errors) = desk.try_run(&["import", "callback", url, "--headers", "-"], table);
        assert!(is_well, "{table}: {errors}");
        let directory = desk.directory();
        let hotspot = directory.hotspots.values().next().unwrap();
        assert_eq!(
            (hotspot.name.as_str(), hotspot.label.as_str()),
            ("bar 1", "bar"),
            "{table}"
        );
        assert_eq!(hotspot.dns_name.as_deref(), Some("wifi.example.net"), "{table}");
        let credentials = directory.routers.values().next().unwrap().credentials.clone().unwrap();
        assert_eq!(credentials.password.expose_secret(), "grès-7f3a", "{table}");
        assert!(
            !said.contains("7f3a") && !said.contains("stood in an address"),
            "{said}"
        );
        assert!(
            said.contains("https://pay.example.net/pay_callback/fedapay/bar\n"),
            "{said}"
        );
    }
}

#[test]
fn what_is_no_callback_is_refused_and_faults_are_named() {
    let desk = Desk::new();
    for (url, said) in [
        ("https://ancien.example/buy-mikhmon?x=1", "no address of a callback"),
        (
            "https://ancien.example/pay_callback/stripe/h?mikserver=h",
            "no address of a callback",
        ),
        (
            "https://ancien.example/pay_callback/fedapay/h?x=1",
            "neither the address nor the headers",
        ),
    ] {
        let errors = desk.refused(&["import", "callback", url]);
        assert!(errors.contains(said), "{errors}");
    }
    assert!(!desk.path("data").join("mikrelay.db").exists() || desk.directory().companies.is_empty());
    let said = desk.dry(&[
        "import",
        "callback",
        "https://a.example/pay_callback/feexpay/h?miknamelength=99&mikserver=h",
    ]);
    assert!(
        said.contains("“miknamelength” is “99”: write a number from 3 to 16"),
        "{said}"
    );
}

/// What Mikhmon's form writes first into a profile's script; what follows does not matter here.
fn script(list: &str) -> String {
    format!(":put (\"{list}\"); {{:local date [ /system clock get date ];:local year [ :pick $date 7 11 ];}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_become_plans_with_mikhmons_prices() {
    let profiles = ["1H", "1J", "30J", "Gratuit", "Nuit"].map(str::to_owned).to_vec();
    let router = SimRouter::start(SimRouterConfig {
        profiles,
        ..SimRouterConfig::default()
    });
    let router = router.await.unwrap();
    let menu = "/ip/hotspot/user/profile";
    for (name, list) in [
        ("1H", ",remc,100,1h,0,,Disable,"),
        ("1J", ",remc,250,1d,300,,Disable,"),
        ("30J", ",ntf,3000,30d,,,Enable,"),
        ("Nuit", ",,150,,,noexp,Disable,"),
    ] {
        assert!(router.set_property(menu, name, "on-login", script(list).as_bytes()));
    }
    let desk = Desk::new();
    let site = format!(
        "[[company]]\nid = \"awa\"\nname = \"Awa\"\ncountry = \"BJ\"\n[[router]]\nid = \"r\"\ncompany = \"awa\"\naddress = \"{}\"\n\
         user = \"relay\"\npassword = \"relay-password\"\n[[hotspot]]\nid = \"h\"\nrouter = \"r\"\nlabel = \"h\"\nname = \"hotspot1\"\n\
         [[plan]]\nid = \"jour\"\nhotspot = \"h\"\nlabel = \"Un jour\"\nprofile = \"1J\"\nprice = \"200\"\ntime = \"1d\"\n",
        router.addr()
    );
    fs::write(desk.path("site.toml"), site).unwrap();
    desk.run(&["apply", "site.toml"]);
    let dry = desk.dry(&["plan", "import", "--router", "r"]);
    let said = desk.run(&["plan", "import", "--router", "r", "--hotspot", "h"]);
    assert_eq!(dry, said);
    insta::assert_snapshot!("profiles", said);
    let directory = desk.directory();
    let price = |id: &str| directory.plans[&PlanId::new(id)].price.minor();
    assert_eq!((price("1h"), price("30j"), price("nuit")), (100, 3000, 150));
    assert_eq!(price("jour"), 200, "a price of the relay stays");
    assert_eq!(directory.plans[&PlanId::new("30j")].time.seconds, 30 * 86_400);
    assert_eq!(directory.plans.len(), 4);
    let again = desk.run(&["plan", "import", "--router", "r"]);
    assert!(again.contains("the relay has all of this already"), "{again}");
    for (arguments, said) in [
        (["--router", "x", "--hotspot", "h"], "there is no router `x`"),
        (["--router", "r", "--hotspot", "x"], "no hotspot `x`"),
    ] {
        let errors = desk.refused(&[&["plan", "import"], arguments.as_slice()].concat());
        assert!(errors.contains(said), "{errors}");
    }
    // A page whose profiles the router does not have.
    desk.page("07-latin1.html");
    let page = desk.dry(&["import", "login.html"]);
    assert!(page.contains("the router has no profile `Soirée`"), "{page}");
    assert!(!page.contains("the router has no profile `1H`"), "{page}");
    let page = desk.dry(&["import", "login.html", "--offline"]);
    assert!(!page.contains("the router has no profile"), "{page}");
}
