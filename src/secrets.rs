//! The master key, and everything drawn from the operating system's random source.
//!
//! Promises: what is sealed can be read only with the same key and the same context (so a sealed value moved
//! to another row does not open); key files are made complete or not at all, mode 0600; nothing here prints a
//! key. It does not decide what has to be sealed (the store does) and keeps no list of old keys.

pub mod tokens;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};

use secrecy::SecretString;

use crate::ids::{OrderRef, OrderToken};

/// The key of one relay: 32 random bytes, from which one key for sealing and one for signing are derived.
/// Clones share it.
#[derive(Clone)]
pub struct MasterKey(Arc<Keys>);

struct Keys {
    sealing: LessSafeKey,
    signing: hmac::Key,
    root: hkdf::Prk,
}

/// Why a key or a sealed value cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretError {
    #[error("cannot read the master key `{}`", .path.display())]
    Read { path: PathBuf, source: Arc<io::Error> },
    #[error("cannot write the master key `{}`; make its folder writable for this user", .path.display())]
    Write { path: PathBuf, source: Arc<io::Error> },
    #[error("`{}` is not a master key (64 hexadecimal digits); restore it from a backup", .path.display())]
    NotAKey { path: PathBuf },
    /// Where a database exists, a new key would be of no use.
    #[error("the master key `{}` is missing; restore it from a backup: the database cannot be read without it", .path.display())]
    Missing { path: PathBuf },
    #[error("the sealed value `{context}` does not open: another key sealed it, or it was changed")]
    Unsealable { context: String },
}

impl MasterKey {
    /// A new key that exists only in memory.
    pub fn generate() -> Self {
        Self::from_bytes(&random_bytes())
    }

    /// Reads the key file; makes one (and its folder) where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, SecretError> {
        match Self::load(path) {
            Err(SecretError::Missing { .. }) => create_key_file(path),
            other => other,
        }
    }

    /// Reads the key file and takes it away from other users of the machine where that is possible.
    pub fn load(path: &Path) -> Result<Self, SecretError> {
        let text = read_key_text(path)?;
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim_ascii()).ok();
        let bytes: Option<[u8; KEY_BYTES]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| SecretError::NotAKey { path: path.to_owned() })?;
        protect(path);
        Ok(Self::from_bytes(&bytes))
    }

    /// Encrypts `plain` (AES-256-GCM, random nonce) so that it opens only under the same `context`, which
    /// names the row and column it belongs to.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let [sealed] = self.seal_all([(context, plain)]);
        sealed
    }

    /// `seal` for several values, each under its context, with one question to the random source: asking costs
    /// as much as sealing a short text.
    pub fn seal_all<const N: usize>(&self, values: [(&str, &[u8]); N]) -> [Vec<u8>; N] {
        let mut nonces = [[0; NONCE_LEN]; N];
        fill(nonces.as_flattened_mut());
        let mut nonces = nonces.into_iter();
        values.map(|(context, plain)| {
            // One for each value, as the types say.
            let nonce = nonces.next().unwrap_or_else(random_bytes);
            self.seal_with(nonce, context, plain)
        })
    }

    /// The nonce must never be used again.
    fn seal_with(&self, nonce: [u8; NONCE_LEN], context: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(SEAL_VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let aad = Aad::from(context.as_bytes());
        #[expect(
            clippy::expect_used,
            reason = "the head was just written, and AES-GCM fails only above 64 GiB, which no caller seals"
        )]
        let tag = sealed
            .get_mut(1 + NONCE_LEN..)
            .and_then(|text| {
                let nonce = Nonce::assume_unique_for_key(nonce);
                self.0.sealing.seal_in_place_separate_tag(nonce, aad, text).ok()
            })
            .expect("the text is there and shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Reads what `seal` made under the same context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        let fault = || SecretError::Unsealable {
            context: context.to_owned(),
        };
        let (version, rest) = sealed.split_first().ok_or_else(fault)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(fault)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| fault())?;
        if *version != SEAL_VERSION {
            return Err(fault());
        }
        let mut text = text.to_vec();
        let aad = Aad::from(context.as_bytes());
        let plain_len = self
            .0
            .sealing
            .open_in_place(nonce, aad, &mut text)
            .map_err(|_| fault())?
            .len();
        text.truncate(plain_len);
        Ok(text)
    }

    /// A signature for cookies and links: HMAC-SHA-256 in URL-safe base64. A signature of one context is
    /// never valid in another.
    pub fn sign(&self, context: &str, data: &[u8]) -> String {
        BASE64URL_NOPAD.encode(hmac::sign(&self.0.signing, &in_context(context, data)).as_ref())
    }

    /// Whether `sign` made this signature; compares in constant time.
    pub fn verify(&self, context: &str, data: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else {
            return false;
        };
        hmac::verify(&self.0.signing, &in_context(context, data), &signature).is_ok()
    }

    /// A secret of its own for a purpose; knowing it says nothing about the key or about other purposes.
    fn derive(&self, purpose: &str) -> [u8; KEY_BYTES] {
        derived(&self.0.root, purpose.as_bytes())
    }

    fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"mikrelay").extract(bytes);
        let sealing = derived(&root, b"seal 1");
        let signing = hmac::Key::new(hmac::HMAC_SHA256, &derived(&root, b"sign 1"));
        #[expect(clippy::expect_used, reason = "an AES-256 key of 32 bytes is always accepted")]
        let sealing = UnboundKey::new(&AES_256_GCM, &sealing).expect("the key has 32 bytes");
        Self(Arc::new(Keys {
            sealing: LessSafeKey::new(sealing),
            signing,
            root,
        }))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

