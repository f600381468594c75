//! What a panel shows, as files: PNG and SVG of the same drawing, CSV of its data.

use shared::chart::palette::Rgba;
use shared::dashboard::Panel;
use shared::time::{TimeRange, Timestamp};

use crate::browser::font::page_font;
use crate::browser::save::{new_canvas, save_png, save_text};
use crate::chart::canvas::{Canvas, SharedCanvas};
use crate::chart::caption::Caption;
use crate::chart::stage::StageSize;
use crate::format;
use crate::reactive::Kept;
use crate::theme::palette;

/// What a panel tells its frame of itself, so that its menu can make files of it. Nothing of it is called before a
/// person asks for a file.
#[derive(Clone, Copy, Debug)]
pub struct PanelFiles {
    parts: Kept<FileParts>,
    moment: Kept<Option<Box<dyn Tell<Option<Timestamp>>>>>,
}

/// The parts of files. `None` where there is nothing to be seen yet.
pub struct FileParts {
    /// The size of the drawing, as on the screen.
    pub size: Box<dyn Tell<Option<StageSize>>>,
    /// Draws all that is on the screen of that size, without cursor and selection. The same code as for the screen: the
    /// canvas given is one in memory, or the text of an SVG; `DrawingArea::from` makes an area of it.
    pub draw: Box<dyn Fn(&SharedCanvas)>,
    /// The colours and names that stand below the drawing on the screen.
    pub legend: Box<dyn Tell<Vec<(Rgba, String)>>>,
    /// The data of the drawing, all digits of them; see `chart::csv`.
    pub csv: Box<dyn Tell<String>>,
}

/// What a panel tells when it is asked. Not `dyn Fn`: each closure in one of those is compiled three times.
pub trait Tell<T> {
    /// What it is now.
    fn tell(&self) -> T;
}

impl<T, F: Fn() -> T> Tell<T> for F {
    fn tell(&self) -> T {
        self()
    }
}

/// A kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A picture of pixels, in the colours of the theme.
    Png,
    /// A picture of lines, in the colours of the theme.
    Svg,
    /// A table.
    Csv,
}

impl FileKind {
    /// All kinds in their order in the menu.
    pub const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Csv];

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Png => "Save as PNG",
            Self::Svg => "Save as SVG",
            Self::Csv => "Save as CSV",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Png => ".png",
            Self::Svg => ".svg",
            Self::Csv => ".csv",
        }
    }
}

impl PanelFiles {
    /// Of these parts.
    pub fn new(parts: FileParts) -> Self {
        Self {
            parts: Kept::new(parts),
            moment: Kept::new(None),
        }
    }

    /// Of these parts of a picture that shows a moment, wherever the time axes are.
    pub fn of_moment(parts: FileParts, moment: impl Fn() -> Option<Timestamp> + 'static) -> Self {
        Self {
            parts: Kept::new(parts),
            moment: Kept::new(Some(Box::new(moment))),
        }
    }

    /// Saves a file of a panel as it is now; `unit` and `range` are those of its head and of its time axis. Does nothing
    /// before there is something to be seen.
    pub fn save(self, kind: FileKind, panel: &Panel, unit: String, range: Option<TimeRange>) {
        let moment = self
            .moment
            .with_value(|moment| moment.as_ref().map(|moment| moment.tell()));
        let range = match moment {
            Some(at) => at.and_then(|at| TimeRange::new(at, at.saturating_add_micros(1)).ok()),
            None => range,
        };
        self.parts.with_value(|parts| {
            let _ = parts.save(kind, panel, unit, range);
        });
    }
}

impl FileParts {
    fn save(&self, kind: FileKind, panel: &Panel, unit: String, range: Option<TimeRange>) -> Option<()> {
        let name = file_name(&panel.id, range) + kind.extension();
        if kind == FileKind::Csv {
            save_text(&name, "text/csv;charset=utf-8", &self.csv.tell());
            return Some(());
        }
        let caption = Caption {
            title: panel.title.clone(),
            unit,
            time: range.map(range_text).unwrap_or_default(),
            legend: self.legend.tell(),
            font_family: page_font(),
        };
        let inner = self.size.tell()?;
        let size = caption.size_around(inner).dots();
        let element = new_canvas()?;
        let canvas = match kind {
            FileKind::Svg => Canvas::svg(size, inner.pixel_ratio),
            _ => Canvas::wiped(&element, size)?,
        };
        let drawn = caption.frame(canvas, inner, &palette(), &*self.draw);
        match drawn.borrow().svg_text() {
            Some(text) => save_text(&name, "image/svg+xml", &text),
            None => save_png(&name, &element),
        }
        Some(())
    }
}

fn range_text(range: TimeRange) -> String {
    let (start, end) = (range.start(), range.end());
    if range.micros() <= 1 {
        return format!("{} UTC", format::date_and_minute(start));
    }
    format!(
        "{} – {} UTC",
        format::date_and_minute(start),
        format::date_and_minute(end)
    )
}

/// `temperature_20160101T000000Z_20160102T000000Z`: names that every file system takes, and that sort by time.
fn file_name(panel_id: &str, range: Option<TimeRange>) -> String {
    let mut name = panel_id.to_owned();
    if let Some(range) = range {
        let ends = [range.start(), range.end()];
        for end in &ends[..if range.micros() <= 1 { 1 } else { 2 }] {
            name.push('_');
            name.extend(end.to_string().chars().filter(|sign| !matches!(sign, '-' | ':')));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_panel_and_its_time() {
        let time = |text: &str| text.parse().unwrap();
        let night = TimeRange::new(time("2016-01-01T12:00:00Z"), time("2016-01-02T12:00:00Z")).unwrap();
        assert_eq!(file_name("hv", Some(night)), "hv_20160101T120000Z_20160102T120000Z");
        let moment = TimeRange::new(night.start(), night.start().saturating_add_micros(1)).unwrap();
        assert_eq!(file_name("now", Some(moment)), "now_20160101T120000Z");
        assert_eq!(range_text(night), "2016-01-01 12:00 – 2016-01-02 12:00 UTC");
        assert_eq!(range_text(moment), "2016-01-01 12:00 UTC");
    }
}
