// The path of one request: verdict, what decided, and what each stage found.

import { announce, byId, bytes, day, el, fill, moment, plural, steady } from "./dom.js";
import { read } from "./server.js";
import { chip, config, fullPlace, outcomeChip, outcomeLook, outcomeWord, place } from "./words.js";

const detail = byId("detail");
let asked = 0;
let send = () => {};
let known = () => null;
let before = () => null;

/** whenSent sets what sends a request again, what finds one in the list, and what finds the one before that asked the same. */
export function whenSent(f, find, earlier) {
  send = f;
  known = find;
  before = earlier;
}

// What belongs to a connection or to a body, neither of which is kept.
const passing = new Set(["host", "connection", "content-length", "transfer-encoding", "expect", "keep-alive", "upgrade", "te", "trailer"]);

// whole is a request of the list, unless its URL was too long to be told whole.
const whole = (e) => (e && !e.url.endsWith("…") ? e : null);

// again is a button that sends a request once more: with the configuration and the cache as they are now.
function again(e, headers) {
  return e && el("button", { type: "button", class: "again", onclick: () => send({
    method: e.method, url: e.url, host: e.host, headers: headers.filter(([name]) => !passing.has(name.toLowerCase())), body: "", client: "",
  }) }, "Send again");
}

/** show opens a request. */
export async function show(id) {
  const mine = ++asked;
  let x;
  try {
    x = await read("request", { id });
  } catch (err) {
    if (mine === asked) fill(detail, back(), el("p", { class: "problem" }, err.message), again(whole(known(id)), []));
    return;
  }
  if (mine !== asked) return; // another one was opened meanwhile
  const open = new Set([...detail.querySelectorAll("details[open]")].map((d) => d.dataset.name));
  steady(detail, () => {
    fill(detail, back(), heading(x), decided(x), stages(x), answer(x), files(x), more(x));
    for (const d of detail.querySelectorAll("details")) if (open.has(d.dataset.name)) d.open = true;
  });
  detail.scrollTop = 0;
}

let about = () => null;

/** whenBlank sets what stands beside the list where no request is open. */
export function whenBlank(f) {
  about = f;
  if (detail.querySelector(".blank")) blank();
}

/** blank says what the panel is for. */
export function blank() {
  asked++;
  fill(detail, el("div", { class: "blank" },
    el("p", { class: "quiet" }, "Choose a request to see its path: virtual host, rewriting, farm, filter, cache, render — and the line that decided."),
    about()));
}

/** summary says in one sentence what became of a request. */
export async function summary(id) {
  const x = await read("request", { id });
  const s = x.simulation;
  return `${s.request.method} ${s.request.url}: ${sentence(s)}${x.by ? `, ${x.by.file} line ${x.by.line}` : ""}`;
}

function back() {
  return el("a", { class: "back", href: "#/requests" }, "← All requests");
}

function textAt(x, p) {
  return p ? x.texts[fullPlace(p)] : "";
}

function heading(x) {
  const s = x.simulation;
  const e = x.exchange;
  return el("header", { class: "heading" },
    el("h2", {}, el("span", { class: "method" }, s.request.method), " ", el("span", { class: "quiet" }, e.host), el("span", { class: "target" }, s.request.url)),
    again({ ...e, url: s.request.url }, x.request_headers),
    el("p", { class: "facts quiet" },
      `request ${e.id} · `, moment(e.at, day), ` · ${e.ms < 10 ? e.ms.toFixed(2) : Math.round(e.ms)} ms · configuration ${e.revision}`, e.page && " · sent from this page"));
}

