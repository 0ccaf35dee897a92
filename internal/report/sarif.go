package report

import (
	"cmp"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// The types below are the part of SARIF 2.1.0 that dispcheck writes. They are our own since the library
// for it, go-sarif, brings a checker of schemas that works for 0.3 ms at every start of the program.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool                `json:"tool"`
		Bases      map[string]sarifArtifact `json:"originalUriBaseIds"`
		ColumnKind string                   `json:"columnKind"`
		Results    []sarifResult            `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string               `json:"id"`
		Name       string               `json:"name,omitempty"`
		Short      *sarifText           `json:"shortDescription"`
		Full       *sarifText           `json:"fullDescription"`
		Help       *sarifText           `json:"help"`
		HelpURI    string               `json:"helpUri,omitempty"`
		Default    *sarifRuleDefault    `json:"defaultConfiguration,omitempty"`
		Properties *sarifRuleProperties `json:"properties,omitempty"`
	}
	sarifRuleDefault struct {
		Level      string         `json:"level"`
		Enabled    *bool          `json:"enabled,omitempty"`    // nil stands for true
		Parameters map[string]any `json:"parameters,omitempty"` // the options of the rule, with their defaults
	}
	sarifRuleProperties struct {
		Tags []string `json:"tags,omitempty"`
		// Security is a number from 0 to 10 as text, as GitHub wants it: from 7 high, from 4 medium.
		Security string `json:"security-severity,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId,omitempty"`
		RuleIndex    *int              `json:"ruleIndex,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		CodeFlows    []sarifCodeFlow   `json:"codeFlows,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Fixes        []sarifFix        `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI         string     `json:"uri,omitempty"`
		Base        string     `json:"uriBaseId,omitempty"`
		Description *sarifText `json:"description,omitempty"`
	}
	sarifRegion struct {
		StartLine   int  `json:"startLine,omitempty"`
		StartColumn int  `json:"startColumn,omitempty"`
		EndLine     int  `json:"endLine,omitempty"`
		EndColumn   int  `json:"endColumn,omitempty"`
		ByteOffset  *int `json:"byteOffset,omitempty"`
		ByteLength  *int `json:"byteLength,omitempty"`
	}
	sarifCodeFlow struct {
		Threads []sarifThread `json:"threadFlows"`
	}
	sarifThread struct {
		Locations []sarifStep `json:"locations"`
	}
	sarifStep struct {
		Location sarifLocation `json:"location"`
		Nesting  int           `json:"nestingLevel"`
	}
	sarifFix struct {
		Description sarifText      `json:"description"`
		Changes     []*sarifChange `json:"artifactChanges"`
		Properties  sarifSafety    `json:"properties"`
	}
	sarifSafety struct {
		Safe bool `json:"safe"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion   `json:"deletedRegion"`
		Inserted *sarifContent `json:"insertedContent,omitempty"`
	}
	sarifContent struct {
		Text   *string `json:"text,omitempty"`
		Binary string  `json:"binary,omitempty"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifRoot   = "%SRCROOT%"
	// The name of our fingerprint has a version, as the standard asks (3.27.17): a new way to make it
	// must not be compared with the old.
	sarifFingerprint = "dispcheckContent/v2"
)

// SARIF writes findings as a log of the OASIS standard SARIF 2.1.0 with one run. Only rules that a
// finding names are described. Infos and hints are notes. Columns count code points. Relative files
// start from %SRCROOT%, the folder in which dispcheck ran. The $include lines that led to a finding
// are its code flow. A finding without a place has the file [Findings.Subject] and no region, or no
// location where that is empty.
func (p *Printer) SARIF(w io.Writer, f *Findings) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: tool, Version: f.Version, URI: toolURL, Rules: []sarifRule{}}},
		Bases:      map[string]sarifArtifact{sarifRoot: {Description: &sarifText{Text: "the folder in which dispcheck ran"}}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, 0, len(f.List)),
	}
	index := map[string]int{}
	for i, r := range f.found() {
		index[r.id] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, f.sarifRule(r))
	}
	s := sarif{p.Prefix}
	prints := lint.Fingerprints(f.List, f.Names)
	for i := range f.List {
		d := &f.List[i]
		r := sarifResult{
			RuleID: d.Rule, Level: sarifLevel(d.Severity), Message: sarifMessage(strings.Join(told(d), "\n")),
			Related: s.related(d), CodeFlows: s.codeFlows(d), Fixes: s.fixes(d),
			Fingerprints: map[string]string{sarifFingerprint: prints[i]},
		}
		if at, ok := index[d.Rule]; ok {
			r.RuleIndex = &at
		}
		switch {
		case !d.Span.IsZero():
			r.Locations = []sarifLocation{s.location(d.Span, "")}
		case f.Subject != "":
			r.Locations = []sarifLocation{{Physical: &sarifPhysical{Artifact: s.artifact(f.Subject)}}}
		}
		run.Results = append(run.Results, r)
	}
	return JSON(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{run}})
}

// sarif makes the pieces of a log, files behind prefix.
type sarif struct{ prefix string }

func (s sarif) artifact(name string) sarifArtifact {
	u := uriOf(Path(s.prefix, name))
	if u.relative {
		return sarifArtifact{URI: u.text, Base: sarifRoot}
	}
	return sarifArtifact{URI: u.text}
}

func (s sarif) location(at source.Span, message string) sarifLocation {
	var l sarifLocation
	if message != "" {
		m := sarifMessage(line(message))
		l.Message = &m
	}
	if !at.IsZero() {
		region := sarifRegionOf(at)
		l.Physical = &sarifPhysical{Artifact: s.artifact(at.File.Name), Region: &region}
	}
	return l
}

func sarifRegionOf(at source.Span) sarifRegion {
	p := PlaceOf(at, "")
	return sarifRegion{StartLine: p.Line, StartColumn: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
}

func (s sarif) related(d *diag.Diagnostic) []sarifLocation {
	var out []sarifLocation
	for i, r := range d.Related {
		l := s.location(r.Span, r.Message)
		l.ID = i + 1
		out = append(out, l)
	}
	return out
}

// codeFlows returns the way from the outermost file to the finding.
func (s sarif) codeFlows(d *diag.Diagnostic) []sarifCodeFlow {
	if len(d.Included) == 0 {
		return nil
	}
	var steps []sarifStep
	for i, at := range d.Included {
		steps = append(steps, sarifStep{s.location(at, "included here"), i})
	}
	if !d.Span.IsZero() {
		steps = append(steps, sarifStep{s.location(d.Span, d.Message), len(d.Included)})
	}
	return []sarifCodeFlow{{[]sarifThread{{steps}}}}
}

func (s sarif) fixes(d *diag.Diagnostic) []sarifFix {
	var out []sarifFix
	for _, fix := range d.Fixes {
		one := sarifFix{Description: sarifMessage(line(fix.Title)), Properties: sarifSafety{fix.Safe}}
		byFile := map[*source.File]*sarifChange{}
		for _, e := range fix.Edits {
			if e.Span.IsZero() {
				continue
			}
			c := byFile[e.Span.File]
			if c == nil {
				c = &sarifChange{Artifact: s.artifact(e.Span.File.Name)}
				byFile[e.Span.File] = c
				one.Changes = append(one.Changes, c)
			}
			c.Replacements = append(c.Replacements, sarifReplace(e))
		}
		if len(one.Changes) > 0 { // the standard wants at least one
			out = append(out, one)
		}
	}
	return out
}

// sarifReplace returns an edit. One that puts in bytes that are no text is told in bytes, as
// the standard has it (3.57.3, 3.57.4).
func sarifReplace(e diag.Edit) sarifReplacement {
	if utf8.ValidString(e.New) {
		r := sarifReplacement{Deleted: sarifRegionOf(e.Span)}
		if e.New != "" {
			r.Inserted = &sarifContent{Text: &e.New}
		}
		return r
	}
	offset, length := int(e.Span.Start), e.Span.Len()
	return sarifReplacement{
		Deleted:  sarifRegion{ByteOffset: &offset, ByteLength: &length},
		Inserted: &sarifContent{Binary: base64.StdEncoding.EncodeToString([]byte(e.New))},
	}
}

func sarifLevel(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "error"
	case diag.Warning:
		return "warning"
	}
	return "note"
}

// sarifMessage returns a message that means its text. The standard reads {0} as a place for an argument
// and [text](1) as a link (3.11.5, 3.11.6), and patterns in configurations have both. Only these are escaped:
// most viewers show escapes as they stand.
func sarifMessage(text string) sarifText {
	if !strings.ContainsAny(text, "{[") {
		return sarifText{Text: text}
	}
	var b strings.Builder
	link := strings.Contains(text, "](")
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '{':
			digits := len(text) - i - 1 - len(strings.TrimLeft(text[i+1:], "0123456789"))
			if end := i + 1 + digits; digits > 0 && end < len(text) && text[end] == '}' {
				b.WriteString("{{" + text[i+1:end] + "}}")
				i = end
				continue
			}
			b.WriteByte(c)
		case link && (c == '[' || c == ']'):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return sarifText{Text: b.String()}
}

// sarifRule describes a rule. GitHub refuses a log in which a rule lacks one of the three texts.
func (f *Findings) sarifRule(found foundRule) sarifRule {
	r := found.rule
	if r == nil {
		text := &sarifText{Text: found.id}
		return sarifRule{ID: found.id, Short: text, Full: text, Help: text}
	}
	title := cmp.Or(r.Doc.Title, r.Name, r.ID)
	out := sarifRule{
		ID: found.id, Name: r.Name,
		Short: &sarifText{Text: title}, Full: &sarifText{Text: cmp.Or(r.Doc.Why, title)},
		Help:    &sarifText{cmp.Or(helpText(&r.Doc), title), helpMarkdown(&r.Doc)},
		Default: sarifDefault(r),
	}
	if page := linkTo(f.url(found.id)); strings.Contains(page, "://") { // the schema takes no path
		out.HelpURI = page
	}
	var p sarifRuleProperties
	if area := f.area(r); area != "" {
		p.Tags = append(p.Tags, area)
	}
	if r.Security {
		p.Tags = append(p.Tags, "security")
		p.Security = securitySeverity(r.Severity)
	}
	if p.Tags != nil {
		out.Properties = &p
	}
	return out
}

// sarifDefault tells how the rule is set where a project sets nothing.
func sarifDefault(r *lint.Rule) *sarifRuleDefault {
	d := &sarifRuleDefault{Level: sarifLevel(r.Severity)}
	if r.Off {
		d.Enabled = new(bool)
	}
	for _, o := range r.Options {
		if d.Parameters == nil {
			d.Parameters = map[string]any{}
		}
		d.Parameters[o.Name] = o.Default
	}
	return d
}

// securitySeverity returns the middle of the range that GitHub calls high, medium or low.
func securitySeverity(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "8.0"
	case diag.Warning:
		return "5.5"
	}
	return "2.0"
}

func helpText(d *lint.Doc) string {
	var parts []string
	for _, s := range []string{d.Why, d.Note} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n\n")
}

// helpMarkdown returns what helpText says, and the examples of the rule.
func helpMarkdown(d *lint.Doc) string {
	var b strings.Builder
	b.WriteString(markdownParagraph(d.Why))
	for _, example := range []struct{ title, text string }{{"Reported", d.Bad}, {"Put right", d.Good}} {
		if example.text == "" {
			continue
		}
		shown := lint.File{Text: example.text}.Shown()
		fence := strings.Repeat("`", max(3, longestRun(shown, '`')+1))
		b.WriteString("\n\n**" + example.title + "**\n\n" + fence + "\n" + strings.TrimSuffix(shown, "\n") + "\n" + fence)
	}
	if d.Note != "" {
		b.WriteString("\n\n" + markdownParagraph(d.Note))
	}
	for i, s := range d.Sources {
		if i == 0 {
			b.WriteString("\n\nSources:\n")
		}
		b.WriteString("\n- " + s)
	}
	return strings.TrimLeft(b.String(), "\n")
}

// markdownParagraph escapes the sentences of a rule, in which configuration stands as it is.
func markdownParagraph(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = markdownText(parts[i])
	}
	return strings.Join(parts, "\n")
}

// longestRun returns how often a byte stands side by side at most.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
