//! The demo's world around the relay: the page a phone sees on the hotspot, the simulated router and the
//! mailbox, on one loopback port. The portal's address is the hotspot's dns-name.
//!
//! Each browser is a phone of its own number, with an address and a MAC on the router's network. It does
//! not imitate: the router's redirect of foreign pages, CHAP logins, traffic, or the ticking of time.

mod link;
pub(super) mod page;
mod pagos;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::company::{GatewayName, Language};
use crate::ids::PlanId;
use crate::money::Money;
use crate::plan::{DataLimit, TimeLimit};
use crate::sim::http::{Reply, Request, Server};
use crate::sim::mailbox::{self, Mails};
use crate::sim::router::SimRouter;
use crate::sim::telegram::{Chat, Said};
use link::Place;
pub use pagos::PagosPage;
use views::{command_view, plan_view, session_view, user_view};

/// What the portal shows and whom it serves.
#[derive(Clone)]
pub struct PortalConfig {
    /// 0 picks a free port.
    pub port: u16,
    /// Where the relay is, without a slash at the end; [`Portal::set_relay_url`] may set it later.
    pub relay_url: String,
    pub router: Arc<SimRouter>,
    /// The hotspot server's name: `nasid`.
    pub server: String,
    /// Who sells, as the page's heading.
    pub company: String,
    /// What most of its visitors speak; others may speak English or what their browser asks for.
    pub language: Language,
    /// In the order they are shown; [`Portal::set_plans`] may set them later.
    pub plans: Vec<PortalPlan>,
    /// Where mobile money asks for the PIN, if a simulated gateway plays that part of the phone.
    pub phone_url: Option<String>,
    pub mails: Mails,
}

/// A plan as it stands in the operator's `login.html`.
#[derive(Clone, Debug)]
pub struct PortalPlan {
    pub id: PlanId,
    pub label: String,
    pub profile: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
    pub gateway: GatewayName,
    /// The account's parameters in an old link: `pub_key`, `api_key` and `siteid`, or `token` and `siteid`.
    pub keys: Vec<(String, String)>,
}

/// A portal at work; it ends when it is dropped.
pub struct Portal {
    server: Server,
    world: Arc<World>,
}

/// Starts the portal on loopback.
pub async fn start_portal(config: PortalConfig) -> std::io::Result<Portal> {
    let world = Arc::new(World {
        relay_url: Mutex::new(config.relay_url.clone()),
        plans: Mutex::new(config.plans.clone()),
        pagos: Mutex::default(),
        chat: Mutex::default(),
        next_phone: Mutex::new(FIRST_PHONE),
        config,
    });
    let shared = world.clone();
    let server = Server::start(world.config.port, move |request| {
        let world = shared.clone();
        async move { world.answer(&request).await }
    })
    .await?;
    Ok(Portal { server, world })
}

impl Portal {
    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.base_url()
    }

    /// The hotspot's dns-name: `127.0.0.1:<port>`.
    pub fn dns_name(&self) -> String {
        self.server.address().to_string()
    }

    pub fn set_plans(&self, plans: Vec<PortalPlan>) {
        *locked(&self.world.plans) = plans;
    }

    /// Also serves the example's page, at `/pagos`.
    pub fn set_pagos(&self, page: PagosPage) {
        *locked(&self.world.pagos) = Some(page);
    }

    /// Also shows what the company's bot said, beside the mails.
    pub fn set_chat(&self, chat: Chat) {
        *locked(&self.world.chat) = Some(chat);
    }

    pub fn set_relay_url(&self, url: &str) {
        url.trim_end_matches('/').clone_into(&mut locked(&self.world.relay_url));
    }
}

/// A phone on the router's network.
#[derive(Clone, Debug, Serialize)]
struct Phone {
    number: u8,
    ip: String,
    mac: String,
}

impl Phone {
    fn of(number: u8) -> Self {
        // Phones stop at 99, so that the address stays within its network.
        Self {
            number,
            ip: format!("10.5.50.{}", number.saturating_add(10)),
            mac: format!("02:00:00:00:00:{number:02X}"),
        }
    }
}

struct World {
    config: PortalConfig,
    relay_url: Mutex<String>,
    plans: Mutex<Vec<PortalPlan>>,
    pagos: Mutex<Option<PagosPage>>,
    chat: Mutex<Option<Chat>>,
    next_phone: Mutex<u8>,
}

/// One visit: who asks, in which language.
struct Visit<'a> {
    request: &'a Request,
    phone: Phone,
    language: Language,
}

