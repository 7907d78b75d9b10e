//! Aligned columns for people. What buyers and gateways wrote is cut to one line without control characters,
//! so that no order can move a terminal's cursor.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::shown::shown_up_to;

/// A heading and rows; the last column is not padded.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(heading: &[&str]) -> Self {
        Self {
            rows: vec![heading.iter().map(|&name| name.to_owned()).collect()],
        }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| plain(cell)).collect());
    }

    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// `name: value` under each other; absent values are left out.
pub(super) fn line(out: &mut dyn Write, name: &str, value: Option<impl ToString>) -> io::Result<()> {
    match value {
        Some(value) => writeln!(out, "{:<14}{}", format!("{name}:"), plain(&value.to_string())),
        None => Ok(()),
    }
}

/// One line, whatever was in it.
pub(super) fn plain(text: &str) -> String {
    shown_up_to(text, LONGEST_CELL)
}

/// Seconds in UTC, as logs have them.
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// What is absent, in a table.
pub(super) fn or_dash(value: Option<&str>) -> String {
    value.unwrap_or("-").to_owned()
}

/// Long enough for any sentence of ours; nothing shown is needed to be complete.
const LONGEST_CELL: usize = 240;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(&["ID", "TEXT"]);
        table.row(vec!["1".to_owned(), "été".to_owned()]);
        table.row(vec!["1000".to_owned(), "a\r\n\u{1b}[2Jb".to_owned()]);
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ID    TEXT\n1     été\n1000  a[2Jb\n");
    }
}
