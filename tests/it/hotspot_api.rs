//! Phones that come back, over real sockets: the answers that portal pages act on. What is decided behind them is in
//! `reconnect`.

use std::time::{Duration, Instant};

use mikrelay::ids::RouterId;
use mikrelay::sim::router::Misbehaviour;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::http::Reply;
use crate::portal::{Portal, json_of};
use crate::support::{FedapayEvent, IP, MAC};

const RECONNECT: &str = "/api/v1/hotspot/auto-reconnect";
const INFO: &str = "/api/v1/hotspot/user/profile-info";
const VALIDATE: &str = "/api/v1/routers/validar-empresa-router";

/// A portal whose router shows passwords, with a user of Mikhmon's.
async fn portal() -> Portal {
    let portal = Portal::open().await;
    let router = &portal.shop.world.router;
    router.set_property("/user/group", "relay", "policy", b"api,read,write,sensitive");
    router.add_user("all", "abc", "canary-0042", b"note");
    router.add_user("all", "493817", "", b"");
    portal
}

fn back(username: &str, password: &str) -> Value {
    json!({
        "username": username, "password": password, "stored_mac": MAC, "current_mac": MAC.to_lowercase(),
        "current_ip": IP, "current_ssid": null,
    })
}

/// The words that a page decides by.
fn words(reply: &Reply) -> (bool, String, String, Option<String>) {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let answer = json_of(reply);
    let word = |name: &str| answer[name].as_str().map(str::to_owned);
    assert!(!answer["mensaje"].as_str().unwrap().is_empty());
    (
        answer["success"].as_bool().unwrap(),
        word("estado").unwrap(),
        word("auto_conexion").unwrap_or_default(),
        word("error_detalle"),
    )
}

fn told(success: bool, state: &str, connection: &str, detail: &str) -> (bool, String, String, Option<String>) {
    let detail = Some(detail.to_owned()).filter(|detail| !detail.is_empty());
    (success, state.to_owned(), connection.to_owned(), detail)
}

#[tokio::test]
async fn a_phone_comes_back() {
    let portal = portal().await;
    let reply = portal.post(RECONNECT, &back("abc", "canary-0042")).await;
    assert_eq!(words(&reply), told(true, "activo", "conectado", ""));
    let mut answer = json_of(&reply);
    let answer = answer.as_object_mut().unwrap();
    assert!(answer.remove("timestamp").unwrap().as_str().unwrap().len() == 26);
    answer.remove("mensaje");
    let expected = json!({
        "success": true, "estado": "activo", "auto_conexion": "conectado", "nueva_mac": MAC.to_lowercase(),
        "datos_sesion": {"user": "abc", "address": IP, "uptime": "0s", "bytes-in": "0", "bytes-out": "0"},
        "tiempo_acumulado": null, "tiempo_restante": null, "primera_sesion": null, "error_detalle": null,
    });
    assert_eq!(Value::Object(answer.clone()), expected);
    assert!(portal.shop.world.router.is_online(MAC));

    let again = portal.post(RECONNECT, &back("abc", "canary-0042")).await;
    assert_eq!(words(&again), told(true, "activo", "conectado", ""));
    portal.shop.world.router.log_off(MAC);
    // A PIN has no password; the field may be left out.
    let pin = json!({"username": "493817", "current_mac": MAC});
    let reply = portal.post(RECONNECT, &pin).await;
    assert_eq!(words(&reply), told(true, "activo", "conectado", ""));
}

#[tokio::test]
async fn a_code_that_was_bought_here_comes_back_without_rights_to_read_passwords() {
    let portal = Portal::open().await;
    let world = &portal.shop.world;
    let order = world.place("1h").await;
    world.fedapay(&FedapayEvent::approved(&order)).await;
    world.drain().await;
    let voucher = world.order(&order.reference).await.voucher.unwrap();
    world.router.log_off(MAC);
    let (user, password) = (voucher.username.expose_secret(), voucher.password.expose_secret());
    let wrong = portal.post(RECONNECT, &back(user, "other")).await;
    assert_eq!(
        words(&wrong),
        told(false, "error", "no_conectado", "credenciales_invalidas")
    );
    let reply = portal.post(RECONNECT, &back(user, password)).await;
    assert_eq!(words(&reply), told(true, "activo", "conectado", ""));
    let info = json_of(
        &portal
            .post(INFO, &json!({"username": user, "password": password}))
            .await,
    );
    assert_eq!((&info["estado"], &info["limit_uptime"]), (&json!("ok"), &json!("1h")));
    assert!(!info.to_string().contains("mikrelay.invalid"), "{info}");
}

