package include

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var undefinedEnvVariable = lint.Rule{
	ID: "DSP119", Name: "undefined-env-variable", Severity: diag.Error, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "variable is not defined",
		Why: "Nothing is put in for a variable that nobody defines: the text stays as it is written, and names a host, a folder or a " +
			"pattern that does not exist. What is defined depends on the platform: AMS has PUBLISH_DOCROOT, the Cloud Service DOCROOT.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${SITE_DOCROOT}"
	}
}
`,
		Good: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT}"
	}
}
`,
		Note: "Variables come from the platform's own list, from Define in Apache's files, from --env and --env-file. There are no default " +
			"values: ${NAME:-text} is not a variable. A near name is offered as a fix.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-learn.en, ams dispatcher, variables.md", optimizer},
	},
}

var unclosedVariable = lint.Rule{
	ID: "DSP121", Name: "unclosed-variable", Severity: diag.Error, Reported: lint.ByExpansion | lint.ByServer, Fixable: true,
	Doc: lint.Doc{
		Title: "variable is not closed",
		Why:   "Without its closing brace ${ starts no variable, and the text stays as it is written: here, as the name of a folder.",
		File:  "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT"
	}
}
`,
		Good: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT}"
	}
}
`,
		Since:   since,
		Sources: []string{optimizer},
	},
}

var valuelessVariableUsed = lint.Rule{
	ID: "DSP124", Name: "valueless-variable-used", Severity: diag.Error, Reported: lint.ByExpansion | lint.ByServer,
	Doc: lint.Doc{
		Title: "variable is defined without a value, and used for one",
		Why: "Define with a name alone makes a switch for IfDefine. It has no text that could be put in, so ${NAME} stays as it is " +
			"written.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0100 { /type "allow" /url "/content/${SITE}/*" }
	}
}
`,
		Good: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0100 { /type "allow" /url "/content/${SITE}/*" }
	}
}
`,
		BadFiles:  []lint.File{{Name: "conf.d/variables/custom.vars", Text: "Define SITE\n"}},
		GoodFiles: []lint.File{{Name: "conf.d/variables/custom.vars", Text: "Define SITE wknd\n"}},
		Since:     since,
		Sources:   []string{httpdDefine},
	},
}

var variableMissingDollar = lint.Rule{
	ID: "DSP131", Name: "variable-missing-dollar", Severity: diag.Error, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "variable lacks its dollar sign",
		Why:   "A name in braces without the dollar is plain text. A number or a folder of that text does not exist.",
		File:  "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT}"
		/statfileslevel "{STAT_LEVEL}"
	}
}
`,
		Good: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT}"
		/statfileslevel "${STAT_LEVEL}"
	}
}
`,
		Files:   []lint.File{{Name: "conf.d/variables/custom.vars", Text: "Define STAT_LEVEL 2\n"}},
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, pull request 1089"},
	},
}

var variableForeignSyntax = lint.Rule{
	ID: "DSP132", Name: "variable-foreign-syntax", Severity: diag.Warning, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "variable is not written as ${NAME}",
		Why: "The module puts in ${NAME} and nothing else. $<NAME> is plain text to it, however well other programs understand it: here, " +
			"the name of a folder.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "$<DOCROOT>"
	}
}
`,
		Good: `/site {
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/cache {
		/docroot "${DOCROOT}"
	}
}
`,
		Note:  "dispcheck puts the value in all the same, so that the rest can be looked at.",
		Since: since,
	},
}
