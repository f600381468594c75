//! What a panel shows: a closed set of kinds, each with its own keys.
//!
//! In the files of dashboards the kind is the key `type`, with the keys of that kind beside it; on the wire it is the one
//! key of an object, as in `{"heatmap": {"metric": "hv"}}`, which both the JSON and the compact form can read in one pass.

use serde::{Deserialize, Serialize};

use crate::display::ColorScale;
use crate::metric::ChannelSelection;
use crate::query::raster::Statistic;

/// What a panel shows: a closed set, matched in one place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    /// Lines over time.
    Timeseries(Timeseries),
    /// All channels of a metric at once over time: density, band, and one channel on top.
    Channels(Channels),
    /// Time x channel, a colour for each value.
    Heatmap(Heatmap),
    /// The newest sample of each channel.
    Latest(LatestValues),
    /// The channels of a metric where they are in the camera.
    Camera(Camera),
    /// Which state each channel was in, over time.
    State(StateRows),
    /// How many samples lie at which value, over time.
    Histogram(Histogram),
    /// One frame as a curve over its channels.
    Curve(Curve),
    /// One number with its age and its recent course.
    Stat(Stat),
    /// Words.
    Text(Text),
}

impl PanelKind {
    /// The word for it in files and in the page.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Timeseries(_) => "timeseries",
            Self::Channels(_) => "channels",
            Self::Heatmap(_) => "heatmap",
            Self::Latest(_) => "latest",
            Self::Camera(_) => "camera",
            Self::State(_) => "state",
            Self::Histogram(_) => "histogram",
            Self::Curve(_) => "curve",
            Self::Stat(_) => "stat",
            Self::Text(_) => "text",
        }
    }

    /// Whether the panel has the time axis that all panels of a tab share.
    pub const fn is_over_time(&self) -> bool {
        match self {
            Self::Timeseries(_) | Self::Channels(_) | Self::Heatmap(_) | Self::State(_) | Self::Histogram(_) => true,
            Self::Latest(_) | Self::Camera(_) | Self::Curve(_) | Self::Stat(_) | Self::Text(_) => false,
        }
    }

    /// The names of the metrics that the panel needs, in the order of first use, each once.
    pub fn metrics(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let mut add = |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        match self {
            Self::Timeseries(timeseries) => {
                timeseries.lines.iter().for_each(|line| add(line.metric.as_str()));
                timeseries.limits.metrics().for_each(&mut add);
                timeseries.strips.iter().for_each(|strip| add(strip.metric.as_str()));
            }
            Self::Channels(channels) => {
                add(&channels.metric);
                channels.limits.metrics().for_each(&mut add);
            }
            Self::Heatmap(heatmap) => add(&heatmap.metric),
            Self::Latest(latest) => latest.metrics.iter().for_each(|name| add(name)),
            Self::Camera(camera) => add(&camera.metric),
            Self::State(rows) => rows.metrics.iter().for_each(|name| add(name)),
            Self::Histogram(histogram) => add(&histogram.metric),
            Self::Curve(curve) => {
                add(&curve.metric);
                curve.x_metric.iter().for_each(|name| add(name));
            }
            Self::Stat(stat) => add(&stat.metric),
            Self::Text(_) => {}
        }
        names
    }
}

/// Lines over time, on one or two axes.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timeseries {
    /// What is drawn, first at the bottom.
    pub lines: Vec<Line>,
    /// Limits and events on the left axis.
    #[serde(default)]
    pub limits: PlotLimits,
    /// On or off, as strips under the lines.
    #[serde(default)]
    pub strips: Vec<Strip>,
}

/// Channels of a metric as lines, one colour each, or the band over all its channels.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    /// The metric by name.
    pub metric: String,
    /// Which of its channels.
    #[serde(default)]
    pub channels: ChannelSelection,
    /// What the legend says; the metric's title, or the channel's label, where it is empty.
    #[serde(default)]
    pub label: String,
    /// On which axis.
    #[serde(default)]
    pub axis: Axis,
}

/// The axis that a line is read on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The one on the left.
    #[default]
    Left,
    /// The one on the right.
    Right,
}

