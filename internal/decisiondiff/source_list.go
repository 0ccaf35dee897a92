package decisiondiff

import "context"

// A List is requests that are known already, as a [Source].
type List []Request

// Requests implements Source.
func (l List) Requests(_ context.Context, add func(Request, int64) error) error {
	for i := range l {
		if err := add(l[i], 1); err != nil {
			return err
		}
	}
	return nil
}
