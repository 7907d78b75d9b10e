//! The process file: how the program runs. Read strictly (an unknown key is an error with its line), then
//! overridden by `MIKRELAY_*`. Secrets may stand in files of their own. Nothing here touches business data.

mod env;
mod tls;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::telegram::TELEGRAM_URL;
use tls::RawTls;
pub use tls::{Acme, CertificateSource, Tls, TlsFlags};

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// `None` means: the address the relay listens on, which serves a trial on one machine only.
    pub public_url: Option<Url>,
    pub data_dir: PathBuf,
    pub master_key_file: Option<PathBuf>,
    pub trusted_proxies: Vec<IpNet>,
    /// `None`: the relay speaks plain HTTP only, behind a proxy that holds the certificate.
    pub tls: Option<Tls>,
    pub mail: Mail,
    pub telegram: Telegram,
    pub outgoing: Outgoing,
    pub api: Api,
    pub log: Log,
}

/// How notices reach Telegram; bots and chats are the companies' own.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// Telegram itself, a Bot API server of one's own, or a simulator.
    pub base_url: Url,
}

/// Which addresses may be called that clients of the API gave.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Networks besides the public internet.
    pub allow: Vec<IpNet>,
    /// Absent: the usual ports of web servers. Empty: any.
    pub ports: Option<Vec<u16>>,
}

/// What programs may do.
#[derive(Clone, Debug)]
pub struct Api {
    /// `POST /pagos` also believes whoever sends the private key of one of our accounts in the body.
    pub pagos_secret_in_body: bool,
    pub cors: Cors,
    /// Names of the secrets that sign keys and sessions, from newest to oldest. Never empty.
    pub token_secrets: Vec<String>,
    /// For how long somebody stays signed in.
    pub session_hours: u32,
    /// Networks besides the public internet that companies may point their routers at.
    pub router_networks: Vec<IpNet>,
    /// Whether companies may name their routers by host names.
    pub router_names: bool,
}

/// Which pages of other sites may call the API from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    #[default]
    None,
    /// Any page, without cookies or other credentials of the browser.
    Any,
    /// Exactly these origins, as browsers write them.
    Origins(Vec<String>),
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct Mail {
    pub transport: MailTransport,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub security: MailSecurity,
    pub user: Option<String>,
    pub password: Option<Password>,
    pub from: String,
    pub folder: Option<PathBuf>,
    /// A PEM file of an extra certificate authority.
    pub ca_file: Option<PathBuf>,
}

/// The mail server's password. Its file is read for each mail, so that a sale never waits for it.
#[derive(Clone, Debug)]
pub enum Password {
    Given(SecretString),
    File(PathBuf),
}

impl Password {
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        match self {
            Self::Given(password) => Ok(password.clone()),
            Self::File(path) => read_secret("mail.password_file", path),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    Smtp,
    Folder,
    #[default]
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    #[default]
    Starttls,
    Tls,
    Off,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is not a settings file: {}", .path.display(), .fault)]
    Syntax { path: PathBuf, fault: Fault },
    #[error("the environment variable `{name}` cannot be used: {sentence}")]
    Environment { name: String, sentence: String },
    #[error("`{key}` is wrong: {sentence}")]
    Value { key: &'static str, sentence: String },
    #[error("cannot read `{}`, which `{key}` names", .path.display())]
    SecretFile {
        key: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// A fault in a TOML text and where it stands; the text around it is not shown, it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 where it is not known.
    pub line: usize,
    pub sentence: String,
}

impl Fault {
    /// Where a TOML error stands in `text`, and what it is.
    pub fn of(error: &toml::de::Error, text: &str) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = if error.span().is_some() {
            before.matches('\n').count() + 1
        } else {
            0
        };
        Self {
            line,
            sentence: error.message().replace('\n', " "),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.sentence),
            line => write!(f, "line {line}: {}", self.sentence),
        }
    }
}

impl Config {
    /// Reads a file and the environment. Without a path, `mikrelay.toml` is read if it is there.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(path, TlsFlags::default())
    }

