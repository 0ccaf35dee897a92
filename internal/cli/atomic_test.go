package cli

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// filesHere returns the names of the files in the working directory.
func filesHere(t *testing.T) []string {
	t.Helper()
	es, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.Name())
	}
	return out
}

// What fails half-way leaves the old file, and none where there was none.
func TestWriteFileThatFails(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("old", []byte("as it was"), 0o644); err != nil {
		t.Fatal(err)
	}
	in := fmtInvocation(t)
	failed := errors.New("no more")
	for _, name := range []string{"old", "new"} {
		err := in.writeFile(name, func(w io.Writer) error {
			if _, err := io.WriteString(w, strings.Repeat("half ", 1<<16)); err != nil {
				return err
			}
			return failed
		})
		if err != failed {
			t.Errorf("%s: got %v, want the error of the writer itself", name, err)
		}
	}
	if got, want := filesHere(t), []string{"old"}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	if got, err := os.ReadFile("old"); err != nil || string(got) != "as it was" {
		t.Errorf("old holds %q, %v", got, err)
	}
}

// Once Ctrl-C has cleared up, a command that is still running writes nothing any more.
func TestWriteFileAfterInterrupt(t *testing.T) {
	t.Chdir(t.TempDir())
	in := fmtInvocation(t)
	in.program.temps.remove()
	if err := in.writeFile("new", whole([]byte("x"))); err == nil {
		t.Error("a file is written after the end")
	}
	if got := filesHere(t); len(got) > 0 {
		t.Errorf("there are %v, want none", got)
	}
}
