//! What a portal asks for a phone that has a code already, and whether its router answers. Facts: `pagos-hotspot-api.md`
//! 6.1 and 8.4: every outcome is 200 with a word in `estado`; our sentences; no answer holds a password.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::input::{Nothing, input};
use super::kinds::words;
use super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::shape::{Moment, answer};
use crate::api_key::RouterKey;
use crate::payment::reconnect::info::{Info, InfoWish, Known};
use crate::payment::reconnect::{Active, Comeback, Expired, NotOnline, Reconnected, Refused, Trouble, TroubleKind};
use crate::plan::TimeLimit;

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/hotspot/auto-reconnect", Auth::Key, Pace::Device, "Hotspot",
        "Let a phone back in with the code it bought",
        Reconnect => reconnect, -> 200 ReconnectAnswer: "What became of it, in `estado`",
    },
    operation! {
        post "/api/v1/hotspot/user/profile-info", Auth::Key, Pace::Device, "Hotspot",
        "Tell the owner of a code what it is good for",
        AskInfo => profile_info, -> 200 InfoAnswer: "The code's profile and limits, or why not, in `estado`",
    },
    operation! {
        post "/api/v1/routers/validar-empresa-router", Auth::Key, Pace::Device, "Hotspot",
        "Say whether the key's router answers",
        Nothing => validate, -> 200 RouterAnswer: "Whether it does, in `estado`",
    },
];

input! {
    pub struct Reconnect {
        /// As it was sold.
        body username: String,
        /// Empty for a PIN.
        body password: Option<SecretString>,
        /// The MAC under which the phone stored its code.
        body stored_mac: Option<String>,
        /// From the router's redirect.
        body current_mac: String,
        body current_ip: Option<String>,
        /// Not used.
        body current_ssid: Option<String>,
    }
}

input! {
    pub struct AskInfo {
        body username: String,
        /// Left out for a PIN, and for nothing else.
        body password: Option<SecretString>,
    }
}

words! {
    /// `expirado` only when the router said so: a portal forgets the code then.
    pub enum ReconnectState {
        Active = "activo",
        Expired = "expirado",
        Error = "error",
        RouterInactive = "router_inactivo",
        CompanyInactive = "empresa_inactiva",
    }
}

words! {
    pub enum Connection { Connected = "conectado", NotConnected = "no_conectado" }
}

answer! {
    pub struct ReconnectAnswer {
        pub success: bool,
        pub estado: ReconnectState,
        pub auto_conexion: Connection,
        /// `user`, `address`, `uptime`, `bytes-in` and `bytes-out` of the session.
        pub datos_sesion: Option<Map<String, Value>>,
        /// The `current_mac` of the request.
        pub nueva_mac: String,
        /// Always null.
        pub tiempo_acumulado: Option<String>,
        /// Always null.
        pub tiempo_restante: Option<String>,
        /// Always null.
        pub primera_sesion: Option<String>,
        pub mensaje: String,
        /// A word for programs.
        pub error_detalle: Option<&'static str>,
        pub timestamp: Moment,
    }
}

words! {
    pub enum InfoState {
        Ok = "ok",
        Wrong = "credenciales_invalidas",
        RouterInactive = "router_inactivo",
        CompanyInactive = "empresa_inactiva",
        Error = "error",
    }
}

words! {
    pub enum UserKind { Pin = "pin", Pair = "usuario_contrasena" }
}

answer! {
    pub struct InfoAnswer {
        pub success: bool,
        pub estado: InfoState,
        pub username: String,
        pub tipo_usuario: Option<UserKind>,
        pub profile: Option<String>,
        pub mac_cookie_timeout: Option<String>,
        /// Whether the profile lets a device that logged in come back by itself.
        pub mac_authentication: Option<bool>,
        pub disabled: Option<bool>,
        pub comment: Option<String>,
        pub limit_uptime: Option<String>,
        /// The user as the router has it, without its password.
        pub datos_completos: Option<Map<String, Value>>,
        pub mensaje: String,
        /// A word for programs.
        pub error_detalle: Option<&'static str>,
        pub timestamp: Moment,
    }
}

words! {
    pub enum RouterState {
        Active = "activo",
        Inactive = "router_inactivo",
        NoRouter = "sin_routers",
        CompanyInactive = "empresa_inactiva",
        Inside = "internal_error",
    }
}

answer! {
    pub struct RouterAnswer {
        pub success: bool,
        pub estado: RouterState,
        pub mensaje: String,
        /// A word for programs.
        pub error_detalle: Option<&'static str>,
        pub conexion_ok: bool,
        pub timestamp: Moment,
    }
}

async fn reconnect(ask: &Ask<'_>, input: Reconnect) -> Result<Answered<ReconnectAnswer>, Refusal> {
    let key = key_of(ask)?;
    let shown_mac = input.current_mac.clone();
    let told = if is_switched_off(ask, key) {
        Told::router_inactive()
    } else {
        let wish = Comeback {
            username: input.username,
            password: input.password.unwrap_or_default(),
            stored_mac: input.stored_mac,
            current_mac: input.current_mac,
            current_ip: input.current_ip,
            client: Some(ask.sender),
        };
        Told::of(ask, ask.relay.reconnect(&key.router, &wish).await)?
    };
    Ok(Answered::ok(told.answer(ask, shown_mac)))
}

