//! What a page is made of: dashboards, tabs, panels.

use serde::{Deserialize, Serialize};

use crate::display::MetricDisplay;
use crate::time::Date;

mod kind;

pub use kind::{
    Axis, Camera, Channels, Curve, Event, Heatmap, Histogram, LatestShow, LatestStyle, LatestValues, LimitLine,
    LimitValue, Line, PanelKind, PlotLimits, Severity, Stat, StateRows, Strip, Text, Timeseries,
};

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
    /// How metrics look wherever they are shown, sorted by name; those without a wish are left out.
    #[serde(default)]
    pub displays: Vec<MetricDisplay>,
    /// Files that are broken now: their last good form is shown, or nothing if there never was one.
    #[serde(default)]
    pub broken: Vec<BrokenFile>,
    /// Counts the reloads of the files since the server started.
    #[serde(default)]
    pub revision: u64,
}

/// A dashboard's file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenFile {
    /// Its path below the configuration's folder, such as `dashboards/night.toml`.
    pub file: String,
    /// What is wrong with it, with line and column, as `check-config` says it.
    pub message: String,
}

/// The answer to `GET /api/v1/dashboards/files`, in the order of the dashboards.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DashboardFiles {
    /// One for each dashboard that is shown.
    pub files: Vec<DashboardFile>,
}

/// The file that a dashboard was made of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DashboardFile {
    /// The dashboard by its id; its file is `dashboards/ID.toml`.
    pub dashboard: String,
    /// The text of the file, as it was when the dashboard was read.
    pub text: String,
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
    /// Whether it is known where on Earth the site is, so that `GET /api/v1/sky` can tell twilight and moon.
    #[serde(default)]
    pub has_sky: bool,
    /// Shifts of the crew, which the night picker offers as ranges.
    #[serde(default)]
    pub shifts: Vec<Shift>,
}

/// A part of the day that a crew is on duty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shift {
    /// What the crew calls it.
    pub name: String,
    /// When it begins, in minutes after local midnight, 0 to 1439.
    pub start_minutes: u16,
    /// When it ends, in minutes after local midnight, 0 to 1439; the next day where it is not after the start.
    pub end_minutes: u16,
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
    /// The text of the file that it was made of. Only the server has it; see [`DashboardFiles`].
    #[serde(skip)]
    pub source: String,
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
    /// A window that slides with now.
    Last {
        /// How long it is, in seconds: from 1 to 2678400, which is 31 days.
        secs: u32,
        /// How far its end stays behind now, in seconds: at most 3600.
        delay_secs: u16,
    },
}

/// The longest time that a window which slides with now looks back, in seconds: a month.
pub const MAX_LOOKBACK_SECS: u32 = 31 * 24 * 3_600;

/// The most that such a window stays behind now, in seconds.
pub const MAX_DELAY_SECS: u16 = 3_600;

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
