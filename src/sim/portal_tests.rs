//! The portal over a socket: its links, the login, the router's and the mailbox's pages.

use super::*;
use crate::ids::CompanyId;
use crate::message::Message;
use crate::money::Currency;
use crate::sim::http::call;
use crate::sim::router::SimRouterConfig;

async fn portal() -> (Portal, Arc<SimRouter>) {
    portal_in(Language::Fr).await
}

async fn portal_in(language: Language) -> (Portal, Arc<SimRouter>) {
    let router = Arc::new(SimRouter::start(SimRouterConfig::default()).await.unwrap());
    router.add_user("hotspot1", "mmk7p2qz", "mmk7p2qz", b"vc-417-06.15.26-");
    router.add_user("all", "123456", "", b"up-417-06.15.26-");
    let message = Message {
        company: CompanyId::new("cyber-awa"),
        order: None,
        recipient: "awa@example.net".to_owned(),
        subject: "Vente <b>{{7*7}}</b>".to_owned(),
        text: "Code : mmk7p2qz".to_owned(),
        message_id: "1@mikrelay.invalid".to_owned(),
        created_at: "2026-11-02T19:19:00Z".parse().unwrap(),
    };
    let plan = |id: &str, gateway| PortalPlan {
        id: PlanId::new(id),
        label: "4 heures".to_owned(),
        profile: "4H".to_owned(),
        price: Money::from_minor(100, Currency::Xof),
        time: TimeLimit { seconds: 14_400 },
        data: DataLimit::NONE,
        gateway,
        keys: vec![("pub_key".to_owned(), "pk_x".to_owned())],
    };
    let config = PortalConfig {
        port: 0,
        relay_url: String::new(),
        router: router.clone(),
        server: "hotspot1".to_owned(),
        company: "Cyber Awa".to_owned(),
        language,
        plans: GatewayName::ALL
            .into_iter()
            .map(|gateway| plan(gateway.as_str(), gateway))
            .collect(),
        phone_url: Some("http://127.0.0.1:9/phone".to_owned()),
        mails: Arc::new(move || vec![message.clone()]),
    };
    let portal = start_portal(config).await.unwrap();
    portal.set_relay_url("http://127.0.0.1:8080/");
    (portal, router)
}

async fn get(portal: &Portal, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String, Reply) {
    send(portal, Method::GET, path, headers, "").await
}

