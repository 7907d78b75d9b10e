//! The script that lets unpaid phones reach the relay and the gateways' pay pages.
//!
//! It can be run again: each line adds its host only where no rule carries the line's comment. It speaks the
//! language of RouterOS 6 and 7 alike. Rules are made in the `ip` menu, which serves HTTPS too; there a name is
//! resolved by the router, so wildcards do not work and every host is named. Facts: `routeros.md` 5.
//!
//! It never names the hosts by which phones find out whether they are online: a phone that reaches those shows
//! no login page.

use std::net::Ipv4Addr;

use crate::company::GatewayName;
use crate::packed::packed;

/// Why a text cannot stand in a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("`{0}` is neither a host name nor an IPv4 address")]
    NotAHost(String),
}

/// The hosts of a gateway, in the order of its file.
pub fn walled_garden_hosts(gateway: GatewayName) -> impl Iterator<Item = &'static str> {
    list(gateway).lines().filter_map(|line| {
        let host = line.split('#').next().unwrap_or_default().trim();
        (!host.is_empty()).then_some(host)
    })
}

/// The script for a relay at `relay_host` and these gateways. Each host comes once, the relay first.
/// A relay that is only known as this machine itself gets a remark instead of a rule.
pub fn walled_garden_script(gateways: &[GatewayName], relay_host: &str) -> Result<String, HostError> {
    Ok(HEADING.to_owned() + &rules(gateways, relay_host)?)
}

/// The same without the words above it.
pub(super) fn rules(gateways: &[GatewayName], relay_host: &str) -> Result<String, HostError> {
    let relay = relay_host.trim().trim_end_matches('.').to_ascii_lowercase();
    check_host(&relay)?;
    let mut script = String::new();
    let mut named: Vec<&str> = Vec::new();
    if is_this_machine(&relay) {
        script.push_str(NO_RELAY);
    } else {
        script.push_str("# The relay\n");
        script.push_str(&rule(&relay));
        named.push(&relay);
    }
    for gateway in gateways {
        script.push_str(&format!("# {}\n", gateway.title()));
        for host in walled_garden_hosts(*gateway) {
            if !named.contains(&host) {
                script.push_str(&rule(host));
                named.push(host);
            }
        }
    }
    Ok(script)
}

fn rule(host: &str) -> String {
    let to = if host.parse::<Ipv4Addr>().is_ok() {
        "dst-address"
    } else {
        "dst-host"
    };
    let comment = format!("mikrelay {host}");
    format!(
        ":if ([:len [{MENU} find where comment=\"{comment}\"]] = 0) do={{ \
         {MENU} add action=accept {to}={host} comment=\"{comment}\" }}\n"
    )
}

/// Nothing but names and addresses gets into a script: what the router runs is code.
fn check_host(host: &str) -> Result<(), HostError> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = host
        .split('.')
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let fits = host.len() <= 253 && host.split('.').all(label) && (!numeric || host.parse::<Ipv4Addr>().is_ok());
    if fits {
        Ok(())
    } else {
        Err(HostError::NotAHost(crate::shown::shown(host)))
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: Ipv4Addr| address.is_loopback() || address.is_unspecified())
}

fn list(gateway: GatewayName) -> &'static str {
    match gateway {
        GatewayName::Fedapay => packed!("walled-garden/fedapay.txt"),
        GatewayName::Cinetpay => packed!("walled-garden/cinetpay.txt"),
        GatewayName::Feexpay => packed!("walled-garden/feexpay.txt"),
        GatewayName::Conekta => packed!("walled-garden/conekta.txt"),
        GatewayName::Mercadopago => packed!("walled-garden/mercadopago.txt"),
    }
}

const MENU: &str = "/ip hotspot walled-garden ip";

const HEADING: &str = "\
# Lets phones that have not paid yet reach the pay pages. Paste it into the router's terminal (RouterOS 6 or 7).
# It can be run again: what is there is left alone. To take all of it back:
#   /ip hotspot walled-garden ip remove [find where comment~\"^mikrelay \"]
# Phones must ask the router for names: /ip dns set allow-remote-requests=yes
";

const NO_RELAY: &str = "\
# The relay has no rule: phones cannot reach `localhost`. Give its host name with --host, or set `public_url`.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(script: &str) -> Vec<&str> {
        script.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn each_host_has_one_line_that_can_be_run_again() {
        let script = walled_garden_script(&[GatewayName::Feexpay], "Pay.Example.net.").unwrap();
        assert_eq!(
            rules(&script)[0],
            ":if ([:len [/ip hotspot walled-garden ip find where comment=\"mikrelay pay.example.net\"]] = 0) do={ \
             /ip hotspot walled-garden ip add action=accept dst-host=pay.example.net comment=\"mikrelay pay.example.net\" }"
        );
        assert_eq!(
            rules(&script).len(),
            1 + walled_garden_hosts(GatewayName::Feexpay).count()
        );
    }

    #[test]
    fn hosts_of_several_gateways_come_once() {
        let script = walled_garden_script(&GatewayName::ALL, "pay.wave.com").unwrap();
        let mut lines = rules(&script);
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count);
        assert_eq!(script.matches("dst-host=pay.wave.com ").count(), 1);
        assert!(script.contains("dst-host=checkout.fedapay.com ") && script.contains("dst-host=secure.cinetpay.co "));
    }

    #[test]
    fn a_relay_without_a_name_is_reached_by_its_address() {
        let script = walled_garden_script(&[], "203.0.113.7").unwrap();
        assert!(
            rules(&script)[0].contains("add action=accept dst-address=203.0.113.7 comment=\"mikrelay 203.0.113.7\"")
        );
        for host in ["localhost", "127.0.0.1", "0.0.0.0"] {
            let script = walled_garden_script(&[], host).unwrap();
            assert!(rules(&script).is_empty() && script.contains("--host"), "{host}");
        }
    }

    #[test]
    fn nothing_but_a_host_gets_into_a_script() {
        for host in [
            "",
            ".",
            "a..b",
            "a b",
            "a\"b",
            "a]b",
            "a;b",
            "a\n/system reset-configuration",
            "$(host)",
            "été.example",
            "-a.b",
            "pay.example.net:8080",
            "https://pay.example.net",
            "1.2.3",
            "999.1.1.1",
            "::1",
            "*.example.net",
        ] {
            assert!(walled_garden_script(&[], host).is_err(), "{host:?}");
        }
    }

    #[test]
    fn every_listed_host_is_exact_explained_and_no_probe_of_a_phone() {
        for gateway in GatewayName::ALL {
            assert!(walled_garden_hosts(gateway).count() >= 5);
            for host in walled_garden_hosts(gateway) {
                assert_eq!(check_host(host), Ok(()), "{host}");
                assert!(!PROBES.contains(&host), "{host}");
            }
            let unexplained = list(gateway)
                .lines()
                .find(|line| !line.trim().is_empty() && !line.contains('#'));
            assert_eq!(unexplained, None);
        }
    }

    /// How phones find out whether they are online (facts `routeros.md` 5).
    const PROBES: &[&str] = &[
        "captive.apple.com",
        "connectivitycheck.gstatic.com",
        "clients3.google.com",
        "www.msftncsi.com",
        "www.msftconnecttest.com",
        "detectportal.firefox.com",
    ];
}
