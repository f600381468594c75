//! The address bar is the state: what is on the screen, as a link, and back.
//!
//! `/d/camera/pixels?night=2026-11-20&zoom=2026-11-20T20:00:00Z..2026-11-20T21:00:00Z&hide=hv/max&channel=412&theme=red`,
//! and `&pin=hv/camera.hv:412@2026-11-20T20:14:00Z` for each value that is pinned.
//!
//! A part that cannot be read is left out and reported, so that a damaged link still shows what it can.

use std::fmt;
use std::ops::RangeInclusive;

use percent_encoding::percent_decode_str;
use shared::display::CameraPart;
use shared::time::{Date, TimeRange, Timestamp};

use crate::api::url::{QueryWriter, path_part};
use crate::state::follow::{Lookback, delay_of, lookback_of};

mod alarms;

pub use alarms::{AlarmView, Show};

/// What is on the screen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Address {
    /// Which tab.
    pub place: Place,
    /// Which time the tab is about; `None` leaves it to the tab.
    pub time: Option<Period>,
    /// The part of it that is looked at; `None` for all.
    pub zoom: Option<TimeRange>,
    /// The legend entries that are hidden.
    pub hidden: Vec<HiddenLine>,
    /// The values that stay on the screen, in the order in which they were pinned.
    pub pins: Vec<Pinned>,
    /// The channel that all panels point out.
    pub channel: Option<Chosen>,
    /// The colours; `None` follows the system.
    pub theme: Option<ThemeName>,
    /// The clock of the time axes, and the one that a small screen shows.
    pub clock: ClockName,
    /// What is looked at on the page of alarms.
    pub alarms: AlarmView,
    /// On a wallboard: how many seconds each tab is shown; `None` while tabs stay until someone changes them.
    pub wall: Option<u16>,
}

/// Which page of the application.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Page {
    /// The panels of a tab.
    #[default]
    Board,
    /// What the rules say: `/alarms`.
    Alarms,
    /// Which deliveries are silent, and which clocks are wrong: `/streams`.
    Streams,
}

/// Which page, and of panels which tab of which dashboard; nothing named means the first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The page.
    pub page: Page,
    /// The dashboard by its id.
    pub dashboard: Option<String>,
    /// The tab by its id.
    pub tab: Option<String>,
    /// The path is none of ours.
    pub unknown: bool,
}

/// The time that a tab is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// A night of the site, by its date.
    Night(Date),
    /// A window that slides with now.
    Last(Lookback),
    /// Any range.
    Range(TimeRange),
}

/// A legend entry that is hidden.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HiddenLine {
    /// The panel by its id.
    pub panel: String,
    /// The line by the key that its panel gives it.
    pub line: String,
}

impl HiddenLine {
    fn parse(value: &str) -> Option<Self> {
        let (panel, line) = value.split_once('/')?;
        Some(Self {
            panel: panel.to_owned(),
            line: line.to_owned(),
        })
    }
}

/// A value that stays on the screen. Written `panel/what@time`, and `panel/what@start..end` for a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pinned {
    /// The panel by its id.
    pub panel: String,
    /// What of it, by the key that its panel gives it.
    pub what: String,
    /// When: a microsecond for a single sample.
    pub range: TimeRange,
}

impl Pinned {
    fn parse(value: &str) -> Option<Self> {
        let (place, when) = value.rsplit_once('@')?;
        let (panel, what) = place.split_once('/')?;
        let range = if when.contains(ENDS) {
            parse_zoom(when).ok()?
        } else {
            let time: Timestamp = when.parse().ok()?;
            TimeRange::new(time, time.saturating_add_micros(1)).ok()?
        };
        Some(Self {
            panel: panel.to_owned(),
            what: what.to_owned(),
            range,
        })
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { panel, what, range } = self;
        write!(f, "{panel}/{what}@{}", range.start())?;
        if range.micros() > 1 {
            write!(f, "{ENDS}{}", range.end())?;
        }
        Ok(())
    }
}

/// A chosen channel, and as what it was chosen. Written `412`, and `m58` for a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// A pixel, which is also what channels without a place in a camera count as, or a module.
    pub part: CameraPart,
    /// Its number.
    pub number: u32,
}

/// Before the number of a module.
const MODULE_SIGN: char = 'm';

impl Chosen {
    fn parse(value: &str) -> Option<Self> {
        let (part, number) = match value.strip_prefix(MODULE_SIGN) {
            Some(number) => (CameraPart::Module, number),
            None => (CameraPart::Pixel, value),
        };
        let is_plain = number.bytes().all(|digit| digit.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_plain)?;
        Some(Self { part, number })
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part == CameraPart::Module {
            write!(f, "{MODULE_SIGN}")?;
        }
        write!(f, "{}", self.number)
    }
}