async fn send(
    portal: &Portal,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> (StatusCode, String, Reply) {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let reply = call(method, &format!("{}{path}", portal.url()), &headers, body)
        .await
        .unwrap();
    (reply.status, String::from_utf8(reply.body.to_vec()).unwrap(), reply)
}

fn location(reply: &Reply) -> &str {
    reply.headers["location"].to_str().unwrap()
}

#[tokio::test]
async fn the_portal_sells_three_plans_by_old_and_short_links() {
    let (portal, _router) = portal().await;
    let (status, page, _) = get(&portal, "/", &[]).await;
    assert_eq!(status, StatusCode::OK);
    for part in [
        "http://127.0.0.1:8080/buy-mikhmon?nasid=hotspot1",
        "/buy-mikhmon-cinetpay?nasid=hotspot1",
        "/buy-mikhmon-feexpay?nasid=hotspot1",
        "/b/fedapay?mac=02:00:00:00:00:01",
        "/retrieve-mikhmon-code",
        "Bienvenue sur le Wi‑Fi",
        "100\u{a0}FCFA",
        "données sans limite<br>par FedaPay",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let (_, page, _) = get(&portal, "/", &[("accept-language", "de, en;q=0.5")]).await;
    assert!(page.contains("Welcome to the Wi‑Fi"));
}

#[tokio::test]
async fn a_code_logs_the_phone_in_and_the_status_says_so() {
    let (portal, router) = portal().await;
    let (_, page, _) = get(&portal, "/status", &[]).await;
    assert!(page.contains("Non connecté"));
    let login = "/login?username=mmk7p2qz&password=mmk7p2qz&dst=http%3A%2F%2Fevil.example%2F";
    let (status, _, reply) = get(&portal, login, &[]).await;
    assert_eq!((status, location(&reply)), (StatusCode::SEE_OTHER, "/status"));
    assert!(router.is_online("02:00:00:00:00:01"));
    let (_, page, _) = get(&portal, "/status", &[]).await;
    assert!(page.contains("Connecté") && page.contains("mmk7p2qz"), "{page}");
    let (_, _, reply) = send(&portal, Method::POST, "/logout", &[], "").await;
    assert_eq!(
        (location(&reply), router.is_online("02:00:00:00:00:01")),
        ("/status", false)
    );
}

#[tokio::test]
async fn the_form_takes_a_code_or_a_pin_alone_and_leads_on_to_ours_only() {
    let (portal, router) = portal().await;
    let form = [("cookie", "phone=2")];
    let (_, _, reply) = send(&portal, Method::POST, "/login", &form, "username=mmk7p2qz&password=").await;
    assert_eq!(
        (location(&reply), router.is_online("02:00:00:00:00:02")),
        ("/status", true)
    );
    let body = "username=123456&dst=http%3A%2F%2F127.0.0.1%3A8080%2Fo%2Fx";
    let (_, _, reply) = send(&portal, Method::POST, "/login", &[("cookie", "phone=3")], body).await;
    assert_eq!(
        (location(&reply), router.is_online("02:00:00:00:00:03")),
        ("http://127.0.0.1:8080/o/x", true)
    );
    for dst in [
        "%2F%2Fevil.example",
        "http%3A%2F%2F127.0.0.1%3A80801%2F",
        "%2F%5Cevil",
        "javascript%3Aalert(1)",
    ] {
        let path = format!("/login?username=123456&password=&dst={dst}");
        let (_, _, reply) = get(&portal, &path, &[("cookie", "phone=3")]).await;
        assert_eq!(location(&reply), "/status", "{dst}");
    }
    let (status, page, _) = send(&portal, Method::POST, "/login", &[], "username=wrong").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Connexion refusée") && page.contains("invalid username or password"),
        "{page}"
    );
}

#[tokio::test]
async fn the_router_page_shows_users_and_switches_the_power() {
    let (portal, router) = portal().await;
    let (_, page, _) = get(&portal, "/router", &[("cookie", "lang=en")]).await;
    assert!(
        page.contains("vc-417-06.15.26-") && page.contains("Nobody is online"),
        "{page}"
    );
    let (_, _, reply) = send(&portal, Method::POST, "/router/power", &[], "on=no").await;
    assert_eq!((location(&reply), router.is_on()), ("/router", false));
    let (_, page, _) = get(&portal, "/login?username=mmk7p2qz&password=mmk7p2qz", &[]).await;
    assert!(page.contains("Le routeur est éteint") && !router.is_online("02:00:00:00:00:01"));
    send(&portal, Method::POST, "/router/power", &[], "on=yes").await;
    assert!(router.is_on());
}

#[tokio::test]
async fn mails_are_listed_and_shown_escaped() {
    let (portal, _router) = portal().await;
    let (_, page, _) = get(&portal, "/mailbox", &[]).await;
    assert!(
        page.contains("Vente &lt;b&gt;{{7*7}}&lt;/b&gt;") && page.contains("awa@example.net"),
        "{page}"
    );
    let (_, page, _) = get(&portal, "/mailbox/1", &[]).await;
    assert!(page.contains("Code : mmk7p2qz"), "{page}");
    for path in ["/mailbox/2", "/mailbox/x", "/nowhere", "/router/power"] {
        assert_eq!(get(&portal, path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_browser_chooses_its_phone_and_language() {
    let (portal, _router) = portal().await;
    let (_, _, reply) = send(&portal, Method::POST, "/phone", &[], "").await;
    assert_eq!(reply.headers["set-cookie"], "phone=2; Path=/; SameSite=Lax");
    let (_, page, _) = get(&portal, "/", &[("cookie", "a=b; phone=2; lang=en")]).await;
    assert!(page.contains("Phone 2 · 10.5.50.12 · 02:00:00:00:00:02"), "{page}");
    let (_, _, reply) = get(&portal, "/language?to=en&back=//evil.example", &[]).await;
    assert_eq!(
        (location(&reply), &reply.headers["set-cookie"]),
        ("/", &HeaderValue::from_static("lang=en; Path=/; SameSite=Lax"))
    );
}

#[tokio::test]
async fn a_portal_speaks_its_own_language_and_english() {
    let (portal, _) = portal_in(Language::Es).await;
    let (_, page, _) = get(&portal, "/", &[("accept-language", "de")]).await;
    for words in ["lang=\"es\"", "Planes", "Comprar", "/language?to=en"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let (_, page, _) = get(&portal, "/", &[("accept-language", "en")]).await;
    assert!(page.contains("Plans") && page.contains("/language?to=es"), "{page}");
    let (_, page, _) = get(&portal, "/", &[("accept-language", "fr")]).await;
    assert!(page.contains("Forfaits"), "{page}");
}

#[tokio::test]
async fn the_example_portal_is_served_with_what_only_the_router_knows() {
    let (portal, router) = portal().await;
    assert_eq!(get(&portal, "/pagos", &[]).await.0, StatusCode::NOT_FOUND);
    portal.set_pagos(PagosPage {
        key: "jwt_key</script>".to_owned(),
        scripts: vec![("conekta", "http://127.0.0.1:9/js".to_owned())],
    });
    let (status, _, reply) = get(&portal, "/pagos", &[]).await;
    let target = reply.headers["location"].to_str().unwrap();
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(
        target.starts_with("/pagos/?mac=02%3A00%3A00%3A00%3A00%3A01&ip=10%2E5%2E50%2E11&login="),
        "{target}"
    );
    let (status, page, _) = get(&portal, target, &[]).await;
    assert!(status == StatusCode::OK && page.contains("portal.js"), "{page}");
    for name in ["portal.js", "texts.js", "cards.js", "portal.css"] {
        assert_eq!(
            get(&portal, &format!("/pagos/{name}"), &[]).await.0,
            StatusCode::OK,
            "{name}"
        );
    }
    let (_, config, _) = get(&portal, "/pagos/config.js", &[]).await;
    assert!(
        config.contains(r#""api":"http://127.0.0.1:8080""#) && config.contains("jwt_key"),
        "{config}"
    );
    let (_, front, _) = get(&portal, "/", &[]).await;
    assert!(front.contains(r#"href="/pagos""#), "{front}");

    // Everybody's time is up.
    router
        .http_login("mmk7p2qz", "mmk7p2qz", "10.5.50.11", "02:00:00:00:00:01")
        .await
        .unwrap();
    send(&portal, Method::POST, "/router/forget", &[], "").await;
    assert!(router.users().is_empty() && router.active().is_empty());
}
