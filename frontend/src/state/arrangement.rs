//! How a person has arranged the panels of a tab: their order, their sizes, and which are hidden. This browser remembers
//! it for each tab; the dashboard's file says how it begins.

use leptos::prelude::*;
use shared::dashboard::{GRID_COLUMNS, Panel, Tab};

use crate::browser::storage::{recall, remember};
use crate::reactive::{Derived, State};
use crate::state::catalogue::Catalogue;
use crate::state::navigation::Navigation;

/// How low and how high a plot may be, in pixels; as in the files of dashboards.
pub const HEIGHTS_PX: std::ops::RangeInclusive<u16> = 60..=2000;

/// Where a panel is and how large.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The panel by its id.
    pub id: String,
    /// Columns of the grid.
    pub width: u8,
    /// The height of its plot in pixels.
    pub height: u16,
    /// Whether it is out of sight.
    pub is_hidden: bool,
}

impl Place {
    fn of(panel: &Panel) -> Self {
        Self {
            id: panel.id.clone(),
            width: panel.width,
            height: panel.height,
            is_hidden: false,
        }
    }
}

/// The panels of the tab in sight, as they are arranged. There is one, as long as the page.
#[derive(Clone, Copy, Debug)]
pub struct Arrangement(&'static Parts);

/// What it is made of.
#[derive(Debug)]
struct Parts {
    tab: Derived<Option<Tab>>,
    /// Under which name it is remembered.
    key: Derived<String>,
    /// What was changed since the page was opened, by key. Beside the browser's storage, which may refuse.
    changed: State<Vec<(String, String)>>,
    places: Derived<Vec<Place>>,
    is_arranging: State<bool>,
}

impl Arrangement {
    /// All panels in their order; tracks.
    pub fn places(self) -> Vec<Place> {
        self.0.places.get()
    }

    /// All panels as the dashboard's file has them; tracks.
    pub fn original(self) -> Vec<Place> {
        self.0.tab.with(|tab| original(tab.as_ref()))
    }

    /// One panel; tracks.
    pub fn place(self, id: &str) -> Option<Place> {
        self.0
            .places
            .with(|places| places.iter().find(|place| place.id == id).cloned())
    }

    /// Whether panels are being arranged rather than read.
    pub const fn is_arranging(self) -> State<bool> {
        self.0.is_arranging
    }

    /// The tab in sight; tracks.
    pub const fn tab(self) -> Derived<Option<Tab>> {
        self.0.tab
    }

    /// Whether anything differs from the dashboard's file; tracks.
    pub fn is_changed(self) -> bool {
        let original = self.original();
        self.0.places.with(|places| *places != original)
    }

    /// Changes the places, and remembers them.
    pub fn change(self, change: impl FnOnce(&mut Vec<Place>)) {
        let mut places = self.0.places.get_untracked();
        change(&mut places);
        let original = self.0.tab.with_untracked(|tab| original(tab.as_ref()));
        self.write(&text_of(&places, &original));
    }

    /// Hides a panel, or brings it back.
    pub fn set_hidden(self, id: &str, is_hidden: bool) {
        self.change(|places| {
            if let Some(place) = places.iter_mut().find(|place| place.id == id) {
                place.is_hidden = is_hidden;
            }
        });
    }

    /// Gives a panel another size; it is kept within what is allowed.
    pub fn resize(self, id: &str, width: i32, height: i32) {
        self.change(|places| {
            if let Some(place) = places.iter_mut().find(|place| place.id == id) {
                let width = width.clamp(1, i32::from(GRID_COLUMNS));
                let height = height.clamp(i32::from(*HEIGHTS_PX.start()), i32::from(*HEIGHTS_PX.end()));
                place.width = u8::try_from(width).unwrap_or(GRID_COLUMNS);
                place.height = u16::try_from(height).unwrap_or(*HEIGHTS_PX.end());
            }
        });
    }

    /// Moves a panel by so many visible ones, to the end at the most.
    pub fn step(self, id: &str, by: isize) {
        self.change(|places| step(places, id, by));
    }

    /// Moves a panel before another one, or after it.
    pub fn move_beside(self, id: &str, other: &str, is_after: bool) {
        self.change(|places| move_beside(places, id, other, is_after));
    }

    /// Back to the dashboard's file.
    pub fn reset(self) {
        self.write("");
    }

    fn write(self, text: &str) {
        let key = self.0.key.get_untracked();
        remember(&key, (!text.is_empty()).then_some(text));
        self.0.changed.update(|changed| {
            changed.retain(|(known, _)| *known != key);
            changed.push((key, text.to_owned()));
        });
    }
}

/// How the panels of the tab in sight are arranged.
pub fn use_arrangement() -> Arrangement {
    expect_context()
}

/// Makes it known to the page.
pub fn provide_arrangement(navigation: Navigation, catalogue: Catalogue) {
    let address = navigation.address();
    let tab = Derived::new(move || address.with(|address| catalogue.tab(&address.place)));
    let key = Derived::new(move || {
        let dashboard = address.with(|address| catalogue.dashboard(&address.place));
        let dashboard = dashboard.map(|dashboard| dashboard.id).unwrap_or_default();
        let tab = tab.with(|tab| tab.as_ref().map(|tab| tab.id.clone()).unwrap_or_default());
        format!("watchroom:board:{dashboard}/{tab}")
    });
    let changed = State::new(Vec::<(String, String)>::new());
    let places = Derived::new(move || {
        let key = key.get();
        let text = changed.with(|changed| {
            let known = changed.iter().find(|(known, _)| *known == key);
            known.map(|(_, text)| text.clone())
        });
        let text = text.or_else(|| recall(&key)).unwrap_or_default();
        places_of(&text, &tab.with(|tab| original(tab.as_ref())))
    });
    provide_context(Arrangement(Box::leak(Box::new(Parts {
        tab,
        key,
        changed,
        places,
        is_arranging: State::new(false),
    }))));
}

fn original(tab: Option<&Tab>) -> Vec<Place> {
    tab.map(|tab| tab.panels.iter().map(Place::of).collect())
        .unwrap_or_default()
}

/// What stands for a size that is the one of the file, so that it follows the file.
const AS_IN_FILE: &str = "=";
const HIDDEN: &str = "hidden";

/// One line per panel: id, width, height, and whether it is hidden. Empty where nothing differs from the file.
fn text_of(places: &[Place], original: &[Place]) -> String {
    if places == original {
        return String::new();
    }
    let mut text = String::new();
    for place in places {
        let of_file = original.iter().find(|of_file| of_file.id == place.id);
        let size = |now: u16, of_file: Option<u16>| {
            if of_file == Some(now) {
                AS_IN_FILE.to_owned()
            } else {
                now.to_string()
            }
        };
        let width = size(place.width.into(), of_file.map(|of_file| of_file.width.into()));
        let height = size(place.height, of_file.map(|of_file| of_file.height));
        for part in [&place.id, " ", &width, " ", &height] {
            text.push_str(part);
        }
        if place.is_hidden {
            text.push(' ');
            text.push_str(HIDDEN);
        }
        text.push('\n');
    }
    text
}

/// The inverse of [`text_of`]. Panels that are no more are left out; new ones stand behind the one that they stand
/// behind in the file.
fn places_of(text: &str, original: &[Place]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let id = words.next().unwrap_or_default();
        let is_known = places.iter().any(|place| place.id == id);
        let Some(of_file) = original.iter().find(|place| place.id == id).filter(|_| !is_known) else {
            continue;
        };
        let mut place = of_file.clone();
        if let Some(width) = words.next().and_then(|word| word.parse().ok()) {
            place.width = u8::clamp(width, 1, GRID_COLUMNS);
        }
        if let Some(height) = words.next().and_then(|word| word.parse().ok()) {
            place.height = u16::clamp(height, *HEIGHTS_PX.start(), *HEIGHTS_PX.end());
        }
        place.is_hidden = words.next() == Some(HIDDEN);
        places.push(place);
    }
    let mut behind = 0;
    for of_file in original {
        let known = places.iter().position(|place| place.id == of_file.id);
        let at = known.unwrap_or(behind);
        if known.is_none() {
            places.insert(at, of_file.clone());
        }
        behind = at + 1;
    }
    places
}

