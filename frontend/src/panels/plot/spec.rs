//! What a panel over time is made of, whatever its kind.

use shared::dashboard::{Axis, Line, PanelKind, PlotLimits, Strip};
use shared::metric::ChannelSelection;

use crate::panels::cells::spec::CellsSpec;

/// What a panel over time shows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlotSpec {
    /// The lines, first at the bottom.
    pub lines: Vec<Line>,
    /// How the left axis runs, and what is marked on it.
    pub limits: PlotLimits,
    /// Strips under the lines.
    pub strips: Vec<Strip>,
    /// The metric whose chosen channel is a line on top of all others; `None` where the choice does not matter.
    pub follows: Option<String>,
    /// Cells beneath the lines.
    pub cells: Option<CellsSpec>,
}

impl PlotSpec {
    /// What a panel is made of; `None` for kinds that are not drawn over time.
    pub fn of(kind: &PanelKind) -> Option<Self> {
        match kind {
            PanelKind::Timeseries(timeseries) => Some(Self {
                lines: timeseries.lines.clone(),
                limits: timeseries.limits.clone(),
                strips: timeseries.strips.clone(),
                follows: None,
                cells: None,
            }),
            PanelKind::Channels(channels) => Some(Self {
                lines: vec![Line {
                    metric: channels.metric.clone(),
                    channels: ChannelSelection::Band,
                    label: "all channels".to_owned(),
                    axis: Axis::Left,
                }],
                limits: channels.limits.clone(),
                strips: Vec::new(),
                follows: Some(channels.metric.clone()),
                cells: CellsSpec::of(kind),
            }),
            _ => CellsSpec::of(kind).map(|cells| Self {
                cells: Some(cells),
                ..Self::default()
            }),
        }
    }

    /// All lines, that of the chosen channel on top.
    pub fn lines_with(&self, chosen: Option<u32>) -> Vec<Line> {
        let mut lines = self.lines.clone();
        if let Some((metric, channel)) = self.follows.as_ref().zip(chosen) {
            lines.push(Line {
                metric: metric.clone(),
                channels: ChannelSelection::List(vec![channel]),
                label: String::new(),
                axis: Axis::Left,
            });
        }
        lines
    }
}
