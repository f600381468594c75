//! Questions as the page asks them, over HTTP, of the data set at one sample a minute and one a second.

use super::archive::{Archive, Night, date};
use super::figure::Figure;
use super::http::{Client, Times};
use super::influx::{self, Influx};
use super::load::{SENDERS, lines, send};
use super::{Bench, memory, report};
use anyhow::{Result, ensure};

/// What DESIGN asks for, in milliseconds: a year of one channel, an exact zoom, the start of the server.
const YEAR_TARGET_MS: f64 = 5.0;
const ZOOM_TARGET_MS: f64 = 100.0;
const START_TARGET_MS: f64 = 200.0;

/// And in bytes per value.
const RAW_TARGET: f64 = 4.5;
const DERIVED_TARGET: f64 = 2.0;

/// Bytes of a raw sample that brute force reads at least.
const SAMPLE_BYTES: f64 = 4.0;

/// A question, how it is put to InfluxDB, and how many samples its answer is made of.
struct Question {
    name: String,
    path: String,
    statement: Option<String>,
    samples: f64,
    target_ms: Option<f64>,
}

impl Question {
    fn new(name: &str, path: String, samples: f64) -> Self {
        Self {
            name: name.to_owned(),
            path: format!("/api/v1/{path}"),
            statement: None,
            samples,
            target_ms: None,
        }
    }

    fn beside(self, statement: String) -> Self {
        Self {
            statement: Some(statement),
            ..self
        }
    }

    fn target_ms(self, target: f64) -> Self {
        Self {
            target_ms: Some(target),
            ..self
        }
    }
}

pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let length = format!("{}h", bench.scale.second_hours);
    let camera = Archive::make(
        bench,
        "camera",
        &format!("1855 pixels, 265 modules, ten scalars: a night at 1/min; pixels: {length} at 1/s"),
        &[
            &["--prefix", "minute"],
            &[
                "--prefix",
                "second",
                "--quantities",
                "pixels",
                "--interval",
                "1s",
                "--length",
                &length,
            ],
        ],
    )?;
    let days = bench.scale.scalar_days.to_string();
    let year = Archive::make(
        bench,
        "scalar",
        &format!("a scalar at 1/s for {days} days"),
        &[&[
            "--prefix",
            "long",
            "--quantities",
            "scalar",
            "--interval",
            "1s",
            "--nights",
            &days,
        ]],
    )?;
    let influx = load_influx(bench)?;
    let mut figures = Vec::new();
    for (archive, questions) in [(&camera, camera_questions(bench)), (&year, year_questions(bench))] {
        for question in &questions {
            ask(bench, archive, &influx, question, &mut figures)?;
        }
    }
    drop(influx);
    sizes(&camera, &year, &mut figures)?;
    starts(bench, &camera, &mut figures)?;
    memory::run(bench, &camera.site, &mut figures)?;
    camera.site.remove()?;
    year.site.remove()?;
    Ok(figures)
}

/// The last hours of the first night at 1/s, as parameters.
fn second_range(bench: &Bench<'_>) -> String {
    let hours = bench.scale.second_hours;
    let (day, hour) = ((12 + hours) / 24, (12 + hours) % 24);
    format!("from={}&to={}T{hour:02}:00:00Z", Night::new(0).from, date(day))
}

fn camera_questions(bench: &Bench<'_>) -> Vec<Question> {
    let night = Night::new(0);
    let range = night.range();
    let second = second_range(bench);
    let seconds = f64::from(bench.scale.second_hours) * 3600.0;
    let all = |per_channel: f64| per_channel * 1855.0;
    let during = format!("time >= '{}' and time < '{}'", night.from, night.to);
    let select = |what: &str| format!("select {what} from \"minute.pixel\" where {during}");
    let envelope = "min(value), max(value), mean(value)";
    let question = |name: &str, parameters: &str, range: &str, samples: f64| {
        Question::new(name, format!("{parameters}&{range}"), samples)
    };
    let mut questions = vec![
        question(
            "one channel, night at 1/min, 1200 columns",
            "envelope?metric=minute.pixel&channels=1000&columns=1200",
            &range,
            1440.0,
        )
        .beside(format!(
            "select value from \"minute.pixel\" where channel = '1000' and {during}"
        )),
        question(
            "band of 1855, night at 1/min, 1200 columns",
            "envelope?metric=minute.pixel&channels=band&columns=1200",
            &range,
            all(1440.0),
        )
        .beside(format!("{} group by time(72s)", select(envelope))),
        question(
            "all 1855, night at 1/min, 60 columns",
            "envelope?metric=minute.pixel&channels=all&columns=60",
            &range,
            all(1440.0),
        )
        .beside(format!("{} group by time(24m), channel", select(envelope)))
        .target_ms(ZOOM_TARGET_MS),
        question(
            "one channel at 1/s, 1200 columns",
            "envelope?metric=second.pixel&channels=1000&columns=1200",
            &second,
            seconds,
        ),
        question(
            "band of 1855 at 1/s, 1200 columns",
            "envelope?metric=second.pixel&channels=band&columns=1200",
            &second,
            all(seconds),
        )
        .target_ms(ZOOM_TARGET_MS),
        question(
            "all 1855 at 1/s, 60 columns",
            "envelope?metric=second.pixel&channels=all&columns=60",
            &second,
            all(seconds),
        )
        .target_ms(ZOOM_TARGET_MS),
    ];
    for stat in ["mean", "max", "density"] {
        for (rhythm, metric, range, samples) in
            [("1/min", "minute", &range, 1440.0), ("1/s", "second", &second, seconds)]
        {
            let path = format!("raster?metric={metric}.pixel&columns=600&rows=400&stat={stat}&{range}");
            let mut raster = Question::new(&format!("raster 600x400, {stat}, {rhythm}"), path, all(samples))
                .target_ms(ZOOM_TARGET_MS);
            if stat == "mean" && rhythm == "1/min" {
                raster = raster.beside(format!("{} group by time(144s), channel", select("mean(value)")));
            }
            questions.push(raster);
        }
    }
    questions
}

