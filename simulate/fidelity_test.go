package simulate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A topic is a part of the behaviour, as the lines "Topic:" of archives name it.
type topic struct {
	name string
	// tests are tests in Go of what no archive can show: what happens at the same time, or what fails.
	tests []string
}

// topics are the parts of the behaviour in the order in which a request meets them.
var topics = []topic{
	{"2.1 Globs", []string{"TestPlainGlobs"}},
	{"2.2 Regular expressions", nil},
	{"3.1 Cleaning the URL", []string{"TestTarget"}},
	{"3.2 Parts of the URL", nil},
	{"4 Filter", []string{"TestLastRuleRules", "TestLabelsDecideNothing"}},
	{"5 Farms", nil},
	{"6.1 What the request decides", nil},
	{"6.2 Extension and slashes", nil},
	{"6.3 /ignoreUrlParams", nil},
	{"6.4 Cache rules", nil},
	{"6.5 What the answer decides", nil},
	{"6.6 HEAD", nil},
	{"6.7 URL to file", nil},
	{"6.8 Stored headers", nil},
	{"6.9 Requests at the same time", []string{"TestOthersGetTheStaleFile", "TestRefetchReplaces"}},
	{"7.1 /invalidate", []string{"TestInvalidates"}},
	{"7.2 Statfiles", []string{"TestSurvey"}},
	{"7.3 /gracePeriod", nil},
	{"7.4 /enableTTL", nil},
	{"7.5 /serveStaleOnError", nil},
	{"8.1 What is a flush, and who may", []string{"TestAllowedClients", "TestFlushHeadersDISP1040"}},
	{"8.2 Headers", nil},
	{"8.3 What is deleted", []string{"TestFlushStaysWithItsHandle"}},
	{"8.4 Which statfiles are touched", []string{"TestStaleAfterAgrees"}},
	{"8.5 The answer, and what follows", []string{"TestFlushAnswer", "TestInvalidateHandler", "TestPropagateSyndPost", "TestRefetchBody"}},
	{"9.1 Choice of the render", []string{"TestChosenRender", "TestStickyCookie"}},
	{"9.2 Scores", []string{"TestScores", "TestBestRender"}},
	{"9.3 Connecting, retries, failover", []string{"TestRounds", "TestUnreachable", "TestFailoverLaws", "TestHealthPenalty"}},
	{"9.4 Timeouts", []string{"TestTimeouts"}},
	{"9.5 The request to the render", []string{"TestClientHeaders", "TestAddedHeaders", "TestLocation", "TestSentBody"}},
	{"10.1 /sessionmanagement", nil},
	{"10.2 /auth_checker", nil},
	{"10.3 /vanity_urls", nil},
	{"11 Directives of httpd", []string{"TestParseDirective", "TestPassError"}},
	{"12 The log", []string{"TestEnv"}},
	{"13 Releases", []string{"TestReleases"}},
	{"14 Readings", nil},
}

// A publication is where facts are published: a short name, a text that stands in lines "Source:" of archives, and how
// it is cited.
type publication struct{ short, in, name string }

// publications are all of them. The short names are those of docs/dispatcher.md.
var publications = []publication{
	{"CFG", "dispatcher-configuration.md", "AdobeDocs/experience-manager-dispatcher.en, `dispatcher-configuration.md`"},
	{"REL", "release-notes.md", "the same, `release-notes.md`"},
	{"INV", "page-invalidate.md", "the same, `page-invalidate.md`"},
	{"INST", "dispatcher-install.md", "the same, `dispatcher-install.md`"},
	{"SSL", "dispatcher-ssl.md", "the same, `dispatcher-ssl.md`"},
	{"DOM", "dispatcher-domains.md", "the same, `dispatcher-domains.md`"},
	{"FAQ", "dispatcher-faq.md", "the same, `dispatcher-faq.md`"},
	{"PERM", "permissions-cache.md", "the same, `permissions-cache.md`"},
	{"ETAG", "dispatcher-etag-enhancement.md", "the same, `dispatcher-etag-enhancement.md`"},
	{"CSRF", "configuring-dispatcher-to-prevent-csrf.md", "the same, `configuring-dispatcher-to-prevent-csrf.md`"},
	{"issues", ", issue ", "issues and pull requests of the repositories that are named here"},
	{"LEARN", "AdobeDocs/experience-manager-learn.en", "AdobeDocs/experience-manager-learn.en"},
	{"CLOUD", "AdobeDocs/experience-manager-cloud-service.en", "AdobeDocs/experience-manager-cloud-service.en"},
	{"KA", "Adobe knowledge base", "Adobe's knowledge base, by the numbers of its articles"},
	{"HELPX", "Adobe helpx", "helpx.adobe.com"},
	{"GEMS", "AEM Gems", "AEM Gems, Dispatcher caching, part 1, 2015"},
	{"forum", "Adobe's community forum", "Adobe's community forum, \"Permission sensitive caching not working as expected\", 2025"},
	{"EXP", "adobe/aem-dispatcher-experiments", "adobe/aem-dispatcher-experiments"},
	{"ARCH", "adobe/aem-project-archetype", "adobe/aem-project-archetype"},
	{"DOT", "adobe/aem-dispatcher-optimizer-tool", "adobe/aem-dispatcher-optimizer-tool"},
	{"skills", "adobe/skills", "adobe/skills"},
	{"field", "hitthecode.com", "one-inside.com and hitthecode.com, on pages with suffixes"},
	{"field", "stackoverflow.com", "stackoverflow.com, question 24946526"},
	{"field", "blog.kristianwright.com", "blog.kristianwright.com, AEM Dispatcher and vanity URLs, 2016"},
	{"field", "calebpryor", "calebpryor/aem-dispatcher-filter-testing, and a guide to filters by its author"},
	{"field", "valtech-ch/aem-dispatcher-filter", "valtech-ch/aem-dispatcher-filter"},
	{"field", "bstopp/puppet-aem", "bstopp/puppet-aem"},
	{"field", "ACS AEM Commons", "ACS AEM Commons, dispatcher-flush-rules"},
	{"httpd", "httpd.apache.org", "httpd.apache.org/docs/2.4"},
	{"httpd", "httpd 2.4", "answers recorded from httpd 2.4.71"},
	{"RFC", "RFC ", "RFC 6265, 9110, 9111, 9112"},
	{"measured", "measured with", "measured with glibc 2.36"},
	{"inferred", "inferred", "inferred from the others"},
	{"ours", "of ours", "a convenience of ours"},
	{"ours", "our choice", "a choice of ours"},
}

