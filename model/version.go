package model

import (
	"strconv"
	"strings"
)

// A version is that of a Dispatcher module; the zero version is the newest.
type version [3]int

// parseVersion reads a version as "4.3.8", "4.2" or "4.3.8-2". What it cannot read is the newest, and so are
// the versions of AEM as a Cloud Service, which count 2.0.x and came after 4.3.
func parseVersion(s string) version {
	var v version
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	for i := range v {
		part, rest, _ := strings.Cut(s, ".")
		digits := strings.TrimRight(part, "abcdefghijklmnopqrstuvwxyz-+_")
		if j := strings.IndexAny(digits, "-+_"); j >= 0 {
			digits = digits[:j]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		v[i] = n
		if s = rest; s == "" {
			break
		}
	}
	if v[0] < 4 {
		return version{}
	}
	return v
}

// before reports whether v is older than the version a thing came with; "" came with all.
func (v version) before(since string) bool {
	if since == "" || v == (version{}) {
		return false
	}
	s := parseVersion(since)
	for i := range v {
		if v[i] != s[i] {
			return v[i] < s[i]
		}
	}
	return false
}
