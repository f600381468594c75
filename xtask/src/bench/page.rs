//! The page in a real browser, beside uPlot, `ECharts` and Plotly on the same data, and beside a bare canvas.
//!
//! `page/run.mjs` measures; here is what it needs: an archive, a server with dashboards for each measurement, and the
//! packages of the libraries.

use super::archive::{Archive, date};
use super::figure::{self, Figure};
use super::server::Background;
use super::{Bench, QUICK, report, watchroom_binary};
use crate::apt;
use crate::node::Node;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where the runner and its packages are, below the checkout.
const RUNNER: &str = "xtask/src/bench/page";

/// Panels of the night that is opened.
const PANELS: u32 = 9;

/// Panels that follow now; as many series does the runner deliver.
const LIVE_PANELS: u32 = 20;

/// How large everything is.
struct Size {
    /// Seconds between the frames of the heatmap and of the zooms: 10 make 8640 in a night.
    cell_secs: u32,
    /// Hours of 1855 channels at 1/s.
    second_hours: u32,
    /// Days of the long line at 1/s: 116 hold 10 M samples.
    line_days: u32,
    /// Nights that are stepped through.
    heap_nights: u32,
    /// How often a page is opened for one figure.
    rounds: u32,
    /// How often is zoomed.
    zooms: u32,
    /// How long a peer may take for one picture, in seconds.
    patience_secs: u32,
}

const FULL_SIZE: Size = Size {
    cell_secs: 10,
    second_hours: 24,
    line_days: 116,
    heap_nights: 30,
    rounds: 5,
    zooms: 36,
    patience_secs: 20,
};

const QUICK_SIZE: Size = Size {
    cell_secs: 120,
    second_hours: 1,
    line_days: 2,
    heap_nights: 4,
    rounds: 2,
    zooms: 6,
    patience_secs: 15,
};

pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let size = if bench.scale == QUICK { &QUICK_SIZE } else { &FULL_SIZE };
    let runner = bench.workspace.root.join(RUNNER);
    let node = Node::ensure(bench.workspace)?;
    node.install_packages_in(
        bench.workspace,
        &runner,
        "uPlot, ECharts, Plotly and Playwright (90 MB)",
    )?;
    let archive = archive(bench, size)?;
    archive.site.write("dashboards/bench.toml", &dashboard())?;
    let server = archive
        .site
        .serve()
        .context("the server does not start with the dashboard of the bench")?;
    let plan = bench.folder.join("page-plan.json");
    let results = bench.folder.join("page-results.json");
    let text = json!({
        "binary": watchroom_binary(bench.workspace),
        "url": archive.site.url(),
        "results": results,
        "cellSecs": size.cell_secs,
        "lineDays": size.line_days,
        "heapNights": size.heap_nights,
        "lastNight": date(size.heap_nights - 1),
        "rounds": size.rounds,
        "zooms": size.zooms,
        "patienceSecs": size.patience_secs,
    });
    fs::write(&plan, text.to_string()).with_context(|| format!("cannot write {}", plan.display()))?;
    report::doing("Measuring page and peers, each in a browser of its own");
    let mut command = node.command(bench.workspace)?;
    command
        .arg(runner.join("run.mjs"))
        .arg(&plan)
        .env("WATCHROOM_CHROMIUM", apt::CHROMIUM.path()?);
    let ended = Background::start_visibly("the runner of the page", &mut command)?.wait();
    drop(server);
    let results = match read(&results) {
        Ok(results) => results,
        // It ended before its first figure: how it ended says more.
        Err(error) => return Err(ended.err().unwrap_or(error)),
    };
    // Also where something is missing: what was measured was measured.
    report::text(&readme(&results.figures));
    for note in &results.notes {
        report::text(&format!("  not measured beside it: {note}"));
    }
    if let Err(error) = &ended {
        report::text(&figure::table(&results.figures, &Value::Null, "page"));
        bail!("{error:#}; above is what was measured until then");
    }
    if !results.failures.is_empty() {
        report::text(&figure::table(&results.figures, &Value::Null, "page"));
        bail!("not all could be measured:\n  {}", results.failures.join("\n  "));
    }
    archive.site.remove()?;
    Ok(results.figures)
}

/// The figures as the README has them.
fn readme(figures: &[Figure]) -> String {
    let rows: Vec<String> = figures.iter().map(Figure::markdown).collect();
    format!(
        "\n| | reach | the page | beside it | at the least |\n|---|--:|--:|---|--:|\n{}\n",
        rows.join("\n")
    )
}

/// Nine metrics of 1855 pixels at 1/min, one of them for many nights; one at 1/s; one for cells; one long line.
fn archive<'a>(bench: &'a Bench<'a>, size: &Size) -> Result<Archive<'a>> {
    let mut mocks = vec![
        format!(
            "--prefix night1 --quantities pixels,scalar --nights {}",
            size.heap_nights
        ),
        format!(
            "--prefix second --quantities pixels --interval 1s --length {}h",
            size.second_hours
        ),
        format!("--prefix cells --quantities pixels --interval {}s", size.cell_secs),
        format!(
            "--prefix line --quantities scalar --interval 1s --length {}d",
            size.line_days
        ),
    ];
    mocks.extend((2..=PANELS).map(|number| format!("--prefix night{number} --quantities pixels")));
    let words: Vec<Vec<&str>> = mocks.iter().map(|mock| mock.split(' ').collect()).collect();
    let mocks: Vec<&[&str]> = words.iter().map(Vec::as_slice).collect();
    Archive::make(
        bench,
        "page",
        "1855 pixels at 1/min for some nights, at 1/s, and for cells; a long line",
        &mocks,
    )
}

