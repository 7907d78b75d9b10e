//! The demo's mailbox: what the relay sent, as lists and pages. It reads messages from wherever they are
//! kept and never changes them; it does not imitate a mail program's folders or marks.

use std::sync::Arc;

use serde::Serialize;

use crate::message::Message;

/// Where the messages are, oldest first.
pub type Mails = Arc<dyn Fn() -> Vec<Message> + Send + Sync>;

/// A message as the pages show it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MailView {
    /// Counts from 1 in the order of arrival.
    pub number: usize,
    pub recipient: String,
    pub subject: String,
    pub time: String,
    pub text: String,
}

/// All messages, the newest first.
pub fn list(mails: &Mails) -> Vec<MailView> {
    let mut views: Vec<_> = mails()
        .into_iter()
        .enumerate()
        .map(|(index, message)| view(index + 1, message))
        .collect();
    views.reverse();
    views
}

/// The message with this number, as it stands in an address.
pub fn find(mails: &Mails, number: &str) -> Option<MailView> {
    let number: usize = number.parse().ok()?;
    let message = mails().into_iter().nth(number.checked_sub(1)?)?;
    Some(view(number, message))
}

fn view(number: usize, message: Message) -> MailView {
    MailView {
        number,
        recipient: message.recipient,
        subject: message.subject,
        time: message.created_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        text: message.text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CompanyId;

    fn mails() -> Mails {
        let message = |subject: &str| Message {
            company: CompanyId::new("cyber-awa"),
            order: None,
            recipient: "awa@example.net".to_owned(),
            subject: subject.to_owned(),
            text: "text".to_owned(),
            message_id: "1@mikrelay.invalid".to_owned(),
            created_at: "2026-11-02T19:19:00Z".parse().unwrap(),
        };
        Arc::new(move || vec![message("first"), message("second")])
    }

    #[test]
    fn the_newest_is_on_top_and_numbers_stay() {
        let list = list(&mails());
        assert_eq!(
            list.iter()
                .map(|mail| (mail.number, &*mail.subject))
                .collect::<Vec<_>>(),
            [(2, "second"), (1, "first")]
        );
        assert_eq!(list[0].time, "2026-11-02 19:19:00 UTC");
        assert_eq!(find(&mails(), "1").unwrap().subject, "first");
        for number in ["0", "3", "x", "-1", ""] {
            assert_eq!(find(&mails(), number), None, "{number}");
        }
    }
}
