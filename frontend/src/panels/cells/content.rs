//! The cells of a panel with the answers that came: where its rows lie, and what is drawn of them.

use std::sync::Arc;

use shared::chart::cell_image::{CellImage, DensityInk};
use shared::chart::cells::{Cells, PixelGrid};
use shared::chart::color::{ColorTable, Place};
use shared::chart::palette::Palette;
use shared::chart::plot::{LeftAxis, Plot};
use shared::chart::state_colors::state_color;
use shared::chart::state_rows::StateCells;
use shared::chart::value_axis::{ValueTick, bounds_around};
use shared::display::{ColorScale, MetricDisplay, StateName};
use shared::metric::MetricInfo;
use shared::query::envelope::Envelope;
use shared::query::raster::Statistic;
use shared::time::{TimeRange, Timestamp};

use super::data::CellAnswer;
use super::spec::CellsSpec;
use crate::format;
use crate::panels::plot::data::{Ask, Slot};

/// How opaque the hatching of samples without a value is.
const BLANK_OPACITY: f64 = 0.45;

/// The cells of one metric.
#[derive(Clone, Debug)]
pub struct CellLayer {
    /// The metric by name.
    pub metric: String,
    /// What it is called.
    pub title: String,
    /// Its unit.
    pub unit: String,
    /// How many channels it has.
    pub n_channels: u32,
    /// Its colours.
    pub scale: ColorScale,
    /// What its states are called.
    pub states: Vec<StateName>,
    /// Where its first row lies, for metrics under each other.
    pub first_row: u32,
    /// What came of the first question about it.
    pub answer: Option<Arc<CellAnswer>>,
    /// And of the second: the greatest states.
    pub greatest: Option<Arc<CellAnswer>>,
    /// The extremes of each channel over the range.
    pub extremes: Option<Arc<Envelope>>,
    /// Why something of it is missing.
    pub failure: Option<String>,
}

/// Answers are compared by identity: they are large, and each is a new one.
impl PartialEq for CellLayer {
    fn eq(&self, other: &Self) -> bool {
        fn is_same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
            match (one, other) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (None, None) => true,
                _ => false,
            }
        }
        is_same(self.answer.as_ref(), other.answer.as_ref())
            && is_same(self.greatest.as_ref(), other.greatest.as_ref())
            && is_same(self.extremes.as_ref(), other.extremes.as_ref())
            && self.failure == other.failure
            && self.n_channels == other.n_channels
            && self.title == other.title
    }
}

impl CellLayer {
    fn new(spec: &CellsSpec, name: &str, slots: &[Slot], info: Option<MetricInfo>, display: MetricDisplay) -> Self {
        let slot_of = |ask: &Ask| slots.iter().find(|slot| slot.ask == *ask);
        let mut answers = spec.asks(name).into_iter().map(|ask| slot_of(&Ask::Cells(ask)));
        let (first, second) = (answers.next().flatten(), answers.next().flatten());
        let extremes = slot_of(&Ask::Extremes {
            metric: name.to_owned(),
        });
        let failure = |slot: Option<&Slot>| slot.and_then(|slot| slot.failure.clone());
        let cells = |slot: Option<&Slot>| slot.and_then(Slot::cells).map(Arc::clone);
        let (title, unit, n_channels) = match info {
            Some(info) => (info.title, info.unit, info.channels),
            None => (name.to_owned(), String::new(), 1),
        };
        Self {
            metric: name.to_owned(),
            title,
            unit,
            n_channels,
            states: display.states.clone(),
            scale: spec.scale_of(display),
            first_row: 0,
            answer: cells(first),
            greatest: cells(second),
            extremes: extremes.and_then(Slot::envelope).map(Arc::clone),
            failure: failure(first).or_else(|| failure(second)),
        }
    }

