//! Webhooks that we send: written in the same write as the change they tell of, with their secrets and the log of
//! every try.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::hook::{Delivery, Hook, HookState, NewHook, Signer};
use crate::ids::{CompanyId, HookId, OrderRef};
use crate::secrets;

/// Which webhooks to list: newest first, all conditions together.
#[derive(Clone, Debug, Default)]
pub struct HookFilter {
    pub company: Option<CompanyId>,
    pub order: Option<OrderRef>,
    /// Leaves out those that were delivered.
    pub only_open: bool,
    /// At most this many; zero: none.
    pub limit: u32,
}

impl Db<'_> {
    /// Stores a webhook; gives the row number that its job carries.
    pub fn add_hook(&self, hook: &NewHook) -> Result<HookId, StoreError> {
        let sql = "INSERT INTO hook (company, order_reference, message_id, kind, url_sealed, signer, body_sealed, \
                   created_at, state, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', ?8)";
        let values = (
            hook.company.as_str(),
            hook.order.as_ref().map(OrderRef::as_str),
            &hook.message_id,
            &hook.kind,
            self.seal(&context("url", &hook.message_id), hook.url.as_bytes()),
            hook.signer.as_str(),
            self.seal(&context("body", &hook.message_id), hook.body.as_bytes()),
            ms(hook.created_at),
        );
        self.run(sql, values)?;
        Ok(HookId(self.last_row()))
    }

    pub fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM hook WHERE id = ?1");
        self.one(&sql, [id.0], |columns| self.read_hook(columns))
    }

    pub fn hooks(&self, filter: &HookFilter) -> Result<Vec<Hook>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hook WHERE (?1 IS NULL OR company = ?1) AND (?2 IS NULL OR order_reference = ?2) \
             AND (?3 = 0 OR state <> 'delivered') ORDER BY id DESC LIMIT ?4"
        );
        let (company, order) = (filter.company.as_ref(), filter.order.as_ref());
        let values = (
            company.map(CompanyId::as_str),
            order.map(OrderRef::as_str),
            filter.only_open,
            filter.limit,
        );
        self.all(&sql, values, |columns| self.read_hook(columns))
    }

    /// Writes down one try and what it means for the webhook.
    pub fn record_delivery(
        &self,
        id: HookId,
        delivery: &Delivery,
        state: HookState,
        next_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO hook_delivery (hook, company, at, took_ms, status, error) \
                   SELECT id, company, ?2, ?3, ?4, ?5 FROM hook WHERE id = ?1";
        let values = (
            id.0,
            ms(delivery.at),
            delivery.took_ms,
            delivery.status,
            delivery.error.as_deref(),
        );
        self.run(sql, values)?;
        // A webhook that is replayed for ever keeps its latest tries only.
        let sql = "DELETE FROM hook_delivery WHERE hook = ?1 AND id <= \
                   (SELECT id FROM hook_delivery WHERE hook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
        self.run(sql, (id.0, MOST_DELIVERIES))?;
        let sql = "UPDATE hook SET state = ?2, state_at = ?3, tries = tries + 1, next_at = ?4 WHERE id = ?1";
        self.run(sql, (id.0, state.as_str(), ms(delivery.at), ms(next_at)))?;
        Ok(())
    }

    /// The tries of a webhook, oldest first.
    pub fn deliveries(&self, id: HookId) -> Result<Vec<Delivery>, StoreError> {
        let sql = "SELECT at, took_ms, status, error FROM hook_delivery WHERE hook = ?1 ORDER BY id";
        self.all(sql, [id.0], |columns| {
            Ok(Delivery {
                at: columns.time("time of a delivery")?,
                took_ms: columns.next()?,
                status: columns.next()?,
                error: columns.next()?,
            })
        })
    }

    /// Makes a webhook due again, with all its tries before it. `false` if there is none.
    pub fn reopen_hook(&self, id: HookId) -> Result<bool, StoreError> {
        let sql = "UPDATE hook SET state = 'waiting', state_at = NULL, tries = 0, next_at = ?2 WHERE id = ?1";
        Ok(self.run(sql, (id.0, ms(self.now())))? > 0)
    }

    /// Deletes the oldest webhooks written before that do not wait any more, with the log of their tries. Says how many.
    pub fn delete_old_hooks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let sql = "DELETE FROM hook WHERE id IN (SELECT id FROM hook WHERE id < \
                   coalesce((SELECT id FROM hook WHERE created_at >= ?1 ORDER BY id LIMIT 1), 9223372036854775807) \
                   AND state <> 'waiting' ORDER BY id LIMIT ?2)";
        self.run(sql, (ms(before), limit))
    }

    /// What signs a company's webhooks now, newest first; one is made where there is none.
    pub fn hook_secrets(&self, company: &CompanyId, signer: &Signer) -> Result<Vec<SecretString>, StoreError> {
        let known = self.known_hook_secrets(company, signer)?;
        if !known.is_empty() {
            return Ok(known);
        }
        self.add_hook_secret(company, signer).map(|secret| vec![secret])
    }

    /// The same without making one; for readers.
    pub fn known_hook_secrets(&self, company: &CompanyId, signer: &Signer) -> Result<Vec<SecretString>, StoreError> {
        let sql = "SELECT secret_sealed FROM hook_secret WHERE company = ?1 AND signer = ?2 \
                   AND (expires_at IS NULL OR expires_at > ?3) ORDER BY id DESC LIMIT ?4";
        let sealed = self.all(
            sql,
            (company.as_str(), signer.as_str(), ms(self.now()), MOST_SECRETS),
            |columns| columns.next::<Vec<u8>>(),
        )?;
        let open = |sealed: Vec<u8>| {
            let text = String::from_utf8(self.unseal(&secret_context(company, signer), &sealed)?);
            text.map(SecretString::from)
                .map_err(|_| StoreError::unreadable("webhook secret", "not UTF-8"))
        };
        sealed.into_iter().map(open).collect()
    }

    /// A new secret; the old ones still sign for `keep_old`, so that receivers can change over.
    pub fn rotate_hook_secret(
        &self,
        company: &CompanyId,
        signer: &Signer,
        keep_old: SignedDuration,
    ) -> Result<SecretString, StoreError> {
        let sql = "UPDATE hook_secret SET expires_at = min(coalesce(expires_at, ?3), ?3) \
                   WHERE company = ?1 AND signer = ?2";
        self.run(sql, (company.as_str(), signer.as_str(), ms(self.now() + keep_old)))?;
        self.add_hook_secret(company, signer)
    }

    fn add_hook_secret(&self, company: &CompanyId, signer: &Signer) -> Result<SecretString, StoreError> {
        let secret = secrets::random_webhook_secret();
        let sealed = self.seal(&secret_context(company, signer), secret.expose_secret().as_bytes());
        let sql = "INSERT INTO hook_secret (company, signer, secret_sealed, created_at) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, (company.as_str(), signer.as_str(), sealed, ms(self.now())))?;
        Ok(secret)
    }

    fn read_hook(&self, columns: &mut Columns<'_, '_>) -> Result<Hook, StoreError> {
        let id = HookId(columns.next()?);
        let company = CompanyId::new(columns.next::<String>()?);
        let order = columns.next::<Option<String>>()?.map(OrderRef::new);
        let message_id: String = columns.next()?;
        let kind = columns.next()?;
        let url = self.open_text("url", &message_id, &columns.next::<Vec<u8>>()?)?;
        let signer = Signer::from_text(columns.next::<String>()?);
        let body = self.open_text("body", &message_id, &columns.next::<Vec<u8>>()?)?;
        let created_at = columns.time("time of a webhook")?;
        Ok(Hook {
            id,
            hook: NewHook {
                company,
                order,
                message_id,
                kind,
                url,
                signer,
                body,
                created_at,
            },
            state: columns.word("state of a webhook", HookState::from_text)?,
            state_at: columns.optional_time("time of a webhook's state")?,
            tries: columns.next()?,
            next_at: columns.time("time of a webhook's next try")?,
        })
    }

    fn open_text(&self, part: &str, message_id: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let text = String::from_utf8(self.unseal(&context(part, message_id), sealed)?);
        text.map_err(|_| StoreError::unreadable("webhook", "not UTF-8"))
    }
}

fn context(part: &str, message_id: &str) -> String {
    format!("hook.{part}:{message_id}")
}

fn secret_context(company: &CompanyId, signer: &Signer) -> String {
    format!("hook_secret:{company}:{}", signer.as_str())
}

const COLUMNS: &str = "id, company, order_reference, message_id, kind, url_sealed, signer, body_sealed, created_at, \
     state, state_at, tries, next_at";
/// Two rounds of all tries, and some.
const MOST_DELIVERIES: i64 = 50;
/// Whoever rotates more often than this within the time old ones are kept loses the oldest.
const MOST_SECRETS: i64 = 5;
