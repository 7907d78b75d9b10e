//! What can be found, in one table: each kind with its level, the code that programs read, and why it matters. What was
//! found exactly and what to do about it is said where it is found.

use serde_json::{Value, json};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// Worth knowing; nothing has to be done.
    Note,
    /// Sales go on, and something is lost or will be.
    Warning,
    /// Something cannot be sold or delivered.
    Trouble,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Trouble => "trouble",
        }
    }
}

/// Declares the kinds: each line becomes a variant, a member of `ALL`, and its row of the table.
macro_rules! kinds {
    ($($name:ident $level:ident $code:literal $why:literal;)*) => {
        /// Everything the doctor knows to find.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($name),* }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            fn row(self) -> (Level, &'static str, &'static str) {
                match self { $(Self::$name => (Level::$level, $code, $why)),* }
            }
        }
    };
}

kinds! {
    RouterNoLogin Trouble "router-no-login" "The relay cannot make a single ticket on a router that it cannot log in to.";
    RouterAddress Trouble "router-address" "The relay does not know where the router is.";
    RouterUnreachable Trouble "router-unreachable" "Buyers who pay now wait for their code until the router answers.";
    RouterTls Trouble "router-tls" "The relay sends its password only to the router that it knows by its certificate.";
    RouterLogin Trouble "router-login" "Buyers who pay now get no code until the relay may log in.";
    RouterSilent Trouble "router-silent" "Buyers who pay now wait for their code until the router answers.";
    RouterNotApi Trouble "router-not-an-api" "The relay talks to something that is not the router's API.";
    RouterRights Trouble "router-rights" "Without these rights the relay cannot read what is there or make tickets.";
    RouterUnread Warning "router-unreadable" "What the router does not show cannot be checked.";
    RouterRightsMany Note "router-rights-many" "Whoever gets hold of the relay's password could do more with the router than sell tickets.";
    RouterPasswordsHidden Note "router-passwords-hidden" "A portal cannot bring back a buyer whose ticket was made by somebody else, because his password does not show.";
    RouterPlain Warning "router-plain" "The router's password crosses the internet in clear: everybody on the way can read it.";
    RouterApiOpen Warning "router-api-open" "Everybody who reaches the router may try passwords at its API.";
    RouterOld Warning "router-version-old" "Versions before 6.49 have known holes and know less of what the relay asks for.";
    DeviceModeHotspot Trouble "device-mode-hotspot" "The router's device mode forbids the hotspot: nobody gets online.";
    DeviceModeScheduler Warning "device-mode-scheduler" "Mikhmon ends tickets by the scheduler, which the router's device mode forbids.";
    ClockUnknown Warning "clock-unknown" "Dates in comments and Mikhmon's expiry depend on the router's clock.";
    ClockWrong Warning "clock-wrong" "Dates in comments, Mikhmon's expiry and its reports go by the router's clock.";
    ClockNoNtp Note "clock-no-ntp" "Most routers have no battery: after a power cut their clock is years behind.";
    TimeZone Warning "time-zone" "Mikhmon's reports and the dates in comments belong to another day for some hours.";
    NamesRefused Warning "router-dns" "Phones that have not paid cannot find the pay page: the walled garden works by names.";
    HotspotMissing Trouble "hotspot-missing" "Tickets for a hotspot that is not there cannot be made.";
    HotspotOff Trouble "hotspot-off" "Nobody can log in at a hotspot that is off.";
    HotspotEmpty Note "hotspot-without-plans" "Nothing is sold there.";
    DnsName Warning "dns-name" "After paying, the phone is sent to the hotspot's login page by its name, and would arrive nowhere.";
    DnsNameUnset Note "dns-name-unset" "Without it a phone that the router does not log in by itself cannot be sent to the login page.";
    LoginPap Warning "login-pap" "A phone that the router does not log in by itself is sent to the login page with its code, which only `http-pap` takes.";
    ProfileMissing Trouble "profile-missing" "Who buys this plan pays and gets no code until the profile is there.";
    ProfileValidity Warning "profile-validity" "The ticket ends before the time that was paid for is used.";
    ProfilePrice Note "profile-price" "Mikhmon's reports count another price than the buyer pays.";
    NeverEnds Warning "tickets-never-end" "Mikhmon's script cannot read this version's dates: these tickets stay valid for ever.";
    MonitorMissing Warning "expiry-monitor-missing" "Mikhmon ends tickets by a scheduler named like the profile; without it they stay valid.";
    ExpiryUnknown Note "expiry-unknown" "Nobody can tell from here whether these tickets end.";
    GardenMissing Trouble "garden-missing" "Phones that have not paid yet cannot reach these hosts, so they cannot pay.";
    GardenOff Trouble "garden-off" "A rule that is switched off opens nothing: phones cannot reach the pay page.";
    GardenDenied Trouble "garden-denied" "The first rule that fits decides, and one above forbids what the other opens.";
    GardenAddress Warning "garden-address" "Gateways change their addresses; a rule by address stops to work on such a day.";
    GardenNarrow Warning "garden-narrow" "The rule opens less than a pay page needs.";
    GardenWildcard Warning "garden-wildcard" "This menu asks for the address of a name, so names with `*` may open nothing.";
    GardenHttp Warning "garden-http-only" "The menu without `ip` is for plain HTTP; pay pages are HTTPS.";
    GardenProbes Warning "garden-probes" "Phones that reach these think that they are online and show no login page.";
    AccountCannotSell Trouble "account-cannot-sell" "Nobody can pay by this account.";
    AccountKeyRefused Trouble "account-key-refused" "Nobody can pay by this account, and no payment can be confirmed.";
    AccountMode Trouble "account-mode" "Payments of one mode are invisible in the other: none would ever be confirmed.";
    AccountTest Note "account-test" "No real money is earned with it.";
    AccountSilent Warning "account-silent" "While the gateway does not answer, nobody can begin to pay by it.";
    AccountOdd Warning "account-odd-answer" "The gateway answered, and not in a way that says whether the key is good.";
    AccountUnsigned Note "account-unsigned" "A webhook without a signature is only a hint; each payment is confirmed by a question to the gateway.";
    AccountBlind Warning "account-cannot-ask" "If a webhook gets lost, nobody finds out that the buyer paid.";
    PlanUnsold Trouble "plan-without-account" "Nobody can buy it.";
    WebhooksMissing Warning "webhooks-missing" "Without webhooks buyers wait longer for their code, and the relay has to find each payment by asking.";
    SignaturesRefused Warning "signatures-refused" "A webhook whose signature does not fit is not believed: the payment is found later, or not at all.";
    SignaturesStale Warning "signatures-stale" "Signatures carry a time; one that is minutes old by this machine's clock is not believed.";
    ComparisonFailed Warning "comparison-failed" "The nightly comparison with the gateway finds lost payments, and it could not be made.";
    MailOff Warning "mail-off" "Nobody is told of sales, of held orders or of refunds.";
    MailNobody Note "mail-nobody" "This company is told of nothing by mail.";
    MailSettings Trouble "mail-settings" "No mail is sent with these settings.";
    MailServer Trouble "mail-server" "Mails wait until the server takes them.";
    MailLogin Trouble "mail-login" "Mails wait until the server lets the relay in.";
    MailFolder Trouble "mail-folder" "Mails cannot be written.";
    PublicUnset Warning "public-url-unset" "Phones and gateways are given an address that only this machine knows.";
    PublicLocal Note "public-url-local" "Phones and gateways elsewhere cannot reach it; that is enough for a trial.";
    PublicPlain Warning "public-url-plain" "Buyers' codes cross the network in clear, and some gateways call HTTPS addresses only.";
    PublicName Trouble "public-url-name" "Neither phones nor gateways find the relay.";
    PublicUnreachable Trouble "public-url-unreachable" "Neither phones nor gateways reach the relay.";
    PublicOther Trouble "public-url-other" "Something else than the relay answers phones and gateways.";
    PublicRedirect Warning "public-url-redirect" "Gateways do not follow redirects: their webhooks would be lost.";
    CertificateExpired Trouble "certificate-expired" "Phones warn of the page and gateways refuse to call it.";
    CertificateSoon Warning "certificate-soon" "From that day on phones warn of the page and gateways refuse to call it.";
    CertificateName Trouble "certificate-name" "Phones warn of the page and gateways refuse to call it.";
    CertificateUntrusted Trouble "certificate-untrusted" "Phones warn of the page and gateways refuse to call it.";
    RelayStopped Warning "relay-stopped" "While no relay runs, nothing is sold and no webhook is taken.";
    RelayNotReady Trouble "relay-not-ready" "Webhooks are refused; gateways send them again later, some only a few times.";
    DatabaseMissing Trouble "database-missing" "There is nothing to sell yet.";
    DatabaseUnusable Trouble "database-unusable" "The relay cannot start with it.";
    DatabaseDamaged Trouble "database-damaged" "Orders and payments in it may be lost; it gets worse with each write.";
    DatabaseUnchecked Note "database-unchecked" "Damage would be found late.";
    DiskFull Trouble "disk-full" "When the disk is full no webhook is taken.";
    DiskLow Warning "disk-low" "When the disk is full no webhook is taken.";
    DiskUnknown Warning "disk-unknown" "When the disk is full no webhook is taken.";
    WalLarge Warning "wal-large" "The database's log is emptied by itself; one this long means that something keeps it from that.";
    MachineClock Trouble "machine-clock" "Signatures, expiries and reports go by this machine's clock.";
    OrdersStuck Trouble "orders-stuck" "These buyers paid and wait for a person.";
    OrdersWaiting Trouble "orders-waiting" "These buyers paid and have no code yet.";
    OrdersHeld Warning "orders-held" "Somebody paid, and the money does not fit the order: you decide.";
    RefundsOpen Warning "refunds-open" "Somebody waits for his money.";
    EventsOpen Warning "events-open" "Webhooks that were taken wait to be worked on.";
}

