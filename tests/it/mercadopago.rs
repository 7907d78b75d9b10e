//! Sales through Mercado Pago over real sockets: the relay's server, the simulated gateway with its hosted page, and
//! the simulated router. What only this gateway does; the bad inputs each have an outcome of their own.

use http::Method;
use jiff::SignedDuration;
use mikrelay::company::GatewayName;
use mikrelay::gateway::{self, GatewayError, RefundReason, RefundRequest, RefundState};
use mikrelay::ids::AccountId;
use mikrelay::order::{Order, Place, State};
use mikrelay::reason::Reason;
use mikrelay::sim::gateways::{Choice, Fault, Quirk, SimGateway, SimStatus};
use mikrelay::sim::http::{Reply, call};

use crate::support::{Shop, UUID};

const MP: &str = "mercadopago";
const SECRET: &str = "mp_webhook_secret_demo";
const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn shop() -> Shop {
    Shop::open().await
}

async fn shop_of_orders() -> Shop {
    Shop::edited(|_, site| site.replace(r#"checkout = "preferences""#, r#"checkout = "orders""#)).await
}

#[tokio::test]
async fn a_preference_is_paid_and_sells_one_user() {
    for choice in [Choice::Pay, Choice::PayTwice] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        assert_eq!(order.state, State::Waiting);
        let url = order.pay_url.as_deref().unwrap();
        assert!(url.contains("/checkout/v1/redirect?pref_id="), "{url}");
        decide(&shop, &order, choice).await;
        assert_sold(&shop, &order).await;
        let sold = shop.world.order(&order.reference).await;
        assert!(
            sold.gateway_id.unwrap().starts_with("87654321"),
            "the payment's id, not the preference's"
        );
    }
}

#[tokio::test]
async fn an_order_of_the_newer_api_is_paid_and_sells_one_user() {
    for quirk in [None, Some(Quirk::SignsLowerCase)] {
        let shop = shop_of_orders().await;
        if let Some(quirk) = quirk {
            shop.gateways.mercadopago.set_quirk(quirk, true);
        }
        let order = shop.place(MP).await;
        let id = order.gateway_id.clone().unwrap();
        assert!(id.starts_with("ORDTST01"), "{id}");
        assert!(order.pay_url.as_deref().unwrap().contains("order_id=ORDTST01"));
        decide(&shop, &order, Choice::Pay).await;
        assert_sold(&shop, &order).await;
    }
}

#[tokio::test]
async fn the_old_link_names_the_account_by_its_public_key_and_leads_to_the_pay_page() {
    let shop = shop().await;
    let relay = shop.world.relay.public_url().as_str().trim_end_matches('/').to_owned();
    let link = |key: &str| {
        format!(
            "{relay}/buy-mikhmon-mercadopago?nasid=hotspot1&amount=15.10&currency=MXN&profile_name=1H&timelimit=1h\
             &datalimit=0M&mac=AA:BB:CC:DD:EE:01&ip=10.5.50.7&pub_key={key}"
        )
    };
    let page = call(Method::GET, &link("APP_USR-demo-public-key"), &[], "")
        .await
        .unwrap();
    let html = text(&page);
    assert!(page.status.is_success() && html.contains("Mercado Pago"), "{html}");
    let hidden = html.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once('"').unwrap();
        let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        (name.to_owned(), value.replace("&amp;", "&"))
    });
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(hidden)
        .finish();
    let action = html.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    let kind = [(
        "content-type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    )];
    let target = format!("{relay}{}", action.replace("&amp;", "&"));
    let gone = call(Method::POST, &target, &kind, form).await.unwrap();
    let location = gone.headers["location"].to_str().unwrap();
    assert!(location.contains("/checkout/v1/redirect?pref_id="), "{location}");
    let other = call(Method::GET, &link("APP_USR-somebody-elses"), &[], "")
        .await
        .unwrap();
    assert!(!other.status.is_success(), "{}", text(&other));
}

#[tokio::test]
async fn a_payment_whose_webhook_never_came_is_found_by_asking() {
    for shop in [shop().await, shop_of_orders().await] {
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::PaySilently).await;
        assert_eq!(shop.world.state(&order).await, State::Waiting);
        shop.world.later(SignedDuration::from_secs(20)).await;
        assert_sold(&shop, &order).await;
    }
}

