//! `cargo xtask test`: everything that CI runs, the cheap first.

mod api;
mod steps;

use crate::report;
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};
use steps::{ALL, Step};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It passed.
    Passed(Duration),
    /// It failed.
    Failed(Duration),
    /// A step before it failed.
    NotRun,
}

/// Runs the named steps, or all that are run by default.
pub(crate) fn run(workspace: &Workspace, names: &[String], keep_going: bool) -> Result<()> {
    let steps = choose(names)?;
    let needs: Vec<_> = steps.iter().flat_map(|step| step.needs).copied().collect();
    // Before the first step, so that nobody waits half an hour to hear that nginx is missing.
    steps::prepare(workspace, &needs)?;

    let mut outcomes = Vec::new();
    let mut failed = false;
    for step in &steps {
        if failed && !keep_going {
            outcomes.push((step.name, Outcome::NotRun));
            continue;
        }
        report::heading(&format!("{}: {}", step.name, step.what));
        let start = Instant::now();
        let outcome = match (step.run)(workspace) {
            Ok(()) => Outcome::Passed(start.elapsed()),
            Err(error) => {
                report::error(&error);
                failed = true;
                Outcome::Failed(start.elapsed())
            }
        };
        outcomes.push((step.name, outcome));
    }
    report::heading("Summary");
    report::text(&summary(&outcomes));
    if failed {
        let names = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ");
        bail!("failed: {names}");
    }
    Ok(())
}

/// One line per step: name, result, time.
fn summary(outcomes: &[(&str, Outcome)]) -> String {
    let width = outcomes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, outcome): &(&str, Outcome)| {
        let (word, time) = match outcome {
            Outcome::Passed(time) => ("passed", report::elapsed(*time)),
            Outcome::Failed(time) => ("FAILED", report::elapsed(*time)),
            Outcome::NotRun => ("not run", String::new()),
        };
        format!("  {name:width$}  {word:7}  {time:>12}").trim_end().to_owned()
    };
    outcomes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The steps with these names, in their fixed order; all default ones if there is no name.
fn choose(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(ALL.iter().filter(|step| step.by_default).collect());
    }
    for name in names {
        if !ALL.iter().any(|step| step.name == name) {
            let known = ALL.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
            bail!("unknown step {name:?}; the steps are {known}");
        }
    }
    Ok(ALL
        .iter()
        .filter(|step| names.iter().any(|name| name == step.name))
        .collect())
}

/// The list of steps for the help.
pub(crate) fn describe_steps() -> String {
    let line = |step: &Step| {
        let note = if step.by_default { "" } else { " (only when named)" };
        format!("  {:12} {}{note}", step.name, step.what)
    };
    ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_is_answered_with_the_known_ones() {
        let message = choose(&["clipy".to_owned()]).unwrap_err().to_string();
        assert!(
            message.starts_with("unknown step \"clipy\"; the steps are fmt, "),
            "{message}"
        );
    }

    #[test]
    fn named_steps_run_in_the_fixed_order() {
        let names = ["browser", "fmt"].map(str::to_owned);
        let chosen: Vec<_> = choose(&names).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(chosen, ["fmt", "browser"]);
    }

    #[test]
    fn the_summary_tells_what_was_not_run() {
        let outcomes = [
            ("fmt", Outcome::Passed(Duration::from_secs(2))),
            ("clippy", Outcome::Failed(Duration::from_secs(70))),
            ("test", Outcome::NotRun),
        ];
        let expected = "  fmt     passed          2.0 s\n  clippy  FAILED     1 min 10 s\n  test    not run";
        assert_eq!(summary(&outcomes), expected);
    }
}
