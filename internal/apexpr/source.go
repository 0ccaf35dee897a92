package apexpr

import (
	"strings"
	"sync"
)

// A Table is a table of names and values that functions look into.
type Table uint8

// The tables.
const (
	RequestHeader  Table = iota // req, http, req_novary; names in either case
	ResponseHeader              // resp: the normal table first, then the one of always
	Environment                 // reqenv, and env: variables of the request; names in either case
	Notes                       // note, and env
	System                      // osenv, and env: the environment that httpd was started with
)

// A Source knows the request that an expression is about. known is false where it does not know; the expression is not
// simulated then.
type Source interface {
	// Variable returns the value of a server variable, whose name is in upper case: REQUEST_URI, TIME_YEAR. A variable
	// without a value is "". Variables of request headers, such as HTTP_HOST, are looked up as headers instead.
	Variable(name string) (value string, known bool)
	// Table returns an entry of a table, and whether there is one.
	Table(t Table, name string) (value string, set, known bool)
	// Stat says what a file is. A path that is no file is a FileInfo that does not exist.
	Stat(path string) (info FileInfo, known bool)
	// ReadFile returns the text of a file, "" for one that cannot be read.
	ReadFile(path string) (text string, known bool)
}

// A FileInfo says what a path of the file system is.
type FileInfo struct {
	Exists     bool  // links followed
	Dir        bool  // so it is a folder
	Regular    bool  // so it is a file
	Size       int64 // in bytes
	Link       bool  // it is a link itself
	Executable bool  // somebody may execute it
}

// variables are the variables of httpd 2.4 that are not request headers, in upper case.
const variables = " TIME_YEAR TIME_MON TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY TIME SERVER_SOFTWARE API_VERSION" +
	" REQUEST_METHOD REQUEST_SCHEME REQUEST_URI REQUEST_FILENAME REMOTE_HOST REMOTE_IDENT REMOTE_USER SERVER_ADMIN" +
	" SERVER_NAME SERVER_PORT SERVER_PROTOCOL SCRIPT_FILENAME PATH_INFO QUERY_STRING IS_SUBREQ DOCUMENT_ROOT AUTH_TYPE" +
	" THE_REQUEST CONTENT_TYPE HANDLER REQUEST_LOG_ID SCRIPT_USER SCRIPT_GROUP DOCUMENT_URI LAST_MODIFIED CONTEXT_PREFIX" +
	" CONTEXT_DOCUMENT_ROOT REQUEST_STATUS REMOTE_ADDR REMOTE_PORT HTTPS IPV6 CONN_LOG_ID CONN_REMOTE_ADDR HTTP2 "

// A headerVariable is a variable that stands for a request header. There are no others: %{HTTP_ACCEPT_LANGUAGE} is refused.
type headerVariable struct{ variable, header string }

var headerVariables = sync.OnceValue(func() []headerVariable {
	return []headerVariable{
		{"HTTP_USER_AGENT", "User-Agent"}, {"HTTP_PROXY_CONNECTION", "Proxy-Connection"}, {"HTTP_REFERER", "Referer"},
		{"HTTP_COOKIE", "Cookie"}, {"HTTP_FORWARDED", "Forwarded"}, {"HTTP_HOST", "Host"}, {"HTTP_ACCEPT", "Accept"},
	}
})

// headerOf returns the request header that a variable stands for.
func headerOf(variable string) (string, bool) {
	if !strings.HasPrefix(variable, "HTTP_") {
		return "", false
	}
	for _, h := range headerVariables() {
		if h.variable == variable {
			return h.header, true
		}
	}
	return "", false
}

func isVariable(name string) bool {
	_, header := headerOf(name)
	return header || strings.Contains(variables, " "+name+" ")
}

// A function is a function of one text.
type function uint8

const (
	fnRequest function = iota + 1
	fnRequestNoVary
	fnResponse
	fnEnvironment
	fnAnyEnvironment
	fnNote
	fnSystem
	fnLower
	fnUpper
	fnEscape
	fnUnescape
	fnBase64
	fnUnbase64
	fnMD5
	fnSHA1
	fnLDAP
	fnFile
	fnFileSize
)

// functions by name, in lower case.
var functions = map[string]function{
	"req": fnRequest, "http": fnRequest, "req_novary": fnRequestNoVary, "resp": fnResponse, "reqenv": fnEnvironment,
	"env": fnAnyEnvironment, "note": fnNote, "osenv": fnSystem, "tolower": fnLower, "toupper": fnUpper, "escape": fnEscape,
	"unescape": fnUnescape, "base64": fnBase64, "unbase64": fnUnbase64, "md5": fnMD5, "sha1": fnSHA1, "ldap": fnLDAP,
	"file": fnFile, "filesize": fnFileSize,
}

const functionList = "req, req_novary, http, resp, reqenv, env, osenv, note, tolower, toupper, escape, unescape, base64, unbase64, md5, sha1, ldap, file and filesize"

// functionName is a name as functions has it; httpd takes names in either case.
func functionName(name string) string { return strings.ToLower(name) }
