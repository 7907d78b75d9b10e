//! Invariant I5 on the served program: every secret is a canary, sales run through faults, everything is logged;
//! afterwards no canary stands in the log, in an answer, in what commands print, or in the files of the store.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mikrelay::sim::gateways::{Choice, Fault, SimGateways, SimGatewaysConfig, WebhookTarget};
use mikrelay::sim::http::{Reply, Request, Server};
use mikrelay::sim::router::{CutAt, SimRouter, SimRouterConfig};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::process::{Answer, Serve, Start};
use crate::support::{UUID, sign_fedapay};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i5_no_secret_leaves_the_served_program() {
    let mut config = SimGatewaysConfig::default();
    config.fedapay.public_key = "pk_sandbox_of_the_test".to_owned();
    config.fedapay.secret_key = "sk_sandbox_canaryfedapay".to_owned();
    config.fedapay.webhook_secret = "wh_sandbox_canaryhook".to_owned();
    config.cinetpay_v2.api_key = "canarycinetkey123".to_owned();
    config.cinetpay_v2.secret_key = Some("canarycinetsecret123".to_owned());
    config.cinetpay_v1.api_key = "sk_test_canaryv1key".to_owned();
    config.cinetpay_v1.api_password = "canaryv1password".to_owned();
    config.feexpay.token = "fp_canaryfeex".to_owned();
    config.conekta.private_key = "key_canaryconekta00000000".to_owned();
    config.mercadopago.access_token = "APP_USR-canary-mercadopago".to_owned();
    let gateways = SimGateways::start(config).await.unwrap();
    let parrot = parrot().await;
    let router = SimRouter::start(SimRouterConfig {
        profiles: ["1H", "4H", "1J"].map(str::to_owned).to_vec(),
        password: "canary-router-pass".to_owned(),
        ..SimRouterConfig::default()
    })
    .await
    .unwrap();
    let mail = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mail_port = mail.local_addr().unwrap().port();
    let mut complaints = tokio::spawn(complain_about_logins(mail));
    let settings = format!(
        "[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {mail_port}\nsecurity = \"off\"\nuser = \"relay\"\n\
         password = \"canary-smtp-pass\"\nfrom = \"relay@example.net\"\n[outgoing]\nallow = [\"127.0.0.0/8\"]\n\
         ports = []\n[api]\npagos_secret_in_body = true\n"
    );
    let site = business(&gateways, &parrot.base_url(), router.addr());
    let serve = Serve::start(Start {
        settings: &settings,
        site: &site,
        log: "trace",
        ..Start::default()
    })
    .await;
    let webhook = |gateway: &str| WebhookTarget {
        url: format!(
            "http://{}/pay_callback/{gateway}/hotspot1?k={UUID}&mikadminpass=canary-query-pass",
            serve.address
        ),
        headers: vec![
            ("mikadminuser".to_owned(), "boss".to_owned()),
            ("mikadminpass".to_owned(), "canary-header-pass".to_owned()),
        ],
    };
    gateways.fedapay.set_webhooks(vec![webhook("fedapay")]);
    gateways.feexpay.set_webhooks(vec![webhook("feexpay")]);

    let mut answers = Vec::new();
    let mut pages = Vec::new();
    for (plan, gateway) in [
        ("by-fedapay", &gateways.fedapay),
        ("by-cinetpay", &gateways.cinetpay_v2),
        ("by-cinetpay-v1", &gateways.cinetpay_v1),
        ("by-feexpay", &gateways.feexpay),
    ] {
        router.cut_at_add(1, CutAt::AfterExecuting);
        let known = gateway.orders();
        let placed = press(&serve, plan).await;
        assert_eq!(placed.status, 303, "{}", placed.text);
        let order = gateway
            .orders()
            .into_iter()
            .find(|order| !known.contains(order))
            .expect("the gateway was asked");
        gateway.fail_next([Fault::Unauthorized, Fault::Garbage]);
        gateway.pay(&order, Choice::PayTwice).await.unwrap();
        pages.push(order);
        answers.push(placed);
    }
    // A gateway that quotes every key it is shown, at the button and when it is asked.
    let refused = press(&serve, "by-parrot").await;
    assert_eq!(refused.status, 303, "{}", refused.text);
    let token = refused
        .text
        .split("location: /o/")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    answers.push(serve.get(&format!("/o/{token}")).await);
    answers.push(serve.get(&format!("/o/{token}/state")).await);

    all_delivered(&serve, 4).await;
    tokio::time::timeout(Duration::from_secs(15), &mut complaints)
        .await
        .expect("a mail was tried")
        .unwrap();
    let codes: Vec<_> = router.users().into_iter().map(|user| user.name).collect();
    assert_eq!(codes.len(), 4);
    let (key, hook_secret) = keys(&serve).await;
    let (link, asked) = links(&serve, &key, &parrot.base_url()).await;
    answers.extend(asked);
    gateways.fedapay.pay(&link, Choice::Pay).await.unwrap();
    all_delivered(&serve, 5).await;
    pages.push(link);
    let (cards, asked) = links_with_keys_of_cards(&serve, &gateways).await;
    answers.extend(asked);
    pages.extend(cards);
    answers.extend(bad_requests(&serve).await);
    answers.extend(commands(&serve, &pages).await);

    let mut canaries = vec!["canary".to_owned(), token.clone()];
    canaries.extend(codes.iter().cloned());
    canaries.extend([key, hook_secret]);
    // What SMTP sends of `relay` and its password.
    canaries.push(data_encoding::BASE64.encode(b"\0relay\0canary-smtp-pass"));
    canaries.push(data_encoding::BASE64.encode(b"canary-smtp-pass"));
    let log = serve.log();
    assert!(log.lines().count() > 100, "everything is logged");
    none_in(&canaries, "the log", log.as_bytes());
    let no_page: Vec<_> = canaries.iter().filter(|canary| **canary != token).cloned().collect();
    for answer in &answers {
        none_in(&no_page, "an answer", answer.text.as_bytes());
    }
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(serve.data()).unwrap() {
        let path = entry.unwrap().path();
        files.insert(path.display().to_string(), std::fs::read(path).unwrap());
    }
    assert!(
        files.keys().any(|name| name.ends_with(".db-wal")),
        "the log of writes is looked at too"
    );
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains(".db")) {
        none_in(&no_page, name, bytes);
    }
}

