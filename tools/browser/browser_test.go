package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium finds the browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("DISPCHECK_BROWSER"); name != "" {
		return name
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium on this machine: install it (apt-get install chromium), or name one in DISPCHECK_BROWSER")
	return ""
}

// A tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	wrongs []string // what the page's console complained about
}

// patience is how long something may take to show: long, for machines that are busy.
const patience = 60 * time.Second

// open starts a browser of its own. What its console complains about fails the test.
func open(t *testing.T) *tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-dev-shm-usage", "hide-scrollbars",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits until it has ended
			t.Logf("the browser: %v", err)
		}
		cancel()
	})
	b.do(chromedp.Navigate("about:blank"))
	if err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Text + " " + text(e.ExceptionDetails.Exception))
		case *runtime.EventConsoleAPICalled:
			for _, a := range e.Args {
				b.complain(string(e.Type) + ": " + text(a))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				b.complain(string(e.Entry.Source) + ": " + e.Entry.Text)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{runtime.Enable, log.Enable} {
		if _, err := chromedp.Call(ctx, enable, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrongs {
			t.Errorf("the console says: %s", w)
		}
	})
	return b
}

func text(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return string(o.Value) + o.Description
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrongs = append(b.wrongs, text)
}

// forgive forgets complaints that hold one of some texts.
func (b *tab) forgive(texts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrongs = slices.DeleteFunc(b.wrongs, func(w string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(w, text) })
	})
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// visit opens a view of a page, and waits until it hears of the server.
func (b *tab) visit(s *server, view string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(s.page+"/"+view))
	b.wait(`document.getElementById("live-text").textContent === "live"`)
}

// wait waits until an expression holds, in another page where the tab goes to one meanwhile.
func (b *tab) wait(expression string) {
	b.t.Helper()
	for try := 0; ; try++ {
		_, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(patience)))
		if err == nil {
			return
		}
		if gone := strings.Contains(err.Error(), "-32000"); !gone || try == 10 { // the protocol's code of a page that is left
			b.t.Fatalf("%s: %v\nthe page shows:\n%s", expression, err, b.text("body"))
		}
	}
}

// waitText waits until an element shows a text.
func (b *tab) waitText(selector, text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(document.querySelector(%s)?.textContent ?? "").includes(%s)`, quote(selector), quote(text)))
}

// text is what elements show, a line each.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(%s)].map((e) => e.innerText).join("\n")`, quote(selector)))
}

func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// fill puts a value into a field, as typing does.
func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelector(%s) !== null`, quote(selector)))
	eval[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.value = %s; e.dispatchEvent(new Event("input", { bubbles: true })); return true; })()`,
		quote(selector), quote(value)))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.click(); return true; })()`, quote(selector)))
}

func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// look sets the scheme of colours and the size of the window.
func (b *tab) look(scheme string, width, height int64) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}); err != nil {
		b.t.Fatal(err)
	}
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile)
	}
	b.do(chromedp.EmulateViewport(width, height, options...))
}

// send sends a request with the page's form, and waits until its path is open.
func (b *tab) send(url string) {
	b.t.Helper()
	b.fill("#send-host", "www.wknd.example")
	b.fill("#send-url", url)
	before := eval[string](b, `location.hash`)
	b.click("#send-form .primary")
	b.wait(fmt.Sprintf(`location.hash !== %s && document.querySelector("#detail .facts")?.textContent.includes("request " + location.hash.split("/").pop() + " ")`, quote(before)))
}

// quote writes a string of JavaScript.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always can
	}
	return string(text)
}

// stage is what a stage of the path that is open shows.
func (b *tab) stage(name string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(b.text(fmt.Sprintf(`[data-stage=%q]`, name))), " ")
}
