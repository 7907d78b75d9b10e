//! `[tls]`: whether the relay speaks HTTPS itself, and where its certificate comes from.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use url::{Host, Url};

use super::{ConfigError, value};
use crate::message::is_address;

/// HTTPS by the relay itself.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Where HTTPS is spoken; plain HTTP stays where `listen` says.
    pub listen: SocketAddr,
    pub certificate: CertificateSource,
    /// Who is told of a certificate that is about to run out; the authority hears it too.
    pub email: Option<String>,
    /// Whether pages asked for over plain HTTP are sent to HTTPS.
    pub redirect: bool,
}

#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// PEM files that somebody else renews.
    Files { chain: PathBuf, key: PathBuf },
    /// An authority is asked for one.
    Acme(Acme),
}

/// How an authority is asked for certificates (RFC 8555).
#[derive(Clone, Debug)]
pub struct Acme {
    /// At least one, in lower case.
    pub domains: Vec<String>,
    /// The address of the authority's directory.
    pub directory: Url,
    /// Authorities (PEM) to believe besides the public ones when the directory is called.
    pub ca_file: Option<PathBuf>,
}

/// What `serve` was told on its command line.
#[derive(Clone, Debug, Default)]
pub struct TlsFlags {
    pub listen: Option<SocketAddr>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub acme_domain: Vec<String>,
    pub acme_email: Option<String>,
    pub acme_directory: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTls {
    listen: Option<SocketAddr>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    acme_domain: Vec<String>,
    acme_email: Option<String>,
    acme_directory: Option<String>,
    acme_ca_file: Option<PathBuf>,
    redirect: Option<bool>,
}

impl RawTls {
    /// A source of certificates on the command line takes the place of the file's.
    pub(super) fn with(self, flags: TlsFlags) -> Self {
        let (has_files, has_domain) = (flags.cert_file.is_some(), !flags.acme_domain.is_empty());
        let other = has_files || has_domain;
        Self {
            listen: flags.listen.or(self.listen),
            cert_file: flags.cert_file.or(self.cert_file.filter(|_| !other)),
            key_file: flags.key_file.or(self.key_file.filter(|_| !other)),
            acme_domain: if other { flags.acme_domain } else { self.acme_domain },
            acme_email: flags.acme_email.or(self.acme_email),
            acme_directory: flags.acme_directory.or(self.acme_directory),
            ..self
        }
    }

    /// `None` when no certificate is named.
    pub(super) fn check(self) -> Result<Option<Tls>, ConfigError> {
        let certificate = match (self.cert_file, self.key_file, self.acme_domain.is_empty()) {
            (None, None, true) => return Ok(None),
            (Some(chain), Some(key), true) => CertificateSource::Files { chain, key },
            (None, None, false) => CertificateSource::Acme(Acme {
                domains: read_domains(self.acme_domain)?,
                directory: read_directory(self.acme_directory.as_deref().unwrap_or(PRODUCTION))?,
                ca_file: self.acme_ca_file,
            }),
            (_, _, true) => {
                return Err(value("tls.cert_file", "`cert_file` and `key_file` belong together"));
            }
            (_, _, false) => {
                let sentence = "give certificate files or `acme_domain`, not both";
                return Err(value("tls.acme_domain", sentence));
            }
        };
        if self.acme_email.as_deref().is_some_and(|email| !is_address(email)) {
            return Err(value("tls.acme_email", "write one address such as `you@example.net`"));
        }
        Ok(Some(Tls {
            listen: self
                .listen
                .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], HTTPS_PORT))),
            certificate,
            email: self.acme_email,
            redirect: self.redirect.unwrap_or(true),
        }))
    }
}

impl Tls {
    /// The address phones use, from what the settings say of it: a certificate's name is enough.
    pub(super) fn public_url(&self, said: Option<Url>) -> Result<Url, ConfigError> {
        let missing = || {
            value(
                "public_url",
                "write the name of the certificate, such as `https://pay.example.net`",
            )
        };
        if let Some(said) = said {
            return Ok(said);
        }
        let CertificateSource::Acme(acme) = &self.certificate else {
            return Err(missing());
        };
        let name = acme.domains.first().ok_or_else(missing)?;
        // Wherever we listen: that is often behind another port.
        Url::parse(&format!("https://{name}/")).map_err(|_| missing())
    }