/// An unguessable text of at least `bits` bits: lower-case letters and the digits 2 to 7.
pub fn random_token(bits: usize) -> String {
    let mut bytes = vec![0; bits.div_ceil(8)];
    fill(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// A new secret for signing webhooks, as the Standard Webhooks specification writes it: 32 bytes.
pub fn random_webhook_secret() -> SecretString {
    let bytes: [u8; KEY_BYTES] = random_bytes();
    format!("whsec_{}", BASE64.encode(&bytes)).into()
}

/// A new order reference: 14 characters without look-alikes, 70 bits, so that two never meet.
pub fn random_order_ref() -> OrderRef {
    let bytes: [u8; REFERENCE_LENGTH] = random_bytes();
    // 32 symbols divide 256 evenly: every symbol is equally likely.
    let symbol = |byte: u8| REFERENCE_SYMBOLS.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
    OrderRef::new(
        bytes
            .into_iter()
            .map(|byte| char::from(symbol(byte)))
            .collect::<String>(),
    )
}

/// A new order token: 128 bits.
pub fn random_order_token() -> OrderToken {
    OrderToken::new(random_token(128))
}

/// A version 4 UUID in its usual text form.
pub fn random_uuid() -> String {
    let mut bytes: [u8; 16] = random_bytes();
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let mut text = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Bytes from the operating system's random source.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    #[expect(
        clippy::expect_used,
        reason = "aws-lc aborts the process itself when the system has no random source"
    )]
    rand::fill(bytes).expect("aws-lc's generator does not fail");
}

fn derived(root: &hkdf::Prk, purpose: &[u8]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    #[expect(clippy::expect_used, reason = "HKDF-SHA-256 fails only above 8160 bytes")]
    root.expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .expect("32 bytes are within HKDF's limit");
    key
}

/// No context holds a NUL, so no pair of context and data reads like another pair.
fn in_context(context: &str, data: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(context.len() + 1 + data.len());
    all.extend_from_slice(context.as_bytes());
    all.push(0);
    all.extend_from_slice(data);
    all
}

fn read_key_text(path: &Path) -> Result<Vec<u8>, SecretError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => SecretError::Missing { path: path.to_owned() },
        _ => SecretError::Read {
            path: path.to_owned(),
            source: Arc::new(source),
        },
    };
    let mut text = Vec::new();
    let file = OpenOptions::new().read(true).open(path).map_err(failed)?;
    file.take(MAX_KEY_FILE_BYTES).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a new key beside its place and links it there, so that two starting processes agree on one key and
/// a crash leaves no half of one.
fn create_key_file(path: &Path) -> Result<MasterKey, SecretError> {
    let failed = |source| SecretError::Write {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(PRIVATE_DIR)
            .create(folder)
            .map_err(failed)?;
    }
    let draft = path.with_extension(format!("new-{}", random_token(40)));
    write_draft(&draft)
        .and_then(|()| put_in_place(&draft, path))
        .map_err(failed)?;
    MasterKey::load(path)
}

