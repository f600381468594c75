use std::sync::Arc;

use shared::value::Value;

use super::*;
use crate::clock::ManualClock;
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, Channels, FrameStore as _, MetricProperties};

const SECOND: i64 = MICROS_PER_SEC;

fn at(secs: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T22:00:00Z".parse().unwrap();
    start.saturating_add_micros(secs * SECOND)
}

/// A store, the watch over it, and their clock.
struct Night {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    watch: Watch,
}

impl Night {
    fn new(rules: Rules) -> Self {
        Self::over(Arc::new(MemoryStore::new()), rules, 0)
    }

    /// A server that starts on this store.
    fn over(store: Arc<MemoryStore>, rules: Rules, secs: i64) -> Self {
        let clock = Arc::new(ManualClock::new(at(secs)));
        let watch = Watch::new(rules, Arc::clone(&clock) as Arc<dyn Clock>);
        Self { clock, store, watch }
    }

    async fn metric(&self, name: &str, n_channels: usize, interval_s: Option<i64>) -> MetricId {
        let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
        let metric = self.store.ensure_metric(name, &labels).await.unwrap();
        let properties = MetricProperties {
            interval_micros: interval_s.map(|secs| secs * SECOND),
            ..MetricProperties::default()
        };
        self.store.set_properties(metric.id, &properties).await.unwrap();
        let metric = self.store.metric_by_name(name).await.unwrap().unwrap();
        self.watch.describe(&metric);
        metric.id
    }

    /// Writes a frame that arrives when the clock is at `arrival`, and tells the watch.
    async fn send(&self, metric_id: MetricId, time: i64, arrival: i64, channels: &[u32]) {
        let frame = Frame {
            metric_id,
            time: at(time),
            arrival: at(arrival),
            channels: Channels::Sparse(channels.to_vec()),
            values: vec![Value::NULL; channels.len()],
        };
        self.store.write(std::slice::from_ref(&frame)).await.unwrap();
        self.clock.set(at(arrival));
        self.watch.note(&[frame]);
    }

    async fn stream(&self, secs: i64, name: &str) -> StreamStatus {
        self.clock.set(at(secs));
        let streams = self.watch.answer(&*self.store).await.unwrap();
        let stream = streams.streams.iter().find(|stream| stream.metric == name);
        stream.unwrap().clone()
    }
}

fn rules(metrics: &str, rule: Rule) -> Rules {
    let mut rules = Rules::default();
    assert!(rules.add(metrics, &Arc::new(rule)));
    rules
}

fn counts(stream: &StreamStatus) -> [u32; 4] {
    [stream.fresh, stream.late, stream.stale, stream.never]
}

#[tokio::test]
async fn channels_are_counted_each_for_itself_and_the_metric_by_its_newest() {
    let night = Night::new(Rules::default());
    let metric = night.metric("camera.temperature", 5, Some(60)).await;
    night.send(metric, 0, 0, &[0, 1, 2, 3]).await;
    night.send(metric, 60, 60, &[1, 2]).await;
    night.send(metric, 120, 120, &[2]).await;
    let stream = night.stream(180, "camera.temperature").await;
    assert_eq!(stream.state, Freshness::Fresh);
    assert_eq!(counts(&stream), [1, 1, 2, 1]);
    assert_eq!((stream.last_us, stream.since_us), (Some(at(120).as_micros()), None));
    assert_eq!(
        (stream.interval_s, stream.learned, stream.expected),
        (Some(60.0), false, true)
    );
    assert_eq!(stream.source, "camera");
    let late = night.stream(240, "camera.temperature").await;
    assert_eq!((late.state, counts(&late)), (Freshness::Late, [0, 1, 3, 1]));
    // The next was due after one interval.
    assert_eq!(late.since_us, Some(at(180).as_micros()));
    let stale = night.stream(300, "camera.temperature").await;
    assert_eq!((stale.state, counts(&stale)), (Freshness::Stale, [0, 0, 4, 1]));
    assert_eq!(stale.since_us, Some(at(180).as_micros()));
}