/** sentence says what became of a request, and why. */
function sentence(s) {
  const rule = s.filter?.rule ? `filter rule ${s.filter.rule}` : "the filter";
  const http = s.httpd;
  switch (s.outcome) {
    case "denied":
      return s.filter && s.filter.action === "deny" ? (s.filter.rule ? `${rule} denies it` : `the filter denies it: ${s.filter.code}`) : `denied: ${s.reason}`;
    case "answered":
      return `render ${s.render?.name ?? ""} answered${s.response ? " " + s.response.status : ""}; ${kept(s.cache)}`;
    case "delivered":
      return `the cache answered${s.cache?.validity ? ": " + s.cache.validity.why.replace(/^fresh: /, "the file is fresh, ") : ""}`;
    case "refused":
      return `httpd answered ${s.response?.status ?? ""} itself${http?.reason ? ": " + http.reason : ""}`;
    case "redirected":
      return `httpd redirects to ${http?.location ?? ""}`;
    case "proxied":
      return `httpd passes it on to ${http?.proxy ?? ""}, past the Dispatcher`;
    case "invalidation":
      return !s.invalidation?.allowed ? "a flush that /allowedClients rejects" :
        `a flush: ${plural(s.invalidation.deleted.length, "file")} deleted, ${plural(s.invalidation.touched.length + s.invalidation.touched_outside.length, "statfile")} touched`;
    case "no farm":
      return "no farm answers for it";
    case "failed":
      return s.reason === "no-render" ? "the farm has no render to ask" : `no render answered: ${s.reason}`;
    case "declined":
      return "the Dispatcher leaves it to httpd";
  }
  return s.reason;
}

function kept(cache) {
  if (!cache) return "the cache was not reached";
  if (cache.served_stale) return "a stale page was served";
  if (cache.stored) return "the answer is stored";
  if (cache.cacheable) return "the answer can be cached";
  return `not cached: ${cache.reason ?? cache.info ?? cache.code}`;
}

// decided is the verdict with the line that decided.
function decided(x) {
  const s = x.simulation;
  return el("div", { class: `verdict ${outcomeLook(s.outcome, s.response?.status)}` },
    el("p", { class: "says" },
      el("strong", { class: "word" }, `${s.response?.status ?? ""} ${outcomeWord(s.outcome)}`.trim()), " ", sentence(s),
      s.verdict === "depends" && [" ", chip("depends on what is not simulated", "warn")]),
    config(x.by, textAt(x, x.by), fullPlace),
    el("p", { class: "quiet code" }, s.reason),
    changed(x));
}

// changed says what became of the same request before, where that was something else.
function changed(x) {
  const e = x.exchange;
  const b = before({ ...e, url: x.simulation.request.url });
  if (!b || (b.status === e.status && b.outcome === e.outcome && b.by?.file === e.by?.file && b.by?.line === e.by?.line)) return null;
  return el("p", { class: "before" }, "before: ", outcomeChip(b.outcome, b.status), " ", b.by && [place(b.by), " "],
    el("a", { href: `#/requests/${b.id}` }, `request ${b.id}`), b.revision !== e.revision && `, by configuration ${b.revision}`);
}

// How a stage stands in the path. The word is read out; the mark is for the eye.
const marks = { passed: ["✓", "passed"], decided: ["◆", "decided here"], stopped: ["✕", "stopped here"], none: ["–", "not reached"], aside: ["–", "beside the path"] };

function stage(name, mark, title, ...body) {
  const [sign, word] = marks[mark];
  return el("li", { class: `stage ${mark}`, "data-stage": name },
    el("span", { class: "mark", "aria-hidden": "true" }, sign),
    el("div", { class: "what" },
      el("h3", {}, el("span", { class: "name" }, name), el("span", { class: "hidden" }, `, ${word}: `), el("span", { class: "title" }, mark === "none" ? "not reached" : title)),
      mark === "none" ? null : body));
}

function folded(name, title, ...body) {
  return el("details", { "data-name": name }, el("summary", {}, title), ...body);
}

function stages(x) {
  const s = x.simulation;
  const list = s.invalidation
    ? [vhost(x), rewrite(x), farm(x), flush(x)]
    : [vhost(x), rewrite(x), farm(x), filter(x), cache(x), render(x)];
  return el("section", { "aria-label": "Stages" }, el("ol", { class: "stages" }, list));
}

function vhost(x) {
  const h = x.simulation.httpd;
  if (!h) return stage("vhost", "passed", "no httpd side: the URL is taken as it was sent");
  return stage("vhost", "passed", h.vhost || "the main server",
    config(h.source, textAt(x, h.source)),
    x.assumed.map((a) => el("p", { class: "quiet" }, a)));
}

const byHTTPD = new Set(["refused", "redirected", "proxied", "declined"]);

