package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s has no %q:\n%s", what, want, text)
		}
	}
}

// TestVisit goes the whole way: a request and the rule that decided, an edit that changes the decision, an edit that breaks
// the configuration, a publish and what became stale of it, and time that passes.
func TestVisit(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	b.visit(s, "")
	const clientlib = "/etc.clientlibs/wknd/clientlibs/clientlib-site.min.css"
	const probe = "/bin/querybuilder.json?path=/home"

	b.send(probe)
	contains(t, "the verdict", b.text(".verdict"), "404 denied", `/0001 { /type "deny" /url "*" }`, "src/conf.dispatcher.d/filters/default_filters.any:7:1")
	contains(t, "the stage", b.stage("filter"), "deny by /0001")
	contains(t, "the stage", b.stage("vhost"), "www.wknd.example")
	contains(t, "the stage", b.stage("cache"), "not reached")

	// The line that decided is one click away.
	b.click(".verdict .place")
	b.waitText(".code-line.chosen", `/0001 { /type "deny" /url "*" }`)
	b.waitText(".code-line.chosen", "1 hit")
	b.visit(s, "")

	const filters = "conf.dispatcher.d/filters/wknd_filters.any"
	s.edit(filters, func(text string) string {
		return text + "\n/0999 { /type \"allow\" /method \"GET\" /url \"/bin/querybuilder.json*\" }\n"
	})
	b.waitText("#live-more", "configuration 2")
	b.visit(s, "#/requests/1")
	b.waitText(".verdict", "404 denied")
	b.click(".again")
	b.waitText("#detail .facts", "configuration 2")
	contains(t, "the verdict", b.text(".verdict .before"), "before: 404 denied", "filters/default_filters.any:7", "request 1", "by configuration 1")
	contains(t, "the stage", b.stage("filter"), "allow by /0999", `/0999 { /type "allow"`, "filters/wknd_filters.any:")
	if got := b.text(".verdict .says"); strings.Contains(got, "denied") {
		t.Errorf("it is still denied:\n%s", got)
	}

	// A file with a mistake does not serve; the last good configuration goes on.
	s.edit(filters, func(text string) string { return text + "/1000 { /type \"allow\n" })
	b.waitText("#broken", "wknd_filters.any")
	contains(t, "the banner", b.text("#broken"), "Configuration 2 goes on")
	b.send(probe)
	contains(t, "the stage", b.stage("filter"), "allow by /0999")
	s.edit(filters, func(text string) string { return strings.TrimSuffix(text, "/1000 { /type \"allow\n") })
	b.wait(`document.getElementById("broken").textContent === ""`)

	// A publish.
	for _, url := range []string{"/us/en.html", "/us/en/faqs.html", "/us/en/adventures.html", clientlib} {
		b.send(url)
		contains(t, url, b.stage("cache"), "cacheable", "miss", "stored")
	}
	b.send("/us/en/faqs.html")
	contains(t, "the verdict", b.text(".verdict"), "200 from cache")
	b.click(`[data-view="cache"]`)
	b.waitText("#cache-tree", "faqs.html")
	b.fill("#flush-host", "www.wknd.example")
	b.fill("#flush-handle", "/content/wknd/us/en")
	b.click("#flush-form .primary")
	b.waitText("#flushed", "became stale")
	contains(t, "the flush", b.text("#flushed"), "deleted", "/content/wknd/us/en.html", "2 became stale", "/content/wknd/us/en/faqs.html", "/content/wknd/us/en/adventures.html", "/content/wknd/us/.stat was touched after it")
	b.wait(`document.querySelectorAll(".leaf.new").length === 2`)
	contains(t, "the tree", b.text("#cache-tree"), "stale", "clientlib-site.min.css", "/invalidate does not apply to it", ".stat")
	if got := b.text(".leaf.new"); strings.Contains(got, "clientlib-site.min.css") {
		t.Errorf("what /invalidate leaves alone became stale:\n%s", got)
	}
	b.fill("#clock-by", "1h")
	b.click("#clock-form button")
	b.waitText("#clock-ahead", "+1 h")
	b.waitText("#cache-summary", "2 stale")
	b.click(`[data-view="requests"]`)
	b.send("/us/en/faqs.html")
	contains(t, "the stage", b.stage("cache"), "stale", "was touched after it", "/invalidate")

	// Rules that never decided stand out.
	b.click(`[data-view="rules"]`)
	b.waitText("#rules", "wknd_filters.any")
	contains(t, "the rules", b.text("#rules"), "never", `/0001 { /type "deny" /url "*" }`)
	b.click("#rules-never")
	b.wait(`[...document.querySelectorAll("#rules tbody tr")].every((r) => r.classList.contains("never"))`)
}

