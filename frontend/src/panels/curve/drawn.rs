//! The curve as a picture.

use leptos::prelude::untrack;
use shared::chart::curve::{draw_curve, draw_points};
use shared::chart::path::Point;
use shared::chart::sheet::Sheet;
use shared::time::Timestamp;

use super::readout::told_of;
use super::shown::Shown;
use crate::chart::csv::Csv;
use crate::chart::stage::StageSize;
use crate::panels::camera::hover::Told;
use crate::panels::camera::moment::Moment;
use crate::panels::camera::picture::{Picture, readings_csv};
use crate::panels::camera::pointing::Pointer;
use crate::theme::palette;

impl Picture for Shown {
    fn kind(&self) -> &'static str {
        "curve"
    }

    fn moment(&self) -> Moment {
        Shown::moment(*self)
    }

    fn pointer(&self) -> Pointer {
        self.pointer
    }

    fn size(&self) -> Option<StageSize> {
        self.size.get()
    }

    fn unit(&self) -> String {
        Shown::unit(*self)
    }

    fn last(&self) -> Option<Timestamp> {
        Shown::last(*self)
    }

    fn retry(&self) {
        Shown::moment(*self).retry();
    }

    fn spoken(&self, title: &str) -> String {
        Shown::spoken(*self, title)
    }

    fn follow(&self) {
        self.curve.track();
    }

    fn draw(&self, sheet: &dyn Sheet) -> Option<()> {
        let (curve, data) = (self.curve.get()?, self.data.get()?);
        draw_curve(sheet, &curve, &data, &palette()).ok()
    }

    fn chosen(&self) -> Option<usize> {
        self.chosen_position()
    }

    fn mark(&self, sheet: &dyn Sheet, chosen: Option<usize>, pointed: Option<usize>) -> Option<()> {
        let (curve, data) = (self.curve.get()?, self.data.get()?);
        draw_points(sheet, &curve, &data, [chosen, pointed], &palette()).ok()
    }

    fn position_at(&self, point: Point) -> Option<usize> {
        self.curve.get()?.nearest(self.data.get()?.as_ref(), point)
    }

    /// For a channel without a value the middle of the area.
    fn place_of(&self, position: usize) -> Option<Point> {
        let (curve, data) = (self.curve.get()?, self.data.get()?);
        let place = curve.place(data.points.get(position)?, &data);
        Some(place.unwrap_or(Point {
            x: f64::midpoint(curve.area.left, curve.area.right),
            y: f64::midpoint(curve.area.top, curve.area.bottom),
        }))
    }

    fn told(&self, position: usize) -> Option<Told> {
        told_of(*self, position)
    }

    fn step(&self, key: &str, from: Option<usize>) -> Option<usize> {
        let last = self.data.get()?.points.len().checked_sub(1)?;
        let start = || untrack(|| self.chosen_position()).unwrap_or(0);
        match key {
            "ArrowRight" => Some(from.map_or_else(start, |from| (from + 1).min(last))),
            "ArrowLeft" => Some(from.map_or_else(start, |from| from.saturating_sub(1))),
            "Home" => Some(0),
            "End" => Some(last),
            _ => None,
        }
    }

    fn choose(&self, position: usize) {
        Shown::choose(*self, position);
    }

    fn csv(&self) -> String {
        let (Some(readings), Some(data)) = (self.readings.get(), self.data.get()) else {
            return String::new();
        };
        let x = |csv: &mut Csv, channel: u32| {
            let point = data.points.iter().find(|point| point.channel == channel);
            csv.number(point.map(|point| point.x).filter(|x| !x.is_nan()));
        };
        readings_csv("x", &self.metric(), &Shown::unit(*self), &readings, &x)
    }
}
