// Package accesslog reads access logs: the requests that a site has answered, one [Record] each. It knows the logs of AEM's
// CDN, dispatcher.log, those of httpd in any LogFormat, lists of URLs, and HAR. It finds out which one it has, and reads
// plain and compressed files, at once or in blocks, in memory that does not grow with them. It decides nothing about a request.
//
// What tells who a visitor is (addresses, user names, user agents, values in queries, request headers such as Cookie) is
// dropped while a line is read, unless [Options] asks for it. A line that cannot be read is counted, with its number, a
// [Reason] and its start, masked, if that is asked for; reading goes on.
//
// Start from [Open] for a file, [Stream] for anything else, and [New] for a parser of single lines. [File.Blocks] and
// [StreamBlocks] are for many goroutines that read one log.
//
// Sources: httpd's documentation, mod_log_config and "Log Files"; AdobeDocs/experience-manager-cloud-service.en, logging.md
// and log-forwarding.md; what [github.com/dispcheck/dispcheck/internal/displog] names; the HAR 1.2 specification.
package accesslog
