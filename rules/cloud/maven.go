package cloud

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var mavenChecksumDrift = lint.Rule{
	ID: "DSP758", Name: "maven-checksum-drift", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkMaven,
	Doc: lint.Doc{
		Title: "checksum in pom.xml is not that of the file",
		Why: "Adobe's project template lets Maven compare the platform's files with checksums in dispatcher/pom.xml. Where one differs, or the " +
			"file is missing, the build ends before anything is deployed.",
		File: "src/" + entryFile, Bad: allFarms, Good: allFarms,
		Files:     below("src/", tree()),
		BadFiles:  []lint.File{{Name: "pom.xml", Text: pomWith("00000000000000000000000000000000")}},
		GoodFiles: []lint.File{{Name: "pom.xml", Text: pomWith("594b7a65a7c9ca1d834d7b50c966411a")}},
		Note:      "Looked at is the pom.xml beside src, and in it the rules requireFileChecksum of the enforcer plugin. Where the file is a version that is known, take its checksum into pom.xml; otherwise restore the file.",
		Since:     since,
		Sources:   []string{"adobe/aem-guides-wknd, dispatcher/pom.xml", "adobe/aem-guides-wknd, issue 499"},
	},
}

// pomWith is a project with one checksum.
func pomWith(sum string) string {
	return `<project>
  <build><plugins><plugin>
    <artifactId>maven-enforcer-plugin</artifactId>
    <executions><execution><configuration><rules>
      <requireFileChecksum>
        <file>src/conf.dispatcher.d/dispatcher.any</file>
        <checksum>` + sum + `</checksum>
        <type>md5</type>
      </requireFileChecksum>
    </rules></configuration></execution></executions>
  </plugin></plugins></build>
</project>
`
}

func checkMaven(p *lint.Pass, _ *model.Config) {
	if len(entries(p)) == 0 {
		return
	}
	pom := p.Subject.Folders.Read("../pom.xml")
	if pom == nil || !bytes.Contains(pom.Text, []byte("requireFileChecksum")) {
		return
	}
	for _, c := range checksums(pom) {
		name, ok := strings.CutPrefix(c.file, "src/")
		if !ok || strings.Contains(name, "${") || c.sum == "" {
			continue
		}
		d := diag.Diagnostic{Span: c.at, Hint: "restore the file from the Dispatcher tools of the SDK, or bring the checksum up to date"}
		text := p.Subject.Folders.Read(name)
		if text == nil {
			d.Message = fmt.Sprintf("file %s is not there, and pom.xml has its checksum", name)
			p.Report(d)
			continue
		}
		got := digest(c.kind, text.Text)
		if got == "" || strings.EqualFold(got, c.sum) || strings.EqualFold(digest(c.kind, bytes.ReplaceAll(text.Text, []byte("\r\n"), []byte("\n"))), c.sum) {
			continue
		}
		d.Message = fmt.Sprintf("file %s has another checksum: %s", path.Base(name), got)
		d.Related = []diag.Related{{Span: text.Span(0, 0), Message: "the file"}}
		p.Report(d)
	}
}

// A checksum is one rule of Maven's enforcer.
type checksum struct {
	file, sum, kind string
	at              source.Span // of the sum
}

// checksums reads the rules of a pom.xml, as far as that is XML.
func checksums(pom *source.File) []checksum {
	var out []checksum
	d := xml.NewDecoder(bytes.NewReader(pom.Text))
	d.Strict = false
	var in *checksum
	var element string
	const most = 1000
	for len(out) < most {
		start := d.InputOffset()
		t, err := d.Token()
		if err != nil {
			return out
		}
		switch t := t.(type) {
		case xml.StartElement:
			element = t.Name.Local
			if element == "requireFileChecksum" {
				in = &checksum{kind: "md5"}
			}
		case xml.EndElement:
			if t.Name.Local == "requireFileChecksum" && in != nil {
				out = append(out, *in)
				in = nil
			}
			element = ""
		case xml.CharData:
			text := strings.TrimSpace(string(t))
			if in == nil || text == "" {
				continue
			}
			switch element {
			case "file":
				in.file = strings.TrimPrefix(strings.TrimPrefix(text, "${project.basedir}/"), "./")
			case "type":
				in.kind = strings.ToLower(text)
			case "checksum":
				in.sum = text
				from := int(start) + bytes.Index(pom.Text[start:], []byte(text))
				in.at = pom.Span(from, from+len(text))
			}
		}
	}
	return out
}

// digest is a checksum as Maven has it, "" for a kind that is not known.
func digest(kind string, text []byte) string {
	switch kind {
	case "md5":
		sum := md5.Sum(text)
		return hex.EncodeToString(sum[:])
	case "sha1":
		sum := sha1.Sum(text)
		return hex.EncodeToString(sum[:])
	case "sha256":
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(text)
		return hex.EncodeToString(sum[:])
	}
	return ""
}
