//! What a company's administrator reads from his routers as they are now. Facts: `pagos-hotspot-api.md` 6.3. He names the
//! address that is asked (8.2, defect S14), so he is told what helps a router's owner and nothing of what else answers.

use super::input::input;
use super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::shape::{Moment, answer};
use crate::company::{Directory, Router};
use crate::ids::{CompanyId, RouterId};
use crate::payment::reconnect::{Trouble, TroubleKind};
use crate::payment::router_look::{self, UserProfile};

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        get "/api/v1/admin/routers/{router_id}/mikrotik-profiles", Auth::Client, Pace::Device, "Routers",
        "Read the user profiles from a router",
        OneRouter => profiles, -> 200 Vec<RouterProfile>: "The profiles, in the router's own words",
        fails [404 "It is not one of the company's routers"],
    },
    operation! {
        get "/api/v1/admin/routers/{router_id}/test-connection", Auth::Client, Pace::Device, "Routers",
        "Connect to a router as a sale would",
        OneRouter => test, -> 200 TestAnswer: "What came of it, in `success`",
    },
];

input! {
    pub struct OneRouter {
        path router_id: String,
    }
}

answer! {
    pub struct RouterProfile {
        pub id: String,
        pub name: String,
        pub session_timeout: Option<String>,
        pub idle_timeout: Option<String>,
        pub keepalive_timeout: Option<String>,
        pub status_autorefresh: Option<String>,
        pub shared_users: Option<String>,
        pub rate_limit: Option<String>,
        pub address_list: Option<String>,
        pub mac_cookie_timeout: Option<String>,
    }
}

answer! {
    pub struct TestAnswer {
        pub success: bool,
        pub message: String,
        /// Left out where it is not one of the company's.
        pub router (optional): Option<TestedRouter>,
        /// How many user profiles there are.
        pub perfiles_encontrados (optional): Option<u64>,
        /// What the router calls itself.
        pub router_name (optional): Option<String>,
        pub error: Option<String>,
        pub timestamp (optional): Option<Moment>,
    }
}

answer! {
    pub struct TestedRouter {
        pub id: String,
        pub nombre: String,
        pub host: String,
        pub puerto: i64,
        pub activo: bool,
    }
}

async fn profiles(ask: &Ask<'_>, input: OneRouter) -> Result<Answered<Vec<RouterProfile>>, Refusal> {
    let directory = ask.relay.store().directory();
    let router = own_router(&directory, ask.caller.company(), input.router_id)
        .ok_or_else(|| Refusal::new(ask, 404, "router-unknown"))?;
    if !router.card.active {
        return Err(Refusal::new(ask, 400, "router-inactive"));
    }
    if router.credentials.is_none() {
        return Err(Refusal::new(ask, 400, "router-not-set-up"));
    }
    let found = ask.relay.router_profiles(&router.id).await;
    let found = found.map_err(|trouble| Refusal::new(ask, 500, why(&trouble)))?;
    Ok(Answered::ok(found.into_iter().map(RouterProfile::from).collect()))
}

async fn test(ask: &Ask<'_>, input: OneRouter) -> Result<Answered<TestAnswer>, Refusal> {
    let directory = ask.relay.store().directory();
    let Some(router) = own_router(&directory, ask.caller.company(), input.router_id) else {
        return Ok(Answered::ok(TestAnswer {
            success: false,
            message: ask.say("router-unknown"),
            router: None,
            perfiles_encontrados: None,
            router_name: None,
            error: Some(ask.say("router-unknown")),
            timestamp: None,
        }));
    };
    let tested = ask.relay.test_router(&router.id).await;
    let error = tested.as_ref().err().map(|trouble| ask.say(why(trouble)));
    let tested = tested.ok();
    Ok(Answered::ok(TestAnswer {
        success: tested.is_some(),
        message: ask.say(if tested.is_some() {
            "router-test-good"
        } else {
            "router-test-bad"
        }),
        router: Some(TestedRouter::from(router)),
        perfiles_encontrados: Some(tested.as_ref().map_or(0, |test| test.profiles.len() as u64)),
        router_name: tested.map(|test| test.identity),
        error,
        timestamp: Some(Moment(ask.relay.now())),
    }))
}

/// A router of this company, and of no other.
fn own_router<'a>(directory: &'a Directory, company: Option<&CompanyId>, id: String) -> Option<&'a Router> {
    let router = directory.routers.get(&RouterId::new(id))?;
    let is_there = router.card.removed_at.is_none();
    (is_there && Some(&router.company) == company).then_some(router)
}

fn why(trouble: &Trouble) -> &'static str {
    match trouble.kind() {
        TroubleKind::NotSetUp => "router-not-set-up",
        TroubleKind::LoginRefused => "router-login",
        TroubleKind::Refusal => "router-refuses",
        TroubleKind::Inside => "inside",
        TroubleKind::NoAnswer | TroubleKind::PasswordHidden | TroubleKind::Unfit => "router-silent",
    }
}

impl From<UserProfile> for RouterProfile {
    fn from(profile: UserProfile) -> Self {
        Self {
            id: profile.id,
            name: profile.name,
            session_timeout: profile.session_timeout,
            idle_timeout: profile.idle_timeout,
            keepalive_timeout: profile.keepalive_timeout,
            status_autorefresh: profile.status_autorefresh,
            shared_users: profile.shared_users,
            rate_limit: profile.rate_limit,
            address_list: profile.address_list,
            mac_cookie_timeout: profile.mac_cookie_timeout,
        }
    }
}

impl From<&Router> for TestedRouter {
    fn from(router: &Router) -> Self {
        let endpoint = router_look::endpoint(router);
        let (host, port) = endpoint.unwrap_or_else(|| (router.address.clone(), 0));
        Self {
            id: router.id.to_string(),
            nombre: router.shown_name().to_owned(),
            host,
            puerto: port.into(),
            activo: router.card.active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::{RouterCard, RouterTls};

    #[test]
    fn a_router_is_its_companys_alone() {
        let router = Router {
            id: RouterId::new("r1"),
            company: CompanyId::new("cafe"),
            address: "10.0.0.1".to_owned(),
            tls: RouterTls::Off,
            credentials: None,
            access_uuid: String::new(),
            card: RouterCard::default(),
        };
        let mut directory = Directory::default();
        directory.routers.insert(router.id.clone(), router);
        let own = |company: Option<&str>, id: &str| {
            own_router(&directory, company.map(CompanyId::new).as_ref(), id.to_owned()).is_some()
        };
        assert!(own(Some("cafe"), "r1"));
        for (company, id) in [
            (Some("other"), "r1"),
            (None, "r1"),
            (Some("cafe"), "r2"),
            (Some(""), ""),
        ] {
            assert!(!own(company, id), "{company:?} {id}");
        }
        let shown = directory.routers.values().map(TestedRouter::from).next().unwrap();
        assert_eq!((shown.host.as_str(), shown.puerto), ("10.0.0.1", 8728));
    }
}
