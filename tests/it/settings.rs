//! The files an operator writes, as the real program takes them: secrets that others can read, and changes that
//! are broken (fault catalogue C2).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{Serve, Start, write_site};
use crate::support::SITE;

const MAIL: &str = r#"
[mail]
transport = "smtp"
host = "127.0.0.1"
from = "relay@example.net"
user = "relay"
password_file = "mail.secret"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_a_secret_that_others_can_read_is_named_at_the_start() {
    let wrap = r#"echo s > mail.secret && chmod 640 mail.secret && mkdir -m 700 data && \
        printf '%064d' 7 > data/master.key && chmod 644 data/master.key && exec "$@""#;
    let serve = Serve::start(Start {
        settings: MAIL,
        wrap: Some(wrap),
        ..Start::default()
    })
    .await;
    let log = serve.log();
    assert!(log.contains("run `chmod 600 ") && log.contains("mail.secret`"), "{log}");
    assert!(log.contains("master.key`; it has mode 600 now"), "{log}");

    let site = SITE.replace("password = \"relay-pass\"", "password_file = \"router.secret\"");
    write_site(serve.folder.path(), &site);
    let secret = serve.folder.path().join("router.secret");
    fs::write(&secret, "relay-pass").unwrap();
    for (mode, is_told) in [(0o604, true), (0o600, false)] {
        set_mode(&secret, mode);
        let (status, said) = serve.cli(&["apply", "site.toml"]).await;
        assert!(status.success(), "{said}");
        let told = said.contains("chmod 600 ") && said.contains("router.secret");
        assert_eq!(told, is_told, "{mode:o}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_a_broken_change_leaves_everything_as_it_was() {
    let serve = Serve::start(Start::default()).await;
    let (folder, before) = (serve.folder.path(), serve.cli(&["export"]).await.1);
    // The price is right and comes before what is broken.
    let cheaper = SITE.replace("price = \"100\"", "price = \"50\"");
    for broken in [
        format!("{cheaper}\n[[plan]]\nid = \"2h\"\nhotspot = \"nowhere\"\n"),
        format!("{cheaper}\npirce = 1\n"),
        cheaper.replace("password = \"relay-pass\"", "password_file = \"not-there\""),
    ] {
        write_site(folder, &broken);
        let (status, said) = serve.cli(&["apply", "site.toml"]).await;
        assert!(!status.success(), "{said}");
        assert_eq!(serve.cli(&["export"]).await.1, before, "{said}");
    }
    fs::write(folder.join("mikrelay.toml"), "listen = 7\nnonsense").unwrap();
    serve.signal("-HUP");
    let sent = Instant::now();
    while !serve.log().contains("SIGHUP changes nothing") {
        assert!(sent.elapsed() < Duration::from_secs(15), "{}", serve.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let page = serve.get("/b/1h").await;
    assert!(page.status == 200 && page.text.contains("100"), "{}", page.text);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
