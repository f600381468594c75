// Looking at pictures pixel by pixel.

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
