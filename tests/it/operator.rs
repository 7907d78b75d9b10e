//! What the operator reads about an order that needs him: in his language, with what happened and what to do.

use mikrelay::company::{Company, GatewayName, Language};
use mikrelay::ids::CompanyId;
use mikrelay::order::{Order, State};
use mikrelay::reason::Reason;
use mikrelay::sim::router::SimRouterConfig;

use crate::support::{FedapayEvent, World};

/// The café, run by somebody who reads `language`.
async fn world(language: Language) -> World {
    let world = World::with(SimRouterConfig::default(), "").await;
    let store = world.relay.store();
    let company = Company {
        language,
        ..store.directory().companies[&CompanyId::new("cafe")].clone()
    };
    store
        .write(move |db| db.put_company(&company).and_then(|()| db.bump_directory_version()))
        .await
        .unwrap();
    store.refresh_directory().await.unwrap();
    world
}

/// The latest mail to the operator.
fn told(world: &World) -> (String, String) {
    let mail = world.mailbox.messages().pop().expect("a mail");
    assert_eq!(mail.recipient, "awa@example.net");
    (mail.subject, mail.text)
}

fn assert_told(world: &World, language: Language, order: &Order, reason: &Reason) {
    let (subject, text) = told(world);
    for part in [
        reason.what(language),
        reason.remedy(language, &order.reference),
        order.plan.price.for_people(language),
        order.reference.to_string(),
    ] {
        assert!(text.contains(&part), "{part} is missing in {language:?}: {text}");
    }
    assert!(
        subject.contains("100\u{a0}FCFA") && !text.contains("XOF"),
        "{subject}: {text}"
    );
    assert!(!text.contains(['{', '`']), "{text}");
    for other in Language::ALL.into_iter().filter(|other| *other != language) {
        assert!(!text.contains(&reason.what(other)), "{other:?} in {language:?}: {text}");
    }
}

#[tokio::test]
async fn held_money_is_told_in_the_operators_language() {
    for language in Language::ALL {
        let world = world(language).await;
        let order = world.place("1h").await;
        let too_little = FedapayEvent {
            amount: 50,
            ..FedapayEvent::approved(&order)
        };
        world.fedapay(&too_little).await;
        world.drain().await;
        let held = world.order(&order.reference).await;
        assert_eq!(held.state, State::Held);
        assert_told(&world, language, &held, &held.reason.clone().unwrap());
    }
}

#[tokio::test]
async fn an_unusable_setting_of_the_webhook_is_told_in_the_operators_language() {
    for language in Language::ALL {
        let world = world(language).await;
        let order = world.place("1h").await;
        let headers = [("miknamelength", "99"), ("mikserver", "$(server-name)")];
        world.fedapay_with(&FedapayEvent::approved(&order), &headers).await;
        world.drain().await;
        let held = world.order(&order.reference).await;
        assert_told(&world, language, &held, &held.reason.clone().unwrap());
        let (_, text) = told(&world);
        assert!(
            text.contains("miknamelength") && text.contains("$(server-name)"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_stuck_order_is_told_in_the_operators_language() {
    for language in Language::ALL {
        let world = world(language).await;
        world.router.remove_profile("1H");
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        let stuck = world.order(&order.reference).await;
        assert_eq!(stuck.state, State::Stuck);
        assert_told(&world, language, &stuck, &stuck.reason.clone().unwrap());
    }
}

#[tokio::test]
async fn a_second_payment_is_told_in_the_operators_language() {
    for language in Language::ALL {
        let world = world(language).await;
        let order = world.place("1h").await;
        world.fedapay(&FedapayEvent::approved(&order)).await;
        world.drain().await;
        let again = FedapayEvent {
            id: 104_999,
            ..FedapayEvent::approved(&order)
        };
        world.fedapay(&again).await;
        world.drain().await;
        let paid = world.order(&order.reference).await;
        assert_eq!(
            (paid.state, paid.reason.as_ref(), world.users().len()),
            (State::Delivered, None, 1)
        );
        let twice = Reason::PaidTwice {
            gateway: GatewayName::Fedapay,
            first: "104013".to_owned(),
            second: "104999".to_owned(),
        };
        assert_told(&world, language, &paid, &twice);
    }
}
