//! The relay as a child process on a data folder of its own, killed and started again on the same port.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use mikrelay::clock::Clock;
use mikrelay::sim::http::call;
use mikrelay::store::Store;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::gateway::{SECRET_KEY, WEBHOOK_SECRET};

pub struct Child {
    folder: TempDir,
    address: SocketAddr,
    process: Mutex<tokio::process::Child>,
    life: std::sync::Mutex<Life>,
}

/// How soon each life of the relay took its first webhook.
struct Life {
    began: Instant,
    has_answered: bool,
    first_answers: Vec<Duration>,
}

impl Child {
    /// Writes both files, applies the business file and starts to serve.
    pub async fn start(gateway: &str, router: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Free at this moment; the relay must keep its port from life to life.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let data = folder.path().to_str().unwrap();
        let process_file = PROCESS_FILE
            .replace("@LISTEN@", &address.to_string())
            .replace("@DATA@", data);
        std::fs::write(folder.path().join("mikrelay.toml"), process_file).unwrap();
        let business_file = BUSINESS_FILE
            .replace("@GATEWAY@", gateway)
            .replace("{router}", &router.to_string())
            .replace("@SECRET_KEY@", SECRET_KEY)
            .replace("@WEBHOOK_SECRET@", WEBHOOK_SECRET);
        std::fs::write(folder.path().join("site.toml"), business_file).unwrap();
        let apply = command(folder.path(), "apply")
            .arg(folder.path().join("site.toml"))
            .output()
            .await
            .unwrap();
        assert!(apply.status.success(), "{}", String::from_utf8_lossy(&apply.stderr));
        let process = Mutex::new(serve(folder.path()));
        let child = Self {
            folder,
            address,
            process,
            life: std::sync::Mutex::new(Life {
                began: Instant::now(),
                has_answered: true,
                first_answers: Vec::new(),
            }),
        };
        child.ready(&mut *child.process.lock().await).await;
        child
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// SIGKILL, and a new life at once.
    pub async fn kill_and_restart(&self) {
        self.kill().await;
        self.restart().await;
    }

    /// SIGKILL; returns when it is dead.
    pub async fn kill(&self) {
        self.process.lock().await.kill().await.unwrap();
    }

    /// A new life after a death.
    pub async fn restart(&self) {
        let mut process = self.process.lock().await;
        {
            let mut life = self.life.lock().unwrap();
            (life.began, life.has_answered) = (Instant::now(), false);
        }
        *process = serve(self.folder.path());
        self.ready(&mut process).await;
    }

    /// The process id.
    pub async fn id(&self) -> u32 {
        self.process.lock().await.id().expect("the relay runs")
    }

    /// Whether it ends by itself within this time.
    pub async fn has_died(&self, within: Duration) -> bool {
        let mut process = self.process.lock().await;
        tokio::time::timeout(within, process.wait()).await.is_ok()
    }

    /// A webhook that was sent at this moment was answered 200.
    pub fn note_answer(&self, sent: Instant) {
        let mut life = self.life.lock().unwrap();
        if !life.has_answered && sent >= life.began {
            life.has_answered = true;
            let took = life.began.elapsed();
            life.first_answers.push(took);
        }
    }

    /// How long after each start the first webhook was answered 200.
    pub fn first_answers(&self) -> Vec<Duration> {
        self.life.lock().unwrap().first_answers.clone()
    }

    /// SIGTERM; says whether it ended well within its time.
    pub async fn stop(&self) -> bool {
        let mut process = self.process.lock().await;
        let id = process.id().expect("the relay runs").to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        let ended = tokio::time::timeout(STOPS_WITHIN, process.wait()).await;
        ended.is_ok_and(|status| status.as_ref().is_ok_and(ExitStatus::success))
    }

    /// Waits until the relay has nothing left to do; fails with what is left when that takes too long.
    pub async fn settle_down(&self, what_is_missing: impl Fn(&Store) -> Vec<String>) {
        let store = self.open_store();
        let started = Instant::now();
        loop {
            let missing = what_is_missing(&store);
            if missing.is_empty() {
                println!("all work was done {:.1?} after the last sale", started.elapsed());
                return;
            }
            assert!(
                started.elapsed() < SETTLES_WITHIN,
                "not done in {SETTLES_WITHIN:?}:\n{}",
                missing.join("\n")
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The store as any command of the command line opens it, beside the relay or after it.
    pub fn open_store(&self) -> Store {
        let data = self.folder.path().join("data");
        Store::open_folder(&data, &data.join("master.key"), Clock::System).unwrap()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/mikrelay.db")
    }

    async fn ready(&self, process: &mut tokio::process::Child) {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            let reply = call(Method::GET, &self.url("/health/ready"), &[], "").await;
            if reply.is_ok_and(|reply| reply.status == StatusCode::OK) {
                return;
            }
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the relay ended by itself: {status}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the relay is not ready after {READY_WITHIN:?}\n{}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// SQLite's own opinion of the file.
pub fn check_integrity(database: &Path) {
    let connection = rusqlite::Connection::open(database).unwrap();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
    let orphans = connection
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .exists(())
        .unwrap();
    assert!(!orphans, "a row refers to one that is gone");
}

fn serve(folder: &Path) -> tokio::process::Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    command(folder, "serve")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn command(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mikrelay"));
    command.arg("--config").arg(folder.join("mikrelay.toml")).arg(name);
    command
}

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPS_WITHIN: Duration = Duration::from_secs(20);
const SETTLES_WITHIN: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

const PROCESS_FILE: &str = r#"
listen = "@LISTEN@"
public_url = "https://pay.example.net"
data_dir = "@DATA@/data"
trusted_proxies = ["127.0.0.1"]

[mail]
transport = "folder"
folder = "@DATA@/mail"
from = "relay@example.net"

[log]
filter = "info"
"#;

const BUSINESS_FILE: &str = concat!(
    include_str!("../data/cyber-awa.toml"),
    r#"
[[account]]
id = "awa-fedapay"
company = "cyber-awa"
gateway = "fedapay"
mode = "live"
secret_key = "@SECRET_KEY@"
webhook_secrets = ["@WEBHOOK_SECRET@"]
base_url = "@GATEWAY@"
"#
);