// TestFindings: what lint says stands beside the line.
func TestFindings(t *testing.T) {
	s := serve(t)
	b := open(t)
	s.edit("conf.dispatcher.d/filters/wknd_filters.any", func(text string) string {
		return text + "\n/0999 { /type \"allow\" /url \"*\" }\n"
	})
	b.look("light", 1280, 800)
	b.visit(s, "#/configuration")
	b.wait(`!document.getElementById("finding-count").hidden`)
	b.waitText("#file-text", "/0999 allows every request")
	eval[bool](b, `([...document.querySelectorAll("#file-text .finding")].find((f) => f.textContent.includes("/0999 allows every request")).querySelector(".place").click(), true)`)
	b.waitText(".code-line.chosen", "/0999")
	b.wait(`document.querySelector(".code-line.chosen").nextElementSibling.classList.contains("finding")`)
	contains(t, "the finding", b.text(".code-line.chosen ~ .finding"), "error DSP154", "/0999 allows every request")
}

// TestHostile: what a request holds is shown, and runs nothing.
func TestHostile(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	b.visit(s, "")
	eval[bool](b, `(() => {
		window.violations = [];
		document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI));
		return true;
	})()`)
	const evil = `"'><img/src=x/onerror=window.pwned=1><script>window.pwned=1</script><svg/onload=window.pwned=1>`
	path := "/us/" + strings.ReplaceAll(evil, " ", "") + "${7*7}{{7*7}}javascript:window.pwned=1.html"
	if got := s.raw("GET " + path + " HTTP/1.1\r\nHost: www.wknd.example\r\nX-Forwarded-Proto: https\r\nUser-Agent: " + evil + "\r\nCookie: a=" + evil + "\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 ") {
		t.Fatalf("the site answered %q", got)
	}
	b.wait(`document.querySelector(".row .url")?.textContent.includes("onerror")`)
	b.click(".row")
	b.waitText("#detail .target", "window.pwned=1")
	eval[bool](b, `(document.querySelectorAll("#detail details").forEach((d) => (d.open = true)), true)`)
	contains(t, "the path", b.text("#detail"), evil)

	// The same with the form, in every field.
	b.fill("#send-headers", "X-Evil: "+evil)
	b.send("/us/en.html?q=" + evil)
	eval[bool](b, `(document.querySelectorAll("#detail details").forEach((d) => (d.open = true)), true)`)
	contains(t, "the path", b.text("#detail"), "X-Evil", evil)
	b.fill("#send-host", evil)
	b.click("#send-form .primary")
	b.wait(fmt.Sprintf(`document.getElementById("send-problem").textContent !== "" || document.querySelector(".heading .quiet")?.textContent === %s`, quote(evil)))

	// In the address of the page, and in the handle of a flush.
	eval[bool](b, fmt.Sprintf(`(location.hash = "#/configuration/" + %s, true)`, quote(evil)))
	b.waitText("#file-text .problem", "no such file")
	eval[bool](b, `(location.hash = "#/requests/%E0%A4%A", true)`)
	b.click(`[data-view="cache"]`)
	b.fill("#flush-handle", "/content/"+evil)
	b.click("#flush-form .primary")
	b.wait(`document.getElementById("flush-problem").textContent !== "" || document.getElementById("flushed").textContent.includes("onerror")`)

	for _, made := range []string{"#detail img", "#detail script", "#detail svg", "#list img", "#list script", "#flushed img", "#cache-tree img", "#file-text img"} {
		if n := eval[int](b, fmt.Sprintf(`document.querySelectorAll(%s).length`, quote(made))); n != 0 {
			t.Errorf("%s: %d elements were made of text", made, n)
		}
	}
	if eval[bool](b, `window.pwned !== undefined`) {
		t.Error("text of a request ran")
	}
	if v := eval[[]string](b, `window.violations`); len(v) != 0 {
		t.Errorf("the policy had to stop %q", v)
	}
	// The policy stops what slips through, too. This is tried last: the console may complain about it.
	stopped := eval[bool](b, `(() => { try { document.createElement("div").innerHTML = "<b>x</b>"; return false; } catch { return true; } })()`)
	if !stopped {
		t.Error("the browser makes HTML of text")
	}
	b.forgive("TrustedHTML", "Trusted Type", "the server responded with a status of 4") // what the test asked for on purpose
}

