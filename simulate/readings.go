package simulate

import (
	"fmt"
	"strconv"
	"strings"
)

// Readings are choices where public evidence allows more than one reading of the module. The zero value is the
// recommended one of each. [ReadingTable] says what speaks for which.
type Readings struct {
	// ExactStat looks for the statfile at the depth of /statfileslevel alone, and does not climb to the nearest.
	ExactStat bool
	// NoPrivate keeps answers with Cache-Control: private from the cache even without /enableTTL; CachePrivate
	// stores them even with it. At most one of them is set.
	NoPrivate, CachePrivate bool
	// UnreachableStatus is the answer where no render can be reached; 0 is 502.
	UnreachableStatus int
	// StaleStatus is the status of a stale file that is served because the render failed; 0 is 200, with the header
	// Warning: 111.
	StaleStatus int
	// RefuseDispatcher is the status for requests that come from another Dispatcher; 0 answers them like others.
	RefuseDispatcher int
	// Wording says in whose words X-Cache-Info is given.
	Wording Wording
	// FileETag says how httpd makes the ETag of a cache file.
	FileETag FileETag
	// ETagEnhancement answers 304 where If-None-Match has the stored ETag, as AEM as a Cloud Service does since 2.0.264
	// with its environment variable for it.
	ETagEnhancement bool
	// EmptyCache lets a flush of the handle / with Delete or Deactivate empty the cache.
	EmptyCache bool
}

// Wording is whose words are used for X-Cache-Info.
type Wording uint8

// The wordings.
const (
	WordsOfBinary Wording = iota // as logs of real Dispatchers have them
	WordsOfDocs                  // as today's documentation has them
)

// FileETag is httpd's directive of that name.
type FileETag uint8

// The values of FileETag.
const (
	ETagOfTimeAndSize FileETag = iota // MTime Size, httpd's default
	ETagNone                          // None
)

// A Reading is one of the choices, as people set it: KEY=VALUE.
type Reading struct {
	Key string
	// Values are what it takes, the default first. A number stands for any status from 100 to 599.
	Values []string
	// Meaning says what is chosen, Evidence what is public about it.
	Meaning, Evidence string

	set func(r *Readings, value string, status int)
}

// status stands for a number in Reading.Values.
const status = "STATUS"

// ReadingTable are all readings.
var ReadingTable = []Reading{
	{"stat-lookup", []string{"nearest", "exact"}, "which statfile governs a file: the nearest above it, or the one at the depth of /statfileslevel alone",
		"AdobeDocs/experience-manager-learn.en, disp-flushing.md, looks for the closest; AdobeDocs/experience-manager-65.en issue 504 tells of a farm with a nested docroot that did not see one above",
		func(r *Readings, v string, _ int) { r.ExactStat = v == "exact" }},
	{"private", []string{"ttl", "never", "always"}, "whether an answer with Cache-Control: private is cached: not with /enableTTL, never, or always",
		"AdobeDocs/experience-manager-learn.en, dispatcher tutorial, says never; AdobeDocs/experience-manager-cloud-service.en, caching.md, that private pages may be; the release notes (DISP-698) speak of the time to live alone",
		func(r *Readings, v string, _ int) { r.NoPrivate, r.CachePrivate = v == "never", v == "always" }},
	{"unreachable-status", []string{"502", status}, "the status where no render can be connected to",
		"one log in AdobeDocs/experience-manager-learn.en, common-logs.md, has 502 and 503 for the same failure",
		func(r *Readings, _ string, n int) { r.UnreachableStatus = n }},
	{"stale-status", []string{"200", status}, "the status of a stale file that is served because the render failed; it has the header Warning: 111",
		"AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, calls it \"111 (Revalidation Failed)\", which is the code of a warning",
		func(r *Readings, _ string, n int) { r.StaleStatus = n }},
	{"from-dispatcher", []string{"answer", status}, "what a request that came through another Dispatcher gets: an answer like others, or a status",
		"AdobeDocs/experience-manager-dispatcher.en says that a Dispatcher does not handle them, and not what it does",
		func(r *Readings, _ string, n int) { r.RefuseDispatcher = n }},
	{"wording", []string{"log", "docs"}, "whose words X-Cache-Info has: those of real logs, or those of today's documentation",
		"every published log has the older words; the documentation was edited in 2023 and 2024",
		func(r *Readings, v string, _ int) {
			r.Wording = WordsOfBinary
			if v == "docs" {
				r.Wording = WordsOfDocs
			}
		}},
	{"file-etag", []string{"size-time", "none"}, "httpd's FileETag for cache files",
		"httpd's default; AdobeDocs/experience-manager-dispatcher.en asks for None where the render's ETag is stored",
		func(r *Readings, v string, _ int) {
			r.FileETag = ETagOfTimeAndSize
			if v == "none" {
				r.FileETag = ETagNone
			}
		}},
	{"etag-enhancement", []string{"off", "on"}, "whether a hit answers 304 to the stored ETag",
		"AdobeDocs/experience-manager-dispatcher.en, dispatcher-etag-enhancement.md: an environment variable of AEM as a Cloud Service since 2.0.264",
		func(r *Readings, v string, _ int) { r.ETagEnhancement = v == "on" }},
	{"empty-cache", []string{"off", "on"}, "whether a flush of the handle / with Delete or Deactivate empties the cache",
		"stackoverflow.com, question 24946526: advised, and doubted",
		func(r *Readings, v string, _ int) { r.EmptyCache = v == "on" }},
}

// Set sets one reading, KEY=VALUE. The error names what there is.
func (r *Readings) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q has no =; write KEY=VALUE", s)
	}
	keys := make([]string, 0, len(ReadingTable))
	for i := range ReadingTable {
		t := &ReadingTable[i]
		if t.Key != key {
			keys = append(keys, t.Key)
			continue
		}
		for _, v := range t.Values {
			if v == value {
				n, _ := strconv.Atoi(v)
				t.set(r, value, n)
				return nil
			}
			if n, err := strconv.Atoi(value); v == status && err == nil && n >= 100 && n <= 599 {
				t.set(r, value, n)
				return nil
			}
		}
		return fmt.Errorf("%s is %s, not %q", key, strings.Join(t.Values, " or "), value)
	}
	return fmt.Errorf("there is no reading %q; there are %s", key, strings.Join(keys, ", "))
}
