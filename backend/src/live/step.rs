//! What has changed in an answer between two positions, and its bytes, which all viewers share.

use std::sync::OnceLock;

use serde::Serialize;
use shared::compact;
use shared::error::ApiError;
use shared::live::{Part, Position, ServerMessage};

/// In which form a client speaks, and is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// The compact form, in binary messages: the page.
    #[default]
    Compact,
    /// JSON, in text messages: scripts.
    Json,
}

/// A message as it goes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outgoing {
    /// In the compact form.
    Binary(Vec<u8>),
    /// As JSON.
    Text(String),
    /// Whether the client is still there.
    Ping,
    /// The last one, and why.
    Close(&'static str),
}

impl Form {
    /// A message in this form; `None` for what cannot be written, which nothing is.
    pub fn message(self, message: &ServerMessage) -> Option<Outgoing> {
        match self {
            Self::Compact => compact::to_bytes(message).ok().map(Outgoing::Binary),
            Self::Json => serde_json::to_string(message).ok().map(Outgoing::Text),
        }
    }
}

/// All that a client who is somewhere from `from` on needs to be at `to`.
#[derive(Debug)]
pub struct Step {
    /// The number of the change from which on it holds.
    pub from: u64,
    /// The number of the last change that is in it.
    pub to: u64,
    /// What it is.
    pub outcome: Outcome,
}

/// What came of looking at a question again.
#[derive(Debug)]
pub enum Outcome {
    /// Parts of the answer, to be taken in one after the other; none where nothing has changed.
    Increments(Vec<SharedIncrement>),
    /// There is no answer any more.
    Refused(ApiError),
}

/// An increment without the number of a subscription, which each client has of its own.
#[derive(Debug)]
pub struct SharedIncrement {
    body: Body,
    compact: OnceLock<Option<Vec<u8>>>,
    json: OnceLock<Option<String>>,
}

/// All fields of an [`Increment`](shared::live::Increment) but the first, in their order.
#[derive(Debug, Serialize)]
struct Body {
    position: Position,
    from_us: i64,
    to_us: i64,
    part: Part,
}

impl SharedIncrement {
    /// What takes the place of all that starts in a range, in microseconds since the epoch.
    pub fn new(position: Position, (from_us, to_us): (i64, i64), part: Part) -> Self {
        Self {
            body: Body {
                position,
                from_us,
                to_us,
                part,
            },
            compact: OnceLock::new(),
            json: OnceLock::new(),
        }
    }

    /// The message to the subscription of this number: the number, and what is written once for all.
    pub fn message(&self, id: u32, form: Form) -> Option<Outgoing> {
        match form {
            Form::Compact => {
                let body = self.compact.get_or_init(|| compact::to_bytes(&self.body).ok());
                let mut bytes = compact::to_bytes(&(INCREMENT, id)).ok()?;
                bytes.extend_from_slice(body.as_ref()?);
                Some(Outgoing::Binary(bytes))
            }
            Form::Json => {
                let body = self.json.get_or_init(|| serde_json::to_string(&self.body).ok());
                let fields = body.as_ref()?.strip_prefix('{')?;
                Some(Outgoing::Text(format!(r#"{{"increment":{{"id":{id},{fields}}}"#)))
            }
        }
    }
}

/// The number of [`ServerMessage::Increment`] among its variants, which is how the compact form begins.
const INCREMENT: u32 = 1;

#[cfg(test)]
mod tests {
    use shared::live::Increment;
    use shared::query::latest::Latest;

    use super::*;

    #[test]
    fn what_is_put_together_is_the_message_that_clients_read() {
        let position = Position {
            epoch: -3,
            sequence: 300,
        };
        let part = Part::Latest(Latest {
            metric: "hv".to_owned(),
            now_us: 5,
            channels: Vec::new(),
        });
        let increment = SharedIncrement::new(position, (-7, 1 << 40), part.clone());
        for id in [0, 127, 128, u32::MAX] {
            let expected = ServerMessage::Increment(Increment {
                id,
                position,
                from_us: -7,
                to_us: 1 << 40,
                part: part.clone(),
            });
            for form in [Form::Compact, Form::Json] {
                assert_eq!(increment.message(id, form), form.message(&expected));
            }
        }
    }
}
