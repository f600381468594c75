//! What the store knows of streams: at start, and of samples that others have written.

use futures_util::TryStreamExt as _;
use shared::time::{MICROS_PER_DAY, TimeRange, Timestamp};

use super::track::Track;
use super::{Expectation, Stream, Watch};
use crate::store::{ChannelFilter, ChannelSample, Channels, Frame, Result, Store, StoredMetric};

/// How many metrics are read side by side.
const AT_ONCE: usize = 4;

/// A rhythm is read from the last so many frames.
const RECENT_FRAMES: usize = 24;

/// Where these are of ever other channels, from four times as many, as often as this.
const MORE: usize = 2;

/// The rhythm of metrics is read whose newest sample is not older than this.
const RECENT_MICROS: i64 = 2 * MICROS_PER_DAY;

impl Watch {
    /// Takes over what the store knows of all metrics: once, however often it is called. What comes in meanwhile counts.
    pub async fn restore(&self, store: &dyn Store) -> Result<()> {
        let restoring = || async {
            let metrics = store.metrics().await?;
            for metric in &metrics {
                self.describe(metric);
            }
            self.read(store, &metrics).await
        };
        self.restored.get_or_try_init(restoring).await.copied()
    }

    /// When samples of a metric are expected. Its rhythm is read from the store where it is not known, once.
    pub async fn learned_expectation(&self, store: &dyn Store, metric: &StoredMetric) -> Result<Expectation> {
        if self.find(metric.id).is_none() {
            self.describe(metric);
            self.read_metric(store, metric).await?;
        }
        Ok(self.expectation(metric))
    }

    /// Asks the store about the metrics that others have written to since it was asked last.
    pub(super) async fn catch_up(&self, store: &dyn Store) -> Result<()> {
        let touched = std::mem::take(&mut *self.touched());
        if touched.is_empty() {
            return Ok(());
        }
        let read = async {
            let mut metrics = store.metrics().await?;
            metrics.retain(|metric| touched.contains(&metric.id));
            for metric in &metrics {
                self.describe(metric);
            }
            self.read(store, &metrics).await
        };
        let read = read.await;
        if read.is_err() {
            // Whoever asks next tries again.
            self.touched().extend(touched);
        }
        read
    }

    async fn read(&self, store: &dyn Store, metrics: &[StoredMetric]) -> Result<()> {
        let share = async |first: usize| {
            for metric in metrics.iter().skip(first).step_by(AT_ONCE) {
                self.read_metric(store, metric).await?;
            }
            Ok(())
        };
        tokio::try_join!(share(0), share(1), share(2), share(3)).map(|_| ())
    }

    async fn read_metric(&self, store: &dyn Store, metric: &StoredMetric) -> Result<()> {
        let latest = store.latest(metric.id).await?;
        let Some(stream) = self.find(metric.id) else {
            return Ok(());
        };
        if let Some(newest) = stream.take_over(&latest)
            && self.started.micros_since(newest) < RECENT_MICROS
        {
            let learned = read_rhythm(store, metric, newest).await?;
            stream.track().learn_from(&learned);
        }
        Ok(())
    }
}

impl Stream {
    /// Takes note of the newest samples of the store. Gives the time of the newest where the rhythm is not known yet.
    fn take_over(&self, latest: &[(Timestamp, ChannelSample)]) -> Option<Timestamp> {
        let mut track = self.track();
        for (time, sample) in latest {
            track.restore(sample.channel, *time, sample.arrival);
        }
        let is_unknown = self.expectation(&track).interval_micros.is_none();
        track
            .newest_us()
            .and_then(Timestamp::from_micros)
            .filter(|_| is_unknown)
    }
}

/// Learns a rhythm from the last frames.
async fn read_rhythm(store: &dyn Store, metric: &StoredMetric, newest: Timestamp) -> Result<Track> {
    let end = newest.saturating_add_micros(1);
    let (mut start, mut n_frames) = (end, 0);
    let mut track = Track::default();
    for attempt in 0..=MORE {
        let wanted = RECENT_FRAMES << (2 * attempt);
        let mut is_all = false;
        while n_frames < wanted && !is_all {
            match store.newest_before(metric.id, start).await? {
                Some(before) => (start, n_frames) = (before, n_frames + 1),
                None => is_all = true,
            }
        }
        track = read_track(store, metric, start, end).await?;
        if is_all || track.learned_micros().is_some() {
            break;
        }
    }
    Ok(track)
}

async fn read_track(store: &dyn Store, metric: &StoredMetric, start: Timestamp, end: Timestamp) -> Result<Track> {
    let mut track = Track::default();
    let Ok(range) = TimeRange::new(start, end) else {
        return Ok(track);
    };
    let mut chunks = store.scan(metric.id, range, ChannelFilter::All);
    while let Some(frames) = chunks.try_next().await? {
        for read in frames {
            let channels = read.samples.iter().map(|sample| sample.channel).collect();
            track.note(&Frame {
                metric_id: metric.id,
                time: read.time,
                // Whatever came in late came in for all that the rhythm is about.
                arrival: Timestamp::MAX,
                channels: Channels::Sparse(channels),
                values: Vec::new(),
            });
        }
    }
    Ok(track)
}
