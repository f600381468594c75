//! Rules that no lint knows: names, places, lengths, colours. `cargo xtask test tidy` runs them.
//!
//! Each rule returns its findings as lines `file:line: what is wrong, what to do`.

mod files;
mod rules;

use files::TrackedFile;

/// Fails with all findings at once.
#[track_caller]
fn check(rule: fn(&[TrackedFile]) -> Vec<String>) {
    let findings = rule(&files::tracked());
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn the_top_level_holds_only_what_the_layout_names() {
    check(rules::top_level);
}

#[test]
fn no_file_is_named_after_its_kind() {
    check(rules::names);
}

#[test]
fn colours_are_only_in_the_tokens() {
    check(rules::colours);
}

#[test]
fn the_page_shows_nothing_by_debug() {
    check(rules::debug_texts);
}

#[test]
fn rust_files_are_short() {
    check(rules::lengths);
}

#[test]
fn a_to_do_names_its_issue() {
    check(rules::to_dos);
}

#[test]
fn no_path_or_host_of_one_machine_is_in_the_tree() {
    check(rules::machine_traces);
}