    /// The port in addresses that lead to HTTPS: that of `public_url`, because it may differ from where we listen.
    pub fn public_port(&self, public_url: &Url, listening: SocketAddr) -> u16 {
        let told = public_url
            .port_or_known_default()
            .filter(|_| public_url.scheme() == "https");
        told.unwrap_or_else(|| listening.port())
    }
}

fn read_domains(names: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let mut domains: Vec<String> = Vec::new();
    for name in names {
        let name = read_domain(&name)?;
        if !domains.contains(&name) {
            domains.push(name);
        }
    }
    if domains.len() > DOMAINS_MAX {
        return Err(value(
            "tls.acme_domain",
            "at most twenty names; each gets a certificate of its own",
        ));
    }
    Ok(domains)
}

fn read_domain(text: &str) -> Result<String, ConfigError> {
    let wrong = |sentence: &str| {
        value(
            "tls.acme_domain",
            &format!("`{}`: {sentence}", crate::shown::shown(text)),
        )
    };
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    if name.starts_with("*.") {
        return Err(wrong("a name with `*` cannot be proved over HTTP; name each host"));
    }
    if name.parse::<IpAddr>().is_ok() {
        return Err(wrong(
            "an address gets no certificate here; write a name that leads to this machine",
        ));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(is_label) {
        return Err(wrong(
            "write a host name such as `pay.example.net`, without `https://` and port",
        ));
    }
    Ok(name)
}

fn read_directory(text: &str) -> Result<Url, ConfigError> {
    let address = match text {
        PRODUCTION => LETS_ENCRYPT,
        STAGING => LETS_ENCRYPT_STAGING,
        other => other,
    };
    let wrong = || {
        let sentence = "write `production`, `staging` (Let's Encrypt) or the directory's address with `https://`";
        value("tls.acme_directory", sentence)
    };
    let url = Url::parse(address).map_err(|_| wrong())?;
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let fits = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    if fits && url.host().is_some() && url.username().is_empty() {
        Ok(url)
    } else {
        Err(wrong())
    }
}

const HTTPS_PORT: u16 = 443;
const PRODUCTION: &str = "production";
const STAGING: &str = "staging";
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// A relay has one name or a few; a long list is a mistake that would use up the authority's limits.
const DOMAINS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::read(text, Path::new("/etc/mikrelay/mikrelay.toml"), std::iter::empty())
    }

    fn acme(config: &Config) -> &Acme {
        match &config.tls.as_ref().unwrap().certificate {
            CertificateSource::Acme(acme) => acme,
            files => panic!("{files:?}"),
        }
    }

    #[test]
    fn a_name_is_enough() {
        let config = read("[tls]\nacme_domain = [\"Pay.Example.Net.\"]").unwrap();
        assert_eq!(acme(&config).domains, ["pay.example.net"]);
        assert_eq!(acme(&config).directory.as_str(), LETS_ENCRYPT);
        assert_eq!(config.listen.to_string(), "0.0.0.0:80");
        let tls = config.tls.as_ref().unwrap();
        assert_eq!((tls.listen.to_string().as_str(), tls.redirect), ("0.0.0.0:443", true));
        assert_eq!(config.public_url.unwrap().as_str(), "https://pay.example.net/");
    }

    #[test]
    fn nothing_means_plain_http() {
        let config = read("[tls]\nlisten = \"0.0.0.0:8443\"").unwrap();
        assert!(config.tls.is_none());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn what_is_said_elsewhere_wins() {
        let text = "listen = \"127.0.0.1:5002\"\npublic_url = \"https://pay.example.net:8443\"\n[tls]\n\
                    listen = \"127.0.0.1:5001\"\nacme_domain = [\"pay.example.net\"]\nredirect = false";
        let config = read(text).unwrap();
        assert_eq!(config.listen.port(), 5002);
        let (tls, url) = (config.tls.unwrap(), config.public_url.unwrap());
        assert_eq!(tls.public_port(&url, tls.listen), 8443);
        assert!(!tls.redirect);
        let plain = "http://pay.example.net/".parse().unwrap();
        assert_eq!(tls.public_port(&plain, tls.listen), 5001);
    }

    #[test]
    fn files_are_two_and_start_at_the_settings_file() {
        let text =
            "public_url = \"https://pay.example.net\"\n[tls]\ncert_file = \"tls/chain.pem\"\nkey_file = \"/keys/k\"";
        let Some(Tls {
            certificate: CertificateSource::Files { chain, key },
            ..
        }) = read(text).unwrap().tls
        else {
            panic!("files were named");
        };
        assert_eq!(
            (chain.as_path(), key.as_path()),
            (Path::new("/etc/mikrelay/tls/chain.pem"), Path::new("/keys/k"))
        );
    }

    #[test]
    fn variables_and_flags_are_laid_over_the_file() {
        let variables = [
            ("MIKRELAY_TLS_ACME_DOMAIN", "a.example.net, b.example.net"),
            ("MIKRELAY_TLS_REDIRECT", "false"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let raw = Config::read_raw("", Path::new("mikrelay.toml"), variables).unwrap();
        let flags = TlsFlags {
            acme_email: Some("you@example.net".to_owned()),
            acme_directory: Some("staging".to_owned()),
            ..TlsFlags::default()
        };
        let config = raw.with(flags).check().unwrap();
        assert_eq!(acme(&config).domains, ["a.example.net", "b.example.net"]);
        assert_eq!(acme(&config).directory.as_str(), LETS_ENCRYPT_STAGING);
        let text = "[tls]\ncert_file = \"a\"\nkey_file = \"b\"";
        let raw = Config::read_raw(text, Path::new("mikrelay.toml"), std::iter::empty()).unwrap();
        let flags = TlsFlags {
            acme_domain: vec!["pay.example.net".to_owned()],
            ..TlsFlags::default()
        };
        assert_eq!(acme(&raw.with(flags).check().unwrap()).domains, ["pay.example.net"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, key, hint) in [
            ("cert_file = \"a\"", "tls.cert_file", "belong together"),
            ("key_file = \"a\"", "tls.cert_file", "belong together"),
            ("cert_file = \"a\"\nkey_file = \"b\"", "public_url", "https://"),
            (
                "cert_file = \"a\"\nkey_file = \"b\"\nacme_domain = [\"a.b\"]",
                "tls.acme_domain",
                "not both",
            ),
            ("acme_domain = [\"*.example.net\"]", "tls.acme_domain", "name each host"),
            (
                "acme_domain = [\"203.0.113.7\"]",
                "tls.acme_domain",
                "a name that leads",
            ),
            (
                "acme_domain = [\"https://pay.example.net\"]",
                "tls.acme_domain",
                "without `https://`",
            ),
            (
                "acme_domain = [\"pay.example.net:443\"]",
                "tls.acme_domain",
                "without `https://`",
            ),
            ("acme_domain = [\"localhost\"]", "tls.acme_domain", "pay.example.net"),
            (
                "acme_domain = [\"páy.example.net\"]",
                "tls.acme_domain",
                "pay.example.net",
            ),
            (
                "acme_domain = [\"a.b\"]\nacme_directory = \"http://acme.example.net/d\"",
                "tls.acme_directory",
                "staging",
            ),
            (
                "acme_domain = [\"a.b\"]\nacme_directory = \"prod\"",
                "tls.acme_directory",
                "staging",
            ),
            (
                "acme_domain = [\"a.b\"]\nacme_email = \"you\"",
                "tls.acme_email",
                "one address",
            ),
        ] {
            let error = read(&format!("[tls]\n{text}")).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains(hint), "{text}: {error}");
        }
        assert!(read("[tls]\nacme_domain = [\"a.b\"]\nacme_directory = \"http://127.0.0.1:14000/dir\"").is_ok());
    }
}
