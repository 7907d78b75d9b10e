//! The walled garden of a router against the list of what buyers must reach before they paid. Facts: `routeros.md` 5.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::finding::{Finding, Kind};
use crate::routeros::GardenRule;

/// What the rules of a router do for one host at one hotspot server, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Open,
    Narrow,
    Wildcard,
    Address,
    HttpOnly,
    Off,
    /// A rule forbids it before one opens it.
    Denied,
    Missing,
}

/// Compares both menus with the hosts, for the hotspot servers that sell. `script` is the command that prints what is
/// missing.
pub(super) fn judge(
    ip: &[GardenRule],
    http: &[GardenRule],
    hosts: &[String],
    servers: &[&str],
    script: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A host is as open as where it is open least.
    let ways: Vec<(&str, Way)> = hosts
        .iter()
        .map(|host| {
            let everywhere = servers.iter().map(|server| way(ip, http, host, server));
            let worst = everywhere.max_by_key(|way| *way as u8).unwrap_or(Way::Open);
            (host.as_str(), worst)
        })
        .collect();
    let of = |wanted: Way| -> Vec<&str> {
        let fitting = ways.iter().filter(|(_, way)| *way == wanted);
        fitting.map(|(host, _)| *host).collect()
    };
    let open = of(Way::Open).len();
    for (wanted, kind, what, fix) in TROUBLES {
        let hosts = of(*wanted);
        if !hosts.is_empty() {
            let fix = if fix.is_empty() {
                format!("run `{script}` and paste what it prints into the router's terminal")
            } else {
                (*fix).to_owned()
            };
            findings.push(Finding::new(*kind, format!("{what}: {}", listed(&hosts)), fix));
        }
    }
    if open == hosts.len() && open > 0 {
        findings.push(Finding::ok(format!(
            "the walled garden opens everything that buyers need ({open} hosts)"
        )));
    }
    let probes: Vec<&str> = PROBES
        .iter()
        .copied()
        .filter(|probe| opens_probe(ip, http, probe))
        .collect();
    if !probes.is_empty() {
        findings.push(Finding::new(
            Kind::GardenProbes,
            format!("the walled garden opens {}", listed(&probes)),
            "take these rules away (IP > Hotspot > Walled Garden): phones use these addresses to find out whether they are online",
        ));
    }
    findings
}

/// In the order of the report. An empty fix stands for the script.
const TROUBLES: &[(Way, Kind, &str, &str)] = &[
    (Way::Missing, Kind::GardenMissing, "no rule opens", ""),
    (
        Way::Off,
        Kind::GardenOff,
        "switched off or invalid are the rules for",
        "switch them on in IP > Hotspot > Walled Garden IP List",
    ),
    (
        Way::Denied,
        Kind::GardenDenied,
        "a rule that drops or rejects stands above the one that opens",
        "move the accepting rules to the top of IP > Hotspot > Walled Garden IP List",
    ),
    (
        Way::Narrow,
        Kind::GardenNarrow,
        "only some phones, ports or protocols are let through to",
        "take `src-address`, `dst-port` and `protocol` out of these rules; pay pages use TCP port 443",
    ),
    (Way::Wildcard, Kind::GardenWildcard, "only a name with `*` covers", ""),
    (
        Way::Address,
        Kind::GardenAddress,
        "opened by address instead of name:",
        "",
    ),
    (
        Way::HttpOnly,
        Kind::GardenHttp,
        "opened in the menu of plain HTTP alone:",
        "",
    ),
];

fn way(ip: &[GardenRule], http: &[GardenRule], host: &str, server: &str) -> Way {
    let mut best = Way::Missing;
    let mut denied = false;
    for rule in ip.iter().filter(|rule| is_for(rule, server)) {
        let Some(found) = fit(rule, host) else { continue };
        let accepts = rule.action == "accept";
        if rule.disabled {
            if accepts && best == Way::Missing {
                best = Way::Off;
            }
        } else if !accepts {
            // A rule that forbids a part is no reason to be alarmed.
            denied |= best != Way::Open && found == Way::Open;
        } else if denied {
            return Way::Denied;
        } else if (found as u8) < (best as u8) {
            best = found;
        }
    }
    let by_http = |rule: &GardenRule| {
        is_for(rule, server)
            && !rule.disabled
            && rule.action == "allow"
            && !rule.has_source
            && !rule.has_path
            && matches(&rule.dst_host, host)
    };
    if best == Way::Missing && !denied && http.iter().any(by_http) {
        best = Way::HttpOnly;
    }
    best
}

