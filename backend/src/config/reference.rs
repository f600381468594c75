//! The reference of the files of dashboards and of what they show of metrics, as Markdown.
//!
//! It is written from what stands beside the readers; its tests hold that the readers ask for the keys that it lists, for
//! no others, and that they take its examples.

use std::fmt::Write as _;

use super::key::{Default, Key};
use super::{alarms, dashboard, display, metrics, notify, panel, scale, site, streams};

mod examples;

use examples::{ALARM_EXAMPLE, FILE_EXAMPLE, METRICS_EXAMPLE, NOTIFY_EXAMPLE, SHIFTS_EXAMPLE, STREAMS_EXAMPLE};

const INTRODUCTION: &str = "\
# Dashboards: the reference

<!-- Written by `watchroom check-config --reference`; a test holds that it is what the readers take. -->

Each file `dashboards/ID.toml` beside `watchroom.toml` is a dashboard; its name without `.toml` is its id in the address \
bar, of letters, digits, `-` and `_`. The first by name opens when the address names none.

`watchroom check-config -c watchroom.toml` names every mistake in all files with line, column and key. A running server \
reads the files again when they change, and `[metrics.\"NAME\"]` too: a broken file keeps its last good form, and the page \
says what is wrong with it. All else in `watchroom.toml` needs a restart, and the log says so.
";

/// The reference, as `watchroom check-config --reference` prints it.
pub fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    write_example(&mut text, FILE_EXAMPLE);
    write_section(&mut text, "## The file", "", &[dashboard::FILE_KEYS]);
    write_section(&mut text, "## `[[tabs]]`", "", &[dashboard::TAB_KEYS]);
    write_section(&mut text, "## `[[tabs.panels]]`", "", &[dashboard::PANEL_KEYS]);
    let types = panel::TYPES.map(|panel_type| format!("[`{0}`](#{0})", panel_type.word));
    push_line(&mut text, &format!("\nThe types: {}.", types.join(", ")));
    for panel_type in panel::TYPES {
        write_section(
            &mut text,
            &format!("### `{}`", panel_type.word),
            panel_type.meaning,
            panel_type.keys,
        );
        for (name, keys) in panel_type.inner {
            // All scales are told together, further below.
            if *name != "scale" {
                push_line(&mut text, &format!("\nOf `{name}`:"));
                write_keys(&mut text, &[keys]);
            }
        }
        write_example(&mut text, &panel_example(&panel_type));
    }
    let about = "In `watchroom.toml`: how a metric looks wherever it is shown.";
    write_section(
        &mut text,
        "## `[metrics.\"NAME\"]`",
        about,
        &[metrics::KEYS, display::KEYS],
    );
    for (name, keys) in METRIC_TABLES {
        push_line(&mut text, &format!("\nOf `{name}`:"));
        write_keys(&mut text, &[keys]);
    }
    write_example(&mut text, METRICS_EXAMPLE);
    let about = "In `watchroom.toml`: which deliveries are expected, and from when on they are late or stale.";
    write_section(&mut text, "## `[streams.NAME]`", about, &[streams::KEYS]);
    write_example(&mut text, STREAMS_EXAMPLE);
    let about = "A scale is a table, or one of the names below. Values beyond its ends are counted, and have the colours of the ends.";
    write_section(&mut text, "## Scales", about, &[scale::KEYS]);
    push_line(&mut text, "\n| name | colours |\n|---|---|");
    for (name, told) in scale::names() {
        push_line(&mut text, &format!("| `\"{name}\"` | {told} |"));
    }
    write_alarms(&mut text);
    let about = "In `[site]` of `watchroom.toml`: the night picker offers the shifts of the crew as ranges.";
    write_section(&mut text, "## `shifts`", about, &[site::SHIFT_KEYS]);
    write_example(&mut text, SHIFTS_EXAMPLE);
    let about = "In `watchroom.toml`: who is told what happens to alarms.";
    write_section(&mut text, "## `[notify]`", about, &[notify::KEYS]);
    for (name, about, keys) in NOTIFY_TABLES {
        write_section(&mut text, &format!("### `{name}`"), about, keys);
    }
    write_example(&mut text, NOTIFY_EXAMPLE);
    text
}

