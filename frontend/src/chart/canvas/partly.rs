//! Drawing on a part of a canvas, over what stands there.

use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{Canvas, Surface, UNITS_PER_DOT};

impl Canvas {
    /// The surface of an element with what is on it; `None` where it is not as large as `size`.
    pub fn kept(element: &HtmlCanvasElement, size: (u32, u32)) -> Option<Self> {
        if (element.width(), element.height()) != size {
            return None;
        }
        let context: CanvasRenderingContext2d = element.get_context("2d").ok()??.dyn_into().ok()?;
        let canvas = Self::of(Surface::Screen(context), size);
        canvas.scale_units().ok()?;
        Some(canvas)
    }

    /// Has nothing drawn outside of a rectangle (left, top, width and height in units), until [`Canvas::everywhere`].
    pub fn within(&mut self, [x, y, width, height]: [f64; 4]) {
        if let Surface::Screen(context) = &self.surface {
            context.save();
            context.begin_path();
            context.rect(x, y, width, height);
            context.clip();
        }
    }

    /// Ends [`Canvas::within`].
    pub fn everywhere(&mut self) {
        if let Surface::Screen(context) = &self.surface {
            context.restore();
        }
        // The browser has forgotten them.
        (self.stroke, self.fill, self.width, self.font) = (None, None, None, None);
    }

    /// Moves what is in a rectangle (left, top, width and height in units) to the left; what goes over its edge is lost.
    pub fn move_left(&mut self, [x, y, width, height]: [f64; 4], by: f64) {
        let Surface::Screen(context) = &self.surface else {
            return;
        };
        let Some(element) = context.canvas() else { return };
        let dots = |units: f64| (units / f64::from(UNITS_PER_DOT)).round();
        let (x, y, by) = (dots(x), dots(y), dots(by));
        let (width, height) = (dots(width) - by, dots(height));
        // A canvas that refuses a transform refuses all that follows, which is told.
        let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let _ = context.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            &element,
            x + by,
            y,
            width,
            height,
            x,
            y,
            width,
            height,
        );
        let _ = self.scale_units();
    }
}
