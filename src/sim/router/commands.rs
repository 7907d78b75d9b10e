//! What each command does to the router. Facts: `routeros.md` 1.2, 1.3 and 2.
//!
//! `copy-from` and `place-before` are not imitated and are refused as unknown parameters.

use super::SimVersion;
use super::hotspot::{Attempt, Way};
use super::menus::{self, Menu};
use super::query;
use super::values::{self, Kind};
use super::world::{Refusal, Row, World, complete};

/// A command that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Each row as its attribute words.
    pub rows: Vec<Vec<Vec<u8>>>,
    pub ret: Option<Vec<u8>>,
    /// A `print` that found nothing; from 7.18 on it says so.
    pub empty: bool,
}

/// Carries out one command for a logged-in user.
pub(super) fn execute(world: &mut World, user: &str, words: &[Vec<u8>]) -> Result<Done, Refusal> {
    let path = String::from_utf8_lossy(words.first().map_or(&[], Vec::as_slice)).into_owned();
    let (menu, command) = path.rsplit_once('/').unwrap_or(("", &path));
    let known = menus::find(menu).filter(|menu| menu.path != menus::DEVICE_MODE || world.version == SimVersion::V7);
    let menu = known.ok_or_else(|| Refusal::of(0, "no such command prefix"))?;
    if !menu.commands.contains(&command) {
        return Err(Refusal::of(0, "no such command"));
    }
    let policies = world.policies(user);
    let needed: &[&str] = match command {
        "print" => &["read"],
        _ if menu.path.starts_with("/user") => &["write", "policy"],
        _ => &["write"],
    };
    if !needed.iter().all(|name| policies.contains(*name)) {
        return Err(Refusal::new("not enough permissions (9)"));
    }
    world.settle();
    let call = Call {
        menu,
        attributes: attributes(words),
        words,
        sensitive: policies.contains("sensitive"),
    };
    match command {
        "print" => call.print(world),
        "add" => call.add(world, &policies),
        "login" => call.log_in(world),
        _ => call.change(world, command),
    }
}

/// The attribute words of a row, as `print` and `listen` send them.
pub(super) fn row_words(menu: &Menu, row: &Row, columns: Option<&[String]>, sensitive: bool) -> Vec<Vec<u8>> {
    let id = (!menu.is_record()).then(|| (".id".to_owned(), row.id_text().into_bytes()));
    let values = row.values.iter().map(|(name, value)| (name.clone(), value.clone()));
    id.into_iter()
        .chain(values)
        .filter(|(name, value)| !value.is_empty() && columns.is_none_or(|columns| columns.contains(name)))
        .filter(|(name, _)| sensitive || menu.kind(name) != Some(Kind::Secret))
        .map(|(name, value)| [b"=", name.as_bytes(), b"=", &value].concat())
        .collect()
}

/// `=name=value`, split at the second `=`; some clients leave it out before an empty value.
pub(super) fn attributes(words: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let split = |word: &Vec<u8>| {
        let rest = word.strip_prefix(b"=")?;
        let at = rest.iter().position(|byte| *byte == b'=').unwrap_or(rest.len());
        let (name, value) = rest.split_at(at);
        Some((
            String::from_utf8_lossy(name).into_owned(),
            value.get(1..).unwrap_or_default().to_vec(),
        ))
    };
    words.iter().skip(1).filter_map(split).collect()
}

struct Call<'a> {
    menu: &'static Menu,
    attributes: Vec<(String, Vec<u8>)>,
    words: &'a [Vec<u8>],
    sensitive: bool,
}