    /// The colours of the values that are there.
    pub fn table(&self, is_red: bool) -> ColorTable {
        let visible = self.answer.as_ref().and_then(|answer| answer.extremes(self.scale.log));
        ColorTable::new(&self.scale, visible, is_red)
    }

    /// What the row of a channel is called: a metric of one channel by its title.
    pub fn row_label(&self, channel: u32) -> String {
        if self.n_channels <= 1 {
            self.title.clone()
        } else {
            self.channel_label(channel)
        }
    }

    /// What a channel is called.
    pub fn channel_label(&self, channel: u32) -> String {
        let found = self.extremes.as_deref().and_then(|envelope| {
            let at = channel as usize;
            match envelope {
                Envelope::Columns { series, .. } => series
                    .get(at)
                    .filter(|series| series.channel == Some(channel))
                    .map(|series| &series.label),
                Envelope::Samples { series, .. } => series
                    .get(at)
                    .filter(|series| series.channel == channel)
                    .map(|series| &series.label),
            }
        });
        found.cloned().unwrap_or_else(|| channel.to_string())
    }
}

/// A channel that lies beyond the scale.
#[derive(Clone, PartialEq, Debug)]
pub struct Beyond {
    /// The channel.
    pub channel: u32,
    /// Its label.
    pub label: String,
    /// On which side.
    pub place: Place,
    /// Its extreme on that side.
    pub value: f64,
}

/// The cells of a panel.
#[derive(Clone, PartialEq, Debug)]
pub struct PanelCells {
    /// What they are.
    pub spec: CellsSpec,
    /// One for each metric.
    pub layers: Vec<CellLayer>,
}

impl PanelCells {
    /// The cells of a panel with the answers so far.
    pub fn new(
        spec: &CellsSpec,
        slots: &[Slot],
        metric: impl Fn(&str) -> Option<MetricInfo>,
        display: impl Fn(&str) -> MetricDisplay,
    ) -> Self {
        let mut layers = Vec::new();
        let mut first_row = 0;
        for name in spec.metrics() {
            let mut layer = CellLayer::new(spec, name, slots, metric(name), display(name));
            layer.first_row = first_row;
            first_row += layer.n_channels;
            layers.push(layer);
        }
        Self {
            spec: spec.clone(),
            layers,
        }
    }

    /// What a state of a metric is called.
    pub fn state_label(&self, metric: &str, value: f64) -> String {
        let layer = self.layers.iter().find(|layer| layer.metric == metric);
        format::state_label(layer.map_or(&[], |layer| layer.states.as_slice()), value)
    }

    /// The units of all layers, each once.
    pub fn unit(&self) -> String {
        let mut units: Vec<&str> = Vec::new();
        for layer in &self.layers {
            if !layer.unit.is_empty() && !units.contains(&layer.unit.as_str()) {
                units.push(&layer.unit);
            }
        }
        units.join(", ")
    }

    /// Whether colours have to be explained by a bar.
    pub const fn has_bar(&self) -> bool {
        matches!(self.spec, CellsSpec::Values { .. })
    }

    /// How the left axis runs; `None` while that is not known.
    pub fn left_axis(&self) -> Option<LeftAxis> {
        match &self.spec {
            CellsSpec::Values { .. } => {
                let layer = self.layers.first()?;
                Some(LeftAxis::Rows {
                    low: -0.5,
                    high: f64::from(layer.n_channels) - 0.5,
                    names: self.row_names(),
                })
            }
            CellsSpec::Counts { low, high, .. } => {
                let Some(CellAnswer::Density { density, .. }) = self.layers.first()?.answer.as_deref() else {
                    return None;
                };
                let (least, greatest) = bounds_around(density.value_min?, density.value_max?);
                Some(LeftAxis::Values {
                    is_log: false,
                    low: low.or(Some(least)),
                    high: high.or(Some(greatest)),
                })
            }
            CellsSpec::States { .. } => {
                let n_rows: u32 = self.layers.iter().map(|layer| layer.n_channels).sum();
                Some(LeftAxis::Rows {
                    low: f64::from(n_rows) - 0.5,
                    high: -0.5,
                    names: self.row_names(),
                })
            }
        }
    }

