//! Notices on Telegram: what is said of a sale, and that whatever Telegram does, the sale goes on and nothing that is
//! still news is lost.

use jiff::SignedDuration;
use mikrelay::company::Telegram;
use mikrelay::ids::CompanyId;
use mikrelay::order::{Order, State};
use mikrelay::sim::router::SimRouterConfig;
use mikrelay::sim::telegram::{Mood, SimTelegram};
use mikrelay::telegram::{Notice, NoticeState, TelegramChat};

use crate::support::{FedapayEvent, SITE, World};

const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A shop whose company has a bot.
struct Shop {
    world: World,
    telegram: SimTelegram,
}

impl Shop {
    async fn open() -> Self {
        Self::selling(SITE).await
    }

    async fn selling(site: &str) -> Self {
        let telegram = SimTelegram::start(0).await.unwrap();
        let world = World::selling(SimRouterConfig::default(), site).await;
        let shop = Self {
            world: world.with_telegram(&telegram),
            telegram,
        };
        shop.set_bot(TOKEN, true).await;
        shop
    }

    async fn set_bot(&self, token: &str, on: bool) {
        let chat = chat(token);
        let store = self.world.relay.store();
        let mut card = store.directory().companies[&CompanyId::new("cafe")].card.clone();
        card.telegram = Telegram {
            token: Some(chat.token),
            chat: Some(chat.chat_id),
            on,
        };
        store
            .write(move |db| {
                db.set_company_card(&CompanyId::new("cafe"), &card)?;
                db.bump_directory_version()
            })
            .await
            .unwrap();
        store.refresh_directory().await.unwrap();
    }

    async fn sell(&self) -> Order {
        self.sell_as(104_013).await
    }

    async fn sell_as(&self, id: u64) -> Order {
        let order = self.world.place("1h").await;
        let event = FedapayEvent {
            id,
            ..FedapayEvent::approved(&order)
        };
        assert_eq!(self.world.fedapay(&event).await.status, 200);
        self.world.drain().await;
        self.world.order(&order.reference).await
    }

    async fn refuse(&self) -> Order {
        let order = self.world.place("1h").await;
        let event = FedapayEvent {
            name: "transaction.declined",
            status: "declined",
            ..FedapayEvent::approved(&order)
        };
        assert_eq!(self.world.fedapay(&event).await.status, 200);
        self.world.drain().await;
        self.world.order(&order.reference).await
    }

    fn said(&self) -> Vec<String> {
        self.telegram.said().into_iter().map(|said| said.html).collect()
    }

    async fn notices(&self) -> Vec<(Notice, NoticeState)> {
        let read = |db: &mikrelay::store::Db<'_>| db.notices(&CompanyId::new("cafe"), 100);
        self.world.relay.store().read(read).await.unwrap()
    }

    fn mails_about_telegram(&self) -> Vec<String> {
        let mails = self.world.mailbox.messages();
        let about = mails.into_iter().filter(|mail| mail.subject.contains("Telegram"));
        about.map(|mail| mail.text).collect()
    }
}

fn chat(token: &str) -> TelegramChat {
    TelegramChat {
        token: token.into(),
        chat_id: "-1001234567890".to_owned(),
    }
}

#[tokio::test]
async fn a_sale_is_told_with_its_code_in_the_companys_language() {
    let shop = Shop::open().await;
    let order = shop.sell().await;
    assert_eq!(order.state, State::Delivered);
    let users = shop.world.users();
    let said = shop.telegram.said();
    let [said] = said.as_slice() else {
        panic!("one notice is wanted: {said:?}")
    };
    assert_eq!((said.token.as_str(), said.chat_id.as_str()), (TOKEN, "-1001234567890"));
    assert!(
        said.html.starts_with("<b>Café du Port : vente acceptée</b>\n"),
        "{}",
        said.html
    );
    assert!(
        said.html.contains(&format!("Code : {}", users[0].name)),
        "{}",
        said.html
    );
    assert!(
        said.html.contains("104013") && said.html.contains(order.reference.as_str()),
        "{}",
        said.html
    );
    assert!(
        shop.world
            .history(&order)
            .await
            .iter()
            .any(|line| line.contains("Telegram"))
    );
}

#[tokio::test]
async fn p15_a_pin_sale_shows_the_pin_and_a_name_with_a_bracket_loses_nothing() {
    let site = SITE
        .replace("name = \"Café du Port\"", "name = \"Café <Port & fils\"")
        .replace("prefix = \"mm\"", "prefix = \"mm\"\nmode = \"pin\"");
    assert!(site.contains("<Port") && site.contains("pin"));
    let shop = Shop::selling(&site).await;
    shop.sell().await;
    let users = shop.world.users();
    assert_eq!(users[0].password, "");
    let said = shop.said();
    assert_eq!(
        said.len(),
        1,
        "the simulator refuses HTML that the real one cannot read"
    );
    assert!(said[0].contains(&format!("PIN : {}\n", users[0].name)), "{}", said[0]);
    assert!(said[0].contains("Café &lt;Port &amp; fils"), "{}", said[0]);
}