#[tokio::test]
async fn a_rhythm_is_learned_and_followed_as_it_changes() {
    let night = Night::new(Rules::default());
    let metric = night.metric("dome.door", 1, None).await;
    night.send(metric, 0, 0, &[0]).await;
    let unknown = night.stream(1, "dome.door").await;
    assert_eq!((unknown.state, unknown.interval_s), (Freshness::Stale, None));
    assert!(!unknown.expected, "nobody knows when the next is due");
    for index in 1..=6 {
        // A gap and a repetition say nothing.
        let time = if index < 4 { index * 10 } else { 300 + index * 10 };
        night.send(metric, time, time, &[0]).await;
        night.send(metric, time, time, &[0]).await;
    }
    let learned = night.stream(365, "dome.door").await;
    assert_eq!((learned.state, learned.interval_s), (Freshness::Fresh, Some(10.0)));
    assert!(learned.learned && learned.expected);
    for index in 0..20 {
        night.send(metric, 400 + index * 60, 400 + index * 60, &[0]).await;
    }
    assert_eq!(night.stream(1545, "dome.door").await.interval_s, Some(60.0));
}

#[tokio::test]
async fn the_rhythm_is_that_of_the_busiest_channel() {
    let night = Night::new(Rules::default());
    let metric = night.metric("jobs.latency", 3, None).await;
    for secs in 0..100 {
        if secs % 20 == 0 {
            night.send(metric, secs, secs, &[0]).await;
        }
        if 10 <= secs {
            night.send(metric, secs, secs, &[2]).await;
        }
    }
    let stream = night.stream(100, "jobs.latency").await;
    assert_eq!(stream.interval_s, Some(1.0));
    assert_eq!(counts(&stream), [1, 0, 1, 1]);
    // It ends, and another goes on.
    for secs in 5..20 {
        night.send(metric, secs * 20, secs * 20, &[0]).await;
    }
    assert_eq!(night.stream(400, "jobs.latency").await.interval_s, Some(20.0));
}

#[tokio::test]
async fn late_samples_are_no_rhythm_and_do_not_make_anything_younger() {
    let night = Night::new(Rules::default());
    let metric = night.metric("m", 1, None).await;
    for secs in 0..10 {
        night.send(metric, 1000 + secs, 1000 + secs, &[0]).await;
    }
    for secs in 0..50 {
        night.send(metric, 100 + secs * 7, 1010, &[0]).await;
    }
    let stream = night.stream(1020, "m").await;
    assert_eq!((stream.interval_s, stream.state), (Some(1.0), Freshness::Stale));
    assert_eq!(stream.last_us, Some(at(1009).as_micros()));
}

#[tokio::test]
async fn a_clock_that_is_ahead_does_not_hide_silence() {
    let night = Night::new(Rules::default());
    let metric = night.metric("dome.lamp", 1, Some(1)).await;
    for secs in 0..10 {
        night.send(metric, 1800 + secs, secs, &[0]).await;
    }
    assert_eq!(night.stream(10, "dome.lamp").await.state, Freshness::Fresh);
    let silent = night.stream(12, "dome.lamp").await;
    assert_eq!((silent.state, counts(&silent)), (Freshness::Stale, [0, 0, 1, 0]));
    assert_eq!(silent.last_us, Some(at(1809).as_micros()));
    assert_eq!(silent.since_us, Some(at(10).as_micros()));
    let clock = &night.watch.current().sources[0];
    assert_eq!((clock.source.as_str(), clock.delay_s), ("dome", -1800.0));
}

#[tokio::test]
async fn what_is_configured_for_streams_holds() {
    let rule = Rule {
        source: Some("controller".to_owned()),
        interval_micros: Some(5 * SECOND),
        warn_after_micros: Some(7 * SECOND),
        fail_after_micros: Some(20 * SECOND),
        expected: false,
    };
    let night = Night::new(rules("dome.*", rule));
    let metric = night.metric("dome.lamp", 1, Some(60)).await;
    night.send(metric, 0, 0, &[0]).await;
    let stream = night.stream(6, "dome.lamp").await;
    assert_eq!((stream.state, stream.interval_s), (Freshness::Fresh, Some(5.0)));
    assert_eq!((stream.source.as_str(), stream.expected), ("controller", false));
    assert_eq!(night.stream(7, "dome.lamp").await.state, Freshness::Late);
    assert_eq!(night.stream(19, "dome.lamp").await.state, Freshness::Late);
    assert_eq!(night.stream(20, "dome.lamp").await.state, Freshness::Stale);
}

