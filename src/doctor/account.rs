//! One gateway account: its keys, its webhooks, and what the nightly comparison came to.

use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Kind};
use super::router::long_time;
use crate::company::{Account, AccountKeys, Company, Mode};
use crate::event::{RefusedCallbacks, Unbelieved};
use crate::gateway::{self, GatewayError, PayMethod};
use crate::ledger::Comparison;
use crate::site::has_key_of_other_mode;

/// What is stored about an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub last_webhook: Option<Timestamp>,
    pub last_payment: Option<Timestamp>,
    /// Of the company's hotspots and this gateway.
    pub refused: Vec<RefusedCallbacks>,
    pub comparison: Option<Comparison>,
}

/// What its keys allow, without asking anybody.
pub(super) fn keys(account: &Account, company: Option<&Company>) -> Vec<Finding> {
    let adapter = gateway::of(account);
    let mut findings = Vec::new();
    let country = company.map(|company| company.country.as_str()).unwrap_or_default();
    if let PayMethod::Cannot { missing } = adapter.pay_method(account, country) {
        findings.push(Finding::new(
            Kind::AccountCannotSell,
            format!("the account cannot sell: {missing}"),
            "take the keys from the gateway's dashboard into the business file, and `mikrelay apply` it",
        ));
    }
    if has_key_of_other_mode(&account.keys, account.mode) {
        findings.push(Finding::new(
            Kind::AccountMode,
            format!(
                "`mode` is `{}`, and a key is of the other mode",
                mode_word(account.mode)
            ),
            "keys with `_live_` go with `mode = \"live\"`, keys with `_sandbox_` or `_test_` with `mode = \"test\"`",
        ));
    } else if account.mode == Mode::Test {
        findings.push(Finding::new(
            Kind::AccountTest,
            "the account is in test mode",
            "for real sales write the live keys and `mode = \"live\"`",
        ));
    }
    let (signs, asks) = (checks_signatures(account), adapter.can_ask(account));
    match (signs, asks) {
        (true, true) => findings.push(Finding::ok("webhooks are checked by signature and by a question to the gateway")),
        (true, false) => findings.push(Finding::new(
            Kind::AccountBlind,
            "webhooks are believed by their signature alone; the gateway cannot be asked",
            "add the account's secret key, so that lost webhooks are found",
        )),
        (false, true) => findings.push(Finding::new(
            Kind::AccountUnsigned,
            "webhooks are not signed; each payment is confirmed by asking",
            "if the gateway's dashboard shows a secret for webhooks, add it (`webhook_secrets`, or `callback_header` for FeexPay)",
        )),
        // `pay_method` said already that it cannot sell.
        (false, false) => {}
    }
    findings
}

/// Whether it has what webhooks are proved with.
fn checks_signatures(account: &Account) -> bool {
    match &account.keys {
        AccountKeys::Fedapay { webhook_secrets, .. }
        | AccountKeys::CinetpayV2 { webhook_secrets, .. }
        | AccountKeys::Mercadopago { webhook_secrets, .. } => !webhook_secrets.is_empty(),
        // Each order has a token of its own.
        AccountKeys::CinetpayV1 { .. } => true,
        AccountKeys::Feexpay { callback_header, .. } => callback_header.is_some(),
        AccountKeys::Conekta { webhook_keys, .. } => !webhook_keys.is_empty(),
    }
}

/// What came of asking about a payment that nobody made; `None` where it took too long.
pub(super) fn answer(tried: Option<Result<(), GatewayError>>) -> Finding {
    let silent = |why: String| {
        Finding::new(
            Kind::AccountSilent,
            format!("the gateway does not answer: {why}"),
            "try again in some minutes; if it stays so, look at the gateway's status page and at this machine's way to the internet",
        )
    };
    match tried {
        Some(Ok(()) | Err(GatewayError::NotFound)) => Finding::ok("the gateway takes the key"),
        Some(Err(GatewayError::Misconfigured(why))) => Finding::new(
            Kind::AccountKeyRefused,
            format!("the gateway refuses the key: {why}"),
            "compare the keys and `mode` with the gateway's dashboard; a key that was renewed there has to be renewed here",
        ),
        Some(Err(GatewayError::Transient(why))) => silent(why),
        Some(Err(GatewayError::Throttled { after_s })) => Finding::new(
            Kind::AccountOdd,
            format!("the gateway is asked too often and wants {after_s} s of rest"),
            "try again later; if it stays so, ask the gateway for a higher limit",
        ),
        Some(Err(GatewayError::Refused(why))) => Finding::new(
            Kind::AccountOdd,
            format!("the gateway answers a harmless question with: {why}"),
            "buy a ticket yourself; if that works, this means nothing",
        ),
        Some(Err(GatewayError::Rule(rule))) => Finding::new(
            Kind::AccountOdd,
            format!("a harmless question breaks a rule of the gateway: {rule}"),
            "buy a ticket yourself; if that works, this means nothing",
        ),
        None => silent("it is too slow".to_owned()),
    }
}

