//! The address that phones and gateways use, and the relay of this machine behind it.

use std::net::IpAddr;

use jiff::Timestamp;
use url::{Host, Url};

use super::finding::{Finding, Kind};
use super::page::{Page, PageError};
use super::router::{chain, is_public};
use crate::tls::shown::Standing;

/// Who can reach an address at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    ThisMachine,
    ThisNetwork,
    Everybody,
}

pub(super) fn reach(url: &Url) -> Reach {
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain("localhost")) => return Reach::ThisMachine,
        Some(Host::Domain(_)) | None => None,
    };
    match address {
        Some(address) if address.is_loopback() || address.is_unspecified() => Reach::ThisMachine,
        Some(address) if !is_public(address) => Reach::ThisNetwork,
        _ => Reach::Everybody,
    }
}

/// What the address looks like, before it is asked.
pub(super) fn address(url: Option<&Url>) -> Vec<Finding> {
    let Some(url) = url else {
        return vec![Finding::new(
            Kind::PublicUnset,
            "`public_url` is not set",
            "write the address that phones use into the settings file: `public_url = \"https://pay.example.net\"`",
        )];
    };
    let own = || "once the relay has a name of its own, write it as `public_url`";
    match reach(url) {
        Reach::ThisMachine => vec![Finding::new(
            Kind::PublicLocal,
            format!("`{url}` is an address of this machine alone"),
            own(),
        )],
        Reach::ThisNetwork => vec![Finding::new(
            Kind::PublicLocal,
            format!("`{url}` is an address of an inner network"),
            own(),
        )],
        Reach::Everybody if url.scheme() == "http" => vec![Finding::new(
            Kind::PublicPlain,
            format!("`{url}` is not protected"),
            "give the relay a certificate (its own TLS, or a proxy such as Caddy before it) and write `https://` into `public_url`",
        )],
        Reach::Everybody => Vec::new(),
    }
}

/// What came of asking it for `/health/live`.
pub(super) fn answer(url: &Url, asked: Result<Page, PageError>, now: Timestamp) -> Vec<Finding> {
    let page = match asked {
        Ok(page) => page,
        Err(error) => return vec![unreachable(url, &error)],
    };
    let mut findings: Vec<_> = page
        .certificate
        .iter()
        .map(|standing| certificate(url, standing, now))
        .collect();
    // A proxy may send it in chunks.
    let is_ours = page.status == 200 && page.body.lines().any(|line| line.trim() == LIVE);
    findings.push(match (is_ours, page.location) {
        (true, _) => Finding::ok(format!("`{url}` answers")),
        (false, Some(location)) if (300..400).contains(&page.status) => {
            let target = url.join(&location).ok();
            let root = target.as_ref().map(|target| target.origin().ascii_serialization());
            Finding::new(
                Kind::PublicRedirect,
                format!("`{url}` sends everybody on to `{location}`"),
                format!(
                    "write the address that answers by itself as `public_url`, such as `{}`",
                    root.as_deref().unwrap_or("https://pay.example.net")
                ),
            )
        }
        (false, _) => Finding::new(
            Kind::PublicOther,
            format!("`{url}health/live` answers {} and is not this relay", page.status),
            "does the name lead to this machine, and does the proxy before the relay pass on everything?",
        ),
    });
    findings
}

/// Nobody answered in time.
pub(super) fn late(url: &Url, seconds: u64) -> Finding {
    Finding::new(
        Kind::PublicUnreachable,
        format!("`{url}` did not answer within {seconds} s"),
        UNREACHABLE,
    )
}

fn unreachable(url: &Url, error: &PageError) -> Finding {
    let what = format!("`{url}` cannot be reached from here: {}", chain(error));
    match error {
        PageError::Name(_) => Finding::new(
            Kind::PublicName,
            what,
            "make a DNS record (A or AAAA) of this name for this machine's address",
        ),
        PageError::NotHttp => Finding::new(
            Kind::PublicOther,
            what,
            "does the port belong to the relay or to the proxy before it, and is `https` or `http` right?",
        ),
        _ => Finding::new(Kind::PublicUnreachable, what, UNREACHABLE),
    }
}

const UNREACHABLE: &str = "does the relay (or the proxy before it) run, and does the firewall let ports 80 and 443 through? From \
     inside one's own network a public address may be closed although it is open to others: then try it with a phone off the Wi-Fi";

fn certificate(url: &Url, standing: &Standing, now: Timestamp) -> Finding {
    let host = url.host_str().unwrap_or_default();
    let day = |seconds: Option<u64>| {
        let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        moment.map_or_else(
            || "a day it does not tell".to_owned(),
            |moment| moment.strftime("%Y-%m-%d").to_string(),
        )
    };
    let renew = "renew it: is ACME or the proxy's own renewal still at work, and can it be reached on port 80 or 443?";
    match standing {
        Standing::Good { until_s } => {
            let left_s = until_s.map(|until| i64::try_from(until).unwrap_or(i64::MAX).saturating_sub(now.as_second()));
            let left = left_s.map_or_else(String::new, |left_s| format!(", {} days left", left_s / 86_400));
            let what = format!("the certificate of `{host}` is good until {}{left}", day(*until_s));
            match left_s {
                Some(left_s) if left_s < SOON_S => Finding::new(Kind::CertificateSoon, what, renew),
                _ => Finding::ok(what),
            }
        }
        Standing::Expired { since_s } => Finding::new(
            Kind::CertificateExpired,
            format!("the certificate of `{host}` ended on {}", day(*since_s)),
            renew,
        ),
        Standing::NotYet => Finding::new(
            Kind::CertificateExpired,
            format!("the certificate of `{host}` is not good yet"),
            "is this machine's clock right (`timedatectl`)?",
        ),
        Standing::OtherName => Finding::new(
            Kind::CertificateName,
            format!("the certificate is for other names than `{host}`"),
            "get one for this name, or write the name that it is for as `public_url`",
        ),
        Standing::Untrusted => Finding::new(
            Kind::CertificateUntrusted,
            format!("no public authority vouches for the certificate of `{host}`"),
            "get one from a public authority such as Let's Encrypt; if you have one, give the server its whole chain",
        ),
        Standing::Other(words) => Finding::new(
            Kind::CertificateUntrusted,
            format!("the certificate of `{host}` is not taken: {words}"),
            "get one from a public authority such as Let's Encrypt",
        ),
    }
}

/// What came of asking the relay of this machine whether it is ready.
pub(super) fn relay(listen: &str, asked: Option<Result<Page, PageError>>) -> Finding {
    match asked {
        Some(Ok(page)) if page.status == 200 => Finding::ok(format!("the relay runs at `{listen}` and is ready")),
        Some(Ok(page)) if page.body.starts_with("not ready") => Finding::new(
            Kind::RelayNotReady,
            format!("the relay at `{listen}` is {}", page.body.trim()),
            "look at its log; a full disk needs room, a fault of the disk a restart",
        ),
        // With TLS of its own it answers no plain question, and it answers.
        Some(Ok(_) | Err(PageError::NotHttp | PageError::Broken(_) | PageError::Tls(_))) => {
            Finding::ok(format!("something answers at `{listen}`"))
        }
        Some(Err(PageError::Connect(_) | PageError::Name(_))) | None => Finding::new(
            Kind::RelayStopped,
            format!("no relay answers at `{listen}`"),
            "start it: `mikrelay serve`, or `systemctl start mikrelay`",
        ),
    }
}

/// The answer of a relay to `/health/live`.
const LIVE: &str = "live";
/// Renewals begin a month before the end; half of that left means that they fail.
const SOON_S: i64 = 14 * 86_400;
