//! The examples of the reference; a test reads each as the server would.

pub(super) const FILE_EXAMPLE: &str = r#"title = "Night"

[[tabs]]
id = "camera"
title = "Camera"

[[tabs.panels]]
id = "temperature"
title = "Temperature of the pixels"
type = "channels"
width = 8
height = 300
metric = "camera.temperature"
"#;

pub(super) const METRICS_EXAMPLE: &str = r#"[metrics."camera.temperature"]
title = "Pixel temperature"
unit = "°C"
interval = "60s"
limits = { low_alarm = -5.0, low_warning = 0.0, high_warning = 25.0, high_alarm = 30.0 }
scale = "clusco-temperature"
place = { geometry = "lstcam", part = "pixel" }

[metrics."camera.busy"]
kind = "state"
states = [
  { value = 0, label = "free", severity = "ok" },
  { value = 1, label = "busy", severity = "warning" },
]

[metrics."jobs.latency"]
unit = "s"
scale = { map = "inferno", low = 1.0, high = 1000.0, log = true }
"#;

pub(super) const SHIFTS_EXAMPLE: &str = r#"[site]
shifts = [
  { name = "Evening", start = "18:00", end = "01:00" },
  { name = "Morning", start = "01:00", end = "08:00" },
]
"#;

pub(super) const NOTIFY_EXAMPLE: &str = r#"[notify]
page_url = "https://wall.example.org"

[notify.receivers.crew]
kind = "mail"
host = "mail.example.org"
user = "wall"
password_file = "/etc/watchroom/mail-password"
from = "Wall <wall@example.org>"
to = ["crew@example.org"]

[notify.receivers.chat]
kind = "slack"
url_env = "WALL_CHAT_URL"

[notify.receivers.logbook]
kind = "webhook"
url = "https://logbook.example.org/alarms"
header = "Authorization"
header_env = "LOGBOOK_TOKEN"
hmac_file = "/etc/watchroom/logbook-key"
digest_after = 20
digest_window = "10m"

[[notify.routes]]
receivers = ["crew"]
states = ["alarm", "no_data"]

[[notify.routes]]
receivers = ["chat", "logbook"]
systems = ["Camera"]

[[notify.maintenance]]
name = "Mirror washing"
from = "2026-12-01T08:00:00Z"
to = "2026-12-01T16:00:00Z"
systems = ["Mirror"]
"#;

pub(super) const STREAMS_EXAMPLE: &str = r#"[streams.dome]
metrics = ["dome.*", "weather.wind"]
source = "dome controller"
interval = "10s"
warn_after = "30s"
fail_after = "60s"

[streams.runs]
metrics = ["daq.run.*"]
expected = false
"#;

pub(super) const ALARM_EXAMPLE: &str = r#"[alarms.pacta-hot]
title = "PACTA temperature too high"
kind = "threshold"
metric = "camera.temperature"
above = 24.0
clear_above = 23.5
warning = { above = 22.0 }
delay = "2m"
clear_delay = "5m"
latch = true
flap = { changes = 6, within = "30m" }
unless = { metric = "camera.busy", states = ["free"], reason = "not observing", no_data = "5m" }
system = ["Camera", "Pixels"]
owner = "camera on call"
guidance = "Check the cooling of the module. Above **27 °C** switch its high voltage off."
link = "https://example.org/camera"
"#;
