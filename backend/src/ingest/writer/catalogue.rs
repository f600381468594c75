//! The metrics and channels that the writer has met, so that it asks the store only for what is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use shared::time::Timestamp;

use super::Limits;
use super::resolved::{Numbers, Resolved, Samples};
use crate::ingest::excerpt::excerpt;
use crate::ingest::{IncomingChannels, IncomingFrame, LineError};
use crate::store::{self, MetricId, MetricProperties, Store, StoredMetric};
use crate::streams::Watch;

#[derive(Debug)]
pub(super) struct Catalogue {
    store: Arc<dyn Store>,
    limits: Limits,
    /// What the configuration says of metrics.
    known: BTreeMap<String, MetricProperties>,
    /// What files say of metrics.
    told: Mutex<BTreeMap<String, MetricProperties>>,
    entries: RwLock<HashMap<String, Arc<Entry>>>,
    /// Who is told of metrics and channels.
    streams: Option<Arc<Watch>>,
    /// Held while metrics or channels are added, so that the limits hold for all calls together.
    /// Says whether the store's metrics have been read.
    growth: tokio::sync::Mutex<bool>,
}

/// A metric with its channels as the store has them.
#[derive(Debug)]
struct Entry {
    id: MetricId,
    channels: HashMap<String, u32>,
    /// Whether the properties in the store are those wanted.
    described: bool,
}

impl Entry {
    fn new(metric: StoredMetric, described: bool) -> Self {
        Self {
            id: metric.id,
            channels: metric.channel_labels.into_iter().zip(0..).collect(),
            described,
        }
    }
}

/// The channels that frames of one metric need beside those it has.
#[derive(Debug, Default)]
struct Growth {
    labels: Vec<String>,
    indices: HashMap<String, usize>,
}

impl Catalogue {
    pub(super) fn new(store: Arc<dyn Store>, limits: Limits, known: BTreeMap<String, MetricProperties>) -> Self {
        Self {
            store,
            limits,
            known,
            told: Mutex::default(),
            entries: RwLock::default(),
            streams: None,
            growth: tokio::sync::Mutex::new(false),
        }
    }

    pub(super) fn watched(self, streams: Arc<Watch>) -> Self {
        Self {
            streams: Some(streams),
            ..self
        }
    }

    pub(super) fn describe(&self, metrics: &BTreeMap<String, MetricProperties>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(metrics.iter().map(|(name, told)| (name.clone(), told.clone())));
    }

