//! From a stored event, or a gateway's answer, to the order's new state. What an amount, a currency and
//! a mode mean for an order is decided without I/O; the gateway is asked first wherever it can be.

use jiff::SignedDuration;

use super::change::Change;
use super::confirm::{Question, Unconfirmed, confirm, told_paid, told_paid_but_answers_pending, with_warning};
use super::judge::{Known, Verdict, judge};
use super::refund::second;
use super::refund::wish;
use super::whose::{identify, may_speak_for, named_order};
use super::{Outcome, Relay, deliver, links, unplaced};
use crate::company::{Account, RouterCredentials};
use crate::event::{Event, Proof, Unplaced};
use crate::gateway::{self, GatewayError, PaymentStatus, Report};
use crate::ids::{EventId, OrderRef};
use crate::job::Job;
use crate::mik_params::MikParams;
use crate::order::{Fact, Order, State};
use crate::reason::Reason;
use crate::refund::Standing;
use crate::store::{Db, StoreError};

/// Settles one event of the inbox.
pub(super) async fn settle(relay: &Relay, id: EventId, job: &Job) -> Result<Outcome, StoreError> {
    let Some(event) = relay.store().read(move |db| db.event(id)).await? else {
        return Ok(Outcome::Done);
    };
    if event.settled_at.is_some() {
        return Ok(Outcome::Done);
    }
    let question = match find_order(relay, &event).await? {
        Found::Order(question) => question,
        Found::Nothing(outcome) => return close(relay, id, None, outcome).await,
        Found::Unplaced(why) => return unplaced::close(relay, &event, why).await,
        Found::Unanswered(GatewayError::NotFound) if job.attempts >= NOT_FOUND_TRIES => {
            return close(relay, id, None, "the gateway does not know this payment").await;
        }
        Found::Unanswered(GatewayError::Refused(why)) => {
            tracing::warn!(event = %id, "event {id} is about a payment the gateway does not show: {why}");
            return unplaced::close(relay, &event, unplaced::not_shown(relay, &event)).await;
        }
        Found::Unanswered(error) => {
            return Ok(Outcome::Later {
                after: backoff(job.attempts).max(rest(&error)),
                why: error.to_string(),
            });
        }
    };
    let order = question.order.reference.clone();
    match confirm(relay, &event, &question).await {
        Ok(report) if told_paid_but_answers_pending(&question.notice, &report, job) => Ok(Outcome::Later {
            after: ASK_AGAIN,
            why: "the gateway still says pending".to_owned(),
        }),
        Ok(report) => {
            let told_paid = told_paid(&question.notice, &report);
            let report = with_warning(&event, &question.notice, report);
            let arrivals = &relay.0.arrivals;
            arrivals.wait_for_earlier(id, &event.event.account, &order).await;
            let event = Box::new(event);
            apply(relay, order, report, Source::Event { event, told_paid }).await?;
            Ok(Outcome::Done)
        }
        Err(Unconfirmed::Hint) => {
            close(
                relay,
                id,
                Some(order),
                "unsigned, and this account cannot ask the gateway",
            )
            .await
        }
        Err(Unconfirmed::NothingSaid) => close(relay, id, Some(order), "nothing about a payment").await,
        Err(Unconfirmed::Gateway(GatewayError::NotFound)) if job.attempts >= NOT_FOUND_TRIES => {
            close(relay, id, Some(order), "the gateway does not know this payment").await
        }
        Err(Unconfirmed::Gateway(error)) => {
            if let (GatewayError::Misconfigured(words), 0) = (&error, job.attempts) {
                unplaced::warn_of_account(relay, &event, shown(words)).await?;
            }
            Ok(Outcome::Later {
                after: backoff(job.attempts).max(rest(&error)),
                why: error.to_string(),
            })
        }
    }
}

/// Where a report about an order came from.
pub(super) enum Source {
    Event {
        event: Box<Event>,
        /// It said that the payment was paid, whatever the gateway says of it by now.
        told_paid: bool,
    },
    /// The gateway was asked.
    Question,
}

