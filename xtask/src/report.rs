//! What the tasks print: headings, plain lines, errors. The only place that writes to the terminal.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this module is for"
)]

use std::io::IsTerminal as _;
use std::time::Duration;

/// Prints text as it is.
pub(crate) fn text(text: &str) {
    println!("{text}");
}

/// Prints what is about to be done, and why.
pub(crate) fn doing(what: &str) {
    if coloured() {
        println!("\x1b[36m»\x1b[0m {what}");
    } else {
        println!("» {what}");
    }
}

/// Prints the heading of a step.
pub(crate) fn heading(title: &str) {
    if coloured() {
        println!("\n\x1b[1m── {title}\x1b[0m");
    } else {
        println!("\n── {title}");
    }
}

/// Prints an error with its causes on one line.
pub(crate) fn error(error: &anyhow::Error) {
    if coloured() {
        eprintln!("\x1b[31;1merror:\x1b[0m {error:#}");
    } else {
        eprintln!("error: {error:#}");
    }
}

/// A duration as people read it: `0.4 s`, `38 s`, `2 min 5 s`.
pub(crate) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if duration.as_secs() < 60 {
        format!("{seconds:.0} s")
    } else {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

/// Whether to colour: on a terminal, unless it is CI or the user asked for plain text.
fn coloured() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !set("CI") && !set("NO_COLOR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(elapsed(Duration::from_millis(440)), "0.4 s");
        assert_eq!(elapsed(Duration::from_millis(38_200)), "38 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
    }
}
