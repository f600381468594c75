//! A backend that writes down what it is told to draw: drawings as text, for tests and for people.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::palette::{Palette, Rgba};

/// A recorded drawing.
#[derive(Clone, PartialEq, Debug)]
pub struct Scene {
    size: (u32, u32),
    palette: Palette,
    /// What was drawn, in order.
    pub marks: Vec<Mark>,
}

/// One thing that was drawn, in units.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// A line of a width through points.
    Path {
        /// Its colour.
        color: Rgba,
        /// Its width.
        width: u32,
        /// Its points.
        points: Vec<BackendCoord>,
    },
    /// A filled shape with these corners.
    Polygon {
        /// Its colour.
        color: Rgba,
        /// Its corners.
        points: Vec<BackendCoord>,
    },
    /// A rectangle.
    Rectangle {
        /// Its colour.
        color: Rgba,
        /// Its upper left corner and its lower right one.
        corners: [BackendCoord; 2],
        /// Filled, or only its outline.
        filled: bool,
    },
    /// A circle.
    Circle {
        /// Its colour.
        color: Rgba,
        /// Its middle.
        center: BackendCoord,
        /// From the middle to the edge.
        radius: u32,
    },
    /// A piece of text.
    Text {
        /// Its colour.
        color: Rgba,
        /// What it says.
        text: String,
        /// Its anchor.
        at: BackendCoord,
        /// Which point of the text the anchor is, such as `left top`.
        anchor: &'static str,
    },
}

impl Scene {
    /// An empty drawing of a size in units, whose colours are called by their names in the palette.
    pub const fn new(size: (u32, u32), palette: Palette) -> Self {
        Self {
            size,
            palette,
            marks: Vec::new(),
        }
    }

    /// The drawing as text: one mark a line, in the order of drawing.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for mark in &self.marks {
            let written = match mark {
                Mark::Path { color, width, points } => {
                    format!("path {width}px {}: {}", self.color(*color), write_points(points))
                }
                Mark::Polygon { color, points } => format!("area {}: {}", self.color(*color), write_points(points)),
                Mark::Rectangle { color, corners, filled } => {
                    let kind = if *filled { "fill" } else { "frame" };
                    format!("{kind} {}: {}", self.color(*color), write_points(corners))
                }
                Mark::Circle { color, center, radius } => {
                    format!("dot {radius}px {}: {}", self.color(*color), write_points(&[*center]))
                }
                Mark::Text {
                    color,
                    text,
                    at,
                    anchor,
                } => format!("text {} {anchor} {}: {text}", self.color(*color), write_points(&[*at])),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{written}");
        }
        text
    }

    /// The name of a colour in the palette, `name*0.16` where it is faded, else its digits.
    fn color(&self, color: Rgba) -> String {
        if let Some(name) = self.palette.name_of(color) {
            return name.to_owned();
        }
        let opaque = Rgba { alpha: 255, ..color };
        match self.palette.name_of(opaque) {
            Some(name) => format!("{name}*{:.2}", f64::from(color.alpha) / 255.0),
            None => format!(
                "#{:02x}{:02x}{:02x}{:02x}",
                color.red, color.green, color.blue, color.alpha
            ),
        }
    }
}

fn write_points(points: &[BackendCoord]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    points.join(" ")
}

const fn anchor_name(horizontal: HPos, vertical: VPos) -> &'static str {
    match (horizontal, vertical) {
        (HPos::Left, VPos::Top) => "left top",
        (HPos::Left, VPos::Center) => "left middle",
        (HPos::Left, VPos::Bottom) => "left bottom",
        (HPos::Center, VPos::Top) => "center top",
        (HPos::Center, VPos::Center) => "center middle",
        (HPos::Center, VPos::Bottom) => "center bottom",
        (HPos::Right, VPos::Top) => "right top",
        (HPos::Right, VPos::Center) => "right middle",
        (HPos::Right, VPos::Bottom) => "right bottom",
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Scene {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.marks.push(Mark::Circle {
            color: Rgba::from_backend(color),
            center: point,
            radius: 0,
        });
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.marks.push(Mark::Rectangle {
            color: Rgba::from_backend(style.color()),
            corners: [upper_left, bottom_right],
            filled: fill,
        });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.marks.push(Mark::Path {
            color: Rgba::from_backend(style.color()),
            width: style.stroke_width(),
            points: path.into_iter().collect(),
        });
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        self.marks.push(Mark::Circle {
            color: Rgba::from_backend(style.color()),
            center,
            radius,
        });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        self.marks.push(Mark::Polygon {
            color: Rgba::from_backend(style.color()),
            points: vert.into_iter().collect(),
        });
        Ok(())
    }

    fn draw_text<TStyle: BackendTextStyle>(&mut self, text: &str, style: &TStyle, pos: BackendCoord) -> Drawn {
        let anchor = style.anchor();
        self.marks.push(Mark::Text {
            color: Rgba::from_backend(style.color()),
            text: text.to_owned(),
            at: pos,
            anchor: anchor_name(anchor.h_pos, anchor.v_pos),
        });
        Ok(())
    }
}