// A gap is what is not simulated, why, and what to do instead.
type gap struct{ what, why, instead string }

// gaps are what is not simulated.
var gaps = []gap{
	{"Virtual hosts, `mod_rewrite`, redirects and access rules of httpd", "they are not the module's: [httpd.md](httpd.md) says what is followed of them", "`simulate` on a project follows them; in Go, `simulate/httpd`"},
	{"Bodies of `ErrorDocument`", "they are httpd's", "`response.error_document` says that httpd makes the body; the status holds"},
	{"Requests without a `Host` header, `OPTIONS *` and other uses of `*`", "httpd answers them itself", "the request is followed all the same, and `not_simulated` says so"},
	{"`Range` requests to cache files", "httpd makes the 206", "the answer is that of the whole file"},
	{"Headers of `mod_headers`, `mod_expires`, `mod_deflate`; media types by `AddType`", "they are httpd's", "`simulate` on a project follows them: [httpd.md](httpd.md); without an httpd side, extensions that are common have their type"},
	{"The 301 of `mod_dir` for a folder of the cache", "it is httpd's, and `DirectorySlash Off` keeps it away", "the reason `target-is-folder` names the case"},
	{"`DispatcherSSINoCache` and includes of `mod_include`", "includes are httpd's", "ask for the included URL by itself"},
	{"Session files of `/sessionmanagement`", "their format is not published", "sessions are kept in memory; a scenario may list those that are known"},
	{"The formula of `/statistics` scores", "it is not published", "a moving average of answer times and the penalty: what it chooses shows the mechanism, not the module's own numbers"},
	{"Several processes of httpd", "whether they share scores, sessions and vanity lists is not published", "one engine is one process"},
	{"What connects the client: cipher, session, key size and certificate of its TLS", "a simulated request has none", "the headers that tell them hold `(null)`, as the module writes what it does not know; `X-Forwarded-SSL-Keysize` is not sent"},
	{"Reuse of connections to renders, beyond the lines of the log", "a real backend keeps connections of its own", "lines about sockets follow `DispatcherKeepAliveTimeout`"},
	{"Links that a flush of a release before 4.3.0 follows (DISP-706)", "the release notes name a loop, not what was deleted", "the link is removed and not followed, and `not_simulated` says so"},
	{"`Location` before 4.3.7 (DISP-1014)", "that it went wrong is published, how is not", "it is left as the render sent it"},
	{"Words of the log of releases before 4.2", "no log of theirs is published", "they are given the words of 4.2; properties that came later are not read"},
	{"Differences of releases of AEM as a Cloud Service (2.0.x)", "one is published: the answer 304 to a stored ETag, which an environment variable turns on", "they behave as the newest release; `--reading etag-enhancement=on` is that one"},
	{"Numbers of log levels", "they decide what is written, not what is done", "a trace has the lines of all levels"},
	{"The line of the hit ratio when httpd stops", "a command answers requests and starts no server", "in Go, `Engine.Stop` and `Engine.HitRatio`"},
	{"Back references in regular expressions", "no automaton can follow them", "the rule never matches, and a finding says so"},
	{"IIS and its `disp_iis.ini`, `/homepage`", "the module for Apache is the one that is simulated", "the configuration is read; what only IIS does is left out"},
	{"A rule of `/filter` without `/type`", "what the module does is not published", "it denies, and `not_simulated` says so"},
	{"What a flush deletes where no cache is given", "nothing is known of it", "`--cache-dir`, a scenario with `files`, or `dispcheck invalidate --cache-list`"},
}

// An item is one of the release notes since 4.3.0.
type item struct{ release, name, about string }

