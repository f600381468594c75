//! Many things that happened, in one message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use shared::alarm::AlarmState;

use super::notice::{Notice, local_time, moment_text, one_line, word};
use super::settings::Maintenance;

/// Why things are told together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// So many within so many microseconds were enough.
    TooMany { after: usize, window_micros: i64 },
    /// They happened while nothing was sent.
    Maintenance(Maintenance),
}

/// No digest lists more; beyond it only their number is told.
const MAX_LINES: usize = 1000;

/// Subject and body for notices by rising time; there is at least one.
pub(super) fn write(notices: &[Notice], reason: &Reason) -> (String, String) {
    let site = notices.first().map_or("", |notice| notice.site.as_str());
    let zone = notices.first().map_or("UTC", |notice| notice.time_zone.as_str());
    let site = if site.is_empty() {
        String::new()
    } else {
        format!("[{site}] ")
    };
    let counts: Vec<String> = AlarmState::ALL
        .iter()
        .rev()
        .map(|state| {
            (
                notices.iter().filter(|notice| notice.state == *state).count(),
                word(*state),
            )
        })
        .filter(|(count, _)| 0 < *count)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let (during, why) = match reason {
        Reason::TooMany { after, window_micros } => (
            String::new(),
            format!(
                "More than {after} messages in {} are told together.",
                span_text(*window_micros)
            ),
        ),
        Reason::Maintenance(window) => (
            format!("after {}: ", one_line(&window.name)),
            format!(
                "During the maintenance \"{}\", {} to {}, nothing was sent. This happened meanwhile.",
                one_line(&window.name),
                moment_text(window.from.as_micros(), "UTC"),
                moment_text(window.to.as_micros(), "UTC"),
            ),
        ),
    };
    let subject = format!("{site}{during}{} alarm messages: {}", notices.len(), counts.join(", "));
    let mut body = format!("{why}\n\n");
    let line = |notice: &Notice| {
        let system = match notice.system.join(" / ") {
            system if system.is_empty() => system,
            system => format!("  ({system})"),
        };
        one_line(&format!("{}{system}", notice.headline()))
    };
    for notice in notices.iter().take(MAX_LINES) {
        let time = local_time(notice.at_us, "UTC").unwrap_or_default();
        // Writing into a text cannot fail.
        let _written = writeln!(body, "{time}  {}", line(notice));
    }
    if MAX_LINES < notices.len() {
        let _written = writeln!(body, "… and {} more", notices.len() - MAX_LINES);
    }
    let mut last: BTreeMap<&str, &Notice> = BTreeMap::new();
    for notice in notices {
        last.insert(&notice.rule, notice);
    }
    let open: Vec<&&Notice> = last.values().filter(|notice| notice.state != AlarmState::Ok).collect();
    body.push('\n');
    if open.is_empty() {
        body.push_str("All of them are OK again.\n");
    } else {
        body.push_str("Of these, not OK at the end:\n");
        for notice in open.iter().take(MAX_LINES) {
            let _written = writeln!(body, "  {}, since {}", line(notice), moment_text(notice.at_us, zone));
        }
    }
    if let Some(page) = notices
        .last()
        .map(|notice| &notice.page)
        .filter(|page| !page.is_empty())
    {
        let _written = writeln!(body, "\nPage: {page}");
    }
    (subject, body)
}

fn span_text(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    match (seconds, seconds % 60) {
        (0..120, _) | (_, 1..) => format!("{seconds} s"),
        _ => format!("{} min", seconds / 60),
    }
}
