//! The hotspot servers of a router, and how they let phones in. Facts: `routeros.md` 4.2 and 7.1.

use super::finding::{Finding, Kind};
use super::router::there_are;
use crate::company::Hotspot;
use crate::routeros::{HotspotServer, ServerProfile};

/// One hotspot of the business file against the router's.
pub(super) fn judge(
    wanted: &Hotspot,
    servers: &[HotspotServer],
    profiles: &[ServerProfile],
    has_plans: bool,
) -> Vec<Finding> {
    let name = &wanted.name;
    if name == Hotspot::ANY_SERVER {
        return vec![Finding::ok("codes are good on every hotspot server (`all`)".to_owned())];
    }
    let Some(server) = servers.iter().find(|server| &server.name == name) else {
        let names = servers.iter().map(|server| server.name.as_str());
        return vec![Finding::new(
            Kind::HotspotMissing,
            format!("no hotspot server is named exactly `{name}`"),
            format!("correct the hotspot's `name`; {}", there_are(names, "hotspot server")),
        )];
    };
    let mut findings = Vec::new();
    if server.disabled || server.invalid {
        let state = if server.disabled { "disabled" } else { "invalid" };
        findings.push(Finding::new(
            Kind::HotspotOff,
            format!("hotspot server `{name}` is {state}"),
            "look at it in IP > Hotspot > Servers; an invalid one has lost its interface or its address pool",
        ));
    } else {
        findings.push(Finding::ok(format!("hotspot server `{name}` on {}", server.interface)));
    }
    if !has_plans {
        findings.push(Finding::new(
            Kind::HotspotEmpty,
            format!("hotspot `{}` has no plans", wanted.id),
            "add a `[[plan]]` to the business file, or `mikrelay plan import`",
        ));
    }
    if let Some(profile) = profiles.iter().find(|profile| profile.name == server.profile) {
        findings.extend(login_page(wanted, profile));
    }
    findings
}

fn login_page(wanted: &Hotspot, profile: &ServerProfile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let set = |setting: String| format!("/ip hotspot profile set [find name={}] {setting}", profile.name);
    match wanted.dns_name.as_deref() {
        None => findings.push(Finding::new(
            Kind::DnsNameUnset,
            format!("the business file does not say what hotspot `{}` is called", wanted.id),
            match profile.dns_name.as_str() {
                "" => "give the server profile a dns-name, and the hotspot the same as `dns_name`".to_owned(),
                known => format!("write `dns_name = \"{known}\"`"),
            },
        )),
        Some(known) => {
            let host = known.split(':').next().unwrap_or_default();
            if !host.eq_ignore_ascii_case(&profile.dns_name) {
                findings.push(Finding::new(
                    Kind::DnsName,
                    format!(
                        "the business file calls the hotspot `{known}`, the router `{}`",
                        profile.dns_name
                    ),
                    format!("correct `dns_name`, or: {}", set(format!("dns-name={host}"))),
                ));
            }
            if !profile.login_by.iter().any(|way| way == "http-pap" || way == "https") {
                findings.push(Finding::new(
                    Kind::LoginPap,
                    format!("server profile `{}` takes no password from a link", profile.name),
                    set(format!("login-by={},http-pap", profile.login_by.join(","))),
                ));
            }
        }
    }
    findings
}