impl World {
    async fn answer(&self, request: &Request) -> Reply {
        let visit = Visit {
            request,
            phone: self.phone(request),
            language: page::language_or(request, self.config.language),
        };
        let segments = request.segments();
        let mut reply = match (&request.method, segments.as_slice()) {
            (&Method::GET, []) => self.portal_page(&visit, None),
            (&Method::GET, ["login"]) if request.query_value("username").is_none() => self.portal_page(&visit, None),
            (&Method::GET | &Method::POST, ["login"]) => self.log_in(&visit).await,
            (&Method::GET, ["status"]) => self.status_page(&visit),
            (&Method::POST, ["logout"]) => {
                self.config.router.log_off(&visit.phone.mac);
                Reply::see_other("/status")
            }
            (&Method::POST, ["phone"]) => self.other_phone(),
            (&Method::GET, ["language"]) => choose_language(request),
            (&Method::GET, ["router"]) => self.router_page(&visit),
            (&Method::POST, ["router", "power"]) => self.switch(request).await,
            (&Method::POST, ["router", "forget"]) => self.forget_users(),
            (&Method::GET, ["pagos", ..]) => self.pagos(&visit).unwrap_or_else(|| self.missing(&visit)),
            (&Method::GET, ["mailbox"]) => self.mailbox_page(&visit),
            (&Method::GET, ["mailbox", number]) => match mailbox::find(&self.config.mails, number) {
                Some(mail) => self.page(&visit, "mail.html", context! { tab => "mail", mail => seen(&mail) }),
                None => self.missing(&visit),
            },
            _ => self.missing(&visit),
        };
        reply
            .headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        reply
    }

    fn portal_page(&self, visit: &Visit<'_>, error: Option<String>) -> Reply {
        let relay_url = locked(&self.relay_url).clone();
        let status_url = self.status_url(visit);
        let place = Place {
            relay_url: &relay_url,
            server: &self.config.server,
            status_url: &status_url,
            phone: &visit.phone,
        };
        let plans: Vec<_> = locked(&self.plans)
            .iter()
            .map(|plan| plan_view(place, plan, visit.language))
            .collect();
        let values = context! {
            tab => "phone",
            error,
            plans => seen(&plans),
            online => self.config.router.is_online(&visit.phone.mac),
            powered => self.config.router.is_on(),
            pagos => locked(&self.pagos).is_some(),
            recover_link => format!("{relay_url}/retrieve-mikhmon-code"),
        };
        self.page(visit, "portal.html", values)
    }

    /// The login form, or the link to it that the relay gives a phone.
    async fn log_in(&self, visit: &Visit<'_>) -> Reply {
        let request = visit.request;
        let value = |name: &str| request.form_value(name).or_else(|| request.query_value(name));
        let username = value("username").unwrap_or_default().trim().to_owned();
        // A code is name and password at once; who has a password types it.
        let password = value("password").filter(|text| !text.is_empty());
        let password = password.unwrap_or_else(|| self.password_of_code(&username));
        if !self.config.router.is_on() {
            return self.portal_page(visit, None);
        }
        let phone = &visit.phone;
        let active = self.config.router.active();
        // A router sends a phone that is in on its way.
        if active
            .iter()
            .any(|session| session.mac == phone.mac && session.user == username)
        {
            return Reply::see_other(&self.destination(visit, value("dst")));
        }
        match self
            .config
            .router
            .http_login(&username, &password, &phone.ip, &phone.mac)
            .await
        {
            Ok(()) => Reply::see_other(&self.destination(visit, value("dst"))),
            Err(why) => self.portal_page(visit, Some(why)),
        }
    }

