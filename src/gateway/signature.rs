//! Proofs of origin: the keyed hash, comparisons in constant time, and the signature headers of FedaPay and Conekta.
//!
//! Promises: works on the raw bytes and parses no body; an empty secret never matches; a malformed header is
//! refused and never panics. Sources: facts `gateways-west-africa.md` 2.6, 3A.4 and 6, and
//! `gateways-latin-america.md` 2.8.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use http::HeaderMap;
use jiff::Timestamp;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::Refusal;

/// A claimed SHA-256 tag.
pub type Tag = [u8; 32];

/// Whether one of the secrets made one of the tags over the message, given in parts.
pub fn is_made_by(secrets: &[SecretString], message: &[&[u8]], claimed: &[Tag]) -> bool {
    secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .filter(|secret| !secret.is_empty())
        .any(|secret| {
            let made = hmac_sha256(secret.as_bytes(), message);
            // Every tag is compared, so that time says nothing about which one fitted.
            claimed.iter().fold(false, |found, tag| {
                found | verify_slices_are_equal(made.as_ref(), tag).is_ok()
            })
        })
}

/// HMAC-SHA256 of a message given in parts.
pub fn hmac_sha256(key: &[u8], message: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in message {
        context.update(part);
    }
    context.sign()
}

/// Whether a shown text is the secret; takes the same time wherever and however they differ.
pub fn is_same_secret(secret: &str, shown: &str) -> bool {
    let (secret_digest, shown_digest) = (digest(&SHA256, secret.as_bytes()), digest(&SHA256, shown.as_bytes()));
    !secret.is_empty() && verify_slices_are_equal(secret_digest.as_ref(), shown_digest.as_ref()).is_ok()
}

/// SHA-256 in lower-case hex, the key of an event that has no better one.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// 64 hex digits of either case.
pub fn tag_from_hex(text: &str) -> Option<Tag> {
    // The length is checked first: a megabyte of digits is not worth decoding.
    (text.len() == 64).then(|| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok())?
}

/// The only line of a header, as text. Two lines of one signature are somebody's trick or a proxy's fault.
pub fn only_line<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().ok_or(Refusal::Missing)?;
    let text = line.to_str().map_err(|_| Refusal::Malformed)?.trim();
    if lines.next().is_some() || text.is_empty() || text.len() > MAX_HEADER_BYTES {
        return Err(Refusal::Malformed);
    }
    Ok(text)
}

/// Checks `X-FEDAPAY-SIGNATURE: t=<unix seconds>,s=<hex>` over `<t>.<body>`: any `s` by any secret, and a
/// `t` at most 300 s away from `now` in either direction. A stale signature is reported as such only when it
/// is genuine.
pub fn check_fedapay(
    headers: &HeaderMap,
    secrets: &[SecretString],
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let stamped = Stamped::read(only_line(headers, FEDAPAY_HEADER)?)?;
    if !is_made_by(secrets, &[stamped.time_text.as_bytes(), b".", body], &stamped.tags) {
        return Err(Refusal::Wrong);
    }
    let age_s = now.as_second().saturating_sub(stamped.time_s);
    if age_s.saturating_abs() > FEDAPAY_TOLERANCE_S {
        return Err(Refusal::OutsideTolerance { age_s });
    }
    Ok(())
}

/// Checks Conekta's `DIGEST`: base64 of RSASSA-PKCS1-v1_5 with SHA-256 over the body, by any of the PEM public
/// keys. Facts: `gateways-latin-america.md` 2.8.
pub fn check_conekta(headers: &HeaderMap, pems: &[String], body: &[u8]) -> Result<(), Refusal> {
    let line = only_line(headers, CONEKTA_HEADER)?;
    let encoded = CONEKTA_PREFIXES
        .iter()
        .find_map(|prefix| strip_prefix_ignoring_case(line, prefix))
        .unwrap_or(line)
        .trim();
    let signature = BASE64.decode(encoded.as_bytes()).map_err(|_| Refusal::Malformed)?;
    // Its keys have 2048 bits; another length is no signature of theirs, and is refused before any arithmetic.
    if signature.len() != CONEKTA_SIGNATURE_BYTES {
        return Err(Refusal::Malformed);
    }
    let made_by = |pem: &String| {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
        key.is_ok_and(|key| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref())
                .verify(body, &signature)
                .is_ok()
        })
    };
    if pems.iter().any(made_by) {
        Ok(())
    } else {
        Err(Refusal::Wrong)
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..))?
}

/// A FedaPay signature header, taken apart.
struct Stamped<'a> {
    /// As written, because these bytes were signed.
    time_text: &'a str,
    time_s: i64,
    tags: Vec<Tag>,
}

impl<'a> Stamped<'a> {
    fn read(line: &'a str) -> Result<Self, Refusal> {
        let (mut time_text, mut tags, mut has_tag) = (None, Vec::new(), false);
        for (name, value) in line.split(',').filter_map(|item| item.trim().split_once('=')) {
            match name {
                // The SDKs disagree which of two times counts, so two are refused.
                "t" if time_text.replace(value).is_some() => return Err(Refusal::Malformed),
                "s" => {
                    has_tag = true;
                    tags.extend(tag_from_hex(value));
                }
                _ => {}
            }
        }
        let time_text = time_text
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
            .ok_or(Refusal::Malformed)?;
        let time_s = time_text.parse().map_err(|_| Refusal::Malformed)?;
        if !has_tag {
            return Err(Refusal::Malformed);
        }
        Ok(Self {
            time_text,
            time_s,
            tags,
        })
    }
}

const CONEKTA_HEADER: &str = "digest";
/// Not documented; some integrators saw them.
const CONEKTA_PREFIXES: [&str; 2] = ["sha-256=", "sha256="];
const CONEKTA_SIGNATURE_BYTES: usize = 256;
const FEDAPAY_HEADER: &str = "x-fedapay-signature";
/// The SDKs' default in seconds; FedaPay signs each retry anew.
const FEDAPAY_TOLERANCE_S: i64 = 300;
/// Room for a dozen tags; the real header has one.
const MAX_HEADER_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_64_hex_digits() {
        assert_eq!(tag_from_hex(&"aB".repeat(32)), Some([0xab; 32]));
        for bad in [
            "",
            "ab",
            &"ab".repeat(33),
            &"zz".repeat(32),
            &"é".repeat(32),
            &"ab".repeat(500_000),
        ] {
            assert_eq!(tag_from_hex(bad), None);
        }
    }

    #[test]
    fn secrets_compare_whole_and_empty_ones_never_match() {
        assert!(is_same_secret("nt_7c1e", "nt_7c1e"));
        for shown in ["nt_7c1f", "", "nt_7c1e0", "nt_7c1", "NT_7C1E"] {
            assert!(!is_same_secret("nt_7c1e", shown), "{shown}");
        }
        assert!(!is_same_secret("", ""));
        let tag: Tag = hmac_sha256(b"", &[b"x"]).as_ref().try_into().unwrap();
        assert!(!is_made_by(&["".into()], &[b"x"], &[tag]));
    }
}
