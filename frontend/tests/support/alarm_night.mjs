// A night of alarms that stands still: what the page is told in place of the server, and what tests change in it.

import { MEDIA_TYPE, alarmCard, alarmHistory, alarmList, apiError, streams } from "./compact.mjs";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A rule of which all is well. */
export function rule(name, changes = {}) {
  return {
    rule: name,
    title: name,
    system: ["Camera"],
    owner: "camera on call",
    state: "ok",
    since_us: 0,
    latched: null,
    acknowledged: null,
    shelved: null,
    known_issue: null,
    disabled: null,
    flapping: false,
    value: null,
    unit: "",
    detail: "",
    channel: null,
    channel_label: "",
    channels: 0,
    metrics: [],
    limits: [],
    ...changes,
  };
}

/** Stands in for the server's routes about alarms and streams on the pages that `attach` is called with. */
export class AlarmNight {
  /** @param {number} nowUs The moment that the night is seen from. */
  constructor(nowUs = Date.now() * 1_000) {
    this.nowUs = nowUs;
    this.deadLetters = 0;
    /** When the rules were evaluated; by default a moment ago. */
    this.evaluatedUs = undefined;
    /** Answers everything with this status, if it is one. */
    this.failsWith = null;
    /** Leaves every question without an answer. */
    this.hangs = false;
    /** Refuses actions with this message, if it is one. */
    this.refusal = null;
    /** The actions that came in. */
    this.actions = [];
    const ago = (us) => nowUs - us;
    const note = (by, comment, untilUs) => ({ by, comment, at_us: ago(HOUR), until_us: untilUs });
    this.rules = [
      rule("pacta-high", {
        title: "PACTA temperature too high",
        system: ["Camera", "Pixels"],
        state: "alarm",
        since_us: ago(3 * MINUTE + 36 * SECOND),
        value: 24.9,
        unit: "°C",
        detail: "limit 24.0",
        channel: 1203,
        channel_label: "pixel 1203 · module 171",
        channels: 1,
        metrics: ["camera.scb_pixel_temperature"],
        limits: [24],
      }),
      rule("backplane-silent", {
        title: "Backplane temperature silent",
        system: ["Camera", "Modules"],
        state: "no_data",
        since_us: ago(41 * MINUTE),
        detail: "last 31.2 °C",
        channel: 120,
        channel_label: "module 120",
        channels: 1,
        metrics: ["camera.backplane_temperature"],
      }),
      rule("humidity-near", {
        title: "Humidity near limit",
        system: ["Camera", "Modules"],
        state: "warning",
        since_us: ago(80 * MINUTE),
        acknowledged: note("shift", "door was open", null),
        value: 61.8,
        unit: "%",
        detail: "limit 60",
        channel: 17,
        channel_label: "17",
        channels: 9,
        metrics: ["camera.scb_humidity"],
        limits: [60],
        owner: "shift",
      }),
      rule("tib-busy", {
        title: "TIB busy ratio",
        system: ["Trigger", "TIB"],
        state: "unknown",
        since_us: ago(9 * MINUTE),
        detail: "needs TIB busy rate, silent 9 min",
        owner: "trigger on call",
        metrics: ["camera.tib_busy_rate"],
      }),
      rule("hv-trip", {
        title: "High voltage trip",
        system: ["Camera", "Pixels"],
        latched: "alarm",
        since_us: ago(6 * HOUR + 46 * MINUTE),
        value: 1071,
        unit: "V",
        detail: "was 921 V",
        channel: 88,
        channel_label: "pixel 88",
        channels: 1,
        metrics: ["camera.scb_pixel_hv_monitored"],
      }),
      rule("dragon-busy", {
        title: "Dragon busy",
        system: ["Camera", "Modules"],
        state: "warning",
        since_us: ago(2 * HOUR),
        shelved: note("Ada", "known reboot", nowUs + HOUR),
      }),
      rule("an-current", {
        title: "Anode current of pixel 7",
        system: ["Camera", "Pixels"],
        state: "alarm",
        since_us: ago(3 * HOUR),
        known_issue: note("camera on call", "broken amplifier", nowUs + 120 * HOUR),
      }),
      rule("drive", { title: "Drive stopped", system: ["Drive"], disabled: "not observing" }),
      rule("wind", { title: "Wind too strong", system: ["Weather"], since_us: ago(9 * HOUR) }),
    ];
    this.spans = {
      "pacta-high": [
        [4 * HOUR, "ok"],
        [2 * HOUR, "warning"],
        [90 * MINUTE, "ok"],
        [3 * MINUTE + 36 * SECOND, "alarm"],
      ],
      "backplane-silent": [
        [5 * HOUR, "ok"],
        [41 * MINUTE, "no_data"],
      ],
      "hv-trip": [
        [7 * HOUR, "ok"],
        [6 * HOUR + 47 * MINUTE, "alarm"],
        [6 * HOUR + 46 * MINUTE, "ok"],
      ],
      "humidity-near": [
        [4 * HOUR, "ok"],
        [80 * MINUTE, "warning"],
      ],
      "tib-busy": [
        [4 * HOUR, "ok"],
        [9 * MINUTE, "unknown"],
      ],
    };
    this.events = [
      {
        time_us: ago(6 * HOUR + 47 * MINUTE),
        rule: "hv-trip",
        kind: "state",
        state: "alarm",
        text: "1071 V, was 921 V, pixel 88",
        by: "",
      },
      {
        time_us: ago(HOUR),
        rule: "humidity-near",
        kind: "acknowledged",
        state: "warning",
        text: "door was open",
        by: "shift",
      },
      {
        time_us: ago(3 * MINUTE + 36 * SECOND),
        rule: "pacta-high",
        kind: "state",
        state: "alarm",
        text: "24.6 °C, limit 24.0, pixel 1203",
        by: "",
      },
    ];
    this.streams = {
      streams: [
        this.stream("camera.backplane_temperature", "stale", { title: "Backplane temperature", stale: 3, fresh: 262 }),
        this.stream("camera.tib_busy_rate", "never", { title: "TIB busy rate", never: 1, last_us: null, learned: true }),
        this.stream("camera.scb_humidity", "fresh", { title: "Humidity", fresh: 265, since_us: null }),
        this.stream("old.metric", "stale", { title: "Old", expected: false, stale: 1 }),
      ],
      sources: [
        { source: "camera", delay_s: 0.21, drift_s_per_hour: 0.004, step: null },
        {
          source: "weather",
          delay_s: -2.5,
          drift_s_per_hour: null,
          step: { at_us: ago(HOUR), by_s: 3 },
        },
      ],
    };
  }

