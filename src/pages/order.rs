//! The page of one order, from the first wait to being online. Its address is the only key: it can be opened
//! again on any device, at any time, without JavaScript or cookies.

use serde::Serialize;

use super::error::PageError;
use super::render::render;
use super::{Content, Page, Scripts, Standing, Visit, decline, format, recover};
use crate::company::Language;
use crate::ids::OrderToken;
use crate::order::{Online, Place, State};
use crate::payment::Relay;
use crate::payment::view::{OrderView, PayStep, PayableAt, VoucherView};
use crate::voucher::UserMode;

/// The page.
pub async fn show(relay: &Relay, token: &str, visit: &Visit<'_>) -> Result<Page, PageError> {
    let order = relay.open_order(&read_token(token)?).await?;
    let order = order.ok_or(PageError::UnknownOrder)?;
    let asked = visit.query.first(&["lang"]).and_then(Language::from_tag);
    page(&order, asked.unwrap_or(order.language))
}

/// What the page's script asks for: whether the page would look different by now.
pub async fn state(relay: &Relay, token: &str) -> Result<Page, PageError> {
    let order = relay.order_view(&read_token(token)?).await?;
    let order = order.ok_or(PageError::UnknownOrder)?;
    let seconds = wait_s(&order).map_or_else(|| "null".to_owned(), |seconds| seconds.to_string());
    let json = format!("{{\"version\":\"{}\",\"wait_s\":{seconds}}}", version(&order));
    Ok(Page {
        content: Content::Json(json),
        device: None,
    })
}

/// Gateways that bring the browser back with a POST get the page itself.
pub fn come_back(token: &str) -> Result<Page, PageError> {
    read_token(token).map(|token| Page::see_other(format!("/o/{token}")))
}

fn read_token(text: &str) -> Result<OrderToken, PageError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.len() <= TOKEN_MAX_BYTES && text.bytes().all(fits) {
        Ok(OrderToken::new(text))
    } else {
        Err(PageError::UnknownOrder)
    }
}

pub(super) fn page(order: &OrderView, language: Language) -> Result<Page, PageError> {
    let view = OrderPage::new(order, language);
    let here = format!("/o/{}", order.token);
    let html = render("order.html", language, Some(&here), &view)?;
    let scripts = match &order.pay {
        PayStep::CheckoutJs { script_url, .. } => Scripts::FedapayCheckout {
            script_url: script_url.clone(),
        },
        _ => Scripts::Own,
    };
    Ok(Page {
        content: Content::Html {
            html,
            standing: Standing::Fine,
            scripts,
        },
        device: None,
    })
}

/// What the buyer sees, in one word for the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Scene {
    /// Money is awaited; `PayStep` says how it comes.
    Waiting,
    /// The gateway could not be reached.
    Unreached,
    Paid,
    Stuck,
    Ready,
    Online,
    Failed,
    Held,
    Refunding,
    Refunded,
    /// A payment by link is paid: there is no code to show.
    Settled,
}

#[derive(Serialize)]
struct OrderPage<'a> {
    scene: Scene,
    headline: &'static str,
    steps: [Step; 3],
    company: &'a str,
    label: &'a str,
    time: Option<String>,
    data: Option<String>,
    price: String,
    reference: &'a str,
    gateway: &'static str,
    pay: Pay<'a>,
    till: Option<Till<'a>>,
    recover_url: &'static str,
    /// The router has not answered for so long that the buyer wonders.
    slow: bool,
    connecting: bool,
    voucher: Option<VoucherText<'a>>,
    login_url: Option<&'a str>,
    home_url: Option<&'a str>,
    retry_url: Option<&'a str>,
    /// A payment by link: no access is being made.
    link: bool,
    /// Where its buyer goes back to.
    return_url: Option<&'a str>,
    /// Why a card was refused, as the name of a text; `refusal` is empty then.
    decline: Option<&'static str>,
    refusal: Option<String>,
    /// For the operator: why the payment could not begin.
    hint: Option<String>,
    /// The refusal is about money the buyer does not have or may not spend.
    balance: bool,
    version: String,
    wait_s: Option<u32>,
    state_url: String,
    here: String,
}

#[derive(Serialize)]
struct Step {
    text: &'static str,
    /// `done`, `now` or `next`.
    stands: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Pay<'a> {
    Nothing,
    Open {
        url: &'a str,
    },
    Script {
        url: &'a str,
        public_key: &'a str,
        environment: &'static str,
        description: &'a str,
        amount: String,
        currency: &'static str,
    },
    Phone {
        digits: &'a str,
    },
}