#[tokio::test]
async fn i4_a_webhook_with_a_wrong_signature_is_refused_and_the_money_found_by_asking() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::PayBadSignature).await;
    assert_eq!(
        (shop.world.state(&order).await, shop.world.events().await),
        (State::Waiting, 0)
    );
    let answers: Vec<_> = shop
        .gateways
        .mercadopago
        .webhooks()
        .into_iter()
        .flat_map(|sent| sent.answers)
        .collect();
    assert_eq!(answers, [Some(401), Some(401)]);
    shop.world.later(SignedDuration::from_secs(20)).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn both_shapes_of_every_notification_sell_one_user() {
    let shop = shop().await;
    shop.gateways.mercadopago.set_quirk(Quirk::LegacyToo, true);
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::PayTwice).await;
    assert_sold(&shop, &order).await;
    let answers: Vec<_> = shop
        .gateways
        .mercadopago
        .webhooks()
        .into_iter()
        .flat_map(|sent| sent.answers)
        .collect();
    assert_eq!(
        answers,
        vec![Some(200); 12],
        "payment and basket, created and updated, twice"
    );
}

#[tokio::test]
async fn the_panels_address_names_no_order_and_the_gateway_is_asked_whose_payment_it_is() {
    for legacy in [false, true] {
        let shop = shop().await;
        shop.gateways.mercadopago.set_quirk(Quirk::PanelOnly, true);
        shop.gateways.mercadopago.set_quirk(Quirk::LegacyToo, legacy);
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::Pay).await;
        assert_sold(&shop, &order).await;
        let urls: Vec<_> = shop
            .gateways
            .mercadopago
            .webhooks()
            .into_iter()
            .map(|sent| sent.url)
            .collect();
        assert!(
            urls.iter().all(|url| !url.contains(order.reference.as_str())),
            "{urls:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_card_is_named_and_the_next_try_on_the_same_page_sells() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    let page = post(&order, &[("method", "card"), ("holder", "FUND")]).await;
    assert_eq!(page.status, 303);
    settle(&shop).await;
    let failed = shop.world.order(&order.reference).await;
    assert_eq!(failed.state, State::Failed);
    let declined = Reason::Declined {
        gateway: GatewayName::Mercadopago,
        words: "cc_rejected_insufficient_amount".to_owned(),
    };
    assert_eq!(failed.reason, Some(declined));
    let again = call(Method::GET, &pay_page(&shop, &order), &[], "").await.unwrap();
    assert!(text(&again).contains("cc_rejected_insufficient_amount"));
    post(
        &order,
        &[("method", "card"), ("holder", "APRO"), ("choice", "pay-silently")],
    )
    .await;
    // A late notification of the refused try leads to the one that was paid.
    assert_eq!(shop.world.state(&order).await, State::Failed);
    let first = webhook_of(&shop, 0);
    assert_eq!(
        call(Method::POST, &first.0, &first.1, first.2).await.unwrap().status,
        200
    );
    settle(&shop).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn a_second_payment_for_a_sold_order_sells_nothing_and_is_told() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::Pay).await;
    decide(&shop, &order, Choice::Pay).await;
    assert_eq!(shop.world.users().len(), 1);
    let history = shop.world.history(&order).await.join("\n");
    assert!(history.contains("paid twice"), "{history}");
}

#[tokio::test]
async fn the_banks_challenge_comes_between() {
    for (decision, state) in [("confirm", State::Delivered), ("cancel", State::Failed)] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        let page = post(&order, &[("method", "card"), ("holder", "APRO"), ("challenge", "yes")]).await;
        assert_eq!(page.status, 303);
        settle(&shop).await;
        assert_eq!(shop.world.state(&order).await, State::Waiting);
        let bank = pay_page(&shop, &order).replace("/pay/", "/3ds/");
        assert!(text(&call(Method::GET, &bank, &[], "").await.unwrap()).contains("1234"));
        call(Method::POST, &bank, &[], format!("decision={decision}"))
            .await
            .unwrap();
        settle(&shop).await;
        assert_eq!(shop.world.state(&order).await, state);
    }
}

