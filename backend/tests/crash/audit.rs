//! Reading everything back, and comparing it with what was acknowledged.

use std::collections::BTreeMap;

use fastrand::Rng;
use shared::query::envelope::{ColumnSeries, Envelope, SampleSeries};
use shared::query::latest::Latest;
use shared::query::samples::{MAX_LIMIT, Samples};
use shared::time::Timestamp;
use shared::value::Value;

use super::ledger::{Ledger, Metric, Slot, channel_of};
use super::server::{Answer, Connection};

/// What was found wrong; the numbers are samples, those of `half` frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Acknowledged, and not there, or there with another value.
    pub(crate) lost: u64,
    /// Delivered twice, or never sent.
    pub(crate) doubled: u64,
    /// Frames of which only a part is stored.
    pub(crate) half: u64,
    /// Envelopes that do not tell what is stored.
    pub(crate) wrong_envelopes: u64,
    /// The first few in words.
    pub(crate) told: Vec<String>,
}

impl Findings {
    pub(crate) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.half + self.wrong_envelopes == 0
    }

    fn tell(&mut self, what: String) {
        if self.told.len() < 20 {
            self.told.push(what);
        }
    }
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Audited {
    pub(crate) read: u64,
    pub(crate) envelopes: u64,
    pub(crate) open_stored: u64,
    pub(crate) open_absent: u64,
}

/// Reads everything, settles what was open, and says what is wrong.
pub(crate) fn audit(connection: &mut Connection, ledgers: &mut [&mut Ledger], random: &mut Rng) -> (Audited, Findings) {
    let mut findings = Findings::default();
    let mut audited = Audited::default();
    let mut read = BTreeMap::new();
    let slots = ledgers.iter().flat_map(|ledger| {
        let open = ledger.open.iter().map(|frame| frame.metric);
        ledger.acknowledged.keys().map(|slot| slot.metric).chain(open)
    });
    let mut metrics: Vec<Metric> = slots.collect();
    metrics.sort_unstable();
    metrics.dedup();
    let mut labels = BTreeMap::new();
    for metric in &metrics {
        let channels = channels(connection, *metric);
        read_all(connection, *metric, &channels, &mut read, &mut findings);
        labels.insert(*metric, channels);
    }
    audited.read = read.len() as u64;
    let mut unexplained = read.clone();
    for ledger in ledgers {
        let settled = ledger.settle(&read);
        audited.open_stored += settled.n_stored;
        audited.open_absent += settled.n_absent;
        for frame in settled.half {
            findings.half += 1;
            findings.tell(format!("half stored: {frame:?}"));
            // Told once: what is there of it is neither lost nor doubled.
            for (slot, _) in frame.slots() {
                unexplained.remove(&slot);
                ledger.acknowledged.remove(&slot);
            }
        }
        for (slot, value) in &ledger.acknowledged {
            let found = unexplained.remove(slot);
            if found != Some(*value) {
                findings.lost += 1;
                findings.tell(format!("lost: {slot:?} was acknowledged as {value}, is {found:?}"));
            }
        }
    }
    for (slot, value) in unexplained {
        findings.doubled += 1;
        findings.tell(format!("never sent: {slot:?} is {value}"));
    }
    for metric in metrics {
        let samples = read.range(first_of(metric)..=last_of(metric));
        let samples: Vec<(Slot, Value)> = samples.map(|(slot, value)| (*slot, *value)).collect();
        if samples.is_empty() {
            continue;
        }
        for subject in ["all", "band"] {
            audited.envelopes += 1;
            let question = Question::any(metric, subject, &samples, random);
            if let Err(wrong) = question.check(connection, &samples, &labels[&metric]) {
                findings.wrong_envelopes += 1;
                findings.tell(format!("{}: {wrong}", question.path()));
            }
        }
    }
    (audited, findings)
}

const fn first_of(metric: Metric) -> Slot {
    Slot {
        metric,
        time_us: i64::MIN,
        channel: 0,
    }
}

const fn last_of(metric: Metric) -> Slot {
    Slot {
        metric,
        time_us: i64::MAX,
        channel: u16::MAX,
    }
}

/// The channels of a metric by index; none where the metric does not exist.
fn channels(connection: &mut Connection, metric: Metric) -> Vec<u16> {
    let answer = connection
        .get(&format!("/api/v1/latest?metric={}", metric.name()))
        .unwrap();
    if answer.status == 404 {
        return Vec::new();
    }
    let latest: Latest = successful(&answer).read();
    let labels = latest.channels.iter().map(|channel| channel_of(&channel.label));
    labels.collect()
}

