//! Reads buy links, the old ones with all their spellings and the new short ones. Pure: nothing is looked up,
//! and what a link says is a wish, not a fact.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

use super::PageError;
use crate::company::{GatewayName, Language};
use crate::ids::{AccountId, PlanId};
use crate::payment::checkout::{LinkQuery, LinkTarget, OldLink};

/// Names and values of a query or a form, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub fn read(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).take(PAIRS_MAX);
        let kept = pairs.filter(|(name, value)| name.len() <= NAME_MAX_BYTES && value.len() <= VALUE_MAX_BYTES);
        // An `&` that was escaped for HTML once too often leaves `amp;` before the next name.
        let tidy = |name: &str| name.trim().trim_start_matches("amp;").to_owned();
        Self(
            kept.map(|(name, value)| (tidy(&name), value.trim().to_owned()))
                .collect(),
        )
    }

    /// The first value that is not empty under any of these spellings.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        let named = |name: &str| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        self.0
            .iter()
            .find(|(name, value)| named(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// These, and behind them the others.
    pub fn or(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).cloned().collect())
    }

    fn owned(&self, names: &[&str]) -> Option<String> {
        self.first(names).map(str::to_owned)
    }
}

/// A link as read: what it selects, and what was wrong with it without being fatal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuyLink {
    pub query: LinkQuery,
    /// The account the buyer came for, where a short link names one.
    pub account: Option<AccountId>,
    /// RouterOS variables that nobody replaced, such as `$(mac)`.
    pub unexpanded: Vec<String>,
}

/// Reads `/b/<plan>?mac&ip&dst`; `account` is the one account its address is for, if it names one.
pub fn read_short(plan: &str, account: Option<&str>, pairs: &Pairs, language: Option<Language>) -> BuyLink {
    read_device(
        LinkTarget::Plan(PlanId::new(plan)),
        account.map(AccountId::new),
        pairs,
        language,
    )
}

/// Reads `/buy-mikhmon…?nasid&amount&…`; fails when it cannot select anything.
pub fn read_old(gateway: GatewayName, pairs: &Pairs, language: Option<Language>) -> Result<BuyLink, PageError> {
    let nasid = pairs.first(&["nasid"]).ok_or(PageError::Missing("nasid"))?;
    let profile = pairs.first(PROFILE_NAMES).ok_or(PageError::Missing("profile_name"))?;
    if let Some(variable) = [nasid, profile].into_iter().find(|value| is_unexpanded(value)) {
        return Err(PageError::Unexpanded(variable.to_owned()));
    }
    let old = OldLink {
        gateway,
        account_key: pairs.owned(&[key_name(gateway)]),
        site_id: pairs.owned(SITE_NAMES),
        nasid: nasid.to_owned(),
        profile: profile.to_owned(),
        amount: pairs.owned(&["amount"]),
        currency: pairs.owned(&["currency"]),
        time: pairs.owned(TIME_NAMES),
        data: pairs.owned(DATA_NAMES),
    };
    Ok(read_device(LinkTarget::Old(old), None, pairs, language))
}

fn read_device(target: LinkTarget, account: Option<AccountId>, pairs: &Pairs, language: Option<Language>) -> BuyLink {
    let mut unexpanded = Vec::new();
    let mut expanded = |names: &[&str]| {
        let value = pairs.first(names)?;
        if is_unexpanded(value) {
            unexpanded.push(value.to_owned());
            return None;
        }
        Some(value)
    };
    let mac = expanded(&["mac"]).and_then(read_mac);
    let ip = expanded(&["ip"])
        .and_then(|text| text.parse::<IpAddr>().ok())
        .map(|ip| ip.to_string());
    let dst = expanded(DST_NAMES)
        .filter(|text| !text.chars().any(char::is_control))
        .map(str::to_owned);
    BuyLink {
        query: LinkQuery {
            target,
            mac,
            ip,
            dst,
            language,
        },
        account,
        unexpanded,
    }
}

impl BuyLink {
    /// The same purchase as a short link, which needs no key and no price: for the form and for other languages.
    /// `None` while only the old parameters say what is bought.
    pub fn short_form(&self, plan: Option<&PlanId>, account: &AccountId) -> Option<ShortForm> {
        let plan = match &self.query.target {
            LinkTarget::Plan(plan) => plan,
            LinkTarget::Old(_) => plan?,
        };
        let account = match &self.query.target {
            LinkTarget::Plan(_) => self.account.clone(),
            LinkTarget::Old(_) => Some(account.clone()),
        };
        Some(ShortForm {
            path: short_path(plan),
            account,
            device: self.device_fields(),
        })
    }

    /// What a form has to carry so that the same old link can be read again.
    pub fn old_fields(&self) -> Vec<(&'static str, String)> {
        let LinkTarget::Old(old) = &self.query.target else {
            return self.device_fields();
        };
        let named = [
            ("nasid", Some(old.nasid.clone())),
            ("profile_name", Some(old.profile.clone())),
            ("amount", old.amount.clone()),
            ("currency", old.currency.clone()),
            ("timelimit", old.time.clone()),
            ("datalimit", old.data.clone()),
            ("siteid", old.site_id.clone()),
            (key_name(old.gateway), old.account_key.clone()),
        ];
        let link = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        link.chain(self.device_fields()).collect()
    }

