//! `mikrelay doctor` in a world where all is well, and the proof that each of its findings is found by some test. What
//! is found where is in `doctor_router` and `doctor_machine`.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mikrelay::app;
use mikrelay::cli;
use mikrelay::clock::Clock;
use mikrelay::company::GatewayName;
use mikrelay::config::Config;
use mikrelay::doctor::{Kind, Level, Means, Report, Room, Wish, examine};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::{AccountId, RouterId};
use mikrelay::kit::walled_garden_hosts;
use mikrelay::routeros::Deadlines;
use mikrelay::sim::gateways::{CinetpayV2Keys, FedapayKeys, SimGateways, SimGatewaysConfig};
use mikrelay::sim::router::{SimRouter, SimRouterConfig};
use mikrelay::site;
use mikrelay::store::{Db, Store, StoreError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::{doctor_machine, doctor_router};

pub const PUBLIC_HOST: &str = "pay.example.net";

const SITE: &str = r#"
[[company]]
id = "cafe"
name = "Café du Port"
country = "BJ"
language = "fr"
timezone = "Africa/Porto-Novo"
notify_email = "awa@example.net"

[[router]]
id = "r1"
company = "cafe"
address = "{router}"
user = "relay"
password = "canary-router-pass"
access_uuid = "61cd594b-2f01-48ca-8692-65e4ef3a36d5"

[[hotspot]]
id = "h1"
router = "r1"
label = "hotspot1"
name = "hotspot1"
dns_name = "wifi.test"

[[account]]
id = "feda"
company = "cafe"
gateway = "fedapay"
mode = "live"
base_url = "{fedapay}"
public_key = "pk_live_canary"
secret_key = "sk_live_canary"
webhook_secrets = ["wh_live_canary"]

[[account]]
id = "cinet"
company = "cafe"
gateway = "cinetpay"
base_url = "{cinetpay}"
site_id = "445160"
api_key = "canary_apikey"
webhook_secrets = ["canary_secret_key"]

[[plan]]
id = "1h"
hotspot = "h1"
label = "1 heure"
profile = "1H"
price = "100"
time = "1h"
"#;

/// A relay's data with everything around it that a doctor asks. At first all is well.
pub struct Clinic {
    pub router: SimRouter,
    pub gateways: SimGateways,
    pub folder: TempDir,
    pub config: Config,
    pub means: Means,
    /// What answers for the running relay, for phones, and for the mail server.
    pub relay: Stub,
    pub front: Stub,
    pub mail: Stub,
    pub site: String,
}

impl Clinic {
    pub async fn open() -> Self {
        Self::with(SimRouterConfig::default()).await
    }

    pub async fn with(config: SimRouterConfig) -> Self {
        let router = SimRouter::start(SimRouterConfig {
            profiles: vec!["1H".to_owned()],
            password: "canary-router-pass".to_owned(),
            ..config
        });
        let router = router.await.unwrap();
        let gateways = [GatewayName::Fedapay, GatewayName::Cinetpay];
        let hosts = gateways.into_iter().flat_map(walled_garden_hosts);
        router.make_ready("10.99.0.1/32", std::iter::once(PUBLIC_HOST).chain(hosts));
        let gateways = SimGateways::start(SimGatewaysConfig {
            fedapay: FedapayKeys {
                public_key: "pk_live_canary".to_owned(),
                secret_key: "sk_live_canary".to_owned(),
                webhook_secret: "wh_live_canary".to_owned(),
            },
            cinetpay_v2: CinetpayV2Keys {
                site_id: "445160".to_owned(),
                api_key: "canary_apikey".to_owned(),
                secret_key: Some("canary_secret_key".to_owned()),
            },
            ..SimGatewaysConfig::default()
        });
        let gateways = gateways.await.unwrap();
        let relay = Stub::http("200 OK", "ready\n").await;
        let (acceptor, roots) = certified(PUBLIC_HOST, (2020, 2120));
        let front = Stub::https("200 OK", "live\n", acceptor).await;
        let mail = Stub::mail("235 welcome").await;
        let folder = tempfile::tempdir().unwrap();
        let site = SITE
            .replace("{router}", &router.addr().to_string())
            .replace("{fedapay}", gateways.fedapay.base_url())
            .replace("{cinetpay}", gateways.cinetpay_v2.base_url());
        let settings = format!(
            "listen = \"{}\"\npublic_url = \"https://{PUBLIC_HOST}\"\ndata_dir = \"{}\"\n[mail]\ntransport = \"smtp\"\n\
             host = \"127.0.0.1\"\nport = {}\nsecurity = \"off\"\nuser = \"relay\"\npassword = \"canary-smtp-pass\"\n\
             from = \"relay@example.net\"\n",
            relay.address,
            folder.path().join("data").display(),
            mail.address.port()
        );
        let means = Means {
            http: HttpClient::with_deadline(Duration::from_secs(2)),
            deadlines: Deadlines {
                connect: Duration::from_secs(2),
                login: Duration::from_secs(1),
                read: Duration::from_secs(2),
                ..Deadlines::default()
            },
            clock: Clock::System,
            roots,
            public_at: Some(front.address),
            room: |_| roomy(10 << 30),
        };
        let config = Config::read(&settings, Path::new("test"), std::iter::empty()).unwrap();
        let clinic = Self {
            router,
            gateways,
            folder,
            config,
            means,
            relay,
            front,
            mail,
            site,
        };
        clinic.apply(&clinic.site);
        clinic
    }

    /// Puts a business file in force.
    pub fn apply(&self, text: &str) {
        let site = site::read(text, Path::new(".")).unwrap();
        self.write(move |db| Ok(site::apply(&site, db, true).map(|_| ())))
            .unwrap();
    }

    /// The same with something replaced, which must be there.
    pub fn edit(&self, from: &str, to: &str) {
        assert!(self.site.contains(from), "{from}");
        self.apply(&self.site.replace(from, to));
    }

    /// Writes as another command would.
    pub fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store().write_now(change).unwrap()
    }

    pub fn store(&self) -> Store {
        app::open_store(&self.config).unwrap().0
    }

    pub async fn examine(&self) -> Report {
        self.examine_for(&Wish::default()).await
    }

    pub async fn examine_for(&self, wish: &Wish) -> Report {
        let report = examine(
            &self.config,
            cli::doctor::stored(&self.config, &self.means),
            wish,
            &self.means,
        )
        .await;
        let shown = shown(&report);
        assert!(!shown.contains("canary"), "a secret is shown:\n{shown}");
        report
    }

    pub async fn examine_router(&self) -> Report {
        let router = Some(RouterId::new("r1"));
        self.examine_for(&Wish {
            router,
            ..Wish::default()
        })
        .await
    }

    pub async fn examine_account(&self, id: &str) -> Report {
        let account = Some(AccountId::new(id));
        self.examine_for(&Wish {
            account,
            ..Wish::default()
        })
        .await
    }
}