#[tokio::test]
async fn a_payment_in_review_waits_and_then_sells() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    post(&order, &[("method", "card"), ("holder", "CONT")]).await;
    settle(&shop).await;
    assert_eq!(shop.world.state(&order).await, State::Waiting);
    let review = pay_page(&shop, &order).replace("/pay/", "/review/");
    call(Method::POST, &review, &[], "decision=approve").await.unwrap();
    settle(&shop).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn vouchers_and_transfers_show_a_reference_and_sell_when_they_are_paid() {
    for is_orders in [false, true] {
        for (method, place) in [
            (
                "oxxo",
                Place::Cash {
                    store: Some("OXXO".to_owned()),
                },
            ),
            (
                "spei",
                Place::Transfer {
                    bank: Some("SPEI".to_owned()),
                },
            ),
        ] {
            let shop = if is_orders {
                shop_of_orders().await
            } else {
                shop().await
            };
            let order = shop.place(MP).await;
            post(&order, &[("method", method)]).await;
            settle(&shop).await;
            let waiting = shop.world.order(&order.reference).await;
            assert_eq!(waiting.state, State::Waiting);
            let instructions = waiting.instructions.unwrap();
            assert_eq!(instructions.place, place);
            assert!(instructions.reference.bytes().all(|digit| digit.is_ascii_digit()));
            assert!(instructions.expires_at.unwrap() > shop.world.clock.now());
            let ticket = instructions.url.unwrap();
            let page = text(&call(Method::GET, &ticket, &[], "").await.unwrap());
            assert!(page.contains(&instructions.reference), "{page}");
            call(Method::POST, &ticket, &[], "decision=pay").await.unwrap();
            settle(&shop).await;
            assert_sold(&shop, &order).await;
        }
    }
}

#[tokio::test]
async fn money_from_the_balance_is_there_at_once_and_the_browser_comes_back() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    let page = post(&order, &[("method", "account_money")]).await;
    let back = page.headers["location"].to_str().unwrap().to_owned();
    assert!(back.contains(&format!("/o/{}?", order.token.as_str())), "{back}");
    assert!(
        back.contains("status=approved") && back.contains("merchant_account_id=null"),
        "{back}"
    );
    assert_eq!(call(Method::GET, &back, &[], "").await.unwrap().status, 200);
    settle(&shop).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_again_and_never_repeated() {
    for shop in [shop().await, shop_of_orders().await] {
        shop.gateways.mercadopago.fail_next([Fault::HangUpAfterAccepting]);
        let order = shop.place(MP).await;
        assert_eq!((order.state, order.pay_url.clone()), (State::New, None));
        shop.world.later(SignedDuration::from_secs(20)).await;
        let found = shop.world.order(&order.reference).await;
        assert_eq!(found.state, State::Waiting);
        assert!(found.pay_url.unwrap().contains("/checkout/v1/redirect?"));
        assert_eq!(
            shop.gateways.mercadopago.orders(),
            [order.reference.as_str()],
            "made once"
        );
        decide(&shop, &order, Choice::Pay).await;
        assert_sold(&shop, &order).await;
    }
}

#[tokio::test]
async fn what_was_paid_before_the_lost_answer_was_found_again_sells_too() {
    let shop = shop().await;
    shop.gateways.mercadopago.fail_next([Fault::HangUpAfterAccepting]);
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::Pay).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn a_full_refund_goes_through_and_disables_the_user() {
    for shop in [shop().await, shop_of_orders().await] {
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::Pay).await;
        assert_eq!(refund(&shop, &order).await, Ok(RefundState::Done));
        assert_eq!(
            refund(&shop, &order).await,
            Ok(RefundState::Done),
            "a repeat changes nothing"
        );
        let posts = shop.gateways.mercadopago.calls();
        let posts = posts
            .iter()
            .filter(|call| call.starts_with("POST") && call.contains("/refund"));
        assert_eq!(posts.count(), 1);
        shop.gateways
            .mercadopago
            .tell(order.reference.as_str(), SimStatus::Refunded)
            .await
            .unwrap();
        shop.world.drain().await;
        assert_eq!(shop.world.state(&order).await, State::Refunded);
        assert!(shop.world.users()[0].disabled);
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_or_that_takes_its_time_is_asked_again() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::Pay).await;
    shop.gateways.mercadopago.fail_next([Fault::Garbage]);
    assert!(matches!(refund(&shop, &order).await, Err(GatewayError::Transient(_))));
    shop.gateways.mercadopago.set_quirk(Quirk::SlowRefunds, true);
    assert_eq!(refund(&shop, &order).await, Ok(RefundState::Pending));
    assert_eq!(refund(&shop, &order).await, Ok(RefundState::Pending));
    shop.gateways
        .mercadopago
        .set_status(order.reference.as_str(), SimStatus::Refunded)
        .unwrap();
    assert_eq!(refund(&shop, &order).await, Ok(RefundState::Done));
}

