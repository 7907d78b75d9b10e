//! Once a day, what each gateway says was paid is held against what was delivered. Money that is there and was
//! not seen here goes the way of any answer of the gateway, so that most differences mend themselves; what still
//! does not agree is kept for `order ledger` and told in one mail per company and day.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::change::Change;
use super::settle::{self, Source};
use super::{Outcome, Relay, upkeep};
use crate::company::Account;
use crate::gateway::{self, GatewayError, PaymentKey, Report};
use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::job::{Job, Lane, NewJob, Task};
use crate::ledger::{Comparison, Difference, DifferenceKind, Way};
use crate::message::Message;
use crate::notify::ledger::mail_of_the_day;
use crate::order::{Order, State};
use crate::refund::Standing;
use crate::secrets;
use crate::store::StoreError;

/// Compares one account, and plans the next time.
pub(super) async fn compare(relay: &Relay, id: &AccountId, job: &Job) -> Result<Outcome, StoreError> {
    let directory = relay.store().directory();
    let Some(account) = directory.accounts.get(id) else {
        return Ok(Outcome::Done);
    };
    let wanted = id.clone();
    let last = relay.store().read(move |db| db.comparison(&wanted)).await?;
    let until = relay.now();
    let mut run = Run {
        relay,
        account,
        since: begin(last.as_ref(), until),
        until,
        begun: Instant::now(),
        attempts: job.attempts,
        way: Way::Alone,
        checked: 0,
        left_out: 0,
        mended: HashSet::new(),
        differences: Vec::new(),
    };
    let problem = match run.go().await? {
        Ok(()) => None,
        Err(error) if job.attempts < TRIES => {
            return Ok(Outcome::Later {
                after: TRY_AGAIN,
                why: error.to_string(),
            });
        }
        Err(error) => Some(settle::shown(&error.to_string())),
    };
    let mut found = run.into_comparison(problem);
    if found.problem.is_some() {
        begin_there_again(&mut found, last.as_ref());
    }
    let next = NewJob {
        task: Task::Ledger(id.clone()),
        lane: Lane::Ledger(id.clone()),
        due_at: upkeep::next_morning(&directory, account, until),
    };
    relay
        .change(move |change| {
            keep(change, found, last)?;
            // This job is still being done, so the store keeps the wish until it has ended.
            change.add_job(next)
        })
        .await?;
    Ok(Outcome::Done)
}

/// Leaves a comparison that could not be made where the last good one was, so that the next begins there.
fn begin_there_again(failed: &mut Comparison, last: Option<&Comparison>) {
    match last {
        Some(last) => {
            (failed.since, failed.until) = (last.since, last.until);
            failed.differences.clone_from(&last.differences);
        }
        None => failed.until = failed.since + OVERLAP,
    }
}

/// A day before the end of the last comparison: what was under way then is settled by now.
fn begin(last: Option<&Comparison>, now: Timestamp) -> Timestamp {
    let earliest = now - LONGEST_PERIOD;
    let begin = match last {
        Some(last) => last.until - OVERLAP,
        None => now - FIRST_PERIOD,
    };
    begin.clamp(earliest, now - OVERLAP)
}

/// Stores a comparison. What the operator was told before is not told again.
fn keep(change: &mut Change<'_>, mut found: Comparison, last: Option<Comparison>) -> Result<(), StoreError> {
    let before = last.map(|last| last.differences).unwrap_or_default();
    for difference in &mut found.differences {
        difference.told = before.iter().any(|known| known.told && known.is_same(difference));
    }
    let news = found.differences.iter().filter(|difference| !difference.told).count();
    change.db.save_comparison(&found)?;
    tracing::info!(
        account = %found.account,
        checked = found.checked,
        mended = found.mended,
        differences = found.differences.len(),
        "account {}: {} payments compared, {} mended, {} do not agree",
        found.account, found.checked, found.mended, found.differences.len()
    );
    if let Some(problem) = &found.problem {
        tracing::warn!(account = %found.account, "account {}: the gateway could not be compared with: {problem}", found.account);
    }
    if news > 0 {
        let company = found.company.clone();
        return change.add_job(NewJob {
            task: Task::LedgerMail(company),
            lane: Lane::Upkeep,
            due_at: change.now + COLLECT_FOR,
        });
    }
    Ok(())
}

/// One comparison under way.
struct Run<'r> {
    relay: &'r Relay,
    account: &'r Account,
    since: Timestamp,
    until: Timestamp,
    begun: Instant,
    /// Tries before this one.
    attempts: i64,
    way: Way,
    checked: u32,
    left_out: u32,
    mended: HashSet<OrderRef>,
    differences: Vec<Difference>,
}

