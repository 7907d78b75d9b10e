//! Statements and columns: cached statements, and the few conversions between our types and SQLite's.

use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::{Db, StoreError};
use crate::clock::Clock;
use crate::secrets::MasterKey;

/// A connection inside a transaction, with its cache of prepared statements.
pub(super) struct Statements<'a>(&'a Connection);

impl<'a> Db<'a> {
    pub(super) fn new(connection: &'a Connection, key: &'a MasterKey, clock: &'a Clock) -> Self {
        Self {
            statements: Statements(connection),
            key,
            clock,
        }
    }

    /// The time by the store's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.statements.0.prepare_cached(sql)?.execute(params)?)
    }

    /// The first row, if any.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&mut Columns<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.statements.0.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        match rows.next()? {
            Some(row) => read(&mut Columns { row, at: 0 }).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&mut Columns<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.statements.0.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&mut Columns { row, at: 0 })?);
        }
        Ok(found)
    }

    /// The single value of a query that always has one.
    pub(super) fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError> {
        Ok(self
            .statements
            .0
            .prepare_cached(sql)?
            .query_row(params, |row| row.get(0))?)
    }

    /// The single value of a query that may have no row.
    pub(super) fn optional<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<Option<T>, StoreError> {
        Ok(self
            .statements
            .0
            .prepare_cached(sql)?
            .query_row(params, |row| row.get(0))
            .optional()?)
    }

    pub(super) fn last_row(&self) -> i64 {
        self.statements.0.last_insert_rowid()
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        self.statements.0
    }

    pub(super) fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        self.key.seal(context, plain)
    }

    pub(super) fn unseal(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.key.open(context, sealed)?)
    }
}

/// The columns of one row, taken from left to right.
pub(super) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    at: usize,
}

impl Columns<'_, '_> {
    pub(super) fn next<T: FromSql>(&mut self) -> Result<T, StoreError> {
        let value = self.row.get(self.at)?;
        self.at += 1;
        Ok(value)
    }

    pub(super) fn time(&mut self, what: &'static str) -> Result<Timestamp, StoreError> {
        let milliseconds = self.next()?;
        from_ms(what, milliseconds)
    }

    pub(super) fn optional_time(&mut self, what: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let milliseconds: Option<i64> = self.next()?;
        milliseconds.map(|milliseconds| from_ms(what, milliseconds)).transpose()
    }

    /// A text column that holds one word of a closed list.
    pub(super) fn word<T>(
        &mut self,
        what: &'static str,
        from_text: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text: String = self.next()?;
        from_text(&text).ok_or_else(|| StoreError::unreadable(what, text))
    }

    pub(super) fn unsigned(&mut self, what: &'static str) -> Result<u64, StoreError> {
        let number: i64 = self.next()?;
        u64::try_from(number).map_err(|_| StoreError::unreadable(what, number))
    }
}

/// Milliseconds since 1970.
pub(super) fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(super) fn optional_ms(time: Option<Timestamp>) -> Option<i64> {
    time.map(ms)
}

pub(super) fn from_ms(what: &'static str, milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::unreadable(what, milliseconds))
}

/// SQLite has no unsigned numbers; limits above its largest mean the same as the largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A word as serde writes it, for enums whose stored form is their serialised one.
pub(super) fn word_of<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::unreadable(what, "not a word")),
    }
}

/// The value a stored word stands for, by serde.
pub(super) fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
