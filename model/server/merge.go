package server

import "maps"

// Merge returns the settings that hold where over is met behind s. Neither is changed. It is what httpd's modules do when
// sections are merged: most settings replace the earlier ones, headers, environment and the like follow them, and rules of
// mod_rewrite and Require take the place of the earlier ones wherever a section has any.
//
// Source: httpd.apache.org/docs/2.4, sections.html; recorded from httpd 2.4.71.
func (s *Settings) Merge(over *Settings) *Settings {
	if over == nil {
		return s
	}
	if s == nil {
		return over
	}
	m := *s
	m.Rewrite = mergeRewrite(s.Rewrite, over.Rewrite)

	if over.Handler != nil {
		m.Handler, m.HandlerIf = over.Handler, over.HandlerIf
	}
	later(&m.ForceType, over.ForceType)
	later(&m.DefaultType, over.DefaultType)
	later(&m.PathInfoTypes, over.PathInfoTypes)
	later(&m.DefaultCharset, over.DefaultCharset)
	later(&m.AllowOverride, over.AllowOverride)
	later(&m.AcceptPathInfo, over.AcceptPathInfo)
	later(&m.FileETag, over.FileETag)
	later(&m.ServeDirectory, over.ServeDirectory)
	later(&m.CheckHandler, over.CheckHandler)
	later(&m.IndexRedirect, over.IndexRedirect)
	later(&m.Fallback, over.Fallback)
	later(&m.LimitBody, over.LimitBody)
	later(&m.ExpiresActive, over.ExpiresActive)
	later(&m.ExpiresDefault, over.ExpiresDefault)
	later(&m.Alias, over.Alias)
	later(&m.Proxy, over.Proxy)
	later(&m.ProxyOverride, over.ProxyOverride)
	later(&m.PreserveHost, over.PreserveHost)
	later(&m.OutputFilters, over.OutputFilters)
	m.Options = s.Options.merge(over.Options)

	m.Types = joined(s.Types, over.Types)
	m.Handlers = joined(s.Handlers, over.Handlers)
	m.Encodings = joined(s.Encodings, over.Encodings)
	m.Languages = joined(s.Languages, over.Languages)
	m.Charsets = joined(s.Charsets, over.Charsets)
	m.RemovedTypes = joined(s.RemovedTypes, over.RemovedTypes)
	m.ExpiresByType = joined(s.ExpiresByType, over.ExpiresByType)
	m.ErrorDocuments = joined(s.ErrorDocuments, over.ErrorDocuments)
	m.FiltersByExt = joined(s.FiltersByExt, over.FiltersByExt)

	if over.Index != nil {
		m.Index = over.Index
	}
	if over.AllowMethods != nil {
		m.AllowMethods = over.AllowMethods
	}
	m.Headers = behind(s.Headers, over.Headers)
	m.RequestHeaders = behind(s.RequestHeaders, over.RequestHeaders)
	m.Env = behind(s.Env, over.Env)
	m.EnvIf = behind(s.EnvIf, over.EnvIf)
	m.FiltersByType = behind(s.FiltersByType, over.FiltersByType)
	m.Substitutions = behind(s.Substitutions, over.Substitutions)
	m.Files = behind(s.Files, over.Files)
	m.Ifs = behind(s.Ifs, over.Ifs)
	m.Dispatcher = behind(s.Dispatcher, over.Dispatcher)
	m.NotSimulated = behind(s.NotSimulated, over.NotSimulated)
	// Redirects of an inner section are tried first.
	m.Redirects = behind(over.Redirects, s.Redirects)
	m.Access = mergeAccess(s.Access, over.Access)
	return &m
}

// later takes what is set.
func later[T any](to **T, over *T) {
	if over != nil {
		*to = over
	}
}

func behind[T any](first, second []T) []T {
	if len(second) == 0 {
		return first
	}
	if len(first) == 0 {
		return second
	}
	return append(first[:len(first):len(first)], second...)
}

func joined[K comparable, V any](first, over map[K]V) map[K]V {
	if len(over) == 0 {
		return first
	}
	if len(first) == 0 {
		return over
	}
	m := maps.Clone(first)
	maps.Copy(m, over)
	return m
}

func (o *Options) merge(over *Options) *Options {
	switch {
	case over == nil:
		return o
	case !over.Relative:
		return over
	case o == nil:
		o = &Options{Set: OptFollowSymLinks} // httpd's default
	}
	m := *over
	m.Set = o.Set&^over.Remove | over.Add
	m.Relative = false
	return &m
}

func mergeRewrite(base, over *RewriteSettings) *RewriteSettings {
	if over == nil {
		return base
	}
	if base == nil {
		return over
	}
	m := *over
	if over.On == nil {
		m.On, m.OnAt = base.On, base.OnAt
	}
	if over.Base == nil && over.MergeBase {
		m.Base = base.Base
	}
	switch {
	case over.Inherit:
		m.Rules = behind(over.Rules, base.Rules)
	case over.InheritBefore:
		m.Rules = behind(base.Rules, over.Rules)
	}
	return &m
}

func mergeAccess(base, over *Access) *Access {
	if over == nil {
		return base
	}
	if base == nil {
		return over
	}
	m := *over
	switch {
	case over.Require == nil:
		m.Require = base.Require
	case base.Require == nil || over.Merging == "" || over.Merging == "Off":
	case over.Merging == "And":
		m.Require = &Requirement{Place: over.Require.Place, Kind: RequireAll, Children: []*Requirement{base.Require, over.Require}}
	default:
		m.Require = &Requirement{Place: over.Require.Place, Kind: RequireAny, Children: []*Requirement{base.Require, over.Require}}
	}
	// A place that has any directive of mod_access_compat has nothing of those before, Satisfy included.
	if !over.compat() {
		m.Order, m.Allow, m.Deny, m.LimitedOrders, m.SatisfyAny = base.Order, base.Allow, base.Deny, base.LimitedOrders, base.SatisfyAny
	}
	if over.AuthType == "" {
		m.AuthType, m.AuthAt = base.AuthType, base.AuthAt
	}
	if over.AuthName == "" {
		m.AuthName = base.AuthName
	}
	return &m
}

// compat reports whether there is any directive of mod_access_compat.
func (a *Access) compat() bool {
	return a.Order != nil || a.Allow != nil || a.Deny != nil || a.LimitedOrders != nil || a.SatisfyAny != nil
}