impl Run<'_> {
    async fn go(&mut self) -> Result<Result<(), GatewayError>, StoreError> {
        if let Err(error) = self.hear_the_gateway().await? {
            return Ok(Err(error));
        }
        self.look_at_ours().await?;
        Ok(Ok(()))
    }

    async fn hear_the_gateway(&mut self) -> Result<Result<(), GatewayError>, StoreError> {
        let adapter = gateway::of(self.account);
        if let Some(list) = adapter.list_paid(self.account, self.since, self.until) {
            let listed = tokio::time::timeout(TIME_FOR_LISTS, self.relay.converse(self.account, list)).await;
            match listed.unwrap_or_else(|_| Err(GatewayError::Transient("its list has no end".to_owned()))) {
                Ok(reports) => return self.compare_list(reports).await.map(Ok),
                // An account without this call is asked about each order instead.
                Err(GatewayError::NotFound | GatewayError::Refused(_)) => {}
                // A list that is too long, or has changed, must not keep the money from being found.
                Err(GatewayError::Transient(_)) if self.attempts >= TRIES / 2 => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        if adapter.can_ask(self.account) {
            return self.ask_each().await;
        }
        Ok(Ok(()))
    }

    async fn compare_list(&mut self, reports: Vec<Report>) -> Result<(), StoreError> {
        self.way = Way::Listed;
        for report in reports {
            self.checked += 1;
            let Some(order) = self.order_of(&report).await? else {
                self.differs(DifferenceKind::Unknown, None, &report);
                continue;
            };
            let other = order.gateway_id.is_some() && order.gateway_id != report.gateway_id;
            if order.state.awaits_money() {
                self.mend(order, report).await?;
            } else if other {
                self.hear_of_second(order, report).await?;
            }
        }
        Ok(())
    }

    /// The order of this account that a payment is for.
    async fn order_of(&self, report: &Report) -> Result<Option<Order>, StoreError> {
        let (account, reference, id) = (self.account.id.clone(), report.order.clone(), report.gateway_id.clone());
        let found = self
            .relay
            .store()
            .read(move |db| match (reference, id) {
                (Some(reference), _) => db.order(&reference),
                (None, Some(id)) => db.order_by_gateway_id(&account, &id),
                (None, None) => Ok(None),
            })
            .await?;
        Ok(found.filter(|order| order.account == self.account.id))
    }

    /// Applies what the gateway says of an order that is not paid here, as the reconciler would.
    async fn mend(&mut self, order: Order, report: Report) -> Result<(), StoreError> {
        let reference = order.reference.clone();
        settle::apply(self.relay, reference.clone(), report.clone(), Source::Question).await?;
        let wanted = reference.clone();
        let after = self.relay.store().read(move |db| db.order(&wanted)).await?;
        match after {
            Some(after) if after.state.awaits_money() => self.differs(DifferenceKind::Unsettled, Some(&after), &report),
            // Held ones are found among our own.
            Some(after) if after.state == State::Held => {}
            _ => {
                self.mended.insert(reference);
            }
        }
        Ok(())
    }

    /// Another payment than the order's own: what a webhook about it would have begun begins now. It may be the right
    /// money for an order that is held; else it goes back, or the operator is told.
    async fn hear_of_second(&mut self, order: Order, report: Report) -> Result<(), StoreError> {
        let (reference, account) = (order.reference.clone(), self.account.id.clone());
        let id = report.gateway_id.clone().unwrap_or_default();
        let look = move |db: &crate::store::Db<'_>| Ok((db.order(&reference)?, db.refund_of_payment(&account, &id)?));
        let (_, refund_before) = self.relay.store().read(look.clone()).await?;
        settle::apply(self.relay, order.reference.clone(), report.clone(), Source::Question).await?;
        let (after, refund) = self.relay.store().read(look).await?;
        let Some(after) = after else { return Ok(()) };
        let goes_back = refund.is_some_and(|refund| refund.standing != Standing::Refused);
        let was_taken = after.gateway_id == report.gateway_id;
        if was_taken || (goes_back && refund_before.is_none()) {
            self.mended.insert(after.reference);
        } else if !goes_back {
            self.differs(DifferenceKind::Second, Some(&after), &report);
        }
        Ok(())
    }

    /// Where there is no list: asks about every order of the period that is not paid here.
    async fn ask_each(&mut self) -> Result<Result<(), GatewayError>, StoreError> {
        self.way = Way::Asked;
        let open: Vec<_> = State::ALL.into_iter().filter(|state| state.awaits_money()).collect();
        let orders = self.orders(open, MOST_QUESTIONS + 1).await?;
        for (number, order) in orders.iter().enumerate() {
            if number >= MOST_QUESTIONS || self.begun.elapsed() > TIME_FOR_QUESTIONS {
                self.left_out = u32::try_from(orders.len() - number).unwrap_or(u32::MAX);
                break;
            }
            let key = PaymentKey {
                order: order.reference.clone(),
                gateway_id: order.gateway_id.clone(),
                created_at: order.created_at,
            };
            let question = gateway::of(self.account).ask(self.account, &key);
            self.checked += 1;
            match self.relay.converse(self.account, question).await {
                Ok(report) if report.status == gateway::PaymentStatus::Paid => {
                    self.mend(order.clone(), report).await?;
                }
                Ok(_) | Err(GatewayError::NotFound | GatewayError::Refused(_)) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    /// Orders whose money is there and that did not come to their end, whatever the gateway lists.
    async fn look_at_ours(&mut self) -> Result<(), StoreError> {
        let unfinished = self
            .orders(vec![State::Held, State::Stuck, State::Paid], MOST_DIFFERENCES)
            .await?;
        for order in unfinished {
            let kind = match order.state {
                State::Held => DifferenceKind::Held,
                State::Stuck => DifferenceKind::Stuck,
                _ if order.paid_at.is_some_and(|paid_at| paid_at > self.until - ROUTERS_TIME) => continue,
                _ => DifferenceKind::Undelivered,
            };
            self.note(Difference {
                kind,
                gateway_id: order.gateway_id.clone(),
                amount: Some(order.plan.price.into()),
                order: Some(order.reference),
                told: false,
            });
        }
        Ok(())
    }

    async fn orders(&self, states: Vec<State>, limit: usize) -> Result<Vec<Order>, StoreError> {
        let (account, since, until) = (self.account.id.clone(), self.since - OVERLAP, self.until);
        let read = move |db: &crate::store::Db<'_>| db.orders_of_account(&account, &states, since, until, limit);
        self.relay.store().read(read).await
    }

    fn differs(&mut self, kind: DifferenceKind, order: Option<&Order>, report: &Report) {
        self.note(Difference {
            kind,
            order: order
                .map(|order| order.reference.clone())
                .or_else(|| report.order.clone()),
            gateway_id: report.gateway_id.clone(),
            amount: report.amount.map(Into::into),
            told: false,
        });
    }

    fn note(&mut self, difference: Difference) {
        let known = self.differences.iter().any(|known| known.is_same(&difference));
        if !known && self.differences.len() < MOST_DIFFERENCES {
            self.differences.push(difference);
        }
    }

    fn into_comparison(self, problem: Option<String>) -> Comparison {
        Comparison {
            account: self.account.id.clone(),
            company: self.account.company.clone(),
            since: self.since,
            until: self.until,
            way: self.way,
            checked: self.checked,
            mended: u32::try_from(self.mended.len()).unwrap_or(u32::MAX),
            left_out: self.left_out,
            problem,
            differences: self.differences,
        }
    }
}

/// Writes the company's mail of the day, if there is anything it was not told yet.
pub(super) async fn tell(relay: &Relay, company: &CompanyId) -> Result<Outcome, StoreError> {
    let wanted = company.clone();
    let told_at = relay.store().read(move |db| db.ledger_told_at(&wanted)).await?;
    let wait = told_at.map_or(SignedDuration::ZERO, |told_at| {
        (told_at + BETWEEN_MAILS).duration_since(relay.now())
    });
    // A clock that was set back must not silence the mails.
    if wait > SignedDuration::ZERO && wait <= BETWEEN_MAILS {
        return Ok(Outcome::Later {
            after: wait,
            why: "one mail a day".to_owned(),
        });
    }
    let company = company.clone();
    relay.change(move |change| write_mail(change, &company)).await?;
    Ok(Outcome::Done)
}

fn write_mail(change: &mut Change<'_>, id: &CompanyId) -> Result<(), StoreError> {
    let Some(company) = change.directory.companies.get(id) else {
        return Ok(());
    };
    let mut comparisons = change.db.comparisons(Some(id))?;
    comparisons.retain(|one| one.differences.iter().any(|difference| !difference.told));
    let Some(recipient) = company.notify_email.clone().filter(|_| !comparisons.is_empty()) else {
        return Ok(());
    };
    let (subject, text) = mail_of_the_day(company.language, &company.name, &comparisons);
    let message = Message {
        company: id.clone(),
        order: None,
        message_id: format!("{id}.ledger.{}@mikrelay.invalid", secrets::random_token(64)),
        recipient,
        subject,
        text,
        created_at: change.now,
    };
    let message = change.db.add_message(&message)?;
    for mut comparison in comparisons {
        comparison.differences.iter_mut().for_each(|one| one.told = true);
        change
            .db
            .tell_ledger(&comparison.account, &comparison.differences, change.now)?;
    }
    change.add_job(NewJob {
        task: Task::Mail(message),
        lane: Lane::Mail,
        due_at: change.now,
    })
}

const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
const FIRST_PERIOD: SignedDuration = SignedDuration::from_hours(48);
/// A relay that was off for longer has lost more than a mail; gateways' lists get long.
const LONGEST_PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A busy router has made its users within the hour; a dead one has its operator's attention by then.
const ROUTERS_TIME: SignedDuration = SignedDuration::from_hours(1);
/// All accounts of a company are compared within the hour, so that their mail is one.
const COLLECT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Less than a day, so that the mail does not wander through the day.
const BETWEEN_MAILS: SignedDuration = SignedDuration::from_hours(20);
/// A gateway that is down in the night is asked for three hours.
const TRIES: i64 = 12;
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// Both stay below the lease of a job, five minutes.
const TIME_FOR_LISTS: Duration = Duration::from_secs(180);
const TIME_FOR_QUESTIONS: Duration = Duration::from_secs(180);
/// Anybody can place orders that he never pays; these are asked about by the reconciler for two days as well.
const MOST_QUESTIONS: usize = 500;
/// More than anybody reads; it bounds the row.
const MOST_DIFFERENCES: usize = 200;