enum Found {
    Order(Box<Question>),
    Nothing(&'static str),
    /// Nobody's here, and worth a look all the same.
    Unplaced(Unplaced),
    /// The gateway had to be asked whose payment it is, and did not say.
    Unanswered(GatewayError),
}

/// The order an event is about, if it is one of this hotspot and account.
async fn find_order(relay: &Relay, full: &Event) -> Result<Found, StoreError> {
    let directory = relay.store().directory();
    let event = &full.event;
    let Some(account) = directory.accounts.get(&event.account) else {
        return Ok(Found::Nothing("its account is gone from the business file"));
    };
    let adapter = gateway::of(account);
    let notice = match adapter.read_notice(account, event.told()) {
        Ok(notice) => notice,
        Err(error) => return Ok(unplaced::unreadable(event.proof, error).map_or_else(Found::Nothing, Found::Unplaced)),
    };
    if notice.report.is_none() && event.proof == Proof::Signed {
        return Ok(Found::Nothing("nothing about a payment"));
    }
    let (wanted, hotspot) = (notice.clone(), event.hotspot.clone());
    let accounts = may_speak_for(&directory, account, event.proof);
    let candidates = accounts.clone();
    let mut order = relay
        .store()
        .read(move |db| named_order(db, &wanted, &candidates, &hotspot))
        .await?;
    if order.is_none() && notice.order.is_none() {
        order = match identify(relay, &directory, &accounts, &notice).await {
            Ok(Some(report)) => {
                let reference = report.order.clone();
                let read = move |db: &Db<'_>| reference.map_or(Ok(None), |reference| db.order(&reference));
                let order = relay.store().read(read).await?;
                let taken_back = unplaced::taken_back(&report, notice.gateway_id.as_deref());
                if let (None, Some(why)) = (&order, taken_back) {
                    return Ok(Found::Unplaced(why));
                }
                order
            }
            Ok(None) => None,
            Err(error) => return Ok(Found::Unanswered(error)),
        };
    }
    let Some(order) = order else {
        let why = unplaced::told_taken_back(full, &notice);
        return Ok(why.map_or(Found::Nothing("no order of this relay"), Found::Unplaced));
    };
    // A payment by link belongs to no hotspot: whichever of its company's heard of it, it is meant.
    let is_elsewhere = match &order.link {
        None => order.hotspot != event.hotspot && event.names_hotspot(),
        Some(_) => account.company != order.company,
    };
    if is_elsewhere {
        return Ok(Found::Nothing("the order belongs to another hotspot"));
    }
    let Some(own) = directory.accounts.get(&order.account) else {
        return Ok(Found::Nothing("the order's account is gone from the business file"));
    };
    // A hint proves nothing, so any account may have heard it; a signature speaks for its own account only.
    let speaks_for_it = own.id == account.id || (event.proof == Proof::Hint && own.gateway() == account.gateway());
    if !speaks_for_it {
        let order = order.reference.to_string();
        return Ok(match event.proof {
            Proof::Signed => Found::Unplaced(Unplaced::OfAnotherAccount { order }),
            Proof::Hint => Found::Nothing("needs attention: the order belongs to another account"),
        });
    }
    Ok(Found::Order(Box::new(Question {
        order,
        account: own.clone(),
        notice,
    })))
}

async fn close(
    relay: &Relay,
    id: EventId,
    order: Option<OrderRef>,
    outcome: &'static str,
) -> Result<Outcome, StoreError> {
    relay
        .change(move |change| {
            change.db.settle_event(id, outcome, order.as_ref(), change.now)?;
            match &order {
                Some(order) => change.note(order, &format!("event {id}: {outcome}")),
                None => Ok(()),
            }
        })
        .await?;
    tracing::info!(event = %id, "event {id}: {outcome}");
    Ok(Outcome::Done)
}

/// Moves an order by what the gateway says of its payment; the event, if there is one, is settled in the same commit.
pub(super) async fn apply(
    relay: &Relay,
    reference: OrderRef,
    report: Report,
    source: Source,
) -> Result<(), StoreError> {
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&reference)? else {
                return Ok(());
            };
            let Some(account) = change.directory.accounts.get(&order.account) else {
                return Ok(());
            };
            let (why, params, told_paid) = match &source {
                Source::Event { event, told_paid } => {
                    (format!("event {}", event.id), Some(&event.event.params), *told_paid)
                }
                Source::Question => ("the gateway was asked".to_owned(), None, false),
            };
            // The settings of a hotspot's webhook say nothing about a payment that makes no user.
            let params = params.filter(|_| order.link.is_none());
            if let Some(params) = params.filter(|_| order.params.notify_email.is_none()) {
                // Who is told must be known even where the money does not fit.
                order.params.notify_email.clone_from(&params.notify_email);
            }
            let verdict = if is_anothers(change.db, &order, &report)? {
                Verdict::OfAnother
            } else {
                second::keep(change, &order, account, &report)?;
                let known = Known {
                    // Whoever asked for a payment by link chose the account, and is told which mode it has.
                    sold_live: order.link.is_none()
                        && change.directory.is_sold_live(&order.hotspot, order.plan.plan.as_ref()),
                    params,
                    past: second::past(change.db, &order, &report)?,
                    told_paid,
                };
                judge(&order, account, &report, &known)
            };
            let outcome = verdict.outcome();
            act(change, &mut order, account, &report, verdict, &why)?;
            others(change, &mut order, account, &report, &why)?;
            if let Source::Event { event, .. } = &source {
                finish_event(change, &mut order, event, outcome)?;
            }
            Ok(())
        })
        .await
}