#[tokio::test]
async fn r2_s4_the_states_of_the_table() {
    let portal = portal().await;
    let router = &portal.shop.world.router;
    let say = async |user: &str, password: &str| words(&portal.post(RECONNECT, &back(user, password)).await);
    assert_eq!(
        say("nobody", "1").await,
        told(false, "expirado", "no_conectado", "usuario_no_encontrado")
    );
    assert_eq!(
        say("abc", "42").await,
        told(false, "error", "no_conectado", "credenciales_invalidas")
    );
    assert_eq!(
        say("aa:bb:cc:dd:ee:01", "").await,
        told(false, "error", "no_conectado", "usuario_no_valido")
    );
    router.remove_host(MAC);
    assert_eq!(
        say("abc", "canary-0042").await,
        told(false, "activo", "no_conectado", "dispositivo_no_encontrado")
    );
    router.add_host(IP, MAC, "hotspot1");
    router.set_property("/ip/hotspot/user", "abc", "limit-bytes-total", b"10");
    router.set_bytes("abc", 5, 5);
    assert_eq!(
        say("abc", "canary-0042").await,
        told(false, "expirado", "no_conectado", "usuario_agotado")
    );
    router.power_off().await;
    assert_eq!(
        say("abc", "canary-0042").await,
        told(false, "error", "no_conectado", "router_sin_respuesta")
    );
    router.power_on().await.unwrap();
    router.misbehave(Some(Misbehaviour::Fatal("too many sessions".to_owned())));
    assert_eq!(
        say("abc", "canary-0042").await,
        told(false, "error", "no_conectado", "router_sin_respuesta")
    );
    router.misbehave(None);

    portal
        .change(|db| {
            let mut card = db.load_directory()?.routers[&RouterId::new("r1")].card.clone();
            card.active = false;
            db.set_router_card(&RouterId::new("r1"), &card)
        })
        .await;
    router.clear_commands();
    assert_eq!(
        say("abc", "canary-0042").await,
        told(false, "router_inactivo", "no_conectado", "router_inactivo")
    );
    let info = portal
        .post(INFO, &json!({"username": "abc", "password": "canary-0042"}))
        .await;
    assert_eq!(words(&info), told(false, "router_inactivo", "", "router_inactivo"));
    let answer = portal.post(VALIDATE, &json!({})).await;
    assert_eq!(words(&answer), told(false, "router_inactivo", "", "router_inactivo"));
    assert_eq!(router.commands(), Vec::<String>::new(), "nobody asked it");
}

#[tokio::test]
async fn s11_guessing_is_answered_429() {
    let portal = portal().await;
    for _ in 0..5 {
        portal.post(RECONNECT, &back("abc", "1")).await;
    }
    for (path, body) in [
        (RECONNECT, back("abc", "canary-0042")),
        (INFO, json!({"username": "abc", "password": "canary-0042"})),
    ] {
        let reply = portal.post(path, &body).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (429, Some("901")),
            "{path}"
        );
        assert!(json_of(&reply)["detail"].is_string());
    }
    assert!(!portal.shop.world.router.is_online(MAC));
}

#[tokio::test]
async fn s5_no_answer_holds_a_password() {
    let portal = portal().await;
    let router = &portal.shop.world.router;
    let mut bodies = Vec::new();
    let mut ask = async |path: &str, body: Value| {
        let reply = portal.post(path, &body).await;
        assert_eq!(reply.status, 200);
        bodies.push(reply.body);
    };
    ask(RECONNECT, back("abc", "canary-0042")).await;
    ask(INFO, json!({"username": "abc", "password": "canary-0042"})).await;
    router.remove_host(MAC);
    ask(RECONNECT, back("abc", "canary-0042")).await;
    ask(RECONNECT, back("abc", "1")).await;
    ask(INFO, json!({"username": "abc"})).await;
    assert!(bodies.iter().all(|body| !body.contains("canary")), "{bodies:?}");
}

