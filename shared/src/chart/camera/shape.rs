//! What a camera's geometry tells once and for all.

use crate::angle::sin_cos_deg;
use crate::order::sort_by;
use crate::query::geometry::Geometry;

/// A pixel is a neighbour up to this part of the distance of hexagons that touch.
const TOUCHING: f64 = 1.25;

/// A place on the camera, seen from the front.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Place {
    /// To the right of the camera's middle, in metres.
    pub x_m: f64,
    /// Above it, in metres.
    pub y_m: f64,
}

/// What the pixels cover, in metres.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// The least x.
    pub left_m: f64,
    /// The greatest x.
    pub right_m: f64,
    /// The least y.
    pub bottom_m: f64,
    /// The greatest y.
    pub top_m: f64,
}

/// A closed line around the pixels of a module, or around a hole among them.
#[derive(Clone, PartialEq, Debug)]
pub struct Outline {
    /// The module by number.
    pub module: u32,
    /// Its corners; the last is joined with the first.
    pub corners: Vec<Place>,
}

/// A way to go from pixel to pixel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Towards greater x.
    Right,
    /// Towards greater y.
    Up,
    /// Towards lesser x.
    Left,
    /// Towards lesser y.
    Down,
}

/// A camera with its neighbourhoods. Built in time proportional to the pixels.
#[derive(Clone, PartialEq, Debug)]
pub struct CameraShape {
    places: Vec<Place>,
    module: Vec<u32>,
    radius_m: f64,
    corner_deg: f64,
    bounds: Bounds,
    grid: Grid,
    /// For each pixel who is across each of its sides, the first between its first two corners.
    across: Vec<[Option<u32>; 6]>,
    outlines: Vec<Outline>,
}

impl CameraShape {
    /// Of a geometry; arrays of different lengths count as far as all go, and a radius that is none as 1 mm.
    pub fn new(geometry: &Geometry) -> Self {
        let xy = geometry.x_m.iter().zip(&geometry.y_m);
        let n_pixels = geometry.x_m.len().min(geometry.y_m.len()).min(geometry.module.len());
        let places: Vec<Place> = xy
            .take(n_pixels)
            .map(|(x_m, y_m)| Place { x_m: *x_m, y_m: *y_m })
            .collect();
        let radius_m = if geometry.radius_m > 0.0 {
            geometry.radius_m
        } else {
            1e-3
        };
        let bounds = bounds_of(&places, radius_m);
        let grid = Grid::new(&places, bounds, radius_m * 3.0_f64.sqrt() * TOUCHING);
        let mut shape = Self {
            module: geometry.module.get(..n_pixels).unwrap_or_default().to_vec(),
            corner_deg: geometry.corner_deg,
            across: Vec::new(),
            outlines: Vec::new(),
            places,
            radius_m,
            bounds,
            grid,
        };
        shape.across = (0..n_pixels).map(|pixel| shape.neighbours_of(pixel)).collect();
        shape.outlines = shape.trace_outlines();
        shape
    }

    /// How many pixels there are.
    pub const fn n_pixels(&self) -> usize {
        self.places.len()
    }

    /// The middle of a pixel; that of the camera for a pixel that there is not.
    pub fn place(&self, pixel: usize) -> Place {
        self.places.get(pixel).copied().unwrap_or_default()
    }

    /// The module of a pixel.
    pub fn module(&self, pixel: usize) -> Option<u32> {
        self.module.get(pixel).copied()
    }

