//! `dashboards/ID.toml`: tabs and their panels.

use std::collections::BTreeSet;

use shared::dashboard::{Dashboard, GRID_COLUMNS, MAX_DELAY_SECS, MAX_LOOKBACK_SECS, OpensAt, Panel, Tab};
use shared::time::{Date, MICROS_PER_SEC};

use super::duration;
use super::key::Key;
use super::panel;
use super::section::Section;

/// Each panel asks the server for its own data, and nobody reads more at a glance.
const MAX_PANELS: usize = 64;
/// The strip of tabs is read at a glance, too.
const MAX_TABS: usize = 32;

/// Of the file.
pub(super) const FILE_KEYS: &[Key] = &[
    Key::required("title", "text", "What the dashboard is headed with."),
    Key::required("tabs", "[[tabs]]", "Its tabs, at least one and at most 32."),
];

/// Of a tab.
pub(super) const TAB_KEYS: &[Key] = &[
    Key::required(
        "id",
        "1 to 64 letters, digits, - or _",
        "Its name in the address bar, one of its kind in the dashboard.",
    ),
    Key::required("title", "text", "What its handle says."),
    Key::optional(
        "note",
        "text",
        "none",
        "A sentence above the panels, such as where the data come from.",
    ),
    Key::optional(
        "simulated",
        "true or false",
        "false",
        "Whether the data are made up; then the page says so, always in sight.",
    ),
    Key::optional(
        "opens_at",
        "\"newest_night\", \"all_data\", \"last 15m\", \"last 15m delay 5s\" or a date such as \"2026-11-20\"",
        "\"newest_night\"",
        "Which time it shows when the address does not say. With `last` the window follows now, up to 31 days long and, \
         for sources that deliver late, up to an hour behind.",
    ),
    Key::required(
        "panels",
        "[[tabs.panels]]",
        "Its panels in reading order, at least one and at most 64: each asks the server for its own data, and nobody reads more \
         at a glance.",
    ),
];

/// Of a panel, besides those of its type.
pub(super) const PANEL_KEYS: &[Key] = &[
    Key::required(
        "id",
        "1 to 64 letters, digits, - or _",
        "Its name in the page and in links, one of its kind in the tab.",
    ),
    Key::required("title", "text", "What it is headed with."),
    Key::optional("width", "1 to 12", "6", "How many columns of the grid it spans."),
    Key::optional("height", "60 to 2000", "220", "The height of its plot, in pixels."),
    Key::required(
        "type",
        "text",
        "What it shows: one of the types below, with the keys of that type beside it.",
    ),
];

/// How high a plot may be, in pixels.
const HEIGHTS_PX: std::ops::RangeInclusive<u16> = 60..=2000;
/// How high it is if nothing is said, in pixels.
const DEFAULT_HEIGHT_PX: u16 = 220;
/// How many columns of the grid a panel spans if nothing is said.
const DEFAULT_WIDTH: u8 = 6;

/// Reads a dashboard; `None` where a mistake, which is noted, leaves nothing to show.
pub(super) fn read(id: &str, mut file: Section<'_>) -> Option<Dashboard> {
    if let Err(message) = check_id(id) {
        file.add_here(&format!("its name gives the id: {message}"));
    }
    let title = file.required_text("title");
    let sections = file.required_list("tabs", "[[tabs]]");
    if sections.len() > MAX_TABS {
        let advice = "spread them over more files, each of which is a dashboard";
        file.add_at(
            "tabs",
            &format!(
                "there are {}; a dashboard may have {MAX_TABS}: {advice}",
                sections.len()
            ),
        );
    }
    let mut ids = BTreeSet::new();
    let tabs = sections
        .into_iter()
        .filter_map(|section| read_tab(section, &mut ids))
        .collect();
    file.finish();
    Some(Dashboard {
        id: id.to_owned(),
        title: title?.to_owned(),
        tabs,
        source: String::new(),
    })
}

fn read_tab<'a>(mut section: Section<'a>, ids: &mut BTreeSet<&'a str>) -> Option<Tab> {
    let id = read_id(&mut section, ids, "tab");
    let title = section.required_text("title");
    let note = section.text("note").unwrap_or_default();
    let simulated = section.flag("simulated").unwrap_or_default();
    let opens_at = section.parsed("opens_at", OPENS_AT, parse_opens_at).unwrap_or_default();
    let sections = section.required_list("panels", "[[tabs.panels]]");
    if sections.len() > MAX_PANELS {
        let reason =
            "each asks the server for its own data, and nobody reads more at a glance; spread them over more tabs";
        section.add_at(
            "panels",
            &format!("there are {}; a tab may have {MAX_PANELS}: {reason}", sections.len()),
        );
    }
    let mut ids = BTreeSet::new();
    let panels = sections
        .into_iter()
        .filter_map(|section| read_panel(section, &mut ids))
        .collect();
    section.finish();
    Some(Tab {
        id: id?.to_owned(),
        title: title?.to_owned(),
        note: note.to_owned(),
        simulated,
        opens_at,
        panels,
    })
}