fn is_for(rule: &GardenRule, server: &str) -> bool {
    rule.server.is_empty() || rule.server == server
}

/// How a rule of the `ip` menu speaks of a host; `None` where it does not.
fn fit(rule: &GardenRule, host: &str) -> Option<Way> {
    let address = host.parse::<Ipv4Addr>().ok();
    let way = if !rule.dst_host.is_empty() {
        // `dst-address` is ignored beside a name.
        match (rule.dst_host.eq_ignore_ascii_case(host), matches(&rule.dst_host, host)) {
            (true, _) => Way::Open,
            (false, true) => Way::Wildcard,
            (false, false) => return None,
        }
    } else if !rule.dst_address.is_empty() || !rule.dst_address_list.is_empty() {
        match address {
            Some(address) if covers(&rule.dst_address, address) => Way::Open,
            Some(_) => return None,
            // Only its comment can tell which name it was made for.
            None if names(&rule.comment, host) => Way::Address,
            None => return None,
        }
    } else {
        // Everything.
        Way::Open
    };
    let port_fits = rule.dst_port.is_empty() || rule.dst_port.split(',').any(|port| port_covers(port, HTTPS_PORT));
    let protocol_fits = rule.protocol.is_empty() || rule.protocol == "tcp" || rule.protocol == "6";
    let is_narrow = rule.has_source || !port_fits || !protocol_fits;
    Some(if is_narrow && way == Way::Open {
        Way::Narrow
    } else {
        way
    })
}

fn opens_probe(ip: &[GardenRule], http: &[GardenRule], probe: &str) -> bool {
    // A rule without any destination is a choice, not an oversight.
    let named = |rule: &GardenRule| !rule.disabled && matches(&rule.dst_host, probe);
    ip.iter().any(|rule| rule.action == "accept" && named(rule))
        || http.iter().any(|rule| rule.action == "allow" && named(rule))
}

/// Whether a pattern of the router, with `*` and `?`, fits a name. Regular expressions (`:…`) are not understood and
/// fit nothing.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern.is_empty() || pattern.starts_with(':') || pattern.len() > LONGEST_NAME {
        return false;
    }
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    fits(pattern.as_bytes(), name.as_bytes())
}

/// Goes back to the last `*` where a letter does not fit: time grows with the product of both lengths.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if wanted == letter || *wanted == b'?' => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((star_at, star_read)) = star else { return false };
                (at, read) = (star_at + 1, star_read + 1);
                star = Some((star_at, star_read + 1));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|left| *left == b'*')
}

fn covers(range: &str, address: Ipv4Addr) -> bool {
    if let Some((first, last)) = range.split_once('-') {
        let (first, last) = (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>());
        return matches!((first, last), (Ok(first), Ok(last)) if (first..=last).contains(&address));
    }
    range.parse::<Ipv4Net>().is_ok_and(|net| net.contains(&address)) || range.parse() == Ok(address)
}

fn port_covers(range: &str, port: u16) -> bool {
    match range.split_once('-') {
        Some((first, last)) => {
            matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if (first..=last).contains(&port))
        }
        None => range.trim().parse() == Ok(port),
    }
}

/// Whether a comment holds the host as a word.
fn names(comment: &str, host: &str) -> bool {
    let mut words = comment.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/'));
    words.any(|word| word.eq_ignore_ascii_case(host))
}

/// Some names, and how many more there are.
pub(super) fn listed(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(MOST_LISTED).copied().collect();
    let more = names.len().saturating_sub(MOST_LISTED);
    let text = shown.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}

