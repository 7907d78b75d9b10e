//! The demo's world around the relay: the page a phone sees on the hotspot, the simulated router and the
//! mailbox, on one loopback port. The portal's address is the hotspot's dns-name.
//!
//! Each browser is a phone of its own number, with an address and a MAC on the router's network. It does
//! not imitate: the router's redirect of foreign pages, CHAP logins, traffic, or the ticking of time.

mod link;
pub(super) mod page;

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
use crate::sim::router::{SimActive, SimRouter, SimUser};
use link::Place;

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
            language: page::language_of(request),
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
            (&Method::GET, ["mailbox"]) => {
                let values = context! { tab => "mail", refresh_s => REFRESH_S, mails => seen(&mailbox::list(&self.config.mails)) };
                self.page(&visit, "mailbox.html", values)
            }
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
        context! {
            company => self.config.company.as_str(),
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

#[derive(Serialize)]
struct PlanView {
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

fn plan_view(place: Place<'_>, plan: &PortalPlan, language: Language) -> PlanView {
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
struct UserView {
    name: String,
    profile: String,
    limits: String,
    comment: String,
    disabled: bool,
}

fn user_view(user: &SimUser, language: Language) -> UserView {
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
struct SessionView {
    user: String,
    ip: String,
    mac: String,
    time_left: Option<String>,
}

fn session_view(active: &SimActive, users: &[SimUser], language: Language) -> SessionView {
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
struct CommandView<'a> {
    command: &'a str,
    words: &'a str,
}

fn command_view(line: &str) -> CommandView<'_> {
    let (command, words) = line.split_once(' ').unwrap_or((line, ""));
    CommandView { command, words }
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
mod tests {
    use super::*;
    use crate::ids::CompanyId;
    use crate::message::Message;
    use crate::money::Currency;
    use crate::sim::http::call;
    use crate::sim::router::SimRouterConfig;

    async fn portal() -> (Portal, Arc<SimRouter>) {
        let router = Arc::new(SimRouter::start(SimRouterConfig::default()).await.unwrap());
        router.add_user("hotspot1", "mmk7p2qz", "mmk7p2qz", b"vc-417-06.15.26-");
        router.add_user("all", "123456", "", b"up-417-06.15.26-");
        let message = Message {
            company: CompanyId::new("cyber-awa"),
            order: None,
            recipient: "awa@example.net".to_owned(),
            subject: "Vente <b>{{7*7}}</b>".to_owned(),
            text: "Code : mmk7p2qz".to_owned(),
            message_id: "1@mikrelay.invalid".to_owned(),
            created_at: "2026-11-02T19:19:00Z".parse().unwrap(),
        };
        let plan = |id: &str, gateway| PortalPlan {
            id: PlanId::new(id),
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 14_400 },
            data: DataLimit::NONE,
            gateway,
            keys: vec![("pub_key".to_owned(), "pk_x".to_owned())],
        };
        let config = PortalConfig {
            port: 0,
            relay_url: String::new(),
            router: router.clone(),
            server: "hotspot1".to_owned(),
            company: "Cyber Awa".to_owned(),
            plans: GatewayName::ALL
                .into_iter()
                .map(|gateway| plan(gateway.as_str(), gateway))
                .collect(),
            phone_url: Some("http://127.0.0.1:9/phone".to_owned()),
            mails: Arc::new(move || vec![message.clone()]),
        };
        let portal = start_portal(config).await.unwrap();
        portal.set_relay_url("http://127.0.0.1:8080/");
        (portal, router)
    }

    async fn get(portal: &Portal, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String, Reply) {
        send(portal, Method::GET, path, headers, "").await
    }

    async fn send(
        portal: &Portal,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> (StatusCode, String, Reply) {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let reply = call(method, &format!("{}{path}", portal.url()), &headers, body)
            .await
            .unwrap();
        (reply.status, String::from_utf8(reply.body.to_vec()).unwrap(), reply)
    }

    fn location(reply: &Reply) -> &str {
        reply.headers["location"].to_str().unwrap()
    }

    #[tokio::test]
    async fn the_portal_sells_three_plans_by_old_and_short_links() {
        let (portal, _router) = portal().await;
        let (status, page, _) = get(&portal, "/", &[]).await;
        assert_eq!(status, StatusCode::OK);
        for part in [
            "http://127.0.0.1:8080/buy-mikhmon?nasid=hotspot1",
            "/buy-mikhmon-cinetpay?nasid=hotspot1",
            "/buy-mikhmon-feexpay?nasid=hotspot1",
            "/b/fedapay?mac=02:00:00:00:00:01",
            "/retrieve-mikhmon-code",
            "Bienvenue sur le Wi‑Fi",
            "100\u{a0}FCFA",
            "données sans limite<br>par FedaPay",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let (_, page, _) = get(&portal, "/", &[("accept-language", "de, en;q=0.5")]).await;
        assert!(page.contains("Welcome to the Wi‑Fi"));
    }

    #[tokio::test]
    async fn a_code_logs_the_phone_in_and_the_status_says_so() {
        let (portal, router) = portal().await;
        let (_, page, _) = get(&portal, "/status", &[]).await;
        assert!(page.contains("Non connecté"));
        let login = "/login?username=mmk7p2qz&password=mmk7p2qz&dst=http%3A%2F%2Fevil.example%2F";
        let (status, _, reply) = get(&portal, login, &[]).await;
        assert_eq!((status, location(&reply)), (StatusCode::SEE_OTHER, "/status"));
        assert!(router.is_online("02:00:00:00:00:01"));
        let (_, page, _) = get(&portal, "/status", &[]).await;
        assert!(page.contains("Connecté") && page.contains("mmk7p2qz"), "{page}");
        let (_, _, reply) = send(&portal, Method::POST, "/logout", &[], "").await;
        assert_eq!(
            (location(&reply), router.is_online("02:00:00:00:00:01")),
            ("/status", false)
        );
    }

    #[tokio::test]
    async fn the_form_takes_a_code_or_a_pin_alone_and_leads_on_to_ours_only() {
        let (portal, router) = portal().await;
        let form = [("cookie", "phone=2")];
        let (_, _, reply) = send(&portal, Method::POST, "/login", &form, "username=mmk7p2qz&password=").await;
        assert_eq!(
            (location(&reply), router.is_online("02:00:00:00:00:02")),
            ("/status", true)
        );
        let body = "username=123456&dst=http%3A%2F%2F127.0.0.1%3A8080%2Fo%2Fx";
        let (_, _, reply) = send(&portal, Method::POST, "/login", &[("cookie", "phone=3")], body).await;
        assert_eq!(
            (location(&reply), router.is_online("02:00:00:00:00:03")),
            ("http://127.0.0.1:8080/o/x", true)
        );
        for dst in [
            "%2F%2Fevil.example",
            "http%3A%2F%2F127.0.0.1%3A80801%2F",
            "%2F%5Cevil",
            "javascript%3Aalert(1)",
        ] {
            let path = format!("/login?username=123456&password=&dst={dst}");
            let (_, _, reply) = get(&portal, &path, &[("cookie", "phone=3")]).await;
            assert_eq!(location(&reply), "/status", "{dst}");
        }
        let (status, page, _) = send(&portal, Method::POST, "/login", &[], "username=wrong").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("Connexion refusée") && page.contains("invalid username or password"),
            "{page}"
        );
    }

    #[tokio::test]
    async fn the_router_page_shows_users_and_switches_the_power() {
        let (portal, router) = portal().await;
        let (_, page, _) = get(&portal, "/router", &[("cookie", "lang=en")]).await;
        assert!(
            page.contains("vc-417-06.15.26-") && page.contains("Nobody is online"),
            "{page}"
        );
        let (_, _, reply) = send(&portal, Method::POST, "/router/power", &[], "on=no").await;
        assert_eq!((location(&reply), router.is_on()), ("/router", false));
        let (_, page, _) = get(&portal, "/login?username=mmk7p2qz&password=mmk7p2qz", &[]).await;
        assert!(page.contains("Le routeur est éteint") && !router.is_online("02:00:00:00:00:01"));
        send(&portal, Method::POST, "/router/power", &[], "on=yes").await;
        assert!(router.is_on());
    }

    #[tokio::test]
    async fn mails_are_listed_and_shown_escaped() {
        let (portal, _router) = portal().await;
        let (_, page, _) = get(&portal, "/mailbox", &[]).await;
        assert!(
            page.contains("Vente &lt;b&gt;{{7*7}}&lt;/b&gt;") && page.contains("awa@example.net"),
            "{page}"
        );
        let (_, page, _) = get(&portal, "/mailbox/1", &[]).await;
        assert!(page.contains("Code : mmk7p2qz"), "{page}");
        for path in ["/mailbox/2", "/mailbox/x", "/nowhere", "/router/power"] {
            assert_eq!(get(&portal, path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_browser_chooses_its_phone_and_language() {
        let (portal, _router) = portal().await;
        let (_, _, reply) = send(&portal, Method::POST, "/phone", &[], "").await;
        assert_eq!(reply.headers["set-cookie"], "phone=2; Path=/; SameSite=Lax");
        let (_, page, _) = get(&portal, "/", &[("cookie", "a=b; phone=2; lang=en")]).await;
        assert!(page.contains("Phone 2 · 10.5.50.12 · 02:00:00:00:00:02"), "{page}");
        let (_, _, reply) = get(&portal, "/language?to=en&back=//evil.example", &[]).await;
        assert_eq!(
            (location(&reply), &reply.headers["set-cookie"]),
            ("/", &HeaderValue::from_static("lang=en; Path=/; SameSite=Lax"))
        );
    }
}
