package simulate

import (
	"context"

	"github.com/dispcheck/dispcheck/model"
)

// The farm stage finds the farm that answers. Values of /virtualhosts are tried from the last farm up and in each
// farm from the first down, in three passes: values that name a scheme or a URL and match in all they name; values
// that name a host alone; values whose host matches, whatever else they name. Where none matches, the last farm
// answers. The first stage may have taken it from X-Forwarded-Host.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (order, the three passes) and
// release-notes.md (DISP-726: warning since 4.3.1); AdobeDocs/experience-manager-learn.en, common-logs.md, and
// adobe/aem-project-archetype, issue 1037, for the last farm as default, where the documentation says the first;
// two logs outvote it.
type farmStage struct{}

func (farmStage) Name() string { return "farm" }

func (s farmStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	d := x.Decision
	name, port := splitPort(d.Host)
	f, v, reason := x.engine.farms.choose(x, name, port)
	if f == nil {
		if x.Trace != nil {
			if x.Request.Farm != "" {
				x.say(s.Name(), LevelNote, reason, "there is no farm %s", label(x.Request.Farm))
			} else {
				x.say(s.Name(), LevelNote, reason, "the configuration has no farm")
			}
		}
		return x.settle(Lost, reason), nil
	}
	x.farm = f
	d.Farm = FarmChoice{Farm: f.model, VirtualHost: v, Reason: reason}
	if x.Trace != nil {
		s.say(x, name)
	}
	return nil, nil
}

// choose finds the farm for a host and the value that decided.
func (l *farmList) choose(x *Exchange, name, port string) (*farm, *model.VirtualHost, Reason) {
	if x.Request.Farm != "" {
		if f := l.named(x.Request.Farm); f != nil {
			return f, nil, FarmAskedFor
		}
		return nil, nil, NoFarm
	}
	for i := range l.explicit {
		h := &l.explicit[i]
		if h.matchesScheme(x.Request.TLS) && h.matchesURI(x.Decision.URI) && h.matchesHost(name, port, x) {
			return h.farm, h.value, FarmMatched
		}
	}
	for i := range l.plain {
		if h := &l.plain[i]; h.matchesHost(name, port, x) {
			return h.farm, h.value, FarmMatched
		}
	}
	for i := range l.explicit {
		if h := &l.explicit[i]; h.matchesHost(name, port, x) {
			return h.farm, h.value, HostOnly
		}
	}
	if len(l.farms) == 0 {
		return nil, nil, NoFarm
	}
	last := l.farms[len(l.farms)-1]
	if len(x.engine.config.Wrapped) > 0 && len(last.model.VirtualHosts) == 0 {
		return last, nil, Fragment
	}
	return last, nil, LastFarm
}

func (s farmStage) say(x *Exchange, name string) {
	c := &x.Decision.Farm
	f := c.Farm
	switch c.Reason {
	case FarmMatched, HostOnly:
		x.sayOf(s.Name(), LevelDebug, c.Reason, c.VirtualHost.At, true, "Found farm %s for %s", f.Name, name)
		if c.Reason == HostOnly {
			x.sayOf(s.Name(), LevelNote, c.Reason, c.VirtualHost.At, true, "virtual host %q matches the host, but not the scheme or the URL that it names", c.VirtualHost.Text)
		}
		x.sayVariables(s.Name(), "virtual host", c.VirtualHost.Text, c.VirtualHost.At.Span.Text(), c.VirtualHost.At)
	case LastFarm:
		if x.at(v431) {
			x.sayOf(s.Name(), LevelWarning, c.Reason, f.At, false, "No farm matches host '%s', selected last farm '%s'", name, f.Name)
		} else {
			x.sayOf(s.Name(), LevelNote, c.Reason, f.At, false, "no farm matches host '%s': the last farm %s answers", name, f.Name)
		}
	case Fragment:
		x.sayOf(s.Name(), LevelNote, c.Reason, f.At, false, "the fragment has no /virtualhosts: it is taken for every host")
	case FarmAskedFor:
		x.sayOf(s.Name(), LevelNote, c.Reason, f.At, false, "farm %s was asked for: virtual hosts are not looked at", f.Name)
	}
}
