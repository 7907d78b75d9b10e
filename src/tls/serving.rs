//! TLS as a server: the certificates in force, and the configuration that shows them.
//!
//! Promises: a certificate that was put in force is shown from the next handshake on, without any pause; one that was
//! refused leaves the old one where it is. The phone's name (SNI) selects; a name that no certificate is for gets the
//! first one, so that the visitor's own program says which name is wrong.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::Certificate;

/// The certificates in force, each under the name it was asked for by. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Certificates(Arc<RwLock<Vec<(String, Certificate)>>>);

impl Certificates {
    /// Puts a certificate in force, in place of the last one of this label.
    pub fn put(&self, label: &str, certificate: Certificate) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|(known, _)| known == label) {
            Some((_, old)) => *old = certificate,
            None => all.push((label.to_owned(), certificate)),
        }
    }

    pub fn get(&self, label: &str) -> Option<Certificate> {
        self.read(|all| {
            let found = all.iter().find(|(known, _)| known == label);
            found.map(|(_, certificate)| certificate.clone())
        })
    }

    /// Whether visitors of this host get a certificate that is for it and valid now.
    pub fn protect(&self, host: &str, now: Timestamp) -> bool {
        self.read(|all| all.iter().any(|(_, one)| one.validity.holds(now) && one.names(host)))
    }

    fn select(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        self.read(|all| {
            let named = name.and_then(|name| all.iter().find(|(_, one)| one.names(name)));
            let (_, chosen) = named.or_else(|| all.first())?;
            Some(chosen.key.clone())
        })
    }

    fn read<T>(&self, look: impl FnOnce(&[(String, Certificate)]) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.select(hello.server_name())
    }
}

/// A server's configuration: TLS 1.2 and 1.3, HTTP/1.1, sessions resumed by tickets.
pub fn server_config(certificates: Certificates) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(super::provider()).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = Ticketer::new()?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn certificate(name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let (chain, key) = (certificate.pem(), key.serialize_pem());
        Certificate::from_pem((chain.as_bytes(), &"chain"), (key.as_bytes(), &"key")).unwrap()
    }

    #[test]
    fn the_name_selects_and_an_unknown_one_gets_the_first() {
        let all = Certificates::default();
        assert!(all.select(None).is_none());
        let (first, second) = (certificate("a.example.net"), certificate("b.example.net"));
        all.put("a", first.clone());
        all.put("b", second.clone());
        let selects = |name: Option<&str>, one: &Certificate| Arc::ptr_eq(&all.select(name).unwrap(), &one.key);
        assert!(selects(Some("b.example.net"), &second) && selects(Some("a.example.net"), &first));
        assert!(selects(Some("c.example.net"), &first) && selects(None, &first));
        let third = certificate("b.example.net");
        all.put("b", third.clone());
        assert!(selects(Some("b.example.net"), &third));
    }

    #[test]
    fn a_host_is_protected_while_its_certificate_is_valid() {
        let all = Certificates::default();
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        assert!(!all.protect("a.example.net", now));
        all.put("a", certificate("a.example.net"));
        assert!(all.protect("a.example.net", now));
        assert!(!all.protect("b.example.net", now));
        assert!(!all.protect("a.example.net", "9999-01-01T00:00:00Z".parse().unwrap()));
    }
}
