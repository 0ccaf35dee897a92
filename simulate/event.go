package simulate

import (
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A Level is the level of a line of dispatcher.log, or LevelNote for what the module does not log.
type Level byte

// The levels of dispatcher.log, and LevelNote.
const (
	LevelError   Level = 'E'
	LevelWarning Level = 'W'
	LevelInfo    Level = 'I'
	LevelDebug   Level = 'D'
	LevelTrace   Level = 'T'
	// LevelNote is dispcheck's own remark: an assumption, or what is not simulated.
	LevelNote Level = 'N'
)

// String returns the letter that stands in the log.
func (l Level) String() string { return string(rune(l)) }

// An Event is one step of a trace: mostly a line as the module would log it.
type Event struct {
	// Stage is the name of the stage that speaks: "filter".
	Stage string
	Level Level
	// Message is the line without time, level and process.
	Message string
	// Rule is the configuration that it is about, the zero Place for none.
	Rule model.Place
	// Match says whether that configuration matches the request.
	Match  bool
	Reason Reason
	// At is when, by the engine's clock.
	At time.Time
}

// A Looked is one rule that was looked at, with what became of each of its patterns.
type Looked struct {
	// Stage is the name of the stage: "filter", "cacheable".
	Stage string
	// Section is the name of the section: "/filter", "/cache/rules", "/cache/ignoreUrlParams".
	Section string
	Rule    *model.Rule
	Match   bool
	Reason  Reason
	// Elements are the rule's patterns, each with what it was compared with. Those after the first that does not
	// match are there too: every pattern is tried.
	Elements []Element
}

// An Element is one pattern of a rule and what it was compared with.
type Element struct {
	// Name is the property: "url", "selectors", "glob".
	Name string
	// Pattern is the value as written, with its quotes, and Text what it says once variables are put in.
	Pattern, Text string
	// Subject is what it was compared with. For selectors it is all of them, with blanks between.
	Subject string
	// Absent says that the request has no such part.
	Absent bool
	Match  bool
	// Err says why the pattern cannot be used, "" where it can.
	Err string
	At  source.Span
}

// A Trace collects what the stages of one decision say. Pass nil to [Engine.Decide] to go fast.
type Trace struct {
	// Explain asks for Looked.
	Explain bool

	Events []Event
	// Looked are all rules that were looked at, matching or not, in the order of the text within each section.
	Looked []Looked
}

// Reset empties the trace and keeps its memory.
func (t *Trace) Reset() {
	clear(t.Events)
	clear(t.Looked)
	t.Events, t.Looked = t.Events[:0], t.Looked[:0]
}
