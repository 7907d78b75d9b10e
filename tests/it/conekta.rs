//! Conekta's own ways: money that comes days later, answers that are lost, keys of the wrong mode, orders of
//! others, refunds; over real sockets with the simulated gateway, and through its pages as a buyer sees them.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use mikrelay::company::{Account, GatewayName};
use mikrelay::gateway::{self, GatewayError, RefundReason, RefundRequest, RefundState};
use mikrelay::http_client::HttpClient;
use mikrelay::ids::AccountId;
use mikrelay::money::{Currency, Money};
use mikrelay::order::{Order, Place, State};
use mikrelay::reason::Reason;
use mikrelay::refund::{Refund, Standing};
use mikrelay::sim::gateways::{Choice, Fault, Quirk, SimGateway, SimGateways, SimStatus, Voucher};
use mikrelay::sim::http::{Reply, call};

use crate::support::{Shop, UUID};

/// A shop and an order at Conekta that waits for its buyer.
struct Sale {
    shop: Shop,
    order: Order,
}

impl Sale {
    async fn begin() -> Self {
        let shop = Shop::open().await;
        let order = shop.place("conekta").await;
        assert_eq!(order.state, State::Waiting, "{:?}", order.reason);
        Self { shop, order }
    }

    fn gateway(&self) -> &SimGateway {
        &self.shop.gateways.conekta
    }

    fn reference(&self) -> &str {
        self.order.reference.as_str()
    }

    async fn now(&self) -> Order {
        self.shop.world.order(&self.order.reference).await
    }

    async fn pay(&self, choice: Choice) {
        self.gateway().pay(self.reference(), choice).await.unwrap();
        self.shop.world.drain().await;
    }

    async fn hours(&self, hours: i64) {
        for _ in 0..hours {
            self.shop.world.later(SignedDuration::from_hours(1)).await;
        }
    }

    async fn assert_sold(&self) {
        let history = self.shop.world.history(&self.order).await;
        assert_eq!(self.now().await.state, State::Delivered, "{history:#?}");
        assert_eq!(self.shop.world.users().len(), 1);
        assert_eq!(self.shop.world.mailbox.messages().len(), 1);
    }

    async fn assert_held(&self, words: &str) {
        let now = self.now().await;
        assert_eq!(now.state, State::Held);
        let reason = now.reason.unwrap().to_string();
        assert!(reason.contains(words), "{reason}");
        assert!(self.shop.world.users().is_empty());
    }

    async fn page(&self) -> String {
        self.page_in("es").await
    }

    async fn page_in(&self, language: &str) -> String {
        let base = self
            .shop
            .world
            .relay
            .public_url()
            .as_str()
            .trim_end_matches('/')
            .to_owned();
        let url = format!("{base}/o/{}?lang={language}", self.order.token);
        text(&call(Method::GET, &url, &[], "").await.unwrap())
    }

    /// A form of the gateway's page; the answer is not followed.
    async fn press(&self, path: &str, form: &str) -> Reply {
        let url = format!("{}{path}", self.gateway().pay_page(self.reference()).unwrap());
        post(&url, form).await
    }
}