    /// The same with what the command line said, which wins over both.
    pub fn load_with(path: Option<&Path>, flags: TlsFlags) -> Result<Self, ConfigError> {
        let file = path.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if path.is_none() && error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => {
                return Err(ConfigError::Read {
                    path: file.to_owned(),
                    source,
                });
            }
        };
        Self::read_raw(&text, file, std::env::vars_os())?.with(flags).check()
    }

    /// Reads settings from a text and variables; `file` is for messages, and its folder for relative paths.
    pub fn read(
        text: &str,
        file: &Path,
        variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Self, ConfigError> {
        Self::read_raw(text, file, variables)?.check()
    }

    fn read_raw(
        text: &str,
        file: &Path,
        variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Raw, ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax {
            path: file.to_owned(),
            fault: Fault::of(&error, text),
        };
        // Read twice: first for the line of a fault, then with the variables laid over it.
        toml::from_str::<Raw>(text).map_err(syntax)?;
        let mut table: toml::Table = toml::from_str(text).map_err(syntax)?;
        anchor(&mut table, file.parent().unwrap_or(Path::new("")));
        let names = env::lay_over(&mut table, variables)?;
        table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Environment {
                name: names.join(", "),
                sentence: error.message().to_owned(),
            })
    }

    /// A settings file with every option and its reason.
    pub fn example() -> &'static str {
        include_str!("../../examples/mikrelay.toml")
    }

    pub fn master_key_file(&self) -> PathBuf {
        self.master_key_file
            .clone()
            .unwrap_or_else(|| self.data_dir.join("master.key"))
    }

    /// The address phones use; without a setting, where the relay really listens.
    pub fn public_url_at(&self, listening: SocketAddr) -> Url {
        let own = || Url::parse(&format!("http://{listening}/"));
        // An address and port always make a URL; the fallback cannot be reached.
        self.public_url
            .clone()
            .or_else(|| own().ok())
            .unwrap_or_else(fallback_url)
    }

    /// The host name phones use.
    pub fn public_host(&self) -> String {
        let url = self.public_url_at(self.listen);
        url.host_str().unwrap_or("localhost").to_owned()
    }
}

