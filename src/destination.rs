//! Where a phone may be sent after it is online: back to its own hotspot, nowhere else (fault B5).
//! Pure. It does not ask whether the page exists.

use url::Url;

/// The normalised address if `wanted` is a plain http(s) page of the hotspot's own dns-name, else `None`.
///
/// `dns_name` is the hotspot's `mikdnsname`, with a port where it is not 80. What browsers read differently
/// from what people see (`//evil`, `https:evil`, backslashes, user names before `@`) is refused outright.
pub fn back_to_hotspot(wanted: &str, dns_name: &str) -> Option<String> {
    let suspicious = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if wanted.len() > DESTINATION_MAX_BYTES || wanted.contains(suspicious) || !names_a_host(wanted) {
        return None;
    }
    let home = Url::parse(&format!("http://{dns_name}/")).ok()?;
    let url = Url::parse(wanted).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    let same_host = url.host_str().is_some() && url.host_str() == home.host_str();
    let known_port = url.port().is_none() || url.port() == home.port();
    (plain && same_host && known_port).then(|| url.into())
}

fn names_a_host(wanted: &str) -> bool {
    let lower = wanted.to_ascii_lowercase();
    let rest = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

/// Routers build status links of at most a few hundred bytes.
const DESTINATION_MAX_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b5_only_the_hotspots_own_pages_are_left() {
        let home = "wifi.example.net";
        for (wanted, expected) in [
            ("http://wifi.example.net/status", Some("http://wifi.example.net/status")),
            (
                "http://WIFI.example.net/status?x=1",
                Some("http://wifi.example.net/status?x=1"),
            ),
            ("https://wifi.example.net/", Some("https://wifi.example.net/")),
            ("http://wifi.example.net", Some("http://wifi.example.net/")),
            ("http://wifi.example.net:80/a", Some("http://wifi.example.net/a")),
            ("http://wifi.example.net:8080/a", None),
            ("//evil.example", None),
            ("///evil.example", None),
            ("/status", None),
            ("javascript:alert(1)", None),
            ("JaVaScRiPt://wifi.example.net/%0aalert(1)", None),
            ("data:text/html,x", None),
            ("https:evil.example", None),
            ("https:wifi.example.net", None),
            ("http:/evil.example", None),
            ("http:///wifi.example.net/", None),
            ("\\\\evil.example", None),
            ("http:\\\\wifi.example.net", None),
            ("http://evil.example\\@wifi.example.net/", None),
            ("http://wifi.example.net@evil.example/", None),
            ("http://user@wifi.example.net/", None),
            ("http://user:pass@wifi.example.net/", None),
            ("http://wifi.example.net.evil.example/", None),
            ("http://evil.example/?http://wifi.example.net/", None),
            ("http://evil.example#wifi.example.net", None),
            ("http://wifi.exаmple.net/", None), // a Cyrillic letter
            ("http://wіfi.example.net/", None),
            ("http://wifi.example.net%2eevil.example/", None),
            ("http://wifi.example.net\n.evil.example/", None),
            (" http://wifi.example.net/", None),
            ("http://[::1]/", None),
            ("http://2130706433/", None),
            ("ftp://wifi.example.net/", None),
            ("$(link-status-esc)", None),
            ("", None),
        ] {
            assert_eq!(back_to_hotspot(wanted, home).as_deref(), expected, "{wanted}");
        }
    }

    #[test]
    fn a_port_of_the_dns_name_counts() {
        let wanted = "http://wifi.example.net:8080/status";
        assert_eq!(
            back_to_hotspot(wanted, "wifi.example.net:8080").as_deref(),
            Some(wanted)
        );
        assert_eq!(
            back_to_hotspot("http://wifi.example.net:81/", "wifi.example.net:8080"),
            None
        );
    }

    #[test]
    fn an_international_name_is_compared_in_its_wire_form() {
        let shown = back_to_hotspot("http://café.example/status", "café.example");
        assert_eq!(shown.as_deref(), Some("http://xn--caf-dma.example/status"));
        assert!(back_to_hotspot("http://xn--caf-dma.example/", "CAFÉ.example").is_some());
    }

    #[test]
    fn an_endless_address_is_refused() {
        let wanted = format!("http://wifi.example.net/{}", "a".repeat(2000));
        assert_eq!(back_to_hotspot(&wanted, "wifi.example.net"), None);
    }
}
