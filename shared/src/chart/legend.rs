//! What the lines of a plot are called.

use crate::dashboard::Line;
use crate::metric::ChannelSelection;

/// Names one drawn line of a panel, in links and in the page: `metric:channel`, or `metric:band`.
pub fn line_key(metric: &str, channel: Option<u32>) -> String {
    match channel {
        Some(channel) => format!("{metric}:{channel}"),
        None => format!("{metric}:band"),
    }
}

/// What the legend says of one drawn line.
///
/// `channel_label` is that of the line's channel, empty for the band; `metric_channels` counts the channels of the metric.
pub fn line_label(line: &Line, metric_title: &str, metric_channels: u32, channel_label: &str) -> String {
    let is_one_of_many = match &line.channels {
        ChannelSelection::Band => false,
        ChannelSelection::All => metric_channels > 1,
        ChannelSelection::List(channels) => channels.len() > 1,
    };
    match (line.label.as_str(), channel_label) {
        ("", "") => metric_title.to_owned(),
        ("", _) if metric_channels <= 1 => metric_title.to_owned(),
        ("", channel_label) => channel_label.to_owned(),
        (label, channel_label) if is_one_of_many && !channel_label.is_empty() => format!("{label} {channel_label}"),
        (label, _) => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Axis;

    #[track_caller]
    fn check(label: &str, channels: &str, metric_channels: u32, channel_label: &str, expected: &str) {
        let line = Line {
            metric: "camera.hv".to_owned(),
            channels: channels.parse().unwrap(),
            label: label.to_owned(),
            axis: Axis::Left,
        };
        assert_eq!(
            line_label(&line, "High voltage", metric_channels, channel_label),
            expected
        );
    }

    #[test]
    fn the_shortest_clear_name_is_taken() {
        check("", "all", 1, "0", "High voltage");
        check("", "3,4", 1855, "3", "3");
        check("", "band", 1855, "", "High voltage");
        check("HV", "all", 1, "0", "HV");
        check("pixel", "3,4", 1855, "3", "pixel 3");
        check("pixel 412", "412", 1855, "412", "pixel 412");
        check("all pixels", "band", 1855, "", "all pixels");
    }

    #[test]
    fn keys_tell_channels_and_the_band_apart() {
        assert_eq!(line_key("hv", Some(3)), "hv:3");
        assert_eq!(line_key("hv", None), "hv:band");
    }
}
