//! The webhook sender: delivers an errand to its targets, tries again as the gateway would, and remembers
//! what was answered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use tokio::sync::watch;

use super::super::http::call;
use super::desk::Desk;
use super::{Kind, WebhookTarget};

/// A webhook to deliver.
#[derive(Clone, Debug)]
pub struct Errand {
    pub targets: Vec<WebhookTarget>,
    pub body: Vec<u8>,
    pub is_genuine: bool,
    pub delay: Duration,
}

/// A webhook as it was sent, with what each try was answered.
#[derive(Clone, Debug)]
pub struct SentWebhook {
    pub url: String,
    /// Of the last try.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// HTTP status per try; `None` where nothing came back.
    pub answers: Vec<Option<u16>>,
}

#[derive(Debug)]
pub struct Sender {
    retry_delays: Vec<Duration>,
    sent: Mutex<Vec<SentWebhook>>,
    under_way: watch::Sender<usize>,
}

impl Sender {
    pub fn new(retry_delays: Vec<Duration>) -> Self {
        Self {
            retry_delays,
            sent: Mutex::default(),
            under_way: watch::Sender::new(0),
        }
    }

    pub fn sent(&self) -> Vec<SentWebhook> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub async fn idle(&self) {
        // The sender of the channel is this one, so the wait cannot fail.
        let _ = self.under_way.subscribe().wait_for(|&count| count == 0).await;
    }

    /// Delivers errands in the background, one after the other.
    pub fn spawn(&self, desk: &Arc<Desk>, errands: Vec<Errand>) {
        let counted = Counted::new(&self.under_way);
        let desk = desk.clone();
        tokio::spawn(async move {
            for errand in errands {
                desk.sender.deliver(desk.clone(), errand).await;
            }
            drop(counted);
        });
    }

    /// Delivers to every target at once; returns when all have answered well or were given up.
    pub async fn deliver(&self, desk: Arc<Desk>, errand: Errand) {
        let _counted = Counted::new(&self.under_way);
        tokio::time::sleep(errand.delay).await;
        let mut tries = tokio::task::JoinSet::new();
        for target in errand.targets.clone() {
            let (desk, errand) = (desk.clone(), errand.clone());
            tries.spawn(async move { desk.sender.deliver_to(&desk, &errand, target).await });
        }
        while tries.join_next().await.is_some() {}
    }

    async fn deliver_to(&self, desk: &Desk, errand: &Errand, target: WebhookTarget) {
        let index = self.open_record(&target.url, errand);
        // CinetPay looks whether the address is there before it tells anything.
        if matches!(desk.kind, Kind::CinetpayV2(_)) {
            let ping = call(Method::GET, &target.url, &target.headers, "").await;
            if !ping.is_ok_and(|reply| reply.status.is_success()) {
                return;
            }
        }
        let mut delays = self.retry_delays.iter();
        loop {
            let mut headers = desk.proof(&errand.body, errand.is_genuine);
            headers.extend(target.headers.iter().cloned());
            let body = desk.body(&errand.body, errand.is_genuine);
            let reply = call(Method::POST, &target.url, &headers, body.clone()).await;
            let status = reply.ok().map(|reply| reply.status);
            self.record(index, headers, body, status.map(|status| status.as_u16()));
            if status.is_some_and(|status| status.is_success()) {
                return;
            }
            match delays.next() {
                Some(delay) => tokio::time::sleep(*delay).await,
                None => return,
            }
        }
    }

    fn open_record(&self, url: &str, errand: &Errand) -> usize {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(SentWebhook {
            url: url.to_owned(),
            headers: Vec::new(),
            body: errand.body.clone(),
            answers: Vec::new(),
        });
        sent.len() - 1
    }

    fn record(&self, index: usize, headers: Vec<(String, String)>, body: Vec<u8>, answer: Option<u16>) {
        if let Some(webhook) = self.sent.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
            webhook.headers = headers;
            webhook.body = body;
            webhook.answers.push(answer);
        }
    }
}

/// Keeps a delivery counted for as long as it lives.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(counter: &watch::Sender<usize>) -> Self {
        counter.send_modify(|count| *count += 1);
        Self(counter.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
