//! An envelope that is kept up to date: of what has changed only the columns that it touches are computed, with the edges
//! that they have in the whole answer.
//!
//! Whether an answer is made of samples, of frames or of columns depends on how many there are in all of its range. They
//! only become more by writes: so once there are columns nothing has to be counted any more; and as long as there are
//! samples they are few enough for their times to be remembered.

use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::time::{TimeRange, Timestamp};

use super::{Answer, Form, Question, answer};
use crate::pyramid::Pyramid;
use crate::query::dirty::Dirty;
use crate::query::{Ask, Renewed, Result};

/// The most times that are remembered of one question. Where there are more, all of the answer is computed for each part.
const MAX_TIMES: usize = 250_000;

/// What is known of an answer from the last time that it was renewed.
#[derive(Clone, Debug, Default)]
pub struct Memory(Option<Known>);

#[derive(Clone, Debug)]
struct Known {
    about: About,
    form: Form,
    n_frames: u64,
    /// The times of the samples of each series, or of the frames of the band; none where there are columns.
    times_us: Vec<Vec<i64>>,
}

/// What an answer says of its metric, and what its edges depend on.
#[derive(Clone, PartialEq, Debug)]
struct About {
    channels: Vec<u32>,
    labels: Vec<String>,
    unit: String,
    interval_micros: Option<i64>,
}

impl About {
    fn new(question: &Question) -> Self {
        let metric = &question.metric;
        let labels = question.channels.iter();
        Self {
            channels: question.channels.clone(),
            labels: labels
                .map(|channel| metric.channel_labels[*channel as usize].clone())
                .collect(),
            unit: metric.properties.unit.clone(),
            interval_micros: metric.properties.interval_micros,
        }
    }
}

impl Known {
    fn new(about: About, answer: &Answer) -> Self {
        Self {
            about,
            form: answer.form,
            n_frames: answer.n_frames,
            times_us: times_of(answer),
        }
    }

    /// Whether there are so many by now that the answer has another form.
    fn has_outgrown(&self, question: &Question) -> bool {
        let most = self.times_us.iter().map(Vec::len).max().unwrap_or(0) as u64;
        match self.form {
            Form::Samples => question.are_many(most),
            Form::Frames => !question.are_few(most),
            Form::Columns => false,
        }
    }

    fn replace(&mut self, window: TimeRange, times_us: Vec<Vec<i64>>) {
        let (from_us, to_us) = (window.start().as_micros(), window.end().as_micros());
        for (known, new) in self.times_us.iter_mut().zip(times_us) {
            let start = known.partition_point(|time_us| *time_us < from_us);
            let end = known.partition_point(|time_us| *time_us < to_us);
            known.splice(start..end, new);
        }
    }
}

fn times_of(answer: &Answer) -> Vec<Vec<i64>> {
    match (&answer.envelope, answer.form) {
        (Envelope::Samples { series, .. }, _) => series.iter().map(|series| series.time_us.clone()).collect(),
        (Envelope::Columns { .. }, Form::Frames) => vec![answer.frame_times_us.clone()],
        (Envelope::Columns { .. }, _) => Vec::new(),
    }
}

/// Computes what has changed in the answer to a query since `memory` knew it: parts of it around the dirty ranges, or the
/// whole where that has another form by now or is asked for.
///
/// Where it is not sure that who holds the old answer holds it in the form that `memory` knows, and without memory, it is
/// assumed that the form has not changed. Who finds that it has asks anew; only for the band, of which two forms cannot be
/// told apart, the whole is given where that may be so.
pub async fn refresh(
    pyramid: &Pyramid,
    query: &EnvelopeQuery,
    memory: &mut Memory,
    dirty: &[(i64, i64)],
    ask: Ask,
) -> Result<Vec<Renewed<Envelope>>> {
    let mut question = Question::new(pyramid.store(), query).await?;
    let (asked, about) = (question.range, About::new(&question));
    let known = memory.0.take();
    let is_sure = known.is_some() && ask == Ask::Parts;
    let whole = ask == Ask::Whole;
    let mut known = match known {
        Some(known) if known.about == about && !whole => known,
        known => {
            let answer = answer(pyramid, &question).await?;
            let now = Known::new(about.clone(), &answer);
            if whole || known.is_some() {
                remember(memory, now);
                return Ok(vec![renewed(asked, answer.envelope)]);
            }
            now
        }
    };
    let mut parts = Vec::new();
    let mut n_frames = 0;
    for window in windows(&question, known.form, dirty) {
        (question.range, question.form) = (window, Some(known.form));
        let answer = answer(pyramid, &question).await?;
        known.replace(window, times_of(&answer));
        n_frames += answer.n_frames;
        parts.push(renewed(window, answer.envelope));
    }
    (question.range, question.form) = (asked, None);
    let may_have_been_frames =
        !is_sure && known.form == Form::Columns && question.are_few(known.n_frames.saturating_sub(n_frames));
    let is_band = query.channels == shared::metric::ChannelSelection::Band;
    if known.has_outgrown(&question) || (is_band && may_have_been_frames) {
        let answer = answer(pyramid, &question).await?;
        remember(memory, Known::new(about, &answer));
        return Ok(vec![renewed(asked, answer.envelope)]);
    }
    remember(memory, known);
    Ok(parts)
}

fn remember(memory: &mut Memory, known: Known) {
    let n_times: usize = known.times_us.iter().map(Vec::len).sum();
    memory.0 = (n_times <= MAX_TIMES).then_some(known);
}

fn renewed(range: TimeRange, part: Envelope) -> Renewed<Envelope> {
    Renewed {
        from_us: range.start().as_micros(),
        to_us: range.end().as_micros(),
        part,
    }
}

/// The ranges to be computed: whole columns where there are columns.
fn windows(question: &Question, form: Form, dirty: &[(i64, i64)]) -> Vec<TimeRange> {
    let mut windows = Dirty::default();
    for (from_us, to_us) in dirty {
        let window = match form {
            Form::Columns => question.columns.around(*from_us, *to_us),
            Form::Samples | Form::Frames => Some((*from_us, *to_us)),
        };
        if let Some((from_us, to_us)) = window {
            windows.add(from_us, to_us);
        }
    }
    let at = Timestamp::saturating_from_micros;
    let ranges = windows.ranges().iter();
    ranges
        .filter_map(|(from_us, to_us)| {
            TimeRange::new(at(*from_us), at(*to_us))
                .ok()?
                .intersection(question.range)
        })
        .collect()
}