impl Call<'_> {
    fn attribute(&self, name: &str) -> Option<&[u8]> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_slice())
    }

    fn print(&self, world: &World) -> Result<Done, Refusal> {
        if let Some((unknown, _)) = self
            .attributes
            .iter()
            .find(|(name, _)| !PRINT_WORDS.contains(&name.as_str()))
        {
            return Err(Refusal::new(format!("unknown parameter {unknown}")));
        }
        let record = || vec![world.record(self.menu.path)];
        let mut rows = if self.menu.is_record() {
            record()
        } else {
            world.shown(self.menu.path)
        };
        rows.retain(|row| query::matches(self.words, |name| shown_value(row, name)));
        if let Some(wanted) = self.attribute(".id") {
            rows.retain(|row| {
                wanted
                    .split(|byte| *byte == b',')
                    .any(|id| id == row.id_text().as_bytes())
            });
        }
        if self.attribute("count-only").is_some() {
            return Ok(Done {
                ret: Some(rows.len().to_string().into_bytes()),
                ..Done::default()
            });
        }
        let columns: Option<Vec<String>> = self.attribute(".proplist").map(|list| {
            String::from_utf8_lossy(list)
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect()
        });
        let words = |row: &Row| row_words(self.menu, row, columns.as_deref(), self.sensitive);
        Ok(Done {
            empty: rows.is_empty(),
            rows: rows.iter().map(words).collect(),
            ret: None,
        })
    }

    fn add(&self, world: &mut World, policies: &std::collections::BTreeSet<String>) -> Result<Done, Refusal> {
        let mut row = Row::default();
        self.assign(world, &mut row, &[])?;
        if let Some(missing) = self
            .menu
            .required
            .iter()
            .find(|name| row.get(name).is_none_or(<[u8]>::is_empty))
        {
            return Err(Refusal::new(format!("missing value(s) of argument(s) {missing}")));
        }
        complete(self.menu, &mut row);
        self.check_unique(world, &row)?;
        let rights = row.text("policy");
        if self.menu.path == menus::SCRIPT && !rights.split(',').all(|right| policies.contains(right)) {
            return Err(Refusal::new("failure: cannot use disabled policies"));
        }
        let id = world.insert(self.menu.path, row);
        Ok(Done {
            ret: Some(format!("*{id:X}").into_bytes()),
            ..Done::default()
        })
    }

    fn change(&self, world: &mut World, command: &str) -> Result<Done, Refusal> {
        for id in self.selected(world)? {
            match (command, self.menu.path) {
                ("remove", menus::ACTIVE) => world.log_off(id),
                ("remove", path) => drop(world.remove(path, id)),
                _ => {
                    let mut row = world.row(self.menu.path, id).cloned().unwrap_or_default();
                    self.edit(world, command, &mut row)?;
                    self.check_unique(world, &row)?;
                    if let Some(kept) = world.row_mut(self.menu.path, id) {
                        *kept = row;
                    }
                }
            }
        }
        Ok(Done::default())
    }

    fn edit(&self, world: &World, command: &str, row: &mut Row) -> Result<(), Refusal> {
        match command {
            "enable" => row.set("disabled", "false"),
            "disable" => row.set("disabled", "true"),
            "comment" => row.set("comment", self.attribute("comment").unwrap_or_default()),
            "reset-counters" => {
                row.used_s = 0;
                row.bytes = (0, 0);
                if self.menu.kind("limit-uptime").is_none() {
                    row.set("hits", "0");
                }
            }
            _ => self.assign(world, row, &[".id"])?,
        }
        Ok(())
    }

    /// Reads the given values into a row; `selectors` are no values.
    fn assign(&self, world: &World, row: &mut Row, selectors: &[&str]) -> Result<(), Refusal> {
        for (name, value) in self
            .attributes
            .iter()
            .filter(|(name, _)| !selectors.contains(&name.as_str()))
        {
            let kind = self
                .menu
                .kind(name)
                .ok_or_else(|| Refusal::new(format!("unknown parameter {name}")))?;
            let kept = match kind {
                Kind::Reference(path, extra) => resolve(world, name, path, extra, value)?,
                kind => values::normal(kind, value)
                    .ok_or_else(|| Refusal::of(1, format!("invalid value for argument {name}")))?,
            };
            row.set(name, kept);
        }
        Ok(())
    }

    fn check_unique(&self, world: &World, row: &Row) -> Result<(), Refusal> {
        let Some((properties, refusal)) = self.menu.unique else {
            return Ok(());
        };
        let same = |other: &Row| other.id != row.id && properties.iter().all(|name| other.get(name) == row.get(name));
        if world.rows(self.menu.path).iter().any(same) {
            Err(Refusal::new(refusal))
        } else {
            Ok(())
        }
    }

    /// The ids of the rows that `.id` names, by id or by name.
    fn selected(&self, world: &World) -> Result<Vec<u64>, Refusal> {
        let rows = world.rows(self.menu.path);
        if self.menu.is_record() {
            return Ok(rows.iter().map(|row| row.id).collect());
        }
        if self.attribute("numbers").is_some() {
            return Err(Refusal::new("unknown parameter numbers"));
        }
        let ids = self
            .attribute(".id")
            .filter(|ids| !ids.is_empty())
            .ok_or_else(|| Refusal::of(0, "expected item id"))?;
        let find = |wanted: &[u8]| {
            let row = rows
                .iter()
                .find(|row| row.id_text().as_bytes() == wanted || row.is("name", wanted));
            row.map(|row| row.id).ok_or_else(|| Refusal::of(0, "no such item"))
        };
        ids.split(|byte| *byte == b',').map(find).collect()
    }

    fn log_in(&self, world: &mut World) -> Result<Done, Refusal> {
        const KNOWN: [&str; 5] = ["user", "password", "ip", "mac-address", "domain"];
        if let Some((unknown, _)) = self.attributes.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(Refusal::new(format!("unknown parameter {unknown}")));
        }
        let text = |name| {
            self.attribute(name)
                .map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let address = text("ip").unwrap_or_default();
        if address.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(Refusal::of(1, "invalid value for argument ip"));
        }
        let mac = match text("mac-address") {
            None => None,
            Some(mac) => Some(
                values::mac(&mac)
                    .ok_or_else(|| Refusal::of(1, "invalid value of mac-address, mac address required"))?,
            ),
        };
        world.log_in(&Attempt {
            user: self.attribute("user").unwrap_or_default(),
            password: self.attribute("password").unwrap_or_default(),
            address: &address,
            mac: mac.as_deref(),
            way: Way::Api,
        })?;
        Ok(Done::default())
    }
}

