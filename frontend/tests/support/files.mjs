// Files that panels save.

import { readFile } from "node:fs/promises";

/** Takes a thing from a panel's menu. */
export async function take(page, panelId, item) {
  const panel = page.locator(`[data-panel="${panelId}"]`);
  await panel.getByRole("button", { name: /^More about/ }).click();
  await panel.getByRole("button", { name: item }).click();
}

/** Saves a file from a panel's menu: its name and its bytes. */
export async function saved(page, panelId, kind) {
  const [file] = await Promise.all([page.waitForEvent("download"), take(page, panelId, `Save as ${kind}`)]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** The rows of a CSV as objects; no field of which has a comma. */
export function rowsOf(bytes) {
  const [head, ...rows] = bytes.toString().trimEnd().split("\n");
  const names = head.split(",");
  return rows.map((row) => Object.fromEntries(row.split(",").map((field, at) => [names[at], field])));
}
