package cli

import (
	"context"
	"io"
)

// manCommand prints the man page. It is hidden because it is for whoever makes a package.
func manCommand() *command {
	return &command{
		name: "man", usage: "print the man page",
		about: "Prints the man page in roff, for packages: dispcheck man > dispcheck.1",
		bare:  true, hidden: true,
		exits: []exit{{exitUnusable, "this program was built without its man page"}},
		run: func(_ context.Context, in *invocation) error {
			page, err := manPage(in.program)
			if err != nil {
				return err
			}
			_, err = io.WriteString(in.stdout, page)
			return err
		},
	}
}
