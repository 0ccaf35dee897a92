package source

import (
	"sync"
	"testing"
)

func TestPosition(t *testing.T) {
	f := NewFile("a.any", []byte("ab\nc\u00e9d\r\n\nlast"))
	tests := []struct {
		offset int
		want   Position
	}{
		{-1, Position{1, 1}}, {0, Position{1, 1}}, {2, Position{1, 3}}, {3, Position{2, 1}},
		{6, Position{2, 4}}, // columns count bytes
		{9, Position{3, 1}}, {10, Position{4, 1}}, {14, Position{4, 5}}, {99, Position{4, 5}},
	}
	for _, tt := range tests {
		if got := f.Position(tt.offset); got != tt.want {
			t.Errorf("offset %d: got %v, want %v", tt.offset, got, tt.want)
		}
	}
	if got := NewFile("", nil).Position(0); got != (Position{1, 1}) {
		t.Errorf("empty text: got %v", got)
	}
}

func TestLines(t *testing.T) {
	f := NewFile("a.any", []byte("ab\nc\r\n\nlast\n"))
	want := []string{"ab", "c", "", "last", ""}
	if f.Lines() != len(want) {
		t.Fatalf("got %d lines, want %d", f.Lines(), len(want))
	}
	for i, line := range want {
		if got := f.Line(i + 1).Text(); got != line {
			t.Errorf("line %d: got %q, want %q", i+1, got, line)
		}
	}
	for _, line := range []int{0, -1, 6} {
		if s := f.Line(line); !s.IsZero() {
			t.Errorf("line %d: got %v, want no place", line, s)
		}
	}
}

func TestSpan(t *testing.T) {
	f := NewFile("a.any", []byte("one two\nthree"))
	g := NewFile("b.any", []byte("other"))
	one, two, three := f.Span(0, 3), f.Span(4, 7), f.Span(8, 13)
	if one.Text() != "one" || three.Len() != 5 || (Span{}).Text() != "" {
		t.Errorf("texts are %q, %d, %q", one.Text(), three.Len(), (Span{}).Text())
	}
	if got := one.To(three).Text(); got != "one two\nthree" {
		t.Errorf("from one to three: %q", got)
	}
	if got := (Span{}).To(two); got != two {
		t.Errorf("from nowhere to two: %v", got)
	}
	if got := two.To(Span{}); got != two {
		t.Errorf("from two to nowhere: %v", got)
	}
	if !one.To(three).Contains(two) || two.Contains(one) || (Span{}).Contains(Span{}) || one.Contains(g.Span(0, 3)) {
		t.Error("a span contains the wrong ones")
	}
	if got := three.EndPosition(); got != (Position{2, 6}) {
		t.Errorf("three ends at %v", got)
	}
	if (Span{}).Position() != (Position{}) || (Span{}).EndPosition() != (Position{}) {
		t.Error("no place has a position")
	}
	for _, tt := range []struct{ a, b Span }{{one, two}, {f.Span(0, 2), one}, {three, g.Span(0, 1)}, {Span{}, one}} {
		if tt.a.Compare(tt.b) >= 0 || tt.b.Compare(tt.a) <= 0 || tt.a.Compare(tt.a) != 0 {
			t.Errorf("%v and %v are in the wrong order", tt.a, tt.b)
		}
	}
}

// TestPositionConcurrently: the index of lines is made once, whoever asks first.
func TestPositionConcurrently(t *testing.T) {
	f := NewFile("a.any", []byte("a\nb\nc\n"))
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if got := f.Position(4); got != (Position{3, 1}) {
				t.Errorf("got %v", got)
			}
		})
	}
	wait.Wait()
}
