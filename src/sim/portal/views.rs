//! What the portal's templates are given: plans, users, sessions and commands as a person reads them.

use serde::Serialize;

use super::link::{self, Place};
use super::{PortalPlan, page};
use crate::company::Language;
use crate::plan::{DataLimit, TimeLimit};
use crate::sim::router::{SimActive, SimUser};

#[derive(Serialize)]
pub struct PlanView {
    id: String,
    label: String,
    price: String,
    gateway: &'static str,
    /// Limits, where there are any.
    time: Option<String>,
    data: Option<String>,
    link: String,
    short_link: String,
}

pub fn plan_view(place: Place<'_>, plan: &PortalPlan, language: Language) -> PlanView {
    PlanView {
        id: plan.id.to_string(),
        label: plan.label.clone(),
        price: format!(
            "{}\u{a0}{}",
            page::grouped(&plan.price.major_text()),
            link::everyday_name(plan.price.currency())
        ),
        gateway: plan.gateway.title(),
        time: page::time_text(language, plan.time),
        data: page::data_text(language, plan.data),
        link: link::old(place, plan),
        short_link: link::short(place, plan),
    }
}

#[derive(Serialize)]
pub struct UserView {
    name: String,
    profile: String,
    limits: String,
    comment: String,
    disabled: bool,
}

pub fn user_view(user: &SimUser, language: Language) -> UserView {
    let time = TimeLimit {
        seconds: user.limit_uptime_s,
    };
    let data = DataLimit {
        bytes: user.limit_bytes_total,
    };
    UserView {
        name: user.name.clone(),
        profile: user.profile.clone(),
        limits: limits_text(language, time, data),
        comment: user.comment.clone(),
        disabled: user.disabled,
    }
}

#[derive(Serialize)]
pub struct SessionView {
    user: String,
    ip: String,
    mac: String,
    time_left: Option<String>,
}

pub fn session_view(active: &SimActive, users: &[SimUser], language: Language) -> SessionView {
    let user = users
        .iter()
        .find(|user| user.name == active.user && user.limit_uptime_s > 0);
    let left = user.map(|user| TimeLimit {
        seconds: user.limit_uptime_s.saturating_sub(user.uptime_s),
    });
    SessionView {
        user: active.user.clone(),
        ip: active.address.clone(),
        mac: active.mac.clone(),
        time_left: left.and_then(|left| page::time_text(language, left)),
    }
}

/// `4 heures · 1 Go`, without what is not limited.
fn limits_text(language: Language, time: TimeLimit, data: DataLimit) -> String {
    let limits = [page::time_text(language, time), page::data_text(language, data)];
    limits.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A command and what was said with it.
#[derive(Serialize)]
pub struct CommandView<'a> {
    command: &'a str,
    words: &'a str,
}

pub fn command_view(line: &str) -> CommandView<'_> {
    let (command, words) = line.split_once(' ').unwrap_or((line, ""));
    CommandView { command, words }
}
