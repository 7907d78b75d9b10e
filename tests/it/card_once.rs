//! Whatever a client repeats, and whenever the process dies: one charge, one user, one answer.

use mikrelay::card::{CardRefusal, SaleFault};
use mikrelay::company::GatewayName;
use mikrelay::order::State;
use mikrelay::payment::portal::{CardWish, SaleError, Sold, Standing};
use mikrelay::sim::gateways::{Fault, Quirk, SimStatus};

use crate::card_support::{BOTH, Portal, assert_ready, assert_refused};
use crate::support::MAC;

/// Everything an answer is made of.
fn answer(sold: &Sold) -> String {
    format!(
        "{} {:?} {:?} {:?} {:?} {} {:?}",
        sold.order.reference, sold.standing, sold.card, sold.credentials, sold.access, sold.at, sold.order.gateway_id
    )
}

async fn all_at_once(portal: &Portal, wishes: Vec<CardWish>) -> Vec<Result<Sold, SaleError>> {
    let mut running = Vec::new();
    for wish in wishes {
        let (relay, seller) = (portal.world().relay.clone(), portal.seller());
        running.push(tokio::spawn(async move { relay.sell(&seller, wish).await }));
    }
    while !running.iter().all(tokio::task::JoinHandle::is_finished) {
        portal.world().drain().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.unwrap());
    }
    answers
}

/// P6, and the issue's own measure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_fifty_identical_requests_at_once_are_one_charge_one_user_and_one_answer() {
    for gateway in BOTH {
        for token in ["tok_ok", "tok_declined", "tok_pending", "tok_lost"] {
            let portal = Portal::open().await;
            let wish = portal.phone_wish(gateway, token);
            let answers = all_at_once(&portal, vec![wish; 50]).await;
            let answers: Vec<_> = answers.iter().map(|sold| answer(sold.as_ref().unwrap())).collect();
            assert_eq!(answers.len(), 50);
            assert!(answers.iter().all(|one| *one == answers[0]), "{token}: {answers:#?}");
            assert_eq!(portal.charges(gateway), 1, "{token}");
            assert_eq!(portal.orders().await.len(), 1);
            portal.world().drain().await;
            assert_eq!(portal.users().len(), usize::from(token != "tok_declined"), "{token}");
        }
    }
}

#[tokio::test]
async fn p6_a_repeated_request_gets_the_first_answer_for_ever() {
    for gateway in BOTH {
        for token in ["tok_ok", "tok_declined"] {
            let portal = Portal::open().await;
            let first = answer(&portal.sell(portal.phone_wish(gateway, token)).await.unwrap());
            for minutes in [0, 1, 60] {
                portal.minutes(minutes).await;
                let again = portal.sell(portal.phone_wish(gateway, token)).await.unwrap();
                assert_eq!(answer(&again), first);
            }
            assert_eq!(portal.charges(gateway), 1);
        }
    }
}

#[tokio::test]
async fn p6_a_second_tap_with_another_token_is_the_same_purchase() {
    let gateway = GatewayName::Conekta;
    let portal = Portal::open().await;
    let tap = |n: u32| portal.phone_wish(gateway, &format!("tok_ok-{n}"));
    let answers = all_at_once(&portal, (0..20).map(tap).collect()).await;
    let answers: Vec<_> = answers.iter().map(|sold| answer(sold.as_ref().unwrap())).collect();
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:#?}");
    assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
    // A minute later the token of a second tap still means that purchase, and a new token a new one.
    portal.minutes(2).await;
    let late = portal.sell(tap(7)).await.unwrap();
    assert_eq!(answer(&late), answers[0]);
    let new = portal.sell(portal.phone_wish(gateway, "tok_ok-new")).await.unwrap();
    assert_ready(&new);
    assert_eq!((portal.charges(gateway), portal.users().len()), (2, 2));
}

