// The page of alarms in a night of its own.

import assert from "node:assert/strict";
import { AlarmNight } from "./alarm_night.mjs";
import { openPage } from "./browser.mjs";
import { startServer } from "./server.mjs";
import { useSession } from "./session.mjs";
import { becomes } from "./waiting.mjs";

/** The rules of a night that need somebody, from top to bottom. */
export const ACTIVE = ["pacta-high", "backplane-silent", "tib-busy", "hv-trip"];

/** The rules that are listed, from top to bottom. */
export const listed = (page) => page.locator(".alarms__row").evaluateAll((rows) => rows.map((row) => row.dataset.rule));

/** Waits until just these rules are listed. */
export const lists = (page, rules) => becomes(() => listed(page), rules);

/** Starts the demo and a browser for the tests of the file; `on` opens an address in a night of alarms. */
export function useAlarmNights() {
  const session = useSession(() => startServer());

  /** An address in a night, handed to `work`; nothing may break in it but what `breaks` names. */
  async function on(address, work, { night = new AlarmNight(), breaks = null, ...options } = {}) {
    const watched = await openPage(session.browser, session.link("health"), options);
    try {
      await night.attach(watched.page);
      await watched.page.goto(session.link(address));
      await work(watched.page, night, watched);
      // The first address has no page that names an icon.
      const problems = watched.problems.filter((problem) => !/favicon/.test(problem) && !breaks?.test(problem));
      assert.deepEqual(problems, []);
    } finally {
      await watched.close();
    }
  }
  return { session, on };
}
