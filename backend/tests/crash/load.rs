//! Clients that write until the server is gone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use shared::frame::{FrameBody, FramesBody};
use shared::time::Timestamp;
use shared::value::Value;

use super::ledger::{Ledger, MODULES, Metric, SentFrame};
use super::server::{Answer, Connection};

/// How many clients write at once.
pub(crate) const CLIENTS: u16 = 4;

/// The first moment that is written when the clock of the load is 0: long gone, so that nothing depends on now.
pub(crate) const START_US: i64 = 1_735_689_600_000_000;

/// Between two frames.
const STEP_US: i64 = 250_000;

/// The most channels of a dense frame.
const DENSE_CHANNELS: u16 = 12;

/// How long a client waits before it sends a refused request again.
const RETRY: Duration = Duration::from_millis(3);

/// One client: what it has sent, and what it will send next.
pub(crate) struct Client {
    number: u16,
    random: Rng,
    /// How far its clock has come.
    step: i64,
    /// How many values it has sent: each is another one, so that it can be told which one is stored.
    n_values: u64,
    /// What it has written, for rewriting.
    written: Vec<(Metric, i64)>,
    pub(crate) ledger: Ledger,
}

impl Client {
    pub(crate) fn new(number: u16, random: Rng) -> Self {
        Self {
            number,
            random,
            step: 0,
            n_values: 0,
            written: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    /// Writes until the server is gone, or `most` requests are acknowledged; what has no answer then is left open.
    pub(crate) fn write_until_gone(&mut self, address: &str, most: u32, n_acknowledged: &AtomicU64) {
        let Ok(mut connection) = Connection::open(address) else {
            return;
        };
        for _ in 0..most {
            let request = self.request();
            self.ledger.open.clone_from(&request.frames);
            let sent = self.send_until_accepted(&mut connection, &request);
            if sent.is_err() {
                return;
            }
            self.accept(&request);
            n_acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes that a request was acknowledged.
    pub(crate) fn accept(&mut self, request: &Request) {
        self.ledger.open.clear();
        self.ledger.acknowledge(&request.frames);
        let places = request.frames.iter().map(|frame| (frame.metric, frame.time_us));
        self.written.extend(places);
    }

    /// Sends a request again as long as it is refused because the store is down, as a client must.
    fn send_until_accepted(&mut self, connection: &mut Connection, request: &Request) -> io::Result<()> {
        loop {
            let answer = request.send(connection)?;
            match answer.status {
                200 | 204 => return Ok(()),
                503 => {
                    self.ledger.n_refused += 1;
                    std::thread::sleep(RETRY);
                }
                status => panic!("{status} {} to {request:?}", answer.text()),
            }
        }
    }

    /// The next request: one or many frames; most of them new, some late, some written before.
    pub(crate) fn request(&mut self) -> Request {
        let form = if self.random.u8(..3) == 0 {
            Form::Lines
        } else {
            Form::Json
        };
        let n_frames = match self.random.u8(..10) {
            0..5 => 1,
            5..9 => self.random.usize(2..12),
            _ => self.random.usize(50..150),
        };
        let mut frames: BTreeMap<(Metric, i64), SentFrame> = BTreeMap::new();
        for _ in 0..n_frames {
            for (metric, time_us, channels) in self.places(form) {
                let values = channels.map(|channel| (channel, self.value(form))).collect::<Vec<_>>();
                let frame = frames.entry((metric, time_us)).or_insert_with(|| SentFrame {
                    metric,
                    time_us,
                    samples: BTreeMap::new(),
                });
                frame.samples.extend(values);
            }
        }
        Request {
            form,
            frames: frames.into_values().collect(),
        }
    }

    /// What to write next: metrics, times and channels that no other client writes.
    fn places(&mut self, form: Form) -> Vec<(Metric, i64, std::ops::Range<u16>)> {
        let kind = self.random.u8(..100);
        let (rewritten, rewritten_us) = match self.random.choice(&self.written) {
            Some((metric, time_us)) if kind < 15 => (Some(*metric), *time_us),
            _ => (None, 0),
        };
        let step = if kind < 30 {
            // Late: before the start, or between what is there.
            self.random.i64(-200..=self.step)
        } else {
            self.step += 1;
            self.step
        };
        let time_us = START_US + step * STEP_US;
        let own_us = time_us + i64::from(self.number);
        let width = 3 + u16::try_from(self.step / 64).unwrap().min(DENSE_CHANNELS - 3);
        let own = |n: u16| self.number * n..(self.number + 1) * n;
        match (form, rewritten) {
            (Form::Json, Some(Metric::Dense)) => vec![(Metric::Dense, rewritten_us, 0..width)],
            (Form::Json, Some(Metric::Shared)) => vec![(Metric::Shared, rewritten_us, own(4))],
            (Form::Json, Some(Metric::New(number))) => vec![(Metric::New(number), rewritten_us, 0..2)],
            (Form::Json, _) => match kind % 10 {
                // Clients grow apart, so that each creates its own ones.
                0 => {
                    let number = u16::try_from(self.step / 100).unwrap().min(5) * CLIENTS + self.number;
                    vec![(Metric::New(number), own_us, 0..2)]
                }
                1..6 => vec![(Metric::Dense, own_us, 0..width)],
                _ => vec![(Metric::Shared, time_us, own(4))],
            },
            (Form::Lines, rewritten) => {
                let time_us = match rewritten {
                    Some(Metric::Field | Metric::PlainField) => rewritten_us,
                    _ => time_us,
                };
                let first = self.number * MODULES;
                let module = first + self.random.u16(..MODULES);
                vec![
                    (Metric::Field, time_us, module..first + MODULES),
                    (Metric::PlainField, time_us, module..first + MODULES),
                ]
            }
        }
    }

    /// A value like no other: whole, or with a fraction that only 64 bits hold; now and then none, where the form has that.
    fn value(&mut self, form: Form) -> Value {
        self.n_values += 1;
        let number = (self.n_values * u64::from(CLIENTS) + u64::from(self.number)) as f64;
        match self.random.u8(..40) {
            0 if form == Form::Json => Value::NULL,
            1 if form == Form::Json => Value::NAN,
            0..8 => Value::number(number + 0.1),
            _ => Value::number(number),
        }
    }
}

/// How a request is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Json,
    Lines,
}

/// What a client sends at once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) form: Form,
    pub(crate) frames: Vec<SentFrame>,
}

impl Request {
    pub(crate) fn send(&self, connection: &mut Connection) -> io::Result<Answer> {
        match self.form {
            Form::Json => connection.post("/api/v1/frames", "application/json", &self.json()),
            Form::Lines => connection.post("/write?precision=us", "text/plain", &self.lines()),
        }
    }

    fn json(&self) -> String {
        let body = |frame: &SentFrame| {
            let is_dense = frame.metric != Metric::Shared;
            let channels = || frame.samples.keys().map(|channel| u32::from(*channel)).collect();
            FrameBody {
                metric: frame.metric.name(),
                time: Timestamp::from_micros(frame.time_us).unwrap(),
                channels: (!is_dense).then(channels),
                values: frame.samples.values().copied().collect(),
            }
        };
        let frames = self.frames.iter().map(body).collect();
        serde_json::to_string(&FramesBody { frames }).unwrap()
    }

    /// A line per sample; there is no null and no NaN in line protocol.
    fn lines(&self) -> String {
        let mut lines = String::new();
        for frame in &self.frames {
            let field = if frame.metric == Metric::Field { "rate" } else { "value" };
            for (channel, value) in &frame.samples {
                let (client, module) = (channel / MODULES, channel % MODULES);
                let (value, time_us) = (value.finite().unwrap(), frame.time_us);
                writeln!(
                    lines,
                    "crash_lines,module={module},client={client} {field}={value} {time_us}"
                )
                .unwrap();
            }
        }
        lines
    }
}
