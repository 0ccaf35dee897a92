package suite

import (
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/source"
)

// The bounds of one suite, with all that it includes. Each text is bound by what YAML may have, 1 MiB.
const (
	MaxCases = 100_000
	MaxFiles = 256
	// MaxDepth is how deep files may include each other.
	MaxDepth = 16
	// MaxText is how many bytes a text may have once its variables are put in.
	MaxText = 64 << 10
	// MaxTexts is how many bytes variables may put into all texts together.
	MaxTexts = 64 << 20
)

// A Suite is what one text and those that it includes say.
type Suite struct {
	// Name is what its author calls it, or else the name of its file.
	Name string
	// File is its text.
	File *source.File
	// Cases are in the order of the text, those of included texts first.
	Cases []*Case
}

// A Case is one request, or a sequence of steps, with what is expected.
type Case struct {
	// Name is what its author calls it, or else METHOD URL.
	Name string
	// Span is where it stands.
	Span source.Span
	Tags []string
	// Skip says why it is not run; "" where it is.
	Skip string
	// Only says that no cases are run but those that say so.
	Only bool
	// Environment is that of AEM as a Cloud Service, "prod"; "" for the one that the command has. Env are variables of the
	// configuration.
	Environment string
	Env         map[string]string
	// Follow is how many redirects are followed.
	Follow int
	// Scenario is what is played: one step for a single request.
	Scenario *scenario.Scenario
	// Wants are what is expected of each step of the scenario.
	Wants [][]Expectation
}

// Plain reports whether a case is one request of a client that finds an empty cache and leaves nothing behind where no render
// answers: such cases can share what answers them.
func (c *Case) Plain() bool {
	s := c.Scenario
	return len(s.Steps) == 1 && s.Steps[0].Kind == scenario.Ask && len(s.Files) == 0 && s.Vanity == nil && s.Sessions == nil &&
		s.Mock == nil && s.At.IsZero() && !s.Cookies
}