    /// The pixels of a module, rising.
    pub fn pixels_of(&self, module: u32) -> impl Iterator<Item = usize> + '_ {
        let all = self.module.iter().enumerate();
        all.filter(move |(_, of)| **of == module).map(|(pixel, _)| pixel)
    }

    /// From the middle of a pixel to its corners, in metres.
    pub const fn radius_m(&self) -> f64 {
        self.radius_m
    }

    /// What the pixels cover.
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The outlines of all modules.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// The pixels that touch a pixel, against the clock.
    pub fn neighbours(&self, pixel: usize) -> impl Iterator<Item = usize> + '_ {
        let across = self.across.get(pixel).into_iter().flatten();
        across.filter_map(|neighbour| usize::try_from((*neighbour)?).ok())
    }

    /// The modules that touch a module, rising.
    pub fn neighbours_of_module(&self, module: u32) -> Vec<u32> {
        let touching = self.pixels_of(module).flat_map(|pixel| self.neighbours(pixel));
        let mut modules: Vec<u32> = touching.filter_map(|pixel| self.module(pixel)).collect();
        sort_by(&mut modules, u32::cmp);
        modules.dedup();
        modules.retain(|other| *other != module);
        modules
    }

    /// The neighbour that lies most in a direction; `None` at the edge.
    pub fn step(&self, pixel: usize, direction: Direction) -> Option<usize> {
        let from = self.place(pixel);
        let (right, up) = match direction {
            Direction::Right => (1.0, 0.0),
            Direction::Up => (0.0, 1.0),
            Direction::Left => (-1.0, 0.0),
            Direction::Down => (0.0, -1.0),
        };
        // The cosine of the angle between the way there and the direction: 60 degrees at the most.
        let along = |to: &usize| {
            let to = self.place(*to);
            let (x_m, y_m) = (to.x_m - from.x_m, to.y_m - from.y_m);
            (x_m * right + y_m * up) / x_m.hypot(y_m).max(f64::MIN_POSITIVE)
        };
        let candidates = self.neighbours(pixel).filter(|to| along(to) > 0.499);
        candidates.max_by(|one, other| along(one).total_cmp(&along(other)))
    }

    /// The pixel at a place; `None` beside all of them.
    pub fn pixel_at(&self, place: Place) -> Option<usize> {
        let distance_m = |pixel: &usize| distance_m(self.place(*pixel), place);
        let nearest = self
            .grid
            .near(place)
            .min_by(|one, other| distance_m(one).total_cmp(&distance_m(other)))?;
        let middle = self.place(nearest);
        // Within all six sides.
        let inner_m = self.radius_m * 3.0_f64.sqrt() / 2.0;
        let is_within = (0..6_u8).all(|side| {
            let (sin, cos) = sin_cos_deg(self.side_deg(side));
            (place.x_m - middle.x_m) * cos + (place.y_m - middle.y_m) * sin <= inner_m * 1.001
        });
        is_within.then_some(nearest)
    }

    /// The corners of a hexagon like the pixels, against the clock.
    pub fn corners(&self, middle: Place, radius_m: f64) -> [Place; 6] {
        [0_u8, 1, 2, 3, 4, 5].map(|corner| {
            let (sin, cos) = sin_cos_deg(self.corner_deg + 60.0 * f64::from(corner));
            Place {
                x_m: middle.x_m + radius_m * cos,
                y_m: middle.y_m + radius_m * sin,
            }
        })
    }

    /// The direction in which a side faces.
    fn side_deg(&self, side: u8) -> f64 {
        self.corner_deg + 30.0 + 60.0 * f64::from(side)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the sides of a few turns")]
    fn neighbours_of(&self, pixel: usize) -> [Option<u32>; 6] {
        let mut across = [None; 6];
        let from = self.place(pixel);
        let reach_m = self.radius_m * 3.0_f64.sqrt() * TOUCHING;
        for other in self.grid.near(from) {
            let to = self.place(other);
            if other == pixel || distance_m(from, to) > reach_m {
                continue;
            }
            let direction_deg = (to.y_m - from.y_m).atan2(to.x_m - from.x_m).to_degrees();
            let sixths = ((direction_deg - self.side_deg(0)) / 60.0).round() as i64;
            let side = sixths.rem_euclid(6) as usize;
            across[side] = u32::try_from(other).ok();
        }
        across
    }

    /// Walks along the sides that part modules, each once, with the module on the left hand.
    fn trace_outlines(&self) -> Vec<Outline> {
        let n_pixels = self.n_pixels();
        let mut is_walked = vec![[false; 6]; n_pixels];
        let mut outlines = Vec::new();
        for start in 0..n_pixels {
            for first_side in 0..6 {
                if is_walked[start][first_side] || !self.parts_modules(start, first_side) {
                    continue;
                }
                let mut corners = Vec::new();
                let (mut pixel, mut side) = (start, first_side);
                while !is_walked[pixel][side] {
                    is_walked[pixel][side] = true;
                    corners.push(self.corners(self.place(pixel), self.radius_m)[side]);
                    (pixel, side) = self.next_side(pixel, side);
                }
                outlines.push(Outline {
                    module: self.module[start],
                    corners,
                });
            }
        }
        outlines
    }

    /// Whether another module, or nothing, is across a side.
    fn parts_modules(&self, pixel: usize, side: usize) -> bool {
        let across = self.across[pixel][side].and_then(|other| self.module(usize::try_from(other).ok()?));
        across != self.module(pixel)
    }

    /// The side that goes on where one ends: of the same pixel, or of the next one of its module around the corner.
    fn next_side(&self, pixel: usize, side: usize) -> (usize, usize) {
        let (mut pixel, mut side) = (pixel, (side + 1) % 6);
        // Three pixels meet at a corner; more steps than that only in a geometry that is none.
        for _ in 0..6 {
            if self.parts_modules(pixel, side) {
                break;
            }
            let Some(other) = self.across[pixel][side].and_then(|other| usize::try_from(other).ok()) else {
                break;
            };
            (pixel, side) = (other, (side + 4) % 6);
        }
        (pixel, side)
    }
}

