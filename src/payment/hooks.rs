//! Webhooks that we send. What is to be told is written into the outbox with the change itself; each receiver has a
//! lane of its own, so a dead one delays nobody and loses nothing.

use std::time::Instant;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde_json::{Value, json};
use url::Url;

use super::change::Change;
use super::{Outcome, Relay};
use crate::hook::{Delivery, EventKind, Hook, HookState, NewHook, Signer, Verdict, gap_after};
use crate::http_client::outgoing::{OutgoingAnswer, OutgoingError};
use crate::ids::{CompanyId, HookId, OrderRef};
use crate::job::{Lane, NewJob, Task};
use crate::notify::hook;
use crate::secrets;
use crate::store::StoreError;

/// Something to tell a receiver.
pub(super) struct Telling<'a> {
    pub company: &'a CompanyId,
    pub order: Option<&'a OrderRef>,
    pub kind: EventKind,
    pub url: &'a str,
    pub signer: Signer,
    /// The event's `data`.
    pub data: Value,
}

/// Writes a webhook into the outbox, with the job that delivers it. `{type, timestamp, data}` is the form that the
/// Standard Webhooks specification advises.
pub(super) fn tell(change: &mut Change<'_>, telling: Telling<'_>) -> Result<(), StoreError> {
    let Some(lane) = lane_to(telling.url) else {
        let kind = telling.kind.as_str();
        tracing::error!(kind, "a webhook of type `{kind}` has no usable address and is not sent");
        return Ok(());
    };
    let body = json!({
        "type": telling.kind.as_str(),
        "timestamp": change.now.to_string(),
        "data": telling.data,
    });
    // A first secret is made here, in the same commit.
    change.db.hook_secrets(telling.company, &telling.signer)?;
    let id = change.db.add_hook(&NewHook {
        company: telling.company.clone(),
        order: telling.order.cloned(),
        message_id: format!("msg_{}", secrets::random_token(MESSAGE_ID_BITS)),
        kind: telling.kind.as_str().to_owned(),
        url: telling.url.to_owned(),
        signer: telling.signer,
        body: body.to_string(),
        created_at: change.now,
    })?;
    change.add_job(NewJob {
        task: Task::Hook(id),
        lane,
        due_at: change.now,
    })
}

/// The lane of the receiver at an address.
pub fn lane_to(url: &str) -> Option<Lane> {
    let url = Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    Some(Lane::Hook(format!("{host}:{port}")))
}

/// Tries to deliver one webhook, if its time has come.
pub(super) async fn deliver(relay: &Relay, id: HookId) -> Result<Outcome, StoreError> {
    let found = relay.store().read(move |db| {
        let Some(hook) = db.hook(id)? else { return Ok(None) };
        let secrets = db.known_hook_secrets(&hook.hook.company, &hook.hook.signer)?;
        Ok(Some((hook, secrets)))
    });
    let Some((hook, secrets)) = found.await? else {
        return Ok(Outcome::Done);
    };
    if hook.state != HookState::Waiting {
        return Ok(Outcome::Done);
    }
    let now = relay.now();
    if let Some(wait) = wait_of(&hook, now) {
        return Ok(later(wait, "its next try is later"));
    }
    let (body, started) = (Bytes::from(hook.hook.body.clone()), Instant::now());
    let headers = hook::headers(&hook.hook.message_id, now, &body, &secrets);
    let answer = match (headers, Url::parse(&hook.hook.url)) {
        (Ok(headers), Ok(url)) => relay.outgoing().post_json(&url, &headers, body).await.map_err(shown),
        (Err(fault), _) => Err(fault.to_string()),
        (_, Err(_)) => Err("its address is not a URL".to_owned()),
    };
    let took_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    record(relay, hook, answer, now, took_ms).await
}

fn shown(error: OutgoingError) -> String {
    super::settle::shown(&error.to_string())
}

/// How long a webhook still has to wait. The job is only its alarm: a clock that was wrong when the time was set
/// does not hold it longer than its gap.
fn wait_of(hook: &Hook, now: Timestamp) -> Option<SignedDuration> {
    let wait = hook.next_at.duration_since(now);
    let longest = gap_after(hook.tries)
        .unwrap_or(SignedDuration::ZERO)
        .max(LONGEST_RETRY_AFTER)
        * 2;
    (wait > SignedDuration::ZERO && wait <= longest).then_some(wait)
}

