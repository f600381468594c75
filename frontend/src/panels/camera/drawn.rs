//! The camera as a picture.

use shared::chart::camera::{Marks, draw_camera, draw_marks};
use shared::chart::color::Place;
use shared::chart::color_bar::{BarPlace, ColorBar, draw_color_bar};
use shared::chart::path::Point;
use shared::chart::sheet::Sheet;
use shared::time::Timestamp;

use super::hover::{Told, told_of};
use super::moment::Moment;
use super::picture::{Picture, readings_csv};
use super::pointing::Pointer;
use super::shown::{Shown, bar_area};
use super::walk::walk;
use crate::browser::font::page_font;
use crate::chart::csv::Csv;
use crate::chart::stage::StageSize;
use crate::components::panel_frame::PanelState;
use crate::panels::plot::chart::units_per_px;
use crate::state::geometries::Known;
use crate::theme::palette;

impl Picture for Shown {
    fn kind(&self) -> &'static str {
        "camera"
    }

    fn moment(&self) -> Moment {
        Shown::moment(*self)
    }

    fn pointer(&self) -> Pointer {
        self.parts().pointer
    }

    fn size(&self) -> Option<StageSize> {
        self.parts().size.get()
    }

    fn unit(&self) -> String {
        Shown::unit(*self)
    }

    fn last(&self) -> Option<Timestamp> {
        Shown::last(*self)
    }

    fn obstacle(&self) -> Option<PanelState> {
        let Some(geometry) = self.parts().geometry_name.get_value() else {
            let metric = self.parts().metric.get_value();
            return Some(PanelState::Error(format!(
                "the configuration does not say where the channels of {metric} are; give [metrics.\"{metric}\"] a place = {{ geometry = … }}"
            )));
        };
        match self.geometry(&geometry) {
            Known::Failed(reason) => Some(PanelState::Error(reason)),
            Known::Awaited => Some(PanelState::Loading),
            Known::Ready(_) => None,
        }
    }

    fn retry(&self) {
        Shown::retry(*self);
    }

    fn spoken(&self, title: &str) -> String {
        Shown::spoken(*self, title)
    }

    fn follow(&self) {
        self.parts().map.track();
        self.parts().readings.track();
        self.parts().table.track();
    }

    fn draw(&self, sheet: &dyn Sheet) -> Option<()> {
        let (shape, map) = (self.parts().shape.get()?, self.parts().map.get()?);
        let (readings, table) = (self.parts().readings.get()?, self.parts().table.get()?);
        let palette = palette();
        draw_camera(sheet, &shape, &map, &self.cells(&shape, &readings, &table), &palette).ok()?;
        let count = |side| match self.beyond(side).len() {
            0 => String::new(),
            n => n.to_string(),
        };
        let bar = ColorBar {
            table: &table,
            below: &count(Place::Below),
            above: &count(Place::Above),
        };
        let size = self.parts().size.get()?;
        let [left, top, right] = bar_area(size);
        let place = BarPlace {
            left,
            top,
            right,
            units_per_px: units_per_px(size),
            font_family: page_font(),
        };
        draw_color_bar(sheet, bar, &place, &palette).ok()
    }

    fn chosen(&self) -> Option<usize> {
        self.chosen_pixel()
    }

    fn mark(&self, sheet: &dyn Sheet, chosen: Option<usize>, pointed: Option<usize>) -> Option<()> {
        let marks = Marks {
            part: self.parts().part,
            hovered: pointed,
            chosen,
        };
        let (shape, map) = (self.parts().shape.get()?, self.parts().map.get()?);
        draw_marks(sheet, &shape, &map, &marks, &palette()).ok()
    }

    fn position_at(&self, point: Point) -> Option<usize> {
        self.parts().shape.get()?.pixel_at(self.parts().map.get()?.place(point))
    }

    fn place_of(&self, position: usize) -> Option<Point> {
        Some(self.parts().map.get()?.point(self.parts().shape.get()?.place(position)))
    }

    fn told(&self, position: usize) -> Option<Told> {
        told_of(*self, position)
    }

    fn step(&self, key: &str, from: Option<usize>) -> Option<usize> {
        walk(
            self.parts().shape.get()?.as_ref(),
            self.parts().part,
            key,
            from,
            self.chosen_pixel(),
        )
    }

    fn choose(&self, position: usize) {
        Shown::choose(*self, position);
    }

    fn csv(&self) -> String {
        let Some(readings) = self.parts().readings.get() else {
            return String::new();
        };
        let shape = self.parts().shape.get();
        let module = |csv: &mut Csv, channel: u32| {
            let pixel = shape.as_ref().and_then(|shape| self.pixel_of(shape, channel));
            let module = shape.as_ref().zip(pixel).and_then(|(shape, pixel)| shape.module(pixel));
            csv.count(module.map(u64::from));
        };
        readings_csv(
            "module",
            &self.parts().metric.get_value(),
            &Shown::unit(*self),
            &readings,
            &module,
        )
    }
}