#[tokio::test]
async fn a_metric_that_is_configured_and_was_never_sent_is_told() {
    let rule = Rule {
        expected: true,
        ..Rule::default()
    };
    let night = Night::new(rules("dome.lamp", rule));
    night.metric("zenith.seeing", 1, Some(1)).await;
    night.metric("cloud.cover", 1, Some(1)).await;
    let stream = night.stream(0, "dome.lamp").await;
    assert_eq!((stream.state, stream.expected), (Freshness::Never, true));
    let streams = night.watch.current();
    let names: Vec<_> = streams.streams.iter().map(|stream| stream.metric.as_str()).collect();
    assert_eq!(names, ["cloud.cover", "dome.lamp", "zenith.seeing"]);
    let silent = &streams.streams[0];
    assert_eq!(
        (silent.state, silent.expected, silent.never),
        (Freshness::Never, false, 1)
    );
}

#[tokio::test]
async fn what_ended_long_before_the_start_is_not_expected_until_it_speaks_again() {
    let store = Arc::new(MemoryStore::new());
    let before = Night::over(Arc::clone(&store), Rules::default(), 0);
    let (old, recent) = (
        before.metric("run.old", 1, Some(1)).await,
        before.metric("run.recent", 1, Some(1)).await,
    );
    before.send(old, 0, 0, &[0]).await;
    before.send(recent, 86_400, 86_400, &[0]).await;
    let night = Night::over(Arc::clone(&store), Rules::default(), 86_400 + 3600);
    let now = 86_400 + 3600;
    assert!(!night.stream(now, "run.old").await.expected);
    let silent = night.stream(now, "run.recent").await;
    assert!(silent.expected);
    assert_eq!(silent.state, Freshness::Stale);
    night.send(old, now, now, &[0]).await;
    let again = night.stream(now, "run.old").await;
    assert_eq!((again.state, again.expected), (Freshness::Fresh, true));
    let always = Rule {
        expected: true,
        ..Rule::default()
    };
    let configured = Night::over(store, rules("run.*", always), now);
    assert!(configured.stream(now, "run.old").await.expected);
}

#[tokio::test]
async fn a_start_takes_over_what_the_store_knows_and_learns_rhythms_from_it() {
    let store = Arc::new(MemoryStore::new());
    let before = Night::over(Arc::clone(&store), Rules::default(), 0);
    let metric = before.metric("camera.rate", 40, None).await;
    // Each channel in a frame of its own: a few frames do not show any of them twice.
    for turn in 0..20 {
        for channel in 0..39 {
            before
                .send(
                    metric,
                    turn * 40 + channel,
                    turn * 40 + channel,
                    &[u32::try_from(channel).unwrap()],
                )
                .await;
        }
    }
    let known = before.stream(800, "camera.rate").await;
    let after = Night::over(store, Rules::default(), 800);
    let taken_over = after.stream(800, "camera.rate").await;
    assert_eq!(taken_over.interval_s, Some(40.0));
    assert_eq!(taken_over, known);
    assert_eq!(counts(&taken_over), [39, 0, 0, 1]);
}

#[tokio::test]
async fn samples_that_another_server_wrote_are_asked_for() {
    let night = Night::new(Rules::default());
    night.stream_names().await;
    let other = Night::over(Arc::clone(&night.store), Rules::default(), 0);
    let metric = other.metric("dome.lamp", 1, Some(10)).await;
    other.send(metric, 5, 5, &[0]).await;
    assert_eq!(night.stream_names().await, [""; 0]);
    night.watch.touch(metric);
    assert_eq!(night.stream(6, "dome.lamp").await.state, Freshness::Fresh);
    assert_eq!(night.stream(40, "dome.lamp").await.state, Freshness::Stale);
    other.send(metric, 39, 39, &[0]).await;
    night.watch.touch(metric);
    assert_eq!(night.stream(40, "dome.lamp").await.state, Freshness::Fresh);
}

impl Night {
    async fn stream_names(&self) -> Vec<String> {
        let streams = self.watch.answer(&*self.store).await.unwrap();
        streams.streams.iter().map(|stream| stream.metric.clone()).collect()
    }
}
