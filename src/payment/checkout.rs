//! From an offer to an order: the button of a buy page stores the order first and only then asks the gateway
//! to collect, so that no money can arrive for an order nobody knows.

use super::change::Change;
pub use super::offer::{LinkFault, LinkQuery, LinkTarget, Offer, OfferAccount, OldLink, Wanted};
use super::{Relay, offer, settle};
use crate::company::{Account, GatewayName, Hotspot, Router};
use crate::gateway::{self, GatewayError, PayMethod, PaymentRequest, Started};
use crate::ids::{AccountId, OrderRef, OrderToken};
use crate::job::{Lane, NewJob, Task};
use crate::mik_params::MikParams;
use crate::order::{Buyer, Fact, Online, Order, State};
use crate::phone::Phone;
use crate::reason::Reason;
use crate::secrets;
use crate::store::StoreError;

/// The button of a buy page.
#[derive(Clone)]
pub struct PlaceOrder {
    pub link: LinkQuery,
    /// The chosen account where several may sell.
    pub account: Option<AccountId>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub network: Option<String>,
    pub otp: Option<String>,
    /// The random text the form was rendered with: the same form sent twice (a double tap) is one order.
    pub nonce: Option<String>,
}

impl std::fmt::Debug for PlaceOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The one-time code moves money, and the nonce leads to the order's page.
        f.debug_struct("PlaceOrder")
            .field("link", &self.link)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Where the browser goes after the button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// To the gateway's pay page.
    Redirect { token: OrderToken, url: String },
    /// To the order's page: the phone rings, or the page has the gateway's script.
    Page { token: OrderToken },
}

/// Why no order was made, or why it cannot be paid now.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error(transparent)]
    Link(#[from] LinkFault),
    #[error("the field `{field}` is missing or wrong: {sentence}")]
    Field { field: &'static str, sentence: String },
    /// The order exists and waits; its page says what happened.
    #[error("the gateway did not answer")]
    GatewayDown { token: OrderToken },
    /// Nothing was stored: ask again later.
    #[error("the relay cannot store an order now")]
    Store(#[from] StoreError),
}

/// Makes the order of a buy page's button, stores it, and only then asks the gateway to collect.
pub(super) async fn place(relay: &Relay, wish: PlaceOrder) -> Result<Placed, PlaceError> {
    let directory = relay.store().directory();
    let offer = offer::offer(&directory, &wish.link)?;
    let account_id = choose_account(&offer, wish.account.as_ref())?;
    let gone = || LinkFault::UnknownHotspot(offer.hotspot.to_string());
    let account = directory.accounts.get(account_id).ok_or_else(gone)?;
    let hotspot = directory.hotspots.get(&offer.hotspot).ok_or_else(gone)?;
    let router = directory.router_of(hotspot).ok_or_else(gone)?;
    let contact = Contact::read(&wish, &offer, account_id)?;
    let order = new_order(relay, &wish, &offer, account, contact.clone());
    let token = order.token.clone();
    if !insert(relay, order.clone()).await? {
        return placed_before(relay, token).await;
    }
    let method = offer
        .accounts
        .iter()
        .find(|candidate| &candidate.id == account_id)
        .map(|found| &found.method);
    if let Some(PayMethod::CheckoutJs { .. }) = method {
        record_start(relay, order.reference, account.gateway(), Ok(Started::default())).await?;
        return Ok(Placed::Page { token });
    }
    let request = payment_request(
        relay,
        &order,
        account.gateway(),
        &offer.country,
        (hotspot, router),
        contact,
    );
    let started = relay
        .converse(account, gateway::of(account).start(account, &request))
        .await;
    finish_start(relay, &order, account.gateway(), started).await
}

fn choose_account<'a>(offer: &'a Offer, wished: Option<&AccountId>) -> Result<&'a AccountId, PlaceError> {
    let found = match wished {
        Some(id) => offer.accounts.iter().find(|account| &account.id == id),
        None => offer.accounts.first(),
    };
    found.map(|account| &account.id).ok_or_else(|| PlaceError::Field {
        field: "account",
        sentence: "this account does not sell the plan; open the link again".to_owned(),
    })
}

