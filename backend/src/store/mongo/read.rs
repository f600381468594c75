//! Reading: every query goes by the index on name and date.

use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Document, RawDocument, RawDocumentBuf, doc};
use mongodb::{Collection, Cursor, Database};
use shared::time::{TimeRange, Timestamp};

use super::super::row::Row;
use super::super::{ChannelFilter, ChannelSample, FrameRead, Result, SCAN_CHUNK_SAMPLES};
use super::catalogue::Entry;
use super::document;
use super::failure::store_error;
use super::moment::Moment;
use super::newest::{self, NewestDocument};
use super::place::Place;

/// How many ranges are counted side by side.
const COUNTS_AT_ONCE: usize = 8;

/// The collections that are read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    database: Database,
    newest: Collection<NewestDocument>,
}

/// The documents of one metric, in their order.
#[derive(Debug)]
struct Documents {
    entry: Arc<Entry>,
    range: TimeRange,
    cursor: Cursor<RawDocumentBuf>,
    /// The first document that is not yet part of a frame.
    next: Option<(Timestamp, Row)>,
}

impl Reader {
    pub(super) fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
            newest: database.collection("newest"),
        }
    }

    fn frames(&self, place: &Place) -> Collection<RawDocumentBuf> {
        self.database.collection(&place.collection)
    }

    pub(super) fn scan(
        &self,
        entry: Arc<Entry>,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'static, Result<Vec<FrameRead>>> {
        let reader = self.clone();
        let opened = async move { reader.documents(entry, range).await };
        stream::once(opened)
            .map_ok(move |documents| {
                stream::try_unfold((documents, channels.clone()), |(mut documents, channels)| async move {
                    let frames = documents.chunk(&channels).await?;
                    Ok((!frames.is_empty()).then_some((frames, (documents, channels))))
                })
            })
            .try_flatten()
            .boxed()
    }

    /// The documents of a metric in a range, by rising time.
    async fn documents(&self, entry: Arc<Entry>, range: TimeRange) -> Result<Documents> {
        let (start, end) = (Moment::from(range.start()), Moment::from(range.end()));
        // Whole milliseconds; what they hold beyond the range is left out as it comes.
        let mut dates = doc! { "$gte": start.date };
        let end = if end.is_whole() {
            Some(end.date)
        } else {
            end.next_date()
        };
        if let Some(end) = end {
            dates.insert("$lt", end);
        }
        let filter = doc! { "name": &entry.place.name, "date": dates };
        let cursor = self
            .frames(&entry.place)
            .find(filter)
            .projection(projection(&entry.place))
            // With the name, so that it is the order of the index.
            .sort(doc! { "name": 1, "date": 1, "micros": 1 })
            .await
            .map_err(store_error)?;
        Ok(Documents {
            entry,
            range,
            cursor,
            next: None,
        })
    }

    /// The newest sample of each channel of a metric of our own.
    pub(super) async fn latest_own(&self, entry: &Entry) -> Result<Vec<(Timestamp, ChannelSample)>> {
        let Some(stored) = newest::stored(&self.newest, &entry.place.name).await? else {
            return Ok(Vec::new());
        };
        let mut by_time: Vec<(Timestamp, u32)> = stored.read()?.iter().map(|(channel, time)| (time, channel)).collect();
        by_time.sort_unstable();
        let mut samples = Vec::with_capacity(by_time.len());
        for at_one_time in by_time.chunk_by(|left, right| left.0 == right.0) {
            let time = at_one_time[0].0;
            let channels = at_one_time.iter().map(|(_, channel)| *channel).collect();
            samples.extend(self.newest_samples(&entry.place, channels, time).await?);
        }
        samples.sort_unstable_by_key(|(_, sample)| sample.channel);
        Ok(samples)
    }

    /// The newest sample of each channel of a metric of a site, where nobody keeps the newest times for us.
    pub(super) async fn latest_of_site(&self, entry: &Entry) -> Result<Vec<(Timestamp, ChannelSample)>> {
        let channels = (0_u32..).zip(&entry.metric.channel_labels).map(|(channel, _)| channel);
        let mut samples = self
            .newest_samples(&entry.place, channels.collect(), Timestamp::MAX)
            .await?;
        samples.sort_unstable_by_key(|(_, sample)| sample.channel);
        Ok(samples)
    }

    /// The newest sample at or before a time of each of these channels, which rise; channels that have none are left out.
    ///
    /// The first query usually finds all of them; each one after it finds at least one.
    async fn newest_samples(
        &self,
        place: &Place,
        mut channels: Vec<u32>,
        mut last: Timestamp,
    ) -> Result<Vec<(Timestamp, ChannelSample)>> {
        let mut samples = Vec::with_capacity(channels.len());
        let mut filter = if place.is_own() {
            let Moment { date, micros } = last.into();
            doc! { "name": &place.name, "date": date, "micros": micros }
        } else {
            up_to(place, last)
        };
        let mut first = true;
        while !channels.is_empty() {
            let found = self
                .frames(place)
                .find_one(filter)
                .projection(projection(place))
                .sort(doc! { "name": -1, "date": -1, "micros": -1 })
                .await
                .map_err(store_error)?;
            let missing = channels.len();
            if let Some(found) = &found {
                last = document::time_of(found)?;
                if let Some((time, row)) = document::row(found, place)? {
                    channels.retain(|channel| match row.position(*channel) {
                        Some(position) => {
                            samples.push((time, row.sample(position)));
                            false
                        }
                        None => true,
                    });
                }
            }
            // Later queries find a document that has one of the channels, or there is none.
            if channels.len() == missing && !first {
                break;
            }
            first = false;
            filter = up_to(place, last);
            filter.insert("$or", holds_one_of(place, &channels));
        }
        Ok(samples)
    }

    pub(super) async fn span(&self, place: &Place) -> Result<Option<(Timestamp, Timestamp)>> {
        let first = self.end(place, doc! { "name": &place.name }, 1).await?;
        let last = self.end(place, doc! { "name": &place.name }, -1).await?;
        Ok(first.zip(last))
    }

    pub(super) async fn newest_before(&self, place: &Place, before: Timestamp) -> Result<Option<Timestamp>> {
        let before = Moment::from(before);
        let Moment { date, micros } = before;
        if !before.is_whole() {
            let same_milli = doc! { "name": &place.name, "date": date, "micros": before_micros(micros) };
            if let Some(time) = self.end(place, same_milli, -1).await? {
                return Ok(Some(time));
            }
        }
        self.end(place, doc! { "name": &place.name, "date": { "$lt": date } }, -1)
            .await
    }

    /// The first (1) or last (-1) time of what a filter finds.
    async fn end(&self, place: &Place, filter: Document, order: i32) -> Result<Option<Timestamp>> {
        let found = self
            .frames(place)
            .find_one(filter)
            .projection(doc! { "_id": 0, "name": 1, "date": 1, "micros": 1 })
            .sort(doc! { "name": order, "date": order, "micros": order })
            .await
            .map_err(store_error)?;
        found.map(|found| document::time_of(&found)).transpose()
    }

    pub(super) async fn count_frames(&self, place: &Place, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        let counts = stream::iter(ranges.to_vec()).map(|range| self.count(place, range));
        counts.buffered(COUNTS_AT_ONCE).try_collect().await
    }

    async fn count(&self, place: &Place, range: TimeRange) -> Result<u64> {
        let (start, end) = (Moment::from(range.start()), Moment::from(range.end()));
        let name = &place.name;
        // Whole milliseconds, and, where the range does not begin or end with one, the parts of one at its ends.
        let mut parts = Vec::new();
        if start.is_whole() {
            parts.push(doc! { "name": name, "date": { "$gte": start.date, "$lt": end.date } });
        } else if start.date == end.date {
            parts
                .push(doc! { "name": name, "date": start.date, "micros": { "$gte": start.micros, "$lt": end.micros } });
        } else {
            parts.push(doc! { "name": name, "date": { "$gt": start.date, "$lt": end.date } });
            parts.push(doc! { "name": name, "date": start.date, "micros": { "$gte": start.micros } });
        }
        if !end.is_whole() && (start.is_whole() || start.date < end.date) {
            parts.push(doc! { "name": name, "date": end.date, "micros": before_micros(end.micros) });
        }
        let mut count = 0;
        for part in parts {
            count += self.frames(place).count_documents(part).await.map_err(store_error)?;
        }
        Ok(count)
    }
}

