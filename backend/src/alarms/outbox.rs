//! What is to be delivered of what happened.

use shared::alarm::AlarmStatus;
use shared::dashboard::Site;
use shared::time::Timestamp;

use super::answers;
use super::engine::{Engine, Watched};
use super::step::Happening;
use crate::notify::{Happened, Settings};
use crate::store::records::RecordChange;

/// The deliveries of something that people are to be told, for the batch that keeps it.
pub fn deliveries(
    (settings, site): (&Settings, &Site),
    engine: &Engine,
    watched: &Watched,
    happening: &Happening,
    now: i64,
) -> Vec<RecordChange> {
    let event = &happening.event;
    // As it was then: it may have gone on since.
    let status = AlarmStatus {
        state: event.state,
        since_us: event.time_us,
        ..answers::status(engine, watched)
    };
    let happened = Happened {
        status: &status,
        before: happening.from,
        at: Timestamp::saturating_from_micros(event.time_us),
        guidance_html: &watched.rule.guidance_html,
        link: &watched.rule.link,
    };
    settings.enqueue(site, &happened, Timestamp::saturating_from_micros(now))
}
