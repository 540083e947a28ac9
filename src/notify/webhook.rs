//! JSON, signed as Standard Webhooks 1.0 says, so that its receivers' libraries verify it.

use super::address::Net;
use super::http::Post;
use super::{Failure, Message, Target};
use crate::domain::alerts::{AlertItem, Why};
use crate::wire::Timestamp;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderName;
use serde::Serialize;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, at least and at most.
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// The body.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    notification: &'a str,
    channel: &'a str,
    group: &'a str,
    alerts: Vec<One<'a>>,
    board: Option<&'a str>,
}

#[derive(Serialize)]
struct One<'a> {
    why: Why,
    covers: u32,
    url: Option<String>,
    #[serde(flatten)]
    alert: &'a AlertItem,
}

/// Sends it. Without a secret it is not signed.
///
/// # Errors
/// It did not get through.
pub async fn send(
    net: &Net,
    target: &Target,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    let body = body(message);
    let seconds = now.ms().div_euclid(1_000).to_string();
    let mut headers = vec![("webhook-id", message.id.to_owned())];
    if let Some(secret) = &target.secret {
        let key = key(secret).map_err(|why| Failure::refused(format!("its secret {why}")))?;
        headers.push(("webhook-signature", signature(&key, message.id, &seconds, &body)));
    }
    headers.push(("webhook-timestamp", seconds));
    let post = headers.into_iter().fold(Post::json(body), |post, (name, value)| {
        post.with(HeaderName::from_static(name), &value)
    });
    post.send(net, target, now).await
}

pub(super) fn body(message: &Message<'_>) -> Vec<u8> {
    let kind = match message.why() {
        Why::Fired => "alert.fired",
        Why::Worsened => "alert.worsened",
        Why::Resolved => "alert.resolved",
        Why::Test => "alert.test",
    };
    let alerts = message.alerts.iter().map(|told| One {
        why: told.why,
        covers: told.covers,
        url: message.page(told),
        alert: &told.alert,
    });
    let payload = Payload {
        kind,
        timestamp: message.at,
        data: Data {
            notification: message.id,
            channel: &message.channel.id,
            group: message.group,
            alerts: alerts.collect(),
            board: message.board,
        },
    };
    // What holds numbers and texts alone is always JSON.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// The key that a secret is.
///
/// # Errors
/// What is wrong with it.
pub fn key(secret: &str) -> Result<Vec<u8>, &'static str> {
    let wrong = "must be whsec_ and after it 24 to 64 bytes in base64";
    let key = secret.strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
    key.filter(|key| SECRET.contains(&key.len())).ok_or(wrong)
}

/// The signature scheme `v1`: HMAC-SHA256 over id, time and body.
fn signature(key: &[u8], id: &str, seconds: &str, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat();
    let tag = sign(&Key::new(HMAC_SHA256, key), &signed);
    format!("v1,{}", BASE64_STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn signatures_are_those_of_the_reference() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let got = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        assert_eq!(got, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_of_one_form() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
        for (secret, good) in [
            (of(24), true),
            (of(64), true),
            (of(23), false),
            (of(65), false),
            (of(32).replace("whsec_", ""), false),
            ("whsec_".to_owned(), false),
            ("whsec_!!!".to_owned(), false),
        ] {
            assert_eq!(key(&secret).is_ok(), good, "{secret}");
        }
    }
}
