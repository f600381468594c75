// One plot of a page: where it is, what it says.

import { nextFrames } from "./waiting.mjs";

/** A plot by the id of its panel. */
export class Plot {
  constructor(page, panelId) {
    this.page = page;
    this.panel = page.locator(`[data-panel="${panelId}"]`);
    this.stage = this.panel.locator(".plot__stage");
  }

  /** The point at these parts of the stage's width and height, 0 to 1. */
  async at(across, down = 0.5) {
    await this.stage.scrollIntoViewIfNeeded();
    const box = await this.stage.boundingBox();
    return { x: box.x + box.width * across, y: box.y + box.height * down };
  }

  /** Moves the mouse there and gives what the tooltip then says. */
  async hover(across, down = 0.5) {
    const { x, y } = await this.at(across, down);
    await this.page.mouse.move(x - 2, y);
    await this.page.mouse.move(x, y);
    const tooltip = this.panel.locator(".tooltip");
    await tooltip.waitFor({ state: "visible" });
    return this.facts();
  }

  /** What the tooltip says: one entry per number. */
  facts() {
    return this.panel.locator(".tooltip__fact").evaluateAll((facts) =>
      facts.map((fact) => ({
        line: fact.dataset.line,
        stat: fact.dataset.stat,
        value: fact.dataset.value === undefined ? null : Number(fact.dataset.value),
        timeUs: fact.dataset.timeUs === undefined ? null : Number(fact.dataset.timeUs),
        text: fact.innerText,
      })),
    );
  }

  /** What the footer says of the figures: "exact · 1440 samples". */
  badge() {
    return this.panel.locator(".plot__badge").innerText();
  }

  /** Waits until exact data for the range in sight are drawn. */
  async exact() {
    const badge = this.panel.locator(".plot__badge", { hasText: /^exact/ });
    await badge.waitFor();
    await nextFrames(this.page);
  }

  /** Drags the mouse across the plot. */
  async drag(from, to, { shift = false } = {}) {
    const [start, end] = [await this.at(from), await this.at(to)];
    if (shift) await this.page.keyboard.down("Shift");
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move((start.x + end.x) / 2, end.y, { steps: 4 });
    await this.page.mouse.move(end.x, end.y, { steps: 4 });
    await this.page.mouse.up();
    if (shift) await this.page.keyboard.up("Shift");
  }
}

/** The range in the address's `zoom`, in milliseconds; null without one. */
export function zoomOf(url) {
  const zoom = new URL(url).searchParams.get("zoom");
  return zoom === null ? null : zoom.split("..").map((time) => Date.parse(time));
}

/** Waits until the address has another zoom than `before`, and returns it. */
export async function nextZoom(page, before) {
  await page.waitForURL((url) => url.searchParams.get("zoom") !== new URL(before).searchParams.get("zoom"));
  return zoomOf(page.url());
}
