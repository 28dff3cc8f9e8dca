//! Whether a delivery comes from somebody who knows the secret; compared in a time that does not
//! depend on where it differs.

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Secret;
use sha2::Sha256;

/// Whether a signature such as `sha256=757107ea…` is the HMAC-SHA-256 of the body under the secret:
/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.
pub fn is_signed(secret: &Secret, body: &[u8], signature: &str) -> bool {
    let given = signature.trim().strip_prefix("sha256=").and_then(bytes_of);
    let (Some(given), Some(mut mac)) = (given, keyed(secret)) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// Whether somebody brought the secret itself.
pub fn is_token(secret: &Secret, given: &str) -> bool {
    let (Some(mut wanted), Some(mut found)) = (keyed(secret), keyed(secret)) else { return false };
    wanted.update(secret.reveal().as_bytes());
    found.update(given.as_bytes());
    wanted.verify_slice(&found.finalize().into_bytes()).is_ok()
}

/// Nothing under an empty secret, which anybody knows.
fn keyed(secret: &Secret) -> Option<Hmac<Sha256>> {
    let key = secret.reveal().as_bytes();
    (!key.is_empty()).then(|| Hmac::<Sha256>::new_from_slice(key).ok()).flatten()
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        // Its test cases 2 and 6, whose keys are text.
        let short = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_signed(&secret("Jefe"), b"what do ya want for nothing?", short));
        // GitHub's own example.
        let github = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(&secret("It's a Secret to Everybody"), b"Hello, World!", github));
        assert!(!is_signed(&secret("It's a Secret to Everybody"), b"Hello, World?", github));
        assert!(!is_signed(&secret("It's no secret"), b"Hello, World!", github));
    }

    #[test]
    fn what_is_no_signature_is_none() {
        let long = format!("sha256={}", "0".repeat(66));
        for wrong in ["", "sha256=", "sha1=00", "757107ea", "sha256=zz", &long, "sha256=\u{fc}"] {
            assert!(!is_signed(&secret("Jefe"), b"", wrong), "{wrong}");
        }
        let nobodys = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
        assert!(!is_signed(&secret(""), b"", nobodys), "an empty secret is none");
    }

    #[test]
    fn a_token_is_the_secret_and_nothing_else() {
        assert!(is_token(&secret("sesame"), "sesame"));
        assert!(!is_token(&secret("sesame"), "sesam"));
        assert!(!is_token(&secret("sesame"), ""));
        assert!(!is_token(&secret(""), ""));
    }
}
