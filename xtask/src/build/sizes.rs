//! The page's files: compressing them once at build time, and the table of what they weigh.

use super::fingerprint;
use anyhow::{Context as _, Result};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The most the whole page may weigh, in bytes of brotli.
pub(super) const BUDGET: u64 = 250_000;

/// Endings of files that are worth compressing; images and fonts are compressed already.
const COMPRESSIBLE: &[&str] = &["wasm", "js", "css", "html", "svg", "json", "txt"];

/// What one file weighs, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weight {
    /// Its name below the page's folder.
    pub(super) name: String,
    /// As it is.
    pub(super) raw: u64,
    /// As gzip, level 9.
    pub(super) gzip: u64,
    /// As brotli, level 11.
    pub(super) brotli: u64,
}

/// Writes `NAME.br` and `NAME.gz` beside every file that gains from it. What is there already was compressed by someone who
/// knows the file better.
pub(super) fn compress(dist: &Path) -> Result<()> {
    for file in originals(dist)? {
        let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !COMPRESSIBLE.contains(&ending.as_str()) {
            continue;
        }
        let raw = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for suffix in [".br", ".gz"] {
            let target = with_suffix(&file, suffix);
            if target.exists() {
                continue;
            }
            let packed = if suffix == ".br" { brotli(&raw)? } else { gzip(&raw)? };
            if packed.len() < raw.len() {
                fs::write(&target, packed).with_context(|| format!("cannot write {}", target.display()))?;
            }
        }
    }
    Ok(())
}

/// Weighs all files of a compressed page, the heaviest first.
pub(super) fn weigh(dist: &Path) -> Result<Vec<Weight>> {
    let size = |file: &Path| fs::metadata(file).map(|found| found.len());
    let mut weights = Vec::new();
    for file in originals(dist)? {
        let raw = size(&file)?;
        weights.push(Weight {
            name: file.strip_prefix(dist).unwrap_or(&file).display().to_string(),
            raw,
            gzip: size(&with_suffix(&file, ".gz")).unwrap_or(raw),
            brotli: size(&with_suffix(&file, ".br")).unwrap_or(raw),
        });
    }
    weights.sort_by(|a, b| b.brotli.cmp(&a.brotli).then_with(|| a.name.cmp(&b.name)));
    Ok(weights)
}

/// The sum over all files as brotli, in bytes.
pub(super) fn total(weights: &[Weight]) -> u64 {
    weights.iter().map(|weight| weight.brotli).sum()
}

/// The table that the build prints, in kilobytes of 1000 bytes.
pub(super) fn table(weights: &[Weight]) -> String {
    let sum = Weight {
        name: "all".to_owned(),
        raw: weights.iter().map(|weight| weight.raw).sum(),
        gzip: weights.iter().map(|weight| weight.gzip).sum(),
        brotli: total(weights),
    };
    let width = weights
        .iter()
        .map(|weight| weight.name.len())
        .max()
        .unwrap_or(0)
        .max(10);
    let mut lines = vec![format!(
        "  {:width$}  {:>8}  {:>8}  {:>8}",
        "file, KB", "raw", "gzip", "brotli"
    )];
    for weight in weights.iter().chain([&sum]) {
        let [raw, gzip, brotli] = [weight.raw, weight.gzip, weight.brotli].map(|bytes| bytes as f64 / 1000.0);
        lines.push(format!(
            "  {:width$}  {raw:>8.1}  {gzip:>8.1}  {brotli:>8.1}",
            weight.name
        ));
    }
    lines.join("\n")
}

/// The files of the page without their compressed forms.
fn originals(dist: &Path) -> Result<Vec<PathBuf>> {
    let mut files = fingerprint::files(dist)?;
    files.retain(|file| file.extension().is_none_or(|ending| ending != "br" && ending != "gz"));
    Ok(files)
}

/// `a/b.js` and `.br` give `a/b.js.br`.
fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Brotli at its best level.
fn brotli(raw: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: raw.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*raw, &mut packed, &parameters).context("brotli failed")?;
    Ok(packed)
}

/// Gzip at its best level.
fn gzip(raw: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(raw)?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn compressed_forms_decode_to_the_original() {
        let raw = b"watchroom ".repeat(500);
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &*super::brotli(&raw).unwrap(), &mut back).unwrap();
        assert_eq!(back, raw);
        back.clear();
        let packed = gzip(&raw).unwrap();
        flate2::read::GzDecoder::new(&*packed).read_to_end(&mut back).unwrap();
        assert_eq!(back, raw);
    }

    #[test]
    fn a_page_is_weighed_with_its_compressed_forms() {
        let dist = std::env::temp_dir().join(format!("watchroom-sizes-{}", std::process::id()));
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("app.js"), "let a = 1;\n".repeat(100)).unwrap();
        fs::write(dist.join("font.woff2"), [7; 50]).unwrap();
        compress(&dist).unwrap();
        let weights = weigh(&dist).unwrap();
        fs::remove_dir_all(&dist).unwrap();
        let names: Vec<_> = weights.iter().map(|weight| weight.name.as_str()).collect();
        assert_eq!(names, ["font.woff2", "app.js"]);
        assert_eq!((weights[0].raw, weights[0].brotli), (50, 50));
        assert!(weights[1].brotli < weights[1].gzip && weights[1].gzip < weights[1].raw);
        assert!(table(&weights).ends_with(&format!("{:.1}", total(&weights) as f64 / 1000.0)));
    }
}
