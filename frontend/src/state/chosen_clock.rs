//! The clock that time axes and times are written by: UTC, the site's, or GPS.

use leptos::prelude::*;
use shared::gps::gps_ahead_secs;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::reactive::Derived;
use crate::state::address::ClockName;
use crate::state::navigation::{History, Navigation, use_navigation};
use crate::state::site::{SiteClock, use_site_clock};

/// The clock that is chosen in the address bar.
#[derive(Clone, Copy, Debug)]
pub struct ChosenClock {
    navigation: Navigation,
    site: SiteClock,
    name: Derived<ClockName>,
}

impl ChosenClock {
    /// Which clock; tracks.
    pub fn name(self) -> ClockName {
        self.name.get()
    }

    /// The site's clock, chosen or not.
    pub const fn site(self) -> SiteClock {
        self.site
    }

    /// Chooses a clock.
    pub fn choose(self, name: ClockName) {
        let mut address = self.navigation.address().get_untracked();
        address.clock = name;
        self.navigation.go(&address, History::Replace);
    }

    /// Microseconds that the clock is ahead of UTC at a moment; tracks. An axis takes the offset at the start of its
    /// range: over a change of the clocks it goes on as before, so that an hour stays an hour.
    pub fn offset_us(self, time: Timestamp) -> i64 {
        ahead_us(self.name(), self.site, time)
    }

    /// What a moment is called by the clock, after its reading: `UTC`, `UTC+1`, `GPS`; tracks.
    pub fn zone(self, time: Timestamp) -> String {
        zone_of(self.name(), self.offset_us(time))
    }

    /// A moment moved such that reading it in UTC gives what the clock shows; tracks.
    pub fn reading(self, time: Timestamp) -> Timestamp {
        time.saturating_add_micros(self.offset_us(time))
    }
}

/// Microseconds that a clock is ahead of UTC at a moment.
pub fn ahead_us(name: ClockName, site: SiteClock, time: Timestamp) -> i64 {
    match name {
        ClockName::Utc => 0,
        ClockName::Site => site.offset_micros(time),
        ClockName::Gps => gps_ahead_secs(time) * MICROS_PER_SEC,
    }
}

fn zone_of(name: ClockName, ahead_us: i64) -> String {
    match name {
        ClockName::Gps => "GPS".to_owned(),
        ClockName::Utc | ClockName::Site => offset_name(ahead_us),
    }
}

/// A zone by its offset: `UTC`, `UTC+1`, `UTC−3:30`.
pub fn offset_name(ahead_us: i64) -> String {
    let minutes = ahead_us / (60 * MICROS_PER_SEC);
    let sign = if minutes < 0 { '\u{2212}' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

/// The clock that is chosen.
pub fn use_chosen_clock() -> ChosenClock {
    expect_context()
}

/// Makes it known to the page.
pub fn provide_chosen_clock() {
    let navigation = use_navigation();
    let name = Derived::new(move || navigation.address().with(|address| address.clock));
    provide_context(ChosenClock {
        navigation,
        site: use_site_clock(),
        name,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_called_by_its_offset() {
        let hours = |hours: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "some hours")]
            let micros = (hours * 3_600e6) as i64;
            offset_name(micros)
        };
        assert_eq!(hours(0.0), "UTC");
        assert_eq!(hours(1.0), "UTC+1");
        assert_eq!(hours(-3.5), "UTC\u{2212}3:30");
        assert_eq!(hours(5.75), "UTC+5:45");
        assert_eq!(zone_of(ClockName::Gps, 18 * MICROS_PER_SEC), "GPS");
    }
}
