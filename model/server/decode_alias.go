package server

import (
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// alias decodes Alias, AliasMatch, ScriptAlias and ScriptAliasMatch.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_alias.html.
func (d *decoder) alias(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	a := &PathAlias{Place: placeOf(n), Script: strings.HasPrefix(n.Key, "script")}
	if !sc.server() {
		if len(words) > 1 {
			d.refuse(ruleContext, n, n.WordSpan(words[1]), "write the target alone, or move the line out of the section", "%s with a path may not stand in a section", n.Name)
			return
		}
		a.Path, a.Pattern, a.Target = sc.section.Path, sc.section.Pattern, words[0].Text
		e, ok := d.plainOrText(sc, n, n.WordSpan(words[0]), words[0].Text)
		if !ok {
			return
		}
		a.Expr = e
		if a.Pattern != nil && e == nil {
			// The target of an Alias in <LocationMatch> stands for the whole file name.
			a.Expr, _ = d.text(sc, n, n.WordSpan(words[0]), words[0].Text)
		}
		sc.place.set.Alias = a
		return
	}
	if len(words) < 2 {
		d.refuse(ruleCount, n, at(n), "write a path and a target", "%s has one argument outside of <Location>", n.Name)
		return
	}
	a.Target = words[1].Text
	if strings.HasSuffix(n.Key, "match") {
		p, ok := d.pattern(n, n.WordSpan(words[0]), words[0].Text, false)
		if a.Pattern = p; !ok {
			return
		}
	} else {
		a.Path = words[0].Text
		a.Target = apacheconf.Absolute(d.tree.Root, a.Target)
		if strings.HasSuffix(words[1].Text, "/") && a.Target != "/" {
			a.Target += "/"
		}
	}
	sc.host.host.Aliases = append(sc.host.host.Aliases, a)
}

// redirect decodes Redirect, RedirectMatch, RedirectTemp and RedirectPermanent.
func (d *decoder) redirect(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	r := &Redirect{Place: placeOf(n), Status: 302, InSection: !sc.server()}
	known := true
	switch n.Key {
	case "redirecttemp":
	case "redirectpermanent":
		r.Status = 301
	default:
		switch first := words[0].Text; {
		case strings.EqualFold(first, "permanent"):
			r.Status = 301
		case strings.EqualFold(first, "temp"):
			r.Status = 302
		case strings.EqualFold(first, "seeother"):
			r.Status = 303
		case strings.EqualFold(first, "gone"):
			r.Status = 410
		case first != "" && '0' <= first[0] && first[0] <= '9':
			r.Status = leading(first)
		default:
			known = false
		}
		if known {
			words = words[1:]
		} else if len(words) == 3 {
			d.argument(n, words[0], "write permanent, temp, seeother, gone or a number", "%s has no status %q", n.Name, words[0].Text)
			return
		}
	}
	leads := r.Status >= 300 && r.Status <= 399
	var path, target *apacheconf.Word
	switch {
	case len(words) == 2:
		path, target = &words[0], &words[1]
	case len(words) == 1 && leads && r.InSection:
		target = &words[0]
	case len(words) == 1:
		path = &words[0]
	case !r.InSection:
		d.refuse(ruleCount, n, at(n), "write a path", "%s has no path", n.Name)
		return
	}
	switch {
	case leads && target == nil:
		d.refuse(ruleCount, n, at(n), "write where it leads to", "%s has no target", n.Name)
		return
	case !leads && target != nil:
		d.argument(n, *target, "remove it, or write a status of 300 to 399", "%s with status %d has a target", n.Name, r.Status)
		return
	}
	match := n.Key == "redirectmatch"
	if target != nil {
		r.Target = target.Text
		if !match && path != nil && !isURL(r.Target) && !strings.HasPrefix(r.Target, "/") {
			d.argument(n, *target, "begin it with a slash or with https://", "%s leads to %q, which is neither a URL nor a path", n.Name, r.Target)
			return
		}
	}
	switch {
	case match && path != nil:
		p, ok := d.pattern(n, n.WordSpan(*path), path.Text, false)
		if r.Pattern = p; !ok {
			return
		}
	case path != nil:
		r.Path = path.Text
	}
	// With a path of its own, a redirect in a section is like one outside, for the requests of the section.
	if r.InSection && path != nil {
		r.InSection = false
	}
	if r.InSection && target != nil {
		e, ok := d.plainOrText(sc, n, n.WordSpan(*target), r.Target)
		if !ok {
			return
		}
		r.Expr = e
	}
	if sc.server() {
		sc.host.host.Redirects = append(sc.host.host.Redirects, r)
	} else {
		if r.InSection { // a section has one such target: the last
			sc.place.set.Redirects = slices.DeleteFunc(sc.place.set.Redirects, func(o *Redirect) bool { return o.InSection })
		}
		sc.place.set.Redirects = append(sc.place.set.Redirects, r)
	}
}

// proxyPass decodes ProxyPass and ProxyPassMatch.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_proxy.html#proxypass.
func (d *decoder) proxyPass(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	p := &ProxyPass{Place: placeOf(n), InSection: !sc.server()}
	matching := n.Key == "proxypassmatch"
	var path, target *apacheconf.Word
	for i := range words {
		w := &words[i]
		key, value, has := strings.Cut(w.Text, "=")
		switch {
		case path == nil && !p.InSection && w.Text == "~" && w.Quote == 0:
			if matching {
				d.argument(n, *w, "remove it", "ProxyPassMatch with ~")
				return
			}
			matching = true
		case path == nil && !p.InSection:
			path = w
		case target == nil:
			target = w
		case strings.EqualFold(w.Text, "nocanon"):
			p.NoCanon = true
		case strings.EqualFold(w.Text, "interpolate"):
			p.Interpolate = true
		case strings.EqualFold(w.Text, "noquery"):
			p.NoQuery = true
		case !has:
			hint := "write key=value"
			if p.InSection {
				hint = "in <Location>, write the target alone"
			}
			d.argument(n, *w, hint, "parameter %q of %s has no =", w.Text, n.Name)
			return
		case strings.EqualFold(key, "mapping"):
			p.MapEncoded = strings.EqualFold(value, "encoded")
			if !p.MapEncoded {
				d.notSimulated(sc, n, n.Name+" mapping="+value, "")
			}
		default:
			if !d.proxyParameter(n, *w, key, value) {
				return
			}
		}
	}
	if target == nil {
		d.refuse(ruleCount, n, at(n), "write a path and a URL", "%s has no path or no target", n.Name)
		return
	}
	p.Target = target.Text
	if p.Target != "!" && !strings.Contains(p.Target, "://") && !strings.HasPrefix(p.Target, "unix:") {
		d.argument(n, *target, "write http:// and a host, or !", "%s leads to %q, which is no URL", n.Name, p.Target)
		return
	}
	switch {
	case p.InSection:
		p.Path, p.Pattern = sc.section.Path, sc.section.Pattern
	case matching:
		re, ok := d.pattern(n, n.WordSpan(*path), path.Text, false)
		if p.Pattern = re; !ok {
			return
		}
	default:
		p.Path = path.Text
	}
	if p.InSection {
		sc.place.set.Proxy = p
	} else {
		sc.host.host.Proxies = append(sc.host.host.Proxies, p)
	}
}

// proxyParameter checks a parameter of a worker.
func (d *decoder) proxyParameter(n *apacheconf.Node, w apacheconf.Word, key, value string) bool {
	switch strings.ToLower(key) {
	case "timeout":
		if leading(value) < 1 {
			d.argument(n, w, "write a number of seconds", "parameter timeout of %s is below one second", n.Name)
			return false
		}
	case "connectiontimeout", "acquire", "ping":
		if v, ok := duration(value, time.Second); !ok || v == 0 {
			d.argument(n, w, "write a number above 0, or one with ms, s, min or h behind it", "parameter %s of %s is %q", key, n.Name, value)
			return false
		}
	case "min", "max", "smax", "ttl", "retry", "loadfactor", "route", "redirect", "status", "keepalive", "disablereuse", "enablereuse",
		"iobuffersize", "receivebuffersize", "responsefieldsize", "flushpackets", "flushwait", "flusher", "lbset", "upgrade", "secret",
		"addressttl", "lbmethod", "maxattempts", "nofailover", "stickysession", "stickysessionsep", "scolonpathdelim", "failonstatus",
		"failontimeout", "forcerecovery", "growth", "nonce", "hcmethod", "hcpasses", "hcfails", "hcinterval", "hcuri", "hcexpr",
		"hctemplate", "multiplexing", "host":
	default:
		d.argument(n, w, "see the parameters of ProxyPass", "parameter %q is not one of %s", key, n.Name)
		return false
	}
	return true
}

func (d *decoder) proxyErrorOverride(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	on, ok := flag(words[0].Text)
	if !ok {
		d.argument(n, words[0], "write On or Off", "ProxyErrorOverride is %q", words[0].Text)
		return
	}
	listed := false
	for _, w := range words[1:] {
		if v, ok := flag(w.Text); ok {
			on = v
			continue
		}
		if s := leading(w.Text); !on || s < 400 || s > 599 {
			d.argument(n, w, "write On and statuses of 400 to 599", "ProxyErrorOverride has %q", w.Text)
			return
		}
		listed = true
	}
	if listed {
		d.notSimulated(sc, n, "ProxyErrorOverride with statuses", "the list is not followed")
	}
	sc.place.set.ProxyOverride = &on
}