impl Documents {
    /// The next frames, until there are enough samples; none at the end.
    async fn chunk(&mut self, channels: &ChannelFilter) -> Result<Vec<FrameRead>> {
        let mut frames = Vec::new();
        let mut n_samples = 0;
        while n_samples < SCAN_CHUNK_SAMPLES {
            let Some((time, row)) = self.row().await? else { break };
            if let Some(mut frame) = row.read(time, channels) {
                // Documents of others may have more values than the metric has channels. In our own none is left out:
                // another server may have added a channel that this entry does not know yet.
                if !self.entry.place.is_own() {
                    let n_channels = self.entry.metric.channel_labels.len();
                    frame.samples.retain(|sample| (sample.channel as usize) < n_channels);
                }
                n_samples += frame.samples.len();
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    /// The next time and all samples of it.
    async fn row(&mut self) -> Result<Option<(Timestamp, Row)>> {
        let next = match self.next.take() {
            Some(next) => Some(next),
            None => self.document().await?,
        };
        let Some((time, mut row)) = next else { return Ok(None) };
        // In a collection of a site, where nothing forbids it, several documents may be of one time.
        while !self.entry.place.is_own() {
            match self.document().await? {
                Some((same, newer)) if same == time => row = row.merged_with(&newer),
                other => {
                    self.next = other;
                    break;
                }
            }
        }
        Ok(Some((time, row)))
    }

    /// The next document that is in the range and has values.
    async fn document(&mut self) -> Result<Option<(Timestamp, Row)>> {
        while self.cursor.advance().await.map_err(store_error)? {
            let current: &RawDocument = self.cursor.current();
            if let Some((time, row)) = document::row(current, &self.entry.place)?
                && self.range.contains(time)
            {
                return Ok(Some((time, row)));
            }
        }
        Ok(None)
    }
}

/// What a frame is made of.
fn projection(place: &Place) -> Document {
    let mut projection = doc! { "_id": 0 };
    let fields = [
        "name",
        "date",
        "micros",
        "arrival",
        "arrival_micros",
        "channels",
        "arrivals",
    ];
    for field in fields.into_iter().chain([place.field.as_str()]) {
        projection.insert(field, 1);
    }
    projection
}

/// Microseconds below these. A document of others has none, which is as good as 0.
fn before_micros(micros: i64) -> Document {
    doc! { "$not": { "$gte": micros } }
}

/// The documents of a place at or before a time.
fn up_to(place: &Place, last: Timestamp) -> Document {
    let last = Moment::from(last);
    let mut filter = doc! { "name": &place.name };
    if let Some(next) = last.next_date() {
        filter.insert("date", doc! { "$lt": next });
    }
    filter.insert("$nor", [doc! { "date": last.date, "micros": { "$gt": last.micros } }]);
    filter
}

/// Alternatives for documents that have at least one of these channels, which rise.
fn holds_one_of(place: &Place, channels: &[u32]) -> Vec<Document> {
    let field = place.field.as_str();
    let lowest = channels.first().copied().unwrap_or(0);
    let mut dense = doc! { "channels": { "$exists": false } };
    if lowest == 0 {
        // A number alone is channel 0.
        dense.insert(field, doc! { "$exists": true, "$ne": [] });
    } else {
        dense.insert(format!("{field}.{lowest}"), doc! { "$exists": true });
    }
    let channels: Vec<i64> = channels.iter().map(|channel| i64::from(*channel)).collect();
    vec![dense, doc! { "channels": { "$in": channels } }]
}
