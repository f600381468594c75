//! Mistakes are told with line, key and what was probably meant; secrets never.

use insta::assert_snapshot;

use crate::config::{Config, Source};

fn mistakes(text: &str) -> String {
    let main = Source {
        name: "watchroom.toml",
        text,
    };
    Config::from_sources(main, &[]).unwrap_err().to_string()
}

#[test]
fn mistakes_are_told_with_their_place() {
    let text = r#"[notify]
page_url = "wall.example.org"
give_up_after = "1"
receiver = 1

[notify.receivers.crew]
kind = "mial"

[notify.receivers.mail]
kind = "mail"
host = "mail.example.org"
tls = "none"
port = 0
user = "wall"
password_file = "/secret"
from = "wall"
to = ["crew@example.org", "crew"]
digest_window = "2d"
url = "https://chat.example.org/hush"

[notify.receivers.half]
kind = "mail"
user = "wall"
to = []

[notify.receivers.chat]
kind = "slack"
url = "chat.example.org/hush"

[notify.receivers.none]
kind = "slack"

[notify.receivers.hook]
kind = "webhook"
url = "https://hook.example.org/hush"
url_env = "HOOK"
header = "X Y"
hmac_env = ""

[[notify.routes]]
receivers = ["mial", "chat"]
states = ["alarms"]
systems = "Camera"

[[notify.routes]]
states = []

[[notify.maintenance]]
name = "washing"
from = "2026-12-01T08:00:00Z"
to = "2026-12-01T08:00:00Z"

[[notify.maintenance]]
from = "tomorrow"
"#;
    let told = mistakes(text);
    assert!(!told.contains("hush"), "{told}");
    assert_snapshot!(told);
}

#[test]
fn what_is_configured_does_not_show_its_secrets() {
    let text = r#"[notify.receivers.chat]
kind = "slack"
url = "https://chat.example.org/hush"
[notify.receivers.crew]
kind = "mail"
host = "localhost"
tls = "none"
user = "wall"
password_env = "PASSWORD"
from = "wall@example.org"
to = ["crew@example.org"]
"#;
    let main = Source {
        name: "watchroom.toml",
        text,
    };
    let config = Config::from_sources(main, &[]).unwrap();
    assert_eq!(config.notify.receivers.len(), 2);
    assert!(!format!("{config:?}").contains("hush"));
}
