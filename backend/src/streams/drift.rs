//! How the delay of a source changes with time: a line through the least delays of minutes, that some wrong ones do not
//! move (the median of the slopes between any two).

use std::collections::VecDeque;

use shared::time::MICROS_PER_SEC;

/// How long the stretches are whose least delays count, by arrival, in microseconds.
const STRETCH_MICROS: i64 = 60 * MICROS_PER_SEC;

/// How many are kept: two hours where data come all the time.
const N_STRETCHES: usize = 120;

/// How many there must be, and how much time between the first and the last, to say anything: over some minutes, delays that
/// jump about by half a second make a drift of many seconds per hour.
const ENOUGH: usize = 20;
const ENOUGH_MICROS: i64 = 30 * STRETCH_MICROS;

/// No clock drifts as fast, in seconds per second: this is somebody who sends old samples.
const MAX_SLOPE: f64 = 0.2;

/// The least delays of the last minutes.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Drift {
    /// When each came in, and the delay, in microseconds.
    points: VecDeque<(i64, i64)>,
    /// What was told last, and when the newest point of then began: it moves with the minutes, not with each question.
    told: Option<(i64, Option<f64>)>,
}

impl Drift {
    /// Takes note of a sample.
    pub(super) fn note(&mut self, arrival: i64, delay: i64) {
        let stretch = |arrival: i64| arrival.div_euclid(STRETCH_MICROS);
        if let Some(last) = self
            .points
            .back_mut()
            .filter(|last| stretch(arrival) <= stretch(last.0))
        {
            if delay < last.1 {
                *last = (last.0.max(arrival), delay);
            }
            return;
        }
        if self.points.len() == N_STRETCHES {
            self.points.pop_front();
        }
        self.points.push_back((arrival, delay));
    }

    /// Makes up for a step: all that came before it is what it would have been with the clock as it is now.
    pub(super) fn shift_before(&mut self, at: i64, by: i64) {
        let before = self.points.iter_mut().filter(|(arrival, _)| *arrival < at);
        before.for_each(|(_, delay)| *delay = delay.saturating_add(by));
        self.told = None;
    }

    /// By how many seconds the delay rises in an hour; `None` where there is not enough to tell.
    pub(super) fn secs_per_hour(&mut self) -> Option<f64> {
        let newest = self.points.back()?.0.div_euclid(STRETCH_MICROS);
        if let Some((_, drift)) = self.told.filter(|(of, _)| *of == newest) {
            return drift;
        }
        let drift = self.measure();
        self.told = Some((newest, drift));
        drift
    }

    fn measure(&self) -> Option<f64> {
        let (first, last) = (self.points.front()?, self.points.back()?);
        if self.points.len() < ENOUGH || last.0 - first.0 < ENOUGH_MICROS {
            return None;
        }
        let points: Vec<(i64, i64)> = self.points.iter().copied().collect();
        let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
        for (index, (arrival, delay)) in points.iter().enumerate() {
            for (later, other) in &points[index + 1..] {
                slopes.push((other - delay) as f64 / (later - arrival) as f64);
            }
        }
        let middle = slopes.len() / 2;
        let (_, slope, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
        (slope.abs() <= MAX_SLOPE).then_some(*slope * 3600.0)
    }
}