pub fn roomy(free_bytes: u64) -> io::Result<Room> {
    Ok(Room {
        free_bytes,
        total_bytes: 100 << 30,
    })
}

/// What people and programs would read.
pub fn shown(report: &Report) -> String {
    let mut out = Vec::new();
    cli::doctor::print(report, false, &mut out).unwrap();
    format!("{}{}", String::from_utf8(out).unwrap(), report.to_json())
}

/// The kinds in a report, whose findings must say what to do.
pub fn kinds(report: &Report) -> BTreeSet<Kind> {
    for finding in report.findings().filter(|finding| finding.kind.is_some()) {
        assert!(!finding.what.is_empty() && finding.fix.len() > 10, "{finding:?}");
    }
    report.findings().filter_map(|finding| finding.kind).collect()
}

/// Exactly these were found.
#[track_caller]
pub fn assert_found(report: &Report, wanted: &[Kind]) {
    let wanted: BTreeSet<Kind> = wanted.iter().copied().collect();
    assert_eq!(kinds(report), wanted, "{}", shown(report));
}

/// Something that answers always the same, on loopback.
pub struct Stub {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Stub {
    pub async fn http(status: &str, body: &str) -> Self {
        Self::answering(answer(status, "", body), None).await
    }

    pub async fn redirecting(to: &str) -> Self {
        let location = format!("location: {to}\r\n");
        Self::answering(answer("301 Moved Permanently", &location, ""), None).await
    }

    pub async fn https(status: &str, body: &str, acceptor: TlsAcceptor) -> Self {
        Self::answering(answer(status, "", body), Some(acceptor)).await
    }

    pub async fn saying(bytes: &str) -> Self {
        Self::answering(bytes.to_owned(), None).await
    }

    async fn answering(answer: String, acceptor: Option<TlsAcceptor>) -> Self {
        Self::start(move |stream| {
            let (answer, acceptor) = (answer.clone(), acceptor.clone());
            async move {
                match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            converse(stream, &answer).await;
                        }
                    }
                    None => converse(stream, &answer).await,
                }
            }
        })
        .await
    }

    /// A mail server with this answer to a login.
    pub async fn mail(to_login: &'static str) -> Self {
        Self::start(move |stream| async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let mut say = "220 ready".to_owned();
            loop {
                if writer.write_all(format!("{say}\r\n").as_bytes()).await.is_err() {
                    return;
                }
                let Ok(Some(line)) = lines.next_line().await else {
                    return;
                };
                say = match line.split(' ').next().unwrap_or_default() {
                    "EHLO" => "250-mail\r\n250 AUTH PLAIN LOGIN".to_owned(),
                    "AUTH" => to_login.to_owned(),
                    "QUIT" => "221 bye".to_owned(),
                    other => panic!("the doctor only looks, and said {other}"),
                };
            }
        })
        .await
    }

    async fn start<F: Future<Output = ()> + Send>(
        serve: impl Fn(tokio::net::TcpStream) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream).await;
            }
        });
        Self { address, task }
    }

    /// Nobody answers any more.
    pub fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}")
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => head.extend_from_slice(&chunk[..read]),
        }
    }
    // Whoever hangs up early is judged by his report.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// TLS with a certificate for `name` that is good in these years, and the authority that signed it.
