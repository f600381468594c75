//! The ways out. Each has limits: 30 s for all of a message, 64 KiB of an answer, no redirection to elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::delivery::Delivery;
use super::notice::Notice;
use super::settings::{Receiver, Way};

mod hook;

mod mail;

/// How long a message may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much of what a receiver says is told.
const MAX_TOLD_CHARS: usize = 200;

/// What is sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// The same for whatever is the same message, so that a receiver notices a repetition.
    pub id: String,
    /// One line.
    pub subject: String,
    /// All of it.
    pub text: String,
    /// What it tells; several of a digest.
    pub notices: Vec<Notice>,
}

impl Message {
    /// The message of one delivery.
    pub fn single(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id(),
            subject: delivery.notice.subject(),
            text: delivery.notice.body(),
            notices: vec![delivery.notice.clone()],
        }
    }
}

/// Why a message was not taken; without any secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It may be taken later.
    Later {
        /// Why not now.
        why: String,
        /// Not before so many microseconds have gone by, if the receiver says so.
        retry_after_micros: Option<i64>,
    },
    /// It will never be taken.
    Refused(String),
}

impl Failure {
    pub(super) fn later(why: impl Into<String>) -> Self {
        Self::Later {
            why: why.into(),
            retry_after_micros: None,
        }
    }
}

/// A way to a receiver.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends a message. When it returns `Ok` the receiver has taken it.
    async fn send(&self, message: &Message) -> Result<(), Failure>;
}

/// The way to a receiver.
pub fn of(receiver: &Receiver) -> Arc<dyn Transport> {
    of_within(receiver, TIMEOUT)
}

/// The way to a receiver, where a message may take so long.
pub fn of_within(receiver: &Receiver, timeout: Duration) -> Arc<dyn Transport> {
    match &receiver.way {
        Way::Mail(mail) => Arc::new(mail::MailTransport {
            mail: mail.clone(),
            timeout,
        }),
        Way::Slack(hook) => Arc::new(hook::HookTransport {
            hook: hook.clone(),
            is_slack: true,
            timeout,
        }),
        Way::Webhook(hook) => Arc::new(hook::HookTransport {
            hook: hook.clone(),
            is_slack: false,
            timeout,
        }),
    }
}

/// Makes the crypto of the databases that of HTTP too. May be called again and again.
pub fn install_crypto() {
    // An error means that it was installed before.
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// Ends what takes too long.
async fn in_time(timeout: Duration, sending: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let seconds = timeout.as_secs();
    tokio::time::timeout(timeout, sending).await.unwrap_or_else(|_elapsed| {
        Err(Failure::later(format!(
            "it has not taken the message within {seconds} s"
        )))
    })
}

/// The beginning of what a receiver says, in one line.
fn told(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_TOLD_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An error with all that caused it.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    told(&text)
}
