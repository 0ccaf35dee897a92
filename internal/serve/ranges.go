package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges is how many ranges of one request httpd serves; with more it sends the whole file (MaxRanges).
const maxRanges = 200

// A span is a part of a file: from start, length bytes.
type span struct{ start, length int64 }

var errNoRange = errors.New("no range of the request is in the file")

// parseRanges reads the header Range about a file of a size. Without an error and without spans the whole file is meant: the
// header is no list of ranges.
//
// Source: RFC 9110, 14.1.2; httpd.apache.org/docs/2.4, mod/core.html#maxranges.
func parseRanges(s string, size int64) ([]span, error) {
	list, ok := strings.CutPrefix(s, "bytes=")
	if !ok {
		return nil, nil
	}
	var out []span
	missed := false
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.Trim(item, " \t"); item == "" {
			continue
		}
		first, last, ok := strings.Cut(item, "-")
		first, last = strings.Trim(first, " \t"), strings.Trim(last, " \t")
		if !ok || first == "" && last == "" {
			return nil, nil
		}
		if first == "" {
			n, err := strconv.ParseInt(last, 10, 64)
			if err != nil || n < 0 {
				return nil, nil
			}
			if n = min(n, size); n == 0 {
				missed = true
				continue
			}
			out = append(out, span{size - n, n})
			continue
		}
		from, err := strconv.ParseInt(first, 10, 64)
		if err != nil || from < 0 {
			return nil, nil
		}
		to := size - 1
		if last != "" {
			if to, err = strconv.ParseInt(last, 10, 64); err != nil || to < from {
				return nil, nil
			}
			to = min(to, size-1)
		}
		if from >= size {
			missed = true
			continue
		}
		out = append(out, span{from, to - from + 1})
		if len(out) > maxRanges {
			return nil, nil
		}
	}
	if len(out) == 0 && missed {
		return nil, errNoRange
	}
	return out, nil
}

// sendRanges answers with parts of a cached file, as httpd does for any file. It reports false where the whole file is to be
// sent.
func (x *exchange) sendRanges(header string, size int64, body io.Reader) (bool, error) {
	if x.request.Method != http.MethodGet || !x.sameVersion() {
		return false, nil
	}
	spans, err := parseRanges(header, size)
	if err != nil {
		text := errorPage(http.StatusRequestedRangeNotSatisfiable, "")
		x.fields.set("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
		x.fields.set("Content-Type", errorType)
		x.fields.set("Content-Length", strconv.Itoa(len(text)))
		n, err := x.out.Whole(x.headAs(http.StatusRequestedRangeNotSatisfiable), x.fields, []byte(text))
		x.take([]byte(text[:n]))
		return true, err
	}
	if len(spans) == 0 {
		return false, nil
	}
	file, ok := body.(io.ReaderAt)
	if len(spans) == 1 {
		s := spans[0]
		if ok {
			body = io.NewSectionReader(file, s.start, s.length)
		} else if _, err := io.CopyN(io.Discard, body, s.start); err != nil {
			return true, err
		}
		x.fields.set("Content-Range", s.header(size))
		x.fields.set("Content-Length", strconv.FormatInt(s.length, 10))
		x.writeHead(http.StatusPartialContent)
		return true, x.copy(x.out, io.LimitReader(body, s.length), s.length)
	}
	if !ok {
		return false, nil // parts of what can only be read once, in its order, are not put together
	}
	return true, x.sendParts(spans, size, file)
}

func (s span) header(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", s.start, s.start+s.length-1, size)
}

// sendParts answers with several ranges (RFC 9110, 14.6).
func (x *exchange) sendParts(spans []span, size int64, file io.ReaderAt) error {
	boundary := strconv.FormatInt(x.at.UnixNano(), 16)
	typ := ""
	if v := x.fields.value("Content-Type"); v != "" {
		typ = "Content-type: " + v + "\r\n"
	}
	var readers []io.Reader
	var total int64
	add := func(r io.Reader, n int64) { readers, total = append(readers, r), total+n }
	for _, s := range spans {
		head := "\r\n--" + boundary + "\r\n" + typ + "Content-range: " + s.header(size) + "\r\n\r\n"
		add(strings.NewReader(head), int64(len(head)))
		add(io.NewSectionReader(file, s.start, s.length), s.length)
	}
	end := "\r\n--" + boundary + "--\r\n"
	add(strings.NewReader(end), int64(len(end)))
	x.fields.set("Content-Type", "multipart/byteranges; boundary="+boundary)
	x.fields.set("Content-Length", strconv.FormatInt(total, 10))
	x.writeHead(http.StatusPartialContent)
	return x.copy(x.out, io.MultiReader(readers...), total)
}

// sameVersion reports whether the client asks for parts of the version that is there: it has no If-Range, or one that fits
// (RFC 9110, 13.1.5).
func (x *exchange) sameVersion() bool {
	want, _ := x.request.Header.Value("If-Range")
	if want == "" {
		return true
	}
	if strings.HasPrefix(want, `"`) {
		return want == x.fields.value("ETag")
	}
	return !strings.HasPrefix(want, "W/") && want == x.fields.value("Last-Modified")
}
