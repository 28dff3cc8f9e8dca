//! Who is contacted: the origins of a plan, and the rule that nobody is who was not named.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use url::{Host, Url};

/// A scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// Its name, or its address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Origin {
    /// The origin of a web address; nothing if it is neither `http` nor `https`.
    pub fn of(url: &Url) -> Option<Self> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = match url.host()? {
            Host::Domain(name) => name.to_ascii_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Some(Self { tls, host, port: url.port_or_known_default()? })
    }

    /// What goes into the `Host` header: without the port where it is the scheme's own.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

/// A rule that says who may be put under load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A host by its name.
    Host(String),
    /// Every host whose name ends like this: `.staging.example.org`.
    Below(String),
    /// All addresses of a network: the address and how many of its bits count.
    Network(IpAddr, u8),
}

/// A text that is neither a host, nor `*.` and a domain, nor an address or network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host, no `*.domain` and no network such as 10.0.0.0/8")]
pub struct AllowedError(String);

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let wrong = || AllowedError(text.to_owned());
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().ok().ok_or_else(wrong)?;
            let bits: u8 = bits.parse().ok().ok_or_else(wrong)?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return if bits <= most { Ok(Self::Network(address, bits)) } else { Err(wrong()) };
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let is_name = !name.is_empty()
            && !name.starts_with('.')
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter));
        match (is_name, below) {
            (false, _) => Err(wrong()),
            (true, true) => Ok(Self::Below(format!(".{}", name.to_ascii_lowercase()))),
            (true, false) => Ok(Self::Host(name.to_ascii_lowercase())),
        }
    }
}

impl Allowed {
    fn covers(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Below(end) => host.ends_with(end.as_str()),
            Self::Network(network, bits) => within(address, *network, *bits),
        }
    }
}

/// Whether a host is named by a rule, or all of its addresses lie in networks that are; this machine is not for being
/// this one.
pub fn is_named(host: &str, addresses: &[SocketAddr], allowed: &[Allowed]) -> bool {
    let by_name = |rule: &Allowed| match rule {
        Allowed::Host(name) => name == host,
        Allowed::Below(end) => host.ends_with(end.as_str()),
        Allowed::Network(..) => false,
    };
    let by_address = |address: &SocketAddr| {
        let ip = address.ip().to_canonical();
        allowed.iter().any(|rule| rule.covers(host, ip))
    };
    allowed.iter().any(by_name) || (!addresses.is_empty() && addresses.iter().all(by_address))
}

/// Whether all of these addresses of a host may be contacted: this machine itself always, everybody else if a rule
/// names them.
pub fn may_contact(host: &str, addresses: &[SocketAddr], allowed: &[Allowed]) -> bool {
    addresses.iter().all(|address| {
        let ip = address.ip().to_canonical();
        ip.is_loopback() || allowed.iter().any(|rule| rule.covers(host, ip))
    })
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            bits == 0 || differ.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            bits == 0 || differ.leading_zeros() >= bits
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<Origin> {
        Origin::of(&Url::parse(text).unwrap())
    }

    fn may(host: &str, address: &str, rules: &[&str]) -> bool {
        let rules: Vec<Allowed> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        may_contact(host, &[SocketAddr::new(address.parse().unwrap(), 80)], &rules)
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        assert_eq!(origin("http://LOCALHOST:8080/x").unwrap().to_string(), "http://localhost:8080");
        assert_eq!(origin("https://a.example/").unwrap().authority(), "a.example");
        assert_eq!(origin("http://[::1]:81/").unwrap().authority(), "[::1]:81");
        assert_eq!(origin("ftp://a.example/"), None);
    }

    #[test]
    fn this_machine_may_always_be_contacted_and_others_only_by_rule() {
        assert!(may("localhost", "127.0.0.1", &[]) && may("x", "::1", &[]));
        assert!(may("x", "::ffff:127.0.0.1", &[]));
        assert!(!may("shop.example", "203.0.113.5", &[]));
        assert!(may("shop.example", "203.0.113.5", &["shop.example"]));
        assert!(may("a.shop.example", "203.0.113.5", &["*.shop.example"]));
        assert!(!may("shop.example", "203.0.113.5", &["*.shop.example"]));
        assert!(!may("badshop.example", "203.0.113.5", &["*.shop.example", "shop.example"]));
        assert!(may("x", "10.1.2.3", &["10.0.0.0/8"]) && !may("x", "11.1.2.3", &["10.0.0.0/8"]));
        assert!(may("x", "fd00::1", &["fd00::/16"]) && may("x", "10.1.2.3", &["10.1.2.3"]));
    }

    #[test]
    fn one_address_out_of_bounds_forbids_the_host() {
        let addresses =
            ["127.0.0.1:80", "203.0.113.5:80"].map(|text| text.parse::<SocketAddr>().unwrap());
        assert!(!may_contact("localhost", &addresses, &[]));
    }

    #[test]
    fn rules_that_say_nothing_are_refused() {
        for wrong in ["", "*.", "10.0.0.0/33", "a b", "http://x", "x/8", "*"] {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
    }
}
