// Package cloud holds the rules about the layout of AEM as a Cloud Service: its folders, links, and files
// that must not be changed. Start from [Rules].
package cloud

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&layoutMissing,
		&layoutPrefix,
		&noEnabledFarm,
		&noEnabledHost,
		&enabledNameIgnored,
		&immutableChanged,
		&immutableMissing,
		&immutableOutdated,
		&mavenChecksumDrift,
		&directiveNotAllowed,
		&moduleNotSupported,
		&rendersIncludeName,
		&allowedClientsIncludeName,
		&includeUnknownLocation,
		&includeOutsideSection,
		&serverIncludeUnknown,
		&compatLayout,
		&flexibleModeOff,
		&legacySizeLimit,
		&legacySingleRewriteFile,
		&enabledNotSymlink,
		&enabledLinkTarget,
		&defaultStillEnabled,
		&managedIncludeMissing,
		&unsupportedFarmProperty,
		&reservedLocation,
		&foreignFiles,
		&crlf,
		&caseCollision,
		&fileLimits,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules name.
const (
	overview  = "AdobeDocs/experience-manager-cloud-service.en, disp-overview.md"
	debugging = "AdobeDocs/experience-manager-cloud-service.en, validation-debug.md"
	legacy    = "AdobeDocs/experience-manager-cloud-service.en, validation-debug-legacy.md"
	archetype = "adobe/aem-project-archetype, dispatcher.cloud, list of immutable files"
	converter = "adobe/aem-cloud-service-source-migration, dispatcher converter"
)