const HTTPS_PORT: u16 = 443;
/// A finding is a line; the script has them all.
const MOST_LISTED: usize = 6;
/// No host name is longer.
const LONGEST_NAME: usize = 253;
/// How phones find out whether they are online (facts: routeros 5).
const PROBES: &[&str] = &[
    "captive.apple.com",
    "connectivitycheck.gstatic.com",
    "clients3.google.com",
    "www.msftncsi.com",
    "www.msftconnecttest.com",
    "detectportal.firefox.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(host: &str) -> GardenRule {
        GardenRule {
            action: "accept".to_owned(),
            dst_host: host.to_owned(),
            ..GardenRule::default()
        }
    }

    fn look(rules: &[GardenRule]) -> Way {
        way(rules, &[], "pay.example.net", "hotspot1")
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let drop_all = GardenRule {
            action: "drop".to_owned(),
            ..GardenRule::default()
        };
        let open = accept("pay.example.net");
        assert_eq!(look(&[open.clone(), drop_all.clone()]), Way::Open);
        assert_eq!(look(&[drop_all.clone(), open.clone()]), Way::Denied);
        let elsewhere = GardenRule {
            server: "hotspot2".to_owned(),
            ..drop_all.clone()
        };
        assert_eq!(look(&[elsewhere, open.clone()]), Way::Open);
        let off = GardenRule {
            disabled: true,
            ..drop_all.clone()
        };
        assert_eq!(look(&[off, open]), Way::Open);
        assert_eq!(look(&[drop_all]), Way::Missing);
    }

    #[test]
    fn rules_that_open_less_are_told_apart() {
        let of = |change: fn(&mut GardenRule)| {
            let mut rule = accept("pay.example.net");
            change(&mut rule);
            look(&[rule])
        };
        assert_eq!(of(|_| ()), Way::Open);
        assert_eq!(of(|rule| rule.dst_host = "PAY.example.NET".to_owned()), Way::Open);
        assert_eq!(of(|rule| rule.disabled = true), Way::Off);
        assert_eq!(of(|rule| rule.dst_port = "80".to_owned()), Way::Narrow);
        assert_eq!(of(|rule| rule.dst_port = "80,400-500".to_owned()), Way::Open);
        assert_eq!(of(|rule| rule.protocol = "udp".to_owned()), Way::Narrow);
        assert_eq!(of(|rule| rule.has_source = true), Way::Narrow);
        assert_eq!(of(|rule| rule.server = "hotspot2".to_owned()), Way::Missing);
        assert_eq!(of(|rule| rule.dst_host = "*.example.net".to_owned()), Way::Wildcard);
        let by_address = |rule: &mut GardenRule| {
            rule.dst_host = String::new();
            rule.dst_address = "203.0.113.7".to_owned();
            rule.comment = "relay pay.example.net".to_owned();
        };
        assert_eq!(of(by_address), Way::Address);
    }

    #[test]
    fn a_relay_known_by_its_address_is_opened_by_address() {
        let rule = |range: &str| GardenRule {
            action: "accept".to_owned(),
            dst_address: range.to_owned(),
            ..GardenRule::default()
        };
        for (range, is_open) in [
            ("203.0.113.7", true),
            ("203.0.113.0/24", true),
            ("203.0.113.1-203.0.113.9", true),
            ("203.0.113.8", false),
            ("203.0.113.8-203.0.113.9", false),
            ("rubbish", false),
        ] {
            let found = way(&[rule(range)], &[], "203.0.113.7", "hotspot1");
            assert_eq!(found == Way::Open, is_open, "{range}");
        }
    }

    #[test]
    fn patterns_are_the_routers() {
        for (pattern, name, wanted) in [
            ("*.example.net", "pay.example.net", true),
            ("*example*", "pay.example.net", true),
            ("p?y.example.net", "pay.example.net", true),
            ("*", "pay.example.net", true),
            ("*.example.net", "example.net", false),
            ("pay.example", "pay.example.net", false),
            (":^pay", "pay.example.net", false),
            ("", "", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
        // The worst case stays quick.
        assert!(!matches(&"*a".repeat(120), &"a".repeat(119)));
    }
}
