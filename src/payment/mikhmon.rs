//! What the relay does where Mikhmon serves the same router: a sale record for each sale of which Mikhmon writes none,
//! and, in `validity`, the end of vouchers that its script does not end any more. Both only where the hotspot wishes it,
//! after the sale, and without any say in it. Facts: `mikhmon.md` 3.3 and 6.

pub(super) mod validity;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use super::change::Change;
use super::deliver;
use super::provision::{Trouble, Work, down_or_later};
use super::routers::Loan;
use super::{Outcome, Relay};
use crate::ids::{OrderRef, RouterId};
use crate::job::{Job, Lane, NewJob, Task};
use crate::mikhmon::{self, MARK, ProfileScript, RecordDates, SaleRecord, ScriptDates, Sold};
use crate::order::{Order, State};
use crate::reason::Reason;
use crate::routeros::{NewScript, RouterError, TrapKind, normal_mac};
use crate::store::StoreError;

/// Adds what a delivered order's hotspot wishes.
pub(super) fn delivered(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    let Some(hotspot) = change.directory.hotspots.get(&order.hotspot) else {
        return Ok(());
    };
    if order.link.is_some() || order.voucher.is_none() {
        return Ok(());
    }
    let (wishes, router) = (hotspot.mikhmon, hotspot.router.clone());
    if wishes.records {
        change.add_job(NewJob {
            task: Task::SaleRecord(order.reference.clone()),
            lane: Lane::Router(router.clone()),
            due_at: change.now.saturating_add(SALES_FIRST).unwrap_or(change.now),
        })?;
    }
    if wishes.expiry {
        change.db.watch_validity(&order.reference, &router)?;
        let job = validity::look_at(&router, change.now);
        change.add_job(job)?;
    }
    Ok(())
}

/// What is known of the form of each router's records. Their list may be thousands of rows, so it is read seldom.
#[derive(Default)]
pub(super) struct Forms(Mutex<HashMap<RouterId, (Timestamp, Option<RecordDates>)>>);

impl Forms {
    fn known(&self, router: &RouterId, now: Timestamp) -> Option<Option<RecordDates>> {
        let forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, form) = forms.get(router)?;
        (now.duration_since(*at) < FORM_LASTS).then_some(*form)
    }

    fn learn(&self, router: &RouterId, now: Timestamp, form: Option<RecordDates>) {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forms.insert(router.clone(), (now, form));
    }
}

/// What a try came to.
enum Written {
    Yes,
    /// Mikhmon's script does it, at the first login.
    ByMikhmon,
    /// The router's clock was never set.
    NoClock,
}

/// Writes the sale record of a delivered order.
pub(super) async fn write_record(relay: &Relay, reference: &OrderRef, job: &Job) -> Result<Outcome, StoreError> {
    let Some(work) = Work::load(relay, reference).await? else {
        return Ok(Outcome::Done);
    };
    // What went back is no sale, and a wish may be taken back.
    if work.order.state != State::Delivered || !work.hotspot.mikhmon.records {
        return Ok(Outcome::Done);
    }
    let line = match record(relay, &work).await {
        Ok(Written::Yes) => "the sale is in Mikhmon's records",
        Ok(Written::ByMikhmon) => "Mikhmon's own script writes the sale record, at the first login",
        Ok(Written::NoClock) => {
            return give_up_or(relay, &work, job, CLOCK_RETRY, "the router's clock is not set").await;
        }
        Err(Trouble::Router(RouterError::Trap(trap))) => {
            let words = match trap.kind {
                TrapKind::NotPermitted => "not enough permissions".to_owned(),
                // A router's own words could repeat the record, and with it the code.
                _ => without_code(&work, &trap.words()),
            };
            tell_refusal(relay, &work, &words).await?;
            return give_up_or(relay, &work, job, REFUSED_RETRY, &words).await;
        }
        Err(Trouble::Router(error @ (RouterError::NotSendable { .. } | RouterError::Answer { .. }))) => {
            tell_refusal(relay, &work, &error.to_string()).await?;
            return Ok(Outcome::Done);
        }
        Err(Trouble::Router(error)) => return Ok(down_or_later(&error)),
        Err(Trouble::Operator(reason)) => {
            return give_up_or(relay, &work, job, REFUSED_RETRY, &reason.to_string()).await;
        }
        Err(Trouble::Store(error)) => return Err(error),
        Err(Trouble::Crowded | Trouble::NoRandomness | Trouble::Overtaken) => return Ok(Outcome::Done),
    };
    let (reference, router) = (reference.clone(), work.router.id.clone());
    relay
        .change(move |change| {
            change.db.clear_records_refused(&router)?;
            change.note(&reference, line)
        })
        .await?;
    Ok(Outcome::Done)
}

async fn record(relay: &Relay, work: &Work) -> Result<Written, Trouble> {
    let mut loan = work.session(relay).await?;
    let result = record_on(relay, work, &mut loan).await;
    if let Err(Trouble::Router(error)) = &result
        && !matches!(error, RouterError::Trap(_))
    {
        loan.discard();
    }
    result
}