/// How the left axis of a plot runs, and what is marked on it besides data.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlotLimits {
    /// Whether the left axis is logarithmic; values that are not positive are marked at its lower edge.
    #[serde(default)]
    pub log: bool,
    /// The lower end of the left axis; by the data where it is `None`.
    #[serde(default)]
    pub low: Option<f64>,
    /// The upper end of the left axis; by the data where it is `None`.
    #[serde(default)]
    pub high: Option<f64>,
    /// Level lines. The limits of the metric itself (`MetricDisplay`) are drawn besides.
    #[serde(default)]
    pub lines: Vec<LimitLine>,
    /// Moments that are marked by upright strokes.
    #[serde(default)]
    pub events: Vec<Event>,
}

impl PlotLimits {
    fn metrics(&self) -> impl Iterator<Item = &str> {
        let of_lines = self.lines.iter().filter_map(|line| match &line.at {
            LimitValue::Metric(name) => Some(name.as_str()),
            LimitValue::Value(_) => None,
        });
        of_lines.chain(self.events.iter().map(|event| event.metric.as_str()))
    }
}

/// A level line with a name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitLine {
    /// What it is called.
    pub label: String,
    /// Where it lies.
    pub at: LimitValue,
    /// What it means to be beyond it.
    #[serde(default)]
    pub severity: Severity,
}

/// Where a level line lies.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitValue {
    /// At a value, in the unit of the axis.
    Value(f64),
    /// At the greatest value that a metric has in the visible range.
    Metric(String),
}

/// What it means that something is so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing in particular: a target, a remark.
    #[default]
    None,
    /// As it should be.
    Ok,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Alarm,
}

impl Severity {
    /// The word in files and in the page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// Moments at which a metric was not zero, such as the spikes of a rate control.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The metric; each finite sample of any of its channels that is not zero is an event.
    pub metric: String,
    /// What the events are called; the metric's title where it is empty.
    #[serde(default)]
    pub label: String,
}

/// When something was on: channel 0 of a metric, on where it is not zero, unknown in gaps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Strip {
    /// The metric by name.
    pub metric: String,
    /// What it is called; the metric's title where it is empty.
    #[serde(default)]
    pub label: String,
}

/// All channels of a metric at once: their density beneath, the band over it, the chosen channel on top.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Channels {
    /// The metric by name.
    pub metric: String,
    /// Limits and events.
    #[serde(default)]
    pub limits: PlotLimits,
}

/// Time x channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heatmap {
    /// The metric by name.
    pub metric: String,
    /// What a cell tells where it holds several samples or several channels; never `density`.
    #[serde(default = "greatest")]
    pub statistic: Statistic,
    /// The colours; those of the metric where it is `None`.
    #[serde(default)]
    pub scale: Option<ColorScale>,
}

/// What folds a heatmap unless it says otherwise: a hot channel must not vanish.
const fn greatest() -> Statistic {
    Statistic::Max
}

/// The newest sample of each channel of some metrics, worst first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatestValues {
    /// The metrics by name.
    pub metrics: Vec<String>,
    /// How they are laid out.
    #[serde(default)]
    pub style: LatestStyle,
    /// What is told of each.
    #[serde(default)]
    pub show: LatestShow,
}

/// How the newest samples are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LatestStyle {
    /// A table that can be sorted.
    #[default]
    Table,
    /// A bar for each channel, as long as its value is large.
    Bars,
    /// A tile for each channel.
    Tiles,
}

/// What is told of the newest sample.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LatestShow {
    /// Its value.
    #[default]
    Value,
    /// Its age, as for heartbeats and latencies.
    Age,
}

/// The channels of a metric where they are in the camera.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Camera {
    /// The metric by name; its `MetricDisplay` says of which geometry its channels are pixels or modules.
    pub metric: String,
    /// The colours; those of the metric where it is `None`.
    #[serde(default)]
    pub scale: Option<ColorScale>,
}

/// One row per channel of some metrics of kind `state`, coloured by the state that each was in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateRows {
    /// The metrics by name; their `MetricDisplay`s name the states.
    pub metrics: Vec<String>,
}

/// How many samples of all channels lie at which value, over time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Histogram {
    /// The metric by name.
    pub metric: String,
    /// How many steps of value; as many as there are pixels where it is `None`.
    #[serde(default)]
    pub bins: Option<u16>,
    /// The lower end of the values; by the data where it is `None`.
    #[serde(default)]
    pub low: Option<f64>,
    /// The upper end of the values; by the data where it is `None`.
    #[serde(default)]
    pub high: Option<f64>,
}

