package accesslog

import (
	"fmt"
	"strings"
)

// expandStrftime replaces conversions of strftime that stand for several, and refuses those that are not known.
func expandStrftime(format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		if i++; i == len(format) {
			return "", fmt.Errorf("time format %q ends in %%", format)
		}
		switch format[i] {
		case 'T':
			b.WriteString("%H:%M:%S")
		case 'R':
			b.WriteString("%H:%M")
		case 'F':
			b.WriteString("%Y-%m-%d")
		case 'D':
			b.WriteString("%m/%d/%y")
		case 'r':
			b.WriteString("%I:%M:%S %p")
		case 'c':
			b.WriteString("%a %b %e %H:%M:%S %Y")
		case 'h':
			b.WriteString("%b")
		case 'n', 't':
			b.WriteByte(' ')
		case 'Y', 'y', 'm', 'd', 'e', 'b', 'H', 'I', 'M', 'S', 'p', 'z', 'Z', 'a', 's', '%':
			b.WriteByte('%')
			b.WriteByte(format[i])
		default:
			return "", fmt.Errorf("time format %q: %%%c is not known here; known are %%Y %%y %%m %%d %%e %%b %%H %%I %%M %%S %%p %%z %%Z %%a %%s %%F %%T %%R %%D %%c", format, format[i])
		}
	}
	return b.String(), nil
}

// strftime reads a time at the start of s, by a format that expandStrftime made, and returns its length.
func (d *dateParts) strftime(format string, s []byte) (int, bool) {
	pos := 0
	take := func(n int) int {
		if len(s)-pos < n {
			return -1
		}
		v := digits(s[pos : pos+n])
		pos += n
		return v
	}
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			if pos >= len(s) || s[pos] != c {
				return 0, false
			}
			pos++
			continue
		}
		i++
		ok := true
		switch format[i] {
		case 'Y':
			d.year = take(4)
			ok = d.year >= 0
		case 'y':
			y := take(2)
			if ok = y >= 0; y < 69 { // as POSIX has it
				y += 100
			}
			d.year = 1900 + y
		case 'm':
			d.month = take(2)
			ok = d.month >= 0
		case 'd', 'e':
			if d.day = take(2); d.day < 0 && pos >= 2 && s[pos-2] == ' ' { // %e pads with a blank
				d.day = digits(s[pos-1 : pos])
			}
			ok = d.day >= 0
		case 'b':
			if ok = len(s)-pos >= 3; ok {
				d.month = monthOf(s[pos : pos+3])
				pos += 3
				ok = d.month > 0
			}
		case 'a':
			if ok = len(s)-pos >= 3 && isWeekday(s[pos:pos+3]); ok {
				pos += 3
			}
		case 'H':
			d.hour, d.twelve = take(2), false
			ok = d.hour >= 0
		case 'I':
			d.hour, d.twelve = take(2), true
			ok = d.hour >= 0
		case 'M':
			d.minute = take(2)
			ok = d.minute >= 0
		case 'S':
			d.second = take(2)
			ok = d.second >= 0
		case 'p':
			if ok = len(s)-pos >= 2 && (s[pos] == 'A' || s[pos] == 'P') && s[pos+1] == 'M'; ok {
				d.afternoon = 0
				if s[pos] == 'P' {
					d.afternoon = 1
				}
				pos += 2
			}
		case 'z':
			var n int
			if n, ok = d.readZone(s[pos:]); ok {
				pos += n
			}
		case 'Z':
			n := 0
			for pos+n < len(s) && 'A' <= s[pos+n] && s[pos+n] <= 'Z' {
				n++
			}
			ok = n > 0 // the name of a zone is not unique: UTC is taken
			pos += n
		case 's':
			n := 0
			for pos+n < len(s) && '0' <= s[pos+n] && s[pos+n] <= '9' {
				n++
			}
			d.epoch, ok = number(s[pos : pos+n])
			d.isEpoch = true
			pos += n
		case '%':
			if ok = pos < len(s) && s[pos] == '%'; ok {
				pos++
			}
		}
		if !ok {
			return 0, false
		}
	}
	d.isSet = true
	return pos, true
}