async fn record_on(relay: &Relay, work: &Work, loan: &mut Loan) -> Result<Written, Trouble> {
    let session = loan.session()?;
    let profiles = session.profile_scripts(Some(&work.order.plan.profile)).await?;
    let on_login = profiles.first().map_or("", |profile| profile.on_login.as_str());
    if mikhmon::writes_record(on_login) {
        return Ok(Written::ByMikhmon);
    }
    let reference = work.order.reference.clone();
    let stored = relay.store().read(move |db| db.sale_record(&reference)).await?;
    let record = match stored {
        Some(record) => {
            // A try before this one may have reached the router.
            if session.has_script(&record.name).await? {
                return Ok(Written::Yes);
            }
            record
        }
        None => {
            let script = ProfileScript::read(on_login);
            let Some(record) = compose(relay, work, loan, script.as_ref()).await? else {
                return Ok(Written::NoClock);
            };
            let (reference, stored) = (work.order.reference.clone(), record.clone());
            relay
                .change(move |change| change.db.put_sale_record(&reference, &stored))
                .await?;
            record
        }
    };
    let script = NewScript {
        name: &record.name,
        owner: &record.owner,
        source: &record.source,
        comment: MARK,
    };
    loan.session()?.add_script(&script).await?;
    Ok(Written::Yes)
}

/// The record as Mikhmon would have written it now. Nothing while the router's clock was never set: such a record would
/// stand in a month that nobody looks at.
async fn compose(
    relay: &Relay,
    work: &Work,
    loan: &mut Loan,
    script: Option<&ProfileScript>,
) -> Result<Option<SaleRecord>, Trouble> {
    let clock = loan.session()?.clock().await?;
    if clock.date.year() < CLOCK_IS_SET {
        return Ok(None);
    }
    let Some(voucher) = &work.order.voucher else {
        return Err(Trouble::Overtaken);
    };
    let dates = match form_of(relay, work, loan).await? {
        Some(dates) => dates,
        None if script.is_some_and(|script| script.dates == ScriptDates::Iso) => RecordDates::Iso,
        None => RecordDates::default(),
    };
    let (plan, buyer) = (&work.order.plan, &work.order.buyer);
    let validity = match script.and_then(|script| script.validity.as_ref()) {
        Some(validity) => validity.text.clone(),
        None if plan.time.is_none() => String::new(),
        None => plan.time.to_routeros(),
    };
    // Both came from a browser, and Mikhmon shows them unescaped.
    let mac = buyer.mac.as_deref().and_then(normal_mac);
    let ip = buyer
        .ip
        .as_deref()
        .and_then(|ip| ip.trim().parse::<std::net::Ipv4Addr>().ok());
    let sold = Sold {
        user: voucher.username.expose_secret(),
        price: &plan.price.major_text(),
        ip: &ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
        mac: mac.as_deref().unwrap_or("-"),
        validity: &validity,
        profile: &plan.profile,
        comment: &voucher.comment,
    };
    Ok(Some(SaleRecord::new(clock.date.to_datetime(clock.time), dates, &sold)))
}

/// The form of the newest record that some Mikhmon can find.
async fn form_of(relay: &Relay, work: &Work, loan: &mut Loan) -> Result<Option<RecordDates>, Trouble> {
    let (forms, now) = (&relay.0.record_forms, relay.now());
    if let Some(known) = forms.known(&work.router.id, now) {
        return Ok(known);
    }
    let owners = loan.session()?.script_owners(MARK).await?;
    let form = owners.iter().find_map(|owner| RecordDates::of_owner(owner));
    forms.learn(&work.router.id, now, form);
    Ok(form)
}

fn without_code(work: &Work, words: &str) -> String {
    let code = work
        .order
        .voucher
        .as_ref()
        .map(|voucher| voucher.username.expose_secret());
    match code {
        Some(code) if words.contains(code) => "the router's words are left out because they repeat the code".to_owned(),
        _ => words.to_owned(),
    }
}

/// The operator is told once for each router, until it takes a record.
async fn tell_refusal(relay: &Relay, work: &Work, words: &str) -> Result<(), StoreError> {
    let (reference, router) = (work.order.reference.clone(), work.router.id.clone());
    let reason = Reason::SaleRecordRefused {
        router: router.clone(),
        words: words.to_owned(),
    };
    relay
        .change(move |change| {
            let line = reason.to_string();
            if !change.db.was_noted(&reference, &line)? {
                change.note(&reference, &line)?;
            }
            if !change.db.note_records_refused(&router, change.now)? {
                return Ok(());
            }
            match change.db.order(&reference)? {
                Some(order) => deliver::alert_about(change, &order, &reason),
                None => Ok(()),
            }
        })
        .await
}

async fn give_up_or(
    relay: &Relay,
    work: &Work,
    job: &Job,
    after: SignedDuration,
    why: &str,
) -> Result<Outcome, StoreError> {
    if relay.now().duration_since(job.created_at) < TRIED_FOR {
        return Ok(Outcome::Later {
            after,
            why: why.to_owned(),
        });
    }
    let (reference, line) = (
        work.order.reference.clone(),
        format!("no sale record was written: {why}"),
    );
    relay.change(move |change| change.note(&reference, &line)).await?;
    Ok(Outcome::Done)
}

/// In a rush, those who wait for their code come before the report.
const SALES_FIRST: SignedDuration = SignedDuration::from_mins(1);
/// A list of thousands of records costs a small router seconds; a change of Mikhmon's version is a day's matter.
const FORM_LASTS: SignedDuration = SignedDuration::from_hours(6);
/// A router without a set clock starts in 1970; no relay is older than this.
const CLOCK_IS_SET: i16 = 2020;
/// Time servers answer within minutes, or not at all.
const CLOCK_RETRY: SignedDuration = SignedDuration::from_mins(10);
/// Rights are given by a person.
const REFUSED_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// A report is looked at within days.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
