//! Genuine webhooks that no order took: each is told to the operator once.

use jiff::Timestamp;

use super::columns::ms;
use super::{Db, StoreError};
use crate::event::{Unplaced, UnplacedEvent};
use crate::ids::{AccountId, CompanyId, EventId};

impl Db<'_> {
    /// Notes that the operator must look at an event. One that he was told of before, and that is settled again, is
    /// no news.
    pub fn note_unplaced(&self, event: EventId, why: &Unplaced) -> Result<(), StoreError> {
        let sql = "INSERT INTO unplaced_event (event, company, why) SELECT id, company, ?2 FROM event WHERE id = ?1 \
                   ON CONFLICT (event) DO NOTHING";
        let why = serde_json::to_string(why).map_err(|error| StoreError::unreadable("unplaced event", error))?;
        self.run(sql, (event.0, why))?;
        Ok(())
    }

    /// The company's that it was not told of yet, oldest first.
    pub fn untold_events(&self, company: &CompanyId, limit: usize) -> Result<Vec<UnplacedEvent>, StoreError> {
        let sql = format!(
            "SELECT unplaced_event.event, event.account, unplaced_event.why FROM unplaced_event \
             JOIN event ON event.id = unplaced_event.event \
             WHERE unplaced_event.company = ?1 AND unplaced_event.told_at IS NULL \
             ORDER BY unplaced_event.event LIMIT {limit}"
        );
        self.all(&sql, [company.as_str()], |columns| {
            Ok(UnplacedEvent {
                event: EventId(columns.next()?),
                account: AccountId::new(columns.next::<String>()?),
                why: columns.word("why of an unplaced event", |text| serde_json::from_str(text).ok())?,
            })
        })
    }

    /// All of the company's are told now. Says how many that were.
    pub fn tell_events(&self, company: &CompanyId, at: Timestamp) -> Result<usize, StoreError> {
        let sql = "UPDATE unplaced_event SET told_at = ?2 WHERE company = ?1 AND told_at IS NULL";
        self.run(sql, (company.as_str(), ms(at)))
    }

    /// When the company was last told of any.
    pub fn events_told_at(&self, company: &CompanyId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(told_at) FROM unplaced_event WHERE company = ?1";
        let found = self.one(sql, [company.as_str()], |columns| {
            columns.optional_time("time of a mail about events")
        })?;
        Ok(found.flatten())
    }
}