function rewrite(x) {
  const s = x.simulation;
  const h = s.httpd;
  if (!h) return stage("rewrite", "none", "");
  const applied = h.steps.filter((p) => p.applied);
  const others = h.steps.filter((p) => !p.applied);
  const ended = byHTTPD.has(s.outcome);
  const mark = !ended ? "passed" : s.outcome === "refused" ? "stopped" : "decided";
  let title = applied.length ? `${plural(applied.length, "rule")} applied` : h.steps.length ? "no rule applied" : "no rules";
  if (ended) title = sentence(s);
  else if (h.uri !== s.request.url.split("?")[0]) title += `: now ${h.uri}`;
  const changed = Object.entries(h.request_headers_changed);
  return stage("rewrite", mark, title,
    ended && h.by && !applied.some((p) => p.source && fullPlace(p.source) === fullPlace(h.by)) && config(h.by, textAt(x, h.by)),
    applied.map((p) => step(p)),
    h.redirects.map((r) => el("p", {}, `${r.from} → ${r.status} → ${r.to} `, place(r.source))),
    h.not_simulated.map((n) => el("p", {}, chip("not simulated", "warn"), ` ${n.construct} `, n.why && el("span", { class: "quiet" }, n.why + " "), place(n.source))),
    changed.length > 0 && folded("changed", `${plural(changed.length, "request header")} changed`, fields(changed.map(([k, v]) => [k, v ?? "removed"]))),
    others.length > 0 && folded("tried", `${plural(others.length, "rule")} tried that did not apply`, others.map((p) => step(p))));
}

function step(p) {
  return el("div", { class: `step ${p.applied ? "" : "calm"}` },
    el("div", { class: "config" }, el("code", {}, p.conditions.map((c) => c.text + "\n"), p.text), place(p.source)),
    p.applied
      ? el("p", { class: "flow" }, el("code", {}, p.input), el("span", { class: "arrow" }, " → "), el("code", {}, p.output === p.input ? "-" : p.output))
      : el("p", { class: "quiet" }, p.matched ? "the pattern matches, a condition does not hold: " : "the pattern does not match ",
        p.matched ? p.conditions.filter((c) => !c.matched).map((c) => el("code", {}, JSON.stringify(c.input), " ")) : el("code", {}, p.input)),
    p.note && el("p", { class: "quiet" }, p.note));
}

const farmReasons = {
  "matched": "its virtual host matches", "host-only": "its virtual host matches by the host alone", "default": "the last farm: no virtual host matches",
  "fragment": "made for the fragment", "asked-for": "as asked for",
};

function farm(x) {
  const s = x.simulation;
  if (!s.farm) return s.outcome === "no farm" ? stage("farm", "stopped", "no farm answers") : stage("farm", "none", "");
  return stage("farm", "passed", s.farm.name,
    el("p", { class: "quiet" }, farmReasons[s.farm.reason] ?? s.farm.reason, s.farm.virtualhost !== null && [": ", el("code", {}, s.farm.virtualhost)], " ", place(s.farm.source)));
}

function filter(x) {
  const s = x.simulation;
  const f = s.filter;
  if (!f) return stage("filter", "none", "");
  const denied = f.action === "deny" && !f.vanity;
  const title = f.vanity ? "allow: the vanity list has the URL" : f.rule ? `${f.action} by ${f.rule}` : `${f.action}: ${f.code}`;
  const before = f.matched.filter((r) => !(f.source && r.source && fullPlace(r.source) === fullPlace(f.source)));
  return stage("filter", denied ? "stopped" : "passed", title,
    config(f.source, textAt(x, f.source)),
    before.length > 0 && el("div", { class: "before" },
      el("p", { class: "quiet" }, "matched too, but a later rule decides:"),
      el("ul", { class: "plain" }, before.map((r) => el("li", {}, chip(`${r.action} ${r.rule}`, "calm"), " ", place(r.source))))),
    f.depends_on.length > 0 && el("p", {}, chip(`depends on ${f.depends_on.join(", ")}`, "warn")),
    looked(x, (l) => l.section === "/filter", "filter-rules", "compared"));
}

