// A wall that has stopped must say so: if the application cannot load, or panics, ask for a reload.
(() => {
  const stopped = (reason) => {
    if (document.querySelector(".boot-error")) return;
    const banner = document.createElement("div");
    banner.className = "boot-error";
    banner.setAttribute("role", "alert");
    const text = document.createElement("span");
    text.textContent = `This page has stopped, what it shows may be old. ${reason} `;
    const reload = document.createElement("button");
    reload.type = "button";
    reload.textContent = "Reload";
    reload.addEventListener("click", () => location.reload());
    banner.append(text, reload);
    (document.body ?? document.documentElement).prepend(banner);
    document.getElementById("boot")?.remove();
  };
  // Harmless: the browser only postpones a resize notification to the next frame.
  const harmless = (message) => /ResizeObserver loop/.test(message);
  // Capturing, because a script or style that fails to load does not bubble.
  addEventListener(
    "error",
    (event) => {
      if (event instanceof ErrorEvent) {
        if (!harmless(event.message)) stopped(event.message);
      } else if (event.target instanceof HTMLScriptElement) {
        stopped("A part of it could not be loaded.");
      }
    },
    true,
  );
  addEventListener("unhandledrejection", (event) => stopped(String(event.reason?.message ?? event.reason)));
})();