/// A property as a query sees it.
fn shown_value(row: &Row, name: &str) -> Option<Vec<u8>> {
    if name == ".id" {
        return Some(row.id_text().into_bytes());
    }
    row.get(name).filter(|value| !value.is_empty()).map(<[u8]>::to_vec)
}

/// A name, or the unique beginning of one.
fn resolve(world: &World, argument: &str, path: &str, extra: &[&str], value: &[u8]) -> Result<Vec<u8>, Refusal> {
    let names = world
        .rows(path)
        .iter()
        .filter_map(|row| row.get("name"))
        .chain(extra.iter().map(|word| word.as_bytes()));
    let fitting: Vec<&[u8]> = names
        .filter(|name| !value.is_empty() && name.starts_with(value))
        .collect();
    if let Some(exact) = fitting.iter().find(|name| **name == value) {
        return Ok(exact.to_vec());
    }
    match fitting.as_slice() {
        [only] => Ok(only.to_vec()),
        [] => Err(Refusal::of(1, format!("input does not match any value of {argument}"))),
        _ => Err(Refusal::of(
            1,
            format!("ambiguous value of {argument}, more than one possible value matches input"),
        )),
    }
}

/// The attributes `print` takes.
const PRINT_WORDS: &[&str] = &[
    ".proplist",
    ".id",
    "count-only",
    "detail",
    "stats",
    "without-paging",
    "from",
];
