//! A message as the lines of a mail. Everything somebody else wrote is made harmless here, once, for every
//! way out: headers are one line of bounded length, the text is quoted-printable with CRLF line ends.

use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};

use super::mail::MailError;
use crate::message::{Message, is_address};
use crate::shown::{shown, shown_up_to};

/// Reads the configured sender.
pub fn sender(from: &str) -> Result<Mailbox, MailError> {
    let wrong = || MailError::Sender(shown(from));
    if from.chars().any(char::is_control) {
        return Err(wrong());
    }
    let mailbox: Mailbox = from.trim().parse().map_err(|_| wrong())?;
    if is_address(mailbox.email.as_ref()) {
        Ok(mailbox)
    } else {
        Err(wrong())
    }
}

/// The whole mail. Its Message-ID and date are the message's own, so that a repetition is recognised.
pub fn letter(from: &Mailbox, message: &Message) -> Result<lettre::Message, MailError> {
    let recipient: Address = message.recipient.parse().map_err(|_| MailError::Recipient)?;
    let body = Body::new_with_encoding(plain_text(&message.text), ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| MailError::Compose)?;
    lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, recipient))
        .subject(shown_up_to(&message.subject, SUBJECT_MAX))
        .date(SystemTime::from(message.created_at))
        .message_id(Some(message_id(&message.message_id, from)))
        // Answering machines leave such mail alone (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body))
        .map_err(|_| MailError::Compose)
}

/// What stays of a stored id: the characters every mail program takes, and the sender's domain if it has none.
pub fn message_id(stored: &str, from: &Mailbox) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let kept: String = stored.chars().filter(fits).take(ID_MAX).collect();
    match kept.split_once('@') {
        Some((left, right)) => format!("<{left}@{}>", right.replace('@', "")),
        None => format!("<{kept}@{}>", from.email.domain()),
    }
}

/// Every line end as CRLF, no other control character than the tab, bounded.
fn plain_text(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = unified
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .take(TEXT_MAX);
    let mut plain = String::with_capacity(unified.len());
    for character in kept {
        match character {
            '\n' => plain.push_str("\r\n"),
            other => plain.push(other),
        }
    }
    plain
}

/// A phone shows fewer; a subject of a megabyte is somebody's attack.
const SUBJECT_MAX: usize = 150;

/// Our own ids have half of this.
const ID_MAX: usize = 128;

/// Characters; our own texts have a thousand.
const TEXT_MAX: usize = 64 * 1024;

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::CompanyId;

    pub fn message() -> Message {
        Message {
            company: CompanyId::new("cyber-awa"),
            order: None,
            recipient: "awa@example.net".to_owned(),
            subject: "4 heures – 100 XOF".to_owned(),
            text: "Bonjour Awa,\nvotre code : mmk7p2qz\n".to_owned(),
            message_id: "A1B2C3.sale.k3j4@mikrelay.invalid".to_owned(),
            created_at: "2026-11-02T19:19:00Z".parse().unwrap(),
        }
    }

    fn lines(message: &Message) -> Vec<String> {
        let from = sender("Wi-Fi <relay@example.net>").unwrap();
        let bytes = letter(&from, message).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii());
        assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{text:?}");
        text.split("\r\n").map(str::to_owned).collect()
    }

    /// Header names in order, unfolded.
    fn headers(lines: &[String]) -> Vec<String> {
        let header = lines.iter().take_while(|line| !line.is_empty());
        header
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect()
    }

    const HEADERS: [&str; 8] = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Transfer-Encoding",
    ];

    #[test]
    fn a_mail_is_what_it_should_be() {
        let lines = lines(&message());
        let mut names = headers(&lines);
        names.sort();
        let mut expected: Vec<_> = HEADERS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(["Content-Type".to_owned()])
            .collect();
        expected.sort();
        assert_eq!(names, expected);
        for line in [
            "From: Wi-Fi <relay@example.net>",
            "To: awa@example.net",
            "Date: Mon, 02 Nov 2026 19:19:00 +0000",
            "Message-ID: <A1B2C3.sale.k3j4@mikrelay.invalid>",
            "votre code : mmk7p2qz",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} in {lines:#?}");
        }
    }

    #[test]
    fn m2_hostile_texts_add_no_header_and_no_line() {
        let hostile = "a\r\nBcc: x@y.zz\r\n\r\n.\r\nRCPT TO:<x@y.zz>\0\u{85}\u{2028}b\rc\nd";
        let bad = Message {
            subject: hostile.to_owned(),
            text: format!("{hostile}\n.\n.\n..x\nFrom y\n{}", "é".repeat(1_000_000)),
            message_id: format!("<{hostile}>"),
            ..message()
        };
        let lines = lines(&bad);
        assert_eq!(headers(&lines).len(), HEADERS.len() + 1);
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("Bcc:")).count(),
            1,
            "in the text alone"
        );
        assert!(lines.iter().position(|line| line.starts_with("Bcc:")) > lines.iter().position(String::is_empty));
        assert!(lines.iter().all(|line| line.len() <= 100));
        assert!(lines.len() < 10_000);
    }

    #[test]
    fn a_subject_of_a_megabyte_is_cut() {
        let bad = Message {
            subject: "x".repeat(1 << 20),
            ..message()
        };
        let lines = lines(&bad);
        let head: usize = lines.iter().take_while(|line| !line.is_empty()).map(String::len).sum();
        assert!(head < 1_000, "{head}");
    }

    #[test]
    fn ids_are_stable_and_plain() {
        let from = sender("relay@example.net").unwrap();
        assert_eq!(message_id("a.b-c_d@e.f", &from), "<a.b-c_d@e.f>");
        assert_eq!(message_id("<a b\r\nc>", &from), "<abc@example.net>");
        assert_eq!(message_id("a@b@c", &from), "<a@bc>");
    }

    proptest! {
        #[test]
        fn any_message_stays_one_mail(subject in ".{0,200}", text in "(?s).{0,400}", id in ".{0,60}") {
            let lines = lines(&Message { subject, text, message_id: id, ..message() });
            prop_assert_eq!(headers(&lines).len(), HEADERS.len() + 1);
        }
    }
}
