package simulate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseDirective(t *testing.T) {
	forwarded := Directives{ForwardedHost: true}
	tests := []struct {
		line string
		from Directives
		want Directives
	}{
		{"DispatcherDeclineRoot 1", Directives{}, Directives{DeclineRoot: true}},
		{"DispatcherDeclineRoot On", Directives{}, Directives{DeclineRoot: true}},
		{"  dispatcherdeclineroot\toN  \r\n", Directives{}, Directives{DeclineRoot: true}},
		{`DispatcherDeclineRoot "Off"`, Directives{DeclineRoot: true}, Directives{}},
		{"DispatcherDeclineRoot 0", Directives{DeclineRoot: true}, Directives{}},
		{"DispatcherUseProcessedURL 1", Directives{}, Directives{UseProcessedURL: true}},
		{"DispatcherUseProcessedURL Off", Directives{UseProcessedURL: true}, Directives{}},
		{"DispatcherNoCanonURL On", Directives{}, Directives{NoCanonURL: true}},
		{"DispatcherRestrictUncacheableContent on", Directives{}, Directives{RestrictUncacheable: true}},
		{"DispatcherPassError 0", Directives{PassError: PassError{{400, 404}}}, Directives{}},
		{"DispatcherPassError 1", Directives{}, Directives{PassError: PassError{{400, 999}}}},
		{"DispatcherPassError 400-404,501", Directives{}, Directives{PassError: PassError{{400, 404}, {501, 501}}}},
		{"DispatcherPassError 400-411,413-417", Directives{}, Directives{PassError: PassError{{400, 411}, {413, 417}}}},
		{`DispatcherPassError "404, 500 - 599"`, Directives{}, Directives{PassError: PassError{{404, 404}, {500, 599}}}},
		{"DispatcherKeepAliveTimeout 60", Directives{}, Directives{KeepAlive: time.Minute}},
		{"DispatcherKeepAliveTimeout 0", Directives{}, Directives{KeepAlive: -1}},
		{"DispatcherUseForwardedHost On", Directives{EdgeKey: "k"}, forwarded},
		{"DispatcherUseForwardedHost Off", forwarded, Directives{}},
		{"DispatcherUseForwardedHost conf.d/edge.key", Directives{}, Directives{ForwardedHost: true, EdgeKeyFile: "conf.d/edge.key"}},
		{`DispatcherUseForwardedHost "a file"`, Directives{}, Directives{ForwardedHost: true, EdgeKeyFile: "a file"}},
		{`DispatcherUseForwardedHost 'a \'file\\'`, Directives{}, Directives{ForwardedHost: true, EdgeKeyFile: `a 'file\`}},
		{"DispatcherNoServerHeader", forwarded, forwarded},
		{"DispatcherNoServerHeader 0", forwarded, forwarded},
		{"DispatcherLog logs/dispatcher.log", forwarded, forwarded},
		{`DispatcherLog "| /usr/bin/rotatelogs logs/dispatcher.log 604800"`, forwarded, forwarded},
		{"DispatcherLogLevel 4", forwarded, forwarded},
		{"DispatcherLogLevel Debug", forwarded, forwarded},
		{"DispatcherConfig conf/dispatcher.any", forwarded, forwarded},
		{"DispatcherSSINoCache On", forwarded, forwarded},
		{"DispatcherCheckPeerCN Off", forwarded, forwarded},
		{"DispatcherCertificateFile a.pem", forwarded, forwarded},
		{"DispatcherCACertificateFile a.pem", forwarded, forwarded},
		{"", forwarded, forwarded},
		{"  # DispatcherDeclineRoot 1", forwarded, forwarded},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			d := tt.from
			if err := ParseDirective(&d, tt.line); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, d); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDirectiveErrors(t *testing.T) {
	tests := []struct{ line, want string }{
		{"DispatcherPasError 1", "directive DispatcherPasError is not known; did you mean DispatcherPassError?"},
		{"DispatcherUseProcessedUrls 1", "directive DispatcherUseProcessedUrls is not known; did you mean DispatcherUseProcessedURL?"},
		{"LogFormat common", "directive LogFormat is not one of the Dispatcher module"},
		{"DispatcherDeclineRoot", "DispatcherDeclineRoot has no value"},
		{`dispatcherdeclineroot ""`, "DispatcherDeclineRoot has no value"},
		{"DispatcherDeclineRoot yes", `DispatcherDeclineRoot: "yes" is neither On nor Off`},
		{"DispatcherDeclineRoot 1 2", `DispatcherDeclineRoot takes one value; "2" is too much: put quotes around a value with blanks`},
		{`DispatcherLog "a`, `the quote before a has no end: add "`},
		{"DispatcherPassError 2", `DispatcherPassError: "2" is neither 0 nor 1 nor a status or range such as 400-404`},
		{"DispatcherPassError 400-", `DispatcherPassError: "" is neither 0 nor 1 nor a status or range such as 400-404`},
		{"DispatcherPassError 400-1000", `DispatcherPassError: "1000" is neither 0 nor 1 nor a status or range such as 400-404`},
		{"DispatcherPassError 400,,404", `DispatcherPassError: "" is neither 0 nor 1 nor a status or range such as 400-404`},
		{"DispatcherPassError 404-400", "DispatcherPassError: range 404-400 runs backwards: write 400-404"},
		{"DispatcherKeepAliveTimeout -1", `DispatcherKeepAliveTimeout: "-1" is not a number of seconds`},
		{"DispatcherKeepAliveTimeout 99999999999", `DispatcherKeepAliveTimeout: "99999999999" is not a number of seconds`},
		{"DispatcherLogLevel 5", `DispatcherLogLevel: "5" is none of the levels error, warn, info, debug, trace and 0 to 4`},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			before := Directives{DeclineRoot: true, PassError: PassError{{404, 404}}, KeepAlive: 5}
			d := before
			err := ParseDirective(&d, tt.line)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if diff := cmp.Diff(before, d); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestPassError(t *testing.T) {
	tests := []struct {
		value  string
		status int
		want   bool
	}{
		{"0", 404, false}, {"0", 500, false},
		{"1", 302, false}, {"1", 399, false}, {"1", 400, true}, {"1", 404, true}, {"1", 500, true}, {"1", 599, true}, {"1", 200, false},
		{"400-404,501", 400, true}, {"400-404,501", 404, true}, {"400-404,501", 405, false}, {"400-404,501", 500, false}, {"400-404,501", 501, true}, {"400-404,501", 502, false}, {"400-404,501", 399, false},
		{"400-411,413-417", 411, true}, {"400-411,413-417", 412, false}, {"400-411,413-417", 413, true}, {"400-411,413-417", 417, true}, {"400-411,413-417", 418, false}, {"400-411,413-417", 500, false},
		{"404", 404, true}, {"404", 403, false}, {"200-299", 204, true},
	}
	for _, tt := range tests {
		var d Directives
		if err := ParseDirective(&d, "DispatcherPassError "+tt.value); err != nil {
			t.Fatal(err)
		}
		if got := d.PassError.Passes(tt.status); got != tt.want {
			t.Errorf("%s passes %d: got %v, want %v", tt.value, tt.status, got, tt.want)
		}
	}
}

// FuzzParseDirective: whatever stands there, an error changes nothing, and what is read once is read the same way again.
func FuzzParseDirective(f *testing.F) {
	for _, d := range directives() {
		f.Add(d.name + " 1")
	}
	f.Add(`DispatcherPassError "400-404, 501"`)
	f.Add(`DispatcherLog '\`)
	f.Add("# x")
	f.Fuzz(func(t *testing.T, line string) {
		var once, twice Directives
		err := ParseDirective(&once, line)
		if err != nil {
			if diff := cmp.Diff(Directives{}, once); diff != "" {
				t.Errorf("changed:\n%s", diff)
			}
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without a text")
			}
			return
		}
		for range 2 {
			if err := ParseDirective(&twice, line); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Errorf("read twice:\n%s", diff)
		}
		for _, r := range once.PassError {
			if r.First > r.Last || r.First < firstStatus || r.Last > lastStatus {
				t.Errorf("range %v", r)
			}
		}
	})
}