// switched are the items that releases differ in here.
var switched = []item{
	{"4.3.0", "DISP-652", "`Date` of a hit"},
	{"4.3.0", "DISP-688", "`X-Cache-Info` with a 404"},
	{"4.3.0", "DISP-690", "`Last-Modified` can be stored"},
	{"4.3.0", "DISP-698", "`s-maxage` and `private` count for the time to live"},
	{"4.3.0", "DISP-704", "`%2b` reaches the render as it came"},
	{"4.3.0", "DISP-706", "links under what a flush deletes: a note alone, for what was deleted is not published"},
	{"4.3.0", "DISP-709", "vanity URLs with an extension"},
	{"4.3.1", "DISP-656", "`ETag` of a hit"},
	{"4.3.1", "DISP-715", "`Secure` for the cookie `renderid`"},
	{"4.3.1", "DISP-722", "permissions of cache files"},
	{"4.3.1", "DISP-723", "ten minutes where a timeout is 0"},
	{"4.3.1", "DISP-725", "text that touches a closing quote"},
	{"4.3.1", "DISP-726", "warning where no farm matches"},
	{"4.3.1", "DISP-727", "whose length makes an answer empty"},
	{"4.3.1", "DISP-730", "404 for files of stored headers"},
	{"4.3.1", "DISP-731", "control characters in the log"},
	{"4.3.1", "DISP-732", "`//` in a URL"},
	{"4.3.1", "DISP-733", "`Age` of a hit"},
	{"4.3.2", "DISP-742", "the filter before the authorization checker"},
	{"4.3.2", "DISP-746", "warning of strings without a name, as a note: its words are not published"},
	{"4.3.2", "DISP-747", "what httpd's environment gets of a request"},
	{"4.3.3", "DISP-703", "hit ratio by farm"},
	{"4.3.3", "DISP-818", "headers of `mod_expires`"},
	{"4.3.3", "DISP-824", "a key for `X-Forwarded-Host`"},
	{"4.3.3", "DISP-825", "a message for a full disk"},
	{"4.3.3", "DISP-826", "queries of URLs that a flush fetches again"},
	{"4.3.4", "DISP-833", "a list in `X-Forwarded-Host`"},
	{"4.3.4", "DISP-841", "stale files for 504"},
	{"4.3.4", "DISP-874", "`DispatcherRestrictUncacheableContent`"},
	{"4.3.4", "DISP-883", "parts of the URL in the trace"},
	{"4.3.4", "DISP-944", "vanity lists at the start"},
	{"4.3.5", "DISP-949", "status of a blocked POST"},
	{"4.3.5", "DISP-954", "statfiles count before a time to live is over"},
	{"4.3.6", "DISP-911", "the edge key does not reach the render"},
	{"4.3.6", "DISP-937", "all selectors in the trace"},
	{"4.3.6", "DISP-998", "`/loadOnStartup`"},
	{"4.3.7", "DISP-1014", "`Location`: a note alone, for how it went wrong is not published"},
	{"4.3.8", "DISP-1040", "headers of flushes that are not allowed"},
	{"4.3.8", "DISP-1046", "stale files for 429"},
}

// unswitched are the items that all releases are alike in here; about says why.
var unswitched = []item{
	{"4.3.0", "DISP-682", "numbers of log levels decide what is written, and a trace has it all"},
	{"4.3.0", "DISP-685", "builds for Solaris"},
	{"4.3.0", "DISP-691", "a crash of IIS"},
	{"4.3.0", "DISP-693", "the download page"},
	{"4.3.0", "DISP-695", "as DISP-682"},
	{"4.3.0", "DISP-700", "builds for Alpine Linux"},
	{"4.3.0", "DISP-705", "a crash: no answer can be told from it"},
	{"4.3.0", "DISP-710", "builds for CentOS 6"},
	{"4.3.1", "DISP-694", "a warning that older releases wrote when an idle connection had gone; its words are not published, and simulated connections do not go by themselves"},
	{"4.3.1", "DISP-714", "sessions in IIS"},
	{"4.3.1", "DISP-720", "temporary files that stayed open, until the process had too many"},
	{"4.3.1", "DISP-721", "waiting for a render while httpd restarts its children; there are none"},
	{"4.3.2", "DISP-734", "a crash where the module is loaded and is not the handler"},
	{"4.3.2", "DISP-735", "regular expressions on Alpine Linux, whose C library is not the one that is followed"},
	{"4.3.2", "DISP-740", "loading the module in macOS"},
	{"4.3.3", "DISP-739", "httpd's `LogLevel`: as DISP-682"},
	{"4.3.3", "DISP-749", "a crash on Alpine Linux"},
	{"4.3.3", "DISP-813", "builds with OpenSSL 1.1"},
	{"4.3.3", "DISP-814", "answers 40x during a flush: which ones, and when, is not published"},
	{"4.3.3", "DISP-821", "what a connection keeps in memory"},
	{"4.3.3", "DISP-822", "the system call that waits"},
	{"4.3.3", "DISP-827", "a server for tests"},
	{"4.3.3", "DISP-828", "an image for tests"},
	{"4.3.4", "DISP-835", "a `Host` header that was lost where it came last; what took its place is not published"},
	{"4.3.7", "DISP-1009", "the length of a header; what could be seen of it is not published"},
	{"4.3.7", "DISP-1013", "builds with OpenSSL 3.0"},
	{"4.3.7", "DISP-1017", "a change to a DTD; which one is not published"},
	{"4.3.8", "SKYOPS-107219", "loading of vanity lists; what changed is not published"},
}

// An assumption is what was decided where nothing is published and there is no setting.
type assumption struct{ what, code string }