/// A number to pay with at a till or a bank.
#[derive(Serialize)]
struct Till<'a> {
    is_cash: bool,
    /// The number in pieces that are read out one by one; other texts are whole.
    pieces: Vec<&'a str>,
    /// The store or the bank, where the gateway names it.
    name: Option<&'a str>,
    until: Option<String>,
    url: Option<&'a str>,
}

impl<'a> Till<'a> {
    fn new(language: Language, payable: &'a PayableAt) -> Self {
        let (is_cash, name) = match &payable.place {
            Place::Cash { store } => (true, store),
            Place::Transfer { bank } => (false, bank),
        };
        Self {
            is_cash,
            pieces: pieces(&payable.reference),
            name: name.as_deref(),
            until: payable.until.map(|until| format::moment(language, until)),
            url: payable.url.as_deref(),
        }
    }
}

/// Fours, as on cards and bank letters.
fn pieces(reference: &str) -> Vec<&str> {
    if !reference.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![reference];
    }
    let starts = (0..reference.len()).step_by(4);
    starts
        .filter_map(|at| reference.get(at..reference.len().min(at + 4)))
        .collect()
}

#[derive(Serialize)]
struct VoucherText<'a> {
    username: &'a str,
    /// Only where it is another text than the name.
    password: Option<&'a str>,
}

impl<'a> OrderPage<'a> {
    fn new(order: &'a OrderView, language: Language) -> Self {
        let scene = scene(order);
        let decline = decline_of(order);
        let refusal = order.refusal.as_deref().filter(|_| decline.is_none());
        Self {
            scene,
            headline: headline(order, scene),
            steps: steps(order),
            company: &order.company_name,
            label: &order.plan_label,
            time: plan_only(order, format::time(language, order.time)),
            data: plan_only(order, format::data(language, order.data)),
            price: order.price.for_people(language),
            reference: order.reference.as_str(),
            gateway: order.gateway.title(),
            pay: pay(order),
            till: order.payable_at.as_ref().map(|payable| Till::new(language, payable)),
            recover_url: recover::PATH,
            slow: order.paid_for_s.is_some_and(|seconds| seconds > PATIENCE_S),
            connecting: scene == Scene::Ready && order.online == Online::Trying,
            voucher: order.voucher.as_ref().map(voucher_text),
            login_url: order.login_url.as_deref(),
            home_url: order.home_url.as_deref(),
            // An order of a link that was believed has no plan to buy again.
            retry_url: Some(order.retry_url.as_str()).filter(|url| *url != "/"),
            link: order.link.is_some(),
            return_url: order.link.as_ref().and_then(|link| link.return_url.as_deref()),
            decline,
            refusal: refusal.map(spoken),
            hint: order
                .fault
                .as_ref()
                .map(|fault| fault.advice(language, &order.reference)),
            balance: refusal.is_some_and(is_about_balance),
            version: version(order),
            wait_s: wait_s(order),
            state_url: format!("/o/{}/state", order.token),
            here: format!("/o/{}", order.token),
        }
    }
}

/// Limits are a plan's; a payment by link has none.
fn plan_only(order: &OrderView, text: Option<String>) -> Option<String> {
    text.filter(|_| order.link.is_none())
}

fn scene(order: &OrderView) -> Scene {
    match order.state {
        State::Paid | State::Provisioned | State::Delivered if order.link.is_some() => Scene::Settled,
        _ if order.payable_at.is_some() => Scene::Waiting,
        State::New | State::Waiting if order.pay == PayStep::TryAgain => Scene::Unreached,
        State::New | State::Waiting => Scene::Waiting,
        State::Paid => Scene::Paid,
        State::Stuck => Scene::Stuck,
        State::Provisioned | State::Delivered if order.online == Online::Yes => Scene::Online,
        State::Provisioned | State::Delivered => Scene::Ready,
        State::Failed | State::Expired | State::Cancelled => Scene::Failed,
        State::Held => Scene::Held,
        State::Refunding => Scene::Refunding,
        State::Refunded => Scene::Refunded,
    }
}

fn headline(order: &OrderView, scene: Scene) -> &'static str {
    match scene {
        Scene::Waiting if order.payable_at.is_some() => "order-till-title",
        Scene::Waiting => "order-waiting-title",
        Scene::Unreached => "order-try-title",
        Scene::Paid | Scene::Stuck | Scene::Settled => "order-paid-title",
        Scene::Ready => "order-ready-title",
        Scene::Online => "order-online-title",
        Scene::Failed => match order.state {
            State::Cancelled => "order-cancelled-title",
            State::Expired => "order-expired-title",
            _ => "order-failed-title",
        },
        Scene::Held => "order-held-title",
        Scene::Refunding => "order-refunding-title",
        Scene::Refunded => "order-refunded-title",
    }
}

