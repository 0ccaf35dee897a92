// The words and colours of outcomes, and places of the configuration.

import { el } from "./dom.js";

// What an outcome looks like. Its own word always stands beside the colour.
const looks = {
  answered: "good", delivered: "good", forwarded: "good", declined: "calm",
  denied: "bad", refused: "bad", "no farm": "bad", failed: "warn", undecided: "warn",
  redirected: "move", proxied: "move", invalidation: "flush",
};

// Shorter or plainer words for some of them.
const words = { delivered: "from cache", answered: "from render", invalidation: "flush" };

/** outcomeLook is the class of an outcome's colour. An error that a render or the cache answers is no good end. */
export function outcomeLook(outcome, status = 0) {
  const look = looks[outcome] ?? "calm";
  return look === "good" && status >= 400 ? "warn" : look;
}

/** outcomeWord is what people call an outcome. */
export const outcomeWord = (outcome) => words[outcome] ?? outcome;

const cacheLooks = { hit: "good", miss: "calm", stale: "warn", expired: "warn", none: "calm" };

/** chip is a small label. */
export function chip(text, look = "calm", title = null) {
  return el("span", { class: `chip ${look}`, title }, text);
}

/** outcomeChip says what became of a request. */
export function outcomeChip(outcome, status) {
  return chip(`${status || ""} ${outcomeWord(outcome)}`.trim(), outcomeLook(outcome, status));
}

/** cacheChip says what the cache did. */
export function cacheChip(action) {
  return action ? chip(`cache ${action}`, cacheLooks[action] ?? "calm") : null;
}

/** shortPlace is the end of a file's name, and the line. */
export function shortPlace(place) {
  const parts = place.file.split("/");
  return `${parts.slice(-2).join("/")}:${place.line}`;
}

/** fullPlace is file:line:column. */
export const fullPlace = (p) => `${p.file}:${p.line}:${p.column}`;

/** fileLink leads to a line of a file in the configuration. */
export function fileLink(file, line) {
  return `#/configuration/${encodeURIComponent(file)}${line ? ":" + line : ""}`;
}

/** place is a link to a piece of the configuration. Texts of the platform are not the project's and have no page here. */
export function place(p, write = shortPlace) {
  if (!p || !p.file) return null;
  if (p.file.startsWith("base:")) return el("span", { class: "place", title: fullPlace(p) }, write(p));
  return el("a", { class: "place", href: fileLink(p.file, p.line), title: fullPlace(p) }, write(p));
}

/** config is a piece of the configuration: its text and where it stands. */
export function config(p, text, write = shortPlace) {
  if (!p || !p.file) return null;
  return el("div", { class: "config" }, text ? el("code", {}, text) : null, place(p, write));
}
