package model

// The table of all properties. Its order is that of AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md; [Fprint] prints in the same order.

var topSection = section{
	name: "configuration",
	props: []property{
		{name: "name", kind: KindValue, typ: TypeText, doc: "the name of the instance",
			at: func(o any) any { return &o.(*Config).Name }},
		{name: "ignoreEINTR", kind: KindValue, typ: TypeFlag, def: "0", doc: "read again what a signal interrupted",
			at: func(o any) any { return &o.(*Config).IgnoreEINTR }},
		{name: "farms", kind: KindEntries, sec: &farmsSection, doc: "the farms; their order decides between virtual hosts",
			at: func(o any) any { return farmsField{o.(*Config)} }},
	},
}

var farmsSection = section{name: "/farms", label: "farm", entry: &farmSection}

var farmSection = section{
	name: "farm",
	props: []property{
		{name: "homepage", kind: KindValue, typ: TypeURL, doc: "worked on IIS only, and no longer does",
			at: func(o any) any { return &o.(*Farm).Homepage }},
		{name: "info", kind: KindValue, typ: TypeFlag, def: "0", doc: "answer X-Dispatcher-Info with X-Cache-Info",
			at: func(o any) any { return &o.(*Farm).Info }},
		{name: "clientheaders", kind: KindList, sec: &clientheadersSection, doc: "the request headers that are passed on",
			at: func(o any) any { return listField{&o.(*Farm).ClientHeaders} }},
		{name: "virtualhosts", kind: KindList, sec: &virtualhostsSection, doc: "the hosts and URLs that the farm answers",
			at: func(o any) any { return hostsField{o.(*Farm)} }},
		{name: "sessionmanagement", kind: KindSection, sec: &sessionmanagementSection, doc: "sessions of users who logged in",
			at: func(o any) any { return field[SessionManagement]{&o.(*Farm).SessionManagement} }},
		{name: "renders", kind: KindEntries, sec: &rendersSection, doc: "the servers that make the pages",
			at: func(o any) any { return rendersField{o.(*Farm)} }},
		{name: "filter", kind: KindEntries, sec: &filterSection, doc: "which requests are let through; the last rule that matches decides",
			at: func(o any) any { return rulesField{&o.(*Farm).Filter} }},
		{name: "vanity_urls", kind: KindSection, sec: &vanityURLsSection, since: "4.1.9", doc: "URLs that are let through although the filter denies them",
			at: func(o any) any { return field[VanityURLs]{&o.(*Farm).VanityURLs} }},
		{name: "propagateSyndPost", kind: KindValue, typ: TypeFlag, def: "0", doc: "forward flushes to the render",
			at: func(o any) any { return &o.(*Farm).PropagateSyndPost }},
		{name: "cache", kind: KindSection, sec: &cacheSection, doc: "what is cached, where, and how long",
			at: func(o any) any { return field[Cache]{&o.(*Farm).Cache} }},
		{name: "statistics", kind: KindSection, sec: &statisticsSection, doc: "categories by which renders are measured",
			at: func(o any) any { return field[Statistics]{&o.(*Farm).Statistics} }},
		{name: "stickyConnectionsFor", kind: KindValue, typ: TypeURL, doc: "the folder whose requests bind a client to its render",
			at: func(o any) any { return &o.(*Farm).StickyConnectionsFor }},
		{name: "stickyConnections", kind: KindSection, sec: &stickyConnectionsSection, doc: "folders whose requests bind a client to its render",
			at: func(o any) any { return field[StickyConnections]{&o.(*Farm).StickyConnections} }},
		{name: "health_check", kind: KindSection, sec: &healthCheckSection, doc: "what is asked of a render that failed",
			at: func(o any) any { return field[HealthCheck]{&o.(*Farm).HealthCheck} }},
		{name: "retryDelay", kind: KindValue, typ: TypeNumber, def: "1", unit: "s", doc: "wait between rounds of connecting",
			at: func(o any) any { return &o.(*Farm).RetryDelay }},
		{name: "numberOfRetries", kind: KindValue, typ: TypeNumber, def: "5", doc: "rounds of connecting",
			at: func(o any) any { return &o.(*Farm).NumberOfRetries }},
		{name: "unavailablePenalty", kind: KindValue, typ: TypeNumber, def: "1", unit: "0.1 s", doc: "what a failed connection adds to a render's time",
			at: func(o any) any { return &o.(*Farm).UnavailablePenalty }},
		{name: "failover", kind: KindValue, typ: TypeFlag, def: "0", doc: "ask another render when one fails",
			at: func(o any) any { return &o.(*Farm).Failover }},
		{name: "auth_checker", kind: KindSection, sec: &authCheckerSection, doc: "ask the render before a cached page is delivered",
			at: func(o any) any { return field[AuthChecker]{&o.(*Farm).AuthChecker} }},
	},
}