#[tokio::test]
async fn a_payment_that_was_not_paid_cannot_be_refunded() {
    for shop in [shop().await, shop_of_orders().await] {
        let order = shop.place(MP).await;
        post(&order, &[("method", "oxxo")]).await;
        settle(&shop).await;
        let mut waiting = shop.world.order(&order.reference).await;
        if !waiting.gateway_id.as_ref().unwrap().starts_with("ORD") {
            waiting.gateway_id = Some("87654321000".to_owned());
        }
        assert!(matches!(refund_of(&shop, &waiting).await, Ok(RefundState::Refused(_))));
    }
}

#[tokio::test]
async fn disputes_and_chargebacks_are_told_apart() {
    for (word, state, disabled) in [
        ("in_mediation/pending", State::Delivered, false),
        ("charged_back/in_process", State::Delivered, false),
        ("charged_back/settled", State::Refunded, true),
        ("charged_back/reimbursed", State::Delivered, false),
    ] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::Pay).await;
        tell(&shop, &order, word).await;
        assert_eq!(shop.world.state(&order).await, state, "{word}");
        assert_eq!(shop.world.users()[0].disabled, disabled, "{word}");
    }
}

#[tokio::test]
async fn a_chargeback_notice_leads_to_its_payment() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::Pay).await;
    shop.gateways
        .mercadopago
        .set_status(
            order.reference.as_str(),
            SimStatus::Word("charged_back/settled".to_owned()),
        )
        .unwrap();
    notify(&shop, "data.id=C87654321000&type=topic_chargebacks_wh").await;
    assert_eq!(shop.world.state(&order).await, State::Refunded);
}

#[tokio::test]
async fn a_chargeback_of_a_payment_still_called_approved_is_told_and_asked_about_until_it_is_decided() {
    let chargeback = "C87654321000";
    let legacy = format!("topic=chargebacks&id={chargeback}&k={UUID}");
    for (is_legacy, is_orders) in [(false, false), (true, false), (false, true)] {
        let shop = if is_orders {
            shop_of_orders().await
        } else {
            shop().await
        };
        shop.world.relay.plan_daily_work().await.unwrap();
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::Pay).await;
        // Long after the week in which each payment is asked about.
        for _ in 0..9 {
            shop.world.later(DAY).await;
        }
        let calls = |shop: &Shop| sim(shop).calls().len();
        let (before, quiet) = (shop.world.mailbox.messages().len(), calls(&shop));
        shop.world.later(DAY).await;
        assert_eq!(calls(&shop), quiet + 1, "the list of the day, and no question");
        for _ in 0..2 {
            if is_legacy {
                assert_eq!(shop.world.call(MP, &legacy, &[], b"{}").await.status, 200);
                shop.world.drain().await;
            } else {
                notify(&shop, &format!("data.id={chargeback}&type=topic_chargebacks_wh")).await;
            }
        }
        assert_eq!(shop.world.state(&order).await, State::Delivered);
        let mails = shop.world.mailbox.messages();
        assert_eq!(mails.len(), before + 1, "told once");
        assert!(
            mails[before].text.contains("Mercado Pago") && mails[before].text.contains("contest"),
            "{}",
            mails[before].text
        );
        // The bank decides weeks later, and no webhook says so.
        for _ in 0..9 {
            shop.world.later(DAY).await;
        }
        assert!(!shop.world.users()[0].disabled);
        let word = SimStatus::Word("charged_back/settled".to_owned());
        sim(&shop).set_status(order.reference.as_str(), word).unwrap();
        for _ in 0..3 {
            shop.world.later(DAY).await;
        }
        assert_eq!(shop.world.state(&order).await, State::Refunded);
        assert!(shop.world.users()[0].disabled);
    }
}

