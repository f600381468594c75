//! The addresses of queries, written so that people can read them.

use crate::browser::number::text_of;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use shared::metric::ChannelSelection;
use shared::query::envelope::EnvelopeQuery;
use shared::query::nights::NightsQuery;
use shared::query::raster::RasterQuery;
use shared::query::samples::SamplesQuery;
use shared::query::sky::SkyQuery;
use shared::route;
use shared::time::{TimeRange, Timestamp};

/// What would end or change a value in a query; commas, colons and slashes may stand.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'`');

/// What would end or change a part of a path.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.add(b'/').add(b'\\').add(b'{').add(b'}');

/// A part of a path, escaped.
pub fn path_part(part: &str) -> String {
    utf8_percent_encode(part, RESERVED_IN_PATH).to_string()
}

/// A path followed by `key=value` pairs.
pub struct QueryWriter {
    url: String,
    separator: char,
}

impl QueryWriter {
    /// Starts with the path alone.
    pub fn new(path: &str) -> Self {
        Self {
            url: path.to_owned(),
            separator: '?',
        }
    }

    /// Adds a pair; the value is escaped.
    #[must_use]
    pub fn pair(mut self, key: &str, value: &str) -> Self {
        let value = utf8_percent_encode(value, RESERVED);
        // Writing to a string cannot fail.
        let _ = write!(self.url, "{}{key}={value}", self.separator);
        self.separator = '&';
        self
    }

    /// The finished address.
    pub fn finish(self) -> String {
        self.url
    }
}

/// `/api/v1/envelope?…`
pub fn envelope(query: &EnvelopeQuery) -> String {
    QueryWriter::new(route::ENVELOPE)
        .pair("metric", &query.metric)
        .pair("channels", &query.channels.to_string())
        .pair("from", &query.from.to_string())
        .pair("to", &query.to.to_string())
        .pair("columns", &query.columns.to_string())
        .finish()
}

/// `/api/v1/raster?…`
pub fn raster(query: &RasterQuery) -> String {
    let mut writer = QueryWriter::new(route::RASTER)
        .pair("metric", &query.metric)
        .pair("from", &query.from.to_string())
        .pair("to", &query.to.to_string())
        .pair("columns", &query.columns.to_string())
        .pair("rows", &query.rows.to_string())
        .pair("stat", query.stat.as_str());
    for (key, end) in [("value_min", query.value_min), ("value_max", query.value_max)] {
        if let Some(end) = end {
            writer = writer.pair(key, &text_of(end));
        }
    }
    if query.log {
        writer = writer.pair("log", "true");
    }
    writer.finish()
}

/// `/api/v1/latest?…`
pub fn latest(metric: &str) -> String {
    QueryWriter::new(route::LATEST).pair("metric", metric).finish()
}

/// `/api/v1/latest?…`, as it was at a moment; as it is now without one.
pub fn latest_at(metric: &str, at: Option<Timestamp>) -> String {
    let writer = QueryWriter::new(route::LATEST).pair("metric", metric);
    match at {
        Some(at) => writer.pair("at", &at.to_string()),
        None => writer,
    }
    .finish()
}

/// `/api/v1/geometry?…`
pub fn geometry(name: &str) -> String {
    QueryWriter::new(route::GEOMETRY).pair("name", name).finish()
}

/// `/api/v1/nights?…`
pub fn nights(query: &NightsQuery) -> String {
    let mut writer = QueryWriter::new(route::NIGHTS);
    if let Some(metric) = &query.metric {
        writer = writer.pair("metric", metric);
    }
    if let Some(before) = query.before {
        writer = writer.pair("before", &before.to_string());
    }
    if let Some(limit) = query.limit {
        writer = writer.pair("limit", &limit.to_string());
    }
    writer.finish()
}

/// `/api/v1/sky?…`
pub fn sky(query: &SkyQuery) -> String {
    QueryWriter::new(route::SKY)
        .pair("from", &query.from.to_string())
        .pair("to", &query.to.to_string())
        .finish()
}

/// `/api/v1/samples?…`: the raw samples of channels in a range. The band has none of its own, so all channels.
pub fn samples(metric: &str, channels: &ChannelSelection, range: TimeRange) -> String {
    let channels = match channels {
        ChannelSelection::Band => &ChannelSelection::All,
        other => other,
    };
    QueryWriter::new(route::SAMPLES)
        .pair("metric", metric)
        .pair("channels", &channels.to_string())
        .pair("from", &range.start().to_string())
        .pair("to", &range.end().to_string())
        .finish()
}

/// `/api/v1/samples?…`: one page.
pub fn samples_page(query: &SamplesQuery) -> String {
    let mut writer = QueryWriter::new(route::SAMPLES)
        .pair("metric", &query.metric)
        .pair("channels", &query.channels.to_string())
        .pair("from", &query.from.to_string())
        .pair("to", &query.to.to_string())
        .pair("limit", &query.limit.to_string());
    if let Some(cursor) = &query.cursor {
        writer = writer.pair("cursor", cursor);
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_where_they_must_and_readable_where_they_can() {
        assert_eq!(
            latest("camera/hv.a b&c=+%"),
            "/api/v1/latest?metric=camera/hv.a%20b%26c%3D%2B%25"
        );
    }

    #[test]
    fn an_envelope_query_reads_like_its_documentation() {
        let query = EnvelopeQuery {
            metric: "hv".to_owned(),
            channels: ChannelSelection::List(vec![0, 3]),
            from: "2026-11-20T12:00:00Z".parse().unwrap(),
            to: "2026-11-21T12:00:00Z".parse().unwrap(),
            columns: 1200,
        };
        assert_eq!(
            envelope(&query),
            "/api/v1/envelope?metric=hv&channels=0,3&from=2026-11-20T12:00:00Z&to=2026-11-21T12:00:00Z&columns=1200"
        );
    }

    #[test]
    fn the_band_is_read_from_the_samples_of_all_channels() {
        let range = TimeRange::ALL;
        assert!(samples("hv", &ChannelSelection::Band, range).contains("channels=all"));
    }
}
