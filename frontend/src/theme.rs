//! Light, dark or red: chosen by a person, else by the system. The colours themselves are in `style/tokens.css`.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use shared::chart::palette::{Palette, Rgba};
use wasm_bindgen::JsCast as _;

use crate::browser::listen::on_window;
use crate::browser::storage::{recall, remember};
use crate::reactive::{Derived, State, effect};
use crate::state::address::ThemeName;
use crate::state::navigation::{History, Navigation, use_navigation};

/// The colours in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
    /// Red on black: every pixel has G = B = 0.
    Red,
}

impl From<ThemeName> for Theme {
    fn from(name: ThemeName) -> Self {
        match name {
            ThemeName::Light => Self::Light,
            ThemeName::Dark => Self::Dark,
            ThemeName::Red => Self::Red,
        }
    }
}

impl Theme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Red => "red",
        }
    }
}

const STORAGE_KEY: &str = "watchroom:theme";

/// The choice of theme.
#[derive(Clone, Copy, Debug)]
pub struct ThemeChoice {
    navigation: Navigation,
    is_printing: State<bool>,
    theme: Derived<Theme>,
}

impl ThemeChoice {
    /// What is chosen; `None` follows the system. Tracks.
    pub fn chosen(&self) -> Option<ThemeName> {
        self.navigation.address().with(|address| address.theme)
    }

    /// Chooses a theme; `None` follows the system. Kept in the address bar and for the next visit.
    pub fn choose(&self, theme: Option<ThemeName>) {
        remember(STORAGE_KEY, theme.map(ThemeName::as_str));
        let mut address = self.navigation.address().get_untracked();
        address.theme = theme;
        self.navigation.go(&address, History::Replace);
    }

    /// Says that paper is drawn on, which is light, or that it no longer is.
    pub fn print(&self, is_printing: bool) {
        self.is_printing.set(is_printing);
    }

    /// Chooses the next theme: dark, light, red, then the system's.
    pub fn cycle(&self) {
        let next = match untrack(|| self.chosen()) {
            None => Some(ThemeName::Dark),
            Some(ThemeName::Dark) => Some(ThemeName::Light),
            Some(ThemeName::Light) => Some(ThemeName::Red),
            Some(ThemeName::Red) => None,
        };
        self.choose(next);
    }
}

/// The choice of theme.
pub fn use_theme_choice() -> ThemeChoice {
    expect_context()
}

/// The colours in use.
pub fn use_theme() -> Derived<Theme> {
    expect_context::<ThemeChoice>().theme
}

/// Makes the theme known to the page and to the style sheets.
pub fn provide_theme() {
    let navigation = use_navigation();
    // What this browser remembers becomes part of the address, so that a copied link looks the same.
    let is_open = navigation.address().with_untracked(|address| address.theme.is_none());
    if let Some(remembered) = recall(STORAGE_KEY)
        .and_then(|word| ThemeName::from_word(&word))
        .filter(|_| is_open)
    {
        let mut address = navigation.address().get_untracked();
        address.theme = Some(remembered);
        navigation.go(&address, History::Replace);
    }
    let system = system_theme();
    let is_printing = State::new(false);
    let theme = Derived::new(move || {
        if is_printing.get() {
            return Theme::Light;
        }
        navigation
            .address()
            .with(|address| address.theme)
            .map_or_else(|| system.get(), Theme::from)
    });
    effect(move || apply(theme.get()));
    // A print that the browser's own menu began: the page turns light at once, its plots at their next drawing.
    on_window("beforeprint", move |_| is_printing.set(true));
    on_window("afterprint", move |_| is_printing.set(false));
    let choice = ThemeChoice {
        navigation,
        is_printing,
        theme,
    };
    CHOICE.with(|cell| cell.set(Some(choice)));
    provide_context(choice);
}

/// What the system prefers, also when it changes at dusk.
fn system_theme() -> State<Theme> {
    let query = window().match_media("(prefers-color-scheme: light)").ok().flatten();
    let of = |is_light| if is_light { Theme::Light } else { Theme::Dark };
    let system = State::new(of(query.as_ref().is_some_and(web_sys::MediaQueryList::matches)));
    if let Some(query) = query {
        let seen = query.clone();
        let on_change = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || system.set(of(seen.matches())));
        query.set_onchange(Some(on_change.as_ref().unchecked_ref()));
        // Lives as long as the page.
        on_change.forget();
    }
    system
}

/// Tells the style sheets, and the browser for its own parts of the window.
fn apply(theme: Theme) {
    let Some(root) = document().document_element() else {
        return;
    };
    if root.get_attribute("data-theme").as_deref() == Some(theme.as_str()) {
        return;
    }
    // Fails only for names that are no attributes.
    let _ = root.set_attribute("data-theme", theme.as_str());
    let background = computed(&root, "--bg");
    if let Ok(Some(meta)) = document().query_selector("meta[name=theme-color]") {
        let _ = meta.set_attribute("content", &background);
    }
}

thread_local! {
    // Beside the context, because panels also draw in callbacks that have none.
    static CHOICE: Cell<Option<ThemeChoice>> = const { Cell::new(None) };
    static PALETTE: RefCell<Option<(Theme, Palette)>> = const { RefCell::new(None) };
}

/// The colours of plots in the theme in use: the tokens of the style sheet, read once per change of theme.
pub fn palette() -> Palette {
    let theme = CHOICE
        .with(Cell::get)
        .map_or(Theme::Dark, |choice| choice.theme.get_untracked());
    let known = PALETTE.with(|cell| cell.borrow().clone());
    if let Some((_, palette)) = known.filter(|(known, _)| *known == theme) {
        return palette;
    }
    // A panel may draw before the effect that tells the style sheets has run.
    apply(theme);
    let palette = read_palette().unwrap_or_else(|| plain_palette(theme));
    PALETTE.with(|cell| *cell.borrow_mut() = Some((theme, palette.clone())));
    palette
}

fn read_palette() -> Option<Palette> {
    let root = document().document_element()?;
    let style = window().get_computed_style(&root).ok()??;
    let probe = document().create_element("canvas").ok()?;
    let probe: web_sys::HtmlCanvasElement = probe.dyn_into().ok()?;
    let context: web_sys::CanvasRenderingContext2d = probe.get_context("2d").ok()??.dyn_into().ok()?;
    Palette::from_tokens(|name| {
        let value = style.get_property_value(name).ok()?;
        // A style sheet made smaller may say `red`; a canvas answers with a number for every colour.
        Rgba::from_css(&value).or_else(|| {
            context.set_fill_style_str(value.trim());
            let fill = context.fill_style().as_string()?;
            Rgba::from_css(&fill)
        })
    })
}

/// Where the style sheet lacks a token: everything in one readable colour.
fn plain_palette(theme: Theme) -> Palette {
    const NOTHING: Rgba = Rgba {
        red: 0,
        green: 0,
        blue: 0,
        alpha: 0,
    };
    let other = if theme == Theme::Red { 0 } else { 128 };
    let ink = Rgba {
        red: 160,
        green: other,
        blue: other,
        alpha: 255,
    };
    Palette {
        background: NOTHING,
        grid: NOTHING,
        axis: ink,
        text: ink,
        text_dim: ink,
        accent: ink,
        select: ink,
        alarm: ink,
        warning: ink,
        ok: ink,
        nodata: ink,
        unknown: ink,
        series: [ink; shared::chart::palette::SERIES_COLORS],
    }
}

fn computed(root: &web_sys::Element, name: &str) -> String {
    let style = window().get_computed_style(root).ok().flatten();
    style
        .and_then(|style| style.get_property_value(name).ok())
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
