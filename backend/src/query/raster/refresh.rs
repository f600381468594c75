//! A raster that is kept up to date: of what has changed only the columns that it touches are computed, with the edges that
//! they have in the whole answer.
//!
//! How a raster is cut, and between which values a density counts, depends on all that its range holds. So that is
//! remembered in small pieces, one per bucket of the finest columns that there may be: a change costs a look at the pieces
//! that it touches, and their sum tells what the whole answer looks like.

use shared::query::raster::{DensityOf, RasterQuery, Statistic};
use shared::time::{TimeRange, Timestamp};

use super::columns::{Columns, Cut, Overview};
use super::density::Outside;
use super::pyramidal::{Asked, Plan, finest, frame_times, look_at, read};
use super::{ATTEMPTS, Question, RasterAnswer, answer, asks_again};
use crate::pyramid::view::View;
use crate::pyramid::{Error, Pyramid};
use crate::query::dirty::Dirty;
use crate::query::{Ask, Renewed, Result};

/// What is known of an answer from the last time that it was renewed.
#[derive(Clone, Debug, Default)]
pub struct Memory(Option<Known>);

#[derive(Clone, Debug)]
struct Known {
    n_channels: u32,
    interval_micros: Option<i64>,
    /// What each bucket of the finest columns holds.
    pieces: Vec<Overview>,
    form: Form,
    /// When the frames were, where each is a column.
    times_us: Vec<i64>,
    /// What of each column of a density lies in no row, where that is told.
    outside: Vec<Outside>,
}

impl Known {
    /// Before the first frame.
    fn of_nothing(question: &Question<'_>) -> Self {
        let plan = Plan::new(question, &Overview::default());
        let columns = question.columns(plan.cut, Vec::new());
        Self {
            n_channels: question.n_channels,
            interval_micros: question.interval_micros(),
            pieces: vec![Overview::default(); Columns::buckets(question.range, finest(question)).len()],
            form: Form::new(question, &plan),
            times_us: Vec::new(),
            outside: vec![Outside::default(); columns.len()],
        }
    }
}

/// What all parts of an answer must have in common.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Form {
    cut: Cut,
    of: DensityOf,
    ends: (Option<f64>, Option<f64>),
}

impl Form {
    fn new(question: &Question<'_>, plan: &Plan) -> Self {
        Self {
            cut: plan.cut,
            of: plan.of,
            ends: question.ends(&plan.overview),
        }
    }
}

/// Computes what has changed in the answer to a query since `memory` knew it: parts of it around the dirty ranges, or the
/// whole where that has another form by now or is asked for.
///
/// Without memory it is assumed that the answer had the form that it has now; who finds that it had not asks anew.
pub async fn refresh(
    pyramid: &Pyramid,
    query: &RasterQuery,
    memory: &mut Memory,
    dirty: &[(i64, i64)],
    ask: Ask,
) -> Result<Vec<Renewed<RasterAnswer>>> {
    let whole = ask == Ask::Whole;
    let question = Question::new(pyramid.store(), query).await?;
    for _ in 0..ATTEMPTS {
        let mut known = if whole { None } else { memory.0.clone() };
        match renew(pyramid, &question, &mut known, dirty, whole).await {
            Ok(parts) => {
                memory.0 = known;
                return Ok(parts);
            }
            Err(error) if asks_again(&error, &query.metric) => {}
            Err(_told) => break,
        }
    }
    memory.0 = None;
    let all = answer(pyramid, &question).await?;
    Ok(vec![renewed(question.range, all)])
}

