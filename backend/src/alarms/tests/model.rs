//! A second model, written to be obvious rather than quick.