/// Webhooks, payments and the nightly comparison so far.
pub(super) fn history(account: &Account, past: &Past, hook: &str, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![webhooks(account, past, hook, now)];
    let count = |whys: &[Unbelieved]| -> u64 {
        let fitting = past.refused.iter().filter(|one| whys.contains(&one.why));
        fitting.map(|one| one.count).sum()
    };
    let wrong = count(&[Unbelieved::Wrong, Unbelieved::Malformed, Unbelieved::Missing]);
    if wrong > 0 && checks_signatures(account) {
        let last = past.refused.iter().map(|one| one.last_at).max();
        findings.push(Finding::new(
            Kind::SignaturesRefused,
            format!(
                "webhooks of the last {DAYS_OF_REFUSALS} days that were not believed: {wrong}, the last one {}",
                ago(last, now)
            ),
            format!(
                "compare the webhook's secret in {}'s dashboard with the business file; calls by strangers are counted too",
                account.gateway().title()
            ),
        ));
    }
    let stale = count(&[Unbelieved::Stale]);
    if stale > 0 {
        findings.push(Finding::new(
            Kind::SignaturesStale,
            format!(
                "webhooks of the last {DAYS_OF_REFUSALS} days whose signature was too old or from the future: {stale}"
            ),
            "is this machine's clock right (`timedatectl`)? Let it ask a time server",
        ));
    }
    if let Some(comparison) = &past.comparison
        && let Some(problem) = &comparison.problem
    {
        findings.push(Finding::new(
            Kind::ComparisonFailed,
            format!(
                "the comparison of {} failed: {problem}",
                comparison.until.strftime("%Y-%m-%d")
            ),
            "it is tried again every night; `mikrelay order ledger` shows it",
        ));
    }
    findings
}

fn webhooks(account: &Account, past: &Past, hook: &str, now: Timestamp) -> Finding {
    let missing = |what: String| {
        Finding::new(
            Kind::WebhooksMissing,
            what,
            format!(
                "write the address into {}'s dashboard: `{hook}`, with the switches for paid, failed and refunded payments on",
                account.gateway().title()
            ),
        )
    };
    match (past.last_webhook, past.last_payment) {
        (None, None) => Finding::ok("no webhook and no payment yet"),
        (Some(webhook), None) => Finding::ok(format!(
            "the last webhook came {}; no payment yet",
            ago(Some(webhook), now)
        )),
        (None, Some(payment)) => missing(format!(
            "payments were found by asking, the last one {}, and no webhook came",
            ago(Some(payment), now)
        )),
        (Some(webhook), Some(payment)) if payment.duration_since(webhook) > WEBHOOKS_LATE => missing(format!(
            "the last payment counted {}, the last webhook came {}",
            ago(Some(payment), now),
            ago(Some(webhook), now)
        )),
        (Some(webhook), Some(payment)) => Finding::ok(format!(
            "the last webhook came {}, the last payment {}",
            ago(Some(webhook), now),
            ago(Some(payment), now)
        )),
    }
}

fn ago(moment: Option<Timestamp>, now: Timestamp) -> String {
    match moment.map(|moment| now.duration_since(moment).as_secs()) {
        Some(seconds) if seconds > 0 => format!("{} ago", long_time(seconds)),
        Some(_) => "just now".to_owned(),
        None => "never".to_owned(),
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Test => "test",
    }
}

/// A webhook that is later than this was not needed.
const WEBHOOKS_LATE: SignedDuration = SignedDuration::from_hours(1);
/// What was mended a week ago is no trouble any more.
pub(super) const DAYS_OF_REFUSALS: i64 = 7;