/// A key of the API, and what signs the notifications, as the commands print them.
async fn keys(serve: &Serve) -> (String, String) {
    let (status, made) = serve.cli(&["key", "make", "cafe"]).await;
    assert!(status.success(), "{made}");
    let key = made.split_whitespace().find(|word| word.starts_with("mk_")).unwrap();
    let (status, secret) = serve.cli(&["hook", "secret", "cafe"]).await;
    assert!(status.success() && secret.starts_with("whsec_"), "{secret}");
    (key.to_owned(), secret.trim().trim_start_matches("whsec_").to_owned())
}

/// Payments by link, with keys and tokens wherever one can stand. Gives the reference of the one that was made.
async fn links(serve: &Serve, key: &str, receiver: &str) -> (String, Vec<Answer>) {
    let body = |provider: &str, secret: &str| {
        format!(
            r#"{{"provider":"{provider}","account":"by-fedapay","action":"create","amount":100,"reference_id":"f-1",
             "return_url":"https://shop.example.net/?t=canary-return","notification_url":"{receiver}/?t=canary-receiver",
             "otp":"canary-otp","secret":"{secret}"}}"#
        )
    };
    let right = body("fedapay", "sk_sandbox_canaryfedapay");
    let mut answers = Vec::new();
    for (header, body) in [
        ("X: y".to_owned(), right.clone()),
        (format!("Authorization: Bearer {key}"), right.clone()),
        (
            "Idempotency-Key: canary-idempotency".to_owned(),
            body("fedapay", "sk_sandbox_canarywrong"),
        ),
        ("X-API-Key: mk_canarykey".to_owned(), right.clone()),
        ("Authorization: Bearer canary-bearer".to_owned(), right.clone()),
        ("X: y".to_owned(), body("canary", "canary-secret")),
        ("X: y".to_owned(), right.replace("\"action\"", "canary\"")),
        ("X: y".to_owned(), right.replace("create", "canary-action")),
        (
            "X: y".to_owned(),
            right.replace("https://shop.example.net", "javascript:canary"),
        ),
        (
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
            "provider=fedapay&secret=canary-form&amount=canary".to_owned(),
        ),
    ] {
        let request = format!(
            "POST /pagos?secret=canary-query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        answers.push(serve.send(request.as_bytes()).await);
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 401, 401, 401, 401, 422, 422, 422, 401]);
    let reference = |answer: &Answer| {
        let text = answer.text.split("\"reference\":\"").nth(1).unwrap();
        text.split('"').next().unwrap().to_owned()
    };
    assert_eq!(reference(&answers[0]), reference(&answers[1]), "one request");
    (reference(&answers[0]), answers)
}

