package simulate

import (
	"context"
	"strings"
)

// sessionState is what is known of a request's session.
type sessionState uint8

const (
	noSessions     sessionState = iota // the farm has no /sessionmanagement
	noCredentials                      // it has, and the request has no credentials
	hasCredentials                     // it has, and whether the session is valid is not simulated
)

// The session stage looks for the credentials that /sessionmanagement asks for: by default the header Authorization,
// else the header or cookie that /header names. Session files are not simulated.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (secure sessions).
type sessionStage struct{}

func (sessionStage) Name() string { return "session" }

func (s sessionStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	m := x.farm.model.SessionManagement
	if m == nil {
		return nil, nil
	}
	x.session = noCredentials
	kind, name, _ := strings.Cut(m.Header.Value, ":")
	switch {
	case strings.EqualFold(kind, "Cookie"):
		if x.Request.Header.HasCookie(name) {
			x.session = hasCredentials
		}
	case x.Request.Header.Has(name):
		x.session = hasCredentials
	}
	if x.Trace != nil && x.session == hasCredentials {
		x.sayOf(s.Name(), LevelNote, NotSimulated, m.At, true, "the request has credentials; whether its session is valid is not simulated")
	}
	return nil, nil
}
