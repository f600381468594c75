//! A drawing as the text of an SVG file.
//!
//! Beside plotters' own SVG backend, which weighs as much as the rest of the drawing code of the page.

use std::fmt::Write as _;

use plotters_backend::BackendCoord;
use shared::chart::palette::Rgba;

use super::canvas::Font;
use crate::browser::number::{fixed, text_of};

/// What has been drawn so far.
#[derive(Clone, Debug)]
pub struct SvgSurface {
    text: String,
    /// Whether what is drawn now is moved.
    is_moved: bool,
}

/// A piece of text and where it stands.
#[derive(Debug)]
pub struct SvgText<'a> {
    /// What it says.
    pub text: &'a str,
    /// Its size in units.
    pub size: f64,
    /// Its family, weight and anchor.
    pub font: &'a Font,
    /// Its colour.
    pub color: Rgba,
    /// Its anchor, in units.
    pub at: BackendCoord,
}

impl SvgSurface {
    /// An empty drawing of a size in units.
    pub fn new((width, height): (u32, u32), units_per_px: f64) -> Self {
        let px = |units: u32| text_of(f64::from(units) / units_per_px);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
             stroke-linejoin=\"bevel\">\n",
            px(width),
            px(height)
        );
        Self { text, is_moved: false }
    }

    /// The whole file.
    pub fn finish(&self) -> String {
        let end = if self.is_moved { "</g>\n" } else { "" };
        format!("{}{end}</svg>\n", self.text)
    }

    /// What follows lies so far from the upper left corner, in units.
    pub fn move_to(&mut self, (x, y): (u32, u32)) {
        if self.is_moved {
            self.text.push_str("</g>\n");
        }
        self.is_moved = true;
        self.write(format_args!("<g transform=\"translate({x} {y})\">\n"));
    }

    /// A rectangle, left, top, width and height: filled, or its outline of a width.
    pub fn rectangle(&mut self, edges: [f64; 4], color: Rgba, stroke: Option<u32>) {
        let [x, y, width, height] = edges.map(text_of);
        self.write(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        ));
        self.paint(color, stroke);
    }

    /// A polygon, or the line of a width through the points.
    pub fn path(&mut self, points: &mut dyn Iterator<Item = BackendCoord>, color: Rgba, stroke: Option<u32>) {
        let name = if stroke.is_some() { "polyline" } else { "polygon" };
        self.write(format_args!("<{name} points=\""));
        for (at, (x, y)) in points.enumerate() {
            let gap = if at > 0 { " " } else { "" };
            self.write(format_args!("{gap}{x},{y}"));
        }
        self.text.push('"');
        self.paint(color, stroke);
    }

    /// A circle: filled, or its outline of a width.
    pub fn circle(&mut self, (x, y): BackendCoord, radius: u32, color: Rgba, stroke: Option<u32>) {
        self.write(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\""));
        self.paint(color, stroke);
    }

    /// A picture as a data address, with its upper left corner at a position, of a size in units.
    pub fn image(&mut self, data_url: &str, (x, y): BackendCoord, (width, height): (u32, u32)) {
        self.write(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{data_url}\"/>\n"
        ));
    }

    /// A piece of text.
    pub fn text(&mut self, piece: &SvgText<'_>) {
        let SvgText {
            text, size, font, at, ..
        } = piece;
        let anchor = match font.horizontal {
            "left" => "start",
            "center" => "middle",
            _ => "end",
        };
        let baseline = match font.vertical {
            "top" => "text-before-edge",
            "middle" => "central",
            _ => "text-after-edge",
        };
        self.write(format_args!(
            "<text x=\"{}\" y=\"{}\" font-family=\"{}\" font-size=\"{}\" font-weight=\"{}\" \
             text-anchor=\"{anchor}\" dominant-baseline=\"{baseline}\"",
            at.0,
            at.1,
            escaped(&font.family),
            text_of(*size),
            if font.is_bold { 600 } else { 400 },
        ));
        self.color("fill", piece.color);
        self.write(format_args!(">{}</text>\n", escaped(text)));
    }

    fn paint(&mut self, color: Rgba, stroke: Option<u32>) {
        if let Some(width) = stroke {
            self.write(format_args!(" fill=\"none\" stroke-width=\"{width}\""));
            self.color("stroke", color);
        } else {
            self.color("fill", color);
        }
        self.text.push_str("/>\n");
    }

    /// Apart from its opacity, because older programs know no colours of eight digits.
    fn color(&mut self, key: &str, color: Rgba) {
        let Rgba {
            red,
            green,
            blue,
            alpha,
        } = color;
        self.write(format_args!(" {key}=\"#{red:02x}{green:02x}{blue:02x}\""));
        if alpha < u8::MAX {
            self.write(format_args!(
                " {key}-opacity=\"{}\"",
                fixed(f64::from(alpha) / f64::from(u8::MAX), 3)
            ));
        }
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(arguments);
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