fn step(places: &mut [Place], id: &str, by: isize) {
    for _ in 0..by.unsigned_abs().min(places.len()) {
        let Some(at) = places.iter().position(|place| place.id == id) else {
            return;
        };
        // Over the next one in sight: hidden ones are no places to stand between.
        let target = if by < 0 {
            places[..at].iter().rposition(|place| !place.is_hidden)
        } else {
            let next = places[at + 1..].iter().position(|place| !place.is_hidden);
            next.map(|next| at + 1 + next)
        };
        match target {
            Some(target) if target < at => places[target..=at].rotate_right(1),
            Some(target) => places[at..=target].rotate_left(1),
            None => return,
        }
    }
}

fn move_beside(places: &mut Vec<Place>, id: &str, other: &str, is_after: bool) {
    if id == other {
        return;
    }
    let Some(at) = places.iter().position(|place| place.id == id) else {
        return;
    };
    let place = places.remove(at);
    let target = places.iter().position(|place| place.id == other);
    let target = target.map_or(at, |target| target + usize::from(is_after));
    places.insert(target, place);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original() -> Vec<Place> {
        ["a", "b", "c", "d"]
            .map(|id| Place {
                id: id.to_owned(),
                width: 6,
                height: 220,
                is_hidden: false,
            })
            .to_vec()
    }

    fn told(places: &[Place]) -> String {
        let word = |place: &Place| {
            let hidden = if place.is_hidden { "-" } else { "" };
            format!("{}{hidden}{}x{}", place.id, place.width, place.height)
        };
        places.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_arrangement_survives_its_text() {
        let mut places = original();
        move_beside(&mut places, "d", "a", false);
        places[1].width = 12;
        places[2].is_hidden = true;
        let text = text_of(&places, &original());
        assert_eq!(text, "d = =\na 12 =\nb = = hidden\nc = =\n");
        assert_eq!(places_of(&text, &original()), places);
        assert_eq!(text_of(&original(), &original()), "");
        assert_eq!(places_of("", &original()), original());
    }

    #[test]
    fn a_file_that_changed_is_followed() {
        let mut changed = original();
        changed.remove(0);
        changed[0].height = 300;
        changed.insert(
            2,
            Place {
                id: "new".to_owned(),
                ..changed[0].clone()
            },
        );
        assert_eq!(
            told(&places_of("d = =\na 12 =\nc 4 =\nb = =\nb 1 1\n", &changed)),
            "d6x220 c4x220 new6x300 b6x300"
        );
    }

    #[test]
    fn a_damaged_text_does_no_harm() {
        assert_eq!(
            told(&places_of("\n\nzz\nb 99 1 hidden\nc x", &original())),
            "a6x220 b-12x60 c6x220 d6x220"
        );
    }

    #[test]
    fn steps_go_over_hidden_panels_and_end_at_the_ends() {
        let check = |id, by, expected: &str| {
            let mut places = original();
            places[1].is_hidden = true;
            step(&mut places, id, by);
            let ids: String = places.iter().map(|place| place.id.as_str()).collect();
            assert_eq!(ids, expected);
        };
        check("a", 1, "bcad");
        check("c", -1, "cabd");
        check("d", 1, "abcd");
        check("a", 99, "bcda");
        check("nobody", 1, "abcd");
    }
}
