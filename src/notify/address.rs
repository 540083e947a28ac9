//! Whom the server may speak to. Whoever sets up a channel names an address, and must not have the
//! server speak to what only it can reach (server-side request forgery): a name is resolved once,
//! every address it has is looked at, and the connection goes to one of just these.

use super::{Failure, Tuning};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use url::Host;

/// Addresses of a name that are tried.
const TRIES: usize = 4;
/// How private addresses are let through.
const FLAG: &str = "--notify-allow-private lets them through";

/// Where one may connect to.
#[derive(Debug, Clone, Copy)]
pub struct Net {
    allow_private: bool,
    connect: Duration,
}

impl Net {
    /// One that takes public addresses, or any.
    pub fn new(allow_private: bool, tuning: Tuning) -> Self {
        Self { allow_private, connect: tuning.connect }
    }

    /// Whether a host may be named at all; a name may still lead to where one may not go.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_name(&self, host: &Host) -> Result<(), String> {
        if self.allow_private {
            return Ok(());
        }
        let why = match host {
            Host::Ipv4(ip) => private(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => private(IpAddr::V6(*ip)),
            // RFC 6761, section 6.3: these are this machine, whatever a server for names says.
            Host::Domain(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let local = name == "localhost" || name.ends_with(".localhost");
                local.then_some("this machine itself")
            }
        };
        match why {
            Some(why) => Err(format!("is {why}, which is not spoken to; {FLAG}")),
            None => Ok(()),
        }
    }

    /// The addresses of a host, each of which one may connect to.
    ///
    /// # Errors
    /// There are none, or one of them may not be spoken to.
    pub async fn resolve(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let found = match host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Domain(name) => {
                let found = timeout(self.connect, look_up(name.clone(), port)).await;
                let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                found
                    .map_err(|error| Failure::down(format!("{name} cannot be resolved: {error}")))?
            }
        };
        if found.is_empty() {
            return Err(Failure::down(format!("{host} has no address")));
        }
        let wrong = found.iter().find_map(|at| Some((at.ip(), private(at.ip())?)));
        match wrong.filter(|_| !self.allow_private) {
            Some((ip, why)) => {
                let said = format!("{host} is at {ip}: {why}, which is not spoken to; {FLAG}");
                Err(Failure::refused(said))
            }
            None => Ok(found),
        }
    }

    /// Connects to a host; says with what.
    ///
    /// # Errors
    /// It cannot be reached, or may not be spoken to.
    pub async fn connect(
        &self,
        host: &Host,
        port: u16,
    ) -> Result<(TcpStream, SocketAddr), Failure> {
        let mut failed = String::new();
        for at in self.resolve(host, port).await?.into_iter().take(TRIES) {
            match timeout(self.connect, TcpStream::connect(at)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok((stream, at));
                }
                Ok(Err(error)) => failed = error.to_string(),
                Err(_) => failed = format!("no answer within {} s", self.connect.as_secs_f64()),
            }
        }
        Err(Failure::down(format!("cannot connect to {host}:{port}: {failed}")))
    }
}

/// Asks the system. A thread of its own, for a server that stops does not wait for it.
async fn look_up(name: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|all| all.collect());
        let _ = tell.send(found);
    })?;
    told.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// What kind of address it is, if it is none of a stranger's on the internet (IANA's registries of
/// special-purpose addresses, RFC 6890).
pub fn private(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => private_v4(ip),
        IpAddr::V6(ip) => private_v6(ip),
    }
}

fn private_v4(ip: Ipv4Addr) -> Option<&'static str> {
    match ip.octets() {
        [0, ..] => Some("an address of this network"),
        [127, ..] => Some("this machine itself"),
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Some("a private address"),
        [100, 64..=127, ..] => Some("an address shared behind a provider"),
        [169, 254, ..] => Some("a link-local address"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Some("an address for documentation")
        }
        [192, 0, 0, _] | [198, 18..=19, ..] | [192, 88, 99, _] => Some("a reserved address"),
        [224..=239, ..] => Some("a multicast address"),
        [240..=255, ..] => Some("a reserved address"),
        _ => None,
    }
}

fn private_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("no address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine itself"),
        // Mapped (RFC 4291, section 2.5.5.2), and by NAT64 (RFC 6052): as what is within.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        // Compatible (RFC 4291, section 2.5.5.1) addresses are used no more.
        [0, 0, 0, 0, 0, 0, ..] => Some("a reserved address"),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("an address for documentation"),
        // Teredo, benchmarking and the like (RFC 2928).
        [0x2001, 0..=0x1ff, ..] => Some("a reserved address"),
        [0x2000..=0x3fff, ..] => None,
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &str, is_private: bool) {
        for text in addresses.split_whitespace() {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(private(ip).is_some(), is_private, "{ip}: {:?}", private(ip));
        }
    }

    #[test]
    fn only_addresses_of_strangers_are_public() {
        check("1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 126.255.255.255 128.0.0.0", false);
        check("100.63.255.255 100.128.0.0 169.253.255.255 169.255.0.0", false);
        check("172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255", false);
        check("0.0.0.0 0.1.2.3 127.0.0.1 127.255.255.255 10.0.0.1 10.255.255.255", true);
        check("172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255", true);
        check("169.254.0.1 169.254.169.254 224.0.0.1 239.255.255.255 255.255.255.255", true);
        check("192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1", true);
        check("240.0.0.1 192.88.99.1", true);
    }

    #[test]
    fn what_is_within_an_address_counts() {
        check("2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 2400::1", false);
        check("::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1", false);
        check(":: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1", true);
        check("::ffff:169.254.169.254 ::ffff:0.0.0.0", true);
        check("64:ff9b::127.0.0.1 64:ff9b::10.1.1.1 64:ff9b:1::1", true);
        check("2002:7f00:1::1 2002:a00:1::1 2002:c0a8:1::", true);
        check("fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1", true);
        check("2001:db8::1 3fff::1 2001::1 2001:10::1 2001:2::1 100::1 5f00::1 4000::1", true);
    }

    #[test]
    fn hosts_are_read_before_they_are_believed() {
        let may = |url: &str, allowed: bool| {
            let url = url::Url::parse(url).unwrap();
            let host = Host::parse(url.host_str().unwrap()).unwrap();
            Net::new(allowed, Tuning::default()).may_name(&host).is_ok()
        };
        for url in [
            "http://127.0.0.1",
            "http://127.1",
            "http://2130706433",
            "http://0x7f.0.0.1",
            "http://0177.0.0.1",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "http://LOCALHOST.",
            "http://a.localhost",
            "http://①②⑦.0.0.1",
        ] {
            assert!(!may(url, false), "{url}");
            assert!(may(url, true), "{url}");
        }
        for url in ["https://a.example", "https://localhost.example", "http://8.8.8.8"] {
            assert!(may(url, false), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed() {
        let net = Net::new(false, Tuning::default());
        let here = Host::Domain("localhost".to_owned());
        let refused = net.resolve(&here, 80).await.unwrap_err();
        assert!(refused.refused, "{refused:?}");
        assert!(refused.why.contains("not spoken to"), "{refused:?}");
        let open = Net::new(true, Tuning::default());
        assert!(!open.resolve(&here, 80).await.unwrap().is_empty());
    }
}
