//! Random histories: samples that come on time, late, in blocks and from clocks that are ahead; restarts; people.

use proptest::prelude::*;

use super::N_CHANNELS;
use super::rules::N_RULES;

/// A sample, and when it came, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sample {
    pub(super) arrival: i64,
    /// Of the metric of the rules; `None` of what says whether rules are watched.
    pub(super) channel: Option<u32>,
    pub(super) time: i64,
    /// `None` is no number.
    pub(super) value: Option<f64>,
}

/// What happens at a moment.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Samples come together, one of each channel and time.
    Samples(Vec<Sample>),
    /// The server is killed and started again.
    Restart,
    /// Somebody has seen a rule.
    Acknowledge(usize),
}

/// Something that happens some seconds after the one before. Times of samples are told by how late they are.
#[derive(Clone, Debug)]
pub(super) struct Later {
    pause: i64,
    event: Event,
}

fn sample() -> impl Strategy<Value = Sample> {
    let value = prop_oneof![
        20 => (-2..6_i8).prop_map(|value| Some(f64::from(value))),
        4 => Just(None),
        1 => Just(Some(f64::INFINITY)),
    ];
    // Late, on time, or from a clock that is ahead.
    let late = prop_oneof![4 => Just(0_i64), 3 => 0..12_i64, 1 => -5..0_i64];
    let channel = prop_oneof![1 => Just(None), 5 => (0..N_CHANNELS).prop_map(Some)];
    (channel, late, value).prop_map(|(channel, late, value)| Sample {
        arrival: 0,
        channel,
        time: -late,
        value,
    })
}

pub(super) fn history() -> impl Strategy<Value = Vec<Later>> {
    let event = prop_oneof![
        12 => prop::collection::vec(sample(), 1..7).prop_map(Event::Samples),
        2 => Just(Event::Restart),
        1 => (0..N_RULES).prop_map(Event::Acknowledge),
    ];
    let later = (0..9_i64, event).prop_map(|(pause, event)| Later { pause, event });
    prop::collection::vec(later, 1..20)
}

/// The same by the second. Of samples of one channel and time that come together, the last counts.
pub(super) fn dated(history: &[Later]) -> Vec<(i64, Event)> {
    let mut second = 0;
    let dated = |Later { pause, event }: &Later| {
        second += pause;
        let Event::Samples(relative) = event else {
            return (second, event.clone());
        };
        let mut samples: Vec<Sample> = Vec::new();
        for sample in relative {
            let time = second + sample.time;
            samples.retain(|earlier| (earlier.channel, earlier.time) != (sample.channel, time));
            samples.push(Sample {
                arrival: second,
                time,
                ..*sample
            });
        }
        (second, Event::Samples(samples))
    };
    history.iter().map(dated).collect()
}
