//! The demonstration: bundled real measurements and a simulated camera.
