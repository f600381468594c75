//! Sums and extremes of summaries as columns of a tile.

use super::BadTile;
use super::column::{In, Out};
use crate::pyramid::summary::{Extreme, Sum, Summary};

pub(super) fn encode_sums(out: &mut Out, summaries: &[&Summary]) -> Result<(), BadTile> {
    out.floats(&summaries.iter().map(|summary| summary.sum.value).collect::<Vec<_>>())?;
    out.integers(
        &summaries
            .iter()
            .map(|summary| i64::from(summary.sum.scaled))
            .collect::<Vec<_>>(),
    )
}

pub(super) fn decode_sums(input: &mut In<'_>, n: usize) -> Result<Vec<Sum>, BadTile> {
    let values = input.floats(n)?;
    let scaled = input.small(n, 2)?;
    let sums = values.into_iter().zip(scaled).map(|(value, scaled)| Sum {
        value,
        scaled: scaled == 1,
    });
    Ok(sums.collect())
}

/// What of an extreme is written besides its value.
#[derive(Clone, Copy)]
pub(super) struct ExtremeParts {
    /// Its time after the start of the bucket; else it is the start itself.
    time: bool,
    /// Its channel; else the place in the tile tells it.
    channel: bool,
}

pub(super) const FRAME_PARTS: ExtremeParts = ExtremeParts {
    time: false,
    channel: true,
};

pub(super) const fn bucket_parts(is_band: bool) -> ExtremeParts {
    ExtremeParts {
        time: true,
        channel: is_band,
    }
}

pub(super) fn encode_extremes(
    out: &mut Out,
    summaries: &[&Summary],
    starts: &[i64],
    parts: ExtremeParts,
) -> Result<(), BadTile> {
    let pick: [fn(&Summary) -> &Extreme; 2] = [|summary| &summary.min, |summary| &summary.max];
    for extreme in pick {
        let extremes: Vec<&Extreme> = summaries.iter().map(|summary| extreme(summary)).collect();
        out.floats(&extremes.iter().map(|extreme| extreme.value).collect::<Vec<_>>())?;
        if parts.time {
            let after = extremes
                .iter()
                .zip(starts)
                .map(|(extreme, start_us)| extreme.time_us.wrapping_sub(*start_us));
            out.integers(&after.collect::<Vec<_>>())?;
        }
        if parts.channel {
            out.integers(
                &extremes
                    .iter()
                    .map(|extreme| i64::from(extreme.channel))
                    .collect::<Vec<_>>(),
            )?;
        }
    }
    Ok(())
}

pub(super) fn decode_extremes(
    input: &mut In<'_>,
    starts: &[i64],
    parts: ExtremeParts,
) -> Result<Vec<(Extreme, Extreme)>, BadTile> {
    let mut one = || {
        let values = input.floats(starts.len())?;
        let after = if parts.time {
            input.integers(starts.len())?
        } else {
            vec![0; starts.len()]
        };
        let channels = if parts.channel {
            input.small(starts.len(), u32::MAX as usize)?
        } else {
            vec![0; starts.len()]
        };
        let places = starts.iter().zip(after).zip(channels);
        let extremes = values
            .into_iter()
            .zip(places)
            .map(|(value, ((start_us, after), channel))| Extreme {
                value,
                time_us: start_us.wrapping_add(after),
                channel,
            });
        Ok::<_, BadTile>(extremes.collect::<Vec<_>>())
    };
    let (min, max) = (one()?, one()?);
    Ok(min.into_iter().zip(max).collect())
}
