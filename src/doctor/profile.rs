//! What is sold against the router's user profiles: names, and what Mikhmon's scripts in them do with a ticket. Facts:
//! `mikhmon.md` 2, 5 and 6.

use super::finding::{Finding, Kind};
use super::router::{Expected, there_are};
use crate::mikhmon::{Expiry, ExpiryMode, ProfileScript};
use crate::money::Money;
use crate::plan::Plan;
use crate::routeros::{DeviceMode, ProfileLook};

/// The profiles in use whose tickets Mikhmon ends by a scheduler of the profile's name.
pub(super) fn monitored(profiles: &[ProfileLook], expected: &Expected<'_>) -> Vec<String> {
    let in_use = profiles
        .iter()
        .filter(|profile| expected.plans.iter().any(|plan| plan.profile == profile.name));
    let ends = |profile: &&ProfileLook| {
        ProfileScript::read(&profile.on_login).is_some_and(|script| script.mode != ExpiryMode::None)
    };
    in_use
        .filter(ends)
        .map(|profile| profile.name.clone())
        .take(MOST_PROFILES)
        .collect()
}

/// Whether each plan's profile is there, byte for byte.
pub(super) fn presence(profiles: &[ProfileLook], expected: &Expected<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for plan in &expected.plans {
        if seen.contains(&plan.profile.as_str()) {
            continue;
        }
        seen.push(&plan.profile);
        findings.push(if profiles.iter().any(|profile| profile.name == plan.profile) {
            Finding::ok(format!("user profile `{}`", plan.profile))
        } else {
            Finding::new(
                Kind::ProfileMissing,
                format!(
                    "no user profile is named exactly `{}`, which plan `{}` sells",
                    plan.profile, plan.id
                ),
                format!(
                    "correct the plan's `profile`, or make the profile in Mikhmon; {}",
                    there_are(profiles.iter().map(|profile| profile.name.as_str()), "user profile")
                ),
            )
        });
    }
    findings
}

/// What the scripts of the profiles in use come to on this version.
pub(super) fn scripts(
    profiles: &[ProfileLook],
    expected: &Expected<'_>,
    version: &str,
    scheduled: Option<&[String]>,
    device_mode: Option<&DeviceMode>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut endless, mut unknown, mut unmonitored, mut ending) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for profile in profiles {
        let plans: Vec<&Plan> = expected
            .plans
            .iter()
            .copied()
            .filter(|plan| plan.profile == profile.name)
            .collect();
        let Some(script) = ProfileScript::read(&profile.on_login).filter(|_| !plans.is_empty()) else {
            continue;
        };
        let name = profile.name.as_str();
        let wants_end = script.mode != ExpiryMode::None;
        ending += usize::from(wants_end);
        match script.expiry_on(version) {
            // The relay ends them itself.
            Expiry::Blind if plans.iter().all(|plan| expected.ends_tickets(plan)) => findings.push(Finding::ok(
                format!("tickets of the profile `{name}` are ended by the relay (`mikhmon_expiry`)"),
            )),
            Expiry::Blind => endless.push(name),
            Expiry::Unknown => unknown.push(name),
            Expiry::Works if scheduled.is_some_and(|names| !names.iter().any(|known| known == name)) => {
                unmonitored.push(name);
            }
            Expiry::Works | Expiry::NotWanted => {}
        }
        plans
            .into_iter()
            .for_each(|plan| findings.extend(of_plan(plan, &script)));
    }
    let (endless, unknown, unmonitored) = (quoted(&endless), quoted(&unknown), quoted(&unmonitored));
    if !endless.is_empty() {
        findings.push(Finding::new(
            Kind::NeverEnds,
            format!("tickets of the profiles {endless} will not expire: Mikhmon's stock script on RouterOS {version}"),
            "set `mikhmon_expiry = true` on the hotspot, so that the relay ends what it sold; or use a Mikhmon that is made for \
             RouterOS 7.10 and later and save each profile in it again",
        ));
    }
    if !unmonitored.is_empty() {
        findings.push(Finding::new(
            Kind::MonitorMissing,
            format!("no scheduler ends the tickets of the profiles {unmonitored}"),
            "open the profile in Mikhmon and save it again: that makes its scheduler; switch it on if it is there (System > Scheduler)",
        ));
    }
    if !unknown.is_empty() {
        findings.push(Finding::new(
            Kind::ExpiryUnknown,
            format!("the scripts of the profiles {unknown} are not one of the known ones"),
            "let a ticket of such a profile run out once and see whether its user disappears",
        ));
    }
    if ending > 0 && device_mode.is_some_and(|mode| mode.scheduler == Some(false)) {
        findings.push(Finding::new(
            Kind::DeviceModeScheduler,
            "the router's device mode forbids the scheduler",
            "/system device-mode update scheduler=yes, and then press the router's button or cut its power, as it asks",
        ));
    }
    findings
}

/// A plan against what its profile's script does with the ticket.
fn of_plan(plan: &Plan, script: &ProfileScript) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(validity) = &script.validity
        && plan.time.seconds > validity.time.seconds
    {
        findings.push(Finding::new(
            Kind::ProfileValidity,
            format!(
                "plan `{}` sells {} of use, and profile `{}` ends {} after the first login",
                plan.id, plan.time, plan.profile, validity.text
            ),
            "make the validity longer in Mikhmon, or the plan's `time` shorter",
        ));
    }
    let price = script
        .price
        .as_deref()
        .and_then(|price| Money::parse_major(price, plan.price.currency()).ok());
    if let Some(price) = price
        && price != plan.price
    {
        findings.push(Finding::new(
            Kind::ProfilePrice,
            format!(
                "plan `{}` costs {}, and profile `{}` says {price}",
                plan.id, plan.price, plan.profile
            ),
            "write the same price in both, if Mikhmon's reports are to count what buyers pay",
        ));
    }
    findings
}

/// `` `1H`, `1J` ``
fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Each costs a question; nobody sells more kinds of tickets.
const MOST_PROFILES: usize = 50;
