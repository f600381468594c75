//! By what panels are moved and resized: a pointer, keys, or buttons. They lie over the panel while panels are arranged.

use leptos::ev;
use leptos::prelude::*;
use shared::dashboard::GRID_COLUMNS;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use crate::dom::view;
use crate::reactive::State;
use crate::state::arrangement::{Arrangement, use_arrangement};

/// A step of height in pixels.
const HEIGHT_STEP_PX: i32 = 20;

/// A panel that is being dragged.
#[derive(Clone, PartialEq, Debug)]
pub struct Drag {
    id: String,
    of: DragOf,
}

#[derive(Clone, PartialEq, Debug)]
enum DragOf {
    /// The panel itself, and where it would be dropped: beside which one, and whether after it.
    Panel(Option<(String, bool)>),
    /// Its lower right corner.
    Corner {
        start: (f64, f64),
        size: (i32, i32),
        /// From column to column of the grid, in pixels.
        column_px: f64,
    },
}

impl Drag {
    /// How a slot is marked: as the one that is dragged, or as the one beside which it would be dropped.
    pub fn mark(&self, id: &str) -> Option<&'static str> {
        match &self.of {
            DragOf::Panel(_) if self.id == id => Some("dragged"),
            DragOf::Panel(Some((target, is_after))) if target == id => Some(if *is_after { "after" } else { "before" }),
            _ => None,
        }
    }
}

/// What a key or a button does with a panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Earlier,
    Later,
    Narrower,
    Wider,
    Lower,
    Higher,
    Hide,
}

const BUTTONS: [(Action, &str, &str); 7] = [
    (Action::Earlier, "←", "Move earlier"),
    (Action::Later, "→", "Move later"),
    (Action::Narrower, "⇤", "Narrower"),
    (Action::Wider, "⇥", "Wider"),
    (Action::Lower, "⤒", "Lower"),
    (Action::Higher, "⤓", "Higher"),
    (Action::Hide, "✕", "Hide"),
];

impl Action {
    fn of_key(key: &str, has_shift: bool) -> Option<Self> {
        Some(match (key, has_shift) {
            ("ArrowLeft" | "ArrowUp", false) => Self::Earlier,
            ("ArrowRight" | "ArrowDown", false) => Self::Later,
            ("ArrowLeft", true) => Self::Narrower,
            ("ArrowRight", true) => Self::Wider,
            ("ArrowUp", true) => Self::Lower,
            ("ArrowDown", true) => Self::Higher,
            ("Delete", _) => Self::Hide,
            _ => return None,
        })
    }

    fn run(self, id: &str, arrangement: Arrangement) {
        let Some(place) = untrack(|| arrangement.place(id)) else {
            return;
        };
        let (width, height) = (i32::from(place.width), i32::from(place.height));
        match self {
            Self::Earlier => arrangement.step(id, -1),
            Self::Later => arrangement.step(id, 1),
            Self::Narrower => arrangement.resize(id, width - 1, height),
            Self::Wider => arrangement.resize(id, width + 1, height),
            Self::Lower => arrangement.resize(id, width, height - HEIGHT_STEP_PX),
            Self::Higher => arrangement.resize(id, width, height + HEIGHT_STEP_PX),
            Self::Hide => arrangement.set_hidden(id, true),
        }
    }
}

/// What lies over a panel that is being arranged.
pub fn handles(id: &str, title: &str, drag: State<Option<Drag>>) -> AnyView {
    let arrangement = use_arrangement();
    let owned = || id.to_owned();
    let buttons = BUTTONS.map(|(action, sign, label)| {
        let id = owned();
        view! {
            <button
                type="button"
                class="arrange__button"
                title=label
                aria-label=label
                on:click=move |_| action.run(&id, arrangement)
            >
                {sign}
            </button>
        }
        .into_any()
    });
    let told = {
        let id = owned();
        move || {
            arrangement
                .place(&id)
                .map_or_else(String::new, |place| format!("{} × {}", place.width, place.height))
        }
    };
    let label = {
        let (id, title) = (owned(), title.to_owned());
        move || spoken(&title, &id, arrangement)
    };
    let on_key = {
        let id = owned();
        move |event: ev::KeyboardEvent| on_key(&event, &id, arrangement)
    };
    let on_press = {
        let id = owned();
        move |event: ev::PointerEvent| drag.set(begin(&event, &id, arrangement))
    };
    let stop = move |_: ev::PointerEvent| drop_here(drag, arrangement);
    view! {
        <div
            class="arrange"
            tabindex="0"
            role="group"
            aria-roledescription="panel to arrange"
            aria-label=label
            on:keydown=on_key
            on:pointerdown=on_press
            on:pointermove=move |event| travel(&event, drag, arrangement)
            on:pointerup=stop
            on:pointercancel=move |_| drag.set(None)
        >
            <div class="arrange__bar">
                <span class="arrange__title">{title.to_owned()}</span>
                <span class="arrange__size">{told}</span>
                {buttons.collect_view()}
            </div>
            <span class="arrange__corner" aria-hidden="true"></span>
        </div>
    }
    .into_any()
}

