//! What Mikhmon's scripts do on the router, as their effects: the stock on-login script, its two kinds of repair, and
//! the monitor that each profile has. Facts: `mikhmon.md` 2.2, 2.3, 3.1 and 6.
//!
//! The scripts are not run. Their pauses are left out, and a profile's monitor is taken to be of its on-login's kind.

use jiff::civil::{Date, DateTime};

use super::menus::{ACTIVE, SCHEDULER, SCRIPT, USER};
use super::values::{date_text, date_time_text};
use super::world::{Row, World};
use crate::plan::TimeLimit;

impl World {
    /// The effect of a profile's on-login script at a login, at once instead of after ten seconds.
    pub fn run_mikhmon(&mut self, user: &Row, address: &str, mac: &str) {
        let script = self.on_login_of(user);
        let Some(sale) = Sale::read(&script) else { return };
        let (name, comment) = (user.text("name"), user.text("comment"));
        let fresh = comment.is_empty() || comment.starts_with("vc") || comment.starts_with("up");
        // The script makes a scheduler of the user's name and stops where one exists.
        if !fresh || self.named(SCHEDULER, name.as_bytes()).is_some() {
            return;
        }
        // The repaired script turns every date into the old form before it goes on.
        let iso = self.iso_dates() && sale.kind != Kind::Converting;
        let local = self.local();
        let next_run = self.next_run(sale.validity_s, iso);
        if let Some(user) = self.row_mut(USER, user.id) {
            if let Some(next_run) = next_run {
                user.set("comment", next_run);
            }
            if sale.locks {
                user.set("mac-address", mac);
            }
        }
        if sale.records {
            let date = date_text(local.date(), iso);
            let time = local.time().strftime("%H:%M:%S").to_string();
            let (price, validity, profile) = (&sale.price, &sale.validity, user.text("profile"));
            let record =
                format!("{date}-|-{time}-|-{name}-|-{price}-|-{address}-|-{mac}-|-{validity}-|-{profile}-|-{comment}");
            let owner = sale.kind.month_of(&date);
            self.fill(
                SCRIPT,
                &[
                    ("name", record.as_bytes()),
                    ("owner", owner.as_bytes()),
                    ("source", date.as_bytes()),
                    ("comment", b"mikhmon"),
                ],
            );
        }
    }

    /// What each profile's monitor does every few minutes: it ends whose time is over, if it can read it.
    pub fn run_monitors(&mut self) {
        let (now, iso) = (self.local(), self.iso_dates());
        let over: Vec<(u64, bool)> = self
            .rows(USER)
            .iter()
            .filter_map(|user| {
                let sale = Sale::read(&self.on_login_of(user))?;
                let end = sale.kind.monitored(&user.text("comment"), iso)?;
                (end < now).then_some((user.id, sale.removes))
            })
            .collect();
        for (id, removes) in over {
            let name = self.row(USER, id).map(|user| user.text("name")).unwrap_or_default();
            let of_user = |row: &&Row| row.is("user", name.as_bytes());
            let sessions: Vec<u64> = self.rows(ACTIVE).iter().filter(of_user).map(|row| row.id).collect();
            sessions.into_iter().for_each(|id| self.log_off(id));
            if removes {
                self.remove(USER, id);
            } else if let Some(user) = self.row_mut(USER, id) {
                user.set("limit-uptime", "1s");
            }
        }
    }

    fn on_login_of(&self, user: &Row) -> String {
        self.profile_of(user)
            .map(|row| row.text("on-login"))
            .unwrap_or_default()
    }

    /// What the script writes over the comment; nothing where next-run is in a form that it does not know.
    fn next_run(&self, seconds: u64, iso: bool) -> Option<String> {
        let text = date_time_text(self.local_in(seconds), iso);
        let is_unknown = iso && self.short_next_run;
        (!is_unknown).then_some(text)
    }
}

/// Which of the scripts in the field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Stock,
    /// Turns ISO dates into the old form.
    Converting,
    /// Made for ISO dates.
    Iso,
}

