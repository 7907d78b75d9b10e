//! `payments/*` and `webhook*` over real sockets: every documented row of the contract (facts: pagos-hotspot-api 5
//! and 6.2) with the statuses that clients go by.

use mikrelay::sim::gateways::{Fault, Quirk, SimGateway, SimStatus, mercadopago_signature};
use mikrelay::sim::router::Misbehaviour;
use serde_json::{Value, json};

use crate::http::Reply;
use crate::portal::{Portal, json_of, make_key};
use crate::support::{IP, MAC};

const CONEKTA: &str = "/api/v1/payments/pagar-conekta";
const MERCADOPAGO: &str = "/api/v1/payments/pagar-mercado-pago";

struct Shop(Portal);

impl Shop {
    async fn open() -> Self {
        Self(Portal::open().await)
    }

    fn gateway(&self, path: &str) -> &SimGateway {
        self.0
            .shop
            .gateway(if path == CONEKTA { "conekta" } else { "mercadopago" })
    }

    /// A good request with some members changed; `null` takes one away.
    fn body(&self, path: &str, changes: &Value) -> Value {
        let mut body = match path {
            CONEKTA => json!({"producto_id": self.0.number("by-conekta"), "token_tarjeta": "tok_ok"}),
            _ => json!({"producto_id": self.0.number("by-mercadopago"), "token": "tok_ok", "payment_method_id": "visa",
                        "monto": 15.1}),
        };
        let fields = body.as_object_mut().unwrap();
        fields.insert("nombre_cliente".to_owned(), json!("Rosa Vega"));
        fields.insert("email_cliente".to_owned(), json!("rosa@example.com"));
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        body
    }

    /// Sends a request while the relay's jobs run.
    async fn pay(&self, path: &str, changes: &Value) -> Reply {
        self.pay_with(path, changes, &[]).await
    }

    async fn pay_with(&self, path: &str, changes: &Value, more: &[(&str, &str)]) -> Reply {
        let body = self.body(path, changes).to_string();
        let mut headers = vec![("X-API-Key", self.0.key.as_str()), ("Content-Type", "application/json")];
        headers.extend_from_slice(more);
        let asked = self.0.ask("POST", path, &headers, body.as_bytes());
        tokio::pin!(asked);
        loop {
            tokio::select! {
                reply = &mut asked => return reply,
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => self.0.shop.world.drain().await,
            }
        }
    }

    fn token(path: &str) -> &'static str {
        if path == CONEKTA { "token_tarjeta" } else { "token" }
    }

    async fn only_payment(&self, path: &str) -> String {
        let gateway = self.gateway(path);
        gateway.ids(&gateway.orders()[0]).remove(0)
    }
}

