//! What an administrator reads from his own router over the API, and the names that he may give it to sign in by.

use serde_json::{Value, json};

use crate::office::{Office, Tenant};
use crate::portal::json_of;

fn profiles_of(tenant: &Tenant) -> String {
    format!("/api/v1/admin/routers/{}/mikrotik-profiles", tenant.router)
}

#[tokio::test]
async fn a_router_that_answers_shows_its_profiles_in_its_own_words() {
    let office = Office::open().await;
    let one = office.tenant("uno").await;
    let path = profiles_of(&one);
    // Its credentials are made up so far.
    let refused = office.call(&one.session, "GET", &path, &Value::Null).await;
    assert_eq!(refused.status, 500, "{}", refused.body);
    office.let_in(&one).await;
    let world = &office.shop.world;
    assert!(
        world
            .router
            .set_property("/ip/hotspot/user/profile", "4H", "shared-users", b"3")
    );
    assert!(
        world
            .router
            .set_property("/ip/hotspot/user/profile", "4H", "rate-limit", b"2M/2M")
    );

    let profiles = office.done(&one.session, "GET", &path, Value::Null).await;
    let names: Vec<_> = profiles
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| profile["name"].as_str().unwrap())
        .collect();
    for name in ["default", "1H", "4H", "1J"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let four = profiles
        .as_array()
        .unwrap()
        .iter()
        .find(|profile| profile["name"] == "4H")
        .unwrap();
    assert!(four["id"].as_str().unwrap().starts_with('*'), "{four}");
    assert_eq!(
        (&four["shared_users"], &four["rate_limit"]),
        (&json!("3"), &json!("2M/2M")),
        "{four}"
    );

    let path = format!("/api/v1/admin/routers/{}/test-connection", one.router);
    let tested = office.done(&one.session, "GET", &path, Value::Null).await;
    assert_eq!(tested["success"], true, "{tested}");
    assert_eq!(tested["perfiles_encontrados"], names.len());
}

#[tokio::test]
async fn a_name_that_no_router_understands_is_refused_at_once() {
    let office = Office::open().await;
    let one = office.tenant("uno").await;
    let own = format!("/api/v1/admin/mi-empresa/routers/{}", one.router);
    let new = format!("/admin/empresas/{}/routers", one.company);
    for name in ["rel\u{e9}", "re\nlay", "\u{202e}api", "\u{fffd}"] {
        let change = json!({"usuario": name});
        let made = json!({"nombre": "Otro", "host": "203.0.114.9", "usuario": name, "password": "secreto"});
        for (token, method, path, body) in [
            (&one.session, "PUT", &own, change),
            (&office.operator, "POST", &new, made),
        ] {
            let reply = office.call(token, method, path, &body).await;
            assert_eq!(reply.status, 422, "{name:?} {path}: {}", reply.body);
            let detail = &json_of(&reply)["detail"][0];
            assert_eq!(detail["loc"], json!(["body", "usuario"]), "{detail}");
            assert!(detail["msg"].as_str().unwrap().contains("usuario"), "{detail}");
        }
    }
    let good = json!({"usuario": "relay.api_2@casa"});
    office.done(&one.session, "PUT", &own, good).await;
}

/// A router that was made here has no hotspot server's name: its users may log in on any.
#[tokio::test]
async fn a_router_that_an_operator_made_sells() {
    let office = Office::open().await;
    let one = office.tenant("uno").await;
    office.open_for_sale(&one).await;
    let wish = json!({"producto_id": one.product, "token_tarjeta": "tok_ok", "nombre_cliente": "Rosa Vega",
        "email_cliente": "rosa@example.com"});
    let path = "/api/v1/payments/pagar-conekta";
    let reply = office.while_jobs_run(office.call(&one.key, "POST", path, &wish)).await;
    let steps = office.steps();
    assert_eq!(reply.status, 200, "{} {steps:?}", reply.body);
    let users = office.shop.world.users();
    let [user] = users.as_slice() else { panic!("{users:?}") };
    assert_eq!(
        (user.server.as_str(), user.profile.as_str(), user.disabled),
        ("all", "dia-uno", false)
    );
    assert_eq!(json_of(&reply)["usuario_hotspot"]["usuario"], user.name);
}