    /// The names of all rows: metrics of one channel by their titles, channels by their labels. Many channels that are
    /// called by their numbers need none.
    fn row_names(&self) -> Vec<ValueTick> {
        const MANY: u32 = 40;
        let is_plain = |layer: &CellLayer| layer.n_channels > MANY && layer.extremes.is_none();
        if let [only] = self.layers.as_slice()
            && is_plain(only)
        {
            return Vec::new();
        }
        let rows = self.layers.iter().flat_map(|layer| {
            (0..layer.n_channels).map(move |channel| ValueTick {
                value: f64::from(layer.first_row + channel),
                label: layer.row_label(channel),
            })
        });
        rows.collect()
    }

    /// The pictures of all layers, each as large as the plot.
    pub fn images(&self, plot: &Plot, palette: &Palette) -> Vec<CellImage> {
        let blank = palette.text_dim.faded(BLANK_OPACITY);
        let layers = self.layers.iter().filter_map(|layer| {
            let answer = layer.answer.as_deref()?;
            let cells = answer.cells();
            match &self.spec {
                CellsSpec::Values { statistic, .. } => {
                    let grid = grid_of(&cells, plot)?;
                    let table = layer.table(palette.is_red());
                    let ink = |values: &[f64], pixels: &mut [[u8; 4]]| table.paint(values, pixels);
                    Some(CellImage::of_values(&cells, &grid, *statistic, &ink, blank))
                }
                CellsSpec::Counts { .. } => {
                    let grid = grid_of(&cells, plot)?;
                    let (_, most) = answer.extremes(false).unwrap_or((1.0, 1.0));
                    let shades = DensityInk::new(palette.accent, most);
                    let ink = |counts: &[f64], pixels: &mut [[u8; 4]]| shades.paint(counts, pixels);
                    Some(CellImage::of_values(&cells, &grid, Statistic::Density, &ink, blank))
                }
                CellsSpec::States { .. } => layer.with_states(|states| {
                    let grid = grid_of(&states.least, plot)?;
                    let ink = |value| state_color(&layer.states, value, palette);
                    Some(CellImage::of_states(
                        &states.least,
                        &states.greatest,
                        &grid,
                        &ink,
                        blank,
                    ))
                })?,
            }
        });
        layers.collect()
    }

    /// The channels beyond the scale in the range of the answers, by rising number; `None` while that is not known, or
    /// where nothing can be beyond.
    pub fn beyond(&self) -> Option<Vec<Beyond>> {
        let layer = self.layers.first()?;
        let envelope = layer.extremes.as_deref()?;
        let table = layer.table(false);
        let mut beyond = Vec::new();
        for_extremes(envelope, |channel, label, least, greatest| {
            for (value, place) in [(least, Place::Below), (greatest, Place::Above)] {
                if table.place(value) == place {
                    beyond.push(Beyond {
                        channel,
                        label: label.to_owned(),
                        place,
                        value,
                    });
                }
            }
        });
        Some(beyond)
    }