impl Kind {
    fn of(script: &str) -> Self {
        if script.contains("= \"-\"") {
            Self::Converting
        } else if script.contains(":pick $date 0 4") {
            Self::Iso
        } else {
            Self::Stock
        }
    }

    /// The characters that the script picks out of its date.
    fn month_of(self, date: &str) -> String {
        let pick = |from, to| date.get(from..to).unwrap_or_default();
        match self {
            Self::Iso => format!("{}{}", pick(5, 7), pick(0, 4)),
            Self::Stock | Self::Converting => format!("{}{}", pick(0, 3), date.get(7..).unwrap_or_default()),
        }
    }

    /// The end that the monitor reads out of a comment. It reads one form, and compares it with the router's own date,
    /// which the stock one cannot read in the other form.
    fn monitored(self, comment: &str, iso: bool) -> Option<DateTime> {
        let (day, time) = comment.split_once(' ')?;
        let time = time.get(..8)?.parse().ok()?;
        let date: Date = match self {
            Self::Iso => day.parse().ok()?,
            Self::Stock if iso => return None,
            Self::Stock | Self::Converting => Date::strptime("%b/%d/%Y", day).ok()?,
        };
        Some(date.to_datetime(time))
    }
}

/// What a Mikhmon profile sells, from the first statement of its on-login script.
struct Sale {
    kind: Kind,
    price: String,
    validity: String,
    validity_s: u64,
    /// Modes `remc` and `ntfc` write a sale record.
    records: bool,
    /// Modes `rem` and `remc` remove who is over.
    removes: bool,
    locks: bool,
}

impl Sale {
    fn read(script: &str) -> Option<Self> {
        let list = script.trim_start().strip_prefix(":put (\"")?.split('"').next()?;
        let fields: Vec<&str> = list.split(',').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let mode = field(1);
        if !matches!(mode, "rem" | "ntf" | "remc" | "ntfc") {
            return None;
        }
        Some(Self {
            kind: Kind::of(script),
            price: field(2).to_owned(),
            validity: field(3).to_owned(),
            validity_s: TimeLimit::parse(field(3)).ok()?.seconds,
            records: mode.ends_with('c'),
            removes: mode.starts_with("rem"),
            locks: field(6) == "Enable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mikhmon_profile_is_read_from_its_script() {
        let sale = Sale::read(r#":put (",remc,500,1d,600,,Enable,"); :local x 1"#).unwrap();
        assert_eq!(
            (sale.price.as_str(), sale.validity_s, sale.records, sale.locks),
            ("500", 86_400, true, true)
        );
        assert!(!Sale::read(r#":put (",ntf,500,1d,600,,Disable,");"#).unwrap().records);
        for script in ["", r#":put (",,500,,,noexp,Disable,");"#, ":log info hi"] {
            assert!(Sale::read(script).is_none(), "{script}");
        }
    }

    #[test]
    fn each_script_makes_of_a_date_what_it_can() {
        for (kind, date, month) in [
            (Kind::Stock, "jun/15/2026", "jun2026"),
            (Kind::Stock, "2026-06-15", "202-15"),
            (Kind::Converting, "jun/15/2026", "jun2026"),
            (Kind::Iso, "2026-06-15", "062026"),
        ] {
            assert_eq!(kind.month_of(date), month, "{kind:?} {date}");
        }
        let end = jiff::civil::date(2026, 6, 16).at(10, 15, 0, 0);
        for (kind, comment, iso, read) in [
            (Kind::Stock, "jun/16/2026 10:15:00", false, Some(end)),
            (Kind::Stock, "2026-06-16 10:15:00", true, None),
            (Kind::Converting, "jun/16/2026 10:15:00", true, Some(end)),
            (Kind::Iso, "2026-06-16 10:15:00", true, Some(end)),
            (Kind::Stock, "vc-417-06.15.26-", false, None),
        ] {
            assert_eq!(kind.monitored(comment, iso), read, "{kind:?} {comment}");
        }
    }
}
