//! The same plot on this surface and on plotters' own.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters_backend::DrawingBackend;
use plotters_svg::SVGBackend;
use shared::chart::axis_clock::AxisClock;
use shared::chart::draw::draw_plot;
use shared::chart::palette::{Palette, Rgba};
use shared::chart::plot::{Plot, PlotData, PlotLayout};
use shared::chart::shape::{PlotLine, Shape};
use shared::dashboard::Axis;
use shared::query::envelope::SampleSeries;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use crate::chart::canvas::{Canvas, UNITS_PER_DOT};

const SIZE: (u32, u32) = (300, 120);

fn palette() -> Palette {
    Palette::from_tokens(|name| Rgba::from_css(if name == "--grid" { "#ffffff0d" } else { "#6cb4ff" })).unwrap()
}

fn draw<DB: DrawingBackend>(target: &DrawingArea<DB, Shift>) {
    let series = SampleSeries {
        time_us: vec![0, 10_000_000, 20_000_000, 50_000_000, 59_000_000],
        value: [1.0, 5.0, 2.0, f64::INFINITY, 3.0].map(Value::from).to_vec(),
        ..SampleSeries::default()
    };
    let layout = PlotLayout {
        width: SIZE.0 * UNITS_PER_DOT,
        height: SIZE.1 * UNITS_PER_DOT,
        units_per_px: f64::from(UNITS_PER_DOT),
        units_per_dot: UNITS_PER_DOT,
        font_family: "sans-serif".to_owned(),
        clock: AxisClock::utc(),
    };
    let line = PlotLine {
        shape: Shape::Samples(&series),
        color: 0,
        axis: Axis::Left,
        interval_s: Some(5.0),
        is_faded: false,
    };
    let minute = TimeRange::new(Timestamp::EPOCH, Timestamp::EPOCH.saturating_add_micros(60_000_000)).unwrap();
    let data = PlotData {
        lines: vec![line],
        left_unit: "V".to_owned(),
        ..PlotData::empty(minute)
    };
    draw_plot(target, &Plot::new(layout, &data), &palette(), &data).unwrap();
}

fn ours() -> String {
    let canvas = Rc::new(RefCell::new(Canvas::svg(SIZE, 1.0)));
    draw(&DrawingArea::from(&canvas));
    let text = canvas.borrow().svg_text();
    text.unwrap()
}

fn theirs() -> String {
    let mut text = String::new();
    let size = (SIZE.0 * UNITS_PER_DOT, SIZE.1 * UNITS_PER_DOT);
    draw(&SVGBackend::with_string(&mut text, size).into_drawing_area());
    text
}

/// An attribute of all elements of a name, in order.
fn all(svg: &str, element: &str, attribute: &str) -> Vec<String> {
    let opening = format!("<{element} ");
    let starts = svg.match_indices(&opening).map(|(at, _)| &svg[at..]);
    starts
        .map(|text| {
            let key = format!(" {attribute}=\"");
            let value = &text[text.find(&key).unwrap() + key.len()..];
            value[..value.find('"').unwrap()].trim().to_owned()
        })
        .collect()
}

#[test]
fn the_same_lines_and_dots_are_where_plotters_own_backend_puts_them() {
    let (ours, theirs) = (ours(), theirs());
    for (element, attributes) in [
        ("polyline", &["points", "stroke", "stroke-width"][..]),
        ("polygon", &["points", "fill"]),
        ("circle", &["cx", "cy", "r"]),
        ("rect", &["x", "y", "width", "height"]),
    ] {
        for attribute in attributes {
            let expected = all(&theirs, element, attribute);
            assert!(!expected.is_empty(), "{element}");
            let lower = |texts: Vec<String>| {
                texts
                    .into_iter()
                    .map(|text| text.to_ascii_lowercase())
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                lower(all(&ours, element, attribute)),
                lower(expected),
                "{element} {attribute}"
            );
        }
    }
    assert_eq!(ours.matches("<text ").count(), theirs.matches("<text ").count());
}

#[test]
fn words_are_escaped_and_opacity_is_apart() {
    let canvas = Canvas::svg((10, 10), 2.0);
    assert!(
        canvas
            .svg_text()
            .unwrap()
            .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"5\" height=\"5\" viewBox=\"0 0 40 40\"")
    );
    let mut canvas = canvas;
    canvas.fill(Rgba::from_css("#ff000080").unwrap(), [1.0, 2.0, 3.0, 4.0]);
    canvas.set_origin((1, 2));
    let font = crate::chart::canvas::Font {
        family: "\"Inter\", sans-serif".to_owned(),
        size: 12.0,
        is_bold: true,
        horizontal: "right",
        vertical: "middle",
    };
    canvas.text("<a & b>", font, Rgba::from_css("#0f0").unwrap(), (5, 6));
    let text = canvas.svg_text().unwrap();
    assert!(text.contains("fill=\"#ff0000\" fill-opacity=\"0.502\"/>"), "{text}");
    assert!(text.contains("<g transform=\"translate(4 8)\">"), "{text}");
    assert!(
        text.contains("font-family=\"&quot;Inter&quot;, sans-serif\" font-size=\"48\""),
        "{text}"
    );
    assert!(
        text.ends_with("fill=\"#00ff00\">&lt;a &amp; b&gt;</text>\n</g>\n</svg>\n"),
        "{text}"
    );
}
