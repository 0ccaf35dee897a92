// Package session holds the rules about who is asking and what AEM is told of them: sessions, the check of
// permissions, request headers that are passed on, and vanity URLs. Start from [Rules].
package session

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&sessionDirectoryRoot,
		&sessionOnPublish,
		&sessionHeaderFormat,
		&sessionTimeout,
		&authCheckerFilter,
		&authCheckerWithoutAllowAuthorized,
		&authCheckerEndpointPublic,
		&clientHeadersMissing,
		&clientHeadersStar,
		&clientHeadersRequired,
		&clientHeadersDangerous,
		&vanityURLPath,
		&vanityFileLocation,
		&vanityDelay,
		&vanityOnAuthor,
		&vanityDefeatsFilter,
		&vanityListPublic,
		&vanityAlreadyAllowed,
		&samlPostBlocked,
		&vanityEatenByRewrite,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

const (
	configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	permissions   = "AdobeDocs/experience-manager-dispatcher.en, permissions-cache.md"
	skills        = "adobe/skills, plugins for AEM, dispatcher"
)
