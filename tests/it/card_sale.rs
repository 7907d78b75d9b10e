//! Sales by card token from the button to the user on the router: what each answer of a gateway comes to, and each
//! defect of the peer that must not be here (facts: pagos-hotspot-api 5 and 9).

use mikrelay::card::{CardRefusal, SaleFault};
use mikrelay::company::GatewayName;
use mikrelay::gateway::PaymentStatus;
use mikrelay::order::State;
use mikrelay::payment::portal::{CardWish, SaleError, Seller, Standing};
use mikrelay::sim::gateways::{Choice, Fault, Quirk, SimStatus};
use mikrelay::sim::router::{CutAt, Misbehaviour};
use mikrelay::voucher::UserMode;

use crate::card_support::{BOTH, Portal, assert_ready, assert_refused};
use crate::support::{IP, MAC};

#[tokio::test]
async fn a_card_buys_a_user_that_was_reserved_before() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        let (user, password) = assert_ready(&sold);
        let users = portal.users();
        assert_eq!(users.len(), 1);
        assert_eq!(
            (users[0].name.as_str(), users[0].password.as_str()),
            (user.as_str(), password.as_str())
        );
        assert!(!users[0].disabled && users[0].profile == "1H" && users[0].limit_uptime_s == 3600);
        assert!(user.len() == 6 && password.len() == 4, "{user}");
        // Made before the card was charged, and asked about after it.
        let calls = portal.gateway(gateway).calls();
        let posts = calls.iter().filter(|call| call.starts_with("POST ")).count();
        assert_eq!(posts, 1, "{calls:?}");
        assert!(
            calls
                .iter()
                .any(|call| call.starts_with("GET ") && !call.contains("search")),
            "{calls:?}"
        );
        let history = portal.world().history(&sold.order).await;
        let at = |words: &str| history.iter().position(|line| line.contains(words)).unwrap();
        assert!(at("a user is reserved") < at("paid: the money fits"), "{history:#?}");
        // The buyer and the operator are told.
        assert_eq!(portal.world().mailbox.messages().len(), 2);
        assert_eq!(
            portal.world().jobs().await,
            1,
            "only the question that finds it paid is left"
        );
    }
}

#[tokio::test]
async fn a_pin_has_six_digits_and_no_password() {
    let portal = Portal::open().await;
    let wish = CardWish {
        mode: UserMode::Pin,
        ..portal.wish(GatewayName::Conekta, "tok_ok")
    };
    let (user, password) = assert_ready(&portal.sell(wish).await.unwrap());
    assert!(user.len() == 6 && user.bytes().all(|c| c.is_ascii_digit()) && password.is_empty());
    assert_eq!(portal.users()[0].name, user);
}

#[tokio::test]
async fn what_the_gateway_is_told_is_our_price_and_the_buyers_own_data() {
    let portal = Portal::open().await;
    let wish = CardWish {
        amount: Some("15.09".to_owned()),
        identification: Some(("CURP".to_owned(), "VERR800101MDFXXX01".to_owned())),
        issuer: Some("310".to_owned()),
        installments: 3,
        device: Some("armor.0123abc".to_owned()),
        ip: Some("10.5.50.7".to_owned()),
        phone: Some("66 00 00 00".to_owned()),
        ..portal.wish(GatewayName::Mercadopago, "tok_ok")
    };
    let sold = portal.sell(wish).await.unwrap();
    assert_ready(&sold);
    let asked = portal
        .gateway(GatewayName::Mercadopago)
        .asked(sold.order.reference.as_str())
        .unwrap();
    assert_eq!(asked["transaction_amount"].to_string(), "15.1");
    assert_eq!(asked["payer"]["identification"]["number"], "VERR800101MDFXXX01");
    assert_eq!(asked["payer"]["first_name"], "Rosa");
    assert_eq!(asked["payer"]["last_name"], "Vega");
    assert_eq!(
        (&asked["issuer_id"], &asked["installments"]),
        (&"310".into(), &3.into())
    );
    assert_eq!(asked["device"], "armor.0123abc");
    assert_eq!(asked["statement_descriptor"], "CAFE DU PORT");
    assert_eq!(asked["external_reference"], sold.order.reference.as_str());
    assert!(
        asked["notification_url"]
            .as_str()
            .unwrap()
            .contains("/pay_callback/mercadopago/hotspot1?")
    );
    assert!(
        asked["additional_info"].get("ip_address").is_none(),
        "an inner address says nothing"
    );
    assert_eq!(sold.card.installments, Some(3));
    assert_eq!(sold.card.last_four.as_deref(), Some("3764"));
}

