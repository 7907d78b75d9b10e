//! Notices on Telegram. What is to be told is written into the outbox with the change itself and sent outside of any
//! request; each company's bot has a lane of its own. What Telegram asks for is obeyed: pauses for as long as it says,
//! and a refusal is the operator's to mend, who is told once by mail.

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use super::change::Change;
use super::{Outcome, Relay, settle};
use crate::company::Company;
use crate::gateway::call::{Body, Call};
use crate::ids::CompanyId;
use crate::job::{Job, Lane, NewJob, Task};
use crate::message::Message;
use crate::notify::telegram::{self, SaleNews};
use crate::order::{Order, State};
use crate::secrets;
use crate::store::StoreError;
use crate::telegram::{Notice, NoticeState, Refusal, Standing, TelegramChat, TestFault, Verdict};

/// Tells a company that has it on of a sale's result, if this state is one.
pub(super) fn tell_result(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    let sold = match order.state {
        State::Provisioned if order.link.is_none() => true,
        // A payment by link makes no user.
        State::Delivered if order.link.is_some() => true,
        State::Failed => false,
        _ => return Ok(()),
    };
    let directory = change.directory;
    let company = directory.companies.get(&order.company);
    let Some(company) = company.filter(|company| TelegramChat::of(company).is_some()) else {
        return Ok(());
    };
    let account = directory.accounts.get(&order.account);
    let customer = change.db.buyer_name(order)?;
    let news = SaleNews {
        company: &company.name,
        gateway: account.map_or("", |account| account.gateway().title()),
        plan: &order.plan,
        reference: &order.reference,
        gateway_reference: order.gateway_id.as_deref(),
        customer: customer.as_deref(),
        email: order.buyer.email.as_deref(),
        phone: order.buyer.phone.as_deref(),
    };
    let text = if sold {
        telegram::sold(company.language, &news, order.voucher.as_ref())
    } else {
        telegram::refused(company.language, &news, order.reason.as_ref())
    };
    let id = change.db.add_notice(&Notice {
        company: order.company.clone(),
        order: Some(order.reference.clone()),
        text,
        created_at: change.now,
    })?;
    change.add_job(NewJob {
        task: Task::Telegram(id),
        lane: Lane::Telegram(order.company.clone()),
        due_at: change.now,
    })
}

/// Sends one notice of the outbox.
pub(super) async fn send(relay: &Relay, id: i64, job: &Job) -> Result<Outcome, StoreError> {
    let found = relay.store().read(move |db| {
        let Some((notice, NoticeState::Waiting)) = db.notice(id)? else {
            return Ok(None);
        };
        let standing = db.telegram_standing(&notice.company)?;
        Ok(Some((notice, standing)))
    });
    let Some((notice, standing)) = found.await? else {
        return Ok(Outcome::Done);
    };
    let (now, directory) = (relay.now(), relay.store().directory());
    let chat = directory.companies.get(&notice.company).and_then(TelegramChat::of);
    let Some(chat) = chat else {
        return give_up(relay, id, "the company has switched its notices off").await;
    };
    if now.duration_since(notice.created_at) > NEWS_FOR {
        return give_up(relay, id, "it is no news any more").await;
    }
    if let Some(wait) = wait_of(&standing, &chat, now) {
        return Ok(later(wait, "Telegram does not take it yet"));
    }
    let verdict = say(relay, &chat, &notice.text).await;
    record(
        relay,
        Attempt {
            id,
            notice,
            standing,
            chat,
            now,
        },
        verdict,
        job,
    )
    .await
}

/// Sends the test message with this bot to this chat, now.
pub(super) async fn test(relay: &Relay, company: &Company, chat: &TelegramChat) -> Result<(), TestFault> {
    let text = telegram::test_message(company.language, &company.name);
    match say(relay, chat, &text).await {
        Verdict::Sent => Ok(()),
        Verdict::Busy(pause) => Err(TestFault::Refused(format!("retry after {} s", pause.as_secs()))),
        Verdict::Refused(words) => Err(TestFault::Refused(words)),
        Verdict::Failed(why) => Err(TestFault::Unreachable(why)),
    }
}

async fn say(relay: &Relay, chat: &TelegramChat, text: &str) -> Verdict {
    if !crate::telegram::is_token(chat.token.expose_secret()) {
        return Verdict::Refused("this is not a bot's token".to_owned());
    }
    if !crate::telegram::is_chat_id(&chat.chat_id) {
        return Verdict::Refused("this is not a chat's id".to_owned());
    }
    let call = Call {
        method: http::Method::POST,
        url: telegram::address(relay.telegram_url().as_str(), chat),
        bearer: None,
        headers: Vec::new(),
        body: Body::Json(telegram::body(chat, text)),
    };
    let client = relay.http().within(DEADLINE);
    match client.call_shown_as(call, "POST Telegram sendMessage").await {
        Ok(answer) => telegram::verdict(answer.status.as_u16(), answer.retry_after_s, &answer.body),
        Err(error) => Verdict::Failed(settle::shown(&error.to_string())),
    }
}

