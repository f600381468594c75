//! The measurements inside the binary.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _};

use flate2::read::MultiGzDecoder;

use super::Error;
use crate::ingest::csv::{self, CsvReader, Layout, LongTarget};
use crate::ingest::{Parsed, Writer};
use crate::store::{self, Store, StoredMetric};

/// A compressed file inside the binary.
#[derive(Debug)]
pub struct Bundle {
    /// Under which name the configuration says what its columns mean; empty for a file that is no measurement.
    pub source: &'static str,
    /// Its name.
    pub file: &'static str,
    compressed: &'static [u8],
}

macro_rules! bundle {
    ($source:literal, $file:literal) => {
        Bundle {
            source: $source,
            file: $file,
            compressed: include_bytes!(concat!("../../data/", $file)),
        }
    };
}

/// The measurements that the demo loads.
pub static MEASUREMENTS: [Bundle; 5] = [
    bundle!("surfrad", "surfrad/alamosa_2016-01-01.csv.gz"),
    bundle!("midc", "midc/uat_2018-10-18.csv.gz"),
    bundle!("nab-machine", "nab/machine_temperature_system_failure.csv.gz"),
    bundle!("nab-ambient", "nab/ambient_temperature_system_failure.csv.gz"),
    bundle!("apollo", "apollo/apollo15_alsep_1971-08-02.csv.gz"),
];

/// The geometry of the simulated camera.
pub static LSTCAM_PIXELS: Bundle = bundle!("", "lstcam/lstcam_pixels.csv.gz");

impl Bundle {
    /// Its text.
    pub fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        let mut file = MultiGzDecoder::new(self.compressed);
        match file.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(Error::broken(self, error)),
        }
    }

    /// Reads it as a table; a bundled file has no bad lines.
    fn parse(&self, options: &csv::Options, writer: &Writer) -> Result<Parsed, Error> {
        let file = BufReader::new(MultiGzDecoder::new(self.compressed));
        let mut reader = CsvReader::open(file, options).map_err(|error| Error::broken(self, error))?;
        let parsed = reader
            .read_chunk(usize::MAX)
            .map_err(|error| Error::broken(self, error))?;
        let parsed = parsed.ok_or_else(|| Error::broken(self, "it is empty"))?;
        if let Some(error) = parsed.errors.first() {
            return Err(Error::broken(
                self,
                format!("line {}: {}", error.position, error.message),
            ));
        }
        writer.describe(reader.metrics());
        Ok(parsed)
    }
}

/// Loads a bundle unless it is in the store already; gives back how many values were stored.
///
/// A bundle is stored as a whole or not at all.
pub async fn load(
    bundle: &Bundle,
    options: &BTreeMap<String, csv::Options>,
    store: &dyn Store,
    writer: &Writer,
) -> Result<Option<usize>, Error> {
    let options = options.get(bundle.source);
    let options = options.ok_or_else(|| Error::broken(bundle, "the configuration does not say what it holds"))?;
    if is_loaded(&options.layout, store).await? {
        return Ok(None);
    }
    let parsed = bundle.parse(options, writer)?;
    let n_values = parsed.frames.iter().map(|frame| frame.values.len()).sum();
    let outcome = writer.store(parsed.frames).await?;
    match outcome.rejected.first() {
        Some(error) => Err(Error::broken(
            bundle,
            format!("line {}: {}", error.position, error.message),
        )),
        None => Ok(Some(n_values)),
    }
}

/// Whether one of the metrics that a table is made into has a sample.
async fn is_loaded(layout: &Layout, store: &dyn Store) -> store::Result<bool> {
    let is_its = |metric: &StoredMetric| match layout {
        Layout::Metrics { prefix }
        | Layout::Long {
            target: LongTarget::MetricPerChannel(prefix),
            ..
        } => metric.name.starts_with(prefix),
        Layout::Channels { metric: name }
        | Layout::Long {
            target: LongTarget::Metric(name),
            ..
        } => metric.name == *name,
    };
    for metric in store.metrics().await?.iter().filter(|metric| is_its(metric)) {
        if store.span(metric.id).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
