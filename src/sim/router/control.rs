//! What a test or the demo does to the router from outside its API: faults, people, devices, and a look at
//! what is there.

use std::time::Duration;

use jiff::SignedDuration;

use super::faults::{CutAt, Misbehaviour};
use super::hotspot::{Attempt, Way};
use super::world::{Row, World};
use super::{SimRouter, menus, values};

/// A hotspot user, with what only its router knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimUser {
    pub id: String,
    pub name: String,
    pub password: String,
    pub server: String,
    pub profile: String,
    pub comment: String,
    pub email: String,
    /// 0: none.
    pub limit_uptime_s: u64,
    /// 0: none.
    pub limit_bytes_total: u64,
    pub uptime_s: u64,
    pub disabled: bool,
}

/// A user who is online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimActive {
    pub id: String,
    pub user: String,
    pub address: String,
    pub mac: String,
    pub server: String,
    pub uptime_s: u64,
}

/// A device that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimHost {
    pub mac: String,
    pub address: String,
    pub server: String,
    pub authorized: bool,
}

impl SimRouter {
    /// Waits this long before each answer.
    pub fn set_delay(&self, delay: Option<Duration>) {
        self.shared.lock().faults.delay = delay;
    }

    /// Waits this long after each byte.
    pub fn set_trickle(&self, pause: Option<Duration>) {
        self.shared.lock().faults.trickle = pause;
    }

    /// Takes logins and never answers them.
    pub fn set_silent_login(&self, silent: bool) {
        self.shared.lock().faults.silent_login = silent;
    }

    /// Answers commands that came together sentence by sentence in turn, the last first.
    pub fn set_interleave(&self, interleave: bool) {
        self.shared.lock().faults.interleave = interleave;
    }

    /// Cuts the connection at the `nth` (from 1) `add` of a hotspot user from now on, once.
    pub fn cut_at_add(&self, nth: usize, at: CutAt) {
        self.shared.lock().faults.cut_at_add(nth, at);
    }

    /// Answers each `add` of a hotspot user as done and adds nothing.
    pub fn set_hollow_adds(&self, hollow: bool) {
        self.shared.lock().faults.hollow_adds = hollow;
    }

    /// Cuts the connection at the next `add` of a script, once.
    pub fn cut_at_script(&self, at: CutAt) {
        self.shared.lock().faults.script_cut = Some(at);
    }

    /// Refuses every `add` of a script as if rights were missing.
    pub fn set_refuse_scripts(&self, refuse: bool) {
        self.shared.lock().faults.refuse_scripts = refuse;
    }

    /// Takes back a cut that has not happened.
    pub fn spare_adds(&self) {
        self.shared.lock().faults.spare_adds();
    }

    pub fn misbehave(&self, misbehaviour: Option<Misbehaviour>) {
        self.shared.lock().faults.misbehaviour = misbehaviour;
    }

    /// The sentences received so far, words joined by spaces, without tags and passwords.
    pub fn commands(&self) -> Vec<String> {
        self.shared.lock().commands.iter().cloned().collect()
    }

    pub fn clear_commands(&self) {
        self.shared.lock().commands.clear();
    }

    /// Logins that succeeded.
    pub fn logins(&self) -> usize {
        self.shared.lock().logins
    }

    /// Connections that are open now.
    pub fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Waits until nobody is connected.
    pub async fn wait_until_alone(&self) {
        let mut connections = self.shared.connections.subscribe();
        // The sender lives as long as `self`.
        drop(connections.wait_for(|count| *count == 0).await);
    }

    /// The hotspot users, without the router's own `default-trial`.
    pub fn users(&self) -> Vec<SimUser> {
        let mut inner = self.shared.lock();
        inner.world.settle();
        let world = &inner.world;
        world
            .rows(menus::USER)
            .iter()
            .filter(|row| !row.is("default", b"true"))
            .map(|row| sim_user(world, row))
            .collect()
    }

    pub fn user(&self, name: &str) -> Option<SimUser> {
        self.users().into_iter().find(|user| user.name == name)
    }

    pub fn active(&self) -> Vec<SimActive> {
        let mut inner = self.shared.lock();
        inner.world.settle();
        let rows = inner.world.shown(menus::ACTIVE);
        rows.iter()
            .map(|row| SimActive {
                id: row.id_text(),
                user: row.text("user"),
                address: row.text("address"),
                mac: row.text("mac-address"),
                server: row.text("server"),
                uptime_s: values::seconds_of(row.get("uptime").unwrap_or_default()),
            })
            .collect()
    }