fn read_panel<'a>(mut section: Section<'a>, ids: &mut BTreeSet<&'a str>) -> Option<Panel> {
    let id = read_id(&mut section, ids, "panel");
    let title = section.required_text("title");
    let width = section.integer("width", 1..=u16::from(GRID_COLUMNS));
    let height = section.integer("height", HEIGHTS_PX).unwrap_or(DEFAULT_HEIGHT_PX);
    let show = panel::read(&mut section);
    section.finish();
    Some(Panel {
        id: id?.to_owned(),
        title: title?.to_owned(),
        width: width
            .and_then(|width| u8::try_from(width).ok())
            .unwrap_or(DEFAULT_WIDTH),
        height,
        show: show?,
    })
}

/// The id of a tab or panel, which is the only one of its kind there.
fn read_id<'a>(section: &mut Section<'a>, ids: &mut BTreeSet<&'a str>, what: &str) -> Option<&'a str> {
    let id = section.required_text("id")?;
    if let Err(message) = check_id(id) {
        section.add_at("id", &message);
        return None;
    }
    if !ids.insert(id) {
        section.add_at("id", &format!("another {what} here has the id {id:?} too"));
        return None;
    }
    Some(id)
}

/// Ids stand in the address bar and in the page, so they are short and plain.
fn check_id(id: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 64;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(plain) {
        Ok(())
    } else {
        Err(format!(
            "{id:?} is not an id; write 1 to {MAX_BYTES} letters, digits, `-` or `_`"
        ))
    }
}

const OPENS_AT: &str = "\"newest_night\", \"all_data\", a window that follows now such as \"last 15m\", or the date of a night such as \"2026-11-20\"";

/// What comes before the length of a window that slides with now.
const LAST: &str = "last ";

/// What comes between that and how far it stays behind now.
const DELAY: &str = " delay ";

fn parse_opens_at(text: &str) -> Result<OpensAt, String> {
    if let Some(window) = text.strip_prefix(LAST) {
        return parse_last(window);
    }
    match text {
        "newest_night" => Ok(OpensAt::NewestNight),
        "all_data" => Ok(OpensAt::AllData),
        _ => text
            .parse::<Date>()
            .map(OpensAt::Night)
            .map_err(|_not_a_date| format!("{text:?} is not a time to open at; write {OPENS_AT}")),
    }
}

/// Reads `15m` and `15m delay 5s`.
fn parse_last(text: &str) -> Result<OpensAt, String> {
    let secs_of = |text: &str, most: u32| {
        let micros = duration::parse_micros(text)?;
        let secs = u32::try_from(micros / MICROS_PER_SEC).ok().filter(|secs| *secs <= most);
        match secs {
            Some(secs) if micros % MICROS_PER_SEC == 0 => Ok(secs),
            Some(_) => Err(format!("{text:?} is not a whole number of seconds")),
            None => Err(format!("{text:?} is too long; the longest is {}h", most / 3_600)),
        }
    };
    let (length, delay) = match text.split_once(DELAY) {
        Some((length, delay)) => (length, secs_of(delay, MAX_DELAY_SECS.into())?),
        None => (text, 0),
    };
    Ok(OpensAt::Last {
        secs: secs_of(length, MAX_LOOKBACK_SECS)?,
        // No longer than that many.
        delay_secs: u16::try_from(delay).unwrap_or(MAX_DELAY_SECS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_opens_at_a_night_at_all_data_or_follows_now() {
        let last = |secs, delay_secs| Ok(OpensAt::Last { secs, delay_secs });
        assert_eq!(parse_opens_at("all_data"), Ok(OpensAt::AllData));
        let night: Date = "2026-11-20".parse().unwrap();
        assert_eq!(parse_opens_at("2026-11-20"), Ok(OpensAt::Night(night)));
        assert_eq!(parse_opens_at("last 15m"), last(900, 0));
        assert_eq!(
            parse_opens_at("last 31d delay 1h"),
            last(MAX_LOOKBACK_SECS, MAX_DELAY_SECS)
        );
        for (wrong, told) in [
            ("last 15", "has no unit"),
            ("last 32d", "is too long; the longest is 744h"),
            ("last 15m delay 2h", "is too long; the longest is 1h"),
            ("last 1.5s", "is not a whole number of seconds"),
            ("last 0s", "is not above zero"),
            ("last", "is not a time to open at"),
        ] {
            let message = parse_opens_at(wrong).unwrap_err();
            assert!(message.contains(told), "{wrong}: {message}");
        }
    }
}