/// How the buyer can be reached, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Contact {
    pub phone: Option<String>,
    pub email: Option<String>,
    pub network: Option<String>,
    pub otp: Option<String>,
}

impl Contact {
    fn read(wish: &PlaceOrder, offer: &Offer, account: &AccountId) -> Result<Self, PlaceError> {
        let method = offer
            .accounts
            .iter()
            .find(|candidate| &candidate.id == account)
            .map(|found| &found.method);
        let email = filled(wish.email.as_deref()).map(read_email).transpose()?;
        let Some(PayMethod::PhoneForm { networks }) = method else {
            return Ok(Self {
                email,
                ..Self::default()
            });
        };
        let text = filled(wish.phone.as_deref()).ok_or_else(|| field("phone", "type the number that pays"))?;
        let phone = Phone::parse(text, &offer.country).map_err(|error| field("phone", &error.to_string()))?;
        let id = filled(wish.network.as_deref()).ok_or_else(|| field("network", "choose the operator"))?;
        let network = networks.iter().find(|network| network.id == id);
        let network = network.ok_or_else(|| field("network", "choose an operator of the list"))?;
        let otp = filled(wish.otp.as_deref()).map(ToOwned::to_owned);
        if network.wants_otp && otp.is_none() {
            return Err(field("otp", "this operator wants a code; ask your phone for it first"));
        }
        Ok(Self {
            phone: Some(phone.digits().to_owned()),
            email,
            network: Some(network.id.to_owned()),
            otp,
        })
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn field(field: &'static str, sentence: &str) -> PlaceError {
    PlaceError::Field {
        field,
        sentence: sentence.to_owned(),
    }
}

fn read_email(text: &str) -> Result<String, PlaceError> {
    crate::notify::mail::check_address(text)
        .map(|()| text.to_owned())
        .map_err(|_| field("email", "this is not an e-mail address"))
}

fn new_order(relay: &Relay, wish: &PlaceOrder, offer: &Offer, account: &Account, contact: Contact) -> Order {
    let token = match &wish.nonce {
        Some(nonce) => relay.token_of_form(nonce),
        None => secrets::random_order_token(),
    };
    let link = &wish.link;
    Order {
        reference: secrets::random_order_ref(),
        token,
        company: account.company.clone(),
        hotspot: offer.hotspot.clone(),
        account: account.id.clone(),
        mode: account.mode,
        plan: offer.plan.clone(),
        state: State::New,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer {
            mac: link.mac.clone(),
            ip: link.ip.clone(),
            bind_mac: false,
            dst: link.dst.clone(),
            language: link.language.unwrap_or(offer.language),
            phone: contact.phone,
            email: contact.email,
        },
        gateway_id: None,
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: None,
        link: None,
        params: MikParams::default(),
        created_at: relay.now(),
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

/// Stores a new order with the job that asks about it later; `false` if this form made one already.
async fn insert(relay: &Relay, order: Order) -> Result<bool, StoreError> {
    relay
        .change(move |change: &mut Change<'_>| {
            if change.db.order_by_token(&order.token)?.is_some() {
                return Ok(false);
            }
            store_new(change, &order)?;
            Ok(true)
        })
        .await
}

/// The row of a new order, and the job that asks about it later.
pub(super) fn store_new(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    change.db.insert_order(order)?;
    let sentence = match &order.link {
        None => format!("placed for {} on `{}`", order.plan.price, order.hotspot),
        Some(_) => format!("asked for by link: {}", order.plan.price),
    };
    change.note(&order.reference, &sentence)?;
    change.add_job(NewJob {
        task: Task::Reconcile(order.reference.clone()),
        lane: Lane::Questions(order.account.clone()),
        due_at: change.now + super::reconcile::FIRST_QUESTION,
    })
}

/// The second tap goes where the first one went, as far as that is known by now.
async fn placed_before(relay: &Relay, token: OrderToken) -> Result<Placed, PlaceError> {
    let wanted = token.clone();
    let order = relay.store().read(move |db| db.order_by_token(&wanted)).await?;
    let open = order.filter(|order| matches!(order.state, State::New | State::Waiting));
    Ok(match open.and_then(|order| order.pay_url) {
        Some(url) => Placed::Redirect { token, url },
        None => Placed::Page { token },
    })
}

pub(super) fn payment_request(
    relay: &Relay,
    order: &Order,
    gateway: GatewayName,
    country: &str,
    (hotspot, router): (&Hotspot, &Router),
    contact: Contact,
) -> PaymentRequest {
    PaymentRequest {
        order: order.reference.clone(),
        amount: order.plan.price,
        description: gateway::plain_description(&order.plan.label),
        return_url: relay.page_url(&order.token),
        notify_url: relay.notify_url(gateway, hotspot, router),
        language: order.buyer.language,
        phone: contact.phone,
        email: contact.email,
        network: contact.network,
        otp: contact.otp,
        country: country.to_owned(),
        created_at: order.created_at,
    }
}

async fn finish_start(
    relay: &Relay,
    order: &Order,
    gateway: GatewayName,
    started: Result<Started, GatewayError>,
) -> Result<Placed, PlaceError> {
    let token = order.token.clone();
    let next = match &started {
        Ok(Started {
            pay_url: Some(url),
            failed: None,
            ..
        }) => Placed::Redirect {
            token,
            url: url.clone(),
        },
        // Whether the gateway took it is unknown: the order stays open and is asked about.
        Err(GatewayError::Transient(_) | GatewayError::Throttled { .. }) => {
            record_start(relay, order.reference.clone(), gateway, started).await?;
            return Err(PlaceError::GatewayDown { token });
        }
        _ => Placed::Page { token },
    };
    record_start(relay, order.reference.clone(), gateway, started).await?;
    Ok(next)
}

pub(super) async fn record_start(
    relay: &Relay,
    reference: OrderRef,
    gateway: GatewayName,
    started: Result<Started, GatewayError>,
) -> Result<(), StoreError> {
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            let started = match started {
                Ok(started) => started,
                Err(error) => {
                    let reason = why_not_started(&order, gateway, &error);
                    let sentence = reason.to_string();
                    order.reason = Some(reason);
                    if matches!(error, GatewayError::Transient(_) | GatewayError::Throttled { .. }) {
                        change.db.save_order(&order)?;
                        return change.note(&reference, &sentence);
                    }
                    return change.advance(&mut order, Fact::Failed, &sentence);
                }
            };
            // The webhook may have been faster than this answer: keep what it brought.
            order.gateway_id = order.gateway_id.take().or(started.gateway_id);
            order.pay_url = started.pay_url;
            order.notify_token = started.notify_token;
            match started.failed {
                Some(words) => {
                    order.reason = Some(Reason::Declined {
                        gateway,
                        words: settle::shown(&words),
                    });
                    change.advance(&mut order, Fact::Failed, "the gateway refused at once")
                }
                None => change.advance(&mut order, Fact::Started, "the gateway waits for the buyer"),
            }
        })
        .await
}

fn why_not_started(order: &Order, gateway: GatewayName, error: &GatewayError) -> Reason {
    match error {
        GatewayError::Transient(words) => Reason::GatewaySilent {
            gateway,
            words: settle::shown(words),
        },
        GatewayError::Throttled { .. } => Reason::GatewaySilent {
            gateway,
            words: settle::shown(&error.to_string()),
        },
        GatewayError::Misconfigured(words) => Reason::AccountRefused {
            gateway,
            account: order.account.clone(),
            words: settle::shown(words),
        },
        GatewayError::Refused(words) => Reason::RequestRefused {
            gateway,
            words: settle::shown(words),
        },
        GatewayError::Rule(rule) => Reason::RuleBroken {
            gateway,
            price: order.plan.price,
            rule: rule.clone(),
        },
        GatewayError::NotFound => Reason::RequestRefused {
            gateway,
            words: error.to_string(),
        },
    }
}
