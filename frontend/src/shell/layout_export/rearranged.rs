//! The file of a dashboard with the panels of one tab arranged anew: order, sizes, and hidden ones as comments.
//!
//! The text is cut at the lines that begin tables and put together again, so that comments and everything else that a
//! person wrote stay as they are.

use crate::state::arrangement::Place;

const TAB: &str = "[[tabs]]";
const PANEL: &str = "[[tabs.panels]]";

/// The new text; `None` where the file does not write each panel of the tab as a `[[tabs.panels]]`. Sizes are written
/// where they differ from those of the `original`.
pub fn rearranged(text: &str, tab_id: &str, places: &[Place], original: &[Place]) -> Option<String> {
    let blocks = blocks(text);
    let is_of_tab = |block: &&str| block.lines().any(|line| line.trim_end() == TAB) && id_of(block) == Some(tab_id);
    let tab = blocks.iter().position(|block| is_of_tab(&block.as_str()))?;
    let is_panel = |block: &&String| begins_with(block, PANEL);
    let n_panels = blocks[tab + 1..].iter().take_while(is_panel).count();
    let (first, last) = (tab + 1, tab + 1 + n_panels);
    let of_tab = &blocks[first..last];
    let mut new = blocks[..first].concat();
    let mut n_written = 0;
    for place in places {
        let block = of_tab.iter().find(|block| id_of(block) == Some(&place.id))?;
        let of_file = original.iter().find(|of_file| of_file.id == place.id);
        let mut sized = block.clone();
        if of_file.is_none_or(|of_file| of_file.height != place.height) {
            sized = with_size(sized, "height", place.height);
        }
        if of_file.is_none_or(|of_file| of_file.width != place.width) {
            sized = with_size(sized, "width", place.width.into());
        }
        separate(&mut new);
        if place.is_hidden {
            // Parted by a mark, so that the comments above it do not become those of its neighbour.
            for line in sized.lines() {
                new.push_str("# ");
                new.push_str(line);
                new.push('\n');
            }
        } else {
            new.push_str(&sized);
        }
        n_written += 1;
    }
    if n_written != n_panels {
        return None;
    }
    if last < blocks.len() {
        separate(&mut new);
    }
    new.push_str(&blocks[last..].concat());
    Some(new)
}

/// An empty line between two tables.
fn separate(text: &mut String) {
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
}

/// Cuts a text before each tab and each panel, and before the comments above them.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut is_in_text = false;
    for line in text.lines() {
        let head = line.trim();
        if !is_in_text && (head == TAB || head == PANEL) {
            let current = blocks.last_mut().map(std::mem::take).unwrap_or_default();
            let (before, above) = current.split_at(comments_at_end(&current));
            if let Some(last) = blocks.last_mut() {
                before.clone_into(last);
            }
            blocks.push(above.to_owned());
        }
        // Words over several lines may look like anything.
        let n_marks = line.matches("\"\"\"").count() + line.matches("'''").count();
        is_in_text ^= n_marks % 2 == 1;
        if let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

/// Where the comments at the end of a block begin, which belong to what follows.
fn comments_at_end(block: &str) -> usize {
    let mut start = block.len();
    for line in block.lines().rev() {
        if !line.trim_start().starts_with('#') {
            break;
        }
        start -= line.len() + 1;
    }
    start
}

fn begins_with(block: &str, head: &str) -> bool {
    let first = block.lines().find(|line| !line.trim_start().starts_with('#'));
    first.is_some_and(|line| line.trim() == head)
}

/// The lines of a block that are keys of its own table, not of tables within it.
fn own_lines(block: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let lines = block.split_inclusive('\n').map(move |line| {
        start += line.len();
        (start - line.len(), line)
    });
    let mut has_head = false;
    lines.take_while(move |(_, line)| {
        let is_head = line.starts_with('[');
        let is_over = is_head && has_head;
        has_head |= is_head;
        !is_over
    })
}

fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let value = line.trim_start().strip_prefix(key)?.trim_start();
    Some(value.strip_prefix('=')?.trim())
}

fn id_of(block: &str) -> Option<&str> {
    let value = own_lines(block).find_map(|(_, line)| value_of(line, "id"))?;
    let quote = value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// The block with a key of its own table set to a number, behind its id if it was not there.
fn with_size(block: String, key: &str, number: u16) -> String {
    let line = format!("{key} = {number}\n");
    let known = own_lines(&block).find(|(_, line)| value_of(line, key).is_some());
    let (start, end) = if let Some((start, old)) = known {
        let is_same = value_of(old, key).and_then(|value| value.split('#').next()?.trim().parse().ok()) == Some(number);
        if is_same {
            return block;
        }
        (start, start + old.len())
    } else {
        let id = own_lines(&block).find(|(_, line)| value_of(line, "id").is_some());
        let at = id.map_or(0, |(start, line)| start + line.len());
        (at, at)
    };
    format!("{}{line}{}", &block[..start], &block[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
title = \"Night\"

[[tabs]]
id = \"one\"
title = \"One\"

# The first.
[[tabs.panels]]
id = \"a\"
title = \"A\"
height = 300 # high
type = \"text\"
markdown = \"\"\"
[[tabs.panels]]
\"\"\"

[[tabs.panels]]
id = \"b\"
title = \"B\"
width = 12
type = \"timeseries\"
[[tabs.panels.lines]]
metric = \"hv\"
width = 1

[[tabs]]
id = \"two\"
title = \"Two\"
[[tabs.panels]]
id = \"a\"
title = \"Other\"
type = \"text\"
markdown = \"x\"
";

    fn place(id: &str, width: u8, height: u16, is_hidden: bool) -> Place {
        Place {
            id: id.to_owned(),
            width,
            height,
            is_hidden,
        }
    }

    #[test]
    fn panels_change_places_with_their_comments_and_the_rest_stays() {
        let original = [place("a", 6, 300, false), place("b", 12, 220, false)];
        let new = rearranged(
            FILE,
            "one",
            &[original[1].clone(), place("a", 4, 320, false)],
            &original,
        )
        .unwrap();
        let expected = FILE.replace(
            &FILE[FILE.find("# The first").unwrap()..FILE.find("[[tabs]]\nid = \"two\"").unwrap()],
            "\
[[tabs.panels]]
id = \"b\"
title = \"B\"
width = 12
type = \"timeseries\"
[[tabs.panels.lines]]
metric = \"hv\"
width = 1

# The first.
[[tabs.panels]]
id = \"a\"
width = 4
title = \"A\"
height = 320
type = \"text\"
markdown = \"\"\"
[[tabs.panels]]
\"\"\"

",
        );
        assert_eq!(new, expected);
    }

    #[test]
    fn a_hidden_panel_becomes_a_comment() {
        let new = rearranged(FILE, "two", &[place("a", 6, 220, true)], &[place("a", 6, 220, false)]).unwrap();
        assert!(
            new.starts_with(&FILE[..FILE.rfind("[[tabs.panels]]").unwrap()]),
            "{new}"
        );
        assert!(
            new.ends_with(
                "# [[tabs.panels]]\n# id = \"a\"\n# title = \"Other\"\n# type = \"text\"\n# markdown = \"x\"\n"
            ),
            "{new}"
        );
    }

    #[test]
    fn a_file_that_is_written_otherwise_is_left_alone() {
        let places = [place("a", 6, 220, false)];
        assert_eq!(rearranged(FILE, "one", &places, &places), None);
        assert_eq!(rearranged(FILE, "three", &places, &places), None);
        assert_eq!(rearranged("tabs = []\n", "one", &places, &places), None);
    }
}