/// The documented form: the private key of a card gateway in the body, right, wrong, and where it should not be, while
/// the gateway refuses, breaks and answers.
async fn links_with_keys_of_cards(serve: &Serve, gateways: &SimGateways) -> (Vec<String>, Vec<Answer>) {
    let (mut orders, mut answers) = (Vec::new(), Vec::new());
    for (provider, gateway, key) in [
        ("conekta", &gateways.conekta, "key_canaryconekta00000000"),
        ("mercadopago", &gateways.mercadopago, "APP_USR-canary-mercadopago"),
    ] {
        gateway.set_quirk(mikrelay::sim::gateways::Quirk::LiveMode, true);
        for (reference, secret, fault, status) in [
            ("refused", key, Some(Fault::Unauthorized), 402),
            ("broken", key, Some(Fault::HangUpAfterAccepting), 202),
            ("made", key, None, 200),
            ("wrong", "key_canaryofsomebodyelse", None, 401),
            ("again", key, None, 200),
        ] {
            gateway.fail_next(fault);
            let body = format!(
                r#"{{"provider":"{provider}","action":"create","amount":15,"currency":"MXN","secret":"{secret}",
                 "reference_id":"{reference}","return_url":"https://shop.example.net/?t=canary-return",
                 "first_name":"Ana","last_name":"Lopez","email":"ana@example.net"}}"#
            );
            let request = format!(
                "POST /pagos HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = serve.send(request.as_bytes()).await;
            assert_eq!(answer.status, status, "{provider} {reference}: {}", answer.text);
            answers.push(answer);
        }
        orders.extend(gateway.orders());
    }
    (orders, answers)
}