var clientheadersSection = section{name: "/clientheaders", typ: TypeHeader}

var virtualhostsSection = section{name: "/virtualhosts", typ: TypeHost}

var sessionmanagementSection = section{
	name: "/sessionmanagement",
	props: []property{
		{name: "directory", kind: KindValue, typ: TypePath, required: true, doc: "the folder of the session files",
			at: func(o any) any { return &o.(*SessionManagement).Directory }},
		{name: "encode", kind: KindValue, typ: TypeWord, words: []string{"md5", "hex"}, def: "md5", doc: "how session names are encoded",
			at: func(o any) any { return &o.(*SessionManagement).Encode }},
		{name: "header", kind: KindValue, typ: TypeText, def: "HTTP:authorization", doc: "HTTP:<header> or Cookie:<cookie> that holds the credentials",
			at: func(o any) any { return &o.(*SessionManagement).Header }},
		{name: "timeout", kind: KindValue, typ: TypeNumber, def: "800", unit: "s", doc: "when a session that is not used ends",
			at: func(o any) any { return &o.(*SessionManagement).Timeout }},
	},
}

var rendersSection = section{name: "/renders", label: "render", entry: &renderSection}

var renderSection = section{
	name: "render",
	props: []property{
		{name: "hostname", kind: KindValue, typ: TypeText, required: true, doc: "the name or address of the server",
			at: func(o any) any { return &o.(*Render).Hostname }},
		{name: "port", kind: KindValue, typ: TypeNumber, def: "80", doc: "its port; with /secure the default is 443",
			at: func(o any) any { return &o.(*Render).Port }},
		{name: "timeout", kind: KindValue, typ: TypeNumber, def: "0", unit: "ms", doc: "how long connecting may take; 0 is for ever",
			at: func(o any) any { return &o.(*Render).Timeout }},
		{name: "receiveTimeout", kind: KindValue, typ: TypeNumber, def: "600000", unit: "ms", doc: "how long the answer may take; 0 is for ever",
			at: func(o any) any { return &o.(*Render).ReceiveTimeout }},
		{name: "ipv4", kind: KindValue, typ: TypeFlag, def: "0", doc: "look the name up with gethostbyname",
			at: func(o any) any { return &o.(*Render).IPv4 }},
		{name: "secure", kind: KindValue, typ: TypeFlag, def: "0", doc: "speak HTTPS to it",
			at: func(o any) any { return &o.(*Render).Secure }},
		{name: "always-resolve", kind: KindValue, typ: TypeFlag, def: "0", since: "4.1.6", doc: "look the name up for each request",
			at: func(o any) any { return &o.(*Render).AlwaysResolve }},
	},
}

var filterSection = section{name: "/filter", label: "rule", entry: &filterRule}

var allowDeny = []string{"allow", "deny"}

var filterRule = section{name: "filter rule", props: []property{typeProperty, globProperty(false),
	{name: "method", kind: KindValue, typ: TypePattern, doc: "the request's method",
		at: func(o any) any { return &o.(*Rule).Method }},
	{name: "url", kind: KindValue, typ: TypePattern, doc: "the URL without its query",
		at: func(o any) any { return &o.(*Rule).URL }},
	{name: "query", kind: KindValue, typ: TypePattern, since: "4.1.5", doc: "what follows the question mark; a request without a query does not match",
		at: func(o any) any { return &o.(*Rule).Query }},
	{name: "protocol", kind: KindValue, typ: TypePattern, mistaken: []string{"version"}, doc: "the protocol with its version: HTTP/1.1",
		at: func(o any) any { return &o.(*Rule).Protocol }},
	{name: "path", kind: KindValue, typ: TypePattern, since: "4.2.0", doc: "the URL up to its first dot",
		at: func(o any) any { return &o.(*Rule).Path }},
	{name: "selectors", kind: KindValue, typ: TypePattern, since: "4.2.0", doc: "a selector of the URL; one that matches is enough",
		at: func(o any) any { return &o.(*Rule).Selectors }},
	{name: "extension", kind: KindValue, typ: TypePattern, since: "4.2.0", doc: "the extension of the URL, without its dot",
		at: func(o any) any { return &o.(*Rule).Extension }},
	{name: "suffix", kind: KindValue, typ: TypePattern, since: "4.2.0", doc: "what follows the extension, with its slash",
		at: func(o any) any { return &o.(*Rule).Suffix }},
}}