function cache(x) {
  const s = x.simulation;
  const c = s.cache;
  if (!c) return stage("cache", "none", "");
  const hit = s.outcome === "delivered";
  const title = `${c.cacheable ? "cacheable" : "not cacheable: " + (c.reason ?? c.info ?? c.code)}${c.rule ? ` by ${c.rule}` : ""}${c.action && c.action !== "none" ? `, ${c.action}` : ""}`;
  return stage("cache", hit ? "decided" : "passed", title,
    config(c.source, textAt(x, c.source)),
    c.file && el("p", {}, "file ", el("code", { class: "file" }, c.file)),
    c.validity && el("p", {}, chip(c.validity.fresh ? "fresh" : "stale", c.validity.fresh ? "good" : "warn"), " ", c.validity.why.replace(/^(fresh|stale): /, ""),
      c.validity.rule && [" — /invalidate ", c.validity.rule, " ", place(c.validity.source)]),
    c.stored === true && el("p", {}, chip("stored", "good")),
    c.served_stale && el("p", {}, chip("served stale", "warn")),
    c.depends_on.length > 0 && el("p", { class: "quiet" }, `depends on ${c.depends_on.join(", ")}`),
    looked(x, (l) => l.section !== "/filter" && l.section.startsWith("/cache"), "cache-rules", "compared"));
}

function render(x) {
  const s = x.simulation;
  const r = s.render;
  if (!r) return s.outcome === "failed" ? stage("render", "stopped", s.reason) : stage("render", "none", "");
  if (r.name === null && s.outcome !== "failed") {
    return stage("render", "aside", "not asked for the page", attempts(r));
  }
  return stage("render", s.outcome === "failed" ? "stopped" : s.outcome === "answered" ? "decided" : "passed", `${r.name ?? "none"}${r.sticky ? ", sticky" : ""}`,
    r.url && el("p", {}, el("code", {}, r.url)),
    config(r.source, textAt(x, r.source)),
    attempts(r),
    r.request_headers.length > 0 && folded("render-headers", `${plural(r.request_headers.length, "header")} sent to it`, fields(r.request_headers)));
}

function attempts(r) {
  return r.attempts.length > 0 && el("ul", { class: "plain" }, r.attempts.map((a) =>
    el("li", {}, `${a.purpose}, render ${a.render}, round ${a.round}: `, a.error ? chip(a.error, "bad") : chip(a.status ?? "no answer", "calm"), ` ${a.ms} ms`)));
}

function flush(x) {
  const s = x.simulation;
  const f = s.invalidation;
  if (!f.allowed) return stage("flush", "stopped", "rejected by /allowedClients", config(s.source, textAt(x, s.source)));
  return stage("flush", "decided", `${f.action ?? ""} ${f.handle ?? ""}${f.scope ? `, scope ${f.scope}` : ""}`, effects(f));
}

/** effects is what a flush did to the cache. */
export function effects(f) {
  const why = new Map(f.why.map((w) => [w.file, w.why]));
  const list = (name, title, files, look) => files.length > 0 && el("div", { class: "effect" },
    el("p", {}, chip(`${files.length} ${title}`, look)),
    el("ul", { class: "plain names" }, files.slice(0, 50).map((n) =>
      el("li", {}, el("code", {}, n), why.has(n) && el("span", { class: "quiet" }, ` ${why.get(n).replace(/^(fresh|stale): /, "")}`))),
    files.length > 50 && el("li", { class: "quiet" }, `and ${files.length - 50} more`)));
  return el("div", { class: "effects" },
    list("deleted", "deleted", f.deleted, "bad"),
    list("touched", "touched", [...f.touched, ...f.touched_outside], "flush"),
    list("stale", "became stale", f.stale, "warn"),
    f.fresh.length > 0 && el("p", {}, chip(`${f.fresh.length} still fresh`, "good")),
    f.stale_before.length > 0 && el("p", {}, chip(`${f.stale_before.length} stale before`, "calm")),
    f.refetched.length > 0 && el("p", {}, `fetched again: ${f.refetched.join(", ")}`),
    f.failed.length > 0 && el("p", {}, chip("failed", "bad"), ` ${f.failed.join(", ")}`),
    f.invalidate_handler && el("p", {}, "handler ", el("code", {}, f.invalidate_handler.join(" ")), f.handler_error && [" ", chip(f.handler_error, "bad")]));
}

