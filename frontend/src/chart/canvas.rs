//! A plotters backend on a two-dimensional canvas, or on the text of an SVG file.
//!
//! Positions are whole numbers of [`UNITS_PER_DOT`] to a pixel of the screen, so that lines lie finer than a pixel and
//! nothing is rounded twice. Styles are set only when they change.
//!
//! Both surfaces are one type, so that all drawing code is compiled, and loaded, once.

use crate::browser::number::text_of;
use std::cell::RefCell;
use std::f64::consts::TAU;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily,
};
use shared::chart::palette::Rgba;
use shared::chart::sheet::Refused;
use wasm_bindgen::{Clamped, JsCast as _, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::svg_surface::{SvgSurface, SvgText};

mod partly;

/// Units of the backend in a pixel of the screen.
pub const UNITS_PER_DOT: u32 = 4;

/// How many points of a line are one stroke. A browser takes far longer for all points of a line that goes up and down in
/// each pixel: 5000 points at once take it 110 ms, in strokes of 256 they take 2.
const POINTS_AT_ONCE: usize = 256;

/// A canvas that several pieces of drawing code share; plotters' areas are made `From` it.
pub type SharedCanvas = Rc<RefCell<Canvas>>;

/// A drawing surface.
#[derive(Debug)]
pub struct Canvas {
    surface: Surface,
    size: (u32, u32),
    /// Where the drawing begins, in pixels of the screen.
    origin: (u32, u32),
    stroke: Option<Rgba>,
    fill: Option<Rgba>,
    width: Option<u32>,
    font: Option<Font>,
}

#[derive(Debug)]
enum Surface {
    Screen(CanvasRenderingContext2d),
    Svg(SvgSurface),
}

/// How a piece of text is set.
#[derive(Clone, PartialEq, Debug)]
pub struct Font {
    /// As CSS names it.
    pub family: String,
    /// In pixels of the screen.
    pub size: f64,
    /// Whether it is bold.
    pub is_bold: bool,
    /// Which side of the text the anchor is at: `left`, `center` or `right`.
    pub horizontal: &'static str,
    /// Which height of the text the anchor is at: `top`, `middle` or `bottom`.
    pub vertical: &'static str,
}

// What the browser says about it is of no use to anybody who draws.
fn refused(_: JsValue) -> DrawingErrorKind<Refused> {
    DrawingErrorKind::DrawingError(Refused)
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
        // A mitre would draw the tip of a spike beyond its value.
        context.set_line_join("bevel");
        let canvas = Self::of(Surface::Screen(context), size);
        canvas.scale_units().ok()?;
        Some(canvas)
    }

    /// An empty SVG of `size` in pixels of the screen, `pixel_ratio` of which make a CSS pixel.
    pub fn svg(size: (u32, u32), pixel_ratio: f64) -> Self {
        let units = (size.0 * UNITS_PER_DOT, size.1 * UNITS_PER_DOT);
        Self::of(
            Surface::Svg(SvgSurface::new(units, f64::from(UNITS_PER_DOT) * pixel_ratio)),
            size,
        )
    }

    fn of(surface: Surface, size: (u32, u32)) -> Self {
        Self {
            surface,
            size: (size.0 * UNITS_PER_DOT, size.1 * UNITS_PER_DOT),
            origin: (0, 0),
            stroke: None,
            fill: None,
            width: None,
            font: None,
        }
    }

    /// The text of the SVG; `None` for a canvas on the screen.
    pub fn svg_text(&self) -> Option<String> {
        match &self.surface {
            Surface::Screen(_) => None,
            Surface::Svg(svg) => Some(svg.finish()),
        }
    }

    /// Where the drawing begins, in pixels of the screen.
    pub const fn origin(&self) -> (u32, u32) {
        self.origin
    }

    /// From here on everything is drawn so far from the upper left corner, in pixels of the screen.
    pub fn set_origin(&mut self, origin: (u32, u32)) {
        self.origin = origin;
        match &mut self.surface {
            Surface::Screen(_) => {
                // A canvas that refuses a transform refuses all that follows, which is told.
                let _ = self.scale_units();
            }
            Surface::Svg(svg) => svg.move_to((origin.0 * UNITS_PER_DOT, origin.1 * UNITS_PER_DOT)),
        }
    }

    /// Writes a text at a place in units.
    pub fn text(&mut self, text: &str, font: Font, color: Rgba, (x, y): BackendCoord) {
        // A canvas that cannot write has nothing better to do either.
        let _ = self.write(text, font, color, (x, y));
    }

    /// Fills a rectangle: left, top, width and height in units.
    pub fn fill(&mut self, color: Rgba, [x, y, width, height]: [f64; 4]) {
        self.set_fill(color);
        match &mut self.surface {
            Surface::Screen(context) => context.fill_rect(x, y, width, height),
            Surface::Svg(svg) => svg.rectangle([x, y, width, height], color, None),
        }
    }

    /// Draws a line of a width through points, all in units.
    pub fn line(&mut self, points: &mut dyn Iterator<Item = BackendCoord>, color: Rgba, width: u32) {
        self.set_stroke(color, width);
        match &mut self.surface {
            Surface::Screen(context) => {
                context.begin_path();
                // The first `line_to` of a path is a `move_to`.
                for (index, (x, y)) in points.enumerate() {
                    let (x, y) = (f64::from(x), f64::from(y));
                    context.line_to(x, y);
                    if index % POINTS_AT_ONCE == POINTS_AT_ONCE - 1 {
                        context.stroke();
                        context.begin_path();
                        context.line_to(x, y);
                    }
                }
                context.stroke();
            }
            Surface::Svg(svg) => svg.path(points, color, Some(width)),
        }
    }

    /// Draws a circle around a point, all in units: a line of a width, or filled.
    pub fn circle(&mut self, (x, y): BackendCoord, radius: u32, color: Rgba, line: Option<u32>) {
        match line {
            Some(width) => self.set_stroke(color, width),
            None => self.set_fill(color),
        }
        match &mut self.surface {
            Surface::Svg(svg) => svg.circle((x, y), radius, color, line),
            Surface::Screen(context) => {
                context.begin_path();
                // Refused only for a radius below zero.
                let _ = context.arc(f64::from(x), f64::from(y), f64::from(radius), 0.0, TAU);
                match line {
                    Some(_) => context.stroke(),
                    None => context.fill(),
                }
            }
        }
    }

    fn scale_units(&self) -> Result<(), JsValue> {
        let Surface::Screen(context) = &self.surface else {
            return Ok(());
        };
        let scale = 1.0 / f64::from(UNITS_PER_DOT);
        let (x, y) = self.origin;
        context.set_transform(scale, 0.0, 0.0, scale, f64::from(x), f64::from(y))
    }

    fn set_stroke(&mut self, color: Rgba, width: u32) {
        let Surface::Screen(context) = &self.surface else {
            return;
        };
        if self.stroke != Some(color) {
            context.set_stroke_style_str(&css(color));
            self.stroke = Some(color);
        }
        if self.width != Some(width) {
            context.set_line_width(f64::from(width));
            self.width = Some(width);
        }
    }

    fn set_fill(&mut self, color: Rgba) {
        let Surface::Screen(context) = &self.surface else {
            return;
        };
        if self.fill != Some(color) {
            context.set_fill_style_str(&css(color));
            self.fill = Some(color);
        }
    }

    fn write(&mut self, text: &str, font: Font, color: Rgba, (x, y): BackendCoord) -> Drawn {
        self.set_fill(color);
        match &mut self.surface {
            Surface::Svg(svg) => svg.text(&SvgText {
                text,
                size: font.size * f64::from(UNITS_PER_DOT),
                font: &font,
                color,
                at: (x, y),
            }),
            Surface::Screen(context) => {
                if self.font.as_ref() != Some(&font) {
                    let weight = if font.is_bold { "600 " } else { "" };
                    context.set_font(&format!("{weight}{}px {}", text_of(font.size), font.family));
                    context.set_text_align(font.horizontal);
                    context.set_text_baseline(font.vertical);
                    self.font = Some(font);
                }
                // In whole pixels of the screen and at its true size, which is how fonts are sharpest.
                let dots =
                    |units: i32, origin: u32| (f64::from(units) / f64::from(UNITS_PER_DOT)).round() + f64::from(origin);
                context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).map_err(refused)?;
                let drawn = context
                    .fill_text(text, dots(x, self.origin.0), dots(y, self.origin.1))
                    .map_err(refused);
                self.scale_units().map_err(refused)?;
                return drawn;
            }
        }
        Ok(())
    }
}

