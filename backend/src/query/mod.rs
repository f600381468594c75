//! Answers from raw samples; no HTTP in here.