#[tokio::test]
async fn p7_another_token_after_a_lost_answer_is_not_another_charge() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
        portal
            .gateway(gateway)
            .fail_next([Fault::Spared].into_iter().chain([Fault::ServerError; 10]));
        let sold = portal.sell(portal.phone_wish(gateway, "tok_lost")).await.unwrap();
        assert_eq!(sold.standing, Standing::Unknown);
        // Three minutes later the buyer types his card again.
        portal.world().clock.advance_ms(180_000);
        let again = portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap();
        assert_eq!(again.order.reference, sold.order.reference);
        portal.gateway(gateway).fail_no_more();
        portal.minutes(8).await;
        assert_ready(&portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap());
        assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_neighbour_or_another_mail_address_is_another_buyer() {
    let gateway = GatewayName::Conekta;
    let portal = Portal::open().await;
    let wish = |token: &str, mac: Option<&str>, email: &str| CardWish {
        mac: mac.map(str::to_owned),
        email: email.to_owned(),
        ..portal.wish(gateway, token)
    };
    for (at, (mac, email)) in [
        (Some(MAC), "rosa@example.com"),
        (Some("AA:BB:CC:DD:EE:02"), "rosa@example.com"),
        (Some(MAC), "luis@example.com"),
        (None, "rosa@example.com"),
        (None, "rosa@example.com"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_ready(&portal.sell(wish(&format!("tok_ok-{at}"), mac, email)).await.unwrap());
    }
    assert_eq!(portal.charges(gateway), 5);
    // Written another way it is the same device.
    let same = portal
        .sell(wish("tok_ok-9", Some("aa-bb-cc-dd-ee-01"), "ROSA@example.com"))
        .await
        .unwrap();
    assert_ready(&same);
    assert_eq!(portal.charges(gateway), 5);
}

#[tokio::test]
async fn another_card_after_a_refused_one_is_charged_at_once() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let refused = portal.sell(portal.phone_wish(gateway, "tok_declined")).await.unwrap();
        assert_refused(&refused, CardRefusal::Declined);
        assert_ready(&portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap());
        portal.world().drain().await;
        assert_eq!(portal.users().len(), 1);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_stronger_than_a_token() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        let wish = |token: &str, key: &str| CardWish {
            idempotency_key: Some(key.to_owned()),
            ..portal.phone_wish(gateway, token)
        };
        let first = answer(&portal.sell(wish("tok_ok-1", "a")).await.unwrap());
        assert_eq!(answer(&portal.sell(wish("tok_ok-2", "a")).await.unwrap()), first);
        // Who names his purchases is believed: a second one within the minute is a second one.
        assert_ne!(answer(&portal.sell(wish("tok_ok-3", "b")).await.unwrap()), first);
        assert_eq!(portal.charges(gateway), 2);
        // The token of the first purchase under another key is still the first purchase.
        assert_eq!(answer(&portal.sell(wish("tok_ok-1", "c")).await.unwrap()), first);
        // And so is that key from then on, whatever token comes with it.
        assert_eq!(answer(&portal.sell(wish("tok_ok-4", "c")).await.unwrap()), first);
        assert_eq!(portal.charges(gateway), 2);
        // A key that another buyer's portal made as well opens nobody's code.
        let mut stranger = wish("tok_ok-5", "a");
        stranger.email = "somebody@example.org".to_owned();
        assert!(matches!(portal.sell(stranger).await, Err(SaleError::KeyReused)));
    }
    let portal = Portal::open().await;
    let keyed = |gateway, token: &str| CardWish {
        idempotency_key: Some("a".to_owned()),
        ..portal.wish(gateway, token)
    };
    assert_ready(&portal.sell(keyed(GatewayName::Conekta, "tok_ok")).await.unwrap());
    let other = portal.sell(keyed(GatewayName::Mercadopago, "tok_ok-2")).await;
    assert!(matches!(other, Err(SaleError::KeyReused)));
    let other = portal.sell(portal.wish(GatewayName::Mercadopago, "tok_ok")).await;
    assert!(matches!(other, Err(SaleError::TokenReused)));
}

