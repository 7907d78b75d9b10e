//! Where a company's own administrators may point a router: at the public internet and at the networks that the
//! operator opened (`router_networks` in `[api]`), at the ports that routers use. Otherwise anybody with a login could
//! make the relay knock at the machines of its own network and read from the answers what stands there (facts:
//! pagos-hotspot-api 9, S14). A name is refused unless the operator trusts names: it could lead elsewhere the next time.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::http_client::guard::Guard;

/// What the operator allows.
#[derive(Clone, Debug)]
pub struct AddressPolicy {
    guard: Guard,
    names: bool,
}

impl Default for AddressPolicy {
    fn default() -> Self {
        Self::new(Vec::new(), false)
    }
}

/// Why a router may not be reached there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("this is neither an address nor a host's name")]
    NotAHost,
    #[error("a port is a number from 1 to 65535")]
    Port,
    #[error("this port belongs to other services; a router's API is at 8728, 8729 or a port above 1023")]
    OtherService,
    #[error("the network is not open for routers; the operator can open it (`router_networks` in `[api]`)")]
    Network,
    #[error("a number address is wanted; the operator can allow names (`router_names` in `[api]`)")]
    Name,
}

impl AddressPolicy {
    /// `networks` are open besides the public internet.
    pub fn new(networks: Vec<IpNet>, names: bool) -> Self {
        Self {
            guard: Guard::new(networks, Vec::new()),
            names,
        }
    }

    /// Judges what a company's administrator wants.
    pub fn judge(&self, host: &str, port: u16) -> Result<(), AddressFault> {
        if port < FIRST_FREE_PORT {
            return Err(AddressFault::OtherService);
        }
        match bare(host).parse::<IpAddr>() {
            Ok(address) if self.guard.allows(address) => Ok(()),
            Ok(_) => Err(AddressFault::Network),
            Err(_) if self.names => Ok(()),
            Err(_) => Err(AddressFault::Name),
        }
    }
}

/// `host:port` as routers are stored, from what people type.
pub fn joined(host: &str, port: i64) -> Result<(String, u16), AddressFault> {
    let port = u16::try_from(port)
        .ok()
        .filter(|port| *port > 0)
        .ok_or(AddressFault::Port)?;
    let host = host.trim();
    if let Ok(address) = bare(host).parse::<IpAddr>() {
        return Ok((std::net::SocketAddr::new(address, port).to_string(), port));
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // Resolvers read `127.1` and `0x7f000001` as addresses, which must not pass as names.
    let last = host.rsplit('.').next().unwrap_or_default();
    let looks_like_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    if host.len() > 253 || looks_like_number || !host.split('.').all(is_label) {
        return Err(AddressFault::NotAHost);
    }
    Ok((format!("{host}:{port}"), port))
}

/// Host and port of a stored address; the API's usual port where none is written.
pub fn parted(address: &str) -> (String, u16) {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    (bare(host).to_owned(), port.parse().unwrap_or(API_PORT))
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// RouterOS' API without and with TLS (facts: pagos-hotspot-api 8.2).
pub const API_PORT: u16 = 8728;
pub const API_TLS_PORT: u16 = 8729;
/// Below are mail servers, shells, file shares and web servers.
const FIRST_FREE_PORT: u16 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s14_a_company_points_its_routers_at_the_internet_and_nowhere_else() {
        let policy = AddressPolicy::default();
        for (host, port, judged) in [
            ("203.0.114.9", 8728, Ok(())),
            ("203.0.114.9", 49152, Ok(())),
            ("203.0.114.9", 22, Err(AddressFault::OtherService)),
            ("127.0.0.1", 8728, Err(AddressFault::Network)),
            ("10.5.0.1", 8728, Err(AddressFault::Network)),
            ("192.168.88.1", 8728, Err(AddressFault::Network)),
            ("169.254.169.254", 8728, Err(AddressFault::Network)),
            ("::1", 8728, Err(AddressFault::Network)),
            ("[::ffff:10.0.0.1]", 8728, Err(AddressFault::Network)),
            ("2a00:1450:4001::1", 8728, Ok(())),
            ("router.example.net", 8728, Err(AddressFault::Name)),
            ("localhost", 8728, Err(AddressFault::Name)),
        ] {
            assert_eq!(policy.judge(host, port), judged, "{host}:{port}");
        }
        let open = AddressPolicy::new(vec!["10.5.0.0/16".parse().unwrap()], true);
        assert_eq!(open.judge("10.5.0.1", 8728), Ok(()));
        assert_eq!(open.judge("10.6.0.1", 8728), Err(AddressFault::Network));
        assert_eq!(open.judge("router.example.net", 8728), Ok(()));
    }

    #[test]
    fn addresses_are_put_together_and_taken_apart() {
        for (host, port, address) in [
            ("10.5.0.1", 8728, Ok("10.5.0.1:8728")),
            (" Router.Example.net. ", 1, Ok("router.example.net:1")),
            ("::1", 8729, Ok("[::1]:8729")),
            ("[::1]", 8729, Ok("[::1]:8729")),
            ("10.5.0.1", 0, Err(AddressFault::Port)),
            ("10.5.0.1", 65536, Err(AddressFault::Port)),
            ("10.5.0.1", -1, Err(AddressFault::Port)),
            ("", 1, Err(AddressFault::NotAHost)),
            ("a b", 1, Err(AddressFault::NotAHost)),
            ("a/b", 1, Err(AddressFault::NotAHost)),
            ("u@a", 1, Err(AddressFault::NotAHost)),
            ("a:1", 1, Err(AddressFault::NotAHost)),
            ("127.1", 1, Err(AddressFault::NotAHost)),
            ("0x7f000001", 1, Err(AddressFault::NotAHost)),
            ("2130706433", 1, Err(AddressFault::NotAHost)),
        ] {
            let joined = joined(host, port).map(|(address, _)| address);
            assert_eq!(joined.as_deref(), address.as_ref().map(|text| *text), "{host} {port}");
        }
        assert_eq!(parted("[::1]:8729"), ("::1".to_owned(), 8729));
        assert_eq!(parted("a.example.net:99"), ("a.example.net".to_owned(), 99));
    }
}
