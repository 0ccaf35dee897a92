// The cache as a tree: which pages are fresh, which are stale, and why.

import { announce, byId, bytes, day, el, fill, moment, plural, steady } from "./dom.js";
import { change } from "./server.js";
import { effects } from "./path.js";
import { follow } from "./view.js";
import { chip, place } from "./words.js";

const box = byId("cache-tree");
const summary = byId("cache-summary");
const staleOnly = byId("cache-stale");
const opened = new Map(); // whether a folder is open, by root and name, where somebody said so
let tree = null;
let news = new Set(); // pages that the last flush made stale

const view = follow("cache", box, (read) => {
  tree = read;
  draw();
}, 700);
export const { open, close, changed } = view;

// A folder of the tree: its folders and pages, its statfile, and how many pages below it are fresh and stale.
const folder = (name) => ({ name, folders: new Map(), pages: new Map(), others: [], stat: null, fresh: 0, stale: 0, grace: 0 });

// standing is how a page stands: "fresh", "stale", or "grace", where only /gracePeriod keeps it from being stale.
const standing = (f) => (!f.fresh ? "stale" : f.reason === "grace-period" ? "grace" : "fresh");

const looks = { fresh: ["fresh", "good"], stale: ["stale", "warn"], grace: ["stale after grace", "warn"] };

function grown(files) {
  const root = folder("");
  for (const f of files) {
    const parts = f.name.split("/").slice(1);
    const base = parts.pop();
    let at = root;
    const way = [root];
    for (const p of parts) {
      if (!at.folders.has(p)) at.folders.set(p, folder(`${at.name}/${p}`));
      at = at.folders.get(p);
      way.push(at);
    }
    if (f.kind === "page") {
      at.pages.set(base, { ...at.pages.get(base), file: f });
      for (const w of way) w[standing(f)]++;
    } else if (f.kind === "statfile") at.stat = f;
    else if (f.kind === "headers" || f.kind === "ttl") {
      const page = base.replace(/\.(h|ttl)$/, "");
      at.pages.set(page, { ...at.pages.get(page), [f.kind]: f });
    } else at.others.push(f);
  }
  return root;
}

function draw() {
  const sum = { fresh: 0, stale: 0, grace: 0 };
  const parts = tree.roots.map((r) => {
    const root = grown(r.files);
    for (const k of Object.keys(sum)) sum[k] += root[k];
    return el("section", { class: "root", "aria-label": `Document root ${r.path}` },
      el("h3", {}, el("code", {}, r.path), " ", el("span", { class: "quiet" }, r.farms.length ? `farms ${r.farms.join(", ")}` : "")),
      r.error && el("p", { class: "problem" }, r.error),
      !r.error && !r.files.length && el("p", { class: "quiet" }, "empty: no answer was stored yet"),
      r.files.length > 0 && el("div", { class: "tree" }, statOf(root), inside(root, r.path, 0)));
  });
  summary.textContent = `${plural(sum.fresh + sum.stale + sum.grace, "page")}: ${sum.fresh} fresh, ${sum.stale} stale${sum.grace ? `, ${sum.grace} stale after /gracePeriod` : ""}${tree.more ? `, ${tree.more > 0 ? tree.more : "some"} more files not shown` : ""}`;
  steady(box, () => fill(box, parts));
}

const statOf = (f) => f.stat && el("p", { class: "stat" }, chip(".stat", "flush"), el("span", { class: "quiet" }, " touched ", moment(f.stat.modified, day)));

function inside(at, root, depth) {
  const folders = [...at.folders.entries()].sort(byName).filter(([, f]) => !staleOnly.checked || f.stale + f.grace);
  const pages = [...at.pages.entries()].sort(byName).filter(([, p]) => !staleOnly.checked || (p.file && standing(p.file) !== "fresh"));
  return el("ul", { class: "plain" },
    folders.map(([name, f]) => el("li", {}, branch(...joined(name, f), root, depth))),
    pages.map(([name, p]) => el("li", { class: news.has(p.file?.name) ? "leaf new" : "leaf" }, leaf(name, p))),
    at.others.map((f) => el("li", { class: "leaf" }, chip(f.kind, "calm"), " ", el("code", {}, f.name.split("/").pop()))));
}

