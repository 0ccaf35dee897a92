// The list of requests: thousands of them, of which only the rows in sight are elements.

import { byId, clock, el, fill, once, plural } from "./dom.js";
import { cacheChip, chip, outcomeChip, outcomeWord, shortPlace } from "./words.js";

const most = 5000; // rows that the page keeps
const beyond = 6; // rows that are made above and below those in sight

const list = byId("list");
const empty = byId("empty");
const note = byId("list-note");
const search = byId("filter-text");
const pauseButton = byId("pause");

let all = []; // the oldest first
let shown = []; // those that the filter lets through
let held = []; // those that came while the list was paused
let paused = false;
let left = 0; // how many the server left out, or this page dropped
let chosen = 0; // the id of the request that is open
let rowHeight = 0;
let rows = new Map(); // by id
let choose = () => {};

const canvas = el("div", { class: "canvas", role: "presentation" });
list.append(canvas);

/** whenChosen sets what opens a request. */
export function whenChosen(f) {
  choose = f;
}

/** take adds requests that ended. */
export function take(exchanges, skipped = 0) {
  left += skipped;
  if (paused) {
    held.push(...exchanges);
    if (held.length > most) left += held.splice(0, held.length - most).length;
    pauseButton.textContent = `Resume (${held.length})`;
    return;
  }
  append(exchanges);
}

function append(exchanges) {
  let added = 0;
  for (const e of exchanges) {
    all.push(e);
    if (passes(e)) {
      shown.push(e);
      added++;
    }
  }
  if (all.length > most) {
    left += all.length - most;
    all = all.slice(-most);
    const first = all[0].id;
    const gone = shown.findIndex((e) => e.id >= first);
    shown = gone < 0 ? [] : shown.slice(gone);
  }
  if (added && list.scrollTop > 0) {
    list.scrollTop += added * height(); // who reads further down keeps what is before their eyes
  }
  draw();
}

/** start begins anew with what the server keeps. */
export function start(exchanges) {
  const last = all.length ? all[all.length - 1].id : 0;
  const news = exchanges.filter((e) => e.id > last && !held.some((o) => o.id === e.id));
  take(news, last && news.length ? Math.max(0, news[0].id - last - 1 - held.length) : 0);
}

function text(e) {
  return `${e.id} ${e.method} ${e.host}${e.url} ${e.status} ${e.outcome} ${outcomeWord(e.outcome)} ${e.reason} ${e.from} cache ${e.cache} ${e.farm} ${e.by?.file ?? ""}:${e.by?.line ?? ""}`.toLowerCase();
}

function passes(e) {
  const wanted = search.value.trim().toLowerCase();
  return !wanted || wanted.split(/\s+/).every((word) => text(e).includes(word));
}

function sift() {
  shown = all.filter(passes);
  list.scrollTop = 0;
  draw();
}

function height() {
  if (!rowHeight) {
    const probe = el("div", { class: "row", "aria-hidden": "true" }, el("div", { class: "first" }, "x"), el("div", { class: "second" }, chip("x")));
    canvas.append(probe);
    rowHeight = Math.max(20, probe.getBoundingClientRect().height);
    probe.remove();
  }
  return rowHeight;
}

