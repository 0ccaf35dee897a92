//go:build !urfave_cli_no_docs

package cli

// manPage returns the man page in roff.
func manPage(p *program) (string, error) {
	a := p.app(nil)
	a.Setup()
	return a.ToManWithSection(1)
}
