//! What goes over the WebSocket of `GET /api/v1/live`: questions that stay open, and what changes in their answers.
//!
//! A client first asks over HTTP; each answer carries the [`Position`] from before it was read in the header
//! [`POSITION_HEADER`]. Then it subscribes to the same question with that position. From there on the server sends the
//! part of the answer that has changed, computed anew from the store and cut in the same way: a client that replaces what
//! it holds by what it gets always holds what HTTP would answer, however often the line was cut, and late samples of a
//! past night come in as new ones do.
//!
//! The page sends and gets the compact form ([`crate::compact`]) in binary messages, scripts JSON in text messages; the
//! server answers in the form of the client's last message.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::alarm::AlarmList;
use crate::error::ApiError;
use crate::query::envelope::{Envelope, EnvelopeQuery};
use crate::query::latest::Latest;
use crate::query::raster::{Density, Raster, RasterQuery};
use crate::query::streams::Streams;

mod merge;

pub use merge::Misfit;

/// The response header with the [`Position`] of an answer, as `epoch.sequence`.
pub const POSITION_HEADER: &str = "watchroom-position";

/// The most subscriptions of one client.
pub const MAX_SUBSCRIPTIONS: usize = 256;

/// Up to which change of the stored samples something is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Which run of which server counted: when it started, in microseconds since the epoch. Positions of another run say
    /// nothing.
    pub epoch: i64,
    /// The number of the last change that is included; rises by one with each.
    pub sequence: u64,
}

/// As in the header [`POSITION_HEADER`].
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.sequence)
    }
}

/// A text that is no position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (epoch, sequence) = text.split_once('.').ok_or(NoPosition)?;
        Ok(Self {
            epoch: epoch.parse().map_err(|_no_number| NoPosition)?,
            sequence: sequence.parse().map_err(|_no_number| NoPosition)?,
        })
    }
}

/// A question that stays open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// As `GET /api/v1/envelope`.
    Envelope(EnvelopeQuery),
    /// As `GET /api/v1/raster`.
    Raster(RasterQuery),
    /// As `GET /api/v1/latest` without a moment, for the metric of this name.
    Latest(String),
    /// As `GET /api/v1/alarms`.
    Alarms,
    /// As `GET /api/v1/streams`.
    Streams,
}

/// A question with the number by which its increments are named.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Chosen by the client, unique among its subscriptions.
    pub id: u32,
    /// What is asked.
    pub question: Question,
    /// What the client has: the position of its last answer or increment. Without one, all of the answer is sent first.
    #[serde(default)]
    pub since: Option<Position>,
}

/// What a client says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// All that it wants to hear from now on; what is not named any more ends. One that is named again with the same id
    /// and question goes on where it is.
    Subscribe(Vec<Subscription>),
}

/// What the server says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMessage {
    /// Each second, whatever happens: who hears none for 3 s is cut off.
    Heartbeat(Heartbeat),
    /// A part of an answer that has changed.
    Increment(Increment),
    /// What the client has cannot be completed: it asks anew over HTTP and subscribes with the position that it gets.
    Resync {
        /// The subscription.
        id: u32,
        /// Why, for people.
        reason: String,
    },
    /// A subscription that ends, or never began.
    Refused {
        /// The subscription.
        id: u32,
        /// Why, as HTTP would say it.
        error: ApiError,
    },
}

/// A sign of life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The server's clock, in microseconds since the epoch.
    pub now_us: i64,
    /// Up to where this client has been told everything that concerns the subscriptions that the server knew of when it
    /// sent this; sequence 0 before the first [`ClientMessage::Subscribe`]. Each subscription is resumed from its own
    /// last answer or increment: where nothing has changed since, nothing is sent.
    pub position: Position,
    /// Counts the changes of dashboards, as in their answer.
    pub dashboards_revision: u64,
    /// Whether the store answers.
    pub store_ok: bool,
}

/// What has changed in an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Increment {
    /// The subscription.
    pub id: u32,
    /// What the client has once it took this in.
    pub position: Position,
    /// The first moment of what is replaced, in microseconds since the epoch: the edge of a column.
    pub from_us: i64,
    /// The first moment after it: everything that the client holds with a start in `[from_us, to_us)` goes, what is in
    /// `part` takes its place. All of the range of the question where the whole answer is sent.
    pub to_us: i64,
    /// The answer to the same question about that range, with the columns that the whole answer has there.
    pub part: Part,
}

/// Part of an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Of an envelope. Samples turn into columns, and back, only in a whole answer.
    Envelope(Envelope),
    /// Of a raster of time x channel.
    Raster(Raster),
    /// Of a raster of time x value. Its value range is that of the whole answer; when that changes, the whole is sent.
    Density(Density),
    /// The whole answer.
    Latest(Latest),
    /// The whole answer.
    Alarms(AlarmList),
    /// The whole answer.
    Streams(Streams),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;
    use crate::metric::ChannelSelection;
    use crate::query::raster::Statistic;
    use crate::time::Timestamp;

    #[test]
    fn what_a_client_says_survives_both_forms() {
        let raster = RasterQuery {
            metric: "hv".to_owned(),
            from: Timestamp::EPOCH,
            to: Timestamp::EPOCH.saturating_add_micros(1),
            columns: 3,
            rows: 4,
            stat: Statistic::Density,
            value_min: None,
            value_max: Some(0.5),
            log: true,
        };
        let envelope = EnvelopeQuery {
            metric: "hv".to_owned(),
            channels: ChannelSelection::List(vec![3, 1]),
            from: raster.from,
            to: raster.to,
            columns: 7,
        };
        let position = Position {
            epoch: -5,
            sequence: u64::MAX,
        };
        let questions = [
            (Question::Envelope(envelope), Some(position)),
            (Question::Raster(raster), None),
            (Question::Latest("hv".to_owned()), None),
            (Question::Alarms, Some(position)),
            (Question::Streams, None),
        ];
        let subscription = |(id, (question, since))| Subscription { id, question, since };
        let message = ClientMessage::Subscribe((0..).zip(questions).map(subscription).collect());
        let bytes = compact::to_bytes(&message).unwrap();
        assert_eq!(compact::from_bytes::<ClientMessage>(&bytes).unwrap(), message);
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<ClientMessage>(&json).unwrap(), message);
        assert_eq!(position.to_string().parse(), Ok(position));
        assert_eq!("5".parse::<Position>(), Err(NoPosition));
    }
}