/// One frame as a curve: x from another metric's frame or the channel's number, y its value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Curve {
    /// The metric whose channels are the points.
    pub metric: String,
    /// The metric that gives the x of each channel; the number of the channel where it is `None`.
    #[serde(default)]
    pub x_metric: Option<String>,
    /// What the x axis is called.
    #[serde(default)]
    pub x_label: String,
    /// Whether the x axis is logarithmic.
    #[serde(default)]
    pub log_x: bool,
    /// Whether the y axis is logarithmic.
    #[serde(default)]
    pub log_y: bool,
}

/// One number, its age, and its course over the visible range.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stat {
    /// The metric by name.
    pub metric: String,
    /// Which of its channels.
    #[serde(default)]
    pub channel: u32,
}

/// Words, written as Markdown in the dashboard's file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Text {
    /// The words as HTML, made by the server: without scripts, styles or anything that is loaded from elsewhere.
    pub html: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<PanelKind> {
        let metric = || "hv".to_owned();
        let line = Line {
            metric: metric(),
            channels: ChannelSelection::Band,
            label: String::new(),
            axis: Axis::Right,
        };
        let limits = PlotLimits {
            log: true,
            low: Some(0.5),
            lines: vec![LimitLine {
                label: "maximum".to_owned(),
                at: LimitValue::Metric("hv_max".to_owned()),
                severity: Severity::Alarm,
            }],
            events: vec![Event {
                metric: "trips".to_owned(),
                label: String::new(),
            }],
            ..PlotLimits::default()
        };
        let strip = Strip {
            metric: "locked".to_owned(),
            label: String::new(),
        };
        vec![
            PanelKind::Timeseries(Timeseries {
                lines: vec![line],
                limits: limits.clone(),
                strips: vec![strip],
            }),
            PanelKind::Channels(Channels {
                metric: metric(),
                limits,
            }),
            PanelKind::Heatmap(Heatmap {
                metric: metric(),
                statistic: Statistic::Min,
                scale: Some(ColorScale::default()),
            }),
            PanelKind::Latest(LatestValues {
                metrics: vec![metric()],
                style: LatestStyle::Bars,
                show: LatestShow::Age,
            }),
            PanelKind::Camera(Camera {
                metric: metric(),
                scale: None,
            }),
            PanelKind::State(StateRows {
                metrics: vec![metric()],
            }),
            PanelKind::Histogram(Histogram {
                metric: metric(),
                bins: Some(40),
                low: None,
                high: Some(1.5),
            }),
            PanelKind::Curve(Curve {
                metric: metric(),
                x_metric: Some("frequency".to_owned()),
                x_label: "Hz".to_owned(),
                log_x: true,
                log_y: false,
            }),
            PanelKind::Stat(Stat {
                metric: metric(),
                channel: 3,
            }),
            PanelKind::Text(Text {
                html: "<p>Call</p>".to_owned(),
            }),
        ]
    }

    #[test]
    fn panels_of_all_kinds_survive_both_forms() {
        for kind in kinds() {
            let json = serde_json::to_string(&kind).unwrap();
            assert!(json.starts_with(&format!("{{\"{}\":", kind.as_str())), "{json}");
            assert_eq!(serde_json::from_str::<PanelKind>(&json).unwrap(), kind);
            let bytes = crate::compact::to_bytes(&kind).unwrap();
            assert_eq!(crate::compact::from_bytes::<PanelKind>(&bytes).unwrap(), kind);
        }
    }

    #[test]
    fn a_panel_names_every_metric_it_needs_once() {
        let kinds = kinds();
        assert_eq!(kinds[0].metrics(), ["hv", "hv_max", "trips", "locked"]);
        assert_eq!(kinds[1].metrics(), ["hv", "hv_max", "trips"]);
        assert_eq!(kinds[7].metrics(), ["hv", "frequency"]);
        assert!(kinds[9].metrics().is_empty());
    }

    #[test]
    fn a_heatmap_keeps_the_greatest_unless_it_says_otherwise() {
        let kind: PanelKind = serde_json::from_str(r#"{"heatmap":{"metric":"hv"}}"#).unwrap();
        let PanelKind::Heatmap(heatmap) = kind else {
            unreachable!("written as a heatmap")
        };
        assert_eq!(heatmap.statistic, Statistic::Max);
    }
}
