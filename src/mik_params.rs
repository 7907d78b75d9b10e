//! The `mik*` parameters of a callback: read from headers and query, any case, headers win.
//! Table: facts `mikhmon.md` section 8; rules: design 5.
//!
//! Reading never fails: what cannot be used becomes a [`ParamFault`] that names the parameter and says what
//! is wrong with it, because the call itself is authentic and must be stored. An empty value is a missing
//! one. Nothing here is checked against the store.

mod fault;
mod raw;
mod value;

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

use crate::money::Currency;
use crate::voucher::{Alphabet, UserMode};
use raw::{Found, Raw};

pub use fault::{Flaw, ParamFault};
pub use value::is_unexpanded;

/// What an authentic call says; `None` is taken from the hotspot's record.
#[derive(Clone, Default)]
pub struct MikParams {
    pub admin_user: Option<String>,
    pub admin_password: Option<SecretString>,
    pub mode: Option<UserMode>,
    pub length: Option<u8>,
    pub alphabet: Option<Alphabet>,
    pub prefix: Option<String>,
    pub notify_email: Option<String>,
    /// `None` also for `FCFA` and `CFA`, which mean the franc that the company sells in anyway.
    pub currency: Option<Currency>,
    /// From `mikaccessuuid`, or `k` in the query.
    pub access_uuid: Option<String>,
    pub dns_name: Option<String>,
    /// RouterOS hotspot server name.
    pub server: Option<String>,
    /// Parameters that were there and could not be used.
    pub faults: Vec<ParamFault>,
}

impl MikParams {
    /// Reads what a call carries. `query` is the raw text after the question mark.
    pub fn read(headers: &HeaderMap, query: Option<&str>) -> Self {
        let mut reader = Reader {
            raw: Raw::new(headers, query.unwrap_or_default()),
            faults: Vec::new(),
        };
        let mut params = Self {
            admin_user: reader.take("mikadminuser", value::admin_user),
            admin_password: reader.take("mikadminpass", value::admin_password),
            mode: reader.take("mikusermode", value::mode),
            length: reader.take("miknamelength", value::length),
            alphabet: reader.take("mikcharacter", value::alphabet),
            prefix: reader.take("mikuserprefix", value::prefix),
            notify_email: reader.take("miknotifemail", value::notify_email),
            currency: reader.take("mikcurrency", value::currency).flatten(),
            access_uuid: reader.take("mikaccessuuid", value::access_uuid),
            dns_name: reader.take("mikdnsname", value::dns_name),
            server: reader.take("mikserver", value::server),
            faults: Vec::new(),
        };
        if reader.raw.was_cut() {
            reader.fault("query", Flaw::TooMany { max: raw::PAIRS_MAX });
        }
        params.faults = reader.faults;
        params
    }

    /// All of it, the password too: for the store, which seals it. `{}` where nothing was said.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Stored {
            admin_user: borrowed(&self.admin_user),
            admin_password: self
                .admin_password
                .as_ref()
                .map(|secret| Cow::Borrowed(secret.expose_secret())),
            mode: self.mode,
            length: self.length,
            alphabet: self.alphabet,
            prefix: borrowed(&self.prefix),
            notify_email: borrowed(&self.notify_email),
            currency: self.currency,
            access_uuid: borrowed(&self.access_uuid),
            dns_name: borrowed(&self.dns_name),
            server: borrowed(&self.server),
            faults: Cow::Borrowed(&self.faults),
        })
    }

    /// Reads what [`MikParams::to_json`] wrote, by this release or an older one. The error's own words may quote
    /// a password.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let stored: Stored<'_> = serde_json::from_slice(json)?;
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Ok(Self {
            admin_user: owned(stored.admin_user),
            admin_password: owned(stored.admin_password).map(SecretString::from),
            mode: stored.mode,
            length: stored.length,
            alphabet: stored.alphabet,
            prefix: owned(stored.prefix),
            notify_email: owned(stored.notify_email),
            currency: stored.currency,
            access_uuid: owned(stored.access_uuid),
            dns_name: owned(stored.dns_name),
            server: owned(stored.server),
            faults: stored.faults.into_owned(),
        })
    }
}

