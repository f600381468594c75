//! The rules. Patterns are put together from parts, so that this file does not break them itself.

use crate::files::TrackedFile;

/// What may lie at the top level, beside dotfiles and licences.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "README.md",
    "frontend",
    "backend",
    "shared",
    "style",
    "xtask",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "types"];

/// The most lines of a Rust file, tests too.
const MOST_LINES: usize = 500;

/// The layout of the checkout.
pub(crate) fn top_level(files: &[TrackedFile]) -> Vec<String> {
    let mut found: Vec<_> = files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .filter(|name| !TOP_LEVEL.contains(name) && !name.starts_with('.') && !name.starts_with("LICENSE-"))
        .map(|name| format!("{name}: not part of the layout, its place is in one of the folders"))
        .collect();
    found.dedup();
    found
}

/// Modules are named after the thing they serve.
pub(crate) fn names(files: &[TrackedFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| {
            file.path.split('/').any(|part| {
                let stem = part.split('.').next().unwrap_or(part);
                EMPTY_NAMES.contains(&stem)
            })
        })
        .map(|file| format!("{}: name it after what it serves", file.path))
        .collect()
}

/// Colours live in `style/tokens.css`, so that themes can change them.
pub(crate) fn colours(files: &[TrackedFile]) -> Vec<String> {
    let style =
        |file: &TrackedFile| file.path.starts_with("style/") && file.ends_with(".css") && file.name() != "tokens.css";
    let drawn = |file: &TrackedFile| {
        (file.path.starts_with("frontend/src/") || file.path.starts_with("shared/src/"))
            && file.ends_with(".rs")
            && !file.is_test_code()
    };
    files
        .iter()
        .filter(|file| style(file) || drawn(file))
        .flat_map(|file| matching_lines(file, has_colour, "a colour belongs in style/tokens.css"))
        .collect()
}

/// Whether a line of CSS or Rust holds a colour. Tests at the end of a Rust file are skipped by
/// [`matching_lines`].
fn has_colour(line: &str) -> bool {
    let functions = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch("];
    let hex = line.split('#').skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let after = rest.chars().nth(digits);
        matches!(digits, 3 | 4 | 6 | 8)
            && !after.is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '-')
    });
    functions.iter().any(|function| line.contains(function)) || hex
}

/// The page is built such that `Debug` writes nothing.
pub(crate) fn debug_texts(files: &[TrackedFile]) -> Vec<String> {
    let of_page = |file: &TrackedFile| {
        (file.path.starts_with("frontend/src/") || file.path.starts_with("shared/src/"))
            && file.ends_with(".rs")
            && !file.is_test_code()
    };
    let pattern = concat!(":", "?}");
    let advice = "the page writes nothing there, put the value between quotes";
    files
        .iter()
        .filter(|file| of_page(file))
        .flat_map(|file| matching_lines(file, |line| line.contains(pattern), advice))
        .collect()
}

/// A file that needs scrolling for long is two files.
pub(crate) fn lengths(files: &[TrackedFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.ends_with(".rs") && file.text.lines().count() > MOST_LINES)
        .map(|file| {
            let lines = file.text.lines().count();
            format!(
                "{}: {lines} lines, at most {MOST_LINES}: split it by what it serves",
                file.path
            )
        })
        .collect()
}

/// A to-do without an issue is forgotten.
pub(crate) fn to_dos(files: &[TrackedFile]) -> Vec<String> {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let open = |line: &str| {
        words.iter().any(|word| {
            line.split(word).skip(1).any(|rest| {
                let rest = rest.trim_start_matches(['(', ' ']);
                !rest
                    .strip_prefix('#')
                    .is_some_and(|number| number.starts_with(|digit: char| digit.is_ascii_digit()))
            })
        })
    };
    files
        .iter()
        .filter(|file| {
            [".rs", ".css", ".mjs", ".js", ".toml"]
                .iter()
                .any(|end| file.ends_with(end))
        })
        .flat_map(|file| matching_lines(file, open, "name the issue, as in (#12)"))
        .collect()
}

/// The tree speaks of the project, not of the machine it was written on.
pub(crate) fn machine_traces(files: &[TrackedFile]) -> Vec<String> {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let hosts = ["registry", "index", "static", "files", "proxy", "deb"];
    let trace = |line: &str| {
        let folder = folders.iter().any(|folder| {
            line.match_indices(folder).any(|(at, _)| {
                // Inside a longer path or address it is somebody else's folder.
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| !(c.is_alphanumeric() || "._-/~$}".contains(c)))
            })
        });
        let host = hosts
            .iter()
            .any(|host| line.contains(&format!("https://{host}.")) || line.contains(&format!("http://{host}.")));
        folder || host
    };
    files
        .iter()
        .filter(|file| file.name() != "Cargo.lock" && file.name() != "package-lock.json")
        .flat_map(|file| matching_lines(file, trace, "a path or host of one machine"))
        .collect()
}

/// One finding per line of `file` that `matches`; the tests at the end of a Rust file are left out.
fn matching_lines(file: &TrackedFile, matches: impl Fn(&str) -> bool, advice: &str) -> Vec<String> {
    let own_tests = file.ends_with(".rs");
    file.text
        .lines()
        .take_while(|line| !(own_tests && line.starts_with("#[cfg(test)]")))
        .enumerate()
        .filter(|(_, line)| matches(line))
        .map(|(index, line)| format!("{}:{}: {advice}: {}", file.path, index + 1, line.trim()))
        .collect()
}

#[test]
fn colours_are_told_from_anchors_and_attributes() {
    assert!(has_colour("color: #fff;"));
    assert!(has_colour("let c = \"#1a2b3c\";"));
    assert!(has_colour("background: rgb(1 2 3)"));
    assert!(!has_colour("#[derive(Debug)]"));
    assert!(!has_colour("see issue #1234567"));
    assert!(!has_colour("href=\"#feed-list\""));
    assert!(!has_colour("let s = r#\"abc\"#;"));
}
