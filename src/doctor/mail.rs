//! Whether mails can leave. Nothing is sent.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Kind};
use super::router::chain;
use crate::company::Directory;
use crate::config::{Config, Mail, MailTransport};
use crate::notify::mail::{MailError, Mailer, Settings, Step};
use crate::sorted::Arrange;

/// The way out, and who is told by it.
pub(super) async fn look(config: &Config, directory: Option<&Directory>, is_offline: bool) -> Vec<Finding> {
    let mail = &config.mail;
    let way = match mail.transport {
        MailTransport::Off => Finding::new(
            Kind::MailOff,
            "no mails are sent",
            "fill in `[mail]` of the settings file (`mikrelay config example` explains it)",
        ),
        MailTransport::Folder => folder(&mail.folder.clone().unwrap_or_else(|| config.data_dir.join("mail"))),
        MailTransport::Smtp if is_offline => Finding::ok("the mail server was not asked"),
        MailTransport::Smtp => server(mail).await,
    };
    let mut findings = vec![way];
    if mail.transport != MailTransport::Off {
        let companies = directory.into_iter().flat_map(|directory| directory.companies.values());
        let mut unreached: Vec<_> = companies
            .filter(|company| company.notify_email.is_none() && !company.card.telegram.on)
            .map(|company| company.id.as_str())
            .collect();
        unreached.arrange();
        findings.extend(unreached.into_iter().map(|id| {
            Finding::new(
                Kind::MailNobody,
                format!("company `{id}` has no `notify_email`"),
                "write it into the business file",
            )
        }));
    }
    findings
}

async fn server(mail: &Mail) -> Finding {
    let host = mail.host.as_deref().unwrap_or_default();
    let tried = match Mailer::smtp(&Settings::from(mail)) {
        Ok(mailer) => mailer.check().await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(()) => Finding::ok(format!("the mail server `{host}` takes the relay in")),
        Err(error) => refused(host, &error),
    }
}

fn refused(host: &str, error: &MailError) -> Finding {
    let what = format!("`{host}`: {}", chain(error));
    match error {
        MailError::NotNow { step: Step::Login, .. } => Finding::new(
            Kind::MailLogin,
            what,
            "correct `mail.user` and `mail.password`; many providers want a password made for programs",
        ),
        MailError::NotNow { .. } | MailError::Refused { .. } | MailError::Deadline(_) => Finding::new(
            Kind::MailServer,
            what,
            "compare `mail.host`, `mail.port` and `mail.security` with what the provider says; some hosters close port 25, and \
             465 or 587 are open",
        ),
        _ => Finding::new(
            Kind::MailSettings,
            what,
            "correct `[mail]` in the settings file (`mikrelay config example` explains it)",
        ),
    }
}

fn folder(path: &Path) -> Finding {
    // A folder that is not there is made at the start, in the first one that is.
    let Some(existing) = path.ancestors().find(|path| path.exists()) else {
        return unwritable(path.to_owned());
    };
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match existing.is_dir() && rustix::fs::access(existing, access).is_ok() {
        true => Finding::ok(format!("mails are written into `{}`", path.display())),
        false => unwritable(path.to_owned()),
    }
}

fn unwritable(path: PathBuf) -> Finding {
    Finding::new(
        Kind::MailFolder,
        format!("`{}` cannot be written", path.display()),
        "give the user that runs mikrelay the right to write there, or name another `mail.folder`",
    )
}
