//! Which part of a plot has to be drawn anew after a change: what is there already stays.

use super::clip::Area;
use super::plot::{Plot, snap};
use crate::time::Timestamp;

/// How far marks reach beyond the place that they are about, in pixels. Less than what labels stand apart.
const MARGIN_PX: f64 = 5.0;

/// More than this part of the plot is drawn as quickly all at once.
const MOST_OF_IT: f64 = 0.6;

/// The patterns of cells repeat after so many pixels of the screen; parts begin where a pattern does.
const PATTERN_DOTS: f64 = 12.0;

/// What has changed in what a plot shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Nothing that is seen.
    Nothing,
    /// What lies between two moments in microseconds, and the way there from what lies beside them.
    Between(i64, i64),
    /// Anything.
    All,
}

impl Changed {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, changed) | (changed, Self::Nothing) => changed,
            (Self::Between(from, to), Self::Between(other_from, other_to)) => {
                Self::Between(from.min(other_from), to.max(other_to))
            }
            _ => Self::All,
        }
    }
}

/// A part of a plot that is drawn anew.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Part {
    /// Nothing outside of it may be touched, in units.
    pub region: Area,
    /// What of the data reaches into it.
    pub data: Area,
}

/// What is to be drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Repaint {
    /// The drawing is right.
    Nothing,
    /// Parts of it, after all between the edges of [`Repaint::Parts::moved`] went to the left.
    Parts {
        /// What moves, in units; nothing where `by` is zero.
        moved: Area,
        /// By how many units; whole pixels of the screen.
        by: f64,
        /// What is drawn then.
        parts: Vec<Part>,
    },
    /// All of it.
    All,
}

impl Plot {
    /// What has to be drawn for this plot where the drawing of another one stands.
    ///
    /// `now` are the places of the now-line on both. A picture `may_move` where nothing in it has a place of its own on the
    /// screen, such as dashes and names at the edges have.
    pub fn repaint(&self, before: &Self, changed: Changed, now: [Option<Timestamp>; 2], may_move: bool) -> Repaint {
        let is_alike = self.area == before.area
            && self.left == before.left
            && self.right == before.right
            && self.n_strips == before.n_strips
            && self.layout == before.layout;
        let Some(by) = self.time.shift_since(&before.time).filter(|_| is_alike) else {
            return Repaint::All;
        };
        let dot = self.units_per_dot();
        let is_whole = (by / dot - (by / dot).round()).abs() < 0.01;
        let by = (by / dot).round() * dot;
        let width = self.area.right - self.area.left;
        let is_possible = by == 0.0 || (may_move && 0.0 < by && by < width * MOST_OF_IT);
        if !is_whole || !is_possible || changed == Changed::All {
            return Repaint::All;
        }
        let x = |time_us: i64| self.time.x_from_time(time_us);
        let mut seen: Option<(f64, f64)> = None;
        let mut see = |from: f64, to: f64| {
            let (before_from, before_to) = seen.unwrap_or((from, to));
            seen = Some((before_from.min(from), before_to.max(to)));
        };
        if let Changed::Between(from_us, to_us) = changed {
            see(x(from_us), x(to_us));
        }
        if now[0] != now[1] {
            for moment in now.into_iter().flatten() {
                see(x(moment.as_micros()), x(moment.as_micros()));
            }
        }
        if by > 0.0 {
            see(self.area.right - by, self.area.right);
        }
        let seen = seen.filter(|(from, to)| *to >= self.area.left && *from <= self.area.right);
        let Some((from, to)) = seen else {
            return Repaint::Nothing;
        };
        let part = self.part_between(from, to);
        if part.region.right - part.region.left > width * MOST_OF_IT {
            return Repaint::All;
        }
        let mut parts = vec![part];
        if by > 0.0 {
            let edge = self.area.left;
            parts.push(self.part_between(edge, edge));
            parts.push(self.labels_part());
        }
        Repaint::Parts {
            moved: self.moved_part(),
            by,
            parts,
        }
    }

    /// Only a part of it: lines and cells elsewhere are left out. To be drawn on a surface that lets nothing through outside
    /// of the part's region.
    #[must_use]
    pub fn only(&self, part: &Part) -> Self {
        Self {
            part: part.data,
            ..self.clone()
        }
    }

    fn margin(&self) -> f64 {
        snap(MARGIN_PX * self.units_per_px(), &self.layout)
    }

    fn part_between(&self, from: f64, to: f64) -> Part {
        let (area, margin) = (self.area, self.margin());
        let region = Area {
            left: snap(from.max(area.left) - margin, &self.layout),
            top: 0.0,
            right: snap(to.min(area.right) + margin, &self.layout),
            bottom: self.foot(),
        };
        let pattern = PATTERN_DOTS * self.units_per_dot();
        let patterns_before = ((region.left - margin - area.left) / pattern).floor();
        let data = Area {
            left: (area.left + patterns_before * pattern).max(area.left),
            right: (region.right + margin).min(area.right),
            ..area
        };
        Part { region, data }
    }

    /// The row of the times below the plot.
    fn labels_part(&self) -> Part {
        let (foot, right) = (self.foot(), self.area.right);
        Part {
            region: Area {
                left: 0.0,
                top: foot,
                right: f64::from(self.layout.width),
                bottom: f64::from(self.layout.height),
            },
            // No data.
            data: Area {
                left: right,
                ..self.area
            },
        }
    }

    /// All that goes along when the window slides: the data with what reaches beyond their edges.
    fn moved_part(&self) -> Area {
        let margin = self.margin();
        Area {
            top: (self.area.top - margin).max(0.0),
            right: self.area.right + margin,
            bottom: self.foot(),
            ..self.area
        }
    }
}
