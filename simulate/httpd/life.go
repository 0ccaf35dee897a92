package httpd

import (
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
)

// run leads a request through its life. The order is httpd's: server/protocol.c and server/request.c of 2.4, in words.
func (x *exchange) run() error {
	v := x.chooseHost()
	x.sent = append(x.sent, x.headers...)
	if v == goOn {
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
		case v == done && x.responded:
			return nil
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

// normalise decodes and cleans the path. Where httpd refuses it, the path is cleaned as far as httpd came.
func (x *exchange) normalise(first bool) verdict {
	// Internal redirects name a path that is decoded and cleaned once more.
	path := x.original
	if first && path == "*" {
		x.uri = path
		return x.refuse(400, "the target * is only for OPTIONS")
	}
	slashes, merge := encodedSlashes(x.host.EncodedSlashes), !x.host.KeepSlashes
	clean, reason := simulate.CleanPath(path, slashes, merge)
	if reason == "" {
		x.uri = clean
		return goOn
	}
	x.uri = simulate.RefusedPath(path, reason, slashes, merge)
	if reason == simulate.NULByte || reason == simulate.EncodedSlash {
		return x.refuse(404, string(reason))
	}
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

const tlsPort = 443

// noteSettings notes what of the settings in effect is not simulated.
func (x *exchange) noteSettings() {
	for _, c := range x.settings().NotSimulated {
		x.notSimulated(c)
	}
	for _, c := range x.host.NotSimulated {
		// On its own port TLS changes nothing of what is answered; elsewhere httpd would refuse plain text.
		if c.TLS() && x.req.Port == tlsPort {
			continue
		}
		x.notSimulated(c)
	}
}
