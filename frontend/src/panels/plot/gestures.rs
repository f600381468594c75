//! Zooming, panning and selecting, by wheel, mouse, fingers and keys.

use leptos::ev::{KeyboardEvent, PointerEvent, WheelEvent};
use leptos::html::Div;
use leptos::prelude::*;
use shared::time::{TimeRange, Timestamp};

use super::chart::{Attention, Chart};
use super::hover::cursor_px;
use super::pins::pin_at_cursor;
use super::zoom::{between, panned, pinched, tidy, wheel_factor, zoomed};
use crate::browser::listen::{self, on_window};
use crate::dom::NodeRef;
use crate::reactive::Kept;

/// A pointer that moves less than this, in CSS pixels, was meant to click.
const CLICK_PX: f64 = 4.0;
/// A tap this near to the cursor, in CSS pixels, is on the same place.
const TAP_PX: f64 = 16.0;
/// Two taps within this time, in milliseconds, are one gesture.
const DOUBLE_TAP_MS: f64 = 350.0;
/// Parts of the visible range by which keys pan, and what they zoom by.
const KEY_PAN: f64 = 0.1;
const KEY_ZOOM: f64 = 0.7;
/// How far Shift and an arrow move the cursor, in CSS pixels.
const KEY_CURSOR_PX: f64 = 4.0;
/// A line of a wheel that turns by lines, in CSS pixels.
const WHEEL_LINE_PX: f64 = 33.0;

/// What the pointers on a plot are doing.
#[derive(Clone, PartialEq, Debug)]
enum Drag {
    Nothing,
    /// A button or a finger is down and has not moved yet.
    Pressed {
        x_px: f64,
        pans: bool,
    },
    /// Selecting a range, from this moment.
    Selecting {
        from: Timestamp,
    },
    /// Moving the range, which began as this one.
    Panning {
        x_px: f64,
        range: TimeRange,
    },
    /// Two fingers, each on a moment.
    Pinching {
        range: TimeRange,
        moments: [Timestamp; 2],
    },
}

/// The gestures of one plot.
#[derive(Clone, Copy, Debug)]
pub struct Gestures {
    chart: Chart,
    stage: NodeRef<Div>,
    drag: Kept<Drag>,
    /// The fingers that are down, by their number and place.
    fingers: Kept<Vec<(i32, f64)>>,
    /// When a finger last tapped, by the clock of events in milliseconds.
    tapped_ms: Kept<f64>,
}

impl Gestures {
    /// For a plot on a stage.
    pub fn new(chart: Chart, stage: NodeRef<Div>) -> Self {
        // A tap leaves its values on the screen until something else is touched.
        on_window("pointerdown", move |event| {
            let target = listen::target(&event);
            let is_ours = stage
                .get_untracked()
                .is_some_and(|stage| stage.contains(target.as_deref()));
            if !is_ours {
                chart.look_away();
            }
        });
        Self {
            chart,
            stage,
            drag: Kept::new(Drag::Nothing),
            fingers: Kept::new(Vec::new()),
            tapped_ms: Kept::new(0.0),
        }
    }

    /// The place of an event, from the left edge of the stage in CSS pixels.
    fn x_px(&self, event: &web_sys::MouseEvent) -> Option<f64> {
        let frame = self.stage.get_untracked()?.get_bounding_client_rect();
        Some(f64::from(event.client_x()) - frame.left())
    }

    /// How far below the upper edge of the stage an event is, in CSS pixels.
    fn y_px(&self, event: &web_sys::MouseEvent) -> Option<f64> {
        let frame = self.stage.get_untracked()?.get_bounding_client_rect();
        Some(f64::from(event.client_y()) - frame.top())
    }

    fn range(&self) -> Option<TimeRange> {
        self.chart.view().visible().get_untracked()
    }

    /// A button or a finger goes down.
    pub fn press(&self, event: &PointerEvent) -> Option<()> {
        let x_px = self.x_px(event)?;
        let is_touch = event.pointer_type() == "touch";
        if event.button() != 0 {
            return None;
        }
        self.chart.view().begin_gesture();
        // The stage goes on to hear of the pointer when it leaves; fails only for pointers that are gone.
        let _ = self.stage.get_untracked()?.set_pointer_capture(event.pointer_id());
        if is_touch {
            self.fingers
                .update_value(|fingers| fingers.push((event.pointer_id(), x_px)));
            if let Some(pinch) = self.pinch() {
                self.drag.set_value(pinch);
                return Some(());
            }
        }
        let pans = is_touch || event.shift_key();
        self.drag.set_value(Drag::Pressed { x_px, pans });
        Some(())
    }

