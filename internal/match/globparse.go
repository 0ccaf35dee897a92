package match

import (
	"fmt"
	"strings"
	"sync"
)

// parseGlob reads a Dispatcher glob: '*' is any bytes, '?' one byte, '[…]' one byte out of a class, everything else
// itself. A class is negated by '!' or '^' in first place; '-' between two bytes makes a range; ']' always closes
// it. A '[' that is never closed makes the whole glob match nothing. Nothing is refused. It folds the classes, the texts,
// both or neither.
func parseGlob(text string, classes, texts bool) *Expr {
	var subs []*Expr
	for i := 0; i < len(text); {
		from := i
		switch text[i] {
		case '*', '?':
			// A run of wildcards is so many bytes, or so many and more.
			n, hi := 0, 0
			for ; i < len(text) && (text[i] == '*' || text[i] == '?'); i++ {
				if text[i] == '?' {
					n++
				} else {
					hi = unbounded
				}
			}
			if hi == 0 {
				hi = n
			}
			subs = append(subs, &Expr{Op: OpRepeat, Offset: from, Min: n, Max: hi, Subs: anyByteSubs})
		case '[':
			set, end := globClass(text, i)
			if end < 0 {
				return neverExpr
			}
			if classes {
				set.foldClass(text[i+1])
			}
			subs = append(subs, &Expr{Op: OpSet, Offset: from, Set: set})
			i = end
		default:
			n := strings.IndexAny(text[i:], "*?[")
			if n < 0 {
				n = len(text) - i
			}
			i += n
			if texts {
				subs = append(subs, foldText(text[from:i], from)...)
			} else {
				subs = append(subs, &Expr{Op: OpText, Offset: from, Text: text[from:i]})
			}
		}
	}
	switch len(subs) {
	case 0:
		return emptyExpr
	case 1:
		return subs[0]
	}
	return &Expr{Op: OpCat, Subs: subs}
}

// anyByteSubs is the operand of every wildcard.
var anyByteSubs = []*Expr{{Op: OpSet, Set: anySet}}

// foldText turns a text into one that takes its ASCII letters in either case.
func foldText(text string, offset int) []*Expr {
	var subs []*Expr
	plain := 0
	for i := 0; i < len(text); i++ {
		lower := text[i] | 0x20
		if lower < 'a' || lower > 'z' {
			continue
		}
		if plain < i {
			subs = append(subs, &Expr{Op: OpText, Offset: offset + plain, Text: text[plain:i]})
		}
		plain = i + 1
		subs = append(subs, &Expr{Op: OpSet, Offset: offset + i, Set: &bothCases()[lower-'a']})
	}
	if plain < len(text) {
		subs = append(subs, &Expr{Op: OpText, Offset: offset + plain, Text: text[plain:]})
	}
	return subs
}

// bothCases returns, for each letter, the set of it in lower and in upper case.
var bothCases = sync.OnceValue(func() *[26]ByteSet {
	sets := new([26]ByteSet)
	for i := range sets {
		sets[i].Add('a' + byte(i))
		sets[i].Add('A' + byte(i))
	}
	return sets
})

// foldClass adds the other case to a class. A negated one, told by the byte after '[', loses both cases instead.
func (b *ByteSet) foldClass(first byte) {
	if first != '!' && first != '^' {
		b.fold()
		return
	}
	b.Negate()
	b.fold()
	b.Negate()
}

// globClass reads the class that starts at text[at], a '['. It returns the index after ']', or -1 if there is none.
func globClass(text string, at int) (set *ByteSet, end int) {
	i := at + 1
	n := strings.IndexByte(text[i:], ']')
	if n < 0 {
		return nil, -1
	}
	end = i + n
	set = new(ByteSet)
	negate := i < end && (text[i] == '!' || text[i] == '^')
	if negate {
		i++
	}
	for i < end {
		if i+2 < end && text[i+1] == '-' {
			set.AddRange(text[i], text[i+2])
			i += 3
			continue
		}
		set.Add(text[i])
		i++
	}
	if negate {
		set.Negate()
	}
	return set, end + 1
}

