//! From the text of a business file to checked records.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::raw::{RawCompany, RawHotspot, RawPlan, RawRouter, RawSite};
use super::secret::{Given, Secret, keep};
use super::{Flaw, Site, SiteError, SiteRouter};
use crate::company::{
    Account, Company, CompanyCard, Hotspot, Language, MikhmonWishes, Router, RouterCard, RouterCredentials, RouterTls,
};
use crate::config::Fault;
use crate::ids::{AccountId, CompanyId, HotspotId, PlanId, RouterId};
use crate::money::{Currency, Money};
use crate::notify::mail;
use crate::plan::{DataLimit, Plan, TimeLimit};
use crate::secrets;
use crate::voucher::{Alphabet, UserMode, VoucherStyle};

/// Reads a business file; `folder` is where relative secret files are looked for.
pub fn read(text: &str, folder: &Path) -> Result<Site, SiteError> {
    let (site, flaws) = read_all(text, folder)?;
    if flaws.is_empty() {
        Ok(site)
    } else {
        Err(SiteError::Faults(flaws))
    }
}

/// The records that can be understood, and everything that is wrong with any of them.
pub(super) fn read_all(text: &str, folder: &Path) -> Result<(Site, Vec<Flaw>), SiteError> {
    let raw: RawSite = toml::from_str(text).map_err(|error| SiteError::Syntax(Fault::of(&error, text)))?;
    let mut reader = Reader {
        folder,
        flaws: Vec::new(),
    };
    let site = reader.site(raw);
    Ok((site, reader.flaws))
}

pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    flaws: Vec<Flaw>,
}

/// A record's kind and id, for messages.
#[derive(Clone, Copy)]
pub(super) struct Of<'a>(pub(super) &'static str, pub(super) &'a str);

