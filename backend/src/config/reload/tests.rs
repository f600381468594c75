use std::fs;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;

const MAIN: &str = "[site]\nname = \"Hill\"\n[metrics.t]\nlimits = { high_alarm = 30.0 }\n";

/// A folder with a configuration, the server that was started with it, and what it shows.
struct Served {
    folder: TempDir,
    reloader: Reloader,
    shown: Dashboards,
}

impl Served {
    fn start(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("dashboards")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let (config, reloader) = Reloader::load_with(&folder.path().join("watchroom.toml"), []).unwrap();
        let shown = Dashboards {
            site: config.site,
            dashboards: config.dashboards,
            displays: config.displays,
            broken: Vec::new(),
            revision: 0,
        };
        Self {
            folder,
            reloader,
            shown,
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join(name)).unwrap();
    }

    /// What is shown after the files were read again, and what needs a restart; nothing where nothing changed.
    fn reload(&mut self) -> String {
        let Some(changed) = self.reloader.read() else {
            return "nothing changed".to_owned();
        };
        let Taken {
            dashboards, restart, ..
        } = self.reloader.take(changed, &self.shown);
        self.shown = dashboards;
        let titles: Vec<_> = self
            .shown
            .dashboards
            .iter()
            .map(|dashboard| dashboard.title.as_str())
            .collect();
        let broken = self
            .shown
            .broken
            .iter()
            .map(|file| format!("\n{}: {}", file.file, file.message));
        let alarms: Vec<_> = self
            .shown
            .displays
            .iter()
            .filter_map(|display| display.limits.high_alarm)
            .collect();
        let (revision, broken) = (self.shown.revision, broken.collect::<String>());
        let told = format!("{revision}: {titles:?}, alarms at {alarms:?}, restart for {restart:?}{broken}");
        told.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn dashboard(title: &str) -> String {
    format!(
        "title = \"{title}\"\n[[tabs]]\nid = \"t\"\ntitle = \"T\"\n[[tabs.panels]]\nid = \"p\"\ntitle = \"P\"\n\
         type = \"stat\"\nmetric = \"m\"\n"
    )
}

fn served() -> Served {
    Served::start(&[
        ("watchroom.toml", MAIN),
        ("dashboards/a.toml", &dashboard("A")),
        ("dashboards/b.toml", &dashboard("B")),
    ])
}

#[test]
fn what_has_not_changed_is_not_taken_again() {
    let mut served = served();
    assert_eq!(served.reload(), "nothing changed");
    served.write("dashboards/a.toml", &dashboard("A"));
    served.write("notes.md", "not ours");
    assert_eq!(served.reload(), "nothing changed");
}

#[test]
fn dashboards_come_change_and_go() {
    let mut served = served();
    served.write("dashboards/b.toml", &dashboard("Better"));
    served.write("dashboards/aa.toml", &dashboard("Between"));
    assert_snapshot!(served.reload(), @r#"1: ["A", "Between", "Better"], alarms at [30.0], restart for []"#);
    served.remove("dashboards/a.toml");
    assert_snapshot!(served.reload(), @r#"2: ["Between", "Better"], alarms at [30.0], restart for []"#);
    assert_eq!(served.reload(), "nothing changed");
}

#[test]
fn a_broken_dashboard_keeps_its_last_good_form_and_is_told_until_it_is_mended() {
    let mut served = served();
    served.write("dashboards/a.toml", &dashboard("A").replace("stat", "stats"));
    served.write("dashboards/new.toml", "title = ");
    assert_snapshot!(served.reload(), @r#"
    1: ["A", "B"], alarms at [30.0], restart for []
    dashboards/a.toml: dashboards/a.toml:8:8: tabs.panels.type: "stats" is not known here; did you mean "stat"?
    dashboards/new.toml: dashboards/new.toml:1:9: string values must be quoted, expected literal string
    "#);
    served.write("dashboards/a.toml", &dashboard("Mended"));
    assert_snapshot!(served.reload(), @r#"
    2: ["Mended", "B"], alarms at [30.0], restart for []
    dashboards/new.toml: dashboards/new.toml:1:9: string values must be quoted, expected literal string
    "#);
    served.remove("dashboards/new.toml");
    assert_snapshot!(served.reload(), @r#"3: ["Mended", "B"], alarms at [30.0], restart for []"#);
}

#[test]
fn looks_of_metrics_are_taken_and_all_else_is_told_to_need_a_restart() {
    let mut served = served();
    served.write(
        "watchroom.toml",
        "[site]\nname = \"Valley\"\n[store]\nkeep = \"30d\"\n[metrics.t]\nunit = \"V\"\nlimits = { high_alarm = 40.0 }\n",
    );
    assert_snapshot!(served.reload(), @r#"1: ["A", "B"], alarms at [40.0], restart for ["store", "site", "metrics"]"#);
    assert_eq!(served.shown.site.name, "Hill");
    served.write("watchroom.toml", MAIN);
    assert_snapshot!(served.reload(), @r#"2: ["A", "B"], alarms at [30.0], restart for []"#);
}

#[test]
fn a_broken_main_file_keeps_the_last_good_looks() {
    let mut served = served();
    served.write("watchroom.toml", &MAIN.replace("high_alarm", "hi_alarm"));
    served.write("dashboards/a.toml", &dashboard("Still read"));
    assert_snapshot!(served.reload(), @r#"
    1: ["Still read", "B"], alarms at [30.0], restart for []
    watchroom.toml: watchroom.toml:4:12: metrics."t".limits.hi_alarm: unknown key; did you mean "high_alarm"?
    "#);
    served.remove("watchroom.toml");
    assert_snapshot!(served.reload(), @r#"
    2: ["Still read", "B"], alarms at [30.0], restart for []
    watchroom.toml: watchroom.toml: cannot be read: No such file or directory (os error 2)
    "#);
    served.write("watchroom.toml", "");
    assert_snapshot!(served.reload(), @r#"3: ["Still read", "B"], alarms at [], restart for ["site", "metrics"]"#);
}

#[test]
fn a_folder_that_cannot_be_listed_keeps_its_dashboards() {
    let mut served = served();
    fs::rename(
        served.folder.path().join("dashboards"),
        served.folder.path().join("old"),
    )
    .unwrap();
    served.write("dashboards", "a file");
    assert_snapshot!(served.reload(), @r#"
    1: ["A", "B"], alarms at [30.0], restart for []
    dashboards: dashboards: cannot be listed: Not a directory (os error 20)
    "#);
}