/// The process dies between any two steps; the buyer asks again, or does not.
#[tokio::test]
async fn a_process_that_dies_before_the_charge_charges_only_who_asks_again() {
    for gateway in BOTH {
        for asks_again in [true, false] {
            let mut portal = Portal::open().await;
            // The router hears of the user and is then silent for ever: the process dies there.
            portal
                .world()
                .router
                .set_delay(Some(std::time::Duration::from_secs(60)));
            let (relay, seller, wish) = (
                portal.world().relay.clone(),
                portal.seller(),
                portal.wish(gateway, "tok_ok"),
            );
            let sale = tokio::spawn(async move { relay.sell(&seller, wish).await });
            while portal.orders().await.is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            sale.abort();
            // What the request began goes on without it, until its process is gone.
            portal.shop.world = portal.shop.world.restart().await;
            portal.world().router.set_delay(None);
            if asks_again {
                assert_ready(&portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap());
                assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
            } else {
                portal.minutes(10).await;
                assert_eq!(portal.only_order().await.state, State::Failed);
                assert_eq!((portal.charges(gateway), portal.users().len()), (0, 0));
                assert_ready(&portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_after_the_charge_loses_no_sale() {
    for gateway in BOTH {
        for (token, told) in [
            ("tok_ok", true),
            ("tok_ok", false),
            ("tok_lost", false),
            ("tok_pending", true),
        ] {
            let mut portal = Portal::open().await;
            portal.gateway(gateway).set_quirk(Quirk::SilentCharges, !told);
            // The gateway takes the charge; from then on nothing runs.
            portal
                .gateway(gateway)
                .fail_next([Fault::Spared, Fault::ServerError, Fault::ServerError]);
            let (relay, seller, wish) = (
                portal.world().relay.clone(),
                portal.seller(),
                portal.wish(gateway, token),
            );
            let sale = tokio::spawn(async move { relay.sell(&seller, wish).await });
            while portal.charges(gateway) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            sale.abort();
            portal.shop.world = portal.shop.world.restart().await;
            if token == "tok_pending" {
                let order = portal.only_order().await;
                portal
                    .gateway(gateway)
                    .set_status(order.reference.as_str(), SimStatus::Paid)
                    .unwrap();
            }
            portal.minutes(15).await;
            assert_eq!(portal.only_order().await.state, State::Delivered, "{token} {told}");
            assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
            assert!(!portal.users()[0].disabled);
            // Whoever asks again gets his credentials.
            let (user, _) = assert_ready(&portal.sell(portal.wish(gateway, token)).await.unwrap());
            assert_eq!(portal.users()[0].name, user);
        }
    }
}

#[tokio::test]
async fn a_charge_that_never_reached_the_gateway_is_made_when_the_buyer_asks_again() {
    for gateway in BOTH {
        let portal = Portal::open().await;
        portal.gateway(gateway).fail_next([Fault::ServerError]);
        let sold = portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap();
        assert_eq!((sold.standing, portal.charges(gateway)), (Standing::Unknown, 0));
        portal.minutes(2).await;
        assert_ready(&portal.sell(portal.wish(gateway, "tok_ok")).await.unwrap());
        assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_token_that_was_spent_by_a_lost_charge_is_no_refusal() {
    // Conekta's lists are behind: the charge is not found, and a second one says that its token was used.
    let gateway = GatewayName::Conekta;
    let portal = Portal::open().await;
    portal.gateway(gateway).set_quirk(Quirk::SilentCharges, true);
    portal.gateway(gateway).set_quirk(Quirk::ListsAreBehind, true);
    for minutes in [0, 2, 2] {
        portal.minutes(minutes).await;
        let sold = portal.sell(portal.wish(gateway, "tok_lost")).await.unwrap();
        assert_eq!(sold.standing, Standing::Unknown);
        assert_eq!(portal.world().state(&sold.order).await, State::New);
        portal.assert_no_access().await;
    }
    let calls = portal.gateway(gateway).calls();
    let charges = calls.iter().filter(|call| *call == "POST /orders").count();
    assert!(charges > 1, "it was tried again, and the token was spent: {calls:?}");
    portal.gateway(gateway).set_quirk(Quirk::ListsAreBehind, false);
    portal.minutes(3).await;
    assert_ready(&portal.sell(portal.wish(gateway, "tok_lost")).await.unwrap());
    assert_eq!((portal.charges(gateway), portal.users().len()), (1, 1));
}

#[tokio::test]
async fn a_sale_that_nobody_charged_frees_its_token_and_says_so() {
    let gateway = GatewayName::Mercadopago;
    let portal = Portal::open().await;
    portal.gateway(gateway).fail_next([Fault::TooManyFor42s]);
    let sold = portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap();
    assert_eq!(sold.standing, Standing::Fault(SaleFault::TooOften { after_s: 42 }));
    // Nobody disturbs it meanwhile.
    let early = portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap();
    assert!(matches!(early.standing, Standing::Fault(SaleFault::TooOften { .. })));
    portal.world().clock.advance_ms(45_000);
    assert_ready(&portal.sell(portal.phone_wish(gateway, "tok_ok")).await.unwrap());
    assert_eq!(portal.charges(gateway), 1);
}

/// Random lives of one card: whatever comes, in whatever order and however often, the card is charged once at most,
/// and there is a working user exactly if the money is here.
#[tokio::test]
async fn no_order_of_events_charges_twice_or_gives_away_or_loses_anything() {
    for seed in 0..LIVES {
        live(seed).await;
    }
}

async fn live(seed: u64) {
    use rand::{RngExt, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let gateway = BOTH[random.random_range(0..2)];
    let token = [
        "tok_ok",
        "tok_declined",
        "tok_pending",
        "tok_in_process",
        "tok_lost",
        "tok_lost_declined",
    ][random.random_range(0..6)];
    let mut portal = Portal::open().await;
    portal
        .gateway(gateway)
        .set_quirk(Quirk::SilentCharges, random.random_bool(0.5));
    let mut lived = vec![format!("{gateway:?} {token}")];
    let mut is_paid = false;
    for _ in 0..random.random_range(3..9) {
        let act = random.random_range(0..7);
        lived.push(act.to_string());
        match act {
            0 | 1 => {
                let faults = [
                    Fault::ServerError,
                    Fault::HangUpAfterAccepting,
                    Fault::Spared,
                    Fault::TooMany,
                ];
                let count = random.random_range(0..3);
                portal
                    .gateway(gateway)
                    .fail_next((0..count).map(|_| faults[random.random_range(0..4)]));
                drop(portal.sell(portal.phone_wish(gateway, token)).await);
            }
            2 => portal.minutes(random.random_range(1..20)).await,
            3 => portal.shop.world = portal.shop.world.restart().await,
            4 => {
                for order in portal.gateway(gateway).orders() {
                    // Whatever it says now, once more.
                    let told = portal
                        .orders()
                        .await
                        .into_iter()
                        .find(|known| known.reference.as_str() == order);
                    if let Some(id) = told.and_then(|order| order.gateway_id) {
                        drop(portal.world().relay.payment_told(&portal.seller().company, &id).await);
                    }
                }
            }
            5 if token.contains("p") => {
                // A bank may change its mind to the better; the worse is a chargeback, and another story.
                is_paid |= random.random_bool(0.5);
                let status = if is_paid { SimStatus::Paid } else { SimStatus::Declined };
                for order in portal.gateway(gateway).orders() {
                    drop(portal.gateway(gateway).tell(&order, status.clone()).await);
                }
            }
            _ => portal.world().drain().await,
        }
    }
    // The gateway answers again, and time passes.
    portal.gateway(gateway).fail_no_more();
    portal.minutes(8).await;
    drop(portal.sell(portal.phone_wish(gateway, token)).await);
    portal.minutes(240).await;
    let orders = portal.orders().await;
    let delivered = orders.iter().filter(|order| order.state == State::Delivered).count();
    let working = portal.users().iter().filter(|user| !user.disabled).count();
    assert!(portal.charges(gateway) <= 1, "seed {seed}: {lived:?}");
    assert_eq!(working, delivered, "seed {seed}: {lived:?}");
    let reference = portal.gateway(gateway).orders().pop();
    let paid = match &reference {
        Some(reference) => {
            let id = portal.gateway(gateway).ids(reference).pop().unwrap();
            let told = portal
                .world()
                .relay
                .payment_told(&portal.seller().company, &id)
                .await
                .unwrap();
            told.is_some_and(|told| told.card.refusal.is_none())
        }
        None => false,
    };
    portal.world().drain().await;
    assert_eq!(
        delivered,
        usize::from(paid),
        "seed {seed}: {lived:?} {:?}",
        orders[0].state
    );
}

const LIVES: u64 = 12;
