//! A plotters backend on a two-dimensional canvas.
//!
//! Positions are whole numbers of [`UNITS_PER_DOT`] to a pixel of the screen, so that lines lie finer than a pixel and
//! nothing is rounded twice. Styles are set only when they change, and a path is one stroke however many points it has.

use std::f64::consts::TAU;
use std::fmt;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily,
};
use shared::chart::palette::Rgba;
use wasm_bindgen::{Clamped, JsCast as _, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Units of the backend in a pixel of the screen.
pub const UNITS_PER_DOT: u32 = 4;

/// The drawing surface of a canvas element.
#[derive(Debug)]
pub struct Canvas {
    context: CanvasRenderingContext2d,
    size: (u32, u32),
    stroke: Option<Rgba>,
    fill: Option<Rgba>,
    width: Option<u32>,
    font: Option<Font>,
}

#[derive(PartialEq, Debug)]
struct Font {
    family: String,
    size: f64,
    horizontal: &'static str,
    vertical: &'static str,
}

/// A call that the browser refused.
#[derive(Debug)]
pub struct CanvasError(String);

impl fmt::Display for CanvasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the canvas refused to draw: {}", self.0)
    }
}

impl std::error::Error for CanvasError {}

fn refused(error: JsValue) -> DrawingErrorKind<CanvasError> {
    DrawingErrorKind::DrawingError(CanvasError(format!("{error:?}")))
}

impl Canvas {
    /// The surface of an element, made as large as `size` in pixels of the screen and wiped.
    ///
    /// `None` where the browser has no canvas.
    pub fn wiped(element: &HtmlCanvasElement, size: (u32, u32)) -> Option<Self> {
        let context: CanvasRenderingContext2d = element.get_context("2d").ok()??.dyn_into().ok()?;
        if (element.width(), element.height()) == size {
            context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
            context.clear_rect(0.0, 0.0, f64::from(size.0), f64::from(size.1));
        } else {
            // Gives the canvas new memory, which is why it is not done each time.
            element.set_width(size.0);
            element.set_height(size.1);
        }
        let canvas = Self {
            context,
            size: (size.0 * UNITS_PER_DOT, size.1 * UNITS_PER_DOT),
            stroke: None,
            fill: None,
            width: None,
            font: None,
        };
        // A mitre would draw the tip of a spike beyond its value.
        canvas.context.set_line_join("bevel");
        canvas.scale_units().ok()?;
        Some(canvas)
    }

    fn scale_units(&self) -> Result<(), JsValue> {
        let scale = 1.0 / f64::from(UNITS_PER_DOT);
        self.context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0)
    }

    fn set_stroke(&mut self, color: BackendColor, width: u32) {
        let color = Rgba::from_backend(color);
        if self.stroke != Some(color) {
            self.context.set_stroke_style_str(&css(color));
            self.stroke = Some(color);
        }
        if self.width != Some(width) {
            self.context.set_line_width(f64::from(width));
            self.width = Some(width);
        }
    }

    fn set_fill(&mut self, color: BackendColor) {
        let color = Rgba::from_backend(color);
        if self.fill != Some(color) {
            self.context.set_fill_style_str(&css(color));
            self.fill = Some(color);
        }
    }

    fn set_font<TStyle: BackendTextStyle>(&mut self, style: &TStyle) {
        let family = match style.family() {
            FontFamily::Name(name) => name.to_owned(),
            generic => generic.as_str().to_owned(),
        };
        let anchor = style.anchor();
        let font = Font {
            family,
            size: style.size() / f64::from(UNITS_PER_DOT),
            horizontal: match anchor.h_pos {
                HPos::Left => "left",
                HPos::Center => "center",
                HPos::Right => "right",
            },
            vertical: match anchor.v_pos {
                VPos::Top => "top",
                VPos::Center => "middle",
                VPos::Bottom => "bottom",
            },
        };
        if self.font.as_ref() != Some(&font) {
            self.context.set_font(&format!("{}px {}", font.size, font.family));
            self.context.set_text_align(font.horizontal);
            self.context.set_text_baseline(font.vertical);
            self.font = Some(font);
        }
    }

    fn trace(&self, points: impl IntoIterator<Item = BackendCoord>) {
        self.context.begin_path();
        // The first `line_to` of a path is a `move_to`.
        for (x, y) in points {
            self.context.line_to(f64::from(x), f64::from(y));
        }
    }
}

