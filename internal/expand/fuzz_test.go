package expand

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzExpand takes a handful of files out of one text, expands the first and holds what is true of every
// expansion. A line "== name" starts a file.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{
		"/farms { $include \"enabled_farms/*.farm\" }\n== enabled_farms/a.farm\n/a { /docroot \"${DOCROOT}/a\" $include '../b.any' }\n== b.any\n/x \"$<Y>\" '${'",
		"$include \"b.any\"\n== b.any\n$include \"a.any\"",
		"$include \"*.any\"\n== b.any\n../d/c.any\n== d/c.any\n$include \"../*/c.any\" $include \"./[a-b].any\"",
		"$include \"..\\\\d\\\\c.any\" $include \"/etc/httpd/b.any\" $include \"../x\"\n== b.any\n}\n== d/C.any\n{",
		"$include d $include \"\" $include \"${N}\" $include \"[\" $include\n== d/x.any\n\"{NAME}\"",
		"\"a\\\"${DOCROOT}\\\\${X:-${DOCROOT}}\" \"${\" '${}' ${DOCROOT} \"${A B}\"",
	} {
		f.Add([]byte(s))
	}
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		for _, file := range ar.Files {
			if !isGolden(file.Name) {
				fmt.Fprintf(&b, "\n== %s\n%s", file.Name, file.Data)
			}
		}
		f.Add(append(fmt.Appendf(nil, "$include %q", ar.Files[0].Name), b.Bytes()...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			t.Skip("long texts only cost time")
		}
		files := fstest.MapFS{}
		name := "a.any"
		for i, part := range bytes.Split(text, []byte("\n== ")) {
			if i == 10 {
				break
			}
			if i > 0 {
				head, rest, _ := bytes.Cut(part, []byte("\n"))
				name, part = string(head), rest
				if !validName(name) {
					continue
				}
			}
			files[name] = &fstest.MapFile{Data: part}
		}
		before := map[string]string{}
		for n, f := range files {
			before[n] = string(f.Data)
		}
		tree, err := File("a.any", Options{
			FS:       files,
			Fallback: []string{"d"},
			Map:      func(abs string) (string, bool) { return strings.CutPrefix(abs, "/etc/httpd/") },
			Lookup: func(name string) (Variable, bool) {
				switch name {
				case "DOCROOT":
					return Variable{Value: `/mnt/"${X}'\\`, From: "test"}, true
				case "N":
					return Variable{Value: "b.any"}, true
				case "E":
					return Variable{Bare: true}, true
				}
				return Variable{}, false
			},
			Names: func() []string { return []string{"DOCROOT", "N"} },
		})
		if err != nil {
			if len(files) > 0 && files["a.any"] != nil && files["a.any"].Mode == 0 && !strings.Contains(err.Error(), "folder") {
				t.Fatalf("the root cannot be read: %v", err)
			}
			return
		}
		checkTree(t, tree)
		for n, f := range files {
			if before[n] != string(f.Data) {
				t.Fatalf("%s was changed", n)
			}
		}
		again, err := File("a.any", Options{FS: files, Fallback: []string{"d"}})
		if err != nil {
			t.Fatal(err)
		}
		checkTree(t, again)
	})
}

func validName(name string) bool {
	if len(name) > 100 || strings.ContainsAny(name, "\x00\\") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}
