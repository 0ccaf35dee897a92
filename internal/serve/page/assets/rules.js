// Rules and how often they decided.

import { byId, el, fill, steady } from "./dom.js";
import { follow } from "./view.js";
import { place } from "./words.js";

const box = byId("rules");
const search = byId("rules-text");
const never = byId("rules-never");

// What the kinds are called, and when their rules count as hit.
const kinds = {
  vhosts: ["Virtual hosts", "chosen for a request"], rewrite_rules: ["Rewrite rules", "applied"], rewrite_conditions: ["Rewrite conditions", "compared"],
  farms: ["Farms", "chosen for a request"], filter: ["Filter", "the last that matched"], cache_rules: ["Cache rules", "the last that matched"],
  ignore_url_params: ["Ignored parameters", "the last that matched a parameter"], invalidate: ["Invalidation", "the last that matched a file"],
  allowed_clients: ["Clients that may flush", "the last that matched"],
};

// Kinds whose text does not say their name.
const named = new Set(["vhosts", "farms"]);

let rules = [];

export const { open, close, changed } = follow("rules", box, (read) => {
  rules = read;
  draw();
}, 1000);

function draw() {
  const wanted = search.value.trim().toLowerCase();
  const hit = rules.filter((r) => r.hits > 0).length;
  byId("rules-summary").textContent = `${hit} of ${rules.length} decided something, ${rules.length - hit} never hit`;
  const order = Object.keys(kinds);
  const names = [...new Set(rules.map((r) => r.kind))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const parts = names.map((kind) => {
    const all = rules.filter((r) => r.kind === kind);
    const list = all.filter((r) => (!never.checked || !r.hits) && (!wanted || `${r.name} ${r.text} ${r.at?.file}:${r.at?.line}`.toLowerCase().includes(wanted)));
    if (!list.length) return null;
    const most = Math.max(1, ...all.map((r) => r.hits));
    const [title, when] = kinds[kind] ?? [kind, "decided"];
    return el("section", { class: "kind", "aria-label": title },
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, table` },
        el("table", { class: "rules" },
          el("caption", {}, el("strong", {}, title), el("span", { class: "quiet" }, ` hit means ${when}; ${all.filter((r) => r.hits).length} of ${all.length}`)),
          el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "number" }, "Hits"), el("th", { scope: "col" }, "Rule"), el("th", { scope: "col" }, "At"))),
          el("tbody", {}, list.map((r) => el("tr", { class: r.hits ? "" : "never" },
            el("td", { class: "number" }, r.hits ? [bar(r.hits / most), el("span", {}, r.hits.toLocaleString("en"))] : el("span", { class: "quiet" }, "never")),
            el("th", { scope: "row" }, named.has(kind) && [el("strong", {}, r.name || "without a name"), " "], el("code", {}, r.text)),
            el("td", {}, place(r.at))))))));
  });
  steady(box, () => fill(box, parts.some(Boolean) ? parts : el("p", { class: "quiet" }, rules.length ? "No rule is left." : "The configuration has no rules.")));
}

// bar is a length: the number beside it says the same.
function bar(share) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "bar");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 40 8");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("width", String(Math.max(1, 40 * share)));
  rect.setAttribute("height", "8");
  rect.setAttribute("rx", "2");
  svg.append(rect);
  return svg;
}

search.addEventListener("input", draw);
never.addEventListener("change", draw);