#[tokio::test]
async fn a_code_is_explained_to_its_owner() {
    let portal = portal().await;
    let router = &portal.shop.world.router;
    router.set_property("/ip/hotspot/user", "abc", "limit-uptime", b"1h");
    let info = json_of(
        &portal
            .post(INFO, &json!({"username": "abc", "password": "canary-0042"}))
            .await,
    );
    for (name, value) in [
        ("success", json!(true)),
        ("estado", json!("ok")),
        ("username", json!("abc")),
        ("tipo_usuario", json!("usuario_contrasena")),
        ("profile", json!("default")),
        ("mac_cookie_timeout", json!("3d")),
        ("mac_authentication", json!(true)),
        ("disabled", json!(false)),
        ("comment", json!("note")),
        ("limit_uptime", json!("1h")),
        ("error_detalle", Value::Null),
    ] {
        assert_eq!(info[name], value, "{name}");
    }
    assert_eq!(info["datos_completos"]["limit-uptime"], "1h");
    assert!(info["datos_completos"].get("password").is_none());

    let pin = json_of(
        &portal
            .post(INFO, &json!({"username": "493817", "password": null}))
            .await,
    );
    assert_eq!((&pin["estado"], &pin["tipo_usuario"]), (&json!("ok"), &json!("pin")));
    for body in [
        json!({"username": "493817", "password": ""}),
        json!({"username": "abc"}),
        json!({"username": "abc", "password": "42"}),
        json!({"username": "nobody", "password": "42"}),
    ] {
        let reply = portal.post(INFO, &body).await;
        let expected = told(false, "credenciales_invalidas", "", "credenciales_invalidas");
        assert_eq!(words(&reply), expected, "{body}");
        assert_eq!(json_of(&reply)["datos_completos"], Value::Null);
    }
    router.power_off().await;
    let reply = portal.post(INFO, &json!({"username": "493817"})).await;
    assert_eq!(words(&reply), told(false, "error", "", "router_sin_respuesta"));
}

#[tokio::test]
async fn a_portal_asks_whether_its_router_answers() {
    let portal = portal().await;
    // There is no body to send.
    let headers = [("Authorization", format!("Bearer {}", portal.key))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = portal.ask("POST", VALIDATE, &headers, b"").await;
    assert_eq!(words(&reply), told(true, "activo", "", ""));
    assert_eq!(json_of(&reply)["conexion_ok"], true);
    portal.shop.world.router.power_off().await;
    let reply = portal.post(VALIDATE, &json!({})).await;
    assert_eq!(words(&reply), told(false, "router_inactivo", "", "router_inactivo"));
    assert_eq!(json_of(&reply)["conexion_ok"], false);
}

#[tokio::test]
async fn what_is_missing_is_told_and_strangers_are_not_heard() {
    let portal = portal().await;
    let reply = portal.post(RECONNECT, &json!({"password": 42})).await;
    assert_eq!(reply.status, 422);
    assert!(
        !reply.body.contains("42"),
        "a password is not sent back: {}",
        reply.body
    );
    let faults = json_of(&reply)["detail"].as_array().unwrap().clone();
    let locs: Vec<_> = faults
        .iter()
        .map(|fault| fault["loc"][1].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(locs, ["username", "password", "current_mac"]);
    for path in [RECONNECT, INFO, VALIDATE] {
        let body = back("abc", "canary-0042").to_string();
        let reply = portal
            .ask("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
            .await;
        assert_eq!(reply.status, 403, "{path}");
    }
    for path in ["mikrotik-profiles", "test-connection"] {
        let path = format!("/api/v1/admin/routers/r1/{path}");
        assert_eq!(portal.ask("GET", &path, &[], b"").await.status, 403);
        // A portal's key opens nothing of the administration.
        assert!([401, 403].contains(&portal.get(&path).await.status), "{path}");
    }
    assert!(!portal.shop.world.router.is_online(MAC));
}

#[tokio::test]
async fn r5_a_silent_router_slows_no_other_request() {
    let portal = portal().await;
    portal.shop.world.router.misbehave(Some(Misbehaviour::Silence));
    let address = portal.address();
    let key = portal.key.clone();
    let waiting = tokio::spawn(async move {
        let headers = [("X-API-Key", key.as_str()), ("Content-Type", "application/json")];
        let body = back("abc", "canary-0042").to_string();
        crate::http::ask_at(address, "POST", RECONNECT, &headers, body.as_bytes()).await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(portal.get("/api/v1/config/public").await.status, 200);
        assert_eq!(portal.get("/api/v1/catalogo_perfiles_venta").await.status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(!waiting.is_finished());
    let reply = waiting.await.unwrap();
    assert_eq!(
        words(&reply),
        told(false, "error", "no_conectado", "router_sin_respuesta")
    );
}
