//! A certificate with its key, as it is served: read from PEM, checked against each other, with its dates and names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use super::validity::Validity;

/// A chain, the key of its first certificate, and from when to when it is valid.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    pub validity: Validity,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{from}` holds no PEM certificate; it begins with `-----BEGIN CERTIFICATE-----`")]
    NoCertificate { from: String },
    #[error("`{from}` is not PEM throughout: {source}")]
    Pem { from: String, source: pem::Error },
    #[error("`{from}` holds no PEM private key without a passphrase")]
    NoKey { from: String },
    #[error("the first certificate in `{from}` cannot be read")]
    Unreadable { from: String },
    #[error("the key in `{from}` cannot be used: {source}")]
    Key { from: String, source: rustls::Error },
    #[error(
        "the key in `{key}` does not belong to the first certificate in `{chain}`; the server's own certificate comes first"
    )]
    OtherKey { chain: String, key: String },
}

impl Certificate {
    /// Reads a chain and its key, each from a file.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| CertificateError::Read {
                path: path.to_owned(),
                source,
            })
        };
        Self::from_pem((&read(chain)?, &chain.display()), (&read(key)?, &key.display()))
    }

    /// Reads a chain and its key from texts; what comes with each is its name for messages.
    pub fn from_pem(
        chain: (&[u8], &dyn fmt::Display),
        key: (&[u8], &dyn fmt::Display),
    ) -> Result<Self, CertificateError> {
        let ((chain, chain_name), (key, key_name)) = (chain, key);
        let certificates = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|source| CertificateError::Pem {
            from: chain_name.to_string(),
            source,
        })?;
        // The error of a key could quote it.
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey {
            from: key_name.to_string(),
        })?;
        Self::new((certificates, chain_name), (key, key_name))
    }

    fn new(
        chain: (Vec<CertificateDer<'static>>, &dyn fmt::Display),
        key: (PrivateKeyDer<'static>, &dyn fmt::Display),
    ) -> Result<Self, CertificateError> {
        let ((certificates, chain_name), (key, key_name)) = (chain, key);
        let from = || chain_name.to_string();
        let first = certificates.first();
        let first = first.ok_or_else(|| CertificateError::NoCertificate { from: from() })?;
        let validity = Validity::of(first).ok_or_else(|| CertificateError::Unreadable { from: from() })?;
        ParsedCertificate::try_from(first).map_err(|_| CertificateError::Unreadable { from: from() })?;
        let key = super::provider().key_provider.load_private_key(key);
        let key = key.map_err(|source| CertificateError::Key {
            from: key_name.to_string(),
            source,
        })?;
        let certified = CertifiedKey::new(certificates, key);
        certified.keys_match().map_err(|_| CertificateError::OtherKey {
            chain: from(),
            key: key_name.to_string(),
        })?;
        Ok(Self {
            key: Arc::new(certified),
            validity,
        })
    }

    /// Whether the certificate is for this name (or address).
    pub fn names(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else {
            return false;
        };
        let parsed = self.key.end_entity_cert().and_then(ParsedCertificate::try_from);
        parsed.is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
    }

    /// How long it is still valid; negative when it is over.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.validity.not_after.duration_since(now)
    }

    /// How long it is valid altogether.
    pub fn life(&self) -> SignedDuration {
        self.validity.not_after.duration_since(self.validity.not_before)
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn made(name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn read(chain: &str, key: &str) -> Result<Certificate, CertificateError> {
        Certificate::from_pem((chain.as_bytes(), &"chain.pem"), (key.as_bytes(), &"key.pem"))
    }

    #[test]
    fn a_chain_with_its_key_is_for_its_names() {
        let (chain, key) = made("*.example.net");
        let certificate = read(&chain, &key).unwrap();
        assert!(certificate.names("pay.example.net") && certificate.names("PAY.example.NET"));
        for other in [
            "example.net",
            "a.b.example.net",
            "example.org",
            "127.0.0.1",
            "",
            "a b",
            "pay.example.net:443",
        ] {
            assert!(!certificate.names(other), "{other}");
        }
        let both = format!("{key}{chain}");
        assert!(read(&both, &both).is_ok(), "one file may hold both");
    }

    #[test]
    fn what_does_not_fit_is_told_without_the_key() {
        let (chain, key) = made("pay.example.net");
        let (_, other) = made("pay.example.net");
        let secret = key.lines().nth(1).unwrap();
        let broken_key = key.replace(secret, &secret.replace(|c: char| c.is_ascii_lowercase(), "!"));
        for (chain, key, expected) in [
            ("", key.as_str(), "holds no PEM certificate"),
            (&chain, "", "holds no PEM private key"),
            (&chain, &broken_key, "holds no PEM private key"),
            (&chain, &other, "does not belong"),
            (&key, &key, "holds no PEM certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                &key,
                "cannot be read",
            ),
            (
                "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
                &key,
                "not PEM throughout",
            ),
        ] {
            let error = read(chain, key).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(said.contains(expected), "{said}");
            assert!(!said.contains(secret), "{said}");
        }
    }
}