var typeProperty = property{name: "type", kind: KindValue, typ: TypeWord, words: allowDeny, required: true,
	doc: "whether the rule allows or denies", at: func(o any) any { return &o.(*Rule).Type }}

func globProperty(required bool) property {
	return property{name: "glob", kind: KindValue, typ: TypePattern, required: required,
		doc: "what the rule is compared with as a whole", at: func(o any) any { return &o.(*Rule).Glob }}
}

// cacheRule is a rule of /cache/rules, which takes the elements of a filter rule too (Adobe's AEM Gems
// session on the Dispatcher, November 2017; adobe/aem-dispatcher-optimizer-tool, pull request 23).
var cacheRule = section{name: "cache rule", choice: true, props: filterRule.props}

// globRule is a rule of the sections that compare one text: an address, a parameter, a header.
var globRule = section{name: "rule", props: []property{typeProperty, globProperty(true)}}

var vanityURLsSection = section{
	name: "/vanity_urls",
	props: []property{
		{name: "url", kind: KindValue, typ: TypeURL, required: true, doc: "where the render lists its vanity URLs",
			at: func(o any) any { return &o.(*VanityURLs).URL }},
		{name: "file", kind: KindValue, typ: TypePath, required: true, doc: "the file that holds the list",
			at: func(o any) any { return &o.(*VanityURLs).File }},
		{name: "delay", kind: KindValue, typ: TypeNumber, def: "300", unit: "s", required: true, doc: "how old the list may get",
			at: func(o any) any { return &o.(*VanityURLs).Delay }},
		{name: "loadOnStartup", kind: KindValue, typ: TypeFlag, def: "1", since: "4.3.6", doc: "fetch the list when the server starts",
			at: func(o any) any { return &o.(*VanityURLs).LoadOnStartup }},
	},
}

var cacheSection = section{
	name: "/cache",
	props: []property{
		{name: "docroot", kind: KindValue, typ: TypePath, doc: "the folder of the cached files; the server's document root",
			at: func(o any) any { return &o.(*Cache).Docroot }},
		{name: "statfile", kind: KindValue, typ: TypePath, doc: "the file that a flush touches; .stat in the docroot if not written",
			at: func(o any) any { return &o.(*Cache).Statfile }},
		{name: "statfileslevel", kind: KindValue, typ: TypeNumber, def: "0", doc: "down to which level folders have a .stat of their own",
			at: func(o any) any { return &o.(*Cache).StatfilesLevel }},
		{name: "serveStaleOnError", kind: KindValue, typ: TypeFlag, def: "0", doc: "serve what is stale when the render fails",
			at: func(o any) any { return &o.(*Cache).ServeStaleOnError }},
		{name: "allowAuthorized", kind: KindValue, typ: TypeFlag, def: "0", doc: "cache requests that carry credentials",
			at: func(o any) any { return &o.(*Cache).AllowAuthorized }},
		{name: "rules", kind: KindEntries, sec: &rulesSection, doc: "what may be cached; the last rule that matches decides",
			at: func(o any) any { return rulesField{&o.(*Cache).Rules} }},
		{name: "invalidate", kind: KindEntries, sec: &invalidateSection, doc: "what a flush makes stale",
			at: func(o any) any { return rulesField{&o.(*Cache).Invalidate} }},
		{name: "invalidateHandler", kind: KindValue, typ: TypePath, doc: "a program that runs for each flush",
			at: func(o any) any { return &o.(*Cache).InvalidateHandler }},
		{name: "allowedClients", kind: KindEntries, sec: &allowedClientsSection, mistaken: []string{"allowedTypes"}, doc: "the addresses that may flush",
			at: func(o any) any { return rulesField{&o.(*Cache).AllowedClients} }},
		{name: "ignoreUrlParams", kind: KindEntries, sec: &ignoreURLParamsSection, doc: "query parameters with which a page is still cached",
			at: func(o any) any { return rulesField{&o.(*Cache).IgnoreURLParams} }},
		{name: "headers", kind: KindList, sec: &headersSection, since: "4.1.11", doc: "the response headers that are stored with the page",
			at: func(o any) any { return listField{&o.(*Cache).Headers} }},
		{name: "mode", kind: KindValue, typ: TypeMode, def: "0755", doc: "the permissions of new files and folders",
			at: func(o any) any { return &o.(*Cache).Mode }},
		{name: "gracePeriod", kind: KindValue, typ: TypeNumber, def: "0", unit: "s", doc: "how long after a flush stale pages are still served",
			at: func(o any) any { return &o.(*Cache).GracePeriod }},
		{name: "enableTTL", kind: KindValue, typ: TypeFlag, def: "0", since: "4.1.11", doc: "let the response's headers say how long it is fresh",
			at: func(o any) any { return &o.(*Cache).EnableTTL }},
	},
}

