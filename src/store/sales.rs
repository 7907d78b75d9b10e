//! What a company's administrators see of its orders: counts, sums and one page of the list.

use rusqlite::params;

use super::columns::{Columns, from_word};
use super::{Db, StoreError};
use crate::company::Mode;
use crate::ids::CompanyId;
use crate::money::{Currency, Money};
use crate::order::{Order, State};

/// How many orders of one kind there are, and what they cost together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesLine {
    pub state: State,
    pub mode: Mode,
    pub count: u64,
    pub sum: Money,
}

impl Db<'_> {
    /// The company's orders, counted by state, mode and currency. Those that nobody paid and nobody will are left out.
    pub fn sales(&self, company: &CompanyId) -> Result<Vec<SalesLine>, StoreError> {
        let sql = format!(
            "SELECT state, mode, currency, count(*), sum(price_minor) FROM orders WHERE company = ?1 AND {SHOWN} \
             GROUP BY state, mode, currency"
        );
        self.all(&sql, [company.as_str()], read_line)
    }

    /// A page of the same orders, newest first.
    pub fn sales_page(&self, company: &CompanyId, limit: u32, offset: u32) -> Result<Vec<Order>, StoreError> {
        let sql = format!(
            "SELECT {} FROM orders WHERE company = ?1 AND {SHOWN} ORDER BY created_at DESC, reference LIMIT ?2 OFFSET ?3",
            super::orders::COLUMNS
        );
        self.all(&sql, params![company.as_str(), limit, offset], |columns| {
            self.read_order(columns)
        })
    }
}

fn read_line(columns: &mut Columns<'_, '_>) -> Result<SalesLine, StoreError> {
    let state = columns.word("order state", State::from_text)?;
    let mode = columns.word("mode", from_word::<Mode>)?;
    let currency = columns.word("currency", from_word::<Currency>)?;
    let count = columns.unsigned("number of orders")?;
    Ok(SalesLine {
        state,
        mode,
        count,
        sum: Money::from_minor(columns.next()?, currency),
    })
}

/// Whoever looks at a buy page's gateway and goes away leaves an order that is of no interest.
const SHOWN: &str = "(paid_at IS NOT NULL OR state NOT IN ('expired', 'cancelled'))";
