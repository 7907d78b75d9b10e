//! A look at the certificate that a server shows: whether programs that trust the public authorities would take it, and
//! until when. The connection is made whatever the certificate is, so nothing secret may go over it.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{PinVerifier, TlsError, config_with, connect_with, provider};

/// What a certificate is worth at some moment. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// `until_s` is nothing where the certificate does not tell.
    Good {
        until_s: Option<u64>,
    },
    Expired {
        since_s: Option<u64>,
    },
    NotYet,
    /// It is for other names.
    OtherName,
    /// No authority that is trusted signed it, or its chain is not complete.
    Untrusted,
    Other(String),
}

/// The authorities that browsers know.
pub fn public_roots() -> Arc<RootCertStore> {
    Arc::new(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
}

/// Connects and takes whatever certificate is shown. The deadline is the caller's.
pub async fn connect_to_look(
    tcp: TcpStream,
    host: &str,
) -> Result<(TlsStream<TcpStream>, Vec<CertificateDer<'static>>), TlsError> {
    let anything = PinVerifier {
        sha256: None,
        provider: provider(),
    };
    let stream = connect_with(tcp, host, config_with(Arc::new(anything))?).await?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let shown = shown.iter().map(|certificate| certificate.clone().into_owned());
    let chain = shown.collect();
    Ok((stream, chain))
}

/// Judges a chain, the server's own certificate first, as a browser would at `now_s`.
pub fn judge(
    chain: &[CertificateDer<'static>],
    host: &str,
    roots: &Arc<RootCertStore>,
    now_s: u64,
) -> Result<Standing, TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider()).build();
    let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
    let Some((own, others)) = chain.split_first() else {
        return Ok(Standing::Untrusted);
    };
    let at = |seconds: u64| {
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verifier.verify_server_cert(own, others, &name, &[], moment).map(drop)
    };
    Ok(match at(now_s) {
        // Asked about a day on which no certificate is good any more, it tells its last one.
        Ok(()) => Standing::Good {
            until_s: at(now_s.saturating_add(A_LIFETIME_S))
                .err()
                .and_then(|error| end(&error)),
        },
        Err(error) => standing(&error),
    })
}

fn standing(error: &Error) -> Standing {
    use CertificateError as C;
    match error {
        Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Standing::Expired { since_s: end(error) },
        Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => Standing::NotYet,
        Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => Standing::OtherName,
        Error::InvalidCertificate(C::UnknownIssuer) => Standing::Untrusted,
        other => Standing::Other(other.to_string()),
    }
}

fn end(error: &Error) -> Option<u64> {
    match error {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => Some(not_after.as_secs()),
        _ => None,
    }
}

/// A hundred years.
const A_LIFETIME_S: u64 = 100 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, Issuer, KeyPair, date_time_ymd};

    use super::*;

    const NOON_S: u64 = 1_793_620_800;

    /// A certificate for `pay.example.net` of the year 2026, signed by an authority of its own.
    fn signed() -> (Vec<CertificateDer<'static>>, Arc<RootCertStore>) {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&authority_key).unwrap();
        let mut own = CertificateParams::new(vec!["pay.example.net".to_owned()]).unwrap();
        own.not_before = date_time_ymd(2026, 1, 1);
        own.not_after = date_time_ymd(2027, 1, 1);
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let own = own.signed_by(&key, &issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        (vec![own.der().clone()], Arc::new(roots))
    }

    #[test]
    fn a_certificate_is_judged_by_name_issuer_and_time() {
        let (chain, roots) = signed();
        let look = |host: &str, roots, now_s| judge(&chain, host, roots, now_s).unwrap();
        let end = 1_798_761_600;
        assert_eq!(
            look("pay.example.net", &roots, NOON_S),
            Standing::Good { until_s: Some(end) }
        );
        assert_eq!(
            look("pay.example.net", &roots, end + 1),
            Standing::Expired { since_s: Some(end) }
        );
        assert_eq!(look("pay.example.net", &roots, 1_600_000_000), Standing::NotYet);
        assert_eq!(look("other.example.net", &roots, NOON_S), Standing::OtherName);
        assert_eq!(look("pay.example.net", &public_roots(), NOON_S), Standing::Untrusted);
        assert_eq!(
            judge(&[], "pay.example.net", &roots, NOON_S).unwrap(),
            Standing::Untrusted
        );
    }
}
