//! Who sends: a name for each sender, and what it sent, for so many of them.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::HeaderMap;
use parking_lot::Mutex;

/// Senders told apart; an installation has a few Prometheus and collectors, and whoever has more reads the store's
/// own accounting.
const SENDERS_MAX: usize = 100;
/// Letters of a name that a sender gives itself.
const NAME_LETTERS_MAX: usize = 64;
/// The name that senders share once there are too many.
const OTHERS: &str = "other";
/// In which a sender may give its name: the tenant, as Mimir, Loki and their agents say it.
const TENANT: &str = "x-scope-orgid";

/// Names of senders seen so far.
#[derive(Debug, Default)]
pub(super) struct Senders(Mutex<BTreeSet<Arc<str>>>);

impl Senders {
    /// The name of whoever sends this: the tenant it names, else its address; `other` once there are too many.
    pub(super) fn name(&self, headers: &HeaderMap, address: Option<SocketAddr>) -> Arc<str> {
        let tenant = headers.get(TENANT).and_then(|value| value.to_str().ok()).and_then(tidy);
        let name = tenant.unwrap_or_else(|| match address.map(|own| own.ip().to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            // Hosts change the lower half of their address at will.
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            None => "unknown".to_owned(),
        });
        self.known(&name)
    }

    fn known(&self, name: &str) -> Arc<str> {
        let mut known = self.0.lock();
        if let Some(own) = known.get(name) {
            return Arc::clone(own);
        }
        let name = if known.len() < SENDERS_MAX { name } else { OTHERS };
        let name = Arc::<str>::from(name);
        known.insert(Arc::clone(&name));
        name
    }
}

/// Letters, digits and a few signs, so that the name can stand in labels and messages.
fn tidy(name: &str) -> Option<String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@|".contains(letter);
    let name: String =
        name.trim().chars().filter(|own| allowed(*own)).take(NAME_LETTERS_MAX).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tenant: &str) -> HeaderMap {
        HeaderMap::from_iter([(TENANT.parse().unwrap(), tenant.parse().unwrap())])
    }

    #[test]
    fn a_sender_is_its_tenant_or_its_address() {
        let senders = Senders::default();
        let address = Some("10.1.2.3:4567".parse().unwrap());
        assert_eq!(&*senders.name(&HeaderMap::new(), address), "10.1.2.3");
        assert_eq!(&*senders.name(&named("team\"-a\\"), address), "team-a");
        assert_eq!(&*senders.name(&named("\"\""), address), "10.1.2.3");
        let address = Some("[2001:db8:1:2:3:4:5:6]:80".parse().unwrap());
        assert_eq!(&*senders.name(&HeaderMap::new(), address), "2001:db8:1:2::/64");
        assert_eq!(&*senders.name(&HeaderMap::new(), None), "unknown");
    }

    #[test]
    fn senders_without_end_share_a_name() {
        let senders = Senders::default();
        for at in 0..SENDERS_MAX + 50 {
            senders.known(&format!("sender-{at}"));
        }
        assert_eq!(&*senders.known("sender-1"), "sender-1");
        assert_eq!(&*senders.known("sender-120"), OTHERS);
        assert_eq!(senders.0.lock().len(), SENDERS_MAX + 1);
    }
}