    fn device_fields(&self) -> Vec<(&'static str, String)> {
        let query = &self.query;
        let named = [("mac", &query.mac), ("ip", &query.ip), ("dst", &query.dst)];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

/// A purchase by plan: where its form goes and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortForm {
    path: String,
    account: Option<AccountId>,
    /// What the form carries.
    pub device: Vec<(&'static str, String)>,
}

impl ShortForm {
    /// Where the form goes.
    pub fn action(&self) -> String {
        self.address(&[])
    }

    /// The whole link, as an address to GET.
    pub fn href(&self) -> String {
        self.address(&self.device)
    }

    fn address(&self, fields: &[(&'static str, String)]) -> String {
        let account = self.account.iter().map(|account| ("account", account.as_str()));
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(account.chain(fields)).finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }
}

/// The short link's path.
pub fn short_path(plan: &PlanId) -> String {
    format!("/b/{}", encode(plan.as_str()))
}

/// The old page of a gateway.
pub fn old_path(gateway: GatewayName) -> &'static str {
    match gateway {
        GatewayName::Fedapay => "/buy-mikhmon",
        GatewayName::Cinetpay => "/buy-mikhmon-cinetpay",
        GatewayName::Feexpay => "/buy-mikhmon-feexpay",
        GatewayName::Conekta => "/buy-mikhmon-conekta",
        GatewayName::Mercadopago => "/buy-mikhmon-mercadopago",
    }
}

/// `AA:BB:CC:DD:EE:FF` from any usual spelling.
fn read_mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_uppercase();
    let pairs: Vec<_> = digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .collect();
    Some(pairs.join(":"))
}

/// Whether the router left a variable of its own in the value.
fn is_unexpanded(value: &str) -> bool {
    value.contains("$(")
}

/// Which account the link means: a selector only, never trusted as a key.
fn key_name(gateway: GatewayName) -> &'static str {
    match gateway {
        GatewayName::Fedapay | GatewayName::Conekta | GatewayName::Mercadopago => "pub_key",
        GatewayName::Cinetpay => "api_key",
        GatewayName::Feexpay => "token",
    }
}

fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

const PROFILE_NAMES: &[&str] = &["profile_name", "profile name", "profile-name", "profilename"];
const TIME_NAMES: &[&str] = &["timelimit", "time_limit", "time-limit"];
const DATA_NAMES: &[&str] = &["datalimit", "data_limit", "data-limit"];
const DST_NAMES: &[&str] = &["dst", "link-status", "link_status"];
const SITE_NAMES: &[&str] = &["siteid", "site_id", "site-id"];

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A guide's link has 11 parameters.
const PAIRS_MAX: usize = 64;
const NAME_MAX_BYTES: usize = 64;
/// The longest are keys of gateways and status links.
const VALUE_MAX_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn old(gateway: GatewayName, query: &str) -> BuyLink {
        read_old(gateway, &Pairs::read(query.as_bytes()), None).expect("a readable link")
    }

    fn target(link: &BuyLink) -> &OldLink {
        match &link.query.target {
            LinkTarget::Old(old) => old,
            LinkTarget::Plan(plan) => panic!("a short link of {plan}"),
        }
    }

    #[test]
    fn the_guides_links_are_read() {
        let common = "nasid=hotspot1&amount=100&currency=FCFA&profile_name=4H&timelimit=4h&datalimit=0M\
                      &mac=a4:5e:60:c2:10:9f&ip=10.5.50.12&link-status=http%3A%2F%2Fwifi.example.net%2Fstatus";
        for (gateway, keys, account_key, site_id) in [
            (GatewayName::Fedapay, "&pub_key=pk_live_x", Some("pk_live_x"), None),
            (
                GatewayName::Cinetpay,
                "&api_key=123.a&siteid=5001",
                Some("123.a"),
                Some("5001"),
            ),
            (
                GatewayName::Feexpay,
                "&token=fp_x&siteid=abc",
                Some("fp_x"),
                Some("abc"),
            ),
        ] {
            let link = old(gateway, &format!("{common}{keys}"));
            let expected = OldLink {
                gateway,
                account_key: account_key.map(str::to_owned),
                site_id: site_id.map(str::to_owned),
                nasid: "hotspot1".to_owned(),
                profile: "4H".to_owned(),
                amount: Some("100".to_owned()),
                currency: Some("FCFA".to_owned()),
                time: Some("4h".to_owned()),
                data: Some("0M".to_owned()),
            };
            assert_eq!(target(&link), &expected);
            assert_eq!(link.query.mac.as_deref(), Some("A4:5E:60:C2:10:9F"));
            assert_eq!(link.query.ip.as_deref(), Some("10.5.50.12"));
            assert_eq!(link.query.dst.as_deref(), Some("http://wifi.example.net/status"));
            assert_eq!(link.unexpanded, Vec::<String>::new());
        }
    }

