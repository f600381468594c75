// Looking at a picture of a heatmap: which of the hot samples can be seen?

/**
 * Counts the hot samples that are hot in a screenshot. Cells are told by their colours (viridis from -30 to 70): the
 * usual values are green-blue, the hot ones yellow. Channel 0 may be at the top or at the bottom.
 *
 * @param {import("./browser.mjs").Window} window
 * @param {{ frames: number, channels: number, hot: [number, number][] }} set
 */
export async function hotSeen(window, set) {
  const png = (await window.page.screenshot()).toString("base64");
  const looked = await window.context.browser().newContext();
  try {
    return await (await looked.newPage()).evaluate(look, { png, ...set, values: undefined });
  } finally {
    await looked.close();
  }
}

/** Runs in a browser, which can decode the picture. */
async function look({ png, frames, channels, hot }) {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = picture;
  const drawing = new OffscreenCanvas(width, height).getContext("2d");
  drawing.drawImage(picture, 0, 0);
  const { data } = drawing.getImageData(0, 0, width, height);
  const dot = (x, y) => data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3);
  const isUsual = ([red, green, blue]) => red < 75 && green > 85 && green < 190 && blue > 110 && blue < 155;
  const isHot = ([red, green, blue]) => red > 100 && green > 185 && blue < 110;

  // The plot is where most of the usual colour is: not the axes, nor a bar of colours beside it.
  const usual = { across: new Float64Array(width), down: new Float64Array(height) };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!isUsual(dot(x, y))) continue;
      usual.across[x] += 1;
      usual.down[y] += 1;
    }
  }
  const ends = (counts) => {
    const most = Math.max(...counts);
    const many = (count) => most > 0 && count > most / 2;
    return [counts.findIndex(many), counts.findLastIndex(many) + 1];
  };
  const [[left, right], [top, bottom]] = [ends(usual.across), ends(usual.down)];
  const isSeen = (frame, row) => {
    const x = Math.floor(left + ((frame + 0.5) / frames) * (right - left));
    const y = Math.floor(top + ((row + 0.5) / channels) * (bottom - top));
    for (let down = Math.max(y - 2, 0); down <= Math.min(y + 2, height - 1); down += 1) {
      for (let across = Math.max(x - 3, 0); across <= Math.min(x + 3, width - 1); across += 1) {
        if (isHot(dot(across, down))) return true;
      }
    }
    return false;
  };
  const seen = (row) => hot.filter(([frame, channel]) => isSeen(frame, row(channel))).length;
  return Math.max(
    seen((channel) => channel),
    seen((channel) => channels - 1 - channel),
  );
}
