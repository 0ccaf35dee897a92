//go:build urfave_cli_no_docs

package cli

// manPage says that there is none: its generator would cost every start of the program time.
func manPage(*program) (string, error) {
	return "", usagef("build one without the tag urfave_cli_no_docs: go run ./cmd/dispcheck man", "this program was built without its man page")
}
