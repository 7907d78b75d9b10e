//! Jobs: what is still to do, claimed by lease, one row per (kind, subject).
//!
//! A wish for a job that is being done at that moment is remembered: when the running one ends, the job is due
//! again, so that a fact which came too late for the running try is never lost.

use jiff::{SignedDuration, Timestamp};

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::ids::{JobId, OrderRef};
use crate::job::{Job, Lane, NewJob, Task};
use crate::sorted::Arrange;

/// Adds a job whose company is that of its owner, a row of the table.
macro_rules! add_job_sql {
    ($company:literal, $table:literal) => {
        concat!(
            "INSERT INTO job (company, kind, subject, lane, due_at, created_at) ",
            "VALUES ((SELECT ",
            $company,
            " FROM ",
            $table,
            " WHERE id = ?6), ?1, ?2, ?3, ?4, ?5) ON CONFLICT (kind, subject) DO UPDATE SET ",
            "rerun_at = CASE WHEN lease_until > ?5 THEN min(coalesce(rerun_at, ?4), ?4) ELSE rerun_at END, ",
            "due_at = CASE WHEN lease_until > ?5 THEN due_at ELSE min(due_at, ?4) END"
        )
    };
}

impl Db<'_> {
    /// Adds a job. An open one of the same task is only made due earlier; one that is being done right now
    /// is done once more.
    pub fn add_job(&self, job: &NewJob) -> Result<(), StoreError> {
        let now = self.now();
        let subject = job.task.subject();
        let (sql, owner) = match &job.lane {
            Lane::Account(account)
            | Lane::Questions(account)
            | Lane::Refunds(account)
            | Lane::Rechecks(account)
            | Lane::Ledger(account) => (add_job_sql!("company", "account"), account.as_str()),
            Lane::Router(router) => (add_job_sql!("company", "router"), router.as_str()),
            Lane::Telegram(company) => (add_job_sql!("id", "company"), company.as_str()),
            Lane::Mail => (add_job_sql!("company", "message"), subject.as_str()),
            Lane::Hook(_) => (add_job_sql!("company", "hook"), subject.as_str()),
            // Its subject is a company's id, or nobody's.
            Lane::Upkeep => (add_job_sql!("id", "company"), subject.as_str()),
        };
        let (lane, due_at, now) = (job.lane.to_text(), ms(job.due_at), ms(now));
        self.run(sql, (job.task.kind(), &subject, lane, due_at, now, owner))?;
        Ok(())
    }

    /// Takes the jobs of the lane that are due longest and that nobody else has, for as long as the lease; in the order
    /// in which they were added.
    pub fn claim_jobs(
        &self,
        lane: &Lane,
        now: Timestamp,
        lease: SignedDuration,
        at_most: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let until = ms(now).saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let sql = "UPDATE job SET lease_until = ?3, attempts = attempts + 1 WHERE id IN \
                   (SELECT id FROM job WHERE lane = ?1 AND due_at <= ?2 AND lease_until <= ?2 ORDER BY due_at, id LIMIT ?4) \
                   RETURNING id, kind, subject, lane, attempts - 1, created_at, last_error";
        let mut jobs = self.all(sql, (lane.to_text(), ms(now), until, at_most), read_job)?;
        // `RETURNING` promises no order.
        jobs.arrange_by_key(|job| job.id);
        Ok(jobs)
    }

    /// The job is done: it goes away, or is due again if it was wished for meanwhile.
    pub fn finish_job(&self, id: JobId) -> Result<(), StoreError> {
        let again = "UPDATE job SET due_at = rerun_at, rerun_at = NULL, lease_until = 0, attempts = 0, last_error = NULL \
                     WHERE id = ?1 AND rerun_at IS NOT NULL";
        if self.run(again, [id.0])? == 0 {
            self.run("DELETE FROM job WHERE id = ?1", [id.0])?;
        }
        Ok(())
    }

    /// The job is to be tried again, not before `due_at` unless it was wished for earlier meanwhile.
    pub fn postpone_job(&self, id: JobId, due_at: Timestamp, error: &str) -> Result<(), StoreError> {
        let sql = "UPDATE job SET due_at = min(?2, coalesce(rerun_at, ?2)), rerun_at = NULL, lease_until = 0, \
                   last_error = ?3 WHERE id = ?1";
        self.run(sql, (id.0, ms(due_at), error))?;
        Ok(())
    }

    /// The lanes that have something to do now.
    pub fn due_lanes(&self, now: Timestamp) -> Result<Vec<Lane>, StoreError> {
        let sql = format!(
            "{EACH_LANE} SELECT name FROM lanes WHERE name IS NOT NULL AND EXISTS \
             (SELECT 1 FROM job WHERE lane = name AND due_at <= ?1 AND lease_until <= ?1)"
        );
        self.all(&sql, [ms(now)], |columns| columns.word("lane", Lane::from_text))
    }

    /// When the next job falls due, whoever's lane it is; leased ones count from the end of their lease.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "{EACH_LANE} SELECT min((SELECT max(due_at, lease_until) FROM job WHERE lane = name \
             ORDER BY due_at, id LIMIT 1)) FROM lanes WHERE name IS NOT NULL"
        );
        Ok(self
            .one(&sql, [], |columns| columns.optional_time("time of a job"))?
            .flatten())
    }

    /// The open jobs of an order, oldest first.
    pub fn jobs_of_order(&self, order: &OrderRef) -> Result<Vec<Job>, StoreError> {
        let sql = "SELECT id, kind, subject, lane, attempts, created_at, last_error FROM job \
                   WHERE subject = ?1 AND kind IN ('reconcile', 'provision', 'login', 'disable', 'unreserve', 'sale-record') \
                   OR kind = 'refund' AND subject IN (SELECT CAST(id AS TEXT) FROM refund WHERE order_reference = ?1) ORDER BY id";
        self.all(sql, [order.as_str()], read_job)
    }

    /// The open job of a task.
    pub fn open_job(&self, task: &Task) -> Result<Option<Job>, StoreError> {
        let sql = "SELECT id, kind, subject, lane, attempts, created_at, last_error FROM job \
                   WHERE kind = ?1 AND subject = ?2";
        self.one(sql, (task.kind(), task.subject()), read_job)
    }

    /// When an order's job will be tried next, for people.
    pub fn due_at(&self, id: JobId) -> Result<Option<Timestamp>, StoreError> {
        self.one("SELECT due_at FROM job WHERE id = ?1", [id.0], |columns| {
            columns.time("time of a job")
        })
    }

    /// Makes every waiting job of a lane due, such as when its router answers again.
    pub fn hurry_lane(&self, lane: &Lane, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE job SET due_at = ?2 WHERE lane = ?1 AND due_at > ?2 AND lease_until <= ?2";
        self.run(sql, (lane.to_text(), ms(now)))?;
        Ok(())
    }

    /// Nothing is due later than `latest`, daily work not later than `latest_daily`; what is, is due `now`.
    pub fn clamp_due(&self, now: Timestamp, latest: Timestamp, latest_daily: Timestamp) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE job SET due_at = ?1 WHERE due_at > ?2 AND (kind NOT IN ('{}') OR due_at > ?3)",
            Task::DAILY_KINDS.join("', '")
        );
        self.run(&sql, (ms(now), ms(latest), ms(latest_daily)))?;
        Ok(())
    }

    /// Whether a job of this task is open.
    pub fn has_job(&self, task: &Task) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM job WHERE kind = ?1 AND subject = ?2";
        let found: Option<i64> = self.optional(sql, (task.kind(), task.subject()))?;
        Ok(found.is_some())
    }

    /// At start: whoever held leases is gone.
    pub fn release_leases(&self) -> Result<(), StoreError> {
        self.run("UPDATE job SET lease_until = 0 WHERE lease_until > 0", [])?;
        Ok(())
    }

    /// How many jobs are open.
    pub fn count_jobs(&self) -> Result<i64, StoreError> {
        self.value("SELECT count(*) FROM job", [])
    }
}

fn read_job(columns: &mut Columns<'_, '_>) -> Result<Job, StoreError> {
    let id = JobId(columns.next()?);
    let (kind, subject): (String, String) = (columns.next()?, columns.next()?);
    let task =
        Task::from_parts(&kind, &subject).ok_or_else(|| StoreError::unreadable("job", format!("{kind} {subject}")))?;
    Ok(Job {
        id,
        task,
        lane: columns.word("lane", Lane::from_text)?,
        attempts: columns.next()?,
        created_at: columns.time("time of a job")?,
        last_error: columns.next()?,
    })
}

/// Steps through the lanes by index, so that a lane with many waiting jobs costs no more than one with one.
const EACH_LANE: &str = "WITH RECURSIVE lanes (name) AS (SELECT min(lane) FROM job UNION ALL \
     SELECT (SELECT min(lane) FROM job WHERE lane > name) FROM lanes WHERE name IS NOT NULL)";
