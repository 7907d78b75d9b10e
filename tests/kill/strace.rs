//! `strace` as an observer from outside: it shows what the relay asks of the system and in which order, and it can
//! kill the relay on entering a system call. Where it is missing, or may not trace, the tests that need it say so.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

pub struct Strace {
    process: tokio::process::Child,
    output: PathBuf,
}

/// Whether `strace` is there and the machine lets it trace.
pub async fn is_usable() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    let usable = tried.is_ok_and(|status| status.success());
    if !usable {
        println!("NOT CHECKED: `strace` is missing or may not trace here");
    }
    usable
}

impl Strace {
    /// Traces every thread of a process from now on.
    pub async fn attach(process_id: u32, arguments: &[&str], output: &Path) -> Self {
        let process = Command::new("strace")
            .args(["-f", "-y", "-s", "48", "-o"])
            .arg(output)
            .args(arguments)
            .args(["-p", &process_id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !all_threads_are_traced(process_id) {
            assert!(begun.elapsed() < Duration::from_secs(10), "strace did not attach");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self {
            process,
            output: output.to_owned(),
        }
    }

    /// Lets go of the process and gives what was seen.
    pub async fn detach(mut self) -> String {
        let id = self.process.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        self.process.wait().await.unwrap();
        std::fs::read_to_string(&self.output).unwrap()
    }
}

fn all_threads_are_traced(process_id: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process_id}/task")) else {
        return true;
    };
    let mut statuses = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("status")).ok());
    statuses.all(|status| !status.contains("TracerPid:\t0\n"))
}
