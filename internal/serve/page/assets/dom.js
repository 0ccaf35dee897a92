// Elements are made here, and nowhere is text read as HTML: what comes from a request can only ever be text.

/** el makes an element. Properties that start with "on" are listeners, the others attributes; null and false leave one out. */
export function el(name, properties, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : String(value));
  }
  add(e, children);
  return e;
}

function add(e, children) {
  for (const c of children) {
    if (Array.isArray(c)) add(e, c);
    else if (c instanceof Node) e.append(c);
    else if (c !== null && c !== undefined && c !== false) e.append(document.createTextNode(String(c)));
  }
}

/** fill puts other children into an element. */
export function fill(e, ...children) {
  e.replaceChildren();
  add(e, children);
  return e;
}

export const byId = (id) => document.getElementById(id);

/** plural writes a number with its noun. */
export function plural(n, one, many = one + "s") {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** clock writes the time of day of a stamp. */
export function clock(stamp) {
  return stamp ? new Date(stamp).toLocaleTimeString("en-GB") : "";
}

/** day writes date and time of a stamp. */
export function day(stamp) {
  if (!stamp) return "";
  const t = new Date(stamp);
  return `${t.toLocaleDateString("en-CA")} ${t.toLocaleTimeString("en-GB")}`;
}

/** moment is a time element. */
export function moment(stamp, write = clock) {
  return el("time", { datetime: stamp, title: stamp }, write(stamp));
}

/** bytes writes a size. */
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let i = -1;
  do {
    n /= 1024;
    i++;
  } while (n >= 1024 && i < units.length - 1);
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

/** span writes a duration in seconds: "2 d 3 h". */
export function span(seconds) {
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    const n = Math.floor(seconds / size);
    if (n > 0) parts.push(`${n} ${unit}`);
    seconds -= n * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

const announcer = byId("announce");

/** announce has a screen reader say something when it has said what it is at. */
export function announce(text) {
  announcer.textContent = text;
}

/** steady draws something anew and leaves the keyboard where it was: on the element that stands for the same. */
export function steady(box, draw) {
  const all = () => [...box.querySelectorAll("a, button, summary, [tabindex]")];
  const key = (e) => [e.tagName, e.getAttribute("href"), e.getAttribute("aria-label"), e.dataset.folder, e.className, e.parentNode.dataset.name].join(" ");
  const at = box.contains(document.activeElement) && document.activeElement !== box ? document.activeElement : null;
  const same = at && key(at);
  const nth = at && all().filter((e) => key(e) === same).indexOf(at);
  draw();
  if (at) all().filter((e) => key(e) === same)[nth]?.focus({ preventScroll: true });
}

/** once runs a function in the next frame, however often it was asked for. */
export function once(f) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      f();
    });
  };
}

/** later runs a function some time after it was first asked for. */
export function later(f, ms) {
  let timer = 0;
  return () => {
    if (!timer) {
      timer = setTimeout(() => {
        timer = 0;
        f();
      }, ms);
    }
  };
}
