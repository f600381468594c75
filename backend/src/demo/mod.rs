//! The demonstration: bundled real measurements, and a simulated camera and cluster of jobs.
//!
//! Both take the ways that any other data take: the bundled tables go through the parsers and the writer, by the options
//! in the demo's configuration, which is an example of one.

use std::io;
use std::sync::Arc;

use simulation::Simulation;

use crate::config::{Config, Mistakes, Source};
use crate::ingest::WriteFailed;
use crate::store;

pub mod alarms;
pub mod bundled;
pub mod camera;
mod gallery;
mod jobs;
pub(crate) mod noise;
pub mod simulation;

/// Why the demonstration cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file inside the binary is not what it should be.
    #[error("the bundled file {file} is broken: {message}")]
    Broken {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The store failed in the middle of a write.
    #[error(transparent)]
    Write(#[from] WriteFailed),
}

impl Error {
    fn broken(bundle: &bundled::Bundle, message: impl ToString) -> Self {
        Self::Broken {
            file: bundle.file,
            message: message.to_string(),
        }
    }
}

/// All that is simulated.
pub fn simulations() -> Result<Vec<Arc<dyn Simulation>>, Error> {
    let camera = camera::Camera::new(camera::Geometry::bundled()?);
    Ok(vec![
        Arc::new(camera),
        Arc::new(jobs::Jobs::new()),
        Arc::new(gallery::Gallery),
    ])
}

/// The demo's configuration.
pub fn config() -> Result<Config, Mistakes> {
    let main = Source {
        name: "watchroom.toml",
        text: include_str!("watchroom.toml"),
    };
    let read_file = |_file: &str| bundled::LSTCAM_PIXELS.text().map_err(io::Error::other);
    Config::from_sources_with(main, &DASHBOARDS, &read_file)
}

macro_rules! dashboard {
    ($file:literal) => {
        Source {
            name: concat!("dashboards/", $file),
            text: include_str!(concat!("dashboards/", $file)),
        }
    };
}

/// By rising name, as they would be read from a folder; the first opens when the address names none.
const DASHBOARDS: [Source<'static>; 4] = [
    dashboard!("demo.toml"),
    dashboard!("gallery.toml"),
    dashboard!("jobs.toml"),
    dashboard!("lst.toml"),
];

#[cfg(test)]
mod tests;