    async fn switch(&self, request: &Request) -> Reply {
        if request.form_value("on").as_deref() == Some("yes") {
            if let Err(error) = self.config.router.power_on().await {
                return Reply::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &format!("the router cannot start: {error}"),
                );
            }
        } else {
            self.config.router.power_off().await;
        }
        Reply::see_other("/router")
    }

    /// Everybody's time is up: the router forgets its users and ends their sessions.
    fn forget_users(&self) -> Reply {
        let router = &self.config.router;
        router.forget_users();
        for session in router.active() {
            router.log_off(&session.mac);
        }
        Reply::see_other("/router")
    }

    fn pagos(&self, visit: &Visit<'_>) -> Option<Reply> {
        let page = locked(&self.pagos).clone()?;
        let relay_url = locked(&self.relay_url).clone();
        let here = pagos::Here {
            relay_url: &relay_url,
            host: visit.request.header("host").unwrap_or_default(),
            phone: &visit.phone,
        };
        pagos::answer(&page, &here, visit.request)
    }

    /// What the portal's one-field form sends as password: the code again, or nothing for a PIN.
    fn password_of_code(&self, username: &str) -> String {
        let users = self.config.router.users();
        let is_pin = users
            .iter()
            .any(|user| user.name == username && user.password.is_empty());
        if is_pin { String::new() } else { username.to_owned() }
    }

    /// Back to a page of the portal or the relay, never further.
    fn destination(&self, visit: &Visit<'_>, wanted: Option<String>) -> String {
        let relay_url = locked(&self.relay_url).clone();
        let ours = [self.base_url(visit), relay_url];
        let fits = |address: &String| {
            is_local_path(address) || ours.iter().any(|base| !base.is_empty() && is_under(base, address))
        };
        wanted.filter(fits).unwrap_or_else(|| "/status".to_owned())
    }

    fn status_page(&self, visit: &Visit<'_>) -> Reply {
        let (active, users) = (self.config.router.active(), self.config.router.users());
        let mine = active
            .iter()
            .find(|active| active.mac.eq_ignore_ascii_case(&visit.phone.mac));
        let session = mine.map(|active| session_view(active, &users, visit.language));
        self.page(
            visit,
            "status.html",
            context! { tab => "phone", session => seen(&session) },
        )
    }

    fn router_page(&self, visit: &Visit<'_>) -> Reply {
        let router = &self.config.router;
        let (users, active, commands) = (router.users(), router.active(), router.commands());
        let user_views: Vec<_> = users.iter().rev().map(|user| user_view(user, visit.language)).collect();
        let session_views: Vec<_> = active
            .iter()
            .map(|active| session_view(active, &users, visit.language))
            .collect();
        let newest: Vec<_> = commands
            .iter()
            .rev()
            .take(COMMANDS_SHOWN)
            .map(|line| command_view(line))
            .collect();
        let values = context! {
            tab => "router",
            refresh_s => REFRESH_S,
            server => self.config.server.as_str(),
            powered => router.is_on(),
            users => seen(&user_views),
            sessions => seen(&session_views),
            commands => seen(&newest),
        };
        self.page(visit, "router.html", values)
    }

    fn mailbox_page(&self, visit: &Visit<'_>) -> Reply {
        let chat = locked(&self.chat).clone();
        let said = chat.map(|chat| chat()).unwrap_or_default();
        let notices: Vec<_> = said.iter().rev().map(Said::plain).collect();
        let mails = mailbox::list(&self.config.mails);
        let values = context! { tab => "mail", refresh_s => REFRESH_S, mails => seen(&mails), notices };
        self.page(visit, "mailbox.html", values)
    }

    fn missing(&self, visit: &Visit<'_>) -> Reply {
        page::render(
            StatusCode::NOT_FOUND,
            "missing.html",
            visit.language,
            self.around(visit, context! { tab => "" }),
        )
    }

    fn page(&self, visit: &Visit<'_>, template: &str, values: Value) -> Reply {
        page::render(StatusCode::OK, template, visit.language, self.around(visit, values))
    }

    fn around(&self, visit: &Visit<'_>, values: Value) -> Value {
        let here = if visit.request.path == "/login" {
            "/"
        } else {
            visit.request.path.as_str()
        };
        let other = if visit.language == Language::En {
            self.config.language
        } else {
            Language::En
        };
        context! {
            company => self.config.company.as_str(),
            other_lang => other.code(),
            other_label => other.code().to_ascii_uppercase(),
            here,
            phone => seen(&visit.phone),
            phone_url => self.config.phone_url.as_deref(),
            ..values
        }
    }

    fn base_url(&self, visit: &Visit<'_>) -> String {
        format!("http://{}", visit.request.header("host").unwrap_or_default())
    }

    fn status_url(&self, visit: &Visit<'_>) -> String {
        format!("{}/status", self.base_url(visit))
    }

    /// The phone this browser is. The router sees it at its first visit.
    fn phone(&self, request: &Request) -> Phone {
        let chosen = page::cookie(request, "phone").and_then(|number| number.parse().ok());
        let number = chosen
            .filter(|number| (FIRST_PHONE..=LAST_PHONE).contains(number))
            .unwrap_or(FIRST_PHONE);
        let phone = Phone::of(number);
        let router = &self.config.router;
        if !router.hosts().iter().any(|host| host.mac == phone.mac) {
            router.add_host(&phone.ip, &phone.mac, &self.config.server);
        }
        phone
    }

    fn other_phone(&self) -> Reply {
        let mut next = locked(&self.next_phone);
        *next = if *next >= LAST_PHONE { FIRST_PHONE } else { *next + 1 };
        with_cookie(Reply::see_other("/"), &format!("phone={next}"))
    }
}

fn seen(view: &impl Serialize) -> Value {
    Value::from(Serde(view))
}

fn choose_language(request: &Request) -> Reply {
    let back = request
        .query_value("back")
        .filter(|path| is_local_path(path))
        .unwrap_or_else(|| "/".to_owned());
    let language = request
        .query_value("to")
        .and_then(|tag| Language::from_tag(&tag))
        .unwrap_or_default();
    with_cookie(Reply::see_other(&back), &format!("lang={}", language.code()))
}

fn with_cookie(mut reply: Reply, cookie: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(&format!("{cookie}; Path=/; SameSite=Lax")) {
        reply.headers.append(SET_COOKIE, value);
    }
    reply
}

fn is_local_path(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.contains('\\')
}

fn is_under(base: &str, address: &str) -> bool {
    address
        .strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const FIRST_PHONE: u8 = 1;
/// Two digits of a MAC address are enough for a demo.
const LAST_PHONE: u8 = 99;
/// How often the router's and the mailbox's page draw themselves again.
const REFRESH_S: u32 = 5;
const COMMANDS_SHOWN: usize = 12;

#[cfg(test)]
#[path = "portal_tests.rs"]
mod tests;
