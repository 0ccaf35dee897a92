package simulate

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// sessionState is what is known of a request's session.
type sessionState uint8

const (
	noSessions     sessionState = iota // the farm has no /sessionmanagement
	noCredentials                      // it has, and the request has no credentials
	sessionUnknown                     // the request has credentials; nobody knows whether they were ever accepted
	sessionValid                       // they were, and used not too long ago
	sessionInvalid                     // they were not, or too long ago
)

// The session stage looks for the credentials that /sessionmanagement asks for: by default the header Authorization,
// else the header or cookie that /header names. A session is known once a render has accepted its credentials, and valid
// for /timeout seconds after its last use. What the module keeps in its session files is not published: an engine keeps
// sessions in its memory.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (secure sessions).
type sessionStage struct{}

func (sessionStage) Name() string { return "session" }

func (s sessionStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	m := x.farm.model.SessionManagement
	if m == nil {
		return nil, nil
	}
	credentials := s.credentials(m, x.Request.Header)
	if credentials == "" {
		x.session = noCredentials
		if s.mayHave(m, x.Request.Unknowns) {
			x.session = sessionUnknown
		}
		return nil, nil
	}
	x.credentials = credentials
	x.session = x.engine.memory.sessions.use(credentials, x.start, time.Duration(m.Timeout.Value)*time.Second)
	if x.session == sessionInvalid && x.engine.options.Backend == nil && x.engine.options.Sessions == nil {
		x.session = sessionUnknown
	}
	if x.Trace != nil {
		s.say(x, m)
	}
	return nil, nil
}

// credentials returns what /header names, "" where the request does not have it.
func (sessionStage) credentials(m *model.SessionManagement, h Header) string {
	kind, name, _ := strings.Cut(m.Header.Value, ":")
	if strings.EqualFold(kind, "Cookie") {
		v, _ := h.Cookie(name)
		return v
	}
	v, _ := h.Value(name)
	return v
}

// mayHave asks whether to go on as if the request had credentials that are not known.
func (sessionStage) mayHave(m *model.SessionManagement, u *Unknowns) bool {
	if u == nil {
		return false
	}
	kind, name, _ := strings.Cut(m.Header.Value, ":")
	if strings.EqualFold(kind, "Cookie") {
		name = "Cookie"
	}
	mark := u.Begin()
	u.LacksHeader(name)
	return u.End(mark, false)
}

// use returns the state of a session, and notes that it was used where it is valid.
func (s *sessions) use(credentials string, now time.Time, timeout time.Duration) sessionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	used, ok := s.used[credentials]
	if !ok || now.Sub(used) > timeout {
		return sessionInvalid
	}
	s.used[credentials] = now
	return sessionValid
}

// accept notes that a render has accepted credentials.
func (s *sessions) accept(credentials string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.used) >= maxSessions {
		for c, used := range s.used {
			if now.Sub(used) > maxSessionAge {
				delete(s.used, c)
			}
		}
		if len(s.used) >= maxSessions {
			clear(s.used)
		}
	}
	s.used[credentials] = now
}

// Bounds of what an engine remembers of sessions. Beyond them the oldest are forgotten, or all.
const (
	maxSessions   = 1 << 17
	maxSessionAge = time.Hour
)

// acceptSession makes the session of a request known once a render has answered it and did not refuse.
func (x *Exchange) acceptSession(status int) {
	if (x.session == sessionInvalid || x.session == sessionUnknown) && status < 400 {
		x.engine.memory.sessions.accept(x.credentials, x.start)
	}
}

func (s sessionStage) say(x *Exchange, m *model.SessionManagement) {
	switch x.session {
	case sessionUnknown:
		x.sayOf(s.Name(), LevelNote, SessionUnknown, m.At, true, "the request has credentials; whether its session is valid is not known")
	case sessionInvalid:
		x.sayOf(s.Name(), LevelNote, SessionInvalid, m.At, true, "no session is known for the request's credentials, or it was not used for %d s: %s", m.Timeout.Value, sessionFile(m, x.credentials))
	case sessionValid:
		x.sayOf(s.Name(), LevelNote, SessionValid, m.At, true, "the session is valid: %s", sessionFile(m, x.credentials))
	}
}

// sessionFile is the name of the file that the session would have: /directory, and the credentials as /encode says.
func sessionFile(m *model.SessionManagement, credentials string) string {
	name := hex.EncodeToString([]byte(credentials))
	if !strings.EqualFold(m.Encode.Value, "hex") {
		sum := md5.Sum([]byte(credentials))
		name = hex.EncodeToString(sum[:])
	}
	return strings.TrimRight(m.Directory.Value, "/") + "/" + name
}