/// Gives a complete, synced draft its final name unless another process was faster, and removes the draft.
pub(crate) fn put_in_place(draft: &Path, path: &Path) -> io::Result<()> {
    let linked = match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links; a rename is as atomic, only not exclusive.
        Err(_) => fs::rename(draft, path),
        Ok(()) => Ok(()),
    };
    let removed = match fs::remove_file(draft) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    linked.and(removed)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

fn write_draft(draft: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(draft)?;
    let bytes: [u8; KEY_BYTES] = random_bytes();
    file.write_all(format!("{}\n", HEXLOWER.encode(&bytes)).as_bytes())?;
    file.sync_all()
}

/// Tells the operator of a secret's file that other users of the machine can read. The file is his and may be
/// mounted that way, so it is used all the same.
pub fn warn_if_exposed(path: &Path) {
    if is_exposed(path) {
        let shown = path.display();
        tracing::warn!(path = %shown, "`{shown}` holds a secret that other users of this machine can read; run `chmod 600 {shown}`");
    }
}

/// A key that others can read is narrowed to 0600, and the operator is told that it was open until now.
fn protect(path: &Path) {
    if !is_exposed(path) {
        return;
    }
    if fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE_FILE)).is_err() {
        // A mounted secret is not ours to change.
        return warn_if_exposed(path);
    }
    let shown = path.display();
    tracing::warn!(path = %shown, "other users of this machine could read the master key `{shown}`; it has mode 600 now");
}

fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

const KEY_BYTES: usize = 32;
/// First byte of every sealed value, so that a later scheme can be told apart.
const SEAL_VERSION: u8 = 1;
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_DIR: u32 = 0o700;
/// 64 digits, a line end and some blanks; anything longer is another file by mistake.
const MAX_KEY_FILE_BYTES: u64 = 256;
const REFERENCE_LENGTH: usize = 14;
/// Digits and capitals without I, L, O, U.
const REFERENCE_SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn opens_only_with_the_same_key_and_context() {
        let key = MasterKey::generate();
        let sealed = key.seal("router.password:r1", b"canary");
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(key.open("router.password:r1", &sealed).unwrap(), b"canary");
        assert!(key.open("router.password:r2", &sealed).is_err());
        assert!(MasterKey::generate().open("router.password:r1", &sealed).is_err());
    }

    #[test]
    fn a_changed_or_short_value_does_not_open() {
        let key = MasterKey::generate();
        let sealed = key.seal("x", b"canary");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("x", &changed).is_err(), "byte {at}");
            assert!(key.open("x", &sealed[..at]).is_err(), "length {at}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = MasterKey::generate();
        let all: HashSet<_> = (0..100).map(|_| key.seal("x", b"same")).collect();
        assert_eq!(all.len(), 100);
    }

    #[test]
    fn signatures_belong_to_context_and_data() {
        let key = MasterKey::generate();
        let signature = key.sign("cookie", b"order");
        assert!(key.verify("cookie", b"order", &signature));
        assert!(!key.verify("link", b"order", &signature));
        assert!(!key.verify("cookie", b"orders", &signature));
        assert!(!key.verify("cooki", b"eorder", &signature));
        for bad in ["", "x", "%%%", &format!("{signature}A"), &signature[..20]] {
            assert!(!key.verify("cookie", b"order", bad), "{bad}");
        }
    }

    #[test]
    fn the_key_file_is_private_and_stable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("master.key");
        let sealed = MasterKey::load_or_create(&path).unwrap().seal("x", b"canary");
        assert_eq!(
            MasterKey::load_or_create(&path).unwrap().open("x", &sealed).unwrap(),
            b"canary"
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn c2_a_key_others_can_read_is_narrowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "ab".repeat(32)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        MasterKey::load(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        for text in ["", "abc", "not hexadecimal", &"ab".repeat(33)] {
            fs::write(&path, text).unwrap();
            assert!(
                matches!(MasterKey::load_or_create(&path), Err(SecretError::NotAKey { .. })),
                "{text}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn drawn_texts_have_the_promised_form() {
        let reference = random_order_ref();
        assert_eq!(reference.as_str().len(), REFERENCE_LENGTH);
        assert!(reference.as_str().bytes().all(|byte| REFERENCE_SYMBOLS.contains(&byte)));
        assert_eq!(random_order_token().as_str().len(), 26);
        let uuid = random_uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_ne!(random_uuid(), uuid);
    }
}
