use std::cell::RefCell;
use std::rc::Rc;

use plotters::drawing::DrawingArea;

use super::shape::Direction;
use super::*;
use crate::chart::scene::{Mark, Scene};
use crate::query::geometry::Geometry;

const ROOT_3: f64 = 1.732_050_807_568_877_2;

/// Rings of pixels of 1 m around one in the middle, corners upwards: 1, 7, 19, 37 pixels … All of one module.
fn rings(n_rings: i32) -> Geometry {
    let mut geometry = Geometry {
        name: "rings".to_owned(),
        radius_m: 1.0,
        corner_deg: 30.0,
        ..Geometry::default()
    };
    for q in -n_rings..=n_rings {
        for r in -n_rings..=n_rings {
            if (q + r).abs() <= n_rings {
                geometry.x_m.push(ROOT_3 * (f64::from(q) + f64::from(r) / 2.0));
                geometry.y_m.push(1.5 * f64::from(r));
                geometry.module.push(0);
            }
        }
    }
    geometry
}

fn at(geometry: &Geometry, x: f64, y: f64) -> usize {
    let places = geometry.x_m.iter().zip(&geometry.y_m);
    places
        .enumerate()
        .position(|(_, (x_m, y_m))| (x_m - x).hypot(y_m - y) < 1e-6)
        .unwrap()
}

fn palette() -> Palette {
    let mut next = 0_u8;
    Palette::from_tokens(|_| {
        next += 1;
        Some(Rgba {
            red: next,
            green: 0,
            blue: 0,
            alpha: 255,
        })
    })
    .unwrap()
}

fn color(blue: u8) -> Rgba {
    Rgba {
        red: 0,
        green: 0,
        blue,
        alpha: 255,
    }
}

fn map(shape: &CameraShape, size: u32) -> CameraMap {
    let area = Area {
        left: 0.0,
        top: 0.0,
        right: f64::from(size),
        bottom: f64::from(size),
    };
    CameraMap::new(shape, area, 1.0)
}

fn drawn(shape: &CameraShape, cells: &[Cell]) -> Vec<Mark> {
    let scene = Rc::new(RefCell::new(Scene::new((400, 400), palette())));
    draw_camera(&DrawingArea::from(&scene), shape, &map(shape, 400), cells, &palette()).unwrap();
    Rc::try_unwrap(scene).unwrap().into_inner().marks
}

#[test]
fn the_pixel_in_the_middle_has_six_neighbours_and_a_corner_has_three() {
    let geometry = rings(2);
    let shape = CameraShape::new(&geometry);
    assert_eq!(shape.neighbours(at(&geometry, 0.0, 0.0)).count(), 6);
    assert_eq!(shape.neighbours(at(&geometry, 2.0 * ROOT_3, 0.0)).count(), 3);
}

#[test]
fn every_place_belongs_to_the_pixel_whose_hexagon_holds_it() {
    let geometry = rings(3);
    let shape = CameraShape::new(&geometry);
    for pixel in 0..shape.n_pixels() {
        let middle = shape.place(pixel);
        assert_eq!(shape.pixel_at(middle), Some(pixel));
        for corner in shape.corners(middle, 0.99) {
            assert_eq!(shape.pixel_at(corner), Some(pixel));
        }
    }
    let beside = Place { x_m: 40.0, y_m: 0.0 };
    assert_eq!(shape.pixel_at(beside), None);
    let in_the_notch = Place {
        x_m: ROOT_3 * 3.2,
        y_m: 1.5,
    };
    assert_eq!(shape.pixel_at(in_the_notch), None);
}

#[test]
fn arrows_walk_to_a_neighbour_and_back_and_stop_at_the_edge() {
    let geometry = rings(2);
    let shape = CameraShape::new(&geometry);
    let middle = at(&geometry, 0.0, 0.0);
    let right = shape.step(middle, Direction::Right).unwrap();
    assert_eq!(right, at(&geometry, ROOT_3, 0.0));
    assert_eq!(shape.step(right, Direction::Left), Some(middle));
    let edge = at(&geometry, 2.0 * ROOT_3, 0.0);
    assert_eq!(shape.step(edge, Direction::Right), None);
    let up = shape.step(middle, Direction::Up).unwrap();
    assert!((shape.place(up).y_m - 1.5).abs() < 1e-9);
}

