package audit

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Class is a kind of resource that a publish instance should not show to the world, or a kind of request that it should
// not answer.
type Class struct {
	Name string
	// Severity is how bad it is where a request of the class gets through.
	Severity diag.Severity
	// Rules are the rules of lint that look for the same in the text of a configuration.
	Rules []string
	// Found is how AEM finds what answers.
	Found Found
	// Why is what goes wrong.
	Why string
}

// Found is how AEM finds what answers for a path.
type Found uint8

// The ways.
const (
	// ByPath is a servlet of Sling that has the path: any selectors and extensions come to it.
	ByPath Found = iota
	// ByNode is a node of the repository: what answers depends on the extension, and a longer path is another node.
	ByNode
	// ByMount is a servlet outside of Sling: longer paths are its own, a dot makes another path.
	ByMount
)

// A Source is who published a probe.
type Source struct{ Code, Name string }

// A Probe is a request that a publish instance should not answer. [Probes] returns all of them.
type Probe struct {
	Class  *Class
	Method string
	// Target is the request target, in which {page} stands for a page of the site, without its extension, {dam} for a
	// folder of assets.
	Target string
	Header simulate.Header
	// Page says that Target is about a page of the site.
	Page bool
	// Only says that the probe is a trick already: no operator is applied to it.
	Only bool
	// Query says that what matters is the query: without it the request is harmless.
	Query bool
	// Unless names what a site may use that needs the request: "forms" or "login"; "" for nothing.
	Unless string
	// Maybe is what the harm depends on beside the configuration; "" for nothing.
	Maybe   string
	Sources []*Source
	// Why is what goes wrong, where it says more than the class.
	Why string
}

// Name is how outputs call a probe: its class and its request.
func (p *Probe) Name() string { return p.Class.Name + ": " + p.Method + " " + p.Target }

// Reason is Why, or that of the class.
func (p *Probe) Reason() string {
	if p.Why != "" {
		return p.Why
	}
	return p.Class.Why
}

// A Control is a request that a site may need answered, or a path that the platform has reserved. One that is not answered
// says that a configuration is too strict, or that the probes prove little about it.
type Control struct {
	Method, Target string
	// Reserved says that the platform answers it itself, in front of the Dispatcher; Cloud alone has such paths.
	Reserved bool
	// Either says that denying it is as good as allowing it.
	Either bool
	// Why is what needs it.
	Why     string
	Sources []*Source
}

// Name is how outputs call a control.
func (c *Control) Name() string { return c.Method + " " + c.Target }

//go:embed classes.tsv
var classesText string

//go:embed probes.tsv
var probesText string

//go:embed controls.tsv
var controlsText string

//go:embed sources.tsv
var sourcesText string

// A catalogue is the embedded data, read.
type catalogue struct {
	classes  []*Class
	probes   []*Probe
	controls []*Control
	sources  []*Source
}

// read reads the embedded data when it is first asked for. It panics where the data is not what the tests have seen.
var read = sync.OnceValue(func() *catalogue {
	c, err := parse(classesText, sourcesText, probesText, controlsText)
	if err != nil {
		panic("internal/audit: " + err.Error())
	}
	return c
})

// Classes returns all classes, in the order of their names. They must not be changed.
func Classes() []*Class { return read().classes }

// Probes returns all probes, in the order of their classes. They must not be changed.
func Probes() []*Probe { return read().probes }

// Controls returns the requests that should be answered. They must not be changed.
func Controls() []*Control { return read().controls }

// parse reads the four tables.
func parse(classes, sources, probes, controls string) (*catalogue, error) {
	c := new(catalogue)
	byName := map[string]*Class{}
	err := rows("classes.tsv", classes, 5, func(f []string) error {
		k := &Class{Name: f[0], Rules: words(f[2]), Why: f[4]}
		switch f[1] {
		case "error":
			k.Severity = diag.Error
		case "warning":
			k.Severity = diag.Warning
		case "info":
			k.Severity = diag.Info
		default:
			return fmt.Errorf("severity %q", f[1])
		}
		switch f[3] {
		case "":
		case "node":
			k.Found = ByNode
		case "mounted":
			k.Found = ByMount
		default:
			return fmt.Errorf("unknown word %q", f[3])
		}
		byName[k.Name] = k
		c.classes = append(c.classes, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	byCode := map[string]*Source{}
	err = rows("sources.tsv", sources, 2, func(f []string) error {
		s := &Source{f[0], f[1]}
		byCode[s.Code] = s
		c.sources = append(c.sources, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	from := func(codes string) ([]*Source, error) {
		var out []*Source
		for _, w := range words(codes) {
			s := byCode[w]
			if s == nil {
				return nil, fmt.Errorf("unknown source %q", w)
			}
			out = append(out, s)
		}
		return out, nil
	}
	err = rows("probes.tsv", probes, 7, func(f []string) error {
		p := &Probe{Class: byName[f[0]], Method: f[1], Target: f[2], Why: f[6]}
		if p.Class == nil {
			return fmt.Errorf("unknown class %q", f[0])
		}
		p.Page = strings.Contains(p.Target, "{page}")
		for _, w := range words(f[3]) {
			if err := p.flag(w); err != nil {
				return err
			}
		}
		for _, h := range strings.Split(f[4], "; ") {
			if name, value, ok := strings.Cut(h, ": "); ok {
				p.Header = append(p.Header, simulate.Field{Name: name, Value: value})
			}
		}
		var err error
		p.Sources, err = from(f[5])
		c.probes = append(c.probes, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = rows("controls.tsv", controls, 5, func(f []string) error {
		k := &Control{Method: f[0], Target: f[1], Why: f[4]}
		for _, w := range words(f[2]) {
			switch w {
			case "reserved":
				k.Reserved = true
			case "either":
				k.Either = true
			default:
				return fmt.Errorf("unknown word %q", w)
			}
		}
		var err error
		k.Sources, err = from(f[3])
		c.controls = append(c.controls, k)
		return err
	})
	return c, err
}

// flag sets what a word says of a probe.
func (p *Probe) flag(word string) error {
	switch word {
	case "only":
		p.Only = true
	case "query":
		p.Query = true
	case "forms", "login":
		p.Unless = word
	case "no-effect":
		p.Maybe = "AEM acts on the parameter"
	case "sample":
		p.Maybe = "the sample content is installed"
	case "form":
		p.Header = append(p.Header, simulate.Field{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
	case "admin":
		p.Header = append(p.Header, simulate.Field{Name: "Authorization", Value: "Basic YWRtaW46YWRtaW4="})
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

// rows calls f with the fields of each row, which has most of them; those that are missing at its end are empty.
func rows(name, text string, most int, f func(fields []string) error) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) > most {
			return fmt.Errorf("%s:%d: %d fields; a row has %d", name, n, len(fields), most)
		}
		for len(fields) < most {
			fields = append(fields, "")
		}
		if err := f(fields); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return nil
}

func words(s string) []string { return strings.Fields(s) }
