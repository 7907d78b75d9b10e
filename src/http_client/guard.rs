//! Which addresses a call may reach whose address a client gave us. Without this, whoever may name a
//! `notification_url` could make the relay knock at routers, databases and cloud metadata of its own network.
//!
//! Pure: it judges addresses and URLs and resolves nothing. The caller must connect to exactly the address that was
//! judged, or a name could answer with another one the second time (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// What the operator lets outgoing calls reach besides the public internet.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<IpNet>,
    /// Empty: any port.
    ports: Vec<u16>,
}

/// Why an address may not be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("it is not an http or https address")]
    NotHttp,
    #[error("it holds a user name or a password")]
    Credentials,
    #[error("port {0} is not among the allowed ones (`ports` in `[outgoing]`)")]
    Port(u16),
    #[error("it leads into a private or reserved network (`allow` in `[outgoing]` can open one)")]
    Network,
}

/// An address that has the right form; where it leads is judged when it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub https: bool,
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// Where the host is an address already.
    pub address: Option<IpAddr>,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(Vec::new(), DEFAULT_PORTS.to_vec())
    }
}

impl Guard {
    /// `allow` opens networks that are closed otherwise. No ports: any port.
    pub fn new(allow: Vec<IpNet>, ports: Vec<u16>) -> Self {
        Self { allow, ports }
    }

    /// Reads a URL. An address in it, in whatever notation, is judged at once; a name only when it is resolved.
    pub fn target(&self, url: &Url) -> Result<Target, Forbidden> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Forbidden::NotHttp),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Forbidden::NotHttp)?;
        if !self.ports.is_empty() && !self.ports.contains(&port) {
            return Err(Forbidden::Port(port));
        }
        // The URL standard has read `0x7f.1`, `2130706433` and their like as addresses by now.
        let (host, address) = match url.host().ok_or(Forbidden::NotHttp)? {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        if address.is_some_and(|address| !self.allows(address)) {
            return Err(Forbidden::Network);
        }
        Ok(Target {
            https,
            host,
            port,
            address,
        })
    }

    /// Whether this address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        is_public(plain)
            || self
                .allow
                .iter()
                .any(|network| network.contains(&plain) || network.contains(&address))
    }
}

/// Whether an address is a place of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => {
            let is_closed = CLOSED_V6.iter().any(|network| network.contains(&v6));
            match embedded_v4(v6) {
                Some(v4) => !is_closed && is_public(IpAddr::V4(v4)),
                None => !is_closed && GLOBAL_V6.contains(&v6),
            }
        }
    }
}

/// The IPv4 address that a mapped (`::ffff:a.b.c.d`), translated (`64:ff9b::a.b.c.d`, RFC 6052) or tunnelled
/// (`…:0:5efe:a.b.c.d`, RFC 5214) one stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let [a, b, c, d, e, f, ..] = address.segments();
    let [.., w, x, y, z] = address.octets();
    let is_translated = [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0];
    // ISATAP: the bit says whether the inner address is unique in the world.
    let is_tunnelled = GLOBAL_V6.contains(&address) && matches!(e, 0 | 0x200) && f == 0x5efe;
    (is_translated || is_tunnelled).then(|| Ipv4Addr::new(w, x, y, z))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// The usual ports of web servers.
pub const DEFAULT_PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// The IANA special-purpose registry of IPv4, and the one public address that is a cloud's inside.
const CLOSED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    // Carrier-grade NAT; also a cloud's metadata (100.100.100.200).
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Link-local; also most clouds' metadata (169.254.169.254).
    v4(169, 254, 0, 0, 16),
    // A cloud's metadata and agents behind a public address.
    v4(168, 63, 129, 16, 32),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// Everything else of IPv6 is reserved, local (`fc00::/7`, `fe80::/10`), multicast or unassigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Inside of it: protocols and tunnels that embed other addresses (Teredo, 6to4), and documentation.
