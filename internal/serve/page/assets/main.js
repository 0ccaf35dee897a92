// The page: which view is open, what the server says of itself, and the form that sends a request.

import { announce, byId, day, el, fill, moment, plural, span } from "./dom.js";
import { change, listen } from "./server.js";
import * as cache from "./cache.js";
import * as configuration from "./configuration.js";
import * as path from "./path.js";
import * as requests from "./requests.js";
import * as rules from "./rules.js";
import { fullPlace, outcomeWord } from "./words.js";

const views = ["requests", "cache", "rules", "configuration"];
let view = "";
let state = null;
let drift = 0; // the engine's clock less this machine's, in milliseconds

// Views. The address says which is open, so that "back" works and a line can be pointed at.

function route() {
  const [, name, ...rest] = location.hash.split("/");
  const next = views.includes(name) ? name : "requests";
  const argument = rest.join("/");
  if (next !== view) {
    for (const v of views) {
      byId(`view-${v}`).hidden = v !== next;
      const tab = document.querySelector(`[data-view="${v}"]`);
      if (v === next) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    cache.close();
    rules.close();
    view = next;
    document.title = `${document.querySelector(`[data-view="${view}"]`).firstChild.textContent.trim()} · dispcheck serve`;
  }
  let decoded = "";
  try {
    decoded = decodeURIComponent(argument);
  } catch {
    decoded = ""; // somebody wrote half an escape
  }
  switch (view) {
    case "requests": {
      const id = /^[0-9]+$/.test(argument) ? Number(argument) : 0;
      byId("view-requests").classList.toggle("opened", id > 0);
      requests.select(id);
      requests.redraw();
      if (id) path.show(id);
      else path.blank();
      if (id && !byId("list").offsetParent) byId("detail").focus(); // on a phone the path takes the place of the list
      break;
    }
    case "cache":
      cache.open();
      break;
    case "rules":
      rules.open();
      break;
    case "configuration":
      configuration.open(decoded);
  }
}

addEventListener("hashchange", route);
requests.whenChosen((id) => go(`#/requests/${id}`));

// go opens an address in place of one of the same kind: a walk through the list is one step back.
function go(hash) {
  if (location.hash === hash) return;
  if (/^#\/requests\/\d+$/.test(location.hash) && /^#\/requests\/\d+$/.test(hash)) {
    history.replaceState(null, "", hash);
    route();
  } else location.hash = hash;
}

document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault(); // the address is for views
  byId("main").focus();
});

// What the server says of itself.

function show(next) {
  const before = state;
  state = next;
  drift = Date.parse(state.now) - Date.now();
  tick();
  const ahead = byId("clock-ahead");
  ahead.hidden = state.ahead < 1;
  ahead.textContent = `+${span(state.ahead)}`;
  const hosts = state.hosts.map((h) => h.name);
  fill(byId("hosts"), hosts.map((h) => el("option", { value: h })));
  for (const id of ["send-host", "flush-host"]) {
    const field = byId(id);
    if (!field.value || field.value === before?.hosts[0]?.name) field.value = id === "send-host" ? hosts[0] ?? "" : field.value;
    field.placeholder = hosts[0] ?? "host";
  }
  broken();
  requests.whenEmpty(hint);
  path.whenBlank(about);
  if (before && before.revision !== state.revision) announce(`configuration ${state.revision} serves now`);
  live(true);
}

function hint() {
  return el("div", {},
    el("p", {}, "No request yet. Send one above, or open the site:"),
    el("ul", { class: "plain" }, (state?.hosts.length ? state.hosts.map((h) => h.url) : state?.urls ?? []).slice(0, 8).map((u) => el("li", {}, siteLink(u)))));
}

// about is what serves, in short.
function about() {
  if (!state) return null;
  return path.fields([
    ["Configuration", state.config],
    ["Loaded", [`${state.revision}, `, moment(state.loaded, day), state.watch && ", watching its files"]],
    ["Farms", state.farms.join(", ") || "none"],
    ["Publish", state.publish],
    ["Cache", state.cache_dir || "in memory"],
    ["Dispatcher", `${state.dispatcher}, by dispcheck ${state.version}`],
    ["Addresses", [...state.urls, ...state.hosts.slice(0, 50).map((h) => h.url)].map((u) => el("div", {}, siteLink(u)))],
  ]);
}

