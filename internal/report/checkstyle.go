package report

import (
	"encoding/xml"
	"io"

	"github.com/dispcheck/dispcheck/diag"
)

type checkstyle struct {
	XMLName xml.Name          `xml:"checkstyle"`
	Version string            `xml:"version,attr"`
	Files   []*checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr,omitempty"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// Checkstyle writes findings in the XML of the Checkstyle tool, which Jenkins, reviewdog and others
// read. Hints have the severity info, since Checkstyle knows none below; the source is the rule's id
// behind "dispcheck.". Findings without a place stand under [Findings.Subject], without a line.
func (p *Printer) Checkstyle(w io.Writer, f *Findings) error {
	doc := checkstyle{Version: "4.3"} // the version of the form, which readers look for
	byName := map[string]*checkstyleFile{}
	for i := range f.List {
		d := &f.List[i]
		name := p.path(f, d)
		file := byName[name]
		if file == nil {
			file = &checkstyleFile{Name: name}
			byName[name] = file
			doc.Files = append(doc.Files, file)
		}
		place := PlaceOf(d.Span, "")
		e := checkstyleError{Line: place.Line, Column: place.Column, Severity: d.Severity.String(), Message: advice(d), Source: tool}
		if d.Severity == diag.Hint {
			e.Severity = diag.Info.String()
		}
		if d.Rule != "" {
			e.Source += "." + d.Rule
		}
		file.Errors = append(file.Errors, e)
	}
	return writeXML(w, doc)
}

// writeXML writes a document with its declaration. The encoder escapes quotes, markup and line ends,
// and writes U+FFFD for what XML cannot hold.
func writeXML(w io.Writer, doc any) error {
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte(xml.Header), text...), '\n'))
	return err
}
