// Package apachebase is the server that a project's Apache files are read in: what the image of the cloud service, a server
// of Adobe Managed Services or a usual one brings around them. That is the first text, lists of modules, types of files, the
// platform's own variables and answers, and the folders of such a machine. The texts are our own, after what is documented
// and recorded of those servers. [Load] lays a project over them and gives what apacheconf.Read needs; environment variables
// and names of the command line come from internal/project, which has them for .any files too. It knows nothing of what
// directives mean.
//
// Source: the Dispatcher tools of the AEM SDK (docker_run.sh), adobe/aem-dispatcher-docker, adobe/aem-project-archetype.
package apachebase
