// Package syntax holds the rules about the notation of .any files and about names, values and sections
// as such: what shows without knowing what a request would meet. Start from [Rules].
package syntax

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&unterminatedString,
		&unclosedBlock,
		&missingOpenBrace,
		&unexpectedCloseBrace,
		&unexpectedToken,
		&trailingCharactersAfterString,
		&missingValue,
		&wrongValueKind,
		&unnamedValue,
		&namedValueInStringList,
		&unknownProperty,
		&wrongCaseProperty,
		&duplicateProperty,
		&duplicateSection,
		&duplicateRuleLabel,
		&duplicateListValue,
		&invalidNumber,
		&invalidBoolean,
		&invalidEnum,
		&emptySection,
		&emptyValue,
		&missingRequiredProperty,
		&reservedWordAsLabel,
		&suspiciousCharacters,
		&missingLeadingSlash,
		&foreignComment,
		&commentedBraceImbalance,
		&labelCharset,
		&misplacedProperty,
		&topLevelContent,
		&unbalancedInclude,
		&noDispatcherConfig,
		&multipleDispatcherAny,
		&noFarms,
		&invalidEncoding,
		&invalidRegex,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules name.
const (
	configuration  = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	releaseNotes   = "AdobeDocs/experience-manager-dispatcher.en, release-notes.md"
	optimizerRules = "adobe/aem-dispatcher-optimizer-tool, docs/Rules.md"
)
