//! The last comparison of each account with its gateway, and the orders it is about.

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::columns::{Columns, from_word, ms, word_of};
use super::orders::COLUMNS as ORDER_COLUMNS;
use super::{Db, StoreError};
use crate::ids::{AccountId, CompanyId};
use crate::ledger::{Comparison, Difference};
use crate::order::{Order, State};

impl Db<'_> {
    /// Replaces the account's comparison. When its operator was last told is kept.
    pub fn save_comparison(&self, comparison: &Comparison) -> Result<(), StoreError> {
        let sql = "INSERT INTO ledger (account, company, since, until, way, checked, mended, left_out, problem, \
                   differences) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                   ON CONFLICT (account) DO UPDATE SET company = ?2, since = ?3, until = ?4, way = ?5, checked = ?6, \
                   mended = ?7, left_out = ?8, problem = ?9, differences = ?10";
        let values = (
            comparison.account.as_str(),
            comparison.company.as_str(),
            ms(comparison.since),
            ms(comparison.until),
            word_of("way", &comparison.way)?,
            comparison.checked,
            comparison.mended,
            comparison.left_out,
            &comparison.problem,
            differences_text(&comparison.differences)?,
        );
        self.run(sql, values)?;
        Ok(())
    }

    /// The account's last comparison.
    pub fn comparison(&self, account: &AccountId) -> Result<Option<Comparison>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledger WHERE account = ?1");
        self.one(&sql, [account.as_str()], read_comparison)
    }

    /// The last comparisons of a company's accounts, or of all.
    pub fn comparisons(&self, company: Option<&CompanyId>) -> Result<Vec<Comparison>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledger WHERE ?1 IS NULL OR company = ?1 ORDER BY company, account");
        self.all(&sql, [company.map(CompanyId::as_str)], read_comparison)
    }

    /// When a mail about any of the company's accounts was last written.
    pub fn ledger_told_at(&self, company: &CompanyId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(told_at) FROM ledger WHERE company = ?1";
        let found = self.one(sql, [company.as_str()], |columns| {
            columns.optional_time("time of the ledger's mail")
        })?;
        Ok(found.flatten())
    }

    /// The account's orders made from `since` to `until` that stand in one of these states, oldest first.
    pub fn orders_of_account(
        &self,
        account: &AccountId,
        states: &[State],
        since: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        // The plus keeps SQLite from walking through all orders the account ever had.
        let sql = format!(
            "SELECT {ORDER_COLUMNS} FROM orders WHERE created_at >= ? AND created_at < ? AND +account = ? \
             AND +state IN ({}) ORDER BY created_at, reference LIMIT {limit}",
            vec!["?"; states.len()].join(", ")
        );
        let mut values = vec![
            Value::Integer(ms(since)),
            Value::Integer(ms(until)),
            Value::Text(account.to_string()),
        ];
        values.extend(states.iter().map(|state| Value::Text(state.as_str().to_owned())));
        self.all(&sql, params_from_iter(values), |columns| self.read_order(columns))
    }

    /// Notes that the operator is told of these differences of the account.
    pub fn tell_ledger(
        &self,
        account: &AccountId,
        differences: &[Difference],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE ledger SET differences = ?2, told_at = ?3 WHERE account = ?1";
        self.run(sql, (account.as_str(), differences_text(differences)?, ms(at)))?;
        Ok(())
    }
}

fn read_comparison(columns: &mut Columns<'_, '_>) -> Result<Comparison, StoreError> {
    Ok(Comparison {
        account: AccountId::new(columns.next::<String>()?),
        company: CompanyId::new(columns.next::<String>()?),
        since: columns.time("begin of the ledger")?,
        until: columns.time("end of the ledger")?,
        way: columns.word("way", from_word)?,
        checked: columns.next()?,
        mended: columns.next()?,
        left_out: columns.next()?,
        problem: columns.next()?,
        differences: columns.word("differences", |text| serde_json::from_str(text).ok())?,
    })
}

fn differences_text(differences: &[Difference]) -> Result<String, StoreError> {
    serde_json::to_string(differences).map_err(|error| StoreError::unreadable("differences", error))
}

const COLUMNS: &str = "account, company, since, until, way, checked, mended, left_out, problem, differences";
