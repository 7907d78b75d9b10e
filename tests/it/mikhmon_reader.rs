//! What Mikhmon 3.20 makes of a router, written after its own pages (facts: mikhmon 3.2 and 4) and without any code of the
//! relay: an independent reader for the tests of what the relay writes.

use mikrelay::sim::router::{SimRouter, SimUser};

const SCRIPTS: &str = "/system/script";

/// One line of a sales report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    pub date: String,
    pub time: String,
    pub user: String,
    pub price: String,
    pub ip: String,
    pub mac: String,
    pub validity: String,
    pub profile: String,
    pub comment: String,
}

/// Which report is looked at: the property it asks for and the key.
pub fn report(router: &SimRouter, property: &str, key: &str) -> Vec<Sale> {
    let has_key = |name: &String| router.property(SCRIPTS, name, property).as_deref() == Some(key.as_bytes());
    router
        .names(SCRIPTS)
        .iter()
        .filter(|name| has_key(name))
        .map(|name| sale(name))
        .collect()
}

/// Keys of the day's and the month's report as the page's own form makes them.
pub fn old_keys(day: &str, month: &str, year: &str) -> (String, String) {
    (format!("{month}/{day}/{year}"), format!("{month}{year}"))
}

fn sale(name: &str) -> Sale {
    let fields: Vec<&str> = name.split("-|-").collect();
    let at = |index: usize| fields.get(index).copied().unwrap_or_default().to_owned();
    Sale {
        date: at(0),
        time: at(1),
        user: at(2),
        price: at(3),
        ip: at(4),
        mac: at(5),
        validity: at(6),
        profile: at(7),
        comment: at(8),
    }
}

/// What the list of batches offers: comment, profile and how many users. All comments with their profiles are joined by
/// commas and split again, and only those stay whose characters from the fourth to the sixth are numeric.
pub fn batches(users: &[SimUser]) -> Vec<(String, String, usize)> {
    let joined: String = users
        .iter()
        .map(|user| format!(",{}#{}", user.comment, user.profile))
        .collect();
    let mut found: Vec<(String, String, usize)> = Vec::new();
    for entry in joined.split(',') {
        let numeric = entry
            .get(3..6)
            .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        if !numeric {
            continue;
        }
        let mut parts = entry.split('#');
        let (comment, profile) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match found
            .iter_mut()
            .find(|(known, of, _)| known == comment && of == profile)
        {
            Some((_, _, count)) => *count += 1,
            None => found.push((comment.to_owned(), profile.to_owned(), 1)),
        }
    }
    found
}

/// The users that a batch's print shows: those of the comment that were never online. The batch's kind is what stands
/// before its first hyphen.
pub fn printed_batch<'a>(users: &'a [SimUser], batch: &str) -> (String, Vec<&'a SimUser>) {
    let kind = batch.split('-').next().unwrap_or_default().to_owned();
    let shown = users.iter().filter(|user| user.comment == batch && user.uptime_s == 0);
    (kind, shown.collect())
}

/// The user that the print button of a line of the list finds: the button says `<kind>-<name>`, and the page takes the
/// last part of that as the name, or the last two of three.
pub fn printed_user<'a>(users: &'a [SimUser], user: &SimUser) -> Option<&'a SimUser> {
    let kind = if user.name == user.password { "vc" } else { "up" };
    let asked = format!("{kind}-{}", user.name);
    let parts: Vec<&str> = asked.split('-').collect();
    let name = match parts.as_slice() {
        [_, first, second] => format!("{first}-{second}"),
        [.., last] => (*last).to_owned(),
        [] => return None,
    };
    users.iter().find(|user| user.name == name)
}

/// Whether the list's line of a user links to its batch.
pub fn links_to_batch(user: &SimUser) -> bool {
    user.comment.starts_with("vc-") || user.comment.starts_with("up-")
}

/// The reader must be able to find fault.
#[test]
fn the_reader_trips_where_mikhmon_does() {
    let user = |name: &str, comment: &str| SimUser {
        id: "*1".to_owned(),
        name: name.to_owned(),
        password: name.to_owned(),
        server: "all".to_owned(),
        profile: "1H".to_owned(),
        comment: comment.to_owned(),
        email: String::new(),
        limit_uptime_s: 0,
        limit_bytes_total: 0,
        uptime_s: 0,
        disabled: false,
    };
    let users = [
        user("mm-ab", "vc-417-06.15.26-"),
        user("a-b-c", "vc-tripay"),
        user("x", "up-Public Sale - 1"),
        user("y", "vc-417-06.15.26-a,b"),
    ];
    assert_eq!(batches(&users).len(), 2, "{:?}", batches(&users));
    assert_eq!(
        batches(&users)[1].0,
        "vc-417-06.15.26-a",
        "what comes after a comma is lost"
    );
    assert!(printed_user(&users, &users[0]).is_some());
    assert!(
        printed_user(&users, &users[1]).is_none(),
        "a name with two hyphens is not found"
    );
}
