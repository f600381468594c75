//! Every value as a table, for those who do not see the picture and for those who look for a number.

use leptos::prelude::*;
use shared::display::CameraPart;

use super::readings::Reading;
use super::shown::Shown;
use crate::dom::view;
use crate::reactive::State;

/// A table that is filled while it is open. `cells` are its rows, the first cell of each its name; both closures track.
pub fn lazy_table(
    heads: impl Fn() -> Vec<String> + Send + Sync + 'static,
    cells: impl Fn() -> Vec<Vec<String>> + Send + Sync + 'static,
) -> AnyView {
    of_boxed(Box::new(heads), Box::new(cells))
}

type Heads = Box<dyn Fn() -> Vec<String> + Send + Sync>;
type Cells = Box<dyn Fn() -> Vec<Vec<String>> + Send + Sync>;

fn of_boxed(heads: Heads, cells: Cells) -> AnyView {
    let is_open = State::new(false);
    let body = move || {
        if !is_open.get() {
            return None;
        }
        let heads = heads()
            .into_iter()
            .map(|head| view! { <th scope="col">{head}</th> }.into_any());
        let rows = cells().into_iter().map(row);
        Some(
            view! {
                <table>
                    <thead>
                        <tr>{heads.collect::<Vec<_>>()}</tr>
                    </thead>
                    <tbody>{rows.collect::<Vec<_>>()}</tbody>
                </table>
            }
            .into_any(),
        )
    };
    view! {
        <details
            class="camera__table"
            on:toggle=move |event| {
                let details: web_sys::HtmlDetailsElement = event_target(&event);
                is_open.set(details.open());
            }
        >
            <summary>"All values"</summary>
            <div class="camera__scroller" tabindex="0" role="region" aria-label="All values">
                {body}
            </div>
        </details>
    }
    .into_any()
}

fn row(cells: Vec<String>) -> AnyView {
    let mut cells = cells.into_iter();
    let head = cells.next();
    let cells = cells.map(|cell| view! { <td>{cell}</td> }.into_any());
    view! {
        <tr>
            <th scope="row">{head}</th>
            {cells.collect::<Vec<_>>()}
        </tr>
    }
    .into_any()
}

/// All values of the camera.
pub fn pixel_table(shown: Shown) -> AnyView {
    let has_modules = shown.parts().part == CameraPart::Pixel;
    let heads = move || {
        let mut heads = vec![if has_modules { "Pixel" } else { "Module" }.to_owned()];
        if has_modules {
            heads.push("Module".to_owned());
        }
        heads.extend([format!("Value {}", shown.unit()), "Time".to_owned()]);
        heads
    };
    let cells = move || {
        let (Some(readings), shape) = (shown.parts().readings.get(), shown.parts().shape.get()) else {
            return Vec::new();
        };
        let channels = readings.by_channel.iter().zip(0_u32..);
        let rows = channels.map(|((reading, time), channel)| {
            let mut cells = vec![channel.to_string()];
            if has_modules {
                let pixel = usize::try_from(channel).ok();
                let module = shape.as_ref().zip(pixel).and_then(|(shape, pixel)| shape.module(pixel));
                cells.push(module.map(|module| module.to_string()).unwrap_or_default());
            }
            cells.push(match *reading {
                Reading::Value(value) => shown.value_text(value),
                other => other.text(),
            });
            cells.push(time.map(|time| shown.moment().zone.text(time)).unwrap_or_default());
            cells
        });
        rows.collect()
    };
    lazy_table(heads, cells)
}
