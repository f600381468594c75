//! The browser's own interfaces, typed and without exceptions: nothing else in the page calls them by name.

pub mod beep;

pub mod clock;

pub mod font;

pub mod fullscreen;

pub mod intl;

pub mod listen;

pub mod location;

pub mod number;

pub mod performance;

pub mod resize;

pub mod save;

pub mod socket;

pub mod storage;

pub mod visibility;
