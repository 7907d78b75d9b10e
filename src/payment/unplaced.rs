//! Genuine webhooks that no order here can take: a claim without our reference, a chargeback of a payment nobody here
//! knows, bytes that cannot be read; and those that wait because the gateway refuses the account's keys. The operator is
//! told by mail, at most once an hour, and finds them in `mikrelay event list --open`.

use jiff::SignedDuration;

use super::change::Change;
use super::{Outcome, Relay};
use crate::event::{Event, Proof, Unplaced};
use crate::gateway::{self, Notice, PaymentStatus, Report, Unreadable};
use crate::ids::{AccountId, CompanyId};
use crate::job::{Lane, NewJob, Task};
use crate::message::Message;
use crate::notify::unplaced::mail_about;
use crate::secrets;
use crate::store::StoreError;

/// Settles an event that no order takes, and sees to it that its operator hears of it.
pub(super) async fn close(relay: &Relay, event: &Event, why: Unplaced) -> Result<Outcome, StoreError> {
    let (id, account) = (event.id, event.event.account.clone());
    let outcome = format!("needs attention: {why}");
    tracing::warn!(event = %id, account = %account, "event {id} {outcome}");
    relay
        .change(move |change| {
            change.db.settle_event(id, &outcome, None, change.now)?;
            change.db.note_unplaced(id, &why)?;
            add_mail(change, &account)
        })
        .await?;
    Ok(Outcome::Done)
}

/// What an event that cannot be read comes to: anybody who knows the access UUID can send such a hint.
pub(super) fn unreadable(proof: Proof, error: Unreadable) -> Result<Unplaced, &'static str> {
    match proof {
        Proof::Signed => Ok(Unplaced::Unreadable { words: error.0 }),
        Proof::Hint => Err("needs attention: it cannot be read, and nothing proves where it came from"),
    }
}

/// The gateway refuses the keys of an event's account: the event waits, and the operator is told of it.
pub(super) async fn warn_of_account(relay: &Relay, event: &Event, words: String) -> Result<(), StoreError> {
    let (id, account) = (event.id, event.event.account.clone());
    relay
        .change(move |change| {
            change.db.note_unplaced(id, &Unplaced::AccountRefused { words })?;
            add_mail(change, &account)
        })
        .await
}

fn add_mail(change: &mut Change<'_>, account: &AccountId) -> Result<(), StoreError> {
    let account = change.directory.accounts.get(account);
    let Some(company) = account.map(|account| account.company.clone()) else {
        return Ok(());
    };
    change.add_job(NewJob {
        task: Task::EventMail(company),
        lane: Lane::Upkeep,
        due_at: change.now,
    })
}

/// The payment of an event that the account may not see.
pub(super) fn not_shown(relay: &Relay, event: &Event) -> Unplaced {
    let directory = relay.store().directory();
    let account = directory.accounts.get(&event.event.account);
    let notice = account.and_then(|account| gateway::of(account).read_notice(account, event.event.told()).ok());
    Unplaced::NotShown {
        payment: notice
            .and_then(|notice| notice.gateway_id)
            .unwrap_or_else(|| "?".to_owned()),
    }
}

/// Whether money that no order here has is in doubt or gone, by a signed webhook's own word.
pub(super) fn told_taken_back(event: &Event, notice: &Notice) -> Option<Unplaced> {
    let report = notice.report.as_ref().filter(|_| event.event.proof == Proof::Signed)?;
    taken_back(report, notice.gateway_id.as_deref())
}

/// The same by what the gateway answers.
pub(super) fn taken_back(report: &Report, named: Option<&str>) -> Option<Unplaced> {
    let is_in_doubt = matches!(report.status, PaymentStatus::Disputed | PaymentStatus::ChargedBack);
    is_in_doubt.then(|| Unplaced::TakenBack {
        payment: report.gateway_id.as_deref().or(named).unwrap_or("?").to_owned(),
    })
}

/// Writes the company's mail about what it was not told of yet.
pub(super) async fn tell(relay: &Relay, company: &CompanyId) -> Result<Outcome, StoreError> {
    let wanted = company.clone();
    let told_at = relay.store().read(move |db| db.events_told_at(&wanted)).await?;
    let wait = told_at.map_or(SignedDuration::ZERO, |told_at| {
        (told_at + BETWEEN_MAILS).duration_since(relay.now())
    });
    // A clock that was set back must not silence the mails.
    if wait > SignedDuration::ZERO && wait <= BETWEEN_MAILS {
        return Ok(Outcome::Later {
            after: wait,
            why: "one mail an hour".to_owned(),
        });
    }
    let id = company.clone();
    relay
        .change(move |change| {
            let Some(company) = change.directory.companies.get(&id) else {
                return Ok(());
            };
            let news = change.db.untold_events(&id, MOST_LINES)?;
            let Some(recipient) = company.notify_email.clone().filter(|_| !news.is_empty()) else {
                return Ok(());
            };
            let count = change.db.tell_events(&id, change.now)?;
            let (subject, text) = mail_about(company.language, &company.name, &news, count);
            let message = Message {
                company: id.clone(),
                order: None,
                message_id: format!("{id}.events.{}@mikrelay.invalid", secrets::random_token(64)),
                recipient,
                subject,
                text,
                created_at: change.now,
            };
            let message = change.db.add_message(&message)?;
            change.add_job(NewJob {
                task: Task::Mail(message),
                lane: Lane::Mail,
                due_at: change.now,
            })
        })
        .await?;
    Ok(Outcome::Done)
}

/// A gateway that changes its webhooks makes thousands of these.
const BETWEEN_MAILS: SignedDuration = SignedDuration::from_hours(1);
/// The command lists all.
const MOST_LINES: usize = 20;