pub fn certified(name: &str, (from, until): (i32, i32)) -> (TlsAcceptor, Arc<RootCertStore>) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (own.not_before, own.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate().unwrap();
    let own = own.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(mikrelay::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), Arc::new(roots))
}

#[tokio::test]
async fn nothing_is_found_where_all_is_well_and_nothing_is_changed() {
    for version in ["6.49.19 (long-term)", "7.9.2 (stable)", "7.24 (stable)"] {
        let clinic = Clinic::open().await;
        clinic.router.set_version(version);
        let database = clinic.config.data_dir.join("mikrelay.db");
        let before = std::fs::read(&database).unwrap();
        clinic.router.clear_commands();
        let report = clinic.examine().await;
        assert_eq!(report.worst(), Level::Ok, "{}", shown(&report));
        let areas: Vec<_> = report.sections.iter().map(|section| section.area).collect();
        assert_eq!(
            areas,
            ["machine", "public", "mail", "business", "router", "account", "account"]
        );
        assert!(report.sections.iter().all(|section| !section.findings.is_empty()));
        assert!(shown(&report).contains("All is well."));
        // It looked and changed nothing.
        let commands = clinic.router.commands();
        let reads = |line: &String| line.contains("/print") || line.starts_with("/login") || line == "/quit";
        assert!(commands.iter().all(reads), "{commands:?}");
        assert!(
            commands
                .iter()
                .any(|line| line.starts_with("/ip/hotspot/walled-garden/ip/print"))
        );
        assert_eq!(std::fs::read(&database).unwrap(), before);
        for gateway in [&clinic.gateways.fedapay, &clinic.gateways.cinetpay_v2] {
            assert!(gateway.orders().is_empty(), "a payment was made");
        }
        clinic.router.wait_until_alone().await;
    }
}

#[tokio::test]
async fn a_relay_that_serves_the_database_is_not_disturbed() {
    let clinic = Clinic::open().await;
    let store = clinic.store();
    let _lock = mikrelay::store::lock_data_dir(&clinic.config.data_dir).unwrap();
    let writing = store.write(|db| {
        std::thread::sleep(Duration::from_millis(300));
        db.poke()
    });
    let (written, report) = tokio::join!(writing, clinic.examine());
    written.unwrap();
    assert_eq!(report.worst(), Level::Ok, "{}", shown(&report));
}

#[tokio::test]
async fn only_what_is_wished_is_asked() {
    let clinic = Clinic::open().await;
    let areas = |report: &Report| -> Vec<&str> { report.sections.iter().map(|section| section.area).collect() };
    assert_eq!(areas(&clinic.examine_router().await), ["router"]);
    assert_eq!(areas(&clinic.examine_account("feda").await), ["account"]);
    clinic.router.clear_commands();
    let calls = clinic.gateways.fedapay.calls().len();
    clinic.front.stop();
    clinic.mail.stop();
    let offline = Wish {
        offline: true,
        ..Wish::default()
    };
    let report = clinic.examine_for(&offline).await;
    assert_eq!(report.worst(), Level::Ok, "{}", shown(&report));
    assert!(clinic.router.commands().is_empty());
    assert_eq!(clinic.gateways.fedapay.calls().len(), calls);
}

#[tokio::test]
async fn a_hundred_dead_routers_take_as_long_as_a_few() {
    let clinic = Clinic::open().await;
    clinic.router.set_silent_login(true);
    let router = clinic.router.addr();
    let more: String = (2..=24)
        .map(|number| {
            format!(
                "[[router]]\nid = \"r{number}\"\ncompany = \"cafe\"\naddress = \"{router}\"\nuser = \"relay\"\n\
                 password = \"x\"\naccess_uuid = \"61cd594b-2f01-48ca-8692-65e4ef3a3{number:03}\"\n"
            )
        })
        .collect();
    clinic.apply(&format!("{}{more}", clinic.site));
    let begun = std::time::Instant::now();
    let report = clinic.examine().await;
    // 24 routers, eight at a time, a second each.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    let silent = report
        .findings()
        .filter(|finding| finding.kind == Some(Kind::RouterSilent));
    assert_eq!(silent.count(), 24);
}

#[test]
fn every_kind_is_found_by_a_test_and_told_in_the_manual() {
    let proved: Vec<Kind> = [doctor_router::PROVED, doctor_machine::PROVED].concat();
    let all: BTreeSet<Kind> = Kind::ALL.iter().copied().collect();
    let unproved: Vec<_> = all.iter().filter(|kind| !proved.contains(kind)).collect();
    assert!(unproved.is_empty(), "no test finds {unproved:?}");
    assert_eq!(proved.len(), all.len(), "a kind is proved twice");
    let manual = include_str!("../../docs/doctor.md");
    let codes: BTreeSet<&str> = all.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), all.len(), "two kinds have one code");
    let untold: Vec<_> = codes
        .iter()
        .filter(|code| !manual.contains(&format!("`{code}`")))
        .collect();
    assert!(untold.is_empty(), "docs/doctor.md does not name {untold:?}");
    assert!(all.iter().all(|kind| kind.why().ends_with('.')));
}