// assumptions are all of them.
var assumptions = []assumption{
	{"A variable that is not defined stays in the text as `${NAME}`, with a finding.", "internal/expand/variable.go"},
	{"A missing file is an error; a wildcard that matches nothing is none.", "internal/expand/include.go"},
	{"Includes go 50 files deep; a file that includes itself is an error.", "internal/expand/expand.go"},
	{"Of two farms with one name both count, in their order; of one property that stands twice, the last.", "model/decode.go"},
	{"A backslash in quotes stands for itself, but before a quote and before another backslash.", "grammar/tree.go"},
	{"Single quotes hold what the C library's `regcomp` takes, as glibc 2.36 does.", "internal/match/ereparse.go"},
	{"Letter case counts in globs and expressions, not in hosts.", "internal/match/globparse.go"},
	{"A part that is absent is matched by an expression that takes the empty string; an absent query by nothing.", "simulate/rules.go"},
	{"A colon or `;` in a URL is a character like others; `%2F` is what `AllowEncodedSlashes` makes of it.", "simulate/decompose.go"},
	{"A value of `/virtualhosts` with a path and no `*` is a prefix.", "model/virtualhost.go"},
	{"What keeps a request from the cache is looked for in the order of the documentation, the trailing slash before the extension.", "simulate/stage_cacheable.go"},
	{"A cache without `/rules` caches nothing; one without `/invalidate` invalidates nothing.", "simulate/stage_cacheable.go"},
	{"A `?` with nothing after it is a query that nothing ignores.", "simulate/stage_cacheable.go"},
	{"`must-revalidate` keeps an answer from the cache; `Set-Cookie` and `Vary` do not, and are stored only where `/headers` names them.", "simulate/stage_store.go"},
	{"Of `s-maxage`, `max-age` and `Expires` the first that is there decides.", "simulate/stage_store.go"},
	{"A HEAD is answered from the cache, and makes no file.", "simulate/stage_lookup.go"},
	{"A file that is as old as its statfile is valid.", "simulate/validity.go"},
	{"A time to live changes nothing about which headers are stored.", "simulate/stage_store.go"},
	{"`Age` is how long ago the file was written, and its `Age` then.", "simulate/deliver.go"},
	{"A URL that ends with `.ttl` is denied as one with `.h` is.", "simulate/stage_filter.go"},
	{"A flush makes no folder: where one is missing it has no statfile.", "simulate/flush_touch.go"},
	{"Clients that no rule of `/allowedClients` matches may not flush; without rules everybody may.", "simulate/stage_invalidate.go"},
	{"Other actions than the documented ones are as Activate; letter case does not count.", "simulate/stage_invalidate.go"},
	{"The answer to a flush is `<H1>OK</H1>` and a line end, also where it did nothing.", "simulate/stage_invalidate.go"},
	{"Since 4.3.8 (DISP-1040) a client that may not flush loses the headers `CQ-*` and `Handle`.", "simulate/stage_invalidate.go"},
	{"Scores start at 0, keep nine tenths and take one tenth of the time of an answer; a failed connection adds the penalty; each engine has its own.", "simulate/score.go"},
	{"The cookie `renderid` holds the label of the render, has the path `/`, and counts for every URL; sticky folders are prefixes.", "simulate/select.go"},
	{"A health check with a status from 500 on is a failure, any other is none; after a timeout no other render is asked.", "simulate/ask.go"},
	{"A Dispatcher is told by `Server-Agent` and by `(dispatcher)` in `Via`.", "simulate/clientheaders.go"},
	{"In `Via` and `X-Forwarded-For` the module adds to what the client sent, where `/clientheaders` lets that through.", "simulate/clientheaders.go"},
	{"A session is known by its credentials, from the first answer below 400 on.", "simulate/stage_session.go"},
	{"A vanity URL must be the path as it stands in the list; before 4.3.0 (DISP-709) it might have an extension.", "simulate/stage_vanity.go"},
	{"An answer that the authorization checker refused is not cached.", "simulate/stage_lookup.go"},
	{"Of a list in `X-Forwarded-Host` the first counts.", "simulate/stage_rewrite.go"},
	{"Where the words of X-Cache-Info for an answer that is not stored are not published, the words about the request stand.", "simulate/decision.go"},
	{"What httpd's log formats get of a request is what the line of the log that ends it says.", "simulate/env.go"},
	{"Of the body of a flush a MiB and 10,000 lines are read.", "simulate/flush_refetch.go"},
	{"Control characters in the log are written as `\\x0a`.", "simulate/trace.go"},
}

// An archived is what one archive has to say.
type archived struct {
	file, topic string
	facts       int
	sources     []string
}

// TestFidelity writes docs/simulate/fidelity.md with -update, and else fails where it is stale: how many facts about
// the module's behaviour are checked, what is not simulated, which readings there are and what is assumed.
func TestFidelity(t *testing.T) {
	root := testkit.Root(t)
	byTopic := map[string][]archived{}
	known := map[string]bool{}
	for _, p := range topics {
		known[p.name] = true
	}
	for _, folder := range []string{"facts", "sequences", "invalidate", "fetch"} {
		files, err := filepath.Glob("testdata/" + folder + "/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("no archives in %s: %v", folder, err)
		}
		for _, file := range files {
			a := readArchived(t, folder, file)
			if !known[a.topic] {
				t.Errorf("%s: topic %q is none of those in fidelity_test.go; the line is Topic: NUMBER TITLE", file, a.topic)
			}
			byTopic[a.topic] = append(byTopic[a.topic], a)
		}
	}
	written := testsOf(t)
	for _, p := range topics {
		if len(byTopic[p.name]) == 0 && len(p.tests) == 0 {
			t.Errorf("topic %s has neither an archive nor a test", p.name)
		}
		for _, name := range p.tests {
			if !written[name] {
				t.Errorf("topic %s names %s, which is no test of this folder", p.name, name)
			}
		}
	}
	for _, a := range assumptions {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(a.code))); err != nil {
			t.Errorf("%q: %v", a.what, err)
		}
	}
	if t.Failed() {
		return
	}
	text := fidelityPage(byTopic)
	page := filepath.Join(root, "docs", "simulate", "fidelity.md")
	if *testkit.Update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatalf("%v; go test ./simulate -run Fidelity -update writes it", err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(got), "\r\n", "\n"), text); diff != "" {
		t.Errorf("docs/simulate/fidelity.md is stale: go test ./simulate -run Fidelity -update writes it (-is +should):\n%s", diff)
	}
}

