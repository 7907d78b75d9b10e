//! The real program as a child process: started, asked over sockets, looked at from outside, and stopped.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use mikrelay::clock::Clock;
use mikrelay::store::Store;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::{SITE, WEBHOOK_SECRET, sign_fedapay};

pub struct Serve {
    pub address: SocketAddr,
    pub folder: TempDir,
    child: Child,
}

/// How the program is started.
pub struct Start<'a> {
    /// Appended to the process file.
    pub settings: &'a str,
    /// The business file; `{router}` is an address where nobody listens.
    pub site: &'a str,
    pub log: &'a str,
    /// A shell text that ends in `exec "$@"`, for limits and mounts.
    pub wrap: Option<&'a str>,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self {
            settings: "",
            site: SITE,
            log: "info",
            wrap: None,
        }
    }
}

impl Serve {
    pub async fn start(how: Start<'_>) -> Self {
        Self::try_start(how)
            .await
            .unwrap_or_else(|log| panic!("the relay did not start:\n{log}"))
    }

    /// `Err` with its log when the program ends before it serves.
    pub async fn try_start(how: Start<'_>) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        // Free at this moment; a port the program picked itself would have to be read out of its log.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let data = folder.path().join("data");
        let settings = format!(
            "listen = \"{address}\"\npublic_url = \"http://{address}\"\ndata_dir = \"{}\"\n{}\n[log]\nfilter = \"{}\"\n",
            data.display(),
            how.settings,
            how.log
        );
        std::fs::write(folder.path().join("mikrelay.toml"), settings).unwrap();
        write_site(folder.path(), how.site);
        if how.wrap.is_none() {
            let applied = cli(folder.path(), &["apply", "site.toml"]).await;
            assert!(applied.0.success(), "{}", applied.1);
        }
        let child = spawn(folder.path(), how.wrap);
        let mut serve = Self { address, folder, child };
        if serve.is_ready().await {
            Ok(serve)
        } else {
            Err(serve.log())
        }
    }

    async fn is_ready(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            if let Some(reply) = self
                .try_send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .await
                && reply.status == 200
            {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes on a connection of their own and reads to its end.
    pub async fn send(&self, bytes: &[u8]) -> Answer {
        self.try_send(bytes).await.expect("the relay takes connections")
    }

    pub async fn try_send(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        stream.write_all(bytes).await.ok()?;
        Some(read_to_end(&mut stream).await)
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
            .await
    }

    /// A validly signed event that is about no order of ours, padded to at least `bytes`.
    pub async fn webhook(&self, id: u64, bytes: usize) -> Answer {
        self.send(&signed_webhook(id, bytes, "close")).await
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the relay runs")
    }

    /// Resident memory in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Processor time so far, in clock ticks (hundredths of a second).
    pub fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    pub fn signal(&self, name: &str) {
        let id = self.pid().to_string();
        assert!(
            std::process::Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// How it ended, and after which time.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        (status.expect("the relay ends").unwrap(), started.elapsed())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn store(&self) -> Store {
        Store::open_folder(&self.data(), &self.data().join("master.key"), Clock::System).unwrap()
    }

    /// Another command of the program on the same settings: how it ended and all it said.
    pub async fn cli(&self, arguments: &[&str]) -> (ExitStatus, String) {
        cli(self.folder.path(), arguments).await
    }

    /// The same for a command that reads `input` from a pipe.
    pub async fn cli_given(&self, arguments: &[&str], input: &str) -> (ExitStatus, String) {
        let mut command = command(self.folder.path(), arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(input.as_bytes()).await.unwrap();
        drop(pipe);
        said(child.wait_with_output().await.unwrap())
    }
}

pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn has_header(&self, name: &str) -> bool {
        let head = self
            .text
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        head.contains(&format!("\r\n{name}: "))
    }

    /// How many answers came on the connection.
    pub fn count(&self) -> usize {
        self.text.matches("HTTP/1.1 ").count()
    }
}

/// Everything until the relay ends the connection; a reset is an end as well.
pub async fn read_to_end(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(40), stream.read_to_end(&mut bytes)).await;
    assert!(
        read.is_ok(),
        "the relay ends the connection: {}",
        String::from_utf8_lossy(&bytes)
    );
    answer(&bytes)
}

/// One answer of a connection that stays open.
pub async fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(answer(&bytes));
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(size) => bytes.extend_from_slice(&piece[..size]),
        }
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

pub fn signed_webhook(id: u64, bytes: usize, connection: &str) -> Vec<u8> {
    let pad = "x".repeat(bytes);
    let body = format!(
        r#"{{"id":"evt_{id}","name":"transaction.approved","object":"transaction","pad":"{pad}","entity":{{"id":{id},"amount":100,"status":"approved","merchant_reference":"NOBODYS{id}"}}}}"#
    );
    let signature = sign_fedapay(jiff::Timestamp::now(), WEBHOOK_SECRET, body.as_bytes());
    format!(
        "POST /pay_callback/fedapay/hotspot1 HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nX-FEDAPAY-SIGNATURE: {signature}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn spawn(folder: &Path, wrap: Option<&str>) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let program = env!("CARGO_BIN_EXE_mikrelay");
    let mut command = match wrap {
        None => Command::new(program),
        Some(script) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", script, "sh", program]);
            shell
        }
    };
    command
        .args(["--config", "mikrelay.toml", "serve"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Writes a business file whose router does not answer.
pub fn write_site(folder: &Path, text: &str) {
    std::fs::write(folder.join("site.toml"), text.replace("{router}", "127.0.0.1:1")).unwrap();
}

async fn cli(folder: &Path, arguments: &[&str]) -> (ExitStatus, String) {
    let mut command = command(folder, arguments);
    said(command.stdin(Stdio::null()).output().await.unwrap())
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mikrelay"));
    command
        .args(["--config", "mikrelay.toml"])
        .args(arguments)
        .current_dir(folder);
    command
}

fn said(output: std::process::Output) -> (ExitStatus, String) {
    let said = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&said).into_owned())
}

const READY_WITHIN: Duration = Duration::from_secs(20);