/// A canvas that is not on the page.
type Scratch = (HtmlCanvasElement, CanvasRenderingContext2d);

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

/// A canvas of a size that is not on the page: always the same one, because a browser takes milliseconds to make one. What
/// was on it last is still there.
fn scratch(width: u32, height: u32) -> Result<Scratch, JsValue> {
    let kept = SCRATCH.with(|cell| cell.borrow().clone());
    let (element, context) = if let Some(scratch) = kept {
        scratch
    } else {
        let element = leptos::prelude::document().create_element("canvas")?;
        let element: HtmlCanvasElement = element.dyn_into()?;
        let context = element.get_context("2d")?.ok_or(JsValue::NULL)?;
        let scratch: Scratch = (element, context.dyn_into()?);
        SCRATCH.with(|cell| *cell.borrow_mut() = Some(scratch.clone()));
        scratch
    };
    if (element.width(), element.height()) != (width, height) {
        element.set_width(width);
        element.set_height(height);
    }
    Ok((element, context))
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

type Drawn = Result<(), DrawingErrorKind<Refused>>;

impl DrawingBackend for Canvas {
    type ErrorType = Refused;

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
        let dot = f64::from(UNITS_PER_DOT);
        self.fill(Rgba::from_backend(color), [f64::from(x), f64::from(y), dot, dot]);
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
        let color = Rgba::from_backend(style.color());
        let place = [left, top, right - left, bottom - top].map(f64::from);
        if fill {
            self.fill(color, place);
            return Ok(());
        }
        self.set_stroke(color, style.stroke_width());
        match &mut self.surface {
            Surface::Screen(context) => {
                let [x, y, width, height] = place;
                context.stroke_rect(x, y, width, height);
            }
            Surface::Svg(svg) => svg.rectangle(place, color, Some(style.stroke_width())),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let color = Rgba::from_backend(style.color());
        self.line(&mut path.into_iter(), color, style.stroke_width());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let line = (!fill).then(|| style.stroke_width());
        self.circle(center, radius, Rgba::from_backend(style.color()), line);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        let color = Rgba::from_backend(style.color());
        self.set_fill(color);
        match &mut self.surface {
            Surface::Screen(context) => {
                context.begin_path();
                for (x, y) in vert {
                    context.line_to(f64::from(x), f64::from(y));
                }
                context.fill();
            }
            Surface::Svg(svg) => svg.path(&mut vert.into_iter(), color, None),
        }
        Ok(())
    }

    fn draw_text<TStyle: BackendTextStyle>(&mut self, text: &str, style: &TStyle, at: BackendCoord) -> Drawn {
        let family = match style.family() {
            FontFamily::Name(name) => name.to_owned(),
            generic => generic.as_str().to_owned(),
        };
        let anchor = style.anchor();
        let font = Font {
            family,
            size: style.size() / f64::from(UNITS_PER_DOT),
            is_bold: false,
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
        self.write(text, font, Rgba::from_backend(style.color()), at)
    }

    /// Puts a picture of whole pixels of the screen over what is there; `src` has four bytes a pixel: red, green, blue and
    /// opacity. Its corner is at a position in units, as all positions.
    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), src: &[u8]) -> Drawn {
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(src), width, height).map_err(refused)?;
        // Straight onto the canvas, its clear pixels would wipe what is there.
        let (element, context) = scratch(width, height).map_err(refused)?;
        context.put_image_data(&image, 0.0, 0.0).map_err(refused)?;
        let dots = |units: i32, origin: u32| (f64::from(units) / f64::from(UNITS_PER_DOT)).round() + f64::from(origin);
        let context = match &mut self.surface {
            Surface::Screen(context) => context,
            Surface::Svg(svg) => {
                let url = element.to_data_url().map_err(refused)?;
                svg.image(&url, (x, y), (width * UNITS_PER_DOT, height * UNITS_PER_DOT));
                return Ok(());
            }
        };
        context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).map_err(refused)?;
        context.set_image_smoothing_enabled(false);
        let drawn =
            context.draw_image_with_html_canvas_element(&element, dots(x, self.origin.0), dots(y, self.origin.1));
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
    ) -> Result<(u32, u32), DrawingErrorKind<Refused>> {
        let Surface::Screen(context) = &self.surface else {
            // As wide as digits are: nothing is laid out by it.
            let width = style.size() * 0.6 * text.chars().count() as f64;
            return Ok((width.ceil() as u32, style.size().ceil() as u32));
        };
        let size = style.size() / f64::from(UNITS_PER_DOT);
        context.set_font(&format!("{}px {}", text_of(size), style.family().as_str()));
        let measured = context.measure_text(text).map_err(refused)?;
        let width = (measured.width() * f64::from(UNITS_PER_DOT)).ceil() as u32;
        Ok((width, style.size().ceil() as u32))
    }
}
