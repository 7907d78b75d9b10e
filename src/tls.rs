//! TLS: aws-lc-rs as the only provider, always passed explicitly, versions 1.2 and 1.3. Here it is the client's side,
//! shared by everything that dials out, with two kinds of trust; `serving` is the server's.

pub mod certificate;
pub mod files;
pub mod serving;
pub mod shown;
pub mod validity;

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The public certificate authorities that browsers know.
    Webpki,
    /// Exactly the certificate with this SHA-256 (of its DER form), whatever its name, dates and signer: a
    /// router's self-signed certificate has no meaningful ones.
    Pinned([u8; 32]),
}

/// Why a protected connection was not made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("`{0}` is neither a host name nor an address")]
    Name(String),
    #[error("TLS cannot be configured")]
    Config(#[from] rustls::Error),
    #[error("the handshake failed")]
    Handshake(#[source] io::Error),
}

impl TlsError {
    /// Whether it may go by itself: the line broke, as against a certificate that is wrong.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Handshake(error) if error.kind() != io::ErrorKind::InvalidData)
    }
}

impl TlsError {
    /// What was shown instead of the pinned certificate, in a sentence.
    pub fn other_certificate(&self) -> Option<String> {
        let Self::Handshake(error) = self else { return None };
        match error.get_ref()?.downcast_ref()? {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => Some(other.to_string()),
            _ => None,
        }
    }
}

/// The provider of all cryptography here.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A client's configuration without a certificate of its own.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, TlsError> {
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Webpki => {
            let roots = RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            };
            let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
            built.map_err(|error| rustls::Error::General(error.to_string()))?
        }
        Trust::Pinned(sha256) => Arc::new(PinVerifier {
            sha256: Some(*sha256),
            provider: provider(),
        }),
    };
    config_with(verifier)
}

fn config_with(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Protects a connection to `host`. The deadline is the caller's.
pub async fn connect(tcp: TcpStream, host: &str, trust: &Trust) -> Result<TlsStream<TcpStream>, TlsError> {
    connect_with(tcp, host, client_config(trust)?).await
}

async fn connect_with(tcp: TcpStream, host: &str, config: ClientConfig) -> Result<TlsStream<TcpStream>, TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, tcp).await.map_err(TlsError::Handshake)
}

/// Accepts one certificate and no other. The handshake's signature is checked as always, so the peer also
/// holds the certificate's key.
#[derive(Debug)]
struct PinVerifier {
    /// `None`: any, for a look at what a server shows; nothing secret goes over such a connection.
    sha256: Option<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

/// The certificate a peer showed, so that an operator can compare it with the router's.
#[derive(Debug, thiserror::Error)]
#[error("the peer's certificate has the SHA-256 {0}, which is not the pinned one")]
struct OtherCertificate(String);

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, end_entity);
        if self.sha256.is_none_or(|sha256| found.as_ref() == sha256) {
            return Ok(ServerCertVerified::assertion());
        }
        let error = OtherCertificate(data_encoding::HEXLOWER.encode(found.as_ref()));
        Err(CertificateError::Other(OtherError(Arc::new(error))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
