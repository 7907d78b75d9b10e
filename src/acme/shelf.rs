//! Accounts and certificates on the disk: `acme/<authority>/` in the data folder, each file written whole or not at all,
//! with mode 0600, and what is secret in it sealed by the master key. Each authority has a folder of its own, so that a
//! certificate of a trial is never taken for a real one.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use instant_acme::AccountCredentials;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use url::Url;

use super::error::AcmeError;
use crate::secrets::MasterKey;
use crate::tls::certificate::Certificate;
use crate::tls::validity::Validity;

/// One authority's folder.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// A certificate as the authority sent it, with its key.
pub(super) struct Issued {
    /// PEM.
    pub chain: String,
    /// PEM.
    pub key: String,
}

impl Issued {
    pub(super) fn certificate(&self) -> Result<Certificate, AcmeError> {
        let chain = (
            self.chain.as_bytes(),
            &"the authority's answer" as &dyn std::fmt::Display,
        );
        Ok(Certificate::from_pem(chain, (self.key.as_bytes(), &"our own key"))?)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredCertificate {
    chain: String,
    sealed_key: String,
}

#[derive(Serialize, Deserialize)]
struct StoredAccount {
    sealed: String,
}

impl Shelf {
    pub fn new(data_dir: &Path, directory: &Url) -> Self {
        let host = directory.host_str().unwrap_or("authority");
        let port = directory.port().map(|port| format!("_{port}")).unwrap_or_default();
        let name: String = format!("{host}{port}")
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._-".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        Self {
            folder: data_dir.join("acme").join(name),
        }
    }

    /// The dates of a name's certificate; needs no key.
    pub fn validity(&self, name: &str) -> Result<Option<Validity>, AcmeError> {
        let stored: Option<StoredCertificate> = read(&self.certificate_file(name))?;
        Ok(stored.and_then(|stored| first_validity(&stored.chain)))
    }

    pub(super) fn certificate(&self, key: &MasterKey, name: &str) -> Result<Option<Issued>, AcmeError> {
        let Some(stored) = read::<StoredCertificate>(&self.certificate_file(name))? else {
            return Ok(None);
        };
        Ok(Some(Issued {
            key: open(key, &certificate_context(name), &stored.sealed_key)?,
            chain: stored.chain,
        }))
    }

    pub(super) fn put_certificate(&self, key: &MasterKey, name: &str, issued: &Issued) -> Result<(), AcmeError> {
        let stored = StoredCertificate {
            chain: issued.chain.clone(),
            sealed_key: seal(key, &certificate_context(name), issued.key.as_bytes()),
        };
        self.write(&self.certificate_file(name), &stored)
    }

    pub(super) fn account(&self, key: &MasterKey) -> Result<Option<AccountCredentials>, AcmeError> {
        let path = self.account_file();
        let Some(stored) = read::<StoredAccount>(&path)? else {
            return Ok(None);
        };
        let text = open(key, ACCOUNT, &stored.sealed)?;
        let account = serde_json::from_str(&text).map_err(|source| AcmeError::Damaged { path, source })?;
        Ok(Some(account))
    }

    pub(super) fn put_account(&self, key: &MasterKey, account: &AccountCredentials) -> Result<(), AcmeError> {
        let path = self.account_file();
        let text = serde_json::to_vec(account).map_err(|source| AcmeError::Damaged {
            path: path.clone(),
            source,
        })?;
        let sealed = seal(key, ACCOUNT, &text);
        self.write(&path, &StoredAccount { sealed })
    }

    /// The authority has forgotten it.
    pub(super) fn remove_account(&self) -> Result<(), AcmeError> {
        let path = self.account_file();
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(AcmeError::Write { path, source }),
            _ => Ok(()),
        }
    }

    /// When the last try for a name failed, how often in a row, and when the next one is due (seconds since 1970).
    pub(super) fn trouble(&self, name: &str) -> Option<Trouble> {
        // Losing it costs one try.
        read(&self.trouble_file(name)).ok().flatten()
    }