    /// Two fingers are down.
    fn pinch(&self) -> Option<Drag> {
        let [one, other] = self.two_fingers()?;
        let moments = [self.chart.time_at(one)?, self.chart.time_at(other)?];
        Some(Drag::Pinching {
            range: self.range()?,
            moments,
        })
    }

    fn two_fingers(&self) -> Option<[f64; 2]> {
        self.fingers.with_value(|fingers| match fingers[..] {
            [(_, one), (_, other)] => Some([one, other]),
            _ => None,
        })
    }

    /// The pointer moves: the cursor follows, or the drag goes on.
    pub fn travel(&self, event: &PointerEvent) -> Option<()> {
        let x_px = self.x_px(event)?;
        self.fingers.update_value(|fingers| {
            for finger in fingers.iter_mut().filter(|finger| finger.0 == event.pointer_id()) {
                finger.1 = x_px;
            }
        });
        let view = self.chart.view();
        match self.drag.get_value() {
            Drag::Nothing => {
                if event.pointer_type() != "touch" {
                    self.hover(event, x_px);
                }
            }
            Drag::Pressed { x_px: from_px, pans } => {
                if (x_px - from_px).abs() >= CLICK_PX {
                    let drag = if pans {
                        Drag::Panning {
                            x_px: from_px,
                            range: self.range()?,
                        }
                    } else {
                        Drag::Selecting {
                            from: self.chart.time_at(from_px)?,
                        }
                    };
                    self.drag.set_value(drag);
                    return self.travel(event);
                }
            }
            Drag::Selecting { from } => {
                self.chart.selection().set(Some([from, self.chart.time_at(x_px)?]));
                self.hover(event, x_px);
            }
            Drag::Panning { x_px: from_px, range } => {
                self.chart.look_away();
                view.show(panned(range, -signed(from_px, x_px, |px| self.chart.micros_in(px))?));
            }
            Drag::Pinching { range, moments } => {
                let [one, other] = self.two_fingers()?;
                view.show(pinched(
                    range,
                    moments,
                    [self.chart.part_at(one)?, self.chart.part_at(other)?],
                ));
            }
        }
        Some(())
    }

    fn hover(&self, event: &PointerEvent, x_px: f64) {
        // Left and right of the plot there is nothing to point at.
        let is_inside = self.chart.part_at(x_px).is_some_and(|part| (0.0..=1.0).contains(&part));
        match self.chart.time_at(x_px).filter(|_| is_inside) {
            Some(time) => self.chart.look_at(time, self.y_px(event), Attention::Pointer),
            None => self.chart.look_away(),
        }
    }

    /// The button or a finger goes up: a selection becomes the range.
    pub fn release(&self, event: &PointerEvent) -> Option<()> {
        let x_px = self.x_px(event)?;
        let drag = self.end(event);
        match drag {
            Drag::Selecting { from } => {
                if let Some(range) = self.chart.time_at(x_px).and_then(|to| between(from, to)) {
                    self.chart.view().show(tidy(range));
                }
            }
            Drag::Pressed { .. } if event.pointer_type() == "touch" => self.tap(event, x_px),
            // With Shift it was meant to move along.
            Drag::Pressed { pans: false, .. } => drop(pin_at_cursor(self.chart)),
            Drag::Nothing | Drag::Pressed { .. } | Drag::Panning { .. } | Drag::Pinching { .. } => {}
        }
        Some(())
    }

    /// A first tap shows the values, a second one on the same place pins them. Two quick ones mean something else.
    fn tap(&self, event: &PointerEvent, x_px: f64) {
        let now_ms = event.time_stamp();
        let before_ms = self.tapped_ms.get_value();
        self.tapped_ms.set_value(now_ms);
        let is_again = self
            .cursor_px()
            .is_some_and(|cursor_px| (cursor_px - x_px).abs() <= TAP_PX);
        if is_again && now_ms - before_ms > DOUBLE_TAP_MS {
            pin_at_cursor(self.chart);
        } else {
            self.hover(event, x_px);
        }
    }

    /// How far from the left edge of the stage the cursor of this panel is, in CSS pixels.
    fn cursor_px(&self) -> Option<f64> {
        let chart = self.chart;
        if chart.attention().get_untracked() == Attention::Elsewhere {
            return None;
        }
        untrack(|| cursor_px(chart))
    }

    /// The browser took the pointer away, such as for scrolling the page.
    pub fn cancel(&self, event: &PointerEvent) {
        self.end(event);
    }