fn write_alarms(text: &mut String) {
    let about = "In `watchroom.toml`: when somebody has to know. A rule is OK, WARNING, ALARM, NO DATA (what it is about is \
                 silent) or UNKNOWN (it cannot be judged). The newest sample of a channel by its time decides; one that comes \
                 out of order only takes its place among the last values.";
    write_section(text, "## `[alarms.NAME]`", about, &[alarms::KEYS]);
    for (name, keys) in ALARM_TABLES {
        push_line(text, &format!("\nOf `{name}`:"));
        write_keys(text, &[keys]);
    }
    push_line(text, "\nOf all kinds but `expression`:");
    write_keys(text, &[alarms::WATCH_KEYS]);
    for kind in alarms::KINDS {
        push_line(text, &format!("\n### `kind = \"{}\"`\n\n{}", kind.word, kind.meaning));
        if !kind.keys.is_empty() {
            write_keys(text, &[kind.keys]);
        }
        if kind.word == "threshold" {
            push_line(text, "\nOf `warning`:");
            write_keys(text, &[alarms::WARNING_KEYS]);
        }
        write_example(text, &alarm_example(&kind));
    }
    write_example(text, ALARM_EXAMPLE);
}

const ALARM_TABLES: [(&str, &[Key]); 2] = [("flap", alarms::FLAP_KEYS), ("unless", alarms::UNLESS_KEYS)];

/// A rule of a kind as it stands in a file.
fn alarm_example(kind: &alarms::Kind) -> String {
    let alarms::Kind { word, example, .. } = kind;
    format!("[alarms.an-{word}]\ntitle = \"A rule of the kind {word}\"\nkind = \"{word}\"\n{example}\n")
}
const NOTIFY_TABLES: [(&str, &str, &[&[Key]]); 5] = [
    (
        "[notify.receivers.NAME]` of the kind `mail",
        "A mail to each address.",
        &[notify::RECEIVER_KEYS, notify::MAIL_KEYS],
    ),
    (
        "[notify.receivers.NAME]` of the kind `slack",
        "A message as Slack, Mattermost and Rocket.Chat take it.",
        &[notify::RECEIVER_KEYS, notify::SLACK_KEYS],
    ),
    (
        "[notify.receivers.NAME]` of the kind `webhook",
        "All of it as JSON: `{id, kind: \"notice\" or \"digest\", subject, text, notices: [{rule, title, state, value, …}]}`.",
        &[notify::RECEIVER_KEYS, notify::SLACK_KEYS, notify::WEBHOOK_KEYS],
    ),
    (
        "[[notify.routes]]",
        "A change goes to all receivers of all routes that take it, to each once.",
        &[notify::ROUTE_KEYS],
    ),
    (
        "[[notify.maintenance]]",
        "Nothing is sent in it; afterwards one digest tells what happened.",
        &[notify::MAINTENANCE_KEYS],
    ),
];

const METRIC_TABLES: [(&str, &[Key]); 3] = [
    ("limits", display::LIMITS_KEYS),
    ("states", display::STATE_KEYS),
    ("place", display::PLACE_KEYS),
];

/// A panel of a type as it stands in a file.
fn panel_example(panel_type: &panel::PanelType) -> String {
    let panel::PanelType { word, example, .. } = panel_type;
    format!("[[tabs.panels]]\nid = \"{word}\"\ntitle = \"A panel of the type {word}\"\ntype = \"{word}\"\n{example}\n")
}

fn write_section(text: &mut String, heading: &str, about: &str, keys: &[&[Key]]) {
    push_line(text, &format!("\n{heading}"));
    if !about.is_empty() {
        push_line(text, &format!("\n{about}"));
    }
    write_keys(text, keys);
}

fn write_keys(text: &mut String, keys: &[&[Key]]) {
    push_line(text, "\n| key | value | without it | |\n|---|---|---|---|");
    for key in keys.iter().copied().flatten() {
        let default = match key.default {
            Default::Required => "**must be there**",
            Default::Is(default) => default,
        };
        let cells = [key.value, default, key.meaning].map(|cell| cell.replace('|', "\\|"));
        push_line(text, &format!("| `{}` | {} |", key.name, cells.join(" | ")));
    }
}

fn write_example(text: &mut String, example: &str) {
    push_line(text, &format!("\n```toml\n{}\n```", example.trim_end()));
}

