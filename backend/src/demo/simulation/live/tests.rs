use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use shared::time::TimeRange;

use super::*;
use crate::clock::ManualClock;
use crate::demo::camera::{Camera, Geometry};
use crate::demo::gallery::Gallery;
use crate::demo::jobs::Jobs;
use crate::demo::simulation::nights::{Written, write_since};
use crate::ingest::Limits;
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, ChannelFilter, FrameStore as _, Store};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sources() -> Vec<Arc<dyn Simulation>> {
    let camera = Camera::new(Geometry::bundled().unwrap());
    vec![Arc::new(camera), Arc::new(Jobs::new()), Arc::new(Gallery)]
}

fn frames(since: &str, until: &str) -> Vec<(String, Timestamp)> {
    let sources = sources();
    let frames = due(&senders(&sources), time(since), time(until)).into_iter();
    frames.map(|frame| (frame.metric, frame.time.unwrap())).collect()
}

#[test]
fn windows_side_by_side_give_every_frame_once() {
    let whole = frames("2026-11-20T22:00:00Z", "2026-11-20T23:00:00Z");
    let mut parts = Vec::new();
    for (since, until) in [
        ("22:00:00", "22:17:31"),
        ("22:17:31", "22:17:31.7"),
        ("22:17:31.7", "23:00:00"),
    ] {
        parts.extend(frames(&format!("2026-11-20T{since}Z"), &format!("2026-11-20T{until}Z")));
    }
    assert_eq!(parts, whole);
    let distinct: BTreeSet<_> = whole.iter().collect();
    assert_eq!(distinct.len(), whole.len());
    assert!(whole.len() > 19 * 45, "{}", whole.len());
}

#[test]
fn some_frames_come_minutes_late_and_none_before_its_time() {
    let sources = sources();
    let senders = senders(&sources[..1]);
    let day = arrivals(&senders, time("2026-11-20T12:00:00Z"), time("2026-11-21T12:00:00Z"));
    let delays: Vec<i64> = day
        .map(|(arrival, _, minute)| arrival.micros_since(time_of(minute)))
        .collect();
    assert!(delays.iter().all(|delay| (400_000..MAX_DELAY_MICROS).contains(delay)));
    let late = delays.iter().filter(|delay| **delay > MICROS_PER_MINUTE).count();
    assert!(
        late * 100 > delays.len() && late * 20 < delays.len(),
        "{late} of {}",
        delays.len()
    );
}

/// All samples as (metric, time, arrival, number of samples).
async fn content(store: &MemoryStore) -> Vec<(String, Timestamp, Timestamp, usize)> {
    let mut all = Vec::new();
    for metric in store.metrics().await.unwrap() {
        let chunks: Vec<_> = store
            .scan(metric.id, TimeRange::ALL, ChannelFilter::All)
            .try_collect()
            .await
            .unwrap();
        for frame in chunks.into_iter().flatten() {
            all.push((
                metric.name.clone(),
                frame.time,
                frame.samples[0].arrival,
                frame.samples.len(),
            ));
        }
    }
    all
}

/// Starts at `now`, with what is missing from 22:00 on.
async fn start(source: &Arc<dyn Simulation>, store: &Arc<MemoryStore>, now: &str) -> Written {
    let object = Arc::clone(store) as Arc<dyn Store>;
    let clock = Arc::new(ManualClock::new(time(now)));
    let writer = Writer::new(
        Arc::clone(&object),
        clock,
        Limits::default(),
        std::collections::BTreeMap::new(),
    );
    let first = minute_of(time("2026-11-20T22:00:00Z"));
    write_since(Arc::clone(source), object.as_ref(), &writer, first, time(now), |_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn a_second_start_adds_what_is_missing_and_nothing_else() {
    for source in &sources()[..2] {
        let (twice, once) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
        let first = start(source, &twice, "2026-11-20T22:20:00Z").await;
        let second = start(source, &twice, "2026-11-20T23:10:00Z").await;
        let both = start(source, &once, "2026-11-20T23:10:00Z").await;
        assert_eq!(first.frames + second.frames, both.frames);
        assert_eq!(first.values + second.values, both.values);
        assert_eq!(content(&twice).await, content(&once).await);
        let third = start(source, &twice, "2026-11-20T23:10:00Z").await;
        assert_eq!(third.frames, 0);
    }
}

#[tokio::test]
async fn what_was_sent_only_before_the_start_has_stopped_and_never_goes_on() {
    let source: Arc<dyn Simulation> = Arc::new(Gallery);
    let store = Arc::new(MemoryStore::new());
    start(&source, &store, "2026-11-20T23:10:00Z").await;
    let content = content(&store).await;
    let newest = |metric: &str| content.iter().filter(|row| row.0 == metric).map(|row| row.1).max();
    assert_eq!(newest("gallery.stopped"), Some(time("2026-11-20T23:00:00Z")));
    assert_eq!(newest("gallery.past"), None, "it ended before what is written here");
    let sources = [source];
    assert!(senders(&sources).is_empty());
}