async fn renew(
    pyramid: &Pyramid,
    question: &Question<'_>,
    memory: &mut Option<Known>,
    dirty: &[(i64, i64)],
    whole: bool,
) -> std::result::Result<Vec<Renewed<RasterAnswer>>, Error> {
    let Some(mut view) = pyramid.view(&question.metric).await? else {
        *memory = Some(Known::of_nothing(question));
        let all = super::pyramidal::answer(pyramid, question).await?;
        return Ok(vec![renewed(question.range, all)]);
    };
    let before = memory.take();
    let is_same =
        |known: &Known| known.n_channels == question.n_channels && known.interval_micros == question.interval_micros();
    let has_changed = before.as_ref().is_some_and(|known| !is_same(known));
    let before = before.filter(is_same);
    let pieces = before.as_ref().map_or_else(Vec::new, |known| known.pieces.clone());
    let pieces = renewed_pieces(&mut view, question, pieces, dirty).await?;
    let mut overview = Overview::default();
    for piece in &pieces {
        overview.add_all(piece);
    }
    let plan = Plan::new(question, &overview);
    let form = Form::new(question, &plan);
    let mut known = Known {
        n_channels: question.n_channels,
        interval_micros: question.interval_micros(),
        pieces,
        form,
        times_us: Vec::new(),
        outside: Vec::new(),
    };
    let counts_outside = tells_outside(question.query);
    let parts_fit = match &before {
        Some(before) => before.form == form,
        None => !has_changed && !counts_outside,
    };
    // Where no interval is known, how long a frame is painted depends on all of them.
    let depends_on_all = plan.cut == Cut::Frames && question.interval_micros().is_none();
    if whole || !parts_fit || depends_on_all {
        let asked = plan.of_all(&mut view, question).await?;
        if plan.cut == Cut::Frames {
            known.times_us.clone_from(&asked.columns.start_us);
        }
        let all = read(&mut view, question, &plan, asked).await?;
        view.finish().await?;
        if counts_outside {
            known.outside = all.outside;
        }
        *memory = Some(known);
        return Ok(vec![renewed(question.range, all.answer)]);
    }
    if let Some(before) = before {
        (known.times_us, known.outside) = (before.times_us, before.outside);
    } else if plan.cut == Cut::Frames {
        known.times_us = frame_times(&mut view, question, question.range).await?;
    }
    let parts = renewed_parts(&mut view, question, &plan, &mut known, dirty).await?;
    view.finish().await?;
    *memory = Some(known);
    Ok(parts)
}

async fn renewed_parts(
    view: &mut View<'_>,
    question: &Question<'_>,
    plan: &Plan,
    known: &mut Known,
    dirty: &[(i64, i64)],
) -> std::result::Result<Vec<Renewed<RasterAnswer>>, Error> {
    let mut parts = Vec::new();
    let windows = windows(view, question, plan, known, dirty).await?;
    // The last first, so that the places of the others stay what they are.
    for window in windows.into_iter().rev() {
        let part = read(view, question, plan, window.asked).await?;
        if tells_outside(question.query) && known.outside.get(window.before.clone()).is_some() {
            known.outside.splice(window.before, part.outside);
        }
        parts.push(Renewed {
            from_us: window.from_us,
            to_us: window.to_us,
            part: part.answer,
        });
    }
    parts.reverse();
    for renewed in &mut parts {
        if let RasterAnswer::Density(density) = &mut renewed.part
            && tells_outside(question.query)
        {
            density.below = known.outside.iter().map(|outside| outside.below).sum();
            density.above = known.outside.iter().map(|outside| outside.above).sum();
        }
    }
    Ok(parts)
}

/// What each piece holds: looked at anew where it is dirty, or where nothing is known.
async fn renewed_pieces(
    view: &mut View<'_>,
    question: &Question<'_>,
    mut pieces: Vec<Overview>,
    dirty: &[(i64, i64)],
) -> std::result::Result<Vec<Overview>, Error> {
    let lattice = Columns::buckets(question.range, finest(question));
    if pieces.len() == lattice.len() {
        for (from_us, to_us) in dirty {
            let touched = lattice.touched_by(*from_us, *to_us);
            look_again(view, question, &lattice, &mut pieces, touched).await?;
        }
    } else {
        pieces = vec![Overview::default(); lattice.len()];
        look_again(view, question, &lattice, &mut pieces, 0..lattice.len()).await?;
    }
    Ok(pieces)
}

/// Whether samples may lie beyond the rows.
fn tells_outside(query: &RasterQuery) -> bool {
    query.stat == Statistic::Density && (query.log || query.value_min.is_some() || query.value_max.is_some())
}

