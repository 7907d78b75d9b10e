//! Genuine webhooks that no order can take: they move nothing, and the operator is told.

use jiff::SignedDuration;
use mikrelay::company::Mode;
use mikrelay::order::State;
use mikrelay::sim::gateways::{Choice, mercadopago_signature};

use crate::support::{Shop, UUID, World};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A signed event of Conekta's about a payment.
async fn conekta(shop: &Shop, id: &str, kind: &str, object: &str) {
    let body =
        format!(r#"{{"id":"{id}","object":"event","type":"{kind}","livemode":true,"data":{{"object":{object}}}}}"#);
    let digest = shop.gateways.conekta.digest(body.as_bytes()).unwrap();
    let reply = shop
        .world
        .call("conekta", "", &[("DIGEST", &digest)], body.as_bytes())
        .await;
    assert_eq!(reply.status, 200);
    shop.world.drain().await;
}

fn charge(order_id: &str, status: &str) -> String {
    format!(
        r#"{{"object":"charge","id":"c1","order_id":"{order_id}","status":"{status}","amount":1500,"currency":"MXN"}}"#
    )
}

/// The texts of the mails that name such webhooks.
fn told(world: &World) -> Vec<String> {
    let mails = world.mailbox.messages().into_iter();
    let about = mails.filter(|mail| mail.text.contains("mikrelay event show"));
    about.map(|mail| mail.text).collect()
}

fn open_events(world: &World) -> String {
    let mut out = Vec::new();
    mikrelay::cli::event::list(world.relay.store(), true, 50, false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn a_chargeback_of_a_payment_nobody_here_knows_is_told_once() {
    for (kind, status) in [
        ("charge.chargeback.created", "paid"),
        ("charge.chargeback.lost", "charged_back"),
        ("charge.under_fraud_review", "under_fraud_review"),
    ] {
        let shop = Shop::open().await;
        conekta(&shop, "e1", kind, &charge("ord_elsewhere", status)).await;
        // The same event again, and a sale of somebody else's at the same gateway account.
        conekta(&shop, "e1", kind, &charge("ord_elsewhere", status)).await;
        conekta(&shop, "e2", "charge.paid", &charge("ord_other_shop", "paid")).await;
        let mails = told(&shop.world);
        assert_eq!(mails.len(), 1, "{kind}: {mails:#?}");
        assert!(
            mails[0].contains("ord_elsewhere") && mails[0].contains("by-conekta"),
            "{}",
            mails[0]
        );
        let open = open_events(&shop.world);
        assert!(
            open.contains("needs attention") && open.contains("ord_elsewhere"),
            "{open}"
        );
        assert!(
            !open.contains("no order of this relay"),
            "only what needs attention: {open}"
        );
        shop.world.later(SignedDuration::from_hours(30)).await;
        assert_eq!(told(&shop.world).len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_doubt_about_our_own_payment_is_told_though_the_order_is_still_called_paid() {
    let shop = Shop::open().await;
    let order = shop.place("conekta").await;
    shop.gateways
        .conekta
        .pay(order.reference.as_str(), Choice::Pay)
        .await
        .unwrap();
    shop.world.drain().await;
    let sold = shop.world.order(&order.reference).await;
    assert_eq!(sold.state, State::Delivered);
    let before = shop.world.mailbox.messages().len();
    let object = charge(sold.gateway_id.as_deref().unwrap(), "paid");
    for id in ["e1", "e2"] {
        conekta(&shop, id, "charge.chargeback.created", &object).await;
    }
    let mails = shop.world.mailbox.messages().split_off(before);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].text.contains(order.reference.as_str()), "{}", mails[0].text);
    assert_eq!(shop.world.order(&order.reference).await.state, State::Delivered);
    assert!(!shop.world.users()[0].disabled, "the gateway has not decided yet");
}

#[tokio::test]
async fn a_claim_without_our_reference_and_bytes_that_cannot_be_read_are_told() {
    let shop = Shop::open().await;
    let query = "data.id=5012391&type=topic_claims_integration_wh";
    let now_s = shop.world.relay.now().as_second();
    let secret = &mikrelay::sim::gateways::SimGatewaysConfig::default()
        .mercadopago
        .webhook_secret;
    let signature = mercadopago_signature(secret, "5012391", "req-1", &now_s.to_string());
    let reply = shop
        .world
        .call(
            "mercadopago",
            query,
            &[("x-signature", &signature), ("x-request-id", "req-1")],
            br#"{"id":"n1","data":{"id":"5012391"}}"#,
        )
        .await;
    assert_eq!(reply.status, 200);
    shop.world.drain().await;
    let mails = told(&shop.world);
    assert!(mails.len() == 1 && mails[0].contains("5012391"), "{mails:#?}");
    // What comes within the hour waits for the next mail, and they share it.
    for number in 0..30 {
        let object = r#"{"object":"order"}"#;
        conekta(&shop, &format!("broken-{number}"), "order.paid", object).await;
        shop.world.later(MINUTE).await;
    }
    assert_eq!(told(&shop.world).len(), 1);
    shop.world.later(MINUTE * 31).await;
    let mails = told(&shop.world);
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let lines = mails[1].lines().filter(|line| line.starts_with("- ")).count();
    assert!(lines == 20 && mails[1].contains("10"), "{}", mails[1]);
    shop.world.later(SignedDuration::from_hours(24)).await;
    assert_eq!(told(&shop.world).len(), 2);
}

#[tokio::test]
async fn what_nobody_signed_is_not_mailed() {
    let shop = Shop::edited(|gateways, site| {
        let key = gateways.conekta.webhook_key().unwrap();
        site.replace(&format!("webhook_secrets = [\"\"\"\n{key}\"\"\"]"), "")
    })
    .await;
    let query = format!("k={UUID}");
    for body in [
        format!(
            r#"{{"id":"e1","type":"charge.chargeback.lost","data":{{"object":{}}}}}"#,
            charge("ord_x", "charged_back")
        ),
        r#"{"id":"e2","type":"order.paid","data":{}}"#.to_owned(),
    ] {
        let reply = shop.world.call("conekta", &query, &[], body.as_bytes()).await;
        assert_eq!(reply.status, 200);
    }
    shop.world.drain().await;
    assert_eq!(told(&shop.world), Vec::<String>::new());
    assert!(open_events(&shop.world).contains("nothing proves where it came from"));
}

#[tokio::test]
async fn an_order_of_another_account_takes_no_signed_event_and_the_operator_is_told() {
    let shop = Shop::open().await;
    let order = shop.place("mercadopago").await;
    assert_ne!(order.mode, Mode::Live, "the other account");
    let object = format!(
        r#"{{"object":"order","id":"ord_mine","payment_status":"paid","amount":1500,"currency":"MXN","livemode":true,"metadata":{{"ref":"{}"}}}}"#,
        order.reference
    );
    conekta(&shop, "e1", "order.paid", &object).await;
    assert_eq!(shop.world.order(&order.reference).await.state, State::Waiting);
    assert!(shop.world.users().is_empty());
    let mails = told(&shop.world);
    assert!(
        mails.len() == 1 && mails[0].contains(order.reference.as_str()),
        "{mails:#?}"
    );
}
