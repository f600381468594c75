// Looking at pictures pixel by pixel.

import { until } from "./waiting.mjs";

/**
 * The greatest red, green and blue of a screenshot, decoded by the browser itself.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {Buffer} png
 * @returns {Promise<[number, number, number]>}
 */
export async function brightest(browser, png) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const found = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const drawing = canvas.getContext("2d");
    drawing.drawImage(picture, 0, 0);
    const { data } = drawing.getImageData(0, 0, picture.width, picture.height);
    const most = [0, 0, 0];
    for (let index = 0; index < data.length; index += 4) {
      for (const part of [0, 1, 2]) most[part] = Math.max(most[part], data[index + part]);
    }
    return most;
  }, png.toString("base64"));
  await context.close();
  return found;
}

/** What is on the canvas of a panel's data: red, green, blue and opacity of each pixel. */
export const canvasOf = (page, panelId) =>
  page.evaluate((panelId) => {
    const canvas = document.querySelector(`[data-panel="${panelId}"] canvas`);
    return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
  }, panelId);

/** A pixel of the ground of a panel's canvas, which is drawn with all that is on it. */
export const groundOf = (page, panelId) =>
  page.evaluate((panelId) => {
    const canvas = document.querySelector(`[data-panel="${panelId}"] canvas`);
    return [...canvas.getContext("2d").getImageData(2, 2, 1, 1).data];
  }, panelId);

/** How many pixels of a light page's canvas are others when all of it is drawn anew; and of how many. */
export async function differingWhenDrawnAnew(page, panelId) {
  const before = await canvasOf(page, panelId);
  // Two themes later it looks the same again, and all of it was drawn anew.
  for (const theme of ["dark", "light"]) {
    const ground = String(await groundOf(page, panelId));
    await page.locator("body").press("t");
    await page.locator(`:root[data-theme="${theme}"]`).waitFor();
    await until(`the canvas is drawn in the ${theme} theme`, async () => String(await groundOf(page, panelId)) !== ground);
  }
  const anew = await canvasOf(page, panelId);
  const differing = before.filter((value, at) => Math.abs(value - anew[at]) > 24).length / 4;
  return { differing, of: anew.length / 4 };
}