#[tokio::test]
async fn a_fraud_alert_or_a_claim_is_told_once_though_the_payment_stays_approved() {
    for (kind, is_orders) in [
        ("stop_delivery_op_wh", false),
        ("stop_delivery_op_wh", true),
        ("topic_claims_integration_wh", false),
    ] {
        let shop = if is_orders {
            shop_of_orders().await
        } else {
            shop().await
        };
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::Pay).await;
        let before = shop.world.mailbox.messages().len();
        let query = format!("data.id=87654321000&type={kind}&order={}", order.reference);
        notify(&shop, &query).await;
        notify(&shop, &format!("{query}&id=2")).await;
        assert_eq!(shop.world.state(&order).await, State::Delivered, "{kind}");
        let mails = shop.world.mailbox.messages();
        assert_eq!(mails.len(), before + 1, "{kind}");
        assert!(
            mails[before].text.contains("Mercado Pago"),
            "{kind}: {}",
            mails[before].text
        );
    }
    // Before anything was delivered, it keeps the money from buying anything.
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::PaySilently).await;
    notify(
        &shop,
        &format!("data.id=87654321000&type=stop_delivery_op_wh&order={}", order.reference),
    )
    .await;
    assert_eq!(shop.world.state(&order).await, State::Held);
    assert!(shop.world.users().is_empty());
}

#[tokio::test]
async fn money_that_is_only_held_or_in_doubt_sells_nothing() {
    for (word, state) in [
        ("authorized/pending_capture", State::Waiting),
        ("in_process/offline_process", State::Waiting),
        ("pending/pending_waiting_for_remedy", State::Waiting),
        ("in_mediation/pending", State::Held),
        ("charged_back/in_process", State::Held),
        ("cancelled/by_admin", State::Cancelled),
        ("canceled/by_collector", State::Cancelled),
        ("cancelled/expired", State::Expired),
        ("a_new_word/x", State::Waiting),
    ] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        tell(&shop, &order, word).await;
        assert_eq!(shop.world.state(&order).await, state, "{word}");
        assert!(shop.world.users().is_empty(), "{word}");
    }
}

// The bad inputs of the issue, each with its own outcome.

