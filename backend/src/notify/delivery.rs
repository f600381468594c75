//! A notice on its way to one receiver, as it is kept.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::notice::Notice;
use crate::store::records::{Expected, RecordChange};

/// What waits or is being sent.
pub const OUTBOX: &str = "outbox";

/// What was sent, for two days, so that nothing is sent twice and messages can be counted.
pub const DONE: &str = "outbox_done";

/// What was given up.
pub const DEAD_LETTERS: &str = "dead_letters";

/// A notice to one receiver.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Says what it is about, the same for whatever must be sent only once.
    pub key: String,
    /// The receiver by name.
    pub receiver: String,
    /// What is told.
    pub notice: Notice,
    /// When it came about, in microseconds since the epoch.
    pub created_us: i64,
    /// From when on its time is counted; later than `created_us` where a person has sent it again.
    pub since_us: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before this moment, in microseconds since the epoch.
    pub next_try_us: i64,
    /// Until when a server that has taken it may send it; after this it is free again.
    pub claimed_until_us: Option<i64>,
    /// Why it was not sent the last time; empty before that.
    pub error: String,
}

/// What is kept of a delivery that was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) receiver: String,
    /// When, in microseconds since the epoch.
    pub(super) at_us: i64,
    /// The message that it was in; a digest holds several.
    pub(super) message: String,
}

impl Delivery {
    /// One that has not been tried.
    pub fn new(receiver: &str, notice: Notice, now_us: i64) -> Self {
        let key = format!("{receiver}/{}/{}/{}", notice.rule, notice.state.as_str(), notice.at_us);
        Self {
            key,
            receiver: receiver.to_owned(),
            notice,
            created_us: now_us,
            since_us: now_us,
            attempts: 0,
            next_try_us: now_us,
            claimed_until_us: None,
            error: String::new(),
        }
    }

    /// Whether a person wants it to be sent again, and it was not tried since.
    pub(super) fn is_asked_for(&self) -> bool {
        self.created_us < self.since_us && self.attempts == 0
    }

    /// The key of its record: of its own key, in a form that can stand in an address.
    pub fn id(&self) -> String {
        hex(&Sha256::digest(&self.key)[..16])
    }

    /// Puts it into the outbox. Never a conflict: where it is there already, or was sent, that is noticed when it is taken out.
    pub fn put(&self) -> RecordChange {
        self.put_into(OUTBOX, Expected::Any)
    }

    pub(super) fn put_into(&self, collection: &str, expected: Expected) -> RecordChange {
        RecordChange::Put {
            collection: collection.to_owned(),
            key: self.id(),
            expected,
            body: json(self),
        }
    }
}

/// The JSON of something that has only texts as keys, which cannot fail.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
