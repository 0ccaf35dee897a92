package apexpr

import (
	"crypto/md5"  // #nosec: a function of httpd's expressions
	"crypto/sha1" // #nosec: likewise
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/escape"
)

// transform computes the functions that need nothing but their argument.
func transform(fn function, s string) string {
	switch fn {
	case fnLower:
		return mapLetters(s, 'A', 'Z')
	case fnUpper:
		return mapLetters(s, 'a', 'z')
	case fnEscape:
		return escape.Path(s)
	case fnUnescape:
		return unescapePath(s)
	case fnBase64:
		return base64.StdEncoding.EncodeToString([]byte(s))
	case fnUnbase64:
		return unbase64(s)
	case fnMD5:
		sum := md5.Sum([]byte(s)) // #nosec
		return hex.EncodeToString(sum[:])
	case fnSHA1:
		sum := sha1.Sum([]byte(s)) // #nosec
		return hex.EncodeToString(sum[:])
	case fnLDAP:
		return escapeLDAP(s)
	}
	return ""
}

// mapLetters turns ASCII letters from lo to hi round.
func mapLetters(s string, lo, hi byte) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= lo && s[i] <= hi {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= lo && b[i] <= hi {
					b[i] ^= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// unescapePath undoes escapes but those of '/'. A text with a wrong one, or with one of NUL, gives "".
func unescapePath(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return ""
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		switch {
		case err != nil || c == 0:
			return ""
		case c == '/':
			out.WriteString(s[i : i+3])
		default:
			out.WriteByte(byte(c))
		}
		i += 2
	}
	return out.String()
}

// unbase64 reads up to the first byte that is none of base64, as the Apache Portable Runtime does. What follows a NUL byte
// is lost.
func unbase64(s string) string {
	n := 0
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '+' || s[n] == '/') {
		n++
	}
	if n%4 == 1 { // six bits are no byte
		n--
	}
	text, err := base64.RawStdEncoding.DecodeString(s[:n])
	if err != nil { // impossible: every byte is of the alphabet
		return ""
	}
	whole, _, _ := strings.Cut(string(text), "\x00")
	return whole
}

// escapeLDAP escapes a text for a filter and for a name of LDAP.
func escapeLDAP(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7F || strings.IndexByte("\"()*+,;<>\\", c) >= 0 {
			out.WriteString("\\" + hex.EncodeToString([]byte{c}))
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// fileSize is what filesize gives: 0 for what is no file.
func fileSize(info FileInfo) string {
	if !info.Regular {
		return "0"
	}
	return strconv.FormatInt(max(info.Size, 0), 10)
}

// compareIntegers compares the numbers that two texts begin with; a text without one counts as 0.
func compareIntegers(a, b string) int {
	x, y := leadingInteger(a), leadingInteger(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// leadingInteger reads blanks, a sign and digits. A number that is too large becomes the largest.
func leadingInteger(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	var n int64
	for i := 0; i < len(s) && isDigit(s[i]); i++ {
		d := int64(s[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			if negative {
				return math.MinInt64
			}
			return math.MaxInt64
		}
		n = n*10 + d
	}
	if negative {
		return -n
	}
	return n
}
