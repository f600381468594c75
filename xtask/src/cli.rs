//! The command line: what can be asked for, and how the answer reads.

use crate::workspace::Workspace;
use crate::{bench, build, crash, demo, dev, fuzz, report, test, tools};
use anyhow::{Context as _, Result, bail};
use lexopt::Arg::{Long, Short, Value};
use std::ffi::OsString;

/// What `cargo xtask help` prints.
const HELP: &str = "\
Tasks of Watchroom. Each gets what it needs; long steps say what they do and why.

Usage: cargo xtask TASK [OPTIONS]

  demo  [--debug] [-- ARGS]   set up, build, start the demo on http://127.0.0.1:8080
                              ARGS go to `watchroom demo`, for example -- --listen 127.0.0.1:9000
  test  [STEP…] [--keep-going]
                              everything that CI runs, or only the named steps
  crash [--store sqlite|postgres|mongodb|failing-disk] [--rounds N] [--seed S]
                              kills a loaded server N times and compares what it acknowledged
                              with what is stored; prints the figures
  fuzz [TARGET…] [--seconds N]
                              searches for input that breaks a parser, each target N s (60)
  build [--debug]             the page into target/dist, the server with that page inside
                              into target/release/watchroom
  dev                         the page with reload on http://127.0.0.1:8080 (trunk serve),
                              the server behind it on 8081; stops both together
  bench [SECTION…] [--quick]  measures the server and its kernels beside other programs and the machine's limits;
                              all sections, or only the named ones; --quick: a small data set
  setup                       only the set-up: wasm target, trunk, wasm-bindgen
  help                        this text

Steps of `test`, in their order:
";

/// The tasks, for the message about an unknown one.
const TASKS: &str = "demo, test, crash, fuzz, build, dev, bench, setup, help";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Print the help.
    Help,
    /// Get the wasm target and the build tools.
    Setup,
    /// Build page and server.
    Build {
        /// Quick to compile, slow to run, large.
        debug: bool,
    },
    /// Build, then run the demo.
    Demo {
        /// As for `Build`.
        debug: bool,
        /// Passed on to `watchroom demo`.
        args: Vec<OsString>,
    },
    /// Server and page with reload.
    Dev,
    /// Kill the server again and again.
    Crash(crash::Options),
    /// Search for input that breaks a parser.
    Fuzz(fuzz::Options),
    /// Measure.
    Bench {
        /// Names of sections; empty means all.
        sections: Vec<String>,
        /// On a small data set.
        quick: bool,
    },
    /// Run the checks.
    Test {
        /// Names of steps; empty means all.
        steps: Vec<String>,
        /// Go on after a failed step.
        keep_going: bool,
    },
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<()> {
    let task = parse(lexopt::Parser::from_env())?;
    let workspace = Workspace::locate()?;
    match task {
        Task::Help => {
            report::text(HELP.trim_end());
            report::text(&test::describe_steps());
            report::text("\nSections of `bench`, in their order:\n");
            report::text(&bench::describe_sections());
            Ok(())
        }
        Task::Setup => tools::setup(&workspace),
        Task::Build { debug } => {
            tools::setup(&workspace)?;
            build::build(&workspace, build::Mode::new(debug))
        }
        Task::Demo { debug, args } => demo::run(&workspace, build::Mode::new(debug), args),
        Task::Dev => dev::run(&workspace),
        Task::Fuzz(options) => fuzz::run(&workspace, &options),
        Task::Crash(options) => crash::run(&workspace, &options),
        Task::Bench { sections, quick } => bench::run(&workspace, &sections, quick),
        Task::Test { steps, keep_going } => test::run(&workspace, &steps, keep_going),
    }
}

/// Turns arguments into a task.
fn parse(mut parser: lexopt::Parser) -> Result<Task> {
    let Some(first) = parser.next().context("unreadable argument")? else {
        return Ok(Task::Help);
    };
    let name = match first {
        Short('h') | Long("help") => return Ok(Task::Help),
        Value(name) => name.to_string_lossy().into_owned(),
        other @ (Short(_) | Long(_)) => {
            bail!("{}; the tasks are {TASKS}", other.unexpected())
        }
    };
    match name.as_str() {
        "help" => Ok(Task::Help),
        "setup" => nothing_more(parser, Task::Setup),
        "dev" => nothing_more(parser, Task::Dev),
        "build" => {
            let mut debug = false;
            while let Some(argument) = parser.next()? {
                match argument {
                    Long("debug") => debug = true,
                    Short('h') | Long("help") => return Ok(Task::Help),
                    other => bail!("build: {}", other.unexpected()),
                }
            }
            Ok(Task::Build { debug })
        }
        "demo" => parse_demo(parser),
        "test" => parse_test(parser),
        "fuzz" => fuzz::parse(parser).map(Task::Fuzz),
        "crash" => crash::parse(parser).map(Task::Crash),
        "bench" => parse_bench(parser),
        unknown => bail!("unknown task {unknown:?}; the tasks are {TASKS}"),
    }
}

/// `demo [--debug] [--] ARGS`: the first argument that is not ours starts those of the server.
fn parse_demo(mut parser: lexopt::Parser) -> Result<Task> {
    let mut args: Vec<OsString> = parser.raw_args()?.collect();
    let debug = args.first().is_some_and(|first| first == "--debug");
    if debug {
        args.remove(0);
    }
    if args.first().is_some_and(|first| first == "--") {
        args.remove(0);
    }
    Ok(Task::Demo { debug, args })
}

/// `test [STEP…] [--keep-going]`.
fn parse_test(mut parser: lexopt::Parser) -> Result<Task> {
    let (mut steps, mut keep_going) = (Vec::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("keep-going") => keep_going = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(step) => steps.push(step.to_string_lossy().into_owned()),
            other => bail!("test: {}", other.unexpected()),
        }
    }
    Ok(Task::Test { steps, keep_going })
}

/// `bench [SECTION…] [--quick]`.
fn parse_bench(mut parser: lexopt::Parser) -> Result<Task> {
    let (mut sections, mut quick) = (Vec::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => quick = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(section) => sections.push(section.to_string_lossy().into_owned()),
            other => bail!("bench: {}", other.unexpected()),
        }
    }
    Ok(Task::Bench { sections, quick })
}

/// For tasks without options.
fn nothing_more(mut parser: lexopt::Parser, task: Task) -> Result<Task> {
    match parser.next()? {
        None => Ok(task),
        Some(Short('h') | Long("help")) => Ok(Task::Help),
        Some(other) => Err(other.unexpected().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn no_argument_asks_for_help() {
        assert_eq!(parsed("").unwrap(), Task::Help);
    }

    #[test]
    fn an_unknown_task_is_answered_with_the_known_ones() {
        let message = parsed("dmeo").unwrap_err().to_string();
        assert!(
            message.contains("\"dmeo\"") && message.contains("demo, test"),
            "{message}"
        );
    }

    #[test]
    fn demo_passes_arguments_on_with_and_without_the_separator() {
        let expected = Task::Demo {
            debug: true,
            args: vec!["--no-live".into(), "-v".into()],
        };
        assert_eq!(parsed("demo --debug -- --no-live -v").unwrap(), expected);
        assert_eq!(parsed("demo --debug --no-live -v").unwrap(), expected);
    }

    #[test]
    fn a_misspelled_option_is_an_error() {
        assert!(parsed("build --degub").is_err());
        assert!(parsed("setup now").is_err());
    }
}
