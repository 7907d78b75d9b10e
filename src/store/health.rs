//! What the doctor wants to know of the stored rows. Each question is bounded: where the whole table would have to be
//! read, the newest rows answer for it.

use jiff::Timestamp;

use super::columns::{from_word, ms, word_of};
use super::{Db, StoreError};
use crate::event::{RefusedCallbacks, Unbelieved};
use crate::ids::{AccountId, HotspotId};

impl Db<'_> {
    /// Adds what was counted since the last time, and forgets days that are long gone. A hotspot that is gone meanwhile
    /// is left out.
    pub fn add_refused_callbacks(&self, counted: &[RefusedCallbacks]) -> Result<(), StoreError> {
        let sql = "INSERT INTO refused_callback (hotspot, company, gateway, day, why, count, last_at) \
                   SELECT id, company, ?2, ?3, ?4, ?5, ?6 FROM hotspot WHERE id = ?1 \
                   ON CONFLICT (hotspot, gateway, day, why) DO UPDATE SET count = count + excluded.count, \
                   last_at = max(last_at, excluded.last_at)";
        for one in counted {
            let gateway = word_of("gateway", &one.gateway)?;
            let values = (
                one.hotspot.as_str(),
                gateway,
                day(one.last_at),
                one.why.as_str(),
                i64::try_from(one.count).unwrap_or(i64::MAX),
                ms(one.last_at),
            );
            self.run(sql, values)?;
        }
        let newest = counted.iter().map(|one| day(one.last_at)).max();
        if let Some(newest) = newest {
            self.run("DELETE FROM refused_callback WHERE day < ?1", [newest - DAYS_KEPT])?;
        }
        Ok(())
    }

    /// The callbacks that were not believed since, by hotspot, gateway and reason.
    pub fn refused_callbacks(&self, since: Timestamp) -> Result<Vec<RefusedCallbacks>, StoreError> {
        let sql = "SELECT hotspot, gateway, why, sum(count), max(last_at) FROM refused_callback WHERE day >= ?1 \
                   GROUP BY hotspot, gateway, why ORDER BY hotspot, gateway, why";
        self.all(sql, [day(since)], |columns| {
            Ok(RefusedCallbacks {
                hotspot: HotspotId::new(columns.next::<String>()?),
                gateway: columns.word("gateway of a refused callback", from_word)?,
                why: columns.word("reason of a refused callback", Unbelieved::from_text)?,
                count: columns.unsigned("count of refused callbacks")?,
                last_at: columns.time("time of a refused callback")?,
            })
        })
    }

    /// When each account's last webhook came, among the newest webhooks of all.
    pub fn last_webhooks(&self) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let sql = format!(
            "SELECT account, max(received_at) FROM (SELECT account, received_at FROM event ORDER BY id DESC LIMIT {NEWEST}) \
             GROUP BY account"
        );
        self.times_of_accounts(&sql)
    }

    /// When each account's last payment counted, among the newest orders of all.
    pub fn last_payments(&self) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let sql = format!(
            "SELECT account, max(paid_at) FROM (SELECT account, paid_at FROM orders ORDER BY created_at DESC LIMIT {NEWEST}) \
             WHERE paid_at IS NOT NULL GROUP BY account"
        );
        self.times_of_accounts(&sql)
    }

    /// The time of the newest webhook or order.
    pub fn newest_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(at) FROM (SELECT * FROM (SELECT received_at AS at FROM event ORDER BY id DESC LIMIT 1) \
                   UNION ALL SELECT max(created_at) FROM orders)";
        let found = self.one(sql, [], |columns| columns.optional_time("newest moment"))?;
        Ok(found.flatten())
    }

    /// How many webhooks that came before wait to be worked on.
    pub fn count_open_events(&self, before: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM event WHERE settled_at IS NULL AND received_at < ?1";
        self.value(sql, [ms(before)])
    }

    fn times_of_accounts(&self, sql: &str) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        self.all(sql, [], |columns| {
            Ok((
                AccountId::new(columns.next::<String>()?),
                columns.time("time of an account's last row")?,
            ))
        })
    }
}

/// Days since 1970, UTC.
fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}

/// What nobody looks at any more.
const DAYS_KEPT: i64 = 30;
/// Weeks of a busy shop, read in some ten milliseconds.
const NEWEST: u32 = 20_000;