/// A theme by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThemeName {
    /// Light text on dark ground.
    Dark,
    /// Dark text on light ground.
    Light,
    /// Red on black, for eyes that must stay used to the dark.
    Red,
}

impl ThemeName {
    /// The word in the address and in the style sheets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Red => "red",
        }
    }

    /// The theme of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Dark, Self::Light, Self::Red]
            .into_iter()
            .find(|theme| theme.as_str() == word)
    }
}

/// A clock by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClockName {
    /// Coordinated universal time.
    #[default]
    Utc,
    /// Local time at the site.
    Site,
    /// Seconds of GPS time.
    Gps,
}

impl ClockName {
    /// All clocks in their order on the screen.
    pub const ALL: [Self; 3] = [Self::Utc, Self::Site, Self::Gps];

    /// The word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Site => "site",
            Self::Gps => "gps",
        }
    }
}

/// A part of the address that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The key, such as `night`.
    pub key: &'static str,
    /// What is wrong with its value, and how it is written.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// How many seconds a tab may be shown on a wallboard.
pub const WALL_SECS: RangeInclusive<u16> = 5..=3_600;

/// Between the ends of a zoom.
const ENDS: &str = "..";

impl Address {
    /// Reads the path below the mount point and the query without its question mark.
    pub fn parse(path: &str, query: &str) -> (Self, Vec<Problem>) {
        let mut address = Self {
            place: Place::parse(path),
            ..Self::default()
        };
        let mut problems = Vec::new();
        let (mut from, mut to, mut delay_secs) = (None, None, 0);
        for pair in query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            // A plus stays a plus: it belongs to the offset of a time.
            let value = percent_decode_str(value).decode_utf8_lossy();
            let value = value.as_ref();
            let mut report = |key, message: String| problems.push(Problem { key, message });
            match key {
                "night" => match value.parse() {
                    Ok(date) => address.time = Some(Period::Night(date)),
                    Err(error) => report("night", format!("{error}")),
                },
                "last" => match lookback_of(value) {
                    Ok(lookback) => address.time = Some(Period::Last(lookback)),
                    Err(message) => report("last", message),
                },
                "delay" => match delay_of(value) {
                    Ok(secs) => delay_secs = secs,
                    Err(message) => report("delay", message),
                },
                "from" => match value.parse::<Timestamp>() {
                    Ok(time) => from = Some(time),
                    Err(error) => report("from", error.to_string()),
                },
                "to" => match value.parse::<Timestamp>() {
                    Ok(time) => to = Some(time),
                    Err(error) => report("to", error.to_string()),
                },
                "zoom" => match parse_zoom(value) {
                    Ok(zoom) => address.zoom = Some(zoom),
                    Err(message) => report("zoom", message),
                },
                "hide" => match HiddenLine::parse(value) {
                    Some(line) => address.hidden.push(line),
                    None => report("hide", format!("\"{value}\" is not written like panel/line")),
                },
                "pin" => match Pinned::parse(value) {
                    Some(pin) => address.pins.push(pin),
                    None => report(
                        "pin",
                        format!("\"{value}\" is not written like panel/metric:channel@time"),
                    ),
                },
                "channel" => match Chosen::parse(value) {
                    Some(channel) => address.channel = Some(channel),
                    None => report(
                        "channel",
                        format!("\"{value}\" is no channel; write it like 412, or like m58 for a module"),
                    ),
                },
                "theme" => match ThemeName::from_word(value) {
                    Some(theme) => address.theme = Some(theme),
                    None => report("theme", format!("\"{value}\" is none of dark, light and red")),
                },
                "clock" => match ClockName::ALL.into_iter().find(|clock| clock.as_str() == value) {
                    Some(clock) => address.clock = clock,
                    None => report("clock", format!("\"{value}\" is none of utc, site and gps")),
                },
                "wall" => match value.parse().ok().filter(|secs| WALL_SECS.contains(secs)) {
                    Some(secs) => address.wall = Some(secs),
                    None => report("wall", format!("\"{value}\" is no number of seconds from 5 to 3600")),
                },
                "show" | "system" | "rule" => {
                    if let Err(message) = address.alarms.read(key, value) {
                        report("show", message);
                    }
                }
                // Others may add keys of their own, such as where a link was found.
                _ => {}
            }
        }
        address.stay_behind(delay_secs);
        match range_of(from, to) {
            Ok(range) => address.time = range.map(Period::Range).or(address.time),
            Err(problem) => problems.push(problem),
        }
        (address, problems)
    }

    /// Delays a window that slides with now.
    const fn stay_behind(&mut self, secs: u16) {
        if let Some(Period::Last(lookback)) = &mut self.time {
            lookback.delay_secs = secs;
        }
    }

    /// The same screen over another time, all of it in sight.
    #[must_use]
    pub fn at(&self, time: Option<Period>) -> Self {
        Self {
            time,
            zoom: None,
            ..self.clone()
        }
    }
}

