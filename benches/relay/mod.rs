//! Child processes: the real `mikrelay` on a temporary data folder, and whatever else prints its address.

#![allow(dead_code, reason = "each measurement uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

/// The webhook secret of the account that is measured.
pub const SECRET: &str = "wh_live_measure_0123456789abcdef";

/// A process that is killed when it is no longer needed.
pub struct Child(std::process::Child);

impl Child {
    /// Starts a process and reads its address from the first line of its output.
    pub fn start_and_read_address(mut command: Command) -> anyhow::Result<(Self, SocketAddr)> {
        let mut child = Self(
            command
                .stdout(Stdio::piped())
                .spawn()
                .context("cannot start the server")?,
        );
        let output = child.0.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("`{line}` is no address"))?;
        Ok((child, address))
    }

    /// Starts a process and returns when `/health/ready` at `address` answers 200.
    pub fn start_and_wait(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let mut child = Self(
            command
                .stdout(Stdio::null())
                .spawn()
                .context("cannot start the server")?,
        );
        while !is_ready(address) {
            if let Some(status) = child.0.try_wait()? {
                anyhow::bail!("the server ended before it was ready: {status}");
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(child)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// User and system time of the process so far.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The second field is the name in brackets and may hold anything.
        let (_, fields) = stat.rsplit_once(") ").context("a strange line of /proc")?;
        let mut ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        let total = ticks.by_ref().sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(total * MS_PER_TICK))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A data folder with one company, one router that does not answer, and one FedaPay account.
pub struct Folder(TempDir);

impl Folder {
    pub fn prepare() -> anyhow::Result<Self> {
        Self::prepare_with("")
    }

    /// The same with more in the business file.
    pub fn prepare_with(more: &str) -> anyhow::Result<Self> {
        let folder = Self(tempfile::tempdir()?);
        std::fs::write(
            folder.path("mikrelay.toml"),
            PROCESS_FILE.replace("@DATA@", folder.text()?),
        )?;
        std::fs::write(
            folder.path("site.toml"),
            BUSINESS_FILE
                .replace("@SECRET@", SECRET)
                .replace("{router}", "127.0.0.1:9")
                + more,
        )?;
        let status = folder
            .command("apply")
            .arg(folder.path("site.toml"))
            .stdout(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "`mikrelay apply` failed");
        Ok(folder)
    }

    /// Starts to serve on a port that is free at this moment.
    pub fn serve(&self) -> anyhow::Result<(Child, SocketAddr)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = self.command("serve");
        command.env("MIKRELAY_LISTEN", address.to_string());
        Ok((Child::start_and_wait(command, address)?, address))
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program());
        command.arg("--config").arg(self.path("mikrelay.toml")).arg(name);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self) -> anyhow::Result<&str> {
        self.0
            .path()
            .to_str()
            .context("the temporary folder has a strange name")
    }
}

/// The program that cargo built for this measurement, or another build named by `BENCH_PROGRAM`.
pub fn program() -> PathBuf {
    std::env::var_os("BENCH_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_mikrelay").into(), PathBuf::from)
}

/// Whether `/health/ready` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// Linux counts in hundredths of a second wherever it matters.
const MS_PER_TICK: u64 = 10;

/// Short against what is measured.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

const PROCESS_FILE: &str = r#"
listen = "127.0.0.1:0"
public_url = "https://pay.example.net"
data_dir = "@DATA@/data"

[mail]
transport = "folder"
folder = "@DATA@/mail"
from = "relay@example.net"

[log]
format = "json"
filter = "warn"
"#;

/// Port 9 of the machine itself: the router refuses at once.
const BUSINESS_FILE: &str = concat!(
    include_str!("../../tests/data/cyber-awa.toml"),
    r#"
[[account]]
id = "awa-fedapay"
company = "cyber-awa"
gateway = "fedapay"
mode = "live"
public_key = "pk_live_measure"
webhook_secrets = ["@SECRET@"]
"#
);