// globNotes returns the remarks on a glob.
func globNotes(text string) []Note {
	var n notes
	n.addText(text)
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			end := strings.IndexByte(text[i:], ']')
			if end < 0 {
				n.add(i, i+1, NoteUnclosedBracket, "'[' is not closed, so the glob matches nothing", "add ']', or write '?' for one character")
				return n.list
			}
			n.addClass(text, i, i+end+1)
			i += end
		case '*':
			if i > 0 && text[i-1] == '*' {
				n.add(i-1, i+1, NoteDoubleStar, "'**' matches what '*' matches", "write '*'")
			}
			if i > 0 && text[i-1] == '.' && (i == 1 || strings.IndexByte("/])", text[i-2]) >= 0) {
				n.add(i-1, i+1, NoteRegexHabit, "'.*' in a glob is a dot and any text", "write '*', or use single quotes for a regular expression")
			}
		case '\\':
			n.add(i, min(i+2, len(text)), NoteBackslash, "'\\' in a glob is an ordinary character", "remove it, or use single quotes for a regular expression")
		}
		n.addHabit(text, i)
	}
	return n.list
}

// addClass adds the remarks on the class in text[from:to], brackets included.
func (n *notes) addClass(text string, from, to int) {
	i, end := from+1, to-1
	negate := i < end && (text[i] == '!' || text[i] == '^')
	if negate {
		i++
	}
	body := text[i:end]
	if body == "" {
		message := "'[]' holds no character and so matches none"
		if negate {
			message = fmt.Sprintf("%q excludes no character and so matches any", text[from:to])
		}
		n.add(from, to, NoteEmptyClass, message, "write the characters between the brackets; ']' cannot be one of them")
	}
	if body == "." || body == "\\." {
		n.add(from, to, NoteRegexHabit, fmt.Sprintf("%q in a glob is a dot that must be there", text[from:to]), "write '.', or remove it if any text is meant")
	}
	ascii := true
	for i < end {
		c := text[i]
		switch {
		case c >= 0x80:
			ascii = false
		case c == '!' || c == '^':
			n.add(i, i+1, NoteInnerNegation, fmt.Sprintf("'%c' negates a class in first place only and is an ordinary character here", c), "")
		case c == '\\':
			n.add(i, i+1, NoteBackslash, "'\\' in a glob is an ordinary character", "remove it")
		}
		if i+2 < end && text[i+1] == '-' {
			if c > text[i+2] {
				n.add(i, i+3, NoteReversedRange, fmt.Sprintf("range %q runs backwards and holds no character", text[i:i+3]), "swap its ends")
			}
			ascii = ascii && text[i+2] < 0x80
			i += 2
		}
		i++
	}
	if !ascii {
		n.add(from, to, NoteSplitCharacter, "a character beyond ASCII in brackets stands for its bytes one by one", "")
	}
}

// addHabit adds a remark if what stands at text[i] has a meaning in regular expressions only. Characters that real
// paths and request lines may hold are reported only in a place where an expression would have them.
func (n *notes) addHabit(text string, i int) {
	const hint = "use single quotes for a regular expression"
	after := byte(0)
	if i > 0 {
		after = text[i-1]
	}
	switch c := text[i]; c {
	case '|':
		n.add(i, i+1, NoteRegexHabit, "'|' in a glob is an ordinary character", hint)
	case '^':
		if i == 0 {
			n.add(i, i+1, NoteRegexHabit, "'^' in a glob is an ordinary character", "remove it: a glob is compared with the whole text anyway")
		}
	case '$':
		if i == len(text)-1 && i > 0 {
			n.add(i, i+1, NoteRegexHabit, "'$' in a glob is an ordinary character", "remove it: a glob is compared with the whole text anyway")
		}
	case '+':
		if after == ']' || after == ')' {
			n.add(i, i+1, NoteRegexHabit, "'+' in a glob is an ordinary character", hint)
		}
	case '?':
		if after == ']' || after == ')' {
			n.add(i, i+1, NoteRegexHabit, "'?' in a glob is one character, not an option", hint)
		}
	case '{':
		if end := strings.IndexByte(text[i:min(i+8, len(text))], '}'); end > 1 && strings.Trim(text[i+1:i+end], "0123456789,") == "" {
			n.add(i, i+end+1, NoteRegexHabit, fmt.Sprintf("%q in a glob is ordinary text", text[i:i+end+1]), hint)
		}
	}
}
