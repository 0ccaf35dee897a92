package accesslog_test

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/accesslog"
)

func Example() {
	log := `203.0.113.9 - - [10/Oct/2026:13:55:36 +0000] "GET /en.html?q=shoes HTTP/1.1" 200 2326 "-" "Mozilla/5.0"
203.0.113.9 - - [10/Oct/2026:13:55:37 +0000] "GET /en.css HT
203.0.113.9 - - [10/Oct/2026:13:55:37 +0000] "GET /en.js HTTP/1.1" 200 99 "-" "Mozilla/5.0"
`
	r, err := accesslog.Stream(strings.NewReader(log), accesslog.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println("format", r.Parser().Name())
	for r.Next() {
		q := r.Record()
		fmt.Printf("%d %s %s, host %s\n", r.Line(), q.Method, q.Target, q.Presence(accesslog.FieldHost))
	}
	for _, s := range r.Stats().Samples {
		fmt.Printf("line %d: %s\n", s.Line, s.Reason)
	}
	// Output:
	// format combined
	// 1 GET /en.html?q=, host unlogged
	// 3 GET /en.js, host unlogged
	// line 2: line does not fit the format
}
