//! Which time a tab shows when the address does not say.

use shared::dashboard::{OpensAt, Tab};
use shared::time::{MICROS_PER_SEC, TimeRange};

use crate::reactive::{Derived, effect};
use crate::state::address::{Period, Place};
use crate::state::catalogue::{Catalogue, metrics_of};
use crate::state::follow::Lookback;
use crate::state::navigation::{History, Navigation};
use crate::state::night_list::{Newest, NightList};
use crate::state::server_clock::ServerClock;
use crate::state::site::SiteClock;

/// The time that a tab is about, as far as it is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Opening {
    /// The server is being asked.
    Pending,
    /// This time.
    At(Period),
    /// The server did not say; it is asked again.
    Failed(String),
}

/// What part of the data's extent is left free at each end, so that the first and last sample do not stick to an edge.
const PADDING: i64 = 50;

/// Where a tab opens; tracks what it waits for.
pub fn opening(tab: &Tab, catalogue: Catalogue, nights: NightList, site: SiteClock, clock: ServerClock) -> Opening {
    let tonight = || Opening::At(Period::Night(site.date_of(clock.read())));
    match tab.opens_at {
        OpensAt::Night(date) => Opening::At(Period::Night(date)),
        OpensAt::Last { secs, delay_secs } => Opening::At(Period::Last(Lookback { secs, delay_secs })),
        OpensAt::AllData => match catalogue.extent(&metrics_of(tab)) {
            Some(extent) => Opening::At(Period::Range(padded(extent))),
            // Nothing yet: then what comes, comes tonight.
            None => tonight(),
        },
        OpensAt::NewestNight => match nights.newest() {
            Newest::Pending => Opening::Pending,
            Newest::None => tonight(),
            Newest::Night(date) => Opening::At(Period::Night(date)),
            Newest::Failed(reason) => Opening::Failed(reason),
        },
    }
}

/// The extent and a little more, from a full minute to a full minute.
fn padded(extent: TimeRange) -> TimeRange {
    const MINUTE: i64 = 60 * MICROS_PER_SEC;
    let padding = extent.micros() / PADDING;
    let start = (extent.start().as_micros() - padding).div_euclid(MINUTE) * MINUTE;
    let end = (extent.end().as_micros() + padding).div_euclid(MINUTE) * MINUTE + MINUTE;
    let time = shared::time::Timestamp::saturating_from_micros;
    TimeRange::new(time(start), time(end)).unwrap_or(extent)
}

/// Writes what the page has chosen by itself into the address bar, so that a copied link shows the same: the first
/// dashboard, its first tab, and the time of a tab that has just opened.
pub fn write_down(navigation: Navigation, catalogue: Catalogue, opening: Derived<Opening>) {
    effect(move || {
        let mut address = navigation.address().get();
        let (dashboard, tab) = (catalogue.dashboard(&address.place), catalogue.tab(&address.place));
        let Some((dashboard, tab)) = dashboard.zip(tab) else {
            return;
        };
        address.place = Place::of(&dashboard.id, &tab.id);
        if address.time.is_none()
            && let Opening::At(period) = opening.get()
        {
            address.time = Some(period);
        }
        navigation.go(&address, History::Replace);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_of_the_data_gets_a_margin_of_full_minutes() {
        let time = |text: &str| text.parse().unwrap();
        let extent = TimeRange::new(time("2026-01-01T00:00:01Z"), time("2026-01-01T10:00:00Z")).unwrap();
        let range = padded(extent);
        assert_eq!(range.start().to_string(), "2025-12-31T23:48:00Z");
        assert_eq!(range.end().to_string(), "2026-01-01T10:12:00Z");
    }
}