fn steps(order: &OrderView) -> [Step; 3] {
    let done = match scene(order) {
        Scene::Paid | Scene::Stuck => 1,
        Scene::Ready => 2,
        Scene::Online => 3,
        _ => 0,
    };
    let texts = ["order-step-pay", "order-step-access", "order-step-online"];
    let mut place = 0;
    texts.map(|text| {
        place += 1;
        let stands = match place - 1 {
            at if at < done => "done",
            at if at == done => "now",
            _ => "next",
        };
        Step { text, stands }
    })
}

fn pay(order: &OrderView) -> Pay<'_> {
    match &order.pay {
        PayStep::Nothing | PayStep::TryAgain => Pay::Nothing,
        PayStep::Open { url } => Pay::Open { url },
        PayStep::CheckoutJs {
            script_url,
            public_key,
            environment,
            description,
        } => Pay::Script {
            url: script_url,
            public_key,
            environment,
            description,
            amount: order.price.major_text(),
            currency: order.price.currency().code(),
        },
        PayStep::ConfirmOnPhone { last_digits } => Pay::Phone { digits: last_digits },
    }
}

/// A gateway's `LOW_BALANCE` reads `low balance`; sentences stay as they are.
fn spoken(refusal: &str) -> String {
    let is_code = refusal
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_code {
        refusal.replace('_', " ").to_ascii_lowercase()
    } else {
        refusal.to_owned()
    }
}

/// In the words of FedaPay, CinetPay and FeexPay.
fn is_about_balance(refusal: &str) -> bool {
    let refusal = refusal.to_ascii_lowercase();
    ["balance", "fund", "solde", "limit"]
        .iter()
        .any(|word| refusal.contains(word))
}

fn voucher_text(voucher: &VoucherView) -> VoucherText<'_> {
    let same = voucher.mode == UserMode::Pin || voucher.password == voucher.username || voucher.password.is_empty();
    VoucherText {
        username: &voucher.username,
        password: (!same).then_some(voucher.password.as_str()),
    }
}

/// Changes whenever the page would look different. While the gateway's own window may be open on it, the page
/// must not be loaded again for less than the end of the wait.
pub(super) fn version(order: &OrderView) -> String {
    if matches!(order.pay, PayStep::CheckoutJs { .. }) {
        return "checkout".to_owned();
    }
    let online = match order.online {
        Online::Unknown => "unknown",
        Online::Trying => "trying",
        Online::Yes => "yes",
        Online::No => "no",
    };
    let slow = order.paid_for_s.is_some_and(|seconds| seconds > PATIENCE_S);
    let pay = match order.pay {
        PayStep::Nothing | PayStep::CheckoutJs { .. } => 0,
        PayStep::Open { .. } => 1,
        PayStep::ConfirmOnPhone { .. } => 2,
        PayStep::TryAgain => 3,
    };
    let link = if order.link.is_some() { "link-" } else { "" };
    // Who asks for a second reference gets another number.
    let till: String = order.payable_at.as_ref().map_or_else(String::new, |payable| {
        let letters = payable.reference.chars().filter(char::is_ascii_alphanumeric);
        std::iter::once('-').chain(letters).collect()
    });
    // A second card may be refused for another reason.
    let decline = decline_of(order).unwrap_or_default();
    let decline = decline.trim_start_matches("order-decline");
    format!(
        "{link}{}-{online}-{}{pay}{till}{decline}",
        order.state.as_str(),
        u8::from(slow)
    )
}

/// Our own words for why the card was refused.
fn decline_of(order: &OrderView) -> Option<&'static str> {
    decline::text_of(order.gateway, order.refusal.as_deref()?)
}

/// After how many seconds the page is worth another look; `None` when nothing will change.
fn wait_s(order: &OrderView) -> Option<u32> {
    match order.state {
        // Nobody runs to the store and back within seconds.
        State::New | State::Waiting if order.payable_at.is_some() => Some(SELDOM_S),
        State::New | State::Waiting | State::Paid | State::Provisioned => Some(SOON_S),
        State::Delivered if order.online == Online::Trying => Some(SOON_S),
        // Money may still come, or the operator acts: seldom, and never at once.
        State::Stuck | State::Held | State::Refunding | State::Failed | State::Expired | State::Cancelled => {
            Some(SELDOM_S)
        }
        State::Delivered | State::Refunded => None,
    }
}

/// A paid phone is online within seconds; a buyer sees it at the next look.
const SOON_S: u32 = 3;
const SELDOM_S: u32 = 20;
/// A router that answers does so within this time.
const PATIENCE_S: i64 = 45;
/// Ours have 26 characters or, made from a form, 43.
const TOKEN_MAX_BYTES: usize = 64;
