// Package farm holds the rules about farms and virtual hosts: which of them answers a request. Start from
// [Rules].
package farm

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&farmDuplicateName,
		&farmWithoutVirtualhosts,
		&farmVirtualhostDuplicate,
		&farmShadowed,
		&farmCatchallOrder,
		&farmVirtualhostSyntax,
		&farmHostWithoutVhost,
		&vhostHostWithoutFarm,
		&vhostDuplicateName,
		&vhostShadowed,
		&vhostMissingServerName,
		&vhostServerNameWildcard,
		&vhostMissingCloudAlias,
		&vhostNot80,
		&vhostNoDocumentRoot,
		&vhostNoHandler,
		&vhostDefaultVirtualhostsIncluded,
		&serverAliasSyntax,
		&farmMixedRoles,
		&vhostUnmatchedHost,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules name.
const (
	configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	cloudOverview = "AdobeDocs/experience-manager-cloud-service.en, disp-overview.md"
)