#[tokio::test]
async fn p15_a_refusal_is_told_too() {
    let shop = Shop::open().await;
    let order = shop.refuse().await;
    assert_eq!(order.state, State::Failed);
    let said = shop.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("<b>Café du Port : paiement refusé</b>"),
        "{}",
        said[0]
    );
    assert!(!said[0].contains("Code"), "{}", said[0]);
}

#[tokio::test]
async fn a_company_that_has_it_off_is_told_nothing() {
    let shop = Shop::open().await;
    shop.set_bot(TOKEN, false).await;
    shop.sell().await;
    shop.refuse().await;
    assert_eq!((shop.telegram.calls(), shop.notices().await.len()), (0, 0));
}

#[tokio::test]
async fn a_pause_that_telegram_asks_for_is_kept_by_all_notices() {
    let shop = Shop::open().await;
    shop.telegram.set_mood(Mood::Busy(120));
    let order = shop.sell().await;
    assert_eq!(order.state, State::Delivered, "the sale does not wait");
    shop.sell_as(104_014).await;
    assert_eq!(shop.telegram.calls(), 1, "the second notice keeps the pause as well");
    shop.telegram.set_mood(Mood::Well);
    shop.world.later(SignedDuration::from_secs(119)).await;
    assert_eq!(shop.telegram.calls(), 1);
    shop.world.later(SignedDuration::from_secs(2)).await;
    assert_eq!(shop.said().len(), 2);
    assert!(shop.mails_about_telegram().is_empty());
}

#[tokio::test]
async fn a_refusal_is_the_operators_who_hears_of_it_once() {
    let shop = Shop::open().await;
    for (mood, words) in [(Mood::UnknownBot, "Unauthorized"), (Mood::ThrownOut, "kicked")] {
        shop.telegram.set_mood(mood);
        shop.set_bot(&format!("{TOKEN}{}", words.len()), true).await;
        let mails = shop.mails_about_telegram().len();
        shop.sell_as(u64::try_from(words.len()).unwrap()).await;
        for _ in 0..20 {
            shop.world.later(SignedDuration::from_mins(20)).await;
        }
        shop.sell_as(100 + u64::try_from(words.len()).unwrap()).await;
        let told = shop.mails_about_telegram();
        assert_eq!(told.len(), mails + 1, "{told:?}");
        assert!(told[mails].contains(words) && !told[mails].contains(TOKEN), "{told:?}");
    }
    let calls = shop.telegram.calls();
    assert!(calls < 40, "a refused bot is not tried for each notice: {calls}");
    // Another bot is tried at once, and all that is still news goes out.
    shop.telegram.set_mood(Mood::Well);
    shop.set_bot(TOKEN, true).await;
    shop.world.later(SignedDuration::from_mins(31)).await;
    assert_eq!(shop.said().len(), 4);
}

#[tokio::test]
async fn trouble_passes_a_restart_loses_nothing_and_old_news_is_given_up() {
    let Shop { world, telegram } = Shop::open().await;
    telegram.set_mood(Mood::Gone);
    let mut shop = Shop { world, telegram };
    shop.sell().await;
    assert_eq!(shop.said().len(), 0);
    shop.telegram.set_mood(Mood::Broken);
    shop.world.later(MINUTE).await;
    shop.world = shop.world.restart().await.with_telegram(&shop.telegram);
    shop.telegram.set_mood(Mood::Well);
    shop.world.later(SignedDuration::from_mins(6)).await;
    assert_eq!(shop.said().len(), 1);

    shop.telegram.set_mood(Mood::Broken);
    shop.sell_as(2).await;
    for _ in 0..14 {
        shop.world.later(SignedDuration::from_hours(2)).await;
    }
    let calls = shop.telegram.calls();
    shop.telegram.set_mood(Mood::Well);
    shop.world.later(SignedDuration::from_hours(2)).await;
    assert_eq!((shop.said().len(), shop.telegram.calls()), (1, calls));
    let states: Vec<_> = shop.notices().await.into_iter().map(|(_, state)| state).collect();
    assert!(
        matches!(states.as_slice(), [NoticeState::GivenUp(_), NoticeState::Sent(_)]),
        "{states:?}"
    );
}

#[tokio::test]
async fn the_test_message_says_what_is_wrong() {
    let shop = Shop::open().await;
    let cafe = shop.world.relay.store().directory().companies[&CompanyId::new("cafe")].clone();
    let test = async |token: &str| {
        let tested = shop.world.relay.test_telegram(&cafe, &chat(token)).await;
        tested.map_err(|fault| fault.to_string())
    };
    test(TOKEN).await.unwrap();
    assert!(shop.said()[0].contains("Café du Port"));
    assert!(test("not a token/../x").await.unwrap_err().contains("token"));
    assert_eq!(
        shop.telegram.calls(),
        1,
        "nothing that is no token stands in an address"
    );
    shop.telegram.set_mood(Mood::ThrownOut);
    assert!(test(TOKEN).await.unwrap_err().contains("kicked"));
    shop.telegram.set_mood(Mood::Gone);
    let words = test(TOKEN).await.unwrap_err();
    assert!(!words.contains("110201543"), "{words}");
}
