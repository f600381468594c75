//! Which cells a panel shows, and what it takes to know them.

use shared::dashboard::PanelKind;
use shared::display::{ColorScale, MetricDisplay};
use shared::query::raster::Statistic;

use super::data::{CellAsk, Rows};
use crate::panels::plot::data::Ask;

/// The cells of a panel.
#[derive(Clone, PartialEq, Debug)]
pub enum CellsSpec {
    /// Time x channel, coloured by value.
    Values {
        /// The metric by name.
        metric: String,
        /// What folds them.
        statistic: Statistic,
        /// The colours; those of the metric where it is `None`.
        scale: Option<ColorScale>,
    },
    /// Time x value, coloured by count.
    Counts {
        /// The metric by name.
        metric: String,
        /// How many steps of value; as many as there are pixels where it is `None`.
        bins: Option<u16>,
        /// The lower end; by the data where it is `None`.
        low: Option<f64>,
        /// The upper end; by the data where it is `None`.
        high: Option<f64>,
        /// Whether the axis of values is logarithmic, and the steps with it.
        is_log: bool,
    },
    /// Time x channel, coloured by state.
    States {
        /// The metrics by name, the first on top.
        metrics: Vec<String>,
    },
}

impl CellsSpec {
    /// The cells of a kind of panel; `None` for those that have none.
    pub fn of(kind: &PanelKind) -> Option<Self> {
        match kind {
            PanelKind::Heatmap(heatmap) => Some(Self::Values {
                metric: heatmap.metric.clone(),
                statistic: heatmap.statistic,
                scale: heatmap.scale.clone(),
            }),
            PanelKind::Histogram(histogram) => Some(Self::Counts {
                metric: histogram.metric.clone(),
                bins: histogram.bins,
                low: histogram.low,
                high: histogram.high,
                is_log: false,
            }),
            PanelKind::Channels(channels) => Some(Self::Counts {
                metric: channels.metric.clone(),
                bins: None,
                low: channels.limits.low,
                high: channels.limits.high,
                is_log: channels.limits.log,
            }),
            PanelKind::State(rows) => Some(Self::States {
                metrics: rows.metrics.clone(),
            }),
            PanelKind::Timeseries(_)
            | PanelKind::Latest(_)
            | PanelKind::Camera(_)
            | PanelKind::Curve(_)
            | PanelKind::Stat(_)
            | PanelKind::Text(_) => None,
        }
    }

    /// The metrics by name.
    pub fn metrics(&self) -> Vec<&str> {
        match self {
            Self::Values { metric, .. } | Self::Counts { metric, .. } => vec![metric],
            Self::States { metrics } => metrics.iter().map(String::as_str).collect(),
        }
    }

    /// The questions about a metric: one, or two of which the second is about the greatest value.
    pub fn asks(&self, metric: &str) -> Vec<CellAsk> {
        let ask = |statistic, rows| CellAsk {
            metric: metric.to_owned(),
            statistic,
            rows,
            low: None,
            high: None,
            is_log: false,
        };
        match self {
            Self::Values { statistic, .. } => vec![ask(*statistic, Rows::Pixels)],
            Self::Counts {
                bins,
                low,
                high,
                is_log,
                ..
            } => {
                let rows = bins.map_or(Rows::Pixels, |bins| Rows::Exactly(u32::from(bins)));
                // Ends that are none would be refused.
                let is_range = low.zip(*high).is_none_or(|(low, high)| low < high);
                vec![CellAsk {
                    low: low.filter(|_| is_range),
                    high: high.filter(|_| is_range),
                    is_log: *is_log,
                    ..ask(Statistic::Density, rows)
                }]
            }
            Self::States { .. } => vec![ask(Statistic::Min, Rows::Channels), ask(Statistic::Max, Rows::Channels)],
        }
    }

    /// The colours of a metric: the panel's own, or those of the metric.
    pub fn scale_of(&self, display: MetricDisplay) -> ColorScale {
        let own = match self {
            Self::Values { scale, .. } => scale.clone(),
            Self::Counts { .. } | Self::States { .. } => None,
        };
        own.or(display.scale).unwrap_or_default()
    }

    /// Whether the extremes of each channel have to be known: to tell which of them lie beyond a fixed end of the scale.
    pub fn needs_extremes(&self, scale: &ColorScale) -> bool {
        let is_fixed = scale.low.is_some() || scale.high.is_some() || !scale.stops.is_empty() || scale.log;
        matches!(self, Self::Values { .. }) && is_fixed
    }
}

/// The questions about the cells of a panel; `display` knows how metrics look.
pub fn cell_asks(spec: Option<&CellsSpec>, display: impl Fn(&str) -> MetricDisplay) -> Vec<Ask> {
    let mut asks = Vec::new();
    for (spec, metric) in spec
        .into_iter()
        .flat_map(|spec| spec.metrics().into_iter().map(move |metric| (spec, metric)))
    {
        // First, because it is little: it is read while the cells are under way.
        if spec.needs_extremes(&spec.scale_of(display(metric))) {
            asks.push(Ask::Extremes {
                metric: metric.to_owned(),
            });
        }
        asks.extend(spec.asks(metric).into_iter().map(Ask::Cells));
    }
    asks
}

#[cfg(test)]
mod tests {
    use shared::dashboard::{Heatmap, Histogram, StateRows};

    use super::*;

    fn told(kind: &PanelKind) -> Vec<String> {
        let spec = CellsSpec::of(kind).unwrap();
        let asks = spec.metrics().into_iter().flat_map(|metric| spec.asks(metric));
        asks.map(|ask| {
            format!(
                "{} {} {:?} {:?} {:?}",
                ask.metric,
                ask.statistic.as_str(),
                ask.rows,
                ask.low,
                ask.high
            )
        })
        .collect()
    }

    #[test]
    fn each_kind_asks_for_what_it_draws() {
        let heatmap = PanelKind::Heatmap(Heatmap {
            metric: "hv".to_owned(),
            statistic: Statistic::Max,
            scale: None,
        });
        assert_eq!(told(&heatmap), ["hv max Pixels None None"]);
        let histogram = |low, high| {
            PanelKind::Histogram(Histogram {
                metric: "lag".to_owned(),
                bins: Some(40),
                low,
                high,
            })
        };
        assert_eq!(
            told(&histogram(None, Some(1.5))),
            ["lag density Exactly(40) None Some(1.5)"]
        );
        assert_eq!(
            told(&histogram(Some(2.0), Some(1.5))),
            ["lag density Exactly(40) None None"]
        );
        let states = PanelKind::State(StateRows {
            metrics: vec!["busy".to_owned(), "door".to_owned()],
        });
        assert_eq!(
            told(&states),
            [
                "busy min Channels None None",
                "busy max Channels None None",
                "door min Channels None None",
                "door max Channels None None"
            ]
        );
    }

    #[test]
    fn extremes_matter_where_an_end_of_the_scale_is_fixed() {
        let spec = CellsSpec::Values {
            metric: "hv".to_owned(),
            statistic: Statistic::Max,
            scale: None,
        };
        assert!(!spec.needs_extremes(&ColorScale::default()));
        let fixed = ColorScale {
            high: Some(30.0),
            ..ColorScale::default()
        };
        assert!(spec.needs_extremes(&fixed));
    }
}
