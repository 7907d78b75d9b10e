//! Payments by link over real sockets: who may ask, what is answered, what the gateway is told, and how the result
//! reaches the one who asked.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use http::StatusCode;
use jiff::SignedDuration;
use mikrelay::hook::{Hook, HookState, Signer};
use mikrelay::ids::{CompanyId, HookId, OrderRef};
use mikrelay::order::{Order, State};
use mikrelay::sim::gateways::{Choice, Fault, Quirk};
use mikrelay::sim::http::{Reply as SimReply, Request, Server};
use mikrelay::store::HookFilter;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::http::{Reply, ask_at};
use crate::support::Shop;

/// A company's own program, and the relay it speaks to.
struct Program {
    shop: Shop,
    key: String,
}

impl Program {
    async fn start() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(set: impl FnOnce(&mut mikrelay::web::App)) -> Self {
        Self::of(Shop::with(set).await)
    }

    /// With an account of Mercado Pago's that is set to one of its two forms.
    async fn of_mercadopago(checkout: &str) -> Self {
        let set = format!(r#"checkout = "{checkout}""#);
        Self::of(Shop::edited(|_, site| site.replace(r#"checkout = "preferences""#, &set)).await)
    }

    fn of(shop: Shop) -> Self {
        let mut made = Vec::new();
        mikrelay::cli::key::make(shop.world.relay.store(), "cafe", "the shop", &mut made).unwrap();
        let made = String::from_utf8(made).unwrap();
        let line = made.lines().find(|line| line.starts_with("key:")).unwrap();
        let key = line.split_whitespace().last().unwrap().to_owned();
        assert!(key.starts_with("mk_") && key.len() == 55, "{key}");
        Self { shop, key }
    }

    fn address(&self) -> SocketAddr {
        let url = self.shop.world.relay.public_url();
        format!("127.0.0.1:{}", url.port().unwrap()).parse().unwrap()
    }

    async fn post(&self, body: &Value) -> Reply {
        self.post_with(body, &[]).await
    }

    async fn post_with(&self, body: &Value, more: &[(&str, &str)]) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.extend_from_slice(more);
        self.send(&headers, &body.to_string()).await
    }

    async fn send(&self, headers: &[(&str, &str)], body: &str) -> Reply {
        ask_at(self.address(), "POST", "/pagos", headers, body.as_bytes()).await
    }

    async fn order(&self, answer: &Value) -> Order {
        let reference = answer["mikrelay"]["reference"].as_str().unwrap();
        self.shop.world.order(&OrderRef::new(reference)).await
    }

    async fn orders(&self) -> Vec<Order> {
        let all = |db: &mikrelay::store::Db<'_>| db.orders(&mikrelay::store::OrderFilter::default());
        self.shop.world.relay.store().read(all).await.unwrap()
    }

    async fn hooks(&self) -> Vec<Hook> {
        let filter = HookFilter {
            limit: 100,
            ..HookFilter::default()
        };
        let store = self.shop.world.relay.store();
        store.read(move |db| db.hooks(&filter)).await.unwrap()
    }

    async fn tries(&self, hook: HookId) -> usize {
        let store = self.shop.world.relay.store();
        store.read(move |db| db.deliveries(hook)).await.unwrap().len()
    }

    async fn secret(&self) -> String {
        let secrets = |db: &mikrelay::store::Db<'_>| db.hook_secrets(&CompanyId::new("cafe"), &Signer::company());
        let secrets = self.shop.world.relay.store().write(secrets).await.unwrap();
        secrets[0].expose_secret().to_owned()
    }

    /// A paid link whose result goes to `url`.
    async fn sell(&self, reference_id: &str, url: &str) -> Order {
        let answer = json_of(&self.post(&request(reference_id, Some(url))).await);
        let order = self.order(&answer).await;
        self.pay(&order).await;
        order
    }

    /// The same with the clock set on: the gateway signs by the machine's, so the reconciler finds the money.
    async fn sell_silently(&self, reference_id: &str, url: &str) {
        let answer = json_of(&self.post(&request(reference_id, Some(url))).await);
        let order = self.order(&answer).await;
        let gateway = &self.shop.gateways.fedapay;
        gateway
            .pay(order.reference.as_str(), Choice::PaySilently)
            .await
            .unwrap();
        self.shop.world.later(SignedDuration::from_secs(30)).await;
    }

    async fn pay(&self, order: &Order) {
        let gateway = &self.shop.gateways.fedapay;
        gateway.pay(order.reference.as_str(), Choice::Pay).await.unwrap();
        gateway.idle().await;
        self.shop.world.drain().await;
    }
}

/// A receiver of webhooks that answers as it is told, then always 200.
pub struct Receiver {
    server: Server,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    pub async fn start(answers: &[u16]) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let log = Arc::clone(&heard);
        let server = Server::start(0, move |request: Request| {
            log.lock().unwrap().push(request);
            let status = answers.lock().unwrap().pop_front().unwrap_or(200);
            async move { SimReply::text(StatusCode::from_u16(status).unwrap(), "heard") }
        });
        Self {
            server: server.await.unwrap(),
            heard,
        }
    }

    pub fn url(&self) -> String {
        format!("{}/hook?t=receiver-token", self.server.base_url())
    }

    pub fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    fn last(&self) -> Request {
        self.heard.lock().unwrap().last().unwrap().clone()
    }

    /// All that came, oldest first.
    pub fn heard(&self) -> Vec<Request> {
        self.heard.lock().unwrap().clone()
    }
}

fn request(reference_id: &str, notification_url: Option<&str>) -> Value {
    json!({
        "provider": "fedapay",
        "account": "by-fedapay",
        "action": "create",
        "amount": 1500,
        "reference_id": reference_id,
        "return_url": "https://shop.example.net/back?o=1",
        "notification_url": notification_url,
        "first_name": "Awa",
        "last_name": "Dossou",
        "email": "awa@example.net",
    })
}

fn json_of(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

/// By the specification, independently of the sender.
pub fn is_signed(request: &Request, secret: &str) -> bool {
    let key = data_encoding::BASE64
        .decode(secret.strip_prefix("whsec_").unwrap().as_bytes())
        .unwrap();
    let (id, time) = (
        request.header("webhook-id").unwrap(),
        request.header("webhook-timestamp").unwrap(),
    );
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &request.body].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
    let expected = format!("v1,{}", data_encoding::BASE64.encode(tag.as_ref()));
    let signatures = request.header("webhook-signature").unwrap();
    signatures.split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn a_link_is_paid_and_its_program_told() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[]).await;
    let reply = program.post(&request("factura-77", Some(&receiver.url()))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = json_of(&reply);
    let order = program.order(&answer).await;
    assert_eq!(answer["checkout"]["url"].as_str(), order.pay_url.as_deref());
    assert_eq!((&answer["amount"], &answer["currency"]), (&json!(1500), &json!("XOF")));
    assert_eq!(
        (&answer["livemode"], &answer["object"]),
        (&json!(false), &json!("order"))
    );
    assert_eq!(answer["mikrelay"]["reference_id"], "factura-77");
    assert_eq!((order.state, order.company.as_str()), (State::Waiting, "cafe"));
    assert!(
        !reply.body.contains("receiver-token") && !reply.body.contains("61cd594b"),
        "{}",
        reply.body
    );

    program.pay(&order).await;
    assert_eq!(program.shop.world.state(&order).await, State::Delivered);
    assert!(program.shop.world.users().is_empty(), "nothing is made on a router");
    assert_eq!(receiver.count(), 1);
    let told = receiver.last();
    assert_eq!((told.path.as_str(), told.query.as_str()), ("/hook", "t=receiver-token"));
    assert!(is_signed(&told, &program.secret().await));
    let event: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(event["type"], "payment.succeeded");
    let data = &event["data"];
    assert_eq!(
        (&data["status"], &data["amount"], &data["amount_minor"]),
        (&json!("paid"), &json!("1500"), &json!(1500))
    );
    assert_eq!(
        (&data["reference_id"], &data["provider"]),
        (&json!("factura-77"), &json!("fedapay"))
    );
    assert_eq!(
        (&data["livemode"], &data["customer"]["first_name"]),
        (&json!(false), &json!("Awa"))
    );
    // A second webhook of the gateway tells nothing new.
    program
        .shop
        .gateways
        .fedapay
        .tell(order.reference.as_str(), mikrelay::sim::gateways::SimStatus::Paid)
        .await
        .unwrap();
    program.shop.world.later(SignedDuration::from_hours(1)).await;
    assert_eq!(receiver.count(), 1);
    // The buyer's page leads back to the shop.
    let page = ask_at(program.address(), "GET", &format!("/o/{}", order.token), &[], b"").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("https://shop.example.net/back?o=1"), "{}", page.body);
    assert!(
        page.body.contains("factura-77") && !page.body.contains("receiver-token"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_refused_and_a_refunded_payment_are_told() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[]).await;
    let answer = json_of(&program.post(&request("r", Some(&receiver.url()))).await);
    let order = program.order(&answer).await;
    let gateway = &program.shop.gateways.fedapay;
    gateway.pay(order.reference.as_str(), Choice::Decline).await.unwrap();
    gateway.idle().await;
    program.shop.world.drain().await;
    let kinds = || {
        let heard = receiver.heard.lock().unwrap();
        let kinds = heard.iter().map(|request| {
            let event: Value = serde_json::from_slice(&request.body).unwrap();
            event["type"].as_str().unwrap().to_owned()
        });
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(kinds(), ["payment.failed"]);
    // Money that comes late counts, and a refund takes it back.
    program.pay(&order).await;
    assert_eq!(kinds(), ["payment.failed", "payment.succeeded"]);
    gateway
        .tell(order.reference.as_str(), mikrelay::sim::gateways::SimStatus::Refunded)
        .await
        .unwrap();
    gateway.idle().await;
    program.shop.world.drain().await;
    assert_eq!(kinds(), ["payment.failed", "payment.succeeded", "payment.refunded"]);
    assert_eq!(program.shop.world.state(&order).await, State::Refunded);
    program.shop.world.later(SignedDuration::from_hours(1)).await;
    assert_eq!((kinds().len(), program.shop.world.jobs().await), (3, 0));
}

#[tokio::test]
async fn a_lost_webhook_of_the_gateway_and_a_wrong_amount_take_the_usual_ways() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[]).await;
    let gateway = &program.shop.gateways.fedapay;
    let answer = json_of(&program.post(&request("silent", Some(&receiver.url()))).await);
    let silent = program.order(&answer).await;
    gateway
        .pay(silent.reference.as_str(), Choice::PaySilently)
        .await
        .unwrap();
    program.shop.world.later(SignedDuration::from_secs(30)).await;
    assert_eq!(
        program.shop.world.state(&silent).await,
        State::Delivered,
        "the reconciler asked"
    );
    assert_eq!(receiver.count(), 1);

    let answer = json_of(&program.post(&request("short", Some(&receiver.url()))).await);
    let short = program.order(&answer).await;
    gateway.claim_amount(short.reference.as_str(), "1499").unwrap();
    program.pay(&short).await;
    assert_eq!(program.shop.world.state(&short).await, State::Held);
    assert_eq!(receiver.count(), 1, "nobody is told of money that does not fit");
    // The operator lets it go on.
    let store = program.shop.world.relay.store();
    mikrelay::cli::order::retry(store, short.reference.as_str(), &mut Vec::new()).unwrap();
    program.shop.world.drain().await;
    assert_eq!(program.shop.world.state(&short).await, State::Delivered);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn every_gateway_answers_with_a_checkout_url() {
    let program = Program::start().await;
    for (provider, account, amount, more) in [
        ("fedapay", "by-fedapay", json!("1500.00"), json!({})),
        ("cinetpay", "by-cinetpay", json!(1500), json!({})),
        ("cinetpay", "by-cinetpay-v1", json!(1500.0), json!({})),
        (
            "feexpay",
            "by-feexpay",
            json!("1500"),
            json!({"phone": "66000000", "network": "mtn"}),
        ),
        // Only a public key: the gateway's script on our page makes the payment.
        ("fedapay", "feda", json!(1500), json!({})),
    ] {
        let mut body = request(account, None);
        body["provider"] = json!(provider);
        body["account"] = json!(account);
        body["amount"] = amount;
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = program.post(&body).await;
        assert_eq!(reply.status, 200, "{account}: {}", reply.body);
        let answer = json_of(&reply);
        let url = answer["checkout"]["url"].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{account}: {url}");
        assert_eq!(program.order(&answer).await.plan.price.minor(), 1500, "{account}");
    }
    // The same as a form.
    let form = "provider=fedapay&account=by-fedapay&action=create&amount=20&reference_id=form&return_url=https%3A%2F%2Fx.example.net%2F";
    let bearer = format!("Bearer {}", program.key);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let reply = program.send(&headers, form).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// What the cards' gateways answered, with ours in a member of its own; no callback of ours is in it.
#[tokio::test]
async fn the_cards_gateways_answer_with_their_own_order() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[]).await;
    for (provider, account) in [("conekta", "by-conekta"), ("mercadopago", "by-mercadopago")] {
        let mut body = request("factura-88", Some(&receiver.url()));
        body["provider"] = json!(provider);
        body["account"] = json!(account);
        body["amount"] = json!("15.50");
        body["currency"] = json!("MXN");
        let reply = program.post(&body).await;
        assert_eq!(reply.status, 200, "{provider}: {}", reply.body);
        let answer = json_of(&reply);
        let order = program.order(&answer).await;
        assert_eq!(
            answer["checkout"]["url"].as_str(),
            order.pay_url.as_deref(),
            "{provider}"
        );
        assert_eq!(answer["id"].as_str(), order.gateway_id.as_deref(), "{provider}");
        assert_eq!(answer["mikrelay"]["provider"], provider);
        assert!(
            !reply.body.contains("pay_callback") && !reply.body.contains("61cd594b"),
            "{}",
            reply.body
        );
        if provider == "conekta" {
            // The members of facts 2.2 that our own shape does not have.
            assert_eq!(
                (
                    &answer["amount"],
                    &answer["checkout"]["type"],
                    &answer["checkout"]["slug"].is_string()
                ),
                (&json!(1550), &json!("HostedPayment"), &true)
            );
            assert_eq!(answer["line_items"]["data"][0]["sku"], order.reference.as_str());
            assert!(answer["channel"]["id"].is_string(), "{}", reply.body);
        } else {
            assert_eq!(answer["init_point"], answer["checkout"]["url"]);
            assert_eq!(answer["external_reference"], order.reference.as_str());
            assert_eq!(answer["items"][0]["unit_price"], 15.5);
            assert_eq!(answer["notification_url"].as_str(), Some(receiver.url().as_str()));
        }
        // The same question has the same answer, and no second order is made.
        assert_eq!(json_of(&program.post(&body).await), answer, "{provider}");
        let gateway = program.shop.gateway(provider);
        assert_eq!(gateway.orders().len(), 1, "{provider}");
        gateway.pay(order.reference.as_str(), Choice::Pay).await.unwrap();
        gateway.idle().await;
        program.shop.world.drain().await;
        assert_eq!(program.shop.world.state(&order).await, State::Delivered, "{provider}");
    }
    assert_eq!(receiver.count(), 2);
}

/// The other form of the same gateway: its own order, with the page under the name it has there and under ours.
#[tokio::test]
async fn an_order_of_mercado_pagos_newer_form_is_answered_as_it_is_told() {
    let program = Program::of_mercadopago("orders").await;
    let receiver = Receiver::start(&[]).await;
    let body = mercadopago_request("factura-90", Some(&receiver.url()));
    let reply = program.post(&body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = json_of(&reply);
    let order = program.order(&answer).await;
    assert!(order.gateway_id.as_ref().unwrap().starts_with("ORDTST01"), "{order:?}");
    assert_told_order(&answer, &order);
    assert_eq!(
        (&answer["type"], &answer["status"], &answer["processing_mode"]),
        (&json!("online"), &json!("created"), &json!("manual"))
    );
    assert_eq!(answer["items"][0]["unit_price"], "15.50");
    assert_eq!(
        answer["config"]["notification_url"].as_str(),
        Some(receiver.url().as_str())
    );
    assert!(
        !reply.body.contains("pay_callback") && !reply.body.contains("61cd594b"),
        "{}",
        reply.body
    );
    assert_eq!(json_of(&program.post(&body).await), answer);
    let gateway = program.shop.gateway("mercadopago");
    assert_eq!(gateway.orders(), [order.reference.as_str()]);
    gateway.pay(order.reference.as_str(), Choice::Pay).await.unwrap();
    gateway.idle().await;
    program.shop.world.drain().await;
    assert_eq!(program.shop.world.state(&order).await, State::Delivered);
    assert_eq!(receiver.count(), 1);
}

/// Mercado Pago tells a lost page again, to the one who asks anew or to the reconciler: its own words go on.
#[tokio::test]
async fn a_page_found_after_a_lost_answer_comes_with_the_gateways_own_words() {
    for checkout in ["preferences", "orders"] {
        for by_reconciler in [false, true] {
            let program = Program::of_mercadopago(checkout).await;
            let gateway = program.shop.gateway("mercadopago");
            gateway.fail_next([Fault::HangUpAfterAccepting]);
            let body = mercadopago_request("factura-91", None);
            let unknown = program.post(&body).await;
            assert_eq!(unknown.status, 202, "{}", unknown.body);
            let posts = || gateway.calls().iter().filter(|call| call.starts_with("POST")).count();
            assert_eq!(posts(), 1);
            if by_reconciler {
                program.shop.world.later(SignedDuration::from_secs(20)).await;
            }
            let found = program.post(&body).await;
            assert_eq!(found.status, 200, "{checkout}: {}", found.body);
            let answer = json_of(&found);
            let order = program.order(&answer).await;
            assert_told_order(&answer, &order);
            assert!(
                !found.body.contains("pay_callback") && !found.body.contains("61cd594b"),
                "{}",
                found.body
            );
            assert_eq!(json_of(&program.post(&body).await), answer, "{checkout}");
            assert_eq!((posts(), gateway.orders().len()), (1, 1), "looked up, not repeated");
            gateway.pay(order.reference.as_str(), Choice::Pay).await.unwrap();
            gateway.idle().await;
            program.shop.world.drain().await;
            assert_eq!(program.shop.world.state(&order).await, State::Delivered);
        }
    }
}

fn mercadopago_request(reference_id: &str, notification_url: Option<&str>) -> Value {
    let mut body = request(reference_id, notification_url);
    body["provider"] = json!("mercadopago");
    body["account"] = json!("by-mercadopago");
    body["amount"] = json!("15.50");
    body["currency"] = json!("MXN");
    body
}

/// The members that only Mercado Pago's own answer has, in either form.
fn assert_told_order(answer: &Value, order: &Order) {
    assert_eq!(answer["id"].as_str(), order.gateway_id.as_deref(), "{answer}");
    assert_eq!(answer["external_reference"], order.reference.as_str(), "{answer}");
    let own_page = answer.get("init_point").or(answer.get("checkout_url"));
    assert_eq!(own_page, Some(&answer["checkout"]["url"]), "{answer}");
    assert_eq!(answer["checkout"]["url"].as_str(), order.pay_url.as_deref(), "{answer}");
    assert!(answer.get("line_items").is_none(), "ours: {answer}");
}

#[tokio::test]
async fn a_card_that_conekta_refuses_at_once_is_answered_with_the_order_inside() {
    let program = Program::start().await;
    let conekta = program.shop.gateway("conekta");
    conekta.set_quirk(Quirk::DeclinesAtOnce, true);
    let mut body = request("factura-89", None);
    body["provider"] = json!("conekta");
    body["account"] = json!("by-conekta");
    body["currency"] = json!("MXN");
    let reply = program.post(&body).await;
    let answer = json_of(&reply);
    assert_eq!(
        (answer["object"].as_str(), answer["payment_status"].as_str()),
        (Some("order"), Some("declined")),
        "{}",
        reply.body
    );
    let order = program.order(&answer).await;
    assert_eq!(answer["id"].as_str(), order.gateway_id.as_deref());
    // Its page takes another card.
    assert_eq!(answer["checkout"]["url"].as_str(), order.pay_url.as_deref());
}

#[tokio::test]
async fn the_same_request_is_one_order() {
    let program = Arc::new(Program::start().await);
    let body = request("once", None);
    let replies = (0..20).map(|_| {
        let (program, body) = (Arc::clone(&program), body.clone());
        tokio::spawn(async move { json_of(&program.post_with(&body, &[("Idempotency-Key", "k-1")]).await) })
    });
    let mut answers = HashSet::new();
    for reply in replies.collect::<Vec<_>>() {
        answers.insert(reply.await.unwrap().to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(
        (
            program.orders().await.len(),
            program.shop.gateways.fedapay.orders().len()
        ),
        (1, 1)
    );
    // The key belongs to this request.
    let mut other = body.clone();
    other["amount"] = json!(1501);
    let reply = program.post_with(&other, &[("Idempotency-Key", "k-1")]).await;
    assert_eq!(reply.status, 409, "{}", reply.body);
    // Without a key, reference and amount say it.
    let first = json_of(&program.post(&body).await);
    let again = json_of(&program.post(&body).await);
    assert_eq!(first, again);
    assert_eq!(program.orders().await.len(), 1);
    assert_ne!(
        first["mikrelay"]["reference"],
        json_of(&program.post(&other).await)["mikrelay"]["reference"]
    );
    // A new key is a new wish, and so is the same request on the next day.
    let renewed = json_of(&program.post_with(&body, &[("Idempotency-Key", "k-2")]).await);
    assert_ne!(first["mikrelay"]["reference"], renewed["mikrelay"]["reference"]);
    program.shop.world.clock.advance_ms(25 * 3_600_000);
    let next_day = json_of(&program.post(&body).await);
    assert_ne!(first["mikrelay"]["reference"], next_day["mikrelay"]["reference"]);
    assert_ne!(renewed["mikrelay"]["reference"], next_day["mikrelay"]["reference"]);
    for odd in ["", &"x".repeat(256)] {
        let reply = program.post_with(&body, &[("Idempotency-Key", odd)]).await;
        assert_eq!(reply.status, 422, "{}", reply.body);
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_looked_up_before_anything_is_repeated() {
    let program = Program::start().await;
    let gateway = &program.shop.gateways.fedapay;
    // Nothing happened there: the order is asked about, not found, and made under the same reference.
    gateway.fail_next([Fault::ServerError]);
    let body = request("lost-before", None);
    let unknown = program.post(&body).await;
    assert_eq!(unknown.status, 202, "{}", unknown.body);
    let first = json_of(&unknown);
    assert!(first["detail"].as_str().unwrap().contains("not lost"), "{first}");
    assert_eq!(
        first["checkout"]["url"], first["mikrelay"]["page"],
        "the order's page, for the time being"
    );
    let calls = gateway.calls().len();
    let found = program.post(&body).await;
    assert_eq!(found.status, 200, "{}", found.body);
    assert_eq!(json_of(&found)["mikrelay"]["reference"], first["mikrelay"]["reference"]);
    let asked_first = gateway.calls()[calls].clone();
    assert!(asked_first.starts_with("GET"), "{asked_first}");

    // It happened, and its page is lost with the answer: a new order takes its place, once.
    let receiver = Receiver::start(&[]).await;
    gateway.fail_next([Fault::HangUpAfterAccepting]);
    let body = request("lost-after", Some(&receiver.url()));
    let unknown = program.post(&body).await;
    assert_eq!(unknown.status, 202, "{}", unknown.body);
    let lost = program.order(&json_of(&unknown)).await;
    let found = program.post(&body).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let again = program.post(&body).await;
    let (found, again) = (json_of(&found), json_of(&again));
    assert_eq!(found, again);
    assert_eq!(program.shop.world.state(&lost).await, State::Cancelled);
    let order = program.order(&found).await;
    program.pay(&order).await;
    assert_eq!(program.shop.world.state(&order).await, State::Delivered);
    assert_eq!(receiver.count(), 1, "the program hears of one payment");
}

#[tokio::test]
async fn a_refusal_at_once_is_told_and_may_be_tried_again() {
    let program = Program::start().await;
    program.shop.gateways.feexpay.set_quirk(Quirk::RefusesAtOnce, true);
    let mut body = request("refused", None);
    body["provider"] = json!("feexpay");
    body["account"] = json!("by-feexpay");
    body["phone"] = json!("66000000");
    body["network"] = json!("mtn");
    let refused = program.post(&body).await;
    assert_eq!(refused.status, 402, "{}", refused.body);
    let first = json_of(&refused);
    assert!(first["detail"].is_string(), "{first}");
    program.shop.gateways.feexpay.set_quirk(Quirk::RefusesAtOnce, false);
    let second = program.post(&body).await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert_ne!(
        json_of(&second)["mikrelay"]["reference"],
        first["mikrelay"]["reference"]
    );
}

#[tokio::test]
async fn everything_wrong_is_answered_at_once_in_the_callers_language() {
    let program = Program::start().await;
    let body = json!({
        "provider": "fedapay", "account": "by-fedapay", "amount": "1.5", "email": [1], "reference_id": {},
        "return_url": "javascript:alert(1)", "notification_url": "http://192.168.88.1/hook",
    });
    let faults = |reply: &Reply| {
        assert_eq!(reply.status, 422, "{}", reply.body);
        let list = json_of(reply)["detail"].as_array().unwrap().clone();
        list.iter()
            .map(|fault| {
                format!(
                    "{}/{}",
                    fault["loc"][1].as_str().unwrap(),
                    fault["type"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    let english = program.post(&body).await;
    assert_eq!(
        faults(&english),
        [
            "action/missing",
            "amount/decimal_max_places",
            "reference_id/string_type",
            "return_url/url_parsing",
            "notification_url/value_error",
            "email/string_type"
        ]
    );
    assert!(
        english.body.contains("The field `action` is missing"),
        "{}",
        english.body
    );
    let spanish = program.post_with(&body, &[("Accept-Language", "es-MX,es;q=0.9")]).await;
    assert_eq!(faults(&spanish), faults(&english));
    assert!(spanish.body.contains("Falta el campo `action`"), "{}", spanish.body);
    assert!(spanish.body.contains("red privada"), "{}", spanish.body);
    for broken in ["", "{", "[1]", "null"] {
        let bearer = format!("Bearer {}", program.key);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let reply = program.send(&headers, broken).await;
        assert_eq!(reply.status, 422, "{broken}: {}", reply.body);
    }
    let large = json!({"provider": "x".repeat(20_000)});
    assert_eq!(program.post(&large).await.status, 413);
    assert!(program.orders().await.is_empty());
    let looked = ask_at(program.address(), "GET", "/pagos", &[], b"").await;
    assert_eq!((looked.status, looked.header("allow")), (405, Some("POST")));
    assert!(json_of(&looked)["detail"].is_string());
}

#[tokio::test]
async fn only_a_valid_key_is_heard() {
    let program = Program::start().await;
    let body = request("k", None).to_string();
    let json = ("Content-Type", "application/json");
    let wrong = format!("Bearer mk_{}", "a".repeat(52));
    for headers in [
        vec![json],
        vec![json, ("Authorization", wrong.as_str())],
        vec![json, ("Authorization", "Bearer jwt_x")],
        vec![json, ("X-API-Key", "mk_")],
    ] {
        let reply = program.send(&headers, &body).await;
        assert_eq!(
            (reply.status, reply.header("www-authenticate")),
            (401, Some("Bearer")),
            "{}",
            reply.body
        );
    }
    // The private key in the body is not for everybody.
    let mut with_secret = request("k", None);
    with_secret["secret"] = json!("sk_sandbox_demo");
    let reply = program.send(&[json], &with_secret.to_string()).await;
    assert_eq!(reply.status, 401, "{}", reply.body);
    assert!(reply.body.contains("private key in the body"), "{}", reply.body);
    let reply = program.send(&[json, ("X-API-Key", &program.key)], &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let store = program.shop.world.relay.store();
    let keys = store.read(|db| db.api_keys(None)).await.unwrap();
    assert!(keys[0].last_used_at.is_some());
    mikrelay::cli::key::revoke(store, keys[0].id.as_str(), &mut Vec::new()).unwrap();
    assert!(mikrelay::cli::key::revoke(store, keys[0].id.as_str(), &mut Vec::new()).is_err());
    let reply = program.send(&[json, ("X-API-Key", &program.key)], &body).await;
    assert_eq!(reply.status, 401, "a revoked key is dead at once: {}", reply.body);
    let tries = 40;
    let mut refused = 0;
    for _ in 0..tries {
        refused += usize::from(program.send(&[json], &body).await.status == 429);
    }
    assert!(refused > 0, "guessing is slowed down");
}

#[tokio::test]
async fn the_documented_form_with_the_private_key_can_be_allowed() {
    let program = Program::with(|app| app.api.secret_in_body = true).await;
    let json = ("Content-Type", "application/json");
    let mut body = request("documented", None);
    body.as_object_mut().unwrap().remove("account");
    for (secret, status) in [
        ("sk_sandbox_other", 401),
        ("", 401),
        ("pk_sandbox_demo", 401),
        ("sk_sandbox_demo", 200),
    ] {
        body["secret"] = json!(secret);
        let reply = program.send(&[json], &body.to_string()).await;
        assert_eq!(reply.status, status, "{secret}: {}", reply.body);
        assert!(!reply.body.contains("sk_sandbox"), "{}", reply.body);
    }
    // It opens its own account and no other of the company, and only for its own gateway.
    assert_eq!(program.orders().await[0].account.as_str(), "by-fedapay");
    body["account"] = json!("feda");
    assert_eq!(program.send(&[json], &body.to_string()).await.status, 422);
    body["provider"] = json!("cinetpay");
    assert_eq!(program.send(&[json], &body.to_string()).await.status, 401);
    // A wrong API key is not mended by a right secret.
    body["provider"] = json!("fedapay");
    let reply = program
        .send(&[json, ("X-API-Key", "mk_wrong")], &body.to_string())
        .await;
    assert_eq!(reply.status, 401, "{}", reply.body);
}

#[tokio::test]
async fn a_receiver_is_told_again_until_it_takes_it() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[500, 302]).await;
    let dead = format!("http://127.0.0.1:{}/x", closed_port().await);
    let lost = program.sell("to-nobody", &dead).await;
    let order = program.sell("to-a-slow-one", &receiver.url()).await;
    assert_eq!(
        program.shop.world.state(&lost).await,
        State::Delivered,
        "the money is there, told or not"
    );
    assert_eq!(receiver.count(), 1);
    let first = receiver.last();
    program.shop.world.later(SignedDuration::from_secs(4)).await;
    assert_eq!(receiver.count(), 1);
    program.shop.world.later(SignedDuration::from_secs(2)).await;
    assert_eq!(receiver.count(), 2);
    program.shop.world.later(SignedDuration::from_secs(331)).await;
    assert_eq!(receiver.count(), 3);
    program.shop.world.later(SignedDuration::from_hours(48)).await;
    assert_eq!(receiver.count(), 3, "taken is taken");
    let last = receiver.last();
    assert_eq!(first.header("webhook-id"), last.header("webhook-id"), "one message");
    assert_ne!(first.header("webhook-timestamp"), last.header("webhook-timestamp"));
    assert_eq!(first.body, last.body);
    assert!(is_signed(&last, &program.secret().await));
    let hooks = program.hooks().await;
    let of = |order: &Order| {
        hooks
            .iter()
            .find(|hook| hook.hook.order.as_ref() == Some(&order.reference))
            .unwrap()
    };
    assert_eq!(
        (of(&order).state, program.tries(of(&order).id).await),
        (HookState::Delivered, 3)
    );
    assert_eq!(of(&lost).state, HookState::Waiting);
}

#[tokio::test]
async fn a_dead_receiver_is_given_up_after_days_and_can_be_told_again() {
    let program = Program::start().await;
    let mut answers = vec![503; 10];
    answers.push(200);
    let receiver = Receiver::start(&answers).await;
    let order = program.sell("days", &receiver.url()).await;
    let mut hours = 0;
    while receiver.count() < 10 {
        program.shop.world.later(SignedDuration::from_hours(1)).await;
        hours += 1;
        assert!(hours < 120, "{}", receiver.count());
    }
    assert!(hours > 72, "{hours}");
    let hook = program.hooks().await.remove(0);
    assert_eq!(hook.state, HookState::GivenUp);
    program.shop.world.later(SignedDuration::from_hours(60)).await;
    assert_eq!((receiver.count(), program.shop.world.jobs().await), (10, 0));
    let history = program.shop.world.history(&order).await;
    assert!(history.iter().any(|line| line.contains("given up")), "{history:?}");
    // The operator sends it again.
    let store = program.shop.world.relay.store();
    mikrelay::cli::hook::replay(store, hook.id.0, &mut Vec::new()).unwrap();
    program.shop.world.drain().await;
    assert_eq!(receiver.count(), 11);
    let mut shown = Vec::new();
    mikrelay::cli::hook::show(store, hook.id.0, false, false, &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(
        shown.contains("answered 503") && shown.contains("answered 200"),
        "{shown}"
    );
    assert!(
        shown.contains("state:        delivered") && !shown.contains("receiver-token"),
        "{shown}"
    );
    assert!(mikrelay::cli::hook::replay(store, 99, &mut Vec::new()).is_err());
}

#[tokio::test]
async fn gone_is_gone_and_a_new_secret_signs_beside_the_old_one() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[410]).await;
    program.sell("gone", &receiver.url()).await;
    program.shop.world.later(SignedDuration::from_hours(48)).await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(program.hooks().await[0].state, HookState::Gone);

    let (store, old) = (program.shop.world.relay.store(), program.secret().await);
    let mut printed = Vec::new();
    mikrelay::cli::hook::rotate(store, "cafe", 24, &mut printed).unwrap();
    let new = program.secret().await;
    assert_ne!(old, new);
    assert!(String::from_utf8(printed).unwrap().contains(&new));
    program.sell_silently("both", &receiver.url()).await;
    assert!(is_signed(&receiver.last(), &old) && is_signed(&receiver.last(), &new));
    program.shop.world.clock.advance_ms(25 * 3_600_000);
    program.sell_silently("later", &receiver.url()).await;
    assert!(!is_signed(&receiver.last(), &old) && is_signed(&receiver.last(), &new));
    let mut shown = Vec::new();
    mikrelay::cli::hook::secret(store, "cafe", &mut shown).unwrap();
    assert_eq!(String::from_utf8(shown).unwrap().trim(), new);
}

#[tokio::test]
async fn a_restart_forgets_no_webhook() {
    let program = Program::start().await;
    let receiver = Receiver::start(&[500]).await;
    program.sell("restart", &receiver.url()).await;
    assert_eq!(receiver.count(), 1);
    let world = program.shop.world.restart().await;
    world.later(SignedDuration::from_secs(10)).await;
    assert_eq!(receiver.count(), 2);
}

async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}
