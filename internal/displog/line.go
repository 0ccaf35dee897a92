package displog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Line is one line of dispatcher.log.
type Line struct {
	// Time is when; the module writes no time zone, and UTC is taken.
	Time time.Time
	// Level is E, W, I, D or T.
	Level byte
	// PID and TID are the process and the thread, 0 where the line does not say.
	PID, TID int64
	// Pod is the instance, in logs of AEM as a Cloud Service.
	Pod string
	// Message is the rest.
	Message string
}

// The forms of dates.
const (
	moduleTime = "Mon Jan 02 15:04:05 2006"
	cloudTime  = "02/Jan/2006:15:04:05 -0700"
)

// Parse reads a line, without its line end. It reports false for what is no line of dispatcher.log.
func Parse(s string) (Line, bool) {
	var l Line
	date, rest, ok := cutBrackets(s)
	if !ok {
		return l, false
	}
	t, err := time.Parse(moduleTime, date)
	if err != nil {
		if t, err = time.Parse(cloudTime, date); err != nil {
			return l, false
		}
	}
	l.Time = t
	level, rest, ok := cutBrackets(rest)
	if !ok || len(level) != 1 || strings.IndexByte("EWIDT", level[0]) < 0 {
		return l, false
	}
	l.Level = level[0]
	if who, after, ok := cutBrackets(rest); ok {
		if !l.process(who) {
			l.Pod = who
		}
		rest = after
	}
	l.Message = strings.TrimSpace(rest)
	return l, true
}

// cutBrackets takes "[text]" off the start of s, and blanks after it.
func cutBrackets(s string) (inside, rest string, ok bool) {
	if s == "" || s[0] != '[' {
		return "", s, false
	}
	i := strings.IndexByte(s, ']')
	if i < 0 {
		return "", s, false
	}
	return s[1:i], strings.TrimLeft(s[i+1:], " "), true
}

// process reads "pid 1", "pid 1:tid 2" (4.3), "pid 1 (tid 2)" (4.2), "1(2)" or "1" (older).
func (l *Line) process(s string) bool {
	s = strings.TrimPrefix(s, "pid ")
	digits := strings.TrimLeft(s, "0123456789")
	pid, err := strconv.ParseInt(s[:len(s)-len(digits)], 10, 64)
	if err != nil {
		return false
	}
	var tid int64
	if digits != "" {
		t := strings.Trim(digits, " :()")
		if tid, err = strconv.ParseInt(strings.TrimPrefix(t, "tid "), 10, 64); err != nil {
			return false
		}
	}
	l.PID, l.TID = pid, tid
	return true
}

// A Form is how lines are written.
type Form uint8

// The forms.
const (
	// Module is dispatcher.log of a web server: [Wed Jul 15 16:14:59 2020] [D] [pid 93607] message.
	Module Form = iota
	// Cloud is the log of AEM as a Cloud Service: [17/Jul/2020:23:48:06 +0000] [I] [pod] message.
	Cloud
)

// Format writes a line in a form. host is the Host of the request, which the cloud adds to the line that ends it.
func Format(l *Line, f Form, host string) string {
	if f == Cloud {
		message := l.Message
		if s, ok := ParseSummary(message); ok {
			message = s.cloud(host)
		}
		pod := l.Pod
		if pod == "" {
			pod = "-"
		}
		return fmt.Sprintf("[%s] [%c] [%s] %s", l.Time.Format(cloudTime), l.Level, pod, message)
	}
	process := fmt.Sprintf("pid %d", l.PID)
	if l.TID != 0 {
		process += fmt.Sprintf(":tid %d", l.TID)
	}
	return fmt.Sprintf("[%s] [%c] [%s] %s", l.Time.Format(moduleTime), l.Level, process, l.Message)
}
