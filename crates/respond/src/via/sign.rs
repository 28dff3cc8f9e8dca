//! Signatures of web hooks after Standard Webhooks:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Secret, Time};
use sha2::Sha256;

/// What secrets begin with that are written in base64.
const PREFIX: &str = "whsec_";

/// The three headers of a message: its name, its time in seconds, its signature. Nothing if the
/// secret is no key.
pub(super) fn headers(secret: &Secret, id: &str, now: Time, body: &[u8]) -> Option<[String; 3]> {
    let written = secret.reveal();
    let key = match written.strip_prefix(PREFIX) {
        Some(encoded) => BASE64_STANDARD.decode(encoded).ok()?,
        None => written.as_bytes().to_vec(),
    };
    let seconds = now.millis().div_euclid(1_000).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    Some([id.to_owned(), seconds, format!("v1,{signature}")])
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let [id, seconds, signature] = headers(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Time::from_secs(1_614_265_330),
            br#"{"test": 2432232314}"#,
        )
        .unwrap();
        assert_eq!((id.as_str(), seconds.as_str()), ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"));
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