const draw = once(() => {
  const n = shown.length;
  empty.hidden = n > 0;
  list.hidden = n === 0;
  if (!n) {
    fill(empty, all.length ? el("p", {}, "No request contains that.") : hint());
  }
  note.textContent = `${plural(n, "request")}${n < all.length ? ` of ${all.length}` : ""}${left ? `, ${left.toLocaleString("en")} more not shown` : ""}${paused ? " — paused" : ""}`;
  if (!list.clientHeight) return; // another view is open
  const h = height();
  canvas.style.height = `${n * h}px`;
  const from = Math.max(0, Math.floor(list.scrollTop / h) - beyond);
  const to = Math.min(n, Math.ceil((list.scrollTop + list.clientHeight) / h) + beyond);
  const keep = new Map();
  for (let i = from; i < to; i++) {
    const e = shown[n - 1 - i];
    const row = rows.get(e.id) ?? make(e);
    row.style.transform = `translateY(${i * h}px)`;
    row.setAttribute("aria-posinset", i + 1);
    row.setAttribute("aria-setsize", n);
    row.setAttribute("aria-selected", e.id === chosen);
    keep.set(e.id, row);
  }
  for (const [id, row] of rows) if (!keep.has(id)) row.remove();
  let next = canvas.firstChild; // elements stand in the order in which they are read
  for (const row of keep.values()) {
    if (row === next) next = next.nextSibling;
    else canvas.insertBefore(row, next);
  }
  rows = keep;
  const active = rows.get(chosen);
  if (active) list.setAttribute("aria-activedescendant", active.id);
  else list.removeAttribute("aria-activedescendant");
});

let hint = () => el("p", {}, "No request yet.");

/** whenEmpty sets what stands where no request came yet. */
export function whenEmpty(f) {
  hint = f;
  draw();
}

function make(e) {
  return el("div", { class: "row", role: "option", id: `row-${e.id}`, onclick: () => open(e.id) },
    el("div", { class: "first" },
      el("span", { class: "method" }, e.method), " ",
      el("span", { class: "url", title: e.host + e.url }, e.url),
      el("time", { datetime: e.at }, clock(e.at))),
    el("div", { class: "second" },
      outcomeChip(e.outcome, e.status), " ",
      e.cut && [chip("cut short", "warn"), " "],
      e.cache && e.cache !== "none" && [cacheChip(e.cache), " "],
      e.by && el("span", { class: "by" }, shortPlace(e.by)),
      el("span", { class: "host" }, e.host)));
}

function open(id) {
  select(id);
  choose(id);
}

/** select marks a request as the one that is open. */
export function select(id) {
  chosen = id;
  const i = indexOf(id);
  if (i >= 0 && list.clientHeight) {
    const h = height();
    const top = i * h;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + h > list.scrollTop + list.clientHeight) list.scrollTop = top + h - list.clientHeight;
  }
  draw();
}

function indexOf(id) {
  const i = shown.findIndex((e) => e.id === id);
  return i < 0 ? -1 : shown.length - 1 - i;
}

/** find returns a request of the list. */
export const find = (id) => all.find((e) => e.id === id) ?? null;

/** before returns the request before another one that asked the same. */
export const before = (e) => all.findLast((o) => o.id < e.id && o.method === e.method && o.host === e.host && o.url === e.url) ?? null;

/** redraw measures anew, as when the list comes into sight. */
export function redraw() {
  rowHeight = 0;
  draw();
}

list.addEventListener("scroll", draw, { passive: true });
addEventListener("resize", redraw);
search.addEventListener("input", once(sift));

list.addEventListener("keydown", (e) => {
  const n = shown.length;
  if (!n || e.altKey || e.ctrlKey || e.metaKey) return;
  const page = Math.max(1, Math.floor(list.clientHeight / height()) - 1);
  const at = indexOf(chosen);
  const to = {
    ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: n - 1,
  }[e.key];
  if (to !== undefined) {
    e.preventDefault();
    open(shown[n - 1 - Math.min(n - 1, Math.max(0, to))].id);
  } else if ((e.key === "Enter" || e.key === " ") && at >= 0) {
    e.preventDefault();
    byId("detail").focus();
  }
});

pauseButton.addEventListener("click", () => {
  paused = !paused;
  pauseButton.setAttribute("aria-pressed", paused);
  pauseButton.textContent = paused ? "Resume" : "Pause";
  if (!paused) {
    const news = held;
    held = [];
    append(news);
  }
  draw();
});

byId("clear").addEventListener("click", () => {
  all = [];
  shown = [];
  left = 0;
  draw();
  list.focus();
});
