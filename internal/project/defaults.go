package project

import (
	"fmt"
	"slices"
	"strings"
)

// The environments of --environment.
const (
	Dev   = "dev"
	Stage = "stage"
	Prod  = "prod"
	// Local is dev on the developer's own machine: AEM runs beside the Dispatcher.
	Local = "local"
)

// Environments returns the names of all environments.
func Environments() []string { return []string{Dev, Stage, Prod, Local} }

func checkEnvironment(name string) (string, error) {
	if name == "" {
		return Dev, nil
	}
	if !slices.Contains(Environments(), name) {
		return "", fmt.Errorf("environment %q is none of %s", name, strings.Join(Environments(), ", "))
	}
	return name, nil
}

// A setting is one variable that a platform sets. Where it says nothing of an environment, dev holds.
type setting struct {
	kind       Kind
	name       string
	dev        string
	stage      string
	prod       string
	local      string
	documented bool // the value is the platform's own, and not a neutral one
}

// settings are the variables that the platforms set before httpd starts. Names, and values where
// documented says so, are those of the Dispatcher tools of the AEM SDK (import of docker_run.sh) and of
// adobe/aem-dispatcher-docker (scripts/env.sh). Hosts and addresses are neutral stand-ins.
var settings = [...]setting{
	{kind: Cloud, name: "DOCROOT", dev: "/mnt/var/www/html", documented: true},
	{kind: Cloud, name: "APACHE_DOCROOT", dev: "/mnt/var/www/html"},
	{kind: Cloud, name: "APACHE_PREFIX", dev: "/etc/httpd"},
	{kind: Cloud, name: "APACHE_RUN_DIR", dev: "/etc/httpd/run"},
	{kind: Cloud, name: "AEM_HOST", dev: "aem-publish", local: "localhost"},
	{kind: Cloud, name: "AEM_PORT", dev: "4503", documented: true},
	{kind: Cloud, name: "AEM_IP", dev: "10.0.0.10", local: "127.0.0.1"},
	{kind: Cloud, name: "ENVIRONMENT_TYPE", dev: "dev", stage: "stage", prod: "prod", documented: true},
	{kind: Cloud, name: "DISP_LOG_LEVEL", dev: "warn", documented: true},
	{kind: Cloud, name: "REWRITE_LOG_LEVEL", dev: "warn", documented: true},
	{kind: Cloud, name: "EXPIRATION_TIME", dev: "300", documented: true},
	{kind: Cloud, name: "FORWARDED_HOST_SETTING", dev: "Off", documented: true},
	{kind: Cloud, name: "POD_NAME", dev: "dummypodname", documented: true},
	{kind: Cloud, name: "COMMERCE_ENDPOINT", dev: ""},
	{kind: Cloud, name: "FORCE_SSL", dev: "0", documented: true},
	{kind: Cloud, name: "PUBLISH_FORCE_SSL", dev: "0", documented: true},
	{kind: Cloud, name: "PUBLISH_WHITELIST_ENABLED", dev: "0", documented: true},

	{kind: AMS, name: "DISP_ID", dev: "dispatcher1useast1"},
	{kind: AMS, name: "DOCROOT", dev: "/mnt/var/www/html"},
	{kind: AMS, name: "APACHE_RUN_DIR", dev: "/etc/httpd/run"},
	{kind: AMS, name: "PUBLISH_DOCROOT", dev: "/mnt/var/www/html", documented: true},
	{kind: AMS, name: "AUTHOR_DOCROOT", dev: "/mnt/var/www/author", documented: true},
	{kind: AMS, name: "LIVECYCLE_DOCROOT", dev: "/mnt/var/www/lc", documented: true},
	{kind: AMS, name: "PUBLISH_DEFAULT_HOSTNAME", dev: "publish.example.com"},
	{kind: AMS, name: "AUTHOR_DEFAULT_HOSTNAME", dev: "author.example.com"},
	{kind: AMS, name: "LIVECYCLE_DEFAULT_HOSTNAME", dev: "lc.example.com"},
	{kind: AMS, name: "PUBLISH_IP", dev: "10.0.0.10", local: "127.0.0.1"},
	{kind: AMS, name: "AUTHOR_IP", dev: "10.0.0.11", local: "127.0.0.1"},
	{kind: AMS, name: "LIVECYCLE_IP", dev: "10.0.0.12", local: "127.0.0.1"},
	{kind: AMS, name: "PUBLISH_PORT", dev: "4503", documented: true},
	{kind: AMS, name: "AUTHOR_PORT", dev: "4502", documented: true},
	{kind: AMS, name: "LIVECYCLE_PORT", dev: "8080", documented: true},
	{kind: AMS, name: "CRX_FILTER", dev: "deny", documented: true},
	{kind: AMS, name: "DISPATCHER_FLUSH_FROM_ANYWHERE", dev: "deny"},
	{kind: AMS, name: "ENV_TYPE", dev: "dev", stage: "stage", prod: "prod", documented: true},
	{kind: AMS, name: "RUNMODE", dev: "sites", documented: true},
}

// defaults returns the variables that a platform sets in an environment.
func defaults(kind Kind, environment string) []Variable {
	var vars []Variable
	for _, s := range settings {
		if s.kind != kind {
			continue
		}
		value := s.dev
		switch {
		case environment == Stage && s.stage != "":
			value = s.stage
		case environment == Prod && s.prod != "":
			value = s.prod
		case environment == Local && s.local != "":
			value = s.local
		}
		from := "stand-in for %s, %s"
		if s.documented {
			from = "set by %s, %s"
		}
		vars = append(vars, Variable{Name: s.name, Value: value, From: fmt.Sprintf(from, kind, environment)})
	}
	return vars
}

// flags returns the names that a platform defines on httpd's command line (-D), as the Dispatcher tools
// of the AEM SDK do: they count for <IfDefine> and have no value.
func flags(kind Kind, environment string, lookup func(string) (string, bool)) []string {
	if kind != Cloud {
		return nil
	}
	if environment == Local {
		environment = Dev
	}
	names := []string{"ENVIRONMENT_" + strings.ToUpper(environment)}
	when := func(variable, flag string) {
		if v, ok := lookup(variable); ok && v != "" {
			names = append(names, flag)
		}
	}
	when("COMMERCE_ENDPOINT", "COMMERCE")
	for _, n := range []string{"2", "3", "4", "5"} {
		when("AEM_COMMERCE_ENDPOINT_"+n, "COMMERCE_ENDPOINT_"+n)
	}
	when("AEM_HTTP_PROXY_HOST", "HTTP_EGRESS_PROXY")
	when("FRONTEND_URI_PREFIX", "FRONTEND_SUPPORT")
	if v, ok := lookup("FORWARDED_HOST_SETTING"); ok && v != "" && !strings.EqualFold(v, "off") {
		names = append(names, "LOG_X_REQUEST_ID")
	}
	return names
}
