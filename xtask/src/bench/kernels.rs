//! The inner loops, by criterion in `backend/benches/kernels.rs`; and tsdownsample on the same array.

use super::Bench;
use super::figure::Figure;
use crate::tools::python::{List, PythonPackages};
use crate::{process, report};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is measured beside ours.
const TSDOWNSAMPLE: PythonPackages = PythonPackages {
    folder: "tsdownsample-1",
    name: "tsdownsample",
    list: List::Here(&["tsdownsample==0.1.5.1", "numpy==2.2.6"]),
    modules: "tsdownsample",
    why: "downsampling in Rust for Python, measured beside ours",
};

/// The array that both work on: bytes a sample.
const ARRAY_BYTES: f64 = 8.0;

/// What ours reads besides: the time of each sample.
const TIME_BYTES: f64 = 8.0;

/// One bench as criterion keeps it: bytes or samples a second.
struct Kernel {
    per_sec: f64,
    of_bytes: bool,
}

pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let workspace = bench.workspace;
    let array = bench.folder.join("array.f64");
    report::doing("Measuring our kernels (compiles them first)");
    let mut cargo = process::cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["bench", "--package", "backend", "--bench", "kernels", "--", "--noplot"])
        .env("WATCHROOM_KERNEL_ARRAY", &array);
    if bench.scale == super::QUICK {
        cargo.arg("--quick");
    }
    process::output(&mut cargo)?;
    let peers = tsdownsample(bench, &array)?;
    let n_samples = fs::metadata(&array)?.len() as f64 / ARRAY_BYTES;
    let peer = |name: &str| {
        let secs = peers
            .get(name)
            .with_context(|| format!("tsdownsample did not measure {name}"))?;
        Ok::<f64, anyhow::Error>(n_samples / secs / 1e6)
    };
    let kernels = read(&workspace.target.join("criterion"))?;
    let memory = bench.machine.memory_gbps;
    let mut figures = Vec::new();
    for (name, kernel) in &kernels {
        let figure = if kernel.of_bytes {
            Figure::rate(name.as_str(), kernel.per_sec / 1e6, "MB/s").limit("memory", memory * 1e3)
        } else {
            let limit = memory * 1e3 / (ARRAY_BYTES + TIME_BYTES);
            Figure::rate(name.as_str(), kernel.per_sec / 1e6, "M samples/s").limit("memory", limit)
        };
        figures.push(if name == "envelope of samples" {
            figure.peer("tsdownsample M4", peer("M4")?)
        } else {
            figure
        });
    }
    for name in ["MinMax", "MinMaxLTTB"] {
        let limit = memory * 1e3 / ARRAY_BYTES;
        figures.push(
            Figure::rate(
                format!("for comparison: tsdownsample {name}"),
                peer(name)?,
                "M samples/s",
            )
            .limit("memory", limit),
        );
    }
    Ok(figures)
}

/// Seconds by algorithm.
fn tsdownsample(bench: &Bench<'_>, array: &Path) -> Result<BTreeMap<String, f64>> {
    let packages = TSDOWNSAMPLE.ensure(bench.workspace)?;
    let mut python = process::command("python3");
    python
        .args(["-c", include_str!("tsdownsample.py")])
        .arg(array)
        .env("PYTHONPATH", packages);
    let told = process::output(&mut python)?;
    let pairs = told.lines().filter_map(|line| {
        let (name, secs) = line.split_once(' ')?;
        Some((name.to_owned(), secs.parse().ok()?))
    });
    Ok(pairs.collect())
}

/// What criterion kept of the group `kernels`.
fn read(folder: &Path) -> Result<BTreeMap<String, Kernel>> {
    let group = folder.join("kernels");
    let mut kernels = BTreeMap::new();
    for entry in fs::read_dir(&group).with_context(|| format!("cannot list {}", group.display()))? {
        let newest = entry?.path().join("new");
        if !newest.is_dir() {
            continue;
        }
        let json = |name: &str| -> Result<Value> {
            let file = newest.join(name);
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
        };
        let (about, estimates) = (json("benchmark.json")?, json("estimates.json")?);
        let nanos = estimates["median"]["point_estimate"]
            .as_f64()
            .context("criterion has no median")?;
        let throughput = &about["throughput"];
        let (of_bytes, amount) = match (throughput["Bytes"].as_f64(), throughput["Elements"].as_f64()) {
            (Some(bytes), _) => (true, bytes),
            (None, Some(elements)) => (false, elements),
            (None, None) => anyhow::bail!("a kernel does not tell how much it does"),
        };
        let name = about["function_id"]
            .as_str()
            .context("a kernel has no name")?
            .to_owned();
        let per_sec = amount / nanos * 1e9;
        kernels.insert(name, Kernel { per_sec, of_bytes });
    }
    Ok(kernels)
}
