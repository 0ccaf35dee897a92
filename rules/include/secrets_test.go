package include

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

func TestLooksRandom(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"9f8Kx2LmQ7rT", true},
		{"9f8Kx2LmQ7r", false}, // one too short
		{"abcdefghijkl", false},
		{"123456789012", false},
		{"aaaaaaaaaaa1", false},
		{"myPassword12", false},
		{"YOUR_TOKEN_1234", false},
		{"", false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if got := looksRandom(tt.text); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestSecretName(t *testing.T) {
	for _, tt := range []struct {
		name string
		want bool
	}{
		{"password", true}, {"DB_PASSWORD", true}, {"api-key", true}, {"client_secret", true}, {"token", true}, {"pwd", true},
		{"pagetoken", false}, {"key", false}, {"passwords", false}, {"", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := secretName(tt.name); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// secretsOf returns what the rule finds in a text.
func secretsOf(t testing.TB, text string) []diag.Diagnostic {
	f := grammar.Parse(source.NewFile("a.any", []byte(text)))
	s := lint.Subject{Files: []*grammar.File{f}}
	res := lint.Run(t.Context(), &s, []*lint.Rule{&secretInConfig}, nil, lint.RunOptions{})
	for _, f := range res.Failures {
		t.Fatalf("%v\n%s", f, f.Stack)
	}
	return res.Findings
}

// TestSecretNotShown: findings go to logs and reports, where a secret does not belong.
func TestSecretNotShown(t *testing.T) {
	for _, tt := range []struct{ name, text, secret string }{
		{"url", "# https://monitor:s3cretw0rd@aem.example.com/\n", "s3cretw0rd"},
		{"basic", "# Basic c3luYzpoN3RLcTJ4VzlwTHM=\n", "c3luYzpoN3RLcTJ4VzlwTHM="},
		{"named", "# API_KEY=9f8Kx2LmQ7rT4vWz\n", "9f8Kx2LmQ7rT4vWz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := secretsOf(t, tt.text)
			if len(found) != 1 {
				t.Fatalf("%d findings, want 1", len(found))
			}
			if d := found[0]; strings.Contains(d.Message+d.Hint, tt.secret) || !strings.Contains(d.Span.Text(), tt.secret) {
				t.Errorf("message %q, hint %q, span %q", d.Message, d.Hint, d.Span.Text())
			}
		})
	}
}

// FuzzSecrets: whatever the text, the rule ends, and points into the text.
func FuzzSecrets(f *testing.F) {
	for _, text := range []string{
		"# https://a:b1@c\n", "# Basic c3luYzpoN3RLcTJ4VzlwTHM=\n", "# AKIAABCDEFGHIJKLMNOP", "\"-----BEGIN PRIVATE KEY-----\"",
		"# token=9f8Kx2LmQ7rT4vWz", "# PRIVATE KEY----- -----BEGIN ", "# ://://:@:@", "# Basic ", "# =password==",
		"#" + strings.Repeat("password=", 500), "#" + strings.Repeat("AKIA", 500),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range secretsOf(t, text) {
			if d.Span.Start < 0 || d.Span.End <= d.Span.Start || int(d.Span.End) > len(text) {
				t.Errorf("span [%d, %d) of %d bytes", d.Span.Start, d.Span.End, len(text))
			}
		}
	})
}
