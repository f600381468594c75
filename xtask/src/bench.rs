//! `cargo xtask bench`: the server as its users have it, measured over HTTP beside other programs and the machine's limits.
//!
//! Figures are printed by section and kept in `target/bench/figures.json`, beside which the next run shows how they
//! changed. Everything runs on 127.0.0.1 and in `target/bench`, and is gone afterwards. Figures are only as good as the
//! machine is quiet.

mod alarms;
mod archive;
mod figure;
mod growth;
mod http;
mod influx;
mod ingest;
mod kernels;
mod live;
mod load;
mod machine;
mod memory;
mod page;
mod postgres;
mod query;
mod server;

use crate::workspace::Workspace;
use crate::{apt, build, process, report};
use anyhow::{Context as _, Result, bail};
use figure::Figure;
use machine::Machine;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// One table.
#[derive(Clone, Copy, Debug)]
struct Section {
    /// Its name on the command line.
    name: &'static str,
    /// What it measures.
    what: &'static str,
    /// What it needs from the system.
    needs: &'static [apt::Program],
    /// Does it.
    run: fn(&Bench<'_>) -> Result<Vec<Figure>>,
}

/// All sections in their order.
const ALL: &[Section] = &[
    Section {
        name: "machine",
        what: "what the machine can do at the most: memory, disk, syncs",
        needs: &[],
        run: |bench| Ok(bench.machine.figures()),
    },
    Section {
        name: "kernels",
        what: "inner loops on one core: columns, parsers, tiles; beside tsdownsample",
        needs: &[apt::PYTHON],
        run: kernels::run,
    },
    Section {
        name: "ingest",
        what: "acknowledged values per second; beside InfluxDB",
        needs: &[apt::INFLUXDB, apt::POSTGRES],
        run: ingest::run,
    },
    Section {
        name: "query",
        what: "range queries over HTTP, sizes, start, memory; beside InfluxDB",
        needs: &[apt::INFLUXDB],
        run: query::run,
    },
    Section {
        name: "growth",
        what: "the same night in a small and in a large archive",
        needs: &[],
        run: growth::run,
    },
    Section {
        name: "live",
        what: "from a sample to 50 viewers of 1855 channels and to the pixel, and what that costs",
        needs: &[apt::CHROMIUM],
        run: live::run,
    },
    Section {
        name: "alarms",
        what: "what 200 rules on 1855 channels at 1 Hz cost",
        needs: &[],
        run: alarms::run,
    },
    Section {
        name: "page",
        what: "the page in a browser; beside uPlot, ECharts, Plotly and a bare canvas",
        needs: &[apt::CHROMIUM],
        run: page::run,
    },
];

/// What sections work with.
#[derive(Debug)]
struct Bench<'a> {
    workspace: &'a Workspace,
    scale: Scale,
    machine: Machine,
    /// An empty folder for databases.
    folder: PathBuf,
}

/// How large everything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Scale {
    /// Its name in the kept figures.
    name: &'static str,
    /// Nights of 1855 channels at one sample a minute that are sent.
    ingest_nights: u32,
    /// Hours of 1855 channels at one sample a second.
    second_hours: u32,
    /// Days of one channel at one sample a second.
    scalar_days: u32,
    /// Nights in the large archive.
    grown_nights: u32,
    /// How often a question is asked.
    rounds: usize,
    /// How long viewers ask, in seconds.
    viewing_secs: u64,
}

/// For figures that are told.
const FULL: Scale = Scale {
    name: "full",
    ingest_nights: 4,
    second_hours: 24,
    scalar_days: 365,
    grown_nights: 100,
    rounds: 101,
    viewing_secs: 20,
};

/// For writing benches, and for a first look.
const QUICK: Scale = Scale {
    name: "quick",
    ingest_nights: 1,
    second_hours: 1,
    scalar_days: 7,
    grown_nights: 10,
    rounds: 21,
    viewing_secs: 3,
};

/// Measures the named sections, or all.
pub(crate) fn run(workspace: &Workspace, names: &[String], quick: bool) -> Result<()> {
    let sections = choose(names)?;
    let needs: Vec<apt::Program> = sections.iter().flat_map(|section| section.needs).copied().collect();
    apt::ensure(&needs)?;
    // As it is shipped, page inside: what is left in the build folder is then what a build leaves there.
    build::build(workspace, build::Mode::Release)?;
    server::stop_with_this_process()?;
    let folder = workspace.target.join("bench/run");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    report::doing("Measuring the machine");
    let bench = Bench {
        workspace,
        scale: if quick { QUICK } else { FULL },
        machine: Machine::measure(&folder)?,
        folder,
    };
    let before = figure::read(&bench)?;
    let load_before = load_average();
    let mut all = Vec::new();
    for section in sections {
        let start = Instant::now();
        report::heading(&format!("{}: {}", section.name, section.what));
        let figures = (section.run)(&bench).with_context(|| format!("section {}", section.name))?;
        report::text(&figure::table(&figures, &before, section.name));
        report::text(&format!("  took {}", report::elapsed(start.elapsed())));
        all.push((section.name, figures));
        // After each: what an error in the next one must not lose.
        figure::write(&bench, &all)?;
    }
    report::text(&format!(
        "\n{} data set; load of the machine {load_before} before, {} after; figures are in {}",
        bench.scale.name,
        load_average(),
        figure::file(&bench).display()
    ));
    fs::remove_dir_all(&bench.folder).with_context(|| format!("cannot remove {}", bench.folder.display()))
}

/// How many processes wanted to run in the last minute, as the system tells it.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// The sections with these names, in their fixed order; all if there is no name.
fn choose(names: &[String]) -> Result<Vec<&'static Section>> {
    for name in names {
        if !ALL.iter().any(|section| section.name == name) {
            let known = ALL.iter().map(|section| section.name).collect::<Vec<_>>().join(", ");
            bail!("unknown section {name:?}; the sections are {known}");
        }
    }
    let chosen = |section: &&Section| names.is_empty() || names.iter().any(|name| name == section.name);
    Ok(ALL.iter().filter(chosen).collect())
}

/// The list of sections for the help.
pub(crate) fn describe_sections() -> String {
    let line = |section: &Section| format!("  {:12} {}", section.name, section.what);
    ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The release binary, with arguments.
fn watchroom(workspace: &Workspace) -> std::process::Command {
    process::command(watchroom_binary(workspace))
}

/// Where the release binary is.
fn watchroom_binary(workspace: &Workspace) -> PathBuf {
    workspace.server(build::Mode::Release.folder())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_section_is_answered_with_the_known_ones() {
        let message = choose(&["ingets".to_owned()]).unwrap_err().to_string();
        assert!(
            message.starts_with("unknown section \"ingets\"; the sections are machine, "),
            "{message}"
        );
    }

    #[test]
    fn named_sections_run_in_the_fixed_order() {
        let names = ["query", "machine"].map(str::to_owned);
        let chosen: Vec<_> = choose(&names).unwrap().iter().map(|section| section.name).collect();
        assert_eq!(chosen, ["machine", "query"]);
    }
}
