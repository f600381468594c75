//! The configuration as files: where they are looked for, and what `check-config` says about them.

use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use tempfile::TempDir;
use watchroom::config::Config;

/// A folder with these files.
fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn dashboard(title: &str) -> String {
    format!(
        "title = \"{title}\"\n[[tabs]]\nid = \"t\"\ntitle = \"T\"\n[[tabs.panels]]\nid = \"p\"\ntitle = \"P\"\n\
         type = \"latest\"\nmetrics = [\"m\"]\n"
    )
}

/// What is wrong with a folder's configuration, with the folder left out.
#[track_caller]
fn mistakes_in(folder: &Path) -> String {
    let mistakes = Config::load_with(&folder.join("watchroom.toml"), []).unwrap_err();
    without(folder, &mistakes.to_string())
}

fn without(folder: &Path, text: &str) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

/// Exit code, stdout and stderr of `watchroom check-config`.
fn check_config(folder: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
    // What a developer has set must not reach the tests.
    command.env_clear().envs(variables.iter().copied());
    command.arg("check-config").arg("-c").arg(folder.join("watchroom.toml"));
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    let said = |bytes: &[u8]| without(folder, &String::from_utf8_lossy(bytes));
    format!("exit code {code}\n{}{}", said(&output.stdout), said(&output.stderr))
}

#[test]
fn dashboards_are_read_by_name_from_the_folder_beside_the_file() {
    let folder = folder_with(&[
        ("watchroom.toml", "[site]\nname = \"LST-1\"\n"),
        ("dashboards/night.toml", &dashboard("Night")),
        ("dashboards/day.toml", &dashboard("Day")),
        ("dashboards/notes.md", "not a dashboard"),
        ("other/lost.toml", &dashboard("Lost")),
    ]);
    let config = Config::load_with(&folder.path().join("watchroom.toml"), []).unwrap();
    let ids: Vec<_> = config
        .dashboards
        .iter()
        .map(|dashboard| dashboard.id.as_str())
        .collect();
    assert_eq!(ids, ["day", "night"]);
    assert_eq!(config.site.name, "LST-1");
}

#[test]
fn the_folder_of_dashboards_may_be_missing() {
    let folder = folder_with(&[("watchroom.toml", "")]);
    let config = Config::load_with(&folder.path().join("watchroom.toml"), []).unwrap();
    assert_eq!(config, Config::default());
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_not_taken_as_empty() {
    let folder = folder_with(&[]);
    assert_snapshot!(mistakes_in(folder.path()), @"watchroom.toml: cannot be read: No such file or directory (os error 2)");
    let folder = folder_with(&[("watchroom.toml", ""), ("dashboards", "a file")]);
    assert_snapshot!(mistakes_in(folder.path()), @"dashboards: cannot be listed: Not a directory (os error 20)");
    fs::write(folder.path().join("watchroom.toml"), b"name = \"\xff\"").unwrap();
    assert_snapshot!(mistakes_in(folder.path()), @r#"
    dashboards: cannot be listed: Not a directory (os error 20)
    watchroom.toml: cannot be read: stream did not contain valid UTF-8
    "#);
}

#[test]
fn check_config_sums_up_what_is_right() {
    let folder = folder_with(&[
        ("watchroom.toml", "[metrics.m]\nunit = \"°C\"\n"),
        ("dashboards/night.toml", &dashboard("Night")),
    ]);
    assert_snapshot!(check_config(folder.path(), &[("WATCHROOM_STORE__URL", "memory:")]), @r#"
    exit code 0
    ok: 1 metric, 1 dashboard with 1 panel, store memory:
    "#);
}

#[test]
fn check_config_names_every_mistake_of_every_file() {
    let folder = folder_with(&[
        ("watchroom.toml", "[server]\nlisten = \"8080\"\n[sites]\n"),
        ("dashboards/day.toml", "title = Day\n"),
        (
            "dashboards/night.toml",
            &dashboard("Night").replace("latest", "lastest"),
        ),
    ]);
    assert_snapshot!(check_config(folder.path(), &[("WATCHROOM_SITE__ZONE", "UTC")]), @r#"
    exit code 1
    watchroom.toml:2:10: server.listen: "8080" is not an IP address and a port; write for example "127.0.0.1:8080" or "[::1]:8080"
    watchroom.toml:3:2: sites: unknown key; did you mean "site"?
    dashboards/day.toml:1:9: string values must be quoted, expected literal string
    dashboards/night.toml:8:8: tabs.panels.type: "lastest" is not known here; did you mean "latest"?
    environment variable WATCHROOM_SITE__ZONE: stands for no key; did you mean "WATCHROOM_SITE__NAME"?
    "#);
}