/// An outcome in the words of the contract.
struct Told {
    success: bool,
    state: ReconnectState,
    session: Option<Active>,
    text: &'static str,
    detail: Option<&'static str>,
}

impl Told {
    fn of(ask: &Ask<'_>, outcome: Reconnected) -> Result<Self, Refusal> {
        use ReconnectState::{Active, Error, Expired as Over};
        Ok(match outcome {
            Reconnected::Online { session, already } => Self {
                success: true,
                state: Active,
                session: Some(session),
                text: if already { "back-already" } else { "back-online" },
                detail: None,
            },
            Reconnected::NotOnline(why) => {
                let (text, detail) = not_online(why);
                Self::failed(Active, text, detail)
            }
            Reconnected::Expired(Expired::NoSuchUser) => Self::failed(Over, "back-no-user", "usuario_no_encontrado"),
            Reconnected::Expired(Expired::UsedUp) => Self::failed(Over, "back-used-up", "usuario_agotado"),
            Reconnected::Refused(refused) => match refused {
                Refused::WrongPassword => Self::failed(Error, "code-wrong", "credenciales_invalidas"),
                Refused::MacName => Self::failed(Error, "code-unfit", "usuario_no_valido"),
                Refused::Disabled => Self::failed(Error, "back-disabled", "usuario_deshabilitado"),
                Refused::TooOften { wait_s } => return Err(Refusal::later(ask, 429, "too-often", wait_s)),
            },
            Reconnected::Trouble(trouble) => {
                let (text, detail) = trouble_words(&trouble);
                Self::failed(Error, text, detail)
            }
        })
    }

    fn failed(state: ReconnectState, text: &'static str, detail: &'static str) -> Self {
        Self {
            success: false,
            state,
            session: None,
            text,
            detail: Some(detail),
        }
    }

    fn router_inactive() -> Self {
        Self::failed(ReconnectState::RouterInactive, "router-inactive", "router_inactivo")
    }

    fn answer(self, ask: &Ask<'_>, current_mac: String) -> ReconnectAnswer {
        ReconnectAnswer {
            success: self.success,
            estado: self.state,
            auto_conexion: if self.session.is_some() {
                Connection::Connected
            } else {
                Connection::NotConnected
            },
            datos_sesion: self.session.as_ref().map(session_data),
            nueva_mac: current_mac,
            tiempo_acumulado: None,
            tiempo_restante: None,
            primera_sesion: None,
            mensaje: ask.say(self.text),
            error_detalle: self.detail,
            timestamp: now(ask),
        }
    }
}

fn not_online(why: NotOnline) -> (&'static str, &'static str) {
    match why {
        NotOnline::NoDevice => ("back-no-device", "dispositivo_no_encontrado"),
        NotOnline::OtherDevice => ("back-other-device", "otro_dispositivo"),
        NotOnline::OtherUser => ("back-other-user", "otro_usuario_conectado"),
        NotOnline::Crowded => ("back-crowded", "demasiados_dispositivos"),
        NotOnline::Refused => ("back-refused", "login_rechazado"),
        NotOnline::NotSeen => ("back-not-seen", "sesion_no_confirmada"),
    }
}

fn trouble_words(trouble: &Trouble) -> (&'static str, &'static str) {
    match trouble.kind() {
        TroubleKind::NotSetUp => ("router-not-set-up", "router_sin_configurar"),
        TroubleKind::NoAnswer => ("router-silent", "router_sin_respuesta"),
        TroubleKind::LoginRefused => ("router-login", "router_login_rechazado"),
        TroubleKind::PasswordHidden => ("code-hidden", "contrasena_no_comparable"),
        TroubleKind::Unfit => ("code-unfit", "usuario_no_valido"),
        TroubleKind::Refusal => ("router-refuses", "router_rechaza"),
        TroubleKind::Inside => ("inside", "error_interno"),
    }
}