/// The range of both ends; nothing where neither is given.
fn range_of(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Option<TimeRange>, Problem> {
    match (from, to) {
        (Some(from), Some(to)) => TimeRange::new(from, to).map(Some).map_err(|error| Problem {
            key: "to",
            message: error.to_string(),
        }),
        (None, None) => Ok(None),
        (Some(_), None) => Err(missing("to", "from")),
        (None, Some(_)) => Err(missing("from", "to")),
    }
}

fn missing(key: &'static str, given: &str) -> Problem {
    Problem {
        key,
        message: format!("a range needs both from and to, here is only {given}"),
    }
}

fn parse_zoom(value: &str) -> Result<TimeRange, String> {
    let (from, to) = value
        .split_once(ENDS)
        .ok_or_else(|| format!("\"{value}\" is not written like 2026-11-20T20:00:00Z..2026-11-20T21:00:00Z"))?;
    let time = |text: &str| text.parse::<Timestamp>().map_err(|error| error.to_string());
    TimeRange::new(time(from)?, time(to)?).map_err(|error| error.to_string())
}

impl Place {
    /// A tab of a dashboard.
    pub fn of(dashboard: &str, tab: &str) -> Self {
        Self {
            dashboard: Some(dashboard.to_owned()),
            tab: Some(tab.to_owned()),
            ..Self::default()
        }
    }

    /// A page without panels.
    pub fn page(page: Page) -> Self {
        Self {
            page,
            ..Self::default()
        }
    }

    fn parse(path: &str) -> Self {
        let decoded = |part: &str| Some(percent_decode_str(part).decode_utf8_lossy().into_owned());
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts[..] {
            [] => Self::default(),
            ["alarms"] => Self::page(Page::Alarms),
            ["streams"] => Self::page(Page::Streams),
            ["d", dashboard] => Self {
                dashboard: decoded(dashboard),
                ..Self::default()
            },
            ["d", dashboard, tab] => Self {
                dashboard: decoded(dashboard),
                tab: decoded(tab),
                ..Self::default()
            },
            _ => Self {
                unknown: true,
                ..Self::default()
            },
        }
    }
}

/// The path below the mount point, and the query.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::from("/");
        match (self.place.page, &self.place.dashboard) {
            (Page::Alarms, _) => path.push_str("alarms"),
            (Page::Streams, _) => path.push_str("streams"),
            (Page::Board, None) => {}
            (Page::Board, Some(dashboard)) => {
                path.push_str("d/");
                path.push_str(&path_part(dashboard));
                if let Some(tab) = &self.place.tab {
                    path.push('/');
                    path.push_str(&path_part(tab));
                }
            }
        }
        let mut query = QueryWriter::new(&path);
        match self.time {
            Some(Period::Night(date)) => query = query.pair("night", &date.to_string()),
            Some(Period::Last(lookback)) => {
                query = query.pair("last", &lookback.to_string());
                if lookback.delay_secs > 0 {
                    let delay = Lookback::of_secs(lookback.delay_secs.into());
                    query = query.pair("delay", &delay.to_string());
                }
            }
            Some(Period::Range(range)) => {
                query = query
                    .pair("from", &range.start().to_string())
                    .pair("to", &range.end().to_string());
            }
            None => {}
        }
        if let Some(zoom) = self.zoom {
            query = query.pair("zoom", &format!("{}{ENDS}{}", zoom.start(), zoom.end()));
        }
        for HiddenLine { panel, line } in &self.hidden {
            query = query.pair("hide", &format!("{panel}/{line}"));
        }
        for pin in &self.pins {
            query = query.pair("pin", &pin.to_string());
        }
        if let Some(channel) = self.channel {
            query = query.pair("channel", &channel.to_string());
        }
        query = self.alarms.write(query);
        if let Some(theme) = self.theme {
            query = query.pair("theme", theme.as_str());
        }
        if self.clock != ClockName::default() {
            query = query.pair("clock", self.clock.as_str());
        }
        if let Some(secs) = self.wall {
            query = query.pair("wall", &secs.to_string());
        }
        f.write_str(&query.finish())
    }
}

#[cfg(test)]
mod tests;
