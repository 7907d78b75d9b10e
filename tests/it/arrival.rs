//! Fault D4: what an order comes to does not hang on the order in which the webhooks about its payments arrive. Every
//! permutation is played, with FedaPay's signed words and nobody to ask, so that nothing but the words decides.

use mikrelay::ids::AccountId;
use mikrelay::job::Lane;
use mikrelay::jobs::Turn;
use mikrelay::order::{Order, State};

use crate::support::{FedapayEvent, World};

/// What a webhook says, of the first payment or of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Paid(u64),
    /// Not what the plan costs.
    PaidTooLittle(u64),
    Refunded(u64),
    Failed(u64),
    Pending(u64),
}

use Word::{Failed, Paid, PaidTooLittle, Pending, Refunded};

/// When the relay gets to what has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Everything has arrived before the first event is settled.
    AtTheEnd,
    /// Each event is settled before the next one arrives; the router comes last.
    EachSettled,
    /// Each event has had all its effects before the next one arrives: a code was shown for the money that was there.
    EachDone,
}

/// Where it all ends: the state, and the payment that bought, if one did.
type End = (State, Option<u64>);

#[tokio::test]
async fn d4_a_payment_that_came_and_went_is_refunded_in_any_order() {
    let end = (State::Refunded, None);
    all_orders(&[Paid(1), Refunded(1)], end).await;
    all_orders(&[Paid(1), Refunded(1), Failed(1), Pending(1)], end).await;
    all_orders(&[PaidTooLittle(1), Refunded(1)], end).await;
}

#[tokio::test]
async fn d4_another_payment_buys_what_a_refunded_one_did_not_in_any_order() {
    let end = (State::Delivered, Some(2));
    all_orders(&[Paid(1), Refunded(1), Failed(1), Pending(1), Paid(2)], end).await;
    all_orders(&[PaidTooLittle(1), Refunded(1), Paid(2)], end).await;
}

#[tokio::test]
async fn d4_two_payments_that_went_back_leave_no_user_in_any_order() {
    let end = (State::Refunded, None);
    all_orders(&[Paid(1), Refunded(1), Paid(2), Refunded(2)], end).await;
}

/// Each permutation ends where the set of words says, whenever they are settled, as long as no code is shown before
/// the last word. Where codes are shown meanwhile, timing is part of what happened: a payment that went back after its
/// code was shown took the order with it, and a later one is a second one.
async fn all_orders(words: &[Word], end: End) {
    let world = World::new().await;
    let mut number = 0;
    for words in permutations(words) {
        // What failed or waits shows no code, so that it only costs time there.
        let is_short = words.len() < 5;
        let paces = [Pace::AtTheEnd, Pace::EachSettled, Pace::EachDone];
        for pace in paces.into_iter().filter(|pace| is_short || *pace != Pace::EachDone) {
            let expected = match pace {
                Pace::EachDone => end_of_shown(&words),
                _ => end,
            };
            number += 1;
            play(&world, number, &words, pace, expected).await;
        }
    }
}

async fn play(world: &World, number: u64, words: &[Word], pace: Pace, (state, buyer): End) {
    world.router.forget_users();
    let order = world.place("1h").await;
    let id = |payment: u64| 1_000_000 + 10 * number + payment;
    for word in words {
        assert_eq!(world.fedapay(&event(&order, *word, id)).await.status, 200);
        match pace {
            Pace::AtTheEnd => {}
            Pace::EachSettled => settle(world).await,
            Pace::EachDone => world.drain().await,
        }
    }
    world.drain().await;

    let order = world.order(&order.reference).await;
    let users = world.users();
    let live = users.iter().filter(|user| !user.disabled).count();
    let told = format!(
        "{words:?} {pace:?}: {:?} of {:?}, {users:?}",
        order.state, order.gateway_id
    );
    assert_eq!((order.state, live), (state, usize::from(buyer.is_some())), "{told}");
    if let Some(buyer) = buyer {
        assert_eq!(order.gateway_id, Some(id(buyer).to_string()), "{told}");
    }
    // Old words make nothing of it.
    for word in words.iter().filter(|word| matches!(word, Paid(_) | PaidTooLittle(_))) {
        let again = FedapayEvent {
            name: "transaction.transferred",
            status: "transferred",
            ..event(&order, *word, id)
        };
        assert_eq!(world.fedapay(&again).await.status, 200);
    }
    world.drain().await;
    let (after, users) = (world.order(&order.reference).await, world.users());
    let live_after = users.iter().filter(|user| !user.disabled).count();
    assert_eq!(
        (after.state, after.gateway_id, live_after),
        (order.state, order.gateway_id, live),
        "{told}"
    );
}

/// Settles what has arrived; no router hears of it yet.
async fn settle(world: &World) {
    let lane = Lane::Account(AccountId::new("feda"));
    while world.runner.turn(&lane).await.unwrap() == Turn::Ran {}
}

fn event(order: &Order, word: Word, id: impl Fn(u64) -> u64) -> FedapayEvent<'_> {
    let approved = FedapayEvent::approved(order);
    let (payment, name, status, amount) = match word {
        Paid(payment) => (payment, "transaction.approved", "approved", 100),
        PaidTooLittle(payment) => (payment, "transaction.approved", "approved", 90),
        Refunded(payment) => (payment, "transaction.refunded", "refunded", 100),
        Failed(payment) => (payment, "transaction.declined", "declined", 100),
        Pending(payment) => (payment, "transaction.created", "pending", 100),
    };
    FedapayEvent {
        name,
        id: id(payment),
        status,
        amount,
        ..approved
    }
}

/// The end where each payment shows its code as soon as it is heard of, unless one was shown before or it had gone.
fn end_of_shown(words: &[Word]) -> End {
    let (mut gone, mut shown) = (Vec::new(), None);
    for word in words {
        match word {
            Paid(payment) if shown.is_none() && !gone.contains(payment) => shown = Some(*payment),
            Refunded(payment) => gone.push(*payment),
            _ => {}
        }
    }
    match shown {
        Some(payment) if !gone.contains(&payment) => (State::Delivered, shown),
        _ => (State::Refunded, None),
    }
}

fn permutations(words: &[Word]) -> Vec<Vec<Word>> {
    if words.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let rest = [&words[..at], &words[at + 1..]].concat();
        all.extend(
            permutations(&rest)
                .into_iter()
                .map(|rest| [&[*word][..], &rest].concat()),
        );
    }
    all
}
