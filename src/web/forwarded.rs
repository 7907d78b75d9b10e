//! Who really asks, when proxies stand before us. Only `X-Forwarded-For` is read, and only as far as trusted
//! proxies wrote it: whatever a stranger puts into the header is never believed.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The client's address: the peer itself, or, walking back from a trusted peer, the first address that is
/// not a trusted proxy.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let trusts = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !trusts(client) {
        return client;
    }
    let lines: Vec<_> = headers
        .get_all(HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = read_address(entry.trim()) else {
            break;
        };
        client = address;
        if !trusts(client) {
            break;
        }
    }
    client
}

fn read_address(entry: &str) -> Option<IpAddr> {
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(entry);
    let address: Option<IpAddr> = bare.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    Some(address.or_else(with_port)?.to_canonical())
}

const HEADER: &str = "x-forwarded-for";

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, line.parse().expect("a header value"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        client_address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(
            client("203.0.113.9", &["198.51.100.1"], &["127.0.0.0/8"]),
            "203.0.113.9"
        );
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &[]), "127.0.0.1");
    }

    #[test]
    fn the_last_hop_before_the_trusted_ones_counts() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(
            client("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.1.1.1"], &trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client("127.0.0.1", &["6.6.6.6", "198.51.100.1,10.1.1.1"], &trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client("::ffff:127.0.0.1", &["[2001:db8::1]:4711"], &trusted),
            "2001:db8::1"
        );
        assert_eq!(client("127.0.0.1", &["198.51.100.1:4711"], &trusted), "198.51.100.1");
    }

    #[test]
    fn nonsense_stops_the_walk() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(
            client("127.0.0.1", &["198.51.100.1, <script>, 10.0.0.2"], &trusted),
            "10.0.0.2"
        );
        assert_eq!(client("127.0.0.1", &[""], &trusted), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[], &trusted), "127.0.0.1");
    }
}
