//! A sale record: one script on the router that never runs, and from which Mikhmon's reports are made.
//! Format: facts `mikhmon.md` 3.1 and 3.2; its two forms: 6.

use jiff::civil::DateTime;

/// The comment by which Mikhmon finds all its records.
pub const MARK: &str = "mikhmon";

/// In which form the records of a router have their dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordDates {
    /// `jun/15/2026`, month `jun2026`.
    #[default]
    Old,
    /// `2026-06-15`, month `062026`.
    Iso,
}

impl RecordDates {
    /// The form of a record by its `owner`. Nothing for what no Mikhmon can find again, such as the `202-15` that the
    /// stock script makes of an ISO date.
    pub fn of_owner(owner: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (month, year) = owner.split_at_checked(owner.len().checked_sub(4)?)?;
        match month.len() {
            2 if digits(owner) => Some(Self::Iso),
            3 if digits(year) && MONTHS.contains(&month.to_ascii_lowercase().as_str()) => Some(Self::Old),
            _ => None,
        }
    }

    fn date(self, at: DateTime) -> String {
        match self {
            Self::Iso => at.date().to_string(),
            Self::Old => format!("{}/{:02}/{:04}", month_name(at), at.day(), at.year()),
        }
    }

    fn month(self, at: DateTime) -> String {
        match self {
            Self::Iso => format!("{:02}{:04}", at.month(), at.year()),
            Self::Old => format!("{}{:04}", month_name(at), at.year()),
        }
    }
}

/// A record, ready to be added as a script. The name holds the code, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SaleRecord {
    pub name: String,
    /// Month and year: the key of Mikhmon's monthly report.
    pub owner: String,
    /// The day: the key of its daily report.
    pub source: String,
}

impl std::fmt::Debug for SaleRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SaleRecord")
            .field("owner", &self.owner)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What was sold. Mikhmon shows all of it as HTML, unescaped: nothing here may be a customer's own words.
#[derive(Clone, Debug)]
pub struct Sold<'a> {
    pub user: &'a str,
    /// Digits, with a point where the currency has cents.
    pub price: &'a str,
    /// `-` where it is not known; so with `mac`.
    pub ip: &'a str,
    pub mac: &'a str,
    pub validity: &'a str,
    pub profile: &'a str,
    /// The user's comment before the first login.
    pub comment: &'a str,
}

impl SaleRecord {
    /// The record of a sale at a moment of the router's own clock.
    pub fn new(at: DateTime, dates: RecordDates, sold: &Sold<'_>) -> Self {
        let time = at.time().strftime("%H:%M:%S").to_string();
        let date = dates.date(at);
        let fields = [
            date.as_str(),
            &time,
            sold.user,
            sold.price,
            sold.ip,
            sold.mac,
            sold.validity,
            sold.profile,
            sold.comment,
        ];
        // A field that holds the separator would shift all that follow it.
        let whole = fields.map(|field| field.replace(SEPARATOR, "-"));
        Self {
            name: whole.join(SEPARATOR),
            owner: dates.month(at),
            source: date,
        }
    }
}

fn month_name(at: DateTime) -> &'static str {
    let index = usize::from(at.month().unsigned_abs()).saturating_sub(1);
    MONTHS.get(index).unwrap_or(&"jan")
}

const SEPARATOR: &str = "-|-";

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn sold() -> Sold<'static> {
        Sold {
            user: "mmab3k9m",
            price: "500",
            ip: "10.5.50.7",
            mac: "AA:BB:CC:DD:EE:01",
            validity: "1d",
            profile: "1J",
            comment: "vc-417-06.05.26-",
        }
    }

    #[test]
    fn a_record_is_mikhmons_to_the_byte() {
        let at = date(2026, 6, 5).at(9, 5, 1, 0);
        let old = SaleRecord::new(at, RecordDates::Old, &sold());
        assert_eq!(
            old.name,
            "jun/05/2026-|-09:05:01-|-mmab3k9m-|-500-|-10.5.50.7-|-AA:BB:CC:DD:EE:01-|-1d-|-1J-|-vc-417-06.05.26-"
        );
        assert_eq!((old.owner.as_str(), old.source.as_str()), ("jun2026", "jun/05/2026"));
        let iso = SaleRecord::new(at, RecordDates::Iso, &sold());
        assert!(
            iso.name.starts_with("2026-06-05-|-09:05:01-|-mmab3k9m-|-500-|-"),
            "{}",
            iso.name
        );
        assert_eq!((iso.owner.as_str(), iso.source.as_str()), ("062026", "2026-06-05"));
    }

    #[test]
    fn the_form_is_known_by_the_month() {
        for (owner, form) in [
            ("jun2026", Some(RecordDates::Old)),
            ("Dec2025", Some(RecordDates::Old)),
            ("062026", Some(RecordDates::Iso)),
            ("202-15", None),
            ("admin", None),
            ("", None),
            ("xyz2026", None),
            ("jun20é6", None),
            ("éé2026", None),
        ] {
            assert_eq!(RecordDates::of_owner(owner), form, "{owner}");
        }
    }

    proptest! {
        #[test]
        fn a_record_always_has_nine_fields(profile in "\\PC{0,20}|(-|\\||a){0,12}", validity in "\\PC{0,8}", month in 1_i8..=12) {
            let at = date(2026, month, 5).at(9, 5, 1, 0);
            for dates in [RecordDates::Old, RecordDates::Iso] {
                let record = SaleRecord::new(at, dates, &Sold { profile: &profile, validity: &validity, ..sold() });
                let fields: Vec<_> = record.name.split("-|-").collect();
                prop_assert!(fields.len() >= 8, "{}", record.name);
                prop_assert_eq!(fields[0], &record.source);
                prop_assert_eq!((fields[2], fields[3]), ("mmab3k9m", "500"));
                prop_assert_eq!(RecordDates::of_owner(&record.owner), Some(dates));
            }
        }

        #[test]
        fn any_owner_is_read_or_refused(owner in "\\PC{0,12}") {
            let _ = RecordDates::of_owner(&owner);
        }
    }
}