    /// A word on what is drawn; `None` while nothing is.
    pub fn badge(&self) -> Option<String> {
        let n_columns = self.layers.first()?.answer.as_deref()?.cells().start_us.len();
        let answers = self.layers.iter().filter_map(|layer| layer.answer.as_deref());
        let n_rows: usize = answers.map(|answer| answer.cells().edges.len().saturating_sub(1)).sum();
        let counted = |count: usize, noun: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{} {noun}{plural}", format::count(count as u64))
        };
        Some(format!(
            "exact · {}, {}",
            counted(n_columns, "column"),
            counted(n_rows, "row")
        ))
    }

    /// In a few words what it shows.
    pub fn spoken(&self) -> String {
        let told = self.layers.iter().map(|layer| {
            let extremes = layer.answer.as_ref().and_then(|answer| answer.extremes(false));
            match (extremes, &self.spec) {
                (None, _) => format!("{}: no data", layer.title),
                (Some(_), CellsSpec::Counts { .. } | CellsSpec::States { .. }) => {
                    format!("{} of {} channels", layer.title, layer.n_channels)
                }
                (Some((least, greatest)), CellsSpec::Values { .. }) => {
                    let [least, greatest] = [least, greatest].map(format::number);
                    format!(
                        "{} channels, from {least} to {greatest} {}",
                        layer.n_channels, layer.unit
                    )
                }
            }
        });
        told.collect::<Vec<String>>().join("; ")
    }

    /// A proven time of the newest data: the start of the last column that holds any.
    pub fn newest(&self) -> Option<Timestamp> {
        let of_layers = self.layers.iter().filter_map(|layer| {
            let cells = layer.answer.as_deref()?.cells();
            let n_rows = cells.edges.len().saturating_sub(1);
            let column = (0..cells.start_us.len())
                .rev()
                .find(|column| (0..n_rows).any(|row| !cells.value(row, *column).is_nan()))?;
            Timestamp::from_micros(*cells.start_us.get(column)?)
        });
        of_layers.max()
    }

    /// Whether anything is there to be seen of a range; answers about another one show nothing of it.
    pub fn holds_any(&self, range: TimeRange) -> bool {
        let (start, end) = (range.start().as_micros(), range.end().as_micros());
        let is_about = |answer: &CellAnswer| {
            let cells = answer.cells();
            let begins_before = cells.start_us.first().is_some_and(|first| *first < end);
            begins_before && cells.end_us.last().is_some_and(|last| start < *last)
        };
        let mut answers = self.layers.iter().filter_map(|layer| layer.answer.as_deref());
        answers.any(|answer| is_about(answer) && answer.holds_any())
    }
}

impl CellLayer {
    /// Hands on the states, if both answers are there and of the same columns.
    pub fn with_states<T>(&self, look: impl FnOnce(&StateCells<'_>) -> T) -> Option<T> {
        let (least, greatest) = (self.answer.as_deref()?.cells(), self.greatest.as_deref()?.cells());
        let is_same = least.start_us == greatest.start_us && least.edges.len() == greatest.edges.len();
        if !is_same {
            return None;
        }
        let edges: Vec<f64> = least
            .edges
            .iter()
            .map(|edge| edge + f64::from(self.first_row))
            .collect();
        let states = StateCells {
            least: Cells { edges: &edges, ..least },
            greatest: Cells {
                edges: &edges,
                ..greatest
            },
        };
        Some(look(&states))
    }
}

fn grid_of(cells: &Cells<'_>, plot: &Plot) -> Option<PixelGrid> {
    let scale = plot.left.as_ref()?.scale;
    let part = plot.part;
    if part.right - part.left < plot.units_per_dot() {
        return None;
    }
    Some(PixelGrid::new(cells, &plot.time, &scale, part, plot.units_per_dot()))
}

/// Goes through the finite extremes of each channel.
fn for_extremes(envelope: &Envelope, mut tell: impl FnMut(u32, &str, f64, f64)) {
    match envelope {
        Envelope::Columns { series, .. } => {
            for series in series {
                let least = series.min.iter().copied().reduce(f64::min);
                let greatest = series.max.iter().copied().reduce(f64::max);
                if let (Some(channel), Some(least), Some(greatest)) = (series.channel, least, greatest) {
                    tell(channel, &series.label, least, greatest);
                }
            }
        }
        Envelope::Samples { series, .. } => {
            for series in series {
                let finite = || series.value.iter().filter_map(|value| value.finite());
                if let Some((least, greatest)) = finite().reduce(f64::min).zip(finite().reduce(f64::max)) {
                    tell(series.channel, &series.label, least, greatest);
                }
            }
        }
    }
}
