//! A mail of the outbox, written once and sent until it is accepted.

use jiff::Timestamp;

use crate::ids::{CompanyId, OrderRef};

/// A mail as it will be sent. The body is sealed in the store: it holds a voucher.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub company: CompanyId,
    pub order: Option<OrderRef>,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    /// Stable, so that a mail sent twice after a crash is one mail to the reader.
    pub message_id: String,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("order", &self.order)
            .field("recipient", &self.recipient)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageState {
    Waiting,
    Sent(Timestamp),
    /// Refused for good: why.
    Refused(String),
}

/// Whether `text` has the shape of one mail address: one `@` with something plain on either side. It must
/// stand in a header and in an SMTP command, so nothing that could end or extend either is let in; quoted
/// local parts and comments, which nobody uses, are refused too.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let domain_fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    text.len() <= ADDRESS_MAX
        && local.len() <= LOCAL_PART_MAX
        && local.chars().all(local_fits)
        && local.split('.').all(|part| !part.is_empty())
        && domain.chars().all(domain_fits)
        && domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'))
}

/// RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets.
const ADDRESS_MAX: usize = 254;

/// RFC 5321 4.5.3.1.1.
const LOCAL_PART_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        for text in [
            "awa@example.net",
            "a.b+c@x-y.example.com",
            "o'neil@example.org",
            "1@2.bj",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "awa",
            "@example.net",
            "awa@",
            "awa@example",
            "a@b@c.d",
            "a b@c.de",
            "a@b.c, d@e.fg",
            "a@b.cd\r\nBcc: x@y.zz",
            "a@b.cd\n",
            "a\0@b.cd",
            "<a@b.cd>",
            "\"a\"@b.cd",
            "a..b@c.de",
            ".a@b.cd",
            "a@.b.cd",
            "a@b..cd",
            "a@-b.cd",
            "é@b.cd",
            "a@é.cd",
            "a@[127.0.0.1]",
            "$(mail)@b.cd",
            "a;@b.cd",
        ] {
            assert!(!is_address(text), "{text:?}");
        }
        assert!(!is_address(&format!("{}@b.cd", "a".repeat(65))));
        assert!(!is_address(&format!("a@{}cd", "b.".repeat(1_000_000))));
    }
}
