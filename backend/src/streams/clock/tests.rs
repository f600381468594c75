use super::*;

const SECOND: i64 = MICROS_PER_SEC;
const MINUTE: i64 = 60 * SECOND;
const START: i64 = 1_795_212_000 * SECOND;

/// A source that sends one metric, and the clocks that watch it.
struct Sent {
    clocks: Clocks,
    source: Arc<str>,
    random: fastrand::Rng,
}

impl Sent {
    fn new() -> Self {
        Self {
            clocks: Clocks::default(),
            source: "camera".into(),
            random: fastrand::Rng::with_seed(7),
        }
    }

    /// Samples that come in together, at `START` + `arrival`.
    fn send(&mut self, metric: u32, times: &[i64], arrival: i64) {
        let times: Vec<i64> = times.iter().map(|time| START + time).collect();
        let arrival = Timestamp::from_micros(START + arrival).unwrap();
        self.clocks.note(&self.source, MetricId(metric), &times, arrival);
    }

    /// One sample each `interval` of a clock that is ahead by `ahead(true time)`, with delays from `delays`.
    fn run(
        &mut self,
        spans: std::ops::Range<i64>,
        interval: i64,
        ahead: impl Fn(i64) -> i64,
        delays: std::ops::Range<i64>,
    ) {
        for now in spans.step_by(usize::try_from(interval).unwrap()) {
            let arrival = now + self.random.i64(delays.clone());
            self.send(0, &[now + ahead(now)], arrival);
        }
    }

    fn told(&self) -> SourceClock {
        self.clocks.told().remove(0)
    }

    fn step_s(&self) -> Option<f64> {
        self.told().step.map(|step| step.by_s)
    }
}

#[track_caller]
fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap_or(f64::NAN);
    assert!((found - expected).abs() <= tolerance, "{found} is not near {expected}");
}

#[test]
fn a_clock_that_is_set_by_half_an_hour_is_seen_in_either_direction_and_at_any_rhythm() {
    for interval in [SECOND / 10, SECOND, 7 * SECOND, MINUTE, 10 * MINUTE] {
        for by in [1800, -1800, 5, -5] {
            let mut sent = Sent::new();
            let before = 30 * interval.max(10 * SECOND);
            sent.run(0..before, interval, |_| 0, 100_000..150_000);
            assert_eq!(sent.told().step, None, "{interval} {by}");
            let noticed_after = 5 * interval.max(10 * SECOND);
            sent.run(
                before..before + noticed_after,
                interval,
                |_| by * SECOND,
                100_000..150_000,
            );
            near(sent.step_s(), by as f64, 0.1);
            near(Some(sent.told().delay_s), 0.1 - by as f64, 0.1);
            let step = sent.told().step.unwrap();
            // It is told once, however long the new level stays.
            sent.run(
                before + noticed_after..3 * before,
                interval,
                |_| by * SECOND,
                100_000..150_000,
            );
            assert_eq!(sent.told().step, Some(step), "{interval} {by}");
        }
    }
}

#[test]
fn a_clock_that_is_set_back_again_has_stepped_twice() {
    let mut sent = Sent::new();
    let ahead = |now: i64| {
        if (10 * MINUTE..20 * MINUTE).contains(&now) {
            1800 * SECOND
        } else {
            0
        }
    };
    sent.run(0..15 * MINUTE, SECOND, ahead, 20_000..30_000);
    near(sent.step_s(), 1800.0, 0.1);
    sent.run(15 * MINUTE..25 * MINUTE, SECOND, ahead, 20_000..30_000);
    near(sent.step_s(), -1800.0, 0.1);
}

#[test]
fn a_source_that_is_ahead_has_a_negative_delay() {
    let mut sent = Sent::new();
    sent.run(0..MINUTE, SECOND, |_| 3 * SECOND, 100_000..200_000);
    near(Some(sent.told().delay_s), -2.9, 0.05);
    assert_eq!(sent.told().step, None);
    let lags: Vec<_> = sent.clocks.lags().collect();
    assert_eq!(lags.len(), 1);
    near(Some(lags[0].1), -2.85, 0.05);
}

#[test]
fn a_slow_drift_is_measured_and_is_no_step() {
    for secs_per_hour in [2, -2, 20] {
        let mut sent = Sent::new();
        let ahead = |now: i64| now / 3600 * secs_per_hour;
        sent.run(0..3 * 60 * MINUTE, SECOND, ahead, 50_000..250_000);
        assert_eq!(sent.told().step, None);
        // The clock runs fast: the delay falls.
        near(sent.told().drift_s_per_hour, -secs_per_hour as f64, 0.05);
    }
}

#[test]
fn a_step_does_not_spoil_the_drift() {
    let mut sent = Sent::new();
    let ahead = |now: i64| now / 3600 + if now < 30 * MINUTE { 0 } else { -600 * SECOND };
    sent.run(0..60 * MINUTE, SECOND, ahead, 50_000..60_000);
    near(sent.step_s(), -600.0, 0.1);
    near(sent.told().drift_s_per_hour, -1.0, 0.05);
}

