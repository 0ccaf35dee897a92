package httpd

import (
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
)

// run leads a request through its life. The order is httpd's: server/protocol.c and server/request.c of 2.4, in words.
func (x *exchange) run() error {
	v := x.chooseHost()
	if v == goOn {
		x.sent = append(x.sent, x.headers...)
		v = x.process(true)
	}
	for {
		switch {
		case v == restart:
			x.rounds++
			if x.rounds > x.engine.o.RecursionLimit {
				x.decide(server.Place{}, "more internal redirects than LimitInternalRecursion")
				x.out = x.out[:0]
				x.plainError(500)
				return x.finish()
			}
			v = x.process(false)
		case v == done:
			return x.finish()
		case v == goOn || v == indexed:
			var err error
			if v, err = x.handle(); err != nil {
				return err
			}
		default:
			v = x.die(int(v))
		}
	}
}

// process is a round up to the handler.
func (x *exchange) process(first bool) verdict {
	if v := x.postRead(first); v != goOn {
		return v
	}
	if v := x.normalise(first); v != goOn {
		return v
	}
	x.walkLocations()
	if v := x.translate(); v != goOn {
		return v
	}
	if v := x.mapToStorage(); v != goOn {
		return v
	}
	x.walkLocations()
	x.noteSettings()
	if v := x.headerParser(); v != goOn {
		return v
	}
	if v := x.access(); v != goOn {
		return v
	}
	x.findType()
	return x.fixups()
}

// postRead is what modules do before the path is looked at: the client's address, early headers, and the environment of
// the server's level, which sees the path as it was sent.
func (x *exchange) postRead(first bool) verdict {
	x.layer = x.host.base
	if first {
		if x.host.RemoteIP != nil {
			x.remoteIP()
		}
		if x.host.early {
			x.earlyHeaders()
		}
	}
	x.setEnvIf(x.host.base.settings.EnvIf, true)
	return goOn
}

// normalise decodes and cleans the path. Where httpd refuses it, the path stays as it was sent.
func (x *exchange) normalise(first bool) verdict {
	if !first {
		return goOn // internal redirects name a path that is clean, or that httpd cleans the same way
	}
	path := x.original
	if path == "*" {
		x.uri = path
		return x.refuse(400, "the target * is only for OPTIONS")
	}
	clean, reason := simulate.CleanPath(path, encodedSlashes(x.host.EncodedSlashes), !x.host.KeepSlashes)
	switch reason {
	case "":
		x.uri = clean
		return goOn
	case simulate.NULByte, simulate.EncodedSlash:
		x.uri = path
		if i := strings.Index(path, "%00"); reason == simulate.NULByte && i >= 0 {
			x.uri = path[:i]
		}
		return x.refuse(404, string(reason))
	}
	x.uri = path
	return x.refuse(400, string(reason))
}

func encodedSlashes(e server.EncodedSlashes) simulate.EncodedSlashes {
	switch e {
	case server.EncodedOn:
		return simulate.DecodeEncodedSlashes
	case server.EncodedNoDecode:
		return simulate.KeepEncodedSlashes
	}
	return simulate.RefuseEncodedSlashes
}

// refuse ends a round with an error that no directive asked for.
func (x *exchange) refuse(status int, why string) verdict {
	x.decide(server.Place{}, why)
	return verdict(status)
}

// decide notes which directive decided.
func (x *exchange) decide(by server.Place, reason string) { x.by, x.reason = by, reason }

// noteSettings notes what of the settings in effect is not simulated.
func (x *exchange) noteSettings() {
	for _, c := range x.settings().NotSimulated {
		x.notSimulated(c)
	}
	for _, c := range x.host.NotSimulated {
		x.notSimulated(c)
	}
}