fn renewed(range: TimeRange, part: RasterAnswer) -> Renewed<RasterAnswer> {
    Renewed {
        from_us: range.start().as_micros(),
        to_us: range.end().as_micros(),
        part,
    }
}

/// Looks anew at some of the pieces, which lie beside each other.
async fn look_again(
    view: &mut View<'_>,
    question: &Question<'_>,
    lattice: &Columns,
    pieces: &mut [Overview],
    places: std::ops::Range<usize>,
) -> std::result::Result<(), Error> {
    let some = lattice.only(places.clone());
    let Some(range) = span(&some) else { return Ok(()) };
    let Some(pieces) = pieces.get_mut(places) else {
        return Ok(());
    };
    pieces.fill(Overview::default());
    let level = view.level_for(finest(question));
    look_at(view, range, level, &mut |time_us, told| {
        if let Some(piece) = some.find(time_us).and_then(|place| pieces.get_mut(place)) {
            piece.add_all(told);
        }
    })
    .await
}

fn span(columns: &Columns) -> Option<TimeRange> {
    let at = Timestamp::saturating_from_micros;
    let (start_us, end_us) = columns.start_us.first().zip(columns.end_us.last())?;
    TimeRange::new(at(*start_us), at(*end_us)).ok()
}

/// Columns to be computed.
struct Window {
    from_us: i64,
    to_us: i64,
    /// Which of all columns were there before.
    before: std::ops::Range<usize>,
    asked: Asked,
}

async fn windows(
    view: &mut View<'_>,
    question: &Question<'_>,
    plan: &Plan,
    known: &mut Known,
    dirty: &[(i64, i64)],
) -> std::result::Result<Vec<Window>, Error> {
    let (start_us, end_us) = (question.range.start().as_micros(), question.range.end().as_micros());
    let clipped = |(from_us, to_us): &(i64, i64)| (start_us.max(*from_us), end_us.min(*to_us));
    let dirty: Vec<(i64, i64)> = dirty
        .iter()
        .map(clipped)
        .filter(|(from_us, to_us)| from_us < to_us)
        .collect();
    let mut wanted = Dirty::default();
    let times_before = known.times_us.clone();
    if plan.cut == Cut::Frames {
        for (from_us, to_us) in &dirty {
            let at = Timestamp::saturating_from_micros;
            let Ok(range) = TimeRange::new(at(*from_us), at(*to_us)) else {
                continue;
            };
            let times_us = frame_times(view, question, range).await?;
            let start = known.times_us.partition_point(|time_us| time_us < from_us);
            let end = known.times_us.partition_point(|time_us| time_us < to_us);
            // A frame is painted up to the next one.
            let first_us = start.checked_sub(1).and_then(|place| known.times_us.get(place));
            wanted.add(first_us.copied().unwrap_or(*from_us), *to_us);
            known.times_us.splice(start..end, times_us);
        }
    }
    let columns = question.columns(plan.cut, known.times_us.clone());
    if let Cut::Buckets(_) = plan.cut {
        for (from_us, to_us) in &dirty {
            if let Some(range) = span(&columns.only(columns.touched_by(*from_us, *to_us))) {
                wanted.add(range.start().as_micros(), range.end().as_micros());
            }
        }
    }
    let places = |start_us: &[i64], (from_us, to_us): &(i64, i64)| {
        let place = |at_us: &i64| start_us.partition_point(|start_us| start_us < at_us);
        place(from_us)..place(to_us)
    };
    let windows = wanted.ranges().iter().filter_map(|range_us| {
        let at = Timestamp::saturating_from_micros;
        let now = places(&columns.start_us, range_us);
        Some(Window {
            from_us: range_us.0,
            to_us: range_us.1,
            before: match plan.cut {
                Cut::Frames => places(&times_before, range_us),
                Cut::Buckets(_) => now.clone(),
            },
            asked: Asked {
                columns: columns.only(now),
                range: TimeRange::new(at(range_us.0), at(range_us.1)).ok()?,
            },
        })
    });
    Ok(windows.collect())
}