impl Reader<'_> {
    pub(super) fn flaw(&mut self, of: Of<'_>, sentence: impl Into<String>) {
        self.flaws.push(Flaw {
            kind: of.0,
            id: of.1.to_owned(),
            sentence: sentence.into(),
        });
    }

    /// The value, or `None` after noting what is wrong.
    pub(super) fn sound<T, E: ToString>(&mut self, of: Of<'_>, result: Result<T, E>) -> Option<T> {
        result.map_err(|sentence| self.flaw(of, sentence.to_string())).ok()
    }

    fn site(&mut self, raw: RawSite) -> Site {
        self.unique("company", raw.company.iter().map(|record| record.id.as_str()));
        self.unique("router", raw.router.iter().map(|record| record.id.as_str()));
        self.unique("hotspot", raw.hotspot.iter().map(|record| record.id.as_str()));
        self.unique("account", raw.account.iter().map(|record| record.id.as_str()));
        self.unique("plan", raw.plan.iter().map(|record| record.id.as_str()));
        let companies: Vec<_> = raw.company.into_iter().filter_map(|raw| self.company(raw)).collect();
        let routers: Vec<_> = raw
            .router
            .into_iter()
            .filter_map(|raw| self.router(raw, &companies))
            .collect();
        let hotspots: Vec<_> = raw
            .hotspot
            .into_iter()
            .filter_map(|raw| self.hotspot(raw, &routers))
            .collect();
        self.labels(&hotspots);
        self.uuids(&routers);
        let accounts: Vec<_> = raw
            .account
            .into_iter()
            .filter_map(|raw| self.account(raw, &companies))
            .collect();
        let places = Places {
            companies: &companies,
            routers: &routers,
            hotspots: &hotspots,
            accounts: &accounts,
        };
        let plans = raw.plan.into_iter().filter_map(|raw| self.plan(raw, &places)).collect();
        Site {
            companies,
            routers,
            hotspots,
            accounts,
            plans,
        }
    }

    fn unique<'i>(&mut self, kind: &'static str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = HashSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.flaw(Of(kind, id), "this id is used twice");
            }
            let fits = !id.is_empty()
                && id.len() <= LONGEST_ID
                && id
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !fits {
                self.flaw(
                    Of(kind, id),
                    "an id has lower-case letters, digits and hyphens, 64 at most",
                );
            }
        }
    }

    fn labels(&mut self, hotspots: &[Hotspot]) {
        let mut seen = HashMap::new();
        for hotspot in hotspots {
            if let Some(first) = seen.insert(hotspot.label.as_str(), hotspot.id.as_str()) {
                let sentence = format!("hotspot `{first}` has the label `{}` already", hotspot.label);
                self.flaw(Of("hotspot", hotspot.id.as_str()), sentence);
            }
        }
    }

    fn uuids(&mut self, routers: &[SiteRouter]) {
        let mut seen = HashMap::new();
        for SiteRouter { router, .. } in routers {
            if let Some(first) = seen.insert(router.access_uuid.as_str(), router.id.as_str()) {
                let sentence = format!("router `{first}` has the same `access_uuid`; leave it out and one is made");
                self.flaw(Of("router", router.id.as_str()), sentence);
            }
        }
    }

    fn company(&mut self, raw: RawCompany) -> Option<Company> {
        let of = Of("company", &raw.id);
        let country = raw.country.to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            self.flaw(of, "`country` is a two-letter code such as `BJ`");
        }
        let language = match raw.language.as_deref() {
            None => Language::default(),
            Some(text) => match Language::from_tag(text) {
                Some(language) => language,
                None => {
                    self.flaw(of, "`language` is one of `fr`, `en`, `es`, `pt`");
                    Language::default()
                }
            },
        };
        let timezone = raw.timezone.unwrap_or_else(|| timezone_of(&country).to_owned());
        if crate::packed::time_zone(&timezone).is_none() {
            self.flaw(of, "`timezone` is a name such as `Africa/Porto-Novo`");
        }
        if let Some(address) = &raw.notify_email {
            self.sound(
                of,
                mail::check_address(address).map_err(|error| format!("`notify_email`: {error}")),
            );
        }
        let id = CompanyId::new(&*raw.id);
        Some(Company {
            id,
            name: raw.name,
            country,
            language,
            timezone,
            notify_email: raw.notify_email,
            card: CompanyCard::default(),
        })
    }

    fn router(&mut self, raw: RawRouter, companies: &[Company]) -> Option<SiteRouter> {
        let of = Of("router", &raw.id);
        let company = CompanyId::new(raw.company);
        if !companies.iter().any(|known| known.id == company) {
            self.flaw(of, format!("there is no company `{company}`"));
        }
        self.sound(of, check_address(&raw.address));
        let tls = self.sound(of, read_tls(raw.tls.as_deref()))?;
        let given = Given {
            direct: raw.password,
            file: raw.password_file,
            env: raw.password_env,
        };
        let password = self.sound(of, given.fetch("password", self.folder))?;
        if raw
            .user
            .as_deref()
            .is_some_and(|user| !user.is_empty() && !RouterCredentials::is_user(user))
        {
            self.flaw(
                of,
                "`user` may only hold printable ASCII characters: a router understands nothing else in a name",
            );
        }
        let credentials = match (raw.user, password) {
            (None, Secret::Absent) => None,
            (Some(user), Secret::Value(password)) if !user.is_empty() => Some(RouterCredentials { user, password }),
            (Some(user), Secret::Keep) if !user.is_empty() => Some(RouterCredentials { user, password: keep() }),
            _ => {
                self.flaw(
                    of,
                    "`user` and `password` belong together; leave both out to learn them from a callback",
                );
                return None;
            }
        };
        let keep_uuid = raw.access_uuid.is_none();
        let access_uuid = raw.access_uuid.unwrap_or_else(secrets::random_uuid);
        if access_uuid.len() < SHORTEST_UUID {
            self.flaw(
                of,
                "`access_uuid` is too short to be kept secret; leave it out and one is made",
            );
        }
        let id = RouterId::new(&*raw.id);
        let router = Router {
            id,
            company,
            address: raw.address,
            tls,
            credentials,
            access_uuid,
            card: RouterCard::default(),
        };
        Some(SiteRouter { router, keep_uuid })
    }

    fn hotspot(&mut self, raw: RawHotspot, routers: &[SiteRouter]) -> Option<Hotspot> {
        let of = Of("hotspot", &raw.id);
        let router = RouterId::new(raw.router);
        if !routers.iter().any(|known| known.router.id == router) {
            self.flaw(of, format!("there is no router `{router}`"));
        }
        if raw.label.is_empty()
            || raw
                .label
                .contains(|c: char| matches!(c, '/' | '?' | '#' | '%') || c.is_control())
        {
            self.flaw(
                of,
                "`label` is one part of a path: not empty, none of `/`, `?`, `#`, `%`",
            );
        }
        if raw.name.is_empty() {
            self.flaw(of, "`name` is the name of the hotspot server on the router");
        }
        let mode = raw
            .mode
            .as_deref()
            .map_or(Some(UserMode::default()), UserMode::from_text);
        let mode = self.sound(of, mode.ok_or("`mode` is one of `vc`, `up`, `pin`"))?;
        let alphabet = raw
            .alphabet
            .as_deref()
            .map_or(Some(Alphabet::default()), Alphabet::from_text);
        let alphabet = self.sound(
            of,
            alphabet.ok_or("`alphabet` is one of `lower`, `upper`, `upplow`, `mix`, `mix1`, `mix2`"),
        )?;
        let length = raw.length.map_or(Ok(VoucherStyle::default().length), u8::try_from);
        let length = self.sound(of, length.map_err(|_| "`length` is a number from 3 to 16"))?;
        let prefix = raw.prefix.unwrap_or_default();
        let style = self.sound(of, VoucherStyle::new(mode, length, alphabet, &prefix))?;
        let id = HotspotId::new(&*raw.id);
        let links = raw.links.unwrap_or_default();
        Some(Hotspot {
            id,
            router,
            label: raw.label,
            name: raw.name,
            dns_name: raw.dns_name,
            style,
            links,
            mikhmon: MikhmonWishes {
                records: raw.mikhmon_records.unwrap_or_default(),
                batch: raw.mikhmon_batch.unwrap_or_default(),
                expiry: raw.mikhmon_expiry.unwrap_or_default(),
            },
        })
    }

    fn plan(&mut self, raw: RawPlan, places: &Places<'_>) -> Option<Plan> {
        let of = Of("plan", &raw.id);
        let hotspot = HotspotId::new(raw.hotspot);
        let company = self.sound(
            of,
            places
                .company_of(&hotspot)
                .ok_or(format!("there is no hotspot `{hotspot}`")),
        )?;
        let home = Currency::of_country(&company.country);
        let currency = raw
            .currency
            .as_deref()
            .map_or(Some(home), |text| Currency::from_text(text, home));
        let currency = self.sound(of, currency.ok_or("`currency` is an ISO code such as `XOF`, or `FCFA`"))?;
        let price = self.sound(
            of,
            Money::parse_major(&raw.price, currency).map_err(|error| format!("`price`: {error}")),
        )?;
        if price.minor() <= 0 {
            self.flaw(of, "`price` must be more than nothing");
        }
        let time = self.sound(of, TimeLimit::parse(raw.time.as_deref().unwrap_or_default()))?;
        if time.seconds == EXPIRED_S {
            self.flaw(
                of,
                "`time` of one second is how Mikhmon marks users whose time is over; sell more",
            );
        }
        let data = self.sound(of, DataLimit::parse(raw.data.as_deref().unwrap_or_default()))?;
        let accounts: Vec<_> = raw.accounts.into_iter().map(AccountId::new).collect();
        for account in &accounts {
            if !places
                .accounts
                .iter()
                .any(|known| &known.id == account && known.company == company.id)
            {
                self.flaw(of, format!("company `{}` has no account `{account}`", company.id));
            }
        }
        if raw.profile.trim().is_empty() {
            self.flaw(of, "`profile` is the exact name of a user profile on the router");
        }
        let id = PlanId::new(&*raw.id);
        Some(Plan {
            id,
            hotspot,
            accounts,
            label: raw.label,
            profile: raw.profile,
            price,
            time,
            data,
        })
    }
}