async fn post(url: &str, form: &str) -> Reply {
    let headers = [(
        "content-type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    )];
    call(Method::POST, url, &headers, form.to_owned()).await.unwrap()
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", text(reply));
    reply.headers["location"].to_str().unwrap()
}

fn declined(words: &str) -> Reason {
    Reason::Declined {
        gateway: GatewayName::Conekta,
        words: words.to_owned(),
    }
}

fn card(number: &str) -> String {
    format!("number={number}&name=ANA+LOPEZ&exp=08%2F30&cvc=123")
}

#[tokio::test]
async fn one_payment_is_told_by_two_events_and_sells_once() {
    let sale = Sale::begin().await;
    sale.pay(Choice::Pay).await;
    sale.assert_sold().await;
    let told = sale.gateway().webhooks();
    let kinds: Vec<_> = told
        .iter()
        .map(|webhook| serde_json::from_slice::<serde_json::Value>(&webhook.body).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, ["charge.paid", "order.paid"]);
    assert!(told.iter().all(|webhook| webhook.answers == [Some(200)]));
    assert_eq!(sale.shop.world.events().await, 2);
}

#[tokio::test]
async fn cash_paid_days_later_at_a_store_sells_without_any_page_open() {
    for (voucher, silently) in [(Voucher::Cash, true), (Voucher::Cash, false), (Voucher::Spei, true)] {
        let sale = Sale::begin().await;
        sale.gateway().issue_voucher(sale.reference(), voucher).await.unwrap();
        sale.shop.world.drain().await;
        let waiting = sale.now().await;
        assert_eq!(waiting.state, State::Waiting);
        let instructions = waiting.instructions.unwrap();
        let (place, word) = match instructions.place {
            Place::Cash { store } => (store.unwrap(), "Vaya a OXXO"),
            Place::Transfer { bank } => (bank.unwrap(), "CLABE"),
        };
        let page = sale.page().await;
        for shown in [
            &instructions.reference,
            &place,
            "15.00\u{a0}MXN",
            word,
            "incluso días después",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        // Longer than any page of another gateway lives.
        sale.hours(70).await;
        assert_eq!(sale.now().await.state, State::Waiting);
        assert!(sale.shop.world.users().is_empty(), "nothing is given for a promise");
        sale.pay(if silently { Choice::PaySilently } else { Choice::Pay }).await;
        sale.hours(1).await;
        sale.assert_sold().await;
        assert!(!sale.page().await.contains(&instructions.reference));
    }
}

#[tokio::test]
async fn a_voucher_nobody_pays_expires_after_its_own_time_and_late_money_still_counts() {
    let sale = Sale::begin().await;
    sale.gateway()
        .issue_voucher(sale.reference(), Voucher::Cash)
        .await
        .unwrap();
    sale.hours(73).await;
    // A store tells what it took in the last minute later.
    assert_eq!(sale.now().await.state, State::Waiting);
    sale.hours(2).await;
    assert_eq!(sale.now().await.state, State::Expired);
    sale.pay(Choice::PaySilently).await;
    sale.hours(1).await;
    sale.assert_sold().await;
}

#[tokio::test]
async fn the_buyer_finds_back_by_the_number_he_paid_with() {
    let sale = Sale::begin().await;
    sale.gateway()
        .issue_voucher(sale.reference(), Voucher::Cash)
        .await
        .unwrap();
    sale.shop.world.drain().await;
    let number = sale.now().await.instructions.unwrap().reference;
    let base = sale
        .shop
        .world
        .relay
        .public_url()
        .as_str()
        .trim_end_matches('/')
        .to_owned();
    let found = post(
        &format!("{base}/retrieve-mikhmon-code"),
        &format!("reference={number}&second=15"),
    )
    .await;
    assert_eq!(location(&found), format!("/o/{}", sale.order.token));
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_and_its_page_comes_back() {
    for is_blind in [false, true] {
        let shop = Shop::open().await;
        shop.gateways.conekta.set_quirk(Quirk::SearchIsBlind, is_blind);
        shop.gateways.conekta.fail_next([Fault::HangUpAfterAccepting]);
        let order = shop.place("conekta").await;
        let sale = Sale { shop, order };
        assert_eq!((sale.order.state, &sale.order.pay_url), (State::New, &None));
        sale.shop.world.later(SignedDuration::from_secs(20)).await;
        let found = sale.now().await;
        assert_eq!(found.state, State::Waiting);
        let page = sale.gateway().pay_page(sale.reference()).unwrap();
        assert_eq!(found.pay_url.as_deref(), Some(page.as_str()));
        assert!(found.gateway_id.is_some());
        assert_eq!(sale.gateway().orders().len(), 1, "nothing was repeated");
        assert!(sale.page().await.contains(&page));
        sale.pay(Choice::Pay).await;
        sale.assert_sold().await;
    }
}

#[tokio::test]
async fn a_create_that_came_to_nothing_leaves_an_order_that_can_be_tried_again() {
    for fault in [
        Fault::ServerError,
        Fault::WebPage,
        Fault::TooMany,
        Fault::Garbage,
        Fault::Flood,
    ] {
        let shop = Shop::open().await;
        shop.gateways.conekta.fail_next([fault]);
        let order = shop.place("conekta").await;
        let sale = Sale { shop, order };
        sale.shop.world.later(SignedDuration::from_secs(20)).await;
        assert_eq!(sale.now().await.state, State::New, "{fault:?}");
        assert!(sale.page().await.contains("Intentar de nuevo"), "{fault:?}");
        assert!(sale.gateway().orders().is_empty());
    }
}

#[tokio::test]
async fn a_refused_account_fails_the_order_with_a_sentence_for_the_operator() {
    for (fault, words) in [(Fault::Unauthorized, "revoked"), (Fault::NotOnTheList, "allow-list")] {
        let shop = Shop::open().await;
        shop.gateways.conekta.fail_next([fault]);
        let order = shop.place("conekta").await;
        assert_eq!(order.state, State::Failed);
        let reason = order.reason.unwrap().to_string();
        assert!(
            reason.contains(words) && !reason.contains("key_demoPrivate"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_key_of_the_other_mode_sells_nothing() {
    let shop = Shop::open().await;
    shop.gateways.conekta.set_quirk(Quirk::LiveMode, false);
    let order = shop.place("conekta").await;
    assert_eq!(order.state, State::Failed);
    assert!(order.reason.unwrap().to_string().contains("test mode"));
}

#[tokio::test]
async fn whatever_the_gateway_answers_to_the_question_is_named_and_the_sale_is_made_later() {
    for (fault, words) in [
        (Fault::WebPage, "web page"),
        (Fault::Garbage, "holds no order"),
        (Fault::ServerError, "HTTP 502"),
        (Fault::Flood, "too long"),
        (Fault::HangUpAfterAccepting, "did not answer properly"),
        (Fault::TooMany, "7 s of rest"),
        (Fault::Unauthorized, "revoked"),
        (Fault::NotOnTheList, "allow-list"),
    ] {
        let sale = Sale::begin().await;
        // One payment is told by two events, and both ask.
        sale.gateway().fail_next([fault, fault]);
        sale.pay(Choice::Pay).await;
        assert_eq!(sale.now().await.state, State::Waiting, "{fault:?}");
        assert!(sale.shop.world.users().is_empty(), "{fault:?}");
        let mut shown = Vec::new();
        mikrelay::cli::event::show(sale.shop.world.relay.store(), 1, false, &mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert!(
            shown.contains(words) && shown.contains("not settled yet"),
            "{fault:?}: {shown}"
        );
        // Keys that are refused only their operator can mend, so he hears of it at once.
        let is_operators = matches!(fault, Fault::Unauthorized | Fault::NotOnTheList);
        let mails = sale.shop.world.mailbox.messages();
        assert_eq!(mails.len(), usize::from(is_operators), "{fault:?}: {mails:#?}");
        assert!(
            mails
                .iter()
                .all(|mail| mail.text.contains(words) && mail.text.contains("by-conekta"))
        );
        let asked = sale.gateway().calls().len();
        sale.shop.world.later(SignedDuration::from_secs(6)).await;
        let is_asked = sale.gateway().calls().len() > asked;
        assert_eq!(
            is_asked,
            fault != Fault::TooMany,
            "{fault:?}: it wants to be left alone"
        );
        sale.shop.world.later(SignedDuration::from_secs(10)).await;
        sale.shop.world.later(SignedDuration::from_mins(10)).await;
        assert_eq!(sale.now().await.state, State::Delivered, "{fault:?}");
        assert_eq!(sale.shop.world.users().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn b1_money_that_does_not_fit_by_one_centavo_is_held() {
    for (amount, words) in [("14.99", "14.99"), ("15.01", "15.01"), ("much", "how much")] {
        let sale = Sale::begin().await;
        sale.gateway().claim_amount(sale.reference(), amount).unwrap();
        sale.pay(Choice::Pay).await;
        sale.assert_held(words).await;
    }
}

#[tokio::test]
async fn money_of_another_currency_or_of_the_sandbox_is_held() {
    let sale = Sale::begin().await;
    sale.gateway().claim_currency(sale.reference(), "USD").unwrap();
    sale.pay(Choice::Pay).await;
    sale.assert_held("currencies differ").await;
    let sale = Sale::begin().await;
    sale.gateway().set_quirk(Quirk::LiveMode, false);
    sale.pay(Choice::Pay).await;
    sale.assert_held("sandbox payment").await;
}

#[tokio::test]
async fn states_that_are_no_money_give_nothing() {
    for word in ["pre_authorized", "partially_paid", "pending_payment", "somewhat_paid"] {
        let sale = Sale::begin().await;
        let status = SimStatus::Word(word.to_owned());
        sale.gateway().tell(sale.reference(), status).await.unwrap();
        sale.shop.world.drain().await;
        assert_eq!(sale.now().await.state, State::Waiting, "{word}");
        assert!(sale.shop.world.users().is_empty(), "{word}");
        sale.pay(Choice::Pay).await;
        sale.assert_sold().await;
    }
}

#[tokio::test]
async fn money_taken_back_disables_the_user_and_doubt_is_told() {
    for word in ["charged_back", "fraudulent", "refunded"] {
        let sale = Sale::begin().await;
        sale.pay(Choice::Pay).await;
        sale.assert_sold().await;
        let status = match word {
            "refunded" => SimStatus::Refunded,
            word => SimStatus::Word(word.to_owned()),
        };
        sale.gateway().tell(sale.reference(), status).await.unwrap();
        sale.shop.world.drain().await;
        assert_eq!(sale.now().await.state, State::Refunded, "{word}");
        assert!(sale.shop.world.users()[0].disabled, "{word}");
    }
    let sale = Sale::begin().await;
    sale.pay(Choice::Pay).await;
    let status = SimStatus::Word("under_fraud_review".to_owned());
    sale.gateway().tell(sale.reference(), status).await.unwrap();
    sale.shop.world.drain().await;
    assert_eq!(sale.now().await.state, State::Delivered);
    assert!(sale.shop.world.mailbox.messages().len() > 1, "the operator is told");
}

#[tokio::test]
async fn an_event_that_names_another_order_pays_nothing() {
    let sale = Sale::begin().await;
    let other = sale.shop.place("conekta").await;
    let gateway = sale.gateway();
    gateway
        .pay(other.reference.as_str(), Choice::PaySilently)
        .await
        .unwrap();
    // Our reference with the paid order's id, properly signed: a replay with a swapped name.
    let body = format!(
        r#"{{"id":"e1","object":"event","type":"order.paid","livemode":true,"data":{{"object":{{"object":"order","id":"{}","payment_status":"paid","amount":1500,"currency":"MXN","livemode":true,"metadata":{{"ref":"{}"}}}}}}}}"#,
        other.gateway_id.as_deref().unwrap(),
        sale.reference()
    );
    let digest = gateway.digest(body.as_bytes()).unwrap();
    let reply = sale
        .shop
        .world
        .call("conekta", "", &[("DIGEST", &digest)], body.as_bytes())
        .await;
    assert_eq!(reply.status, 200);
    sale.shop.world.later(SignedDuration::from_mins(2)).await;
    assert_eq!(sale.now().await.state, State::Waiting);
    assert_eq!(sale.shop.world.order(&other.reference).await.state, State::Delivered);
    assert_eq!(sale.shop.world.users().len(), 1);
}

#[tokio::test]
async fn a_digest_of_other_bytes_or_none_is_refused() {
    let sale = Sale::begin().await;
    let body = br#"{"id":"e1","type":"webhook_ping","data":{"action":"ping","livemode":true}}"#;
    let digest = sale.gateway().digest(body).unwrap();
    let deliver = async |headers: &[(&str, &str)], body: &[u8]| {
        let query = format!("k={UUID}");
        sale.shop.world.call("conekta", &query, headers, body).await.status
    };
    assert_eq!(deliver(&[("Digest", &digest)], body).await, 200);
    assert_eq!(deliver(&[("Digest", &digest)], b"{}").await, 401);
    assert_eq!(deliver(&[("Digest", "AAAA")], body).await, 401);
    assert_eq!(deliver(&[], body).await, 401);
    assert_eq!(sale.shop.world.events().await, 1);
}

#[tokio::test]
async fn mik_parameters_of_a_signed_event_shape_the_voucher_from_headers_and_from_the_query() {
    let settings = [
        ("mikusermode", "up"),
        ("miknamelength", "8"),
        ("mikcharacter", "lower"),
        ("mikuserprefix", "zz"),
    ];
    for is_query in [false, true] {
        let sale = Sale::begin().await;
        sale.gateway().pay(sale.reference(), Choice::PaySilently).await.unwrap();
        let body = format!(
            r#"{{"id":"e1","object":"event","type":"order.paid","livemode":true,"data":{{"object":{{"object":"order","id":"{}","metadata":{{"ref":"{}"}}}}}}}}"#,
            sale.order.gateway_id.as_deref().unwrap(),
            sale.reference()
        );
        let digest = sale.gateway().digest(body.as_bytes()).unwrap();
        let mut headers = vec![("digest", digest.as_str())];
        let mut query = String::new();
        if is_query {
            let pairs: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
            query = pairs.join("&");
        } else {
            headers.extend(settings);
        }
        let reply = sale.shop.world.call("conekta", &query, &headers, body.as_bytes()).await;
        assert_eq!(reply.status, 200);
        sale.shop.world.drain().await;
        sale.assert_sold().await;
        let user = sale.shop.world.users().remove(0);
        assert!(
            user.name.starts_with("zz") && user.name.len() == 10 && user.password != user.name,
            "query {is_query}: {user:?}"
        );
    }
}

/// The account without its webhook keys.
fn unsigned(gateways: &SimGateways, site: String) -> String {
    let key = gateways.conekta.webhook_key().unwrap();
    let line = format!("webhook_secrets = [\"\"\"\n{key}\"\"\"]");
    assert!(site.contains(&line));
    site.replace(&line, "")
}

#[tokio::test]
async fn without_a_key_a_webhook_is_a_hint_that_needs_the_access_uuid() {
    for has_uuid in [true, false] {
        let shop = Shop::edited(unsigned).await;
        let order = shop.place("conekta").await;
        let sale = Sale { shop, order };
        sale.gateway().pay(sale.reference(), Choice::PaySilently).await.unwrap();
        let body = format!(
            r#"{{"id":"e1","type":"charge.paid","data":{{"object":{{"object":"charge","id":"c","order_id":"{}","status":"paid"}}}}}}"#,
            sale.order.gateway_id.as_deref().unwrap()
        );
        let query = if has_uuid {
            format!("mikaccessuuid={UUID}")
        } else {
            String::new()
        };
        let reply = sale.shop.world.call("conekta", &query, &[], body.as_bytes()).await;
        assert_eq!(reply.status, if has_uuid { 200 } else { 401 });
        sale.shop.world.drain().await;
        if !has_uuid {
            assert_eq!(sale.now().await.state, State::Waiting);
            sale.shop.world.later(SignedDuration::from_secs(20)).await;
        }
        sale.assert_sold().await;
    }
}

#[tokio::test]
async fn keys_rotate_without_losing_a_webhook() {
    // The company makes a second key, which signs from then on; the account knows both.
    let shop = Shop::edited(|gateways, site| {
        let old = gateways.conekta.webhook_key().unwrap();
        let new = gateways.conekta.add_webhook_key().unwrap();
        site.replace(&format!("{old}\"\"\"]"), &format!("{old}\"\"\", \"\"\"\n{new}\"\"\"]"))
    })
    .await;
    let order = shop.place("conekta").await;
    let sale = Sale { shop, order };
    sale.pay(Choice::Pay).await;
    sale.assert_sold().await;
    assert_eq!(sale.shop.world.events().await, 2);
    // A third one nobody told the relay of: refused, and the money is found by asking.
    sale.gateway().add_webhook_key().unwrap();
    let order = sale.shop.place("conekta").await;
    sale.gateway().pay(order.reference.as_str(), Choice::Pay).await.unwrap();
    assert_eq!(sale.shop.world.events().await, 2);
    sale.shop.world.later(SignedDuration::from_secs(20)).await;
    assert_eq!(sale.shop.world.order(&order.reference).await.state, State::Delivered);
}

#[tokio::test]
async fn an_account_for_cards_only_offers_no_vouchers_and_expires_within_a_day() {
    let shop = Shop::edited(|_, site| {
        site.replace(
            "gateway = \"conekta\"\n",
            "gateway = \"conekta\"\nmethods = [\"card\"]\n",
        )
    })
    .await;
    let order = shop.place("conekta").await;
    let sale = Sale { shop, order };
    let url = sale.gateway().pay_page(sale.reference()).unwrap();
    let page = text(&call(Method::GET, &url, &[], "").await.unwrap());
    assert!(page.contains("Tarjeta") && !page.contains("Efectivo") && !page.contains("SPEI"));
    sale.hours(25).await;
    assert_eq!(sale.now().await.state, State::Expired);
}

#[tokio::test]
async fn an_order_refused_at_once_is_known_and_may_be_paid_later() {
    let shop = Shop::open().await;
    shop.gateways.conekta.set_quirk(Quirk::DeclinesAtOnce, true);
    let order = shop.place("conekta").await;
    assert_eq!(order.state, State::Failed);
    assert_eq!(order.reason, Some(declined("card_declined")));
    assert!(order.gateway_id.is_some());
    let sale = Sale { shop, order };
    sale.pay(Choice::Pay).await;
    sale.assert_sold().await;
}

#[tokio::test]
async fn a_refused_card_is_explained_in_our_own_words_and_the_operator_sees_the_code() {
    let sale = Sale::begin().await;
    for (number, code, words) in [
        (
            "4000000000000127",
            "insufficient_funds",
            [
                ("fr", "pas assez d’argent"),
                ("en", "not enough money"),
                ("es", "No hay suficiente dinero"),
                ("pt", "Não há dinheiro suficiente"),
            ],
        ),
        (
            "4000000000000002",
            "card_declined",
            [
                ("fr", "refusée sans raison"),
                ("en", "refused without a reason"),
                ("es", "rechazada sin dar un motivo"),
                ("pt", "recusado sem motivo"),
            ],
        ),
    ] {
        location(&sale.press("/card", &card(number)).await);
        sale.gateway().idle().await;
        sale.shop.world.drain().await;
        assert_eq!(sale.now().await.reason, Some(declined(code)));
        for (language, words) in words {
            let page = sale.page_in(language).await;
            assert!(page.contains(words), "{language}: {page}");
            for theirs in [
                code,
                "La tarjeta no tiene fondos suficientes.",
                "La tarjeta fue declinada.",
            ] {
                assert!(!page.contains(theirs), "{language}: {page}");
            }
        }
        let mut shown = Vec::new();
        let reference = sale.reference().to_owned();
        mikrelay::cli::order::show(sale.shop.world.relay.store(), &reference, false, false, &mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains(code), "{shown}");
    }
}

#[tokio::test]
async fn a_refund_gives_back_once_whole_or_in_part() {
    let sale = Sale::begin().await;
    let directory = sale.shop.world.relay.store().directory();
    let account = directory.accounts[&AccountId::new("by-conekta")].clone();
    let client = HttpClient::new();
    let give_back = async |minor: i64| ask_for_refund(&client, &account, &sale.order, minor).await;
    let posts = || {
        let calls = sale.gateway().calls();
        calls.iter().filter(|call| call.ends_with("/refunds")).count()
    };
    assert!(
        matches!(give_back(1500).await, Ok(RefundState::Refused(_))),
        "nothing was paid"
    );
    sale.pay(Choice::Pay).await;
    assert_eq!(give_back(500).await, Ok(RefundState::Done));
    assert_eq!(give_back(500).await, Ok(RefundState::Done));
    assert_eq!(posts(), 1, "asked twice, given once");
    // The call takes effect and its answer is lost: asked again, nothing is given twice.
    sale.gateway().fail_next([Fault::Spared, Fault::HangUpAfterAccepting]);
    assert!(matches!(give_back(1500).await, Err(GatewayError::Transient(_))));
    assert_eq!(give_back(1500).await, Ok(RefundState::Done));
    assert_eq!(posts(), 2);
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    assert_eq!(sale.now().await.state, State::Refunded);
    assert!(sale.shop.world.users()[0].disabled);
    assert_eq!(give_back(1500).await, Ok(RefundState::Done));
    assert_eq!(posts(), 2);
}

/// An account that gives a second payment back by itself.
fn gives_back(_: &SimGateways, site: String) -> String {
    assert!(site.contains("id = \"by-conekta\""), "{site}");
    site.replacen(
        "id = \"by-conekta\"",
        "id = \"by-conekta\"\nrefund_paid_twice = true",
        1,
    )
}

impl Sale {
    /// Delivered once, and so it stays.
    async fn assert_kept(&self) {
        let history = self.shop.world.history(&self.order).await;
        assert_eq!(self.now().await.state, State::Delivered, "{history:#?}");
        let users = self.shop.world.users();
        assert!(users.len() == 1 && !users[0].disabled, "{users:?}");
    }

    fn mails_with(&self, words: &str) -> usize {
        let mails = self.shop.world.mailbox.messages();
        mails.iter().filter(|mail| mail.text.contains(words)).count()
    }

    fn refunds_asked(&self) -> usize {
        let calls = self.gateway().calls();
        calls.iter().filter(|call| call.ends_with("/refunds")).count()
    }

    /// Pays by card, and then somebody pays the voucher that the buyer took before.
    async fn pay_by_card_and_voucher(&self, is_told: bool) {
        let reference = self.reference();
        self.gateway().issue_voucher(reference, Voucher::Cash).await.unwrap();
        self.shop.world.drain().await;
        location(&self.press("/card", &card("4242424242424242")).await);
        self.gateway().idle().await;
        self.shop.world.drain().await;
        self.assert_kept().await;
        if !is_told {
            self.gateway().set_webhooks(Vec::new());
        }
        self.gateway().pay_left_voucher(reference).await.unwrap();
        self.shop.world.drain().await;
        self.assert_kept().await;
    }
}

#[tokio::test]
async fn a_card_and_the_voucher_of_one_order_both_pay_and_the_second_goes_back_by_policy() {
    let shop = Shop::edited(gives_back).await;
    let order = shop.place("conekta").await;
    let sale = Sale { shop, order };
    sale.pay_by_card_and_voucher(true).await;
    for _ in 0..6 {
        sale.shop.world.later(SignedDuration::from_mins(1)).await;
    }
    sale.assert_kept().await;
    assert_eq!(sale.refunds_asked(), 1);
    let refunds = refunds_of(&sale).await;
    assert_eq!(refunds.len(), 1, "{refunds:?}");
    let own = sale.now().await.gateway_id.unwrap();
    assert!(refunds[0].is_extra && refunds[0].payment.gateway_id.starts_with(&format!("{own}:")));
    assert_eq!(refunds[0].standing, Standing::Done);
    // Whatever Conekta repeats, nothing more happens.
    sale.gateway().tell(sale.reference(), SimStatus::Paid).await.unwrap();
    sale.hours(3).await;
    sale.assert_kept().await;
    assert_eq!((sale.refunds_asked(), refunds_of(&sale).await.len()), (1, 1));
}

#[tokio::test]
async fn a_second_payment_is_the_operators_to_do_where_no_policy_speaks() {
    // Told by a webhook, or found the next morning.
    for is_told in [true, false] {
        let sale = Sale::begin().await;
        sale.shop.world.relay.plan_daily_work().await.unwrap();
        sale.pay_by_card_and_voucher(is_told).await;
        for _ in 0..3 {
            sale.hours(24).await;
        }
        sale.assert_kept().await;
        assert_eq!(sale.refunds_asked(), 0);
        let own = sale.now().await.gateway_id.unwrap();
        assert_eq!(
            sale.mails_with(&format!("mikrelay order refund {}", sale.reference())),
            1,
            "told once: {is_told}"
        );
        let mails = sale.shop.world.mailbox.messages();
        let told = mails
            .iter()
            .find(|mail| mail.text.contains(&format!("{own}:")))
            .unwrap();
        let mut second = told.text.split(|c: char| c.is_whitespace() || "«».,;".contains(c));
        let second = second
            .find(|word| word.starts_with(&format!("{own}:")))
            .unwrap()
            .to_owned();
        // Without `--yes` he reads what would happen, and which payments there are.
        let mut wish = mikrelay::cli::refund::Wish {
            reference: sale.reference().to_owned(),
            payment: None,
            reason: RefundReason::Duplicate,
            yes: false,
        };
        let mut said = Vec::new();
        mikrelay::cli::refund::refund(sale.shop.world.relay.store(), &wish, &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.contains(&format!("other payments: `{second}` (15.00 MXN); `--payment`")),
            "{said}"
        );
        wish.payment = Some("ord_mistyped".to_owned());
        for yes in [false, true] {
            wish.yes = yes;
            let error = mikrelay::cli::refund::refund(sale.shop.world.relay.store(), &wish, &mut Vec::new());
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains(&second) && error.contains(&format!("`{own}`")),
                "{error}"
            );
        }
        // He gives the second one back, and the order stays.
        let wish = mikrelay::cli::refund::Wish {
            reference: sale.reference().to_owned(),
            payment: Some(second),
            reason: RefundReason::Duplicate,
            yes: true,
        };
        mikrelay::cli::refund::refund(sale.shop.world.relay.store(), &wish, &mut Vec::new()).unwrap();
        for _ in 0..6 {
            sale.shop.world.later(SignedDuration::from_mins(1)).await;
        }
        sale.assert_kept().await;
        assert_eq!(
            (sale.refunds_asked(), refunds_of(&sale).await[0].standing),
            (1, Standing::Done)
        );
        // And then the first one too: nothing is left, so the code ends.
        let wish = mikrelay::cli::refund::Wish { payment: None, ..wish };
        mikrelay::cli::refund::refund(sale.shop.world.relay.store(), &wish, &mut Vec::new()).unwrap();
        for _ in 0..6 {
            sale.shop.world.later(SignedDuration::from_mins(1)).await;
        }
        assert_eq!(sale.now().await.state, State::Refunded);
        assert!(sale.shop.world.users()[0].disabled);
        assert_eq!(sale.refunds_asked(), 2);
    }
}

#[tokio::test]
async fn two_orders_at_the_gateway_for_one_of_ours_sell_once_and_one_goes_back() {
    for is_policy in [true, false] {
        let shop = match is_policy {
            true => Shop::edited(gives_back).await,
            false => Shop::open().await,
        };
        let order = shop.place("conekta").await;
        let sale = Sale { shop, order };
        let second = make_again(&sale).await;
        sale.pay(Choice::Pay).await;
        sale.assert_kept().await;
        location(&post(&format!("{second}/card"), &card("4242424242424242")).await);
        sale.gateway().idle().await;
        sale.shop.world.drain().await;
        for _ in 0..6 {
            sale.shop.world.later(SignedDuration::from_mins(1)).await;
        }
        sale.assert_kept().await;
        let refunds = refunds_of(&sale).await;
        assert_eq!(
            (sale.refunds_asked(), refunds.len()),
            (usize::from(is_policy), usize::from(is_policy))
        );
        if is_policy {
            assert!(
                refunds[0].is_extra && refunds[0].standing == Standing::Done,
                "{refunds:?}"
            );
            assert_ne!(
                Some(&refunds[0].payment.gateway_id),
                sale.now().await.gateway_id.as_ref()
            );
        } else {
            assert_eq!(
                sale.mails_with(&format!("mikrelay order refund {}", sale.reference())),
                1
            );
        }
    }
}

/// Our order once more at the gateway, as a call whose answer was lost for good leaves it; its page.
async fn make_again(sale: &Sale) -> String {
    let body = serde_json::json!({
        "currency": "MXN",
        "customer_info": { "name": "Cliente WiFi", "email": "a@example.com", "phone": "+5215555555555" },
        "line_items": [{ "name": "1 Hora", "unit_price": 1500, "quantity": 1 }],
        "checkout": { "type": "HostedPayment", "allowed_payment_methods": ["card"] },
        "metadata": { "ref": sale.reference() },
    });
    let headers = [
        ("authorization", "Bearer key_demoPrivate0000000000"),
        ("accept", "application/vnd.conekta-v2.2.0+json"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let url = format!("{}/orders", sale.gateway().base_url());
    let reply = call(Method::POST, &url, &headers, body.to_string()).await.unwrap();
    let order: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    order["checkout"]["url"].as_str().unwrap().to_owned()
}

async fn refunds_of(sale: &Sale) -> Vec<Refund> {
    let reference = sale.order.reference.clone();
    let store = sale.shop.world.relay.store();
    store.read(move |db| db.refunds_of_order(&reference)).await.unwrap()
}

async fn ask_for_refund(
    client: &HttpClient,
    account: &Account,
    order: &Order,
    minor: i64,
) -> Result<RefundState, GatewayError> {
    let request = RefundRequest {
        order: order.reference.clone(),
        gateway_id: order.gateway_id.clone().unwrap(),
        amount: Money::from_minor(minor, Currency::Mxn),
        reason: RefundReason::CannotBeFulfilled,
    };
    client.converse(gateway::of(account).refund(account, &request)).await
}

#[tokio::test]
async fn a_buyer_pays_by_card_on_the_hosted_page() {
    let sale = Sale::begin().await;
    let url = sale.order.pay_url.clone().unwrap();
    let page = text(&call(Method::GET, &url, &[], "").await.unwrap());
    for shown in ["Conekta", "15.00", "Tarjeta", "Efectivo", "SPEI"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for (number, error) in [
        ("1234", "card_invalid"),
        ("4000000000000002", "card_declined"),
        ("4000000000000127", "insufficient_funds"),
    ] {
        let reply = sale.press("/card", &card(number)).await;
        assert!(location(&reply).ends_with(&format!("?error={error}")), "{number}");
    }
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    let failed = sale.now().await;
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.reason, Some(declined("insufficient_funds")));
    let reply = sale.press("/card", &card("4242+4242+4242+4242")).await;
    assert!(location(&reply).ends_with(&format!("/o/{}", sale.order.token)));
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    sale.assert_sold().await;
    let again = sale.press("/card", &card("4242424242424242")).await;
    assert!(location(&again).starts_with("/checkout/"), "paid once");
}

#[tokio::test]
async fn the_bank_asks_for_a_code_and_only_the_right_one_pays() {
    let sale = Sale::begin().await;
    let reply = sale.press("/card", &card("4000000000001091")).await;
    let bank = location(&reply).to_owned();
    assert!(bank.contains("/3ds/"));
    assert!(text(&call(Method::GET, &bank, &[], "").await.unwrap()).contains("1234"));
    sale.shop.world.later(SignedDuration::from_secs(20)).await;
    assert_eq!(sale.now().await.state, State::Waiting, "asked for is not paid");
    let wrong = post(&bank, "otp=9999").await;
    assert!(location(&wrong).ends_with("?error=three_ds_failed"));
    let reply = sale.press("/card", &card("4000000000001091")).await;
    let right = post(location(&reply), "otp=1234").await;
    assert!(location(&right).contains("/o/"));
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    sale.assert_sold().await;
}

#[tokio::test]
async fn a_buyer_takes_a_reference_on_the_hosted_page_and_pays_it_at_the_till() {
    for (path, word) in [("/cash", "OXXO"), ("/transfer", "CLABE")] {
        let sale = Sale::begin().await;
        location(&sale.press(path, "").await);
        sale.gateway().idle().await;
        sale.shop.world.drain().await;
        let number = sale.now().await.instructions.unwrap().reference;
        let url = sale.gateway().pay_page(sale.reference()).unwrap();
        let page = text(&call(Method::GET, &url, &[], "").await.unwrap());
        assert!(page.contains(word) && page.contains(&number), "{page}");
        location(&sale.press("", "choice=pay").await);
        sale.gateway().idle().await;
        sale.shop.world.drain().await;
        sale.assert_sold().await;
    }
}

#[tokio::test]
async fn who_takes_a_reference_after_his_card_was_refused_sees_it() {
    let sale = Sale::begin().await;
    let refused = sale.press("/card", &card("4000000000000002")).await;
    assert!(location(&refused).contains("card_declined"));
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    assert_eq!(sale.now().await.state, State::Failed);
    location(&sale.press("/cash", "").await);
    sale.gateway().idle().await;
    sale.shop.world.drain().await;
    let number = sale.now().await.instructions.unwrap().reference;
    assert!(sale.page().await.contains(&number));
    sale.hours(73).await;
    assert!(!sale.page().await.contains(&number), "its time is over");
    sale.pay(Choice::Pay).await;
    sale.assert_sold().await;
}

#[tokio::test]
async fn the_old_link_sells_through_the_account_its_public_key_names() {
    let shop = Shop::open().await;
    let base = shop.world.relay.public_url().as_str().trim_end_matches('/').to_owned();
    let link = |key: &str| {
        format!(
            "{base}/buy-mikhmon-conekta?nasid=hotspot1&amount=15&currency=MXN&profile_name=1H&timelimit=1h&datalimit=0M&pub_key={key}&lang=es"
        )
    };
    let page = call(Method::GET, &link("key_demoPublic00000000000"), &[], "")
        .await
        .unwrap();
    let page_text = text(&page);
    assert_eq!(page.status, StatusCode::OK, "{page_text}");
    assert!(
        page_text.contains("15.00\u{a0}MXN") && page_text.contains("account=by-conekta"),
        "{page_text}"
    );
    let stranger = call(Method::GET, &link("key_stranger"), &[], "").await.unwrap();
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_simulator_takes_bearer_and_basic_and_known_versions_only() {
    let shop = Shop::open().await;
    let gateway = &shop.gateways.conekta;
    let url = format!("{}/orders", gateway.base_url());
    let ask = async |authorization: &str, accept: &str| {
        let headers = [
            ("authorization".to_owned(), authorization.to_owned()),
            ("accept".to_owned(), accept.to_owned()),
        ];
        call(Method::GET, &url, &headers, "").await.unwrap().status.as_u16()
    };
    let bearer = "Bearer key_demoPrivate0000000000";
    let basic = "Basic a2V5X2RlbW9Qcml2YXRlMDAwMDAwMDAwMDo=";
    for version in ["2.1.0", "2.2.0", "2.3.0"] {
        let accept = format!("application/vnd.conekta-v{version}+json");
        for good in [bearer, basic] {
            assert_eq!(ask(good, &accept).await, 200);
        }
        assert_eq!(ask("Bearer key_other", &accept).await, 401);
    }
    assert_eq!(ask(bearer, "application/json").await, 422);
}