var (
	rulesSection           = section{name: "/rules", label: "rule", entry: &cacheRule}
	invalidateSection      = section{name: "/invalidate", label: "rule", entry: &globRule}
	allowedClientsSection  = section{name: "/allowedClients", label: "rule", entry: &globRule}
	ignoreURLParamsSection = section{name: "/ignoreUrlParams", label: "rule", entry: &globRule}
	headersSection         = section{name: "/headers", typ: TypeHeader}
)

var statisticsSection = section{
	name: "/statistics",
	props: []property{
		{name: "categories", kind: KindEntries, sec: &categoriesSection, doc: "the categories; the first that matches is the request's",
			at: func(o any) any { return categoriesField{o.(*Statistics)} }},
	},
}

var categoriesSection = section{name: "/categories", label: "category", entry: &categorySection}

var categorySection = section{
	name: "category",
	props: []property{
		{name: "glob", kind: KindValue, typ: TypePattern, required: true, doc: "the URLs of the category",
			at: func(o any) any { return &o.(*Category).Glob }},
	},
}

var stickyConnectionsSection = section{
	name: "/stickyConnections",
	props: []property{
		{name: "paths", kind: KindList, sec: &pathsSection, doc: "the folders",
			at: func(o any) any { return listField{&o.(*StickyConnections).Paths} }},
		{name: "httpOnly", kind: KindValue, typ: TypeFlag, def: "0", doc: "set the cookie renderid with HttpOnly",
			at: func(o any) any { return &o.(*StickyConnections).HTTPOnly }},
		{name: "secure", kind: KindValue, typ: TypeFlag, def: "0", since: "4.3.1", doc: "set the cookie renderid with Secure, whatever the request came over",
			at: func(o any) any { return &o.(*StickyConnections).Secure }},
	},
}

var pathsSection = section{name: "/paths", typ: TypeURL}

var healthCheckSection = section{
	name: "/health_check",
	props: []property{
		{name: "url", kind: KindValue, typ: TypeURL, required: true, doc: "the URL that is asked",
			at: func(o any) any { return &o.(*HealthCheck).URL }},
	},
}

var authCheckerSection = section{
	name: "/auth_checker",
	props: []property{
		{name: "url", kind: KindValue, typ: TypeURL, required: true, doc: "what the render is asked, with ?uri=<URL> behind it",
			at: func(o any) any { return &o.(*AuthChecker).URL }},
		{name: "filter", kind: KindEntries, sec: &authFilterSection, required: true, doc: "the URLs for which it is asked",
			at: func(o any) any { return rulesField{&o.(*AuthChecker).Filter} }},
		{name: "headers", kind: KindEntries, sec: &authHeadersSection, doc: "the headers of its answer that are passed on, as \"Name: value\"",
			at: func(o any) any { return rulesField{&o.(*AuthChecker).Headers} }},
	},
}

var (
	authFilterSection  = section{name: "/auth_checker/filter", label: "rule", entry: &globRule}
	authHeadersSection = section{name: "/auth_checker/headers", label: "rule", entry: &globRule}
)
