//! Whatever is drawn over the time axis that the panels of a tab share: one component for all kinds of panels over time.
//!
//! A panel's kind becomes a [`spec::PlotSpec`]; what that needs of the server are [`data::Ask`]s, one slot for each with
//! its last answer; spec and answers become a [`content::Content`], by which legend, drawing, readout and table go. The
//! drawing itself is `shared::chart`: `Content::plot_data`, then `Plot::new` for the lay-out and `draw_plot`.
//!
//! Another layer, such as the cells of a raster, plugs in at these places:
//!
//! - `spec.rs`: a field of `PlotSpec`, filled by `PlotSpec::of` for its kinds of panels;
//! - `data.rs`: a variant of `Ask` from `asks_of`, its request in `answer`, a variant of `Answer` and its accessor in `Slot`;
//! - `content.rs`: a field of `Content`, made of the slots in `Content::new`, handed on in `plot_data` (which also says
//!   how the left axis runs: `LeftAxis::Rows` for channels), counted in `shows_any`;
//! - `shared::chart::plot::PlotData`: what is drawn, as a field; `draw_plot` draws it after the grid and before limits
//!   and lines;
//! - `readout.rs`: rows of the box beside the cursor, from the moment and the height in `At` (`Chart::cursor_y` keeps it);
//! - `summary.rs`: rows of the table for those who do not see the plot;
//! - `files.rs`: rows of the CSV, and what stands below the drawing in a picture.

pub mod change;
pub mod chart;
pub mod clock;
pub mod content;
pub mod cursor_layer;
pub mod data;
pub mod data_layer;
pub mod files;
pub mod gestures;
pub mod hover;
pub mod legend;
pub mod lines;
pub mod marks;
pub mod occasion;
pub mod panel;
pub mod pinned;

pub mod pins;
pub mod raw_samples;
pub mod readout;
pub mod slot;
pub mod spec;
pub mod summary;
pub mod watch;
pub mod zoom;

pub use panel::plot_panel;