/// Presses the button of a plan's page.
async fn press(serve: &Serve, plan: &str) -> Answer {
    let form = "phone=66000000&network=mtn&otp=canary-otp&mac=AA%3ABB%3ACC%3ADD%3AEE%3A01&ip=10.5.50.7";
    let request = format!(
        "POST /b/{plan} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Cookie: mikrelay=canary-cookie\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    serve.send(request.as_bytes()).await
}

async fn all_delivered(serve: &Serve, count: i64) {
    let started = Instant::now();
    loop {
        let states = serve.store().read_now(|db| db.count_orders_by_state()).unwrap();
        if states
            .iter()
            .any(|(state, sold)| state.as_str() == "delivered" && *sold == count)
        {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(40),
            "{states:?}\n{}",
            serve.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Requests that are refused in every way, with secrets wherever one can stand.
async fn bad_requests(serve: &Serve) -> Vec<Answer> {
    let secrets = "mikadminuser=boss&mikadminpass=canary-a&api_key=canary-b&token=fp_canary-c&k=canary-d";
    let body = r#"{"name":"transaction.approved","notify_token":"canary-e","entity":{"id":77}}"#;
    let odd = sign_fedapay(jiff::Timestamp::now(), "wh_of_somebody_else", body.as_bytes());
    let signed = sign_fedapay(jiff::Timestamp::now(), "wh_sandbox_canaryhook", body.as_bytes());
    let mut answers = Vec::new();
    for (target, header) in [
        ("/pay_callback/fedapay/hotspot1", format!("X-FEDAPAY-SIGNATURE: {odd}")),
        (
            "/pay_callback/fedapay/hotspot1",
            format!(
                "X-FEDAPAY-SIGNATURE: {signed}\r\nmiknamelength: many\r\nmikadminpass: {}",
                "canary-pass-".repeat(60)
            ),
        ),
        ("/pay_callback/fedapay/canary", "mikadminpass: canary-g".to_owned()),
        (
            "/pay_callback/canary/hotspot1",
            "Authorization: Bearer canary-h".to_owned(),
        ),
        ("/pay_callback/cinetpay/hotspot1", "x-token: canary-i".to_owned()),
        ("/pay_callback/feexpay/hotspot1", "Cookie: a=canary-j".to_owned()),
        ("/canary", "X: canary-k".to_owned()),
        ("/o/nobodys", "X: canary-l".to_owned()),
    ] {
        let request = format!(
            "POST {target}?{secrets} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        answers.push(serve.send(request.as_bytes()).await);
    }
    answers
}

/// What the commands of the operator print about all of it.
async fn commands(serve: &Serve, orders: &[String]) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut asked: Vec<Vec<&str>> = vec![
        vec!["order", "list"],
        vec!["order", "list", "--json"],
        vec!["event", "list"],
        vec!["event", "list", "--json"],
        vec!["export"],
        vec!["key", "list"],
        vec!["key", "list", "--json"],
        vec!["hook", "list"],
        vec!["hook", "list", "--json"],
        vec!["hook", "show", "1"],
        vec!["hook", "show", "1", "--json"],
        vec!["router", "test"],
        vec!["config", "check", "--site", "site.toml"],
    ];
    let numbers: Vec<_> = (1..=9).map(|number: i64| number.to_string()).collect();
    for number in &numbers {
        asked.push(vec!["event", "show", number]);
        asked.push(vec!["event", "show", number, "--json"]);
    }
    for order in orders {
        asked.push(vec!["order", "show", order]);
        asked.push(vec!["order", "show", order, "--json"]);
    }
    for arguments in &asked {
        let (status, text) = serve.cli(arguments).await;
        assert!(status.success() || arguments[0] == "event", "{arguments:?}: {text}");
        answers.push(Answer { status: 0, text });
    }
    answers
}

fn none_in(canaries: &[String], what: &str, bytes: &[u8]) {
    for canary in canaries {
        if let Some(at) = bytes
            .windows(canary.len())
            .position(|window| window == canary.as_bytes())
        {
            let around = &bytes[at.saturating_sub(300)..bytes.len().min(at + 200)];
            panic!("`{canary}` is in {what}: …{}…", String::from_utf8_lossy(around));
        }
    }
}

/// A gateway whose every answer is a refusal that quotes the whole request.
async fn parrot() -> Server {
    Server::start(0, |request: Request| async move {
        let bearer = request.header("authorization").unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let message = serde_json::json!({ "message": format!("bad key {bearer}"), "code": 403, "description": body });
        Reply::json(http::StatusCode::BAD_REQUEST, &message)
    })
    .await
    .unwrap()
}

/// A mail server that refuses the first login and says what was sent.
async fn complain_about_logins(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 ready\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-mail\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            "QUIT" => return,
            _ => format!("535 no: you said {line}\r\n"),
        };
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn business(gateways: &SimGateways, parrot: &str, router: std::net::SocketAddr) -> String {
    let accounts = [
        (
            "by-fedapay",
            "fedapay",
            gateways.fedapay.base_url(),
            "mode = \"test\"\npublic_key = \"pk_sandbox_of_the_test\"\nsecret_key = \"sk_sandbox_canaryfedapay\"\nwebhook_secrets = [\"wh_sandbox_canaryhook\"]",
        ),
        (
            "by-cinetpay",
            "cinetpay",
            gateways.cinetpay_v2.base_url(),
            "site_id = \"445160\"\napi_key = \"canarycinetkey123\"\nwebhook_secrets = [\"canarycinetsecret123\"]",
        ),
        (
            "by-cinetpay-v1",
            "cinetpay",
            gateways.cinetpay_v1.base_url(),
            "mode = \"test\"\napi_key = \"sk_test_canaryv1key\"\napi_password = \"canaryv1password\"",
        ),
        (
            "by-feexpay",
            "feexpay",
            gateways.feexpay.base_url(),
            "site_id = \"demoshop\"\ntoken = \"fp_canaryfeex\"",
        ),
        (
            "by-parrot",
            "feexpay",
            parrot,
            "site_id = \"shop\"\ntoken = \"fp_canaryparrot\"",
        ),
    ];
    let cards = [
        (
            "by-conekta",
            "conekta",
            gateways.conekta.base_url(),
            "secret_key = \"key_canaryconekta00000000\"",
        ),
        (
            "by-mercadopago",
            "mercadopago",
            gateways.mercadopago.base_url(),
            "mode = \"test\"\nsecret_key = \"APP_USR-canary-mercadopago\"",
        ),
    ];
    let mut text = BUSINESS
        .replace("{router}", &router.to_string())
        .replace("relay-pass", "canary-router-pass");
    for (id, gateway, base_url, keys) in accounts {
        text.push_str(&format!(
            "\n[[account]]\nid = \"{id}\"\ncompany = \"cafe\"\ngateway = \"{gateway}\"\nbase_url = \"{base_url}\"\n{keys}\n\
             [[plan]]\nid = \"{id}\"\nhotspot = \"h1\"\naccounts = [\"{id}\"]\nlabel = \"1 heure\"\nprofile = \"1H\"\nprice = \"200\"\n"
        ));
    }
    for (id, gateway, base_url, keys) in cards {
        text.push_str(&format!(
            "\n[[account]]\nid = \"{id}\"\ncompany = \"cafe\"\ngateway = \"{gateway}\"\nbase_url = \"{base_url}\"\n{keys}\n"
        ));
    }
    text
}

const BUSINESS: &str = include_str!("../data/cafe.toml");