fn session_data(session: &Active) -> Map<String, Value> {
    [
        ("user", session.user.clone()),
        ("address", session.address.clone()),
        ("uptime", time_text(session.uptime)),
        ("bytes-in", session.bytes_in.to_string()),
        ("bytes-out", session.bytes_out.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}

async fn profile_info(ask: &Ask<'_>, input: AskInfo) -> Result<Answered<InfoAnswer>, Refusal> {
    let key = key_of(ask)?;
    let failed = |state, text, detail| nothing_known(ask, input.username.clone(), state, text, detail);
    if is_switched_off(ask, key) {
        let told = failed(InfoState::RouterInactive, "router-inactive", "router_inactivo");
        return Ok(Answered::ok(told));
    }
    let wish = InfoWish {
        username: input.username.clone(),
        password: input.password,
        client: Some(ask.sender),
    };
    Ok(Answered::ok(match ask.relay.account_info(&key.router, &wish).await {
        Info::Known(known) => describe(ask, &known),
        Info::Wrong => failed(InfoState::Wrong, "code-wrong", "credenciales_invalidas"),
        Info::TooOften { wait_s } => return Err(Refusal::later(ask, 429, "too-often", wait_s)),
        Info::Trouble(trouble) => {
            let (text, detail) = trouble_words(&trouble);
            failed(InfoState::Error, text, detail)
        }
    }))
}

fn nothing_known(ask: &Ask<'_>, username: String, state: InfoState, text: &str, detail: &'static str) -> InfoAnswer {
    InfoAnswer {
        success: false,
        estado: state,
        username,
        tipo_usuario: None,
        profile: None,
        mac_cookie_timeout: None,
        mac_authentication: None,
        disabled: None,
        comment: None,
        limit_uptime: None,
        datos_completos: None,
        mensaje: ask.say(text),
        error_detalle: Some(detail),
        timestamp: now(ask),
    }
}

fn describe(ask: &Ask<'_>, known: &Known) -> InfoAnswer {
    let (account, profile) = (&known.account, known.profile.as_ref());
    let limit = TimeLimit {
        seconds: account.limits.uptime_s,
    };
    InfoAnswer {
        success: true,
        estado: InfoState::Ok,
        username: account.name.clone(),
        tipo_usuario: Some(if known.is_pin { UserKind::Pin } else { UserKind::Pair }),
        profile: Some(account.profile.clone()),
        mac_cookie_timeout: profile.and_then(|profile| profile.mac_cookie_timeout.clone()),
        mac_authentication: Some(profile.is_some_and(|profile| profile.add_mac_cookie)),
        disabled: Some(account.disabled),
        comment: Some(account.comment.clone()).filter(|comment| !comment.is_empty()),
        limit_uptime: (!limit.is_none()).then(|| time_text(limit)),
        datos_completos: Some(whole(known)),
        mensaje: ask.say("code-known"),
        error_detalle: None,
        timestamp: now(ask),
    }
}

/// The record in the router's own names. Its password stays here, and so does the mark of our order.
fn whole(known: &Known) -> Map<String, Value> {
    let account = &known.account;
    let (limits, used) = (&account.limits, &account.used);
    let time = |seconds| time_text(TimeLimit { seconds });
    [
        (".id", account.id.clone()),
        ("name", account.name.clone()),
        ("server", account.server.clone()),
        ("profile", account.profile.clone()),
        ("mac-address", account.mac.clone().unwrap_or_default()),
        ("comment", account.comment.clone()),
        ("disabled", account.disabled.to_string()),
        ("limit-uptime", time(limits.uptime_s)),
        ("limit-bytes-in", limits.bytes_in.to_string()),
        ("limit-bytes-out", limits.bytes_out.to_string()),
        ("limit-bytes-total", limits.bytes_total.to_string()),
        ("uptime", time(used.uptime_s)),
        ("bytes-in", used.bytes_in.to_string()),
        ("bytes-out", used.bytes_out.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}

async fn validate(ask: &Ask<'_>, _: Nothing) -> Result<Answered<RouterAnswer>, Refusal> {
    let key = key_of(ask)?;
    let told = |state, text, detail: Option<&'static str>| RouterAnswer {
        success: detail.is_none(),
        estado: state,
        mensaje: ask.say(text),
        error_detalle: detail,
        conexion_ok: detail.is_none(),
        timestamp: now(ask),
    };
    if is_switched_off(ask, key) {
        let inactive = told(RouterState::Inactive, "router-inactive", Some("router_inactivo"));
        return Ok(Answered::ok(inactive));
    }
    Ok(Answered::ok(match ask.relay.router_answers(&key.router).await {
        Ok(()) => told(RouterState::Active, "router-answers", None),
        Err(trouble) => match trouble.kind() {
            TroubleKind::NotSetUp => told(RouterState::NoRouter, "router-not-set-up", Some("sin_router_asociado")),
            TroubleKind::Inside => told(RouterState::Inside, "inside", Some("internal_error")),
            _ => told(
                RouterState::Inactive,
                trouble_words(&trouble).0,
                Some("router_inactivo"),
            ),
        },
    }))
}

/// The key whose router is meant.
fn key_of<'a>(ask: &'a Ask<'_>) -> Result<&'a RouterKey, Refusal> {
    // Only keys are admitted here.
    let key = ask.caller.router().map(std::sync::Arc::as_ref);
    key.ok_or_else(|| Refusal::new(ask, 403, "auth-nothing"))
}

/// Somebody switched the router off in the console.
fn is_switched_off(ask: &Ask<'_>, key: &RouterKey) -> bool {
    let directory = ask.relay.store().directory();
    directory
        .routers
        .get(&key.router)
        .is_some_and(|router| !router.card.active)
}

/// As RouterOS prints it.
fn time_text(time: TimeLimit) -> String {
    if time.is_none() {
        "0s".to_owned()
    } else {
        time.to_routeros()
    }
}

fn now(ask: &Ask<'_>) -> Moment {
    let now: Timestamp = ask.relay.now();
    Moment(now)
}
