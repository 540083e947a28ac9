//! What proxies say about the client: `Forwarded` (RFC 7239), or `X-Forwarded-For`, `-Proto` and
//! `-Host`. Anyone can send these, so they are read from the right, which is the end that the
//! nearest proxy wrote, and no farther than proxies are trusted.

use super::networks::Networks;
use http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, SocketAddr};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Hops that are looked at; a longer list is not from proxies that are trusted.
const MAX_HOPS: usize = 64;

/// What trusted proxies say about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The client's address: the nearest one that is no trusted proxy.
    pub address: IpAddr,
    /// Whether the client speaks https, if that is said.
    pub secure: Option<bool>,
    /// The host that the client addressed, if that is said.
    pub host: Option<String>,
}

/// One hop, as the proxy that took it in describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hop {
    by_address: Option<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

/// Whether a request carries any of these headers.
pub fn carried(headers: &HeaderMap) -> bool {
    [header::FORWARDED, FOR, PROTO, HOST].iter().any(|name| headers.contains_key(name))
}

/// What is said of a request that came from `proxy`, which is trusted. `None` if the headers
/// contradict each other: a proxy writes one kind and may hand on what the client wrote of the
/// other, so that neither can be believed.
pub fn claimed(headers: &HeaderMap, proxy: IpAddr, trusted: &Networks) -> Option<Claim> {
    let standard = headers.contains_key(header::FORWARDED);
    let customary = [FOR, PROTO, HOST].iter().any(|name| headers.contains_key(name));
    let standard = standard.then(|| read_standard(headers, proxy, trusted));
    let customary = customary.then(|| read_customary(headers, proxy, trusted));
    match (standard, customary) {
        (Some(one), Some(other)) => (one == other).then_some(one),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => Some(Claim { address: proxy, secure: None, host: None }),
    }
}

/// The client: how many hops lie between it and the nearest proxy, and its address. What cannot be
/// read is a client nobody knows, so that the proxy which says so stands for it.
fn client(hops: &[Option<IpAddr>], proxy: IpAddr, trusted: &Networks) -> (usize, IpAddr) {
    let mut known = proxy;
    let mut depth = 0;
    for (at, hop) in hops.iter().rev().enumerate().take(MAX_HOPS) {
        depth = at;
        match hop {
            None => break,
            Some(address) => known = *address,
        }
        if !trusted.contain(known) {
            break;
        }
    }
    (depth, known)
}

fn read_standard(headers: &HeaderMap, proxy: IpAddr, trusted: &Networks) -> Claim {
    let hops = hops(&joined(headers, &header::FORWARDED));
    let addresses: Vec<Option<IpAddr>> = hops.iter().map(|hop| hop.by_address).collect();
    let (depth, address) = client(&addresses, proxy, trusted);
    let hop = hops.iter().rev().nth(depth).cloned().unwrap_or_default();
    claim(address, hop.proto.as_deref(), hop.host.as_deref())
}

fn read_customary(headers: &HeaderMap, proxy: IpAddr, trusted: &Networks) -> Claim {
    let list = |name: HeaderName| -> Vec<String> {
        let text = joined(headers, &name);
        let each = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        each.map(str::to_owned).collect()
    };
    let addresses: Vec<Option<IpAddr>> = list(FOR).iter().map(|one| address_of(one)).collect();
    let (depth, address) = client(&addresses, proxy, trusted);
    // A proxy that overwrites these leaves one value however many hops there are.
    let said = |name: HeaderName| {
        let values = list(name);
        values.iter().rev().nth(depth).or_else(|| values.first()).cloned()
    };
    claim(address, said(PROTO).as_deref(), said(HOST).as_deref())
}

fn claim(address: IpAddr, proto: Option<&str>, host: Option<&str>) -> Claim {
    let secure = proto.map(|proto| ["https", "wss"].iter().any(|s| proto.eq_ignore_ascii_case(s)));
    let host = host.filter(|host| host.parse::<http::uri::Authority>().is_ok());
    let host = host.filter(|host| !host.contains('@'));
    Claim { address, secure, host: host.map(str::to_ascii_lowercase) }
}

/// All values of a header as one list; what is no text cannot be read, and says so.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    values.collect::<Vec<_>>().join(",")
}

/// The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or
/// `[2001:db8::1]:80`.
fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let plain = bare.parse::<IpAddr>().ok();
    let address = plain.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()));
    address.map(|address| address.to_canonical())
}

/// The elements of `Forwarded`, in order. Quotes may hold commas and semicolons.
fn hops(text: &str) -> Vec<Hop> {
    let elements = split(text, ',');
    let full = elements.iter().filter(|element| !element.trim().is_empty());
    full.map(|element| hop(element)).collect()
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.by_address = address_of(&value),
            "proto" => hop.proto = Some(value),
            "host" => hop.host = Some(value),
            _ => {}
        }
    }
    hop
}

