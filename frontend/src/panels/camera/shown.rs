//! What the parts of the panel share: the camera, what is shown of it, and what is pointed at.

use std::sync::Arc;

use leptos::html::Div;
use shared::chart::camera::shape::CameraShape;
use shared::chart::camera::{CameraMap, Cell};
use shared::chart::clip::Area;
use shared::chart::color::{ColorTable, Place};
use shared::chart::color_bar::COLOR_BAR_PX;
use shared::dashboard::{Camera, Panel};
use shared::display::{CameraPart, ColorScale, MetricDisplay};
use shared::order::sort_by;
use shared::query::latest::Ages;
use shared::time::{TimeRange, Timestamp};

use super::moment::Moment;
use super::pointing::Pointer;
use super::readings::{Reading, Readings};
use crate::chart::canvas::UNITS_PER_DOT;
use crate::chart::stage::{StageSize, use_stage_size};
use crate::dom::NodeRef;
use crate::format;
use crate::panels::plot::chart::units_per_px;
use crate::reactive::{Derived, Kept};
use crate::state::catalogue::{Catalogue, use_catalogue};
use crate::state::chosen_channel::{ChosenChannel, use_chosen_channel};
use crate::state::geometries::{Geometries, Known, use_geometries};
use crate::state::server_clock::use_now;
use crate::state::time_view::use_time_view;
use crate::theme::{Theme, use_theme};

/// Between the camera and the colours below it, in pixels.
const GAP_PX: f64 = 4.0;

/// Beside the colours, in pixels.
const BESIDE_PX: f64 = 10.0;

/// The state of a panel.
#[derive(Clone, Copy, Debug)]
pub struct Shown(Kept<Parts>);

/// What it is made of. Behind one place, as nearly everything in the panel captures it.
#[derive(Clone, Copy)]
pub struct Parts {
    /// The metric by name.
    pub metric: Kept<String>,
    /// The geometry by name; `None` if the metric has no place.
    pub geometry_name: Kept<Option<String>>,
    /// How the metric looks.
    pub display: Kept<MetricDisplay>,
    /// What a channel is.
    pub part: CameraPart,
    moment: Kept<Moment>,
    /// The camera; `None` until it has come.
    pub shape: Derived<Option<Arc<CameraShape>>>,
    /// What all channels said; `None` until it has come.
    pub readings: Derived<Option<Arc<Readings>>>,
    /// The colours of values; `None` likewise.
    pub table: Derived<Option<Arc<ColorTable>>>,
    /// The size of the stage; `None` until it is laid out.
    pub size: Derived<Option<StageSize>>,
    /// Where the camera lies; `None` until all is known.
    pub map: Derived<Option<CameraMap>>,
    /// The pixel that is pointed at.
    pub pointer: Pointer,
    /// This second.
    pub now: Derived<Timestamp>,
    choice: Kept<ChosenChannel>,
    catalogue: Catalogue,
    geometries: Geometries,
}

impl Shown {
    /// Follows the moment and the geometry, as long as its owner lives.
    pub fn follow(panel: &Panel, spec: Camera, stage: NodeRef<Div>) -> Self {
        let (catalogue, geometries) = (use_catalogue(), use_geometries());
        let display = catalogue.display(&spec.metric);
        let scale = spec.scale.or_else(|| display.scale.clone()).unwrap_or_default();
        let place = display.place.clone();
        let geometry_name = Kept::new(place.as_ref().map(|place| place.geometry.clone()));
        let moment = Moment::follow(vec![spec.metric.clone()]);
        let metric = Kept::new(spec.metric);
        let ages = ages_of(panel, catalogue);
        let shape = Derived::new(move || {
            let known = geometries.get(&geometry_name.get_value()?);
            Some(Arc::new(CameraShape::new(known.ready()?)))
        });
        let settled = use_time_view().settled();
        let readings = Derived::new(move || {
            let (told, range) = (moment.told()?, settled.get()?);
            let latest = told.metrics.first()?;
            Some(Arc::new(Readings::new(latest, told.at, range.start(), ages.get())))
        });
        let size = use_stage_size(stage);
        let map = Derived::new(move || {
            let (shape, size) = (shape.get()?, size.get()?);
            let px = units_per_px(size);
            Some(CameraMap::new(&shape, camera_area(size), px))
        });
        Self(Kept::new(Parts {
            metric,
            geometry_name,
            display: Kept::new(display),
            part: place.map_or(CameraPart::Pixel, |place| place.part),
            moment: Kept::new(moment),
            shape,
            readings,
            table: table_of(scale, readings, move || settled.get()),
            size,
            map,
            pointer: Pointer::at_nothing(),
            now: use_now(),
            choice: Kept::new(use_chosen_channel()),
            catalogue,
            geometries,
        }))
    }