// readArchived counts the facts of an archive: the lines of facts, the expectations of a scenario, or the sections that
// are compared.
func readArchived(t *testing.T, folder, file string) archived {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := archived{file: file}
	comment := strings.ReplaceAll(string(a.Comment), "\r\n", "\n")
	for line := range strings.Lines(comment) {
		if name, ok := strings.CutPrefix(line, "Topic: "); ok {
			if out.topic != "" {
				t.Errorf("%s has two lines Topic", file)
			}
			out.topic = strings.TrimSpace(name)
		}
	}
	if _, from, ok := strings.Cut(comment, "Source: "); ok {
		from = strings.Join(strings.Fields(from), " ")
		for _, p := range publications {
			if strings.Contains(from, p.in) && !slices.Contains(out.sources, p.short) {
				out.sources = append(out.sources, p.short)
			}
		}
		if len(out.sources) == 0 {
			t.Errorf("%s: the source %q is none of those in fidelity_test.go", file, from)
		}
	}
	for _, f := range a.Files {
		switch {
		case folder == "facts" && f.Name == "facts":
			for line := range strings.Lines(string(f.Data)) {
				if strings.TrimSpace(line) != "" {
					out.facts++
				}
			}
		case folder == "sequences" && f.Name == "scenario.yaml":
			s, err := scenario.Parse(source.NewFile(file, f.Data), scenario.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Steps {
				out.facts += len(s.Steps[i].Expect)
			}
		case folder == "invalidate" && f.Name == "result", folder == "fetch" && f.Name == "expected":
			out.facts++
		}
	}
	if out.facts == 0 {
		t.Errorf("%s has no facts", file)
	}
	return out
}

// testsOf returns the names of all tests of this folder.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, f := range goFiles(t, "_test.go") {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

func goFiles(t *testing.T, ending string) map[string]*ast.File {
	t.Helper()
	files, err := filepath.Glob("*" + ending)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files *%s: %v", ending, err)
	}
	out := map[string]*ast.File{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = f
	}
	return out
}

// fidelityPage makes the page.
func fidelityPage(byTopic map[string][]archived) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# How true it is\n\n<!-- Generated by go test ./simulate -run Fidelity -update. -->\n\n")
	p("The module is closed source. What is known of it is published in many places; each fact that was found is checked by a\n" +
		"test. This page counts them, and says what is not simulated and what was decided where nothing is published.\n" +
		"[dispatcher.md](../dispatcher.md) has the statements themselves, with their marks.\n\n")
	p("## Facts that are checked\n\n")
	p("A fact is one request or pattern with what is known of its answer, one expectation of a step of a scenario, or one log or\n" +
		"document root that is compared as a whole. Archives lie in `simulate/testdata`; tests in Go are for what happens at the same\n" +
		"time, or fails.\n\n")
	p("| topic | archives | facts | sources | tests in Go |\n|---|---|---|---|---|\n")
	archives, facts := 0, 0
	used := map[string]bool{}
	for _, topic := range topics {
		n := 0
		var sources []string
		for _, a := range byTopic[topic.name] {
			n += a.facts
			for _, s := range a.sources {
				used[s] = true
				if !slices.Contains(sources, s) {
					sources = append(sources, s)
				}
			}
		}
		slices.SortFunc(sources, func(a, b string) int { return rank(a) - rank(b) })
		tests := make([]string, 0, len(topic.tests))
		for _, name := range topic.tests {
			tests = append(tests, "`"+name+"`")
		}
		p("| %s | %d | %d | %s | %s |\n", topic.name, len(byTopic[topic.name]), n, strings.Join(sources, ", "), strings.Join(tests, ", "))
		archives, facts = archives+len(byTopic[topic.name]), facts+n
	}
	p("| all | %d | %d | | |\n\n", archives, facts)
	p("| source | is |\n|---|---|\n")
	for _, s := range publications {
		if used[s.short] {
			p("| %s | %s |\n", s.short, s.name)
		}
	}
	p("\n## What is not simulated\n\nWhere a request meets one of these, this is what its answer is like.\n\n")
	p("| what | why | in its place |\n|---|---|---|\n")
	for _, g := range gaps {
		p("| %s | %s | %s |\n", g.what, g.why, g.instead)
	}
	p("\n## Readings\n\nWhere the sources allow more than one reading, `--reading KEY=VALUE` chooses. The first value is the default.\n\n")
	p("| reading | values | what is chosen | evidence |\n|---|---|---|---|\n")
	for _, r := range simulate.ReadingTable {
		p("| `%s` | `%s` | %s | %s |\n", r.Key, strings.Join(r.Values, "`, `"), r.Meaning, r.Evidence)
	}
	p("\n## Items of the release notes\n\n`--dispatcher-version` switches these. The release is the first that behaves as the newest does; what older\n" +
		"releases did is in the archives that name the item.\n\n")
	p("| release | item | what it switches |\n|---|---|---|\n")
	for _, i := range switched {
		p("| %s | %s | %s |\n", i.release, i.name, i.about)
	}
	p("\nThese change nothing here.\n\n| release | item | why |\n|---|---|---|\n")
	for _, i := range unswitched {
		p("| %s | %s | %s |\n", i.release, i.name, i.about)
	}
	p("\n## Assumptions\n\nWhere nothing is published and there is no setting, this is what was decided.\n\n")
	p("| assumption | code |\n|---|---|\n")
	for _, a := range assumptions {
		p("| %s | [%s](../../%s) |\n", a.what, filepath.Base(a.code), a.code)
	}
	return b.String()
}