/// Shows neither the password nor the access UUID, which opens the callback to unsigned calls.
impl fmt::Debug for MikParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MikParams")
            .field("admin_user", &self.admin_user)
            .field("admin_password", &self.admin_password.as_ref().map(|_| Hidden))
            .field("mode", &self.mode)
            .field("length", &self.length)
            .field("alphabet", &self.alphabet)
            .field("prefix", &self.prefix)
            .field("notify_email", &self.notify_email)
            .field("currency", &self.currency)
            .field("access_uuid", &self.access_uuid.as_ref().map(|_| Hidden))
            .field("dns_name", &self.dns_name)
            .field("server", &self.server)
            .field("faults", &self.faults)
            .finish()
    }
}

/// Takes one parameter after the other and keeps what is wrong with them.
struct Reader<'a> {
    raw: Raw<'a>,
    faults: Vec<ParamFault>,
}

impl Reader<'_> {
    fn take<T>(&mut self, name: &'static str, parse: fn(&str) -> Result<T, Flaw>) -> Option<T> {
        let read = match self.raw.find(name) {
            Found::Nothing => return None,
            Found::Text(text) if text.trim().is_empty() => return None,
            Found::Text(text) => value::checked(&text).and_then(parse),
            Found::Fault(flaw) => Err(flaw),
        };
        read.map_err(|flaw| self.fault(name, flaw)).ok()
    }

    fn fault(&mut self, name: &str, flaw: Flaw) {
        self.faults.push(ParamFault {
            name: name.to_owned(),
            flaw,
        });
    }
}

/// The stored form. Old rows stay readable for ever: a field that is missing has its default. What was not said is
/// left out, because most calls say nothing and every one of them is sealed.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Stored<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_user: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_password: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<UserMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<Alphabet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_email: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_uuid: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_name: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Cow<'s, str>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    faults: Cow<'s, [ParamFault]>,
}

