//! The newest night, alone and at the end of a long archive.

use super::figure::Figure;
use super::http::Times;
use super::server::Site;
use super::{Bench, report};
use anyhow::Result;

/// What DESIGN allows, in percent.
const TARGET_PERCENT: f64 = 20.0;

pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let n_nights = bench.scale.grown_nights;
    let last = super::archive::Night::new(n_nights - 1);
    let mut sites = Vec::new();
    for (name, first, nights) in [("small", n_nights - 1, 1), ("large", 0, n_nights)] {
        report::doing(&format!(
            "Making an archive of {nights} nights: 265 modules and ten scalars, 1/min"
        ));
        let site = Site::new(bench, &format!("growth-{name}"), None)?;
        let from = super::archive::Night::new(first).from;
        site.run(&[
            "mock",
            "--quantities",
            "modules,scalars",
            "--from",
            &from,
            "--nights",
            &nights.to_string(),
        ])?;
        site.run(&["store", "rebuild"])?;
        sites.push(site);
    }
    let servers = [sites[0].serve()?, sites[1].serve()?];
    let mut figures = Vec::new();
    let range = last.range();
    for (what, question) in [
        (
            "band of 265 modules",
            format!("envelope?metric=mock.module&channels=band&columns=1200&{range}"),
        ),
        (
            "one module",
            format!("envelope?metric=mock.module&channels=100&columns=1200&{range}"),
        ),
        (
            "a scalar",
            format!("envelope?metric=mock.scalar_3&channels=0&columns=1200&{range}"),
        ),
        ("newest night", "nights?limit=1".to_owned()),
    ] {
        let path = format!("/api/v1/{question}");
        let ask = |index: usize| servers[index].client.get(&path).map(drop);
        // In turns, so that whatever else the machine does meets both; the first asks fill the caches.
        for index in [0, 1] {
            ask(index)?;
        }
        let mut small = Vec::new();
        let mut large = Vec::new();
        for _round in 0..bench.scale.rounds * 3 {
            small.push(Times::one(|| ask(0))?);
            large.push(Times::one(|| ask(1))?);
        }
        let (small, large) = (Times::from(small).median_ms(), Times::from(large).median_ms());
        figures.push(Figure::cost(format!("{what}, 1 night archived"), small, "ms"));
        figures.push(Figure::cost(format!("{what}, {n_nights} nights archived"), large, "ms"));
        let slower = (large / small - 1.0) * 100.0;
        figures.push(Figure::cost(format!("{what}, slower by"), slower, "%").target(TARGET_PERCENT));
    }
    drop(servers);
    for site in sites {
        site.remove()?;
    }
    Ok(figures)
}