// rank is where a short name stands in publications.
func rank(short string) int {
	return slices.IndexFunc(publications, func(p publication) bool { return p.short == short })
}

// TestReleasesAreNamed: each release that changes something has a test that names it: by the number of the item of the
// release notes or, where it has none, by the release; and the page tells of each item what it switches, or why nothing.
func TestReleasesAreNamed(t *testing.T) {
	var tests strings.Builder
	for name, f := range goFiles(t, "_test.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls { // what stands outside of functions is a list, and no test
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name != "TestReleasesAreNamed" && fn.Name.Name != "namedReleases" {
				tests.WriteString(fn.Doc.Text())
				tests.Write(text[fn.Pos()-f.FileStart : fn.End()-f.FileStart])
			}
		}
	}
	err := filepath.WalkDir("testdata", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txtar" {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		tests.WriteByte('\n')
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := namedReleases(t)
	for name := range named {
		if !regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(tests.String()) {
			t.Errorf("no test and no archive names %s", name)
		}
	}
	for _, i := range switched {
		release, ok := named[i.name]
		if !ok || release != i.release {
			t.Errorf("%s of %s is switched by release %q", i.name, i.release, release)
		}
		delete(named, i.name)
	}
	for _, i := range unswitched {
		if release, ok := named[i.name]; ok {
			t.Errorf("%s is switched by release %s", i.name, release)
		}
	}
	for name, release := range named {
		if name != release { // releases before 4.3.0 have no items
			t.Errorf("%s of %s is not in the list switched", name, release)
		}
	}
}

// namedReleases returns what version.go switches, and package model: items of the release notes by their numbers and, where
// there is none, the release, each with the release.
func namedReleases(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "version.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	variable, number := regexp.MustCompile(`^(disp|v)([0-9]+)$`), regexp.MustCompile(`DISP-[0-9]+`)
	named, releases := map[string]string{"DISP-725": "4.3.1"}, map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
			return true
		}
		m := variable.FindStringSubmatch(v.Names[0].Name)
		if m == nil {
			return true
		}
		switch value := v.Values[0].(type) {
		case *ast.Ident:
			releases[m[0]] = releases[value.Name]
		case *ast.CompositeLit:
			var parts []string
			for _, e := range value.Elts {
				parts = append(parts, e.(*ast.BasicLit).Value)
			}
			releases[m[0]] = strings.Join(parts, ".")
		}
		release := releases[m[0]]
		items := number.FindAllString(v.Comment.Text(), -1)
		switch {
		case m[1] == "disp" && strings.ReplaceAll(release, ".", "") != m[2]:
			named["DISP-"+m[2]] = release
		case m[1] == "v" && len(items) > 0:
			for _, name := range items {
				named[name] = release
			}
		default:
			named[release] = release
		}
		return true
	})
	if len(named) < 30 {
		t.Errorf("only %d releases and items were found", len(named))
	}
	return named
}

// releasesConfig is a farm with all that releases differ in.
const releasesConfig = `
/farms {
  /one {
    /virtualhosts { "one.example.com" }
    /filter { /1 { /type "allow" /url "*" } }
    /renders { /rend01 { /hostname "localhost" /port "4503" } }
    /vanity_urls { /url "/libs/granite/dispatcher/content/vanityUrls.html" /file "/tmp/one" }
    /cache { /docroot "/one" /rules { /1 { /glob "*" /type "allow" } /2 { /glob "/private/*" /type "deny" } } }
  }
  /two {
    /virtualhosts { "two.example.com" }
    /filter { /1 { /type "allow" /url "*" } }
    /renders { /rend01 { /hostname "localhost" /port "4503" } }
    /vanity_urls { /url "/libs/granite/dispatcher/content/vanityUrls.html" /file "/tmp/two" /loadOnStartup "0" }
    /cache { /docroot "/two" /rules { /1 { /glob "*" /type "allow" } } }
  }
}`

