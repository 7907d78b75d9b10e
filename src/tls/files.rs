//! A certificate that somebody else renews: two PEM files, looked at from time to time.
//!
//! A change is seen by the files' bytes, whatever their dates say. New files that cannot be used, or that are over while
//! the old certificate is not, change nothing; that is told once for each change.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;

use super::certificate::{Certificate, CertificateError};
use super::serving::Certificates;
use super::validity::Validity;

/// The two files.
pub struct Files {
    chain: PathBuf,
    key: PathBuf,
    certificates: Certificates,
    seen: Mutex<Option<Vec<u8>>>,
}

/// What a look at the files came to.
#[derive(Debug)]
pub enum Look {
    Unchanged,
    /// Another certificate is in force now.
    Changed(Validity),
    /// The old one stays.
    Refused(FilesError),
}

/// Why new files are not used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the certificate in `{}` was valid until {until} only", .chain.display())]
    Over { chain: PathBuf, until: Timestamp },
}

impl Files {
    /// Puts the files' certificate in force.
    pub fn open(chain: PathBuf, key: PathBuf, certificates: Certificates) -> Result<Self, CertificateError> {
        let files = Self {
            chain,
            key,
            certificates,
            seen: Mutex::default(),
        };
        let digest = files.digest();
        files
            .certificates
            .put(LABEL, Certificate::read(&files.chain, &files.key)?);
        files.remember(digest);
        Ok(files)
    }

    /// Looks whether the files have changed, and puts a new certificate in force.
    pub fn look(&self, now: Timestamp) -> Look {
        let digest = self.digest();
        if self.remember(digest) {
            return Look::Unchanged;
        }
        match self.read_newer(now) {
            Ok(certificate) => {
                let validity = certificate.validity;
                self.certificates.put(LABEL, certificate);
                Look::Changed(validity)
            }
            Err(error) => Look::Refused(error),
        }
    }

    fn read_newer(&self, now: Timestamp) -> Result<Certificate, FilesError> {
        let new = Certificate::read(&self.chain, &self.key)?;
        let old_holds = self.certificates.get(LABEL).is_some_and(|old| old.validity.holds(now));
        if old_holds && new.validity.not_after < now {
            return Err(FilesError::Over {
                chain: self.chain.clone(),
                until: new.validity.not_after,
            });
        }
        Ok(new)
    }

    /// Of both files; a file that cannot be read counts as an empty one, and reading it again says why.
    fn digest(&self) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        for path in [&self.chain, &self.key] {
            let bytes = fs::read(path).unwrap_or_default();
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(&bytes);
        }
        context.finish().as_ref().to_vec()
    }

    /// Says whether it is what was seen last.
    fn remember(&self, digest: Vec<u8>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = seen.as_ref() == Some(&digest);
        *seen = Some(digest);
        is_known
    }
}

/// There is one certificate from files.
pub const LABEL: &str = "files";

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn write(&self, name: &str, until_year: i32) {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.not_before = date_time_ymd(2025, 1, 1);
            params.not_after = date_time_ymd(until_year, 1, 1);
            fs::write(self.0.path().join("chain.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
            fs::write(self.0.path().join("key.pem"), key.serialize_pem()).unwrap();
        }

        fn open(&self, certificates: &Certificates) -> Result<Files, CertificateError> {
            let path = |name: &str| self.0.path().join(name);
            Files::open(path("chain.pem"), path("key.pem"), certificates.clone())
        }
    }

    #[test]
    fn c2_new_files_are_taken_and_broken_ones_change_nothing() {
        let (folder, certificates) = (Folder(tempfile::tempdir().unwrap()), Certificates::default());
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        assert!(matches!(folder.open(&certificates), Err(CertificateError::Read { .. })));
        folder.write("a.example.net", 2027);
        let files = folder.open(&certificates).unwrap();
        assert!(matches!(files.look(now), Look::Unchanged));
        folder.write("b.example.net", 2028);
        assert!(
            matches!(files.look(now), Look::Changed(validity) if validity.not_after.to_string().starts_with("2028"))
        );
        assert!(certificates.protect("b.example.net", now) && !certificates.protect("a.example.net", now));
        for broken in ["", "nonsense"] {
            fs::write(folder.0.path().join("key.pem"), broken).unwrap();
            assert!(
                matches!(files.look(now), Look::Refused(FilesError::Certificate(_))),
                "{broken}"
            );
            assert!(matches!(files.look(now), Look::Unchanged), "it is told once");
        }
        folder.write("b.example.net", 2026);
        assert!(matches!(files.look(now), Look::Refused(FilesError::Over { .. })));
        assert!(certificates.protect("b.example.net", now));
        fs::remove_file(folder.0.path().join("chain.pem")).unwrap();
        assert!(matches!(files.look(now), Look::Refused(FilesError::Certificate(_))));
        folder.write("c.example.net", 2029);
        assert!(matches!(files.look(now), Look::Changed(_)));
        assert!(certificates.protect("c.example.net", now));
    }
}
