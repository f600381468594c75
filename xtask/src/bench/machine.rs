//! The limits of the machine: what no program on it can exceed.

use super::figure::Figure;
use anyhow::{Context as _, Result};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// Larger than any cache.
const MEMORY_BYTES: usize = 256 << 20;

/// How much is written in a row.
const WRITE_BYTES: usize = 512 << 20;

/// One write before a sync, as the log of a small transaction.
const SYNCED_BYTES: usize = 8 << 10;

/// How many such writes until the first is written over.
const SYNCED_PLACES: usize = 512;

/// How long syncs are counted.
const SYNCING: Duration = Duration::from_secs(1);

/// What this machine can do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Machine {
    /// Bytes a second that one core reads, by copying (read and written bytes both count).
    pub(super) memory_gbps: f64,
    /// Bytes a second that reach the disk when written in a row, with one sync at the end.
    pub(super) write_mbps: f64,
    /// How many small writes a second reach the disk when each is synced.
    pub(super) syncs_hz: f64,
}

impl Machine {
    /// Measures, on the disk of `folder`; takes some seconds.
    pub(super) fn measure(folder: &Path) -> Result<Self> {
        let file = folder.join("machine");
        let machine = Self {
            memory_gbps: memory(),
            write_mbps: writes(&file).context("cannot measure the disk")?,
            syncs_hz: syncs(&file).context("cannot measure syncs")?,
        };
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        Ok(machine)
    }

    /// For the table.
    pub(super) fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::rate("memory, one core copying", self.memory_gbps, "GB/s"),
            Figure::rate("disk, written in a row", self.write_mbps, "MB/s"),
            Figure::rate("disk, 8 KiB and a sync", self.syncs_hz, "1/s"),
        ]
    }

    /// How long reading so many bytes from memory takes at least, in milliseconds.
    pub(super) fn memory_ms(&self, bytes: f64) -> f64 {
        bytes / self.memory_gbps / 1e6
    }
}

fn memory() -> f64 {
    let source = vec![1_u8; MEMORY_BYTES];
    let mut target = vec![0_u8; MEMORY_BYTES];
    let copy = |target: &mut Vec<u8>| {
        let start = Instant::now();
        target.copy_from_slice(black_box(&source));
        black_box(&target);
        start.elapsed()
    };
    let best = (0..7).map(|_round| copy(&mut target)).min().unwrap_or(Duration::MAX);
    2.0 * MEMORY_BYTES as f64 / best.as_secs_f64() / 1e9
}

fn writes(path: &Path) -> Result<f64> {
    let chunk: Vec<u8> = (0..1_u32 << 20)
        .map(|byte| byte.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect();
    let mut file = File::create(path)?;
    let start = Instant::now();
    for _chunk in 0..WRITE_BYTES / chunk.len() {
        file.write_all(&chunk)?;
    }
    file.sync_data()?;
    Ok(WRITE_BYTES as f64 / start.elapsed().as_secs_f64() / 1e6)
}

fn syncs(path: &Path) -> Result<f64> {
    let chunk = vec![7_u8; SYNCED_BYTES];
    // Over what is there, as logs are written that have been emptied before: a file that grows costs a second write.
    let mut file = File::create(path)?;
    file.write_all(&vec![0_u8; SYNCED_BYTES * SYNCED_PLACES])?;
    file.sync_all()?;
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < SYNCING {
        if (count as usize).is_multiple_of(SYNCED_PLACES) {
            file.rewind()?;
        }
        file.write_all(&chunk)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
