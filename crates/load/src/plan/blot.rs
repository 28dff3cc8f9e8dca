//! Addresses as reports may show them: without what may be a secret.

/// What stands where something was left out.
const BLOT: &str = "***";

/// A web address without user, password and the values of its query. Works on any text, also on one that is no address.
pub(crate) fn blot(address: &str) -> String {
    let (address, fragment) = split(address, '#');
    let (place, query) = split(address, '?');
    let mut told = match place.split_once("//") {
        Some((scheme, rest)) => format!("{scheme}//{}", without_user(rest)),
        None => without_user(place),
    };
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}={BLOT}"),
            None if pair.is_empty() => String::new(),
            None => BLOT.to_owned(),
        });
        told.push('?');
        told.push_str(&pairs.collect::<Vec<_>>().join("&"));
    }
    if fragment.is_some() {
        told.push('#');
        told.push_str(BLOT);
    }
    told
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// The host and what follows; a name and password before them become blots.
fn without_user(rest: &str) -> String {
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let mut told = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{BLOT}@{host}"),
        None => authority.to_owned(),
    };
    if let Some(path) = path {
        told.push('/');
        told.push_str(path);
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn users_and_values_are_left_out_and_the_rest_stays() {
        assert_eq!(blot("http://localhost:8080/a"), "http://localhost:8080/a");
        assert_eq!(blot("https://me:pass@a.example/x"), "https://***@a.example/x");
        assert_eq!(blot("https://a/x?token=abc&b=&c"), "https://a/x?token=***&b=***&***");
        assert_eq!(blot("https://a@b:c@d/?x#part"), "https://***@d/?***#***");
        assert_eq!(blot("me:pass@localhost"), "***@localhost");
    }

    proptest! {
        #[test]
        fn no_value_is_left(name in "[a-z]{1,5}", secret in "[A-Z0-9]{6,12}") {
            for text in [format!("http://{name}:{secret}@h/p"), format!("http://h/p?{name}={secret}"), format!("h?{secret}")] {
                prop_assert!(!blot(&text).contains(&secret));
            }
        }
    }
}
