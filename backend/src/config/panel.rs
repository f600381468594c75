//! What a panel shows: `type`, and the keys of that type beside it.

use shared::dashboard::{Axis, LatestValues, Line, PanelKind, Timeseries};
use shared::metric::{ChannelSelection, check_metric_name};

use super::section::Section;
use super::suggestion;

#[derive(Clone, Copy)]
enum PanelType {
    Timeseries,
    Latest,
}

const PANEL_TYPES: [(&str, PanelType); 2] = [("timeseries", PanelType::Timeseries), ("latest", PanelType::Latest)];

/// Reads the keys of a panel's type; `None` where a mistake, which is noted, leaves nothing to show.
pub(super) fn read(panel: &mut Section<'_>) -> Option<PanelKind> {
    let expected = "the type of a panel such as \"timeseries\"";
    let panel_type = panel.required("type", expected, |text| one_of(text, &PANEL_TYPES));
    let Some(panel_type) = panel_type else {
        // It cannot be told which of these belong to the type that was meant.
        panel.know(&["lines", "metrics"]);
        return None;
    };
    match panel_type {
        PanelType::Timeseries => Some(PanelKind::Timeseries(read_timeseries(panel))),
        PanelType::Latest => Some(PanelKind::Latest(read_latest(panel))),
    }
}

fn read_timeseries(panel: &mut Section<'_>) -> Timeseries {
    let sections = panel.required_list("lines", "{ metric = \"dome.temperature\" }");
    let lines = sections.into_iter().filter_map(read_line).collect();
    Timeseries {
        lines,
        ..Timeseries::default()
    }
}

fn read_line(mut line: Section<'_>) -> Option<Line> {
    let metric = line.required("metric", "the name of a metric", parse_metric_name);
    let channels = line.parsed("channels", CHANNELS, str::parse::<ChannelSelection>);
    let label = line.text("label").unwrap_or_default().to_owned();
    let axis = line.parsed("axis", "\"left\" or \"right\"", |text| {
        one_of(text, &[("left", Axis::Left), ("right", Axis::Right)])
    });
    line.finish();
    Some(Line {
        metric: metric?,
        channels: channels.unwrap_or_default(),
        label,
        axis: axis.unwrap_or_default(),
    })
}

const CHANNELS: &str = "a text such as \"all\", \"band\" or \"0,3\"";

fn read_latest(panel: &mut Section<'_>) -> LatestValues {
    let names = panel.required_texts("metrics", "\"dome.temperature\"");
    let mut metrics = Vec::new();
    for (name, offset) in names {
        match parse_metric_name(name) {
            Ok(name) if metrics.contains(&name) => panel.add(offset, "metrics", &format!("{name:?} is named twice")),
            Ok(name) => metrics.push(name),
            Err(message) => panel.add(offset, "metrics", &message),
        }
    }
    LatestValues {
        metrics,
        ..LatestValues::default()
    }
}

/// Any name will do: data under it may come later.
fn parse_metric_name(text: &str) -> Result<String, String> {
    check_metric_name(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    known
        .iter()
        .find_map(|(word, meaning)| (*word == text).then_some(*meaning))
        .ok_or_else(|| {
            let hint = suggestion::hint(text, known.iter().map(|(word, _)| *word));
            format!("{text:?} is not known here{hint}")
        })
}