#[tokio::test]
async fn a_refused_card_costs_nothing_and_leaves_nothing() {
    for gateway in BOTH {
        for (token, refusal) in [
            ("tok_declined", CardRefusal::Declined),
            ("tok_insufficient_funds", CardRefusal::InsufficientFunds),
            ("tok_fraud", CardRefusal::SuspectedFraud),
            ("tok_invalid", CardRefusal::TokenInvalid),
        ] {
            let portal = Portal::open().await;
            let sold = portal.sell(portal.wish(gateway, token)).await.unwrap();
            assert_refused(&sold, refusal);
            portal.world().drain().await;
            assert!(portal.users().is_empty(), "{token}");
            assert_eq!(portal.only_order().await.state, State::Failed);
        }
    }
}

/// P1: whatever else than a refusal goes wrong, no working user stays.
#[tokio::test]
async fn p1_no_failure_of_the_gateway_leaves_a_working_user() {
    for gateway in BOTH {
        for fault in [
            Fault::ServerError,
            Fault::WebPage,
            Fault::TooMany,
            Fault::Unauthorized,
            Fault::Garbage,
            Fault::Flood,
        ] {
            let portal = Portal::open().await;
            portal.gateway(gateway).fail_next([fault]);
            let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
            assert!(sold.credentials.is_none(), "{fault:?}");
            let expected = match fault {
                Fault::TooMany => matches!(sold.standing, Standing::Fault(SaleFault::TooOften { .. })),
                Fault::Unauthorized => sold.standing == Standing::Fault(SaleFault::Account),
                _ => sold.standing == Standing::Unknown,
            };
            assert!(expected, "{fault:?}: {:?}", sold.standing);
            portal.assert_no_access().await;
            portal.minutes(30).await;
            assert!(portal.users().is_empty(), "{fault:?}");
            assert_eq!(portal.only_order().await.state, State::Failed);
        }
    }
}

/// P2, P3: nothing that a client sends keeps a charge from being recorded.
#[tokio::test]
async fn p2_and_p3_a_charge_leaves_a_record_whatever_was_sent() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let wish = CardWish {
            phone: Some("+52 1 55 1234 5678 ext. 99887766554433".to_owned()),
            name: "Ñ<b>\n\"; DROP TABLE orders; --".repeat(200),
            email: format!("{}@example.com", "r".repeat(60)),
            mac: Some("not a mac; :delay 1".to_owned()),
            ip: Some("999.1.1.1".to_owned()),
            auto_connect: true,
            device: Some("x\r\ny".to_owned()),
            ..portal.wish(gateway, "tok_ok")
        };
        let sold = portal.sell(wish).await.unwrap();
        assert_ready(&sold);
        assert!(!sold.access.online && !sold.access.has_device);
        assert_eq!(portal.only_order().await.state, State::Delivered);
        assert_eq!(portal.charges(gateway), 1);
        let asked = portal.gateway(gateway).asked(sold.order.reference.as_str()).unwrap();
        assert!(asked.get("device").is_none(), "no header is made of this");
    }
}