/// A wiped canvas of a size that is not on the page.
fn scratch(width: u32, height: u32) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), JsValue> {
    let element = leptos::prelude::document().create_element("canvas")?;
    let element: HtmlCanvasElement = element.dyn_into()?;
    element.set_width(width);
    element.set_height(height);
    let context = element.get_context("2d")?.ok_or(JsValue::NULL)?;
    Ok((element, context.dyn_into()?))
}

fn css(color: Rgba) -> String {
    let Rgba {
        red,
        green,
        blue,
        alpha,
    } = color;
    format!("#{red:02x}{green:02x}{blue:02x}{alpha:02x}")
}

type Drawn = Result<(), DrawingErrorKind<CanvasError>>;

impl DrawingBackend for Canvas {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.set_fill(color);
        let dot = f64::from(UNITS_PER_DOT);
        self.context.fill_rect(f64::from(x), f64::from(y), dot, dot);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (x, y) = (f64::from(left), f64::from(top));
        let (width, height) = (f64::from(right - left), f64::from(bottom - top));
        if fill {
            self.set_fill(style.color());
            self.context.fill_rect(x, y, width, height);
        } else {
            self.set_stroke(style.color(), style.stroke_width());
            self.context.stroke_rect(x, y, width, height);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.set_stroke(style.color(), style.stroke_width());
        self.trace(path);
        self.context.stroke();
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        self.context.begin_path();
        self.context
            .arc(f64::from(x), f64::from(y), f64::from(radius), 0.0, TAU)
            .map_err(refused)?;
        if fill {
            self.set_fill(style.color());
            self.context.fill();
        } else {
            self.set_stroke(style.color(), style.stroke_width());
            self.context.stroke();
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        self.set_fill(style.color());
        self.trace(vert);
        self.context.fill();
        Ok(())
    }

    fn draw_text<TStyle: BackendTextStyle>(&mut self, text: &str, style: &TStyle, (x, y): BackendCoord) -> Drawn {
        self.set_fill(style.color());
        self.set_font(style);
        // In whole pixels of the screen and at its true size, which is how fonts are sharpest.
        let dots = |units: i32| (f64::from(units) / f64::from(UNITS_PER_DOT)).round();
        self.context
            .set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
            .map_err(refused)?;
        let drawn = self.context.fill_text(text, dots(x), dots(y)).map_err(refused);
        self.scale_units().map_err(refused)?;
        drawn
    }

    /// Puts a picture of whole pixels of the screen over what is there; `src` has four bytes a pixel: red, green, blue and
    /// opacity. Its corner is at a position in units, as all positions.
    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), src: &[u8]) -> Drawn {
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(src), width, height).map_err(refused)?;
        // Straight onto the canvas, its clear pixels would wipe what is there.
        let (element, context) = scratch(width, height).map_err(refused)?;
        context.put_image_data(&image, 0.0, 0.0).map_err(refused)?;
        let dots = |units: i32| f64::from(units) / f64::from(UNITS_PER_DOT);
        self.context
            .set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
            .map_err(refused)?;
        self.context.set_image_smoothing_enabled(false);
        let drawn = self
            .context
            .draw_image_with_html_canvas_element(&element, dots(x).round(), dots(y).round());
        self.scale_units().map_err(refused)?;
        drawn.map_err(refused)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "texts are never wider than a screen"
    )]
    fn estimate_text_size<TStyle: BackendTextStyle>(
        &self,
        text: &str,
        style: &TStyle,
    ) -> Result<(u32, u32), DrawingErrorKind<CanvasError>> {
        let size = style.size() / f64::from(UNITS_PER_DOT);
        self.context.set_font(&format!("{size}px {}", style.family().as_str()));
        let measured = self.context.measure_text(text).map_err(refused)?;
        let width = (measured.width() * f64::from(UNITS_PER_DOT)).ceil() as u32;
        Ok((width, style.size().ceil() as u32))
    }
}
