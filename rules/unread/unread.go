// Package unread says where something may stand that reading has not seen: behind an $include that brought nothing, or under a
// name that could not be read. A rule that would say that something lacks asks it first. Start from [Property] and [Section].
package unread

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// Property reports whether a farm has a property of a name that could not be read, or an $include inside the place that
// brought nothing: what the farm lacks may be there.
func Property(p *lint.Pass, f *model.Farm, name string, in source.Span) bool {
	for i := range f.Unknown {
		if strings.EqualFold(f.Unknown[i].Name, name) && f.Unknown[i].Cause != model.Superseded {
			return true
		}
	}
	for i := range p.Subject.Found {
		d := &p.Subject.Found[i]
		if !in.IsZero() && d.Severity == diag.Error && losesText(d) && (in.Contains(d.Span) || slices.ContainsFunc(d.Included, in.Contains)) {
			return true
		}
	}
	return false
}

// losesText reports whether a finding is about an $include that brought nothing: of the rules about files, DSP100 to
// DSP118, or of those about variables behind them, in the path of an $include.
func losesText(d *diag.Diagnostic) bool {
	if d.Rule < "DSP100" || d.Rule > "DSP149" {
		return false
	}
	return d.Rule <= "DSP118" || strings.Contains(d.Span.File.Line(d.Span.Position().Line).Text(), "$include")
}

// Elsewhere reports whether a finding about an $include says that the file was read, though not from where the line says.
func Elsewhere(d *diag.Diagnostic) bool { return d.Rule == "DSP100" && d.Severity < diag.Error }

// Section reports whether something between the braces of a section could not be read, so that the model lacks it.
func Section(p *lint.Pass, section source.Span) bool {
	within := func(s source.Span) bool { return !s.IsZero() && s.File == section.File && section.Contains(s) }
	for i := range p.Subject.Found {
		d := &p.Subject.Found[i]
		if Elsewhere(d) {
			continue
		}
		switch d.Rule {
		case "DSP100", "DSP101", "DSP102", "DSP104", "DSP106", "DSP107", "DSP110", "DSP116", "DSP117", "DSP756":
			if within(d.Span) || slices.ContainsFunc(d.Included, within) {
				return true
			}
		}
	}
	return false
}

// Part reports whether the text is a part of a farm that was completed: what it lacks may stand elsewhere. A farm in a
// file of its own is none.
func Part(c *model.Config) bool { return c != nil && len(c.Wrapped) > 1 }

// Variable reports whether a text hangs on a variable that is not known here: it stands there as it is written.
func Variable(text string) bool { return strings.Contains(text, "${") || strings.Contains(text, "$<") }

// IsNumber reports whether a text is a number as the module reads one: what is wrong with any other is reported where it is read.
func IsNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// IsFlag reports whether a flag is absent or one of the two values that the module knows: any other is reported where it is read.
func IsFlag(s *model.Setting[bool]) bool { return !s.Set || s.Text == "0" || s.Text == "1" }

// Files are those in which, or in what they include, reading met an $include that brings nothing, or not what its author
// meant, or braces that do not match: what seems to lack there may not, or what is there may belong elsewhere. also are
// further rules whose findings count.
func Files(s *lint.Subject, also ...string) map[*source.File]bool {
	files := map[*source.File]bool{}
	for _, d := range s.Found {
		if !notPut(&d) && !grammar.Misplaces(d) && !slices.Contains(also, d.Rule) {
			continue
		}
		files[d.Span.File] = true
		for _, line := range d.Included {
			files[line.File] = true
		}
	}
	return files
}

// notPut reports whether a finding says that an $include brings nothing, or something else.
func notPut(d *diag.Diagnostic) bool {
	switch d.Rule {
	case "DSP100":
		return !Elsewhere(d)
	case "DSP101", "DSP102", "DSP104", "DSP110", "DSP116", "DSP117":
		return true
	case "DSP119": // a variable of a value moves nothing
		line := d.Span.File.Line(d.Span.Position().Line)
		line.End = d.Span.Start
		return strings.Contains(line.Text(), "$include")
	}
	return false
}
