//! The raster from the pyramid.

use shared::query::raster::DensityOf;
use shared::time::TimeRange;

use super::cells::{Cells, Fold};
use super::columns::{Columns, Cut, Overview, finest_width};
use super::density::{Counts, Outside};
use super::means::Means;
use super::reading::{self, Half};
use super::{Question, RasterAnswer};
use crate::pyramid::grid::SAMPLES;
use crate::pyramid::view::{Piece, Subject, View};
use crate::pyramid::{Error, Pyramid};
use crate::query::columns::DEFAULT_BASE_MICROS;
use crate::query::envelope::pyramidal::filled;

type Result<T> = std::result::Result<T, Error>;

/// Answers from tiles, and stores those that had to be derived for it.
pub(super) async fn answer(pyramid: &Pyramid, question: &Question<'_>) -> Result<RasterAnswer> {
    let Some(mut view) = pyramid.view(&question.metric).await? else {
        return Ok(nothing(question));
    };
    let overview = look_over(&mut view, question).await?;
    let plan = Plan::new(question, &overview);
    let all = plan.of_all(&mut view, question).await?;
    let read = read(&mut view, question, &plan, all).await?;
    view.finish().await?;
    Ok(read.answer)
}

/// How an answer is made, as it follows from all that there is.
pub(super) struct Plan {
    pub(super) overview: Overview,
    pub(super) cut: Cut,
    pub(super) of: DensityOf,
}

/// Some columns of an answer, and where what is in them is read.
pub(super) struct Asked {
    pub(super) columns: Columns,
    pub(super) range: TimeRange,
}

/// What was read into some columns.
pub(super) struct Read {
    pub(super) answer: RasterAnswer,
    /// Of a density, what of each column lies in no row.
    pub(super) outside: Vec<Outside>,
}

impl Plan {
    pub(super) fn new(question: &Question<'_>, overview: &Overview) -> Self {
        let cut = question.cut(overview);
        Self {
            overview: *overview,
            cut,
            of: question.counted(cut, overview),
        }
    }

    /// All columns.
    pub(super) async fn of_all(&self, view: &mut View<'_>, question: &Question<'_>) -> Result<Asked> {
        let times_us = match self.cut {
            Cut::Frames => frame_times(view, question, question.range).await?,
            Cut::Buckets(_) => Vec::new(),
        };
        Ok(Asked {
            columns: question.columns(self.cut, times_us),
            range: question.range,
        })
    }

    /// Where in a range what is, and in buckets of which level.
    async fn parts(
        &self,
        view: &mut View<'_>,
        question: &Question<'_>,
        range: TimeRange,
    ) -> Result<(Vec<TimeRange>, u8)> {
        let level = view.level_for(finest(question));
        Ok(match self.cut {
            Cut::Buckets(width) if Fold::of(question.query.stat).is_some() || self.of == DensityOf::Buckets => {
                (vec![range], view.level_for(width))
            }
            _ => (filled_parts(view, range, level).await?, SAMPLES),
        })
    }
}

/// The parts of a range that hold samples: those that lie far apart are not sought where there are none.
async fn filled_parts(view: &mut View<'_>, range: TimeRange, level: u8) -> Result<Vec<TimeRange>> {
    if level == SAMPLES {
        return Ok(vec![range]);
    }
    filled(view, &Subject::Band, range, level).await
}

/// The width of the finest columns that there may be.
pub(super) fn finest(question: &Question<'_>) -> i64 {
    let base_micros = question.interval_micros().unwrap_or(DEFAULT_BASE_MICROS);
    finest_width(question.range, question.query.columns, base_micros)
}

/// Reads what is in some columns.
pub(super) async fn read(view: &mut View<'_>, question: &Question<'_>, plan: &Plan, asked: Asked) -> Result<Read> {
    let Asked { columns, range } = asked;
    let Plan { overview, of, .. } = plan;
    let (ranges, level) = plan.parts(view, question, range).await?;
    let all = 0..question.n_channels;
    let halves = Half::of(&columns, question.n_channels, &ranges, view, level);
    if let Some(fold) = Fold::of(question.query.stat) {
        let mut cells: Vec<Cells> = halves.iter().map(|half| question.cells(fold, &half.columns)).collect();
        reading::read(view, all, &halves, &mut cells).await?;
        return Ok(Read {
            answer: RasterAnswer::Raster(Cells::finish(cells, columns)),
            outside: Vec::new(),
        });
    }
    let mut counts: Vec<Counts> = halves
        .iter()
        .map(|half| question.counts(overview, &half.columns))
        .collect();
    match of {
        DensityOf::Samples => reading::read(view, all, &halves, &mut counts).await?,
        DensityOf::Buckets => {
            let counted = counts.into_iter();
            let mut means: Vec<Means> = counted
                .map(|counts| Means::new(counts, question.n_channels, overview))
                .collect();
            reading::read(view, all, &halves, &mut means).await?;
            counts = means.into_iter().map(Means::finish).collect();
        }
    }
    Ok(Read {
        outside: counts.iter().flat_map(Counts::outside).collect(),
        answer: question.finish_counts(&counts, columns, *of, overview),
    })
}

/// The answer before the first frame.
fn nothing(question: &Question<'_>) -> RasterAnswer {
    let overview = Overview::default();
    let columns = question.columns(question.cut(&overview), Vec::new());
    if let Some(fold) = Fold::of(question.query.stat) {
        return RasterAnswer::Raster(Cells::finish(vec![question.cells(fold, &columns)], columns));
    }
    let counts = question.counts(&overview, &columns);
    question.finish_counts(&[counts], columns, DensityOf::Samples, &overview)
}

async fn look_over(view: &mut View<'_>, question: &Question<'_>) -> Result<Overview> {
    let mut overview = Overview::default();
    let level = view.level_for(finest(question));
    look_at(view, question.range, level, &mut |_, piece| overview.add_all(piece)).await?;
    Ok(overview)
}

/// Gives what is known of each frame or bucket of a range, with its time.
pub(super) async fn look_at(
    view: &mut View<'_>,
    range: TimeRange,
    level: u8,
    note: &mut (impl FnMut(i64, &Overview) + Send),
) -> Result<()> {
    view.visit(&Subject::Band, range, level, &mut |piece| {
        let (time_us, n_frames, band) = match piece {
            Piece::Frame { time_us, band } => (time_us, 1, band),
            Piece::Bucket { start_us, bucket, .. } => (start_us, bucket.stored, bucket.summary),
            Piece::Sample { .. } => return,
        };
        let told = Overview {
            n_frames,
            n_finite: band.map_or(0, |band| band.count),
            extremes: band.map(|band| (band.min.value, band.max.value)),
        };
        note(time_us, &told);
    })
    .await
}

/// The times of all frames of a range.
pub(super) async fn frame_times(view: &mut View<'_>, question: &Question<'_>, range: TimeRange) -> Result<Vec<i64>> {
    let level = view.level_for(finest(question));
    let mut times_us = Vec::new();
    for range in filled_parts(view, range, level).await? {
        view.visit(&Subject::Band, range, SAMPLES, &mut |piece| {
            if let Piece::Frame { time_us, .. } = piece {
                times_us.push(time_us);
            }
        })
        .await?;
    }
    Ok(times_us)
}