    /// Its parts.
    #[inline(never)]
    pub fn parts(self) -> Parts {
        self.0.get_value()
    }

    /// The moment that is shown.
    pub fn moment(self) -> Moment {
        self.parts().moment.get_value()
    }

    /// What is known of a geometry; tracks.
    pub fn geometry(self, name: &str) -> Known {
        self.parts().geometries.get(name)
    }

    /// Asks for all that failed anew.
    pub fn retry(self) {
        if let Some(name) = self.parts().geometry_name.get_value() {
            self.parts().geometries.retry(&name);
        }
        self.moment().retry();
    }

    /// The unit of the metric; tracks.
    pub fn unit(self) -> String {
        let metric = self.parts().catalogue.metric(&self.parts().metric.get_value());
        metric.map(|metric| metric.unit).unwrap_or_default()
    }

    /// When the metric's last sample was taken; tracks.
    pub fn last(self) -> Option<Timestamp> {
        self.parts().catalogue.metric(&self.parts().metric.get_value())?.last
    }

    /// Seconds between samples; `None` where no rhythm is known. Tracks.
    pub fn interval_s(self) -> Option<f64> {
        self.parts()
            .catalogue
            .metric(&self.parts().metric.get_value())?
            .interval_s
    }

    /// The channel that a pixel shows.
    pub fn channel_of(self, shape: &CameraShape, pixel: usize) -> Option<u32> {
        match self.parts().part {
            CameraPart::Pixel => u32::try_from(pixel).ok().filter(|_| pixel < shape.n_pixels()),
            CameraPart::Module => shape.module(pixel),
        }
    }

    /// The pixel, or the first of a module's, that shows a channel.
    pub fn pixel_of(self, shape: &CameraShape, channel: u32) -> Option<usize> {
        match self.parts().part {
            CameraPart::Pixel => usize::try_from(channel).ok().filter(|pixel| *pixel < shape.n_pixels()),
            CameraPart::Module => shape.pixels_of(channel).next(),
        }
    }

    /// The pixel, or the first of the module's, that is chosen; tracks.
    pub fn chosen_pixel(self) -> Option<usize> {
        let chosen = self.parts().choice.get_value().of(&self.parts().metric.get_value())?;
        self.pixel_of(self.parts().shape.get()?.as_ref(), chosen)
    }

    /// Chooses what a pixel shows, for the whole page.
    pub fn choose(self, pixel: usize) {
        let channel = self
            .parts()
            .shape
            .with_untracked(|shape| self.channel_of(shape.as_ref()?, pixel));
        if let Some(channel) = channel {
            self.choose_channel(channel);
        }
    }

    /// Chooses a channel, for the whole page.
    pub fn choose_channel(self, channel: u32) {
        self.parts()
            .choice
            .get_value()
            .choose(&self.parts().metric.get_value(), channel);
    }

    /// What is drawn in place of each pixel.
    pub fn cells(self, shape: &CameraShape, readings: &Readings, table: &ColorTable) -> Vec<Cell> {
        let cell = |pixel| match self.channel_of(shape, pixel).map(|channel| readings.get(channel).0) {
            Some(Reading::Value(value)) => Cell::Value(table.color(value)),
            Some(Reading::Old(value)) => Cell::Old(table.color(value)),
            Some(Reading::Null) => Cell::Null,
            Some(Reading::Nan) => Cell::Nan,
            Some(Reading::Never) | None => Cell::Never,
        };
        (0..shape.n_pixels()).map(cell).collect()
    }

    /// The channels beyond the scale with their values, the farthest first; tracks.
    pub fn beyond(self, side: Place) -> Vec<(u32, f64)> {
        let (Some(readings), Some(table)) = (self.parts().readings.get(), self.parts().table.get()) else {
            return Vec::new();
        };
        let channels = readings.by_channel.iter().zip(0_u32..);
        let mut beyond: Vec<(u32, f64)> = channels
            .filter_map(|((reading, _), channel)| match reading {
                Reading::Value(value) if table.place(*value) == side => Some((channel, *value)),
                _ => None,
            })
            .collect();
        let sign = if side == Place::Above { -1.0 } else { 1.0 };
        sort_by(&mut beyond, |one, other| (sign * one.1).total_cmp(&(sign * other.1)));
        beyond
    }

