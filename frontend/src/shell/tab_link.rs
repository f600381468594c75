//! Where a tab's handle leads: to its own time, or to the time in sight where the tab has data there.

use leptos::prelude::*;
use shared::dashboard::{Dashboard, Tab};
use shared::time::TimeRange;

use crate::state::address::{Address, AlarmView, Place};
use crate::state::catalogue::{Catalogue, metrics_of, use_catalogue};
use crate::state::navigation::{History, Navigation, use_navigation};
use crate::state::time_view::{TimeView, use_time_view};

/// Leads from the tab in sight to others.
#[derive(Clone, Copy, Debug)]
pub struct TabLinks {
    catalogue: Catalogue,
    navigation: Navigation,
    view: TimeView,
}

impl TabLinks {
    /// From whatever tab is in sight.
    pub fn from_here() -> Self {
        Self {
            catalogue: use_catalogue(),
            navigation: use_navigation(),
            view: use_time_view(),
        }
    }

    /// The address of a tab; tracks.
    pub fn address(&self, dashboard_id: &str, tab: &Tab) -> Address {
        let current = self.navigation.address().get();
        let extent = self.catalogue.extent(&metrics_of(tab));
        address_of(&current, self.view.base().get(), dashboard_id, tab, extent)
    }

    /// Goes to a tab of the dashboard in sight by its position from 0; there may be none.
    pub fn go_to_position(&self, position: usize) {
        let address = untrack(|| {
            let dashboard = self.dashboard()?;
            let tab = dashboard.tabs.get(position)?;
            Some(self.address(&dashboard.id, tab))
        });
        if let Some(address) = address {
            self.navigation.go(&address, History::Push);
        }
    }

    /// The address of the tab after the one in sight, after the last the first; `None` where there is no other.
    pub fn next_untracked(&self) -> Option<Address> {
        untrack(|| {
            let dashboard = self.dashboard()?;
            let place = self.navigation.address().with(|address| address.place.clone());
            let current = self.catalogue.tab(&place)?;
            let position = dashboard.tabs.iter().position(|tab| tab.id == current.id)?;
            let next = dashboard.tabs.get((position + 1) % dashboard.tabs.len())?;
            (next.id != current.id).then(|| self.address(&dashboard.id, next))
        })
    }

    fn dashboard(&self) -> Option<Dashboard> {
        let place = self.navigation.address().with(|address| address.place.clone());
        self.catalogue.dashboard(&place)
    }
}

/// The night goes along to a tab whose data, of the given extent, touch it: a shift looks at one night in several tabs.
/// Elsewhere the tab opens at its own time, because an empty page helps nobody.
fn address_of(
    current: &Address,
    base: Option<TimeRange>,
    dashboard_id: &str,
    tab: &Tab,
    extent: Option<TimeRange>,
) -> Address {
    let place = Place::of(dashboard_id, &tab.id);
    let has_data_there = base
        .zip(extent)
        .is_some_and(|(base, extent)| base.intersection(extent).is_some());
    let goes_along = has_data_there || current.place == place;
    Address {
        place,
        time: current.time.filter(|_| goes_along),
        zoom: current.zoom.filter(|_| goes_along),
        hidden: Vec::new(),
        pins: Vec::new(),
        channel: current.channel,
        theme: current.theme,
        clock: current.clock,
        wall: current.wall,
        alarms: AlarmView::default(),
    }
}

#[cfg(test)]
mod tests {
    use shared::dashboard::OpensAt;
    use shared::time::Date;

    use super::*;
    use crate::state::address::{Period, ThemeName};

    fn range(start: &str, end: &str) -> TimeRange {
        TimeRange::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_night_goes_along_only_where_the_tab_has_data() {
        let tab = Tab {
            id: "rates".to_owned(),
            title: "Rates".to_owned(),
            note: String::new(),
            simulated: false,
            opens_at: OpensAt::NewestNight,
            panels: Vec::new(),
        };
        let current = Address {
            place: Place::of("lst", "pixels"),
            time: Date::new(2026, 11, 20).map(Period::Night),
            theme: Some(ThemeName::Red),
            ..Address::default()
        };
        let base = Some(range("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"));
        let link = |extent| address_of(&current, base, "lst", &tab, extent).to_string();
        let same_week = range("2026-11-18T12:00:00Z", "2026-11-21T02:00:00Z");
        assert_eq!(link(Some(same_week)), "/d/lst/rates?night=2026-11-20&theme=red");
        let moon = range("1971-08-01T00:00:00Z", "1971-09-01T00:00:00Z");
        assert_eq!(link(Some(moon)), "/d/lst/rates?theme=red");
        assert_eq!(link(None), "/d/lst/rates?theme=red");
    }
}
