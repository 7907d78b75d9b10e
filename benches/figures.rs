//! The other figures of the README: size of the program, time to ready on an existing database, memory of the
//! demo after a sale, and what a buy page weighs on the wire. Prints; asserts nothing.
//!
//!     cargo bench --bench figures

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement may stop at the first surprise"
)]

mod relay;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use relay::Folder;

fn main() -> anyhow::Result<()> {
    let program = std::fs::metadata(relay::program())?;
    println!("program: {:.2} MB", program.len() as f64 / 1e6);
    let folder = Folder::prepare()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let (child, address) = folder.serve()?;
        starts.push(started.elapsed());
        if starts.len() == STARTS {
            measure_page(address)?;
            println!("memory of `serve` after a page: {}", resident(child.id())?);
        }
    }
    starts.sort_unstable();
    println!(
        "ready: median {:.1?}, slowest {:.1?} of {STARTS} starts",
        starts[STARTS / 2],
        starts[STARTS - 1]
    );
    Ok(())
}

/// The buy page and all that a browser fetches for it, as bytes of a plain HTTP answer, heads included.
fn measure_page(address: SocketAddr) -> anyhow::Result<()> {
    let page = get(
        address,
        "/b/4h?mac=02:00:00:00:00:01&ip=10.5.50.7&dst=http%3A%2F%2Fwifi.example.net%2F",
    )?;
    anyhow::ensure!(page.starts_with("HTTP/1.1 200"), "no buy page: {page}");
    let scripts: Vec<String> = page
        .split("<script src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|source| source.replace("&#x2f;", "/"))
        .collect();
    let mut bytes = page.len();
    for script in &scripts {
        bytes += get(address, script)?.len();
    }
    println!(
        "buy page: {bytes} bytes in {} answers (page {})",
        scripts.len() + 1,
        page.len()
    );
    Ok(())
}

fn get(address: SocketAddr, target: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The resident memory of a process, as the kernel counts it.
fn resident(id: u32) -> anyhow::Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    Ok(line.trim_start_matches("VmRSS:").trim().to_owned())
}

const STARTS: usize = 11;
const PATIENCE: Duration = Duration::from_secs(10);
