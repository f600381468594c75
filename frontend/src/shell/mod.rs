//! What surrounds the panels: bars, night picker, clocks, theme, keys.