    pub(super) fn put_trouble(&self, name: &str, trouble: Option<Trouble>) -> Result<(), AcmeError> {
        let path = self.trouble_file(name);
        match trouble {
            Some(trouble) => self.write(&path, &trouble),
            None => match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => Err(AcmeError::Write { path, source }),
                _ => Ok(()),
            },
        }
    }

    fn account_file(&self) -> PathBuf {
        self.folder.join("account.json")
    }

    fn certificate_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.certificate.json"))
    }

    fn trouble_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.trouble.json"))
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), AcmeError> {
        let failed = |source| AcmeError::Write {
            path: path.to_owned(),
            source,
        };
        let text = serde_json::to_vec_pretty(value).map_err(|source| AcmeError::Damaged {
            path: path.to_owned(),
            source,
        })?;
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(PRIVATE_FOLDER);
        folder.create(&self.folder).map_err(failed)?;
        // Made with mode 0600.
        let mut draft = NamedTempFile::new_in(&self.folder).map_err(failed)?;
        draft.write_all(&text).map_err(failed)?;
        draft.as_file().sync_all().map_err(failed)?;
        draft.persist(path).map_err(|error| failed(error.error))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }
}

/// What is known of tries that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trouble {
    pub failures: u32,
    pub next_at_s: i64,
}

fn first_validity(chain: &str) -> Option<Validity> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    Validity::of(&CertificateDer::from_pem_slice(chain.as_bytes()).ok()?)
}

/// `None` where there is no such file.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, AcmeError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(AcmeError::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    let value = serde_json::from_slice(&text).map_err(|source| AcmeError::Damaged {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(value))
}

fn seal(key: &MasterKey, context: &str, plain: &[u8]) -> String {
    BASE64.encode(&key.seal(context, plain))
}

fn open(key: &MasterKey, context: &str, sealed: &str) -> Result<String, AcmeError> {
    let unsealable = || crate::secrets::SecretError::Unsealable {
        context: context.to_owned(),
    };
    let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| unsealable())?;
    let plain = key.open(context, &sealed)?;
    Ok(String::from_utf8(plain).map_err(|_| unsealable())?)
}

fn certificate_context(name: &str) -> String {
    format!("acme.key:{name}")
}

const ACCOUNT: &str = "acme.account";
const PRIVATE_FOLDER: u32 = 0o700;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn shelf(folder: &Path) -> Shelf {
        Shelf::new(folder, &"https://127.0.0.1:14000/dir".parse().unwrap())
    }

    #[test]
    fn c3_what_is_kept_is_sealed_private_and_its_own_authoritys() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, key) = (shelf(folder.path()), MasterKey::generate());
        assert!(shelf.certificate(&key, "pay.example.net").unwrap().is_none());
        let issued = Issued {
            chain: "a chain".to_owned(),
            key: "canary-key".to_owned(),
        };
        shelf.put_certificate(&key, "pay.example.net", &issued).unwrap();
        let path = folder
            .path()
            .join("acme/127.0.0.1_14000/pay.example.net.certificate.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("a chain") && !text.contains("canary"), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let again = shelf.certificate(&key, "pay.example.net").unwrap().unwrap();
        assert_eq!((again.chain.as_str(), again.key.as_str()), ("a chain", "canary-key"));
        assert!(shelf.certificate(&MasterKey::generate(), "pay.example.net").is_err());
        let other = Shelf::new(folder.path(), &"https://acme.example/dir".parse().unwrap());
        assert!(other.certificate(&key, "pay.example.net").unwrap().is_none());
        fs::write(&path, "{").unwrap();
        let error = shelf.certificate(&key, "pay.example.net").err().unwrap();
        assert!(error.hint("pay.example.net").contains("remove"), "{error}");
    }

    #[test]
    fn trouble_is_remembered_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let trouble = Trouble {
            failures: 3,
            next_at_s: 1_800_000_000,
        };
        assert_eq!(shelf.trouble("a.b"), None);
        shelf.put_trouble("a.b", Some(trouble)).unwrap();
        assert_eq!(shelf.trouble("a.b"), Some(trouble));
        shelf.put_trouble("a.b", None).unwrap();
        shelf.put_trouble("a.b", None).unwrap();
        assert_eq!(shelf.trouble("a.b"), None);
    }
}
