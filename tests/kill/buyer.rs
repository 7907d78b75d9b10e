//! One sale as buyer and gateway make it: the buy page's form, the payment, the webhooks. Every step is
//! repeated until the relay, which may be dead at the moment, has answered it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, header};
use mikrelay::sim::http::{Reply, call};
use tokio::task::JoinSet;

use crate::gateway::FedapayStandIn;
use crate::relay::Child;

pub struct Sale {
    pub number: u64,
    /// How often the gateway delivers its webhook, at the same time; none is a lost webhook.
    pub webhooks: usize,
    pub child: Arc<Child>,
    pub gateway: FedapayStandIn,
}

impl Sale {
    /// Answers the transaction once for each webhook that was acknowledged.
    pub async fn run(self) -> Vec<u64> {
        let transaction = self.buy_for_sure().await;
        self.gateway.pay(transaction);
        let mut deliveries = JoinSet::new();
        for _ in 0..self.webhooks {
            let (child, gateway) = (Arc::clone(&self.child), self.gateway.clone());
            deliveries.spawn(async move { until_done("deliver", || deliver(&child, &gateway, transaction)).await });
        }
        let acknowledged = deliveries.join_all().await;
        vec![transaction; acknowledged.len()]
    }

    /// Buys, however often the relay dies meanwhile; answers the transaction.
    pub async fn buy_for_sure(&self) -> u64 {
        until_done("buy", || self.buy()).await
    }

    /// Opens the buy page and presses its button; `None` if the relay died meanwhile.
    async fn buy(&self) -> Option<u64> {
        let [high, low] = [self.number / 250, self.number % 250];
        let query = format!("mac=02:00:00:00:{high:02X}:{low:02X}&ip=10.5.{high}.{}", low + 2);
        let from = [("x-forwarded-for".to_owned(), format!("10.9.{high}.{}", low + 2))];
        let page = call(Method::GET, &self.child.url(&format!("/b/4h?{query}")), &from, "")
            .await
            .ok()?;
        assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
        let form = Form::read(&text(&page));
        let mut headers = from.to_vec();
        headers.push((
            header::CONTENT_TYPE.to_string(),
            "application/x-www-form-urlencoded".to_owned(),
        ));
        let answer = call(Method::POST, &self.child.url(&form.action), &headers, form.body())
            .await
            .ok()?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
        let target = answer.headers[header::LOCATION].to_str().unwrap();
        // A relay that was killed while it asked the gateway leaves an order page instead; the buyer tries again.
        target.strip_prefix("http://pay.invalid/transaction/")?.parse().ok()
    }
}

/// Sends one webhook; `None` unless it was acknowledged.
async fn deliver(child: &Child, gateway: &FedapayStandIn, transaction: u64) -> Option<()> {
    let (body, signature) = gateway.webhook(transaction);
    let headers = [
        (header::CONTENT_TYPE.to_string(), "application/json".to_owned()),
        ("x-fedapay-signature".to_owned(), signature),
    ];
    let reply = call(
        Method::POST,
        &child.url("/pay_callback/fedapay/hotspot1"),
        &headers,
        body,
    )
    .await
    .ok()?;
    if reply.status != StatusCode::SERVICE_UNAVAILABLE {
        assert_eq!(reply.status, StatusCode::OK, "{}", text(&reply));
    }
    reply.status.is_success().then_some(())
}

async fn until_done<T, F: Future<Output = Option<T>>>(what: &str, act: impl Fn() -> F) -> T {
    for _ in 0..MOST_TRIES {
        if let Some(done) = act().await {
            return done;
        }
        // As a buyer or a gateway would, the sender waits before it tries again.
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    panic!("could not {what} in {MOST_TRIES} tries");
}

/// The one form of the buy page.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn read(page: &str) -> Self {
        let start = page.find("<form method=\"post\"").expect("the page has a form");
        let form = &page[start..];
        let form = &form[..form.find("</form>").unwrap()];
        let action = attribute(&form[..form.find('>').unwrap()], "action").unwrap();
        let fields = form
            .split("<input ")
            .skip(1)
            .map(|rest| &rest[..rest.find('>').unwrap()])
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| {
                (
                    attribute(input, "name").unwrap(),
                    attribute(input, "value").unwrap_or_default(),
                )
            })
            .collect();
        Self { action, fields }
    }

    fn body(&self) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&self.fields);
        body.finish()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let value = &tag[start..];
    let value = &value[..value.find('"')?];
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&"),
    )
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

const BETWEEN_TRIES: Duration = Duration::from_millis(40);
const MOST_TRIES: usize = 1_000;
