//! What a page is made of: dashboards, tabs, panels.

use serde::{Deserialize, Serialize};

use crate::metric::ChannelSelection;
use crate::time::Date;

/// Columns of the grid on which panels are laid out.
pub const GRID_COLUMNS: u8 = 12;

/// The answer to `GET /api/v1/dashboards`, in the order of their files' names.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dashboards {
    /// The site that all dashboards show.
    pub site: Site,
    /// All dashboards.
    pub dashboards: Vec<Dashboard>,
}

/// Where the instrument stands, and how its nights are cut.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Site {
    /// What the page is headed with.
    pub name: String,
    /// The IANA name of the site's time zone, such as `Atlantic/Canary`.
    pub time_zone: String,
    /// Minutes after local midnight at which a night begins, 0 to 1439; 720 is noon.
    pub day_start_minutes: u16,
}

/// A page of tabs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dashboard {
    /// Its name in the address bar.
    pub id: String,
    /// What it is headed with.
    pub title: String,
    /// Its tabs, at least one.
    pub tabs: Vec<Tab>,
}

/// Panels that are seen together, over one time axis.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tab {
    /// Its name in the address bar.
    pub id: String,
    /// What its handle says.
    pub title: String,
    /// A sentence above the panels, such as where the data come from; empty for none.
    #[serde(default)]
    pub note: String,
    /// Whether the data are made up; then the page says so, always in sight.
    #[serde(default)]
    pub simulated: bool,
    /// Which time the tab shows when the address does not say.
    #[serde(default)]
    pub opens_at: OpensAt,
    /// Its panels, in reading order.
    pub panels: Vec<Panel>,
}

/// Which time a tab shows when the address does not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OpensAt {
    /// The newest night with data of its metrics.
    #[default]
    NewestNight,
    /// From the first to the last sample of its metrics.
    AllData,
    /// One night, by its date.
    Night(Date),
}

/// One panel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Panel {
    /// Its name in the page and in links, one of its kind in the tab.
    pub id: String,
    /// What it is headed with.
    pub title: String,
    /// How many of the [`GRID_COLUMNS`] it spans, 1 to 12.
    pub width: u8,
    /// The height of its plot in pixels.
    pub height: u16,
    /// What it shows.
    pub show: PanelKind,
}

/// What a panel shows: a closed set, matched in one place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(into = "PanelKindParts", try_from = "PanelKindParts")]
pub enum PanelKind {
    /// Lines over time.
    Timeseries(Timeseries),
    /// The newest sample of each channel.
    Latest(LatestTable),
}

/// How a panel's kind is written and read: flat, in one pass, and in the compact form too, which a tagged enum is not.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct PanelKindParts {
    r#type: PanelType,
    lines: Option<Vec<Line>>,
    metrics: Option<Vec<String>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
enum PanelType {
    Timeseries,
    Latest,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for PanelKind {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        PanelKindParts::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for PanelKind {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        PanelKindParts::schemas(schemas);
    }
}

impl From<PanelKind> for PanelKindParts {
    fn from(kind: PanelKind) -> Self {
        let (r#type, lines, metrics) = match kind {
            PanelKind::Timeseries(timeseries) => (PanelType::Timeseries, Some(timeseries.lines), None),
            PanelKind::Latest(latest) => (PanelType::Latest, None, Some(latest.metrics)),
        };
        Self { r#type, lines, metrics }
    }
}

impl TryFrom<PanelKindParts> for PanelKind {
    type Error = &'static str;

    fn try_from(parts: PanelKindParts) -> Result<Self, Self::Error> {
        Ok(match parts.r#type {
            PanelType::Timeseries => Self::Timeseries(Timeseries {
                lines: parts.lines.ok_or("a timeseries panel needs lines")?,
            }),
            PanelType::Latest => Self::Latest(LatestTable {
                metrics: parts.metrics.ok_or("a latest panel needs metrics")?,
            }),
        })
    }
}

impl PanelKind {
    /// The names of the metrics that the panel needs, in the order of first use, each once.
    pub fn metrics(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let all = match self {
            Self::Timeseries(timeseries) => timeseries.lines.iter().map(|line| line.metric.as_str()).collect(),
            Self::Latest(latest) => latest.metrics.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        for name in all {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Lines over time, on one or two axes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timeseries {
    /// What is drawn, first at the bottom.
    pub lines: Vec<Line>,
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

/// A table of the newest sample of each channel of some metrics, worst first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatestTable {
    /// The metrics by name.
    pub metrics: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_of_both_kinds_survive_their_json() {
        let line = Line {
            metric: "hv".to_owned(),
            channels: ChannelSelection::Band,
            label: String::new(),
            axis: Axis::Right,
        };
        let kinds = [
            PanelKind::Timeseries(Timeseries { lines: vec![line] }),
            PanelKind::Latest(LatestTable {
                metrics: vec!["hv".to_owned()],
            }),
        ];
        for kind in kinds {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<PanelKind>(&json).unwrap(), kind);
            let bytes = crate::compact::to_bytes(&kind).unwrap();
            assert_eq!(crate::compact::from_bytes::<PanelKind>(&bytes).unwrap(), kind);
        }
    }

    #[test]
    fn a_panel_without_its_part_is_refused() {
        let error = serde_json::from_str::<PanelKind>(r#"{"type":"latest"}"#).unwrap_err();
        assert!(error.to_string().contains("needs metrics"), "{error}");
    }
}
