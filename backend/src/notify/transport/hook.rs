//! Webhooks: one POST, and what its answer means.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::delivery::hex;
use super::super::settings::Hook;
use super::{Failure, Message, Transport, chain, in_time, install_crypto, told};

/// No more of an answer is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// No receiver can ask for a longer wait, in seconds.
const MAX_RETRY_AFTER_SECS: i64 = 3600;

/// The bytes of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct HookTransport {
    pub(super) hook: Hook,
    pub(super) is_slack: bool,
    pub(super) timeout: Duration,
}

#[async_trait]
impl Transport for HookTransport {
    async fn send(&self, message: &Message) -> Result<(), Failure> {
        let body = if self.is_slack {
            slack_body(message)
        } else {
            json_body(message)
        };
        in_time(self.timeout, post(&self.hook, &message.id, body)).await
    }
}

/// What Slack, Mattermost and Rocket.Chat read.
fn slack_body(message: &Message) -> String {
    // The three signs that mean something there.
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (subject, text) = (escaped(&message.subject), escaped(&message.text));
    json!({ "text": format!("*{subject}*\n```\n{}\n```", text.trim_end()) }).to_string()
}

fn json_body(message: &Message) -> String {
    json!({
        "id": message.id,
        "kind": if message.notices.len() == 1 { "notice" } else { "digest" },
        "subject": message.subject,
        "text": message.text,
        "notices": message.notices,
    })
    .to_string()
}

async fn post(hook: &Hook, id: &str, body: String) -> Result<(), Failure> {
    let later = |what: &str| {
        let what = what.to_owned();
        move |error: String| Failure::later(format!("{what}: {error}"))
    };
    let url = hook.url.read().map_err(later("the address"))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-watchroom-delivery", header_value(id).map_err(later("the id"))?);
    if let Some((name, value)) = &hook.header {
        let name: HeaderName = name
            .parse()
            .map_err(|_not_a_name| Failure::later(format!("{name:?} is no name of a header")))?;
        let mut value = value
            .read()
            .and_then(|value| header_value(&value))
            .map_err(later("the value of the header"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if let Some(key) = &hook.hmac {
        let key = key.read().map_err(later("the key that signs"))?;
        let signature = format!("sha256={}", hex(&hmac_sha256(key.as_bytes(), body.as_bytes())));
        headers.insert(
            "x-watchroom-signature",
            header_value(&signature).map_err(later("the signature"))?,
        );
    }
    let client = client().map_err(Failure::later)?;
    let answer = client.post(url).headers(headers).body(body).send().await;
    // Errors name the address, which may be a secret.
    let answer = answer.map_err(|error| {
        let is_wrong = error.is_builder();
        let why = chain(&error.without_url());
        if is_wrong {
            Failure::Refused(format!("the address cannot be used: {why}"))
        } else {
            Failure::later(why)
        }
    })?;
    outcome(answer).await
}

fn client() -> Result<Client, String> {
    install_crypto();
    Client::builder()
        .redirect(redirect::Policy::none())
        .user_agent(concat!("watchroom/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| chain(&error))
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_wrong| "it has signs that no header can have".to_owned())
}

async fn outcome(mut answer: Response) -> Result<(), Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let said = beginning(&mut answer).await;
    let why = if said.is_empty() {
        format!("it answers {status}")
    } else {
        format!("it answers {status}: {said}")
    };
    if status.is_redirection() {
        return Err(Failure::Refused(format!(
            "{why}; nothing is sent elsewhere, write the address that it leads to"
        )));
    }
    let passes = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if status.is_server_error() || passes.contains(&status) {
        let seconds: Option<i64> = retry_after;
        let seconds = seconds.map(|seconds| seconds.clamp(0, MAX_RETRY_AFTER_SECS));
        return Err(Failure::Later {
            why,
            retry_after_micros: seconds.map(|seconds| seconds * 1_000_000),
        });
    }
    Err(Failure::Refused(why))
}

/// What the receiver says, as far as it is told.
async fn beginning(answer: &mut Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_ANSWER_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(MAX_ANSWER_BYTES);
    told(&String::from_utf8_lossy(&bytes))
}

/// RFC 2104 with SHA-256.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; BLOCK_BYTES];
    if key.len() <= BLOCK_BYTES {
        block[..key.len()].copy_from_slice(key);
    } else {
        block[..32].copy_from_slice(&Sha256::digest(key));
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner);
    outer.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let signed = |key: &[u8], text: &[u8]| hex(&hmac_sha256(key, text));
        assert_eq!(
            signed(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            signed(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