    fn end(&self, event: &PointerEvent) -> Drag {
        self.fingers
            .update_value(|fingers| fingers.retain(|finger| finger.0 != event.pointer_id()));
        let drag = self.drag.get_value();
        self.drag.set_value(Drag::Nothing);
        self.chart.selection().set(None);
        drag
    }

    /// The pointer leaves the plot.
    pub fn leave(&self, event: &PointerEvent) {
        if event.pointer_type() != "touch" && self.drag.with_value(|drag| *drag == Drag::Nothing) {
            self.chart.look_away();
        }
    }

    /// The wheel turns: up and down zooms around the pointer, left and right pans.
    pub fn wheel(&self, event: &WheelEvent) -> Option<()> {
        event.prevent_default();
        let scale = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => WHEEL_LINE_PX,
            WheelEvent::DOM_DELTA_PAGE => 10.0 * WHEEL_LINE_PX,
            _ => 1.0,
        };
        let (across, along) = (event.delta_x() * scale, event.delta_y() * scale);
        let range = self.range()?;
        if across.abs() > along.abs() {
            self.chart
                .view()
                .show(panned(range, signed(0.0, across, |px| self.chart.micros_in(px))?));
        } else if along != 0.0 {
            let anchor = self.chart.time_at(self.x_px(event)?)?;
            // Beside the plot the nearest edge stays in place.
            let anchor = anchor.clamp(range.start(), range.end());
            self.chart.view().show(zoomed(range, anchor, wheel_factor(along)));
        }
        Some(())
    }

    /// A key while the plot has the focus. Keys that mean something here mean nothing else on the page.
    pub fn key(&self, event: &KeyboardEvent) -> Option<()> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return None;
        }
        let range = self.range()?;
        let view = self.chart.view();
        let step = whole(range.micros() as f64 * KEY_PAN);
        let middle = self
            .chart
            .cursor()
            .0
            .get_untracked()
            .filter(|cursor| range.contains(*cursor))
            .unwrap_or_else(|| range.start().saturating_add_micros(range.micros() / 2));
        match (event.key().as_str(), event.shift_key()) {
            ("ArrowLeft", true) => self.step_cursor(range, middle, -1)?,
            ("ArrowRight", true) => self.step_cursor(range, middle, 1)?,
            ("ArrowLeft", false) => view.show(panned(range, -step)),
            ("ArrowRight", false) => view.show(panned(range, step)),
            ("+" | "=", _) | ("ArrowUp", false) => view.show(zoomed(range, middle, KEY_ZOOM)),
            ("-" | "_", _) | ("ArrowDown", false) => view.show(zoomed(range, middle, 1.0 / KEY_ZOOM)),
            ("0" | "Home", _) => view.reset(),
            ("Enter", _) => pin_at_cursor(self.chart)?,
            ("Escape", _) if self.is_dragging() => self.drop_all(),
            ("Escape", _) if self.chart.pins().with_untracked(|pins| !pins.is_empty()) => {
                let last = self.chart.pins().with_untracked(|pins| pins.last().cloned());
                if let Some((pin, _)) = last {
                    self.chart.pinned().toggle(&pin.pinned);
                }
            }
            ("Escape", _) if self.chart.attention().get_untracked() != Attention::Elsewhere => self.drop_all(),
            _ => return None,
        }
        event.prevent_default();
        event.stop_propagation();
        Some(())
    }

    fn step_cursor(&self, range: TimeRange, from: Timestamp, direction: i64) -> Option<()> {
        let step = self.chart.micros_in(KEY_CURSOR_PX)?;
        let last = range.end().saturating_add_micros(-1);
        let to = from.saturating_add_micros(direction * step).clamp(range.start(), last);
        self.chart.look_at(to, None, Attention::Keyboard);
        Some(())
    }

    fn is_dragging(&self) -> bool {
        self.drag.with_value(|drag| *drag != Drag::Nothing)
    }

    fn drop_all(&self) {
        self.drag.set_value(Drag::Nothing);
        self.chart.selection().set(None);
        self.chart.look_away();
    }
}

/// The time between two places, later ones positive.
fn signed(from_px: f64, to_px: f64, micros_in: impl Fn(f64) -> Option<i64>) -> Option<i64> {
    let micros = micros_in((to_px - from_px).abs())?;
    Some(if to_px < from_px { -micros } else { micros })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stops at the ends of i64"
)]
fn whole(micros: f64) -> i64 {
    micros.round() as i64
}
