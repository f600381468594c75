//! Simulated sources from now on: each minute's frames on time, and the late ones late.

use std::sync::Arc;
use std::time::Duration;

use shared::time::Timestamp;
use tokio::sync::oneshot;

use super::{MAX_DELAY_MICROS, MICROS_PER_MINUTE, Sent, Simulation, minute_of, time_of};
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
    sources: &[Arc<dyn Simulation>],
    writer: &Writer,
    clock: &dyn Clock,
    mut since: Timestamp,
    mut stop: oneshot::Receiver<()>,
) {
    let senders = senders(sources);
    loop {
        let now = clock.now();
        let until = now.min(since.saturating_add_micros(MAX_STEP_MICROS));
        let frames = due(&senders, since, until);
        let mut pause = Duration::ZERO;
        match writer.store(frames).await {
            Ok(outcome) => {
                for rejected in outcome.rejected {
                    tracing::warn!(message = rejected.message, "a simulated source sent what was not taken");
                }
                since = since.max(until);
                if until == now {
                    pause = pause_until(next_arrival(&senders, now), now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a simulated source could not be stored");
                pause = RETRY_PAUSE;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = &mut stop => return,
        }
    }
}

/// A metric that goes on being sent.
#[derive(Debug)]
struct Sender<'a> {
    source: &'a dyn Simulation,
    /// Its place in the list of the source.
    index: usize,
    metric: &'static str,
}

fn senders(sources: &[Arc<dyn Simulation>]) -> Vec<Sender<'_>> {
    let mut senders = Vec::new();
    for source in sources {
        for (index, metric) in source.metrics().into_iter().enumerate() {
            if metric.sent == Sent::Always {
                senders.push(Sender {
                    source: source.as_ref(),
                    index,
                    metric: metric.name,
                });
            }
        }
    }
    senders
}

/// The frames that come in after `since`, up to and with `until`, by rising arrival.
fn due(senders: &[Sender<'_>], since: Timestamp, until: Timestamp) -> Vec<IncomingFrame> {
    let mut due: Vec<_> = arrivals(senders, since, until)
        .filter(|(arrival, ..)| since < *arrival && *arrival <= until)
        .collect();
    due.sort_by_key(|(arrival, ..)| *arrival);
    let frames = due.into_iter().enumerate();
    frames
        .filter_map(|(position, (_, sender, minute))| {
            let (channels, values) = sender.source.frame(sender.index, minute)?;
            Some(IncomingFrame {
                position,
                metric: sender.metric.to_owned(),
                time: Some(time_of(minute)),
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
fn next_arrival(senders: &[Sender<'_>], now: Timestamp) -> Timestamp {
    let soon = now.saturating_add_micros(MICROS_PER_MINUTE);
    let next = arrivals(senders, now, soon)
        .map(|(arrival, ..)| arrival)
        .filter(|arrival| now < *arrival);
    next.min().unwrap_or(soon)
}

/// All frames that may come in between two moments, with the time at which they do, their sender and their minute.
fn arrivals<'a>(
    senders: &'a [Sender<'a>],
    since: Timestamp,
    until: Timestamp,
) -> impl Iterator<Item = (Timestamp, &'a Sender<'a>, i64)> {
    let first = minute_of(since.saturating_add_micros(-MAX_DELAY_MICROS));
    let last = minute_of(until);
    (first..=last).flat_map(move |minute| {
        let arrival = move |sender: &'a Sender<'a>| (sender.source.arrival(sender.index, minute), sender, minute);
        senders.iter().map(arrival)
    })
}

fn pause_until(next: Timestamp, now: Timestamp) -> Duration {
    let micros = u64::try_from(next.micros_since(now)).unwrap_or(0);
    Duration::from_micros(micros).max(MIN_PAUSE)
}

#[cfg(test)]
mod tests;