fn distance_m(one: Place, other: Place) -> f64 {
    (one.x_m - other.x_m).hypot(one.y_m - other.y_m)
}

fn bounds_of(places: &[Place], radius_m: f64) -> Bounds {
    let mut bounds = Bounds {
        left_m: 0.0,
        right_m: 0.0,
        bottom_m: 0.0,
        top_m: 0.0,
    };
    if let Some(first) = places.first() {
        (bounds.left_m, bounds.right_m) = (first.x_m, first.x_m);
        (bounds.bottom_m, bounds.top_m) = (first.y_m, first.y_m);
    }
    for place in places {
        bounds.left_m = bounds.left_m.min(place.x_m);
        bounds.right_m = bounds.right_m.max(place.x_m);
        bounds.bottom_m = bounds.bottom_m.min(place.y_m);
        bounds.top_m = bounds.top_m.max(place.y_m);
    }
    Bounds {
        left_m: bounds.left_m - radius_m,
        right_m: bounds.right_m + radius_m,
        bottom_m: bounds.bottom_m - radius_m,
        top_m: bounds.top_m + radius_m,
    }
}

/// The pixels by squares as wide as neighbours may be apart, so that who is near is found without looking at all of them.
#[derive(Clone, PartialEq, Debug)]
struct Grid {
    bounds: Bounds,
    side_m: f64,
    columns: usize,
    /// By row and column, as `row * columns + column`.
    squares: Vec<Vec<usize>>,
}

/// A geometry of a few pixels far from each other must not cost memory for all the squares between them.
const MOST_SQUARES: f64 = 1e5;

impl Grid {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the number of squares"
    )]
    fn new(places: &[Place], bounds: Bounds, side_m: f64) -> Self {
        let (width_m, height_m) = (bounds.right_m - bounds.left_m, bounds.top_m - bounds.bottom_m);
        let side_m = side_m.max((width_m * height_m / MOST_SQUARES).sqrt());
        let (columns, rows) = ((width_m / side_m).ceil().max(1.0), (height_m / side_m).ceil().max(1.0));
        let mut grid = Self {
            bounds,
            side_m,
            columns: columns as usize,
            squares: vec![Vec::new(); (columns as usize).saturating_mul(rows as usize)],
        };
        for (pixel, place) in places.iter().enumerate() {
            let (column, row) = grid.square_of(*place);
            if let Some(square) = grid.square_mut(column, row) {
                square.push(pixel);
            }
        }
        grid
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float stops at the ends of i64"
    )]
    fn square_of(&self, place: Place) -> (i64, i64) {
        let column = ((place.x_m - self.bounds.left_m) / self.side_m).floor();
        let row = ((place.y_m - self.bounds.bottom_m) / self.side_m).floor();
        (column as i64, row as i64)
    }

    fn index(&self, column: i64, row: i64) -> Option<usize> {
        let column = usize::try_from(column).ok().filter(|column| *column < self.columns)?;
        usize::try_from(row)
            .ok()?
            .checked_mul(self.columns)?
            .checked_add(column)
    }

    fn square_mut(&mut self, column: i64, row: i64) -> Option<&mut Vec<usize>> {
        let index = self.index(column, row)?;
        self.squares.get_mut(index)
    }

    /// The pixels of the square of a place and of those around it.
    fn near(&self, place: Place) -> impl Iterator<Item = usize> + '_ {
        let (column, row) = self.square_of(place);
        let around = (-1..=1)
            .flat_map(move |down| (-1..=1).map(move |right| (column.saturating_add(right), row.saturating_add(down))));
        around
            .filter_map(|(column, row)| self.squares.get(self.index(column, row)?))
            .flatten()
            .copied()
    }
}