// looked is a table of the rules that were compared with the request, section by section.
function looked(x, of, name, word) {
  const rules = x.simulation.explain.filter(of);
  if (!rules.length) return null;
  const sections = [...new Set(rules.map((l) => l.section))];
  const hits = rules.filter((l) => l.match).length;
  return folded(name, `${plural(rules.length, "rule")} ${word}, ${hits} matched`,
    sections.map((section) => {
      const of = rules.filter((l) => l.section === section);
      return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Rules of ${section}` },
        el("table", { class: "looked" },
          el("caption", {}, section),
          el("thead", {}, el("tr", {}, ["Rule", "Action", "Matches", "Compared", "At"].map((t) => el("th", { scope: "col" }, t)))),
          el("tbody", {}, of.map((l) => el("tr", { class: l.match ? "match" : "" },
            el("th", { scope: "row" }, l.rule || "–"),
            el("td", {}, l.action),
            el("td", {}, l.match ? chip("yes", l.action === "allow" ? "good" : "bad") : l.reason === "rule-unusable" ? chip("never", "warn") : "no"),
            el("td", {}, l.elements.map((e) => el("div", { class: e.match ? "" : "quiet" },
              `/${e.element} `, el("code", {}, e.pattern), e.match ? " matches " : " does not match ", e.subject === null ? "nothing" : el("code", {}, e.subject), e.error && ` (${e.error})`))),
            el("td", {}, place(l.source, (p) => `${p.file.split("/").pop()}:${p.line}`)))))));
    }));
}

/** fields is a list of names with their values. */
export function fields(list) {
  return el("dl", { class: "fields" }, list.map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, v))));
}

function answer(x) {
  const s = x.simulation;
  const r = s.response;
  if (!r) return null;
  const headers = x.sent ?? Object.entries(r.headers);
  return el("section", { class: "block", "aria-labelledby": "answer-title" },
    el("h3", { id: "answer-title" }, "Response"),
    el("p", {}, outcomeChip(s.outcome, r.status), ` from ${r.from}, ${bytes(x.exchange.bytes)}`, r.cut && [" ", chip("cut short", "bad")], r.error_document && " — the body is httpd's ErrorDocument"),
    headers.length > 0 && fields(headers),
    x.body && folded("body", `Body, the first ${bytes(x.body.bytes)}`,
      x.body.text ? el("pre", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Beginning of the body" }, x.body.text) : el("p", { class: "quiet" }, "not text")),
    x.request_headers.length > 0 && folded("request-headers", `${plural(x.request_headers.length, "header")} of the request`, fields(x.request_headers)));
}

function files(x) {
  const file = x.simulation.cache?.file;
  const missing = file && !x.files.some((f) => f.kind === "page");
  if (!x.files.length && !missing) return null;
  return el("section", { class: "block", "aria-labelledby": "files-title" },
    el("h3", { id: "files-title" }, "In the cache now"),
    missing && el("p", {}, chip("no page", "calm"), " ", el("code", {}, file)),
    el("ul", { class: "plain cache-files" }, x.files.map((f) => el("li", {},
      f.kind === "page" ? chip(f.fresh ? "fresh" : "stale", f.fresh ? "good" : "warn") : chip(f.kind, f.kind === "statfile" ? "flush" : "calm"), " ",
      el("code", {}, f.name), " ",
      el("span", { class: "quiet" }, f.kind === "statfile" ? "touched " : f.kind === "ttl" ? "ends " : f.kind === "page" ? `${bytes(f.size)}, stored ` : "", moment(f.modified, day)),
      f.kind === "page" && f.why && el("div", { class: "why" }, f.why.replace(/^(fresh|stale): /, ""), f.rule && [" — ", el("code", {}, f.rule_text), " ", place(f.rule)])))));
}

function more(x) {
  const trace = x.simulation.trace;
  return el("section", { class: "block", "aria-label": "More" },
    trace.length > 0 && folded("log", `${plural(trace.length, "line")} of the logs`,
      el("ol", { class: "log scroll", tabindex: "0", "aria-label": "Lines of the logs" }, trace.map((t) => el("li", {}, el("span", { class: `level level-${t.level}` }, t.level), el("span", { class: "stage-name" }, t.stage), el("span", {}, t.message))))),
    folded("text", "As dispcheck simulate prints it", el("pre", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Output of dispcheck simulate" }, x.text)),
    el("div", { class: "command" }, el("p", { class: "quiet" }, "The same on the command line:"), el("code", { tabindex: "0", role: "region", "aria-label": "Command line" }, x.command),
      el("button", { type: "button", onclick: (e) => copy(e.currentTarget, x.command) }, "Copy")));
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("copied");
  } catch {
    button.textContent = "Mark it and copy";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
