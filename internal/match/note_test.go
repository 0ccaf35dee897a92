package match

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestNotes checks which notes patterns get, and where. A pattern of no notes is one that a linter must be quiet on.
func TestNotes(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		kind          Kind
		want          []Note // without Message and Hint
	}{
		{"plain expression", `/content/([^/.]+/)*[^/.]+\.html`, KindERE, nil},
		{"escaped punctuation", `\.\/\-\%\\`, KindERE, nil},
		{"GNU classes", `\w\W\s\S\b`, KindERE, nil},
		{"empty group", "()", KindERE, nil},
		{"option", "(a)?", KindERE, nil},
		{"surplus parenthesis", "(json|xml))", KindERE, []Note{{Offset: 10, End: 11, Code: NoteSurplusParen}}},
		{"surplus parentheses", "a))b", KindERE, []Note{{Offset: 1, End: 2, Code: NoteSurplusParen}, {Offset: 2, End: 3, Code: NoteSurplusParen}}},
		{"digit escape", `a\d+`, KindERE, []Note{{Offset: 1, End: 3, Code: NotePlainEscape}}},
		{"line feed escape", `\n`, KindERE, []Note{{Offset: 0, End: 2, Code: NotePlainEscape}}},
		{"lazy", "a.*?b", KindERE, []Note{{Offset: 3, End: 4, Code: NoteLazyRepeat}}},
		{"lazy interval", "a{2}?", KindERE, []Note{{Offset: 4, End: 5, Code: NoteLazyRepeat}}},
		{"possessive", "a++", KindERE, []Note{{Offset: 2, End: 3, Code: NotePossessiveRepeat}}},
		{"double", "a**", KindERE, []Note{{Offset: 2, End: 3, Code: NoteDoubleRepeat}}},
		{"double interval", "a{2}{3}", KindERE, []Note{{Offset: 4, End: 7, Code: NoteDoubleRepeat}}},
		{"empty alternative", "a||b", KindERE, []Note{{Offset: 1, End: 3, Code: NoteEmptyAlternative}}},
		{"empty alternative first", "(|a)", KindERE, []Note{{Offset: 0, End: 2, Code: NoteEmptyAlternative}}},
		{"empty alternative last", "(a|)", KindERE, []Note{{Offset: 2, End: 4, Code: NoteEmptyAlternative}}},
		{"glob habit", "/content/*", KindERE, []Note{{Offset: 8, End: 10, Code: NoteGlobHabit}}},
		{"outer anchors", "^a$", KindERE, []Note{{Offset: 0, End: 1, Code: NoteOuterAnchor}, {Offset: 2, End: 3, Code: NoteOuterAnchor}}},
		{"anchors that never hold", "a^b", KindERE, []Note{{Offset: 0, End: 3, Code: NoteNeverMatches}}},
		{"backslash in brackets", `[\w-]`, KindERE, []Note{{Offset: 1, End: 3, Code: NoteBracketEscape}}},
		{"escaped bracket in brackets", `[^\]]`, KindERE, []Note{{Offset: 2, End: 4, Code: NoteBracketEscape}}},
		{"backslash meant in brackets", `[\\/]`, KindERE, nil},
		{"character beyond ASCII in brackets", "[äö]", KindERE, []Note{{Offset: 0, End: 6, Code: NoteSplitCharacter}}},
		{"character beyond ASCII repeated", "ä*", KindERE, []Note{{Offset: 1, End: 2, Code: NoteSplitCharacter}}},
		{"character beyond ASCII", "(ä)*ö", KindERE, nil},
		{"leading blank", " a", KindERE, []Note{{Offset: 0, End: 1, Code: NoteOuterBlank}}},
		{"trailing blanks", "a \t", KindERE, []Note{{Offset: 1, End: 3, Code: NoteOuterBlank}}},
		{"only blanks", "  ", KindGlob, []Note{{Offset: 0, End: 2, Code: NoteOuterBlank}}},
		{"zero-width space", "\u200b*", KindGlob, []Note{{Offset: 0, End: 3, Code: NoteInvisible}}},
		{"no-break space", "a\u00a0b", KindERE, []Note{{Offset: 1, End: 3, Code: NoteInvisible}}},
		{"byte order mark", "\ufeffa", KindGlob, []Note{{Offset: 0, End: 3, Code: NoteInvisible}}},
		{"text direction", "a\u202eb", KindGlob, []Note{{Offset: 1, End: 4, Code: NoteInvisible}}},
		{"control character", "a\x01", KindGlob, []Note{{Offset: 1, End: 2, Code: NoteInvisible}}},
		{"replacement character and broken UTF-8", "\ufffd\xff", KindGlob, nil},
		{"plain globs", "/content/*/jcr:content/*.infinity*.json", KindGlob, nil},
		{"request line", "GET /a/b.html *", KindGlob, nil},
		{"extension idiom", "/foo/bar.*", KindGlob, nil},
		{"names with a dot", "*.*", KindGlob, nil},
		{"AMS default", "/_?jcr[:_]system.*", KindGlob, nil},
		{"path characters", "/a+b/$c/{d}/(e)/f^g", KindGlob, nil},
		{"alternatives in a glob", "(infinity|tidy)", KindGlob, []Note{{Offset: 9, End: 10, Code: NoteRegexHabit}}},
		{"dot and star in a glob", "/content/.*", KindGlob, []Note{{Offset: 9, End: 11, Code: NoteRegexHabit}}},
		{"dot and star only", ".*", KindGlob, []Note{{Offset: 0, End: 2, Code: NoteRegexHabit}}},
		{"dot in a class", "/content/[.]*.form.html", KindGlob, []Note{{Offset: 9, End: 12, Code: NoteRegexHabit}}},
		{"anchors in a glob", "^/a$", KindGlob, []Note{{Offset: 0, End: 1, Code: NoteRegexHabit}, {Offset: 3, End: 4, Code: NoteRegexHabit}}},
		{"class and plus in a glob", "/[a-z]+", KindGlob, []Note{{Offset: 6, End: 7, Code: NoteRegexHabit}}},
		{"group and option in a glob", "(a)?", KindGlob, []Note{{Offset: 3, End: 4, Code: NoteRegexHabit}}},
		{"count in a glob", "[0-9]{1,3}", KindGlob, []Note{{Offset: 5, End: 10, Code: NoteRegexHabit}}},
		{"escape in a glob", `sitemap\.xml`, KindGlob, []Note{{Offset: 7, End: 9, Code: NoteBackslash}}},
		{"backslash last in a glob", `a\`, KindGlob, []Note{{Offset: 1, End: 2, Code: NoteBackslash}}},
		{"escape in a class", `[\/]`, KindGlob, []Note{{Offset: 1, End: 2, Code: NoteBackslash}}},
		{"escaped dot in a class", `[\.]`, KindGlob, []Note{{Offset: 0, End: 4, Code: NoteRegexHabit}, {Offset: 1, End: 2, Code: NoteBackslash}}},
		{"unclosed bracket", "a[b", KindGlob, []Note{{Offset: 1, End: 2, Code: NoteUnclosedBracket}}},
		{"empty class", "a[]", KindGlob, []Note{{Offset: 1, End: 3, Code: NoteEmptyClass}}},
		{"empty negated class", "a[!]", KindGlob, []Note{{Offset: 1, End: 4, Code: NoteEmptyClass}}},
		{"range backwards", "[z-a]", KindGlob, []Note{{Offset: 1, End: 4, Code: NoteReversedRange}}},
		{"negation later in a class", "[!o!/]", KindGlob, []Note{{Offset: 3, End: 4, Code: NoteInnerNegation}}},
		{"double star", "/a/**/b", KindGlob, []Note{{Offset: 3, End: 5, Code: NoteDoubleStar}}},
		{"character beyond ASCII in a class", "[é]", KindGlob, []Note{{Offset: 0, End: 4, Code: NoteSplitCharacter}}},
		{"empty glob", "", KindGlob, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := sample(t, tt.kind, false, tt.pattern)
			got := p.Notes()
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Note{}, "Message", "Hint")); diff != "" {
				t.Error(diff)
			}
			for _, n := range got {
				if n.Message == "" {
					t.Errorf("note %s has no message", n.Code)
				}
			}
		})
	}
}

// TestNotesOfRefusedExpression checks that what was remarked before a syntax error is not lost.
func TestNotesOfRefusedExpression(t *testing.T) {
	_, got, err := ParseERE(`\d(`)
	if err == nil {
		t.Fatal("no error")
	}
	want := []Note{{Offset: 0, End: 2, Code: NotePlainEscape}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Note{}, "Message", "Hint")); diff != "" {
		t.Error(diff)
	}
}