/// What came of the payments that came beside the order's own: an order that is not paid takes none of them for it.
fn others(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    if order.state.awaits_money() || order.state == State::Held {
        return Ok(());
    }
    for other in &report.others {
        second::keep(change, order, account, other)?;
        let known = Known {
            past: second::past(change.db, order, other)?,
            ..Known::default()
        };
        let verdict = judge(order, account, other, &known);
        act(change, order, account, other, verdict, why)?;
    }
    Ok(())
}

/// Keeps what an event brought beside the money, and notes in its row what it came to.
fn finish_event(
    change: &mut Change<'_>,
    order: &mut Order,
    event: &Event,
    (fact, outcome): (Fact, String),
) -> Result<(), StoreError> {
    // What holds the order may be one faulty parameter: the others count once the operator lets it go on.
    if fact == Fact::Paid || (fact == Fact::Mismatched && order.state == State::Held) {
        keep_params(change, order, &event.event.params)?;
    }
    change
        .db
        .settle_event(event.id, &outcome, Some(&order.reference), change.now)
}

/// Whether the payment that a report is about is another order's of the same account.
fn is_anothers(db: &Db<'_>, order: &Order, report: &Report) -> Result<bool, StoreError> {
    let Some(id) = &report.gateway_id else { return Ok(false) };
    let owner = db.order_of_payment(&order.account, id)?;
    Ok(owner.is_some_and(|owner| owner.reference != order.reference))
}

fn act(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    report: &Report,
    verdict: Verdict,
    why: &str,
) -> Result<(), StoreError> {
    if verdict == Verdict::OfAnother {
        return change.note(
            &order.reference,
            &format!("{why}: the payment it names belongs to another order; nothing is done"),
        );
    }
    if let Some(receipt) = &report.receipt {
        change.db.add_reference(&order.reference, receipt)?;
    }
    match verdict {
        Verdict::OfAnother => Ok(()),
        Verdict::Nothing => learn_how_to_pay(change, order, report),
        Verdict::Waits(sentence) => {
            learn_how_to_pay(change, order, report)?;
            change.note(&order.reference, &format!("{sentence} ({why})"))
        }
        Verdict::Doubted(reason) => {
            // The gateway says it with every answer; people are told once.
            if was_told(change.db, &order.reference, &reason)? {
                return Ok(());
            }
            change.note(&order.reference, &format!("{reason} ({why})"))?;
            second::look_soon(change, order, report)?;
            deliver::alert_about(change, order, &reason)
        }
        Verdict::PaidTwice => match second::payment_of(order, report, change.now) {
            Some(payment) => second::paid_again(change, order, account, &payment, why),
            None => Ok(()),
        },
        Verdict::OfSecond => second::moved(change, order, report, why),
        Verdict::Over => second::over(change, order, report, why),
        Verdict::PaidButGone => second::paid_but_gone(change, order, report, why),
        Verdict::CameAndWent => second::came_and_went(change, order, report, why),
        Verdict::WonBack => second::won_back(change, order, account, why),
        Verdict::Fact(Fact::PaidAnew, sentence) => {
            second::buy_anew(change, order, account, report, &format!("{sentence} ({why})"))
        }
        Verdict::Fact(fact, sentence) => {
            learn(order, report, fact);
            if fact == Fact::ChargedBack {
                order.reason = Some(Reason::ChargedBack {
                    gateway: account.gateway(),
                });
            }
            change.advance(order, fact, &format!("{sentence} ({why})"))?;
            match fact {
                Fact::Paid => second::left_over(change, order, account, why),
                // What was wished for it would be given back twice.
                Fact::ChargedBack => wish::close_open(change, order, Standing::Refused, Some(CHARGED_BACK)),
                _ => Ok(()),
            }
        }
        Verdict::Misfit(reason) => {
            learn(order, report, Fact::Mismatched);
            second::own_again(change, order)?;
            let sentence = format!("{reason} ({why})");
            if order.state.awaits_money() {
                order.reason = Some(reason);
            }
            change.advance(order, Fact::Mismatched, &sentence)
        }
        Verdict::Failed(words) => {
            learn(order, report, Fact::Failed);
            fail(change, order, account, words, why)
        }
    }
}

fn fail(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    words: Option<String>,
    why: &str,
) -> Result<(), StoreError> {
    let sentence = format!("{} ({why})", words.as_deref().unwrap_or(FAILED));
    if order.state.awaits_money() {
        // Shown to the buyer as the gateway's own words, so it must not be ours.
        order.reason = words.map(|words| Reason::Declined {
            gateway: account.gateway(),
            words,
        });
    }
    change.advance(order, Fact::Failed, &sentence)
}