#[expect(clippy::expect_used, reason = "a constant text, read by a test")]
fn fallback_url() -> Url {
    Url::parse("http://localhost/").expect("a constant URL")
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    data_dir: Option<PathBuf>,
    master_key_file: Option<PathBuf>,
    trusted_proxies: Vec<String>,
    tls: RawTls,
    mail: RawMail,
    telegram: RawTelegram,
    outgoing: RawOutgoing,
    api: RawApi,
    log: RawLog,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawTelegram {
    base_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawOutgoing {
    allow: Vec<String>,
    ports: Option<Vec<u16>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawApi {
    pagos_secret_in_body: bool,
    cors_origins: Vec<String>,
    token_secrets: Option<Vec<String>>,
    session_hours: Option<u32>,
    router_networks: Vec<String>,
    router_names: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMail {
    transport: MailTransport,
    host: Option<String>,
    port: Option<u16>,
    security: MailSecurity,
    user: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    folder: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    format: LogFormat,
    filter: Option<String>,
}

impl Raw {
    fn with(mut self, flags: TlsFlags) -> Self {
        self.tls = self.tls.with(flags);
        self
    }

    fn check(self) -> Result<Config, ConfigError> {
        let tls = self.tls.check()?;
        let usual_listen = match tls {
            // Who holds the certificate is reached by the phones themselves.
            Some(_) => SocketAddr::from(([0, 0, 0, 0], HTTP_PORT)),
            None => SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)),
        };
        let public_url = self.public_url.as_deref().map(read_public_url).transpose()?;
        let public_url = match &tls {
            Some(tls) => Some(tls.public_url(public_url)?),
            None => public_url,
        };
        Ok(Config {
            listen: self.listen.unwrap_or(usual_listen),
            public_url,
            tls,
            data_dir: self.data_dir.unwrap_or_else(|| PathBuf::from("data")),
            master_key_file: self.master_key_file,
            trusted_proxies: read_networks("trusted_proxies", &self.trusted_proxies)?,
            mail: self.mail.check()?,
            telegram: Telegram {
                base_url: read_telegram_url(self.telegram.base_url.as_deref().unwrap_or(TELEGRAM_URL))?,
            },
            outgoing: Outgoing {
                allow: read_networks("outgoing.allow", &self.outgoing.allow)?,
                ports: self.outgoing.ports,
            },
            api: self.api.check()?,
            log: Log {
                format: self.log.format,
                filter: self.log.filter.unwrap_or_else(|| "info".to_owned()),
            },
        })
    }
}

impl RawApi {
    fn check(self) -> Result<Api, ConfigError> {
        let token_secrets = self.token_secrets.unwrap_or_else(|| vec![FIRST_SECRET.to_owned()]);
        let is_name = |name: &String| {
            !name.is_empty()
                && name.len() <= 32
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if token_secrets.is_empty() || !token_secrets.iter().all(is_name) {
            return Err(value(
                "api.token_secrets",
                "name one secret at least, with letters, digits and dashes, such as `[\"2\", \"1\"]`",
            ));
        }
        Ok(Api {
            pagos_secret_in_body: self.pagos_secret_in_body,
            cors: read_cors(&self.cors_origins)?,
            token_secrets,
            session_hours: read_session_hours(self.session_hours)?,
            router_networks: read_networks("api.router_networks", &self.router_networks)?,
            router_names: self.router_names,
        })
    }
}

impl RawMail {
    fn check(self) -> Result<Mail, ConfigError> {
        let smtp = self.transport == MailTransport::Smtp;
        if smtp && self.host.as_deref().unwrap_or_default().is_empty() {
            return Err(value("mail.host", "name the mail server, or set `transport = \"off\"`"));
        }
        if self.transport != MailTransport::Off && self.from.is_none() {
            return Err(value(
                "mail.from",
                "write the sender, for example `Wi-Fi <relay@example.net>`",
            ));
        }
        let password = match (self.password, self.password_file) {
            (Some(_), Some(_)) => return Err(value("mail.password", "give it or `password_file`, not both")),
            (Some(password), None) => Some(Password::Given(password)),
            (None, Some(path)) => Some(Password::File(path)),
            (None, None) => None,
        };
        if self.user.is_some() != password.is_some() {
            return Err(value(
                "mail.user",
                "`user` and `password` (or `password_file`) belong together",
            ));
        }
        Ok(Mail {
            transport: self.transport,
            host: self.host,
            port: self.port,
            security: self.security,
            user: self.user,
            password,
            from: self.from.unwrap_or_default(),
            folder: self.folder,
            ca_file: self.ca_file,
        })
    }
}

fn value(key: &'static str, sentence: &str) -> ConfigError {
    ConfigError::Value {
        key,
        sentence: sentence.to_owned(),
    }
}

fn read_public_url(text: &str) -> Result<Url, ConfigError> {
    let wrong = || value("public_url", "write it as `https://pay.example.net`, without a path");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    if plain && url.host_str().is_some() && url.username().is_empty() {
        Ok(url)
    } else {
        Err(wrong())
    }
}

fn read_telegram_url(text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok();
    let usable =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.query().is_none();
    url.filter(usable)
        .ok_or_else(|| value("telegram.base_url", "write it as `https://api.telegram.org`"))
}

fn read_session_hours(hours: Option<u32>) -> Result<u32, ConfigError> {
    let hours = hours.unwrap_or(SESSION_HOURS);
    if hours == 0 || hours > MOST_SESSION_HOURS {
        return Err(value("api.session_hours", "a session lives from 1 to 8760 hours"));
    }
    Ok(hours)
}

fn read_cors(texts: &[String]) -> Result<Cors, ConfigError> {
    match texts {
        [] => Ok(Cors::None),
        [any] if any == "*" => Ok(Cors::Any),
        texts => Ok(Cors::Origins(
            texts.iter().map(|text| read_origin(text)).collect::<Result<_, _>>()?,
        )),
    }
}

/// An origin as browsers send it: scheme, host and port, no path.
fn read_origin(text: &str) -> Result<String, ConfigError> {
    let wrong = || {
        let sentence = "write origins such as `https://portal.example.net`, without a path, or only `*`";
        value("api.cors_origins", sentence)
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let origin = url.origin().ascii_serialization();
    let is_plain = matches!(url.scheme(), "http" | "https") && text.trim_end_matches('/') == origin;
    if is_plain { Ok(origin) } else { Err(wrong()) }
}

fn read_networks(key: &'static str, texts: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    texts.iter().map(|text| read_network(key, text)).collect()
}

fn read_network(key: &'static str, text: &str) -> Result<IpNet, ConfigError> {
    let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| value(key, "write addresses or networks such as `127.0.0.1` or `10.0.0.0/8`"))
}

/// Makes the file's relative paths start at its own folder: the same data, whoever runs a command from wherever.
fn anchor(table: &mut toml::Table, folder: &Path) {
    anchor_each(table, &["data_dir", "master_key_file"], folder);
    if let Some(tls) = table.get_mut("tls").and_then(toml::Value::as_table_mut) {
        anchor_each(tls, &["cert_file", "key_file", "acme_ca_file"], folder);
    }
    if let Some(mail) = table.get_mut("mail").and_then(toml::Value::as_table_mut) {
        anchor_each(mail, &["password_file", "folder", "ca_file"], folder);
    }
}

fn anchor_each(table: &mut toml::Table, keys: &[&str], folder: &Path) {
    for key in keys {
        if let Some(toml::Value::String(path)) = table.get_mut(*key) {
            // Joined from two texts, so it is one again.
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// Reads a secret's file; a newline at its end is an editor's, not part of it.
fn read_secret(key: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    let failed = |source| ConfigError::SecretFile {
        key,
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        Err(value(key, "the file is empty"))
    } else {
        Ok(SecretString::from(secret))
    }
}

const DEFAULT_FILE: &str = "mikrelay.toml";
const DEFAULT_PORT: u16 = 8080;
const HTTP_PORT: u16 = 80;
const FIRST_SECRET: &str = "1";
/// A day, as the documented service has it.
const SESSION_HOURS: u32 = 24;
/// A year: a session that never ends is a password that nobody changes.
const MOST_SESSION_HOURS: u32 = 8760;

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Config::read(text, Path::new("mikrelay.toml"), variables)
    }

    #[test]
    fn the_example_is_read() {
        let config = read(Config::example(), &[]).unwrap();
        assert_eq!(config.public_host(), "pay.example.net");
        assert_eq!(config.mail.transport, MailTransport::Smtp);
        assert_eq!(config.trusted_proxies.len(), 1);
    }

    #[test]
    fn relative_paths_start_at_the_settings_file_and_those_of_variables_do_not() {
        let text = "data_dir = \"data\"\nmaster_key_file = \"/keys/k\"\n[mail]\nfolder = \"out\"";
        let file = Path::new("/etc/mikrelay/mikrelay.toml");
        let config = Config::read(text, file, std::iter::empty()).unwrap();
        assert_eq!(config.data_dir, Path::new("/etc/mikrelay/data"));
        assert_eq!(config.master_key_file(), Path::new("/keys/k"));
        assert_eq!(config.mail.folder.as_deref(), Some(Path::new("/etc/mikrelay/out")));
        let variable = (OsString::from("MIKRELAY_DATA_DIR"), OsString::from("here"));
        let config = Config::read(text, file, std::iter::once(variable)).unwrap();
        assert_eq!(config.data_dir, Path::new("here"));
    }

    #[test]
    fn nothing_at_all_is_enough_to_start() {
        let config = read("", &[]).unwrap();
        assert_eq!(config.listen.port(), DEFAULT_PORT);
        assert_eq!(config.mail.transport, MailTransport::Off);
    }

    #[test]
    fn c2_an_unknown_key_is_refused_with_its_line() {
        let error = read("listen = \"127.0.0.1:1\"\n\nlisen = 1\n", &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 3") && error.contains("lisen"), "{error}");
    }

    #[test]
    fn variables_win_over_the_file() {
        let variables = [
            ("MIKRELAY_LISTEN", "127.0.0.1:9"),
            ("MIKRELAY_MAIL_TRANSPORT", "folder"),
            ("MIKRELAY_MAIL_FROM", "a@b.c"),
        ];
        let config = read("listen = \"127.0.0.1:1\"", &variables).unwrap();
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.mail.transport, MailTransport::Folder);
    }

    #[test]
    fn c2_an_unknown_variable_is_named() {
        let error = read("", &[("MIKRELAY_MAIL_PROT", "25")]).unwrap_err().to_string();
        assert!(error.contains("MIKRELAY_MAIL_PROT"), "{error}");
    }

    #[test]
    fn numbers_and_lists_may_come_from_variables() {
        let config = read(
            "",
            &[
                ("MIKRELAY_MAIL_PORT", "2525"),
                ("MIKRELAY_TRUSTED_PROXIES", "10.0.0.0/8,::1"),
            ],
        )
        .unwrap();
        assert_eq!(config.mail.port, Some(2525));
        assert_eq!(config.trusted_proxies.len(), 2);
    }

    #[test]
    fn outgoing_calls_and_the_api_have_settings() {
        let text = "[outgoing]\nallow = [\"10.0.0.0/8\"]\nports = []\n[api]\npagos_secret_in_body = true";
        let config = read(text, &[]).unwrap();
        assert_eq!(config.outgoing.allow.len(), 1);
        assert_eq!(config.outgoing.ports, Some(Vec::new()));
        assert!(config.api.pagos_secret_in_body);
        let closed = read("", &[]).unwrap();
        assert!(
            closed.outgoing.allow.is_empty() && closed.outgoing.ports.is_none() && !closed.api.pagos_secret_in_body
        );
        let error = read("[outgoing]\nallow = [\"inside\"]", &[]).unwrap_err().to_string();
        assert!(error.contains("outgoing.allow"), "{error}");
        let variables = [
            ("MIKRELAY_OUTGOING_ALLOW", "10.0.0.0/8,192.168.7.1"),
            ("MIKRELAY_OUTGOING_PORTS", "443,9000"),
            ("MIKRELAY_API_PAGOS_SECRET_IN_BODY", "true"),
        ];
        let config = read("", &variables).unwrap();
        assert_eq!(config.outgoing.allow.len(), 2);
        assert_eq!(config.outgoing.ports, Some(vec![443, 9000]));
        assert!(config.api.pagos_secret_in_body);
        assert!(read("", &[("MIKRELAY_API_PAGOS_SECRET_IN_BODY", "maybe")]).is_err());
    }

    #[test]
    fn o9_origins_come_from_the_file_or_with_commas_from_a_variable() {
        assert_eq!(read("", &[]).unwrap().api.cors, Cors::None);
        let exact = Cors::Origins(vec!["https://a.example".to_owned(), "http://b.example:8080".to_owned()]);
        let file = "[api]\ncors_origins = [\"https://a.example\", \"http://b.example:8080/\"]";
        assert_eq!(read(file, &[]).unwrap().api.cors, exact);
        let variable = |value: &str| read("", &[("MIKRELAY_API_CORS_ORIGINS", value)]).map(|config| config.api.cors);
        assert_eq!(variable("https://a.example, http://b.example:8080").unwrap(), exact);
        assert_eq!(variable("*").unwrap(), Cors::Any);
        assert_eq!(variable("").unwrap(), Cors::None);
        for wrong in [
            "a.example",
            "https://a.example/portal",
            "ftp://a.example",
            "*,https://a.example",
            "null",
        ] {
            let error = variable(wrong).unwrap_err().to_string();
            assert!(error.contains("api.cors_origins"), "{wrong}: {error}");
        }
    }

    #[test]
    fn there_is_always_a_secret_to_sign_with() {
        assert_eq!(read("", &[]).unwrap().api.token_secrets, ["1"]);
        let two = read("", &[("MIKRELAY_API_TOKEN_SECRETS", "2,1")]).unwrap();
        assert_eq!(two.api.token_secrets, ["2", "1"]);
        for wrong in ["[]", "[\"\"]", "[\"a b\"]"] {
            assert!(
                read(&format!("[api]\ntoken_secrets = {wrong}"), &[]).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_public_url_with_a_path_is_refused() {
        let error = read("public_url = \"https://pay.example.net/relay\"", &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("public_url"), "{error}");
    }
}
