//! What the page knows, each piece in one place. Everything here can be restored from the address bar and the server.

pub mod address;

pub mod alarms;

pub mod arrangement;

pub mod catalogue;

pub mod chosen_channel;

pub mod chosen_clock;

pub mod connection;

pub mod cursor;

pub mod feed;

pub mod follow;

pub mod geometries;

pub mod hidden;

pub mod in_sight;

pub mod navigation;

pub mod night_list;

pub mod opening;

pub mod painted;

pub mod pins;

pub mod refresh;

pub mod server_clock;

pub mod site;

pub mod streams;

pub mod time_view;

pub mod wallboard;