// siteLink leads to the site, where the address is one of the web.
function siteLink(url) {
  return /^https?:\/\//.test(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url) : el("code", {}, url);
}

function broken() {
  const b = state.broken;
  const box = byId("broken");
  if (!b) {
    fill(box);
    return;
  }
  const list = b.findings?.findings ?? [];
  fill(box, el("div", { class: "banner bad" },
    el("p", {}, el("strong", {}, "The files on the disk do not serve."), ` Configuration ${state.revision} goes on, loaded `, moment(state.loaded, day), `. ${b.message}`),
    list.length > 0 && el("ul", { class: "plain" }, list.slice(0, 8).map((f) => el("li", {}, el("code", {}, fullPlace(f)), ` ${f.severity} ${f.rule}: ${f.message}`))),
    list.length > 8 && el("p", {}, `and ${list.length - 8} more`)));
}

function live(open) {
  const box = byId("live");
  box.dataset.live = open ? "yes" : "no";
  const words = open ? "live" : "reconnecting";
  if (byId("live-text").textContent !== words) byId("live-text").textContent = words;
  if (state) byId("live-more").textContent = ` · configuration ${state.revision}${state.watch ? ", watching" : ""}`;
}

function tick() {
  if (!state) return;
  const now = new Date(Date.now() + drift);
  const t = byId("clock-now");
  t.textContent = state.ahead >= 3600 ? day(now.toISOString()) : now.toLocaleTimeString("en-GB");
  t.dateTime = now.toISOString();
}
setInterval(tick, 1000);

// Many requests are told of in one sentence, and not too often.
let untold = 0;
let lastTold = null;
setInterval(() => {
  if (!untold || document.hidden) return;
  announce(untold === 1 ? `${lastTold.method} ${lastTold.url}: ${lastTold.status} ${outcomeWord(lastTold.outcome)}` : `${plural(untold, "new request")}; the last: ${lastTold.status} ${outcomeWord(lastTold.outcome)}`);
  untold = 0;
}, 10000);

listen({
  live,
  hello(data) {
    show(data.state);
    requests.start(data.exchanges);
    configuration.load();
  },
  exchanges(data) {
    requests.take(data.exchanges, data.skipped);
    const others = data.exchanges.filter((e) => !e.page);
    untold += others.length;
    if (others.length) lastTold = others[others.length - 1];
    cache.changed();
    rules.changed();
  },
  state(data) {
    const reloaded = state?.revision !== data.state.revision;
    show(data.state);
    cache.changed();
    rules.changed();
    if (reloaded || data.linted) {
      if (view === "configuration") route();
      else configuration.load();
    }
  },
  flush() {
    cache.changed();
  },
});

// Forms.

// send sends a request, and opens its path.
async function send(form) {
  const problem = byId("send-problem");
  problem.textContent = "";
  try {
    const { id } = await change("send", form());
    go(`#/requests/${id}`);
    announce(await path.summary(id));
  } catch (err) {
    problem.textContent = err.message;
  }
}

path.whenSent((request) => send(() => request), requests.find, requests.before);

byId("send-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const form = new FormData(e.target);
  const text = (name) => form.get(name).trim();
  send(() => ({
    method: form.get("method"), url: text("url"), host: text("host"), headers: headersOf(form.get("headers")), body: form.get("body"), client: text("client"),
  }));
});

// headersOf reads headers as they are written, one a line.
function headersOf(text) {
  return text.split(/\r?\n/).filter((l) => l.trim()).map((l) => {
    const colon = l.indexOf(":");
    if (colon < 1) throw new Error(`"${l}" is no header: write NAME: VALUE`);
    return [l.slice(0, colon).trim(), l.slice(colon + 1).trim()];
  });
}

byId("clock-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const field = byId("clock-by");
  field.setCustomValidity("");
  try {
    const { now } = await change("clock", { by: field.value });
    announce(`the clock shows ${day(now)}`);
    cache.changed();
  } catch (err) {
    field.setCustomValidity(err.message);
    field.reportValidity();
  }
});
byId("clock-by").addEventListener("input", (e) => e.target.setCustomValidity(""));

route();
