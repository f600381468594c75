//! Sun and moon over the site.

use shared::query::sky::{Sky, SkyQuery};
use shared::time::MICROS_PER_DAY;

use super::{Error, Result, checked_range};
use crate::query::version::Version;
use crate::sky::{MAX_DAYS, Place};

/// Answers `GET /api/v1/sky`.
pub fn sky(place: Option<&Place>, query: &SkyQuery) -> Result<Sky> {
    let place = place.ok_or(Error::UnknownPlace)?;
    let range = checked_range(query.from, query.to)?;
    if MAX_DAYS * MICROS_PER_DAY < range.micros() {
        return Err(Error::SkySpanTooLong {
            days: range.micros().div_euclid(MICROS_PER_DAY),
        });
    }
    Ok(crate::sky::sky(place, range))
}

/// What an answer depends on besides its question.
pub fn version(place: Option<&Place>) -> Version {
    let mut version = Version::of_program();
    version.add(&format!("{place:?}"));
    version
}
