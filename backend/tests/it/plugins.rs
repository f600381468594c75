//! Checks as sites of Nagios and Icinga run them today: by `check_http` and `negate`, and by `watchroom check`.
//!
//! The plugins are those of the Debian package monitoring-plugins-basic, which `cargo xtask test` gets.

use std::process::{Command, Stdio};

use watchroom::clock::{Clock as _, SystemClock};

use crate::command::{Running, Site};

const PLUGINS: &str = "/usr/lib/nagios/plugins";

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "memory:"
[metrics."hall.temperature"]
unit = "°C"
interval = "1d"
[alarms.cool]
title = "Hall too warm"
kind = "threshold"
metric = "hall.temperature"
above = 50
below = -10.5
[alarms.warm]
title = "Hall warm"
kind = "threshold"
metric = "hall.temperature"
above = 50
warning = { above = 30 }
[alarms.hot]
title = "Hall too hot"
kind = "threshold"
metric = "hall.temperature"
above = 40
warning = { above = 30 }
[alarms.silent]
title = "Wind too strong"
kind = "threshold"
metric = "dome.wind"
above = 10
no_data = "1m"
[alarms.lost]
title = "About nothing"
kind = "threshold"
metric = "hall.nothing"
above = 1
no_data = "1m"
"#;

/// The words of Nagios by their exit codes.
const WORDS: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// Rules, and what their checks say: exit code, words of the text, performance data.
const CHECKS: [(&str, i32, &str, &str); 6] = [
    ("cool", 0, "OK Hall too warm: 45 °C", "cool=45;;-10.5:50"),
    ("warm", 1, "WARNING Hall warm: 45 °C", "warm=45;~:30;~:50"),
    ("hot", 2, "ALARM Hall too hot: 45 °C", "hot=45;~:30;~:40"),
    ("silent", 2, "NO DATA Wind too strong", ""),
    ("lost", 3, "UNKNOWN About nothing", ""),
    ("hall", 3, "there is no rule, system or stream", ""),
];

/// The exit code and all that a plugin says.
fn run(program: &str, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(program)
        .env_clear()
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}, of the package monitoring-plugins-basic, is needed: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap(), said)
}

fn site() -> Site {
    Site::with_config(CONFIG)
}

/// A server whose rules say all that there is to say.
fn server(site: &Site) -> Running {
    let server = Running::start(&mut site.serve());
    let long_ago = SystemClock.now().saturating_add_micros(-1_800_000_000);
    let silent = format!(r#"{{"frames":[{{"metric":"dome.wind","time":"{long_ago}","values":[12]}}]}}"#);
    assert!(
        server
            .request("POST /api/v1/frames", &silent)
            .starts_with("HTTP/1.1 200")
    );
    server.write_now("hall.temperature", 45.0);
    server.wait_for("/api/v1/alarms", |list| {
        let states = ["ok", "warning", "alarm", "no_data", "unknown"];
        let alarms = list["alarms"].as_array().unwrap();
        states
            .iter()
            .all(|state| alarms.iter().any(|alarm| alarm["state"] == *state))
    });
    server
}

#[test]
fn check_http_finds_the_status_and_negate_turns_it_into_its_exit_code() {
    let site = site();
    let server = server(&site);
    let (host, port) = server.address.rsplit_once(':').unwrap();
    let check_http = format!("{PLUGINS}/check_http");
    let negate = format!("{PLUGINS}/negate");
    for (check, code, words, _) in CHECKS {
        let url = format!("/api/nagios/{check}");
        for (status, word) in (0..).zip(WORDS) {
            let expected = format!("\"num_status\":{status},\"txt_status\":\"{word}: ");
            let asked = ["-H", host, "-p", port, "-u", &url, "-s", &expected];
            let (found, said) = run(&check_http, &asked);
            assert_eq!(found, if status == code { 0 } else { 2 }, "{check} {status}: {said}");
            // What is found has the exit code of the status, all else is OK.
            let turned = ["--ok", word, "--critical", "OK", &check_http];
            let (found, said) = run(&negate, &[&turned[..], &asked].concat());
            assert_eq!(found, if status == code { code } else { 0 }, "{check} {status}: {said}");
        }
        let (found, said) = run(&check_http, &["-H", host, "-p", port, "-u", &url, "-s", words]);
        assert_eq!(found, 0, "{check}: {said}");
    }
}

#[test]
fn watchroom_check_is_a_plugin_like_any_other() {
    let site = site();
    let server = server(&site);
    let url = format!("http://{}", server.address);
    let watchroom = env!("CARGO_BIN_EXE_watchroom");
    let negate = format!("{PLUGINS}/negate");
    // Each turned into the next, and back in the text.
    let turn = ["-s", "-o", "WARNING", "-w", "CRITICAL", "-c", "UNKNOWN", "-u", "OK"];
    for (check, code, words, performance) in CHECKS {
        let asked = ["check", check, "--url", &url];
        let (found, said) = run(watchroom, &asked);
        let word = WORDS[usize::try_from(code).unwrap()];
        assert_eq!(found, code, "{said}");
        assert!(said.starts_with(&format!("WATCHROOM {word} - {words}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let told = said
            .trim_end()
            .split_once(" | ")
            .map_or("", |(_, performance)| performance);
        assert_eq!(told, performance);
        let (turned, said) = run(&negate, &[&turn[..], &[watchroom], &asked].concat());
        assert_eq!(turned, (code + 1) % 4, "{said}");
        let word = WORDS[usize::try_from(turned).unwrap()];
        assert!(said.starts_with(&format!("WATCHROOM {word} - ")), "{said}");
        assert!(said.trim_end().ends_with(performance), "{said}");
    }
    let (code, said) = run(watchroom, &["check", "all", "--url", &url]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains(" | ok=1;;;0;5 unknown=1;;;0;5 warning=1;;;0;5 no_data=1;;;0;5 alarm=1;;;0;5"),
        "{said}"
    );
}
