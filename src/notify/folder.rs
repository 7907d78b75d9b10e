//! Mail as files: one `.eml` per message, complete or not there, for the operator's eyes only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::Mailbox;

use super::compose;
use super::mail::MailError;
use crate::message::Message;

/// A folder and who writes into it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    from: Mailbox,
}

impl Folder {
    pub fn new(path: PathBuf, from: &str) -> Result<Self, MailError> {
        let from = compose::sender(from)?;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| MailError::folder(&path, source))?;
        Ok(Self { path, from })
    }

    /// The same message makes the same file, so a repetition replaces it.
    fn write(&self, message: &Message) -> Result<(), MailError> {
        let letter = compose::letter(&self.from, message)?.formatted();
        let id = compose::message_id(&message.message_id, &self.from);
        let name = format!(
            "{}-{}.eml",
            message.created_at.strftime("%Y%m%dT%H%M%S"),
            id.trim_matches(['<', '>']).replace('@', "_at_")
        );
        let path = self.path.join(&name);
        let draft = self.path.join(format!(".{name}.draft"));
        let written = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| {
                file.write_all(&letter)?;
                file.sync_all()?;
                fs::rename(&draft, &path)
            });
        written.map_err(|source| MailError::folder(&path, source))
    }
}

/// Writes a message on a thread that may wait for the disk.
pub async fn store(folder: Arc<Folder>, message: Message) -> Result<(), MailError> {
    let path = folder.path.clone();
    let written = tokio::task::spawn_blocking(move || folder.write(&message)).await;
    written.unwrap_or_else(|broken| Err(MailError::folder(&path, std::io::Error::other(broken))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::compose::tests::message;
    use super::super::mail::{Mailer, Retry};
    use super::*;

    #[tokio::test]
    async fn a_message_is_one_private_file_however_often_it_is_sent() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("mail");
        let mailer = Mailer::folder(&path, "Wi-Fi <relay@example.net>").unwrap();
        mailer.send(&message()).await.unwrap();
        mailer.send(&message()).await.unwrap();
        let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(
            files[0].file_name(),
            "20261102T191900-A1B2C3.sale.k3j4_at_mikrelay.invalid.eml"
        );
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let text = fs::read_to_string(files[0].path()).unwrap();
        assert!(
            text.starts_with("From: Wi-Fi <relay@example.net>\r\n") && text.contains("mmk7p2qz"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_tried_again() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("mail");
        let mailer = Mailer::folder(&path, "relay@example.net").unwrap();
        fs::remove_dir(&path).unwrap();
        assert_eq!(mailer.send(&message()).await.unwrap_err().retry(), Retry::Later);
        fs::create_dir(&path).unwrap();
        mailer.send(&message()).await.unwrap();
    }
}