// TestReleases checks releases that no archive can show: permissions, a full disk, counts, and what happens at the start.
func TestReleases(t *testing.T) {
	at := func(version string, o simulate.Options) *simulate.Engine {
		v, err := simulate.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		o.Version = v
		if o.Now == nil {
			line := simulate.NewTimeline(time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC))
			o.Now, o.Sleep = line.Now, line.Sleep
		}
		return simulate.New(decodeText(t, releasesConfig, v, nil), o)
	}
	ask := func(e *simulate.Engine, host, target string, h ...simulate.Field) (*simulate.Decision, *simulate.Trace) {
		t.Helper()
		d, trace := new(simulate.Decision), new(simulate.Trace)
		r := &simulate.Request{Method: "GET", Target: target, Host: host, Header: h}
		if err := e.Decide(t.Context(), r, d, trace); err != nil {
			t.Fatal(err)
		}
		return d, trace
	}

	t.Run("parts of the URL in the trace, DISP-883 and DISP-937", func(t *testing.T) {
		common := []string{"Decomposing URL : /a.b.c.html", "uri : /a.b.c.html"}
		end := []string{"suffix : No suffix", "extension : html", "selector : b", "selector : c", "Decomposing Complete"}
		for version, want := range map[string][]string{
			"4.3.3": nil,
			"4.3.4": slices.Concat(common, slices.Delete(slices.Clone(end), 3, 4)),
			"4.3.5": slices.Concat(common, slices.Delete(slices.Clone(end), 3, 4)),
			"4.3.6": slices.Concat(common, end),
			"4.3.8": slices.Concat([]string{"method : GET"}, common, []string{"path : /a"}, end),
		} {
			_, trace := ask(at(version, simulate.Options{}), "one.example.com", "/a.b.c.html")
			var got []string
			for _, e := range trace.Events {
				if e.Stage == "filter" && e.Level == simulate.LevelTrace && !strings.HasPrefix(e.Message, "Filter rule entry") {
					got = append(got, e.Message)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", version, diff)
			}
		}
	})

	t.Run("permissions of cache files, DISP-722", func(t *testing.T) {
		for version, want := range map[string]fs.FileMode{"4.1.12": 0o755, "4.2.0": 0o700, "4.3.0": 0o700, "4.3.1": 0o755} {
			modes := &modeStore{Store: new(docroot.Memory)}
			d, _ := ask(at(version, simulate.Options{Backend: mock.Respond(200, "text/html"), Store: modes}), "one.example.com", "/a.html")
			if !d.Cache.Stored || !slices.Equal(modes.modes, []fs.FileMode{want}) {
				t.Errorf("%s: stored %v with %v, want %v", version, d.Cache.Stored, modes.modes, want)
			}
		}
	})

	t.Run("headers of mod_expires, DISP-818 and DISP-874", func(t *testing.T) {
		restrict := simulate.Directives{RestrictUncacheable: true}
		for _, test := range []struct {
			version, target string
			directives      simulate.Directives
			want            bool
		}{
			{"4.3.2", "/private/a.html", simulate.Directives{}, false},
			{"4.3.2", "/private/a.html", restrict, false},
			{"4.3.3", "/private/a.html", simulate.Directives{}, true},
			{"4.3.3", "/a.html", simulate.Directives{}, false},
			{"4.3.4", "/private/a.html", simulate.Directives{}, false},
			{"4.3.4", "/private/a.html", restrict, true},
			{"4.3.4", "/a.html", restrict, false},
		} {
			e := at(test.version, simulate.Options{Directives: test.directives})
			d, _ := ask(e, "one.example.com", test.target)
			if got := e.DropsExpires(d, nil); got != test.want {
				t.Errorf("%s %s %+v: got %v, want %v", test.version, test.target, test.directives, got, test.want)
			}
		}
	})

	t.Run("edge key of X-Forwarded-Host, DISP-824", func(t *testing.T) {
		forwarded := simulate.Field{Name: "X-Forwarded-Host", Value: "one.example.com"}
		o := simulate.Options{Directives: simulate.Directives{ForwardedHost: true, EdgeKey: "secret"}}
		for _, test := range []struct{ version, key, want string }{
			{"4.3.2", "", "one"}, {"4.3.2", "wrong", "one"},
			{"4.3.3", "", "two"}, {"4.3.3", "wrong", "two"}, {"4.3.3", "secret", "one"},
		} {
			h := simulate.Header{forwarded}
			if test.key != "" {
				h = append(h, simulate.Field{Name: "X-Edge-Key", Value: test.key})
			}
			d, _ := ask(at(test.version, o), "two.example.com", "/a.html", h...)
			if got := d.Farm.Farm.Name; got != test.want {
				t.Errorf("%s with key %q: farm %s, want %s", test.version, test.key, got, test.want)
			}
		}
	})

	t.Run("strings without a name, DISP-746", func(t *testing.T) {
		for version, want := range map[string][]string{
			"4.3.1": nil,
			"4.3.2": {`string "*.1.json" has no name and no effect: the module warns of it`, `string POST has no name and no effect: the module warns of it`},
		} {
			v, err := simulate.ParseVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			config := decodeText(t, `/filter {
	/0087 { /type "allow" /method "GET" /extension 'json' "*.1.json" }
	{ /type "deny" /url "/a" }
	/0088 { /type "deny" /method "GET"POST /url "/b" }
}`, v, nil)
			var trace simulate.Trace
			if err := simulate.New(config, simulate.Options{Version: v}).Start(t.Context(), &trace); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range trace.Events {
				if e.Level == simulate.LevelNote {
					got = append(got, e.Message)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", version, diff)
			}
		}
	})

	t.Run("full disk, DISP-825", func(t *testing.T) {
		for version, want := range map[string]string{"4.3.2": "the page is delivered and not cached: ", "4.3.3": "the disk is full: the page is delivered and not cached"} {
			e := at(version, simulate.Options{Backend: mock.Respond(200, "text/html"), Store: &fullStore{Store: new(docroot.Memory)}})
			d, trace := ask(e, "one.example.com", "/a.html")
			if d.Cache.Reason != simulate.StoreFailed || d.Response.Status != 200 || d.Response.Cut {
				t.Errorf("%s: %s, status %d, cut %v", version, d.Cache.Reason, d.Response.Status, d.Response.Cut)
			}
			if !slices.ContainsFunc(trace.Events, func(e simulate.Event) bool { return strings.HasPrefix(e.Message, want) }) {
				t.Errorf("%s: no line %q%s", version, want, traceLines(trace))
			}
		}
	})

	t.Run("hit ratio by farm, DISP-703", func(t *testing.T) {
		for version, want := range map[string][]string{
			"4.3.2": {"Current cache hit ratio: 50.00 %"},
			"4.3.3": {"Current cache hit ratio: 66.67 %", "Current cache hit ratio: 0.00 %"},
		} {
			e := at(version, simulate.Options{Backend: mock.Respond(200, "text/html"), Store: new(docroot.Memory)})
			for range 3 {
				ask(e, "one.example.com", "/a.html")
			}
			ask(e, "two.example.com", "/a.html")
			var trace simulate.Trace
			e.Stop(&trace)
			var got []string
			for _, e := range trace.Events {
				got = append(got, e.Message)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", version, diff)
			}
		}
	})

	t.Run("vanity lists at the start, DISP-944 and DISP-998", func(t *testing.T) {
		for version, want := range map[string]int{"4.3.3": 0, "4.3.4": 2, "4.3.5": 2, "4.3.6": 1} {
			asked := &askedBackend{Backend: mock.Respond(200, "text/plain")}
			v, err := simulate.ParseVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			// The configuration is that of the newest release: a model for an older one leaves /loadOnStartup out.
			line := simulate.NewTimeline(time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC))
			e := simulate.New(decodeText(t, releasesConfig, simulate.Newest, nil), simulate.Options{Version: v, Backend: asked, Now: line.Now, Sleep: line.Sleep})
			if err := e.Start(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if asked.lists != want {
				t.Errorf("%s: %d lists are fetched at the start, want %d", version, asked.lists, want)
			}
		}
	})
}

// A modeStore notes the permissions of files that are made.
type modeStore struct {
	simulate.Store
	modes []fs.FileMode
}

func (s *modeStore) Docroot(path string) (simulate.Docroot, error) {
	d, err := s.Store.Docroot(path)
	return &modeRoot{d, s}, err
}

type modeRoot struct {
	simulate.Docroot
	store *modeStore
}

func (r *modeRoot) Create(name string, mode fs.FileMode) (simulate.NewFile, error) {
	r.store.modes = append(r.store.modes, mode)
	return r.Docroot.Create(name, mode)
}

// A fullStore has no room for what is written to a file.
type fullStore struct{ simulate.Store }

func (s *fullStore) Docroot(path string) (simulate.Docroot, error) {
	d, err := s.Store.Docroot(path)
	return &fullRoot{d}, err
}

type fullRoot struct{ simulate.Docroot }

func (r *fullRoot) Create(name string, mode fs.FileMode) (simulate.NewFile, error) {
	f, err := r.Docroot.Create(name, mode)
	return &fullFile{f, name}, err
}

type fullFile struct {
	simulate.NewFile
	name string
}

func (f *fullFile) Write([]byte) (int, error) {
	return 0, &simulate.StoreError{Step: simulate.MakeFile, Name: f.name, Err: simulate.ErrNoSpace}
}

// An askedBackend counts the vanity lists that are asked for.
type askedBackend struct {
	simulate.Backend
	lists int
}

func (b *askedBackend) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	if q.Purpose == simulate.ForVanityList {
		b.lists++
	}
	return b.Backend.RoundTrip(ctx, q)
}

