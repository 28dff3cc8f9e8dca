//! The cookies of one user: enough of RFC 6265 to stay signed in.

/// Most cookies kept; browsers keep 180 of one host.
const COOKIES_MAX: usize = 180;
/// Longest cookie kept, name and value together: what RFC 6265 asks browsers to allow.
const COOKIE_BYTES_MAX: usize = 4096;

#[derive(Clone, Debug)]
struct Cookie {
    origin: usize,
    path: String,
    name: String,
    value: String,
}

/// What a user's browser would send back. Cookies go only to the origin that set them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies {
    kept: Vec<Cookie>,
}

impl Cookies {
    /// Takes in a `Set-Cookie` header. What is malformed or too much is left out, as browsers do.
    pub(crate) fn take(&mut self, origin: usize, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || header.len() > COOKIE_BYTES_MAX {
            return;
        }
        let mut path = "/".to_owned();
        let mut ends = false;
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut path),
                "max-age" => ends |= value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                // How servers without Max-Age take a cookie back.
                "expires" => ends |= value.contains(" 1970 ") || value.contains("-1970 "),
                _ => {}
            }
        }
        self.kept.retain(|cookie| {
            (cookie.origin, cookie.path.as_str(), cookie.name.as_str()) != (origin, &path, name)
        });
        if !ends && self.kept.len() < COOKIES_MAX {
            let (name, value) = (name.to_owned(), value.to_owned());
            self.kept.push(Cookie { origin, path, name, value });
        }
    }

    /// The `Cookie` header for a path, if there is anything to send.
    pub(crate) fn header(&self, origin: usize, path: &str) -> Option<String> {
        let fitting = self
            .kept
            .iter()
            .filter(|cookie| cookie.origin == origin && path_matches(path, &cookie.path));
        let pairs: Vec<String> =
            fitting.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}

/// RFC 6265, section 5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_to_its_origin_and_path() {
        let mut cookies = Cookies::default();
        cookies.take(0, "sid=abc; Path=/app; HttpOnly");
        cookies.take(0, "lang=en");
        assert_eq!(cookies.header(0, "/app/x?y=1").as_deref(), Some("sid=abc; lang=en"));
        assert_eq!(cookies.header(0, "/apples").as_deref(), Some("lang=en"));
        assert_eq!(cookies.header(1, "/app/x"), None);
    }

    #[test]
    fn a_cookie_is_replaced_and_taken_back() {
        let mut cookies = Cookies::default();
        cookies.take(0, "sid=1");
        cookies.take(0, "sid=2");
        assert_eq!(cookies.header(0, "/").as_deref(), Some("sid=2"));
        cookies.take(0, "sid=; Max-Age=0");
        assert_eq!(cookies.header(0, "/"), None);
        cookies.take(0, "sid=3");
        cookies.take(0, "sid=x; expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cookies.header(0, "/"), None);
    }

    #[test]
    fn a_target_cannot_fill_the_memory_with_cookies() {
        let mut cookies = Cookies::default();
        for number in 0..1000 {
            cookies.take(0, &format!("c{number}=1"));
        }
        cookies.take(0, &format!("big={}", "x".repeat(COOKIE_BYTES_MAX)));
        assert_eq!(cookies.kept.len(), COOKIES_MAX);
    }
}