fn push_line(text: &mut String, line: &str) {
    // Writing into a text cannot fail.
    let _written = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io;

    use toml::de::DeTable;

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::mistake::Findings;
    use crate::config::section::Section;
    use crate::config::{Config, Source};
    use crate::demo::bundled::LSTCAM_PIXELS;

    /// Reads a text, and hands over what was asked for. There are no mistakes in it.
    #[track_caller]
    fn read(text: &str, reader: impl FnOnce(Section<'_>), check: impl FnOnce(&Findings<'_>)) {
        let findings = Findings::new("example.toml", text);
        let environment = Environment::default();
        let table = DeTable::parse(text).unwrap();
        reader(Section::file(&findings, &environment, table.get_ref()));
        check(&findings);
        assert_eq!(findings.into_lines(), [""; 0], "{text}");
    }

    #[track_caller]
    fn same_keys(asked: &[&str], keys: &[&[Key]]) {
        let asked: BTreeSet<_> = asked.iter().copied().collect();
        let told: BTreeSet<_> = keys.iter().copied().flatten().map(|key| key.name).collect();
        assert_eq!(told, asked);
        let n_told = keys.iter().copied().map(<[Key]>::len).sum::<usize>();
        assert_eq!(told.len(), n_told, "a key is told twice");
    }

    fn with_panel(panel: &str) -> String {
        format!("title = \"N\"\n[[tabs]]\nid = \"t\"\ntitle = \"T\"\n{panel}")
    }

    #[test]
    fn the_readers_of_panels_ask_for_the_keys_that_are_told_and_take_the_examples() {
        for panel_type in panel::TYPES {
            let text = with_panel(&panel_example(&panel_type));
            let mut kind = "";
            read(
                &text,
                |file| {
                    let dashboard = dashboard::read("n", file).unwrap();
                    kind = dashboard.tabs[0].panels[0].show.as_str();
                },
                |findings| {
                    same_keys(&findings.asked_of(""), &[dashboard::FILE_KEYS]);
                    same_keys(&findings.asked_of("tabs"), &[dashboard::TAB_KEYS]);
                    let mut keys = vec![dashboard::PANEL_KEYS];
                    keys.extend(panel_type.keys);
                    same_keys(&findings.asked_of("tabs.panels"), &keys);
                    for (name, keys) in panel_type.inner {
                        let asked = findings.asked_of(&format!("tabs.panels.{name}"));
                        // A scale may be a name.
                        if *name != "scale" || !asked.is_empty() {
                            same_keys(&asked, &[keys]);
                        }
                    }
                },
            );
            assert_eq!(kind, panel_type.word);
        }
    }

    #[test]
    fn a_scale_is_read_as_it_is_told() {
        let heatmap = panel::TYPES
            .iter()
            .find(|panel_type| panel_type.word == "heatmap")
            .unwrap();
        read(
            &with_panel(&panel_example(heatmap)),
            |file| assert!(dashboard::read("n", file).is_some()),
            |findings| same_keys(&findings.asked_of("tabs.panels.scale"), &[scale::KEYS]),
        );
    }

    #[test]
    fn the_reader_of_metrics_asks_for_the_keys_that_are_told_and_takes_the_example() {
        read(
            METRICS_EXAMPLE,
            |mut file| assert_eq!(metrics::read(file.named("metrics"), &["lstcam"]).displays.len(), 3),
            |findings| {
                let path = "metrics.\"camera.temperature\"";
                same_keys(&findings.asked_of(path), &[metrics::KEYS, display::KEYS]);
                for (name, keys) in METRIC_TABLES {
                    let of = if name == "states" {
                        "camera.busy"
                    } else {
                        "camera.temperature"
                    };
                    same_keys(&findings.asked_of(&format!("metrics.{of:?}.{name}")), &[keys]);
                }
                same_keys(&findings.asked_of("metrics.\"jobs.latency\".scale"), &[scale::KEYS]);
            },
        );
    }

    #[test]
    fn the_reader_of_alarms_asks_for_the_keys_that_are_told_and_takes_the_examples() {
        for kind in alarms::KINDS {
            let others = "[alarms.camera-hot]\n[alarms.dome-open]\n[alarms.calibrating]\n";
            let more = if kind.word == "expression" { others } else { "" };
            let text = format!("{}no_data = \"5m\"\n", alarm_example(&kind));
            let has_own = kind.word == "expression" || kind.example.contains("no_data");
            let text = if has_own { alarm_example(&kind) } else { text };
            let with_metrics = format!("{METRICS_EXAMPLE}{text}");
            let findings = Findings::new("example.toml", &with_metrics);
            let environment = Environment::default();
            let table = DeTable::parse(&with_metrics).unwrap();
            let mut file = Section::file(&findings, &environment, table.get_ref());
            let read = metrics::read(file.named("metrics"), &["lstcam"]);
            let rules = alarms::read(file.named("alarms"), &read.properties, &read.displays);
            assert_eq!(rules.len(), 1, "{text}");
            let mut keys = vec![alarms::KEYS, kind.keys];
            if kind.word != "expression" {
                keys.push(alarms::WATCH_KEYS);
            }
            same_keys(
                &findings.asked_of(&format!("alarms.{:?}", format!("an-{}", kind.word))),
                &keys,
            );
            if more.is_empty() {
                assert_eq!(findings.into_lines(), [""; 0], "{text}");
            }
        }
    }

    #[test]
    fn the_tables_of_an_alarm_are_read_as_they_are_told() {
        read(
            &format!("{METRICS_EXAMPLE}{ALARM_EXAMPLE}"),
            |mut file| {
                let read = metrics::read(file.named("metrics"), &["lstcam"]);
                let rules = alarms::read(file.named("alarms"), &read.properties, &read.displays);
                assert_eq!(rules.len(), 1);
            },
            |findings| {
                for (name, keys) in ALARM_TABLES.into_iter().chain([("warning", alarms::WARNING_KEYS)]) {
                    same_keys(&findings.asked_of(&format!("alarms.\"pacta-hot\".{name}")), &[keys]);
                }
            },
        );
    }

    #[test]
    fn streams_are_read_as_they_are_told() {
        read(
            STREAMS_EXAMPLE,
            |mut file| assert_eq!(streams::read(file.named("streams")).named().count(), 1),
            |findings| same_keys(&findings.asked_of("streams.\"dome\""), &[streams::KEYS]),
        );
    }

    #[test]
    fn shifts_are_read_as_they_are_told() {
        read(
            SHIFTS_EXAMPLE,
            |mut file| assert_eq!(site::read(file.overridable("site")).0.shifts.len(), 2),
            |findings| same_keys(&findings.asked_of("site.shifts"), &[site::SHIFT_KEYS]),
        );
    }

    #[test]
    fn the_reader_of_notify_asks_for_the_keys_that_are_told_and_takes_the_example() {
        read(
            NOTIFY_EXAMPLE,
            |mut file| {
                let settings = notify::read(file.table("notify"));
                assert_eq!(
                    (
                        settings.receivers.len(),
                        settings.routes.len(),
                        settings.maintenance.len()
                    ),
                    (3, 2, 1)
                );
            },
            |findings| {
                same_keys(&findings.asked_of("notify"), &[notify::KEYS]);
                let [mail, slack, webhook, routes, maintenance] = NOTIFY_TABLES.map(|(_, _, keys)| keys);
                for (name, keys) in [("crew", mail), ("chat", slack), ("logbook", webhook)] {
                    same_keys(&findings.asked_of(&format!("notify.receivers.{name:?}")), keys);
                }
                same_keys(&findings.asked_of("notify.routes"), routes);
                same_keys(&findings.asked_of("notify.maintenance"), maintenance);
            },
        );
    }

    #[test]
    fn the_examples_are_a_configuration() {
        let source = |name, text| Source { name, text };
        let text = format!("{METRICS_EXAMPLE}[geometries.lstcam]\nfile = \"lstcam_pixels.csv\"\n");
        let main = source("watchroom.toml", text.as_str());
        let read_file = |_file: &str| LSTCAM_PIXELS.text().map_err(io::Error::other);
        let dashboards = [source("dashboards/night.toml", FILE_EXAMPLE)];
        let config = Config::from_sources_with(main, &dashboards, &read_file);
        assert_eq!(config.unwrap().dashboards[0].tabs[0].panels.len(), 1);
    }

    #[test]
    fn the_committed_reference_is_this_one() {
        assert_eq!(
            include_str!("reference.md"),
            reference(),
            "write it anew: cargo run -- check-config --reference > backend/src/config/reference.md"
        );
    }
}