#[test]
fn there_is_no_drift_before_there_is_enough_to_tell() {
    let mut sent = Sent::new();
    sent.run(0..3 * MINUTE, SECOND, |_| 0, 0..1000);
    assert_eq!(sent.told().drift_s_per_hour, None);
}

#[test]
fn delays_that_jump_about_are_no_steps() {
    for longest in [SECOND, 10 * SECOND, 100 * SECOND] {
        let mut sent = Sent::new();
        for minute in 0..600 {
            let now = minute * 5 * SECOND;
            let delay = sent.random.i64(0..longest);
            sent.send(0, &[now], now.max(minute * 5 * SECOND + delay));
        }
        assert_eq!(sent.told().step, None, "{longest}");
    }
}

#[test]
fn a_batch_of_old_samples_is_no_step_however_long_it_takes() {
    let mut sent = Sent::new();
    sent.run(0..10 * MINUTE, SECOND, |_| 0, 20_000..30_000);
    // At once, beside those of now.
    let old: Vec<i64> = (0..1000).map(|index| (index - 5000) * SECOND).collect();
    sent.send(0, &old, 10 * MINUTE);
    sent.run(10 * MINUTE..12 * MINUTE, SECOND, |_| 0, 20_000..30_000);
    // For minutes, an hour of samples each second, beside those of now.
    for second in 12 * 60..16 * 60 {
        let first = (second - 12 * 60) * 3600 - 1_000_000;
        let old: Vec<i64> = (first..first + 3600).step_by(10).map(|time| time * SECOND).collect();
        sent.send(0, &old, second * SECOND);
        sent.send(0, &[second * SECOND], second * SECOND + 25_000);
    }
    // And without those of now.
    for second in 16 * 60..18 * 60 {
        let first = (second - 16 * 60) * 3600 - 5_000_000;
        let old: Vec<i64> = (first..first + 3600).step_by(10).map(|time| time * SECOND).collect();
        sent.send(0, &old, second * SECOND);
    }
    sent.run(18 * MINUTE..20 * MINUTE, SECOND, |_| 0, 20_000..30_000);
    assert_eq!(sent.told().step, None);
    near(Some(sent.told().delay_s), 0.02, 0.01);
}

#[test]
fn what_was_held_back_during_an_outage_is_no_step() {
    for speed in [1, 2, 60] {
        let mut sent = Sent::new();
        sent.run(0..10 * MINUTE, SECOND, |_| 0, 20_000..30_000);
        // Nothing for half an hour; then it goes on where it stopped, so many samples a second.
        let (mut arrival, mut time) = (40 * MINUTE, 10 * MINUTE);
        while time < arrival && arrival < 60 * MINUTE {
            let times: Vec<i64> = (0..speed).map(|index| time + index * SECOND).collect();
            sent.send(0, &times, arrival);
            time += speed * SECOND;
            arrival += SECOND;
        }
        // The rest in one go, and then as ever.
        let times: Vec<i64> = (time..arrival).step_by(1_000_000).collect();
        sent.send(0, &times, arrival);
        sent.run(arrival..arrival + 10 * MINUTE, SECOND, |_| 0, 20_000..30_000);
        assert_eq!(sent.told().step, None, "{speed}");
        near(Some(sent.told().delay_s), 0.02, 0.01);
    }
}

#[test]
fn a_source_that_comes_back_with_another_clock_has_stepped() {
    for by in [1800, -1800] {
        let mut sent = Sent::new();
        sent.run(0..10 * MINUTE, SECOND, |_| 0, 20_000..30_000);
        sent.run(60 * MINUTE..65 * MINUTE, SECOND, |_| by * SECOND, 20_000..30_000);
        near(sent.step_s(), by as f64, 0.1);
    }
}

#[test]
fn another_metric_that_comes_late_is_no_step_even_when_the_first_ends() {
    let mut sent = Sent::new();
    for second in 0..1200 {
        if second < 600 {
            sent.send(0, &[second * SECOND], second * SECOND + 20_000);
        }
        sent.send(1, &[(second - 3600) * SECOND], second * SECOND);
    }
    assert_eq!(sent.told().step, None);
    near(Some(sent.told().delay_s), 3600.0, 0.1);
}

#[test]
fn memory_is_bounded_however_many_sources_there_are() {
    let mut clocks = Clocks::default();
    for index in 0..2000 {
        let source: Arc<str> = format!("source {index}").into();
        clocks.note(&source, MetricId(index), &[0], Timestamp::EPOCH);
    }
    assert_eq!(clocks.told().len(), MAX_SOURCES);
    let mut sent = Sent::new();
    sent.run(0..24 * 60 * MINUTE, 10 * SECOND, |_| 0, 0..1000);
    let source = sent.clocks.sources.values().next().unwrap();
    assert!(source.least.len() <= N_WINDOWS && source.reference.windows.len() <= N_WINDOWS);
}