/// Parts between `separator`, but for those within quotes. A quote that is never closed is none: a
/// client that leaves one open must not swallow what the proxy adds.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let mut open = false;
    for c in text.chars() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' if open => escaped = true,
            '"' => open = !open,
            _ => {}
        }
    }
    if open {
        return text.split(separator).collect();
    }
    escaped = false;
    let parts = text.split(move |c| {
        let literal = std::mem::take(&mut escaped);
        match c {
            _ if literal => false,
            '\\' if quoted => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            _ => c == separator && !quoted,
        }
    });
    parts.collect()
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return value.to_owned() };
    let mut escaped = false;
    let kept = inner.chars().filter(|c| {
        escaped = *c == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROXY: &str = "10.0.0.1";

    fn trusted() -> Networks {
        Networks::parse(&["10.0.0.0/8".to_owned(), "2001:db8:1::/48".to_owned()]).unwrap()
    }

    fn said(headers: &[(&str, &str)]) -> Option<Claim> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        claimed(&map, PROXY.parse().unwrap(), &trusted())
    }

    /// The client's address and, if said, scheme and host.
    #[track_caller]
    fn check(headers: &[(&str, &str)], expect: (&str, Option<bool>, Option<&str>)) {
        let claim = said(headers).expect("no contradiction");
        let got = (claim.address.to_string(), claim.secure, claim.host.as_deref());
        assert_eq!((got.0.as_str(), got.1, got.2), expect, "{headers:?}");
    }

    #[test]
    fn the_client_is_the_nearest_address_that_is_no_trusted_proxy() {
        let check = |list, address| check(&[("x-forwarded-for", list)], (address, None, None));
        check("203.0.113.9", "203.0.113.9");
        check("1.1.1.1, 203.0.113.9", "203.0.113.9");
        check("1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9");
        check("1.1.1.1 , 203.0.113.9:4711,,10.0.0.2, ", "203.0.113.9");
        check("[2001:db8::7]:443", "2001:db8::7");
        check("[2001:db8::7]", "2001:db8::7");
        check("2001:db8::7", "2001:db8::7");
        check("::ffff:203.0.113.9", "203.0.113.9");
        check("10.0.0.3, 10.0.0.2", "10.0.0.3");
        check("1.1.1.1, unknown", PROXY);
        check("1.1.1.1, _hidden, 10.0.0.2", "10.0.0.2");
        check("1.1.1.1, \"203.0.113.9\"", PROXY);
        check("garbage", PROXY);
        check("", PROXY);
        check("127.0.0.1, 203.0.113.9", "203.0.113.9");
    }

    #[test]
    fn scheme_and_host_are_those_of_the_clients_hop() {
        let all = |proto, host| {
            [
                ("x-forwarded-for", "203.0.113.9, 10.0.0.2"),
                ("x-forwarded-proto", proto),
                ("x-forwarded-host", host),
            ]
        };
        check(&all("https", "a.example"), ("203.0.113.9", Some(true), Some("a.example")));
        check(&all("http, https, http", "x, A.example:8443, b"), {
            ("203.0.113.9", Some(true), Some("a.example:8443"))
        });
        check(&all("gopher", "u@a.example"), ("203.0.113.9", Some(false), None));
        check(&all("", "a b"), ("203.0.113.9", None, None));
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        let check = |list, expect| check(&[("forwarded", list)], expect);
        check("for=203.0.113.9", ("203.0.113.9", None, None));
        check("For=203.0.113.9; Proto=HTTPS;host=\"a.example:1\"", {
            ("203.0.113.9", Some(true), Some("a.example:1"))
        });
        check("for=\"[2001:db8::7]:4711\"", ("2001:db8::7", None, None));
        check("for=1.1.1.1, for=203.0.113.9;proto=https, for=10.0.0.2;proto=http", {
            ("203.0.113.9", Some(true), None)
        });
        // What a client wrote in quotes cannot swallow what the proxy added; nor is it believed.
        check("for=\"1.1.1.1, for=203.0.113.9", ("203.0.113.9", None, None));
        check("for=\"\\, for=\"[2001:db8::7]:1\"", ("2001:db8::7", None, None));
        check("for=\"1.1.1.1\\\", for=\", for=203.0.113.9", ("203.0.113.9", None, None));
        check("for=unknown", (PROXY, None, None));
        check("for=_x;proto=https", (PROXY, Some(true), None));
        check("by=10.0.0.1", (PROXY, None, None));
        check(";;,,=", (PROXY, None, None));
    }

    #[test]
    fn two_kinds_of_header_must_agree() {
        let one = ("forwarded", "for=203.0.113.9");
        assert!(said(&[one, ("x-forwarded-for", "203.0.113.9")]).is_some());
        assert_eq!(said(&[one, ("x-forwarded-for", "203.0.113.8")]), None);
        assert_eq!(said(&[one, ("x-forwarded-host", "a.example")]), None);
    }

    proptest! {
        /// Whatever stands to the left of what the proxy wrote changes nothing.
        #[test]
        fn a_client_cannot_name_itself(spoof in "[ -~]{0,60}") {
            let list = format!("{spoof}, 203.0.113.9");
            for (name, list) in [
                ("x-forwarded-for", list),
                ("forwarded", format!("{spoof}, for=203.0.113.9")),
            ] {
                let claim = said(&[(name, &list)]).unwrap();
                prop_assert_eq!(claim.address.to_string(), "203.0.113.9");
            }
        }

        #[test]
        fn nothing_that_is_sent_is_too_much(text in "[ -~]{0,200}") {
            for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
                prop_assert!(said(&[(name, &text)]).is_some());
            }
        }
    }
}
