//! What waits to be told to people, and what could not be.

use serde::{Deserialize, Serialize};

/// The answer to `GET /api/v1/outbox`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outbox {
    /// The server's clock, in microseconds since the epoch.
    pub now_us: i64,
    /// What waits or is being sent, the oldest first.
    pub pending: Vec<OutboxItem>,
    /// What was given up, the newest first.
    pub dead_letters: Vec<OutboxItem>,
}

/// A message to one receiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboxItem {
    /// Names it: `POST /api/v1/outbox/{id}/retry` sends a dead letter again, or a waiting one at once.
    pub id: String,
    /// Who is to be told, by the name in the configuration.
    pub receiver: String,
    /// What, in one line.
    pub subject: String,
    /// When it came about, in microseconds since the epoch.
    pub created_us: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, in microseconds since the epoch; `None` of a dead letter.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_try_us: Option<i64>,
    /// Whether it waits for the end of a maintenance.
    pub held: bool,
    /// Why it was not sent the last time; empty before that.
    pub error: String,
}
