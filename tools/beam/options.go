package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/replay"
)

// options are the flags. Those that replay has, too, mean the same.
type options struct {
	logs, config, partial, format string
	pieces, top                   int
	Settings
}

// Settings are what decides about a request: they travel to the workers.
type Settings struct {
	Host, Scheme, InputFormat string
	NoHTTPD                   bool
	MaxDistinct               int
}

func (o *options) register(f *flag.FlagSet) {
	f.StringVar(&o.logs, "logs", "", "pattern of the logs, in any file system that Beam knows: /var/log/*.gz, gs://bucket/logs/*")
	f.StringVar(&o.config, "config", "", "configuration: a folder, a file, or example:cloud, example:ams, example:classic")
	f.StringVar(&o.partial, "partial", "", "file for the joined result, in any file system that Beam knows; dispcheck merge reads it. Needed where workers run elsewhere")
	f.StringVar(&o.format, "report", "text", "what is printed: text or json")
	f.IntVar(&o.pieces, "pieces", 4, "how many shares each log is parted into")
	f.IntVar(&o.top, "top", 10, "how many requests and parameters to list")
	f.StringVar(&o.Host, "host", "", "host of requests whose log does not say one")
	f.StringVar(&o.Scheme, "scheme", "", "scheme of requests whose log does not say one: http or https")
	f.StringVar(&o.InputFormat, "input-format", "", "format of the logs: a name, or httpd's LogFormat")
	f.BoolVar(&o.NoHTTPD, "no-httpd", false, "leave out the httpd side")
	f.IntVar(&o.MaxDistinct, "max-distinct", replay.DefaultMaxDistinct, "distinct requests to keep")
}

// maxPieces bounds how many shares a log has: each reads the whole log.
const maxPieces = 4096

func (o *options) check() error {
	switch {
	case o.logs == "":
		return errors.New("--logs names no log")
	case o.config == "":
		return errors.New("--config names no configuration; --config example:cloud is one to try with")
	case o.format != "text" && o.format != "json":
		return fmt.Errorf("--report %s is neither text nor json", o.format)
	case o.pieces < 1 || o.pieces > maxPieces:
		return fmt.Errorf("--pieces %d is not from 1 to %d", o.pieces, maxPieces)
	case o.MaxDistinct < 1:
		return errors.New("--max-distinct is at least 1")
	case o.Scheme != "" && o.Scheme != "http" && o.Scheme != "https":
		return fmt.Errorf("--scheme %s is neither http nor https", o.Scheme)
	}
	if o.InputFormat != "" {
		if _, err := accesslog.New(accesslog.Options{Format: o.InputFormat}); err != nil {
			return fmt.Errorf("--input-format: %w", err)
		}
	}
	return nil
}