  stream(metric, state, changes) {
    return {
      metric,
      title: metric,
      source: metric.split(".")[0],
      state,
      last_us: this.nowUs - 9 * MINUTE,
      since_us: this.nowUs - 8 * MINUTE,
      interval_s: 60,
      learned: false,
      expected: true,
      fresh: 0,
      late: 0,
      stale: 0,
      never: 0,
      ...changes,
    };
  }

  /** The rule of this name, to be changed. */
  rule(name) {
    return this.rules.find((one) => one.rule === name);
  }

  list() {
    const evaluated = this.evaluatedUs === undefined ? this.nowUs - 400_000 : this.evaluatedUs;
    return { now_us: this.nowUs, evaluated_us: evaluated, alarms: this.rules, dead_letters: this.deadLetters };
  }

  card(name) {
    const status = this.rule(name);
    return {
      status,
      condition: "max(scb_pixel_temperature) > 24.0 °C for 2 min, clears below 23.5",
      guidance_html: "<p>Check the cooling of module 171. Above 27 °C switch its high voltage <strong>off</strong>.</p>",
      link: "https://wiki.example.org/cooling",
      evidence: [23.8, 24.2, 24.6].map((value, at) => ({
        time_us: status.since_us - (2 - at) * MINUTE,
        channel_label: "pixel 1203",
        value,
        meaning: ["", "above the limit", "still above: delay of 2 min over"][at],
      })),
      earlier: [
        {
          from_us: this.nowUs - 140 * HOUR,
          to_us: this.nowUs - 139 * HOUR,
          worst: "alarm",
          channel_label: "pixel 1203",
          acknowledged: {
            by: "camera expert",
            comment: "fan of module 171 at half speed",
            at_us: this.nowUs - 139 * HOUR,
            until_us: null,
          },
        },
        {
          from_us: this.nowUs - 170 * HOUR,
          to_us: this.nowUs - 169 * HOUR,
          worst: "warning",
          channel_label: "pixel 1203",
          acknowledged: null,
        },
      ],
      events: this.events.filter((event) => event.rule === name),
    };
  }

  history(fromUs, toUs) {
    const cut = (spans) =>
      spans
        .map(([ago, state], at) => ({
          from_us: Math.max(this.nowUs - ago, fromUs),
          to_us: Math.min(this.nowUs - (spans[at + 1]?.[0] ?? 0), toUs),
          state,
        }))
        .filter((span) => span.from_us < span.to_us);
    return {
      ribbons: Object.entries(this.spans).map(([name, spans]) => ({ rule: name, spans: cut(spans) })),
      events: this.events.filter((event) => fromUs <= event.time_us && event.time_us < toUs),
    };
  }

  /** Answers a page's questions about alarms and streams from now on. */
  async attach(page) {
    const fulfil = (route, body) => route.fulfill({ contentType: MEDIA_TYPE, body });
    const refuse = (route, status, message) =>
      route.fulfill({ status, contentType: MEDIA_TYPE, body: apiError({ code: "test", message, details: [] }) });
    // By the line the server's own alarms would come in.
    await page.addInitScript(() => {
      window.WebSocket = class {
        constructor() {
          throw new Error("there is no line in this night");
        }
      };
    });
    await page.route(/\/api\/v1\/(alarms|streams)/, (route) => {
      if (this.hangs) return undefined;
      const url = new URL(route.request().url());
      const [, , , what, name, action] = url.pathname.split("/").map(decodeURIComponent);
      if (this.failsWith) return refuse(route, this.failsWith, "the store does not answer");
      if (what === "streams") return fulfil(route, streams({ now_us: this.nowUs, ...this.streams }));
      if (action === "actions") {
        this.actions.push({ rule: name, ...JSON.parse(route.request().postData()) });
        if (this.refusal) return refuse(route, 422, this.refusal);
        return fulfil(route, Buffer.alloc(0));
      }
      if (name === "history") {
        const [from, to] = ["from", "to"].map((key) => Date.parse(url.searchParams.get(key)) * 1_000);
        return fulfil(route, alarmHistory(this.history(from, to)));
      }
      if (name !== undefined) return fulfil(route, alarmCard(this.card(name)));
      return fulfil(route, alarmList(this.list()));
    });
  }
}
