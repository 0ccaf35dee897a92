package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// say adds a line to the trace. Callers check that there is one, so that no message is made for nothing.
func (x *Exchange) say(stage string, level Level, r Reason, format string, args ...any) {
	x.sayOf(stage, level, r, model.Place{}, false, format, args...)
}

// sayOf adds a line about a piece of configuration to the trace.
func (x *Exchange) sayOf(stage string, level Level, r Reason, of model.Place, match bool, format string, args ...any) {
	var at time.Time
	if now := x.engine.options.Now; now != nil {
		at = now()
	}
	if level == LevelTrace && !x.at(v420) {
		level = LevelNote // which had no such level
	}
	message := fmt.Sprintf(format, args...)
	if level == LevelNote || x.at(v431) {
		message = escapeControls(message)
	}
	e := Event{Stage: stage, Level: level, Message: message, Rule: of, Match: match, Reason: r, At: at}
	switch {
	case x.Trace != nil:
		x.Trace.Events = append(x.Trace.Events, e)
	case level == LevelError || level == LevelWarning:
		x.engine.options.Warn(x.Request, e)
	}
}

// heard reports whether anybody hears of errors and warnings. Those who make one ask it in place of whether there is a trace.
func (x *Exchange) heard() bool { return x.Trace != nil || x.engine.options.Warn != nil }

// escapeControls writes control characters so that nobody can forge a line of the log. The module does so since
// 4.3.1 (DISP-731); how it spells them is not published.
func escapeControls(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isControl(rune(c)) {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// label writes the label of a rule, farm or render as it stands in a configuration and in the log: with a slash.
func label(name string) string { return "/" + name }

// sayRuleVariables says which variables the verdict of a section rests on: those of the rule that decided and of the
// rules after it, any of which would decide if it matched. Where no rule decided, those of all rules.
func (x *Exchange) sayRuleVariables(stage, what string, list *model.RuleList, decided *model.Rule) {
	for i := len(list.Rules) - 1; i >= 0; i-- {
		r := list.Rules[i]
		name := what + " " + label(r.Label)
		x.sayVariables(stage, name, r.Type.Text, r.Type.ValueAt.Text(), r.Type.At)
		for _, p := range r.Patterns() {
			x.sayVariables(stage, name, p.Text(), p.ValueAt.Text(), p.At)
		}
		if r == decided {
			return
		}
	}
}

// sayVariables says which variables the text of a value rests on that the module would not put in, or not as
// dispcheck did. text is the value after variables were put in.
func (x *Exchange) sayVariables(stage string, what string, text string, written string, of model.Place) {
	for rest := text; ; {
		name, after, ok := cutVariable(rest, "${", '}')
		if !ok {
			break
		}
		rest = after
		x.sayOf(stage, LevelNote, UndefinedVariable, of, false, "%s rests on ${%s}, which is not defined: the text stays as it is", what, name)
	}
	for rest := written; ; {
		name, after, ok := cutVariable(rest, "$<", '>')
		if !ok {
			break
		}
		rest = after
		x.sayOf(stage, LevelNote, OddVariable, of, false, "%s rests on $<%s>, which a Dispatcher does not read: write ${%s}", what, name, name)
	}
}

// cutVariable finds the next use of a variable, "${NAME}" or "$<NAME>".
func cutVariable(s, open string, end byte) (name, rest string, ok bool) {
	for {
		i := strings.Index(s, open)
		if i < 0 {
			return "", "", false
		}
		s = s[i+len(open):]
		n := strings.IndexByte(s, end)
		if n > 0 && !strings.ContainsAny(s[:n], " \t{}<>$'\"/") {
			return s[:n], s[n+1:], true
		}
	}
}