fn spoken(title: &str, id: &str, arrangement: Arrangement) -> String {
    let places = arrangement.places();
    let in_sight: Vec<_> = places.iter().filter(|place| !place.is_hidden).collect();
    let at = in_sight.iter().position(|place| place.id == id);
    at.map_or_else(String::new, |at| {
        let (n, place) = (in_sight.len(), in_sight[at]);
        format!(
            "{title}: place {} of {n}, {} columns wide, {} pixels high. Arrows move it, with Shift they resize it, \
             Delete hides it, Escape ends",
            at + 1,
            place.width,
            place.height
        )
    })
}

fn on_key(event: &ev::KeyboardEvent, id: &str, arrangement: Arrangement) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if event.key() == "Escape" {
        event.prevent_default();
        arrangement.is_arranging().set(false);
    } else if let Some(action) = Action::of_key(&event.key(), event.shift_key()) {
        // The page must neither scroll nor step the night.
        event.prevent_default();
        action.run(id, arrangement);
    }
}

fn begin(event: &ev::PointerEvent, id: &str, arrangement: Arrangement) -> Option<Drag> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let overlay: Element = event.current_target()?.dyn_into().ok()?;
    if event.button() != 0 || target.closest("button").ok()?.is_some() {
        return None;
    }
    // A pointer that is gone by now cannot be captured, and ends the drag by itself.
    let _ = overlay.set_pointer_capture(event.pointer_id());
    let of = if target.class_list().contains("arrange__corner") {
        let place = untrack(|| arrangement.place(id))?;
        let grid = overlay.closest(".board__grid").ok()??.get_bounding_client_rect();
        DragOf::Corner {
            start: (f64::from(event.client_x()), f64::from(event.client_y())),
            size: (place.width.into(), place.height.into()),
            column_px: grid.width() / f64::from(GRID_COLUMNS),
        }
    } else {
        DragOf::Panel(None)
    };
    Some(Drag { id: id.to_owned(), of })
}

#[expect(clippy::cast_possible_truncation, reason = "positions lie within a screen")]
fn travel(event: &ev::PointerEvent, drag: State<Option<Drag>>, arrangement: Arrangement) {
    let Some(Drag { id, of }) = drag.get_untracked() else {
        return;
    };
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    match of {
        DragOf::Corner { start, size, column_px } => {
            let wider = ((x - start.0) / column_px.max(1.0)).round() as i32;
            let higher = ((y - start.1) / f64::from(HEIGHT_STEP_PX)).round() as i32 * HEIGHT_STEP_PX;
            let (width, height) = (size.0 + wider, size.1 + higher);
            let now = untrack(|| arrangement.place(&id));
            if now.is_some_and(|place| (i32::from(place.width), i32::from(place.height)) != (width, height)) {
                arrangement.resize(&id, width, height);
            }
        }
        DragOf::Panel(before) => {
            let beside = slot_at(x, y).filter(|(slot, _)| *slot != id);
            if beside != before {
                drag.set(Some(Drag {
                    id,
                    of: DragOf::Panel(beside),
                }));
            }
        }
    }
}

/// The slot under a point of the window, and whether the point is in its later half.
fn slot_at(x: f64, y: f64) -> Option<(String, bool)> {
    #[expect(clippy::cast_possible_truncation, reason = "positions lie within a screen")]
    let element = document().element_from_point(x as f32, y as f32)?;
    let slot = element.closest(".board__slot").ok()??;
    let place = slot.get_bounding_client_rect();
    // In a single column below, else to the right.
    let parent = slot.parent_element()?.get_bounding_client_rect();
    let is_whole_row = place.width() > parent.width() * 0.9;
    let is_after = if is_whole_row {
        y > place.top() + place.height() / 2.0
    } else {
        x > place.left() + place.width() / 2.0
    };
    Some((slot.get_attribute("data-slot")?, is_after))
}

fn drop_here(drag: State<Option<Drag>>, arrangement: Arrangement) {
    let dropped = drag.get_untracked();
    drag.set(None);
    if let Some(Drag {
        id,
        of: DragOf::Panel(Some((target, is_after))),
    }) = dropped
    {
        arrangement.move_beside(&id, &target, is_after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_move_and_with_shift_resize() {
        assert_eq!(Action::of_key("ArrowLeft", false), Some(Action::Earlier));
        assert_eq!(Action::of_key("ArrowLeft", true), Some(Action::Narrower));
        assert_eq!(Action::of_key("ArrowDown", true), Some(Action::Higher));
        assert_eq!(Action::of_key("Tab", true), None);
    }

    #[test]
    fn the_place_of_a_drop_is_marked() {
        let drag = |target: Option<(&str, bool)>| Drag {
            id: "a".to_owned(),
            of: DragOf::Panel(target.map(|(id, is_after)| (id.to_owned(), is_after))),
        };
        assert_eq!(drag(None).mark("a"), Some("dragged"));
        assert_eq!(drag(Some(("b", true))).mark("b"), Some("after"));
        assert_eq!(drag(Some(("b", false))).mark("b"), Some("before"));
        assert_eq!(drag(Some(("b", false))).mark("c"), None);
    }
}