impl Kind {
    pub fn level(self) -> Level {
        self.row().0
    }

    /// What programs know it by; it does not change.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// Why it matters, one sentence.
    pub fn why(self) -> &'static str {
        self.row().2
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `None` where all is well.
    pub kind: Option<Kind>,
    /// What is so, without a full stop.
    pub what: String,
    /// What to do; empty where all is well.
    pub fix: String,
}

impl Finding {
    pub fn ok(what: impl Into<String>) -> Self {
        Self {
            kind: None,
            what: what.into(),
            fix: String::new(),
        }
    }

    pub fn new(kind: Kind, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            what: what.into(),
            fix: fix.into(),
        }
    }

    pub fn level(&self) -> Level {
        self.kind.map_or(Level::Ok, Kind::level)
    }

    fn to_json(&self) -> Value {
        match self.kind {
            None => json!({ "level": "ok", "what": self.what }),
            Some(kind) => json!({
                "level": kind.level().as_str(),
                "code": kind.code(),
                "what": self.what,
                "why": kind.why(),
                "fix": self.fix,
            }),
        }
    }
}

/// What belongs together: one router, one account, or a part of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `machine`, `mail`, `public`, `business`, `router` or `account`.
    pub area: &'static str,
    /// The id of the router or the account.
    pub id: Option<String>,
    pub title: String,
    pub findings: Vec<Finding>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub sections: Vec<Section>,
}

impl Report {
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|section| &section.findings)
    }

    pub fn count(&self, level: Level) -> usize {
        self.findings().filter(|finding| finding.level() == level).count()
    }

    pub fn worst(&self) -> Level {
        self.findings().map(Finding::level).max().unwrap_or(Level::Ok)
    }

    /// For programs. Fields are added and never renamed.
    pub fn to_json(&self) -> Value {
        let section = |section: &Section| {
            json!({
                "area": section.area,
                "id": section.id,
                "title": section.title,
                "findings": section.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            })
        };
        json!({
            "level": self.worst().as_str(),
            "troubles": self.count(Level::Trouble),
            "warnings": self.count(Level::Warning),
            "notes": self.count(Level::Note),
            "sections": self.sections.iter().map(section).collect::<Vec<_>>(),
        })
    }
}
