// Answers about alarms and streams in the compact form, so that a test can have the page told what no server says.

/** Writes one value into a list of bytes. */
const varint = (value) => (bytes) => {
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
};
const u32 = varint;
const i64 = (value) => varint((BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
const bool = (value) => (bytes) => bytes.push(value ? 1 : 0);
const text = (value) => (bytes) => {
  const utf8 = Buffer.from(value);
  varint(utf8.length)(bytes);
  bytes.push(...utf8);
};
const f64 = (value) => (bytes) => {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  bytes.push(...eight);
};
/** A value as samples have it: null is a bit pattern of its own. */
const value = (number) => (bytes) => {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(number ?? 0);
  varint(number === null ? 0x7ff800006e756c6cn : eight.readBigUInt64LE())(bytes);
};
const option = (kind) => (inner) => (bytes) => {
  bytes.push(inner === null ? 0 : 1);
  if (inner !== null) kind(inner)(bytes);
};
const list = (kind) => (all) => (bytes) => {
  varint(all.length)(bytes);
  for (const one of all) kind(one)(bytes);
};
const word = (words) => (name) => {
  const position = words.indexOf(name);
  if (position < 0) throw new Error(`${name} is none of ${words}`);
  return varint(position);
};
const struct = (fields) => (object) => (bytes) => {
  for (const [name, kind] of Object.entries(fields)) {
    if (object[name] === undefined) throw new Error(`${name} is missing`);
    kind(object[name])(bytes);
  }
};

const state = word(["ok", "warning", "alarm", "no_data", "unknown"]);
const note = struct({ by: text, comment: text, at_us: i64, until_us: option(i64) });
const status = struct({
  rule: text,
  title: text,
  system: list(text),
  owner: text,
  state,
  since_us: i64,
  latched: option(state),
  acknowledged: option(note),
  shelved: option(note),
  known_issue: option(note),
  disabled: option(text),
  flapping: bool,
  value,
  unit: text,
  detail: text,
  channel: option(u32),
  channel_label: text,
  channels: u32,
  metrics: list(text),
  limits: list(f64),
});
const event = struct({
  time_us: i64,
  rule: text,
  kind: word([
    "state",
    "acknowledged",
    "shelved",
    "unshelved",
    "known_issue",
    "known_issue_ended",
    "disabled",
    "enabled",
    "flapping",
    "steady",
  ]),
  state,
  text,
  by: text,
});

const done = (kind) => (object) => {
  const bytes = [];
  kind(object)(bytes);
  return Buffer.from(bytes);
};

/** `GET /api/v1/alarms` */
export const alarmList = done(
  struct({ now_us: i64, evaluated_us: option(i64), alarms: list(status), dead_letters: u32 }),
);

/** `GET /api/v1/alarms/{rule}` */
export const alarmCard = done(
  struct({
    status,
    condition: text,
    guidance_html: text,
    link: text,
    evidence: list(struct({ time_us: i64, channel_label: text, value, meaning: text })),
    earlier: list(
      struct({ from_us: i64, to_us: option(i64), worst: state, channel_label: text, acknowledged: option(note) }),
    ),
    events: list(event),
  }),
);

/** `GET /api/v1/alarms/history` */
export const alarmHistory = done(
  struct({
    ribbons: list(struct({ rule: text, spans: list(struct({ from_us: i64, to_us: i64, state })) })),
    events: list(event),
  }),
);

/** `GET /api/v1/streams` */
export const streams = done(
  struct({
    now_us: i64,
    streams: list(
      struct({
        metric: text,
        title: text,
        source: text,
        state: word(["fresh", "late", "stale", "never"]),
        last_us: option(i64),
        since_us: option(i64),
        interval_s: option(f64),
        learned: bool,
        expected: bool,
        fresh: u32,
        late: u32,
        stale: u32,
        never: u32,
      }),
    ),
    sources: list(
      struct({
        source: text,
        delay_s: f64,
        drift_s_per_hour: option(f64),
        step: option(struct({ at_us: i64, by_s: f64 })),
      }),
    ),
  }),
);

/** An error as every route answers it. */
export const apiError = done(struct({ code: text, message: text, details: list(struct({ key: text, value: text })) }));

/** The name of the form. */
export const MEDIA_TYPE = "application/vnd.watchroom.v3+postcard";