#[test]
fn every_pixel_is_reached_by_arrows_alone() {
    let shape = CameraShape::new(&rings(3));
    let mut reached = vec![false; shape.n_pixels()];
    let mut open = vec![0];
    while let Some(pixel) = open.pop() {
        if !std::mem::replace(&mut reached[pixel], true) {
            use Direction::{Down, Left, Right, Up};
            open.extend(
                [Right, Up, Left, Down]
                    .into_iter()
                    .filter_map(|way| shape.step(pixel, way)),
            );
        }
    }
    assert!(reached.into_iter().all(|reached| reached));
}

#[test]
fn a_module_has_one_closed_outline_and_a_hole_another() {
    let mut geometry = rings(1);
    let shape = CameraShape::new(&geometry);
    assert_eq!(shape.outlines().len(), 1);
    assert_eq!(shape.outlines()[0].corners.len(), 18);

    let middle = at(&geometry, 0.0, 0.0);
    geometry.module[middle] = 5;
    let shape = CameraShape::new(&geometry);
    let mut lengths: Vec<(u32, usize)> = shape
        .outlines()
        .iter()
        .map(|outline| (outline.module, outline.corners.len()))
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [(0, 6), (0, 18), (5, 6)]);
    assert_eq!(shape.neighbours_of_module(5), [0]);
    assert_eq!(shape.pixels_of(5).collect::<Vec<_>>(), [middle]);
}

#[test]
fn all_pixels_of_a_colour_are_one_polygon() {
    let shape = CameraShape::new(&rings(1));
    let mut cells = vec![Cell::Value(color(9)); shape.n_pixels()];
    cells[2] = Cell::Value(color(200));
    let marks = drawn(&shape, &cells);
    let sizes: Vec<usize> = marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Polygon { points, .. } => Some(points.len()),
            _ => None,
        })
        .collect();
    // Six corners and back to the first, and for all but the first hexagon back to where the polygon began.
    assert_eq!(sizes, [6 * 8 - 1, 7]);
}

#[test]
fn what_has_no_value_never_has_the_colour_of_one() {
    let shape = CameraShape::new(&rings(1));
    let kinds = [
        Cell::Value(color(9)),
        Cell::Old(color(9)),
        Cell::Null,
        Cell::Nan,
        Cell::Never,
    ];
    let pictures: Vec<Vec<Mark>> = kinds.iter().map(|kind| drawn(&shape, &[*kind; 7])).collect();
    for (position, picture) in pictures.iter().enumerate() {
        assert!(pictures[..position].iter().all(|other| other != picture), "{position}");
    }
    let big_fill = |marks: &[Mark]| {
        marks.iter().find_map(|mark| match mark {
            Mark::Polygon { color, .. } => Some(*color),
            _ => None,
        })
    };
    for picture in &pictures[1..] {
        assert_eq!(big_fill(picture), Some(palette().grid));
    }
}

#[test]
fn places_survive_the_way_to_their_point_and_back_with_up_upwards() {
    let shape = CameraShape::new(&rings(2));
    let map = map(&shape, 300);
    let place = Place { x_m: 1.25, y_m: -0.5 };
    let back = map.place(map.point(place));
    assert!((back.x_m - place.x_m).abs() < 1e-9 && (back.y_m - place.y_m).abs() < 1e-9);
    assert!(map.point(Place { x_m: 0.0, y_m: 1.0 }).y < map.point(Place::default()).y);
}

#[test]
fn a_chosen_pixel_is_marked_with_its_neighbours_and_its_module() {
    let shape = CameraShape::new(&rings(1));
    let marked = |part| {
        let scene = Rc::new(RefCell::new(Scene::new((400, 400), palette())));
        let marks = Marks {
            part,
            chosen: Some(3),
            hovered: None,
        };
        draw_marks(
            &DrawingArea::from(&scene),
            &shape,
            &map(&shape, 400),
            &marks,
            &palette(),
        )
        .unwrap();
        scene.borrow().marks.len()
    };
    // Six neighbours, the module, and the pixel itself with a rim.
    assert_eq!(marked(CameraPart::Pixel), 9);
    assert_eq!(marked(CameraPart::Module), 2);
}

#[test]
fn a_broken_geometry_draws_what_it_can() {
    let mut geometry = rings(1);
    geometry.module.truncate(3);
    geometry.radius_m = f64::NAN;
    let shape = CameraShape::new(&geometry);
    assert_eq!(shape.n_pixels(), 3);
    assert!(!drawn(&shape, &[]).is_empty());
    let empty = CameraShape::new(&Geometry::default());
    assert_eq!(empty.pixel_at(Place::default()), None);
    assert!(!drawn(&empty, &[]).is_empty());
}
