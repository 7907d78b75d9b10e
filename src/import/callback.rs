//! Takes over what an old callback says: its address, and the headers that a dashboard sends with it. What the relay
//! knows of its own stays where it is safer: a router's API user, and where the mails go.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::ExposeSecret;
use toml::Value;

use super::draft::Draft;
use super::places::{self, Hints, Notes, Place};
use super::{Doubt, ImportError, Wish, glyphs};
use crate::company::{Directory, GatewayName, Language};
use crate::ids::RouterId;
use crate::mik_params::MikParams;
use crate::money::Currency;
use crate::reason;
use crate::site;

/// A callback's address.
#[derive(Clone)]
pub struct Callback {
    pub gateway: GatewayName,
    pub label: String,
    query: String,
}

/// The headers of a dashboard.
#[derive(Clone, Default)]
pub struct Headers(HeaderMap);

/// What came of it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Setting, value, and whether it is new here.
    pub rows: Vec<(&'static str, String, bool)>,
    pub doubts: Vec<Doubt>,
    pub todos: Vec<String>,
    pub draft: Draft,
}

/// Reads `https://host/pay_callback/<gateway>/<label>?mik…`, doubled slashes and line breaks included.
pub fn read_callback(text: &str) -> Result<Callback, ImportError> {
    let text: String = text.split_whitespace().collect();
    let (address, query) = text.split_once('?').unwrap_or((&text, ""));
    let lower = address.to_ascii_lowercase();
    let start = lower.find(PATH).ok_or(ImportError::NoCallback)? + PATH.len();
    let mut segments = address
        .get(start..)
        .unwrap_or_default()
        .split('/')
        .filter(|segment| !segment.is_empty());
    let gateway = segments
        .next()
        .map(|name| name.to_ascii_lowercase().replace(['-', '_'], ""));
    let gateway = gateway
        .and_then(|name| GatewayName::from_text(&name))
        .ok_or(ImportError::NoCallback)?;
    let label = segments.next().ok_or(ImportError::NoCallback)?;
    let label: Vec<u8> = percent_decode_str(label).collect();
    Ok(Callback {
        gateway,
        label: glyphs::decoded(&label),
        query: query.split('#').next().unwrap_or_default().to_owned(),
    })
}

/// Reads a table of headers as it is copied from a dashboard: `name: value`, with a tab or blanks between them, or name
/// and value on lines of their own. Lines without a `mik` setting are headings.
pub fn read_headers(text: &str) -> Result<Headers, ImportError> {
    let mut headers = HeaderMap::new();
    let mut lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches(['"', '\'', '-', '*', '|', ' ']))
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .peekable();
    while let Some((number, line)) = lines.next() {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(end).unwrap_or((line, ""));
        if !is_setting(name) {
            continue;
        }
        let value = tidy(value);
        // A setting without a value must not take the next one for it.
        let value = match value.is_empty() {
            true => lines
                .next_if(|(_, next)| !is_setting(next))
                .map(|(_, next)| tidy(next))
                .unwrap_or_default(),
            false => value,
        };
        let wrong = |_| ImportError::Header(number + 1);
        let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes())
            .map_err(|_| ImportError::Header(number + 1))?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(wrong)?);
    }
    Ok(Headers(headers))
}

fn is_setting(line: &str) -> bool {
    line.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("mik"))
}

/// A value without what stands between it and its name, and without the quotes around it.
fn tidy(text: &str) -> &str {
    let text = text.trim_start_matches(['"', '\'']).trim_start();
    let text = text.strip_prefix([':', '=', '|']).unwrap_or(text).trim();
    let text = text.trim_end_matches(',').trim_end_matches('|').trim();
    let unquoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    unquoted('"').or_else(|| unquoted('\'')).unwrap_or(text)
}

/// Takes a callback over. Nothing is written.
pub fn take_callback(
    callback: &Callback,
    headers: &Headers,
    directory: &Directory,
    wish: &Wish,
) -> Result<Taken, ImportError> {
    let params = MikParams::read(&headers.0, Some(&callback.query));
    if says_nothing(&params) {
        return Err(ImportError::NoSettings);
    }
    let mut taker = Taker {
        directory,
        draft: Draft::of(directory)?,
        notes: Notes::default(),
        rows: Vec::new(),
    };
    for fault in &params.faults {
        let sentence = reason::fault_sentence(Language::En, fault);
        taker.notes.doubt(None, sentence);
    }
    let (place, hotspot) = taker.hotspot(callback, &params, wish)?;
    taker.style(&hotspot, &params);
    taker.mails(&place, &params);
    taker.router(&place, &params, callback);
    let address = new_address(callback, &taker.draft, &place, wish);
    taker.notes.todo(format!(
        "in {}'s dashboard, put this address in the old one's place: {address}",
        callback.gateway.title()
    ));
    Ok(Taken {
        rows: taker.rows,
        doubts: taker.notes.doubts,
        todos: taker.notes.todos,
        draft: taker.draft,
    })
}

