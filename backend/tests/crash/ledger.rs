//! What a store must hold: what was acknowledged, and what may be there or not because no answer came.

use std::collections::BTreeMap;

use shared::value::Value;

/// Where a sample belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Slot {
    pub(crate) metric: Metric,
    pub(crate) time_us: i64,
    pub(crate) channel: u16,
}

/// The metrics that are written, all under names of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Metric {
    /// Dense JSON frames, each of one client; more channels as time goes by.
    Dense,
    /// Sparse JSON frames: all clients write the same times, each its own channels.
    Shared,
    /// A field of line protocol; channels are labelled by client and module.
    Field,
    /// Another field of the same lines, named `value`.
    PlainField,
    /// Dense JSON frames of metrics that come into being one after the other.
    New(u16),
}

impl Metric {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Dense => "crash.dense".to_owned(),
            Self::Shared => "crash.shared".to_owned(),
            Self::Field => "crash_lines.rate".to_owned(),
            Self::PlainField => "crash_lines".to_owned(),
            Self::New(number) => format!("crash.new_{number}"),
        }
    }
}

/// The channel that a label names: its index, or `client,module` in line protocol.
pub(crate) fn channel_of(label: &str) -> u16 {
    let number = |text: &str| text.parse::<u16>().unwrap();
    match label.split_once(',') {
        None => number(label),
        Some((client, module)) => number(client) * MODULES + number(module),
    }
}

/// How many modules each client writes lines of.
pub(crate) const MODULES: u16 = 3;

/// Some samples of one metric and time, sent in one request: stored whole, or not at all.
#[derive(Clone, Debug)]
pub(crate) struct SentFrame {
    pub(crate) metric: Metric,
    pub(crate) time_us: i64,
    pub(crate) samples: BTreeMap<u16, Value>,
}

impl SentFrame {
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Slot, Value)> + '_ {
        let (metric, time_us) = (self.metric, self.time_us);
        let slot = move |channel: u16| Slot {
            metric,
            time_us,
            channel,
        };
        self.samples
            .iter()
            .map(move |(channel, value)| (slot(*channel), *value))
    }
}

/// What one client knows to be stored. No two clients write the same slot, so that each alone knows what is in its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// What was acknowledged.
    pub(crate) acknowledged: BTreeMap<Slot, Value>,
    /// The frames of the request that had no answer.
    pub(crate) open: Vec<SentFrame>,
    /// How many samples were acknowledged, rewritten ones each time.
    pub(crate) n_samples: u64,
    /// How many requests were acknowledged.
    pub(crate) n_requests: u64,
    /// How many requests were answered with 503, and sent again.
    pub(crate) n_refused: u64,
}

impl Ledger {
    /// Notes that a request was acknowledged.
    pub(crate) fn acknowledge(&mut self, frames: &[SentFrame]) {
        self.n_requests += 1;
        for frame in frames {
            self.n_samples += frame.samples.len() as u64;
            self.acknowledged.extend(frame.slots());
        }
    }

    /// Decides, by what was read, which of the open frames are stored.
    pub(crate) fn settle(&mut self, read: &BTreeMap<Slot, Value>) -> Settled {
        let mut settled = Settled::default();
        for frame in std::mem::take(&mut self.open) {
            let is_new = frame.slots().all(|(slot, value)| read.get(&slot) == Some(&value));
            let is_old = frame
                .slots()
                .all(|(slot, _)| read.get(&slot) == self.acknowledged.get(&slot));
            match (is_new, is_old) {
                (true, _) => {
                    self.acknowledged.extend(frame.slots());
                    settled.n_stored += 1;
                }
                (false, true) => settled.n_absent += 1,
                (false, false) => settled.half.push(frame),
            }
        }
        settled
    }
}

/// What became of the frames that had no answer.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) n_stored: u64,
    pub(crate) n_absent: u64,
    /// Those of which only a part is stored.
    pub(crate) half: Vec<SentFrame>,
}

#[test]
fn a_frame_of_which_a_part_is_stored_is_found() {
    let slot = |channel| Slot {
        metric: Metric::Dense,
        time_us: 7,
        channel,
    };
    let frame = SentFrame {
        metric: Metric::Dense,
        time_us: 7,
        samples: [(0, Value::number(1.0)), (1, Value::number(2.0))].into(),
    };
    let settle = |read: &[(u16, f64)]| {
        let mut ledger = Ledger {
            acknowledged: [(slot(0), Value::number(0.5))].into(),
            open: vec![frame.clone()],
            ..Ledger::default()
        };
        let read = read
            .iter()
            .map(|(channel, value)| (slot(*channel), Value::number(*value)));
        let settled = ledger.settle(&read.collect());
        (settled.n_stored, settled.n_absent, settled.half.len())
    };
    assert_eq!(settle(&[(0, 1.0), (1, 2.0)]), (1, 0, 0));
    assert_eq!(settle(&[(0, 0.5)]), (0, 1, 0));
    assert_eq!(settle(&[(0, 1.0)]), (0, 0, 1));
    assert_eq!(settle(&[(0, 0.5), (1, 2.0)]), (0, 0, 1));
    assert_eq!(settle(&[]), (0, 0, 1));
}
