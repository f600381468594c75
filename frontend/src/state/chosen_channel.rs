//! The channel that all panels point out: one choice for the whole page, kept in the address bar (`channel=412`).
//!
//! Panels follow it with [`ChosenChannel::of`] and set it with [`ChosenChannel::choose`], each by the metric that they
//! show: what is pixel 412 for one is its module for another. Escape lets go of it.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::{expect_context, provide_context, set_timeout_with_handle};
use shared::display::CameraPart;
use shared::query::geometry::Geometry;

use crate::reactive::{Derived, Kept, State, watch};
use crate::state::address::Chosen;
use crate::state::catalogue::Catalogue;
use crate::state::geometries::{Geometries, provide_geometries};
use crate::state::navigation::{History, Navigation};

/// The address bar follows when nothing moved for so long: browsers refuse a page that writes there with every step
/// of a slider.
const REST: Duration = Duration::from_millis(150);

/// The chosen channel of the page: one word, as much captures it. There is one, as long as the page.
#[derive(Clone, Copy, Debug)]
pub struct ChosenChannel(&'static Parts);

/// What it is made of.
#[derive(Debug)]
struct Parts {
    navigation: Navigation,
    catalogue: Catalogue,
    geometries: Geometries,
    /// What is not in the address bar yet.
    moving: State<Option<Moved>>,
    chosen: Derived<Option<Chosen>>,
    rest: Kept<Option<TimeoutHandle>>,
}

/// A choice on its way to the address bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Moved {
    to: Option<Chosen>,
}

impl ChosenChannel {
    /// What was chosen, and as what; tracks.
    pub fn get(self) -> Option<Chosen> {
        self.0.chosen.get()
    }

    /// The channel of a metric that is chosen by it; tracks.
    ///
    /// A pixel chosen means its module in a metric of modules; a module chosen means its first pixel in a metric of
    /// pixels. `None` if nothing is chosen, or the metric has no such channel.
    pub fn of(self, metric: &str) -> Option<u32> {
        let chosen = self.get()?;
        let place = self.0.catalogue.display(metric).place;
        let part = place.as_ref().map_or(CameraPart::Pixel, |place| place.part);
        let channel = if part == chosen.part {
            chosen.number
        } else {
            let known = self.0.geometries.get(&place?.geometry);
            translated(chosen, known.ready()?)?
        };
        let n_channels = self.0.catalogue.metric(metric)?.channels;
        (channel < n_channels).then_some(channel)
    }

    /// Chooses a channel of a metric: a pixel or a module, as the metric has them.
    pub fn choose(self, metric: &str, channel: u32) {
        let place = self.0.catalogue.display(metric).place;
        let part = place.map_or(CameraPart::Pixel, |place| place.part);
        self.set(Some(Chosen { part, number: channel }));
    }

    /// Chooses the channel so many further on, and stops at the ends; from none the first or the last.
    pub fn step(self, metric: &str, by: i64) {
        let (now, n_channels) = leptos::prelude::untrack(|| {
            let n_channels = self.0.catalogue.metric(metric).map_or(0, |metric| metric.channels);
            (self.of(metric), n_channels)
        });
        if let Some(channel) = stepped(now, by, n_channels) {
            self.choose(metric, channel);
        }
    }

    /// No channel is chosen any more.
    pub fn clear(self) {
        self.set(None);
    }

    fn set(self, chosen: Option<Chosen>) {
        if self.0.chosen.get_untracked() == chosen {
            return;
        }
        self.0.moving.set(Some(Moved { to: chosen }));
        self.stop_waiting();
        let rested = move || {
            let Some(Some(moved)) = self.0.moving.try_get_untracked() else {
                return;
            };
            let mut address = self.0.navigation.address().get_untracked();
            address.channel = moved.to;
            self.0.navigation.go(&address, History::Replace);
            self.0.moving.set(None);
        };
        self.0.rest.set_value(set_timeout_with_handle(rested, REST).ok());
    }

    fn stop_waiting(self) {
        if let Some(handle) = self.0.rest.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    }
}

/// The part of the other kind that stands for a chosen one.
fn translated(chosen: Chosen, geometry: &Geometry) -> Option<u32> {
    match chosen.part {
        CameraPart::Pixel => geometry.module.get(usize::try_from(chosen.number).ok()?).copied(),
        CameraPart::Module => {
            let first = geometry.module.iter().position(|module| *module == chosen.number)?;
            u32::try_from(first).ok()
        }
    }
}

fn stepped(now: Option<u32>, by: i64, n_channels: u32) -> Option<u32> {
    let last = i64::from(n_channels.checked_sub(1)?);
    let to = match now {
        Some(now) => i64::from(now).saturating_add(by),
        None if by < 0 => last,
        None => 0,
    };
    u32::try_from(to.clamp(0, last)).ok()
}

/// The chosen channel of the page.
pub fn use_chosen_channel() -> ChosenChannel {
    expect_context()
}

/// Makes it known to the page, and the geometries that it goes by.
pub fn provide_chosen_channel(navigation: Navigation, catalogue: Catalogue) {
    let moving = State::new(None::<Moved>);
    let written = move || navigation.address().with(|address| address.channel);
    let chosen = ChosenChannel(Box::leak(Box::new(Parts {
        navigation,
        catalogue,
        geometries: provide_geometries(),
        moving,
        chosen: Derived::new(move || moving.get().map_or_else(written, |moved| moved.to)),
        rest: Kept::new(None),
    })));
    // Back, forward or a link while the address bar has not followed yet: it wins.
    watch(written, move |now, before| {
        if now != before {
            chosen.stop_waiting();
            moving.set(None);
        }
    });
    provide_context(chosen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_means_its_module_and_a_module_its_first_pixel() {
        let geometry = Geometry {
            module: vec![7, 3, 7, 3],
            ..Geometry::default()
        };
        let of = |part, number| translated(Chosen { part, number }, &geometry);
        assert_eq!(of(CameraPart::Pixel, 3), Some(3));
        assert_eq!(of(CameraPart::Pixel, 4), None);
        assert_eq!(of(CameraPart::Module, 3), Some(1));
        assert_eq!(of(CameraPart::Module, 4), None);
    }

    #[test]
    fn steps_stop_at_the_ends_and_begin_there() {
        assert_eq!(stepped(Some(4), 1, 6), Some(5));
        assert_eq!(stepped(Some(5), 1, 6), Some(5));
        assert_eq!(stepped(Some(5), -10, 6), Some(0));
        assert_eq!(stepped(None, 1, 6), Some(0));
        assert_eq!(stepped(None, -1, 6), Some(5));
        assert_eq!(stepped(None, 1, 0), None);
    }
}
