//! Looks at the clock: streams fall silent without anybody saying so.

use std::sync::Arc;
use std::time::Duration;

use shared::query::streams::{SourceClock, StreamStatus, Streams};

use crate::app::App;

/// How often states are looked at ...
const PERIOD: Duration = Duration::from_secs(1);

/// ... and how much more seldom with each stream, so that long answers are not sent again and again; never less often
/// than silence must be seen.
const PER_STREAM: Duration = Duration::from_micros(40);
const LONGEST: Duration = Duration::from_millis(2500);

/// Publishes how it stands with streams whenever that changes, until it is dropped. Failures of the store are logged.
pub async fn keep_watching(app: Arc<App>) {
    let mut shown: Option<Arc<Streams>> = None;
    let mut was_ok = true;
    loop {
        let mut pause = PERIOD;
        match app.streams.answer(&*app.store).await {
            Ok(streams) => {
                was_ok = true;
                let n_streams = u32::try_from(streams.streams.len()).unwrap_or(u32::MAX);
                pause = PERIOD.saturating_add(PER_STREAM.saturating_mul(n_streams)).min(LONGEST);
                if !shown.as_ref().is_some_and(|shown| looks_alike(shown, &streams)) {
                    app.publish_streams(&streams);
                    shown = Some(streams);
                }
            }
            Err(error) if was_ok => {
                was_ok = false;
                tracing::warn!(%error, "it is not known which streams are silent: {error}");
            }
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether nothing has changed but ages.
fn looks_alike(left: &Streams, right: &Streams) -> bool {
    left.streams.len() == right.streams.len()
        && left.sources.len() == right.sources.len()
        && left
            .streams
            .iter()
            .zip(&right.streams)
            .all(|(left, right)| same_stream(left, right))
        && left
            .sources
            .iter()
            .zip(&right.sources)
            .all(|(left, right)| same_clock(left, right))
}

fn same_stream(left: &StreamStatus, right: &StreamStatus) -> bool {
    let states = |stream: &StreamStatus| {
        let StreamStatus {
            state,
            since_us,
            learned,
            expected,
            fresh,
            late,
            stale,
            never,
            ..
        } = *stream;
        (state, since_us, learned, expected, [fresh, late, stale, never])
    };
    let texts = |stream: &StreamStatus| [stream.metric.clone(), stream.title.clone(), stream.source.clone()];
    states(left) == states(right) && texts(left) == texts(right)
}

fn same_clock(left: &SourceClock, right: &SourceClock) -> bool {
    // A tenth of a second is what is told; below, delays move with every packet.
    let is_near = |left: f64, right: f64| (left - right).abs() < 0.1;
    left.source == right.source && left.step == right.step && is_near(left.delay_s, right.delay_s)
}

#[cfg(test)]
mod tests {
    use shared::query::latest::Freshness;

    use super::*;

    fn streams(state: Freshness, last_us: i64, delay_s: f64) -> Streams {
        let stream = StreamStatus {
            metric: "hall.temperature".to_owned(),
            title: "Hall".to_owned(),
            source: "hall".to_owned(),
            state,
            last_us: Some(last_us),
            since_us: None,
            interval_s: Some(1.0),
            learned: false,
            expected: true,
            fresh: 1,
            late: 0,
            stale: 0,
            never: 0,
        };
        let clock = SourceClock {
            source: "hall".to_owned(),
            delay_s,
            drift_s_per_hour: None,
            step: None,
        };
        Streams {
            now_us: last_us,
            streams: vec![stream],
            sources: vec![clock],
        }
    }

    #[test]
    fn an_age_is_nothing_new_and_a_state_is() {
        let before = streams(Freshness::Fresh, 0, 0.02);
        assert!(looks_alike(&before, &streams(Freshness::Fresh, 9, 0.05)));
        assert!(!looks_alike(&before, &streams(Freshness::Late, 0, 0.02)));
        assert!(!looks_alike(&before, &streams(Freshness::Fresh, 0, 0.5)));
        assert!(!looks_alike(&before, &Streams::default()));
    }
}
