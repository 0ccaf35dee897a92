package simulate

import "net/textproto"

// Unknowns are what a caller does not know of a request, as one who reads an access log: what the request had may have been
// other than what the Request says. A condition that looks at something unknown asks how to go on, so that whoever decides the
// request again with the other answer learns whether the decision hangs on it. What no condition looks at does not matter.
//
// The functions are called from the goroutine that decides.
type Unknowns struct {
	// Header reports whether it is not known if the request has a header, or what it says. It is asked for headers that
	// the request lacks when somebody looks for them. nil knows all headers.
	Header func(name string) bool
	// Client says that the address of the client is not known.
	Client bool
	// QueryValues says that the values of the query's parameters were taken away; their names are there.
	QueryValues bool
	// Time says that the time of the request is not known.
	Time bool
	// Choose is called when a condition has looked at something unknown: on says at what, holds whether the condition
	// holds for what the Request says. It returns what to go on with; nil goes on with holds.
	Choose func(on []string, holds bool) bool
	// Matches is asked about a pattern of the Dispatcher and a text with a query in it whose values are not known: settled says
	// that it matches the same whatever the values are. nil settles nothing.
	Matches func(pattern interface{ Match(string) bool }, text string) (settled bool)
	// Used are what went into a URL or another text that decides, where no condition could be asked about it.
	Used []string

	looked []string
	// variables are those that were set, or not, by what is not known, and what that is.
	variables []doubtful
}

// A doubtful is a variable whose value hangs on something unknown.
type doubtful struct {
	name string
	on   []string
}

// Reset forgets what was looked at and used, before the request is decided again.
func (u *Unknowns) Reset() { u.looked, u.Used, u.variables = u.looked[:0], u.Used[:0], u.variables[:0] }

// SetsVariable notes that a variable is set, or not, by what was looked at since mark. It is asked about only where somebody
// looks at the variable.
func (u *Unknowns) SetsVariable(mark int, name string) {
	if u != nil && len(u.looked) > mark {
		u.variables = append(u.variables, doubtful{name, append([]string(nil), u.looked[mark:]...)})
	}
}

// Forget takes back what was looked at since mark.
func (u *Unknowns) Forget(mark int) {
	if u != nil && len(u.looked) > mark {
		u.looked = u.looked[:mark]
	}
}

// LooksAtVariable notes that somebody looked at a variable.
func (u *Unknowns) LooksAtVariable(name string) {
	if u == nil {
		return
	}
	for i := range u.variables {
		if v := &u.variables[i]; v.name == name {
			u.looked = append(u.looked, v.on...)
		}
	}
}

// LacksHeader notes that somebody looked for a header that the Request does not have. nil knows everything.
func (u *Unknowns) LacksHeader(name string) {
	if u != nil && u.Header != nil && u.Header(name) {
		u.look("header " + textproto.CanonicalMIMEHeaderKey(name))
	}
}

// LooksAtClient notes that somebody looked at the client's address.
func (u *Unknowns) LooksAtClient() {
	if u != nil && u.Client {
		u.look("client address")
	}
}

// LooksAtQuery notes that somebody looked at a query, which may have lost its values.
func (u *Unknowns) LooksAtQuery(query string) {
	if u != nil && u.QueryValues && query != "" {
		u.look("query values")
	}
}

// LooksAtTime notes that somebody looked at the clock.
func (u *Unknowns) LooksAtTime() {
	if u != nil && u.Time {
		u.look("time of the request")
	}
}

func (u *Unknowns) look(at string) { u.looked = append(u.looked, at) }

// Begin marks where a condition begins.
func (u *Unknowns) Begin() int {
	if u == nil {
		return 0
	}
	return len(u.looked)
}

// End ends the condition that began at mark, and returns whether to take it to hold.
func (u *Unknowns) End(mark int, holds bool) bool {
	if u == nil || len(u.looked) <= mark {
		return holds
	}
	on := u.looked[mark:]
	if u.Choose != nil {
		holds = u.Choose(on, holds)
	}
	u.looked = u.looked[:mark]
	return holds
}

// EndText ends what was looked at since mark and made a part of a text.
func (u *Unknowns) EndText(mark int) {
	if u == nil || len(u.looked) <= mark {
		return
	}
	u.Used = append(u.Used, u.looked[mark:]...)
	u.looked = u.looked[:mark]
}

// hasUnknownCredentials reports whether the request may have credentials that are not known.
func (u *Unknowns) hasUnknownCredentials() bool {
	return u != nil && u.Header != nil && (u.Header("Authorization") || u.Header("Cookie"))
}
