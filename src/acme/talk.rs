//! One conversation with an authority: an account, an order, a proof, a certificate. `instant-acme` knows the protocol;
//! here are its steps, their deadlines, and our own way out to the internet.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType, Identifier,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use url::Url;

use super::challenges::{Challenges, Shown};
use super::error::AcmeError;
use super::shelf::Issued;
use crate::http_client::{self, HttpClient};

/// Our way to an authority. Clones share what it said about waiting.
#[derive(Clone, Debug)]
pub(super) struct Line {
    client: HttpClient,
    rest_s: Arc<AtomicU32>,
}

impl Line {
    pub(super) fn new(client: HttpClient) -> Self {
        Self {
            client,
            rest_s: Arc::default(),
        }
    }

    /// For how long the authority wanted to be left alone when it was last asked, in seconds; asking forgets it.
    pub(super) fn take_rest_s(&self) -> u32 {
        self.rest_s.swap(0, Ordering::Relaxed)
    }

    /// An account that was made before.
    pub(super) async fn return_to(&self, account: AccountCredentials) -> Result<Account, AcmeError> {
        let builder = Account::builder_with_http(Box::new(self.clone()));
        Ok(builder.from_credentials(account).await?)
    }

    /// A new account. Whoever names a domain agrees to the authority's terms; `docs/tls.md` says so.
    pub(super) async fn join(
        &self,
        directory: &Url,
        email: Option<&str>,
    ) -> Result<(Account, AccountCredentials), AcmeError> {
        let contact = email.map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wish = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let builder = Account::builder_with_http(Box::new(self.clone()));
        Ok(builder.create(&wish, directory.to_string(), None).await?)
    }
}

impl instant_acme::HttpClient for Line {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let line = self.clone();
        Box::pin(async move {
            let failed = |error| instant_acme::Error::Other(Box::new(error));
            let (mut head, body) = request.into_parts();
            head.headers
                .insert(USER_AGENT, HeaderValue::from_static(http_client::OUR_NAME));
            // A body in memory cannot fail.
            let body = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default();
            let answer = line.client.send(Request::from_parts(head, Full::new(body)));
            let answer = answer.await.map_err(failed)?;
            if matches!(
                answer.status(),
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ) {
                let rest_s = http_client::retry_after_s(answer.headers()).unwrap_or(0);
                line.rest_s.fetch_max(rest_s, Ordering::Relaxed);
            }
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}

/// Gets one certificate for one name, with a new key.
pub(super) async fn obtain(account: &Account, name: &str, challenges: &Challenges) -> Result<Issued, AcmeError> {
    let work = Box::pin(order(account, name, challenges));
    let done = tokio::time::timeout(ORDER_DEADLINE, work).await;
    done.unwrap_or(Err(AcmeError::Late(ORDER_DEADLINE.as_secs())))
}

async fn order(account: &Account, name: &str, challenges: &Challenges) -> Result<Issued, AcmeError> {
    let wanted = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&wanted)).await?;
    // Kept until the authority has looked.
    let _shown = prove(&mut order, challenges).await?;
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&POLLING).await?;
    Ok(Issued { chain, key })
}

/// Shows what proves that the name is ours, and waits until the authority has seen it.
async fn prove(order: &mut Order, challenges: &Challenges) -> Result<Vec<Shown>, AcmeError> {
    let mut shown = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        // Proved for an earlier order, not long ago.
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = authorization.challenge(ChallengeType::Http01);
        let mut challenge = challenge.ok_or(AcmeError::NoHttpChallenge)?;
        shown.push(challenges.show(&challenge.token, challenge.key_authorization().as_str()));
        challenge.set_ready().await?;
    }
    let polled = order.poll_ready(&POLLING).await;
    if let Ok(OrderStatus::Ready) = polled {
        return Ok(shown);
    }
    Err(match (why_refused(order).await, polled) {
        (Some(unproved), _) => unproved,
        (None, Err(error)) => error.into(),
        (None, Ok(_)) => AcmeError::Talk(instant_acme::Error::Str("a reason why the order is invalid")),
    })
}

/// What the authority found where it looked for the proof: it says so beside the challenge, not beside the order.
async fn why_refused(order: &mut Order) -> Option<AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let state = authorization.refresh().await.ok()?;
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.clone());
        if let Some(problem) = problem {
            return Some(AcmeError::Unproved(Box::new(problem)));
        }
    }
    None
}

/// From the order to its certificate. Authorities look from several places and take seconds, rarely minutes.
const ORDER_DEADLINE: Duration = Duration::from_mins(5);
/// How an order is asked about while the authority works on it.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_mins(2));