async fn record(
    relay: &Relay,
    hook: Hook,
    answer: Result<OutgoingAnswer, String>,
    at: Timestamp,
    took_ms: i64,
) -> Result<Outcome, StoreError> {
    let status = answer.as_ref().ok().map(|answer| answer.status.as_u16());
    let verdict = Verdict::of(status, hook.tries + 1);
    let wait = match (verdict, &answer) {
        (Verdict::Again(gap), Ok(answer)) => jittered(gap).max(asked_pause(answer)),
        (Verdict::Again(gap), Err(_)) => jittered(gap),
        _ => SignedDuration::ZERO,
    };
    let (state, what) = match verdict {
        Verdict::Delivered => (HookState::Delivered, "was delivered".to_owned()),
        Verdict::Gone => (HookState::Gone, "is no longer wanted by its receiver (410)".to_owned()),
        Verdict::GivenUp => (
            HookState::GivenUp,
            "is given up after days; see `mikrelay hook`".to_owned(),
        ),
        Verdict::Again(_) => (HookState::Waiting, "waits".to_owned()),
    };
    let why = match (&answer, status) {
        (Err(why), _) => why.clone(),
        (_, Some(status)) => format!("the receiver answered {status}"),
        _ => String::new(),
    };
    let line = format!("the notification `{}` {what}: {why}", hook.hook.kind);
    if hook.tries == 0 || state != HookState::Waiting {
        tracing::info!(hook = %hook.id, "webhook {}: {line}", hook.id);
    }
    let (id, order) = (hook.id, hook.hook.order);
    // Hours of the same failure are in the log of deliveries, not in the order's history.
    let worth_noting = state != HookState::Waiting || hook.tries == 0;
    let delivery = Delivery {
        at,
        took_ms,
        status,
        error: answer.err(),
    };
    let noted = order.filter(|_| worth_noting);
    let next_at = at + wait;
    let unwilling = hook.hook.signer.as_endpoint().filter(|_| state == HookState::Gone);
    let change = relay.change(move |change| {
        change.db.record_delivery(id, &delivery, state, next_at)?;
        if let Some(endpoint) = &unwilling {
            change.db.mark_endpoint_gone(endpoint, at)?;
        }
        match &noted {
            Some(order) => change.note(order, &line),
            None => Ok(()),
        }
    });
    change.await?;
    Ok(if state == HookState::Waiting {
        later(wait, &why)
    } else {
        Outcome::Done
    })
}

/// Jobs are not postponed for long, so that a clock set back cannot bury them: the webhook's own row knows when.
fn later(wait: SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after: wait.min(LONGEST_NAP),
        why: why.to_owned(),
    }
}

/// Up to a tenth longer, so that what failed together does not come back together.
fn jittered(gap: SignedDuration) -> SignedDuration {
    let tenth_ms = i64::try_from(gap.as_millis() / 10).unwrap_or(0);
    gap + SignedDuration::from_millis(rand::rng().random_range(0..=tenth_ms))
}

/// What a busy receiver asks for with 429 or 503.
fn asked_pause(answer: &OutgoingAnswer) -> SignedDuration {
    let asked = answer
        .retry_after_s
        .filter(|_| matches!(answer.status.as_u16(), 429 | 503));
    asked
        .map_or(SignedDuration::ZERO, |seconds| {
            SignedDuration::from_secs(seconds.into())
        })
        .min(LONGEST_RETRY_AFTER)
}

/// Nobody guesses or meets another's.
const MESSAGE_ID_BITS: usize = 130;
const LONGEST_NAP: SignedDuration = SignedDuration::from_hours(1);
/// More is no pause but a refusal.
const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(6);

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn hook(tries: i64, next_at: Timestamp) -> Hook {
        Hook {
            id: HookId(1),
            hook: NewHook {
                company: CompanyId::new("plaza"),
                order: None,
                message_id: "msg_1".to_owned(),
                kind: "payment.succeeded".to_owned(),
                url: "https://shop.example.net/".to_owned(),
                signer: Signer::company(),
                body: "{}".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
            },
            state: HookState::Waiting,
            state_at: None,
            tries,
            next_at,
        }
    }

    #[test]
    fn a_busy_receiver_may_ask_for_a_pause_within_reason() {
        let pause = |status: u16, retry_after_s| {
            let status = StatusCode::from_u16(status).unwrap();
            asked_pause(&OutgoingAnswer { status, retry_after_s }).as_secs()
        };
        assert_eq!(pause(429, Some(120)), 120);
        assert_eq!(pause(503, Some(120)), 120);
        assert_eq!(pause(503, Some(u32::MAX)), 6 * 3600);
        assert_eq!(
            (pause(503, None), pause(500, Some(120)), pause(302, Some(120))),
            (0, 0, 0)
        );
    }

    #[test]
    fn c1_a_clock_that_was_wrong_does_not_hold_a_webhook_for_years() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let in_an_hour = hook(4, now + SignedDuration::from_hours(1));
        assert_eq!(wait_of(&in_an_hour, now), Some(SignedDuration::from_hours(1)));
        assert_eq!(wait_of(&hook(4, now), now), None);
        assert_eq!(wait_of(&hook(4, now + SignedDuration::from_hours(24 * 365)), now), None);
        for tries in 1..9 {
            let gap = gap_after(tries).unwrap();
            assert_eq!(wait_of(&hook(tries, now + gap), now), Some(gap), "{tries}");
            let longer = jittered(gap);
            assert!(
                longer >= gap && longer <= gap * 11 / 10 + SignedDuration::from_secs(1),
                "{longer}"
            );
        }
    }

    #[test]
    fn each_receiver_has_a_lane_of_its_own() {
        let lane = |url: &str| lane_to(url).map(|lane| lane.to_text());
        assert_eq!(
            lane("https://Shop.example.net/a?t=1").as_deref(),
            Some("hook:shop.example.net:443")
        );
        assert_eq!(
            lane("http://shop.example.net/").as_deref(),
            Some("hook:shop.example.net:80")
        );
        assert_eq!(
            lane("https://[2606:4700::1111]:8443/").as_deref(),
            Some("hook:[2606:4700::1111]:8443")
        );
        assert_eq!(lane("nowhere"), None);
        for text in ["hook:shop.example.net:443", "hook:[2606:4700::1111]:8443"] {
            assert_eq!(Lane::from_text(text).map(|lane| lane.to_text()).as_deref(), Some(text));
        }
    }
}
