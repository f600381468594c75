//! From a rule to where its samples are seen: the panel, the camera, the raw samples.

use shared::alarm::AlarmStatus;
use shared::dashboard::{Panel, PanelKind};
use shared::display::CameraPart;
use shared::metric::ChannelSelection;
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};

use crate::api::url;
use crate::browser::location::base_uri;
use crate::state::address::{Address, Chosen, Period, Place};
use crate::state::catalogue::Catalogue;
use crate::state::site::SiteClock;

/// How much is seen before and after the moment, in microseconds.
const AROUND_MICROS: i64 = 30 * 60 * MICROS_PER_SEC;

/// Where something is seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// The screen.
    pub address: Address,
    /// The panel on it by its id.
    pub panel: String,
    /// What that is headed with.
    pub title: String,
}

/// The panel over time that shows a rule's metrics best, around a moment, with the channel that decided; tracks the
/// catalogue.
pub fn panel_at(
    alarm: &AlarmStatus,
    at: Timestamp,
    from: &Address,
    catalogue: Catalogue,
    site: SiteClock,
) -> Option<Seen> {
    let rank = |panel: &Panel, metric: &str| match &panel.show {
        PanelKind::Timeseries(spec) if spec.lines.iter().any(|line| line.metric == metric) => Some(0),
        PanelKind::Channels(spec) if spec.metric == metric => Some(0),
        show if show.is_over_time() && show.metrics().contains(&metric) => Some(1),
        _ => None,
    };
    seen(alarm, at, from, catalogue, site, &rank)
}

/// The camera that shows one of a rule's metrics at a moment.
pub fn camera_at(
    alarm: &AlarmStatus,
    at: Timestamp,
    from: &Address,
    catalogue: Catalogue,
    site: SiteClock,
) -> Option<Seen> {
    let rank = |panel: &Panel, metric: &str| match &panel.show {
        PanelKind::Camera(camera) if camera.metric == metric => Some(0),
        _ => None,
    };
    let mut seen = seen(alarm, at, from, catalogue, site, &rank)?;
    // A camera shows the newest of the range in sight: it ends where the moment is over.
    let end = at.saturating_add_micros(1);
    seen.address.zoom = TimeRange::new(at.saturating_add_micros(-AROUND_MICROS), end).ok();
    Some(seen)
}

/// The first panel of the least rank, by the order of the metrics and then of the dashboards.
fn seen(
    alarm: &AlarmStatus,
    at: Timestamp,
    from: &Address,
    catalogue: Catalogue,
    site: SiteClock,
    rank: &dyn Fn(&Panel, &str) -> Option<u32>,
) -> Option<Seen> {
    let mut best: Option<(u32, Seen)> = None;
    for metric in &alarm.metrics {
        for dashboard in catalogue.dashboards() {
            for tab in &dashboard.tabs {
                for panel in &tab.panels {
                    let Some(rank) = rank(panel, metric) else { continue };
                    if best.as_ref().is_some_and(|(known, _)| *known <= rank) {
                        continue;
                    }
                    let night = site.date_of(at);
                    let zoom = TimeRange::new(
                        at.saturating_add_micros(-AROUND_MICROS),
                        at.saturating_add_micros(AROUND_MICROS),
                    );
                    let address = Address {
                        place: Place::of(&dashboard.id, &tab.id),
                        time: Some(Period::Night(night)),
                        zoom: zoom.ok(),
                        channel: alarm.channel.and_then(|channel| chosen(metric, channel, catalogue)),
                        theme: from.theme,
                        clock: from.clock,
                        ..Address::default()
                    };
                    best = Some((
                        rank,
                        Seen {
                            address,
                            panel: panel.id.clone(),
                            title: panel.title.clone(),
                        },
                    ));
                }
            }
        }
    }
    best.map(|(_, seen)| seen)
}

/// A channel of a metric as it stands in the address; none of a metric that has but one.
fn chosen(metric: &str, channel: u32, catalogue: Catalogue) -> Option<Chosen> {
    let place = catalogue.display(metric).place;
    let part = place.map_or(CameraPart::Pixel, |place| place.part);
    let is_one_of_several = catalogue.metric(metric).is_none_or(|metric| metric.channels > 1);
    is_one_of_several.then_some(Chosen { part, number: channel })
}

/// The link to the raw samples of a rule's metrics around a moment, each with its metric.
pub fn samples_at(alarm: &AlarmStatus, at: Timestamp) -> Vec<(String, String)> {
    let channels = alarm
        .channel
        .map_or(ChannelSelection::All, |channel| ChannelSelection::List(vec![channel]));
    let range = TimeRange::new(
        at.saturating_add_micros(-AROUND_MICROS),
        at.saturating_add_micros(AROUND_MICROS),
    );
    let Ok(range) = range else { return Vec::new() };
    let link = |metric: &String| {
        let path = url::samples(metric, &channels, range);
        (
            metric.clone(),
            format!("{}{}", base_uri(), path.trim_start_matches('/')),
        )
    };
    alarm.metrics.iter().map(link).collect()
}