fn says_nothing(params: &MikParams) -> bool {
    // The stored form leaves out what was not said.
    params.faults.is_empty() && params.to_json().is_ok_and(|json| json == b"{}")
}

/// Without settings; with the access UUID where the gateway does not sign.
fn new_address(callback: &Callback, draft: &Draft, place: &Place, wish: &Wish) -> String {
    let base = format!(
        "{}{PATH}/{}/{}",
        wish.relay_url,
        callback.gateway.as_str(),
        utf8_percent_encode(&callback.label, IN_PATH)
    );
    let uuid = draft.text("router", &place.router, "access_uuid");
    match (callback.gateway, uuid) {
        (GatewayName::Fedapay, _) => base,
        (_, Some(uuid)) => format!("{base}?k={uuid}"),
        (_, None) => format!("{base}?k=<the router's access UUID, which `mikrelay export` shows>"),
    }
}

struct Taker<'a> {
    directory: &'a Directory,
    draft: Draft,
    notes: Notes,
    rows: Vec<(&'static str, String, bool)>,
}

impl Taker<'_> {
    /// The hotspot of the label, of the server's name, or the router's only one; else a new one.
    fn hotspot(
        &mut self,
        callback: &Callback,
        params: &MikParams,
        wish: &Wish,
    ) -> Result<(Place, String), ImportError> {
        let draft = &mut self.draft;
        let labelled = draft.with("hotspot", "label", &callback.label).pop();
        let by_uuid = params
            .access_uuid
            .as_deref()
            .and_then(|uuid| draft.with("router", "access_uuid", uuid).pop());
        let of_label = labelled
            .as_deref()
            .and_then(|id| draft.text("hotspot", id, "router"))
            .map(str::to_owned);
        let wish = Wish {
            router: wish.router.clone().or(of_label).or(by_uuid),
            ..wish.clone()
        };
        let hints = Hints {
            title: None,
            currency: params.currency.map(Currency::code),
        };
        let place = places::find(draft, &wish, hints, &mut self.notes)?;
        let here = draft.with("hotspot", "router", &place.router);
        let named = |name: &String| {
            here.iter()
                .find(|id| draft.text("hotspot", id, "name") == Some(name))
                .cloned()
        };
        let found = match (labelled, &params.server, here.as_slice()) {
            (Some(labelled), _, _) if here.contains(&labelled) => Some(labelled),
            (_, Some(server), _) => named(server),
            (_, None, [only]) => Some(only.clone()),
            _ => None,
        };
        let id = match found {
            Some(id) => id,
            None => {
                let name = params.server.as_deref().unwrap_or(&callback.label);
                places::add_hotspot(draft, &place, name, Some(&callback.label), &mut self.notes)
            }
        };
        self.set(
            "hotspot",
            &id,
            ("label", "callback label"),
            Value::from(callback.label.as_str()),
        );
        Ok((place, id))
    }

    fn style(&mut self, hotspot: &str, params: &MikParams) {
        let name = self
            .draft
            .text("hotspot", hotspot, "name")
            .unwrap_or_default()
            .to_owned();
        if let Some(server) = params.server.as_ref().filter(|server| **server != name) {
            let text = format!("`mikserver` is `{server}`, and hotspot `{hotspot}` is the server `{name}`: that stays");
            self.notes.doubt(None, text);
        }
        let texts = [
            ("dns_name", "mikdnsname", params.dns_name.clone()),
            ("mode", "mikusermode", params.mode.map(|mode| mode.as_str().to_owned())),
            (
                "alphabet",
                "mikcharacter",
                params.alphabet.map(|it| it.as_str().to_owned()),
            ),
            ("prefix", "mikuserprefix", params.prefix.clone()),
        ];
        for (key, name, value) in texts {
            if let Some(value) = value {
                self.set("hotspot", hotspot, (key, name), Value::from(value));
            }
        }
        if let Some(length) = params.length {
            self.set(
                "hotspot",
                hotspot,
                ("length", "miknamelength"),
                Value::from(i64::from(length)),
            );
        }
        if params.dns_name.is_some() {
            let needless = format!("hotspot `{hotspot}`: tell its DNS name");
            self.notes.todos.retain(|todo| !todo.starts_with(&needless));
        }
    }

    fn mails(&mut self, place: &Place, params: &MikParams) {
        if let Some(email) = &params.notify_email {
            let known = self
                .draft
                .text("company", &place.company, "notify_email")
                .map(str::to_owned);
            match known {
                Some(known) if known != *email => self.notes.doubt(
                    None,
                    format!(
                        "`miknotifemail` is `{email}`, and the mails of company `{}` go to `{known}`: that stays",
                        place.company
                    ),
                ),
                _ => {
                    let names = ("notify_email", "miknotifemail");
                    self.set("company", &place.company, names, Value::from(email.as_str()));
                    let needless = format!("company `{}`: tell where the mails", place.company);
                    self.notes.todos.retain(|todo| !todo.starts_with(&needless));
                }
            }
        }
        if let Some(currency) = params.currency.filter(|currency| *currency != place.home) {
            let text = format!(
                "`mikcurrency` is {currency}, and the company sells in {}: that stays",
                place.home
            );
            self.notes.doubt(None, text);
        }
    }

    fn router(&mut self, place: &Place, params: &MikParams, callback: &Callback) {
        if params
            .access_uuid
            .as_ref()
            .is_some_and(|uuid| uuid.len() < site::SHORTEST_UUID)
        {
            self.notes.doubt(
                None,
                "`mikaccessuuid` is too short to be kept secret and is not taken over: the relay makes one",
            );
        } else if let Some(uuid) = &params.access_uuid {
            let names = ("access_uuid", "mikaccessuuid");
            self.set("router", &place.router, names, Value::from(uuid.as_str()));
        }
        let in_address = callback.query.to_ascii_lowercase().contains("mikadminpass");
        if params.admin_password.is_some() && in_address {
            self.notes.doubt(
                None,
                "the router's password stood in an address: gateways, proxies and this shell's history write addresses down. Make a \
                 new password on the router and give it to `mikrelay router set`",
            );
        }
        let (user, password) = match (&params.admin_user, &params.admin_password) {
            (Some(user), Some(password)) => (user, password.expose_secret()),
            (None, None) => return,
            _ => {
                let text =
                    "`mikadminuser` and `mikadminpass` belong together, and one is missing: neither is taken over";
                return self.notes.doubt(None, text);
            }
        };
        let stored = self.directory.routers.get(&RouterId::new(&*place.router));
        match stored.and_then(|router| router.credentials.as_ref()) {
            Some(known) if &known.user == user && known.password.expose_secret() == password => {
                self.rows.push(("mikadminuser", user.clone(), false));
                self.rows.push(("mikadminpass", SEALED.to_owned(), false));
            }
            Some(known) => self.notes.doubt(
                None,
                format!(
                    "router `{}` has an API user of its own, `{}`: it stays, and `mikadminuser` is not taken over",
                    place.router, known.user
                ),
            ),
            None => {
                self.set(
                    "router",
                    &place.router,
                    ("user", "mikadminuser"),
                    Value::from(user.as_str()),
                );
                self.draft
                    .set("router", &place.router, "password", Value::from(password));
                self.rows.push(("mikadminpass", SEALED.to_owned(), true));
                self.notes.todos.retain(|todo| !todo.contains("has no API user yet"));
                self.notes.doubt(
                    None,
                    format!(
                        "`{user}` may be a user of the whole router: `mikrelay kit --user mikrelay` makes one that may do no more \
                         than sell"
                    ),
                );
            }
        }
    }

    fn set(&mut self, kind: &'static str, id: &str, (key, name): (&str, &'static str), value: Value) {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_new = self.draft.set(kind, id, key, value);
        self.rows.push((name, shown, is_new));
    }
}

const PATH: &str = "/pay_callback";
/// Shown in a password's place.
const SEALED: &str = "(sealed)";

/// What stands in a path as it is, besides letters and digits.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_without_a_value_does_not_take_the_next_one_for_it() {
        for text in [
            "mikuserprefix:\nmikadminpass: S3CRETPW\nmikadminuser\nadmin\n",
            "| mikuserprefix |\n\n| mikadminpass | S3CRETPW |\n- mikadminuser: admin",
        ] {
            let Headers(headers) = read_headers(text).unwrap();
            let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(value("mikuserprefix").as_deref(), Some(""), "{text}");
            assert_eq!(value("mikadminpass").as_deref(), Some("S3CRETPW"), "{text}");
            assert_eq!(value("mikadminuser").as_deref(), Some("admin"), "{text}");
        }
    }
}
