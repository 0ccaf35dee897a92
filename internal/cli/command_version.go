package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/dispcheck/dispcheck/internal/report"
)

// Set when a release is built: -ldflags "-X …/internal/cli.version=1.2.3 -X ….commit=… -X ….date=…".
var version, commit, date string

func versionCommand() *command {
	return &command{
		name:    "version",
		usage:   "say which version this is",
		about:   "Version, commit, date of the commit, Go version and platform, as a report of a mistake needs them.",
		formats: []string{"text", "json"},
		bare:    true,
		example: example{"dispcheck version --format json", "for a script"},
		run: func(_ context.Context, in *invocation) error {
			return in.emit(func(o *output) error {
				if o.format == "json" {
					return report.JSON(o, build())
				}
				return writeVersion(o)
			})
		},
	}
}

// A buildInfo says how this program was built. What is not known is "".
type buildInfo struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// build returns what the release put in, and what the Go tool knows where it put in nothing.
func build() buildInfo {
	b := buildInfo{
		Schema: "dispcheck.version/v1", Version: version, Commit: commit, Date: date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if b.Version != "" && b.Commit != "" && b.Date != "" {
		return b
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if b.Version == "" && info.Main.Version != "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		modified := false
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && b.Commit == "":
				b.Commit = s.Value
			case s.Key == "vcs.time" && b.Date == "":
				b.Date = s.Value
			case s.Key == "vcs.modified":
				modified = s.Value == "true"
			}
		}
		if modified && commit == "" && b.Commit != "" {
			b.Commit += "-modified"
		}
	}
	if b.Version == "" {
		b.Version = "devel"
	}
	return b
}

func writeVersion(w io.Writer) error {
	b := build()
	s := "dispcheck " + b.Version
	if b.Commit != "" {
		s += ", commit " + b.Commit
	}
	if b.Date != "" {
		s += ", " + b.Date
	}
	_, err := fmt.Fprintf(w, "%s, %s, %s/%s\n", s, b.Go, b.OS, b.Arch)
	return err
}
