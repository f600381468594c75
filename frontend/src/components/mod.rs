//! Parts that pages and panels are built from; none of them fetches.

pub mod alarm_state;

pub mod freshness;

pub mod icon;

pub mod link;

pub mod menu;

pub mod panel_files;

pub mod panel_frame;

pub mod panel_menu;

pub mod panel_watch;