    /// Turns names and labels into numbers as far as they are known. Frames in need of something new are given back.
    ///
    /// The numbers before the frames are their order. Frames that fail the `check` go to `rejected`.
    pub(super) fn resolve(
        &self,
        frames: impl Iterator<Item = (u32, IncomingFrame)>,
        arrival: Timestamp,
        check: impl Fn(&IncomingFrame) -> Result<(), String>,
        rejected: &mut Vec<LineError>,
    ) -> (Vec<Resolved>, Vec<(u32, IncomingFrame)>) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut resolved = Vec::with_capacity(frames.size_hint().0);
        let mut unknown = Vec::new();
        // Neighbours are often of one metric: look it up once.
        let mut last: Option<(&String, &Arc<Entry>)> = None;
        for (order, frame) in frames {
            let found = match last {
                Some((name, entry)) if *name == frame.metric => Some((name, entry)),
                _ => entries.get_key_value(&frame.metric),
            };
            last = found.or(last);
            let Some(channels) = found.and_then(|(_, entry)| channels_of(entry, &frame)) else {
                unknown.push((order, frame));
                continue;
            };
            match check(&frame) {
                Ok(()) => resolved.extend(found.map(|(_, entry)| Resolved {
                    metric_id: entry.id,
                    time: frame.time.unwrap_or(arrival),
                    order,
                    samples: Samples::new(channels, frame.values),
                })),
                Err(message) => rejected.push(LineError {
                    position: frame.position,
                    message,
                }),
            }
        }
        (resolved, unknown)
    }

    fn entry(&self, metric: &str) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(metric).map(Arc::clone)
    }

    fn put(&self, name: String, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(name, Arc::new(entry));
    }

    /// Adds to the store what frames need; gives back the frames that may be stored. Those that would break a limit go to
    /// `rejected`.
    pub(super) async fn grow(
        &self,
        frames: Vec<(u32, IncomingFrame)>,
        rejected: &mut Vec<LineError>,
    ) -> store::Result<Vec<(u32, IncomingFrame)>> {
        let mut loaded = self.growth.lock().await;
        if !*loaded {
            for metric in self.store.metrics().await? {
                if self.entry(&metric.name).is_none() {
                    self.put(metric.name.clone(), Entry::new(metric, false));
                }
            }
            *loaded = true;
        }
        let mut growths: BTreeMap<String, Growth> = BTreeMap::new();
        let mut good = Vec::with_capacity(frames.len());
        for (order, frame) in frames {
            match self.plan(&frame, &mut growths) {
                Ok(()) => good.push((order, frame)),
                Err(message) => rejected.push(LineError {
                    position: frame.position,
                    message,
                }),
            }
        }
        for (name, growth) in growths {
            self.ensure_described(&name, &growth.labels).await?;
        }
        Ok(good)
    }

    pub(super) async fn ensure(&self, name: &str, labels: &[String]) -> store::Result<MetricId> {
        let _growing = self.growth.lock().await;
        self.ensure_described(name, labels).await
    }

    /// Makes a metric or adds channels to it, and sees to its properties. Only while `growth` is held.
    async fn ensure_described(&self, name: &str, labels: &[String]) -> store::Result<MetricId> {
        let mut metric = self.store.ensure_metric(name, labels).await?;
        let id = metric.id;
        let wanted = self.wanted_properties(name, &metric.properties);
        if wanted != metric.properties {
            self.store.set_properties(id, &wanted).await?;
            metric.properties = wanted;
        }
        if let Some(streams) = &self.streams {
            streams.describe(&metric);
        }
        self.put(name.to_owned(), Entry::new(metric, true));
        Ok(id)
    }

    /// Adds what a frame needs to what its metric grows by, or nothing if that would break a limit.
    fn plan(&self, frame: &IncomingFrame, growths: &mut BTreeMap<String, Growth>) -> Result<(), String> {
        let entry = self.entry(&frame.metric);
        if entry.as_ref().is_some_and(|entry| has(entry, frame)) {
            return Ok(());
        }
        if entry.is_none() && !growths.contains_key(&frame.metric) {
            self.check_metric_count(growths)?;
        }
        let none = Growth::default();
        let growth = growths.get(&frame.metric).unwrap_or(&none);
        let existing = entry.as_ref().map(|entry| &entry.channels);
        let find = |label: &str| match existing.and_then(|channels| channels.get(label)) {
            Some(channel) => Some(*channel as usize),
            None => growth.indices.get(label).copied(),
        };
        let n_before = existing.map_or(0, HashMap::len) + growth.labels.len();
        let new: Vec<String> = match &frame.channels {
            IncomingChannels::Labels(labels) => {
                let new: Vec<String> = labels.iter().filter(|label| find(label).is_none()).cloned().collect();
                self.check_channel_count(&frame.metric, n_before + new.len())?;
                new
            }
            IncomingChannels::Dense | IncomingChannels::Indices(_) => {
                let n_after = channels_needed(&frame.channels, frame.values.len()).max(n_before);
                self.check_channel_count(&frame.metric, n_after)?;
                let new: Vec<String> = (n_before..n_after).map(|channel| channel.to_string()).collect();
                if let Some((label, taken)) = new.iter().find_map(|label| Some((label, find(label)?))) {
                    return Err(format!(
                        "channel {label} cannot be made, for its label already names channel {taken} of {}",
                        excerpt(&frame.metric)
                    ));
                }
                new
            }
        };
        let growth = growths.entry(frame.metric.clone()).or_default();
        for (label, index) in new.into_iter().zip(n_before..) {
            growth.indices.insert(label.clone(), index);
            growth.labels.push(label);
        }
        Ok(())
    }

    fn check_metric_count(&self, growths: &BTreeMap<String, Growth>) -> Result<(), String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let n_new = growths.keys().filter(|name| !entries.contains_key(*name)).count();
        if entries.len() + n_new < self.limits.metrics {
            return Ok(());
        }
        Err(format!(
            "there are already {} metrics, which is the limit; give what varies a channel, not a metric of its own, \
             or raise ingest.metrics",
            self.limits.metrics
        ))
    }

    fn check_channel_count(&self, metric: &str, n_channels: usize) -> Result<(), String> {
        if n_channels <= self.limits.channels_per_metric {
            return Ok(());
        }
        Err(format!(
            "metric {} would have {n_channels} channels; the limit is {}; a tag that never ends, such as the number of a \
             run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric",
            excerpt(metric),
            self.limits.channels_per_metric
        ))
    }

    /// The configuration wins over the store, and the store over a file.
    fn wanted_properties(&self, name: &str, stored: &MetricProperties) -> MetricProperties {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known.get(name);
        let ranked: Vec<&MetricProperties> = [known, Some(stored), told.get(name)].into_iter().flatten().collect();
        let first_text = |text: fn(&MetricProperties) -> &String| {
            let texts = ranked.iter().map(|properties| text(properties));
            texts
                .into_iter()
                .find(|text| !text.is_empty())
                .cloned()
                .unwrap_or_default()
        };
        MetricProperties {
            title: first_text(|properties| &properties.title),
            unit: first_text(|properties| &properties.unit),
            kind: known.unwrap_or(stored).kind,
            interval_micros: ranked.iter().find_map(|properties| properties.interval_micros),
        }
    }
}

/// Whether the frame's metric needs nothing new for it.
fn has(entry: &Entry, frame: &IncomingFrame) -> bool {
    channels_of(entry, frame).is_some()
}

/// The frame's channels by number, in its order; `None` if its metric needs something new for it.
fn channels_of(entry: &Entry, frame: &IncomingFrame) -> Option<Numbers> {
    if !entry.described {
        return None;
    }
    match &frame.channels {
        IncomingChannels::Labels(labels) => match &**labels {
            [label] => entry.channels.get(label).map(|channel| Numbers::One(*channel)),
            labels => {
                let numbers = labels.iter().map(|label| entry.channels.get(label).copied());
                numbers.collect::<Option<Vec<u32>>>().map(Numbers::Many)
            }
        },
        channels if entry.channels.len() < channels_needed(channels, frame.values.len()) => None,
        IncomingChannels::Dense => Some(Numbers::Dense),
        IncomingChannels::Indices(indices) => Some(Numbers::Many(indices.clone())),
    }
}

/// How many channels a metric must have for these.
fn channels_needed(channels: &IncomingChannels, n_values: usize) -> usize {
    match channels {
        IncomingChannels::Indices(indices) => indices.iter().max().map_or(0, |channel| *channel as usize + 1),
        IncomingChannels::Dense | IncomingChannels::Labels(_) => n_values,
    }
}