/// P4: the way back is walked as often as it takes, and never twice with harm.
#[tokio::test]
async fn p4_a_rollback_survives_a_dead_router_and_is_done_once() {
    let portal = Portal::open().await;
    let gateway = GatewayName::Conekta;
    portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
    let (relay, seller, wish) = (
        portal.world().relay.clone(),
        portal.seller(),
        portal.wish(gateway, "tok_declined"),
    );
    // No job runs until the router is dead.
    let sold = relay.sell(&seller, wish).await.unwrap();
    assert_refused(&sold, CardRefusal::Declined);
    assert_eq!(portal.users().len(), 1, "still there");
    portal.assert_no_access().await;
    portal
        .world()
        .router
        .misbehave(Some(Misbehaviour::Fatal("no".to_owned())));
    portal.world().drain().await;
    assert_eq!(portal.users().len(), 1);
    portal.world().router.misbehave(None);
    portal.world().router.clear_commands();
    portal.minutes(10).await;
    assert!(portal.users().is_empty());
    let commands = portal.world().router.commands();
    let removals = commands
        .iter()
        .filter(|command| command.contains("/user/remove"))
        .count();
    assert_eq!(removals, 1, "{commands:?}");
}

/// P5: see also `gateway::conekta::charge`.
#[tokio::test]
async fn p5_centavos_are_not_truncated() {
    let portal = Portal::open().await;
    let sold = portal.sell(portal.wish(GatewayName::Conekta, "tok_ok")).await.unwrap();
    assert_ready(&sold);
    let asked = portal
        .gateway(GatewayName::Conekta)
        .asked(sold.order.reference.as_str())
        .unwrap();
    assert_eq!(asked["line_items"][0]["unit_price"], 1999);
}

/// P7: an answer that was lost is unknown; the money counts, and nobody pays twice.
#[tokio::test]
async fn p7_a_lost_answer_is_looked_up_and_the_sale_goes_through() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
        let sold = portal.sell(portal.wish(gateway, "tok_lost")).await.unwrap();
        assert_ready(&sold);
        assert_eq!(portal.charges(gateway), 1);
        let portal = Portal::open().await;
        portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
        let sold = portal.sell(portal.wish(gateway, "tok_lost_declined")).await.unwrap();
        assert_refused(&sold, CardRefusal::Declined);
        portal.world().drain().await;
        assert!(portal.users().is_empty());
    }
}

#[tokio::test]
async fn p7_a_gateway_that_stays_silent_is_asked_until_it_answers() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
        // The charge takes effect; then nothing is answered for a while.
        let faults = std::iter::once(Fault::HangUpAfterAccepting).chain([Fault::ServerError; 4]);
        portal.gateway(gateway).fail_next(faults);
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        assert_eq!(sold.standing, Standing::Unknown);
        portal.assert_no_access().await;
        portal.minutes(3).await;
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        assert_ready(&sold);
        assert_eq!(portal.charges(gateway), 1);
        assert_eq!(portal.users().len(), 1);
    }
}

/// P8, P13: nothing is given before the money is here; then it delivers by itself.
#[tokio::test]
async fn p8_and_p13_a_pending_payment_gives_nothing_until_it_is_approved() {
    for (gateway, token, refusal) in [
        (GatewayName::Mercadopago, "tok_pending", CardRefusal::Pending),
        (GatewayName::Mercadopago, "tok_in_process", CardRefusal::InReview),
        (GatewayName::Mercadopago, "tok_authorized", CardRefusal::Authorized),
        (GatewayName::Mercadopago, "tok_challenge", CardRefusal::Pending),
        (GatewayName::Conekta, "tok_pending", CardRefusal::Pending),
        (GatewayName::Conekta, "tok_challenge", CardRefusal::Pending),
        (GatewayName::Conekta, "tok_authorized", CardRefusal::Authorized),
    ] {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, token)).await.unwrap();
        match gateway {
            GatewayName::Mercadopago => assert_eq!(sold.standing, Standing::Pending, "{token}"),
            _ => assert_refused(&sold, refusal),
        }
        assert_eq!(sold.card.refusal, Some(refusal));
        assert!(sold.credentials.is_none());
        portal.minutes(2).await;
        assert_eq!(portal.users().len(), 1);
        portal.assert_no_access().await;
        portal.tell(gateway, &sold.order, SimStatus::Paid).await;
        let again = portal.sell(portal.wish(gateway, token)).await.unwrap();
        let (user, _) = assert_ready(&again);
        assert_eq!(again.card.refusal, None);
        assert_eq!(portal.users().len(), 1);
        assert_eq!(
            (portal.users()[0].name.as_str(), portal.users()[0].disabled),
            (user.as_str(), false)
        );
        assert_eq!(portal.charges(gateway), 1);
    }
}