// joined makes one branch of folders that hold nothing but each other.
function joined(name, f) {
  while (f.folders.size === 1 && !f.pages.size && !f.others.length && !f.stat) {
    const [[next, inner]] = f.folders;
    if (inner.stat) break;
    name += `/${next}`;
    f = inner;
  }
  return [name, f];
}

const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);

// A branch fills itself when it is opened: a cache of thousands of pages costs what is looked at.
function branch(name, f, root, depth) {
  const key = `${root} ${f.name}`;
  let made = false;
  const d = el("details", { class: "folder" },
    el("summary", { "data-folder": key }, el("span", { class: "folder-name" }, `${name}/`), " ",
      f.stale > 0 && [chip(`${f.stale} stale`, "warn"), " "], f.grace > 0 && [chip(`${f.grace} stale after grace`, "warn"), " "], f.fresh > 0 && [chip(`${f.fresh} fresh`, "good"), " "],
      f.stat && [chip(".stat", "flush"), el("span", { class: "quiet" }, " touched ", moment(f.stat.modified, day))]));
  const grow = () => {
    if (made || !d.open) return;
    made = true;
    d.append(inside(f, root, depth + 1));
  };
  d.addEventListener("toggle", () => {
    opened.set(key, d.open);
    grow();
  });
  d.open = opened.get(key) ?? (depth < 5 && f.pages.size + f.folders.size <= 40);
  grow();
  return d;
}

function leaf(name, p) {
  const f = p.file;
  if (!f) return [el("code", {}, name), " ", chip(p.headers ? ".h alone" : ".ttl alone", "calm")];
  return [
    chip(...looks[standing(f)]), " ",
    el("code", { class: "page-name" }, name), " ",
    news.has(f.name) && [chip("just now", "flush"), " "],
    p.headers && [chip(".h", "calm", "its headers are stored, too"), " "],
    p.ttl && [chip(".ttl", "calm"), el("span", { class: "quiet" }, " ends ", moment(p.ttl.modified, day), " ")],
    el("span", { class: "quiet" }, `${bytes(f.size)}, `, moment(f.modified, day)), " ",
    el("button", { type: "button", class: "small", "aria-label": `Flush ${f.name}`, onclick: () => prefill(f.name) }, "flush…"),
    el("div", { class: "why" }, f.why.replace(/^(fresh|stale): /, ""),
      f.rule && [" — ", el("code", {}, f.rule_text), " ", place(f.rule)]),
  ];
}

// prefill puts the handle of a page into the form: its name up to the first dot.
function prefill(name) {
  const slash = name.lastIndexOf("/");
  const dot = name.indexOf(".", slash);
  const field = byId("flush-handle");
  field.value = dot < 0 ? name : name.slice(0, dot);
  field.focus();
}

staleOnly.addEventListener("change", () => tree && draw());
byId("cache-refresh").addEventListener("click", view.refresh);

byId("flush-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const form = new FormData(e.target);
  const problem = byId("flush-problem");
  const out = byId("flushed");
  problem.textContent = "";
  try {
    const { id, flush } = await change("flush", Object.fromEntries(["handle", "action", "scope", "host"].map((k) => [k, String(form.get(k) ?? "").trim()])));
    news = new Set(flush.stale);
    fill(out, el("section", { class: "card", "aria-label": "What the flush did" },
      el("h3", {}, `${flush.action ?? ""} ${flush.handle ?? ""}`),
      el("p", {}, !flush.allowed ? chip("rejected", "bad") : chip(`${flush.status ?? ""} ${flush.reason}`.trim(), "flush"), " ", el("a", { href: `#/requests/${id}` }, "its path")),
      !flush.allowed && el("p", {}, "/allowedClients does not let this client flush."),
      effects(flush)));
    announce(flush.allowed ? `flushed: ${plural(flush.deleted.length, "file")} deleted, ${plural(flush.stale.length, "page")} became stale` : "the flush was rejected");
    await view.refresh();
  } catch (err) {
    problem.textContent = err.message;
  }
});
