package match

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A NoteCode names a kind of [Note].
type NoteCode string

// The kinds of note. A note is no fault by itself: what to report, and how loudly, is for a linter to decide.
const (
	NoteSurplusParen     NoteCode = "surplus-paren"       // ERE: ')' without '(' is an ordinary character
	NotePlainEscape      NoteCode = "plain-escape"        // ERE: \d, \n, \t, … are the letters themselves
	NoteBracketEscape    NoteCode = "bracket-escape"      // ERE: '\' between brackets is an ordinary character
	NoteLazyRepeat       NoteCode = "lazy-repeat"         // ERE: 'a*?' is a repetition of a repetition
	NotePossessiveRepeat NoteCode = "possessive-repeat"   // ERE: 'a*+' is a repetition of a repetition
	NoteDoubleRepeat     NoteCode = "double-repeat"       // ERE: 'a**', 'a{2}{3}'
	NoteEmptyAlternative NoteCode = "empty-alternative"   // ERE: 'a||b' matches the empty string too
	NoteGlobHabit        NoteCode = "glob-habit"          // ERE: '/*' repeats the slash
	NoteOuterAnchor      NoteCode = "outer-anchor"        // ERE: '^' first or '$' last says what is so anyway
	NoteNeverMatches     NoteCode = "never-matches"       // ERE: anchors that no text satisfies
	NoteSplitCharacter   NoteCode = "split-character"     // a character beyond ASCII counts as several bytes
	NoteOuterBlank       NoteCode = "outer-blank"         // a blank at the start or end
	NoteInvisible        NoteCode = "invisible-character" // zero-width space, no-break space, control character
	NoteRegexHabit       NoteCode = "regex-habit"         // glob: something that has a meaning in regular expressions only
	NoteBackslash        NoteCode = "plain-backslash"     // glob: '\' is an ordinary character
	NoteUnclosedBracket  NoteCode = "unclosed-bracket"    // glob: '[' without ']' makes the glob match nothing
	NoteEmptyClass       NoteCode = "empty-class"         // glob: '[]' holds no character
	NoteReversedRange    NoteCode = "reversed-range"      // glob: '[z-a]' holds no character
	NoteInnerNegation    NoteCode = "inner-negation"      // glob: '!' or '^' later in a class is an ordinary character
	NoteDoubleStar       NoteCode = "double-star"         // glob: '**' is no more than '*'
)

// A Note is a remark on a pattern that is accepted and may yet not mean what its author thinks.
type Note struct {
	Offset, End int // the bytes of the pattern, half open
	Code        NoteCode
	Message     string // what is there and what it means, lower case, no full stop
	Hint        string // what to write instead, may be empty
}

// maxNotes bounds the notes on one pattern.
const maxNotes = 64

// notes collects notes up to maxNotes.
type notes struct{ list []Note }

func (n *notes) add(from, to int, code NoteCode, message, hint string) {
	if len(n.list) < maxNotes {
		n.list = append(n.list, Note{Offset: from, End: to, Code: code, Message: message, Hint: hint})
	}
}

// addText adds the notes that globs and regular expressions have in common.
func (n *notes) addText(text string) {
	if text == "" {
		return
	}
	// A pattern that is nothing but blanks is reported once.
	const blanks = " \t"
	if t := strings.TrimLeft(text, blanks); len(t) < len(text) {
		n.add(0, len(text)-len(t), NoteOuterBlank, "leading blank is part of the pattern", "remove it unless the subject starts with a blank")
	}
	if t := strings.TrimRight(text, blanks); len(t) < len(text) && t != "" {
		n.add(len(t), len(text), NoteOuterBlank, "trailing blank is part of the pattern", "remove it unless the subject ends with a blank")
	}
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\t' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if invisible(r) && size >= 1 && (r != utf8.RuneError || size > 1) {
			n.add(i, i+size, NoteInvisible, fmt.Sprintf("invisible character %U is part of the pattern", r), "remove it")
		}
		i += size
	}
}

// invisible reports whether r leaves no mark on the screen or looks like an ordinary blank.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' && r != '\t' || r == 0x7f
	case unicode.In(r, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Cc):
		return true
	}
	// Letters by category, blank by look: combining grapheme joiner, Hangul fillers, variation selectors.
	return r == 0x034f || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 || r >= 0xfe00 && r <= 0xfe0f
}
