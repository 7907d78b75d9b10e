//! The audit log: lines are added in the write that they tell of, and never changed.

use jiff::Timestamp;

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::audit::{Audit, Changes, NewAudit};
use crate::ids::{AuditId, CompanyId, UserId};

/// Which lines to list: newest first, all conditions together.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub company: Option<CompanyId>,
    /// At most this many; zero: none.
    pub limit: u32,
}

impl Db<'_> {
    pub fn add_audit(&self, line: &NewAudit) -> Result<(), StoreError> {
        let changes = serde_json::to_string(&line.changes);
        let changes = changes.map_err(|error| StoreError::unreadable("audit line", error))?;
        let sql = "INSERT INTO audit (at, company, user, who, act, subject, changes) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let values = (
            ms(self.now()),
            line.company.as_ref().map(CompanyId::as_str),
            line.user.map(|user| user.0),
            &line.who,
            &line.act,
            &line.subject,
            changes,
        );
        self.run(sql, values)?;
        Ok(())
    }

    pub fn audits(&self, filter: &AuditFilter) -> Result<Vec<Audit>, StoreError> {
        let sql = "SELECT id, at, company, user, who, act, subject, changes FROM audit \
                   WHERE ?1 IS NULL OR company = ?1 ORDER BY id DESC LIMIT ?2";
        let company = filter.company.as_ref().map(CompanyId::as_str);
        self.all(sql, (company, filter.limit), read_audit)
    }

    /// Deletes some of the lines that were written before; says how many.
    pub fn delete_audits(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)";
        self.run(sql, (ms(before), limit))
    }
}

fn read_audit(columns: &mut Columns<'_, '_>) -> Result<Audit, StoreError> {
    Ok(Audit {
        id: AuditId(columns.next()?),
        at: columns.time("time of an audit line")?,
        line: NewAudit {
            company: columns.next::<Option<String>>()?.map(CompanyId::new),
            user: columns.next::<Option<i64>>()?.map(UserId),
            who: columns.next()?,
            act: columns.next()?,
            subject: columns.next()?,
            changes: columns.word("audit line", |text| serde_json::from_str::<Changes>(text).ok())?,
        },
    })
}
