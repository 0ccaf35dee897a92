package browser

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "make the pictures of docs/images again")

// contrast lists texts in sight that stand out too little from what is behind them, by the formula of WCAG 2.2, 1.4.3.
const contrast = `(() => {
	const parse = (c) => (c.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
	const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] === 1) return c;
		}
		return [255, 255, 255];
	};
	const weak = new Set();
	let looked = 0;
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest(".hidden, .skip, [hidden], noscript") || !e.getClientRects().length) continue;
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName);
		if (!own) continue;
		looked++;
		const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) weak.add(e.tagName + "." + e.className + " " + ratio.toFixed(2) + " " + e.textContent.trim().slice(0, 30));
	}
	return looked < 20 ? ["only " + looked + " texts were looked at"] : [...weak];
})()`

// TestLooks: in light and dark, on a desk and on a phone, every text can be read, nothing is wider than the window, and
// everything that can be used has a name.
func TestLooks(t *testing.T) {
	s := serve(t)
	b := open(t)
	s.edit("conf.dispatcher.d/filters/wknd_filters.any", func(text string) string { return text + "\n/0999 { /type \"allow\" /url \"*\" }\n" })
	b.visit(s, "")
	b.waitText("#live-more", "configuration 2")
	for _, url := range []string{"/us/en.html", "/us/en/faqs.html", "/system/console", "/wp-login.php", "/blog/x", "/us/en.html", "/favicon.ico", "/us/en.html?q=1"} {
		s.get(url)
	}
	b.click(`[data-view="cache"]`)
	b.fill("#flush-handle", "/content/wknd/us/en/faqs")
	b.click("#flush-form .primary")
	b.waitText("#flushed", "touched")
	s.edit("conf.dispatcher.d/filters/wknd_filters.any", func(text string) string { return text + "/1000 { /type \"allow\n" })
	b.waitText("#broken", "goes on")
	for _, size := range []struct{ width, height int64 }{{1280, 800}, {390, 844}, {320, 640}} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(scheme, size.width, size.height)
			for _, view := range []struct{ hash, ready string }{
				{"#/requests", `document.querySelectorAll(".row").length > 3 || innerWidth < 600`},
				{"#/requests/1", `document.querySelector("[data-stage=cache]")`},
				{"#/requests/4", `document.querySelector("[data-stage=rewrite]")`},
				{"#/requests/9", `document.querySelector("[data-stage=flush]")`},
				{"#/cache", `document.querySelector(".leaf")`},
				{"#/rules", `document.querySelector("#rules tr")`},
				{"#/configuration", `document.querySelector("#file-text .finding")`},
				{"#/configuration/src%2Fconf.dispatcher.d%2Ffilters%2Fwknd_filters.any:18", `document.querySelector(".code-line.chosen")`},
			} {
				name := fmt.Sprintf("%s, %s, %d wide", view.hash, scheme, size.width)
				b.visit(s, view.hash)
				b.wait(view.ready)
				eval[bool](b, `(document.querySelectorAll("#detail details").forEach((d) => (d.open = true)), true)`)
				for _, weak := range eval[[]string](b, contrast) {
					t.Errorf("%s: too little contrast: %s", name, weak)
				}
				if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s: %d pixels wider than the window", name, over)
				}
				b.named(name)
			}
		}
	}
}

// named: everything that can be used has a name for those who hear the page, and the page has its landmarks.
func (b *tab) named(view string) {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role := strings.Trim(string(n.Role.Value), `"`)
		roles[role]++
		switch role {
		case "button", "link", "textbox", "searchbox", "combobox", "ComboBoxGrouping", "checkbox", "listbox", "option", "form", "navigation", "region", "article", "table":
			if n.Name == nil || strings.Trim(string(n.Name.Value), `" `) == "" {
				b.t.Errorf("%s: a %s has no name", view, role)
			}
		}
	}
	for _, role := range []string{"banner", "navigation", "main", "heading", "status"} {
		if roles[role] == 0 {
			b.t.Errorf("%s: the page has no %s", view, role)
		}
	}
}

// TestPictures makes the pictures that docs show, where -update asks for it.
func TestPictures(t *testing.T) {
	if !*update {
		t.Skip("-update makes the pictures")
	}
	s := serve(t)
	b := open(t)
	for _, url := range []string{
		"/us/en.html", "/us/en/faqs.html", "/us/en/adventures.html", "/us/en.html?utm_source=newsletter", "/graphql/execute.json/wknd/adventures",
		"/system/console", "/bin/querybuilder.json?path=/home", "/wp-login.php", "/blog/2019/first-trip", "/us/en/faqs.html?q=1", "/us/en.html", "/content/wknd/us/en.infinity.json",
	} {
		s.get(url)
	}
	show := func(scheme, view, ready string) {
		t.Helper()
		b.look(scheme, 1280, 800)
		b.visit(s, view)
		b.wait(ready)
	}
	picture := func(name string) {
		t.Helper()
		shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if shot, err = small(shot); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", "..", "docs", "images", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const opened = `document.querySelector("[data-stage=filter]") && document.querySelectorAll(".row").length > 5`
	show("light", "#/requests/12", opened)
	picture("serve-light.png")
	show("dark", "#/requests/4", opened)
	picture("serve-dark.png")
	show("light", "#/cache", `document.querySelectorAll(".leaf").length > 2`)
	b.fill("#flush-handle", "/content/wknd/us/en")
	b.click("#flush-form .primary")
	b.waitText("#flushed", "became stale")
	b.wait(`document.querySelectorAll(".leaf.new").length > 0`)
	picture("serve-cache.png")
}