/// What a plan may refer to.
struct Places<'a> {
    companies: &'a [Company],
    routers: &'a [SiteRouter],
    hotspots: &'a [Hotspot],
    accounts: &'a [Account],
}

impl Places<'_> {
    fn company_of(&self, hotspot: &HotspotId) -> Option<&Company> {
        let hotspot = self.hotspots.iter().find(|known| &known.id == hotspot)?;
        let router = self.routers.iter().find(|known| known.router.id == hotspot.router)?;
        self.companies
            .iter()
            .find(|company| company.id == router.router.company)
    }
}

/// Where a company keeps its days when it does not say: the capital's zone.
fn timezone_of(country: &str) -> &'static str {
    match country {
        "BJ" => "Africa/Porto-Novo",
        "TG" => "Africa/Lome",
        "CI" => "Africa/Abidjan",
        "SN" => "Africa/Dakar",
        "ML" => "Africa/Bamako",
        "BF" => "Africa/Ouagadougou",
        "NE" => "Africa/Niamey",
        "GN" => "Africa/Conakry",
        "GW" => "Africa/Bissau",
        "CM" => "Africa/Douala",
        "CD" => "Africa/Kinshasa",
        "CG" => "Africa/Brazzaville",
        "GA" => "Africa/Libreville",
        "TD" => "Africa/Ndjamena",
        "CF" => "Africa/Bangui",
        "GQ" => "Africa/Malabo",
        "MX" => "America/Mexico_City",
        _ => "UTC",
    }
}

fn check_address(text: &str) -> Result<(), &'static str> {
    let wrong = "`address` is a host and the API's port, for example `10.99.0.2:8728`";
    let (host, port) = text.rsplit_once(':').ok_or(wrong)?;
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
    if plain && port.parse::<u16>().is_ok_and(|port| port > 0) {
        Ok(())
    } else {
        Err(wrong)
    }
}

fn read_tls(text: Option<&str>) -> Result<RouterTls, &'static str> {
    let wrong = "`tls` is `off`, `webpki` or `sha256:` and the 64 hex digits of the certificate's fingerprint";
    match text {
        None | Some("off") => Ok(RouterTls::Off),
        Some("webpki") => Ok(RouterTls::Webpki),
        Some(text) => {
            let digits: String = text
                .strip_prefix("sha256:")
                .ok_or(wrong)?
                .chars()
                .filter(|c| *c != ':')
                .collect();
            let bytes = data_encoding::HEXLOWER_PERMISSIVE
                .decode(digits.as_bytes())
                .map_err(|_| wrong)?;
            bytes.try_into().map(RouterTls::Pinned).map_err(|_| wrong)
        }
    }
}

const LONGEST_ID: usize = 64;
/// Facts `mikhmon.md` 2.3.
const EXPIRED_S: u64 = 1;
/// An access UUID is all that an unsigned call shows.
pub const SHORTEST_UUID: usize = 16;