/// Reads all samples of a metric, page by page.
fn read_all(
    connection: &mut Connection,
    metric: Metric,
    channels: &[u16],
    read: &mut BTreeMap<Slot, Value>,
    findings: &mut Findings,
) {
    let mut cursor = String::new();
    while !channels.is_empty() {
        let name = metric.name();
        let page = format!(
            "/api/v1/samples?metric={name}&channels=all&from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z\
             &limit={MAX_LIMIT}{cursor}"
        );
        let page: Samples = successful(&connection.get(&page).unwrap()).read();
        for sample in page.samples {
            let slot = Slot {
                metric,
                time_us: sample.time_us,
                channel: channels[sample.channel as usize],
            };
            if read.insert(slot, sample.value).is_some() {
                findings.doubled += 1;
                findings.tell(format!("delivered twice: {slot:?}"));
            }
        }
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
}

fn successful(answer: &Answer) -> &Answer {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// A question whose answer is known from the samples.
struct Question {
    metric: Metric,
    subject: &'static str,
    from_us: i64,
    to_us: i64,
    n_columns: u32,
}

impl Question {
    /// All of the time that has samples, or a part of it.
    fn any(metric: Metric, subject: &'static str, samples: &[(Slot, Value)], random: &mut Rng) -> Self {
        let (first, last) = (samples[0].0.time_us, samples[samples.len() - 1].0.time_us);
        let (mut from_us, mut to_us) = (first, last + 1);
        if random.bool() {
            from_us = random.i64(first..=last);
            to_us = random.i64(from_us..=last) + 1;
        }
        let n_columns = *random.choice(&[3, 40, 400]).unwrap();
        Self {
            metric,
            subject,
            from_us,
            to_us,
            n_columns,
        }
    }

    fn path(&self) -> String {
        let time = |time_us| Timestamp::from_micros(time_us).unwrap();
        format!(
            "/api/v1/envelope?metric={}&channels={}&from={}&to={}&columns={}",
            self.metric.name(),
            self.subject,
            time(self.from_us),
            time(self.to_us),
            self.n_columns
        )
    }

    fn check(&self, connection: &mut Connection, samples: &[(Slot, Value)], channels: &[u16]) -> Result<(), String> {
        let envelope: Envelope = successful(&connection.get(&self.path()).unwrap()).read();
        let inside = |slot: &Slot| (self.from_us..self.to_us).contains(&slot.time_us);
        let samples: Vec<(Slot, Value)> = samples.iter().filter(|(slot, _)| inside(slot)).copied().collect();
        let of_channel = |channel: Option<u32>| -> Vec<(i64, Value)> {
            let channel = channel.map(|index| channels[index as usize]);
            let of_it = samples
                .iter()
                .filter(|(slot, _)| channel.is_none_or(|channel| slot.channel == channel));
            of_it.map(|(slot, value)| (slot.time_us, *value)).collect()
        };
        match &envelope {
            Envelope::Columns { series, .. } => series
                .iter()
                .try_for_each(|series| check_columns(series, &of_channel(series.channel))),
            Envelope::Samples { series, .. } => series
                .iter()
                .try_for_each(|series| check_samples(series, &of_channel(Some(series.channel)))),
        }
    }
}

fn check_samples(series: &SampleSeries, stored: &[(i64, Value)]) -> Result<(), String> {
    let told: Vec<(i64, Value)> = series
        .time_us
        .iter()
        .copied()
        .zip(series.value.iter().copied())
        .collect();
    if told == stored {
        return Ok(());
    }
    let differs = told.iter().zip(stored).find(|(told, stored)| told != stored);
    Err(format!(
        "channel {} has {} samples for {}, first difference {differs:?}",
        series.label,
        told.len(),
        stored.len()
    ))
}

/// Compares columns with samples by rising time, those of the band with all channels' samples.
fn check_columns(series: &ColumnSeries, stored: &[(i64, Value)]) -> Result<(), String> {
    let finite: Vec<(i64, f64)> = stored
        .iter()
        .filter_map(|(at, value)| Some((*at, value.finite()?)))
        .collect();
    let mut rest = finite.as_slice();
    for index in 0..series.count.len() {
        let (start_us, end_us) = (series.start_us[index], series.end_us[index]);
        if rest.first().is_some_and(|(time_us, _)| *time_us < start_us) {
            return Err(format!(
                "the sample {:?} of {:?} is in no column",
                rest[0], series.label
            ));
        }
        let (inside, later) = rest.split_at(rest.partition_point(|(time_us, _)| *time_us < end_us));
        rest = later;
        let told = (
            series.count[index],
            (series.min[index], series.min_us[index]),
            (series.max[index], series.max_us[index]),
        );
        // The earliest of equal ones: the first that is found.
        let min = inside
            .iter()
            .copied()
            .reduce(|least, next| if next.1 < least.1 { next } else { least });
        let max = inside
            .iter()
            .copied()
            .reduce(|most, next| if most.1 < next.1 { next } else { most });
        let expected = min
            .zip(max)
            .map(|(min, max)| (inside.len() as u64, (min.1, min.0), (max.1, max.0)));
        if expected != Some(told) {
            return Err(format!(
                "column {start_us}..{end_us} of {:?} is {told:?} for {expected:?}",
                series.label
            ));
        }
        let ends = series.first.get(index).zip(series.last.get(index));
        let expected = inside
            .first()
            .zip(inside.last())
            .map(|(first, last)| (&first.1, &last.1));
        if series.channel.is_some() && ends != expected {
            return Err(format!(
                "column {start_us}..{end_us} of {:?} runs from and to {ends:?} for {expected:?}",
                series.label
            ));
        }
    }
    match rest.first() {
        None => Ok(()),
        Some(missing) => Err(format!("the sample {missing:?} of {:?} is in no column", series.label)),
    }
}