// TestOthersGetTheStaleFile: while a stale file is fetched again, others get it as it is; where the file is gone, each
// request goes to the render until there is one.
//
// Source: adobe/aem-dispatcher-experiments, statfileslevel and refetching-flush.
func TestOthersGetTheStaleFile(t *testing.T) {
	start := time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		cached bool
		want   simulate.Outcome
		reason simulate.Reason
		asked  int
	}{
		{"stale", true, simulate.Delivered, simulate.BeingRefreshed, 1},
		{"deleted", false, simulate.Answered, simulate.RenderAnswered, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := new(docroot.Memory)
			put := func(name, body string, age time.Duration) {
				if err := store.Put("/one", name, []byte(body), start.Add(-age)); err != nil {
					t.Fatal(err)
				}
			}
			put("/.stat", "", time.Minute)
			if test.cached {
				put("/a.html", "old", time.Hour)
			}
			line := simulate.NewTimeline(start)
			config := decodeText(t, strings.Replace(releasesConfig, `/docroot "/one"`, `/docroot "/one" /invalidate { /1 { /glob "*" /type "allow" } }`, 1), simulate.Newest, nil)
			meanwhile := &meanwhileBackend{}
			e := simulate.New(config, simulate.Options{Backend: meanwhile, Store: store, Now: line.Now, Sleep: line.Sleep})
			ask := func() *simulate.Decision {
				d := new(simulate.Decision)
				if err := e.Decide(t.Context(), &simulate.Request{Method: "GET", Target: "/a.html", Host: "one.example.com"}, d, nil); err != nil {
					t.Error(err)
				}
				return d
			}
			var other *simulate.Decision
			meanwhile.do = func() { other = ask() }
			first := ask()
			if first.Outcome != simulate.Answered || !first.Cache.Stored {
				t.Errorf("the first is %s, stored %v", first.Outcome, first.Cache.Stored)
			}
			if other == nil || other.Outcome != test.want || other.Reason != test.reason {
				t.Errorf("the other is %+v, want %s, %s", other, test.want, test.reason)
			}
			if meanwhile.asked != test.asked {
				t.Errorf("the render is asked %d times, want %d", meanwhile.asked, test.asked)
			}
			if last := ask(); last.Outcome != simulate.Delivered || last.Reason != simulate.NewerThanStatfile {
				t.Errorf("the last is %s, %s", last.Outcome, last.Reason)
			}
		})
	}
}

// A meanwhileBackend does something while it is asked for the first time.
type meanwhileBackend struct {
	do    func()
	asked int
}

func (b *meanwhileBackend) RoundTrip(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	if q.Purpose != simulate.ForClient {
		return nil, errors.New("only clients ask here")
	}
	b.asked++
	if b.asked == 1 {
		b.do()
	}
	return &simulate.Answer{Status: 200, Header: simulate.Header{{Name: "Content-Type", Value: "text/html"}}, Body: io.NopCloser(bytes.NewReader([]byte("new")))}, nil
}
