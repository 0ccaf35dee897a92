// Package effective works out what of a configuration is in effect, and where each line of it comes from: the directives of
// httpd for a virtual host in the order in which httpd merges them ([Site.Host]), which virtual host and which farm answer for
// a name ([Site.Names]), the farms with their defaults ([Site.Farms]), and the rules of a filter. Who answers is asked of the
// engines of simulate and simulate/httpd, never guessed from the texts. Nothing is printed here: that is internal/report.
// Start from [New] and Site.
package effective