    pub fn hosts(&self) -> Vec<SimHost> {
        let inner = self.shared.lock();
        let host = |row: &Row| SimHost {
            mac: row.text("mac-address"),
            address: row.text("address"),
            server: row.text("server"),
            authorized: row.is("authorized", b"true"),
        };
        inner.world.rows(menus::HOST).iter().map(host).collect()
    }

    pub fn is_online(&self, mac: &str) -> bool {
        let mut inner = self.shared.lock();
        inner.world.settle();
        values::mac(mac).is_some_and(|mac| inner.world.is_active(&mac))
    }

    /// A device sends its first packet, or comes back with another address.
    pub fn add_host(&self, address: &str, mac: &str, server: &str) {
        self.remove_host(mac);
        let mac = values::mac(mac).unwrap_or_else(|| mac.to_owned());
        let mut inner = self.shared.lock();
        inner.world.fill(
            menus::HOST,
            &[
                ("address", address.as_bytes()),
                ("to-address", address.as_bytes()),
                ("mac-address", mac.as_bytes()),
                ("server", server.as_bytes()),
                ("authorized", b"false"),
                ("bypassed", b"false"),
            ],
        );
    }

    /// A device leaves; its session ends.
    pub fn remove_host(&self, mac: &str) {
        self.log_off(mac);
        let mac = values::mac(mac).unwrap_or_else(|| mac.to_owned());
        self.shared
            .lock()
            .world
            .retain(menus::HOST, |host| !host.is("mac-address", mac.as_bytes()));
    }

    /// Ends the sessions of a device, as its owner would with the logout button.
    pub fn log_off(&self, mac: &str) {
        let mac = values::mac(mac).unwrap_or_else(|| mac.to_owned());
        let mut inner = self.shared.lock();
        let sessions: Vec<u64> = inner
            .world
            .rows(menus::ACTIVE)
            .iter()
            .filter(|row| row.is("mac-address", mac.as_bytes()))
            .map(|row| row.id)
            .collect();
        sessions.into_iter().for_each(|id| inner.world.log_off(id));
    }

    /// What the login page of the router does with a form: the device, which must have been seen
    /// (`add_host`), goes online as `user`. The error is the sentence the page would show.
    pub async fn http_login(&self, user: &str, password: &str, ip: &str, mac: &str) -> Result<(), String> {
        if !self.is_on() {
            return Err("the router is off".to_owned());
        }
        let mac = values::mac(mac).ok_or("no MAC address")?;
        let attempt = Attempt {
            user: user.as_bytes(),
            password: password.as_bytes(),
            address: ip,
            mac: Some(&mac),
            way: Way::Form,
        };
        let outcome = self.shared.lock().world.log_in(&attempt);
        self.shared.changed();
        outcome.map_err(|refusal| refusal.message)
    }

    pub fn add_profile(&self, name: &str) {
        self.shared
            .lock()
            .world
            .fill(menus::USER_PROFILE, &[("name", name.as_bytes())]);
    }

    pub fn remove_profile(&self, name: &str) {
        self.shared
            .lock()
            .world
            .retain(menus::USER_PROFILE, |row| !row.is("name", name.as_bytes()));
    }

    /// Somebody has a scheduler of this name.
    pub fn add_scheduler(&self, name: &str) {
        self.shared
            .lock()
            .world
            .fill(menus::SCHEDULER, &[("name", name.as_bytes())]);
    }

    /// A sale that some Mikhmon recorded.
    pub fn add_sale_record(&self, name: &str, owner: &str, source: &str) {
        let values: [(&str, &[u8]); 4] = [
            ("name", name.as_bytes()),
            ("owner", owner.as_bytes()),
            ("source", source.as_bytes()),
            ("comment", b"mikhmon"),
        ];
        self.shared.lock().world.fill(menus::SCRIPT, &values);
    }

    pub fn add_server(&self, name: &str) {
        self.shared
            .lock()
            .world
            .fill(menus::SERVER, &[("name", name.as_bytes()), ("profile", b"hsprof1")]);
    }

    pub fn remove_server(&self, name: &str) {
        self.shared
            .lock()
            .world
            .retain(menus::SERVER, |row| !row.is("name", name.as_bytes()));
    }

    /// Somebody else adds a user. Values are bytes: not everybody writes ASCII.
    pub fn add_user(&self, server: &str, name: &str, password: &str, comment: &[u8]) {
        let values: [(&str, &[u8]); 4] = [
            ("server", server.as_bytes()),
            ("name", name.as_bytes()),
            ("password", password.as_bytes()),
            ("comment", comment),
        ];
        self.shared.lock().world.fill(menus::USER, &values);
        self.shared.changed();
    }

