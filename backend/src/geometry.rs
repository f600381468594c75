//! Where the pixels of a camera are, read from a table.
//!
//! The table is CSV with a line of headers; of its columns `pixel_id`, `x_m`, `y_m`, `area_m2` and `module_id` are read,
//! wherever they stand. Pixels are regular hexagons of one size on a grid, numbered from 0 without a hole; their lines may
//! come in any order.

use std::f64::consts::TAU;

use shared::query::geometry::Geometry;

/// The columns that a table must have.
const COLUMNS: [&str; 5] = ["pixel_id", "x_m", "y_m", "area_m2", "module_id"];

/// Neighbors are at most this many distances of the grid apart; the next ones beyond them 1.7.
const NEIGHBOR_DISTANCES: f64 = 1.3;

/// How far the area of a pixel may be from that of the others, as a part of it.
const SAME_AREA: f64 = 0.02;

/// What is wrong with a table, and in which line of it, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadTable {
    /// The line.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Pixel {
    line: usize,
    id: u32,
    x_m: f64,
    y_m: f64,
    area_m2: f64,
    module: u32,
}

/// Reads a table. `corner_deg` says where the first corner of the pixels is; without it, that is found from the
/// directions of their neighbors.
pub fn read(name: &str, table: &str, corner_deg: Option<f64>) -> Result<Geometry, BadTable> {
    let mut pixels = parse(table)?;
    pixels.sort_by_key(|pixel| (pixel.id, pixel.line));
    for (id, pixel) in (0_u32..).zip(&pixels) {
        if pixel.id < id {
            return Err(bad(pixel.line, format!("pixel {} is in the table twice", pixel.id)));
        }
        if id < pixel.id {
            return Err(bad(
                pixel.line,
                format!(
                    "there is a pixel {}, but no pixel {id}; pixels are numbered from 0 without a hole",
                    pixel.id
                ),
            ));
        }
    }
    let area_m2 = pixels.iter().map(|pixel| pixel.area_m2).sum::<f64>() / pixels.len().max(1) as f64;
    if let Some(odd) = pixels
        .iter()
        .find(|pixel| SAME_AREA * area_m2 < (pixel.area_m2 - area_m2).abs())
    {
        return Err(bad(
            odd.line,
            format!(
                "area_m2 is {}, but {area_m2} on average; all pixels must be of one size",
                odd.area_m2
            ),
        ));
    }
    let radius_m = (2.0 * area_m2 / (3.0 * 3_f64.sqrt())).sqrt();
    let mut geometry = Geometry {
        name: name.to_owned(),
        x_m: pixels.iter().map(|pixel| pixel.x_m).collect(),
        y_m: pixels.iter().map(|pixel| pixel.y_m).collect(),
        module: pixels.iter().map(|pixel| pixel.module).collect(),
        radius_m,
        corner_deg: 0.0,
    };
    geometry.corner_deg = corner_deg
        .unwrap_or_else(|| found_corner_deg(&geometry))
        .rem_euclid(60.0);
    Ok(geometry)
}

fn bad(line: usize, message: String) -> BadTable {
    BadTable { line, message }
}

