package cli

import (
	"bytes"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(1_700_000_000, 0)
	p := &progress{w: &b, what: "files", total: 9, now: func() time.Time { return now }}
	step := func(n int, after time.Duration) string {
		now = now.Add(after)
		b.Reset()
		p.done(n)
		return b.String()
	}
	for _, s := range []struct {
		n     int
		after time.Duration
		want  string
	}{
		{0, 0, ""},
		{1, 900 * time.Millisecond, ""},
		{2, 200 * time.Millisecond, "\r2 of 9 files\x1b[K"},
		{3, 50 * time.Millisecond, ""},
		{4, 60 * time.Millisecond, "\r4 of 9 files\x1b[K"},
	} {
		if got := step(s.n, s.after); got != s.want {
			t.Errorf("%d: got %q, want %q", s.n, got, s.want)
		}
	}
	b.Reset()
	p.clear()
	p.clear()
	if got, want := b.String(), "\r\x1b[K"; got != want {
		t.Errorf("clear writes %q, want %q", got, want)
	}
}

func TestProgressStaysAwayFromPipes(t *testing.T) {
	in := fmtInvocation(t)
	before := in.stderr
	p := in.progress(5, "files")
	p.done(1)
	p.clear()
	if p.w != nil || in.stderr != before {
		t.Error("a stream that is no terminal gets a progress")
	}
}
