//! `mikrelay health`: asks a running relay, so that an image without a shell can be checked.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result};
use url::Url;

use super::fault::hinted;
use crate::config::Config;

pub fn run(url: Option<&str>, config: impl FnOnce() -> Result<Config>) -> Result<()> {
    let address = match url {
        Some(url) => address_of(url)?,
        None => config()?.listen.to_string(),
    };
    let status = ask(&address).map_err(|error| {
        hinted(
            format!("no relay answers at `{address}`: {error}"),
            "is `mikrelay serve` running, and does it listen there?",
        )
    })?;
    if !status.contains(" 200 ") {
        return Err(hinted(
            format!("the relay is not ready: `{status}`"),
            "its log says why; most often the disk is full or the database cannot be written",
        ));
    }
    Ok(())
}

fn address_of(url: &str) -> Result<String> {
    let url = Url::parse(url).context("`--url` takes an address such as `http://127.0.0.1:8080`")?;
    let host = url.host_str().context("`--url` has no host")?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}

/// The status line of `/health/ready`.
fn ask(address: &str) -> Result<String> {
    let resolved = address
        .to_socket_addrs()?
        .next()
        .context("the address has no machine behind it")?;
    let mut stream = TcpStream::connect_timeout(&resolved, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut head = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.lines().next().unwrap_or_default().to_owned())
}

const PATIENCE: Duration = Duration::from_secs(3);
/// The status line is all that counts.
const LONGEST_ANSWER: u64 = 4096;