/// Whether people know of a doubt already, be it that the order is held for it.
pub(super) fn was_told(db: &Db<'_>, order: &OrderRef, doubt: &Reason) -> Result<bool, StoreError> {
    Ok(db.was_noted(order, &doubt.to_string())? || db.was_noted(order, &format!("held: {doubt}"))?)
}

/// Takes over what the gateway knows better than the form.
pub(super) fn learn(order: &mut Order, report: &Report, fact: Fact) {
    let is_money = matches!(fact, Fact::Paid | Fact::PaidAnew)
        || (fact == Fact::Mismatched && report.status == PaymentStatus::Paid && order.state.awaits_money());
    if is_money || order.gateway_id.is_none() {
        order.gateway_id = report.gateway_id.clone().or(order.gateway_id.take());
    }
    order.buyer.phone = order.buyer.phone.take().or_else(|| report.phone.clone());
    order.buyer.email = order.buyer.email.take().or_else(|| report.email.clone());
}

/// Takes over how a payment that was begun is completed: its page, found again after a lost answer, or the
/// reference for a till or a bank.
fn learn_how_to_pay(change: &mut Change<'_>, order: &mut Order, report: &Report) -> Result<(), StoreError> {
    let is_new = |known: bool, told: bool| !known && told;
    let page = is_new(order.pay_url.is_some(), report.pay_url.is_some());
    let instructed = report.instructions.is_some() && order.instructions != report.instructions;
    if !order.state.awaits_money() || !(page || instructed) {
        return Ok(());
    }
    if page {
        order.pay_url.clone_from(&report.pay_url);
        order.reason = None;
        if let (Some(raw), true) = (&report.raw, order.link.is_some()) {
            links::keep_found(change, order, raw)?;
        }
    }
    if instructed {
        order.instructions.clone_from(&report.instructions);
        change.note(
            &order.reference,
            "the buyer has a reference to pay with at a till or a bank",
        )?;
    }
    order.gateway_id = order.gateway_id.take().or_else(|| report.gateway_id.clone());
    change.advance(order, Fact::Started, "the gateway waits for the buyer")
}

/// Keeps an authentic call's settings with the order, and the router's credentials if it has none yet.
fn keep_params(change: &mut Change<'_>, order: &mut Order, params: &MikParams) -> Result<(), StoreError> {
    // A hotspot's settings are of no use to a payment that makes no user.
    if order.voucher.is_some() || order.link.is_some() {
        return Ok(());
    }
    let (user, password) = (params.admin_user.clone(), params.admin_password.clone());
    order.params = MikParams {
        admin_user: None,
        admin_password: None,
        ..params.clone()
    };
    change.db.save_order(order)?;
    let hotspot = change.directory.hotspots.get(&order.hotspot);
    let router = hotspot.and_then(|hotspot| change.directory.router_of(hotspot));
    if let (Some(router), Some(user), Some(password)) = (router, user, password)
        && router.credentials.is_none()
    {
        change
            .db
            .set_router_credentials(&router.id, &RouterCredentials { user, password })?;
        change.note(
            &order.reference,
            &format!(
                "router `{}` had no credentials; those of the callback are kept now: remove `mikadminuser` and \
                 `mikadminpass` from the webhook's address",
                router.id
            ),
        )?;
    }
    Ok(())
}

/// A gateway's words, short and on one line.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN_CHARS)
        .collect()
}

/// Seconds until the next try: 2, 4, 8 … up to five minutes.
pub(super) fn backoff(attempts: i64) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(0, 9)).unwrap_or(9);
    SignedDuration::from_secs((2_i64 << doublings).min(300))
}

/// How long a gateway wants to be left alone, within reason.
pub(super) fn rest(error: &GatewayError) -> SignedDuration {
    match error {
        GatewayError::Throttled { after_s } => SignedDuration::from_secs(i64::from(*after_s)).min(LONGEST_REST),
        _ => SignedDuration::ZERO,
    }
}

pub(super) const CHARGED_BACK: &str = "the bank took the money back";
/// In the history, where the gateway gives no reason.
pub(super) const FAILED: &str = "the payment failed";
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(3);
/// A gateway may say anything; an order's buyer waits.
pub(super) const LONGEST_REST: SignedDuration = SignedDuration::from_hours(1);
/// A payment can be unknown for a moment after it was made, not for long.
const NOT_FOUND_TRIES: i64 = 5;
/// What fits into a line of a list.
const SHOWN_CHARS: usize = 200;

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