    /// A user has downloaded and uploaded something.
    pub fn set_bytes(&self, name: &str, bytes_in: u64, bytes_out: u64) {
        let mut inner = self.shared.lock();
        let id = inner.world.named(menus::USER, name.as_bytes()).map(|row| row.id);
        if let Some(row) = id.and_then(|id| inner.world.row_mut(menus::USER, id)) {
            row.bytes = (bytes_in, bytes_out);
        }
    }

    /// All hotspot users are gone, as after an old backup was restored.
    pub fn forget_users(&self) {
        self.shared
            .lock()
            .world
            .retain(menus::USER, |row| row.is("default", b"true"));
    }

    /// Somebody edits a row by hand; false if there is none of this name.
    pub fn set_property(&self, menu: &str, name: &str, property: &str, value: &[u8]) -> bool {
        let mut inner = self.shared.lock();
        let id = inner.world.named(menu, name.as_bytes()).map(|row| row.id);
        let row = id.and_then(|id| inner.world.row_mut(menu, id));
        row.map(|row| row.set(property, value)).is_some()
    }

    /// A property of the row of this name.
    pub fn property(&self, menu: &str, name: &str, property: &str) -> Option<Vec<u8>> {
        let inner = self.shared.lock();
        inner
            .world
            .named(menu, name.as_bytes())?
            .get(property)
            .map(<[u8]>::to_vec)
    }

    /// The names of a menu's rows; of rows without a name the comments.
    pub fn names(&self, menu: &str) -> Vec<String> {
        let inner = self.shared.lock();
        let name = |row: &Row| {
            if row.get("name").is_some() {
                row.text("name")
            } else {
                row.text("comment")
            }
        };
        inner.world.rows(menu).iter().map(name).collect()
    }

    /// Mikhmon's monitors have run, as they do every few minutes.
    pub fn run_monitors(&self) {
        self.shared.lock().world.run_monitors();
    }

    /// From now on a scheduler's next run is told in the short form (`06-16 10:15:00`), which the stock script does not know.
    pub fn set_short_next_run(&self, short: bool) {
        self.shared.lock().world.short_next_run = short;
    }

    /// Somebody adds a row by hand; a menu that the router lacks stays away.
    pub fn add_row(&self, menu: &str, values: &[(&str, &str)]) {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        if let Some(menu) = menus::find(menu) {
            self.shared.lock().world.fill(menu.path, &values);
        }
    }

    /// Somebody takes the rows away that have this value.
    pub fn remove_rows(&self, menu: &str, property: &str, value: &str) {
        self.shared
            .lock()
            .world
            .retain(menu, |row| !row.is(property, value.as_bytes()));
    }

    /// Somebody edits a menu that is one record.
    pub fn set_record(&self, menu: &str, property: &str, value: &str) {
        let mut inner = self.shared.lock();
        let id = inner.world.rows(menu).first().map(|row| row.id);
        if let Some(row) = id.and_then(|id| inner.world.row_mut(menu, id)) {
            row.set(property, value);
        }
    }

    /// The router tells neither its zone nor how far it is from UTC.
    pub fn hide_zone(&self) {
        self.shared.lock().world.hides_offset = true;
    }

    /// What the router says of its version from now on, such as `7.15.3 (stable)`; its dates follow.
    pub fn set_version(&self, text: &str) {
        self.shared.lock().world.version_text = text.to_owned();
    }

    /// The router as its owner should leave it: phones reach `hosts` before they paid, and its API answers the
    /// addresses `from` alone.
    pub fn make_ready<'a>(&self, from: &str, hosts: impl IntoIterator<Item = &'a str>) {
        for host in hosts {
            let comment = format!("mikrelay {host}");
            self.add_row(menus::GARDEN_IP, &[("dst-host", host), ("comment", &comment)]);
        }
        self.set_property(menus::SERVICE, "api", "address", from.as_bytes());
        self.set_property(menus::SERVICE, "api-ssl", "address", from.as_bytes());
    }

    /// Puts the router's clock ahead, or behind with a negative number.
    pub fn set_clock_skew_s(&self, seconds: i64) {
        self.shared.lock().world.skew = SignedDuration::from_secs(seconds);
    }
}

fn sim_user(world: &World, row: &Row) -> SimUser {
    let number = |name: &str| row.text(name).parse().unwrap_or(0);
    SimUser {
        id: row.id_text(),
        name: row.text("name"),
        password: row.text("password"),
        server: row.text("server"),
        profile: row.text("profile"),
        comment: row.text("comment"),
        email: row.text("email"),
        limit_uptime_s: row.get("limit-uptime").map_or(0, values::seconds_of),
        limit_bytes_total: number("limit-bytes-total"),
        uptime_s: world.uptime(row),
        disabled: row.is("disabled", b"true"),
    }
}
