// Command dispcheck checks, formats and simulates AEM Dispatcher configuration. It holds nothing itself:
// see [cli.Main].
package main

import (
	"os"

	"github.com/dispcheck/dispcheck/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
