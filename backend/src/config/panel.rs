//! What a panel shows: `type`, and the keys of that type beside it.

use shared::dashboard::{
    Camera, Curve, Heatmap, Histogram, LatestShow, LatestStyle, LatestValues, PanelKind, Stat, StateRows, Text,
};
use shared::metric::check_metric_name;
use shared::query::raster::Statistic;

use super::key::Key;
use super::section::{Section, not_blank};
use super::word::one_of;
use super::{markdown, scale};

pub(super) mod plot;

/// The type of a panel as the key `type` names it, with what the reference says.
#[derive(Clone, Copy, Debug)]
pub(super) struct PanelType {
    /// The word for it; [`PanelKind::as_str`] gives the same.
    pub(super) word: &'static str,
    /// What it shows.
    pub(super) meaning: &'static str,
    /// Its keys, in groups.
    pub(super) keys: &'static [&'static [Key]],
    /// The keys of the tables in some of its keys.
    pub(super) inner: &'static [(&'static str, &'static [Key])],
    /// The lines of a panel of this type, below its id and title.
    pub(super) example: &'static str,
    read: fn(&mut Section<'_>) -> Option<PanelKind>,
}

/// All of them, as the reference lists them.
pub(super) const TYPES: [PanelType; 10] = [
    PanelType {
        word: "timeseries",
        meaning: "Lines over time, on one or two axes.",
        keys: &[plot::TIMESERIES_KEYS, plot::AXIS_KEYS],
        inner: &[
            ("lines", plot::LINE_KEYS),
            ("strips", plot::NAMED_KEYS),
            ("limits", plot::LIMIT_KEYS),
            ("events", plot::NAMED_KEYS),
        ],
        example: r#"lines = [
  { metric = "rates.camera", label = "camera" },
  { metric = "dome.temperature", axis = "right" },
]
log = true
limits = [{ label = "target", value = 8000.0 }, { label = "maximum", metric = "rates.maximum", severity = "alarm" }]
events = [{ metric = "rates.control" }]
strips = [{ metric = "dome.open", label = "dome open" }]"#,
        read: |panel| Some(PanelKind::Timeseries(plot::read_timeseries(panel))),
    },
    PanelType {
        word: "channels",
        meaning: "All channels of a metric at once: their density beneath, the band with its extremes over it, one chosen channel \
                  on top.",
        keys: &[plot::CHANNELS_KEYS, plot::AXIS_KEYS],
        inner: &[("limits", plot::LIMIT_KEYS), ("events", plot::NAMED_KEYS)],
        example: r#"metric = "camera.rate"
limits = [{ label = "maximum", metric = "camera.rate_maximum", severity = "warning" }]
events = [{ metric = "camera.rate_control", label = "rate control" }]"#,
        read: |panel| plot::read_channels(panel).map(PanelKind::Channels),
    },
    PanelType {
        word: "heatmap",
        meaning: "Time x channel, a colour for each value.",
        keys: &[&[Metric::KEY, STATISTIC_KEY, SCALE_KEY]],
        inner: &[("scale", scale::KEYS)],
        example: r##"metric = "camera.temperature"
scale = { stops = [[0.0, "#0000ff"], [18.0, "#008000"], [30.0, "#ff0000"]] }"##,
        read: |panel| read_heatmap(panel).map(PanelKind::Heatmap),
    },
    PanelType {
        word: "latest",
        meaning: "The newest sample of each channel of some metrics with its age, worst first.",
        keys: &[&[Metric::LIST_KEY, STYLE_KEY, SHOW_KEY]],
        inner: &[],
        example: r#"metrics = ["jobs.uptime"]
style = "bars"
show = "age""#,
        read: |panel| Some(PanelKind::Latest(read_latest(panel))),
    },
    PanelType {
        word: "camera",
        meaning: "The channels of a metric where they are in the camera, at the time of the cursor. The metric's `place` says of \
                  which camera.",
        keys: &[&[Metric::KEY, SCALE_KEY]],
        inner: &[("scale", scale::KEYS)],
        example: r#"metric = "camera.temperature"
scale = "clusco-temperature""#,
        read: |panel| read_camera(panel).map(PanelKind::Camera),
    },
    PanelType {
        word: "state",
        meaning: "One row for each channel, coloured by the state that it was in. The metric's `states` name them.",
        keys: &[&[Metric::LIST_KEY]],
        inner: &[],
        example: r#"metrics = ["camera.busy"]"#,
        read: |panel| {
            let metrics = read_metrics(panel);
            Some(PanelKind::State(StateRows { metrics }))
        },
    },
    PanelType {
        word: "histogram",
        meaning: "How many samples of all channels lie at which value, over time.",
        keys: &[HISTOGRAM_KEYS],
        inner: &[],
        example: r#"metric = "jobs.latency"
bins = 60
low = 0.0
high = 30.0"#,
        read: |panel| read_histogram(panel).map(PanelKind::Histogram),
    },
    PanelType {
        word: "curve",
        meaning: "One frame as a curve over its channels, such as a spectrum.",
        keys: &[CURVE_KEYS],
        inner: &[],
        example: r#"metric = "noise.amplitude"
x_metric = "noise.frequency"
x_label = "Frequency in Hz"
log_x = true
log_y = true"#,
        read: |panel| read_curve(panel).map(PanelKind::Curve),
    },
    PanelType {
        word: "stat",
        meaning: "One number with its age and its recent course.",
        keys: &[STAT_KEYS],
        inner: &[],
        example: r#"metric = "dome.temperature"
channel = 0"#,
        read: |panel| read_stat(panel).map(PanelKind::Stat),
    },
    PanelType {
        word: "text",
        meaning: "Words.",
        keys: &[TEXT_KEYS],
        inner: &[],
        example: r#"markdown = """
**On call:** see [the list](https://example.org/on-call).
""""#,
        read: |panel| read_text(panel).map(PanelKind::Text),
    },
];

/// The name of a metric.
pub(super) struct Metric;

impl Metric {
    /// Of one.
    pub(super) const KEY: Key = Key::required(
        "metric",
        "name of a metric",
        "The metric. Any name will do: data under it may come later.",
    );
    /// Of several.
    pub(super) const LIST_KEY: Key = Key::required("metrics", "names of metrics", "The metrics, each once.");
}

const STATISTIC_KEY: Key = Key::optional(
    "statistic",
    "\"max\", \"min\", \"mean\" or \"last\"",
    "\"max\"",
    "What a cell tells where it holds several samples or several channels. By default a hot channel does not vanish.",
);

const SCALE_KEY: Key = Key::optional(
    "scale",
    scale::VALUE,
    "that of the metric",
    "The colours; see [Scales](#scales).",
);

const STYLE_KEY: Key = Key::optional(
    "style",
    "\"table\", \"bars\" or \"tiles\"",
    "\"table\"",
    "A table that can be sorted, or a bar or a tile for each channel.",
);

const SHOW_KEY: Key = Key::optional(
    "show",
    "\"value\" or \"age\"",
    "\"value\"",
    "What bars and tiles tell: the value, or how long ago it was taken, as for heartbeats.",
);

const HISTOGRAM_KEYS: &[Key] = &[
    Metric::KEY,
    Key::optional(
        "bins",
        "2 to 1000",
        "as many as there are pixels",
        "How many steps of value there are.",
    ),
    Key::optional("low", "number", "by the data", "The lower end of the values."),
    Key::optional("high", "number", "by the data", "The upper end of the values."),
];

const CURVE_KEYS: &[Key] = &[
    Metric::KEY,
    Key::optional(
        "x_metric",
        "name of a metric",
        "the number of the channel",
        "The metric that gives the x of each channel.",
    ),
    Key::optional("x_label", "text", "the metric's title", "What the x axis is called."),
    Key::optional("log_x", "true or false", "false", "Whether the x axis is logarithmic."),
    Key::optional("log_y", "true or false", "false", "Whether the y axis is logarithmic."),
];

const STAT_KEYS: &[Key] = &[
    Metric::KEY,
    Key::optional("channel", "number of a channel, from 0", "0", "Which of its channels."),
];

const TEXT_KEYS: &[Key] = &[Key::required(
    "markdown",
    "text, at most 20 000 bytes",
    "The words, in Markdown with tables. Raw HTML and images are left out; links lead to http, https, mailto or places on this \
     server.",
)];

/// Reads the keys of a panel's type; `None` where a mistake, which is noted, leaves nothing to show.
pub(super) fn read(panel: &mut Section<'_>) -> Option<PanelKind> {
    let expected = "the type of a panel such as \"timeseries\"";
    let types = TYPES.map(|panel_type| (panel_type.word, panel_type));
    let panel_type = panel.required("type", expected, |text| one_of(text, &types));
    if panel_type.is_none() {
        // It cannot be told which keys belong to the type that was meant.
        for key in TYPES.iter().flat_map(|known| known.keys).copied().flatten() {
            panel.know(&[key.name]);
        }
    }
    (panel_type?.read)(panel)
}

fn read_heatmap(panel: &mut Section<'_>) -> Option<Heatmap> {
    let statistics = [
        ("max", Statistic::Max),
        ("min", Statistic::Min),
        ("mean", Statistic::Mean),
        ("last", Statistic::Last),
    ];
    let metric = read_metric(panel);
    let statistic = panel.parsed("statistic", STATISTIC_KEY.value, |text| one_of(text, &statistics));
    let scale = scale::read(panel);
    Some(Heatmap {
        metric: metric?,
        statistic: statistic.unwrap_or(Statistic::Max),
        scale,
    })
}

fn read_latest(panel: &mut Section<'_>) -> LatestValues {
    let styles = [
        ("table", LatestStyle::Table),
        ("bars", LatestStyle::Bars),
        ("tiles", LatestStyle::Tiles),
    ];
    let shows = [("value", LatestShow::Value), ("age", LatestShow::Age)];
    LatestValues {
        metrics: read_metrics(panel),
        style: panel
            .parsed("style", STYLE_KEY.value, |text| one_of(text, &styles))
            .unwrap_or_default(),
        show: panel
            .parsed("show", SHOW_KEY.value, |text| one_of(text, &shows))
            .unwrap_or_default(),
    }
}

fn read_camera(panel: &mut Section<'_>) -> Option<Camera> {
    let metric = read_metric(panel);
    let scale = scale::read(panel);
    Some(Camera { metric: metric?, scale })
}

fn read_histogram(panel: &mut Section<'_>) -> Option<Histogram> {
    let metric = read_metric(panel);
    let bins = panel.integer("bins", 2..=1000);
    let (low, high) = scale::read_ends(panel);
    Some(Histogram {
        metric: metric?,
        bins,
        low,
        high,
    })
}

fn read_curve(panel: &mut Section<'_>) -> Option<Curve> {
    let metric = read_metric(panel);
    let x_metric = panel.parsed("x_metric", "the name of a metric", parse_metric_name);
    let x_label = panel.text("x_label").unwrap_or_default().to_owned();
    let log_x = panel.flag("log_x").unwrap_or_default();
    let log_y = panel.flag("log_y").unwrap_or_default();
    Some(Curve {
        metric: metric?,
        x_metric,
        x_label,
        log_x,
        log_y,
    })
}

fn read_stat(panel: &mut Section<'_>) -> Option<Stat> {
    let metric = read_metric(panel);
    let channel = panel.integer("channel", 0..=MAX_CHANNEL).unwrap_or_default();
    Some(Stat {
        metric: metric?,
        channel,
    })
}

/// Beyond what any metric may have.
const MAX_CHANNEL: u32 = 10_000_000;

fn read_text(panel: &mut Section<'_>) -> Option<Text> {
    const MAX_BYTES: usize = 20_000;
    let markdown = panel.required("markdown", "words in Markdown", |text| match not_blank(text) {
        Ok(text) if text.len() > MAX_BYTES => Err(format!("is {} bytes long; a panel holds {MAX_BYTES}", text.len())),
        Ok(text) => Ok(text),
        Err(empty) => Err(empty.to_owned()),
    });
    Some(Text {
        html: markdown::to_html(markdown?),
    })
}

fn read_metric(section: &mut Section<'_>) -> Option<String> {
    section.required("metric", "the name of a metric", parse_metric_name)
}

fn read_metrics(panel: &mut Section<'_>) -> Vec<String> {
    let names = panel.required_texts("metrics", "\"dome.temperature\"");
    let mut metrics = Vec::new();
    for (name, offset) in names {
        match parse_metric_name(name) {
            Ok(name) if metrics.contains(&name) => panel.add(offset, "metrics", &format!("{name:?} is named twice")),
            Ok(name) => metrics.push(name),
            Err(message) => panel.add(offset, "metrics", &message),
        }
    }
    metrics
}

/// Any name will do: data under it may come later.
fn parse_metric_name(text: &str) -> Result<String, String> {
    check_metric_name(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
