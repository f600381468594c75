//! The camera from now on: each minute's frames on time, and the late ones late.

use std::time::Duration;

use shared::time::Timestamp;
use tokio::sync::oneshot;

use super::moment::{MAX_DELAY_MICROS, MICROS_PER_MINUTE, Moment};
use super::{Camera, Quantity};
use crate::clock::Clock;
use crate::ingest::{IncomingChannels, IncomingFrame, Writer};
use crate::store::Channels;

/// How much is caught up at once, should the machine have slept.
const MAX_STEP_MICROS: i64 = 60 * MICROS_PER_MINUTE;

/// Frames that come in within this time are written together.
const MIN_PAUSE: Duration = Duration::from_millis(500);

/// How long to wait after the store failed.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Writes the frames that come in after `since`, until told to stop or until `stop`'s sender is gone.
///
/// When the store fails, what it did not take is written later.
pub async fn run(
    camera: &Camera,
    writer: &Writer,
    clock: &dyn Clock,
    mut since: Timestamp,
    mut stop: oneshot::Receiver<()>,
) {
    loop {
        let now = clock.now();
        let until = now.min(since.saturating_add_micros(MAX_STEP_MICROS));
        let frames = due(camera, since, until);
        let mut pause = Duration::ZERO;
        match writer.store(frames).await {
            Ok(outcome) => {
                for rejected in outcome.rejected {
                    tracing::warn!(
                        message = rejected.message,
                        "the simulated camera sent what was not taken"
                    );
                }
                since = since.max(until);
                if until == now {
                    pause = pause_until(next_arrival(now), now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the simulated camera could not be stored");
                pause = RETRY_PAUSE;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = &mut stop => return,
        }
    }
}

/// The frames that come in after `since`, up to and with `until`, by rising arrival.
fn due(camera: &Camera, since: Timestamp, until: Timestamp) -> Vec<IncomingFrame> {
    let mut due: Vec<(Timestamp, Quantity, Moment)> = arrivals(since, until)
        .filter(|(arrival, ..)| since < *arrival && *arrival <= until)
        .collect();
    due.sort_by_key(|(arrival, ..)| *arrival);
    let frames = due.into_iter().enumerate();
    frames
        .filter_map(|(position, (_, quantity, moment))| {
            let (channels, values) = camera.frame(quantity, &moment)?;
            Some(IncomingFrame {
                position,
                metric: quantity.metric().to_owned(),
                time: Some(moment.time()),
                channels: match channels {
                    Channels::Dense => IncomingChannels::Dense,
                    Channels::Sparse(channels) => IncomingChannels::Indices(channels),
                },
                values,
            })
        })
        .collect()
}

/// When the next frame comes in.
fn next_arrival(now: Timestamp) -> Timestamp {
    let soon = now.saturating_add_micros(MICROS_PER_MINUTE);
    let next = arrivals(now, soon)
        .map(|(arrival, ..)| arrival)
        .filter(|arrival| now < *arrival);
    next.min().unwrap_or(soon)
}

/// All frames that may come in between two moments, with the time at which they do.
fn arrivals(since: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, Quantity, Moment)> {
    let first = (since.as_micros() - MAX_DELAY_MICROS).div_euclid(MICROS_PER_MINUTE);
    let last = until.as_micros().div_euclid(MICROS_PER_MINUTE);
    (first..=last).flat_map(|minute| {
        let moment = Moment::new(minute);
        Quantity::ALL.map(move |quantity| (moment.arrival(quantity), quantity, moment))
    })
}

fn pause_until(next: Timestamp, now: Timestamp) -> Duration {
    let micros = u64::try_from(next.micros_since(now)).unwrap_or(0);
    Duration::from_micros(micros).max(MIN_PAUSE)
}

#[cfg(test)]
mod tests;
