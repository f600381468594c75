//! A simulated cluster of 300 jobs that search the data of two detectors in real time, as scald watches them: latencies
//! and heartbeats, some jobs late, some stuck, one that never started.

use shared::time::Timestamp;
use shared::value::Value;

use super::noise::{hash, pick};
use super::simulation::{Sent, SimulatedMetric, Simulation, time_of};
use crate::store::Channels;

mod detector;
mod job;

use detector::{DETECTORS, N_FREQUENCIES};
use job::Job;

/// How many jobs there are.
const N_JOBS: usize = 300;

/// What is measured, in the order of [`Simulation::metrics`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quantity {
    /// How long after they were taken a job has searched its data, in seconds.
    Latency,
    /// How long a job has been running: its heartbeat, in seconds.
    Uptime,
    /// How far the detectors can hear, in Mpc.
    Range,
    /// Whether the first detector observes: 0 or 1.
    FirstObserves,
    /// Whether the second detector observes: 0 or 1.
    SecondObserves,
    /// The noise of the first detector at each frequency, in 1e-24 per square root of Hz.
    Noise,
    /// The frequencies of [`Quantity::Noise`], in Hz.
    Frequency,
}

const QUANTITIES: [Quantity; 7] = [
    Quantity::Latency,
    Quantity::Uptime,
    Quantity::Range,
    Quantity::FirstObserves,
    Quantity::SecondObserves,
    Quantity::Noise,
    Quantity::Frequency,
];

impl Quantity {
    const fn metric(self) -> &'static str {
        match self {
            Self::Latency => "jobs.latency",
            Self::Uptime => "jobs.uptime",
            Self::Range => "jobs.range",
            Self::FirstObserves => "jobs.h1_observing",
            Self::SecondObserves => "jobs.l1_observing",
            Self::Noise => "jobs.noise",
            Self::Frequency => "jobs.noise_frequency",
        }
    }
}

/// The cluster.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Jobs {
    jobs: Vec<Job>,
}

impl Jobs {
    pub(super) fn new() -> Self {
        Self {
            jobs: (0..N_JOBS).map(Job::new).collect(),
        }
    }

    /// The jobs that report in a minute, with a value of each.
    fn reported(&self, minute: i64, value: impl Fn(&Job) -> f64) -> Option<(Channels, Vec<Value>)> {
        let reporting = (0..).zip(&self.jobs).filter(|(_, job)| job.reports(minute));
        let (channels, values) = reporting
            .map(|(channel, job)| (channel, Value::number(value(job))))
            .unzip();
        some(channels, values)
    }
}

impl Simulation for Jobs {
    fn what(&self) -> &'static str {
        "a cluster of 300 jobs"
    }

    fn metrics(&self) -> Vec<SimulatedMetric> {
        let detectors = || DETECTORS.map(|detector| detector.label.to_owned());
        let labels = |quantity| match quantity {
            Quantity::Latency | Quantity::Uptime => self.jobs.iter().map(|job| job.label.clone()).collect(),
            Quantity::Range => detectors().into(),
            Quantity::FirstObserves => detectors()[..1].to_vec(),
            Quantity::SecondObserves => detectors()[1..].to_vec(),
            Quantity::Noise | Quantity::Frequency => (0..N_FREQUENCIES)
                .map(|index| format!("{:.1} Hz", detector::frequency(index)))
                .collect(),
        };
        let metric = |quantity: Quantity| SimulatedMetric {
            name: quantity.metric(),
            labels: labels(quantity),
            sent: Sent::Always,
        };
        QUANTITIES.map(metric).into()
    }

    fn arrival(&self, metric: usize, minute: i64) -> Timestamp {
        let delay = 400_000 + pick(hash(0x8000 + metric as u64, minute), 1_100_000);
        time_of(minute).saturating_add_micros(delay)
    }

    fn frame(&self, metric: usize, minute: i64) -> Option<(Channels, Vec<Value>)> {
        let dense = |values: Vec<f64>| {
            let values = values.into_iter().map(Value::number);
            Some((Channels::Dense, values.collect()))
        };
        let observes = |detector: usize| dense(vec![f64::from(u8::from(DETECTORS[detector].observes(minute)))]);
        match QUANTITIES[metric] {
            Quantity::Latency => self.reported(minute, |job| job.latency(minute)),
            Quantity::Uptime => self.reported(minute, |job| job.uptime(minute)),
            Quantity::Range => {
                let observing = (0..).zip(&DETECTORS).filter(|(_, detector)| detector.observes(minute));
                let (channels, values) = observing
                    .map(|(channel, detector)| (channel, Value::number(detector.range(minute))))
                    .unzip();
                some(channels, values)
            }
            Quantity::FirstObserves => observes(0),
            Quantity::SecondObserves => observes(1),
            Quantity::Noise => dense(
                (0..N_FREQUENCIES)
                    .map(|index| DETECTORS[0].noise(index, minute))
                    .collect(),
            ),
            Quantity::Frequency => dense((0..N_FREQUENCIES).map(detector::frequency).collect()),
        }
    }
}

fn some(channels: Vec<u32>, values: Vec<Value>) -> Option<(Channels, Vec<Value>)> {
    (!channels.is_empty()).then_some((Channels::Sparse(channels), values))
}

#[cfg(test)]
mod tests;