struct Attempt {
    id: i64,
    notice: Notice,
    standing: Standing,
    chat: TelegramChat,
    now: Timestamp,
}

async fn record(relay: &Relay, attempt: Attempt, verdict: Verdict, job: &Job) -> Result<Outcome, StoreError> {
    let Attempt {
        id,
        notice,
        standing,
        chat,
        now,
    } = attempt;
    let company = notice.company.clone();
    match verdict {
        Verdict::Sent => {
            let recovered = standing != Standing::default();
            let sent = relay.change(move |change| {
                change.db.set_notice_state(id, &NoticeState::Sent(now), now)?;
                if recovered {
                    change.db.save_telegram_standing(&company, &Standing::default())?;
                    change.db.hurry_lane(&Lane::Telegram(company.clone()), now)?;
                }
                match &notice.order {
                    Some(order) => change.note(order, "a notice was sent by Telegram"),
                    None => Ok(()),
                }
            });
            sent.await?;
            Ok(Outcome::Done)
        }
        Verdict::Busy(pause) => {
            let standing = Standing {
                rest_until: Some(now + pause),
                ..standing
            };
            relay
                .change(move |change| change.db.save_telegram_standing(&company, &standing))
                .await?;
            Ok(later(pause, "Telegram asked for a pause"))
        }
        Verdict::Refused(words) => {
            tracing::warn!(company = %company, "Telegram refuses the bot of `{company}`: {words}");
            let refusal = Refusal {
                words: words.clone(),
                at: now,
                fingerprint: fingerprint(&chat),
            };
            relay
                .change(move |change| refuse(change, &company, &standing, refusal))
                .await?;
            Ok(later(REFUSED_AGAIN_AFTER, &words))
        }
        Verdict::Failed(why) => {
            if job.attempts == 0 {
                tracing::info!(company = %company, "a Telegram notice of `{company}` waits: {why}");
            }
            Ok(later(settle::backoff(job.attempts), &why))
        }
    }
}

/// Writes a refusal down. The operator hears of it once for each bot and chat that he sets.
fn refuse(change: &mut Change<'_>, company: &CompanyId, before: &Standing, refusal: Refusal) -> Result<(), StoreError> {
    let known = before
        .refusal
        .as_ref()
        .is_some_and(|known| known.fingerprint == refusal.fingerprint);
    let words = refusal.words.clone();
    let standing = Standing {
        rest_until: None,
        refusal: Some(refusal),
    };
    change.db.save_telegram_standing(company, &standing)?;
    let directory = change.directory;
    let Some(record) = directory.companies.get(company).filter(|_| !known) else {
        return Ok(());
    };
    let Some(recipient) = record.notify_email.clone() else {
        return Ok(());
    };
    let (subject, text) = telegram::refusal_mail(record.language, &record.name, &words);
    let id = change.db.add_message(&Message {
        company: company.clone(),
        order: None,
        message_id: format!("{company}.telegram.{}@mikrelay.invalid", secrets::random_token(64)),
        recipient,
        subject,
        text,
        created_at: change.now,
    })?;
    change.add_job(NewJob {
        task: Task::Mail(id),
        lane: Lane::Mail,
        due_at: change.now,
    })
}

async fn give_up(relay: &Relay, id: i64, why: &'static str) -> Result<Outcome, StoreError> {
    let now = relay.now();
    tracing::info!("a Telegram notice is given up: {why}");
    relay
        .change(move |change| {
            change
                .db
                .set_notice_state(id, &NoticeState::GivenUp(why.to_owned()), now)
        })
        .await?;
    Ok(Outcome::Done)
}

/// How long Telegram is still to be left alone. A clock that was wrong does not hold a notice longer than the
/// longest pause.
fn wait_of(standing: &Standing, chat: &TelegramChat, now: Timestamp) -> Option<SignedDuration> {
    let rest = standing.rest_until.map(|until| until.duration_since(now));
    let refused = standing
        .refusal
        .as_ref()
        .filter(|refusal| refusal.fingerprint == fingerprint(chat));
    let refused = refused.map(|refusal| (refusal.at + REFUSED_AGAIN_AFTER).duration_since(now));
    let wait = rest.into_iter().chain(refused).max()?;
    (wait > SignedDuration::ZERO && wait <= LONGEST_REST).then_some(wait)
}

fn fingerprint(chat: &TelegramChat) -> Vec<u8> {
    let text = format!("{}\n{}", chat.token.expose_secret(), chat.chat_id);
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Jobs are not postponed for long, so that a clock set back cannot bury them.
fn later(wait: SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after: wait.min(LONGEST_NAP),
        why: why.to_owned(),
    }
}

/// Telegram answers within one second or not at all.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);
/// A notice says "now"; after a day the list of sales says it better.
const NEWS_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Bots are let into chats again without anybody telling us.
const REFUSED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// The longest pause that `notify::telegram` reads from an answer, and some.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(7);
const LONGEST_NAP: SignedDuration = SignedDuration::from_hours(1);
