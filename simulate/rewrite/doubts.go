package rewrite

// Doubts is told where a condition begins and ends by a [Subject] of which not everything is known: it says how to go on where
// the condition has looked at something that is not known. *simulate.Unknowns is one.
type Doubts interface {
	// Begin marks where a condition begins.
	Begin() int
	// End ends the condition that began at mark. It returns whether to take it to hold.
	End(mark int, holds bool) bool
	// EndText ends a text that was begun at mark and decides where the request goes.
	EndText(mark int)
	// LooksAtQuery notes that the query was looked at.
	LooksAtQuery(query string)
}

// A Doubter is a Subject of which not everything is known.
type Doubter interface {
	// Doubts returns nil where everything is known.
	Doubts() Doubts
}
