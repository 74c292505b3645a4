//! Who a request is from, as one number a client however its address is written.

use std::net::{IpAddr, Ipv4Addr};

/// Marks keys that are no IPv4 addresses.
pub(super) const OWN_CLIENT: u64 = 1 << 63;

/// An IPv4 address as a number; anything else as a hash with the top bit set. Ports, brackets and zones are taken off, an
/// IPv4 address inside an IPv6 one is the former, and of a list (`X-Forwarded-For`) the first is meant. `None` where the
/// field names nobody.
pub(super) fn key(text: &str) -> Option<u64> {
    let text = text.split([',', ';']).next().unwrap_or(text).trim().trim_matches('"');
    let text = text.strip_prefix("for=").unwrap_or(text).trim_matches('"').trim();
    let host = host(text);
    if host.is_empty() || host == "-" || host.eq_ignore_ascii_case("unknown") || host.starts_with("unix:") {
        return None;
    }
    Some(match address(host) {
        Some(IpAddr::V4(address)) => number(address),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => number(address),
            // The many spellings of one address are one client.
            None => xxhash_rust::xxh3::xxh3_64(&address.octets()) | OWN_CLIENT,
        },
        None => xxhash_rust::xxh3::xxh3_64(host.to_ascii_lowercase().as_bytes()) | OWN_CLIENT,
    })
}

/// Whether a field could name a client: an address, or a name of a host.
pub(super) fn is_plausible(text: &str) -> bool {
    let host = host(text.trim_matches('"'));
    host == "-"
        || address(host).is_some()
        || host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

fn address(host: &str) -> Option<IpAddr> {
    host.split('%').next()?.parse().ok()
}

fn number(address: Ipv4Addr) -> u64 {
    u64::from(u32::from(address))
}

/// Without a port and brackets.
fn host(text: &str) -> &str {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    match text.rsplit_once(':') {
        // More than one colon and no brackets: an IPv6 address without a port.
        Some((host, port))
            if !host.contains(':') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            host
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_is_one_client() {
        for text in [
            "192.0.2.7",
            "192.0.2.7:5123",
            "[192.0.2.7]:80",
            "::ffff:192.0.2.7",
            "[::ffff:192.0.2.7]:443",
            "::ffff:c000:207",
            "\"192.0.2.7\"",
            "192.0.2.7, 203.0.113.9",
            "for=192.0.2.7;proto=https",
        ] {
            assert_eq!(key(text), Some(0xC000_0207), "{text}");
        }
        let own = key("2001:db8::1");
        assert!(own.is_some_and(|key| key & OWN_CLIENT != 0));
        for text in ["[2001:db8::1]:80", "2001:0db8:0:0:0:0:0:1", "[2001:DB8::1]", "2001:db8::1%eth0"] {
            assert_eq!(key(text), own, "{text}");
        }
        assert_eq!(key("Host.example:8080"), key("host.example"));
        assert!(key("host.example").is_some_and(|key| key & OWN_CLIENT != 0));
        assert_eq!(key("0.0.0.9"), Some(9));
        for text in ["-", "", " ", "unknown", "unix:", "\"-\""] {
            assert_eq!(key(text), None, "{text}");
        }
    }
}