    /// What a channel is called, such as `Pixel 412`.
    pub fn name_of(self, channel: u32) -> String {
        match self.parts().part {
            CameraPart::Pixel => format!("Pixel {channel}"),
            CameraPart::Module => format!("Module {channel}"),
        }
    }

    /// A value in words: with what it is called, for a metric of states.
    pub fn value_text(self, value: f64) -> String {
        let number = format::number(value);
        self.parts().display.with_value(|display| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast of a float stops at the ends of i64"
            )]
            let state = display.states.iter().find(|state| state.value == value.round() as i64);
            state.map_or_else(|| number.clone(), |state| format!("{number} {}", state.label))
        })
    }

    /// The camera in a few sentences, for those who do not see it; tracks.
    pub fn spoken(self, title: &str) -> String {
        let (Some(told), Some(readings)) = (self.moment().told(), self.parts().readings.get()) else {
            return format!("{title}, camera");
        };
        let (summary, unit) = (readings.summary(), self.unit());
        let time = self.moment().zone.text(told.at);
        let n_channels = readings.by_channel.len();
        let mut sentences = vec![format!("{title}, camera of {n_channels} channels at {time}")];
        for (word, extreme) in [("least", summary.min), ("greatest", summary.max)] {
            if let Some((value, channel)) = extreme {
                let value = self.value_text(value);
                sentences.push(format!("{word} {value} {unit} in {}", self.name_of(channel)));
            }
        }
        if let Some(mean) = summary.mean {
            sentences.push(format!("mean {} {unit}", format::number(mean)));
        }
        let missing = summary.missing();
        if !missing.is_empty() {
            sentences.push(missing);
        }
        sentences.push("arrows walk, Enter chooses".to_owned());
        sentences.join("; ")
    }
}

/// By which the ages of samples of a panel's metric are judged, as that becomes known.
fn ages_of(panel: &Panel, catalogue: Catalogue) -> Derived<Option<Ages>> {
    let panel = Kept::new(panel.clone());
    Derived::new(move || panel.with_value(|panel| catalogue.ages(panel)))
}

/// The colours. Open ends follow all values seen since the range was opened, so that a colour goes on to mean the same
/// value while the night is played.
fn table_of(
    scale: ColorScale,
    readings: Derived<Option<Arc<Readings>>>,
    range: impl Fn() -> Option<TimeRange> + Send + Sync + 'static,
) -> Derived<Option<Arc<ColorTable>>> {
    let theme = use_theme();
    let seen = Kept::new((None::<TimeRange>, None::<(f64, f64)>));
    Derived::new(move || {
        let (readings, range) = (readings.get()?, range());
        let now = readings.extremes(scale.log);
        seen.update_value(|(seen_in, extremes)| {
            if *seen_in != range {
                (*seen_in, *extremes) = (range, None);
            }
            *extremes = match (*extremes, now) {
                (Some(before), Some(now)) => Some((before.0.min(now.0), before.1.max(now.1))),
                (before, now) => before.or(now),
            };
        });
        let visible = seen.with_value(|(_, extremes)| *extremes);
        Some(Arc::new(ColorTable::new(&scale, visible, theme.get() == Theme::Red)))
    })
}

/// Where the camera may be drawn: above the bar of its colours.
fn camera_area(size: StageSize) -> Area {
    let (width, height) = size.dots();
    let unit = f64::from(UNITS_PER_DOT);
    Area {
        left: 0.0,
        top: 0.0,
        right: f64::from(width) * unit,
        bottom: f64::from(height) * unit - (COLOR_BAR_PX + GAP_PX) * units_per_px(size),
    }
}

/// Where the bar is drawn: left, top and right in units.
pub fn bar_area(size: StageSize) -> [f64; 3] {
    let (width, height) = size.dots();
    let (unit, px) = (f64::from(UNITS_PER_DOT), units_per_px(size));
    let right = f64::from(width) * unit - BESIDE_PX * px;
    // Longer than this it does not read better.
    let middle = f64::from(width) * unit / 2.0;
    let half = (middle - BESIDE_PX * px).min(260.0 * px);
    let top = f64::from(height) * unit - COLOR_BAR_PX * px;
    [(middle - half).max(BESIDE_PX * px), top, (middle + half).min(right)]
}