#[tokio::test]
async fn p8_a_pending_payment_that_is_rejected_takes_its_user_along_and_late_money_makes_it_anew() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap();
        portal.tell(gateway, &sold.order, SimStatus::Declined).await;
        assert_eq!(portal.world().state(&sold.order).await, State::Failed);
        assert!(portal.users().is_empty());
        // The bank has changed its mind.
        portal.tell(gateway, &sold.order, SimStatus::Paid).await;
        assert_eq!(portal.world().state(&sold.order).await, State::Delivered);
        assert_eq!(portal.users().len(), 1);
        assert!(!portal.users()[0].disabled);
    }
}

/// P8: a refund takes the access away.
#[tokio::test]
async fn p8_a_refund_ends_the_access() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        portal.tell(gateway, &sold.order, SimStatus::Refunded).await;
        assert_eq!(portal.world().state(&sold.order).await, State::Refunded);
        portal.assert_no_access().await;
        let again = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        assert_refused(&again, CardRefusal::Refunded);
    }
}

/// P9, and who may sell at all.
#[tokio::test]
async fn p9_only_what_is_on_sale_on_this_router_is_sold() {
    let portal = Portal::open().await;
    let wish = portal.wish(GatewayName::Conekta, "tok_ok");
    let other_router = Seller {
        router: mikrelay::ids::RouterId::new("r2"),
        ..portal.seller()
    };
    let other_company = Seller {
        company: mikrelay::ids::CompanyId::new("plaza"),
        ..portal.seller()
    };
    let relay = &portal.world().relay;
    for seller in [other_router, other_company] {
        assert!(matches!(
            relay.sell(&seller, wish.clone()).await,
            Err(SaleError::NoProduct)
        ));
    }
    for product in [-1, 999_999, i64::MAX, i64::MIN] {
        let unknown = CardWish {
            product,
            ..wish.clone()
        };
        assert!(
            matches!(portal.sell(unknown).await, Err(SaleError::NoProduct)),
            "{product}"
        );
    }
    let empty = CardWish {
        token: " ".to_owned().into(),
        ..wish
    };
    assert!(matches!(portal.sell(empty).await, Err(SaleError::NoToken)));
    assert!(portal.orders().await.is_empty() && portal.users().is_empty());
    assert_eq!(portal.charges(GatewayName::Conekta), 0);
}

/// P10: see also `payment::portal::product`.
#[tokio::test]
async fn p10_another_amount_than_the_price_is_refused_before_anything_is_done() {
    let portal = Portal::open().await;
    for amount in ["15.08", "15.12", "0.01", "-15.10", "NaN", "1e1"] {
        let wish = CardWish {
            amount: Some(amount.to_owned()),
            ..portal.wish(GatewayName::Mercadopago, "tok_ok")
        };
        let refused = portal.sell(wish).await;
        assert!(matches!(refused, Err(SaleError::Amount { .. })), "{amount}");
    }
    assert!(portal.orders().await.is_empty() && portal.users().is_empty());
}

/// P11: what the router says it did is not what it has.
#[tokio::test]
async fn p11_a_user_that_is_not_there_after_it_was_added_is_not_charged_for() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        portal.world().router.set_hollow_adds(true);
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        assert_eq!(sold.standing, Standing::Fault(SaleFault::Router));
        assert_eq!(portal.charges(gateway), 0);
        // The token was not spent, and is good for the next try.
        portal.world().router.set_hollow_adds(false);
        assert_ready(&portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap());
    }
}

