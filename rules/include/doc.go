// Package include holds the rules about the tree of files: $include, symbolic links, and the variables
// that are put in. Start from [Rules].
package include

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&includeNotFound,
		&includeCycle,
		&includeIsDirectory,
		&includeGlobEmpty,
		&includeOutsideRoot,
		&includeAbsolutePath,
		&includeCaseMismatch,
		&includeBackslash,
		&duplicateInclude,
		&includeWrongSection,
		&includeSyntax,
		&httpdIncludeNotFound,
		&httpdIncludeGlobEmpty,
		&httpdIncludeCycle,
		&defaultIncludeAfterCustom,
		&unusedFile,
		&pseudoSymlink,
		&brokenSymlink,
		&absoluteSymlink,
		&undefinedEnvVariable,
		&undefinedHttpdVariable,
		&unclosedVariable,
		&variableRedefined,
		&unusedVariable,
		&valuelessVariableUsed,
		&defineAfterUse,
		&secretInConfig,
		&unknownEnvironmentCondition,
		&hardcodedEnvironmentValue,
		&varsForeignDirective,
		&includeDepth,
		&variableMissingDollar,
		&variableForeignSyntax,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

// Sources that several rules name.
const (
	configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	debugging     = "AdobeDocs/experience-manager-cloud-service.en, validation-debug.md"
	optimizer     = "adobe/aem-dispatcher-optimizer-tool, resolver of includes"
	httpdDefine   = "httpd.apache.org, 2.4, core, Define"
)