    #[test]
    fn other_spellings_mean_the_same() {
        for query in [
            "nasid=h&profile name=P&data_limit=1G",
            "nasid=h&profile%20name=P&data-limit=1G",
            "nasid=h&profile+name=P&datalimit=1G",
            "nasid=h&profile-name=P&datalimit=1G",
            "NASID=h&Profile_Name=P&DataLimit=1G",
            "nasid=h&amp;profile_name=P&amp;datalimit=1G",
            "nasid=&nasid=h&profile_name=P&profile_name=other&datalimit=1G",
            "nasid= h &profile_name=P&datalimit=1G&datalimit=2G",
        ] {
            let link = old(GatewayName::Fedapay, query);
            let old = target(&link);
            assert_eq!(
                (old.nasid.as_str(), old.profile.as_str(), old.data.as_deref()),
                ("h", "P", Some("1G")),
                "{query}"
            );
        }
    }

    #[test]
    fn variables_the_router_did_not_replace_are_found() {
        let link = old(
            GatewayName::Fedapay,
            "nasid=h&profile_name=P&mac=%24(mac)&ip=$(ip)&link-status=$(link-status-esc)",
        );
        assert_eq!(
            (&link.query.mac, &link.query.ip, &link.query.dst),
            (&None, &None, &None)
        );
        assert_eq!(link.unexpanded, ["$(mac)", "$(ip)", "$(link-status-esc)"]);
        let pairs = Pairs::read(b"nasid=$(server-name)&profile_name=P");
        let error = read_old(GatewayName::Fedapay, &pairs, None).expect_err("nothing is selected");
        assert!(matches!(error, PageError::Unexpanded(variable) if variable == "$(server-name)"));
    }

    #[test]
    fn what_selects_must_be_there() {
        for (query, missing) in [
            ("profile_name=P", "nasid"),
            ("nasid=h", "profile_name"),
            ("nasid=&profile_name=P", "nasid"),
        ] {
            let error = read_old(GatewayName::Fedapay, &Pairs::read(query.as_bytes()), None).expect_err("incomplete");
            assert!(matches!(error, PageError::Missing(name) if name == missing), "{query}");
        }
    }

    #[test]
    fn a_device_is_read_or_left_out() {
        for (mac, expected) in [
            ("A4-5E-60-C2-10-9F", Some("A4:5E:60:C2:10:9F")),
            ("a45e.60c2.109f", Some("A4:5E:60:C2:10:9F")),
            ("A4:5E:60:C2:10", None),
            ("A4:5E:60:C2:10:9G", None),
            ("é4:5E:60:C2:10:9F", None),
            ("<script>", None),
        ] {
            let link = read_short("4h", None, &Pairs::read(format!("mac={mac}").as_bytes()), None);
            assert_eq!(link.query.mac.as_deref(), expected, "{mac}");
        }
        let link = read_short(
            "4h",
            None,
            &Pairs::read(b"ip=10.0.0.1%0d%0aX&dst=http://a/%0d%0aX"),
            None,
        );
        assert_eq!((link.query.ip, link.query.dst), (None, None));
    }

    #[test]
    fn an_old_link_that_found_its_plan_goes_on_without_keys_and_price() {
        let link = old(
            GatewayName::Feexpay,
            "nasid=h&profile_name=P&amount=1&token=fp_x&siteid=s&mac=a4:5e:60:c2:10:9f",
        );
        let (plan, account) = (PlanId::new("été"), AccountId::new("awa"));
        let href = link.short_form(Some(&plan), &account).expect("a plan").href();
        assert_eq!(href, "/b/%C3%A9t%C3%A9?account=awa&mac=A4%3A5E%3A60%3AC2%3A10%3A9F");
        assert_eq!(link.short_form(None, &account), None);
    }

    proptest! {
        #[test]
        fn any_query_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            let pairs = Pairs::read(&bytes);
            let _ = read_old(GatewayName::Cinetpay, &pairs, None);
            let link = read_short("x", None, &pairs, None);
            prop_assert!(link.query.mac.is_none_or(|mac| mac.len() == 17));
        }

        #[test]
        fn an_old_link_survives_its_own_form(
            nasid in "[ -~é]{1,20}", profile in "[ -~ü]{1,20}", amount in "[0-9]{0,6}", key in "[a-z_0-9]{0,12}",
        ) {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("nasid", &nasid), ("profile name", &profile), ("amount", &amount), ("pub_key", &key)])
                .finish();
            if let Ok(link) = read_old(GatewayName::Fedapay, &Pairs::read(query.as_bytes()), None) {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(link.old_fields()).finish();
                let again = read_old(GatewayName::Fedapay, &Pairs::read(form.as_bytes()), None);
                prop_assert_eq!(again.ok(), Some(link));
            }
        }
    }
}
