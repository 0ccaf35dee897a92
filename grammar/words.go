package grammar

import "sort"

// What a property of a known name holds. The notation does not need this: it reads any name. It makes
// messages better: "section /filter has no {" and not "property /filter has no value".
type holds uint8

const (
	holdsValue holds = 1 << iota
	holdsSection
	holdsList
	holdsRules // a section whose entries may go without a name
)

// block reports whether braces must follow.
func (h holds) block() bool { return h&(holdsSection|holdsList) != 0 && h&holdsValue == 0 }

// words are the names of the notation (AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md). Package model gives them their meaning; its tests hold the two lists
// against each other.
var words = map[string]holds{
	"farms": holdsSection, "renders": holdsSection | holdsRules, "filter": holdsSection | holdsRules,
	"cache": holdsSection, "rules": holdsSection | holdsRules, "invalidate": holdsSection | holdsRules,
	"allowedClients": holdsSection | holdsRules, "ignoreUrlParams": holdsSection | holdsRules,
	"statistics": holdsSection, "categories": holdsSection | holdsRules, "sessionmanagement": holdsSection,
	"auth_checker": holdsSection, "vanity_urls": holdsSection, "health_check": holdsSection,
	"stickyConnections": holdsSection,

	"clientheaders": holdsList, "virtualhosts": holdsList | holdsRules, "paths": holdsList,
	"headers": holdsList | holdsRules,

	"name": holdsValue, "ignoreEINTR": holdsValue, "homepage": holdsValue, "info": holdsValue,
	"propagateSyndPost": holdsValue, "stickyConnectionsFor": holdsValue, "retryDelay": holdsValue,
	"numberOfRetries": holdsValue, "unavailablePenalty": holdsValue, "failover": holdsValue,
	"hostname": holdsValue, "port": holdsValue, "timeout": holdsValue, "receiveTimeout": holdsValue,
	"secure": holdsValue, "ipv4": holdsValue, "always-resolve": holdsValue, "type": holdsValue,
	"glob": holdsValue, "method": holdsValue, "url": holdsValue, "query": holdsValue,
	"protocol": holdsValue, "path": holdsValue, "selectors": holdsValue, "extension": holdsValue,
	"suffix": holdsValue, "file": holdsValue, "delay": holdsValue, "loadOnStartup": holdsValue,
	"docroot": holdsValue, "statfile": holdsValue, "statfileslevel": holdsValue,
	"serveStaleOnError": holdsValue, "allowAuthorized": holdsValue, "invalidateHandler": holdsValue,
	"mode": holdsValue, "gracePeriod": holdsValue, "enableTTL": holdsValue, "directory": holdsValue,
	"encode": holdsValue, "header": holdsValue, "httpOnly": holdsValue,
}

// Words returns the property names of the notation, sorted, without their slashes.
func Words() []string {
	names := make([]string, 0, len(words))
	for n := range words {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