#[tokio::test]
async fn bad_input_play_money_on_a_live_hotspot_is_held() {
    let shop = Shop::edited(|_, site| {
        let (before, after) = site.split_once(r#"gateway = "mercadopago""#).unwrap();
        format!(
            r#"{before}gateway = "mercadopago"{}"#,
            after.replacen(r#"mode = "test""#, "", 1)
        )
    })
    .await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::Pay).await;
    assert_held(&shop, &order, "sandbox payment").await;
    // An order of the newer form tells before anybody pays: nobody is sent to its page.
    let shop = Shop::edited(|_, site| {
        let (before, after) = site.split_once(r#"gateway = "mercadopago""#).unwrap();
        let after = after.replacen(r#"mode = "test""#, "", 1);
        let after = after.replacen(r#"checkout = "preferences""#, r#"checkout = "orders""#, 1);
        format!(r#"{before}gateway = "mercadopago"{after}"#)
    })
    .await;
    let order = shop.place(MP).await;
    assert_eq!((order.state, order.pay_url), (State::Failed, None));
    let reason = order.reason.unwrap().to_string();
    assert!(reason.contains("test credentials"), "{reason}");
}

#[tokio::test]
async fn bad_input_a_key_of_the_other_mode_is_named_to_the_operator_and_the_money_waits() {
    let shop = shop().await;
    sim(&shop).fail_next([Fault::OtherModesKey]);
    let refused = shop.place(MP).await;
    assert_eq!(refused.state, State::Failed);
    let reason = refused.reason.unwrap().to_string();
    assert!(reason.contains("live or test"), "{reason}");
    // With the right key again, the money that came meanwhile is found.
    let order = shop.place(MP).await;
    sim(&shop).fail_next([Fault::OtherModesKey, Fault::OtherModesKey]);
    decide(&shop, &order, Choice::Pay).await;
    assert_eq!(shop.world.state(&order).await, State::Waiting);
    shop.world.later(SignedDuration::from_secs(10)).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn bad_input_402_with_an_order_inside_is_a_refused_try_of_that_order() {
    let shop = shop_of_orders().await;
    sim(&shop).set_quirk(Quirk::DeclinesAtOnce, true);
    let order = shop.place(MP).await;
    assert_eq!(order.state, State::Failed);
    assert!(order.gateway_id.as_ref().unwrap().starts_with("ORDTST01"), "{order:?}");
    let reason = order.reason.clone().unwrap().to_string();
    assert!(reason.contains("The following transactions failed"), "{reason}");
    // What is paid there all the same is found.
    decide(&shop, &order, Choice::Pay).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn bad_input_a_price_below_all_minimums_is_refused_with_the_least_there_is() {
    for (price, state) in [("4.99", State::Failed), ("5.00", State::Waiting)] {
        let shop = Shop::edited(|_, site| site.replace("15.10", price)).await;
        let order = shop.place(MP).await;
        assert_eq!(order.state, state, "{price}");
        let posts = sim(&shop)
            .calls()
            .iter()
            .filter(|call| call.starts_with("POST"))
            .count();
        assert_eq!(posts, usize::from(state == State::Waiting), "{price}");
        if let Some(reason) = order.reason {
            assert!(reason.to_string().contains("5.00"), "{reason}");
        }
    }
}

#[tokio::test]
async fn mik_parameters_come_in_headers_or_in_the_address_and_are_not_signed_away() {
    for in_headers in [true, false] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        decide(&shop, &order, Choice::PaySilently).await;
        let ours = [
            ("mikuserprefix", "mp"),
            ("mikcharacter", "lower"),
            ("miknamelength", "8"),
        ];
        let mut query = "data.id=87654321000&type=payment".to_owned();
        let signed = mikrelay::sim::gateways::mercadopago_signature(SECRET, "87654321000", "r1", "1704908010");
        let mut headers = vec![("x-signature", signed.as_str()), ("x-request-id", "r1")];
        for (name, value) in ours {
            if in_headers {
                headers.push((name, value));
            } else {
                query.push_str(&format!("&{name}={value}"));
            }
        }
        let reply = shop.world.call(MP, &query, &headers, b"{}").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        shop.world.drain().await;
        assert_sold(&shop, &order).await;
        let name = shop.world.users().remove(0).name;
        assert!(
            name.starts_with("mp") && name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn bad_input_a_revoked_token_fails_the_order_or_waits_for_the_operator() {
    let shop = shop().await;
    shop.gateways.mercadopago.fail_next([Fault::Unauthorized]);
    let refused = shop.place(MP).await;
    assert_eq!(refused.state, State::Failed);
    assert!(refused.reason.unwrap().to_string().contains("revoked"));
    let order = shop.place(MP).await;
    shop.gateways
        .mercadopago
        .fail_next([Fault::Unauthorized, Fault::Unauthorized]);
    decide(&shop, &order, Choice::Pay).await;
    assert_eq!(shop.world.state(&order).await, State::Waiting);
    shop.world.later(SignedDuration::from_secs(10)).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn bad_input_one_centavo_less_or_another_currency_is_held() {
    for shop in [shop().await, shop_of_orders().await] {
        let order = shop.place(MP).await;
        shop.gateways
            .mercadopago
            .claim_amount(order.reference.as_str(), "15.09")
            .unwrap();
        decide(&shop, &order, Choice::Pay).await;
        assert_held(&shop, &order, "paid 15.09").await;
    }
    let shop = shop().await;
    let order = shop.place(MP).await;
    shop.gateways
        .mercadopago
        .claim_currency(order.reference.as_str(), "ARS")
        .unwrap();
    decide(&shop, &order, Choice::Pay).await;
    assert_held(&shop, &order, "currencies differ").await;
}

#[tokio::test]
async fn bad_input_an_order_of_another_account_is_not_believed() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    // A genuine notification of somebody else's payment, and one of ours that names another order.
    notify(&shop, "data.id=4000000004&type=payment").await;
    notify(
        &shop,
        &format!("data.id=4000000004&type=payment&order={}", order.reference),
    )
    .await;
    assert_eq!(shop.world.state(&order).await, State::Waiting);
    let other = shop.place(MP).await;
    decide(&shop, &other, Choice::PaySilently).await;
    notify(
        &shop,
        &format!("data.id=87654321000&type=payment&order={}", order.reference),
    )
    .await;
    assert_eq!(
        shop.world.state(&order).await,
        State::Waiting,
        "the payment is another order's"
    );
    let outcomes = outcomes(&shop).await;
    assert!(
        outcomes[0].contains("does not show its payment to this account"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1..], ["nothing new", "nothing new"]);
    assert_eq!(shop.world.users().len(), 0);
}

#[tokio::test]
async fn bad_input_web_pages_garbage_locks_and_floods_are_asked_again() {
    for fault in [
        Fault::WebPage,
        Fault::Garbage,
        Fault::Locked,
        Fault::Dependency,
        Fault::Flood,
    ] {
        let shop = shop().await;
        let order = shop.place(MP).await;
        shop.gateways.mercadopago.fail_next([fault, fault]);
        decide(&shop, &order, Choice::Pay).await;
        assert_eq!(shop.world.state(&order).await, State::Waiting, "{fault:?}");
        shop.world.later(SignedDuration::from_secs(1)).await;
        assert_eq!(shop.world.state(&order).await, State::Waiting, "{fault:?}");
        shop.world.later(SignedDuration::from_secs(5)).await;
        assert_sold(&shop, &order).await;
    }
}

#[tokio::test]
async fn bad_input_a_gateway_that_wants_rest_is_left_alone_by_webhook_reconciler_and_buyer() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::PaySilently).await;
    sim(&shop).fail_next([Fault::TooManyFor42s]);
    notify(&shop, "data.id=87654321000&type=payment").await;
    let calls = sim(&shop).calls().len();
    for seconds in [1, 18, 20] {
        shop.world.later(SignedDuration::from_secs(seconds)).await;
        assert_eq!(shop.world.state(&order).await, State::Waiting);
    }
    assert_eq!(shop.place(MP).await.state, State::New);
    assert_eq!(sim(&shop).calls().len(), calls);
    shop.world.later(SignedDuration::from_secs(10)).await;
    assert_sold(&shop, &order).await;
}

#[tokio::test]
async fn bad_input_faults_of_a_create_leave_an_order_that_is_found_or_can_be_made_anew() {
    for (fault, words) in [
        (Fault::WebPage, "HTTP 403 with a web page"),
        (Fault::Locked, "an earlier try of this call still runs"),
        (Fault::Flood, "the answer is too long: more than 1024 KiB"),
        (Fault::TooManyFor42s, "wants 42 s of rest"),
        (Fault::ServerError, "HTTP 502"),
    ] {
        let shop = shop().await;
        shop.gateways.mercadopago.fail_next([fault]);
        let order = shop.place(MP).await;
        assert_eq!(order.state, State::New, "{fault:?}: unknown, not failed");
        let reason = order.reason.clone().unwrap().to_string();
        assert!(reason.contains(words), "{fault:?}: {reason}");
        let calls = sim(&shop).calls().len();
        shop.world.later(SignedDuration::from_secs(20)).await;
        assert_eq!(shop.world.state(&order).await, State::New, "{fault:?}");
        if fault == Fault::TooManyFor42s {
            // Neither the reconciler nor the next buyer disturbs the rest; then both are heard.
            let eager = shop.place(MP).await;
            assert_eq!((eager.state, sim(&shop).calls().len()), (State::New, calls));
            shop.world.later(SignedDuration::from_secs(25)).await;
        }
        assert!(sim(&shop).calls().len() > calls, "{fault:?}: asked about");
        let again = shop.place(MP).await;
        decide(&shop, &again, Choice::Pay).await;
        assert_sold(&shop, &again).await;
    }
}

#[tokio::test]
async fn notices_of_other_things_are_stored_and_ignored() {
    let shop = shop().await;
    for query in [
        "data.id=123456&type=test",
        "data.id=1&type=subscription_preapproval",
        "data.id=1&type=mp-connect",
        "type=payment_of_the_future&data.id=1",
    ] {
        notify(&shop, query).await;
    }
    let outcomes = outcomes(&shop).await;
    assert_eq!(outcomes, vec!["nothing about a payment"; 4]);
    // The panel's simulation of a payment: signed, and about nothing.
    notify(&shop, "data.id=123456&type=payment").await;
    for _ in 0..8 {
        shop.world.later(SignedDuration::from_mins(5)).await;
    }
    assert_eq!(
        self::outcomes(&shop).await.last().unwrap(),
        "the gateway does not know this payment"
    );
}

#[tokio::test]
async fn hints_need_the_routers_access_uuid() {
    let shop = shop().await;
    let order = shop.place(MP).await;
    decide(&shop, &order, Choice::PaySilently).await;
    let body = br#"{"resource":"87654321000","topic":"payment"}"#;
    let query = "topic=payment&id=87654321000";
    let reply = shop.world.call(MP, query, &[("x-signature", "ts=1,v1=00")], body).await;
    assert_eq!(reply.status, 401);
    let known = format!("{query}&k={UUID}");
    let reply = shop
        .world
        .call(MP, &known, &[("x-signature", "ts=1,v1=00")], body)
        .await;
    assert_eq!(reply.status, 200);
    settle(&shop).await;
    assert_sold(&shop, &order).await;
}

/// A signed notification with this query; then the relay does what is due.
async fn notify(shop: &Shop, query: &str) {
    let id = query
        .split(['&', '='])
        .skip_while(|part| *part != "data.id")
        .nth(1)
        .unwrap();
    let signature = mikrelay::sim::gateways::mercadopago_signature(SECRET, id, "r1", "1704908010");
    let headers = [("x-signature", signature.as_str()), ("x-request-id", "r1")];
    let reply = shop
        .world
        .call(MP, query, &headers, br#"{"data":{"id":"not read"}}"#)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    shop.world.drain().await;
}

/// What became of the events, oldest first.
async fn outcomes(shop: &Shop) -> Vec<String> {
    let filter = mikrelay::store::EventFilter::default();
    let mut events = shop
        .world
        .relay
        .store()
        .read(move |db| db.events(&filter))
        .await
        .unwrap();
    events.sort_by_key(|event| event.id);
    events
        .into_iter()
        .map(|event| event.outcome.unwrap_or_default())
        .collect()
}

async fn tell(shop: &Shop, order: &Order, word: &str) {
    let status = SimStatus::Word(word.to_owned());
    shop.gateways
        .mercadopago
        .tell(order.reference.as_str(), status)
        .await
        .unwrap();
    shop.world.drain().await;
}

async fn refund(shop: &Shop, order: &Order) -> Result<RefundState, GatewayError> {
    let order = shop.world.order(&order.reference).await;
    refund_of(shop, &order).await
}

async fn refund_of(shop: &Shop, order: &Order) -> Result<RefundState, GatewayError> {
    let directory = shop.world.relay.store().directory();
    let account = &directory.accounts[&AccountId::new("by-mercadopago")];
    let request = RefundRequest {
        order: order.reference.clone(),
        gateway_id: order.gateway_id.clone().unwrap(),
        amount: order.plan.price,
        reason: RefundReason::CannotBeFulfilled,
    };
    let client = mikrelay::http_client::HttpClient::new();
    client.converse(gateway::of(account).refund(account, &request)).await
}

/// The buyer decides on the gateway's page; then the relay does what is due.
async fn decide(shop: &Shop, order: &Order, choice: Choice) {
    shop.gateways
        .mercadopago
        .pay(order.reference.as_str(), choice)
        .await
        .unwrap();
    shop.world.drain().await;
}

/// Presses a button of the hosted page. The page was found by the link the relay keeps.
async fn post(order: &Order, fields: &[(&str, &str)]) -> Reply {
    let link = order.pay_url.as_deref().unwrap();
    let page = text(&call(Method::GET, link, &[], "").await.unwrap());
    let path = page
        .split(r#"action=""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let base = link.split("/checkout/").next().unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    call(Method::POST, &format!("{base}{path}"), &[], form).await.unwrap()
}

fn pay_page(shop: &Shop, order: &Order) -> String {
    sim(shop).pay_page(order.reference.as_str()).unwrap()
}

fn sim(shop: &Shop) -> &SimGateway {
    &shop.gateways.mercadopago
}

/// Waits for the webhooks of a page, and does what is due.
async fn settle(shop: &Shop) {
    sim(shop).idle().await;
    shop.world.drain().await;
}

type Sent = (String, Vec<(String, String)>, Vec<u8>);

fn webhook_of(shop: &Shop, index: usize) -> Sent {
    let sent = sim(shop).webhooks().swap_remove(index);
    (sent.url, sent.headers, sent.body)
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

async fn assert_held(shop: &Shop, order: &Order, why: &str) {
    let held = shop.world.order(&order.reference).await;
    assert_eq!(held.state, State::Held);
    let reason = held.reason.unwrap().to_string();
    assert!(reason.contains(why), "{reason}");
    assert!(shop.world.users().is_empty());
}

async fn assert_sold(shop: &Shop, order: &Order) {
    let history = shop.world.history(order).await;
    assert_eq!(shop.world.state(order).await, State::Delivered, "{history:#?}");
    let users = shop.world.users();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].profile, order.plan.profile);
}
