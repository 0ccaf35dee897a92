package accesslog

import "time"

// A clock reads times as logs write them. It keeps the last one: neighbouring lines mostly share a second.
type clock struct {
	last [32]byte
	n    int
	time time.Time
}

// known reports whether s is the time that was read last.
func (c *clock) known(s []byte) bool { return c.n == len(s) && string(c.last[:c.n]) == string(s) }

func (c *clock) keep(s []byte, t time.Time) time.Time {
	if len(s) <= len(c.last) {
		c.n = copy(c.last[:], s)
		c.time = t
	}
	return t
}

// clf reads "17/Jul/2020:09:14:41 +0000", httpd's own form.
func (c *clock) clf(s []byte) (time.Time, bool) {
	if c.known(s) {
		return c.time, true
	}
	if len(s) != 26 || s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' || s[17] != ':' || s[20] != ' ' {
		return time.Time{}, false
	}
	d := dateParts{year: digits(s[7:11]), month: monthOf(s[3:6]), day: digits(s[0:2]),
		hour: digits(s[12:14]), minute: digits(s[15:17]), second: digits(s[18:20])}
	n, ok := d.readZone(s[21:])
	if !ok || n != 5 {
		return time.Time{}, false
	}
	t, ok := d.time()
	if !ok {
		return t, false
	}
	return c.keep(s, t), true
}

// module reads "Wed Jul 15 16:14:59 2020", the form of dispatcher.log.
func (c *clock) module(s []byte) (time.Time, bool) {
	if c.known(s) {
		return c.time, true
	}
	if len(s) != 24 || s[3] != ' ' || s[7] != ' ' || s[10] != ' ' || s[13] != ':' || s[16] != ':' || s[19] != ' ' || !isWeekday(s[:3]) {
		return time.Time{}, false
	}
	d := dateParts{year: digits(s[20:24]), month: monthOf(s[4:7]), day: digits(s[8:10]),
		hour: digits(s[11:13]), minute: digits(s[14:16]), second: digits(s[17:19])}
	t, ok := d.time()
	if !ok {
		return t, false
	}
	return c.keep(s, t), true
}

// iso reads "2022-05-26T09:47:01+0000", also with a fraction, with a colon in the zone, Z, and without zone.
func (c *clock) iso(s []byte) (time.Time, bool) {
	if c.known(s) {
		return c.time, true
	}
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	d := dateParts{year: digits(s[0:4]), month: digits(s[5:7]), day: digits(s[8:10]),
		hour: digits(s[11:13]), minute: digits(s[14:16]), second: digits(s[17:19])}
	i := 19
	if i < len(s) && (s[i] == '.' || s[i] == ',') {
		i++
		unit := int(time.Second)
		for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
			unit /= 10
			d.nanos += unit * int(s[i]-'0')
		}
	}
	if i < len(s) {
		n, ok := d.readZone(s[i:])
		if !ok || i+n != len(s) {
			return time.Time{}, false
		}
	}
	t, ok := d.time()
	if !ok {
		return t, false
	}
	return c.keep(s, t), true
}

// dateParts are the parts of a time, as they are read one by one. -1 stands for a part that cannot be read.
type dateParts struct {
	year, month, day     int
	hour, minute, second int
	nanos                int
	zone                 int // seconds east of Greenwich
	afternoon            int8
	twelve               bool // hour is one of twelve
	epoch                int64
	isEpoch, isSet       bool
}

var daysBefore = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

// time returns the time in UTC, false where there is no such time.
func (d *dateParts) time() (time.Time, bool) {
	if d.isEpoch {
		return time.Unix(d.epoch, int64(d.nanos)).UTC(), true
	}
	hour := d.hour
	if d.twelve {
		if hour < 1 || hour > 12 {
			return time.Time{}, false
		}
		hour = hour%12 + 12*int(d.afternoon)
	}
	if d.year < 1 || d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > daysIn(d.year, d.month) ||
		hour < 0 || hour > 23 || d.minute < 0 || d.minute > 59 || d.second < 0 || d.second > 60 { // 60: a leap second
		return time.Time{}, false
	}
	y := d.year - 1
	days := y*365 + y/4 - y/100 + y/400 + daysBefore[d.month] + d.day - 1
	if d.month > 2 && isLeap(d.year) {
		days++
	}
	const toEpoch = 719162 // days from 0001-01-01 to 1970-01-01
	seconds := int64(days-toEpoch)*86400 + int64(hour*3600+d.minute*60+d.second-d.zone)
	return time.Unix(seconds, int64(d.nanos)).UTC(), true
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// readZone reads Z, +hhmm or +hh:mm and returns its length.
func (d *dateParts) readZone(s []byte) (int, bool) {
	if len(s) > 0 && s[0] == 'Z' {
		return 1, true
	}
	if len(s) < 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, m := 5, s[3:5]
	if s[3] == ':' {
		if len(s) < 6 {
			return 0, false
		}
		n, m = 6, s[4:6]
	}
	h, minutes := digits(s[1:3]), digits(m)
	if h < 0 || h > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	d.zone = h*3600 + minutes*60
	if s[0] == '-' {
		d.zone = -d.zone
	}
	return n, true
}

// digits reads a number of digits alone, -1 for anything else.
func digits(s []byte) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// monthOf reads an English abbreviation, 0 for anything else. httpd writes these whatever the language of the machine is.
func monthOf(s []byte) int {
	switch string(s) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

func isWeekday(s []byte) bool {
	switch string(s) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}
