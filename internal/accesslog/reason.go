package accesslog

// A Reason says why a line is no record.
type Reason uint8

// The reasons. Those up to OtherMessage are no fault of the log.
const (
	// Read: none, the line is a record.
	Read Reason = iota
	// Blank: an empty line.
	Blank
	// Comment: a line that begins with # in a list of URLs.
	Comment
	// NoRequest: a connection that sent no request, for which httpd writes "-", or one that the Dispatcher did not handle.
	NoRequest
	// OtherMessage: a line of dispatcher.log about something else than the end of a request.
	OtherMessage
	// Misfit: the line does not fit the format.
	Misfit
	// NotHTTP: the request line is none of HTTP, such as the start of a TLS handshake.
	NotHTTP
	// NoTarget: nothing in the line says what was asked for.
	NoTarget
	// Binary: the line does not fit the format, and has zero bytes.
	Binary
	// TooLong: the line is longer than Options.MaxLine.
	TooLong
	// CutOff: the last line, which does not fit the format, has no end; or a file ends inside an entry.
	CutOff
	// Corrupt: compressed data is damaged or ends early; what follows is lost.
	Corrupt
	// Unreadable: reading the file failed; what follows is lost.
	Unreadable

	reasons
)

var reasonTexts = [reasons]string{
	Read:         "read",
	Blank:        "blank line",
	Comment:      "comment",
	NoRequest:    "line without a request",
	OtherMessage: "message about something else",
	Misfit:       "line does not fit the format",
	NotHTTP:      "request line is not HTTP",
	NoTarget:     "line does not say what was requested",
	Binary:       "binary data",
	TooLong:      "line is too long",
	CutOff:       "text is cut off at the end",
	Corrupt:      "compressed data is damaged or cut off",
	Unreadable:   "reading failed",
}

// String returns what was found, for people.
func (r Reason) String() string {
	if r < reasons {
		return reasonTexts[r]
	}
	return "unknown reason"
}

// Malformed reports whether the line ought to have been a record.
func (r Reason) Malformed() bool { return r > OtherMessage }

// Reasons returns all that a line can be but Read, in a fixed order.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Blank; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