fn parse(table: &str) -> Result<Vec<Pixel>, BadTable> {
    // Some programs begin their tables with a mark of the encoding.
    let mut lines = table.trim_start_matches('\u{feff}').lines().enumerate();
    let headers: Vec<&str> = fields(lines.next().map_or("", |(_, line)| line)).collect();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = headers.iter().position(|header| *header == column);
        *place = found.ok_or_else(|| {
            let needed = COLUMNS.join(", ");
            bad(
                1,
                format!("there is no column {column}; the first line must name {needed}"),
            )
        })?;
    }
    let mut pixels = Vec::new();
    for (index, text) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let line = index + 1;
        let fields: Vec<&str> = fields(text).collect();
        let field = |column: usize| fields.get(places[column]).copied().unwrap_or("");
        let wrong = |column: usize, expected: &str| {
            let name = COLUMNS[column];
            bad(
                line,
                format!("{name} must be {expected}, not {:?}", excerpt(field(column))),
            )
        };
        let whole = |column: usize| {
            field(column)
                .parse::<u32>()
                .map_err(|_nan| wrong(column, "a whole number"))
        };
        let number = |column: usize| {
            let number = field(column).parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| wrong(column, "a number"))
        };
        let area_m2 = number(3)?;
        if area_m2 <= 0.0 {
            return Err(wrong(3, "above zero"));
        }
        pixels.push(Pixel {
            line,
            id: whole(0)?,
            x_m: number(1)?,
            y_m: number(2)?,
            area_m2,
            module: whole(4)?,
        });
    }
    if pixels.is_empty() {
        return Err(bad(1, "there is no pixel below the headers".to_owned()));
    }
    Ok(pixels)
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The direction of the first corner, in degrees: corners lie half way between the directions of neighbors, which are 60
/// degrees apart.
fn found_corner_deg(geometry: &Geometry) -> f64 {
    let (x_m, y_m) = (&geometry.x_m, &geometry.y_m);
    let limit_m = geometry.radius_m * 3_f64.sqrt() * NEIGHBOR_DISTANCES;
    let mut by_x: Vec<usize> = (0..x_m.len()).collect();
    by_x.sort_by(|left, right| x_m[*left].total_cmp(&x_m[*right]));
    // Directions that differ by 60 degrees are one direction in six times the angle.
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (place, pixel) in by_x.iter().enumerate() {
        for other in &by_x[place + 1..] {
            let (right_m, up_m) = (x_m[*other] - x_m[*pixel], y_m[*other] - y_m[*pixel]);
            if limit_m < right_m {
                break;
            }
            if right_m.hypot(up_m) <= limit_m {
                let (of_sine, of_cosine) = (6.0 * up_m.atan2(right_m)).sin_cos();
                sine += of_sine;
                cosine += of_cosine;
            }
        }
    }
    let neighbor_deg = sine.atan2(cosine).rem_euclid(TAU).to_degrees() / 6.0;
    neighbor_deg + 30.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::bundled::LSTCAM_PIXELS;

    #[test]
    fn the_pixels_of_the_bundled_camera_touch_each_other_and_do_not_overlap() {
        let geometry = read("lstcam", &LSTCAM_PIXELS.text().unwrap(), None).unwrap();
        assert_eq!(
            (geometry.x_m.len(), geometry.y_m.len(), geometry.module.len()),
            (1855, 1855, 1855)
        );
        // The camera is built in turned by 100.893 degrees; its corners repeat every 60.
        assert!((geometry.corner_deg - 10.893).abs() < 0.02, "{}", geometry.corner_deg);
        let distance_m = (geometry.x_m[1] - geometry.x_m[0]).hypot(geometry.y_m[1] - geometry.y_m[0]);
        assert!((geometry.radius_m * 3_f64.sqrt() / distance_m - 1.0).abs() < 0.01);
        assert_eq!(geometry.module[1203], 219);
    }

    #[test]
    fn columns_and_lines_may_stand_in_any_order() {
        let table =
            "\u{feff}module_id,area_m2,\"y_m\",x_m,pixel_id,note\r\n7,2.598,0,1.7320508,1,a\r\n\r\n7,2.598,0,0,0,b\r\n";
        let geometry = read("two", table, None).unwrap();
        assert_eq!(geometry.x_m, [0.0, 1.732_050_8]);
        assert_eq!(geometry.module, [7, 7]);
        assert!((geometry.radius_m - 1.0).abs() < 1e-4);
        // The neighbor lies to the right, so one corner points up and the first is at 30 degrees.
        assert!((geometry.corner_deg - 30.0).abs() < 1e-9);
        assert!((read("two", table, Some(70.0)).unwrap().corner_deg - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |table: &str| read("t", table, None).unwrap_err().to_string();
        let with = |lines: &str| told(&format!("pixel_id,x_m,y_m,area_m2,module_id\n{lines}"));
        let messages = [
            told("pixel_id,x_m\n"),
            with(""),
            with("0,0,0,1,0\n1,x,0,1,0"),
            with("0,0,0,1,0\n0,1,0,1,0"),
            with("0,0,0,1,0\n2,1,0,1,0"),
            with("0,0,0,0,0"),
            with("0,0,0,1"),
            with("0,0,0,1,0\n1,1,0,2,0"),
        ];
        insta::assert_snapshot!(messages.join("\n"), @r#"
        line 1: there is no column y_m; the first line must name pixel_id, x_m, y_m, area_m2, module_id
        line 1: there is no pixel below the headers
        line 3: x_m must be a number, not "x"
        line 3: pixel 0 is in the table twice
        line 3: there is a pixel 2, but no pixel 1; pixels are numbered from 0 without a hole
        line 2: area_m2 must be above zero, not "0"
        line 2: module_id must be a whole number, not ""
        line 2: area_m2 is 1, but 1.5 on average; all pixels must be of one size
        "#);
    }
}