/// One tab for each measurement.
fn dashboard() -> String {
    let mut text = "title = \"Bench\"\n".to_owned();
    // Writing to a String never fails.
    let mut tab = |id: &str, panels: &[String]| {
        let _ = write!(
            text,
            "\n[[tabs]]\nid = \"{id}\"\ntitle = \"{id}\"\nopens_at = \"2024-06-01\"\n"
        );
        for panel in panels {
            let _ = write!(text, "\n[[tabs.panels]]\n{panel}\n");
        }
    };
    let channels = |id: &str, metric: &str, width: u32, height: u32| {
        format!(
            "id = \"{id}\"\ntitle = \"{metric}\"\ntype = \"channels\"\nmetric = \"{metric}\"\n\
             width = {width}\nheight = {height}"
        )
    };
    let nine = |metric: &dyn Fn(u32) -> String| -> Vec<String> {
        let panel = |number| channels(&format!("night-{number}"), &metric(number), 4, 200);
        (1..=PANELS).map(panel).collect()
    };
    let line = |id: &str, metric: &str, height: u32| {
        format!(
            "id = \"{id}\"\ntitle = \"{metric}\"\ntype = \"timeseries\"\nlines = [{{ metric = \"{metric}\" }}]\n\
             width = 12\nheight = {height}"
        )
    };
    tab("start", &[line("start", "night1.scalar_0", 120)]);
    tab("night", &nine(&|number| format!("night{number}.pixel")));
    tab("same", &nine(&|_number| "night1.pixel".to_owned()));
    tab("second", &nine(&|_number| "second.pixel".to_owned()));
    tab("zoom", &[channels("zoom", "cells.pixel", 12, 480)]);
    // The colours by which the runner tells hot cells from others.
    let heatmap = "id = \"heatmap\"\ntitle = \"cells.pixel\"\ntype = \"heatmap\"\nmetric = \"cells.pixel\"\n\
                   scale = { map = \"viridis\", low = -30.0, high = 70.0 }\nwidth = 12\nheight = 600";
    tab("heatmap", &[heatmap.to_owned()]);
    tab("line", &[line("line", "line.scalar_0", 480)]);
    let followed = |number: u32| {
        format!(
            "id = \"live-{number}\"\ntitle = \"{number}\"\ntype = \"timeseries\"\nwidth = 3\nheight = 150\n\
             lines = [{{ metric = \"live.series_{number}\" }}]\nlow = 0.0\nhigh = 100.0"
        )
    };
    tab("live", &(0..LIVE_PANELS).map(followed).collect::<Vec<String>>());
    text
}

/// What the runner wrote.
struct Results {
    figures: Vec<Figure>,
    /// What it could not measure of the page.
    failures: Vec<String>,
    /// What it could not measure of the others.
    notes: Vec<String>,
}

fn read(file: &Path) -> Result<Results> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let results: Value = serde_json::from_str(&text).context("the runner did not write JSON")?;
    let list = |key: &str| results[key].as_array().into_iter().flatten();
    let texts = |key: &str| {
        let texts = list(key).filter_map(|text| Some(text.as_str()?.to_owned()));
        texts.collect()
    };
    Ok(Results {
        figures: list("figures").map(figure).collect::<Result<_>>()?,
        failures: texts("failures"),
        notes: texts("notes"),
    })
}

fn figure(json: &Value) -> Result<Figure> {
    let name = json["name"].as_str().context("a figure of the runner has no name")?;
    let value = json["value"].as_f64().with_context(|| format!("{name} is no number"))?;
    let unit = match json["unit"].as_str() {
        Some("ms") => "ms",
        Some("KB") => "KB",
        Some("MB") => "MB",
        Some("x") => "x",
        Some("frames") => "frames",
        _ => "",
    };
    let mut figure = Figure::cost(name, value, unit);
    if let Some(target) = json["target"].as_f64() {
        figure = figure.target(target);
    }
    let named = |pair: &Value| Some((pair["name"].as_str()?.to_owned(), pair["value"].as_f64()?));
    for (peer, value) in json["peers"].as_array().into_iter().flatten().filter_map(named) {
        figure = figure.peer(peer, value);
    }
    if let Some((limit, value)) = named(&json["limit"]) {
        figure = figure.limit(limit, value);
    }
    Ok(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_the_runner_keeps_its_peers_and_its_limit() {
        let json = json!({
            "name": "zoom", "value": 80.5, "unit": "ms", "target": 100,
            "peers": [{"name": "uPlot", "value": 430.0}, {"name": "Plotly with 2160 frames", "value": 12_700}],
            "limit": {"name": "bare canvas", "value": 70.0},
        });
        let expected = Figure::cost("zoom", 80.5, "ms")
            .target(100.0)
            .peer("uPlot", 430.0)
            .peer("Plotly with 2160 frames", 12_700.0)
            .limit("bare canvas", 70.0);
        assert_eq!(figure(&json).unwrap(), expected);
        assert!(figure(&json!({"name": "zoom", "value": null})).is_err());
    }

    #[test]
    fn the_dashboard_has_a_tab_for_each_measurement() {
        let text = dashboard();
        assert_eq!(text.matches("[[tabs]]").count(), 8);
        assert_eq!(text.matches("type = \"channels\"").count(), 28);
        assert_eq!(text.matches("id = \"night-9\"").count(), 3);
    }
}
