// The texts of the configuration, with what lint says beside the lines.

import { byId, el, fill, plural } from "./dom.js";
import { read } from "./server.js";
import { chip, fileLink } from "./words.js";

const list = byId("file-list");
const text = byId("file-text");
const count = byId("finding-count");
const looks = { error: "bad", warning: "warn", info: "move", hint: "calm" };

let files = [];
let rules = [];
let lint = null; // dispcheck.lint/v1, null while lint is at work
let current = "";
let asked = 0;

/** load asks for the findings, and for the files where they are shown. */
export async function load() {
  try {
    lint = await read("findings");
  } catch {
    lint = null;
  }
  const n = lint ? lint.findings.length : 0;
  count.hidden = !n;
  fill(count, n, el("span", { class: "hidden" }, n === 1 ? " finding" : " findings"));
}

/** open shows a file, and one of its lines: "FILE:LINE", "" for the findings. */
export async function open(where) {
  const mine = ++asked;
  const cut = where.lastIndexOf(":");
  const line = cut > 0 ? Number(where.slice(cut + 1)) || 0 : 0;
  const name = line ? where.slice(0, cut) : where;
  try {
    await load();
    [files, rules] = await Promise.all([read("files"), read("rules")]);
    current = name;
    drawList();
    if (!name) {
      drawFindings();
      return;
    }
    const f = await read("file", { name });
    if (mine === asked) drawText(f, line);
  } catch (err) {
    if (mine === asked) fill(text, el("p", { class: "problem" }, err.message));
  }
}

const findings = () => lint?.findings ?? [];

function drawList() {
  byId("configuration-summary").textContent = !lint ? "lint is at work" : findings().length
    ? ["error", "warning", "info", "hint"].filter((s) => lint.summary[s]).map((s) => (s === "info" ? `${lint.summary[s]} info` : plural(lint.summary[s], s))).join(", ")
    : "lint finds nothing";
  const of = new Map();
  for (const f of findings()) of.set(f.file, [...(of.get(f.file) ?? []), f]);
  const folders = new Map();
  for (const f of files) {
    const slash = f.name.lastIndexOf("/");
    const folder = slash < 0 ? "" : f.name.slice(0, slash);
    folders.set(folder, [...(folders.get(folder) ?? []), f]);
  }
  fill(list,
    el("ul", { class: "plain files" }, el("li", {}, el("a", { href: "#/configuration", "aria-current": current ? null : "page" }, "All findings"))),
    [...folders].map(([folder, of2]) => el("div", { class: "files-of" },
      el("h3", { class: "quiet" }, folder || "."),
      el("ul", { class: "plain files" }, of2.map((f) => el("li", {},
        el("a", { href: fileLink(f.name), "aria-current": f.name === current ? "page" : null }, f.name.slice(f.name.lastIndexOf("/") + 1)), " ",
        of.has(f.name) && chip(of.get(f.name).length, looks[worst(of.get(f.name))], plural(of.get(f.name).length, "finding"))))))));
}

function worst(list) {
  return ["error", "warning", "info", "hint"].find((s) => list.some((f) => f.severity === s));
}

function finding(f, where) {
  return el("div", { class: `finding ${looks[f.severity]}` },
    el("p", {}, chip(`${f.severity} ${f.rule}`, looks[f.severity]), " ", f.message),
    where && el("p", {}, files.some((o) => o.name === f.file)
      ? el("a", { class: "place", href: fileLink(f.file, f.line) }, `${f.file}:${f.line}:${f.column}`)
      : el("code", {}, f.file)),
    f.why && el("p", { class: "quiet" }, f.why),
    f.help && el("p", { class: "quiet" }, `hint: ${f.help}`),
    f.fix && el("p", { class: "quiet" }, `fix: ${f.fix.title}`));
}

function drawFindings() {
  const order = Object.keys(looks); // the worst first
  const list = [...findings()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  fill(text, list.length
    ? list.map((f) => finding(f, f.file))
    : el("p", { class: "empty" }, lint ? "lint finds nothing in this configuration." : "lint is at work."));
}

const chunk = 200; // lines in a group, which the browser lays out when it comes into sight

function drawText(f, line) {
  const at = new Map();
  for (const x of findings()) if (x.file === f.name) at.set(x.line, [...(at.get(x.line) ?? []), x]);
  const hits = new Map(); // of rules that start on a line
  for (const r of rules) if (r.at?.file === f.name) hits.set(r.at.line, (hits.get(r.at.line) ?? 0) + r.hits);
  const groups = [];
  for (let i = 0; i < f.lines.length; i += chunk) {
    groups.push(el("div", { class: "chunk" }, f.lines.slice(i, i + chunk).map((t, j) => row(i + j + 1, t, at.get(i + j + 1) ?? [], hits.get(i + j + 1), i + j + 1 === line))));
  }
  fill(text, el("div", { class: "title-line" }, el("h3", { class: "file-title" }, f.name), el("span", { class: "quiet" }, plural(f.lines.length + f.more, "line"))),
    el("div", { class: "source" }, groups, f.more > 0 && el("p", { class: "quiet" }, `${f.more} more lines are not shown`)));
  const chosen = text.querySelector(".chosen");
  if (chosen) {
    chosen.scrollIntoView({ block: "center" });
    chosen.focus({ preventScroll: true });
  }
}

function row(n, t, list, hits, chosen) {
  return [
    el("div", { class: chosen ? "code-line chosen" : "code-line", tabindex: chosen ? "-1" : null },
      el("span", { class: "number" }, n), el("code", {}, t || " "),
      hits !== undefined && el("span", { class: hits ? "hits" : "hits never" }, hits ? plural(hits, "hit") : "never hit")),
    list.map((f) => finding(f, "")),
  ];
}