const CLOSED_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0x0db8, 0, 32),
    v6(0x2002, 0, 0, 16),
    v6(0x3fff, 0, 0, 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(guard: &Guard, url: &str) -> Result<Target, Forbidden> {
        guard.target(&Url::parse(url).unwrap())
    }

    #[test]
    fn i3_inner_addresses_are_refused_in_every_notation() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "127.255.255.254",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "0",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "169.254.169.254",
            "169.254.0.1",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.88.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "１２７.０.０.１",
            "127。0。0。1",
            "①②⑦.⓪.⓪.①",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "0x7f000001.",
            "0x7F.0x0.0x0.0x1",
            "017700000001",
            "0x0a.0.0.1",
            "0300.0250.88.1",
            "3232258049",
            "2852039166",
            "0xA9FEA9FE",
            "0251.0376.0251.0376",
            "169.254.43518",
            "100.64.1",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b::192.168.88.1]",
            "[64:ff9b::1:a9fe:a9fe]",
            "[::ffff:0:127.0.0.1]",
            "[::ffff:100.64.0.1]",
            "[0:0:0:0:0:ffff:c0a8:5801]",
            "[::a00:1]",
            "[2606:4700::5efe:10.0.0.1]",
            "[2606:4700::200:5efe:a9fe:a9fe]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
            "[2002:a9fe:a9fe::1]",
            "[5f00::1]",
            "[4000::1]",
            "[64:ff9b:1::1]",
            "[100::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fdff::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
        ] {
            assert_eq!(
                judge(&guard, &format!("http://{host}/x")),
                Err(Forbidden::Network),
                "{host}"
            );
        }
    }

    #[test]
    fn public_addresses_and_names_are_let_through() {
        let guard = Guard::default();
        for host in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "192.167.1.1",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::808:808]",
            "[2606:4700::5efe:8.8.8.8]",
            "shop.example.net",
            // Names are judged by what they resolve to.
            "localhost",
            "localhost.",
            "127.0.0.1.nip.example",
            "metadata.google.internal",
            "bücher.example.net",
        ] {
            assert!(judge(&guard, &format!("https://{host}/x")).is_ok(), "{host}");
        }
        let target = judge(&guard, "https://[2606:4700::1111]:8443/x?y").unwrap();
        assert_eq!(
            (target.host.as_str(), target.port, target.https),
            ("2606:4700::1111", 8443, true)
        );
    }

    #[test]
    fn schemes_ports_and_credentials_are_judged() {
        let guard = Guard::default();
        for (url, expected) in [
            ("ftp://shop.example.net/", Forbidden::NotHttp),
            ("file:///etc/passwd", Forbidden::NotHttp),
            ("gopher://shop.example.net:80/", Forbidden::NotHttp),
            ("javascript:alert(1)", Forbidden::NotHttp),
            ("data:text/plain,x", Forbidden::NotHttp),
            ("http://shop.example.net:22/", Forbidden::Port(22)),
            ("https://shop.example.net:25/", Forbidden::Port(25)),
            ("https://user:pass@shop.example.net/", Forbidden::Credentials),
            ("https://user@shop.example.net/", Forbidden::Credentials),
            ("https://:pass@shop.example.net/", Forbidden::Credentials),
            ("http://8.8.8.8@127.0.0.1/", Forbidden::Credentials),
            ("http://8.8.8.8:80@127.0.0.1:80/", Forbidden::Credentials),
            ("http://127.0.0.1/@8.8.8.8/", Forbidden::Network),
            ("http://127.0.0.1#@8.8.8.8/", Forbidden::Network),
            ("http://127.0.0.1\\@8.8.8.8/", Forbidden::Network),
            ("http:127.0.0.1/", Forbidden::Network),
            ("https:///10.0.0.1/", Forbidden::Network),
            ("HTTP://0x7f.1/", Forbidden::Network),
            (" http://127.0.0.1/ ", Forbidden::Network),
            ("http://127.0.\t0.1\n/", Forbidden::Network),
            ("http://shop.example.net:8728/", Forbidden::Port(8728)),
            ("http://shop.example.net:0/", Forbidden::Port(0)),
            ("ws://shop.example.net/", Forbidden::NotHttp),
        ] {
            assert_eq!(judge(&guard, url), Err(expected), "{url}");
        }
        assert!(judge(&Guard::new(Vec::new(), Vec::new()), "http://shop.example.net:9000/").is_ok());
        // What the address standard refuses never comes here.
        for broken in [
            "http://",
            "http://[::1",
            "http://[fe80::1%25eth0]/",
            "http://256.1.1.1/",
            "http://1.2.3.4.5/",
            "http://0x/x y",
            "http://a b/",
            "http://shop.example.net:99999/",
            "http://127.0.0.1%00.example.net/",
        ] {
            let read = Url::parse(broken);
            let is_closed = read.as_ref().is_err() || read.is_ok_and(|url| guard.target(&url).is_err());
            assert!(is_closed, "{broken}");
        }
    }

    #[test]
    fn the_operator_can_open_a_network_and_no_more() {
        let guard = Guard::new(
            vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()],
            Vec::new(),
        );
        for (host, allowed) in [
            ("10.1.2.3", true),
            ("[::ffff:10.1.2.3]", true),
            ("[fd00:1::5]", true),
            ("10.2.0.1", false),
            ("[fd00:2::5]", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(judge(&guard, &format!("http://{host}/")).is_ok(), allowed, "{host}");
        }
    }
}