fn borrowed(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, bytes) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(bytes).unwrap());
        }
        headers
    }

    fn query(text: &str) -> MikParams {
        MikParams::read(&HeaderMap::new(), Some(text))
    }

    /// The one fault there must be: the parameter's name, and the flaw as it is stored.
    fn fault(params: &MikParams) -> (&str, String) {
        assert_eq!(params.faults.len(), 1, "{params:?}");
        let fault = &params.faults[0];
        (&fault.name, serde_json::to_string(&fault.flaw).unwrap())
    }

    #[test]
    fn the_guides_headers_are_read() {
        let params = MikParams::read(
            &headers(&[
                ("MikAdminUser", b"admin"),
                ("mikadminpass", "p\u{e4}ss w+rd%".as_bytes()),
                ("MIKUSERMODE", b"VC"),
                ("miknamelength", b"5"),
                ("mikcharacter", b"Mix1"),
                ("miknotifemail", b"awa@example.net"),
                ("mikcurrency", b"xof"),
                ("mikuserprefix", b"mm"),
                ("mikaccessuuid", b"61cd594b-2f01-48ca-8692-65e4ef3a36d5"),
                ("mikdnsname", b"wifi.example.net:8080"),
                ("mikserver", b"hotspot 1"),
                ("mikfuture", b"ignored"),
            ]),
            None,
        );
        assert_eq!(params.faults, []);
        assert_eq!(params.admin_user.as_deref(), Some("admin"));
        assert_eq!(params.admin_password.unwrap().expose_secret(), "p\u{e4}ss w+rd%");
        assert_eq!((params.mode, params.length), (Some(UserMode::Vc), Some(5)));
        assert_eq!(
            (params.alphabet, params.prefix.as_deref()),
            (Some(Alphabet::Mix1), Some("mm"))
        );
        assert_eq!(params.notify_email.as_deref(), Some("awa@example.net"));
        assert_eq!(params.currency, Some(Currency::Xof));
        assert_eq!(
            params.access_uuid.as_deref(),
            Some("61cd594b-2f01-48ca-8692-65e4ef3a36d5")
        );
        assert_eq!(params.dns_name.as_deref(), Some("wifi.example.net:8080"));
        assert_eq!(params.server.as_deref(), Some("hotspot 1"));
    }

    #[test]
    fn the_query_is_decoded_as_a_form() {
        let params = query("MIKadminUSER=r%c3%a9lai&mikadminpass=a%2Bb+c%25&%6dikserver=hs1&mikUserMode=up&x=%zz&&=&y");
        assert_eq!(params.faults, []);
        assert_eq!(params.admin_user.as_deref(), Some("rélai"));
        assert_eq!(params.admin_password.unwrap().expose_secret(), "a+b c%");
        assert_eq!(
            (params.server.as_deref(), params.mode),
            (Some("hs1"), Some(UserMode::Up))
        );
    }

    #[test]
    fn empty_values_are_missing_ones() {
        let params = query("mikusermode=&miknamelength=+&mikuserprefix&mikadminpass=&mikcharacter=");
        assert!(
            params.faults.is_empty() && params.mode.is_none() && params.length.is_none(),
            "{params:?}"
        );
        assert!(params.prefix.is_none() && params.admin_password.is_none());
    }

    #[test]
    fn headers_win_over_the_query_even_over_a_broken_one() {
        let one = headers(&[("mikcharacter", b"lower")]);
        for text in [
            "mikcharacter=upper",
            "mikcharacter=%zz",
            "mikcharacter=a&mikcharacter=b",
        ] {
            let params = MikParams::read(&one, Some(text));
            assert_eq!(
                (params.alphabet, params.faults.as_slice()),
                (Some(Alphabet::Lower), [].as_slice()),
                "{text}"
            );
        }
        let params = MikParams::read(&headers(&[("mikcharacter", b"nonsense")]), Some("mikcharacter=upper"));
        assert_eq!(params.alphabet, None);
        assert_eq!(fault(&params).0, "mikcharacter");
    }

    #[test]
    fn bad_values_are_named_with_what_is_wrong() {
        for (text, name, flaw) in [
            (
                "mikcharacter=mix3",
                "mikcharacter",
                r#"{"kind":"alphabet","value":"mix3"}"#,
            ),
            (
                "mikusermode=voucher",
                "mikusermode",
                r#"{"kind":"user_mode","value":"voucher"}"#,
            ),
            (
                "miknamelength=0",
                "miknamelength",
                r#"{"kind":"length","value":"0","min":3,"max":16}"#,
            ),
            ("miknamelength=2", "miknamelength", r#""value":"2""#),
            ("miknamelength=99", "miknamelength", r#""value":"99""#),
            ("miknamelength=abc", "miknamelength", r#""value":"abc""#),
            ("miknamelength=%2b6", "miknamelength", r#""value":"+6""#),
            ("miknamelength=6.0", "miknamelength", r#""value":"6.0""#),
            (
                "mikuserprefix=a-b-c",
                "mikuserprefix",
                r#"{"kind":"prefix","value":"a-b-c","max":16}"#,
            ),
            ("mikuserprefix=%3cb%3e", "mikuserprefix", r#""value":"<b>""#),
            (
                "mikcurrency=dollars",
                "mikcurrency",
                r#"{"kind":"currency","value":"dollars"}"#,
            ),
            (
                "miknotifemail=awa",
                "miknotifemail",
                r#"{"kind":"email","value":"awa"}"#,
            ),
            ("miknotifemail=a@b.c,d@e.f", "miknotifemail", r#""kind":"email""#),
            (
                "miknotifemail=a@b.c%0d%0aBcc:x@y.z",
                "miknotifemail",
                r#"{"kind":"control_character"}"#,
            ),
            (
                "mikdnsname=http://wifi.example.net/",
                "mikdnsname",
                r#"{"kind":"dns_name","value":"http://wifi.example.net/"}"#,
            ),
            ("mikdnsname=wifi.example.net:0", "mikdnsname", r#""kind":"port""#),
            (
                "mikserver=h%c3%a9",
                "mikserver",
                r#"{"kind":"server","value":"hé","max":64}"#,
            ),
            (
                "mikserver=$(server-name)",
                "mikserver",
                r#"{"kind":"unexpanded","value":"$(server-name)"}"#,
            ),
            ("mikserver=%24%28server-name%29", "mikserver", r#""kind":"unexpanded""#),
            ("mikadminuser=a%00b", "mikadminuser", r#""kind":"control_character""#),
            ("mikaccessuuid=short", "mikaccessuuid", r#"{"kind":"access_uuid"}"#),
            ("mikcharacter=%ff%fe", "mikcharacter", r#"{"kind":"not_utf8"}"#),
            ("mikcharacter=%zz", "mikcharacter", r#"{"kind":"broken_percent"}"#),
            ("mikcharacter=mix%", "mikcharacter", r#""kind":"broken_percent""#),
            ("mikcharacter=mix%2", "mikcharacter", r#""kind":"broken_percent""#),
            (
                "mikcharacter=mix&MIKCHARACTER=mix1",
                "mikcharacter",
                r#"{"kind":"two_values"}"#,
            ),
        ] {
            let params = query(text);
            let (found, stored) = fault(&params);
            assert_eq!(found, name, "{text}");
            assert!(stored.contains(flaw), "{text}: {stored}");
        }
        let long = query(&format!("mikserver={}", "x".repeat(600)));
        assert_eq!(long.faults[0].flaw, Flaw::TooLong { max: 512 });
    }

    #[test]
    fn repeats_are_faults_unless_they_agree() {
        assert_eq!(query("mikcharacter=mix&mikCharacter=mix").alphabet, Some(Alphabet::Mix));
        let twice = headers(&[("mikcharacter", b"mix"), ("mikcharacter", b"mix")]);
        let params = MikParams::read(&twice, Some("mikcharacter=mix"));
        assert_eq!((params.alphabet, fault(&params).0), (None, "mikcharacter"));
        let broken = headers(&[("mikcharacter", b"\xff")]);
        assert!(fault(&MikParams::read(&broken, None)).1.contains("not_utf8"));
    }

    #[test]
    fn the_short_access_uuid_is_the_same_parameter() {
        let uuid = "61cd594b-2f01-48ca-8692-65e4ef3a36d5";
        assert_eq!(query(&format!("k={uuid}")).access_uuid.as_deref(), Some(uuid));
        assert_eq!(
            query(&format!("k={uuid}&mikaccessuuid={uuid}")).access_uuid.as_deref(),
            Some(uuid)
        );
        let both = query(&format!("k={uuid}&mikaccessuuid=other-other"));
        assert_eq!((both.access_uuid.as_deref(), fault(&both).0), (None, "mikaccessuuid"));
        let header = MikParams::read(&headers(&[("k", uuid.as_bytes())]), None);
        assert_eq!(header.access_uuid, None, "`k` is a query parameter alone");
    }

    #[test]
    fn the_franc_of_daily_life_is_the_companys_own() {
        for text in ["FCFA", "f cfa", "CFA"] {
            let params = MikParams::read(&headers(&[("mikcurrency", text.as_bytes())]), None);
            assert_eq!((params.currency, params.faults.len()), (None, 0), "{text}");
        }
    }

    #[test]
    fn secrets_are_in_no_debug_output_and_no_fault() {
        let secret = "canary-3f9a";
        let params = query(&format!("mikadminpass={secret}&k={secret}"));
        assert!(!format!("{params:?}").contains(secret));
        for text in [
            format!("mikadminpass={secret}%00&k={secret}%20"),
            format!("mikadminpass={secret}&mikadminpass=x"),
        ] {
            let params = query(&text);
            assert!(
                !params.faults.is_empty() && !format!("{params:?}").contains(secret),
                "{params:?}"
            );
        }
        let kept = MikParams::from_json(&params.to_json().unwrap()).unwrap();
        assert_eq!(kept.admin_password.unwrap().expose_secret(), secret);
    }

    #[test]
    fn too_many_pairs_are_told() {
        let text = "a=b&".repeat(10_000) + "mikcharacter=mix";
        let params = query(&text);
        assert_eq!((params.alphabet, fault(&params).0), (None, "query"));
    }

    #[test]
    fn what_was_not_said_is_not_stored() {
        assert_eq!(MikParams::default().to_json().unwrap(), b"{}");
        assert_eq!(query("miknamelength=5").to_json().unwrap(), br#"{"length":5}"#);
    }

    #[test]
    fn json_of_other_releases_is_read() {
        assert!(MikParams::from_json(b"{}").unwrap().mode.is_none());
        assert_eq!(
            MikParams::from_json(br#"{"mode":"pin","later":1}"#).unwrap().mode,
            Some(UserMode::Pin)
        );
        assert!(MikParams::from_json(b"[").is_err());
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "mikadminuser",
            "mikadminpass",
            "mikusermode",
            "miknamelength",
            "mikcharacter",
            "miknotifemail",
            "mikcurrency",
            "mikuserprefix",
            "mikaccessuuid",
            "mikdnsname",
            "mikserver",
            "k",
            "other",
        ])
    }

    fn header_value() -> impl Strategy<Value = HeaderValue> {
        prop::collection::vec(any::<u8>(), 0..40)
            .prop_filter_map("not a header value", |bytes| HeaderValue::from_bytes(&bytes).ok())
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_kept(
            pairs in prop::collection::vec((name(), header_value()), 0..8),
            text in prop_oneof![
                "\\PC{0,80}",
                prop::collection::vec((name(), "([a-zA-Z0-9@.:+-]|%[0-9a-fg]{0,2}){0,20}"), 0..8)
                    .prop_map(|pairs| pairs.iter().map(|(n, v)| format!("{n}={v}&")).collect::<String>()),
            ],
        ) {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value);
            }
            let params = MikParams::read(&headers, Some(&text));
            for fault in &params.faults {
                let stored = serde_json::to_string(fault).unwrap();
                prop_assert!(!stored.chars().any(char::is_control), "{:?}", fault);
                prop_assert!(stored.len() < 400);
            }
            let json = params.to_json().unwrap();
            prop_assert_eq!(MikParams::from_json(&json).unwrap().to_json().unwrap(), json);
        }

        #[test]
        fn headers_win(name in name(), in_header in "[a-z0-9@.-]{1,12}", in_query in "[a-z0-9@.%-]{0,12}") {
            prop_assume!(name != "k");
            let headers = headers(&[(name, in_header.as_bytes())]);
            let with_query = MikParams::read(&headers, Some(&format!("{name}={in_query}")));
            prop_assert_eq!(with_query.to_json().unwrap(), MikParams::read(&headers, None).to_json().unwrap());
        }

        #[test]
        fn a_good_value_means_the_same_in_header_and_query(
            name in name(), text in prop::sample::select(vec!["vc", "6", "mix2", "a@b.cd", "XOF", "hs1", "wifi.lan:81"]),
        ) {
            prop_assume!(name != "k");
            let in_header = MikParams::read(&headers(&[(name, text.as_bytes())]), None);
            let in_query = query(&format!("{}={text}", name.to_uppercase()));
            prop_assert_eq!(in_header.to_json().unwrap(), in_query.to_json().unwrap());
        }
    }
}
