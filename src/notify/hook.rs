//! The signature of webhooks that we send, by the Standard Webhooks specification (standardwebhooks.com, version 1):
//! `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<base64>` with HMAC-SHA256 over
//! `<id>.<timestamp>.<body>`. Secrets are written `whsec_<base64>`; while one is being replaced, both sign.
//! Pure: it neither stores nor sends.

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

/// Why a secret signs nothing. Does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    #[error("a webhook secret must look like `whsec_` and base64 of 24 to 64 bytes")]
    Form,
    #[error("the company has no webhook secret")]
    None,
}

/// The three headers of a delivery at this time.
pub fn headers(
    id: &str,
    at: Timestamp,
    body: &[u8],
    secrets: &[SecretString],
) -> Result<[(&'static str, String); 3], SecretFault> {
    let time = at.as_second().to_string();
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
    let signatures = secrets.iter().map(|secret| signature(secret, &signed));
    let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
    if signatures.is_empty() {
        return Err(SecretFault::None);
    }
    Ok([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time),
        ("webhook-signature", signatures.join(" ")),
    ])
}

fn signature(secret: &SecretString, signed: &[u8]) -> Result<String, SecretFault> {
    let text = secret.expose_secret();
    let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(SecretFault::Form)?;
    let key = BASE64.decode(encoded.as_bytes()).map_err(|_| SecretFault::Form)?;
    if !SECRET_BYTES.contains(&key.len()) {
        return Err(SecretFault::Form);
    }
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed);
    Ok(format!("v1,{}", BASE64.encode(tag.as_ref())))
}

const SECRET_PREFIX: &str = "whsec_";
/// What the specification allows.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_specifications_example_is_signed_alike() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let [id, time, signature] = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, &[secret]).unwrap();
        assert_eq!(id, ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()));
        assert_eq!(time, ("webhook-timestamp", "1614265330".to_owned()));
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature, ("webhook-signature", expected.to_owned()));
    }

    #[test]
    fn while_rotating_every_secret_signs() {
        let secrets = [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx",
        ];
        let secrets = secrets.map(SecretString::from);
        let [_, _, (_, both)] = headers("msg_1", Timestamp::UNIX_EPOCH, b"{}", &secrets).unwrap();
        let parts: Vec<_> = both.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert!(
            parts.iter().all(|part| part.starts_with("v1,")) && parts[0] != parts[1],
            "{both}"
        );
    }

    #[test]
    fn a_secret_of_another_form_signs_nothing() {
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!!!!",
        ] {
            let refused = headers("msg_1", Timestamp::UNIX_EPOCH, b"{}", &[text.into()]);
            assert_eq!(refused, Err(SecretFault::Form), "{text}");
        }
        assert_eq!(
            headers("msg_1", Timestamp::UNIX_EPOCH, b"{}", &[]),
            Err(SecretFault::None)
        );
    }
}
