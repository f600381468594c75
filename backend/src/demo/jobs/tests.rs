use std::collections::BTreeSet;

use super::*;
use crate::demo::jobs::job::NEVER_STARTED;

/// Midnight UTC of 2026-11-21, in minutes since 1970.
const MIDNIGHT: i64 = 29_920_320;

/// The frame of a quantity as channel and number.
fn frame(jobs: &Jobs, quantity: Quantity, minute: i64) -> Vec<(usize, f64)> {
    let metric = QUANTITIES.iter().position(|known| *known == quantity).unwrap();
    let Some((channels, values)) = jobs.frame(metric, minute) else {
        return Vec::new();
    };
    let numbers = values.iter().map(|value| value.as_number().unwrap());
    match channels {
        Channels::Dense => numbers.enumerate().collect(),
        Channels::Sparse(channels) => channels.iter().map(|channel| *channel as usize).zip(numbers).collect(),
    }
}

#[test]
fn every_job_has_a_label_of_its_own() {
    let metrics = Jobs::new().metrics();
    let labels: BTreeSet<_> = metrics[0].labels.iter().collect();
    assert_eq!(labels.len(), N_JOBS);
    let by_index = [0, 239, 240, 279, 280, 299].map(|job| metrics[0].labels[job].as_str());
    assert_eq!(
        by_index,
        [
            "filter-000",
            "filter-239",
            "rank-000",
            "rank-039",
            "upload-000",
            "upload-019"
        ]
    );
    assert_eq!(metrics[0].labels, metrics[1].labels);
}

#[test]
fn at_any_time_some_jobs_are_late_some_are_stuck_and_one_never_started() {
    let jobs = Jobs::new();
    for minute in (MIDNIGHT..MIDNIGHT + 3 * 1440).step_by(60) {
        let latencies = frame(&jobs, Quantity::Latency, minute);
        let n_stuck = N_JOBS - latencies.len();
        let n_late = latencies.iter().filter(|(_, latency)| *latency > 300.0).count();
        assert!((2..=25).contains(&n_stuck), "{minute}: {n_stuck} are stuck");
        assert!((2..=30).contains(&n_late), "{minute}: {n_late} are late");
        assert!(
            latencies
                .iter()
                .all(|(job, latency)| *job != NEVER_STARTED && *latency > 0.0)
        );
        let uptimes = frame(&jobs, Quantity::Uptime, minute);
        assert!(uptimes.iter().map(|row| row.0).eq(latencies.iter().map(|row| row.0)));
    }
}

#[test]
fn a_heartbeat_grows_by_a_minute_each_minute_until_the_job_is_started_anew() {
    let jobs = Jobs::new();
    let mut n_restarts = 0;
    for job in &jobs.jobs[..60] {
        for minute in MIDNIGHT..MIDNIGHT + 1440 {
            if job.reports(minute) && job.reports(minute - 1) {
                let (before, now) = (job.uptime(minute - 1), job.uptime(minute));
                let grows = (now - before - 60.0).abs() < 1e-9;
                assert!(grows || now == 0.0, "{}: {before} {now}", job.label);
                n_restarts += usize::from(now == 0.0);
            } else if job.reports(minute) {
                assert_eq!(
                    job.uptime(minute).to_bits(),
                    0.0_f64.to_bits(),
                    "{} after it hung",
                    job.label
                );
            }
        }
    }
    assert!(n_restarts > 0);
}

#[test]
fn detectors_observe_most_of_the_time_and_can_be_heard_only_then() {
    let jobs = Jobs::new();
    let minutes = MIDNIGHT..MIDNIGHT + 6 * 1440;
    for (index, detector) in DETECTORS.iter().enumerate() {
        let n_on = minutes.clone().filter(|minute| detector.observes(*minute)).count();
        assert!(n_on * 10 > minutes.clone().count() * 6, "{n_on}");
        assert!(n_on * 100 < minutes.clone().count() * 98, "{n_on}");
        for minute in minutes.clone().step_by(17) {
            let has_range = frame(&jobs, Quantity::Range, minute).iter().any(|row| row.0 == index);
            assert_eq!(has_range, detector.observes(minute));
        }
    }
}

#[test]
fn the_noise_has_a_frequency_for_each_point_and_can_stand_on_logarithmic_axes() {
    let jobs = Jobs::new();
    let frequencies = frame(&jobs, Quantity::Frequency, MIDNIGHT);
    let noise = frame(&jobs, Quantity::Noise, MIDNIGHT);
    assert_eq!(frequencies.len(), noise.len());
    assert!(frequencies.is_sorted_by(|left, right| left.1 < right.1));
    assert!(noise.iter().chain(&frequencies).all(|(_, number)| *number > 0.0));
    assert_eq!(frequencies.first().unwrap().1.to_bits(), 10.0_f64.to_bits());
    assert_eq!(frequencies.last().unwrap().1.to_bits(), 2000.0_f64.to_bits());
}
