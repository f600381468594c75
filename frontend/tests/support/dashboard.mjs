// Files of a site, written from what they hold.

/** The start of `watchroom.toml`: a site by this name whose clock is UTC. */
export const site = (name) => `[site]\nname = "${name}"\ntime_zone = "UTC"\nday_start = "12:00"\n`;

/** A value as TOML has it, on one line. */
function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const keys = Object.entries(value).map(([key, one]) => `${key} = ${toml(one)}`);
  return `{ ${keys.join(", ")} }`;
}

const table = (head, keys) =>
  `\n[[${head}]]\n${Object.entries(keys).map(([key, value]) => `${key} = ${toml(value)}\n`).join("")}`;

/**
 * A dashboard file.
 *
 * @param {string} title
 * @param {object[]} tabs The keys of each tab, and its `panels` with theirs.
 */
export function dashboard(title, ...tabs) {
  const written = tabs.flatMap(({ panels, ...tab }) => [
    table("tabs", tab),
    ...panels.map((panel) => table("tabs.panels", panel)),
  ]);
  return `title = "${title}"\n${written.join("")}`;
}