fn year_questions(bench: &Bench<'_>) -> Vec<Question> {
    let days = bench.scale.scalar_days;
    let ask = |name: String, from: u32, to: u32, bin_secs: u32| {
        let (from, to_time) = (Night::new(from).from, Night::new(to).from);
        let path = format!("envelope?metric=long.scalar_0&channels=0&columns=1200&from={from}&to={to_time}");
        let statement = format!(
            "select min(value), max(value), mean(value) from \"long.scalar_0\" where time >= '{from}' and time < '{to_time}' \
             group by time({bin_secs}s)"
        );
        Question::new(&name, path, f64::from(bin_secs) * 1200.0).beside(statement)
    };
    vec![
        ask("a scalar at 1/s, 1 day, 1200 columns".to_owned(), 0, 1, 72),
        ask(
            format!("a scalar at 1/s, {days} days, 1200 columns"),
            0,
            days,
            days * 72,
        )
        .target_ms(YEAR_TARGET_MS),
    ]
}

/// The same samples in InfluxDB: a night of all pixels at 1/min, the scalar at 1/s.
fn load_influx(bench: &Bench<'_>) -> Result<Influx> {
    report::doing("Sending the same samples to InfluxDB");
    let influx = Influx::start(bench, "influx-query")?;
    let give = |args: &[&str]| {
        let requests = lines(bench, args, 10_000)?;
        send(&influx.client, influx::WRITE, "text/plain", &requests, SENDERS)
    };
    give(&["--prefix", "minute", "--quantities", "pixels"])?;
    let days = bench.scale.scalar_days;
    for first in (0..days).step_by(30) {
        let (from, nights) = (Night::new(first).from, (days - first).min(30).to_string());
        let part = ["--interval", "1s", "--from", &from, "--nights", &nights];
        give(&[["--prefix", "long", "--quantities", "scalar"].as_slice(), &part].concat())?;
    }
    for metric in ["minute.pixel", "long.scalar_0"] {
        let count = influx.count(&format!("select count(value) from \"{metric}\""))?;
        ensure!(
            count.is_some_and(|count| count > 100_000),
            "InfluxDB has {count:?} samples of {metric}"
        );
    }
    Ok(influx)
}

/// Asks a fresh server, then again and again.
fn ask(
    bench: &Bench<'_>,
    archive: &Archive<'_>,
    influx: &Influx,
    question: &Question,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let server = archive.site.serve()?;
    let ask = |client: &Client| client.get(&question.path).map(drop);
    let cold = Times::of(1, || ask(&server.client))?;
    let warm = Times::of(bench.scale.rounds, || ask(&server.client))?;
    let limit = bench.machine.memory_ms(question.samples * SAMPLE_BYTES);
    let mut figure =
        Figure::cost(format!("{}, warm", question.name), warm.median_ms(), "ms").limit("reading all", limit);
    if let Some(target) = question.target_ms {
        figure = figure.target(target);
    }
    if let Some(statement) = &question.statement {
        influx.query(statement)?;
        let rounds = bench.scale.rounds.div_ceil(10);
        figure = figure.peer("InfluxDB", Times::of(rounds, || influx.query(statement))?.median_ms());
    }
    figures.push(figure);
    figures.push(Figure::cost(
        format!("{}, first", question.name),
        cold.median_ms(),
        "ms",
    ));
    Ok(())
}

/// Bytes per value, and how quickly what is derived was.
fn sizes(camera: &Archive<'_>, year: &Archive<'_>, figures: &mut Vec<Figure>) -> Result<()> {
    let mut n_values = 0.0;
    for (archive, metric) in [
        (camera, "minute.pixel"),
        (camera, "second.pixel"),
        (camera, "minute.module"),
        (camera, "minute.scalar_0"),
        (year, "long.scalar_0"),
    ] {
        let sizes = archive.sizes(metric)?;
        if metric.ends_with("pixel") {
            n_values += sizes.values;
        }
        figures.extend([
            Figure::cost(format!("{metric}, raw"), sizes.raw_per_value, "bytes/value").target(RAW_TARGET),
            Figure::cost(format!("{metric}, derived"), sizes.derived_per_value, "bytes/value").target(DERIVED_TARGET),
        ]);
    }
    let rate = |values: f64, archive: &Archive<'_>| values / archive.derived.as_secs_f64() / 1e6;
    figures.push(Figure::rate(
        "deriving, 1855 channels",
        rate(n_values, camera),
        "M values/s",
    ));
    let n_values = year.sizes("long.scalar_0")?.values;
    figures.push(Figure::rate("deriving, a scalar", rate(n_values, year), "M values/s"));
    Ok(())
}

/// How long the server takes to its first answer on the largest archive.
fn starts(bench: &Bench<'_>, camera: &Archive<'_>, figures: &mut Vec<Figure>) -> Result<()> {
    let mut times = Vec::new();
    for _round in 0..bench.scale.rounds.div_ceil(10) {
        times.push(camera.site.serve()?.start);
    }
    let median = Times::from(times).median_ms();
    figures.push(Figure::cost("start to first answer, existing archive", median, "ms").target(START_TARGET_MS));
    Ok(())
}
