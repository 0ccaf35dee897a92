// Beam runs dispcheck's replay as an Apache Beam pipeline, for logs that lie where a cluster is. On Beam's own local runner it says
// byte for byte what dispcheck replay says; Flink, Spark and Dataflow run it by Beam's flags. README.md has how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

func main() {
	var o options
	o.register(flag.CommandLine)
	flag.Parse()
	beam.Init()
	if err := run(context.Background(), &o, beamx.Run, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "beam:", err)
		os.Exit(2)
	}
}
