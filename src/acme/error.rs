//! Why no certificate came, and what the operator can do about it.

use std::path::PathBuf;

use instant_acme::Problem;

use crate::http_client::UnfitAuthorities;
use crate::secrets::SecretError;
use crate::tls::certificate::CertificateError;

#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write `{}`", .path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("`{}` is damaged", .path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error(transparent)]
    Sealed(#[from] SecretError),
    #[error("`{}` cannot be used", .path.display())]
    Authorities { path: PathBuf, source: UnfitAuthorities },
    #[error("the authority gave no usable answer: {0}")]
    Talk(instant_acme::Error),
    #[error("the authority refuses: {}", told(.0))]
    Refused(Box<Problem>),
    #[error("the authority could not check the name: {}", told(.0))]
    Unproved(Box<Problem>),
    #[error("the authority offers no check over HTTP for this name")]
    NoHttpChallenge,
    #[error("the authority did not finish within {0} s")]
    Late(u64),
    #[error("the authority sent something else than the certificate that was asked for")]
    Certificate(#[from] CertificateError),
    #[error("the certificate of the authority is for another name")]
    OtherName,
}

impl From<instant_acme::Error> for AcmeError {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Api(problem) => Self::Refused(Box::new(problem)),
            other => Self::Talk(other),
        }
    }
}

impl AcmeError {
    /// The kind of a problem, the last word of its address (RFC 8555 6.7).
    fn kind(&self) -> Option<&str> {
        let (Self::Refused(problem) | Self::Unproved(problem)) = self else {
            return None;
        };
        problem.r#type.as_deref()?.strip_prefix(PROBLEM)
    }

    pub(super) fn is_rate_limit(&self) -> bool {
        self.kind() == Some("rateLimited")
    }

    /// The authority does not know our account any more.
    pub(super) fn is_lost_account(&self) -> bool {
        self.kind() == Some("accountDoesNotExist")
    }

    /// What the operator can do.
    pub fn hint(&self, name: &str) -> String {
        match self {
            Self::Read { .. } | Self::Write { .. } => "make the data folder writable for this user".to_owned(),
            Self::Damaged { path, .. } => format!("remove `{}`; it is made again", path.display()),
            Self::Sealed(_) => "remove the folder `acme` in the data folder; what is in it is made again".to_owned(),
            Self::Authorities { .. } => "name the authority's root certificate in `tls.acme_ca_file`".to_owned(),
            Self::Talk(_) | Self::Late(_) => {
                "the relay must be allowed to call the address in `tls.acme_directory`; an \
                 authority of your own needs `tls.acme_ca_file`. It is tried again by itself"
                    .to_owned()
            }
            Self::NoHttpChallenge => "use an authority that knows `http-01`, such as Let's Encrypt".to_owned(),
            Self::Certificate(_) | Self::OtherName => "it is tried again by itself; tell the authority".to_owned(),
            Self::Refused(_) | Self::Unproved(_) => self.hint_by_kind(name),
        }
    }

    fn hint_by_kind(&self, name: &str) -> String {
        match self.kind() {
            Some("dns") => format!("`{name}` has no address: add an A record that leads to this machine"),
            Some("connection" | "tls") => format!(
                "port 80 of `{name}` must reach the relay's `listen` from the internet: open it in the firewall, forward it, \
                 and mind an AAAA record that leads elsewhere"
            ),
            Some("unauthorized" | "incorrectResponse") => format!(
                "another program answers at http://{name}/: let the name lead to this machine, and port 80 to the relay"
            ),
            Some("caa") => format!("a CAA record of `{name}` allows other authorities only; add this one to it"),
            Some("rateLimited") => {
                "wait; for trials use `tls.acme_directory = \"staging\"`, which has wider limits".to_owned()
            }
            Some("externalAccountRequired") => {
                "this authority wants an account of its own kind, which the relay cannot make; use Let's Encrypt"
                    .to_owned()
            }
            Some("rejectedIdentifier" | "malformed") => {
                format!("look whether `{name}` in `tls.acme_domain` is spelt right and is public")
            }
            Some("invalidContact" | "unsupportedContact") => "correct `tls.acme_email`, or leave it out".to_owned(),
            _ => "it is tried again by itself".to_owned(),
        }
    }
}

/// One line, whatever the authority wrote.
fn told(problem: &Problem) -> String {
    crate::shown::shown_up_to(&problem.to_string(), PROBLEM_MAX)
}

const PROBLEM: &str = "urn:ietf:params:acme:error:";
/// Authorities quote addresses and what they found there.
const PROBLEM_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str) -> Box<Problem> {
        let json = serde_json::json!({"type": format!("{PROBLEM}{kind}"), "detail": "a\nlong\rtale"});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn each_kind_of_refusal_has_its_advice() {
        for (kind, advice) in [
            ("dns", "A record"),
            ("connection", "port 80 of `pay.example.net`"),
            ("unauthorized", "another program"),
            ("caa", "CAA"),
            ("rateLimited", "staging"),
            ("externalAccountRequired", "Let's Encrypt"),
            ("rejectedIdentifier", "spelt right"),
            ("invalidContact", "acme_email"),
            ("something new", "by itself"),
        ] {
            let error = AcmeError::Unproved(problem(kind));
            assert!(error.hint("pay.example.net").contains(advice), "{kind}");
            assert_eq!(error.is_rate_limit(), kind == "rateLimited");
            assert!(!error.to_string().contains(['\n', '\r']), "{error}");
        }
        assert!(AcmeError::from(instant_acme::Error::Api(*problem("accountDoesNotExist"))).is_lost_account());
    }
}
