//! The links of an operator's `login.html`, as the hosted product's guide has them and as ours are.
//! Facts `mikhmon.md` 8 and `routeros.md` 7; design 6.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Phone, PortalPlan};
use crate::company::GatewayName;
use crate::money::Currency;

/// Where a phone stands when the router fills in the macros of a link.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Without a slash at the end.
    pub relay_url: &'a str,
    /// `$(server-name)`.
    pub server: &'a str,
    /// `$(link-status)`.
    pub status_url: &'a str,
    pub phone: &'a Phone,
}

/// `/buy-mikhmon…?nasid=…`: everything stands in the link.
pub fn old(place: Place<'_>, plan: &PortalPlan) -> String {
    let path = match plan.gateway {
        GatewayName::Fedapay => "/buy-mikhmon",
        GatewayName::Cinetpay => "/buy-mikhmon-cinetpay",
        GatewayName::Feexpay => "/buy-mikhmon-feexpay",
        GatewayName::Conekta => "/buy-mikhmon-conekta",
        GatewayName::Mercadopago => "/buy-mikhmon-mercadopago",
    };
    let mut pairs = vec![
        ("nasid", place.server.to_owned()),
        ("amount", plan.price.major_text()),
        ("currency", everyday_name(plan.price.currency()).to_owned()),
        ("profile_name", plan.profile.clone()),
        ("timelimit", plan.time.to_routeros()),
        (
            "datalimit",
            if plan.data.is_none() {
                "0M".to_owned()
            } else {
                plan.data.to_string()
            },
        ),
        ("mac", place.phone.mac.clone()),
        ("ip", place.phone.ip.clone()),
        ("link-status", place.status_url.to_owned()),
    ];
    pairs.extend(plan.keys.iter().map(|(name, value)| (name.as_str(), value.clone())));
    address(place.relay_url, path, &pairs)
}

/// `/b/<plan>?mac=…`: the plan's name alone.
pub fn short(place: Place<'_>, plan: &PortalPlan) -> String {
    let path = format!("/b/{}", encoded(plan.id.as_str()));
    let phone = place.phone;
    address(
        place.relay_url,
        &path,
        &[
            ("mac", phone.mac.clone()),
            ("ip", phone.ip.clone()),
            ("dst", place.status_url.to_owned()),
        ],
    )
}

/// What people call a currency.
pub fn everyday_name(currency: Currency) -> &'static str {
    match currency {
        Currency::Xof | Currency::Xaf => "FCFA",
        other => other.code(),
    }
}

fn address(relay_url: &str, path: &str, pairs: &[(&str, String)]) -> String {
    let query: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("{relay_url}{path}?{}", query.join("&"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The router puts MAC addresses and names into links as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PlanId;
    use crate::money::Money;
    use crate::plan::{DataLimit, TimeLimit};

    #[test]
    fn links_have_the_guides_form() {
        let phone = Phone::of(1);
        let place = Place {
            relay_url: "http://127.0.0.1:8080",
            server: "hotspot1",
            status_url: "http://127.0.0.1:9001/status",
            phone: &phone,
        };
        let mut plan = PortalPlan {
            id: PlanId::new("4h"),
            label: "4 heures".to_owned(),
            profile: "4 H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 14_400 },
            data: DataLimit::NONE,
            gateway: GatewayName::Fedapay,
            keys: vec![("pub_key".to_owned(), "pk_live_x".to_owned())],
        };
        assert_eq!(
            old(place, &plan),
            "http://127.0.0.1:8080/buy-mikhmon?nasid=hotspot1&amount=100&currency=FCFA&profile_name=4%20H&timelimit=4h\
             &datalimit=0M&mac=02:00:00:00:00:01&ip=10.5.50.11&link-status=http:%2F%2F127.0.0.1:9001%2Fstatus\
             &pub_key=pk_live_x"
        );
        assert_eq!(
            short(place, &plan),
            "http://127.0.0.1:8080/b/4h?mac=02:00:00:00:00:01&ip=10.5.50.11&dst=http:%2F%2F127.0.0.1:9001%2Fstatus"
        );
        plan.gateway = GatewayName::Cinetpay;
        assert!(old(place, &plan).starts_with("http://127.0.0.1:8080/buy-mikhmon-cinetpay?"));
        plan.gateway = GatewayName::Feexpay;
        assert!(old(place, &plan).starts_with("http://127.0.0.1:8080/buy-mikhmon-feexpay?"));
    }
}
