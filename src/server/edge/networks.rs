//! Sets of addresses, as single ones and as networks (CIDR, RFC 4632).

use std::net::IpAddr;
use std::sync::Arc;

/// Networks whose addresses are trusted. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Arc<[Network]>);

/// The addresses that share a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Networks {
    /// Reads a list of `192.0.2.1`, `10.0.0.0/8` or `2001:db8::/32`.
    ///
    /// # Errors
    /// Which of them is neither an address nor a network.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let each = list.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        each.map(Network::parse).collect::<Result<Arc<[_]>, _>>().map(Self)
    }

    /// Whether `address` is in one of them. An IPv4 address mapped into IPv6 is that IPv4 address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor a network like 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) => digits.parse().map_err(|_| wrong())?,
        };
        if prefix > most {
            return Err(wrong());
        }
        let base = address.to_canonical();
        // What is mapped into IPv6 has its 96 bits of prefix before the IPv4 address.
        let shorter = if base.is_ipv4() && address.is_ipv6() { 96 } else { 0 };
        let prefix = prefix.checked_sub(shorter).ok_or_else(wrong)?;
        Ok(Self { base, prefix })
    }

    fn contains(self, address: IpAddr) -> bool {
        let shared = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                (base.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => {
                (base.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared >= u32::from(self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, address: &str, inside: bool) {
        let networks = Networks::parse(&[list.to_owned()]).unwrap();
        assert_eq!(networks.contain(address.parse().unwrap()), inside, "{address} in {list}");
    }

    #[test]
    fn addresses_and_networks() {
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.2", false);
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.1.2.3/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("10.0.0.0/8", "::ffff:10.0.0.1", true);
        check("::ffff:10.0.0.0/104", "10.2.3.4", true);
        check("::1", "::1", true);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.1:80"] {
            let error = Networks::parse(&["10.0.0.0/8".to_owned(), text.to_owned()]).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
        let wide = Networks::parse(&["::ffff:0:0/90".to_owned()]);
        assert!(wide.is_err());
    }
}