#[tokio::test]
async fn a_router_that_refuses_or_is_dead_costs_the_buyer_nothing() {
    let gateway = GatewayName::Conekta;
    let portal = Portal::open().await;
    portal.world().router.remove_profile("1H");
    let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
    assert_eq!(sold.standing, Standing::Fault(SaleFault::Router));
    portal.world().router.add_profile("1H");
    portal
        .world()
        .router
        .misbehave(Some(Misbehaviour::Fatal("busy".to_owned())));
    let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
    assert_eq!(sold.standing, Standing::Fault(SaleFault::Router));
    assert_eq!(portal.charges(gateway), 0);
    portal.world().router.misbehave(None);
    assert_ready(&portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap());
    assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_of_the_router_that_is_lost_makes_one_user() {
    for at in [CutAt::AfterExecuting, CutAt::BeforeExecuting] {
        let portal = Portal::open().await;
        portal.world().router.cut_at_add(1, at);
        assert_ready(&portal.sell(portal.wish(GatewayName::Conekta, "tok_ok")).await.unwrap());
        assert_eq!(portal.users().len(), 1, "{at:?}");
    }
}

/// P12: a name that is taken is drawn anew.
#[tokio::test]
async fn p12_a_name_that_is_taken_is_drawn_anew() {
    let portal = Portal::open().await;
    let gateway = GatewayName::Conekta;
    let relay = portal.world().relay.clone();
    // Somebody else takes the very name between the drawing and the adding.
    portal
        .world()
        .router
        .set_delay(Some(std::time::Duration::from_millis(150)));
    let (seller, wish) = (portal.seller(), portal.wish(gateway, "tok_ok"));
    let sale = tokio::spawn(async move { relay.sell(&seller, wish).await });
    let name = loop {
        if let Some(order) = portal.orders().await.first() {
            use secrecy::ExposeSecret;
            break order.voucher.clone().unwrap().username.expose_secret().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    };
    portal
        .world()
        .router
        .add_user("hotspot1", &name, "theirs", b"somebody else");
    while !sale.is_finished() {
        portal.world().drain().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let (user, _) = assert_ready(&sale.await.unwrap().unwrap());
    assert_ne!(user, name);
    assert_eq!(portal.users().len(), 2);
    assert_eq!(portal.world().router.user(&name).unwrap().password, "theirs");
}

/// 5.6: every way a login can go.
#[tokio::test]
async fn the_phone_is_logged_in_if_that_is_wished_and_can_be() {
    let gateway = GatewayName::Conekta;
    let portal = Portal::open().await;
    let sold = portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap();
    let (user, _) = assert_ready(&sold);
    assert!(sold.access.wished && sold.access.online);
    let bound = portal.world().router.property("/ip/hotspot/user", &user, "mac-address");
    assert_eq!(bound.as_deref(), Some(MAC.as_bytes()), "the user is kept to the phone");
    assert_eq!(
        (sold.access.mac.as_deref(), sold.access.ip.as_deref()),
        (Some(MAC), Some(IP))
    );
    let session = sold.access.session_id.unwrap();
    assert_eq!(session, portal.world().router.active()[0].id);
    assert!(portal.world().router.is_online(MAC));
    // The device was not there, or is not known, or nobody asked for it.
    for (mac, wished) in [
        (Some("AA:BB:CC:DD:EE:99"), true),
        (None, true),
        (Some("nonsense"), true),
        (Some(MAC), false),
    ] {
        let portal = Portal::open().await;
        let wish = CardWish {
            mac: mac.map(str::to_owned),
            auto_connect: wished,
            ip: None,
            ..portal.wish(gateway, "tok_ok")
        };
        let sold = portal.sell(wish).await.unwrap();
        assert_ready(&sold);
        assert!(!sold.access.online && sold.access.session_id.is_none(), "{mac:?}");
        assert!(portal.world().router.active().is_empty());
    }
}

#[tokio::test]
async fn money_that_does_not_fit_gives_nothing_and_is_shown_to_the_operator() {
    let portal = Portal::open().await;
    let gateway = GatewayName::Mercadopago;
    let sold = portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap();
    portal
        .gateway(gateway)
        .claim_amount(sold.order.reference.as_str(), "1.00")
        .unwrap();
    portal.tell(gateway, &sold.order, SimStatus::Paid).await;
    assert_eq!(portal.world().state(&sold.order).await, State::Held);
    portal.assert_no_access().await;
    let again = portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap();
    assert_eq!(again.standing, Standing::Pending);
    assert!(again.credentials.is_none());
}

#[tokio::test]
async fn a_paid_sale_whose_router_died_meanwhile_tells_its_credentials_and_delivers_later() {
    let portal = Portal::open().await;
    let gateway = GatewayName::Mercadopago;
    let sold = portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap();
    portal
        .world()
        .router
        .misbehave(Some(Misbehaviour::Fatal("no".to_owned())));
    portal.tell(gateway, &sold.order, SimStatus::Paid).await;
    let state = portal.world().state(&sold.order).await;
    assert_eq!(state, State::Paid);
    portal.world().router.misbehave(None);
    portal.minutes(10).await;
    assert_ready(&portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap());
}

/// P16 to P18 are the inbox's: an event is one however often it comes, it waits for its order, and its id may be a
/// number.
#[tokio::test]
async fn p16_an_event_that_comes_again_changes_nothing() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        for _ in 0..3 {
            portal.tell(gateway, &sold.order, SimStatus::Paid).await;
        }
        assert_eq!(portal.users().len(), 1);
        assert_eq!(portal.world().mailbox.messages().len(), 2);
        assert_eq!(portal.world().state(&sold.order).await, State::Delivered);
    }
}

#[tokio::test]
async fn what_a_gateway_says_of_a_payment_is_told_of_this_companys_only() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let sold = portal.sell(portal.wish(gateway, "tok_pending")).await.unwrap();
        let id = portal.world().order(&sold.order.reference).await.gateway_id.unwrap();
        let cafe = portal.seller().company;
        let told = portal.world().relay.payment_told(&cafe, &id).await.unwrap().unwrap();
        assert_eq!((told.gateway, told.amount), (gateway, sold.order.plan.price));
        assert_eq!(told.card.refusal, Some(CardRefusal::Pending));
        // Asking is hearing: the sale goes on without any webhook.
        portal
            .gateway(gateway)
            .set_status(sold.order.reference.as_str(), SimStatus::Paid)
            .unwrap();
        let told = portal.world().relay.payment_told(&cafe, &id).await.unwrap().unwrap();
        assert_eq!(told.card.refusal, None);
        portal.world().drain().await;
        assert_eq!(portal.world().state(&sold.order).await, State::Delivered);
        let plaza = mikrelay::ids::CompanyId::new("plaza");
        assert!(portal.world().relay.payment_told(&plaza, &id).await.unwrap().is_none());
        assert!(
            portal
                .world()
                .relay
                .payment_told(&cafe, "12345")
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn an_account_that_uses_orders_sells_by_card_all_the_same() {
    let portal = Portal::edited(|site| site.replace("checkout = \"preferences\"", "checkout = \"orders\"")).await;
    let gateway = GatewayName::Mercadopago;
    portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
    assert_ready(&portal.sell(portal.wish(gateway, "tok_lost")).await.unwrap());
    assert_eq!(portal.charges(gateway), 1);
}

#[tokio::test]
async fn a_second_payment_for_a_sale_gives_no_second_user() {
    let portal = Portal::open().await;
    let gateway = GatewayName::Mercadopago;
    let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
    portal
        .gateway(gateway)
        .pay(sold.order.reference.as_str(), Choice::Pay)
        .await
        .unwrap();
    portal.world().drain().await;
    assert_eq!(portal.users().len(), 1);
    let history = portal.world().history(&sold.order).await;
    assert!(
        history
            .iter()
            .any(|line| line.contains("second") || line.contains("twice")),
        "{history:#?}"
    );
    assert_ne!(PaymentStatus::Paid, PaymentStatus::Pending);
}