fn detail(reply: &Reply) -> String {
    let detail = json_of(reply)["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(' '), "{}: {}", reply.status, reply.body);
    detail
}

#[tokio::test]
async fn a_sale_is_answered_as_documented() {
    let shop = Shop::open().await;
    let wish = json!({"mac_cliente": MAC, "ip_cliente": IP, "conexion_automatica": true});
    let reply = shop.pay(CONEKTA, &wish).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = json_of(&reply);
    let user = shop.0.shop.world.users().remove(0);
    assert_eq!(
        answer,
        json!({
            "success": true, "id_transaccion": shop.only_payment(CONEKTA).await, "estado_pago": "paid",
            "tipo_usuario": "usuario_contrasena",
            "usuario_hotspot": {"usuario": user.name, "contrasena": user.password},
            "producto": {"nombre": "1 Hora", "precio": 15.0, "moneda": "MXN", "perfil_mikrotik": "1H"},
            "cliente": {"nombre": "Rosa Vega", "email": "rosa@example.com"},
            "timestamp": answer["timestamp"],
            "auto_conexion": {"estado": "conectado", "mac": MAC, "ip": IP, "mensaje": "Ya está conectado a Internet",
                "verificado": true, "session_id": answer["auto_conexion"]["session_id"]},
        })
    );
    let stamp = answer["timestamp"].as_str().unwrap();
    assert!(stamp.len() == 26 && !stamp.ends_with('Z'), "{stamp}");
    assert!(answer["auto_conexion"]["session_id"].as_str().unwrap().starts_with('*'));
    // Again, byte for byte.
    assert_eq!(shop.pay(CONEKTA, &wish).await.body, reply.body);

    let reply = shop
        .pay(
            MERCADOPAGO,
            &json!({"token": "tok_ok-2", "tipo_usuario": "pin", "cuotas": "3", "issuer_id": "310"}),
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = json_of(&reply);
    let id: i64 = shop.only_payment(MERCADOPAGO).await.parse().unwrap();
    assert_eq!(answer["id_transaccion"], id.to_string());
    assert_eq!(
        (&answer["estado_pago"], &answer["tipo_usuario"]),
        (&json!("approved"), &json!("pin"))
    );
    assert_eq!(answer["usuario_hotspot"]["contrasena"], "");
    assert!(answer.get("advertencia").is_none());
    assert_eq!(
        answer["mercado_pago"],
        json!({"payment_id": id, "status": "approved", "status_detail": "accredited", "installments": 3,
            "payment_method": {"id": "visa", "type": "credit_card", "issuer_id": "310", "issuer": "310",
                "last_four_digits": "3764", "installments": 3}, "raw_response": {}})
    );
    assert_eq!(
        answer["auto_conexion"],
        json!({"estado": "no_conectado", "mac": "", "ip": "", "verificado": false,
            "mensaje": "Escriba sus datos de acceso para conectarse a Internet"})
    );
}

/// 5.1 and 5.2: what is wrong before anything is done.
#[tokio::test]
async fn a_faulty_request_is_refused_before_anything_is_done() {
    let shop = Shop::open().await;
    let other = shop.0.number("by-fedapay");
    for (path, changes, status) in [
        (CONEKTA, json!({"producto_id": 999_999}), 404),
        (CONEKTA, json!({"token_tarjeta": " "}), 400),
        (CONEKTA, json!({"producto_id": other, "token_tarjeta": "tok_ok-2"}), 400),
        (CONEKTA, json!({"token_tarjeta": null}), 422),
        (CONEKTA, json!({"email_cliente": "x"}), 422),
        (CONEKTA, json!({"tipo_usuario": "admin"}), 422),
        (CONEKTA, json!({"producto_id": "a"}), 422),
        (MERCADOPAGO, json!({"monto": 15.08}), 400),
        (MERCADOPAGO, json!({"monto": "15.12"}), 400),
        (MERCADOPAGO, json!({"monto": "NaN"}), 422),
        (MERCADOPAGO, json!({"monto": null}), 422),
        (MERCADOPAGO, json!({"payment_method_id": null}), 422),
        (MERCADOPAGO, json!({"payer": []}), 422),
        (MERCADOPAGO, json!({"producto_id": -1}), 404),
    ] {
        let reply = shop.pay(path, &changes).await;
        assert_eq!(reply.status, status, "{path} {changes}: {}", reply.body);
    }
    let amount = detail(&shop.pay(MERCADOPAGO, &json!({"monto": 15.08})).await);
    assert!(amount.contains("15.08") && amount.contains("15.10 MXN"), "{amount}");
    let both = json_of(
        &shop
            .pay(CONEKTA, &json!({"token_tarjeta": null, "nombre_cliente": null}))
            .await,
    );
    assert_eq!(both["detail"].as_array().unwrap().len(), 2);
    let (orders, users) = (shop.gateway(CONEKTA).orders(), shop.0.shop.world.users());
    assert!(orders.is_empty() && users.is_empty());
    // Both names of a field, and empty ones that mean their default.
    let english = json!({"producto_id": null, "product_id": shop.0.number("by-conekta"), "token_tarjeta": null,
        "card_token": "tok_ok", "tipo_usuario": "", "customer_phone": null});
    assert_eq!(shop.pay(CONEKTA, &english).await.status, 200);
}

/// 5.1, 5.2, 5.4, 5.5: what the gateway says.
#[tokio::test]
async fn every_answer_of_a_gateway_has_its_status() {
    for path in [CONEKTA, MERCADOPAGO] {
        let pending = if path == CONEKTA { 402 } else { 200 };
        for (token, status) in [
            ("tok_declined", 402),
            ("tok_insufficient_funds", 402),
            ("tok_fraud", 402),
            ("tok_invalid", 400),
            ("tok_pending", pending),
            ("tok_in_process", pending),
            ("tok_authorized", pending),
            ("tok_challenge", pending),
            ("tok_frictionless", 200),
        ] {
            let shop = Shop::open().await;
            let reply = shop.pay(path, &json!({Shop::token(path): token})).await;
            assert_eq!(reply.status, status, "{path} {token}: {}", reply.body);
            if status != 200 {
                detail(&reply);
            } else if token != "tok_frictionless" {
                let answer = json_of(&reply);
                assert_eq!(answer["usuario_hotspot"], json!({"usuario": "", "contrasena": ""}));
                assert!(answer["advertencia"].as_str().unwrap().contains("pendiente"));
                assert_ne!(answer["estado_pago"], "approved");
                assert_eq!(answer["mercado_pago"]["status"], answer["estado_pago"]);
            }
        }
        for (fault, status) in [
            (Fault::TooMany, 429),
            (Fault::Unauthorized, 500),
            (Fault::ServerError, 504),
            (Fault::WebPage, 504),
            (Fault::Garbage, 504),
        ] {
            let shop = Shop::open().await;
            shop.gateway(path).fail_next([fault]);
            let reply = shop.pay(path, &json!({})).await;
            assert_eq!(reply.status, status, "{path} {fault:?}: {}", reply.body);
            assert!(
                !detail(&reply).contains("upstream"),
                "the gateway's words are for the log"
            );
            assert_eq!(reply.header("retry-after").is_some(), status == 429);
        }
    }
}

#[tokio::test]
async fn messages_are_spoken_in_the_callers_language() {
    let shop = Shop::open().await;
    let changes = json!({"token_tarjeta": "tok_insufficient_funds"});
    for (language, words) in [
        ("en", "enough money"),
        ("fr", "assez d’argent"),
        ("pt", "saldo"),
        ("es", "fondos"),
    ] {
        let reply = shop.pay_with(CONEKTA, &changes, &[("Accept-Language", language)]).await;
        assert_eq!(reply.status, 402);
        assert!(detail(&reply).contains(words), "{language}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_router_that_cannot_serve_is_500_and_nothing_is_charged() {
    let shop = Shop::open().await;
    shop.0
        .shop
        .world
        .router
        .misbehave(Some(Misbehaviour::Fatal("secret words of the router".to_owned())));
    let reply = shop.pay(CONEKTA, &json!({})).await;
    assert_eq!(reply.status, 500);
    assert!(!detail(&reply).contains("secret"));
    assert!(shop.gateway(CONEKTA).orders().is_empty());
}

/// P9: products, routers and companies that are switched off sell nothing.
#[tokio::test]
async fn p9_what_is_switched_off_is_not_sold() {
    let shop = Shop::open().await;
    let directory = shop.0.shop.world.relay.store().directory();
    let (product, _) = directory.product(shop.0.number("by-conekta")).unwrap();
    let off = mikrelay::plan::Product {
        active: false,
        ..product.clone()
    };
    shop.0.change(move |db| db.set_product(&off)).await;
    assert_eq!(shop.pay(CONEKTA, &json!({})).await.status, 404);
    let router = directory.routers.values().next().unwrap().clone();
    let card = mikrelay::company::RouterCard {
        active: false,
        ..router.card.clone()
    };
    shop.0.change(move |db| db.set_router_card(&router.id, &card)).await;
    assert_eq!(shop.pay(MERCADOPAGO, &json!({})).await.status, 404);
    assert!(shop.gateway(CONEKTA).orders().is_empty() && shop.gateway(MERCADOPAGO).orders().is_empty());
}

#[tokio::test]
async fn names_begin_with_the_routers_prefix() {
    let shop = Shop::open().await;
    let router = shop
        .0
        .shop
        .world
        .relay
        .store()
        .directory()
        .routers
        .values()
        .next()
        .unwrap()
        .clone();
    let card = mikrelay::company::RouterCard {
        user_prefix: "PT-".to_owned(),
        ..router.card.clone()
    };
    shop.0.change(move |db| db.set_router_card(&router.id, &card)).await;
    let answer = json_of(&shop.pay(CONEKTA, &json!({})).await);
    let user = answer["usuario_hotspot"]["usuario"].as_str().unwrap();
    assert!(user.starts_with("PT-") && user.len() == 9, "{user}");
}

#[tokio::test]
async fn a_key_of_another_sale_is_a_conflict() {
    let shop = Shop::open().await;
    let key = [("Idempotency-Key", "a")];
    assert_eq!(shop.pay_with(CONEKTA, &json!({}), &key).await.status, 200);
    assert_eq!(
        shop.pay_with(MERCADOPAGO, &json!({"token": "tok_ok-2"}), &key)
            .await
            .status,
        409
    );
    assert_eq!(
        shop.pay(MERCADOPAGO, &json!({})).await.status,
        400,
        "its token was Conekta's"
    );
}

/// 5.7
#[tokio::test]
async fn what_became_of_a_payment_is_told_of_ones_own_only() {
    for path in [CONEKTA, MERCADOPAGO] {
        let shop = Shop::open().await;
        shop.pay(path, &json!({})).await;
        let id = shop.only_payment(path).await;
        let told = shop.0.get(&format!("/api/v1/payments/estado-pago/{id}")).await;
        assert_eq!(told.status, 200, "{}", told.body);
        let told = json_of(&told);
        let (status, amount) = if path == CONEKTA {
            ("paid", 15.0)
        } else {
            ("approved", 15.1)
        };
        assert_eq!((&told["status"], &told["amount"]), (&json!(status), &json!(amount)));
        assert_eq!((&told["success"], &told["currency_id"]), (&json!(true), &json!("MXN")));
        assert!(
            told["date_approved"].is_string() && told["date_last_updated"].is_string(),
            "{told}"
        );
        let expected = id.parse::<i64>().map_or_else(|_| json!(id), |id| json!(id));
        assert_eq!(told["payment_id"], expected);
        for unknown in ["1", "ord_unknown", "..%2Forders", "%00", "9999999999999999999999"] {
            let reply = shop.0.get(&format!("/api/v1/payments/estado-pago/{unknown}")).await;
            assert_eq!(reply.status, 404, "{unknown}: {}", reply.body);
        }
        shop.gateway(path).fail_next([Fault::ServerError]);
        let reply = shop.0.get(&format!("/api/v1/payments/estado-pago/{id}")).await;
        assert_eq!(reply.status, 500);
        detail(&reply);
    }
}

fn notice(id: &Value) -> Vec<u8> {
    json!({"type": "payment", "action": "payment.updated", "id": "123", "data": {"id": id}})
        .to_string()
        .into_bytes()
}

async fn hear(shop: &Shop, path: &str, query: &str, secret: &str, id: &str, body: &[u8]) -> Reply {
    let signature = mercadopago_signature(secret, id, "r-1", "1704908010");
    let headers = [
        ("x-signature", signature.as_str()),
        ("x-request-id", "r-1"),
        ("content-type", "application/json"),
    ];
    shop.0.ask("POST", &format!("{path}{query}"), &headers, body).await
}

/// P16 to P18, S3: heard only with a secret's signature, once, whatever form the id has.
#[tokio::test]
async fn p17_and_p18_a_notification_finishes_a_pending_sale() {
    for (path, is_number, in_query) in [
        ("/api/v1/webhook", true, false),
        ("/api/v1/webhook/mercado-pago", true, true),
        ("/api/v1/webhook/mercado-pago", false, false),
    ] {
        let shop = Shop::open().await;
        shop.gateway(MERCADOPAGO).set_quirk(Quirk::SilentCharges, true);
        assert_eq!(
            shop.pay(MERCADOPAGO, &json!({"token": "tok_pending"})).await.status,
            200
        );
        let id = shop.only_payment(MERCADOPAGO).await;
        let reference = shop.gateway(MERCADOPAGO).orders().remove(0);
        shop.gateway(MERCADOPAGO)
            .set_status(&reference, SimStatus::Paid)
            .unwrap();
        let told = if is_number {
            json!(id.parse::<i64>().unwrap())
        } else {
            json!(id)
        };
        let query = if in_query {
            format!("?data.id={id}&type=payment")
        } else {
            String::new()
        };
        for _ in 0..3 {
            let reply = hear(&shop, path, &query, "mp_webhook_secret_demo", &id, &notice(&told)).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let answer = json_of(&reply);
            let mut names: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
            names.sort();
            assert_eq!(names, ["message", "received_at", "status"]);
            assert_eq!(answer["status"], "received");
            shop.0.shop.world.drain().await;
        }
        assert_eq!(shop.0.shop.world.events().await, 1, "the same event is one");
        let user = shop.0.shop.world.users().remove(0);
        assert!(!user.disabled);
        let answer = json_of(&shop.pay(MERCADOPAGO, &json!({"token": "tok_pending"})).await);
        assert_eq!(answer["usuario_hotspot"]["usuario"], user.name);
        assert_eq!(answer["estado_pago"], "approved");
    }
}

#[tokio::test]
async fn s3_what_nobody_signed_is_not_processed() {
    let shop = Shop::open().await;
    shop.gateway(MERCADOPAGO).set_quirk(Quirk::SilentCharges, true);
    shop.pay(MERCADOPAGO, &json!({"token": "tok_pending"})).await;
    let id = shop.only_payment(MERCADOPAGO).await;
    let body = notice(&json!(id));
    for path in ["/api/v1/webhook", "/api/v1/webhook/mercado-pago"] {
        let wrong = hear(&shop, path, "", "somebody_elses_secret", &id, &body).await;
        assert_eq!(wrong.status, 401, "{}", wrong.body);
        let of_another = hear(&shop, path, "", "mp_webhook_secret_demo", "1", &body).await;
        assert_eq!(of_another.status, 401);
        for bytes in [body.as_slice(), b"{", b"", b"[]"] {
            assert_eq!(shop.0.ask("POST", path, &[], bytes).await.status, 401);
        }
    }
    assert_eq!(shop.0.shop.world.events().await, 0);
    assert_eq!(shop.0.shop.world.users().len(), 1);
    assert!(shop.0.shop.world.users()[0].disabled);
}

#[tokio::test]
async fn a_signed_test_of_the_panel_changes_nothing() {
    let shop = Shop::open().await;
    let body = json!({"type": "test", "action": "test.created", "id": 1, "data": {"id": 123_456}}).to_string();
    let reply = hear(
        &shop,
        "/api/v1/webhook",
        "",
        "mp_webhook_secret_demo",
        "123456",
        body.as_bytes(),
    )
    .await;
    assert_eq!(reply.status, 200);
    shop.0.shop.world.drain().await;
    assert_eq!(shop.0.shop.world.events().await, 1);
    assert!(shop.0.shop.world.users().is_empty());
}

#[tokio::test]
async fn a_key_that_was_replaced_sells_nothing() {
    let shop = Shop::open().await;
    make_key(&shop.0.shop, "r1", true).await;
    assert_eq!(shop.pay(CONEKTA, &json!({})).await.status, 401);
}