// TestKeyboard: the list and the path can be used without a mouse.
func TestKeyboard(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	for _, url := range []string{"/us/en.html", "/system/console", "/us/en/faqs.html"} {
		s.get(url)
	}
	b.visit(s, "")
	b.wait(`document.querySelectorAll(".row").length === 3`)
	b.press(kb.Tab)
	if got := eval[string](b, `document.activeElement.className`); got != "skip" {
		t.Errorf("the first stop is %q, not the link past the top", got)
	}
	eval[bool](b, `(document.getElementById("list").focus(), true)`)
	b.press(kb.ArrowDown)
	b.waitText("#detail .target", "/us/en/faqs.html")
	b.press(kb.ArrowDown)
	b.waitText("#detail .target", "/system/console")
	b.wait(`document.getElementById(document.getElementById("list").getAttribute("aria-activedescendant"))?.getAttribute("aria-selected") === "true"`)
	b.press(kb.End)
	b.waitText("#detail .target", "/us/en.html")
	b.press(kb.Home)
	b.waitText("#detail .target", "/us/en/faqs.html")
	b.press(kb.Enter)
	if got := eval[string](b, `document.activeElement.id`); got != "detail" {
		t.Errorf("Enter leads to %q", got)
	}

	// What is drawn anew while requests come leaves the keyboard where it was.
	for _, view := range []struct{ name, focus, news string }{
		{"rules", "#rules tbody tr:nth-child(2) .place", `[...document.querySelectorAll("#rules tbody .number")].some((n) => n.textContent === "4")`},
		{"cache", `#cache-tree button[aria-label="Flush /content/wknd/us/en.html"]`, `document.getElementById("cache-tree").textContent.includes("for-cache.html")`},
	} {
		b.click(fmt.Sprintf(`[data-view=%q]`, view.name))
		b.wait(fmt.Sprintf(`document.querySelector(%s) !== null`, quote(view.focus)))
		const here = `document.activeElement.href + document.activeElement.getAttribute("aria-label")`
		eval[bool](b, fmt.Sprintf(`(document.querySelector(%s).focus(), window.was = document.activeElement, window.label = %s, true)`, quote(view.focus), here))
		s.get("/us/en/for-" + view.name + ".html")
		b.wait(view.news)
		if eval[bool](b, `window.was === document.activeElement`) || !eval[bool](b, here+` === window.label`) {
			t.Errorf("%s: the keyboard is at %s", view.name, eval[string](b, `document.activeElement.outerHTML`))
		}
	}
}

// TestMany: thousands of requests stay a handful of elements, and the page answers at once.
func TestMany(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	b.visit(s, "")
	eval[bool](b, `(() => {
		window.longest = 0;
		new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.longest = Math.max(window.longest, e.duration)))).observe({ type: "longtask", buffered: false });
		return true;
	})()`)
	const n = 1500
	for i := range n {
		s.get(fmt.Sprintf("/us/en/page-%d.html", i))
	}
	// What comes too fast for the page is counted: nothing is lost without a word.
	b.wait(fmt.Sprintf(`(document.getElementById("list-note").textContent.match(/[\d,]+/g) ?? []).reduce((n, t) => n + Number(t.replaceAll(",", "")), 0) === %d`, n))
	b.wait(fmt.Sprintf(`document.querySelector(".row .url").textContent === "/us/en/page-%d.html"`, n-1))
	if got := eval[int](b, `document.querySelectorAll(".row").length`); got > 60 {
		t.Errorf("%d rows are elements", got)
	}
	eval[bool](b, `(() => { const l = document.getElementById("list"); l.scrollTop = l.scrollHeight; return true; })()`)
	const last = `[...document.querySelectorAll(".row")].find((r) => r.getAttribute("aria-posinset") === r.getAttribute("aria-setsize"))?.querySelector(".url").textContent`
	b.wait(last)
	oldest := eval[string](b, last)
	before := eval[float64](b, `document.getElementById("list").scrollTop`)
	s.get("/us/en/another.html")
	b.wait(fmt.Sprintf(`document.getElementById("list").scrollTop > %f`, before)) // who reads further down keeps the place
	b.wait(fmt.Sprintf(`%s === %s`, last, quote(oldest)))
	b.fill("#filter-text", "page-1477. 200")
	b.wait(`document.querySelectorAll(".row").length === 1 && document.querySelector(".row .url").textContent === "/us/en/page-1477.html"`)
	// A machine that does other things at the same time makes any task long: only what nobody would bear fails.
	longest := eval[float64](b, `window.longest`)
	t.Logf("the longest task took %.0f ms", longest)
	if longest > 1500 {
		t.Errorf("the page stood still for %.0f ms", longest)
	}
}

// TestPause: a list that moves can be held, and nothing is lost meanwhile.
func TestPause(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	b.visit(s, "")
	s.get("/us/en.html")
	b.wait(`document.querySelectorAll(".row").length === 1`)
	b.click("#pause")
	s.get("/us/en/faqs.html")
	s.get("/system/console")
	b.waitText("#pause", "Resume (2)")
	if n := eval[int](b, `document.querySelectorAll(".row").length`); n != 1 {
		t.Errorf("%d rows while the list is held", n)
	}
	b.click("#pause")
	b.wait(`document.querySelectorAll(".row").length === 3`)
	b.fill("#filter-text", "denied console")
	b.wait(`document.querySelectorAll(".row").length === 1`)
	contains(t, "the list", b.text("#list-note"), "1 request of 3")
}

// TestRestart: a page that is open when the server is started again finds the new one, and may change something there.
func TestRestart(t *testing.T) {
	s := serve(t)
	b := open(t)
	b.look("light", 1280, 800)
	b.visit(s, "")
	s.get("/us/en.html")
	b.wait(`document.querySelectorAll(".row").length === 1`)
	site, page := strings.TrimPrefix(s.site, "http://"), strings.TrimPrefix(s.page, "http://")
	s.stop()
	b.waitText("#live-text", "reconnecting")
	s.start(site, page)
	b.wait(`document.getElementById("live-text").textContent === "live" && document.querySelectorAll(".row").length === 0`)
	b.send("/system/console")
	contains(t, "the verdict", b.text(".verdict"), "404 denied")
	b.forgive("net::ERR_") // what the console says of a server that is gone
}
